// Incidents and another policy: a reload or a restart makes nothing new of what was told, and what it permits
// comes to an end that says so.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "daemon/alert/desk.hpp"
#include "daemon/alert/resume.hpp"
#include "daemon/render.hpp"
#include "daemon/render/words.hpp"
#include "tests/daemon/alert_city.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;
using PolicyPointer = std::shared_ptr<const policy::Policy>;

PolicyPointer policy_of(const policy::PolicyOptions& options, std::uint32_t generation) {
  return std::make_shared<const policy::Policy>(options, std::vector<std::string>{}, std::string(64, 'b'),
                                                generation);
}

// EX-2 (10.10.1.7 to 10.20.1.7, port 1521) ended three days ago; this one prolongs it.
policy::PolicyOptions prolonged() {
  policy::PolicyOptions options = test::alert_city();
  options.exceptions[1].until = test::nine_twelve + 24'000h;
  return options;
}

// The same addresses are of another segment.
policy::PolicyOptions moved() {
  policy::PolicyOptions options = test::alert_city();
  options.segments[1].prefixes = {{Prefix::parse("10.20.0.0/24").value(), "", {}}};
  policy::SegmentOptions& internet = options.segments[2];
  internet.prefixes.push_back({Prefix::parse("10.20.1.0/24").value(), "", {}});
  return options;
}

// Another profile: without `gone`, and with its segments the other way round.
policy::PolicyOptions remodelled(std::string_view gone) {
  policy::PolicyOptions options = test::alert_city();
  policy::Profile& profile = options.profile;
  std::reverse(profile.segments.begin(), profile.segments.end());
  std::erase_if(profile.segments, [&](const auto& segment) { return segment.id == gone; });
  std::erase_if(profile.cells, [&](const auto& cell) { return cell.from == gone || cell.to == gone; });
  std::erase_if(options.segments, [&](const auto& segment) { return segment.id == gone; });
  std::erase_if(options.gateways, [&](const auto& gate) { return gate.from == gone || gate.to == gone; });
  return options;
}

class PolicyChangeTest : public ::testing::Test {
 protected:
  PolicyChangeTest() {
    options_.incident_idle = 600s;
    options_.repeat = {60s, 600s};
  }
  static FlowEvent event(const policy::Policy& policy, const char* destination, std::uint16_t port,
                         Time time) {
    FlowEvent out = test::event_of(policy, "10.10.1.7", destination, port, capture::Stage::attempt, time);
    out.facts.initiator_mac = test::exception_mac;
    out.verdict = policy.judge(policy::conversation_of(out.facts));
    return out;
  }
  void feed(const PolicyPointer& policy, const char* destination, std::uint16_t port, Time time) {
    desk_.feed(event(*policy, destination, port, time), policy, 0, records_);
  }
  // The kinds of lines since the last call.
  std::string lines() {
    std::string out;
    for (; seen_ < records_.size(); ++seen_) {
      out += (out.empty() ? "" : " ") + std::string(alert_kind_name(records_[seen_].kind));
    }
    return out;
  }
  Reopened kept() const {
    Reopening reopening;
    for (const AlertRecord& record : records_) {
      const AlertMessage message = message_of(record, options_);
      reopening.line(message.incident, message.kind, message.resume);
    }
    return reopening.open();
  }

  const Time t0_ = test::nine_twelve;
  const PolicyPointer before_ = test::alert_policy();  // generation 7
  AlertOptions options_{};
  Desk desk_{options_};
  std::vector<AlertRecord> records_{};
  std::size_t seen_ = 0;
};

TEST_F(PolicyChangeTest, AReloadMakesNoSecondIncidentAndNoSecondNotice) {
  feed(before_, "10.20.1.7", 1521, t0_);
  desk_.find({NoticeKind::gap, "t1", t0_}, before_, 0, records_);
  EXPECT_EQ(lines(), "opened opened");
  const PolicyPointer again = policy_of(test::alert_city(), 8);
  desk_.tick(t0_ + 1s, again, records_);
  feed(again, "10.20.1.7", 1521, t0_ + 2s);
  desk_.find({NoticeKind::gap, "t1", t0_ + 3s}, again, 0, records_);
  // An event that was under way: the old policy judged it.
  feed(before_, "10.20.1.7", 1521, t0_ + 4s);
  EXPECT_EQ(lines(), "");
  EXPECT_EQ(desk_.incidents().open(), 1U);
  EXPECT_EQ(desk_.notices().open(), 1U);
  EXPECT_EQ(desk_.incidents().counters().suppressed, 2U);
}

