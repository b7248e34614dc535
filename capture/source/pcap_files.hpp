// The door to capture files with a choice of reader, for tests and measurements that hold one reader against
// the other. Everybody else: open_files() in source.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "capture/source/source.hpp"

namespace sekimori::capture {

enum class FileReader : std::uint8_t {
  quickest,  // RecordReader for what it can read, else libpcap
  libpcap,   // for everything
  own        // what RecordReader cannot read is refused as SourceFault::unknown_format
};
std::unique_ptr<Source> open_files(std::vector<std::string> paths, FileReader reader);

}  // namespace sekimori::capture
