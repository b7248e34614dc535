// Which incidents were open when the journal ended: read at start, so that a restart is no storm of new
// incidents.
#pragma once

#include <string>
#include <vector>

#include "daemon/alert/resume.hpp"
#include "daemon/options.hpp"

namespace sekimori::daemon {

// An open incident has spoken within the longest pause between its summaries: only segments that reach into
// that time before `now` (by the system's clock) are read.
std::vector<Resumption> open_incidents(const std::string& folder, const AlertOptions& options, Time now);

}  // namespace sekimori::daemon
