#include "daemon/alert/wire_watch.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "daemon/alert/coverage.hpp"
#include "daemon/alert/wire_hosts.hpp"
#include "daemon/first_seen.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

using capture::AddressKind;
using capture::WireSign;
using policy::SegmentId;

policy::Localized both(Text id) {
  return {std::string{text(id, Language::ja)}, std::string{text(id, Language::en)}};
}

struct Ground {
  std::string_view word;
  Text text;
};
constexpr Ground ground_source{"source", Text::wire_ground_source};
constexpr Ground ground_arp{"arp", Text::wire_ground_arp};
constexpr Ground ground_dhcp{"dhcp", Text::wire_ground_dhcp};
constexpr Ground ground_link_local{"link_local", Text::wire_ground_link_local};
constexpr Ground ground_same_mac{"same_mac", Text::wire_ground_same_mac};
constexpr Ground ground_root{"root_bridge", Text::wire_ground_root};
constexpr Ground ground_addresses{"addresses", Text::wire_ground_addresses};
constexpr Ground ground_unlisted{"unlisted", Text::wire_ground_unlisted};
constexpr Ground ground_foreign_prefix{"foreign_prefix", Text::wire_ground_foreign_prefix};
constexpr Ground ground_no_ipv6{"no_ipv6", Text::wire_ground_no_ipv6};
constexpr Ground ground_fragmented{"fragmented", Text::wire_ground_fragmented};

Ground ground_of(const WireSign& sign) {
  switch (sign.port) {
    case 137:
    case 138:
      return {"netbios", Text::wire_ground_netbios};
    case 1900:
    case 3702:
      return {"ssdp", Text::wire_ground_ssdp};
    case 5353:
      return {"mdns", Text::wire_ground_mdns};
    case 5355:
      return {"llmnr", Text::wire_ground_llmnr};
    default:
      return ground_source;
  }
}

// Cards that several routers share: VRRP (RFC 9568) and HSRP.
bool virtual_router(const MacAddress& mac) {
  const auto begins = [&](std::initializer_list<std::uint8_t> octets) {
    return std::equal(octets.begin(), octets.end(), mac.bytes.begin());
  };
  return begins({0x00, 0x00, 0x5e, 0x00, 0x01}) || begins({0x00, 0x00, 0x5e, 0x00, 0x02}) ||
         begins({0x00, 0x00, 0x0c, 0x07, 0xac}) || begins({0x00, 0x00, 0x0c, 0x9f});
}

// The card in an interface identifier that was made of one (RFC 4291, appendix A).
std::optional<MacAddress> card_in(const IpAddress& address) {
  const auto& octets = address.bytes;
  if (address.family != Family::ipv6 || octets[11] != 0xff || octets[12] != 0xfe) return std::nullopt;
  return MacAddress{{static_cast<std::uint8_t>(octets[8] ^ 0x02U), octets[9], octets[10], octets[13],
                     octets[14], octets[15]}};
}

// Groups that no router forwards: 224.0.0.0/24 and ff01::, ff02:: (RFC 5771, RFC 4291).
bool stays_on_link(const IpAddress& group) {
  if (group.family == Family::ipv6) return (group.bytes[1] & 0x0fU) <= 2;
  return group.bytes[0] == 224 && group.bytes[1] == 0 && group.bytes[2] == 0;
}

bool within(Time a, Time b, Duration limit) {
  return (a < b ? b - a : a - b) <= limit;
}

}  // namespace

struct WireWatch::State {
  State(std::vector<std::string> names, std::uint64_t secret) : taps(std::move(names)), seed(secret) {}

  // What the policy says of one segment's wires.
  struct Claims {
    std::vector<policy::StationOptions> dhcp_servers{};
    std::vector<policy::StationOptions> ra_routers{};
    bool routers = false;  // are listed
    bool ipv6 = false;     // has prefixes
  };
  struct Pending {
    Time due{};
    Notice notice{};
  };
  struct Root {
    MacAddress mac{};
    Segments on = 0;
  };
  static constexpr std::size_t bounded = 4096;  // wires, pending hints and told stations