TEST_F(PolicyChangeTest, WhatAReloadPermitsIsClosedForThatReasonWhenNothingMoreComesOfIt) {
  feed(before_, "10.20.1.7", 1521, t0_);
  const std::string id = incident_id(records_[0]);
  const PolicyPointer after = policy_of(prolonged(), 8);
  desk_.tick(t0_ + 10s, after, records_);
  EXPECT_EQ(lines(), "opened") << "something forbidden may still come of it";
  desk_.tick(t0_ + 601s, after, records_);
  ASSERT_EQ(lines(), "closed");
  const AlertRecord& closed = records_.back();
  EXPECT_EQ(closed.close, CloseReason::permitted);
  EXPECT_EQ(closed.close_generation, 8U);
  EXPECT_EQ(incident_id(closed), id);
  const AlertMessage message = message_of(closed, options_);
  EXPECT_NE(message.eve.find(R"("close":"permitted","close_generation":8)"), std::string::npos)
      << message.eve;
  EXPECT_NE(message.text.find("設定の世代8からこの通信は許可されています"), std::string::npos)
      << message.text;
  AlertOptions english = options_;
  english.language = Language::en;
  EXPECT_NE(message_of(closed, english).text.find("Permitted since generation 8 of the policy."),
            std::string::npos);
}

TEST_F(PolicyChangeTest, SomethingForbiddenOfTheSameInitiatorKeepsItOpenAndIsNoSecondIncident) {
  feed(before_, "10.20.1.7", 1521, t0_);
  const PolicyPointer after = policy_of(prolonged(), 8);
  desk_.tick(t0_ + 10s, after, records_);
  EXPECT_EQ(lines(), "opened");
  feed(after, "10.20.0.9", 445, t0_ + 20s);
  EXPECT_EQ(lines(), "widened");
  desk_.tick(t0_ + 700s, after, records_);
  EXPECT_EQ(lines(), "closed");
  EXPECT_EQ(records_.back().close, CloseReason::quiet);
  EXPECT_EQ(records_.back().close_generation, 0U);
}

TEST_F(PolicyChangeTest, AReloadThatTakesThePermissionBackIsSeenAsWell) {
  feed(before_, "10.20.1.7", 1521, t0_);
  desk_.tick(t0_ + 10s, policy_of(prolonged(), 8), records_);
  desk_.tick(t0_ + 20s, policy_of(test::alert_city(), 9), records_);
  desk_.tick(t0_ + 700s, policy_of(test::alert_city(), 9), records_);
  EXPECT_EQ(lines(), "opened closed");
  EXPECT_EQ(records_.back().close, CloseReason::quiet);
}

TEST_F(PolicyChangeTest, WhatBelongsToAnotherPairNowIsClosedAsThat) {
  feed(before_, "10.20.1.7", 1521, t0_);
  const PolicyPointer after = policy_of(moved(), 8);
  desk_.tick(t0_ + 10s, after, records_);
  desk_.tick(t0_ + 700s, after, records_);
  EXPECT_EQ(lines(), "opened closed");
  EXPECT_EQ(records_.back().close, CloseReason::reclassified);
}

TEST_F(PolicyChangeTest, WhatAPolicyPermitsAfterARestartIsClosedAtOnce) {
  feed(before_, "10.20.1.7", 1521, t0_);
  feed(before_, "10.20.1.7", 1521, t0_ + 1s);
  desk_.suspend(t0_ + 2s, before_, records_);
  const std::string id = incident_id(records_[0]);
  const PolicyPointer after = policy_of(prolonged(), 1);
  Desk next{options_};
  std::vector<AlertRecord> told;
  EXPECT_EQ(next.resume(kept(), records_.size() + 1, after, t0_ + 10s, told), 0U);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].kind, AlertKind::closed);
  EXPECT_EQ(told[0].close, CloseReason::permitted);
  EXPECT_EQ(told[0].close_generation, 1U);
  EXPECT_EQ(told[0].sequence, records_.size() + 1);
  EXPECT_EQ(told[0].events, 2U);
  EXPECT_EQ(incident_id(told[0]), id) << "the incident that it ends";
  records_.push_back(told[0]);
  EXPECT_TRUE(kept().incidents.empty()) << "a second restart finds it closed";
  EXPECT_EQ(next.incidents().open(), 0U);
}

TEST_F(PolicyChangeTest, WhatBelongsToAnotherPairAfterARestartIsClosedUnderItsOldName) {
  feed(before_, "10.20.1.7", 1521, t0_);
  Desk next{options_};
  std::vector<AlertRecord> told;
  EXPECT_EQ(next.resume(kept(), 2, policy_of(moved(), 1), t0_ + 10s, told), 0U);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].close, CloseReason::reclassified);
  EXPECT_EQ(incident_id(told[0]), incident_id(records_[0]));
}

