// UDP from a service's port to a client that never asked: an answer, or the other direction in its disguise.
#include "daemon/behaviour/unasked_watch.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/daemon/heard.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::daemon {
namespace {

using test::Heard;
using namespace std::chrono_literals;

// LGWAN terminals may open a screen transfer to the Internet segment's desktops, and nobody the other way.
constexpr std::string_view unasked_body = R"(
profile: alpha
segments:
  mynumber: {prefixes: [10.10.0.0/16]}
  lgwan: {prefixes: [10.20.0.0/16]}
  internet: {prefixes: [10.30.0.0/16]}
  security-cloud: {next_hop_macs: ["02:00:00:00:0c:01"], prefixes: [172.31.0.0/24]}
services:
  - {id: SV-PROXY, name: proxy, from: internet, to: security-cloud, hosts: [172.31.0.8], ports: [tcp/8080, udp/443]}
gateways:
  - {id: GW-VDI, name: desktops, kind: screen-transfer, from: lgwan, to: internet, hosts: [10.30.40.0/24], ports: [tcp/3389, udp/3389]}
)";
const std::string desktop = "10.30.40.12";
constexpr Duration learned = 6min;

class Wire {
 public:
  Wire() { tcp("10.10.21.1", "10.10.10.1", 0s); }  // from here on the sensor watches

