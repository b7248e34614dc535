// A live tap that comes back by itself when its cable, its mirror session or its interface does.
#include "capture/source/source.hpp"

// The system's; linux/if_packet.h needs what comes before it.
#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
//
#include <linux/if_packet.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

#include "capture/source/fanout.hpp"
#include "capture/source/pcap_common.hpp"
#include "capture/source/ring.hpp"

namespace sekimori::capture {
namespace {

using std::chrono::milliseconds;

// Looked at only for what concerns the live system itself: when to try again to open a tap, when to look at
// its link. What is decided about packets depends on packet time alone.
using Clock = std::chrono::steady_clock;

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
constexpr milliseconds turn_every{20};         // between looks whether the workers before have opened the tap
constexpr milliseconds wait_for_others{3000};  // then a worker takes what it gets
constexpr std::uint32_t drain_at_once = 4096;

class LiveSource final : public Source {
 public:
  LiveSource(TapOptions tap, LiveShare share) : tap_(std::move(tap)), share_(std::move(share)) {
    if (open()) return;
    // What comes of itself is waited for, as after a later loss.
    const bool may_come = fault_ == SourceFault::no_interface || fault_ == SourceFault::interface_down;
    if (!may_come) throw SourceError{fault_, trouble_};
    health_ = fault_ == SourceFault::interface_down ? SourceHealth::link_down : SourceHealth::gone;
    outages_ = 1;
  }

  ReadResult read(std::uint32_t most, FrameSink& sink) override {
    ReadResult result;
    result.state = ReadState::idle;
    if (most == 0) return result;
    if (handle_ == nullptr && !reopen()) return result;

    if (settling_) settle();
    Delivery delivery{.sink = sink, .number = delivered_, .tap = share_.tap, .link = link_};
    if (settling_) delivery.early = &early_;
    delivery.ready = ready_;
    const int outcome =
        pcap_dispatch(handle_.get(), bound(most), on_frame, reinterpret_cast<u_char*>(&delivery));
    if (delivery.early == nullptr) settling_ = false;
    result.frames = delivery.frames;
    if (outcome > 0 && static_cast<std::uint32_t>(outcome) >= most) result.state = ReadState::more;

    const Clock::time_point now = Clock::now();
    if (outcome < 0 && !closing_) {
      lose(SourceHealth::gone, SourceFault::other, pcap_geterr(handle_.get()));
      // What was caught before the loss may wait in a block that the kernel has not handed over yet.
      closing_ = true;
      close_at_ = now + drain_time();
    }
    if (share_.fanout != nullptr && share_.fanout->round() != round_ && !closing_) {
      lose(SourceHealth::gone, SourceFault::other, "another worker's share of it was lost");
      closing_ = true;
      close_at_ = now;
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
    counters.ring_bytes = ring_bytes_;
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
    std::string warning;
    const std::uint64_t buffer = ring_size(warning);
    pcap_set_snaplen(handle.get(), static_cast<int>(std::min<std::uint32_t>(tap_.snaplen, 262144)));
    pcap_set_promisc(handle.get(), tap_.promiscuous ? 1 : 0);
    // Never 0: a block that is not full would never be handed over on a quiet link.
    pcap_set_timeout(handle.get(), static_cast<int>(std::max<std::int64_t>(tap_.block_timeout.count(), 1)));
    pcap_set_buffer_size(handle.get(), static_cast<int>(buffer));
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
    if (pcap_setnonblock(handle.get(), 1, error.data()) != 0) return fail(SourceFault::other, error.data());

    const int socket = pcap_fileno(handle.get());
    // A sensor never transmits on its tap; should anything else on this host do so, it is not the city's
    // traffic.
    const int on = 1;
    if (::setsockopt(socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0) {
      add(warning, "frames that this host sends itself are seen too (" + system_words(errno) + ")");
    }
    // A socket that shares the tap with others does not heed that option: the hook is the group's, and only
    // newer kernels can tell the group.
    if (share_.fanout != nullptr) pcap_setdirection(handle.get(), PCAP_D_IN);
    if (!set_filter(handle.get())) return false;
    if (share_.fanout != nullptr && !join(socket)) return false;

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

  // In octets. libpcap takes an int.
  std::uint64_t ring_size(std::string& warning) {
    constexpr std::uint64_t most = std::numeric_limits<int>::max();
    constexpr std::uint64_t least = 1ULL << 20U;
    std::uint64_t wanted = tap_.buffer_bytes;
    if (tap_.buffer_time != milliseconds{0}) {
      const std::optional<std::uint64_t> speed = link_speed(tap_.interface);
      if (!speed) add(warning, "its link speed is not known: the ring is sized for 1 Gbit/s");
      wanted = std::max(least, ring_octets(tap_.buffer_time, speed.value_or(1'000'000'000)));
    }
    if (wanted > most) add(warning, "the ring is 2 GiB: more is not possible");
    ring_bytes_ = std::min(wanted, most);
    return ring_bytes_;
  }

  // Even the empty filter is set: only with a filter does the kernel cut frames to the snaplen.
  bool set_filter(pcap_t* handle) {
    bpf_program program{};
    bool good = pcap_compile(handle, &program, tap_.filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (good) {
      good = pcap_setfilter(handle, &program) >= 0;
      pcap_freecode(&program);
    }
    return good || fail(SourceFault::filter, "filter \"" + tap_.filter + "\": " + pcap_geterr(handle));
  }

  // What the kernel gave to the socket before is left out, as it also holds what belongs to other workers.
  bool join(int socket) {
    round_ = share_.fanout->round();
    switch (share_.fanout->join(share_.worker, socket)) {
      case Fanout::Outcome::joined:
        break;
      case Fanout::Outcome::not_yet:
        return fail(SourceFault::no_interface, "waiting for the other workers to open it");
      case Fanout::Outcome::failed:
        return fail(SourceFault::other,
                    "its frames cannot be dealt to several workers: " + system_words(errno));
    }
    settling_ = true;
    ready_ = share_.fanout->complete_since();
    settled_at_ = Clock::now() + (ready_ == Time::max() ? wait_for_others : drain_time());
    return true;
  }

  // Before frames are read: have all workers opened the tap by now? Without an end to the waiting, one that
  // cannot, or a clock that is set back just now, would blind us. By the end every block from before was
  // handed over.
  void settle() {
    const Clock::time_point now = Clock::now();
    if (ready_ == Time::max()) {
      ready_ = share_.fanout->complete_since();
      if (ready_ != Time::max()) settled_at_ = now + drain_time();
    }
    if (now >= settled_at_) settling_ = false;
  }

  bool reopen() {
    const Clock::time_point now = Clock::now();
    if (now < next_try_) return false;
    if (share_.fanout != nullptr && !share_.fanout->turn_of(share_.worker)) {
      next_try_ = now + turn_every;
      return false;
    }
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
    if (share_.fanout != nullptr) share_.fanout->leave(round_);
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

  // With several workers a new socket first holds what belongs to others; that is left out by time.
  std::uint32_t round_ = 0;  // of the fan-out, in which this socket joined
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
  std::uint64_t ring_bytes_ = 0;
};

}  // namespace

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
