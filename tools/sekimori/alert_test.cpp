// sekimori alert-test: the way to the destinations, tried with lines that nobody takes for a detection.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <iostream>

#include "daemon/alert/drills.hpp"
#include "daemon/control/query.hpp"
#include "daemon/render.hpp"
#include "daemon/render/utf8.hpp"
#include "policy/text/text.hpp"
#include "tools/sekimori/client.hpp"
#include "tools/sekimori/commands.hpp"
#include "tools/sekimori/events.hpp"
#include "tools/sekimori/fetch.hpp"

namespace sekimori::tool {
namespace {

namespace json = boost::json;

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

std::string hex(char octet) {
  std::array<char, 8> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "\\x%02x", static_cast<unsigned char>(octet));
  return buffer.data();
}

// Every octet to be seen: characters as they are, the byte order mark and controls as \xNN, line feeds as \n,
// a backslash doubled.
std::string visible(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const std::size_t length = daemon::utf8_character(bytes);
    const std::string_view character = bytes.substr(0, std::max<std::size_t>(length, 1));
    const char first = character.front();
    if (first == '\n') {
      out += "\\n";
    } else if (first == '\\') {
      out += "\\\\";
    } else if (length == 0 || character == byte_order_mark || daemon::printable(character) != character) {
      for (const char octet : character) out += hex(octet);
    } else {
      out += character;
    }
    bytes.remove_prefix(character.size());
  }
  return out;
}

Text state_text(std::string_view state) {
  if (state == "accepted") return Text::tool_alert_test_accepted;
  if (state == "waiting") return Text::tool_alert_test_waiting;
  return state == "printed" ? Text::tool_alert_test_printed : Text::tool_alert_test_refused;
}

std::string trouble_of(const json::object& body, std::string_view destination) {
  const json::value* troubles = find(body, {"troubles"});
  if (troubles == nullptr || !troubles->is_array()) return {};
  for (const json::value& each : troubles->get_array()) {
    if (each.is_object() && word(each.get_object(), {"destination"}) == destination) {
      return word(each.get_object(), {"trouble"});
    }
  }
  return {};
}

struct Tally {
  std::size_t lines = 0;
  std::size_t taken = 0;
};

Tally print_lines(const json::object& body, Language language) {
  const json::value* lines = find(body, {"lines"});
  std::string destination;
  std::size_t taken = 0;
  std::size_t all = 0;
  if (lines == nullptr || !lines->is_array()) return {};
  for (const json::value& each : lines->get_array()) {
    if (!each.is_object()) continue;
    const json::object& line = each.get_object();
    if (const std::string name = word(line, {"destination"}); name != destination) {
      std::cout << (destination.empty() ? "" : "\n") << name << '\n';
      destination = name;
      if (const std::string trouble = trouble_of(body, name); !trouble.empty()) {
        std::cout << "  " << printable(trouble) << '\n';
      }
    }
    const std::string state = word(line, {"state"});
    const json::value* bytes = find(line, {"bytes"});
    ++all;
    taken += state == "accepted" ? 1U : 0U;
    std::cout << "  "
              << say(Text::tool_alert_test_line, language,
                     {{"severity", word(line, {"severity"})},
                      {"octets", std::to_string(count(line, {"octets"}))},
                      {"state", text(state_text(state), language)}})
              << '\n';
    if (bytes != nullptr && bytes->is_string()) {
      std::cout << "    " << visible({bytes->get_string().data(), bytes->get_string().size()}) << '\n';
    }
  }
  return {all, taken};
}

int print_only(const Arguments& arguments, const std::string& destination) {
  const Loaded loaded = load(*arguments.get("--config"), arguments);
  if (!loaded.policy) return tell_mistakes(loaded, arguments.language());
  const daemon::AlertOptions& alerts = loaded.config.daemon.alerts;
  const Language language = alerts.language;
  std::vector<std::string_view> names;
  for (const daemon::DestinationOptions& each : alerts.destinations) names.emplace_back(each.name);
  if (names.empty()) throw UsageError(std::string{text(Text::control_no_destinations, language)}, {});
  if (!destination.empty() && std::find(names.begin(), names.end(), destination) == names.end()) {
    throw UsageError(say(Text::control_no_destination, language, {{"value", destination}}),
                     daemon::suggestion(destination, names, language));
  }
  const json::object lines = daemon::print_drills(destination, alerts);
  if (arguments.json()) {
    std::cout << daemon::to_line(lines) << '\n';
  } else {
    print_lines(lines, language);
  }
  return exit_code::good;
}

}  // namespace

int run_alert_test(const Arguments& arguments) {
  const std::string destination = arguments.operands().empty() ? std::string{} : arguments.operands().front();
  if (arguments.has("--print") != arguments.has("--config")) {
    throw UsageError(std::string{text(Text::tool_alert_test_pair, arguments.language())}, {});
  }
  if (arguments.has("--print")) return print_only(arguments, destination);
  std::string target = "/v1/alert-test";
  if (!destination.empty()) target += "?destination=" + percent_encoded(destination);
  const Answer answer = fetch(arguments, std::move(target), true);
  if (!answer.body) return answer.code;
  const json::value* complete = find(*answer.body, {"complete"});
  const bool good = complete != nullptr && complete->is_bool() && complete->get_bool();
  if (!arguments.json()) {
    const Tally tally = print_lines(*answer.body, arguments.language());
    complain(say(good ? Text::tool_alert_test_good : Text::tool_alert_test_bad, arguments.language(),
                 {{"count", std::to_string(tally.lines)}, {"taken", std::to_string(tally.taken)}}));
  }
  return good ? exit_code::good : exit_code::failed;
}

}  // namespace sekimori::tool
