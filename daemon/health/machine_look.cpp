#include "daemon/health/machine_look.hpp"

#include <sys/statvfs.h>
#include <sys/timex.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace sekimori::daemon {

Synchronised look_at_clock() {
  timex question{};
  const int state = ::adjtimex(&question);
  if (state >= 0) {
    return state == TIME_ERROR || (question.status & STA_UNSYNC) != 0 ? Synchronised::no : Synchronised::yes;
  }
  std::error_code ignored;
  const bool sign = std::filesystem::exists("/run/systemd/timesync/synchronized", ignored);
  return sign ? Synchronised::yes : Synchronised::unknown;
}

DiskVitals look_at_disk(const std::string& path) {
  DiskVitals disk;
  disk.path = path;
  std::string folder = std::filesystem::path{path}.parent_path().string();
  if (folder.empty()) folder = ".";
  struct statvfs figures {};
  if (::statvfs(folder.c_str(), &figures) != 0) {
    disk.trouble = std::strerror(errno);
    return disk;
  }
  disk.size = static_cast<std::uint64_t>(figures.f_blocks) * figures.f_frsize;
  disk.free = static_cast<std::uint64_t>(figures.f_bavail) * figures.f_frsize;
  return disk;
}

}  // namespace sekimori::daemon
