// Reads a journal's alerts in their order, from any point on, also while it is written.
//
//   Follower follower{folder};
//   follower.seek(17);                                    // alerts after number 17
//   while (const auto* alert = follower.next(limit)) ...  // up to `limit`; null: no more now
//
// One thread, any process. Damage and what retention removed is stepped over: the sequence numbers tell.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "daemon/journal/segment.hpp"

namespace sekimori::daemon {

class Follower {
 public:
  explicit Follower(std::string folder) : folder_(std::move(folder)) {}

  void seek(std::uint64_t sequence);
  std::uint64_t position() const { return position_; }
  // The next alert after position(), which it becomes. None: nothing more up to `limit`, or not yet.
  std::optional<AlertMessage> next(std::uint64_t limit = std::numeric_limits<std::uint64_t>::max());

  // Alerts whose frames are whole but not of an encoding that is known here.
  std::uint64_t unreadable() const { return unreadable_; }

 private:
  bool open_next();

  const std::string folder_;
  std::uint64_t position_ = 0;
  std::uint64_t segment_ = 0;  // first frame number of the open one; 0 = none yet
  std::unique_ptr<SegmentReader> reader_{};
  std::optional<AlertMessage> ahead_{};  // read, but beyond the limit
  std::uint64_t unreadable_ = 0;
};

}  // namespace sekimori::daemon
