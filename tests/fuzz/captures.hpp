// Published captures as seeds, where they are at hand: $SEKIMORI_PCAPS, else ../shared/pcaps beside the
// sources.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capture/source/frame.hpp"

namespace sekimori::fuzz {

// A capture file in memory. Frames that libpcap could read before an error are there all the same.
struct Capture {
  struct Kept {
    std::vector<std::byte> bytes{};  // of exactly their size, so that a sanitizer sees a read beyond
    capture::Frame frame{};          // without the octets: see frame()
  };
  std::string name{};
  std::string content{};
  std::vector<Kept> frames{};
};
capture::Frame frame(const Capture::Kept& kept);

// By name; empty where there are none. `name` is the file's without its folder.
std::vector<std::string> capture_paths();
Capture load_capture(const std::string& path);
// Contents of the captures of at most `size_most` octets.
std::vector<std::string> capture_contents(std::size_t size_most);

// A file that exists in memory only, for as long as this object does.
class MemoryFile {
 public:
  MemoryFile(const void* data, std::size_t size);  // aborts where the system gives none
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const;

 private:
  int descriptor_;
};

}  // namespace sekimori::fuzz
