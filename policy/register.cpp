#include "policy/register.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "capture/decode/packet.hpp"
#include "policy/exception_state.hpp"
#include "policy/text/text.hpp"

namespace sekimori::policy {
namespace {

constexpr std::string_view mynumber_id = "mynumber";
// A prefix that holds more listed prefixes than this is taken to meet every segment.
constexpr std::size_t nested_examined_max = 1024;

bool empty(const EndpointOptions& side) {
  return side.addresses.empty() && side.macs.empty();
}

// Named, but every address passes.
bool everywhere(const EndpointOptions& side) {
  return std::any_of(side.addresses.begin(), side.addresses.end(),
                     [](const Prefix& prefix) { return prefix.length == 0; });
}

bool limits_addresses(const EndpointOptions& side) {
  return !side.addresses.empty() && !everywhere(side);
}

// Every port of TCP, UDP or SCTP, or every protocol. Others have no ports to limit.
bool limits_ports(const std::vector<Ports>& list) {
  namespace protocol = capture::protocol;
  if (list.empty()) return false;
  return std::none_of(list.begin(), list.end(), [](const Ports& ports) {
    const bool has_ports = ports.protocol == protocol::tcp || ports.protocol == protocol::udp ||
                           ports.protocol == protocol::sctp;
    return ports.protocol == 0 || (has_ports && ports.first == 0 && ports.last == 65535);
  });
}

struct Crossing {
  SegmentId from = 0;
  SegmentId to = 0;
};

// Calls `found` for each pair of segments that the exception may meet; stops when it says so.
template <typename Found>
void crossings(const CompiledPolicy& policy, const ExceptionOptions& exception, Found&& found) {
  std::array<SegmentSet, segments_max> met{};  // destinations, by source
  for (DomainId domain = 0; domain < domains_count(policy.options); ++domain) {
    if (!has_domain(exception.domains, domain)) continue;
    const SegmentSet sources = segments_met(policy, exception.source, domain);
    const SegmentSet destinations = segments_met(policy, exception.destination, domain);
    for (SegmentId from = 0; from < segments_max; ++from) {
      if ((sources >> from & 1U) != 0) met[from] = static_cast<SegmentSet>(met[from] | destinations);
    }
  }
  const auto count = static_cast<SegmentId>(policy.options.profile.segments.size());
  for (SegmentId from = 0; from < count; ++from) {
    for (SegmentId to = 0; to < count; ++to) {
      if ((met[from] >> to & 1U) != 0 && found(Crossing{from, to})) return;
    }
  }
}

std::string pair_text(const CompiledPolicy& policy, Crossing crossing) {
  const std::vector<ProfileSegment>& segments = policy.options.profile.segments;
  return segments[crossing.from].id + "→" + segments[crossing.to].id;
}

// "伊勢崎市情報セキュリティポリシー 第1章6(3)ア": of the first clause that the cell rests on; empty if there
// is none.
std::string clause_text(const CompiledPolicy& policy, const CellRule& rule, Language language) {
  const Profile& profile = policy.options.profile;
  for (std::size_t i = 0; i < rule.reasons_count; ++i) {
    for (const std::string& id : profile.reasons[rule.reasons[i]].clauses) {
      const auto clause = std::find_if(profile.clauses.begin(), profile.clauses.end(),
                                       [&](const Clause& one) { return one.id == id; });
      if (clause == profile.clauses.end()) continue;
      return (language == Language::ja ? clause->body.ja : clause->body.en) + " " + clause->number;
    }
  }
  return {};
}

// What the profile gives as its reason that the My Number segment speaks to nobody without an exception is
// also what says how narrow one must be; the pair's own reason (住基ネット, ガバメントクラウド) says
// something else.
std::string mynumber_clause(const CompiledPolicy& policy, SegmentId mynumber, Crossing crossing,
                            Language language) {
  const auto count = static_cast<SegmentId>(policy.options.profile.segments.size());
  for (SegmentId to = 0; to < count; ++to) {
    const CellRule& rule = policy.rule(mynumber, to);
    if (rule.cell != Cell::forbid) continue;
    std::string clause = clause_text(policy, rule, language);
    if (!clause.empty()) return clause;
  }
  const std::string clause = clause_text(policy, policy.rule(crossing.from, crossing.to), language);
  return clause.empty() ? "-" : clause;
}

class RegisterCheck {
 public:
  RegisterCheck(const CompiledPolicy& policy, Mistakes& mistakes) : policy_(policy), mistakes_(mistakes) {
    const int index = policy.segment_index(mynumber_id);
    if (index >= 0) mynumber_ = static_cast<SegmentId>(index);
  }

