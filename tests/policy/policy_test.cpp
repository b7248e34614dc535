#include "policy/policy.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/policy/city.hpp"

namespace sekimori::policy {
namespace {

using capture::Stage;

// ---- whose address is it
// ----------------------------------------------------------------------------------------

TEST(Policy, TakesUnlistedAddressesForExternalAndMarksPrivateOnes) {
  const City city{"alpha"};
  const Policy policy = city.policy();
  Conversation talk = city.talk("NET", "EXT");
  EXPECT_EQ(policy.judge(talk).to, policy.external());
  EXPECT_FALSE(policy.judge(talk).destination_unlisted_private);
  for (const char* unlisted : {"192.168.137.1", "172.20.10.2", "100.64.3.4"}) {
    talk.responder = address(unlisted);
    const Verdict verdict = policy.judge(talk);
    EXPECT_EQ(verdict.to, policy.external());
    EXPECT_TRUE(verdict.destination_unlisted_private) << unlisted;
    EXPECT_FALSE(verdict.source_unlisted_private);
  }
  talk.initiator = address("fd00::1");
  talk.responder = city.host6("LG", 9);
  EXPECT_TRUE(policy.judge(talk).source_unlisted_private);
  EXPECT_EQ(policy.judge(talk).from, policy.external());
}

TEST(Policy, ForbidsAPairThatTheProfileDoesNotKnow) {
  const City city{"alpha"};
  const Verdict verdict = city.policy().judge(city.talk("EXT", "EXT"));
  EXPECT_EQ(verdict.decision, Decision::forbid);
  EXPECT_EQ(verdict.cell, Cell::absent);
  EXPECT_EQ(verdict.reasons_count, 0U);
}

TEST(Policy, NamesTheOfficeOfAnAddressByTheLongestNamedPrefix) {
  City city{"alpha"};
  city.segment("mynumber").prefixes.push_back({prefix("10.1.22.0/24"), "税務課", {}});
  city.segment("mynumber").prefixes.push_back({prefix("10.1.22.8/32"), "", {}});
  const Policy policy = city.policy();
  EXPECT_EQ(policy.prefix_name(address("10.1.22.9")), "税務課");
  EXPECT_EQ(policy.prefix_name(address("10.1.22.8")), "税務課");  // its own entry has no name
  EXPECT_EQ(policy.prefix_name(address("10.1.23.9")), "");
  EXPECT_EQ(policy.prefix_name(address("203.0.113.9")), "");
  int index = -1;
  EXPECT_EQ(policy.classify(address("10.1.22.9"), &index), city.id("MN"));
  ASSERT_GE(index, 0);
  EXPECT_EQ(policy.prefixes()[static_cast<std::size_t>(index)].prefix, prefix("10.1.22.0/24"));
  policy.classify(address("203.0.113.9"), &index);
  EXPECT_EQ(index, -1);
}

TEST(Policy, FindsSegmentsByIdAndByCode) {
  const City city{"two-tier"};
  const Policy policy = city.policy();
  EXPECT_EQ(policy.segment_index("mynumber"), policy.segment_index("MN"));
  EXPECT_EQ(policy.segment_index("internet"), 1);
  EXPECT_EQ(policy.segment_index("lgwan"), -1);
}

// ---- the path says where an external address is
// -----------------------------------------------------------------

TEST(Policy, TakesAPublicDestinationBehindTheSecurityCloudsNextHopForTheSecurityCloud) {
  City city{"alpha"};
  const MacAddress cloud = mac("02:5c:00:00:00:01");
  city.segment("security-cloud").next_hop_macs = {cloud};
  const Policy policy = city.policy();

  Conversation out = city.talk("NET", "EXT");
  EXPECT_EQ(policy.judge(out).decision, Decision::forbid);
  EXPECT_EQ(policy.judge(out).cell, Cell::forbid);
  out.next_hop_mac = other_mac;
  EXPECT_EQ(policy.judge(out).decision, Decision::forbid) << "another router is a bypass";
  out.next_hop_mac = cloud;
  const Verdict through = policy.judge(out);
  EXPECT_EQ(through.decision, Decision::permit);
  EXPECT_EQ(through.to, city.id("SC"));
  EXPECT_TRUE(through.via_next_hop);

  Conversation in = city.talk("EXT", "NET");
  EXPECT_EQ(policy.judge(in).cell, Cell::forbid_always);
  in.initiator_mac = cloud;
  EXPECT_EQ(policy.judge(in).from, city.id("SC"));
  EXPECT_EQ(policy.judge(in).cell, Cell::service);
}

TEST(Policy, DoesNotLetANextHopMoveAListedAddress) {
  City city{"alpha"};
  const MacAddress gateway = mac("02:16:00:00:00:01");
  city.segment("lgwan-net").next_hop_macs = {gateway};
  const Policy policy = city.policy();
  Conversation talk = city.talk("LG", "MN");
  talk.next_hop_mac = gateway;
  talk.initiator_mac = gateway;
  EXPECT_EQ(policy.judge(talk).from, city.id("LG"));
  EXPECT_EQ(policy.judge(talk).to, city.id("MN"));
  EXPECT_FALSE(policy.judge(talk).via_next_hop);
  talk.responder = address("10.200.0.1");  // unlisted private, beyond the LGWAN gateway
  EXPECT_EQ(policy.judge(talk).to, city.id("LGN"));
  EXPECT_FALSE(policy.judge(talk).destination_unlisted_private);
}

// ---- what cannot leave its wire
// ---------------------------------------------------------------------------------

TEST(Policy, CountsMulticastBroadcastAndLinkLocalInsideTheOtherSidesSegment) {
  const City city{"alpha"};
  const Policy policy = city.policy();
  const auto judged = [&](const IpAddress& from, const char* to) {
    Conversation talk;
    talk.initiator = from;
    talk.responder = address(to);
    talk.protocol = 17;
    talk.port = 5355;
    talk.time = noon;
    return policy.judge(talk);
  };
  for (const std::string segment : {"MN", "JUKI", "SC"}) {  // the cell of the last two with themselves is "-"
    for (const char* group : {"224.0.0.252", "239.255.255.250", "255.255.255.255", "169.254.3.4"}) {
      const Verdict verdict = judged(city.host(segment, 4), group);
      EXPECT_EQ(verdict.decision, Decision::permit) << segment << group;
      EXPECT_TRUE(verdict.link_scope);
      EXPECT_EQ(verdict.from, city.id(segment));
      EXPECT_EQ(verdict.to, city.id(segment));
    }
    EXPECT_EQ(judged(city.host6(segment, 4), "ff02::1:3").to, city.id(segment));
    EXPECT_EQ(judged(city.host6(segment, 4), "fe80::1").to, city.id(segment));
    EXPECT_EQ(judged(address("fe80::1"), city.host6(segment, 4).to_string().c_str()).from, city.id(segment));
  }
  EXPECT_EQ(judged(address("192.168.42.9"), "239.255.255.250").decision, Decision::permit);
  EXPECT_TRUE(judged(address("192.168.42.9"), "239.255.255.250").source_unlisted_private);
}

TEST(Policy, AsksTheWireWhereBothSidesAreWithoutAPlace) {
  City city{"alpha"};
  city.segment("lgwan").vlans = {210, 221};
  city.segment("mynumber").taps = {"mn-core"};
  const Policy policy = city.policy({"net-core", "mn-core"});
  Conversation dhcp;
  dhcp.initiator = address("0.0.0.0");
  dhcp.responder = address("255.255.255.255");
  dhcp.protocol = 17;
  dhcp.port = 67;
  EXPECT_EQ(policy.judge(dhcp).to, policy.external());
  EXPECT_EQ(policy.judge(dhcp).decision, Decision::permit);
  dhcp.vlan = 221;
  EXPECT_EQ(policy.judge(dhcp).from, city.id("LG"));
  EXPECT_EQ(policy.judge(dhcp).to, city.id("LG"));
  dhcp.vlan = 0;
  dhcp.tap = 1;
  EXPECT_EQ(policy.judge(dhcp).from, city.id("MN"));
  Conversation discovery;
  discovery.initiator = address("fe80::2");
  discovery.responder = address("ff02::1:ff00:9");
  discovery.protocol = 58;
  discovery.tap = 1;
  EXPECT_EQ(policy.judge(discovery).to, city.id("MN"));
  EXPECT_TRUE(policy.judge(discovery).claims_agree);
}

TEST(Policy, JudgesADirectedBroadcastByItsNetwork) {
  const City city{"alpha"};
  Conversation talk = city.talk("NET", "MN");
  talk.responder = address("10.1.255.255");
  const Verdict verdict = city.policy().judge(talk);
  EXPECT_EQ(verdict.to, city.id("MN"));
  EXPECT_EQ(verdict.decision, Decision::forbid);
}

// ---- claims
// -----------------------------------------------------------------------------------------------------

TEST(Policy, SeesFramesOnAWireThatBelongsToNeitherSide) {
  City city{"alpha"};
  city.segment("mynumber").vlans = {110};
  city.segment("lgwan").vlans = {210, 299};
  city.segment("internet").vlans = {310, 299};
  city.segment("internet").taps = {"net-core"};
  const Policy policy = city.policy({"net-core", "spare"});
  Conversation talk = city.talk("LG", "NET");
  talk.tap = 1;
  EXPECT_TRUE(policy.judge(talk).claims_agree);  // untagged: nobody claims it
  for (const std::uint16_t vlan :
       {std::uint16_t{210}, std::uint16_t{310}, std::uint16_t{299}, std::uint16_t{400}}) {
    talk.vlan = vlan;
    EXPECT_TRUE(policy.judge(talk).claims_agree) << vlan;
  }
  talk.vlan = 110;
  EXPECT_FALSE(policy.judge(talk).claims_agree);
  talk = city.talk("LG", "LG");
  EXPECT_FALSE(policy.judge(talk).claims_agree) << "the tap is the Internet segment's";
  talk.tap = 1;
  EXPECT_TRUE(policy.judge(talk).claims_agree);
  talk.responder = address("224.0.0.251");
  talk.vlan = 110;
  EXPECT_FALSE(policy.judge(talk).claims_agree) << "another segment's broadcast on the My Number wire";
}

// ---- entries
// ----------------------------------------------------------------------------------------------------

TEST(Policy, LetsTheMailRelayItselfOpenTheConversation) {
  City city{"alpha"};
  GatewayOptions relay = city.gateway("NET", "LG");
  relay.kind = GatewayKind::mail_text;
  relay.clients.addresses = {prefix("10.3.241.12")};
  relay.hosts.addresses = {};
  relay.ports = {{6, 25, 25}};
  city.with(relay);
  const Policy policy = city.policy();
  Conversation mail = city.talk("NET", "LG");
  mail.port = 25;
  EXPECT_EQ(policy.judge(mail).decision, Decision::forbid);
  EXPECT_EQ(policy.judge(mail).near_miss.mismatch, Mismatch::source_address);
  mail.initiator = address("10.3.241.12");
  EXPECT_EQ(policy.judge(mail).basis, Basis::gateway);
}

TEST(Policy, KeepsPortListsFromProtocolsWithoutPorts) {
  City city{"alpha"};
  ExceptionOptions https = city.exception("LG", "GC");
  city.with(https);
  Conversation ping = city.talk("LG", "GC");
  ping.protocol = 1;
  ping.port = 443;  // whatever is in the field
  EXPECT_EQ(city.policy().judge(ping).near_miss.mismatch, Mismatch::protocol);
  city.options.exceptions[0].ports = {{0, 443, 443}};
  EXPECT_EQ(city.policy().judge(ping).decision, Decision::forbid);
  city.options.exceptions[0].ports = {{1, 0, 65535}};
  EXPECT_EQ(city.policy().judge(ping).decision, Decision::permit);
  city.options.exceptions[0].ports = {};
  EXPECT_EQ(city.policy().judge(ping).decision, Decision::permit);
}

TEST(Policy, DoesNotGuessThePortsOfAStrayFragment) {
  City city{"alpha"};
  city.with(city.exception("LG", "GC"));
  Conversation stray = city.talk("LG", "GC");
  stray.ports_known = false;
  const Verdict verdict = city.policy().judge(stray);
  EXPECT_EQ(verdict.decision, Decision::forbid);
  EXPECT_EQ(verdict.near_miss.mismatch, Mismatch::port);
  city.options.exceptions[0].ports = {{6, 0, 65535}};
  EXPECT_EQ(city.policy().judge(stray).decision, Decision::permit);
}

TEST(Policy, SaysWhenARouterHidesTheMac) {
  City city{"alpha"};
  const MacAddress router = mac("02:aa:00:00:00:01");
  city.segment("security-cloud").next_hop_macs = {router};
  city.with(city.exception("LG", "GC"));
  const Policy policy = city.policy();
  Conversation talk = city.talk("LG", "GC");
  EXPECT_TRUE(policy.judge(talk).mac_verified);
  talk.initiator_mac = router;
  EXPECT_EQ(policy.judge(talk).decision, Decision::permit);
  EXPECT_FALSE(policy.judge(talk).mac_verified);
  talk.initiator_mac = {};
  EXPECT_EQ(policy.judge(talk).decision, Decision::permit);
  EXPECT_FALSE(policy.judge(talk).mac_verified);
  talk.initiator_mac = other_mac;
  EXPECT_EQ(policy.judge(talk).near_miss.mismatch, Mismatch::source_mac);
}

TEST(Policy, DoesNotLetEverybodyBehindARouterUseAnExceptionForOneMac) {
  City city{"alpha"};
  const MacAddress router = mac("02:aa:00:00:00:01");
  city.segment("lgwan-net").next_hop_macs = {router};
  ExceptionOptions by_mac = city.exception("LG", "SC");
  by_mac.source.addresses = {};
  city.with(by_mac);
  const Policy policy = city.policy();
  Conversation talk = city.talk("LG", "SC");
  EXPECT_EQ(policy.judge(talk).decision, Decision::permit);
  talk.initiator_mac = router;
  EXPECT_EQ(policy.judge(talk).decision, Decision::forbid);
  EXPECT_EQ(policy.judge(talk).near_miss.mismatch, Mismatch::source_mac);
}

TEST(Policy, UsesTheFirstOfSeveralExceptionsThatFit) {
  City city{"alpha"};
  ExceptionOptions expired = city.exception("LG", "GC");
  expired.until = noon;
  city.with(expired);
  ExceptionOptions wide = city.exception("LG", "GC");
  wide.source.addresses = {prefix("10.2.0.0/16")};
  city.with(wide);
  city.with(city.exception("LG", "GC"));
  const Verdict verdict = city.policy().judge(city.talk("LG", "GC"));
  EXPECT_EQ(verdict.basis, Basis::exception);
  EXPECT_EQ(verdict.basis_index, 1U);
}

TEST(Policy, NamesTheNearestOfSeveralMisses) {
  City city{"alpha"};
  ExceptionOptions other_server = city.exception("LG", "GC");
  other_server.destination.addresses = {prefix("10.8.0.77")};
  ExceptionOptions other_port = city.exception("LG", "GC");
  other_port.ports = {{6, 1521, 1521}};
  other_port.id = "EX-2";
  ExceptionOptions expired = city.exception("LG", "GC");
  expired.id = "EX-3";
  expired.until = noon;
  city.with(other_server);
  EXPECT_EQ(city.policy().judge(city.talk("LG", "GC")).near_miss.mismatch, Mismatch::destination_address);
  city.with(other_port);
  EXPECT_EQ(city.policy().judge(city.talk("LG", "GC")).near_miss.mismatch, Mismatch::port);
  EXPECT_EQ(city.policy().judge(city.talk("LG", "GC")).near_miss.index, 1U);
  city.with(expired);
  EXPECT_EQ(city.policy().judge(city.talk("LG", "GC")).near_miss.mismatch, Mismatch::expired);
  EXPECT_EQ(city.policy().judge(city.talk("LG", "GC")).near_miss.index, 2U);
}

TEST(Policy, CallsNothingNearThatSharesNothing) {
  City city{"alpha"};
  ExceptionOptions elsewhere = city.exception("LG", "GC");
  elsewhere.source.addresses = {prefix("10.2.0.50")};
  elsewhere.destination.addresses = {prefix("10.8.0.50")};
  city.with(elsewhere);
  EXPECT_EQ(city.policy().judge(city.talk("LG", "GC")).near_miss.mismatch, Mismatch::none);
}

TEST(Policy, SeesScreenTransferOpenedFromTheWrongEnd) {
  City city{"alpha"};
  GatewayOptions screens = city.gateway("LG", "NET");
  screens.clients.addresses = {prefix("10.2.0.0/16")};
  screens.hosts.addresses = {prefix("10.3.40.0/23")};
  screens.ports = {{6, 3389, 3389}};
  city.with(screens);
  Conversation wrong;
  wrong.initiator = address("10.3.40.11");
  wrong.responder = address("10.2.21.5");
  wrong.initiator_port = 50123;
  wrong.port = 3389;
  wrong.protocol = 6;
  wrong.time = noon;
  const Verdict verdict = city.policy().judge(wrong);
  EXPECT_EQ(verdict.decision, Decision::forbid);
  EXPECT_EQ(verdict.near_miss.mismatch, Mismatch::direction);
  EXPECT_EQ(verdict.near_miss.kind, Basis::gateway);
}

TEST(Policy, JudgesTheSameWithManyEntriesAsWithFew) {
  City city{"alpha"};
  ExceptionOptions wanted = city.exception("LG", "GC");
  for (unsigned i = 0; i < 20000; ++i) {
    ExceptionOptions one = city.exception("LG", "GC");
    const std::string host = std::to_string(100 + i / 250) + "." + std::to_string(i % 250);
    one.source.addresses = {prefix("10.2." + host)};
    one.destination.addresses = {prefix("10.8." + host)};
    if (i == 9000) city.with(wanted);
    city.with(std::move(one));
  }
  for (std::size_t i = 0; i < city.options.exceptions.size(); ++i)
    city.options.exceptions[i].id = std::to_string(i);
  const Policy policy = city.policy();
  EXPECT_EQ(policy.judge(city.talk("LG", "GC")).basis_index, 9000U);
  Conversation talk = city.talk("LG", "GC");
  talk.initiator = address("10.2.179.249");
  talk.responder = address("10.8.179.249");
  EXPECT_EQ(policy.judge(talk).basis_index, 20000U);
  talk.responder = address("10.8.179.248");
  EXPECT_EQ(policy.judge(talk).decision, Decision::forbid);
  talk.port = 444;
  talk.responder = address("10.8.179.249");
  EXPECT_EQ(policy.judge(talk).near_miss.mismatch, Mismatch::port);
}

TEST(Policy, FindsEntriesWithLongAddressLists) {
  City city{"alpha"};
  ServiceOptions service = city.service("MN", "LGN");
  service.clients.addresses.clear();
  service.hosts.addresses.clear();
  for (unsigned i = 0; i < 300; ++i) {  // 300 x 300 combinations: too many to file each
    const std::string host = std::to_string(i / 200) + "." + std::to_string(i % 200 + 1);
    service.clients.addresses.push_back(prefix("10.1." + host));
    service.hosts.addresses.push_back(prefix("10.4." + host));
  }
  city.with(service);
  const Policy policy = city.policy();
  Conversation talk = city.talk("MN", "LGN");
  talk.initiator = address("10.1.1.100");
  talk.responder = address("10.4.0.200");
  EXPECT_EQ(policy.judge(talk).basis, Basis::service);
  talk.responder = address("10.4.1.101");
  EXPECT_EQ(policy.judge(talk).decision, Decision::forbid);
  EXPECT_EQ(policy.judge(talk).near_miss.mismatch, Mismatch::destination_address);
  talk.responder = address("10.4.0.200");
  talk.initiator = address("10.1.1.101");
  EXPECT_EQ(policy.judge(talk).near_miss.mismatch, Mismatch::source_address);
}

// ---- ports, time, severity
// --------------------------------------------------------------------------------------

TEST(Policy, KnowsThePortsThatItsEntriesName) {
  City city{"alpha"};
  GatewayOptions gateway = city.gateway("LG", "NET");
  gateway.ports = {{6, 3389, 3389}, {17, 16500, 16509}};
  city.with(gateway);
  ExceptionOptions any = city.exception("LG", "GC");
  any.ports = {{0, 1521, 1521}, {6, 0, 65535}};
  city.with(any);
  const Policy policy = city.policy();
  EXPECT_TRUE(policy.service_port(6, 3389));
  EXPECT_FALSE(policy.service_port(17, 3389));
  EXPECT_TRUE(policy.service_port(17, 16500));
  EXPECT_TRUE(policy.service_port(17, 16509));
  EXPECT_FALSE(policy.service_port(17, 16510));
  EXPECT_TRUE(policy.service_port(6, 1521));
  EXPECT_TRUE(policy.service_port(17, 1521));
  EXPECT_FALSE(policy.service_port(6, 40000)) << "a range over all ports names none";
  EXPECT_FALSE(policy.service_port(1, 1521));
}

TEST(Policy, CutsTimeWhereExceptionsBeginAndEnd) {
  City city{"alpha"};
  const Policy without = city.policy();
  EXPECT_EQ(without.epoch(noon).begin, Time::min());
  EXPECT_EQ(without.epoch(noon).end, Time::max());
  ExceptionOptions first = city.exception("LG", "GC");
  first.from = noon;
  first.until = noon + 2 * day;
  city.with(first);
  ExceptionOptions second = city.exception("LG", "GC");
  second.from = noon + day;
  second.until = noon + 2 * day;
  city.with(second);
  const Policy policy = city.policy();
  const std::vector<Time> borders{noon, noon + day, noon + 2 * day};
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(policy.epoch(borders[i] - Duration{1}).index, i);
    EXPECT_EQ(policy.epoch(borders[i] - Duration{1}).end, borders[i]);
    EXPECT_EQ(policy.epoch(borders[i]).index, i + 1);
    EXPECT_EQ(policy.epoch(borders[i]).begin, borders[i]);
  }
  EXPECT_EQ(policy.epoch(noon - day).begin, Time::min());
  EXPECT_EQ(policy.epoch(noon + 3 * day).end, Time::max());
  Conversation talk = city.talk("LG", "GC");
  talk.time = noon - Duration{1};
  EXPECT_EQ(policy.judge(talk).near_miss.mismatch, Mismatch::not_yet);
  talk.time = noon;
  EXPECT_EQ(policy.judge(talk).decision, Decision::permit);
  talk.time = noon + 2 * day - Duration{1};
  EXPECT_EQ(policy.judge(talk).decision, Decision::permit);
  talk.time = noon + 2 * day;
  EXPECT_EQ(policy.judge(talk).near_miss.mismatch, Mismatch::expired);
}

TEST(Policy, RatesTheOpenWorldAndMyNumberHighest) {
  City city{"alpha"};
  ExceptionOptions expired = city.exception("LG", "GC");
  expired.until = noon;
  city.with(expired);
  city.with(city.exception("SC", "LG"));
  const Policy policy = city.policy();
  struct Rated {
    const char* from;
    const char* to;
    Stage stage;
    Severity expected;
  };
  for (const Rated& one : {
           Rated{"EXT", "MN", Stage::data, Severity::alert},
           Rated{"EXT", "MN", Stage::established, Severity::alert},
           Rated{"MN", "EXT", Stage::answered, Severity::alert},
           Rated{"NET", "MN", Stage::data, Severity::alert},
           Rated{"MN", "NET", Stage::established, Severity::alert},
           Rated{"LG", "MN", Stage::data, Severity::critical},
           Rated{"MN", "LG", Stage::answered, Severity::critical},
           Rated{"OOS", "MN", Stage::data, Severity::critical},
           Rated{"LG", "EXT", Stage::data, Severity::error},
           Rated{"NET", "LG", Stage::established, Severity::error},
           Rated{"NET", "EXT", Stage::answered, Severity::error},
           Rated{"EXT", "MN", Stage::attempt, Severity::warning},
           Rated{"EXT", "MN", Stage::refused, Severity::warning},
           Rated{"LG", "EXT", Stage::attempt, Severity::warning},
           Rated{"LG", "GC", Stage::data, Severity::warning},  // expired exception
           Rated{"SC", "LG", Stage::data, Severity::notice},   // use of an exception
           Rated{"LG", "LG", Stage::data, Severity::info},
       }) {
    const Verdict verdict = policy.judge(city.talk(one.from, one.to));
    EXPECT_EQ(severity(policy, verdict, one.stage), one.expected) << one.from << "->" << one.to;
  }
}

TEST(Policy, OrientsAConversationByTheFlowsInitiator) {
  capture::FlowFacts facts;
  facts.tuple = {address("10.1.0.1"), address("10.2.0.9"), 50000, 443, 6};
  facts.end = noon;
  facts.start = noon - day;
  facts.initiator_mac = client_mac;
  facts.responder_mac = server_mac;
  facts.next_hop_mac = other_mac;
  facts.vlans = {100, 221};
  facts.vlan_count = 2;
  facts.tap = 3;
  const Conversation talk = conversation_of(facts);
  EXPECT_EQ(talk.initiator, address("10.1.0.1"));
  EXPECT_EQ(talk.responder, address("10.2.0.9"));
  EXPECT_EQ(talk.initiator_port, 50000);
  EXPECT_EQ(talk.port, 443);
  EXPECT_EQ(talk.time, noon);
  EXPECT_EQ(talk.initiator_mac, client_mac);
  EXPECT_EQ(talk.responder_mac, server_mac);
  EXPECT_EQ(talk.next_hop_mac, other_mac);
  EXPECT_EQ(talk.vlan, 221);
  EXPECT_EQ(talk.tap, 3);
  facts.vlan_count = 1;
  EXPECT_EQ(conversation_of(facts).vlan, 100);
  facts.vlan_count = 0;
  facts.tuple.protocol = 1;
  facts.tuple.source_port = 8;
  EXPECT_EQ(conversation_of(facts).vlan, 0);
  EXPECT_EQ(conversation_of(facts).port, 0);
  EXPECT_EQ(conversation_of(facts).initiator_port, 0);
}

TEST(Policy, CarriesItsOptionsDigestAndGeneration) {
  const City city{"two-tier"};
  Policy policy{city.options, {}, "abc123", 7};
  EXPECT_EQ(policy.sha256(), "abc123");
  EXPECT_EQ(policy.generation(), 7U);
  const Policy moved = std::move(policy);
  EXPECT_EQ(moved.options().profile.id, "two-tier");
  EXPECT_EQ(moved.judge(city.talk("MN", "NET")).decision, Decision::forbid);
}

TEST(Policy, WarnsOfExceptionsThatCannotHaveEffect) {
  City city{"alpha"};
  city.with(city.exception("LG", "GC")).with(city.exception("MN", "EXT")).with(city.exception("LG", "LG"));
  const Policy policy = city.policy();
  ASSERT_EQ(policy.warnings().size(), 2U);
  EXPECT_NE(policy.warnings()[0].message.find("EX-2"), std::string::npos);
  EXPECT_NE(policy.warnings()[0].message.find("mynumber→external"), std::string::npos);
  EXPECT_NE(policy.warnings()[1].message.find("EX-3"), std::string::npos);
}

}  // namespace
}  // namespace sekimori::policy