TEST_F(PolicyChangeTest, AfterARestartItGoesOnAsLongAsAnythingThatWasToldIsForbidden) {
  feed(before_, "10.20.0.9", 445, t0_);
  feed(before_, "10.20.1.7", 1521, t0_ + 1s);
  ASSERT_EQ(lines(), "opened widened");
  const PolicyPointer after = policy_of(prolonged(), 1);
  Desk next{options_};
  std::vector<AlertRecord> told;
  EXPECT_EQ(next.resume(kept(), 3, after, t0_ + 10s, told), 1U);
  EXPECT_TRUE(told.empty());
  next.feed(event(*after, "10.20.0.9", 445, t0_ + 20s), after, 0, told);
  EXPECT_TRUE(told.empty()) << "known: counted";
}

TEST_F(PolicyChangeTest, WhatFindsNoRoomAfterARestartIsClosedAndCounted) {
  feed(before_, "10.20.1.7", 1521, t0_);
  desk_.feed(test::event_of(*before_, "10.10.9.9", "10.20.0.8", 22), before_, 0, records_);
  AlertOptions small = options_;
  small.incidents_max = 1;
  Desk next{small};
  std::vector<AlertRecord> told;
  EXPECT_EQ(next.resume(kept(), 3, before_, t0_ + 10s, told), 1U);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].close, CloseReason::displaced);
  EXPECT_EQ(next.incidents().counters().incidents_evicted, 1U);
}

TEST_F(PolicyChangeTest, WhatWasToldOfASegmentThatIsNoMoreIsClosedAtTheRestart) {
  feed(before_, "10.20.1.7", 1521, t0_);
  const std::string id = incident_id(records_[0]);
  Desk next{options_};
  std::vector<AlertRecord> told;
  EXPECT_EQ(next.resume(kept(), 2, policy_of(remodelled("lgwan"), 3), t0_ + 10s, told), 0U);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].kind, AlertKind::closed);
  EXPECT_EQ(told[0].close, CloseReason::unwatched);
  EXPECT_EQ(told[0].events, 1U);
  const AlertMessage message = message_of(told[0], options_);
  EXPECT_EQ(message.incident, id) << "the incident that it ends";
  EXPECT_NE(message.eve.find(R"("close":"unwatched")"), std::string::npos) << message.eve;
  EXPECT_NE(message.eve.find(R"("lgwan")"), std::string::npos) << message.eve;
  EXPECT_NE(message.text.find("この通信の領域（lgwan）は設定のモデルになくなったため"), std::string::npos)
      << message.text;
  EXPECT_NE(message.text.find("マイナンバー利用事務系"), std::string::npos) << "what is still known is named";
  records_.push_back(told[0]);
  EXPECT_TRUE(kept().incidents.empty()) << "a second restart finds it closed";
}

TEST_F(PolicyChangeTest, WhatWasToldOfASegmentThatIsNoMoreIsClosedAtTheReload) {
  feed(before_, "10.20.1.7", 1521, t0_);
  desk_.feed(test::event_of(*before_, "10.30.1.9", "10.10.0.8", 22, capture::Stage::attempt, t0_), before_, 0,
             records_);
  ASSERT_EQ(lines(), "opened opened");
  const PolicyPointer after = policy_of(remodelled("lgwan"), 8);
  desk_.tick(t0_ + 10s, after, records_);
  ASSERT_EQ(lines(), "closed") << "the other one's segments are still there";
  EXPECT_EQ(records_.back().close, CloseReason::unwatched);
  EXPECT_EQ(records_.back().former_segments, "lgwan");
  EXPECT_EQ(incident_id(records_.back()), incident_id(records_[0]));
  EXPECT_EQ(desk_.incidents().open(), 1U);
}

TEST_F(PolicyChangeTest, SegmentsThatAreNumberedOtherwiseKeepTheirIncidents) {
  feed(before_, "10.20.1.7", 1521, t0_);
  const std::string id = incident_id(records_[0]);
  const PolicyPointer after = policy_of(remodelled(""), 8);
  feed(after, "10.20.1.7", 1521, t0_ + 5s);
  EXPECT_EQ(lines(), "opened") << "nothing is told as new twice";
  feed(after, "10.20.0.9", 445, t0_ + 6s);
  ASSERT_EQ(lines(), "widened");
  EXPECT_EQ(message_of(records_.back(), options_).incident, id);
  EXPECT_EQ(desk_.incidents().open(), 1U);

  Desk next{options_};
  std::vector<AlertRecord> told;
  EXPECT_EQ(next.resume(kept(), 3, policy_of(test::alert_city(), 1), t0_ + 10s, told), 1U);
  next.finish(t0_ + 20s, policy_of(test::alert_city(), 1), told);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(message_of(told[0], options_).incident, id) << "and over a restart as well";
}

}  // namespace
}  // namespace sekimori::daemon
