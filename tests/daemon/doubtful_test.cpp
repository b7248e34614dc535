#include "daemon/alert/doubtful.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;

struct Message {
  std::string bytes;
  int number;
};

class DoubtfulTest : public testing::Test {
 protected:
  using Pool = Doubtful<Message>;
  static constexpr std::size_t octets = 1000;

  void add(int first, int last, Pool::Clock::time_point when) {
    for (int i = first; i <= last; ++i) pool.add({std::string(octets, 'x'), i}, when);
  }
  // Numbers taken; they have to be the end of the row, without a gap.
  std::vector<int> take(bool abrupt, Pool::Clock::time_point when) {
    std::vector<int> out;
    for (const Message& message : pool.take(abrupt, when)) {
      if (!out.empty()) {
        EXPECT_EQ(message.number, out.back() + 1);
      }
      out.push_back(message.number);
    }
    EXPECT_EQ(pool.size(), 0U);
    return out;
  }

  Pool pool{};
  const Pool::Clock::time_point now = Pool::Clock::now();
};

TEST_F(DoubtfulTest, AReaderThatHasReadEverythingGetsNothingTwiceWhenItHangsUp) {
  pool.window(65536);
  add(1, 50, now);
  EXPECT_TRUE(take(false, now + 6s).empty());
}

TEST_F(DoubtfulTest, WhatFillsTheReadersBufferComesAgainHoweverOldItIs) {
  pool.window(65536);
  add(1, 20, now);
  pool.window(65536 - 30 * static_cast<std::int64_t>(octets));
  add(21, 50, now);
  const auto again = take(false, now + 1h);
  ASSERT_FALSE(again.empty());
  EXPECT_LE(again.front(), 21) << "thirty are unread";
  EXPECT_EQ(again.back(), 50);
}

TEST_F(DoubtfulTest, AResetTakesAMarginAsWell) {
  pool.window(65536);
  add(1, 200, now);
  const auto again = take(true, now + 1h);
  EXPECT_EQ(again.size(), Pool::margin_least / octets + 1);
  EXPECT_EQ(again.back(), 200);
}

// A kernel that widens its window while nobody reads hides as much as that window.
TEST_F(DoubtfulTest, AResetTakesAsMuchAsTheWidestWindowHowLittleItHasNarrowed) {
  pool.window(65536);
  add(1, 100, now);
  pool.window(400'000);
  add(101, 1000, now);
  const auto again = take(true, now + 1h);
  EXPECT_EQ(again.size(), 400U);
  EXPECT_EQ(again.back(), 1000);
}

TEST_F(DoubtfulTest, TheFreshOnesComeAgainAfterAnyEnd) {
  pool.window(65536);
  add(1, 1000, now - 5s);
  add(1001, 1300, now);
  EXPECT_EQ(take(false, now + 100ms).size(), Pool::orderly_max);
  add(1, 1000, now - 5s);
  add(1001, 1300, now);
  pool.window(65536);
  EXPECT_EQ(take(true, now + 100ms).front(), 1001);
}

TEST_F(DoubtfulTest, KeepsABoundedNumberOfOctets) {
  pool.window(1 << 30);
  pool.window(0);  // as if everything were unread
  for (int i = 0; i < 20'000; ++i) pool.add({std::string(octets, 'x'), i}, now);
  EXPECT_LE(pool.size() * octets, Pool::octets_max);
  EXPECT_EQ(take(true, now + 1h).back(), 19'999);
}

TEST_F(DoubtfulTest, WithoutAWindowOnlyTheMarginIsKept) {
  pool.window(-1);
  add(1, 500, now - 5s);
  add(501, 501, now);
  EXPECT_LE(pool.size(), Pool::margin_least / octets + 2);
}

}  // namespace
}  // namespace sekimori::daemon
