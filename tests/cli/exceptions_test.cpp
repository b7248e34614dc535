// sekimori exceptions: the register from a configuration, and with figures of use from the daemon.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>

#include "tests/cli/run.hpp"

namespace sekimori {
namespace {

using test::has;
using test::Outcome;
using test::run_tool;

constexpr std::string_view city = R"(
profile: alpha
segments:
  lgwan: {prefixes: [10.20.0.0/16]}
  gov-cloud: {prefixes: [10.60.0.0/16]}
exceptions:
  - {id: EX-VALID, reason: r, approver: a, ticket: t, from: 2026-04-01, until: 2027-03-31, weekdays: [mon-fri],
     hours: ["08:30-17:15"], source: {addresses: [10.20.0.1]}, destination: {addresses: [10.60.0.1]},
     protocol: tcp, ports: [443]}
  - {id: EX-RUSH, reason: 障害対応, form: emergency, report_by: 2026-04-10, until: 2026-12-31,
     source: {addresses: [10.20.0.2]}, destination: {addresses: [10.60.0.1]}, protocol: tcp, ports: [443]}
  - {id: EX-ASKED, reason: r, status: applied, applied_on: 2026-03-01, ticket: t, until: 2027-03-31,
     source: {addresses: [10.20.0.3]}, destination: {addresses: [10.60.0.1]}, protocol: tcp, ports: [443]}
exceptions_from: more
)";
constexpr std::string_view more = R"(exceptions:
  - {id: EX-OVER, reason: r, approver: a, ticket: t, until: 2026-03-31,
     source: {addresses: [10.20.0.4]}, destination: {addresses: [10.60.0.1]}, protocol: tcp, ports: [443]}
  - {id: EX-BACK, reason: r, approver: a, ticket: t, status: revoked, revoked_on: 2026-04-01, until: 2027-03-31,
     source: {addresses: [10.20.0.5]}, destination: {addresses: [10.60.0.1]}, protocol: tcp, ports: [443]}
)";

class Exceptions : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(folder_ / "more");
    std::ofstream(folder_ / "city.yaml") << city;
    std::ofstream(folder_ / "more/1.yaml") << more;
  }
  std::string file() const { return folder_ / "city.yaml"; }
  Outcome offline(std::vector<std::string> words) const {
    words.insert(words.begin(), {"exceptions", "--config", file()});
    return run_tool(words);
  }

 private:
  const test::Folder folder_{};
};

TEST_F(Exceptions, ShowsEveryStateOfAConfigurationAtAMoment) {
  const Outcome ja = offline({"--at", "2026-05-01"});
  EXPECT_EQ(ja.code, 0) << ja.err;
  for (const char* part : {"EX-VALID", "有効", "月〜金 08:30-17:15", "緊急（事後報告待ち）（報告期限超過）",
                           "申請中", "期限切れ", "2026-03-31", "取消", "例外措置 5件"}) {
    EXPECT_TRUE(has(ja.out, part)) << part << "\n" << ja.out;
  }
  EXPECT_FALSE(has(ja.out, "ミラーポート")) << "offline nothing was watched";
  const Outcome en = offline({"--at", "2026-05-01", "--lang", "en"});
  for (const char* part :
       {"Mon-Fri 08:30-17:15", "report overdue", "applied for", "revoked", "5 exceptions"}) {
    EXPECT_TRUE(has(en.out, part)) << part << "\n" << en.out;
  }
}

TEST_F(Exceptions, KnowsTheStateBeforeAndAfter) {
  EXPECT_TRUE(has(offline({"--at", "2026-03-31T23:59:59"}).out, "開始前"));
  EXPECT_TRUE(has(offline({"--at", "2027-03-15"}).out, "期限間近"));
  const Outcome before = offline({"--at", "2026-03-31T12:00:00", "--json"});
  const boost::json::object shown = boost::json::parse(before.out).as_object();
  EXPECT_EQ(shown.at("states").at("ending").to_number<int>(), 1) << "EX-OVER's last day: " << before.out;
  EXPECT_EQ(shown.at("states").at("revoked").to_number<int>(), 0);
  EXPECT_EQ(shown.at("at").as_string(), "2026-03-31T12:00:00.000000+09:00");
}

TEST_F(Exceptions, CanBeAskedForOneState) {
  const Outcome revoked = offline({"--at", "2026-05-01", "--state", "revoked"});
  EXPECT_TRUE(has(revoked.out, "EX-BACK"));
  EXPECT_FALSE(has(revoked.out, "EX-VALID")) << revoked.out;
  const Outcome typo = offline({"--state", "revokd", "--lang", "en"});
  EXPECT_EQ(typo.code, 2);
  EXPECT_TRUE(has(typo.err, "revoked")) << typo.err;
  EXPECT_EQ(run_tool({"exceptions", "--at", "2026-05-01"}).code, 2) << "the daemon's states are those of now";
  EXPECT_EQ(offline({"--at", "noon"}).code, 2);
}

TEST_F(Exceptions, AreShownByCheckWithTheirStates) {
  const Outcome check = run_tool({"check", "--json", file()});
  EXPECT_EQ(check.code, 0) << check.err;
  const boost::json::object shown = boost::json::parse(check.out).as_object();
  ASSERT_EQ(shown.at("exceptions").as_array().size(), 5U) << "those of the folder too";
  EXPECT_EQ(shown.at("exceptions").at(2).at("state").as_string(), "applied");
  EXPECT_EQ(shown.at("exceptions").at(4).at("state").as_string(), "revoked");
  EXPECT_TRUE(has(run_tool({"check", file()}).out, "申請中"));
}

TEST(LiveExceptions, ShowFiguresOfUseSinceWatchingBegan) {
  test::RunningServer server{[](test::FakeQuestions& questions, daemon::ControlOptions&,
                                daemon::ControlLimits&) {
    questions.exceptions_answer =
        boost::json::parse(
            R"({"at":"2026-05-01T09:00:00.000000+09:00","watched_since":"2026-04-20T08:00:00.000000+09:00",
      "states":{"valid":1},"exceptions":[{"id":"EX-1","state":"valid","until":"2027-04-01T00:00:00.000000+09:00",
      "reason":"r","volume":{"bytes":1048576,"per_seconds":86400},
      "use":{"flows":1234,"bytes":2048,"period_bytes":1024,"last":"2026-04-30T17:00:05.000000+09:00",
      "refused":{"total":7}}}],"complete":false})")
            .as_object();
  }};
  const Outcome shown = run_tool({"exceptions", "--state", "valid", "--socket", server.path()});
  EXPECT_EQ(shown.code, 0) << shown.err;
  for (const char* part : {"EX-1", "2027-03-31", "1,234", "2.0 KiB (1.0 KiB / 1.0 MiB)", "2026-04-30 17:00",
                           "7", "2026-04-20 08:00:00", "ミラーポートで観測できた範囲に限ります"}) {
    EXPECT_TRUE(has(shown.out, part)) << part << "\n" << shown.out;
  }
  EXPECT_FALSE(shown.err.empty()) << "an answer that was cut is said to be";
  server.on_server([](test::FakeQuestions& questions) {
    EXPECT_EQ(questions.exception_queries.at(0).state, policy::ExceptionState::valid);
  });
}

}  // namespace
}  // namespace sekimori
