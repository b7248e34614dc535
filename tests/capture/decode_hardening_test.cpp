// Hostile and broken input: whatever the octets, decoding ends, reads nothing outside them, allocates
// nothing, and gives a packet or a named reason. The sanitizers watch; every frame is decoded from a heap
// block of its own size.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "capture/decode/decode.hpp"
#include "capture/source/source.hpp"
#include "tests/kit/allocations.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::capture {
namespace {

using namespace sekimori::kit;

std::vector<BuiltFrame> samples() {
  const auto four = ethernet().vlan(100, 0x88a8).vlan(20).ipv4("10.1.0.5", "10.2.0.9");
  const auto six = ethernet().ipv6("2001:db8::5", "2001:db8::9");
  Octets wifi = octets({0, 0, 9, 0, 2, 0, 0, 0, 0x20, 0x08, 3});
  wifi.resize(9 + 32);
  for (const std::byte byte : octets({0xaa, 0xaa, 3, 0, 0, 0, 8, 0})) wifi.push_back(byte);
  const std::vector<PacketBuilder> built{
      four.tcp(51000, 502, SYN).tcp_options(octets({2, 4, 5, 0xb4})).payload(40),
      four.ip_options(Octets(12)).udp(1, 2).payload(20),
      four.icmp(3, 3).quoting(four.ip_options(Octets(8)).tcp(1, 2)),
      four.fragment(8, true).protocol(17).payload(30),
      four.sctp(1, 2).payload(9),
      six.hop_by_hop(16)
          .routing(24)
          .fragment_header(0, true)
          .destination_options()
          .authentication()
          .tcp(1, 2)
          .payload(9),
      six.icmpv6(1).quoting(six.hop_by_hop().destination_options(24).udp(1, 2).payload(30)),
      six.mobility(24),
      ethernet().snap().ipv4("10.1.0.5", "10.2.0.9").udp(1, 2).payload(4).padded(80),
      ethernet().mpls({1, 2, 3}).ipv6("2001:db8::5", "2001:db8::9").udp(1, 2),
      ethernet().vlan(3).pppoe(9).ipv4("10.1.0.5", "10.2.0.9").tcp(1, 2),
      ethernet().stp(),
      ethernet().arp_reply("10.0.0.1", "10.0.0.2"),
      link(0, octets({2, 0, 0, 0})).ipv4("10.1.0.5", "10.2.0.9").tcp(1, 2),
      link(9, octets({0xff, 3, 2, 0x81, 0, 1, 1, 64})).ipv4("10.1.0.5", "10.2.0.9").tcp(1, 2),
      link(50, octets({0x0f, 0, 8, 0})).ipv4("10.1.0.5", "10.2.0.9").tcp(1, 2),
      link(113, octets({0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 9, 0, 0, 0x81, 0, 0, 9, 8, 0}))
          .ipv4("10.1.0.5", "10.2.0.9")
          .udp(1, 2),
      link(276, octets({0x86, 0xdd, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 8, 0, 0}))
          .ipv6("::1", "::2")
          .udp(1, 2),
      link(127, wifi).ipv4("10.1.0.5", "10.2.0.9").udp(1, 2),
      link(192, octets({0, 0, 8, 0, 105, 0, 0, 0, 0x08, 0, 0, 0})).payload(60),
  };
  std::vector<BuiltFrame> frames;
  frames.reserve(built.size());
  for (const PacketBuilder& builder : built) frames.push_back(builder.build());
  return frames;
}

// Everything that must hold for any outcome. The octets go into a block of exactly their size, so that a read
// of one more is seen.
Reason decode_exactly(const Octets& bytes, std::uint32_t wire_length, std::uint16_t link) {
  const std::unique_ptr<std::byte[]> block(new std::byte[bytes.size()]);
  if (!bytes.empty()) std::memcpy(block.get(), bytes.data(), bytes.size());
  Frame frame;
  frame.bytes = {block.get(), bytes.size()};
  frame.wire_length = wire_length;
  frame.link = link;
  Packet packet;
  const Reason reason = decode(frame, packet);
  if (reason != Reason::none) {
    EXPECT_LT(static_cast<std::size_t>(reason), reasons_count);
    return reason;
  }
  const Tuple& tuple = packet.tuple;
  EXPECT_TRUE(tuple.source.family == Family::ipv4 || tuple.source.family == Family::ipv6);
  EXPECT_EQ(tuple.source.family, tuple.destination.family);
  EXPECT_FALSE(tuple.source.is_multicast() || tuple.source.is_broadcast());
  EXPECT_LE(packet.payload_bytes, std::max(wire_length, static_cast<std::uint32_t>(bytes.size())));
  EXPECT_LE(packet.vlan_count, 2);
  EXPECT_TRUE(packet.ports_known || (tuple.source_port == 0 && tuple.destination_port == 0));
  EXPECT_TRUE(packet.fragment || !packet.fragment_first);
  EXPECT_FALSE(packet.fragment && !packet.fragment_first && packet.ports_known);
  EXPECT_TRUE(packet.tcp_flags == 0 || (tuple.protocol == protocol::tcp && !packet.malformed));
  EXPECT_TRUE(packet.quoted.protocol == 0 || packet.quoted.source.family == tuple.source.family);
  return reason;
}

TEST(DecodeHardening, SurvivesTheCaptureEndingAtEveryOctet) {
  for (const BuiltFrame& sample : samples()) {
    const Reason whole = decode_exactly(sample.bytes, sample.wire_length, sample.link);
    Reason before = Reason::truncated_link;
    for (std::size_t size = 0; size <= sample.bytes.size(); ++size) {
      const Octets kept(sample.bytes.begin(), sample.bytes.begin() + static_cast<std::ptrdiff_t>(size));
      const Reason reason = decode_exactly(kept, sample.wire_length, sample.link);
      // A frame that leads to a flow: first cut somewhere named, then, from the addresses on, in the flow for
      // good.
      if (whole == Reason::none) {
        EXPECT_TRUE(reason == Reason::none || reason == Reason::truncated_link ||
                    reason == Reason::truncated_vlan || reason == Reason::truncated_ip ||
                    reason == Reason::mpls)
            << reason_name(reason) << " at " << size;
        EXPECT_FALSE(before == Reason::none && reason != Reason::none)
            << reason_name(reason) << " at " << size;
      }
      before = reason;
    }
  }
}

TEST(DecodeHardening, SurvivesTheFrameEndingAtEveryOctet) {
  for (const BuiltFrame& sample : samples()) {
    for (std::size_t size = 0; size <= sample.bytes.size(); ++size) {
      const Octets kept(sample.bytes.begin(), sample.bytes.begin() + static_cast<std::ptrdiff_t>(size));
      decode_exactly(kept, static_cast<std::uint32_t>(size), sample.link);
    }
  }
}

// Bit flips, cuts, copies of pieces elsewhere, lengths and counts at their limits. The same on every run.
void mutate(Octets& bytes, std::mt19937& random) {
  const auto any = [&](std::size_t below) { return static_cast<std::size_t>(random()) % below; };
  for (std::size_t edits = 1 + any(4); edits > 0 && !bytes.empty(); --edits) {
    switch (any(6)) {
      case 0:
        bytes[any(bytes.size())] ^= static_cast<std::byte>(1U << any(8));
        break;
      case 1:
        bytes[any(bytes.size())] = static_cast<std::byte>(any(256));
        break;
      case 2: {
        static constexpr unsigned limits[] = {0, 1, 4, 5, 0x0f, 0x3f, 0x45, 0x4f, 0x60, 0x7f, 0x80, 0xff};
        bytes[any(bytes.size())] = static_cast<std::byte>(limits[any(std::size(limits))]);
        break;
      }
      case 3:
        bytes.resize(any(bytes.size() + 1));
        break;
      case 4:
        bytes.resize(bytes.size() + any(40), static_cast<std::byte>(any(256)));
        break;
      default: {  // repeats a piece: tags, labels, extension headers, IP in IP
        const std::size_t from = any(bytes.size());
        const std::size_t size = std::min(bytes.size() - from, any(60));
        const Octets piece(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                           bytes.begin() + static_cast<std::ptrdiff_t>(from + size));
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(any(bytes.size())), piece.begin(),
                     piece.end());
      }
    }
  }
}

