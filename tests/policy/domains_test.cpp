// Address spaces in the policy: who is where, and of whom an entry speaks.
#include <gtest/gtest.h>

#include <algorithm>

#include "policy/compiled.hpp"
#include "policy/proof/assertion.hpp"
#include "policy/proof/check.hpp"
#include "policy/proof/difference.hpp"
#include "tests/policy/city.hpp"

namespace sekimori::policy {
namespace {

constexpr DomainId town_a = 1;
constexpr DomainId town_b = 2;
constexpr DomainSet in_a = 1U << town_a;
constexpr DomainSet in_b = 1U << town_b;

// An association of two towns that both use 10.1.0.0/16: in the one its upper half is the My Number segment
// and the lower half LGWAN's, in the other it is the other way round.
struct Union {
  Union() : city("alpha") {
    city.options.domains = {{"main"}, {"town-a"}, {"town-b"}};
    for (SegmentOptions& segment : city.options.segments) segment.prefixes.clear();
    place("mynumber", "10.1.128.0/17", town_a);
    place("lgwan", "10.1.0.0/17", town_a);
    place("mynumber", "10.1.0.0/17", town_b);
    place("lgwan", "10.1.128.0/17", town_b);
    for (const DomainId town : {town_a, town_b}) place("internet", "10.3.0.0/16", town);
  }
  void place(std::string_view segment, std::string_view network, DomainId domain) {
    city.segment(segment).prefixes.push_back({prefix(network).in(domain), {}, {"city.yaml", ++line, 5}});
  }
  static Conversation talk(DomainId domain, std::string_view from, std::string_view to) {
    Conversation asked;
    asked.initiator = address(from).in(domain);
    asked.responder = address(to).in(domain);
    asked.initiator_port = 50'000;
    asked.port = 443;
    asked.protocol = 6;
    asked.time = noon;
    asked.initiator_mac = client_mac;
    asked.responder_mac = server_mac;
    return asked;
  }
  // For 10.1.1.5 -> 10.3.0.9 (a: LGWAN to Internet) as far as addresses, cards and ports go.
  static ExceptionOptions exception(DomainSet domains) {
    ExceptionOptions one;
    one.id = "E1";
    one.from = noon - day;
    one.until = noon + day;
    one.source.addresses = {prefix("10.1.1.5/32")};
    one.destination.addresses = {prefix("10.3.0.9/32")};
    one.ports = {{6, 443, 443}};
    one.domains = domains;
    one.place = {"city.yaml", 90, 5};
    return one;
  }
  City city;
  int line = 10;
};

std::string pair_text(const Policy& policy, const Verdict& verdict) {
  return policy.segments()[verdict.from].id + ">" + policy.segments()[verdict.to].id;
}

TEST(PolicyDomains, TheSameAddressesAreInOtherSegments) {
  const Policy policy = Union{}.city.policy();
  const auto asked = [&](DomainId domain) {
    return policy.judge(Union::talk(domain, "10.1.1.5", "10.1.2.9"));
  };
  EXPECT_EQ(pair_text(policy, asked(town_a)), "lgwan>lgwan");
  EXPECT_EQ(asked(town_a).decision, Decision::permit);
  EXPECT_EQ(pair_text(policy, asked(town_b)), "mynumber>mynumber");
  const Verdict a = policy.judge(Union::talk(town_a, "10.1.1.5", "10.1.200.9"));
  const Verdict b = policy.judge(Union::talk(town_b, "10.1.1.5", "10.1.200.9"));
  EXPECT_EQ(pair_text(policy, a), "lgwan>mynumber");
  EXPECT_EQ(pair_text(policy, b), "mynumber>lgwan");
  EXPECT_EQ(pair_text(policy, policy.judge(Union::talk(main_domain, "10.1.1.5", "10.1.200.9"))),
            "external>external")
      << "in a domain that lists nothing everything is outside";
  EXPECT_TRUE(policy.judge(Union::talk(main_domain, "10.1.1.5", "10.1.2.9")).source_unlisted_private);
}

TEST(PolicyDomains, AnExceptionPermitsInItsOwnDomainsOnly) {
  for (const DomainSet domains : {in_a, static_cast<DomainSet>(in_a | in_b), in_main, in_b}) {
    Union both;
    both.place("lgwan", "10.1.0.0/17", main_domain);
    both.place("internet", "10.3.0.0/16", main_domain);
    both.city.options.segments.front()
        .prefixes.clear();  // town b's 10.1.1.5 would be of the My Number segment
    both.place("lgwan", "10.1.0.0/17", town_b);
    both.city.with(Union::exception(domains));
    const Policy policy = both.city.policy();
    for (const DomainId domain : {main_domain, town_a, town_b}) {
      const Verdict verdict = policy.judge(Union::talk(domain, "10.1.1.5", "10.3.0.9"));
      EXPECT_EQ(verdict.decision == Decision::permit, has_domain(domains, domain))
          << "domains " << domains << ", asked in " << int{domain} << " " << pair_text(policy, verdict);
    }
  }
}

TEST(PolicyDomains, AnEntryOfCardsAloneIsBoundAsWell) {
  Union both;
  ExceptionOptions by_card = Union::exception(in_a);
  by_card.source = {{}, {client_mac}};
  both.city.with(by_card);
  const Policy policy = both.city.policy();
  EXPECT_EQ(policy.judge(Union::talk(town_a, "10.1.1.5", "10.3.0.9")).decision, Decision::permit);
  const Verdict b = policy.judge(Union::talk(town_b, "10.1.200.5", "10.3.0.9"));
  EXPECT_EQ(pair_text(policy, b), "lgwan>internet");
  EXPECT_EQ(b.decision, Decision::forbid) << "the card is the same, the host is another";
  EXPECT_EQ(b.near_miss.mismatch, Mismatch::none) << "and the entry of the other town comes near to nothing";
  EXPECT_TRUE(policy.near_misses(Union::talk(town_b, "10.1.200.5", "10.3.0.9"), 5).empty());
  Conversation other_card = Union::talk(town_a, "10.1.1.5", "10.3.0.9");
  other_card.initiator_mac = {{2, 0, 0, 0, 0, 0x77}};
  EXPECT_EQ(policy.judge(other_card).near_miss.mismatch, Mismatch::source_mac) << "in its own it does";
}

TEST(PolicyDomains, TunnelsAndSystemsAreOfTheirDomains) {
  Union both;
  TunnelOptions tunnel;
  tunnel.id = "T";
  tunnel.a = {prefix("10.1.1.5/32")};
  tunnel.b = {prefix("10.3.0.9/32")};
  tunnel.domains = in_a;
  both.city.options.tunnels.push_back(tunnel);
  SystemOptions system;
  system.id = "Y";
  system.hosts = {prefix("10.1.1.5/32")};
  system.domains = in_b;
  both.city.options.systems.push_back(system);
  const Policy policy = both.city.policy();
  const auto carried = [&](DomainId domain) {
    Conversation asked = Union::talk(domain, "10.1.1.5", "10.3.0.9");
    asked.tunnel = capture::Tunnel::gre;
    return policy.judge(asked);
  };
  EXPECT_FALSE(carried(town_a).undeclared_tunnel);
  EXPECT_TRUE(carried(town_b).undeclared_tunnel);
  EXPECT_EQ(policy.systems().at(address("10.1.1.5").in(town_b), 6, 443), 0);
  EXPECT_EQ(policy.systems().at(address("10.1.1.5").in(town_a), 6, 443), -1);
}

TEST(PolicyDomains, OverlapsInsideOneAreMistakesWithBothPlaces) {
  Union both;
  both.place("internet", "10.1.64.0/24", town_a);
  try {
    const Policy policy{both.city.options, {}, {}, 1, Language::en};
    FAIL() << "10.1.64.0/24 is LGWAN's in town a";
  } catch (const PolicyError& error) {
    ASSERT_EQ(error.items().size(), 2U);
    EXPECT_EQ(error.items()[0].place.line, 12);
    EXPECT_EQ(error.items()[1].place.line, 17);
  }
}

TEST(PolicyDomains, ANextHopIsOneCardInAllOfThem) {
  Union both;
  both.city.segment("security-cloud").next_hop_macs = {other_mac};
  const Policy policy = both.city.policy();
  for (const DomainId domain : {town_a, town_b}) {
    Conversation out = Union::talk(domain, "10.3.0.9", "203.0.113.5");
    out.next_hop_mac = other_mac;
    EXPECT_EQ(pair_text(policy, policy.judge(out)), "internet>security-cloud");
  }
}

TEST(PolicyDomains, AreKnownByTheirNames) {
  const Policy policy = Union{}.city.policy();
  EXPECT_TRUE(policy.several_domains());
  EXPECT_EQ(policy.domains_count(), 3U);
  EXPECT_EQ(policy.domain_name(town_b), "town-b");
  EXPECT_EQ(policy.domain_index("town-a"), 1);
  EXPECT_EQ(policy.domain_index("town-c"), -1);
  const Policy alone = City{"alpha"}.policy();
  EXPECT_FALSE(alone.several_domains());
  EXPECT_EQ(alone.domain_name(main_domain), "main");
  EXPECT_EQ(alone.domain_index("main"), 0);
}

TEST(PolicyDomains, OneWithoutWiresIsWarnedOf) {
  Union both;
  both.city.options.domains[town_b].wired = false;
  both.city.options.domains[town_b].place = {"city.yaml", 4, 5};
  const Policy policy{both.city.options, {}, {}, 1, Language::en};
  std::vector<PolicyError::Item> told;
  for (const PolicyError::Item& warning : policy.warnings()) {
    if (warning.message.find("wires") != std::string::npos) told.push_back(warning);
  }
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].place.line, 4);
  EXPECT_EQ(told[0].message,
            "domain \"town-b\" has no wires: write taps, vlans or wires under capture.domains.town-b");
}

