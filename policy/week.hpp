// Times that come again each week: the hours of an exception, and where those of all exceptions begin and
// end.
//
//   Week week{options.hours, 540};      // Monday to Friday, 22:00-05:00, in Japan
//   if (week.holds(time)) ...
//
// Minutes of the week are counted from Monday 00:00 of the zone. The zone is an offset: summer time and
// public holidays are not known. Look-ups never allocate or throw; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/options.hpp"
#include "policy/text/language.hpp"

namespace sekimori::policy {

inline constexpr std::uint16_t minutes_of_day = 24 * 60;
inline constexpr std::uint16_t minutes_of_week = 7 * minutes_of_day;

// "08:30-17:15", "22:00-05:00".
std::string range_text(const HoursOptions::Range& range);
// "月〜金 08:30-17:15", "Mon-Fri 08:30-17:15"; "毎日", "every day" where nothing is limited.
std::string hours_text(const HoursOptions& hours, Language language);

// Begin of the week in which `time` lies, by the clock of the zone.
Time week_begin(Time time, std::int16_t utc_offset_minutes);

class Week {
 public:
  // `begin` < `end` <= minutes_of_week. What runs on from Sunday into Monday is cut in two.
  struct Span {
    std::uint16_t begin = 0;
    std::uint16_t end = 0;
    auto operator<=>(const Span&) const = default;
  };

  Week() = default;  // always
  Week(const HoursOptions& hours, std::int16_t utc_offset_minutes);

  bool always() const { return spans_.empty(); }
  bool holds(Time time) const;
  // In order, none touches the next; empty = always. Hours that never come (no weekday) are not made: config
  // refuses them.
  const std::vector<Span>& spans() const { return spans_; }
  auto operator<=>(const Week&) const = default;

 private:
  std::vector<Span> spans_{};
  std::int16_t offset_ = 0;
};

// The minutes of the week at which any of many weeks changes: at most minutes_of_week of them.
class WeekBorders {
 public:
  // Between two borders.
  struct Part {
    std::uint32_t number = 0;  // rises by one at each border, modulo 2^32
    Time begin = Time::min();
    Time end = Time::max();
  };

  WeekBorders() = default;
  WeekBorders(const std::vector<Week>& weeks, std::int16_t utc_offset_minutes);
  // Without borders: one part for all time.
  Part part(Time time) const;

 private:
  std::vector<std::uint16_t> minutes_{};  // in order
  std::int16_t offset_ = 0;
};

}  // namespace sekimori::policy
