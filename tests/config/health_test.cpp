#include <gtest/gtest.h>

#include "config/config.hpp"
#include "daemon/options.hpp"
#include "tests/config/mistakes.hpp"

namespace sekimori::config {
namespace {

using namespace std::chrono_literals;

std::string with(const std::string& health) {
  return std::string{test::base} + "health: {" + health + "}\n";
}
daemon::HealthOptions read(const std::string& health) {
  return load_text(with(health), "c.yaml", Language::en).daemon.health;
}

TEST(HealthKeys, ReadsPairsBySegmentsIdsCodesAndNames) {
  const auto health = read(
      "pairs: [{from: mynumber, to: LGWAN接続系, silence: 30m}, {from: lgwan, to: lgwan, "
      "silence: 1h}], missed_percent: 5, learn: false");
  ASSERT_EQ(health.pairs.size(), 2U);
  EXPECT_EQ(health.pairs[0].from, "mynumber");
  EXPECT_EQ(health.pairs[0].to, "lgwan");
  EXPECT_EQ(health.pairs[0].silence, 30min);
  EXPECT_EQ(health.pairs[1].silence, 1h);
  EXPECT_EQ(health.missed_percent, 5);
  EXPECT_FALSE(health.learn);
}

TEST(HealthKeys, ReadsVlans) {
  const auto health = read("vlans: [{vlan: 1, silence: 10s}, {vlan: 4094, silence: 168h}]");
  ASSERT_EQ(health.vlans.size(), 2U);
  EXPECT_EQ(health.vlans[0].vlan, 1);
  EXPECT_EQ(health.vlans[0].silence, 10s);
  EXPECT_EQ(health.vlans[1].vlan, 4094);
}

TEST(HealthKeys, WithoutThemPairsAreLearned) {
  const auto health = load_text(test::base, "c.yaml", Language::en).daemon.health;
  EXPECT_EQ(health, daemon::HealthOptions{});
  EXPECT_TRUE(health.learn);
}

TEST(HealthKeys, NamesTheKeyThatIsOutOfBoundsMistypedOrTwice) {
  const std::pair<const char*, const char*> wrong[]{
      {"pairs: [{from: mynumbr, to: lgwan, silence: 30m}]", "health.pairs[0].from"},
      {"pairs: [{from: mynumber, to: lgwan, silence: 9s}]", "health.pairs[0].silence"},
      {"pairs: [{from: mynumber, to: lgwan, silence: 169h}]", "health.pairs[0].silence"},
      {"pairs: [{from: mynumber, to: lgwan}]", "health.pairs[0]"},
      {"pairs: [{from: mynumber, to: lgwan, silence: 1m}, {from: mynumber, to: lgwan, silence: 2m}]",
       "health.pairs[1]"},
      {"vlans: [{vlan: 4095, silence: 1m}]", "health.vlans[0].vlan"},
      {"vlans: [{vlan: 0, silence: 1m}]", "health.vlans[0].vlan"},
      {"vlans: [{vlan: 7}]", "health.vlans[0]"},
      {"vlans: [{vlan: 7, silence: 1s}]", "health.vlans[0].silence"},
      {"vlans: [{vlan: 7, silence: 1m}, {vlan: 7, silence: 2m}]", "health.vlans[1]"},
      {"vlans: [{vlan: 7, silence: 1m, tap: t1}]", "health.vlans[0].tap"},
      {"missed_percent: 0", "health.missed_percent"},
      {"learn: maybe", "health.learn"},
      {"lern: true", "health.lern"},
  };
  for (const auto& [text, path] : wrong) {
    const auto found = test::mistakes(with(text));
    ASSERT_EQ(found.size(), 1U) << text << "\n" << test::told(found);
    EXPECT_EQ(found[0].path, path) << text;
  }
}

}  // namespace
}  // namespace sekimori::config
