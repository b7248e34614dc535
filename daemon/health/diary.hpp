// What the sensor watched on each day, over all runs of the program of that day, and when a day's digest is
// due: once for each day, also if nobody was there at its midnight.
//
//   Diary diary{options.alerts.utc_offset_minutes};
//   diary.resume({.kept = ..., .told = ..., .written = ...});   // before the first step
//   for (const Digest& due : diary.step(sample)) ...            // once a second
//
// Pure: both clocks and the totals come in. Days are local ones. One thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "daemon/messages.hpp"

namespace sekimori::daemon {

using Date = std::chrono::sys_days;

Date date_of(Time time, int utc_offset_minutes);
std::string date_text(Date date);  // "2026-04-01"
std::optional<Date> read_date(std::string_view text);

struct PairDay {
  std::uint64_t packets = 0;
  std::uint64_t flows = 0;
  std::uint64_t flows_forbidden = 0;
  bool operator==(const PairDay&) const = default;
};

struct Day {
  Date date{};
  std::uint64_t watched_ms = 0;  // in which the program ran
  std::uint64_t lost = 0;        // frames
  std::uint64_t lines = 0;       // alert records
  std::array<PairDay, std::tuple_size_v<Matrix>> pairs{};
  bool operator==(const Day&) const = default;
};

struct Digest {
  enum class Watch : std::uint8_t {
    yes,
    no,      // the program did not run on that day
    unknown  // it did, and what it counted was not kept
  };
  Day day{};
  Watch watch = Watch::yes;
  bool late = false;  // nobody was there at the day's end
};

class Diary {
 public:
  // After a longer gap the days between are not told one by one: a clock that was wrong, or a sensor in
  // store.
  static constexpr std::chrono::days gap_max{31};

  // What is known of earlier runs.
  struct Before {
    std::optional<Day> kept{};   // the last day's figures
    std::optional<Date> told{};  // the newest day of which there is a digest
    Time written{};              // when they last wrote a record; 0: never
  };
  // Totals since the start of the program, at one moment.
  struct Sample {
    Time wall{};
    std::chrono::nanoseconds monotonic{};
    std::uint64_t lost = 0;
    std::uint64_t lines = 0;
  };

  explicit Diary(int utc_offset_minutes) : utc_offset_minutes_(utc_offset_minutes) {}

  void resume(const Before& before) { before_ = before; }
  // What is due, oldest first: at most `gap_max` digests.
  std::vector<Digest> step(const Sample& now, const Matrix& matrix);
  // The day that goes on, as of the last step.
  const Day& day() const { return day_; }

 private:
  void begin(Date date, std::vector<Digest>& due);
  void turn(Date date, std::vector<Digest>& due);
  void fill(Date after, Date before, std::vector<Digest>& due) const;
  void count(const Sample& now, const Matrix& matrix);
  bool is_told(Date date) const { return told_ && *told_ >= date; }

  const int utc_offset_minutes_;
  Before before_{};
  Day day_{};
  std::optional<Date> told_{};
  std::optional<Sample> last_{};
  std::array<PairDay, std::tuple_size_v<Matrix>> last_pairs_{};
};

// The day's figures beside the journal (kept_file.hpp); `segments`: ids, in the order of the policy.
//
//   sekimori day 1
//   date 2026-04-01
//   watched 50400000                   milliseconds
//   lost 0                             frames
//   lines 12
//   pair mynumber lgwan 100 20 1       packets, flows, forbidden flows
//   crc32c 1a2b3c4d
std::string write_day(const Day& day, const std::vector<std::string>& segments);
// None: cut, altered, or of another form. Pairs of segments that there are no more are left out.
std::optional<Day> read_day(std::string_view content, const std::vector<std::string>& segments);

}  // namespace sekimori::daemon
