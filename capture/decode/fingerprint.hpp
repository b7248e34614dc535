// Packet::fingerprint, as the layers add to it: a multiplication and an exclusive or for each eight octets,
// on every packet. Not a secret and no defence: who forges packets can make any two of them look alike.
#pragma once

#include <cstdint>

namespace sekimori::capture::layer {

class Fingerprint {
 public:
  void add(std::uint64_t value) { state_ = (state_ ^ value ^ state_ >> 32U) * 0x9e3779b97f4a7c15ULL; }
  void add(std::uint32_t high, std::uint32_t low) { add(static_cast<std::uint64_t>(high) << 32U | low); }
  std::uint32_t value() const { return static_cast<std::uint32_t>(state_ >> 32U); }

 private:
  std::uint64_t state_ = 0x5e4b1d0a2c6f8e97ULL;
};

}  // namespace sekimori::capture::layer
