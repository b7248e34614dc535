#include "capture/decode/decode.hpp"

#include <algorithm>

#include "capture/decode/layers.hpp"
#include "capture/decode/usual.hpp"

namespace sekimori::capture {
namespace {

// LINKTYPE_ values, as libpcap writes them into files, and the DLT_ values that libpcap reports for them.
namespace link {
constexpr std::uint16_t null = 0;
constexpr std::uint16_t ethernet = 1;
constexpr std::uint16_t ppp = 9;
constexpr std::uint16_t raw_12 = 12;
constexpr std::uint16_t raw_14 = 14;
constexpr std::uint16_t ppp_hdlc = 50;
constexpr std::uint16_t ppp_ether = 51;
constexpr std::uint16_t raw = 101;
constexpr std::uint16_t cisco_hdlc = 104;
constexpr std::uint16_t wifi = 105;
constexpr std::uint16_t loop = 108;
constexpr std::uint16_t linux_cooked = 113;
constexpr std::uint16_t radiotap = 127;
constexpr std::uint16_t ppi = 192;
constexpr std::uint16_t ipv4 = 228;
constexpr std::uint16_t ipv6 = 229;
constexpr std::uint16_t linux_cooked_2 = 276;
}  // namespace link

Reason enter(std::uint32_t type, layer::Cursor& at, Packet& packet) {
  switch (type) {
    case link::ethernet:
      return layer::ethernet(at, packet);
    case link::null:
    case link::loop:
      return layer::loopback(at, packet);
    case link::raw_12:
    case link::raw_14:
    case link::raw:
      return layer::ip(at, packet);
    case link::ipv4:
      return layer::ipv4(at, packet);
    case link::ipv6:
      return layer::ipv6(at, packet);
    case link::linux_cooked:
      return layer::linux_cooked(at, packet);
    case link::linux_cooked_2:
      return layer::linux_cooked_2(at, packet);
    case link::ppp:
      return layer::ppp(at, packet);
    case link::ppp_hdlc:
      return layer::ppp_or_cisco_hdlc(at, packet);
    case link::ppp_ether:
      return layer::pppoe_session(at, packet);
    case link::cisco_hdlc:
      return layer::cisco_hdlc(at, packet);
    case link::wifi:
      return layer::wifi(at, packet);
    case link::radiotap:
      return layer::radiotap(at, packet);
    default:
      return Reason::link_type_unknown;
  }
}

// Per-Packet Information: a header of radio measurements that says which link follows. Never itself.
Reason ppi(layer::Cursor& at, Packet& packet) {
  const auto header = at.bytes.peek<8>();
  if (!header) return Reason::truncated_link;
  const std::uint16_t length = header.le16<2>();
  if (length < 8 || length > at.left()) return Reason::bad_link_header;
  at.skip(length);
  ++at.headers;
  return enter(header.le32<4>(), at, packet);
}

Reason first_link(std::uint16_t type, layer::Cursor& at, Packet& packet) {
  return type == link::ppi ? ppi(at, packet) : enter(type, at, packet);
}

// Gives `packet` what every packet of the frame has, and takes away what was there before.
void start(const Frame& frame, Packet& packet) {
  // Copied from a constant: writing the zeros in place became a string instruction, 12 of then 30 ns a
  // packet.
  static constexpr Packet blank{};
  copy_packet(blank, packet);
  packet.time = frame.time;
  packet.number = frame.number;
  packet.wire_bytes = frame.wire_length;
  packet.tap = frame.tap;
}

// The content of `carrier` became no packet.
void refuse(Packet& carrier, Tunnel tunnel, Reason reason) {
  carrier.tunnel = tunnel;
  carrier.unopened = static_cast<std::uint8_t>(reason);
}

std::uint16_t place_of(const Packet& carrier) {
  std::uint64_t mix = carrier.via;
  for (const std::uint8_t octet : carrier.source_mac.bytes) mix = (mix ^ octet) * 0x9e3779b97f4a7c15ULL;
  mix =
      (mix ^ static_cast<std::uint64_t>(carrier.vlans[1]) << 16U ^ carrier.vlans[0]) * 0x9e3779b97f4a7c15ULL;
  return static_cast<std::uint16_t>(static_cast<unsigned>(carrier.ttl) << 8U |
                                    static_cast<unsigned>(mix >> 56U));
}

// An empty tuple is in no domain, so that it stays equal to itself.
void place(Tuple& tuple, DomainId domain) {
  if (tuple.source.family == Family::none) return;
  tuple.source.domain = tuple.destination.domain = domain;
}

void place(Packet& packet, DomainId domain) {
  place(packet.tuple, domain);
  if (packet.quotes) place(packet.quoted, domain);
  if (packet.depth > 0) place(packet.outer, domain);
}

// Kept out of the way of the sensors that know one domain.
[[gnu::noinline]] void place(std::span<Packet> packets, const Domains& domains) {
  if (packets.empty()) return;
  const Packet& outermost = packets.front();
  const DomainId domain = domains.at(outermost.tap, outermost.vlan_count > 0 ? outermost.vlans[0] : 0);
  if (domain == main_domain) return;
  for (Packet& packet : packets) place(packet, domain);
}

bool truncated(Reason reason) {
  return reason == Reason::truncated_link || reason == Reason::truncated_vlan ||
         reason == Reason::truncated_ip || reason == Reason::truncated_extension;
}

}  // namespace

std::string_view reason_name(Reason reason) {
  static constexpr std::array<std::string_view, reasons_count> names{
#define SEKIMORI_REASON_NAME(name) #name,
      SEKIMORI_REASONS(SEKIMORI_REASON_NAME)
#undef SEKIMORI_REASON_NAME
  };
  const auto index = static_cast<std::size_t>(reason);
  return index < names.size() ? names[index] : "none";
}

std::string_view tunnel_name(Tunnel tunnel) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Tunnel::count_)> names{
      "",     "ipip",   "gre", "erspan", "vxlan", "geneve", "teredo", "gtp_u",
      "l2tp", "capwap", "ah",  "esp",    "mpls",  "tzsp",   "etherip"};
  const auto index = static_cast<std::size_t>(tunnel);
  return index < names.size() ? names[index] : "";
}

