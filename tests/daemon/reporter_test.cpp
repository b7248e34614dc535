// ICMP errors of those who stand on a conversation's way, and of those who only say so: what a city hall
// hears of them, whoever begins the conversation and whichever copy comes first.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/daemon/heard.hpp"
#include "tests/daemon/prime_city.hpp"
#include "tests/kit/name_octets.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::daemon {
namespace {

using kit::ACK;
using kit::PacketBuilder;
using kit::SYN;
using test::Heard;
using namespace std::chrono_literals;

constexpr std::string_view city = R"(
profile: alpha
segments:
  mynumber: {prefixes: [10.10.0.0/16]}
  lgwan: {prefixes: [10.20.0.0/16]}
  internet: {prefixes: [10.30.0.0/16, "fd10:30::/48"]}
  lgwan-net: {prefixes: [100.64.0.0/16]}
  security-cloud: {prefixes: [172.31.0.8], next_hop_macs: ["02:00:ac:1f:03:99"]}
services:
  - {id: SV-CHUKAN, from: mynumber, to: lgwan-net, hosts: [100.64.1.10], ports: [tcp/443]}
  - {id: SV-WEB, from: security-cloud, to: internet, hosts: [10.30.200.2], ports: [tcp/443]}
)";

constexpr const char* cloud_mac = "02:00:ac:1f:03:99";
constexpr const char* firewall_mac = "02:fe:01:00:01:41";
constexpr const char* host_mac = "02:00:0a:1e:15:1f";
constexpr const char* client = "10.30.21.31";
constexpr const char* proxy = "172.31.0.8";

class Wire {
 public:
  Wire& show(const PacketBuilder& packet, Duration after = 1ms) {
    now_ += after;
    frames_.emplace_back(now_, packet.bytes());
    return *this;
  }
  Heard hear(std::string_view where = city) const { return test::hear(frames_, where); }

 private:
  Duration now_{};
  test::TimedFrames frames_{};
};

PacketBuilder to_proxy(unsigned port = 50003) {
  return kit::ethernet(host_mac, firewall_mac).ipv4(client, proxy).identification(1).tcp(port, 8080, SYN);
}
PacketBuilder error(const char* from, const char* to, const PacketBuilder& about, unsigned type = 3,
                    unsigned code = 1) {
  return kit::ethernet(firewall_mac, host_mac)
      .ipv4(from, to)
      .identification(900)
      .icmp(type, code)
      .quoting(about, 28);
}
// Is this what was told, and nothing else?
void expect_sender(const Heard& heard, const std::string& sender) {
  ASSERT_EQ(heard.lines.size(), 1U) << heard.all;
  EXPECT_EQ(heard.lines[0].event.facts.tuple.source.to_string(), sender);
  EXPECT_EQ(heard.lines[0].event.facts.tuple.protocol, capture::protocol::icmp);
  EXPECT_EQ(test::finding_of(heard.lines[0]), "SEG-FORBIDDEN");
}

TEST(Reporter, ARouterOnThePermittedWayIsSilentWhateverItReports) {
  Wire wire;
  unsigned flows = 0;
  for (const unsigned type : {3U, 4U, 11U, 12U}) {
    for (const char* router : {"198.18.0.1", "172.31.0.1", "192.168.77.1"}) {
      const auto about = to_proxy(50003 + flows++);
      wire.show(about).show(error(router, client, about, type));
    }
  }
  const Heard heard = wire.hear();
  EXPECT_TRUE(heard.lines.empty()) << heard.all;
  EXPECT_EQ(heard.result.books.flows_opened, flows) << "counted to the conversations";
  EXPECT_EQ(heard.result.books.packets_in_flows, 2U * flows);
}