  const std::vector<std::string> taps;
  const std::uint64_t seed;
  const policy::Policy* policy = nullptr;  // during a call
  std::vector<Notice>* found = nullptr;    // likewise
  std::uint32_t generation = 0;
  std::array<Claims, policy::segments_max> claims{};
  std::set<MacAddress> routers{};
  Segments protected_segments = 0;  // mynumber, lgwan
  SegmentId mynumber = policy::segments_max;
  SegmentId out_of_scope = policy::segments_max;

  Counters counters{};
  FirstSeen seen{};
  WireHosts hosts{hosts_max};
  std::map<MacAddress, Pending> pending{};
  Time next_due = Time::max();  // no pending hint is due before
  std::map<WireId, Root> roots{};
  std::map<std::pair<NoticeKind, WireId>, std::set<MacAddress>> cards{};
  std::set<std::pair<NoticeKind, std::pair<WireId, MacAddress>>> stations_told{};
  std::set<std::pair<NoticeKind, std::string>> recalled{};  // by an earlier run, by their subjects

  void learn(const policy::Policy& now);
  void take(const WireSign& sign, Time time);

  Segments claimants(const WireId& wire) const;
  bool router(const MacAddress& mac, Time time) const;
  bool routers_listed(Segments on) const;
  std::optional<SegmentId> listed(const IpAddress& address) const;
  // What names no wire of its own may be on any, but for networks that are none of the body's (schools).
  bool foreign(SegmentId home, Segments on) const {
    return on != 0 && !has(on, home) && (home == out_of_scope || policy->has_claims(home));
  }

  void source(const WireSign& sign, WireId wire, Segments on, Time time);
  void forwarded(const WireSign& sign, WireId wire, Segments on, std::optional<SegmentId> home, Time time);
  void unlisted(const WireSign& sign, WireId wire, Segments on, Time time);
  void link_local(const WireSign& sign, WireId wire, Segments on, Time time);
  void arp(const WireSign& sign, WireId wire, Segments on, Time time);
  void dhcp_client(const WireSign& sign, WireId wire, Segments on, Time time);
  void dhcp_server(const WireSign& sign, WireId wire, Segments on, Time time);
  void advertisement(const WireSign& sign, WireId wire, Segments on, Time time);
  void bridge(const WireSign& sign, WireId wire, Segments on, Time time);

  void mix(SegmentId home, const WireSign& sign, const IpAddress& address, const Ground& ground, WireId wire,
           Segments on, Time time);
  void place(const MacAddress& mac, const WirePlace& place);
  void joined(SegmentId a, SegmentId b, WireId wire, const MacAddress& mac, const Ground& ground, Time time);
  void dual(const MacAddress& mac, WireHost& host, const WirePlace& here, const WirePlace& there);
  void behind(const WireSign& sign, WireId wire, Segments on, Time time);

  std::string name_of(const WireId& wire) const;
  void add_wire(Notice& notice, const WireId& wire) const;
  std::string subject(NoticeKind kind, const WireId& wire, const MacAddress& mac);
  Notice at(NoticeKind kind, const WireSign& sign, const IpAddress& address, WireId wire, Segments on,
            Time time);
  bool first_time(NoticeKind kind, const WireId& wire, const MacAddress& mac);
  void tell(Notice notice, Segments about = 0);
};

namespace {

SegmentId first_of(Segments set) {
  SegmentId id = 0;
  while (id + 1U < policy::segments_max && !has(set, id)) ++id;
  return id;
}
bool one_only(Segments set) {
  return set != 0 && (set & (set - 1U)) == 0;
}
Segments bit(SegmentId segment) {
  return static_cast<Segments>(1U << segment);
}

}  // namespace

// ---- what the policy says ---------------------------------------------------------------------------------

void WireWatch::State::learn(const policy::Policy& now) {
  policy = &now;
  if (generation == now.generation()) return;
  generation = now.generation();
  claims = {};
  routers = {now.options().routers.begin(), now.options().routers.end()};
  protected_segments = 0;
  mynumber = out_of_scope = policy::segments_max;
  for (const policy::SegmentOptions& options : now.options().segments) {
    const int index = now.segment_index(options.id);
    if (index < 0) continue;
    const auto segment = static_cast<SegmentId>(index);
    Claims& claim = claims[segment];
    claim.dhcp_servers = options.dhcp_servers;
    claim.ra_routers = options.ra_routers;
    claim.routers = !options.router_macs.empty();
    claim.ipv6 = std::any_of(options.prefixes.begin(), options.prefixes.end(),
                             [](const auto& prefix) { return prefix.prefix.address.family == Family::ipv6; });
    routers.insert(options.router_macs.begin(), options.router_macs.end());
    routers.insert(options.next_hop_macs.begin(), options.next_hop_macs.end());
    const std::string& id = now.segments()[segment].id;
    if (id == "mynumber") mynumber = segment;
    if (id == "out-of-scope") out_of_scope = segment;
    if (id == "mynumber" || id == "lgwan") {
      protected_segments = static_cast<Segments>(protected_segments | bit(segment));
    }
  }
}

