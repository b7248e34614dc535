// What a packet means for its flow: who started it, how far it got, whether it begins another one.
#pragma once

#include <bitset>
#include <cstdint>
#include <cstring>

#include "capture/flow/flow_record.hpp"

namespace sekimori::capture {

// Ports on which somebody is known to serve (from the policy): evidence for who is the responder.
struct ServicePorts {
  std::bitset<65536> tcp{};
  std::bitset<65536> udp{};
};

// What a packet changed in its flow; several may be set.
struct Changes {
  bool opened = false;     // first packet of a new record
  bool initiator = false;  // the two ends changed roles on better evidence
  bool stage = false;      // the stage rose
  bool macs = false;       // an end's MAC is known, or a better sighting: MACs, VLAN or tap are others now
  // TCP octets, of a conversation of which both directions were seen: the sender's that must lie between what
  // was seen before and this packet; the other end's that the sender acknowledges and nobody has seen; and
  // the sender's that come behind later ones, so that they may have been counted as missing.
  std::uint32_t skipped = 0;
  std::uint32_t acknowledged = 0;
  std::uint32_t late = 0;
  // Not of any(): the first packet, or sent from another place than this end's packets before, and no copy.
  bool place = false;
  bool any() const { return opened || initiator || stage || macs; }
};

class FlowRules {
 public:
  // Clears the record and writes the first packet's facts that never change; add() of the same packet must
  // follow.
  static void open(Flow& flow, const DirectedKey& key, const Packet& packet, const ServicePorts* ports);
  // Counts a packet of the flow's own and draws the consequences. `side` as in DirectedKey. Writes what it
  // finds into `changes`, which are none yet: in place, because a value of many small fields is slow to hand
  // on.
  static void add(Flow& flow, const Packet& packet, unsigned side, Changes& changes);
  // Counts a packet of a flow that goes on as before: it tells nothing new of the flow, and cannot be one
  // that was shown before. False: it may be otherwise, and nothing was done. Nearly every packet of a long
  // flow ends here; what it leaves behind is what FlowTable's long way would.
  static bool goes_on(Flow& flow, const Packet& packet, unsigned side);
  // Counts an ICMP error about the flow; `side` is the end that sent the packet which the error quotes.
  static Changes add_error(Flow& flow, const Packet& packet, unsigned side);
  // The packet was seen nearer to its sender than what the record holds of that side: the sighting becomes
  // the flow's, so that it does not matter which of a packet's copies comes first.
  static void move_home(Flow& flow, const Packet& packet, unsigned side, bool vlan_in_key);
  // TTL in the upper octet, below it a hash of VLANs and tap. Two packets of one side that differ in it, or
  // in their source MAC, were seen at two places.
  static std::uint16_t place(const Packet& packet) {
    const std::uint32_t vlans = static_cast<std::uint32_t>(packet.vlans[1]) << 16U | packet.vlans[0];
    const std::uint32_t mix = (vlans ^ static_cast<std::uint32_t>(packet.tap) << 12U) * 0x9e3779b1U;
    return static_cast<std::uint16_t>((static_cast<std::uint32_t>(packet.ttl) << 8U | mix >> 24U) ^
                                      packet.via);
  }
  // Was it seen at another place than this side's packets as the record knows them?
  static bool elsewhere(const Flow& flow, const Packet& packet, unsigned side) {
    return place(packet) != flow.places[side] || number(packet.source_mac) != number(flow.macs[side]);
  }
  // TCP payload that lies before the newest: sent again, overtaken, or shown again.
  static bool behind(const Flow& flow, const Packet& packet, unsigned side) {
    return flow.tcp() && packet.payload_bytes != 0 && (flow.next_known >> side & 1U) != 0 &&
           static_cast<std::int32_t>(packet.tcp_sequence + packet.payload_bytes - flow.next[side]) <= 0;
  }
  // Who would be the initiator if this were a flow's first packet.
  struct Opinion {
    bool sender = true;  // the packet's sender is the initiator
    Evidence evidence = Evidence::first_packet;
  };
  static Opinion first_opinion(const Packet& packet, const ServicePorts* ports);
  // Is this the first packet of another conversation on the same ports?
  static bool begins_another(const Flow& flow, const Packet& packet, unsigned side);

