#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "daemon/health/machine_look.hpp"
#include "tools/sekimori/doctor/findings.hpp"
#include "tools/sekimori/table.hpp"

namespace sekimori::tool::doctor {
namespace {

std::string content_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>{in}, {}};
}

// MemoryMax of the running service, from its control group; 0: none, or no service.
std::uint64_t memory_limit() {
  const std::string written = content_of("/sys/fs/cgroup/system.slice/sekimorid.service/memory.max");
  std::istringstream in(written);
  std::uint64_t octets = 0;
  return in >> octets ? octets : 0;
}

std::uint64_t kernel_figure(const std::string& name) {
  std::istringstream in(content_of("/proc/sys/net/core/" + name));
  std::uint64_t value = 0;
  return in >> value ? value : 0;
}

// The rings are mapped memory of the kernel's: net.core.rmem_max, which limits what other sockets hold, does
// not limit them, but the memory does. What the kernel drops before them is in no figure of a tap.
void look_at_rings(const capture::CaptureOptions& capture, std::uint64_t total, Findings& findings) {
  const std::uint64_t rings = rings_needed(capture);
  const std::string rings_words = bytes_text(rings);
  const std::string total_words = bytes_text(total);
  const std::string rmem_words = bytes_text(kernel_figure("rmem_max"));
  if (total != 0 && rings > total / 2) {
    findings.tell(Level::bad, "memory", "rings", Text::doctor_rings_large, Text::doctor_rings_large_do,
                  {{"rings", rings_words}, {"total", total_words}});
  } else {
    findings.ok("memory", "rings", Text::doctor_rings_good, {{"rings", rings_words}, {"rmem", rmem_words}});
  }
  const std::uint64_t dropped = backlog_dropped(content_of("/proc/net/softnet_stat"));
  if (dropped == 0) return;
  const std::uint64_t backlog = kernel_figure("netdev_max_backlog");
  const std::string dropped_words = std::to_string(dropped);
  const std::string backlog_words = std::to_string(backlog);
  const std::string wanted_words = std::to_string(std::max<std::uint64_t>(10'000, backlog * 2));
  findings.tell(Level::look, "memory", "backlog", Text::doctor_backlog, Text::doctor_backlog_do,
                {{"dropped", dropped_words}, {"backlog", backlog_words}, {"wanted", wanted_words}});
}

void look_at_memory(const config::Config& config, Findings& findings) {
  const std::string meminfo = content_of("/proc/meminfo");
  const std::uint64_t free = meminfo_figure(meminfo, "MemAvailable");
  const std::uint64_t total = meminfo_figure(meminfo, "MemTotal");
  const std::uint64_t need = memory_needed(config.capture);
  const std::string need_words = bytes_text(need);
  const std::string free_words = bytes_text(free);
  const std::string total_words = bytes_text(total);
  const std::vector<TextArgument> words{{"need", need_words}, {"free", free_words}, {"total", total_words}};
  if (total != 0 && need > total / 10 * 9) {
    findings.tell(Level::bad, "memory", "", Text::doctor_memory_short, Text::doctor_memory_short_do, words);
  } else if (total != 0 && need > free) {
    // A running daemon has taken its part already.
    findings.tell(Level::look, "memory", "", Text::doctor_memory_short, Text::doctor_memory_short_do, words);
  } else {
    findings.ok("memory", "", Text::doctor_memory_good, {words[0], words[1]});
  }
  look_at_rings(config.capture, total, findings);
  const std::uint64_t limit = memory_limit();
  if (limit != 0 && need > limit) {
    const std::string limit_words = bytes_text(limit);
    findings.tell(Level::bad, "memory", "MemoryMax", Text::doctor_memory_limit, Text::doctor_memory_limit_do,
                  {{"need", need_words}, {"limit", limit_words}});
  }
  if (content_of("/sys/kernel/mm/transparent_hugepage/enabled").find("[never]") != std::string::npos) {
    findings.tell(Level::look, "memory", "huge pages", Text::doctor_pages, Text::doctor_pages_do, {});
  }
}

}  // namespace

std::uint64_t meminfo_figure(const std::string& meminfo, const std::string& name) {
  std::istringstream lines(meminfo);
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, name.size() + 1, name + ":") != 0) continue;
    std::istringstream words(line.substr(name.size() + 1));
    std::uint64_t kibibytes = 0;
    return words >> kibibytes ? kibibytes * 1024 : 0;
  }
  return 0;
}

std::uint64_t memory_needed(const capture::CaptureOptions& capture) {
  constexpr std::uint64_t page = 4096;
  constexpr std::uint64_t flows_of_page = 28;      // capture/flow/flow_record.hpp
  constexpr std::uint64_t index_of_five = 64;      // a cache line of the index for five flows
  constexpr std::uint64_t process = 64ULL << 20U;  // code, policy, incidents, queues
  const std::uint64_t table =
      (capture.flows.flows_max / flows_of_page + 1) * page + capture.flows.flows_max / 5 * index_of_five;
  return process + table + rings_needed(capture);
}

std::uint64_t rings_needed(const capture::CaptureOptions& capture) {
  // Of a buffer that is given as a time: depends on the link.
  constexpr std::uint64_t timed_ring = 64ULL << 20U;
  std::uint64_t out = 0;
  for (const capture::TapOptions& tap : capture.taps) {
    out += capture.workers * (tap.buffer_time.count() != 0 ? timed_ring : tap.buffer_bytes);
  }
  return out;
}

std::uint64_t backlog_dropped(const std::string& softnet_stat) {
  std::uint64_t out = 0;
  std::istringstream lines(softnet_stat);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::uint64_t processed = 0;
    std::uint64_t dropped = 0;
    if (words >> std::hex >> processed >> dropped) out += dropped;
  }
  return out;
}

void look_at_machine(const config::Config& config, Findings& findings) {
  look_at_memory(config, findings);
  const unsigned cores = std::thread::hardware_concurrency();
  if (cores != 0 && config.capture.workers > cores) {
    const std::string workers = std::to_string(config.capture.workers);
    const std::string there = std::to_string(cores);
    findings.tell(Level::look, "processors", "", Text::doctor_cores, Text::doctor_cores_do,
                  {{"workers", workers}, {"cores", there}});
  }
  switch (daemon::look_at_clock()) {
    case daemon::Synchronised::yes:
      findings.ok("clock", "", Text::doctor_clock_good, {});
      break;
    case daemon::Synchronised::no:
      findings.tell(Level::look, "clock", "", Text::doctor_clock_bad, Text::doctor_clock_do, {});
      break;
    case daemon::Synchronised::unknown:
      findings.tell(Level::look, "clock", "", Text::doctor_clock_unknown, Text::doctor_clock_do, {});
      break;
  }
}

}  // namespace sekimori::tool::doctor
