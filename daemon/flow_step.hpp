// What a permitted conversation does, step by step, for watchers that conclude from many of them: a small
// value for each conversation that opens, is answered or refused, and, where octets are metered, as they
// flow.
//
// Steps depend on packets alone, never on when a record is freed: every run, with any number of workers,
// tells the same ones in the order of frame numbers. Forbidden conversations are told by FlowEvent instead.
#pragma once

#include <cstdint>

#include "capture/flow/flow.hpp"
#include "policy/policy.hpp"

namespace sekimori::daemon {

struct FlowStep {
  enum class Kind : std::uint8_t {
    opened,    // first packet that was judged as permitted
    answered,  // the responder answered, or its answer shows in what the initiator goes on to do
    refused,   // RST or ICMP error instead of an answer
    grew,      // metered ones: another metered_bytes went through
    closing    // metered ones: a packet with FIN or RST; there may be several
  };
  // A metered conversation's octets are told at each multiple of this, and when it closes.
  static constexpr std::uint64_t metered_bytes = 65'536;

  Kind kind = Kind::opened;
  capture::Evidence evidence = capture::Evidence::first_packet;
  policy::Basis basis = policy::Basis::cell;  // of `opened`: what permitted it
  std::uint8_t depth = 0;
  policy::PairId pair = 0;
  bool metered = false;
  bool was_answered = false;   // `answered` was told of it, this step included
  bool draft_forbids = false;  // of `opened`: with the drafts in force it would be forbidden
  std::uint32_t generation = 0;
  std::uint32_t basis_index = 0;
  std::uint64_t number = 0;           // of the frame that caused it
  std::uint64_t id = 0;               // of the flow, see FlowFigures::id
  Time time{};                        // of the frame
  Time start{};                       // of the flow
  std::uint64_t bytes_to_server = 0;  // so far, this packet included
  std::uint64_t bytes_to_client = 0;
  capture::Tuple tuple{};  // the initiator is the source
};

// Frames in their order; a frame's layers from the outside.
inline bool earlier(const FlowStep& a, const FlowStep& b) {
  if (a.number != b.number) return a.number < b.number;
  if (a.depth != b.depth) return a.depth < b.depth;
  if (a.start != b.start) return a.start < b.start;
  return a.tuple < b.tuple;
}

}  // namespace sekimori::daemon
