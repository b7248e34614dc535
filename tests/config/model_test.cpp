// The model's data files are read as strictly as sekimori.yaml, and a city may use edited copies.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/config/mistakes.hpp"

namespace sekimori::config {
namespace {

constexpr std::string_view clauses =
    "clauses:\n"
    "  - {id: C1, body: {ja: 市, en: city}, number: 1(1), quote: 引用, gloss: quoted}\n"
    "reasons:\n"
    "  - {id: R1, text: {ja: 理由, en: reason}, clauses: [C1]}\n";
constexpr std::string_view profile =
    "profile: own\n"
    "name: {ja: 独自, en: own}\n"
    "segments:\n"
    "  - {id: mynumber, code: MN, name: {ja: 甲, en: a}}\n"
    "  - {id: external, code: EXT, name: {ja: 外部, en: external}}\n"
    "cells:\n"
    "  - {from: mynumber, to: {mynumber: P, external: f R1}}\n"
    "  - {from: external, to: {mynumber: F R1, external: \"-\"}}\n";

class ModelTest : public testing::Test {
 protected:
  ModelTest() { std::filesystem::create_directories(folder_ + "model"); }
  ~ModelTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  // The configuration beside a profile and clauses, as a city would keep them.
  Config load(std::string_view profile_text, std::string_view clauses_text) {
    write("model/own.yaml", profile_text);
    write("model/clauses.yaml", clauses_text);
    write("sekimori.yaml",
          "profile: {name: own, file: model/own.yaml, clauses: model/clauses.yaml}\n"
          "segments: {mynumber: {vlans: [1]}}\n");
    return load_file(folder_ + "sekimori.yaml", Language::en);
  }
  std::string told(std::string_view profile_text, std::string_view clauses_text = clauses) {
    try {
      load(profile_text, clauses_text);
    } catch (const ConfigError& error) {
      std::string out = error.what();
      for (std::size_t at = out.find(folder_); at != std::string::npos; at = out.find(folder_)) {
        out.erase(at, folder_.size());
      }
      return out;
    }
    return {};
  }
  static std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
    std::string out{text};
    const std::size_t at = out.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return out.replace(at, what.size(), by);
  }

