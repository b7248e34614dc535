// A moment as people write it on a command line.
#pragma once

#include <optional>
#include <string_view>

#include "capture/time.hpp"
#include "tools/sekimori/arguments.hpp"

namespace sekimori::tool {

// "2026-04-01", "2026-04-01 09:00", "2026-04-01T09:00:00+09:00", "...Z". Without an offset: the configured
// one.
std::optional<Time> read_time(std::string_view text, int utc_offset_minutes);
// --at, else this machine's clock. Throws UsageError.
Time asked_time(const Arguments& arguments, int utc_offset_minutes);

}  // namespace sekimori::tool
