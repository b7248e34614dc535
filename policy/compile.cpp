#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "capture/decode/packet.hpp"
#include "policy/compiled.hpp"
#include "policy/known.hpp"
#include "policy/mistakes.hpp"
#include "policy/proof/assertion.hpp"
#include "policy/register.hpp"
#include "policy/text/text.hpp"

namespace sekimori::policy {
namespace {

// A port range wider than this names no service; it must not count as evidence for who serves whom.
constexpr unsigned named_ports_max = 1024;
// Many overlaps have one cause; the first ones show it.
constexpr std::size_t overlaps_told_max = 20;

std::string told(const Place& place) {
  if (place.file.empty()) return "-";
  return place.file + ':' + std::to_string(place.line) + ':' + std::to_string(place.column);
}

// The work of compile(): each step fills its part of `out_` and notes every mistake; the mistakes are thrown
// together.
class Compiler {
 public:
  Compiler(PolicyOptions options, Language language, bool drafts) : language_(language), mistakes_(language) {
    out_.options = std::move(options);
    out_.drafts = drafts;
  }

  CompiledPolicy run(const std::vector<std::string>& taps) {
    read_model();
    claim_segments(taps);
    map_prefixes();
    list_next_hops();
    check_entries();
    check_tunnels();
    tell_known_mistakes(out_, mistakes_);
    check_behaviour();
    mistakes_.raise();
    compile_known(out_);
    file_entries();
    out_.tunnels = TunnelMap{out_.options.tunnels, out_.drafts};
    out_.systems = SystemMap{out_.options};
    split_time(out_);
    hold_to_assertions();
    warn_of_idle_domains();
    warn_of_dead_entries();
    return std::move(out_);
  }

 private:
  using Arguments = std::initializer_list<TextArgument>;

  void mistake(const Place& place, Text id, Arguments arguments) { mistakes_.add(place, id, arguments); }

  void read_model();
  void claim_segments(const std::vector<std::string>& taps);
  void map_prefixes();
  void warn_of_idle_domains();
  void tell_overlap(std::size_t inner, std::size_t outer, std::size_t& overlaps);
  void list_next_hops();
  void check_entries();
  void check_id(Text kind, const std::string& id, const Place& place);
  void check_ports(Text kind, const std::string& id, const std::vector<Ports>& ports, const Place& place);
  template <typename Named>
  void check_named(Text kind, const Named& named);
  void check_tunnels();
  void check_behaviour();
  void file_entries();
  void name_ports(const std::vector<Ports>& list);
  void hold_to_assertions();
  void warn_of_dead_entries();
  template <typename Named>
  void warn_of_dead(Text kind, const Named& named, Cell taking);

  // The segment's index, or -1 and a mistake noted.
  int segment(const std::string& id, const Place& place) {
    return known_segment(out_.options.profile, id, place, mistakes_);
  }
  const std::string& segment_id(SegmentId id) const { return out_.options.profile.segments[id].id; }
  std::string kind_word(Text kind) const { return std::string{text(kind, language_)}; }

  CompiledPolicy out_{};
  Language language_;
  Mistakes mistakes_;
  std::map<std::pair<Text, std::string>, Place> id_places_{};  // first use of each id
};

void Compiler::read_model() {
  out_.matrix = build_matrix(out_.options, mistakes_, out_.drafts);
  out_.external = out_.matrix.external;
  const std::vector<ProfileSegment>& segments = out_.options.profile.segments;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].listed_only) out_.listed_only = static_cast<SegmentSet>(out_.listed_only | 1U << i);
  }
  out_.warnings = out_.matrix.warnings;
  for (const ReadingNote& note : out_.options.notes) out_.warnings.push_back({note.place, note.message});
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

bool has_names(const GatewayOptions&) {
  return false;
}
bool has_names(const ServiceOptions& service) {
  return !service.names.empty();
}

template <typename Named>
void Compiler::check_named(Text kind, const Named& named) {
  check_id(kind, named.id, named.place);
  segment(named.from, named.place);
  segment(named.to, named.place);
  const std::string word = kind_word(kind);
  if (empty(named.clients) && empty(named.hosts) && !has_names(named)) {
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
    check_ports(Text::policy_kind_exception, exception.id, exception.ports, exception.place);
  }
  check_register(out_, mistakes_);
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
  const auto keep = [&](Entry entry, bool draft) {
    if (!out_.counts(draft)) return;  // a draft says nothing yet, not even who serves whom
    name_ports(entry.ports);
    entries.push_back(std::move(entry));
  };
  const auto file = [&](const auto& list, Basis kind) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      Entry entry;
      entry.kind = kind;
      entry.index = static_cast<std::uint32_t>(i);
      entry.from = static_cast<SegmentId>(out_.segment_index(list[i].from));
      entry.to = static_cast<SegmentId>(out_.segment_index(list[i].to));
      entry.domains = list[i].domains;
      entry.source = in_domains(list[i].clients, entry.domains);
      entry.destination = in_domains(list[i].hosts, entry.domains);
      entry.ports = list[i].ports;
      keep(std::move(entry), list[i].draft);
    }
  };
  file(out_.options.gateways, Basis::gateway);
  file(out_.options.services, Basis::service);
  // What a screen transfer's product does beside the picture is not what the gateway is for, however wide its
  // ports are written.
  const std::vector<Ports> side_channels = known_ports(out_.options, ServiceUse::side_channel);
  for (Entry& entry : entries) {
    if (entry.kind == Basis::service) entry.names = names_of_service(out_, entry.index);
    if (entry.kind != Basis::gateway) continue;
    if (out_.options.gateways[entry.index].kind == GatewayKind::screen_transfer)
      entry.ports = ports_without(entry.ports, side_channels);
  }
  for (std::size_t i = 0; i < out_.options.exceptions.size(); ++i) {
    keep(exception_entry(out_.options, static_cast<std::uint32_t>(i)), out_.options.exceptions[i].draft);
  }
  std::vector<MacAddress> routers = out_.options.routers;
  for (const CompiledPolicy::NextHop& hop : out_.next_hops) routers.push_back(hop.mac);
  for (const SegmentOptions& segment : out_.options.segments) {
    routers.insert(routers.end(), segment.router_macs.begin(), segment.router_macs.end());
  }
  std::sort(routers.begin(), routers.end());
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

