// Values that cross from the workers to main, and what main makes of them. Plain data; nothing here acts.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "capture/decode/decode.hpp"
#include "capture/decode/wire_sign.hpp"
#include "capture/flow/flow.hpp"
#include "capture/flow/fragments.hpp"
#include "capture/source/source.hpp"
#include "daemon/names.hpp"
#include "policy/policy.hpp"

namespace sekimori::daemon {

struct Notice;  // daemon/alert/notice.hpp

// ---- worker -> main
// ---------------------------------------------------------------------------------------------

// Something about a flow that somebody must hear of: it is forbidden, or an exception permits it.
struct FlowEvent {
  enum class Kind : std::uint8_t {
    opened,    // first packet
    rose,      // the stage rose
    rejudged,  // another verdict: initiator settled, policy replaced, exception began or ended
    updated,   // still going on: at most once a minute of packet time, with the figures so far
    passed,    // a packet of it was seen beyond the boundary, for the first time in that direction
    beyond,    // of any flow: the sensor sees what enters verdict.to (to_server) or verdict.from; for
               // daemon/alert/coverage alone, once a minute, segment and worker
    wire       // no flow's: `wire` says something about the wire it was seen on, the sender's segment is
               // verdict.from; once a minute and worker
  };
  Kind kind = Kind::opened;
  std::uint64_t number = 0;  // of the frame that caused it: orders events of several workers
  Time time{};               // packet time
  capture::FlowFacts facts{};
  policy::Verdict verdict{};
  std::uint32_t generation = 0;  // of the policy that judged
  capture::WireSign wire{};      // Kind::wire
};

// Of these each worker tells its own, so how many come, and when, depends on the number of workers: they are
// news of something, but never the time by which anything else falls due.
constexpr bool told_by_each_worker(FlowEvent::Kind kind) {
  return kind == FlowEvent::Kind::beyond || kind == FlowEvent::Kind::wire;
}

// ---- what is counted
// --------------------------------------------------------------------------------------------

// Totals of one ordered pair of segments, kept outside the flow table and exact under any flood.
struct PairTotals {
  std::uint64_t flows = 0;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t flows_forbidden = 0;
  std::uint64_t packets_forbidden = 0;
  std::uint64_t bytes_forbidden = 0;
  std::uint64_t flows_exception = 0;  // permitted by an exception
  std::uint64_t flows_draft =
      0;  // decided otherwise with what is at stage draft in force; not those of exceptions
  // Health of the mirror: frames that showed a packet again at the same place, or at another one (neither is
  // in `packets`), and ended flows of which one direction alone was seen.
  std::uint64_t duplicates = 0;
  std::uint64_t copies = 0;
  std::uint64_t flows_ended = 0;
  std::uint64_t flows_one_sided = 0;
  // Of `packets`: those in a conversation whose other direction must be there (it is answered) and was never
  // seen. Tells within seconds what flows_one_sided tells when flows end.
  std::uint64_t packets_one_sided = 0;
  // TCP octets that the mirror did not show, of conversations of which both directions are seen: [0] those of
  // initiators, [1] of responders. `octets_late` came after all, behind later ones, or were sent again: what
  // is beyond them was lost on the way to the tap. `gaps`: how many times.
  std::array<std::uint64_t, 2> octets_missed{};
  std::array<std::uint64_t, 2> octets_late{};
  std::array<std::uint64_t, 2> gaps{};
  void count(std::uint64_t more_packets, std::uint64_t more_bytes, bool forbidden) {
    packets += more_packets;
    bytes += more_bytes;
    if (!forbidden) return;
    packets_forbidden += more_packets;
    bytes_forbidden += more_bytes;
  }
  PairTotals& operator+=(const PairTotals& other);
};
using Matrix = std::array<PairTotals, policy::pairs_max>;
// Packets by VLAN id, those of the outer tag and of the inner one; modulo 2^32: whether a VLAN is heard.
using VlanCounts = std::array<std::uint32_t, 4096>;

// The books of the packet path: read = in_flows + every reason. A test holds that for every capture.
struct Books {
  std::uint64_t packets_read = 0;
  std::uint64_t packets_in_flows = 0;
  std::array<std::uint64_t, capture::reasons_count> reasons{};
  std::uint64_t bytes_read = 0;      // on the wire
  std::uint64_t packets_cut = 0;     // snaplen ended before the headers did; also in a flow or under a reason
  std::uint64_t time_backwards = 0;  // frames older than the newest seen before
  // Tunnels: outer layers counted in flows of their own beside the frame's innermost packet, mirror
  // transports taken off, and why a tunnel's content was no packet (by Reason; the frame is in the tunnel's
  // own flow).
  std::uint64_t packets_carriers = 0;
  std::uint64_t mirror_stripped = 0;
  std::array<std::uint64_t, capture::reasons_count> unopened{};
  std::uint64_t packets_malformed = 0;
  capture::FragmentCounters fragments{};
  std::uint64_t traces_refused = 0;  // flows whose copies could not be followed: no trace was free
  std::uint64_t traces_stolen = 0;   // ... taken from a flow that was quiet
  std::uint64_t copies_forgotten =
      0;  // packets forgotten within a millisecond: a copy of one counts as a packet
  std::uint64_t flows_in_grace = 0;  // told later, see FlowOptions::startup_grace
  std::uint64_t flows_left = 0;      // forbidden until a copy was seen on its way to a segment's next hop
  NameCounters names{};
  std::uint64_t flows_opened = 0;
  std::array<std::uint64_t, 5> flows_ended{};  // by capture::EndReason
  std::uint64_t flows_rejudged = 0;
  std::uint64_t flows_claims_disagree = 0;  // first frame's VLAN or tap belongs to neither side's segment
  std::uint64_t flows_forbidden = 0;
  std::uint64_t events_told = 0;     // handed to main
  std::uint64_t events_delayed = 0;  // outbox full: told later from the record itself
  std::uint64_t events_lost = 0;     // outbox full and the record gone: must be 0, and seen if it is not
  std::uint64_t steps_told = 0;      // of permitted conversations, handed to main (daemon/flow_step.hpp)
  std::uint64_t steps_lost = 0;      // no room: scans and bulk transfers are known as far as main was told
  // Signs about wires (daemon/wire_ear): those for which the outbox had no room, and the minutes of packet
  // time with more of them than are followed.
  std::uint64_t signs_untold = 0;
  std::uint64_t sign_minutes_full = 0;
  Books& operator+=(const Books& other);
  bool close() const;  // packets_read == packets_in_flows + sum of reasons
};

// ---- alerts
// -----------------------------------------------------------------------------------------------------

enum class AlertKind : std::uint8_t {
  opened,     // first sight of this initiator across this boundary
  escalated,  // the highest stage rose
  widened,    // a new responder or service
  sweep,      // said once: new responders or services keep coming and are counted from here on
  repeated,   // summary of what was counted since the last one
  closed,     // quiet for incident_idle
  exception   // permitted use of an exception: told at notice level, never hidden
};

// Why an incident was closed.
enum class CloseReason : std::uint8_t {
  none,          // it is not
  quiet,         // no event for incident_idle
  displaced,     // incidents_max reached: the stalest made room
  finished,      // the input ended
  over,          // a state: it is no longer so
  permitted,     // quiet since another policy is in force, which permits what it was about
  reclassified,  // ... which counts it to another pair of segments
  unwatched      // its capture domain is no longer configured, or the profile has no such segment any more
};

// One line to the outside: an incident at one moment, with the event that brought it, or a notice. The
// incident's stable id is made when a line is: incident_id() (daemon/render.hpp).
struct AlertRecord {
  AlertRecord() = default;
  // Lines of incidents are made by the million in a flood: theirs is not cleared before the event is there.
  explicit AlertRecord(const FlowEvent& of) : event(of) {}

