// The flow table: a fixed number of records, found by a keyed hash, aged in packet time. One worker owns one
// table.
//
//   FlowTable table{options.flows, capacity, HashSecret::random(), ends};
//   table.record(batch, observer);        // observer.packet(flow, packet, changes, from_initiator), in order
//   table.advance(now, 64);               // frees what timed out, a bounded step at a time
//   table.finish();                       // the last flows, in an order of their own
//
// Nothing here allocates after the constructor, throws, logs, locks or reads a clock, and no call's work per
// packet grows with the number of flows: at most FlowIndex::lines_most index lines and FlowTable::looks_most
// records.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <span>
#include <type_traits>

#include "capture/ahead.hpp"
#include "capture/flow/flow.hpp"
#include "capture/flow/flow_index.hpp"
#include "capture/flow/flow_key.hpp"
#include "capture/flow/flow_record.hpp"
#include "capture/flow/flow_rules.hpp"
#include "capture/flow/flow_traces.hpp"
#include "capture/flow/page_memory.hpp"
#include "capture/flow/page_rests.hpp"
#include "capture/flow/page_set.hpp"
#include "capture/options.hpp"

namespace sekimori::capture {

class FlowEnds {
 public:
  virtual ~FlowEnds() = default;
  // The record is about to be freed: last chance to read it. Called inside record(), advance() and finish().
  virtual void flow_ended(const Flow& flow, EndReason reason) = 0;
  // A record with notes.pending set was passed by advance(), or is about to end: hand it over if there is
  // room now.
  virtual void flow_pending(Flow& flow) = 0;
  // Does the order matter in which finish() ends flows? False: of those with notes.pending alone.
  virtual bool wants_order() const { return true; }
};

struct Repetition {
  Repeat repeat = Repeat::fresh;
  bool routed = false;  // a router or firewall has passed it on
};

// Who hears of each packet, in the order of the batch, with the packet already counted in the flow's figures.
template <class T>
concept FlowObserver = requires(T& observer, Flow& flow, const Packet& packet, Changes changes) {
  observer.packet(flow, packet, changes, true);  // true: sent by the initiator
  // A packet that was recorded before; it is in no figure of the flow.
  observer.repeated(flow, packet, Repetition{}, changes, true);
  observer.refused(packet);  // the table is full and nothing in it may go
};
// It may hear apart of packets without changes, as most are: else packet() is called for them as well.
template <class T>
concept SteadyObserver = requires(T& observer, Flow& flow, const Packet& packet) {
  observer.steady(flow, packet, true);
};

// What happened to records since the table was made.
struct FlowCounters {
  std::uint64_t opened = 0;
  std::array<std::uint64_t, 5> ended{};   // by EndReason; opened - all of them = size()
  std::uint64_t refused = 0;              // packets for which there was no record
  std::uint64_t evicted_half_open = 0;    // compliant and without complete handshake or answer
  std::uint64_t evicted_forbidden = 0;    // half-open and forbidden, after it was told
  std::uint64_t evicted_established = 0;  // the most idle of the records looked at
  std::uint64_t evicted_crowded = 0;  // of all these: because eight buckets were full, the table perhaps not
  std::uint64_t emergencies = 0;      // times that the table was full and FlowTable::emergency() began
  std::uint64_t errors_joined = 0;    // ICMP errors counted to the flow that they report
  std::uint64_t traces_refused = 0;   // flows whose copies could not be followed when they should have been
  std::uint64_t searches = 0;         // index searches
  std::uint64_t lines = 0;            // index lines that they looked at
  std::uint32_t lines_max = 0;        // most lines of one search
  std::uint32_t looks_max = 0;        // most records looked at for one eviction
};

class FlowTable {
 public:
  static constexpr std::size_t batch = 40;    // packets whose cache misses overlap, at most
  static constexpr unsigned looks_most = 16;  // records that one eviction may look at
  // How long a half-open flow may be silent while emergency(): longer than a first retransmission takes (RFC
  // 6298 section 2.1: one second).
  static constexpr std::chrono::seconds hurry{5};

  // All memory is taken here, at most 160 octets a flow and FlowOptions::traces_max traces; throws
  // std::bad_alloc. All but a third of an octet a flow becomes resident as flows are opened. `capacity`:
  // records, 1..100'000'000. `ends` must outlive the table.
  FlowTable(const FlowOptions& options, std::uint64_t capacity, const HashSecret& secret, FlowEnds& ends);
  FlowTable(const FlowTable&) = delete;
  FlowTable& operator=(const FlowTable&) = delete;

  // Null (as at first): no port is known. Not owned; may be swapped between two record() calls.
  void service_ports(const ServicePorts* ports) { ports_ = ports; }

