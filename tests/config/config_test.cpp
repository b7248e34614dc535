#include "config/config.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "config/load.hpp"
#include "tests/config/mistakes.hpp"

namespace sekimori::config {
namespace {

using std::chrono::hours;
using test::base;
using test::told;

const std::string root = SEKIMORI_SOURCE_DIR;

std::string contents(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>{file}, {}};
}

Config load_base(std::string_view rest) {
  return load_text(std::string{base}.append(rest), "c.yaml", Language::en);
}

Time utc(int year, int month, int day, int hour = 0) {
  return Time{std::chrono::sys_days{std::chrono::year{year} / month / day}} + hours{hour};
}

// ---- all mistakes at once ----

TEST(Config, TellsTenMistakesAtOnceInBothLanguages) {
  const std::string path = root + "/tests/config/ten_mistakes";
  const std::string text = contents(path + ".yaml");
  EXPECT_EQ(test::mistakes(text).size(), 10U);
  EXPECT_EQ(told(text, Language::ja), contents(path + ".ja.txt"));
  EXPECT_EQ(told(text, Language::en), contents(path + ".en.txt"));
}

// ---- what is read ----

TEST(Config, ReadsDatesByTheConfiguredOffset) {
  const std::string exceptions =
      "exceptions:\n"
      "  - {id: A, reason: r, approver: a, ticket: t, from: 2026-04-01, until: 2027-03-31, protocol: tcp,\n"
      "     source: {addresses: [10.1.0.1]}, destination: {addresses: [10.9.0.1]}}\n"
      "  - {id: B, reason: r, approver: a, ticket: t, from: \"2026-04-01T09:30:00+09:00\", protocol: tcp,\n"
      "     until: 2026-04-01T12:00:00.5Z, source: {macs: [02:00:5e:10:00:01]},\n"
      "     destination: {addresses: [10.9.0.1]}}\n";
  const auto japan = load_base(exceptions).policy.exceptions;
  ASSERT_EQ(japan.size(), 2U);
  EXPECT_EQ(japan[0].from, utc(2026, 3, 31, 15));
  EXPECT_EQ(japan[0].until, utc(2027, 3, 31, 15));  // the whole of the 31st by Japan's clock
  EXPECT_EQ(japan[1].from, utc(2026, 4, 1) + std::chrono::minutes{30});
  EXPECT_EQ(japan[1].until, utc(2026, 4, 1, 12) + std::chrono::milliseconds{500});
  EXPECT_EQ(japan[1].source.macs.at(0).to_string(), "02:00:5e:10:00:01");
  // The offset counts wherever in the file it stands; a date-time brings its own.
  const auto west = load_base(exceptions + "time: {utc_offset: \"-03:30\"}\n").policy.exceptions;
  EXPECT_EQ(west[0].from, utc(2026, 4, 1, 3) + std::chrono::minutes{30});
  EXPECT_EQ(west[1].from, japan[1].from);
}

TEST(Config, ReadsAnExceptionOfOneDay) {
  const auto config = load_base(
      "exceptions: [{id: A, reason: r, approver: a, ticket: t, from: 2026-04-01, until: 2026-04-01, "
      "protocol: any, "
      "source: {addresses: [10.1.0.1]}, destination: {addresses: [10.9.0.1]}}]\n");
  EXPECT_EQ(config.policy.exceptions.at(0).until - config.policy.exceptions.at(0).from, hours{24});
}

TEST(Config, ReadsPortsOfEveryProtocol) {
  const auto ports_of = [](const std::string& protocol) {
    return load_base(
               "exceptions: [{id: A, reason: r, approver: a, ticket: t, until: 2026-04-01, source: "
               "{addresses: [10.1.0.1]}, destination: {addresses: [10.9.0.1]}, protocol: " +
               protocol + "}]\n")
        .policy.exceptions.at(0)
        .ports;
  };
  using Expected = std::vector<policy::Ports>;
  EXPECT_EQ(ports_of("tcp, ports: [8530, \"8531-8540\"]"), (Expected{{6, 8530, 8530}, {6, 8531, 8540}}));
  EXPECT_EQ(ports_of("udp"), (Expected{{17, 0, 65535}}));
  EXPECT_EQ(ports_of("any"), (Expected{{0, 0, 65535}}));
  EXPECT_EQ(ports_of("50"), (Expected{{50, 0, 65535}}));
  EXPECT_EQ(ports_of("icmp"), (Expected{{58, 0, 65535}, {1, 0, 65535}}));  // of IPv6 and IPv4
  const auto gateway =
      load_base(
          "gateways: [{id: G, kind: screen-transfer, from: lgwan, to: internet, clients: [10.20.1.0/24, "
          "02:00:5e:10:00:09], hosts: [10.30.0.5], ports: [tcp/443, udp/49152-65535, ip/50]}]\n")
          .policy.gateways.at(0);
  EXPECT_EQ(gateway.ports, (Expected{{6, 443, 443}, {17, 49152, 65535}, {50, 0, 65535}}));
  EXPECT_EQ(gateway.clients.addresses.size(), 1U);
  EXPECT_EQ(gateway.clients.macs.size(), 1U);
  EXPECT_EQ(gateway.hosts.addresses.at(0).length, 32);
}

TEST(Config, ReadsTheOrganisationCodeWithItsLeadingZero) {
  EXPECT_EQ(load_base("sensor: {organisation: 011002}\n").daemon.alerts.organisation, "011002");
}

TEST(Config, ReadsUnitsAndNames) {
  const Config config = load_base(
      "capture: {taps: [{name: t1, interface: eth1.100, buffer: 1GiB, block_timeout: 1s, promiscuous: "
      "false}], "
      "workers: '4'}\n"
      "flows: {timeouts: {tcp_established: 2h, udp: 90s}}\n"
      "alerts: {facility: local7, repeat: [1m, 1m, 24h], destinations: [{name: l, type: syslog-local}]}\n");
  EXPECT_EQ(config.capture.taps.at(0).buffer_bytes, 1ULL << 30U);
  EXPECT_EQ(config.capture.taps.at(0).block_timeout, std::chrono::milliseconds{1000});
  EXPECT_FALSE(config.capture.taps.at(0).promiscuous);
  EXPECT_EQ(config.capture.workers, 4);
  EXPECT_EQ(config.capture.flows.timeouts.tcp_established, hours{2});
  EXPECT_EQ(config.capture.flows.timeouts.udp, std::chrono::seconds{90});
  EXPECT_EQ(config.daemon.alerts.facility, 23);
  EXPECT_EQ(config.daemon.alerts.repeat.back(), hours{24});
  EXPECT_EQ(config.daemon.alerts.destinations.at(0), (daemon::DestinationOptions{.name = "l"}));
}

TEST(Config, ReadsTheRingAsASizeOrAsATime) {
  const auto tap = [](const std::string& buffer) {
    return load_base("capture: {taps: [{name: t1, interface: eth1, buffer: " + buffer + "}]}\n")
        .capture.taps.at(0);
  };
  EXPECT_EQ(tap("200ms").buffer_time, std::chrono::milliseconds{200});
  EXPECT_EQ(tap("2s").buffer_time, std::chrono::milliseconds{2000});
  EXPECT_EQ(tap("8MiB").buffer_time, std::chrono::milliseconds{0});
  EXPECT_EQ(tap("8MiB").buffer_bytes, 8ULL << 20U);
}

TEST(Config, ReadsTunnelPortsMirrorsAndFragments) {
  const capture::CaptureOptions read =
      load_base(
          "capture:\n"
          "  decode: {vxlan_ports: [4789, 8472], teredo_ports: [], mirror_receivers: [192.0.2.20, "
          "\"2001:db8::20\"]}\n"
          "  fragments: {datagrams: 128, held: 32, hold: 250ms, timeout: 1m}\n"
          "flows: {startup_grace: 0s, traces_max: 65535}\n")
          .capture;
  EXPECT_EQ(read.decode.vxlan_ports, (std::vector<std::uint16_t>{4789, 8472}));
  EXPECT_EQ(read.decode.teredo_ports, std::vector<std::uint16_t>{}) << "switched off";
  EXPECT_EQ(read.decode.geneve_ports, std::vector<std::uint16_t>{6081}) << "left alone";
  ASSERT_EQ(read.decode.mirror_receivers.size(), 2U);
  EXPECT_EQ(read.decode.mirror_receivers[1].to_string(), "2001:db8::20");
  capture::FragmentOptions fragments;
  fragments.datagrams = 128;
  fragments.held = 32;
  fragments.hold = std::chrono::milliseconds{250};
  fragments.timeout = std::chrono::seconds{60};
  EXPECT_EQ(read.fragments, fragments);
  EXPECT_EQ(read.flows.startup_grace, std::chrono::seconds{0});
  EXPECT_EQ(read.flows.traces_max, 65535U);
}

TEST(Config, ReadsTunnels) {
  const auto tunnels = load_base(
                           "tunnels:\n"
                           "  - {id: TN-1, name: 拠点間, kinds: [esp, gre], side_a: [10.30.0.5], side_b: "
                           "[0.0.0.0/0, \"::/0\"]}\n"
                           "  - {id: TN-2, side_a: [10.20.0.0/24], side_b: [10.30.0.0/24]}\n")
                           .policy.tunnels;
  ASSERT_EQ(tunnels.size(), 2U);
  EXPECT_EQ(tunnels[0].id, "TN-1");
  EXPECT_EQ(tunnels[0].name, "拠点間");
  EXPECT_EQ(tunnels[0].kinds, (std::vector<capture::Tunnel>{capture::Tunnel::esp, capture::Tunnel::gre}));
  EXPECT_EQ(tunnels[0].b.size(), 2U);
  EXPECT_EQ(tunnels[0].place, (policy::Place{"c.yaml", 7, 5}));
  EXPECT_TRUE(tunnels[1].kinds.empty()) << "any kind";
}

TEST(Config, KnowsEveryKindOfTunnelByItsMachineName) {
  for (std::size_t kind = 1; kind < static_cast<std::size_t>(capture::Tunnel::count_); ++kind) {
    const auto wanted = static_cast<capture::Tunnel>(kind);
    const std::string name{capture::tunnel_name(wanted)};
    const auto tunnels =
        load_base("tunnels: [{id: T, kinds: [" + name + "], side_a: [10.1.0.1], side_b: [10.2.0.1]}]\n")
            .policy.tunnels;
    EXPECT_EQ(tunnels.at(0).kinds, std::vector<capture::Tunnel>{wanted}) << name;
  }
}

TEST(Config, LetsAPartOfItsOwnSegmentHaveAName) {
  const Config config = load_text(
      "profile: alpha\nsegments: {lgwan: {prefixes: [10.20.0.0/16, {prefix: 10.20.21.0/24, name: "
      "総務課}]}}\n",
      "c", Language::ja);
  ASSERT_EQ(config.policy.segments.at(0).prefixes.size(), 2U);
  EXPECT_EQ(config.policy.segments[0].prefixes[1].name, "総務課");
  EXPECT_EQ(config.policy.segments[0].prefixes[1].place, (policy::Place{"c", 2, 54}));
}

TEST(Config, ReadsWhoBelongsOnASegmentsWires) {
  const Config config = load_base(
      "  juki: {prefixes: [10.50.0.0/28], router_macs: [02:00:5e:10:00:01], dhcp_servers: [10.50.0.2, "
      "02-00-5e-10-00-02], ra_routers: [\"fe80::1\"]}\n");
  const policy::SegmentOptions& juki = config.policy.segments.at(3);
  ASSERT_EQ(juki.router_macs.size(), 1U);
  EXPECT_EQ(juki.router_macs[0].to_string(), "02:00:5e:10:00:01");
  ASSERT_EQ(juki.dhcp_servers.size(), 2U);
  EXPECT_EQ(juki.dhcp_servers[0].address->to_string(), "10.50.0.2");
  EXPECT_EQ(juki.dhcp_servers[1].mac->to_string(), "02:00:5e:10:00:02");
  EXPECT_FALSE(juki.dhcp_servers[1].address.has_value());
  ASSERT_EQ(juki.ra_routers.size(), 1U);
  EXPECT_EQ(juki.ra_routers[0].address->to_string(), "fe80::1");
  EXPECT_TRUE(config.policy.segments.at(0).router_macs.empty()) << "nobody is listed unless written";
}

TEST(Config, ReadsVlanRangesAndClaims) {
  const Config config =
      load_base("  juki: {vlans: [150, 160-162], taps: [t9], next_hop_macs: [02:00:5e:10:00:01]}\n");
  const policy::SegmentOptions& juki = config.policy.segments.at(3);
  EXPECT_EQ(juki.vlans, (std::vector<std::uint16_t>{150, 160, 161, 162}));
  EXPECT_EQ(juki.taps, std::vector<std::string>{"t9"});  // without taps the file serves captures only
  EXPECT_EQ(juki.place.line, 6);
}

TEST(Config, TurnsSwitchesOnAndHoldsGatewaysAgainstTheChangedMatrix) {
  const std::string gateway =
      "gateways: [{id: G, kind: screen-transfer, from: lgwan, to: mynumber, hosts: [10.10.0.5], ports: "
      "[tcp/443]}]\n";
  EXPECT_NE(told(std::string{base} + gateway).find("register it under exceptions"), std::string::npos);
  const Config on =
      load_base("switches: {mn_screen_transfer: {clause: 対策基準6(3)}, lgwan_services: true}\n" + gateway);
  ASSERT_EQ(on.policy.switches.size(), 2U);
  EXPECT_EQ(on.policy.switches[0].clause, "対策基準6(3)");
  EXPECT_TRUE(load_base("switches: {mn_screen_transfer: false}\n").policy.switches.empty());
}

TEST(Config, KeepsWhatItWasMadeFrom) {
  const Config config = load_base("");
  ASSERT_EQ(config.sources.size(), 4U);
  EXPECT_EQ(config.sources[0].path, "c.yaml");
  EXPECT_EQ(config.sources[0].content, base);
  EXPECT_EQ(config.sources[1].path, "builtin:profiles/alpha.yaml");
  EXPECT_EQ(config.sources[2].path, "builtin:clauses/model.yaml");
  EXPECT_EQ(config.sources[3].path, "builtin:services/known.yaml");
}

// ---- the documented sample ----

TEST(Sample, ShowsEveryKeyThatTheReaderKnowsAndNoOther) {
  Report report{Language::en};
  KeyLedger ledger;
  report.ledger = &ledger;
  load(contents(root + "/config/sekimori.yaml"), "sekimori.yaml", report);
  std::vector<std::string> absent;
  for (const std::string& key : ledger.known) {
    // The model's files are not the sample's; their keys are read along.
    const bool model = key == "based_on" || key.compare(0, 9, "undefined") == 0 ||
                       key.compare(0, 11, "other_paths") == 0 || key.compare(0, 7, "clauses") == 0 ||
                       key.compare(0, 7, "reasons") == 0 || key.compare(0, 5, "cells") == 0 ||
                       key == "name" || key.compare(0, 5, "name.") == 0 ||
                       key.compare(0, 10, "switches[]") == 0 || key.compare(0, 10, "segments[]") == 0 ||
                       key.compare(0, 14, "known_services") == 0;
    if (!model && ledger.written.count(key) == 0) absent.push_back(key);
  }
  EXPECT_EQ(absent, std::vector<std::string>{});
  // The ledger is alive: these are among what it holds.
  for (const char* key :
       {"capture.taps[].snaplen", "segments.*.prefixes[].name", "alerts.destinations[].message_max"}) {
    EXPECT_EQ(ledger.known.count(key), 1U) << key;
  }
}

TEST(Sample, ShowsTheDefaults) {
  const Config sample = load_file(root + "/config/sekimori.yaml", Language::ja);
  capture::CaptureOptions capture;
  capture.taps.push_back({.name = "t1", .interface = "eth1"});
  EXPECT_EQ(sample.capture, capture);
  daemon::DaemonOptions daemon;
  daemon.alerts.destinations = {
      {.name = "local", .path = "/dev/log"},
      {.name = "log-server", .kind = daemon::DestinationKind::syslog_tcp, .host = "192.0.2.10"},
      {.name = "log-server-tls",
       .kind = daemon::DestinationKind::syslog_tls,
       .host = "192.0.2.11",
       .port = 6514,
       .tls = {.ca = "/etc/sekimori/tls/ca.pem",
               .certificate = "/etc/sekimori/tls/sensor.pem",
               .key = "/etc/sekimori/tls/sensor.key"}},
      {.name = "eve", .kind = daemon::DestinationKind::eve_file, .path = "/var/log/sekimori/eve.json"}};
  daemon.health.taps = {{.name = "t1", .silence = daemon.health.silence}};
  daemon.health.pairs = {{.from = "mynumber", .to = "lgwan", .silence = std::chrono::minutes{30}}};
  daemon.health.vlans = {{.vlan = 100, .silence = std::chrono::minutes{10}}};
  EXPECT_EQ(sample.daemon, daemon);
  EXPECT_TRUE(sample.policy.switches.empty());
  EXPECT_EQ(sample.policy.behaviour, policy::BehaviourOptions{});
  ASSERT_EQ(sample.policy.systems.size(), 1U);
  ASSERT_TRUE(sample.policy.systems[0].bulk.has_value());
  policy::BulkOptions bulk;
  bulk.hours = {0x1f, {{510, 1035}}};
  bulk.exempt = {*Prefix::parse("192.0.2.9")};
  EXPECT_EQ(*sample.policy.systems[0].bulk, bulk);
  ASSERT_EQ(sample.policy.transfers.size(), 1U);
  bulk.direction = policy::BulkDirection::to_server;
  bulk.exempt = {*Prefix::parse("198.51.100.140")};
  EXPECT_EQ(sample.policy.transfers[0].bulk, bulk);
}

TEST(Sample, LeavesEveryOptionAtItsDefaultWhenNothingIsWritten) {
  const Config config = load_base("");
  EXPECT_EQ(config.capture, capture::CaptureOptions{});
  EXPECT_EQ(config.daemon, daemon::DaemonOptions{});
}

// ---- the example cities ----

TEST(Examples, KakuuCityIsAWholeAlphaCity) {
  const Config city = load_file(root + "/config/examples/kakuu-city/sekimori.yaml", Language::ja);
  EXPECT_EQ(city.policy.profile.id, "alpha");
  EXPECT_EQ(city.policy.segments.size(), 8U);
  EXPECT_EQ(city.capture.taps.size(), 3U);
  std::size_t prefixes = 0;
  for (const auto& segment : city.policy.segments) prefixes += segment.prefixes.size();
  EXPECT_GE(prefixes, 50U);
  EXPECT_EQ(builtin_example(), city.sources.at(0).content);

  // The quiet day's exceptions are all in force; on the demonstration's day, the first of the next fiscal
  // year, only the one that outlasts March.
  const Time quiet = utc(2026, 11, 18, 3);
  const Time day = utc(2027, 4, 1, 3);
  std::vector<std::string> lasting;
  for (const auto& exception : city.policy.exceptions) {
    EXPECT_TRUE(exception.from <= quiet && quiet < exception.until) << exception.id;
    if (day < exception.until) lasting.push_back(exception.id);
  }
  EXPECT_EQ(lasting, std::vector<std::string>{"EX-2026-11"});
}

TEST(Examples, KakuuCityUsesDocumentationAndPrivateAddressesOnly) {
  const Config city = load_file(root + "/config/examples/kakuu-city/sekimori.yaml", Language::ja);
  const auto check = [](const policy::EndpointOptions& side) {
    for (const Prefix& prefix : side.addresses)
      EXPECT_TRUE(prefix.address.is_private()) << prefix.to_string();
    for (const MacAddress& mac : side.macs)
      EXPECT_EQ(mac.bytes[0], 2) << mac.to_string();  // locally administered
  };
  for (const auto& segment : city.policy.segments) {
    for (const auto& named : segment.prefixes) EXPECT_TRUE(named.prefix.address.is_private());
  }
  for (const auto& gateway : city.policy.gateways) check(gateway.clients), check(gateway.hosts);
  for (const auto& service : city.policy.services) check(service.clients), check(service.hosts);
  for (const auto& exception : city.policy.exceptions) check(exception.source), check(exception.destination);
}

TEST(Examples, TheTwoTierUnionLoads) {
  const Config city = load_file(root + "/config/examples/two-tier-union/sekimori.yaml", Language::ja);
  EXPECT_EQ(city.policy.profile.id, "two-tier");
  EXPECT_EQ(city.policy.segments.size(), 2U);
}

// ---- anything at all ----

TEST(Config, AnswersDamagedTextWithPlacedMessagesOnly) {
  const std::string sample = contents(root + "/config/sekimori.yaml");
  std::mt19937 random{20261120};
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random()) % limit; };
  constexpr std::string_view pieces[]{":",   "- ", "\n", "{",    "]", "\"",
                                      "&a ", "*a", "\t", "\xff", "0", "<<: "};
  int refused = 0;
  for (int round = 0; round < 150; ++round) {
    std::string text = sample;
    for (std::size_t change = below(4) + 1; change > 0; --change) {
      const std::size_t at = below(text.size());
      switch (below(4)) {
        case 0:
          text[at] = static_cast<char>(below(256));
          break;
        case 1:
          text.erase(at, below(200) + 1);
          break;
        case 2:
          text.insert(at, pieces[below(std::size(pieces))]);
          break;
        default:
          text.insert(at, text.substr(below(text.size()), below(300)));
      }
    }
    const auto found = test::mistakes(text, round % 2 == 0 ? Language::ja : Language::en);
    for (const Diagnostic& one : found) {
      EXPECT_GE(one.place.line, 1);
      EXPECT_GE(one.place.column, 1);
      EXPECT_FALSE(one.message.empty());
    }
    if (!found.empty()) ++refused;
  }
  EXPECT_GT(refused, 75);  // changes inside comments are no mistakes
}

}  // namespace
}  // namespace sekimori::config
