#include "daemon/memory_figures.hpp"

#include <fstream>
#include <sstream>
#include <string>

#include "capture/flow/page_memory.hpp"

namespace sekimori::daemon {

MemoryFigures memory_figures() {
  MemoryFigures figures{.tables_bytes = capture::PageMemory::taken()};
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {  // "VmRSS:     1234 kB"
    std::istringstream words(line);
    std::string name;
    std::uint64_t kibibytes = 0;
    if (!(words >> name >> kibibytes)) continue;
    if (name == "VmRSS:") figures.resident_bytes = kibibytes * 1024;
    if (name == "VmHWM:") figures.resident_peak_bytes = kibibytes * 1024;
  }
  return figures;
}

boost::json::object memory_json(const MemoryFigures& figures) {
  return {{"tables_bytes", figures.tables_bytes},
          {"resident_bytes", figures.resident_bytes},
          {"resident_peak_bytes", figures.resident_peak_bytes}};
}

}  // namespace sekimori::daemon
