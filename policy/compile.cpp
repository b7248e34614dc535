#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "capture/decode/packet.hpp"
#include "policy/compiled.hpp"

namespace sekimori::policy {
namespace {

constexpr std::string_view external_id = "external";
// A port range wider than this names no service; it must not count as evidence for who serves whom.
constexpr unsigned named_ports_max = 1024;
// Many overlaps have one cause; the first ones show it.
constexpr std::size_t overlaps_told_max = 20;
// A prefix that holds more listed prefixes than this is taken to meet every segment.
constexpr std::size_t nested_examined_max = 1024;

std::string told(const Place& place) {
  if (place.file.empty()) return "-";
  return place.file + ':' + std::to_string(place.line) + ':' + std::to_string(place.column);
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// The work of compile(): each step fills its part of `out_` and notes every mistake; the mistakes are thrown
// together.
class Compiler {
 public:
  Compiler(PolicyOptions options, Language language) : language_(language) {
    out_.options = std::move(options);
  }

  CompiledPolicy run(const std::vector<std::string>& taps) {
    read_profile();
    apply_switches();
    claim_segments(taps);
    map_prefixes();
    list_next_hops();
    check_entries();
    check_tunnels();
    refuse_if_wrong();
    file_entries();
    out_.tunnels = TunnelMap{out_.options.tunnels};
    split_time();
    warn_of_dead_entries();
    return std::move(out_);
  }

 private:
  using Arguments = std::initializer_list<TextArgument>;

  void mistake(const Place& place, Text id, Arguments arguments) {
    mistakes_.push_back({place, say(id, language_, arguments)});
  }
  void refuse_if_wrong();

  void read_profile();
  void read_reasons();
  bool read_cell(const CellOptions& cell, CellRule& rule, int& from, int& to);
  void apply_switches();
  void claim_segments(const std::vector<std::string>& taps);
  void map_prefixes();
  void tell_overlap(std::size_t inner, std::size_t outer, std::size_t& overlaps);
  void list_next_hops();
  void check_entries();
  void check_id(Text kind, const std::string& id, const Place& place);
  void check_ports(Text kind, const std::string& id, const std::vector<Ports>& ports, const Place& place);
  template <typename Named>
  void check_named(Text kind, const Named& named);
  void check_tunnels();
  void file_entries();
  void name_ports(const std::vector<Ports>& list);
  void split_time();
  void warn_of_dead_entries();
  template <typename Named>
  void warn_of_dead(Text kind, const Named& named, Cell taking);
  SegmentSet segments_met(const EndpointOptions& side) const;

  std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) const;
  std::string listed(const std::vector<std::string>& words) const;
  // The segment's index, or -1 and a mistake noted.
  int segment(const std::string& id, const Place& place);
  const std::string& segment_id(SegmentId id) const { return out_.options.profile.segments[id].id; }
  std::string kind_word(Text kind) const { return std::string{text(kind, language_)}; }

  CompiledPolicy out_{};
  Language language_;
  std::vector<PolicyError::Item> mistakes_{};
  std::map<std::pair<Text, std::string>, Place> id_places_{};  // first use of each id
};

bool earlier(const PolicyError::Item& a, const PolicyError::Item& b) {
  return std::tie(a.place.file, a.place.line, a.place.column) <
         std::tie(b.place.file, b.place.line, b.place.column);
}

void Compiler::refuse_if_wrong() {
  if (mistakes_.empty()) return;
  std::stable_sort(mistakes_.begin(), mistakes_.end(), earlier);
  throw PolicyError{std::move(mistakes_)};
}

std::string Compiler::did_you_mean(std::string_view word, const std::vector<std::string>& known) const {
  const std::string* best = nullptr;
  std::size_t best_distance = std::min<std::size_t>(2, word.size() / 2) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= best_distance) continue;
    best = &candidate;
    best_distance = distance;
  }
  return best == nullptr ? std::string{} : say(Text::policy_did_you_mean, language_, {{"word", *best}});
}

std::string Compiler::listed(const std::vector<std::string>& words) const {
  if (words.empty()) return std::string{text(Text::policy_switch_none, language_)};
  std::string result;
  for (const std::string& word : words) {
    if (!result.empty()) result += text(Text::policy_list_separator, language_);
    result += word;
  }
  return result;
}

