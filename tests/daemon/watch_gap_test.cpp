// What is known after a start of the time before it, from a file that a kill or a power cut may have left in
// any state.
#include "daemon/health/watch_gap.hpp"

#include <boost/json.hpp>

#include "daemon/health/caretaker.hpp"
#include "daemon/render.hpp"
#include "daemon/render/notice.hpp"
#include "daemon/status.hpp"
#include "policy/text/text.hpp"
#include "tests/daemon/alert_city.hpp"
#include "tests/daemon/journal_kit.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;

constexpr int japan = 540;

struct WatchStampTest : test::JournalTest {
  void SetUp() override {
    test::JournalTest::SetUp();
    std::filesystem::create_directories(folder);
  }
  std::string path() const { return folder + "/watch"; }
  static WatchMark mark(std::chrono::seconds after, bool stopped = false) {
    return {test::nine_twelve + after, stopped};
  }
  std::optional<WatchMark> found() const { return WatchStamp{path()}.found(); }
};

TEST_F(WatchStampTest, GivesBackTheNewestMark) {
  EXPECT_EQ(found(), std::nullopt);
  WatchStamp stamp{path()};
  for (int each = 0; each < 5; ++each) {
    ASSERT_EQ(stamp.write(mark(each * 20s)), "");
    EXPECT_EQ(found(), mark(each * 20s));
  }
  WatchStamp next{path()};  // another run
  ASSERT_EQ(next.write(mark(90s, true)), "");
  EXPECT_EQ(found(), mark(90s, true));
  EXPECT_EQ(std::filesystem::file_size(path()), 256U) << "it does not grow";
}

TEST_F(WatchStampTest, AMarkThatIsCutInTheMiddleLeavesTheOneBefore) {
  WatchStamp stamp{path()};
  for (const auto after : {0s, 20s, 40s}) ASSERT_EQ(stamp.write(mark(after)), "");
  const std::string whole = test::octets_of(path());
  WatchStamp{path()}.write(mark(60s));
  const std::string after = test::octets_of(path());
  // Every length of the new line over the old one.
  for (std::size_t torn = 0; torn <= 128; ++torn) {
    std::string content = whole;
    const std::size_t at = whole.substr(0, 128) == after.substr(0, 128) ? 128 : 0;
    content.replace(at, torn, after, at, torn);
    test::write_octets(path(), content);
    EXPECT_EQ(found(), content == after ? mark(60s) : mark(40s)) << torn;
  }
}

TEST_F(WatchStampTest, NoOctetCanBeAlteredUnseen) {
  WatchStamp stamp{path()};
  ASSERT_EQ(stamp.write(mark(0s)), "");
  const std::string good = test::octets_of(path());
  const std::size_t begin = good.find("sekimori watch 1");
  ASSERT_NE(begin, std::string::npos);
  for (std::size_t at = begin; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    test::write_octets(path(), bad);
    EXPECT_EQ(found(), std::nullopt) << at;
  }
  for (const char* other : {"", "sekimori watch 1 1", "\n\n\n\n"}) {
    test::write_octets(path(), other);
    EXPECT_EQ(found(), std::nullopt) << other;
  }
  ASSERT_EQ(WatchStamp{path()}.write(mark(5s)), "") << "and is written anew";
  EXPECT_EQ(found(), mark(5s));
}

TEST_F(WatchStampTest, SaysWhyItCannotBeWritten) {
  EXPECT_NE(WatchStamp{folder + "/missing/watch"}.write(mark(0s)), "");
  std::filesystem::create_symlink("/dev/null", path());
  EXPECT_NE(WatchStamp{path()}.write(mark(0s)), "") << "a link is not followed";
}

std::string told(const std::optional<WatchGap>& gap, Language language) {
  return gap ? notice_sentence(watch_gap_notice(*gap, japan), Text::notice_not_watched, language) : "nothing";
}

