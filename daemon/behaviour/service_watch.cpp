#include "daemon/behaviour/service_watch.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/render/words.hpp"
#include "policy/system_map.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

std::pair<std::uint32_t, IpAddress> place_of(const FlowStep& step) {
  const capture::Tuple& tuple = step.tuple;
  return {static_cast<std::uint32_t>(tuple.protocol) << 16U | tuple.destination_port, tuple.destination};
}

std::int64_t day_of(Time time) {
  return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

Text kind_text(Declared kind) {
  switch (kind) {
    case Declared::gateway:
      return Text::service_kind_gateway;
    case Declared::service:
      return Text::service_kind_service;
    default:
      return Text::service_kind_system;
  }
}

}  // namespace

ServiceWatch::ServiceWatch(const policy::Policy& policy)
    : places_(policy.options().behaviour.followed_max),
      services_max_(policy.options().behaviour.followed_max) {
  replaced(policy);
}

void ServiceWatch::replaced(const policy::Policy& policy) {
  const policy::PolicyOptions& options = policy.options();
  unused_after_days_ = options.behaviour.unused_after_days;
  declared_only_.clear();
  for (const std::string& id : options.behaviour.declared_only) {
    const int segment = policy.segment_index(id);
    if (segment >= 0) declared_only_.insert(static_cast<policy::SegmentId>(segment));
  }
  const std::vector<Use> before = std::move(uses_);
  uses_.clear();
  all_watched_ = false;
  const auto add = [&](Declared kind, const std::string& id, const std::string& name) {
    const auto known = std::find_if(before.begin(), before.end(),
                                    [&](const Use& use) { return use.kind == kind && use.id == id; });
    if (known != before.end()) {
      uses_.push_back(*known);
      uses_.back().name = name;
      return;
    }
    Use use;
    use.kind = kind;
    use.id = id;
    use.name = name;
    uses_.push_back(std::move(use));  // watched from the next packet on
  };
  for (const auto& system : options.systems) add(Declared::system, system.id, system.name);
  for (const auto& gateway : options.gateways) add(Declared::gateway, gateway.id, gateway.name);
  for (const auto& service : options.services) add(Declared::service, service.id, service.name);
  std::size_t index = options.systems.size();
  const auto note_pairs = [&](const auto& entries) {
    for (const auto& entry : entries) {
      const int from = policy.segment_index(entry.from);
      const int to = policy.segment_index(entry.to);
      if (from < 0 || to < 0) continue;
      uses_[index++].decides = policy.cell(static_cast<policy::SegmentId>(from),
                                           static_cast<policy::SegmentId>(to)) != policy::Cell::permit;
    }
  };
  note_pairs(options.gateways);
  note_pairs(options.services);
  // What declares them may be another entry now, or none.
  declared_ = DeclaredServices{options};
  for (auto& [key, service] : services_) declare(key, policy, service);
}

ServiceWatch::Counters ServiceWatch::counters() const {
  Counters counters = counters_;
  counters.services = services_.size();
  return counters;
}

ServiceWatch::Use* ServiceWatch::use_of(const FlowStep& step, const policy::Policy& policy) {
  const policy::PolicyOptions& options = policy.options();
  std::size_t index = uses_.size();
  if (step.basis == policy::Basis::gateway) {
    index = options.systems.size() + step.basis_index;
  } else if (step.basis == policy::Basis::service) {
    index = options.systems.size() + options.gateways.size() + step.basis_index;
  }
  return index < uses_.size() ? &uses_[index] : nullptr;
}

void ServiceWatch::declare(const Key& key, const policy::Policy& policy, Service& service) const {
  DeclaredServices::Claim claim;
  const int system = policy.systems().at(key.host, key.protocol, key.port);
  if (system >= 0) {
    claim = {Declared::system, policy.options().systems[static_cast<std::size_t>(system)].id};
  } else {
    claim = declared_.find(key.host, key.protocol, key.port);
  }
  service.declared = claim.by;
  service.entry = std::move(claim.id);
}

void ServiceWatch::expect(const FlowStep& step) const {
  if (step.kind == FlowStep::Kind::answered) places_.expect(place_of(step));
}

void ServiceWatch::fetch(const FlowStep& step) const {
  if (step.kind == FlowStep::Kind::answered) places_.fetch(place_of(step));
}

