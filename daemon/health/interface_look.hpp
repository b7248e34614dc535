// What the system says of an interface that is only to listen. Reads alone, never changes.
#pragma once

#include <string>

#include "daemon/health/vitals.hpp"

namespace sekimori::daemon {

// Of this process's own network. What cannot be asked (no such interface, a closed /proc) is left as nothing:
// a look that fails alarms nobody. Main thread; some system calls, cheap enough for once a second.
InterfaceVitals look_at_interface(const std::string& interface);

// The two files of proc(5) that it reads, as pure functions.
std::uint64_t transmitted_of(const std::string& net_dev, const std::string& interface);
std::vector<std::string> ipv6_of(const std::string& if_inet6, const std::string& interface);

}  // namespace sekimori::daemon
