// What the sensor's judge of health sees of one that fares well.
#pragma once

#include <initializer_list>

#include "daemon/health/health.hpp"
#include "tests/daemon/alert_city.hpp"

namespace sekimori::test {

inline daemon::Vitals quiet_vitals(std::initializer_list<const char*> taps) {
  daemon::Vitals vitals;
  vitals.wall = nine_twelve;
  vitals.monotonic = std::chrono::seconds{1000};
  vitals.synchronised = daemon::Synchronised::yes;
  for (const char* name : taps) vitals.taps.push_back({.name = name, .interface = "eth1"});
  vitals.workers.resize(1);
  return vitals;
}

}  // namespace sekimori::test
