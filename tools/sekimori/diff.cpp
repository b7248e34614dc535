// sekimori diff: what another configuration would decide otherwise, over all conversations or over those of a
// capture.
#include <array>
#include <boost/json.hpp>
#include <iostream>
#include <optional>

#include "capture/source/source.hpp"
#include "daemon/names.hpp"
#include "daemon/render.hpp"
#include "daemon/render/words.hpp"
#include "daemon/replay.hpp"
#include "policy/proof/difference.hpp"
#include "policy/proof/limits.hpp"
#include "policy/text/system_words.hpp"
#include "tools/sekimori/commands.hpp"
#include "tools/sekimori/events.hpp"
#include "tools/sekimori/tuples.hpp"

namespace sekimori::tool {
namespace {

namespace json = boost::json;
using policy::Change;
using policy::CompiledPolicy;
using policy::Decision;
using policy::Ruling;

// Rows of one change for people.
constexpr std::size_t boxes_shown = 20;

// A flow of the capture that the two judge otherwise.
struct ChangedFlow {
  capture::FlowFacts facts{};
  policy::Verdict before{};
  policy::Verdict after{};
};

// The address space of this name in the other policy; wires of one that it does not know are in its `main`.
capture::FlowFacts as_known_to(const policy::Policy& other, const policy::Policy& policy,
                               capture::FlowFacts facts) {
  const int domain = other.domain_index(policy.domain_name(facts.tuple.source.domain));
  facts.tuple.source.domain = facts.tuple.destination.domain =
      domain < 0 ? main_domain : static_cast<DomainId>(domain);
  return facts;
}

struct Replayed {
  std::uint64_t flows = 0;
  std::vector<ChangedFlow> changed{};
  std::string trouble{};
};

class Comparison final : public daemon::ReplayOutput {
 public:
  Comparison(const policy::Policy& before, const policy::Policy& after)
      : before_(before), after_(after), renamed_(daemon::renamed_classes(before.names(), after.names())) {}

  void alert(const daemon::AlertRecord& /*record*/) override {}
  void flow(const capture::FlowFacts& facts, const policy::Verdict& /*verdict*/,
            const capture::Passage& /*passage*/, capture::EndReason /*reason*/) override {
    ++result.flows;
    // Both of the same facts at the same moment: the flow's end.
    const policy::Conversation conversation = policy::conversation_of(facts);
    policy::Conversation named = policy::conversation_of(as_known_to(after_, before_, facts));
    named.name = renamed_[conversation.name];  // classes of names are each policy's own
    ChangedFlow changed{facts, before_.judge(conversation), after_.judge(named)};
    if (changed.before.decision != changed.after.decision) result.changed.push_back(std::move(changed));
  }

  Replayed result{};

 private:
  const policy::Policy& before_;
  const policy::Policy& after_;
  const std::array<policy::NameClass, 256> renamed_;
};

Replayed replay_both(const std::string& file, const Loaded& before, const policy::Policy& after) {
  daemon::ReplayOptions options;
  options.files = {file};
  options.want_flows = true;
  Comparison comparison{*before.policy, after};
  const daemon::ReplayResult result =
      daemon::replay(options, before.config.capture, before.policy, before.config.daemon.alerts, comparison);
  comparison.result.trouble = result.trouble;
  return std::move(comparison.result);
}

std::string segment_name(const CompiledPolicy& policy, policy::SegmentId segment, Language language) {
  const policy::ProfileSegment& named = policy.options.profile.segments[segment];
  return (language == Language::ja ? named.name.ja : named.name.en) + " (" + named.id + ")";
}

policy::CellRule rule_of(const Ruling& ruling) {
  policy::CellRule rule;
  rule.cell = ruling.cell;
  rule.reasons_count = ruling.reasons_count;
  rule.reasons = ruling.reasons;
  return rule;
}

json::object ruling_json(const CompiledPolicy& policy, const Ruling& ruling) {
  json::object out{{"verdict", policy::decision_name(ruling.decision)},
                   {"from", policy.options.profile.segments[ruling.from].id},
                   {"to", policy.options.profile.segments[ruling.to].id},
                   {"cell", daemon::cell_code(ruling.cell)}};
  if (ruling.decision == Decision::permit) {
    out["basis"] = policy::basis_name(ruling.basis);
    if (ruling.basis != policy::Basis::cell) {
      out[policy::basis_name(ruling.basis)] = policy::id_of(policy, ruling.basis, ruling.index);
      out["place"] = policy::place_text(policy::place_of(policy, ruling.basis, ruling.index));
    }
  }
  return out;
}

class Printer {
 public:
  Printer(const Loaded& before, const Loaded& after, const policy::Difference& difference,
          const std::vector<policy::LimitChange>& limits, const policy::Manner& manner)
      : before_(before),
        after_(after),
        old_(before.policy->compiled()),
        new_(after.policy->compiled()),
        difference_(difference),
        limits_(limits),
        manner_(manner) {}

