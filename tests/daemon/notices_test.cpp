#include "daemon/alert/notices.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "daemon/alert/desk.hpp"
#include "daemon/render.hpp"
#include "tests/daemon/alert_city.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;

class NoticesTest : public ::testing::Test {
 protected:
  NoticesTest() {
    options_.incident_idle = 600s;
    options_.repeat = {60s, 600s};
    options_.incidents_max = 16;
  }
  static Notice gap(Time at, std::string tap = "t1") {
    Notice notice{NoticeKind::gap, tap, at};
    notice.add("tap", std::move(tap)).add("since", "2026-04-01 09:12:00").add("seconds", "90");
    return notice;
  }
  static Notice jump(Time at) {
    Notice notice{NoticeKind::clock_jump, "clock", at};
    notice.add("seconds", "30").add("direction", "forward", {"進む方向に", "forward"});
    notice.add("expected", "09:12:00").add("found", "09:12:30");
    return notice;
  }
  std::vector<AlertRecord> feed(Notices& notices, Notice notice) {
    std::vector<AlertRecord> out;
    notices.feed(std::move(notice), policy_, 0.25, out);
    return out;
  }
  static std::vector<AlertRecord> tick(Notices& notices, Time now) {
    std::vector<AlertRecord> out;
    notices.tick(now, out);
    return out;
  }

  AlertOptions options_{};
  std::shared_ptr<const policy::Policy> policy_ =
      std::make_shared<const policy::Policy>(test::alert_city(), std::vector<std::string>{}, "abc", 3);
  Time start_ = test::nine_twelve;
};

TEST_F(NoticesTest, TellsAStateOnceThenAtGrowingPausesUntilItIsOver) {
  Notices notices{options_};
  ASSERT_EQ(feed(notices, gap(start_)).size(), 1U);
  EXPECT_TRUE(feed(notices, gap(start_ + 1s)).empty());

  // A state lasts though nobody repeats it: the pause is an hour at most, here a minute and then ten.
  const auto first = tick(notices, start_ + 60s);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].kind, AlertKind::repeated);
  EXPECT_EQ(first[0].suppressed, 1U);
  EXPECT_TRUE(tick(notices, start_ + 600s).empty());
  const auto second = tick(notices, start_ + 660s);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].suppressed, 0U);

  Notice end = gap(start_ + 700s);
  end.over = true;
  const auto over = feed(notices, std::move(end));
  ASSERT_EQ(over.size(), 1U);
  EXPECT_EQ(over[0].kind, AlertKind::closed);
  EXPECT_EQ(over[0].close, CloseReason::over);
  EXPECT_EQ(over[0].opened, start_);
  EXPECT_EQ(notices.open(), 0U);
  EXPECT_EQ(notices.counters().notices_in, notices.counters().told + notices.counters().suppressed);
}

TEST_F(NoticesTest, ClosesAnEventThatDoesNotComeAgain) {
  Notices notices{options_};
  ASSERT_EQ(feed(notices, jump(start_)).size(), 1U);
  EXPECT_TRUE(tick(notices, start_ + 599s).empty());  // nothing was counted, so nothing is repeated
  const auto closed = tick(notices, start_ + 600s);
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].close, CloseReason::quiet);
  // And opens anew, as another story.
  const auto again = feed(notices, jump(start_ + 900s));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].kind, AlertKind::opened);
  EXPECT_NE(incident_id(again[0]), incident_id(closed[0]));
}

TEST_F(NoticesTest, TheEndOfAStateThatNobodySawBeginIsCountedOnly) {
  Notices notices{options_};
  Notice end = gap(start_);
  end.over = true;
  EXPECT_TRUE(feed(notices, std::move(end)).empty());
  EXPECT_EQ(notices.counters().suppressed, 1U);
}

