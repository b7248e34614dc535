// What may stand between Ethernet and IP besides VLAN tags: labels, service headers, and whole Ethernet
// frames in the headers of a provider's or a data centre's fabric.
#include "capture/decode/layers.hpp"

namespace sekimori::capture::layer {
namespace {

// Another Ethernet header follows; its addresses are the hosts' own, those before it the fabric's.
Reason inner_ethernet(Cursor& at, Packet& packet, Reason too_deep) {
  if (at.frames == inner_frames_max) return too_deep;
  ++at.frames;
  return ethernet(at, packet);
}

// A tag of `Size` octets with its ethertype last.
template <std::size_t Size>
Reason tag(Cursor& at, Packet& packet) {
  if (at.tags == vlan_tags_max) return Reason::vlan_too_deep;
  const auto header = at.bytes.take<Size>();
  if (!header) return Reason::truncated_vlan;
  ++at.tags;
  ++at.headers;
  return ethertype(header.template be16<Size - 2>(), at, packet);
}

// A header of `Size` octets in front of an Ethernet header.
template <std::size_t Size>
Reason shim(Cursor& at, Packet& packet) {
  if (!at.bytes.take<Size>()) return Reason::truncated_vlan;
  ++at.headers;
  return inner_ethernet(at, packet, Reason::vlan_too_deep);
}

// Cisco's MetaData: a version, one option of one word, an ethertype.
Reason metadata(Cursor& at, Packet& packet) {
  const auto header = at.bytes.peek<2>();
  if (!header) return Reason::truncated_vlan;
  return header.be16<0>() == 0x0101 ? tag<8>(at, packet) : Reason::ethertype_other;
}

// RFC 6325 section 3: six octets, and options counted in words.
Reason trill(Cursor& at, Packet& packet) {
  const auto header = at.bytes.take<6>();
  if (!header) return Reason::truncated_vlan;
  if ((header.u8<0>() & 0xc0U) != 0) return Reason::ethertype_other;  // version
  const std::uint32_t options = (header.be16<0>() >> 6U & 0x1fU) * 4U;
  if (options > at.left()) return Reason::truncated_vlan;
  at.skip(options);
  ++at.headers;
  return inner_ethernet(at, packet, Reason::vlan_too_deep);
}

// RFC 8300 section 2.2: a length in words and the protocol that follows.
Reason service_header(Cursor& at, Packet& packet) {
  const auto header = at.bytes.peek<8>();
  if (!header) return Reason::truncated_vlan;
  const std::uint32_t length = (header.be16<0>() & 0x3fU) * 4U;
  const bool oam = (header.u8<0>() & 0x20U) != 0;
  if (header.u8<0>() >> 6U != 0 || oam || length < 8) return Reason::ethertype_other;
  if (length > at.left()) return Reason::truncated_vlan;
  at.skip(length);
  ++at.headers;
  switch (header.u8<3>()) {
    case 1:
      return ipv4(at, packet);
    case 2:
      return ipv6(at, packet);
    case 3:
      return inner_ethernet(at, packet, Reason::vlan_too_deep);
    case 5:
      return mpls(at, packet);
    default:
      return Reason::ethertype_other;
  }
}

// Nothing names what is above the last label: IP is seen by its version, Ethernet of a pseudowire (RFC 4448,
// with or without the control word of RFC 4385) only by all that must agree in it. An Ethernet address may
// begin like IP (RFC 4928): then the reading wins in which more agrees.
Reason behind_labels(Cursor& at, Packet& packet) {
  const auto first = at.bytes.peek<1>();
  if (!first) return at.missing != 0 ? Reason::truncated_link : Reason::mpls;
  const bool like_ip = ipv4_header_plausible(first.u8<0>()) || first.u8<0>() >> 4U == 6;
  if (like_ip && (plain_ip(at, true) || !plain_ethernet(at))) return ip(at, packet);
  if (plain_ethernet(at)) return inner_ethernet(at, packet, Reason::mpls);
  if (first.u8<0>() >> 4U == 0) {
    Cursor behind = at;
    if (behind.bytes.take<4>() && plain_ethernet(behind)) {
      at = behind;
      ++at.headers;
      return inner_ethernet(at, packet, Reason::mpls);
    }
  }
  constexpr std::uint32_t enough_to_tell = 4 + 14 + 20;
  return at.cut_before(enough_to_tell) ? Reason::truncated_link : Reason::mpls;
}

}  // namespace

Reason mpls(Cursor& at, Packet& packet) {
  while (at.labels < mpls_labels_max) {
    const auto label = at.bytes.take<4>();
    if (!label) return Reason::truncated_link;
    ++at.labels;
    ++at.headers;
    if ((label.u8<2>() & 1U) != 0) return behind_labels(at, packet);
  }
  return Reason::mpls;
}

Reason other_tag(std::uint16_t type, Cursor& at, Packet& packet) {
  switch (type) {
    case 0x88e7:  // the I-TAG of 802.1ah: priority, flags and a 24-bit service, then the customer's frame
      return shim<4>(at, packet);
    case 0x8903:  // FabricPath
      return shim<2>(at, packet);
    case 0x22f3:
      return trill(at, packet);
    case 0x8926:  // VN-Tag
      return tag<6>(at, packet);
    case 0x893f:  // the E-TAG of 802.1BR
      return tag<8>(at, packet);
    case 0x8909:
      return metadata(at, packet);
    case type::nsh:
      return service_header(at, packet);
    default:
      return Reason::ethertype_other;
  }
}

}  // namespace sekimori::capture::layer
