// A body of the alpha-prime model: a cloud that its LGWAN terminals reach by name.
#pragma once

#include <string_view>

namespace sekimori::test {

inline constexpr std::string_view prime_city = R"(
profile: alpha-prime
segments:
  mynumber: {prefixes: [10.10.0.0/16]}
  lgwan: {prefixes: [10.20.0.0/16]}
  internet: {prefixes: [10.30.0.0/16]}
  breakout: {prefixes: [10.25.3.0/29]}
  named-cloud: {prefixes: [198.51.100.0/25], next_hop_macs: ["02:00:00:00:0b:01"]}
services:
  - {id: SV-DNS, from: lgwan, to: breakout, hosts: [10.25.3.3], ports: [udp/53]}
  - {id: SV-CLOUD, from: lgwan, to: named-cloud, names: ["*.cloud.example.jp"], ports: [tcp/443, tcp/80]}
)";

inline constexpr const char* breakout_mac = "02:00:00:00:0b:01";

}  // namespace sekimori::test
