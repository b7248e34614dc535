#include "daemon/behaviour/declared_services.hpp"

#include <algorithm>
#include <utility>

namespace sekimori::daemon {

std::string_view declared_word(Declared declared) {
  switch (declared) {
    case Declared::system:
      return "system";
    case Declared::gateway:
      return "gateway";
    case Declared::service:
      return "service";
    case Declared::exception:
      return "exception";
    case Declared::no:
      break;
  }
  return "no";
}

DeclaredServices::DeclaredServices(const policy::PolicyOptions& options) {
  std::vector<std::pair<Prefix, std::uint32_t>> sides;
  const auto add = [&](Declared by, const auto& list, auto side) {
    for (const auto& each : list) {
      for (const Prefix& prefix : (each.*side).addresses) {
        sides.emplace_back(prefix, static_cast<std::uint32_t>(entries_.size()));
      }
      entries_.push_back({{by, each.id}, each.domains, each.ports});
    }
  };
  add(Declared::gateway, options.gateways, &policy::GatewayOptions::hosts);
  add(Declared::service, options.services, &policy::ServiceOptions::hosts);
  add(Declared::exception, options.exceptions, &policy::ExceptionOptions::destination);

  std::vector<Prefix> prefixes;
  prefixes.reserve(sides.size());
  for (const auto& [prefix, entry] : sides) {
    prefixes.push_back(prefix);
    sieve_.add(prefix);
  }
  tree_ = policy::PrefixTree{std::move(prefixes)};
  std::vector<std::pair<std::uint32_t, std::uint32_t>> filed;  // node, entry
  filed.reserve(sides.size());
  for (const auto& [prefix, entry] : sides) filed.emplace_back(tree_.node(prefix), entry);
  std::sort(filed.begin(), filed.end());
  first_.assign(tree_.size() + 1, 0);
  for (const auto& [node, entry] : filed) {
    ++first_[node + 1];
    filed_.push_back(entry);
  }
  for (std::size_t node = 0; node + 1 < first_.size(); ++node) first_[node + 1] += first_[node];
}

std::size_t DeclaredServices::first_of(const IpAddress& host, std::uint8_t protocol,
                                       std::uint16_t port) const {
  std::size_t best = entries_.size();
  if (!sieve_.may_hold(host)) return best;
  for (std::uint32_t node = tree_.find(host.in(main_domain));; node = tree_.parent(node)) {
    for (std::uint32_t at = first_[node]; at < first_[node + 1] && filed_[at] < best; ++at) {
      const Entry& entry = entries_[filed_[at]];
      const bool serves =
          std::any_of(entry.ports.begin(), entry.ports.end(),
                      [&](const policy::Ports& ports) { return policy::holds(ports, protocol, port); });
      if (serves && has_domain(entry.domains, host.domain)) best = filed_[at];
    }
    if (node == policy::PrefixTree::root) break;
  }
  return best;
}

DeclaredServices::Claim DeclaredServices::find(const IpAddress& host, std::uint8_t protocol,
                                               std::uint16_t port) const {
  const std::size_t found = first_of(host, protocol, port);
  return found < entries_.size() ? entries_[found].claim : Claim{};
}

Declared DeclaredServices::by(const IpAddress& host, std::uint8_t protocol, std::uint16_t port) const {
  const std::size_t found = first_of(host, protocol, port);
  return found < entries_.size() ? entries_[found].claim.by : Declared::no;
}

}  // namespace sekimori::daemon
