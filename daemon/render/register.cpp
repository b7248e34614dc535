#include "daemon/render/register.hpp"

#include <array>

#include "daemon/render.hpp"
#include "daemon/render/words.hpp"
#include "policy/week.hpp"

namespace sekimori::daemon {
namespace {

namespace json = boost::json;
using policy::ExceptionState;

json::string json_string(std::string_view text) {
  return json::string(text.data(), text.size());
}

class Entry {
 public:
  explicit Entry(int utc_offset_minutes) : offset_(utc_offset_minutes) {}

  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) out[key] = json_string(value);
  }
  void time(std::string_view key, const std::optional<Time>& value) {
    if (value) out[key] = timestamp(*value, offset_);
  }

  json::object out{};

 private:
  int offset_;
};

std::string_view kind_name(policy::ExceptionKind kind) {
  switch (kind) {
    case policy::ExceptionKind::alternative:
      return "alternative";
    case policy::ExceptionKind::omission:
      return "omission";
    case policy::ExceptionKind::unstated:
      break;
  }
  return {};
}

json::object side_object(const policy::EndpointOptions& side, const policy::PartyOptions& party) {
  json::array addresses;
  for (const Prefix& prefix : side.addresses) addresses.emplace_back(prefix.to_string());
  json::array macs;
  for (const MacAddress& mac : side.macs) macs.emplace_back(mac.to_string());
  json::object out{{"addresses", std::move(addresses)}, {"macs", std::move(macs)}};
  if (!party.device.empty()) out["device"] = party.device;
  if (!party.section.empty()) out["section"] = party.section;
  return out;
}

// {"weekdays": ["mon", ...], "ranges": ["08:30-17:15"]}: no ranges = the whole day.
json::object hours_object(const policy::HoursOptions& hours) {
  static constexpr std::array<std::string_view, 7> names{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  json::array weekdays;
  for (std::size_t day = 0; day < names.size(); ++day) {
    if ((hours.weekdays >> day & 1U) != 0) weekdays.emplace_back(json_string(names[day]));
  }
  json::array ranges;
  for (const policy::HoursOptions::Range& range : hours.ranges)
    ranges.emplace_back(policy::range_text(range));
  return {{"weekdays", std::move(weekdays)}, {"ranges", std::move(ranges)}};
}

json::array ports_array(const std::vector<policy::Ports>& list) {
  json::array out;
  for (const policy::Ports& ports : list) {
    std::string text = ports.protocol == 0 ? "any" : protocol_name(ports.protocol);
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (has_ports(ports.protocol) && (ports.first != 0 || ports.last != 65535)) {
      text += "/" + std::to_string(ports.first);
      if (ports.last != ports.first) text += "-" + std::to_string(ports.last);
    }
    out.emplace_back(text);
  }
  return out;
}

json::object usage_object(const ExceptionUsage& usage, const policy::ExceptionOptions& exception, Time now,
                          std::int16_t zone, int offset) {
  Entry entry{offset};
  entry.out["flows"] = usage.flows;
  entry.out["bytes"] = usage.bytes;
  entry.time("first", usage.first);
  entry.time("last", usage.last);
  entry.out["flows_mac_unverified"] = usage.flows_mac_unverified;
  const ExceptionUsage::Refused& refused = usage.refused;
  entry.out["refused"] = json::object{{"total", refused.total()},
                                      {"expired", refused.expired},
                                      {"not_in_force", refused.not_in_force},
                                      {"out_of_hours", refused.out_of_hours},
                                      {"mac", refused.mac},
                                      {"port", refused.port},
                                      {"address", refused.address},
                                      {"cell", refused.cell}};
  if (exception.volume.bytes != 0) {
    const bool current = usage.period == volume_period(exception.volume, now, zone);
    entry.out["period_bytes"] = current ? usage.period_bytes : 0;
    entry.out["periods_over"] = usage.periods_over;
  }
  return std::move(entry.out);
}

json::object exception_object(const policy::ExceptionOptions& exception, Time now, int offset) {
  Entry entry{offset};
  entry.text("id", exception.id);
  entry.text("state", policy::state_name(policy::state_of(exception, now)));
  entry.out["form"] = exception.emergency ? "emergency" : "normal";
  if (exception.emergency) entry.out["report_overdue"] = policy::report_overdue(exception, now);
  entry.text("kind", kind_name(exception.kind));
  entry.text("clause", exception.clause);
  entry.text("reason", exception.reason);
  entry.text("applicant", exception.applicant);
  entry.text("section", exception.section);
  entry.text("approver", exception.approver);
  entry.text("ticket", exception.ticket);
  entry.time("applied_on", exception.applied_on);
  entry.time("approved_on", exception.approved_on);
  entry.time("revoked_on", exception.revoked_on);
  entry.time("report_by", exception.report_by);
  entry.time("reported_on", exception.reported_on);
  entry.time("review_on", exception.review_on);
  entry.time("from", exception.from);
  entry.time("until", exception.until);
  if (exception.hours != policy::HoursOptions{}) {
    entry.out["hours"] = hours_object(exception.hours);
    entry.out["in_hours"] = policy::Week{exception.hours, static_cast<std::int16_t>(offset)}.holds(now);
  }
  if (exception.volume.bytes != 0) {
    entry.out["volume"] =
        json::object{{"bytes", exception.volume.bytes}, {"per_seconds", exception.volume.per.count()}};
  }
  json::array papers;
  for (const policy::PaperOptions& paper : exception.papers) {
    json::object one{{"kept", paper.kept}};
    if (!paper.sha256.empty()) one["sha256"] = paper.sha256;
    papers.push_back(std::move(one));
  }
  entry.out["papers"] = std::move(papers);
  entry.text("measure", exception.measure);
  entry.text("contractor", exception.contractor);
  entry.out["source"] = side_object(exception.source, exception.source_party);
  entry.out["destination"] = side_object(exception.destination, exception.destination_party);
  entry.out["services"] = ports_array(exception.ports);
  if (!exception.place.file.empty()) {
    entry.out["place"] = exception.place.file + ":" + std::to_string(exception.place.line) + ":" +
                         std::to_string(exception.place.column);
  }
  return std::move(entry.out);
}

json::array domain_names(const policy::Policy& policy, DomainSet domains) {
  json::array names;
  for (std::size_t i = 0; i < policy.domains_count(); ++i) {
    const auto domain = static_cast<DomainId>(i);
    if (has_domain(domains, domain)) names.emplace_back(json_string(policy.domain_name(domain)));
  }
  return names;
}

}  // namespace

