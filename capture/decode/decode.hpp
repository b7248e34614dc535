// From a frame to a packet, or to the name of the reason why it belongs to no flow.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "capture/decode/domains.hpp"
#include "capture/decode/packet.hpp"
#include "capture/options.hpp"
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
//   tunnel_*       as Packet::unopened: the frame itself is in the flow of its tunnel. Of a frame only where
//   the
//                  tunnel is a remote mirror's transport that was taken off
//   mirror_fragment        the rest of a remote mirror's frame, whose first part was taken for the whole:
//   mirrors
//                  that do not fit into the network's MTU
//   duplicate, copy, flow_table_full       counted by the flow table: the same packet seen again at the same
//                  place, or at another one
// clang-format off
#define SEKIMORI_REASONS(X)                                                                               \
  X(arp) X(rarp) X(lldp) X(stp) X(cdp) X(vtp) X(dtp) X(udld) X(llc) X(snap_other) X(osi) X(netbios)       \
  X(ipx) X(mpls) X(pppoe_discovery) X(pppoe_session) X(eapol) X(lacp) X(slow_protocol) X(macsec) X(ptp)   \
  X(profinet) X(goose) X(sampled_values) X(cfm) X(mac_control) X(loopback_test) X(wake_on_lan)            \
  X(ethertype_other) X(vlan_too_deep) X(tunnel_too_deep) X(tunnel_encrypted) X(tunnel_control)             \
  X(tunnel_other) X(mirror_fragment) X(link_type_unknown) X(link_protocol_other)                         \
  X(wifi_management) X(wifi_control) X(wifi_null) X(wifi_encrypted) X(wifi_aggregate) X(wifi_fragment)    \
  X(ppp_control) X(ppp_other) X(slarp)                                                                    \
  X(truncated_link) X(truncated_vlan) X(truncated_ip) X(truncated_extension)                              \
  X(bad_link_header) X(bad_ip_version) X(bad_ip_header_length) X(bad_ip_total_length) X(bad_ip_source)    \
  X(duplicate) X(copy) X(flow_table_full)
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

// IP layers of one frame that become packets: the outermost and up to four inside it.
inline constexpr unsigned tunnels_most = 4;
inline constexpr unsigned packets_most = tunnels_most + 1;

// The limits that bound the work of one frame. Between two IP layers:
inline constexpr std::uint8_t vlan_tags_max = 8;     // VLAN tags and their kin; more: vlan_too_deep
inline constexpr std::uint8_t mpls_labels_max = 8;   // more: mpls
inline constexpr std::uint8_t inner_frames_max = 2;  // Ethernet in Ethernet: 802.1ah, TRILL, pseudowires...
// ... which makes, with the link's own headers, LLC and SNAP of each Ethernet header, and a PPPoE session:
inline constexpr unsigned link_headers_most =
    4 + vlan_tags_max + mpls_labels_max + 4 * (inner_frames_max + 1);
// More than any sender has a use for. Beyond it the packet is a flow of the header at which we stopped.
inline constexpr unsigned extension_headers_max = 16;
// Routes of GRE, extension headers of GTP-U, tags of TZSP: more is tunnel_other.
inline constexpr unsigned tunnel_headers_max = 8;
// Headers that are looked at in one frame: each IP layer with its link, extension, transport and tunnel
// headers, and the packet quoted by an ICMP error.
inline constexpr unsigned layers_most =
    packets_most * (link_headers_most + 1 + extension_headers_max + 2 + 1 + tunnel_headers_max) +
    (1 + extension_headers_max + 1);

// What UDP ports promise. Nearly no port promises anything: the first look is into one kilobyte that stays in
// the cache, a bit for eight ports.
class UdpTunnels {
 public:
  void listen(std::uint16_t port, Tunnel tunnel) {
    by_port_[port] = tunnel;
    some_[port >> 9U] |= std::uint64_t{1} << (port >> 3U & 63U);
  }
  Tunnel operator[](std::uint16_t port) const {
    return (some_[port >> 9U] >> (port >> 3U & 63U) & 1U) != 0 ? by_port_[port] : Tunnel::none;
  }

