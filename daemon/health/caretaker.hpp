// Gathers the sensor's vitals for Health, and keeps the daemon's own log of what comes and goes.
//
//   Caretaker caretaker{options};
//   caretaker.take(figures);                    // whenever the workers have answered
//   if (caretaker.workers_move(beats)) ...      // once a second
//   caretaker.look(outlets, *policy, found);    // once a second, also while no worker answers
//
// The one room of health that asks clocks and the system. Main thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/errands.hpp"
#include "daemon/health/diary.hpp"
#include "daemon/health/health.hpp"
#include "daemon/health/scribe.hpp"
#include "daemon/health/sign_of_life.hpp"
#include "daemon/health/watch_gap.hpp"
#include "daemon/health/watch_stamp.hpp"
#include "daemon/render/alert_message.hpp"
#include "daemon/station.hpp"

namespace sekimori::daemon {

class Caretaker {
 public:
  explicit Caretaker(const StationOptions& options);

  void take(const std::vector<WorkerFigures>& parts);
  // `beats`: Worker::beats() of each. False: one has not moved for longer than it may.
  bool workers_move(const std::vector<std::uint64_t>& beats);
  // Appends what is found.
  void look(OutletVitals outlets, const policy::Policy& policy, std::vector<Notice>& found);
  // What is due at the last look.
  std::optional<AlertMessage> heartbeat(std::uint64_t lines, const policy::Policy& policy);
  // Of days that are over. `number`: of the record that each becomes.
  std::vector<AlertMessage> digests(std::uint64_t lines, const policy::Policy& policy,
                                    const std::function<std::uint64_t()>& number);
  // What was wrong when the program ended before, what had been learned and counted until then, and up to
  // when it watched. `folder`: where that is kept; empty: nowhere. A thread writes there from now on.
  void resume(const std::vector<std::shared_ptr<const Notice>>& open, const std::string& folder,
              const policy::Policy& policy, Diary::Before before);
  // No packet is read any more from now on, because that was asked for.
  void stopping();
  // At the end: writes down the day as far as it went, and that it is the end.
  void finish(const policy::Policy& policy);
  // Until what is to be written down is written.
  void settle();
  // Writes down what was learned.
  void keep(const policy::Policy& policy);
  // Another configuration is in force.
  void replaced(std::vector<ConfigFile> files);

  double loss_ratio() const { return loss_ratio_; }     // frames lost of those offered, of the last minute
  std::uint64_t lost() const { return lost_.dropped; }  // since the start
  const Vitals& vitals() const { return vitals_; }
  // Before this start; none: there is nothing to compare with.
  const std::optional<WatchGap>& gap() const { return gap_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Beat {
    std::uint64_t beats = 0;
    Clock::time_point moved = Clock::now();
    bool told = false;
  };
  struct Loss {
    std::uint64_t offered = 0;
    std::uint64_t dropped = 0;
  };

  void take_tap(const TapReport& report, TapVitals& tap);
  void watch_loss();
  void look_at_machine();
  void look_at_files();
  Life life(std::uint64_t lines) const;
  std::optional<Day> load_day(const policy::Policy& policy) const;
  void keep_day(const policy::Policy& policy);
  void write_kept(const std::string& path, std::string content);
  void find_gap(Time written);
  void stamp(const WatchMark& mark);
  void keep_watch();
  void tell_unwritten(const std::string& path, Text unwritten, bool& told) const;

  const capture::CaptureOptions capture_;
  const AlertOptions alerts_;
  std::vector<ConfigFile> files_;
  Health health_;
  Vitals vitals_{};
  std::vector<Beat> beats_{};
  std::deque<Loss> losses_{};  // running totals, one for each answer of the workers, about a second apart
  Loss lost_{};
  double loss_ratio_ = 0;
  unsigned loss_told_ = 0;  // answers until loss may be logged again
  unsigned rounds_ = 0;     // of look()
  const std::chrono::seconds heartbeat_;
  std::chrono::nanoseconds beat_at_{};  // monotonic; 0 = none yet
  std::uint64_t beat_ = 0;
  Diary diary_;
  std::string day_path_{};                  // empty: it is not kept
  std::chrono::nanoseconds day_kept_at_{};  // monotonic
  std::uint64_t digest_number_ = 0;         // of the latest
  bool day_bad_ = false;                    // was told
  std::shared_ptr<WatchStamp> stamp_{};     // null: it is not kept; written by the scribe alone
  std::optional<WatchGap> gap_{};
  Time watched_{};                                         // up to when; 0: nothing yet
  std::optional<Time> stopped_{};                          // that was asked for
  std::optional<std::chrono::nanoseconds> gap_told_at_{};  // monotonic
  std::optional<std::chrono::nanoseconds> stamped_at_{};   // monotonic
  bool stamp_bad_ = false;                                 // was told
  std::string habits_path_{};
  std::uint64_t lessons_kept_ = 0;
  bool habits_bad_ = false;           // was told
  std::vector<Notice> news_{};        // of resume()
  std::unique_ptr<Scribe> scribe_{};  // null: nothing is kept
};

}  // namespace sekimori::daemon
