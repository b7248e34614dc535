#include "daemon/behaviour/bulk_watch.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "policy/system_map.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

std::string_view importance_word(policy::Importance importance) {
  switch (importance) {
    case policy::Importance::i:
      return "I";
    case policy::Importance::ii:
      return "II";
    case policy::Importance::iii:
      return "III";
    case policy::Importance::iv:
      return "IV";
    case policy::Importance::none:
      break;
  }
  return {};
}

policy::Localized localized(Text id) {
  return {std::string{text(id, Language::ja)}, std::string{text(id, Language::en)}};
}

// What nobody registered is known to be none.
void add_registered(Notice& notice, std::string name, std::string_view words) {
  if (words.empty()) {
    notice.add(std::move(name), "-", localized(Text::notice_not_registered));
  } else {
    notice.add(std::move(name), std::string{words});
  }
}

// The rule speaks of the client's domain; so does what it leaves out.
bool exempt(const policy::BulkOptions& bulk, const IpAddress& client) {
  const IpAddress plain = client.in(main_domain);
  return std::any_of(bulk.exempt.begin(), bulk.exempt.end(),
                     [&](const Prefix& prefix) { return prefix.contains(plain); });
}

// Multiplied before it is divided: 1 PiB times 100 stays far below 2^64.
std::uint64_t threshold_at(const policy::BulkOptions& bulk, bool office) {
  return office ? bulk.bytes : std::max<std::uint64_t>(bulk.bytes * bulk.out_of_hours_percent / 100, 1);
}

}  // namespace

