#include "daemon/inspector.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

#include "capture/ahead.hpp"
#include "daemon/flow_notes.hpp"
#include "daemon/packet_clock.hpp"

namespace sekimori::daemon {
namespace {

// note_settled. Whether the wire agrees does not matter here.
bool no_card_matters(const policy::Policy& policy, const policy::Verdict& verdict) {
  return verdict.decision == policy::Decision::permit && verdict.basis == policy::Basis::cell &&
         !verdict.via_next_hop && !verdict.via_name && !verdict.link_scope &&
         verdict.from != policy.external() && verdict.to != policy.external() &&
         !policy.path_matters(verdict.to);
}

// A permitted flow's mark is of another kind, and the same place has another meaning while it is told.
bool drafted_otherwise(std::uint8_t note) {
  const unsigned mark = forbidden(note) ? note_draft : note_draft_forbids;
  return (note & mark) != 0;
}

void count_flow(PairTotals& totals, std::uint8_t note) {
  ++totals.flows;
  if ((note & note_forbidden) != 0) ++totals.flows_forbidden;
  if ((note & note_exception) != 0) ++totals.flows_exception;
  if (drafted_otherwise(note)) ++totals.flows_draft;
}

// Takes a flow out of the totals of the pair to which it was counted before its ends changed roles.
void uncount(PairTotals& totals, std::uint8_t note, std::uint64_t packets, std::uint64_t bytes) {
  --totals.flows;
  totals.packets -= packets;
  totals.bytes -= bytes;
  if (forbidden(note)) {
    --totals.flows_forbidden;
    totals.packets_forbidden -= packets;
    totals.bytes_forbidden -= bytes;
  }
  if ((note & note_exception) != 0) --totals.flows_exception;
  if (drafted_otherwise(note)) --totals.flows_draft;
}

// They are another processor's, and worked off after those that come first.
[[gnu::always_inline]] inline void fetch(std::span<const capture::Packet> packets) {
  for (const capture::Packet& packet : packets) {
    const auto* at = reinterpret_cast<const std::byte*>(&packet);
    ask_to_read(at);
    ask_to_read(at + 64);
  }
}

// The segments that a packet of a flow leaves and enters.
struct Crossing {
  policy::SegmentId left = 0;
  policy::SegmentId entered = 0;
};
Crossing crossing(const capture::Flow& flow, bool from_initiator) {
  const policy::SegmentId from = policy::from_of(flow.notes.pair);
  const policy::SegmentId to = policy::to_of(flow.notes.pair);
  return from_initiator ? Crossing{from, to} : Crossing{to, from};
}

}  // namespace

Inspector::Inspector(const InspectorOptions& options, std::shared_ptr<const policy::Policy> policy,
                     EventOutlet& outlet)
    : policy_(std::move(policy)),
      outlet_(outlet),
      wants_ends_(outlet.wants_ends()),
      wants_steps_(outlet.wants_steps()),
      ageing_from_(options.ageing_from),
      decoder_(options.decode),
      fragments_(options.fragments),
      grace_(options.flows.startup_grace),
      active_timeout_(options.flows.active_timeout),
      table_(options.flows, options.capacity, options.secret, *this),
      ear_(outlet, options.wire_seed, decoder_.domains()) {
  assert(policy_ != nullptr);
  ear_.generation(policy_->generation());
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

void Inspector::begin(Time start) {
  grace_begin_ = start;
  grace_end_ = start + grace_;
  begun_ = true;
}

void Inspector::frames(std::span<const capture::Frame> frames) {
  for (const capture::Frame& frame : frames) Inspector::frame(frame);
}

void Inspector::frame(const capture::Frame& frame) {
  if (minute_.leaves(frame.time)) pass_minute(frame.time);
  if (frame.time < newest_frame_) {
    ++books_.time_backwards;
  } else {
    newest_frame_ = frame.time;
  }
  capture::Packet& packet = batch_[batched_];
  if (!decoder_.usual(frame, packet)) return unusual(frame);
  if (NameReader::may_tell(*policy_, packet)) name_reader_.read(*policy_, frame, packet);
  if (capture::may_sign(packet)) [[unlikely]]
    ear_.hear(frame);
  table_.expect(packet);
  if (++batched_ >= batch_max) flush();
  learn_read();
}

// What came before belongs to the minute before, whatever batch it is in.
void Inspector::pass_minute(Time time) {
  flush();
  ear_.pass(minute_.enter(time));
}

// All other frames: nothing in them, several packets, or fragments.
void Inspector::unusual(const capture::Frame& frame) {
  const std::span<capture::Packet, capture::packets_most> room{batch_.data() + batched_,
                                                               capture::packets_most};
  const capture::Decoder::Result result = decoder_.by_layers(frame, room);
  if (result.stripped) ++books_.mirror_stripped;
  if (result.reason != capture::Reason::none) {
    if (capture::signs(result.reason)) ear_.hear(frame);
    refuse(frame, result.reason);
    return;
  }
  capture::Packet& outermost = room[0];
  if (result.count == 1 && NameReader::may_tell(*policy_, outermost)) {
    name_reader_.read(*policy_, frame, outermost);
  }
  if (capture::may_sign(room[0]) || capture::may_hide_sign(room[0])) ear_.hear(frame);
  bool whole = true;
  for (std::size_t i = 0; i < result.count; ++i) whole = whole && !room[i].fragment;
  if (whole) [[likely]] {
    for (std::size_t i = 0; i < result.count; ++i) table_.expect(room[i]);
    batched_ += result.count;
    if (batched_ >= batch_max) flush();
    learn_read();
    return;
  }
  // Some of them may have to wait, and others come with them: none of that in place.
  std::array<capture::Packet, capture::packets_most> packets;
  std::copy_n(room.begin(), result.count, packets.begin());
  for (std::size_t i = 0; i < result.count; ++i) packet(packets[i]);
}

void Inspector::refuse(const capture::Frame& frame, capture::Reason reason) {
  ++books_.packets_read;
  books_.bytes_read += frame.wire_length;
  ++books_.reasons[static_cast<std::size_t>(reason)];
}

// Batch by batch as they lie there, but for fragments, which may have to wait.
void Inspector::packets(std::span<const capture::Packet> packets) {
  while (!packets.empty()) {
    const auto most = packets.first(std::min(packets.size(), batch_max));
    const auto end =
        std::find_if(most.begin(), most.end(), [](const capture::Packet& each) { return each.fragment; });
    const auto batch = most.first(static_cast<std::size_t>(end - most.begin()));
    packets = packets.subspan(batch.size());
    if (!batch.empty()) {
      fetch(packets.first(std::min(packets.size(), batch_max)));
      flush();
      work_off(batch);
    } else {
      packet(packets.front());
      packets = packets.subspan(1);
    }
  }
}

void Inspector::packet(const capture::Packet& packet) {
  if (!packet.fragment) return take(packet, packet.number);
  fragments_.add(packet, [&](const capture::Packet& ready) { take(ready, packet.number); });
}

// `number`: of the frame by which it comes now. One that waited tells what it tells in that one's place.
void Inspector::take(const capture::Packet& packet, std::uint64_t number) {
  capture::copy_packet(packet, batch_[batched_]);
  batch_[batched_].number = number;
  table_.expect(packet);
  if (++batched_ >= batch_max) flush();
}

Books Inspector::books() const {
  Books books = books_;
  books.fragments = fragments_.counters();
  books.traces_refused = table_.counters().traces_refused;
  books.traces_stolen = table_.trace_counters().stolen;
  books.copies_forgotten = table_.trace_counters().window_short;
  books.names += name_reader_.counters();
  books.names.addresses = names_.learned();
  books.names.addresses_displaced = names_.displaced();
  books.signs_untold = ear_.untold();
  books.sign_minutes_full = ear_.minutes_full();
  return books;
}

void Inspector::flush() {
  if (batched_ == 0) return;
  work_off({batch_.data(), batched_});
  batched_ = 0;
}

void Inspector::work_off(std::span<const capture::Packet> batch) {
  table_.record(batch, *this);
  if (table_.size() > ageing_from_) table_.advance(newest_, ageing_steps());
}

// How far the clock hand goes after a batch: once round the table in some four seconds of packet time, and
// one record for each that was opened, so that it outruns any rate of new flows. Where nothing is opened and
// time stands still there is nothing to find.
std::uint32_t Inspector::ageing_steps() {
  constexpr unsigned round_shift = 22;  // 2^22 microseconds
  const std::uint64_t opened = table_.counters().opened;
  const std::int64_t passed =
      std::clamp<std::int64_t>((newest_ - aged_at_).count() / 1000, 0, std::int64_t{1} << round_shift);
  ageing_debt_ += table_.size() * static_cast<std::uint64_t>(passed);
  const std::uint64_t steps = (opened - aged_opened_) + (ageing_debt_ >> round_shift);
  ageing_debt_ &= (std::uint64_t{1} << round_shift) - 1U;
  aged_at_ = newest_;
  aged_opened_ = opened;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(steps, ageing_steps_max));
}

void Inspector::tick(Time now, std::uint32_t steps, std::uint64_t number) {
  newest_ = std::max(newest_, now);
  fragments_.expire(newest_,
                    [&](const capture::Packet& stray) { take(stray, std::max(stray.number, number)); });
  flush();
  if (table_.size() > ageing_from_) table_.advance(newest_, steps);
}

void Inspector::finish(Time now) {
  fragments_.finish([this](const capture::Packet& stray) { take(stray, stray.number); });
  flush();
  newest_ = std::max(newest_, now);
  table_.advance(newest_, 0);  // what this clock has timed out ends as timed out
  table_.finish();
}

std::shared_ptr<const policy::Policy> Inspector::replace(std::shared_ptr<const policy::Policy> policy) {
  flush();
  policy_.swap(policy);
  const auto renamed = renamed_classes(policy->names(), policy_->names());
  names_.rename(renamed);
  renamed_[policy->generation() % renamed_.size()] = renamed;
  epoch_ = {};
  epoch_tag_ = 0;
  ear_.generation(policy_->generation());
  learn_services();
  return policy;
}

// Generation and epoch in one number: a record whose note differs was judged by another policy, or before an
// exception began or ended or its hours did. Six bits of generation, ten of epochs: a flow would have to
// sleep through 64 reloads, or 1,024 such borders, to be missed, and that until the next one.
std::uint16_t Inspector::epoch_tag(Time time) {
  if (epoch_tag_ == 0 || time < epoch_.begin || time >= epoch_.end) {
    epoch_ = policy_->epoch(time);
    const unsigned tag = (policy_->generation() & 0x3fU) << 10U | (epoch_.index & 0x3ffU);
    epoch_tag_ = static_cast<std::uint16_t>(tag != 0 ? tag : 0xffffU);
  }
  return epoch_tag_;
}

// The frame in the books: by its innermost packet. `reason` none = it is in a flow.
void Inspector::account(const capture::Packet& packet, capture::Reason reason) {
  follow_clock(newest_, packet.time);
  if (!begun_) begin(packet.time);
  if (packet.carrier) {
    ++books_.packets_carriers;
    return;
  }
  count_read(packet);
  if (reason == capture::Reason::none) {
    ++books_.packets_in_flows;
  } else {
    ++books_.reasons[static_cast<std::size_t>(reason)];
  }
  if (packet.cut || packet.malformed || packet.unopened != capture::Packet::nothing_unopened) [[unlikely]] {
    if (packet.cut) ++books_.packets_cut;
    if (packet.malformed) ++books_.packets_malformed;
    if (packet.unopened < capture::reasons_count) ++books_.unopened[packet.unopened];
  }
}

void Inspector::packet(capture::Flow& flow, const capture::Packet& packet, const capture::Changes& told,
                       bool from_initiator) {
  // An exception may be one card's alone: whoever takes its conversation over is judged as who he is.
  if (told.place && (flow.notes.verdict & note_exception) != 0 && flow.change_card(packet, from_initiator)) {
    capture::Changes changes = told;
    changes.macs = true;
    return follow(flow, packet, changes, from_initiator);
  }
  follow(flow, packet, told, from_initiator);
}

void Inspector::follow(capture::Flow& flow, const capture::Packet& packet, const capture::Changes& changes,
                       bool from_initiator) {
  account(packet, capture::Reason::none);
  capture::FlowNotes& notes = flow.notes;
  // How far a flow got is told, but decides nothing.
  const bool news = changes.opened || changes.initiator ||
                    (changes.macs && (notes.verdict & note_settled) == 0) ||
                    (changes.stage && worth_telling(notes.verdict));
  const std::uint64_t told_before = books_.events_told;
  const bool named = packet.name != policy::name_class::unknown && note_name(flow, packet, from_initiator);
  if (news || notes.judged != epoch_tag(packet.time) || notes.graced || named || lacks_name(flow)) {
    judge(flow, packet, {.changes = changes, .from_initiator = from_initiator, .named = named});
  } else if (changes.macs && came_through(flow, packet, from_initiator)) {
    note_passage(flow, packet, from_initiator);
  }
  // Where that was nothing to tell, it may be time to say that the flow goes on.
  if (worth_telling(notes.verdict) && books_.events_told == told_before && !notes.pending &&
      update_due(flow, packet)) {
    tell_more(flow, FlowEvent::Kind::updated, packet);
  }
  PairTotals& totals = count_in(flow, packet, forbidden(notes.verdict));
  if ((changes.skipped | changes.acknowledged | changes.late) != 0) [[unlikely]] {
    book_gaps(totals, changes, from_initiator);
  }
  if (changes.stage || (notes.verdict & note_metered) != 0) go_on_steps(flow, packet, changes);
  if (packet.quotes) judge_reporter(flow, packet);
  // A link-local address says whose wire it is on with every packet.
  if (changes.opened || changes.macs || changes.place || packet.tuple.source.is_link_local()) [[unlikely]] {
    hear(flow, packet, from_initiator);
  }
}

// What the mirror did not show, by who sent it.
void Inspector::book_gaps(PairTotals& totals, const capture::Changes& changes, bool from_initiator) {
  const std::size_t sender = from_initiator ? 0 : 1;
  totals.octets_missed[sender] += changes.skipped;
  totals.octets_missed[1 - sender] += changes.acknowledged;
  totals.octets_late[sender] += changes.late;
  if (changes.skipped != 0) ++totals.gaps[sender];
  if (changes.acknowledged != 0) ++totals.gaps[1 - sender];
}

// Whose card sends for whom: at a flow's first packet in each direction, and wherever else its packets are
// seen.
void Inspector::hear(const capture::Flow& flow, const capture::Packet& packet, bool from_initiator) {
  ear_.hear(packet, crossing(flow, from_initiator).left, !from_initiator);
}

void Inspector::repeated(capture::Flow& flow, const capture::Packet& packet, capture::Repetition repetition,
                         const capture::Changes& changes, bool from_initiator) {
  const bool copy = repetition.repeat == capture::Repeat::copy;
  account(packet, copy ? capture::Reason::copy : capture::Reason::duplicate);
  PairTotals& totals = matrix_[flow.notes.pair];
  ++(copy ? totals.copies : totals.duplicates);
  const bool left = copy && !packet.quotes && (flow.notes.verdict & note_forbidden) != 0 &&
                    leaves(flow, packet, from_initiator);
  if (left || changes.any()) {
    judge(flow, packet, {.changes = changes, .from_initiator = from_initiator, .copy = true, .left = left});
  }
  // What a router says of the flow is not the flow's own way.
  if (copy && !packet.quotes && beyond(flow, repetition.routed, from_initiator)) {
    note_passage(flow, packet, from_initiator);
  }
  if (copy) hear(flow, packet, from_initiator);
}

// Has the packet, seen at two places, come out on the side to which it goes? A segment that names its wires
// decides; else a hop count or a VLAN that has changed on the way.
bool Inspector::beyond(const capture::Flow& flow, bool routed, bool from_initiator) const {
  const auto [left, entered] = crossing(flow, from_initiator);
  if (left == entered) return false;
  const auto seen = [&](policy::SegmentId segment, bool own) {
    return table_.seen(flow, from_initiator, [&](const capture::Sighting& place) {
      return policy_->claimed(segment, place.tap, std::span{place.vlans.data(), place.vlan_count}) == own;
    });
  };
  // On wires that neither of them names (inside a tunnel, in an untagged remote mirror) the hop decides.
  if (!seen(left, true) && !seen(entered, true)) return routed;
  // Between two wires of one segment its own router stands, not the boundary.
  if (policy_->has_claims(left) && !seen(left, false)) return false;
  if (policy_->has_claims(entered)) return seen(entered, true) && seen(entered, false);
  return routed;
}

// Seen once only, but on the wire of the segment to which it goes, and some hops after it was sent: the
// mirror shows one side, and the packet is through.
bool Inspector::came_through(const capture::Flow& flow, const capture::Packet& packet,
                             bool from_initiator) const {
  const auto [left, entered] = crossing(flow, from_initiator);
  if (left == entered || packet.quotes || packet.depth != 0) return false;
  // A refusal may be the firewall's own.
  if ((packet.tcp_flags & capture::tcp_flag::rst) != 0) return false;
  // As hosts send it: nobody has forwarded it yet.
  if (packet.ttl == 0 || packet.ttl == 32 || packet.ttl == 64 || packet.ttl == 128 || packet.ttl == 255) {
    return false;
  }
  const std::span vlans{packet.vlans.data(), packet.vlan_count};
  return policy_->has_claims(left) && policy_->claimed(entered, packet.tap, vlans) &&
         !policy_->claimed(left, packet.tap, vlans);
}

void Inspector::note_passage(capture::Flow& flow, const capture::Packet& packet, bool from_initiator) {
  capture::FlowNotes& notes = flow.notes;
  note_coverage(flow, packet, crossing(flow, from_initiator).entered);
  const unsigned bit = from_initiator ? 1U : 2U;
  if ((notes.passed & bit) != 0) return;
  notes.passed = static_cast<std::uint8_t>(notes.passed | bit) & 3U;
  if (notes.told == 0 || notes.pending || !worth_telling(notes.verdict)) return;
  tell_more(flow, FlowEvent::Kind::passed, packet);
}

// A forbidden flow that goes on, or one that an exception permits, is told again after 1, 2, 4... seconds of
// packet time, at last every active_timeout, and when its connection closes: the figures of its incident stay
// near the truth, and are the truth once it is closed. Decided by packets alone, never by when a record is
// freed, so that every run tells the same.
bool Inspector::update_due(capture::Flow& flow, const capture::Packet& packet) const {
  capture::FlowNotes& notes = flow.notes;
  if (flow.state() == capture::FlowState::closed) return true;  // a handful of packets at most follow
  const auto pause = static_cast<std::uint16_t>(told_clock(packet.time) - notes.told_at);
  const unsigned step = notes.verdict >> note_step_shift & note_step_mask;
  const std::int64_t longest = active_timeout_.count();
  const std::int64_t due = step == note_step_max ? longest : std::min(std::int64_t{1} << step, longest);
  if (pause < due || pause >= 0x8000U) return false;  // the second: time ran backwards
  if (step < note_step_max)
    notes.verdict = static_cast<std::uint8_t>(notes.verdict + (1U << note_step_shift));
  return true;
}

// Most flows open between two segments of which the cell alone permits whatever they say: no more of them is
// looked at than their ends. What is noted and counted is what judge() would. False: it is to be judged.
bool Inspector::open_settled(capture::Flow& flow, const capture::Packet& packet, bool from_initiator) {
  const std::uint8_t protocol = packet.tuple.protocol;
  const bool plain_ends =
      (protocol == capture::protocol::tcp || protocol == capture::protocol::udp) && packet.ports_known;
  if (!plain_ends || packet.carrier || packet.quotes || packet.tunnel != capture::Tunnel::none) {
    return false;
  }
  const capture::Tuple tuple = from_initiator ? packet.tuple : packet.tuple.reversed();
  if (policy::tunnel_by_port(protocol, tuple.destination_port) != capture::Tunnel::none) return false;
  const std::uint16_t vlan = packet.vlan_count > 0 ? packet.vlans[packet.vlan_count - 1U] : std::uint16_t{0};
  const auto pair = policy_->settled(tuple.source, tuple.destination, packet.tap, vlan);
  if (!pair) return false;
  capture::FlowNotes& notes = flow.notes;
  notes.judged = epoch_tag(packet.time);
  notes.pair = static_cast<std::uint8_t>(*pair);
  notes.verdict = note_settled;
  ++books_.flows_opened;
  count_flow(matrix_[*pair], 0);
  if (came_through(flow, packet, from_initiator)) note_passage(flow, packet, from_initiator);
  if (wants_steps_) begin_steps(flow, packet, tuple, nullptr);
  return true;
}

void Inspector::judge(capture::Flow& flow, const capture::Packet& packet, const Occasion& occasion) {
  const auto& [changes, from_initiator, named, copy, left] = occasion;
  if (changes.opened && open_settled(flow, packet, from_initiator)) return;
  capture::FlowNotes& notes = flow.notes;
  const bool same_policy = notes.judged == epoch_tag(packet.time);
  if (!same_policy && !named) rename(flow);
  capture::FlowGist gist = flow.gist();
  policy::Conversation conversation = policy::conversation_of(gist, packet.time);
  policy::Verdict verdict = judge_by_names(conversation);
  notes.name = gist.name = conversation.name;
  gist.name_own = conversation.name_own;
  notes.name_own = conversation.name_own ? 1 : 0;
  const bool pending = verdict.name_pending;
  // The other copy of this packet, nearer to the sender, may come behind it.
  const bool may_leave = from_initiator && (changes.opened || changes.macs);
  if (may_leave && keep_exit(flow, conversation, verdict)) gist = flow.gist();
  limit_waits(verdict, flow, packet.time);
  const std::uint8_t note = note_of(verdict);
  const std::uint8_t note_before = noted_decision(notes.verdict);
  // Judged by another policy or in another epoch, it may be another exception that permits it now: the record
  // does not say which one it was, so main is told again and compares.
  const bool aged = note == note_exception && notes.judged != epoch_tag(packet.time);
  const bool other = notes.judged != 0 && (note != note_before || verdict.pair() != notes.pair || aged);

  // Forbidden for want of a name or of the path, and now it has one: it never was.
  const bool by_name = conversation.name >= policy::name_class::first;
  const bool proved =
      same_policy && (note_before & note_forbidden) != 0 && !worth_telling(note) && (by_name || left);
  if (proved) ++(by_name ? books_.names.flows_proved : books_.flows_left);
  // Known by more than a guess since an end has shown itself: the flow always was what it is now.
  const bool shown = same_policy && changes.macs && (note_before & note_exception) == 0;
  recount(flow, packet, verdict, changes.initiator || proved || left || shown, copy);
  // From here on its steps are of the other kind.
  if (worth_telling(note) != worth_telling(note_before)) {
    notes.verdict &= static_cast<std::uint8_t>(~(note_steps | note_metered));
  }
  notes.judged = epoch_tag(packet.time);
  static_assert(policy::pairs_max - 1 <= std::numeric_limits<decltype(notes.pair)>::max());
  notes.pair = static_cast<std::uint8_t>(verdict.pair());
  const unsigned decided =
      note_decision | note_settled | (worth_telling(note) ? 0U : unsigned{note_draft_forbids});
  notes.verdict = static_cast<std::uint8_t>((notes.verdict & ~decided) | note |
                                            (no_card_matters(*policy_, verdict) ? note_settled : 0U));
  if (worth_telling(note) && (changes.opened || changes.initiator || changes.stage || other)) {
    table_.follow(flow, packet, from_initiator);
  }
  if (came_through(flow, packet, from_initiator)) note_passage(flow, packet, from_initiator);
  if (wants_steps_ && (note & note_forbidden) == 0) begin_steps(flow, packet, gist.tuple, &verdict);
  if (!worth_telling(note)) {
    if (notes.graced) notes.graced = notes.pending = 0;  // a better opinion: nothing to tell
    if (proved) tell_proved(flow, packet, verdict);
    return;
  }
  // Whoever waits for the name hears that it will not come.
  const bool given_up = pending ? flow.packets() == name_packets + 1 : named && policy_->has_named_services();
  report(flow, gist, packet, verdict, changes, other || given_up);
}

// Keeps the totals true when a flow is judged, or judged otherwise.
void Inspector::recount(capture::Flow& flow, const capture::Packet& packet, const policy::Verdict& verdict,
                        bool moves, bool copy) {
  capture::FlowNotes& notes = flow.notes;
  const std::uint8_t note = note_of(verdict);
  const std::uint8_t note_before = noted_decision(notes.verdict);
  const policy::PairId pair_before = notes.pair;
  if (notes.judged == 0) {
    ++books_.flows_opened;
    if ((note & note_forbidden) != 0) ++books_.flows_forbidden;
    if (!verdict.claims_agree) ++books_.flows_claims_disagree;
    count_flow(matrix_[verdict.pair()], note);
    return;
  }
  ++books_.flows_rejudged;
  if ((note & note_forbidden) != 0 && (note_before & note_forbidden) == 0) ++books_.flows_forbidden;
  if (moves && (notes.verdict & note_spread) == 0) {
    // The ends changed roles, or the flow never was forbidden: what was counted so far belongs elsewhere in
    // the matrix. The table has already added this packet to the flow, and the caller counts it after us;
    // a copy is counted by neither.
    const std::uint64_t packets = flow.packets() - (copy ? 0U : 1U);
    const std::uint64_t bytes = flow.bytes() - (copy ? 0U : packet.wire_bytes);
    uncount(matrix_[pair_before], note_before, packets, bytes);
    if ((note & note_forbidden) == 0 && (note_before & note_forbidden) != 0) --books_.flows_forbidden;
    count_flow(matrix_[verdict.pair()], note);
    matrix_[verdict.pair()].count(packets, bytes, forbidden(note));
  } else if (verdict.pair() != pair_before || note != note_before) {
    // Another policy or another time: what was counted stays where it was true; from here on it counts
    // here.
    PairTotals& totals = matrix_[verdict.pair()];
    notes.verdict |= note_spread;
    if (verdict.pair() != pair_before) ++totals.flows;
    if ((note & note_forbidden) != 0) ++totals.flows_forbidden;
    if ((note & note_exception) != 0) ++totals.flows_exception;
    if (drafted_otherwise(note)) ++totals.flows_draft;
  }
}

}  // namespace sekimori::daemon
