// The flow table by itself, at 10,000 to 10,000,000 flows: met, missed, opened, timed out, evicted, and what
// a record costs in memory.
#include <memory>

#include "tools/bench/kit.hpp"

namespace sekimori::bench {
namespace {

constexpr Time begin{std::chrono::seconds{1'795'136'400}};
constexpr capture::HashSecret secret{{0x5bd1e995c0ffee11ULL, 0x27d4eb2f165667c5ULL}};

struct Ignore final : capture::FlowEnds {
  void flow_ended(const capture::Flow&, capture::EndReason) override {}
  void flow_pending(capture::Flow&) override {}
};
struct Watch {
  void packet(capture::Flow& flow, const capture::Packet&, capture::Changes, bool) {
    seen += flow.notes.pair;
  }
  void repeated(capture::Flow&, const capture::Packet&, capture::Repetition, capture::Changes, bool) {
    ++repeats;
  }
  void refused(const capture::Packet&) { ++refusals; }
  std::uint64_t seen = 0;
  std::uint64_t repeats = 0;
  std::uint64_t refusals = 0;
};

// A table and what was put into it. Only one exists at a time: ten million flows are over a gigabyte.
class Subject {
 public:
  Subject(const char* for_what, std::uint64_t count, std::uint64_t capacity)
      : role{for_what}, flows{count}, before_(resident_bytes()), table{options(), capacity, secret, ignore_} {
    for (std::uint64_t i = 0; i < flows; i += batch_size) {
      for (std::size_t k = 0; k < batch_size; ++k) fill(batch[k], opened++);
      table.record(batch, watch);
    }
    bytes_a_flow = static_cast<double>(resident_bytes() - before_) / static_cast<double>(table.size());
  }
  void fill(capture::Packet& packet, std::uint64_t number) {
    // A packet a nanosecond: what lives stays far from its timeout however long the stage runs.
    ++sequence;
    make_packet(packet, number, sequence, begin + std::chrono::nanoseconds{sequence});
  }

  const char* role;
  std::uint64_t flows;
  std::uint64_t opened = 0;
  std::uint64_t sequence = 0;
  double bytes_a_flow = 0;

 private:
  static capture::FlowOptions options() {
    capture::FlowOptions made;
    made.timeouts.udp = std::chrono::seconds{60};
    return made;
  }
  std::uint64_t before_;
  Ignore ignore_{};

 public:
  capture::FlowTable table;
  Watch watch{};
  Batch batch{};
};

// The benchmark library calls a stage several times; what is filled stays for the next call.
Subject& subject(const char* role, std::uint64_t flows, std::uint64_t capacity) {
  static std::unique_ptr<Subject> kept;
  if (!kept || kept->role != role || kept->flows != flows) {
    kept.reset();
    kept = std::make_unique<Subject>(role, flows, capacity);
  }
  return *kept;
}

constexpr std::uint64_t batches_a_lap = 256;

// Batches of packets whose flows `next()` numbers; the table's part is timed.
template <class Next>
void play(Subject& s, std::uint64_t batches, Stopwatch& watch, Next&& next) {
  for (std::uint64_t i = 0; i < batches; ++i) {
    for (auto& packet : s.batch) s.fill(packet, next());
    watch.time([&] { s.table.record(s.batch, s.watch); });
  }
}

// Every packet is of a flow that lives, any of them with equal chance.
void met(benchmark::State& state) {
  const auto flows = static_cast<std::uint64_t>(state.range(0));
  static constexpr const char* role = "met";
  Subject& s = subject(role, flows, flows + flows / 8);
  Stopwatch watch;
  for (auto _ : state) {
    play(s, batches_a_lap, watch, [&] { return drawn(7, s.sequence) % s.flows; });
    watch.lap(state);
  }
  by_item(state, static_cast<double>(state.iterations()) * batches_a_lap * batch_size);
  state.counters["bytes_a_flow"] = s.bytes_a_flow;
  state.counters["lines"] =
      static_cast<double>(s.table.counters().lines) / static_cast<double>(s.table.counters().searches);
  if (s.watch.refusals + s.watch.repeats != 0 || s.table.size() < flows)
    state.SkipWithError("not all were met");
}

// Every packet opens a flow, up to a full table, which is then emptied without being timed.
void opened(benchmark::State& state) {
  const auto flows = static_cast<std::uint64_t>(state.range(0));
  static constexpr const char* role = "opened";
  Subject& s = subject(role, flows, flows + flows / 8);
  Stopwatch watch;
  for (auto _ : state) {
    s.table.finish();
    play(s, (flows + batch_size - 1) / batch_size, watch, [&] { return s.opened++; });
    watch.lap(state);
  }
  by_item(state, static_cast<double>(state.iterations()) * static_cast<double>(flows));
  if (s.watch.refusals != 0) state.SkipWithError("the table was full");
}

// All flows have timed out; the clock hand frees them in its usual steps.
void expired(benchmark::State& state) {
  const auto flows = static_cast<std::uint64_t>(state.range(0));
  static constexpr const char* role = "expired";
  Subject& s = subject(role, flows, flows + flows / 8);
  Stopwatch watch;
  for (auto _ : state) {
    while (s.table.size() < flows) {
      for (auto& packet : s.batch) s.fill(packet, s.opened++);
      s.table.record(s.batch, s.watch);
    }
    const Time later = begin + std::chrono::nanoseconds{s.sequence} + std::chrono::hours{1};
    watch.time([&] {
      while (s.table.size() != 0) s.table.advance(later, 2 * batch_size);
    });
    s.sequence += 3'600'000'000'000ULL + 1;  // time goes on from there
    watch.lap(state);
  }
  by_item(state, static_cast<double>(state.iterations()) * static_cast<double>(flows));
}

// The table is full of half-open flows and every packet is of a new one.
void evicted(benchmark::State& state) {
  const auto flows = static_cast<std::uint64_t>(state.range(0));
  static constexpr const char* role = "evicted";
  Subject& s = subject(role, flows, flows);
  Stopwatch watch;
  for (auto _ : state) {
    play(s, batches_a_lap, watch, [&] { return s.opened++; });
    watch.lap(state);
  }
  by_item(state, static_cast<double>(state.iterations()) * batches_a_lap * batch_size);
  state.counters["looks_max"] = s.table.counters().looks_max;
  state.counters["lines_max"] = s.table.counters().lines_max;
  state.counters["refused"] = static_cast<double>(s.watch.refusals);
}

// The key and its hash, of packets in a batch.
void hashed(benchmark::State& state) {
  Batch batch{};
  for (std::size_t i = 0; i < batch.size(); ++i) make_packet(batch[i], i, i, begin);
  const capture::FlowHash hash{secret};
  std::uint64_t sum = 0;
  for (auto _ : state) {
    for (const capture::Packet& packet : batch) sum ^= hash(capture::key_of(packet).key);
    benchmark::DoNotOptimize(sum);
    benchmark::ClobberMemory();
  }
  by_item(state, static_cast<double>(state.iterations()) * batch_size);
}

#define SEKIMORI_STAGE(name) \
  BENCHMARK(name)            \
      ->Name("table/" #name) \
      ->UseManualTime()      \
      ->Arg(10'000)          \
      ->Arg(100'000)         \
      ->Arg(1'000'000)       \
      ->Arg(10'000'000)
SEKIMORI_STAGE(met);
SEKIMORI_STAGE(opened);
SEKIMORI_STAGE(expired);
SEKIMORI_STAGE(evicted);
BENCHMARK(hashed)->Name("hash");

}  // namespace
}  // namespace sekimori::bench
