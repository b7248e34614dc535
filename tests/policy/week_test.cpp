#include "policy/week.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace sekimori::policy {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

constexpr std::int16_t japan = 540;
constexpr std::uint8_t workdays = 0x1f;

// By Japan's clock. 2026-04-06 is a Monday.
constexpr Time april(unsigned day, int hour, int minute = 0) {
  return Time{std::chrono::sys_days{std::chrono::year{2026} / 4 / std::chrono::day{day}}} + hours{hour} +
         minutes{minute} - minutes{japan};
}

TEST(Week, HoldsEveryTimeWhereNothingIsLimited) {
  const Week week{HoursOptions{}, japan};
  EXPECT_TRUE(week.always());
  EXPECT_TRUE(week.holds(Time::min()));
  EXPECT_TRUE(week.holds(april(6, 3)));
  EXPECT_TRUE(week.holds(Time::max()));
}

TEST(Week, HoldsWorkingHoursFromTheirFirstInstantUntilJustBeforeTheirEnd) {
  const Week week{{workdays, {{510, 1035}}}, japan};  // 08:30-17:15
  const Duration instant{1};
  for (unsigned day = 6; day <= 10; ++day) {
    EXPECT_FALSE(week.holds(april(day, 8, 30) - instant)) << day;
    EXPECT_TRUE(week.holds(april(day, 8, 30))) << day;
    EXPECT_TRUE(week.holds(april(day, 17, 15) - instant)) << day;
    EXPECT_FALSE(week.holds(april(day, 17, 15))) << day;
  }
  EXPECT_FALSE(week.holds(april(11, 12))) << "Saturday";
  EXPECT_FALSE(week.holds(april(12, 12))) << "Sunday";
}

// The office hours of a bulk threshold, as bodies write them.
TEST(Week, HoldsOfficeHoursOfAnAutumnWeek) {
  const Time wednesday{std::chrono::sys_days{std::chrono::year{2026} / 11 / 17} + hours{15}};  // in Japan
  const HoursOptions::Range office{510, 1035};
  const Week week{{workdays, {office}}, japan};
  EXPECT_TRUE(week.holds(wednesday + hours{2 * 24 + 9})) << "Friday";
  EXPECT_FALSE(week.holds(wednesday + hours{3 * 24 + 9})) << "Saturday";
  EXPECT_TRUE(week.holds(wednesday + hours{5 * 24 + 9})) << "Monday";

  const Week night{{0x04, {{22 * 60, 6 * 60}}}, japan};
  EXPECT_FALSE(night.holds(wednesday + hours{5})) << "Tuesday's night is not named";
  EXPECT_TRUE(night.holds(wednesday + hours{22}));
  EXPECT_TRUE(night.holds(wednesday + hours{24 + 6} - minutes{1}));
  EXPECT_FALSE(night.holds(wednesday + hours{24 + 6}));
  EXPECT_FALSE(night.holds(wednesday + hours{24 + 23}));

  const Week utc{{0x04, {office}}, 0};
  EXPECT_FALSE(utc.holds(wednesday + hours{10})) << "01:00 in UTC";
  EXPECT_TRUE(utc.holds(wednesday + hours{19})) << "10:00 in UTC";
}

TEST(Week, CarriesARangeOverMidnightIntoTheNextDayOnly) {
  const Week friday{{1U << 4U, {{22 * 60, 5 * 60}}}, japan};
  EXPECT_FALSE(friday.holds(april(10, 4))) << "the night from Thursday is not Friday's";
  EXPECT_FALSE(friday.holds(april(10, 21, 59)));
  EXPECT_TRUE(friday.holds(april(10, 22)));
  EXPECT_TRUE(friday.holds(april(11, 0)));
  EXPECT_TRUE(friday.holds(april(11, 4, 59)));
  EXPECT_FALSE(friday.holds(april(11, 5)));
  EXPECT_FALSE(friday.holds(april(11, 22)));
}

TEST(Week, RunsOnFromSundayIntoMonday) {
  const Week sunday{{1U << 6U, {{22 * 60, 5 * 60}}}, japan};
  EXPECT_TRUE(sunday.holds(april(12, 23)));
  EXPECT_TRUE(sunday.holds(april(13, 0)));
  EXPECT_TRUE(sunday.holds(april(13, 4, 59)));
  EXPECT_FALSE(sunday.holds(april(13, 5)));
  EXPECT_EQ(sunday.spans(), (std::vector<Week::Span>{{0, 300}, {9960, 10080}}));
}

