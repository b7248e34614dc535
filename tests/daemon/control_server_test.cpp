#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <boost/json.hpp>
#include <fstream>
#include <random>

#include "daemon/control/query.hpp"
#include "daemon/control/server.hpp"
#include "tests/daemon/city.hpp"
#include "tests/daemon/control_kit.hpp"

namespace sekimori::daemon {
namespace {

using std::chrono::milliseconds;
using test::FakeQuestions;
using test::Folder;
using test::RunningServer;
using test::Wire;

constexpr std::string_view host_line = "Host: x\r\n";

std::string request(std::string_view method, std::string_view target, std::string_view more = host_line) {
  return std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n" + std::string(more) + "\r\n";
}

std::string code_of(const Wire::Reply& reply) {
  const boost::json::value value = boost::json::parse(reply.body);
  return std::string(value.at("error").at("code").as_string());
}

void with_policy(FakeQuestions& questions, ControlOptions&, ControlLimits&) {
  questions.in_force = test::make_policy();
}

TEST(ControlServer, AnswersInOneLineOfJson) {
  RunningServer server;
  Wire wire{server.path()};
  const Wire::Reply reply = wire.get("/v1/status");
  EXPECT_EQ(reply.status, 200);
  EXPECT_NE(reply.head.find("Content-Type: application/json"), std::string::npos) << reply.head;
  EXPECT_EQ(reply.body, "{\"program\":\"sekimorid\",\"watching\":true}\n");
  EXPECT_EQ(server.counters().answered, 1U);
}

TEST(ControlServer, TellsWhatCanBeAsked) {
  RunningServer server;
  Wire wire{server.path()};
  const boost::json::value index = boost::json::parse(wire.get("/").body);
  std::string paths;
  for (const auto& each : index.at("questions").as_array()) {
    paths +=
        std::string(each.at("method").as_string()) + " " + std::string(each.at("path").as_string()) + "\n";
    EXPECT_FALSE(each.at("what").as_string().empty());
  }
  EXPECT_EQ(paths,
            "GET /\nGET /v1/status\nGET /v1/health\nGET /v1/flows\nGET /v1/matrix\nGET /v1/services\n"
            "GET /v1/alerts\nGET /v1/exceptions\nPOST /v1/reload\nPOST /v1/alert-test\nPOST /v1/hold\n");
}

TEST(ControlServer, KeepsAConnectionForFurtherQuestions) {
  RunningServer server;
  Wire wire{server.path()};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(wire.get("/v1/matrix").status, 200);
  EXPECT_EQ(server.counters().connections, 1U);
}

TEST(ControlServer, ClosesWhenAskedTo) {
  RunningServer server;
  Wire wire{server.path()};
  wire.send(request("GET", "/v1/status", "Host: x\r\nConnection: close\r\n"));
  bool closed = false;
  EXPECT_NE(wire.rest(&closed).find("200 OK"), std::string::npos);
  EXPECT_TRUE(closed);
}

TEST(ControlServer, AnswersPipelinedQuestionsInTheirOrder) {
  RunningServer server{with_policy};
  Wire wire{server.path()};
  wire.send(request("GET", "/v1/status") + request("GET", "/v1/nothing") +
            request("GET", "/v1/flows?port=1") + request("GET", "/v1/matrix"));
  EXPECT_NE(wire.reply().body.find("watching"), std::string::npos);
  EXPECT_EQ(wire.reply().status, 404);
  EXPECT_NE(wire.reply().body.find("matched"), std::string::npos);
  EXPECT_NE(wire.reply().body.find("matrix"), std::string::npos);
}

TEST(ControlServer, HeadHasTheLengthButNoBody) {
  RunningServer server;
  Wire wire{server.path()};
  wire.send(request("HEAD", "/v1/status") + request("GET", "/v1/status"));
  const Wire::Reply head = wire.reply(true);
  const Wire::Reply get = wire.reply();
  EXPECT_EQ(head.status, 200);
  EXPECT_NE(head.head.find("Content-Length: " + std::to_string(get.body.size())), std::string::npos)
      << head.head;
  EXPECT_EQ(get.status, 200);
}

TEST(ControlServer, HandsTheFiltersOn) {
  RunningServer server{with_policy};
  Wire wire{server.path()};
  EXPECT_EQ(wire.get("/v1/flows?from=mynumber&port=445&limit=5").status, 200);
  EXPECT_EQ(wire.get("/v1/alerts?since=7&incident=inc-9&limit=2").status, 200);
  server.on_server([](FakeQuestions& questions) {
    ASSERT_EQ(questions.flow_queries.size(), 1U);
    EXPECT_EQ(questions.flow_queries[0].from, questions.in_force->segment_index("mynumber"));
    EXPECT_EQ(questions.flow_queries[0].port, 445);
    EXPECT_EQ(questions.flow_queries[0].limit, 5U);
    ASSERT_EQ(questions.alerts_asked.size(), 1U);
    EXPECT_EQ(questions.alerts_asked[0].since, 7U);
    EXPECT_EQ(questions.alerts_asked[0].incident, "inc-9");
    EXPECT_EQ(questions.alerts_asked[0].limit, 2U);
  });
}

TEST(ControlServer, RefusesByNameAndCountsByReason) {
  RunningServer server{with_policy};
  struct Case {
    std::string sent;
    int status;
    std::string code;
    std::uint64_t ControlCounters::*counter;
  };
  using C = ControlCounters;
  const std::string large(9000, 'a');
  const Case cases[] = {
      {request("GET", "/v1/flow"), 404, "not_found", &C::not_found},
      {request("GET", "/v1/flows/"), 404, "not_found", &C::not_found},
      {request("POST", "/v1/status"), 405, "method", &C::method},
      {request("GET", "/v1/reload"), 405, "method", &C::method},
      {request("DELETE", "/v1/flows"), 405, "method", &C::method},
      {request("GET", "/v1/flows?prot=tcp"), 400, "unknown_parameter", &C::bad_request},
      {request("GET", "/v1/status?verbose=1"), 400, "unknown_parameter", &C::bad_request},
      {request("POST", "/v1/reload?force=1"), 400, "unknown_parameter", &C::bad_request},
      {request("GET", "/v1/alert-test"), 405, "method", &C::method},
      {request("POST", "/v1/alert-test?destination=log-srver"), 400, "bad_parameter", &C::bad_request},
      {request("GET", "/v1/flows?port=1&port=2"), 400, "doubled_parameter", &C::bad_request},
      {request("GET", "/%ff"), 400, "bad_request", &C::bad_request},
      {request("GET", "/v1/status", ""), 400, "bad_request", &C::bad_request},
      {request("GET", "/v1/status", "Host: x\r\nHost: y\r\n"), 400, "bad_request", &C::bad_request},
      {request("POST", "/v1/reload", "Host: x\r\nContent-Length: 2\r\n") + "{}", 400, "bad_request",
       &C::bad_request},
      {"hello\r\n\r\n", 400, "bad_request", &C::bad_request},
      {"GET /v1/status HTTP/3.0\r\n\r\n", 400, "bad_request", &C::bad_request},
      {request("GET", "/v1/status", "Host: x\r\nContent-Length: abc\r\n"), 400, "bad_request",
       &C::bad_request},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15), 400, "bad_request",
       &C::bad_request},
      {request("GET", "/v1/status", "Host: x\r\nX: " + large + "\r\n"), 431, "too_large", &C::too_large},
      {request("GET", "/" + large), 431, "too_large", &C::too_large},
      {request("POST", "/v1/reload", "Host: x\r\nContent-Length: 70000\r\n"), 413, "too_large",
       &C::too_large},
      {request("POST", "/v1/reload", "Host: x\r\nContent-Length: 99999999999999999999\r\n"), 400,
       "bad_request", &C::bad_request},
  };
  for (const Case& each : cases) {
    const std::uint64_t before = server.counters().*each.counter;
    Wire wire{server.path()};
    wire.send(each.sent);
    const Wire::Reply reply = wire.reply();
    EXPECT_EQ(reply.status, each.status) << each.sent.substr(0, 80);
    ASSERT_FALSE(reply.body.empty()) << each.sent.substr(0, 80);
    EXPECT_EQ(code_of(reply), each.code) << reply.body;
    EXPECT_EQ(server.counters().*each.counter, before + 1) << each.sent.substr(0, 80);
  }
  EXPECT_EQ(server.counters().answered, 0U);
  server.on_server([](FakeQuestions& questions) { EXPECT_EQ(questions.reloads, 0); });
}

