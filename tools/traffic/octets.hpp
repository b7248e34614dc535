// Octets in network order, and the Internet checksum over them (RFC 1071).
#pragma once

#include "tools/traffic/frames.hpp"

namespace sekimori::traffic {

inline void put16(Octets& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8U));
  out.push_back(static_cast<std::uint8_t>(value));
}
inline void put32(Octets& out, std::uint32_t value) {
  put16(out, value >> 16U);
  put16(out, value & 0xffffU);
}
inline void put(Octets& out, const MacAddress& mac) {
  out.insert(out.end(), mac.bytes.begin(), mac.bytes.end());
}
inline void put(Octets& out, const IpAddress& address) {
  out.insert(out.end(), address.bytes.begin(), address.bytes.begin() + address.bits() / 8);
}
inline void put(Octets& out, const Octets& octets) {
  out.insert(out.end(), octets.begin(), octets.end());
}

inline std::uint32_t sum(const Octets& octets, std::uint32_t total = 0) {
  for (std::size_t i = 0; i < octets.size(); i += 2) {
    const std::uint32_t low = i + 1 < octets.size() ? octets[i + 1] : 0U;
    total += (static_cast<std::uint32_t>(octets[i]) << 8U) + low;
  }
  return total;
}

inline std::uint16_t folded(std::uint32_t total) {
  while (total > 0xffffU) total = (total & 0xffffU) + (total >> 16U);
  return static_cast<std::uint16_t>(~total);
}

inline void store16(Octets& out, std::size_t at, std::uint16_t value) {
  out[at] = static_cast<std::uint8_t>(value >> 8U);
  out[at + 1] = static_cast<std::uint8_t>(value);
}

inline std::uint32_t pseudo_header(const Pair& pair, std::uint8_t protocol, std::size_t length) {
  Octets pseudo;
  put(pseudo, pair.source);
  put(pseudo, pair.destination);
  put32(pseudo, static_cast<std::uint32_t>(length));
  put32(pseudo, protocol);
  return sum(pseudo);
}

inline bool is_ipv6(const Pair& pair) {
  return pair.source.family == Family::ipv6;
}

}  // namespace sekimori::traffic
