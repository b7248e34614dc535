// The table against the simplest thing that could be right: a std::map that looks at every packet in turn.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "tests/capture/flow_kit.hpp"

namespace sekimori::capture {
namespace {

using namespace flow_kit;

// Order-free tuple and figures of one conversation, as far as this model cares.
struct Line {
  Tuple ends{};  // the smaller of the tuple and its reverse
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  Time start{};
  Time end{};
  EndReason reason = EndReason::shutdown;
  auto operator<=>(const Line&) const = default;
};

Tuple ends_of(const Tuple& tuple) {
  return std::min(tuple, tuple.reversed());
}

class Model {
 public:
  explicit Model(const FlowTimeouts& timeouts) : timeouts_{timeouts} {}

  void packet(const Packet& p) {
    const Tuple key = ends_of(p.tuple);
    auto found = open_.find(key);
    if (found != open_.end()) {
      if (p.time > found->second.line.end && p.time - found->second.line.end > timeout(found->second)) {
        close(found->second, found->second.reset ? EndReason::closed : EndReason::timeout);
        found = open_.end();
      } else if (p.tuple.protocol == protocol::tcp && (p.tcp_flags & SYN) != 0 &&
                 p.tcp_sequence != found->second.isn) {
        close(found->second, EndReason::reused);
        found = open_.end();
      }
      if (found == open_.end()) open_.erase(key);
    }
    if (found == open_.end()) {
      found = open_.emplace(key, Entry{}).first;
      found->second.line = {.ends = key, .start = p.time, .end = p.time};
      found->second.isn = p.tcp_sequence;
    }
    Entry& entry = found->second;
    ++entry.line.packets;
    entry.line.bytes += p.wire_bytes;
    entry.line.end = std::max(entry.line.end, p.time);
    if ((p.tcp_flags & RST) != 0) entry.reset = true;
    if (p.tuple.protocol == protocol::tcp && (p.tcp_flags & ACK) != 0) entry.established = true;
    newest_ = std::max(newest_, p.time);
  }

  std::vector<Line> finish() {
    for (auto& [key, entry] : open_) {
      const bool idle = newest_ - entry.line.end > timeout(entry);
      close(entry, !idle ? EndReason::shutdown : entry.reset ? EndReason::closed : EndReason::timeout);
    }
    return lines_;
  }

 private:
  struct Entry {
    Line line{};
    std::uint32_t isn = 0;
    bool reset = false;
    bool established = false;
  };

  std::chrono::seconds timeout(const Entry& entry) const {
    switch (entry.line.ends.protocol) {
      case protocol::udp:
        return timeouts_.udp;
      case protocol::tcp:
        if (entry.reset) return timeouts_.tcp_closed;
        return entry.established ? timeouts_.tcp_established : timeouts_.tcp_attempt;
      default:
        return timeouts_.other;
    }
  }
  void close(Entry& entry, EndReason reason) {
    entry.line.reason = reason;
    lines_.push_back(entry.line);
  }

