// Weekdays and times of day, as exceptions and bulk thresholds write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "config/reader.hpp"

namespace sekimori::config {

// "08:30" in minutes of the day; "24:00" is its end.
std::optional<std::uint16_t> parse_minute(std::string_view text);

// A list of "mon", "月", "mon-fri", "sat-mon" (over the end of the week). A day that is named twice is a
// mistake. `out`: bit 0 = Monday; left alone where nothing was said.
void read_weekdays(const Cursor& at, std::uint8_t& out);

}  // namespace sekimori::config