Decoder::Decoder(const DecodeOptions& options)
    : mirror_receivers_(options.mirror_receivers), domains_(options.domains) {
  const auto listen = [&](const std::vector<std::uint16_t>& ports, Tunnel tunnel) {
    for (const std::uint16_t port : ports) udp_.listen(port, tunnel);
  };
  listen(options.vxlan_ports, Tunnel::vxlan);
  listen(options.geneve_ports, Tunnel::geneve);
  listen(options.gtp_u_ports, Tunnel::gtp_u);
  listen(options.teredo_ports, Tunnel::teredo);
  listen(options.l2tp_ports, Tunnel::l2tp);
  listen(options.capwap_ports, Tunnel::capwap);
  listen(options.mpls_ports, Tunnel::mpls);
  listen(options.tzsp_ports, Tunnel::tzsp);
}

Decoder::Result Decoder::decode(const Frame& frame, std::span<Packet, packets_most> packets) const {
  if (usual(frame, packets[0])) [[likely]]
    return {.count = 1};
  return by_layers(frame, packets);
}

bool Decoder::usual(const Frame& frame, Packet& packet) const {
  if (frame.link != link::ethernet) return false;
  start(frame, packet);
  if (!layer::usual(frame, udp_, packet)) return false;
  if (domains_.several()) [[unlikely]]
    place({&packet, 1}, domains_);
  return true;
}

Decoder::Result Decoder::by_layers(const Frame& frame, std::span<Packet, packets_most> packets) const {
  unsigned headers = 0;
  return decode(frame, packets, headers);
}

