// From a frame to a packet, or to the name of the reason why it belongs to no flow.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "capture/decode/packet.hpp"
#include "capture/source/frame.hpp"

namespace sekimori::capture {

// Why a frame is accounted to no flow. Every frame is either in a flow or counted under exactly one of these.
// The names are machine words: they appear in `stats` and `status` and do not change meaning.
//
// One rule decides: once both addresses are known and believable the packet is in a flow, with
// Packet::ports_known, cut and malformed saying what could not be read, because the policy judges pairs of
// addresses first. So there is no reason for a transport header that is cut or wrong.
//   truncated_*    the capture, or the frame itself, ended before the header did
//   truncated_extension    ... the datagram ended inside its IPv6 extension headers
//   bad_*          a header that contradicts itself or the lengths around it: no host would take it
//   bad_ip_source  a multicast or broadcast source (RFC 1122 section 3.2.1.3, RFC 4291 section 2.7)
//   *_other        a protocol that has no name of its own here
//   mpls, pppoe_session    what their labels or session carry is not IP
//   flow_table_full        counted by the flow table
// clang-format off
#define SEKIMORI_REASONS(X)                                                                               \
  X(arp) X(rarp) X(lldp) X(stp) X(cdp) X(vtp) X(dtp) X(udld) X(llc) X(snap_other) X(osi) X(netbios)       \
  X(ipx) X(mpls) X(pppoe_discovery) X(pppoe_session) X(eapol) X(lacp) X(slow_protocol) X(macsec) X(ptp)   \
  X(profinet) X(goose) X(sampled_values) X(cfm) X(mac_control) X(loopback_test) X(wake_on_lan)            \
  X(ethertype_other) X(vlan_too_deep) X(link_type_unknown) X(link_protocol_other)                         \
  X(wifi_management) X(wifi_control) X(wifi_null) X(wifi_encrypted) X(wifi_aggregate) X(wifi_fragment)    \
  X(ppp_control) X(ppp_other) X(slarp)                                                                    \
  X(truncated_link) X(truncated_vlan) X(truncated_ip) X(truncated_extension)                              \
  X(bad_link_header) X(bad_ip_version) X(bad_ip_header_length) X(bad_ip_total_length) X(bad_ip_source)    \
  X(flow_table_full)
// clang-format on

enum class Reason : std::uint8_t {
#define SEKIMORI_REASON_VALUE(name) name,
  SEKIMORI_REASONS(SEKIMORI_REASON_VALUE)
#undef SEKIMORI_REASON_VALUE
      count_,
  none = 255  // the packet belongs to a flow
};
inline constexpr std::size_t reasons_count = static_cast<std::size_t>(Reason::count_);
std::string_view reason_name(Reason reason);  // "arp"; Reason::none gives "none"

// Fills `packet` and returns Reason::none, or returns why not (then `packet` is unspecified). Pure; any
// thread; never allocates or throws. Work is bounded by the limits on tags, labels and extension headers, not
// by the frame's size.
//
// Links (LINKTYPE_ numbers): Ethernet II and 802.3 with LLC/SNAP (1), BSD loopback (0, 108), raw IP (12, 14,
// 101, 228, 229), PPP (9, 50), PPPoE (51), Cisco HDLC (104), Linux cooked (113, 276), 802.11 (105), radiotap
// (127), PPI (192).
// In between: up to two VLAN tags (802.1Q, 802.1ad), eight MPLS labels (RFC 3032), PPPoE sessions (RFC 2516).
// Then IPv4 with options (RFC 791), IPv6 with up to 16 extension headers (RFC 8200), TCP (RFC 9293), UDP
// (RFC 768), SCTP (RFC 9260), ICMP (RFC 792), ICMPv6 (RFC 4443).
// Tunnels are flows of their own protocol between the outer addresses. The authentication header is the
// flow's protocol in IPv4, one more extension header in IPv6 (RFC 4302).
Reason decode(const Frame& frame, Packet& packet);

}  // namespace sekimori::capture
