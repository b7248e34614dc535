#include "daemon/behaviour/marks.hpp"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

namespace sekimori::daemon {
namespace {

std::vector<std::uint64_t> flows(const Marks& marks) {
  std::vector<std::uint64_t> result;
  for (const Mark& mark : marks) result.push_back(mark.flow);
  return result;
}

TEST(Marks, AreTheOldestFirstAndTakenOutAnywhere) {
  MarkRoom room{100};
  Marks marks;
  EXPECT_TRUE(marks.empty());
  EXPECT_EQ(marks.begin(), marks.end());
  for (std::uint64_t flow = 1; flow <= 6; ++flow) marks.push_back({{}, 0, 0, {}, flow}, room);
  marks.pop_front();
  marks.pop_back();
  marks.erase(marks.begin() + 1);
  EXPECT_EQ(flows(marks), (std::vector<std::uint64_t>{2, 4, 5}));
  EXPECT_EQ(marks.front().flow, 2U);
  EXPECT_EQ(marks.back().flow, 5U);
  marks.clear();
  EXPECT_EQ(marks.size(), 0U);
  marks.push_back({{}, 0, 0, {}, 9}, room);
  EXPECT_EQ(flows(marks), (std::vector<std::uint64_t>{9}));
}

// As a terminal's are for hours: one comes, one goes.
TEST(Marks, StayAsTheyAreWhileTheyMove) {
  MarkRoom room{1'000};
  Marks marks;
  std::vector<std::uint64_t> same;
  std::mt19937 random{1};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same run each time
  for (std::uint64_t flow = 0; flow < 50'000; ++flow) {
    marks.push_back({{}, 0, 0, {}, flow}, room);
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
  EXPECT_EQ(room.taken(), 256U);
}

TEST(Marks, TakeNoMoreThanTheRoomAndGiveItBack) {
  const std::size_t before = capture::PageMemory::taken();
  MarkRoom room{12};
  EXPECT_EQ(capture::PageMemory::taken(), before + 12 * sizeof(Mark));
  {
    std::vector<Marks> lists(3);
    EXPECT_EQ(room.taken(), 0U);
    for (const std::size_t list : {0U, 1U}) {
      for (std::uint64_t flow = 0; flow < 4; ++flow) lists[list].push_back({{}, 0, 0, {}, flow}, room);
    }
    EXPECT_EQ(room.taken(), 8U);
    EXPECT_EQ(lists[0].growth(), 4U);
    lists[0].push_back({{}, 0, 0, {}, 4}, room);
    EXPECT_EQ(room.taken(), 12U);
    EXPECT_FALSE(room.has(lists[1].growth()));
    EXPECT_FALSE(room.has(lists[2].growth()));
    lists[1].pop_front();
    EXPECT_TRUE(room.has(lists[1].growth()));  // there is a place
    lists[1].push_back({{}, 0, 0, {}, 5}, room);
    EXPECT_EQ(flows(lists[1]), (std::vector<std::uint64_t>{1, 2, 3, 5}));
    lists[2] = std::move(lists[0]);
    EXPECT_EQ(flows(lists[2]), (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
    EXPECT_EQ(room.taken(), 12U);
    lists[2].clear();
    EXPECT_EQ(room.taken(), 4U);
  }
  EXPECT_EQ(room.taken(), 0U);
}

}  // namespace
}  // namespace sekimori::daemon
