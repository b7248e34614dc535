// Links other than Ethernet: loopback, Linux "any" captures, PPP and its kin.
#include "capture/decode/layers.hpp"

namespace sekimori::capture::layer {
namespace {

// The address family in front of a loopback frame, in the byte order of the machine that captured
// (LINKTYPE_NULL) or of the network (LINKTYPE_LOOP): whichever reading is small is the right one.
Reason by_family(std::uint32_t big, std::uint32_t little, Cursor& at, Packet& packet) {
  switch (big < little ? big : little) {
    case 2:
      return ipv4(at, packet);
    case 10:  // Linux
    case 23:  // Windows
    case 24:  // NetBSD, OpenBSD
    case 28:  // FreeBSD
    case 30:  // macOS
      return ipv6(at, packet);
    default:
      return Reason::link_protocol_other;
  }
}

// Cooked captures carry Linux's own numbers where Ethernet has lengths (linux/if_ether.h).
Reason cooked(std::uint16_t protocol, Cursor& at, Packet& packet) {
  constexpr std::uint16_t novell_raw = 1;
  constexpr std::uint16_t llc_frame = 4;
  if (protocol == llc_frame) return llc(at, packet);
  if (protocol == novell_raw) return Reason::ipx;
  return protocol < 1536 ? Reason::link_protocol_other : ethertype(protocol, at, packet);
}

constexpr std::uint16_t hardware_address_size = 6;

Reason ppp_protocol(std::uint16_t protocol, Cursor& at, Packet& packet) {
  switch (protocol) {
    case 0x0021:
      return ipv4(at, packet);
    case 0x0057:
      return ipv6(at, packet);
    case 0x0281:
    case 0x0283:
      return mpls(at, packet);
    default:
      // RFC 1661 section 2: 8xxx are the network control protocols, cxxx the link's own.
      return protocol >= 0x8000 ? Reason::ppp_control : Reason::ppp_other;
  }
}

}  // namespace

Reason loopback(Cursor& at, Packet& packet) {
  const auto header = at.bytes.take<4>();
  if (!header) return Reason::truncated_link;
  ++at.headers;
  return by_family(header.be32<0>(), header.le32<0>(), at, packet);
}

Reason linux_cooked(Cursor& at, Packet& packet) {
  const auto header = at.bytes.take<16>();
  if (!header) return Reason::truncated_link;
  ++at.headers;
  if (header.be16<4>() == hardware_address_size) header.copy<6, 6>(packet.source_mac.bytes);
  return cooked(header.be16<14>(), at, packet);
}

Reason linux_cooked_2(Cursor& at, Packet& packet) {
  const auto header = at.bytes.take<20>();
  if (!header) return Reason::truncated_link;
  ++at.headers;
  if (header.u8<11>() == hardware_address_size) header.copy<12, 6>(packet.source_mac.bytes);
  return cooked(header.be16<0>(), at, packet);
}

// RFC 1661. The address and control octets (ff 03) may be left out, and so may the first octet of the
// protocol: the last one is odd, the first one even.
Reason ppp(Cursor& at, Packet& packet) {
  if (const auto address = at.bytes.peek<1>(); address && address.u8<0>() == 0xff) {
    const auto framing = at.bytes.take<2>();
    if (!framing) return Reason::truncated_link;
    if (framing.u8<1>() != 0x03) return Reason::ppp_other;
  }
  const auto first = at.bytes.peek<1>();
  if (!first) return Reason::truncated_link;
  ++at.headers;
  if ((first.u8<0>() & 1U) != 0) {
    at.skip(1);
    return ppp_protocol(first.u8<0>(), at, packet);
  }
  const auto both = at.bytes.take<2>();
  if (!both) return Reason::truncated_link;
  return ppp_protocol(both.be16<0>(), at, packet);
}

Reason ppp_or_cisco_hdlc(Cursor& at, Packet& packet) {
  const auto first = at.bytes.peek<1>();
  if (!first) return Reason::truncated_link;
  const bool cisco = first.u8<0>() == 0x0f || first.u8<0>() == 0x8f;  // unicast, multicast
  return cisco ? cisco_hdlc(at, packet) : ppp(at, packet);
}

Reason cisco_hdlc(Cursor& at, Packet& packet) {
  const auto header = at.bytes.take<4>();
  if (!header) return Reason::truncated_link;
  ++at.headers;
  const std::uint16_t protocol = header.be16<2>();
  switch (protocol) {
    case 0x8035:
      return Reason::slarp;  // Cisco's keepalive, under RARP's number
    case 0x2000:
      return Reason::cdp;
    case 0xfefe:
      return Reason::osi;
    default:
      return protocol < 1536 ? Reason::link_protocol_other : ethertype(protocol, at, packet);
  }
}

// RFC 2516: version 1, type 1, code 0 is data. Its length field is not held against what follows: some access
// gateways leave out what IP itself counts, and IP knows its own length.
Reason pppoe_session(Cursor& at, Packet& packet) {
  const auto header = at.bytes.take<6>();
  if (!header) return Reason::truncated_link;
  ++at.headers;
  if (header.be16<0>() != 0x1100) return Reason::pppoe_session;
  const auto protocol = at.bytes.take<2>();
  if (!protocol) return Reason::truncated_link;
  const Reason reason = ppp_protocol(protocol.be16<0>(), at, packet);
  return reason == Reason::ppp_other ? Reason::pppoe_session : reason;
}

}  // namespace sekimori::capture::layer
