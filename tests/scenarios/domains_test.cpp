// Bodies with the same private addresses on one sensor: an association of two towns on one trunk, and the two
// sides of an address translation on two taps. What is forbidden in the one is told, its permitted twin in
// the other is not, although both have the same addresses and ports at the same time.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "config/config.hpp"
#include "daemon/alert/desk.hpp"
#include "daemon/alert/wire_watch.hpp"
#include "daemon/build_policy.hpp"
#include "daemon/inspector.hpp"
#include "daemon/render.hpp"
#include "daemon/replay.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::scenario {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using kit::ACK;
using kit::PacketBuilder;
using kit::SYN;

// Town a: 10.1.0.0/17 is its My Number segment. Town b has nothing but its LGWAN segment there.
constexpr std::string_view association = R"(
profile: alpha
capture:
  domains:
    town-a: {vlans: [100-199]}
    town-b: {vlans: [200-299]}
segments:
  mynumber: {domain: town-a, prefixes: [10.1.0.0/17], vlans: [110], router_macs: ["02:00:00:00:00:fe"]}
  lgwan:
    prefixes:
      - {prefix: 10.1.128.0/17, domain: town-a}
      - {prefix: 10.1.0.0/16, domain: town-b}
    vlans: [120, 210, 220]
    router_macs: ["02:00:00:00:00:fe"]
  internet: {domain: [town-a, town-b], prefixes: [10.3.0.0/16]}
behaviour: {scan: {hosts: 20}}
)";

struct Setting {
  config::Config config{};
  std::shared_ptr<const policy::Policy> policy{};
};

Setting setting_of(std::string_view text) {
  Setting out;
  out.config = config::load_text(text, "domains.yaml", Language::en);
  std::vector<std::pair<std::string, std::string>> sources;
  for (const config::SourceText& source : out.config.sources)
    sources.emplace_back(source.path, source.content);
  std::vector<std::string> taps;
  for (const capture::TapOptions& tap : out.config.capture.taps) taps.push_back(tap.name);
  out.policy = daemon::build_policy(out.config.policy, taps, sources, 1, Language::en);
  return out;
}

struct Shot {
  Duration at{};
  PacketBuilder packet;
  std::uint16_t tap = 0;
};

// 2026-11-20T09:00:00+09:00
constexpr Time morning{std::chrono::seconds{1795132800}};

// Cards are one body's: a card that is at home in two segments would be a finding of its own.
std::string card(unsigned vlan, std::uint16_t tap, std::string_view last) {
  return "02:00:00:0" + std::to_string(vlan / 100 + tap) + ":01:" + std::string{last};
}

