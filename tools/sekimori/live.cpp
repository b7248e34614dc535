#include <boost/json.hpp>
#include <iostream>
#include <optional>

#include "daemon/health/watch_gap.hpp"
#include "policy/text/text.hpp"
#include "tools/sekimori/client.hpp"
#include "tools/sekimori/commands.hpp"
#include "tools/sekimori/events.hpp"
#include "tools/sekimori/fetch.hpp"
#include "tools/sekimori/services.hpp"

namespace sekimori::tool {
namespace {

namespace json = boost::json;

bool is_false(const json::object& object, std::string_view name) {
  const json::value* found = find(object, {name});
  return found != nullptr && found->is_bool() && !found->get_bool();
}

std::string uptime(std::uint64_t seconds, Language language) {
  const auto two = [](std::uint64_t value) { return (value < 10 ? "0" : "") + std::to_string(value); };
  return say(Text::tool_uptime, language,
             {{"days", std::to_string(seconds / 86400)},
              {"clock", two(seconds / 3600 % 24) + ":" + two(seconds / 60 % 60) + ":" + two(seconds % 60)}});
}

Table::Cell state_cell(bool good, Text yes, Text no, Language language) {
  return {label(good ? yes : no, language), good ? Table::Mark::good : Table::Mark::bad};
}

// A loss is shown in red as soon as it is not zero.
Table::Cell loss_cell(std::uint64_t value) {
  return {grouped(value), value == 0 ? Table::Mark::none : Table::Mark::bad};
}

void print_taps(const json::object& status, Language language, bool colour) {
  Table taps{{{label(Text::tool_column_tap, language)},
              {label(Text::tool_column_interface, language)},
              {label(Text::tool_column_state, language)},
              {label(Text::tool_column_received, language), Align::right},
              {label(Text::tool_column_dropped_kernel, language), Align::right},
              {label(Text::tool_column_dropped_interface, language), Align::right},
              {label(Text::tool_column_outages, language), Align::right},
              {label(Text::tool_column_note, language)}}};
  for (const json::value& each : list(status, "taps")) {
    if (!each.is_object()) continue;
    const json::object& tap = each.get_object();
    const std::string health = word(tap, {"health"});
    Table::Cell state{health, Table::Mark::bad};
    if (health == "running") state = {label(Text::tool_tap_running, language), Table::Mark::good};
    if (health == "link_down") state.text = label(Text::tool_tap_link_down, language);
    if (health == "gone") state.text = label(Text::tool_tap_gone, language);
    taps.add({word(tap, {"name"}), word(tap, {"interface"}), state, grouped(count(tap, {"received"})),
              loss_cell(count(tap, {"dropped_kernel"})), loss_cell(count(tap, {"dropped_interface"})),
              loss_cell(count(tap, {"outages"})), word(tap, {"trouble"})});
  }
  if (!taps.empty()) std::cout << '\n' << taps.to_string(colour);
}

void print_destinations(const json::object& status, Language language, bool colour) {
  Table table{{{label(Text::tool_column_destination, language)},
               {label(Text::tool_column_state, language)},
               {label(Text::tool_column_queued, language), Align::right},
               {label(Text::tool_column_sent, language), Align::right},
               {label(Text::tool_column_dropped, language), Align::right},
               {label(Text::tool_column_failures, language), Align::right},
               {label(Text::tool_column_note, language)}}};
  for (const json::value& each : list(status, "destinations")) {
    if (!each.is_object()) continue;
    const json::object& row = each.get_object();
    table.add(
        {word(row, {"name"}),
         state_cell(!is_false(row, "connected"), Text::tool_connected, Text::tool_disconnected, language),
         grouped(count(row, {"queued"})), grouped(count(row, {"sent"})), loss_cell(count(row, {"dropped"})),
         loss_cell(count(row, {"failures"})), word(row, {row.contains("trouble") ? "trouble" : "warning"})});
  }
  if (!table.empty()) std::cout << '\n' << table.to_string(colour);
}

// The time before the start; empty: there is none to speak of.
std::string gap_text(const json::object& status, Language language) {
  const json::value* found = find(status, {"not_watched"});
  if (found == nullptr || !found->is_object()) return {};
  const json::object& gap = found->get_object();
  const std::string ended = word(gap, {"ended"});
  Text why = Text::watch_unknown;
  if (ended == "stopped") why = Text::watch_stopped;
  if (ended == "cut") why = Text::watch_cut;
  const json::value* seconds = find(gap, {"seconds"});
  std::string length = label(Text::watch_length_unknown, language);
  if (seconds != nullptr && seconds->is_number()) {
    length = daemon::watch_length_text(seconds->to_number<double>(), language);
  }
  return say(
      Text::tool_status_gap_value, language,
      {{"since", short_time(word(gap, {"since"}))},
       {"until", short_time(word(gap, {"until"}))},
       {"length", length},
       {"ended", say(why, language, {{"seconds", std::to_string(daemon::watch_stamp_error.count())}})}});
}

void print_status(const json::object& status, Language language) {
  const bool colour = wants_colour(1);
  Table head{{{""}, {""}}};
  const auto add = [&](Text name, const std::string& value) {
    if (!value.empty()) head.add({label(name, language), value});
  };
  add(Text::tool_status_program, "sekimorid " + word(status, {"version"}));
  head.add(
      {label(Text::tool_column_state, language),
       state_cell(!is_false(status, "watching"), Text::tool_watching, Text::tool_not_watching, language)});
  add(Text::tool_status_site, word(status, {"site"}));
  add(Text::tool_status_sensor, word(status, {"sensor"}));
  add(Text::tool_status_uptime, uptime(count(status, {"uptime_seconds"}), language));
  add(Text::tool_status_gap, gap_text(status, language));
  add(Text::tool_status_config, word(status, {"config"}));
  add(Text::tool_status_policy, say(Text::tool_status_policy_value, language,
                                    {{"profile", word(status, {"policy", "profile"})},
                                     {"generation", word(status, {"policy", "generation"})},
                                     {"sha256", word(status, {"policy", "sha256"})}}));
  add(Text::tool_status_packet_time, short_time(word(status, {"packet_time"})));
  add(Text::tool_status_flows,
      grouped(count(status, {"flows", "live"})) + " / " + grouped(count(status, {"flows", "capacity"})));
  if (const json::value* memory = find(status, {"memory"}); memory != nullptr && memory->is_object()) {
    add(Text::tool_status_memory, memory_text(memory->get_object(), language));
    add(Text::tool_status_huge_pages,
        say(Text::tool_status_huge_pages_value, language,
            {{"huge", grouped(count(memory->get_object(), {"huge_pages_bytes"}) >> 20U)}}));
  }
  const std::uint64_t loss = count(status, {"loss_ppm_last_minute"});
  head.add({label(Text::tool_status_loss, language), loss_cell(loss)});
  add(Text::tool_status_incidents,
      say(Text::tool_status_incidents_value, language,
          {{"open", grouped(count(status, {"incidents", "open"}))},
           {"lines", grouped(count(status, {"incidents", "lines"}))},
           {"suppressed", grouped(count(status, {"incidents", "suppressed"}))}}));
  std::cout << head.to_string(colour);
  print_taps(status, language, colour);
  if (const json::value* books = find(status, {"packets"}); books != nullptr && books->is_object()) {
    std::cout << '\n' << books_text(books->get_object(), language);
  }
  print_destinations(status, language, colour);
  std::string refusals;
  for (const std::string_view reason :
       {"bad_request", "too_large", "forbidden", "too_many", "timeout", "not_found", "method", "failed"}) {
    const std::uint64_t refused = count(status, {"control", reason});
    if (refused != 0) refusals.append(" ").append(reason).append("=").append(grouped(refused));
  }
  if (!refusals.empty()) std::cout << '\n' << label(Text::tool_status_refusals, language) << refusals << '\n';
}

void say_partial(const json::object& body, Language language) {
  if (is_false(body, "complete")) complain(text(Text::tool_partial, language));
}

}  // namespace

int run_status(const Arguments& arguments) {
  const Answer answer = fetch(arguments, "/v1/status");
  if (!answer.body || arguments.json()) return answer.code;
  print_status(*answer.body, arguments.language());
  say_partial(*answer.body, arguments.language());
  return answer.code;
}

int run_flows(const Arguments& arguments) {
  const Answer answer = fetch(arguments, "/v1/flows" + query_of(arguments));
  if (!answer.body || arguments.json()) return answer.code;
  const Language language = arguments.language();
  const json::array& events = list(*answer.body, "flows");
  Table table{flow_columns(language)};
  for (const json::value& event : events) {
    if (event.is_object()) table.add(flow_cells(event.get_object(), language));
  }
  if (!table.empty()) std::cout << table.to_string(wants_colour(1));
  const bool cut = is_false(*answer.body, "complete");
  complain(say(cut ? Text::tool_flows_cut : Text::tool_flows_whole, language,
               {{"shown", grouped(events.size())},
                {"matched", grouped(count(*answer.body, {"matched"}))},
                {"live", grouped(count(*answer.body, {"live"}))}}));
  return answer.code;
}

int run_matrix(const Arguments& arguments) {
  const Answer answer = fetch(arguments, "/v1/matrix");
  if (!answer.body || arguments.json()) return answer.code;
  std::cout << matrix_text(*answer.body, arguments.language(), wants_colour(1));
  say_partial(*answer.body, arguments.language());
  return answer.code;
}

int run_services(const Arguments& arguments) {
  const Answer answer = fetch(arguments, "/v1/services");
  if (!answer.body || arguments.json()) return answer.code;
  std::cout << services_text(*answer.body, arguments.language(), wants_colour(1));
  return answer.code;
}

int run_alerts(const Arguments& arguments) {
  if (arguments.has("--journal")) return run_journal_alerts(arguments, *arguments.get("--journal"));
  // The daemon's memory is asked by number and incident alone; for all else its journal is read.
  for (const std::string_view option :
       {"--since", "--until", "--from", "--to", "--src", "--severity", "--finding"}) {
    const auto value = arguments.get(option);
    if (!value || (option == "--since" && value->find_first_not_of("0123456789") == std::string::npos)) {
      continue;
    }
    const std::string folder = running_journal(arguments);
    if (!folder.empty()) return run_journal_alerts(arguments, folder);
    throw UsageError(
        say(Text::journal_option_needs_folder, arguments.language(), {{"option", std::string(option)}}), {});
  }
  const Answer answer = fetch(arguments, "/v1/alerts" + query_of(arguments));
  if (!answer.body || arguments.json()) return answer.code;
  const Language language = arguments.language();
  const json::array& events = list(*answer.body, "alerts");
  for (const json::value& event : events) {
    if (event.is_object()) std::cout << alert_line(event.get_object()) << '\n';
  }
  complain(say(is_false(*answer.body, "complete") ? Text::tool_alerts_cut : Text::tool_alerts_whole, language,
               {{"shown", grouped(events.size())}, {"last", std::to_string(count(*answer.body, {"last"}))}}));
  return answer.code;
}

int run_hold(const Arguments& arguments) {
  const Language language = arguments.language();
  const std::string& incident = arguments.operands()[0];
  const std::string& state = arguments.operands()[1];
  if (state != "on" && state != "off") {
    throw UsageError(say(Text::tool_bad_word, language, {{"option", "hold"}, {"value", state}}), {});
  }
  const Answer answer = fetch(
      arguments,
      "/v1/hold?incident=" + percent_encoded(incident) + "&on=" + (state == "on" ? "true" : "false"), true);
  if (!answer.body || arguments.json()) return answer.code;
  const Text done = state == "on" ? Text::journal_hold_on : Text::journal_hold_off;
  std::cout << say(done, language,
                   {{"incident", incident}, {"holds", std::to_string(count(*answer.body, {"holds"}))}})
            << '\n';
  if (state == "on" && is_false(*answer.body, "known")) {
    complain(text(Text::journal_hold_unknown, language));
  }
  return answer.code;
}

int run_reload(const Arguments& arguments) {
  const Answer answer = fetch(arguments, "/v1/reload", true);
  if (!answer.body) return answer.code;
  const Language language = arguments.language();
  const json::object& body = *answer.body;
  if (is_false(body, "ok")) {
    for (const json::value& error : list(body, "errors")) {
      if (error.is_string())
        std::cerr << printable({error.get_string().data(), error.get_string().size()}) << '\n';
    }
    complain(text(Text::tool_reload_refused, language));
    return exit_code::usage;
  }
  if (arguments.json()) return answer.code;
  std::cout << say(Text::tool_reload_good, language,
                   {{"generation", word(body, {"generation"})}, {"sha256", word(body, {"sha256"})}})
            << '\n';
  std::string keys;
  for (const json::value& key : list(body, "restart_needed")) {
    if (!key.is_string()) continue;
    keys.append(keys.empty() ? "" : ", ").append(key.get_string().data(), key.get_string().size());
  }
  if (!keys.empty()) complain(say(Text::tool_reload_restart, language, {{"keys", printable(keys)}}));
  return answer.code;
}

}  // namespace sekimori::tool
