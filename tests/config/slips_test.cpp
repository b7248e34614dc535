// TABs and characters of a Japanese keyboard where YAML wants ASCII: the message names the character and what
// to write, at its line and column.
#include "config/slips.hpp"

#include <gtest/gtest.h>

#include "tests/config/mistakes.hpp"

namespace sekimori::config {
namespace {

using test::mistakes;
using test::told;

constexpr std::string_view head = "profile: alpha\nsegments:\n  lgwan:\n";

std::string said(std::string_view rest, Language language = Language::en) {
  return told(std::string{head}.append(rest), language);
}

testing::AssertionResult says(const std::string& text, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) {
    if (text.find(part) == std::string::npos) {
      return testing::AssertionFailure() << "\"" << part << "\" is not in:\n" << text;
    }
  }
  return testing::AssertionSuccess();
}

TEST(Slips, ATabInTheIndentationIsToldWhereItStands) {
  EXPECT_TRUE(says(said("\tprefixes: [10.20.0.0/16]\n"), {"c.yaml:4:1: A tab is used for indentation"}));
  EXPECT_TRUE(says(said("  \tprefixes: [10.20.0.0/16]\n"), {"c.yaml:4:3: A tab"}));
  EXPECT_TRUE(says(said("    prefixes:\n\t- 10.20.0.0/16\n"), {"c.yaml:5:1: A tab"}));
  EXPECT_TRUE(says(said("    prefixes: [10.20.0.0/16]\n\tvlans: [100]\n"), {"c.yaml:5:1: A tab"}));
  EXPECT_TRUE(says(said("\tprefixes: [10.20.0.0/16]\n", Language::ja), {"c.yaml:4:1: ", "タブ"}));
}

TEST(Slips, ATabWhereYamlTakesItIsNone) {
  EXPECT_EQ(said("    prefixes:\t[10.20.0.0/16]\t# network\n\t\n"), "");
  EXPECT_EQ(said("    prefixes:\n      -\t10.20.0.0/16\n"), "");
}

TEST(Slips, FullWidthSignsThatBreakTheGrammarAreNamed) {
  EXPECT_TRUE(says(said("    prefixes： [10.20.0.0/16]\n    vlans: [100]\n"),
                   {"c.yaml:4:13: There is a full-width colon (U+FF1A); write an ASCII colon and a space"}));
  EXPECT_TRUE(says(said("    prefixes: [10.20.0.0/16］\n"),
                   {"c.yaml:4:28: \"］\" (U+FF3D) is no ASCII character; write \"]\""}));
  EXPECT_TRUE(says(said("    prefixes: [{prefix: 10.20.0.0/16， name: a}]\n"),
                   {"c.yaml:4:37: \"，\" (U+FF0C)", "write \",\""}));
  EXPECT_TRUE(says(told("profile: alpha\n＃ note\nsegments:\n  lgwan: {prefixes: [10.20.0.0/16]}\n"),
                   {"c.yaml:2:1: \"＃\" (U+FF03)", "write \"#\""}));
  EXPECT_TRUE(says(told("profile: alpha\nsegments:\n  lgwan: ｛prefixes: [10.20.0.0/16]｝\n"),
                   {"c.yaml:3:10: \"｛\" (U+FF5B)", "write \"{\""}));
}

TEST(Slips, FullWidthSignsThatMakeAnotherValueAreNamedWithIt) {
  const std::string bracket = said("    prefixes: ［10.20.0.0/16］\n");
  EXPECT_TRUE(says(bracket, {"c.yaml:4:15: ", "Write a list", "\"［\" (U+FF3B)", "write \"[\""}));
  EXPECT_EQ(bracket.find("[［"), std::string::npos) << "no more brackets around these";
  EXPECT_TRUE(says(said("    prefixes:　[10.20.0.0/16]\n"), {"c.yaml:4:5: ", "full-width space (U+3000)"}));
  EXPECT_TRUE(says(said("    prefixes：[10.20.0.0/16]\n"), {"c.yaml:4:5: ", "full-width colon (U+FF1A)"}));
  EXPECT_TRUE(says(said("    prefixes: [10.20.0.0／16]\n"), {"c.yaml:4:16: ", "\"／\" (U+FF0F)"}));
  EXPECT_TRUE(says(said("    prefixes: [10.20.0.0/16，10.21.0.0/16]\n"), {"\"，\" (U+FF0C)", "write \",\""}));
  EXPECT_TRUE(says(said("    prefixes: [10.20.0.0/16]\n    vlans: [１００]\n"),
                   {"c.yaml:5:13: ", "\"１\" (U+FF11)"}));
  EXPECT_TRUE(says(said("    prefixes:\n    － 10.20.0.0/16\n"), {"c.yaml:5:5: ", "\"－\" (U+FF0D)"}));
  EXPECT_TRUE(says(told("profile: “alpha”\n"), {"c.yaml:1:10: ", "\"“\" (U+201C)", "write \"\"\""}));
  EXPECT_TRUE(says(said("    vlans: [１００]\n", Language::ja),
                   {"「１」（U+FF11）は半角の文字ではありません。「1」と書いてください。"}));
}

TEST(Slips, WhatPeopleAreToldMayBeWrittenAsTheyLike) {
  EXPECT_EQ(said("    prefixes:\n      - {prefix: 10.20.0.0/16, name: 本庁（１階）：総務、企画［予備］}\n"),
            "");
  const std::string other =
      said("    prefixes: [{prefix: 10.20.0.0/99, name: 本庁：総務課、１階}]\n    vlans: [１]\n");
  EXPECT_EQ(other.find("U+FF1A"), std::string::npos) << "a mistake beside a name says nothing of the name\n"
                                                     << other;
}

TEST(Slips, ASpaceThatIsNoneOfYamlIsNamedBehindAColonOrDash) {
  EXPECT_TRUE(says(told("profile:　alpha\nsegments:\n  lgwan: {prefixes: [10.20.0.0/16]}\n"),
                   {"c.yaml:1:9: There is a full-width space (U+3000)"}));
  EXPECT_TRUE(says(told("profile:\xc2\xa0"
                        "alpha\nsegments:\n  lgwan: {prefixes: [10.20.0.0/16]}\n"),
                   {"c.yaml:1:9: There is a space (U+00A0) that is not the ASCII one"}));
  EXPECT_TRUE(says(told("profile:\xc2\xa0"
                        "alpha\nsegments:\n  lgwan: {prefixes: [10.20.0.0/16]}\n",
                        Language::ja),
                   {"c.yaml:1:9: 半角でない空白（U+00A0）"}));
}

TEST(Slips, TheErrorOfTheGrammarIsToldWhateverSlipsThereAre) {
  const std::string both = told("profile: alpha\n＃ note\nsegments:\n  lgwan: {prefixes: [10.20.0.0/16]\n");
  EXPECT_TRUE(says(both, {"c.yaml:2:1: \"＃\" (U+FF03)"}));
  EXPECT_GE(mistakes("profile: alpha\n＃ note\nsegments:\n  lgwan: {prefixes: [10.20.0.0/16]\n").size(), 2U)
      << both;
}

TEST(Slips, HowPeopleWriteIsNoneBesideAnErrorElsewhere) {
  const std::string broken = "\nticket: t: u\n";
  const std::string text =
      "reason: >-\n  ア：理由の一\n  「イ」：理由の二\n  - ＃三\n"
      "items:\n"
      "  - {prefix: 10.1.0.0/16, name: 総務課，企画課}\n  - {prefix: 10.1.0.0/16, name: 本庁［１階］}]\n";
  const std::string words = told(text + broken);
  EXPECT_NE(words, "");
  EXPECT_EQ(words.find("U+"), std::string::npos) << words;
}

TEST(Slips, AreFoundOneByOne) {
  EXPECT_FALSE(find_slip("総務課 (10.20.0.0/16)（予備）ＶＤＩ"));
  const auto slip = find_slip("a：b", 0);
  ASSERT_TRUE(slip);
  EXPECT_EQ(slip->at, 1U);
  EXPECT_EQ(slip->wide, "：");
  EXPECT_EQ(slip->narrow, ':');
  EXPECT_FALSE(find_slip("a：b", slip->at + slip->wide.size()));
  EXPECT_FALSE(find_slip("\xef")) << "cut within a character";
}

}  // namespace
}  // namespace sekimori::config
