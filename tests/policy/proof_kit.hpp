// Small random policies and conversations, for what is proved about all conversations: whatever the engine
// says of boxes is held against Policy::judge, one conversation after the other.
//
// Addresses are few and crowded, so that prefixes nest, entries overlap and borders are met all the time.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "policy/policy.hpp"

namespace sekimori::policy {

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : random_(seed) {}
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
  bool one_in(unsigned n) { return below(n) == 0; }
  template <typename List>
  const auto& of(const List& list) {
    return list[below(static_cast<unsigned>(list.size()))];
  }

 private:
  std::mt19937 random_;
};

inline constexpr Time small_begin{std::chrono::hours{24 * 365 * 50}};
inline const std::array<std::string, 4> small_segments{"alfa", "bravo", "charlie", "external"};
inline const std::array<MacAddress, 6> small_macs{MacAddress{},
                                                  MacAddress{{2, 0, 0, 0, 0, 1}},
                                                  MacAddress{{2, 0, 0, 0, 0, 2}},
                                                  MacAddress{{2, 0, 0, 0, 0, 3}},
                                                  MacAddress{{2, 0, 0, 0, 1, 1}},   // may be a next hop
                                                  MacAddress{{2, 0, 0, 0, 1, 2}}};  // likewise

inline Profile small_profile(Dice& dice) {
  Profile profile;
  profile.id = "small";
  for (const std::string& id : small_segments) profile.segments.push_back({id, {}, {}});
  profile.segments[dice.below(3)].listed_only = dice.one_in(3);
  profile.reasons.push_back({"R1", {"理由", "reason"}, {}});
  const std::array cells{Cell::absent,  Cell::forbid_always, Cell::forbid, Cell::forbid,
                         Cell::gateway, Cell::service,       Cell::permit};
  for (const std::string& from : small_segments) {
    for (const std::string& to : small_segments)
      profile.cells.push_back({from, to, from == to ? Cell::permit : dice.of(cells), {"R1"}, {}});
  }
  for (const std::string& from : small_segments) {
    if (dice.one_in(6))
      profile.other_paths.push_back({from, dice.of(small_segments), dice.of(cells), {"R1"}, {}, {}});
  }
  return profile;
}

// One of 16 addresses (4 of IPv6), or a prefix that holds some of them.
inline IpAddress small_address(Dice& dice, Family family) {
  if (family == Family::ipv4) return IpAddress::ipv4(0x0a000000U + dice.below(16));
  IpAddress address = *IpAddress::parse("fd00::");
  address.bytes[15] = static_cast<std::uint8_t>(dice.below(4));
  return address;
}

inline Prefix small_prefix(Dice& dice, Family family) {
  Prefix prefix{small_address(dice, family), 0};
  const unsigned free = dice.below(family == Family::ipv4 ? 5 : 3);
  prefix.length = static_cast<std::uint8_t>(prefix.address.bits() - free);
  const std::size_t last = family == Family::ipv4 ? 3 : 15;
  prefix.address.bytes[last] = static_cast<std::uint8_t>(prefix.address.bytes[last] >> free << free);
  return prefix;
}

inline Family small_family(Dice& dice) {
  return dice.one_in(4) ? Family::ipv6 : Family::ipv4;
}

// In one universe of three there is a second address space, in which the same addresses are other hosts.
inline DomainId small_domain(Dice& dice, std::size_t domains) {
  return domains < 2 ? main_domain : static_cast<DomainId>(dice.below(static_cast<unsigned>(domains)));
}
inline DomainSet small_domain_set(Dice& dice, std::size_t domains) {
  return domains < 2 ? in_main : static_cast<DomainSet>(1 + dice.below((1U << domains) - 1));
}

inline std::vector<SegmentOptions> place_segments(Dice& dice, std::size_t domains) {
  std::vector<SegmentOptions> segments;
  std::vector<std::pair<Prefix, std::size_t>> taken;
  for (std::size_t i = 0; i < small_segments.size(); ++i) {
    SegmentOptions segment;
    segment.id = small_segments[i];
    const unsigned wanted = dice.below(4);
    for (unsigned k = 0; k < wanted; ++k) {
      const Prefix prefix = small_prefix(dice, small_family(dice)).in(small_domain(dice, domains));
      bool fits = true;
      for (const auto& [other, owner] : taken)
        fits = fits && (other != prefix) && (owner == i || !other.overlaps(prefix));
      if (!fits) continue;
      taken.emplace_back(prefix, i);
      segment.prefixes.push_back({prefix, {}, {}});
    }
    segments.push_back(std::move(segment));
  }
  for (const std::size_t hop : {4U, 5U}) {
    if (dice.one_in(2)) segments[dice.below(4)].next_hop_macs.push_back(small_macs[hop]);
  }
  return segments;
}

