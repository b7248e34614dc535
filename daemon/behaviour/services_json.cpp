#include "daemon/behaviour/services_json.hpp"

#include "daemon/render.hpp"
#include "daemon/render/words.hpp"

namespace sekimori::daemon {

namespace json = boost::json;

json::object behaviour_json(const BehaviourWatch& watch) {
  json::object counters;
  for (const auto& [name, count] : watch.counters()) counters[name] = count;
  return counters;
}

json::object services_event(const ServiceWatch& watch, const policy::Policy& policy,
                            const AlertOptions& options) {
  const auto moment = [&](Time time) -> json::value {
    if (time == Time{}) return nullptr;
    return json::string{timestamp(time, options.utc_offset_minutes)};
  };
  json::array services;
  for (const auto& [key, known] : watch.list()) {
    const ServiceWatch::Service& service = *known;
    services.emplace_back(json::object{{"host", key.host.to_string()},
                                       {"proto", protocol_name(key.protocol)},
                                       {"port", key.port},
                                       {"segment", segment_id(policy, service.segment)},
                                       {"declared", declared_word(service.declared)},
                                       {"entry", watch.claim(key, policy).id},
                                       {"certain", service.certain},
                                       {"flows", service.flows},
                                       {"clients", service.clients},
                                       {"first", moment(service.first)},
                                       {"last", moment(service.last)}});
    if (policy.several_domains()) {
      services.back().as_object()["domain"] = json::string{policy.domain_name(key.host.domain)};
    }
  }
  json::array declared;
  for (const ServiceWatch::Use& use : watch.uses()) {
    declared.emplace_back(json::object{{"kind", declared_word(use.kind)},
                                       {"id", use.id},
                                       {"name", use.name},
                                       {"flows", use.flows},
                                       {"first", moment(use.first)},
                                       {"last", moment(use.last)},
                                       {"since", moment(use.since)}});
  }
  const std::uint64_t refused = watch.counters().services_refused;
  return {{"event_type", "services"},
          {"since", moment(watch.since())},
          {"services", std::move(services)},
          {"declared", std::move(declared)},
          {"refused", refused},
          {"complete", refused == 0}};
}

}  // namespace sekimori::daemon
