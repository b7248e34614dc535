// Inside the decoder: one function a layer, all with one contract, so that a further layer (a tunnel, a
// fragment put together again) is one more function that moves the cursor and calls the next.
//
//   Reason name(Cursor& at, Packet& packet)
//
// `at` stands on the layer's first octet; the function writes what it learned into `packet`, moves on and
// returns what the next layer returned, or the Reason why there is no next one. Once both addresses are known
// and believable nothing refuses any more: a packet whose transport header is cut or wrong is still a packet
// between two hosts, and that is what the policy judges.
#pragma once

#include <cstddef>
#include <cstdint>

#include "capture/decode/byte_reader.hpp"
#include "capture/decode/decode.hpp"
#include "capture/decode/fingerprint.hpp"

namespace sekimori::capture::layer {

// Ethertypes that more than one layer knows (IEEE's registry). What is less is a length.
inline constexpr std::uint16_t ethertype_min = 1536;
namespace type {
inline constexpr std::uint16_t ipv4 = 0x0800;
inline constexpr std::uint16_t arp = 0x0806;
inline constexpr std::uint16_t ethernet = 0x6558;  // transparent Ethernet bridging
inline constexpr std::uint16_t vlan = 0x8100;
inline constexpr std::uint16_t ipv6 = 0x86dd;
inline constexpr std::uint16_t mpls = 0x8847;
inline constexpr std::uint16_t mpls_multicast = 0x8848;
inline constexpr std::uint16_t pppoe_session = 0x8864;
inline constexpr std::uint16_t ppp = 0x880b;
inline constexpr std::uint16_t vlan_service = 0x88a8;
inline constexpr std::uint16_t nsh = 0x894f;
inline constexpr std::uint16_t vlan_service_old = 0x9100;
}  // namespace type

// Where decoding stands: the octets that were captured from here on, and how many more there were on the
// wire.
struct Cursor {
  ByteReader bytes{};
  std::uint32_t missing = 0;  // octets on the wire behind the last captured one
  const UdpTunnels* udp_tunnels = nullptr;
  std::uint16_t headers = 0;  // looked at so far, never more than layers_most

  // Since the last IP header. Tags are counted apart from Packet::vlans because priority tags name no VLAN.
  std::uint8_t tags = 0;
  std::uint8_t labels = 0;  // of MPLS
  std::uint8_t frames = 0;  // Ethernet headers inside others

  // What transport() found behind the packet, where the cursor then stands: open() has yet to confirm it.
  Tunnel content = Tunnel::none;
  std::uint8_t content_protocol = 0;  // that carries it; of AH and ESP: that they carry, 0 = nobody can tell

