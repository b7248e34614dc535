// Frames as octets, layer by layer from the inside out, with right lengths and checksums.
//
//   const Octets segment = tcp({client, server}, {.source = 50000, .destination = 443, .flags =
//   tcp_flag::syn}, 0); const Octets packet = ip({client, server}, {.protocol = 6, .ttl = 64}, segment);
//   const Octets frame = ethernet({.source = a, .destination = b, .vlan = 20}, packet);
//
// RFC 791, 8200, 9293, 768, 792, 4443, 4861, 826; IEEE 802.3 and 802.1Q.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "capture/address.hpp"

namespace sekimori::traffic {

using Octets = std::vector<std::uint8_t>;

struct Pair {
  IpAddress source{};
  IpAddress destination{};
};

namespace tcp_flag {
inline constexpr std::uint8_t fin = 0x01, syn = 0x02, rst = 0x04, psh = 0x08, ack = 0x10;
}

struct TcpHeader {
  std::uint16_t source = 0;
  std::uint16_t destination = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
  std::uint8_t flags = 0;
};
// A segment with `size` octets of filler. With SYN it carries the options that an ordinary host sends.
Octets tcp(const Pair& pair, const TcpHeader& header, std::size_t size);

struct UdpPorts {
  std::uint16_t source = 0;
  std::uint16_t destination = 0;
};
Octets udp(const Pair& pair, const UdpPorts& ports, std::size_t size);
Octets udp(const Pair& pair, const UdpPorts& ports, const Octets& content);

struct Echo {
  bool reply = false;
  std::uint16_t identifier = 0;
  std::uint16_t sequence = 0;
};
// ICMP or ICMPv6 by the family of the addresses.
Octets echo(const Pair& pair, const Echo& echo, std::size_t size);

enum class Refusal : std::uint8_t { prohibited, port_unreachable };
// The ICMP or ICMPv6 error that quotes the packet `about` (from its IP header on) as far as is usual.
Octets icmp_error(const Pair& pair, Refusal refusal, const Octets& about);

// Neighbour solicitation for `target`, or the advertisement that answers it, with the sender's link-layer
// address.
Octets neighbour(const Pair& pair, bool advertisement, const IpAddress& target, const MacAddress& sender);

struct IpHeader {
  std::uint8_t protocol = 0;
  std::uint8_t ttl = 64;  // or hop limit
  std::uint16_t identification = 0;
};
Octets ip(const Pair& pair, const IpHeader& header, const Octets& payload);

struct ArpBody {
  bool reply = false;
  MacAddress sender_mac{};
  IpAddress sender{};
  MacAddress target_mac{};
  IpAddress target{};
};
Octets arp(const ArpBody& body);

enum class EtherType : std::uint16_t { length = 0, ipv4 = 0x0800, arp = 0x0806, ipv6 = 0x86dd };
struct Link {
  MacAddress source{};
  MacAddress destination{};
  std::optional<std::uint16_t> vlan{};  // an 802.1Q tag with this id
  EtherType type = EtherType::ipv4;
};
// Padded to the least size of an Ethernet frame (60 octets without tag and check sequence), as a switch
// mirrors it.
Octets ethernet(const Link& link, const Octets& payload);

}  // namespace sekimori::traffic
