#include "policy/policy.hpp"

#include <algorithm>
#include <cassert>
#include <optional>
#include <utility>

#include "policy/compiled.hpp"
#include "policy/register.hpp"

namespace sekimori::policy {
namespace {

std::string joined(const std::vector<PolicyError::Item>& items) {
  std::string text;
  for (const PolicyError::Item& item : items) {
    if (!text.empty()) text += '\n';
    if (!item.place.file.empty()) {
      text += item.place.file + ':' + std::to_string(item.place.line) + ':' +
              std::to_string(item.place.column) + ": ";
    }
    text += item.message;
  }
  return text;
}

// Addresses that say which wire they are on, not who is there: no router carries them on. The wire decides.
bool is_link_scope(const IpAddress& address) {
  return address.is_multicast() || address.is_broadcast() || address.is_link_local() ||
         address.is_unspecified();
}

// The one segment of a set, if it is one.
std::optional<SegmentId> only(SegmentSet set) {
  if (set == 0 || (set & (set - 1)) != 0) return std::nullopt;
  SegmentId id = 0;
  while ((set >> id) != 1) ++id;
  return id;
}

// By what the policy's map finds for an address: in no prefix, it is external.
SegmentId segment_of(const CompiledPolicy& policy, std::uint32_t found) {
  return found == SegmentMap::none ? policy.external : static_cast<SegmentId>(found % segments_max);
}

struct Side {
  SegmentId segment = 0;
  bool listed = false;
  bool via_next_hop = false;
};

const CompiledPolicy::NextHop* next_hop_of(const CompiledPolicy& policy, const MacAddress& neighbour) {
  const auto hop =
      std::lower_bound(policy.next_hops.begin(), policy.next_hops.end(), neighbour,
                       [](const CompiledPolicy::NextHop& a, const MacAddress& b) { return a.mac < b; });
  return hop == policy.next_hops.end() || hop->mac != neighbour ? nullptr : &*hop;
}

// The two addresses of a conversation as the policy knows them: looked up once, however many ways of it are
// judged.
class Ends {
 public:
  Ends(const CompiledPolicy& policy, const Conversation& conversation)
      : initiator(policy.map.find(conversation.initiator)),
        responder(policy.map.find(conversation.responder)),
        initiator_scoped(is_link_scope(conversation.initiator)),
        responder_scoped(is_link_scope(conversation.responder)) {}

  // Of this conversation or of one with the same addresses.
  Entries::Question ask(const Entries& entries, const Conversation& conversation) const {
    if (!asked_) nodes_ = entries.nodes_of(conversation);
    asked_ = true;
    return {conversation, nodes_};
  }

  // Of the same conversation, started by the other side.
  Ends reversed() const {
    Ends other = *this;
    std::swap(other.initiator, other.responder);
    std::swap(other.initiator_scoped, other.responder_scoped);
    other.asked_ = false;
    return other;
  }

  std::uint32_t initiator;  // SegmentMap::find()
  std::uint32_t responder;
  bool initiator_scoped;  // is_link_scope()
  bool responder_scoped;