Segments WireWatch::State::claimants(const WireId& wire) const {
  Segments on = 0;
  const std::array<std::uint16_t, 1> vlans{wire.vlan};
  const std::span<const std::uint16_t> ids{vlans.data(), wire.vlan == 0 ? 0U : 1U};
  for (std::size_t i = 0; i < policy->segments().size(); ++i) {
    const auto id = static_cast<SegmentId>(i);
    if (policy->claimed(id, wire.tap, ids)) on = static_cast<Segments>(on | bit(id));
  }
  return on;
}

bool WireWatch::State::router(const MacAddress& mac, Time time) const {
  if (routers.count(mac) != 0 || virtual_router(mac)) return true;
  const WireHost* const host = hosts.find(mac);
  return host != nullptr && host->forwarded != Time::min() && within(host->forwarded, time, remembered);
}

bool WireWatch::State::routers_listed(Segments on) const {
  for (SegmentId id = 0; id < policy::segments_max; ++id) {
    if (has(on, id) && claims[id].routers) return true;
  }
  return false;
}

std::optional<SegmentId> WireWatch::State::listed(const IpAddress& address) const {
  int prefix = -1;
  const SegmentId segment = policy->classify(address, &prefix);
  if (prefix < 0) return std::nullopt;
  return segment;
}

// ---- what a sign says -------------------------------------------------------------------------------------

void WireWatch::State::take(const WireSign& sign, Time time) {
  const WireId wire{sign.tap, sign.vlan};
  const Segments on = claimants(wire);
  switch (sign.kind) {
    case WireSign::Kind::none:
      return;
    case WireSign::Kind::source:
      return source(sign, wire, on, time);
    case WireSign::Kind::arp:
      return arp(sign, wire, on, time);
    case WireSign::Kind::dhcp_client:
      return dhcp_client(sign, wire, on, time);
    case WireSign::Kind::dhcp_server:
      return dhcp_server(sign, wire, on, time);
    case WireSign::Kind::router:
      return advertisement(sign, wire, on, time);
    case WireSign::Kind::bridge:
      return bridge(sign, wire, on, time);
  }
}

void WireWatch::State::source(const WireSign& sign, WireId wire, Segments on, Time time) {
  const std::optional<SegmentId> home = listed(sign.address);
  // Calls to a group begin with a small TTL of their own.
  constexpr std::uint8_t call_ttl_most = 4;
  const bool begun_here = capture::initial_ttl(sign.ttl) || (sign.group && sign.ttl <= call_ttl_most);
  const bool routes = router(sign.mac, time);
  if (sign.group && sign.other.is_multicast() && routes && home && foreign(*home, on)) {
    // To their own neighbours (VRRP, HSRP, OSPF, RIP, IGMP) routers speak by the address that they have on
    // the wire, and nobody forwards that: heard here, the two wires are one.
    if (stays_on_link(sign.other)) {
      if (begun_here) mix(*home, sign, sign.address, ground_of(sign), wire, on, time);
      return;
    }
    Notice notice = at(NoticeKind::multicast_routed, sign, sign.address, wire, on, time);
    notice.add_segment("from", *policy, *home).add_address("dst", *policy, sign.other);
    return tell(std::move(notice));
  }
  if (!begun_here) {
    if (!sign.group) forwarded(sign, wire, on, home, time);
    return;
  }
  if (routes) return;
  if (!home) return unlisted(sign, wire, on, time);
  if (foreign(*home, on)) {
    // A firewall answers in others' names, with a TTL of its own; it never asks in them.
    if (sign.answer && !routers_listed(on)) return;
    mix(*home, sign, sign.address, ground_of(sign), wire, on, time);
  }
  place(sign.mac, {wire, on, *home, sign.address, time});
}

