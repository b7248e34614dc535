// Words and exit codes that scripts rely on.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <sstream>

#include "tests/cli/run.hpp"
#include "tests/daemon/city.hpp"
#include "tests/kit/capture_octets.hpp"
#include "tests/kit/packet_builder.hpp"
#include "tools/sekimori/table.hpp"

namespace sekimori {
namespace {

using test::Folder;
using test::has;
using test::Outcome;
using test::run_tool;

// A classic pcap file of built frames, a second apart, from 2026-06-01T00:00:00Z on.
std::string capture_of(const std::vector<kit::PacketBuilder>& packets) {
  kit::CaptureOctets out;
  std::chrono::seconds time{1'780'272'000};
  for (const kit::PacketBuilder& packet : packets) out.add(time++, packet.bytes());
  return out.octets();
}

std::vector<kit::PacketBuilder> conversation(std::string_view client, std::string_view server,
                                             unsigned port) {
  const auto there = kit::ethernet().ipv4(client, server);
  const auto back = kit::ethernet().ipv4(server, client);
  return {there.tcp(51000, port, kit::SYN), back.tcp(port, 51000, kit::SYN | kit::ACK),
          there.tcp(51000, port, kit::ACK), there.tcp(51000, port, kit::PSH | kit::ACK).payload(100)};
}

// A folder with a small city and captures to judge.
class Contract : public testing::Test {
 protected:
  void SetUp() override {
    write("city.yaml", test::small_city);
    write("quiet.pcap", capture_of(conversation("10.20.1.5", "10.20.0.9", 445)));
    const auto bad = conversation("10.10.1.5", "10.30.0.9", 445);
    write("bad.pcap", capture_of(bad));
    write("cut.pcap", capture_of(bad).substr(0, capture_of(bad).size() - 10));
  }
  void write(std::string_view name, std::string_view content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  Outcome replay(std::vector<std::string> words) const {
    words.insert(words.begin(), {"replay", "--config", folder_ / "city.yaml"});
    return run_tool(words);
  }
  std::string at(std::string_view name) const { return folder_ / name; }

 private:
  Folder folder_;
};

std::vector<boost::json::object> events_of(const std::string& out) {
  std::vector<boost::json::object> events;
  std::istringstream in(out);
  for (std::string line; std::getline(in, line);) events.push_back(boost::json::parse(line).as_object());
  return events;
}

std::string types_of(const std::string& out) {
  std::string types;
  for (const auto& event : events_of(out)) types += std::string(event.at("event_type").as_string()) + " ";
  return types;
}

TEST(Usage, SuggestsTheNearestWord) {
  struct Case {
    std::vector<std::string> words;
    std::string_view said;
  };
  const Case cases[] = {
      {{"flwos", "--lang", "en"}, "Did you mean \"flows\"?"},
      {{"replya", "--lang=en"}, "Did you mean \"replay\"?"},
      {{"flows", "--lang", "en", "--form", "x"}, "Did you mean \"--from\"?"},
      {{"replay", "--lang", "en", "--emit", "flow", "x"}, "Did you mean \"flows\"?"},
      {{"explain", "--lang", "en", "10.0.0.1", "10.0.0.2", "tpc/80"}, "Did you mean \"tcp\"?"},
      {{"--lang", "en", "--sokcet", "x"}, "Did you mean \"--socket\"?"},
  };
  for (const Case& each : cases) {
    const Outcome outcome = run_tool(each.words);
    EXPECT_EQ(outcome.code, 2) << each.said;
    EXPECT_EQ(outcome.out, "") << each.said;
    EXPECT_TRUE(has(outcome.err, each.said)) << outcome.err;
  }
}

TEST(Usage, EndsWithTwo) {
  const std::vector<std::string> cases[] = {
      {},
      {"status", "extra"},
      {"replay"},
      {"check"},
      {"check", "a", "b"},
      {"explain", "10.0.0.1", "10.0.0.2"},
      {"explain", "10.0.0.1", "10.0.0.256", "tcp/80"},
      {"explain", "10.0.0.1", "fd00::1", "tcp/80"},
      {"explain", "10.0.0.1", "10.0.0.2", "tcp"},
      {"explain", "10.0.0.1", "10.0.0.2", "tcp/65536"},
      {"explain", "10.0.0.1", "10.0.0.2", "tcp/"},
      {"explain", "10.0.0.1", "10.0.0.2", "icmp/8"},
      {"explain", "--at", "yesterday", "10.0.0.1", "10.0.0.2", "icmp"},
      {"explain", "--at", "2026-02-30", "10.0.0.1", "10.0.0.2", "icmp"},
      {"explain", "--at", "2026-04-01T09:00junk", "10.0.0.1", "10.0.0.2", "icmp"},
      {"explain", "--source-mac", "02:00", "10.0.0.1", "10.0.0.2", "icmp"},
      {"replay", "--workers", "0", "x"},
      {"replay", "--workers", "65", "x"},
      {"replay", "--workers", "two", "x"},
      {"replay", "--format", "xml", "x"},
      {"replay", "--format", "text", "--json", "x"},
      {"flows", "--limit"},
      {"flows", "--port", "1", "--port", "2"},
      {"status", "--json=yes"},
      {"status", "--lang", "fr"},
  };
  for (const auto& words : cases) {
    const Outcome outcome = run_tool(words);
    std::string shown;
    for (const std::string& each : words) shown += each + " ";
    EXPECT_EQ(outcome.code, 2) << shown << outcome.err;
    EXPECT_EQ(outcome.out, "") << shown;
    EXPECT_FALSE(outcome.err.empty()) << shown;
  }
  EXPECT_EQ(run_tool({"status"}, "SEKIMORI_LANG=fr").code, 2);
}

TEST(Usage, HelpShowsExamplesFirstInBothLanguages) {
  const Outcome overview = run_tool({"--help"});
  EXPECT_EQ(overview.code, 0);
  EXPECT_TRUE(has(overview.out, "関守")) << overview.out;
  EXPECT_EQ(run_tool({"help"}).out, overview.out);
  for (const char* command :
       {"status", "flows", "matrix", "alerts", "exceptions", "reload", "alert-test", "incidents", "verify",
        "hold", "health", "doctor", "services", "replay", "check", "explain", "diff", "self-test"}) {
    EXPECT_TRUE(has(overview.out, std::string("  ") + command)) << command;
    const Outcome en = run_tool({command, "--help"}, "SEKIMORI_LANG=en");
    EXPECT_EQ(en.code, 0) << command;
    EXPECT_LT(en.out.find("Examples:"), en.out.find("Usage:")) << en.out;
    EXPECT_TRUE(has(en.out, std::string("  sekimori ") + command)) << en.out;
    const Outcome ja = run_tool({"help", command});
    EXPECT_LT(ja.out.find("例:"), ja.out.find("使い方:")) << ja.out;
    EXPECT_EQ(run_tool({command, "-h"}).out, ja.out);
  }
  EXPECT_EQ(run_tool({"--version"}).out.rfind("sekimori ", 0), 0U);
}

TEST_F(Contract, ReplayEndsWithThreeWhenSomethingWasForbidden) {
  EXPECT_EQ(replay({at("quiet.pcap")}).code, 0);
  const Outcome bad = replay({at("bad.pcap")});
  EXPECT_EQ(bad.code, 3) << bad.err;
  EXPECT_TRUE(has(bad.out, "【")) << bad.out;
  EXPECT_TRUE(has(bad.out, "10.10.1.5")) << bad.out;
  EXPECT_TRUE(has(bad.out, " / !1 / ")) << bad.out;  // the matrix comes by itself
  EXPECT_EQ(replay({at("quiet.pcap"), at("bad.pcap")}).code, 3);
}

TEST_F(Contract, ReplaySaysNotThatAllIsWellWhereItFoundSomethingElseThanAFlow) {
  auto packets = conversation("10.20.1.5", "10.20.0.9", 445);
  packets.push_back(kit::ethernet().ipv4("10.30.0.9", "10.20.1.5").icmp(3, 1).quoting(packets[0], 28));
  write("found.pcap", capture_of(packets));
  for (const char* emitted : {"alerts", "matrix"}) {
    const Outcome found = replay({"--emit", emitted, at("found.pcap")});
    EXPECT_EQ(found.code, 0) << "3 is for forbidden flows";
    EXPECT_TRUE(has(found.err, "検知が1件")) << found.err;
    EXPECT_FALSE(has(found.err, "不許可の通信はありません")) << found.err;
  }
  EXPECT_TRUE(has(replay({at("quiet.pcap")}).err, "不許可の通信はありません"));
}

TEST_F(Contract, ReplayEndsWithOneWhenAnInputCannotBeRead) {
  const Outcome missing = replay({at("none.pcap")});
  EXPECT_EQ(missing.code, 1);
  EXPECT_TRUE(has(missing.err, "none.pcap")) << missing.err;
  const Outcome broken = replay({"--emit", "alerts", "--emit", "stats", "--format", "eve", at("cut.pcap")});
  EXPECT_EQ(broken.code, 1) << broken.err;
  EXPECT_TRUE(has(broken.out, "\"event_type\":\"alert\"")) << "what was read is told";
  EXPECT_TRUE(has(types_of(broken.out), "stats"));
  EXPECT_TRUE(has(broken.err, "cut.pcap")) << broken.err;
}

TEST_F(Contract, ReplayEndsWithTwoWhenTheConfigIsWrong) {
  write("wrong.yaml", "profile: alhpa\nsegments: {mynumbr: {prefixes: [10.0.0.1/8]}}\n");
  const Outcome wrong = run_tool({"replay", "--config", at("wrong.yaml"), at("quiet.pcap")});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_EQ(wrong.out, "");
  EXPECT_TRUE(has(wrong.err, "wrong.yaml:1:")) << wrong.err;
  EXPECT_EQ(run_tool({"replay", "--config", at("absent.yaml"), at("quiet.pcap")}).code, 2);
}

TEST_F(Contract, ReplayEmitsWhatIsAskedForInOneOrder) {
  const Outcome all = replay({"--emit", "matrix", "--emit", "stats", "--emit", "flows", "--emit", "alerts",
                              "--format", "eve", at("quiet.pcap"), at("bad.pcap")});
  EXPECT_EQ(all.code, 3) << all.err;
  const std::string types = types_of(all.out);
  EXPECT_LT(types.find("alert"), types.find("flow"));
  EXPECT_LT(types.rfind("flow"), types.find("stats"));
  EXPECT_LT(types.find("stats"), types.find("matrix"));
  EXPECT_FALSE(has(types_of(replay({"--format", "eve", at("bad.pcap")}).out), "flow"));
  EXPECT_EQ(types_of(replay({"--emit", "stats", "--json", at("bad.pcap")}).out), "stats ");
}

TEST_F(Contract, ReplayTellsItsMemoryWhenAsked) {
  const Outcome memory = replay({"--emit", "memory", "--json", at("bad.pcap")});
  ASSERT_EQ(types_of(memory.out), "memory ") << memory.out;
  const boost::json::object figures = events_of(memory.out)[0].at("memory").as_object();
  const auto figure = [&](const char* name) { return figures.at(name).to_number<std::uint64_t>(); };
  // The flow table of the default million alone takes more than this.
  EXPECT_GT(figure("tables_bytes"), 128U << 20U);
  EXPECT_GT(figure("resident_bytes"), 1U << 20U);
  EXPECT_GE(figure("resident_peak_bytes"), figure("resident_bytes"));
  const Outcome text = replay({"--emit", "memory", "--lang", "en", at("bad.pcap")});
  EXPECT_TRUE(has(text.out, "MiB (at most so far ")) << text.out;
}

TEST_F(Contract, ReplayFlowEventHasTheAgreedNames) {
  const Outcome flows = replay({"--emit", "flows", "--format", "eve", at("bad.pcap")});
  const auto events = events_of(flows.out);
  ASSERT_EQ(events.size(), 1U) << flows.out;
  for (const char* name : {"timestamp", "flow_id", "event_type", "src_ip", "src_port", "dest_ip", "dest_port",
                           "proto", "community_id", "flow", "sekimori"}) {
    EXPECT_TRUE(events[0].contains(name)) << name;
  }
  for (const char* name : {"pkts_toserver", "pkts_toclient", "bytes_toserver", "bytes_toclient", "start",
                           "end", "state", "reason"}) {
    EXPECT_TRUE(events[0].at("flow").as_object().contains(name)) << name;
  }
  EXPECT_EQ(events[0].at("src_ip"), "10.10.1.5");
  EXPECT_EQ(events[0].at("flow").at("pkts_toserver"), 3);
}

TEST_F(Contract, ReplayIsTheSameForEveryNumberOfWorkersAndEveryRun) {
  const std::vector<std::string> words{"--emit",   "alerts", "--emit",         "flows",
                                       "--emit",   "stats",  "--emit",         "matrix",
                                       "--format", "eve",    at("quiet.pcap"), at("bad.pcap")};
  const Outcome one = replay(words);
  for (const char* workers : {"1", "2", "5"}) {
    std::vector<std::string> more = words;
    more.insert(more.end(), {"--workers", workers});
    EXPECT_EQ(replay(more).out, one.out) << workers;
  }
}

TEST_F(Contract, ReplayListsOuterLayersOnlyWhenAsked) {
  write("tunnel.pcap", capture_of({kit::ethernet()
                                       .ipv4("10.20.1.5", "10.20.9.9")
                                       .gre()
                                       .ipv4("10.10.1.5", "10.30.0.9")
                                       .tcp(51000, 445, kit::SYN)}));
  const std::vector<std::string> words{"--emit", "flows", "--format", "eve", at("tunnel.pcap")};
  const auto inner = events_of(replay(words).out);
  ASSERT_EQ(inner.size(), 1U);
  EXPECT_EQ(inner[0].at("src_ip"), "10.10.1.5");
  EXPECT_EQ(inner[0].at("tunnel").at("type"), "gre");
  EXPECT_EQ(inner[0].at("tunnel").at("src_ip"), "10.20.1.5");
  EXPECT_EQ(inner[0].at("sekimori").at("verdict"), "forbid") << "the outer pair may speak, the inner may not";
  std::vector<std::string> more = words;
  more.emplace_back("--outer-layers");
  const auto both = events_of(replay(more).out);
  ASSERT_EQ(both.size(), 2U);
  const auto& outer = both[both[0].at("src_ip") == "10.20.1.5" ? 0 : 1];
  EXPECT_EQ(outer.at("src_ip"), "10.20.1.5");
  EXPECT_EQ(outer.at("sekimori").at("carries"), "gre");
  EXPECT_EQ(outer.at("sekimori").at("carrier"), true);
}

TEST_F(Contract, ReplayCountsOnOtherToolsTermsWhenAsked) {
  // Twice the same frame at one place, and a router's error about it.
  const auto ping =
      kit::ethernet().ipv4("10.20.1.5", "10.20.0.9").identification(77).udp(51000, 53).payload(20);
  const auto error =
      kit::ethernet().ipv4("10.20.0.9", "10.20.1.5").identification(5).icmp(3, 3).quoting(ping);
  std::string bytes = capture_of({ping, ping, error});
  // The second one comes within the first one's second: a mirror's duplicate, and no retransmission.
  const std::size_t frame = 16 + ping.bytes().size();
  for (std::size_t i = 0; i < 4; ++i) bytes[24 + frame + i] = bytes[24 + i];
  write("copies.pcap", bytes);
  const std::vector<std::string> words{"--emit",   "flows", "--emit",         "stats",
                                       "--format", "eve",   at("copies.pcap")};
  const auto plain = events_of(replay(words).out);
  ASSERT_EQ(plain.size(), 2U);
  EXPECT_EQ(plain[0].at("flow").at("pkts_toserver"), 1);
  EXPECT_EQ(plain[0].at("flow").at("duplicates"), 1);
  EXPECT_EQ(plain[1].at("stats").at("reasons").at("duplicate"), 1);
  EXPECT_EQ(plain[1].at("stats").at("closes"), true);
  std::vector<std::string> more = words;
  more.emplace_back("--count-copies");
  EXPECT_EQ(events_of(replay(more).out)[0].at("flow").at("pkts_toserver"), 2);
  more.emplace_back("--icmp-errors-apart");
  more.emplace_back("--icmp-by-type");
  const auto apart = events_of(replay(more).out);
  ASSERT_EQ(apart.size(), 3U);
  EXPECT_EQ(apart[1].at("proto"), "ICMP");
}

TEST_F(Contract, ReplayInTextLinesUpFlowsAndClosesTheBooks) {
  const Outcome text = replay({"--emit", "flows", "--emit", "stats", at("bad.pcap")});
  EXPECT_TRUE(has(text.out, "10.10.1.5:51000")) << text.out;
  EXPECT_TRUE(has(text.out, "不許可")) << text.out;
  EXPECT_TRUE(has(text.out, "収支一致: 読取 4 = フロー 4 + 理由別 0")) << text.out;
  EXPECT_FALSE(has(text.out, "\x1b["));
  const Outcome en = replay({"--emit", "stats", "--lang", "en", at("bad.pcap")});
  EXPECT_TRUE(has(en.out, "The books close")) << en.out;
}

TEST_F(Contract, ReplayWithoutConfigUsesTheExampleCity) {
  const Outcome replayed = run_tool({"replay", at("quiet.pcap")});
  EXPECT_TRUE(replayed.code == 0 || replayed.code == 3) << replayed.err;
  EXPECT_TRUE(has(replayed.err, "builtin:kakuu-city")) << replayed.err;
}

TEST_F(Contract, CheckSumsUpAGoodConfiguration) {
  const Outcome good = run_tool({"check", at("city.yaml")});
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_EQ(good.err, "");
  for (const char* part : {"alpha", "マイナンバー利用事務系", "10.10.0.0/16", "EX-1", "最高情報統括責任者"}) {
    EXPECT_TRUE(has(good.out, part)) << part << "\n" << good.out;
  }
  const Outcome json = run_tool({"check", "--json", at("city.yaml")});
  const boost::json::value value = boost::json::parse(json.out);
  EXPECT_EQ(value.at("ok"), true);
  EXPECT_EQ(value.at("exceptions").at(0).at("id"), "EX-1");
  EXPECT_TRUE(value.at("warnings").as_array().empty());
}

TEST_F(Contract, CheckShowsAnExceptionsLastDayAsItIsWritten) {
  const Outcome good = run_tool({"check", at("city.yaml")});
  EXPECT_TRUE(has(good.out, "2026-11-20")) << good.out;
  EXPECT_FALSE(has(good.out, "2026-11-21")) << good.out;
}

TEST_F(Contract, CheckTellsWhatHasNoEffect) {
  std::string text(test::small_city);
  const std::string before = "destination: {addresses: [10.10.10.6], macs: [\"02:00:0a:0a:0a:06\"]}";
  text.replace(text.find(before), before.size(), "destination: {addresses: [172.31.9.9]}");
  text.replace(text.find("source: {addresses: [10.20.10.6]}"), 33, "source: {addresses: [10.10.10.6]}");
  write("dead.yaml", text);
  const Outcome dead = run_tool({"check", at("dead.yaml")});
  EXPECT_EQ(dead.code, 0) << dead.err;
  EXPECT_TRUE(has(dead.out, "は効果がありません")) << dead.out;
  EXPECT_TRUE(has(dead.out, at("dead.yaml") + ":")) << dead.out;
  const Outcome json = run_tool({"check", "--json", at("dead.yaml")});
  EXPECT_EQ(boost::json::parse(json.out).at("warnings").as_array().size(), 1U) << json.out;
}

TEST_F(Contract, CheckSaysWhichExceptionsAreInForceNow) {
  const auto city_with = [](std::string_view from, std::string_view until) {
    std::string text(test::small_city);
    text.replace(text.find("2026-04-01"), 10, from);
    text.replace(text.find("2026-11-20"), 10, until);
    return text;
  };
  // The test's own clock is the machine's: one city long past, one far ahead.
  write("old.yaml", city_with("2019-04-01", "2019-11-20"));
  write("new.yaml", city_with("2199-04-01", "2199-11-20"));
  const Outcome old = run_tool({"check", at("old.yaml")});
  EXPECT_EQ(old.code, 0) << old.err;
  EXPECT_TRUE(has(old.out, "2019-11-20に終了しています")) << old.out;
  const Outcome later = run_tool({"check", at("new.yaml")});
  EXPECT_TRUE(has(later.out, "開始前")) << later.out << later.err;
}

TEST_F(Contract, CheckPrintsEveryMistakeWithItsPlace) {
  write("wrong.yaml", "profile: alhpa\ncolour: red\nsegments:\n  mynumber: {prefixes: [10.0.0.1/8]}\n");
  const Outcome wrong = run_tool({"check", at("wrong.yaml"), "--lang", "en"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_EQ(wrong.out, "");
  std::size_t located = 0;
  std::istringstream in(wrong.err);
  for (std::string line; std::getline(in, line);)
    located += line.rfind(at("wrong.yaml") + ":", 0) == 0 ? 1U : 0U;
  EXPECT_GE(located, 2U) << wrong.err;
  const Outcome json = run_tool({"check", "--json", at("wrong.yaml")});
  EXPECT_EQ(boost::json::parse(json.out).at("ok"), false);
}

TEST_F(Contract, ExplainTellsVerdictPlaceAndWhatToDo) {
  const auto explain = [this](std::vector<std::string> words) {
    words.insert(words.begin(), {"explain", "--config", at("city.yaml")});
    return run_tool(words);
  };
  const Outcome forbidden = explain({"10.10.1.5", "10.30.0.9", "tcp/445"});
  EXPECT_EQ(forbidden.code, 0) << forbidden.err;
  EXPECT_TRUE(has(forbidden.out, "不許可")) << forbidden.out;
  EXPECT_TRUE(has(forbidden.out, "マイナンバー利用事務系 (mynumber)")) << forbidden.out;

  // One exception, seen in force, before, after, and with another port.
  const auto at_time = [&](const char* time, const char* service) {
    return explain({"--lang", "en", "--at", time, "10.20.10.6", "10.10.10.6", service}).out;
  };
  EXPECT_TRUE(has(at_time("2026-06-01", "tcp/8530"), "Permitted")) << at_time("2026-06-01", "tcp/8530");
  EXPECT_TRUE(has(at_time("2026-06-01T00:00", "tcp/8531"), "Forbidden"));
  EXPECT_TRUE(has(at_time("2026-06-01 12:00:00", "tcp/8531"), "(ports)"));
  EXPECT_TRUE(has(at_time("2026-12-01T00:00:00+09:00", "tcp/8530"), "renewed"));
  EXPECT_TRUE(has(at_time("2026-03-31T14:59:59Z", "tcp/8530"), "Wait"));
  EXPECT_TRUE(has(at_time("2026-03-31T15:00:00Z", "tcp/8530"), "Permitted"));  // midnight in Japan
  EXPECT_TRUE(has(at_time("2026-06-01", "tcp/8531"), "city.yaml:")) << "where the entry is written";

  const Outcome json = explain({"--json", "10.10.1.5", "10.30.0.9", "tcp/445"});
  const boost::json::value value = boost::json::parse(json.out);
  EXPECT_EQ(value.at("verdict"), "forbid");
  EXPECT_EQ(value.at("from"), "mynumber");
  // A tunnel is forbidden where its two ends may speak otherwise.
  EXPECT_TRUE(has(explain({"--lang", "en", "10.30.1.5", "172.31.0.9", "tcp/443"}).out, "Permitted"));
  const std::string tunnel = explain({"--lang", "en", "10.30.1.5", "172.31.0.9", "udp/4500"}).out;
  EXPECT_TRUE(has(tunnel, "An undeclared IPsec (ESP/IKE) tunnel")) << tunnel;
  EXPECT_TRUE(has(tunnel, "declare it under tunnels")) << tunnel;
  for (const char* service : {"udp/53", "icmp", "47", "sctp/1"}) {
    EXPECT_EQ(explain({"10.10.1.5", "10.30.0.9", service}).code, 0) << service;
  }
  EXPECT_EQ(explain({"fd10:10::1", "2001:db8::1", "icmp"}).code, 0);
}

TEST_F(Contract, ResultThatCannotBeWrittenIsNoSuccess) {
  struct stat there {};
  if (::stat("/dev/full", &there) != 0) GTEST_SKIP() << "no /dev/full here";
  const std::string line = test::shell_word(SEKIMORI_PROGRAM) + " check " +
                           test::shell_word(at("city.yaml")) + " >/dev/full 2>/dev/null";
  const int state = std::system(line.c_str());  // NOLINT
  EXPECT_EQ(WEXITSTATUS(state), 1);
}

TEST_F(Contract, JapaneseTablesLineUp) {
  const Outcome good = run_tool({"check", at("city.yaml")});
  // The id column begins at the same display column in every row of the segments' table.
  std::vector<std::size_t> columns;
  std::istringstream in(good.out);
  for (std::string line; std::getline(in, line);) {
    for (const char* id : {"  mynumber  ", "  lgwan  ", "  internet  ", "  security-cloud  "}) {
      if (const std::size_t found = line.find(id); found != std::string::npos) {
        columns.push_back(
            tool::display_width(std::string_view(line).substr(0, line.find_first_not_of(' ', found))));
      }
    }
  }
  ASSERT_EQ(columns.size(), 4U) << good.out;
  for (const std::size_t column : columns) EXPECT_EQ(column, columns.front()) << good.out;
}

}  // namespace
}  // namespace sekimori
