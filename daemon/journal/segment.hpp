// The journal's files: which there are, and reading one from its begin to its end, over damage if need be.
//
//   for (const SegmentFile& file : segments_in(folder)) {
//     SegmentReader reader{file.path};
//     while ((step = reader.next(frame)).kind != SegmentReader::Kind::end) ...
//   }
//
// Only reads; any thread, one at a time. Also while another process appends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/journal/frame.hpp"

namespace sekimori::daemon {

struct SegmentFile {
  std::string path{};
  std::uint64_t first_number = 0;  // as its name says
  std::uint64_t octets = 0;
};

// "alerts-0000000000000001.skj"
std::string segment_name(std::uint64_t first_number);
// In the order of their numbers. An unreadable or missing folder has none; `trouble` says why, in the
// system's words.
std::vector<SegmentFile> segments_in(const std::string& folder, std::string* trouble = nullptr);

// None: not readable, or no header of ours.
std::optional<SegmentHeader> header_of(const std::string& path);

class SegmentReader {
 public:
  enum class Kind : std::uint8_t { frame, damage, end };
  struct Step {
    Kind kind = Kind::end;
    std::uint64_t offset = 0;  // in the file
    std::uint64_t octets = 0;  // of the frame, or damaged ones up to the next frame or to the end
    bool torn = false;         // damage: reaches to the end of the file
  };

  explicit SegmentReader(const std::string& path);
  ~SegmentReader();
  SegmentReader(const SegmentReader&) = delete;
  SegmentReader& operator=(const SegmentReader&) = delete;

  // None: not readable, or no header of ours; trouble() says which (empty for the latter).
  const std::optional<SegmentHeader>& header() const { return header_; }
  const std::string& trouble() const { return trouble_; }
  // No header, because another version of the program has written it.
  bool another_format() const { return !header_ && of_another_format(window_); }

  // The next frame (its body is good until the next call), a damaged passage, or the end. What is appended
  // after `end` comes with later calls; a frame of which only a part is there is damage that is `torn`, and
  // is looked at again by the next call.
  Step next(Frame& frame);

 private:
  bool fill(std::size_t octets);
  Step damage(std::size_t at_least);

  int fd_ = -1;
  std::optional<SegmentHeader> header_{};
  std::string trouble_{};
  std::string window_{};      // octets of the file from offset_ on
  std::uint64_t offset_ = 0;  // of the window's begin
  std::size_t done_ = 0;      // octets of the window that were handed out
};

}  // namespace sekimori::daemon
