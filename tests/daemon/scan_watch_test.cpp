#include "daemon/behaviour/scan_watch.hpp"

#include <gtest/gtest.h>

#include "daemon/render.hpp"
#include "tests/daemon/behaviour_kit.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;
using test::BehaviourStage;
using test::ten_o_clock;

const std::string suspect = "10.20.22.15";

capture::Tuple to(unsigned host, unsigned port, unsigned client_port = 40'000) {
  return BehaviourStage::tcp(suspect, client_port, "10.20.30." + std::to_string(host), port);
}

// The defaults: 20 hosts or ports in a minute, 60 in an hour; 30 and 120 sessions.
TEST(ScanWatch, FindsASweepAtTheThresholdAndNotBelow) {
  for (const unsigned hosts : {19U, 20U}) {
    BehaviourStage stage;
    for (unsigned i = 0; i < hosts; ++i) stage.attempt(to(i, 8081), ten_o_clock + i * 1s);
    stage.wait_until(ten_o_clock + 60s);
    const auto found = stage.found("SCAN-INSIDE");
    EXPECT_EQ(found.size(), hosts == 20 ? 1U : 0U);
    EXPECT_EQ(stage.watch.scan().counters().attempts_failed, hosts);
    if (found.empty()) continue;
    EXPECT_EQ(found[0].notice->subject, suspect);
    EXPECT_EQ(found[0].notice->value("hosts"), "20");
    EXPECT_EQ(found[0].notice->value("shapes"), "sweep");
    const std::string text = alert_text(found[0], stage.alerts);
    EXPECT_NE(text.find("【庁内端末からの攻撃の疑い】"), std::string::npos) << text;
    EXPECT_NE(text.find("20 台 1 ポートへ接続を試行しました"), std::string::npos) << text;
    EXPECT_EQ(text.find('{'), std::string::npos) << text;
  }
}

TEST(ScanWatch, TakesARefusalForAFailureAtOnce) {
  BehaviourStage stage;
  for (unsigned i = 0; i < 20; ++i) stage.refused(to(i, 8081), ten_o_clock + i * 10ms);
  EXPECT_EQ(stage.found("SCAN-INSIDE").size(), 1U);
}

TEST(ScanWatch, IsSilentWhereHostsAnswer) {
  BehaviourStage stage;
  for (unsigned i = 0; i < 100; ++i) stage.download(to(i, 8081), ten_o_clock + i * 100ms, 100);
  stage.wait_until(ten_o_clock + 60s);
  EXPECT_TRUE(stage.found("SCAN-INSIDE").empty());
  EXPECT_EQ(stage.watch.scan().counters().attempts_failed, 0U);
}

// A proxy or a name server: one in five of those it asks is gone.
TEST(ScanWatch, IsSilentWhereMostAnswer) {
  BehaviourStage stage;
  for (unsigned i = 0; i < 250; ++i) {
    if (i % 5 == 0) {
      stage.attempt(to(i, 8081), ten_o_clock + i * 100ms);
    } else {
      stage.download(to(i, 8081), ten_o_clock + i * 100ms, 100);
    }
  }
  stage.wait_until(ten_o_clock + 60s);
  EXPECT_EQ(stage.watch.scan().counters().attempts_failed, 50U);
  EXPECT_TRUE(stage.found("SCAN-INSIDE").empty());
}

