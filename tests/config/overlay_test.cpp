// What a body decides otherwise than the model, and by which names it may call its segments.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/config/mistakes.hpp"

namespace sekimori::config {
namespace {

using test::base;
using test::base_lines;
using test::mistakes;
using test::told;

Config load_base(std::string_view rest) {
  return load_text(std::string{base}.append(rest), "c.yaml", Language::en);
}

TEST(Overlay, IsReadWithItsClauseAndReasons) {
  const Config config = load_base(
      "overlay:\n"
      "  - {from: lgwan, to: セキュリティクラウド, cell: L, reasons: [R4, R6], clause: 対策基準12条2項}\n"
      "  - {from: NET, to: external, cell: F, clause: 対策基準13条}\n");
  ASSERT_EQ(config.policy.overlays.size(), 2U);
  const policy::OverlayOptions& first = config.policy.overlays[0];
  EXPECT_EQ(first.from, "lgwan");
  EXPECT_EQ(first.to, "security-cloud");
  EXPECT_EQ(first.cell, policy::Cell::service);
  EXPECT_EQ(first.reasons, (std::vector<std::string>{"R4", "R6"}));
  EXPECT_EQ(first.clause, "対策基準12条2項");
  EXPECT_EQ(first.place, (policy::Place{"c.yaml", base_lines + 2, 5}));
  EXPECT_EQ(config.policy.overlays[1].from, "internet");
  EXPECT_TRUE(config.policy.overlays[1].reasons.empty());
}

TEST(Overlay, ChangesWhatGatewaysAndServicesAreHeldAgainst) {
  const std::string service =
      "services: [{id: S, from: lgwan, to: security-cloud, hosts: [172.31.0.9], ports: [tcp/443]}]\n";
  EXPECT_NE(told(std::string{base} + service).find("register it under exceptions"), std::string::npos);
  const std::string overlay = "overlay: [{from: lgwan, to: security-cloud, cell: L, clause: 対策基準12条}]\n";
  EXPECT_EQ(told(std::string{base} + overlay + service), "");
  EXPECT_EQ(told(std::string{base} + service + overlay), "") << "wherever it stands in the file";
}

TEST(Overlay, WithoutAClauseIsAMistakeThatSaysWhy) {
  const auto found = mistakes(std::string{base} + "overlay: [{from: lgwan, to: internet, cell: P}]\n");
  ASSERT_EQ(found.size(), 1U) << told(found);
  EXPECT_EQ(found[0].to_string(),
            "c.yaml:6:11: overlay[0]: The overlay names no clause: a decision other than the model's needs "
            "the clause "
            "of your own rules that allows it. It is shown with every verdict that it changes.");
  const auto empty =
      mistakes(std::string{base} + "overlay: [{from: lgwan, to: internet, cell: P, clause: \" \"}]\n");
  ASSERT_EQ(empty.size(), 1U) << told(empty);
  EXPECT_EQ(empty[0].path, "overlay[0].clause");
}

TEST(Overlay, IsCheckedInEveryPart) {
  struct Case {
    std::string_view text;
    std::string_view path;
    std::string_view phrase;
  };
  const Case cases[] = {
      {"overlay: [{from: lgwam, to: internet, cell: P, clause: c}]\n", "overlay[0].from",
       "Did you mean \"lgwan\"?"},
      {"overlay: [{from: lgwan, to: internet, cell: X, clause: c}]\n", "overlay[0].cell",
       "one of F, f, G, L, P"},
      {"overlay: [{from: lgwan, to: internet, cell: \"-\", clause: c}]\n", "overlay[0].cell",
       "one of F, f, G, L, P"},
      {"overlay: [{from: lgwan, to: internet, cell: f R4, clause: c}]\n", "overlay[0].cell",
       "one of F, f, G, L, P"},
      {"overlay: [{from: lgwan, to: internet, clause: c}]\n", "overlay[0]", "\"cell\" is missing"},
      {"overlay: [{from: lgwan, to: internet, cell: f, reasons: [R99], clause: c}]\n",
       "overlay[0].reasons[0]", "There is no reason \"R99\""},
      {"overlay: [{from: lgwan, to: internet, cell: f, reasons: [R1, R2, R3, R4, R5], clause: c}]\n",
       "overlay[0].reasons", "at most 4"},
      {"overlay: [{from: lgwan, to: internet, cell: f, reason: [R1], clause: c}]\n", "overlay[0].reason",
       "Did you mean \"reasons\"?"},
      {"overlay: [{from: lgwan, to: lgwan, cell: f, clause: c}]\n", "overlay[0]", "write reasons"},
      {"overlay: [{from: lgwan, to: internet, cell: f, clause: c}, {from: LG, to: NET, cell: F, clause: "
       "d}]\n",
       "overlay[1]", "overlaid twice (first at 6:11)"},
  };
  for (const Case& each : cases) {
    const auto found = mistakes(std::string{base}.append(each.text));
    ASSERT_EQ(found.size(), 1U) << each.text << told(found);
    EXPECT_EQ(found[0].path, each.path) << each.text;
    EXPECT_NE(found[0].message.find(each.phrase), std::string::npos) << each.text << found[0].message;
  }
}

// A body writes what its own rules write: 000-style 基幹系 and 内部情報系, Japanese names in either width,
// codes.
TEST(SegmentNames, MeanTheSegmentHoweverItIsCalled) {
  const std::vector<std::pair<std::string, std::string>> names{{"基幹系", "mynumber"},
                                                               {"個人番号利用事務系", "mynumber"},
                                                               {"マイナンバー利用事務系", "mynumber"},
                                                               {"MN", "mynumber"},
                                                               {"内部情報系", "lgwan"},
                                                               {"LGWAN接続系", "lgwan"},
                                                               {"ＬＧＷＡＮ接続系", "lgwan"},
                                                               {"LG", "lgwan"},
                                                               {"インターネット接続系", "internet"},
                                                               {"住基ネット", "juki"},
                                                               {"適用範囲外", "out-of-scope"}};
  for (const std::string profile : {"alpha", "alpha-prime", "beta", "beta-prime"}) {
    for (const auto& [written, meant] : names) {
      const Config config = load_text("profile: " + profile + "\nsegments: {" + written + ": {vlans: [1]}}\n",
                                      "c.yaml", Language::en);
      EXPECT_EQ(config.policy.segments.at(0).id, meant) << written;
    }
  }
  EXPECT_EQ(load_text("profile: beta-prime\nsegments: {重要システム: {vlans: [1]}}\n", "c", Language::en)
                .policy.segments.at(0)
                .id,
            "internet-critical");
}

TEST(SegmentNames, AreTakenWhereverASegmentIsNamed) {
  const Config config = load_text(
      "profile: alpha\n"
      "segments: {基幹系: {prefixes: [10.10.0.0/16]}, 内部情報系: {prefixes: [10.20.0.0/16]},\n"
      "           NET: {prefixes: [10.30.0.0/16]}}\n"
      "gateways: [{id: G, kind: screen-transfer, from: LG, to: インターネット接続系, hosts: [10.30.0.1],\n"
      "            ports: [tcp/443]}]\n"
      "services: [{id: S, from: 基幹系, to: 住基ネット側, hosts: [10.50.0.1], ports: [tcp/443]}]\n",
      "c.yaml", Language::en);
  EXPECT_EQ(config.policy.gateways.at(0).from, "lgwan");
  EXPECT_EQ(config.policy.gateways.at(0).to, "internet");
  EXPECT_EQ(config.policy.services.at(0).from, "mynumber");
  EXPECT_EQ(config.policy.services.at(0).to, "juki");
}

// In the alpha model the LGWAN side opens the screen; a gateway that lets the Internet side do so would
// launder it.
TEST(Gateways, AreOfAKindThatTheDirectionTakes) {
  const auto gateway = [](std::string_view profile, std::string_view kind, std::string_view from,
                          std::string_view to) {
    return told(
        "profile: " + std::string{profile} +
        "\nsegments: {lgwan: {prefixes: [10.20.0.0/16]}}\nswitches: {mn_screen_transfer: {clause: c}}\n"
        "gateways: [{id: G, kind: " +
        std::string{kind} + ", from: " + std::string{from} + ", to: " + std::string{to} +
        ", hosts: [10.99.0.1], ports: [tcp/443]}]\n");
  };
  for (const std::string_view alpha : {"alpha", "alpha-prime"}) {
    EXPECT_EQ(gateway(alpha, "screen-transfer", "lgwan", "internet"), "");
    EXPECT_EQ(gateway(alpha, "mail-text", "internet", "lgwan"), "");
    EXPECT_NE(
        gateway(alpha, "screen-transfer", "internet", "lgwan")
            .find("c.yaml:4:26: gateways[0].kind: In the profile " + std::string{alpha} +
                  ", a gateway of kind screen-transfer is not among what sanitises internet to lgwan (only "
                  "file-sanitiser, mail-text)."),
        std::string::npos)
        << gateway(alpha, "screen-transfer", "internet", "lgwan");
  }
  EXPECT_EQ(gateway("beta", "screen-transfer", "internet", "lgwan"), "")
      << "in beta the terminals stand there";
  EXPECT_NE(gateway("beta", "screen-transfer", "lgwan", "internet"), "");
  EXPECT_EQ(gateway("alpha", "screen-transfer", "lgwan", "mynumber"), "") << "what the switch allows";
  EXPECT_NE(gateway("alpha", "file-sanitiser", "lgwan", "mynumber"), "");
}

}  // namespace
}  // namespace sekimori::config
