// Tunnels between segments, declared or not.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "policy/tunnel_map.hpp"
#include "tests/policy/city.hpp"

namespace sekimori::policy {
namespace {

using capture::Tunnel;

TunnelOptions tunnel(const std::string& id, std::string_view a, std::string_view b,
                     std::vector<Tunnel> kinds = {}) {
  TunnelOptions options;
  options.id = id;
  options.kinds = std::move(kinds);
  options.a = {prefix(a)};
  options.b = {prefix(b)};
  return options;
}

Conversation carrying(const City& city, std::string_view from, std::string_view to, Tunnel kind) {
  Conversation talk = city.talk(from, to);
  talk.protocol = capture::protocol::udp;
  talk.tunnel = kind;
  return talk;
}

TEST(TunnelVerdict, ForbidsAnUndeclaredTunnelEvenWhereTheCellPermitsThePair) {
  const City city{"alpha"};
  const Policy policy = city.policy();
  Conversation talk = carrying(city, "NET", "SC", Tunnel::vxlan);
  const Verdict verdict = policy.judge(talk);
  EXPECT_EQ(verdict.cell, Cell::permit);
  EXPECT_EQ(verdict.decision, Decision::forbid);
  EXPECT_TRUE(verdict.undeclared_tunnel);
  EXPECT_EQ(verdict.tunnel, Tunnel::vxlan);
  EXPECT_EQ(reasons_of(policy, verdict), "R6") << "the pair's own reasons";
  talk.tunnel = Tunnel::none;
  EXPECT_EQ(policy.judge(talk).decision, Decision::permit);
  EXPECT_FALSE(policy.judge(talk).undeclared_tunnel);
}

TEST(TunnelVerdict, ADeclaredTunnelIsNamedWhicheverEndStartsIt) {
  City city{"alpha"};
  const IpAddress net = city.host("NET", 1);
  const IpAddress cloud = city.host("SC", 9);
  city.options.tunnels = {tunnel("TN-0", "192.0.2.0/24", "10.0.0.0/8"),
                          tunnel("TN-1", net.to_string(), cloud.to_string())};
  const Policy policy = city.policy();
  Conversation talk = carrying(city, "NET", "SC", Tunnel::esp);
  for (int direction = 0; direction < 2; ++direction) {
    const Verdict verdict = policy.judge(talk);
    EXPECT_FALSE(verdict.undeclared_tunnel);
    EXPECT_EQ(verdict.tunnel_index, 1);
    EXPECT_EQ(verdict.decision,
              policy.cell(verdict.from, verdict.to) == Cell::permit ? Decision::permit : Decision::forbid);
    std::swap(talk.initiator, talk.responder);
  }
  talk.responder = city.host("SC", 8);
  EXPECT_TRUE(policy.judge(talk).undeclared_tunnel) << "another host is another tunnel";
}

TEST(TunnelVerdict, ADeclarationPermitsNothingThatTheCellForbids) {
  City city{"alpha"};
  city.options.tunnels = {tunnel("TN-1", "10.0.0.0/8", "0.0.0.0/0")};
  const Verdict verdict = city.policy().judge(carrying(city, "MN", "NET", Tunnel::gre));
  EXPECT_EQ(verdict.decision, Decision::forbid);
  EXPECT_FALSE(verdict.undeclared_tunnel);
  EXPECT_EQ(verdict.tunnel_index, 0);
  EXPECT_EQ(verdict.cell, Cell::forbid_always);
}

TEST(TunnelVerdict, AnExceptionForThePairDeclaresNoTunnel) {
  City city{"alpha"};
  ExceptionOptions exception = city.exception("MN", "LG");
  exception.ports = {{capture::protocol::udp, 443, 443}};
  city.with(exception);
  Conversation talk = carrying(city, "MN", "LG", Tunnel::none);
  ASSERT_EQ(city.policy().judge(talk).basis, Basis::exception);
  talk.tunnel = Tunnel::gtp_u;
  const Verdict verdict = city.policy().judge(talk);
  EXPECT_EQ(verdict.decision, Decision::forbid);
  EXPECT_TRUE(verdict.undeclared_tunnel);
  EXPECT_EQ(verdict.basis, Basis::exception) << "what permits the pair as such stays known";
}

TEST(TunnelVerdict, ADeclarationOfOtherKindsDoesNotCover) {
  City city{"alpha"};
  city.options.tunnels = {tunnel("TN-1", "10.0.0.0/8", "10.0.0.0/8", {Tunnel::gre, Tunnel::esp})};
  const Policy policy = city.policy();
  EXPECT_TRUE(policy.judge(carrying(city, "NET", "SC", Tunnel::vxlan)).undeclared_tunnel);
  EXPECT_FALSE(policy.judge(carrying(city, "NET", "SC", Tunnel::esp)).undeclared_tunnel);
  EXPECT_FALSE(policy.judge(carrying(city, "NET", "SC", Tunnel::gre)).undeclared_tunnel);
}

TEST(TunnelVerdict, TunnelsInsideOneSegmentOrOneLinkAreNoFinding) {
  const City city{"alpha"};
  const Policy policy = city.policy();
  const Verdict inside = policy.judge(carrying(city, "LG", "LG", Tunnel::vxlan));
  EXPECT_EQ(inside.decision, Decision::permit);
  EXPECT_EQ(inside.tunnel, Tunnel::none);
  Conversation group = carrying(city, "LG", "NET", Tunnel::vxlan);
  group.responder = address("239.1.1.1");
  EXPECT_EQ(policy.judge(group).decision, Decision::permit);
  EXPECT_FALSE(policy.judge(group).undeclared_tunnel);
}

TEST(TunnelVerdict, AnInnerConversationIsJudgedByItsOwnAddresses) {
  const City city{"alpha"};
  Conversation talk = city.talk("LG", "LG");
  talk.inside = Tunnel::vxlan;
  talk.depth = 1;
  EXPECT_EQ(city.policy().judge(talk).decision, Decision::permit);
  EXPECT_EQ(city.policy().judge(talk).tunnel, Tunnel::none);
  talk.responder = city.host("NET", 9);
  talk.protocol = capture::protocol::udp;
  EXPECT_EQ(city.policy().judge(talk).decision, Decision::forbid);
  EXPECT_FALSE(city.policy().judge(talk).undeclared_tunnel);
}

TEST(TunnelVerdict, EncryptedTunnelsAreTunnelsThoughNothingIsSeenInThem) {
  capture::FlowFacts facts;
  facts.tuple = {address("10.3.0.1"), address("203.0.113.9"), 500, 500, capture::protocol::udp};
  EXPECT_EQ(conversation_of(facts).tunnel, Tunnel::esp) << "IKE";
  facts.tuple.destination_port = 4500;
  EXPECT_EQ(conversation_of(facts).tunnel, Tunnel::esp);
  facts.tuple.destination_port = 443;
  EXPECT_EQ(conversation_of(facts).tunnel, Tunnel::none);
  facts.tuple.source_port = 4500;
  EXPECT_EQ(conversation_of(facts).tunnel, Tunnel::none) << "a client may use any port";
  facts.tuple.destination_port = 500;
  facts.ports_known = false;
  EXPECT_EQ(conversation_of(facts).tunnel, Tunnel::none);
  facts.ports_known = true;
  facts.tuple.protocol = capture::protocol::tcp;
  EXPECT_EQ(conversation_of(facts).tunnel, Tunnel::none);
  for (const auto& [protocol, kind] : {std::pair{capture::protocol::esp, Tunnel::esp},
                                       {capture::protocol::ah, Tunnel::ah},
                                       {capture::protocol::gre, Tunnel::gre},
                                       {capture::protocol::ipv4, Tunnel::ipip},
                                       {capture::protocol::ipv6, Tunnel::ipip}}) {
    facts.tuple.protocol = protocol;
    EXPECT_EQ(conversation_of(facts).tunnel, kind) << int{protocol};
  }
  facts.tunnel = Tunnel::erspan;
  EXPECT_EQ(conversation_of(facts).tunnel, Tunnel::erspan) << "the decoder knows better";
}

TEST(TunnelVerdict, GravityIsThatOfThePairAndAnExpiredExceptionIsNoExcuse) {
  City city{"alpha"};
  ExceptionOptions exception = city.exception("MN", "LG");
  exception.ports = {{capture::protocol::udp, 443, 443}};
  exception.until = noon - day;
  exception.from = noon - 2 * day;
  city.with(exception);
  const Policy policy = city.policy();
  const Verdict plain = policy.judge(carrying(city, "MN", "LG", Tunnel::none));
  EXPECT_EQ(severity(policy, plain, capture::Stage::answered), Severity::warning);
  const Verdict verdict = policy.judge(carrying(city, "MN", "LG", Tunnel::gre));
  EXPECT_EQ(severity(policy, verdict, capture::Stage::answered), Severity::critical);
  EXPECT_EQ(severity(policy, verdict, capture::Stage::attempt), Severity::warning);
}

// ---- the map
// ------------------------------------------------------------------------------------------------------------

TEST(TunnelMap, FindsTheFirstOfSeveralByNestedPrefixes) {
  std::vector<TunnelOptions> tunnels{tunnel("far", "10.0.0.0/8", "192.168.0.0/16", {Tunnel::gre}),
                                     tunnel("near", "10.1.0.0/16", "192.168.1.0/24"),
                                     tunnel("same", "10.1.0.0/16", "fd00::/8")};
  const TunnelMap map{tunnels};
  EXPECT_EQ(map.find(Tunnel::gre, address("10.1.2.3"), address("192.168.1.1")), 0);
  EXPECT_EQ(map.find(Tunnel::esp, address("10.1.2.3"), address("192.168.1.1")), 1);
  EXPECT_EQ(map.find(Tunnel::esp, address("192.168.1.1"), address("10.1.2.3")), 1);
  EXPECT_EQ(map.find(Tunnel::esp, address("10.2.2.3"), address("192.168.1.1")), TunnelMap::none);
  EXPECT_EQ(map.find(Tunnel::esp, address("10.1.2.3"), address("fd00::1")), 2);
  EXPECT_EQ(map.find(Tunnel::esp, address("10.1.2.3"), address("10.1.2.4")), TunnelMap::none)
      << "both ends on one side";
  EXPECT_EQ(TunnelMap{}.find(Tunnel::esp, address("10.1.2.3"), address("10.1.2.4")), TunnelMap::none);
}

TEST(TunnelMap, HoldsAsManyAsAreAllowed) {
  std::vector<TunnelOptions> tunnels;
  for (std::size_t i = 0; i < tunnels_max; ++i) {
    tunnels.push_back(tunnel("T", "10.0.0." + std::to_string(i), "10.9.0." + std::to_string(i)));
  }
  const TunnelMap map{tunnels};
  EXPECT_EQ(map.find(Tunnel::gre, address("10.0.0.255"), address("10.9.0.255")), 255);
  EXPECT_EQ(map.find(Tunnel::gre, address("10.0.0.255"), address("10.9.0.254")), TunnelMap::none);
}

TEST(TunnelMistakes, AreToldWithTheirPlaces) {
  const auto only = [](const City& city) {
    try {
      city.policy();
    } catch (const PolicyError& error) {
      EXPECT_EQ(error.items().size(), 1U) << error.what();
      return error.items().front();
    }
    return PolicyError::Item{};
  };
  City city{"alpha"};
  city.options.tunnels = {tunnel("T", "10.0.0.0/8", "10.0.0.0/8"), tunnel("T", "10.0.0.0/8", "10.0.0.0/8")};
  city.options.tunnels[1].place = {"city.yaml", 9, 5};
  EXPECT_EQ(only(city).place, (Place{"city.yaml", 9, 5}));
  city.options.tunnels[1].id = "U";
  city.options.tunnels[1].b.clear();
  EXPECT_NE(only(city).message.find("side_b"), std::string::npos);
  city.options.tunnels.clear();
  for (std::size_t i = 0; i <= tunnels_max; ++i) {
    city.options.tunnels.push_back(tunnel("T" + std::to_string(i), "10.0.0.0/8", "10.0.0.0/8"));
  }
  EXPECT_NE(only(city).message.find("256"), std::string::npos);
}

// ---- wires of a segment's own
// ------------------------------------------------------------------------------------------

TEST(Claims, TellOnWhoseWireAPacketCameOut) {
  City city{"alpha"};
  city.segment("mynumber").vlans = {110};
  city.segment("mynumber").taps = {"trunk"};
  city.segment("lgwan").taps = {"trunk", "t2"};
  const Policy policy = city.policy({"t0", "trunk", "t2"});
  const SegmentId mn = city.id("MN");
  const SegmentId lg = city.id("LG");
  using Vlans = std::vector<std::uint16_t>;
  EXPECT_TRUE(policy.has_claims(mn));
  EXPECT_TRUE(policy.has_claims(lg));
  EXPECT_FALSE(policy.has_claims(city.id("NET")));
  EXPECT_FALSE(policy.has_claims(200));
  EXPECT_TRUE(policy.claimed(mn, 0, Vlans{110}));
  EXPECT_TRUE(policy.claimed(mn, 0, Vlans{7, 110}));
  EXPECT_FALSE(policy.claimed(mn, 0, Vlans{110, 7})) << "the innermost decides";
  EXPECT_FALSE(policy.claimed(lg, 1, Vlans{110})) << "a claimed VLAN is more than the trunk it comes on";
  EXPECT_TRUE(policy.claimed(lg, 1, Vlans{}));
  EXPECT_TRUE(policy.claimed(mn, 1, Vlans{99})) << "nobody claims the VLAN, so the tap counts";
  EXPECT_TRUE(policy.claimed(lg, 2, Vlans{}));
  EXPECT_FALSE(policy.claimed(mn, 2, Vlans{}));
  EXPECT_FALSE(policy.claimed(mn, 0xffff, Vlans{})) << "a file has no taps";
  EXPECT_FALSE(policy.claimed(200, 1, Vlans{110}));
  EXPECT_TRUE(city.policy().has_claims(lg)) << "as written, though this run captures on no tap";
}

// ---- who started it is a guess
// -----------------------------------------------------------------------------------------

TEST(Orientation, MattersWhereTheOtherWayRoundWouldBePermitted) {
  City city{"alpha"};
  city.with(city.exception("LG", "MN"));
  const Policy policy = city.policy();
  // The reply of what an exception permits, seen in mid-stream.
  Conversation talk = city.talk("LG", "MN");
  std::swap(talk.initiator, talk.responder);
  std::swap(talk.initiator_port, talk.port);
  std::swap(talk.initiator_mac, talk.responder_mac);
  EXPECT_FALSE(policy.judge(talk).orientation_matters) << "certain";
  talk.confidence = capture::Confidence::likely;
  EXPECT_FALSE(policy.judge(talk).orientation_matters);
  talk.confidence = capture::Confidence::guess;
  const Verdict verdict = policy.judge(talk);
  EXPECT_EQ(verdict.decision, Decision::forbid);
  EXPECT_TRUE(verdict.orientation_matters);
  EXPECT_EQ(verdict.from, city.id("MN")) << "told as it was seen";
  EXPECT_EQ(severity(policy, verdict, capture::Stage::data), Severity::warning);
  Verdict sure = verdict;
  sure.orientation_matters = false;
  EXPECT_EQ(severity(policy, sure, capture::Stage::data), Severity::critical);
}

TEST(Orientation, DoesNotMatterWhereBothWaysAreForbidden) {
  const City city{"alpha"};
  const Policy policy = city.policy();
  Conversation talk = city.talk("MN", "NET");
  talk.confidence = capture::Confidence::guess;
  EXPECT_EQ(policy.judge(talk).decision, Decision::forbid);
  EXPECT_FALSE(policy.judge(talk).orientation_matters);
  // A tunnel has no direction.
  Conversation carrier = carrying(city, "NET", "SC", Tunnel::gre);
  carrier.confidence = capture::Confidence::guess;
  EXPECT_TRUE(policy.judge(carrier).undeclared_tunnel);
  EXPECT_FALSE(policy.judge(carrier).orientation_matters);
}

TEST(Orientation, SeesTheNextHopOfTheOtherDirection) {
  City city{"alpha"};
  const MacAddress cloud = mac("02:5c:00:00:00:01");
  city.segment("security-cloud").next_hop_macs = {cloud};
  const Policy policy = city.policy();
  // An answer that came from behind the cloud's router, taken for a start from outside.
  Conversation talk = city.talk("EXT", "NET");
  talk.initiator_mac = cloud;
  talk.confidence = capture::Confidence::guess;
  const Verdict verdict = policy.judge(talk);
  EXPECT_EQ(verdict.from, city.id("SC"));
  EXPECT_EQ(verdict.decision, Decision::forbid);
  EXPECT_TRUE(verdict.orientation_matters) << "towards the cloud everything may go";
}

TEST(Orientation, ConfidenceIsThatOfTheFlow) {
  capture::FlowFacts facts;
  facts.evidence = capture::Evidence::syn;
  EXPECT_EQ(conversation_of(facts).confidence, capture::Confidence::certain);
  facts.evidence = capture::Evidence::known_service;
  EXPECT_EQ(conversation_of(facts).confidence, capture::Confidence::likely);
  facts.evidence = capture::Evidence::first_packet;
  facts.inside = Tunnel::gre;
  facts.depth = 2;
  const Conversation conversation = conversation_of(facts);
  EXPECT_EQ(conversation.confidence, capture::Confidence::guess);
  EXPECT_EQ(conversation.inside, Tunnel::gre);
  EXPECT_EQ(conversation.depth, 2);
}

}  // namespace
}  // namespace sekimori::policy