void Compiler::hold_to_assertions() {
  if (out_.drafts) return;  // what drafts would break is told by the policy in force
  AssertionReport report = hold_assertions(out_, language_);
  for (PolicyError::Item& item : report.mistakes) mistakes_.add(std::move(item));
  mistakes_.raise();
  for (PolicyError::Item& item : report.warnings) out_.warnings.push_back(std::move(item));
}

// What is asked of segments has to name some.
void Compiler::check_behaviour() {
  for (const TransferOptions& transfer : out_.options.transfers) {
    segment(transfer.from, transfer.place);
    segment(transfer.to, transfer.place);
  }
  for (const std::string& id : out_.options.behaviour.declared_only) segment(id, {});
}

// No frame is ever of such a domain; whoever wrote it has forgotten its taps and VLANs.
void Compiler::warn_of_idle_domains() {
  const std::vector<DomainName>& domains = out_.options.domains;
  for (std::size_t i = 1; i < domains.size(); ++i) {
    if (domains[i].wired) continue;
    out_.warnings.push_back(
        {domains[i].place, say(Text::policy_domain_unwired, language_, {{"domain", domains[i].name}})});
  }
}

// ---- valid, yet without effect
// ----------------------------------------------------------------------------------

template <typename Named>
void Compiler::warn_of_dead(Text kind, const Named& named, Cell taking) {
  if (!out_.counts(named.draft)) return;
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

void Compiler::warn_of_dead_entries() {
  for (const GatewayOptions& gateway : out_.options.gateways) {
    warn_of_dead(Text::policy_kind_gateway, gateway, Cell::gateway);
  }
  for (const ServiceOptions& service : out_.options.services) {
    warn_of_dead(Text::policy_kind_service, service, Cell::service);
  }
  warn_of_register(out_, mistakes_);
  for (PolicyError::Item& item : known_warnings(out_, language_)) out_.warnings.push_back(std::move(item));
  sort_by_place(out_.warnings);
}

// ---- what is not in force yet
// ----------------------------------------------------------------------------------

bool has_drafts(const PolicyOptions& options) {
  const auto any = [](const auto& list) {
    return std::any_of(list.begin(), list.end(), [](const auto& one) { return one.draft; });
  };
  return any(options.gateways) || any(options.services) || any(options.exceptions) || any(options.tunnels) ||
         any(options.overlays) || any(options.switches) || any(options.assertions);
}

// Entries only permit, and so do tunnels: a matrix alone can take away.
bool may_forbid(const Matrix& now, const Matrix& then) {
  const auto cells = [](const Matrix& matrix, std::size_t pair) {
    return std::pair{matrix.rules[pair].cell,
                     matrix.path_matters[pair] ? matrix.other_paths[pair].cell : Cell::absent};
  };
  for (std::size_t pair = 0; pair < pairs_max; ++pair) {
    if (cells(now, pair) != cells(then, pair)) return true;
  }
  return now.path_matters != then.path_matters;
}

// What will be: assertions that no longer hold, entries that lose their effect. No reason to refuse anything
// today.
void tell_future(CompiledPolicy& policy, Language language) {
  std::vector<PolicyError::Item> future = hold_assertions(*policy.drafted, language).mistakes;
  future.insert(future.end(), policy.drafted->warnings.begin(), policy.drafted->warnings.end());
  const std::vector<PolicyError::Item> today = policy.warnings;
  for (const PolicyError::Item& item : future) {
    const bool known = std::any_of(today.begin(), today.end(), [&](const PolicyError::Item& one) {
      return one.place == item.place && one.message == item.message;
    });
    if (known) continue;
    policy.warnings.push_back({item.place, say(Text::draft_with, language, {{"message", item.message}})});
  }
  sort_by_place(policy.warnings);
}

// A segment that names its next hops counts as one of another path, be it only for what is told of it; and
// what a draft of its cell would take away is told as well.
std::bitset<pairs_max> settled_pairs(const CompiledPolicy& policy) {
  std::bitset<pairs_max> pairs;
  for (PairId pair = 0; pair < pairs_max; ++pair) {
    pairs[pair] = policy.matrix.rules[pair].cell == Cell::permit &&
                  policy.with_drafts().matrix.rules[pair].cell == Cell::permit &&
                  from_of(pair) != policy.external && to_of(pair) != policy.external &&
                  (policy.with_next_hops >> to_of(pair) & 1U) == 0;
  }
  return pairs;
}

}  // namespace

int CompiledPolicy::segment_index(std::string_view id) const {
  return policy::segment_index(options.profile, id);
}

CompiledPolicy compile(PolicyOptions options, const std::vector<std::string>& taps, Language language) {
  const bool drafts = has_drafts(options);
  PolicyOptions future = drafts ? options : PolicyOptions{};
  CompiledPolicy policy = Compiler{std::move(options), language, false}.run(taps);
  if (drafts) {
    policy.drafted =
        std::make_shared<const CompiledPolicy>(Compiler{std::move(future), language, true}.run(taps));
    policy.drafts_forbid = may_forbid(policy.matrix, policy.drafted->matrix);
    tell_future(policy, language);
  }
  policy.settled = settled_pairs(policy);
  return policy;
}

}  // namespace sekimori::policy