int Compiler::segment(const std::string& id, const Place& place) {
  const int index = out_.segment_index(id);
  if (index >= 0) return index;
  const Profile& profile = out_.options.profile;
  std::vector<std::string> known;
  for (const ProfileSegment& candidate : profile.segments) known.push_back(candidate.id);
  mistake(place, Text::policy_segment_unknown,
          {{"profile", profile.id},
           {"name", language_ == Language::ja ? profile.name.ja : profile.name.en},
           {"segment", id},
           {"known", listed(known)},
           {"hint", did_you_mean(id, known)}});
  return -1;
}

// ---- the model
// --------------------------------------------------------------------------------------------------

void Compiler::read_profile() {
  const Profile& profile = out_.options.profile;
  if (profile.segments.size() > segments_max) {
    mistake({}, Text::policy_profile_segments,
            {{"profile", profile.id},
             {"count", std::to_string(profile.segments.size())},
             {"limit", std::to_string(segments_max)}});
    refuse_if_wrong();  // no index fits: nothing below could be trusted
  }
  std::set<std::string> names;
  for (const ProfileSegment& candidate : profile.segments) {
    for (const std::string& name : {candidate.id, candidate.code}) {
      if (name.empty() || names.insert(name).second) continue;
      mistake({}, Text::policy_profile_duplicate, {{"profile", profile.id}, {"id", name}});
    }
  }
  const int external = out_.segment_index(external_id);
  if (external < 0) {
    mistake({}, Text::policy_profile_external, {{"profile", profile.id}});
    refuse_if_wrong();  // unlisted addresses would belong nowhere
  }
  out_.external = static_cast<SegmentId>(external);
  read_reasons();

  std::array<bool, pairs_max> written{};
  for (const CellOptions& cell : profile.cells) {
    CellRule rule;
    int from = -1;
    int to = -1;
    if (!read_cell(cell, rule, from, to)) continue;
    const auto pair = static_cast<std::size_t>(from) * segments_max + static_cast<std::size_t>(to);
    if (written[pair]) {
      mistake(cell.place, Text::policy_profile_cell_duplicate, {{"from", cell.from}, {"to", cell.to}});
    }
    written[pair] = true;
    out_.rules[pair] = rule;
  }
  for (std::size_t from = 0; from < profile.segments.size(); ++from) {
    for (std::size_t to = 0; to < profile.segments.size(); ++to) {
      if (written[from * segments_max + to]) continue;
      mistake(
          {}, Text::policy_profile_cell_missing,
          {{"profile", profile.id}, {"from", profile.segments[from].id}, {"to", profile.segments[to].id}});
    }
  }
}

void Compiler::read_reasons() {
  const Profile& profile = out_.options.profile;
  std::set<std::string> clauses;
  for (const Clause& clause : profile.clauses) {
    if (clauses.insert(clause.id).second) continue;
    mistake({}, Text::policy_profile_duplicate, {{"profile", profile.id}, {"id", clause.id}});
  }
  std::set<std::string> reasons;
  for (const Reason& reason : profile.reasons) {
    if (!reasons.insert(reason.id).second) {
      mistake({}, Text::policy_profile_duplicate, {{"profile", profile.id}, {"id", reason.id}});
    }
    for (const std::string& clause : reason.clauses) {
      if (clauses.count(clause) != 0) continue;
      mistake({}, Text::policy_profile_clause, {{"reason", reason.id}, {"clause", clause}});
    }
  }
}

bool Compiler::read_cell(const CellOptions& cell, CellRule& rule, int& from, int& to) {
  from = out_.segment_index(cell.from);
  to = out_.segment_index(cell.to);
  for (const auto& [index, id] : {std::pair{from, cell.from}, std::pair{to, cell.to}}) {
    if (index >= 0) continue;
    mistake(cell.place, Text::policy_profile_cell_segment,
            {{"from", cell.from}, {"to", cell.to}, {"segment", id}});
  }
  rule.cell = cell.cell;
  if (cell.reasons.size() > rule.reasons.size()) {
    mistake(cell.place, Text::policy_profile_reasons,
            {{"from", cell.from}, {"to", cell.to}, {"limit", std::to_string(rule.reasons.size())}});
  }
  const std::vector<Reason>& reasons = out_.options.profile.reasons;
  for (const std::string& id : cell.reasons) {
    const auto found =
        std::find_if(reasons.begin(), reasons.end(), [&](const Reason& reason) { return reason.id == id; });
    if (found == reasons.end()) {
      mistake(cell.place, Text::policy_profile_reason,
              {{"from", cell.from}, {"to", cell.to}, {"reason", id}});
    } else if (rule.reasons_count < rule.reasons.size()) {
      rule.reasons[rule.reasons_count++] = static_cast<std::uint8_t>(found - reasons.begin());
    }
  }
  return from >= 0 && to >= 0;
}

