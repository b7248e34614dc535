// A digest for each day, once, of what that day's runs have seen: over midnights that somebody is there for,
// and those that fall into a restart.
#include "daemon/health/diary.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "daemon/health/kept_file.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;

constexpr int japan = 540;
const std::vector<std::string> segments{"mynumber", "lgwan", "internet"};

// Noon in Japan on the first of April.
const Time noon = Time{std::chrono::sys_days{std::chrono::year{2026} / 4 / 1}.time_since_epoch() + 3h};

// How often the diary is asked here; each second in the daemon.
constexpr auto tick = 30s;

// One run of the program: a packet from segment 0 to 1 and a lost frame each second.
struct Watching {
  Diary diary{japan};
  Matrix matrix{};
  Diary::Sample now{.wall = noon, .monotonic = 5000s};
  std::vector<Digest> due{};

  explicit Watching(Time start) { now.wall = start; }
  void seconds(std::chrono::seconds count, std::chrono::seconds step = tick) {
    for (auto passed = 0s; passed < count; passed += step) {
      const auto found = diary.step(now, matrix);
      due.insert(due.end(), found.begin(), found.end());
      now.wall += step;
      now.monotonic += step;
      now.lost += static_cast<std::uint64_t>(step.count());
      now.lines += 2 * static_cast<std::uint64_t>(step.count());
      matrix[policy::pair_of(0, 1)].packets += static_cast<std::uint64_t>(step.count());
    }
  }
  // As a start finds it.
  std::optional<Day> kept() const { return read_day(write_day(diary.day(), segments), segments); }
};

std::string told(const std::vector<Digest>& due) {
  std::string out;
  for (const Digest& each : due) {
    out += (out.empty() ? "" : " ") + date_text(each.day.date) + (each.late ? " late" : "");
    if (each.watch == Digest::Watch::no) out += " unwatched";
    if (each.watch == Digest::Watch::unknown) out += " unknown";
  }
  return out;
}

