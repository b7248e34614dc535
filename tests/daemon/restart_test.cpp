// What a restart must not do: tell as new what was told already, or lose count of it.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <random>

#include "daemon/alert/desk.hpp"
#include "daemon/alert/exception_watch.hpp"
#include "daemon/alert/resume.hpp"
#include "daemon/health/health.hpp"
#include "daemon/render.hpp"
#include "daemon/render/words.hpp"
#include "tests/daemon/alert_city.hpp"
#include "tests/daemon/city.hpp"
#include "tests/daemon/quiet_vitals.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;

// Runs of one daemon, with a journal between them that keeps what would be on disk.
class RestartTest : public ::testing::Test {
 protected:
  RestartTest() {
    options_.incident_idle = 600s;
    options_.repeat = {60s, 600s};
    options_.incidents_max = 64;
    start();
  }
  void start(Time now = test::nine_twelve) {
    desk_ = std::make_unique<Desk>(options_);
    desk_->resume(journal_.open(), next_, policy_, now, records_);
    keep();
  }
  void keep() {
    for (const AlertRecord& record : records_) {
      ASSERT_EQ(record.sequence, next_) << "numbered without a gap over restarts";
      ++next_;
      const AlertMessage message = message_of(record, options_);
      journal_.line(message.incident, message.kind, message.resume);
      lines_.push_back(record);
    }
    records_.clear();
  }
  void stop(Time now) {
    desk_->suspend(now, policy_, records_);
    keep();
  }
  // What the notice brought, as kinds of lines.
  std::string find(Notice notice) {
    desk_->find(std::move(notice), policy_, 0, records_);
    return kept();
  }
  std::string tick(Time now) {
    desk_->tick(now, policy_, records_);
    return kept();
  }
  std::string kept() {
    std::string out;
    for (const AlertRecord& record : records_) {
      out += (out.empty() ? "" : " ") + std::string{alert_kind_name(record.kind)};
    }
    keep();
    return out;
  }
  static Notice state(Time time, bool over = false) {
    Notice notice{NoticeKind::link_down, "t1", time, over};
    notice.add("tap", "t1").add("interface", "eth1").add("since", "x", {"昨日", "yesterday"}).add("why", "-");
    return notice;
  }
  static Notice event(Time time) {
    Notice notice{NoticeKind::l2_mix, "02:00:00:00:00:07 v10", time};
    notice.add("src", "10.10.1.5").add("mac", "02:00:00:00:00:07");
    return notice;
  }

  AlertOptions options_{};
  std::shared_ptr<const policy::Policy> policy_ = test::alert_policy();
  Reopening journal_{};
  std::uint64_t next_ = 1;
  std::vector<AlertRecord> records_{};
  std::vector<AlertRecord> lines_{};
  std::unique_ptr<Desk> desk_{};
  const Time begin_ = test::nine_twelve;
};

TEST_F(RestartTest, AStateThatLastsIsNotToldAsNewAndEndsUnderItsId) {
  ASSERT_EQ(find(state(begin_)), "opened");
  ASSERT_EQ(find(state(begin_ + 10s)), "");
  ASSERT_EQ(tick(begin_ + 60s), "repeated");
  start(begin_ + 70s);  // killed
  EXPECT_EQ(find(state(begin_ + 71s)), "") << "known: counted, not told";
  EXPECT_EQ(tick(begin_ + 120s), "") << "the pause of ten minutes goes on";
  EXPECT_EQ(tick(begin_ + 660s), "repeated");
  stop(begin_ + 670s);
  start(begin_ + 680s);
  EXPECT_EQ(find(state(begin_ + 690s, true)), "closed");
  const AlertRecord& last = lines_.back();
  EXPECT_EQ(incident_id(last), incident_id(lines_.front()));
  EXPECT_EQ(last.opened, begin_);
  EXPECT_EQ(last.events, 4U);
  EXPECT_EQ(last.close, CloseReason::over);
  start(begin_ + 700s);
  EXPECT_EQ(desk_->notices().open(), 0U) << "over is over";
}

