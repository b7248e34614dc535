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

// One frame of each kind of tunnel and tag.
std::vector<PacketBuilder> tunnels() {
  const auto four = ethernet().ipv4("192.0.2.1", "192.0.2.2");
  const auto six = ethernet().ipv6("2001:db8::1", "2001:db8::2");
  const auto inside = [](const PacketBuilder& start) {
    return start.ipv4("10.1.0.5", "10.2.0.9").tcp(51000, 502, SYN).payload(20);
  };
  const auto inside6 = [](const PacketBuilder& start) {
    return start.ipv6("fd00::5", "fd00::9").hop_by_hop().udp(1, 2).payload(20);
  };
  const Octets udp = octets({0, 1, 0, 2, 0, 11, 0, 0, 1, 2, 3});
  const Octets wifi = octets({0x08, 2, 0, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3, 0, 0});
  const Octets snap = octets({0xaa, 0xaa, 3, 0, 0, 0, 8, 0});
  return {
      inside(four),
      inside6(four),
      inside(six),
      inside6(six.destination_options()),
      inside(four.gre({.checksum = true, .key = 1, .sequence = 2})),
      inside6(four.gre().frame().vlan(9)),
      inside(four.header(octets({0x40, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0}), 47)),
      inside(four.header(
          octets({0x30, 0x81, 0x88, 0x0b, 0, 64, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xff, 3, 0, 0x21}), 47)),
      inside(four.erspan(1).frame()),
      inside(four.erspan(2, 20).frame()),
      inside6(four.erspan(3, 20).frame()),
      inside(four.udp(9, 4789).vxlan(7).frame().vlan(20)),
      inside(four.udp(9, 4789)
                 .header(octets({12, 0, 0, 4, 0, 0, 7, 0}))
                 .header(octets({0, 2, 2, 1, 0, 0, 1, 2}))),
      inside(six.udp(9, 6081).geneve(7, Octets(16)).frame()),
      inside6(four.udp(9, 3544)
                  .header(octets({0, 1, 1, 1, 7, 7, 1, 2, 3, 4, 5, 6, 7, 8, 0}))
                  .header(octets({0, 0, 1, 2, 3, 4, 5, 6}))),
      inside(four.udp(9, 2152).gtp_u(5, 255, 0x34, octets({0, 0, 0, 0x85, 1, 0, 9, 0}))),
      inside(four.udp(9, 1701).header(octets({0x4a, 2, 0, 78, 0, 1, 0, 1, 0, 0, 0, 0, 0, 2, 9, 9, 0, 0x21}))),
      inside(four.header(octets({0, 0, 0, 9, 1, 2, 3, 4}), 115).frame()),
      inside(four.udp(9, 1701).header(octets({0, 3, 0, 0, 0, 0, 0, 9})).frame()),
      inside(four.udp(9, 5247).header(octets({0, 0x10, 3, 0, 0, 0, 0, 0})).header(wifi).header(snap)),
      inside(four.udp(9, 5247).header(octets({0, 0x10, 2, 0x80, 0, 7, 0, 0})).frame()),
      inside(four.udp(9, 6635).mpls({16, 17}).header(Octets(4)).frame()),
      inside(four.udp(9, 37008).header(octets({1, 0, 0, 1, 10, 1, 9, 1})).frame()),
      inside(four.header(octets({0x30, 0}), 97).frame()),
      inside(four.authentication()),
      four.authentication().tcp(1, 2).payload(5),
      four.esp_null(17, udp),
      inside(ethernet().vlan(7, 0x88a8).ethertype(0x88e7).header(Octets(4)).frame()),
      inside(ethernet().mpls({16}).header(Octets(4)).frame().vlan(3)),
      inside(ethernet().ethertype(0x22f3).header(octets({0, 0x40, 0, 1, 0, 2, 9, 9, 9, 9})).frame()),
      inside(ethernet().ethertype(0x893f).header(octets({0, 0, 0, 1, 0, 0, 8, 0}))),
      // As deep as may be and deeper.
      inside(four.gre()
                 .ipv4("10.9.0.1", "10.9.0.2")
                 .udp(9, 4789)
                 .vxlan(7)
                 .frame()
                 .ipv6("fd01::1", "fd01::2")
                 .ipv4("10.8.0.1", "10.8.0.2")
                 .udp(9, 2152)
                 .gtp_u(5)
                 .ipv4("10.7.0.1", "10.7.0.2")),
  };
}