 private:
  // For comparing: as an array, the compiler calls a library for six octets.
  static std::uint64_t number(const MacAddress& mac) {
    std::uint32_t front = 0;
    std::uint16_t back = 0;
    std::memcpy(&front, mac.bytes.data(), sizeof front);
    std::memcpy(&back, mac.bytes.data() + sizeof front, sizeof back);
    return static_cast<std::uint64_t>(back) << 32U | front;
  }
  static Stage tcp_stage(const Flow& flow);
  static Stage other_stage(const Flow& flow);
  static void count(Flow& flow, const Packet& packet, unsigned side);
  static void sequence(Flow& flow, const Packet& packet, unsigned side, unsigned& bits, Changes& changes);
  static void acknowledge(Flow& flow, const Packet& packet, unsigned other, Changes& changes);
  static void miss(Flow& flow, const Packet& packet, unsigned side, std::int32_t ahead, Changes& changes);
  static void write_history(Flow& flow, unsigned bits, unsigned side);
  static bool raise(Flow& flow);
  static void note_next_hop(Flow& flow, const Packet& packet, unsigned side);
};

inline bool FlowRules::goes_on(Flow& flow, const Packet& packet, unsigned side) {
  const std::uint32_t before = flow.fingerprints[side];
  FlowCount& count = flow.counts[side];
  const unsigned known = flow.seen[side];
  // Copies are looked for elsewhere, and so is the first packet of a side or after a change of its place.
  if (flow.traced != 0 || (count.packets_low | count.packets_high) == 0 || elsewhere(flow, packet, side) ||
      (before == packet.fingerprint && before != 0) ||
      (flow.next_hop_known == 0 && side == flow.FlowRecord::initiator)) {
    return false;
  }
  if (flow.tcp()) {
    constexpr unsigned telling = tcp_flag::syn | tcp_flag::rst | tcp_flag::fin | tcp_flag::ack;
    const unsigned bits = seen::spoke | (packet.payload_bytes != 0 ? seen::payload : seen::bare_ack);
    if ((packet.tcp_flags & telling) != tcp_flag::ack || (bits & ~known) != 0 || flow.next_known != 3U) {
      return false;
    }
    const std::uint32_t end = packet.tcp_sequence + packet.payload_bytes;
    const auto ahead = static_cast<std::int32_t>(end - flow.next[side]);
    // Something between was not seen: the long way counts it.
    if (static_cast<std::int32_t>(packet.tcp_sequence - flow.next[side]) > 0 ||
        (static_cast<std::int32_t>(packet.tcp_acknowledgment - flow.next[side ^ 1U]) > 0 &&
         flow.counts[side ^ 1U].packets_low != 0) ||
        (flow.led >> side & 1U) != 0) {
      return false;
    }
    if (ahead > 0) {
      flow.next[side] = end;
    } else if (packet.payload_bytes != 0) {
      return false;
    }
    flow.tcp_flags[side] |= packet.tcp_flags;
  } else {
    const unsigned both = flow.seen[0] & flow.seen[1] & seen::spoke;
    const unsigned bits = seen::spoke | (packet.payload_bytes != 0 ? seen::payload : 0U) |
                          (both != 0 && side == flow.FlowRecord::initiator ? seen::went_on : 0U);
    if ((bits & ~known) != 0 || flow.young != 0) return false;
  }
  flow.fingerprints[side] = packet.fingerprint;
  count.add(packet.wire_bytes);
  if (packet.time > flow.FlowRecord::last) flow.FlowRecord::last = packet.time;
  return true;
}

}  // namespace sekimori::capture