TEST(ScanWatch, AsksTheSameHostAgainAndAgainWithoutAFinding) {
  BehaviourStage stage;
  for (unsigned i = 0; i < 100; ++i) stage.attempt(to(1, 9100, 40'000 + i), ten_o_clock + i * 500ms);
  stage.wait_until(ten_o_clock + 120s);
  EXPECT_TRUE(stage.found("SCAN-INSIDE").empty());
}

TEST(ScanWatch, ForgetsWhatIsOlderThanTheWindowAndFindsTheSlowOneInTheLongWindow) {
  // One host each four seconds: fifteen in a minute, sixty in four.
  for (const unsigned hosts : {59U, 60U}) {
    BehaviourStage stage;
    for (unsigned i = 0; i < hosts; ++i) stage.attempt(to(i, 8081), ten_o_clock + i * 4s);
    stage.wait_until(ten_o_clock + 300s);
    const auto found = stage.found("SCAN-INSIDE");
    ASSERT_EQ(found.size(), hosts == 60 ? 1U : 0U);
    if (!found.empty()) {
      EXPECT_EQ(found[0].notice->value("window"), "3600");
    }
  }
  // One each 70 seconds: 52 in the hour at most.
  BehaviourStage slower;
  for (unsigned i = 0; i < 200; ++i) slower.attempt(to(i, 8081), ten_o_clock + i * 70s);
  slower.wait_until(ten_o_clock + 5h);
  EXPECT_TRUE(slower.found("SCAN-INSIDE").empty());
}

TEST(ScanWatch, FindsAScanOfPorts) {
  for (const unsigned ports : {19U, 20U}) {
    BehaviourStage stage;
    for (unsigned i = 0; i < ports; ++i) stage.refused(to(1, 1000 + i), ten_o_clock + i * 100ms);
    const auto found = stage.found("SCAN-INSIDE");
    ASSERT_EQ(found.size(), ports == 20 ? 1U : 0U);
    if (found.empty()) continue;
    EXPECT_EQ(found[0].notice->value("shapes"), "ports");
    EXPECT_EQ(found[0].notice->value("hosts"), "1");
    EXPECT_EQ(found[0].notice->value("ports"), "20");
  }
}

TEST(ScanWatch, FindsLogInsTriedAgainAndAgain) {
  for (const unsigned sessions : {29U, 30U}) {
    BehaviourStage stage;
    for (unsigned i = 0; i < sessions; ++i) stage.download(to(1, 22, 40'000 + i), ten_o_clock + i * 1s, 3000);
    const auto found = stage.found("SCAN-INSIDE");
    ASSERT_EQ(found.size(), sessions == 30 ? 1U : 0U);
    if (!found.empty()) {
      EXPECT_EQ(found[0].notice->value("shapes"), "sessions");
      EXPECT_EQ(found[0].severity, policy::Severity::error);
    }
  }
}

TEST(ScanWatch, TakesWorkForWork) {
  BehaviourStage stage;
  for (unsigned i = 0; i < 60; ++i) {
    // Files are read: more than a log-in needs.
    stage.download(to(1, 445, 40'000 + i), ten_o_clock + i * 500ms, 100'000);
    // Another port: nobody logs in there.
    stage.download(to(1, 443, 40'000 + i), ten_o_clock + i * 500ms, 3000);
  }
  EXPECT_TRUE(stage.found("SCAN-INSIDE").empty());
}

TEST(ScanWatch, FindsOneTerminalAtTheLogInPortsOfManyThoughTheyAnswer) {
  for (const unsigned hosts : {19U, 20U}) {
    BehaviourStage stage;
    for (unsigned i = 0; i < hosts; ++i) stage.download(to(i, 445), ten_o_clock + i * 1s, 100'000);
    const auto found = stage.found("SCAN-INSIDE");
    ASSERT_EQ(found.size(), hosts == 20 ? 1U : 0U);
    if (!found.empty()) {
      EXPECT_EQ(found[0].notice->value("shapes"), "spread");
    }
  }
}

TEST(ScanWatch, MakesOneStoryOfAllShapesOfOneTerminal) {
  BehaviourStage stage;
  for (unsigned i = 0; i < 250; ++i) stage.attempt(to(i, 8081), ten_o_clock + i * 20ms);
  for (unsigned i = 0; i < 250; ++i) stage.refused(to(1, 1000 + i), ten_o_clock + 120s + i * 20ms);
  for (unsigned i = 0; i < 100; ++i)
    stage.download(to(2, 3389, 41'000 + i), ten_o_clock + 240s + i * 20ms, 500);
  stage.wait_until(ten_o_clock + 300s);
  EXPECT_EQ(stage.found("SCAN-INSIDE").size(), 1U);
  std::size_t lines = 0;
  std::string shapes;
  for (const AlertRecord& record : stage.records) {
    if (record.notice == nullptr || record.notice->kind != NoticeKind::scan_inside) continue;
    ++lines;
    shapes = std::string{record.notice->value("shapes")};
  }
  EXPECT_EQ(shapes, "sweep ports sessions");
  EXPECT_LE(lines, 5U);  // opened, graver, and summaries
}

TEST(ScanWatch, LeavesOutDeclaredScannersAndWhoeverIsOutside) {
  BehaviourStage stage{"behaviour: {scanners_allowed: [10.20.22.15]}\n"};
  for (unsigned i = 0; i < 100; ++i) {
    stage.refused(to(i, 8081), ten_o_clock + i * 10ms);
    stage.download(to(i, 445), ten_o_clock + i * 10ms, 100);
  }
  stage.wait_until(ten_o_clock + 60s);
  EXPECT_TRUE(stage.found("SCAN-INSIDE").empty());
}

TEST(ScanWatch, DoesNotTakeOneWayTrafficForASweep) {
  const auto udp = [](unsigned host, unsigned port) {
    capture::Tuple tuple = to(host, port);
    tuple.protocol = 17;
    return tuple;
  };
  BehaviourStage blind;
  for (unsigned i = 0; i < 100; ++i) blind.send(udp(i, 161), ten_o_clock + i * 10ms, 0);
  blind.wait_until(ten_o_clock + 60s);
  EXPECT_TRUE(blind.found("SCAN-INSIDE").empty());
  EXPECT_EQ(blind.watch.scan().counters().attempts_unanswerable, 100U);
  // Where others are answered, silence says something.
  BehaviourStage seeing;
  const auto answered = BehaviourStage::tcp("10.20.22.99", 40'000, "10.20.10.53", 53);
  capture::Tuple question = answered;
  question.protocol = 17;
  seeing.send(question, ten_o_clock, 0);
  seeing.send(question.reversed(), ten_o_clock, 0);
  for (unsigned i = 0; i < 100; ++i) seeing.send(udp(i, 161), ten_o_clock + i * 10ms, 0);
  seeing.wait_until(ten_o_clock + 60s);
  EXPECT_EQ(seeing.found("SCAN-INSIDE").size(), 1U);
}

TEST(ScanWatch, LeavesForbiddenSweepsToTheirIncident) {
  BehaviourStage stage;
  for (unsigned i = 0; i < 100; ++i) {
    stage.attempt(BehaviourStage::tcp("10.10.21.34", 40'000, "10.30.1." + std::to_string(i), 445),
                  ten_o_clock + i * 10ms);
  }
  stage.wait_until(ten_o_clock + 60s);
  EXPECT_TRUE(stage.found("SCAN-INSIDE").empty());
  EXPECT_FALSE(stage.records.empty());
}

TEST(ScanWatch, BearsAClockThatIsSetBack) {
  BehaviourStage stage;
  for (unsigned i = 0; i < 10; ++i) stage.attempt(to(i, 8081), ten_o_clock + i * 10ms);
  for (unsigned i = 0; i < 20; ++i) stage.attempt(to(100 + i, 8081), ten_o_clock - 2h + i * 10ms);
  stage.wait_until(ten_o_clock - 2h + 60s);
  EXPECT_EQ(stage.watch.scan().counters().attempts_undecided, 10U);
  EXPECT_EQ(stage.found("SCAN-INSIDE").size(), 1U);
}

// Four times as many as are followed wait in their order; who was answered makes room for who was not.
TEST(ScanWatch, LosesNoSilenceAmongMoreAnswersThanWaitAtATime) {
  BehaviourStage stage{"behaviour: {followed_max: 1024}\n"};
  unsigned silent = 0;
  for (unsigned i = 0; i < 12'000; ++i) {
    const Time time = ten_o_clock + i * 10us;
    capture::Tuple tuple = to(1 + i % 200, 8081, 1024 + i);
    if (i % 500 == 7) {
      tuple.destination = IpAddress::ipv4(0x0a141f00U + silent++);
      stage.attempt(tuple, time);
    } else {
      tuple.source = IpAddress::ipv4(0x0a148000U + i);
      stage.download(tuple, time, 100);
    }
  }
  EXPECT_EQ(stage.watch.scan().counters().attempts_failed, 0U);
  stage.wait_until(ten_o_clock + 60s);
  EXPECT_EQ(stage.watch.scan().counters().attempts_failed, silent);
  EXPECT_EQ(stage.watch.scan().counters().attempts_undecided, 0U);
  const auto found = stage.found("SCAN-INSIDE");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].notice->subject, suspect);
}

TEST(ScanWatch, FollowsABoundedNumberOfTerminals) {
  BehaviourStage stage{"behaviour: {followed_max: 1024}\n"};
  for (unsigned i = 0; i < 3000; ++i) {
    capture::Tuple tuple = to(1, 8081);
    tuple.source = IpAddress::ipv4(0x0a148000U + i);
    stage.refused(tuple, ten_o_clock + i * 1ms);
  }
  stage.wait_until(ten_o_clock + 10s);
  const ScanWatch::Counters counters = stage.watch.scan().counters();
  EXPECT_EQ(counters.initiators, 1024U);
  EXPECT_EQ(counters.initiators_displaced, 3000U - 1024U);
  EXPECT_EQ(counters.attempts_failed, 3000U);
}

// Whoever sends under many names fills what there is for marks, never more; who comes then is followed all
// the same, in the place of whoever did nothing for longest.
TEST(ScanWatch, FindsAScanHoweverManyOthersFillItsMemory) {
  constexpr std::size_t most = 65'536;  // as followed_max 1024 has it
  BehaviourStage stage{"behaviour: {followed_max: 1024}\n"};
  // Each stays just below what is told, in three shapes.
  for (unsigned i = 0; i < 1000 * 19; ++i) {
    capture::Tuple tuple = to(1 + i / 1000, 3389);
    tuple.source = IpAddress::ipv4(0x0a148000U + i % 1000);
    stage.refused(tuple, ten_o_clock + i * 1ms);
    if (i % 1000 == 0) {
      ASSERT_LE(stage.watch.scan().counters().marks, most);
    }
  }
  stage.wait_until(ten_o_clock + 61s);
  const ScanWatch::Counters filled = stage.watch.scan().counters();
  EXPECT_GT(filled.marks, most / 2);
  EXPECT_GT(filled.initiators_displaced, 0U);
  EXPECT_TRUE(stage.found("SCAN-INSIDE").empty());
  for (unsigned i = 0; i < 20; ++i) stage.refused(to(i, 8081), ten_o_clock + 62s + i * 1ms);
  stage.wait_until(ten_o_clock + 65s);
  const auto found = stage.found("SCAN-INSIDE");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].notice->subject, suspect);
  EXPECT_LE(stage.watch.scan().counters().marks, most);
}

TEST(ScanWatch, FindsAFloodOfHalfOpenConnections) {
  for (const unsigned rate : {999U, 1000U}) {
    BehaviourStage stage;
    for (unsigned i = 0; i < rate; ++i) {
      capture::Tuple tuple = to(1, 443, 30'000 + i);
      tuple.source = IpAddress::ipv4(0x0a148000U + i);
      // Those that are answered are no flood.
      stage.download(tuple, ten_o_clock + i * 100us, 10);
      tuple.source_port = static_cast<std::uint16_t>(1024 + i);
      stage.attempt(tuple, ten_o_clock + i * 100us);
    }
    const auto found = stage.found("FLOOD");
    ASSERT_EQ(found.size(), rate == 1000 ? 1U : 0U);
    if (!found.empty()) {
      EXPECT_EQ(found[0].notice->subject, "10.20.30.1");
    }
  }
}

}  // namespace
}  // namespace sekimori::daemon
