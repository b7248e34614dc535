// Capture files. Those of the plain kind are read by RecordReader, all others by libpcap; what a file is, and
// what is wrong with its header, libpcap says of both.
#include "capture/source/pcap_files.hpp"

#include <pcap/pcap.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "capture/source/pcap_common.hpp"
#include "capture/source/pcap_records.hpp"

namespace sekimori::capture {
namespace {

// Of the stream that libpcap reads. Measured on full frames: the system's own choice, 4 KiB, is a system call
// for every third frame and costs 1.4 times as much; 256 KiB leave the nearest caches and cost twice as much.
constexpr std::size_t stream_bytes = 32U * 1024U;
// Frames handed to the sink in one call.
constexpr std::size_t frames_together = 32;
using StreamBuffer = std::unique_ptr<char[]>;

// Opened, or what is wrong with it.
struct Opened {
  StreamBuffer buffer{};  // outlives the handle, which reads through it
  Handle handle{};
  std::unique_ptr<RecordReader> records{};  // reads the handle's file where it can; else empty
  SourceFault fault = SourceFault::none;
  std::string message{};
};

struct Magic {
  std::string_view bytes;
  const char* name;
};
using namespace std::string_view_literals;
constexpr std::array<Magic, 4> compressed{Magic{"\x1f\x8b"sv, "gzip"},
                                          {"\x28\xb5\x2f\xfd"sv, "zstd"},
                                          {"\xfd\x37\x7a\x58"sv, "xz"},
                                          {"BZh"sv, "bzip2"}};

// Says what the beginning of a file tells about why it cannot be a capture; none leaves the judgement to
// libpcap. Only what can be given back is read from a capture: one byte. No capture begins with the first
// byte of a compressed file, so the rest may be read then.
SourceFault look_at_beginning(std::FILE* file, std::string& words) {
  const int first = std::getc(file);
  if (first == EOF) {
    if (std::ferror(file) != 0) {
      words = system_words(errno);
      return SourceFault::other;
    }
    words = "the file is empty";
    return SourceFault::empty;
  }
  std::ungetc(first, file);
  const bool suspect = std::any_of(compressed.begin(), compressed.end(), [first](const Magic& magic) {
    return static_cast<unsigned char>(magic.bytes[0]) == first;
  });
  if (!suspect) return SourceFault::none;
  std::array<char, 4> beginning{};
  const std::string_view read{beginning.data(), std::fread(beginning.data(), 1, beginning.size(), file)};
  for (const Magic& magic : compressed) {
    if (read.substr(0, magic.bytes.size()) != magic.bytes) continue;
    words = std::string{"this is a "} + magic.name + " file; unpack it first";
    return SourceFault::compressed;
  }
  words = "neither pcap nor pcapng";
  return SourceFault::unknown_format;
}

Opened failed(const std::string& path, SourceFault fault, const std::string& words) {
  return {{}, {}, {}, fault, path + ": " + words};
}

// The link types whose frames libpcap hands on as the file holds them. Others' pseudo headers it turns into
// this machine's byte order, or their frames may be longer (USB, D-Bus); they are too rare to be quick for.
bool plain_link(int dlt) {
  switch (dlt) {
    case DLT_NULL:
    case DLT_EN10MB:
    case DLT_PPP:
    case DLT_RAW:
    case DLT_PPP_SERIAL:
    case DLT_C_HDLC:
    case DLT_IEEE802_11:
    case DLT_LOOP:
    case DLT_IEEE802_11_RADIO:
    case DLT_IPV4:
    case DLT_IPV6:
      return true;
    default:
      return false;
  }
}

// Version 2.4 with one of the two usual magics, in either byte order, says how its records are to be read.
// Earlier versions have the lengths of a record in another order, other magics other records.
std::optional<RecordFormat> plain_format(pcap_t* handle, int descriptor) {
  std::uint32_t magic = 0;
  if (::pread(descriptor, &magic, sizeof magic, 0) != sizeof magic) return std::nullopt;
  const bool swapped = pcap_is_swapped(handle) != 0;
  if (swapped) magic = __builtin_bswap32(magic);
  const bool nanoseconds = magic == 0xa1b23c4dU;
  if (!nanoseconds && magic != 0xa1b2c3d4U) return std::nullopt;
  if (pcap_major_version(handle) != 2 || pcap_minor_version(handle) != 4) return std::nullopt;
  if (!plain_link(pcap_datalink(handle)) || pcap_snapshot(handle) <= 0) return std::nullopt;
  return RecordFormat{.swapped = swapped,
                      .nanoseconds = nanoseconds,
                      .snaplen = static_cast<std::uint32_t>(pcap_snapshot(handle))};
}

Opened open_file(const std::string& path, FileReader reader) {
  const bool standard_input = path == "-";
  const std::string name = standard_input ? "standard input" : path;
  std::FILE* file = standard_input ? stdin : std::fopen(path.c_str(), "rbe");
  if (file == nullptr) {
    const int error = errno;
    const SourceFault fault = error == ENOENT || error == ENOTDIR ? SourceFault::missing
                              : error == EACCES || error == EPERM ? SourceFault::forbidden
                                                                  : SourceFault::other;
    return failed(name, fault, system_words(error));
  }
  StreamBuffer buffer;
  if (!standard_input) {
    buffer = std::make_unique<char[]>(stream_bytes);
    std::setvbuf(file, buffer.get(), _IOFBF, stream_bytes);
  }
  const auto close = [&] {
    if (!standard_input) std::fclose(file);
  };
  struct stat status {};
  if (::fstat(::fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
    close();
    return failed(name, SourceFault::directory, "this is a directory, not a capture file");
  }
  std::string words;
  if (const SourceFault fault = look_at_beginning(file, words); fault != SourceFault::none) {
    close();
    return failed(name, fault, words);
  }
  std::array<char, PCAP_ERRBUF_SIZE> error{};
  Handle handle{pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, error.data())};
  if (handle == nullptr) {
    close();
    const std::string_view said{error.data()};
    if (said.starts_with("truncated")) return failed(name, SourceFault::cut_short, error.data());
    if (said.starts_with("unknown file format")) {
      return failed(name, SourceFault::unknown_format, "neither pcap nor pcapng (" + std::string{said} + ")");
    }
    return failed(name, SourceFault::damaged, error.data());
  }
  std::unique_ptr<RecordReader> records;
  if (reader != FileReader::libpcap && !standard_input && S_ISREG(status.st_mode)) {
    if (const auto format = plain_format(handle.get(), ::fileno(file))) {
      records = std::make_unique<RecordReader>(::fileno(file), *format);
    }
  }
  if (reader == FileReader::own && records == nullptr) {
    return failed(name, SourceFault::unknown_format, "not of the kind that is read without libpcap");
  }
  return {std::move(buffer), std::move(handle), std::move(records), SourceFault::none, {}};
}

SourceFault fault_of(std::string_view said) {
  const auto says = [said](std::string_view words) { return said.find(words) != std::string_view::npos; };
  if (says("truncated")) return SourceFault::cut_short;
  if (says("different from the type of the first")) return SourceFault::mixed_links;
  return SourceFault::damaged;
}

class FileSource final : public Source {
 public:
  FileSource(std::vector<std::string> paths, FileReader reader) : paths_(std::move(paths)), reader_(reader) {
    if (paths_.empty()) throw SourceError{SourceFault::missing, "no capture file given"};
    if (!open_next()) throw SourceError{final_.fault, final_.message};
  }

