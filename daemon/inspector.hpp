// The corridor that a packet walks: decode, flow table, verdict, event. One inspector belongs to one worker;
// live and offline run this same code.
//
//   Inspector inspector{options, policy, outlet};
//   source->read(256, inspector);      // frames are decoded into a batch; a full batch is worked off at once
//   inspector.flush();                 // the rest of the batch
//   inspector.tick(now);               // a quiet tap: flows still time out
//
// Nothing here allocates, locks, blocks, throws or logs once constructed; only replace() and find() do, which
// are asked between batches.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "capture/decode/decode.hpp"
#include "capture/flow/flow_table.hpp"
#include "capture/flow/fragments.hpp"
#include "capture/options.hpp"
#include "capture/source/source.hpp"
#include "daemon/flow_notes.hpp"
#include "daemon/flow_step.hpp"
#include "daemon/messages.hpp"
#include "daemon/packet_clock.hpp"
#include "daemon/wire_ear.hpp"
#include "policy/policy.hpp"

namespace sekimori::daemon {

// Where an inspector's findings go. Called on the inspector's thread, in the order of the packets.
class EventOutlet {
 public:
  virtual ~EventOutlet() = default;
  // False: no room now. The flow is then marked and told later from its own record.
  virtual bool tell(const FlowEvent& event) = 0;
  // FlowEvent::Kind::wire, likewise: what cannot be told now is told when it is seen again.
  virtual bool sighted(const FlowEvent&) { return true; }
  // Every flow when its record ends, permitted ones too. Only called when wants_ends().
  virtual void ended(const capture::FlowFacts&, const policy::Verdict&, capture::EndReason) {}
  virtual bool wants_ends() const { return false; }
  // A DNS answer that this inspector has read and knows; others have not. False: no room to tell them.
  virtual bool learned(const NameEvidence&) { return true; }
  // What permitted conversations do. False: no room; it is counted and not told again. Only called when
  // wants_steps().
  virtual bool step(const FlowStep&) { return true; }
  virtual bool wants_steps() const { return false; }
};

struct InspectorOptions {
  capture::FlowOptions flows{};
  capture::DecodeOptions decode{};
  capture::FragmentOptions fragments{};
  std::uint64_t capacity = 0;  // records of this inspector's table
  // The clock hand frees timed-out records only while more than this many are in use. Live 0: memory is given
  // back early. Offline half the capacity: as long as there is room, a packet that comes late in a file whose
  // time runs backwards still finds its flow, whatever the number of workers.
  std::uint64_t ageing_from = 0;
  capture::HashSecret secret{};
  std::uint64_t wire_seed = 0;  // of WireEar
};

class Inspector final : public capture::FrameSink, private capture::FlowEnds {
 public:
  // Frames worked off together, so that the table's cache misses overlap. Measured: beyond 32 nothing is
  // gained.
  static constexpr std::size_t batch_max = 32;
  // Records that the clock hand looks at after one batch, at most: bounds the work however far time jumps.
  static constexpr std::uint32_t ageing_steps_max = 4 * batch_max;

  Inspector(const InspectorOptions& options, std::shared_ptr<const policy::Policy> policy,
            EventOutlet& outlet);
  ~Inspector() override;

  void frame(const capture::Frame& frame) override;
  void frames(std::span<const capture::Frame> frames) override;
  // Packets that somebody else decoded (offline, the reader deals packets to workers).
  void packets(std::span<const capture::Packet> packets);
  void packet(const capture::Packet& packet);
  // What a DNS answer told that somebody else has read. In the order of the frames, between packets.
  void learn(const NameEvidence& evidence);
  // The next packets are of another minute than those before. By frame() itself; for packets(), whenever it
  // is so among all that are dealt out.
  void pass_minute(Time time);
  // When watching began, for the startup grace; without it, the first packet's time.
  void begin(Time start);
  // Books a frame that became no packet.
  void refuse(const capture::Frame& frame, capture::Reason reason);
  void flush();
  // Lets flows time out while no packet comes. `steps` records are looked at. `number`: of the latest frame,
  // where what is found has to be in the order of the frames.
  void tick(Time now, std::uint32_t steps, std::uint64_t number = 0);
  // Ends every flow: those idle past their timeout at `now` as timed out, the others as shut down.
  void finish(Time now);

