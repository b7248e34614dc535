// The one place that talks to libpcap. Two sources behind one door: capture files, and a live tap that comes
// back by itself when its cable, its mirror session or its interface does.
#include "capture/source/source.hpp"

// The system's; linux/if_packet.h needs what comes before it.
#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
//
#include <linux/if_packet.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>

namespace sekimori::capture {
namespace {

using std::chrono::milliseconds;

// Only the live source looks at this clock, and only for what concerns the live system itself: when to try
// again to open a tap, when to look at its link. What is decided about packets depends on packet time alone.
using Clock = std::chrono::steady_clock;

struct PcapClose {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};
using Handle = std::unique_ptr<pcap_t, PcapClose>;

std::string system_words(int error) {
  return std::generic_category().message(error);
}

// Packet headers count seconds in 64 bits, our time nanoseconds: a damaged file may name a year that we
// cannot.
Time time_of(const timeval& stamp) {
  // Half of the range, 146 years either way: the distance of two stamps is a Duration then, whatever a file
  // claims.
  constexpr std::int64_t seconds_most = std::numeric_limits<std::int64_t>::max() / 2 / 1'000'000'000 - 10'000;
  const std::int64_t seconds = std::clamp<std::int64_t>(stamp.tv_sec, -seconds_most, seconds_most);
  // Nanoseconds although the field says microseconds: that is the precision we ask for. A file may claim more
  // than a second here, at most 2^32 microseconds.
  const std::int64_t nanoseconds = std::clamp<std::int64_t>(stamp.tv_usec, 0, 5'000'000'000'000);
  return Time{Duration{seconds * 1'000'000'000 + nanoseconds}};
}

// libpcap speaks of DLT_ values, which differ between systems; files and our decoder of LINKTYPE_ values.
// They are equal but for these few (https://www.tcpdump.org/linktypes.html).
std::uint16_t linktype(int dlt) {
  switch (dlt) {
    case DLT_ATM_RFC1483:
      return 100;
    case DLT_RAW:
      return 101;
    case DLT_SLIP_BSDOS:
      return 102;
    case DLT_PPP_BSDOS:
      return 103;
    case DLT_ATM_CLIP:
      return 106;
    default:
      return static_cast<std::uint16_t>(dlt);
  }
}

// What one pcap_dispatch needs to turn libpcap's view of a frame into ours.
struct Delivery {
  FrameSink& sink;
  std::uint64_t& number;  // frames handed over so far
  std::uint16_t tap;
  std::uint16_t link;
  std::uint32_t frames = 0;        // by this dispatch
  std::uint64_t* early = nullptr;  // see LiveSource::settling_
  Time ready{};
};

void hand_over(Delivery& delivery, const pcap_pkthdr& header, const u_char* bytes) {
  ++delivery.number;
  ++delivery.frames;
  Frame frame;
  frame.bytes = {reinterpret_cast<const std::byte*>(bytes), header.caplen};
  frame.wire_length = std::max(header.len, header.caplen);
  frame.tap = delivery.tap;
  frame.link = delivery.link;
  frame.number = delivery.number;
  frame.time = time_of(header.ts);
  delivery.sink.frame(frame);
}

// noexcept, so that a sink that throws ends the program here and not somewhere inside libpcap.
void on_frame(u_char* user, const pcap_pkthdr* header, const u_char* bytes) noexcept {
  auto& delivery = *reinterpret_cast<Delivery*>(user);
  if (delivery.early != nullptr) {
    if (time_of(header->ts) < delivery.ready) {
      ++*delivery.early;
      return;
    }
    delivery.early = nullptr;
  }
  hand_over(delivery, *header, bytes);
}

// The bound keeps a dispatch from following the kernel for ever: libpcap goes on over all blocks that become
// ready.
int bound(std::uint32_t most) {
  constexpr std::uint32_t highest = 1U << 20U;
  return static_cast<int>(std::min(most, highest));
}

// ----------------------------------------------------------------------------------------------------------
// files

// Opened, or what is wrong with it.
// Of a file's stream. Measured on full frames: the system's own choice, 4 KiB, is a system call for every
// third frame and costs 1.4 times as much; 256 KiB leave the nearest caches and cost twice as much.
constexpr std::size_t stream_bytes = 32U * 1024U;
using StreamBuffer = std::unique_ptr<char[]>;

struct Opened {
  StreamBuffer buffer{};  // outlives the handle, which reads through it
  Handle handle{};
  SourceFault fault = SourceFault::none;
  std::string message{};
};

struct Magic {
  std::string_view bytes;
  const char* name;
};
using namespace std::string_view_literals;
constexpr std::array<Magic, 4> compressed{Magic{"\x1f\x8b"sv, "gzip"},
                                          {"\x28\xb5\x2f\xfd"sv, "zstd"},
                                          {"\xfd\x37\x7a\x58"sv, "xz"},
                                          {"BZh"sv, "bzip2"}};

// Says what the beginning of a file tells about why it cannot be a capture; none leaves the judgement to
// libpcap. Only what can be given back is read from a capture: one byte. No capture begins with the first
// byte of a compressed file, so the rest may be read then.
SourceFault look_at_beginning(std::FILE* file, std::string& words) {
  const int first = std::getc(file);
  if (first == EOF) {
    if (std::ferror(file) != 0) {
      words = system_words(errno);
      return SourceFault::other;
    }
    words = "the file is empty";
    return SourceFault::empty;
  }
  std::ungetc(first, file);
  const bool suspect = std::any_of(compressed.begin(), compressed.end(), [first](const Magic& magic) {
    return static_cast<unsigned char>(magic.bytes[0]) == first;
  });
  if (!suspect) return SourceFault::none;
  std::array<char, 4> beginning{};
  const std::string_view read{beginning.data(), std::fread(beginning.data(), 1, beginning.size(), file)};
  for (const Magic& magic : compressed) {
    if (read.substr(0, magic.bytes.size()) != magic.bytes) continue;
    words = std::string{"this is a "} + magic.name + " file; unpack it first";
    return SourceFault::compressed;
  }
  words = "neither pcap nor pcapng";
  return SourceFault::unknown_format;
}

Opened failed(const std::string& path, SourceFault fault, const std::string& words) {
  return {nullptr, nullptr, fault, path + ": " + words};
}

Opened open_file(const std::string& path) {
  const bool standard_input = path == "-";
  const std::string name = standard_input ? "standard input" : path;
  std::FILE* file = standard_input ? stdin : std::fopen(path.c_str(), "rbe");
  if (file == nullptr) {
    const int error = errno;
    const SourceFault fault = error == ENOENT || error == ENOTDIR ? SourceFault::missing
                              : error == EACCES || error == EPERM ? SourceFault::forbidden
                                                                  : SourceFault::other;
    return failed(name, fault, system_words(error));
  }
  StreamBuffer buffer;
  if (!standard_input) {
    buffer = std::make_unique<char[]>(stream_bytes);
    std::setvbuf(file, buffer.get(), _IOFBF, stream_bytes);
  }
  const auto close = [&] {
    if (!standard_input) std::fclose(file);
  };
  struct stat status {};
  if (::fstat(::fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
    close();
    return failed(name, SourceFault::directory, "this is a directory, not a capture file");
  }
  std::string words;
  if (const SourceFault fault = look_at_beginning(file, words); fault != SourceFault::none) {
    close();
    return failed(name, fault, words);
  }
  std::array<char, PCAP_ERRBUF_SIZE> error{};
  Handle handle{pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, error.data())};
  if (handle == nullptr) {
    close();
    const std::string_view said{error.data()};
    if (said.starts_with("truncated")) return failed(name, SourceFault::cut_short, error.data());
    if (said.starts_with("unknown file format")) {
      return failed(name, SourceFault::unknown_format, "neither pcap nor pcapng (" + std::string{said} + ")");
    }
    return failed(name, SourceFault::damaged, error.data());
  }
  return {std::move(buffer), std::move(handle), SourceFault::none, {}};
}

class FileSource final : public Source {
 public:
  explicit FileSource(std::vector<std::string> paths) : paths_(std::move(paths)) {
    if (paths_.empty()) throw SourceError{SourceFault::missing, "no capture file given"};
    if (!open_next()) throw SourceError{final_.fault, final_.message};
  }

  ReadResult read(std::uint32_t most, FrameSink& sink) override {
    if (most == 0) return {};  // to libpcap a bound of 0 means none
    if (handle_ == nullptr) return final_;
    Delivery delivery{
        .sink = sink, .number = number_, .tap = no_tap, .link = linktype(pcap_datalink(handle_.get()))};
    // The frames of this call are counted by the callback: at the end of a file, or at an error in it,
    // libpcap does not tell how many it handed over before.
    const int outcome =
        pcap_dispatch(handle_.get(), bound(most), on_frame, reinterpret_cast<u_char*>(&delivery));
    if (outcome < 0) {
      const std::string said = pcap_geterr(handle_.get());
      const auto says = [&said](const char* word) { return said.find(word) != std::string::npos; };
      const SourceFault fault = says("truncated")                              ? SourceFault::cut_short
                                : says("different from the type of the first") ? SourceFault::mixed_links
                                                                               : SourceFault::damaged;
      finish({ReadState::broken, 0, name() + ": " + said, fault});
    } else if (outcome == 0) {
      if (next_ == paths_.size()) {
        finish({ReadState::end, 0, {}, SourceFault::none});
      } else if (open_next()) {
        return {ReadState::more, delivery.frames, {}, SourceFault::none};
      }
    }
    if (handle_ != nullptr) return {ReadState::more, delivery.frames, {}, SourceFault::none};
    ReadResult last = final_;
    last.frames = delivery.frames;
    return last;
  }

  int descriptor() const override { return -1; }
  SourceCounters counters() override {
    SourceCounters counters;
    counters.received = number_;
    counters.delivered = number_;
    return counters;
  }
  SourceHealth health() const override { return SourceHealth::running; }
  std::string trouble() const override { return final_.message; }

 private:
  std::string name() const { return paths_[next_ - 1] == "-" ? "standard input" : paths_[next_ - 1]; }

  bool open_next() {
    Opened opened = open_file(paths_[next_++]);
    handle_ = std::move(opened.handle);
    buffer_ = std::move(opened.buffer);
    if (handle_ == nullptr) final_ = {ReadState::broken, 0, std::move(opened.message), opened.fault};
    return handle_ != nullptr;
  }

  void finish(ReadResult result) {
    final_ = std::move(result);
    handle_.reset();
  }

  std::vector<std::string> paths_;
  std::size_t next_ = 0;  // the file after the one that is open
  StreamBuffer buffer_;   // of the handle
  Handle handle_;         // empty once all is read, or broken
  ReadResult final_{};    // what to say then
  std::uint64_t number_ = 0;
};

// -----------------------------------------------------------------------------------------------------------
// live

// Adds the progress of a counter that is 32 bits wide and starts at zero with each handle. `may_fall` is for
// ps_ifdrop: libpcap reads it from sysfs and goes back when the interface is no longer there.
class WideCounter {
 public:
  void restart() { last_ = 0; }
  void follow(std::uint32_t now, bool may_fall = false) {
    const std::uint32_t progress = now - last_;  // modulo 2^32
    last_ = now;
    if (may_fall && progress > std::numeric_limits<std::int32_t>::max()) return;
    total_ += progress;
  }
  std::uint64_t total() const { return total_; }

 private:
  std::uint32_t last_ = 0;
  std::uint64_t total_ = 0;
};

constexpr milliseconds pause_first{100};
constexpr milliseconds pause_longest{2000};
constexpr milliseconds look_every{200};
constexpr std::uint32_t drain_at_once = 4096;

class LiveSource final : public Source {
 public:
  LiveSource(TapOptions tap, LiveShare share) : tap_(std::move(tap)), share_(share) {
    if (!open()) throw SourceError{fault_, trouble_};
  }

  ReadResult read(std::uint32_t most, FrameSink& sink) override {
    ReadResult result;
    result.state = ReadState::idle;
    if (most == 0) return result;
    if (handle_ == nullptr && !reopen()) return result;

    Delivery delivery{.sink = sink, .number = delivered_, .tap = share_.tap, .link = link_};
    if (settling_) delivery.early = &early_;
    delivery.ready = ready_;
    const int outcome =
        pcap_dispatch(handle_.get(), bound(most), on_frame, reinterpret_cast<u_char*>(&delivery));
    if (settling_ && (delivery.early == nullptr || Clock::now() >= settled_at_)) settling_ = false;
    result.frames = delivery.frames;
    if (outcome > 0 && static_cast<std::uint32_t>(outcome) >= most) result.state = ReadState::more;

    const Clock::time_point now = Clock::now();
    if (outcome < 0 && !closing_) {
      lose(SourceHealth::gone, SourceFault::other, pcap_geterr(handle_.get()));
      // What was caught before the loss may wait in a block that the kernel has not handed over yet.
      closing_ = true;
      close_at_ = now + drain_time();
    }
    if (closing_) {
      if (now >= close_at_) close();
      return result;
    }
    // The link is looked at when nothing came: a frame is proof enough. Without frames a call costs two
    // ioctls at most five times a second.
    if (outcome > 0) {
      if (health_ != SourceHealth::running) back();
    } else if (now >= look_at_) {
      look_at_ = now + look_every;
      look(now);
    }
    return result;
  }

  int descriptor() const override {
    // While the interface is down libpcap has to be called again and again instead of polled.
    if (handle_ == nullptr || closing_ || pcap_get_required_select_timeout(handle_.get()) != nullptr)
      return -1;
    return pcap_get_selectable_fd(handle_.get());
  }

  SourceCounters counters() override {
    if (handle_ != nullptr) ask_kernel();
    SourceCounters counters;
    counters.received = received_.total() - std::min(early_, received_.total());
    counters.dropped_kernel = dropped_kernel_.total();
    counters.dropped_interface = dropped_interface_.total();
    counters.delivered = delivered_;
    counters.reopened = reopened_;
    counters.outages = outages_;
    return counters;
  }

  SourceHealth health() const override { return health_; }
  std::string trouble() const override { return health_ == SourceHealth::running ? warning_ : trouble_; }

  void drain(FrameSink& sink) override {
    const Clock::time_point end = Clock::now() + drain_time();
    while (handle_ != nullptr) {
      const bool over = Clock::now() >= end;
      while (read(drain_at_once, sink).state == ReadState::more && Clock::now() < end) {
      }
      if (over) return;
      // While the interface is down its descriptor says so again and again: then only the time counts.
      const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now()) + milliseconds{1};
      pollfd wait{descriptor(), POLLIN, 0};
      ::poll(&wait, 1, static_cast<int>(std::clamp<std::int64_t>(left.count(), 1, look_every.count())));
    }
  }

  // The kernel's timer retires a block when it finds it open for the second time.
  milliseconds drain_time() const override { return 2 * tap_.block_timeout + milliseconds{50}; }

 private:
  bool fail(SourceFault fault, const std::string& words) {
    fault_ = fault;
    trouble_ = tap_.interface + ": " + words;
    return false;
  }

  // Opens the tap anew, in the only order that works: settings, activation, then non-blocking mode (before
  // it, the block timeout would be the kernel's own), then what is a matter of the socket. On failure says
  // why in trouble_.
  bool open() {
    if (tap_.interface == "any") {
      return fail(
          SourceFault::any_device,
          "the \"any\" device shows no Ethernet headers, so neither MAC addresses nor VLANs; name the "
          "interface that the mirror port is plugged into");
    }
    // libpcap would also open USB buses, Bluetooth and netfilter logs by their names.
    const unsigned index = ::if_nametoindex(tap_.interface.c_str());
    if (index == 0) return fail(SourceFault::no_interface, "no such interface");

    std::array<char, PCAP_ERRBUF_SIZE> error{};
    Handle handle{pcap_create(tap_.interface.c_str(), error.data())};
    if (handle == nullptr) return fail(SourceFault::other, error.data());
    const std::uint64_t buffer =
        std::min<std::uint64_t>(tap_.buffer_bytes, std::numeric_limits<int>::max());  // libpcap takes an int
    pcap_set_snaplen(handle.get(), static_cast<int>(std::min<std::uint32_t>(tap_.snaplen, 262144)));
    pcap_set_promisc(handle.get(), tap_.promiscuous ? 1 : 0);
    // Never 0: a block that is not full would never be handed over on a quiet link.
    pcap_set_timeout(handle.get(), static_cast<int>(std::max<std::int64_t>(tap_.block_timeout.count(), 1)));
    pcap_set_buffer_size(handle.get(), static_cast<int>(buffer));
    std::string warning;
    if (pcap_set_tstamp_precision(handle.get(), PCAP_TSTAMP_PRECISION_NANO) != 0) {
      return fail(SourceFault::other, "nanosecond time stamps are not supported");
    }
    const int outcome = pcap_activate(handle.get());
    if (outcome < 0) {
      const std::string detail = pcap_geterr(handle.get());
      const SourceFault fault = outcome == PCAP_ERROR_PERM_DENIED || outcome == PCAP_ERROR_PROMISC_PERM_DENIED
                                    ? SourceFault::forbidden
                                : outcome == PCAP_ERROR_IFACE_NOT_UP   ? SourceFault::interface_down
                                : outcome == PCAP_ERROR_NO_SUCH_DEVICE ? SourceFault::no_interface
                                                                       : SourceFault::other;
      std::string words = pcap_statustostr(outcome);
      if (outcome == PCAP_ERROR) words.clear();
      if (!detail.empty() && detail != words)
        words += (words.empty() ? "" : " (") + detail + (words.empty() ? "" : ")");
      return fail(fault, words);
    }
    if (outcome > 0) {
      const std::string detail = pcap_geterr(handle.get());
      add(warning, outcome == PCAP_WARNING || detail.empty() ? detail : pcap_statustostr(outcome));
    }
    if (buffer < tap_.buffer_bytes) add(warning, "the ring is 2 GiB: more is not possible");
    if (pcap_setnonblock(handle.get(), 1, error.data()) != 0) return fail(SourceFault::other, error.data());

    const int socket = pcap_fileno(handle.get());
    // A sensor never transmits on its tap; should anything else on this host do so, it is not the city's
    // traffic.
    const int on = 1;
    if (::setsockopt(socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0) {
      add(warning, "frames that this host sends itself are seen too (" + system_words(errno) + ")");
    }
    // Even the empty filter is set: only with a filter does the kernel cut frames to the snaplen.
    bpf_program program{};
    if (pcap_compile(handle.get(), &program, tap_.filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
      return fail(SourceFault::filter, "filter \"" + tap_.filter + "\": " + pcap_geterr(handle.get()));
    }
    const int filtered = pcap_setfilter(handle.get(), &program);
    pcap_freecode(&program);
    if (filtered < 0) {
      return fail(SourceFault::filter, "filter \"" + tap_.filter + "\": " + pcap_geterr(handle.get()));
    }
    if (share_.workers > 1) {
      // The hash is symmetric in the addresses and ports and the same on every interface of the host, so both
      // directions and every copy of a conversation come to the same worker.
      const int fanout = share_.fanout_group | (PACKET_FANOUT_HASH << 16);
      if (::setsockopt(socket, SOL_PACKET, PACKET_FANOUT, &fanout, sizeof fanout) != 0) {
        return fail(SourceFault::other, "fan-out group " + std::to_string(share_.fanout_group) +
                                            " cannot be joined: " + system_words(errno));
      }
      // Until this moment the socket was given everything, also what belongs to the other workers.
      settling_ = true;
      ready_ = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
      // By then every early block was handed over. Without this end a clock that is set back just now would
      // blind us.
      settled_at_ = Clock::now() + drain_time();
    }

    handle_ = std::move(handle);
    index_ = index;
    link_ = linktype(pcap_datalink(handle_.get()));
    warning_ = warning.empty() ? std::string{} : tap_.interface + ": " + warning;
    received_.restart();
    dropped_kernel_.restart();
    dropped_interface_.restart();
    health_ = SourceHealth::running;
    const Clock::time_point now = Clock::now();
    look_at_ = now + look_every;
    if (!has_carrier()) lose(SourceHealth::link_down, SourceFault::none, no_carrier);
    return true;
  }

  bool reopen() {
    const Clock::time_point now = Clock::now();
    if (now < next_try_) return false;
    const std::uint64_t outages = outages_;
    if (open()) {
      ++reopened_;
      outages_ = outages;  // back without carrier is still the same outage
      pause_ = pause_first;
      return true;
    }
    health_ = fault_ == SourceFault::interface_down ? SourceHealth::link_down : SourceHealth::gone;
    next_try_ = now + pause_;
    pause_ = std::min(2 * pause_, pause_longest);
    return false;
  }

  void close() {
    ask_kernel();
    handle_.reset();
    closing_ = false;
    settling_ = false;
    next_try_ = {};
    pause_ = pause_first;
  }

  void lose(SourceHealth health, SourceFault fault, const std::string& words) {
    if (health_ == SourceHealth::running) ++outages_;
    health_ = health;
    fail(fault, words);
  }

  void back() {
    health_ = SourceHealth::running;
    fault_ = SourceFault::none;
    trouble_.clear();
  }

  // libpcap notices when the interface under the socket goes down or away. It does not notice a pulled cable,
  // nor that the name which the config gave now belongs to another interface, or to none.
  void look(Clock::time_point now) {
    const unsigned index = index_of_name();
    if (index != index_) {
      lose(SourceHealth::gone, SourceFault::no_interface,
           index == 0 ? "the interface was removed or renamed"
                      : "the interface was replaced by another of its name");
      closing_ = true;
      close_at_ = now + drain_time();
    } else if (pcap_get_required_select_timeout(handle_.get()) != nullptr || !is_set_up()) {
      lose(SourceHealth::link_down, SourceFault::interface_down, "the interface is set down");
    } else if (!has_carrier()) {
      lose(SourceHealth::link_down, SourceFault::none, no_carrier);
    } else if (health_ != SourceHealth::running) {
      back();
    }
  }

  // Asked through the capture socket: after the sandbox is closed no other may be opened. 0: no such
  // interface.
  unsigned index_of_name() const {
    ifreq request{};
    tap_.interface.copy(request.ifr_name, IFNAMSIZ - 1);
    if (::ioctl(pcap_fileno(handle_.get()), SIOCGIFINDEX, &request) != 0) return 0;
    return static_cast<unsigned>(request.ifr_ifindex);
  }
  short flags() const {
    ifreq request{};
    tap_.interface.copy(request.ifr_name, IFNAMSIZ - 1);
    if (::ioctl(pcap_fileno(handle_.get()), SIOCGIFFLAGS, &request) != 0) return 0;
    return request.ifr_flags;
  }
  bool is_set_up() const { return (flags() & IFF_UP) != 0; }
  bool has_carrier() const { return (flags() & IFF_RUNNING) != 0; }

  void ask_kernel() {
    pcap_stat stat{};
    if (pcap_stats(handle_.get(), &stat) != 0)
      return;  // the next answer includes what this one would have said
    received_.follow(stat.ps_recv);
    dropped_kernel_.follow(stat.ps_drop);
    dropped_interface_.follow(stat.ps_ifdrop, true);
  }

  static void add(std::string& warning, const std::string& words) {
    if (words.empty()) return;
    if (!warning.empty()) warning += "; ";
    warning += words;
  }

  static constexpr const char* no_carrier =
      "no carrier: the cable or the mirror port at its other end is down";

  const TapOptions tap_;
  const LiveShare share_;
  Handle handle_;  // empty while the tap is gone
  unsigned index_ = 0;
  std::uint16_t link_ = 1;

  SourceHealth health_ = SourceHealth::gone;
  SourceFault fault_ = SourceFault::none;
  std::string trouble_;  // why it does not run
  std::string warning_;  // what it runs without

  // With fan-out a new socket first holds copies of what the other workers were given; they are left out by
  // time.
  bool settling_ = false;
  Time ready_{};
  Clock::time_point settled_at_{};
  std::uint64_t early_ = 0;

  bool closing_ = false;  // lost, but the kernel may still hand over what came before
  Clock::time_point close_at_{};
  Clock::time_point look_at_{};
  Clock::time_point next_try_{};
  milliseconds pause_ = pause_first;

  WideCounter received_;
  WideCounter dropped_kernel_;
  WideCounter dropped_interface_;
  std::uint64_t delivered_ = 0;
  std::uint64_t reopened_ = 0;
  std::uint64_t outages_ = 0;
};

}  // namespace

std::unique_ptr<Source> open_files(std::vector<std::string> paths) {
  return std::make_unique<FileSource>(std::move(paths));
}

std::unique_ptr<Source> open_live(const TapOptions& tap, const LiveShare& share) {
  return std::make_unique<LiveSource>(tap, share);
}

std::string filter_trouble(const std::string& expression, std::uint32_t snaplen) {
  pcap_t* ethernet = pcap_open_dead(DLT_EN10MB, static_cast<int>(snaplen));
  if (ethernet == nullptr) return "out of memory";
  std::string trouble;
  bpf_program program{};
  if (pcap_compile(ethernet, &program, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) == 0) {
    pcap_freecode(&program);
  } else {
    trouble = pcap_geterr(ethernet);
  }
  pcap_close(ethernet);
  return trouble;
}

}  // namespace sekimori::capture