  AlertKind kind = AlertKind::opened;
  std::uint64_t sequence = 0;  // 1, 2, 3... of this process: a gap is a loss
  Time time{};                 // packet time of the event (closed: last event's)
  Time opened{};               // of the incident
  FlowEvent event{};           // the one that caused this line; for summaries the latest
  capture::Stage stage_highest = capture::Stage::attempt;
  policy::Severity severity = policy::Severity::warning;
  std::uint64_t events = 0;      // of the incident so far
  std::uint64_t suppressed = 0;  // counted, not told one by one, since the last line of this incident
  std::uint64_t flows = 0;       // flows of the incident so far
  std::uint64_t responders = 0;  // distinct responders told or counted so far
  std::uint64_t services = 0;    // distinct responder + protocol + port so far
  std::uint64_t bytes = 0;       // of its flows, both directions, as far as their events told
  // Of the incident so far: yes as soon as one flow's packets were seen beyond the boundary; no if none of
  // its flows' were, though what enters that side is seen.
  capture::Passage passage{};
  CloseReason close = CloseReason::none;
  std::uint32_t close_generation = 0;  // of the policy; of permitted and reclassified alone
  std::string former_domain{};         // of unwatched alone: where its addresses stood
  std::string former_segments{};       // of unwatched alone: ids of those that the profile has no more
  // The incident's id, where it was given under another numbering of the segments (another profile); else
  // empty.
  std::string incident{};
  // Which of AlertOptions::repeat its next summary waits for.
  std::uint8_t pause = 0;
  double loss_ratio = 0;                           // frames lost of those offered at that moment, 0..1
  std::shared_ptr<const policy::Policy> policy{};  // that judged: names, reasons, clauses
  // Not null: this is told, and `event`, stages, flows, responders, services, bytes and passage mean nothing.
  std::shared_ptr<const Notice> notice{};
};

}  // namespace sekimori::daemon
