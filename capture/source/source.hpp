// Where frames come from: a live tap or capture files, behind one door.
//
//   auto source = open_files({"morning.pcap", "noon.pcapng"});
//   while (source->read(4096, sink).state == ReadState::more) {}
//
// libpcap is used in capture/source/pcap_source.cpp alone.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "capture/options.hpp"
#include "capture/source/frame.hpp"

namespace sekimori::capture {

enum class ReadState : std::uint8_t {
  more,   // frames may be waiting
  idle,   // live: nothing waits just now; poll descriptor() and come back
  end,    // files: all read
  broken  // files: an error ended the reading (see ReadResult::message). A live source is never broken: it reopens.
};

struct ReadResult {
  ReadState state = ReadState::more;
  std::uint32_t frames = 0;  // handed to the sink by this call
  std::string message{};     // libpcap's own words with the file's name; empty unless broken
};

// Counters of one tap since it was first opened, summed over reopenings (libpcap's own are 32 bits wide and start
// again at each open; they are read often enough not to miss a wrap).
struct SourceCounters {
  std::uint64_t received = 0;           // frames that the kernel offered to us, drops included
  std::uint64_t dropped_kernel = 0;     // no room in the ring
  std::uint64_t dropped_interface = 0;  // lost by the card or its driver, as far as it tells
  std::uint64_t delivered = 0;          // handed to the sink
  std::uint64_t reopened = 0;           // times that the tap had to be opened again
  std::uint64_t outages = 0;            // times that it was found gone or down
};

enum class SourceHealth : std::uint8_t { running, link_down, gone };

class FrameSink {
 public:
  virtual ~FrameSink() = default;
  // Called on the thread that called Source::read. The frame's bytes are valid only until it returns.
  virtual void frame(const Frame& frame) = 0;
};

class Source {
 public:
  virtual ~Source() = default;
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // Hands at most `most` frames to the sink; returns at once when nothing waits. Worker thread.
  virtual ReadResult read(std::uint32_t most, FrameSink& sink) = 0;
  // What to poll(2) for input before the next read; -1 when there is nothing to poll (files, or a tap that is gone:
  // then call read() again after at most 100 ms, which tries to reopen it with a growing pause).
  virtual int descriptor() const = 0;
  // Asks the kernel; cheap enough for once a second. Worker thread.
  virtual SourceCounters counters() = 0;
  virtual SourceHealth health() const = 0;
  // Why the tap is not running, in libpcap's or the system's words; empty while it runs.
  virtual std::string trouble() const = 0;
};

// A capture file or interface that cannot be opened at start. what() names it and says why.
class SourceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Files are opened one after the other as they are reached; the first at once. "-" is standard input.
// Throws SourceError when the first cannot be opened.
std::unique_ptr<Source> open_files(std::vector<std::string> paths);

struct LiveShare {
  std::uint16_t tap = 0;           // index of the tap, goes into each frame
  std::uint16_t workers = 1;       // with more than one, the tap's sockets share its packets (PACKET_FANOUT)
  std::uint16_t fanout_group = 0;  // equal for the sockets of one tap, unequal between taps
};
// Opens a live interface (TPACKET_V3, never immediate mode). Throws SourceError when it cannot be opened at start;
// later losses of link or interface are survived by reopening.
std::unique_ptr<Source> open_live(const TapOptions& tap, const LiveShare& share);

}  // namespace sekimori::capture
