// Where the mirror sees both sides of the body's own firewall: the first copy of a packet to outside goes to
// the firewall, and only the one behind it says by which way it leaves.
#include <gtest/gtest.h>

#include <utility>

#include "daemon/alert/name_waits.hpp"
#include "daemon/flow_notes.hpp"
#include "tests/daemon/heard.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::daemon {
namespace {

using kit::ACK;
using kit::SYN;
using test::finding_of;
using test::Heard;
using namespace std::chrono_literals;

constexpr std::string_view walled_city = R"(
profile: alpha
segments:
  mynumber: {prefixes: [10.10.0.0/16]}
  lgwan: {prefixes: [10.20.0.0/16]}
  internet: {prefixes: [10.30.0.0/16, "fd10:30::/48"]}
  security-cloud: {prefixes: [172.31.0.0/24], next_hop_macs: ["02:00:00:00:0c:01"]}
  lgwan-net: {prefixes: [100.64.0.0/16], next_hop_macs: ["02:00:00:00:0c:02"]}
)";

constexpr const char* cloud_router = "02:00:00:00:0c:01";
constexpr const char* lgwan_router = "02:00:00:00:0c:02";
constexpr const char* own_line = "02:00:00:00:0c:99";

kit::Octets tagged(kit::Octets frame, unsigned vlan) {
  const std::array<std::byte, 4> tag{std::byte{0x81}, std::byte{0x00}, static_cast<std::byte>(vlan >> 8U),
                                     static_cast<std::byte>(vlan & 0xffU)};
  frame.insert(frame.begin() + 12, tag.begin(), tag.end());
  return frame;
}

class EgressDay {
 public:
  EgressDay& at(Duration when) {
    now_ = when;
    return *this;
  }
  EgressDay& says(const kit::PacketBuilder& packet) {
    packet_ = packet.identification(++identification_);
    return *this;
  }
  // IPv6 and some hosts: nothing but its place and time tells a copy.
  EgressDay& says_unnumbered(const kit::PacketBuilder& packet) {
    packet_ = packet;
    return *this;
  }
  // Between terminal and firewall.
  EgressDay& near(Duration later = 0us) {
    return add(later, packet_.macs("02:00:00:00:00:15", "02:00:00:00:0f:01").ttl(128), 321);
  }
  // Behind the firewall.
  EgressDay& far(const char* next_hop, Duration later = 60us) {
    return add(later, packet_.macs("02:00:00:00:0f:02", next_hop).ttl(127), 399);
  }
  // From the security cloud, before the firewall and behind it.
  EgressDay& arrives() {
    add(0us, packet_.macs(cloud_router, "02:00:00:00:0f:02").ttl(60), 399);
    return add(60us, packet_.macs("02:00:00:00:0f:01", "02:00:00:00:00:15").ttl(59), 321);
  }
  const test::TimedFrames& frames() const { return frames_; }

 private:
  EgressDay& add(Duration later, const kit::PacketBuilder& packet, unsigned vlan) {
    frames_.emplace_back(now_ + later, tagged(packet.bytes(), vlan));
    return *this;
  }
  kit::PacketBuilder packet_{};
  Duration now_{};
  unsigned identification_ = 0;
  test::TimedFrames frames_{};
};

kit::PacketBuilder syn(const char* from = "10.30.21.31", unsigned port = 51000) {
  return kit::ethernet().ipv4(from, "203.0.113.80").tcp(port, 443, SYN).seq(1000);
}

Heard hear(const EgressDay& day) {
  return test::hear(day.frames(), walled_city);
}

// Flows and packets of the matrix, in which nothing may be forbidden.
std::pair<std::uint64_t, std::uint64_t> permitted(const Heard& heard) {
  std::uint64_t flows = 0;
  std::uint64_t packets = 0;
  for (const PairTotals& totals : heard.result.matrix) {
    EXPECT_EQ(totals.flows_forbidden + totals.packets_forbidden, 0U);
    flows += totals.flows;
    packets += totals.packets;
  }
  return {flows, packets};
}

TEST(EgressPath, ACopyOnItsWayToTheSecurityCloudProvesTheWay) {
  EgressDay day;
  day.says(syn()).near().far(cloud_router);
  day.at(1s).says(syn("10.30.21.32")).near().far(cloud_router);
  const auto six = kit::ethernet().ipv6("fd10:30::31", "2001:db8::80").tcp(50000, 443, SYN).seq(77);
  day.at(2s).says_unnumbered(six).near().far(cloud_router);
  const Heard heard = hear(day);
  EXPECT_TRUE(heard.lines.empty()) << heard.all;
  EXPECT_EQ(heard.result.forbidden_flows, 0U) << "it never was";
  EXPECT_EQ(heard.result.books.flows_left, 3U);
  const auto [flows, packets] = permitted(heard);
  EXPECT_EQ(flows, 3U);
  EXPECT_EQ(packets, 3U) << "a copy is no packet";
}

