// A set of page numbers that names its next member after any number in a fixed, small number of steps.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sekimori::capture {

// A bitmap with a bitmap of its words above it, and so on up to a single word: 64 times smaller per level, so
// that 3.6 million pages (100 million flows) take four levels. All memory is taken by the constructor. The
// lowest member is asked for most: below `least_` there is none.
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
    if (page < least_) least_ = page;
    for (auto& level : levels_) {
      auto& word = level[page / 64U];
      const bool known = word != 0;
      word |= std::uint64_t{1} << (page % 64U);
      if (known) return;
      page /= 64U;
    }
  }

  void erase(std::uint32_t page) {
    if (page == least_) ++least_;
    for (auto& level : levels_) {
      auto& word = level[page / 64U];
      word &= ~(std::uint64_t{1} << (page % 64U));
      if (word != 0) return;
      page /= 64U;
    }
  }

  // The first member that is not below `page`; none if there is none.
  std::uint32_t next(std::uint32_t page) const {
    const std::uint32_t at = page < least_ ? least_ : page;
    const auto& lowest = levels_.front();
    if (at / 64U < lowest.size()) [[likely]] {
      const std::uint64_t rest = lowest[at / 64U] & (~std::uint64_t{0} << (at % 64U));
      if (rest != 0) [[likely]]
        return (at & ~63U) + static_cast<std::uint32_t>(std::countr_zero(rest));
    }
    return next_above(at);
  }

 private:
  // There is none beside it in its own word.
  std::uint32_t next_above(std::uint32_t at) const {
    for (std::size_t height = 1; height < levels_.size(); ++height) {
      at = at / 64U + 1U;
      if (at / 64U >= levels_[height].size()) return none;
      const std::uint64_t rest = levels_[height][at / 64U] & (~std::uint64_t{0} << (at % 64U));
      if (rest == 0) continue;
      at = (at & ~63U) + static_cast<std::uint32_t>(std::countr_zero(rest));
      while (height > 0) {
        --height;
        at = at * 64U + static_cast<std::uint32_t>(std::countr_zero(levels_[height][at]));
      }
      return at;
    }
    return none;
  }

  std::vector<std::vector<std::uint64_t>> levels_{};
  std::uint32_t least_ = 0;
};

}  // namespace sekimori::capture