TEST(Reporter, ALineThatTakesSmallerPacketsMaySaySoToTheServer) {
  const auto visitor = [](const char* from, const char* to, unsigned sport, unsigned dport, unsigned flags) {
    const bool in = std::string_view{to} == "10.30.200.2";
    return kit::ethernet(in ? cloud_mac : host_mac, in ? host_mac : cloud_mac)
        .ipv4(from, to)
        .identification(sport)
        .tcp(sport, dport, flags);
  };
  const auto page = visitor("10.30.200.2", "198.51.100.77", 443, 51000, ACK).payload(1460);
  Wire wire;
  wire.show(visitor("198.51.100.77", "10.30.200.2", 51000, 443, SYN))
      .show(visitor("10.30.200.2", "198.51.100.77", 443, 51000, SYN | ACK))
      .show(page)
      .show(kit::ethernet(cloud_mac, host_mac)
                .ipv4("203.0.113.1", "10.30.200.2")
                .icmp(3, 4, 1454)
                .quoting(page, 28));
  const Heard heard = wire.hear();
  EXPECT_TRUE(heard.lines.empty()) << heard.all;
}

TEST(Reporter, SoMayALineOfIpv6WithAllThatItMayQuote) {
  const auto link = kit::ethernet(host_mac, cloud_mac);
  const auto large = link.ipv6("fd10:30::31", "2001:db8:80::80").udp(50003, 443).payload(1400);
  const auto too_big = [&](std::size_t quote) {
    return kit::ethernet(cloud_mac, host_mac)
        .ipv6("2001:db8:1::1", "fd10:30::31")
        .icmpv6(2, 0, 1280)
        .quoting(large, quote);
  };
  const Heard heard = Wire{}.show(large).show(too_big(1232)).hear();
  EXPECT_TRUE(heard.lines.empty()) << heard.all;
  const Heard more = Wire{}.show(large).show(too_big(1233)).hear();
  EXPECT_EQ(more.lines.size(), 1U) << "RFC 4443 section 2.4 (c): 1280 octets in all";
}

TEST(Reporter, TheSegmentThroughWhichTheWayLeadsMayReport) {
  const auto to_lgwan =
      kit::ethernet(host_mac, firewall_mac).ipv4("10.10.10.20", "100.64.1.10").tcp(50003, 443, SYN);
  const Heard heard = Wire{}.show(to_lgwan).show(error("10.20.254.1", "10.10.10.20", to_lgwan)).hear();
  EXPECT_TRUE(heard.lines.empty()) << heard.all;
}

TEST(Reporter, WhichCopyComesFirstDoesNotMatter) {
  const auto outside = to_proxy().ttl(63);
  const auto late = error("198.18.0.1", client, to_proxy());
  const auto early = kit::ethernet(cloud_mac, firewall_mac)
                         .ipv4("198.18.0.1", client)
                         .identification(900)
                         .ttl(65)
                         .icmp(3, 1)
                         .quoting(to_proxy(), 28);
  EXPECT_TRUE(Wire{}.show(to_proxy()).show(outside).show(early).show(late).hear().lines.empty());
  EXPECT_TRUE(Wire{}.show(outside).show(to_proxy()).show(late).show(early).hear().lines.empty());
}

TEST(Reporter, WhatQuotesNoConversationThatWasSeenIsTold) {
  const auto other = kit::ethernet(host_mac, firewall_mac).ipv4(client, proxy).tcp(50004, 8080, SYN);
  expect_sender(Wire{}.show(to_proxy()).show(error("198.18.0.1", client, other)).hear(), "198.18.0.1");
}

TEST(Reporter, WhatGoesToAnotherThanTheQuotedSenderIsTold) {
  const Heard heard = Wire{}.show(to_proxy()).show(error("198.18.0.1", "10.30.21.32", to_proxy())).hear();
  expect_sender(heard, "198.18.0.1");
}

TEST(Reporter, ARedirectIsAnOrderAndIsTold) {
  expect_sender(Wire{}.show(to_proxy()).show(error("198.18.0.1", client, to_proxy(), 5)).hear(),
                "198.18.0.1");
}

