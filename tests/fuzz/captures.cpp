#include "tests/fuzz/captures.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "capture/source/source.hpp"

namespace sekimori::fuzz {
namespace {

struct Keep final : capture::FrameSink {
  explicit Keep(std::vector<Capture::Kept>& to) : frames{to} {}
  void frame(const capture::Frame& frame) override {
    Capture::Kept kept{.bytes = {frame.bytes.begin(), frame.bytes.end()}, .frame = frame};
    kept.frame.bytes = {};
    frames.push_back(std::move(kept));
  }
  std::vector<Capture::Kept>& frames;
};

}  // namespace

capture::Frame frame(const Capture::Kept& kept) {
  capture::Frame result = kept.frame;
  result.bytes = kept.bytes;
  return result;
}

std::vector<std::string> capture_paths() {
  namespace fs = std::filesystem;
  const char* set = std::getenv("SEKIMORI_PCAPS");
  const fs::path folder = set != nullptr ? fs::path{set} : fs::path{SEKIMORI_SOURCE_DIR} / "../shared/pcaps";
  std::vector<std::string> paths;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator{folder, missing}) {
    const std::string kind = entry.path().extension();
    if (kind == ".pcap" || kind == ".pcapng" || kind == ".cap") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Capture load_capture(const std::string& path) {
  Capture result;
  result.name = std::filesystem::path{path}.filename();
  std::ifstream file{path, std::ios::binary};
  result.content.assign(std::istreambuf_iterator<char>{file}, {});
  try {
    const auto source = capture::open_files({path});
    Keep keep{result.frames};
    while (source->read(4096, keep).state == capture::ReadState::more) {
    }
  } catch (const capture::SourceError&) {  // a damaged file is a seed as well
  }
  return result;
}

std::vector<std::string> capture_contents(std::size_t size_most) {
  std::vector<std::string> result;
  for (const std::string& path : capture_paths()) {
    std::error_code missing;
    if (std::filesystem::file_size(path, missing) > size_most) continue;
    std::ifstream file{path, std::ios::binary};
    result.emplace_back(std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{});
  }
  return result;
}

MemoryFile::MemoryFile(const void* data, std::size_t size) : descriptor_{::memfd_create("capture", 0)} {
  if (descriptor_ < 0 || ::write(descriptor_, data, size) != static_cast<ssize_t>(size)) std::abort();
}

MemoryFile::~MemoryFile() {
  ::close(descriptor_);
}

std::string MemoryFile::path() const {
  return "/proc/self/fd/" + std::to_string(descriptor_);
}

}  // namespace sekimori::fuzz
