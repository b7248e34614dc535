#include "tests/policy/city.hpp"

#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "config/config.hpp"

namespace sekimori::policy {
namespace {

const Profile& loaded(const std::string& name) {
  static std::map<std::string, Profile> profiles;
  const auto found = profiles.find(name);
  if (found != profiles.end()) return found->second;
  const std::string text = "profile: " + name + "\nsegments:\n  mynumber: {prefixes: [10.1.0.0/16]}\n";
  return profiles.emplace(name, config::load_text(text, "test", Language::en).policy.profile).first->second;
}

std::size_t place_of(const Profile& profile, std::string_view segment) {
  for (std::size_t i = 0; i < profile.segments.size(); ++i) {
    if (profile.segments[i].id == segment || profile.segments[i].code == segment) return i;
  }
  throw std::out_of_range("the profile has no such segment");
}

template <typename Named>
Named named(const City& city, std::string_view from, std::string_view to, std::size_t count) {
  Named entry;
  entry.id = "N-" + std::to_string(count + 1);
  entry.from = city.options.profile.segments[city.id(from)].id;
  entry.to = city.options.profile.segments[city.id(to)].id;
  entry.clients.addresses = {Prefix{city.host(from, 1), 32}};
  entry.hosts.addresses = {Prefix{city.host(to, 9), 32}};
  entry.ports = {{6, 443, 443}};
  return entry;
}

}  // namespace

City::City(const std::string& profile) {
  options.profile = loaded(profile);
  for (std::size_t i = 0; i < options.profile.segments.size(); ++i) {
    SegmentOptions one;
    one.id = options.profile.segments[i].id;
    if (one.id == "external") continue;
    const std::string n = std::to_string(i + 1);
    one.prefixes.push_back({prefix("10." + n + ".0.0/16"), "", {"city", static_cast<int>(i) * 2 + 1, 1}});
    one.prefixes.push_back({prefix("2001:db8:" + n + "::/48"), "", {"city", static_cast<int>(i) * 2 + 2, 1}});
    options.segments.push_back(std::move(one));
  }
}

SegmentOptions& City::segment(std::string_view id) {
  for (SegmentOptions& one : options.segments) {
    if (one.id == id) return one;
  }
  options.segments.emplace_back().id = id;
  return options.segments.back();
}

IpAddress City::host(std::string_view segment, unsigned number) const {
  const std::size_t place = place_of(options.profile, segment);
  if (options.profile.segments[place].id == "external") return address("203.0.113." + std::to_string(number));
  return address("10." + std::to_string(place + 1) + ".0." + std::to_string(number));
}

IpAddress City::host6(std::string_view segment, unsigned number) const {
  const std::size_t place = place_of(options.profile, segment);
  if (options.profile.segments[place].id == "external")
    return address("2001:db8:ffff::" + std::to_string(number));
  return address("2001:db8:" + std::to_string(place + 1) + "::" + std::to_string(number));
}

Conversation City::talk(std::string_view from, std::string_view to) const {
  Conversation conversation;
  conversation.initiator = host(from, 1);
  conversation.responder = host(to, 9);
  conversation.initiator_port = 50000;
  conversation.port = 443;
  conversation.protocol = 6;
  conversation.time = noon;
  conversation.initiator_mac = client_mac;
  conversation.responder_mac = server_mac;
  return conversation;
}

GatewayOptions City::gateway(std::string_view from, std::string_view to) const {
  return named<GatewayOptions>(*this, from, to, options.gateways.size());
}

ServiceOptions City::service(std::string_view from, std::string_view to) const {
  return named<ServiceOptions>(*this, from, to, options.services.size());
}

ExceptionOptions City::exception(std::string_view from, std::string_view to) const {
  ExceptionOptions entry;
  entry.id = "EX-" + std::to_string(options.exceptions.size() + 1);
  entry.from = noon - day;
  entry.until = noon + day;
  entry.source = {{Prefix{host(from, 1), 32}}, {client_mac}};
  entry.destination = {{Prefix{host(to, 9), 32}}, {server_mac}};
  entry.ports = {{6, 443, 443}};
  return entry;
}

City& City::with(GatewayOptions gateway) {
  options.gateways.push_back(std::move(gateway));
  return *this;
}

City& City::with(ServiceOptions service) {
  options.services.push_back(std::move(service));
  return *this;
}

City& City::with(ExceptionOptions exception) {
  options.exceptions.push_back(std::move(exception));
  return *this;
}

City& City::with_switch(std::string id, std::string clause) {
  options.switches.push_back({std::move(id), std::move(clause), {}});
  return *this;
}

SegmentId City::id(std::string_view segment) const {
  return static_cast<SegmentId>(place_of(options.profile, segment));
}

std::string reasons_of(const Policy& policy, const Verdict& verdict) {
  std::string text;
  for (std::size_t i = 0; i < verdict.reasons_count; ++i) {
    if (!text.empty()) text += ' ';
    text += policy.options().profile.reasons[verdict.reasons[i]].id;
  }
  return text;
}

namespace {

TEST(City, ReachesEverySegmentByItsOwnNetworks) {
  for (const std::string profile : {"alpha", "alpha-prime", "beta", "beta-prime", "two-tier"}) {
    const City city{profile};
    const Policy policy = city.policy();
    for (const ProfileSegment& segment : policy.segments()) {
      EXPECT_EQ(policy.classify(city.host(segment.id, 7)), city.id(segment.id)) << segment.id;
      EXPECT_EQ(policy.classify(city.host6(segment.id, 7)), city.id(segment.id)) << segment.id;
    }
    EXPECT_TRUE(policy.warnings().empty());
  }
}

}  // namespace
}  // namespace sekimori::policy