void Compiler::apply_switches() {
  const Profile& profile = out_.options.profile;
  std::vector<std::string> known;
  for (const SwitchOptions& choice : profile.switches) known.push_back(choice.id);
  std::set<std::string> chosen;
  for (std::size_t i = 0; i < out_.options.switches.size(); ++i) {
    const SwitchChoice& choice = out_.options.switches[i];
    const auto found = std::find(known.begin(), known.end(), choice.id);
    if (found == known.end()) {
      mistake(choice.place, Text::policy_switch_unknown,
              {{"profile", profile.id},
               {"id", choice.id},
               {"known", listed(known)},
               {"hint", did_you_mean(choice.id, known)}});
      continue;
    }
    if (!chosen.insert(choice.id).second) {
      mistake(choice.place, Text::policy_switch_twice, {{"id", choice.id}});
      continue;
    }
    const SwitchOptions& definition = profile.switches[static_cast<std::size_t>(found - known.begin())];
    if (definition.clause_required && choice.clause.empty()) {
      const std::string& name = language_ == Language::ja ? definition.text.ja : definition.text.en;
      mistake(choice.place, Text::policy_switch_clause, {{"id", choice.id}, {"name", name}});
    }
    for (const CellOptions& cell : definition.cells) {
      CellRule rule;
      int from = -1;
      int to = -1;
      if (!read_cell(cell, rule, from, to)) continue;
      rule.switch_index = static_cast<std::uint16_t>(i);
      out_.rules[static_cast<std::size_t>(from) * segments_max + static_cast<std::size_t>(to)] = rule;
    }
  }
}

// ---- the city's segments
// ----------------------------------------------------------------------------------------

void Compiler::claim_segments(const std::vector<std::string>& taps) {
  out_.tap_claims.assign(taps.size(), 0);
  std::set<int> seen;
  for (const SegmentOptions& options : out_.options.segments) {
    const int index = segment(options.id, options.place);
    if (index < 0) continue;
    if (!seen.insert(index).second)
      mistake(options.place, Text::policy_segment_twice, {{"segment", options.id}});
    const auto bit = static_cast<SegmentSet>(1U << static_cast<unsigned>(index));
    // Told by what is written, not by what is captured now: a replay knows no taps, and a segment with wires
    // of its own has them all the same.
    if (!options.vlans.empty() || !options.taps.empty())
      out_.claimants = static_cast<SegmentSet>(out_.claimants | bit);
    for (const std::uint16_t vlan : options.vlans) {
      if (vlan == 0 || vlan > 4094) {
        mistake(options.place, Text::policy_vlan_range, {{"vlan", std::to_string(vlan)}});
      } else {
        out_.vlan_claims[vlan] = static_cast<SegmentSet>(out_.vlan_claims[vlan] | bit);
      }
    }
    // A tap that is not captured now (a replay) claims nothing; that its name exists is checked where taps
    // are read.
    for (std::size_t tap = 0; tap < taps.size(); ++tap) {
      if (std::find(options.taps.begin(), options.taps.end(), taps[tap]) == options.taps.end()) continue;
      out_.tap_claims[tap] = static_cast<SegmentSet>(out_.tap_claims[tap] | bit);
    }
  }
}

void Compiler::map_prefixes() {
  struct Listed {
    const NamedPrefix* prefix;
    SegmentId segment;
  };
  std::vector<Listed> all;
  std::vector<Prefix> written;
  for (const SegmentOptions& options : out_.options.segments) {
    const int index = out_.segment_index(options.id);
    if (index < 0) continue;  // told already
    for (const NamedPrefix& prefix : options.prefixes) {
      all.push_back({&prefix, static_cast<SegmentId>(index)});
      written.push_back(prefix.prefix);
    }
  }
  std::vector<Prefix> ordered;
  std::vector<SegmentMap::Entry> entries;
  ordered.reserve(all.size());
  entries.reserve(all.size());
  out_.prefixes.reserve(all.size());
  out_.prefix_segments.reserve(all.size());
  for (const std::uint32_t at : in_order(written)) {
    const auto& [prefix, segment] = all[at];
    const auto value = static_cast<std::uint32_t>(ordered.size() * segments_max + segment);
    ordered.push_back(prefix->prefix);
    entries.push_back({prefix->prefix, value});
    out_.prefixes.push_back(*prefix);
    out_.prefix_segments.push_back(segment);
  }
  out_.covers = closest_covers(ordered);
  std::size_t overlaps = 0;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    if (out_.covers[i] >= 0) tell_overlap(i, static_cast<std::size_t>(out_.covers[i]), overlaps);
  }
  if (overlaps > overlaps_told_max) {
    mistake({}, Text::policy_prefix_overlaps_more, {{"count", std::to_string(overlaps - overlaps_told_max)}});
  }
  out_.map = SegmentMap{std::move(entries)};
}

