#include "policy/proof/assertion.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "policy/proof/words.hpp"

namespace sekimori::policy {
namespace {

constexpr std::size_t assertion_pieces_max = 10'000;

class Prover {
 public:
  explicit Prover(const CompiledPolicy& policy)
      : policy_(policy), universe_(policy), reach_(policy, universe_) {
    std::vector<const Box*> boxes;
    for (const Permission& permission : reach_.permissions()) boxes.push_back(&permission.box);
    index_ = BoxIndex{std::move(boxes)};
  }

  std::optional<Broken> prove(const AssertionOptions& assertion) const {
    std::optional<Broken> broken = prove(assertion, assertion.from, assertion.to);
    if (!broken && assertion.both_ways) broken = prove(assertion, assertion.to, assertion.from);
    return broken;
  }

 private:
  using Peers = AssertionOptions::Peers;

  std::optional<Broken> prove(const AssertionOptions& assertion, const Peers& from, const Peers& to) const {
    const std::vector<Box> claimed = boxes_of(assertion, from, to);
    if (claimed.empty()) return Broken{.why = Broken::Why::nobody};
    for (const Box& box : claimed) {
      std::optional<Broken> broken = assertion.kind == AssertionOptions::Kind::permitted
                                         ? find_forbidden(box)
                                         : find_permitted(box, assertion);
      if (broken) return broken;
    }
    if (assertion.kind == AssertionOptions::Kind::permitted) return std::nullopt;
    return find_named(assertion, from, to);
  }

  RangeSet addresses_of_side(const Peers& peers, Family family, DomainId domain) const {
    RangeSet all;
    for (const Reach::Part& part : parts_of(peers, family, domain)) all = unite(all, part.addresses);
    return all;
  }

  // What a name alone permits is no box of its own; whether it could break the assertion is known all the
  // same. An unlisted responder with such a name belongs to the service's segment.
  std::optional<Broken> find_named(const AssertionOptions& assertion, const Peers& from,
                                   const Peers& to) const {
    for (const NamedPermission& permission : reach_.named()) {
      if (assertion.kind == AssertionOptions::Kind::only_by &&
          (assertion.by_service || listed(policy_.options.services, permission.index, assertion))) {
        continue;
      }
      for (DomainId domain = 0; domain < reach_.domains_count(); ++domain) {
        if (!has_domain(assertion.domains, domain)) continue;
        const Box box = claimed_by_name(assertion, from, to, permission, domain);
        if (!universe_.real(box)) continue;
        return Broken{.why = Broken::Why::named,
                      .example = universe_.example(box),
                      .from = permission.from,
                      .to = permission.to,
                      .rule = permission.rule,
                      .basis = Basis::service,
                      .index = permission.index};
      }
    }
    return std::nullopt;
  }

  Box claimed_by_name(const AssertionOptions& assertion, const Peers& from, const Peers& to,
                      const NamedPermission& permission, DomainId domain) const {
    const auto is_target = [&](const std::string& id) { return policy_.segment_index(id) == permission.to; };
    Box box = permission.box;
    box[Side::domain] = intersect(box[Side::domain], reach_.numbers_of(domain));
    box[Side::source] = intersect(box[Side::source], addresses_of_side(from, box.family, domain));
    box[Side::service] = intersect(box[Side::service], services_of(assertion.ports));
    const bool whole = (to.segments.empty() && to.addresses.empty()) ||
                       std::any_of(to.segments.begin(), to.segments.end(), is_target);
    if (!whole) {
      box[Side::destination] = intersect(box[Side::destination], addresses_of(to.addresses, box.family));
    }
    if (assertion.at) {
      box[Side::time] = intersect(box[Side::time], RangeSet::of(number_of(*assertion.at)));
      box[Side::week] = intersect(box[Side::week], RangeSet::of(universe_.minute_of(*assertion.at)));
    }
    return box;
  }

  // The same for both sides of a conversation: addresses with the MACs behind which they are meant.
  std::vector<Reach::Part> parts_of(const Peers& peers, Family family, DomainId domain) const {
    std::vector<Reach::Part> parts;
    const Box& all = universe_.all(family);
    for (const std::string& id : peers.segments) {
      const int segment = policy_.segment_index(id);
      if (segment < 0) continue;
      for (Reach::Part& part : reach_.parts(static_cast<SegmentId>(segment), family, domain))
        parts.push_back(std::move(part));
    }
    const RangeSet& addresses = all[Side::source];
    if (!peers.addresses.empty()) {
      RangeSet named = intersect(addresses, addresses_of(peers.addresses, family));
      parts.push_back({std::move(named), all[Side::source_mac]});
    }
    if (peers.segments.empty() && peers.addresses.empty())
      parts.push_back({addresses, all[Side::source_mac]});
    return parts;
  }

