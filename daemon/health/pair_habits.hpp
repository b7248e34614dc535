// What pauses are usual between two segments at this hour of the day, learned from the last seven days.
//
//   habits.step(now, local_hour, matrix, sighted);             // once a second
//   if (const auto most = habits.usual(pair)) ...              // silence beyond it is unusual
//
// A pair counts as never quiet at an hour of the day if it was heard at least twelve times in that hour on
// each of the last seven days that were watched through. A week holds a weekend, so a public holiday, which
// looks like one, is no alarm: what pauses at weekends is not expected at all. Usual is up to four times the
// longest pause of those seven hours. With pauses of random length (exponential, n an hour) one longer than
// that comes by chance 24/(2401 n^3) times an hour: at the twelve an hour that are asked for, once in twenty
// years for each pair; what comes by a timetable, never. A moving average of pauses would be smaller and
// would alarm each evening.
//
// Memory: 256 pairs of 24 hours, 98 KiB. Kept in memory alone: a start learns anew for a week.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/messages.hpp"

namespace sekimori::daemon {

class PairHabits {
 public:
  static constexpr unsigned days = 7;
  static constexpr unsigned times_least = 12;  // heard in an hour
  static constexpr unsigned margin = 4;

  PairHabits();

  // `now`: monotonic. `hour`: local hours since 1970; one that does not follow the last one's begins learning
  // of that hour anew. `sighted`: false while a tap is down, silent or loses frames: then silence says
  // nothing, and the hour is not learned from.
  void step(std::chrono::nanoseconds now, std::int64_t hour, const Matrix& matrix, bool sighted);

  std::chrono::nanoseconds silent(std::size_t pair) const { return now_ - pairs_[pair].heard; }
  // Nothing: not known, or this pair is quiet at times at this hour, or was at that at which its silence
  // began.
  std::optional<std::chrono::seconds> usual(std::size_t pair) const;

 private:
  struct Hour {
    std::array<std::uint16_t, days> longest{};  // seconds
    std::uint8_t busy = 0;                      // which of them were heard often enough
    std::uint8_t next = 0;
  };
  struct Pair {
    std::uint64_t packets = 0;
    std::chrono::nanoseconds heard{};
    std::uint8_t heard_hour = 0;  // of the day
    std::uint16_t longest = 0;    // of this hour
    std::uint16_t times = 0;
  };
  std::optional<std::chrono::seconds> usual(std::size_t pair, unsigned hour) const;
  void end_hour();

  std::vector<std::array<Hour, 24>> hours_;  // by pair
  std::vector<Pair> pairs_;
  std::chrono::nanoseconds now_{};
  std::int64_t hour_ = -1;
  bool whole_ = false;  // this hour was watched since it began
};

}  // namespace sekimori::daemon