  json::object to_json(const std::optional<Replayed>& replayed) const {
    json::array changes;
    for (const Change& change : difference_.changes) {
      json::array tuples;
      for (const policy::Box& box : change.boxes)
        tuples.push_back(tuple_json(box, difference_.universe, manner_.utc_offset_minutes));
      changes.emplace_back(json::object{{"change", policy::decision_name(change.after.decision)},
                                        {"before", ruling_json(old_, change.before)},
                                        {"after", ruling_json(new_, change.after)},
                                        {"tuples", std::move(tuples)}});
    }
    json::array named;
    for (const policy::NamedChange& change : difference_.named) {
      const CompiledPolicy& policy = change.now ? new_ : old_;
      const policy::ServiceOptions& service = policy.options.services[change.permission.index];
      json::array names;
      for (const std::string& name : service.names) names.emplace_back(name);
      named.emplace_back(json::object{
          {"change", policy::decision_name(change.now ? Decision::permit : Decision::forbid)},
          {"from", service.from},
          {"to", service.to},
          {"service", service.id},
          {"place", policy::place_text(service.place)},
          {"names", std::move(names)},
          {"tuple", tuple_json(change.permission.box, difference_.universe, manner_.utc_offset_minutes)}});
    }
    json::array limits;
    for (const policy::LimitChange& one : limits_) {
      json::object change{{"list", one.list}, {"key", one.key}, {"old", one.before}, {"new", one.after}};
      if (!one.id.empty()) change["id"] = one.id;
      limits.push_back(std::move(change));
    }
    json::object out{{"same", difference_.same() && difference_.complete && limits_.empty()},
                     {"complete", difference_.complete},
                     {"old", json::object{{"config", before_.name}, {"sha256", before_.policy->sha256()}}},
                     {"new", json::object{{"config", after_.name}, {"sha256", after_.policy->sha256()}}},
                     {"changes", std::move(changes)},
                     {"named", std::move(named)},
                     {"limits", std::move(limits)}};
    if (replayed) {
      json::array flows;
      for (const ChangedFlow& flow : replayed->changed) {
        flows.emplace_back(
            json::object{{"start", daemon::timestamp(flow.facts.start, manner_.utc_offset_minutes)},
                         {"src_ip", flow.facts.tuple.source.to_string()},
                         {"src_port", flow.facts.tuple.source_port},
                         {"dest_ip", flow.facts.tuple.destination.to_string()},
                         {"dest_port", flow.facts.tuple.destination_port},
                         {"proto", daemon::protocol_name(flow.facts.tuple.protocol)},
                         {"before", daemon::judgement(flow.facts, flow.before, *before_.policy)},
                         {"after", daemon::judgement(as_known_to(*after_.policy, *before_.policy, flow.facts),
                                                     flow.after, *after_.policy)}});
      }
      out["replay"] = json::object{{"flows", replayed->flows}, {"changed", std::move(flows)}};
    }
    return out;
  }

  void print(const std::optional<Replayed>& replayed, const std::string& file) const {
    const policy::Reach reach{new_, difference_.universe};
    std::size_t permitted = 0;
    for (const Change& change : difference_.changes)
      permitted += change.after.decision == Decision::permit ? 1U : 0U;
    for (const policy::NamedChange& change : difference_.named) permitted += change.now ? 1U : 0U;
    const std::size_t count = difference_.changes.size() + difference_.named.size();
    if (difference_.same()) {
      if (difference_.complete) line(Text::diff_same, {{"old", before_.name}, {"new", after_.name}});
    } else {
      line(Text::diff_differs, {{"old", before_.name},
                                {"new", after_.name},
                                {"permitted", std::to_string(permitted)},
                                {"forbidden", std::to_string(count - permitted)}});
    }
    for (const Change& change : difference_.changes) print(change, reach);
    for (const policy::NamedChange& change : difference_.named) print(change, reach);
    print_limits();
    if (replayed) print(*replayed, file);
  }

