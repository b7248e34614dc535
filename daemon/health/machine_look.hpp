// What the system says of the machine that the sensor runs on. Reads alone; cheap enough for once a second.
#pragma once

#include <string>

#include "daemon/health/vitals.hpp"

namespace sekimori::daemon {

// Asks the kernel (adjtimex, which needs no privilege for reading); where a filter forbids even that, looks
// for systemd-timesyncd's sign.
Synchronised look_at_clock();

// The file system on which `path` lies or would be written: its folder has to be there.
DiskVitals look_at_disk(const std::string& path);

}  // namespace sekimori::daemon