  ReadResult read(std::uint32_t most, FrameSink& sink) override {
    if (most == 0) return {};  // to libpcap a bound of 0 means none
    if (open_.handle == nullptr) return final_;
    std::uint32_t frames = 0;
    const End end = open_.records != nullptr ? read_records(bound(most), sink, frames)
                                             : read_by_libpcap(bound(most), sink, frames);
    if (end.fault != SourceFault::none) {
      finish({ReadState::broken, 0, name() + ": " + end.words, end.fault});
    } else if (end.reached && next_ == paths_.size()) {
      finish({ReadState::end, 0, {}, SourceFault::none});
    } else if (!end.reached || open_next()) {
      return {ReadState::more, frames, {}, SourceFault::none};
    }
    ReadResult last = final_;
    last.frames = frames;
    return last;
  }

  int descriptor() const override { return -1; }
  SourceCounters counters() override {
    SourceCounters counters;
    counters.received = number_;
    counters.delivered = number_;
    return counters;
  }
  SourceHealth health() const override { return SourceHealth::running; }
  std::string trouble() const override { return final_.message; }

 private:
  // How the reading of one file ended, if it did.
  struct End {
    bool reached = false;
    SourceFault fault = SourceFault::none;
    std::string words{};
  };

  End read_records(int most, FrameSink& sink, std::uint32_t& frames) {
    RecordReader& records = *open_.records;
    const auto wanted = static_cast<std::uint32_t>(most);
    while (frames < wanted) {
      const std::size_t room = std::min<std::size_t>(wanted - frames, batch_.size());
      const std::size_t count = records.fill(std::span{batch_}.first(room), number_);
      // As libpcap does it: an end is told by a call of its own, a fault by the call that met it.
      if (count == 0) return {frames == 0, records.fault(), records.words()};
      number_ += count;
      frames += static_cast<std::uint32_t>(count);
      sink.frames(std::span{batch_}.first(count));
    }
    return {};
  }