void decode_mutants(const Octets& bytes, std::uint16_t link, unsigned count, std::mt19937& random) {
  for (unsigned i = 0; i < count; ++i) {
    Octets mutant = bytes;
    mutate(mutant, random);
    const auto size = static_cast<std::uint32_t>(mutant.size());
    decode_exactly(mutant, random() % 4 == 0 ? size + static_cast<std::uint32_t>(random() % 70000) : size,
                   link);
  }
}

TEST(DecodeHardening, SurvivesMutationsOfBuiltFrames) {
  constexpr unsigned seed = 0x5e4130;
  SCOPED_TRACE("seed " + std::to_string(seed));
  RecordProperty("seed", static_cast<int>(seed));
  std::mt19937 random(seed);
  for (const BuiltFrame& sample : samples()) decode_mutants(sample.bytes, sample.link, 4000, random);
  // The same octets under every link type.
  for (const BuiltFrame& sample : samples()) {
    static constexpr std::uint16_t links[] = {0,   1,   9,   12,  50,  51,  101, 104,  105,
                                              108, 113, 127, 192, 228, 229, 276, 65535};
    for (const std::uint16_t link : links) {
      decode_mutants(sample.bytes, link, 100, random);
    }
  }
}

TEST(DecodeHardening, IsBoundedOnFramesThatNest) {
  // 256 KiB of the same tag, label, SNAP header or extension header, each promising another one.
  const auto repeated = [](const Octets& start, const Octets& piece) {
    Octets bytes = start;
    while (bytes.size() < 262'144) bytes.insert(bytes.end(), piece.begin(), piece.end());
    return bytes;
  };
  const Octets macs(12);
  const auto after_macs = [&](std::initializer_list<unsigned> more) {
    Octets bytes = macs;
    for (const std::byte byte : octets(more)) bytes.push_back(byte);
    return bytes;
  };
  const auto outcome = [](const Octets& bytes) {
    return decode_exactly(bytes, static_cast<std::uint32_t>(bytes.size()), 1);
  };
  EXPECT_EQ(outcome(repeated(after_macs({0x81, 0}), octets({0, 5, 0x81, 0}))), Reason::vlan_too_deep);
  EXPECT_EQ(outcome(repeated(after_macs({0x81, 0}), octets({0, 0, 0x81, 0}))), Reason::vlan_too_deep);
  EXPECT_EQ(outcome(repeated(after_macs({0x88, 0x47}), octets({0, 1, 0, 64}))), Reason::mpls);
  EXPECT_EQ(
      outcome(repeated(after_macs({5, 0xdc}), octets({0xaa, 0xaa, 3, 0, 0, 0, 0x81, 0, 0, 5, 5, 0xdc}))),
      Reason::vlan_too_deep);
  EXPECT_EQ(
      outcome(repeated(ethernet().ipv6("2001:db8::5", "2001:db8::9").protocol(0).total_length(0).bytes(),
                       Octets(8))),
      Reason::none);
}

TEST(Decode, NeverAllocates) {
  for (const BuiltFrame& sample : samples()) {
    const Frame whole = sample.frame();
    for (const std::size_t size : {sample.bytes.size(), sample.bytes.size() / 2, std::size_t{0}}) {
      Frame frame = whole;
      frame.bytes = frame.bytes.first(size);
      Packet packet;
      const AllocationWatch watch;
      const Reason reason = decode(frame, packet);
      EXPECT_EQ(watch.count(), 0U) << reason_name(reason);
    }
  }
}

std::filesystem::path captures_folder() {
  const char* chosen = std::getenv("SEKIMORI_PCAPS");
  return chosen != nullptr ? std::filesystem::path(chosen)
                           : std::filesystem::path(SEKIMORI_SOURCE_DIR) / ".." / "shared" / "pcaps";
}

class Mutator : public FrameSink {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}
  void frame(const Frame& frame) override {
    ++frames;
    const Octets bytes(frame.bytes.begin(), frame.bytes.end());
    decode_exactly(bytes, frame.wire_length, frame.link);
    if (bytes.size() <= 2048) decode_mutants(bytes, frame.link, 8, random_);
  }
  std::uint64_t frames = 0;

 private:
  std::mt19937 random_;
};

TEST(DecodeHardening, SurvivesPublishedCapturesAndTheirMutations) {
  const std::filesystem::path folder = captures_folder();
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "no captures in " << folder;
  constexpr unsigned seed = 0x5e4131;
  SCOPED_TRACE("seed " + std::to_string(seed));
  Mutator sink(seed);
  unsigned readable = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".pcap" && extension != ".pcapng" && extension != ".cap") continue;
    SCOPED_TRACE(entry.path().filename().string());
    const std::uint64_t before = sink.frames;
    try {
      const auto source = open_files({entry.path().string()});
      while (source->read(4096, sink).state == ReadState::more) {
      }
    } catch (const SourceError&) {
      continue;  // some of the files are no captures at all; reading them is another test's matter
    }
    if (sink.frames > before) ++readable;
  }
  EXPECT_GT(readable, 0U) << "no capture in " << folder << " could be read";
}

}  // namespace
}  // namespace sekimori::capture
