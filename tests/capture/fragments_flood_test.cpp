// What hostile or broken traffic makes of the fragment table: bounded memory, bounded work, and nothing lost.
#include <gtest/gtest.h>

#include "tests/capture/fragments_kit.hpp"
#include "tests/kit/allocations.hpp"

namespace sekimori::capture {
namespace {

using namespace fragments_kit;

constexpr std::size_t add_most = 2 * FragmentTable::chain_most + FragmentTable::step_most + 2;

TEST(FragmentsFlood, OfOneDatagramDrivesOutItsOldest) {
  Desk desk;
  std::uint64_t number = 0;
  for (unsigned i = 0; i < FragmentTable::chain_most + 6; ++i) {
    const Packet p = part({8 + 8 * i, 8});
    if (i == 0) number = p.number;
    const std::vector<Packet> out = desk.add(p);
    if (i < FragmentTable::chain_most) {
      EXPECT_TRUE(out.empty());
    } else {
      EXPECT_EQ(text(out, number), std::to_string(i - FragmentTable::chain_most) + ":?");
    }
  }
  EXPECT_EQ(desk.table.waiting(), FragmentTable::chain_most);
  EXPECT_EQ(desk.table.counters().crowded, 6U);
  EXPECT_EQ(desk.add(part({0, 8})).size(), FragmentTable::chain_most + 1);
  EXPECT_EQ(desk.table.counters().joined, FragmentTable::chain_most);
  EXPECT_TRUE(desk.law());
}

TEST(FragmentsFlood, OfManyDatagramsDrivesOutTheOldestThatWaits) {
  Desk desk{{.datagrams = 4096, .held = 4}};
  EXPECT_EQ(desk.table.waiting_most(), 4U);
  std::vector<Packet> packets;
  for (unsigned id = 0; id < 6; ++id) packets.push_back(part({1480, 8}, {.id = id}));
  for (unsigned i = 0; i < 6; ++i) {
    const std::vector<Packet> out = desk.add(packets[i]);
    EXPECT_EQ(text(out, packets[0].number), i < 4 ? "" : std::to_string(i - 4) + ":?");
  }
  EXPECT_EQ(desk.table.counters().crowded, 2U);
  EXPECT_EQ(desk.add(part({0, 1480}, {.id = 0})).size(), 1U) << "what it should have found went on before";
  EXPECT_EQ(desk.add(part({0, 1480}, {.id = 3})).size(), 2U);
  EXPECT_EQ(text(desk.finish(), packets[0].number), "2:? 4:? 5:?") << "in frame order";
  EXPECT_TRUE(desk.law());
}

TEST(FragmentsFlood, LetsAllThroughWhereNothingMayWait) {
  Desk desk{{.datagrams = 0, .held = 0}};
  EXPECT_EQ(desk.table.size_most(), FragmentTable::ways) << "one set, at the least";
  EXPECT_EQ(desk.add(part({1480, 8})).size(), 1U);
  EXPECT_EQ(desk.table.counters().crowded, 1U);
  desk.add(part({0, 1480}));
  EXPECT_EQ(desk.add(part({1488, 8}))[0].tuple.source_port, 50'000);
  EXPECT_TRUE(desk.law());
}

TEST(FragmentsFlood, ForgetsTheDatagramUnusedForTheLongestTime) {
  Desk desk{{.datagrams = 1, .held = 64}};  // one set
  ASSERT_EQ(desk.table.size_most(), FragmentTable::ways);
  for (unsigned id = 0; id < FragmentTable::ways; ++id) desk.add(part({1480, 8}, {.id = id}));
  desk.add(part({1488, 8}, {.id = 0}));  // used again: number 1 is the oldest now
  const std::vector<Packet> out = desk.add(part({1480, 8}, {.id = 99}));
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].fragment_id, 1U);
  EXPECT_FALSE(out[0].ports_known);
  EXPECT_EQ(desk.table.counters().crowded, 1U);
  EXPECT_EQ(desk.table.counters().incomplete, 1U);
  EXPECT_EQ(desk.add(part({0, 1480}, {.id = 0})).size(), 3U);
  EXPECT_TRUE(desk.law());
}

TEST(FragmentsFlood, TakesNoMemoryAndNoMoreStepsThanAreStated) {
  FragmentTable table{{.datagrams = 256, .held = 128}};
  const std::uint64_t memory = table.memory_bytes();
  EXPECT_LT(memory, 200'000U);
  Dice random{11};
  std::uint64_t out = 0;
  const kit::AllocationWatch watch;
  for (unsigned i = 0; i < 200'000; ++i) {
    Packet p = part({8 * (random.below(100)), 8 * (random.below(4)), random.below(9) != 0},
                    {.id = random.below(3) == 0 ? (random.below(4)) : random(), .after = i * 10us});
    p.tuple.source = host(random.below(50'000));
    std::size_t now = 0;
    const auto count = [&](const Packet&) { ++now; };
    table.add(p, count);
    ASSERT_LE(now, add_most);
    out += now;
    if (i % 32 == 0) {
      now = 0;
      table.expire(p.time, count);
      out += now;
    }
    ASSERT_LE(table.size(), table.size_most());
    ASSERT_LE(table.waiting(), 128U);
  }
  table.finish([&](const Packet&) { ++out; });
  EXPECT_EQ(watch.count(), 0U);
  EXPECT_EQ(table.memory_bytes(), memory);
  EXPECT_EQ(out, 200'000U);
  EXPECT_GT(table.counters().crowded, 1000U);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.waiting(), 0U);
}

TEST(FragmentsFlood, OfStraysIsLetGoInFrameOrderAndForgottenAStepAtATime) {
  Desk desk;
  for (unsigned id = 0; id < 1000; ++id) desk.add(part({1480, 8}, {.id = id}));
  EXPECT_GT(desk.table.waiting(), 900U);
  desk.expire(5s);
  EXPECT_EQ(desk.table.waiting(), 0U);
  EXPECT_EQ(desk.out.size(), 1000U);
  EXPECT_TRUE(std::is_sorted(desk.out.begin(), desk.out.end(),
                             [](const Packet& a, const Packet& b) { return a.number < b.number; }));
  const std::uint32_t before = desk.table.size();
  EXPECT_GT(before, 900U);
  desk.expire(31s);
  EXPECT_GE(desk.table.size(), before - FragmentTable::step_most);
  for (unsigned i = 0; i < desk.table.size_most() / FragmentTable::step_most; ++i) desk.expire(31s);
  EXPECT_EQ(desk.table.size(), 0U);
  EXPECT_EQ(desk.table.counters().incomplete, 1000U);
  EXPECT_TRUE(desk.law());
}

TEST(FragmentsFlood, OfThoseThatWaitedLongEnoughCrowdsNobodyOut) {
  Desk desk{{.held = 8}};
  for (unsigned id = 0; id < 8; ++id) desk.add(part({1480, 8}, {.id = id}));
  EXPECT_EQ(desk.add(part({1480, 8}, {.id = 8, .after = 2s})).size(), 8U)
      << "though expire() did not come by";
  EXPECT_EQ(desk.table.counters().crowded, 0U);
  EXPECT_EQ(desk.table.counters().strays, 8U);
  EXPECT_TRUE(desk.law());
}

TEST(FragmentsFlood, ForgetsNoDatagramForWhichSomethingWaits) {
  Desk desk{{.datagrams = 1, .hold = 5s, .timeout = 10s}};
  desk.add(part({1480, 8}, {.after = 0s}));
  desk.add(part({1488, 8}, {.after = 9s}));
  EXPECT_EQ(desk.out.size(), 1U);
  EXPECT_TRUE(desk.expire(11s).empty());
  EXPECT_EQ(desk.table.size(), 1U) << "one of its parts has three seconds left";
  EXPECT_EQ(desk.expire(15s).size(), 1U);
  EXPECT_EQ(desk.table.size(), 0U);
}

TEST(FragmentsFlood, HoldsNothingForEverWhenTimeRunsBackwards) {
  Desk desk{{.datagrams = 1}};
  desk.add(part({1480, 8}, {.after = 1h}));
  EXPECT_TRUE(desk.expire(1h - 900ms).empty()) << "frames of two taps are not in order to the millisecond";
  EXPECT_EQ(desk.expire(0s).size(), 1U);
  EXPECT_EQ(desk.table.size(), 0U);
  desk.add(part({1480, 8}, {.id = 1, .after = 0s}));
  EXPECT_EQ(desk.expire(24h).size(), 1U);
  EXPECT_TRUE(desk.law());
}

TEST(FragmentsFlood, StandsAnyTime) {
  Desk desk;
  const std::vector<Time> times{Time::min(), Time::max(), Time{}, noon, Time::min() + 1ns};
  for (const Time time : times) {
    for (const Time now : times) {
      for (const Piece piece : {Piece{1480, 8}, Piece{0, 1480}, Piece{1488, 8, false}}) {
        Packet p = part(piece);
        p.time = time;
        desk.add(p);
      }
      desk.caught([&](auto&& sink) { desk.table.expire(now, sink); });
      EXPECT_TRUE(desk.law());
    }
  }
  desk.finish();
  EXPECT_TRUE(desk.law());
}

}  // namespace
}  // namespace sekimori::capture
