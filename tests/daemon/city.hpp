// A small alpha city for tests of the daemon's rooms: addresses as in the example city, few entries.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "daemon/build_policy.hpp"

namespace sekimori::test {

inline constexpr std::string_view small_city = R"(
profile: alpha
segments:
  mynumber: {prefixes: [10.10.0.0/16, "fd10:10::/48"]}
  lgwan: {prefixes: [10.20.0.0/16]}
  internet: {prefixes: [10.30.0.0/16]}
  security-cloud: {prefixes: [172.31.0.0/24]}
services:
  - {id: SV-PROXY, name: proxy, from: internet, to: security-cloud, hosts: [172.31.0.8], ports: [tcp/8080]}
exceptions:
  - id: EX-1
    reason: 試験
    approver: 最高情報統括責任者
    ticket: 試験第1号
    from: 2026-04-01
    until: 2026-11-20
    source: {addresses: [10.20.10.6]}
    destination: {addresses: [10.10.10.6], macs: ["02:00:0a:0a:0a:06"]}
    protocol: tcp
    ports: [8530]
)";
// Without its exceptions: for a city of one's own.
inline constexpr std::string_view small_body = small_city.substr(0, small_city.find("exceptions:"));

inline std::shared_ptr<const policy::Policy> make_policy(std::string_view text = small_city,
                                                         std::uint32_t generation = 1) {
  config::Config config = config::load_text(text, "small-city.yaml", Language::en);
  std::vector<std::pair<std::string, std::string>> sources;
  for (const config::SourceText& source : config.sources) sources.emplace_back(source.path, source.content);
  return daemon::build_policy(std::move(config.policy), {}, sources, generation, Language::en);
}

}  // namespace sekimori::test
