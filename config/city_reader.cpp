// What is said about the city: which profile, which of its switches, where its segments are, and the
// registers of gateways, services and exceptions.
#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "config/assertion_reader.hpp"
#include "config/behaviour_reader.hpp"
#include "config/domain_reader.hpp"
#include "config/exception_reader.hpp"
#include "config/overlays.hpp"
#include "config/prefix_list.hpp"
#include "config/sections.hpp"
#include "config/segment_names.hpp"
#include "config/values.hpp"
#include "policy/text/text.hpp"

namespace sekimori::config {
namespace {

using policy::Cell;

std::string place_text(const policy::Place& place) {
  return std::to_string(place.line) + ":" + std::to_string(place.column);
}

// Remembers who wrote a value first, with the segment it belongs to.
template <class Value>
class FirstUse {
 public:
  struct Use {
    std::string owner{};
    policy::Place place{};
  };
  // The earlier use, if there is one; otherwise this one is kept.
  const Use* earlier(const Value& value, const std::string& owner, const policy::Place& place) {
    const auto [first, fresh] = seen_.emplace(value, Use{owner, place});
    return fresh ? nullptr : &first->second;
  }

 private:
  std::map<Value, Use> seen_{};
};

void require_new(FirstUse<std::string>& seen, const std::string& id, const Cursor& at) {
  if (const auto* first = seen.earlier(id, {}, at.place())) {
    at.error(Text::config_duplicate_id, {{"id", shown(id)}, {"place", place_text(first->place)}});
  }
}

// Which prefix, of which segment, in the order of reading. There may be 100,000 of them, so that words are
// made only for those of which something has to be said.
struct PlacedPrefix {
  std::uint32_t segment = 0;  // index into PolicyOptions::segments
  std::uint32_t index = 0;    // into SegmentOptions::prefixes
  std::string path{};         // empty: of a list file
};

class CityReader {
 public:
  CityReader(const CityContext& context, std::vector<SourceText>& sources, policy::PolicyOptions& options)
      : context_{context}, sources_{sources}, options_{options}, names_{options.profile} {}

  void read_switches(const Cursor& at) {
    at.entries([&](const Cursor& key, const Cursor& value) {
      policy::SwitchChoice choice;
      if (!key.text(choice.id)) return;
      choice.place = key.place();
      const policy::SwitchOptions* const known = find_switch(choice.id, key);
      bool on = true;
      if (value.is_text()) {
        if (!value.boolean(on)) return;
      } else {
        value.map([&](Map& map) {
          map.optional("clause").text(choice.clause);
          read_stage(map.optional("stage"), choice.draft);
        });
      }
      if (known == nullptr || !on) return;
      if (known->clause_required && choice.clause.empty()) {
        key.error(Text::config_switch_clause, {{"switch", choice.id}});
      }
      options_.switches.push_back(std::move(choice));
    });
  }

  void read_overlay(const Cursor& at) { read_overlays(at, names_, options_); }

  void read_segments(const Cursor& at) {
    FirstUse<std::string> written;
    const bool good = at.entries([&](const Cursor& key, const Cursor& value) {
      policy::SegmentOptions segment;
      segment.place = key.place();
      if (!names_.read(key, segment.id)) segment.id = shown(key.scalar(Text::config_kind_text));
      if (const auto* first = written.earlier(segment.id, segment.id, key.place())) {
        key.error(Text::config_segment_again, {{"value", shown(key.scalar(Text::config_kind_text))},
                                               {"segment", segment.id},
                                               {"place", place_text(first->place)}});
      }
      read_segment(key, value, segment);
      options_.segments.push_back(std::move(segment));
    });
    if (good && options_.segments.empty()) at.error(Text::config_segments_empty);
    report_overlaps(at.report());
  }