TEST(ControlServer, SaysWhichMethodsArePossible) {
  RunningServer server;
  Wire wire{server.path()};
  wire.send(request("GET", "/v1/reload"));
  EXPECT_NE(wire.reply().head.find("Allow: POST"), std::string::npos);
}

TEST(ControlServer, LimitsAChunkedBodyToo) {
  RunningServer server;
  Wire wire{server.path()};
  wire.send(request("POST", "/v1/reload", "Host: x\r\nTransfer-Encoding: chunked\r\n"));
  const std::string chunk = "4000\r\n" + std::string(0x4000, 'a') + "\r\n";
  for (int i = 0; i < 5; ++i) wire.send(chunk);
  EXPECT_EQ(wire.reply().status, 413);
  EXPECT_EQ(server.counters().too_large, 1U);
}

TEST(ControlServer, SpeaksTheLanguageThatIsAsked) {
  RunningServer server;
  Wire wire{server.path()};
  wire.send(request("GET", "/v1/status?x=1", "Host: x\r\nAccept-Language: ja\r\n"));
  EXPECT_NE(wire.reply().body.find("条件"), std::string::npos);
  EXPECT_NE(wire.get("/v1/status?x=1").body.find("parameter"), std::string::npos);
}

TEST(ControlServer, CutsASenderThatIsTooSlow) {
  RunningServer server{
      [](FakeQuestions&, ControlOptions&, ControlLimits& limits) { limits.idle = milliseconds{150}; }};
  Wire wire{server.path()};
  wire.send("GET /v1/sta");
  bool closed = false;
  EXPECT_EQ(wire.rest(&closed), "");
  EXPECT_TRUE(closed);
  EXPECT_TRUE(server.until([](const ControlCounters& c) { return c.timeout == 1 && c.open == 0; }));
}

