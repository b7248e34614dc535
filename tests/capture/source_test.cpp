// Capture files through the front door: what is in them comes out, in order; what is wrong with them is said
// by name.
#include "capture/source/source.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "capture/source/ring.hpp"

namespace sekimori::capture {
namespace {

namespace fs = std::filesystem;

// A directory that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "sekimori-source-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string file(const std::string& name, const std::string& content) const {
    const fs::path path = path_ / name;
    std::ofstream{path, std::ios::binary} << content;
    return path.string();
  }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

// Numbers in a byte order of choice, one after the other.
class Octets {
 public:
  explicit Octets(bool big_endian) : big_(big_endian) {}
  Octets& u16(std::uint32_t value) { return number(value, 2); }
  Octets& u32(std::uint32_t value) { return number(value, 4); }
  Octets& raw(const std::string& bytes) {
    text_ += bytes;
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  Octets& number(std::uint32_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) {
      const unsigned shift = 8 * (big_ ? size - 1 - i : i);
      text_ += static_cast<char>((value >> shift) & 0xffU);
    }
    return *this;
  }
  std::string text_;
  bool big_;
};

struct Packet {
  std::uint32_t seconds = 0;
  std::uint32_t fraction = 0;  // in the file's unit
  std::string bytes{};
  std::uint32_t cut_off = 0;  // octets of the frame that were not captured
};

struct Pcap {
  bool big_endian = false;
  bool nanoseconds = false;
  std::uint32_t linktype = 1;

