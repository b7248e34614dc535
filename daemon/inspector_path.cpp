// The inspector's part that deals with the way by which a conversation goes: where it leaves, and what is
// seen beyond the boundary.
#include "daemon/alert/coverage.hpp"
#include "daemon/inspector.hpp"

namespace sekimori::daemon {

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

void Inspector::keep_exit(capture::Flow& flow, const policy::Conversation& conversation,
                          const policy::Verdict& verdict) const {
  const bool may_pass = verdict.decision == policy::Decision::permit || verdict.name_pending;
  const bool by_path = verdict.via_next_hop || verdict.name_pending || policy_->path_matters(verdict.to);
  if (may_pass && by_path && policy_->is_next_hop(conversation.next_hop_mac)) {
    flow.leave_by(conversation.next_hop_mac);
  }
}

// Once a minute and segment: minutes, not pauses, so that several workers together tell what one would.
void Inspector::note_coverage(const capture::Flow& flow, const capture::Packet& packet,
                              policy::SegmentId entered) {
  const std::int64_t minute = Coverage::minute_of(packet.time);
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
