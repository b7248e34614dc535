#include "capture/flow/flow_key.hpp"

#include <sys/random.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace sekimori::capture {

namespace {

std::uint64_t big_endian(const std::uint8_t* octets) {
  std::uint64_t word = 0;
  std::memcpy(&word, octets, sizeof word);
  if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
  return word;
}

// Steele, Lea, Flood 2014 (SplittableRandom): a bijection in which every bit of the input reaches every bit.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}
constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ULL;

struct End {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::uint16_t port = 0;
  bool operator<(const End& other) const {
    if (high != other.high) return high < other.high;
    if (low != other.low) return low < other.low;
    return port < other.port;
  }
};

DirectedKey directed(const Tuple& tuple, bool ports_known, const Packet& seen_in) {
  End lower{big_endian(tuple.source.bytes.data()), big_endian(tuple.source.bytes.data() + 8),
            tuple.source_port};
  End upper{big_endian(tuple.destination.bytes.data()), big_endian(tuple.destination.bytes.data() + 8),
            tuple.destination_port};
  DirectedKey result;
  if (upper < lower) {
    std::swap(lower, upper);
    result.side = 1;
  }
  result.key.words = {lower.high, lower.low, upper.high, upper.low,
                      lower.port | (static_cast<std::uint64_t>(upper.port) << 16U) | packed_vlans(seen_in)};
  unsigned kind = tuple.protocol | FlowKey::in_use;
  if (tuple.source.family == Family::ipv6) kind |= FlowKey::ipv6;
  if (ports_known) kind |= FlowKey::with_ports;
  if (seen_in.carrier) kind |= FlowKey::carrier;
  result.key.kind = static_cast<std::uint16_t>(kind);
  return result;
}

bool has_ports(std::uint8_t number) {
  return number == protocol::tcp || number == protocol::udp || number == protocol::sctp;
}

std::uint64_t address_mix(const IpAddress& address) {
  return mixed(big_endian(address.bytes.data()) + golden * mixed(big_endian(address.bytes.data() + 8) +
                                                                 static_cast<std::uint64_t>(address.family)));
}

}  // namespace

HashSecret HashSecret::random() {
  HashSecret secret;
  auto* bytes = reinterpret_cast<std::uint8_t*>(secret.words.data());
  std::size_t filled = 0;
  while (filled < sizeof secret.words) {
    const ssize_t got = ::getrandom(bytes + filled, sizeof secret.words - filled, 0);
    if (got > 0) {
      filled += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "getrandom");
    }
  }
  return secret;
}

DirectedKey key_of(const Packet& packet) {
  if (packet.ports_known) return directed(packet.tuple, has_ports(packet.tuple.protocol), packet);
  const bool icmp = packet.tuple.protocol == protocol::icmp || packet.tuple.protocol == protocol::icmpv6;
  if (icmp) return directed(packet.tuple, false, packet);
  Tuple portless = packet.tuple;
  portless.source_port = 0;
  portless.destination_port = 0;
  return directed(portless, false, packet);
}

DirectedKey quoted_key_of(const Packet& packet) {
  return directed(packet.quoted, has_ports(packet.quoted.protocol), packet);
}

std::uint64_t deal_hash(const Packet& packet, bool errors_apart) {
  const bool quoted = reports(packet) && !errors_apart;
  const Tuple& tuple = quoted ? packet.quoted : packet.tuple;
  const std::uint64_t a = address_mix(tuple.source);
  const std::uint64_t b = address_mix(tuple.destination);
  // Sum and exclusive-or are both symmetric; a host that talks to itself would cancel in the latter alone.
  return mixed((a + b) ^ golden * (a ^ b)) >> 56U;
}

FlowHash::FlowHash(const HashSecret& secret) {
  std::uint64_t turn = 0;
  for (auto& key : keys_) {
    turn += golden;
    key = mixed(secret.words[0] ^ mixed(secret.words[1] + turn));
  }
}

std::uint64_t flow_id(const FlowKey& key, Time start) {
  std::uint64_t id = mixed(static_cast<std::uint64_t>(start.time_since_epoch().count()) + golden);
  for (const auto word : key.words) id = mixed(id + golden + word);
  return mixed(id + golden + key.kind) >> 11U;
}

}  // namespace sekimori::capture
