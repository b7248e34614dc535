// A flow: both directions of one conversation in one record, and what is known of who started it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "capture/decode/packet.hpp"

namespace sekimori::capture {

// How far a conversation got, in rising order.
//   TCP   attempt: SYN without answer; refused: RST or ICMP error instead of an answer; answered: SYN-ACK
//   seen;
//         established: handshake complete, or both sides seen talking in mid-stream; data: payload went
//         through.
//   else  attempt: one side only; refused: ICMP error about it; answered: the other side replied;
//         established: the initiator went on after the reply; data: established and both sides carried
//         payload.
//   ICMP echo and the like end at `answered`.
enum class Stage : std::uint8_t { attempt, refused, answered, established, data };
std::string_view stage_name(Stage stage);

// What the claim "this side started it" rests on, from the strongest to the weakest.
enum class Evidence : std::uint8_t { syn, syn_ack, icmp_type, known_service, port_heuristic, first_packet };
std::string_view evidence_name(Evidence evidence);
// certain: a protocol fact (syn, syn_ack, icmp_type); likely: known_service; guess: the rest.
enum class Confidence : std::uint8_t { certain, likely, guess };
Confidence confidence(Evidence evidence);
std::string_view confidence_name(Confidence confidence);

// Suricata's words for the life of a flow.
enum class FlowState : std::uint8_t { fresh, established, closed };
std::string_view flow_state_name(FlowState state);  // "new", "established", "closed"

enum class EndReason : std::uint8_t { timeout, closed, reused, evicted, shutdown };
std::string_view end_reason_name(EndReason reason);  // "timeout", "closed", "reused", "forced", "shutdown"

// Everything that is told about a flow, as a value: oriented (the initiator is the source of `tuple`).
struct FlowFacts {
  Tuple tuple{};
  std::uint64_t packets_to_server = 0;
  std::uint64_t packets_to_client = 0;
  std::uint64_t bytes_to_server = 0;  // frames on the wire
  std::uint64_t bytes_to_client = 0;
  std::uint64_t payload_to_server = 0;
  std::uint64_t payload_to_client = 0;
  Time start{};
  Time end{};                  // time of the last packet
  MacAddress initiator_mac{};  // as first seen; zero when that side sent nothing yet
  MacAddress responder_mac{};  // likewise, as the sender of the responder's own frames
  MacAddress next_hop_mac{};   // destination MAC of the initiator's frames: where it sends them next
  std::array<std::uint16_t, 2> vlans{};  // of the first packet
  std::uint8_t vlan_count = 0;
  std::uint16_t tap = 0;
  Stage stage = Stage::attempt;
  Evidence evidence = Evidence::first_packet;
  FlowState state = FlowState::fresh;
  std::uint8_t tcp_flags_to_server = 0;  // all flags seen, or-ed
  std::uint8_t tcp_flags_to_client = 0;
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
  bool ports_known = true;
  bool midstream = false;  // TCP first seen without SYN
  std::uint64_t id = 0;    // 53 bits, the same for the same key and start time on every run
};

}  // namespace sekimori::capture
