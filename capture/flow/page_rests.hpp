// Until when a page's records need not be looked at, because none of them can have timed out before: a hand
// that goes round a table of a million flows then touches a few lines instead of all. A time too early costs
// a look, one too late would keep a record too long: whoever shortens what a record has left says hasten().
//
//   if (rests.until(page) >= now) ...        // nothing to find there
//   rests.begin(page);                       // the hand looks at each of its records
//   rests.hasten(page, due);                 // ... and says when that one is due
#pragma once

#include <cstdint>
#include <vector>

#include "capture/time.hpp"

namespace sekimori::capture {

// One thread.
class PageRests {
 public:
  explicit PageRests(std::uint32_t pages) : until_(pages, Time::min()) {}

  std::uint64_t bytes() const { return until_.size() * sizeof(Time); }
  Time until(std::uint32_t page) const { return until_[page]; }
  void begin(std::uint32_t page) { until_[page] = Time::max(); }
  void hasten(std::uint32_t page, Time due) {
    if (due < until_[page]) until_[page] = due;
  }

 private:
  std::vector<Time> until_;
};

}  // namespace sekimori::capture
