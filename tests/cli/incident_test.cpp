// sekimori explain --incident: what was told, from the daemon or a journal, and why.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>

#include "tests/cli/run.hpp"
#include "tests/daemon/city.hpp"
#include "tests/daemon/journal_kit.hpp"

namespace sekimori {
namespace {

using test::has;
using test::Outcome;
using test::run_tool;
using test::RunningServer;

// An update relay whose exception ended with the fiscal year.
constexpr std::string_view city = R"(profile: alpha
segments:
  mynumber: {prefixes: [10.10.0.0/16]}
  lgwan: {prefixes: [10.20.0.0/16]}
exceptions:
  - id: EX-1
    reason: 更新プログラムの中継
    approver: 最高情報統括責任者
    ticket: 例外第1号
    from: 2026-04-01
    until: 2027-03-31
    source: {addresses: [10.20.10.6]}
    destination: {addresses: [10.10.10.6], macs: ["02:00:00:00:00:16"]}
    protocol: tcp
    ports: [8530]
)";

constexpr std::string_view told =
    R"({"timestamp":"2027-04-02T09:00:00.250000+09:00","event_type":"alert","src_ip":"10.20.10.6","src_port":50000,)"
    R"("dest_ip":"10.10.10.6","dest_port":8530,"proto":"TCP","sekimori":{"severity":"warning","kind":"opened",)"
    R"("incident":"inc-7","verdict":"forbid","text":"EXC-EXPIRED as it was told"}})";
constexpr std::string_view notice =
    R"({"timestamp":"2027-04-02T09:00:00.250000+09:00","event_type":"alert","src_ip":"10.20.10.6",)"
    R"("sekimori":{"severity":"error","kind":"opened","incident":"inc-8","text":"ROGUE-DHCP as it was told"}})";

struct IncidentTool : test::JournalTest {
  void SetUp() override {
    test::JournalTest::SetUp();
    file = folder + ".yaml";
    std::ofstream(file) << city;
    daemon::Journal journal{options, std::make_unique<test::QuickDisk>()};
    std::uint64_t sequence = 0;
    for (const auto& [id, line] : {std::pair{"inc-7", told}, std::pair{"inc-8", notice}}) {
      daemon::AlertMessage alert = test::alert(++sequence);
      alert.incident = id;
      alert.eve = line;
      journal.add(alert);
    }
    ASSERT_TRUE(journal.flush({}));
  }
  Outcome explain(std::vector<std::string> words) const {
    words.insert(words.begin(), {"explain", "--lang", "en", "--config", file});
    return run_tool(words);
  }
  std::string file{};
};

TEST_F(IncidentTool, OfAJournalIsExplainedWithItsNearestMissAndWhatToDo) {
  const Outcome outcome = explain({"--incident", "inc-7", "--journal", folder});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(has(outcome.out, "EXC-EXPIRED as it was told")) << outcome.out;
  EXPECT_TRUE(has(outcome.out, "inc-7")) << outcome.out;
  EXPECT_TRUE(has(outcome.out, "2027-04-02 09:00:00")) << outcome.out;
  EXPECT_TRUE(has(outcome.out, "Forbidden")) << outcome.out;
  EXPECT_TRUE(has(outcome.out, "EX-1")) << outcome.out;
  EXPECT_FALSE(has(outcome.out, "decided otherwise then")) << outcome.out;
  const Outcome json = explain({"--incident", "inc-7", "--journal", folder, "--json"});
  const boost::json::value value = boost::json::parse(json.out);
  EXPECT_EQ(value.at("verdict"), "forbid");
  EXPECT_EQ(value.at("told").at("sekimori").at("incident"), "inc-7");
}

TEST_F(IncidentTool, SaysThatTodaysRegisterDecidesOtherwise) {
  std::string renewed{city};
  renewed.replace(renewed.find("2027-03-31"), 10, "2028-03-31");
  std::ofstream(file) << renewed;
  const Outcome outcome = explain({"--incident", "inc-7", "--journal", folder});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(has(outcome.out, "decided otherwise then")) << outcome.out;
}

TEST_F(IncidentTool, OfANoticeIsShownAsItWasTold) {
  const Outcome outcome = explain({"--incident", "inc-8", "--journal", folder});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(has(outcome.out, "ROGUE-DHCP as it was told")) << outcome.out;
}

TEST_F(IncidentTool, ThatNobodyKnowsEndsWithOne) {
  const Outcome outcome = explain({"--incident", "inc-9", "--journal", folder});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(has(outcome.err, "inc-9")) << outcome.err;
  EXPECT_EQ(explain({"--incident", "inc-7", "--journal", folder, "10.1.1.1", "10.1.1.2", "icmp"}).code, 2);
  EXPECT_EQ(explain({}).code, 2) << "neither an incident nor a conversation";
}

TEST_F(IncidentTool, IsAskedOfTheRunningDaemon) {
  RunningServer server{[](test::FakeQuestions& questions, daemon::ControlOptions&, daemon::ControlLimits&) {
    questions.alerts_answer = {{"alerts", boost::json::array{boost::json::parse(told)}}, {"complete", true}};
  }};
  const Outcome outcome = explain({"--incident", "inc-7", "--socket", server.path()});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(has(outcome.out, "EXC-EXPIRED as it was told")) << outcome.out;
  const Outcome json = explain({"--incident", "inc-7", "--socket", server.path(), "--json"});
  EXPECT_EQ(boost::json::parse(json.out).at("told").at("sekimori").at("incident"), "inc-7")
      << "one object, not the daemon's answer as well";
}

}  // namespace
}  // namespace sekimori
