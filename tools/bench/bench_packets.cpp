// From the file to the verdict: reading, decoding, classifying, judging, and everything together by the very
// engine of the daemon.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <string>

#include "capture/decode/decode.hpp"
#include "capture/source/pcap_files.hpp"
#include "daemon/inspector.hpp"
#include "tools/bench/kit.hpp"

namespace sekimori::bench {
namespace {

using capture::Frame;

// ---- read ----

// A capture file where memory holds it, removed at the end.
class CaptureFile {
 public:
  CaptureFile(TrafficKind kind, std::uint64_t count) : packets{count} {
    path = (std::filesystem::is_directory("/dev/shm") ? "/dev/shm"
                                                      : std::filesystem::temp_directory_path().string()) +
           "/sekimori-bench." + std::to_string(::getpid()) + "." + std::to_string(static_cast<int>(kind)) +
           ".pcap";
    Traffic traffic{{.kind = kind, .flows = kind == TrafficKind::elephant ? 8U : 10'000U, .packets = count}};
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) return;
    const std::uint32_t head[] = {0xa1b2c3d4U, 2U | 4U << 16U, 0, 0, 65'535, 1};
    std::fwrite(head, sizeof head, 1, file);
    while (traffic.next()) {
      const auto size = static_cast<std::uint32_t>(traffic.octets().size());
      const std::uint32_t record[] = {1'795'136'400, 0, size, size};
      std::fwrite(record, sizeof record, 1, file);
      std::fwrite(traffic.octets().data(), 1, size, file);
    }
    std::fclose(file);
  }
  ~CaptureFile() { std::remove(path.c_str()); }
  CaptureFile(const CaptureFile&) = delete;
  CaptureFile& operator=(const CaptureFile&) = delete;

  std::string path{};
  std::uint64_t packets;
};

const CaptureFile& capture_file(TrafficKind kind) {
  static std::map<TrafficKind, CaptureFile> made;
  const std::uint64_t packets = kind == TrafficKind::small ? 1'000'000 : 300'000;
  return made.try_emplace(kind, kind, packets).first->second;
}

struct Touch final : capture::FrameSink {
  void frame(const Frame& frame) override { sum += std::to_integer<unsigned>(frame.bytes[12]); }
  std::uint64_t sum = 0;
};

void read(benchmark::State& state, TrafficKind kind, capture::FileReader reader) {
  const CaptureFile& file = capture_file(kind);
  Touch touch;
  for (auto _ : state) {
    const auto source = capture::open_files({file.path}, reader);
    while (source->read(16'384, touch).state == capture::ReadState::more) {
    }
  }
  by_item(state, static_cast<double>(state.iterations()) * static_cast<double>(file.packets));
  if (touch.sum == 0) state.SkipWithError("nothing was read");
}
BENCHMARK_CAPTURE(read, small_own, TrafficKind::small, capture::FileReader::own)->UseRealTime();
BENCHMARK_CAPTURE(read, small_libpcap, TrafficKind::small, capture::FileReader::libpcap)->UseRealTime();
BENCHMARK_CAPTURE(read, mixed_own, TrafficKind::mixed, capture::FileReader::own)->UseRealTime();
BENCHMARK_CAPTURE(read, mixed_libpcap, TrafficKind::mixed, capture::FileReader::libpcap)->UseRealTime();
BENCHMARK_CAPTURE(read, elephant_own, TrafficKind::elephant, capture::FileReader::own)->UseRealTime();
BENCHMARK_CAPTURE(read, elephant_libpcap, TrafficKind::elephant, capture::FileReader::libpcap)->UseRealTime();

// ---- decode ----

Frame frame_at(const Frames& frames, std::size_t i, std::uint64_t number) {
  const Frames::Place& place = frames.places[i];
  Frame frame;
  frame.bytes = {frames.octets.data() + place.begin, place.size};
  frame.wire_length = place.size;
  frame.tap = capture::no_tap;
  frame.number = number;
  frame.time = place.time;
  return frame;
}

void decode(benchmark::State& state, TrafficKind kind) {
  constexpr std::size_t count = 4096;
  Traffic traffic{{.kind = kind, .flows = 1000, .packets = count}};
  Frames frames;
  frames.take(traffic, count);
  const capture::Decoder decoder;
  std::array<capture::Packet, capture::packets_most> packets;
  std::uint64_t sum = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < count; ++i) {
      sum += decoder.decode(frame_at(frames, i, i), packets).count;
      benchmark::DoNotOptimize(packets.data());
      benchmark::ClobberMemory();
    }
  }
  by_item(state, static_cast<double>(state.iterations()) * count);
  if (sum != static_cast<std::uint64_t>(state.iterations()) * count)
    state.SkipWithError("a frame was refused");
}
BENCHMARK_CAPTURE(decode, small, TrafficKind::small);
BENCHMARK_CAPTURE(decode, mixed, TrafficKind::mixed);

// ---- classify and judge, by the number of prefixes ----

// Addresses all over the city's wide networks.
std::vector<IpAddress> addresses() {
  std::vector<IpAddress> made;
  for (std::uint64_t i = 0; i < 65'536; ++i) {
    made.push_back(IpAddress::ipv4(0x0a800000U + static_cast<std::uint32_t>(drawn(11, i) % 0x600000U)));
  }
  return made;
}

void classify(benchmark::State& state) {
  const auto policy = city_policy(static_cast<std::uint32_t>(state.range(0)));
  const std::vector<IpAddress> asked = addresses();
  std::size_t at = 0;
  unsigned sum = 0;
  for (auto _ : state) sum += policy->classify(asked[at++ & 65'535U]);
  benchmark::DoNotOptimize(sum);
  by_item(state, static_cast<double>(state.iterations()));
}
BENCHMARK(classify)->Arg(10)->Arg(1000)->Arg(100'000);

// Inside a segment (permitted by the cell), through the gateway (permitted by an entry), and from the My
// Number segment to the Internet segment (forbidden).
enum class Case { inside, gateway, forbidden };
void judge(benchmark::State& state, Case which) {
  const auto policy = city_policy(static_cast<std::uint32_t>(state.range(0)));
  policy::Conversation asked;
  asked.protocol = capture::protocol::tcp;
  asked.port = 443;
  asked.initiator_port = 50'000;
  asked.time = Time{std::chrono::seconds{1'795'136'400}};
  asked.responder_mac = asked.next_hop_mac = {{2, 0, 0, 0, 0, 2}};
  asked.initiator_mac = {{2, 0, 0, 0, 0, 1}};
  std::uint32_t number = 0;
  std::uint64_t permitted = 0;
  for (auto _ : state) {
    const std::uint32_t host = number++ * 0x9e3779b1U >> 12U;  // 20 bits
    asked.initiator =
        IpAddress::ipv4(which == Case::gateway ? 0x0a142001U + host % 2000 : 0x0a800000U + host);
    const std::uint32_t to = which == Case::inside ? 0x0a900000U : 0x0ad00000U;
    asked.responder = IpAddress::ipv4(which == Case::gateway ? 0x0a1e280bU : to + (host & 4095U));
    permitted += policy->judge(asked).decision == policy::Decision::permit ? 1U : 0U;
  }
  by_item(state, static_cast<double>(state.iterations()));
  const bool all = permitted == static_cast<std::uint64_t>(state.iterations());
  if (which == Case::forbidden ? permitted != 0 : !all) state.SkipWithError("an unexpected verdict");
}
BENCHMARK_CAPTURE(judge, inside, Case::inside)->Arg(10)->Arg(1000)->Arg(100'000);
BENCHMARK_CAPTURE(judge, gateway, Case::gateway)->Arg(10)->Arg(1000)->Arg(100'000);
BENCHMARK_CAPTURE(judge, forbidden, Case::forbidden)->Arg(10)->Arg(1000)->Arg(100'000);

// ---- all together ----

struct Count final : daemon::EventOutlet {
  bool tell(const daemon::FlowEvent&) override {
    ++events;
    return true;
  }
  std::uint64_t events = 0;
};

class Whole {
 public:
  Whole(const TrafficOptions& options, std::uint32_t prefixes, std::uint64_t capacity)
      : traffic_{options}, inspector_{inspector_options(capacity), city_policy(prefixes), count_} {}

  void take() { frames_.take(traffic_, frames_a_lap); }
  void work() {
    for (std::size_t i = 0; i < frames_.places.size(); ++i) inspector_.frame(frame_at(frames_, i, ++number_));
    inspector_.flush();
  }
  std::size_t frames() const { return frames_.places.size(); }
  std::uint64_t events() const { return count_.events; }
  bool closes() const { return inspector_.books().close(); }
  std::uint64_t flows() const { return inspector_.table().size(); }

 private:
  static constexpr std::size_t frames_a_lap = 8192;
  static daemon::InspectorOptions inspector_options(std::uint64_t capacity) {
    daemon::InspectorOptions options;
    options.capacity = capacity;
    options.ageing_from = capacity / 2;
    options.secret = {{0x5bd1e995c0ffee11ULL, 0x27d4eb2f165667c5ULL}};
    return options;
  }
  Traffic traffic_;
  Count count_{};
  daemon::Inspector inspector_;
  Frames frames_{};
  std::uint64_t number_ = 0;
};

void whole(benchmark::State& state, TrafficOptions options, std::uint64_t flows, std::uint32_t prefixes) {
  options.packets = ~std::uint64_t{0} >> 1U;
  options.flows = std::max<std::uint64_t>(flows, 1);
  if (options.kind == TrafficKind::small) options.rate = std::max<std::uint64_t>(options.rate, flows / 4);
  static std::unique_ptr<Whole> kept;
  static std::string name;
  const std::string wanted = std::to_string(static_cast<int>(options.kind)) +
                             (options.forbidden ? "f/" : "/") + std::to_string(flows) + "/" +
                             std::to_string(prefixes);
  if (name != wanted) {
    kept.reset();
    const std::uint64_t capacity =
        options.kind == TrafficKind::small ? flows + flows / 8 + 1024 : std::uint64_t{1'000'000};
    kept = std::make_unique<Whole>(options, prefixes, capacity);
    name = wanted;
    // Until the table is as full as it will be.
    const std::uint64_t before = options.kind == TrafficKind::small ? flows * 2 : 2 * capacity;
    for (std::uint64_t made = 0; made < before; made += kept->frames()) {
      kept->take();
      kept->work();
    }
  }
  Stopwatch watch;
  double frames = 0;
  for (auto _ : state) {
    kept->take();
    watch.time([&] { kept->work(); });
    watch.lap(state);
    frames += static_cast<double>(kept->frames());
  }
  by_item(state, frames);
  state.counters["flows"] = static_cast<double>(kept->flows());
  if (!kept->closes()) state.SkipWithError("the books do not close");
  if (options.forbidden != (kept->events() != 0)) state.SkipWithError("an unexpected verdict");
}

void whole_small(benchmark::State& state, bool forbidden) {
  TrafficOptions options{.kind = TrafficKind::small};
  options.forbidden = forbidden;
  whole(state, options, static_cast<std::uint64_t>(state.range(0)), 10);
}
BENCHMARK_CAPTURE(whole_small, permitted, false)
    ->Name("whole/small")
    ->UseManualTime()
    ->Arg(10'000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Arg(10'000'000);
BENCHMARK_CAPTURE(whole_small, forbidden, true)
    ->Name("whole/small_forbidden")
    ->UseManualTime()
    ->Arg(10'000)
    ->Arg(1'000'000);

void whole_prefixes(benchmark::State& state, TrafficKind kind) {
  TrafficOptions options{.kind = kind};
  whole(state, options, 1'000'000, static_cast<std::uint32_t>(state.range(0)));
}
BENCHMARK_CAPTURE(whole_prefixes, mixed, TrafficKind::mixed)
    ->Name("whole/mixed_by_prefixes")
    ->UseManualTime()
    ->Arg(10)
    ->Arg(1000)
    ->Arg(100'000);
BENCHMARK_CAPTURE(whole_prefixes, flood, TrafficKind::flood)
    ->Name("whole/flood_by_prefixes")
    ->UseManualTime()
    ->Arg(10)
    ->Arg(1000)
    ->Arg(100'000);

}  // namespace
}  // namespace sekimori::bench

BENCHMARK_MAIN();
