#include "daemon/inspector.hpp"

#include <algorithm>
#include <cassert>

namespace sekimori::daemon {
namespace {

// Meaning of FlowNotes::verdict.
constexpr std::uint8_t note_forbidden = 0x01;
constexpr std::uint8_t note_exception = 0x02;
constexpr std::uint8_t note_decision = note_forbidden | note_exception;
constexpr unsigned note_step_shift = 2;  // the bits above: how often a flow that goes on was told again
constexpr unsigned note_step_max = 6;
constexpr unsigned note_step_mask = 0x07;
// Its totals are spread over several rows or verdicts: a later change of roles leaves them where they are.
constexpr std::uint8_t note_spread = 0x20;

std::uint8_t note_of(const policy::Verdict& verdict) {
  if (verdict.decision == policy::Decision::forbid) return note_forbidden;
  return verdict.basis == policy::Basis::exception ? note_exception : std::uint8_t{0};
}

bool worth_telling(std::uint8_t note) {
  return (note & (note_forbidden | note_exception)) != 0;
}

std::uint16_t told_clock(Time time) {
  return static_cast<std::uint16_t>(
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

std::uint8_t stage_number(capture::Stage stage) {
  return static_cast<std::uint8_t>(static_cast<int>(stage) + 1);
}

void count(PairTotals& totals, std::uint8_t note, std::uint64_t packets, std::uint64_t bytes) {
  totals.packets += packets;
  totals.bytes += bytes;
  if ((note & note_forbidden) != 0) {
    totals.packets_forbidden += packets;
    totals.bytes_forbidden += bytes;
  }
}

void count_flow(PairTotals& totals, std::uint8_t note) {
  ++totals.flows;
  if ((note & note_forbidden) != 0) ++totals.flows_forbidden;
  if ((note & note_exception) != 0) ++totals.flows_exception;
}

// Takes a flow out of the totals of the pair to which it was counted before its ends changed roles.
void uncount(PairTotals& totals, std::uint8_t note, std::uint64_t packets, std::uint64_t bytes) {
  const bool forbidden = (note & note_forbidden) != 0;
  --totals.flows;
  totals.packets -= packets;
  totals.bytes -= bytes;
  if (forbidden) {
    --totals.flows_forbidden;
    totals.packets_forbidden -= packets;
    totals.bytes_forbidden -= bytes;
  }
  if ((note & note_exception) != 0) --totals.flows_exception;
}

}  // namespace

Inspector::Inspector(const InspectorOptions& options, std::shared_ptr<const policy::Policy> policy,
                     EventOutlet& outlet)
    : policy_(std::move(policy)),
      outlet_(outlet),
      wants_ends_(outlet.wants_ends()),
      ageing_from_(options.ageing_from),
      table_(options.flows, options.capacity, options.secret, *this) {
  assert(policy_ != nullptr);
  learn_services();
}

Inspector::~Inspector() = default;

void Inspector::learn_services() {
  for (std::uint32_t port = 1; port < 65536; ++port) {
    const auto number = static_cast<std::uint16_t>(port);
    services_.tcp[port] = policy_->service_port(capture::protocol::tcp, number);
    services_.udp[port] = policy_->service_port(capture::protocol::udp, number);
  }
  table_.service_ports(&services_);
}

void Inspector::frame(const capture::Frame& frame) {
  if (frame.time < newest_frame_) ++books_.time_backwards;
  newest_frame_ = std::max(newest_frame_, frame.time);
  const capture::Reason reason = capture::decode(frame, batch_[batched_]);
  if (reason != capture::Reason::none) {
    refuse(frame, reason);
    return;
  }
  if (++batched_ == batch_max) flush();
}

void Inspector::refuse(const capture::Frame& frame, capture::Reason reason) {
  ++books_.packets_read;
  books_.bytes_read += frame.wire_length;
  ++books_.reasons[static_cast<std::size_t>(reason)];
}

void Inspector::packet(const capture::Packet& packet) {
  batch_[batched_] = packet;
  if (++batched_ == batch_max) flush();
}

void Inspector::flush() {
  if (batched_ == 0) return;
  const std::span<const capture::Packet> batch{batch_.data(), batched_};
  table_.record(batch, *this);
  batched_ = 0;
  // Twice as many records are looked at as packets came, so the hand outruns any rate of new flows.
  if (table_.size() > ageing_from_) table_.advance(newest_, 2 * batch_max);
}

void Inspector::tick(Time now, std::uint32_t steps) {
  newest_ = std::max(newest_, now);
  table_.advance(newest_, steps);
}

void Inspector::finish(Time now) {
  flush();
  newest_ = std::max(newest_, now);
  table_.advance(newest_, 0);  // what this clock has timed out ends as timed out
  table_.finish();
}

std::shared_ptr<const policy::Policy> Inspector::replace(std::shared_ptr<const policy::Policy> policy) {
  flush();
  policy_.swap(policy);
  epoch_ = {};
  epoch_tag_ = 0;
  learn_services();
  return policy;
}

// Generation and epoch in one number: a record whose note differs was judged by another policy, or before an
// exception began or ended. 12 bits of generation: a flow would have to sleep through 4,096 reloads to be
// missed.
std::uint32_t Inspector::epoch_tag(Time time) {
  if (epoch_tag_ == 0 || time < epoch_.begin || time >= epoch_.end) {
    epoch_ = policy_->epoch(time);
    epoch_tag_ = (policy_->generation() & 0xfffU) << 20U | ((epoch_.index + 1) & 0xfffffU);
  }
  return epoch_tag_;
}

void Inspector::packet(capture::Flow& flow, const capture::Packet& packet, capture::Changes changes,
                       bool /*from_initiator*/) {
  ++books_.packets_read;
  ++books_.packets_in_flows;
  books_.bytes_read += packet.wire_bytes;
  if (packet.cut) ++books_.packets_cut;
  newest_ = std::max(newest_, packet.time);

  capture::FlowNotes& notes = flow.notes;
  if (changes.any() || notes.judged != epoch_tag(packet.time)) {
    judge(flow, packet, changes);
  } else if ((notes.verdict & note_forbidden) != 0 && !notes.pending && update_due(flow, packet)) {
    policy::Conversation conversation = policy::conversation_of(flow.facts());
    conversation.time = packet.time;
    tell(flow, FlowEvent::Kind::updated, packet.number, packet.time, policy_->judge(conversation));
  }
  count(matrix_[notes.pair], notes.verdict, 1, packet.wire_bytes);
}

// A forbidden flow that goes on is told again after 1, 2, 4... seconds of packet time, at last once a minute,
// and when its connection closes: the figures of its incident stay near the truth, and are the truth once it
// is closed. Decided by packets alone, never by when a record is freed, so that every run tells the same.
bool Inspector::update_due(capture::Flow& flow, const capture::Packet& packet) {
  capture::FlowNotes& notes = flow.notes;
  if (flow.state() == capture::FlowState::closed) return true;  // a handful of packets at most follow
  const auto pause = static_cast<std::uint16_t>(told_clock(packet.time) - notes.told_at);
  const unsigned step = notes.verdict >> note_step_shift & note_step_mask;
  const auto due = std::min<std::int64_t>(std::int64_t{1} << step, update_interval.count());
  if (pause < due || pause >= 0x8000U) return false;  // the second: time ran backwards
  if (step < note_step_max)
    notes.verdict = static_cast<std::uint8_t>(notes.verdict + (1U << note_step_shift));
  return true;
}

policy::Verdict Inspector::judge(capture::Flow& flow, const capture::Packet& packet,
                                 capture::Changes changes) {
  const capture::FlowFacts facts = flow.facts();
  policy::Conversation conversation = policy::conversation_of(facts);
  conversation.time = packet.time;
  const policy::Verdict verdict = policy_->judge(conversation);
  const std::uint8_t note = note_of(verdict);
  capture::FlowNotes& notes = flow.notes;
  const auto note_before = static_cast<std::uint8_t>(notes.verdict & note_decision);
  const policy::PairId pair_before = notes.pair;
  const bool judged_before = notes.judged != 0;

  if (!judged_before) {
    ++books_.flows_opened;
    if ((note & note_forbidden) != 0) ++books_.flows_forbidden;
    if (!verdict.claims_agree) ++books_.flows_claims_disagree;
    count_flow(matrix_[verdict.pair()], note);
  } else {
    ++books_.flows_rejudged;
    if ((note & note_forbidden) != 0 && (note_before & note_forbidden) == 0) ++books_.flows_forbidden;
    if (changes.initiator && (notes.verdict & note_spread) == 0) {
      // The ends changed roles: what was counted so far belongs to the other direction of the matrix. The
      // table has already added this packet to the flow, and the caller counts it after us.
      const std::uint64_t packets = facts.packets_to_server + facts.packets_to_client - 1;
      const std::uint64_t bytes = facts.bytes_to_server + facts.bytes_to_client - packet.wire_bytes;
      uncount(matrix_[pair_before], note_before, packets, bytes);
      if ((note & note_forbidden) == 0 && (note_before & note_forbidden) != 0) --books_.flows_forbidden;
      count_flow(matrix_[verdict.pair()], note);
      count(matrix_[verdict.pair()], note, packets, bytes);
    } else if (verdict.pair() != pair_before || note != note_before) {
      // Another policy or another time: what was counted stays where it was true; from here on it counts
      // here.
      PairTotals& totals = matrix_[verdict.pair()];
      notes.verdict |= note_spread;
      if (verdict.pair() != pair_before) ++totals.flows;
      if ((note & note_forbidden) != 0) ++totals.flows_forbidden;
      if ((note & note_exception) != 0) ++totals.flows_exception;
    }
  }
  notes.judged = epoch_tag(packet.time);
  notes.pair = verdict.pair();
  notes.verdict = static_cast<std::uint8_t>((notes.verdict & ~note_decision) | note);

  if (worth_telling(note)) {
    const bool other = judged_before && (note != note_before || verdict.pair() != pair_before);
    if (notes.told == 0 && !notes.pending) {
      const bool late = judged_before && !changes.opened;
      tell(flow, late ? FlowEvent::Kind::rejudged : FlowEvent::Kind::opened, packet.number, packet.time,
           verdict);
    } else if (other) {
      tell(flow, FlowEvent::Kind::rejudged, packet.number, packet.time, verdict);
    } else if (stage_number(facts.stage) > notes.told && !notes.pending) {
      tell(flow, FlowEvent::Kind::rose, packet.number, packet.time, verdict);
    }
  }
  return verdict;
}

void Inspector::tell(capture::Flow& flow, FlowEvent::Kind kind, std::uint64_t number, Time time,
                     const policy::Verdict& verdict) {
  FlowEvent event;
  event.kind = kind;
  event.number = number;
  event.time = time;
  event.facts = flow.facts();
  event.verdict = verdict;
  event.generation = policy_->generation();
  if (!outlet_.tell(event)) {
    if (!flow.notes.pending) ++books_.events_delayed;
    flow.notes.pending = true;
    return;
  }
  ++books_.events_told;
  flow.notes.pending = false;
  flow.notes.told = std::max(flow.notes.told, stage_number(event.facts.stage));
  flow.notes.told_at = told_clock(time);
}

void Inspector::flow_pending(capture::Flow& flow) {
  const capture::FlowFacts facts = flow.facts();
  policy::Conversation conversation = policy::conversation_of(facts);
  conversation.time = facts.end;
  const policy::Verdict verdict = policy_->judge(conversation);
  if (!worth_telling(note_of(verdict))) {
    // Permitted since by another policy: what was forbidden then can no longer be told as it was.
    ++books_.events_lost;
    flow.notes.pending = false;
    return;
  }
  tell(flow, flow.notes.told == 0 ? FlowEvent::Kind::opened : FlowEvent::Kind::rose, 0, facts.end, verdict);
}

void Inspector::refused(const capture::Packet& packet) {
  ++books_.packets_read;
  books_.bytes_read += packet.wire_bytes;
  ++books_.reasons[static_cast<std::size_t>(capture::Reason::flow_table_full)];
  newest_ = std::max(newest_, packet.time);

  // No record, but a verdict all the same: a flood must not hide what is forbidden.
  capture::FlowFacts facts;
  const bool answer = packet.tuple.protocol == capture::protocol::tcp &&
                      (packet.tcp_flags & (capture::tcp_flag::syn | capture::tcp_flag::ack)) ==
                          (capture::tcp_flag::syn | capture::tcp_flag::ack);
  facts.tuple = answer ? packet.tuple.reversed() : packet.tuple;
  (answer ? facts.packets_to_client : facts.packets_to_server) = 1;
  (answer ? facts.bytes_to_client : facts.bytes_to_server) = packet.wire_bytes;
  (answer ? facts.responder_mac : facts.initiator_mac) = packet.source_mac;
  if (!answer) facts.next_hop_mac = packet.destination_mac;
  facts.start = facts.end = packet.time;
  facts.vlans = packet.vlans;
  facts.vlan_count = packet.vlan_count;
  facts.tap = packet.tap;
  facts.stage = answer ? capture::Stage::answered : capture::Stage::attempt;
  facts.ports_known = packet.ports_known;
  const policy::Verdict verdict = policy_->judge(policy::conversation_of(facts));
  const std::uint8_t note = note_of(verdict);
  count(matrix_[verdict.pair()], note, 1, packet.wire_bytes);
  if ((note & note_forbidden) == 0) return;
  const FlowEvent event{FlowEvent::Kind::opened, packet.number, packet.time, facts, verdict,
                        policy_->generation()};
  if (outlet_.tell(event)) {
    ++books_.events_told;
  } else {
    ++books_.events_lost;
  }
}

void Inspector::flow_ended(const capture::Flow& flow, capture::EndReason reason) {
  ++books_.flows_ended[static_cast<std::size_t>(reason)];
  // The table offered it once more just before: now it can no longer be told.
  if (flow.notes.pending) ++books_.events_lost;
  if (!wants_ends_) return;
  const capture::FlowFacts facts = flow.facts();
  policy::Conversation conversation = policy::conversation_of(facts);
  conversation.time = facts.end;
  outlet_.ended(facts, policy_->judge(conversation), reason);
}

}  // namespace sekimori::daemon
