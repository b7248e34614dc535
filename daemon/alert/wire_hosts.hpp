// The cards that were seen on wires, and where: what wire_watch remembers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "capture/address.hpp"
#include "capture/time.hpp"
#include "policy/policy.hpp"

namespace sekimori::daemon {

// A set of segments, one bit each.
using Segments = std::uint16_t;
static_assert(policy::segments_max <= 16);
inline bool has(Segments set, policy::SegmentId segment) {
  return (set >> segment & 1U) != 0;
}

struct WireId {
  std::uint16_t tap = 0;
  std::uint16_t vlan = 0;
  auto operator<=>(const WireId&) const = default;
};

// A card used an address of the segment `home` on a wire that the segments `on` claim.
struct WirePlace {
  WireId wire{};
  Segments on = 0;
  policy::SegmentId home = 0;
  IpAddress address{};
  Time last{};
  bool own() const { return has(on, home); }
};

struct WireHost {
  static constexpr std::size_t places_most = 8;
  std::vector<WirePlace> places{};
  Time last{};
  Time forwarded = Time::min();  // when it last sent what it had not begun
  // For which address packets came with a TTL of 63 and of 127: several machines behind one.
  struct Behind {
    IpAddress address{};
    Time last = Time::min();
  };
  Behind behind_63{};
  Behind behind_127{};
  bool several_behind = false;  // of several addresses: an ordinary router
  bool dual = false;            // told that it has two homes

  // Notes that it is here now. The oldest place makes room.
  void put(const WirePlace& place);
};

class WireHosts {
 public:
  explicit WireHosts(std::size_t most) : most_(most) {}

  // Makes it known; the stalest one makes room.
  WireHost& at(const MacAddress& mac, Time time);
  const WireHost* find(const MacAddress& mac) const;
  WireHost* find(const MacAddress& mac);
  std::uint64_t forgotten() const { return forgotten_; }
  void clear();

 private:
  std::size_t most_;
  std::map<MacAddress, WireHost> hosts_{};
  std::set<std::pair<Time, MacAddress>> by_age_{};
  std::uint64_t forgotten_ = 0;
};

}  // namespace sekimori::daemon