TEST(Diary, TellsEachDayAtItsEndWithWhatThatDaySaw) {
  Watching run{noon};
  run.seconds(12h);
  EXPECT_EQ(told(run.due), "");
  run.seconds(24h);
  ASSERT_EQ(told(run.due), "2026-04-01");
  EXPECT_EQ(run.due[0].day.watched_ms, 12 * 3'600'000U);
  EXPECT_EQ(run.due[0].day.pairs[policy::pair_of(0, 1)].packets, 12 * 3600U);
  EXPECT_EQ(run.due[0].day.lost, 12 * 3600U);
  run.seconds(tick);
  ASSERT_EQ(told(run.due), "2026-04-01 2026-04-02");
  EXPECT_EQ(run.due[1].day.pairs[policy::pair_of(0, 1)].packets, 86'400U);
  EXPECT_EQ(run.due[1].day.lines, 2 * 86'400U);
}

TEST(Diary, ADayOfTwoRunsIsOneDay) {
  Watching morning{noon};
  morning.seconds(2h);
  Watching evening{noon + 4h};
  evening.diary.resume({.kept = morning.kept()});
  evening.seconds(9h);
  ASSERT_EQ(told(evening.due), "2026-04-01");
  // What follows the last look of a run is not counted.
  EXPECT_EQ(evening.due[0].day.watched_ms, (10 * 3600U - 30) * 1000U);
  EXPECT_EQ(evening.due[0].day.pairs[policy::pair_of(0, 1)].packets, 10 * 3600U - 30);
}

TEST(Diary, ADayWhoseMidnightFellIntoARestartIsToldAtTheStart) {
  Watching before{noon};
  before.seconds(11h + 59min);
  EXPECT_EQ(told(before.due), "");
  Watching after{noon + 12h + 3min};
  after.diary.resume({.kept = before.kept(), .written = noon});
  after.seconds(2s);
  ASSERT_EQ(told(after.due), "2026-04-01 late");
  EXPECT_EQ(after.due[0].day.pairs[policy::pair_of(0, 1)].packets, 11 * 3600U + 59 * 60 - 30);
  after.seconds(24h);
  ASSERT_EQ(told(after.due), "2026-04-01 late 2026-04-02");
  EXPECT_EQ(after.due[1].day.watched_ms, (24 * 3600U - 180) * 1000U);
}

TEST(Diary, WhatTheJournalHoldsIsNotToldAgain) {
  Watching before{noon};
  before.seconds(10h);
  Watching after{noon + 13h};
  after.diary.resume({.kept = before.kept(), .told = date_of(noon, japan), .written = noon + 12h});
  after.seconds(24h);
  EXPECT_EQ(told(after.due), "2026-04-02");
}

TEST(Diary, DaysOnWhichNobodyWatchedAreToldAsSuch) {
  Watching before{noon};
  before.seconds(10h);
  Watching after{noon + 72h};
  after.diary.resume({.kept = before.kept()});
  after.seconds(60s);
  EXPECT_EQ(told(after.due), "2026-04-01 late 2026-04-02 late unwatched 2026-04-03 late unwatched");
  Watching again{noon + 73h};
  again.diary.resume({.kept = after.kept(), .told = date_of(noon + 48h, japan)});
  again.seconds(60s);
  EXPECT_EQ(told(again.due), "");
}

TEST(Diary, AGapOfMonthsIsNoFlood) {
  Watching before{noon};
  before.seconds(10s);
  Watching month{noon + 31 * 24h};
  month.diary.resume({.kept = before.kept()});
  month.seconds(60s);
  EXPECT_EQ(month.due.size(), 31U);
  Watching longer{noon + 32 * 24h};
  longer.diary.resume({.kept = before.kept()});
  longer.seconds(60s);
  EXPECT_EQ(told(longer.due), "2026-04-01 late");
}

TEST(Diary, FiguresThatWereNotKeptAreSaidToBeUnknown) {
  Watching after{noon + 24h};
  after.diary.resume({.written = noon});
  after.seconds(10s);
  EXPECT_EQ(told(after.due), "2026-04-01 late unknown");
  Watching first{noon};
  first.diary.resume({});
  first.seconds(10s);
  EXPECT_EQ(told(first.due), "") << "a first start owes nothing";
}

TEST(Diary, AClockThatIsSetBackOverMidnightTellsNoDayTwice) {
  Watching run{noon};
  run.seconds(12h + 60s);
  ASSERT_EQ(told(run.due), "2026-04-01");
  run.now.wall -= 5min;
  run.seconds(1h);
  EXPECT_EQ(told(run.due), "2026-04-01");
  run.seconds(24h);
  EXPECT_EQ(told(run.due), "2026-04-01 2026-04-02");
}

TEST(Diary, AClockThatRanAheadDoesNotSilenceTheDaysToCome) {
  Watching run{noon};
  run.seconds(60s);
  run.now.wall += 1000 * 24h;
  run.seconds(24h);
  ASSERT_EQ(run.due.size(), 2U) << told(run.due);
  run.due.clear();
  run.now.wall = noon + 24h;
  run.seconds(13h);
  EXPECT_EQ(told(run.due), "2026-04-02");
  // The same over a restart.
  Watching after{noon + 48h};
  after.diary.resume({.kept = Day{.date = date_of(noon + 900 * 24h, japan)},
                      .told = date_of(noon + 899 * 24h, japan),
                      .written = noon + 47h});
  after.seconds(13h);
  EXPECT_EQ(told(after.due), "2026-04-03");
}

// Two months of restarts at any moment, kills among them. What is due is kept by a journal, unless the kill
// comes first; the day is kept each 30 s, but not before its digest is.
TEST(Diary, OverAnyRestartsEachDayIsToldOnce) {
  // SEKIMORI_RESTARTS_ALL: twenty such courses, two by default.
  const unsigned seeds = std::getenv("SEKIMORI_RESTARTS_ALL") == nullptr ? 2 : 20;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    std::mt19937 dice{seed};
    std::map<Date, unsigned> digests;
    std::optional<Date> journal;
    std::optional<Day> file;
    Time clock = noon;
    Time written{};
    const Time end = noon + 60 * 24h;
    while (clock < end) {
      Watching run{clock};
      run.diary.resume({.kept = file, .told = journal, .written = written});
      const auto length = std::chrono::seconds{dice() % (dice() % 4 == 0 ? 400'000 : 4000) + 1};
      for (auto passed = 0s; passed < length && run.now.wall < end; passed += 300s) {
        run.due.clear();
        run.seconds(300s, 300s);
        const bool killed = !run.due.empty() && dice() % 3 == 0;
        if (killed) break;
        for (const Digest& each : run.due) {
          ++digests[each.day.date];
          journal = each.day.date;
          written = run.now.wall;
        }
        if (dice() % 3 != 0) file = run.kept();
      }
      clock = run.now.wall + std::chrono::seconds{dice() % (dice() % 10 == 0 ? 300'000 : 3000)};
    }
    const Date first = date_of(noon, japan);
    for (Date date = first; journal && date <= *journal; date += std::chrono::days{1}) {
      ASSERT_EQ(digests[date], 1U) << date_text(date) << ", seed " << seed;
    }
    ASSERT_TRUE(journal.has_value());
    EXPECT_GE(digests.size(), 50U);
  }
}

TEST(DayFile, GivesBackWhatWasWrittenAndNothingElse) {
  Day day{.date = date_of(noon, japan), .watched_ms = 7, .lost = 8, .lines = 9};
  day.pairs[policy::pair_of(2, 1)] = {.packets = 10, .flows = 11, .flows_forbidden = 12};
  const std::string content = write_day(day, segments);
  EXPECT_EQ(content.substr(0, content.find("crc32c")),
            "sekimori day 1\ndate 2026-04-01\nwatched 7\nlost 8\nlines 9\npair internet lgwan 10 11 12\n");
  EXPECT_EQ(read_day(content, segments), day);
  const auto renamed = read_day(content, {"lgwan"});
  ASSERT_TRUE(renamed.has_value());
  EXPECT_EQ(renamed->pairs, Day{}.pairs) << "a segment that there is no more";
  for (std::size_t octets = 0; octets < content.size(); ++octets) {
    EXPECT_EQ(read_day(std::string_view{content}.substr(0, octets), segments), std::nullopt) << octets;
    std::string altered = content;
    altered[octets] = static_cast<char>(altered[octets] ^ 4);
    EXPECT_EQ(read_day(altered, segments), std::nullopt) << octets;
  }
}

TEST(DayFile, IsReadStrictly) {
  const KeptForm form{.family = "sekimori day ", .version = "1"};
  const auto read = [&](const std::string& lines) { return read_day(seal_kept(form, lines), segments); };
  EXPECT_TRUE(read("date 2026-04-01\n").has_value());
  for (const std::string line : {"date 2026-02-30", "date 2026-4-1", "date 20260401", "watched -1", "lost",
                                 "lines 1 2", "pair mynumber lgwan 1 2", "pair mynumber lgwan 1 2 x", ""}) {
    EXPECT_EQ(read("date 2026-04-01\n" + line + "\n"), std::nullopt) << line;
  }
  EXPECT_EQ(read("watched 5\n"), std::nullopt) << "of which day?";
}

}  // namespace
}  // namespace sekimori::daemon