TEST_F(NoticesTest, ARiseInSeverityBreaksThrough) {
  Notices notices{options_};
  feed(notices, gap(start_));
  Notice graver = gap(start_ + 1s);
  graver.severity = policy::Severity::error;
  const auto records = feed(notices, std::move(graver));
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].kind, AlertKind::escalated);
  EXPECT_EQ(records[0].severity, policy::Severity::error);
}

TEST_F(NoticesTest, TheStalestMakesRoomAndSaysSo) {
  Notices notices{options_};
  for (unsigned i = 0; i < 16; ++i) feed(notices, gap(start_, "t" + std::to_string(i)));
  feed(notices, gap(start_ + 1s, "t0"));
  const auto records = feed(notices, gap(start_ + 2s, "t16"));
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].close, CloseReason::displaced);
  EXPECT_EQ(records[0].notice->subject, "t1");
  EXPECT_EQ(notices.counters().stories_evicted, 1U);
  EXPECT_EQ(notices.open(), 16U);
}

TEST_F(NoticesTest, IsWrittenInBothLanguagesAndForMachines) {
  Notices notices{options_};
  auto records = feed(notices, jump(start_));
  ASSERT_EQ(records.size(), 1U);
  records[0].sequence = 7;
  AlertOptions english = options_;
  english.language = Language::en;
  for (const AlertOptions& options : {options_, english}) {
    const std::string text = alert_text(records[0], options);
    EXPECT_EQ(text.find('{'), std::string::npos) << text;
    EXPECT_NE(text.find(options.language == Language::ja ? "進む方向に" : "forward"), std::string::npos)
        << text;
  }
  const boost::json::object event = alert_event(records[0], english);
  EXPECT_EQ(event.at("event_type"), "health");
  const boost::json::object& ours = event.at("sekimori").as_object();
  EXPECT_EQ(ours.at("finding"), "TIME");
  EXPECT_EQ(ours.at("facts").as_object().at("direction"), "forward");
  EXPECT_EQ(ours.at("sequence").to_number<int>(), 7);
  const std::string syslog = syslog_5424(records[0], english, 2048);
  EXPECT_NE(syslog.find(" HEALTH [sekimori@32473 finding=\"TIME\""), std::string::npos) << syslog;
  EXPECT_NE(syslog.find("seconds=\"30\""), std::string::npos) << syslog;
}

// Finds something at every event, and at the end.
class Echo final : public Watcher {
 public:
  void feed(const FlowEvent& event, const policy::Policy&, std::vector<Notice>& found) override {
    found.push_back({NoticeKind::gap, event.facts.tuple.source.to_string(), event.time, false, {}, {}});
  }
  void tick(Time, const policy::Policy&, std::vector<Notice>&) override {}
  void finish(Time now, const policy::Policy&, std::vector<Notice>& found) override {
    found.push_back({NoticeKind::gap, "end", now, false, {}, {}});
  }
};

TEST_F(NoticesTest, TheDeskNumbersIncidentsAndNoticesInOneRow) {
  Desk desk{options_};
  desk.watch(std::make_unique<Echo>());
  FlowEvent event;
  event.time = start_;
  event.facts.tuple.source = test::ip("10.10.0.1");
  event.facts.tuple.destination = test::ip("203.0.113.1");
  event.facts.start = event.facts.end = start_;
  event.verdict = policy_->judge(policy::conversation_of(event.facts));
  ASSERT_EQ(event.verdict.decision, policy::Decision::forbid);
  std::vector<AlertRecord> records;
  desk.feed(event, policy_, 0, records);
  desk.finish(start_ + 1s, policy_, records);
  // The incident and its notice, what the watcher held back, then three ends.
  ASSERT_EQ(records.size(), 6U);
  for (std::size_t i = 0; i < records.size(); ++i) EXPECT_EQ(records[i].sequence, i + 1);
  EXPECT_EQ(records[0].notice, nullptr);
  ASSERT_NE(records[1].notice, nullptr);
  EXPECT_EQ(records[1].notice->subject, "10.10.0.1");
  EXPECT_EQ(desk.lines(), 6U);
}

}  // namespace
}  // namespace sekimori::daemon