  std::string operator()(const std::vector<Packet>& packets) const {
    Octets out{big_endian};
    out.u32(nanoseconds ? 0xa1b23c4dU : 0xa1b2c3d4U).u16(2).u16(4).u32(0).u32(0).u32(65535).u32(linktype);
    for (const Packet& packet : packets) {
      const auto size = static_cast<std::uint32_t>(packet.bytes.size());
      out.u32(packet.seconds).u32(packet.fraction).u32(size).u32(size + packet.cut_off).raw(packet.bytes);
    }
    return out.text();
  }
};

// draft-ietf-opsawg-pcapng: a section header, interfaces of the given link types, one enhanced packet block
// each packet.
std::string pcapng(const std::vector<Packet>& packets, bool big_endian,
                   const std::vector<std::uint32_t>& linktypes = {1}) {
  Octets out{big_endian};
  out.u32(0x0a0d0d0aU).u32(28).u32(0x1a2b3c4dU).u16(1).u16(0).u32(0xffffffffU).u32(0xffffffffU).u32(28);
  for (const std::uint32_t linktype : linktypes) {
    // Option if_tsresol (9): 10^-9 seconds.
    out.u32(1).u32(32).u16(linktype).u16(0).u32(65535).u16(9).u16(1).raw(std::string{"\x09\0\0\0", 4});
    out.u16(0).u16(0).u32(32);
  }
  for (const Packet& packet : packets) {
    std::string padded = packet.bytes;
    padded.resize((padded.size() + 3) / 4 * 4);
    const auto size = static_cast<std::uint32_t>(packet.bytes.size());
    const auto total = static_cast<std::uint32_t>(32 + padded.size());
    const std::uint64_t time = std::uint64_t{packet.seconds} * 1'000'000'000 + packet.fraction;
    out.u32(6)
        .u32(total)
        .u32(0)
        .u32(static_cast<std::uint32_t>(time >> 32U))
        .u32(static_cast<std::uint32_t>(time));
    out.u32(size).u32(size + packet.cut_off).raw(padded).u32(total);
  }
  return out.text();
}

struct Seen {
  std::string bytes;
  std::uint32_t wire_length;
  std::uint16_t link;
  std::uint16_t tap;
  std::uint64_t number;
  std::int64_t nanoseconds;
};

struct Recorder final : FrameSink {
  std::vector<Seen> seen;
  void frame(const Frame& frame) override {
    seen.push_back({{reinterpret_cast<const char*>(frame.bytes.data()), frame.bytes.size()},
                    frame.wire_length,
                    frame.link,
                    frame.tap,
                    frame.number,
                    frame.time.time_since_epoch().count()});
  }
};

// Reads to the end in small bites, so that the ends of files fall inside and between calls.
ReadResult read_all(Source& source, FrameSink& sink, std::uint32_t bite = 2) {
  std::uint64_t told = 0;
  for (int call = 0; call < 1'000'000; ++call) {
    ReadResult result = source.read(bite, sink);
    EXPECT_LE(result.frames, bite);
    told += result.frames;
    if (result.state == ReadState::more) continue;
    EXPECT_EQ(told, source.counters().delivered);
    result.frames = static_cast<std::uint32_t>(told);
    return result;
  }
  ADD_FAILURE() << "no end";
  return {};
}

SourceFault fault_at_open(const std::vector<std::string>& paths, std::string& said) {
  try {
    open_files(paths);
  } catch (const SourceError& error) {
    said = error.what();
    return error.fault();
  }
  return SourceFault::none;
}

const std::vector<Packet> three{
    {1'700'000'000, 1, "first"}, {1'700'000'000, 2, "second", 100}, {1'700'000'001, 999'999, "third"}};

TEST(FileSource, ReadsClassicPcapInEveryByteOrderAndPrecision) {
  const Folder folder;
  for (const bool big_endian : {false, true}) {
    for (const bool nanoseconds : {false, true}) {
      SCOPED_TRACE(testing::Message() << "big endian " << big_endian << ", nanoseconds " << nanoseconds);
      const Pcap pcap{.big_endian = big_endian, .nanoseconds = nanoseconds};
      const auto source = open_files({folder.file("a.pcap", pcap(three))});
      Recorder recorder;
      EXPECT_EQ(read_all(*source, recorder).state, ReadState::end);
      ASSERT_EQ(recorder.seen.size(), 3U);
      const std::int64_t unit = nanoseconds ? 1 : 1000;
      EXPECT_EQ(recorder.seen[0].nanoseconds, 1'700'000'000'000'000'000 + unit);
      EXPECT_EQ(recorder.seen[2].nanoseconds, 1'700'000'001'000'000'000 + 999'999 * unit);
      EXPECT_EQ(recorder.seen[1].bytes, "second");
      EXPECT_EQ(recorder.seen[1].wire_length, 106U);
      EXPECT_EQ(recorder.seen[0].link, 1U);
      EXPECT_EQ(recorder.seen[0].tap, no_tap) << "a file is no tap, and not the first one either";
      EXPECT_EQ(recorder.seen[2].number, 3U);
    }
  }
}

TEST(FileSource, ReadsPcapngWithNanosecondsInBothByteOrders) {
  const Folder folder;
  for (const bool big_endian : {false, true}) {
    const auto source = open_files({folder.file("a.pcapng", pcapng(three, big_endian))});
    Recorder recorder;
    EXPECT_EQ(read_all(*source, recorder).state, ReadState::end);
    ASSERT_EQ(recorder.seen.size(), 3U);
    EXPECT_EQ(recorder.seen[2].bytes, "third");
    EXPECT_EQ(recorder.seen[2].nanoseconds, 1'700'000'001'000'999'999);
  }
}

TEST(FileSource, CountsFramesOnOverSeveralFilesOfDifferentKinds) {
  const Folder folder;
  const auto source = open_files({folder.file("a.pcap", Pcap{}(three)), folder.file("none.pcap", Pcap{}({})),
                                  folder.file("b.pcapng", pcapng(three, true)),
                                  folder.file("c.pcap", Pcap{.linktype = 101}({{5, 5, "raw"}}))});
  Recorder recorder;
  EXPECT_EQ(read_all(*source, recorder, 4).state, ReadState::end);
  ASSERT_EQ(recorder.seen.size(), 7U);
  for (std::size_t i = 0; i < recorder.seen.size(); ++i) EXPECT_EQ(recorder.seen[i].number, i + 1);
  // LINKTYPE_RAW, although libpcap's own number for it is 12 on this system.
  EXPECT_EQ(recorder.seen[6].link, 101U);
  EXPECT_EQ(recorder.seen[5].link, 1U);
  EXPECT_EQ(source->read(4, recorder).state, ReadState::end) << "the end stays the end";
  EXPECT_EQ(recorder.seen.size(), 7U);
}

TEST(FileSource, DeliversTheGoodPacketsOfATruncatedFileBeforeSayingSo) {
  const Folder folder;
  const std::string whole = Pcap{}(three);
  const std::string path = folder.file("cut.pcap", whole.substr(0, whole.size() - 3));
  for (const std::uint32_t bite : {1U, 2U, 100U}) {
    const auto source = open_files({path, folder.file("next.pcap", whole)});
    Recorder recorder;
    const ReadResult result = read_all(*source, recorder, bite);
    EXPECT_EQ(result.state, ReadState::broken);
    EXPECT_EQ(result.fault, SourceFault::cut_short);
    EXPECT_NE(result.message.find("cut.pcap: truncated"), std::string::npos) << result.message;
    ASSERT_EQ(recorder.seen.size(), 2U) << "and nothing of the file after it";
    EXPECT_EQ(recorder.seen[1].bytes, "second");
    const ReadResult again = source->read(1, recorder);
    EXPECT_EQ(again.state, ReadState::broken);
    EXPECT_EQ(again.frames, 0U);
    EXPECT_EQ(again.message, result.message);
  }
}

TEST(FileSource, SaysThatAFileIsDamagedAfterItsGoodPackets) {
  const Folder folder;
  std::string damaged = Pcap{}(three);
  damaged.replace(24 + 8, 4, "\xff\xff\xff\x7f");  // the first packet claims to be 2 GiB long
  const auto source = open_files({folder.file("good.pcap", Pcap{}(three)), folder.file("bad.pcap", damaged)});
  Recorder recorder;
  const ReadResult result = read_all(*source, recorder);
  EXPECT_EQ(result.state, ReadState::broken);
  EXPECT_EQ(result.fault, SourceFault::damaged);
  EXPECT_NE(result.message.find("bad.pcap: "), std::string::npos) << result.message;
  EXPECT_EQ(recorder.seen.size(), 3U);
}

TEST(FileSource, SaysWhichLaterFileCannotBeOpened) {
  const Folder folder;
  const auto source = open_files({folder.file("a.pcap", Pcap{}(three)), folder.path() + "/absent.pcap"});
  Recorder recorder;
  const ReadResult result = read_all(*source, recorder);
  EXPECT_EQ(result.state, ReadState::broken);
  EXPECT_EQ(result.fault, SourceFault::missing);
  EXPECT_NE(result.message.find("absent.pcap: No such file"), std::string::npos) << result.message;
  EXPECT_EQ(recorder.seen.size(), 3U);
}

TEST(FileSource, RefusesByNameWhatIsNoCapture) {
  const Folder folder;
  struct Case {
    std::string path;
    SourceFault fault;
    std::string words;
  };
  const std::string whole = Pcap{}(three);
  const std::vector<Case> cases{
      {folder.path() + "/absent.pcap", SourceFault::missing, "absent.pcap: No such file"},
      {folder.path(), SourceFault::directory, "is a directory"},
      {folder.file("empty.pcap", ""), SourceFault::empty, "empty.pcap: the file is empty"},
      {folder.file("a.gz", "\x1f\x8b\x08 and so on"), SourceFault::compressed, "a.gz: this is a gzip file"},
      {folder.file("a.zst", "\x28\xb5\x2f\xfd and so on"), SourceFault::compressed, "zstd"},
      {folder.file("a.xz",
                   "\xfd"
                   "7zXZ and so on"),
       SourceFault::compressed, "xz"},
      {folder.file("a.bz2", "BZh91AY and so on"), SourceFault::compressed, "bzip2"},
      {folder.file("readme.txt", "Below is no capture at all, but a letter."), SourceFault::unknown_format,
       "neither pcap nor pcapng"},
      {folder.file("noise.bin", std::string(64, '\x5a')), SourceFault::unknown_format,
       "neither pcap nor pcapng"},
      {folder.file("head.pcap", whole.substr(0, 11)), SourceFault::cut_short, "head.pcap: truncated"},
  };
  for (const Case& expected : cases) {
    std::string said;
    EXPECT_EQ(fault_at_open({expected.path}, said), expected.fault) << expected.path << " | " << said;
    EXPECT_NE(said.find(expected.words), std::string::npos) << said;
  }
  std::string said;
  EXPECT_EQ(fault_at_open({}, said), SourceFault::missing);
}

TEST(FileSource, SaysThatInterfacesOfDifferentKindsCannotBeReadTogether) {
  const Folder folder;
  const std::string mixed = pcapng(three, false, {1, 101});
  std::string said;
  SourceFault fault = fault_at_open({folder.file("mixed.pcapng", mixed)}, said);
  if (fault == SourceFault::none) {  // libpcap notices at the first packet
    const auto source = open_files({folder.file("mixed.pcapng", mixed)});
    Recorder recorder;
    const ReadResult result = read_all(*source, recorder);
    fault = result.fault;
    said = result.message;
  }
  EXPECT_EQ(fault, SourceFault::mixed_links) << said;
}

TEST(FileSource, SurvivesTimesThatOurClockCannotHold) {
  const Folder folder;
  // 2^64-1 nanoseconds and, in the classic file, four thousand seconds' worth of microseconds in the
  // fraction.
  std::string block = pcapng({{0, 0, "late"}}, false);
  block.replace(28 + 32 + 12, 8, std::string(8, '\xff'));
  const auto source = open_files(
      {folder.file("late.pcapng", block), folder.file("odd.pcap", Pcap{}({{7, 0xffffffffU, "odd"}}))});
  Recorder recorder;
  EXPECT_EQ(read_all(*source, recorder).state, ReadState::end);
  ASSERT_EQ(recorder.seen.size(), 2U);
  EXPECT_GT(recorder.seen[0].nanoseconds, 0);
  EXPECT_GE(recorder.seen[1].nanoseconds, 7'000'000'000);
}

TEST(FileSource, ReadsStandardInput) {
  const Folder folder;
  const std::string path = folder.file("a.pcap", Pcap{}(three));
  ASSERT_NE(std::freopen(path.c_str(), "rb", stdin), nullptr);
  const auto source = open_files({"-", path});
  Recorder recorder;
  EXPECT_EQ(read_all(*source, recorder).state, ReadState::end);
  EXPECT_EQ(recorder.seen.size(), 6U);

  const std::string packed = folder.file("a.gz", "\x1f\x8b\x08 and so on");
  ASSERT_NE(std::freopen(packed.c_str(), "rb", stdin), nullptr);
  std::string said;
  EXPECT_EQ(fault_at_open({"-"}, said), SourceFault::compressed);
  EXPECT_NE(said.find("standard input: "), std::string::npos) << said;
}

TEST(FileSource, HasNothingToPollAndNothingToDrain) {
  const Folder folder;
  const auto source = open_files({folder.file("a.pcap", Pcap{}(three))});
  Recorder recorder;
  EXPECT_EQ(source->descriptor(), -1);
  EXPECT_EQ(source->drain_time().count(), 0);
  source->drain(recorder);
  EXPECT_EQ(source->read(0, recorder).state, ReadState::more) << "reading nothing is not reading everything";
  EXPECT_TRUE(recorder.seen.empty());
}

TEST(Ring, HoldsWhatALinkDeliversInATime) {
  using std::chrono::milliseconds;
  // 14,880,952 frames a second of 84 octets on the wire fill 10 Gbit/s; each takes 152 octets of the ring,
  // and its blocks a sixteenth more.
  EXPECT_EQ(ring_octets(milliseconds{1000}, 10'000'000'000), 14'880'952ULL * 152 * 17 / 16);
  EXPECT_EQ(ring_octets(milliseconds{200}, 1'000'000'000), 297'619ULL * 152 * 17 / 16);
  EXPECT_FALSE(link_speed("sekimori-none").has_value());
}

TEST(LiveSource, RefusesWhatIsNoSingleInterface) {
  TapOptions tap;
  tap.interface = "any";
  try {
    open_live(tap, {});
    FAIL() << "opened";
  } catch (const SourceError& error) {
    EXPECT_EQ(error.fault(), SourceFault::any_device);
  }
}

TEST(LiveSource, WaitsForAnInterfaceThatIsNotThere) {
  struct None final : FrameSink {
    void frame(const Frame&) override { ADD_FAILURE() << "a frame from nowhere"; }
  } none;
  for (const char* name : {"sekimori-none", "", "usbmon0", "nflog"}) {
    TapOptions tap;
    tap.interface = name;
    const auto source = open_live(tap, {});
    EXPECT_EQ(source->health(), SourceHealth::gone);
    EXPECT_NE(source->trouble().find("no such interface"), std::string::npos) << source->trouble();
    EXPECT_EQ(source->read(10, none).state, ReadState::idle);
    EXPECT_EQ(source->descriptor(), -1);
    EXPECT_EQ(source->counters().outages, 1U);
  }
}

// Captures that others published, with the number of packets and octets that another program found in each.
std::string published_captures() {
  const char* folder = std::getenv("SEKIMORI_PCAPS");
  return folder != nullptr ? folder : std::string{SEKIMORI_SOURCE_DIR} + "/../shared/pcaps";
}

TEST(FileSource, FindsInEachPublishedCaptureWhatItsManifestSays) {
  const std::string folder = published_captures();
  std::ifstream manifest{folder + "/MANIFEST.tsv"};
  if (!manifest) GTEST_SKIP() << "no published captures in " << folder << " (SEKIMORI_PCAPS says where)";
  const auto cells = [](const std::string& line) {
    std::vector<std::string> row;
    std::istringstream in{line};
    for (std::string cell; std::getline(in, cell, '\t');) row.push_back(cell);
    return row;
  };
  std::string line;
  std::getline(manifest, line);
  std::map<std::string, std::size_t> column;
  for (const std::string& name : cells(line)) column.emplace(name, column.size());

  // Beyond libpcap, and said so: the fault of each.
  const std::map<std::string, SourceFault> unreadable{
      {"pcapnggen__be_test202.pcapng", SourceFault::mixed_links},
      {"pcapnggen__le_test202.pcapng", SourceFault::mixed_links},
      {"pcpp__many_interfaces-1.pcapng", SourceFault::mixed_links},
      {"pcpp__fuzz_crash-pcapng-epb-unbounded-length.pcap", SourceFault::damaged},
      {"libpcap__pcapng-invalid-vers-1.pcapng", SourceFault::damaged}};
  struct Tally final : FrameSink {
    std::uint64_t packets = 0, captured = 0, wire = 0;
    void frame(const Frame& frame) override {
      ++packets;
      captured += frame.bytes.size();
      wire += frame.wire_length;
    }
  };
  std::size_t read = 0;
  while (std::getline(manifest, line)) {
    const std::vector<std::string> row = cells(line);
    const std::string& file = row.at(column.at("file"));
    SCOPED_TRACE(file);
    Tally tally;
    ReadResult result;
    try {
      const auto source = open_files({folder + "/" + file});
      result = read_all(*source, tally, 64);
    } catch (const SourceError& error) {
      result.state = ReadState::broken;
      result.fault = error.fault();
      result.message = error.what();
    }
    if (const auto known = unreadable.find(file); known != unreadable.end()) {
      EXPECT_EQ(result.fault, known->second) << result.message;
      continue;
    }
    ++read;
    const bool cut = row.at(column.at("exercises")).find("file cut short") != std::string::npos;
    EXPECT_EQ(result.fault, cut ? SourceFault::cut_short : SourceFault::none) << result.message;
    EXPECT_EQ(std::to_string(tally.packets), row.at(column.at("packets")));
    EXPECT_EQ(std::to_string(tally.captured), row.at(column.at("captured_bytes")));
    EXPECT_EQ(std::to_string(tally.wire), row.at(column.at("wire_bytes")));
  }
  EXPECT_GT(read, 0U);
}

}  // namespace
}  // namespace sekimori::capture