std::string octets_text(std::uint64_t octets) {
  constexpr std::array<const char*, 5> units{"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (octets < 1024) return std::to_string(octets) + " B";
  std::size_t unit = 0;
  std::uint64_t whole = octets;
  std::uint64_t rest = 0;
  while (whole >= 1024 && unit <= units.size() - 1) {
    rest = whole % 1024;
    whole /= 1024;
    ++unit;
  }
  return std::to_string(whole) + "." + std::to_string(rest * 10 / 1024) + " " + units[unit - 1];
}

policy::Localized span_text(std::chrono::seconds span) {
  const std::int64_t seconds = span.count();
  if (seconds % 3600 == 0)
    return {std::to_string(seconds / 3600) + "時間", std::to_string(seconds / 3600) + " h"};
  if (seconds % 60 == 0) return {std::to_string(seconds / 60) + "分", std::to_string(seconds / 60) + " min"};
  return {std::to_string(seconds) + "秒", std::to_string(seconds) + " s"};
}

BulkWatch::BulkWatch(const policy::Policy& policy, const KeyedHash& hash)
    : accounts_(policy.options().behaviour.followed_max),
      flows_(policy.options().behaviour.followed_max, hash) {
  replaced(policy);
}

std::vector<BulkWatch::Rule> BulkWatch::rules_of(const policy::PolicyOptions& options) {
  std::vector<Rule> rules;
  const auto office = [&](const policy::BulkOptions& bulk) {
    return policy::Week{bulk.hours, options.utc_offset_minutes};
  };
  for (const policy::SystemOptions& system : options.systems) {
    if (!system.bulk) continue;
    rules.push_back({system.id, system.name, system.section, system.importance, *system.bulk,
                     office(*system.bulk), false, system.domains});
  }
  for (const policy::TransferOptions& transfer : options.transfers) {
    rules.push_back({transfer.id,
                     transfer.name,
                     {},
                     policy::Importance::none,
                     transfer.bulk,
                     office(transfer.bulk),
                     true,
                     transfer.domains});
  }
  return rules;
}

void BulkWatch::replaced(const policy::Policy& policy) {
  const policy::PolicyOptions& options = policy.options();
  const std::vector<Rule> before = std::move(rules_);
  rules_ = rules_of(options);
  const bool same = std::equal(
      rules_.begin(), rules_.end(), before.begin(), before.end(), [](const Rule& a, const Rule& b) {
        return a.id == b.id && a.transfer == b.transfer && a.domains == b.domains &&
               a.bulk.window == b.bulk.window && a.bulk.direction == b.bulk.direction;
      });
  if (!same) accounts_.forget_if([](const auto&, const auto&) { return true; });

  system_rules_.assign(options.systems.size(), -1);
  int next = 0;
  for (std::size_t i = 0; i < options.systems.size(); ++i) {
    if (options.systems[i].bulk) system_rules_[i] = next++;
  }
  pair_rules_.assign(policy::pairs_max, {});
  for (const policy::TransferOptions& transfer : options.transfers) {
    const int from = policy.segment_index(transfer.from);
    const int to = policy.segment_index(transfer.to);
    const auto pair =
        policy::pair_of(static_cast<policy::SegmentId>(from), static_cast<policy::SegmentId>(to));
    pair_rules_[pair].push_back(static_cast<std::uint32_t>(next++));
  }
}

BulkWatch::Counters BulkWatch::counters() const {
  return {accounts_.size(), accounts_.displaced(), flows_unfollowed_, warnings_};
}

void BulkWatch::count(const FlowStep& step, const StepHashes& hashes, const policy::Policy& policy,
                      std::vector<Notice>& found) {
  Metered& flow = flows_.at(step.id, hashes.flow);
  const bool known = flow.to_server != Metered::unknown;
  if (!known) flow.to_server = 0;
  // A conversation whose beginning was not told, or whose ends changed roles: it counts from here on.
  const bool anew = (!known && step.kind != FlowStep::Kind::opened) ||
                    step.bytes_to_server < flow.to_server || step.bytes_to_client < flow.to_client;
  if (anew) ++flows_unfollowed_;
  const std::uint64_t to_server = anew ? 0 : step.bytes_to_server - flow.to_server;
  const std::uint64_t to_client = anew ? 0 : step.bytes_to_client - flow.to_client;
  flow.to_server = step.bytes_to_server;
  flow.to_client = step.bytes_to_client;
  if (to_server == 0 && to_client == 0) return;

  const IpAddress& initiator = step.tuple.source;
  const IpAddress& responder = step.tuple.destination;
  const policy::SystemMap& systems = policy.systems();
  const int serving = systems.at(responder, step.tuple.protocol, step.tuple.destination_port);
  // Who opens a conversation to a system is its client; where the system itself opens one, it pushes.
  const int pushing = serving < 0 ? systems.bulk_host(initiator) : -1;
  const int system = serving >= 0 ? serving : pushing;
  if (system >= 0 && static_cast<std::size_t>(system) < system_rules_.size()) {
    const int rule = system_rules_[static_cast<std::size_t>(system)];
    if (rule >= 0) {
      const bool download =
          rules_[static_cast<std::size_t>(rule)].bulk.direction == policy::BulkDirection::to_client;
      const bool towards_initiator = download == (serving >= 0);
      account({static_cast<std::uint32_t>(rule), serving >= 0 ? initiator : responder,
               serving >= 0 ? responder : initiator, towards_initiator ? to_client : to_server},
              step, policy, found);
    }
  }
  for (const std::uint32_t rule : pair_rules_[step.pair]) {
    if (!has_domain(rules_[rule].domains, initiator.domain)) continue;
    const bool download = rules_[rule].bulk.direction == policy::BulkDirection::to_client;
    account({rule, initiator, responder, download ? to_client : to_server}, step, policy, found);
  }
}

// The account's sum with these octets. Octets from before the window that the account has reached count no
// more; a clock that was set back by more than a window begins the account anew.
std::uint64_t BulkWatch::add(Account& account, const Rule& rule, Time time, std::uint64_t octets) {
  const auto length = std::chrono::nanoseconds{rule.bulk.window} / parts;
  const std::int64_t part = time.time_since_epoch() / length;
  const std::int64_t ahead = account.begun ? part - account.newest : parts;
  if (ahead >= parts || ahead <= -parts) {
    account.octets = {};
    account.newest = part;
  } else {
    for (; account.newest < part; ++account.newest) {
      account.octets[static_cast<std::size_t>((account.newest + 1) % parts)] = 0;
    }
  }
  account.begun = true;
  account.octets[static_cast<std::size_t>((part % parts + parts) % parts)] += octets;
  std::uint64_t sum = 0;
  for (const std::uint64_t each : account.octets) sum += each;
  return sum;
}

void BulkWatch::account(const Way& way, const FlowStep& step, const policy::Policy& policy,
                        std::vector<Notice>& found) {
  const Rule& rule = rules_[way.rule];
  if (way.octets == 0 || exempt(rule.bulk, way.client)) return;
  Account& account = accounts_.at({way.rule, way.client});
  const std::uint64_t sum = add(account, rule, step.time, way.octets);
  const bool office = rule.office.holds(step.time);
  const std::uint64_t threshold = threshold_at(rule.bulk, office);
  if (sum < threshold) {
    account.told = false;
    return;
  }
  account.since_told += way.octets;
  // Once, and again for each further threshold's worth: the notice counts these.
  if (account.told && account.since_told < threshold) return;
  account.told = true;
  account.since_told = 0;
  tell({rule, way, sum, threshold, office, step.time}, policy, found);
}

void BulkWatch::tell(const Reached& reached, const policy::Policy& policy, std::vector<Notice>& found) {
  const auto& [rule, way, sum, threshold, office, time] = reached;
  ++warnings_;
  Notice notice{NoticeKind::bulk, rule.id + " " + host_subject(policy, way.client), time};
  const bool download = rule.bulk.direction == policy::BulkDirection::to_client;
  const std::string name = rule.name.empty() ? rule.id : rule.name;
  // Where it comes from and where it goes, whichever of the two is the client.
  if (download) {
    notice.add("source", rule.id, {name, name}).add_address("target", policy, way.client);
  } else {
    notice.add_address("source", policy, way.client).add("target", rule.id, {name, name});
  }
  notice.add_address("src", policy, way.client).add_address("dst", policy, way.other);
  notice.add("bytes", std::to_string(sum), {octets_text(sum), octets_text(sum)});
  notice.add("threshold", std::to_string(threshold), {octets_text(threshold), octets_text(threshold)});
  notice.add("window", std::to_string(rule.bulk.window.count()), span_text(rule.bulk.window));
  notice.add("hours", office ? "inside" : "outside",
             localized(office ? Text::bulk_hours_inside : Text::bulk_hours_outside));
  add_registered(notice, "section", rule.section);
  add_registered(notice, "importance", importance_word(rule.importance));
  const bool grave = rule.importance == policy::Importance::i || rule.importance == policy::Importance::ii;
  if (grave) notice.severity = policy::Severity::error;
  found.push_back(std::move(notice));
}

}  // namespace sekimori::daemon
