// Where small keys lie in tables of main: a secret of its own for each table, so that whoever sends packets
// cannot choose keys that meet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "capture/address.hpp"
#include "capture/flow/flow_key.hpp"

namespace sekimori::daemon {

// As boost::unordered_flat_map takes it. Throws std::system_error when made, if the kernel has no secret.
class KeyedHash {
 public:
  using is_avalanching = void;

  KeyedHash() : hash_(capture::HashSecret::random()) {}

  std::size_t operator()(std::uint64_t number) const { return of(number, 0, 0); }
  std::size_t operator()(const IpAddress& address) const { return (*this)(std::pair{0U, address}); }
  std::size_t operator()(const std::pair<std::uint32_t, IpAddress>& key) const {
    const IpAddress& address = key.second;
    return of(address.upper(), address.lower(),
              static_cast<std::uint64_t>(key.first) << 16U |
                  static_cast<std::uint64_t>(address.domain) << 8U | static_cast<unsigned>(address.family));
  }

 private:
  std::size_t of(std::uint64_t first, std::uint64_t second, std::uint64_t third) const {
    capture::FlowKey key;
    key.words = {first, second, third, 0, 0};
    return hash_(key);
  }
  capture::FlowHash hash_;
};

}  // namespace sekimori::daemon