  // Takes a new policy between batches and gives the old one back, so that the caller decides which thread
  // frees it. Live flows are judged anew at their next packet. The segments must be those of the old policy.
  std::shared_ptr<const policy::Policy> replace(std::shared_ptr<const policy::Policy> policy);

  Books books() const;
  const Matrix& matrix() const { return matrix_; }
  const VlanCounts& vlans() const { return vlans_; }
  const capture::FlowTable& table() const { return table_; }
  const capture::FragmentTable& fragments() const { return fragments_; }
  const policy::Policy& policy() const { return *policy_; }
  Time newest() const { return newest_; }

  // FlowTable's observer.
  void packet(capture::Flow& flow, const capture::Packet& packet, const capture::Changes& changes,
              bool from_initiator);
  void steady(capture::Flow& flow, const capture::Packet& packet, bool from_initiator) {
    // Of a flow of which nothing is told, and nothing in the packet that could change that: it is counted.
    if ((flow.notes.verdict & note_attended) != 0 || flow.notes.graced != 0 ||
        flow.notes.judged != epoch_tag_ || packet.time < epoch_.begin || packet.time >= epoch_.end ||
        !plain(packet)) [[unlikely]] {
      return Inspector::packet(flow, packet, {}, from_initiator);
    }
    follow_clock(newest_, packet.time);
    count_read(packet);
    ++books_.packets_in_flows;
    count_in(flow, packet, false);
  }
  void repeated(capture::Flow& flow, const capture::Packet& packet, capture::Repetition repetition,
                const capture::Changes& changes, bool from_initiator);
  void refused(const capture::Packet& packet);

 private:
  void flow_ended(const capture::Flow& flow, capture::EndReason reason) override;
  void flow_pending(capture::Flow& flow) override;
  bool wants_order() const override { return wants_ends_; }

