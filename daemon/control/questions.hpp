// What can be asked over the control socket, as typed questions; daemon/control/server.hpp speaks HTTP and
// JSON.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/flow/flow.hpp"
#include "policy/exception_state.hpp"
#include "policy/policy.hpp"

namespace sekimori::daemon {

enum class FlowSort : std::uint8_t { start, last, bytes, packets };

// Filters of `flows`; unset ones match everything. Segment filters are ids of the policy in force.
struct FlowQuery {
  std::optional<policy::SegmentId> from{};  // initiator's segment
  std::optional<policy::SegmentId> to{};
  std::optional<policy::SegmentId> segment{};  // either side's
  std::vector<Prefix> addresses{};             // any of them holds either side, in whatever domain
  std::optional<DomainId> domain{};
  std::optional<std::uint16_t> port{};  // either side's
  std::optional<std::uint8_t> protocol{};
  std::optional<capture::Stage> stage{};  // at least this far
  std::optional<policy::Decision> verdict{};
  FlowSort sort = FlowSort::last;
  std::uint32_t limit = 100;

  bool matches(const capture::FlowFacts& facts, const policy::Verdict& verdict) const;
};

struct FlowAnswer {
  struct Row {
    capture::FlowFacts facts;
    policy::Verdict verdict;
    std::uint32_t generation =
        0;  // of the policy that gave the verdict: a reload may come between two slices
  };
  std::vector<Row> rows{};    // sorted, at most query.limit
  std::uint64_t matched = 0;  // rows that matched; more than rows.size() when the limit cut the answer
  std::uint64_t live = 0;     // flows in the tables
  bool complete = true;       // false: cut by the limit
};

// Of the register of exceptions.
struct ExceptionQuery {
  std::optional<policy::ExceptionState> state{};  // only those in this state
  std::uint32_t limit = 10'000;
};

// Answers come later, on the main thread: the asker returns at once.
//
// Shapes (all of them may gain members; `complete` is false when a limit or a silent worker cut the answer):
//   status  status_json() of daemon/status.hpp with incidents, destinations and "control":
//   ControlCounters::named() flows   {"flows": [EVE flow events of render.hpp], "matched", "live",
//   "complete"} matrix  matrix_event() of render.hpp, with "complete" alerts  {"alerts": [EVE alert events of
//   render.hpp], "complete"} reload  {"ok": true, "generation", "sha256"} or {"ok": false, "errors":
//   ["file:line:column: ..."]}; the latter is
//           answered with HTTP status 422
//   any     {"error": {"code", "message", "hint"}} when no answer can be made now: HTTP status 503
class Questions {
 public:
  virtual ~Questions() = default;
  using Json = std::function<void(boost::json::object)>;
  virtual void status(Json answer) = 0;
  // {"ok": bool, "state": sentence, "taps", "uptime_seconds", "open": [{"code", "subject", "severity",
  // "since", "seen", "do"}], "clock", "files"}: what is wrong with the sensor now.
  virtual void health(Json answer) = 0;
  virtual void flows(FlowQuery query, Json answer) = 0;
  virtual void matrix(Json answer) = 0;
  // services_event() of daemon/behaviour/services_json.hpp.
  virtual void services(Json answer) = 0;
  // `since_sequence`: only records after it. `incident`: only this one, if not empty. Newest last.
  virtual void alerts(std::uint64_t since_sequence, const std::string& incident, std::uint32_t limit,
                      Json answer) = 0;
  // The register with the states of this moment and figures of use: exceptions_json() of render/register.hpp.
  virtual void exceptions(const ExceptionQuery& query, Json answer) = 0;
  // Reads the configuration again; {"ok": true, ...} or {"ok": false, "errors": [...]}. Admins only.
  virtual void reload(Json answer) = 0;
  // Sends a marked test line of each severity to the destination of that name, or to all if it is empty, and
  // answers when all are taken or after five seconds: run_drills() of daemon/alert/drills.hpp. Admins only.
  virtual void alert_test(const std::string& destination, Json answer) = 0;
  // Keeps an incident's records in the journal whatever their age, or no longer: {"incident", "held",
  // "known": whether one of the alerts in memory is of it, "holds": how many incidents are held}, or an error
  // without a journal or where it cannot be written down. Admins only.
  virtual void hold(const std::string& incident, bool on, Json answer) = 0;
  // Names of the configured destinations.
  virtual std::vector<std::string> destinations() const = 0;
  // The policy in force, for reading segment names in queries.
  virtual std::shared_ptr<const policy::Policy> policy() const = 0;
};

}  // namespace sekimori::daemon
