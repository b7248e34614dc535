// sekimori doctor, with and without a daemon.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <filesystem>

#include "tests/cli/run.hpp"
#include "tests/daemon/city.hpp"
#include "tools/sekimori/doctor/findings.hpp"

namespace sekimori {
namespace {

using test::Folder;
using test::has;
using test::Outcome;
using test::run_tool;
using test::RunningServer;

constexpr std::string_view body =
    "profile: alpha\n"
    "segments:\n"
    "  mynumber: {prefixes: [10.10.0.0/16]}\n"
    "  lgwan: {prefixes: [10.20.0.0/16]}\n"
    "  internet: {prefixes: [10.30.0.0/16]}\n"
    "capture:\n"
    "  taps: [{name: t1, interface: nosuch0, buffer: 1MiB}]\n"
    "flows: {max: 65536}\n";

class Doctor : public testing::Test {
 private:
  const Folder folder_{};

 protected:
  std::string write(const std::string& more) const {
    std::string path = folder_ / "city.yaml";
    std::ofstream(path) << body << more;
    ::chmod(path.c_str(), 0640);
    return path;
  }
  Outcome ask(const std::string& more, std::vector<std::string> words = {"--lang", "en"}) const {
    std::vector<std::string> all{"doctor", "--config", write(more), "--socket", socket_};
    all.insert(all.end(), words.begin(), words.end());
    return run_tool(all);
  }
  // The level of the finding about this topic and subject; empty if there is none.
  static std::string level(const Outcome& outcome, std::string_view topic, std::string_view subject = {}) {
    const boost::json::value answer = boost::json::parse(outcome.out);
    for (const auto& each : answer.at("findings").as_array()) {
      if (each.at("topic").as_string() != topic) continue;
      if (subject.empty() || each.at("subject").as_string() == subject) {
        return std::string(each.at("level").as_string());
      }
    }
    return "";
  }
  std::string folder() const { return folder_ / ""; }

