#include "daemon/behaviour/marks.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace sekimori::daemon {
namespace {

std::vector<std::uint64_t> flows(const Marks& marks) {
  std::vector<std::uint64_t> result;
  for (const Mark& mark : marks) result.push_back(mark.flow);
  return result;
}

TEST(Marks, AreTheOldestFirstAndTakenOutAnywhere) {
  Marks marks;
  EXPECT_TRUE(marks.empty());
  EXPECT_EQ(marks.begin(), marks.end());
  for (std::uint64_t flow = 1; flow <= 6; ++flow) marks.push_back({{}, 0, 0, {}, flow});
  marks.pop_front();
  marks.pop_back();
  marks.erase(marks.begin() + 1);
  EXPECT_EQ(flows(marks), (std::vector<std::uint64_t>{2, 4, 5}));
  EXPECT_EQ(marks.front().flow, 2U);
  EXPECT_EQ(marks.back().flow, 5U);
  marks.clear();
  EXPECT_EQ(marks.size(), 0U);
  marks.push_back({{}, 0, 0, {}, 9});
  EXPECT_EQ(flows(marks), (std::vector<std::uint64_t>{9}));
}

// As a terminal's are for hours: one comes, one goes.
TEST(Marks, StayAsTheyAreWhileTheyMove) {
  Marks marks;
  std::vector<std::uint64_t> same;
  std::mt19937 random{1};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same run each time
  for (std::uint64_t flow = 0; flow < 50'000; ++flow) {
    marks.push_back({{}, 0, 0, {}, flow});
    same.push_back(flow);
    if (random() % 3 == 0) {
      const std::size_t at = random() % same.size();
      marks.erase(marks.begin() + at);
      same.erase(same.begin() + static_cast<std::ptrdiff_t>(at));
    }
    while (same.size() > 240) {
      marks.pop_front();
      same.erase(same.begin());
    }
    ASSERT_EQ(marks.size(), same.size());
    if (flow % 997 == 0) {
      ASSERT_EQ(flows(marks), same);
    }
  }
  EXPECT_EQ(flows(marks), same);
}

}  // namespace
}  // namespace sekimori::daemon