  End read_by_libpcap(int most, FrameSink& sink, std::uint32_t& frames) {
    pcap_t* const handle = open_.handle.get();
    Delivery delivery{
        .sink = sink, .number = number_, .tap = no_tap, .link = linktype(pcap_datalink(handle))};
    // The frames of this call are counted by the callback: at the end of a file, or at an error in it,
    // libpcap does not tell how many it handed over before.
    const int outcome = pcap_dispatch(handle, most, on_frame, reinterpret_cast<u_char*>(&delivery));
    frames = delivery.frames;
    if (outcome >= 0) return {outcome == 0, SourceFault::none, {}};
    const std::string said = pcap_geterr(handle);
    return {true, fault_of(said), said};
  }

  std::string name() const { return paths_[next_ - 1] == "-" ? "standard input" : paths_[next_ - 1]; }

  bool open_next() {
    close();
    open_ = open_file(paths_[next_++], reader_);
    if (open_.handle == nullptr) {
      final_ = {ReadState::broken, 0, std::move(open_.message), open_.fault};
      return false;
    }
    for (Frame& frame : batch_) {
      frame.tap = no_tap;
      frame.link = linktype(pcap_datalink(open_.handle.get()));
    }
    return true;
  }

  void finish(ReadResult result) {
    final_ = std::move(result);
    close();
  }

  // The readers before what they read from.
  void close() {
    open_.records.reset();
    open_.handle.reset();
    open_.buffer.reset();
  }

  std::vector<std::string> paths_;
  const FileReader reader_;
  std::size_t next_ = 0;  // the file after the one that is open
  Opened open_{};         // empty once all is read, or broken
  ReadResult final_{};    // what to say then
  std::uint64_t number_ = 0;
  std::array<Frame, frames_together> batch_{};
};

}  // namespace

std::unique_ptr<Source> open_files(std::vector<std::string> paths) {
  return open_files(std::move(paths), FileReader::quickest);
}

std::unique_ptr<Source> open_files(std::vector<std::string> paths, FileReader reader) {
  return std::make_unique<FileSource>(std::move(paths), reader);
}

}  // namespace sekimori::capture
