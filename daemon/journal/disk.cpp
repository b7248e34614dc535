#include "daemon/journal/disk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace sekimori::daemon {
namespace {

template <class Call>
auto again(Call call) {
  for (;;) {
    const auto result = call();
    if (result >= 0) return result;
    if (errno != EINTR) return static_cast<decltype(result)>(-errno);
  }
}

}  // namespace

int JournalDisk::create(const std::string& path) {
  return again(
      [&] { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600); });
}

ssize_t JournalDisk::write(int fd, std::string_view octets, std::uint64_t offset) {
  return again([&] { return ::pwrite(fd, octets.data(), octets.size(), static_cast<off_t>(offset)); });
}

int JournalDisk::sync(int fd) {
  return again([&] { return ::fdatasync(fd); });
}

int JournalDisk::sync_folder(const std::string& folder) {
  const int fd = again([&] { return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0) return fd;
  const int result = again([&] { return ::fsync(fd); });
  ::close(fd);
  return result;
}

int JournalDisk::truncate(int fd, std::uint64_t octets) {
  return again([&] { return ::ftruncate(fd, static_cast<off_t>(octets)); });
}

int JournalDisk::close(int fd) {
  return ::close(fd) == 0 ? 0 : -errno;
}

int JournalDisk::remove(const std::string& path) {
  return again([&] { return ::unlink(path.c_str()); });
}

int JournalDisk::rename(const std::string& from, const std::string& to) {
  return again([&] { return ::rename(from.c_str(), to.c_str()); });
}

int write_all(JournalDisk& disk, int fd, std::string_view octets, std::uint64_t offset) {
  while (!octets.empty()) {
    const ssize_t written = disk.write(fd, octets, offset);
    if (written < 0) return static_cast<int>(written);
    if (written == 0) return -EIO;
    octets.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return 0;
}

int replace_file(JournalDisk& disk, const std::string& folder, const std::string& name,
                 std::string_view octets) {
  const std::string path = folder + "/" + name;
  const std::string beside = path + ".new";
  disk.remove(beside);
  const int fd = disk.create(beside);
  if (fd < 0) return fd;
  int result = write_all(disk, fd, octets, 0);
  if (result >= 0) result = disk.sync(fd);
  const int closed = disk.close(fd);
  if (result >= 0) result = closed;
  if (result >= 0) result = disk.rename(beside, path);
  if (result >= 0) result = disk.sync_folder(folder);
  if (result < 0) disk.remove(beside);
  return result < 0 ? result : 0;
}

}  // namespace sekimori::daemon
