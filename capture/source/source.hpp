// Where frames come from: a live tap or capture files, behind one door.
//
//   auto source = open_files({"morning.pcap", "noon.pcapng"});
//   while (source->read(4096, sink).state == ReadState::more) {}
//
// libpcap is used in capture/source/pcap_* alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
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
  broken  // files: an error ended the reading (see ReadResult::message). A live source is never broken: it
          // reopens.
};

// What is wrong with an input, for programs that say it in their own language. The texts beside it (message,
// what(), trouble()) are the system's or libpcap's words, in English, with the name of the file or interface
// in front.
enum class SourceFault : std::uint8_t {
  none,
  missing,         // no such file
  forbidden,       // the file may not be read, or the process may not capture (CAP_NET_RAW)
  directory,       // a folder where a file was expected
  empty,           // a file without a single byte
  compressed,      // gzip, zstd, xz or bzip2: must be unpacked first
  unknown_format,  // neither pcap nor pcapng
  cut_short,       // the file ends in the middle of a frame; all before it was delivered
  damaged,         // a frame or block that cannot be; all before it was delivered
  mixed_links,     // a pcapng file with interfaces of different link types, which libpcap cannot read
  no_interface,    // no interface of that name
  any_device,      // "any" was asked for: it has no Ethernet headers, so no MAC and VLAN evidence
  interface_down,  // the interface is there but not up
  filter,          // the filter expression does not compile
  other
};

struct ReadResult {
  ReadState state = ReadState::more;
  std::uint32_t frames = 0;               // handed to the sink by this call
  std::string message{};                  // libpcap's own words with the file's name; empty unless broken
  SourceFault fault = SourceFault::none;  // other than none only when broken
};

// Counters of one tap since it was first opened, summed over reopenings (libpcap's own are 32 bits wide and
// start again at each open; once a second is often enough not to miss a wrap). For files only `delivered`
// counts.
//
// After a drain (see Source::drain_time) received == delivered + dropped_kernel.
struct SourceCounters {
  std::uint64_t received = 0;        // frames that passed the tap's filter in the kernel, drops included
  std::uint64_t dropped_kernel = 0;  // of these, lost because the ring was full
  // Lost by the card or its driver before that, as far as it tells. A figure of the interface: every worker
  // of a tap has the same, never to be added up.
  std::uint64_t dropped_interface = 0;
  std::uint64_t delivered = 0;   // handed to the sink
  std::uint64_t reopened = 0;    // times that the tap was opened again with success
  std::uint64_t outages = 0;     // times that it was found gone or down
  std::uint64_t ring_bytes = 0;  // of the kernel ring that was last asked for
};

enum class SourceHealth : std::uint8_t {
  running,
  link_down,  // the interface exists, but is set down or has no carrier: nothing can arrive
  gone        // the interface was removed, renamed or cannot be opened
};

class FrameSink {
 public:
  virtual ~FrameSink() = default;
  // Called on the thread that called Source::read. The frame's bytes are valid only until it returns. Must
  // not throw: libpcap's C frames lie between the caller and the sink.
  virtual void frame(const Frame& frame) = 0;
  // Several at once, in their order, under the same rules. A sink that gains by knowing the next ones
  // overrides it.
  virtual void frames(std::span<const Frame> frames) {
    for (const Frame& each : frames) frame(each);
  }
};

class Source {
 public:
  virtual ~Source() = default;
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // Hands at most `most` frames to the sink; returns at once when nothing waits. Worker thread.
  // Once a file source has said `end` or `broken` it says so again at each call.
  virtual ReadResult read(std::uint32_t most, FrameSink& sink) = 0;
  // What to poll(2) for input before the next read; -1 when there is nothing to poll (files, or a tap that is
  // down or gone: then call read() again after at most 100 ms, which tries to reopen it with a growing
  // pause). May change at each read(). Poll with a timeout of at most 200 ms: a pulled cable wakes nobody.
  virtual int descriptor() const = 0;
  // Asks the kernel; cheap enough for once a second. Worker thread.
  virtual SourceCounters counters() = 0;
  virtual SourceHealth health() const = 0;
  // Why the tap is not running, in libpcap's or the system's words. While it runs: what it has to do without
  // (say, promiscuous mode), else empty.
  virtual std::string trouble() const = 0;
  // The kernel hands frames over in blocks, and a block that is still open is lost on closing. drain() reads
  // on until whatever came before its call was handed over, which takes drain_time() and no longer: a busy
  // tap does not stop it from ending. Call it last, then destroy the source. Nothing to do for files.
  virtual void drain(FrameSink&) {}
  // For a caller that would rather go on calling read() in its own loop for this long instead of calling
  // drain().
  virtual std::chrono::milliseconds drain_time() const { return std::chrono::milliseconds{0}; }
};

// A capture file or interface that cannot be opened at start. what() names it and says why.
class SourceError : public std::runtime_error {
 public:
  SourceError(SourceFault fault, const std::string& message) : std::runtime_error(message), fault_(fault) {}
  explicit SourceError(const std::string& message) : SourceError(SourceFault::other, message) {}
  SourceFault fault() const { return fault_; }

 private:
  SourceFault fault_;
};

// Classic pcap (microseconds and nanoseconds, both byte orders) and pcapng. Files are opened one after the
// other as they are reached; the first at once. "-" is standard input. Frame::number counts on over all of
// them. Throws SourceError when the first cannot be opened; a later one that cannot be opened ends in
// `broken`.
std::unique_ptr<Source> open_files(std::vector<std::string> paths);

class Fanout;  // capture/source/fanout.hpp

struct LiveShare {
  std::uint16_t tap = 0;             // index of the tap, goes into each frame
  std::uint16_t worker = 0;          // whose share of the tap this is
  std::shared_ptr<Fanout> fanout{};  // common to the tap's sockets; empty: this one takes all frames
};
// Opens a live interface (TPACKET_V3, never immediate mode). One that is missing or down is opened when it
// comes, as after a later loss; it says so by health() and trouble(). What no waiting can mend (a filter that
// does not compile, "any", no permission) throws SourceError. The process keeps needing CAP_NET_RAW. An
// interface that is up without carrier opens and reports link_down.
std::unique_ptr<Source> open_live(const TapOptions& tap, const LiveShare& share);

// What libpcap says against a filter expression, or empty when it compiles. Needs no privilege and no
// interface.
std::string filter_trouble(const std::string& expression, std::uint32_t snaplen);

}  // namespace sekimori::capture