  FlowTimeouts timeouts_;
  std::map<Tuple, Entry> open_{};
  std::vector<Line> lines_{};
  Time newest_ = Time::min();
};

// Clients begin with a SYN, go on with ACKs, sometimes reset; UDP and another protocol go both ways; time
// goes on by leaps that sometimes outlast timeouts, and back by less than a timeout.
std::vector<Packet> traffic(std::uint64_t seed, std::size_t count) {
  Random random{seed};
  std::vector<Packet> packets;
  Duration now{};
  std::map<std::uint32_t, std::uint32_t> isn;
  std::map<std::uint32_t, Duration> spoke;
  while (packets.size() < count) {
    now += random.below(1000) * 1us;
    if (random.below(500) == 0) now += random.below(70) * 1s;
    const Duration at = now - (random.below(20) == 0 ? random.below(5000) * 1ms : 0ms);
    const std::uint32_t pair = random.below(400);
    const bool v6 = pair % 3 == 0;
    const IpAddress a = v6 ? host6(pair) : host(pair);
    const IpAddress b = v6 ? host6(1000 + pair % 7) : host(1000 + pair % 7);
    const unsigned port = 40'000 + pair % 5;
    Packet p;
    switch (random.below(3)) {
      case 0:
        p = udp(a, port, b, 53, at, random.below(100));
        break;
      case 1:
        p = packet(47, a, b, 0, 0, at);
        break;
      default: {
        // After a silence always with a SYN: what a mid-stream start means is told elsewhere.
        const std::uint32_t turn = random.below(20);
        const bool silent = spoke.find(pair) == spoke.end() || now - spoke[pair] > 2s;
        spoke[pair] = now;
        if (silent || turn == 0) {
          if (isn.find(pair) == isn.end() || random.below(2) == 0) isn[pair] = random();
          p = tcp(a, port, b, 443, SYN, at, isn[pair]);
        } else {
          p = tcp(a, port, b, 443, turn == 1 ? RST | ACK : ACK, at, isn[pair] + 1, 0,
                  turn == 1 ? 0 : random.below(9));
        }
      }
    }
    p.wire_bytes = 60 + random.below(1400);
    if (p.tuple.protocol != protocol::tcp && random.below(2) == 0) p.tuple = p.tuple.reversed();
    packets.push_back(p);
  }
  return packets;
}

std::vector<Line> through_table(const std::vector<Packet>& packets, const FlowTimeouts& timeouts,
                                std::uint64_t seed, std::uint64_t workers) {
  Random random{seed};
  std::vector<Line> lines;
  for (std::uint64_t worker = 0; worker < workers; ++worker) {
    Diary diary;
    FlowTable table{{.timeouts = timeouts}, 4096, {{seed, worker}}, diary};
    Watcher watcher;
    std::vector<Packet> batch;
    Time newest = Time::min();
    for (const Packet& p : packets) {
      newest = std::max(newest, p.time);
      if (deal_hash(p) % workers == worker) batch.push_back(p);
      if (random.below(60) != 0) continue;
      if (!batch.empty()) table.record(batch, watcher);
      batch.clear();
      if (random.below(2) == 0) table.advance(newest - 5s, random.below(200));  // packets may be so late
    }
    if (!batch.empty()) table.record(batch, watcher);
    table.advance(newest, 0);
    table.finish();
    for (const Ended& e : diary.ended) {
      lines.push_back({.ends = ends_of(e.facts.tuple),
                       .packets = e.facts.packets_to_server + e.facts.packets_to_client,
                       .bytes = e.facts.bytes_to_server + e.facts.bytes_to_client,
                       .start = e.facts.start,
                       .end = e.facts.end,
                       .reason = e.reason});
    }
    EXPECT_EQ(table.counters().opened, diary.ended.size());
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

TEST(FlowModel, AgreesWithAMapWhateverTheHandAndTheWorkersDo) {
  FlowTimeouts timeouts;
  timeouts.tcp_closed = 8s;
  timeouts.udp = 20s;
  timeouts.tcp_established = 90s;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const std::vector<Packet> packets = traffic(seed, 20'000);
    Model model{timeouts};
    for (const Packet& p : packets) model.packet(p);
    std::vector<Line> expected = model.finish();
    std::sort(expected.begin(), expected.end());
    for (const EndReason reason :
         {EndReason::timeout, EndReason::closed, EndReason::reused, EndReason::shutdown}) {
      EXPECT_GT(
          std::count_if(expected.begin(), expected.end(), [&](const Line& l) { return l.reason == reason; }),
          5)
          << "the traffic is to have flows of every kind of end: " << end_reason_name(reason);
    }
    for (const std::uint64_t workers : {1U, 3U}) {
      const std::vector<Line> lines = through_table(packets, timeouts, seed, workers);
      ASSERT_EQ(lines.size(), expected.size()) << "seed " << seed << ", workers " << workers;
      for (std::size_t i = 0; i < lines.size(); ++i) {
        ASSERT_TRUE(lines[i] == expected[i]) << "seed " << seed << ", workers " << workers << ", line " << i;
      }
    }
  }
}

}  // namespace
}  // namespace sekimori::capture