inline EndpointOptions small_side(Dice& dice, bool may_be_free) {
  EndpointOptions side;
  const unsigned wanted = dice.below(3) + (may_be_free ? 0 : 1);
  for (unsigned k = 0; k < wanted; ++k) side.addresses.push_back(small_prefix(dice, small_family(dice)));
  if (dice.one_in(4)) side.macs.push_back(small_macs[1 + dice.below(5)]);
  return side;
}

inline std::vector<Ports> small_ports(Dice& dice) {
  std::vector<Ports> ports;
  const std::array<std::uint8_t, 6> protocols{6, 6, 6, 17, 1, 0};
  for (unsigned k = 0; k <= dice.below(2); ++k) {
    Ports one{dice.of(protocols), 0, 65535};
    if (dice.below(3) != 0) {
      one.first = static_cast<std::uint16_t>(dice.below(6));
      one.last = static_cast<std::uint16_t>(one.first + dice.below(3));
    }
    ports.push_back(one);
  }
  return ports;
}

inline Time small_time(Dice& dice) {
  return small_begin + std::chrono::hours{dice.below(8)};
}

inline void add_entries(Dice& dice, PolicyOptions& options, bool drafts) {
  const auto draft = [&] { return drafts && dice.one_in(3); };
  const auto named = [&](auto entry, const char* letter, std::size_t number) {
    entry.id = letter + std::to_string(number);
    entry.from = dice.of(small_segments);
    entry.to = dice.of(small_segments);
    entry.clients = small_side(dice, true);
    entry.hosts = small_side(dice, false);
    entry.ports = small_ports(dice);
    entry.draft = draft();
    entry.domains = small_domain_set(dice, options.domains.size());
    return entry;
  };
  for (unsigned k = dice.below(4); k > 0; --k) options.gateways.push_back(named(GatewayOptions{}, "G", k));
  for (unsigned k = dice.below(4); k > 0; --k) options.services.push_back(named(ServiceOptions{}, "S", k));
  for (unsigned k = dice.below(6); k > 0; --k) {
    ExceptionOptions exception;
    exception.id = "E" + std::to_string(k);
    exception.from = small_time(dice);
    exception.until = exception.from + std::chrono::hours{1 + dice.below(4)};
    exception.source = small_side(dice, false);
    exception.destination = small_side(dice, false);
    exception.ports = small_ports(dice);
    exception.draft = draft();
    exception.domains = small_domain_set(dice, options.domains.size());
    if (dice.one_in(5)) exception.approved_on = exception.from + std::chrono::hours{1};
    if (dice.one_in(5)) {
      exception.status = ExceptionStatus::revoked;
      exception.revoked_on = exception.from + std::chrono::hours{2};
    }
    if (dice.one_in(3)) {
      const auto hour = [&] { return static_cast<std::uint16_t>(60 * dice.below(12)); };
      exception.hours.ranges.push_back({hour(), hour()});
      if (dice.one_in(2)) exception.hours.weekdays = static_cast<std::uint8_t>(1 + dice.below(127));
    }
    options.exceptions.push_back(std::move(exception));
  }
  for (unsigned k = dice.below(3); k > 0; --k) {
    TunnelOptions tunnel;
    tunnel.id = "T" + std::to_string(k);
    if (dice.one_in(2)) tunnel.kinds.push_back(dice.one_in(2) ? capture::Tunnel::gre : capture::Tunnel::esp);
    tunnel.a.push_back(small_prefix(dice, small_family(dice)));
    tunnel.b.push_back(small_prefix(dice, tunnel.a[0].address.family));
    tunnel.domains = small_domain_set(dice, options.domains.size());
    options.tunnels.push_back(std::move(tunnel));
  }
}

inline PolicyOptions small_options(Dice& dice, bool drafts = false) {
  PolicyOptions options;
  options.profile = small_profile(dice);
  if (dice.one_in(3)) options.domains = {{"main"}, {"bravo"}};
  options.segments = place_segments(dice, options.domains.size());
  add_entries(dice, options, drafts);
  if (dice.one_in(2)) options.routers.push_back(small_macs[1 + dice.below(5)]);
  options.utc_offset_minutes = dice.one_in(2) ? std::int16_t{540} : std::int16_t{0};
  return options;
}

