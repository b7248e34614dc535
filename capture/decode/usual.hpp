// The frames that nearly all are: Ethernet with at most two tags, IPv4 without options and in one piece or
// IPv6 without extension headers, TCP or UDP, all headers captured and in agreement with each other, no
// tunnel. One pass over them instead of a function a layer, for a third of the work.
//
// It has no opinion of its own: `true` means that `packet` is what the layers would have made of the frame,
// octet by octet, `false` that they are to be asked. Tests and a fuzz target hold the two against each other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "capture/decode/byte_reader.hpp"
#include "capture/decode/layers.hpp"

namespace sekimori::capture::layer {

// The whole field in one store: the flow table reads it back in halves at once, which waits for stores that
// cover a half only in part.
template <std::size_t At>
void put_ipv4(const HeaderView<20>& header, IpAddress& address) {
  std::array<std::uint8_t, 16> bytes{};
  header.copy<At, 4>(bytes);
  address.bytes = bytes;
  address.family = Family::ipv4;
}

// What follows IP, of `left` octets on the wire. `packet` has what IP tells.
[[gnu::always_inline]] inline bool usual_transport(ByteReader bytes, std::uint32_t left,
                                                   const UdpTunnels& tunnels, Fingerprint print,
                                                   Packet& packet) {
  if (packet.tuple.protocol == protocol::tcp) {
    const auto header = bytes.peek<20>();
    if (!header) return false;
    const std::uint32_t length = (header.u8<12>() >> 4U) * 4U;
    if (length < 20 || length > left) return false;
    packet.tuple.source_port = header.be16<0>();
    packet.tuple.destination_port = header.be16<2>();
    packet.tcp_sequence = header.be32<4>();
    packet.tcp_acknowledgment = header.be32<8>();
    packet.tcp_flags = header.u8<13>();
    packet.payload_bytes = left - length;
    print.add(packet.tcp_sequence, packet.tcp_acknowledgment);
    const std::uint32_t checksum = (packet.tcp_flags & tcp_flag::syn) != 0 ? 0U : header.be16<16>();
    print.add(checksum << 8U | packet.tcp_flags, packet.payload_bytes);
  } else {
    const auto header = bytes.peek<8>();
    if (!header) return false;
    const std::uint32_t length = header.be16<4>();
    const bool unchecked = header.be16<6>() == 0;  // no checksum: the content itself is looked at
    if (length < 8 || length > left || unchecked) return false;
    packet.tuple.source_port = header.be16<0>();
    packet.tuple.destination_port = header.be16<2>();
    if (tunnels[packet.tuple.destination_port] != Tunnel::none ||
        tunnels[packet.tuple.source_port] != Tunnel::none) {
      return false;
    }
    packet.payload_bytes = length - 8;
    print.add(header.be32<4>());
  }
  packet.ports_known = true;
  packet.fingerprint = print.value();
  return true;
}

// `bytes` stands behind the ethertype, `left` octets on the wire from there on.
[[gnu::always_inline]] inline bool usual_ipv4(ByteReader bytes, std::uint32_t left, const UdpTunnels& tunnels,
                                              Packet& packet) {
  const auto header = bytes.take<20>();
  if (!header) return false;
  constexpr std::uint8_t no_options = 0x45;
  constexpr std::uint16_t in_pieces = 0x3fff;
  const std::uint32_t total = header.be16<2>();
  const std::uint16_t fragment = header.be16<6>();
  const std::uint8_t number = header.u8<9>();
  if (header.u8<0>() != no_options || total < 20 || total > left || (fragment & in_pieces) != 0 ||
      (number != protocol::tcp && number != protocol::udp)) {
    return false;
  }
  Tuple& tuple = packet.tuple;
  put_ipv4<12>(header, tuple.source);
  put_ipv4<16>(header, tuple.destination);
  constexpr std::uint8_t first_group = 224;  // multicast, reserved, broadcast: the layers know which may send
  if (tuple.source.bytes[0] >= first_group) return false;
  tuple.protocol = number;
  packet.ttl = header.u8<8>();
  const std::uint16_t identification = header.be16<4>();
  packet.identified = identification != 0;
  Fingerprint print;
  print.add(static_cast<std::uint32_t>(identification) << 16U | fragment,
            static_cast<std::uint32_t>(number) << 24U ^ total);
  bytes.limit(total - 20);
  return usual_transport(bytes, total - 20, tunnels, print, packet);
}

inline bool usual_ipv6(ByteReader bytes, std::uint32_t left, const UdpTunnels& tunnels, Packet& packet) {
  const auto header = bytes.take<40>();
  if (!header) return false;
  const std::uint32_t behind = header.be16<4>();
  const std::uint8_t number = header.u8<6>();
  if (header.u8<0>() >> 4U != 6 || behind == 0 || 40 + behind > left ||
      (number != protocol::tcp && number != protocol::udp)) {
    return false;
  }
  Tuple& tuple = packet.tuple;
  tuple.source.family = tuple.destination.family = Family::ipv6;
  header.copy<8, 16>(tuple.source.bytes);
  header.copy<24, 16>(tuple.destination.bytes);
  if (tuple.source.is_multicast()) return false;
  tuple.protocol = number;
  packet.ttl = header.u8<7>();
  constexpr std::uint32_t flow_label = 0xfffff;
  Fingerprint print;
  print.add((header.be32<0>() & flow_label) << 8U | number, 40 + behind);
  bytes.limit(behind);
  return usual_transport(bytes, behind, tunnels, print, packet);
}

// `packet` as start() leaves it; changed in any case.
inline bool usual(const Frame& frame, const UdpTunnels& tunnels, Packet& packet) {
  ByteReader bytes(frame.bytes);
  const auto captured = static_cast<std::uint32_t>(frame.bytes.size());
  std::uint32_t left = frame.wire_length > captured ? frame.wire_length : captured;
  const auto ethernet = bytes.take<14>();
  if (!ethernet) return false;
  left -= 14;
  ethernet.copy<0, 6>(packet.destination_mac.bytes);
  ethernet.copy<6, 6>(packet.source_mac.bytes);
  std::uint16_t value = ethernet.be16<12>();
  while (value == type::vlan || value == type::vlan_service) {
    const auto tag = bytes.take<4>();
    if (!tag || packet.vlan_count == packet.vlans.size()) return false;
    left -= 4;
    const auto id = static_cast<std::uint16_t>(tag.be16<0>() & 0xfffU);
    if (id == 0) return false;
    packet.vlans[packet.vlan_count++] = id;
    value = tag.be16<2>();
  }
  if (value == type::ipv4) return usual_ipv4(bytes, left, tunnels, packet);
  return value == type::ipv6 && usual_ipv6(bytes, left, tunnels, packet);
}

}  // namespace sekimori::capture::layer
