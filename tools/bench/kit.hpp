// What the stages share: packets without a wire, the city's policy, resident memory, and figures by item.
#pragma once

#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "capture/decode/packet.hpp"
#include "capture/flow/flow_table.hpp"
#include "policy/policy.hpp"
#include "tools/bench/traffic.hpp"

namespace sekimori::bench {

inline constexpr std::size_t batch_size = capture::FlowTable::batch;
using Batch = std::array<capture::Packet, batch_size>;

// Times pieces of work with the clock that goes on when other programs run, and without what lies between
// the pieces. Reading it costs some 40 ns a piece: a nanosecond or two a packet of a batch.
class Stopwatch {
 public:
  template <class Work>
  void time(Work&& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    spent_ += std::chrono::steady_clock::now() - begin;
  }
  // To be called once for each iteration of a benchmark with manual time.
  void lap(benchmark::State& state) {
    state.SetIterationTime(std::chrono::duration<double>(spent_).count());
    spent_ = {};
  }

 private:
  std::chrono::steady_clock::duration spent_{};
};

// The result of every stage: seconds an item ("an_item", printed as 53.1n), whatever an iteration is.
inline void by_item(benchmark::State& state, double items) {
  state.SetItemsProcessed(static_cast<std::int64_t>(items));
  state.counters["an_item"] =
      benchmark::Counter(items, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// A packet of conversation `number`, the `sequence`th of all: UDP, so that any two in a row are steady.
void make_packet(capture::Packet& packet, std::uint64_t number, std::uint64_t sequence, Time time);

// The example city with its wide networks cut into `prefixes` parts; made once for each number.
std::shared_ptr<const policy::Policy> city_policy(std::uint32_t prefixes);

// Frames in memory, one behind the other.
struct Frames {
  struct Place {
    std::size_t begin;
    std::uint32_t size;
    Time time;
  };
  std::vector<std::byte> octets{};
  std::vector<Place> places{};
  // Replaces what is there by the next frames of `traffic`.
  void take(Traffic& traffic, std::size_t count);
};

std::uint64_t resident_bytes();

}  // namespace sekimori::bench