TEST(EgressPath, WhicheverCopyComesFirst) {
  EgressDay day;
  day.says(syn()).far(cloud_router, 0us).near(60us);
  day.at(1s).says(syn("10.30.21.31", 51001)).far(cloud_router, 0us).near(60us);
  const Heard heard = hear(day);
  EXPECT_TRUE(heard.lines.empty()) << heard.all;
  EXPECT_EQ(heard.result.forbidden_flows, 0U);
}

TEST(EgressPath, WithoutSuchACopyItIsToldAsWhatItWasWhenTheTimeIsOver) {
  EgressDay day;
  day.says(syn()).near();
  day.at(path_wait + 1ms).says(kit::ethernet().ipv4("10.20.1.1", "10.20.1.2").tcp(50000, 443, SYN)).near();
  const Heard heard = hear(day);
  ASSERT_EQ(heard.lines.size(), 1U);
  EXPECT_EQ(finding_of(heard.lines[0]), "EGRESS-BYPASS");
  EXPECT_EQ(heard.lines[0].event.number, 1U);
  EXPECT_EQ(heard.result.forbidden_flows, 1U);
  EXPECT_EQ(heard.result.books.flows_left, 0U);
}

TEST(EgressPath, ACopyOnItsWayElsewhereProvesNothing) {
  for (const char* next_hop : {own_line, lgwan_router}) {
    EgressDay day;
    day.says(syn()).near().far(next_hop);
    const Heard heard = hear(day);
    ASSERT_FALSE(heard.lines.empty()) << next_hop;
    EXPECT_EQ(finding_of(heard.lines[0]), "EGRESS-BYPASS");
    EXPECT_EQ(heard.result.forbidden_flows, 1U);
  }
}

// ---- a mirror that shows the answers alone

constexpr std::string_view publishing_city = R"(
services:
  - {id: SV-WEB, from: security-cloud, to: internet, hosts: [10.30.200.2], ports: [tcp/443]}
)";

Heard hear_published(const EgressDay& day) {
  return test::hear(day.frames(), std::string{walled_city} + std::string{publishing_city});
}

kit::PacketBuilder answer(unsigned port = 51000, unsigned flags = SYN | ACK) {
  return kit::ethernet().ipv4("10.30.200.2", "198.51.100.90").tcp(443, port, flags).seq(7000, 1001);
}

// Who carries the answers out is who brought the questions in.
TEST(EgressPath, AnswersAloneShowByWhichWayTheVisitorCame) {
  EgressDay day;
  day.says(answer()).near().far(cloud_router);
  day.at(1s).says(answer(51001)).far(cloud_router, 0us).near(60us);
  day.at(2s).says(answer(51002)).far(cloud_router);
  day.at(3s).says(answer(51003, ACK).payload(100)).near().far(cloud_router);
  day.at(5s).says(answer(51004)).far(cloud_router);
  const Heard heard = hear_published(day);
  EXPECT_TRUE(heard.lines.empty()) << heard.all;
  EXPECT_EQ(heard.result.forbidden_flows, 0U);
  EXPECT_EQ(heard.result.books.flows_left, 2U) << "those of which the nearer copy came first";
  std::uint64_t packets = 0;
  for (const PairTotals& totals : heard.result.matrix) {
    EXPECT_EQ(totals.flows_forbidden + totals.packets_forbidden, 0U);
    packets += totals.packets;
  }
  EXPECT_EQ(packets, 5U);
}

// The table has forgotten the question, and the answer's frames say the way before the client's own do.
TEST(EgressPath, ALateAnswerLeavesNothingForbiddenInTheBooks) {
  const auto datagram = [](const char* from, unsigned port, const char* to, unsigned to_port) {
    return kit::ethernet().ipv4(from, to).udp(port, to_port).payload(40);
  };
  EgressDay day;
  day.says(datagram("203.0.113.60", 3478, "10.30.21.31", 51000)).arrives();
  day.at(1ms).says(datagram("10.30.21.31", 51000, "203.0.113.60", 3478)).near().far(cloud_router);
  const Heard heard = hear(day);
  EXPECT_TRUE(heard.lines.empty()) << heard.all;
  EXPECT_EQ(heard.result.forbidden_flows, 0U) << "nothing was told of it";
  const auto [flows, packets] = permitted(heard);
  EXPECT_EQ(flows, 1U);
  EXPECT_EQ(packets, 2U);
}

