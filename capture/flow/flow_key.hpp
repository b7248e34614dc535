// What makes two packets one flow: the key, and the keyed hash by which the table finds it.
#pragma once

#include <array>
#include <cstdint>

#include "capture/decode/packet.hpp"

namespace sekimori::capture {

// Key of the hash: an outsider who cannot guess it cannot aim packets at one bucket.
struct HashSecret {
  std::array<std::uint64_t, 2> words{};
  static HashSecret random();  // 128 bits from getrandom(2); throws std::system_error if the kernel has none
};

// The two ends in a fixed order, so that both directions of a conversation have one key. Family and domain
// are part of it: an IPv6 address made of an IPv4 address's octets is another key, and so are the same
// addresses in another domain.
struct FlowKey {
  // [0..1] lower end's address, [2..3] upper end's, as big-endian numbers (IPv4 in the top half of the first
  // word); [4] lower port, upper port (of ICMP queries their types, with half of the identifier above each),
  // VLAN ids, hand (see `own_hand`), from the low bits upwards: 16, 16, 12, 12, 8.
  std::array<std::uint64_t, 5> words{};
  // Protocol in the low octet, domain in the four bits above it; then carrier, with_ports, ipv6, in_use.
  // Never 0.
  std::uint16_t kind = 0;

  static constexpr std::uint16_t in_use = 0x8000;
  static constexpr std::uint16_t ipv6 = 0x4000;
  static constexpr std::uint16_t with_ports = 0x2000;
  // What a tunnel's packets carry is accounted elsewhere, but for those that could not be opened: two
  // records, so that the books stay plain.
  static constexpr std::uint16_t carrier = 0x1000;
  static constexpr unsigned domain_shift = 8;
  static_assert(domains_max == 16);
  DomainId domain() const { return static_cast<DomainId>(kind >> domain_shift & 0xfU); }
  static constexpr std::uint64_t vlan_bits = 0x00ff'ffff'0000'0000ULL;