 private:
  void line(Text id, std::initializer_list<TextArgument> arguments) const {
    std::cout << printable(say(id, manner_.language, arguments)) << '\n';
  }

  void print(const Change& change, const policy::Reach& reach) const {
    const Language language = manner_.language;
    const bool now = change.after.decision == Decision::permit;
    std::string heading =
        say(Text::diff_heading, language,
            {{"change", text(now ? Text::diff_now_permitted : Text::diff_now_forbidden, language)},
             {"from", segment_name(new_, change.after.from, language)},
             {"to", segment_name(new_, change.after.to, language)}});
    const auto& old_segments = old_.options.profile.segments;
    const auto& new_segments = new_.options.profile.segments;
    const std::string& old_from = old_segments[change.before.from].id;
    const std::string& old_to = old_segments[change.before.to].id;
    if (old_from != new_segments[change.after.from].id || old_to != new_segments[change.after.to].id)
      heading += say(Text::diff_moved, language, {{"from", old_from}, {"to", old_to}});
    std::cout << '\n' << (now ? "+ " : "- ") << printable(heading) << '\n';
    const CompiledPolicy& permitting = now ? new_ : old_;
    const Ruling& permit = now ? change.after : change.before;
    const Ruling& forbid = now ? change.before : change.after;
    std::cout << "  ";
    line(now ? Text::diff_by : Text::diff_was_by,
         {{"by", policy::basis_text(permitting, permit.basis, permit.index, permit.from, permit.to,
                                    rule_of(permit), language)}});
    std::cout << "  ";
    line(now ? Text::diff_else : Text::diff_now_else,
         {{"cell", policy::cell_text(now ? old_ : new_, forbid.from, forbid.to, rule_of(forbid))}});
    std::vector<Table::Column> columns = tuple_columns(language);
    columns.insert(columns.begin(), Table::Column{""});
    Table table{columns};
    for (std::size_t i = 0; i < change.boxes.size() && i < boxes_shown; ++i) {
      std::vector<Table::Cell> cells =
          tuple_cells(change.boxes[i], change.after.from, change.after.to, reach, manner_);
      cells.insert(cells.begin(), Table::Cell{""});
      table.add(std::move(cells));
    }
    std::cout << table.to_string(wants_colour(1));
    if (change.boxes.size() > boxes_shown) {
      std::cout << "  ";
      line(Text::diff_more, {{"count", std::to_string(change.boxes.size() - boxes_shown)}});
    }
  }

  // Permitted by name alone, where it is seen.
  void print(const policy::NamedChange& change, const policy::Reach& reach) const {
    const Language language = manner_.language;
    const CompiledPolicy& policy = change.now ? new_ : old_;
    const policy::NamedPermission& permission = change.permission;
    std::cout << '\n' << (change.now ? "+ " : "- ");
    line(Text::diff_heading,
         {{"change", text(change.now ? Text::diff_now_permitted : Text::diff_now_forbidden, language)},
          {"from", segment_name(policy, permission.from, language)},
          {"to", segment_name(policy, permission.to, language)}});
    std::cout << "  ";
    line(change.now ? Text::diff_by : Text::diff_was_by,
         {{"by", policy::basis_text(policy, policy::Basis::service, permission.index, permission.from,
                                    permission.to, permission.rule, language)}});
    std::cout << "  ";
    line(Text::diff_names,
         {{"names", policy::joined(policy.options.services[permission.index].names, boxes_shown, language)}});
    std::vector<Table::Column> columns = tuple_columns(language);
    columns.insert(columns.begin(), Table::Column{""});
    Table table{columns};
    std::vector<Table::Cell> cells =
        tuple_cells(permission.box, permission.from, permission.to, reach, manner_);
    cells.insert(cells.begin(), Table::Cell{""});
    table.add(std::move(cells));
    std::cout << table.to_string(wants_colour(1));
  }

