// Questions to resolvers out on the Internet by a permitted way: the model permits the way, not whom one
// asks.
#include "daemon/behaviour/resolver_watch.hpp"

#include <gtest/gtest.h>

#include "tests/daemon/heard.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::daemon {
namespace {

using test::Heard;
using namespace std::chrono_literals;

constexpr const char* cloud_router = "02:00:00:00:0c:01";
constexpr const char* own_line = "02:00:00:00:0c:99";
constexpr std::string_view body = R"(
profile: alpha
segments:
  mynumber: {prefixes: [10.10.0.0/16]}
  lgwan: {prefixes: [10.20.0.0/16]}
  internet: {prefixes: [10.30.0.0/16, "fd10:30::/48"]}
  security-cloud: {prefixes: [172.31.0.53], next_hop_macs: ["02:00:00:00:0c:01"]}
)";

struct Question {
  const char* from = "10.30.21.7";
  const char* to = "8.8.8.8";
  unsigned port = 53;
  bool tcp = false;
  const char* by = cloud_router;
  Duration at{};
};

kit::Octets frame(const Question& question, unsigned number) {
  kit::PacketBuilder packet = kit::ethernet("02:00:00:00:0f:02", question.by);
  const bool six = std::string_view{question.from}.find(':') != std::string_view::npos;
  packet = six ? packet.ipv6(question.from, question.to)
               : packet.ipv4(question.from, question.to).identification(number);
  return (question.tcp ? packet.tcp(50'000 + number, question.port, kit::SYN)
                       : packet.udp(50'000 + number, question.port).payload(30))
      .bytes();
}

// What was told as a leak: "notice 10.30.21.7 8.8.8.8", or "incident".
std::vector<std::string> leaks(const std::vector<Question>& questions, std::string_view city = body) {
  test::TimedFrames frames;
  for (const Question& question : questions) {
    frames.emplace_back(question.at, frame(question, static_cast<unsigned>(frames.size()) + 1));
  }
  const Heard heard = test::hear(frames, city);
  std::vector<std::string> told;
  for (const AlertRecord& record : heard.lines) {
    if (record.kind == AlertKind::repeated) continue;
    if (record.notice == nullptr) {
      if (test::finding_of(record) == "DNS-LEAK") told.emplace_back("incident");
    } else if (notice_row(record.notice->kind).code == "DNS-LEAK") {
      EXPECT_EQ(record.severity, policy::Severity::warning);
      told.push_back("notice " + record.notice->subject);
    }
  }
  return told;
}

using Told = std::vector<std::string>;

TEST(ResolverWatch, TellsAKnownResolverAskedThroughTheSecurityCloud) {
  EXPECT_EQ(leaks({{}}), Told{"notice 10.30.21.7 8.8.8.8"});
  EXPECT_EQ(leaks({{.to = "1.1.1.1", .port = 443, .tcp = true}}), Told{"notice 10.30.21.7 1.1.1.1"}) << "DoH";
  EXPECT_EQ(leaks({{.to = "9.9.9.9", .port = 53, .tcp = true}}), Told{"notice 10.30.21.7 9.9.9.9"});
  EXPECT_EQ(leaks({{.from = "fd10:30::7", .to = "2001:4860:4860::8888"}}),
            Told{"notice fd10:30::7 2001:4860:4860::8888"});
}

TEST(ResolverWatch, TellsDnsOverTlsToWhomeverItGoes) {
  EXPECT_EQ(leaks({{.to = "203.0.113.9", .port = 853, .tcp = true}}), Told{"notice 10.30.21.7 port 853"});
  EXPECT_EQ(leaks({{.to = "203.0.113.9", .port = 853},
                   {.to = "203.0.113.10", .port = 853, .at = 1s},
                   {.to = "203.0.113.11", .port = 853, .at = 2s}}),
            Told{"notice 10.30.21.7 port 853"})
      << "one story, however many there are";
}

TEST(ResolverWatch, IsSilentOfAnythingElse) {
  EXPECT_EQ(leaks({{.to = "172.31.0.53"}}), Told{}) << "the security cloud's own";
  EXPECT_EQ(leaks({{.to = "203.0.113.9"}}), Told{}) << "a server that the body's resolver may have to ask";
  EXPECT_EQ(leaks({{.to = "8.8.8.8", .port = 80, .tcp = true}}), Told{}) << "no question";
  EXPECT_EQ(leaks({{.to = "203.0.113.9", .port = 443, .tcp = true}}), Told{}) << "any web server";
  const std::string listed = std::string{body}.replace(body.find("172.31.0.53"), 11, "172.31.0.53, 8.8.8.8");
  EXPECT_EQ(leaks({{}}, listed), Told{}) << "whom the body lists it has chosen";
}

TEST(ResolverWatch, WhatTheMatrixForbidsIsAnIncidentAndNotToldTwice) {
  EXPECT_EQ(leaks({{.from = "10.20.21.7"}}), Told{"incident"}) << "from the LGWAN segment";
  EXPECT_EQ(leaks({{.by = own_line}, {.from = "10.30.21.8", .to = "172.31.0.53", .at = 2s}}),
            Told{"incident"})
      << "past the security cloud";
}

TEST(ResolverWatch, ATwoTierBodyThatGoesOutDirectlyHasNoOtherDns) {
  constexpr std::string_view two_tier = R"(
profile: two-tier
segments:
  mynumber: {prefixes: [10.10.0.0/16]}
  internet: {prefixes: [10.30.0.0/16]}
)";
  EXPECT_EQ(leaks({{}}, two_tier), Told{});
  EXPECT_EQ(leaks({{.from = "10.10.21.7"}}, two_tier), Told{"incident"});
}

TEST(ResolverWatch, CountsWhatItDoesNotTellAgain) {
  test::TimedFrames frames;
  for (unsigned i = 0; i < 150; ++i) frames.emplace_back(i * 1s, frame({}, i + 1));
  const Heard heard = test::hear(frames, body);
  ASSERT_FALSE(heard.lines.empty());
  EXPECT_LE(heard.lines.size(), 3U);
  EXPECT_EQ(heard.lines[0].notice->value("questions"), "1");
  EXPECT_NE(heard.all.find(R"("questions":"121")"), std::string::npos)
      << "asked each second, said each minute";
  EXPECT_EQ(heard.all.find(R"("questions":"122")"), std::string::npos);
}

}  // namespace
}  // namespace sekimori::daemon