// It did not begin here: a router's work.
void WireWatch::State::forwarded(const WireSign& sign, WireId wire, Segments on,
                                 std::optional<SegmentId> home, Time time) {
  if (home && has(on, *home)) return behind(sign, wire, on, time);
  const bool known_router = routers.count(sign.mac) != 0 || virtual_router(sign.mac);
  if (!known_router) {
    WireHost& host = hosts.at(sign.mac, time);
    host.forwarded = std::max(host.forwarded, time);
    pending.erase(sign.mac);
  }
  if (known_router || !home || !foreign(*home, on) || !routers_listed(on)) return;
  Notice notice = at(NoticeKind::unlisted_forwarder, sign, sign.address, wire, on, time);
  notice.add_segment("from", *policy, *home).add("ttl", std::to_string(sign.ttl));
  tell(std::move(notice), static_cast<Segments>(on | bit(*home)));
}

void WireWatch::State::unlisted(const WireSign& sign, WireId wire, Segments on, Time time) {
  switch (capture::address_kind(sign.address)) {
    case AddressKind::shared_line:
      return tell(at(NoticeKind::shared_line, sign, sign.address, wire, on, time));
    case AddressKind::global_ipv6:
      // What comes from outside has been forwarded; here a machine calls itself so.
      if (on == 0 || (on & ~protected_segments) != 0 || sign.answer) return;
      return tell(at(NoticeKind::ipv6_global, sign, sign.address, wire, on, time));
    case AddressKind::link_local:
      return link_local(sign, wire, on, time);
    case AddressKind::other:
      return;
  }
}

// It talks on its own link only, so whoever has it is on this wire. The card inside it is unlike all others.
void WireWatch::State::link_local(const WireSign& sign, WireId wire, Segments on, Time time) {
  const std::optional<MacAddress> card = card_in(sign.address);
  if (!card || on == 0 || router(*card, time)) return;
  const WireHost* const host = hosts.find(*card);
  if (host != nullptr) {
    for (const WirePlace& one : host->places) {
      if (!one.own() || has(on, one.home) || !within(one.last, time, remembered)) continue;
      return mix(one.home, sign, sign.address, ground_link_local, wire, on, time);
    }
  }
  if (one_only(on)) place(sign.mac, {wire, on, first_of(on), sign.address, time});
}

void WireWatch::State::arp(const WireSign& sign, WireId wire, Segments on, Time time) {
  if (sign.address.is_unspecified() || router(sign.mac, time)) return;
  const std::optional<SegmentId> home = listed(sign.address);
  if (!home) {
    if (capture::address_kind(sign.address) == AddressKind::shared_line) {
      tell(at(NoticeKind::shared_line, sign, sign.address, wire, on, time));
    }
    return;
  }
  if (foreign(*home, on)) {
    // Routers answer for others (RFC 1027), but ask and announce for themselves.
    const bool for_itself = sign.detail == 1 || sign.address == sign.other;
    if (!for_itself && !routers_listed(on)) return;
    mix(*home, sign, sign.address, ground_arp, wire, on, time);
  }
  place(sign.mac, {wire, on, *home, sign.address, time});
}

void WireWatch::State::dhcp_client(const WireSign& sign, WireId wire, Segments on, Time time) {
  if (sign.relayed || sign.mac != sign.other_mac || on == 0 || router(sign.mac, time)) return;
  const WireHost* const host = hosts.find(sign.mac);
  if (host == nullptr) return;
  for (const WirePlace& one : host->places) {
    if (!one.own() || has(on, one.home) || !within(one.last, time, remembered)) continue;
    return mix(one.home, sign, one.address, ground_dhcp, wire, on, time);
  }
}

