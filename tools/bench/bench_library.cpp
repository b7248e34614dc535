// Our index beside tables out of libraries: the same key, the same hash, the same 96 octets of value. It is
// the question "why a table of one's own?" as a measurement.
#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <optional>
#include <typeinfo>
#include <unordered_map>

#include "capture/ahead.hpp"
#include "tools/bench/kit.hpp"

namespace sekimori::bench {
namespace {

using capture::FlowIndex;
using capture::FlowKey;

const capture::FlowHash hash_of_key{capture::HashSecret{{0x5bd1e995c0ffee11ULL, 0x27d4eb2f165667c5ULL}}};
std::uint64_t hash_of(const FlowKey& key) {
  return hash_of_key(key);
}

struct Value {
  std::array<std::uint64_t, 12> words{};
};
struct Hash {
  using is_avalanching = void;  // Boost: no mixing of its own is needed
  std::size_t operator()(const FlowKey& key) const { return hash_of(key); }
};

FlowKey key_of_number(std::uint64_t number) {
  capture::Packet packet;
  make_packet(packet, number, 0, {});
  return capture::key_of(packet).key;
}
using Keys = std::array<FlowKey, batch_size>;

// A table of a library: one key after the other.
template <class Map>
class Library {
 public:
  explicit Library(std::uint64_t flows) { map_.reserve(flows); }
  void insert(const Keys& keys) {
    for (const FlowKey& key : keys) map_.try_emplace(key);
  }
  std::uint64_t find(const Keys& keys) {
    std::uint64_t found = 0;
    for (const FlowKey& key : keys) {
      const auto at = map_.find(key);
      if (at == map_.end()) continue;
      ++at->second.words[0];
      ++found;
    }
    return found;
  }
  void erase(const Keys& keys) {
    for (const FlowKey& key : keys) map_.erase(key);
  }

 private:
  Map map_{};
};
using Standard = Library<std::unordered_map<FlowKey, Value, Hash>>;
using Boost = Library<boost::unordered_flat_map<FlowKey, Value, Hash>>;

// FlowIndex with plain records behind it, used as FlowTable does: hash all, prefetch, then look.
class Ours {
 public:
  explicit Ours(std::uint64_t flows)
      : capacity_{flows + flows / 16 + 64},
        count_{FlowIndex::buckets_for(capacity_)},
        memory_{count_ * sizeof(capture::FlowBucket) + capacity_ * sizeof(Record)},
        buckets_{reinterpret_cast<capture::FlowBucket*>(memory_.data())},
        records_{reinterpret_cast<Record*>(memory_.data() + count_ * sizeof(capture::FlowBucket))},
        index_{buckets_, count_} {}

  void insert(const Keys& keys) {
    prepare(keys);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      std::uint32_t ref = free_;
      if (ref != FlowIndex::none) {
        free_ = static_cast<std::uint32_t>(records_[ref].value.words[0]);
      } else {
        ref = used_++;
      }
      records_[ref] = {keys[i], {}};
      if (index_.has_room(hashes_[i])) index_.insert(hashes_[i], ref);
    }
  }
  std::uint64_t find(const Keys& keys) {
    prepare(keys);
    std::uint64_t found = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::uint32_t ref = look(keys[i], hashes_[i]);
      if (ref == FlowIndex::none) continue;
      ++records_[ref].value.words[0];
      ++found;
    }
    return found;
  }
  void erase(const Keys& keys) {
    prepare(keys);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::uint32_t ref = look(keys[i], hashes_[i]);
      if (ref == FlowIndex::none) continue;
      index_.erase(hashes_[i], ref);
      records_[ref].value.words[0] = free_;
      free_ = ref;
    }
  }

 private:
  struct alignas(16) Record {
    FlowKey key{};
    Value value{};
  };
  void prepare(const Keys& keys) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      hashes_[i] = hash_of(keys[i]);
      index_.prefetch(hashes_[i]);
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::uint32_t candidate = index_.candidate(hashes_[i]);
      if (candidate != FlowIndex::none) ask_to_write(&records_[candidate]);
    }
  }
  std::uint32_t look(const FlowKey& key, std::uint64_t hash) {
    unsigned lines = 0;
    return index_.find(hash, lines, [&](std::uint32_t ref) { return records_[ref].key == key; });
  }

  std::uint64_t capacity_;
  std::uint32_t count_;
  capture::PageMemory memory_;
  capture::FlowBucket* buckets_;
  Record* records_;
  FlowIndex index_;
  std::array<std::uint64_t, batch_size> hashes_{};
  std::uint32_t used_ = 0;
  std::uint32_t free_ = FlowIndex::none;
};

template <class Table>
struct Kept {
  std::uint64_t flows = 0;
  std::uint64_t next = 0;    // number of the next new key
  std::uint64_t oldest = 0;  // ... of the oldest one that lives
  double bytes_a_flow = 0;
  std::optional<Table> table{};
};

// The filled table of the stages that follow each other. Only one exists at a time, whatever its kind.
std::shared_ptr<void> only;
const std::type_info* kind_of_only = nullptr;