// A whole conversation as one mirror sees it: both directions, some payload. Every octet of it is the same
// wherever it is held, so that only the wire tells two of them apart.
std::vector<Shot> conversation(Duration begin, unsigned vlan, const char* client, const char* server,
                               unsigned port, std::uint16_t tap = 0) {
  const auto frame = [&](bool up) {
    const std::string ours = card(vlan, tap, "05");
    const std::string theirs = "02:00:00:00:00:fe";  // the firewall's
    const PacketBuilder link = up ? kit::ethernet(ours, theirs) : kit::ethernet(theirs, ours);
    return (vlan == 0 ? link : link.vlan(vlan)).ipv4(up ? client : server, up ? server : client);
  };
  const auto up = [&](unsigned id, unsigned flags, unsigned seq, unsigned ack, std::size_t size = 0) {
    return frame(true).identification(id).tcp(50'000, port, flags).seq(seq, ack).payload(size);
  };
  const auto down = [&](unsigned id, unsigned flags, unsigned seq, unsigned ack, std::size_t size = 0) {
    return frame(false).identification(id).tcp(port, 50'000, flags).seq(seq, ack).payload(size);
  };
  return {{begin, up(1, SYN, 1000, 0), tap},
          {begin + 1ms, down(1, SYN | ACK, 7000, 1001), tap},
          {begin + 2ms, up(2, ACK, 1001, 7001), tap},
          {begin + 3ms, up(3, ACK, 1001, 7001, 200), tap},
          {begin + 4ms, down(2, ACK, 7001, 1201, 900), tap},
          {begin + 5ms, up(4, ACK, 1201, 7901, 100), tap}};
}

std::vector<Shot> together(std::initializer_list<std::vector<Shot>> stories) {
  std::vector<Shot> all;
  for (const std::vector<Shot>& story : stories) all.insert(all.end(), story.begin(), story.end());
  std::stable_sort(all.begin(), all.end(), [](const Shot& a, const Shot& b) { return a.at < b.at; });
  return all;
}

struct Told final : daemon::ReplayOutput {
  void alert(const daemon::AlertRecord& record) override {
    alerts.push_back(daemon::alert_event(record, {}));
    all += daemon::to_line(alerts.back()) + "\n";
  }
  void flow(const capture::FlowFacts& facts, const policy::Verdict& verdict, const capture::Passage& passage,
            capture::EndReason reason) override {
    flows.push_back(daemon::flow_event(facts, verdict, *policy, passage, reason, {}));
    all += daemon::to_line(flows.back()) + "\n";
  }
  // Of all that was opened: "SEG-FORBIDDEN 10.1.1.5 town-a".
  std::vector<std::string> opened() const {
    std::vector<std::string> lines;
    for (const json::object& event : alerts) {
      const json::object& ours = event.at("sekimori").as_object();
      if (ours.at("kind").as_string() != "opened") continue;
      const json::value* const source = event.if_contains("src_ip");
      lines.push_back(std::string{ours.at("finding").as_string()} + " " +
                      (source == nullptr ? "-" : std::string{source->as_string()}) + " " + domain_of(event));
    }
    return lines;
  }
  static std::string domain_of(const json::object& event) {
    const json::value* const domain = event.at("sekimori").as_object().if_contains("domain");
    return domain == nullptr ? "-" : std::string{domain->as_string()};
  }
  std::shared_ptr<const policy::Policy> policy{};
  std::vector<json::object> alerts{};
  std::vector<json::object> flows{};
  std::string all{};
};

void put(std::string& out, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift));
}

std::string capture_file(const std::vector<Shot>& shots) {
  std::string out;
  for (const std::uint32_t word : {0xa1b2c3d4U, 0x00040002U, 0U, 0U, 262144U, 1U}) put(out, word);
  for (const Shot& shot : shots) {
    const auto octets = shot.packet.bytes();
    const auto micros =
        std::chrono::duration_cast<std::chrono::microseconds>((morning + shot.at).time_since_epoch()).count();
    put(out, static_cast<std::uint32_t>(micros / 1'000'000));
    put(out, static_cast<std::uint32_t>(micros % 1'000'000));
    put(out, static_cast<std::uint32_t>(octets.size()));
    put(out, static_cast<std::uint32_t>(octets.size()));
    for (const std::byte octet : octets) out.push_back(static_cast<char>(octet));
  }
  return out;
}

Told replayed(const Setting& setting, const std::vector<Shot>& shots, std::uint16_t workers) {
  const auto path =
      std::filesystem::temp_directory_path() / ("sekimori-domains-" + std::to_string(::getpid()) + ".pcap");
  std::ofstream(path, std::ios::binary) << capture_file(shots);
  Told told;
  told.policy = setting.policy;
  daemon::ReplayOptions options;
  options.files = {path.string()};
  options.workers = workers;
  options.want_flows = true;
  options.chunk_frames = 7;
  capture::CaptureOptions capture = setting.config.capture;
  capture.flows.flows_max = 10'000;
  const daemon::ReplayResult result = daemon::replay(options, capture, setting.policy, {}, told);
  std::filesystem::remove(path);
  EXPECT_TRUE(result.readable) << result.trouble;
  EXPECT_TRUE(result.books.close());
  return told;
}

// The same whatever the number of workers.
Told judged(const Setting& setting, const std::vector<Shot>& shots) {
  Told one = replayed(setting, shots, 1);
  for (const std::uint16_t workers : {std::uint16_t{2}, std::uint16_t{5}})
    EXPECT_EQ(replayed(setting, shots, workers).all, one.all) << workers << " workers";
  return one;
}

