// What changes between two policies and permits nothing more or less.
#include "policy/proof/limits.hpp"

#include <gtest/gtest.h>

#include "tests/policy/city.hpp"

namespace sekimori::policy {
namespace {

using namespace std::chrono_literals;

constexpr Manner manner{Language::en, 540};

// "exceptions EX-1 volume.bytes: 1GiB -> 2GiB", a line each.
std::string changes(const PolicyOptions& before, const PolicyOptions& after, bool drafts = false) {
  std::string out;
  for (const LimitChange& one : compare_limits(before, after, drafts, manner)) {
    out += one.list + " " + one.id + " " + one.key + ": " + one.before + " -> " + one.after + "\n";
  }
  return out;
}

PolicyOptions city() {
  City made{"alpha"};
  ExceptionOptions exception = made.exception("LG", "GC");
  exception.id = "EX-1";
  exception.volume = {20ULL << 30U, 24h};
  exception.emergency = true;
  exception.report_by = noon + day;
  made.with(exception);
  SystemOptions system;
  system.id = "juki";
  system.hosts = {prefix("10.1.0.9/32"), prefix("10.1.0.10/32")};
  system.bulk = BulkOptions{};
  made.options.systems.push_back(system);
  return made.options;
}

TEST(Limits, OfTheSamePolicyAreTheSame) {
  PolicyOptions same = city();
  std::swap(same.systems[0].hosts[0], same.systems[0].hosts[1]);
  same.exceptions[0].place = {"other.yaml", 3, 4};
  EXPECT_EQ(changes(city(), same), "");
}

TEST(Limits, OfAnExceptionAreToldWithOldAndNewValue) {
  PolicyOptions after = city();
  after.exceptions[0].volume = {512ULL << 20U, 36h};
  after.exceptions[0].report_by = noon + 3 * day;
  const std::string said = changes(city(), after);
  EXPECT_NE(said.find("exceptions EX-1 volume.bytes: 20GiB -> 512MiB\n"), std::string::npos) << said;
  EXPECT_NE(said.find("exceptions EX-1 volume.per: 24h -> 36h\n"), std::string::npos) << said;
  EXPECT_NE(said.find("exceptions EX-1 report_by: "), std::string::npos) << said;
  after = city();
  after.exceptions[0].volume = {};
  EXPECT_EQ(changes(city(), after),
            "exceptions EX-1 volume.bytes: 20GiB -> \nexceptions EX-1 volume.per: 24h -> \n");
}

TEST(Limits, TheDayOnWhichAReportIsDueIsTheLastOneInTime) {
  PolicyOptions before = city();
  PolicyOptions after = city();
  // Midnight in Japan after the first and the second of June.
  before.exceptions[0].report_by = Time{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}} + 15h;
  after.exceptions[0].report_by = Time{std::chrono::sys_days{std::chrono::year{2026} / 6 / 2}} + 15h;
  EXPECT_EQ(changes(before, after), "exceptions EX-1 report_by: 2026-06-01 -> 2026-06-02\n");
}

TEST(Limits, OfWhatIsMeteredAndLookedForAreTold) {
  PolicyOptions after = city();
  after.systems[0].bulk->bytes = 1ULL << 30U;
  after.systems[0].bulk->hours.ranges = {{510, 1035}};
  after.behaviour.scan.hosts = 30;
  after.behaviour.declared_only = {"mynumber"};
  after.segments[0].dhcp_servers.push_back({std::nullopt, address("10.1.0.5")});
  const std::string said = changes(city(), after);
  EXPECT_NE(said.find("systems juki bulk.bytes: 512MiB -> 1GiB\n"), std::string::npos) << said;
  EXPECT_NE(said.find("systems juki bulk.hours:  -> every day 08:30-17:15\n"), std::string::npos) << said;
  EXPECT_NE(said.find("behaviour  scan.hosts: 20 -> 30\n"), std::string::npos) << said;
  EXPECT_NE(said.find("behaviour  declared_only:  -> mynumber\n"), std::string::npos) << said;
  EXPECT_NE(said.find(" dhcp_servers:  -> 10.1.0.5\n"), std::string::npos) << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 5) << said;
}

TEST(Limits, AreSaidInTheWordsOfTheConfiguration) {
  PolicyOptions before = city();
  PolicyOptions after = city();
  before.systems[0].importance = Importance::ii;
  after.systems[0].importance = Importance::iv;
  before.systems[0].bulk->direction = BulkDirection::to_client;
  after.systems[0].bulk->direction = BulkDirection::to_server;
  const std::string said = changes(before, after);
  EXPECT_NE(said.find("systems juki importance: II -> IV\n"), std::string::npos) << said;
  EXPECT_NE(said.find("systems juki bulk.direction: to_client -> to_server\n"), std::string::npos) << said;
}

TEST(Limits, OfADraftCountOnlyWhereDraftsDo) {
  PolicyOptions before = city();
  before.exceptions.clear();
  PolicyOptions after = city();
  after.exceptions[0].draft = true;
  EXPECT_EQ(changes(before, after), "");
  EXPECT_NE(changes(before, after, true).find("volume.bytes:  -> 20GiB"), std::string::npos);
}

}  // namespace
}  // namespace sekimori::policy