TEST_F(RestartTest, AnEventGoesOnAndClosesAsIfNothingHadHappened) {
  ASSERT_EQ(find(event(begin_)), "opened");
  stop(begin_ + 5s);
  start(begin_ + 10s);
  EXPECT_EQ(desk_->notices().counters().stories_resumed, 1U);
  EXPECT_EQ(find(event(begin_ + 20s)), "");
  EXPECT_EQ(find(event(begin_ + 30s)), "");
  stop(begin_ + 40s);
  ASSERT_EQ(lines_.back().kind, AlertKind::repeated) << "what was counted is told before the end";
  EXPECT_EQ(lines_.back().suppressed, 2U);
  start(begin_ + 50s);
  EXPECT_EQ(tick(begin_ + 629s), "");
  EXPECT_EQ(tick(begin_ + 630s), "closed");
  EXPECT_EQ(lines_.back().close, CloseReason::quiet);
  EXPECT_EQ(lines_.back().events, 3U);
}

TEST_F(RestartTest, WhatANoticeSaysSurvivesWordForWord) {
  ASSERT_EQ(find(state(begin_)), "opened");
  Notice graver = state(begin_ + 1s);
  graver.severity = policy::Severity::critical;
  ASSERT_EQ(find(graver), "escalated");
  start(begin_ + 5s);
  const auto current = desk_->notices().current();
  ASSERT_EQ(current.size(), 1U);
  EXPECT_EQ(current[0]->severity, policy::Severity::critical);
  ASSERT_EQ(current[0]->facts.size(), graver.facts.size());
  for (std::size_t i = 0; i < graver.facts.size(); ++i) {
    EXPECT_EQ(current[0]->facts[i].name, graver.facts[i].name);
    EXPECT_EQ(current[0]->facts[i].value, graver.facts[i].value);
    EXPECT_EQ(current[0]->facts[i].shown.ja, graver.facts[i].shown.ja);
    EXPECT_EQ(current[0]->facts[i].shown.en, graver.facts[i].shown.en);
  }
  EXPECT_EQ(find(graver), "") << "as grave as it was: no news";
}

TEST_F(RestartTest, SummariesOfATimeWithoutADaemonAreNotMadeUpFor) {
  ASSERT_EQ(find(state(begin_)), "opened");
  ASSERT_EQ(find(event(begin_)), "opened");
  stop(begin_ + 5s);
  start(begin_ + 24h);
  EXPECT_EQ(tick(begin_ + 24h + 1s), "closed") << "the event has gone quiet, the state may last";
  EXPECT_EQ(tick(begin_ + 24h + 60s), "repeated");
}

TEST_F(RestartTest, NothingOfAnotherVersionOrDamagedIsResumed) {
  ASSERT_EQ(find(event(begin_)), "opened");
  const std::string good = message_of(lines_.front(), options_).resume;
  ASSERT_TRUE(read_notice_resume(good));
  EXPECT_FALSE(read_resume(good)) << "no incident";
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(read_notice_resume(good.substr(0, length)));
  }
  std::string other = good;
  other.replace(other.find("l2_mix"), 6, "l9_mix");
  EXPECT_FALSE(read_notice_resume(other)) << "a kind that is not known here";
}