  // Octets on the wire from here to the end of the datagram.
  std::uint32_t left() const { return static_cast<std::uint32_t>(bytes.left()) + missing; }
  // Steps over octets, captured or not. The caller has made sure that the wire had them.
  void skip(std::uint32_t count) {
    const auto captured = static_cast<std::uint32_t>(bytes.left());
    if (count > captured) missing -= count - captured;
    bytes.skip(count);
  }
  // The datagram ends `count` octets from here, what follows is padding. The caller has made sure of count <=
  // left().
  void limit(std::uint32_t count) {
    bytes.limit(count);
    missing = count - static_cast<std::uint32_t>(bytes.left());
  }
  // What is here is the first part of something that goes on in another packet: its lengths reach further.
  void goes_on_elsewhere() { missing += 0xffff; }
  // The octets from here on are cut off before the first `count` of them, though the wire had more.
  bool cut_before(std::uint32_t count) const { return bytes.left() < count && missing != 0; }
};

// Cheap enough for every packet, and all that a host needs to take the datagram.
inline bool ipv4_header_plausible(std::uint8_t first) {
  return first >> 4U == 4 && (first & 0xfU) >= 5;
}

// ethernet.cpp
Reason ethernet(Cursor& at, Packet& packet);
Reason ethertype(std::uint16_t type, Cursor& at, Packet& packet);  // tags, MPLS, PPPoE, IP
Reason llc(Cursor& at, Packet& packet);

// tags.cpp: what stands between Ethernet and IP besides VLAN tags.
Reason mpls(Cursor& at, Packet& packet);
Reason other_tag(std::uint16_t type, Cursor& at, Packet& packet);  // none of these: Reason::ethertype_other

// plain.cpp: is this what it would have to be? For content that nothing names. Looks, moves nothing.
bool plain_ip(const Cursor& at, bool whole);  // `whole`: the datagram fills what is left
bool plain_ethernet(const Cursor& at);        // with up to four tags, above IP or ARP

// links.cpp
Reason loopback(Cursor& at, Packet& packet);
Reason linux_cooked(Cursor& at, Packet& packet);
Reason linux_cooked_2(Cursor& at, Packet& packet);
Reason ppp(Cursor& at, Packet& packet);
Reason ppp_or_cisco_hdlc(Cursor& at, Packet& packet);
Reason cisco_hdlc(Cursor& at, Packet& packet);
Reason pppoe_session(Cursor& at, Packet& packet);

// wifi.cpp
Reason radiotap(Cursor& at, Packet& packet);
Reason wifi(Cursor& at, Packet& packet);
// Some access points and controllers put the two octets of the frame control field in the other order.
Reason wifi_in_any_order(Cursor& at, Packet& packet);

// ip.cpp
Reason ip(Cursor& at, Packet& packet);  // IPv4 or IPv6 by the version in the first octet
Reason ipv4(Cursor& at, Packet& packet);
Reason ipv6(Cursor& at, Packet& packet);

// What a chain of IPv6 extension headers leads to.
struct Chain {
  enum class End : std::uint8_t {
    transport,       // the cursor stands on the header of `protocol`
    later_fragment,  // ... on the middle of it
    cut,             // the capture ended inside the header `protocol`
    short_of,        // the datagram itself did
    too_many         // extension_headers_max reached at the header `protocol`
  };
  End end = End::transport;
  std::uint8_t protocol = 0;
  bool fragment = false;
  // Of the fragment header, as in Packet.
  bool more = false;
  std::uint16_t offset = 0;
  std::uint32_t identification = 0;
  std::uint32_t behind = 0;  // octets behind the fragment header
};
Chain extension_headers(std::uint8_t first, Cursor& at);

// transport.cpp: everything above IP. Addresses, protocol and fragment state of `packet` are set, `print` has
// what IP adds to the fingerprint; fills the rest. Leaves `at` where it was, or, with at.content set, on what
// the packet carries.
void transport(Cursor& at, Packet& packet, Fingerprint print);

// ipsec.cpp: steps over the authentication header (IPv4 only) or an ESP header with NULL encryption to the
// transport header behind it, which then names the packet; or sets at.content.
void authentication(Cursor& at, Packet& packet, Fingerprint print);
void encryption(Cursor& at, Packet& packet, Fingerprint print);

// What a tunnel's header, stepped over, says about its content.
struct Content {
  enum class Kind : std::uint8_t { ethernet, ethertype, ip, ppp, mpls, wifi };
  Tunnel tunnel = Tunnel::none;  // none: this is no tunnel after all
  Kind kind = Kind::ethernet;
  // Only the port speaks for the tunnel: content that is no packet shows that it is none.
  bool weak = false;
  Reason reason = Reason::none;  // why there is nothing to open
  std::uint16_t type = 0;        // Kind::ethertype
  std::uint16_t vlan = 0;        // of an untagged frame, told by the tunnel; 0 = none
};
Content nothing_in(Tunnel tunnel, Reason reason);
// Fewer than the `size` octets of the tunnel's header are there: cut off by the capture, or this is no
// tunnel.
Content too_short(Tunnel tunnel, std::uint32_t size, const Cursor& at);

// tunnels.cpp: reads the header of at.content.
Content open(Cursor& at);
// Decodes the content that open() found into a packet of its own.
Reason enter(const Content& content, Cursor& at, Packet& packet);
// gre.cpp
Content gre(Cursor& at);
// l2tp.cpp
Content l2tp_over_ip(Cursor& at);
Content l2tp_over_udp(Cursor& at);
// access.cpp
Content capwap(Cursor& at);
Content tzsp(Cursor& at);
Content gtp_u(Cursor& at);

}  // namespace sekimori::capture::layer
