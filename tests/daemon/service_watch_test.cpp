#include "daemon/behaviour/service_watch.hpp"

#include <gtest/gtest.h>

#include "daemon/behaviour/self_test.hpp"
#include "daemon/behaviour/services_json.hpp"
#include "daemon/render.hpp"
#include "tests/daemon/behaviour_kit.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;
using test::BehaviourStage;
using test::ten_o_clock;
using Outcome = SelfTestResult::Outcome;

TEST(ServiceWatch, ListsWhatAnsweredAndWhoDeclaresIt) {
  BehaviourStage stage;
  stage.download(BehaviourStage::tcp("10.10.21.34", 50'000, "10.10.10.12", 443), ten_o_clock, 100);
  stage.download(BehaviourStage::tcp("10.10.21.35", 50'000, "10.10.10.12", 443), ten_o_clock + 1s, 100);
  stage.download(BehaviourStage::tcp("10.30.21.9", 50'000, "172.31.0.8", 8080), ten_o_clock + 2s, 100);
  stage.download(BehaviourStage::tcp("10.20.21.9", 50'000, "10.20.10.9", 4444), ten_o_clock + 3s, 100);
  stage.attempt(BehaviourStage::tcp("10.20.21.9", 50'000, "10.20.10.9", 4445), ten_o_clock + 4s);
  stage.wait_until(ten_o_clock + 60s);
  const ServiceWatch& services = stage.watch.services();
  ASSERT_EQ(services.size(), 3U);  // who did not answer is none
  const ServiceWatch::Key tax_key{*IpAddress::parse("10.10.10.12"), 6, 443};
  const ServiceWatch::Service* const tax = services.find(tax_key);
  ASSERT_NE(tax, nullptr);
  EXPECT_EQ(services.claim(tax_key, *stage.policy).id, "SY-TAX");
  EXPECT_EQ(tax->flows, 2U);
  EXPECT_EQ(tax->clients, 2U);
  EXPECT_EQ(services.claim({*IpAddress::parse("172.31.0.8"), 6, 8080}, *stage.policy).id, "SV-PROXY");
  const ServiceWatch::Service* const unknown = services.find({*IpAddress::parse("10.20.10.9"), 6, 4444});
  ASSERT_NE(unknown, nullptr);
  EXPECT_EQ(unknown->declared, Declared::no);
  EXPECT_TRUE(unknown->certain);
  EXPECT_TRUE(stage.found("SERVICE-UNDECLARED").empty());  // only where the body asks for it

  const boost::json::object event = services_event(stage.watch.services(), *stage.policy, stage.alerts);
  EXPECT_EQ(event.at("services").as_array().size(), 3U);
  EXPECT_EQ(event.at("complete"), true);
}

TEST(ServiceWatch, TellsUndeclaredOnesOnceForEachHostWhereOnlyDeclaredOnesMayAnswer) {
  BehaviourStage stage{"behaviour: {declared_only: [lgwan]}\n"};
  for (unsigned port = 4444; port < 4454; ++port) {
    stage.download(BehaviourStage::tcp("10.20.21.9", 50'000, "10.20.10.9", port), ten_o_clock + port * 1ms,
                   100);
  }
  stage.download(BehaviourStage::tcp("10.10.21.9", 50'000, "10.10.10.9", 4444), ten_o_clock + 5s, 100);
  const auto found = stage.found("SERVICE-UNDECLARED");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].notice->value("dst"), "10.20.10.9");
  EXPECT_EQ(found[0].notice->value("service"), "tcp/4444");
  EXPECT_EQ(stage.watch.services().counters().undeclared_told, 10U);
  EXPECT_EQ(found[0].notice->value("src"), "10.20.21.9");
  for (const Language language : {Language::ja, Language::en}) {
    AlertOptions options;
    options.language = language;
    EXPECT_EQ(alert_text(found[0], options).find('{'), std::string::npos);
  }
}

TEST(ServiceWatch, TellsWhatNobodyUsesAtTheDayAndOnce) {
  BehaviourStage stage{"behaviour: {unused_after_days: 30}\n"};
  stage.wait_until(ten_o_clock);
  stage.download(BehaviourStage::tcp("10.30.21.9", 50'000, "172.31.0.8", 8080), ten_o_clock + 24h * 9, 100);
  stage.wait_until(ten_o_clock + 24h * 29);
  EXPECT_TRUE(stage.found("SERVICE-UNUSED").empty());
  stage.wait_until(ten_o_clock + 24h * 30);
  auto found = stage.found("SERVICE-UNUSED");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].notice->subject, "system SY-TAX");
  EXPECT_EQ(found[0].notice->value("last_used"), "never");
  EXPECT_EQ(found[0].severity, policy::Severity::notice);
  // The proxy stands where everything is permitted: whether it is used decides nothing.
  stage.wait_until(ten_o_clock + 24h * 60);
  EXPECT_EQ(stage.found("SERVICE-UNUSED").size(), 1U);
}

TEST(ServiceWatch, ListsThemInOrderAndCountsClientsUpToSixteen) {
  BehaviourStage stage;
  Time time = ten_o_clock;
  for (unsigned i = 0; i < 40; ++i, time += 1s) {
    const std::string client = "10.10.21." + std::to_string(30 + i % 20);
    stage.download(BehaviourStage::tcp(client, 50'000 + i, "10.10.10.12", 443), time, 100);
  }
  for (unsigned i = 0; i < 20; ++i, time += 1s) {
    const std::string host = "10.10.10." + std::to_string(50 - i);
    stage.download(BehaviourStage::tcp("10.10.21." + std::to_string(30 + i % 3), 50'000, host, 443), time,
                   100);
  }
  stage.wait_until(time + 60s);
  const auto list = stage.watch.services().list();
  ASSERT_EQ(list.size(), 21U);
  EXPECT_TRUE(
      std::is_sorted(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.key < b.key; }));
  EXPECT_EQ(list[0].key.host, *IpAddress::parse("10.10.10.12"));
  EXPECT_EQ(list[0].service->clients, 16U);
  EXPECT_EQ(list[0].service->flows, 40U);
  EXPECT_EQ(list[1].service->clients, 1U);
}

TEST(ServiceWatch, IsBoundedAndCountsWhatItCannotHold) {
  BehaviourStage stage{"behaviour: {followed_max: 1024}\n"};
  for (unsigned i = 0; i < 2000; ++i) {
    stage.download(BehaviourStage::tcp("10.20.21.9", 50'000, "10.20.10.9", 10'000 + i),
                   ten_o_clock + i * 10ms, 10);
  }
  stage.wait_until(ten_o_clock + 60s);
  EXPECT_EQ(stage.watch.services().size(), 1024U);
  EXPECT_EQ(stage.watch.services().counters().services_refused, 2000U - 1024U);
}

// ---- the self-test ----

std::vector<SelfTestResult> tried(const std::string& more, std::vector<SelfTestKind> kinds,
                                  Time now = ten_o_clock) {
  const AlertOptions alerts;
  return self_test(test::make_policy(test::behaviour_city + more), alerts, kinds, now);
}

TEST(SelfTest, ShowsThatEachWarningComes) {
  const auto results = tried("behaviour: {declared_only: [lgwan]}\n",
                             {SelfTestKind::bulk, SelfTestKind::scan, SelfTestKind::service});
  std::vector<std::string> names;
  for (const SelfTestResult& result : results) {
    names.push_back(std::string{self_test_kind_word(result.kind)} + " " + result.what);
    EXPECT_EQ(self_test_outcome_word(result.outcome), "works") << names.back();
    EXPECT_FALSE(result.records.empty()) << names.back();
  }
  EXPECT_EQ(names, (std::vector<std::string>{"bulk SY-TAX", "bulk TR-OUT", "scan sweep", "scan slow_sweep",
                                             "scan ports", "scan sessions", "scan spread",
                                             "service undeclared lgwan", "service unused"}));
}

TEST(SelfTest, WorksAtEveryHourOfTheWeek) {
  for (int hour = 0; hour < 7 * 24; hour += 5) {
    for (const SelfTestResult& result : tried("", {SelfTestKind::bulk}, ten_o_clock + hour * 1h)) {
      EXPECT_EQ(self_test_outcome_word(result.outcome), "works") << result.what << " " << hour;
    }
  }
}

TEST(SelfTest, WorksForTheSmallestAndTheLargestThresholds) {
  for (const char* bytes : {"64KiB", "65KiB", "100GiB", "16384GiB"}) {
    const std::string city =
        std::string{"  - {id: TR-2, from: lgwan, to: lgwan, bulk: {bytes: "} + bytes + ", window: 1m}}\n";
    const auto results = tried(city, {SelfTestKind::bulk});
    ASSERT_EQ(results.size(), 3U);
    EXPECT_EQ(self_test_outcome_word(results[2].outcome), "works") << bytes;
  }
  for (const auto& result :
       tried("behaviour: {scan: {hosts: 1000, ports: 1000, sessions: 1000, slow_hosts: 1000, "
             "slow_ports: 1000, slow_sessions: 1000}}\n",
             {SelfTestKind::scan})) {
    EXPECT_EQ(self_test_outcome_word(result.outcome), "works") << result.what;
  }
  for (const auto& result :
       tried("behaviour: {scan: {hosts: 3, ports: 3, sessions: 3, slow_hosts: 3}}\n", {SelfTestKind::scan})) {
    EXPECT_EQ(self_test_outcome_word(result.outcome), "works") << result.what;
  }
}

TEST(SelfTest, SaysWhatItCouldNotTry) {
  // Everybody who may reach it is exempt: no warning can come.
  const auto exempt =
      tried("  - {id: TR-2, from: lgwan, to: lgwan, bulk: {exempt: [10.20.0.0/16]}}\n", {SelfTestKind::bulk});
  ASSERT_EQ(exempt.size(), 3U);
  EXPECT_EQ(exempt[2].outcome, Outcome::no_way);
  const auto off = tried("behaviour: {scan: {enabled: false}, unused_after_days: 0}\n",
                         {SelfTestKind::scan, SelfTestKind::service});
  ASSERT_EQ(off.size(), 2U);
  EXPECT_EQ(off[0].outcome, Outcome::not_set);
  EXPECT_EQ(off[1].outcome, Outcome::not_set);
}

TEST(SelfTest, ComesOutTheSameEachTime) {
  const auto first = tried("", {SelfTestKind::bulk});
  const auto again = tried("", {SelfTestKind::bulk});
  ASSERT_EQ(first.size(), again.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].packets, again[i].packets);
    EXPECT_EQ(first[i].records.size(), again[i].records.size());
  }
}

}  // namespace
}  // namespace sekimori::daemon
