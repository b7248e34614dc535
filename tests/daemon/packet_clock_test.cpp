#include "daemon/packet_clock.hpp"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

#include "daemon/first_seen.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;

TEST(PacketMinute, IsLeftAtItsEndsAlone) {
  PacketMinute minute;
  EXPECT_TRUE(minute.leaves(Time{}));
  EXPECT_EQ(minute.enter(Time{600s + 1ns}), 10);
  EXPECT_FALSE(minute.leaves(Time{600s}));
  EXPECT_FALSE(minute.leaves(Time{660s - 1ns}));
  EXPECT_TRUE(minute.leaves(Time{660s}));
  EXPECT_TRUE(minute.leaves(Time{600s - 1ns}));
  EXPECT_EQ(minute.enter(Time{-1ns}), -1);
  EXPECT_FALSE(minute.leaves(Time{-60s}));
  EXPECT_TRUE(minute.leaves(Time{0s}));
}

TEST(PacketMinute, BearsTheEndsOfTime) {
  PacketMinute minute;
  EXPECT_EQ(minute.enter(Time::min()), minute_of(Time::min()));
  EXPECT_FALSE(minute.leaves(Time::min()));
  EXPECT_TRUE(minute.leaves(Time{}));
  EXPECT_EQ(minute.enter(Time::max()), minute_of(Time::max()));
  EXPECT_FALSE(minute.leaves(Time::max() - 1ns));
  EXPECT_TRUE(minute.leaves(Time{}));
}

TEST(FirstSeen, KnowsTwoMinutesAndLooksForOlderOnesInNewerOnes) {
  FirstSeen seen{2};
  const auto first = [&](std::uint64_t key, std::int64_t minute) {
    const FirstSeen::Answer answer = seen.look(key, minute);
    if (answer == FirstSeen::Answer::first) seen.keep(key, minute);
    return answer;
  };
  EXPECT_EQ(first(1, 10), FirstSeen::Answer::first);
  EXPECT_EQ(first(1, 10), FirstSeen::Answer::known);
  EXPECT_EQ(first(1, 11), FirstSeen::Answer::first);
  EXPECT_EQ(first(1, 10), FirstSeen::Answer::known);
  EXPECT_EQ(first(2, 10), FirstSeen::Answer::first);
  EXPECT_EQ(first(3, 10), FirstSeen::Answer::full);
  EXPECT_EQ(first(4, 10), FirstSeen::Answer::full);
  EXPECT_EQ(seen.minutes_full(), 1U);
  seen.pass(12);
  EXPECT_EQ(seen.kept_in(10), 12);
  EXPECT_EQ(seen.kept_in(11), 11);
  seen.pass(10);  // nothing: a newer one is there
  EXPECT_EQ(first(1, 10), FirstSeen::Answer::first);
  EXPECT_EQ(first(1, 12), FirstSeen::Answer::known);
}

// However many there were of them: nothing of a minute that is over is known two minutes later.
TEST(FirstSeen, ForgetsAllOfAMinuteThatIsOver) {
  FirstSeen seen;
  std::mt19937_64 random{9};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same run each time
  for (std::int64_t minute = 0; minute < 40; ++minute) {
    std::vector<std::uint64_t> keys(minute % 7 == 3 ? FirstSeen::most : random() % 50);
    for (std::uint64_t& key : keys) key = random() | 1U;
    for (const std::uint64_t key : keys) {
      if (seen.look(key, minute) == FirstSeen::Answer::first) seen.keep(key, minute);
      ASSERT_EQ(seen.look(key, minute), FirstSeen::Answer::known);
    }
    seen.pass(minute + 1);
    for (const std::uint64_t key : keys) ASSERT_EQ(seen.look(key, minute), FirstSeen::Answer::known);
    seen.pass(minute + 2);
    for (const std::uint64_t key : keys) ASSERT_EQ(seen.look(key, minute + 2), FirstSeen::Answer::first);
  }
}

// What is told by one, or by several that share it and hear of every minute, leads to the same: whoever
// listens goes by the minute in which the teller keeps it.
TEST(FirstSeen, SeveralTellersLeadToWhatOneWould) {
  std::mt19937 engine{5};
  const auto random = [&engine](unsigned below) { return static_cast<unsigned>(engine()) % below; };
  struct Sight {
    std::uint64_t key = 0;  // 0: there is nothing to tell
    std::int64_t minute = 0;
    unsigned lane = 0;
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<Sight> sights;
    std::int64_t minute = 100;
    for (int i = 0; i < 300; ++i) {
      if (random(8) == 0) minute += static_cast<std::int64_t>(random(7)) - 3;
      sights.push_back({random(3) == 0 ? 1 + std::uint64_t{random(6)} : 0, minute, random(5)});
    }
    const auto heard = [&](unsigned lanes) {
      std::vector<FirstSeen> tellers(lanes);
      FirstSeen listener;
      std::vector<std::size_t> result;
      for (std::size_t i = 0; i < sights.size(); ++i) {
        const Sight& sight = sights[i];
        for (FirstSeen& teller : tellers) teller.pass(sight.minute);
        if (sight.key == 0) continue;
        const std::uint64_t key = sight.key << 32U;
        FirstSeen& teller = tellers[sight.lane % lanes];
        if (teller.look(key, sight.minute) != FirstSeen::Answer::first) continue;
        teller.keep(key, sight.minute);
        const std::int64_t kept = teller.kept_in(sight.minute);
        if (listener.look(key, kept) != FirstSeen::Answer::first) continue;
        listener.keep(key, kept);
        result.push_back(i);
      }
      return result;
    };
    const std::vector<std::size_t> one = heard(1);
    EXPECT_GT(one.size(), 5U);
    for (const unsigned lanes : {2U, 3U, 5U})
      ASSERT_EQ(heard(lanes), one) << round << ", " << lanes << " lanes";
  }
}

}  // namespace
}  // namespace sekimori::daemon
