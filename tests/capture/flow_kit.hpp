// Packets as the decoder would give them, a table with a diary, and words to write flow tests with.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "capture/flow/flow_table.hpp"

namespace sekimori::capture::flow_kit {

using namespace std::chrono_literals;

inline constexpr std::uint8_t FIN = tcp_flag::fin;
inline constexpr std::uint8_t SYN = tcp_flag::syn;
inline constexpr std::uint8_t RST = tcp_flag::rst;
inline constexpr std::uint8_t ACK = tcp_flag::ack;

inline constexpr HashSecret secret{{0x0123456789abcdefULL, 0xfedcba9876543210ULL}};
inline constexpr Time noon{std::chrono::seconds{1'700'000'000}};

// The same numbers on every run and with every library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_{seed} {}
  std::uint32_t operator()() {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    std::uint64_t x = state_;
    x = (x ^ (x >> 33U)) * 0xff51afd7ed558ccdULL;
    return static_cast<std::uint32_t>(x >> 32U);
  }
  std::uint32_t below(std::uint32_t limit) { return (*this)() % limit; }

 private:
  std::uint64_t state_;
};

inline IpAddress host(std::uint32_t number) {
  return IpAddress::ipv4(0x0a000000U + number);
}
inline IpAddress host6(std::uint32_t number) {
  IpAddress address;
  address.family = Family::ipv6;
  address.bytes = {0x20, 0x01, 0x0d, 0xb8};
  for (unsigned i = 0; i < 4; ++i)
    address.bytes[12 + i] = static_cast<std::uint8_t>(number >> (24U - 8U * i));
  return address;
}
inline MacAddress mac(std::uint8_t number) {
  return {{0x02, 0, 0, 0, 0, number}};
}

inline Packet packet(std::uint8_t protocol, IpAddress from, IpAddress to, unsigned from_port,
                     unsigned to_port, Duration after = 0ns) {
  Packet p;
  p.tuple = {.source = from,
             .destination = to,
             .source_port = static_cast<std::uint16_t>(from_port),
             .destination_port = static_cast<std::uint16_t>(to_port),
             .protocol = protocol};
  p.time = noon + after;
  p.wire_bytes = 60;
  p.ports_known = true;
  return p;
}
inline Packet udp(IpAddress from, unsigned from_port, IpAddress to, unsigned to_port, Duration after = 0ns,
                  std::uint32_t payload = 10) {
  Packet p = packet(protocol::udp, from, to, from_port, to_port, after);
  p.payload_bytes = payload;
  return p;
}
inline Packet tcp(IpAddress from, unsigned from_port, IpAddress to, unsigned to_port, unsigned flags,
                  Duration after = 0ns, std::uint32_t sequence = 0, std::uint32_t acknowledgment = 0,
                  std::uint32_t payload = 0) {
  Packet p = packet(protocol::tcp, from, to, from_port, to_port, after);
  p.tcp_flags = static_cast<std::uint8_t>(flags);
  p.tcp_sequence = sequence;
  p.tcp_acknowledgment = acknowledgment;
  p.payload_bytes = payload;
  return p;
}
// `type` and `counterpart` as decode() writes them into the ports.
inline Packet icmp(IpAddress from, IpAddress to, unsigned type, unsigned counterpart, unsigned code = 0,
                   Duration after = 0ns) {
  const bool v6 = from.family == Family::ipv6;
  Packet p = packet(v6 ? protocol::icmpv6 : protocol::icmp, from, to, type, counterpart, after);
  p.icmp_type = static_cast<std::uint8_t>(type);
  p.icmp_code = static_cast<std::uint8_t>(code);
  return p;
}
inline Packet icmp_error(IpAddress from, const Packet& about, unsigned type, unsigned code,
                         Duration after = 0ns) {
  Packet p = icmp(from, about.tuple.source, type, code, code, after);
  p.quotes = true;
  p.quoted = about.tuple;
  p.icmp_id = about.icmp_id;
  return p;
}
inline Packet syn(std::uint32_t client, std::uint32_t server, unsigned port = 443, Duration after = 0ns) {
  return tcp(host(client), 50'000, host(server), port, SYN, after, 1000);
}

struct Ended {
  FlowFacts facts;
  EndReason reason;
};

class Diary : public FlowEnds {
 public:
  void flow_ended(const Flow& flow, EndReason reason) override {
    ++count;
    if (keep) ended.push_back({flow.facts(flow.gist()), reason});
  }
  void flow_pending(Flow& flow) override {
    ++pending_calls;
    if (room) flow.notes.pending = 0;
  }
  bool keep = true;
  bool room = false;
  std::uint64_t count = 0;
  std::uint64_t pending_calls = 0;
  std::vector<Ended> ended{};
};

// What record() said about each packet.
struct Seen {
  FlowFacts facts{};
  Changes changes{};
  bool from_initiator = true;
  bool refused = false;
  Repetition repetition{};
};

struct Watcher {
  std::vector<Seen> seen{};
  FlowNotes write{};  // into every flow that is opened
  void packet(Flow& flow, const Packet&, Changes changes, bool from_initiator) {
    if (changes.opened) flow.notes = write;
    seen.push_back({.facts = flow.facts(flow.gist()), .changes = changes, .from_initiator = from_initiator});
  }
  void repeated(Flow& flow, const Packet&, Repetition repetition, Changes changes, bool from_initiator) {
    seen.push_back({.facts = flow.facts(flow.gist()),
                    .changes = changes,
                    .from_initiator = from_initiator,
                    .repetition = repetition});
  }
  void refused(const Packet&) { seen.push_back({.refused = true}); }
};

// A table of its own for a story of a few packets.
class Story {
 public:
  explicit Story(FlowOptions options = {}, std::uint64_t capacity = 1024)
      : table{options, capacity, secret, diary} {}

  // Plays them in one batch and returns what was seen at the last.
  Seen play(const std::vector<Packet>& packets) {
    table.record(packets, watcher);
    return watcher.seen.back();
  }
  Seen play(const Packet& one) { return play(std::vector<Packet>{one}); }

  Diary diary{};
  Watcher watcher{};
  FlowTable table;
};

}  // namespace sekimori::capture::flow_kit
