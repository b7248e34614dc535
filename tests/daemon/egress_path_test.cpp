// Where the mirror sees both sides of the body's own firewall: the first copy of a packet to outside goes to
// the firewall, and only the one behind it says by which way it leaves.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "daemon/alert/name_waits.hpp"
#include "daemon/flow_notes.hpp"
#include "daemon/render.hpp"
#include "daemon/replay.hpp"
#include "tests/daemon/city.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::daemon {
namespace {

using kit::ACK;
using kit::SYN;
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

class Day {
 public:
  Day& at(Duration when) {
    now_ = when;
    return *this;
  }
  Day& says(const kit::PacketBuilder& packet) {
    packet_ = packet.identification(++identification_);
    return *this;
  }
  // IPv6 and some hosts: nothing but its place and time tells a copy.
  Day& says_unnumbered(const kit::PacketBuilder& packet) {
    packet_ = packet;
    return *this;
  }
  // Between terminal and firewall.
  Day& near(Duration later = 0us) {
    return add(later, packet_.macs("02:00:00:00:00:15", "02:00:00:00:0f:01").vlan(321).ttl(128));
  }
  // Behind the firewall.
  Day& far(const char* next_hop, Duration later = 60us) {
    return add(later, packet_.macs("02:00:00:00:0f:02", next_hop).vlan(399).ttl(127));
  }
  std::string capture() const {
    std::string out;
    const auto put = [&out](std::uint32_t value) {
      for (unsigned shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift));
    };
    for (const std::uint32_t word : {0xa1b2c3d4U, 0x00040002U, 0U, 0U, 262144U, 1U}) put(word);
    for (const auto& [when, bytes] : frames_) {
      const auto us = std::chrono::duration_cast<std::chrono::microseconds>(when).count();
      put(static_cast<std::uint32_t>(1'795'132'800 + us / 1'000'000));
      put(static_cast<std::uint32_t>(us % 1'000'000));
      put(static_cast<std::uint32_t>(bytes.size()));
      put(static_cast<std::uint32_t>(bytes.size()));
      for (const std::byte byte : bytes) out.push_back(static_cast<char>(byte));
    }
    return out;
  }

 private:
  Day& add(Duration later, const kit::PacketBuilder& packet) {
    frames_.emplace_back(now_ + later, packet.bytes());
    return *this;
  }
  kit::PacketBuilder packet_{};
  Duration now_{};
  unsigned identification_ = 0;
  std::vector<std::pair<Duration, kit::Octets>> frames_{};
};

kit::PacketBuilder syn(const char* from = "10.30.21.31", unsigned port = 51000) {
  return kit::ethernet().ipv4(from, "203.0.113.80").tcp(port, 443, SYN).seq(1000);
}

struct Heard final : ReplayOutput {
  void alert(const AlertRecord& record) override {
    all += to_line(alert_event(record, {})) + "\n";
    if (record.kind != AlertKind::closed) lines.push_back(record);
  }
  void flow(const capture::FlowFacts&, const policy::Verdict&, const capture::Passage&,
            capture::EndReason) override {}
  std::vector<AlertRecord> lines{};
  std::string all{};
  ReplayResult result{};
};

// The same for any number of workers.
Heard hear(const Day& day) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("sekimori-egress-" + std::to_string(::getpid()) + ".pcap");
  std::ofstream(path, std::ios::binary) << day.capture();
  std::optional<Heard> first;
  for (const std::uint16_t workers : {std::uint16_t{1}, std::uint16_t{3}}) {
    Heard heard;
    ReplayOptions options;
    options.files = {path.string()};
    options.workers = workers;
    options.chunk_frames = 3;
    capture::CaptureOptions capture;
    capture.flows.flows_max = 10'000;
    heard.result = replay(options, capture, test::make_policy(walled_city), {}, heard);
    EXPECT_TRUE(heard.result.books.close());
    if (!first) {
      first = std::move(heard);
    } else {
      EXPECT_EQ(heard.all, first->all) << workers << " workers";
      EXPECT_EQ(heard.result.forbidden_flows, first->result.forbidden_flows);
    }
  }
  std::filesystem::remove(path);
  return std::move(*first);
}

std::string finding_of(const AlertRecord& record) {
  return std::string{alert_event(record, {}).at("sekimori").at("finding").as_string()};
}

TEST(EgressPath, ACopyOnItsWayToTheSecurityCloudProvesTheWay) {
  Day day;
  day.says(syn()).near().far(cloud_router);
  day.at(1s).says(syn("10.30.21.32")).near().far(cloud_router);
  const auto six = kit::ethernet().ipv6("fd10:30::31", "2001:db8::80").tcp(50000, 443, SYN).seq(77);
  day.at(2s).says_unnumbered(six).near().far(cloud_router);
  const Heard heard = hear(day);
  EXPECT_TRUE(heard.lines.empty()) << heard.all;
  EXPECT_EQ(heard.result.forbidden_flows, 0U) << "it never was";
  EXPECT_EQ(heard.result.books.flows_left, 3U);
  std::uint64_t flows = 0;
  std::uint64_t packets = 0;
  for (const PairTotals& totals : heard.result.matrix) {
    EXPECT_EQ(totals.flows_forbidden + totals.packets_forbidden, 0U);
    flows += totals.flows;
    packets += totals.packets;
  }
  EXPECT_EQ(flows, 3U);
  EXPECT_EQ(packets, 3U) << "a copy is no packet";
}

TEST(EgressPath, WhicheverCopyComesFirst) {
  Day day;
  day.says(syn()).far(cloud_router, 0us).near(60us);
  day.at(1s).says(syn("10.30.21.31", 51001)).far(cloud_router, 0us).near(60us);
  const Heard heard = hear(day);
  EXPECT_TRUE(heard.lines.empty()) << heard.all;
  EXPECT_EQ(heard.result.forbidden_flows, 0U);
}

TEST(EgressPath, WithoutSuchACopyItIsToldAsWhatItWasWhenTheTimeIsOver) {
  Day day;
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
    Day day;
    day.says(syn()).near().far(next_hop);
    const Heard heard = hear(day);
    ASSERT_FALSE(heard.lines.empty()) << next_hop;
    EXPECT_EQ(finding_of(heard.lines[0]), "EGRESS-BYPASS");
    EXPECT_EQ(heard.result.forbidden_flows, 1U);
  }
}

// From the My Number segment no next hop makes it right: nobody waits, and nothing is told twice.
TEST(EgressPath, WhatNoPathPermitsIsToldAtOnceAndOnce) {
  Day day;
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
  Day day;
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