// Nesting inside one segment only gives names. Between segments an address must not depend on the order of
// lengths: an auditor reads each line by itself.
void Compiler::tell_overlap(std::size_t inner, std::size_t outer, std::size_t& overlaps) {
  const bool same_segment = out_.prefix_segments[inner] == out_.prefix_segments[outer];
  const NamedPrefix& a = out_.prefixes[inner];
  const NamedPrefix& b = out_.prefixes[outer];
  if (same_segment && a.prefix != b.prefix) return;
  if (++overlaps > overlaps_told_max) return;
  if (same_segment) {
    mistake(a.place, Text::policy_prefix_twice, {{"prefix", a.prefix.to_string()}, {"place", told(b.place)}});
    return;
  }
  const std::string& segment_a = segment_id(out_.prefix_segments[inner]);
  const std::string& segment_b = segment_id(out_.prefix_segments[outer]);
  const auto tell = [&](const NamedPrefix& here, const std::string& here_segment, const NamedPrefix& there,
                        const std::string& there_segment) {
    mistake(here.place, Text::policy_prefix_overlap,
            {{"prefix", here.prefix.to_string()},
             {"segment", here_segment},
             {"other", there.prefix.to_string()},
             {"other_segment", there_segment},
             {"place", told(there.place)}});
  };
  tell(a, segment_a, b, segment_b);
  tell(b, segment_b, a, segment_a);
}

void Compiler::list_next_hops() {
  for (const SegmentOptions& options : out_.options.segments) {
    const int index = out_.segment_index(options.id);
    if (index < 0) continue;
    for (const MacAddress& mac : options.next_hop_macs) {
      if (mac.is_zero() || mac.is_group()) {
        mistake(options.place, Text::policy_next_hop_unusable, {{"mac", mac.to_string()}});
        continue;
      }
      const auto known = std::find_if(out_.next_hops.begin(), out_.next_hops.end(),
                                      [&](const CompiledPolicy::NextHop& hop) { return hop.mac == mac; });
      if (known == out_.next_hops.end()) {
        out_.next_hops.push_back({mac, static_cast<SegmentId>(index)});
      } else if (known->segment != index) {
        mistake(options.place, Text::policy_next_hop_twice,
                {{"mac", mac.to_string()}, {"segment", segment_id(known->segment)}, {"other", options.id}});
      }
    }
  }
  std::sort(out_.next_hops.begin(), out_.next_hops.end(),
            [](const CompiledPolicy::NextHop& a, const CompiledPolicy::NextHop& b) { return a.mac < b.mac; });
}

// ---- gateways, services, exceptions
// -----------------------------------------------------------------------------

void Compiler::check_id(Text kind, const std::string& id, const Place& place) {
  if (id.empty()) {
    mistake(place, Text::policy_entry_no_id, {{"kind", kind_word(kind)}});
    return;
  }
  const auto [known, fresh] = id_places_.try_emplace({kind, id}, place);
  if (fresh) return;
  mistake(place, Text::policy_entry_twice,
          {{"kind", kind_word(kind)}, {"id", id}, {"place", told(known->second)}});
}

void Compiler::check_ports(Text kind, const std::string& id, const std::vector<Ports>& ports,
                           const Place& place) {
  for (const Ports& range : ports) {
    if (range.first <= range.last) continue;
    mistake(place, Text::policy_entry_port_order,
            {{"kind", kind_word(kind)},
             {"id", id},
             {"first", std::to_string(range.first)},
             {"last", std::to_string(range.last)}});
  }
}

bool empty(const EndpointOptions& side) {
  return side.addresses.empty() && side.macs.empty();
}