TEST(Association, TheForbiddenOneIsToldAndItsTwinInTheOtherTownIsNot) {
  const Setting setting = setting_of(association);
  const Told told = judged(setting, together({conversation(1s, 110, "10.1.1.5", "10.1.200.9", 445),
                                              conversation(1s, 210, "10.1.1.5", "10.1.200.9", 445)}));
  EXPECT_EQ(told.opened(), (std::vector<std::string>{"SEG-FORBIDDEN 10.1.1.5 town-a"}));
  ASSERT_EQ(told.flows.size(), 2U) << "two conversations, not one that was seen twice";
  for (const json::object& flow : told.flows) {
    const json::object& figures = flow.at("flow").as_object();
    const json::object& ours = flow.at("sekimori").as_object();
    EXPECT_EQ(figures.at("pkts_toserver").to_number<int>(), 4);
    EXPECT_EQ(figures.at("pkts_toclient").to_number<int>(), 2);
    EXPECT_EQ(figures.at("copies").to_number<int>(), 0);
    EXPECT_EQ(figures.at("duplicates").to_number<int>(), 0);
    const bool a = Told::domain_of(flow) == "town-a";
    EXPECT_EQ(ours.at("from").as_string(), a ? "mynumber" : "lgwan");
    EXPECT_EQ(ours.at("verdict").as_string(), a ? "forbid" : "permit");
  }
  EXPECT_NE(told.flows[0].at("flow_id"), told.flows[1].at("flow_id"));
  EXPECT_EQ(told.flows[0].at("community_id"), told.flows[1].at("community_id"))
      << "a community id speaks of addresses alone";
  const std::string text{told.alerts.at(0).at("sekimori").as_object().at("text").as_string()};
  EXPECT_NE(text.find("10.1.1.5（アドレス空間 town-a）"), std::string::npos) << text;
}

TEST(Association, TheTwinAloneIsSilent) {
  const Told told =
      judged(setting_of(association), together({conversation(1s, 210, "10.1.1.5", "10.1.200.9", 445),
                                                conversation(1s, 220, "10.1.1.5", "10.1.7.9", 445)}));
  EXPECT_EQ(told.opened(), std::vector<std::string>{});
}

TEST(Association, TwoTownsMachinesAreTwoIncidents) {
  const Told told =
      judged(setting_of(association), together({conversation(1s, 110, "10.1.1.5", "203.0.113.80", 443),
                                                conversation(2s, 210, "10.1.1.5", "203.0.113.80", 443)}));
  EXPECT_EQ(told.opened(),
            (std::vector<std::string>{"SEG-FORBIDDEN 10.1.1.5 town-a", "SEG-FORBIDDEN 10.1.1.5 town-b"}));
  std::set<std::string> incidents;
  for (const json::object& event : told.alerts)
    incidents.insert(std::string{event.at("sekimori").as_object().at("incident").as_string()});
  EXPECT_EQ(incidents.size(), 2U);
}

std::vector<Shot> sweep(Duration begin, unsigned vlan, unsigned first, unsigned count) {
  std::vector<Shot> shots;
  for (unsigned i = 0; i < count; ++i) {
    const std::string to = "10.1.20." + std::to_string(first + i);
    shots.push_back({begin + i * 100ms, kit::ethernet(card(vlan, 0, "05"), card(vlan, 0, "09"))
                                            .vlan(vlan)
                                            .ipv4("10.1.1.5", to)
                                            .tcp(40'000 + i, 8'008, SYN)});
  }
  return shots;
}

TEST(Association, ASweepIsCountedForTheMachineThatMakesIt) {
  const Setting setting = setting_of(association);
  // Twelve each of two machines with one address are no sweep of twenty-four.
  EXPECT_EQ(judged(setting, together({sweep(1s, 110, 1, 12), sweep(1s + 50ms, 210, 101, 12),
                                      conversation(60s, 210, "10.1.7.7", "10.1.7.9", 445)}))
                .opened(),
            std::vector<std::string>{});
  const Told told = judged(setting, together({sweep(1s, 110, 1, 12), sweep(1s + 50ms, 210, 101, 24),
                                              conversation(60s, 210, "10.1.7.7", "10.1.7.9", 445)}));
  EXPECT_EQ(told.opened(), (std::vector<std::string>{"SCAN-INSIDE 10.1.1.5 town-b"}));
  EXPECT_EQ(told.alerts.at(0).at("sekimori").as_object().at("subject").as_string(), "10.1.1.5%town-b");
}

