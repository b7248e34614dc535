// usage: capture_mutate MUTATIONS [FILE...]
//        capture_mutate =NUMBER FILE     that one mutation alone, to look at a fault
// Damages each capture MUTATIONS times, in an order that is the same on every run, and sends it through the
// whole engine: decoding, fragments, flows, verdicts, events. Whatever the damage, the books close. Every
// eighth time the file itself is damaged and replayed, else frames in memory. Without FILE all published
// captures, where they are at hand. Prints a line of counts per capture. A fault names its capture and its
// number.
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>

#include "capture/source/source.hpp"
#include "daemon/inspector.hpp"
#include "daemon/replay.hpp"
#include "tests/daemon/city.hpp"
#include "tests/fuzz/captures.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace {

using namespace sekimori;

// What is being tried: said when it goes wrong.
std::array<char, 256> trying{};

void say_what_was_tried() {
  const auto written = ::write(STDERR_FILENO, trying.data(), std::strlen(trying.data()));
  static_cast<void>(written);
}
void fault(int number) {
  say_what_was_tried();
  std::signal(number, SIG_DFL);
  std::raise(number);
}
void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// The addresses that published captures use are in segments here, so that there is much to forbid.
constexpr std::string_view city = R"(
profile: alpha
segments:
  mynumber: {prefixes: [10.0.0.0/8, "fe80::/10"]}
  lgwan: {prefixes: [172.16.0.0/12, "2001:db8::/32"]}
  internet: {prefixes: [192.168.0.0/16, "2400::/8", "2600::/8", "2a00::/8"]}
)";

class Damage {
 public:
  Damage(const std::string& name, std::uint64_t number) {
    std::uint32_t sum = 2166136261U;
    for (const char letter : name) sum = (sum ^ static_cast<unsigned char>(letter)) * 16777619U;
    random_.seed(sum + static_cast<std::uint32_t>(number) * 2654435761U);
  }
  std::uint32_t below(std::size_t limit) {
    return static_cast<std::uint32_t>(random_() % std::max<std::size_t>(limit, 1));
  }

  template <class Octets>
  void octets(Octets& bytes) {
    using Octet = typename Octets::value_type;
    for (std::uint32_t times = 1 + below(4); times > 0 && !bytes.empty(); --times) {
      // Headers are at the front.
      const std::size_t reach = below(4) == 0 ? bytes.size() : std::min<std::size_t>(bytes.size(), 96);
      const std::size_t at = below(reach);
      switch (below(9)) {
        case 0:
        case 1:
          bytes[at] = static_cast<Octet>(static_cast<unsigned char>(bytes[at]) ^ (1U << below(8)));
          break;
        case 2:
          bytes[at] = static_cast<Octet>(below(256));
          break;
        case 3:
          bytes[at] = static_cast<Octet>(below(2) == 0 ? 0xff : 0x00);  // counts and lengths at their ends
          break;
        case 4:
          bytes.resize(at);
          break;
        case 5:
          length(bytes, at);
          break;
        case 6:
          std::swap(bytes[at], bytes[below(reach)]);
          break;
        case 7:
          if (at + 2 <= bytes.size()) std::swap(bytes[at], bytes[at + 1]);
          break;
        default:
          bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), 1 + below(24),
                       static_cast<Octet>(below(256)));
          break;
      }
    }
  }

 private:
  // A length field that is a little off, or that of the whole.
  template <class Octets>
  void length(Octets& bytes, std::size_t at) {
    if (at + 2 > bytes.size()) return;
    using Octet = typename Octets::value_type;
    unsigned value = static_cast<unsigned char>(bytes[at]) * 256U + static_cast<unsigned char>(bytes[at + 1]);
    value = below(3) == 0 ? static_cast<unsigned>(bytes.size() - at) : value + below(17) - 8U;
    bytes[at] = static_cast<Octet>(value >> 8U & 0xffU);
    bytes[at + 1] = static_cast<Octet>(value & 0xffU);
  }

  std::mt19937 random_{};
};

struct Counts {
  std::uint64_t mutations = 0;
  std::uint64_t files = 0;
  std::uint64_t frames = 0;
  std::uint64_t in_flows = 0;
  std::uint64_t flows = 0;
  std::uint64_t forbidden = 0;
  std::uint64_t fragments = 0;
  std::uint64_t carriers = 0;
  Counts& operator+=(const Counts& other) {
    mutations += other.mutations;
    files += other.files;
    frames += other.frames;
    in_flows += other.in_flows;
    flows += other.flows;
    forbidden += other.forbidden;
    fragments += other.fragments;
    carriers += other.carriers;
    return *this;
  }
};

void check(const daemon::Books& books) {
  require(books.close(), "read = in flows + each reason");
  const capture::FragmentCounters& f = books.fragments;
  require(f.seen == f.firsts + f.joined + f.strays, "fragments seen = firsts + joined + strays");
  std::uint64_t ended = 0;
  for (const std::uint64_t reason : books.flows_ended) ended += reason;
  require(ended == books.flows_opened, "flows opened = flows ended");
}

void add(Counts& counts, const daemon::Books& books) {
  counts.frames += books.packets_read;
  counts.in_flows += books.packets_in_flows;
  counts.flows += books.flows_opened;
  counts.forbidden += books.flows_forbidden;
  counts.fragments += books.fragments.seen;
  counts.carriers += books.packets_carriers;
}

struct Outlet final : daemon::EventOutlet {
  bool tell(const daemon::FlowEvent&) override { return ++told % 5 != 0; }  // sometimes there is no room
  std::uint64_t told = 0;
};
struct Output final : daemon::ReplayOutput {
  void alert(const daemon::AlertRecord&) override {}
  void flow(const capture::FlowFacts&, const policy::Verdict&, const capture::Passage&,
            capture::EndReason) override {}
};

