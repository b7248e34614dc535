#include "daemon/alert/exception_watch.hpp"

#include <gtest/gtest.h>

#include "tests/daemon/city.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;

// Midnight of 2026-04-01 in Japan.
constexpr Time april{std::chrono::seconds{1'774'969'200}};
constexpr Duration day = 24h;

std::string city_of(const std::string& exceptions) {
  return "profile: alpha\nsegments:\n  lgwan: {prefixes: [10.20.0.0/16]}\n  gov-cloud: {prefixes: "
         "[10.60.0.0/16]}\n"
         "exceptions:\n" +
         exceptions;
}
std::string entry(const std::string& id, const std::string& rest) {
  return "  - {id: " + id +
         ", reason: r, approver: a, ticket: t, protocol: tcp, ports: [443], source: {addresses: " +
         "[10.20.0.1]}, destination: {addresses: [10.60.0.9]}, " + rest + "}\n";
}

class ExceptionWatchTest : public ::testing::Test {
 protected:
  std::string told(Time now) {
    std::vector<Notice> found;
    watch.tick(now, *policy, found);
    return words(found);
  }
  static std::string words(const std::vector<Notice>& found) {
    std::string out;
    for (const Notice& notice : found) {
      out += std::string{notice_row(notice.kind).code} + " " + notice.subject + "; ";
    }
    return out;
  }
  std::vector<Notice> use(Time time, std::uint64_t bytes, FlowEvent::Kind kind = FlowEvent::Kind::opened) {
    FlowEvent event;
    event.kind = kind;
    event.time = time;
    event.facts.id = 7;
    event.facts.tuple = {IpAddress::parse("10.20.0.1").value(), IpAddress::parse("10.60.0.9").value(), 50'000,
                         443, capture::protocol::tcp};
    event.facts.bytes_to_client = bytes;
    event.facts.start = event.facts.end = time;
    event.facts.evidence = capture::Evidence::syn;
    event.verdict = policy->judge(policy::conversation_of(event.facts));
    std::vector<Notice> found;
    watch.feed(event, *policy, found);
    return found;
  }

  std::shared_ptr<const policy::Policy> policy{};
  ExceptionWatch watch{90 * 24h};
};

TEST_F(ExceptionWatchTest, RemindsOfAnEndOnceADayInItsLastThirtyDays) {
  policy = test::make_policy(city_of(entry("E", "until: 2026-05-15")));  // over at midnight of the 16th
  EXPECT_EQ(told(april + 14 * day), "") << "31 days are left";
  EXPECT_EQ(told(april + 15 * day + 5h), "EXC-ENDING E; ");
  EXPECT_EQ(told(april + 15 * day + 20h), "");
  EXPECT_EQ(told(april + 16 * day), "EXC-ENDING E; ");
  std::vector<Notice> found;
  watch.tick(april + 17 * day + 3h, *policy, found);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].time, april + 17 * day) << "told for midnight, whenever the first packet comes";
  EXPECT_EQ(found[0].value("until"), "2026-05-15");
  EXPECT_EQ(found[0].value("days"), "28");
  EXPECT_EQ(told(april + 45 * day), "") << "it has ended";
}

TEST_F(ExceptionWatchTest, RemindsOfAnEmergencyUntilItIsReported) {
  policy =
      test::make_policy(city_of(entry("E", "form: emergency, report_by: 2026-04-03, until: 2026-12-31")));
  std::vector<Notice> found;
  watch.tick(april + 9h, *policy, found);
  ASSERT_EQ(words(found), "EXC-EMERGENCY E; ");
  EXPECT_EQ(found[0].severity, policy::Severity::notice) << "still in time";
  EXPECT_EQ(found[0].value("due"), "2026-04-03");
  found.clear();
  watch.tick(april + 3 * day, *policy, found);
  ASSERT_EQ(words(found), "EXC-EMERGENCY E; ");
  EXPECT_FALSE(found[0].severity) << "overdue: the row's own";
  EXPECT_EQ(found[0].value("overdue"), "yes");

  policy = test::make_policy(
      city_of(
          entry("E", "form: emergency, report_by: 2026-04-03, reported_on: 2026-04-04, until: 2026-12-31")),
      2);
  watch.replaced(*policy);
  EXPECT_EQ(told(april + 4 * day), "");
}

