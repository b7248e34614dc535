// The kit is the ruler for the other tests, so it is held against octets written out by hand.
#include <gtest/gtest.h>

#include <iomanip>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "tests/kit/allocations.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::kit {
namespace {

std::string hex(const Octets& bytes) {
  std::ostringstream out;
  for (const std::byte byte : bytes)
    out << std::hex << std::setw(2) << std::setfill('0') << std::to_integer<int>(byte);
  return out.str();
}

unsigned ones_sum(const Octets& bytes, std::size_t from, std::size_t to, unsigned sum = 0) {
  for (std::size_t i = from; i < to; i += 2) {
    sum += std::to_integer<unsigned>(bytes[i]) << 8U;
    if (i + 1 < to) sum += std::to_integer<unsigned>(bytes[i + 1]);
  }
  while (sum > 0xffff) sum = (sum & 0xffffU) + (sum >> 16U);
  return sum;
}

TEST(PacketBuilder, WritesATaggedSynWithItsChecksums) {
  const auto syn =
      ethernet().vlan(20).ipv4("10.1.0.5", "10.2.0.9").ttl(63).tcp(51000, 502, SYN).payload("hi");
  EXPECT_EQ(hex(syn.bytes()),
            "020000000002"
            "020000000001"
            "8100"
            "0014"
            "0800"
            "4500002a"
            "00010000"
            "3f0667bd"
            "0a010005"
            "0a020009"
            "c73801f6"
            "00000001"
            "00000000"
            "5002ffff"
            "6a370000"
            "6869");
}

TEST(PacketBuilder, ChecksumsAddUp) {
  // With the checksum in place the one's complement sum over header, or pseudo header and datagram, is all
  // ones.
  const Octets v4 = ethernet()
                        .ipv4("192.0.2.1", "198.51.100.77")
                        .ip_options(octets({1, 1, 1, 0}))
                        .udp(53, 5353)
                        .payload(7)
                        .bytes();
  EXPECT_EQ(ones_sum(v4, 14, 38), 0xffffU);
  EXPECT_EQ(ones_sum(v4, 38, v4.size(), ones_sum(v4, 26, 34) + 17 + 15), 0xffffU);

  const Octets v6 =
      ethernet().ipv6("2001:db8::1", "2001:db8::2").hop_by_hop().tcp(1, 2, SYN | ACK).payload(33).bytes();
  EXPECT_EQ(ones_sum(v6, 62, v6.size(), ones_sum(v6, 22, 54) + 6 + 53), 0xffffU);

  const Octets ping6 = ethernet().ipv6("fe80::1", "fe80::2").icmpv6(128, 0, 0x00010002).payload(10).bytes();
  EXPECT_EQ(ones_sum(ping6, 54, ping6.size(), ones_sum(ping6, 22, 54) + 58 + 18), 0xffffU);

  const Octets ping = ethernet().ipv4("192.0.2.1", "192.0.2.2").icmp(8).payload(11).bytes();
  EXPECT_EQ(ones_sum(ping, 34, ping.size()), 0xffffU);
}

TEST(PacketBuilder, WritesSctpsChecksumAsCrc32c) {
  // CRC-32C of the datagram with its checksum field empty; worked out apart from this code.
  const Octets bytes = link(101).ipv4("192.0.2.1", "192.0.2.2").sctp(2905, 80).bytes();
  EXPECT_EQ(hex(bytes).substr(40),
            "0b590050"
            "00000001"
            "b377397f");
}

TEST(PacketBuilder, FillsInTheLengthsOfEveryLayer) {
  const Octets bytes = ethernet().pppoe(7).ipv6("2001:db8::1", "2001:db8::2").udp(1, 2).payload(5).bytes();
  EXPECT_EQ(hex(bytes).substr(24, 20),
            "8864"
            "11000007"
            "0037"
            "0057");  // 2 + 40 + 8 + 5
  EXPECT_EQ(hex(bytes).substr(44, 16),
            "60000000"
            "000d"
            "1140");
  EXPECT_EQ(hex(ethernet().stp().bytes()).substr(24, 12),
            "0026"
            "424203"
            "00");
  EXPECT_EQ(ethernet().stp().padded().bytes().size(), 60U);
  EXPECT_EQ(hex(ethernet().mpls({16, 17}).ipv4("192.0.2.1", "192.0.2.2").bytes()).substr(24, 20),
            "8847"
            "00010040"
            "00011140");
}

TEST(PacketBuilder, WritesArpAsRfc826) {
  EXPECT_EQ(
      hex(ethernet("02:00:00:00:00:0a", "ff:ff:ff:ff:ff:ff").arp_request("10.0.0.1", "10.0.0.2").bytes()),
      "ffffffffffff"
      "02000000000a"
      "0806"
      "0001080006040001"
      "02000000000a"
      "0a000001"
      "000000000000"
      "0a000002");
  EXPECT_EQ(hex(ethernet("02:00:00:00:00:0a", "02:00:00:00:00:0b").arp_reply("10.0.0.1", "10.0.0.2").bytes())
                .substr(40),
            "0002"
            "02000000000a"
            "0a000001"
            "02000000000b"
            "0a000002");
}

TEST(PacketBuilder, ChainsExtensionHeadersByTheirNumbers) {
  const Octets bytes = link(101)
                           .ipv6("2001:db8::1", "2001:db8::2")
                           .hop_by_hop()
                           .routing(24)
                           .fragment_header(1480, true, 9)
                           .destination_options(16)
                           .authentication()
                           .udp(1, 2)
                           .bytes();
  EXPECT_EQ(hex(bytes).substr(12, 2), "00");  // IPv6: hop-by-hop
  EXPECT_EQ(hex(bytes).substr(80, 16),
            "2b00"
            "010400000000");                    // then routing
  EXPECT_EQ(hex(bytes).substr(96, 4), "2c02");  // then fragment
  EXPECT_EQ(hex(bytes).substr(144, 16),
            "3c00"
            "05c9"
            "00000009");                         // then destination options
  EXPECT_EQ(hex(bytes).substr(160, 4), "3301");  // then authentication
  EXPECT_EQ(hex(bytes).substr(192, 4), "1104");  // then UDP
}

TEST(PacketBuilder, IsAValueThatTestsMayShare) {
  const auto start = ethernet().ipv4("192.0.2.1", "192.0.2.2");
  const auto udp = start.udp(1, 2).bytes();
  const auto tcp = start.ttl(1).tcp(1, 2).bytes();
  EXPECT_EQ(udp, start.udp(1, 2).bytes());
  EXPECT_EQ(std::to_integer<int>(tcp[22]), 1);
  EXPECT_EQ(std::to_integer<int>(udp[22]), 64);
}

TEST(PacketBuilder, LiesOnlyWhereAsked) {
  const auto whole = ethernet().ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).payload(4);
  EXPECT_EQ(hex(whole.total_length(9).bytes()).substr(32, 4), "0009");
  EXPECT_EQ(hex(whole.udp_length(3).bytes()).substr(76, 4), "0003");
  EXPECT_EQ(hex(whole.header_length(4).version(5).bytes()).substr(28, 2), "54");
  EXPECT_EQ(hex(whole.protocol(47).bytes()).substr(46, 2), "2f");
  const BuiltFrame frame = whole.cut(20).build();
  EXPECT_EQ(frame.bytes.size(), 20U);
  EXPECT_EQ(frame.wire_length, 46U);
}

