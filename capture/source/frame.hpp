// A frame as the wire gave it: borrowed bytes, valid only during the call that hands it over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "capture/time.hpp"

namespace sekimori::capture {

// Frame::tap of a capture file: it was recorded at nobody knows which tap, so no tap's segments may be
// claimed for it.
inline constexpr std::uint16_t no_tap = 0xffff;

struct Frame {
  std::span<const std::byte> bytes{};  // what was captured, at most the snaplen
  std::uint32_t wire_length = 0;       // octets on the wire, at least bytes.size()
  std::uint16_t tap = 0;               // index of the tap in CaptureOptions::taps (files: no_tap)
  std::uint16_t link = 1;              // LINKTYPE_ value of the capture (1 = Ethernet)
  std::uint64_t number = 0;  // position in the whole input, from 1: orders what several workers find
  Time time{};
};

}  // namespace sekimori::capture
