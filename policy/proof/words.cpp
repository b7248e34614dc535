#include "policy/proof/words.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "capture/decode/packet.hpp"
#include "capture/decode/protocol_word.hpp"

namespace sekimori::policy {
namespace {

// More networks than this, and a range is easier to read by its ends.
constexpr std::size_t prefixes_few = 2;

std::string port_words(Number first, Number last) {
  std::string words = std::to_string(static_cast<unsigned>(first));
  if (last != first) words += '-' + std::to_string(static_cast<unsigned>(last));
  return words;
}

// Of one protocol.
void add_services(unsigned protocol, const RangeSet& services, Language language,
                  std::vector<std::string>& words) {
  const Number begin = protocol * services_each;
  const std::string word = capture::protocol_word(static_cast<std::uint8_t>(protocol));
  const RangeSet known = intersect(services, RangeSet{{{begin, begin + port_unknown - 1}}});
  if (!has_ports(static_cast<std::uint8_t>(protocol)) || known == RangeSet{{{begin, begin + 65535}}}) {
    words.push_back(word);
    return;
  }
  for (const Range& range : known.ranges())
    words.push_back(word + '/' + port_words(range.first - begin, range.last - begin));
  if (services.contains(begin + port_unknown))
    words.push_back(say(Text::proof_port_unknown, language, {{"protocol", word}}));
}

}  // namespace

std::vector<std::string> addresses_in(const RangeSet& addresses, Family family) {
  std::vector<std::string> words;
  for (const Range& range : addresses.ranges()) {
    const std::vector<Prefix> prefixes = prefixes_of(range, family);
    if (prefixes.size() > prefixes_few) {
      words.push_back(address_of(range.first, family).to_string() + '-' +
                      address_of(range.last, family).to_string());
      continue;
    }
    for (const Prefix& prefix : prefixes) {
      const bool single = prefix.length == prefix.address.bits();
      words.push_back(single ? prefix.address.to_string() : prefix.to_string());
    }
  }
  return words;
}

std::vector<std::string> services_in(const RangeSet& services, Language language) {
  if (services == services_of(Ports{})) return {std::string{text(Text::proof_any_service, language)}};
  std::vector<std::string> words;
  for (unsigned protocol = 0; protocol < 256; ++protocol) {
    const Number begin = protocol * services_each;
    const RangeSet own = intersect(services, RangeSet{{{begin, begin + port_unknown}}});
    if (!own.empty()) add_services(protocol, own, language, words);
  }
  return words;
}

std::string moment_text(Time time, int utc_offset_minutes) {
  const auto local =
      std::chrono::floor<std::chrono::seconds>(time) + std::chrono::minutes{utc_offset_minutes};
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{local - day};
  std::array<char, 64> out{};
  const int length = std::snprintf(out.data(), out.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  std::string words(out.data(), static_cast<std::size_t>(length));
  if (local == day) return words;
  std::snprintf(out.data(), out.size(), " %02d:%02d:%02d", static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return words + out.data();
}

std::vector<std::string> times_in(const RangeSet& times, const Manner& manner) {
  std::vector<std::string> words;
  const Number end_of_time = ~std::uint64_t{0};
  for (const Range& range : times.ranges()) {
    // Exceptions without a beginning begin in 1970: nobody needs to read that.
    const bool since_always = time_of(range.first) <= Time{};
    const bool for_ever = range.last == end_of_time;
    if (since_always && for_ever) continue;
    const std::string from = moment_text(time_of(range.first), manner.utc_offset_minutes);
    // At midnight it ends with the day before.
    std::string until =
        for_ever ? std::string{} : moment_text(time_of(range.last + 1), manner.utc_offset_minutes);
    if (until.size() == 10) until = moment_text(time_of(range.last), manner.utc_offset_minutes).substr(0, 10);
    Text id = Text::proof_period;
    if (since_always) id = Text::proof_until;
    if (for_ever) id = Text::proof_since;
    words.push_back(say(id, manner.language, {{"from", from}, {"until", until}}));
  }
  return words;
}

std::vector<std::string> hours_in(const RangeSet& week, Language language) {
  static constexpr std::array days{Text::register_monday,   Text::register_tuesday, Text::register_wednesday,
                                   Text::register_thursday, Text::register_friday,  Text::register_saturday,
                                   Text::register_sunday};
  std::vector<std::string> words;
  if (week == RangeSet{{{0, minutes_of_week - 1}}}) return words;
  const auto clock = [](unsigned minute) {
    std::array<char, 32> out{};
    std::snprintf(out.data(), out.size(), "%02u:%02u", minute / 60, minute % 60);
    return std::string{out.data()};
  };
  for (const Range& range : week.ranges()) {
    auto first = static_cast<unsigned>(range.first);
    const unsigned end = static_cast<unsigned>(range.last) + 1;
    while (first < end) {  // day by day
      const unsigned day = first / minutes_of_day;
      const unsigned until = std::min<unsigned>(end, (day + 1) * minutes_of_day);
      std::string word{text(days[day], language)};
      word += ' ' + clock(first % minutes_of_day) + '-' + clock(until - day * minutes_of_day);
      words.push_back(std::move(word));
      first = until;
    }
  }
  return words;
}

std::vector<std::string> macs_in(const RangeSet& classes, const Universe& universe, Language language) {
  std::vector<std::string> words;
  if (classes == universe.all(Family::ipv4)[Side::source_mac]) return words;
  for (const Range& range : classes.ranges()) {
    for (Number number = range.first; number <= range.last; ++number) {
      if (number == Universe::mac_unknown) {
        words.emplace_back(text(Text::proof_mac_unknown, language));
      } else if (number == universe.mac_other()) {
        words.emplace_back(text(Text::proof_mac_other, language));
      } else {
        words.push_back(universe.mac_of(number).to_string());
      }
    }
  }
  return words;
}

std::vector<std::string> tunnels_in(const RangeSet& tunnels) {
  std::vector<std::string> words;
  if (tunnels.contains(0)) return words;
  for (const Range& range : tunnels.ranges()) {
    for (Number kind = range.first; kind <= range.last; ++kind)
      words.emplace_back(capture::tunnel_name(static_cast<capture::Tunnel>(static_cast<unsigned>(kind))));
  }
  return words;
}

std::string joined(const std::vector<std::string>& words, std::size_t most, Language language) {
  std::string all;
  for (std::size_t i = 0; i < words.size() && i < most; ++i) {
    if (i != 0) all += ", ";
    all += words[i];
  }
  if (words.size() > most) {
    all += language == Language::ja ? "、" : ", ";
    all += say(Text::proof_other_services, language, {{"count", std::to_string(words.size() - most)}});
  }
  return all;
}

std::string conversation_text(const Conversation& conversation, const Manner& manner) {
  const Number port = conversation.ports_known ? Number{conversation.port} : port_unknown;
  const RangeSet service = RangeSet::of(conversation.protocol * services_each + port);
  std::string words = conversation.initiator.to_string() + " → " + conversation.responder.to_string() + ' ' +
                      services_in(service, manner.language).front();
  if (conversation.time > Time{})
    words += " (" + moment_text(conversation.time, manner.utc_offset_minutes) + ')';
  return words;
}

std::string overlay_text(const OverlayOptions& overlay, Language language) {
  return say(Text::draft_overlay, language, {{"from", overlay.from}, {"to", overlay.to}});
}

std::string draft_text(const PolicyOptions& options, const Verdict& verdict, Language language) {
  if (verdict.draft_overlay < options.overlays.size()) {
    return overlay_text(options.overlays[verdict.draft_overlay], language);
  }
  if (verdict.draft_switch < options.switches.size()) {
    return say(Text::draft_switch, language, {{"id", options.switches[verdict.draft_switch].id}});
  }
  if (verdict.draft_tunnel < options.tunnels.size()) {
    return say(Text::draft_tunnel, language, {{"id", options.tunnels[verdict.draft_tunnel].id}});
  }
  const auto entry = [&](const auto& list) {
    if (verdict.draft_index >= list.size() || !list[verdict.draft_index].draft) return std::string{};
    return say(
        Text::draft_entry, language,
        {{"kind", text(kind_text(verdict.draft_basis), language)}, {"id", list[verdict.draft_index].id}});
  };
  switch (verdict.draft_basis) {
    case Basis::gateway:
      return entry(options.gateways);
    case Basis::service:
      return entry(options.services);
    case Basis::exception:
      return entry(options.exceptions);
    case Basis::cell:
      break;
  }
  return {};
}

Text kind_text(Basis basis) {
  if (basis == Basis::gateway) return Text::policy_kind_gateway;
  return basis == Basis::service ? Text::policy_kind_service : Text::policy_kind_exception;
}

const std::string& id_of(const CompiledPolicy& policy, Basis basis, std::uint32_t index) {
  if (basis == Basis::gateway) return policy.options.gateways[index].id;
  if (basis == Basis::service) return policy.options.services[index].id;
  return policy.options.exceptions[index].id;
}

const Place& place_of(const CompiledPolicy& policy, Basis basis, std::uint32_t index) {
  if (basis == Basis::gateway) return policy.options.gateways[index].place;
  if (basis == Basis::service) return policy.options.services[index].place;
  return policy.options.exceptions[index].place;
}

std::string place_text(const Place& place) {
  if (place.file.empty()) return "-";
  return place.file + ':' + std::to_string(place.line) + ':' + std::to_string(place.column);
}

std::string cell_text(const CompiledPolicy& policy, SegmentId from, SegmentId to, const CellRule& rule) {
  static constexpr std::array codes{"-", "F", "f", "G", "L", "P"};
  const std::vector<ProfileSegment>& segments = policy.options.profile.segments;
  std::string words = codes[static_cast<std::size_t>(rule.cell)];
  for (std::size_t i = 0; i < rule.reasons_count; ++i)
    words += ' ' + policy.options.profile.reasons[rule.reasons[i]].id;
  return words + ' ' + segments[from].id + "→" + segments[to].id;
}

std::string basis_text(const CompiledPolicy& policy, Basis basis, std::uint32_t index, SegmentId from,
                       SegmentId to, const CellRule& rule, Language language) {
  if (basis == Basis::cell) {
    return say(Text::proof_by_cell, language, {{"cell", cell_text(policy, from, to, rule)}});
  }
  return say(Text::proof_by_entry, language,
             {{"kind", text(kind_text(basis), language)},
              {"id", id_of(policy, basis, index)},
              {"place", place_text(place_of(policy, basis, index))}});
}

}  // namespace sekimori::policy
