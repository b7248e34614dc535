#include "tools/traffic/frames.hpp"

#include <algorithm>
#include <cassert>
#include <string_view>

namespace sekimori::traffic {
namespace {

constexpr std::uint8_t protocol_tcp = 6, protocol_udp = 17, protocol_icmpv6 = 58;

void put16(Octets& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8U));
  out.push_back(static_cast<std::uint8_t>(value));
}
void put32(Octets& out, std::uint32_t value) {
  put16(out, value >> 16U);
  put16(out, value & 0xffffU);
}
void put(Octets& out, const MacAddress& mac) {
  out.insert(out.end(), mac.bytes.begin(), mac.bytes.end());
}
void put(Octets& out, const IpAddress& address) {
  out.insert(out.end(), address.bytes.begin(), address.bytes.begin() + address.bits() / 8);
}
void put(Octets& out, const Octets& octets) {
  out.insert(out.end(), octets.begin(), octets.end());
}

// Says in every packet dump that nobody's data is shown.
void put_filler(Octets& out, std::size_t size) {
  constexpr std::string_view text = "synthetic data by sekimori-traffic. ";
  for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<std::uint8_t>(text[i % text.size()]));
}

std::uint32_t sum(const Octets& octets, std::uint32_t total = 0) {
  for (std::size_t i = 0; i < octets.size(); i += 2) {
    const std::uint32_t low = i + 1 < octets.size() ? octets[i + 1] : 0U;
    total += (static_cast<std::uint32_t>(octets[i]) << 8U) + low;
  }
  return total;
}

std::uint16_t folded(std::uint32_t total) {
  while (total > 0xffffU) total = (total & 0xffffU) + (total >> 16U);
  return static_cast<std::uint16_t>(~total);
}

void store16(Octets& out, std::size_t at, std::uint16_t value) {
  out[at] = static_cast<std::uint8_t>(value >> 8U);
  out[at + 1] = static_cast<std::uint8_t>(value);
}

std::uint32_t pseudo_header(const Pair& pair, std::uint8_t protocol, std::size_t length) {
  Octets pseudo;
  put(pseudo, pair.source);
  put(pseudo, pair.destination);
  put32(pseudo, static_cast<std::uint32_t>(length));
  put32(pseudo, protocol);
  return sum(pseudo);
}

bool is_ipv6(const Pair& pair) {
  return pair.source.family == Family::ipv6;
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
  Octets out;
  put16(out, ports.source);
  put16(out, ports.destination);
  put16(out, 8 + size);
  put16(out, 0);
  put_filler(out, size);
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
  put16(out, static_cast<std::size_t>(link.type));
  put(out, payload);
  if (payload.size() < payload_least) out.resize(out.size() + payload_least - payload.size());
  return out;
}

}  // namespace sekimori::traffic
