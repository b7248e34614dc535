// IP and what it carries, as tables: a sentence, a built frame, what decoding must make of it.
#include "capture/decode/decode.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/kit/describe.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::capture {
namespace {

using namespace sekimori::kit;

struct Case {
  const char* sentence;
  PacketBuilder built;
  const char* expected;
};

void check(const std::vector<Case>& table) {
  for (const Case& row : table) EXPECT_EQ(describe(row.built), row.expected) << row.sentence;
}

PacketBuilder four() {
  return ethernet().ipv4("10.1.0.5", "10.2.0.9");
}
PacketBuilder six() {
  return ethernet().ipv6("2001:db8::5", "2001:db8::9");
}

TEST(Decode, FillsEveryFieldOfATcpPacket) {
  const Time noon = Time(std::chrono::hours(12)) + std::chrono::nanoseconds(7);
  const Packet packet = ethernet("02:00:00:00:00:0a", "02:00:00:00:00:0b")
                            .vlan(300, 0x88a8)
                            .vlan(20)
                            .ipv4("10.1.0.5", "10.2.0.9")
                            .ttl(63)
                            .tcp(51000, 502, SYN | ACK)
                            .seq(0x01020304, 0xa1a2a3a4)
                            .tcp_options(octets({2, 4, 5, 0xb4}))
                            .payload(100)
                            .packet({.time = noon, .number = 41, .tap = 3});
  EXPECT_EQ(packet.tuple.source, *IpAddress::parse("10.1.0.5"));
  EXPECT_EQ(packet.tuple.destination, *IpAddress::parse("10.2.0.9"));
  EXPECT_EQ(packet.tuple.source_port, 51000);
  EXPECT_EQ(packet.tuple.destination_port, 502);
  EXPECT_EQ(packet.tuple.protocol, protocol::tcp);
  EXPECT_FALSE(packet.quotes);
  EXPECT_EQ(packet.time, noon);
  EXPECT_EQ(packet.number, 41U);
  EXPECT_EQ(packet.tap, 3);
  EXPECT_EQ(packet.wire_bytes, 14U + 8 + 20 + 24 + 100);
  EXPECT_EQ(packet.payload_bytes, 100U);
  EXPECT_EQ(packet.tcp_sequence, 0x01020304U);
  EXPECT_EQ(packet.tcp_acknowledgment, 0xa1a2a3a4U);
  EXPECT_EQ(packet.tcp_flags, SYN | ACK);
  EXPECT_EQ(packet.vlan_count, 2);
  EXPECT_EQ(packet.vlans, (std::array<std::uint16_t, 2>{300, 20}));
  EXPECT_EQ(packet.ttl, 63);
  EXPECT_TRUE(packet.ports_known);
  EXPECT_FALSE(packet.fragment || packet.fragment_first || packet.cut || packet.malformed);
  EXPECT_EQ(packet.source_mac, *MacAddress::parse("02:00:00:00:00:0a"));
  EXPECT_EQ(packet.destination_mac, *MacAddress::parse("02:00:00:00:00:0b"));
}

TEST(Decode, LeavesNothingOfThePacketThatWasThereBefore) {
  Packet packet = six().icmpv6(1, 4).quoting(six().tcp(1, 2)).packet();
  const BuiltFrame plain = four().protocol(89).build();
  ASSERT_EQ(decode(plain.frame(), packet), Reason::none);
  EXPECT_EQ(describe(packet), "89 10.1.0.5 > 10.2.0.9");
  EXPECT_EQ(packet.icmp_type, 0);
}

TEST(Decode, ReadsTransportHeaders) {
  check({
      {"TCP with flags and payload", four().tcp(51000, 502, SYN).payload(100),
       "tcp 10.1.0.5:51000 > 10.2.0.9:502 SYN payload 100"},
      {"TCP options are not payload", four().tcp(1, 2, ACK).tcp_options(Octets(40)).payload(3),
       "tcp 10.1.0.5:1 > 10.2.0.9:2 ACK payload 3"},
      {"TCP over IPv6", six().ttl(1).tcp(1, 65535, FIN | ACK),
       "tcp [2001:db8::5]:1 > [2001:db8::9]:65535 FIN+ACK ttl 1"},
      {"UDP", four().udp(5353, 53).payload(30), "udp 10.1.0.5:5353 > 10.2.0.9:53 payload 30"},
      {"an empty UDP datagram", six().udp(5, 6), "udp [2001:db8::5]:5 > [2001:db8::9]:6"},
      {"UDP with octets behind its own length", four().udp(5, 6).payload(12).udp_length(8 + 4),
       "udp 10.1.0.5:5 > 10.2.0.9:6 payload 4"},
      {"SCTP", four().sctp(2905, 36412).payload(16), "sctp 10.1.0.5:2905 > 10.2.0.9:36412 payload 16"},
      {"a protocol without ports", four().protocol(89).payload(24), "89 10.1.0.5 > 10.2.0.9 payload 24"},
      {"ICMPv6's number inside IPv4 is just a number", four().protocol(58).payload(8),
       "icmpv6 10.1.0.5 > 10.2.0.9 payload 8"},
      {"ICMP's number inside IPv6 is just a number", six().protocol(1).payload(8),
       "icmp 2001:db8::5 > 2001:db8::9 payload 8"},
      {"IPv4 options are stepped over", four().ip_options(Octets(40)).udp(7, 9).payload(1),
       "udp 10.1.0.5:7 > 10.2.0.9:9 payload 1"},
  });
}

TEST(Decode, PairsIcmpRequestsWithTheirReplies) {
  check({
      {"echo", four().icmp(8).payload(56), "icmp 10.1.0.5:8 > 10.2.0.9:0 payload 56"},
      {"echo reply", four().icmp(0).payload(56), "icmp 10.1.0.5:0 > 10.2.0.9:8 payload 56"},
      {"timestamp", four().icmp(13), "icmp 10.1.0.5:13 > 10.2.0.9:14"},
      {"timestamp reply", four().icmp(14), "icmp 10.1.0.5:14 > 10.2.0.9:13"},
      {"information", four().icmp(15), "icmp 10.1.0.5:15 > 10.2.0.9:16"},
      {"information reply", four().icmp(16), "icmp 10.1.0.5:16 > 10.2.0.9:15"},
      {"address mask", four().icmp(17), "icmp 10.1.0.5:17 > 10.2.0.9:18"},
      {"address mask reply", four().icmp(18), "icmp 10.1.0.5:18 > 10.2.0.9:17"},
      {"router solicitation", four().icmp(10), "icmp 10.1.0.5:10 > 10.2.0.9:9"},
      {"router advertisement", four().icmp(9), "icmp 10.1.0.5:9 > 10.2.0.9:10"},
      {"without counterpart: type and code", four().icmp(40, 5), "icmp 10.1.0.5:40 > 10.2.0.9:5"},
      {"echo, version 6", six().icmpv6(128), "icmpv6 [2001:db8::5]:128 > [2001:db8::9]:129"},
      {"echo reply, version 6", six().icmpv6(129), "icmpv6 [2001:db8::5]:129 > [2001:db8::9]:128"},
      {"listener query", six().icmpv6(130), "icmpv6 [2001:db8::5]:130 > [2001:db8::9]:131"},
      {"listener report", six().icmpv6(131), "icmpv6 [2001:db8::5]:131 > [2001:db8::9]:130"},
      {"router solicitation, version 6", six().icmpv6(133), "icmpv6 [2001:db8::5]:133 > [2001:db8::9]:134"},
      {"router advertisement, version 6", six().icmpv6(134), "icmpv6 [2001:db8::5]:134 > [2001:db8::9]:133"},
      {"neighbor solicitation", six().icmpv6(135), "icmpv6 [2001:db8::5]:135 > [2001:db8::9]:136"},
      {"neighbor advertisement", six().icmpv6(136), "icmpv6 [2001:db8::5]:136 > [2001:db8::9]:135"},
      {"node information query", six().icmpv6(139), "icmpv6 [2001:db8::5]:139 > [2001:db8::9]:140"},
      {"node information reply", six().icmpv6(140), "icmpv6 [2001:db8::5]:140 > [2001:db8::9]:139"},
      {"home agent discovery", six().icmpv6(144), "icmpv6 [2001:db8::5]:144 > [2001:db8::9]:145"},
      {"home agent discovery reply", six().icmpv6(145), "icmpv6 [2001:db8::5]:145 > [2001:db8::9]:144"},
      {"without counterpart, version 6", six().icmpv6(143, 2), "icmpv6 [2001:db8::5]:143 > [2001:db8::9]:2"},
  });
  const Packet raw = four().icmp(3, 13).packet();
  EXPECT_EQ(raw.icmp_type, 3);
  EXPECT_EQ(raw.icmp_code, 13);
}

TEST(Decode, SaysWhichPacketAnIcmpErrorReports) {
  const auto back4 = ethernet().ipv4("10.2.0.1", "10.1.0.5");
  const auto back6 = ethernet().ipv6("2001:db8::1", "2001:db8::5");
  check({
      {"port unreachable about UDP", back4.icmp(3, 3).quoting(four().udp(5353, 53).payload(99)),
       "icmp 10.2.0.1:3 > 10.1.0.5:3 payload 127 quotes udp 10.1.0.5:5353 > 10.2.0.9:53"},
      {"eight octets of TCP are enough", back4.icmp(3, 13).quoting(four().tcp(51000, 502, SYN), 28),
       "icmp 10.2.0.1:3 > 10.1.0.5:13 payload 28 quotes tcp 10.1.0.5:51000 > 10.2.0.9:502"},
      {"source quench", back4.icmp(4).quoting(four().udp(1, 2)),
       "icmp 10.2.0.1:4 > 10.1.0.5:0 payload 28 quotes udp 10.1.0.5:1 > 10.2.0.9:2"},
      {"redirect", back4.icmp(5, 1).quoting(four().udp(1, 2)),
       "icmp 10.2.0.1:5 > 10.1.0.5:1 payload 28 quotes udp 10.1.0.5:1 > 10.2.0.9:2"},
      {"time exceeded", back4.icmp(11).quoting(four().ttl(1).sctp(1, 2)),
       "icmp 10.2.0.1:11 > 10.1.0.5:0 payload 32 quotes sctp 10.1.0.5:1 > 10.2.0.9:2"},
      {"parameter problem", back4.icmp(12).quoting(four().ip_options(Octets(4)).udp(1, 2)),
       "icmp 10.2.0.1:12 > 10.1.0.5:0 payload 32 quotes udp 10.1.0.5:1 > 10.2.0.9:2"},
      {"about an echo: its own mapping", back4.icmp(3, 1).quoting(four().icmp(8)),
       "icmp 10.2.0.1:3 > 10.1.0.5:1 payload 28 quotes icmp 10.1.0.5:8 > 10.2.0.9:0"},
      {"about a protocol without ports", back4.icmp(3, 2).quoting(four().protocol(50).payload(8)),
       "icmp 10.2.0.1:3 > 10.1.0.5:2 payload 28 quotes 50 10.1.0.5:0 > 10.2.0.9:0"},
      {"about a later fragment: no ports in it",
       back4.icmp(11, 1).quoting(four().fragment(1480, false).protocol(17).payload(8)),
       "icmp 10.2.0.1:11 > 10.1.0.5:1 payload 28 quotes udp 10.1.0.5:0 > 10.2.0.9:0"},
      {"a quote cut before the ports names no flow", back4.icmp(3, 3).quoting(four().udp(1, 2), 23),
       "icmp 10.2.0.1:3 > 10.1.0.5:3 payload 23"},
      {"a quote cut inside the addresses", back4.icmp(3, 3).quoting(four().udp(1, 2), 19),
       "icmp 10.2.0.1:3 > 10.1.0.5:3 payload 19"},
      {"a quote of another version", back4.icmp(3, 3).quoting(six().udp(1, 2)),
       "icmp 10.2.0.1:3 > 10.1.0.5:3 payload 48"},
      {"an echo's data is no quote", four().icmp(8).quoting(four().udp(1, 2)),
       "icmp 10.1.0.5:8 > 10.2.0.9:0 payload 28"},
      {"no route, version 6", back6.icmpv6(1).quoting(six().tcp(51000, 443, SYN)),
       "icmpv6 [2001:db8::1]:1 > [2001:db8::5]:0 payload 60 quotes tcp [2001:db8::5]:51000 > "
       "[2001:db8::9]:443"},
      {"packet too big", back6.icmpv6(2).quoting(six().udp(1, 2)),
       "icmpv6 [2001:db8::1]:2 > [2001:db8::5]:0 payload 48 quotes udp [2001:db8::5]:1 > [2001:db8::9]:2"},
      {"hop limit exceeded", back6.icmpv6(3).quoting(six().icmpv6(128)),
       "icmpv6 [2001:db8::1]:3 > [2001:db8::5]:0 payload 48 quotes icmpv6 [2001:db8::5]:128 > "
       "[2001:db8::9]:129"},
      {"parameter problem behind extension headers",
       back6.icmpv6(4, 1).quoting(six().hop_by_hop().fragment_header(0, true).udp(1, 2)),
       "icmpv6 [2001:db8::1]:4 > [2001:db8::5]:1 payload 64 quotes udp [2001:db8::5]:1 > [2001:db8::9]:2"},
      {"a quote cut inside its extension headers",
       back6.icmpv6(1).quoting(six().hop_by_hop(64).udp(1, 2), 60),
       "icmpv6 [2001:db8::1]:1 > [2001:db8::5]:0 payload 60"},
  });
}

TEST(Decode, FollowsExtensionHeadersOfIpv6) {
  check({
      {"hop-by-hop options", six().hop_by_hop().icmpv6(143), "icmpv6 [2001:db8::5]:143 > [2001:db8::9]:0"},
      {"hop-by-hop, routing, destination options",
       six().hop_by_hop(16).routing(24).destination_options(8).tcp(1, 2, SYN).payload(5),
       "tcp [2001:db8::5]:1 > [2001:db8::9]:2 SYN payload 5"},
      {"the authentication header hides nothing", six().authentication().udp(1, 2).payload(9),
       "udp [2001:db8::5]:1 > [2001:db8::9]:2 payload 9"},
      {"mobility is the message itself", six().mobility(16), "135 2001:db8::5 > 2001:db8::9"},
      {"no next header", six().destination_options(), "59 2001:db8::5 > 2001:db8::9"},
      {"nothing at all", six(), "59 2001:db8::5 > 2001:db8::9"},
      {"encryption ends the chain", six().hop_by_hop().protocol(50).payload(40),
       "50 2001:db8::5 > 2001:db8::9 payload 40 holds esp: tunnel_encrypted"},
      {"an atomic fragment is a whole datagram", six().fragment_header(0, false).udp(1, 2),
       "udp [2001:db8::5]:1 > [2001:db8::9]:2"},
  });
  PacketBuilder many = six();
  for (int i = 0; i < 16; ++i) many = many.destination_options();
  check({{"sixteen extension headers", many.udp(1, 2), "udp [2001:db8::5]:1 > [2001:db8::9]:2"},
         {"one more: still between two hosts", many.destination_options().udp(1, 2),
          "60 2001:db8::5 > 2001:db8::9 payload 16 malformed"}});
}

TEST(Decode, KnowsFragments) {
  check({
      {"the first fragment has the ports", four().fragment(0, true).udp(2049, 700).payload(1472),
       "udp 10.1.0.5:2049 > 10.2.0.9:700 payload 1472 first fragment"},
      {"a middle one does not", four().fragment(1480, true).protocol(17).payload(1480),
       "udp 10.1.0.5 > 10.2.0.9 payload 1480 fragment"},
      {"nor does the last", four().fragment(2960, false).protocol(6).payload(8),
       "tcp 10.1.0.5 > 10.2.0.9 payload 8 fragment"},
      {"a first fragment's UDP length is the whole datagram's",
       four().fragment(0, true).udp(1, 2).udp_length(4000).payload(16),
       "udp 10.1.0.5:1 > 10.2.0.9:2 payload 16 first fragment"},
      {"a first fragment too small for TCP's header", four().fragment(0, true).protocol(6).payload(16),
       "tcp 10.1.0.5 > 10.2.0.9 first fragment malformed"},
      {"TCP's options may go on in the second fragment",
       four().fragment(0, true).tcp(1, 2, SYN).header_length(10),
       "tcp 10.1.0.5:1 > 10.2.0.9:2 SYN first fragment"},
      {"IPv6, first", six().fragment_header(0, true).udp(1, 2).payload(1000),
       "udp [2001:db8::5]:1 > [2001:db8::9]:2 payload 1000 first fragment"},
      {"IPv6, later", six().fragment_header(1448, false).protocol(17).payload(100),
       "udp 2001:db8::5 > 2001:db8::9 payload 100 fragment"},
      {"IPv6, later, behind other headers",
       six().hop_by_hop().fragment_header(8, true).protocol(6).payload(8),
       "tcp 2001:db8::5 > 2001:db8::9 payload 8 fragment"},
      {"IPv6, a first fragment that hides the rest of its headers",
       six().fragment_header(0, true).protocol(60), "60 2001:db8::5 > 2001:db8::9 first fragment malformed"},
  });
}

TEST(Decode, TakesLengthsFromTheHeadersAndNotFromTheFrame) {
  check({
      {"Ethernet's padding is no payload", four().tcp(1, 2, ACK).padded(), "tcp 10.1.0.5:1 > 10.2.0.9:2 ACK"},
      {"nor is it UDP's", four().udp(1, 2).payload(3).padded(), "udp 10.1.0.5:1 > 10.2.0.9:2 payload 3"},
      {"nor that of IPv6", six().udp(1, 2).payload(3).padded(90),
       "udp [2001:db8::5]:1 > [2001:db8::9]:2 payload 3"},
      {"the capture kept only the headers", four().tcp(1, 2, ACK).payload(1000).cut(54),
       "tcp 10.1.0.5:1 > 10.2.0.9:2 ACK payload 1000"},
      {"a card that cuts segments itself leaves the length empty",
       four().total_length(0).tcp(1, 2, ACK).payload(8000), "tcp 10.1.0.5:1 > 10.2.0.9:2 ACK payload 8000"},
      {"likewise in IPv6", six().total_length(0).tcp(1, 2, ACK).payload(8000),
       "tcp [2001:db8::5]:1 > [2001:db8::9]:2 ACK payload 8000"},
      {"... cut by the capture", four().total_length(0).tcp(1, 2, ACK).payload(8000).cut(96),
       "tcp 10.1.0.5:1 > 10.2.0.9:2 ACK payload 8000"},
      {"a jumbogram", six().total_length(0).hop_by_hop().udp(1, 2).udp_length(0).payload(70000),
       "udp [2001:db8::5]:1 > [2001:db8::9]:2 payload 70000"},
      {"a small frame has no such excuse", four().total_length(0).tcp(1, 2), "bad_ip_total_length"},
      {"more than the frame can hold", four().total_length(49).udp(1, 2).payload(20), "bad_ip_total_length"},
      {"... but for the padding", four().total_length(46).udp(1, 2).payload(10).padded(),
       "udp 10.1.0.5:1 > 10.2.0.9:2 payload 10"},
      {"less than its own header", four().total_length(19).udp(1, 2), "bad_ip_total_length"},
      {"less than its header with options", four().ip_options(Octets(8)).total_length(24).udp(1, 2),
       "bad_ip_total_length"},
      {"IPv6 with more than the frame can hold", six().total_length(9).udp(1, 2), "bad_ip_total_length"},
  });
}

TEST(Decode, MakesAFlowOfWhatHasAddressesEvenIfThePortsAreNotToBeHad) {
  const auto tcp = four().tcp(51000, 502, SYN).payload(100);
  const auto chain = six().hop_by_hop(64).udp(1, 2);
  check({
      {"cut right behind IP", tcp.cut(34), "tcp 10.1.0.5 > 10.2.0.9 cut"},
      {"cut inside the ports", tcp.cut(37), "tcp 10.1.0.5 > 10.2.0.9 cut"},
      {"cut behind the ports", tcp.cut(38), "tcp 10.1.0.5:51000 > 10.2.0.9:502 cut"},
      {"cut before the flags", tcp.cut(47), "tcp 10.1.0.5:51000 > 10.2.0.9:502 cut"},
      {"cut behind the flags", tcp.cut(48), "tcp 10.1.0.5:51000 > 10.2.0.9:502 SYN payload 100 cut"},
      {"UDP cut behind the ports", four().udp(1, 2).payload(9).cut(38),
       "udp 10.1.0.5:1 > 10.2.0.9:2 payload 9 cut"},
      {"SCTP cut behind the ports", four().sctp(1, 2).payload(9).cut(38),
       "sctp 10.1.0.5:1 > 10.2.0.9:2 payload 9 cut"},
      {"ICMP cut behind type and code", four().icmp(8).payload(9).cut(36),
       "icmp 10.1.0.5:8 > 10.2.0.9:0 payload 9 cut"},
      {"ICMP cut before the code", four().icmp(8).payload(9).cut(35), "icmp 10.1.0.5 > 10.2.0.9 cut"},
      {"cut inside IPv4's options", four().ip_options(Octets(40)).udp(1, 2).cut(40),
       "udp 10.1.0.5 > 10.2.0.9 cut"},
      {"cut inside an extension header", chain.cut(58), "0 2001:db8::5 > 2001:db8::9 payload 72 cut"},
      {"cut behind the addresses of IPv6", six().udp(1, 2).cut(54), "udp 2001:db8::5 > 2001:db8::9 cut"},
      {"a datagram too short for TCP", four().protocol(6).payload(19), "tcp 10.1.0.5 > 10.2.0.9 malformed"},
      {"a datagram too short for UDP", four().protocol(17).payload(7), "udp 10.1.0.5 > 10.2.0.9 malformed"},
      {"a datagram too short for SCTP", four().protocol(132).payload(11),
       "sctp 10.1.0.5 > 10.2.0.9 malformed"},
      {"a datagram too short for ICMP", four().protocol(1).payload(1), "icmp 10.1.0.5 > 10.2.0.9 malformed"},
      {"ICMP with no more than type and code", four().protocol(1).payload(octets({8, 0})),
       "icmp 10.1.0.5:8 > 10.2.0.9:0 malformed"},
      {"TCP's header length below the least: flags are not believed", four().tcp(1, 2, RST).header_length(4),
       "tcp 10.1.0.5:1 > 10.2.0.9:2 malformed"},
      {"... beyond the datagram", four().tcp(1, 2, RST).header_length(6),
       "tcp 10.1.0.5:1 > 10.2.0.9:2 malformed"},
      {"UDP's length below the least", four().udp(1, 2).payload(4).udp_length(7),
       "udp 10.1.0.5:1 > 10.2.0.9:2 payload 4 malformed"},
      {"... beyond the datagram", four().udp(1, 2).payload(4).udp_length(13),
       "udp 10.1.0.5:1 > 10.2.0.9:2 payload 4 malformed"},
      {"... none", four().udp(1, 2).payload(4).udp_length(0),
       "udp 10.1.0.5:1 > 10.2.0.9:2 payload 4 malformed"},
  });
}

TEST(Decode, RefusesWhatIsNoIpHeader) {
  check({
      {"nothing behind the ethertype", ethernet().ethertype(0x0800), "truncated_ip"},
      {"cut inside IPv4's header", four().udp(1, 2).cut(33), "truncated_ip"},
      {"cut inside IPv6's header", six().udp(1, 2).cut(53), "truncated_ip"},
      {"version 6 under IPv4's ethertype", four().version(6).udp(1, 2), "bad_ip_version"},
      {"version 4 under IPv6's ethertype", six().version(4).udp(1, 2), "bad_ip_version"},
      {"a header shorter than the least", four().header_length(4).udp(1, 2), "bad_ip_header_length"},
      {"a header longer than the datagram", four().header_length(8).udp(1, 2), "bad_ip_total_length"},
      {"extension headers beyond the datagram", six().hop_by_hop(16).total_length(8), "truncated_extension"},
      {"an extension header that does not begin", six().protocol(60).payload(7), "truncated_extension"},
      {"a multicast source", ethernet().ipv4("224.0.0.5", "10.2.0.9").udp(1, 2), "bad_ip_source"},
      {"a broadcast source", ethernet().ipv4("255.255.255.255", "10.2.0.9").udp(1, 2), "bad_ip_source"},
      {"a multicast source of IPv6", ethernet().ipv6("ff02::1", "2001:db8::9").udp(1, 2), "bad_ip_source"},
  });
  check({{"a source that looks for its address", ethernet().ipv4("0.0.0.0", "255.255.255.255").udp(68, 67),
          "udp 0.0.0.0:68 > 255.255.255.255:67"},
         {"a multicast destination", ethernet().ipv4("10.1.0.5", "224.0.0.251").udp(5353, 5353),
          "udp 10.1.0.5:5353 > 224.0.0.251:5353"}});
}

TEST(Decode, ReadsTheIdentifierOfIcmpQueries) {
  const auto v4 = ethernet().ipv4("10.1.0.5", "10.2.0.9");
  const auto v6 = ethernet().ipv6("fd10::5", "fd10::9");
  for (const unsigned type : {0U, 8U, 13U, 14U, 17U}) {
    EXPECT_EQ(v4.icmp(type, 0, 0xabcd0001).packet().icmp_id, 0xabcd) << type;
  }
  EXPECT_EQ(v6.icmpv6(128, 0, 0x12340001).packet().icmp_id, 0x1234);
  EXPECT_EQ(v6.icmpv6(135, 0, 0x12340001).packet().icmp_id, 0) << "neighbour solicitation has none";
  EXPECT_EQ(v4.icmp(10, 0, 0x12340001).packet().icmp_id, 0) << "nor has router solicitation";
  const Packet error =
      v4.icmp(3, 1).quoting(ethernet().ipv4("10.2.0.9", "10.1.0.5").icmp(8, 0, 0x77770001)).packet();
  EXPECT_EQ(error.icmp_id, 0x7777) << "of the quoted one";
  const Packet brief =
      v4.icmp(3, 1).quoting(ethernet().ipv4("10.2.0.9", "10.1.0.5").icmp(8, 0, 0x77770001), 24).packet();
  EXPECT_FALSE(brief.quotes) << "too short to say whose it is";
}

}  // namespace
}  // namespace sekimori::capture