// Traffic, findings and states at random, with a stop or a kill now and then. Of every story the told and the
// counted add up to its events, and none is opened twice. With SEKIMORI_RESTARTS_ALL ten times as long.
TEST_F(RestartTest, OverManyRestartsEventsAreToldOrCounted) {
  std::mt19937 random{20260401};
  const auto pick = [&random](unsigned below) { return static_cast<unsigned>(random() % below); };
  Time now = begin_;
  unsigned restarts = 0;
  const unsigned steps = std::getenv("SEKIMORI_RESTARTS_ALL") == nullptr ? 2'000 : 20'000;
  for (unsigned step = 0; step < steps; ++step) {
    now += std::chrono::milliseconds{pick(8000)};
    const std::string host = "10.10.1." + std::to_string(pick(12));
    switch (pick(4)) {
      case 0:
        desk_->feed(test::event_of(*policy_, host, "10.20.0." + std::to_string(pick(9)), 445,
                                   static_cast<capture::Stage>(pick(5)), now),
                    policy_, 0, records_);
        break;
      case 1:
        desk_->find({NoticeKind::l2_mix, host, now}, policy_, 0, records_);
        break;
      case 2: {
        const bool over = pick(6) == 0;
        desk_->find({NoticeKind::link_down, "t" + std::to_string(pick(4)), now, over}, policy_, 0, records_);
        break;
      }
      default:
        desk_->tick(now, policy_, records_);
    }
    keep();
    if (pick(40) != 0) continue;
    if (pick(2) == 0) stop(now);
    now += std::chrono::seconds{pick(120)};
    start(now);
    ++restarts;
  }
  desk_->finish(now, policy_, records_);
  keep();
  ASSERT_GT(restarts, steps / 60);

  struct Sum {
    std::uint64_t opened = 0;
    std::uint64_t told = 0;
    std::uint64_t counted = 0;
    std::uint64_t events = 0;
    bool closed = false;
  };
  std::map<std::string, Sum> stories;
  std::map<std::string, std::string> open;  // subject -> id
  for (const AlertRecord& record : lines_) {
    const std::string id = incident_id(record);
    Sum& sum = stories[id];
    ASSERT_FALSE(sum.closed) << id << " spoke after its end";
    const std::string subject =
        record.notice != nullptr
            ? std::string{notice_row(record.notice->kind).id} + record.notice->subject
            : record.event.facts.tuple.source.to_string() + std::to_string(record.event.verdict.pair());
    if (record.kind == AlertKind::opened) {
      ++sum.opened;
      ASSERT_EQ(open.count(subject), 0U) << subject << " was open when it was told as new";
      open[subject] = id;
    }
    const bool summary = record.kind == AlertKind::repeated ||
                         (record.kind == AlertKind::closed && record.close != CloseReason::over);
    sum.told += summary ? 0 : 1;
    sum.counted += record.suppressed;
    sum.events = record.events;
    if (record.kind != AlertKind::closed) continue;
    sum.closed = true;
    open.erase(subject);
  }
  std::uint64_t events = 0;
  for (const auto& [id, sum] : stories) {
    EXPECT_EQ(sum.opened, 1U) << id;
    EXPECT_EQ(sum.events, sum.told + sum.counted) << id;
    EXPECT_TRUE(sum.closed) << id;
    events += sum.events;
  }
  std::printf("%u restarts, %zu stories, %llu events = told + counted, %zu lines\n", restarts, stories.size(),
              static_cast<unsigned long long>(events), lines_.size());
}

// ---- who made the notice --------------------------------------------------------------------------------

class ResumedHealthTest : public ::testing::Test {
 protected:
  std::string pass(std::chrono::seconds time, std::uint64_t frames = 100) {
    std::vector<Notice> found;
    for (auto second = 0s; second < time; ++second) {
      vitals_.wall += 1s;
      vitals_.monotonic += 1s;
      vitals_.taps[0].counters.received += frames;
      health_.judge(vitals_, policy_, found);
    }
    std::string out;
    for (const Notice& notice : found) {
      out +=
          (notice.over ? "-" : "") + std::string{notice_row(notice.kind).code} + ":" + notice.subject + " ";
    }
    return out;
  }
  const policy::Policy policy_{test::alert_city(), {}, "abc", 3};
  Health health_{HealthOptions{}, 540};
  Vitals vitals_ = test::quiet_vitals({"t1"});
};

// Links, figures and destinations are not known at the first look: what begins well may be as bad as before.
TEST_F(ResumedHealthTest, AStateThatEndedMeanwhileIsOverOnceThatCanBeKnown) {
  health_.resume({NoticeKind::link_down, "t1", test::nine_twelve});
  EXPECT_EQ(pass(30s), "");
  EXPECT_EQ(pass(1s), "-GAP-LINK:t1 ");
}

TEST_F(ResumedHealthTest, AStateThatLastsIsNeitherOverNorNewThoughTheFirstLookShowsNothing) {
  health_.resume({NoticeKind::link_down, "t1", test::nine_twelve});
  health_.resume({NoticeKind::destination_down, "siem", test::nine_twelve});
  vitals_.outlets.destinations.push_back({.name = "siem", .queue_max = 100});
  EXPECT_EQ(pass(2s), "") << "no worker has answered, nothing was sent";
  vitals_.taps[0].health = capture::SourceHealth::link_down;
  vitals_.outlets.destinations[0].trouble = "refused";
  EXPECT_EQ(pass(1s), "GAP-LINK:t1 ") << "told to its story, which goes on";
  EXPECT_EQ(health_.open(), 2U);
  vitals_.taps[0].health = capture::SourceHealth::running;
  EXPECT_EQ(pass(1s), "-GAP-LINK:t1 ") << "seen to last, and seen to end";
  EXPECT_EQ(pass(1s), "");
  vitals_.outlets.destinations[0].trouble.clear();
  EXPECT_EQ(pass(40s), "-DESTINATION-DOWN:siem ");
}