TEST_F(ExceptionWatchTest, TellsLongDisuseCountedFromTheStartOfWatching) {
  policy = test::make_policy(
      city_of(entry("E", "from: 2020-01-01, until: 2027-12-31") +
              entry("NEW", "from: 2026-06-01, until: 2027-12-31, hours: [\"22:00-23:00\"]")));
  EXPECT_EQ(told(april), "");
  EXPECT_EQ(told(april + 89 * day), "");
  EXPECT_EQ(told(april + 90 * day), "EXC-UNUSED E; ") << "not 2020: nobody was watching";
  EXPECT_EQ(told(april + 91 * day), "") << "said once";
  EXPECT_EQ(told(april + 152 * day), "EXC-UNUSED NEW; ") << "in force since June 1st";
  use(april + 153 * day, 10);
  EXPECT_EQ(told(april + 200 * day), "") << "E was used meanwhile";
  std::vector<Notice> found;
  watch.tick(april + 243 * day, *policy, found);
  EXPECT_EQ(found.front().value("days"), "90");
  EXPECT_EQ(found.front().value("since"), "2026-04-01");
}

TEST_F(ExceptionWatchTest, TellsTheVolumeAndTheChangeAtOnce) {
  policy = test::make_policy(
      city_of(entry("DAY", "until: 2027-12-31, hours: [\"09:00-17:00\"], volume: {bytes: 1KiB}") +
              entry("NIGHT", "until: 2027-12-31")));
  EXPECT_EQ(words(use(april + 10h, 1024)), "");
  const auto over = use(april + 11h, 2000, FlowEvent::Kind::updated);
  ASSERT_EQ(words(over), "EXC-VOLUME DAY; ");
  EXPECT_EQ(over[0].value("bytes"), "2000");
  EXPECT_EQ(over[0].value("limit"), "1024");
  EXPECT_EQ(over[0].value("src"), "10.20.0.1");
  const auto changed = use(april + 17h, 2100, FlowEvent::Kind::rejudged);
  ASSERT_EQ(words(changed), "EXC-CHANGED NIGHT; ");
  EXPECT_EQ(changed[0].value("before"), "DAY");
}

TEST_F(ExceptionWatchTest, TellsARegisterThatEndsAsAWholeInAFewLines) {
  std::string entries;
  for (int i = 0; i < 1000; ++i) entries += entry("E" + std::to_string(i), "until: 2026-04-20");
  policy = test::make_policy(city_of(entries));
  std::vector<Notice> found;
  watch.tick(april, *policy, found);
  ASSERT_EQ(found.size(), ExceptionWatch::told_max + 1);
  EXPECT_EQ(found.back().kind, NoticeKind::exceptions_more);
  EXPECT_EQ(found.back().value("count"), "980");
}

TEST_F(ExceptionWatchTest, RemindsOfWhatAReloadBringsTheSameDayAndOfNothingTwice) {
  policy = test::make_policy(city_of(entry("A", "until: 2026-04-10")));
  EXPECT_EQ(told(april + 1h), "EXC-ENDING A; ");
  policy = test::make_policy(city_of(entry("A", "until: 2026-04-10") + entry("B", "until: 2026-04-11")), 2);
  watch.replaced(*policy);
  EXPECT_EQ(told(april + 2h), "EXC-ENDING B; ");
}

TEST_F(ExceptionWatchTest, KeepsTheCalendarOutOfAReplay) {
  ExceptionWatch offline{0s};
  policy = test::make_policy(city_of(entry("A", "until: 2026-04-10")));
  std::vector<Notice> found;
  offline.tick(april, *policy, found);
  EXPECT_TRUE(found.empty());
}

}  // namespace
}  // namespace sekimori::daemon
