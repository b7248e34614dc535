// The decoder's short way for usual frames: taken for them, left for all others, and in agreement with the
// layers wherever it is taken.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include "capture/decode/decode.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::capture {
namespace {

using namespace sekimori::kit;

const Decoder& decoder() {
  static const Decoder made;
  return made;
}

bool taken(const PacketBuilder& builder) {
  const BuiltFrame built = builder.build();
  const Frame frame = built.frame();
  Packet brief;
  if (!decoder().usual(frame, brief)) return false;
  std::array<Packet, packets_most> packets;
  const Decoder::Result result = decoder().by_layers(frame, packets);
  EXPECT_EQ(result.reason, Reason::none);
  EXPECT_EQ(result.count, 1);
  EXPECT_EQ(std::memcmp(&brief, packets.data(), offsetof(Packet, quoted)), 0) << "the layers say otherwise";
  return true;
}

PacketBuilder four() {
  return ethernet().ipv4("10.30.1.5", "10.30.2.9");
}
PacketBuilder six() {
  return ethernet().ipv6("fd10:30::5", "fd10:30::9");
}

TEST(UsualFrames, AreTakenAndReadAsTheLayersReadThem) {
  for (const PacketBuilder& base : {four(), six(), four().ttl(1), four().identification(0),
                                    ethernet().vlan(130).ipv4("10.30.1.5", "198.51.100.7"),
                                    ethernet().vlan(10, 0x88a8).vlan(4094).ipv6("fd10:30::5", "ff02::1")}) {
    for (const unsigned flags : std::vector<unsigned>{SYN, SYN | ACK, ACK, PSH | ACK, FIN | ACK, RST, 0}) {
      EXPECT_TRUE(
          taken(base.tcp(51000, 443, flags).seq(0xfffffff0, 7).payload((flags & SYN) != 0 ? 0 : 1200)));
      EXPECT_TRUE(taken(base.tcp(51000, 443, flags).tcp_options(octets({2, 4, 5, 0xb4}))));
    }
    EXPECT_TRUE(taken(base.udp(5353, 53).payload(0)));
    EXPECT_TRUE(taken(base.udp(5353, 53).payload(900)));
    EXPECT_TRUE(taken(base.udp(5353, 53).payload(3).padded()));
    EXPECT_TRUE(taken(base.tcp(51000, 443).payload(1000).cut(100))) << "the headers were captured";
  }
}

TEST(UsualFrames, LeaveToTheLayersWhatIsNotUsual) {
  const std::vector<std::pair<const char*, PacketBuilder>> others{
      {"a tag without a VLAN", ethernet().vlan(0).ipv4("10.30.1.5", "10.30.2.9").tcp(1, 2)},
      {"three tags", ethernet().vlan(1).vlan(2).vlan(3).ipv4("10.30.1.5", "10.30.2.9").tcp(1, 2)},
      {"IPv4 options", four().ip_options(octets({1, 1, 1, 1})).tcp(1, 2)},
      {"a first fragment", four().fragment(0, true).udp(1, 2).payload(64)},
      {"a later fragment", four().fragment(64, false).udp(1, 2).payload(64)},
      {"a length beyond the frame", four().total_length(4000).tcp(1, 2)},
      {"a length too short for the header", four().total_length(30).tcp(1, 2)},
      {"a broadcast source", ethernet().ipv4("255.255.255.255", "10.30.2.9").udp(68, 67)},
      {"a multicast source", ethernet().ipv6("ff02::5", "fd10:30::9").udp(1, 2)},
      {"ICMP", four().icmp(8)},
      {"ICMPv6", six().icmpv6(128)},
      {"SCTP", four().sctp(1, 2)},
      {"an extension header", six().hop_by_hop().tcp(1, 2)},
      {"a TCP header that claims more than there is", four().tcp(1, 2).header_length(15)},
      {"a TCP header too short", four().tcp(1, 2).header_length(4)},
      {"a UDP length beyond the datagram", four().udp(1, 2).udp_length(400).payload(8)},
      {"a UDP length too short", four().udp(1, 2).udp_length(7).payload(8)},
      {"a cut TCP header", four().tcp(1, 2).cut(14 + 20 + 19)},
      {"a cut IP header", four().tcp(1, 2).cut(14 + 19)},
      {"a cut Ethernet header", four().tcp(1, 2).cut(13)},
      {"VXLAN", four().udp(40000, 4789).vxlan(7).frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2)},
      {"Teredo's answer", four().udp(3544, 40000).payload(60)},
      {"ARP", ethernet().arp_request("10.30.1.5", "10.30.2.9")},
  };
  for (const auto& [name, frame] : others) EXPECT_FALSE(taken(frame)) << name;
  BuiltFrame raw = four().tcp(1, 2).build();
  raw.link = 101;
  Packet packet;
  EXPECT_FALSE(decoder().usual(raw.frame(), packet)) << "another link than Ethernet";
}

TEST(UsualFrames, WithoutAChecksumShowTheirContent) {
  BuiltFrame built = four().udp(5000, 5001).payload(32).build();
  built.bytes[14 + 20 + 6] = built.bytes[14 + 20 + 7] = std::byte{0};
  Packet packet;
  EXPECT_FALSE(decoder().usual(built.frame(), packet)) << "the fingerprint is made of the content then";
}

TEST(UsualFrames, OfAnyLengthNeverDisagree) {
  // Each octet of a frame's headers set to each value, and the frame cut at each place.
  for (const PacketBuilder& base :
       {ethernet().vlan(130).ipv4("10.30.1.5", "10.30.2.9").tcp(443, 51000).payload(20),
        six().udp(53, 5353).payload(20)}) {
    const BuiltFrame whole = base.build();
    for (std::size_t at = 0; at < whole.bytes.size(); ++at) {
      for (unsigned value = 0; value < 256; value += at < 14 ? 51U : 1U) {
        BuiltFrame changed = whole;
        changed.bytes[at] = static_cast<std::byte>(value);
        Packet brief;
        std::array<Packet, packets_most> packets;
        if (!decoder().usual(changed.frame(), brief)) continue;
        const Decoder::Result result = decoder().by_layers(changed.frame(), packets);
        ASSERT_EQ(result.reason, Reason::none) << at << ' ' << value;
        ASSERT_EQ(result.count, 1) << at << ' ' << value;
        ASSERT_EQ(std::memcmp(&brief, packets.data(), offsetof(Packet, quoted)), 0) << at << ' ' << value;
      }
      taken(base.cut(at));
    }
  }
}

}  // namespace
}  // namespace sekimori::capture