 private:
  void write(const std::string& name, std::string_view text) {
    std::ofstream file{folder_ + name, std::ios::binary};
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
  }
  std::string folder_ = testing::TempDir() + "sekimori-model-" +
                        testing::UnitTest::GetInstance()->current_test_info()->name() + "/";
};

TEST_F(ModelTest, ReadsEditedCopiesBesideTheConfiguration) {
  const Config config = load(profile, clauses);
  EXPECT_EQ(config.policy.profile.id, "own");
  ASSERT_EQ(config.policy.profile.cells.size(), 4U);
  EXPECT_EQ(config.policy.profile.cells[1].cell, policy::Cell::forbid);
  EXPECT_EQ(config.policy.profile.cells[1].reasons, std::vector<std::string>{"R1"});
  EXPECT_EQ(config.policy.profile.cells[1].place.line, 7);
  EXPECT_EQ(config.policy.profile.clauses.at(0).quote, "引用");
  // Configuration, profile, clauses: what the policy's digest covers.
  ASSERT_EQ(config.sources.size(), 4U);
  EXPECT_EQ(config.sources[1].content, profile);
  EXPECT_EQ(config.sources[2].content, clauses);
}

constexpr std::string_view based =
    "profile: own\n"
    "based_on: beta\n"
    "name: {ja: 独自, en: own}\n"
    "segments:\n"
    "  - {id: hospital, code: HOS, name: {ja: 病院系, en: hospital}, aliases: [診療系]}\n"
    "cells:\n"
    "  - {from: hospital, to: {hospital: P, mynumber: F R3, lgwan: f R4, internet: f R6, lgwan-net: \"-\",\n"
    "     security-cloud: \"-\", external: F R6, juki: \"-\", gov-cloud: \"-\", named-cloud: \"-\", "
    "out-of-scope: \"-\"}}\n"
    "  - {from: mynumber, to: {hospital: F R3}}\n"
    "  - {from: lgwan, to: {hospital: f R4, internet: G R4 mail-text}}\n"
    "  - {from: internet, to: {hospital: f R6}}\n"
    "  - {from: lgwan-net, to: {hospital: \"-\"}}\n"
    "  - {from: security-cloud, to: {hospital: \"-\"}}\n"
    "  - {from: external, to: {hospital: F R6}}\n"
    "  - {from: juki, to: {hospital: \"-\"}}\n"
    "  - {from: gov-cloud, to: {hospital: \"-\"}}\n"
    "  - {from: named-cloud, to: {hospital: \"-\"}}\n"
    "  - {from: out-of-scope, to: {hospital: f R14}}\n";

std::string model_clauses() {
  return std::string{builtin_file("clauses/model.yaml")};
}

TEST_F(ModelTest, ReadsAProfileThatIsBasedOnAnother) {
  const Config config = load(based, model_clauses());
  const policy::Profile& read = config.policy.profile;
  EXPECT_EQ(read.id, "own");
  EXPECT_EQ(read.name.ja, "独自");
  EXPECT_EQ(read.segments.size(), 11U);
  EXPECT_EQ(read.segments.back().aliases, std::vector<std::string>{"診療系"});
  EXPECT_EQ(read.cells.size(), 121U);
  const auto cell = [&](std::string_view from, std::string_view to) {
    for (const auto& one : read.cells) {
      if (one.from == from && one.to == to) return one;
    }
    return policy::CellOptions{};
  };
  EXPECT_EQ(cell("lgwan", "internet").reasons, std::vector<std::string>{"R4"}) << "changed here";
  EXPECT_EQ(cell("lgwan", "internet").kinds,
            std::vector<policy::GatewayKind>{policy::GatewayKind::mail_text});
  EXPECT_EQ(cell("internet", "lgwan").reasons, std::vector<std::string>{"R13"}) << "of beta";
  EXPECT_EQ(cell("juki", "mynumber").cell, policy::Cell::service) << "of alpha, on which beta is based";
  EXPECT_EQ(cell("hospital", "lgwan").place.line, 7);
  bool inherited = false;
  for (const auto& one : read.switches) inherited = inherited || one.id == "mn_screen_transfer_net";
  EXPECT_TRUE(inherited);
  // All of them are what the policy is made from.
  std::vector<std::string> paths;
  for (const SourceText& source : config.sources)
    paths.push_back(source.path.substr(source.path.rfind('/') + 1));
  EXPECT_EQ(paths, (std::vector<std::string>{"sekimori.yaml", "own.yaml", "clauses.yaml", "known.yaml",
                                             "beta.yaml", "alpha.yaml"}));
}

TEST_F(ModelTest, TellsWhatIsWrongWithABasedProfile) {
  const std::string sound = model_clauses();
  EXPECT_EQ(told(replaced(based, "based_on: beta", "based_on: bata"), sound),
            "model/own.yaml:2:11: based_on: There is no profile \"bata\" to be based on; profiles: alpha, "
            "alpha-prime, "
            "beta, beta-prime, two-tier. Did you mean \"beta\"?");
  EXPECT_EQ(told(replaced(based, "  - {from: juki, to: {hospital: \"-\"}}\n", ""), sound),
            "model/own.yaml:7:3: cells: No decision from juki to: hospital.");
  EXPECT_EQ(told(replaced(based, "aliases: [診療系]", "aliases: [基幹系]"), sound),
            "model/own.yaml:5:3: segments: \"基幹系\" is a name of both mynumber and hospital; change one.");
  EXPECT_EQ(told(replaced(based, "aliases: [診療系]", "part_of: lgwam"), sound),
            "model/own.yaml:5:71: segments[0].part_of: This profile has no segment \"lgwam\"; segments: "
            "mynumber, lgwan, "
            "internet, lgwan-net, security-cloud, external, juki, gov-cloud, named-cloud, out-of-scope. Did "
            "you mean "
            "\"lgwan\"?");
  EXPECT_EQ(told(replaced(based, "G R4 mail-text", "f R4 mail-text"), sound),
            "model/own.yaml:10:50: cells[2].to.internet: \"mail-text\": kinds of gateways go with the code G "
            "only.");
  EXPECT_EQ(
      told(std::string{based} + "undefined: [{id: lgwan, why: {ja: 無, en: none}, clause: C9}]\n", sound),
      "model/own.yaml:19:18: undefined[0].id: \"lgwan\" is a segment of this profile; delete it from "
      "undefined.\n"
      "model/own.yaml:19:57: undefined[0].clause: There is no clause \"C9\".");
}

TEST_F(ModelTest, TellsWhatIsWrongInTheMatrix) {
  EXPECT_EQ(
      told(replaced(profile, "external: f R1", "external: X R1")),
      "model/own.yaml:7:50: cells[0].to.external: \"X\" is no decision code; write F, f, G, L, P or -.");
  EXPECT_EQ(told(replaced(profile, "external: f R1", "external: f R9")),
            "model/own.yaml:7:50: cells[0].to.external: There is no reason \"R9\"; reasons: R1.");
  EXPECT_EQ(
      told(replaced(profile, "external: f R1", "external: f")),
      "model/own.yaml:7:50: cells[0].to.external: \"f\" has no reason; write it behind the code, like R2.");
  EXPECT_EQ(told(replaced(profile, "external: f R1", "external: f R1 R1 R1 R1 R1")),
            "model/own.yaml:7:50: cells[0].to.external: Too many reasons; at most 4.");
  EXPECT_EQ(told(replaced(profile, ", external: f R1", "")),
            "model/own.yaml:7:3: cells: No decision from mynumber to: external.");
  EXPECT_EQ(told(replaced(profile, "{from: external, to: {", "{from: external, to: {externl: P, ")),
            "model/own.yaml:8:27: cells[1].to.externl: This profile has no segment \"externl\"; segments: "
            "mynumber, "
            "external. Did you mean \"external\"?");
  EXPECT_EQ(
      told(std::string{profile} + "  - {from: mynumber, to: {mynumber: P}}\n"),
      "model/own.yaml:9:27: cells[2].to.mynumber: The pair mynumber to mynumber is written twice (first at "
      "7:27).");
}

TEST_F(ModelTest, TellsWhatIsWrongWithNamesAndClauses) {
  EXPECT_EQ(
      told(replaced(profile, "profile: own", "profile: other")),
      "model/own.yaml:1:10: profile: This file is the profile other, but the configuration asks for own.");
  EXPECT_NE(told(replaced(profile, "id: external, code: EXT", "id: outside, code: EXT"))
                .find("The segment external is missing"),
            std::string::npos);
  EXPECT_EQ(
      told(replaced(profile, "code: EXT", "code: MN")),
      "model/own.yaml:5:26: segments[1].code: \"MN\" is taken already (first at 4:26); choose another.");
  EXPECT_EQ(told(profile, replaced(clauses, "clauses: [C1]", "clauses: [C2]")),
            "model/clauses.yaml:4:52: reasons[0].clauses[0]: There is no clause \"C2\".");
  EXPECT_EQ(told(profile, replaced(clauses, ", en: city", "")),
            "model/clauses.yaml:2:20: clauses[0].body: The key \"en\" is missing.");
  EXPECT_EQ(told(replaced(profile, "name: {ja: 独自", "nmae: {ja: 独自")),
            "model/own.yaml:1:1: The key \"name\" is missing.\n"
            "model/own.yaml:2:1: nmae: There is no key \"nmae\"; keys here: profile, based_on, name, "
            "segments, undefined, cells, other_paths, switches. "
            "Did you mean \"name\"?");
}

TEST_F(ModelTest, TellsAMissingCopyWhereItIsNamed) {
  const auto found = test::mistakes(
      "profile: {name: alpha, file: /nonexistent/alpha.yaml}\nsegments: {mynumber: {vlans: [1]}}\n");
  ASSERT_EQ(found.size(), 1U) << test::told(found);
  EXPECT_EQ(found[0].to_string(), "c.yaml:1:10: profile: /nonexistent/alpha.yaml: There is no such file.");
}

TEST(Builtin, HoldsEveryProfileAndTheClauses) {
  const auto profiles = builtin_profiles();
  EXPECT_EQ(profiles,
            (std::vector<std::string_view>{"alpha", "alpha-prime", "beta", "beta-prime", "two-tier"}));
  EXPECT_FALSE(builtin_file("clauses/model.yaml").empty());
  EXPECT_TRUE(builtin_file("profiles/nothing.yaml").empty());
  EXPECT_NE(builtin_example().find("架空市"), std::string_view::npos);
  for (const std::string_view profile_name : profiles) {
    const std::string text =
        "profile: " + std::string{profile_name} + "\nsegments: {mynumber: {vlans: [1]}}\n";
    EXPECT_EQ(test::told(text), "") << profile_name;
  }
}

TEST(Builtin, HasTheSameOctetsAsTheFiles) {
  std::ifstream file{SEKIMORI_SOURCE_DIR "/policy/clauses/model.yaml", std::ios::binary};
  const std::string content{std::istreambuf_iterator<char>{file}, {}};
  EXPECT_EQ(builtin_file("clauses/model.yaml"), content);
}

}  // namespace
}  // namespace sekimori::config
