// Tables of tunnels: a sentence, a built frame, the packets that it must become, outermost first.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/kit/describe.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::test::tunnels {

using namespace sekimori::kit;

struct Case {
  const char* sentence;
  PacketBuilder built;
  std::string expected;
};

inline void check(const std::vector<Case>& table) {
  for (const Case& row : table) EXPECT_EQ(describe_layers(row.built), row.expected) << row.sentence;
}

inline PacketBuilder four() {
  return ethernet().ipv4("192.0.2.1", "192.0.2.2");
}
inline PacketBuilder six() {
  return ethernet().ipv6("2001:db8::1", "2001:db8::2");
}
inline PacketBuilder udp_to(unsigned port) {
  return four().udp(40000, port);
}
inline PacketBuilder in4(const PacketBuilder& start) {
  return start.ipv4("10.1.0.5", "10.2.0.9").udp(1, 2).payload(3);
}
inline PacketBuilder in6(const PacketBuilder& start) {
  return start.ipv6("fd00::5", "fd00::9").udp(1, 2).payload(3);
}
// What in4() and in6() must come out as.
inline std::string inner4(const std::string& tunnel, const std::string& more = "") {
  return " carries " + tunnel + " / udp 10.1.0.5:1 > 10.2.0.9:2 payload 3" + more + " in " + tunnel;
}
inline std::string inner6(const std::string& tunnel, const std::string& more = "") {
  return " carries " + tunnel + " / udp [fd00::5]:1 > [fd00::9]:2 payload 3" + more + " in " + tunnel;
}
inline std::string proto(unsigned number, unsigned payload) {
  return std::to_string(number) + " 192.0.2.1 > 192.0.2.2 payload " + std::to_string(payload);
}
inline std::string port(unsigned number, unsigned payload) {
  return "udp 192.0.2.1:40000 > 192.0.2.2:" + std::to_string(number) + " payload " + std::to_string(payload);
}
inline Octets plus(std::initializer_list<unsigned> first, const Octets& rest) {
  Octets all = octets(first);
  all.insert(all.end(), rest.begin(), rest.end());
  return all;
}
// An inner datagram alone: 31 octets of IPv4, 51 of IPv6.
inline Octets bare4() {
  return in4(link(101)).bytes();
}
inline Octets bare6() {
  return in6(link(101)).bytes();
}

}  // namespace sekimori::test::tunnels