void WireWatch::State::dhcp_server(const WireSign& sign, WireId wire, Segments on, Time time) {
  if (on == 0) {
    const std::optional<SegmentId> home = listed(sign.address);
    if (!home) return;
    on = bit(*home);
  }
  const bool by_router = routers.count(sign.mac) != 0;
  bool any = false;
  for (SegmentId id = 0; id < policy::segments_max; ++id) {
    if (!has(on, id)) continue;
    for (const policy::StationOptions& server : claims[id].dhcp_servers) {
      any = true;
      // A relay gives on what the server says, under its own address and card; a listed one is believed.
      const bool relayed =
          by_router && server.address && (sign.other.family == Family::none || sign.other == *server.address);
      if (server.mac == sign.mac || server.address == sign.address || relayed) return;
    }
  }
  if (any) return tell(at(NoticeKind::rogue_dhcp, sign, sign.address, wire, on, time), on);
  if (!first_time(NoticeKind::dhcp_server_seen, wire, sign.mac)) return;
  tell(at(NoticeKind::dhcp_server_seen, sign, sign.address, wire, on, time));
}

void WireWatch::State::advertisement(const WireSign& sign, WireId wire, Segments on, Time time) {
  if (on == 0) return;
  bool any = false, known = false, ipv6 = false;
  for (SegmentId id = 0; id < policy::segments_max; ++id) {
    if (!has(on, id)) continue;
    ipv6 = ipv6 || claims[id].ipv6;
    any = any || !claims[id].ra_routers.empty();
    for (const policy::StationOptions& one : claims[id].ra_routers) {
      known = known || one.mac == sign.mac || one.address == sign.address;
    }
  }
  const Prefix* shown = sign.prefixes_count > 0 ? sign.prefixes.data() : nullptr;
  const bool split = sign.detail != 0;  // whoever sends it so
  bool strange = split;
  for (std::size_t i = 0; i < sign.prefixes_count && !strange; ++i) {
    const std::optional<SegmentId> owner = listed(sign.prefixes[i].address);
    // A listed router may bring a new prefix of its own, but none of another segment.
    strange = owner ? !has(on, *owner) : !known;
    if (strange) shown = &sign.prefixes[i];
  }
  NoticeKind kind = NoticeKind::rogue_ra;
  Ground ground = ground_unlisted;
  if (strange) {
    ground = split ? ground_fragmented : ground_foreign_prefix;
  } else if (known) {
    return;
  } else if (!any && !ipv6) {
    ground = ground_no_ipv6;
  } else if (!any) {
    kind = NoticeKind::ra_router_seen;
    if (!first_time(kind, wire, sign.mac)) return;
  }
  if (!ipv6 && !known && !any && !split) ground = ground_no_ipv6;
  Notice notice = at(kind, sign, sign.address, wire, on, time);
  notice.add("prefix", shown != nullptr ? shown->to_string() : "-",
             shown != nullptr || split ? policy::Localized{} : both(Text::wire_no_prefix));
  if (kind == NoticeKind::rogue_ra) notice.add("ground", std::string{ground.word}, both(ground.text));
  tell(std::move(notice), kind == NoticeKind::rogue_ra ? on : Segments{0});
}

// One root for several segments is how a common switch is; a wire that gives up its root for another
// segment's has been joined to it.
void WireWatch::State::bridge(const WireSign& sign, WireId wire, Segments on, Time time) {
  if (on == 0) return;
  const auto here = roots.find(wire);
  if (here == roots.end()) {
    if (roots.size() < bounded) roots.emplace(wire, Root{sign.other_mac, on});
    return;
  }
  if (here->second.mac == sign.other_mac) return;
  for (const auto& [other, root] : roots) {
    if (root.mac != sign.other_mac || (root.on & on) != 0) continue;
    joined(first_of(root.on), first_of(on), wire, sign.mac, ground_root, time);
    break;
  }
  here->second.mac = sign.other_mac;
}

// ---- what follows from several ----------------------------------------------------------------------------

void WireWatch::State::place(const MacAddress& mac, const WirePlace& place) {
  WireHost& host = hosts.at(mac, place.last);
  for (const WirePlace& other : host.places) {
    if (other.on == 0 || place.on == 0) continue;
    if (other.home == place.home && other.own() != place.own() &&
        within(other.last, place.last, joined_within)) {
      const WirePlace& abroad = place.own() ? other : place;
      joined(place.home, first_of(abroad.on), abroad.wire, mac, ground_same_mac, place.last);
    }
    if (other.home != place.home && other.own() && place.own() && other.address != place.address &&
        within(other.last, place.last, together_within)) {
      dual(mac, host, place, other);
    }
  }
  host.put(place);
}

