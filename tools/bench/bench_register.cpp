// Judging a new flow with 10, 1,000 and 100,000 exceptions, plain and with hours and a volume limit, with as
// many prefixes, and with both: what a permitted use costs, and what the search for the nearest miss does.
// `ratio` is the growth over ten entries.
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tools/bench/kit.hpp"

namespace sekimori::bench {
namespace {

constexpr std::uint32_t source_base = 0x0a140000U;       // 10.20.0.0/16, LGWAN
constexpr std::uint32_t destination_base = 0x0a3c0000U;  // 10.60.0.0/16, Government Cloud
constexpr Time tuesday_noon{std::chrono::seconds{1'795'143'600}};

enum class Kind : std::uint8_t { plain, hours, prefixes, both };
enum class Asked : std::uint8_t { permitted, wrong_hour, wrong_port, unregistered };

struct Ends {
  std::uint32_t source = 0;
  std::uint32_t destination = 0;
};
// Of exception `number`: hosts all over two networks, no pair twice.
Ends ends_of(std::uint32_t number) {
  return {source_base + number % 50'000, destination_base + number / 50'000 * 7 + number % 60'000};
}

// A /16 in at most `parts` networks of equal size.
std::vector<policy::NamedPrefix> cut(std::uint32_t network, std::uint32_t parts) {
  unsigned longer = 0;
  while (longer < 16 && (std::uint32_t{2} << longer) <= parts) ++longer;
  const auto length = static_cast<std::uint8_t>(16 + longer);
  std::vector<policy::NamedPrefix> out;
  for (std::uint32_t i = 0; i < std::uint32_t{1} << longer; ++i) {
    out.push_back({.prefix = {IpAddress::ipv4(network + (i << (32U - length))), length}});
  }
  return out;
}

policy::PolicyOptions model(std::uint32_t prefixes) {
  policy::PolicyOptions options = city_policy(10)->options();
  options.segments.clear();
  const auto segment = [&](const char* id, std::uint32_t network) {
    policy::SegmentOptions out;
    out.id = id;
    out.prefixes = cut(network, std::max(1U, prefixes / 2));
    options.segments.push_back(std::move(out));
  };
  segment("lgwan", source_base);
  segment("gov-cloud", destination_base);
  options.gateways.clear();
  options.services.clear();
  options.exceptions.clear();
  options.tunnels.clear();
  options.utc_offset_minutes = 540;
  return options;
}

std::shared_ptr<const policy::Policy> register_of(std::uint32_t entries, Kind kind) {
  static std::map<std::pair<std::uint32_t, Kind>, std::shared_ptr<const policy::Policy>> made;
  auto& policy = made[{entries, kind}];
  if (policy) return policy;
  const bool cut_up = kind == Kind::prefixes || kind == Kind::both;
  policy::PolicyOptions options = model(cut_up ? entries : 2);
  const std::uint32_t exceptions = kind == Kind::prefixes ? std::min(10U, entries) : entries;
  for (std::uint32_t i = 0; i < exceptions; ++i) {
    policy::ExceptionOptions exception;
    exception.id = "EX-" + std::to_string(i);
    const Ends ends = ends_of(i);
    exception.source.addresses = {Prefix{IpAddress::ipv4(ends.source), 32}};
    exception.destination.addresses = {Prefix{IpAddress::ipv4(ends.destination), 32}};
    exception.ports = {{capture::protocol::tcp, 443, 443}};
    // Ends that differ: as many epochs as a real register has.
    exception.from = tuesday_noon - std::chrono::days{100 + i % 300};
    exception.until = tuesday_noon + std::chrono::days{100 + i % 300};
    if (kind == Kind::hours || kind == Kind::both) {
      const auto minute = static_cast<std::uint16_t>(i % 60);
      exception.hours = {0x1f, {{static_cast<std::uint16_t>(480 + minute), 1080}, {1320, 300}}};
      exception.volume.bytes = 1U << 30U;
    }
    options.exceptions.push_back(std::move(exception));
  }
  policy = std::make_shared<const policy::Policy>(std::move(options));
  return policy;
}

void judge_register(benchmark::State& state, Kind kind, Asked asked) {
  const auto entries = static_cast<std::uint32_t>(state.range(0));
  const auto policy = register_of(entries, kind);
  policy::Conversation talk;
  talk.protocol = capture::protocol::tcp;
  talk.port = asked == Asked::wrong_port ? 8443 : 443;
  talk.initiator_port = 50'000;
  talk.time = tuesday_noon + std::chrono::hours{asked == Asked::wrong_hour ? 8 : 0};
  std::uint32_t number = 0;
  std::uint64_t permitted = 0;
  constexpr std::uint32_t a_lap = 1024;
  double seconds = 0;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint32_t i = 0; i < a_lap; ++i) {
      // Among many prefixes anybody may speak, not only those of the ten exceptions.
      const Ends ends = ends_of(static_cast<std::uint32_t>(drawn(17, number++) % entries));
      talk.initiator = IpAddress::ipv4(asked == Asked::unregistered ? ends.source ^ 0xff00U : ends.source);
      talk.responder = IpAddress::ipv4(ends.destination);
      permitted += policy->judge(talk).decision == policy::Decision::permit ? 1U : 0U;
    }
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
    state.SetIterationTime(spent.count());
    seconds += spent.count();
  }
  const double items = static_cast<double>(state.iterations()) * a_lap;
  by_item(state, items);
  static std::map<std::pair<Kind, Asked>, double> at_ten;
  if (entries == 10) at_ten[{kind, asked}] = seconds / items;
  const double base = at_ten[{kind, asked}];
  if (base > 0) state.counters["ratio"] = seconds / items / base;
  const bool all = permitted == static_cast<std::uint64_t>(items);
  if (asked == Asked::permitted ? !all : permitted != 0) state.SkipWithError("an unexpected verdict");
}

void epoch_register(benchmark::State& state, Kind kind) {
  const auto policy = register_of(static_cast<std::uint32_t>(state.range(0)), kind);
  std::uint64_t number = 0;
  std::uint64_t sum = 0;
  for (auto _ : state) {
    sum += policy->epoch(tuesday_noon + std::chrono::seconds{drawn(19, number++) % 10'000'000}).index;
  }
  benchmark::DoNotOptimize(sum);
  by_item(state, static_cast<double>(state.iterations()));
}

#define SEKIMORI_REGISTER(kind, asked)                                        \
  BENCHMARK_CAPTURE(judge_register, kind##_##asked, Kind::kind, Asked::asked) \
      ->UseManualTime()                                                       \
      ->Arg(10)                                                               \
      ->Arg(1000)                                                             \
      ->Arg(100'000)
SEKIMORI_REGISTER(plain, permitted);
SEKIMORI_REGISTER(hours, permitted);
SEKIMORI_REGISTER(hours, wrong_hour);
SEKIMORI_REGISTER(plain, wrong_port);
SEKIMORI_REGISTER(hours, wrong_port);
SEKIMORI_REGISTER(plain, unregistered);
SEKIMORI_REGISTER(prefixes, unregistered);
SEKIMORI_REGISTER(both, permitted);
SEKIMORI_REGISTER(both, wrong_port);
SEKIMORI_REGISTER(both, unregistered);
BENCHMARK_CAPTURE(epoch_register, plain, Kind::plain)->Arg(10)->Arg(1000)->Arg(100'000);
BENCHMARK_CAPTURE(epoch_register, hours, Kind::hours)->Arg(10)->Arg(1000)->Arg(100'000);

}  // namespace
}  // namespace sekimori::bench