TEST(ControlServer, ClosesAnIdleConnectionWithoutBlame) {
  RunningServer server{
      [](FakeQuestions&, ControlOptions&, ControlLimits& limits) { limits.idle = milliseconds{150}; }};
  Wire wire{server.path()};
  EXPECT_EQ(wire.get("/v1/status").status, 200);
  bool closed = false;
  wire.rest(&closed);
  EXPECT_TRUE(closed);
  EXPECT_EQ(server.counters().timeout, 0U);
}

TEST(ControlServer, CutsAReaderThatDoesNotRead) {
  RunningServer server{[](FakeQuestions& questions, ControlOptions&, ControlLimits& limits) {
    limits.idle = milliseconds{200};
    questions.status_answer["much"] = std::string(8U << 20U, 'a');  // beyond what the kernel buffers
  }};
  Wire wire{server.path()};
  wire.send(request("GET", "/v1/status"));
  EXPECT_TRUE(server.until([](const ControlCounters& c) { return c.timeout == 1 && c.open == 0; }));
}

TEST(ControlServer, SurvivesAClientThatLeavesBeforeTheAnswer) {
  RunningServer server{
      [](FakeQuestions& questions, ControlOptions&, ControlLimits&) { questions.stall = true; }};
  {
    Wire gone{server.path()};
    gone.send(request("GET", "/v1/status"));
    while (server.on_server([](FakeQuestions& questions) { return questions.stalled.empty(); })) {
      std::this_thread::sleep_for(milliseconds{1});
    }
  }
  server.on_server([](FakeQuestions& questions) {
    questions.status_answer["much"] =
        std::string(1U << 20U, 'a');  // so that the write meets the closed socket
    questions.stalled.front()(questions.status_answer);
    questions.stalled.clear();
    questions.stall = false;
    questions.status_answer = {{"program", "sekimorid"}};
  });
  EXPECT_TRUE(server.until([](const ControlCounters& c) { return c.open == 0; }));
  Wire wire{server.path()};
  EXPECT_EQ(wire.get("/v1/status").status, 200);
}

