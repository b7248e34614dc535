#include "tools/traffic/frames.hpp"

#include <algorithm>
#include <cassert>
#include <string_view>

#include "tools/traffic/octets.hpp"

namespace sekimori::traffic {
namespace {

constexpr std::uint8_t protocol_tcp = 6, protocol_udp = 17, protocol_icmpv6 = 58;

// Says in every packet dump that nobody's data is shown.
void put_filler(Octets& out, std::size_t size) {
  constexpr std::string_view text = "synthetic data by sekimori-traffic. ";
  for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<std::uint8_t>(text[i % text.size()]));
}

}  // namespace

Octets tcp(const Pair& pair, const TcpHeader& header, std::size_t size) {
  Octets out;
  put16(out, header.source);
  put16(out, header.destination);
  put32(out, header.sequence);
  put32(out, header.acknowledgment);
  const bool syn = (header.flags & tcp_flag::syn) != 0;
  out.push_back(syn ? 0x80 : 0x50);  // data offset: 8 or 5 words
  out.push_back(header.flags);
  put16(out, 64240);  // window
  put16(out, 0);      // checksum
  put16(out, 0);      // urgent
  if (syn) {
    put32(out, is_ipv6(pair) ? 0x020405a0U : 0x020405b4U);  // maximum segment size 1440, 1460
    put32(out, 0x01030308U);                                // no-op, window scale 8
    put32(out, 0x01010402U);                                // no-op twice, SACK permitted
  }
  put_filler(out, size);
  store16(out, 16, folded(sum(out, pseudo_header(pair, protocol_tcp, out.size()))));
  return out;
}

Octets udp(const Pair& pair, const UdpPorts& ports, std::size_t size) {
  Octets content;
  put_filler(content, size);
  return udp(pair, ports, content);
}

Octets udp(const Pair& pair, const UdpPorts& ports, const Octets& content) {
  Octets out;
  put16(out, ports.source);
  put16(out, ports.destination);
  put16(out, 8 + content.size());
  put16(out, 0);
  put(out, content);
  const std::uint16_t checksum = folded(sum(out, pseudo_header(pair, protocol_udp, out.size())));
  store16(out, 6, checksum == 0 ? std::uint16_t{0xffff} : checksum);  // RFC 768: zero means no checksum
  return out;
}

Octets echo(const Pair& pair, const Echo& echo, std::size_t size) {
  Octets out;
  const bool v6 = is_ipv6(pair);
  out.push_back(static_cast<std::uint8_t>(v6 ? (echo.reply ? 129 : 128) : (echo.reply ? 0 : 8)));
  out.push_back(0);
  put16(out, 0);
  put16(out, echo.identifier);
  put16(out, echo.sequence);
  put_filler(out, size);
  store16(out, 2, folded(sum(out, v6 ? pseudo_header(pair, protocol_icmpv6, out.size()) : 0)));
  return out;
}

Octets icmp_error(const Pair& pair, Refusal refusal, const Octets& about) {
  Octets out;
  const bool v6 = is_ipv6(pair);
  const bool prohibited = refusal == Refusal::prohibited;
  out.push_back(v6 ? 1 : 3);  // destination unreachable
  out.push_back(static_cast<std::uint8_t>(v6 ? (prohibited ? 1 : 4) : (prohibited ? 13 : 3)));
  put16(out, 0);
  put32(out, 0);
  // RFC 792: the header and 64 bits; RFC 4443: as much as fits, which for our packets is a few hundred
  // octets.
  const std::size_t quoted = std::min<std::size_t>(about.size(), v6 ? 512 : 28);
  out.insert(out.end(), about.begin(), about.begin() + static_cast<std::ptrdiff_t>(quoted));
  store16(out, 2, folded(sum(out, v6 ? pseudo_header(pair, protocol_icmpv6, out.size()) : 0)));
  return out;
}

Octets neighbour(const Pair& pair, bool advertisement, const IpAddress& target, const MacAddress& sender) {
  Octets out;
  out.push_back(advertisement ? 136 : 135);
  out.push_back(0);
  put16(out, 0);
  put32(out, advertisement ? 0x60000000U : 0U);  // solicited, override
  put(out, target);
  out.push_back(advertisement ? 2 : 1);  // option: target's or source's link-layer address
  out.push_back(1);
  put(out, sender);
  store16(out, 2, folded(sum(out, pseudo_header(pair, protocol_icmpv6, out.size()))));
  return out;
}

Octets ip(const Pair& pair, const IpHeader& header, const Octets& payload) {
  Octets out;
  if (is_ipv6(pair)) {
    put32(out, 0x60000000U);
    put16(out, payload.size());
    out.push_back(header.protocol);
    out.push_back(header.ttl);
    put(out, pair.source);
    put(out, pair.destination);
  } else {
    put16(out, 0x4500);
    put16(out, 20 + payload.size());
    put16(out, header.identification);
    put16(out, 0x4000);  // don't fragment
    out.push_back(header.ttl);
    out.push_back(header.protocol);
    put16(out, 0);
    put(out, pair.source);
    put(out, pair.destination);
    store16(out, 10, folded(sum(out)));
  }
  put(out, payload);
  return out;
}

Octets arp(const ArpBody& body) {
  assert(body.sender.family == Family::ipv4 && body.target.family == Family::ipv4);
  Octets out;
  put16(out, 1);  // Ethernet
  put16(out, 0x0800);
  out.push_back(6);
  out.push_back(4);
  put16(out, body.reply ? 2 : 1);
  put(out, body.sender_mac);
  put(out, body.sender);
  put(out, body.target_mac);
  put(out, body.target);
  return out;
}

Octets ethernet(const Link& link, const Octets& payload) {
  constexpr std::size_t payload_least = 46;
  Octets out;
  put(out, link.destination);
  put(out, link.source);
  if (link.vlan) {
    put16(out, 0x8100);
    put16(out, *link.vlan);
  }
  // 802.3 names the length of what follows where Ethernet II names its kind.
  put16(out, link.type == EtherType::length ? payload.size() : static_cast<std::size_t>(link.type));
  put(out, payload);
  if (payload.size() < payload_least) out.resize(out.size() + payload_least - payload.size());
  return out;
}

}  // namespace sekimori::traffic
