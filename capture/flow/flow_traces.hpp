// What is remembered of the last packets of some flows, so that a packet which the mirror shows again is
// known again: at the same place it is a duplicate, at another place it is evidence of the way that it took.
//
// Every record holds the last packet's fingerprint and the place of each side. That costs a compare a packet,
// and is enough to notice that something is repeated, or seen elsewhere. From then on the flow has a trace: a
// ring of its latest packets, each with the places where it was seen. Traces are few and taken from a pool.
//
// Tried and left: one ring of recent packets for all flows (a flood empties it, and every packet touches it).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "capture/flow/flow.hpp"
#include "capture/flow/page_memory.hpp"

namespace sekimori::capture {

enum class Repeat : std::uint8_t {
  fresh,      // a packet of its own
  duplicate,  // shown before, at the same place
  copy        // shown before, at another place
};

struct TraceCounters {
  std::uint64_t taken = 0;    // flows that were given a trace
  std::uint64_t refused = 0;  // packets that asked for one when none was free
  std::uint64_t stolen = 0;   // traces taken from a flow that had been quiet for longer than copies take
  std::uint64_t window_short =
      0;  // packets forgotten after less than a millisecond: copies of them count anew
};

struct FlowTrace {
  static constexpr std::size_t memories_most = 32;
  static constexpr unsigned elsewhere = 6;   // bit of `places`: at a place for which there was no room
  static constexpr unsigned side_shift = 7;  // ... and the top one: which side sent it

  std::uint32_t owner = 0;  // the flow's reference in its table
  std::uint32_t duplicates = 0;
  std::uint32_t copies = 0;
  std::uint32_t touched = 0;  // time of the last packet, microseconds modulo 2^32
  Time born{};                // when it was made; if the flow was there before, its last packet's time
  std::array<std::uint8_t, 2> credit{};  // packets of each side that came just before the trace was made
  std::array<std::uint8_t, 2> home{};    // of each side: the sighting nearest to the sender, by TTL
  std::uint8_t next = 0;                 // in the ring
  std::uint8_t sightings_count = 0;
  std::uint8_t depth = 0;
  bool in_use = false;
  Tunnel inside = Tunnel::none;
  std::array<std::uint8_t, sightings_most> sides{};  // of the sightings
  // The latest packets, a ring in three columns, because looking one up reads the first alone.
  std::array<std::uint32_t, memories_most> fingerprints{};
  std::array<std::uint32_t, memories_most> times{};  // as `touched`
  std::array<std::uint8_t, memories_most> places{};  // bit i: seen at sightings[i]
  std::array<Sighting, sightings_most> sightings{};
  Tuple outer{};
};

class FlowTraces {
 public:
  static constexpr std::uint16_t none = 0xffff;
  // A copy comes this soon after the packet, or is none. Longer than firewalls keep packets, shorter than
  // hosts wait before they give up on one.
  static constexpr std::chrono::microseconds copy_window{1'000'000};
  // A duplicate comes this soon: mirrors do not delay, hosts send again after some milliseconds at the very
  // least (RFC 6298, RFC 8985).
  static constexpr std::chrono::microseconds duplicate_window{20'000};
  // ... and this soon when nothing in the packet tells it from an equal one that the host sent later.
  static constexpr std::chrono::microseconds unidentified_window{2'000};
  // ... or even this soon, where hosts repeat themselves without sequence numbers.
  static constexpr std::chrono::microseconds repeating_window{500};
  // A copy of what only its content identifies comes this soon.
  static constexpr std::chrono::microseconds unidentified_copy_window{50'000};

  // `count` traces, up to 65'535; memory is taken here and becomes resident when used. Throws std::bad_alloc.
  explicit FlowTraces(std::uint32_t count);

  // An empty trace, or none. `stolen_from`: the flow that lost it, if it had to be taken from one.
  struct Taken {
    std::uint16_t index = none;
    bool stolen = false;
    std::uint32_t stolen_from = 0;
  };
  Taken take(std::uint32_t owner, Time now);
  void release(std::uint16_t index);
  FlowTrace& operator[](std::uint16_t index) { return traces_[index]; }
  const FlowTrace& operator[](std::uint16_t index) const { return traces_[index]; }

  // Nothing was repeated for longer than copies take: the record alone will do, until something is.
  static bool idle(const FlowTrace& trace, Time now);

  // Remembers the packets of one side, at least one, that came before the trace was made. Once a side.
  static void recall(FlowTrace& trace, std::uint32_t fingerprint, Time at, const Sighting& place,
                     unsigned side, std::uint64_t packets);

  struct Finding {
    Repeat repeat = Repeat::fresh;
    bool routed = false;       // a copy that a router or firewall has passed on
    bool nearer_home = false;  // a copy seen nearer to its sender than what the record holds of this side
  };
  Finding look(FlowTrace& trace, const Packet& packet, unsigned side);

  // Whether equal fingerprints at one place so shortly after each other mean one packet.
  static bool duplicate(const Packet& packet, std::chrono::microseconds apart);
  // Whether what differs between two places of one packet is a router's or a firewall's doing.
  static bool routed(const Sighting& a, const Sighting& b);
  static Sighting place_of(const Packet& packet);

  // Half of them are in use: the rest is for flows that show copies already.
  bool scarce() const { return in_use_ >= (count_ + 1) / 2; }
  const TraceCounters& counters() const { return counters_; }
  std::uint64_t memory_bytes() const { return memory_.bytes(); }

 private:
  std::uint32_t count_;
  PageMemory memory_;
  FlowTrace* traces_;
  std::uint32_t fresh_ = 0;  // traces beyond were never used
  std::uint32_t hand_ = 0;
  std::uint32_t in_use_ = 0;
  // The millisecond in which none was found to be free or quiet, and none was given back since: in a flood
  // nobody looks again before the next one.
  std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds> barren_at_ =
      decltype(barren_at_)::min();
  TraceCounters counters_{};
};

}  // namespace sekimori::capture
