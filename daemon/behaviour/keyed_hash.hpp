// Where small keys lie in tables of main: by a secret, so that whoever sends packets cannot choose keys that
// meet.
//
// Sums of products modulo 2^128, of which the upper half counts (multiply-shift: Dietzfelbinger 1996): for
// whoever does not know the factors, any two keys are as likely to have any two values as any others. Of an
// IPv4 address that is one product; NH of the flow table's key would be three of twice the width.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "capture/address.hpp"
#include "capture/flow/flow_key.hpp"

namespace sekimori::daemon {

// A copy has the same secret: what it says of a key is good for all tables that were given one.
class KeyedHash {
 public:
  // Throws std::system_error if the kernel has no secret.
  KeyedHash() {
    for (Wide& factor : factors_) {
      const capture::HashSecret secret = capture::HashSecret::random();
      factor = static_cast<Wide>(secret.words[0]) << 64U | secret.words[1];
    }
  }

  std::uint32_t operator()(std::uint64_t number) const { return folded(times(0, number)); }
  std::uint32_t operator()(const IpAddress& address) const { return folded(sum(address)); }
  std::uint32_t operator()(const std::pair<std::uint32_t, IpAddress>& key) const {
    return folded(sum(key.second) + times(3, key.first));
  }

 private:
  __extension__ using Wide = unsigned __int128;

  Wide times(std::size_t factor, std::uint64_t word) const { return factors_[factor] * word; }
  Wide sum(const IpAddress& address) const {
    const auto where =
        static_cast<std::uint64_t>(address.domain) << 8U | static_cast<unsigned>(address.family);
    // Where nothing else stands: an IPv4 address fills the upper half of the first word.
    if (address.family == Family::ipv4) [[likely]]
      return times(0, address.upper() | where);
    return times(0, address.upper()) + times(1, address.lower()) + times(2, where);
  }
  // Keys in a row lie evenly before this, and in a bad case close together.
  std::uint32_t folded(Wide sum) const {
    auto value = static_cast<std::uint64_t>((sum + factors_[4]) >> 64U);
    value = (value ^ value >> 32U) * 0x9e3779b97f4a7c15ULL;
    return static_cast<std::uint32_t>(value >> 32U);
  }

  std::array<Wide, 5> factors_{};
};

// What several watchers ask for of a step, hashed once for all of them.
struct StepHashes {
  std::uint32_t source = 0;
  std::uint32_t destination = 0;
  std::uint32_t flow = 0;  // by its id
};

}  // namespace sekimori::daemon
