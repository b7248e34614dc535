#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/policy/city.hpp"

namespace sekimori::policy {
namespace {

std::vector<PolicyError::Item> mistakes(const City& city, Language language = Language::en) {
  try {
    const Policy policy{city.options, {}, {}, 1, language};
  } catch (const PolicyError& error) {
    return error.items();
  }
  return {};
}

// The only mistake of a city, or a description of what was found instead.
PolicyError::Item only_mistake(const City& city, Language language = Language::en) {
  const std::vector<PolicyError::Item> items = mistakes(city, language);
  if (items.size() == 1) return items.front();
  std::string found = std::to_string(items.size()) + " mistakes";
  for (const PolicyError::Item& item : items) found += "; " + item.message;
  return {{}, found};
}

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST(PolicyErrors, FindsNothingWrongWithAGoodCity) {
  EXPECT_TRUE(mistakes(City{"alpha"}).empty());
  EXPECT_TRUE(mistakes(City{"two-tier"}).empty());
}

TEST(PolicyErrors, RejectsASegmentThatTheProfileDoesNotKnow) {
  City city{"two-tier"};
  city.segment("lgwan").place = {"city.yaml", 12, 3};
  const PolicyError::Item item = only_mistake(city);
  EXPECT_EQ(item.place, (Place{"city.yaml", 12, 3}));
  EXPECT_SAYS(item.message, "lgwan");
  EXPECT_SAYS(item.message, "two-tier");
  EXPECT_SAYS(item.message, "mynumber, internet, security-cloud");
  EXPECT_EQ(item.message.find("did you mean"), std::string::npos);
}

TEST(PolicyErrors, SaysWhyTheProfileHasNoSuchSegment) {
  City city{"two-tier"};
  city.segment("lgwan");
  EXPECT_SAYS(only_mistake(city).message, "define no segment besides the Internet segment");
  EXPECT_SAYS(only_mistake(city, Language::ja).message, "領域を定めていないため");
  City other{"beta"};
  other.segment("LBO");
  EXPECT_SAYS(only_mistake(other).message, "Only the alpha-prime model");
}

TEST(PolicyErrors, ChecksOverlays) {
  const auto overlaid = [](std::string from, std::string to, Cell cell, std::vector<std::string> reasons,
                           std::string clause) {
    City city{"alpha"};
    city.options.overlays.push_back(
        {std::move(from), std::move(to), cell, std::move(reasons), std::move(clause), {"c", 9, 5}});
    return city;
  };
  EXPECT_SAYS(only_mistake(overlaid("lgwan", "internet", Cell::permit, {}, "")).message,
              "needs the clause of your own rules");
  EXPECT_SAYS(only_mistake(overlaid("lgwan", "intrenet", Cell::permit, {}, "1")).message,
              "did you mean \"internet\"?");
  EXPECT_SAYS(only_mistake(overlaid("lgwan", "internet", Cell::forbid, {"R99"}, "1")).message, "\"R99\"");
  City twice = overlaid("lgwan", "internet", Cell::permit, {}, "1");
  twice.options.overlays.push_back({"LG", "NET", Cell::forbid, {}, "2", {"c", 12, 5}});
  EXPECT_SAYS(only_mistake(twice).message, "overlaid twice");
  const Policy same = overlaid("lgwan", "internet", Cell::gateway, {"R4"}, "1").policy();
  ASSERT_EQ(same.warnings().size(), 1U);
  EXPECT_SAYS(same.warnings()[0].message, "効果がありません");
  EXPECT_EQ(same.warnings()[0].place, (Place{"c", 9, 5}));
}

TEST(PolicyErrors, SuggestsTheWordThatWasMeant) {
  City city{"alpha"};
  city.segment("intrenet");
  EXPECT_SAYS(only_mistake(city).message, "did you mean \"internet\"?");
  EXPECT_SAYS(only_mistake(city, Language::ja).message, "「internet」の誤りではありませんか");
}

TEST(PolicyErrors, LocatesAnOverlapAtBothPlaces) {
  City city{"alpha"};
  city.segment("internet").prefixes.push_back({prefix("10.1.3.0/24"), "", {"city.yaml", 40, 9}});
  const std::vector<PolicyError::Item> items = mistakes(city);
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].place.file, "city");
  EXPECT_SAYS(items[0].message, "city.yaml:40:9");
  EXPECT_EQ(items[1].place, (Place{"city.yaml", 40, 9}));
  EXPECT_SAYS(items[1].message, "10.1.0.0/16");
  EXPECT_SAYS(items[1].message, "mynumber");
}

