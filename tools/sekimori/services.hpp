// The inventory of services for people: from daemon/behaviour/services_json.hpp, live and of a replay.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "policy/text/language.hpp"

namespace sekimori::tool {

std::string services_text(const boost::json::object& event, Language language, bool colour);

}  // namespace sekimori::tool
