#include "capture/flow/page_set.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/capture/flow_kit.hpp"

namespace sekimori::capture {
namespace {

// Against the library's own set, with members crowded at both ends and far apart.
TEST(PageSet, NamesTheNextMemberAfterAnyNumber) {
  for (const std::uint32_t size : {1U, 64U, 65U, 4'097U, 300'000U}) {
    flow_kit::Random random{size};
    PageSet pages{size};
    std::set<std::uint32_t> known;
    const auto some = [&] {
      const std::uint32_t near = random.below(3);
      return near == 0 ? random.below(size) : near == 1 ? random.below(std::min(size, 9U)) : size - 1;
    };
    for (unsigned round = 0; round < 20'000; ++round) {
      const std::uint32_t page = some();
      if (random.below(2) == 0) {
        pages.insert(page);
        known.insert(page);
      } else {
        pages.erase(page);
        known.erase(page);
      }
      ASSERT_EQ(pages.empty(), known.empty());
      ASSERT_EQ(pages.contains(page), known.count(page) != 0);
      for (const std::uint32_t from : {0U, some(), page}) {
        const auto next = known.lower_bound(from);
        ASSERT_EQ(pages.next(from), next == known.end() ? PageSet::none : *next) << size << " from " << from;
      }
      ASSERT_EQ(pages.next(size), PageSet::none);
    }
  }
}

}  // namespace
}  // namespace sekimori::capture