TEST(PolicyErrors, RejectsTheSamePrefixTwiceButAllowsNestingInOneSegment) {
  City city{"alpha"};
  city.segment("lgwan").prefixes.push_back({prefix("10.2.7.0/24"), "財政課", {}});
  EXPECT_TRUE(mistakes(city).empty());
  city.segment("lgwan").prefixes.push_back({prefix("10.2.7.0/24"), "税務課", {"city.yaml", 9, 5}});
  EXPECT_SAYS(only_mistake(city).message, "already written");
  EXPECT_EQ(only_mistake(city).place.line, 9);
  City twice{"alpha"};
  twice.segment("internet").prefixes.push_back({prefix("10.2.0.0/16"), "", {"city.yaml", 9, 5}});
  EXPECT_EQ(mistakes(twice).size(), 2U) << "the same prefix in two segments: told at both places";
}

TEST(PolicyErrors, StopsListingOverlapsAtSomePoint) {
  City city{"alpha"};
  for (int i = 0; i < 250; ++i) {
    city.segment("internet").prefixes.push_back({prefix("10.1." + std::to_string(i) + ".0/24"), "", {}});
  }
  const std::vector<PolicyError::Item> items = mistakes(city);
  EXPECT_EQ(items.size(), 41U);
  EXPECT_TRUE(std::any_of(items.begin(), items.end(), [](const PolicyError::Item& item) {
    return item.message == "230 more overlaps of prefixes";
  }));
}

TEST(PolicyErrors, NeedsTheClauseOfASwitch) {
  City city{"alpha"};
  city.with_switch("mn_screen_transfer", "");
  EXPECT_SAYS(only_mistake(city).message, "mn_screen_transfer");
  City other{"two-tier"};
  other.with_switch("mn_exceptions", "");
  EXPECT_SAYS(only_mistake(other, Language::ja).message, "条項");
  City free{"two-tier"};
  free.with_switch("egress_security_cloud", "");
  EXPECT_TRUE(mistakes(free).empty());
}

TEST(PolicyErrors, RejectsUnknownAndRepeatedSwitches) {
  City city{"alpha"};
  city.with_switch("mn_screen_transfr");
  EXPECT_SAYS(only_mistake(city).message, "did you mean \"mn_screen_transfer\"?");
  City twice{"alpha"};
  twice.with_switch("lgwan_services").with_switch("lgwan_services");
  EXPECT_SAYS(only_mistake(twice).message, "twice");
}

TEST(PolicyErrors, ChecksWhatEntriesLimit) {
  City city{"alpha"};
  GatewayOptions gateway = city.gateway("LG", "NET");
  gateway.clients = {};
  gateway.hosts = {};
  city.with(gateway);
  EXPECT_SAYS(only_mistake(city).message, "neither its clients nor its hosts");

  City portless{"alpha"};
  ServiceOptions service = portless.service("MN", "LGN");
  service.ports = {};
  portless.with(service);
  EXPECT_SAYS(only_mistake(portless).message, "names no port");

  City backwards{"alpha"};
  service.ports = {{6, 500, 400}};
  backwards.with(service);
  EXPECT_SAYS(only_mistake(backwards).message, "500-400");

  City nowhere{"alpha"};
  ExceptionOptions exception = nowhere.exception("LG", "GC");
  exception.destination = {};
  nowhere.with(exception);
  EXPECT_SAYS(only_mistake(nowhere).message, "does not limit its destination");

  City ended{"alpha"};
  exception = ended.exception("LG", "GC");
  exception.until = exception.from;
  ended.with(exception);
  EXPECT_SAYS(only_mistake(ended).message, "does not end (until) after it begins (from)");
}

TEST(PolicyErrors, ChecksIdsAndSegmentsOfEntries) {
  City city{"alpha"};
  city.with(city.exception("LG", "GC")).with(city.exception("LG", "GC"));
  city.options.exceptions[1].id = city.options.exceptions[0].id;
  EXPECT_SAYS(only_mistake(city).message, "registered twice");

  City unnamed{"alpha"};
  GatewayOptions gateway = unnamed.gateway("LG", "NET");
  gateway.id.clear();
  unnamed.with(gateway);
  EXPECT_SAYS(only_mistake(unnamed).message, "no id");

  City unknown{"alpha"};
  ServiceOptions service = unknown.service("MN", "LGN");
  service.to = "lgwan_net";
  unknown.with(service);
  EXPECT_SAYS(only_mistake(unknown).message, "did you mean \"lgwan-net\"?");

  City same{"alpha"};  // a gateway and a service may share an id: they are named by kind
  same.with(same.gateway("LG", "NET")).with(same.service("MN", "LGN"));
  EXPECT_TRUE(mistakes(same).empty());
}

