// What the daemon says of itself without being asked: a heartbeat and a digest of each day to the
// destinations, and the answer to `health`. A destination that hears nothing knows that the sensor is dead.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "daemon/alert/notices.hpp"
#include "daemon/health/diary.hpp"
#include "daemon/health/vitals.hpp"
#include "daemon/render/alert_message.hpp"

namespace sekimori::daemon {

struct Life {
  Time time{};                 // system clock
  std::uint64_t beat = 0;      // 1, 2, 3...: a gap is a loss
  std::uint64_t warnings = 0;  // health notices open now
  std::uint64_t lost = 0;      // frames, since the start
  std::uint64_t lines = 0;     // alert records, since the start
};

// RFC 5424 MSGID HEARTBEAT, severity info, no sequence: it is no alert and is not kept as one. All figures
// are totals since the start, so that a lost beat loses nothing. With a journal also its chain head, so that
// who keeps the beats can prove that its end is not missing.
AlertMessage heartbeat_message(const Life& life, const Vitals& vitals, const policy::Policy& policy,
                               const AlertOptions& options);
// MSGID DIGEST: the figures of that day. It has a number like a record and goes the way of one: the proof
// that the sensor has watched on that day reaches a destination also if that was down at midnight. Of `life`
// the time and what is open now.
AlertMessage digest_message(const Digest& digest, std::uint64_t sequence, const Life& life,
                            const Vitals& vitals, const policy::Policy& policy, const AlertOptions& options);

// {"ok", "state", "open": [...], "taps", "clock", "files"}: Questions::health.
boost::json::object health_json(const Notices& notices, const Vitals& vitals, const AlertOptions& options);

}  // namespace sekimori::daemon