std::vector<BuiltFrame> samples() {
  const auto four = ethernet().vlan(100, 0x88a8).vlan(20).ipv4("10.1.0.5", "10.2.0.9");
  const auto six = ethernet().ipv6("2001:db8::5", "2001:db8::9");
  Octets wifi = octets({0, 0, 9, 0, 2, 0, 0, 0, 0x20, 0x08, 3});
  wifi.resize(9 + 32);
  for (const std::byte byte : octets({0xaa, 0xaa, 3, 0, 0, 0, 8, 0})) wifi.push_back(byte);
  std::vector<PacketBuilder> built{
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
  for (const PacketBuilder& tunnel : tunnels()) built.push_back(tunnel);
  std::vector<BuiltFrame> frames;
  frames.reserve(built.size());
  for (const PacketBuilder& builder : built) frames.push_back(builder.build());
  return frames;
}

// What holds for every packet, of a frame of `frame_size` octets.
void expect_sound(const Packet& packet, std::uint32_t frame_size) {
  const Tuple& tuple = packet.tuple;
  EXPECT_TRUE(tuple.source.family == Family::ipv4 || tuple.source.family == Family::ipv6);
  EXPECT_EQ(tuple.source.family, tuple.destination.family);
  EXPECT_FALSE(tuple.source.is_multicast() || tuple.source.is_broadcast());
  // The content of a first fragment goes on in the next ones.
  EXPECT_LE(packet.payload_bytes, packet.depth > 0 ? frame_size + 0xffff * packets_most : frame_size);
  EXPECT_LE(packet.vlan_count, 2);
  EXPECT_TRUE(packet.ports_known || (tuple.source_port == 0 && tuple.destination_port == 0));
  EXPECT_TRUE(packet.fragment || !packet.fragment_first);
  EXPECT_FALSE(packet.fragment && !packet.fragment_first && packet.ports_known);
  EXPECT_TRUE(packet.tcp_flags == 0 || (tuple.protocol == protocol::tcp && !packet.malformed));
  EXPECT_TRUE(!packet.quotes || packet.quoted.source.family == tuple.source.family);
  EXPECT_TRUE(packet.fragment || (packet.fragment_id == 0 && packet.fragment_offset == 0 &&
                                  packet.fragment_bytes == 0 && !packet.fragment_more));
  EXPECT_FALSE(packet.identified && tuple.source.family == Family::ipv6);
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
  static const Decoder decoder;
  std::array<Packet, packets_most> packets;
  unsigned headers = 0;
  const Decoder::Result result = decoder.decode(frame, packets, headers);
  EXPECT_LE(headers, layers_most);
  EXPECT_FALSE(result.stripped);
  if (result.reason != Reason::none) {
    EXPECT_EQ(result.count, 0);
    EXPECT_LT(static_cast<std::size_t>(result.reason), reasons_count);
    return result.reason;
  }
  EXPECT_GE(result.count, 1);
  EXPECT_LE(result.count, packets_most);
  for (unsigned i = 0; i < result.count; ++i) {
    const Packet& packet = packets.at(i);
    const bool last = i + 1U == result.count;
    EXPECT_EQ(packet.depth, i);
    EXPECT_EQ(packet.carrier, !last);
    EXPECT_EQ(packet.inside == Tunnel::none, i == 0);
    EXPECT_EQ(packet.tunnel != Tunnel::none, packet.carrier || packet.unopened != 255);
    EXPECT_TRUE(packet.unopened == 255 || (last && packet.unopened < reasons_count));
    if (i > 0) {
      EXPECT_EQ(packet.outer, packets.at(i - 1).tuple);
    }
    expect_sound(packet, std::max(wire_length, static_cast<std::uint32_t>(bytes.size())));
  }
  return result.reason;
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

// A tunnel that was open before the cut is either open still or says that the capture ended; only where
// nothing but the whole content could tell what it is may it be called something else.
TEST(DecodeHardening, NamesTheCutInsideEveryTunnel) {
  const Decoder decoder;
  std::array<Packet, packets_most> packets;
  for (const PacketBuilder& tunnel : tunnels()) {
    const BuiltFrame whole = tunnel.build();
    ASSERT_EQ(decoder.decode(whole.frame(), packets).reason, Reason::none);
    const Packet& last = packets[decoder.decode(whole.frame(), packets).count - 1U];
    const bool opened = last.unopened == 255;
    std::uint8_t before = 0;
    for (std::size_t size = 0; opened && size <= whole.bytes.size(); ++size) {
      Frame frame = whole.frame();
      frame.bytes = frame.bytes.first(size);
      const auto result = decoder.decode(frame, packets);
      EXPECT_GE(result.count, before) << "fewer layers with more octets, at " << size;
      before = result.count;
      if (result.count == 0) continue;
      const Packet& packet = packets.at(result.count - 1U);
      const auto reason = static_cast<Reason>(packet.unopened);
      EXPECT_TRUE(reason == Reason::none || reason == Reason::truncated_link ||
                  reason == Reason::truncated_vlan || reason == Reason::truncated_ip ||
                  (packet.tunnel == Tunnel::esp && reason == Reason::tunnel_encrypted))
          << tunnel_name(packet.tunnel) << ' ' << reason_name(reason) << " at " << size;
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

// The worst that the limits allow, in each IP layer.
TEST(DecodeHardening, LooksAtNoMoreHeadersThanStated) {
  Octets gre = octets({0x40, 0, 0x65, 0x58, 0, 0, 0, 0});  // with its routes
  for (unsigned i = 1; i < tunnel_headers_max; ++i) {
    for (const std::byte byte : octets({8, 0, 0, 0})) gre.push_back(byte);
  }
  gre.resize(gre.size() + 4);
  const auto options = [](PacketBuilder built) {
    for (unsigned i = 0; i < extension_headers_max; ++i) built = built.destination_options();
    return built;
  };
  PacketBuilder worst = ethernet();
  for (unsigned layer = 0; layer < packets_most; ++layer) {
    for (unsigned tag = 1; tag <= vlan_tags_max; ++tag) worst = worst.vlan(tag);
    worst =
        worst.ethertype(0x88e7).header(Octets(4)).frame().mpls({1, 2, 3, 4, 5, 6, 7, 8}).header(Octets(4));
    worst = options(worst.frame().ipv6("2001:db8::1", "2001:db8::2"));
    if (layer + 1 < packets_most) worst = worst.header(gre, 47).frame();
  }
  const auto quoted = options(ethernet().ipv6("2001:db8::1", "2001:db8::2")).udp(1, 2);
  const BuiltFrame frame = worst.icmpv6(1).quoting(quoted).build();
  const Decoder decoder;
  std::array<Packet, packets_most> packets;
  unsigned headers = 0;
  const auto result = decoder.decode(frame.frame(), packets, headers);
  EXPECT_EQ(result.count, packets_most);
  ASSERT_TRUE(packets[packets_most - 1].quotes);
  EXPECT_EQ(packets[packets_most - 1].quoted.protocol, protocol::udp);
  EXPECT_LE(headers, layers_most);
  EXPECT_GT(headers, layers_most * 2 / 3) << "the limit is no estimate";
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
  const auto plus_macs = [&](std::initializer_list<unsigned> before, std::initializer_list<unsigned> behind) {
    Octets bytes = octets(before);
    bytes.insert(bytes.end(), macs.begin(), macs.end());
    for (const std::byte byte : octets(behind)) bytes.push_back(byte);
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
  const auto endless = [&](const PacketBuilder& start, const PacketBuilder& piece) {
    EXPECT_EQ(outcome(repeated(start.total_length(0).bytes(), piece.total_length(0).bytes())), Reason::none);
  };
  endless(ethernet().ipv4("10.1.0.5", "10.2.0.9").protocol(4),
          link(101).ipv4("10.1.0.5", "10.2.0.9").protocol(4));
  endless(ethernet().ipv6("2001:db8::5", "2001:db8::9").protocol(41),
          link(101).ipv6("2001:db8::5", "2001:db8::9").protocol(41));
  endless(ethernet().ipv4("10.1.0.5", "10.2.0.9").protocol(47),
          link(101, octets({0, 0, 8, 0})).ipv4("10.1.0.5", "10.2.0.9").protocol(47));
  EXPECT_EQ(outcome(repeated(ethernet().ipv4("10.1.0.5", "10.2.0.9").protocol(51).total_length(0).bytes(),
                             octets({51, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1}))),
            Reason::none);
  EXPECT_EQ(outcome(repeated(after_macs({0x88, 0xe7}), plus_macs({0, 0, 0, 1}, {0x88, 0xe7}))),
            Reason::vlan_too_deep);
  EXPECT_EQ(
      outcome(repeated(ethernet().ipv6("2001:db8::5", "2001:db8::9").protocol(0).total_length(0).bytes(),
                       Octets(8))),
      Reason::none);
}

TEST(Decode, NeverAllocates) {
  const Decoder decoder;
  std::array<Packet, packets_most> packets;
  for (const BuiltFrame& sample : samples()) {
    const Frame whole = sample.frame();
    for (const std::size_t size : {sample.bytes.size(), sample.bytes.size() / 2, std::size_t{0}}) {
      Frame frame = whole;
      frame.bytes = frame.bytes.first(size);
      const AllocationWatch watch;
      const Reason reason = decoder.decode(frame, packets).reason;
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