TEST(ControlServer, SaysSoWhenNoAnswerComesAndDropsTheLateOne) {
  RunningServer server{[](FakeQuestions& questions, ControlOptions&, ControlLimits& limits) {
    questions.stall = true;
    limits.answer = milliseconds{100};
  }};
  Wire wire{server.path()};
  const Wire::Reply late = wire.get("/v1/status");
  EXPECT_EQ(late.status, 504);
  EXPECT_EQ(code_of(late), "timeout");
  server.on_server([](FakeQuestions& questions) {
    questions.stalled.front()({{"late", true}});
    questions.stalled.front()({{"twice", true}});
  });
  EXPECT_NE(wire.get("/v1/matrix").body.find("matrix"), std::string::npos);
  EXPECT_EQ(server.counters().timeout, 1U);
}

TEST(ControlServer, WaitsLongerForAnAnswerThanForARequest) {
  RunningServer server{[](FakeQuestions& questions, ControlOptions&, ControlLimits& limits) {
    questions.stall = true;
    limits.idle = milliseconds{50};
  }};
  Wire wire{server.path()};
  wire.send(request("GET", "/v1/status"));
  std::this_thread::sleep_for(milliseconds{200});
  server.on_server([](FakeQuestions& questions) { questions.stalled.at(0)({{"patient", true}}); });
  EXPECT_NE(wire.reply().body.find("patient"), std::string::npos);
}

TEST(ControlServer, RefusesConnectionsBeyondTheLimitAndTakesThemAgainLater) {
  RunningServer server{
      [](FakeQuestions&, ControlOptions&, ControlLimits& limits) { limits.connections = 2; }};
  Wire first{server.path()};
  auto second = std::make_unique<Wire>(server.path());
  EXPECT_EQ(first.get("/v1/status").status, 200);
  EXPECT_EQ(second->get("/v1/status").status, 200);
  Wire third{server.path()};
  const Wire::Reply refused = third.reply();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(code_of(refused), "too_many");
  EXPECT_EQ(server.counters().too_many, 1U);
  second.reset();
  EXPECT_TRUE(server.until([](const ControlCounters& c) { return c.open == 1; }));
  Wire fourth{server.path()};
  EXPECT_EQ(fourth.get("/v1/status").status, 200);
  EXPECT_EQ(first.get("/v1/status").status, 200);
}

TEST(ControlServer, ReloadsAndTellsARefusalByStatus) {
  RunningServer server;
  Wire wire{server.path()};
  wire.send(request("POST", "/v1/reload"));
  EXPECT_EQ(wire.reply().status, 200);
  server.on_server([](FakeQuestions& questions) {
    questions.reload_answer = {{"ok", false}, {"errors", boost::json::array{"a.yaml:1:1: x: wrong"}}};
  });
  wire.send(request("POST", "/v1/reload", "Host: x\r\nContent-Length: 0\r\n"));
  const Wire::Reply refused = wire.reply();
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(refused.body.find("a.yaml:1:1"), std::string::npos);
  server.on_server([](FakeQuestions& questions) { EXPECT_EQ(questions.reloads, 2); });
}

TEST(ControlServer, FailureOfAnAnswerIsAnAnswer) {
  RunningServer server{
      [](FakeQuestions& questions, ControlOptions&, ControlLimits&) { questions.trouble = "no luck"; }};
  Wire wire{server.path()};
  const Wire::Reply reply = wire.get("/v1/status");
  EXPECT_EQ(reply.status, 500);
  EXPECT_NE(reply.body.find("no luck"), std::string::npos);
  EXPECT_EQ(wire.get("/v1/matrix").status, 200);
  server.on_server([](FakeQuestions& questions) {
    questions.trouble.clear();
    questions.status_answer = {{"error", {{"code", "busy"}, {"message", "later"}}}};
  });
  EXPECT_EQ(wire.get("/v1/status").status, 503);
  EXPECT_EQ(server.counters().failed, 2U);
}

