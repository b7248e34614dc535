#include "policy/proof/check.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <iostream>
#include <tuple>

#include "daemon/build_policy.hpp"
#include "daemon/render.hpp"
#include "daemon/render/words.hpp"
#include "policy/exception_state.hpp"
#include "policy/text/text.hpp"
#include "tools/sekimori/commands.hpp"
#include "tools/sekimori/events.hpp"
#include "tools/sekimori/read_time.hpp"
#include "tools/sekimori/table.hpp"

namespace sekimori::tool {
namespace {

// Enough to recognise a segment in a summary; --json lists them all.
constexpr std::size_t prefixes_shown = 3;
constexpr const char* builtin_name = "builtin:kakuu-city";

Table::Mark mark_of(policy::ExceptionState state) {
  return state == policy::ExceptionState::valid ? Table::Mark::good : Table::Mark::bad;
}

std::string_view name_of(const policy::Localized& name, Language language) {
  return language == Language::ja ? name.ja : name.en;
}

// What is valid and yet has no effect, each with its place.
std::vector<std::string> warnings_of(const Loaded& loaded) {
  std::vector<std::string> out;
  for (const policy::PolicyError::Item& each : loaded.policy->warnings()) {
    out.push_back(config::Diagnostic{.place = each.place, .path = {}, .message = each.message}.to_string());
  }
  return out;
}

// "L (R4 R6)": a decision with its reasons.
std::string cell_words(policy::Cell cell, const std::vector<std::string>& reasons) {
  std::string out{daemon::cell_code(cell)};
  for (const std::string& reason : reasons) out.append(" ").append(reason);
  return out;
}

// The cells that this body decides otherwise than the model does, each with the clause that it stands on.
Table overlays_table(const policy::Policy& policy, Language language) {
  Table table{{{std::string(text(Text::tool_column_pair, language))},
               {std::string(text(Text::tool_column_model, language))},
               {std::string(text(Text::tool_column_own, language))},
               {std::string(text(Text::tool_column_clause, language))}}};
  for (const policy::OverlayOptions& overlay : policy.options().overlays) {
    const auto from = static_cast<policy::SegmentId>(policy.segment_index(overlay.from));
    const auto to = static_cast<policy::SegmentId>(policy.segment_index(overlay.to));
    table.add({overlay.from + "→" + overlay.to, std::string(daemon::cell_code(policy.model_cell(from, to))),
               cell_words(overlay.cell, overlay.reasons), overlay.clause});
  }
  return table;
}

boost::json::array overlays_json(const policy::Policy& policy) {
  boost::json::array out;
  for (const policy::OverlayOptions& overlay : policy.options().overlays) {
    const auto from = static_cast<policy::SegmentId>(policy.segment_index(overlay.from));
    const auto to = static_cast<policy::SegmentId>(policy.segment_index(overlay.to));
    out.emplace_back(boost::json::object{{"from", overlay.from},
                                         {"to", overlay.to},
                                         {"cell", daemon::cell_code(overlay.cell)},
                                         {"model_cell", daemon::cell_code(policy.model_cell(from, to))},
                                         {"reasons", boost::json::value_from(overlay.reasons)},
                                         {"clause", overlay.clause}});
  }
  return out;
}

// What check() finds, and what the policy itself warns of, in one list.
std::vector<policy::Remark> remarks_of(const Loaded& loaded, Time now) {
  const daemon::AlertOptions& alerts = loaded.config.daemon.alerts;
  policy::CheckOptions options;
  options.now = now;
  options.manner = {alerts.language, alerts.utc_offset_minutes};
  std::vector<policy::Remark> remarks = policy::check(loaded.policy->compiled(), options);
  for (const policy::PolicyError::Item& each : loaded.policy->warnings())
    remarks.push_back({policy::Remark::Level::warning, "no-effect", each.place, each.message, {}});
  if (!alerts.destinations.empty() && loaded.config.daemon.journal.path.empty()) {
    remarks.push_back({policy::Remark::Level::note,
                       "no-journal",
                       {loaded.name, 1, 1},
                       std::string(text(Text::check_no_journal, alerts.language)),
                       {}});
  }
  std::stable_sort(remarks.begin(), remarks.end(), [](const policy::Remark& a, const policy::Remark& b) {
    return std::tie(a.place.file, a.place.line, a.place.column) <
           std::tie(b.place.file, b.place.line, b.place.column);
  });
  return remarks;
}

std::size_t count_of(const std::vector<policy::Remark>& remarks, policy::Remark::Level level) {
  return static_cast<std::size_t>(std::count_if(
      remarks.begin(), remarks.end(), [&](const policy::Remark& each) { return each.level == level; }));
}

const policy::Clause* find_clause(const policy::Policy& policy, const std::string& id) {
  for (const policy::Clause& clause : policy.options().profile.clauses) {
    if (clause.id == id) return &clause;
  }
  return nullptr;
}

boost::json::object remark_json(const policy::Remark& remark, const policy::Policy& policy) {
  boost::json::array clauses;
  for (const std::string& id : remark.clauses) {
    if (const policy::Clause* clause = find_clause(policy, id)) {
      clauses.emplace_back(
          boost::json::object{{"id", id}, {"body", clause->body.ja}, {"number", clause->number}});
    }
  }
  return {{"level", policy::level_name(remark.level)},
          {"rule", remark.rule},
          {"file", remark.place.file},
          {"line", remark.place.line},
          {"column", remark.place.column},
          {"message", remark.message},
          {"clauses", std::move(clauses)}};
}

void print_remarks(const std::vector<policy::Remark>& remarks, const Loaded& loaded, Language language) {
  using Level = policy::Remark::Level;
  const auto word = [&](Level level) {
    if (level == Level::error) return text(Text::check_level_error, language);
    return text(level == Level::warning ? Text::check_level_warning : Text::check_level_note, language);
  };
  if (!remarks.empty()) std::cout << '\n';
  for (const policy::Remark& remark : remarks) {
    std::string line{word(remark.level)};
    line.append(": ").append(policy::place_text(remark.place)).append(": ").append(remark.message);
    if (!remark.clauses.empty()) {
      if (const policy::Clause* clause = find_clause(*loaded.policy, remark.clauses.front())) {
        line.append(say(Text::check_clause, language,
                        {{"body", name_of(clause->body, language)}, {"number", clause->number}}));
      }
    }
    std::cout << printable(line) << '\n';
  }
  std::cout << '\n';
  if (const std::size_t count = loaded.policy->options().assertions.size(); count != 0)
    std::cout << say(Text::check_asserted, language, {{"count", std::to_string(count)}}) << '\n';
  std::cout << say(Text::check_totals, language,
                   {{"errors", std::to_string(count_of(remarks, Level::error))},
                    {"warnings", std::to_string(count_of(remarks, Level::warning))},
                    {"notes", std::to_string(count_of(remarks, Level::note))}})
            << '\n';
}

// "10.1.0.0/16", and "10.1.0.0/16%b" in the domain b.
std::string prefix_text(const policy::Policy& policy, const Prefix& prefix) {
  std::string text = prefix.to_string();
  if (prefix.address.domain == main_domain) return text;
  return text.append("%").append(policy.domain_name(prefix.address.domain));
}

boost::json::object summary_json(const Loaded& loaded, Time now, const std::vector<policy::Remark>& remarks) {
  namespace json = boost::json;
  const policy::PolicyOptions& options = loaded.policy->options();
  const int offset = loaded.config.daemon.alerts.utc_offset_minutes;
  json::array segments;
  for (const policy::SegmentOptions& segment : options.segments) {
    json::array prefixes;
    for (const policy::NamedPrefix& prefix : segment.prefixes)
      prefixes.emplace_back(prefix_text(*loaded.policy, prefix.prefix));
    segments.emplace_back(json::object{{"id", segment.id}, {"prefixes", std::move(prefixes)}});
  }
  json::array exceptions;
  for (const policy::ExceptionOptions& exception : options.exceptions) {
    exceptions.emplace_back(json::object{{"id", exception.id},
                                         {"state", policy::state_name(policy::state_of(exception, now))},
                                         {"from", daemon::timestamp(exception.from, offset)},
                                         {"until", daemon::timestamp(exception.until, offset)}});
  }
  json::array told;
  for (const policy::Remark& remark : remarks) told.push_back(remark_json(remark, *loaded.policy));
  return {{"ok", true},
          {"config", loaded.name},
          {"profile", options.profile.id},
          {"sha256", loaded.policy->sha256()},
          {"segments", std::move(segments)},
          {"gateways", options.gateways.size()},
          {"services", options.services.size()},
          {"exceptions", std::move(exceptions)},
          {"tunnels", options.tunnels.size()},
          {"overlays", overlays_json(*loaded.policy)},
          {"assertions", options.assertions.size()},
          {"warnings", boost::json::value_from(warnings_of(loaded))},
          {"remarks", std::move(told)}};
}

void print_summary(const Loaded& loaded, Time now, Language language) {
  const policy::PolicyOptions& options = loaded.policy->options();
  const int offset = loaded.config.daemon.alerts.utc_offset_minutes;
  const bool colour = wants_colour(1);
  std::cout << say(Text::tool_check_good, language, {{"file", loaded.name}}) << '\n';
  std::cout << say(Text::tool_check_profile, language,
                   {{"id", options.profile.id},
                    {"name", name_of(options.profile.name, language)},
                    {"sha256", loaded.policy->sha256()}})
            << "\n\n";

  Table segments{{{std::string(text(Text::tool_column_segment, language))},
                  {"ID"},
                  {std::string(text(Text::tool_column_prefixes, language)), Align::right},
                  {std::string(text(Text::tool_column_networks, language))}}};
  for (const policy::SegmentOptions& segment : options.segments) {
    const int index = loaded.policy->segment_index(segment.id);
    std::string list;
    for (std::size_t i = 0; i < segment.prefixes.size() && i < prefixes_shown; ++i) {
      const policy::NamedPrefix& prefix = segment.prefixes[i];
      if (!list.empty()) list.append(", ");
      list.append(prefix_text(*loaded.policy, prefix.prefix));
      if (!prefix.name.empty()) list.append(" ").append(prefix.name);
    }
    if (segment.prefixes.size() > prefixes_shown) {
      list.append(say(Text::tool_check_more, language,
                      {{"count", std::to_string(segment.prefixes.size() - prefixes_shown)}}));
    }
    std::string name = segment.id;
    if (index >= 0) {
      name = name_of(loaded.policy->segments()[static_cast<std::size_t>(index)].name, language);
    }
    segments.add({name, segment.id, std::to_string(segment.prefixes.size()), list});
  }
  std::cout << segments.to_string(colour) << '\n';
  std::cout << say(Text::tool_check_counts, language,
                   {{"gateways", std::to_string(options.gateways.size())},
                    {"services", std::to_string(options.services.size())},
                    {"exceptions", std::to_string(options.exceptions.size())},
                    {"tunnels", std::to_string(options.tunnels.size())}})
            << '\n';

  if (const Table overlays = overlays_table(*loaded.policy, language); !overlays.empty()) {
    std::cout << '\n'
              << say(Text::tool_check_overlays, language,
                     {{"count", std::to_string(options.overlays.size())}})
              << '\n'
              << overlays.to_string(colour);
  }

  Table exceptions{{{std::string(text(Text::tool_column_exception, language))},
                    {std::string(text(Text::tool_column_state, language))},
                    {std::string(text(Text::tool_column_from, language))},
                    {std::string(text(Text::tool_column_until, language))},
                    {std::string(text(Text::tool_column_approver, language))},
                    {std::string(text(Text::tool_column_reason, language))}}};
  for (const policy::ExceptionOptions& exception : options.exceptions) {
    const policy::ExceptionState state = policy::state_of(exception, now);
    // Minutes are enough for a period of validity.
    exceptions.add({exception.id,
                    {std::string(text(policy::state_text(state), language)), mark_of(state)},
                    short_time(daemon::timestamp(exception.from, offset)).substr(0, 16),
                    daemon::last_valid(exception.until, offset).substr(0, 16),
                    exception.approver,
                    exception.reason});
  }
  if (!exceptions.empty()) std::cout << '\n' << exceptions.to_string(colour);
}

}  // namespace

Loaded load(const std::string& path, const Arguments& arguments) {
  Loaded loaded;
  loaded.name = path.empty() ? builtin_name : path;
  const Language language = arguments.language();
  try {
    loaded.config = path.empty() ? config::load_text(config::builtin_example(), builtin_name, language)
                                 : config::load_file(path, language);
    if (arguments.language_chosen()) loaded.config.daemon.alerts.language = language;
    std::vector<std::string> taps;
    for (const capture::TapOptions& tap : loaded.config.capture.taps) taps.push_back(tap.name);
    loaded.mistakes = daemon::filter_mistakes(loaded.config.capture, loaded.name, language);
    std::vector<std::pair<std::string, std::string>> sources;
    for (const config::SourceText& source : loaded.config.sources)
      sources.emplace_back(source.path, source.content);
    auto policy = daemon::build_policy(std::move(loaded.config.policy), taps, sources, 1, language);
    if (loaded.mistakes.empty()) loaded.policy = std::move(policy);
  } catch (const config::ConfigError& error) {
    for (const config::Diagnostic& each : error.diagnostics()) loaded.mistakes.push_back(each.to_string());
  } catch (const policy::PolicyError& error) {
    for (const policy::PolicyError::Item& each : error.items()) {
      loaded.mistakes.push_back(
          config::Diagnostic{.place = each.place, .path = {}, .message = each.message}.to_string());
    }
  }
  return loaded;
}

int tell_mistakes(const Loaded& loaded, Language language) {
  for (const std::string& mistake : loaded.mistakes) std::cerr << mistake << '\n';
  complain(say(Text::tool_mistakes, language,
               {{"file", loaded.name}, {"count", std::to_string(loaded.mistakes.size())}}));
  return exit_code::usage;
}

int run_check(const Arguments& arguments) {
  const Loaded loaded = load(arguments.operands().front(), arguments);
  if (!loaded.policy) {
    if (arguments.json()) {
      std::cout << daemon::to_line(boost::json::object{{"ok", false},
                                                       {"errors", boost::json::value_from(loaded.mistakes)}})
                << '\n';
    }
    return tell_mistakes(loaded, arguments.language());
  }
  const daemon::AlertOptions& alerts = loaded.config.daemon.alerts;
  const Time now = asked_time(arguments, alerts.utc_offset_minutes);
  const std::vector<policy::Remark> remarks = remarks_of(loaded, now);
  const bool strict = arguments.has("--strict");
  const bool failed = count_of(remarks, policy::Remark::Level::error) != 0 ||
                      (strict && count_of(remarks, policy::Remark::Level::warning) != 0);
  if (arguments.json()) {
    std::cout << daemon::to_line(summary_json(loaded, now, remarks)) << '\n';
  } else {
    print_summary(loaded, now, alerts.language);
    print_remarks(remarks, loaded, alerts.language);
    if (failed && strict) std::cout << text(Text::check_strict, alerts.language) << '\n';
  }
  return failed ? exit_code::failed : exit_code::good;
}

}  // namespace sekimori::tool
