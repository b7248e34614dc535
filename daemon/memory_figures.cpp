#include "daemon/memory_figures.hpp"

#include <fstream>
#include <initializer_list>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "capture/flow/page_memory.hpp"

namespace sekimori::daemon {

namespace {

// Lines such as "VmRSS:     1234 kB" of a file of /proc, as octets. A name that is not there stays as it is.
void read_octets(const char* path,
                 std::initializer_list<std::pair<std::string_view, std::uint64_t*>> wanted) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t kibibytes = 0;
    if (!(words >> name >> kibibytes)) continue;
    for (const auto& [each, octets] : wanted) {
      if (name == each) *octets = kibibytes * 1024;
    }
  }
}

}  // namespace

MemoryFigures memory_figures() {
  MemoryFigures figures{.tables_bytes = capture::PageMemory::taken()};
  read_octets("/proc/self/status",
              {{"VmRSS:", &figures.resident_bytes}, {"VmHWM:", &figures.resident_peak_bytes}});
  read_octets("/proc/self/smaps_rollup", {{"AnonHugePages:", &figures.huge_pages_bytes}});
  return figures;
}

boost::json::object memory_json(const MemoryFigures& figures) {
  return {{"tables_bytes", figures.tables_bytes},
          {"resident_bytes", figures.resident_bytes},
          {"resident_peak_bytes", figures.resident_peak_bytes},
          {"huge_pages_bytes", figures.huge_pages_bytes}};
}

}  // namespace sekimori::daemon