  // Seen on the sender's wire.
  void udp(const std::string& from, unsigned from_port, const std::string& to, unsigned to_port, Duration at,
           const char* next = "02:00:00:00:0f:02") {
    const bool outside = from.rfind("203.", 0) == 0;
    const unsigned vlan = outside ? 399 : from.rfind("10.20.", 0) == 0 ? 221 : 340;
    frames.emplace_back(at, kit::ethernet(outside ? "02:00:00:00:0c:01" : "02:00:00:00:0f:01", next)
                                .vlan(vlan)
                                .ipv4(from, to)
                                .identification(static_cast<unsigned>(frames.size()) + 1)
                                .udp(from_port, to_port)
                                .payload(100)
                                .bytes());
  }
  void tcp(const std::string& from, const std::string& to, Duration at) {
    frames.emplace_back(at, kit::ethernet("02:00:00:00:0f:01", "02:00:00:00:0f:02")
                                .ipv4(from, to)
                                .identification(static_cast<unsigned>(frames.size()) + 1)
                                .tcp(50'000, 443, kit::SYN)
                                .bytes());
  }
  // A client asks a desktop and is answered.
  void ask(const std::string& client, unsigned port, Duration at) {
    udp(client, port, desktop, 3389, at);
    udp(desktop, 3389, client, port, at + 1ms);
  }
  // The subjects of what is suspected, and what else was told.
  std::vector<std::string> told() {
    const Heard heard = test::hear(frames, unasked_body);
    std::vector<std::string> subjects;
    for (const AlertRecord& record : heard.lines) {
      if (record.kind == AlertKind::repeated) continue;
      if (record.notice == nullptr || record.notice->kind != NoticeKind::unasked) {
        subjects.emplace_back("other");
        continue;
      }
      EXPECT_EQ(record.severity, policy::Severity::warning);
      EXPECT_EQ(notice_row(record.notice->kind).category, NoticeCategory::hint);
      subjects.push_back(record.notice->subject);
      last = *record.notice;
    }
    return subjects;
  }

  test::TimedFrames frames{};
  Notice last{};
};

std::string terminal(unsigned number) {
  return "10.20.21." + std::to_string(number);
}

using Told = std::vector<std::string>;
const Told suspected{"10.30.40.12 udp/3389"};

TEST(UnaskedWatch, TellsADesktopThatIsTheFirstToSendToSeveralTerminals) {
  for (const unsigned terminals : {3U, 4U}) {
    Wire wire;
    for (unsigned i = 0; i < terminals; ++i) {
      const Duration at = learned + i * 1s;
      wire.udp(desktop, 3389, terminal(i), 50'000 + i, at);
      wire.udp(terminal(i), 50'000 + i, desktop, 3389, at + 1ms);
    }
    EXPECT_EQ(wire.told(), terminals == 4 ? suspected : Told{}) << terminals;
    if (terminals < 4) continue;
    EXPECT_EQ(wire.last.value("src"), desktop);
    EXPECT_EQ(wire.last.value("src_port"), "3389");
    EXPECT_EQ(wire.last.value("from"), "internet");
    EXPECT_EQ(wire.last.value("to"), "lgwan");
    EXPECT_EQ(wire.last.value("peers"), "4");
  }
}

TEST(UnaskedWatch, TellsSeveralPortsOfOneTerminal) {
  Wire wire;
  for (unsigned i = 0; i < 6; ++i) {
    wire.udp(desktop, 3389, terminal(9), 50'000 + i, learned + i * 1s);
    wire.udp(terminal(9), 50'000 + i, desktop, 3389, learned + i * 1s + 1ms);
  }
  EXPECT_EQ(wire.told(), suspected);
}

TEST(UnaskedWatch, AnAnswerAfterALongPauseIsOne) {
  Wire wire;
  for (unsigned i = 0; i < 12; ++i) {
    wire.ask(terminal(i), 50'000 + i, learned + i * 1s);
    // The table has forgotten it (a minute), its client has not.
    wire.udp(desktop, 3389, terminal(i), 50'000 + i, learned + 20min + i * 1s);
    wire.udp(terminal(i), 50'000 + i, desktop, 3389, learned + 20min + i * 1s + 1ms);
  }
  EXPECT_EQ(wire.told(), Told{});
}

TEST(UnaskedWatch, WhatWasThereWhenTheSensorStartedIsNoNews) {
  Wire wire;
  for (unsigned i = 0; i < 12; ++i) {
    wire.udp(desktop, 3389, terminal(i), 50'000 + i, 1min + i * 1s);
    wire.udp(terminal(i), 50'000 + i, desktop, 3389, 1min + i * 1s + 1ms);
    wire.udp(desktop, 3389, terminal(i), 50'000 + i, learned + i * 1s);
    wire.udp(terminal(i), 50'000 + i, desktop, 3389, learned + i * 1s + 1ms);
  }
  EXPECT_EQ(wire.told(), Told{});
}

TEST(UnaskedWatch, AMirrorThatDropsQuestionsNowAndThenSuspectsNobody) {
  Wire wire;
  // Terminals that ask often: of each, one question in six was not mirrored.
  for (unsigned i = 0; i < 240; ++i) {
    const std::string client = terminal(i % 8);
    const Duration at = learned + i * 1s;
    if (i % 6 != 5) wire.udp(client, 50'000 + i, desktop, 3389, at);
    wire.udp(desktop, 3389, client, 50'000 + i, at + 1ms);
    wire.udp(client, 50'000 + i, desktop, 3389, at + 2ms);
  }
  EXPECT_EQ(wire.told(), Told{});
}

TEST(UnaskedWatch, FirstQuestionsThatWereLostAreFewAmongManyClients) {
  Wire wire;
  for (unsigned i = 0; i < 200; ++i) {
    const Duration at = learned + i * 1s;
    if (i % 20 != 19) wire.udp(terminal(i), 50'000 + i, desktop, 3389, at);
    wire.udp(desktop, 3389, terminal(i), 50'000 + i, at + 1ms);
    wire.udp(terminal(i), 50'000 + i, desktop, 3389, at + 2ms);
  }
  EXPECT_EQ(wire.told(), Told{});
}

TEST(UnaskedWatch, AQuestionReadBehindItsAnswerIsAQuestion) {
  Wire wire;
  for (unsigned i = 0; i < 12; ++i) {
    const Duration at = learned + i * 1s;
    // Two taps, read one after the other: the stamps say what came first.
    wire.udp(desktop, 3389, terminal(i), 50'000 + i, at + 1ms);
    wire.udp(terminal(i), 50'000 + i, desktop, 3389, at);
  }
  EXPECT_EQ(wire.told(), Told{});
}

TEST(UnaskedWatch, AMirrorOfAnswersAloneSuspectsNobody) {
  Wire wire;
  for (unsigned i = 0; i < 12; ++i) wire.udp(desktop, 3389, terminal(i), 50'000 + i, learned + i * 1s);
  EXPECT_EQ(wire.told(), Told{});
}

TEST(UnaskedWatch, UnansweredDatagramsCountWhereTheirClientsQuestionsWouldBeSeen) {
  Wire others;
  others.ask(terminal(200), 60'000, learned);
  for (unsigned i = 0; i < 6; ++i) others.udp(desktop, 3389, terminal(i), 50'001, learned + i * 1s);
  EXPECT_EQ(others.told(), Told{}) << "what other terminals send is on other ports of the mirror";
  Wire wire;
  for (unsigned i = 0; i < 6; ++i)
    wire.udp(terminal(i), 41'000, "10.30.40.13", 3389, learned - 1min + i * 1s);
  for (unsigned i = 0; i < 6; ++i) wire.udp(desktop, 3389, terminal(i), 50'000 + i, learned + i * 1s);
  const Told told = wire.told();
  EXPECT_EQ(std::count(told.begin(), told.end(), suspected[0]), 1);
}

TEST(UnaskedWatch, AWindowThatBeginsOrIsReadTwiceForgetsNoQuestion) {
  // Lost questions just before the full ten minutes, among many: weighed when the next window has begun.
  for (const bool late : {false, true}) {
    Wire wire;
    for (unsigned i = 0; i < 400; ++i) {
      const Duration at = 10min + i * 1499ms;
      if (i % 25 != 24) wire.udp(terminal(i % 200), 50'000 + i, desktop, 3389, at);
      wire.udp(desktop, 3389, terminal(i % 200), 50'000 + i, at + 1ms);
      wire.udp(terminal(i % 200), 50'000 + i, desktop, 3389, at + 2ms);
    }
    for (unsigned i = 0; i < 20; ++i) {
      const Duration at = 19min + 58s + i * 50ms;
      wire.udp(desktop, 3389, terminal(220 + i), 40'000 + i, at);
      wire.udp(terminal(220 + i), 40'000 + i, desktop, 3389, at + 1ms);
    }
    wire.ask(terminal(1), 60'001, 20min + 10ms);
    if (late) wire.ask(terminal(2), 60'002, 20min - 10ms);
    wire.ask(terminal(3), 60'003, 20min + 30s);
    EXPECT_EQ(wire.told(), Told{}) << late;
  }
}

TEST(UnaskedWatch, AServerBehindTheSecurityCloudIsNoBetter) {
  Wire wire;
  const std::string server = "203.0.113.66";
  const std::string client = "10.30.21.9";
  for (unsigned i = 0; i < 6; ++i) {
    const Duration at = learned + i * 1s;
    wire.udp(server, 443, client, 40'000 + i, at);
    wire.udp(client, 40'000 + i, server, 443, at + 1ms, "02:00:00:00:0c:01");
  }
  EXPECT_EQ(wire.told(), Told{"outside internet"});
  EXPECT_EQ(wire.last.value("from"), "security-cloud");
  EXPECT_EQ(wire.last.value("answered"), "4");
}

TEST(UnaskedWatch, WhoeverMayBeginIsNoSuspect) {
  Wire wire;
  for (unsigned i = 0; i < 12; ++i) {
    wire.udp("10.30.40.12", 3389, "10.30.21." + std::to_string(i), 50'000 + i, learned + i * 1s);
    wire.udp("10.30.21." + std::to_string(i), 50'000 + i, "10.30.40.12", 3389, learned + i * 1s + 1ms);
  }
  EXPECT_EQ(wire.told(), Told{}) << "within one segment";
}

TEST(UnaskedWatch, ASourcePortTurnsNoConversationToAPortOfServersRound) {
  Wire wire;
  wire.udp(desktop, 3389, terminal(9), 445, learned);
  EXPECT_EQ(wire.told(), Told{"other"}) << "an incident at the first packet";
  const Heard heard = test::hear(wire.frames, unasked_body);
  ASSERT_FALSE(heard.lines.empty());
  EXPECT_EQ(heard.lines[0].severity, policy::Severity::warning);
}

}  // namespace
}  // namespace sekimori::daemon
