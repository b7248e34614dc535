// What the packets of one frame say of each other, and which of them are told at all.
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <string_view>

#include "capture/decode/decode.hpp"
#include "tests/capture/decode_kit.hpp"

namespace sekimori::capture {
namespace {

using namespace sekimori::test::tunnels;

TEST(DecodeTunnels, TellsForEachLayerWhereItStands) {
  const Time noon = Time(std::chrono::hours(12));
  const BuiltFrame frame = in4(ethernet("02:00:00:00:00:0a", "02:00:00:00:00:0b")
                                   .vlan(5)
                                   .ipv6("2001:db8::1", "2001:db8::2")
                                   .udp(9, 4789)
                                   .vxlan(7)
                                   .frame("02:00:00:00:00:0c", "02:00:00:00:00:0d")
                                   .vlan(6)
                                   .ipv4("192.0.2.1", "192.0.2.2")
                                   .gre())
                               .build();
  const Decoder decoder;
  std::array<Packet, packets_most> packets;
  for (Packet& packet : packets) packet = six().icmpv6(1).quoting(six().udp(1, 2)).packet();  // not blank
  unsigned headers = 0;
  const auto result = decoder.decode(frame.frame({.time = noon, .number = 41, .tap = 3}), packets, headers);
  ASSERT_EQ(result.reason, Reason::none);
  ASSERT_EQ(result.count, 3);
  EXPECT_FALSE(result.stripped);
  EXPECT_EQ(headers, 12U);  // Ethernet, tag, IP, UDP, VXLAN; Ethernet, tag, IP, what it carries, GRE; IP, UDP
  for (unsigned i = 0; i < 3; ++i) {
    const Packet& packet = packets.at(i);
    EXPECT_EQ(packet.depth, i);
    EXPECT_EQ(packet.carrier, i < 2);
    EXPECT_EQ(packet.unopened, 255);
    EXPECT_EQ(packet.time, noon);
    EXPECT_EQ(packet.number, 41U);
    EXPECT_EQ(packet.tap, 3);
    EXPECT_EQ(packet.wire_bytes, frame.wire_length);
    EXPECT_FALSE(packet.quotes);
    EXPECT_EQ(packet.icmp_type, 0);
  }
  EXPECT_EQ(packets[0].tunnel, Tunnel::vxlan);
  EXPECT_EQ(packets[0].source_mac.to_string(), "02:00:00:00:00:0a");
  EXPECT_EQ(packets[0].vlans[0], 5);
  EXPECT_EQ(packets[1].tunnel, Tunnel::gre);
  EXPECT_EQ(packets[1].inside, Tunnel::vxlan);
  EXPECT_EQ(packets[1].outer, packets[0].tuple);
  EXPECT_EQ(packets[1].source_mac.to_string(), "02:00:00:00:00:0c");
  EXPECT_EQ(packets[1].destination_mac.to_string(), "02:00:00:00:00:0d");
  EXPECT_EQ(packets[1].vlans[0], 6);
  EXPECT_EQ(packets[2].tunnel, Tunnel::none);
  EXPECT_EQ(packets[2].inside, Tunnel::gre);
  EXPECT_EQ(packets[2].outer, packets[1].tuple);
  EXPECT_TRUE(packets[2].source_mac.is_zero()) << "a tunnel of plain IP has no Ethernet header";
  EXPECT_EQ(packets[2].vlan_count, 0);
}

TEST(DecodeTunnels, StopsAtTheDepthLimit) {
  PacketBuilder nested = four();
  std::string expected = proto(4, 31 + 20 * 3);
  for (unsigned i = 1; i < tunnels_most; ++i) {
    nested = nested.ipv4("192.0.2.1", "192.0.2.2");
    expected += " carries ipip / " + proto(4, 31 + 20 * (3 - i)) + " in ipip";
  }
  check({{"as deep as may be", in4(nested), expected + inner4("ipip")}});
  const auto deeper = describe_layers(in4(nested.ipv4("192.0.2.1", "192.0.2.2")));
  EXPECT_NE(deeper.find("4 192.0.2.1 > 192.0.2.2 payload 31 in ipip holds ipip: tunnel_too_deep"),
            std::string::npos)
      << deeper;
  EXPECT_EQ(deeper.find("10.1.0.5"), std::string::npos) << deeper;
}

TEST(DecodeTunnels, KeepsTheCarrierWhereTheCaptureEndsBeforeTheInnerAddresses) {
  const auto vxlan = in4(udp_to(4789).vxlan(7).frame());  // 14 + 20 + 8 + 8 + 14 + 20 + 8 + 3
  check({
      {"inside the tunnel's header", vxlan.cut(45), port(4789, 53) + " holds vxlan: truncated_link"},
      {"inside the inner Ethernet header", vxlan.cut(60), port(4789, 53) + " holds vxlan: truncated_link"},
      {"inside the inner IP header", vxlan.cut(80), port(4789, 53) + " holds vxlan: truncated_ip"},
      {"behind the inner addresses", vxlan.cut(84),
       port(4789, 53) + " carries vxlan / udp 10.1.0.5 > 10.2.0.9 payload 3 cut in vxlan"},
      {"inside the outer ports", vxlan.cut(37), "udp 192.0.2.1 > 192.0.2.2 payload 53 cut"},
      {"inside the labels", in4(udp_to(6635).mpls({16, 17})).cut(44),
       port(6635, 39) + " holds mpls: truncated_link"},
      {"inside a Teredo header", in6(udp_to(3544)).cut(45), port(3544, 51) + " holds teredo: truncated_link"},
      {"inside a session of L2TP", in4(udp_to(1701).header(octets({0, 3, 0, 0, 0, 0, 0, 9})).frame()).cut(46),
       port(1701, 53) + " holds l2tp: truncated_link"},
      {"inside L2TP's first octets",
       in4(udp_to(1701).header(octets({0, 3, 0, 0, 0, 0, 0, 9})).frame()).cut(43),
       port(1701, 53) + " holds l2tp: truncated_link"},
      {"inside what L2TP hides", in4(four().header(octets({0, 0, 0, 9}), 115).frame()).cut(60),
       proto(115, 49) + " holds l2tp: truncated_link"},
      {"inside GTP's header", in4(udp_to(2152).gtp_u(5)).cut(49),
       port(2152, 39) + " holds gtp_u: truncated_link"},
      {"behind GTP's header", in4(udp_to(2152).gtp_u(5)).cut(50),
       port(2152, 39) + " holds gtp_u: truncated_ip"},
  });
}

TEST(DecodeTunnels, ReadsAFragmentedCarrierAsFarAsItsFirstFragmentGoes) {
  check({
      {"the first fragment shows the inner headers",
       four()
           .fragment(0, true)
           .gre()
           .ipv4("10.1.0.5", "10.2.0.9")
           .total_length(1000)
           .udp(1, 2)
           .udp_length(980),
       proto(47, 32) + " first fragment carries gre / udp 10.1.0.5:1 > 10.2.0.9:2 payload 972 in gre"},
      {"... or only some of them",
       four().fragment(0, true).gre().ipv4("10.1.0.5", "10.2.0.9").total_length(1000).protocol(17),
       proto(47, 24) + " first fragment carries gre / udp 10.1.0.5 > 10.2.0.9 payload 972 cut in gre"},
      {"a VXLAN frame in two",
       four()
           .fragment(0, true)
           .udp(40000, 4789)
           .udp_length(2000)
           .vxlan(7)
           .frame()
           .ipv4("10.1.0.5", "10.2.0.9")
           .total_length(1900)
           .udp(1, 2)
           .udp_length(1880),
       port(4789, 50) + " first fragment carries vxlan / udp 10.1.0.5:1 > 10.2.0.9:2 payload 1872 in vxlan"},
      {"a later fragment is a packet of the carrier alone",
       four().fragment(1480, false).protocol(47).payload(40), proto(47, 40) + " fragment"},
      {"of IPv6, too",
       six()
           .fragment_header(0, true)
           .ipv4("10.1.0.5", "10.2.0.9")
           .total_length(2000)
           .udp(1, 2)
           .udp_length(1980),
       "4 2001:db8::1 > 2001:db8::2 payload 28 first fragment carries ipip / udp 10.1.0.5:1 > 10.2.0.9:2 "
       "payload "
       "1972 in ipip"},
  });
}

TEST(DecodeTunnels, TakesOffTheTransportOfMirrorsThatEndHere) {
  DecodeOptions options;
  options.mirror_receivers = {*IpAddress::parse("192.0.2.2"), *IpAddress::parse("2001:db8::2")};
  const Decoder decoder(options);
  const auto layers = [&](const PacketBuilder& built) {
    const BuiltFrame frame = built.build();
    return describe_layers(decoder, frame.frame());
  };
  const std::string plain = "stripped / udp 10.1.0.5:1 > 10.2.0.9:2 payload 3";
  EXPECT_EQ(layers(in4(four().erspan(2, 20).frame())), plain + " vlan 20");
  EXPECT_EQ(layers(in4(ethernet().vlan(99).ipv4("192.0.2.1", "192.0.2.2").gre().frame())), plain)
      << "the transport's VLAN says nothing about the mirrored frame";
  EXPECT_EQ(layers(in4(udp_to(4789).vxlan(7).frame())), plain);
  EXPECT_EQ(layers(in4(udp_to(6081).geneve(7).frame())), plain);
  EXPECT_EQ(layers(in4(udp_to(37008).header(octets({1, 0, 0, 1, 1})).frame())), plain);
  EXPECT_EQ(layers(in6(six().udp(9, 4789).vxlan(7).frame())),
            "stripped / udp [fd00::5]:1 > [fd00::9]:2 payload 3");
  EXPECT_EQ(layers(in4(udp_to(4789).vxlan(7).frame().ipv4("192.0.2.1", "192.0.2.2").gre())),
            "stripped / " + proto(47, 35) + inner4("gre"))
      << "a tunnel inside the mirrored frame is judged, even to the same address";
  EXPECT_EQ(layers(udp_to(4789).vxlan(7).frame().ethertype(0x0806).payload(28)), "stripped / arp");
  EXPECT_EQ(layers(four().gre().ethertype(0).payload(8)), "stripped / tunnel_control");
  EXPECT_EQ(layers(in4(udp_to(4789).vxlan(7).frame()).cut(60)), "stripped / truncated_link");
  EXPECT_EQ(layers(in4(four())), proto(4, 31) + inner4("ipip")) << "no mirror's transport";
  EXPECT_EQ(layers(in4(ethernet().ipv4("192.0.2.1", "192.0.2.3").gre())),
            "47 192.0.2.1 > 192.0.2.3 payload 35" + inner4("gre"))
      << "ends elsewhere";
  EXPECT_EQ(layers(udp_to(4789).payload(Octets(60))), port(4789, 60)) << "somebody speaks to the sensor";

  PacketBuilder nested = four().gre();
  for (unsigned i = 0; i < tunnels_most; ++i) nested = nested.ipv4("192.0.2.1", "192.0.2.2");
  const std::string deep = layers(in4(nested));
  EXPECT_NE(deep.find(inner4("ipip")), std::string::npos) << "what was taken off counts no layer: " << deep;

  std::array<Packet, packets_most> packets;
  const BuiltFrame frame = in4(four().erspan(2, 20).frame("02:00:00:00:00:0c", "02:00:00:00:00:0d")).build();
  ASSERT_EQ(decoder.decode(frame.frame({.number = 7}), packets).count, 1);
  EXPECT_EQ(packets[0].depth, 0);
  EXPECT_EQ(packets[0].inside, Tunnel::none);
  EXPECT_FALSE(packets[0].carrier);
  EXPECT_EQ(packets[0].number, 7U);
  EXPECT_EQ(packets[0].wire_bytes, frame.wire_length);
  EXPECT_EQ(packets[0].source_mac.to_string(), "02:00:00:00:00:0c");
}

TEST(DecodeTunnels, ListensOnThePortsThatWereChosen) {
  DecodeOptions options;
  options.vxlan_ports = {8472};
  options.gtp_u_ports = {};
  const Decoder decoder(options);
  const auto layers = [&](const PacketBuilder& built) {
    const BuiltFrame frame = built.build();
    return describe_layers(decoder, frame.frame());
  };
  EXPECT_EQ(layers(in4(udp_to(8472).vxlan(7).frame())), port(8472, 53) + inner4("vxlan"));
  EXPECT_EQ(layers(in4(udp_to(4789).vxlan(7).frame())), port(4789, 53));
  EXPECT_EQ(layers(in4(udp_to(2152).gtp_u(5))), port(2152, 39));
  EXPECT_EQ(layers(in4(udp_to(4789).udp_length(7).vxlan(7).frame())), port(4789, 53) + " malformed");
}

TEST(DecodeTunnels, NamesEveryKind) {
  std::set<std::string_view> names;
  for (std::size_t i = 1; i < static_cast<std::size_t>(Tunnel::count_); ++i) {
    const std::string_view name = tunnel_name(static_cast<Tunnel>(i));
    EXPECT_FALSE(name.empty());
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(tunnel_name(Tunnel::none), "");
  EXPECT_EQ(tunnel_name(Tunnel::count_), "");
  EXPECT_EQ(tunnel_name(Tunnel::etherip), "etherip");
  EXPECT_EQ(tunnel_name(Tunnel::gtp_u), "gtp_u");
}

}  // namespace
}  // namespace sekimori::capture