  // Optional, for each packet of the next record() in its order as soon as it is known: the table then looks
  // into memory while the caller is busy with the following ones.
  void expect(const Packet& packet) {
    if (expected_ < batch) ready(packet, prepared_[expected_++]);
  }

  // The observer may write flow.notes. What a flow's timeout ends is decided by the packet's own time, so it
  // does not matter when advance() comes by.
  template <FlowObserver Observer>
  void record(std::span<const Packet> packets, Observer&& observer) {
    while (!packets.empty()) {
      const auto some = packets.first(packets.size() < batch ? packets.size() : batch);
      prepare(some);
      for (std::size_t i = 0; i < some.size(); ++i) {
        if (i + news_ahead < some.size()) [[likely]]
          fetch_news(prepared_[i + news_ahead]);
        if (Flow* flow = steady(some[i], prepared_[i]); flow != nullptr) [[likely]] {
          const bool from_initiator = prepared_[i].key.side == flow->FlowRecord::initiator;
          if constexpr (SteadyObserver<std::remove_reference_t<Observer>>) {
            observer.steady(*flow, some[i], from_initiator);
          } else {
            observer.packet(*flow, some[i], Changes{}, from_initiator);
          }
          if (flow->notes.pending) [[unlikely]]
            revisit(*flow);
          continue;
        }
        Recorded result;
        record_one(some[i], prepared_[i], result);
        if (result.flow != nullptr && result.repetition.repeat != Repeat::fresh) [[unlikely]] {
          observer.repeated(*result.flow, some[i], result.repetition, result.changes, result.from_initiator);
        } else if (result.flow != nullptr) {
          observer.packet(*result.flow, some[i], result.changes, result.from_initiator);
        } else {
          observer.refused(some[i]);
          continue;
        }
        if (result.flow->notes.pending) [[unlikely]]
          revisit(*result.flow);
      }
      packets = packets.subspan(some.size());
    }
  }

  // Follows the copies of this flow from its beginning, while less than half of the traces are in use: for
  // flows of which it will be asked whether they passed the boundary. Without, it has one from the first copy
  // on that the record itself notices. `packet` is the one just recorded.
  void follow(Flow& flow, const Packet& packet, bool from_initiator);
  // All that is known of a flow, with what its trace tells.
  FlowFacts facts(const Flow& flow) const { return facts(flow, flow.gist()); }
  // The same for whoever has its gist, as it is now, at hand.
  FlowFacts facts(const Flow& flow, const FlowGist& gist) const;
  // Was a packet sent by the initiator (or by the responder) seen where `beyond(sighting)` holds?
  template <class Beyond>
  bool seen(const Flow& flow, bool from_initiator, Beyond&& beyond) const {
    const FlowTrace* trace = trace_of(flow);
    if (trace == nullptr) return false;
    const unsigned side = flow.FlowRecord::initiator ^ (from_initiator ? 0U : 1U);
    for (unsigned i = 0; i < trace->sightings_count; ++i) {
      if (trace->sides[i] == side && beyond(trace->sightings[i])) return true;
    }
    return false;
  }
  const TraceCounters& trace_counters() const { return traces_.counters(); }

  // Goes on by `steps` records (never comes to one twice in a call): frees those idle longer than their
  // timeout at `now` (packet time; going backwards frees nothing early), calls flow_pending for those with
  // notes.pending. One that stays pending stays. Pages of which it knows that none of that is in them are
  // passed over.
  void advance(Time now, std::uint32_t steps);

  // Ends every flow in the order of start time, then key (FlowEnds::wants_order()): with `timeout` or
  // `closed` if it was idle long enough at the newest time told to advance() or seen in a packet, else with
  // `shutdown`. The table is empty afterwards. For equal results with any number of workers, tell each table
  // the same newest time first: advance(newest, 0).
  void finish();

  // Visits flows of at most `most` records from `cursor` on (0 = from the beginning) and returns where to go
  // on; 0 = all seen. A flow that lives throughout is visited exactly once, whatever is recorded in between.
  template <class Visitor>
  std::uint64_t scan(std::uint64_t cursor, std::uint32_t most, Visitor&& visitor) const {
    auto page = static_cast<std::uint32_t>(cursor / slots_per_page);
    auto slot = static_cast<unsigned>(cursor % slots_per_page);
    for (std::uint32_t seen = 0;; page += 1, slot = 0) {
      const std::uint32_t next = page < pages_count_ ? used_pages_.next(page) : PageSet::none;
      if (next == PageSet::none) return 0;
      if (next != page) slot = 0;
      page = next;
      for (; slot < FlowPage::flows_count; ++slot) {
        if ((pages_[page].used >> slot & 1U) == 0) continue;
        if (seen == most) return page * std::uint64_t{slots_per_page} + slot;
        visitor(static_cast<const Flow&>(pages_[page].flows[slot]));
        ++seen;
      }
    }
  }

