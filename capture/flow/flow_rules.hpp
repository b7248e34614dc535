// What a packet means for its flow: who started it, how far it got, whether it begins another one.
#pragma once

#include <bitset>
#include <cstdint>

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
  bool macs = false;       // a better sighting: MACs, VLAN or tap are others now
  bool any() const { return opened || initiator || stage || macs; }
};

class FlowRules {
 public:
  // Clears the record and writes the first packet's facts that never change; add() of the same packet must
  // follow.
  static void open(Flow& flow, const DirectedKey& key, const Packet& packet, const ServicePorts* ports);
  // Counts a packet of the flow's own and draws the consequences. `side` as in DirectedKey.
  static Changes add(Flow& flow, const Packet& packet, unsigned side);
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
  static Stage tcp_stage(const Flow& flow);
  static Stage other_stage(const Flow& flow);
  static void count(Flow& flow, const Packet& packet, unsigned side);
  static void sequence(Flow& flow, const Packet& packet, unsigned side, unsigned& bits);
  static void write_history(Flow& flow, unsigned bits, unsigned side);
  static bool raise(Flow& flow);
};

}  // namespace sekimori::capture