TEST(PacketBuilder, QuotesTheOffendingPacketFromItsIpHeaderOn) {
  const auto offending = ethernet().vlan(9).ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).payload(100);
  const Octets error = link(101).ipv4("192.0.2.9", "192.0.2.1").icmp(3, 3).quoting(offending, 28).bytes();
  EXPECT_EQ(error.size(), 20U + 8 + 28);
  EXPECT_EQ(hex(error).substr(56), hex(offending.network_bytes()).substr(0, 56));
}

TEST(PacketBuilder, TellsItsAuthorWhatIsWrong) {
  EXPECT_THROW(ethernet().ipv4("10.0.0", "10.0.0.1"), std::invalid_argument);
  EXPECT_THROW(ethernet().ipv4("::1", "10.0.0.1"), std::invalid_argument);
  EXPECT_THROW(ethernet().ttl(3), std::invalid_argument);
  EXPECT_THROW(ethernet("02:00"), std::invalid_argument);
  EXPECT_THROW(ethernet().tcp(1, 2).bytes(), std::invalid_argument);
  EXPECT_THROW(ethernet().arp_request("10.0.0.1", "10.0.0.2").packet(), std::invalid_argument);
}

TEST(AllocationWatch, SeesAnAllocation) {
  const AllocationWatch watch;
  EXPECT_EQ(watch.count(), 0U);
  auto number = std::make_unique<int>(3);
  EXPECT_GT(watch.count(), 0U) << *number;
}

}  // namespace
}  // namespace sekimori::kit