  // A frame, by its innermost packet.
  void count_read(const capture::Packet& packet) {
    ++books_.packets_read;
    books_.bytes_read += packet.wire_bytes;
    for (std::size_t i = 0; i < packet.vlan_count; ++i) ++vlans_[packet.vlans[i] % vlans_.size()];
  }
  PairTotals& count_in(const capture::Flow& flow, const capture::Packet& packet, bool forbidden) {
    PairTotals& totals = matrix_[flow.notes.pair];
    totals.count(1, packet.wire_bytes, forbidden);
    if (flow.one_sided()) ++totals.packets_one_sided;
    return totals;
  }
  // Nothing to be counted but itself, and nothing to be read in it.
  static bool plain(const capture::Packet& packet) {
    return !packet.carrier && !packet.cut && !packet.malformed &&
           packet.unopened == capture::Packet::nothing_unopened && !packet.quotes &&
           packet.name == policy::name_class::unknown && !packet.tuple.source.is_link_local();
  }
  void unusual(const capture::Frame& frame);
  void follow(capture::Flow& flow, const capture::Packet& packet, const capture::Changes& changes,
              bool from_initiator);
  void learn_read();
  bool note_name(capture::Flow& flow, const capture::Packet& packet, bool from_initiator) const;
  bool lacks_name(const capture::Flow& flow) const;
  policy::Verdict judge_by_names(policy::Conversation& conversation) const;
  policy::Verdict verdict_of(const capture::Flow& flow, const capture::FlowGist& gist, Time time) const;
  void rename(capture::Flow& flow) const;
  void hear(const capture::Flow& flow, const capture::Packet& packet, bool from_initiator);
  void take(const capture::Packet& packet, std::uint64_t number);
  void work_off(std::span<const capture::Packet> batch);
  void account(const capture::Packet& packet, capture::Reason reason);
  // Why a flow is judged.
  struct Occasion {
    const capture::Changes& changes;
    bool from_initiator = true;
    bool named = false;  // the packet told a name
    bool copy = false;   // it is one, so the flow has not counted it
    bool left = false;   // ... seen on its way to a segment's next hop
  };
  bool open_settled(capture::Flow& flow, const capture::Packet& packet, bool from_initiator);
  void judge(capture::Flow& flow, const capture::Packet& packet, const Occasion& occasion);
  void recount(capture::Flow& flow, const capture::Packet& packet, const policy::Verdict& verdict, bool moves,
               bool copy);
  void report(capture::Flow& flow, const capture::FlowGist& gist, const capture::Packet& packet,
              const policy::Verdict& verdict, const capture::Changes& changes, bool other);
  bool leaves(capture::Flow& flow, const capture::Packet& packet, bool from_initiator) const;
  bool keep_exit(capture::Flow& flow, const policy::Conversation& conversation,
                 const policy::Verdict& verdict) const;
  static void limit_waits(policy::Verdict& verdict, const capture::Flow& flow, Time time);
  void tell_proved(capture::Flow& flow, const capture::Packet& packet, const policy::Verdict& verdict);
  bool in_grace(const capture::FlowGist& gist, const policy::Verdict& verdict, Time time);
  bool beyond(const capture::Flow& flow, bool routed, bool from_initiator) const;
  bool came_through(const capture::Flow& flow, const capture::Packet& packet, bool from_initiator) const;
  void note_passage(capture::Flow& flow, const capture::Packet& packet, bool from_initiator);
  void note_coverage(const capture::Flow& flow, const capture::Packet& packet, policy::SegmentId entered);
  bool update_due(capture::Flow& flow, const capture::Packet& packet) const;
  void tell_more(capture::Flow& flow, FlowEvent::Kind kind, const capture::Packet& packet);
  // `gist`: of the flow as it is now.
  void tell(capture::Flow& flow, const capture::FlowGist& gist, FlowEvent::Kind kind, std::uint64_t number,
            Time time, const policy::Verdict& verdict);
  // `tuple`: of the flow. `verdict`: null where the cell alone permits it (Policy::settled()).
  void begin_steps(capture::Flow& flow, const capture::Packet& packet, const capture::Tuple& tuple,
                   const policy::Verdict* verdict);
  void go_on_steps(capture::Flow& flow, const capture::Packet& packet, const capture::Changes& changes);
  void step(const capture::Flow& flow, const capture::Packet& packet, FlowStep::Kind kind,
            const capture::Tuple& tuple, const policy::Verdict* verdict);
  static void book_gaps(PairTotals& totals, const capture::Changes& changes, bool from_initiator);
  void judge_reporter(const capture::Flow& flow, const capture::Packet& packet);
  bool may_be_permitted(const capture::Flow& flow, Time time) const;
  capture::FlowFacts lone_facts(const capture::Packet& packet) const;
  policy::Verdict tell_lone(const capture::Packet& packet, const capture::FlowFacts& facts);
  std::uint16_t epoch_tag(Time time);
  std::uint32_t ageing_steps();
  void learn_services();

  std::shared_ptr<const policy::Policy> policy_;
  EventOutlet& outlet_;
  const bool wants_ends_;
  const bool wants_steps_;
  const std::uint64_t ageing_from_;
  const capture::Decoder decoder_;
  capture::FragmentTable fragments_;
  const Duration grace_;
  const std::chrono::seconds active_timeout_;
  capture::ServicePorts services_{};
  capture::FlowTable table_;
  // One frame may become several packets.
  std::array<capture::Packet, batch_max + capture::packets_most> batch_{};
  std::size_t batched_ = 0;
  NameReader name_reader_{};
  NameTable names_{};
  // By the generation (modulo 64) before a reload: how its classes of names are called after it.
  std::array<std::array<policy::NameClass, 256>, 64> renamed_{};
  WireEar ear_;
  Books books_{};
  Matrix matrix_{};
  VlanCounts vlans_{};
  policy::Policy::Epoch epoch_{};
  std::uint16_t epoch_tag_ = 0;
  // Minute in which coverage was last told.
  std::array<std::int64_t, policy::segments_max> covered_ = [] {
    std::array<std::int64_t, policy::segments_max> never;
    never.fill(std::numeric_limits<std::int64_t>::min());
    return never;
  }();
  Time grace_begin_{};
  Time grace_end_{};
  bool begun_ = false;
  Time aged_at_{};                 // when the clock hand last went on
  std::uint64_t aged_opened_ = 0;  // flows opened until then
  std::uint64_t ageing_debt_ = 0;  // records times microseconds, less than a step
  Time newest_{};                  // of the packets worked off: the clock of the table
  PacketMinute minute_{};          // of the frame before
  Time newest_frame_{};            // of the frames seen: to count time running backwards
};

}  // namespace sekimori::daemon
