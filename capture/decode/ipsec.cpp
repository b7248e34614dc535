// The authentication header (RFC 4302) hides nothing, and neither does an ESP header (RFC 4303) with NULL
// encryption (RFC 2410): monitors are expected to look behind both.
#include "capture/decode/layers.hpp"

namespace sekimori::capture::layer {
namespace {

constexpr std::uint32_t esp_header = 8;

// What is read in place of the security header: the conversation itself.
bool names_a_conversation(std::uint8_t next) {
  return next == protocol::tcp || next == protocol::udp || next == protocol::sctp || next == protocol::icmp ||
         next == protocol::gre || next == protocol::l2tp;
}

// Would a host take these octets as a payload of `next`? Every answer needs several fields to agree.
bool plausible(std::uint8_t next, Family family, const Cursor& at) {
  switch (next) {
    case protocol::ipv4:
    case protocol::ipv6: {
      const auto first = at.bytes.peek<1>();
      return first && first.u8<0>() >> 4U == (next == protocol::ipv4 ? 4 : 6) && plain_ip(at, true);
    }
    case protocol::tcp: {
      const auto header = at.bytes.peek<20>();
      if (!header) return false;
      const std::uint32_t length = (header.u8<12>() >> 4U) * 4U;
      const unsigned unused = header.u8<12>() & 0x0eU;
      return length >= 20 && length <= at.left() && unused == 0 && header.u8<13>() != 0 &&
             (header.u8<13>() & 0xc0U) == 0;
    }
    case protocol::udp: {
      const auto header = at.bytes.peek<8>();
      return header && header.be16<4>() == at.left();
    }
    case protocol::icmp: {  // an echo
      const auto header = at.bytes.peek<8>();
      return header && family == Family::ipv4 && (header.u8<0>() == 8 || header.u8<0>() == 0) &&
             header.u8<1>() == 0;
    }
    default:
      return false;
  }
}

bool counts_up(ByteReader octets, std::uint32_t most) {
  for (std::uint32_t i = 1; i <= most; ++i) {
    const auto octet = octets.take<1>();
    if (!octet || octet.u8<0>() != i) return false;
  }
  return true;
}

// Steps onto the content of an ESP header that encrypts nothing and returns its protocol; 0 when no such
// reading holds. The trailer is at the end, before a check value of unknown length: padding that counts up
// from one, its length, and the protocol (RFC 4303 section 2.4).
std::uint8_t unencrypted(Cursor& at, Family family) {
  if (at.missing != 0) return 0;
  static constexpr std::array<std::uint32_t, 5> check_values{12, 16, 24, 32, 0};
  for (const std::uint32_t check : check_values) {
    if (at.left() < esp_header + 2 + check) continue;
    Cursor trailer = at;
    trailer.skip(at.left() - check - 2);
    const auto end = trailer.bytes.peek<2>();
    if (!end) continue;
    const std::uint32_t padding = end.u8<0>();
    constexpr std::uint32_t padding_most = 15;  // there is no block to fill up
    const std::uint32_t room = at.left() - check - 2 - esp_header;
    if (padding > padding_most || padding > room || (room + 2) % 4 != 0) continue;
    Cursor filled = at;
    filled.skip(esp_header + room - padding);
    if (!counts_up(filled.bytes, padding)) continue;
    Cursor content = at;
    content.skip(esp_header);
    content.limit(room - padding);
    if (!plausible(end.u8<1>(), family, content)) continue;
    at = content;
    return end.u8<1>();
  }
  return 0;
}

void carried(Tunnel tunnel, std::uint8_t next, Cursor& at, Packet& packet, Fingerprint print) {
  if (names_a_conversation(next)) {
    packet.tuple.protocol = next;
    return transport(at, packet, print);
  }
  at.content = tunnel;
  at.content_protocol = next;
  packet.fingerprint = print.value();
}

}  // namespace

void authentication(Cursor& at, Packet& packet, Fingerprint print) {
  packet.payload_bytes = at.left();
  packet.fingerprint = print.value();
  const auto header = at.bytes.peek<12>();
  if (!header) {
    (at.left() < 12 ? packet.malformed : packet.cut) = true;
    return;
  }
  print.add(header.be32<8>());  // the sequence number, which tells repetitions apart
  const std::uint32_t length = (header.u8<1>() + 2U) * 4U;
  if (length < 12 || length > at.left()) {
    packet.malformed = true;
    packet.fingerprint = print.value();
    return;
  }
  at.skip(length);
  carried(Tunnel::ah, header.u8<0>(), at, packet, print);
}

void encryption(Cursor& at, Packet& packet, Fingerprint print) {
  packet.payload_bytes = at.left();
  if (const auto header = at.bytes.peek<esp_header>()) print.add(header.be32<0>(), header.be32<4>());
  const std::uint8_t next = packet.fragment ? std::uint8_t{0} : unencrypted(at, packet.tuple.source.family);
  carried(Tunnel::esp, next, at, packet, print);
}

}  // namespace sekimori::capture::layer
