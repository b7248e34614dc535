// The time before a start in which nobody watched, as an auditor asks for it.
//
//   const auto gap = watch_gap(stamp.found(), written, now);
//   if (gap) found.push_back(watch_gap_notice(*gap, options.alerts.utc_offset_minutes));
//
// Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "capture/time.hpp"
#include "daemon/alert/notice.hpp"
#include "daemon/health/watch_stamp.hpp"

namespace sekimori::daemon {

// So often it is written down up to when the daemon watched.
inline constexpr std::chrono::seconds watch_stamp_every{20};
// By so much the beginning of a gap that nobody announced may be early: a late look and a slow disk included.
inline constexpr std::chrono::seconds watch_stamp_error{30};
// For so long an ordered stop may go on to write records, a flood that has to be worked off included.
inline constexpr std::chrono::seconds watch_stop_most{90};

struct WatchGap {
  enum class Ended : std::uint8_t {
    stopped,  // it was asked to
    cut,      // without a word: killed, crashed, or the power went
    unknown   // no mark that can be read, or a run that left records behind the mark could not renew it
  };
  Time since{};
  Time until{};
  Ended ended = Ended::unknown;
  // None: by the clock it ends before it began.
  std::optional<Duration> length() const;
};

std::string_view watch_ended_name(WatchGap::Ended ended);  // "stopped"
// For people, rounded: "90.0秒", "5分3秒", "2時間30分", "3日0時間0分". Not negative.
std::string watch_length_text(double seconds, Language language);

// `written`: when the runs before wrote their last record; 0: never. None: there was no run before. A mark
// that is much older than `written` is of another run than the last one, or the disk did not take a newer
// one: it says nothing of how that run ended, and the gap begins with the record.
std::optional<WatchGap> watch_gap(const std::optional<WatchMark>& mark, Time written, Time now);

// Its subject is the moment at which the gap begins: told by two starts in a row it is one story.
Notice watch_gap_notice(const WatchGap& gap, int utc_offset_minutes);

}  // namespace sekimori::daemon
