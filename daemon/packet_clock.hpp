// The present as packets tell it.
#pragma once

#include <chrono>

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

}  // namespace sekimori::daemon
