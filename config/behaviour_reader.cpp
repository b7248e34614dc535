// What is said about conversations as a whole: the city's information systems and their bulk thresholds, ways
// that are watched for bulk transfers, and how attacks from inside and services are looked for.
#include "config/behaviour_reader.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "config/domain_reader.hpp"
#include "config/values.hpp"
#include "config/week_reader.hpp"
#include "policy/text/text.hpp"

namespace sekimori::config {
namespace {

using namespace std::chrono_literals;
using policy::BulkDirection;
using DomainNames = std::vector<policy::DomainName>;

constexpr std::size_t scanners_most = 4096;
constexpr std::size_t session_ports_most = 256;

using Ids = std::map<std::string, policy::Place>;

void require_new(Ids& seen, const std::string& id, const Cursor& at) {
  const auto [first, fresh] = seen.emplace(id, at.place());
  if (fresh) return;
  const policy::Place& place = first->second;
  at.error(Text::config_duplicate_id,
           {{"id", shown(id)}, {"place", std::to_string(place.line) + ":" + std::to_string(place.column)}});
}

void read_prefixes(const Cursor& at, std::vector<Prefix>& out) {
  at.list(
      [&](const Cursor& item) {
        Prefix prefix;
        if (read_prefix(item, prefix)) out.push_back(prefix);
      },
      Cursor::Size::some);
}

bool read_clock(const Cursor& at, std::uint16_t& out) {
  std::string value;
  if (!at.text(value)) return false;
  const auto minute = parse_minute(value);
  if (!minute) {
    at.error(Text::behaviour_not_clock, {{"value", shown(value)}});
    return false;
  }
  out = *minute;
  return true;
}

void read_hours(const Cursor& at, policy::HoursOptions& hours) {
  at.map([&](Map& map) {
    read_weekdays(map.required("days"), hours.weekdays);
    const Cursor from = map.required("from");
    const Cursor until = map.required("until");
    policy::HoursOptions::Range range;
    const bool good = read_clock(from, range.begin);
    if (!read_clock(until, range.end) || !good) return;
    range.begin = static_cast<std::uint16_t>(range.begin % (24 * 60));
    if (range.begin == range.end) {
      until.error(Text::behaviour_hours_equal);
    } else {
      hours.ranges = {range};
    }
  });
}

void read_bulk(const Cursor& at, policy::BulkOptions& bulk) {
  at.map([&](Map& map) {
    map.optional("bytes").bytes(bulk.bytes, {64ULL << 10U, 16ULL << 40U});
    map.optional("window").duration(bulk.window, {1min, 168h});
    map.optional("direction")
        .choice(bulk.direction,
                {{"to_client", BulkDirection::to_client}, {"to_server", BulkDirection::to_server}});
    read_hours(map.optional("hours"), bulk.hours);
    map.optional("out_of_hours_percent").number(bulk.out_of_hours_percent, {1, 100});
    read_prefixes(map.optional("exempt"), bulk.exempt);
  });
}

void read_system(const Cursor& item, const DomainNames& domains, Ids& ids, policy::SystemOptions& system) {
  system.place = item.place();
  item.map([&](Map& map) {
    const Cursor id = map.required("id");
    if (id.identifier(system.id)) require_new(ids, system.id, id);
    map.optional("name").text(system.name, 128);
    map.optional("section").text(system.section, 128);
    using policy::Importance;
    map.optional("importance")
        .choice(system.importance, {{"I", Importance::i},
                                    {"II", Importance::ii},
                                    {"III", Importance::iii},
                                    {"IV", Importance::iv},
                                    {"Ⅰ", Importance::i},
                                    {"Ⅱ", Importance::ii},
                                    {"Ⅲ", Importance::iii},
                                    {"Ⅳ", Importance::iv}});
    read_domain(map.optional("domain"), domains, system.domains);
    read_prefixes(map.required("hosts"), system.hosts);
    map.optional("ports").list([&](const Cursor& port) { read_service(port, system.ports); },
                               Cursor::Size::some);
    const Cursor bulk = map.optional("bulk");
    if (!bulk.present()) return;
    system.bulk.emplace();
    read_bulk(bulk, *system.bulk);
  });
}

// An address that more systems share than are told apart would silently belong to some of them only.
void report_shared(const Cursor& at, const std::vector<policy::SystemOptions>& systems) {
  for (const policy::SystemOptions& system : systems) {
    for (const Prefix& prefix : system.hosts) {
      const auto sharing =
          std::count_if(systems.begin(), systems.end(), [&](const policy::SystemOptions& other) {
            return std::any_of(other.hosts.begin(), other.hosts.end(),
                               [&](const Prefix& host) { return host.contains(prefix); }) &&
                   (other.domains & system.domains) != 0;
          });
      if (static_cast<std::size_t>(sharing) <= policy::systems_sharing_max) continue;
      at.error(Text::behaviour_systems_shared,
               {{"address", prefix.to_string()}, {"max", std::to_string(policy::systems_sharing_max)}});
      return;
    }
  }
}

void read_transfer(const Cursor& item, const SegmentNames& names, const DomainNames& domains, Ids& ids,
                   policy::TransferOptions& transfer) {
  transfer.place = item.place();
  transfer.bulk.direction = BulkDirection::to_server;
  item.map([&](Map& map) {
    const Cursor id = map.required("id");
    if (id.identifier(transfer.id)) require_new(ids, transfer.id, id);
    map.optional("name").text(transfer.name, 128);
    names.read(map.required("from"), transfer.from);
    names.read(map.required("to"), transfer.to);
    read_domain(map.optional("domain"), domains, transfer.domains);
    read_bulk(map.required("bulk"), transfer.bulk);
  });
}

void read_session_ports(const Cursor& at, std::vector<std::uint16_t>& out) {
  std::vector<std::uint16_t> ports;
  const bool good = at.list([&](const Cursor& item) {
    std::uint16_t port = 0;
    if (!item.number(port, {1, 65535})) return;
    if (std::find(ports.begin(), ports.end(), port) != ports.end()) {
      item.error(Text::config_repeated, {{"value", std::to_string(port)}});
    }
    ports.push_back(port);
  });
  if (!good) return;
  if (ports.size() > session_ports_most) {
    at.error(Text::config_list_long, {{"max", std::to_string(session_ports_most)}});
  }
  out = std::move(ports);
}

void read_scan(const Cursor& at, policy::ScanOptions& scan) {
  constexpr Cursor::Range counts{3, 1000};
  at.map([&](Map& map) {
    map.optional("enabled").boolean(scan.enabled);
    map.optional("window").duration(scan.window, {10s, 1h});
    const Cursor slow = map.optional("slow_window");
    slow.duration(scan.slow_window, {1min, 24h});
    if (scan.slow_window <= scan.window) {
      (slow.present() ? slow : at)
          .error(Text::behaviour_slow_window, {{"slow", std::to_string(scan.slow_window.count())},
                                               {"fast", std::to_string(scan.window.count())}});
    }
    // In the longer window fewer would make the shorter one useless.
    const auto pair = [&](std::string_view fast_key, std::uint16_t& fast, std::string_view slow_key,
                          std::uint16_t& slow_count) {
      map.optional(fast_key).number(fast, counts);
      const Cursor slow_at = map.optional(slow_key);
      slow_at.number(slow_count, counts);
      if (slow_count >= fast) return;
      (slow_at.present() ? slow_at : at)
          .error(Text::behaviour_slow_fewer, {{"slow_key", slow_key},
                                              {"slow", std::to_string(slow_count)},
                                              {"key", fast_key},
                                              {"fast", std::to_string(fast)}});
    };
    pair("hosts", scan.hosts, "slow_hosts", scan.slow_hosts);
    pair("ports", scan.ports, "slow_ports", scan.slow_ports);
    pair("sessions", scan.sessions, "slow_sessions", scan.slow_sessions);
    read_session_ports(map.optional("session_ports"), scan.session_ports);
    map.optional("session_time").duration(scan.session_time, {1s, 10min});
    std::uint64_t bytes = scan.session_bytes;
    if (map.optional("session_bytes").bytes(bytes, {1024, 16ULL << 20U})) {
      scan.session_bytes = static_cast<std::uint32_t>(bytes);
    }
    map.optional("answer_time").duration(scan.answer_time, {100ms, 30s});
  });
}

// "10.1.2.3", or {prefix: 10.1.2.3, domain: b}.
void read_scanner(const Cursor& item, const DomainNames& names, std::vector<Prefix>& out) {
  Prefix prefix;
  DomainSet domains = in_main;
  bool good = false;
  if (item.is_map()) {
    item.map([&](Map& map) {
      good = read_prefix(map.required("prefix"), prefix);
      read_domain(map.optional("domain"), names, domains);
    });
  } else {
    good = read_prefix(item, prefix);
  }
  if (!good) return;
  for (const Prefix& placed : in_domains({prefix}, domains)) out.push_back(placed);
}

}  // namespace

void read_behaviour(Map& root, const SegmentNames& names, policy::PolicyOptions& options) {
  Ids ids;  // one for both: they name what is warned of
  const Cursor systems = root.optional("systems");
  systems.list([&](const Cursor& item) {
    policy::SystemOptions system;
    read_system(item, options.domains, ids, system);
    options.systems.push_back(std::move(system));
  });
  if (options.systems.size() > policy::systems_max) {
    systems.error(Text::config_list_long, {{"max", std::to_string(policy::systems_max)}});
  } else {
    report_shared(systems, options.systems);
  }
  root.optional("transfers").list([&](const Cursor& item) {
    policy::TransferOptions transfer;
    read_transfer(item, names, options.domains, ids, transfer);
    options.transfers.push_back(std::move(transfer));
  });
  root.optional("behaviour").map([&](Map& map) {
    policy::BehaviourOptions& behaviour = options.behaviour;
    read_scan(map.optional("scan"), behaviour.scan);
    map.optional("half_open_rate").number(behaviour.half_open_rate, {0, 1'000'000});
    const Cursor scanners = map.optional("scanners_allowed");
    scanners.list(
        [&](const Cursor& item) { read_scanner(item, options.domains, behaviour.scanners_allowed); });
    if (behaviour.scanners_allowed.size() > scanners_most) {
      scanners.error(Text::config_list_long, {{"max", std::to_string(scanners_most)}});
    }
    map.optional("unused_after_days").number(behaviour.unused_after_days, {0, 3650});
    map.optional("declared_only").list([&](const Cursor& item) {
      std::string segment;
      if (names.read(item, segment)) behaviour.declared_only.push_back(std::move(segment));
    });
    map.optional("followed_max").number(behaviour.followed_max, {1024, 1'000'000});
  });
}

}  // namespace sekimori::config
