// IPv4 (RFC 791) and IPv6 (RFC 8200).
#include <algorithm>

#include "capture/decode/layers.hpp"

namespace sekimori::capture::layer {
namespace {

// A card that cuts segments itself is handed datagrams whose length field nobody filled in (0). Nothing is
// handed over for cutting that would fit the smallest datagram all hosts take (RFC 791), so a small one with
// 0 is broken.
constexpr std::uint32_t offload_above = 576;

// RFC 1122 section 3.2.1.3, RFC 4291 section 2.7: these never send, so there is nobody to hold a conversation
// with.
bool can_send(const IpAddress& source) {
  return !source.is_multicast() && !source.is_broadcast();
}

void set_fragment(Packet& packet, const Chain& fragment) {
  packet.fragment = true;
  packet.fragment_first = fragment.offset == 0;
  packet.fragment_more = fragment.more;
  packet.fragment_id = fragment.identification;
  packet.fragment_offset = fragment.offset;
  packet.fragment_bytes = static_cast<std::uint16_t>(std::min<std::uint32_t>(fragment.behind, 0xffff));
}

}  // namespace

Reason ip(Cursor& at, Packet& packet) {
  const auto first = at.bytes.peek<1>();
  if (!first) return Reason::truncated_ip;
  switch (first.u8<0>() >> 4U) {
    case 4:
      return ipv4(at, packet);
    case 6:
      return ipv6(at, packet);
    default:
      return Reason::bad_ip_version;
  }
}

Reason ipv4(Cursor& at, Packet& packet) {
  const auto header = at.bytes.peek<20>();
  if (!header) return Reason::truncated_ip;
  if (header.u8<0>() >> 4U != 4) return Reason::bad_ip_version;
  const std::uint32_t header_length = (header.u8<0>() & 0xfU) * 4U;
  if (header_length < 20) return Reason::bad_ip_header_length;

  std::uint32_t total = header.be16<2>();
  if (total == 0 && at.left() > offload_above) total = at.left();
  if (total < header_length || total > at.left()) return Reason::bad_ip_total_length;
  at.limit(total);

  Tuple& tuple = packet.tuple;
  tuple.source.family = tuple.destination.family = Family::ipv4;
  header.copy<12, 4>(tuple.source.bytes);
  header.copy<16, 4>(tuple.destination.bytes);
  if (!can_send(tuple.source)) return Reason::bad_ip_source;
  tuple.protocol = header.u8<9>();
  packet.ttl = header.u8<8>();

  ++at.headers;
  at.skip(header_length);
  constexpr std::uint16_t more = 0x2000;
  constexpr std::uint16_t offset = 0x1fff;
  const std::uint16_t fragment = header.be16<6>();
  const std::uint16_t identification = header.be16<4>();
  packet.identified = identification != 0;
  if ((fragment & (more | offset)) != 0) {
    set_fragment(packet, {.more = (fragment & more) != 0,
                          .offset = static_cast<std::uint16_t>((fragment & offset) * 8U),
                          .identification = identification,
                          .behind = at.left()});
  }
  Fingerprint print;
  print.add(static_cast<std::uint32_t>(identification) << 16U | fragment,
            static_cast<std::uint32_t>(tuple.protocol) << 24U ^ total);
  transport(at, packet, print);
  return Reason::none;
}

Reason ipv6(Cursor& at, Packet& packet) {
  const auto header = at.bytes.peek<40>();
  if (!header) return Reason::truncated_ip;
  if (header.u8<0>() >> 4U != 6) return Reason::bad_ip_version;

  constexpr std::uint8_t hop_by_hop = 0;
  const std::uint8_t next = header.u8<6>();
  std::uint32_t total = 40U + header.be16<4>();
  // A jumbogram carries its length in a hop-by-hop option (RFC 2675); offload leaves the field empty, too.
  if (total == 40 && (next == hop_by_hop || at.left() > offload_above)) total = at.left();
  if (total > at.left()) return Reason::bad_ip_total_length;
  at.limit(total);

  Tuple& tuple = packet.tuple;
  tuple.source.family = tuple.destination.family = Family::ipv6;
  header.copy<8, 16>(tuple.source.bytes);
  header.copy<24, 16>(tuple.destination.bytes);
  if (!can_send(tuple.source)) return Reason::bad_ip_source;
  packet.ttl = header.u8<7>();

  ++at.headers;
  at.skip(40);
  const Chain chain = extension_headers(next, at);
  tuple.protocol = chain.protocol;
  constexpr std::uint32_t flow_label = 0xfffff;  // leave out the traffic class, which routers may change
  Fingerprint print;
  print.add((header.be32<0>() & flow_label) << 8U | chain.protocol, total);
  if (chain.fragment) {
    set_fragment(packet, chain);
    print.add(chain.identification, static_cast<std::uint32_t>(chain.offset) << 1U | (chain.more ? 1U : 0U));
  }
  switch (chain.end) {
    case Chain::End::short_of:
      // A first fragment may leave the rest of the chain to the second one; alone, no host takes such a
      // packet.
      if (!packet.fragment) return Reason::truncated_extension;
      packet.malformed = true;
      break;
    case Chain::End::too_many:
      packet.malformed = true;
      break;
    case Chain::End::cut:
      packet.cut = true;
      break;
    case Chain::End::transport:
    case Chain::End::later_fragment:
      transport(at, packet, print);
      return Reason::none;
  }
  packet.payload_bytes = at.left();
  packet.fingerprint = print.value();
  return Reason::none;
}

Chain extension_headers(std::uint8_t first, Cursor& at) {
  constexpr std::uint8_t hop_by_hop = 0;
  constexpr std::uint8_t routing = 43;
  constexpr std::uint8_t fragment = 44;
  constexpr std::uint8_t authentication = 51;
  constexpr std::uint8_t no_next_header = 59;
  constexpr std::uint8_t destination_options = 60;
  constexpr std::uint8_t mobility = 135;
  constexpr std::uint8_t host_identity = 139;
  constexpr std::uint8_t shim6 = 140;

  Chain chain{.protocol = first};
  for (unsigned passed = 0;; ++passed) {
    switch (chain.protocol) {
      case hop_by_hop:
      case routing:
      case fragment:
      case authentication:
      case destination_options:
      case mobility:
      case host_identity:
      case shim6:
        break;
      default:
        return chain;
    }
    if (passed == extension_headers_max) {
      chain.end = Chain::End::too_many;
      return chain;
    }
    const auto header = at.bytes.peek<8>();
    if (!header) {
      chain.end = at.left() < 8 ? Chain::End::short_of : Chain::End::cut;
      return chain;
    }
    std::uint32_t length = 8U + header.u8<1>() * 8U;
    if (chain.protocol == fragment) length = 8;
    if (chain.protocol == authentication) length = 8U + header.u8<1>() * 4U;  // RFC 4302 counts in words
    if (length > at.left()) {
      chain.end = Chain::End::short_of;
      return chain;
    }
    at.skip(length);
    ++at.headers;
    const std::uint8_t next = header.u8<0>();
    if (chain.protocol == fragment) {
      constexpr std::uint16_t more = 1;
      const auto offset = static_cast<std::uint16_t>(header.be16<2>() & 0xfff8U);
      // Neither offset nor more: a whole datagram all the same (RFC 6946).
      if (offset != 0 || (header.be16<2>() & more) != 0) {
        chain.fragment = true;
        chain.more = (header.be16<2>() & more) != 0;
        chain.offset = offset;
        chain.identification = header.be32<4>();
        chain.behind = at.left();
      }
      if (offset != 0) {
        chain.protocol = next;
        chain.end = Chain::End::later_fragment;
        return chain;
      }
    }
    // Mobility, HIP and shim6 end the chain when they are the message themselves, and name the flow then.
    if (next == no_next_header && chain.protocol >= mobility) return chain;
    chain.protocol = next;
  }
}

}  // namespace sekimori::capture::layer
