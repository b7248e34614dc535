// A question to the daemon, and what went wrong when there is no answer.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>

#include "tools/sekimori/arguments.hpp"

namespace sekimori::tool {

// An answer to show, or the exit code of what went wrong (which has been said). With --json the answer has
// been printed as it came.
struct Answer {
  int code = exit_code::good;
  std::optional<boost::json::object> body{};
};

// `shown`: with --json, print the answer as it came; false where it is not what was asked for.
Answer fetch(const Arguments& arguments, std::string target, bool post = false, bool shown = true);
// Likewise, but nothing is said or printed: none where nobody answers.
std::optional<boost::json::object> fetch_quietly(const Arguments& arguments, std::string target);
// Where the daemon is asked: --socket, else SEKIMORI_SOCKET, else `configured`, else the usual place.
std::string socket_path(const Arguments& arguments, const std::string& configured = {});
// "?from=mynumber&port=445" from the command's options, which have the names of the parameters.
std::string query_of(const Arguments& arguments);

}  // namespace sekimori::tool
