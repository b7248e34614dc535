// Flows that the cell alone permits take a short way through the inspector: held to the long one, over random
// packets.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "daemon/inspector.hpp"
#include "policy/compiled.hpp"
#include "tests/daemon/city.hpp"

namespace sekimori::daemon {
namespace {

constexpr std::string_view wired_city = R"(
profile: alpha
segments:
  mynumber: {prefixes: [10.10.0.0/16, "fd10:10::/48"], vlans: [110]}
  lgwan: {prefixes: [10.20.0.0/16], vlans: [210, 211]}
  internet: {prefixes: [10.30.0.0/16, 169.254.0.0/16]}
  security-cloud: {prefixes: [172.31.0.0/24], next_hop_macs: ["02:00:00:00:00:05"]}
overlay:
  - {from: lgwan, to: mynumber, cell: P, clause: 規程第1条}
  - {from: internet, to: lgwan, cell: P, clause: 規程第1条, stage: draft}
services:
  - {id: SV-PROXY, name: proxy, from: internet, to: security-cloud, hosts: [172.31.0.8], ports: [tcp/8080]}
systems:
  - {id: TAX, name: tax, hosts: [10.10.0.2], ports: [tcp/443], bulk: {bytes: 1MiB, window: 1h}}
)";

std::string word(const capture::Tuple& tuple) {
  std::ostringstream out;
  out << tuple.source.to_string() << ' ' << tuple.source_port << ' ' << tuple.destination.to_string() << ' '
      << tuple.destination_port << ' ' << int{tuple.protocol};
  return out.str();
}

std::string word(const capture::FlowFacts& facts) {
  std::ostringstream out;
  out << word(facts.tuple) << ' ' << facts.id << ' ' << facts.next_hop_mac.to_string() << ' '
      << facts.initiator_mac.to_string() << ' ' << int{facts.name} << ' ' << facts.passed_to_server
      << facts.passed_to_client << ' ' << facts.packets_to_server << ' ' << facts.packets_to_client;
  return out.str();
}

// All that an inspector says, in words.
struct Diary final : EventOutlet {
  bool tell(const FlowEvent& event) override {
    add("event") << static_cast<int>(event.kind) << ' ' << event.number << ' ' << event.verdict.pair() << ' '
                 << static_cast<int>(event.verdict.decision) << ' ' << event.verdict.path_pending << ' '
                 << word(event.facts);
    return true;
  }
  bool sighted(const FlowEvent& event) override {
    add("sign") << event.number << ' ' << static_cast<int>(event.verdict.from) << ' '
                << event.wire.mac.to_string() << ' ' << event.wire.vlan << ' ' << event.wire.answer;
    return true;
  }
  bool step(const FlowStep& step) override {
    add("step") << static_cast<int>(step.kind) << ' ' << step.number << ' ' << step.id << ' ' << step.pair
                << ' ' << step.metered << step.was_answered << step.draft_forbids << ' '
                << static_cast<int>(step.basis) << ' ' << step.bytes_to_server << ' ' << word(step.tuple);
    ++steps;
    return true;
  }
  void ended(const capture::FlowFacts& facts, const policy::Verdict& verdict,
             capture::EndReason reason) override {
    add("end") << static_cast<int>(reason) << ' ' << verdict.pair() << ' ' << word(facts);
  }
  bool wants_ends() const override { return true; }
  bool wants_steps() const override { return true; }

  std::ostringstream& add(const char* kind) {
    text << '\n' << kind << ' ';
    return text;
  }
  std::ostringstream text{};
  std::size_t steps = 0;
};

class Traffic {
 public:
  explicit Traffic(std::uint32_t seed) : random_(seed) {}

