#include "daemon/alert/coverage.hpp"

#include <gtest/gtest.h>

#include "tests/daemon/alert_city.hpp"

namespace sekimori::daemon {
namespace {

using capture::Passage;
using capture::Passed;
using namespace std::chrono_literals;

constexpr policy::SegmentId inside = 0;
constexpr policy::SegmentId outside = 4;
// The first instant of a minute, so that steps of a minute are steps of a bucket.
constexpr Time noon{std::chrono::minutes{30'000'000}};

FlowEvent beyond(policy::SegmentId entered, Time time) {
  FlowEvent event;
  event.kind = FlowEvent::Kind::beyond;
  event.time = time;
  event.verdict.to = entered;
  return event;
}

capture::FlowFacts flow(Time start, Time end) {
  capture::FlowFacts facts;
  facts.start = start;
  facts.end = end;
  facts.packets_to_server = 1;
  return facts;
}

policy::Verdict between(policy::SegmentId from, policy::SegmentId to) {
  policy::Verdict verdict;
  verdict.from = from;
  verdict.to = to;
  return verdict;
}

TEST(Coverage, ASegmentIsSeenForTenMinutesAfterSomethingWasSeenToEnterIt) {
  Coverage coverage;
  EXPECT_FALSE(coverage.sees(outside, noon));
  coverage.feed(beyond(outside, noon + 59s));
  EXPECT_TRUE(coverage.sees(outside, noon)) << "the whole minute";
  EXPECT_TRUE(coverage.sees(outside, noon + 10min + 59s));
  EXPECT_FALSE(coverage.sees(outside, noon + 11min));
  EXPECT_FALSE(coverage.sees(outside, noon - 1ns)) << "nothing is known of before";
  EXPECT_FALSE(coverage.sees(inside, noon));
  EXPECT_FALSE(coverage.sees(200, noon));
}

TEST(Coverage, TakesProofsInAnyOrderAndOnlyProofs) {
  Coverage coverage;
  coverage.feed(beyond(outside, noon + 30min));
  coverage.feed(beyond(outside, noon));
  FlowEvent other = beyond(outside, noon + 60min);
  other.kind = FlowEvent::Kind::passed;
  coverage.feed(other);
  coverage.feed(beyond(200, noon));
  EXPECT_TRUE(coverage.sees(outside, noon + 5min));
  EXPECT_FALSE(coverage.sees(outside, noon + 20min));
  EXPECT_TRUE(coverage.sees(outside, noon + 35min));
  EXPECT_FALSE(coverage.sees(outside, noon + 60min));
}

TEST(Coverage, RemembersAllMinutesOnlyWhenItIsAskedTo) {
  Coverage recent;
  Coverage all{Coverage::Memory::all};
  for (int minute = 0; minute < 100; ++minute) {
    recent.feed(beyond(outside, noon + std::chrono::minutes{minute}));
    all.feed(beyond(outside, noon + std::chrono::minutes{minute}));
  }
  EXPECT_TRUE(all.sees(outside, noon));
  EXPECT_FALSE(recent.sees(outside, noon));
  EXPECT_FALSE(recent.sees(outside, noon + 67min));
  EXPECT_TRUE(recent.sees(outside, noon + 68min)) << "the last thirty-two";
  EXPECT_TRUE(recent.sees(outside, noon + 99min));
}

TEST(Coverage, SaysNoOnlyWhereSomethingWouldHaveBeenSeen) {
  const capture::FlowFacts dropped = flow(noon, noon + 3s);
  const policy::Verdict verdict = between(inside, outside);
  Coverage coverage;
  EXPECT_EQ(coverage.passage(dropped, verdict, noon + 5s), Passage{}) << "one side is watched";
  coverage.feed(beyond(outside, noon));
  EXPECT_EQ(coverage.passage(dropped, verdict, noon + 5s), (Passage{Passed::no, Passed::unknown}))
      << "nothing was sent back";
  EXPECT_EQ(coverage.passage(dropped, verdict, noon + 1s), (Passage{Passed::no, Passed::unknown}));
  EXPECT_EQ(coverage.passage(dropped, verdict, noon + 1s - 1ns), Passage{}) << "its copy may be on its way";
  EXPECT_EQ(coverage.passage(dropped, verdict, Time::max()), (Passage{Passed::no, Passed::unknown}))
      << "it has ended";
  EXPECT_EQ(coverage.passage(dropped, between(inside, inside), noon + 5s), Passage{})
      << "there is no boundary inside a segment";
  EXPECT_EQ(coverage.passage(dropped, between(outside, inside), noon + 5s), Passage{}) << "the other side";
}

TEST(Coverage, JudgesEachDirectionByTheSegmentThatItEnters) {
  capture::FlowFacts facts = flow(noon, noon + 3s);
  facts.packets_to_client = 1;
  facts.passed_to_server = true;
  const policy::Verdict verdict = between(inside, outside);
  Coverage coverage;
  EXPECT_EQ(coverage.passage(facts, verdict, noon), (Passage{Passed::yes, Passed::unknown}))
      << "what was seen needs no patience";
  coverage.feed(beyond(inside, noon));
  EXPECT_EQ(coverage.passage(facts, verdict, noon + 5s), (Passage{Passed::yes, Passed::no}));
  facts.passed_to_client = true;
  EXPECT_EQ(coverage.passage(facts, verdict, noon + 5s), (Passage{Passed::yes, Passed::yes}));
}

}  // namespace
}  // namespace sekimori::daemon
