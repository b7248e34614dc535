// The records of a classic pcap file, read in large blocks and handed on where they lie: the quick way
// through a file of the plain kind. What the file's header means is decided elsewhere, by libpcap; this
// reader agrees with libpcap's own (1.10) about every record, in frames, stamps, faults and words.
//
//   RecordReader reader{descriptor, format};
//   while (const std::size_t count = reader.fill(frames, number)) sink.frames({frames.data(), count});
//   if (reader.fault() != SourceFault::none) complain(reader.words());
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "capture/source/frame.hpp"
#include "capture/source/source.hpp"

namespace sekimori::capture {

// Seconds and nanoseconds as a file or a handle gives them, kept within what Time can hold: half of its
// range, so that the distance of two stamps is a Duration, whatever a file claims. `nanoseconds` may be more
// than a second.
Time time_of(std::int64_t seconds, std::int64_t nanoseconds);

struct RecordFormat {
  bool swapped = false;       // written in the other byte order
  bool nanoseconds = false;   // else microseconds
  std::uint32_t snaplen = 0;  // longer frames are cut to it
};

class RecordReader {
 public:
  // The most that a record may hold (libpcap's MAXIMUM_SNAPLEN): one that claims more is damaged.
  static constexpr std::uint32_t octets_most = 262'144;
  static constexpr std::size_t header_octets = 24;  // of the file
  // The next cache but one holds it, with room for the work on its frames. Measured: see docs/PERFORMANCE.md.
  static constexpr std::size_t block_octets = 64U * 1024U;

  // Reads what follows the file's header. The descriptor, of a regular file, is the caller's and must stay
  // open; its position is neither used nor moved.
  RecordReader(int descriptor, const RecordFormat& format);

  // Sets bytes, wire_length, time and number (number + 1 and on) of as many frames as lie ready, at most all.
  // Their bytes are valid until the next call. 0: the file has ended, or fault() says why not.
  std::size_t fill(std::span<Frame> frames, std::uint64_t number);
  SourceFault fault() const { return fault_; }
  const std::string& words() const { return words_; }

 private:
  static constexpr std::size_t record_header = 16;
  static constexpr std::size_t page = 4096;
  // Room for the begin of a record whose rest is in the next block. Blocks land on a page's border.
  static constexpr std::size_t carry_octets = (record_header + octets_most + page - 1) / page * page;

  struct Record {
    std::uint32_t seconds, fraction, captured, wire;
  };
  struct Free {
    void operator()(std::byte* memory) const;
  };

  template <bool swapped>
  std::size_t parse(std::span<Frame> frames, std::uint64_t number);
  template <bool swapped>
  static Record record_at(const std::byte* at);
  void load();
  void end_of_file();
  void damaged(std::uint32_t captured);
  void end(SourceFault fault, std::string words);

  const int descriptor_;
  const RecordFormat format_;
  const std::unique_ptr<std::byte[], Free> memory_;
  std::byte* at_;   // the next record, or its begin
  std::byte* end_;  // of what has been read
  std::uint64_t offset_ = 0;
  bool over_ = false;
  SourceFault fault_ = SourceFault::none;
  std::string words_{};
};

}  // namespace sekimori::capture
