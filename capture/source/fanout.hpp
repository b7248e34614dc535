// How the kernel deals a tap's frames to several workers, so that all packets of a conversation meet in one:
// both directions, fragments, ICMP errors about it, and its copies under other VLANs and on other taps.
//
//   auto fanout = std::make_shared<Fanout>(workers, decode);     // one for each tap
//   open_live(tap, {.tap = 0, .worker = 0, .fanout = fanout});   // and so on for each worker
//
// Dealt by the addresses of the outermost IP header and nothing else: ports are in the first fragment only.
// What ends at a mirror receiver (DecodeOptions::mirror_receivers) is dealt by the frame inside, as its
// transport is no conversation. Frames without IP go to worker 0. Known limits: conversations inside other
// tunnels are dealt by the tunnel's ends, so that one which is seen inside and outside of a tunnel may be
// seen by two workers; neither IPv6 extension headers before ICMPv6 nor LLC/SNAP are looked behind.
#pragma once

#include <linux/filter.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "capture/options.hpp"
#include "capture/time.hpp"

namespace sekimori::capture {

// Classic BPF whose result, modulo the number of workers, is the worker's number. It runs where the kernel
// has already taken off the outermost VLAN tag and stands behind the Ethernet header.
std::vector<sock_filter> fanout_program(const DecodeOptions& decode);

// The sockets of one tap, one for each worker, that share its frames. The kernel deals by the order in which
// sockets joined; so a worker joins after those before it, and when one socket has to leave, all do and join
// anew. Any thread; nothing here is on the packet path but round().
class Fanout {
 public:
  Fanout(std::uint16_t workers, const DecodeOptions& decode);

  enum class Outcome : std::uint8_t { joined, not_yet, failed };
  // Whether this worker is the next one to join.
  bool turn_of(std::uint16_t worker) const;
  // `socket` is bound to the tap. failed: errno says why.
  Outcome join(std::uint16_t worker, int socket);
  // A socket that joined in this round is about to be closed: ends the round for all.
  void leave(std::uint32_t round);

  // Changes when all have to leave.
  std::uint32_t round() const { return round_.load(std::memory_order_acquire); }
  // Since when each frame goes to its worker alone; Time::max() while a worker is missing.
  Time complete_since() const;
  std::uint16_t workers() const { return workers_; }

 private:
  const std::uint16_t workers_;
  std::vector<sock_filter> program_;
  mutable std::mutex mutex_{};
  std::atomic<std::uint32_t> round_{1};
  std::uint16_t joined_ = 0;  // in this round: workers 0 to joined_ - 1
  int group_ = 0;             // the kernel's number for it, in this round
  Time complete_since_ = Time::max();
};

}  // namespace sekimori::capture
