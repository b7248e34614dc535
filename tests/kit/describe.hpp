// A packet in one line, so that a table of tests can say in words what it expects:
//
//   tcp 10.1.0.5:51000 > 10.2.0.9:502 SYN payload 100 vlan 20 ttl 63
//   icmp 10.2.0.9:3 > 10.1.0.5:1 payload 28 quotes udp 10.1.0.5:5353 > 10.3.0.1:53
//   47 10.0.0.1 > 10.0.0.2 payload 24
//
//   47 10.0.0.1 > 10.0.0.2 payload 24 carries gre / udp 10.1.0.5:1 > 10.2.0.9:2 in gre
//   udp 10.0.0.1:9 > 10.0.0.2:4789 payload 50 holds vxlan: arp
//
// Ports only where they are known; "payload 0", "ttl 64" (the kit's own) and flags that are not set are left
// out.
#pragma once

#include <string>

#include "capture/decode/decode.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::kit {

std::string describe(const capture::Packet& packet);
// What decoding makes of it: the packet, or the name of the reason.
std::string describe(const capture::Frame& frame);
std::string describe(const PacketBuilder& built);
// All packets of the frame, outermost first, joined by " / "; begins with "stripped / " where the transport
// of a mirror was taken off.
std::string describe_layers(const capture::Decoder& decoder, const capture::Frame& frame);
std::string describe_layers(const PacketBuilder& built);  // by the default options

}  // namespace sekimori::kit