  std::string socket_ = folder_ / "nobody.sock";
};

TEST_F(Doctor, WithoutADaemonSaysWhatIsWrongAndWhatToDo) {
  const Outcome outcome =
      ask("alerts: {destinations: [{name: eve, type: eve-file, path: " + folder() + "no/eve.json}]}\n");
  EXPECT_EQ(outcome.code, 2) << outcome.out << outcome.err;
  for (const char* part :
       {"does not answer on", "systemctl status sekimorid", "there is no interface nosuch0", "ip -br link",
        "no/eve.json cannot be written", "No such file"}) {
    EXPECT_TRUE(has(outcome.out, part)) << part << "\n" << outcome.out;
  }
  EXPECT_EQ(outcome.err, "");
  const Outcome ja = ask("", {});
  EXPECT_TRUE(has(ja.out, "インターフェース nosuch0 がありません")) << ja.out;
  EXPECT_TRUE(has(ja.out, "NG")) << ja.out;
}

TEST_F(Doctor, TellsEachThingToPrograms) {
  const Outcome outcome = ask("alerts: {destinations: [{name: eve, type: eve-file, path: " + folder() +
                                  "eve.json}, "
                                  "{name: log, type: syslog-local, path: " +
                                  folder() +
                                  "no.sock}, "
                                  "{name: dead, type: syslog-tcp, host: 127.0.0.1, port: 1}, "
                                  "{name: way, type: syslog-udp, host: 127.0.0.1, port: 9}]}\n",
                              {"--json"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(level(outcome, "config"), "ok") << outcome.out;
  EXPECT_EQ(level(outcome, "daemon"), "bad");
  EXPECT_EQ(level(outcome, "tap", "t1"), "bad");
  EXPECT_EQ(level(outcome, "disk", folder() + "eve.json"), "ok");
  EXPECT_EQ(level(outcome, "destination", "log"), "bad");
  EXPECT_EQ(level(outcome, "destination", "dead"), "bad");
  EXPECT_EQ(level(outcome, "destination", "way"), "ok");
  EXPECT_EQ(level(outcome, "file"), "ok");
  EXPECT_NE(level(outcome, "memory"), "");
  EXPECT_NE(level(outcome, "clock"), "");
  EXPECT_EQ(boost::json::parse(outcome.out).at("worst").as_string(), "bad");
}

TEST_F(Doctor, AConfigurationThatCannotBeReadIsNamedAndTheMachineLookedAtAllTheSame) {
  const Outcome outcome = ask("flos: {max: 1}\n", {"--json"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(level(outcome, "config"), "bad") << outcome.out;
  EXPECT_NE(level(outcome, "clock"), "");
  EXPECT_EQ(level(outcome, "tap"), "");
  EXPECT_EQ(outcome.err, "");
}

TEST_F(Doctor, FilesThatOthersMayWriteAreNamed) {
  const std::string path = write("");
  ::chmod(path.c_str(), 0666);
  const Outcome outcome = run_tool({"doctor", "--config", path, "--socket", socket_, "--json"});
  EXPECT_EQ(level(outcome, "file", path), "bad") << outcome.out;
  EXPECT_TRUE(has(outcome.out, "0666"));
}

TEST_F(Doctor, TellsWhatTheDaemonItselfComplainsOf) {
  RunningServer server{[](test::FakeQuestions& questions, daemon::ControlOptions&, daemon::ControlLimits&) {
    questions.in_force = test::make_policy();
    questions.health_answer = boost::json::parse(R"({"ok":false,"open":[
      {"code":"GAP","subject":"t1","severity":"warning","seen":"nothing heard","do":"look at the cable"},
      {"code":"DISK","subject":"/x","severity":"error","seen":"disk full","do":"make room"}]})")
                                  .as_object();
    questions.status_answer =
        boost::json::parse(R"({"destinations":[{"name":"dead"},{"name":"way","trouble":"no such host"}]})")
            .as_object();
  }};
  socket_ = server.path();
  const Outcome outcome =
      ask("alerts: {destinations: [{name: dead, type: syslog-tcp, host: 127.0.0.1, port: 1}, "
          "{name: way, type: syslog-udp, host: 127.0.0.1, port: 9}]}\n",
          {"--json"});
  EXPECT_EQ(level(outcome, "daemon", "GAP:t1"), "look") << outcome.out;
  EXPECT_EQ(level(outcome, "daemon", "DISK:/x"), "bad");
  EXPECT_TRUE(has(outcome.out, "look at the cable"));
  // The daemon knows what it reaches, whatever an attempt would say.
  EXPECT_EQ(level(outcome, "destination", "dead"), "ok");
  EXPECT_EQ(level(outcome, "destination", "way"), "bad");
}

TEST_F(Doctor, LooksAtTheControlSocketItself) {
  const Outcome absent = ask("", {"--json"});
  EXPECT_EQ(level(absent, "control"), "bad") << absent.out;
  EXPECT_TRUE(has(absent.out, "RuntimeDirectory")) << absent.out;
  std::ofstream(socket_) << "no socket";
  const Outcome file = ask("", {"--json"});
  EXPECT_EQ(level(file, "control"), "bad") << file.out;
  EXPECT_TRUE(has(file.out, "別の種類のファイル")) << file.out;
  RunningServer server{[](test::FakeQuestions& questions, daemon::ControlOptions&, daemon::ControlLimits&) {
    questions.in_force = test::make_policy();
    questions.health_answer = boost::json::parse(R"({"ok":true,"open":[]})").as_object();
  }};
  socket_ = server.path();
  EXPECT_EQ(level(ask("", {"--json"}), "control", socket_), "ok");
  const Outcome group = ask("control: {group: nogroup}\n", {"--json", "--lang", "en"});
  EXPECT_EQ(level(group, "control", socket_), "look") << group.out;
  ::chmod(socket_.c_str(), 0666);
  const Outcome open = ask("", {"--lang", "en"});
  EXPECT_TRUE(has(open.out, "Anybody may connect to the control socket")) << open.out;
  EXPECT_TRUE(has(open.out, "(mode 0666)")) << open.out;
}

TEST_F(Doctor, SaysThatTheRingsAreNotLimitedByRmemMax) {
  const Outcome outcome = ask("", {"--lang", "en"});
  EXPECT_TRUE(has(outcome.out, "The receive rings take 1.0 MiB (they are mapped: net.core.rmem_max"))
      << outcome.out;
}

TEST(DoctorFigures, CountWhatTheKernelDroppedBeforeAnySocket) {
  using tool::doctor::backlog_dropped;
  EXPECT_EQ(backlog_dropped("0000aa10 00000000 00000002 00000000\n00000001 0000001f 00000000\n"), 31U);
  EXPECT_EQ(backlog_dropped(""), 0U);
  EXPECT_EQ(backlog_dropped("nonsense\n"), 0U);
}

TEST(DoctorFigures, AddUpWhatTheConfigurationTakes) {
  capture::CaptureOptions capture;
  capture.flows.flows_max = 1'000'000;
  capture.workers = 2;
  capture.taps.resize(2);
  for (auto& tap : capture.taps) tap.buffer_bytes = 64ULL << 20U;
  const std::uint64_t rings = 4ULL * (64ULL << 20U);
  const std::uint64_t need = tool::doctor::memory_needed(capture);
  EXPECT_EQ(tool::doctor::rings_needed(capture), rings);
  EXPECT_GT(need, rings + 150'000'000U);
  EXPECT_LT(need, rings + 300'000'000U);
  EXPECT_EQ(tool::doctor::meminfo_figure("MemTotal:  8 kB\nMemAvailable:   3 kB\n", "MemAvailable"), 3072U);
  EXPECT_EQ(tool::doctor::meminfo_figure("MemTotal:  8 kB\n", "MemAvailable"), 0U);
}

}  // namespace
}  // namespace sekimori