  void read_gateways(const Cursor& at) {
    FirstUse<std::string> ids;
    at.list([&](const Cursor& item) {
      policy::GatewayOptions gateway;
      gateway.place = item.place();
      item.map([&](Map& map) {
        const Cursor kind = map.required("kind");
        const bool known = kind.choice(gateway.kind, {gateway_kinds[0], gateway_kinds[1], gateway_kinds[2]});
        read_peers(map, ids, gateway);
        read_hosts(map.required("hosts"), gateway.hosts);
        // The product's ports, the ports as such, or both.
        const Cursor products = map.optional("products");
        if (gateway.kind == policy::GatewayKind::screen_transfer || products.missing()) {
          read_products(products, options_.known, gateway.ports);
        } else {
          products.error(Text::config_products_kind);
        }
        read_ports(products.present() ? map.optional("ports") : map.required("ports"), gateway.ports);
        check_cell(map.optional("from"), gateway.from, gateway.to, Cell::gateway, gateway.draft);
        if (known) check_kind(kind, gateway);
      });
      options_.gateways.push_back(std::move(gateway));
    });
  }

  void read_services(const Cursor& at) {
    FirstUse<std::string> ids;
    at.list([&](const Cursor& item) {
      policy::ServiceOptions service;
      service.place = item.place();
      item.map([&](Map& map) {
        read_peers(map, ids, service);
        const Cursor names = map.optional("names");
        read_names(names, service.names);
        const bool named = !service.names.empty();
        read_hosts(named ? map.optional("hosts") : map.required("hosts"), service.hosts);
        read_ports(map.required("ports"), service.ports);
        if (named && !context_.shortest_tap.empty() && context_.shortest_snaplen < snaplen_for_names) {
          names.error(Text::config_names_snaplen, {{"tap", context_.shortest_tap},
                                                   {"snaplen", std::to_string(context_.shortest_snaplen)},
                                                   {"least", std::to_string(snaplen_for_names)}});
        }
        check_cell(map.optional("from"), service.from, service.to, Cell::service, service.draft);
      });
      options_.services.push_back(std::move(service));
    });
  }

  void read_routers(const Cursor& at) {
    at.list([&](const Cursor& item) {
      MacAddress mac;
      if (!read_mac(item, mac)) return;
      if (std::find(options_.routers.begin(), options_.routers.end(), mac) != options_.routers.end()) {
        item.error(Text::config_repeated, {{"value", mac.to_string()}});
        return;
      }
      options_.routers.push_back(mac);
    });
  }

  void read_tunnels(const Cursor& at) {
    FirstUse<std::string> ids;
    at.list([&](const Cursor& item) {
      policy::TunnelOptions tunnel;
      tunnel.place = item.place();
      item.map([&](Map& map) { read_tunnel(item, map, ids, tunnel); });
      options_.tunnels.push_back(std::move(tunnel));
    });
    if (options_.tunnels.size() > policy::tunnels_max) {
      at.error(Text::config_list_long, {{"max", std::to_string(policy::tunnels_max)}});
    }
  }

 private:
  const policy::SwitchOptions* find_switch(const std::string& id, const Cursor& at) const {
    std::vector<std::string_view> known;
    for (const policy::SwitchOptions& one : options_.profile.switches) {
      if (one.id == id) return &one;
      known.push_back(one.id);
    }
    if (!names_.known()) return nullptr;  // the profile could not be read
    if (options_.profile.id.empty()) {
      at.error(Text::config_switch_nowhere, {{"value", shown(id)},
                                             {"switches", join(known)},
                                             {"mean", did_you_mean(at.report(), suggest(id, known))}});
      return nullptr;
    }
    at.error(Text::config_switch_unknown, {{"value", shown(id)},
                                           {"profile", options_.profile.id},
                                           {"switches", join(known)},
                                           {"mean", did_you_mean(at.report(), suggest(id, known))}});
    return nullptr;
  }

