// The newest alert of one incident, from the running daemon or from a journal's files.
#pragma once

#include <boost/json.hpp>
#include <optional>

#include "tools/sekimori/arguments.hpp"

namespace sekimori::tool {

// An EVE alert, or the exit code of what went wrong (which has been said).
struct IncidentAlert {
  int code = exit_code::good;
  std::optional<boost::json::object> event{};
};

// Of --incident, in --journal where that is given, else of the daemon at --socket.
IncidentAlert find_incident(const Arguments& arguments);

}  // namespace sekimori::tool
