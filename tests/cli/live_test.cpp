// The tool against a server whose answers are known.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <thread>

#include "tests/cli/run.hpp"
#include "tests/daemon/city.hpp"

namespace sekimori {
namespace {

using test::has;
using test::Outcome;
using test::run_tool;
using test::RunningServer;

constexpr std::string_view one_flow =
    R"({"src_ip":"10.10.1.5","src_port":51000,"dest_ip":"10.30.0.9","dest_port":445,
  "proto":"TCP","flow":{"start":"2026-04-01T09:12:00.000000+09:00","end":"2026-04-01T09:12:03.482915+09:00",
  "pkts_toserver":5,"pkts_toclient":4,"bytes_toserver":700,"bytes_toclient":1500},
  "sekimori":{"from":"mynumber","to":"internet","verdict":"forbid","basis":"cell","stage":"established",
  "rule":"F mynumber->internet"}})";

Outcome ask(RunningServer& server, std::vector<std::string> words, const std::string& environment = "") {
  words.insert(words.end(), {"--socket", server.path()});
  return run_tool(words, environment);
}

void prepare(test::FakeQuestions& questions, daemon::ControlOptions&, daemon::ControlLimits&) {
  questions.in_force = test::make_policy();
  questions.flows_answer = {{"flows", boost::json::array{boost::json::parse(one_flow)}},
                            {"matched", 30},
                            {"live", 4000},
                            {"complete", false}};
}

TEST(Live, PrintsFlowsAsATableAndSaysThatTheyAreCut) {
  RunningServer server{prepare};
  const Outcome flows = ask(server, {"flows", "--verdict", "forbid", "--lang", "en"});
  EXPECT_EQ(flows.code, 0) << flows.err;
  EXPECT_TRUE(has(flows.out, "10.10.1.5:51000")) << flows.out;
  EXPECT_TRUE(has(flows.out, "FORBID")) << flows.out;
  EXPECT_TRUE(has(flows.out, "2026-04-01 09:12:03")) << flows.out;
  EXPECT_TRUE(has(flows.err, "Not complete: 1 of 30")) << flows.err;
  EXPECT_FALSE(has(flows.out, "\x1b["));
  EXPECT_TRUE(has(ask(server, {"flows"}).out, "不許可"));
}

TEST(Live, PassesEveryFilterToTheDaemon) {
  RunningServer server{prepare};
  const Outcome flows = ask(
      server,
      {"flows",     "--from",    "mynumber", "--to=internet", "--segment", "LG",  "--address", "10.10.0.0/16",
       "--address", "fd10::/16", "--port",   "445",           "--proto",   "tcp", "--stage",   "answered",
       "--verdict", "forbid",    "--sort",   "bytes",         "--limit",   "9"});
  ASSERT_EQ(flows.code, 0) << flows.err;
  server.on_server([](test::FakeQuestions& questions) {
    const daemon::FlowQuery& query = questions.flow_queries.at(0);
    EXPECT_EQ(query.from, questions.in_force->segment_index("mynumber"));
    EXPECT_EQ(query.to, questions.in_force->segment_index("internet"));
    EXPECT_EQ(query.segment, questions.in_force->segment_index("lgwan"));
    EXPECT_EQ(query.addresses.size(), 2U);
    EXPECT_EQ(query.port, 445);
    EXPECT_EQ(query.protocol, 6);
    EXPECT_EQ(query.stage, capture::Stage::answered);
    EXPECT_EQ(query.verdict, policy::Decision::forbid);
    EXPECT_EQ(query.sort, daemon::FlowSort::bytes);
    EXPECT_EQ(query.limit, 9U);
  });
}

TEST(Live, JsonIsTheServersOwnLine) {
  RunningServer server;
  const Outcome status = ask(server, {"status", "--json"});
  EXPECT_EQ(status.code, 0);
  EXPECT_EQ(status.out, "{\"program\":\"sekimorid\",\"watching\":true}\n");
  EXPECT_EQ(status.err, "");
}

TEST(Live, TellsTheDaemonsRefusalWithItsHint) {
  RunningServer server{prepare};
  const Outcome flows = ask(server, {"flows", "--from", "mynumbr", "--lang", "en"});
  EXPECT_EQ(flows.code, 2);
  EXPECT_EQ(flows.out, "");
  EXPECT_TRUE(has(flows.err, "mynumbr")) << flows.err;
  EXPECT_TRUE(has(flows.err, "Did you mean \"mynumber\"?")) << flows.err;
  const Outcome ja = ask(server, {"flows", "--from", "mynumbr"});
  EXPECT_TRUE(has(ja.err, "ではありませんか")) << ja.err;
  const Outcome json = ask(server, {"flows", "--from", "mynumbr", "--json"});
  EXPECT_EQ(json.code, 2);
  EXPECT_TRUE(has(json.out, "\"code\":\"bad_parameter\"")) << json.out;
}

