// Where a body decides a pair otherwise than the model, every rendering says so and by which clause.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <string>
#include <utility>

#include "daemon/render.hpp"
#include "tests/daemon/alert_city.hpp"

namespace sekimori::daemon {
namespace {

using policy::Cell;

std::shared_ptr<const policy::Policy> overlaid(Cell cell) {
  policy::PolicyOptions city = test::alert_city();
  city.overlays.push_back({"lgwan", "external", cell, {}, "対策基準12条2項", {}});
  return std::make_shared<const policy::Policy>(std::move(city));
}

class OverlayTest : public testing::Test {
 protected:
  AlertOptions options{};
};

TEST_F(OverlayTest, ShowsInTheJudgementOfAForbiddenAndOfAPermittedPair) {
  for (const auto& [cell, code] : {std::pair{Cell::forbid, "f"}, std::pair{Cell::permit, "P"}}) {
    const auto policy = overlaid(cell);
    const FlowEvent event = test::event_of(*policy, "10.20.1.5", "203.0.113.9", 443);
    const boost::json::object ours = judgement(event.facts, event.verdict, *policy);
    EXPECT_EQ(ours.at("cell").as_string(), code);
    EXPECT_EQ(boost::json::serialize(ours.at("overlay")), R"({"clause":"対策基準12条2項","model_cell":"F"})");
    const FlowEvent other = test::event_of(*policy, "10.20.1.5", "10.10.0.9", 443);
    EXPECT_FALSE(judgement(other.facts, other.verdict, *policy).contains("overlay")) << "another pair";
  }
}

TEST_F(OverlayTest, ShowsInTheAlertForPeopleInBothLanguages) {
  const auto policy = overlaid(Cell::forbid);
  const AlertRecord record =
      test::record_of(policy, test::event_of(*policy, "10.20.1.5", "203.0.113.9", 443, capture::Stage::data));
  const std::string japanese = alert_text(record, options);
  EXPECT_NE(japanese.find("この組の判定は、自団体の規程（対策基準12条2項）により、モデルの「F」から「f」に変"
                          "えられています。"),
            std::string::npos)
      << japanese;
  options.language = Language::en;
  const std::string english = alert_text(record, options);
  EXPECT_NE(english.find("This body decides the pair as f instead of the model's F (by 対策基準12条2項)."),
            std::string::npos)
      << english;
}

TEST_F(OverlayTest, ShowsInTheVerdictThatExplainPrintsAlsoOfWhatIsPermitted) {
  const auto policy = overlaid(Cell::permit);
  const FlowEvent event = test::event_of(*policy, "10.20.1.5", "203.0.113.9", 443);
  const std::string text = verdict_text(event.facts, event.verdict, *policy, Language::ja);
  EXPECT_NE(text.find("対策基準12条2項"), std::string::npos) << text;
  EXPECT_NE(text.find("モデルの「F」から「P」"), std::string::npos) << text;
}

TEST_F(OverlayTest, ShowsInSyslog) {
  const auto policy = overlaid(Cell::forbid);
  const AlertRecord record =
      test::record_of(policy, test::event_of(*policy, "10.20.1.5", "203.0.113.9", 443, capture::Stage::data));
  const std::string message = syslog_5424(record, options, 8192);
  EXPECT_NE(message.find("overlay=\"対策基準12条2項\" model_cell=\"F\""), std::string::npos) << message;
}

TEST_F(OverlayTest, OtherPathsAreSaid) {
  policy::PolicyOptions city = test::alert_city();
  city.profile.other_paths.push_back({"internet", "security-cloud", Cell::forbid, {"R6"}, {}, {}});
  for (auto& segment : city.segments) {
    if (segment.id == "security-cloud")
      segment.next_hop_macs = {MacAddress::parse("02:00:00:00:00:01").value()};
  }
  const policy::Policy policy{std::move(city)};
  FlowEvent event = test::event_of(policy, "10.30.1.5", "172.31.0.9", 8080);
  EXPECT_FALSE(judgement(event.facts, event.verdict, policy).contains("other_path"));
  event.facts.next_hop_mac = MacAddress::parse("02:00:00:00:00:02").value();
  event.verdict = policy.judge(policy::conversation_of(event.facts));
  EXPECT_TRUE(judgement(event.facts, event.verdict, policy).at("other_path").as_bool());
  EXPECT_EQ(event.verdict.decision, policy::Decision::forbid);
  EXPECT_NE(verdict_text(event.facts, event.verdict, policy, Language::ja).find("次ホップを経由していません"),
            std::string::npos);
}

}  // namespace
}  // namespace sekimori::daemon
