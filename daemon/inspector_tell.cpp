// The inspector's part that tells: events of flows whose verdict is worth it, now or as soon as there is
// room.
#include <algorithm>
#include <cassert>

#include "daemon/flow_notes.hpp"
#include "daemon/inspector.hpp"

namespace sekimori::daemon {
namespace {

std::uint8_t stage_number(capture::Stage stage) {
  return static_cast<std::uint8_t>(static_cast<int>(stage) + 1);
}

}  // namespace

void Inspector::report(capture::Flow& flow, const capture::FlowGist& gist, const capture::Packet& packet,
                       const policy::Verdict& verdict, const capture::Changes& changes, bool other) {
  capture::FlowNotes& notes = flow.notes;
  if (notes.told == 0 && in_grace(gist, verdict, packet.time)) {
    if (!notes.graced) ++books_.flows_in_grace;
    notes.graced = notes.pending = 1;
    return;
  }
  if (notes.graced) {
    notes.graced = notes.pending = 0;
    tell(flow, gist, FlowEvent::Kind::opened, packet.number, packet.time, verdict);
  } else if (notes.told == 0 && !notes.pending) {
    tell(flow, gist, changes.opened ? FlowEvent::Kind::opened : FlowEvent::Kind::rejudged, packet.number,
         packet.time, verdict);
  } else if (other) {
    tell(flow, gist, FlowEvent::Kind::rejudged, packet.number, packet.time, verdict);
  } else if (stage_number(gist.stage) > notes.told && !notes.pending) {
    tell(flow, gist, FlowEvent::Kind::rose, packet.number, packet.time, verdict);
  }
}

// After a start, connections that were there before show themselves in mid-stream: to guess who began them
// and to cry out at once would be a storm at every restart.
bool Inspector::in_grace(const capture::FlowGist& gist, const policy::Verdict& verdict, Time time) {
  return verdict.orientation_matters && gist.midstream && time >= grace_begin_ && time < grace_end_ &&
         capture::confidence(gist.evidence) == capture::Confidence::guess;
}

// Of a flow that was told before, with the verdict of this moment.
void Inspector::tell_more(capture::Flow& flow, FlowEvent::Kind kind, const capture::Packet& packet) {
  const capture::FlowGist gist = flow.gist();
  tell(flow, gist, kind, packet.number, packet.time, verdict_of(flow, gist, packet.time));
}

void Inspector::tell(capture::Flow& flow, const capture::FlowGist& gist, FlowEvent::Kind kind,
                     std::uint64_t number, Time time, const policy::Verdict& verdict) {
  assert(gist == flow.gist());
  const FlowEvent event{kind, number, time, table_.facts(flow, gist), verdict, policy_->generation()};
  if (!outlet_.tell(event)) {
    if (!flow.notes.pending) ++books_.events_delayed;
    flow.notes.pending = 1;
    return;
  }
  ++books_.events_told;
  flow.notes.pending = 0;
  flow.notes.told = std::max<std::uint8_t>(flow.notes.told, stage_number(event.facts.stage)) & 7U;
  flow.notes.told_at = told_clock(time);
}

void Inspector::flow_pending(capture::Flow& flow) {
  if (flow.notes.graced && newest_ >= grace_begin_ && newest_ < grace_end_) return;
  flow.notes.graced = 0;
  const capture::FlowGist gist = flow.gist();
  const policy::Verdict verdict = verdict_of(flow, gist, gist.end);
  if (!worth_telling(note_of(verdict))) {
    // Permitted since by another policy: what was forbidden then can no longer be told as it was.
    ++books_.events_lost;
    flow.notes.pending = 0;
    return;
  }
  // In the order of the frame by which it was noticed.
  tell(flow, gist, flow.notes.told == 0 ? FlowEvent::Kind::opened : FlowEvent::Kind::rose, table_.number(),
       gist.end, verdict);
}

void Inspector::refused(const capture::Packet& packet) {
  account(packet, capture::Reason::flow_table_full);

  // No record, but a verdict all the same: a flood must not hide what is forbidden.
  const policy::Verdict verdict = tell_lone(packet, lone_facts(packet));
  matrix_[verdict.pair()].count(1, packet.wire_bytes, forbidden(note_of(verdict)));
}

// What a single packet tells of a conversation that has no record.
capture::FlowFacts Inspector::lone_facts(const capture::Packet& packet) const {
  capture::FlowFacts facts;
  const capture::FlowRules::Opinion opinion = capture::FlowRules::first_opinion(packet, &services_);
  const bool answer = !opinion.sender;
  facts.tuple = answer ? packet.tuple.reversed() : packet.tuple;
  (answer ? facts.packets_to_client : facts.packets_to_server) = 1;
  (answer ? facts.bytes_to_client : facts.bytes_to_server) = packet.wire_bytes;
  (answer ? facts.responder_mac : facts.initiator_mac) = packet.source_mac;
  (answer ? facts.answers_to_mac : facts.next_hop_mac) = packet.destination_mac;
  facts.start = facts.end = packet.time;
  facts.vlans = packet.vlans;
  facts.vlan_count = packet.vlan_count;
  facts.tap = packet.tap;
  facts.stage = answer ? capture::Stage::answered : capture::Stage::attempt;
  facts.evidence = opinion.evidence;
  facts.ports_known = packet.ports_known;
  facts.icmp_type = packet.icmp_type;
  facts.icmp_code = packet.icmp_code;
  facts.carrier = packet.carrier;
  facts.tunnel = packet.tunnel;
  facts.inside = packet.inside;
  facts.depth = packet.depth;
  facts.outer = packet.outer;
  return facts;
}

policy::Verdict Inspector::tell_lone(const capture::Packet& packet, const capture::FlowFacts& facts) {
  policy::Conversation conversation = policy::conversation_of(facts, packet.time);
  policy::Verdict verdict = judge_by_names(conversation);
  verdict.name_pending = verdict.path_pending = false;  // nobody would wait for it
  if (verdict.decision != policy::Decision::forbid) return verdict;
  const FlowEvent event{FlowEvent::Kind::opened, packet.number, packet.time, facts, verdict,
                        policy_->generation()};
  if (outlet_.tell(event)) {
    ++books_.events_told;
  } else {
    ++books_.events_lost;
  }
  return verdict;
}

void Inspector::flow_ended(const capture::Flow& flow, capture::EndReason reason) {
  ++books_.flows_ended[static_cast<std::size_t>(reason)];
  PairTotals& totals = matrix_[flow.notes.pair];
  ++totals.flows_ended;
  if (flow.one_sided()) ++totals.flows_one_sided;
  // The table offered it once more just before: now it can no longer be told.
  if (flow.notes.pending) ++books_.events_lost;
  if (!wants_ends_) return;
  const capture::FlowFacts facts = table_.facts(flow);
  outlet_.ended(facts, policy_->judge(policy::conversation_of(facts, facts.end)), reason);
}

}  // namespace sekimori::daemon
