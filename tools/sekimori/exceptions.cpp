// The register of exceptions: states of this moment with figures of use from the daemon, or the states alone
// from a configuration.
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <iostream>

#include "daemon/control/query.hpp"
#include "daemon/render.hpp"
#include "daemon/render/register.hpp"
#include "policy/text/text.hpp"
#include "policy/week.hpp"
#include "tools/sekimori/commands.hpp"
#include "tools/sekimori/events.hpp"
#include "tools/sekimori/fetch.hpp"
#include "tools/sekimori/read_time.hpp"
#include "tools/sekimori/table.hpp"

namespace sekimori::tool {
namespace {

namespace json = boost::json;
using policy::ExceptionState;

constexpr std::size_t states_count = static_cast<std::size_t>(ExceptionState::count_);

std::optional<ExceptionState> parse_state(std::string_view word) {
  for (std::size_t i = 0; i < states_count; ++i) {
    const auto state = static_cast<ExceptionState>(i);
    if (policy::state_name(state) == word) return state;
  }
  return std::nullopt;
}

Table::Cell state_cell(const json::object& entry, Language language) {
  const std::string name = word(entry, {"state"});
  const auto state = parse_state(name);
  if (!state) return name;  // of a newer daemon
  const json::value* const overdue = find(entry, {"report_overdue"});
  Table::Mark mark = Table::Mark::bad;
  if (*state == ExceptionState::valid) mark = Table::Mark::good;
  if (*state == ExceptionState::applied || *state == ExceptionState::not_yet) mark = Table::Mark::faint;
  std::string shown = label(policy::state_text(*state), language);
  if (overdue != nullptr && overdue->is_bool() && overdue->get_bool()) {
    shown += label(Text::tool_exceptions_overdue, language);
    mark = Table::Mark::bad;
  }
  return {shown, mark};
}

// "until" is the first instant at which it is over: the last day, where it ends at midnight.
std::string last_day(std::string_view until) {
  if (until.size() < 19 || until.substr(10, 9) != "T00:00:00") return short_time(until).substr(0, 16);
  const std::string day(until.substr(0, 10));
  const auto midnight = read_time(day, 0);
  if (!midnight) return day;
  return daemon::timestamp(*midnight - Duration{1}, 0).substr(0, 10);
}

// In the reader's language.
std::string hours_cell(const json::object& entry, Language language) {
  const json::value* const weekdays = find(entry, {"hours", "weekdays"});
  const json::value* const ranges = find(entry, {"hours", "ranges"});
  if (weekdays == nullptr || ranges == nullptr || !weekdays->is_array() || !ranges->is_array()) return {};
  policy::HoursOptions days{0, {}};
  static constexpr std::array<std::string_view, 7> names{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  for (const json::value& each : weekdays->get_array()) {
    for (unsigned day = 0; day < names.size(); ++day) {
      if (each.is_string() && std::string_view(each.get_string()) == names[day]) {
        days.weekdays = static_cast<std::uint8_t>(days.weekdays | 1U << day);
      }
    }
  }
  std::string out = policy::hours_text(days, language);
  const char* before = " ";
  for (const json::value& each : ranges->get_array()) {
    if (each.is_string()) out.append(before).append(std::string_view(each.get_string()));
    before = ", ";
  }
  return out;
}

std::string volume_cell(const json::object& entry) {
  const std::uint64_t limit = count(entry, {"volume", "bytes"});
  std::string out = bytes_text(count(entry, {"use", "bytes"}));
  if (limit != 0) {
    out += " (" + bytes_text(count(entry, {"use", "period_bytes"})) + " / " + bytes_text(limit) + ")";
  }
  return out;
}

std::string states_line(const json::object& body, Language language) {
  std::string states;
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < states_count; ++i) {
    const auto state = static_cast<ExceptionState>(i);
    const std::uint64_t number = count(body, {"states", policy::state_name(state)});
    all += number;
    if (number == 0) continue;
    states +=
        (states.empty() ? "" : ", ") + label(policy::state_text(state), language) + " " + grouped(number);
  }
  if (all == 0) return label(Text::tool_exceptions_none, language);
  return say(Text::tool_exceptions_count, language, {{"count", grouped(all)}, {"states", states}});
}

void print_register(const json::object& body, Language language) {
  const json::value* const entries = find(body, {"exceptions"});
  const bool watched = find(body, {"watched_since"}) != nullptr;
  std::vector<Table::Column> columns{{label(Text::tool_column_exception, language)},
                                     {label(Text::tool_column_state, language)},
                                     {label(Text::tool_column_until, language)},
                                     {label(Text::tool_column_hours, language)}};
  if (watched) {
    columns.push_back({label(Text::tool_column_uses, language), Align::right});
    columns.push_back({label(Text::tool_column_volume, language), Align::right});
    columns.push_back({label(Text::tool_column_last_use, language)});
    columns.push_back({label(Text::tool_column_refused, language), Align::right});
  }
  columns.push_back({label(Text::tool_column_reason, language)});
  Table table{std::move(columns)};
  if (entries != nullptr && entries->is_array()) {
    for (const json::value& each : entries->get_array()) {
      if (!each.is_object()) continue;
      const json::object& entry = each.get_object();
      std::vector<Table::Cell> row{word(entry, {"id"}), state_cell(entry, language),
                                   last_day(word(entry, {"until"})), hours_cell(entry, language)};
      if (watched) {
        const std::string last = word(entry, {"use", "last"});
        const std::uint64_t refused = count(entry, {"use", "refused", "total"});
        row.emplace_back(grouped(count(entry, {"use", "flows"})));
        row.emplace_back(volume_cell(entry));
        row.emplace_back(last.empty() ? label(Text::tool_exceptions_never, language)
                                      : short_time(last).substr(0, 16));
        row.emplace_back(grouped(refused), refused != 0 ? Table::Mark::bad : Table::Mark::none);
      }
      row.emplace_back(word(entry, {"reason"}));
      table.add(std::move(row));
    }
  }
  if (!table.empty()) std::cout << table.to_string(wants_colour(1)) << '\n';
  std::cout << states_line(body, language) << '\n';
  if (!watched) return;
  const std::string since = short_time(word(body, {"watched_since"}));
  std::cout << (since.empty() || since == "null"
                    ? label(Text::tool_exceptions_unwatched, language)
                    : say(Text::tool_exceptions_watched, language, {{"since", since}}))
            << '\n';
}

void say_partial(const json::object& body, Language language) {
  const json::value* const complete = find(body, {"complete"});
  if (complete != nullptr && complete->is_bool() && !complete->get_bool()) {
    complain(text(Text::tool_partial, language));
  }
}

daemon::ExceptionQuery query_offline(const Arguments& arguments) {
  daemon::ExceptionQuery query;
  query.limit = static_cast<std::uint32_t>(whole_number(arguments, "--limit", 1, 1'000'000, 1'000'000));
  if (const auto value = arguments.get("--state")) {
    query.state = parse_state(*value);
    if (!query.state) {
      std::vector<std::string_view> words;
      for (std::size_t i = 0; i < states_count; ++i) {
        words.push_back(policy::state_name(static_cast<ExceptionState>(i)));
      }
      throw UsageError(say(Text::tool_bad_state, arguments.language(), {{"value", *value}}),
                       daemon::suggestion(*value, words, arguments.language()));
    }
  }
  return query;
}

int run_offline(const Arguments& arguments, const std::string& config) {
  const daemon::ExceptionQuery query = query_offline(arguments);
  const Loaded loaded = load(config, arguments);
  if (!loaded.policy) return tell_mistakes(loaded, arguments.language());
  const daemon::AlertOptions& alerts = loaded.config.daemon.alerts;
  Time now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  if (const auto at = arguments.get("--at")) {
    const auto time = read_time(*at, alerts.utc_offset_minutes);
    if (!time) throw UsageError(say(Text::tool_bad_time, arguments.language(), {{"value", *at}}), {});
    now = *time;
  }
  const json::object body =
      daemon::exceptions_json(*loaded.policy, nullptr, now, query, alerts.utc_offset_minutes);
  if (arguments.json()) {
    std::cout << daemon::to_line(body) << '\n';
  } else {
    print_register(body, alerts.language);
    say_partial(body, alerts.language);
  }
  return exit_code::good;
}

}  // namespace

int run_exceptions(const Arguments& arguments) {
  if (const auto config = arguments.get("--config")) return run_offline(arguments, *config);
  const Language language = arguments.language();
  if (arguments.has("--at")) throw UsageError(say(Text::tool_at_needs_config, language), {});
  const Answer answer = fetch(arguments, "/v1/exceptions" + query_of(arguments));
  if (!answer.body || arguments.json()) return answer.code;
  print_register(*answer.body, language);
  say_partial(*answer.body, language);
  return answer.code;
}

}  // namespace sekimori::tool
