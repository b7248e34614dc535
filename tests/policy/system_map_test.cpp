#include "policy/system_map.hpp"

#include <gtest/gtest.h>

namespace sekimori::policy {
namespace {

IpAddress ip(std::string_view text) {
  return *IpAddress::parse(text);
}

SystemOptions system_of(std::string id, std::vector<std::string_view> hosts, std::vector<Ports> ports,
                        bool bulk) {
  SystemOptions system;
  system.id = std::move(id);
  for (const std::string_view host : hosts) system.hosts.push_back(*Prefix::parse(host));
  system.ports = std::move(ports);
  if (bulk) system.bulk.emplace();
  return system;
}

PolicyOptions city() {
  PolicyOptions options;
  options.profile.segments = {{"a", "A", {}, {}}, {"b", "B", {}, {}}};
  options.systems = {system_of("wide", {"10.0.0.0/24"}, {{6, 8000, 8100}}, false),
                     system_of("web", {"10.0.0.5", "fd00::5"}, {{6, 443, 443}}, true),
                     system_of("all", {"10.0.1.0/28"}, {}, true)};
  options.transfers = {{"t", "", "a", "b", {}, {}}};
  options.behaviour.scan.session_ports = {22};
  return options;
}

TEST(SystemMap, TellsSystemsApartByAddressAndPort) {
  const SystemMap map{city()};
  EXPECT_EQ(map.at(ip("10.0.0.5"), 6, 443), 1);
  EXPECT_EQ(map.at(ip("fd00::5"), 6, 443), 1);
  EXPECT_EQ(map.at(ip("10.0.0.5"), 6, 8000), 0);  // of the network around it
  EXPECT_EQ(map.at(ip("10.0.0.6"), 6, 8100), 0);
  EXPECT_EQ(map.at(ip("10.0.0.6"), 6, 443), -1);
  EXPECT_EQ(map.at(ip("10.0.0.5"), 17, 443), -1);
  EXPECT_EQ(map.at(ip("10.0.1.15"), 17, 9), 2);
  EXPECT_EQ(map.at(ip("10.0.1.16"), 17, 9), -1);
  EXPECT_EQ(SystemMap{}.at(ip("10.0.0.5"), 6, 443), -1);
}

TEST(SystemMap, MetersWhatHasAThresholdAndWhereOnesLogIn) {
  const SystemMap map{city()};
  const IpAddress other = ip("10.9.9.9");
  const PairId inside = pair_of(0, 0);
  EXPECT_TRUE(map.metered(other, ip("10.0.0.5"), 6, 443, inside));
  EXPECT_TRUE(map.metered(ip("10.0.0.5"), other, 6, 9, inside));  // it may push
  EXPECT_FALSE(map.metered(other, ip("10.0.0.6"), 6, 8000, inside));
  EXPECT_FALSE(map.metered(other, other, 6, 80, inside));
  EXPECT_TRUE(map.metered(other, other, 6, 22, inside));
  EXPECT_FALSE(map.metered(other, other, 17, 22, inside));
  EXPECT_TRUE(map.metered(other, other, 6, 80, pair_of(0, 1)));
  EXPECT_FALSE(map.metered(other, other, 6, 80, pair_of(1, 0)));
}

}  // namespace
}  // namespace sekimori::policy
