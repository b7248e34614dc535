// The answers to `status` and `flows` as JSON: machine words, every counter that the daemon keeps.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/alert/incident.hpp"
#include "daemon/alert/name_waits.hpp"
#include "daemon/alert/notices.hpp"
#include "daemon/alert/sinks.hpp"
#include "daemon/errands.hpp"
#include "daemon/health/watch_gap.hpp"
#include "daemon/journal/courier.hpp"
#include "daemon/options.hpp"

namespace sekimori::daemon {

struct StatusFacts {
  std::string version{};
  std::string config_path{};
  std::chrono::seconds uptime{};
  std::shared_ptr<const policy::Policy> policy{};
  std::vector<capture::TapOptions> taps{};
  std::vector<WorkerFigures> workers{};
  double loss_ratio = 0;  // of the last minute
};

boost::json::object status_json(const StatusFacts& facts, const AlertOptions& options);
boost::json::object incidents_json(const Incidents& incidents);
boost::json::object notices_json(const Notices& notices);
// `untold`: DNS answers that some worker could not be told, because its mailbox was full.
boost::json::object name_waits_json(const NameWaits& waits, std::uint64_t untold);
// The time before this start in which nobody watched; none: null.
boost::json::value watch_gap_json(const std::optional<WatchGap>& gap, int utc_offset_minutes);
// `courier`: null without a journal.
boost::json::array destinations_json(const Sinks& sinks, const Courier* courier);
boost::json::object journal_json(const Journal& journal);
// `policy_of`: the policy of a generation, for a verdict is read with the policy that gave it. `packet_now`:
// the newest packet time.
boost::json::object flows_json(
    const FlowAnswer& answer,
    const std::function<std::shared_ptr<const policy::Policy>(std::uint32_t generation)>& policy_of,
    const Coverage& coverage, Time packet_now, const AlertOptions& options);

// "mynumber lgwan internet": what a reload may not change.
std::string segment_list(const policy::Policy& policy);
// Likewise the names of its address spaces, which a reload cannot change either.
std::string domain_list(const policy::Policy& policy);
// "t1=eth1, t2=eth2"
std::string tap_list(const std::vector<capture::TapOptions>& taps);
// "0.125": a number with so many decimals, without exponent.
std::string fixed_point(double value, int decimals);

}  // namespace sekimori::daemon
