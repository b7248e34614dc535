// The one way in: used by load_file and load_text, and by the test that looks into the ledger of keys.
#pragma once

#include <string>
#include <string_view>

#include "config/report.hpp"

namespace sekimori::config {

// Reads `text` as sekimori.yaml. Throws ConfigError with everything in `report`, earlier entries included.
Config load(std::string_view text, const std::string& name, Report& report);

}  // namespace sekimori::config
