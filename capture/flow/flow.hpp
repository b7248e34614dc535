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

// How a TCP connection stands or ended, in Zeek's words (conn_state); others: S0, SF, S1 or OTH as there.
enum class ConnState : std::uint8_t { s0, s1, sf, rej, s2, s3, rsto, rstr, rstos0, rstrh, sh, shr, oth };
std::string_view conn_state_name(ConnState state);  // "S0", "SF", "RSTO"...

// What happened on a TCP connection in the order in which it was first seen, in Zeek's letters: S SYN, H
// SYN-ACK, A ACK, D payload, F FIN, R RST, T payload sent again; capitals for the initiator, small for the
// responder; ^ = the ends changed roles. At most twelve.
using History = std::array<char, 13>;  // zero-terminated

// Did a direction's packets come out of the firewall? `yes`: the same packet was seen on both sides. `no`: it
// was not, though what passes between these sides is seen by the sensor. Else unknown: never a guess.
enum class Passed : std::uint8_t { unknown, no, yes };
std::string_view passed_name(Passed passed);  // "unknown", "no", "yes"
struct Passage {
  Passed to_server = Passed::unknown;
  Passed to_client = Passed::unknown;
  bool operator==(const Passage&) const = default;
};

// A place where packets of a flow were seen.
struct Sighting {
  std::uint16_t tap = 0;
  std::array<std::uint16_t, 2> vlans{};
  std::uint8_t vlan_count = 0;
  std::uint8_t ttl = 0;
  std::uint16_t via = 0;  // inside a tunnel: Packet::via
  MacAddress source_mac{};
  MacAddress destination_mac{};
  bool to_server = true;      // of packets in which direction
  std::uint32_t packets = 0;  // how many, sticks at the top
  auto operator<=>(const Sighting&) const = default;
};
inline constexpr std::size_t sightings_most = 6;

// What a flow is judged by, oriented: the initiator is the source of `tuple`.
struct FlowGist {
  Tuple tuple{};
  MacAddress initiator_mac{};  // as first seen; zero when that side sent nothing yet
  MacAddress responder_mac{};  // likewise, as the sender of the responder's own frames
  MacAddress next_hop_mac{};   // destination MAC of the initiator's frames: where it sends them next
  // While nothing was seen of the initiator: destination MAC of the responder's frames, who brings him the
  // answers.
  MacAddress answers_to_mac{};
  std::array<std::uint16_t, 2> vlans{};  // of the first packet
  std::uint8_t vlan_count = 0;
  std::uint16_t tap = 0;
  Stage stage = Stage::attempt;
  Evidence evidence = Evidence::first_packet;
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
  bool ports_known = true;
  bool midstream = false;        // TCP first seen without SYN
  bool carrier = false;          // a tunnel's outer flow: its packets' content is in flows of its own
  Tunnel tunnel = Tunnel::none;  // what it carries, also where that could not be opened
  std::uint8_t name = 0;         // the responder's, as FlowNotes::name has it
  bool name_own = false;
  Time end{};  // time of the last packet
  bool operator==(const FlowGist&) const = default;
};

// What is told of every flow.
struct FlowFigures : FlowGist {
  std::uint64_t packets_to_server = 0;
  std::uint64_t packets_to_client = 0;
  std::uint64_t bytes_to_server = 0;  // frames on the wire
  std::uint64_t bytes_to_client = 0;
  Time start{};
  FlowState state = FlowState::fresh;
  std::uint8_t tcp_flags_to_server = 0;  // all flags seen, or-ed
  std::uint8_t tcp_flags_to_client = 0;
  ConnState conn_state = ConnState::oth;
  History history{};  // TCP only
  // Of the packets above, those that sent payload again; of the frames that are in no figure above, those
  // that showed a packet again, at the same place (duplicates) or at another one (copies).
  std::uint32_t retransmissions = 0;
  std::uint32_t duplicates = 0;
  std::uint32_t copies = 0;
  bool passed_to_server = false;  // a packet of this direction was seen beyond the boundary
  bool passed_to_client = false;
  std::uint8_t sightings_count =
      0;                         // 0: the flow was seen at one place only, which is told by the fields above
  Tunnel inside = Tunnel::none;  // what carries this flow
  std::uint8_t depth = 0;        // IP layers around it
  std::uint64_t id = 0;          // 53 bits, the same for the same key and start time on every run
};

// Everything that is told about a flow, as a value. Facts are copied by the million, and few flows have been
// at several places or in a tunnel: what has no meaning is not copied along.
struct FlowFacts : FlowFigures {
  FlowFacts() = default;
  FlowFacts(const FlowFacts& other) : FlowFigures(other) { copy_rest(other); }
  FlowFacts& operator=(const FlowFacts& other) {
    static_cast<FlowFigures&>(*this) = other;
    copy_rest(other);
    return *this;
  }
  ~FlowFacts() = default;

  std::array<Sighting, sightings_most> sightings{};  // the first `sightings_count`
  Tuple outer{};  // between whom this flow is carried; meaningful only where depth > 0

 private:
  void copy_rest(const FlowFacts& other) {
    for (std::size_t i = 0; i < other.sightings_count && i < sightings_most; ++i) {
      sightings[i] = other.sightings[i];
    }
    if (other.depth > 0 || other.inside != Tunnel::none) outer = other.outer;
  }
};

}  // namespace sekimori::capture
