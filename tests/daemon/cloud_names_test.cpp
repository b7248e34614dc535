// Clouds that are permitted by name, as an officer of an alpha-prime city would see them: what is proved
// stays silent, everything else is told, and the number of workers does not matter.
#include <gtest/gtest.h>

#include "daemon/alert/name_waits.hpp"
#include "daemon/inspector.hpp"
#include "tests/daemon/heard.hpp"
#include "tests/daemon/prime_city.hpp"
#include "tests/kit/allocations.hpp"
#include "tests/kit/name_octets.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::daemon {
namespace {

using kit::ACK;
using kit::Octets;
using kit::SYN;
using test::breakout_mac;
using test::finding_of;
using test::Heard;
using test::prime_city;
using namespace std::chrono_literals;

constexpr const char* terminal_mac = "02:00:00:00:00:15";
constexpr const char* cloud = "203.0.113.9";

// Frames with their times, and what a city hall would hear of them.
class CloudDay {
 public:
  explicit CloudDay(std::string next_hop = breakout_mac) : next_hop_(std::move(next_hop)) {}

  CloudDay& at(Duration when) {
    now_ = when;
    return *this;
  }
  CloudDay& client(const char* terminal, unsigned port, const char* server, unsigned flags,
                   const Octets& payload = {}, unsigned server_port = 443) {
    return add(kit::ethernet(terminal_mac, next_hop_)
                   .ipv4(terminal, server)
                   .tcp(port, server_port, flags)
                   .payload(payload));
  }
  CloudDay& server(const char* terminal, unsigned port, const char* server, unsigned flags,
                   const Octets& payload = {}, unsigned server_port = 443) {
    return add(kit::ethernet(next_hop_, terminal_mac)
                   .ipv4(server, terminal)
                   .tcp(server_port, port, flags)
                   .payload(payload));
  }
  // A whole connection that begins with these octets of the client.
  CloudDay& connection(const char* terminal, unsigned port, const char* to, const Octets& greeting,
                       unsigned server_port = 443) {
    client(terminal, port, to, SYN, {}, server_port);
    server(terminal, port, to, SYN | ACK, {}, server_port);
    client(terminal, port, to, ACK, {}, server_port);
    client(terminal, port, to, ACK, greeting, server_port);
    return server(terminal, port, to, ACK, Octets(800), server_port);
  }
  CloudDay& dns(const char* name, const char* address, const char* resolver = "10.25.3.3",
                unsigned ttl = 300) {
    const auto link = kit::ethernet("02:00:00:00:0b:03", terminal_mac);
    return add(link.ipv4(resolver, "10.20.10.5")
                   .udp(53, 40000)
                   .payload(kit::dns_answer(name, {{"", address, ttl}})));
  }

  const test::TimedFrames& frames() const { return frames_; }