std::vector<std::string> remarks_of(const Policy& policy, std::string_view rule) {
  CheckOptions options;
  options.now = noon;
  options.manner.language = Language::en;
  std::vector<std::string> found;
  for (const Remark& remark : check(policy.compiled(), options)) {
    if (remark.rule == rule) found.push_back(remark.message);
  }
  return found;
}

TEST(CheckDomains, TellsOneInWhichNothingIsListed) {
  Union both;
  both.city.options.domains.push_back({"town-c", true, {"city.yaml", 6, 5}});
  EXPECT_EQ(remarks_of(both.city.policy(), "domain-empty").size(), 1U);
  both.place("internet", "10.3.0.0/16", 3);
  EXPECT_EQ(remarks_of(both.city.policy(), "domain-empty").size(), 0U);
}

TEST(CheckDomains, TellsAddressesThatAreAnothersInOneOfTheDomains) {
  Union both;
  GatewayOptions gateway;
  gateway.id = "G";
  gateway.from = "lgwan";
  gateway.to = "internet";
  gateway.clients.addresses = {prefix("10.1.1.0/24")};
  gateway.hosts.addresses = {prefix("10.3.0.9/32")};
  gateway.ports = {{6, 443, 443}};
  gateway.domains = in_a | in_b;
  both.city.with(gateway);
  const std::vector<std::string> told = remarks_of(both.city.policy(), "clients-outside");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_NE(told[0].find("10.1.1.0/24 (domain town-b)"), std::string::npos) << told[0];
  EXPECT_EQ(told[0].find("town-a"), std::string::npos) << told[0];
}