  capture::Packet next() {
    static const std::vector<const char*> hosts{"10.10.0.1",   "10.10.0.2",   "10.20.0.1",  "10.20.0.2",
                                                "10.30.0.1",   "10.30.0.2",   "172.31.0.8", "198.51.100.7",
                                                "169.254.3.4", "224.0.0.251", "0.0.0.0"};
    static const std::vector<const char*> hosts6{"fd10:10::1", "fd10:10::2", "fe80::1", "ff02::fb",
                                                 "2001:db8::1"};
    capture::Packet packet;
    const auto& some = below(5) == 0 ? hosts6 : hosts;
    packet.tuple.source = IpAddress::parse(of(some)).value();
    packet.tuple.destination = IpAddress::parse(of(some)).value();
    const bool v6 = packet.tuple.source.family == Family::ipv6;
    packet.tuple.protocol =
        of(std::vector<std::uint8_t>{6, 6, 6, 17, 17, 47, v6 ? std::uint8_t{58} : std::uint8_t{1}});
    packet.ports_known = packet.tuple.protocol == 6 || packet.tuple.protocol == 17;
    if (packet.ports_known) {
      static const std::vector<std::uint16_t> ports{53, 443, 500, 4500, 8080, 50'000, 50'001};
      packet.tuple.source_port = of(ports);
      packet.tuple.destination_port = of(ports);
    } else if (packet.tuple.protocol != 47) {
      packet.icmp_type = v6 ? 128 : 8;
      packet.tuple.source_port = packet.icmp_type;
    }
    if (packet.tuple.protocol == 6) {
      namespace flag = capture::tcp_flag;
      packet.tcp_flags = of(std::vector<std::uint8_t>{flag::syn, flag::syn, flag::syn | flag::ack, flag::ack,
                                                      flag::ack, flag::rst, flag::fin | flag::ack});
    }
    packet.payload_bytes = below(3) * 700;
    packet.wire_bytes = 60 + packet.payload_bytes;
    packet.fingerprint = below(0xffff'ffffU);
    packet.ttl = of(std::vector<std::uint8_t>{64, 64, 63, 128});
    packet.source_mac = {{2, 0, 0, 0, 0, static_cast<std::uint8_t>(1 + below(5))}};
    packet.destination_mac = {{2, 0, 0, 0, 0, static_cast<std::uint8_t>(1 + below(6))}};
    packet.vlan_count = static_cast<std::uint8_t>(below(3));
    for (std::size_t i = 0; i < packet.vlan_count; ++i) {
      packet.vlans[i] = of(std::vector<std::uint16_t>{110, 210, 211, 300});
    }
    packet.name = below(20) == 0 ? policy::name_class::hidden : policy::name_class::unknown;
    time_ += std::chrono::milliseconds{below(200)};
    packet.time = time_;
    packet.number = ++number_;
    return packet;
  }

 private:
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }
  template <class One>
  One of(const std::vector<One>& list) {
    return list[below(static_cast<std::uint32_t>(list.size()))];
  }
  std::mt19937 random_;
  Time time_{std::chrono::seconds{1'795'132'800}};
  std::uint64_t number_ = 0;
};

std::shared_ptr<const policy::Policy> by_the_long_way(std::uint32_t generation) {
  const auto policy = test::make_policy(wired_city, generation);
  // Nothing is settled: everything is judged.
  const_cast<policy::CompiledPolicy&>(policy->compiled()).settled.reset();
  return policy;
}

TEST(ShortWay, TellsWhatTheLongOneTells) {
  ASSERT_TRUE(test::make_policy(wired_city)->compiled().settled.any());
  std::size_t steps = 0;
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    InspectorOptions options;
    options.capacity = seed % 2 == 0 ? 40 : 4000;
    options.flows.startup_grace = std::chrono::seconds{seed % 3};
    options.secret = capture::HashSecret{{seed, 7}};
    Diary brief;
    Diary thorough;
    Inspector one{options, test::make_policy(wired_city), brief};
    Inspector other{options, by_the_long_way(1), thorough};
    Traffic traffic{seed};
    capture::Packet packet;
    for (std::size_t i = 0; i < 3000; ++i) {
      packet = traffic.next();
      one.packet(packet);
      other.packet(packet);
      if (i == 1500) {
        one.replace(test::make_policy(wired_city, 2));
        other.replace(by_the_long_way(2));
      }
    }
    one.finish(packet.time);
    other.finish(packet.time);
    ASSERT_EQ(brief.text.str(), thorough.text.str());
    EXPECT_EQ(one.books().flows_opened, other.books().flows_opened);
    EXPECT_EQ(one.books().flows_rejudged, other.books().flows_rejudged);
    EXPECT_EQ(one.books().flows_forbidden, other.books().flows_forbidden);
    EXPECT_EQ(one.books().flows_claims_disagree, other.books().flows_claims_disagree);
    EXPECT_EQ(one.books().steps_told, other.books().steps_told);
    for (std::size_t pair = 0; pair < one.matrix().size(); ++pair) {
      EXPECT_EQ(one.matrix()[pair].flows, other.matrix()[pair].flows);
      EXPECT_EQ(one.matrix()[pair].packets, other.matrix()[pair].packets);
      EXPECT_EQ(one.matrix()[pair].packets_forbidden, other.matrix()[pair].packets_forbidden);
    }
    steps += brief.steps;
  }
  EXPECT_GT(steps, 5'000U);
}

}  // namespace
}  // namespace sekimori::daemon
