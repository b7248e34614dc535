#include "capture/source/pcap_records.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <new>
#include <system_error>
#include <type_traits>
#include <utility>

namespace sekimori::capture {

Time time_of(std::int64_t seconds, std::int64_t nanoseconds) {
  // 146 years either way.
  constexpr std::int64_t seconds_most = std::numeric_limits<std::int64_t>::max() / 2 / 1'000'000'000 - 10'000;
  // A file may claim more than a second here, at most 2^32 microseconds.
  constexpr std::int64_t nanoseconds_most = 5'000'000'000'000;
  return Time{Duration{std::clamp(seconds, -seconds_most, seconds_most) * 1'000'000'000 +
                       std::clamp<std::int64_t>(nanoseconds, 0, nanoseconds_most)}};
}

void RecordReader::Free::operator()(std::byte* memory) const {
  ::operator delete[](memory, std::align_val_t{page});
}

RecordReader::RecordReader(int descriptor, const RecordFormat& format)
    : descriptor_(descriptor),
      format_(format),
      memory_(static_cast<std::byte*>(::operator new[](carry_octets + block_octets, std::align_val_t{page}))),
      at_(memory_.get() + carry_octets),
      end_(at_) {
  ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_SEQUENTIAL);
}

std::size_t RecordReader::fill(std::span<Frame> frames, std::uint64_t number) {
  while (!over_ && !frames.empty()) {
    const std::size_t count = format_.swapped ? parse<true>(frames, number) : parse<false>(frames, number);
    if (count != 0) return count;
    if (!over_) load();
  }
  return 0;
}

template <bool swapped>
RecordReader::Record RecordReader::record_at(const std::byte* at) {
  static_assert(sizeof(Record) == record_header);
  Record record;
  std::memcpy(&record, at, sizeof record);
  if constexpr (swapped) {
    record.seconds = __builtin_bswap32(record.seconds);
    record.fraction = __builtin_bswap32(record.fraction);
    record.captured = __builtin_bswap32(record.captured);
    record.wire = __builtin_bswap32(record.wire);
  }
  return record;
}

// Whole records only: the begin of another waits for the next block.
template <bool swapped>
std::size_t RecordReader::parse(std::span<Frame> frames, std::uint64_t number) {
  // libpcap takes the stamps of its own byte order for signed numbers and those of the other for unsigned.
  using Stamp = std::conditional_t<swapped, std::uint32_t, std::int32_t>;
  const std::int64_t unit = format_.nanoseconds ? 1 : 1000;
  std::size_t count = 0;
  while (count < frames.size()) {
    const auto left = static_cast<std::size_t>(end_ - at_);
    if (left < record_header) break;
    const Record record = record_at<swapped>(at_);
    if (record.captured > octets_most) {
      if (count == 0) damaged(record.captured);
      break;
    }
    if (left < record_header + record.captured) break;
    Frame& frame = frames[count];
    frame.bytes = {at_ + record_header, std::min(record.captured, format_.snaplen)};
    frame.wire_length = std::max(record.wire, static_cast<std::uint32_t>(frame.bytes.size()));
    frame.time = time_of(static_cast<Stamp>(record.seconds), static_cast<Stamp>(record.fraction) * unit);
    frame.number = number + ++count;
    at_ += record_header + record.captured;
  }
  return count;
}

void RecordReader::load() {
  std::byte* const landing = memory_.get() + carry_octets;
  const auto left = static_cast<std::size_t>(end_ - at_);
  std::memmove(landing - left, at_, left);
  at_ = landing - left;
  end_ = landing;
  ssize_t got = 0;
  do {
    got = ::pread(descriptor_, landing, block_octets, static_cast<off_t>(offset_));
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    return end(SourceFault::damaged, "error reading dump file: " + std::generic_category().message(errno));
  }
  if (got == 0) return end_of_file();
  if (offset_ == 0) at_ = landing + std::min(static_cast<std::size_t>(got), header_octets);
  end_ = landing + got;
  offset_ += static_cast<std::uint64_t>(got);
}

void RecordReader::end_of_file() {
  const auto left = static_cast<std::size_t>(end_ - at_);
  if (left == 0) return end(SourceFault::none, {});
  std::string wanted = std::to_string(record_header) + " header";
  std::size_t got = left;
  if (left >= record_header) {
    const Record record = format_.swapped ? record_at<true>(at_) : record_at<false>(at_);
    got -= record_header;
    // What is beyond the snaplen is skipped after the frame was read.
    wanted =
        std::to_string(got < format_.snaplen ? std::min(record.captured, format_.snaplen) : record.captured) +
        " captured";
  }
  end(SourceFault::cut_short,
      "truncated dump file; tried to read " + wanted + " bytes, only got " + std::to_string(got));
}

void RecordReader::damaged(std::uint32_t captured) {
  const bool beyond = captured > format_.snaplen;
  end(SourceFault::damaged, "invalid packet capture length " + std::to_string(captured) + ", bigger than " +
                                (beyond ? "snaplen" : "maximum") + " of " +
                                std::to_string(beyond ? format_.snaplen : octets_most));
}

void RecordReader::end(SourceFault fault, std::string words) {
  over_ = true;
  fault_ = fault;
  words_ = std::move(words);
}

}  // namespace sekimori::capture
