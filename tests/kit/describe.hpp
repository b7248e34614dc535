// A packet in one line, so that a table of tests can say in words what it expects:
//
//   tcp 10.1.0.5:51000 > 10.2.0.9:502 SYN payload 100 vlan 20 ttl 63
//   icmp 10.2.0.9:3 > 10.1.0.5:1 payload 28 quotes udp 10.1.0.5:5353 > 10.3.0.1:53
//   47 10.0.0.1 > 10.0.0.2 payload 24
//
// Ports only where they are known; "payload 0", "ttl 64" (the kit's own) and flags that are not set are left
// out.
#pragma once

#include <string>

#include "capture/decode/packet.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::kit {

std::string describe(const capture::Packet& packet);
// What decoding makes of it: the packet, or the name of the reason.
std::string describe(const capture::Frame& frame);
std::string describe(const PacketBuilder& built);

}  // namespace sekimori::kit
