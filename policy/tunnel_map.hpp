// Which declared tunnel covers two ends, in two look-ups and one intersection of sets.
//
// For each side, the prefixes of all tunnels together divide the addresses; each part knows the set of
// tunnels that name it on that side. A tunnel covers a pair when one end is in its side `a` and the other in
// its side `b`. Immutable after construction; find() never allocates or throws.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <vector>

#include "capture/decode/packet.hpp"
#include "policy/options.hpp"
#include "policy/segment_map.hpp"

namespace sekimori::policy {

class TunnelMap {
 public:
  static constexpr std::uint16_t none = 0xffff;

  TunnelMap() = default;
  // At most tunnels_max; further ones are left out (compile() refuses them).
  // `drafts`: with those at stage draft.
  explicit TunnelMap(const std::vector<TunnelOptions>& tunnels, bool drafts = false);

  // The first tunnel in the options' order that may run between these ends in this way, or `none`.
  std::uint16_t find(capture::Tunnel kind, const IpAddress& one, const IpAddress& other) const;

 private:
  using Set = std::bitset<tunnels_max>;
  struct Side {
    SegmentMap map{};  // address -> index into sets
    std::vector<Set> sets{};
    Set at(const IpAddress& address) const;
  };
  static Side side(const std::vector<TunnelOptions>& tunnels, std::vector<Prefix> TunnelOptions::*prefixes);

  Side a_{};
  Side b_{};
  std::array<Set, static_cast<std::size_t>(capture::Tunnel::count_)> kinds_{};
};

}  // namespace sekimori::policy