 private:
  std::array<std::uint64_t, 128> some_{};
  std::array<Tunnel, 65536> by_port_{};
};

namespace layer {
struct Cursor;
}

// Turns frames into packets. Made once from the options; decode() is pure, may be called by any thread, and
// never allocates or throws. Work is bounded by the limits on tags, labels, extension headers and tunnels,
// not by the frame's size: at most `layers_most` headers are looked at.
//
// Links (LINKTYPE_ numbers): Ethernet II and 802.3 with LLC/SNAP (1), BSD loopback (0, 108), raw IP (12, 14,
// 101, 228, 229), PPP (9, 50), PPPoE (51), Cisco HDLC (104), Linux cooked (113, 276), 802.11 (105), radiotap
// (127), PPI (192).
// In between: VLAN tags (802.1Q, 802.1ad, 0x9100), 802.1ah, 802.1BR, VN-Tag, FabricPath, TRILL (RFC 6325),
// Cisco MetaData, NSH (RFC 8300), MPLS labels (RFC 3032) also above Ethernet pseudowires (RFC 4448), PPPoE
// sessions (RFC 2516).
// Then IPv4 with options (RFC 791), IPv6 with up to 16 extension headers (RFC 8200), TCP (RFC 9293), UDP
// (RFC 768), SCTP (RFC 9260), ICMP (RFC 792), ICMPv6 (RFC 4443), and the tunnels of `Tunnel`.
class Decoder {
 public:
  explicit Decoder(const DecodeOptions& options = {});

  // Fills packets[0..count), outermost first, and returns Reason::none: all but the last are carriers. Or
  // returns why the frame belongs to no flow, with count = 0 and `packets` unspecified. A tunnel whose
  // content is no packet (damaged, not IP, deeper than tunnels_most) leaves its carrier as the last packet,
  // with Packet::unopened set and carrier false. A port alone makes no tunnel: what does not begin with the
  // tunnel's header is plain UDP. `stripped`: the transport of a remote mirror was taken off
  // (DecodeOptions::mirror_receivers); its addresses became no packet.
  struct Result {
    Reason reason = Reason::none;
    std::uint8_t count = 0;
    bool stripped = false;
  };
  Result decode(const Frame& frame, std::span<Packet, packets_most> packets) const;
  // decode() in its two halves, for a caller that has something of its own to do with each. First the short
  // way for what nearly all frames are (usual.hpp), which makes one packet of them; false: it is none of
  // these and `packet` is unspecified. by_layers() knows them all and makes the same packet of the usual
  // ones.
  bool usual(const Frame& frame, Packet& packet) const;
  Result by_layers(const Frame& frame, std::span<Packet, packets_most> packets) const;
  // The same, and tells how many headers were looked at: the work that the frame was, at most layers_most.
  Result decode(const Frame& frame, std::span<Packet, packets_most> packets, unsigned& headers) const;
  // By which every address of a packet gets its domain: that of the frame's outermost packet, without a
  // remote mirror's transport.
  const Domains& domains() const { return domains_; }

 private:
  Result outermost(const Frame& frame, layer::Cursor& at, std::span<Packet, packets_most> packets) const;
  Result inside(const Frame& frame, layer::Cursor& at, std::span<Packet, packets_most> packets) const;
  bool mirror_rest(const Packet& packet) const;
  bool receives_mirrors(const IpAddress& address) const;
  // A remote mirror's transport that the sensor itself receives.
  bool ends_here(const Packet& carrier, Tunnel tunnel) const;

  UdpTunnels udp_{};
  std::vector<IpAddress> mirror_receivers_{};
  Domains domains_{};
};

// The innermost packet, by the default options: for tests and tools.
Reason decode(const Frame& frame, Packet& packet);

}  // namespace sekimori::capture