TEST_F(ResumedHealthTest, AShareIsOverAfterAWholeWindowOnly) {
  health_.resume({NoticeKind::frames_lost, "t1", test::nine_twelve});
  health_.resume({NoticeKind::missed, "mynumber lgwan", test::nine_twelve});
  health_.resume({NoticeKind::tap_transmits, "t1", test::nine_twelve});
  EXPECT_EQ(pass(60s), "");
  EXPECT_EQ(pass(1s), "-GAP-LOSS:t1 -TAP-TRANSMITS:t1 -MIRROR-LOSS:mynumber lgwan ");
}

TEST_F(ResumedHealthTest, APairThatIsSilentStaysSoUntilItIsHeard) {
  health_.resume({NoticeKind::pair_silent, "mynumber lgwan", test::nine_twelve});
  health_.resume({NoticeKind::vlan_silent, "100", test::nine_twelve});
  vitals_.vlans.resize(4096);
  EXPECT_EQ(pass(300s), "") << "longer than any patience: nobody has learned yet what to expect";
  EXPECT_EQ(health_.open(), 2U);
  ++vitals_.matrix[policy::pair_of(0, 1)].packets;
  ++vitals_.vlans[100];
  EXPECT_EQ(pass(1s), "-GAP-PAIR:mynumber lgwan -GAP-VLAN:100 ");
}

TEST_F(ResumedHealthTest, ASilenceThatLastsIsNeitherOverNorNew) {
  health_.resume({NoticeKind::gap, "t1", test::nine_twelve});
  EXPECT_EQ(pass(60s, 0), "") << "nobody knows yet";
  EXPECT_EQ(pass(1s, 0), "GAP:t1 ");
  EXPECT_EQ(pass(1s), "-GAP:t1 ");
}

TEST_F(ResumedHealthTest, AStateOfWhatIsNotWatchedAnyMoreIsOver) {
  health_.resume({NoticeKind::link_down, "t9", test::nine_twelve});
  EXPECT_EQ(pass(30s), "");
  EXPECT_EQ(pass(1s), "-GAP-LINK:t9 ");
  EXPECT_EQ(health_.open(), 0U);
}

TEST_F(ResumedHealthTest, AClockThatRanBackWhileNobodyCountedIsToldByTheJournal) {
  vitals_.outlets.journal.path = "/j";
  vitals_.outlets.journal.last_written = vitals_.wall + 2h;
  EXPECT_EQ(pass(5s), "TIME:clock ") << "once";
  Health other{HealthOptions{}, 540};
  vitals_.outlets.journal.last_written = vitals_.wall;
  std::vector<Notice> found;
  vitals_.wall += 1s;
  vitals_.monotonic += 1s;
  other.judge(vitals_, policy_, found);
  EXPECT_TRUE(found.empty());
}

TEST(ResumedExceptionWatch, WhatWasToldTodayIsNotToldAgain) {
  const auto policy = test::make_policy(
      "profile: alpha\nsegments:\n  lgwan: {prefixes: [10.20.0.0/16]}\n  gov-cloud: {prefixes: "
      "[10.60.0.0/16]}\nexceptions:\n  - {id: E, reason: r, approver: a, ticket: t, protocol: tcp, ports: "
      "[443], source: {addresses: [10.20.0.1]}, destination: {addresses: [10.60.0.9]}, until: 2026-04-20}\n");
  const auto told = [&](ExceptionWatch& watch, Time now) {
    std::vector<Notice> found;
    watch.tick(now, *policy, found);
    return found.size();
  };
  ExceptionWatch first{90 * 24h};
  ASSERT_EQ(told(first, test::nine_twelve), 1U);
  ExceptionWatch second{90 * 24h};
  second.recall({NoticeKind::exception_ending, "E", test::nine_twelve});
  EXPECT_EQ(told(second, test::nine_twelve + 1h), 0U);
  ExceptionWatch third{90 * 24h};
  third.recall({NoticeKind::exception_ending, "E", test::nine_twelve});
  EXPECT_EQ(told(third, test::nine_twelve + 25h), 1U) << "another day";
}

}  // namespace
}  // namespace sekimori::daemon