  void read_segment(const Cursor& key, const Cursor& value, policy::SegmentOptions& segment) {
    value.map([&](Map& map) {
      DomainSet domains = in_main;
      read_domain(map.optional("domain"), options_.domains, domains);
      map.optional("prefixes")
          .list([&](const Cursor& item) { read_named_prefix(item, domains, segment); }, Cursor::Size::some);
      const bool listed = read_prefix_file(map.optional("prefixes_from"), domains, segment);
      map.optional("vlans").list([&](const Cursor& item) { read_segment_vlans(item, segment); },
                                 Cursor::Size::some);
      map.optional("taps").list([&](const Cursor& item) { read_segment_tap(item, segment); },
                                Cursor::Size::some);
      const Cursor macs = map.optional("next_hop_macs");
      macs.list([&](const Cursor& item) { read_next_hop(item, segment); }, Cursor::Size::some);
      map.optional("next_hop_only").boolean(segment.next_hop_only);
      map.optional("router_macs")
          .list([&](const Cursor& item) { read_router(item, segment); }, Cursor::Size::some);
      map.optional("dhcp_servers")
          .list([&](const Cursor& item) { read_station(item, segment.dhcp_servers); }, Cursor::Size::some);
      map.optional("ra_routers")
          .list([&](const Cursor& item) { read_station(item, segment.ra_routers); }, Cursor::Size::some);
      place_stations(domains, segment);
      const bool named = map.optional("prefixes").present() || listed || map.optional("vlans").present() ||
                         map.optional("taps").present() || macs.present();
      if (!named) key.error(Text::config_segment_empty, {{"segment", segment.id}});
    });
  }

  // `domains`: the segment's, where the prefix names none of its own.
  void read_named_prefix(const Cursor& item, DomainSet domains, policy::SegmentOptions& segment) {
    policy::NamedPrefix named;
    named.place = item.place();
    bool good = false;
    if (item.is_map()) {
      item.map([&](Map& map) {
        const Cursor prefix = map.required("prefix");
        good = read_prefix(prefix, named.prefix);
        if (good) named.place = prefix.place();
        map.optional("name").text(named.name, 128);
        read_domain(map.optional("domain"), options_.domains, domains);
      });
    } else {
      good = read_prefix(item, named.prefix);
    }
    if (good) add_prefix(named, domains, item.path(), segment);
  }

  // One for each domain.
  void add_prefix(const policy::NamedPrefix& written, DomainSet domains, const std::string& path,
                  policy::SegmentOptions& segment) {
    for (DomainId domain = 0; domain < domains_max; ++domain) {
      if (!has_domain(domains, domain)) continue;
      prefixes_.push_back({static_cast<std::uint32_t>(options_.segments.size()),
                           static_cast<std::uint32_t>(segment.prefixes.size()), path});
      segment.prefixes.push_back(written);
      segment.prefixes.back().prefix.address.domain = domain;
    }
  }

  // A station's address is meant wherever the segment is.
  static void place_stations(DomainSet domains, policy::SegmentOptions& segment) {
    for (const policy::NamedPrefix& one : segment.prefixes)
      domains = static_cast<DomainSet>(domains | 1U << one.prefix.address.domain);
    for (std::vector<policy::StationOptions>* list : {&segment.dhcp_servers, &segment.ra_routers}) {
      std::vector<policy::StationOptions> placed;
      for (const policy::StationOptions& station : *list) {
        if (!station.address) {
          placed.push_back(station);
          continue;
        }
        for (DomainId domain = 0; domain < domains_max; ++domain) {
          if (has_domain(domains, domain)) placed.push_back({station.mac, station.address->in(domain)});
        }
      }
      *list = std::move(placed);
    }
  }

  // Named relative to the configuration's own folder, and part of what the policy's digest covers. False: no
  // file is named.
  bool read_prefix_file(const Cursor& at, DomainSet domains, policy::SegmentOptions& segment) {
    std::string name;
    if (at.missing()) return false;
    if (!at.text_or_empty(name)) return true;  // wrong, and told
    if (name.empty()) return false;
    const std::string file = (std::filesystem::path{at.place().file}.parent_path() / name).string();
    FileText text = read_text_file(file, list_bytes_max);
    if (!text.content) {
      at.report().add(at.place(), at.path(), shown(file) + ": " + why_unread(text, at.report()));
      return true;
    }
    sources_.push_back({file, std::move(*text.content)});
    const std::size_t before = segment.prefixes.size();
    read_prefix_list(sources_.back().content, file, at, segment.prefixes);
    if (domains != in_main) {
      const auto first = segment.prefixes.begin() + static_cast<std::ptrdiff_t>(before);
      const std::vector<policy::NamedPrefix> listed(first, segment.prefixes.end());
      segment.prefixes.resize(before);
      for (const policy::NamedPrefix& one : listed) add_prefix(one, domains, {}, segment);
      return true;
    }
    for (std::size_t i = before; i < segment.prefixes.size(); ++i) {
      prefixes_.push_back(
          {static_cast<std::uint32_t>(options_.segments.size()), static_cast<std::uint32_t>(i), {}});
    }
    return true;
  }

