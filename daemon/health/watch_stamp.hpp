// Up to when the daemon watched, beside the journal: what is left of a run that was killed, or of a machine
// that lost its power.
//
//   WatchStamp stamp{folder + "/watch"};
//   stamp.found();                              // of the run before
//   stamp.write({now, false});                  // by a thread that may block: synced
//
// Two lines of 128 octets, written in turn and in their place: one of them is whole whatever happens, and a
// full disk has room for it.
//
//   sekimori watch 1 GENERATION NANOSECONDS running|stopped crc32c 1a2b3c4d
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "capture/time.hpp"

namespace sekimori::daemon {

struct WatchMark {
  Time until{};          // the last moment that is known to have been watched; by the system's clock
  bool stopped = false;  // the program ended because it was asked to
  bool operator==(const WatchMark&) const = default;
};

class WatchStamp {
 public:
  // Reads what is there, and makes nothing.
  explicit WatchStamp(std::string path);

  const std::string& path() const { return path_; }
  // None: there is no file, or no whole line of this form in it.
  const std::optional<WatchMark>& found() const { return found_; }
  // What went wrong, in the system's words; empty: it is on disk. One thread at a time.
  std::string write(const WatchMark& mark);

 private:
  const std::string path_;
  std::optional<WatchMark> found_{};
  std::uint64_t generation_ = 0;
};

}  // namespace sekimori::daemon
