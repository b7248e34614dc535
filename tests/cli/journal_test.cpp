// sekimori verify, alerts --journal, incidents and hold: a journal's files without a daemon.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/cli/run.hpp"
#include "tests/daemon/journal_kit.hpp"
#include "tools/sekimori/journal_search.hpp"

namespace sekimori {
namespace {

using test::has;
using test::Outcome;
using test::run_tool;

daemon::AlertMessage line(std::uint64_t sequence, const std::string& incident, const std::string& kind,
                          policy::Severity severity, const std::string& from, const std::string& source) {
  daemon::AlertMessage out = test::alert(sequence);
  out.incident = incident;
  out.kind = kind;
  out.severity = severity;
  out.parameters = {{"from", from, 0},
                    {"to", "external", 0},
                    {"src", source, 0},
                    {"finding", "forbidden", 0},
                    {"events", std::to_string(sequence * 10), 0}};
  return out;
}

struct JournalTool : test::JournalTest {
  void SetUp() override {
    test::JournalTest::SetUp();
    daemon::Journal journal{options, std::make_unique<test::QuickDisk>()};
    using policy::Severity;
    journal.add(line(1, "inc-a", "opened", Severity::warning, "mynumber", "10.10.1.5"));
    journal.add(line(2, "inc-b", "opened", Severity::error, "lgwan", "10.20.0.7"));
    journal.add(line(3, "inc-a", "escalated", Severity::alert, "mynumber", "10.10.1.5"));
    journal.add(line(4, "inc-b", "closed", Severity::error, "lgwan", "10.20.0.7"));
    ASSERT_TRUE(journal.flush({}));
  }
  // The sequences that `sekimori alerts --journal` shows.
  std::string shown(std::vector<std::string> words) const {
    words.insert(words.begin(), {"alerts", "--journal", folder, "--json"});
    const Outcome outcome = run_tool(words);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    if (outcome.code != 0) return outcome.err;
    std::string out;
    const boost::json::value answer = boost::json::parse(outcome.out);
    for (const auto& event : answer.at("alerts").as_array())
      out += std::to_string(event.at("sekimori").at("sequence").to_number<int>()) + " ";
    return out;
  }
};

TEST_F(JournalTool, VerifyProvesAWholeJournal) {
  const Outcome ja = run_tool({"verify", folder, "--public-key", folder + "/journal.pub"});
  EXPECT_EQ(ja.code, 0) << ja.out << ja.err;
  EXPECT_TRUE(has(ja.out, "改ざん・欠落・並べ替えはありません")) << ja.out;
  EXPECT_TRUE(has(ja.out, "警報 4 件、通番 1〜4")) << ja.out;
  const Outcome json = run_tool({"verify", folder, "--json"});
  const auto proof = boost::json::parse(json.out);
  EXPECT_TRUE(proof.at("whole").as_bool());
  EXPECT_EQ(proof.at("alerts").to_number<int>(), 4);
  // The head that it prints is one that it takes.
  const std::string head{proof.at("head").as_string()};
  EXPECT_EQ(run_tool({"verify", folder, "--head", head}).code, 0);
}

TEST_F(JournalTool, VerifyNamesWhatWasAltered) {
  const std::string path = files().at(0);
  std::string octets = test::octets_of(path);
  octets[octets.find("10.20.0.7")] = '9';
  test::write_octets(path, octets);
  const Outcome en = run_tool({"verify", folder}, "SEKIMORI_LANG=en");
  EXPECT_EQ(en.code, 1);
  EXPECT_TRUE(has(en.out, "a record is altered or damaged")) << en.out;
  EXPECT_TRUE(has(en.out, "after alert 1")) << en.out;
}

TEST_F(JournalTool, VerifyRefusesWhatIsNoJournal) {
  EXPECT_EQ(run_tool({"verify", folder + "/nothing"}).code, 2);
  EXPECT_EQ(run_tool({"verify"}).code, 2);
  const std::string empty = folder + "/empty";
  std::filesystem::create_directory(empty);
  EXPECT_TRUE(has(run_tool({"verify", empty, "--lang", "ja"}).err, "ジャーナルではありません"));
  EXPECT_TRUE(has(run_tool({"verify", empty, "--lang", "en"}).err, "is no journal"));
  EXPECT_EQ(run_tool({"verify", folder, "--head", "12:ab"}).code, 2);
  EXPECT_EQ(run_tool({"verify", folder, "--public-key", folder + "/head"}).code, 2);
}

// What the daemon's memory cannot answer its journal does, without a word of where that lies.
TEST_F(JournalTool, TheRunningDaemonsJournalIsReadWhereItsMemoryIsNotEnough) {
  test::RunningServer server{[&](test::FakeQuestions& questions, auto&, auto&) {
    questions.status_answer["journal"] = {{"path", folder}};
  }};
  const auto ask = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--json", "--socket", server.path()});
    return run_tool(words);
  };
  const Outcome severe = ask({"alerts", "--severity", "alert"});
  EXPECT_EQ(severe.code, 0) << severe.err;
  EXPECT_TRUE(has(severe.out, R"("matched":1,"last":3)")) << severe.out;
  EXPECT_TRUE(has(ask({"alerts", "--since", "2026-04-01T00:12:05Z"}).out, R"("matched":3)"));
  EXPECT_TRUE(has(ask({"alerts", "--since", "2"}).out, R"("alerts":[],"last":0)")) << "by number: its memory";
  const Outcome incidents = run_tool({"incidents", "--json"}, "SEKIMORI_SOCKET=" + server.path());
  EXPECT_TRUE(has(incidents.out, "inc-a") && has(incidents.out, "inc-b")) << incidents.err;
  // Of one that keeps no journal, or where nobody answers.
  test::RunningServer without;
  const Outcome refused =
      run_tool({"alerts", "--severity", "alert", "--socket", without.path(), "--lang", "en"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_TRUE(has(refused.err, "needs a journal")) << refused.err;
}

TEST_F(JournalTool, AlertsAreSoughtByWhatTheySay) {
  EXPECT_EQ(shown({}), "1 2 3 4 ");
  EXPECT_EQ(shown({"--since", "2"}), "3 4 ");
  EXPECT_EQ(shown({"--incident", "inc-b"}), "2 4 ");
  EXPECT_EQ(shown({"--from", "mynumber", "--to", "external"}), "1 3 ");
  EXPECT_EQ(shown({"--src", "10.20.0.7"}), "2 4 ");
  EXPECT_EQ(shown({"--severity", "error"}), "2 3 4 ");
  EXPECT_EQ(shown({"--severity", "alert"}), "3 ");
  EXPECT_EQ(shown({"--finding", "forbidden", "--limit", "1"}), "4 ");
  EXPECT_EQ(shown({"--finding", "tunnel"}), "");
  // The alerts are of 2026-04-01 00:12:04 (UTC) and the seconds after it.
  EXPECT_EQ(shown({"--since", "2026-04-01T09:12:05+09:00"}), "2 3 4 ");
  EXPECT_EQ(shown({"--until", "2026-04-01T00:12:05Z"}), "1 ");
  EXPECT_EQ(shown({"--since", "2026-04-02"}), "");
}

TEST_F(JournalTool, AnswersAWordThatItDoesNotKnowWithTwo) {
  const std::vector<std::vector<std::string>> wrong{{"alerts", "--journal", folder, "--severity", "red"},
                                                    {"alerts", "--journal", folder, "--since", "soon"},
                                                    {"alerts", "--journal", folder, "--src", "10.1"},
                                                    {"alerts", "--journal", folder, "--socket", "/x"},
                                                    {"alerts", "--severity", "error"},
                                                    {"hold", "inc-a", "maybe"},
                                                    {"hold", "inc-a"}};
  for (const auto& words : wrong) {
    const Outcome outcome = run_tool(words);
    EXPECT_EQ(outcome.code, 2) << words[1] << " " << words.back() << "\n" << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
}

TEST_F(JournalTool, IncidentsAreListedWithTheirLifeAndState) {
  const Outcome outcome = run_tool({"incidents", "--journal", folder, "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto rows = boost::json::parse(outcome.out).at("incidents").as_array();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].at("incident").as_string(), "inc-a");
  EXPECT_EQ(rows[0].at("state").as_string(), "open");
  EXPECT_EQ(rows[0].at("severity").as_string(), "alert") << "the gravest of its lines";
  EXPECT_EQ(rows[0].at("lines").to_number<int>(), 2);
  EXPECT_EQ(rows[0].at("events").to_number<int>(), 30);
  EXPECT_EQ(rows[1].at("state").as_string(), "closed");
  const Outcome table = run_tool({"incidents", "--journal", folder, "--from", "lgwan"});
  EXPECT_TRUE(has(table.out, "inc-b")) << table.out;
  EXPECT_FALSE(has(table.out, "inc-a")) << table.out;
}

TEST_F(JournalTool, AFolderThatIsNoJournalIsNamed) {
  const std::string other = folder + "-other";
  std::filesystem::create_directory(other);
  std::ofstream(other + "/alerts.txt") << "no segment";
  for (const char* command : {"alerts", "incidents"}) {
    const Outcome outcome = run_tool({command, "--journal", other, "--lang", "en"});
    EXPECT_EQ(outcome.code, 1) << command;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(has(outcome.err, other + " is no journal (there is neither a segment")) << outcome.err;
    const Outcome missing = run_tool({command, "--journal", other + "/nothing"});
    EXPECT_EQ(missing.code, 1) << command;
    EXPECT_TRUE(has(missing.err, "nothing: ")) << missing.err;
  }
  // A journal that has nothing to say yet is one.
  std::ofstream(other + "/head");
  EXPECT_EQ(run_tool({"alerts", "--journal", other}).code, 0);
}

TEST_F(JournalTool, ANoticeIsShownByItsSubjectAndTheDigestOfADayIsNoIncident) {
  {
    daemon::Journal journal{options, std::make_unique<test::QuickDisk>()};
    daemon::AlertMessage notice = test::alert(5);
    notice.incident = "inc-n";
    notice.parameters = {
        {"finding", "GAP", 0}, {"category", "health", 0}, {"subject", "t1", 0}, {"events", "3", 0}};
    journal.add(notice);
    daemon::AlertMessage digest = test::alert(6);
    digest.incident = "";
    digest.kind = "digest";
    digest.eve =
        R"({"timestamp":"2026-04-02T00:00:00+09:00","event_type":"health","sekimori":{"severity":"info",)"
        R"("kind":"digest","sequence":6,"text":"a day"}})";
    journal.add(digest);
    ASSERT_TRUE(journal.flush({}));
  }
  const auto rows = boost::json::parse(run_tool({"incidents", "--journal", folder, "--json"}).out)
                        .at("incidents")
                        .as_array();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[2].at("subject").as_string(), "t1");
  EXPECT_FALSE(rows[2].as_object().contains("from"));
  EXPECT_EQ(rows[0].at("from").as_string(), "mynumber");
  const Outcome table = run_tool({"incidents", "--journal", folder, "--finding", "GAP"});
  EXPECT_TRUE(has(table.out, "t1")) << table.out;
  EXPECT_FALSE(has(table.out, "→")) << table.out;
  EXPECT_TRUE(
      has(run_tool({"alerts", "--journal", folder}).out, "2026-04-02T00:00:00+09:00 info digest - a day\n"));
}

// A journal of many files, an hour apart by the clock that wrote them.
struct LongJournal : test::JournalTest {
  static constexpr std::uint64_t hours = 24;
  static constexpr std::uint64_t each = 100;
  static constexpr std::uint64_t many = 300;  // lines of an incident: three hours
  void SetUp() override {
    test::JournalTest::SetUp();
    options.segment_bytes = 64U << 10U;
    Time clock = begin();
    daemon::Journal journal{options, std::make_unique<test::QuickDisk>(), [&clock] { return clock; }};
    for (std::uint64_t i = 0; i < hours * each; ++i) {
      clock = begin() + std::chrono::seconds{36 * static_cast<std::int64_t>(i)};
      daemon::AlertMessage message = test::alert(i + 1);
      message.time = clock;
      message.incident = "inc-" + std::to_string(i / many);
      message.kind = i % many == many - 1 ? "closed" : "opened";
      message.resume =
          R"({"kind":0,"opened":)" +
          std::to_string((begin() + std::chrono::seconds{36 * static_cast<std::int64_t>(i / many * many)})
                             .time_since_epoch()
                             .count()) +
          "}";
      message.text.append(1000, 'x');
      journal.add(message);
      if (i % 10 == 9) {
        ASSERT_TRUE(journal.flush({}));
      }
    }
    ASSERT_TRUE(journal.flush({}));
  }
  static Time begin() { return Time{std::chrono::seconds{1'775'000'000}}; }
  static Time at(std::uint64_t alert) {
    return begin() + std::chrono::seconds{36 * static_cast<std::int64_t>(alert - 1)};
  }
};

TEST_F(LongJournal, IsReadFromItsNewestFileBackAndNoFurtherThanIsWanted) {
  const std::uint64_t segments = daemon::segments_in(folder).size();
  ASSERT_GT(segments, 20U);
  tool::Wanted wanted;
  wanted.limit = 5;
  tool::FoundAlerts found = tool::find_alerts(folder, wanted);
  EXPECT_LE(found.segments_read, 2U);
  ASSERT_EQ(found.alerts.size(), 5U);
  EXPECT_EQ(found.alerts.front().sequence, hours * each - 4);
  EXPECT_EQ(found.alerts.back().sequence, hours * each);
  EXPECT_FALSE(found.complete);

  // The last three hours: all of them, and not the day.
  wanted = {};
  wanted.limit = 100'000;
  wanted.since = at(hours * each - 299);
  found = tool::find_alerts(folder, wanted);
  EXPECT_EQ(found.alerts.size(), 300U);
  EXPECT_EQ(found.alerts.front().sequence, hours * each - 299);
  EXPECT_TRUE(found.complete);
  EXPECT_LT(found.segments_read, segments / 3);

  wanted = {};
  wanted.limit = 100'000;
  wanted.after = hours * each - 20;
  found = tool::find_alerts(folder, wanted);
  EXPECT_EQ(found.alerts.size(), 20U);
  EXPECT_TRUE(found.complete);
  EXPECT_LE(found.segments_read, 3U);

  wanted = {};
  wanted.limit = 100'000;
  found = tool::find_alerts(folder, wanted);
  EXPECT_EQ(found.alerts.size(), hours * each);
  EXPECT_TRUE(found.complete);
  EXPECT_EQ(found.segments_read, segments);
  for (std::uint64_t i = 0; i < found.alerts.size(); ++i) ASSERT_EQ(found.alerts[i].sequence, i + 1);
}

TEST_F(LongJournal, AnIncidentIsWholeHoweverLateItsWantedLineIs) {
  tool::Wanted wanted;
  wanted.since = at(many * 5);  // the closing line alone
  wanted.incident = "inc-4";
  const auto found = tool::find_incidents(folder, wanted);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].lines, many);
  EXPECT_EQ(found[0].first, at(many * 4 + 1));
  EXPECT_EQ(found[0].last, at(many * 5));
  EXPECT_TRUE(found[0].closed);
  wanted = {};
  wanted.limit = 1000;
  EXPECT_EQ(tool::find_incidents(folder, wanted).size(), hours * each / many);
  wanted.limit = 3;
  const auto newest = tool::find_incidents(folder, wanted);
  ASSERT_EQ(newest.size(), 3U);
  EXPECT_EQ(newest.back().id, "inc-7");
}

TEST_F(JournalTool, ShowsWhichIncidentsAreHeld) {
  {
    daemon::Journal journal{options, std::make_unique<test::QuickDisk>()};
    std::string trouble;
    ASSERT_TRUE(journal.hold("inc-b", true, trouble)) << trouble;
    ASSERT_TRUE(journal.flush({}));
  }
  const Outcome outcome = run_tool({"incidents", "--journal", folder});
  EXPECT_TRUE(has(outcome.out, "終了 保全")) << outcome.out;
  EXPECT_EQ(run_tool({"verify", folder}).code, 0);
}

}  // namespace
}  // namespace sekimori
