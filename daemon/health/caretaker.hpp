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
#include <memory>
#include <string>
#include <vector>

#include "daemon/errands.hpp"
#include "daemon/health/health.hpp"
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
  // The beat, and at the end of a day its digest, as far as they are due at the last look.
  void speak(std::uint64_t lines, const policy::Policy& policy, std::vector<AlertMessage>& messages);
  // What was wrong when the program ended before.
  void resume(const std::vector<std::shared_ptr<const Notice>>& open);
  // Another configuration is in force.
  void replaced(std::vector<ConfigFile> files);

  double loss_ratio() const { return loss_ratio_; }     // frames lost of those offered, of the last minute
  std::uint64_t lost() const { return lost_.dropped; }  // since the start
  const Vitals& vitals() const { return vitals_; }

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
  std::string day_{};  // of the last look
};

}  // namespace sekimori::daemon
