// The inventory of services as JSON: what `sekimori services` shows, live and of a replay.
#pragma once

#include <boost/json.hpp>

#include "daemon/behaviour/service_watch.hpp"
#include "daemon/options.hpp"
#include "policy/policy.hpp"

namespace sekimori::daemon {

// {"event_type": "services", "since", "services": [{"host", "proto", "port", "segment", "declared", "entry",
// "certain", "flows", "clients", "first", "last"}], "declared": [{"kind", "id", "name", "flows", "first",
// "last", "since"}], "refused", "complete"}. `clients` stops at ServiceWatch::clients_max.
boost::json::object services_event(const ServiceWatch& watch, const policy::Policy& policy,
                                   const AlertOptions& options);

}  // namespace sekimori::daemon
