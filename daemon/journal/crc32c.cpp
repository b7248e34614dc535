#include "daemon/journal/crc32c.hpp"

#include <array>
#include <cstddef>
#include <cstring>

namespace sekimori::daemon {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // reflected

// Eight octets at a time: table k tells what an octet becomes k octets later.
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t octet = 0; octet < 256; ++octet) {
    std::uint32_t crc = octet;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? polynomial : 0U);
    tables[0][octet] = crc;
  }
  for (std::size_t octet = 0; octet < 256; ++octet) {
    for (std::size_t k = 1; k < tables.size(); ++k) {
      const std::uint32_t last = tables[k - 1][octet];
      tables[k][octet] = (last >> 8U) ^ tables[0][last & 255U];
    }
  }
  return tables;
}

constexpr Tables tables = make_tables();

#ifdef __x86_64__
// The processor has an instruction for this polynomial: a start reads hundreds of megabytes.
__attribute__((target("sse4.2"))) std::uint32_t by_processor(std::string_view bytes, std::uint32_t before) {
  std::uint64_t crc = static_cast<std::uint32_t>(~before);
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    crc = __builtin_ia32_crc32di(crc, word);
  }
  auto rest = static_cast<std::uint32_t>(crc);
  for (; left > 0; --left, ++at) rest = __builtin_ia32_crc32qi(rest, static_cast<unsigned char>(*at));
  return ~rest;
}
#endif

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
#ifdef __x86_64__
  static const bool instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (instruction) return by_processor(bytes, before);
#endif
  return crc32c_by_table(bytes, before);
}

std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t before) {
  std::uint32_t crc = ~before;
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    const std::uint32_t low =
        crc ^ (static_cast<std::uint32_t>(at[0]) | static_cast<std::uint32_t>(at[1]) << 8U |
               static_cast<std::uint32_t>(at[2]) << 16U | static_cast<std::uint32_t>(at[3]) << 24U);
    crc = tables[7][low & 255U] ^ tables[6][(low >> 8U) & 255U] ^ tables[5][(low >> 16U) & 255U] ^
          tables[4][low >> 24U] ^ tables[3][at[4]] ^ tables[2][at[5]] ^ tables[1][at[6]] ^ tables[0][at[7]];
  }
  for (; left > 0; --left, ++at) crc = (crc >> 8U) ^ tables[0][(crc ^ *at) & 255U];
  return ~crc;
}

}  // namespace sekimori::daemon
