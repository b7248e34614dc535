#include "capture/flow/flow_key.hpp"

#include <sys/random.h>

#include <cerrno>
#include <system_error>

namespace sekimori::capture {

namespace {

// Steele, Lea, Flood 2014 (SplittableRandom): a bijection in which every bit of the input reaches every bit.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}
constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ULL;

std::uint64_t address_mix(const IpAddress& address) {
  return mixed(address.upper() +
               golden * mixed(address.lower() + static_cast<std::uint64_t>(address.family)));
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

void write_quoted_key(const Packet& packet, DirectedKey& out) {
  write_key(packet.quoted, has_ports(packet.quoted.protocol), packet, out);
  out.key.words[4] |= packed_icmp_id(packet.icmp_id);
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
