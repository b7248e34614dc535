#include "config/domain_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "config/values.hpp"
#include "policy/text/text.hpp"

namespace sekimori::config {
namespace {

using capture::DomainOptions;
constexpr std::string_view main_name = "main";

class CaptureDomains {
 public:
  CaptureDomains(const std::vector<capture::TapOptions>& taps, std::vector<DomainOptions>& wires,
                 std::vector<policy::DomainName>& names)
      : taps_{taps}, wires_{wires}, names_{names} {}

  void read(const Cursor& at) {
    names_ = {{std::string{main_name}, true, at.place()}};
    const bool good = at.entries([&](const Cursor& key, const Cursor& value) { read_one(key, value); });
    if (names_.size() > domains_max) at.error(Text::domains_many, {{"max", std::to_string(domains_max)}});
    if (good && !wires_.empty() && names_.size() <= domains_max) return;
    wires_.clear();
    names_.clear();
  }

 private:
  struct Use {
    std::string domain{};
    policy::Place place{};
  };

  void read_one(const Cursor& key, const Cursor& value) {
    std::string name;
    if (!key.identifier(name)) return;
    DomainOptions domain;
    if (name != main_name) {
      domain.id = static_cast<DomainId>(std::min(names_.size(), domains_max - 1));
      names_.push_back({name, false, key.place()});
    }
    value.map([&](Map& map) {
      map.optional("taps").list(
          [&](const Cursor& item) {
            std::uint16_t tap = 0;
            if (!read_tap(item, tap)) return;
            domain.taps.push_back(tap);
            claim(taps_used_, tap, name, item, Text::domain_tap_twice, tap, 0);
          },
          Cursor::Size::some);
      map.optional("vlans").list(
          [&](const Cursor& item) {
            for (const std::uint16_t vlan : vlans_of(item)) {
              domain.vlans.push_back(vlan);
              if (!claim(vlans_used_, vlan, name, item, Text::domain_vlan_twice, 0, vlan)) break;
            }
          },
          Cursor::Size::some);
      map.optional("wires").list([&](const Cursor& item) { read_wires(item, name, domain); },
                                 Cursor::Size::some);
    });
    const bool wired = !domain.taps.empty() || !domain.vlans.empty() || !domain.wires.empty();
    names_[name == main_name ? 0 : names_.size() - 1].wired = wired || name == main_name;
    wires_.push_back(std::move(domain));
  }

  // One VLAN of one tap: where two taps show different wires of the same number.
  void read_wires(const Cursor& item, const std::string& name, DomainOptions& domain) {
    item.map([&](Map& map) {
      std::uint16_t tap = 0;
      const bool known = read_tap(map.required("tap"), tap);
      map.required("vlans").list(
          [&](const Cursor& each) {
            for (const std::uint16_t vlan : vlans_of(each)) {
              if (!known) continue;
              domain.wires.push_back({tap, vlan});
              if (!claim(wires_used_, {tap, vlan}, name, each, Text::domain_wire_twice, tap, vlan)) break;
            }
          },
          Cursor::Size::some);
    });
  }

  static std::vector<std::uint16_t> vlans_of(const Cursor& at) {
    std::vector<std::uint16_t> vlans;
    read_vlans(at, vlans);
    return vlans;
  }

  bool read_tap(const Cursor& at, std::uint16_t& out) const {
    std::string name;
    if (!at.text(name)) return false;
    const auto found = std::find_if(taps_.begin(), taps_.end(),
                                    [&](const capture::TapOptions& tap) { return tap.name == name; });
    if (found != taps_.end()) {
      out = static_cast<std::uint16_t>(found - taps_.begin());
      return true;
    }
    // Without taps the configuration serves capture files only, which have no names.
    if (taps_.empty()) return false;
    std::vector<std::string_view> known;
    for (const capture::TapOptions& tap : taps_) known.push_back(tap.name);
    at.error(Text::config_tap_unknown, {{"value", shown(name)},
                                        {"taps", join(known)},
                                        {"mean", did_you_mean(at.report(), suggest(name, known))}});
    return false;
  }

  // No wire is in two domains, nor twice in one.
  template <class Wire>
  bool claim(std::map<Wire, Use>& used, const Wire& wire, const std::string& name, const Cursor& at,
             Text message, std::uint16_t tap, std::uint16_t vlan) const {
    const auto [first, fresh] = used.emplace(wire, Use{name, at.place()});
    if (fresh) return true;
    const policy::Place& place = first->second.place;
    at.error(message, {{"tap", tap < taps_.size() ? shown(taps_[tap].name) : std::string{"-"}},
                       {"vlan", std::to_string(vlan)},
                       {"domain", first->second.domain},
                       {"place", std::to_string(place.line) + ":" + std::to_string(place.column)}});
    return false;
  }

  const std::vector<capture::TapOptions>& taps_;
  std::vector<DomainOptions>& wires_;
  std::vector<policy::DomainName>& names_;
  std::map<std::uint16_t, Use> taps_used_{};
  std::map<std::uint16_t, Use> vlans_used_{};
  std::map<std::pair<std::uint16_t, std::uint16_t>, Use> wires_used_{};
};

}  // namespace

void read_capture_domains(const Cursor& at, const std::vector<capture::TapOptions>& taps,
                          std::vector<DomainOptions>& wires, std::vector<policy::DomainName>& names) {
  if (at.present()) CaptureDomains{taps, wires, names}.read(at);
}

bool read_domain(const Cursor& at, const std::vector<policy::DomainName>& names, DomainSet& out) {
  if (!at.present()) return false;
  unsigned set = 0;
  bool good = true;
  const auto read_one = [&](const Cursor& item) {
    std::string name;
    if (!item.text(name)) {
      good = false;
      return;
    }
    std::vector<std::string_view> known;
    for (const policy::DomainName& one : names) known.push_back(one.name);
    if (known.empty()) known.push_back(main_name);
    const auto found = std::find(known.begin(), known.end(), std::string_view{name});
    if (found == known.end()) {
      item.error(Text::domain_unknown, {{"value", shown(name)},
                                        {"domains", join(known)},
                                        {"mean", did_you_mean(item.report(), suggest(name, known))}});
      good = false;
      return;
    }
    const unsigned bit = 1U << static_cast<unsigned>(found - known.begin());
    if ((set & bit) != 0) item.error(Text::config_repeated, {{"value", shown(name)}});
    set |= bit;
  };
  if (at.is_text()) {
    read_one(at);
  } else {
    good = at.list(read_one, Cursor::Size::some) && good;
  }
  if (!good || set == 0) return false;
  out = static_cast<DomainSet>(set);
  return true;
}

}  // namespace sekimori::config
