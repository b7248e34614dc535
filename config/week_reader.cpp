#include "config/week_reader.hpp"

#include <array>
#include <string>
#include <vector>

#include "config/values.hpp"
#include "policy/text/text.hpp"

namespace sekimori::config {
namespace {

constexpr std::array<std::string_view, 7> weekdays{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::array<std::string_view, 7> weekdays_ja{"月", "火", "水", "木", "金", "土", "日"};

std::optional<unsigned> parse_weekday(std::string_view word) {
  for (unsigned day = 0; day < weekdays.size(); ++day) {
    if (word == weekdays[day] || word == weekdays_ja[day]) return day;
  }
  return std::nullopt;
}

void read_weekday(const Cursor& at, std::uint8_t& out) {
  const std::string_view text = at.scalar(Text::config_kind_text);
  if (!at.is_text()) return;
  const std::size_t dash = text.find('-');
  const auto first = parse_weekday(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_weekday(text.substr(dash + 1));
  if (!first || !last) {
    const std::vector<std::string_view> known{weekdays.begin(), weekdays.end()};
    at.error(
        Text::config_not_weekday,
        {{"value", shown(text)}, {"mean", did_you_mean(at.report(), suggest(text.substr(0, dash), known))}});
    return;
  }
  unsigned days = 0;
  for (unsigned day = *first;; day = (day + 1) % 7) {
    days |= 1U << day;
    if (day == *last) break;
  }
  if ((out & days) != 0) at.error(Text::config_repeated, {{"value", shown(text)}});
  out = static_cast<std::uint8_t>(out | days);
}

}  // namespace

std::optional<std::uint16_t> parse_minute(std::string_view text) {
  const auto digit = [&](std::size_t at) { return static_cast<unsigned>(text[at] - '0'); };
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t at : {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{4}}) {
    if (text[at] < '0' || text[at] > '9') return std::nullopt;
  }
  const unsigned hour = digit(0) * 10 + digit(1);
  const unsigned minute = digit(3) * 10 + digit(4);
  if (minute > 59 || hour * 60 + minute > 24 * 60) return std::nullopt;
  return static_cast<std::uint16_t>(hour * 60 + minute);
}

void read_weekdays(const Cursor& at, std::uint8_t& out) {
  std::uint8_t days = 0;
  const bool chosen = at.list([&](const Cursor& item) { read_weekday(item, days); }, Cursor::Size::some);
  if (chosen && days != 0) out = days;
}

}  // namespace sekimori::config
