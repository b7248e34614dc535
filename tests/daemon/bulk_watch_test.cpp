#include "daemon/behaviour/bulk_watch.hpp"

#include <gtest/gtest.h>

#include "daemon/render.hpp"
#include "tests/daemon/behaviour_kit.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;
using test::BehaviourStage;
using test::ten_o_clock;

constexpr std::uint64_t limit = 1200 * 1024;  // of SY-TAX within 12 minutes
const capture::Tuple tax = BehaviourStage::tcp("10.10.21.34", 50'000, "10.10.10.12", 443);

capture::Tuple from_port(capture::Tuple tuple, unsigned port) {
  tuple.source_port = static_cast<std::uint16_t>(port);
  return tuple;
}

TEST(BulkWatch, IsSilentOneOctetBelowTheThreshold) {
  BehaviourStage stage;
  stage.download(tax, ten_o_clock, limit - 1);
  EXPECT_TRUE(stage.found("BULK").empty());
  EXPECT_GT(stage.steps, 10U);
}

TEST(BulkWatch, WarnsOnceAtTheThreshold) {
  BehaviourStage stage;
  stage.download(tax, ten_o_clock, limit);
  const auto found = stage.found("BULK");
  ASSERT_EQ(found.size(), 1U);
  const Notice& notice = *found[0].notice;
  EXPECT_EQ(notice.subject, "SY-TAX 10.10.21.34");
  EXPECT_EQ(notice.value("bytes"), std::to_string(limit));
  EXPECT_EQ(notice.value("threshold"), std::to_string(limit));
  EXPECT_EQ(notice.value("window"), "720");
  EXPECT_EQ(notice.value("section"), "税務課");
  EXPECT_EQ(found[0].severity, policy::Severity::error);  // 重要性分類 I
  stage.download(from_port(tax, 50'001), ten_o_clock + 1s, 1000);
  EXPECT_EQ(stage.found("BULK").size(), 1U);
}

TEST(BulkWatch, SaysItInTheWordsOfTheDomain) {
  BehaviourStage stage;
  stage.download(tax, ten_o_clock, limit);
  const auto found = stage.found("BULK");
  ASSERT_EQ(found.size(), 1U);
  const std::string text = alert_text(found[0], stage.alerts);
  EXPECT_NE(text.find("【大量ダウンロード警告】税務システム から 10.10.21.34 へ 12分で1.1 "
                      "MiB転送されました（しきい値1.1 MiB"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("第2章6(7)キ"), std::string::npos) << text;
  AlertOptions english;
  english.language = Language::en;
  const std::string words = alert_text(found[0], english);
  EXPECT_NE(words.find("within 12 min"), std::string::npos) << words;
  EXPECT_EQ(words.find('{'), std::string::npos) << words;
}

TEST(BulkWatch, AddsUpManySmallConversations) {
  BehaviourStage stage;
  for (unsigned i = 0; i < 120; ++i)
    stage.download(from_port(tax, 50'000 + i), ten_o_clock + i * 1s, limit / 120);
  EXPECT_EQ(stage.found("BULK").size(), 1U);
}

TEST(BulkWatch, CountsLongConversationsAsTheyGo) {
  BehaviourStage stage;
  stage.download(tax, ten_o_clock, limit + FlowStep::metered_bytes, false);
  EXPECT_EQ(stage.found("BULK").size(), 1U);
}

TEST(BulkWatch, ForgetsWhatIsOlderThanTheWindow) {
  BehaviourStage apart;
  apart.download(tax, ten_o_clock, limit / 2);
  apart.download(from_port(tax, 50'001), ten_o_clock + 12min, limit / 2);
  EXPECT_TRUE(apart.found("BULK").empty());
  BehaviourStage together;
  together.download(tax, ten_o_clock, limit / 2);
  together.download(from_port(tax, 50'001), ten_o_clock + 10min, limit / 2);
  EXPECT_EQ(together.found("BULK").size(), 1U);
}

TEST(BulkWatch, TellsClientsApart) {
  BehaviourStage stage;
  auto other = tax;
  other.source = *IpAddress::parse("10.10.21.35");
  stage.download(tax, ten_o_clock, limit / 2);
  stage.download(other, ten_o_clock, limit / 2);
  EXPECT_TRUE(stage.found("BULK").empty());
}

TEST(BulkWatch, TakesALowerThresholdOutOfHours) {
  for (const auto& [when, silent] : {std::pair{ten_o_clock, true}, std::pair{ten_o_clock + 10h, false},
                                     std::pair{ten_o_clock + 3 * 24h, false}}) {
    BehaviourStage stage;
    stage.download(tax, when, limit / 2);
    EXPECT_EQ(stage.found("BULK").empty(), silent);
    BehaviourStage below;
    below.download(tax, when, limit / 2 - 1);
    EXPECT_TRUE(below.found("BULK").empty());
  }
}

TEST(BulkWatch, LeavesOutOtherPortsOtherDirectionsAndDeclaredBackups) {
  BehaviourStage stage;
  auto other_port = tax;
  other_port.destination_port = 8443;
  stage.download(other_port, ten_o_clock, 4 * limit);
  auto backup = tax;
  backup.source = *IpAddress::parse("10.10.10.40");
  stage.download(backup, ten_o_clock, 4 * limit);
  // An upload.
  const auto upload = from_port(tax, 50'009);
  stage.download(upload, ten_o_clock, 0, false);
  for (unsigned i = 0; i < 100; ++i) stage.send(upload, ten_o_clock, capture::tcp_flag::ack, 50'000);
  EXPECT_TRUE(stage.found("BULK").empty());
}

TEST(BulkWatch, CountsWhatTheSystemItselfPushes) {
  BehaviourStage stage;
  const auto push = BehaviourStage::tcp("10.10.10.12", 50'000, "10.10.21.34", 20'000);
  stage.download(push, ten_o_clock, 0, false);
  for (unsigned i = 0; i < 30; ++i) stage.send(push, ten_o_clock, capture::tcp_flag::ack, 50'000);
  const auto found = stage.found("BULK");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].notice->value("target"), "10.10.21.34");
}

TEST(BulkWatch, WatchesAWayBetweenSegments) {
  BehaviourStage stage;
  const auto out = BehaviourStage::tcp("10.30.21.9", 50'000, "172.31.0.8", 8080);
  stage.download(out, ten_o_clock, 8 << 20);  // to the client: not what is asked for
  EXPECT_TRUE(stage.found("BULK").empty());
  const auto up = from_port(out, 50'001);
  stage.download(up, ten_o_clock, 0, false);
  for (unsigned i = 0; i < 22; ++i) stage.send(up, ten_o_clock, capture::tcp_flag::ack, 50'000);
  const auto found = stage.found("BULK");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].notice->value("source"), "10.30.21.9");
  EXPECT_EQ(found[0].notice->value("target"), "TR-OUT");
  EXPECT_EQ(found[0].notice->value("section"), "-");
  EXPECT_EQ(found[0].notice->value("importance"), "-");
  const std::string words = alert_text(found[0], stage.alerts);
  EXPECT_NE(words.find("所管 登録なし、重要性分類 登録なし）"), std::string::npos) << words;
}

TEST(BulkWatch, BearsTimeThatRunsBackwards) {
  BehaviourStage stage;
  stage.download(tax, ten_o_clock, limit / 2);
  // By more than a window: counted anew. By less: still within it.
  stage.download(from_port(tax, 50'001), ten_o_clock - 1h, limit / 4);
  EXPECT_TRUE(stage.found("BULK").empty());
  stage.download(from_port(tax, 50'002), ten_o_clock - 1h - 2min, limit / 4);
  EXPECT_TRUE(stage.found("BULK").empty());
  stage.download(from_port(tax, 50'003), ten_o_clock - 1h - 1min, limit / 2);
  EXPECT_EQ(stage.found("BULK").size(), 1U);
}

TEST(BulkWatch, FollowsABoundedNumberOfClientsAndCountsTheRest) {
  BehaviourStage stage{"behaviour: {followed_max: 1024, scan: {enabled: false}}\n"};
  for (unsigned i = 0; i < 3000; ++i) {
    auto client = tax;
    client.source = IpAddress::ipv4(0x0a0a8000U + i);
    stage.download(client, ten_o_clock + i * 1ms, 1000);
  }
  stage.wait_until(ten_o_clock + 10s);
  const BulkWatch::Counters counters = stage.watch.bulk().counters();
  EXPECT_EQ(counters.accounts, 1024U);
  EXPECT_EQ(counters.accounts_displaced, 3000U - 1024U);
  // The latest is followed as exactly as ever.
  stage.download(tax, ten_o_clock + 20s, limit);
  EXPECT_EQ(stage.found("BULK").size(), 1U);
}

TEST(OctetsText, IsForPeople) {
  EXPECT_EQ(octets_text(999), "999 B");
  EXPECT_EQ(octets_text(1536), "1.5 KiB");
  EXPECT_EQ(octets_text(512ULL << 20U), "512.0 MiB");
  EXPECT_EQ(octets_text(1ULL << 50U), "1.0 PiB");
}

}  // namespace
}  // namespace sekimori::daemon