  // Of the packet that is recorded now, or of the last one that told something new of its flow; 0 once
  // finish() was called. For what is told while records end.
  std::uint64_t number() const { return number_; }
  std::uint64_t size() const { return size_; }
  std::uint64_t capacity() const { return capacity_; }
  std::uint64_t half_open() const { return young_count_; }  // of size(): first to be evicted
  // The table was full, and an eighth of it is not free again yet: half-open flows time out after `hurry`.
  bool emergency() const { return emergency_; }
  std::uint64_t memory_bytes() const { return memory_.bytes() + rests_.bytes(); }
  std::uint64_t traces_bytes() const { return traces_.memory_bytes(); }
  bool huge_pages() const { return memory_.huge(); }  // the kernel agreed to use them where it can
  const FlowCounters& counters() const { return counters_; }

 private:
  static constexpr std::uint32_t slots_per_page = 32;  // of a reference: page * 32 + slot
  static constexpr unsigned looks_at_once = looks_most / 2;
  static constexpr std::size_t news_ahead = 6;  // packets: what a miss takes, and the records are there

  struct Prepared {
    DirectedKey key{};
    std::uint64_t hash = 0;
    std::uint32_t candidate = FlowIndex::none;
    bool quoted = false;  // the key is that of the conversation which an ICMP error reports
  };
  struct Recorded {
    Flow* flow = nullptr;
    Changes changes{};
    bool from_initiator = true;
    Repetition repetition{};
  };
  struct Hand {
    std::uint32_t page = 0;
    unsigned slot = 0;
  };

  void ready(const Packet& packet, Prepared& prepared) {
    prepared.quoted = false;
    if (!packet.quotes) [[likely]] {
      write_key(packet, prepared.key);
    } else {
      prepared.quoted = reports(packet) && !options_.icmp_errors_apart;
      prepared.quoted ? write_quoted_key(packet, prepared.key) : write_key(packet, prepared.key);
    }
    if (other_terms_) adapt(packet, prepared);
    prepared.hash = hash_(prepared.key.key);
    index_.prefetch(prepared.hash);
  }
  // To the terms of other tools, where the options ask for them.
  void adapt(const Packet& packet, Prepared& prepared) const;
  void prepare(std::span<const Packet> packets);
  void scout(std::uint32_t strangers);
  void fetch_room(std::uint32_t strangers);
  // What a half-open flow's next packet may change beside its record, which was asked for before.
  [[gnu::always_inline]] void fetch_news(const Prepared& prepared) {
    if (prepared.candidate == FlowIndex::none) return;
    const Flow& flow = at(prepared.candidate);
    if (flow.FlowRecord::young == 0) return;
    FlowPage& page = pages_[prepared.candidate / slots_per_page];
    ask_to_write(&page);
    ask_to_read(&page.cold[FlowPage::slot(flow)]);
  }
  // Counts one more packet of a flow of which it tells nothing new: then that flow. Else null, and
  // record_one() is to see to it.
  Flow* steady(const Packet& packet, const Prepared& prepared) {
    if (prepared.candidate == FlowIndex::none || prepared.quoted) return nullptr;
    Flow& flow = at(prepared.candidate);
    if (emergency_ && flow.FlowRecord::young != 0) return nullptr;  // has less time
    if (!flow.is(prepared.key.key, key_mask_) || packet.time - flow.last() > steady_pause_ ||
        !FlowRules::goes_on(flow, packet, prepared.key.side)) {
      return nullptr;
    }
    if (packet.time > newest_) newest_ = packet.time;
    ++counters_.searches;
    ++counters_.lines;
    return &flow;
  }
  void record_one(const Packet& packet, Prepared& prepared, Recorded& result);
  bool join(Flow* flow, const Packet& packet, unsigned side, Recorded& result);
  Flow* find(const Prepared& prepared);
  Flow* open(const Packet& packet, const Prepared& prepared);
  void refill(Flow& flow, const Packet& packet, const DirectedKey& key);
  void settle(Flow& flow);
  void meet(Flow& flow, const Packet& packet, unsigned side);

  // Whose packet it is: one of the flow's own ends, or a router's about it, which is seen at other places.
  enum class Whose : std::uint8_t { flow, router };
  // Is the packet one that this side of the flow has shown before?
  bool repeats(Flow& flow, const Packet& packet, unsigned side, Whose whose, Recorded& result);
  static bool suspicious(const Flow& flow, const Packet& packet, unsigned side, Whose whose,
                         std::uint32_t before);
  bool examine(Flow& flow, const Packet& packet, unsigned side, std::uint32_t before, Recorded& result);
  FlowTrace* trace(Flow& flow, const Packet& packet, unsigned side, std::uint32_t before);
  FlowTrace* take_trace(Flow& flow, Time now);
  void drop_trace(Flow& flow);
  const FlowTrace* trace_of(const Flow& flow) const;

