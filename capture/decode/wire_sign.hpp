// What a frame says about the wire that it is on: whose address comes from whose card, who gives addresses,
// who takes itself for a router, which bridge is the root. Segments are claims; these are their witnesses.
//
//   WireSign sign;
//   if (may_sign(packet) && read_wire_sign(frame, sign)) ...   // DHCP, router advertisements
//   if (read_wire_sign(frame, sign)) ...                       // frames that are no packet: ARP, BPDUs
//   sign = source_sign(packet, answer)                         // any packet: its sender's card
//
// Pure, without memory of its own, and bounded: at most dhcp_options_most options are looked at. Outside
// octets are read through ByteReader only. Frames inside tunnels and remote mirrors give no sign: the card
// that sent them is not on this wire.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "capture/decode/decode.hpp"
#include "capture/decode/packet.hpp"
#include "capture/source/frame.hpp"

namespace sekimori::capture {

inline constexpr unsigned dhcp_options_most = 64;
inline constexpr std::size_t sign_prefixes_most = 3;

struct WireSignFigures {
  enum class Kind : std::uint8_t {
    none,
    source,       // an IP packet: `address` was sent by `mac`
    arp,          // RFC 826: `address` is at `other_mac`, says `mac`
    dhcp_client,  // RFC 2131, 8415: `other_mac` (DHCPv4) asks
    dhcp_server,  // ... and `address` answers
    router,       // RFC 4861 section 4.2: `address` is a router for `prefixes`
    bridge        // IEEE 802.1D, 802.1Q: `mac` takes `other_mac` for the root
  };
  Kind kind = Kind::none;
  // ARP: the operation (1 asks, 2 answers). DHCP: the message type as on the wire, 0 where the capture cut it
  // off. Router: 1 where it came in fragments, of which this is the first.
  std::uint8_t detail = 0;
  std::uint8_t ttl = 0;    // or hop limit; 0: not IP
  bool answer = false;     // source: sent by the side that was asked
  bool group = false;      // sent to everybody or a group
  bool relayed = false;    // DHCP: by a relay agent, whose card the frame's is
  std::uint16_t port = 0;  // source: the UDP port of a call to a group, else 0
  std::uint16_t vlan = 0;  // innermost; 0: no tag
  std::uint16_t vlan_outermost = 0;
  std::uint16_t tap = no_tap;
  MacAddress mac{};  // of the frame's sender
  MacAddress other_mac{};
  IpAddress address{};
  IpAddress other{};  // source: to whom; DHCPv4: the server's identifier, where it was captured
  std::array<Prefix, sign_prefixes_most> prefixes{};
  std::uint8_t prefixes_count = 0;
  // In which its teller has told it once: of its time, or a newer one (daemon/first_seen.hpp). Not read from
  // any frame.
  std::int64_t minute = std::numeric_limits<std::int64_t>::min();
};

// Signs are part of what is copied by the million, and nearly all of these say nothing: what has no meaning
// is not copied along (as FlowFacts).
struct WireSign : WireSignFigures {
  WireSign() = default;
  WireSign(const WireSign& sign) : WireSignFigures(sign.kind != Kind::none ? sign : nothing()) {}
  WireSign& operator=(const WireSign& sign) {
    if (sign.kind != Kind::none) {
      static_cast<WireSignFigures&>(*this) = sign;
    } else {
      kind = Kind::none;
    }
    return *this;
  }
  ~WireSign() = default;

 private:
  static const WireSignFigures& nothing() {
    static constexpr WireSignFigures none{};
    return none;
  }
};

// Is this packet one that read_wire_sign() may read? Two compares for nearly all packets.
inline bool may_sign(const Packet& packet) {
  if (packet.tuple.protocol == protocol::udp) {
    const auto low = static_cast<std::uint16_t>(packet.tuple.destination_port - 67U);    // 67, 68
    const auto high = static_cast<std::uint16_t>(packet.tuple.destination_port - 546U);  // 546, 547
    return low <= 1 || high <= 1;
  }
  constexpr std::uint8_t router_advertisement = 134;
  return packet.tuple.protocol == protocol::icmpv6 && packet.icmp_type == router_advertisement;
}

// Likewise of a first fragment, which may hide what it is. Of frames that went the usual way there are none.
inline bool may_hide_sign(const Packet& packet) {
  constexpr std::uint8_t hop_limit = 255;  // RFC 4861: what was forwarded is none of its messages
  return packet.fragment && packet.fragment_first && packet.ttl == hop_limit &&
         packet.tuple.source.family == Family::ipv6 && packet.tuple.source.is_link_local();
}

// Likewise of frames that are no packet.
inline bool signs(Reason reason) {
  return reason == Reason::arp || reason == Reason::stp;
}

// False: the frame is none of these, is cut before what matters, or contradicts itself.
bool read_wire_sign(const Frame& frame, WireSign& sign);

// Its addresses in the domain of the wire that the sign was heard on: read_wire_sign() knows none.
void place_sign(WireSign& sign, const Domains& domains);

// Kind none where the packet tells nothing about its sender's card: inside a tunnel, an error about another
// packet, a reset (which a firewall sends in other's names), a link without addresses.
WireSign source_sign(const Packet& packet, bool answer);

// What of an unlisted address decides what it means.
enum class AddressKind : std::uint8_t {
  other,
  link_local,   // fe80::/10, 169.254.0.0/16
  global_ipv6,  // 2000::/3
  shared_line   // networks that telephones and Internet sharing give out: 192.168.42.0/24, 192.168.43.0/24,
                // 192.168.137.0/24, 172.20.10.0/28
};
AddressKind address_kind(const IpAddress& address);

// The TTLs with which hosts begin.
inline bool initial_ttl(std::uint8_t ttl) {
  return ttl == 32 || ttl == 64 || ttl == 128 || ttl == 255;
}

// One number for all that makes a sign another one, so that each is told once a minute. Of a source its
// `segment` and what kind of address it is, not the address. `seed` makes it hard to meet on purpose. Never
// 0.
std::uint64_t sign_key(const WireSign& sign, std::uint8_t segment, std::uint64_t seed);
// Likewise of source_sign(packet, answer), without making it: nearly all of them are known. 0: there is none.
std::uint64_t source_key(const Packet& packet, bool answer, std::uint8_t segment, std::uint64_t seed);

}  // namespace sekimori::capture