  void read_segment_vlans(const Cursor& item, policy::SegmentOptions& segment) {
    std::vector<std::uint16_t> vlans;
    if (!read_vlans(item, vlans)) return;
    bool told = false;
    for (const std::uint16_t vlan : vlans) {
      const auto* const first = vlans_.earlier(vlan, segment.id, item.place());
      if (first != nullptr && !told) {
        item.error(Text::config_vlan_twice, {{"vlan", std::to_string(vlan)},
                                             {"segment", shown(first->owner)},
                                             {"place", place_text(first->place)}});
        told = true;  // one message for a range
      }
      segment.vlans.push_back(vlan);
    }
  }

  void read_segment_tap(const Cursor& item, policy::SegmentOptions& segment) const {
    std::string tap;
    if (!item.text(tap)) return;
    const auto& taps = context_.taps;
    // Without taps the configuration serves capture files only, which have no names.
    if (!taps.empty() && std::find(taps.begin(), taps.end(), tap) == taps.end()) {
      const std::vector<std::string_view> known{taps.begin(), taps.end()};
      item.error(Text::config_tap_unknown, {{"value", shown(tap)},
                                            {"taps", join(known)},
                                            {"mean", did_you_mean(item.report(), suggest(tap, known))}});
      return;
    }
    if (std::find(segment.taps.begin(), segment.taps.end(), tap) != segment.taps.end()) {
      item.error(Text::config_repeated, {{"value", shown(tap)}});
      return;
    }
    segment.taps.push_back(std::move(tap));
  }

  void read_next_hop(const Cursor& item, policy::SegmentOptions& segment) {
    MacAddress mac;
    if (!read_mac(item, mac)) return;
    if (const auto* const first = macs_.earlier(mac, segment.id, item.place())) {
      item.error(
          Text::config_mac_twice,
          {{"mac", mac.to_string()}, {"segment", shown(first->owner)}, {"place", place_text(first->place)}});
    }
    segment.next_hop_macs.push_back(mac);
  }

  // The same card may be a firewall's on the wires of several segments.
  static void read_router(const Cursor& item, policy::SegmentOptions& segment) {
    MacAddress mac;
    if (!read_mac(item, mac)) return;
    auto& known = segment.router_macs;
    if (std::find(known.begin(), known.end(), mac) != known.end()) {
      item.error(Text::config_repeated, {{"value", mac.to_string()}});
      return;
    }
    known.push_back(mac);
  }

  static void read_station(const Cursor& item, std::vector<policy::StationOptions>& stations) {
    policy::StationOptions station;
    const std::string_view text = item.scalar(Text::config_kind_text);
    if (!item.is_text()) return;
    // As in the hosts of gateways: five colons or dashes and no "::" can only be a card.
    if (text.find('-') != std::string_view::npos || MacAddress::parse(text)) {
      MacAddress mac;
      if (!read_mac(item, mac)) return;
      station.mac = mac;
    } else {
      IpAddress address;
      if (!read_address(item, address)) return;
      station.address = address;
    }
    const bool again = std::any_of(stations.begin(), stations.end(), [&](const auto& one) {
      return one.mac == station.mac && one.address == station.address;
    });
    if (again) {
      item.error(Text::config_repeated, {{"value", shown(std::string{text})}});
      return;
    }
    stations.push_back(station);
  }

  const policy::NamedPrefix& named(const PlacedPrefix& placed) const {
    return options_.segments[placed.segment].prefixes[placed.index];
  }

