// What is asked of a journal's files themselves, without a daemon: `verify`, `incidents`, and `alerts
// --journal`.
#include "daemon/journal/journal.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <iostream>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "capture/address.hpp"
#include "daemon/journal/recovery.hpp"
#include "daemon/journal/verify.hpp"
#include "daemon/render.hpp"
#include "daemon/render/words.hpp"
#include "policy/text/system_words.hpp"
#include "policy/text/text.hpp"
#include "tools/sekimori/commands.hpp"
#include "tools/sekimori/events.hpp"
#include "tools/sekimori/fetch.hpp"
#include "tools/sekimori/journal_search.hpp"
#include "tools/sekimori/read_time.hpp"
#include "tools/sekimori/table.hpp"

namespace sekimori::tool {
namespace {

namespace json = boost::json;
using daemon::AlertMessage;
using daemon::JournalFault;

constexpr const char* usual_folder = "/var/lib/sekimori/journal";

Text words_of(JournalFault fault) {
  switch (fault) {
    case JournalFault::unreadable:
      return Text::journal_fault_unreadable;
    case JournalFault::bad_header:
      return Text::journal_fault_bad_header;
    case JournalFault::newer_format:
      return Text::journal_fault_newer_format;
    case JournalFault::altered:
      return Text::journal_fault_altered;
    case JournalFault::torn:
      return Text::journal_fault_torn;
    case JournalFault::missing:
      return Text::journal_fault_missing;
    case JournalFault::reordered:
      return Text::journal_fault_reordered;
    case JournalFault::broken_chain:
      return Text::journal_fault_broken_chain;
    case JournalFault::other_journal:
      return Text::journal_fault_other_journal;
    case JournalFault::bad_signature:
      return Text::journal_fault_bad_signature;
    case JournalFault::trailing:
      return Text::journal_fault_trailing;
    case JournalFault::alerts_missing:
      return Text::journal_fault_alerts_missing;
    case JournalFault::end_missing:
      break;
  }
  return Text::journal_fault_end_missing;
}

std::optional<std::uint64_t> whole(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "1234:9f86..."
std::optional<daemon::JournalHeadNote> read_head_note(std::string_view text) {
  const std::size_t colon = text.find(':');
  daemon::JournalHeadNote out;
  if (colon == std::string_view::npos || text.size() != colon + 1 + out.hash.size() * 2) return std::nullopt;
  const auto number = whole(text.substr(0, colon));
  if (!number) return std::nullopt;
  out.number = *number;
  for (std::size_t i = 0; i < out.hash.size(); ++i) {
    const char* const at = text.data() + colon + 1 + i * 2;
    const auto [end, error] = std::from_chars(at, at + 2, out.hash[i], 16);
    if (error != std::errc{} || end != at + 2) return std::nullopt;
  }
  return out;
}

json::object problem_json(const daemon::JournalProblem& problem) {
  json::object out{{"fault", daemon::journal_fault_name(problem.fault)},
                   {"file", problem.file},
                   {"offset", problem.offset},
                   {"record", problem.number},
                   {"after_sequence", problem.sequence}};
  if (problem.first != 0) {
    out["first_missing"] = problem.first;
    out["last_missing"] = problem.last;
  }
  return out;
}

json::object proof_json(const daemon::JournalProof& proof) {
  json::array problems;
  for (const daemon::JournalProblem& problem : proof.problems) problems.push_back(problem_json(problem));
  return {{"whole", proof.whole()},
          {"problems_total", proof.problems_total},
          {"problems", std::move(problems)},
          {"segments", proof.segments},
          {"records", proof.frames},
          {"alerts", proof.alerts},
          {"signatures", proof.signatures},
          {"first_record", proof.first_number},
          {"last_record", proof.last_number},
          {"first_sequence", proof.first_sequence},
          {"last_sequence", proof.last_sequence},
          {"removed", proof.removed},
          {"lost", proof.lost},
          {"missing_alerts", proof.unexplained},
          {"repairs", proof.repairs},
          {"signed_record", proof.signed_number},
          {"head_checked", proof.head_checked},
          {"head", std::to_string(proof.last_number) + ":" + daemon::hex(proof.head)}};
}

void print_proof(const daemon::JournalProof& proof, bool with_key, Language language) {
  const auto number = [](std::uint64_t value) { return std::to_string(value); };
  if (proof.whole()) {
    std::cout << say(Text::journal_whole, language,
                     {{"frames", number(proof.frames)},
                      {"alerts", number(proof.alerts)},
                      {"first", number(proof.first_sequence)},
                      {"last", number(proof.last_sequence)},
                      {"segments", number(proof.segments)},
                      {"signatures", number(proof.signatures)}})
              << '\n';
  } else {
    const daemon::JournalProblem& first = proof.problems.front();
    std::cout << say(Text::journal_not_whole, language,
                     {{"count", number(proof.problems_total)},
                      {"fault", say(words_of(first.fault), language,
                                    {{"first", number(first.first)}, {"last", number(first.last)}})},
                      {"file", printable(first.file)},
                      {"offset", number(first.offset)},
                      {"number", number(first.number)},
                      {"sequence", number(first.sequence)}})
              << '\n';
  }
  if (with_key && proof.signed_number != 0) {
    std::cout << say(Text::journal_signed_line, language,
                     {{"number", number(proof.signed_number)},
                      {"rest", number(proof.last_number - proof.signed_number)}})
              << '\n';
  }
  if (proof.removed + proof.lost + proof.repairs != 0) {
    std::cout << say(Text::journal_history_line, language,
                     {{"removed", number(proof.removed)},
                      {"lost", number(proof.lost)},
                      {"repairs", number(proof.repairs)}})
              << '\n';
  }
  std::cout << say(Text::journal_head_line, language,
                   {{"number", number(proof.last_number)}, {"hash", daemon::hex(proof.head)}})
            << '\n';
  if (!proof.head_checked) complain(text(Text::journal_no_head, language));
}

// ---- what is looked for ----

// "2h" and "3d" before now, or a date.
std::optional<Time> moment(const std::string& text) {
  const Time now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  if (!text.empty()) {
    const auto count = whole(std::string_view{text}.substr(0, text.size() - 1));
    const auto back = [&](std::chrono::seconds unit) -> std::optional<Time> {
      // Nobody looks back further than a hundred years; beyond it time would run over.
      if (!count || *count > 3'000'000'000ULL / static_cast<std::uint64_t>(unit.count())) return std::nullopt;
      return now - unit * static_cast<std::int64_t>(*count);
    };
    switch (text.back()) {
      case 's':
        return back(std::chrono::seconds{1});
      case 'm':
        return back(std::chrono::minutes{1});
      case 'h':
        return back(std::chrono::hours{1});
      case 'd':
        return back(std::chrono::hours{24});
      default:
        break;
    }
  }
  return read_time(text, daemon::AlertOptions{}.utc_offset_minutes);
}

Wanted read_wanted(const Arguments& arguments) {
  const Language language = arguments.language();
  const auto time = [&](std::string_view option) {
    const std::string value = *arguments.get(option);
    const auto out = moment(value);
    if (!out) {
      throw UsageError(
          say(Text::journal_bad_time, language, {{"option", std::string(option)}, {"value", value}}), {});
    }
    return out;
  };
  Wanted out;
  if (const auto since = arguments.get("--since")) {
    if (const auto sequence = whole(*since)) {
      out.after = *sequence;
    } else {
      out.since = time("--since");
    }
  }
  if (arguments.has("--until")) out.until = time("--until");
  out.incident = arguments.get("--incident");
  out.from = arguments.get("--from");
  out.to = arguments.get("--to");
  out.finding = arguments.get("--finding");
  if (const auto source = arguments.get("--src")) {
    const auto address = IpAddress::parse(*source);
    if (!address) {
      throw UsageError(say(Text::tool_bad_word, language, {{"option", "--src"}, {"value", *source}}), {});
    }
    out.source = address->to_string();
  }
  if (const auto severity = arguments.get("--severity")) {
    out.severity = -1;
    for (int i = 0; i <= 7; ++i) {
      if (daemon::severity_name(static_cast<policy::Severity>(i)) == *severity) out.severity = i;
    }
    if (out.severity < 0) {
      throw UsageError(say(Text::tool_bad_word, language, {{"option", "--severity"}, {"value", *severity}}),
                       {});
    }
  }
  out.limit = whole_number(arguments, "--limit", 1, 1'000'000, 100);
  return out;
}

// False, and said: there is nothing to read here.
bool has_journal(const std::string& folder, Language language) {
  std::string trouble;
  daemon::segments_in(folder, &trouble);
  if (!trouble.empty()) {
    complain(folder + ": " + trouble);
    return false;
  }
  if (is_journal(folder)) return true;
  complain(say(Text::journal_none_here, language, {{"path", printable(folder)}}));
  return false;
}

// ---- incidents ----

json::object incident_json(const FoundIncident& incident, bool held) {
  const int offset = daemon::AlertOptions{}.utc_offset_minutes;
  const AlertMessage& newest = incident.newest;
  json::object out{
      {"incident", incident.id},
      {"state", incident.closed ? "closed" : "open"},
      {"held", held},
      {"first", daemon::timestamp(incident.first, offset)},
      {"last", daemon::timestamp(incident.last, offset)},
      {"severity", std::string(daemon::severity_name(static_cast<policy::Severity>(incident.severity)))}};
  // An incident is of two segments and an initiator, a notice of a subject.
  for (const char* name : {"from", "to", "src", "subject"}) {
    const std::string_view value = parameter(newest, name);
    if (!value.empty()) out[name] = std::string(value);
  }
  out["finding"] = std::string(parameter(newest, "finding"));
  out["events"] = whole(parameter(newest, "events")).value_or(0);
  out["lines"] = incident.lines;
  if (newest.kind == "closed") out["close"] = std::string(parameter(newest, "close"));
  out["text"] = newest.text;
  return out;
}

// "mynumber → lgwan", or what a notice is about.
std::string subject_of(const json::object& row) {
  if (row.contains("from")) return word(row, {"from"}) + " → " + word(row, {"to"});
  return word(row, {"subject"});
}

}  // namespace

int run_verify(const Arguments& arguments) {
  const Language language = arguments.language();
  std::optional<daemon::PublicKey> key;
  if (const auto path = arguments.get("--public-key")) {
    std::string trouble;
    key = daemon::read_public_key(*path, trouble);
    if (!key) {
      complain(trouble);
      return exit_code::usage;
    }
  }
  std::optional<daemon::JournalHeadNote> head;
  if (const auto note = arguments.get("--head")) {
    head = read_head_note(*note);
    if (!head) throw UsageError(say(Text::journal_bad_head, language, {{"value", *note}}), {});
  }
  try {
    const daemon::JournalProof proof =
        daemon::verify_journal(arguments.operands()[0], key ? &*key : nullptr, head ? &*head : nullptr);
    if (arguments.json()) {
      std::cout << daemon::to_line(proof_json(proof)) << '\n';
    } else {
      print_proof(proof, key.has_value(), language);
    }
    return proof.whole() ? exit_code::good : exit_code::failed;
  } catch (const daemon::JournalError& error) {
    const bool none = error.reason() == daemon::JournalError::Reason::none_here;
    complain(none ? say(Text::journal_none_here, language, {{"path", printable(error.path())}})
                  : retold(error.what(), language));
    return exit_code::usage;
  }
}

std::string running_journal(const Arguments& arguments) {
  const auto status = fetch_quietly(arguments, "/v1/status");
  return status ? std::string(word(*status, {"journal", "path"})) : std::string{};
}

int run_journal_alerts(const Arguments& arguments, const std::string& folder) {
  const Language language = arguments.language();
  if (arguments.has("--socket") && arguments.has("--journal")) {
    throw UsageError(say(Text::journal_socket_or_folder, language), {});
  }
  const Wanted wanted = read_wanted(arguments);
  if (!has_journal(folder, language)) return exit_code::failed;
  const FoundAlerts found = find_alerts(folder, wanted);
  json::array events;
  for (const AlertMessage& alert : found.alerts) {
    json::value event = json::parse(alert.eve);
    if (arguments.json()) {
      events.push_back(std::move(event));
    } else if (event.is_object()) {
      std::cout << alert_line(event.get_object()) << '\n';
    }
  }
  const std::uint64_t last = found.alerts.empty() ? 0 : found.alerts.back().sequence;
  if (arguments.json()) {
    const json::object answer{{"alerts", std::move(events)},
                              {"matched", found.matched},
                              {"last", last},
                              {"complete", found.complete}};
    std::cout << daemon::to_line(answer) << '\n';
    return exit_code::good;
  }
  complain(say(found.complete ? Text::tool_alerts_whole : Text::tool_alerts_cut, language,
               {{"shown", grouped(found.alerts.size())}, {"last", std::to_string(last)}}));
  return exit_code::good;
}

int run_incidents(const Arguments& arguments) {
  const Language language = arguments.language();
  std::string folder = arguments.get("--journal").value_or(std::string{});
  if (folder.empty()) folder = running_journal(arguments);
  if (folder.empty()) folder = usual_folder;
  const Wanted wanted = read_wanted(arguments);
  if (!has_journal(folder, language)) return exit_code::failed;
  const std::vector<FoundIncident> incidents = find_incidents(folder, wanted);
  const std::set<std::string> holds = daemon::read_holds(folder);
  json::array rows;
  const auto heading = [language](Text id) { return std::string(text(id, language)); };
  Table table{{{heading(Text::journal_column_incident)},
               {heading(Text::journal_column_state)},
               {heading(Text::journal_column_first)},
               {heading(Text::journal_column_last)},
               {heading(Text::journal_column_severity)},
               {heading(Text::journal_column_pair)},
               {heading(Text::journal_column_source)},
               {heading(Text::journal_column_events), Align::right},
               {heading(Text::journal_column_lines), Align::right},
               {heading(Text::journal_column_finding)}}};
  for (const FoundIncident& incident : incidents) {
    const bool held = holds.count(incident.id) != 0;
    json::object row = incident_json(incident, held);
    std::string state = heading(incident.closed ? Text::journal_state_closed : Text::journal_state_open);
    if (held) state += " " + heading(Text::journal_state_held);
    const std::string source = word(row, {"src"});
    table.add({incident.id, state, word(row, {"first"}).substr(0, 19), word(row, {"last"}).substr(0, 19),
               word(row, {"severity"}), printable(subject_of(row)), source.empty() ? "-" : source,
               std::to_string(whole(parameter(incident.newest, "events")).value_or(0)),
               std::to_string(incident.lines), word(row, {"finding"})});
    rows.push_back(std::move(row));
  }
  if (arguments.json()) {
    std::cout << daemon::to_line(json::object{{"incidents", std::move(rows)}}) << '\n';
    return exit_code::good;
  }
  if (!table.empty()) std::cout << table.to_string(wants_colour(1));
  const bool cut = incidents.size() == wanted.limit;
  complain(say(cut ? Text::journal_incidents_cut : Text::journal_incidents_whole, language,
               {{"shown", grouped(incidents.size())}}));
  return exit_code::good;
}

}  // namespace sekimori::tool
