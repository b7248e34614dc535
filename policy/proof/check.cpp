#include "policy/proof/check.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <set>
#include <tuple>
#include <utility>

#include "capture/decode/packet.hpp"

namespace sekimori::policy {
namespace {

// More pieces than this, and it is only said that nobody looked.
constexpr std::size_t check_pieces_max = 2000;
// Others named in one remark.
constexpr std::size_t named_max = 3;

using Level = Remark::Level;

// An entry with what it permits.
struct Examined {
  const Entry* entry = nullptr;
  std::vector<const Permission*> permissions{};  // of this entry
};

void sort_remarks(std::vector<Remark>& remarks) {
  std::stable_sort(remarks.begin(), remarks.end(), [](const Remark& a, const Remark& b) {
    return std::tie(a.place.file, a.place.line, a.place.column, a.rule) <
           std::tie(b.place.file, b.place.line, b.place.column, b.rule);
  });
}

class Checker {
 public:
  Checker(const CompiledPolicy& policy, const CheckOptions& options)
      : policy_(policy), options_(options), universe_(policy), reach_(policy, universe_) {}

  std::vector<Remark> run() {
    gather();
    for (const Examined& one : entries_) {
      terms(one);
      effect(one);
      width(one);
      cards(one);
      if (!one.permissions.empty()) overlap(one);
    }
    segments();
    domains();
    switches();
    overlays();
    if (policy_.drafts) drafts();
    sort_remarks(remarks_);
    return std::move(remarks_);
  }

 private:
  using Arguments = std::initializer_list<TextArgument>;

  std::string word(Text id, Arguments arguments = {}) const {
    return say(id, options_.manner.language, arguments);
  }
  const std::string& id(const Entry& entry) const { return id_of(policy_, entry.kind, entry.index); }
  const Place& place(const Entry& entry) const { return place_of(policy_, entry.kind, entry.index); }
  bool draft(const Entry& entry) const {
    const PolicyOptions& all = policy_.options;
    if (entry.kind == Basis::gateway) return all.gateways[entry.index].draft;
    if (entry.kind == Basis::service) return all.services[entry.index].draft;
    return all.exceptions[entry.index].draft;
  }
  // Where one address may be several hosts, with its domain.
  std::string in_domain(const std::string& address, DomainId domain) const {
    if (reach_.domains_count() == 1) return address;
    return word(Text::domain_address,
                {{"address", address}, {"domain", domain_name(policy_.options, domain)}});
  }
  const std::string& segment_id(SegmentId segment) const {
    return policy_.options.profile.segments[segment].id;
  }

  void gather();
  void terms(const Examined& one);
  void effect(const Examined& one);
  void outside(const Entry& entry, Side side, SegmentId segment);
  std::vector<PairId> pairs_met(const Entry& entry) const;
  void width(const Examined& one);
  void wide_ports(const Examined& one);
  void wide_side(const Examined& one, const EndpointOptions& side, Text name, bool prefixes);
  Level level_of_width(const Examined& one) const;
  void cards(const Examined& one);
  bool leg_known(SegmentId segment) const;
  void overlap(const Examined& one);
  // Is everything permitted by others that come before (or, as well, after) this entry? Empty: no.
  enum class Who : std::uint8_t { earlier, all };
  std::vector<const Entry*> coverers(const Examined& one, Who who, bool& examined) const;
  bool same(const Examined& one, const Entry& other) const;
  std::string named(const std::vector<const Entry*>& others) const;
  void segments();
  void domains();
  void switches();
  void overlays();
  void drafts();

  // {kind} and {id} are the entry's; at most three more.
  void remark(Level level, std::string_view rule, const Examined& one, Text message, Arguments arguments);
  std::vector<std::string> clauses_of(const Examined& one) const;

