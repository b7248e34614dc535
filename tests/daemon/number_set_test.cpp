#include "daemon/behaviour/number_set.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace sekimori::daemon {
namespace {

TEST(NumberSet, HoldsWhatWasPutInUntilItIsTakenOut) {
  const KeyedHash hash;
  NumberSet set{4, hash};
  EXPECT_TRUE(set.insert(0, hash(std::uint64_t{0})));
  EXPECT_TRUE(set.insert(7, hash(std::uint64_t{7})));
  EXPECT_FALSE(set.insert(7, hash(std::uint64_t{7})));
  EXPECT_TRUE(set.contains(0, set.hash(0)));
  EXPECT_FALSE(set.contains(8, set.hash(8)));
  EXPECT_EQ(set.size(), 2U);
  EXPECT_TRUE(set.erase(7, set.hash(7)));
  EXPECT_FALSE(set.erase(7, set.hash(7)));
  EXPECT_EQ(set.size(), 1U);
}

TEST(NumberSet, IsFullAtItsLimit) {
  NumberSet set{3, KeyedHash{}};
  for (const std::uint64_t number : {10U, 11U, 12U}) {
    EXPECT_FALSE(set.full());
    set.insert(number, set.hash(number));
  }
  EXPECT_TRUE(set.full());
  set.clear();
  EXPECT_EQ(set.size(), 0U);
  EXPECT_FALSE(set.contains(11, set.hash(11)));
}

// All in one place of the index: those behind one that is taken out stay found.
TEST(NumberSet, FindsNumbersThatMeet) {
  NumberSet set{1000, KeyedHash{}};
  std::set<std::uint64_t> kept;
  std::mt19937_64 random{1};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same run each time
  for (int round = 0; round < 20'000; ++round) {
    const std::uint64_t number = random() % 1500;
    const std::uint32_t hash = set.hash(number);
    if (kept.size() < 1000 && random() % 2 == 0) {
      EXPECT_EQ(set.insert(number, hash), kept.insert(number).second);
    } else {
      EXPECT_EQ(set.erase(number, hash), kept.erase(number) == 1);
    }
    ASSERT_EQ(set.size(), kept.size());
  }
  for (std::uint64_t number = 0; number < 1500; ++number) {
    EXPECT_EQ(set.contains(number, set.hash(number)), kept.count(number) == 1) << number;
  }
}

}  // namespace
}  // namespace sekimori::daemon