TEST(ControlServer, StopsWhileAnAnswerIsOwed) {
  std::vector<Questions::Json> owed;
  {
    RunningServer server{
        [](FakeQuestions& questions, ControlOptions&, ControlLimits&) { questions.stall = true; }};
    Wire wire{server.path()};
    wire.send(request("GET", "/v1/status"));
    while (server.on_server([](FakeQuestions& questions) { return questions.stalled.empty(); })) {
      std::this_thread::sleep_for(milliseconds{1});
    }
    server.on_server([&owed](FakeQuestions& questions) { owed = questions.stalled; });
    server.stop();
    bool closed = false;
    EXPECT_EQ(wire.rest(&closed), "");
    EXPECT_TRUE(closed);
    owed.front()({{"too", "late"}});
  }
  // Even after the server and its io_context are gone.
  owed.front()({{"much too", "late"}});
}

// Sends as another user; returns the HTTP status, 0 when the connection failed.
int status_as(uid_t user, gid_t group, const std::vector<gid_t>& groups, const std::string& path,
              const std::string& sent) {
  constexpr int no_connection = 254;
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgroups(groups.size(), groups.data()) != 0 || ::setgid(group) != 0 || ::setuid(user) != 0)
      ::_exit(255);
    Wire wire{path};
    if (!wire.connected()) ::_exit(no_connection);
    wire.send(sent);
    ::_exit(wire.reply().status - 200);  // an exit code has eight bits
  }
  int state = 0;
  ::waitpid(child, &state, 0);
  return WEXITSTATUS(state) == no_connection ? 0 : WEXITSTATUS(state) + 200;
}

TEST(ControlServer, TestsOneDestinationOrAll) {
  RunningServer server;
  Wire wire{server.path()};
  wire.send(request("POST", "/v1/alert-test"));
  EXPECT_EQ(wire.reply().status, 200);
  wire.send(request("POST", "/v1/alert-test?destination=eve"));
  EXPECT_EQ(wire.reply().status, 200);
  wire.send(request("POST", "/v1/alert-test?destination=log-srver"));
  const Wire::Reply mistyped = wire.reply();
  EXPECT_EQ(mistyped.status, 400);
  EXPECT_NE(mistyped.body.find("log-server"), std::string::npos) << mistyped.body;
  server.on_server([](FakeQuestions& questions) {
    EXPECT_EQ(questions.tested, (std::vector<std::string>{"", "eve"}));
    questions.destination_names.clear();
  });
  wire.send(request("POST", "/v1/alert-test"));
  EXPECT_EQ(wire.reply().status, 400);
}

TEST(ControlServer, HoldsAnIncidentAndRefusesWhatIsNone) {
  RunningServer server;
  Wire wire{server.path()};
  wire.send(request("POST", "/v1/hold?incident=inc-00ff&on=true"));
  EXPECT_EQ(wire.reply().status, 200);
  wire.send(request("POST", "/v1/hold?on=false&incident=inc-00ff"));
  EXPECT_EQ(wire.reply().status, 200);
  for (const char* wrong :
       {"", "?incident=inc-00ff", "?on=true", "?incident=&on=true", "?incident=inc-00ff&on=yes",
        "?incident=inc%2F..&on=true", "?incident=INC-1&on=true"}) {
    wire.send(request("POST", std::string{"/v1/hold"} + wrong));
    EXPECT_EQ(wire.reply().status, 400) << wrong;
  }
  server.on_server([](FakeQuestions& questions) {
    EXPECT_EQ(questions.held, (std::vector<std::string>{"inc-00ff on", "inc-00ff off"}));
  });
}

