#include "daemon/health/diary.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "daemon/health/kept_file.hpp"
#include "daemon/health/vitals.hpp"

namespace sekimori::daemon {
namespace {

using std::chrono::days;

constexpr KeptForm day_form{.family = "sekimori day ", .version = "1"};

std::optional<std::size_t> place_of(std::string_view id, const std::vector<std::string>& segments) {
  const auto found = std::find(segments.begin(), segments.end(), id);
  if (found == segments.end()) return std::nullopt;
  return static_cast<std::size_t>(found - segments.begin());
}

bool read_pair(const std::vector<std::string_view>& words, const std::vector<std::string>& segments,
               Day& day) {
  PairDay figures;
  if (words.size() != 6 || !read_kept(words[3], figures.packets) || !read_kept(words[4], figures.flows) ||
      !read_kept(words[5], figures.flows_forbidden)) {
    return false;
  }
  const auto from = place_of(words[1], segments);
  const auto to = place_of(words[2], segments);
  if (from && to) {
    day.pairs[policy::pair_of(static_cast<policy::SegmentId>(*from), static_cast<policy::SegmentId>(*to))] =
        figures;
  }
  return true;
}

bool read_line(std::string_view line, const std::vector<std::string>& segments, Day& day, bool& dated) {
  const std::vector<std::string_view> words = kept_words(line);
  if (words[0] == "pair") return read_pair(words, segments, day);
  if (words.size() != 2) return false;
  if (words[0] == "watched") return read_kept(words[1], day.watched_ms);
  if (words[0] == "lost") return read_kept(words[1], day.lost);
  if (words[0] == "lines") return read_kept(words[1], day.lines);
  const auto date = words[0] == "date" ? read_date(words[1]) : std::nullopt;
  if (!date) return false;
  day.date = *date;
  dated = true;
  return true;
}

}  // namespace

Date date_of(Time time, int utc_offset_minutes) {
  return std::chrono::floor<days>(
      std::chrono::sys_time<Duration>{time.time_since_epoch() + std::chrono::minutes{utc_offset_minutes}});
}

std::string date_text(Date date) {
  const std::chrono::year_month_day day{date};
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return text.data();
}

std::optional<Date> read_date(std::string_view text) {
  unsigned year = 0;
  unsigned month = 0;
  unsigned day = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' || !read_kept(text.substr(0, 4), year) ||
      !read_kept(text.substr(5, 2), month) || !read_kept(text.substr(8, 2), day)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)}, std::chrono::month{month},
                                         std::chrono::day{day}};
  return date.ok() ? std::optional{Date{date}} : std::nullopt;
}

std::vector<Digest> Diary::step(const Sample& now, const Matrix& matrix) {
  std::vector<Digest> due;
  const Date date = date_of(now.wall, utc_offset_minutes_);
  if (!last_) {
    begin(date, due);
    last_ = {.wall = now.wall, .monotonic = now.monotonic, .lost = 0, .lines = 0};
  }
  // The second that is over belongs to the day in which it began.
  count(now, matrix);
  if (date != day_.date) turn(date, due);
  return due;
}

void Diary::count(const Sample& now, const Matrix& matrix) {
  using std::chrono::milliseconds;
  // What is less than a millisecond counts with the next step.
  const auto passed =
      std::max(milliseconds{0}, std::chrono::floor<milliseconds>(now.monotonic - last_->monotonic));
  day_.watched_ms += static_cast<std::uint64_t>(passed.count());
  day_.lost += since(now.lost, last_->lost);
  day_.lines += since(now.lines, last_->lines);
  for (std::size_t pair = 0; pair < matrix.size(); ++pair) {
    const PairTotals& totals = matrix[pair];
    const PairDay before = std::exchange(
        last_pairs_[pair],
        {.packets = totals.packets, .flows = totals.flows, .flows_forbidden = totals.flows_forbidden});
    PairDay& sum = day_.pairs[pair];
    sum.packets += since(totals.packets, before.packets);
    sum.flows += since(totals.flows, before.flows);
    sum.flows_forbidden += since(totals.flows_forbidden, before.flows_forbidden);
  }
  const auto counted = last_->monotonic + passed;
  last_ = now;
  last_->monotonic = counted;
}

// The first moment of this run.
void Diary::begin(Date date, std::vector<Digest>& due) {
  const Before before = std::exchange(before_, {});
  told_ = before.told;
  // What a clock that ran ahead has written tells nothing of the days to come.
  if (is_told(date)) told_ = date - days{1};
  day_.date = date;
  const bool kept = before.kept && before.kept->date <= date;
  if (kept && before.kept->date == date) {
    day_ = *before.kept;
    return;
  }
  std::optional<Date> known;
  if (kept) {
    known = before.kept->date;
  } else if (before.written > Time{}) {
    known = date_of(before.written, utc_offset_minutes_);
  }
  if (!known || *known >= date) return;
  if (!is_told(*known)) {
    Digest last{.day = kept ? *before.kept : Day{.date = *known}, .late = true};
    if (!kept) last.watch = Digest::Watch::unknown;
    due.push_back(last);
  }
  fill(is_told(*known) ? *told_ : *known, date, due);
  told_ = date - days{1};
}

void Diary::turn(Date date, std::vector<Digest>& due) {
  if (date < day_.date) {
    // Set back over midnight, to a day that was told: its few minutes count for the next one.
    if (told_ && *told_ == date && day_.date - date == days{1}) return;
    // It ran ahead: what was watched then was watched now.
    day_.date = date;
    if (is_told(date)) told_ = date - days{1};
    return;
  }
  if (!is_told(day_.date)) due.push_back({.day = day_});
  fill(day_.date, date, due);
  told_ = date - days{1};
  day_ = Day{.date = date};
}

// The days between two, on which nobody watched.
void Diary::fill(Date after, Date before, std::vector<Digest>& due) const {
  if (before - after > gap_max) return;
  for (Date date = after + days{1}; date < before; date += days{1}) {
    due.push_back({.day = Day{.date = date}, .watch = Digest::Watch::no, .late = true});
  }
}

std::string write_day(const Day& day, const std::vector<std::string>& segments) {
  std::string lines = "date " + date_text(day.date) + "\nwatched " + std::to_string(day.watched_ms) +
                      "\nlost " + std::to_string(day.lost) + "\nlines " + std::to_string(day.lines) + "\n";
  const std::size_t count = std::min(segments.size(), policy::segments_max);
  for (std::size_t from = 0; from < count; ++from) {
    for (std::size_t to = 0; to < count; ++to) {
      const PairDay& figures = day.pairs[policy::pair_of(static_cast<policy::SegmentId>(from),
                                                         static_cast<policy::SegmentId>(to))];
      if (figures == PairDay{}) continue;
      lines += "pair " + segments[from] + " " + segments[to] + " " + std::to_string(figures.packets) + " " +
               std::to_string(figures.flows) + " " + std::to_string(figures.flows_forbidden) + "\n";
    }
  }
  return seal_kept(day_form, lines);
}

std::optional<Day> read_day(std::string_view content, const std::vector<std::string>& segments) {
  std::string_view lines;
  if (unseal_kept(day_form, content, lines) != KeptFault::none) return std::nullopt;
  Day day;
  bool dated = false;
  const bool good =
      each_kept_line(lines, [&](std::string_view line) { return read_line(line, segments, day, dated); });
  return good && dated ? std::optional{day} : std::nullopt;
}

}  // namespace sekimori::daemon
