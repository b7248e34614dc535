// A packet as a small value: all that the flow table and the policy need, nothing borrowed from the frame.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "capture/address.hpp"
#include "capture/time.hpp"

namespace sekimori::capture {

// IP protocol numbers (IANA) that the code treats by name.
namespace protocol {
inline constexpr std::uint8_t icmp = 1;
inline constexpr std::uint8_t ipv4 = 4;  // IPv4 in IP (RFC 2003)
inline constexpr std::uint8_t tcp = 6;
inline constexpr std::uint8_t udp = 17;
inline constexpr std::uint8_t ipv6 = 41;  // IPv6 in IP (RFC 4213)
inline constexpr std::uint8_t gre = 47;
inline constexpr std::uint8_t esp = 50;
inline constexpr std::uint8_t ah = 51;
inline constexpr std::uint8_t icmpv6 = 58;
inline constexpr std::uint8_t etherip = 97;
inline constexpr std::uint8_t l2tp = 115;
inline constexpr std::uint8_t sctp = 132;
inline constexpr std::uint8_t mpls = 137;
}  // namespace protocol

// TCP flags as on the wire (RFC 9293 section 3.1).
namespace tcp_flag {
inline constexpr std::uint8_t fin = 0x01;
inline constexpr std::uint8_t syn = 0x02;
inline constexpr std::uint8_t rst = 0x04;
inline constexpr std::uint8_t psh = 0x08;
inline constexpr std::uint8_t ack = 0x10;
}  // namespace tcp_flag

// The two ends and the protocol, in the direction in which the packet ran.
// Ports: TCP, UDP and SCTP as on the wire. ICMP and ICMPv6: for messages that have a counterpart, source =
// type and destination = the counterpart's type, so that a request and its reply are the two directions of
// one flow; for the others source = type, destination = code (the mapping of Community ID v1). Everything
// else: 0.
struct Tuple {
  IpAddress source{};
  IpAddress destination{};
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t protocol = 0;

