// When a file of alerts is renamed and begun anew, under which name, and which renamed ones go. Inside of
// daemon/alert only.
//
// eve.json becomes eve.json.20260401T001203Z (UTC; -01, -02... when that is taken): one rename, so a crash
// leaves the old state or the new one, and names that sort by age without any being renamed twice.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "daemon/options.hpp"

namespace sekimori::daemon {

class Rotation {
 public:
  using Moment = std::chrono::system_clock::time_point;
  static constexpr std::chrono::seconds pause{60};  // after a rename that failed

  Rotation(const RotateOptions& options, std::string path, int utc_offset_minutes);

  // Whether the file has to be renamed before a line of `line` octets: it has `size` octets, and was last
  // written at `written`. An empty file never has to.
  bool due(std::uint64_t size, std::uint64_t line, Moment written, Moment now) const;
  // Renames and deletes what is too many. False: nothing was renamed, and it is not due for a while.
  bool rotate(Moment now);
  // Deletes what is too many: at start, for one that died in between, and after each rename.
  void prune();

  std::uint64_t rotated() const { return rotated_; }
  std::uint64_t removed() const { return removed_; }
  // What did not work, in the system's words; empty since it worked.
  const std::string& trouble() const { return trouble_; }

 private:
  std::int64_t period(Moment moment) const;

  const RotateOptions options_;
  const std::string path_;
  const int utc_offset_minutes_;
  Moment next_try_{};
  std::uint64_t rotated_ = 0;
  std::uint64_t removed_ = 0;
  std::string trouble_{};
};

}  // namespace sekimori::daemon
