// Digests of bytes, and how they are written. Signatures are in daemon/journal/signing.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sekimori::daemon {

using Sha1 = std::array<std::uint8_t, 20>;
using Sha256 = std::array<std::uint8_t, 32>;

// Both throw std::runtime_error when the library refuses (out of memory, or a provider that forbids SHA-1).
Sha1 sha1(std::string_view bytes);  // Community ID asks for it; nothing here rests on its strength
Sha256 sha256(std::string_view bytes);

std::string hex(std::span<const std::uint8_t> bytes);     // lower case
std::string base64(std::span<const std::uint8_t> bytes);  // RFC 4648 section 4, padded

}  // namespace sekimori::daemon