  Duration timeout(const Flow& flow) const;
  Duration own_timeout(const Flow& flow) const;  // of its protocol and state
  // The last time at which it has not expired yet, but for an emergency, in which the hand passes over
  // nothing.
  Time due(const Flow& flow) const;
  // It may expire earlier than the hand knows of: it is new, or its state gives it less time than before.
  void hasten(const Flow& flow) { rests_.hasten(page_of(flow), due(flow)); }
  // What it has to tell is asked for each time that the hand comes by.
  void revisit(const Flow& flow) { rests_.hasten(page_of(flow), Time::min()); }
  bool expired(const Flow& flow, Time now) const;
  EndReason expiry(const Flow& flow) const;
  void tell_end(Flow& flow, EndReason reason);
  void finish(Flow& flow);
  void finish_page(std::uint32_t number);
  void finish_in_order(bool pending_only);
  void end(Flow& flow, EndReason reason);
  void free(Flow& flow);
  void forget(Flow& flow);

  enum class Rank : std::uint8_t { half_open, forbidden, established, never };
  static Rank rank(const Flow& flow);
  void evict(Flow& victim, Time now);
  bool make_room(Time now);
  bool make_room_in_crowd(std::uint64_t hash, Time now);
  Flow* oldest_young(unsigned& looks);
  Flow* least_of_some(unsigned& looks);
  static Flow* lesser(Flow* known, Flow* other);  // of two, the one to evict; `known` may be null
  Flow* next_young();
  Flow* next_used(Hand& hand);
  Flow* next_ageing(Time now, std::uint64_t& left);
  Flow* look_at(std::uint32_t page, std::uint32_t records, std::uint64_t& left);
  Flow* next_in(const PageSet& pages, std::uint32_t FlowPage::*mask, Hand& hand);
  void leave_young(Flow& flow);

  // As its packets' keys have it: where the VLAN is no part of the key, what the record knows of it is not
  // either.
  std::uint64_t hash_of(const Flow& flow) const {
    FlowKey key = flow.full_key();
    key.words[4] &= key_mask_;
    return hash_(key);
  }
  // Both lines of a record.
  [[gnu::always_inline]] static void fetch(const void* record) {
    ask_to_write(record);
    ask_to_write(static_cast<const std::byte*>(record) + 64);
  }

  // Bits of the records of a page that may be used: all but in the last.
  std::uint32_t slots_of(std::uint32_t page) const;
  Flow& at(std::uint32_t ref) { return pages_[ref / slots_per_page].flows[ref % slots_per_page]; }
  std::uint32_t page_of(const Flow& flow) const {
    return static_cast<std::uint32_t>(&FlowPage::of(flow) - pages_);
  }
  std::uint32_t ref_of(const Flow& flow) const {
    return page_of(flow) * slots_per_page + FlowPage::slot(flow);
  }

  const FlowOptions options_;
  const std::uint64_t capacity_;
  const std::uint64_t young_reserve_;  // half-open flows that always find room, at established ones' cost
  const std::uint64_t calm_;           // fewer records than this end an emergency
  const std::uint64_t key_mask_;
  const bool other_terms_;       // the key is not quite our own
  const Duration steady_pause_;  // shorter than any timeout; negative beyond measure: no flow is steady
  const FlowHash hash_;
  FlowEnds& ends_;
  const ServicePorts* ports_ = nullptr;

  const std::uint32_t pages_count_;
  const std::uint32_t buckets_count_;
  PageMemory memory_;
  FlowPage* const pages_;
  FlowBucket* const buckets_;
  FlowIndex index_;
  FlowTraces traces_;
  PageSet free_pages_;   // with a free record
  PageSet used_pages_;   // with a flow
  PageSet young_pages_;  // with a flow in the young mask
  PageRests rests_;

  std::uint64_t size_ = 0;
  std::uint64_t young_count_ = 0;
  bool emergency_ = false;
  Hand ageing_{};
  Hand eviction_{};
  Hand young_{};
  unsigned young_looks_ = looks_at_once;  // how far oldest_young() looks for a compliant one
  Time newest_ = Time::min();
  std::uint64_t number_ = 0;
  FlowCounters counters_{};
  std::size_t expected_ = 0;                // of prepared_: made by expect()
  std::array<Prepared, batch> prepared_{};  // of one batch; here, because making it anew means to clear it
};

}  // namespace sekimori::capture
