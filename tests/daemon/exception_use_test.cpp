#include "daemon/alert/exception_use.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "daemon/render/register.hpp"
#include "tests/daemon/city.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view city = R"(
profile: alpha
segments:
  lgwan: {prefixes: [10.20.0.0/16]}
  gov-cloud: {prefixes: [10.60.0.0/16]}
exceptions:
  - {id: DAY, reason: 昼の業務, approver: a, ticket: t, from: 2026-04-01, until: 2026-11-20, weekdays: [mon-fri],
     hours: ["09:00-17:00"], volume: {bytes: 10KiB}, source: {addresses: [10.20.0.1], macs: ["02:00:00:00:00:01"]},
     destination: {addresses: [10.60.0.9]}, protocol: tcp, ports: [443]}
  - {id: NIGHT, reason: 夜の業務, approver: a, ticket: t, from: 2026-04-01, until: 2027-03-31, hours: ["17:00-09:00"],
     source: {addresses: [10.20.0.1]}, destination: {addresses: [10.60.0.9]}, protocol: tcp, ports: [443]}
  - {id: RUSH, reason: 障害対応, form: emergency, report_by: 2026-11-18, until: 2026-12-01,
     source: {addresses: [10.20.0.2]}, destination: {addresses: [10.60.0.9]}, protocol: tcp, ports: [22]}
)";