class Mill {
 public:
  explicit Mill(const fuzz::Capture& capture)
      : capture_{capture}, inspector_{std::make_unique<daemon::Inspector>(options(), policy(), outlet_)} {}

  void turn(std::uint64_t number) {
    std::snprintf(trying.data(), trying.size(), "fault at: capture_mutate =%llu %s\n",
                  static_cast<unsigned long long>(number), capture_.name.c_str());
    Damage damage{capture_.name, number};
    ++counts_.mutations;
    if (number % 8 == 0 || capture_.frames.empty()) {
      replay(damage);
    } else {
      frames(damage);
    }
  }
  Counts finish() {
    if (inspector_->books().packets_read > 0) {
      require(inspector_->books().packets_read == fed_, "every frame is read");
      add(counts_, inspector_->books());
    }
    return counts_;
  }

 private:
  static std::shared_ptr<const policy::Policy> policy() {
    static const auto made = test::make_policy(city);
    return made;
  }
  static daemon::InspectorOptions options() {
    daemon::InspectorOptions result;
    result.fragments = {.datagrams = 64, .held = 32};  // small, so that they are full at times
    result.capacity = 512;
    result.secret = {{1, 2}};
    return result;
  }

  // The inspector stays the same from one mutation to the next, and so does its time.
  void frames(Damage& damage) {
    const std::uint32_t every = damage.below(3) == 0 ? 1 : damage.below(2) == 0 ? 16 : 256;
    const std::size_t certainly = damage.below(capture_.frames.size());
    for (std::size_t i = 0; i < capture_.frames.size(); ++i) {
      if (i == certainly || damage.below(every) == 0) {
        one(capture_.frames[i], damage);
      } else {
        feed(fuzz::frame(capture_.frames[i]));
      }
    }
    inspector_->finish(inspector_->newest());
    check(inspector_->books());
    require(inspector_->table().size() == 0, "no flow is left");
    require(inspector_->fragments().waiting() == 0, "no fragment waits");
  }
  void one(const fuzz::Capture::Kept& kept, Damage& damage) {
    fuzz::Capture::Kept copy = kept;
    damage.octets(copy.bytes);
    copy.bytes.shrink_to_fit();
    capture::Frame frame = fuzz::frame(copy);
    frame.wire_length = std::max(frame.wire_length, static_cast<std::uint32_t>(frame.bytes.size()));
    switch (damage.below(16)) {
      case 0:
        frame.link = static_cast<std::uint16_t>(damage.below(300));
        break;
      case 1:
        frame.time += std::chrono::milliseconds{damage.below(100'000)} - std::chrono::seconds{50};
        break;
      case 2:
        frame.wire_length += damage.below(100'000);
        break;
      case 3:
        frame.tap = static_cast<std::uint16_t>(damage.below(3));
        feed(frame);
        frame.tap = static_cast<std::uint16_t>(damage.below(3));  // and again at another place
        break;
      default:
        break;
    }
    feed(frame);
  }
  void feed(capture::Frame frame) {
    frame.number = ++fed_;
    inspector_->frame(frame);
    if (fed_ % 64 == 0) inspector_->tick(inspector_->newest(), 64);
  }

  void replay(Damage& damage) {
    std::string content = capture_.content;
    damage.octets(content);
    const fuzz::MemoryFile file{content.data(), content.size()};
    daemon::ReplayOptions options;
    options.files = {file.path()};
    options.want_flows = true;
    options.workers = static_cast<std::uint16_t>(1 + damage.below(8) / 7);
    options.read_beside = damage.below(2) == 0;
    capture::CaptureOptions capture;
    capture.flows.flows_max = 1024;
    Output output;
    ++counts_.files;
    try {
      const daemon::ReplayResult result = daemon::replay(options, capture, policy(), {}, output);
      check(result.books);
      add(counts_, result.books);
    } catch (const capture::SourceError&) {  // refused with a clear error: as it should be
    }
  }

  const fuzz::Capture& capture_;
  Outlet outlet_{};
  std::unique_ptr<daemon::Inspector> inspector_;
  std::uint64_t fed_ = 0;
  Counts counts_{};
};

void print(const char* name, const Counts& c) {
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf("%s\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\n", name, number(c.mutations),
              number(c.files), number(c.frames), number(c.in_flows), number(c.flows), number(c.forbidden),
              number(c.fragments), number(c.carriers));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string times = argc > 1 ? argv[1] : "8";
  const bool alone = times[0] == '=';
  const std::uint64_t number = std::strtoull(times.c_str() + (alone ? 1 : 0), nullptr, 10);
  std::vector<std::string> paths{argv + std::min(argc, 2), argv + argc};
  if (paths.empty()) paths = fuzz::capture_paths();
  if (paths.empty()) {
    std::puts("skipped: no captures here (SEKIMORI_PCAPS)");
    return 77;
  }
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_set_death_callback(say_what_was_tried);
#endif
  std::signal(SIGABRT, fault);
  std::signal(SIGSEGV, fault);
  std::puts("capture\tmutations\tof files\tframes\tin flows\tflows\tforbidden\tfragments\tcarriers");
  Counts all;
  for (const std::string& path : paths) {
    const fuzz::Capture capture = fuzz::load_capture(path);
    Mill mill{capture};
    for (std::uint64_t i = alone ? number : 0; i < (alone ? number + 1 : number); ++i) mill.turn(i);
    const Counts counts = mill.finish();
    all += counts;
    print(capture.name.c_str(), counts);
  }
  print("all", all);
  return all.mutations == 0 ? 1 : 0;
}
