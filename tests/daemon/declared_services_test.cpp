#include "daemon/behaviour/declared_services.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sekimori::daemon {
namespace {

Prefix prefix(const std::string& text) {
  return *Prefix::parse(text);
}

policy::ServiceOptions service(const std::string& id, const std::string& hosts, policy::Ports ports) {
  policy::ServiceOptions made;
  made.id = id;
  made.hosts.addresses = {prefix(hosts)};
  made.ports = {ports};
  return made;
}

IpAddress host(const std::string& text) {
  return *IpAddress::parse(text);
}

TEST(DeclaredServices, TheFirstInOrderDeclaresHoweverWideItIs) {
  policy::PolicyOptions options;
  policy::GatewayOptions gateway;
  gateway.id = "GW";
  gateway.hosts.addresses = {prefix("10.20.0.0/16")};
  gateway.ports = {{6, 25, 25}};
  options.gateways = {gateway};
  options.services = {service("WIDE", "10.0.0.0/8", {6, 443, 443}),
                      service("ONE", "10.20.0.9/32", {6, 25, 443})};
  const DeclaredServices declared{options};
  EXPECT_EQ(declared.find(host("10.20.0.9"), 6, 443).id, "WIDE");
  EXPECT_EQ(declared.find(host("10.20.0.9"), 6, 25).id, "GW");
  EXPECT_EQ(declared.find(host("10.20.0.9"), 6, 25).by, Declared::gateway);
  EXPECT_EQ(declared.find(host("10.20.0.9"), 6, 80).id, "ONE");
  EXPECT_EQ(declared.find(host("10.20.0.9"), 17, 80).by, Declared::no);
  EXPECT_EQ(declared.find(host("192.168.0.1"), 6, 443).by, Declared::no);
}

TEST(DeclaredServices, ASideWithoutAddressesDeclaresNobody) {
  policy::PolicyOptions options;
  options.services = {service("ANY", "10.0.0.0/8", {})};
  options.services[0].hosts = {};
  EXPECT_EQ(DeclaredServices{options}.find(host("10.1.1.1"), 6, 443).by, Declared::no);
  EXPECT_EQ(DeclaredServices{}.find(host("10.1.1.1"), 6, 443).by, Declared::no);
}

TEST(DeclaredServices, SpeaksOfItsDomainsAlone) {
  policy::PolicyOptions options;
  options.services = {service("TOWN", "10.0.0.0/8", {})};
  options.services[0].domains = 1U << 2U;
  IpAddress there = host("10.1.1.1");
  there.domain = 2;
  const DeclaredServices declared{options};
  EXPECT_EQ(declared.find(there, 6, 443).id, "TOWN");
  EXPECT_EQ(declared.find(host("10.1.1.1"), 6, 443).by, Declared::no);
}

TEST(DeclaredServices, AgreesWithALookAtEachEntry) {
  std::mt19937 random{7};
  const auto below = [&](unsigned limit) { return static_cast<std::uint16_t>(random() % limit); };
  for (int round = 0; round < 50; ++round) {
    policy::PolicyOptions options;
    for (int i = 0; i < 40; ++i) {
      policy::ExceptionOptions entry;
      entry.id = "EX-" + std::to_string(i);
      IpAddress address = host("10.0.0." + std::to_string(below(256)));
      const auto length = static_cast<std::uint8_t>(24 + below(9));
      for (unsigned bit = length; bit < 32; ++bit)
        address.bytes[3] = static_cast<std::uint8_t>(address.bytes[3] & ~(1U << (31 - bit)));
      entry.destination.addresses = {Prefix{address, length}};
      const std::uint16_t first = below(4);
      entry.ports = {{static_cast<std::uint8_t>(below(2) == 0 ? 0 : 6), first,
                      static_cast<std::uint16_t>(first + below(3))}};
      options.exceptions.push_back(entry);
    }
    const DeclaredServices declared{options};
    for (int i = 0; i < 200; ++i) {
      const IpAddress asked = host("10.0.0." + std::to_string(below(256)));
      const std::uint8_t protocol = below(2) == 0 ? 6 : 17;
      const std::uint16_t port = below(6);
      std::string expected;
      for (const policy::ExceptionOptions& entry : options.exceptions) {
        const policy::Ports& ports = entry.ports[0];
        if (entry.destination.addresses[0].contains(asked) &&
            (ports.protocol == 0 || ports.protocol == protocol) && ports.first <= port &&
            port <= ports.last) {
          expected = entry.id;
          break;
        }
      }
      ASSERT_EQ(declared.find(asked, protocol, port).id, expected);
    }
  }
}

}  // namespace
}  // namespace sekimori::daemon
