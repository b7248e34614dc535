// Generic Routing Encapsulation (RFC 2784 and 2890, routes of RFC 1701; version 1 of RFC 2637) and what is
// mirrored in it (ERSPAN).
#include "capture/decode/layers.hpp"

namespace sekimori::capture::layer {
namespace {

constexpr std::uint16_t has_checksum = 0x8000;
constexpr std::uint16_t has_routes = 0x4000;
constexpr std::uint16_t has_key = 0x2000;
constexpr std::uint16_t has_sequence = 0x1000;
constexpr std::uint16_t has_acknowledgment = 0x0080;
constexpr std::uint16_t version = 0x0007;

// Routes of RFC 1701: each with its length, until an empty one.
Reason routes(Cursor& at) {
  for (unsigned passed = 0; passed < tunnel_headers_max; ++passed) {
    const auto route = at.bytes.take<4>();
    if (!route) return Reason::truncated_link;
    ++at.headers;
    if (route.be16<0>() == 0 && route.u8<3>() == 0) return Reason::none;
    if (route.u8<3>() > at.left()) return Reason::bad_link_header;
    at.skip(route.u8<3>());
  }
  return Reason::tunnel_other;
}

// The ERSPAN header names the VLAN of the mirrored frame, which then often comes without its tag.
constexpr std::uint16_t vlan_id = 0x0fff;

// Type I has no header at all, and its GRE header no sequence number; type II has eight octets.
Content erspan_1_or_2(Cursor& at, bool sequenced) {
  if (!sequenced) return {.tunnel = Tunnel::erspan};
  const auto header = at.bytes.take<8>();
  if (!header) return nothing_in(Tunnel::erspan, Reason::truncated_link);
  if (header.u8<0>() >> 4U != 1) return nothing_in(Tunnel::erspan, Reason::tunnel_other);
  return {.tunnel = Tunnel::erspan, .vlan = static_cast<std::uint16_t>(header.be16<0>() & vlan_id)};
}

Content erspan_3(Cursor& at) {
  const auto header = at.bytes.take<12>();
  if (!header) return nothing_in(Tunnel::erspan, Reason::truncated_link);
  if (header.u8<0>() >> 4U != 2) return nothing_in(Tunnel::erspan, Reason::tunnel_other);
  const bool has_platform = (header.u8<11>() & 1U) != 0;
  if (has_platform && !at.bytes.take<8>()) return nothing_in(Tunnel::erspan, Reason::truncated_link);
  switch (header.u8<10>() >> 2U & 0x1fU) {  // frame type
    case 0:
      return {.tunnel = Tunnel::erspan, .vlan = static_cast<std::uint16_t>(header.be16<0>() & vlan_id)};
    case 2:
      return {.tunnel = Tunnel::erspan, .kind = Content::Kind::ip};
    default:
      return nothing_in(Tunnel::erspan, Reason::tunnel_other);
  }
}

// Web caches may be sent a redirect header of one word before the packet; IPv4 shows which it is.
Content redirected(Cursor& at) {
  const auto first = at.bytes.peek<1>();
  if (first && first.u8<0>() >> 4U != 4 && !at.bytes.take<4>()) {
    return nothing_in(Tunnel::gre, Reason::truncated_link);
  }
  return {.tunnel = Tunnel::gre, .kind = Content::Kind::ip};
}

Content by_type(std::uint16_t carried, bool sequenced, Cursor& at) {
  switch (carried) {
    case 0x0000:  // a keepalive on its way back
      return nothing_in(Tunnel::gre, Reason::tunnel_control);
    case type::ethernet:
      return {.tunnel = Tunnel::gre};
    case type::ppp:
      return {.tunnel = Tunnel::gre, .kind = Content::Kind::ppp};
    case 0x88be:
      return erspan_1_or_2(at, sequenced);
    case 0x22eb:
      return erspan_3(at);
    case 0x883e:
      return redirected(at);
    case 0x8200:  // Aruba's access points
      return {.tunnel = Tunnel::gre, .kind = Content::Kind::wifi};
    default:
      break;
  }
  if (carried < ethertype_min) return nothing_in(Tunnel::gre, Reason::tunnel_other);
  return {.tunnel = Tunnel::gre, .kind = Content::Kind::ethertype, .type = carried};
}

Content version_0(std::uint16_t flags, std::uint16_t carried, Cursor& at) {
  // Checksum and offset come together when either checksum or routes are there.
  const std::uint32_t optional = ((flags & (has_checksum | has_routes)) != 0 ? 4U : 0U) +
                                 ((flags & has_key) != 0 ? 4U : 0U) + ((flags & has_sequence) != 0 ? 4U : 0U);
  if (optional > at.bytes.left()) return nothing_in(Tunnel::gre, Reason::truncated_link);
  at.skip(optional);
  if ((flags & has_routes) != 0) {
    if (const Reason reason = routes(at); reason != Reason::none) return nothing_in(Tunnel::gre, reason);
  }
  return by_type(carried, (flags & has_sequence) != 0, at);
}

// The enhanced header of PPTP: the key is a length and a call, only packets with a sequence number carry
// data.
Content version_1(std::uint16_t flags, std::uint16_t carried, Cursor& at) {
  const auto key = at.bytes.take<4>();
  if (!key) return nothing_in(Tunnel::gre, Reason::truncated_link);
  if (carried != type::ppp || (flags & has_key) == 0) return nothing_in(Tunnel::gre, Reason::tunnel_other);
  const std::uint32_t optional =
      ((flags & has_sequence) != 0 ? 4U : 0U) + ((flags & has_acknowledgment) != 0 ? 4U : 0U);
  if (optional > at.bytes.left()) return nothing_in(Tunnel::gre, Reason::truncated_link);
  at.skip(optional);
  const std::uint32_t length = key.be16<0>();
  if ((flags & has_sequence) == 0 || length == 0) return nothing_in(Tunnel::gre, Reason::tunnel_control);
  if (length > at.left()) return nothing_in(Tunnel::gre, Reason::bad_link_header);
  at.limit(length);
  return {.tunnel = Tunnel::gre, .kind = Content::Kind::ppp};
}

}  // namespace

Content gre(Cursor& at) {
  const auto header = at.bytes.take<4>();
  if (!header) return nothing_in(Tunnel::gre, Reason::truncated_link);
  switch (header.be16<0>() & version) {
    case 0:
      return version_0(header.be16<0>(), header.be16<2>(), at);
    case 1:
      return version_1(header.be16<0>(), header.be16<2>(), at);
    default:
      return nothing_in(Tunnel::gre, Reason::tunnel_other);
  }
}

}  // namespace sekimori::capture::layer