TEST(CheckDomains, TellsAWideNetworkOnce) {
  Union both;
  ExceptionOptions wide = Union::exception(in_a | in_b);
  wide.destination.addresses = {prefix("10.3.0.0/16")};
  wide.source.macs = {client_mac};
  both.city.with(wide);
  EXPECT_EQ(remarks_of(both.city.policy(), "wide-prefix").size(), 1U);
}

AssertionOptions never(std::string_view from, std::string_view to, DomainSet domains) {
  AssertionOptions assertion;
  assertion.text = "never";
  assertion.from.segments = {std::string{from}};
  assertion.to.segments = {std::string{to}};
  assertion.domains = domains;
  assertion.place = {"city.yaml", 95, 5};
  return assertion;
}

TEST(AssertDomains, HoldInTheDomainsOfWhichTheySpeak) {
  Union both;
  both.city.with(Union::exception(in_a));
  const auto broken = [&](DomainSet domains) {
    CompiledPolicy compiled = compile(both.city.options, {}, Language::en);
    compiled.options.assertions = {never("lgwan", "internet", domains)};
    return broken_assertions(compiled);
  };
  EXPECT_TRUE(broken(in_b).empty());
  ASSERT_EQ(broken(in_a).size(), 1U);
  EXPECT_EQ(broken(in_a)[0].example.initiator, address("10.1.1.5").in(town_a));
  ASSERT_EQ(broken(in_every_domain).size(), 1U);
  ASSERT_EQ(broken(in_main).size(), 1U);
  EXPECT_EQ(broken(in_main)[0].why, Broken::Why::nobody) << "nobody of these segments is there";

  both.city.options.assertions = {never("lgwan", "internet", in_every_domain)};
  try {
    const Policy policy{both.city.options, {}, {}, 1, Language::en};
    FAIL();
  } catch (const PolicyError& error) {
    EXPECT_NE(std::string{error.what()}.find("10.1.1.5 → 10.3.0.9 tcp/443"), std::string::npos)
        << error.what();
    EXPECT_NE(std::string{error.what()}.find("(domain town-a)"), std::string::npos) << error.what();
  }
}

TEST(DifferenceDomains, TellsWhereAnEntryCameToHold) {
  Union before;
  before.city.with(Union::exception(in_a));
  Union after;
  ExceptionOptions moved = Union::exception(in_a | in_b);
  moved.source.addresses.push_back(prefix("10.1.200.5/32"));
  after.city.with(moved);
  const Policy old_policy = before.city.policy();
  const Policy new_policy = after.city.policy();
  const Difference difference = compare({old_policy.compiled()}, {new_policy.compiled()});
  ASSERT_TRUE(difference.complete);
  EXPECT_EQ(difference.universe.domains(), (std::vector<std::string>{"main", "town-a", "town-b"}));
  std::size_t boxes = 0;
  for (const Change& change : difference.changes) {
    EXPECT_EQ(change.after.decision, Decision::permit);
    for (const Box& box : change.boxes) {
      ++boxes;
      EXPECT_TRUE(box[Side::domain] == RangeSet::of(town_b)) << "in town a nothing changes";
      EXPECT_TRUE(box[Side::source] == RangeSet::of(number_of(address("10.1.200.5"))))
          << "10.1.1.5 is of the My Number segment there, which takes none";
    }
  }
  EXPECT_GT(boxes, 0U);
}

}  // namespace
}  // namespace sekimori::policy
