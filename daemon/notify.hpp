// Telling systemd how the daemon fares: the datagram protocol of sd_notify(3), nothing when not under
// systemd.
#pragma once

#include <chrono>
#include <string>

namespace sekimori::daemon {

// Sends one state ("READY=1", "STOPPING=1\nSTATUS=..."). True when it was sent; false when nobody asked for
// it (NOTIFY_SOCKET unset) or it could not be. Never blocks. Main thread.
bool notify(const std::string& state);
// Half the time that WatchdogSec allows, or zero when no watchdog was asked for (WATCHDOG_USEC,
// WATCHDOG_PID).
std::chrono::microseconds watchdog_interval();

}  // namespace sekimori::daemon