json::object exceptions_json(const policy::Policy& policy, const ExceptionUse* use, Time now,
                             const ExceptionQuery& query, int utc_offset_minutes) {
  std::array<std::uint64_t, static_cast<std::size_t>(ExceptionState::count_)> counts{};
  const policy::PolicyOptions& options = policy.options();
  json::array entries;
  bool complete = true;
  for (const policy::ExceptionOptions& exception : options.exceptions) {
    const ExceptionState state = policy::state_of(exception, now);
    ++counts[static_cast<std::size_t>(state)];
    if (query.state && *query.state != state) continue;
    if (entries.size() >= query.limit) {
      complete = false;
      continue;
    }
    json::object entry = exception_object(exception, now, utc_offset_minutes);
    if (policy.several_domains()) entry["domain"] = domain_names(policy, exception.domains);
    if (use != nullptr) {
      entry["use"] =
          usage_object(use->of(exception.id), exception, now, options.utc_offset_minutes, utc_offset_minutes);
    }
    entries.push_back(std::move(entry));
  }
  json::object states;
  for (std::size_t state = 0; state < counts.size(); ++state) {
    states[policy::state_name(static_cast<ExceptionState>(state))] = counts[state];
  }
  json::object out{{"at", timestamp(now, utc_offset_minutes)},
                   {"generation", policy.generation()},
                   {"sha256", policy.sha256()},
                   {"states", std::move(states)},
                   {"exceptions", std::move(entries)},
                   {"complete", complete}};
  if (use != nullptr) {
    out["watched_since"] = nullptr;
    if (use->since()) out["watched_since"] = timestamp(*use->since(), utc_offset_minutes);
    out["flows_forgotten"] = use->flows_forgotten();
  }
  return out;
}

}  // namespace sekimori::daemon