TEST(Reporter, WhoQuotesAForbiddenConversationIsToldBesideIt) {
  const auto forbidden =
      kit::ethernet(host_mac, firewall_mac).ipv4("10.10.21.31", "10.20.10.5").tcp(50003, 445, SYN);
  const Heard heard = Wire{}.show(forbidden).show(error("10.30.9.9", "10.10.21.31", forbidden)).hear();
  ASSERT_GE(heard.lines.size(), 2U) << heard.all;
  EXPECT_EQ(heard.lines[0].event.facts.tuple.source.to_string(), "10.10.21.31");
  EXPECT_TRUE(std::any_of(heard.lines.begin(), heard.lines.end(), [](const AlertRecord& line) {
    return line.event.facts.tuple.source.to_string() == "10.30.9.9";
  })) << heard.all;
}

TEST(Reporter, NobodyElseStandsBetweenTheEndsInsideOfOneSegment) {
  const auto own =
      kit::ethernet(host_mac, firewall_mac).ipv4("10.10.21.31", "10.10.10.5").tcp(50003, 445, SYN);
  expect_sender(Wire{}.show(own).show(error("10.30.9.9", "10.10.21.31", own)).hear(), "10.30.9.9");
  EXPECT_TRUE(Wire{}.show(own).show(error("10.10.21.1", "10.10.21.31", own)).hear().lines.empty());
}

TEST(Reporter, MoreThanAnErrorMayCarryIsTold) {
  const auto with = [](std::size_t content) {
    return Wire{}
        .show(to_proxy().payload(1000))
        .show(kit::ethernet(firewall_mac, host_mac)
                  .ipv4("198.18.0.1", client)
                  .icmp(3, 1)
                  .quoting(to_proxy().payload(1000), content))
        .hear();
  };
  EXPECT_TRUE(with(548).lines.empty()) << "RFC 1812 section 4.3.2.3: 576 octets in all";
  expect_sender(with(549), "198.18.0.1");
}

// As long as the name that permits a cloud is not known, what is told is the conversation, if it comes to
// that.
TEST(Reporter, WhileTheConversationWaitsForItsNameNobodyIsBlamedForReportingIt) {
  constexpr const char* terminal = "10.20.22.15";
  const auto said = [&](unsigned flags) {
    return kit::ethernet(host_mac, test::breakout_mac).ipv4(terminal, "203.0.113.9").tcp(51000, 443, flags);
  };
  const auto heard_of = [&](const char* name) {
    return Wire{}
        .show(said(SYN))
        .show(error("10.25.3.1", terminal, said(SYN), 11))
        .show(said(ACK).identification(2).payload(kit::client_hello(name)))
        .hear(test::prime_city);
  };
  const Heard cloud = heard_of("www.cloud.example.jp");
  EXPECT_TRUE(cloud.lines.empty()) << cloud.all;
  const Heard other = heard_of("www.example.com");
  ASSERT_EQ(other.lines.size(), 1U) << other.all;
  EXPECT_EQ(other.lines[0].event.facts.tuple.source.to_string(), terminal);
}

// Seen from the middle on, the server first: in the first seconds nobody says who began it.
TEST(Reporter, InTheFirstSecondsNobodyIsBlamedForReportingWhatIsDoubtful) {
  const auto doubtful = [](unsigned identification) {
    return kit::ethernet(firewall_mac, host_mac)
        .ipv4(proxy, "10.30.40.12")
        .identification(identification)
        .tcp(40000, 50000, ACK)
        .payload(10);
  };
  const Heard heard = Wire{}.show(doubtful(1)).show(error("198.18.0.1", proxy, doubtful(1))).hear();
  EXPECT_TRUE(std::none_of(heard.lines.begin(), heard.lines.end(), [](const AlertRecord& line) {
    return line.event.facts.tuple.protocol == capture::protocol::icmp;
  })) << heard.all;
}

}  // namespace
}  // namespace sekimori::daemon
