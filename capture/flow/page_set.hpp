// A set of page numbers that names its next member after any number in a fixed, small number of steps.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sekimori::capture {

// A bitmap with a bitmap of its words above it, and so on up to a single word: 64 times smaller per level, so
// that 3.6 million pages (100 million flows) take four levels. All memory is taken by the constructor.
class PageSet {
 public:
  static constexpr std::uint32_t none = 0xffff'ffffU;

  explicit PageSet(std::uint32_t size) {
    std::size_t words = size;
    do {
      words = (words + 63U) / 64U;
      levels_.emplace_back(words, 0U);
    } while (words > 1);
  }

  bool empty() const { return levels_.back()[0] == 0; }
  bool contains(std::uint32_t page) const { return (levels_[0][page / 64U] >> (page % 64U) & 1U) != 0; }

  void insert(std::uint32_t page) {
    for (auto& level : levels_) {
      auto& word = level[page / 64U];
      const bool known = word != 0;
      word |= std::uint64_t{1} << (page % 64U);
      if (known) return;
      page /= 64U;
    }
  }

  void erase(std::uint32_t page) {
    for (auto& level : levels_) {
      auto& word = level[page / 64U];
      word &= ~(std::uint64_t{1} << (page % 64U));
      if (word != 0) return;
      page /= 64U;
    }
  }

  // The first member that is not below `page`; none if there is none.
  std::uint32_t next(std::uint32_t page) const {
    std::size_t height = 0;
    std::uint32_t at = page;
    while (true) {
      if (at / 64U >= levels_[height].size()) return none;
      const std::uint64_t rest = levels_[height][at / 64U] & (~std::uint64_t{0} << (at % 64U));
      if (rest != 0) {
        at = (at & ~63U) + static_cast<std::uint32_t>(std::countr_zero(rest));
        break;
      }
      if (++height == levels_.size()) return none;
      at = at / 64U + 1U;
    }
    while (height > 0) {
      --height;
      at = at * 64U + static_cast<std::uint32_t>(std::countr_zero(levels_[height][at]));
    }
    return at;
  }

 private:
  std::vector<std::vector<std::uint64_t>> levels_{};
};

}  // namespace sekimori::capture
