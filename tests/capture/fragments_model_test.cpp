// The table against the simplest thing that could be right: a std::map of datagrams that remembers
// everything.
#include <gtest/gtest.h>

#include <list>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "tests/capture/fragments_kit.hpp"

namespace sekimori::capture {
namespace {

using namespace fragments_kit;

using Key = std::tuple<IpAddress, IpAddress, int, std::uint32_t>;
using Range = std::tuple<unsigned, unsigned, bool>;  // offset, octets, more

class Model {
 public:
  void add(const Packet& p) {
    ++c.seen;
    if (p.fragment_offset == 0 && !p.fragment_more) {
      ++c.firsts;
      out.push_back(p);
      return;
    }
    const Key key{p.tuple.source, p.tuple.destination,
                  p.tuple.source.family == Family::ipv4 ? p.tuple.protocol : -1, p.fragment_id};
    const Range range{p.fragment_offset, p.fragment_bytes, p.fragment_more};
    if (const auto known = open_.find(key); known != open_.end() && is_new(known->second, p, range)) {
      end(known->second);
      open_.erase(known);
    }
    const auto [at, begun] = open_.try_emplace(key);
    Datagram& d = at->second;
    if (begun) {
      ++c.datagrams;
      d.start = d.newest = p.time;
    }
    look(d, p, range);
    d.newest = std::max(d.newest, p.time);
    if (p.fragment_offset == 0) {
      ++c.firsts;
      d.first = p;
      let_go(&d, p.time);
      out.push_back(p);
      for (auto held = waits.begin(); held != waits.end();) {
        if (held->second != &d) {
          ++held;
          continue;
        }
        ++c.held;
        join(held->first, d);
        held = waits.erase(held);
      }
    } else if (d.first) {
      join(p, d);
    } else {
      let_go(&d, p.time);
      waits.emplace_back(p, &d);
    }
  }
  // Of one datagram, or of all; of each up to the first that has not waited long enough.
  void let_go(const void* of, Time now) {
    std::set<const void*> done;
    for (auto held = waits.begin(); held != waits.end();) {
      const Duration age = now - held->first.time;
      if (std::max(age, -age) <= 1s) done.insert(held->second);
      if ((of != nullptr && held->second != of) || done.count(held->second) != 0) {
        ++held;
        continue;
      }
      stray(held->first);
      held = waits.erase(held);
    }
  }
  void finish() {
    for (const auto& [packet, datagram] : waits) stray(packet);
    waits.clear();
    for (const auto& [key, datagram] : open_) end(datagram);
    open_.clear();
  }

  FragmentCounters c{};
  std::vector<Packet> out{};
  std::list<std::pair<Packet, const void*>> waits{};

 private:
  struct Datagram {
    Time start{};
    Time newest{};
    std::optional<Packet> first{};
    std::set<Range> ranges{};
    std::set<unsigned> octets{};  // each one that was carried
    unsigned length = 0;
    bool complete() const {
      return length != 0 && octets.size() >= length && *octets.begin() == 0 && whole();
    }
    bool whole() const {
      return static_cast<unsigned>(std::distance(octets.begin(), octets.lower_bound(length))) == length;
    }
  };

