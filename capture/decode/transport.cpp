// TCP (RFC 9293), UDP (RFC 768), SCTP (RFC 9260), ICMP (RFC 792) and ICMPv6 (RFC 4443). Nothing is refused
// here: see layers.hpp. A header that contradicts the lengths around it makes the packet `malformed`; no host
// would take it, so its flags are not shown either and cannot move a flow's state.
#include "capture/decode/icmp.hpp"
#include "capture/decode/layers.hpp"

namespace sekimori::capture::layer {
namespace {

void set_ports(const HeaderView<4>& header, Packet& packet) {
  packet.tuple.source_port = header.be16<0>();
  packet.tuple.destination_port = header.be16<2>();
  packet.ports_known = true;
}

// Community ID v1: type and counterpart, or type and code.
void set_icmp_ports(Family family, std::uint8_t type, std::uint8_t code, Tuple& tuple) {
  const auto pair = icmp_pair(family, type);
  tuple.source_port = type;
  tuple.destination_port = pair ? pair->counterpart : code;
}

// The transport header of `size` octets is not all there: the datagram never had it (malformed), or the
// capture ended first (cut). False when the datagram never had it.
bool cut_inside(std::uint32_t size, const Cursor& at, Packet& packet) {
  if (at.left() < size) {
    packet.malformed = true;
    return false;
  }
  packet.cut = true;
  return true;
}

void tcp_cut(const Cursor& at, Packet& packet) {
  if (!cut_inside(20, at, packet)) return;
  if (const auto ports = at.bytes.peek<4>()) set_ports(ports, packet);
  if (const auto head = at.bytes.peek<8>()) packet.tcp_sequence = head.be32<4>();
  if (const auto head = at.bytes.peek<14>()) {
    packet.tcp_acknowledgment = head.be32<8>();
    const std::uint32_t length = (head.u8<12>() >> 4U) * 4U;
    if (length < 20 || length > at.left()) {
      packet.malformed = true;
      return;
    }
    packet.tcp_flags = head.u8<13>();
    packet.payload_bytes = at.left() - length;
  }
}

void tcp(const Cursor& at, Packet& packet, Fingerprint& print) {
  const auto header = at.bytes.peek<20>();
  if (!header) {
    tcp_cut(at, packet);
    print.add(packet.tcp_sequence, packet.tcp_acknowledgment);
    print.add(packet.tcp_flags, packet.payload_bytes);
    return;
  }
  packet.tuple.source_port = header.be16<0>();
  packet.tuple.destination_port = header.be16<2>();
  packet.ports_known = true;
  packet.tcp_sequence = header.be32<4>();
  packet.tcp_acknowledgment = header.be32<8>();
  print.add(packet.tcp_sequence, packet.tcp_acknowledgment);
  const std::uint32_t length = (header.u8<12>() >> 4U) * 4U;
  // The options of a first fragment may go on in the second one.
  if (length < 20 || (length > at.left() && !packet.fragment)) {
    packet.malformed = true;
    return;
  }
  packet.tcp_flags = header.u8<13>();
  packet.payload_bytes = length < at.left() ? at.left() - length : 0;
  // Middleboxes clamp the segment size that a SYN offers, and correct its checksum.
  const std::uint32_t checksum = (packet.tcp_flags & tcp_flag::syn) != 0 ? 0U : header.be16<16>();
  print.add(checksum << 8U | packet.tcp_flags, packet.payload_bytes);
}

// Where no checksum speaks for the content, its beginning does.
void content(const Cursor& at, std::uint32_t after, Fingerprint& print) {
  constexpr unsigned words = 6;
  ByteReader bytes = at.bytes;
  bytes.skip(after);
  for (unsigned i = 0; i < words; ++i) {
    const auto word = bytes.take<8>();
    if (!word) return;
    print.add(word.be32<0>(), word.be32<4>());
  }
}

// The tunnel that the ports promise. The far end of some answers from its well-known port to whatever port
// the other side took.
Tunnel udp_tunnel(const Cursor& at, const Tuple& tuple) {
  const Tunnel by_destination = (*at.udp_tunnels)[tuple.destination_port];
  if (by_destination != Tunnel::none) return by_destination;
  const Tunnel by_source = (*at.udp_tunnels)[tuple.source_port];
  const bool answers =
      by_source == Tunnel::teredo || by_source == Tunnel::l2tp || by_source == Tunnel::capwap;
  return answers ? by_source : Tunnel::none;
}

void udp(Cursor& at, Packet& packet, Fingerprint& print) {
  const auto header = at.bytes.peek<8>();
  if (!header) {
    if (!cut_inside(8, at, packet)) return;
    if (const auto ports = at.bytes.peek<4>()) set_ports(ports, packet);
    packet.payload_bytes = at.left() - 8;
    return;
  }
  packet.tuple.source_port = header.be16<0>();
  packet.tuple.destination_port = header.be16<2>();
  packet.ports_known = true;
  print.add(header.be32<4>());  // length and checksum
  if (header.be16<6>() == 0) content(at, 8, print);
  const std::uint32_t length = header.be16<4>();
  const std::uint32_t there = at.left();
  // The field is that of the whole datagram in a first fragment, and empty in a jumbogram (RFC 2675 section
  // 4).
  if (packet.fragment || (length == 0 && there > 0xffff)) {
    packet.payload_bytes = there - 8;
    packet.malformed = packet.fragment && length < 8;
  } else if (length < 8 || length > there) {
    packet.payload_bytes = there - 8;
    packet.malformed = true;
  } else {
    packet.payload_bytes = length - 8;
  }
  if (const Tunnel tunnel = udp_tunnel(at, packet.tuple); tunnel != Tunnel::none && !packet.malformed) {
    at.skip(8);
    at.limit(packet.payload_bytes);
    at.content = tunnel;
    at.content_protocol = protocol::udp;
  }
}

void sctp(const Cursor& at, Packet& packet, Fingerprint& print) {
  constexpr std::uint32_t common_header = 12;
  if (at.bytes.left() < common_header && !cut_inside(common_header, at, packet)) return;
  if (const auto ports = at.bytes.peek<4>()) set_ports(ports, packet);
  packet.payload_bytes = at.left() - common_header;
  if (const auto tag = at.bytes.peek<8>()) print.add(tag.be32<4>());
  if (const auto chunk = at.bytes.peek<20>()) print.add(chunk.be32<12>(), chunk.be32<16>());  // and its TSN
}

// The packet that an ICMP error reports, as its sender sent it. Lengths in it are not looked at: quotes are
// cut, and some routers change them. None when the ports did not fit into the quote, since such a quote would
// name another flow.
void quoted(Cursor& at, Family family, Packet& packet) {
  ++at.headers;
  Tuple tuple;
  tuple.source.family = tuple.destination.family = family;
  bool ports_expected = true;
  if (family == Family::ipv4) {
    const auto header = at.bytes.peek<20>();
    if (!header || header.u8<0>() >> 4U != 4) return;
    const std::uint32_t length = (header.u8<0>() & 0xfU) * 4U;
    if (length < 20 || length > at.left()) return;
    header.copy<12, 4>(tuple.source.bytes);
    header.copy<16, 4>(tuple.destination.bytes);
    tuple.protocol = header.u8<9>();
    ports_expected = (header.be16<6>() & 0x1fffU) == 0;
    at.skip(length);
  } else {
    const auto header = at.bytes.peek<40>();
    if (!header || header.u8<0>() >> 4U != 6) return;
    header.copy<8, 16>(tuple.source.bytes);
    header.copy<24, 16>(tuple.destination.bytes);
    at.skip(40);
    const Chain chain = extension_headers(header.u8<6>(), at);
    if (chain.end != Chain::End::transport && chain.end != Chain::End::later_fragment) return;
    tuple.protocol = chain.protocol;
    ports_expected = chain.end == Chain::End::transport;
  }

  ++at.headers;
  const std::uint8_t icmp_here = family == Family::ipv4 ? protocol::icmp : protocol::icmpv6;
  if (ports_expected) {
    if (tuple.protocol == protocol::tcp || tuple.protocol == protocol::udp ||
        tuple.protocol == protocol::sctp) {
      const auto ports = at.bytes.peek<4>();
      if (!ports) return;
      tuple.source_port = ports.be16<0>();
      tuple.destination_port = ports.be16<2>();
    } else if (tuple.protocol == icmp_here) {
      const auto message = at.bytes.peek<2>();
      if (!message) return;
      set_icmp_ports(family, message.u8<0>(), message.u8<1>(), tuple);
      if (icmp_has_id(family, message.u8<0>())) {
        const auto query = at.bytes.peek<6>();
        if (!query) return;
        packet.icmp_id = query.be16<4>();
      }
    }
  }
  packet.quotes = tuple.protocol != 0;
  packet.quoted = tuple;
}

void icmp(Cursor& at, Packet& packet, Fingerprint& print) {
  constexpr std::uint32_t header_length = 8;
  const Family family = packet.tuple.source.family;
  if (at.bytes.left() < header_length) cut_inside(header_length, at, packet);
  if (const auto all = at.bytes.peek<header_length>()) print.add(all.be32<0>(), all.be32<4>());
  const auto message = at.bytes.peek<2>();
  if (!message) return;
  packet.icmp_type = message.u8<0>();
  packet.icmp_code = message.u8<1>();
  set_icmp_ports(family, packet.icmp_type, packet.icmp_code, packet.tuple);
  packet.ports_known = true;
  if (icmp_has_id(family, packet.icmp_type)) {
    if (const auto query = at.bytes.peek<6>()) packet.icmp_id = query.be16<4>();
  }
  if (at.left() < header_length) return;
  at.skip(header_length);
  packet.payload_bytes = at.left();
  if (icmp_is_error(family, packet.icmp_type)) quoted(at, family, packet);
}

// Content of a tunnel that the protocol number names; `at` stands on the tunnel's header.
void carries(Tunnel tunnel, Cursor& at, Packet& packet, Fingerprint& print) {
  packet.payload_bytes = at.left();
  at.content = tunnel;
  at.content_protocol = packet.tuple.protocol;
  content(at, 0, print);
}

// All but TCP and UDP. Apart from them, so that the two need no table of jumps and keep the fingerprint in a
// register: 3 ns a packet.
void less_common(Cursor& at, Packet& packet, Fingerprint print) {
  const Family family = packet.tuple.source.family;
  switch (packet.tuple.protocol) {
    case protocol::sctp:
      sctp(at, packet, print);
      break;
    case protocol::ipv4:
    case protocol::ipv6:
      carries(Tunnel::ipip, at, packet, print);
      break;
    case protocol::gre:
      carries(Tunnel::gre, at, packet, print);
      break;
    case protocol::etherip:
      carries(Tunnel::etherip, at, packet, print);
      break;
    case protocol::l2tp:
      carries(Tunnel::l2tp, at, packet, print);
      break;
    case protocol::mpls:
      carries(Tunnel::mpls, at, packet, print);
      break;
    case protocol::esp:
      return encryption(at, packet, print);
    case protocol::ah:
      if (family == Family::ipv4) return authentication(at, packet, print);
      [[fallthrough]];
    default:
      if (packet.tuple.protocol == (family == Family::ipv4 ? protocol::icmp : protocol::icmpv6)) {
        icmp(at, packet, print);
        break;
      }
      packet.payload_bytes = at.left();
      content(at, 0, print);
  }
  packet.fingerprint = print.value();
}

}  // namespace

void transport(Cursor& at, Packet& packet, Fingerprint print) {
  if (packet.fragment && !packet.fragment_first) {
    packet.payload_bytes = at.left();
  } else {
    ++at.headers;
    if (packet.tuple.protocol == protocol::tcp) {
      tcp(at, packet, print);
    } else if (packet.tuple.protocol == protocol::udp) {
      udp(at, packet, print);
    } else {
      return less_common(at, packet, print);
    }
  }
  packet.fingerprint = print.value();
}

}  // namespace sekimori::capture::layer