  const CompiledPolicy& policy_;
  const CheckOptions& options_;
  Universe universe_;
  Reach reach_;
  BoxIndex index_{};
  std::vector<Examined> entries_{};
  std::vector<std::size_t> entry_of_{};  // by permission: position in entries_; those of cells: none
  std::vector<Remark> remarks_{};
};

constexpr std::size_t no_entry = static_cast<std::size_t>(-1);

void Checker::gather() {
  std::array<std::vector<std::size_t>, 4> positions;  // by kind and index
  for (const Entry& entry : policy_.entries.all()) {
    std::vector<std::size_t>& of_kind = positions[static_cast<std::size_t>(entry.kind)];
    of_kind.resize(std::max<std::size_t>(of_kind.size(), entry.index + 1), no_entry);
    of_kind[entry.index] = entries_.size();
    entries_.push_back({&entry, {}});
  }
  std::vector<const Box*> boxes;
  for (const Permission& permission : reach_.permissions()) {
    boxes.push_back(&permission.box);
    entry_of_.push_back(no_entry);
    if (permission.basis == Basis::cell) continue;
    entry_of_.back() = positions[static_cast<std::size_t>(permission.basis)][permission.index];
    entries_[entry_of_.back()].permissions.push_back(&permission);
  }
  index_ = BoxIndex{std::move(boxes)};
}

std::vector<std::string> Checker::clauses_of(const Examined& one) const {
  std::vector<PairId> pairs;
  for (const Permission* permission : one.permissions)
    pairs.push_back(pair_of(permission->from, permission->to));
  if (pairs.empty()) pairs = pairs_met(*one.entry);
  const Profile& profile = policy_.options.profile;
  std::vector<std::string> clauses;
  for (const PairId pair : pairs) {
    const CellRule& rule = policy_.rule(from_of(pair), to_of(pair));
    for (std::size_t i = 0; i < rule.reasons_count; ++i) {
      for (const std::string& clause : profile.reasons[rule.reasons[i]].clauses) {
        if (std::find(clauses.begin(), clauses.end(), clause) == clauses.end()) clauses.push_back(clause);
      }
    }
  }
  return clauses;
}

void Checker::remark(Level level, std::string_view rule, const Examined& one, Text message,
                     Arguments arguments) {
  assert(arguments.size() <= 3);
  const auto at = [&](std::size_t i) { return i < arguments.size() ? arguments.begin()[i] : TextArgument{}; };
  std::string words = word(message, {{"kind", text(kind_text(one.entry->kind), options_.manner.language)},
                                     {"id", id(*one.entry)},
                                     at(0),
                                     at(1),
                                     at(2)});
  remarks_.push_back({level, rule, place(*one.entry), std::move(words), clauses_of(one)});
}

// ---- terms

void Checker::terms(const Examined& one) {
  const Entry& entry = *one.entry;
  if (draft(entry)) remark(Level::note, "draft", one, Text::check_draft, {});
  if (entry.kind != Basis::exception || entry.end == Time::max()) return;
  if (options_.now >= entry.revoked) return;  // over, and the register says so
  const int offset = options_.manner.utc_offset_minutes;
  std::string last = moment_text(entry.end, offset);
  if (last.size() == 10) last = moment_text(entry.end - Duration{1}, offset).substr(0, 10);
  const auto days = std::chrono::ceil<std::chrono::days>(entry.end - options_.now).count();
  if (options_.now >= entry.end) {
    remark(Level::warning, "exception-expired", one, Text::check_expired, {{"until", last}});
  } else if (days <= static_cast<std::int64_t>(options_.ending_days)) {
    remark(Level::note, "exception-ending", one, Text::check_ending,
           {{"until", last}, {"days", std::to_string(days)}});
  }
  // One without a beginning has been so since nobody knows when.
  const Time begin = entry.begin > Time{} ? entry.begin : std::min(options_.now, entry.end);
  if (entry.end - begin > std::chrono::days{options_.term_days})
    remark(Level::note, "exception-long", one, Text::check_long, {});
}

// ---- what it permits, and what it only seems to

std::vector<PairId> Checker::pairs_met(const Entry& entry) const {
  if (entry.kind != Basis::exception) return {pair_of(entry.from, entry.to)};
  std::set<PairId> pairs;
  const std::size_t count = policy_.options.profile.segments.size();
  for (const Family family : families) {
    const Box box = reach_.box_of(entry, family);
    if (box.empty()) continue;
    for (DomainId domain = 0; domain < reach_.domains_count(); ++domain) {
      if (!has_domain(entry.domains, domain)) continue;
      const auto meets = [&](std::size_t segment, Side side) {
        return reach_.addresses(static_cast<SegmentId>(segment), family, domain).meets(box[side]);
      };
      for (std::size_t pair = 0; pair < count * count; ++pair) {
        if (meets(pair / count, Side::source) && meets(pair % count, Side::destination))
          pairs.insert(pair_of(static_cast<SegmentId>(pair / count), static_cast<SegmentId>(pair % count)));
      }
    }
  }
  return {pairs.begin(), pairs.end()};
}

void Checker::effect(const Examined& one) {
  const Entry& entry = *one.entry;
  if (entry.kind != Basis::exception) {
    outside(entry, Side::source, entry.from);
    outside(entry, Side::destination, entry.to);
    const Cell cell = policy_.rule(entry.from, entry.to).cell;
    // A cell that takes none is told by Policy::warnings(); where all is permitted it says who serves whom.
    if (one.permissions.empty() && takes(cell, entry.kind))
      remark(Level::warning, "entry-dead", one, Text::check_dead, {});
    return;
  }
  if (one.permissions.empty()) return;  // told by Policy::warnings()
  std::string pairs;
  for (const PairId pair : pairs_met(entry)) {
    const Cell cell = policy_.rule(from_of(pair), to_of(pair)).cell;
    if (cell != Cell::forbid_always && cell != Cell::absent) continue;
    if (!pairs.empty()) pairs += ", ";
    pairs += segment_id(from_of(pair)) + "→" + segment_id(to_of(pair));
  }
  if (!pairs.empty())
    remark(Level::warning, "exception-contradicts", one, Text::check_contradiction, {{"pairs", pairs}});
}

// A gateway or service speaks of two segments by name; addresses of others in it do nothing.
void Checker::outside(const Entry& entry, Side side, SegmentId segment) {
  const EndpointOptions& end = side == Side::source ? entry.source : entry.destination;
  std::vector<std::string> strangers;
  for (DomainId domain = 0; domain < reach_.domains_count(); ++domain) {
    if (!has_domain(entry.domains, domain)) continue;
    for (const Family family : families) {
      RangeSet inside = reach_.addresses(segment, family, domain);
      for (const Reach::Part& part : reach_.parts(segment, family, domain))
        inside = unite(inside, part.addresses);
      const RangeSet rest = subtract(addresses_of(end.addresses, family), inside);
      for (std::string& words : addresses_in(rest, family)) strangers.push_back(in_domain(words, domain));
    }
  }
  if (strangers.empty()) return;
  const Examined one{&entry, {}};
  const Text name = side == Side::source ? Text::policy_side_source : Text::policy_side_destination;
  remark(Level::warning, side == Side::source ? "clients-outside" : "hosts-outside", one, Text::check_outside,
         {{"side", word(name)},
          {"addresses", joined(strangers, named_max, options_.manner.language)},
          {"segment", segment_id(segment)}});
}

// ---- how wide it is

Level Checker::level_of_width(const Examined& one) const {
  const auto guarded = [&](SegmentId segment) { return segment_id(segment) == options_.guarded; };
  const bool any = std::any_of(one.permissions.begin(), one.permissions.end(), [&](const Permission* each) {
    return guarded(each->from) || guarded(each->to);
  });
  return any ? Level::error : Level::warning;
}

void Checker::width(const Examined& one) {
  if (one.permissions.empty()) return;  // permits nothing, however wide it is written
  wide_ports(one);
  const Entry& entry = *one.entry;
  const bool exception = entry.kind == Basis::exception;
  // A gateway or service is there for many clients; its hosts are few.
  if (exception) wide_side(one, entry.source, Text::policy_side_source, true);
  wide_side(one, entry.destination, Text::policy_side_destination, exception);
  if (entry.kind != Basis::gateway) return;
  const GatewayOptions& gateway = policy_.options.gateways[entry.index];
  if (gateway.kind != GatewayKind::mail_text) return;
  const RangeSet services = services_of(entry.ports);
  const auto takes_mail = [&](unsigned port) {
    return services.contains(capture::protocol::tcp * services_each + port);
  };
  if (!takes_mail(25) && !takes_mail(465) && !takes_mail(587))
    remark(Level::warning, "gateway-kind-ports", one, Text::check_mail_ports, {});
}

void Checker::wide_ports(const Examined& one) {
  if (one.entry->ports.empty()) {
    remark(level_of_width(one), "any-protocol", one, Text::check_any_protocol, {});
    return;
  }
  for (const Ports& ports : one.entry->ports) {
    const RangeSet own = services_of(ports);
    if (ports.protocol == 0 && every_port(ports)) {
      remark(level_of_width(one), "any-protocol", one, Text::check_any_protocol, {});
    } else if (every_port(ports) && has_ports(ports.protocol)) {
      remark(level_of_width(one), "any-port", one, Text::check_any_port,
             {{"protocol", joined(services_in(own, options_.manner.language), 1, options_.manner.language)}});
    } else if (!every_port(ports) && ports.last - ports.first >= static_cast<int>(options_.ports_max)) {
      remark(Level::warning, "wide-ports", one, Text::check_wide_ports,
             {{"ports", joined(services_in(own, options_.manner.language), 1, options_.manner.language)},
              {"limit", std::to_string(options_.ports_max)}});
    }
  }
}

void Checker::wide_side(const Examined& one, const EndpointOptions& side, Text name, bool prefixes) {
  const bool everywhere = std::any_of(side.addresses.begin(), side.addresses.end(),
                                      [](const Prefix& prefix) { return prefix.length == 0; });
  if (everywhere || (side.addresses.empty() && side.macs.empty())) {
    remark(level_of_width(one), "any-address", one, Text::check_any_address, {{"side", word(name)}});
    return;
  }
  for (const Prefix& prefix : side.addresses) {
    if (prefix.address.domain != side.addresses.front().address.domain) break;  // the same once more
    const bool ipv4 = prefix.address.family == Family::ipv4;
    const unsigned limit = ipv4 ? options_.widest_ipv4 : options_.widest_ipv6;
    if (prefix.length >= limit) continue;
    remark(prefixes ? Level::warning : Level::note, "wide-prefix", one, Text::check_wide,
           {{"side", word(name)}, {"prefix", prefix.to_string()}, {"limit", "/" + std::to_string(limit)}});
  }
}

// ---- whose card it asks for

// Where only the far side of the boundary is mirrored, every frame comes from the firewall's own card there.
// A card that is known to be a router's stands for the host behind it; an unknown one is a stranger's.
bool Checker::leg_known(SegmentId segment) const {
  const PolicyOptions& options = policy_.options;
  if (!options.routers.empty()) return true;
  return std::any_of(options.segments.begin(), options.segments.end(), [&](const SegmentOptions& one) {
    return policy_.segment_index(one.id) == segment && !one.router_macs.empty();
  });
}

void Checker::cards(const Examined& one) {
  const Entry& entry = *one.entry;
  if (entry.source.macs.empty() && entry.destination.macs.empty()) return;
  std::vector<std::string> blind;
  const auto look = [&](const EndpointOptions& side, SegmentId far) {
    if (side.macs.empty() || leg_known(far)) return;
    if (std::find(blind.begin(), blind.end(), segment_id(far)) == blind.end()) {
      blind.push_back(segment_id(far));
    }
  };
  for (const PairId pair : pairs_met(entry)) {
    if (from_of(pair) == to_of(pair)) continue;
    look(entry.source, to_of(pair));
    look(entry.destination, from_of(pair));
  }
  if (blind.empty()) return;
  remark(Level::warning, "mac-behind-router", one, Text::check_mac_router,
         {{"segments", joined(blind, named_max, options_.manner.language)}});
}

// ---- what others permit as well

std::vector<const Entry*> Checker::coverers(const Examined& one, Who who, bool& examined) const {
  const auto self = static_cast<std::size_t>(&one - entries_.data());
  std::set<std::size_t> covering;
  for (const Permission* permission : one.permissions) {
    std::vector<std::uint32_t> found;
    index_.find(permission->box, found);
    std::vector<const Box*> others;
    for (const std::uint32_t at : found) {
      const std::size_t other = entry_of_[at];
      if (other == self || other == no_entry || (who == Who::earlier && other > self)) continue;
      // A draft permits nothing yet, so it does not stand in for what is in force.
      if (draft(*entries_[other].entry) && !draft(*one.entry)) continue;
      others.push_back(&reach_.permissions()[at].box);
      covering.insert(other);
    }
    if (others.empty()) return {};
    auto rest = remainder(permission->box, others, check_pieces_max);
    if (rest) universe_.keep_real(*rest);
    examined = examined && rest.has_value();
    if (!rest || !rest->empty()) return {};
  }
  std::vector<const Entry*> entries;
  for (const std::size_t other : covering) entries.push_back(entries_[other].entry);
  return entries;
}

bool Checker::same(const Examined& one, const Entry& other) const {
  return std::all_of(std::begin(families), std::end(families), [&](Family family) {
    return reach_.box_of(*one.entry, family) == reach_.box_of(other, family);
  });
}

std::string Checker::named(const std::vector<const Entry*>& others) const {
  std::vector<std::string> words;
  for (const Entry* other : others)
    words.push_back(basis_text(policy_, other->kind, other->index, 0, 0, {}, options_.manner.language));
  return joined(words, named_max, options_.manner.language);
}

void Checker::overlap(const Examined& one) {
  bool examined = true;
  if (const auto earlier = coverers(one, Who::earlier, examined); !earlier.empty()) {
    for (const Entry* other : earlier) {
      if (other->kind != one.entry->kind || !same(one, *other)) continue;
      return remark(Level::warning, "entry-duplicate", one, Text::check_duplicate,
                    {{"other", named({other})}});
    }
    return remark(Level::warning, "entry-shadowed", one, Text::check_shadowed, {{"other", named(earlier)}});
  }
  if (const auto all = coverers(one, Who::all, examined); !all.empty()) {
    // Of two that are the same the later one is told, above.
    const bool twin = std::any_of(all.begin(), all.end(), [&](const Entry* other) {
      return other->kind == one.entry->kind && same(one, *other);
    });
    if (!twin) remark(Level::note, "entry-redundant", one, Text::check_redundant, {{"other", named(all)}});
  }
  if (!examined) remark(Level::note, "overlap-unexamined", one, Text::check_unexamined, {});
}

// ---- the city's segments and switches

void Checker::segments() {
  if (policy_.claimants == 0) return;  // a city that names no wires at all has decided so
  const int mynumber = policy_.segment_index("mynumber");
  for (const SegmentOptions& segment : policy_.options.segments) {
    if (!segment.vlans.empty() || !segment.taps.empty() || segment.prefixes.empty()) continue;
    // On wires that nobody claims no machine is a stranger; nowhere does that matter more.
    const bool mine = mynumber >= 0 && policy_.segment_index(segment.id) == mynumber;
    remarks_.push_back({mine ? Level::warning : Level::note,
                        "segment-unseen",
                        segment.place,
                        word(Text::check_unseen, {{"segment", segment.id}}),
                        {}});
  }
}

// Its wires are named, and nothing of what they carry.
void Checker::domains() {
  const std::vector<DomainName>& names = policy_.options.domains;
  for (std::size_t i = 1; i < names.size(); ++i) {
    const bool listed = std::any_of(policy_.prefixes.begin(), policy_.prefixes.end(),
                                    [&](const NamedPrefix& one) { return one.prefix.address.domain == i; });
    if (listed || !names[i].wired) continue;
    remarks_.push_back({Level::warning,
                        "domain-empty",
                        names[i].place,
                        word(Text::check_domain_empty, {{"domain", names[i].name}}),
                        {}});
  }
}

void Checker::switches() {
  const PolicyOptions& options = policy_.options;
  for (const SwitchChoice& choice : options.switches) {
    if (!policy_.counts(choice.draft)) continue;
    const auto& all = options.profile.switches;
    const auto definition =
        std::find_if(all.begin(), all.end(), [&](const SwitchOptions& each) { return each.id == choice.id; });
    if (definition == all.end()) continue;
    const bool changes =
        std::any_of(definition->cells.begin(), definition->cells.end(), [&](const CellOptions& cell) {
          const auto& cells = options.profile.cells;
          const auto before = std::find_if(cells.begin(), cells.end(), [&](const CellOptions& each) {
            return each.from == cell.from && each.to == cell.to;
          });
          return before == cells.end() || before->cell != cell.cell || before->reasons != cell.reasons;
        });
    if (changes) continue;
    remarks_.push_back({Level::note,
                        "switch-no-effect",
                        choice.place,
                        word(Text::check_switch_idle, {{"id", choice.id}}),
                        {}});
  }
}

// The body may decide a cell by its own clause. Where the model forbids it without exception on the guarded
// segment, no clause of the model stands behind that.
void Checker::overlays() {
  const PolicyOptions& options = policy_.options;
  const Profile& profile = options.profile;
  for (const OverlayOptions& overlay : options.overlays) {
    if (!policy_.counts(overlay.draft)) continue;
    const int from = policy_.segment_index(overlay.from);
    const int to = policy_.segment_index(overlay.to);
    if (from < 0 || to < 0) continue;
    const auto pair = pair_of(static_cast<SegmentId>(from), static_cast<SegmentId>(to));
    const bool guarded =
        segment_id(from_of(pair)) == options_.guarded || segment_id(to_of(pair)) == options_.guarded;
    const bool closed = overlay.cell == Cell::forbid_always || overlay.cell == Cell::absent;
    if (!guarded || closed || policy_.matrix.model[pair] != Cell::forbid_always) continue;
    std::vector<std::string> clauses;
    for (const CellOptions& cell : profile.cells) {
      if (policy_.segment_index(cell.from) != from || policy_.segment_index(cell.to) != to) continue;
      for (const Reason& reason : profile.reasons) {
        if (std::find(cell.reasons.begin(), cell.reasons.end(), reason.id) == cell.reasons.end()) continue;
        clauses.insert(clauses.end(), reason.clauses.begin(), reason.clauses.end());
      }
    }
    remarks_.push_back({Level::warning, "overlay-loosens", overlay.place,
                        word(Text::check_overlay, {{"from", segment_id(from_of(pair))},
                                                   {"to", segment_id(to_of(pair))},
                                                   {"clause", overlay.clause}}),
                        std::move(clauses)});
  }
}

// What is no entry and a draft: entries say so themselves.
void Checker::drafts() {
  const Language language = options_.manner.language;
  const auto tell = [&](const Place& place, const std::string& what) {
    remarks_.push_back({Level::note, "draft", place, word(Text::draft_not_in_force, {{"what", what}}), {}});
  };
  const PolicyOptions& options = policy_.options;
  for (std::size_t i = 0; i < options.overlays.size(); ++i) {
    if (options.overlays[i].draft)
      tell(options.overlays[i].place, overlay_text(options.overlays[i], language));
  }
  for (const SwitchChoice& choice : options.switches) {
    if (choice.draft) tell(choice.place, word(Text::draft_switch, {{"id", choice.id}}));
  }
  for (const TunnelOptions& tunnel : options.tunnels) {
    if (tunnel.draft) tell(tunnel.place, word(Text::draft_tunnel, {{"id", tunnel.id}}));
  }
  for (const AssertionOptions& assertion : options.assertions) {
    if (assertion.draft) tell(assertion.place, word(Text::draft_assertion, {{"text", assertion.text}}));
  }
}

// What is new once the drafts are in force: of a draft itself as it is, of what is in force already as a
// note, because today it is not so.
void add_future(const CompiledPolicy& policy, const CheckOptions& options, std::vector<Remark>& remarks) {
  std::set<std::tuple<std::string, int, int, std::string_view, std::string>> today;
  const auto key = [](const Remark& remark) {
    return std::tuple{remark.place.file, remark.place.line, remark.place.column, remark.rule, remark.message};
  };
  for (const Remark& remark : remarks) today.insert(key(remark));
  const PolicyOptions& all = policy.options;
  const auto is_draft = [&](const Place& place) {
    const auto among = [&](const auto& list) {
      return std::any_of(list.begin(), list.end(),
                         [&](const auto& one) { return one.draft && one.place == place; });
    };
    return among(all.gateways) || among(all.services) || among(all.exceptions) || among(all.overlays) ||
           among(all.switches) || among(all.tunnels) || among(all.assertions);
  };
  for (Remark& remark : Checker{*policy.drafted, options}.run()) {
    if (today.count(key(remark)) != 0) continue;
    if (!is_draft(remark.place)) {
      remark.level = Level::note;
      remark.message = say(Text::draft_with, options.manner.language, {{"message", remark.message}});
    }
    remarks.push_back(std::move(remark));
  }
}

}  // namespace

std::string_view level_name(Remark::Level level) {
  switch (level) {
    case Level::error:
      return "error";
    case Level::warning:
      return "warning";
    case Level::note:
      break;
  }
  return "note";
}

std::vector<Remark> check(const CompiledPolicy& policy, const CheckOptions& options) {
  std::vector<Remark> remarks = Checker{policy, options}.run();
  if (policy.drafted) {
    add_future(policy, options, remarks);
    sort_remarks(remarks);
  }
  return remarks;
}

}  // namespace sekimori::policy