// Thursday 2026-11-19, 10:00 in Japan.
constexpr Time ten{std::chrono::seconds{1'795'050'000}};

class ExceptionUseTest : public ::testing::Test {
 protected:
  using Kind = FlowEvent::Kind;

  FlowEvent event(Kind kind, Time time, std::uint64_t bytes, std::uint64_t id = 1, std::uint16_t port = 443,
                  const char* mac = "02:00:00:00:00:01", const char* source = "10.20.0.1") const {
    FlowEvent out;
    out.kind = kind;
    out.time = time;
    out.facts.id = id;
    out.facts.tuple = {IpAddress::parse(source).value(), IpAddress::parse("10.60.0.9").value(), 50'000, port,
                       capture::protocol::tcp};
    out.facts.initiator_mac = MacAddress::parse(mac).value();
    out.facts.bytes_to_server = bytes;
    out.facts.start = out.facts.end = time;
    out.facts.evidence = capture::Evidence::syn;
    out.verdict = policy->judge(policy::conversation_of(out.facts));
    out.generation = policy->generation();
    return out;
  }
  void feed(const FlowEvent& one) { use.feed(one, *policy, notices); }

  std::shared_ptr<const policy::Policy> policy = test::make_policy(city);
  ExceptionUse use{};
  std::vector<ExceptionUse::Notice> notices{};
};

TEST_F(ExceptionUseTest, CountsFlowsAndBytesOnceWhateverTheNumberOfEvents) {
  feed(event(Kind::opened, ten, 100));
  feed(event(Kind::rose, ten + 1s, 300));
  feed(event(Kind::updated, ten + 60s, 1000));
  feed(event(Kind::opened, ten + 90s, 50, 2));
  const ExceptionUsage& day = use.of("DAY");
  EXPECT_EQ(day.flows, 2U);
  EXPECT_EQ(day.bytes, 1050U);
  EXPECT_EQ(day.first, ten);
  EXPECT_EQ(day.last, ten + 90s);
  EXPECT_EQ(day.refused.total(), 0U);
  EXPECT_EQ(use.of("NIGHT").flows, 0U);
  EXPECT_FALSE(use.of("NIGHT").first);
  EXPECT_EQ(use.since(), ten);
}

TEST_F(ExceptionUseTest, CountsWhatCameNearByWhatKeptItOut) {
  feed(event(Kind::opened, ten, 100, 1, 8443));
  feed(event(Kind::rose, ten, 200, 1, 8443));  // the same conversation
  EXPECT_EQ(use.of("DAY").refused.port, 1U);
  feed(event(Kind::opened, ten, 100, 2, 443, "02:00:00:00:00:99"));
  // Another MAC by day: the nearest of two is the one whose hours are wrong, not the one whose MAC is.
  EXPECT_EQ(use.of("NIGHT").refused.out_of_hours, 1U);
  EXPECT_EQ(use.of("DAY").refused.total(), 1U);
}

TEST_F(ExceptionUseTest, CountsUseAfterTheEndAndWithAnotherMac) {
  policy = test::make_policy(std::string{city.substr(0, city.find("  - {id: NIGHT"))});
  feed(event(Kind::opened, ten, 100, 1, 443, "02:00:00:00:00:99"));
  feed(event(Kind::opened, ten + 9h, 100, 2));
  feed(event(Kind::opened, ten + 48h, 100, 3));  // Saturday the 21st: over since midnight
  const ExceptionUsage::Refused& refused = use.of("DAY").refused;
  EXPECT_EQ(refused.mac, 1U);
  EXPECT_EQ(refused.out_of_hours, 1U);
  EXPECT_EQ(refused.expired, 1U);
  EXPECT_EQ(refused.total(), 3U);
  EXPECT_EQ(use.of("DAY").flows, 0U);
}

TEST_F(ExceptionUseTest, TellsWhenALiveFlowGoesOverToAnotherException) {
  feed(event(Kind::opened, ten, 100));
  feed(event(Kind::rejudged, ten + 7h, 900));  // 17:00: the night's
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_EQ(notices[0].what, ExceptionUse::Notice::What::changed);
  EXPECT_EQ(notices[0].before, "DAY");
  EXPECT_EQ(notices[0].exception, "NIGHT");
  EXPECT_EQ(use.of("DAY").bytes + use.of("NIGHT").bytes, 900U);
  feed(event(Kind::rejudged, ten + 8h, 1000));
  EXPECT_EQ(notices.size(), 1U) << "the same one again is no change";
}

TEST_F(ExceptionUseTest, DoesNotCountWhatAFlowCarriedBeforeItWasPermitted) {
  feed(event(Kind::opened, ten, 100, 1, 443, "02:00:00:00:00:99"));
  feed(event(Kind::rejudged, ten + 7h, 5000, 1, 443, "02:00:00:00:00:99"));
  EXPECT_EQ(use.of("NIGHT").flows, 1U);
  EXPECT_EQ(use.of("NIGHT").bytes, 0U);
  feed(event(Kind::updated, ten + 8h, 5300, 1, 443, "02:00:00:00:00:99"));
  EXPECT_EQ(use.of("NIGHT").bytes, 300U);
}

TEST_F(ExceptionUseTest, TellsOnceInAPeriodThatTheVolumeIsExceeded) {
  feed(event(Kind::opened, ten, 10 * 1024));
  EXPECT_TRUE(notices.empty()) << "the limit itself is permitted";
  feed(event(Kind::updated, ten + 60s, 10 * 1024 + 1));
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_EQ(notices[0].what, ExceptionUse::Notice::What::over_volume);
  EXPECT_EQ(notices[0].exception, "DAY");
  EXPECT_EQ(notices[0].bytes, 10U * 1024 + 1);
  feed(event(Kind::updated, ten + 120s, 50 * 1024));
  EXPECT_EQ(notices.size(), 1U) << "once in its period";
  feed(event(Kind::opened, ten + 24h, 20 * 1024, 7));
  EXPECT_EQ(notices.size(), 2U) << "Friday is another day";
  EXPECT_EQ(use.of("DAY").periods_over, 2U);
}

TEST_F(ExceptionUseTest, BeginsAVolumePeriodAtMidnightOfTheZone) {
  const policy::VolumeOptions daily;
  const Time midnight = ten - 10h;
  EXPECT_EQ(volume_period(daily, midnight, 540), volume_period(daily, midnight + 24h - 1ns, 540));
  EXPECT_EQ(volume_period(daily, midnight - 1ns, 540) + 1, volume_period(daily, midnight, 540));
  EXPECT_NE(volume_period(daily, ten, 540), volume_period(daily, ten + 15h, 540));
  EXPECT_EQ(volume_period(daily, ten, 0), volume_period(daily, ten + 15h, 0)) << "01:00 to 16:00 in UTC";
}

TEST_F(ExceptionUseTest, KeepsItsFiguresOverAReload) {
  feed(event(Kind::opened, ten, 100));
  policy = test::make_policy(std::string{city} + "time: {utc_offset: \"+09:00\"}\n", 2);
  feed(event(Kind::updated, ten + 5s, 250));
  EXPECT_EQ(use.of("DAY").flows, 1U);
  EXPECT_EQ(use.of("DAY").bytes, 250U);
}

TEST_F(ExceptionUseTest, ForgetsTheOldestFlowsWhenThereAreTooManyAndSaysSo) {
  for (std::uint64_t id = 1; id <= ExceptionUse::flows_max + 10; ++id) feed(event(Kind::opened, ten, 1, id));
  EXPECT_EQ(use.flows_forgotten(), 10U);
  EXPECT_EQ(use.of("DAY").flows, ExceptionUse::flows_max + 10);
}

// ---- as JSON ----

TEST_F(ExceptionUseTest, IsShownBesideTheRegisterWithItsStates) {
  feed(event(Kind::opened, ten, 100));
  const boost::json::object shown = exceptions_json(*policy, &use, ten, {}, 540);
  EXPECT_EQ(shown.at("watched_since").as_string(), "2026-11-19T10:00:00.000000+09:00");
  EXPECT_EQ(shown.at("states").at("ending").to_number<int>(), 1) << "DAY ends tomorrow";
  EXPECT_EQ(shown.at("states").at("valid").to_number<int>(), 1);
  EXPECT_EQ(shown.at("states").at("emergency").to_number<int>(), 1);
  const boost::json::array& entries = shown.at("exceptions").as_array();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].at("id").as_string(), "DAY");
  EXPECT_EQ(entries[0].at("state").as_string(), "ending");
  EXPECT_EQ(entries[0].at("use").at("flows").to_number<int>(), 1);
  EXPECT_EQ(entries[0].at("use").at("period_bytes").to_number<int>(), 100);
  EXPECT_EQ(entries[0].at("hours").at("ranges").at(0).as_string(), "09:00-17:00");
  EXPECT_TRUE(entries[0].at("in_hours").as_bool());
  EXPECT_EQ(entries[2].at("state").as_string(), "emergency");
  EXPECT_TRUE(entries[2].at("report_overdue").as_bool()) << "it was due on the 18th";
  EXPECT_TRUE(shown.at("complete").as_bool());

  const boost::json::object some =
      exceptions_json(*policy, nullptr, ten, {policy::ExceptionState::valid, 10}, 540);
  ASSERT_EQ(some.at("exceptions").as_array().size(), 1U);
  EXPECT_EQ(some.at("exceptions").at(0).at("id").as_string(), "NIGHT");
  EXPECT_EQ(some.if_contains("watched_since"), nullptr) << "offline nobody watched";
  EXPECT_FALSE(exceptions_json(*policy, nullptr, ten, {{}, 2}, 540).at("complete").as_bool());
}

}  // namespace
}  // namespace sekimori::daemon
