// What is at stage draft: not in force, judged as if it were, and told where that makes a difference.
#include <gtest/gtest.h>

#include <algorithm>

#include "policy/compiled.hpp"
#include "policy/proof/check.hpp"
#include "policy/proof/difference.hpp"
#include "tests/policy/city.hpp"

namespace sekimori::policy {
namespace {

OverlayOptions overlay(std::string from, std::string to, Cell cell, bool draft) {
  return {std::move(from), std::move(to), cell, {"R2"}, "規程第5条", {"city.yaml", 7, 5}, draft};
}

std::size_t warnings_with(const Policy& policy, std::string_view words) {
  const auto& all = policy.warnings();
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const PolicyError::Item& item) {
    return item.message.find(words) != std::string::npos;
  }));
}

TEST(Draft, OfAnOverlayForbidsNothingYetAndSaysWhatItWould) {
  City city{"alpha"};
  city.options.overlays = {overlay("lgwan", "lgwan-net", Cell::forbid, true)};
  const Policy policy{city.options};
  const Verdict verdict = policy.judge(city.talk("lgwan", "lgwan-net"));
  EXPECT_EQ(verdict.decision, Decision::permit);
  EXPECT_EQ(verdict.cell, Cell::permit) << "the cell in force is told";
  EXPECT_TRUE(verdict.draft_differs);
  EXPECT_EQ(verdict.draft_overlay, 0U);
  EXPECT_FALSE(policy.judge(city.talk("mynumber", "lgwan")).draft_differs) << "another pair";
  city.options.overlays[0].draft = false;
  const Verdict in_force = Policy{city.options}.judge(city.talk("lgwan", "lgwan-net"));
  EXPECT_EQ(in_force.decision, Decision::forbid);
  EXPECT_FALSE(in_force.draft_differs);
}

TEST(Draft, OfAnOverlayIsMeasuredWithTheEntriesThatHoldInIt) {
  City city{"alpha"};
  city.options.overlays = {overlay("lgwan", "lgwan-net", Cell::forbid, true)};
  city.with(city.exception("lgwan", "lgwan-net"));
  const Policy policy{city.options};
  EXPECT_FALSE(policy.judge(city.talk("lgwan", "lgwan-net")).draft_differs)
      << "the exception would permit it";
  Conversation other = city.talk("lgwan", "lgwan-net");
  other.port = 8443;
  EXPECT_TRUE(policy.judge(other).draft_differs);
}

TEST(Draft, MayOpenACellAndStandBesideTheOverlayInForce) {
  City city{"alpha"};
  city.options.overlays = {overlay("lgwan", "lgwan-net", Cell::forbid, false),
                           overlay("lgwan", "lgwan-net", Cell::permit, true)};
  const Verdict verdict = Policy{city.options}.judge(city.talk("lgwan", "lgwan-net"));
  EXPECT_EQ(verdict.decision, Decision::forbid);
  EXPECT_EQ(verdict.overlay_index, 0U);
  EXPECT_TRUE(verdict.draft_differs);
  EXPECT_EQ(verdict.draft_basis, Basis::cell);
  EXPECT_EQ(verdict.draft_overlay, 1U);
  city.options.overlays[0].draft = true;
  EXPECT_THROW(Policy{city.options}, PolicyError) << "two drafts of one pair";
}

TEST(Draft, OfASwitchIsMeasuredLikewise) {
  City city{"alpha"};
  city.with_switch("lgwan_services");
  city.options.switches.back().draft = true;
  const Verdict verdict = Policy{city.options}.judge(city.talk("lgwan", "lgwan-net"));
  EXPECT_EQ(verdict.decision, Decision::permit);
  EXPECT_TRUE(verdict.draft_differs);
  EXPECT_EQ(verdict.draft_switch, 0U);
  EXPECT_EQ(verdict.switch_index, 0xffff);
}

