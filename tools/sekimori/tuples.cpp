#include "tools/sekimori/tuples.hpp"

#include <boost/json.hpp>

#include "daemon/render.hpp"

namespace sekimori::tool {
namespace {

namespace json = boost::json;
using policy::Box;
using policy::Number;
using policy::Range;
using policy::RangeSet;
using policy::Side;
using policy::Universe;

// Enough to see what it is about; --json has all.
constexpr std::size_t words_shown = 4;

// Is it all that the segment has in the domains of the box?
bool whole_segment(const RangeSet& addresses, policy::SegmentId segment, const Box& box,
                   const policy::Reach& reach) {
  bool any = false;
  for (DomainId domain = 0; domain < reach.domains_count(); ++domain) {
    if (!reach.numbers_of(domain).meets(box[Side::domain])) continue;
    if (!(addresses == reach.addresses(segment, box.family, domain))) return false;
    any = true;
  }
  return any;
}

std::string addresses_text(const RangeSet& addresses, policy::SegmentId segment, const Box& box,
                           const policy::Reach& reach, Language language) {
  const Family family = box.family;
  if (addresses == reach.universe().all(family)[Side::source])
    return std::string{text(Text::proof_any_address, language)};
  if (whole_segment(addresses, segment, box, reach)) {
    const policy::ProfileSegment& named = reach.policy().options.profile.segments[segment];
    std::string words = say(Text::proof_whole_segment, language, {{"segment", named.id}});
    return words.append(family == Family::ipv4 ? " (IPv4)" : " (IPv6)");
  }
  return policy::joined(policy::addresses_in(addresses, family), words_shown, language);
}

std::vector<std::string> domains_in(const RangeSet& domains, const Universe& universe) {
  std::vector<std::string> names;
  if (domains == universe.all(Family::ipv4)[Side::domain]) return names;
  for (std::size_t i = 0; i < universe.domains().size(); ++i) {
    if (domains.contains(i)) names.push_back(universe.domains()[i]);
  }
  return names;
}

json::array words_json(const std::vector<std::string>& words) {
  json::array list;
  for (const std::string& word : words) list.emplace_back(word);
  return list;
}

json::array services_json(const RangeSet& services) {
  json::array list;
  for (unsigned protocol = 0; protocol < 256; ++protocol) {
    const Number begin = protocol * policy::services_each;
    const RangeSet own = policy::intersect(services, RangeSet{{{begin, begin + policy::port_unknown}}});
    if (own.empty()) continue;
    json::object one{{"protocol", protocol}};
    const RangeSet known = policy::intersect(own, RangeSet{{{begin, begin + policy::port_unknown - 1}}});
    json::array ports;
    for (const Range& range : known.ranges()) {
      ports.emplace_back(
          json::array{static_cast<unsigned>(range.first - begin), static_cast<unsigned>(range.last - begin)});
    }
    one["ports"] = std::move(ports);
    one["port_unknown"] = own.contains(begin + policy::port_unknown);
    list.push_back(std::move(one));
  }
  return list;
}

json::array times_json(const RangeSet& times, int offset) {
  json::array list;
  for (const Range& range : times.ranges()) {
    json::object one;
    if (policy::time_of(range.first) > Time{})
      one["from"] = daemon::timestamp(policy::time_of(range.first), offset);
    if (range.last != ~std::uint64_t{0})
      one["until"] = daemon::timestamp(policy::time_of(range.last + 1), offset);
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace

std::vector<Table::Column> tuple_columns(Language language) {
  return {{std::string(text(Text::tool_column_initiator, language))},
          {std::string(text(Text::tool_column_responder, language))},
          {std::string(text(Text::tool_explain_service, language))},
          {std::string(text(Text::tool_column_note, language))}};
}

std::vector<Table::Cell> tuple_cells(const Box& box, policy::SegmentId from, policy::SegmentId to,
                                     const policy::Reach& reach, const policy::Manner& manner) {
  const Language language = manner.language;
  const Universe& universe = reach.universe();
  std::string note = policy::joined(policy::times_in(box[Side::time], manner), words_shown, language);
  if (const auto hours = policy::hours_in(box[Side::week], language); !hours.empty()) {
    if (!note.empty()) note += "; ";
    note += policy::joined(hours, words_shown + 1, language);
  }
  const auto add = [&](Text id, const char* name, const std::vector<std::string>& words) {
    if (words.empty()) return;
    if (!note.empty()) note += "; ";
    note += say(id, language, {{name, policy::joined(words, words_shown, language)}});
  };
  add(Text::proof_source_mac, "macs", policy::macs_in(box[Side::source_mac], universe, language));
  add(Text::proof_destination_mac, "macs", policy::macs_in(box[Side::destination_mac], universe, language));
  add(Text::proof_next_hop, "macs", policy::macs_in(box[Side::next_hop], universe, language));
  add(Text::proof_tunnel, "tunnels", policy::tunnels_in(box[Side::tunnel]));
  add(Text::proof_domain, "domains", domains_in(box[Side::domain], universe));
  return {addresses_text(box[Side::source], from, box, reach, language),
          addresses_text(box[Side::destination], to, box, reach, language),
          policy::joined(policy::services_in(box[Side::service], language), words_shown, language), note};
}

json::object tuple_json(const Box& box, const Universe& universe, int utc_offset_minutes) {
  const Box& all = universe.all(box.family);
  json::object out{{"family", box.family == Family::ipv4 ? "ipv4" : "ipv6"}};
  const auto limited = [&](Side side) { return !(box[side] == all[side]); };
  if (limited(Side::source)) out["source"] = words_json(policy::addresses_in(box[Side::source], box.family));
  if (limited(Side::destination))
    out["destination"] = words_json(policy::addresses_in(box[Side::destination], box.family));
  if (limited(Side::service)) out["service"] = services_json(box[Side::service]);
  if (limited(Side::time)) out["time"] = times_json(box[Side::time], utc_offset_minutes);
  if (limited(Side::week)) out["hours"] = words_json(policy::hours_in(box[Side::week], Language::en));
  const auto macs = [&](const char* name, Side side) {
    if (limited(side)) out[name] = words_json(policy::macs_in(box[side], universe, Language::en));
  };
  macs("source_mac", Side::source_mac);
  macs("destination_mac", Side::destination_mac);
  macs("next_hop", Side::next_hop);
  if (limited(Side::tunnel)) {
    json::array kinds;
    for (const Range& range : box[Side::tunnel].ranges()) {
      for (Number kind = range.first; kind <= range.last; ++kind) {
        const auto tunnel = static_cast<capture::Tunnel>(static_cast<unsigned>(kind));
        kinds.emplace_back(kind == 0 ? "none" : capture::tunnel_name(tunnel));
      }
    }
    out["tunnel"] = std::move(kinds);
  }
  if (limited(Side::domain)) out["domain"] = words_json(domains_in(box[Side::domain], universe));
  return out;
}

}  // namespace sekimori::tool
