// Two readers of capture files, one answer: what the quick reader makes of a file is what libpcap makes of
// it, in frames, stamps, link types, faults and words, whatever the file holds.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "capture/source/pcap_files.hpp"
#include "capture/source/pcap_records.hpp"

namespace sekimori::capture {
namespace {

// A file in memory for as long as this object lives.
class Memory {
 public:
  explicit Memory(const std::string& content) : descriptor_(::memfd_create("capture", MFD_CLOEXEC)) {
    if (descriptor_ < 0) throw std::runtime_error{"memfd_create"};
    for (std::size_t at = 0; at < content.size();) {
      const ssize_t wrote = ::write(descriptor_, content.data() + at, content.size() - at);
      if (wrote <= 0) throw std::runtime_error{"write"};
      at += static_cast<std::size_t>(wrote);
    }
  }
  ~Memory() { ::close(descriptor_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

// All that a reader says about a file.
struct Account {
  struct Seen {
    std::string bytes{};
    std::uint32_t wire_length = 0;
    std::uint16_t link = 0, tap = 0;
    std::uint64_t number = 0;
    Time time{};
    bool operator==(const Seen&) const = default;
  };
  std::vector<Seen> seen{};
  std::vector<std::uint32_t> calls{};  // frames by each call
  bool opened = true;
  ReadState state = ReadState::more;
  SourceFault fault = SourceFault::none;
  std::string message{};
  bool operator==(const Account&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Account& account) {
  out << (account.opened ? "opened" : "not opened") << ", state " << static_cast<int>(account.state)
      << ", fault " << static_cast<int>(account.fault) << " \"" << account.message << "\", "
      << account.seen.size() << " frames in";
  for (const std::uint32_t call : account.calls) out << " " << call;
  for (std::size_t i = 0; i < account.seen.size() && i < 4; ++i) {
    const Account::Seen& seen = account.seen[i];
    out << " {" << seen.bytes.size() << " of " << seen.wire_length << " octets, link " << seen.link << ", "
        << seen.time.time_since_epoch().count() << "}";
  }
  return out;
}

struct Recorder final : FrameSink {
  explicit Recorder(Account& to) : account(to) {}
  void frame(const Frame& frame) override {
    account.seen.push_back({{reinterpret_cast<const char*>(frame.bytes.data()), frame.bytes.size()},
                            frame.wire_length,
                            frame.link,
                            frame.tap,
                            frame.number,
                            frame.time});
  }
  Account& account;
};

Account account_of(const std::vector<std::string>& paths, FileReader reader, std::uint32_t bite) {
  Account account;
  try {
    const auto source = open_files(paths, reader);
    Recorder recorder{account};
    ReadResult result;
    do {
      result = source->read(bite, recorder);
      account.calls.push_back(result.frames);
    } while (result.state == ReadState::more);
    account.state = result.state;
    account.fault = result.fault;
    account.message = result.message;
  } catch (const SourceError& error) {
    account.opened = false;
    account.fault = error.fault();
    account.message = error.what();
  }
  return account;
}

// True when the quick reader took the file at all.
bool same(const std::string& path, std::uint32_t bite = 7) {
  const Account libpcap = account_of({path}, FileReader::libpcap, bite);
  EXPECT_EQ(account_of({path}, FileReader::quickest, bite), libpcap);
  const Account own = account_of({path}, FileReader::own, bite);
  if (!own.opened) return false;
  EXPECT_EQ(own, libpcap);
  return true;
}

constexpr std::uint32_t micro = 0xa1b2c3d4U;
constexpr std::uint32_t nano = 0xa1b23c4dU;

// A classic capture with every field at the test's choice.
struct Made {
  bool big_endian = false;
  std::uint32_t magic = micro;
  std::uint32_t major = 2, minor = 4;
  std::uint32_t snaplen = 65535;
  std::uint32_t linktype = 1;

  std::string header() const {
    return number(magic, 4) + number(major, 2) + number(minor, 2) + number(0, 4) + number(0, 4) +
           number(snaplen, 4) + number(linktype, 4);
  }
  std::string record(std::uint32_t seconds, std::uint32_t fraction, std::uint32_t captured,
                     std::uint32_t wire, const std::string& bytes) const {
    return number(seconds, 4) + number(fraction, 4) + number(captured, 4) + number(wire, 4) + bytes;
  }
  std::string frame(std::uint32_t size, std::uint32_t wire) const {
    std::string bytes(size, '\0');
    for (std::uint32_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + size);
    return record(1'700'000'000U + size, size, size, wire, bytes);
  }
  std::string number(std::uint32_t value, unsigned size) const {
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
      text += static_cast<char>((value >> (8 * (big_endian ? size - 1 - i : i))) & 0xffU);
    }
    return text;
  }
};

std::vector<Made> plain_kinds() {
  std::vector<Made> kinds;
  for (const bool big_endian : {false, true}) {
    for (const std::uint32_t magic : {micro, nano})
      kinds.push_back({.big_endian = big_endian, .magic = magic});
  }
  return kinds;
}

TEST(FileReaders, AgreeOnEveryHeader) {
  constexpr std::uint32_t kuznetzov = 0xa1b2cd34U, navtel = 0xa12b3c4dU, fmesquita = 0xa1b234cdU;
  std::size_t quick = 0;
  const auto check = [&quick](const Made& made) {
    SCOPED_TRACE(testing::Message() << "big endian " << made.big_endian << std::hex << ", magic "
                                    << made.magic << ", link " << made.linktype << std::dec << ", version "
                                    << made.major << "." << made.minor << ", snaplen " << made.snaplen);
    const Memory file{made.header() + made.frame(60, 60) + made.frame(0, 40) + made.frame(300, 1514) +
                      made.frame(64, 10) + made.frame(9, 9)};
    if (same(file.path())) ++quick;
  };
  for (const bool big_endian : {false, true}) {
    for (const std::uint32_t magic : {micro, nano, kuznetzov, navtel, fmesquita}) {
      for (const std::uint32_t version :
           {0x20000U, 0x20002U, 0x20003U, 0x20004U, 0x20005U, 0x10009U, 0x30000U, 0x21f0000U, 0x21f0001U}) {
        check({big_endian, magic, version >> 16U, version & 0xffffU});
      }
      for (const std::uint32_t snaplen :
           {0U, 1U, 9U, 100U, 262'144U, 262'145U, 0x7fffffffU, 0x80000000U, ~0U}) {
        check({.big_endian = big_endian, .magic = magic, .snaplen = snaplen});
      }
      // With lengths of the checksum in the upper bits, and with what no libpcap knows.
      for (const std::uint32_t upper :
           {0U, 0x04000000U, 0x24000000U, 0xf4000000U, 0x00010000U, 0x02000000U}) {
        for (std::uint32_t linktype = 0; linktype < 300; ++linktype) {
          if ((upper != 0 || (magic != micro && magic != nano)) && linktype != 1 && linktype != 101 &&
              linktype != 220)
            continue;
          check({.big_endian = big_endian, .magic = magic, .linktype = upper | linktype});
        }
      }
    }
  }
  EXPECT_GT(quick, 100U) << "the quick reader was hardly used";
}

TEST(FileReaders, AgreeOnEveryStampAndLength) {
  constexpr std::array<std::uint32_t, 7> edges{0,           1,           999'999,    0x7fffffffU,
                                               0x80000000U, 0xfffffffeU, 0xffffffffU};
  for (const Made& made : plain_kinds()) {
    SCOPED_TRACE(testing::Message() << "big endian " << made.big_endian << std::hex << ", magic "
                                    << made.magic);
    std::string content = made.header();
    for (const std::uint32_t seconds : edges) {
      for (const std::uint32_t fraction : edges) {
        for (const std::uint32_t wire : edges) content += made.record(seconds, fraction, 3, wire, "abc");
      }
    }
    const Memory file{content};
    EXPECT_TRUE(same(file.path(), 1000));
    for (const std::uint32_t captured : {4U, 65535U, 65536U, 262'144U, 262'145U, 0x7fffffffU, 0xffffffffU}) {
      for (const std::uint32_t snaplen : {2U, 65535U, 300'000U}) {
        SCOPED_TRACE(testing::Message() << "captured " << captured << ", snaplen " << snaplen);
        Made cut = made;
        cut.snaplen = snaplen;
        const std::string good = cut.header() + cut.frame(1, 1);
        EXPECT_TRUE(same(Memory{good + cut.record(1, 1, captured, 9, "abc")}.path()));
        EXPECT_TRUE(same(Memory{good + cut.record(1, 1, captured, 9, "a")}.path()));
        if (captured > 262'144) continue;
        EXPECT_TRUE(
            same(Memory{good + cut.record(1, 1, captured, 9, std::string(captured, 'x')) + good}.path()));
      }
    }
  }
}

TEST(FileReaders, AgreeOnAFileThatEndsAnywhere) {
  for (Made made : plain_kinds()) {
    for (const std::uint32_t snaplen : {65535U, 20U}) {
      made.snaplen = snaplen;
      const std::string whole = made.header() + made.frame(5, 5) + made.frame(0, 0) + made.frame(33, 1500);
      for (std::size_t size = 1; size <= whole.size(); ++size) {
        SCOPED_TRACE(size);
        EXPECT_EQ(same(Memory{whole.substr(0, size)}.path()), size >= RecordReader::header_octets);
      }
    }
  }
}

// Frames that lie across the borders of blocks, longer than a block, or end with one.
TEST(FileReaders, AgreeAcrossBlocks) {
  constexpr auto block = static_cast<std::uint32_t>(RecordReader::block_octets);
  std::mt19937 random{4};
  const Made made{.snaplen = 262'144};
  for (int round = 0; round < 12; ++round) {
    SCOPED_TRACE(round);
    std::string content = made.header();
    // The first frame ends so that the record after it begins at, or within 16 octets before, a block's end.
    content += made.frame(block - 24 - 16 - static_cast<std::uint32_t>(round), block);
    for (int i = 0; i < 400; ++i) {
      const std::uint32_t size = round % 3 == 0 ? 60 : static_cast<std::uint32_t>(random() % 1515);
      content += made.frame(size, size);
    }
    content += made.frame(RecordReader::octets_most, 300'000) + made.frame(1, 1);
    content += made.frame(block, block) + made.frame(RecordReader::octets_most - 1, 9) + made.frame(60, 60);
    const Memory file{content};
    for (const std::uint32_t bite : {1U, 32U, 33U, 5000U}) EXPECT_TRUE(same(file.path(), bite));
    content.resize(content.size() - random() % 400'000);
    EXPECT_TRUE(same(Memory{content}.path(), 64));
  }
}

TEST(FileReaders, AgreeOnDamage) {
  std::mt19937 random{20261121};
  const auto below = [&random](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
  constexpr std::array<std::uint32_t, 9> edges{0, 1, 15, 16, 255, 65536, 262'144, 262'145, 0xffffffffU};
  std::size_t quick = 0;
  for (int round = 0; round < 3000; ++round) {
    SCOPED_TRACE(round);
    Made made = plain_kinds()[below(4)];
    if (below(4) == 0) made.snaplen = static_cast<std::uint32_t>(below(80));
    std::string content = made.header();
    std::vector<std::size_t> records;
    for (std::size_t i = 0, count = below(8); i < count; ++i) {
      records.push_back(content.size());
      const auto size = static_cast<std::uint32_t>(below(100));
      content += made.frame(size, size + static_cast<std::uint32_t>(below(3)));
    }
    for (std::size_t i = 0, count = below(4); i < count; ++i) {
      if (!records.empty() && below(2) == 0) {  // a field of a record
        const std::size_t field = records[below(records.size())] + 4 * below(4);
        const std::string value = made.number(edges[below(edges.size())], 4);
        if (field + 4 <= content.size()) content.replace(field, 4, value);
      } else {  // an octet, the magic's less often than the others
        content[below(3) == 0 ? below(24) : below(content.size())] = static_cast<char>(random());
      }
    }
    if (below(3) == 0) content.resize(1 + below(content.size()));
    const Memory file{content};
    if (same(file.path(), 1 + static_cast<std::uint32_t>(below(9)))) ++quick;
    if (HasFailure()) return;
  }
  EXPECT_GT(quick, 1000U);
}

TEST(FileReaders, AgreeOnSeveralFilesInARow) {
  const Made little{}, big{.big_endian = true, .magic = nano, .linktype = 101}, old{.minor = 2};
  const Memory a{little.header() + little.frame(60, 60) + little.frame(61, 61)};
  const Memory b{big.header() + big.frame(40, 99)};
  const Memory c{old.header() + old.frame(50, 50)};  // libpcap's in any case
  const Memory cut{little.header() + little.frame(60, 60).substr(0, 70)};
  for (const std::uint32_t bite : {1U, 2U, 3U, 100U}) {
    for (const auto& paths : {std::vector{a.path(), b.path(), c.path(), a.path()},
                              {c.path(), a.path(), cut.path(), b.path()},
                              {b.path(), a.path() + "/absent", c.path()}}) {
      const Account libpcap = account_of(paths, FileReader::libpcap, bite);
      EXPECT_EQ(account_of(paths, FileReader::quickest, bite), libpcap);
      EXPECT_GE(libpcap.seen.size(), 1U);
    }
  }
}

TEST(FileReaders, LeaveToLibpcapWhatIsNoRegularFile) {
  const Made made{};
  const std::string content = made.header() + made.frame(60, 60);
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  ASSERT_EQ(::write(pipe[1], content.data(), content.size()), static_cast<ssize_t>(content.size()));
  ::close(pipe[1]);
  const Account account = account_of({"/proc/self/fd/" + std::to_string(pipe[0])}, FileReader::quickest, 5);
  ::close(pipe[0]);
  EXPECT_EQ(account.state, ReadState::end);
  ASSERT_EQ(account.seen.size(), 1U);
  EXPECT_EQ(account.seen[0].bytes.size(), 60U);
}

TEST(FileReaders, AgreeOnEveryPublishedCapture) {
  const char* named = std::getenv("SEKIMORI_PCAPS");
  const std::filesystem::path folder =
      named != nullptr ? named : std::string{SEKIMORI_SOURCE_DIR} + "/../shared/pcaps";
  if (!std::filesystem::is_directory(folder)) {
    GTEST_SKIP() << "no published captures in " << folder << " (SEKIMORI_PCAPS says where)";
  }
  std::size_t quick = 0;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    const std::string extension = entry.path().extension();
    if (extension != ".pcap" && extension != ".cap" && extension != ".pcapng") continue;
    SCOPED_TRACE(entry.path().filename());
    if (same(entry.path().string(), 64)) ++quick;
  }
  EXPECT_GT(quick, 10U);
}

}  // namespace
}  // namespace sekimori::capture
