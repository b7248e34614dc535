// How large a tap's kernel ring has to be to outlast a pause of its reader.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace sekimori::capture {

// Bits a second that the interface's link carries, as its driver says; nothing when it does not know (no
// carrier, virtual interfaces). Opens a socket of its own for the question.
std::optional<std::uint64_t> link_speed(const std::string& interface);

// Octets of a TPACKET_V3 ring that hold what such a link delivers in this time, whatever the frames' sizes.
std::uint64_t ring_octets(std::chrono::milliseconds time, std::uint64_t bits_per_second);

}  // namespace sekimori::capture