  // What changes and no conversation shows.
  void print_limits() const {
    if (limits_.empty()) return;
    const Language language = manner_.language;
    std::cout << '\n';
    line(Text::diff_limits_title, {{"count", std::to_string(limits_.size())}});
    const auto heading = [&](Text id) { return Table::Column{std::string(text(id, language))}; };
    Table table{{heading(Text::diff_limits_entry), heading(Text::diff_limits_key),
                 heading(Text::diff_limits_old), heading(Text::diff_limits_new)}};
    for (const policy::LimitChange& one : limits_) {
      table.add({printable(one.id.empty() ? one.list : one.list + " " + one.id), one.key,
                 one.before.empty() ? "-" : printable(one.before),
                 one.after.empty() ? "-" : printable(one.after)});
    }
    std::cout << table.to_string(wants_colour(1));
  }

  void print(const Replayed& replayed, const std::string& file) const {
    const Language language = manner_.language;
    std::cout << '\n';
    line(Text::diff_replay_title,
         {{"file", file}, {"flows", grouped(replayed.flows)}, {"changed", grouped(replayed.changed.size())}});
    if (replayed.changed.empty()) return;
    Table table{{{std::string(text(Text::tool_explain_time, language))},
                 {std::string(text(Text::tool_column_initiator, language))},
                 {std::string(text(Text::tool_column_responder, language))},
                 {std::string(text(Text::tool_explain_service, language))},
                 {std::string(text(Text::diff_column_change, language))},
                 {std::string(text(Text::tool_column_rule, language))}}};
    for (const ChangedFlow& flow : replayed.changed) {
      const bool now = flow.after.decision == Decision::permit;
      const capture::Tuple& tuple = flow.facts.tuple;
      std::string service = daemon::protocol_name(tuple.protocol);
      if (daemon::has_ports(tuple.protocol)) service += '/' + std::to_string(tuple.destination_port);
      std::string rule = daemon::rule_name(*before_.policy, flow.before);
      rule.append(" → ").append(daemon::rule_name(*after_.policy, flow.after));
      table.add({short_time(daemon::timestamp(flow.facts.start, manner_.utc_offset_minutes)),
                 tuple.source.to_string(),
                 tuple.destination.to_string(),
                 service,
                 {std::string(text(now ? Text::diff_now_permitted : Text::diff_now_forbidden, language)),
                  now ? Table::Mark::good : Table::Mark::bad},
                 rule});
    }
    std::cout << table.to_string(wants_colour(1));
  }

  const Loaded& before_;
  const Loaded& after_;
  const CompiledPolicy& old_;
  const CompiledPolicy& new_;
  const policy::Difference& difference_;
  const std::vector<policy::LimitChange>& limits_;
  const policy::Manner manner_;
};

}  // namespace

int run_diff(const Arguments& arguments) {
  const Loaded before = load(arguments.operands()[0], arguments);
  if (!before.policy) return tell_mistakes(before, arguments.language());
  const Loaded after = load(arguments.operands()[1], arguments);
  if (!after.policy) return tell_mistakes(after, arguments.language());
  const daemon::AlertOptions& alerts = after.config.daemon.alerts;
  const policy::Manner manner{alerts.language, alerts.utc_offset_minutes};

  std::optional<Replayed> replayed;
  const std::string file = arguments.get("--replay").value_or("");
  if (!file.empty()) {
    try {
      replayed = replay_both(file, before, *after.policy);
    } catch (const capture::SourceError& error) {
      complain(text(Text::tool_fault_other, manner.language), retold(error.what(), manner.language));
      return exit_code::usage;
    }
  }
  const policy::Difference difference =
      policy::compare({before.policy->compiled()}, {after.policy->compiled(), arguments.has("--drafts")});
  const std::vector<policy::LimitChange> limits = policy::compare_limits(
      before.policy->options(), after.policy->options(), arguments.has("--drafts"), manner);
  const Printer printer{before, after, difference, limits, manner};
  if (arguments.json()) {
    std::cout << daemon::to_line(printer.to_json(replayed)) << '\n';
  } else {
    printer.print(replayed, file);
  }
  if (replayed && !replayed->trouble.empty()) {
    complain(text(Text::tool_replay_broken, manner.language), replayed->trouble);
    return exit_code::usage;
  }
  if (!difference.complete) {
    complain(text(Text::diff_incomplete, manner.language));
    return exit_code::usage;
  }
  return difference.same() && limits.empty() ? exit_code::good : exit_code::failed;
}

}  // namespace sekimori::tool
