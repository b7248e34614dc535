// Packet time: the only clock below the daemon. It comes in with the frame and is never read from the system.
#pragma once

#include <chrono>

namespace sekimori {

using Duration = std::chrono::nanoseconds;
// Nanoseconds since 1970-01-01T00:00:00Z, as the kernel or the capture file stamped the frame.
using Time = std::chrono::sys_time<Duration>;

}  // namespace sekimori
