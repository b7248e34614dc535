// What is settled by the cell alone is what judge() says of it, whatever else the conversation is.
#include <gtest/gtest.h>

#include "tests/policy/city.hpp"
#include "tests/policy/proof_kit.hpp"

namespace sekimori::policy {
namespace {

bool may_be_asked(const Conversation& conversation) {
  return conversation.tunnel == capture::Tunnel::none && !conversation.neighbour_discovery &&
         tunnel_by_port(conversation.protocol, conversation.port) == capture::Tunnel::none;
}

TEST(Settled, IsWhatJudgeSaysOfEveryConversation) {
  constexpr std::uint32_t worlds = 150;
  constexpr unsigned talks_each = 200;
  const std::vector<std::string> odd{"224.0.0.251", "169.254.1.1", "255.255.255.255", "0.0.0.0"};
  std::uint64_t settled = 0;
  std::uint64_t judged = 0;
  for (std::uint32_t seed = 1; seed <= worlds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice{seed};
    PolicyOptions options = small_options(dice, dice.one_in(3));
    if (options.segments.size() > 1 && dice.one_in(2)) {
      options.segments[0].vlans = {1};
      options.segments[0].taps = {"left"};
      options.segments[1].vlans = {1, 2};
      options.segments[1].taps = {"right"};
    }
    const Policy policy{options, {"left", "right"}};
    for (unsigned k = 0; k < talks_each; ++k) {
      Conversation conversation = small_conversation(dice, policy.domains_count());
      conversation.vlan = static_cast<std::uint16_t>(dice.below(3));
      conversation.tap = static_cast<std::uint16_t>(dice.below(3));
      if (dice.one_in(8)) conversation.responder = address(dice.of(odd));
      if (!may_be_asked(conversation)) continue;
      const auto pair =
          policy.settled(conversation.initiator, conversation.responder, conversation.tap, conversation.vlan);
      ++(pair ? settled : judged);
      if (!pair) continue;
      const Verdict verdict = policy.judge(conversation);
      ASSERT_EQ(verdict.pair(), *pair);
      ASSERT_EQ(verdict.decision, Decision::permit);
      ASSERT_EQ(verdict.cell, Cell::permit);
      ASSERT_EQ(verdict.basis, Basis::cell);
      ASSERT_TRUE(verdict.claims_agree);
      ASSERT_FALSE(verdict.draft_differs || verdict.via_next_hop || verdict.via_name || verdict.link_scope ||
                   verdict.other_path || verdict.orientation_matters);
      ASSERT_NE(verdict.from, policy.external());
      ASSERT_NE(verdict.to, policy.external());
      ASSERT_FALSE(policy.path_matters(verdict.to));
    }
  }
  EXPECT_GT(settled, 1'000U);
  EXPECT_GT(judged, 1'000U);
}

TEST(Settled, LeavesToJudgeWhatMoreThanAddressesDecides) {
  City city{"alpha"};
  city.segment("lgwan").vlans = {210};
  city.segment("mynumber").vlans = {110};
  const IpAddress one = city.host("LG", 1);
  const IpAddress other = city.host("LG", 9);
  const Policy policy = city.policy();
  const PairId inside = pair_of(city.id("LG"), city.id("LG"));
  EXPECT_EQ(policy.settled(one, other, 0, 210), inside);
  EXPECT_EQ(policy.settled(city.host6("LG", 1), city.host6("LG", 9), 0, 0), inside);
  EXPECT_EQ(policy.settled(one, other, 0, 110), std::nullopt) << "on another segment's wire";
  EXPECT_EQ(policy.settled(one, city.host("MN", 9), 0, 0), std::nullopt) << "forbidden";
  EXPECT_EQ(policy.settled(one, address("198.51.100.7"), 0, 0), std::nullopt) << "in no prefix";
  EXPECT_EQ(policy.settled(one, address("224.0.0.251"), 0, 0), std::nullopt);
  EXPECT_EQ(policy.settled(address("0.0.0.0"), address("255.255.255.255"), 0, 210), std::nullopt);

  city.segment("lgwan").next_hop_macs = {other_mac};
  EXPECT_EQ(city.policy().settled(one, other, 0, 210), std::nullopt) << "the way may be told";
}

TEST(Settled, KnowsTunnelsByTheirPorts) {
  using capture::Tunnel;
  EXPECT_EQ(tunnel_by_port(17, 500), Tunnel::esp);
  EXPECT_EQ(tunnel_by_port(17, 4500), Tunnel::esp);
  EXPECT_EQ(tunnel_by_port(6, 500), Tunnel::none);
  EXPECT_EQ(tunnel_by_port(17, 501), Tunnel::none);
  EXPECT_EQ(tunnel_by_port(50, 0), Tunnel::esp);
  EXPECT_EQ(tunnel_by_port(4, 0), Tunnel::ipip);
  EXPECT_EQ(tunnel_by_port(47, 0), Tunnel::gre);
  EXPECT_EQ(tunnel_by_port(51, 0), Tunnel::ah);
}

}  // namespace
}  // namespace sekimori::policy
