// Entries that come near, with everything in which they differ: an officer who mends the port alone and finds
// the hour next, and then the card, was told too little.
#include <gtest/gtest.h>

#include "tests/policy/city.hpp"

namespace sekimori::policy {
namespace {

using Mismatches = std::vector<Mismatch>;

TEST(Near, TellsEverythingInWhichAnExceptionDiffers) {
  City city{"alpha"};
  ExceptionOptions exception = city.exception("LG", "GC");
  exception.source.macs = {other_mac};
  exception.hours.ranges = {{60, 120}};
  exception.ports = {{6, 8530, 8530}};
  city.with(exception);
  const Policy policy = city.policy();
  const Conversation talk = city.talk("LG", "GC");
  const std::vector<NearEntry> near = policy.near_misses(talk, 5);
  ASSERT_EQ(near.size(), 1U) << "it is registered for these two ends, however much else differs";
  EXPECT_EQ(near[0].differs, (Mismatches{Mismatch::port, Mismatch::source_mac, Mismatch::out_of_hours}));
  EXPECT_EQ(near[0].miss.mismatch, policy.judge(talk).near_miss.mismatch);
  EXPECT_EQ(near[0].miss.mismatch, near[0].differs.front());
}

TEST(Near, TellsEverythingInWhichAGatewayDiffers) {
  City city{"alpha"};
  GatewayOptions gateway = city.gateway("LG", "NET");
  gateway.hosts.addresses = {prefix("10.3.0.77/32")};
  gateway.ports = {{17, 443, 443}};
  city.with(gateway);
  const std::vector<NearEntry> near = city.policy().near_misses(city.talk("LG", "NET"), 5);
  ASSERT_EQ(near.size(), 1U);
  EXPECT_EQ(near[0].differs, (Mismatches{Mismatch::destination_address, Mismatch::protocol}));
}

TEST(Near, TellsThePortBesideTheProtocolWhereNoRangeHoldsIt) {
  City city{"alpha"};
  const Conversation talk = city.talk("LG", "NET");
  GatewayOptions gateway = city.gateway("LG", "NET");
  const auto other = static_cast<std::uint16_t>(talk.port + 1);
  gateway.ports = {{17, other, other}};
  city.with(gateway);
  const std::vector<NearEntry> near = city.policy().near_misses(talk, 5);
  ASSERT_EQ(near.size(), 1U);
  EXPECT_EQ(near[0].differs, (Mismatches{Mismatch::protocol, Mismatch::port}));
  EXPECT_EQ(near[0].miss.mismatch, Mismatch::protocol);
}

TEST(Near, LeavesOutWhatIsAboutOthers) {
  City city{"alpha"};
  ExceptionOptions exception = city.exception("LG", "GC");
  exception.source.addresses = {prefix("10.2.9.9/32")};
  exception.source.macs = {other_mac};
  exception.ports = {{6, 8530, 8530}};
  city.with(exception);
  EXPECT_TRUE(city.policy().near_misses(city.talk("LG", "GC"), 5).empty());
}

TEST(Near, WhatWouldFitTheOtherWayRoundDiffersInThatAlone) {
  City city{"alpha"};
  city.with(city.gateway("NET", "LG"));
  Conversation back = city.talk("NET", "LG");
  std::swap(back.initiator, back.responder);
  std::swap(back.initiator_mac, back.responder_mac);
  const std::vector<NearEntry> near = city.policy().near_misses(back, 5);
  ASSERT_EQ(near.size(), 1U);
  EXPECT_EQ(near[0].differs, Mismatches{Mismatch::direction});
}

}  // namespace
}  // namespace sekimori::policy
