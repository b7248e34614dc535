// What proves that the sensor sees what enters a segment, so that "it did not pass the firewall" can be told
// from "nobody was looking there".
//
//   Coverage coverage;
//   coverage.feed(event);                                      // FlowEvent::Kind::beyond
//   capture::Passage passage = coverage.passage(facts, verdict, packet_now);
//
// A packet that was seen on both sides of the boundary shows that the wire behind it is watched. The minutes
// in which that happened are kept for each segment. One thread. The answers depend on the events alone, not
// on the number of workers that found them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "capture/flow/flow.hpp"
#include "daemon/messages.hpp"
#include "daemon/packet_clock.hpp"
#include "policy/policy.hpp"

namespace sekimori::daemon {

class Coverage {
 public:
  // recent: the last 32 minutes in which a segment was seen, enough for a daemon that asks at once. all:
  // every such minute, for flows that are told at the end of a file.
  enum class Memory : std::uint8_t { recent, all };
  // How long a proof holds, in minutes before the one that is asked about.
  static constexpr std::int64_t minutes_valid = 10;
  // How long a packet may take from one side of the boundary to the other, and its copy to the sensor.
  static constexpr std::chrono::seconds patience{1};

  explicit Coverage(Memory memory = Memory::recent) : memory_(memory) {}

  // Kind::beyond: `verdict.to` is the segment that was entered, `time` when. Other kinds change nothing.
  void feed(const FlowEvent& event);

  // Another profile counts the segments otherwise: what was seen is nobody's any more.
  void forget() { minutes_ = {}; }

  // Was something seen to enter this segment in the minute of `time` or in the ten before it?
  bool sees(policy::SegmentId segment, Time time) const;

  // For each direction: yes, when a packet of it was seen beyond the boundary. No, when the direction had
  // packets, the ends are in different segments, the flow is at least `patience` old at `now`, and what
  // enters that side was seen about when its last packet came. Else unknown. `now`: packet time; Time::max()
  // for a flow that has ended.
  capture::Passage passage(const capture::FlowFacts& facts, const policy::Verdict& verdict, Time now) const;

  // What a flow itself tells of one of its directions.
  struct Way {
    bool spoke = false;   // had packets
    bool passed = false;  // one of them was seen beyond the boundary
    // The other end was heard to answer, so that it was reached, by whatever way: then "no" would be wrong,
    // though nothing was seen to pass (another wire, address translation).
    bool arrived = false;
  };
  // To the server, to the client.
  static std::array<Way, 2> ways(const capture::FlowFacts& facts);

 private:
  static constexpr std::size_t minutes_kept = 32;

  Memory memory_;
  std::array<std::vector<std::int64_t>, policy::segments_max> minutes_{};  // in order, each once
};

}  // namespace sekimori::daemon
