#include "tools/sekimori/read_time.hpp"

#include <chrono>

#include "policy/text/text.hpp"

namespace sekimori::tool {
namespace {

// Digits of a fixed-width field; -1 when something else stands there.
int digits(std::string_view text, std::size_t at, std::size_t length) {
  if (text.size() < at + length) return -1;
  int value = 0;
  for (const char c : text.substr(at, length)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::optional<Time> read_time(std::string_view text, int utc_offset_minutes) {
  const std::chrono::year_month_day date{std::chrono::year{digits(text, 0, 4)},
                                         std::chrono::month{static_cast<unsigned>(digits(text, 5, 2))},
                                         std::chrono::day{static_cast<unsigned>(digits(text, 8, 2))}};
  if (digits(text, 0, 4) < 1970 || !date.ok() || text[4] != '-' || text[7] != '-') return std::nullopt;
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::size_t at = 10;
  if (text.size() > at && (text[at] == 'T' || text[at] == ' ')) {
    hour = digits(text, at + 1, 2);
    minute = digits(text, at + 4, 2);
    if (hour < 0 || minute < 0 || hour > 23 || minute > 59 || text[at + 3] != ':') return std::nullopt;
    at += 6;
    if (text.size() > at && text[at] == ':') {
      second = digits(text, at + 1, 2);
      if (second < 0 || second > 59) return std::nullopt;
      at += 3;
    }
    if (text.size() > at && text[at] == 'Z') {
      utc_offset_minutes = 0;
      ++at;
    } else if (text.size() > at && (text[at] == '+' || text[at] == '-')) {
      const int hours = digits(text, at + 1, 2);
      const int minutes = digits(text, at + 4, 2);
      if (hours < 0 || minutes < 0 || hours > 14 || minutes > 59 || text[at + 3] != ':') return std::nullopt;
      utc_offset_minutes = (text[at] == '-' ? -1 : 1) * (hours * 60 + minutes);
      at += 6;
    }
  }
  if (at != text.size()) return std::nullopt;
  return std::chrono::time_point_cast<Duration>(std::chrono::sys_days{date}) + std::chrono::hours{hour} +
         std::chrono::minutes{minute - utc_offset_minutes} + std::chrono::seconds{second};
}

Time asked_time(const Arguments& arguments, int utc_offset_minutes) {
  const auto at = arguments.get("--at");
  if (!at) return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  const auto time = read_time(*at, utc_offset_minutes);
  if (!time) throw UsageError(say(Text::tool_bad_time, arguments.language(), {{"value", *at}}), {});
  return *time;
}

}  // namespace sekimori::tool
