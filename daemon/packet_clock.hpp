// The present as packets tell it.
#pragma once

#include <chrono>
#include <cstdint>

#include "capture/time.hpp"

namespace sekimori::daemon {

// Frames of several taps and events of several workers may be out of order, but not by so much: then a clock
// was set back.
inline constexpr std::chrono::seconds clock_doubt{60};

// The newest time so far. A stamp from far ahead (a clock that was set wrong, one damaged frame) does not
// stay the present: what begins after it would be over at once.
inline void follow_clock(Time& clock, Time now) {
  if (now > clock || clock - now > clock_doubt) clock = now;
}

inline std::int64_t minute_of(Time time) {
  return std::chrono::floor<std::chrono::minutes>(time).time_since_epoch().count();
}

// The minute that frames are in, for two compares a frame.
class PacketMinute {
 public:
  // Is this time of another one than the time before? True for the first.
  bool leaves(Time time) const { return time < begin_ || time >= end_; }
  // Which is from now on the one.
  std::int64_t enter(Time time) {
    constexpr Duration length = std::chrono::minutes{1};
    const std::int64_t minute = minute_of(time);
    // At the ends of all time a minute is cut off.
    begin_ = time < Time::min() + length ? Time::min() : Time{std::chrono::minutes{minute}};
    end_ = time > Time::max() - length ? Time::max() : Time{std::chrono::minutes{minute + 1}};
    return minute;
  }

 private:
  Time begin_ = Time::max();
  Time end_ = Time::min();
};

}  // namespace sekimori::daemon