 private:
  mutable Entries::Nodes nodes_{};
  mutable bool asked_ = false;
};

// How much of a verdict is wanted: whether it permits, or also what came nearest to permitting.
enum class Wanted : std::uint8_t { decision, all };

// `found`: of the address, by the policy's map.
Side side_of(const CompiledPolicy& policy, std::uint32_t found, const MacAddress& neighbour) {
  const Side side{segment_of(policy, found), found != SegmentMap::none, false};
  if (side.segment != policy.external || policy.next_hops.empty()) return side;
  const CompiledPolicy::NextHop* const hop = next_hop_of(policy, neighbour);
  if (hop == nullptr) return side;
  if ((policy.listed_only >> hop->segment & 1U) != 0) return side;
  return {hop->segment, side.listed, true};
}

// A multicast group, a broadcast or a link-local host is where the other side is. When both sides are such,
// or the other one is unknown, the wire's own claim tells; else it stays external. An unlisted host is not
// made a member of the segment on whose wire it talks: that it does so is what claims_agree tells.
void settle_link_scope(const CompiledPolicy& policy, const Conversation& conversation, const Ends& ends,
                       Side& from, Side& to) {
  if (ends.initiator_scoped && ends.responder_scoped) {
    std::optional<SegmentId> wire = only(policy.vlan_claims[conversation.vlan & 0xfffU]);
    if (!wire && conversation.tap < policy.tap_claims.size())
      wire = only(policy.tap_claims[conversation.tap]);
    from.segment = to.segment = wire.value_or(policy.external);
  } else if (ends.initiator_scoped) {
    from.segment = to.segment;
  } else {
    to.segment = from.segment;
  }
}

// Does a frame to this neighbour leave by another path than the segment's own? What no sensor can see is
// never held against anybody: without a MAC, and by default with one that is nobody's next hop, it does not.
bool by_other_path(const CompiledPolicy& policy, SegmentId segment, const MacAddress& neighbour) {
  if ((policy.with_next_hops >> segment & 1U) == 0 || neighbour.is_zero()) return false;
  const CompiledPolicy::NextHop* const hop = next_hop_of(policy, neighbour);
  if (hop != nullptr) return hop->segment != segment;
  return (policy.next_hop_only >> segment & 1U) != 0;
}

// Where a name leads to from there; `otherwise` where it leads nowhere.
SegmentId by_name(const CompiledPolicy& policy, SegmentId from, NameClass name, SegmentId otherwise) {
  if (name < name_class::first || name >= policy.name_targets.size()) return otherwise;
  const SegmentId target = policy.name_targets[name][from];
  return target == CompiledPolicy::no_segment ? otherwise : target;
}

// What the segment would permit is another matter on another path: only an exception can permit that, and the
// reasons are also those of going outside.
CellRule as_going_outside(const CompiledPolicy& policy, SegmentId from, CellRule rule) {
  if (rule.cell == Cell::absent || rule.cell == Cell::forbid_always) return rule;
  rule.cell = Cell::forbid;
  const CellRule& outside = policy.rule(from, policy.external);
  for (std::size_t i = 0; i < outside.reasons_count; ++i) {
    const auto end = rule.reasons.begin() + rule.reasons_count;
    if (rule.reasons_count == rule.reasons.size()) break;
    if (std::find(rule.reasons.begin(), end, outside.reasons[i]) != end) continue;
    rule.reasons[rule.reasons_count++] = outside.reasons[i];
  }
  return rule;
}

bool claims_agree(const CompiledPolicy& policy, std::uint16_t tap, std::uint16_t vlan, SegmentId from,
                  SegmentId to) {
  const auto either = static_cast<SegmentSet>(1U << from | 1U << to);
  const auto allows = [&](SegmentSet claim) { return claim == 0 || (claim & either) != 0; };
  if (!allows(policy.vlan_claims[vlan & 0xfffU])) return false;
  return tap >= policy.tap_claims.size() || allows(policy.tap_claims[tap]);
}

// Does this conversation leave by a next hop that does not lead to the responder's segment? Only where the
// model says that the path counts, the segment names its next hops, and the frame's own is known.
bool on_other_path(const CompiledPolicy& policy, PairId pair, const MacAddress& next_hop) {
  if (!policy.matrix.path_matters[pair] || next_hop.is_zero()) return false;
  bool named = false;
  for (const CompiledPolicy::NextHop& hop : policy.next_hops) {
    if (hop.segment != to_of(pair)) continue;
    if (hop.mac == next_hop) return false;
    named = true;
  }
  return named;
}

// What permits within a cell that does not permit by itself, and else what came nearest to it.
void apply_entries(const Entries& entries, const Entries::Question& question, Wanted wanted,
                   Verdict& verdict) {
  const PairId pair = verdict.pair();
  Nearest nearest;
  const auto permitted_by = [&](Basis kind) {
    const Entries::Match match = entries.find(kind, pair, question, nearest);
    if (!match.found) return false;
    verdict.decision = Decision::permit;
    verdict.basis = kind;
    verdict.basis_index = match.index;
    verdict.mac_verified = match.mac_verified;
    return true;
  };
  Basis named = Basis::exception;
  if (verdict.cell == Cell::gateway) named = Basis::gateway;
  if (verdict.cell == Cell::service) named = Basis::service;
  if (permitted_by(named) || (named != Basis::exception && permitted_by(Basis::exception))) return;
  if (wanted == Wanted::decision) return;
  entries.look_around(named, pair, question, nearest);
  verdict.near_miss = nearest.miss;
}

// A cell without exceptions still names one that somebody registered for this very conversation.
void name_powerless_exception(const Entries& entries, const Entries::Question& question, Verdict& verdict) {
  Nearest ignored;
  const Entries::Match match = entries.find(Basis::exception, verdict.pair(), question, ignored);
  if (match.found) {
    verdict.near_miss = {Mismatch::cell_forbids, Basis::exception, match.index};
  }
}

// A tunnel between two segments takes its content past the point where the segments are kept apart, so that
// the sensor or a firewall may not see what it is. One that nobody declared is a finding by itself.
void judge_tunnel(const CompiledPolicy& policy, const Conversation& conversation, Verdict& verdict) {
  if (conversation.tunnel == capture::Tunnel::none || verdict.from == verdict.to) return;
  verdict.tunnel = conversation.tunnel;
  verdict.tunnel_index =
      policy.tunnels.find(conversation.tunnel, conversation.initiator, conversation.responder);
  if (verdict.tunnel_index != TunnelMap::none) return;
  verdict.undeclared_tunnel = true;
  verdict.decision = Decision::forbid;
}

// `outside_is`: the segment that a responder of no prefix and no next hop belongs to, where no name tells.
Verdict judge_as_told(const CompiledPolicy& policy, const Conversation& conversation, const Ends& ends,
                      SegmentId outside_is, Wanted wanted = Wanted::all) {
  const bool scoped = ends.initiator_scoped || ends.responder_scoped || conversation.neighbour_discovery;

  assert(conversation.initiator.domain == conversation.responder.domain);
  // Frames of hosts beyond a next hop come from its MAC, and frames to them go to it. A group is behind no
  // next hop.
  const MacAddress nobody{};
  Side from = side_of(policy, ends.initiator, scoped ? nobody : conversation.initiator_mac);
  Side to = side_of(policy, ends.responder, scoped ? nobody : conversation.next_hop_mac);
  if (ends.initiator_scoped || ends.responder_scoped) {
    settle_link_scope(policy, conversation, ends, from, to);
  }

  Verdict verdict;
  if (!scoped && to.segment == policy.external && !to.via_next_hop) {
    to.segment = by_name(policy, from.segment, conversation.name, outside_is);
    verdict.via_name = to.segment != policy.external;
  }
  verdict.from = from.segment;
  verdict.to = to.segment;
  verdict.via_next_hop = from.via_next_hop || to.via_next_hop;
  verdict.source_unlisted_private = !from.listed && !from.via_next_hop && conversation.initiator.is_private();
  verdict.destination_unlisted_private =
      !to.listed && !to.via_next_hop && conversation.responder.is_private();
  verdict.claims_agree = claims_agree(policy, conversation.tap, conversation.vlan, from.segment, to.segment);
  verdict.link_scope = scoped;
  if (scoped) {  // inside one wire: permitted and counted in every profile, also where the pair itself is
                 // absent
    verdict.cell = Cell::permit;
    return verdict;
  }

  const PathRule path = rule_on_path(policy, verdict.from, verdict.to, conversation.next_hop_mac);
  const CellRule& rule = path.rule;
  verdict.other_path = path.other_path;
  verdict.cell = rule.cell;
  verdict.reasons_count = rule.reasons_count;
  verdict.reasons = rule.reasons;
  verdict.switch_index = rule.switch_index;
  verdict.overlay_index = rule.overlay_index;
  if (rule.cell != Cell::permit) {
    verdict.decision = Decision::forbid;
    if (takes(rule.cell, Basis::exception)) {
      apply_entries(policy.entries, ends.ask(policy.entries, conversation), wanted, verdict);
    } else if (wanted == Wanted::all) {
      name_powerless_exception(policy.entries, ends.ask(policy.entries, conversation), verdict);
    }
  }
  judge_tunnel(policy, conversation, verdict);
  return verdict;
}

// Would it be permitted if its name turned out to be one that a service asks for?
bool waits_for_name(const CompiledPolicy& policy, const Conversation& conversation, const Ends& ends,
                    const Verdict& verdict) {
  if (!policy.named_services || verdict.undeclared_tunnel || verdict.link_scope) return false;
  if (conversation.name_own || conversation.name == name_class::hidden) return false;
  Conversation named = conversation;
  named.name = name_class::any;
  SegmentSet reach = policy.name_reach[verdict.from];
  for (SegmentId to = 0; reach != 0; ++to, reach = static_cast<SegmentSet>(reach >> 1U)) {
    if ((reach & 1U) != 0 &&
        judge_as_told(policy, named, ends, to, Wanted::decision).decision == Decision::permit) {
      return true;
    }
  }
  return false;
}

// With some segment's next hop at this neighbour, by its name if need be. Once the frame's is one, or
// nobody's can be known, there is nothing to wait for.
void note_path_pending(const CompiledPolicy& policy, const Conversation& conversation, const Ends& ends,
                       MacAddress Conversation::*neighbour, Verdict& verdict) {
  if ((conversation.*neighbour).is_zero() || next_hop_of(policy, conversation.*neighbour) != nullptr) return;
  SegmentSet tried = 0;
  Conversation left = conversation;
  for (const CompiledPolicy::NextHop& hop : policy.next_hops) {
    const auto bit = static_cast<SegmentSet>(1U << hop.segment);
    if ((tried & bit) != 0) continue;
    tried |= bit;
    left.*neighbour = hop.mac;
    const Verdict then = judge_as_told(policy, left, ends, policy.external, Wanted::decision);
    if (then.decision == Decision::permit) {
      verdict.path_pending = true;
    } else if (!verdict.name_pending && waits_for_name(policy, left, ends, then)) {
      verdict.path_pending = verdict.name_pending = true;
    }
  }
}

// Would it be permitted by its name, or on the way to some segment's next hop? There is but one way to an
// address that tells its segment by itself, where that segment names no next hop.
void note_pending(const CompiledPolicy& policy, const Conversation& conversation, const Ends& ends,
                  Verdict& verdict) {
  verdict.name_pending = waits_for_name(policy, conversation, ends, verdict);
  if (verdict.undeclared_tunnel || verdict.link_scope) return;
  const bool told_by_address = segment_of(policy, ends.responder) != policy.external;
  const bool one_way = told_by_address && (policy.with_next_hops >> verdict.to & 1U) == 0;
  if (!one_way) note_path_pending(policy, conversation, ends, &Conversation::next_hop_mac, verdict);
  // Nothing was seen of the initiator: where his answers go.
  if (conversation.initiator_mac_guessed) {
    note_path_pending(policy, conversation, ends, &Conversation::initiator_mac, verdict);
  }
}

// Where nothing is at stage draft this is not asked: verdicts cost what they cost without it.
void judge_drafts(const CompiledPolicy& policy, const Conversation& conversation, Verdict& verdict) {
  const CompiledPolicy& future = *policy.drafted;
  const Verdict drafted =
      judge_as_told(future, conversation, Ends{future, conversation}, policy.external, Wanted::decision);
  verdict.draft_differs = drafted.decision != verdict.decision;
  if (!verdict.draft_differs) return;
  verdict.draft_basis = drafted.basis;
  verdict.draft_index = drafted.basis_index;
  const PolicyOptions& options = policy.options;
  verdict.draft_overlay = CompiledPolicy::draft_of(options.overlays, drafted.overlay_index);
  verdict.draft_switch = CompiledPolicy::draft_of(options.switches, drafted.switch_index);
  verdict.draft_tunnel = CompiledPolicy::draft_of(options.tunnels, drafted.tunnel_index);
}

// The same conversation, started by the other side. A frame to a neighbour came from it the other way round.
Conversation reversed(const Conversation& conversation) {
  Conversation other = conversation;
  std::swap(other.initiator, other.responder);
  std::swap(other.initiator_port, other.port);
  std::swap(other.initiator_mac, other.responder_mac);
  std::swap(other.initiator_mac_guessed, other.responder_mac_guessed);
  other.next_hop_mac = conversation.initiator_mac;
  other.name = name_class::unknown;  // the responder's, not the initiator's
  other.name_own = false;
  return other;
}

}  // namespace

PathRule rule_on_path(const CompiledPolicy& policy, SegmentId from, SegmentId to,
                      const MacAddress& next_hop) {
  const PairId pair = pair_of(from, to);
  if (on_other_path(policy, pair, next_hop)) return {policy.matrix.other_paths[pair], true};
  const CellRule& rule = policy.rule(from, to);
  if (from == to || !by_other_path(policy, to, next_hop)) return {rule, false};
  return {as_going_outside(policy, from, rule), true};
}

capture::Tunnel tunnel_by_port(std::uint8_t protocol, std::uint16_t port) {
  constexpr std::uint16_t port_ike = 500;         // RFC 7296 section 2
  constexpr std::uint16_t port_ipsec_nat = 4500;  // RFC 3948 section 2
  switch (protocol) {
    case capture::protocol::udp:
      return port == port_ike || port == port_ipsec_nat ? capture::Tunnel::esp : capture::Tunnel::none;
    case capture::protocol::esp:
      return capture::Tunnel::esp;
    case capture::protocol::ah:
      return capture::Tunnel::ah;
    case capture::protocol::gre:
      return capture::Tunnel::gre;
    case capture::protocol::ipv4:
    case capture::protocol::ipv6:
      return capture::Tunnel::ipip;
    default:
      return capture::Tunnel::none;
  }
}

Conversation conversation_of(const capture::FlowGist& gist, Time time) {
  Conversation conversation;
  conversation.time = time;
  conversation.initiator = gist.tuple.source;
  conversation.responder = gist.tuple.destination;
  conversation.protocol = gist.tuple.protocol;
  // ICMP puts its types where others have ports.
  if (gist.tuple.protocol != capture::protocol::icmp && gist.tuple.protocol != capture::protocol::icmpv6) {
    conversation.initiator_port = gist.tuple.source_port;
    conversation.port = gist.tuple.destination_port;
  }
  conversation.ports_known = gist.ports_known;
  conversation.neighbour_discovery =
      gist.tuple.protocol == capture::protocol::icmpv6 && gist.icmp_type >= 133 && gist.icmp_type <= 137;
  conversation.initiator_mac = gist.initiator_mac;
  conversation.responder_mac = gist.responder_mac;
  conversation.next_hop_mac = gist.next_hop_mac;
  // Until the other side has sent a frame of its own, the neighbour on this wire is known from the frames
  // seen alone: who answers is whom one sends to.
  if (conversation.responder_mac.is_zero()) {
    conversation.responder_mac = gist.next_hop_mac;
    conversation.responder_mac_guessed = true;
  }
  if (conversation.next_hop_mac.is_zero()) conversation.next_hop_mac = gist.responder_mac;
  if (conversation.initiator_mac.is_zero()) {
    conversation.initiator_mac = gist.answers_to_mac;
    conversation.initiator_mac_guessed = true;
  }
  if (gist.vlan_count > 0) conversation.vlan = gist.vlans[gist.vlan_count - 1U];
  conversation.tap = gist.tap;
  conversation.tunnel = gist.tunnel;
  if (gist.tunnel == capture::Tunnel::none) {
    const std::uint16_t port = gist.ports_known ? gist.tuple.destination_port : std::uint16_t{0};
    conversation.tunnel = tunnel_by_port(gist.tuple.protocol, port);
  }
  conversation.confidence = capture::confidence(gist.evidence);
  conversation.name = gist.name;
  conversation.name_own = gist.name_own;
  return conversation;
}

Conversation conversation_of(const capture::FlowFacts& facts) {
  Conversation conversation = conversation_of(facts, facts.end);
  conversation.inside = facts.inside;
  conversation.depth = facts.depth;
  return conversation;
}

PolicyError::PolicyError(std::vector<Item> items)
    : std::runtime_error(joined(items)), items_(std::move(items)) {}

struct Policy::Compiled : CompiledPolicy {};

Policy::Policy(PolicyOptions options, const std::vector<std::string>& taps, std::string sha256,
               std::uint32_t generation, Language language) {
  auto compiled = std::make_unique<Compiled>(Compiled{compile(std::move(options), taps, language)});
  compiled->sha256 = std::move(sha256);
  compiled->generation = generation;
  compiled_ = std::move(compiled);
}

Policy::~Policy() = default;
Policy::Policy(Policy&&) noexcept = default;
Policy& Policy::operator=(Policy&&) noexcept = default;

Verdict Policy::judge(const Conversation& conversation) const {
  const Ends ends{*compiled_, conversation};
  Verdict verdict = judge_as_told(*compiled_, conversation, ends, compiled_->external);
  if (verdict.decision == Decision::permit) {
    if (compiled_->drafts_forbid) judge_drafts(*compiled_, conversation, verdict);
    return verdict;
  }
  note_pending(*compiled_, conversation, ends, verdict);
  if (conversation.confidence == capture::Confidence::guess) {
    const Conversation other = reversed(conversation);
    const Verdict back =
        judge_as_told(*compiled_, other, ends.reversed(), compiled_->external, Wanted::decision);
    verdict.orientation_matters = back.decision == Decision::permit;
  }
  if (compiled_->drafted) judge_drafts(*compiled_, conversation, verdict);
  return verdict;
}

std::optional<PairId> Policy::settled(const IpAddress& initiator, const IpAddress& responder,
                                      std::uint16_t tap, std::uint16_t vlan) const {
  if (is_link_scope(initiator) || is_link_scope(responder)) return std::nullopt;
  const SegmentId from = segment_of(*compiled_, compiled_->map.find(initiator));
  const SegmentId to = segment_of(*compiled_, compiled_->map.find(responder));
  const PairId pair = pair_of(from, to);
  if (!compiled_->settled[pair] || !claims_agree(*compiled_, tap, vlan, from, to)) return std::nullopt;
  return pair;
}

std::vector<NearEntry> Policy::near_misses(const Conversation& conversation, std::size_t most) const {
  const Verdict verdict = judge(conversation);
  if (!takes(verdict.cell, Basis::exception)) {
    if (verdict.near_miss.mismatch == Mismatch::none) return {};
    return {{verdict.near_miss, {verdict.near_miss.mismatch}}};
  }
  std::vector<NearEntry> misses = compiled_->entries.nearest(verdict.pair(), conversation, most);
  // A gateway has no say in a cell that takes services, nor the other way round.
  std::erase_if(misses, [&](const NearEntry& near) { return !takes(verdict.cell, near.miss.kind); });
  return misses;
}

bool Policy::has_claims(SegmentId segment) const {
  return segment < segments_max && (compiled_->claimants >> segment & 1U) != 0;
}

bool Policy::claimed(SegmentId segment, std::uint16_t tap, std::span<const std::uint16_t> vlans) const {
  if (segment >= segments_max) return false;
  SegmentSet claim = vlans.empty() ? SegmentSet{0} : compiled_->vlan_claims[vlans.back() & 0xfffU];
  if (claim == 0 && tap < compiled_->tap_claims.size()) claim = compiled_->tap_claims[tap];
  return (claim >> segment & 1U) != 0;
}

SegmentId Policy::classify(const IpAddress& address, int* prefix_index) const {
  const std::uint32_t found = compiled_->map.find(address);
  if (prefix_index != nullptr)
    *prefix_index = found == SegmentMap::none ? -1 : static_cast<int>(found / segments_max);
  return segment_of(*compiled_, found);
}

SegmentId Policy::external() const {
  return compiled_->external;
}
const std::vector<ProfileSegment>& Policy::segments() const {
  return compiled_->options.profile.segments;
}
int Policy::segment_index(std::string_view id) const {
  return compiled_->segment_index(id);
}
const std::vector<NamedPrefix>& Policy::prefixes() const {
  return compiled_->prefixes;
}

std::string_view Policy::prefix_name(const IpAddress& address) const {
  int index = -1;
  classify(address, &index);
  for (; index >= 0; index = compiled_->covers[static_cast<std::size_t>(index)]) {
    const std::string& name = compiled_->prefixes[static_cast<std::size_t>(index)].name;
    if (!name.empty()) return name;
  }
  return {};
}

Cell Policy::cell(SegmentId from, SegmentId to) const {
  return compiled_->rule(from, to).cell;
}

bool Policy::service_port(std::uint8_t protocol, std::uint16_t port) const {
  switch (protocol) {
    case capture::protocol::tcp:
      return compiled_->ports_tcp[port];
    case capture::protocol::udp:
      return compiled_->ports_udp[port];
    case capture::protocol::sctp:
      return compiled_->ports_sctp[port];
    default:
      return false;
  }
}

const NameMap& Policy::names() const {
  return compiled_->names;
}
bool Policy::has_named_services() const {
  return compiled_->named_services;
}
bool Policy::leads_by_name(SegmentId segment) const {
  const auto& reach = compiled_->name_reach;
  return std::any_of(reach.begin(), reach.end(), [&](SegmentSet set) { return (set >> segment & 1U) != 0; });
}
bool Policy::name_port(std::uint16_t port) const {
  return compiled_->name_ports[port];
}
bool Policy::path_matters(SegmentId segment) const {
  return segment < segments_max && (compiled_->with_next_hops >> segment & 1U) != 0;
}

bool Policy::is_next_hop(const MacAddress& mac) const {
  return !compiled_->next_hops.empty() && next_hop_of(*compiled_, mac) != nullptr;
}

bool Policy::is_known(std::size_t index, const Conversation& conversation, const Verdict& verdict) const {
  const KnownServiceOptions& known = compiled_->options.known[index];
  const CompiledPolicy::Known& where = compiled_->known[index];
  if ((where.from >> verdict.from & 1U) == 0 || (where.to >> verdict.to & 1U) == 0) return false;
  if (!known.names.empty() &&
      !compiled_->names.is_of_known(conversation.name, static_cast<std::uint32_t>(index))) {
    return false;
  }
  const auto has_port = [&](const Ports& ports) {
    return ports.protocol == conversation.protocol && conversation.ports_known &&
           ports.first <= conversation.port && conversation.port <= ports.last;
  };
  // What a product uses in the world, it uses in every domain.
  const IpAddress responder = conversation.responder.in(main_domain);
  const auto has_address = [&](const Prefix& prefix) { return prefix.contains(responder); };
  return (known.ports.empty() || std::any_of(known.ports.begin(), known.ports.end(), has_port)) &&
         (known.addresses.empty() ||
          std::any_of(known.addresses.begin(), known.addresses.end(), has_address));
}

Policy::Epoch Policy::epoch(Time time) const {
  const std::vector<Time>& begins = compiled_->epochs;
  const auto next = std::upper_bound(begins.begin(), begins.end(), time);
  const WeekBorders::Part part = compiled_->week_borders.part(time);
  Epoch epoch;
  // Both numbers rise with time, and at each border at least one of them does: no two epochs in a row share
  // their sum.
  epoch.index = static_cast<std::uint32_t>(next - begins.begin()) + part.number;
  epoch.begin = std::max(part.begin, next == begins.begin() ? Time::min() : *(next - 1));
  epoch.end = std::min(part.end, next == begins.end() ? Time::max() : *next);
  return epoch;
}

const std::vector<PolicyError::Item>& Policy::warnings() const {
  return compiled_->warnings;
}
Cell Policy::model_cell(SegmentId from, SegmentId to) const {
  return compiled_->matrix.model[pair_of(from, to)];
}

const CompiledPolicy& Policy::compiled() const {
  return *compiled_;
}
const SystemMap& Policy::systems() const {
  return compiled_->systems;
}

const PolicyOptions& Policy::options() const {
  return compiled_->options;
}
const std::string& Policy::sha256() const {
  return compiled_->sha256;
}
std::uint32_t Policy::generation() const {
  return compiled_->generation;
}

Severity severity(const Policy& policy, const Verdict& verdict, capture::Stage stage) {
  if (verdict.decision == Decision::permit) {
    return verdict.basis == Basis::exception ? Severity::notice : Severity::info;
  }
  const bool answered = stage >= capture::Stage::answered;
  if (!answered || verdict.orientation_matters) return Severity::warning;
  if (verdict.near_miss.mismatch == Mismatch::expired && !verdict.undeclared_tunnel) return Severity::warning;
  const auto is = [&](SegmentId segment, std::string_view id) { return policy.segments()[segment].id == id; };
  const bool from_mynumber = is(verdict.from, "mynumber");
  if (!from_mynumber && !is(verdict.to, "mynumber")) return Severity::error;
  const SegmentId other = from_mynumber ? verdict.to : verdict.from;
  const bool open_world =
      other == policy.external() || is(other, "internet") || policy.segments()[other].part_of == "internet";
  return open_world ? Severity::alert : Severity::critical;
}

}  // namespace sekimori::policy