  void check(const ExceptionOptions& exception) {
    bool limited = true;
    for (const auto& [side, word] : {std::pair{&exception.source, Text::policy_side_source},
                                     std::pair{&exception.destination, Text::policy_side_destination}}) {
      if (!empty(*side) && (!everywhere(*side) || !side->macs.empty())) continue;
      mistakes_.add(exception.place, Text::policy_exception_side,
                    {{"id", exception.id}, {"side", text(word, mistakes_.language())}});
      limited = false;
    }
    if (exception.until <= exception.from) {
      mistakes_.add(exception.place, Text::policy_exception_period, {{"id", exception.id}});
    }
    if (limited && mynumber_) check_mynumber(exception);
  }

 private:
  // One message for an entry, at the first pair that it would open.
  void check_mynumber(const ExceptionOptions& exception) {
    crossings(policy_, exception, [&](Crossing crossing) {
      if (crossing.from != *mynumber_ && crossing.to != *mynumber_) return false;
      if (crossing.from == crossing.to || !takes_exceptions(policy_.rule(crossing.from, crossing.to).cell)) {
        return false;
      }
      const std::string missing = what_is_missing(exception, crossing);
      if (missing.empty()) return false;
      mistakes_.add(exception.place, Text::policy_exception_mynumber,
                    {{"id", exception.id},
                     {"pair", pair_text(policy_, crossing)},
                     {"missing", missing},
                     {"clause", mynumber_clause(policy_, *mynumber_, crossing, mistakes_.language())}});
      return true;
    });
  }

  std::string what_is_missing(const ExceptionOptions& exception, Crossing crossing) const {
    std::vector<std::string> missing;
    const auto add = [&](Text what) { missing.emplace_back(text(what, mistakes_.language())); };
    if (!limits_addresses(exception.source)) add(Text::register_missing_source_ip);
    if (!limits_addresses(exception.destination)) add(Text::register_missing_destination_ip);
    if (crossing.from == *mynumber_ && exception.source.macs.empty()) add(Text::register_missing_source_mac);
    if (crossing.to == *mynumber_ && exception.destination.macs.empty()) {
      add(Text::register_missing_destination_mac);
    }
    if (!limits_ports(exception.ports)) add(Text::register_missing_ports);
    return missing.empty() ? std::string{} : mistakes_.listed(missing);
  }