template <typename Named>
void Compiler::check_named(Text kind, const Named& named) {
  check_id(kind, named.id, named.place);
  segment(named.from, named.place);
  segment(named.to, named.place);
  const std::string word = kind_word(kind);
  if (empty(named.clients) && empty(named.hosts)) {
    mistake(named.place, Text::policy_entry_unlimited, {{"kind", word}, {"id", named.id}});
  }
  if (named.ports.empty())
    mistake(named.place, Text::policy_entry_no_ports, {{"kind", word}, {"id", named.id}});
  check_ports(kind, named.id, named.ports, named.place);
}

void Compiler::check_entries() {
  for (const GatewayOptions& gateway : out_.options.gateways) check_named(Text::policy_kind_gateway, gateway);
  for (const ServiceOptions& service : out_.options.services) check_named(Text::policy_kind_service, service);
  for (const ExceptionOptions& exception : out_.options.exceptions) {
    check_id(Text::policy_kind_exception, exception.id, exception.place);
    for (const auto& [side, word] : {std::pair{&exception.source, Text::policy_side_source},
                                     std::pair{&exception.destination, Text::policy_side_destination}}) {
      if (!empty(*side)) continue;
      mistake(exception.place, Text::policy_exception_side,
              {{"id", exception.id}, {"side", kind_word(word)}});
    }
    if (exception.until <= exception.from) {
      mistake(exception.place, Text::policy_exception_period, {{"id", exception.id}});
    }
    check_ports(Text::policy_kind_exception, exception.id, exception.ports, exception.place);
  }
}

void Compiler::check_tunnels() {
  const std::vector<TunnelOptions>& tunnels = out_.options.tunnels;
  if (tunnels.size() > tunnels_max) {
    mistake(tunnels[tunnels_max].place, Text::policy_tunnels_many, {{"limit", std::to_string(tunnels_max)}});
  }
  for (const TunnelOptions& tunnel : tunnels) {
    check_id(Text::policy_kind_tunnel, tunnel.id, tunnel.place);
    if (tunnel.a.empty() || tunnel.b.empty()) {
      mistake(tunnel.place, Text::policy_tunnel_side, {{"id", tunnel.id}});
    }
  }
}

void Compiler::file_entries() {
  std::vector<Entry> entries;
  const auto file = [&](const auto& list, Basis kind) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      Entry entry;
      entry.kind = kind;
      entry.index = static_cast<std::uint32_t>(i);
      entry.from = static_cast<SegmentId>(out_.segment_index(list[i].from));
      entry.to = static_cast<SegmentId>(out_.segment_index(list[i].to));
      entry.source = list[i].clients;
      entry.destination = list[i].hosts;
      entry.ports = list[i].ports;
      name_ports(list[i].ports);
      entries.push_back(std::move(entry));
    }
  };
  file(out_.options.gateways, Basis::gateway);
  file(out_.options.services, Basis::service);
  for (std::size_t i = 0; i < out_.options.exceptions.size(); ++i) {
    const ExceptionOptions& exception = out_.options.exceptions[i];
    Entry entry;
    entry.index = static_cast<std::uint32_t>(i);
    entry.source = exception.source;
    entry.destination = exception.destination;
    entry.ports = exception.ports;
    entry.begin = exception.from;
    entry.end = exception.until;
    name_ports(exception.ports);
    entries.push_back(std::move(entry));
  }
  std::vector<MacAddress> routers;
  for (const CompiledPolicy::NextHop& hop : out_.next_hops) routers.push_back(hop.mac);
  out_.entries = Entries{std::move(entries), std::move(routers)};
}

void Compiler::name_ports(const std::vector<Ports>& list) {
  namespace protocol = capture::protocol;
  for (const Ports& ports : list) {
    if (unsigned{ports.last} - ports.first >= named_ports_max) continue;
    for (unsigned port = ports.first; port <= ports.last; ++port) {
      if (ports.protocol == 0 || ports.protocol == protocol::tcp) out_.ports_tcp.set(port);
      if (ports.protocol == 0 || ports.protocol == protocol::udp) out_.ports_udp.set(port);
      if (ports.protocol == 0 || ports.protocol == protocol::sctp) out_.ports_sctp.set(port);
    }
  }
}

void Compiler::split_time() {
  for (const ExceptionOptions& exception : out_.options.exceptions) {
    out_.epochs.push_back(exception.from);
    out_.epochs.push_back(exception.until);
  }
  std::sort(out_.epochs.begin(), out_.epochs.end());
  out_.epochs.erase(std::unique(out_.epochs.begin(), out_.epochs.end()), out_.epochs.end());
}

