// What the process takes of the machine's memory, and what it can come to.
#pragma once

#include <boost/json.hpp>
#include <cstdint>

namespace sekimori::daemon {

struct MemoryFigures {
  std::uint64_t tables_bytes = 0;    // of all large tables when they are full, and of alerts' stories so far
  std::uint64_t resident_bytes = 0;  // of the whole process now; 0: the system does not tell
  std::uint64_t resident_peak_bytes = 0;  // the most it ever was; likewise
  std::uint64_t huge_pages_bytes = 0;     // of the resident ones; likewise
};

// Asks the system. Any thread.
MemoryFigures memory_figures();
boost::json::object memory_json(const MemoryFigures& figures);

}  // namespace sekimori::daemon
