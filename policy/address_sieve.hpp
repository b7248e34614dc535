// Whether an address may be in one of a few prefixes: where most are in none, one bit says so for IPv4 and
// the search is spared.
//
//   sieve.add(prefix);
//   if (sieve.may_hold(address)) ... map.find(address) ...
#pragma once

#include <bitset>
#include <cstdint>

#include "capture/address.hpp"

namespace sekimori::policy {

class AddressSieve {
 public:
  // In whatever domain.
  void add(const Prefix& prefix) {
    if (prefix.address.family != Family::ipv4) return;
    const std::uint32_t first = upper_half(prefix.address);
    const std::uint32_t count = prefix.length >= 16 ? 1U : 1U << (16U - prefix.length);
    for (std::uint32_t at = first; at < first + count; ++at) bits_.set(at);
  }
  // IPv6: always.
  bool may_hold(const IpAddress& address) const {
    return address.family != Family::ipv4 || bits_[upper_half(address)];
  }

 private:
  static std::uint32_t upper_half(const IpAddress& address) {
    return static_cast<std::uint32_t>(address.bytes[0]) << 8U | address.bytes[1];
  }

  std::bitset<65536> bits_{};  // by the first two octets
};

}  // namespace sekimori::policy