TEST(ControlServer, LetsTheGroupAskAndOnlyAdminsChange) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  const gid_t operators = 4711;
  RunningServer server;
  // The mode alone keeps strangers out...
  ::chmod(server.folder().path().c_str(), 0755);
  EXPECT_EQ(status_as(12345, 12345, {}, server.path(), request("GET", "/v1/status")), 0);
  // ...and if somebody loosens it, the credentials still do.
  ::chmod(server.path().c_str(), 0666);
  EXPECT_EQ(status_as(12345, 12345, {}, server.path(), request("GET", "/v1/status")), 403);
  EXPECT_EQ(server.counters().forbidden, 1U);
  EXPECT_EQ(status_as(12345, 12345, {::getegid()}, server.path(), request("GET", "/v1/status")), 200);
  EXPECT_EQ(status_as(12345, ::getegid(), {operators}, server.path(), request("POST", "/v1/reload")), 403);
  EXPECT_EQ(server.counters().forbidden, 2U);
  server.on_server([](FakeQuestions& questions) { EXPECT_EQ(questions.reloads, 0); });
  EXPECT_EQ(status_as(12345, ::getegid(), {operators}, server.path(), request("POST", "/v1/alert-test")),
            403);
  server.on_server([](FakeQuestions& questions) { EXPECT_TRUE(questions.tested.empty()); });
  EXPECT_EQ(status_as(12345, ::getegid(), {operators}, server.path(),
                      request("POST", "/v1/hold?incident=inc-00ff&on=true")),
            403);
  server.on_server([](FakeQuestions& questions) { EXPECT_TRUE(questions.held.empty()); });
  server.on_server([&server](FakeQuestions&) { server.server().set_owner(12345); });
  EXPECT_EQ(status_as(12345, 12345, {}, server.path(), request("POST", "/v1/reload")), 200);
}

TEST(ControlAccess, FollowsUserGroupAndSupplementaryGroups) {
  const ControlAccess access{.group = 100, .admin_group = gid_t{200}, .owner = 50};
  struct Case {
    const char* who;
    ControlPeer peer;
    bool ask;
    bool change;
  };
  const Case cases[] = {
      {"root", {.user = 0, .group = 0}, true, true},
      {"the daemon's user", {.user = 50, .group = 51}, true, true},
      {"operator by primary group", {.user = 1000, .group = 100}, true, false},
      {"operator by another group", {.user = 1000, .group = 1000, .groups = {4, 100}}, true, false},
      {"administrator", {.user = 1000, .group = 1000, .groups = {200}}, true, true},
      {"stranger", {.user = 1000, .group = 1000, .groups = {4, 24}}, false, false},
      {"a user whose number is the group's", {.user = 100, .group = 1000}, false, false},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(access.may_ask(each.peer), each.ask) << each.who;
    EXPECT_EQ(access.may_change(each.peer), each.change) << each.who;
  }
  const ControlAccess alone{.group = 100, .admin_group = std::nullopt, .owner = 50};
  EXPECT_FALSE(alone.may_change({.user = 1000, .group = 0}));
}

// What making a socket fails with; empty when it does not.
std::string trouble_of(const ControlOptions& options) {
  try {
    const ControlListener listener{options, resolve_access(options, Language::en), Language::en};
  } catch (const ControlError& error) {
    return error.what();
  }
  return {};
}

TEST(ControlListener, MakesASocketForOwnerAndGroupOnlyAndRemovesIt) {
  const Folder folder;
  const ControlOptions options{.path = folder / "c.sock"};
  {
    const ControlListener listener{options, resolve_access(options, Language::en), Language::en};
    struct stat there {};
    ASSERT_EQ(::stat(options.path.c_str(), &there), 0);
    EXPECT_TRUE(S_ISSOCK(there.st_mode));
    EXPECT_EQ(there.st_mode & 07777U, 0660U);
    EXPECT_EQ(there.st_gid, ::getegid());
  }
  EXPECT_FALSE(std::filesystem::exists(options.path));
}

TEST(ControlListener, ReplacesASocketThatNobodyAnswersOn) {
  const Folder folder;
  const ControlOptions options{.path = folder / "c.sock"};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, options.path.c_str(), sizeof(address.sun_path) - 1);
  const int stale = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(stale, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ::close(stale);
  ASSERT_TRUE(std::filesystem::exists(options.path));
  EXPECT_EQ(trouble_of(options), "");
}

TEST(ControlListener, LeavesALivingServerItsSocket) {
  RunningServer server;
  const std::string trouble = trouble_of({.path = server.path()});
  EXPECT_NE(trouble.find("already answers"), std::string::npos) << trouble;
  Wire wire{server.path()};
  EXPECT_EQ(wire.get("/v1/status").status, 200);
}

