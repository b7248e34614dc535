// Fragments as the decoder would give them, and a diary of what a table lets through.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "capture/flow/fragments.hpp"
#include "tests/capture/flow_kit.hpp"

namespace sekimori::capture::fragments_kit {

using namespace std::chrono_literals;

using flow_kit::host;
using flow_kit::host6;
using flow_kit::noon;

// The same numbers on every run.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_{seed} {}
  unsigned operator()() { return static_cast<unsigned>(engine_()); }
  unsigned below(unsigned limit) { return (*this)() % limit; }

 private:
  std::mt19937 engine_;
};

struct Piece {
  unsigned offset = 0;
  unsigned octets = 0;
  bool more = true;
};

// Which datagram, and when.
struct Of {
  unsigned id = 7;
  unsigned port = 50'000;
  Duration after = 0ns;
  std::uint8_t protocol = protocol::udp;
  bool ipv6 = false;
};

// A part of a datagram from host 1, port `port`, to host 2, port 53. Frames count up.
inline Packet part(Piece piece, Of of = {}) {
  static std::uint64_t number = 0;
  const bool first = piece.offset == 0;
  Packet p;
  p.tuple.source = of.ipv6 ? host6(1) : host(1);
  p.tuple.destination = of.ipv6 ? host6(2) : host(2);
  p.tuple.protocol = of.protocol;
  if (first) p.tuple.source_port = static_cast<std::uint16_t>(of.port);
  if (first) p.tuple.destination_port = 53;
  p.time = noon + of.after;
  p.wire_bytes = 34 + piece.octets;
  p.number = ++number;
  p.ports_known = first;
  p.fragment = true;
  p.fragment_first = first;
  p.fragment_more = piece.more;
  p.fragment_id = of.id;
  p.fragment_offset = static_cast<std::uint16_t>(piece.offset);
  p.fragment_bytes = static_cast<std::uint16_t>(piece.octets);
  p.fingerprint = of.id * 2654435761U + piece.offset + (first ? of.port : 0);
  return p;
}

// A table with all that it let through.
struct Desk {
  explicit Desk(FragmentOptions options = {}) : table{options} {}

  // Returns what came out for this packet.
  std::vector<Packet> add(const Packet& packet) {
    return caught([&](auto&& sink) { table.add(packet, sink); });
  }
  std::vector<Packet> expire(Duration after) {
    return caught([&](auto&& sink) { table.expire(noon + after, sink); });
  }
  std::vector<Packet> finish() {
    return caught([&](auto&& sink) { table.finish(sink); });
  }
  template <class Act>
  std::vector<Packet> caught(Act&& act) {
    std::vector<Packet> now;
    act([&](const Packet& packet) { now.push_back(packet); });
    out.insert(out.end(), now.begin(), now.end());
    return now;
  }
  bool law() const {
    const FragmentCounters& c = table.counters();
    return c.seen == c.firsts + c.joined + c.strays + table.waiting() && c.held <= c.joined + c.strays &&
           c.crowded <= c.strays && c.incomplete + c.untracked <= c.datagrams &&
           out.size() + table.waiting() == c.seen;
  }

  FragmentTable table;
  std::vector<Packet> out{};
};

// "12:50000>53 13:?": frames with their ports.
inline std::string text(const std::vector<Packet>& packets, std::uint64_t from = 0) {
  std::string result;
  for (const Packet& p : packets) {
    if (!result.empty()) result += ' ';
    result += std::to_string(p.number - from) + ':';
    result += p.ports_known
                  ? std::to_string(p.tuple.source_port) + '>' + std::to_string(p.tuple.destination_port)
                  : "?";
  }
  return result;
}

}  // namespace sekimori::capture::fragments_kit
