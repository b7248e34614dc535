#include "policy/proof/assertion.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/policy/city.hpp"
#include "tests/policy/proof_kit.hpp"

namespace sekimori::policy {
namespace {

using Kind = AssertionOptions::Kind;

const std::uint32_t universes_tried = universes(2000);
constexpr unsigned conversations_each = 60;

AssertionOptions::Peers small_peers(Dice& dice) {
  AssertionOptions::Peers peers;
  if (dice.one_in(5)) peers.addresses.push_back(small_prefix(dice, small_family(dice)));
  if (peers.addresses.empty() && !dice.one_in(8)) peers.segments.push_back(dice.of(small_segments));
  return peers;
}

AssertionOptions small_assertion(Dice& dice, const PolicyOptions& options) {
  AssertionOptions assertion;
  assertion.kind = std::array{Kind::never, Kind::only_by, Kind::permitted}[dice.below(3)];
  assertion.from = small_peers(dice);
  assertion.to = small_peers(dice);
  assertion.both_ways = dice.one_in(6);
  if (dice.one_in(2)) assertion.ports = small_ports(dice);
  if (dice.one_in(2)) assertion.at = small_time(dice);
  if (options.domains.size() > 1 && dice.one_in(2))
    assertion.domains = small_domain_set(dice, options.domains.size());
  if (assertion.kind != Kind::only_by) return assertion;
  assertion.by_gateway = dice.one_in(3);
  assertion.by_service = dice.one_in(3);
  assertion.by_exception = dice.one_in(3);
  for (const ExceptionOptions& exception : options.exceptions) {
    if (dice.one_in(2)) assertion.ids.push_back(exception.id);
  }
  return assertion;
}

bool within(const AssertionOptions::Peers& peers, const std::string& segment, const IpAddress& address) {
  if (peers.segments.empty() && peers.addresses.empty()) return true;
  if (std::find(peers.segments.begin(), peers.segments.end(), segment) != peers.segments.end()) return true;
  return std::any_of(peers.addresses.begin(), peers.addresses.end(),
                     [&](const Prefix& prefix) { return prefix.contains(address.in(main_domain)); });
}

bool on(const std::vector<Ports>& list, const Conversation& c) {
  return list.empty() || std::any_of(list.begin(), list.end(), [&](const Ports& ports) {
           if (ports.protocol != 0 && ports.protocol != c.protocol) return false;
           if (ports.first == 0 && ports.last == 65535) return true;
           const bool has = c.protocol == 6 || c.protocol == 17 || c.protocol == 132;
           return has && c.ports_known && ports.first <= c.port && c.port <= ports.last;
         });
}

// Does the assertion speak of this conversation at all?
bool concerns(const AssertionOptions& assertion, const Policy& policy, const Verdict& verdict,
              const Conversation& c) {
  const std::string& from = policy.segments()[verdict.from].id;
  const std::string& to = policy.segments()[verdict.to].id;
  const bool there = within(assertion.from, from, c.initiator) && within(assertion.to, to, c.responder);
  const bool back = assertion.both_ways && within(assertion.to, from, c.initiator) &&
                    within(assertion.from, to, c.responder);
  if ((!there && !back) || !has_domain(assertion.domains, c.initiator.domain)) return false;
  if (!on(assertion.ports, c) || (assertion.at && c.time != *assertion.at)) return false;
  if (assertion.kind != Kind::permitted) return true;
  return c.ports_known && c.tunnel == capture::Tunnel::none && c.initiator_mac.is_zero() &&
         c.responder_mac.is_zero() && c.next_hop_mac.is_zero();
}

bool listed(const AssertionOptions& assertion, const Policy& policy, const Verdict& verdict) {
  if (verdict.basis == Basis::gateway) return assertion.by_gateway;
  if (verdict.basis == Basis::service) return assertion.by_service;
  if (verdict.basis == Basis::cell) return false;
  const std::string& id = policy.options().exceptions[verdict.basis_index].id;
  return assertion.by_exception ||
         std::find(assertion.ids.begin(), assertion.ids.end(), id) != assertion.ids.end();
}

// Is it broken by this one conversation, as far as judge() can tell? Where an unlisted line comes first a
// listed one may permit it all the same: that is no breach, and nothing is said.
bool breaks(const AssertionOptions& assertion, const Policy& policy, const Conversation& c) {
  const Verdict verdict = policy.judge(c);
  if (!concerns(assertion, policy, verdict, c)) return false;
  if (assertion.kind == Kind::permitted) return verdict.decision == Decision::forbid;
  if (verdict.decision == Decision::forbid) return false;
  if (assertion.kind == Kind::never) return true;
  if (listed(assertion, policy, verdict)) return false;
  return verdict.basis == Basis::cell || policy.options().exceptions.empty();
}

TEST(Assertion, HoldsExactlyWhenNoConversationBreaksIt) {
  const std::uint32_t begin = first_seed(3'000'001);
  unsigned broken_seen = 0;
  unsigned held_seen = 0;
  for (std::uint32_t seed = begin; seed < begin + universes_tried; ++seed) {
    SCOPED_TRACE("SEKIMORI_SEED=" + std::to_string(seed));
    Dice dice{seed};
    const PolicyOptions options = small_options(dice);
    const Policy policy{options};
    CompiledPolicy compiled = compile(options, {}, Language::en);
    compiled.options.assertions = {small_assertion(dice, options)};
    const AssertionOptions& assertion = compiled.options.assertions[0];
    const std::vector<Broken> broken = broken_assertions(compiled);
    if (!broken.empty() && broken[0].why == Broken::Why::nobody) continue;
    if (!broken.empty()) {
      ++broken_seen;
      const Conversation& example = broken[0].example;
      const Verdict verdict = policy.judge(example);
      const bool forbidden = broken[0].why == Broken::Why::forbidden;
      ASSERT_EQ(verdict.decision, forbidden ? Decision::forbid : Decision::permit) << told(example);
      ASSERT_EQ(verdict.from, broken[0].from) << told(example);
      ASSERT_EQ(verdict.to, broken[0].to) << told(example);
      if (assertion.kind == Kind::only_by) {
        ASSERT_FALSE(listed(assertion, policy, verdict)) << told(example);
      }
      continue;
    }
    ++held_seen;
    for (unsigned k = 0; k < conversations_each; ++k) {
      Conversation conversation = small_conversation(dice, policy.domains_count());
      if (dice.one_in(2)) conversation.initiator_mac = conversation.responder_mac = {};
      if (dice.one_in(2)) conversation.next_hop_mac = {};
      if (assertion.at) conversation.time = *assertion.at;
      ASSERT_FALSE(breaks(assertion, policy, conversation)) << told(conversation);
    }
  }
  EXPECT_GT(broken_seen, universes_tried / 5);
  EXPECT_GT(held_seen, universes_tried / 10);
}

AssertionOptions never(const std::string& from, const std::string& to) {
  AssertionOptions assertion;
  assertion.text = from + " never reaches " + to;
  assertion.from.segments = {from};
  assertion.to.segments = {to};
  assertion.place = {"city.yaml", 40, 5};
  return assertion;
}

std::string mistakes_of(const PolicyOptions& options) {
  try {
    const Policy policy{options, {}, {}, 1, Language::en};
    return "";
  } catch (const PolicyError& error) {
    return error.what();
  }
}

TEST(Assertion, OfTheModelHolds) {
  City city{"alpha"};
  for (const char* to : {"external", "internet", "security-cloud"})
    city.options.assertions.push_back(never("mynumber", to));
  city.with(city.exception("mynumber", "external"));  // has no effect on a cell that takes none
  EXPECT_EQ(mistakes_of(city.options), "");
}

TEST(Assertion, ThatAnExceptionBreaksRefusesThePolicyAndSaysWhichOne) {
  City city{"alpha"};
  city.options.assertions.push_back(never("mynumber", "lgwan"));
  EXPECT_EQ(mistakes_of(city.options), "");
  ExceptionOptions exception = city.exception("mynumber", "lgwan");
  exception.id = "EX-77";
  exception.place = {"city.yaml", 20, 3};
  city.with(exception);
  const std::string told = mistakes_of(city.options);
  EXPECT_NE(told.find("city.yaml:40:5: "), std::string::npos) << told;
  EXPECT_NE(told.find("\"mynumber never reaches lgwan\" does not hold"), std::string::npos) << told;
  EXPECT_NE(told.find("exception \"EX-77\" (city.yaml:20:3)"), std::string::npos) << told;
  EXPECT_NE(told.find(city.host("lgwan", 9).to_string() + " tcp/443"), std::string::npos) << told;
  // Before and after its time it holds.
  city.options.assertions[0].at = exception.until;
  EXPECT_EQ(mistakes_of(city.options), "");
}

TEST(Assertion, OnlyByNamesWhatMayPermit) {
  City city{"alpha"};
  city.with(city.gateway("lgwan", "internet"));
  AssertionOptions assertion = never("lgwan", "internet");
  assertion.kind = Kind::only_by;
  assertion.by_gateway = true;
  city.options.assertions = {assertion};
  EXPECT_EQ(mistakes_of(city.options), "");
  ExceptionOptions exception = city.exception("lgwan", "internet");
  exception.id = "EX-1";
  exception.ports = {{6, 8530, 8530}};
  city.with(exception);
  EXPECT_NE(mistakes_of(city.options), "");
  city.options.assertions[0].ids = {"EX-1"};
  EXPECT_EQ(mistakes_of(city.options), "");
  city.options.assertions[0].ids = {"EX-2"};
  EXPECT_NE(mistakes_of(city.options).find("\"EX-2\""), std::string::npos);
}

TEST(Assertion, PermittedAsksForEveryAddress) {
  City city{"alpha"};
  AssertionOptions assertion = never("lgwan", "lgwan-net");
  assertion.kind = Kind::permitted;
  city.options.assertions = {assertion};
  EXPECT_EQ(mistakes_of(city.options), "");
  city.with_switch("lgwan_services");  // only named services from now on
  EXPECT_NE(mistakes_of(city.options).find("is forbidden"), std::string::npos) << mistakes_of(city.options);
}

TEST(Assertion, AboutNobodyIsAWarningNotAProof) {
  City city{"alpha"};
  AssertionOptions assertion = never("mynumber", "external");
  assertion.to.segments.clear();
  assertion.to.addresses = {prefix("224.0.0.0/4")};  // never leaves a wire
  city.options.assertions = {assertion};
  const Policy policy{city.options, {}, {}, 1, Language::en};
  ASSERT_EQ(policy.warnings().size(), 1U);
  EXPECT_NE(policy.warnings()[0].message.find("says nothing"), std::string::npos);
}

// A name is seen on the wire, not in an address: that it may permit is enough to refuse the proof.
TEST(Assertion, IsNotProvedWhereANameCouldBreakIt) {
  City city{"alpha-prime"};
  ServiceOptions service = city.service("lgwan", "named-cloud");
  service.id = "SV-N";
  service.names = {"*.cloud.example.jp"};
  service.hosts.addresses.clear();
  service.place = {"city.yaml", 30, 5};
  city.with(service);
  city.options.assertions = {never("lgwan", "named-cloud")};
  const std::string told = mistakes_of(city.options);
  EXPECT_NE(told.find("is not proved"), std::string::npos) << told;
  EXPECT_NE(told.find("*.cloud.example.jp"), std::string::npos) << told;
  EXPECT_NE(told.find("SV-N"), std::string::npos) << told;

  // By address: an unlisted one may turn out to have the name; one of another segment cannot.
  AssertionOptions addressed = never("lgwan", "named-cloud");
  addressed.to.segments.clear();
  addressed.to.addresses = {prefix("192.0.2.0/24")};
  city.options.assertions = {addressed};
  EXPECT_NE(mistakes_of(city.options).find("is not proved"), std::string::npos);
  city.options.assertions[0].to.addresses = {Prefix{city.host("internet", 9), 32}};
  EXPECT_EQ(mistakes_of(city.options), "");

  // From elsewhere, on another port, or by this service: nothing that the name could break.
  city.options.assertions = {never("mynumber", "named-cloud"), never("lgwan", "external")};
  EXPECT_EQ(mistakes_of(city.options), "") << "by its name it is a named cloud, not external";
  AssertionOptions elsewhere = never("lgwan", "named-cloud");
  elsewhere.ports = {{6, 8443, 8443}};
  AssertionOptions listed_one = never("lgwan", "named-cloud");
  listed_one.kind = Kind::only_by;
  listed_one.ids = {"SV-N"};
  city.options.assertions = {elsewhere, listed_one};
  EXPECT_EQ(mistakes_of(city.options), "");
  city.options.services[0].draft = true;
  city.options.assertions = {never("lgwan", "named-cloud")};
  EXPECT_EQ(mistakes_of(city.options), "") << "a draft permits nothing yet";
}

TEST(Assertion, ADraftBreaksNothingYet) {
  City city{"alpha"};
  city.options.assertions.push_back(never("mynumber", "lgwan"));
  ExceptionOptions exception = city.exception("mynumber", "lgwan");
  exception.draft = true;
  city.with(exception);
  EXPECT_EQ(mistakes_of(city.options), "");
  const Policy policy{city.options};
  const Verdict verdict = policy.judge(city.talk("mynumber", "lgwan"));
  EXPECT_EQ(verdict.decision, Decision::forbid);
  EXPECT_TRUE(verdict.draft_differs);
  EXPECT_EQ(verdict.draft_basis, Basis::exception);
  EXPECT_FALSE(policy.judge(city.talk("lgwan", "mynumber")).draft_differs);
}

}  // namespace
}  // namespace sekimori::policy