TEST(EgressPath, AnswersOnTheirWayElsewhereAreOfAVisitorWhoCamePast) {
  for (const char* next_hop : {own_line, lgwan_router}) {
    EgressDay day;
    day.says(answer()).near().far(next_hop);
    const Heard heard = hear_published(day);
    ASSERT_FALSE(heard.lines.empty()) << next_hop;
    const capture::FlowFacts& facts = heard.lines[0].event.facts;
    EXPECT_EQ(facts.tuple.source.to_string(), "198.51.100.90") << "who began is known from the answer";
    EXPECT_EQ(facts.evidence, capture::Evidence::syn_ack);
    EXPECT_TRUE(facts.initiator_mac.is_zero()) << "of the visitor nothing was seen";
    EXPECT_TRUE(facts.next_hop_mac.is_zero());
  }
}

// What the visitor's own frames say counts, once there are any.
TEST(EgressPath, AVisitorWhoIsSeenHimselfComesByHisOwnWay) {
  const auto question = kit::ethernet().ipv4("198.51.100.90", "10.30.200.2").tcp(51000, 443, ACK).seq(1001);
  for (const bool past : {false, true}) {
    EgressDay day;
    day.says(answer()).far(cloud_router);
    test::TimedFrames frames = day.frames();
    const auto seen = question.identification(9).macs(past ? own_line : cloud_router, "02:00:00:00:0f:02");
    frames.emplace_back(1s, tagged(seen.ttl(50).bytes(), 399));
    const Heard heard = test::hear(frames, std::string{walled_city} + std::string{publishing_city});
    EXPECT_EQ(heard.lines.empty(), !past) << heard.all;
  }
}

// From the My Number segment no next hop makes it right: nobody waits, and nothing is told twice.
TEST(EgressPath, WhatNoPathPermitsIsToldAtOnceAndOnce) {
  EgressDay day;
  day.says(syn("10.10.22.15")).near().far(cloud_router);
  const Heard heard = hear(day);
  std::size_t opened = 0;
  for (const AlertRecord& record : heard.lines) opened += record.kind == AlertKind::opened ? 1U : 0U;
  EXPECT_EQ(opened, 1U) << heard.all;
  EXPECT_EQ(finding_of(heard.lines[0]), "SEG-FORBIDDEN");
  EXPECT_EQ(heard.result.books.flows_left, 0U);
}

// What else belongs to a segment by its next hop: LGWAN's own side.
TEST(EgressPath, LeavingForTheLgwanSideIsProvedInTheSameWay) {
  EgressDay day;
  day.says(syn("10.20.22.15")).near().far(lgwan_router);
  EXPECT_TRUE(hear(day).lines.empty());
}

// ---- the wait by itself

FlowEvent waiting(std::uint16_t port, Duration at, bool name, bool path) {
  FlowEvent event;
  event.facts.tuple = {*IpAddress::parse("10.30.22.15"), *IpAddress::parse("203.0.113.80"), port, 443, 6};
  event.facts.start = Time{};
  event.time = Time{at};
  event.verdict.decision = policy::Decision::forbid;
  event.verdict.name_pending = name;
  event.verdict.path_pending = path;
  return event;
}

TEST(EgressPath, WaitsForWhateverTakesLongest) {
  NameWaits waits;
  std::vector<std::uint16_t> heard;
  const auto pass = [&](const FlowEvent& event) {
    EXPECT_FALSE(event.verdict.name_pending || event.verdict.path_pending);
    heard.push_back(event.facts.tuple.source_port);
  };
  waits.feed(waiting(1, 0s, false, true), pass);
  waits.feed(waiting(2, 0s, true, true), pass);
  EXPECT_EQ(waits.next_due(), Time{path_wait});
  waits.tick(Time{path_wait}, pass);
  EXPECT_EQ(heard, (std::vector<std::uint16_t>{1}));
  EXPECT_EQ(waits.next_due(), Time{name_wait});
  // Its name is known: nothing but the path is left, and the time for that is over.
  waits.feed(waiting(2, 1s, false, true), pass);
  EXPECT_EQ(heard, (std::vector<std::uint16_t>{1, 2}));
  EXPECT_EQ(waits.counters().kept, waits.counters().told);
}

}  // namespace
}  // namespace sekimori::daemon
