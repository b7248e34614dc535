// Inside the packet builder: octets in network order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "tests/kit/packet_builder.hpp"

namespace sekimori::kit {

[[noreturn]] inline void refuse(const std::string& what) {
  throw std::invalid_argument("packet builder: " + what);
}

inline std::byte octet(unsigned value) {
  return static_cast<std::byte>(value & 0xffU);
}
inline unsigned number(std::byte value) {
  return std::to_integer<unsigned>(value);
}

inline void put16(Octets& out, unsigned value) {
  out.push_back(octet(value >> 8U));
  out.push_back(octet(value));
}

inline void put32(Octets& out, std::uint32_t value) {
  put16(out, value >> 16U);
  put16(out, value & 0xffffU);
}

inline void set16(Octets& out, std::size_t at, unsigned value) {
  out.at(at) = octet(value >> 8U);
  out.at(at + 1) = octet(value);
}

}  // namespace sekimori::kit
