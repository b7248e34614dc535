// capture.domains, and `domain` wherever addresses are said.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/config/mistakes.hpp"

namespace sekimori::config {
namespace {

using test::told;

// Two bodies with the same networks on one trunk, and a tap beyond an address translation.
constexpr std::string_view two_bodies = R"(profile: alpha
capture:
  taps: [{name: t1, interface: eth1}, {name: t2, interface: eth2}]
  domains:
    town-a: {vlans: [100-199]}
    town-b: {vlans: [200-299], wires: [{tap: t2, vlans: [17]}]}
    outside: {taps: [t2]}
segments:
  mynumber:
    prefixes:
      - {prefix: 10.1.0.0/17, domain: town-a}
      - {prefix: 10.1.128.0/17, domain: town-b, name: 税務課}
  lgwan:
    domain: [town-a, town-b]
    prefixes: [10.2.0.0/16, {prefix: 10.1.128.0/17, domain: town-a}, {prefix: 10.1.0.0/17, domain: town-b}]
    dhcp_servers: [10.2.0.1, "02:00:5e:10:00:01"]
  internet: {prefixes: [10.1.0.0/16]}
)";

Config load(std::string_view rest = "") {
  return load_text(std::string{two_bodies}.append(rest), "c.yaml", Language::en);
}

std::string mistakes_of(std::string_view rest) {
  return told(std::string{two_bodies}.append(rest));
}

std::string text_of(const Prefix& prefix) {
  return prefix.to_string() + "@" + std::to_string(prefix.address.domain);
}

TEST(DomainConfig, ReadsWiresAndNames) {
  const Config config = load();
  ASSERT_EQ(config.policy.domains.size(), 4U);
  EXPECT_EQ(config.policy.domains[0].name, "main");
  EXPECT_EQ(config.policy.domains[1].name, "town-a");
  EXPECT_EQ(config.policy.domains[3].name, "outside");
  EXPECT_EQ(config.policy.domains[3].place.line, 7);
  const auto& domains = config.capture.decode.domains;
  ASSERT_EQ(domains.size(), 3U);
  EXPECT_EQ(domains[0].id, 1);
  EXPECT_EQ(domains[0].vlans.size(), 100U);
  EXPECT_EQ(domains[1].wires, (std::vector<capture::DomainOptions::Wire>{{.tap = 1, .vlan = 17}}));
  EXPECT_EQ(domains[2].taps, (std::vector<std::uint16_t>{1}));
}

TEST(DomainConfig, WithoutThemThereIsMainAlone) {
  const Config config = load_text(test::base, "c.yaml", Language::en);
  EXPECT_TRUE(config.policy.domains.empty());
  EXPECT_TRUE(config.capture.decode.domains.empty());
  EXPECT_EQ(told(std::string{test::base} + "  security-cloud: {domain: main, prefixes: [172.31.0.0/24]}\n"),
            "")
      << "main may be said all the same";
}

TEST(DomainConfig, PrefixesStandInTheirDomains) {
  const Config config = load();
  std::vector<std::string> lgwan;
  for (const policy::NamedPrefix& one : config.policy.segments[1].prefixes)
    lgwan.push_back(text_of(one.prefix));
  EXPECT_EQ(lgwan,
            (std::vector<std::string>{"10.2.0.0/16@1", "10.2.0.0/16@2", "10.1.128.0/17@1", "10.1.0.0/17@2"}));
  const auto& servers = config.policy.segments[1].dhcp_servers;
  ASSERT_EQ(servers.size(), 3U) << "an address in each domain of the segment, a card once";
  EXPECT_EQ(servers[0].address->domain, 1);
  EXPECT_EQ(servers[1].address->domain, 2);
}

TEST(DomainConfig, EntriesSpeakOfMainUnlessTheySayOtherwise) {
  const Config config = load(R"(gateways:
  - {id: G, kind: screen-transfer, from: lgwan, to: internet, hosts: [10.1.0.9], ports: [tcp/443], domain: [town-a, outside]}
services:
  - {id: S, from: internet, to: security-cloud, hosts: [172.31.0.8], ports: [tcp/8080]}
exceptions:
  - {id: E, reason: r, approver: a, ticket: t, until: 2027-03-31, protocol: tcp, domain: town-b,
     source: {addresses: [10.2.0.1]}, destination: {addresses: [10.2.0.2]}}
tunnels:
  - {id: T, side_a: [10.2.0.1], side_b: [10.1.0.1], domain: town-a}
assert:
  - {from: mynumber, to: external, never: true}
  - {from: mynumber, to: external, never: true, domain: town-b}
systems:
  - {id: Y, hosts: [10.2.0.8], domain: town-b}
transfers:
  - {id: R, from: lgwan, to: internet, bulk: {bytes: 1MiB}}
behaviour: {scanners_allowed: [10.9.9.9, {prefix: 10.2.0.7, domain: [town-a, town-b]}]}
)");
  EXPECT_EQ(config.policy.gateways.at(0).domains, 0b1010);
  EXPECT_EQ(config.policy.services.at(0).domains, in_main);
  EXPECT_EQ(config.policy.exceptions.at(0).domains, 0b0100);
  EXPECT_EQ(config.policy.tunnels.at(0).domains, 0b0010);
  EXPECT_EQ(config.policy.assertions.at(0).domains, in_every_domain);
  EXPECT_EQ(config.policy.assertions.at(1).domains, 0b0100);
  EXPECT_EQ(config.policy.systems.at(0).domains, 0b0100);
  EXPECT_EQ(config.policy.transfers.at(0).domains, in_every_domain);
  std::vector<std::string> scanners;
  for (const Prefix& one : config.policy.behaviour.scanners_allowed) scanners.push_back(text_of(one));
  EXPECT_EQ(scanners, (std::vector<std::string>{"10.9.9.9/32@0", "10.2.0.7/32@1", "10.2.0.7/32@2"}));
}

TEST(DomainConfig, AnOverlapInsideOneDomainIsAMistakeWithBothPlaces) {
  EXPECT_EQ(mistakes_of(""), "") << "between two it is none";
  EXPECT_EQ(
      mistakes_of("  security-cloud: {domain: town-b, prefixes: [10.2.3.0/24]}\n"),
      "c.yaml:18:47: segments.security-cloud.prefixes[0]: 10.2.3.0/24 overlaps 10.2.0.0/16 (segment lgwan, "
      "15:16); an address belongs to one segment.\n");
}

TEST(DomainConfig, AWireIsInOneDomain) {
  const auto with = [](std::string_view more) {
    return told(
        std::string{"profile: alpha\ncapture:\n  taps: [{name: t1, interface: eth1}]\n  domains:\n"
                    "    a: {taps: [t1], vlans: [100-199], wires: [{tap: t1, vlans: [7]}]}\n"}
            .append(more)
            .append("segments:\n  lgwan: {prefixes: [10.2.0.0/16]}\n"));
  };
  EXPECT_EQ(with(""), "");
  EXPECT_EQ(with("    b: {taps: [t1]}\n"),
            "c.yaml:6:16: capture.domains.b.taps[0]: The tap t1 is in the domain a already (5:16); a wire "
            "belongs to "
            "one domain.\n");
  EXPECT_EQ(with("    b: {vlans: [150-160]}\n"),
            "c.yaml:6:17: capture.domains.b.vlans[0]: VLAN 150 is in the domain a already (5:29); a wire "
            "belongs to "
            "one domain.\n")
      << "one message for a range";
  EXPECT_EQ(
      with("    b: {wires: [{tap: t1, vlans: [7]}]}\n"),
      "c.yaml:6:35: capture.domains.b.wires[0].vlans[0]: VLAN 7 of the tap t1 is in the domain a already "
      "(5:65); a wire belongs to one domain.\n");
  EXPECT_NE(with("    b: {taps: [t2]}\n").find("There is no tap \"t2\"; names in capture.taps: t1."),
            std::string::npos);
}

TEST(DomainConfig, AnUnknownDomainIsAMistakeWithWhatWasMeant) {
  EXPECT_EQ(
      mistakes_of("  security-cloud: {domain: twon-b, prefixes: [172.31.0.0/24]}\n"),
      "c.yaml:18:28: segments.security-cloud.domain: capture.domains has no \"twon-b\"; there are: main, "
      "town-a, town-b, outside. Did you mean \"town-b\"?\n");
  EXPECT_EQ(told(std::string{test::base} + "  security-cloud: {domain: b, prefixes: [172.31.0.0/24]}\n"),
            "c.yaml:6:28: segments.security-cloud.domain: capture.domains has no \"b\"; there are: main.\n");
}

TEST(DomainConfig, ThereAreSixteenAtMost) {
  std::string text = "profile: alpha\ncapture:\n  domains:\n";
  for (int i = 1; i <= 15; ++i)
    text += "    d" + std::to_string(i) + ": {vlans: [" + std::to_string(i) + "]}\n";
  const std::string rest = "segments:\n  lgwan: {prefixes: [10.2.0.0/16]}\n";
  EXPECT_EQ(told(text + rest), "");
  EXPECT_NE(told(text + "    d16: {vlans: [16]}\n" + rest).find("Too many domains; at most 16"),
            std::string::npos);
}

}  // namespace
}  // namespace sekimori::config