  std::vector<Box> boxes_of(const AssertionOptions& assertion, const Peers& from, const Peers& to) const {
    std::vector<Box> boxes;
    for (const Family family : families) {
      for (DomainId domain = 0; domain < reach_.domains_count(); ++domain) {
        if (has_domain(assertion.domains, domain)) add_boxes(assertion, from, to, family, domain, boxes);
      }
    }
    return boxes;
  }

  void add_boxes(const AssertionOptions& assertion, const Peers& from, const Peers& to, Family family,
                 DomainId domain, std::vector<Box>& boxes) const {
    for (const Reach::Part& source : parts_of(from, family, domain)) {
      for (const Reach::Part& destination : parts_of(to, family, domain)) {
        Box box = universe_.all(family);
        box[Side::domain] = reach_.numbers_of(domain);
        box[Side::source] = source.addresses;
        box[Side::source_mac] = source.macs;
        box[Side::destination] = destination.addresses;
        box[Side::next_hop] = destination.macs;
        box[Side::service] = services_of(assertion.ports);
        if (assertion.at) {
          box[Side::time] = RangeSet::of(number_of(*assertion.at));
          box[Side::week] = RangeSet::of(universe_.minute_of(*assertion.at));
        }
        if (assertion.kind == AssertionOptions::Kind::permitted) narrow_to_plain(box);
        if (!box.empty()) boxes.push_back(std::move(box));
      }
    }
  }

  // What must be permitted: nobody asserts that a fragment, a tunnel or a stranger's card gets through.
  static void narrow_to_plain(Box& box) {
    std::vector<Range> known;
    for (Number protocol = 0; protocol < 256; ++protocol)
      known.push_back({protocol * services_each, protocol * services_each + port_unknown - 1});
    box[Side::service] = intersect(box[Side::service], RangeSet{std::move(known)});
    box[Side::tunnel] = RangeSet::of(0);
    const RangeSet unknown = RangeSet::of(Universe::mac_unknown);
    for (const Side side : {Side::source_mac, Side::destination_mac, Side::next_hop}) {
      if (box[side].covers(unknown)) box[side] = unknown;
    }
  }

  template <typename Entries>
  static bool listed(const Entries& list, std::uint32_t index, const AssertionOptions& assertion) {
    return std::find(assertion.ids.begin(), assertion.ids.end(), list[index].id) != assertion.ids.end();
  }
  bool listed(const Permission& permission, const AssertionOptions& assertion) const {
    const PolicyOptions& options = policy_.options;
    const auto named = [&](const auto& list) { return listed(list, permission.index, assertion); };
    switch (permission.basis) {
      case Basis::gateway:
        return assertion.by_gateway || named(options.gateways);
      case Basis::service:
        return assertion.by_service || named(options.services);
      case Basis::exception:
        return assertion.by_exception || named(options.exceptions);
      case Basis::cell:
        break;
    }
    return false;
  }

  std::optional<Broken> find_permitted(const Box& claimed, const AssertionOptions& assertion) const {
    std::vector<std::uint32_t> found;
    index_.find(claimed, found);
    std::vector<const Box*> allowed;
    std::vector<const Permission*> others;
    for (const std::uint32_t at : found) {
      const Permission& permission = reach_.permissions()[at];
      const bool fine = assertion.kind == AssertionOptions::Kind::only_by && listed(permission, assertion);
      if (fine) allowed.push_back(&permission.box);
      if (!fine) others.push_back(&permission);
    }
    for (const Permission* const permission : others) {
      auto rest = remainder(*intersect(permission->box, claimed), allowed, assertion_pieces_max);
      if (!rest) return Broken{.why = Broken::Why::unknown};
      universe_.keep_real(*rest);
      if (rest->empty()) continue;
      return Broken{.why = Broken::Why::permitted,
                    .example = universe_.example(rest->front()),
                    .from = permission->from,
                    .to = permission->to,
                    .rule = permission->rule,
                    .basis = permission->basis,
                    .index = permission->index};
    }
    return std::nullopt;
  }

