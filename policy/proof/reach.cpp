#include "policy/proof/reach.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "capture/decode/packet.hpp"

namespace sekimori::policy {
namespace {

std::size_t at(Family family) {
  return family == Family::ipv4 ? 0 : 1;
}

void add(std::vector<MacAddress>& all, const std::vector<MacAddress>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

std::vector<MacAddress> macs_of(const CompiledPolicy& policy) {
  std::vector<MacAddress> macs;
  for (const CompiledPolicy::NextHop& hop : policy.next_hops) macs.push_back(hop.mac);
  add(macs, policy.options.routers);
  for (const SegmentOptions& segment : policy.options.segments) add(macs, segment.router_macs);
  for (const Entry& entry : policy.with_drafts().entries.all()) {
    add(macs, entry.source.macs);
    add(macs, entry.destination.macs);
  }
  return macs;
}

Reach::Reach(const CompiledPolicy& policy, const Universe& universe, bool drafts)
    : policy_(drafts ? policy.with_drafts() : policy), universe_(universe) {
  std::vector<MacAddress> routers;
  for (const CompiledPolicy::NextHop& hop : policy_.next_hops) routers.push_back(hop.mac);
  hops_ = universe_.classes_of(routers);
  routers_ = unite(hops_, universe_.classes_of(policy_.options.routers));
  for (const SegmentOptions& segment : policy_.options.segments) {
    routers_ = unite(routers_, universe_.classes_of(segment.router_macs));
  }
  number_domains();
  for (const Family family : families) {
    for (DomainId domain = 0; domain < domains_count_; ++domain) {
      place_segments(family, domain);
      divide(family, domain);
    }
    tunnels_[at(family)] = tunnels_declared(family);
  }
  for (const Family family : families) permit_cells(family);
  for (const Entry& entry : policy_.entries.all()) {
    for (const Family family : families) permit_entry(entry, family);
  }
}

void Reach::number_domains() {
  const std::vector<std::string> own = domain_names(policy_.options);
  domains_count_ = static_cast<std::uint8_t>(own.size());
  std::array<std::vector<Range>, domains_max> numbers;
  for (std::size_t number = 0; number < universe_.domains().size(); ++number) {
    const auto known = std::find(own.begin(), own.end(), universe_.domains()[number]);
    const std::size_t domain =
        known == own.end() ? main_domain : static_cast<std::size_t>(known - own.begin());
    numbers[domain].push_back({number, number});
  }
  for (std::size_t domain = 0; domain < own.size(); ++domain)
    domains_[domain] = RangeSet{std::move(numbers[domain])};
}

RangeSet Reach::numbers_of_all(DomainSet domains) const {
  RangeSet numbers;
  for (DomainId domain = 0; domain < domains_count_; ++domain) {
    if (has_domain(domains, domain)) numbers = unite(numbers, domains_[domain]);
  }
  return numbers;
}

const RangeSet& Reach::addresses(SegmentId segment, Family family, DomainId domain) const {
  return addresses_[at(family)][domain][segment];
}

void Reach::place_segments(Family family, DomainId domain) {
  std::array<std::vector<Range>, segments_max> listed;
  std::vector<Range> all;
  for (std::size_t i = 0; i < policy_.prefixes.size(); ++i) {
    const Prefix& prefix = policy_.prefixes[i].prefix;
    if (prefix.address.family != family || prefix.address.domain != domain) continue;
    listed[policy_.prefix_segments[i]].push_back(range_of(prefix));
    if (policy_.prefix_segments[i] != policy_.external) all.push_back(range_of(prefix));
  }
  const RangeSet& routed = universe_.all(family)[Side::source];
  for (std::size_t segment = 0; segment < segments_max; ++segment)
    addresses_[at(family)][domain][segment] = intersect(RangeSet{std::move(listed[segment])}, routed);
  addresses_[at(family)][domain][policy_.external] = subtract(routed, RangeSet{std::move(all)});
}

// Next hops by which external addresses become this segment's.
RangeSet Reach::hops_of(SegmentId segment) const {
  std::vector<MacAddress> hops;
  for (const CompiledPolicy::NextHop& hop : policy_.next_hops) {
    if (hop.segment == segment && (policy_.listed_only >> segment & 1U) == 0) hops.push_back(hop.mac);
  }
  return universe_.classes_of(hops);
}

std::vector<Reach::Part> Reach::parts(SegmentId segment, Family family, DomainId domain) const {
  const RangeSet& any = universe_.all(family)[Side::source_mac];
  const RangeSet& outside = addresses(policy_.external, family, domain);
  if (segment == policy_.external) {
    RangeSet away;
    for (std::size_t i = 0; i < policy_.options.profile.segments.size(); ++i) {
      if (i != segment) away = unite(away, hops_of(static_cast<SegmentId>(i)));
    }
    return {{outside, subtract(any, away)}};
  }
  std::vector<Part> parts;
  const RangeSet& own = addresses(segment, family, domain);
  if (!own.empty()) parts.push_back({own, any});
  RangeSet hops = hops_of(segment);
  if (!hops.empty() && !outside.empty()) parts.push_back({outside, std::move(hops)});
  return parts;
}

void Reach::add_area(const Area& whole) {
  const PairId pair = pair_of(whole.from, whole.to);
  // Only a next hop that the policy names can matter, or that there is none known; all others are alike.
  std::vector<RangeSet> ways{
      subtract(whole.box[Side::next_hop], unite(hops_, RangeSet::of(Universe::mac_unknown))),
      intersect(whole.box[Side::next_hop], RangeSet::of(Universe::mac_unknown))};
  const RangeSet named = intersect(whole.box[Side::next_hop], hops_);
  for (const Range& range : named.ranges()) {
    for (Number hop = range.first; hop <= range.last; ++hop) ways.push_back(RangeSet::of(hop));
  }
  const auto alike = [](const Area& a, const PathRule& b) {
    return a.other_path == b.other_path && a.rule.cell == b.rule.cell && a.rule.reasons == b.rule.reasons;
  };
  std::vector<Area> parts;
  for (const RangeSet& way : ways) {
    if (way.empty()) continue;
    const PathRule path = rule_on_path(policy_, whole.from, whole.to, universe_.mac_of(way.last()));
    const auto same =
        std::find_if(parts.begin(), parts.end(), [&](const Area& part) { return alike(part, path); });
    if (same != parts.end()) {
      same->box[Side::next_hop] = unite(same->box[Side::next_hop], way);
      continue;
    }
    Area part = whole;
    part.box[Side::next_hop] = way;
    part.rule = path.rule;
    part.other_path = path.other_path;
    parts.push_back(std::move(part));
  }
  for (Area& part : parts) {
    if (part.box.empty()) continue;
    areas_of_[at(part.box.family)][pair].push_back(static_cast<std::uint32_t>(areas_.size()));
    areas_.push_back(std::move(part));
  }
}

void Reach::divide(Family family, DomainId domain) {
  const std::size_t count = policy_.options.profile.segments.size();
  std::vector<std::vector<Part>> all(count);
  for (std::size_t segment = 0; segment < count; ++segment)
    all[segment] = parts(static_cast<SegmentId>(segment), family, domain);
  for (std::size_t from = 0; from < count; ++from) {
    for (std::size_t to = 0; to < count; ++to) {
      for (const Part& source : all[from]) {
        for (const Part& destination : all[to]) {
          Area area{
              universe_.all(family), static_cast<SegmentId>(from), static_cast<SegmentId>(to), {}, false};
          area.box[Side::source] = source.addresses;
          area.box[Side::source_mac] = source.macs;
          area.box[Side::destination] = destination.addresses;
          area.box[Side::next_hop] = destination.macs;
          area.box[Side::domain] = numbers_of(domain);
          add_area(area);
        }
      }
    }
  }
}

std::vector<Box> Reach::tunnels_declared(Family family) const {
  std::vector<Box> declared;
  const std::vector<TunnelOptions>& all = policy_.options.tunnels;
  for (std::size_t i = 0; i < std::min(all.size(), tunnels_max); ++i) {
    const TunnelOptions& tunnel = all[i];
    if (!policy_.counts(tunnel.draft)) continue;
    Box box = universe_.all(family);
    std::vector<Range> kinds;
    for (const capture::Tunnel kind : tunnel.kinds)
      kinds.push_back({static_cast<Number>(kind), static_cast<Number>(kind)});
    box[Side::domain] = numbers_of_all(tunnel.domains);
    box[Side::tunnel] = subtract(kinds.empty() ? box[Side::tunnel] : RangeSet{kinds}, RangeSet::of(0));
    for (const auto& [one, other] : {std::pair{&tunnel.a, &tunnel.b}, std::pair{&tunnel.b, &tunnel.a}}) {
      box[Side::source] = addresses_of(*one, family);
      box[Side::destination] = addresses_of(*other, family);
      if (!box.empty()) declared.push_back(box);
    }
  }
  return declared;
}

// Where both ends are in one segment a tunnel is nobody's business; between segments it must be declared.
void Reach::permit(const Area& area, const Box& box, Basis basis, std::uint32_t index) {
  const auto add_permission = [&](Box part) {
    permissions_.push_back({std::move(part), area.from, area.to, area.rule, area.other_path, basis, index});
  };
  if (area.from == area.to) return add_permission(box);
  Box plain = box;
  plain[Side::tunnel] = RangeSet::of(0);
  add_permission(std::move(plain));
  for (const Box& declared : tunnels_[at(box.family)]) {
    if (std::optional<Box> common = intersect(box, declared)) add_permission(std::move(*common));
  }
}

void Reach::permit_cells(Family family) {
  for (const Area& area : areas_) {
    const Cell cell = area.rule.cell;
    if (area.box.family == family && cell == Cell::permit) permit(area, area.box, Basis::cell, 0);
  }
}

RangeSet Reach::macs_of(const EndpointOptions& side) const {
  if (side.macs.empty()) return universe_.all(Family::ipv4)[Side::source_mac];
  RangeSet macs = universe_.classes_of(side.macs);
  // A router's MAC stands for any host behind it, unless nothing but MACs tells this side (Entries).
  if (!side.addresses.empty()) macs = unite(unite(macs, routers_), RangeSet::of(Universe::mac_unknown));
  return macs;
}

Box Reach::box_of(const Entry& entry, Family family) const {
  Box box = universe_.all(family);
  const auto narrow = [&](Side side, const EndpointOptions& end) {
    if (!end.addresses.empty()) box[side] = intersect(box[side], addresses_of(end.addresses, family));
  };
  narrow(Side::source, entry.source);
  narrow(Side::destination, entry.destination);
  box[Side::domain] = numbers_of_all(entry.domains);
  box[Side::service] = services_of(entry.ports);
  box[Side::time] = times_of(std::max(entry.begin, entry.approved), std::min(entry.end, entry.revoked));
  box[Side::week] = universe_.minutes_of(entry.week, policy_.options.utc_offset_minutes);
  box[Side::source_mac] = macs_of(entry.source);
  box[Side::destination_mac] = macs_of(entry.destination);
  return box;
}

// Whatever the next hop: where the path counts it may still be another one that the name does not help.
void Reach::permit_by_name(const Entry& entry, Family family) {
  const CellRule& rule = policy_.rule(entry.from, entry.to);
  if (!takes(rule.cell, entry.kind)) return;
  for (DomainId domain = 0; domain < domains_count_; ++domain) {
    if (!has_domain(entry.domains, domain)) continue;
    RangeSet from = addresses(entry.from, family, domain);
    for (const Part& part : parts(entry.from, family, domain)) from = unite(from, part.addresses);
    NamedPermission permission{box_of(entry, family), entry.from, entry.to, rule, entry.index};
    Box& box = permission.box;
    box[Side::domain] = numbers_of(domain);
    box[Side::source] = intersect(box[Side::source], from);
    box[Side::destination] =
        intersect(box[Side::destination],
                  unite(addresses(policy_.external, family, domain), addresses(entry.to, family, domain)));
    if (entry.from != entry.to) box[Side::tunnel] = RangeSet::of(0);
    if (universe_.real(box)) named_.push_back(std::move(permission));
  }
}

void Reach::permit_entry(const Entry& entry, Family family) {
  // By addresses alone it permits nothing: a name has to be seen.
  if (!entry.names.empty()) return permit_by_name(entry, family);
  const Box box = box_of(entry, family);
  if (!universe_.real(box)) return;
  const auto permit_in = [&](SegmentId from, SegmentId to) {
    for (const std::uint32_t index : areas_of_[at(family)][pair_of(from, to)]) {
      const Area& area = areas_[index];
      if (!takes(area.rule.cell, entry.kind)) continue;
      if (std::optional<Box> common = intersect(area.box, box))
        permit(area, *common, entry.kind, entry.index);
    }
  };
  if (entry.kind != Basis::exception) return permit_in(entry.from, entry.to);
  // Exceptions name addresses, not segments: those that they meet in some domain. Areas are of one domain.
  const auto meets = [&](SegmentId segment, Side side) {
    for (DomainId domain = 0; domain < domains_count_; ++domain) {
      if (has_domain(entry.domains, domain) && addresses(segment, family, domain).meets(box[side]))
        return true;
    }
    return false;
  };
  const auto met = [&](Side side) {
    std::vector<SegmentId> segments;
    const bool outside = meets(policy_.external, side);
    for (std::size_t i = 0; i < policy_.options.profile.segments.size(); ++i) {
      const auto segment = static_cast<SegmentId>(i);
      const bool hop = outside && std::any_of(policy_.next_hops.begin(), policy_.next_hops.end(),
                                              [&](const auto& each) { return each.segment == segment; });
      if (hop || meets(segment, side)) segments.push_back(segment);
    }
    return segments;
  };
  const std::vector<SegmentId> destinations = met(Side::destination);
  for (const SegmentId from : met(Side::source)) {
    for (const SegmentId to : destinations) permit_in(from, to);
  }
}

}  // namespace sekimori::policy