// The same policy with its second domain numbered as the third, behind a new one without wires of its own.
inline void renumber_domains(PolicyOptions& options) {
  const auto moved = [](DomainSet set) { return static_cast<DomainSet>((set & 1U) | (set & ~1U) << 1U); };
  options.domains = {{"main"}, {"alfa"}, {"bravo"}};
  for (SegmentOptions& segment : options.segments) {
    for (NamedPrefix& one : segment.prefixes) {
      if (one.prefix.address.domain != main_domain) ++one.prefix.address.domain;
    }
  }
  for (auto& entry : options.gateways) entry.domains = moved(entry.domains);
  for (auto& entry : options.services) entry.domains = moved(entry.domains);
  for (auto& entry : options.exceptions) entry.domains = moved(entry.domains);
  for (auto& entry : options.tunnels) entry.domains = moved(entry.domains);
}

// Another policy that has much in common with this one, as an edited file has.
inline PolicyOptions edited(Dice& dice, PolicyOptions options) {
  if (options.domains.size() == 2 && dice.one_in(3)) renumber_domains(options);
  for (unsigned k = 0; k <= dice.below(3); ++k) {
    switch (dice.below(6)) {
      case 0:
        options.profile.cells[dice.below(16)].cell = dice.one_in(2) ? Cell::forbid : Cell::permit;
        break;
      case 1:
        options.segments = place_segments(dice, options.domains.size());
        break;
      case 2:
        if (!options.exceptions.empty()) options.exceptions.pop_back();
        break;
      case 3:
        if (!options.exceptions.empty()) options.exceptions[0].until += std::chrono::hours{1};
        break;
      case 4:
        if (!options.services.empty()) options.services[0].ports = small_ports(dice);
        break;
      default:
        if (!options.gateways.empty()) options.gateways[0].hosts = small_side(dice, false);
        break;
    }
  }
  return options;
}

// `domains`: how many there are.
inline Conversation small_conversation(Dice& dice, std::size_t domains) {
  Conversation conversation;
  const Family family = small_family(dice);
  const DomainId domain = small_domain(dice, domains);
  conversation.initiator = small_address(dice, family).in(domain);
  conversation.responder = small_address(dice, family).in(domain);
  const std::array<std::uint8_t, 5> protocols{6, 6, 17, 1, 47};
  conversation.protocol = dice.of(protocols);
  if (conversation.protocol == 6 || conversation.protocol == 17)
    conversation.port = static_cast<std::uint16_t>(dice.below(9));
  conversation.ports_known = !dice.one_in(8);
  conversation.initiator_mac = dice.of(small_macs);
  conversation.responder_mac = dice.of(small_macs);
  conversation.next_hop_mac = dice.of(small_macs);
  conversation.time = small_begin + std::chrono::minutes{dice.below(14) * 30} - Duration{dice.below(2)};
  const std::array tunnels{capture::Tunnel::none, capture::Tunnel::none, capture::Tunnel::none,
                           capture::Tunnel::gre, capture::Tunnel::esp};
  conversation.tunnel = dice.of(tunnels);
  return conversation;
}

inline std::string told(const Conversation& c) {
  return c.initiator.to_string() + " [" + c.initiator_mac.to_string() + "] -> " + c.responder.to_string() +
         " [" + c.responder_mac.to_string() + ", hop " + c.next_hop_mac.to_string() + "] " +
         std::to_string(c.protocol) + "/" + (c.ports_known ? std::to_string(c.port) : "?") + " at " +
         std::to_string((c.time - small_begin).count() / 60'000'000'000) + " min, tunnel " +
         std::to_string(static_cast<int>(c.tunnel)) + ", domain " + std::to_string(c.initiator.domain);
}

// SEKIMORI_SEED replays one run; each failure names its seed.
inline std::uint32_t first_seed(std::uint32_t otherwise) {
  const char* const seed = std::getenv("SEKIMORI_SEED");
  return seed == nullptr ? otherwise : static_cast<std::uint32_t>(std::strtoul(seed, nullptr, 10));
}

// A fifth of the universes by default, all of them with SEKIMORI_UNIVERSES_ALL in the environment.
inline std::uint32_t universes(std::uint32_t all) {
  return std::getenv("SEKIMORI_UNIVERSES_ALL") == nullptr ? all / 5 : all;
}

}  // namespace sekimori::policy