void WireWatch::State::dual(const MacAddress& mac, WireHost& host, const WirePlace& here,
                            const WirePlace& there) {
  const bool turned = there.home < here.home;
  const WirePlace& first = turned ? there : here;
  const WirePlace& second = turned ? here : there;
  Notice notice{NoticeKind::dual_homed, mac.to_string(), here.last};
  notice.add("mac", mac.to_string());
  notice.add_segment("from", *policy, first.home).add_address("src", *policy, first.address);
  notice.add_segment("to", *policy, second.home).add_address("dst", *policy, second.address);
  notice.add("ground", std::string{ground_addresses.word}, both(ground_addresses.text));
  if (host.dual) return tell(std::move(notice));
  if (pending.size() >= bounded && pending.count(mac) == 0) return;
  pending.try_emplace(mac, Pending{here.last + hint_hold, std::move(notice)});
  next_due = std::min(next_due, here.last + hint_hold);
}

void WireWatch::State::joined(SegmentId a, SegmentId b, WireId wire, const MacAddress& mac,
                              const Ground& ground, Time time) {
  const auto [low, high] = std::minmax(a, b);
  const auto& segments = policy->segments();
  Notice notice{NoticeKind::segments_joined, segments[low].id + "+" + segments[high].id, time};
  notice.add("mac", mac.to_string()).add_segment("from", *policy, low).add_segment("to", *policy, high);
  add_wire(notice, wire);
  notice.add("ground", std::string{ground.word}, both(ground.text));
  tell(std::move(notice), static_cast<Segments>(bit(a) | bit(b)));
}

// TTLs of 63 and 127 of one address on its own wire: two kinds of machines, one hop behind it.
void WireWatch::State::behind(const WireSign& sign, WireId wire, Segments on, Time time) {
  constexpr std::uint8_t one_less_of_64 = 63, one_less_of_128 = 127;
  if ((sign.ttl != one_less_of_64 && sign.ttl != one_less_of_128) || router(sign.mac, time)) return;
  WireHost& host = hosts.at(sign.mac, time);
  WireHost::Behind& mine = sign.ttl == one_less_of_64 ? host.behind_63 : host.behind_127;
  const WireHost::Behind& other = sign.ttl == one_less_of_64 ? host.behind_127 : host.behind_63;
  if (mine.last != Time::min() && mine.address != sign.address) host.several_behind = true;
  if (other.last != Time::min() && other.address != sign.address) host.several_behind = true;
  for (const WirePlace& one : host.places) {
    if (one.address.family == sign.address.family && one.address != sign.address) host.several_behind = true;
  }
  mine = {sign.address, time};
  if (host.several_behind || other.last == Time::min() || !within(other.last, time, together_within)) return;
  tell(at(NoticeKind::address_translation, sign, sign.address, wire, on, time));
}

// ---- how it is told ---------------------------------------------------------------------------------------

void WireWatch::State::mix(SegmentId home, const WireSign& sign, const IpAddress& address,
                           const Ground& ground, WireId wire, Segments on, Time time) {
  Notice notice = at(NoticeKind::l2_mix, sign, address, wire, on, time);
  notice.add_segment("from", *policy, home).add("ground", std::string{ground.word}, both(ground.text));
  tell(std::move(notice), static_cast<Segments>(on | bit(home)));
}

std::string WireWatch::State::name_of(const WireId& wire) const {
  std::string name = wire.vlan != 0 ? "vlan " + std::to_string(wire.vlan) : std::string{"untagged"};
  if (wire.tap < taps.size()) name += " tap " + taps[wire.tap];
  return name;
}

void WireWatch::State::add_wire(Notice& notice, const WireId& wire) const {
  policy::Localized shown = both(Text::wire_untagged);
  if (wire.vlan != 0) shown.ja = shown.en = "VLAN " + std::to_string(wire.vlan);
  if (wire.tap < taps.size()) {
    shown.ja += "、tap " + taps[wire.tap];
    shown.en += ", tap " + taps[wire.tap];
  }
  notice.add("wire", name_of(wire), std::move(shown));
}

// By its card; when too many cards of one wire do the same, all others together.
std::string WireWatch::State::subject(NoticeKind kind, const WireId& wire, const MacAddress& mac) {
  const auto key = std::pair{kind, wire};
  if (cards.size() >= bounded && cards.count(key) == 0) return "others";
  std::set<MacAddress>& told = cards[key];
  if (told.count(mac) == 0) {
    if (told.size() >= cards_told) return "others " + name_of(wire);
    told.insert(mac);
  }
  return mac.to_string() + " " + name_of(wire);
}

