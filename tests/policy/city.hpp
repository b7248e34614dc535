// A small city for policy tests: every segment of a profile gets one IPv4 and one IPv6 network, and what a
// test needs is added by name.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.hpp"

namespace sekimori::policy {

inline IpAddress address(std::string_view text) {
  return IpAddress::parse(text).value();
}
inline Prefix prefix(std::string_view text) {
  return Prefix::parse(text).value();
}
inline MacAddress mac(std::string_view text) {
  return MacAddress::parse(text).value();
}

// The time of every test conversation, and the exceptions' period around it.
inline constexpr Time noon{std::chrono::hours{24 * 365 * 55}};
inline constexpr Duration day = std::chrono::hours{24};

inline const MacAddress client_mac = mac("02:00:00:00:00:01");
inline const MacAddress server_mac = mac("02:00:00:00:00:09");
inline const MacAddress other_mac = mac("02:00:00:00:00:77");

struct City {
  // Loads the profile with the program's own reader.
  explicit City(const std::string& profile);

  PolicyOptions options{};

  SegmentOptions& segment(std::string_view id);
  // 10.<n>.0.<host> where n is the segment's place in the profile plus one; 203.0.113.<host> for external.
  IpAddress host(std::string_view segment, unsigned number) const;
  IpAddress host6(std::string_view segment, unsigned number) const;
  // host(from, 1) to host(to, 9), TCP 50000 to 443, at noon, with client_mac and server_mac.
  Conversation talk(std::string_view from, std::string_view to) const;

  // Named entries that cover talk(from, to) exactly.
  GatewayOptions gateway(std::string_view from, std::string_view to) const;
  ServiceOptions service(std::string_view from, std::string_view to) const;
  ExceptionOptions exception(std::string_view from, std::string_view to) const;

  City& with(GatewayOptions gateway);
  City& with(ServiceOptions service);
  City& with(ExceptionOptions exception);
  City& with_switch(std::string id, std::string clause = "規程第1条");

  Policy policy(const std::vector<std::string>& taps = {}) const { return Policy{options, taps}; }
  SegmentId id(std::string_view segment) const;
};

// The reasons that a verdict gives, as their ids: "R2 R10".
std::string reasons_of(const Policy& policy, const Verdict& verdict);

}  // namespace sekimori::policy