  auto operator<=>(const Tuple&) const = default;
  Tuple reversed() const { return {destination, source, destination_port, source_port, protocol}; }
};

// How a packet carries another one. The names are machine words (`tunnel.type` of events).
enum class Tunnel : std::uint8_t {
  none,
  ipip,     // IPv4 or IPv6 in IPv4 or IPv6 (RFC 2003, 2473, 4213): all four forms, 6in4 among them
  gre,      // RFC 2784, 2890; version 1 with PPP (RFC 2637); NVGRE (RFC 7637); transparent Ethernet bridging
  erspan,   // types I, II and III
  vxlan,    // RFC 7348
  geneve,   // RFC 8926
  teredo,   // RFC 4380
  gtp_u,    // 3GPP TS 29.281
  l2tp,     // version 2 (RFC 2661), version 3 over IP and UDP (RFC 3931)
  capwap,   // data channel (RFC 5415)
  ah,       // the authentication header in IPv4 (RFC 4302): its content is readable
  esp,      // only where NULL encryption makes the content plain (RFC 2410)
  mpls,     // MPLS in IP or UDP (RFC 4023, RFC 7510)
  tzsp,     // TaZmen Sniffer Protocol
  etherip,  // RFC 3378
  count_
};
std::string_view tunnel_name(Tunnel tunnel);  // "vxlan"; none gives ""

// A frame becomes as many packets as it has IP layers: all but the innermost are `carrier`s, and they come
// first.
//
// In two cache lines what every packet has, behind them what few have: packets are made and handed on by the
// million, from thread to thread where a capture is read beside the workers, and only lines that are touched
// cost anything.
struct alignas(64) Packet {
  Tuple tuple{};
  std::uint16_t tap = 0;
  // What no router or firewall on the way changes, in one number: two packets of one flow and direction with
  // equal fingerprints are one packet seen twice, or sent twice. Made of IPv4 identification, fragment offset
  // and total length, and of the transport header's sequence numbers, flags and checksum. 0 = not known.
  std::uint32_t fingerprint = 0;
  Time time{};
  std::uint64_t number = 0;      // Frame::number
  std::uint32_t wire_bytes = 0;  // of the whole frame on the wire
  // Above the header of TCP, UDP, SCTP or ICMP, else above IP. From the length fields, never from the
  // capture; 0 where a TCP header is cut or malformed.
  std::uint32_t payload_bytes = 0;
  std::uint32_t tcp_sequence = 0;
  std::uint32_t tcp_acknowledgment = 0;
  // Fragments (fragment == true): what they are fragments of, and which part of its payload they carry.
  std::uint32_t fragment_id = 0;
  std::uint16_t fragment_offset = 0;  // octets
  std::uint16_t fragment_bytes = 0;   // octets of the datagram's payload in this fragment
  // Ids from the outermost inwards; the first `vlan_count` are set. Of more than two, the outermost and the
  // innermost. Priority tags (id 0) name no VLAN and are left out.
  std::array<std::uint16_t, 2> vlans{};
  // Identifier of an ICMP query or its reply (echo, timestamp, information, address mask), or of the one that
  // an error quotes; else 0. Two pings with unlike ones are two conversations.
  std::uint16_t icmp_id = 0;
  // Inside a tunnel, where the outer packet was: its TTL in the upper octet, a hash of its VLANs and MAC in
  // the lower one. An inner packet has nothing else that tells two sides of a boundary apart.
  std::uint16_t via = 0;
  MacAddress source_mac{};  // zero where the link has none; of the innermost Ethernet header inside a tunnel
  MacAddress destination_mac{};
  std::uint8_t vlan_count = 0;  // 0..2
  std::uint8_t tcp_flags = 0;
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
  std::uint8_t ttl = 0;  // or hop limit
  // Class of the name that this packet tells of its destination (policy/names.hpp); the decoder tells none.
  std::uint8_t name = 0;
  // Tunnels. `tunnel`: how this packet carries the next one of its frame (a carrier), or how it would have:
  // see `unopened`.
  Tunnel tunnel = Tunnel::none;
  Tunnel inside = Tunnel::none;  // depth > 0: what carried this packet, and between whom
  std::uint8_t depth = 0;        // IP layers around this one, 0 = none
  // As Reason (decode.hpp): why the content of `tunnel` became no packet.
  static constexpr std::uint8_t nothing_unopened = 255;  // it did, or there is none
  std::uint8_t unopened = nothing_unopened;
  bool carrier = false;
  bool quotes = false;          // an ICMP error that shows the packet that it reports (RFC 792, RFC 4443)
  bool fragment = false;        // part of a fragmented datagram
  bool fragment_first = false;  // ... and the one with the ports
  bool fragment_more = false;   // ... and not the last one
  bool ports_known = false;     // false: protocol without ports, a later fragment, cut or malformed
  bool cut = false;             // the capture ended before the headers did
  bool malformed = false;       // the transport or an extension header contradicts the lengths around it: no
                                // host would take this packet, so tcp_flags are not shown
  // The fingerprint is the packet's own: IPv4 with an identification. False: two packets sent one after the
  // other may have the same one (IPv6 or identification 0, repeated acknowledgments).
  bool identified = false;

  // From here on unspecified where it means nothing.
  Tuple quoted{};  // `quotes`: the tuple of the packet that is reported
  Tuple outer{};   // depth > 0: of the one that carries this one
};
static_assert(offsetof(Packet, quoted) <= 128, "what every packet has lies in two lines");

// All of it that means something.
inline void copy_packet(const Packet& from, Packet& to) {
  static_assert(std::is_trivially_copyable_v<Packet> && std::is_standard_layout_v<Packet>);
  std::memcpy(static_cast<void*>(&to), &from, offsetof(Packet, quoted));
  if (from.quotes) to.quoted = from.quoted;
  if (from.depth > 0) to.outer = from.outer;
}

}  // namespace sekimori::capture
