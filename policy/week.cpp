#include "policy/week.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "policy/text/text.hpp"

namespace sekimori::policy {
namespace {

using std::chrono::minutes;

constexpr minutes week_length{minutes_of_week};
// 1970-01-01 was a Thursday.
constexpr minutes monday_before_epoch{3 * minutes_of_day};

// Counted from a Monday of the zone.
minutes zone_minute(Time time, std::int16_t offset) {
  return std::chrono::floor<minutes>(time.time_since_epoch()) + minutes{offset} + monday_before_epoch;
}

struct Moment {
  std::int64_t week = 0;
  std::uint16_t minute = 0;
};

Moment moment_of(Time time, std::int16_t offset) {
  const std::int64_t minute = zone_minute(time, offset).count();
  std::int64_t week = minute / minutes_of_week;
  if (minute % minutes_of_week < 0) --week;
  return {week, static_cast<std::uint16_t>(minute - week * minutes_of_week)};
}

// At the ends of what a Time can hold, these.
Time time_of(std::int64_t week, std::uint16_t minute, std::int16_t offset) {
  const minutes at = week * week_length + minutes{minute} - minutes{offset} - monday_before_epoch;
  if (at >= std::chrono::floor<minutes>(Time::max().time_since_epoch())) return Time::max();
  if (at <= std::chrono::ceil<minutes>(Time::min().time_since_epoch())) return Time::min();
  return Time{at};
}

constexpr std::array<Text, 7> day_names{
    Text::register_monday, Text::register_tuesday,  Text::register_wednesday, Text::register_thursday,
    Text::register_friday, Text::register_saturday, Text::register_sunday};

std::string days_text(std::uint8_t weekdays, Language language) {
  if ((weekdays & HoursOptions::every_day) == HoursOptions::every_day) {
    return std::string{text(Text::register_days_any, language)};
  }
  std::string out;
  for (unsigned day = 0; day < 7; ++day) {
    if ((weekdays >> day & 1U) == 0) continue;
    unsigned last = day;
    while (last < 6 && (weekdays >> (last + 1) & 1U) != 0) ++last;
    if (!out.empty()) out += language == Language::ja ? "・" : ",";
    out += text(day_names[day], language);
    if (last == day) continue;
    if (last > day + 1) {
      out += language == Language::ja ? "〜" : "-";
    } else {
      out += language == Language::ja ? "・" : ",";
    }
    out += text(day_names[last], language);
    day = last;
  }
  return out;
}

std::string clock_text(std::uint16_t minute) {
  const auto two = [](unsigned value) { return (value < 10 ? "0" : "") + std::to_string(value); };
  return two(minute / 60U) + ":" + two(minute % 60U);
}

}  // namespace

std::string range_text(const HoursOptions::Range& range) {
  return clock_text(range.begin) + "-" + clock_text(range.end);
}

std::string hours_text(const HoursOptions& hours, Language language) {
  std::string out = days_text(hours.weekdays, language);
  const char* before = " ";
  for (const HoursOptions::Range& range : hours.ranges) {
    out += before + range_text(range);
    before = ", ";
  }
  return out;
}

Time week_begin(Time time, std::int16_t utc_offset_minutes) {
  return time_of(moment_of(time, utc_offset_minutes).week, 0, utc_offset_minutes);
}

Week::Week(const HoursOptions& hours, std::int16_t utc_offset_minutes) : offset_(utc_offset_minutes) {
  if (hours == HoursOptions{}) return;
  std::vector<HoursOptions::Range> ranges = hours.ranges;
  if (ranges.empty()) ranges.push_back({});
  std::vector<Span> all;
  for (unsigned day = 0; day < 7; ++day) {
    if ((hours.weekdays >> day & 1U) == 0) continue;
    for (const HoursOptions::Range& range : ranges) {
      const unsigned begin = day * minutes_of_day + range.begin;
      unsigned end = day * minutes_of_day + range.end;
      if (range.end <= range.begin) end += minutes_of_day;
      const auto span = [](unsigned from, unsigned to) {
        return Span{static_cast<std::uint16_t>(from), static_cast<std::uint16_t>(to)};
      };
      all.push_back(span(begin, std::min<unsigned>(end, minutes_of_week)));
      if (end > minutes_of_week) all.push_back(span(0, end - minutes_of_week));
    }
  }
  std::sort(all.begin(), all.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
  for (const Span& span : all) {
    if (spans_.empty() || spans_.back().end < span.begin) {
      spans_.push_back(span);
    } else {
      spans_.back().end = std::max(spans_.back().end, span.end);
    }
  }
}

bool Week::holds(Time time) const {
  if (spans_.empty()) return true;
  const std::uint16_t minute = moment_of(time, offset_).minute;
  const auto after = std::upper_bound(spans_.begin(), spans_.end(), minute,
                                      [](std::uint16_t at, const Span& span) { return at < span.begin; });
  return after != spans_.begin() && minute < (after - 1)->end;
}

WeekBorders::WeekBorders(const std::vector<Week>& weeks, std::int16_t utc_offset_minutes)
    : offset_(utc_offset_minutes) {
  std::vector<bool> seen(minutes_of_week);
  for (const Week& week : weeks) {
    // The end of Sunday is the begin of Monday.
    for (const Week::Span& span : week.spans()) {
      seen[span.begin] = true;
      seen[span.end % minutes_of_week] = true;
    }
  }
  for (std::uint16_t minute = 0; minute < minutes_of_week; ++minute) {
    if (seen[minute]) minutes_.push_back(minute);
  }
}

WeekBorders::Part WeekBorders::part(Time time) const {
  if (minutes_.empty()) return {};
  const auto [week, minute] = moment_of(time, offset_);
  const auto next = std::upper_bound(minutes_.begin(), minutes_.end(), minute);
  const auto count = static_cast<std::int64_t>(minutes_.size());
  Part part;
  part.number = static_cast<std::uint32_t>(week * count + (next - minutes_.begin()));
  part.begin = next == minutes_.begin() ? time_of(week - 1, minutes_.back(), offset_)
                                        : time_of(week, *(next - 1), offset_);
  part.end =
      next == minutes_.end() ? time_of(week + 1, minutes_.front(), offset_) : time_of(week, *next, offset_);
  return part;
}

}  // namespace sekimori::policy
