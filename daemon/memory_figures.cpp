#include "daemon/memory_figures.hpp"

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "capture/flow/page_memory.hpp"

namespace sekimori::daemon {

namespace {

// Octets of a line such as "VmRSS:     1234 kB" of a file of /proc; 0: there is none.
std::uint64_t octets_of(const char* path, std::string_view wanted) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t kibibytes = 0;
    if (words >> name >> kibibytes && name == wanted) return kibibytes * 1024;
  }
  return 0;
}

}  // namespace

MemoryFigures memory_figures() {
  return {.tables_bytes = capture::PageMemory::taken(),
          .resident_bytes = octets_of("/proc/self/status", "VmRSS:"),
          .resident_peak_bytes = octets_of("/proc/self/status", "VmHWM:"),
          .huge_pages_bytes = octets_of("/proc/self/smaps_rollup", "AnonHugePages:")};
}

boost::json::object memory_json(const MemoryFigures& figures) {
  return {{"tables_bytes", figures.tables_bytes},
          {"resident_bytes", figures.resident_bytes},
          {"resident_peak_bytes", figures.resident_peak_bytes},
          {"huge_pages_bytes", figures.huge_pages_bytes}};
}

}  // namespace sekimori::daemon
