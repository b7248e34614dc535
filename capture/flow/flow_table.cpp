// What flows come into the table by: a packet finds its record or opens one.
#include "capture/flow/flow_table.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstring>
#include <utility>

#include "capture/ahead.hpp"

namespace sekimori::capture {

namespace {

constexpr unsigned hand_shift = 56;

std::uint64_t index_bytes(std::uint32_t buckets) {
  // Up to a whole page, because the records begin behind it.
  return (buckets * sizeof(FlowBucket) + sizeof(FlowPage) - 1) / sizeof(FlowPage) * sizeof(FlowPage);
}

std::uint32_t traces_for(const FlowOptions& options, std::uint64_t capacity) {
  constexpr std::uint64_t flows_a_trace = 32;
  constexpr std::uint64_t least = 256;
  if (options.traces_max != 0) return options.traces_max;
  return static_cast<std::uint32_t>(
      std::min(std::max(capacity / flows_a_trace, least), std::uint64_t{65'535}));
}

// In either direction: a mirror may show the later one first.
std::chrono::microseconds gap(Time a, Time b) {
  return std::chrono::floor<std::chrono::microseconds>(a > b ? a - b : b - a);
}

Duration steady_pause_for(const FlowOptions& options) {
  if (options.count_copies) return Duration::min();
  if (options.no_timeouts) return Duration::max();
  const FlowTimeouts& timeouts = options.timeouts;
  return std::min({timeouts.tcp_attempt, timeouts.tcp_established, timeouts.tcp_closed, timeouts.udp,
                   timeouts.icmp, timeouts.other});
}

}  // namespace

FlowTable::FlowTable(const FlowOptions& options, std::uint64_t capacity, const HashSecret& secret,
                     FlowEnds& ends)
    : options_{options},
      capacity_{std::max<std::uint64_t>(capacity, 1)},
      young_reserve_{capacity_ / 32},
      calm_{capacity_ - capacity_ / 8},
      key_mask_{options.vlan_in_key ? ~std::uint64_t{0} : ~FlowKey::vlan_bits},
      other_terms_{options.vlan_in_key || options.icmp_by_type},
      steady_pause_{steady_pause_for(options)},
      hash_{secret},
      ends_{ends},
      pages_count_{
          static_cast<std::uint32_t>((capacity_ + FlowPage::flows_count - 1) / FlowPage::flows_count)},
      buckets_count_{FlowIndex::buckets_for(capacity_)},
      memory_{index_bytes(buckets_count_) + std::uint64_t{pages_count_} * sizeof(FlowPage)},
      // All members of buckets, pages and records are integers or made of them, for which the kernel's zeroes
      // are values: the arrays begin to live with the mapping and need no constructor to touch them.
      pages_{reinterpret_cast<FlowPage*>(memory_.data() + index_bytes(buckets_count_))},
      buckets_{reinterpret_cast<FlowBucket*>(memory_.data())},
      index_{buckets_, buckets_count_},
      traces_{traces_for(options, capacity_)},
      free_pages_{pages_count_},
      used_pages_{pages_count_},
      young_pages_{pages_count_},
      rests_{pages_count_} {
  for (std::uint32_t page = 0; page < pages_count_; ++page) free_pages_.insert(page);
}

std::uint32_t FlowTable::slots_of(std::uint32_t page) const {
  const std::uint64_t before = std::uint64_t{page} * FlowPage::flows_count;
  const std::uint64_t here = std::min<std::uint64_t>(capacity_ - before, FlowPage::flows_count);
  return (std::uint32_t{1} << here) - 1U;
}

void FlowTable::adapt(const Packet& packet, Prepared& prepared) const {
  std::uint64_t& word = prepared.key.key.words[4];
  const auto number = static_cast<std::uint8_t>(prepared.key.key.kind);
  if (options_.icmp_by_type && (number == protocol::icmp || number == protocol::icmpv6))
    word &= ~icmp_id_bits;
  if (options_.vlan_in_key) word |= packed_vlans(packet);
}

void FlowTable::prepare(std::span<const Packet> packets) {
  for (std::size_t i = std::exchange(expected_, 0); i < packets.size(); ++i) ready(packets[i], prepared_[i]);
  std::uint32_t strangers = 0;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    Prepared& p = prepared_[i];
    p.candidate = index_.candidate(p.hash);
    if (p.candidate == FlowIndex::none) {
      ++strangers;
      continue;
    }
    fetch(&at(p.candidate));
  }
  if (size_ + strangers > capacity_) {
    scout(strangers);
  } else if (strangers != 0) {
    fetch_room(strangers);
  }
}

// The records that new flows will be written into, in the order in which open() takes them. (They are written
// at once and read again soon: without this, a packet waits for each.)
void FlowTable::fetch_room(std::uint32_t strangers) {
  std::uint32_t page = free_pages_.next(0);
  if (page == PageSet::none) return;
  std::uint32_t room = slots_of(page) & ~pages_[page].used;
  for (std::uint32_t i = 0; i < strangers; ++i) {
    if (room == 0) {
      page = free_pages_.next(page + 1);
      if (page == PageSet::none) return;
      room = slots_of(page) & ~pages_[page].used;
    }
    const auto slot = static_cast<unsigned>(std::countr_zero(room));
    room &= room - 1U;
    fetch(&pages_[page].flows[slot]);
    ask_to_write(&pages_[page].cold[slot]);
  }
}

// In a flood nearly each packet opens a flow and ends another one, and whose turn it is is known beforehand:
// the next in the hand's way. Their records were asked for while the batch before was worked off, so that now
// their places in the index can be. Reads and changes nothing: where it guesses wrong, time is all that is
// lost.
void FlowTable::scout(std::uint32_t strangers) {
  const bool young = young_count_ > young_reserve_;
  Hand hand = young ? young_ : eviction_;
  const auto next = [&] { return young ? next_in(young_pages_, &FlowPage::young, hand) : next_used(hand); };
  for (std::uint32_t i = 0; i < strangers; ++i) {
    const Flow* flow = next();
    if (flow == nullptr) return;
    index_.prefetch(hash_of(*flow));
  }
  for (std::uint32_t i = 0; i < strangers; ++i) {
    const Flow* flow = next();
    if (flow == nullptr) return;
    fetch(flow);
  }
}

Flow* FlowTable::find(const Prepared& prepared) {
  ++counters_.searches;
  if (prepared.candidate != FlowIndex::none && at(prepared.candidate).is(prepared.key.key, key_mask_)) {
    ++counters_.lines;
    return &at(prepared.candidate);
  }
  unsigned lines = 0;
  const std::uint32_t ref = index_.find(prepared.hash, lines, [&](std::uint32_t candidate) {
    return at(candidate).is(prepared.key.key, key_mask_);
  });
  counters_.lines += lines;
  counters_.lines_max = std::max(counters_.lines_max, lines);
  return ref != FlowIndex::none ? &at(ref) : nullptr;
}

// Copied as it is: made in place, it would be written in small pieces and read at once.
constexpr Changes only_opened{.opened = true};

// Into `result`, which is empty, in place: see FlowRules::add().
void FlowTable::record_one(const Packet& packet, Prepared& prepared, Recorded& result) {
  newest_ = std::max(newest_, packet.time);
  number_ = packet.number;
  Flow* flow = find(prepared);
  if (prepared.quoted) {
    if (join(flow, packet, prepared.key.side, result)) return;
    // Nobody to join: a flow of its own. It was dealt to this worker by what it quotes, so the same two
    // addresses may turn up at another worker; with the hand in the key the flows are the same however many
    // workers there are.
    prepared.key = key_of(packet);
    prepared.key.key.words[4] |= deal_hash(packet) << hand_shift;
    if (other_terms_) adapt(packet, prepared);
    prepared.hash = hash_(prepared.key.key);
    prepared.candidate = FlowIndex::none;
    flow = find(prepared);
  }
  const unsigned side = prepared.key.side;
  const bool lives = flow != nullptr && !expired(*flow, packet.time);
  if (lives && repeats(*flow, packet, side, Whose::flow, result)) return;
  bool opened = false;
  if (flow == nullptr) {
    flow = open(packet, prepared);
    if (flow == nullptr) {
      ++counters_.refused;
      return;
    }
    opened = true;
  } else if (!lives) {
    tell_end(*flow, expiry(*flow));
    refill(*flow, packet, prepared.key);
    opened = true;
  } else if (!options_.no_timeouts && FlowRules::begins_another(*flow, packet, side)) {
    tell_end(*flow, EndReason::reused);
    refill(*flow, packet, prepared.key);
    opened = true;
  }
  result.flow = flow;
  Changes& changes = result.changes;
  const Duration allowed = opened ? Duration::max() : own_timeout(*flow);
  const bool first = opened || flow->counts[side].packets() == 0;
  const bool place = first || FlowRules::elsewhere(*flow, packet, side);
  const bool introduced = flow->macs[side].is_zero() && !packet.source_mac.is_zero();
  if (first) meet(*flow, packet, side);
  FlowRules::add(*flow, packet, side, changes);
  if (opened) changes = only_opened;
  if (introduced) changes.macs = true;
  changes.place = place;
  settle(*flow);
  if (opened || own_timeout(*flow) < allowed) hasten(*flow);
  result.from_initiator = side == flow->FlowRecord::initiator;
}

// Counts an ICMP error to the flow that it reports, if that lives. `side`: of the packet that it quotes.
bool FlowTable::join(Flow* flow, const Packet& packet, unsigned side, Recorded& result) {
  if (flow == nullptr) return false;
  if (expired(*flow, packet.time)) {
    end(*flow, expiry(*flow));
    return false;
  }
  ++counters_.errors_joined;
  // Routers report, too, and theirs are other places than the flow's: here only what is shown twice counts.
  if (repeats(*flow, packet, side ^ 1U, Whose::router, result)) return true;
  result.flow = flow;
  result.from_initiator = (side ^ 1U) == flow->FlowRecord::initiator;
  result.changes = FlowRules::add_error(*flow, packet, side);
  settle(*flow);
  hasten(*flow);
  return true;
}

Flow* FlowTable::open(const Packet& packet, const Prepared& prepared) {
  if (!index_.has_room(prepared.hash) && !make_room_in_crowd(prepared.hash, packet.time)) return nullptr;
  if (size_ == capacity_ && !make_room(packet.time)) return nullptr;
  // The lowest page with room keeps the resident memory as small as the flows there ever were.
  const std::uint32_t page_number = free_pages_.next(0);
  FlowPage& page = pages_[page_number];
  const std::uint32_t slots = slots_of(page_number);
  const auto slot = static_cast<unsigned>(std::countr_zero(slots & ~page.used));
  if (page.used == 0) used_pages_.insert(page_number);
  page.used |= 1U << slot;
  if (page.used == slots) free_pages_.erase(page_number);
  ++size_;
  Flow& flow = page.flows[slot];
  index_.insert(prepared.hash, page_number * slots_per_page + slot);
  refill(flow, packet, prepared.key);
  return &flow;
}

void FlowTable::refill(Flow& flow, const Packet& packet, const DirectedKey& key) {
  if (flow.kind != 0) drop_trace(flow);
  FlowRules::open(flow, key, packet, ports_);
  ++counters_.opened;
  if (flow.FlowRecord::young != 0) return;
  FlowPage& page = pages_[page_of(flow)];
  if (page.young == 0) young_pages_.insert(page_of(flow));
  page.young |= 1U << FlowPage::slot(flow);
  flow.FlowRecord::young = 1;
  ++young_count_;
}

// The first packet of one of the flow's ends.
void FlowTable::meet(Flow& flow, const Packet& packet, unsigned side) {
  flow.places[side] = FlowRules::place(packet);
  flow.fingerprints[side] = packet.fingerprint;
  // What is told of the flow's place is where its initiator was seen.
  if (flow.packets() != 0 && side == flow.FlowRecord::initiator) {
    FlowRules::move_home(flow, packet, side, options_.vlan_in_key);
  }
  if (packet.depth == 0) return;
  const bool looked = flow.FlowRecord::traced != 0;
  if (FlowTrace* trace = this->trace(flow, packet, side, 0); trace != nullptr) {
    if (!looked) traces_.look(*trace, packet, side);
    trace->inside = packet.inside;
    trace->depth = packet.depth;
    trace->outer = packet.outer;
  }
}

// ---- copies

inline bool FlowTable::repeats(Flow& flow, const Packet& packet, unsigned side, Whose whose,
                               Recorded& result) {
  if (options_.count_copies) return false;
  const std::uint32_t before = std::exchange(flow.fingerprints[side], packet.fingerprint);
  return suspicious(flow, packet, side, whose, before) && examine(flow, packet, side, before, result);
}

bool FlowTable::suspicious(const Flow& flow, const Packet& packet, unsigned side, Whose whose,
                           std::uint32_t before) {
  if (flow.FlowRecord::traced != 0) return true;
  const FlowCount& count = flow.counts[side];
  if ((count.packets_low | count.packets_high) == 0) return false;
  if (whose == Whose::flow && FlowRules::elsewhere(flow, packet, side)) return true;
  if (before != packet.fingerprint || before == 0) return FlowRules::behind(flow, packet, side);
  return FlowTraces::duplicate(packet, gap(packet.time, flow.last()));
}

bool FlowTable::examine(Flow& flow, const Packet& packet, unsigned side, std::uint32_t before,
                        Recorded& result) {
  FlowTrace* known = trace(flow, packet, side, before);
  Repetition repetition;
  if (known == nullptr) {
    // Without a trace the last packet of this side is all there is to compare with.
    if (before != packet.fingerprint || before == 0) return false;
    const bool copy = FlowRules::elsewhere(flow, packet, side);
    const std::chrono::microseconds apart = gap(packet.time, flow.last());
    if (copy ? apart > FlowTraces::copy_window : !FlowTraces::duplicate(packet, apart)) return false;
    repetition = {.repeat = copy ? Repeat::copy : Repeat::duplicate,
                  .routed = copy && FlowTraces::routed(flow.home(side), FlowTraces::place_of(packet))};
  } else {
    const FlowTraces::Finding finding = traces_.look(*known, packet, side);
    if (finding.repeat == Repeat::fresh) {
      if (FlowTraces::idle(*known, packet.time)) drop_trace(flow);
      return false;
    }
    repetition = {.repeat = finding.repeat, .routed = finding.routed};
    if (finding.nearer_home) {
      FlowRules::move_home(flow, packet, side, options_.vlan_in_key);
      result.changes.macs = true;
    }
  }
  flow.FlowRecord::last = std::max(flow.FlowRecord::last, packet.time);
  result.flow = &flow;
  result.from_initiator = side == flow.FlowRecord::initiator;
  result.repetition = repetition;
  return true;
}

// The flow's trace, made now if it has none.
FlowTrace* FlowTable::trace(Flow& flow, const Packet& packet, unsigned side, std::uint32_t before) {
  if (flow.FlowRecord::traced != 0) return &traces_[flow.trace()];
  FlowTrace* made = take_trace(flow, packet.time);
  if (made == nullptr) return nullptr;
  if (flow.packets() != 0) made->born = flow.last();
  for (unsigned s = 0; s < 2; ++s) {
    const std::uint64_t packets = flow.counts[s].packets();
    if (packets == 0) continue;
    FlowTraces::recall(*made, s == side ? before : flow.fingerprints[s], flow.last(), flow.home(s), s,
                       packets);
    // Without ports several conversations share a record, and pings try their ways out.
    const bool transport = flow.tcp() || flow.protocol() == protocol::udp;
    if (flow.FlowRecord::ports_known == 0 || !transport) made->credit = {};
  }
  return made;
}

FlowTrace* FlowTable::take_trace(Flow& flow, Time now) {
  const FlowTraces::Taken taken = traces_.take(ref_of(flow), now);
  if (taken.index == FlowTraces::none) {
    if (flow.FlowRecord::trace_refused == 0) ++counters_.traces_refused;
    flow.FlowRecord::trace_refused = 1;
    return nullptr;
  }
  if (taken.stolen) at(taken.stolen_from).FlowRecord::traced = 0;
  flow.FlowRecord::traced = 1;
  flow.trace() = taken.index;
  return &traces_[taken.index];
}

void FlowTable::drop_trace(Flow& flow) {
  if (flow.FlowRecord::traced == 0) return;
  traces_.release(flow.trace());
  flow.FlowRecord::traced = 0;
}

const FlowTrace* FlowTable::trace_of(const Flow& flow) const {
  return flow.FlowRecord::traced != 0 ? &traces_[const_cast<Flow&>(flow).trace()] : nullptr;
}

void FlowTable::follow(Flow& flow, const Packet& packet, bool from_initiator) {
  if (options_.count_copies || flow.FlowRecord::traced != 0) return;
  if (traces_.scarce()) return;  // it may have one as soon as it shows a copy
  const unsigned side = flow.FlowRecord::initiator ^ (from_initiator ? 0U : 1U);
  trace(flow, packet, side, packet.fingerprint);
}

FlowFacts FlowTable::facts(const Flow& flow, const FlowGist& gist) const {
  FlowFacts facts = flow.facts(gist);
  const FlowTrace* trace = trace_of(flow);
  if (trace == nullptr) return facts;
  facts.duplicates = trace->duplicates;
  facts.copies = trace->copies;
  facts.inside = trace->inside;
  facts.depth = trace->depth;
  facts.outer = trace->outer;
  if (trace->sightings_count < 2) return facts;
  facts.sightings_count = trace->sightings_count;
  for (unsigned i = 0; i < trace->sightings_count; ++i) {
    facts.sightings[i] = trace->sightings[i];
    facts.sightings[i].to_server = trace->sides[i] == flow.FlowRecord::initiator;
  }
  // In an order that does not depend on which of them was seen first. By insertion: they are six at most.
  const auto before = [](const Sighting& a, const Sighting& b) {
    if (a.to_server != b.to_server) return a.to_server;
    if (a.ttl != b.ttl) return a.ttl > b.ttl;
    return a < b;
  };
  for (unsigned i = 1; i < facts.sightings_count; ++i) {
    for (unsigned k = i; k > 0 && before(facts.sightings[k], facts.sightings[k - 1]); --k) {
      std::swap(facts.sightings[k], facts.sightings[k - 1]);
    }
  }
  return facts;
}

void FlowTable::settle(Flow& flow) {
  if (flow.FlowRecord::young != 0 && !flow.half_open()) leave_young(flow);
}

void FlowTable::leave_young(Flow& flow) {
  FlowPage& page = pages_[page_of(flow)];
  page.young &= ~(1U << FlowPage::slot(flow));
  if (page.young == 0) young_pages_.erase(page_of(flow));
  flow.FlowRecord::young = 0;
  --young_count_;
}

}  // namespace sekimori::capture
