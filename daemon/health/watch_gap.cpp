#include "daemon/health/watch_gap.hpp"

#include <algorithm>
#include <cmath>

#include "daemon/render.hpp"
#include "daemon/status.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

// A clock may be set right by so much without a word.
constexpr std::chrono::seconds clock_patience{2};

policy::Localized both(Text id, const std::vector<TextArgument>& arguments) {
  return {say(id, Language::ja, arguments), say(id, Language::en, arguments)};
}

void add_moment(Notice& notice, const char* name, Time time, int utc_offset_minutes) {
  const std::string machine = timestamp(time, utc_offset_minutes);
  std::string people = machine.substr(0, 19);
  people[10] = ' ';
  notice.add(name, machine, {people, people});
}

// By so much the last record of a run may be later than its mark.
std::chrono::seconds patience_with(const WatchMark& mark) {
  return mark.stopped ? watch_stop_most : watch_stamp_error;
}

Text ended_text(WatchGap::Ended ended) {
  if (ended == WatchGap::Ended::stopped) return Text::watch_stopped;
  return ended == WatchGap::Ended::cut ? Text::watch_cut : Text::watch_unknown;
}

}  // namespace

std::string_view watch_ended_name(WatchGap::Ended ended) {
  if (ended == WatchGap::Ended::stopped) return "stopped";
  return ended == WatchGap::Ended::cut ? "cut" : "unknown";
}

std::optional<Duration> WatchGap::length() const {
  if (since > until + clock_patience) return std::nullopt;
  return std::max(until - since, Duration{0});
}

std::string watch_length_text(double seconds, Language language) {
  if (seconds < 120) return say(Text::watch_length, language, {{"seconds", fixed_point(seconds, 1)}});
  const std::int64_t whole = std::llround(seconds);
  if (whole < 3600) {
    return say(Text::watch_length_minutes, language,
               {{"minutes", std::to_string(whole / 60)}, {"seconds", std::to_string(whole % 60)}});
  }
  const std::int64_t minutes = (whole + 30) / 60;
  const std::string hours = std::to_string(minutes / 60 % 24);
  const std::string rest = std::to_string(minutes % 60);
  if (minutes < 24 * 60)
    return say(Text::watch_length_hours, language, {{"hours", hours}, {"minutes", rest}});
  return say(Text::watch_length_days, language,
             {{"days", std::to_string(minutes / (24 * 60))}, {"hours", hours}, {"minutes", rest}});
}

std::optional<WatchGap> watch_gap(const std::optional<WatchMark>& mark, Time written, Time now) {
  const bool stale = mark && written <= now && written > mark->until + patience_with(*mark);
  if (mark && !stale) {
    return WatchGap{mark->until, now, mark->stopped ? WatchGap::Ended::stopped : WatchGap::Ended::cut};
  }
  if (written <= Time{}) return std::nullopt;
  return WatchGap{written, now, WatchGap::Ended::unknown};
}

Notice watch_gap_notice(const WatchGap& gap, int utc_offset_minutes) {
  Notice notice;
  notice.kind = NoticeKind::not_watched;
  notice.subject = timestamp(gap.since, utc_offset_minutes);
  notice.time = gap.until;
  if (gap.ended == WatchGap::Ended::stopped) notice.severity = policy::Severity::info;
  add_moment(notice, "since", gap.since, utc_offset_minutes);
  add_moment(notice, "until", gap.until, utc_offset_minutes);
  if (const auto length = gap.length()) {
    const double seconds = std::chrono::duration<double>(*length).count();
    notice.add("seconds", fixed_point(seconds, 1),
               {watch_length_text(seconds, Language::ja), watch_length_text(seconds, Language::en)});
  } else {
    notice.add("seconds", "unknown", both(Text::watch_length_unknown, {}));
  }
  notice.add("ended", std::string{watch_ended_name(gap.ended)},
             both(ended_text(gap.ended), {{"seconds", std::to_string(watch_stamp_error.count())}}));
  return notice;
}

}  // namespace sekimori::daemon