TEST(Draft, OfATunnelDeclaresNothingYet) {
  City city{"alpha"};
  Conversation talk = city.talk("lgwan", "lgwan-net");
  talk.tunnel = capture::Tunnel::gre;
  city.options.tunnels.push_back(
      {"TN-1", "", {}, {Prefix{talk.initiator, 32}}, {Prefix{talk.responder, 32}}, {}, true});
  const Verdict verdict = Policy{city.options}.judge(talk);
  EXPECT_TRUE(verdict.undeclared_tunnel);
  EXPECT_TRUE(verdict.draft_differs);
  EXPECT_EQ(verdict.draft_tunnel, 0U);
}

TEST(Draft, OfAnAssertionIsHeldAgainstTheDraftsAndRefusesNothing) {
  City city{"alpha"};
  AssertionOptions assertion;
  assertion.text = "lgwan never reaches lgwan-net";
  assertion.from.segments = {"lgwan"};
  assertion.to.segments = {"lgwan-net"};
  assertion.draft = true;
  city.options.assertions.push_back(assertion);
  EXPECT_EQ(warnings_with(Policy{city.options}, assertion.text), 1U);
  city.options.overlays = {overlay("lgwan", "lgwan-net", Cell::forbid, true)};
  EXPECT_EQ(warnings_with(Policy{city.options}, assertion.text), 0U) << "with the draft of the cell it holds";
}

TEST(Draft, ThatWouldBreakAnAssertionIsToldAndRefusesNothing) {
  City city{"alpha"};
  AssertionOptions assertion;
  assertion.text = "mynumber never reaches external";
  assertion.from.segments = {"mynumber"};
  assertion.to.segments = {"external"};
  city.options.assertions.push_back(assertion);
  city.options.overlays = {overlay("mynumber", "external", Cell::permit, true)};
  EXPECT_EQ(warnings_with(Policy{city.options}, assertion.text), 1U);
  city.options.overlays[0].draft = false;
  EXPECT_THROW(Policy{city.options}, PolicyError);
}

TEST(Draft, OfAScreenTransferLeavesSideChannelsOut) {
  City city{"alpha"};
  KnownServiceOptions drive;
  drive.id = "drive";
  drive.use = ServiceUse::side_channel;
  drive.ports = {{6, 9427, 9427}};
  city.options.known.push_back(drive);
  GatewayOptions gateway = city.gateway("lgwan", "internet");
  gateway.ports = {{6, 0, 65535}};
  gateway.draft = true;
  city.with(gateway);
  const Policy policy{city.options};
  Conversation talk = city.talk("lgwan", "internet");
  EXPECT_TRUE(policy.judge(talk).draft_differs);
  talk.port = 9427;
  EXPECT_FALSE(policy.judge(talk).draft_differs) << "no draft makes a drive a picture";
}

TEST(Draft, IsCheckedAsItWillBeAndWhatItDoesToOthersIsANote) {
  City city{"alpha"};
  city.options.overlays = {overlay("internet", "security-cloud", Cell::service, true)};
  city.options.overlays[0].reasons = {"R6"};
  const Policy policy{city.options};
  const std::vector<Remark> remarks = check(policy.compiled(), {.now = noon});
  const auto draft = std::find_if(remarks.begin(), remarks.end(),
                                  [](const Remark& remark) { return remark.rule == "draft"; });
  ASSERT_NE(draft, remarks.end());
  EXPECT_EQ(draft->level, Remark::Level::note);
  EXPECT_EQ(draft->place, (Place{"city.yaml", 7, 5}));
  EXPECT_NE(draft->message.find("internet→security-cloud"), std::string::npos) << draft->message;
}

TEST(Draft, IsComparedAsIfItWereInForce) {
  City city{"alpha"};
  city.options.overlays = {overlay("lgwan", "lgwan-net", Cell::forbid, true)};
  const Policy policy{city.options};
  EXPECT_TRUE(compare({policy.compiled()}, {policy.compiled()}).changes.empty());
  EXPECT_FALSE(compare({policy.compiled()}, {policy.compiled(), true}).changes.empty());
}

}  // namespace
}  // namespace sekimori::policy
