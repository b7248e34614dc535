#include "policy/tunnel_map.hpp"

#include <algorithm>
#include <utility>

namespace sekimori::policy {

TunnelMap::TunnelMap(const std::vector<TunnelOptions>& tunnels, bool drafts)
    : a_(side(tunnels, &TunnelOptions::a)), b_(side(tunnels, &TunnelOptions::b)) {
  for (std::size_t i = 0; i < std::min(tunnels.size(), tunnels_max); ++i) {
    if (tunnels[i].draft && !drafts) continue;  // of no kind: it covers nothing
    for (const capture::Tunnel kind : tunnels[i].kinds) kinds_[static_cast<std::size_t>(kind)].set(i);
    if (!tunnels[i].kinds.empty()) continue;
    for (Set& kind : kinds_) kind.set(i);
  }
}

TunnelMap::Side TunnelMap::side(const std::vector<TunnelOptions>& tunnels,
                                std::vector<Prefix> TunnelOptions::*prefixes) {
  std::vector<std::pair<Prefix, std::size_t>> all;
  for (std::size_t i = 0; i < std::min(tunnels.size(), tunnels_max); ++i) {
    for (const Prefix& prefix : in_domains(tunnels[i].*prefixes, tunnels[i].domains))
      all.emplace_back(prefix, i);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& x, const auto& y) { return comes_before(x.first, y.first); });
  Side side;
  std::vector<Prefix> ordered;
  for (const auto& [prefix, tunnel] : all) {
    if (ordered.empty() || ordered.back() != prefix) {
      ordered.push_back(prefix);
      side.sets.emplace_back();
    }
    side.sets.back().set(tunnel);
  }
  // A covering prefix comes before those that it covers, so its set is complete when theirs take it in.
  const std::vector<std::int32_t> covers = closest_covers(ordered);
  std::vector<SegmentMap::Entry> entries;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    if (covers[i] >= 0) side.sets[i] |= side.sets[static_cast<std::size_t>(covers[i])];
    entries.push_back({ordered[i], static_cast<std::uint32_t>(i)});
  }
  side.map = SegmentMap{std::move(entries)};
  return side;
}

TunnelMap::Set TunnelMap::Side::at(const IpAddress& address) const {
  const std::uint32_t found = map.find(address);
  return found == SegmentMap::none ? Set{} : sets[found];
}

std::uint16_t TunnelMap::find(capture::Tunnel kind, const IpAddress& one, const IpAddress& other) const {
  if (a_.sets.empty()) return none;
  const Set covering =
      ((a_.at(one) & b_.at(other)) | (a_.at(other) & b_.at(one))) & kinds_[static_cast<std::size_t>(kind)];
  if (covering.none()) return none;
  std::uint16_t first = 0;
  while (!covering[first]) ++first;
  return first;
}

}  // namespace sekimori::policy