template <class Table>
Kept<Table>& filled(std::uint64_t flows) {
  if (kind_of_only == &typeid(Table)) {
    auto& kept = *static_cast<Kept<Table>*>(only.get());
    if (kept.flows == flows) return kept;
  }
  only.reset();
  kind_of_only = &typeid(Table);
  const auto made = std::make_shared<Kept<Table>>();
  only = made;
  Kept<Table>& kept = *made;
  const std::uint64_t before = resident_bytes();
  kept.table.emplace(flows);
  kept.flows = flows;
  Keys keys;
  while (kept.next < flows) {
    for (FlowKey& key : keys) key = key_of_number(kept.next++);
    kept.table->insert(keys);
  }
  kept.bytes_a_flow = static_cast<double>(resident_bytes() - before) / static_cast<double>(flows);
  return kept;
}

constexpr std::uint64_t batches_a_lap = 256;

template <class Table, class Number, class Work>
void laps(benchmark::State& state, Number&& number, Work&& work) {
  Stopwatch watch;
  Keys keys;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < batches_a_lap; ++i) {
      for (FlowKey& key : keys) key = key_of_number(number());
      watch.time([&] { work(keys); });
    }
    watch.lap(state);
  }
  by_item(state, static_cast<double>(state.iterations()) * batches_a_lap * batch_size);
}

template <class Table>
void hit(benchmark::State& state) {
  Kept<Table>& kept = filled<Table>(static_cast<std::uint64_t>(state.range(0)));
  std::uint64_t draws = 0;
  std::uint64_t found = 0;
  const std::uint64_t lives = kept.next - kept.oldest;
  laps<Table>(
      state, [&] { return kept.oldest + drawn(3, draws++) % lives; },
      [&](const Keys& keys) { found += kept.table->find(keys); });
  state.counters["bytes_a_flow"] = kept.bytes_a_flow;
  if (found != draws) state.SkipWithError("one was not found");
}

template <class Table>
void miss(benchmark::State& state) {
  Kept<Table>& kept = filled<Table>(static_cast<std::uint64_t>(state.range(0)));
  std::uint64_t number = std::uint64_t{1} << 33U;
  std::uint64_t found = 0;
  laps<Table>(
      state, [&] { return number++; }, [&](const Keys& keys) { found += kept.table->find(keys); });
  if (found != 0) state.SkipWithError("one was found");
}

// Eight batches met, then one opened and the oldest one ended: the number of flows stays.
template <class Table>
void mix(benchmark::State& state) {
  Kept<Table>& kept = filled<Table>(static_cast<std::uint64_t>(state.range(0)));
  std::uint64_t draws = 0;
  Stopwatch watch;
  Keys keys;
  constexpr std::uint64_t rounds = 32;
  constexpr std::uint64_t finds = 8;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < rounds; ++i) {
      for (std::uint64_t k = 0; k < finds; ++k) {
        for (FlowKey& key : keys)
          key = key_of_number(kept.oldest + drawn(5, draws++) % (kept.next - kept.oldest));
        watch.time([&] { kept.table->find(keys); });
      }
      for (FlowKey& key : keys) key = key_of_number(kept.oldest++);
      watch.time([&] { kept.table->erase(keys); });
      for (FlowKey& key : keys) key = key_of_number(kept.next++);
      watch.time([&] { kept.table->insert(keys); });
    }
    watch.lap(state);
  }
  by_item(state, static_cast<double>(state.iterations()) * rounds * (finds + 1) * batch_size);
}

// Into a table that has been as full before, so that its memory is there already.
template <class Table>
void insert(benchmark::State& state) {
  Kept<Table>& kept = filled<Table>(static_cast<std::uint64_t>(state.range(0)));
  Stopwatch watch;
  Keys keys;
  for (auto _ : state) {
    while (kept.oldest < kept.next) {
      for (FlowKey& key : keys) key = key_of_number(kept.oldest++);
      kept.table->erase(keys);
    }
    for (std::uint64_t i = 0; i < kept.flows; i += batch_size) {
      for (FlowKey& key : keys) key = key_of_number(kept.next++);
      watch.time([&] { kept.table->insert(keys); });
    }
    watch.lap(state);
  }
  by_item(state, static_cast<double>(state.iterations()) * static_cast<double>(kept.flows));
}

#define SEKIMORI_SIZES(stage, table, name) \
  BENCHMARK(stage<table>)->Name("library/" name "/" #stage)->UseManualTime()
#define SEKIMORI_STAGES(table, name)                                                             \
  SEKIMORI_SIZES(hit, table, name)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Arg(10'000'000);  \
  SEKIMORI_SIZES(miss, table, name)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Arg(10'000'000); \
  SEKIMORI_SIZES(mix, table, name)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Arg(10'000'000);  \
  SEKIMORI_SIZES(insert, table, name)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Arg(10'000'000)
SEKIMORI_STAGES(Ours, "ours");
SEKIMORI_STAGES(Boost, "boost_flat_map");
SEKIMORI_STAGES(Standard, "std_unordered_map");

}  // namespace
}  // namespace sekimori::bench