// ---- valid, yet without effect
// ----------------------------------------------------------------------------------

template <typename Named>
void Compiler::warn_of_dead(Text kind, const Named& named, Cell taking) {
  const auto from = static_cast<SegmentId>(out_.segment_index(named.from));
  const auto to = static_cast<SegmentId>(out_.segment_index(named.to));
  const Cell cell = out_.rule(from, to).cell;
  if (cell == taking || cell == Cell::permit)
    return;  // where all is permitted it still tells who serves whom
  out_.warnings.push_back(
      {named.place,
       say(Text::policy_entry_no_effect, language_,
           {{"kind", kind_word(kind)}, {"id", named.id}, {"from", named.from}, {"to", named.to}})});
}

// Every segment to which some address of this side may belong.
SegmentSet Compiler::segments_met(const EndpointOptions& side) const {
  unsigned met = 0;
  unsigned unlisted = 1U << out_.external;
  for (const CompiledPolicy::NextHop& hop : out_.next_hops) unlisted |= 1U << hop.segment;
  if (side.addresses.empty())
    return static_cast<SegmentSet>((1U << out_.options.profile.segments.size()) - 1);
  for (const Prefix& prefix : side.addresses) {
    const std::uint32_t found = out_.map.find(prefix.address);
    bool covered = false;
    for (std::int32_t i = found == SegmentMap::none ? -1 : static_cast<std::int32_t>(found / segments_max);
         i >= 0; i = out_.covers[static_cast<std::size_t>(i)]) {
      const auto at = static_cast<std::size_t>(i);
      met |= 1U << out_.prefix_segments[at];
      covered = covered || out_.prefixes[at].prefix.contains(prefix);
    }
    if (covered) continue;
    met |= unlisted;
    auto nested =
        std::lower_bound(out_.prefixes.begin(), out_.prefixes.end(), prefix,
                         [](const NamedPrefix& a, const Prefix& b) { return comes_before(a.prefix, b); });
    for (std::size_t examined = 0; nested != out_.prefixes.end() && prefix.contains(nested->prefix);
         ++nested) {
      if (++examined > nested_examined_max) return 0xffff;
      met |= 1U << out_.prefix_segments[static_cast<std::size_t>(nested - out_.prefixes.begin())];
    }
  }
  return static_cast<SegmentSet>(met);
}

void Compiler::warn_of_dead_entries() {
  for (const GatewayOptions& gateway : out_.options.gateways) {
    warn_of_dead(Text::policy_kind_gateway, gateway, Cell::gateway);
  }
  for (const ServiceOptions& service : out_.options.services) {
    warn_of_dead(Text::policy_kind_service, service, Cell::service);
  }
  const std::size_t count = out_.options.profile.segments.size();
  for (const ExceptionOptions& exception : out_.options.exceptions) {
    const SegmentSet sources = segments_met(exception.source);
    const SegmentSet destinations = segments_met(exception.destination);
    bool effective = false;
    std::vector<std::string> pairs;
    for (std::size_t pair = 0; pair < count * count && !effective; ++pair) {
      const auto from = static_cast<SegmentId>(pair / count);
      const auto to = static_cast<SegmentId>(pair % count);
      if ((sources >> from & 1U) == 0 || (destinations >> to & 1U) == 0) continue;
      const Cell cell = out_.rule(from, to).cell;
      effective = cell == Cell::forbid || cell == Cell::gateway || cell == Cell::service;
      pairs.push_back(segment_id(from) + "→" + segment_id(to));
    }
    if (effective) continue;
    out_.warnings.push_back({exception.place, say(Text::policy_exception_no_effect, language_,
                                                  {{"id", exception.id}, {"pairs", listed(pairs)}})});
  }
  std::stable_sort(out_.warnings.begin(), out_.warnings.end(), earlier);
}

}  // namespace

int CompiledPolicy::segment_index(std::string_view id) const {
  const std::vector<ProfileSegment>& segments = options.profile.segments;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].id == id || segments[i].code == id) return static_cast<int>(i);
  }
  return -1;
}

CompiledPolicy compile(PolicyOptions options, const std::vector<std::string>& taps, Language language) {
  return Compiler{std::move(options), language}.run(taps);
}

}  // namespace sekimori::policy
