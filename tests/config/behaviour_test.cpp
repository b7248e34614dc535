// What may be written about systems, transfers and behaviour, and what is told when it is wrong.
#include <gtest/gtest.h>

#include "tests/config/mistakes.hpp"

namespace sekimori::config {
namespace {

using namespace std::chrono_literals;

Config load_base(const std::string& more) {
  return load_text(std::string{test::base} + more, "c.yaml", Language::en);
}
std::string told_base(const std::string& more) {
  return test::told(std::string{test::base} + more);
}

TEST(Behaviour, ReadsASystemWithItsThreshold) {
  const Config config = load_base(
      "systems:\n"
      "  - {id: S, name: 税, section: 税務課, importance: Ⅱ, hosts: [10.10.10.12, 10.10.11.0/24], ports: "
      "[tcp/443],\n"
      "     bulk: {bytes: 2GiB, window: 30m, direction: to_server, out_of_hours_percent: 20, exempt: "
      "[10.10.10.40],\n"
      "            hours: {days: [月, tue], from: \"22:00\", until: \"24:00\"}}}\n");
  ASSERT_EQ(config.policy.systems.size(), 1U);
  const policy::SystemOptions& system = config.policy.systems[0];
  EXPECT_EQ(system.importance, policy::Importance::ii);
  EXPECT_EQ(system.hosts.size(), 2U);
  ASSERT_TRUE(system.bulk.has_value());
  EXPECT_EQ(system.bulk->bytes, 2ULL << 30U);
  EXPECT_EQ(system.bulk->window, 30min);
  EXPECT_EQ(system.bulk->direction, policy::BulkDirection::to_server);
  EXPECT_EQ(system.bulk->out_of_hours_percent, 20);
  EXPECT_EQ(system.bulk->hours.weekdays, 0x03);
  ASSERT_EQ(system.bulk->hours.ranges.size(), 1U);
  EXPECT_EQ(system.bulk->hours.ranges[0].begin, 22 * 60);
  EXPECT_EQ(system.bulk->hours.ranges[0].end, 1440);
}

TEST(Behaviour, NamesSegmentsByWhatTheBodyCallsThem) {
  const Config config = load_base(
      "transfers:\n  - {id: T, from: インターネット接続系, to: external, bulk: {bytes: 1GiB}}\n"
      "behaviour: {declared_only: [MN]}\n");
  ASSERT_EQ(config.policy.transfers.size(), 1U);
  EXPECT_EQ(config.policy.transfers[0].from, "internet");
  EXPECT_EQ(config.policy.transfers[0].bulk.direction, policy::BulkDirection::to_server);
  EXPECT_EQ(config.policy.behaviour.declared_only, std::vector<std::string>{"mynumber"});
}

TEST(Behaviour, TellsWhatIsWrongWithItsPlace) {
  const auto has = [](const std::string& more, std::string_view words) {
    const std::string all = told_base(more);
    EXPECT_NE(all.find(words), std::string::npos) << more << all;
  };
  has("systems:\n  - {id: S}\n", "c.yaml:7:5: systems[0]");  // no hosts
  has("systems:\n  - {id: S, hosts: [10.10.0.1], bulk: {byte: 1GiB}}\n", "bytes");
  has("systems:\n  - {id: S, hosts: [10.10.0.1], bulk: {bytes: 1KiB}}\n", "systems[0].bulk.bytes");
  has("systems:\n  - {id: S, hosts: []}\n", "systems[0].hosts");
  has("systems:\n  - {id: S, hosts: [10.10.0.1]}\n  - {id: S, hosts: [10.10.0.2]}\n",
      "c.yaml:8:10: systems[1].id");
  has("systems:\n  - {id: S, hosts: [10.10.0.1], importance: V}\n", "systems[0].importance");
  const std::string hours = "systems:\n  - {id: S, hosts: [10.10.0.1], bulk: {hours: {days: [mon], from: ";
  has(hours + "\"8:30\", until: \"17:15\"}}}\n", "\"8:30\" is no time of day");
  has(hours + "\"24:01\", until: \"17:15\"}}}\n", "\"24:01\" is no time of day");
  has(hours + "\"08:30\", until: \"08:30\"}}}\n", "begins and ends at the same time");
  has("systems:\n  - {id: S, hosts: [10.10.0.1], bulk: {hours: {days: [Mon], from: \"08:30\", until: "
      "\"17:15\"}}}\n",
      "\"Mon\" is no weekday");
  has("systems:\n  - {id: S, hosts: [10.10.0.1], bulk: {hours: {days: [mon, 月], from: \"08:30\", until: "
      "\"17:15\"}}}\n",
      "systems[0].bulk.hours.days[1]");
  has("transfers:\n  - {id: T, from: internet, to: external}\n", "transfers[0]");
  has("transfers:\n  - {id: T, from: internett, to: external, bulk: {}}\n", "internet");
  has("behaviour: {scan: {window: 10m, slow_window: 10m}}\n", "has to be longer than window");
  has("behaviour: {scan: {hosts: 61}}\n", "slow_hosts (60) has to be at least hosts (61)");
  has("behaviour: {scan: {hosts: 2}}\n", "behaviour.scan.hosts");
  has("behaviour: {scan: {session_ports: [22, 22]}}\n", "behaviour.scan.session_ports[1]");
  has("behaviour: {declared_only: [nowhere]}\n", "behaviour.declared_only[0]");
  has("behaviour: {scaners_allowed: []}\n", "scanners_allowed");
}

TEST(Behaviour, RefusesMoreSystemsOnOneAddressThanAreToldApart) {
  std::string systems = "systems:\n";
  for (int i = 0; i < 17; ++i) {
    systems += "  - {id: S" + std::to_string(i) + ", hosts: [10.10.0.1], ports: [tcp/" +
               std::to_string(1000 + i) + "]}\n";
  }
  EXPECT_NE(told_base(systems).find("too many systems share 10.10.0.1/32"), std::string::npos)
      << told_base(systems);
  systems.resize(systems.rfind("  - "));
  EXPECT_EQ(told_base(systems), "");
}

}  // namespace
}  // namespace sekimori::config
