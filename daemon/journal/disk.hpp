// The system calls by which the journal is written, in one place, so that a test can let each of them fail.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace sekimori::daemon {

// Every call answers 0 or more for success, else -errno. EINTR is tried again in here, a short write is not:
// the journal sees it. One thread at a time.
class JournalDisk {
 public:
  JournalDisk() = default;
  JournalDisk(const JournalDisk&) = delete;
  JournalDisk& operator=(const JournalDisk&) = delete;
  virtual ~JournalDisk() = default;

  virtual int create(const std::string& path);  // a new file, 0600, for writing: its descriptor
  virtual ssize_t write(int fd, std::string_view octets, std::uint64_t offset);
  virtual int sync(int fd);  // fdatasync
  virtual int sync_folder(const std::string& folder);
  virtual int truncate(int fd, std::uint64_t octets);
  virtual int close(int fd);
  virtual int remove(const std::string& path);
  virtual int rename(const std::string& from, const std::string& to);
};

// All of `octets` or an error; what a short write left is written by the next one.
int write_all(JournalDisk& disk, int fd, std::string_view octets, std::uint64_t offset);
// A small file at once: written beside, synced, renamed into its place.
int replace_file(JournalDisk& disk, const std::string& folder, const std::string& name,
                 std::string_view octets);

}  // namespace sekimori::daemon
