// What makes two frames the same packet, and what says which part of a datagram a fragment is.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "capture/decode/decode.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::capture {
namespace {

using namespace sekimori::kit;

PacketBuilder four() {
  return ethernet().vlan(20).ipv4("10.1.0.5", "10.2.0.9").identification(7);
}
PacketBuilder six() {
  return ethernet().vlan(20).ipv6("2001:db8::5", "2001:db8::9");
}

std::uint32_t print(const BuiltFrame& built) {
  Packet packet;
  EXPECT_EQ(decode(built.frame(), packet), Reason::none);
  return packet.fingerprint;
}
std::uint32_t print(const PacketBuilder& built) {
  return print(built.build());
}
// The frame with one octet of it changed; offsets count from the IP header, behind Ethernet and one tag.
std::uint32_t changed(const PacketBuilder& built, std::size_t at) {
  BuiltFrame frame = built.build();
  frame.bytes.at(18 + at) ^= std::byte{0x01};
  return print(frame);
}

std::vector<PacketBuilder> packets() {
  return {four().tcp(1, 2, SYN).seq(9, 0),
          four().tcp(1, 2, ACK).seq(10, 5).payload(30),
          four().udp(1, 2).payload(30),
          four().icmp(8, 0, 0x00010002).payload(30),
          four().sctp(1, 2).payload(octets({0, 3, 0, 16, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9})),
          four().protocol(89).payload(44),
          four().fragment(0, true).udp(1, 2).payload(24),
          four().fragment(32, false).protocol(17).payload(24),
          six().tcp(1, 2, SYN),
          six().udp(1, 2).payload(30),
          six().icmpv6(128, 0, 0x00010002).payload(30),
          six().fragment_header(0, true, 5).udp(1, 2).payload(24),
          four().ipv4("192.0.2.1", "192.0.2.2").identification(3).udp(1, 2),
          four().gre().ipv4("192.0.2.1", "192.0.2.2").udp(1, 2)};
}

TEST(DecodeFingerprint, IsTheSameBehindARouter) {
  for (const PacketBuilder& packet : packets()) {
    const std::uint32_t before = print(packet);
    // Time to live, and with it the checksum of IPv4; class of service; another VLAN and other cards.
    const PacketBuilder routed = packet.macs("02:00:00:00:00:77", "02:00:00:00:00:78");
    EXPECT_EQ(print(routed), before);
    BuiltFrame marked = packet.build();
    marked.bytes.at(14) = std::byte{0x01};
    marked.bytes.at(15) = std::byte{0x2c};
    const bool v4 = std::to_integer<unsigned>(marked.bytes.at(18)) >> 4U == 4;
    marked.bytes.at(18 + (v4 ? 8U : 7U)) = std::byte{41};
    if (v4) {
      marked.bytes.at(18 + 1) = std::byte{0xb8};
      marked.bytes.at(18 + 10) ^= std::byte{0x55};
    } else {
      marked.bytes.at(18) ^= std::byte{0x0b};
      marked.bytes.at(18 + 1) ^= std::byte{0x80};
    }
    EXPECT_EQ(print(marked), before);
  }
}

TEST(DecodeFingerprint, DiffersWhereThePacketDoes) {
  std::map<std::uint32_t, std::size_t> seen;
  const auto all = packets();
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_TRUE(seen.emplace(print(all[i]), i).second) << i << " looks like " << seen[print(all[i])];
  }
  const auto tcp = four().tcp(1, 2, ACK).seq(10, 5).payload(30);
  const auto tcp6 = six().tcp(1, 2, ACK).seq(10, 5).payload(30);
  const auto udp = four().udp(1, 2).payload(30);
  const auto icmp = four().icmp(8, 0, 0x00010002).payload(30);
  const auto sctp = four().sctp(1, 2).payload(octets({0, 3, 0, 16, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9}));
  const auto other = four().protocol(89).payload(44);
  struct Row {
    const char* sentence;
    const PacketBuilder& packet;
    std::size_t at;
  };
  for (const Row& row :
       {Row{"identification", tcp, 5}, Row{"TCP's sequence number", tcp, 20 + 7},
        Row{"TCP's acknowledgment", tcp, 20 + 11}, Row{"TCP's flags", tcp, 20 + 13},
        Row{"UDP's checksum", udp, 20 + 7}, Row{"ICMP's checksum", icmp, 20 + 3},
        Row{"ICMP's identifier", icmp, 20 + 5}, Row{"ICMP's sequence number", icmp, 20 + 7},
        Row{"SCTP's tag", sctp, 20 + 7}, Row{"SCTP's chunk", sctp, 20 + 12},
        Row{"SCTP's transmission number", sctp, 20 + 19}, Row{"another protocol", other, 20 + 7},
        Row{"IPv6's flow label", tcp6, 3}, Row{"TCP in IPv6", tcp6, 40 + 7}}) {
    EXPECT_NE(changed(row.packet, row.at), print(row.packet)) << row.sentence;
  }
  EXPECT_NE(print(four().tcp(1, 2, ACK).payload(30)), print(four().tcp(1, 2, ACK).payload(31)));
  EXPECT_NE(print(six().fragment_header(0, true, 5).udp(1, 2).payload(24)),
            print(six().fragment_header(0, true, 6).udp(1, 2).payload(24)));
  EXPECT_NE(print(four().fragment(32, true).protocol(17).payload(24)),
            print(four().fragment(64, true).protocol(17).payload(24)));
}