TEST(WatchGap, SaysFromWhenToWhenAndHowItEnded) {
  const Time begin = test::nine_twelve;
  const Time now = begin + 90s;
  EXPECT_EQ(watch_gap({}, {}, now), std::nullopt) << "the first start of all";
  const auto cut = watch_gap(WatchMark{begin, false}, begin - 1h, now);
  ASSERT_TRUE(cut);
  EXPECT_EQ(told(cut, Language::ja),
            "【監視欠測】2026-04-01 09:12:03から2026-04-01 "
            "09:13:33まで（90.0秒）、このジャーナルに監視の記録がありません"
            "（停止の記録なしに終了、実際の停止は表示より最大30秒遅い可能性があります）。この間の通信の判定も"
            "記録されていません。");
  EXPECT_FALSE(watch_gap_notice(*cut, japan).severity) << "a warning, as its row says";
  const auto stopped = watch_gap(WatchMark{begin, true}, begin + 1s, now);
  EXPECT_NE(told(stopped, Language::en).find("(90.0 s; stopped in order)"), std::string::npos)
      << told(stopped, Language::en);
  EXPECT_EQ(watch_gap_notice(*stopped, japan).severity, policy::Severity::info);
  const auto unknown = watch_gap({}, begin, now);
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->since, begin) << "the last thing that is known of the runs before";
  EXPECT_NE(told(unknown, Language::ja).find("最後の警報記録から"), std::string::npos);
  const auto json = watch_gap_json(cut, japan).as_object();
  EXPECT_EQ(json.at("seconds").as_double(), 90.0);
  EXPECT_EQ(json.at("ended").as_string(), "cut");
  EXPECT_TRUE(watch_gap_json({}, japan).is_null());
}

TEST(WatchGap, SaysALongTimeInUnitsThatPeopleRead) {
  const auto text = [](double seconds) {
    return watch_length_text(seconds, Language::ja) + " " + watch_length_text(seconds, Language::en);
  };
  EXPECT_EQ(text(0), "0.0秒 0.0 s");
  EXPECT_EQ(text(90.06), "90.1秒 90.1 s");
  EXPECT_EQ(text(302.6), "5分3秒 5 min 3 s");
  EXPECT_EQ(text(3599.7), "1時間0分 1 h 0 min");
  EXPECT_EQ(text(9000), "2時間30分 2 h 30 min");
  EXPECT_EQ(text(86399), "1日0時間0分 1 d 0 h 0 min");
  EXPECT_EQ(text(259200.6), "3日0時間0分 3 d 0 h 0 min");
}

TEST(WatchGap, RecordsBehindAMarkShowThatItIsNotOfTheLastRun) {
  const Time begin = test::nine_twelve;
  const Time now = begin + 2h;
  for (const bool stopped : {true, false}) {
    const auto gap = watch_gap(WatchMark{begin, stopped}, begin + 1h, now);
    ASSERT_TRUE(gap);
    EXPECT_EQ(gap->since, begin + 1h) << stopped;
    EXPECT_EQ(gap->ended, WatchGap::Ended::unknown) << "a kill must not pass for an ordered stop";
    EXPECT_FALSE(watch_gap_notice(*gap, japan).severity) << "a warning, as its row says";
    EXPECT_EQ(told(gap, Language::ja).find("最大30秒"), std::string::npos);
    EXPECT_EQ(told(gap, Language::en).find("30 s"), std::string::npos);
  }
  const auto flood = watch_gap(WatchMark{begin, true}, begin + 70s, now);
  ASSERT_TRUE(flood);
  EXPECT_EQ(flood->ended, WatchGap::Ended::stopped) << "working off a flood takes a stop a minute and more";
  EXPECT_EQ(flood->since, begin);
  const auto late = watch_gap(WatchMark{begin, false}, begin + 20s, now);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->ended, WatchGap::Ended::cut) << "it is stamped each 20 s only";
  EXPECT_EQ(late->since, begin);
  const auto ahead = watch_gap(WatchMark{begin, true}, now + 1h, now);
  ASSERT_TRUE(ahead);
  EXPECT_EQ(ahead->since, begin) << "a record from the future says nothing";
}

TEST(WatchGap, AClockThatWasSetBackMakesNoLength) {
  const Time begin = test::nine_twelve;
  const auto back = watch_gap(WatchMark{begin, false}, {}, begin - 1h);
  EXPECT_NE(told(back, Language::ja).find("長さは不明"), std::string::npos) << told(back, Language::ja);
  EXPECT_TRUE(watch_gap_json(back, japan).as_object().at("seconds").is_null());
  const auto slewed = watch_gap(WatchMark{begin, true}, {}, begin - 1s);
  EXPECT_NE(told(slewed, Language::en).find("(0.0 s;"), std::string::npos) << "set right by a second";
}