void ServiceWatch::step(const FlowStep& step, const policy::Policy& policy, std::vector<Notice>& found) {
  if (!has_ports(step.tuple.protocol)) return;
  if (step.kind == FlowStep::Kind::opened) {
    if (Use* const use = use_of(step, policy)) {
      if (use->flows++ == 0) use->first = step.time;
      use->last = std::max(use->last, step.time);
      use->told = false;
    }
    return;
  }
  if (step.kind != FlowStep::Kind::answered) return;
  const int system =
      policy.systems().at(step.tuple.destination, step.tuple.protocol, step.tuple.destination_port);
  if (system >= 0 && static_cast<std::size_t>(system) < uses_.size()) {
    Use& use = uses_[static_cast<std::size_t>(system)];
    if (use.flows++ == 0) use.first = step.time;
    use.last = std::max(use.last, step.time);
    use.told = false;
  }
  if (policy::to_of(step.pair) == policy.external()) return;
  const Key key{step.tuple.destination, step.tuple.protocol, step.tuple.destination_port};
  Service** known = places_.find(place_of(step));
  if (known == nullptr) {
    if (services_.size() >= services_max_) {
      ++counters_.services_refused;
      return;
    }
    Service& fresh = services_[key];
    fresh.segment = policy::to_of(step.pair);
    fresh.first = step.time;
    declare(key, policy, fresh);
    known = &places_.at(place_of(step));
    *known = &fresh;
  }
  Service& service = **known;
  const bool certain = capture::confidence(step.evidence) != capture::Confidence::guess;
  const bool news = certain && !service.certain;
  service.certain = service.certain || certain;
  ++service.flows;
  service.last = std::max(service.last, step.time);
  if (service.clients.size() < clients_max) {
    const IpAddress& client = step.tuple.source;
    const auto at = std::lower_bound(service.clients.begin(), service.clients.end(), client);
    if (at == service.clients.end() || *at != client) service.clients.insert(at, client);
  }
  if (news && service.declared == Declared::no && declared_only_.count(service.segment) != 0) {
    tell_undeclared(key, service, step.time, policy, found);
  }
}

void ServiceWatch::tell_undeclared(const Key& key, const Service& service, Time time,
                                   const policy::Policy& policy, std::vector<Notice>& found) {
  ++counters_.undeclared_told;
  std::size_t others = 0;
  for (auto each = services_.lower_bound({key.host, 0, 0});
       each != services_.end() && each->first.host == key.host; ++each) {
    if (each->second.declared == Declared::no && each->second.certain) ++others;
  }
  // One story for a host, whatever the number of its ports.
  Notice notice{NoticeKind::service_undeclared, host_subject(policy, key.host), time};
  std::string name = protocol_name(key.protocol);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  notice.add_address("dst", policy, key.host).add_address("src", policy, service.clients.front());
  notice.add_segment("to", policy, service.segment);
  notice.add("service", name + "/" + std::to_string(key.port)).add("count", std::to_string(others));
  found.push_back(std::move(notice));
}

// Once a day of packet time.
void ServiceWatch::tick(Time packet_now, const policy::Policy&, std::vector<Notice>& found) {
  if (!begun_) {
    begun_ = true;
    since_ = packet_now;
    looked_at_ = day_of(packet_now);
  }
  if (!all_watched_) {
    for (Use& use : uses_) {
      if (use.since == Time{}) use.since = packet_now;
    }
    all_watched_ = true;
  }
  const std::int64_t day = day_of(packet_now);
  if (day <= looked_at_ || unused_after_days_ == 0) return;
  looked_at_ = day;
  for (Use& use : uses_) {
    const Time from = std::max(use.since, use.last);
    const auto idle = std::chrono::floor<std::chrono::days>(packet_now - from).count();
    if (!use.decides || use.told || idle < unused_after_days_) continue;
    use.told = true;
    ++counters_.unused_told;
    Notice notice{NoticeKind::service_unused, std::string{declared_word(use.kind)} + " " + use.id,
                  packet_now};
    const Text kind = kind_text(use.kind);
    notice.add("kind", std::string{declared_word(use.kind)},
               {std::string{text(kind, Language::ja)}, std::string{text(kind, Language::en)}});
    notice.add("id", use.id).add("name", use.name.empty() ? "-" : use.name);
    notice.add("days", std::to_string(idle));
    notice.add("last_used", use.flows == 0 ? "never" : "before",
               use.flows == 0
                   ? policy::Localized{std::string{text(Text::service_never_seen, Language::ja)},
                                       std::string{text(Text::service_never_seen, Language::en)}}
                   : policy::Localized{std::string{text(Text::service_seen_before, Language::ja)},
                                       std::string{text(Text::service_seen_before, Language::en)}});
    found.push_back(std::move(notice));
  }
}

}  // namespace sekimori::daemon
