#include "daemon/behaviour/ring.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace sekimori::daemon {
namespace {

TEST(Ring, GivesBackInOrderWhateverItGrowsTo) {
  Ring<int> ring;
  std::deque<int> same;
  std::mt19937 random{1};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same run each time
  for (int i = 0; i < 10'000; ++i) {
    // Longer and shorter in turn.
    if (same.empty() || random() % 100 < (i / 1000 % 2 == 0 ? 60U : 40U)) {
      ring.push_back(i);
      same.push_back(i);
    } else {
      EXPECT_EQ(ring.front(), same.front());
      ring.pop_front();
      same.pop_front();
    }
    ASSERT_EQ(ring.size(), same.size());
    ASSERT_EQ(ring.empty(), same.empty());
  }
  for (std::size_t at = 0; at < same.size(); ++at) EXPECT_EQ(ring[at], same[at]);
}

TEST(Ring, KeepsTheOrderOfThoseThatStay) {
  Ring<int> ring;
  for (int i = 0; i < 30; ++i) ring.push_back(i);
  for (int i = 0; i < 10; ++i) ring.pop_front();
  for (int i = 30; i < 40; ++i) ring.push_back(i);  // round the end of its memory
  ring.erase_if([](int value) { return value % 3 != 0; });
  std::vector<int> left;
  for (; !ring.empty(); ring.pop_front()) left.push_back(ring.front());
  EXPECT_EQ(left, (std::vector<int>{12, 15, 18, 21, 24, 27, 30, 33, 36, 39}));
}

}  // namespace
}  // namespace sekimori::daemon
