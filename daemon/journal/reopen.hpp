// Which stories were open when the journal ended: read at start, so that a restart is no storm of new
// incidents and findings.
#pragma once

#include <string>

#include "daemon/alert/resume.hpp"
#include "daemon/options.hpp"

namespace sekimori::daemon {

// An open story has spoken within the longest pause between its summaries, and what is told once a day within
// a day: only segments that reach into that time before `end`, when the last record was written, are read.
Reopened open_stories(const std::string& folder, const AlertOptions& options, Time end);

}  // namespace sekimori::daemon