 private:
  CloudDay& add(const kit::PacketBuilder& packet) {
    frames_.emplace_back(now_, packet.identification(++identification_).bytes());
    now_ += 1ms;
    return *this;
  }
  std::string next_hop_;
  Duration now_{};
  unsigned identification_ = 0;
  test::TimedFrames frames_{};
};

Heard hear(const CloudDay& day, std::string_view city = prime_city) {
  return test::hear(day.frames(), city);
}

TEST(CloudNames, WhatDnsProvedIsSilentFromItsFirstPacketOn) {
  CloudDay day;
  day.dns("www.cloud.example.jp", cloud);
  day.at(1s).connection("10.20.22.15", 51000, cloud, kit::client_hello("www.cloud.example.jp"));
  day.at(2s).client("10.20.22.16", 51001, cloud, SYN);  // another terminal, blocked: still no alert
  const Heard heard = hear(day);
  EXPECT_TRUE(heard.lines.empty()) << heard.all;
  EXPECT_EQ(heard.result.forbidden_flows, 0U);
  EXPECT_EQ(heard.result.books.names.answers, 1U);
  EXPECT_EQ(heard.result.books.names.addresses, 1U);
}

TEST(CloudNames, WhatTheConnectionItselfProvesIsSilent) {
  CloudDay day;
  day.connection("10.20.22.15", 51000, cloud, kit::client_hello("www.cloud.example.jp"));
  day.at(1s).connection("10.20.22.15", 51001, cloud, kit::http_request("www.cloud.example.jp"), 80);
  const Heard heard = hear(day);
  EXPECT_TRUE(heard.lines.empty()) << heard.all;
  EXPECT_EQ(heard.result.forbidden_flows, 0U) << "held to be permitted from its first packet on";
  EXPECT_EQ(heard.result.books.names.flows_proved, 2U);
  for (std::size_t pair = 0; pair < heard.result.matrix.size(); ++pair) {
    EXPECT_EQ(heard.result.matrix[pair].packets_forbidden, 0U);
    EXPECT_EQ(heard.result.matrix[pair].flows_forbidden, 0U);
  }
}

TEST(CloudNames, AnotherNameIsToldWithTheGreetingItself) {
  CloudDay day;
  day.connection("10.20.22.15", 51000, cloud, kit::client_hello("www.evil.example.com"));
  const Heard heard = hear(day);
  ASSERT_FALSE(heard.lines.empty());
  EXPECT_EQ(heard.lines[0].kind, AlertKind::opened);
  EXPECT_EQ(heard.lines[0].event.number, 4U) << "the greeting's frame";
  EXPECT_EQ(heard.lines[0].event.facts.name, policy::name_class::unlisted);
  EXPECT_EQ(heard.result.forbidden_flows, 1U);
}

TEST(CloudNames, AnotherNameIsToldAlthoughDnsProvedTheAddress) {
  CloudDay day;
  day.dns("www.cloud.example.jp", cloud);
  day.at(1s).connection("10.20.22.15", 51000, cloud, kit::client_hello("www.evil.example.com"));
  const Heard heard = hear(day);
  ASSERT_FALSE(heard.lines.empty()) << "a shared address proves nothing against the flow's own words";
  EXPECT_EQ(heard.lines[0].event.number, 5U);
}

TEST(CloudNames, NoNameInTheGreetingIsToldUnlessDnsProvedIt) {
  CloudDay day;
  day.connection("10.20.22.15", 51000, cloud, kit::client_hello(""));
  const Heard heard = hear(day);
  ASSERT_FALSE(heard.lines.empty());
  EXPECT_EQ(heard.lines[0].event.facts.name, policy::name_class::hidden);

  CloudDay proved;
  proved.dns("www.cloud.example.jp", cloud);
  proved.at(1s).connection("10.20.22.15", 51000, cloud, kit::client_hello(""));
  EXPECT_TRUE(hear(proved).lines.empty());
}

TEST(CloudNames, AnAttemptWithoutAnyNameIsToldWhenItsTimeIsOver) {
  CloudDay day;
  day.client("10.20.22.15", 51000, cloud, SYN);
  day.at(4s).client("10.20.22.99", 51009, "10.20.10.11", SYN);  // permitted: time goes on
  EXPECT_EQ(hear(day).lines.size(), 1U) << "at the end of the input, at the latest";
  day.at(6s).client("10.20.22.15", 51000, cloud, SYN);
  const Heard heard = hear(day);
  ASSERT_FALSE(heard.lines.empty());
  EXPECT_EQ(heard.lines[0].event.number, 1U) << "told as what it was";
  EXPECT_EQ(heard.lines[0].event.facts.stage, capture::Stage::attempt);
}

TEST(CloudNames, AfterEightPacketsNobodyWaitsAnyLonger) {
  CloudDay day;
  day.client("10.20.22.15", 51000, cloud, SYN).server("10.20.22.15", 51000, cloud, SYN | ACK);
  for (int i = 0; i < 10; ++i) day.client("10.20.22.15", 51000, cloud, ACK, Octets(100, std::byte{0x80}));
  day.at(1s).client("10.20.22.99", 51009, "10.20.10.11", SYN);
  const Heard heard = hear(day);
  ASSERT_FALSE(heard.lines.empty());
  EXPECT_EQ(heard.lines[0].event.number, 9U);
}

TEST(CloudNames, AProvedNameByAnotherPathIsAWrongEgress) {
  CloudDay day{"02:00:00:00:77:77"};
  day.dns("www.cloud.example.jp", cloud);
  day.at(1s).connection("10.20.22.15", 51000, cloud, kit::client_hello("www.cloud.example.jp"));
  const Heard heard = hear(day);
  ASSERT_FALSE(heard.lines.empty());
  EXPECT_EQ(finding_of(heard.lines[0]), "EGRESS-BYPASS");
  EXPECT_TRUE(heard.lines[0].event.verdict.other_path);
}

TEST(CloudNames, AnAnswerFromOutsideProvesNothing) {
  CloudDay day;
  day.dns("www.cloud.example.jp", cloud, "198.51.100.200");
  day.at(1s).client("10.20.22.15", 51000, cloud, SYN);
  const Heard heard = hear(day);
  ASSERT_EQ(heard.lines.size(), 2U);
  EXPECT_EQ(finding_of(heard.lines[0]), "DNS-LEAK") << "nobody may ask there";
  EXPECT_EQ(heard.lines[1].event.facts.tuple.destination.to_string(), cloud);
  EXPECT_EQ(heard.result.books.names.answers_untrusted, 1U);
  EXPECT_EQ(heard.result.books.names.addresses, 0U);
}

TEST(CloudNames, AnAnswerIsForgottenWithItsTtl) {
  CloudDay day;
  day.dns("www.cloud.example.jp", cloud, "10.25.3.3", 600);
  day.at(599s).client("10.20.22.15", 51000, cloud, SYN);
  day.at(601s).client("10.20.22.16", 51000, cloud, SYN);
  const Heard heard = hear(day);
  ASSERT_EQ(heard.lines.size(), 1U);
  EXPECT_EQ(heard.lines[0].event.facts.tuple.source.to_string(), "10.20.22.16");
}

TEST(CloudNames, InOtherModelsNobodyWaitsAndANameSaysWhatItIs) {
  CloudDay day;
  day.connection("10.20.22.15", 51000, cloud, kit::client_hello("au.download.windowsupdate.com"));
  const Heard heard = hear(day, test::small_city);
  ASSERT_GE(heard.lines.size(), 2U);
  EXPECT_EQ(heard.lines[0].event.number, 1U) << "at the first packet";
  EXPECT_EQ(finding_of(heard.lines[0]), "SEG-FORBIDDEN");
  EXPECT_EQ(finding_of(heard.lines.back()), "UPDATE-DIRECT") << "its name was told meanwhile";
}

TEST(CloudNames, ReadingNamesTakesNoMemory) {
  struct Deaf final : EventOutlet {
    bool tell(const FlowEvent&) override { return true; }
  } outlet;
  InspectorOptions options;
  options.capacity = 1000;
  Inspector inspector{options, test::make_policy(prime_city), outlet};
  const auto link = kit::ethernet(terminal_mac, breakout_mac);
  std::vector<kit::BuiltFrame> frames;
  const auto answer = [&](const char* name) {
    return kit::ethernet()
        .ipv4("10.25.3.3", "10.20.10.5")
        .udp(53, 40000)
        .payload(kit::dns_answer(name, {{"", cloud}, {"", "203.0.113.10"}}));
  };
  frames.push_back(answer("www.cloud.example.jp").build());
  frames.push_back(answer("www.evil.example.com").build());
  for (const char* name : {"www.cloud.example.jp", "www.evil.example.com", ""}) {
    frames.push_back(link.ipv4("10.20.22.15", cloud).tcp(51000, 443, SYN).build());
    frames.push_back(
        link.ipv4("10.20.22.15", cloud).tcp(51000, 443, ACK).payload(kit::client_hello(name)).build());
    frames.push_back(link.ipv4("10.20.22.15", "203.0.113.77")
                         .tcp(51001, 80, ACK)
                         .payload(kit::http_request("a.b"))
                         .build());
  }
  const kit::AllocationWatch watch;
  std::uint64_t number = 0;
  for (const kit::BuiltFrame& frame : frames)
    inspector.frame(frame.frame({.time = Time{1s}, .number = ++number}));
  inspector.flush();
  EXPECT_EQ(watch.count(), 0U);
  EXPECT_EQ(inspector.books().names.addresses, 2U);
  EXPECT_EQ(inspector.books().names.greetings_nameless, 1U);
}

// ---- the waits by themselves

FlowEvent waiting(std::uint16_t port, Duration at, bool pending = true) {
  FlowEvent event;
  event.facts.tuple = {*IpAddress::parse("10.20.22.15"), *IpAddress::parse(cloud), port, 443, 6};
  event.facts.start = Time{at};
  event.time = Time{at};
  event.verdict.decision = policy::Decision::forbid;
  event.verdict.name_pending = pending;
  return event;
}

TEST(NameWaits, PassesOnInTheOrderInWhichItFallsDue) {
  NameWaits waits;
  std::vector<std::uint16_t> heard;
  const auto pass = [&](const FlowEvent& event) {
    EXPECT_FALSE(event.verdict.name_pending);
    heard.push_back(event.facts.tuple.source_port);
  };
  waits.feed(waiting(1, 0s), pass);
  waits.feed(waiting(2, 1s), pass);
  waits.feed(waiting(9, 2s, false), pass);
  EXPECT_EQ(heard, (std::vector<std::uint16_t>{9}));
  EXPECT_EQ(waits.next_due(), Time{5s});
  waits.feed(waiting(8, 6s, false), pass);
  EXPECT_EQ(heard, (std::vector<std::uint16_t>{9, 1, 2, 8}));
  EXPECT_EQ(waits.counters().told, 2U);
}

// Each worker tells of the wires, so their number must not decide when something else is told.
TEST(NameWaits, NewsOfAWireReleasesNothing) {
  NameWaits waits;
  std::vector<FlowEvent::Kind> heard;
  const auto pass = [&](const FlowEvent& event) { heard.push_back(event.kind); };
  waits.feed(waiting(1, 0s), pass);
  for (const FlowEvent::Kind kind : {FlowEvent::Kind::wire, FlowEvent::Kind::beyond}) {
    FlowEvent news = waiting(2, 3600s, false);
    news.kind = kind;
    waits.feed(news, pass);
  }
  EXPECT_EQ(heard, (std::vector<FlowEvent::Kind>{FlowEvent::Kind::wire, FlowEvent::Kind::beyond}));
  EXPECT_EQ(waits.waiting(), 1U);
  waits.tick(Time{3600s}, pass);
  EXPECT_EQ(heard.back(), FlowEvent::Kind::opened);
}

TEST(NameWaits, ProvedIsDroppedAndGivenUpIsTold) {
  NameWaits waits;
  std::vector<FlowEvent::Kind> heard;
  const auto pass = [&](const FlowEvent& event) { heard.push_back(event.kind); };
  waits.feed(waiting(1, 0s), pass);
  FlowEvent proved = waiting(1, 0s);
  proved.verdict.decision = policy::Decision::permit;
  proved.verdict.name_pending = false;
  waits.feed(proved, pass);
  EXPECT_EQ(waits.waiting(), 0U);
  waits.feed(waiting(2, 0s), pass);
  FlowEvent other = waiting(2, 0s, false);
  other.kind = FlowEvent::Kind::rejudged;
  waits.feed(other, pass);
  EXPECT_EQ(heard, (std::vector<FlowEvent::Kind>{FlowEvent::Kind::opened}));
  waits.finish(pass);
  EXPECT_EQ(heard.size(), 1U);
  EXPECT_EQ(waits.counters(),
            (NameWaits::Counters{.kept = 2, .proved = 1, .told = 1, .displaced = 0, .joined = 2}));
}

TEST(NameWaits, PassesWhatHasNothingToWaitForWhereNothingWaits) {
  NameWaits waits;
  std::size_t heard = 0;
  const auto pass = [&](const FlowEvent&) { ++heard; };
  const FlowEvent plain = waiting(1, 0s, false);
  FlowEvent on_its_way = plain;
  on_its_way.verdict.path_pending = true;
  EXPECT_TRUE(waits.passes(plain));
  EXPECT_FALSE(waits.passes(waiting(1, 0s)));
  EXPECT_FALSE(waits.passes(on_its_way));
  waits.feed(plain, pass);
  EXPECT_EQ(heard, 1U);
  EXPECT_EQ(waits.counters(), NameWaits::Counters{});
  waits.feed(waiting(2, 0s), pass);
  EXPECT_FALSE(waits.passes(plain));  // it may be what the other waits for, or its time may be over
  waits.finish(pass);
  EXPECT_TRUE(waits.passes(plain));
}

TEST(NameWaits, TooManyArePassedOnEarlyAndCounted) {
  NameWaits waits;
  std::size_t heard = 0;
  const auto pass = [&](const FlowEvent&) { ++heard; };
  for (std::size_t i = 0; i < NameWaits::kept_max + 10; ++i)
    waits.feed(waiting(static_cast<std::uint16_t>(i), Duration{static_cast<std::int64_t>(i)}), pass);
  EXPECT_EQ(waits.waiting(), NameWaits::kept_max);
  EXPECT_EQ(waits.counters().displaced, 10U);
  waits.finish(pass);
  EXPECT_EQ(heard, NameWaits::kept_max + 10);
}

// ---- what addresses are called

TEST(NameTable, KeepsSeveralNamesOfAnAddressTheLatestFirst) {
  NameTable table;
  const IpAddress one = *IpAddress::parse(cloud);
  EXPECT_TRUE(table.empty());
  table.learn({one, 3, 1, Time{0s}, Time{100s}});
  table.learn({one, 4, 1, Time{1s}, Time{50s}});
  const NameTable::Found found = table.find(one, Time{2s});
  ASSERT_EQ(found.count, 2U);
  EXPECT_EQ(found.names[0], 4);
  EXPECT_EQ(found.names[1], 3);
  EXPECT_EQ(table.find(one, Time{60s}).count, 1U);
  EXPECT_EQ(table.find(one, Time{100s}).count, 0U);
  EXPECT_EQ(table.find(*IpAddress::parse("203.0.113.10"), Time{2s}).count, 0U);
  table.learn({one, 3, 1, Time{99s}, Time{200s}});
  EXPECT_EQ(table.find(one, Time{150s}).count, 1U) << "told again";
}

TEST(NameTable, AFullSetForgetsWhatEndsFirstAndSaysSo) {
  NameTable table;
  const IpAddress one = *IpAddress::parse(cloud);
  for (std::uint8_t name = 3; name < 3 + NameTable::ways; ++name)
    table.learn({one, name, 1, Time{0s}, Time{std::chrono::seconds{100 + name}}});
  table.learn({one, 50, 1, Time{1s}, Time{500s}});
  EXPECT_EQ(table.displaced(), 1U);
  const NameTable::Found found = table.find(one, Time{2s});
  EXPECT_EQ(found.count, NameTable::ways);
  for (std::size_t i = 0; i < found.count; ++i) EXPECT_NE(found.names[i], 3);
}

TEST(NameTable, AReloadRenamesWhatWasLearned) {
  const auto before = test::make_policy(prime_city);
  std::string more{prime_city};
  more += "  - {id: SV-MORE, from: lgwan, to: named-cloud, names: [\"*.a.example.com\"], ports: [tcp/443]}\n";
  const auto after = test::make_policy(more, 2);
  const policy::NameClass old = before->names().find("www.cloud.example.jp");
  const auto renamed = renamed_classes(before->names(), after->names());
  EXPECT_EQ(renamed[old], after->names().find("www.cloud.example.jp"));
  EXPECT_EQ(renamed[policy::name_class::unknown], policy::name_class::unknown);
  EXPECT_EQ(renamed_classes(before->names(), test::make_policy()->names())[old],
            policy::name_class::unlisted);
  NameTable table;
  const IpAddress one = *IpAddress::parse(cloud);
  table.learn({one, old, 1, Time{0s}, Time{100s}});
  table.rename(renamed);
  EXPECT_EQ(table.find(one, Time{1s}).names[0], after->names().find("www.cloud.example.jp"));
}

}  // namespace
}  // namespace sekimori::daemon