  static bool carried(const Datagram& d, const Range& range) {
    const auto [offset, octets, more] = range;
    if (d.ranges.count({offset, octets, !more}) != 0) return true;
    const auto at = d.octets.lower_bound(offset);
    return octets != 0 && at != d.octets.end() && *at < offset + octets;
  }
  static bool is_new(const Datagram& d, const Packet& p, const Range& range) {
    const auto apart = [](Duration x) { return std::max(x, -x); };
    if (apart(p.time - d.start) > 30s) return true;
    const bool late = apart(p.time - d.newest) > 1s;
    if (d.ranges.count(range) == 0 && !carried(d, range)) return late && d.complete();
    return (late && (d.complete() || p.fragment_offset == 0)) || (other(d, p) && d.complete());
  }
  static bool other(const Datagram& d, const Packet& p) {
    return p.fragment_offset == 0 && d.first && d.first->fingerprint != p.fingerprint;
  }
  void look(Datagram& d, const Packet& p, const Range& range) {
    const auto [offset, octets, more] = range;
    const bool known = d.ranges.count(range) != 0;
    if (known && !other(d, p)) {
      ++c.repeated;
    } else {
      if (other(d, p) || carried(d, range)) ++c.overlaps;
      if (p.tuple.protocol == protocol::tcp && (offset == 8 || (offset == 0 && octets < 20))) ++c.tiny;
      if (p.tuple.protocol == protocol::udp && offset == 0 && octets < 8) ++c.tiny;
    }
    d.ranges.insert(range);
    for (unsigned i = 0; i < octets; ++i) d.octets.insert(offset + i);
    if (!more) d.length = std::max(d.length, offset + octets);
  }
  void join(Packet p, const Datagram& d) {
    p.tuple.source_port = d.first->tuple.source_port;
    p.tuple.destination_port = d.first->tuple.destination_port;
    p.tuple.protocol = d.first->tuple.protocol;
    p.ports_known = true;
    ++c.joined;
    out.push_back(p);
  }
  void stray(const Packet& p) {
    ++c.held;
    ++c.strays;
    out.push_back(p);
  }
  void end(const Datagram& d) {
    for (auto held = waits.begin(); held != waits.end();) {
      if (held->second != &d) {
        ++held;
        continue;
      }
      stray(held->first);
      held = waits.erase(held);
    }
    if (!d.complete()) ++c.incomplete;
  }

  std::map<Key, Datagram> open_{};
};

// Few hosts and identifications, so that they are used again; parts out of order, missing, overlapping, seen
// again; pauses that outlast hold and timeout, and time that runs back a little.
Packet next(Dice& random, Duration& now) {
  now += (random.below(2000)) * 1us;
  if (random.below(200) == 0) now += (random.below(1500)) * 1ms;
  if (random.below(3000) == 0) now += 31s;
  const unsigned pair = random.below(8);
  Piece piece{8 * (random.below(6)), 8, random.below(5) != 0};
  if (random.below(12) == 0) piece.octets = random.below(40);
  const Duration at = now - (random.below(10) == 0 ? (random.below(50)) * 1ms : 0ms);
  Packet p = part(piece, {.id = random.below(24),
                          .port = 1000 + random.below(2),
                          .after = at,
                          .protocol = random.below(2) == 0 ? protocol::udp : protocol::tcp,
                          .ipv6 = pair % 2 == 0});
  if (pair >= 4) p.tuple.destination.bytes[3] = 9;
  return p;
}

TEST(FragmentsModel, AgreesWithAMapOfDatagrams) {
  FragmentCounters all;
  for (unsigned seed = 1; seed <= 8; ++seed) {
    Dice random{seed};
    Desk desk{{.datagrams = 16384, .held = 2048}};  // room for all, so that nothing is crowded out
    Model model;
    Duration now{};
    for (unsigned i = 0; i < 6000; ++i) {
      const Packet p = next(random, now);
      desk.add(p);
      model.add(p);
      if (random.below(16) == 0) {
        while (!desk.expire(now).empty()) {
        }
        model.let_go(nullptr, noon + now);
      }
      ASSERT_EQ(desk.table.waiting(), model.waits.size()) << "seed " << seed << ", packet " << i;
      ASSERT_EQ(text(desk.out), text(model.out)) << "seed " << seed << ", packet " << i;
      desk.out.clear();
      model.out.clear();
    }
    desk.finish();
    model.finish();
    ASSERT_EQ(text(desk.out), text(model.out));
    const FragmentCounters& c = desk.table.counters();
    const FragmentCounters& m = model.c;
    EXPECT_EQ(c.crowded, 0U) << "this model has no bounds";
    EXPECT_EQ(c.untracked, 0U);
    const auto figures = [](const FragmentCounters& x) {
      return std::vector<std::uint64_t>{x.seen,     x.firsts,   x.joined,    x.strays,     x.held,
                                        x.overlaps, x.repeated, x.datagrams, x.incomplete, x.tiny};
    };
    EXPECT_EQ(figures(c), figures(m)) << "seed " << seed;
    all += c;
  }
  for (const std::uint64_t figure : {all.firsts, all.joined, all.strays, all.overlaps, all.repeated,
                                     all.incomplete, all.tiny, all.datagrams - all.incomplete}) {
    EXPECT_GT(figure, 100U) << "the traffic is to have some of each";
  }
}

}  // namespace
}  // namespace sekimori::capture
