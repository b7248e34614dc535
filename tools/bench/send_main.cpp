// sekimori-bench-send: sends made-up traffic on an interface, as fast as it goes or at a rate.
//
//   sekimori-bench-send INTERFACE TRAFFIC... [--seconds N] [--pps N] [--frames N] [--markers FILE]
//   {"sent": 84213760, "seconds": 60.0}
//
// `--frames` different frames are made beforehand and sent round and round. `--markers`: besides, every 10 ms
// one forbidden packet of an initiator that was never seen before, 10.128.X.Y for marker X*256+Y; FILE gets a
// line "NUMBER NANOSECONDS" for each, the system's time at which it was sent. Only for an interface in a
// network namespace of its own: what it sends is made up.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "tools/bench/traffic.hpp"

namespace {

using sekimori::bench::Traffic;
using Clock = std::chrono::steady_clock;
constexpr std::size_t batch = 128;
constexpr auto marker_interval = std::chrono::milliseconds{10};
constexpr unsigned markers_max = 1U << 16U;

class Wire {
 public:
  explicit Wire(const std::string& interface) : socket_{::socket(AF_PACKET, SOCK_RAW, 0)} {
    if (socket_ < 0) fail("socket");
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
    if (address.sll_ifindex == 0) fail(interface.c_str());
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
    const int on = 1;  // past the queueing discipline: nothing waits there, nothing is lost there
    ::setsockopt(socket_, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
  }
  ~Wire() { ::close(socket_); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // How many of them went out.
  std::size_t send(mmsghdr* messages, std::size_t count) const {
    std::size_t sent = 0;
    while (sent < count) {
      const int done = ::sendmmsg(socket_, messages + sent, static_cast<unsigned>(count - sent), 0);
      if (done > 0) {
        sent += static_cast<std::size_t>(done);
      } else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
        fail("sendmmsg");
      }
    }
    return sent;
  }

 private:
  [[noreturn]] static void fail(const char* what) {
    throw std::system_error{errno, std::generic_category(), what};
  }
  int socket_;
};

// Frames in memory with the headers that sendmmsg(2) wants, ready to go.
class Load {
 public:
  Load(Traffic& traffic, std::size_t count) {
    std::vector<std::size_t> begins;
    while (begins.size() < count && traffic.next()) {
      begins.push_back(octets_.size());
      octets_.insert(octets_.end(), traffic.octets().begin(), traffic.octets().end());
    }
    begins.push_back(octets_.size());
    pieces_.resize(begins.size() - 1);
    messages_.resize(pieces_.size());
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      pieces_[i] = {octets_.data() + begins[i], begins[i + 1] - begins[i]};
      messages_[i].msg_hdr.msg_iov = &pieces_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }
  std::size_t size() const { return messages_.size(); }
  mmsghdr* at(std::size_t i) { return &messages_[i]; }

 private:
  std::vector<std::byte> octets_{};
  std::vector<iovec> pieces_{};
  std::vector<mmsghdr> messages_{};
};

// One SYN after the other, each of a new host of the My Number segment to the Internet segment.
class Markers {
 public:
  explicit Markers(const std::string& path) : file_{path.empty() ? nullptr : std::fopen(path.c_str(), "w")} {
    if (!path.empty() && file_ == nullptr) throw std::runtime_error{"cannot open " + path};
    Traffic one{{.kind = sekimori::bench::TrafficKind::flood, .forbidden = true, .packets = 1}};
    one.next();
    frame_.assign(one.octets().begin(), one.octets().end());
  }
  ~Markers() {
    if (file_ != nullptr) std::fclose(file_);
  }
  Markers(const Markers&) = delete;
  Markers& operator=(const Markers&) = delete;

  std::size_t send_due(const Wire& wire) {
    const auto now = Clock::now();
    if (file_ == nullptr || number_ == markers_max || now < next_) return 0;
    next_ = std::max(next_ + marker_interval, now - marker_interval);
    // Without VLAN: the IP header begins at octet 14, its source address at octet 26.
    const unsigned address = 0x0a800000U + number_;
    for (unsigned i = 0; i < 4; ++i)
      frame_[26 + i] = static_cast<std::byte>(address >> (24U - 8U * i) & 0xffU);
    iovec piece{frame_.data(), frame_.size()};
    mmsghdr message{};
    message.msg_hdr.msg_iov = &piece;
    message.msg_hdr.msg_iovlen = 1;
    const auto time = std::chrono::system_clock::now().time_since_epoch();
    wire.send(&message, 1);
    std::fprintf(file_, "%u %lld\n", number_++,
                 static_cast<long long>(std::chrono::duration_cast<std::chrono::nanoseconds>(time).count()));
    return 1;
  }

 private:
  std::FILE* file_;
  std::vector<std::byte> frame_{};
  unsigned number_ = 0;
  Clock::time_point next_ = Clock::now();
};

struct Order {
  std::string interface {};
  double seconds = 10;
  double pps = 0;  // 0 = as fast as it goes
  std::size_t frames = 500'000;
  std::string markers{};
};

Order read_order(const std::vector<std::string>& words) {
  Order order;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool option = words[i].rfind("--", 0) == 0;
    if (option && i + 1 == words.size()) throw std::invalid_argument{words[i] + " needs a value"};
    if (words[i] == "--seconds") {
      order.seconds = std::stod(words[++i]);
    } else if (words[i] == "--pps") {
      order.pps = std::stod(words[++i]);
    } else if (words[i] == "--frames") {
      order.frames = std::stoul(words[++i]);
    } else if (words[i] == "--markers") {
      order.markers = words[++i];
    } else if (option || !order.interface.empty()) {
      throw std::invalid_argument{"what is " + words[i] + "?"};
    } else {
      order.interface = words[i];
    }
  }
  if (order.interface.empty()) throw std::invalid_argument{"an interface is needed"};
  return order;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    std::vector<std::string> rest;
    auto options = sekimori::bench::read_traffic({arguments + 1, arguments + count}, rest);
    const Order order = read_order(rest);
    options.packets = std::max<std::uint64_t>(options.packets, order.frames);
    Traffic traffic{options};
    Load load{traffic, order.frames};
    const Wire wire{order.interface};
    Markers markers{order.markers};

    std::uint64_t sent = 0;
    std::size_t at = 0;
    const auto begin = Clock::now();
    double spent = 0;
    while ((spent = std::chrono::duration<double>(Clock::now() - begin).count()) < order.seconds) {
      sent += markers.send_due(wire);
      if (order.pps > 0 && static_cast<double>(sent) > order.pps * spent) {
        std::this_thread::sleep_for(std::chrono::microseconds{50});
        continue;
      }
      const std::size_t some = std::min(batch, load.size() - at);
      sent += wire.send(load.at(at), some);
      at = at + some == load.size() ? 0 : at + some;
    }
    std::printf("{\"sent\": %llu, \"seconds\": %.3f}\n", static_cast<unsigned long long>(sent), spent);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sekimori-bench-send: %s\n", error.what());
    return 2;
  }
}
