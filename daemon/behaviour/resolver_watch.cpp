#include "daemon/behaviour/resolver_watch.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace sekimori::daemon {
namespace {

constexpr std::chrono::minutes resolver_pause{1};
constexpr std::uint16_t port_dns_over_tls = 853;  // RFC 7858; over QUIC as well: RFC 9250

}  // namespace

ResolverWatch::ResolverWatch(const policy::Policy& policy) {
  learn(policy);
}

void ResolverWatch::replaced(const policy::Policy& policy) {
  learn(policy);
  asked_.forget_if([](const auto&, const auto&) { return true; });  // other numbers of resolvers
}

void ResolverWatch::learn(const policy::Policy& policy) {
  ports_.reset();
  resolvers_.clear();
  for (const policy::KnownServiceOptions& known : policy.options().known) {
    if (known.use != policy::ServiceUse::dns) continue;
    resolvers_.insert(resolvers_.end(), known.addresses.begin(), known.addresses.end());
    // Names of resolvers need the greeting; by their ports alone they are no sign of any.
    if (!known.names.empty()) continue;
    for (const policy::Ports& ports : known.ports) {
      for (std::uint32_t port = ports.first; port <= ports.last; ++port) ports_[port] = true;
    }
  }
}

std::uint32_t ResolverWatch::number_of(const IpAddress& address) const {
  const IpAddress plain = address.in(main_domain);
  const auto at = std::find_if(resolvers_.begin(), resolvers_.end(),
                               [&](const Prefix& prefix) { return prefix.contains(plain); });
  return at == resolvers_.end() ? 0U : static_cast<std::uint32_t>(at - resolvers_.begin()) + 1U;
}

// At a port of a resolver.
void ResolverWatch::opened(const FlowStep& step, const policy::Policy& policy, std::vector<Notice>& found) {
  const capture::Tuple& tuple = step.tuple;
  if (tuple.protocol != capture::protocol::tcp && tuple.protocol != capture::protocol::udp) return;
  // By the model alone: what a service or an exception permits was somebody's decision.
  if (step.basis != policy::Basis::cell) return;
  const policy::SegmentId to = policy::to_of(step.pair);
  if (to == policy.external() || policy.classify(tuple.destination) != policy.external()) return;
  if (policy.classify(tuple.source) == policy.external()) return;
  const std::uint32_t resolver = number_of(tuple.destination);
  if (resolver == 0 && tuple.destination_port != port_dns_over_tls) return;

  Asked& asked = asked_.at({resolver, tuple.source});
  ++asked.questions;
  if (step.time < asked.next) return;
  asked.next = step.time + resolver_pause;
  const std::string whom = resolver == 0 ? std::string{"port 853"} : tuple.destination.to_string();
  Notice notice{NoticeKind::resolver_outside,
                host_subject(policy, tuple.source) + " " + whom,
                step.time,
                false,
                {},
                {}};
  notice.add_address("src", policy, tuple.source)
      .add_address("dst", policy, tuple.destination)
      .add("port", std::to_string(tuple.destination_port))
      .add_segment("from", policy, policy::from_of(step.pair))
      .add_segment("to", policy, to)
      .add("questions", std::to_string(asked.questions));
  found.push_back(std::move(notice));
}

}  // namespace sekimori::daemon
