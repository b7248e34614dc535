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
#define SEKIMORI_REASONS(X)                                                                                       \
  X(arp) X(lldp) X(stp) X(cdp) X(llc) X(snap_other) X(mpls) X(pppoe_discovery) X(pppoe_session) X(eapol) X(lacp)  \
  X(macsec) X(ptp) X(profinet) X(goose) X(mac_control) X(loopback_test) X(ethertype_other) X(vlan_too_deep)       \
  X(link_type_unknown) X(wifi_management) X(wifi_control) X(wifi_encrypted) X(ppp_control)                        \
  X(truncated_link) X(truncated_vlan) X(truncated_ip) X(truncated_extension) X(truncated_transport)               \
  X(bad_ip_version) X(bad_ip_header_length) X(bad_ip_total_length) X(bad_ip_source) X(extensions_too_many)        \
  X(bad_transport_header) X(flow_table_full)

enum class Reason : std::uint8_t {
#define SEKIMORI_REASON_VALUE(name) name,
  SEKIMORI_REASONS(SEKIMORI_REASON_VALUE)
#undef SEKIMORI_REASON_VALUE
      count_,
  none = 255  // the packet belongs to a flow
};
inline constexpr std::size_t reasons_count = static_cast<std::size_t>(Reason::count_);
std::string_view reason_name(Reason reason);  // "arp"; Reason::none gives "none"

// Fills `packet` and returns Reason::none, or returns why not (then `packet` is unspecified). Pure; any thread;
// never allocates or throws. Work is bounded by the limits on tags and extension headers, not by the frame's size.
//
// Ethernet II, 802.3/LLC/SNAP, up to two VLAN tags (802.1Q, 802.1ad), IPv4 with options (RFC 791), IPv6 with
// extension headers (RFC 8200), TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792), ICMPv6 (RFC 4443).
Reason decode(const Frame& frame, Packet& packet);

}  // namespace sekimori::capture
