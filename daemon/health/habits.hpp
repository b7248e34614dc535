// What pauses are usual at this hour of the day, learned from the last seven days: between two segments, or
// of a VLAN.
//
//   Habits habits{256};
//   habits.step(now, local_hour, counts, sighted);             // once a second
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
// Memory: 24 hours of 16 octets for each; 98 KiB for the 256 pairs, 1.5 MiB for the VLANs. Kept over restarts
// by habits_file.hpp.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "daemon/messages.hpp"

namespace sekimori::daemon {

class Habits {
 public:
  static constexpr unsigned days = 7;
  static constexpr unsigned times_least = 12;  // heard in an hour
  static constexpr unsigned margin = 4;

  // What is known of one hour of the day.
  struct Hour {
    std::array<std::uint16_t, days> longest{};  // pauses, in seconds
    std::uint8_t busy = 0;                      // bits: on which of the days it was heard often enough
    std::uint8_t next = 0;                      // day that is replaced next
    bool operator==(const Hour&) const = default;
  };

  explicit Habits(std::size_t count);

  // `now`: monotonic. `hour`: local hours since 1970; one that does not follow the last one's begins learning
  // of that hour anew. `counts`: running totals of each, in whatever unit, of which a change matters alone.
  // `sighted`: false while a tap is down, silent or loses frames: then silence says nothing, and the hour is
  // not learned from.
  void step(std::chrono::nanoseconds now, std::int64_t hour, std::span<const std::uint32_t> counts,
            bool sighted);

  // Since when it was last heard, or since the first step.
  std::chrono::nanoseconds silent(std::size_t which) const { return now_ - heard_[which].at; }
  bool heard(std::size_t which) const { return heard_[which].news; }  // at the last step
  // Nothing: not known, or it is quiet at times at this hour, or was at that at which its silence began.
  std::optional<std::chrono::seconds> usual(std::size_t which) const;

  std::size_t size() const { return hours_.size(); }
  const Hour& learned(std::size_t which, unsigned hour) const { return hours_[which][hour]; }
  // From an earlier run. False: no such one, or not of this form.
  bool restore(std::size_t which, unsigned hour, const Hour& learned);
  // Hours learned by this run.
  std::uint64_t lessons() const { return lessons_; }

 private:
  struct Heard {
    std::uint32_t count = 0;
    std::chrono::nanoseconds at{};
    std::uint8_t hour = 0;      // of the day
    bool news = false;          // at the last step
    std::uint16_t longest = 0;  // of this hour
    std::uint16_t times = 0;
  };
  std::optional<std::chrono::seconds> usual(std::size_t which, unsigned hour) const;
  void end_hour();

  std::vector<std::array<Hour, 24>> hours_;
  std::vector<Heard> heard_;
  std::chrono::nanoseconds now_{};
  std::int64_t hour_ = -1;
  std::uint64_t lessons_ = 0;
  bool begun_ = false;
  bool whole_ = false;  // this hour was watched since it began
};

// All that is learned of silences.
struct HabitBook {
  Habits pairs{std::tuple_size_v<Matrix>};
  Habits vlans{std::tuple_size_v<VlanCounts>};
  std::uint64_t lessons() const { return pairs.lessons() + vlans.lessons(); }
};

}  // namespace sekimori::daemon
