// Ethernet II and 802.3, LLC and SNAP, and the tags that may stand between them and IP.
#include "capture/decode/layers.hpp"

namespace sekimori::capture::layer {
namespace {

// Up to here the field is a length (IEEE 802.3 clause 3.2.6), from ethertype_min on an ethertype.
constexpr std::uint16_t length_max = 1500;

// Frames that never carry a conversation between hosts, by name.
Reason not_ip(std::uint16_t ethertype_value, const Cursor& at) {
  switch (ethertype_value) {
    case type::arp:
      return Reason::arp;
    case 0x8035:
      return Reason::rarp;
    case 0x88cc:
      return Reason::lldp;
    case 0x8863:
      return Reason::pppoe_discovery;
    case 0x888e:
      return Reason::eapol;
    case 0x8809: {  // slow protocols (IEEE 802.3 annex 57A): the first octet says which
      const auto subtype = at.bytes.peek<1>();
      return subtype && subtype.u8<0>() == 1 ? Reason::lacp : Reason::slow_protocol;
    }
    case 0x88e5:
      return Reason::macsec;
    case 0x88f7:
      return Reason::ptp;
    case 0x8892:
      return Reason::profinet;
    case 0x88b8:
      return Reason::goose;
    case 0x88ba:
      return Reason::sampled_values;
    case 0x8902:
      return Reason::cfm;
    case 0x8808:
      return Reason::mac_control;
    case 0x9000:
      return Reason::loopback_test;
    case 0x8137:
    case 0x8138:
      return Reason::ipx;
    case 0x0842:
      return Reason::wake_on_lan;
    default:
      return Reason::ethertype_other;
  }
}

// Cisco's protocols over SNAP.
Reason cisco(std::uint16_t protocol) {
  switch (protocol) {
    case 0x2000:
      return Reason::cdp;
    case 0x2003:
      return Reason::vtp;
    case 0x2004:
      return Reason::dtp;
    case 0x0111:
      return Reason::udld;
    case 0x010b:  // spanning tree per VLAN
      return Reason::stp;
    default:
      return Reason::snap_other;
  }
}

}  // namespace

Reason ethernet(Cursor& at, Packet& packet) {
  const auto header = at.bytes.take<14>();
  if (!header) return Reason::truncated_link;
  ++at.headers;
  header.copy<0, 6>(packet.destination_mac.bytes);
  header.copy<6, 6>(packet.source_mac.bytes);
  return ethertype(header.be16<12>(), at, packet);
}

Reason ethertype(std::uint16_t value, Cursor& at, Packet& packet) {
  while (true) {
    switch (value) {
      case type::ipv4:
        return ipv4(at, packet);
      case type::ipv6:
        return ipv6(at, packet);
      case type::vlan:
      case type::vlan_service:
      case type::vlan_service_old: {
        if (at.tags == vlan_tags_max) return Reason::vlan_too_deep;
        const auto tag = at.bytes.take<4>();
        if (!tag) return Reason::truncated_vlan;
        ++at.tags;
        ++at.headers;
        // Id 0 gives a priority to a frame of no VLAN (IEEE 802.1Q clause 9.6).
        if (const auto id = static_cast<std::uint16_t>(tag.be16<0>() & 0xfffU); id != 0) {
          if (packet.vlan_count < packet.vlans.size()) ++packet.vlan_count;
          packet.vlans[packet.vlan_count - 1U] = id;
        }
        value = tag.be16<2>();
        continue;
      }
      case type::mpls:
      case type::mpls_multicast:
        return mpls(at, packet);
      case type::pppoe_session:
        return pppoe_session(at, packet);
      default:
        if (value >= ethertype_min) {
          const Reason name = not_ip(value, at);
          return name == Reason::ethertype_other ? other_tag(value, at, packet) : name;
        }
        if (value > length_max) return Reason::bad_link_header;
        if (value < at.left()) at.limit(value);  // what follows is padding
        return llc(at, packet);
    }
  }
}

Reason llc(Cursor& at, Packet& packet) {
  const auto header = at.bytes.take<3>();
  if (!header) return Reason::truncated_link;
  ++at.headers;
  const std::uint16_t points = header.be16<0>();  // DSAP and SSAP
  switch (points) {
    case 0x4242:
      return Reason::stp;
    case 0x0606:
      return header.u8<2>() == 3 ? ipv4(at, packet) : Reason::llc;
    case 0xfefe:
      return Reason::osi;  // IS-IS and its kin
    case 0xf0f0:
      return Reason::netbios;
    case 0xe0e0:
    case 0xffff:  // NetWare's "raw" 802.3 begins with an empty checksum
      return Reason::ipx;
    case 0xaaaa:
      break;
    default:
      return Reason::llc;
  }
  const auto snap = at.bytes.take<5>();
  if (!snap) return Reason::truncated_link;
  ++at.headers;
  const std::uint32_t organisation = snap.be32<0>() >> 8U;
  const std::uint16_t protocol = snap.be16<3>();
  // RFC 1042 and, for what bridges translate, IEEE 802.1H.
  if (organisation == 0x000000 || organisation == 0x0000f8) {
    return protocol < ethertype_min ? Reason::snap_other : ethertype(protocol, at, packet);
  }
  return organisation == 0x00000c ? cisco(protocol) : Reason::snap_other;
}

}  // namespace sekimori::capture::layer
