// A judge of health on its stage: seconds pass, each may be spoiled, and what began and ended is written
// down.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "daemon/health/health.hpp"
#include "tests/daemon/alert_city.hpp"
#include "tests/daemon/quiet_vitals.hpp"

namespace sekimori::test {

// One tap that hears a hundred frames a second.
class HealthStage : public ::testing::Test {
 protected:
  using Spoil = std::function<void(daemon::Vitals&)>;

  // What a second is like before it is spoiled.
  virtual void second() { vitals_.taps[0].counters.received += 100; }
  // "CODE:subject" of what began and, with a leading '-', of what ended; refreshed figures are left out.
  std::string pass(std::chrono::seconds time, const Spoil& spoil = {},
                   std::chrono::seconds step = std::chrono::seconds{1}) {
    std::string out;
    for (std::chrono::seconds passed{0}; passed < time; passed += step) {
      vitals_.wall += step;
      vitals_.monotonic += step;
      second();
      if (spoil) spoil(vitals_);
      std::vector<daemon::Notice> found;
      health_->judge(vitals_, policy_, found);
      for (const daemon::Notice& notice : found) {
        const std::string what = std::string{daemon::notice_row(notice.kind).code} + ":" + notice.subject;
        if (!notice.over && !open_.insert(what).second) continue;
        if (notice.over) open_.erase(what);
        out += (out.empty() ? "" : " ") + std::string(notice.over ? "-" : "") + what;
        last_ = notice;
      }
    }
    return out;
  }
  void use(const daemon::HealthOptions& options) { health_ = std::make_unique<daemon::Health>(options, 540); }

  const policy::Policy policy_{alert_city(), {}, "abc", 3};
  std::unique_ptr<daemon::Health> health_ = std::make_unique<daemon::Health>(daemon::HealthOptions{}, 540);
  daemon::Vitals vitals_ = quiet_vitals({"t1"});
  daemon::Notice last_{};  // of what was written down

 private:
  std::set<std::string> open_{};
};

}  // namespace sekimori::test