TEST(Association, AForeignAddressIsForeignToItsOwnTownOnly) {
  const Setting setting = setting_of(association);
  const auto announce = [](Duration at, unsigned vlan) {
    return Shot{at, kit::ethernet(card(vlan, 0, "77"), "ff:ff:ff:ff:ff:ff")
                        .vlan(vlan)
                        .arp_request("10.1.1.5", "10.1.1.5")};
  };
  EXPECT_EQ(judged(setting, {announce(1s, 110), announce(2s, 210)}).opened(), std::vector<std::string>{})
      << "10.1.1.5 is at home on both";
  EXPECT_EQ(judged(setting, {announce(1s, 120), announce(2s, 210)}).opened(),
            (std::vector<std::string>{"L2-MIX 10.1.1.5 town-a"}));
}

// Beyond the translation the prefecture's own 10.1.9.1 stands for the city's terminals; inside that is a
// server of the LGWAN segment.
constexpr std::string_view translation = R"(
profile: alpha
capture:
  taps: [{name: t1, interface: eth1}, {name: t2, interface: eth2}]
  domains:
    beyond: {taps: [t2]}
segments:
  lgwan: {prefixes: [10.1.9.0/24]}
  internet:
    prefixes: [10.1.1.0/24, {prefix: 10.1.9.1, domain: beyond}]
  security-cloud: {domain: [main, beyond], prefixes: [172.31.0.0/24]}
services:
  - {id: SV-PROXY, name: proxy, domain: [main, beyond], from: internet, to: security-cloud, hosts: [172.31.0.8],
     ports: [tcp/8080]}
)";

struct Outlet final : daemon::EventOutlet {
  bool tell(const daemon::FlowEvent& event) override {
    events.push_back(event);
    return true;
  }
  std::vector<daemon::FlowEvent> events{};
};

std::vector<std::string> watched(const Setting& setting, const std::vector<Shot>& shots) {
  daemon::InspectorOptions options;
  options.capacity = 256;
  options.secret = {{1, 2}};
  options.decode = setting.config.capture.decode;
  Outlet outlet;
  daemon::Inspector inspector{options, setting.policy, outlet};
  std::uint64_t number = 0;
  for (const Shot& shot : shots) {
    const kit::BuiltFrame frame = shot.packet.build();
    inspector.frame(frame.frame({.time = morning + shot.at, .number = ++number, .tap = shot.tap}));
  }
  inspector.finish(morning + shots.back().at);
  EXPECT_TRUE(inspector.books().close());
  Told told;
  daemon::Desk desk{{}, daemon::Coverage::Memory::all};
  std::vector<daemon::AlertRecord> records;
  for (const daemon::FlowEvent& event : outlet.events) desk.feed(event, setting.policy, 0.0, records);
  for (const daemon::AlertRecord& record : records) told.alert(record);
  return told.opened();
}

TEST(Translation, TheSameAddressIsAnotherHostOnTheOtherTap) {
  const Setting setting = setting_of(translation);
  EXPECT_EQ(watched(setting, together({conversation(1s, 0, "10.1.1.5", "172.31.0.8", 8080, 0),
                                       conversation(1s + 20us, 0, "10.1.9.1", "172.31.0.8", 8080, 1)})),
            std::vector<std::string>{})
      << "a terminal on the way to its proxy, before and behind the translation";
  EXPECT_EQ(watched(setting, together({conversation(1s, 0, "10.1.9.1", "172.31.0.8", 8080, 0),
                                       conversation(1s, 0, "10.1.9.1", "172.31.0.8", 8080, 1)})),
            (std::vector<std::string>{"SEG-FORBIDDEN 10.1.9.1 main"}))
      << "the LGWAN server of that address, at the same time";
}

}  // namespace
}  // namespace sekimori::scenario
