#include "daemon/behaviour/service_watch.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "capture/digest.hpp"
#include "daemon/render/words.hpp"
#include "policy/system_map.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

// One more client, if it is another one and is told apart.
void note_client(ServiceWatch::Service& service, const IpAddress& client) {
  if (service.clients >= ServiceWatch::clients_max) return;
  const auto one = static_cast<std::uint32_t>(digest(0, client) >> 32U);
  const auto known = service.digests.begin() + service.clients;
  if (std::find(service.digests.begin(), known, one) != known) return;
  *known = one;
  ++service.clients;
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

ServiceWatch::ServiceWatch(const policy::Policy& policy, const KeyedHash& hash)
    : services_(policy.options().behaviour.followed_max, hash),
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
  services_.visit([&](const Place& place, Service& service) { declare(key_of(place), policy, service); });
  count_undeclared();
}

ServiceWatch::Key ServiceWatch::key_of(const Place& place) {
  return {place.second, static_cast<std::uint8_t>(place.first >> 16U),
          static_cast<std::uint16_t>(place.first)};
}

std::vector<ServiceWatch::Listed> ServiceWatch::list() const {
  std::vector<Listed> listed;
  listed.reserve(services_.size());
  services_.visit([&](const Place& place, const Service& service) {
    listed.push_back({key_of(place), &service});
  });
  std::sort(listed.begin(), listed.end(), [](const Listed& a, const Listed& b) { return a.key < b.key; });
  return listed;
}

const ServiceWatch::Service* ServiceWatch::find(const Key& key) const {
  return services_.find({static_cast<std::uint32_t>(key.protocol) << 16U | key.port, key.host});
}

// What was told of hosts whose entries, or whose segment's rules, have changed since.
void ServiceWatch::count_undeclared() {
  undeclared_.clear();
  services_.visit([this](const Place& place, const Service& service) {
    const bool others = service.declared == Declared::no && service.certain;
    if (others && declared_only_.count(service.segment) != 0) ++undeclared_[place.second];
  });
}

ServiceWatch::Counters ServiceWatch::counters() const {
  Counters counters = counters_;
  counters.services = services_.size();
  return counters;
}

// Of the gateway or service that permits it: index into uses_, or -1.
int ServiceWatch::use_of(const FlowStep& step, const policy::Policy& policy) {
  if (step.basis == policy::Basis::cell) return -1;
  const policy::PolicyOptions& options = policy.options();
  if (step.basis == policy::Basis::gateway) {
    return static_cast<int>(options.systems.size() + step.basis_index);
  }
  if (step.basis != policy::Basis::service) return -1;
  return static_cast<int>(options.systems.size() + options.gateways.size() + step.basis_index);
}

DeclaredServices::Claim ServiceWatch::claim(const Key& key, const policy::Policy& policy) const {
  const int system = policy.systems().at(key.host, key.protocol, key.port);
  if (system < 0) return declared_.find(key.host, key.protocol, key.port);
  return {Declared::system, policy.options().systems[static_cast<std::size_t>(system)].id};
}

void ServiceWatch::declare(const Key& key, const policy::Policy& policy, Service& service) const {
  service.system = policy.systems().at(key.host, key.protocol, key.port);
  service.declared = service.system >= 0 ? Declared::system : declared_.by(key.host, key.protocol, key.port);
}

void ServiceWatch::step(const FlowStep& step, std::uint32_t hash, const policy::Policy& policy,
                        std::vector<Notice>& found) {
  if (step.kind == FlowStep::Kind::opened) {
    const int use = use_of(step, policy);
    if (use >= 0 && has_ports(step.tuple.protocol)) note_use(use, step.time);
  } else if (step.kind == FlowStep::Kind::answered && has_ports(step.tuple.protocol)) {
    answered(step, hash, policy, found);
  }
}

void ServiceWatch::answered(const FlowStep& step, std::uint32_t hash, const policy::Policy& policy,
                            std::vector<Notice>& found) {
  const capture::Tuple& tuple = step.tuple;
  if (policy::to_of(step.pair) == policy.external()) {
    note_use(policy.systems().at(tuple.destination, tuple.protocol, tuple.destination_port), step.time);
    return;
  }
  const Place place = place_of(tuple);
  Service* known = services_.find(place, hash);
  if (known == nullptr) {
    if (services_.size() >= services_max_) {
      ++counters_.services_refused;
      note_use(policy.systems().at(tuple.destination, tuple.protocol, tuple.destination_port), step.time);
      return;
    }
    known = &services_.at(place, hash);
    known->segment = policy::to_of(step.pair);
    known->first = step.time;
    declare(key_of(place), policy, *known);
  }
  Service& service = *known;
  note_use(service.system, step.time);
  const bool certain = capture::confidence(step.evidence) != capture::Confidence::guess;
  const bool news = certain && !service.certain;
  service.certain = service.certain || certain;
  ++service.flows;
  service.last = std::max(service.last, step.time);
  note_client(service, tuple.source);
  if (news && service.declared == Declared::no && declared_only_.count(service.segment) != 0) {
    ++undeclared_[tuple.destination];
    tell_undeclared(step, service, policy, found);
  }
}

void ServiceWatch::note_use(int index, Time time) {
  if (index < 0 || static_cast<std::size_t>(index) >= uses_.size()) return;
  Use& use = uses_[static_cast<std::size_t>(index)];
  if (use.flows++ == 0) use.first = time;
  use.last = std::max(use.last, time);
  use.told = false;
}

void ServiceWatch::tell_undeclared(const FlowStep& step, const Service& service, const policy::Policy& policy,
                                   std::vector<Notice>& found) {
  ++counters_.undeclared_told;
  const capture::Tuple& tuple = step.tuple;
  // One story for a host, whatever the number of its ports.
  Notice notice{NoticeKind::service_undeclared, host_subject(policy, tuple.destination), step.time};
  std::string name = protocol_name(tuple.protocol);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  notice.add_address("dst", policy, tuple.destination).add_address("src", policy, tuple.source);
  notice.add_segment("to", policy, service.segment);
  notice.add("service", name + "/" + std::to_string(tuple.destination_port))
      .add("count", std::to_string(undeclared_[tuple.destination]));
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
    notice.add("id", use.id)
        .add("name", use.name.empty() ? "-" : use.name,
             use.name.empty()
                 ? policy::Localized{std::string{text(Text::notice_not_registered, Language::ja)},
                                     std::string{text(Text::notice_not_registered, Language::en)}}
                 : policy::Localized{});
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
