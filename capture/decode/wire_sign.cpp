#include "capture/decode/wire_sign.hpp"

#include "capture/decode/layers.hpp"
#include "capture/digest.hpp"

namespace sekimori::capture {
namespace {

using layer::Cursor;

constexpr std::uint16_t port_dhcp_server = 67, port_dhcp_client = 68;
constexpr std::uint16_t port_dhcp6_client = 546, port_dhcp6_server = 547;

template <std::size_t At, std::size_t Size>
IpAddress ipv4_at(const HeaderView<Size>& header) {
  return IpAddress::ipv4(header.template be32<At>());
}

bool read_arp(Cursor& at, WireSign& sign) {
  const auto header = at.bytes.take<28>();
  if (!header || header.be16<0>() != 1 || header.be16<2>() != layer::type::ipv4 ||
      header.be16<4>() != 0x0604) {
    return false;
  }
  const std::uint16_t operation = header.be16<6>();
  if (operation != 1 && operation != 2) return false;
  sign.kind = WireSign::Kind::arp;
  sign.detail = static_cast<std::uint8_t>(operation);
  header.copy<8, 6>(sign.other_mac.bytes);
  sign.address = ipv4_at<14>(header);
  sign.other = ipv4_at<24>(header);
  return true;
}

// A configuration or rapid BPDU (IEEE 802.1Q clause 14.2): its root's MAC. A topology notification names
// none.
bool read_bpdu(Cursor& at, WireSign& sign) {
  const auto header = at.bytes.take<21>();
  constexpr std::uint8_t configuration = 0, rapid = 2;
  if (!header || header.be16<0>() != 0 || (header.u8<3>() != configuration && header.u8<3>() != rapid)) {
    return false;
  }
  sign.kind = WireSign::Kind::bridge;
  header.copy<7, 6>(sign.other_mac.bytes);
  return true;
}

bool read_llc(Cursor& at, WireSign& sign) {
  const auto header = at.bytes.take<3>();
  if (!header || header.u8<2>() != 3) return false;
  if (header.be16<0>() == 0x4242) return read_bpdu(at, sign);
  // Cisco's spanning tree per VLAN.
  const auto snap = header.be16<0>() == 0xaaaa ? at.bytes.take<5>() : HeaderView<5>{};
  return snap && snap.be32<0>() == 0x00000c01 && snap.u8<4>() == 0x0b && read_bpdu(at, sign);
}

// RFC 2132: the message's type and the server's identifier, as far as they were captured.
void read_options(Cursor& at, WireSign& sign) {
  const auto cookie = at.bytes.take<4>();
  if (!cookie || cookie.be32<0>() != 0x63825363U) return;
  for (unsigned i = 0; i < dhcp_options_most; ++i) {
    const auto code = at.bytes.take<1>();
    constexpr std::uint8_t pad = 0, message_type = 53, server_identifier = 54, end = 255;
    if (!code || code.u8<0>() == end) return;
    if (code.u8<0>() == pad) continue;
    const auto length = at.bytes.take<1>();
    if (!length) return;
    Cursor value = at;
    at.bytes.skip(length.u8<0>());
    if (code.u8<0>() == message_type && length.u8<0>() == 1) {
      if (const auto type = value.bytes.take<1>()) sign.detail = type.u8<0>();
    } else if (code.u8<0>() == server_identifier && length.u8<0>() == 4) {
      if (const auto server = value.bytes.take<4>()) sign.other = ipv4_at<0>(server);
    }
  }
}

bool read_dhcp(std::uint16_t destination, Cursor& at, WireSign& sign) {
  const auto header = at.bytes.take<44>();
  if (!header || header.u8<1>() != 1 || header.u8<2>() != 6) return false;
  constexpr std::uint8_t request = 1, reply = 2;
  if (header.u8<0>() != request && header.u8<0>() != reply) return false;
  if (header.u8<0>() == request && destination != port_dhcp_server) return false;
  sign.kind = header.u8<0>() == reply ? WireSign::Kind::dhcp_server : WireSign::Kind::dhcp_client;
  sign.relayed = header.be32<24>() != 0;
  header.copy<28, 6>(sign.other_mac.bytes);
  constexpr std::size_t rest = 236 - 44;  // of the hardware address, server's name, boot file
  if (at.bytes.take<rest>()) read_options(at, sign);
  return true;
}

bool read_dhcp6(std::uint16_t destination, Cursor& at, WireSign& sign) {
  const auto header = at.bytes.take<4>();
  if (!header) return false;
  const std::uint8_t type = header.u8<0>();
  const bool server = type == 2 || type == 7 || type == 10;  // ADVERTISE, REPLY, RECONFIGURE
  const bool client = type == 1 || (type >= 3 && type <= 6) || type == 8 || type == 9 || type == 11;
  if ((destination == port_dhcp6_client && !server) || (destination == port_dhcp6_server && !client)) {
    return false;
  }
  sign.kind = server ? WireSign::Kind::dhcp_server : WireSign::Kind::dhcp_client;
  sign.detail = type;
  if (client) sign.other_mac = sign.mac;
  return true;
}

bool read_udp(Cursor& at, WireSign& sign) {
  const auto header = at.bytes.take<8>();
  if (!header) return false;
  switch (const std::uint16_t destination = header.be16<2>()) {
    case port_dhcp_server:
    case port_dhcp_client:
      return sign.address.family == Family::ipv4 && read_dhcp(destination, at, sign);
    case port_dhcp6_client:
    case port_dhcp6_server:
      return sign.address.family == Family::ipv6 && read_dhcp6(destination, at, sign);
    default:
      return false;
  }
}

// RFC 4861 sections 4.2 and 4.6.2. Options are counted in units of eight octets, and none may be empty.
bool read_router(Cursor& at, WireSign& sign) {
  const auto header = at.bytes.take<16>();
  constexpr std::uint8_t router_advertisement = 134, hop_limit = 255;
  if (!header || header.u8<0>() != router_advertisement || sign.ttl != hop_limit) return false;
  sign.kind = WireSign::Kind::router;
  constexpr unsigned options_most = 16;
  for (unsigned i = 0; i < options_most && sign.prefixes_count < sign_prefixes_most; ++i) {
    const auto option = at.bytes.peek<2>();
    if (!option || option.u8<1>() == 0) return true;
    constexpr std::uint8_t prefix_information = 3;
    if (option.u8<0>() == prefix_information && option.u8<1>() == 4) {
      const auto information = at.bytes.peek<32>();
      if (!information) return true;
      if (information.u8<2>() <= 128) {
        Prefix& prefix = sign.prefixes[sign.prefixes_count++];
        prefix.length = information.u8<2>();
        prefix.address.family = Family::ipv6;
        information.copy<16, 16>(prefix.address.bytes);
      }
    }
    at.bytes.skip(option.u8<1>() * std::size_t{8});
  }
  return true;
}

// RFC 6980 section 5: no message of neighbour discovery comes in fragments. Who sends a router advertisement
// so wants to get past guards, and may leave even the header that says what it is to a later fragment (RFC
// 7113 section 2.2); on a link of one's own nobody else has a reason to.
bool read_split_router(const layer::Chain& chain, Cursor& at, WireSign& sign) {
  constexpr std::uint8_t router_advertisement = 134, hop_limit = 255;
  if (chain.offset != 0 || sign.ttl != hop_limit || !sign.address.is_link_local()) return false;
  if (chain.end == layer::Chain::End::transport) {
    if (chain.protocol != protocol::icmpv6) return false;
    const auto type = at.bytes.peek<1>();
    if (type && type.u8<0>() != router_advertisement) return false;
    if (!type && at.left() != 0) return false;  // the capture has cut it off
    if (type) read_router(at, sign);
  } else if (chain.end != layer::Chain::End::short_of) {
    return false;
  }
  sign.kind = WireSign::Kind::router;
  sign.detail = 1;
  return true;
}

bool read_ipv4(Cursor& at, WireSign& sign) {
  const auto header = at.bytes.take<20>();
  if (!header || !layer::ipv4_header_plausible(header.u8<0>())) return false;
  constexpr std::uint16_t in_pieces = 0x3fff;
  if (header.u8<9>() != protocol::udp || (header.be16<6>() & in_pieces) != 0) return false;
  at.bytes.skip((header.u8<0>() & 0xfU) * 4U - 20U);
  sign.ttl = header.u8<8>();
  sign.address = ipv4_at<12>(header);
  return read_udp(at, sign);
}

// Extension headers are stepped over: hiding behind one is an old way past guards against rogue routers.
bool read_ipv6(Cursor& at, WireSign& sign) {
  const auto header = at.bytes.take<40>();
  if (!header || header.u8<0>() >> 4U != 6) return false;
  sign.ttl = header.u8<7>();
  sign.address.family = Family::ipv6;
  header.copy<8, 16>(sign.address.bytes);
  const layer::Chain chain = layer::extension_headers(header.u8<6>(), at);
  if (chain.fragment) return read_split_router(chain, at, sign);
  if (chain.end != layer::Chain::End::transport || chain.offset != 0) return false;
  if (chain.protocol == protocol::icmpv6) return read_router(at, sign);
  return chain.protocol == protocol::udp && read_udp(at, sign);
}

bool in_ipv4(const IpAddress& address, std::uint32_t network, unsigned length) {
  return (address.upper() >> 32U) >> (32U - length) == network >> (32U - length);
}

// A call that machines make to everybody near them, else 0.
std::uint16_t call_port(const Tuple& tuple) {
  if (tuple.protocol != protocol::udp) return 0;
  switch (tuple.destination_port) {
    case 137:  // NetBIOS names and datagrams
    case 138:
    case 1900:  // SSDP
    case 3702:  // WS-Discovery
    case 5353:  // mDNS
    case 5355:  // LLMNR
      return tuple.destination_port;
    default:
      return 0;
  }
}

}  // namespace

bool read_wire_sign(const Frame& frame, WireSign& sign) {
  sign = {};
  if (frame.link != 1) return false;
  Cursor at{.bytes = ByteReader(frame.bytes)};
  const auto ethernet = at.bytes.take<14>();
  if (!ethernet) return false;
  sign.tap = frame.tap;
  sign.group = (ethernet.u8<0>() & 1U) != 0;
  ethernet.copy<6, 6>(sign.mac.bytes);
  if (sign.mac.is_group() || sign.mac.is_zero()) return false;
  std::uint16_t type = ethernet.be16<12>();
  for (unsigned tags = 0; type == layer::type::vlan || type == layer::type::vlan_service ||
                          type == layer::type::vlan_service_old;
       ++tags) {
    const auto tag = at.bytes.take<4>();
    if (!tag || tags == vlan_tags_max) return false;
    if (const auto id = static_cast<std::uint16_t>(tag.be16<0>() & 0xfffU); id != 0) {
      if (sign.vlan_outermost == 0) sign.vlan_outermost = id;
      sign.vlan = id;
    }
    type = tag.be16<2>();
  }
  switch (type) {
    case layer::type::arp:
      return read_arp(at, sign);
    case layer::type::ipv4:
      return read_ipv4(at, sign);
    case layer::type::ipv6:
      return read_ipv6(at, sign);
    default:
      return type < layer::ethertype_min && read_llc(at, sign);
  }
}

void place_sign(WireSign& sign, const Domains& domains) {
  const DomainId domain = domains.at(sign.tap, sign.vlan_outermost);
  if (domain == main_domain) return;
  const auto place = [&](IpAddress& address) {
    if (address.family != Family::none) address.domain = domain;
  };
  place(sign.address);
  place(sign.other);
  for (Prefix& prefix : sign.prefixes) place(prefix.address);
}

namespace {

// Does it tell about its sender's card? Of a datagram in parts its first one shows it: the others may have
// waited for that, and their numbers are no order any more.
bool shows_card(const Packet& packet) {
  return (!packet.fragment || packet.fragment_first) && packet.depth == 0 && !packet.quotes &&
         !packet.source_mac.is_zero() && !packet.source_mac.is_group() &&
         (packet.tcp_flags & tcp_flag::rst) == 0;
}

}  // namespace

WireSign source_sign(const Packet& packet, bool answer) {
  WireSign sign;
  if (!shows_card(packet)) return sign;
  sign.kind = WireSign::Kind::source;
  sign.ttl = packet.ttl;
  sign.answer = answer;
  sign.group = packet.destination_mac.is_group();
  if (sign.group) sign.port = call_port(packet.tuple);
  if (packet.vlan_count > 0) {
    sign.vlan = packet.vlans[packet.vlan_count - 1U];
    sign.vlan_outermost = packet.vlans[0];
  }
  sign.tap = packet.tap;
  sign.mac = packet.source_mac;
  sign.address = packet.tuple.source;
  sign.other = packet.tuple.destination;
  return sign;
}

AddressKind address_kind(const IpAddress& address) {
  if (address.is_link_local()) return AddressKind::link_local;
  if (address.family == Family::ipv6) {
    return address.bytes[0] >> 5U == 1 ? AddressKind::global_ipv6 : AddressKind::other;
  }
  const bool shared = in_ipv4(address, 0xc0a82a00U, 24) || in_ipv4(address, 0xc0a82b00U, 24) ||
                      in_ipv4(address, 0xc0a88900U, 24) || in_ipv4(address, 0xac140a00U, 28);
  return shared ? AddressKind::shared_line : AddressKind::other;
}

namespace {

// What tells signs apart, in three numbers: where and how the frame came, whose it is, and what a source
// says.
std::uint64_t place_number(WireSign::Kind kind, std::uint8_t detail, std::uint8_t ttl, DomainId domain,
                           std::uint16_t vlan, std::uint16_t tap) {
  return static_cast<std::uint64_t>(kind) << 56U | static_cast<std::uint64_t>(detail) << 48U |
         static_cast<std::uint64_t>(ttl) << 40U | static_cast<std::uint64_t>(domain) << 32U |
         static_cast<std::uint64_t>(vlan) << 16U | tap;
}
std::uint64_t card_number(const MacAddress& mac, bool answer, bool group) {
  return mac.number() << 16U | static_cast<std::uint64_t>(answer) << 1U | static_cast<std::uint64_t>(group);
}
std::uint64_t source_number(std::uint16_t port, const IpAddress& address, std::uint8_t segment) {
  return static_cast<std::uint64_t>(port) << 16U | static_cast<std::uint64_t>(address_kind(address)) << 8U |
         segment;
}
std::uint64_t not_zero(std::uint64_t key) {
  return key != 0 ? key : 1;
}

}  // namespace

std::uint64_t sign_key(const WireSign& sign, std::uint8_t segment, std::uint64_t seed) {
  std::uint64_t key =
      digest(seed, place_number(sign.kind, sign.detail, sign.ttl, sign.address.domain, sign.vlan, sign.tap));
  key = digest(key, card_number(sign.mac, sign.answer, sign.group));
  if (sign.kind == WireSign::Kind::source) {
    key = digest(key, source_number(sign.port, sign.address, segment));
  } else {
    key = digest(key, sign.other_mac.number());
    key = digest(key, sign.address.upper());
    key = digest(key, sign.address.lower());
    for (const Prefix& prefix : sign.prefixes) key = digest(key, prefix.address.upper() ^ prefix.length);
  }
  return not_zero(key);
}

std::uint64_t source_key(const Packet& packet, bool answer, std::uint8_t segment, std::uint64_t seed) {
  if (!shows_card(packet)) return 0;
  const IpAddress& address = packet.tuple.source;
  const bool group = packet.destination_mac.is_group();
  const std::uint16_t vlan = packet.vlan_count > 0 ? packet.vlans[packet.vlan_count - 1U] : std::uint16_t{0};
  std::uint64_t key =
      digest(seed, place_number(WireSign::Kind::source, 0, packet.ttl, address.domain, vlan, packet.tap));
  key = digest(key, card_number(packet.source_mac, answer, group));
  key = digest(key, source_number(group ? call_port(packet.tuple) : std::uint16_t{0}, address, segment));
  return not_zero(key);
}

}  // namespace sekimori::capture
