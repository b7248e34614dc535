#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>

#include "tests/daemon/health_stage.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;

// Two segments talk: a hundred packets of a hundred octets a second.
class HealthPairsTest : public test::HealthStage {
 protected:
  void second() override {
    test::HealthStage::second();
    talk().packets += 100;
    talk().bytes += 10'000;
  }
  PairTotals& talk() { return vitals_.matrix[pair_]; }
  std::string name(policy::SegmentId segment) const { return policy_.segments()[segment].id; }

  const policy::PairId pair_ = policy::pair_of(0, 1);
  const std::string back_ = name(1) + " " + name(0);
};

// ---- what was lost on the way to the tap

TEST_F(HealthPairsTest, TellsWhatTheMirrorKeptBackByWhoSentIt) {
  EXPECT_EQ(pass(60s), "");
  // A fiftieth of what the responder sends.
  const Spoil lossy = [&](Vitals&) {
    talk().octets_missed[1] += 200;
    talk().gaps[1] += 2;
  };
  ASSERT_EQ(pass(60s, lossy), "MIRROR-LOSS:" + back_);
  EXPECT_EQ(last_.value("from"), name(1));
  EXPECT_EQ(last_.value("to"), name(0));
  EXPECT_EQ(pass(60s), "-MIRROR-LOSS:" + back_);
}

TEST_F(HealthPairsTest, WhatCameLateOrAgainIsNoLoss) {
  EXPECT_EQ(pass(120s,
                 [&](Vitals&) {
                   talk().octets_missed[0] += 3000;
                   talk().octets_late[0] += 3000;
                   talk().gaps[0] += 3;
                 }),
            "");
}

TEST_F(HealthPairsTest, AFewGapsAreNoMirror) {
  // Nine of them, however large.
  EXPECT_EQ(pass(60s,
                 [&](Vitals&) {
                   if (talk().gaps[0] == 9) return;
                   ++talk().gaps[0];
                   talk().octets_missed[0] += 1'000'000;
                 }),
            "");
  // Many of a half percent.
  EXPECT_EQ(pass(60s), "");
  EXPECT_EQ(pass(120s,
                 [&](Vitals&) {
                   ++talk().gaps[0];
                   talk().octets_missed[0] += 50;
                 }),
            "");
}

TEST_F(HealthPairsTest, ItsOwnLossAndAnOutageAreToldAsThemselvesOnly) {
  const Spoil gaps = [&](Vitals&) {
    talk().octets_missed[0] += 5000;
    talk().gaps[0] += 5;
  };
  EXPECT_EQ(pass(70s,
                 [&](Vitals& vitals) {
                   gaps(vitals);
                   vitals.taps[0].counters.dropped_kernel += 50;
                 }),
            "GAP-LOSS:t1");
  EXPECT_EQ(pass(130s), "-GAP-LOSS:t1");
  EXPECT_EQ(pass(5s, [](Vitals& vitals) { vitals.taps[0].health = capture::SourceHealth::link_down; }),
            "GAP-LINK:t1");
  // Every conversation that lasted has a gap now.
  EXPECT_EQ(pass(10s,
                 [&](Vitals& vitals) {
                   vitals.taps[0].health = capture::SourceHealth::running;
                   gaps(vitals);
                 }),
            "-GAP-LINK:t1");
  EXPECT_EQ(pass(130s), "");
}

// ---- silence

TEST_F(HealthPairsTest, TellsAConfiguredPairThatFellSilentAndWhenItIsHeardAgain) {
  HealthOptions options;
  options.pairs.push_back({.from = name(1), .to = name(0), .silence = 300s});
  use(options);
  const policy::PairId polls = policy::pair_of(1, 0);
  const Spoil heard = [&](Vitals& vitals) { ++vitals.matrix[polls].packets; };
  EXPECT_EQ(pass(60s, heard), "");
  EXPECT_EQ(pass(299s), "");
  ASSERT_EQ(pass(1s), "GAP-PAIR:" + back_);
  EXPECT_EQ(last_.value("seconds"), "300");
  EXPECT_EQ(last_.value("ground"), "configured");
  EXPECT_EQ(pass(100s), "");
  EXPECT_EQ(pass(1s, heard), "-GAP-PAIR:" + back_);
}