TEST(PolicyErrors, ChecksClaimsAndNextHops) {
  City city{"alpha"};
  city.segment("lgwan").vlans = {0};
  EXPECT_SAYS(only_mistake(city).message, "VLAN 0");
  City high{"alpha"};
  high.segment("lgwan").vlans = {4095};
  EXPECT_SAYS(only_mistake(high).message, "VLAN 4095");
  City group{"alpha"};
  group.segment("lgwan-net").next_hop_macs = {mac("ff:ff:ff:ff:ff:ff")};
  EXPECT_SAYS(only_mistake(group).message, "ff:ff:ff:ff:ff:ff");
  City both{"alpha"};
  both.segment("lgwan-net").next_hop_macs = {other_mac};
  both.segment("security-cloud").next_hop_macs = {other_mac};
  EXPECT_SAYS(only_mistake(both).message, "lgwan-net");
  City twice{"alpha"};
  policy::SegmentOptions again;
  again.id = "lgwan";
  again.place = {"city.yaml", 3, 1};
  twice.options.segments.push_back(std::move(again));
  EXPECT_SAYS(only_mistake(twice).message, "defined twice");
}

TEST(PolicyErrors, ChecksTheProfileItself) {
  City missing{"alpha"};
  missing.options.profile.cells.pop_back();
  EXPECT_SAYS(only_mistake(missing).message, "\"out-of-scope -> out-of-scope\"");
  City doubled{"alpha"};
  doubled.options.profile.cells.push_back(doubled.options.profile.cells.front());
  EXPECT_SAYS(only_mistake(doubled).message, "written twice");
  City reason{"alpha"};
  reason.options.profile.cells.front().reasons = {"R99"};
  EXPECT_SAYS(only_mistake(reason).message, "R99");
  City clause{"alpha"};
  clause.options.profile.reasons.front().clauses = {"009-1"};
  EXPECT_SAYS(only_mistake(clause).message, "009-1");
  City reasons{"alpha"};
  reasons.options.profile.cells.front().reasons = {"R1", "R2", "R3", "R4", "R5"};
  EXPECT_SAYS(only_mistake(reasons).message, "at most 4");
  City unknown{"alpha"};
  unknown.options.profile.cells.push_back({"mynumber", "moon", Cell::permit, {}, {}});
  EXPECT_SAYS(only_mistake(unknown).message, "moon");
  City many{"alpha"};
  for (int i = 0; i < 7; ++i) many.options.profile.segments.push_back({"s" + std::to_string(i), "", {}});
  EXPECT_SAYS(only_mistake(many).message, "17");
  City homeless{"alpha"};
  homeless.options.profile.segments[5].id = "outside";
  EXPECT_SAYS(only_mistake(homeless).message, "external");
  City code{"alpha"};
  code.options.profile.segments[1].code = "MN";
  EXPECT_SAYS(only_mistake(code).message, "\"MN\" twice");
}

TEST(PolicyErrors, TellsEverythingAtOnceInOrder) {
  City city{"alpha"};
  city.segment("moon").place = {"city.yaml", 30, 1};
  city.segment("internet").prefixes.push_back({prefix("10.1.3.0/24"), "", {"city.yaml", 20, 1}});
  ExceptionOptions exception = city.exception("LG", "GC");
  exception.until = exception.from;
  exception.place = {"city.yaml", 10, 1};
  city.with(exception).with_switch("nonsense");
  const std::vector<PolicyError::Item> items = mistakes(city);
  ASSERT_EQ(items.size(), 5U);
  EXPECT_TRUE(std::is_sorted(items.begin(), items.end(), [](const auto& a, const auto& b) {
    return std::pair{a.place.file, a.place.line} < std::pair{b.place.file, b.place.line};
  }));
  EXPECT_EQ(items[4].place.line, 30);
  try {
    const Policy policy = city.policy();
    FAIL();
  } catch (const PolicyError& error) {
    EXPECT_SAYS(std::string{error.what()}, "city.yaml:30:1: ");
  }
}

}  // namespace
}  // namespace sekimori::policy
