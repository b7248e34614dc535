// A classic pcap file of built frames, in memory: little endian, microseconds, Ethernet.
//
//   CaptureOctets capture;
//   capture.add(capture_begin + 40ms, ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).bytes());
//   file << capture.octets();
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/kit/packet_builder.hpp"

namespace sekimori::kit {

// 2026-11-20T09:00:00 in Japan, a Friday; since 1970.
inline constexpr std::chrono::seconds capture_begin{1'795'132'800};

class CaptureOctets {
 public:
  CaptureOctets() {
    for (const std::uint32_t word : {0xa1b2c3d4U, 0x00040002U, 0U, 0U, 262144U, 1U}) put(word);
  }

  // `at`: since 1970, not negative; captures may run backwards.
  CaptureOctets& add(std::chrono::microseconds at, const Octets& frame) {
    const auto second = std::chrono::floor<std::chrono::seconds>(at);
    put(static_cast<std::uint32_t>(second.count()));
    put(static_cast<std::uint32_t>((at - second).count()));
    put(static_cast<std::uint32_t>(frame.size()));
    put(static_cast<std::uint32_t>(frame.size()));
    for (const std::byte octet : frame) octets_.push_back(static_cast<char>(octet));
    return *this;
  }

  const std::string& octets() const { return octets_; }

 private:
  void put(std::uint32_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8) octets_.push_back(static_cast<char>(value >> shift));
  }

  std::string octets_{};
};

}  // namespace sekimori::kit
