// The inventory of services as JSON: what `sekimori services` shows, live and of a replay.
#pragma once

#include <boost/json.hpp>

#include "daemon/behaviour/behaviour_watch.hpp"
#include "daemon/options.hpp"
#include "policy/policy.hpp"

namespace sekimori::daemon {

// {"event_type": "services", "since", "services": [{"host", "proto", "port", "segment", "declared", "entry",
// "certain", "flows", "clients", "first", "last"}], "declared": [{"kind", "id", "name", "flows", "first",
// "last", "since"}], "refused", "complete"}. `clients` stops at ServiceWatch::clients_max.
boost::json::object services_event(const ServiceWatch& watch, const policy::Policy& policy,
                                   const AlertOptions& options);
// BehaviourWatch::counters() for `status`.
boost::json::object behaviour_json(const BehaviourWatch& watch);

}  // namespace sekimori::daemon