TEST(Live, StatusShowsBlindTapsAndLosses) {
  RunningServer server{[](test::FakeQuestions& questions, daemon::ControlOptions&, daemon::ControlLimits&) {
    questions.status_answer =
        boost::json::parse(R"({"version":"1.2.3","watching":false,"uptime_seconds":93784,
      "policy":{"profile":"alpha","generation":2,"sha256":"abc"},"flows":{"live":12,"capacity":1000000,"huge_pages":true},
      "memory":{"tables_bytes":272629760,"resident_bytes":41943040,"resident_peak_bytes":44040192,
        "huge_pages_bytes":33554432},
      "taps":[{"name":"t1","interface":"eth1","health":"link_down","received":1000,"dropped_kernel":7,"trouble":"why"}],
      "packets":{"packets_read":10,"packets_in_flows":8,"reasons":{"arp":2}},
      "destinations":[{"name":"soc","connected":false,"queued":3,"sent":4,"dropped":1}],
      "incidents":{"open":1,"lines":2,"suppressed":3},"control":{"forbidden":5,"answered":9},
      "not_watched":{"since":"2026-04-01T09:12:03.482915+09:00","until":"2026-04-01T09:13:33.582915+09:00",
        "seconds":90.1,"ended":"cut"}})")
            .as_object();
  }};
  const Outcome status = ask(server, {"status"});
  EXPECT_EQ(status.code, 0) << status.err;
  for (const char* part : {"監視できていません", "40 MiB（最大 42 MiB、表が満杯のとき表だけで 260 MiB）",
                           "うち 32 MiB", "リンク断", "1日 02:03:04", "世代 2", "why", "soc", "未接続",
                           "収支一致: 読取 10 = フロー 8 + 理由別 2", "forbidden=5",
                           "2026-04-01 09:12:03〜2026-04-01 09:13:33（90.1秒、停止の記録なしに終了"}) {
    EXPECT_TRUE(has(status.out, part)) << part << "\n" << status.out;
  }
}

TEST(Live, AlertsAreLinesAndCannotMoveTheCursor) {
  RunningServer server{[](test::FakeQuestions& questions, daemon::ControlOptions&, daemon::ControlLimits&) {
    questions.alerts_answer =
        boost::json::parse(R"({"alerts":[{"timestamp":"2026-04-01T09:12:03.482915+09:00",
      "sekimori":{"severity":"critical","kind":"opened","incident":"inc-1","text":"【領域間不許可通信】\u001b[2J"}}],
      "last":41,"complete":true})")
            .as_object();
  }};
  const Outcome alerts = ask(server, {"alerts", "--since", "40"});
  EXPECT_EQ(alerts.code, 0);
  EXPECT_EQ(alerts.out,
            "2026-04-01T09:12:03.482915+09:00 critical opened inc-1 【領域間不許可通信】\xef\xbf\xbd[2J\n");
  EXPECT_TRUE(has(alerts.err, "41")) << alerts.err;
  server.on_server(
      [](test::FakeQuestions& questions) { EXPECT_EQ(questions.alerts_asked.at(0).since, 40U); });
}

TEST(Live, ReloadThatIsRefusedPrintsEveryMistake) {
  RunningServer server;
  EXPECT_TRUE(has(ask(server, {"reload", "--lang", "en"}).out, "generation 2"));
  server.on_server([](test::FakeQuestions& questions) {
    questions.reload_answer = {{"ok", false},
                               {"errors", boost::json::array{"a.yaml:1:1: x", "a.yaml:2:1: y"}}};
  });
  const Outcome refused = ask(server, {"reload", "--lang", "en"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_TRUE(has(refused.err, "a.yaml:1:1: x\na.yaml:2:1: y\n")) << refused.err;
  EXPECT_TRUE(has(refused.err, "old one")) << refused.err;
}

TEST(Live, FindsTheSocketByEnvironment) {
  RunningServer server;
  EXPECT_EQ(run_tool({"status", "--json"}, "SEKIMORI_SOCKET=" + server.path()).code, 0);
}

TEST(Live, SaysHowToReachADaemonThatIsNotThere) {
  const test::Folder folder;
  const Outcome status = run_tool({"status", "--socket", folder / "none.sock", "--lang", "en"});
  EXPECT_EQ(status.code, 4);
  EXPECT_EQ(status.out, "");
  for (const std::string& part :
       {folder / "none.sock", std::string("systemctl status sekimorid"), std::string("group")}) {
    EXPECT_TRUE(has(status.err, part)) << status.err;
  }
  EXPECT_EQ(run_tool({"status", "--socket", std::string(200, 'a')}).code, 4);
}

TEST(Live, SaysWhichGroupMayAskWhenThisUserMayNot) {
  RunningServer server;
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  ::chmod(server.folder().path().c_str(), 0755);
  const Outcome check = run_tool({"--version"}, "setpriv --reuid 12345 --regid 12345 --clear-groups");
  if (check.code != 0) GTEST_SKIP() << "another user cannot run programs here: " << check.err;
  const Outcome status = ask(server, {"status"}, "setpriv --reuid 12345 --regid 12345 --clear-groups");
  EXPECT_EQ(status.code, 5) << status.err;
  EXPECT_TRUE(has(status.err, "グループ")) << status.err;
  ::chmod(server.path().c_str(), 0666);
  EXPECT_EQ(ask(server, {"status"}, "setpriv --reuid 12345 --regid 12345 --clear-groups").code, 5);
}

TEST(Live, AnAnswerThatIsNoHttpIsAFailureAndNoHang) {
  const test::Folder folder;
  const daemon::ControlOptions options{.path = folder / "c.sock"};
  daemon::ControlListener listener{options, resolve_access(options, Language::en), Language::en};
  const int door = listener.release();
  ::fcntl(door, F_SETFL, 0);
  std::thread thread{[door] {
    const int guest = ::accept(door, nullptr, nullptr);
    ::send(guest, "SSH-2.0-x\r\n\r\n", 13, MSG_NOSIGNAL);
    ::shutdown(guest, SHUT_WR);
    char octets[4096];
    while (::recv(guest, octets, sizeof(octets), 0) > 0) {
    }
    ::close(guest);
  }};
  const Outcome status = run_tool({"status", "--socket", options.path, "--lang", "en"});
  thread.join();
  ::close(door);
  EXPECT_EQ(status.code, 1) << status.err;
  EXPECT_TRUE(has(status.err, "cannot be understood")) << status.err;
}

}  // namespace
}  // namespace sekimori
