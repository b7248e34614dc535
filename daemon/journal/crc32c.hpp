// CRC-32C (Castagnoli; RFC 3720 section 12.1): finds what a torn or damaged write did. No protection from
// people: that is the hash chain's work.
#pragma once

#include <cstdint>
#include <string_view>

namespace sekimori::daemon {

// Of `bytes` after what `before` stands for; 0 begins. Any thread.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);
// The same for processors without an instruction for it.
std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t before = 0);

}  // namespace sekimori::daemon
