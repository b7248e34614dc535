// What a draft would forbid of permitted traffic: counted in the matrix, told as information, never as an
// alert.
#include "daemon/behaviour/draft_watch.hpp"

#include <gtest/gtest.h>

#include "tests/daemon/behaviour_kit.hpp"

namespace sekimori::daemon {
namespace {

using test::BehaviourStage;
using test::ten_o_clock;
using namespace std::chrono_literals;

constexpr const char* closing = R"(
overlay:
  - {from: internet, to: security-cloud, cell: f, reasons: [R6], clause: 規程第7条, stage: draft}
)";

TEST(DraftWatch, TellsOnceAMinuteWhatADraftWouldForbid) {
  BehaviourStage stage{closing};
  for (unsigned i = 0; i < 5; ++i) {
    stage.attempt(BehaviourStage::tcp("10.30.21.7", 50'000 + i, "172.31.0.8", 8080), ten_o_clock + i * 1s);
  }
  const auto found = stage.found("DRAFT");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, policy::Severity::info) << "no alert";
  EXPECT_EQ(found[0].notice->subject, "internet>security-cloud");
  EXPECT_EQ(found[0].notice->value("src"), "10.30.21.7");
  EXPECT_EQ(found[0].notice->value("dst"), "172.31.0.8");
  EXPECT_EQ(found[0].notice->value("flows"), "1");
  EXPECT_NE(found[0].notice->value("what").find("internet→security-cloud"), std::string_view::npos);
  for (const AlertRecord& record : stage.records) {
    EXPECT_GE(record.severity, policy::Severity::notice) << "permitted traffic is no alert";
  }
}

TEST(DraftWatch, IsSilentWhereNoDraftForbidsAnything) {
  BehaviourStage opening{R"(
overlay:
  - {from: lgwan, to: security-cloud, cell: P, clause: 規程第7条, stage: draft}
)"};
  opening.attempt(BehaviourStage::tcp("10.30.21.7", 50'000, "172.31.0.8", 8080), ten_o_clock);
  EXPECT_TRUE(opening.found("DRAFT").empty());
  BehaviourStage closed{closing};
  closed.attempt(BehaviourStage::tcp("10.30.21.7", 50'000, "10.30.10.5", 445), ten_o_clock);
  EXPECT_TRUE(closed.found("DRAFT").empty()) << "another pair";
}

}  // namespace
}  // namespace sekimori::daemon