  const CompiledPolicy& policy_;
  Mistakes& mistakes_;
  std::optional<SegmentId> mynumber_{};
};

}  // namespace

bool takes_exceptions(Cell cell) {
  return cell == Cell::forbid || cell == Cell::gateway || cell == Cell::service;
}

SegmentSet segments_met(const CompiledPolicy& policy, const EndpointOptions& side, DomainId domain) {
  unsigned met = 0;
  unsigned unlisted = 1U << policy.external;
  for (const CompiledPolicy::NextHop& hop : policy.next_hops) unlisted |= 1U << hop.segment;
  if (side.addresses.empty())
    return static_cast<SegmentSet>((1U << policy.options.profile.segments.size()) - 1);
  for (const Prefix& written : side.addresses) {
    const Prefix prefix = written.in(domain);
    const std::uint32_t found = policy.map.find(prefix.address);
    bool covered = false;
    for (std::int32_t i = found == SegmentMap::none ? -1 : static_cast<std::int32_t>(found / segments_max);
         i >= 0; i = policy.covers[static_cast<std::size_t>(i)]) {
      const auto at = static_cast<std::size_t>(i);
      met |= 1U << policy.prefix_segments[at];
      covered = covered || policy.prefixes[at].prefix.contains(prefix);
    }
    if (covered) continue;
    met |= unlisted;
    auto nested =
        std::lower_bound(policy.prefixes.begin(), policy.prefixes.end(), prefix,
                         [](const NamedPrefix& a, const Prefix& b) { return comes_before(a.prefix, b); });
    for (std::size_t examined = 0; nested != policy.prefixes.end() && prefix.contains(nested->prefix);
         ++nested) {
      if (++examined > nested_examined_max) return 0xffff;
      met |= 1U << policy.prefix_segments[static_cast<std::size_t>(nested - policy.prefixes.begin())];
    }
  }
  return static_cast<SegmentSet>(met);
}

void check_register(const CompiledPolicy& policy, Mistakes& mistakes) {
  RegisterCheck register_check{policy, mistakes};
  for (const ExceptionOptions& exception : policy.options.exceptions) register_check.check(exception);
}

void warn_of_register(CompiledPolicy& policy, const Mistakes& words) {
  for (const ExceptionOptions& exception : policy.options.exceptions) {
    if (!policy.counts(exception.draft)) continue;
    bool effective = false;
    std::vector<std::string> pairs;
    std::vector<std::string> closed;
    crossings(policy, exception, [&](Crossing crossing) {
      const Cell cell = policy.rule(crossing.from, crossing.to).cell;
      effective = effective || takes_exceptions(cell);
      pairs.push_back(pair_text(policy, crossing));
      if (cell == Cell::forbid_always) closed.push_back(pairs.back());
      return false;
    });
    if (!effective) {
      policy.warnings.push_back(
          {exception.place, say(Text::policy_exception_no_effect, words.language(),
                                {{"id", exception.id}, {"pairs", words.listed(pairs)}})});
    } else if (!closed.empty() && limits_addresses(exception.source) &&
               limits_addresses(exception.destination)) {
      // Told by MAC alone, a side may be anywhere; that it may be where nothing is possible is no news then.
      policy.warnings.push_back(
          {exception.place, say(Text::policy_exception_part_forbidden, words.language(),
                                {{"id", exception.id}, {"pairs", words.listed(closed)}})});
    }
  }
}

Entry exception_entry(const PolicyOptions& options, std::uint32_t index) {
  const ExceptionOptions& exception = options.exceptions[index];
  Entry entry;
  entry.index = index;
  entry.domains = exception.domains;
  entry.source = in_domains(exception.source, exception.domains);
  entry.destination = in_domains(exception.destination, exception.domains);
  entry.ports = exception.ports;
  entry.approved = approved_from(exception);
  entry.begin = exception.from;
  entry.end = exception.until;
  entry.revoked = revoked_from(exception);
  entry.week = Week{exception.hours, options.utc_offset_minutes};
  return entry;
}

void split_time(CompiledPolicy& policy) {
  std::vector<Week> weeks;
  for (const ExceptionOptions& exception : policy.options.exceptions) {
    for (const Time border :
         {approved_from(exception), exception.from, exception.until, revoked_from(exception)}) {
      if (border != Time::min() && border != Time::max()) policy.epochs.push_back(border);
    }
    if (exception.hours != HoursOptions{}) {
      weeks.emplace_back(exception.hours, policy.options.utc_offset_minutes);
    }
  }
  std::sort(policy.epochs.begin(), policy.epochs.end());
  policy.epochs.erase(std::unique(policy.epochs.begin(), policy.epochs.end()), policy.epochs.end());
  policy.week_borders = WeekBorders{weeks, policy.options.utc_offset_minutes};
}

}  // namespace sekimori::policy
