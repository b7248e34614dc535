// A packet as a small value: all that the flow table and the policy need, nothing borrowed from the frame.
#pragma once

#include <array>
#include <cstdint>

#include "capture/address.hpp"
#include "capture/time.hpp"

namespace sekimori::capture {

// IP protocol numbers (IANA) that the code treats by name.
namespace protocol {
inline constexpr std::uint8_t icmp = 1;
inline constexpr std::uint8_t tcp = 6;
inline constexpr std::uint8_t udp = 17;
inline constexpr std::uint8_t icmpv6 = 58;
inline constexpr std::uint8_t sctp = 132;
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

struct Packet {
  Tuple tuple{};
  // ICMP errors: the tuple of the packet that they report (RFC 792, RFC 4443); protocol 0 = none.
  Tuple quoted{};
  Time time{};
  std::uint64_t number = 0;      // Frame::number
  std::uint32_t wire_bytes = 0;  // of the whole frame on the wire
  // Above the header of TCP, UDP, SCTP or ICMP, else above IP. From the length fields, never from the
  // capture; 0 where a TCP header is cut or malformed.
  std::uint32_t payload_bytes = 0;
  std::uint32_t tcp_sequence = 0;
  std::uint32_t tcp_acknowledgment = 0;
  // Ids from the outermost inwards; the first `vlan_count` are set. Priority tags (id 0) name no VLAN and are
  // left out.
  std::array<std::uint16_t, 2> vlans{};
  std::uint8_t vlan_count = 0;  // 0..2
  std::uint8_t tcp_flags = 0;
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
  std::uint8_t ttl = 0;         // or hop limit
  bool fragment = false;        // part of a fragmented datagram
  bool fragment_first = false;  // ... and the one with the ports
  bool ports_known = false;     // false: protocol without ports, a later fragment, cut or malformed
  bool cut = false;             // the capture ended before the headers did
  bool malformed = false;       // the transport or an extension header contradicts the lengths around it: no
                                // host would take this packet, so tcp_flags are not shown
  std::uint16_t tap = 0;
  MacAddress source_mac{};  // zero where the link has none
  MacAddress destination_mac{};
};

}  // namespace sekimori::capture
