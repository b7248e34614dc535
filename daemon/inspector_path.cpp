// The inspector's part that deals with the way by which a conversation goes: where it leaves, and what is
// seen beyond the boundary.
#include "daemon/alert/coverage.hpp"
#include "daemon/inspector.hpp"

namespace sekimori::daemon {
namespace {

// Does it report what became of a packet on its way, in no more room than such a report may take? RFC 1812
// section 4.3.2.3: 576 octets with its own header; RFC 4443 section 2.4 (c): the least MTU of IPv6, 1280. A
// redirect (RFC 792 type 5) reports nothing: it gives an order, and may do so on its own wire only.
bool reports_the_way(const capture::Packet& packet) {
  constexpr std::uint8_t redirect = 5;
  const bool v4 = packet.tuple.source.family == Family::ipv4;
  const std::uint32_t quote_most = v4 ? 576 - 20 - 8 : 1280 - 40 - 8;
  return packet.payload_bytes <= quote_most && !(v4 && packet.icmp_type == redirect);
}

}  // namespace

// Forbidden where it was seen first, and now on its way to a segment's next hop, where it is permitted: that
// is the path, whatever stands between it and the sender. A next hop that changes nothing is no news. Where
// the answers alone were seen, who takes them there is who brought the questions.
bool Inspector::leaves(capture::Flow& flow, const capture::Packet& packet, bool from_initiator) const {
  if (flow.exit_known() || !policy_->is_next_hop(packet.destination_mac)) return false;
  policy::Conversation conversation = policy::conversation_of(flow.gist(), packet.time);
  if (from_initiator) {
    conversation.next_hop_mac = packet.destination_mac;
    keep_exit(flow, conversation, judge_by_names(conversation));
  } else if (conversation.initiator_mac_guessed) {
    conversation.initiator_mac = packet.destination_mac;
    if (judge_by_names(conversation).decision == policy::Decision::permit) {
      flow.answer_by(packet.destination_mac);
    }
  }
  return flow.exit_known();
}

// Was it news?
bool Inspector::keep_exit(capture::Flow& flow, const policy::Conversation& conversation,
                          const policy::Verdict& verdict) const {
  const bool may_pass = verdict.decision == policy::Decision::permit || verdict.name_pending;
  const bool by_path = verdict.via_next_hop || verdict.name_pending || policy_->path_matters(verdict.to);
  if (!may_pass || !by_path || flow.exit_known()) return false;
  if (!policy_->is_next_hop(conversation.next_hop_mac)) return false;
  flow.leave_by(conversation.next_hop_mac);
  return true;
}

// An error is counted to the flow that it quotes. Who sends it stands on that flow's way, and may have an
// address of anywhere: of a line's provider, of no prefix of the city's, or of the segment through which the
// way leads. So where the flow is permitted, an error about it is. It is judged as a conversation of its own
// when a segment that is neither end's sends it and it quotes what is forbidden; what stays inside of one
// segment, between whose ends nobody else stands; or more than an error may. Told by addresses and the flow
// alone: of several copies any may come first.
void Inspector::judge_reporter(const capture::Flow& flow, const capture::Packet& packet) {
  if (packet.tuple.source == flow.initiator() || packet.tuple.source == flow.responder()) return;
  const policy::SegmentId from = policy::from_of(flow.notes.pair);
  const policy::SegmentId to = policy::to_of(flow.notes.pair);
  const policy::SegmentId reporter = policy_->classify(packet.tuple.source);
  if (reporter == from || reporter == to) return;
  if (from != to && reports_the_way(packet) && may_be_permitted(flow, packet.time)) return;
  tell_lone(packet, lone_facts(packet));
}

// Permitted, or nobody can say yet: then it is the flow that will be told.
bool Inspector::may_be_permitted(const capture::Flow& flow, Time time) const {
  if ((flow.notes.verdict & note_forbidden) == 0 || flow.notes.graced != 0) return true;
  const policy::Verdict verdict = verdict_of(flow, flow.gist(), time);
  return verdict.name_pending || verdict.path_pending;
}

// Once a minute and segment: minutes, not pauses, so that several workers together tell what one would.
void Inspector::note_coverage(const capture::Flow& flow, const capture::Packet& packet,
                              policy::SegmentId entered) {
  const std::int64_t minute = minute_of(packet.time);
  if (covered_[entered] == minute) return;
  FlowEvent event;
  event.kind = FlowEvent::Kind::beyond;
  event.number = packet.number;
  event.time = packet.time;
  event.facts = table_.facts(flow);
  event.verdict.to = entered;
  event.generation = policy_->generation();
  if (outlet_.tell(event)) covered_[entered] = minute;  // else the next copy tells it
}

}  // namespace sekimori::daemon
