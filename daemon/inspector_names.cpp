// The inspector's part that deals with names: see daemon/names.hpp.
#include "daemon/flow_notes.hpp"
#include "daemon/inspector.hpp"

namespace sekimori::daemon {

// What an answer tells counts for the frames behind it, not for those before it in the batch.
void Inspector::learn_read() {
  if (name_reader_.learned().empty()) [[likely]]
    return;
  flush();
  for (const NameEvidence& evidence : name_reader_.learned()) {
    names_.learn(evidence);
    if (!outlet_.learned(evidence)) ++books_.names.addresses_unshared;
  }
  name_reader_.forget();
}

void Inspector::learn(const NameEvidence& evidence) {
  if (evidence.generation != policy_->generation())
    return;  // read just before a reload: its class means nothing
  flush();
  names_.learn(evidence);
}

// What a client says of itself where that can matter: outside, where a service asks for names, and of what is
// forbidden. The first and every later greeting counts: a connection may go on to another host.
bool Inspector::note_name(capture::Flow& flow, const capture::Packet& packet, bool from_initiator) const {
  capture::FlowNotes& notes = flow.notes;
  const policy::SegmentId to = policy::to_of(notes.pair);
  const bool matters = notes.judged == 0 || (notes.verdict & note_forbidden) != 0 ||
                       to == policy_->external() || policy_->leads_by_name(to);
  if (!from_initiator || !matters) return false;
  // That it tells no name takes nothing from what DNS told.
  if (packet.name == policy::name_class::hidden && notes.name >= policy::name_class::first) return false;
  if (notes.name_own != 0 && notes.name == packet.name) return false;
  notes.name = packet.name;
  notes.name_own = 1;
  return true;
}

// Forbidden, young and without a name of its own: the next packet may find that its address has one.
bool Inspector::lacks_name(const capture::Flow& flow) const {
  return (flow.notes.verdict & note_forbidden) != 0 && flow.notes.name_own == 0 &&
         policy_->has_named_services() && flow.packets() <= name_packets + 1;
}

// What is still worth waiting for at this time of the flow's life.
void Inspector::limit_waits(policy::Verdict& verdict, const capture::Flow& flow, Time time) {
  const Duration age = time - flow.start();
  verdict.name_pending = verdict.name_pending && flow.packets() <= name_packets && age < name_wait;
  verdict.path_pending = verdict.path_pending && age < path_wait;
}

// An address may have several names by DNS: one that permits it is enough until the flow tells its own.
policy::Verdict Inspector::judge_by_names(policy::Conversation& conversation) const {
  policy::Verdict verdict = policy_->judge(conversation);
  const bool told = conversation.name_own && conversation.name != policy::name_class::hidden;
  if (verdict.decision == policy::Decision::permit || told || names_.empty()) return verdict;
  const NameTable::Found found = names_.find(conversation.responder, conversation.time);
  for (std::size_t i = 0; i < found.count; ++i) {
    policy::Conversation named = conversation;
    named.name = found.names[i];
    named.name_own = false;
    const policy::Verdict other = policy_->judge(named);
    const bool better = other.decision == policy::Decision::permit;
    if (!better && (i > 0 || conversation.name_own)) continue;
    conversation.name = named.name;
    conversation.name_own = false;
    verdict = other;
    if (better) break;
  }
  return verdict;
}

// As it is known now, for telling of it.
policy::Verdict Inspector::verdict_of(const capture::Flow& flow, const capture::FlowGist& gist,
                                      Time time) const {
  policy::Verdict verdict = policy_->judge(policy::conversation_of(gist, time));
  limit_waits(verdict, flow, time);
  return verdict;
}

// Its name was noted under another policy: as that class is called now.
void Inspector::rename(capture::Flow& flow) const {
  capture::FlowNotes& notes = flow.notes;
  if (notes.name < policy::name_class::first || notes.judged == 0) return;
  const std::size_t now = policy_->generation() % renamed_.size();
  for (std::size_t at = notes.judged >> 10U; at != now; at = (at + 1) % renamed_.size()) {
    notes.name = renamed_[at][notes.name];
  }
  if (notes.name == policy::name_class::unknown) notes.name_own = 0;
}

// Whoever keeps its first report back (NameWaits) drops it.
void Inspector::tell_proved(capture::Flow& flow, const capture::Packet& packet,
                            const policy::Verdict& verdict) {
  flow.notes.pending = 0;
  if (flow.notes.told != 0) {
    tell(flow, flow.gist(), FlowEvent::Kind::rejudged, packet.number, packet.time, verdict);
  }
  flow.notes.told = 0;
}

}  // namespace sekimori::daemon