  // Sorted by address and then by length, a prefix overlaps exactly the open ones that contain it, and these
  // form a stack. A part of the same segment may be listed again to give it a name; equal prefixes may not.
  void report_overlaps(Report& report) const {
    std::vector<Prefix> written;
    written.reserve(prefixes_.size());
    for (const PlacedPrefix& placed : prefixes_) written.push_back(named(placed).prefix);
    std::vector<std::uint32_t> open;
    for (const std::uint32_t one : in_order(written)) {
      const Prefix& prefix = written[one];
      while (!open.empty() && !written[open.back()].contains(prefix)) open.pop_back();
      if (!open.empty()) {
        const std::uint32_t other = open.back();
        const bool refines = prefixes_[one].segment == prefixes_[other].segment && prefix != written[other];
        // Read from the top, the later one is the surprise.
        if (!refines)
          report_overlap(report, prefixes_[std::min(one, other)], prefixes_[std::max(one, other)]);
      }
      open.push_back(one);
    }
  }

  void report_overlap(Report& report, const PlacedPrefix& first, const PlacedPrefix& later) const {
    const policy::Place& there = named(first).place;
    const policy::Place& here = named(later).place;
    const std::string& segment = options_.segments[first.segment].id;
    const std::string file = there.file == here.file ? std::string{} : there.file + ":";
    const std::string list = "segments." + shown(options_.segments[later.segment].id) + ".prefixes_from";
    report.add(here, later.path.empty() ? list : later.path, Text::config_overlap,
               {{"prefix", named(later).prefix.to_string()},
                {"other", named(first).prefix.to_string()},
                {"segment", segment},
                {"place", file + place_text(there)}});
  }

  // What gateways and services have in common.
  template <class Entry>
  void read_peers(Map& map, FirstUse<std::string>& ids, Entry& entry) const {
    const Cursor id = map.required("id");
    if (id.identifier(entry.id)) require_new(ids, entry.id, id);
    map.optional("name").text(entry.name);
    names_.read(map.required("from"), entry.from);
    names_.read(map.required("to"), entry.to);
    read_hosts(map.optional("clients"), entry.clients);
    read_domain(map.optional("domain"), options_.domains, entry.domains);
    read_stage(map.optional("stage"), entry.draft);
  }

  static void read_ports(const Cursor& at, std::vector<policy::Ports>& out) {
    at.list([&](const Cursor& item) { read_service(item, out); }, Cursor::Size::some);
  }

  // A gateway or service where the matrix has no room for one would be registered and never have any effect.
  void check_cell(const Cursor& at, const std::string& from, const std::string& to, Cell wanted,
                  bool draft) const {
    if (from.empty() || to.empty()) return;
    const auto found = cell_in_force(options_, from, to, draft);
    if (!found || found->cell == wanted || found->cell == Cell::permit) return;
    Text id = Text::config_cell_forbids;
    if (found->cell == Cell::gateway) id = Text::config_cell_wants_gateway;
    if (found->cell == Cell::service) id = Text::config_cell_wants_service;
    if (found->cell == Cell::forbid) id = Text::config_cell_wants_exception;
    at.error(id, {{"from", from}, {"to", to}, {"profile", options_.profile.id}});
  }

  // What sanitises one direction need not sanitise the other: a screen is looked at from one side only.
  void check_kind(const Cursor& at, const policy::GatewayOptions& gateway) const {
    const auto cell = cell_in_force(options_, gateway.from, gateway.to, gateway.draft);
    if (!cell || cell->cell != Cell::gateway || cell->kinds.empty()) return;
    std::vector<std::string_view> taken;
    std::string_view written;
    for (const auto& [word, kind] : gateway_kinds) {
      if (kind == gateway.kind) written = word;
      if (std::find(cell->kinds.begin(), cell->kinds.end(), kind) != cell->kinds.end()) taken.push_back(word);
    }
    if (std::find(taken.begin(), taken.end(), written) != taken.end()) return;
    at.error(Text::config_gateway_kind, {{"from", gateway.from},
                                         {"to", gateway.to},
                                         {"profile", options_.profile.id},
                                         {"kind", written},
                                         {"kinds", join(taken)}});
  }

