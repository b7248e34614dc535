// What the daemon watches on itself, and from where on it is told.
#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "config/sections.hpp"
#include "config/segment_names.hpp"
#include "config/suggest.hpp"
#include "config/values.hpp"

namespace sekimori::config {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t pairs_most = 256;
constexpr std::size_t vlans_most = 256;

void read_tap(const Cursor& key, const Cursor& value, const capture::CaptureOptions& capture,
              daemon::HealthOptions& health) {
  daemon::HealthOptions::Tap tap;
  if (!key.identifier(tap.name)) return;
  std::vector<std::string_view> known;
  for (const capture::TapOptions& each : capture.taps) known.emplace_back(each.name);
  if (std::find(known.begin(), known.end(), tap.name) == known.end()) {
    key.error(Text::config_health_tap,
              {{"value", shown(tap.name)},
               {"mean", did_you_mean(key.report(), std::string{suggest(tap.name, known)})}});
  }
  value.map([&](Map& own) { own.required("silence").duration(tap.silence, {5s, 24h}); });
  health.taps.push_back(std::move(tap));
}

void read_pair(const Cursor& item, const SegmentNames& names, daemon::HealthOptions& health) {
  daemon::HealthOptions::Pair pair;
  item.map([&](Map& map) {
    const bool from = names.read(map.required("from"), pair.from);
    const bool to = names.read(map.required("to"), pair.to);
    map.required("silence").duration(pair.silence, {10s, 168h});
    if (!from || !to) return;
    const bool known = std::any_of(health.pairs.begin(), health.pairs.end(), [&](const auto& each) {
      return each.from == pair.from && each.to == pair.to;
    });
    if (known) item.error(Text::config_repeated, {{"value", pair.from + " " + pair.to}});
    health.pairs.push_back(std::move(pair));
  });
}

void read_vlan(const Cursor& item, daemon::HealthOptions& health) {
  daemon::HealthOptions::Vlan vlan;
  item.map([&](Map& map) {
    map.required("vlan").number(vlan.vlan, {1, 4094});
    map.required("silence").duration(vlan.silence, {10s, 168h});
    const bool known = std::any_of(health.vlans.begin(), health.vlans.end(),
                                   [&](const auto& each) { return each.vlan == vlan.vlan; });
    if (known) item.error(Text::config_repeated, {{"value", std::to_string(vlan.vlan)}});
    health.vlans.push_back(vlan);
  });
}

}  // namespace

void read_health(Map& root, const capture::CaptureOptions& capture, const policy::Profile& profile,
                 daemon::HealthOptions& health) {
  const SegmentNames names{profile};
  root.optional("health").map([&](Map& map) {
    map.optional("silence").duration(health.silence, {5s, 24h});
    map.optional("taps").entries(
        [&](const Cursor& key, const Cursor& value) { read_tap(key, value, capture, health); });
    const Cursor pairs = map.optional("pairs");
    pairs.list([&](const Cursor& item) { read_pair(item, names, health); });
    if (health.pairs.size() > pairs_most) {
      pairs.error(Text::config_list_long, {{"max", std::to_string(pairs_most)}});
    }
    const Cursor vlans = map.optional("vlans");
    vlans.list([&](const Cursor& item) { read_vlan(item, health); });
    if (health.vlans.size() > vlans_most) {
      vlans.error(Text::config_list_long, {{"max", std::to_string(vlans_most)}});
    }
    map.optional("learn").boolean(health.learn);
    map.optional("window").duration(health.window, {10s, 600s});
    map.optional("loss_ppm").number(health.loss_ppm, {1, 1'000'000});
    map.optional("one_sided_percent").number(health.one_sided_percent, {1, 100});
    map.optional("missed_percent").number(health.missed_percent, {1, 100});
    map.optional("duplicates_percent").number(health.duplicates_percent, {1, 100});
    map.optional("table_percent").number(health.table_percent, {1, 100});
    map.optional("disk_percent").number(health.disk_percent, {1, 99});
    map.optional("clock_step").duration(health.clock_step, {1s, 1h});
    map.optional("heartbeat").duration(health.heartbeat, {0s, 1h});
  });
}

}  // namespace sekimori::config
