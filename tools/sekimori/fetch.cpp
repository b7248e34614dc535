#include "tools/sekimori/fetch.hpp"

#include <cstdlib>
#include <iostream>
#include <utility>

#include "daemon/options.hpp"
#include "policy/text/text.hpp"
#include "tools/sekimori/client.hpp"
#include "tools/sekimori/commands.hpp"
#include "tools/sekimori/events.hpp"

namespace sekimori::tool {
namespace {

namespace json = boost::json;

int code_of(unsigned status) {
  if (status == 200) return exit_code::good;
  if (status == 400 || status == 422) return exit_code::usage;
  return status == 403 ? exit_code::permission : exit_code::failed;
}

// The object that an answer is; else null, and why not.
std::optional<json::object> object_of(const Response& response, boost::system::error_code& broken) {
  json::value value = json::parse(response.body, broken);
  if (broken || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

}  // namespace

std::string socket_path(const Arguments& arguments, const std::string& configured) {
  if (const auto chosen = arguments.get("--socket")) return *chosen;
  const char* variable = std::getenv("SEKIMORI_SOCKET");
  if (variable != nullptr && *variable != '\0') return variable;
  return configured.empty() ? daemon::ControlOptions{}.path : configured;
}

Answer fetch(const Arguments& arguments, std::string target, bool post, bool shown) {
  const Language language = arguments.language();
  const std::string socket = socket_path(arguments);
  Response response;
  try {
    response = ask({.socket = socket, .post = post, .target = std::move(target), .language = language});
  } catch (const ClientError& error) {
    switch (error.kind()) {
      case Unanswered::forbidden:
        complain(say(Text::tool_socket_forbidden, language, {{"socket", socket}}),
                 say(Text::tool_socket_forbidden_hint, language, {{"socket", socket}}));
        return {.code = exit_code::permission};
      case Unanswered::unreachable:
        complain(say(Text::tool_unreachable, language, {{"socket", socket}, {"trouble", error.what()}}),
                 label(Text::tool_unreachable_hint, language));
        return {.code = exit_code::unreachable};
      case Unanswered::timeout:
        complain(say(Text::tool_no_answer, language, {{"socket", socket}}));
        return {.code = exit_code::failed};
      case Unanswered::broken:
        break;
    }
    complain(say(Text::tool_broken_answer, language, {{"socket", socket}, {"trouble", error.what()}}));
    return {.code = exit_code::failed};
  }

  const int code = code_of(response.status);
  if (arguments.json() && shown) std::cout << response.body;
  boost::system::error_code broken;
  std::optional<json::object> body = object_of(response, broken);
  if (!body) {
    complain(say(Text::tool_broken_answer, language, {{"socket", socket}, {"trouble", broken.message()}}));
    return {.code = exit_code::failed};
  }
  if (body->contains("error")) {
    complain(printable(word(*body, {"error", "message"})), printable(word(*body, {"error", "hint"})));
    return {.code = code == exit_code::good ? exit_code::failed : code};
  }
  return {.code = code, .body = std::move(body)};
}

std::optional<json::object> fetch_quietly(const Arguments& arguments, std::string target) {
  Response response;
  try {
    response = ask({.socket = socket_path(arguments),
                    .post = false,
                    .target = std::move(target),
                    .language = arguments.language()});
  } catch (const ClientError&) {
    return std::nullopt;
  }
  boost::system::error_code broken;
  std::optional<json::object> body = object_of(response, broken);
  return body && !body->contains("error") ? std::move(body) : std::nullopt;
}

std::string query_of(const Arguments& arguments) {
  std::string out;
  for (const Option& option : arguments.command()->options) {
    for (const std::string& value : arguments.all(option.name)) {
      out.append(out.empty() ? "?" : "&")
          .append(option.name.substr(2))
          .append("=")
          .append(percent_encoded(value));
    }
  }
  return out;
}

}  // namespace sekimori::tool
