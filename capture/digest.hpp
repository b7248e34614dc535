// Digests of a few words, the same in every run: for counting what was seen and for keys of tables that hash
// them once more with a secret of their own. No defence by themselves: who chooses the words can make two of
// them alike.
//
//   std::uint64_t key = digest(digest(0, port), address);
#pragma once

#include <cstdint>

#include "capture/address.hpp"

namespace sekimori {

// What was digested so far, and one more word.
constexpr std::uint64_t digest(std::uint64_t so_far, std::uint64_t word) {
  so_far = (so_far ^ word) * 0x9e3779b97f4a7c15ULL;
  return so_far ^ so_far >> 29U;
}

inline std::uint64_t digest(std::uint64_t so_far, const IpAddress& address) {
  const auto where = static_cast<std::uint64_t>(address.domain) << 8U | static_cast<unsigned>(address.family);
  return digest(digest(digest(so_far, where), address.upper()), address.lower());
}

}  // namespace sekimori