TEST(Week, JoinsRangesThatTouchOrOverlap) {
  const Week week{{1, {{600, 720}, {540, 600}, {700, 760}, {900, 1440}}}, japan};
  EXPECT_EQ(week.spans(), (std::vector<Week::Span>{{540, 760}, {900, 1440}}));
}

TEST(Week, IsByTheClockOfItsZone) {
  const HoursOptions monday{1, {}};
  const Time six_in_utc = april(6, 3);  // Sunday 18:00 in UTC
  EXPECT_TRUE((Week{monday, japan}.holds(six_in_utc)));
  EXPECT_FALSE((Week{monday, 0}.holds(six_in_utc)));
  const Time late = april(7, 3);  // Monday 18:00 in UTC, 14:30 at -03:30
  EXPECT_FALSE((Week{monday, japan}.holds(late)));
  EXPECT_TRUE((Week{monday, -210}.holds(late)));
}

TEST(Week, IsRightBeforeTheYear1970) {
  // 1969-12-29 was a Monday.
  const Time monday{std::chrono::sys_days{std::chrono::year{1969} / 12 / 29}};
  const Week week{{1, {}}, 0};
  EXPECT_FALSE(week.holds(monday - Duration{1}));
  EXPECT_TRUE(week.holds(monday));
  EXPECT_FALSE(week.holds(monday + days{1}));
}

TEST(Week, IsWrittenAsPeopleWriteIt) {
  EXPECT_EQ(hours_text({workdays, {{510, 1035}}}, Language::ja), "月〜金 08:30-17:15");
  EXPECT_EQ(hours_text({workdays, {{510, 1035}}}, Language::en), "Mon-Fri 08:30-17:15");
  EXPECT_EQ(hours_text({0x61, {}}, Language::ja), "月・土・日");
  EXPECT_EQ(hours_text({0x7f, {{1320, 300}, {720, 1440}}}, Language::en),
            "every day 22:00-05:00, 12:00-24:00");
}

// ---- borders ----

TEST(WeekBorders, AreNoneWithoutHours) {
  const WeekBorders::Part part = WeekBorders{}.part(april(6, 0));
  EXPECT_EQ(part.begin, Time::min());
  EXPECT_EQ(part.end, Time::max());
}

TEST(WeekBorders, PartTheWeekWhereHoursChangeAndNowhereElse) {
  const WeekBorders borders{{Week{{workdays, {{510, 1035}}}, japan}}, japan};
  const auto at = borders.part(april(6, 12));
  EXPECT_EQ(at.begin, april(6, 8, 30));
  EXPECT_EQ(at.end, april(6, 17, 15));
  const auto night = borders.part(april(6, 20));
  EXPECT_EQ(night.begin, april(6, 17, 15));
  EXPECT_EQ(night.end, april(7, 8, 30));
  EXPECT_EQ(night.number, at.number + 1);
  const auto weekend = borders.part(april(12, 12));
  EXPECT_EQ(weekend.begin, april(10, 17, 15));
  EXPECT_EQ(weekend.end, april(13, 8, 30)) << "over the end of the week";
  EXPECT_EQ(borders.part(april(13, 0)).number, weekend.number) << "Monday before work is still that part";
  EXPECT_EQ(borders.part(april(13, 8, 30)).number, weekend.number + 1);
}

TEST(WeekBorders, NumberEachPartOnceForYears) {
  const WeekBorders borders{{Week{{workdays, {{22 * 60, 5 * 60}}}, japan}, Week{{1U << 6U, {}}, japan}},
                            japan};
  WeekBorders::Part part = borders.part(april(6, 0));
  for (int i = 0; i < 20'000; ++i) {
    const WeekBorders::Part next = borders.part(part.end);
    ASSERT_EQ(next.begin, part.end);
    ASSERT_EQ(next.number, part.number + 1);
    ASSERT_EQ(borders.part(next.end - Duration{1}).number, next.number);
    part = next;
  }
}

TEST(WeekBorders, HoldAtTheEndsOfTime) {
  const WeekBorders borders{{Week{{1, {}}, japan}}, japan};
  EXPECT_LE(borders.part(Time::min()).begin, Time::min());
  EXPECT_GT(borders.part(Time::min()).end, Time::min());
  EXPECT_LE(borders.part(Time::max()).begin, Time::max());
  EXPECT_EQ(borders.part(Time::max()).end, Time::max());
}

}  // namespace
}  // namespace sekimori::policy
