// The register of exceptions as JSON: what is written, its state at a moment, and what is known of its use.
#pragma once

#include <boost/json.hpp>

#include "daemon/alert/exception_use.hpp"
#include "daemon/control/questions.hpp"
#include "policy/policy.hpp"

namespace sekimori::daemon {

// {"at", "watched_since" (null: nothing was watched yet), "generation", "sha256", "states": {"valid": 3,
// ...}, "exceptions": [...], "complete"}. States are counted over all entries, whatever the query asks for;
// entries in the order of the register. `use` null: without figures of use (offline).
boost::json::object exceptions_json(const policy::Policy& policy, const ExceptionUse* use, Time now,
                                    const ExceptionQuery& query, int utc_offset_minutes);

}  // namespace sekimori::daemon
