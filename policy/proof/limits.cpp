#include "policy/proof/limits.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "policy/week.hpp"

namespace sekimori::policy {
namespace {

using Key = std::tuple<std::string, std::string, std::string>;  // list, id, key
struct Value {
  std::string words{};
  Place place{};
};
using Limits = std::map<Key, Value>;

// "20GiB", "36h": the largest unit that leaves no remainder, as the configuration is written.
template <std::size_t Count>
std::string with_unit(std::uint64_t value,
                      const std::array<std::pair<std::string_view, std::uint64_t>, Count>& units) {
  for (const auto& [unit, size] : units) {
    if (value != 0 && value % size == 0) return std::to_string(value / size).append(unit);
  }
  return std::to_string(value).append(units.back().first);
}

std::string octets(std::uint64_t value) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> units{
      {{"GiB", 1ULL << 30U}, {"MiB", 1ULL << 20U}, {"KiB", 1ULL << 10U}, {"B", 1}}};
  return with_unit(value, units);
}

std::string duration(std::chrono::milliseconds value) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> units{
      {{"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
  return with_unit(static_cast<std::uint64_t>(value.count()), units);
}

// In any order: lists that are sets.
template <typename List, typename Words>
std::string sorted(const List& list, Words words) {
  std::vector<std::string> all;
  for (const auto& one : list) all.push_back(words(one));
  std::sort(all.begin(), all.end());
  std::string out;
  for (const std::string& one : all) out.append(out.empty() ? "" : ", ").append(one);
  return out;
}

std::string ports_text(const Ports& ports) {
  std::string out = ports.protocol == 6    ? "tcp"
                    : ports.protocol == 17 ? "udp"
                                           : "ip/" + std::to_string(ports.protocol);
  if (ports.first == 0 && ports.last == 65535) return out;
  out.append("/").append(std::to_string(ports.first));
  return ports.first == ports.last ? out : out.append("-").append(std::to_string(ports.last));
}

std::string importance_text(Importance importance) {
  constexpr std::array<std::string_view, 5> names{"", "I", "II", "III", "IV"};
  return std::string{names.at(static_cast<std::size_t>(importance))};
}

class Collector {
 public:
  Collector(const PolicyOptions& options, bool drafts, const Manner& manner)
      : options_(options), drafts_(drafts), manner_(manner) {}

  Limits all() {
    for (const ExceptionOptions& exception : options_.exceptions) add(exception);
    for (const SystemOptions& system : options_.systems) add(system);
    for (const TransferOptions& transfer : options_.transfers) add(transfer);
    for (const SegmentOptions& segment : options_.segments) add(segment);
    enter("behaviour", "", {});
    add(options_.behaviour);
    return std::move(out_);
  }

 private:
  void enter(std::string_view list, std::string_view id, const Place& place) {
    list_ = list;
    id_ = id;
    place_ = place;
  }
  void put(std::string_view key, std::string words) {
    if (!words.empty())
      out_[{std::string{list_}, std::string{id_}, std::string{key}}] = {std::move(words), place_};
  }

  // The day on which something is due, and not the first moment after it.
  std::string last_day(Time end) const {
    constexpr std::size_t date_alone = 10;
    std::string words = moment_text(end, offset());
    return words.size() == date_alone ? moment_text(end - std::chrono::hours{24}, offset()) : words;
  }
  int offset() const { return manner_.utc_offset_minutes; }
  void put_day(std::string_view key, const std::optional<Time>& time) {
    if (time) put(key, moment_text(*time, offset()));
  }

  static std::string prefix_text(const Prefix& prefix) { return prefix.to_string(); }
  static std::string mac_text(const MacAddress& mac) { return mac.to_string(); }
  static std::string number_text(std::uint16_t number) { return std::to_string(number); }
  static std::string as_is(const std::string& words) { return words; }
  static std::string station_text(const StationOptions& station) {
    return station.mac ? station.mac->to_string() : station.address ? station.address->to_string() : "";
  }
  std::string domains_text(DomainSet domains) const {
    std::string out;
    for (std::size_t i = 0; i < options_.domains.size(); ++i) {
      if (has_domain(domains, static_cast<DomainId>(i)))
        out.append(out.empty() ? "" : ", ").append(options_.domains[i].name);
    }
    return out;
  }

  void add(const ExceptionOptions& exception) {
    if (exception.draft && !drafts_) return;
    enter("exceptions", exception.id, exception.place);
    if (exception.volume.bytes != 0) {
      put("volume.bytes", octets(exception.volume.bytes));
      put("volume.per", duration(exception.volume.per));
    }
    if (exception.emergency) put("form", "emergency");
    if (exception.report_by) put("report_by", last_day(*exception.report_by));
    put_day("reported_on", exception.reported_on);
    put_day("review_on", exception.review_on);
  }

  void add(const SystemOptions& system) {
    enter("systems", system.id, system.place);
    put("hosts", sorted(system.hosts, prefix_text));
    put("ports", sorted(system.ports, ports_text));
    put("importance", importance_text(system.importance));
    put("section", system.section);
    put("domain", domains_text(system.domains));
    if (system.bulk) add(*system.bulk);
  }

  void add(const TransferOptions& transfer) {
    enter("transfers", transfer.id, transfer.place);
    put("from", transfer.from);
    put("to", transfer.to);
    put("domain", domains_text(transfer.domains));
    add(transfer.bulk);
  }

  void add(const BulkOptions& bulk) {
    put("bulk.bytes", octets(bulk.bytes));
    put("bulk.window", duration(bulk.window));
    put("bulk.direction", bulk.direction == BulkDirection::to_client ? "to_client" : "to_server");
    if (!(bulk.hours == HoursOptions{})) put("bulk.hours", hours_text(bulk.hours, manner_.language));
    put("bulk.out_of_hours_percent", std::to_string(bulk.out_of_hours_percent));
    put("bulk.exempt", sorted(bulk.exempt, prefix_text));
  }

  // What wires and machines are its own: of the findings on its wires.
  void add(const SegmentOptions& segment) {
    enter("segments", segment.id, segment.place);
    put("vlans", sorted(segment.vlans, number_text));
    put("taps", sorted(segment.taps, as_is));
    put("router_macs", sorted(segment.router_macs, mac_text));
    put("dhcp_servers", sorted(segment.dhcp_servers, station_text));
    put("ra_routers", sorted(segment.ra_routers, station_text));
  }

  void add(const BehaviourOptions& behaviour) {
    const ScanOptions& scan = behaviour.scan;
    put("scan.enabled", scan.enabled ? "true" : "false");
    put("scan.window", duration(scan.window));
    put("scan.slow_window", duration(scan.slow_window));
    put("scan.hosts", std::to_string(scan.hosts));
    put("scan.slow_hosts", std::to_string(scan.slow_hosts));
    put("scan.ports", std::to_string(scan.ports));
    put("scan.slow_ports", std::to_string(scan.slow_ports));
    put("scan.sessions", std::to_string(scan.sessions));
    put("scan.slow_sessions", std::to_string(scan.slow_sessions));
    put("scan.session_ports", sorted(scan.session_ports, number_text));
    put("scan.session_time", duration(scan.session_time));
    put("scan.session_bytes", octets(scan.session_bytes));
    put("scan.answer_time", duration(scan.answer_time));
    put("half_open_rate", std::to_string(behaviour.half_open_rate));
    put("scanners_allowed", sorted(behaviour.scanners_allowed, prefix_text));
    put("unused_after_days", std::to_string(behaviour.unused_after_days));
    put("declared_only", sorted(behaviour.declared_only, as_is));
    put("followed_max", std::to_string(behaviour.followed_max));
  }

  const PolicyOptions& options_;
  const bool drafts_;
  const Manner& manner_;
  Limits out_{};
  std::string_view list_{};
  std::string_view id_{};
  Place place_{};
};

}  // namespace

std::vector<LimitChange> compare_limits(const PolicyOptions& before, const PolicyOptions& after, bool drafts,
                                        const Manner& manner) {
  const Limits old_limits = Collector{before, false, manner}.all();
  const Limits new_limits = Collector{after, drafts, manner}.all();
  std::map<Key, std::pair<const Value*, const Value*>> both;
  for (const auto& [key, value] : old_limits) both[key].first = &value;
  for (const auto& [key, value] : new_limits) both[key].second = &value;
  std::vector<LimitChange> changes;
  for (const auto& [key, values] : both) {
    const auto& [was, is] = values;
    if (was != nullptr && is != nullptr && was->words == is->words) continue;
    const auto& [list, id, name] = key;
    changes.push_back({list, id, name, was != nullptr ? was->words : std::string{},
                       is != nullptr ? is->words : std::string{}, is != nullptr ? is->place : was->place});
  }
  return changes;
}

}  // namespace sekimori::policy