TEST(ControlListener, LeavesAFileThatIsNoSocketAlone) {
  const Folder folder;
  const std::string path = folder / "precious";
  std::ofstream(path) << "data";
  const std::string trouble = trouble_of({.path = path});
  EXPECT_NE(trouble.find("no socket"), std::string::npos) << trouble;
  EXPECT_EQ(std::filesystem::file_size(path), 4U);
}

TEST(ControlListener, SaysWhatIsMissing) {
  const Folder folder;
  EXPECT_NE(trouble_of({.path = folder / "none/c.sock"}).find("does not exist"), std::string::npos);
  EXPECT_NE(trouble_of({.path = folder / std::string(120, 'a')}).find("107"), std::string::npos);
  EXPECT_NE(trouble_of({.path = folder / "c.sock", .group = "no-such-group-here"}).find("no-such-group-here"),
            std::string::npos);
  EXPECT_NE(
      trouble_of({.path = folder / "c.sock", .admin_group = "no-such-group-here"}).find("no-such-group-here"),
      std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder / "c.sock"));
}

TEST(ControlListener, DoesNotRemoveAnothersSocket) {
  const Folder folder;
  const ControlOptions options{.path = folder / "c.sock"};
  const ControlAccess access = resolve_access(options, Language::en);
  auto first = std::make_unique<ControlListener>(options, access, Language::en);
  std::filesystem::rename(options.path, folder / "moved");
  const ControlListener second{options, access, Language::en};
  first.reset();
  EXPECT_TRUE(std::filesystem::exists(options.path));
}

// Octets near to a request, the same on every run: whatever they are, the server answers or closes, and goes
// on.
TEST(ControlServer, SurvivesMangledRequests) {
  RunningServer server{[](FakeQuestions& questions, ControlOptions& options, ControlLimits& limits) {
    with_policy(questions, options, limits);
    limits.idle = milliseconds{5000};
  }};
  std::mt19937 random{20260401};  // NOLINT: the same octets on every run
  const auto below = [&random](std::size_t limit) { return static_cast<std::size_t>(random()) % limit; };
  const std::vector<std::string> seeds{
      request("GET", "/v1/flows?from=mynumber&address=10.10.0.0/16&port=445"),
      request("POST", "/v1/reload", "Host: x\r\nTransfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\n\r\n",
      request("GET", "/v1/alerts?since=1", "Host: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: h2c\r\n"),
      request("HEAD", "/v1/status", "Host: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n") + "abc"};
  constexpr int rounds = 400;
  for (int round = 0; round < rounds; ++round) {
    std::string octets = seeds[below(seeds.size())];
    const std::size_t changes = below(7);  // one in seven stays whole
    for (std::size_t i = 0; i < changes && !octets.empty(); ++i) {
      const std::size_t at = below(octets.size());
      switch (below(5)) {
        case 0:
          octets[at] = static_cast<char>(below(256));
          break;
        case 1:
          octets.erase(at, 1 + below(8));
          break;
        case 2:
          octets.insert(at, octets.substr(below(octets.size()), 1 + below(16)));
          break;
        case 3:
          octets.insert(at, below(64), static_cast<char>(below(256)));
          break;
        default:
          octets.resize(at);
          break;
      }
    }
    Wire wire{server.path()};
    ASSERT_TRUE(wire.connected()) << round;
    wire.send(octets);
    wire.end_of_sending();
    bool closed = false;
    const std::string answer = wire.rest(&closed);
    EXPECT_TRUE(closed) << round;
    EXPECT_TRUE(answer.empty() || answer.rfind("HTTP/1.", 0) == 0) << answer;
  }
  EXPECT_TRUE(server.until([](const ControlCounters& c) { return c.open == 0; }));
  const ControlCounters counters = server.counters();
  EXPECT_EQ(counters.connections, static_cast<std::uint64_t>(rounds));
  EXPECT_GT(counters.bad_request, 100U);
  EXPECT_GT(counters.answered, 10U);
  EXPECT_EQ(counters.failed, 0U);
  Wire wire{server.path()};
  EXPECT_EQ(wire.get("/v1/status").status, 200);
}

}  // namespace
}  // namespace sekimori::daemon