TEST_F(HealthPairsTest, APairIsNotSilentWhereTheTapIs) {
  HealthOptions options;
  options.pairs.push_back({.from = name(0), .to = name(1), .silence = 100s});
  use(options);
  EXPECT_EQ(pass(10s), "");
  const auto received = vitals_.taps[0].counters.received;
  const auto packets = talk().packets;
  EXPECT_EQ(pass(400s,
                 [&](Vitals& vitals) {
                   vitals.taps[0].counters.received = received;
                   talk().packets = packets;
                 }),
            "GAP:t1");
  EXPECT_EQ(pass(1s), "-GAP:t1");
}

// A week and more in steps of four minutes: a pair that is heard at each of them.
TEST_F(HealthPairsTest, TellsALearnedPairThatIsSilentAsNeverBefore) {
  const policy::PairId polls = policy::pair_of(1, 0);
  const Spoil heard = [&](Vitals& vitals) { ++vitals.matrix[polls].packets; };
  constexpr auto step = 240s;
  EXPECT_EQ(pass(86'400s * 3, heard, step), "");
  EXPECT_EQ(pass(3600s, {}, step), "") << "not yet a week: nothing is expected";
  EXPECT_EQ(pass(86'400s * 8, heard, step), "");
  EXPECT_EQ(pass(720s, {}, step), "") << "less than four times the longest pause";
  ASSERT_EQ(pass(240s, {}, step), "GAP-PAIR:" + back_);
  EXPECT_EQ(last_.value("ground"), "learned");
  EXPECT_EQ(last_.value("expected"), "960");
  EXPECT_EQ(last_.severity, policy::Severity::notice);
  EXPECT_EQ(pass(240s, heard, step), "-GAP-PAIR:" + back_);
}

TEST_F(HealthPairsTest, LearnsNothingWhereItIsNotAskedTo) {
  HealthOptions options;
  options.learn = false;
  use(options);
  const policy::PairId polls = policy::pair_of(1, 0);
  EXPECT_EQ(pass(
                86'400s * 9, [&](Vitals& vitals) { ++vitals.matrix[polls].packets; }, 240s),
            "");
  EXPECT_EQ(pass(86'400s, {}, 240s), "");
}

// Minutes of a fortnight; the office pauses at night and on two days of seven.
TEST(Habits, KnowWhatIsNeverQuietAndNotWhatPausesAtNightsAndWeekends) {
  Habits habits{16};
  std::array<std::uint32_t, 16> counts{};
  auto now = std::chrono::nanoseconds{0};
  for (std::int64_t minute = 0; minute < 14 * 24 * 60; minute += 2) {
    now += 120s;
    const std::int64_t hour = minute / 60;
    const bool working = hour / 24 % 7 < 5 && hour % 24 >= 9 && hour % 24 < 18;
    ++counts[3];
    if (working) ++counts[4];
    if (hour % 24 == 3) ++counts[5];  // a backup, each night
    habits.step(now, hour, counts, true);
    if (minute < 7 * 24 * 60) {
      EXPECT_FALSE(habits.usual(3).has_value());
    }
    EXPECT_FALSE(habits.usual(4).has_value()) << "a public holiday would be an alarm";
    // Silent since the hour of the backup: that hour is known, the others are not.
    if (hour % 24 != 3) {
      EXPECT_FALSE(habits.usual(5).has_value());
    }
  }
  EXPECT_EQ(habits.usual(3), 480s);
}

TEST(Habits, AnHourThatWasNotWatchedThroughTeachesNothing) {
  Habits habits{16};
  std::array<std::uint32_t, 16> counts{};
  auto now = std::chrono::nanoseconds{0};
  // Eight days, in each of which one minute of every hour is dark.
  for (std::int64_t minute = 0; minute < 8 * 24 * 60; ++minute) {
    now += 60s;
    ++counts[3];
    habits.step(now, minute / 60, counts, minute % 60 != 30);
  }
  EXPECT_FALSE(habits.usual(3).has_value());
  for (std::int64_t minute = 8 * 24 * 60; minute < 16 * 24 * 60; ++minute) {
    now += 60s;
    ++counts[3];
    habits.step(now, minute / 60, counts, true);
  }
  EXPECT_EQ(habits.usual(3), 240s);
  EXPECT_FALSE(habits.usual(4).has_value()) << "never heard";
}

}  // namespace
}  // namespace sekimori::daemon
