// From a packet to the one that it carries: which tunnel it is, and where its content begins. The tunnels
// with headers of more than a few words have files of their own.
#include "capture/decode/layers.hpp"

namespace sekimori::capture::layer {
namespace {

std::uint16_t version_type(const Cursor& at) {
  return at.content_protocol == protocol::ipv4 ? type::ipv4 : type::ipv6;
}

Content ipip(const Cursor& at) {
  return {.tunnel = Tunnel::ipip, .kind = Content::Kind::ethertype, .type = version_type(at)};
}

Content ipsec(Tunnel tunnel, const Cursor& at) {
  switch (at.content_protocol) {
    case protocol::ipv4:
    case protocol::ipv6:
      return {.tunnel = tunnel, .kind = Content::Kind::ethertype, .type = version_type(at)};
    default:
      break;
  }
  const bool hidden = tunnel == Tunnel::esp || at.content_protocol == protocol::esp;
  return nothing_in(tunnel, hidden ? Reason::tunnel_encrypted : Reason::tunnel_other);
}

// RFC 3378: version 3 and twelve zero bits.
Content etherip(Cursor& at) {
  const auto header = at.bytes.take<2>();
  if (!header) return nothing_in(Tunnel::etherip, Reason::truncated_link);
  if (header.be16<0>() != 0x3000) return nothing_in(Tunnel::etherip, Reason::tunnel_other);
  return {.tunnel = Tunnel::etherip};
}

// RFC 7348 section 5. With the group policy extension (bit 0x80) and as VXLAN-GPE, which names the content
// (bit 0x04).
Content vxlan(Cursor& at) {
  const auto header = at.bytes.take<8>();
  if (!header) return too_short(Tunnel::vxlan, 8, at);
  const unsigned flags = header.u8<0>();
  constexpr unsigned has_network = 0x08;
  constexpr unsigned has_protocol = 0x04;
  constexpr unsigned reserved = 0x33;
  if ((flags & has_network) == 0) return {};
  const bool clean = (flags & reserved) == 0 && header.u8<7>() == 0;
  if (!clean && !plain_ethernet(at)) return {};
  Content content{.tunnel = Tunnel::vxlan};
  if ((flags & has_protocol) == 0) return content;
  content.kind = Content::Kind::ethertype;
  switch (header.u8<3>()) {
    case 1:
      content.type = type::ipv4;
      break;
    case 2:
      content.type = type::ipv6;
      break;
    case 3:
      content.kind = Content::Kind::ethernet;
      break;
    case 4:
      content.type = type::nsh;
      break;
    case 5:
      content.type = type::mpls;
      break;
    default:
      content.reason = Reason::tunnel_other;
  }
  return content;
}

// RFC 8926 section 3.4.
Content geneve(Cursor& at) {
  const auto header = at.bytes.take<8>();
  if (!header) return too_short(Tunnel::geneve, 8, at);
  constexpr unsigned control = 0x80;
  constexpr unsigned reserved = 0x3f;
  const std::uint32_t options = (header.u8<0>() & 0x3fU) * 4U;
  const std::uint16_t carried = header.be16<2>();
  const bool believable = header.u8<0>() >> 6U == 0 && (header.u8<1>() & reserved) == 0 &&
                          header.u8<7>() == 0 && carried >= ethertype_min && options <= at.left();
  if (!believable) return {};
  if ((header.u8<1>() & control) != 0) return nothing_in(Tunnel::geneve, Reason::tunnel_control);
  at.skip(options);
  if (carried == type::ethernet) return {.tunnel = Tunnel::geneve};
  return {.tunnel = Tunnel::geneve, .kind = Content::Kind::ethertype, .type = carried};
}

// RFC 4380 section 5.1.1: an authentication and an origin indication may come first, in this order.
Content teredo(Cursor& at) {
  if (const auto start = at.bytes.peek<4>(); start && start.be16<0>() == 0x0001) {
    const std::uint32_t length = 4U + start.u8<2>() + start.u8<3>() + 9U;  // with a nonce and a confirmation
    if (length > at.left()) return {};
    at.skip(length);
    ++at.headers;
  }
  if (const auto start = at.bytes.peek<8>(); start && start.be16<0>() == 0x0000) {
    at.skip(8);
    ++at.headers;
  }
  const auto first = at.bytes.peek<6>();
  if (!first) return too_short(Tunnel::teredo, 6, at);
  if (first.u8<0>() >> 4U != 6 || 40U + first.be16<4>() > at.left()) return {};
  return {.tunnel = Tunnel::teredo, .kind = Content::Kind::ethertype, .type = type::ipv6};
}

}  // namespace

Content nothing_in(Tunnel tunnel, Reason reason) {
  return {.tunnel = tunnel, .reason = reason};
}

Content too_short(Tunnel tunnel, std::uint32_t size, const Cursor& at) {
  return at.cut_before(size) ? nothing_in(tunnel, Reason::truncated_link) : Content{};
}

Content open(Cursor& at) {
  const Tunnel tunnel = at.content;
  at.content = Tunnel::none;
  at.tags = at.labels = at.frames = 0;
  ++at.headers;
  switch (tunnel) {
    case Tunnel::ipip:
      return ipip(at);
    case Tunnel::gre:
    case Tunnel::erspan:
      return gre(at);
    case Tunnel::ah:
    case Tunnel::esp:
      return ipsec(tunnel, at);
    case Tunnel::etherip:
      return etherip(at);
    case Tunnel::vxlan:
      return vxlan(at);
    case Tunnel::geneve:
      return geneve(at);
    case Tunnel::teredo:
      return teredo(at);
    case Tunnel::gtp_u:
      return gtp_u(at);
    case Tunnel::l2tp:
      return at.content_protocol == protocol::udp ? l2tp_over_udp(at) : l2tp_over_ip(at);
    case Tunnel::capwap:
      return capwap(at);
    case Tunnel::tzsp:
      return tzsp(at);
    case Tunnel::mpls:
      return {
          .tunnel = Tunnel::mpls, .kind = Content::Kind::mpls, .weak = at.content_protocol == protocol::udp};
    case Tunnel::none:
    case Tunnel::count_:
      break;
  }
  return {};
}

Reason enter(const Content& content, Cursor& at, Packet& packet) {
  switch (content.kind) {
    case Content::Kind::ethertype:
      return ethertype(content.type, at, packet);
    case Content::Kind::ip:
      return ip(at, packet);
    case Content::Kind::ppp:
      return ppp(at, packet);
    case Content::Kind::mpls:
      return mpls(at, packet);
    case Content::Kind::wifi:
      return wifi_in_any_order(at, packet);
    case Content::Kind::ethernet:
      break;
  }
  const Reason reason = ethernet(at, packet);
  if (reason == Reason::none && packet.vlan_count == 0 && content.vlan != 0) {
    packet.vlans[0] = content.vlan;
    packet.vlan_count = 1;
  }
  return reason;
}

}  // namespace sekimori::capture::layer
