#include "tools/sekimori/incident.hpp"

#include <string>
#include <utility>

#include "daemon/journal/follower.hpp"
#include "daemon/journal/segment.hpp"
#include "policy/text/text.hpp"
#include "tools/sekimori/client.hpp"
#include "tools/sekimori/commands.hpp"
#include "tools/sekimori/fetch.hpp"

namespace sekimori::tool {
namespace {

namespace json = boost::json;

IncidentAlert unknown(const std::string& id, const std::string& where, Language language) {
  complain(say(Text::explain_incident_none, language, {{"id", id}, {"where", where}}));
  return {exit_code::failed, std::nullopt};
}

std::optional<json::object> object_of(const std::string& line) {
  boost::system::error_code error;
  json::value value = json::parse(line, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

IncidentAlert in_journal(const std::string& id, const std::string& folder, Language language) {
  std::string trouble;
  if (daemon::segments_in(folder, &trouble).empty() && !trouble.empty()) {
    complain(folder + ": " + trouble);
    return {exit_code::failed, std::nullopt};
  }
  daemon::Follower follower{folder};
  follower.seek(0);
  IncidentAlert found;
  while (const auto alert = follower.next()) {
    if (alert->incident == id) found.event = object_of(alert->eve);
  }
  return found.event ? found : unknown(id, folder, language);
}

}  // namespace

IncidentAlert find_incident(const Arguments& arguments) {
  const Language language = arguments.language();
  const std::string id = arguments.get("--incident").value_or("");
  if (const auto folder = arguments.get("--journal")) {
    if (arguments.has("--socket")) throw UsageError(say(Text::journal_socket_or_folder, language), {});
    return in_journal(id, *folder, language);
  }
  const Answer answer = fetch(arguments, "/v1/alerts?limit=1&incident=" + percent_encoded(id), false, false);
  if (!answer.body) return {answer.code, std::nullopt};
  const auto alerts = answer.body->find("alerts");
  if (alerts == answer.body->end() || !alerts->value().is_array() || alerts->value().get_array().empty() ||
      !alerts->value().get_array().back().is_object()) {
    return unknown(id, std::string(text(Text::explain_incident_live, language)), language);
  }
  return {exit_code::good, alerts->value().get_array().back().get_object()};
}

}  // namespace sekimori::tool