  auto operator<=>(const FlowKey&) const = default;
};

// The VLAN ids of a packet as words[4] holds them, and back.
constexpr std::uint64_t packed_vlans(const Packet& packet) {
  const std::uint64_t outer = packet.vlan_count > 0 ? packet.vlans[0] & 0xfffU : 0U;
  const std::uint64_t inner = packet.vlan_count > 1 ? packet.vlans[1] & 0xfffU : 0U;
  return outer << 32U | inner << 44U;
}
constexpr std::array<std::uint16_t, 2> unpacked_vlans(std::uint64_t word) {
  return {static_cast<std::uint16_t>(word >> 32U & 0xfffU), static_cast<std::uint16_t>(word >> 44U & 0xfffU)};
}

struct DirectedKey {
  FlowKey key{};
  std::uint8_t side = 0;  // which end sent: 0 the lower, 1 the upper
};

// The identifier of an ICMP query as words[4] holds it, beside the two types: octets 1 and 3.
inline constexpr std::uint64_t icmp_id_bits = 0xff00'ff00ULL;
constexpr std::uint64_t packed_icmp_id(std::uint16_t id) {
  return (id & 0xffU) << 8U | static_cast<std::uint64_t>(id >> 8U) << 24U;
}

inline bool has_ports(std::uint8_t number) {
  return number == protocol::tcp || number == protocol::udp || number == protocol::sctp;
}

// Writes the key of a tuple seen in this packet, without VLAN ids: see packed_vlans(). Inline, in place and
// without a branch on the addresses' order: it is done for every packet.
[[gnu::always_inline]] inline void write_key(const Tuple& tuple, bool with_ports, const Packet& seen_in,
                                             DirectedKey& out) {
  std::uint64_t ports = tuple.source_port | static_cast<std::uint64_t>(tuple.destination_port) << 16U;
  const std::uint64_t high = tuple.source.upper();
  const std::uint64_t other_high = tuple.destination.upper();
  bool upper = other_high < high;
  if (tuple.source.family == Family::ipv4) [[likely]] {
    if (other_high == high) [[unlikely]]
      upper = tuple.destination_port < tuple.source_port;
    out.key.words[1] = out.key.words[3] = 0;
  } else {
    const std::uint64_t low = tuple.source.lower();
    const std::uint64_t other_low = tuple.destination.lower();
    if (other_high == high) upper = other_low < low;
    if (other_high == high && other_low == low) upper = tuple.destination_port < tuple.source_port;
    out.key.words[1] = upper ? other_low : low;
    out.key.words[3] = upper ? low : other_low;
  }
  const std::uint64_t turn = std::uint64_t{0} - static_cast<std::uint64_t>(upper);
  const std::uint64_t high_change = (high ^ other_high) & turn;
  const std::uint64_t port_change = (ports ^ ports >> 16U) & 0xffffU & turn;
  ports ^= port_change | port_change << 16U;
  out.key.words[0] = high ^ high_change;
  out.key.words[2] = other_high ^ high_change;
  out.key.words[4] = ports;
  const unsigned kind = tuple.protocol | FlowKey::in_use |
                        static_cast<unsigned>(tuple.source.domain) << FlowKey::domain_shift |
                        (tuple.source.family == Family::ipv6 ? FlowKey::ipv6 : 0U) |
                        (with_ports ? FlowKey::with_ports : 0U) | (seen_in.carrier ? FlowKey::carrier : 0U);
  out.key.kind = static_cast<std::uint16_t>(kind);
  out.side = static_cast<std::uint8_t>(upper);
}

// The key of the packet's own tuple, without VLAN ids.
inline void write_key(const Packet& packet, DirectedKey& out) {
  const std::uint8_t number = packet.tuple.protocol;
  if (packet.ports_known && has_ports(number)) [[likely]] {
    return write_key(packet.tuple, true, packet, out);
  }
  if (number == protocol::icmp || number == protocol::icmpv6) {
    write_key(packet.tuple, false, packet, out);
    if (!packet.quotes) out.key.words[4] |= packed_icmp_id(packet.icmp_id);
    return;
  }
  Tuple portless = packet.tuple;
  portless.source_port = 0;
  portless.destination_port = 0;
  write_key(packet.ports_known ? packet.tuple : portless, false, packet, out);
}
inline DirectedKey key_of(const Packet& packet) {
  DirectedKey key;
  write_key(packet, key);
  return key;
}
// Is it an ICMP error about what its receiver has sent? Anything else that quotes a packet is a conversation
// of its own, not to be hidden in the one that it names.
inline bool reports(const Packet& packet) {
  return packet.quotes && packet.quoted.source == packet.tuple.destination;
}
// The key of the conversation that an ICMP error reports. Needs reports(packet).
void write_quoted_key(const Packet& packet, DirectedKey& out);

// Which of the 256 hands a packet is dealt to; worker = hand % workers. Symmetric in direction, and made of
// addresses only, so that fragments without ports meet the rest of their flow. An ICMP error goes where the
// conversation that it quotes goes. Unkeyed: the same on every run. With `errors_apart` an ICMP error goes
// where its own addresses do.
std::uint64_t deal_hash(const Packet& packet, bool errors_apart = false);

// NH of UMAC (RFC 4418 section 5.2) over the key's six words: for whoever does not know the secret, any two
// keys collide with probability 2^-64 before the final mixing.
class FlowHash {
 public:
  explicit FlowHash(const HashSecret& secret);
  [[gnu::always_inline]] std::uint64_t operator()(const FlowKey& key) const {
    const auto& w = key.words;
    Wide sum = multiply(w[0] + keys_[0], w[1] + keys_[1]);
    sum += multiply(w[2] + keys_[2], w[3] + keys_[3]);
    sum += multiply(w[4] + keys_[4], key.kind + keys_[5]);
    const auto low = static_cast<std::uint64_t>(sum);
    const auto high = static_cast<std::uint64_t>(sum >> 64U);
    const Wide mixed = multiply(low ^ keys_[6], high ^ keys_[7]);
    return static_cast<std::uint64_t>(mixed) ^ static_cast<std::uint64_t>(mixed >> 64U) ^ low;
  }

 private:
  __extension__ using Wide = unsigned __int128;
  static Wide multiply(std::uint64_t a, std::uint64_t b) { return static_cast<Wide>(a) * b; }

  std::array<std::uint64_t, 8> keys_{};
};

// 53 bits from key and start time, unkeyed: the same flow has the same id on every run.
std::uint64_t flow_id(const FlowKey& key, Time start);

}  // namespace sekimori::capture
