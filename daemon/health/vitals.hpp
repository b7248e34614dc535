// The sensor's figures at one moment, as health is judged by them: gathered by others, so that judging needs
// neither clock nor system. All counters are totals since the start.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "capture/source/source.hpp"
#include "daemon/messages.hpp"

namespace sekimori::daemon {

// A counter may start again (a source that was made anew): then nothing is known to have happened.
inline std::uint64_t since(std::uint64_t now, std::uint64_t before) {
  return now >= before ? now - before : 0;
}

// What the system says of a tap's interface (daemon/health/interface_look.hpp).
struct InterfaceVitals {
  std::uint64_t transmitted = 0;         // frames that the interface sent, whoever sent them
  std::vector<std::string> addresses{};  // IPv4 and IPv6, as written
  bool forwards = false;                 // IP forwarding is on
};

struct TapVitals {
  std::string name{};  // of the configuration
  std::string interface {};
  capture::SourceCounters counters{};  // of all its sockets
  capture::SourceHealth health = capture::SourceHealth::running;
  std::string trouble{};
  InterfaceVitals interface_vitals{};
};

struct TableVitals {
  std::uint64_t live = 0;
  std::uint64_t capacity = 0;
  std::uint64_t evicted = 0;  // for want of room, whatever they were
  std::uint64_t refused = 0;  // packets for which there was no record
  bool emergency = false;
};

struct DestinationVitals {
  std::string name{};
  std::string trouble{};     // empty: it is reached
  std::uint64_t queued = 0;  // with a journal: committed and not yet delivered
  std::uint64_t queue_max = 0;
  std::uint64_t dropped = 0;
};

struct JournalVitals {
  std::string path{};              // empty: there is no journal
  std::string trouble{};           // why nothing is committed now
  std::string unsigned_because{};  // why the chain is not signed
  std::string head{};              // "NUMBER:SHA256" of the last committed frame
  std::uint64_t sequence = 0;      // of the last committed alert
  std::uint64_t waiting = 0;       // alerts in memory
  std::uint64_t lost = 0;          // ... given up
  // What the start found.
  std::uint64_t torn_octets = 0;
  std::uint64_t damaged_octets = 0;
  std::uint64_t uncut_octets = 0;
  std::uint64_t records_missing = 0;
  std::uint64_t lost_first = 0;  // sequences of alerts before this start that were not kept; 0: none
  std::uint64_t lost_last = 0;
  Time last_written{};  // its last record when it was opened, by the clock of that time
};

// Where alerts go.
struct OutletVitals {
  std::vector<DestinationVitals> destinations{};
  JournalVitals journal{};
};

struct DiskVitals {
  std::string path{};  // that is written there
  std::uint64_t free = 0;
  std::uint64_t size = 0;  // 0: it could not be asked, see `trouble`
  std::string trouble{};
};

struct FileVitals {
  std::string path{};
  std::string running{};  // SHA-256 of what is in force
  std::string found{};    // ... of what is on disk; empty: it cannot be read
};

// A thread's silence.
struct WorkerVitals {
  std::chrono::seconds still{};  // since it last moved
  bool stuck = false;            // longer than it may
};

enum class Synchronised : std::uint8_t { unknown, no, yes };

struct Vitals {
  Time wall{};                           // CLOCK_REALTIME
  std::chrono::nanoseconds monotonic{};  // CLOCK_MONOTONIC at the same moment
  Synchronised synchronised = Synchronised::unknown;
  std::vector<TapVitals> taps{};
  Matrix matrix{};
  std::vector<std::uint32_t> vlans{};  // packets by VLAN id, modulo 2^32; empty: not yet known
  TableVitals table{};
  std::vector<WorkerVitals> workers{};
  OutletVitals outlets{};
  std::vector<DiskVitals> disks{};
  std::vector<FileVitals> files{};
};

}  // namespace sekimori::daemon
