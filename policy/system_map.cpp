#include "policy/system_map.hpp"

#include <algorithm>

#include "policy/entries.hpp"

namespace sekimori::policy {
namespace {

constexpr std::uint8_t tcp = 6;

bool has(const std::vector<Ports>& list, std::uint8_t protocol, std::uint16_t port) {
  return list.empty() || std::any_of(list.begin(), list.end(),
                                     [&](const Ports& ports) { return holds(ports, protocol, port); });
}

int index_of(const Profile& profile, const std::string& segment) {
  const auto found = std::find_if(profile.segments.begin(), profile.segments.end(),
                                  [&](const ProfileSegment& one) { return one.id == segment; });
  return found == profile.segments.end() ? -1 : static_cast<int>(found - profile.segments.begin());
}

}  // namespace

SystemMap::SystemMap(const PolicyOptions& options) {
  std::vector<Prefix> prefixes;
  std::vector<std::vector<Prefix>> hosts;  // by system, each in its domains
  for (const SystemOptions& system : options.systems) {
    if (system.ports.empty()) ports_.set();
    for (const Ports& ports : system.ports) {
      for (std::uint32_t port = ports.first; port <= ports.last; ++port) ports_.set(port);
    }
    hosts.push_back(in_domains(system.hosts, system.domains));
    prefixes.insert(prefixes.end(), hosts.back().begin(), hosts.back().end());
  }
  std::sort(prefixes.begin(), prefixes.end());
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());

  // Each prefix knows every system that names it or one around it.
  std::vector<SegmentMap::Entry> entries;
  for (const Prefix& prefix : prefixes) {
    Set set{static_cast<std::uint32_t>(members_.size()), 0};
    for (std::size_t i = 0; i < options.systems.size() && set.count < systems_sharing_max; ++i) {
      const SystemOptions& system = options.systems[i];
      const bool covers = std::any_of(hosts[i].begin(), hosts[i].end(),
                                      [&](const Prefix& host) { return host.contains(prefix); });
      if (!covers) continue;
      members_.push_back({static_cast<std::uint32_t>(i), system.bulk.has_value(), system.ports});
      bulk_ = bulk_ || system.bulk.has_value();
      ++set.count;
    }
    sieve_.add(prefix);
    entries.push_back({prefix, static_cast<std::uint32_t>(sets_.size())});
    sets_.push_back(set);
  }
  map_ = SegmentMap{std::move(entries)};

  for (const TransferOptions& transfer : options.transfers) {
    const int from = index_of(options.profile, transfer.from);
    const int to = index_of(options.profile, transfer.to);
    if (from < 0 || to < 0) continue;
    pairs_.set(pair_of(static_cast<SegmentId>(from), static_cast<SegmentId>(to)));
  }
  if (options.behaviour.scan.enabled) {
    for (const std::uint16_t port : options.behaviour.scan.session_ports) sessions_.set(port);
  }
}

const SystemMap::Member* SystemMap::find(const IpAddress& address, std::uint8_t protocol,
                                         std::uint16_t port) const {
  if (!ports_[port] || !sieve_.may_hold(address)) return nullptr;
  const std::uint32_t found = map_.find(address);
  if (found == SegmentMap::none) return nullptr;
  const Set& set = sets_[found];
  for (std::uint32_t i = set.first; i < set.first + set.count; ++i) {
    if (has(members_[i].ports, protocol, port)) return &members_[i];
  }
  return nullptr;
}

int SystemMap::at(const IpAddress& address, std::uint8_t protocol, std::uint16_t port) const {
  if (members_.empty()) return -1;
  const Member* const member = find(address, protocol, port);
  return member == nullptr ? -1 : static_cast<int>(member->system);
}

int SystemMap::bulk_host(const IpAddress& address) const {
  if (!bulk_ || !sieve_.may_hold(address)) return -1;
  const std::uint32_t found = map_.find(address);
  if (found == SegmentMap::none) return -1;
  const Set& set = sets_[found];
  for (std::uint32_t i = set.first; i < set.first + set.count; ++i) {
    if (members_[i].bulk) return static_cast<int>(members_[i].system);
  }
  return -1;
}

bool SystemMap::metered(const IpAddress& initiator, const IpAddress& responder, std::uint8_t protocol,
                        std::uint16_t port, PairId pair) const {
  if (protocol == tcp && sessions_[port]) return true;
  if (pairs_[pair]) return true;
  if (!bulk_) return false;
  if (const Member* const member = find(responder, protocol, port); member != nullptr) return member->bulk;
  return bulk_host(initiator) >= 0;
}

}  // namespace sekimori::policy