TEST(DecodeFingerprint, AllowsForWhatMiddleboxesRewrite) {
  const auto tcp = four().tcp(1, 2, SYN).tcp_options(octets({2, 4, 5, 0xb4}));
  EXPECT_EQ(changed(tcp, 20 + 15), print(tcp)) << "window";
  EXPECT_EQ(changed(tcp, 20 + 17), print(tcp)) << "checksum";
  EXPECT_EQ(changed(tcp, 20 + 23), print(tcp)) << "the segment size in the options";
}

TEST(DecodeFingerprint, CollidesNoMoreOftenThanChanceWould) {
  std::set<std::uint32_t> seen;
  constexpr unsigned many = 20'000;  // of 2^32: chance makes 0.05 equal pairs
  for (unsigned i = 0; i < many; ++i) {
    seen.insert(print(four().identification(i % 200 + 1).tcp(1, 2, ACK).seq(i / 200 * 1460)));
  }
  EXPECT_GE(seen.size(), many - 2);
}

TEST(DecodeFingerprint, IsThePacketsOwnWithAnIdentification) {
  EXPECT_TRUE(four().tcp(1, 2).packet().identified);
  EXPECT_FALSE(four().identification(0).tcp(1, 2).packet().identified);
  EXPECT_FALSE(six().tcp(1, 2).packet().identified);
  EXPECT_TRUE(four().identification(0).gre().ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).packet().identified)
      << "the kit's inner datagram has one";
}

TEST(DecodeFragments, SayWhichPartTheyAre) {
  struct Row {
    const char* sentence;
    PacketBuilder built;
    std::uint32_t id;
    std::uint16_t offset;
    std::uint16_t bytes;
    bool first;
    bool more;
  };
  const std::vector<Row> table{
      {"first", four().fragment(0, true).udp(1, 2).payload(16), 7, 0, 24, true, true},
      {"middle", four().fragment(1480, true).protocol(17).payload(1480), 7, 1480, 1480, false, true},
      {"last", four().fragment(65528, false).protocol(17).payload(7), 7, 65528, 7, false, false},
      {"with options", four().ip_options(Octets(8)).fragment(8, true).protocol(6).payload(8), 7, 8, 8, false,
       true},
      {"padded", four().fragment(8, false).protocol(6).payload(3).padded(), 7, 8, 3, false, false},
      {"cut", four().fragment(8, true).protocol(6).payload(800).cut(40), 7, 8, 800, false, true},
      {"IPv6, first", six().fragment_header(0, true, 0xa1b2c3d4).destination_options().udp(1, 2).payload(8),
       0xa1b2c3d4, 0, 24, true, true},
      {"IPv6, last", six().hop_by_hop().fragment_header(1448, false, 5).protocol(17).payload(9), 5, 1448, 9,
       false, false},
  };
  for (const Row& row : table) {
    const Packet packet = row.built.packet();
    EXPECT_TRUE(packet.fragment) << row.sentence;
    EXPECT_EQ(packet.fragment_id, row.id) << row.sentence;
    EXPECT_EQ(packet.fragment_offset, row.offset) << row.sentence;
    EXPECT_EQ(packet.fragment_bytes, row.bytes) << row.sentence;
    EXPECT_EQ(packet.fragment_first, row.first) << row.sentence;
    EXPECT_EQ(packet.fragment_more, row.more) << row.sentence;
  }
  for (const PacketBuilder& whole : {four().udp(1, 2), six().fragment_header(0, false, 9).udp(1, 2)}) {
    const Packet packet = whole.packet();
    EXPECT_FALSE(packet.fragment || packet.fragment_first || packet.fragment_more);
    EXPECT_EQ(packet.fragment_id, 0U);
    EXPECT_EQ(packet.fragment_bytes, 0);
  }
}

}  // namespace
}  // namespace sekimori::capture