Notice WireWatch::State::at(NoticeKind kind, const WireSign& sign, const IpAddress& address, WireId wire,
                            Segments on, Time time) {
  Notice notice{kind, subject(kind, wire, sign.mac), time};
  notice.add("mac", sign.mac.to_string()).add_address("src", *policy, address);
  const SegmentId side = on != 0 ? first_of(on) : policy->external();
  notice.add_segment("to", *policy, side).add("to_id", policy->segments()[side].id);
  add_wire(notice, wire);
  return notice;
}

bool WireWatch::State::first_time(NoticeKind kind, const WireId& wire, const MacAddress& mac) {
  if (stations_told.size() >= bounded) return false;
  return stations_told.insert({kind, {wire, mac}}).second;
}

// `about`: the segments that a finding concerns; the My Number segment makes it graver.
void WireWatch::State::tell(Notice notice, Segments about) {
  if (mynumber < policy::segments_max && has(about, mynumber)) notice.severity = policy::Severity::critical;
  if (recalled.count({notice.kind, notice.subject}) == 0) found->push_back(std::move(notice));
}

// ---- the watcher ------------------------------------------------------------------------------------------

WireWatch::WireWatch(std::vector<std::string> taps, std::uint64_t seed)
    : state_(std::make_unique<State>(std::move(taps), seed)) {}
WireWatch::~WireWatch() = default;

void WireWatch::feed(const FlowEvent& event, const policy::Policy& policy, std::vector<Notice>& found) {
  if (event.kind != FlowEvent::Kind::wire) return;
  State& state = *state_;
  const std::uint64_t key = capture::sign_key(event.wire, event.verdict.from, state.seed);
  // Not its time's alone: a worker has heard of minutes in which there was no sign for anybody.
  const std::int64_t minute = std::max(event.wire.minute, minute_of(event.time));
  if (state.seen.look(key, minute) != FirstSeen::Answer::first) return;
  state.seen.keep(key, minute);
  ++state.counters.signs;
  state.learn(policy);
  state.found = &found;
  state.take(event.wire, event.time);
}

void WireWatch::tick(Time packet_now, const policy::Policy&, std::vector<Notice>& found) {
  State& state = *state_;
  if (packet_now < state.next_due) return;
  std::vector<std::pair<Time, MacAddress>> due;
  state.next_due = Time::max();
  for (const auto& [mac, pending] : state.pending) {
    if (pending.due <= packet_now) {
      due.emplace_back(pending.due, mac);
    } else {
      state.next_due = std::min(state.next_due, pending.due);
    }
  }
  std::sort(due.begin(), due.end());
  state.found = &found;
  for (const auto& [time, mac] : due) {
    Notice notice = std::move(state.pending.at(mac).notice);
    state.pending.erase(mac);
    notice.time = time;
    if (WireHost* const host = state.hosts.find(mac)) host->dual = true;
    state.tell(std::move(notice));
  }
}

// What was held back until it could have shown itself as a router: it has not.
void WireWatch::finish(Time packet_now, const policy::Policy&, std::vector<Notice>& found) {
  State& state = *state_;
  state.found = &found;
  for (auto& [mac, pending] : state.pending) {
    pending.notice.time = packet_now;
    state.tell(std::move(pending.notice));
  }
  state.pending.clear();
}

void WireWatch::recall(const NoticeTold& told) {
  const bool once = told.kind == NoticeKind::dhcp_server_seen || told.kind == NoticeKind::ra_router_seen;
  if (once) state_->recalled.insert({told.kind, told.subject});
}

void WireWatch::replaced(const policy::Policy& policy) {
  State& state = *state_;
  state.learn(policy);
  // What is a segment's own and what is foreign may be another now.
  state.hosts.clear();
  state.pending.clear();
  state.roots.clear();
  state.cards.clear();
}

WireWatch::Counters WireWatch::counters() const {
  Counters counters = state_->counters;
  counters.minutes_full = state_->seen.minutes_full();
  counters.hosts_forgotten = state_->hosts.forgotten();
  return counters;
}

}  // namespace sekimori::daemon