Decoder::Result Decoder::decode(const Frame& frame, std::span<Packet, packets_most> packets,
                                unsigned& headers) const {
  layer::Cursor at{.bytes = ByteReader(frame.bytes), .udp_tunnels = &udp_};
  const Result result = outermost(frame, at, packets);
  headers = at.headers;
  if (domains_.several()) [[unlikely]]
    place(packets.first(result.count), domains_);
  return result;
}

Decoder::Result Decoder::outermost(const Frame& frame, layer::Cursor& at,
                                   std::span<Packet, packets_most> packets) const {
  Packet& packet = packets[0];
  start(frame, packet);
  const auto captured = static_cast<std::uint32_t>(frame.bytes.size());
  at.missing = frame.wire_length > captured ? frame.wire_length - captured : 0;

  const Reason reason = frame.link == link::ethernet ? layer::ethernet(at, packet)  // nearly always
                                                     : first_link(frame.link, at, packet);
  if (reason != Reason::none) return {.reason = reason};
  if (packet.fragment && !packet.fragment_first && mirror_rest(packet)) {
    return {.reason = Reason::mirror_fragment, .stripped = true};
  }
  if (at.content == Tunnel::none) return {.count = 1};
  return inside(frame, at, packets);
}

// One turn for each tunnel: packets[count - 1] is the carrier. Kept out of the way of the many frames
// without.
[[gnu::noinline]] Decoder::Result Decoder::inside(const Frame& frame, layer::Cursor& at,
                                                  std::span<Packet, packets_most> packets) const {
  Result result{.count = 1};
  while (at.content != Tunnel::none) {
    Packet& carrier = packets[result.count - 1U];
    if (carrier.fragment) at.goes_on_elsewhere();
    const layer::Content content = layer::open(at);
    if (content.tunnel == Tunnel::none) break;
    const bool strip = !result.stripped && result.count == 1 && ends_here(carrier, content.tunnel);
    if (!strip && content.reason == Reason::none && result.count == packets_most) {
      refuse(carrier, content.tunnel, Reason::tunnel_too_deep);
      break;
    }
    Reason reason = content.reason;
    const Tuple outer = carrier.tuple;
    Packet& packet = packets[strip ? 0U : result.count];
    if (reason == Reason::none) {
      start(frame, packet);
      reason = layer::enter(content, at, packet);
    }
    if (strip) {
      result.stripped = true;
      if (reason == Reason::none) continue;
      result.reason = reason;
      result.count = 0;
      break;
    }
    if (reason != Reason::none) {
      const bool cut = frame.bytes.size() < frame.wire_length && truncated(reason);
      if (!content.weak || cut) refuse(carrier, content.tunnel, reason);
      break;
    }
    carrier.tunnel = content.tunnel;
    carrier.carrier = true;
    packet.depth = static_cast<std::uint8_t>(carrier.depth + 1);
    packet.inside = content.tunnel;
    packet.outer = outer;
    packet.via = place_of(carrier);
    ++result.count;
  }
  return result;
}

// Its first fragment was taken for a mirrored frame; what follows is no conversation either.
bool Decoder::mirror_rest(const Packet& packet) const {
  const bool carries = packet.tuple.protocol == protocol::gre || packet.tuple.protocol == protocol::udp;
  return carries && receives_mirrors(packet.tuple.destination);
}

bool Decoder::ends_here(const Packet& carrier, Tunnel tunnel) const {
  const bool mirror = tunnel == Tunnel::gre || tunnel == Tunnel::erspan || tunnel == Tunnel::vxlan ||
                      tunnel == Tunnel::geneve || tunnel == Tunnel::tzsp;
  return mirror && receives_mirrors(carrier.tuple.destination);
}

bool Decoder::receives_mirrors(const IpAddress& address) const {
  return std::find(mirror_receivers_.begin(), mirror_receivers_.end(), address) != mirror_receivers_.end();
}

Reason decode(const Frame& frame, Packet& packet) {
  static const Decoder decoder;
  std::array<Packet, packets_most> packets;
  const Decoder::Result result = decoder.decode(frame, packets);
  if (result.count != 0) packet = packets[result.count - 1U];
  return result.reason;
}

}  // namespace sekimori::capture