  std::optional<Broken> find_forbidden(const Box& claimed) const {
    std::vector<std::uint32_t> found;
    index_.find(claimed, found);
    std::vector<const Box*> permitted;
    for (const std::uint32_t at : found) permitted.push_back(&reach_.permissions()[at].box);
    auto rest = remainder(claimed, permitted, assertion_pieces_max);
    if (!rest) return Broken{.why = Broken::Why::unknown};
    universe_.keep_real(*rest);
    if (rest->empty()) return std::nullopt;
    Broken broken{.why = Broken::Why::forbidden, .example = universe_.example(rest->front())};
    const Box point = universe_.point(broken.example);
    for (const Area& area : reach_.areas()) {
      if (!covers(area.box, point)) continue;
      broken.from = area.from;
      broken.to = area.to;
      broken.rule = area.rule;
    }
    return broken;
  }

  const CompiledPolicy& policy_;
  Universe universe_;
  Reach reach_;
  BoxIndex index_{};
};

}  // namespace

std::vector<Broken> broken_assertions(const CompiledPolicy& policy) {
  std::vector<Broken> all;
  const std::vector<AssertionOptions>& assertions = policy.options.assertions;
  if (assertions.empty()) return all;
  const Prover prover{policy};
  for (std::uint32_t i = 0; i < assertions.size(); ++i) {
    if (!policy.counts(assertions[i].draft)) continue;
    std::optional<Broken> broken = prover.prove(assertions[i]);
    if (!broken) continue;
    broken->assertion = i;
    all.push_back(*broken);
  }
  return all;
}

namespace {

// The side that holds no address: the first one, as written.
std::string named_side(const AssertionOptions& assertion) {
  for (const AssertionOptions::Peers* peers : {&assertion.from, &assertion.to}) {
    if (!peers->segments.empty()) return peers->segments.front();
    if (!peers->addresses.empty()) return peers->addresses.front().to_string();
  }
  return {};
}

bool registered(const PolicyOptions& options, const std::string& id) {
  const auto named = [&](const auto& list) {
    return std::any_of(list.begin(), list.end(), [&](const auto& entry) { return entry.id == id; });
  };
  return named(options.gateways) || named(options.services) || named(options.exceptions);
}

std::string words_of(const CompiledPolicy& policy, const Broken& broken, Language language) {
  const AssertionOptions& assertion = policy.options.assertions[broken.assertion];
  std::string example = conversation_text(broken.example, {language, policy.options.utc_offset_minutes});
  if (domains_count(policy.options) > 1) {
    example =
        say(Text::domain_address, language,
            {{"address", example}, {"domain", domain_name(policy.options, broken.example.initiator.domain)}});
  }
  switch (broken.why) {
    case Broken::Why::permitted:
      return say(Text::proof_assert_permitted, language,
                 {{"text", assertion.text},
                  {"example", example},
                  {"by", basis_text(policy, broken.basis, broken.index, broken.from, broken.to, broken.rule,
                                    language)}});
    case Broken::Why::named:
      return say(Text::proof_assert_named, language,
                 {{"text", assertion.text},
                  {"example", example},
                  {"by", basis_text(policy, broken.basis, broken.index, broken.from, broken.to, broken.rule,
                                    language)},
                  {"names", joined(policy.options.services[broken.index].names, 3, language)}});
    case Broken::Why::forbidden:
      return say(Text::proof_assert_forbidden, language,
                 {{"text", assertion.text},
                  {"example", example},
                  {"cell", cell_text(policy, broken.from, broken.to, broken.rule)}});
    case Broken::Why::nobody:
      return say(Text::proof_assert_nobody, language,
                 {{"text", assertion.text}, {"side", named_side(assertion)}});
    case Broken::Why::unknown:
      break;
  }
  return say(Text::proof_assert_unknown, language, {{"text", assertion.text}});
}

}  // namespace

AssertionReport hold_assertions(const CompiledPolicy& policy, Language language) {
  AssertionReport report;
  for (const AssertionOptions& assertion : policy.options.assertions) {
    for (const std::string& id : assertion.ids) {
      if (registered(policy.options, id)) continue;
      report.mistakes.push_back(
          {assertion.place, say(Text::proof_assert_id, language, {{"text", assertion.text}, {"id", id}})});
    }
  }
  for (const Broken& broken : broken_assertions(policy)) {
    const Place& place = policy.options.assertions[broken.assertion].place;
    (broken.why == Broken::Why::nobody ? report.warnings : report.mistakes)
        .push_back({place, words_of(policy, broken, language)});
  }
  return report;
}

}  // namespace sekimori::policy