// Runs of the one room that keeps the stamp.
struct WatchTest : WatchStampTest {
  // The gaps that a look finds.
  std::vector<Notice> look(Caretaker& caretaker, std::uint64_t waiting = 0) const {
    OutletVitals outlets;
    outlets.journal.waiting = waiting;
    std::vector<Notice> found;
    caretaker.look(std::move(outlets), *policy, found);
    caretaker.settle();
    std::erase_if(found, [](const Notice& notice) { return notice.kind != NoticeKind::not_watched; });
    return found;
  }
  std::unique_ptr<Caretaker> start() const {
    auto caretaker = std::make_unique<Caretaker>(options_);
    caretaker->resume({}, folder, *policy, {});
    return caretaker;
  }
  static Time now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

  const std::shared_ptr<const policy::Policy> policy = test::alert_policy();
  StationOptions options_{};
};

TEST_F(WatchTest, AKilledRunIsToldOnceAndOnlyThenForgotten) {
  {
    const auto first = start();
    EXPECT_TRUE(look(*first).empty()) << "the first start of all";
    EXPECT_TRUE(look(*first).empty());
    ASSERT_TRUE(found()) << "stamped at once: there is no gap that could be lost";
  }  // without finish(): killed
  const WatchMark left = *found();
  EXPECT_FALSE(left.stopped);
  const auto second = start();
  ASSERT_TRUE(second->gap());
  EXPECT_EQ(second->gap()->since, left.until);
  EXPECT_EQ(second->gap()->ended, WatchGap::Ended::cut);
  const auto told = look(*second);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(look(*second, 1).empty()) << "once";
  EXPECT_EQ(found(), left) << "its record still waits for the disk: a kill now must not lose the gap";
  EXPECT_TRUE(look(*second, 0).empty());
  EXPECT_NE(found(), left);
}

TEST_F(WatchTest, AnOrderedStopIsKnownAsOne) {
  {
    const auto first = start();
    look(*first);
    first->stopping();
    first->finish(*policy);
  }
  ASSERT_TRUE(found());
  EXPECT_TRUE(found()->stopped);
  EXPECT_LT(now() - found()->until, 60s);
  const auto second = start();
  const auto told = look(*second);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].value("ended"), "stopped");
  EXPECT_EQ(told[0].severity, policy::Severity::info);
}

TEST_F(WatchTest, ARunThatEndsBeforeItCouldTellLeavesTheGapToTheNext) {
  {
    const auto first = start();
    look(*first);
    look(*first);
  }
  const WatchMark left = *found();
  {
    const auto brief = start();
    brief->stopping();
    brief->finish(*policy);
  }
  EXPECT_EQ(found(), left);
  const auto next = start();
  const auto told = look(*next);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].subject, timestamp(left.until, options_.daemon.alerts.utc_offset_minutes));
}

TEST_F(WatchTest, AStartThatIsKilledAtOnceDoesNotPassForAStop) {
  {
    const auto first = start();
    look(*first);
    first->stopping();
    first->finish(*policy);
  }
  const WatchMark left = *found();
  ASSERT_TRUE(left.stopped);
  {
    const auto brief = start();
    brief->stopping();
    brief->finish(*policy);
  }
  EXPECT_EQ(found(), left) << "two ordered stops";
  start();  // without finish(): killed
  EXPECT_EQ(found(), (WatchMark{left.until, false}));
  const auto next = start();
  ASSERT_TRUE(next->gap());
  EXPECT_EQ(next->gap()->since, left.until);
  EXPECT_EQ(next->gap()->ended, WatchGap::Ended::cut);
}

TEST_F(WatchTest, WithoutAJournalNothingIsSaidOfTheTimeBefore) {
  Caretaker nowhere{options_};
  nowhere.resume({}, "", *policy, {.written = now() - 1h});
  EXPECT_TRUE(look(nowhere).empty());
  EXPECT_FALSE(nowhere.gap());
  nowhere.stopping();
  nowhere.finish(*policy);
  EXPECT_FALSE(std::filesystem::exists(path()));
}

}  // namespace
}  // namespace sekimori::daemon
