// sekimori health: is the sensor well, in a sentence each.
#include <boost/json.hpp>
#include <iostream>

#include "policy/text/text.hpp"
#include "tools/sekimori/commands.hpp"
#include "tools/sekimori/events.hpp"
#include "tools/sekimori/fetch.hpp"

namespace sekimori::tool {

namespace json = boost::json;

// A monitoring system reads the exit code: 0 in order, 1 trouble, 2 whatever kept it from asking.
int run_health(const Arguments& arguments) {
  const Language language = arguments.language();
  const Answer answer = fetch(arguments, "/v1/health");
  if (!answer.body) return exit_code::usage;
  const json::value* ok = find(*answer.body, {"ok"});
  const bool good = ok != nullptr && ok->is_bool() && ok->get_bool();
  if (arguments.json()) return good ? exit_code::good : exit_code::failed;
  const json::value* open = find(*answer.body, {"open"});
  if (open != nullptr && open->is_array()) {
    for (const json::value& each : open->get_array()) {
      if (!each.is_object()) continue;
      const json::object& notice = each.get_object();
      std::cout << printable(word(notice, {"code"})) << " " << printable(word(notice, {"seen"})) << "\n  "
                << printable(word(notice, {"do"})) << '\n';
    }
  }
  const json::value* taps = find(*answer.body, {"taps"});
  const std::size_t count = taps != nullptr && taps->is_array() ? taps->get_array().size() : 0;
  if (good) std::cout << say(Text::tool_health_good, language, {{"taps", std::to_string(count)}}) << '\n';
  std::cout << text(Text::tool_health_limit, language) << '\n';
  return good ? exit_code::good : exit_code::failed;
}

}  // namespace sekimori::tool