  void read_tunnel(const Cursor& item, Map& map, FirstUse<std::string>& ids,
                   policy::TunnelOptions& tunnel) const {
    const std::size_t before = item.report().count();
    const Cursor id = map.required("id");
    if (id.identifier(tunnel.id)) require_new(ids, tunnel.id, id);
    map.optional("name").text(tunnel.name);
    read_stage(map.optional("stage"), tunnel.draft);
    map.optional("kinds").list([&](const Cursor& kind) { read_tunnel_kind(kind, tunnel.kinds); },
                               Cursor::Size::some);
    const auto side = [&](std::string_view key, std::vector<Prefix>& prefixes) {
      map.required(key).list(
          [&](const Cursor& entry) {
            Prefix prefix;
            if (read_prefix(entry, prefix)) prefixes.push_back(prefix);
          },
          Cursor::Size::some);
    };
    read_domain(map.optional("domain"), options_.domains, tunnel.domains);
    side("side_a", tunnel.a);
    side("side_b", tunnel.b);
    if (item.report().count() == before && everywhere(tunnel.a) && everywhere(tunnel.b)) {
      item.error(Text::config_tunnel_unlimited);
    }
  }

  static void read_tunnel_kind(const Cursor& at, std::vector<capture::Tunnel>& kinds) {
    using capture::Tunnel;
    Tunnel kind = Tunnel::none;
    if (!at.choice(kind, {{"ipip", Tunnel::ipip},
                          {"gre", Tunnel::gre},
                          {"erspan", Tunnel::erspan},
                          {"vxlan", Tunnel::vxlan},
                          {"geneve", Tunnel::geneve},
                          {"teredo", Tunnel::teredo},
                          {"gtp_u", Tunnel::gtp_u},
                          {"l2tp", Tunnel::l2tp},
                          {"capwap", Tunnel::capwap},
                          {"ah", Tunnel::ah},
                          {"esp", Tunnel::esp},
                          {"mpls", Tunnel::mpls},
                          {"tzsp", Tunnel::tzsp},
                          {"etherip", Tunnel::etherip}})) {
      return;
    }
    if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) {
      at.error(Text::config_repeated, {{"value", at.scalar(Text::config_kind_text)}});
    }
    kinds.push_back(kind);
  }

  static bool everywhere(const std::vector<Prefix>& addresses) {
    return std::any_of(addresses.begin(), addresses.end(),
                       [](const Prefix& prefix) { return prefix.length == 0; });
  }

  const CityContext& context_;
  std::vector<SourceText>& sources_;
  policy::PolicyOptions& options_;
  SegmentNames names_;
  std::vector<PlacedPrefix> prefixes_{};
  FirstUse<std::uint16_t> vlans_{};
  FirstUse<MacAddress> macs_{};
};

}  // namespace

ProfileChoice read_profile_choice(Map& root) {
  ProfileChoice choice;
  const Cursor at = root.required("profile");
  const auto name = [&](const Cursor& from) {
    std::string id;
    if (from.text(id)) choice.id = std::move(id);
  };
  if (!at.is_map()) {
    name(at);
  } else {
    at.map([&](Map& map) {
      name(map.required("name"));
      map.optional("file").text_or_empty(choice.file);
      map.optional("clauses").text_or_empty(choice.clauses_file);
      map.optional("services").text_or_empty(choice.services_file);
    });
  }
  return choice;
}

void read_city(Map& root, const CityContext& context, std::vector<SourceText>& sources,
               policy::PolicyOptions& options) {
  CityReader reader{context, sources, options};
  // Switches and overlays first: they change the cells that gateways and services are held against.
  reader.read_switches(root.optional("switches"));
  reader.read_overlay(root.optional("overlay"));
  reader.read_segments(root.required("segments"));
  reader.read_gateways(root.optional("gateways"));
  reader.read_services(root.optional("services"));
  options.utc_offset_minutes = context.utc_offset_minutes;
  ExceptionReader exceptions{context, sources, options.domains, options.exceptions, options.notes};
  exceptions.read_list(root.optional("exceptions"));
  exceptions.read_files(root.optional("exceptions_from"));
  reader.read_routers(root.optional("routers"));
  reader.read_tunnels(root.optional("tunnels"));
  read_assertions(root.optional("assert"), context.utc_offset_minutes, options);
  read_behaviour(root, SegmentNames{options.profile}, options);
}

}  // namespace sekimori::config
