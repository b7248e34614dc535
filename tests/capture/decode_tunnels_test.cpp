// Tunnels, as tables: a sentence, a built frame, the packets that it must become, outermost first.
#include <gtest/gtest.h>

#include <string>

#include "capture/decode/decode.hpp"
#include "tests/capture/decode_kit.hpp"

namespace sekimori::capture {
namespace {

using namespace sekimori::test::tunnels;

TEST(DecodeTunnels, OpensIpInIpInAllFourForms) {
  const std::string six_in = "41 192.0.2.1 > 192.0.2.2 payload 51";
  check({
      {"4 in 4", in4(four()), proto(4, 31) + inner4("ipip")},
      {"6 in 4", in6(four()), six_in + inner6("ipip")},
      {"4 in 6", in4(six()), "4 2001:db8::1 > 2001:db8::2 payload 31" + inner4("ipip")},
      {"6 in 6, behind options", in6(six().destination_options()),
       "41 2001:db8::1 > 2001:db8::2 payload 51" + inner6("ipip")},
      {"not what the protocol says", four().protocol(4).payload(bare6()),
       proto(4, 51) + " holds ipip: bad_ip_version"},
      {"nothing", four().protocol(41), "41 192.0.2.1 > 192.0.2.2 holds ipip: truncated_ip"},
      {"a datagram longer than its carrier", in4(four()).total_length(400),
       proto(4, 31) + " holds ipip: bad_ip_total_length"},
      {"a sender that is a group", four().ipv4("224.0.0.1", "10.2.0.9").udp(1, 2),
       proto(4, 28) + " holds ipip: bad_ip_source"},
  });
}

TEST(DecodeTunnels, OpensGre) {
  const auto gre = [](std::initializer_list<unsigned> header) { return four().header(octets(header), 47); };
  check({
      {"IPv4", in4(four().gre()), proto(47, 35) + inner4("gre")},
      {"IPv6", in6(four().gre()), proto(47, 55) + inner6("gre")},
      {"over IPv6", in4(six().gre()), "47 2001:db8::1 > 2001:db8::2 payload 35" + inner4("gre")},
      {"all optional fields", in4(four().gre({.checksum = true, .key = 7, .sequence = 9})),
       proto(47, 47) + inner4("gre")},
      {"with routes of old", in4(gre({0x40, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0})),
       proto(47, 51) + inner4("gre")},
      {"bridged Ethernet", in4(four().gre().frame().vlan(20)), proto(47, 53) + inner4("gre", " vlan 20")},
      {"NVGRE", in6(four().gre({.key = 0x123400}).frame()), proto(47, 73) + inner6("gre")},
      {"labels", in4(four().gre().mpls({16, 17})), proto(47, 43) + inner4("gre")},
      {"PPP", in4(four().gre().ethertype(0x880b).header(octets({0xff, 3, 0, 0x21}))),
       proto(47, 39) + inner4("gre")},
      {"a redirected request to a cache", in4(four().gre().ethertype(0x883e)), proto(47, 35) + inner4("gre")},
      {"... with the redirect header", in4(four().gre().ethertype(0x883e).header(octets({0, 0, 0, 1}))),
       proto(47, 39) + inner4("gre")},
      {"... cut", gre({0, 0, 0x88, 0x3e, 0}), proto(47, 5) + " holds gre: truncated_link"},
      {"... with nothing", gre({0, 0, 0x88, 0x3e}), proto(47, 4) + " holds gre: truncated_ip"},
      {"a frame of an access point",
       in4(four()
               .gre()
               .ethertype(0x8200)
               .header(plus({0x08, 2}, Octets(22)))
               .header(octets({0xaa, 0xaa, 3, 0, 0, 0, 8, 0}))),
       proto(47, 67) + inner4("gre")},
      {"PPTP with sequence and acknowledgment",
       in4(gre({0x30, 0x81, 0x88, 0x0b, 0, 35, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xff, 3, 0, 0x21})),
       proto(47, 51) + inner4("gre")},
      {"PPTP with everything compressed", in6(gre({0x30, 0x01, 0x88, 0x0b, 0, 52, 0, 1, 0, 0, 0, 1, 0x57})),
       proto(47, 64) + inner6("gre")},
      {"PPTP's acknowledgment alone", gre({0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 1, 0, 0, 0, 1}),
       proto(47, 12) + " holds gre: tunnel_control"},
      {"PPP's own words", gre({0x30, 0x01, 0x88, 0x0b, 0, 4, 0, 1, 0, 0, 0, 1, 0xc0, 0x21, 1, 1}),
       proto(47, 16) + " holds gre: ppp_control"},
      {"PPTP longer than its carrier", gre({0x30, 0x01, 0x88, 0x0b, 0, 9, 0, 1, 0, 0, 0, 1, 0x21}),
       proto(47, 13) + " holds gre: bad_link_header"},
      {"PPTP without a key", gre({0x10, 0x01, 0x88, 0x0b, 0, 9, 0, 1}),
       proto(47, 8) + " holds gre: tunnel_other"},
      {"half a PPTP header", gre({0x30, 0x01, 0x88, 0x0b, 0, 9}),
       proto(47, 6) + " holds gre: truncated_link"},
      {"PPTP without its sequence number", gre({0x30, 0x01, 0x88, 0x0b, 0, 9, 0, 1, 0}),
       proto(47, 9) + " holds gre: truncated_link"},
      {"a version that does not exist", gre({0, 2, 8, 0}), proto(47, 4) + " holds gre: tunnel_other"},
      {"a keepalive", gre({0, 0, 0, 0}), proto(47, 4) + " holds gre: tunnel_control"},
      {"a length where the protocol should be", gre({0, 0, 0, 9}), proto(47, 4) + " holds gre: tunnel_other"},
      {"ARP", four().gre().ethertype(0x0806).payload(28), proto(47, 32) + " holds gre: arp"},
      {"half a header", gre({0, 0}), proto(47, 2) + " holds gre: truncated_link"},
      {"without the key that it announces", gre({0x20, 0, 8, 0}),
       proto(47, 4) + " holds gre: truncated_link"},
      {"routes without an end", gre({0x40, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 0}),
       proto(47, 12) + " holds gre: truncated_link"},
      {"a route longer than the packet", gre({0x40, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 9}),
       proto(47, 12) + " holds gre: bad_link_header"},
      {"more routes than are looked at",
       four().header(octets({0x40, 0, 8, 0, 0, 0, 0, 0}), 47).payload(Octets(36, std::byte{1})).payload([] {
         Octets all;
         for (int i = 0; i < 9; ++i) {
           for (const std::byte byte : octets({8, 0, 0, 0})) all.push_back(byte);
         }
         return all;
       }()),
       proto(47, 44) + " holds gre: tunnel_other"},
  });
}

TEST(DecodeTunnels, OpensMirroredTraffic) {
  const auto erspan3 = [](std::initializer_list<unsigned> last_octets) {
    Octets header = octets({0x20, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0});
    for (const std::byte byte : octets(last_octets)) header.push_back(byte);
    return four().gre({.sequence = 1}).ethertype(0x22eb).header(header);
  };
  check({
      {"type I", in4(four().erspan(1).frame()), proto(47, 49) + inner4("erspan")},
      {"type II names the VLAN", in4(four().erspan(2, 20).frame()),
       proto(47, 61) + inner4("erspan", " vlan 20")},
      {"... which the frame itself knows better", in4(four().erspan(2, 20).frame().vlan(30)),
       proto(47, 65) + inner4("erspan", " vlan 30")},
      {"... or which is none", in4(four().erspan(2, 0).frame()), proto(47, 61) + inner4("erspan")},
      {"type III", in6(four().erspan(3, 20).frame()), proto(47, 85) + inner6("erspan", " vlan 20")},
      {"type III with a platform header", in4(erspan3({0, 1, 0, 0, 0, 0, 0, 0, 0, 0}).frame()),
       proto(47, 73) + inner4("erspan", " vlan 10")},
      {"type III with IP alone", in4(erspan3({0x08, 0})), proto(47, 51) + inner4("erspan")},
      {"type III with a frame of another kind", in4(erspan3({0x0c, 0})),
       proto(47, 51) + " holds erspan: tunnel_other"},
      {"type III without its platform header", erspan3({0, 1}),
       proto(47, 20) + " holds erspan: truncated_link"},
      {"half a header of type III", four().erspan(3).cut(14 + 20 + 8 + 5),
       proto(47, 20) + " holds erspan: truncated_link"},
      {"type III of another version", four().gre({.sequence = 1}).ethertype(0x22eb).payload(Octets(40)),
       proto(47, 48) + " holds erspan: tunnel_other"},
      {"half a header of type II", four().gre({.sequence = 1}).ethertype(0x88be).payload(7),
       proto(47, 15) + " holds erspan: truncated_link"},
      {"type II of another version", four().gre({.sequence = 1}).ethertype(0x88be).payload(Octets(40)),
       proto(47, 48) + " holds erspan: tunnel_other"},
      {"a mirrored frame that is no conversation", four().erspan(2, 20).frame().ethertype(0x88cc).payload(40),
       proto(47, 70) + " holds erspan: lldp"},
      {"TZSP", in4(udp_to(37008).header(octets({1, 0, 0, 1, 1})).frame()), port(37008, 50) + inner4("tzsp")},
      {"TZSP with tags", in4(udp_to(37008).header(octets({1, 1, 0, 1, 0, 10, 2, 9, 9, 1})).frame()),
       port(37008, 55) + inner4("tzsp")},
      {"TZSP from the air",
       in4(udp_to(37008)
               .header(octets({1, 0, 0, 18, 1}))
               .header(plus({0x08, 2}, Octets(22)))
               .header(octets({0xaa, 0xaa, 3, 0, 0, 0, 8, 0}))),
       port(37008, 68) + inner4("tzsp")},
      {"TZSP of another link", udp_to(37008).header(octets({1, 0, 0, 119, 1})).payload(9),
       port(37008, 14) + " holds tzsp: tunnel_other"},
      {"TZSP's keepalive", udp_to(37008).payload(octets({1, 4, 0, 0})),
       port(37008, 4) + " holds tzsp: tunnel_control"},
      {"TZSP without an end tag", udp_to(37008).payload(octets({1, 0, 0, 1})),
       port(37008, 4) + " holds tzsp: truncated_link"},
      {"... with half a tag", udp_to(37008).payload(octets({1, 0, 0, 1, 10})),
       port(37008, 5) + " holds tzsp: truncated_link"},
      {"... with a tag longer than the datagram", udp_to(37008).payload(octets({1, 0, 0, 1, 10, 9})),
       port(37008, 6) + " holds tzsp: bad_link_header"},
      {"... with more tags than are looked at", udp_to(37008).payload(plus({1, 0, 0, 1}, Octets(30))),
       port(37008, 34) + " holds tzsp: tunnel_other"},
      {"not TZSP at all", udp_to(37008).payload("hello"), port(37008, 5)},
      {"too short for TZSP", udp_to(37008).payload(3), port(37008, 3)},
  });
}

TEST(DecodeTunnels, OpensOverlays) {
  check({
      {"VXLAN", in4(udp_to(4789).vxlan(7).frame().vlan(20)), port(4789, 57) + inner4("vxlan", " vlan 20")},
      {"VXLAN over IPv6", in6(six().udp(9, 4789).vxlan(7).frame()),
       "udp [2001:db8::1]:9 > [2001:db8::2]:4789 payload 73" + inner6("vxlan")},
      {"with a group policy", in4(udp_to(4789).vxlan(7, 0x88).frame()), port(4789, 53) + inner4("vxlan")},
      {"with bits nobody registered, but plainly a frame", in4(udp_to(4789).vxlan(7, 0x19).frame()),
       port(4789, 53) + inner4("vxlan")},
      {"... and not plainly one", udp_to(4789).vxlan(7, 0x19).payload(60), port(4789, 68)},
      {"naming its content: IPv4", in4(udp_to(4789).header(octets({12, 0, 0, 1, 0, 0, 7, 0}))),
       port(4789, 39) + inner4("vxlan")},
      {"... IPv6", in6(udp_to(4789).header(octets({12, 0, 0, 2, 0, 0, 7, 0}))),
       port(4789, 59) + inner6("vxlan")},
      {"... Ethernet", in4(udp_to(4789).header(octets({12, 0, 0, 3, 0, 0, 7, 0})).frame()),
       port(4789, 53) + inner4("vxlan")},
      {"... a service header",
       in4(udp_to(4789).header(octets({12, 0, 0, 4, 0, 0, 7, 0})).header(octets({0, 2, 2, 1, 0, 0, 1, 255}))),
       port(4789, 47) + inner4("vxlan")},
      {"... labels", in4(udp_to(4789).header(octets({12, 0, 0, 5, 0, 0, 7, 0})).mpls({3})),
       port(4789, 43) + inner4("vxlan")},
      {"... something else", in4(udp_to(4789).header(octets({12, 0, 0, 9, 0, 0, 7, 0}))),
       port(4789, 39) + " holds vxlan: tunnel_other"},
      {"ARP", udp_to(4789).vxlan(7).frame().ethertype(0x0806).payload(28),
       port(4789, 50) + " holds vxlan: arp"},
      {"only a port", udp_to(4789).payload(Octets(80)), port(4789, 80)},
      {"only a port, and short", udp_to(4789).payload(octets({8, 0, 0})), port(4789, 3)},
      {"an answer comes from elsewhere: the source port says nothing",
       in4(four().udp(4789, 9).vxlan(7).frame()), "udp 192.0.2.1:4789 > 192.0.2.2:9 payload 53"},
      {"Geneve", in4(udp_to(6081).geneve(7).frame()), port(6081, 53) + inner4("geneve")},
      {"Geneve with options and IPv6", in6(udp_to(6081).geneve(7, Octets(252))),
       port(6081, 311) + inner6("geneve")},
      {"Geneve's own messages",
       udp_to(6081).header(octets({0, 0x80, 0x65, 0x58, 0, 0, 7, 0})).payload(octets({1})),
       port(6081, 9) + " holds geneve: tunnel_control"},
      {"Geneve with options beyond the datagram", udp_to(6081).payload(octets({63, 0, 8, 0, 0, 0, 7, 0})),
       port(6081, 8)},
      {"not Geneve", udp_to(6081).payload(octets({0x40, 0, 8, 0, 0, 0, 7, 0})), port(6081, 8)},
      {"too short for Geneve", udp_to(6081).payload(7), port(6081, 7)},
      {"labels in UDP", in4(udp_to(6635).mpls({16, 17})), port(6635, 39) + inner4("mpls")},
      {"a pseudowire in UDP", in6(udp_to(6635).mpls({16}).header(Octets(4)).frame()),
       port(6635, 73) + inner6("mpls")},
      {"no labels in UDP", udp_to(6635).payload("nothing of the kind"), port(6635, 19)},
      {"labels in IP", in4(four().protocol(137).mpls({16})), proto(137, 35) + inner4("mpls")},
      {"labels in IP above something else", four().protocol(137).payload(octets({0, 0, 1, 64, 9})),
       proto(137, 5) + " holds mpls: mpls"},
      {"Ethernet in IP", in4(four().header(octets({0x30, 0}), 97).frame()),
       proto(97, 47) + inner4("etherip")},
      {"... of another version", four().header(octets({0x40, 0}), 97),
       proto(97, 2) + " holds etherip: tunnel_other"},
      {"... without a header", four().protocol(97).payload(1),
       proto(97, 1) + " holds etherip: truncated_link"},
  });
}

TEST(DecodeTunnels, OpensTeredo) {
  const Octets origin = octets({0, 0, 0x63, 0xbf, 1, 2, 3, 4});
  const Octets authentication = octets({0, 1, 2, 3, 1, 2, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  check({
      {"bare", in6(udp_to(3544)), port(3544, 51) + inner6("teredo")},
      {"the answer", in6(four().udp(3544, 40000)),
       "udp 192.0.2.1:3544 > 192.0.2.2:40000 payload 51" + inner6("teredo")},
      {"with an origin", in6(udp_to(3544).header(origin)), port(3544, 59) + inner6("teredo")},
      {"with authentication and origin", in6(udp_to(3544).header(authentication).header(origin)),
       port(3544, 77) + inner6("teredo")},
      {"a bubble", udp_to(3544).ipv6("fe80::1", "fe80::2"),
       port(3544, 40) + " carries teredo / 59 fe80::1 > fe80::2 in teredo"},
      {"not Teredo", udp_to(3544).payload(60), port(3544, 60)},
      {"authentication beyond the datagram", udp_to(3544).payload(octets({0, 1, 9, 9, 0})), port(3544, 5)},
      {"too short", udp_to(3544).payload(octets({0x60})), port(3544, 1)},
  });
}

TEST(DecodeTunnels, OpensGtp) {
  const auto extended = [](std::initializer_list<unsigned> rest) {
    return udp_to(2152).gtp_u(5, 255, 0x34, octets(rest));
  };
  check({
      {"IPv4", in4(udp_to(2152).gtp_u(5)), port(2152, 39) + inner4("gtp_u")},
      {"IPv6 with a sequence number", in6(udp_to(2152).gtp_u(5, 255, 0x32, octets({0, 1, 0, 0}))),
       port(2152, 63) + inner6("gtp_u")},
      {"the next type counts only with its flag",
       in4(udp_to(2152).gtp_u(5, 255, 0x32, octets({0, 1, 0, 0x85}))), port(2152, 43) + inner4("gtp_u")},
      {"extension headers", in4(extended({0, 0, 0, 0x85, 1, 0, 9, 0x40, 2, 1, 2, 3, 4, 5, 6, 0})),
       port(2152, 55) + inner4("gtp_u")},
      {"Ethernet", in4(udp_to(2152).gtp_u(5).frame()), port(2152, 53) + inner4("gtp_u")},
      {"something else", udp_to(2152).gtp_u(5).payload(40), port(2152, 48) + " holds gtp_u: tunnel_other"},
      {"nothing", udp_to(2152).gtp_u(5), port(2152, 8) + " holds gtp_u: tunnel_other"},
      {"an echo", udp_to(2152).gtp_u(0, 1, 0x32, octets({0, 1, 0, 0})),
       port(2152, 12) + " holds gtp_u: tunnel_control"},
      {"the end of a tunnel", udp_to(2152).gtp_u(5, 254), port(2152, 8) + " holds gtp_u: tunnel_control"},
      {"a message that does not exist", udp_to(2152).gtp_u(5, 77), port(2152, 8)},
      {"charging's GTP'", in4(udp_to(2152).gtp_u(5, 255, 0x20)), port(2152, 39)},
      {"a length beyond the datagram", udp_to(2152).payload(octets({0x30, 255, 0, 1, 0, 0, 0, 5})),
       port(2152, 8)},
      {"too short", udp_to(2152).payload(7), port(2152, 7)},
      {"without the fields that it announces", udp_to(2152).gtp_u(5, 255, 0x34),
       port(2152, 8) + " holds gtp_u: truncated_link"},
      {"an extension header of no length", extended({0, 0, 0, 0x85, 0, 0, 0, 0}),
       port(2152, 16) + " holds gtp_u: bad_link_header"},
      {"an extension header that is not there", extended({0, 0, 0, 0x85}),
       port(2152, 12) + " holds gtp_u: truncated_link"},
      {"more extension headers than are looked at",
       udp_to(2152).gtp_u(5, 255, 0x34,
                          [] {
                            Octets all = octets({0, 0, 0, 0x85});
                            for (int i = 0; i < 9; ++i) {
                              for (const std::byte byte : octets({1, 0, 0, 0x85})) all.push_back(byte);
                            }
                            return all;
                          }()),
       port(2152, 48) + " holds gtp_u: tunnel_other"},
  });
}

TEST(DecodeTunnels, OpensL2tp) {
  const auto l2tp = [](std::initializer_list<unsigned> header) {
    return udp_to(1701).header(octets(header));
  };
  const auto over_ip = [](const Octets& header) { return four().header(header, 115); };
  const Octets session = octets({0, 0, 0, 9});
  const auto cookie = [&](std::size_t size) {
    Octets header = session;
    header.resize(4 + size, std::byte{0xc7});
    return header;
  };
  check({
      {"data", in4(l2tp({0, 2, 0, 1, 0, 1, 0xff, 3, 0, 0x21})), port(1701, 41) + inner4("l2tp")},
      {"length, sequence and offset",
       in6(l2tp({0x4a, 2, 0, 69, 0, 1, 0, 1, 0, 0, 0, 0, 0, 2, 9, 9, 0, 0x57})),
       port(1701, 69) + inner6("l2tp")},
      {"the answer", in4(four().udp(1701, 40000).header(octets({0, 2, 0, 1, 0, 1, 0, 0x21}))),
       "udp 192.0.2.1:1701 > 192.0.2.2:40000 payload 39" + inner4("l2tp")},
      {"control", l2tp({0xc8, 2, 0, 12, 0, 1, 0, 0, 0, 0, 0, 0}),
       port(1701, 12) + " holds l2tp: tunnel_control"},
      {"control without a length", l2tp({0x88, 2, 0, 12}), port(1701, 4)},
      {"PPP's own words", l2tp({0, 2, 0, 1, 0, 1, 0xc0, 0x21}).payload(9),
       port(1701, 17) + " holds l2tp: ppp_control"},
      {"reserved bits", l2tp({0x10, 2, 0, 1, 0, 1, 0, 0x21}), port(1701, 8)},
      {"a length beyond the datagram", l2tp({0x40, 2, 0, 99, 0, 1, 0, 1}), port(1701, 8)},
      {"an offset beyond the datagram", l2tp({2, 2, 0, 1, 0, 1, 0, 99}), port(1701, 8)},
      {"another version", l2tp({0, 1, 0, 1, 0, 1}), port(1701, 6)},
      {"nothing", udp_to(1701), port(1701, 0).substr(0, port(1701, 0).find(" payload"))},
      {"without a session", l2tp({0, 2, 0, 1}), port(1701, 4) + " holds l2tp: truncated_link"},
      {"without its length", l2tp({0x40, 2}), port(1701, 2) + " holds l2tp: truncated_link"},
      {"without its sequence numbers", l2tp({8, 2, 0, 1, 0, 1}),
       port(1701, 6) + " holds l2tp: truncated_link"},
      {"without its offset", l2tp({2, 2, 0, 1, 0, 1}), port(1701, 6) + " holds l2tp: truncated_link"},
      {"version 3 over IP", in4(over_ip(session).frame()), proto(115, 49) + inner4("l2tp")},
      {"... with a cookie of four", in6(over_ip(cookie(4)).frame()), proto(115, 73) + inner6("l2tp")},
      {"... with a cookie of eight and a sublayer", in4(over_ip(cookie(12)).frame()),
       proto(115, 61) + inner4("l2tp")},
      {"... with PPP", in4(over_ip(cookie(4)).header(octets({0xff, 3, 0, 0x21}))),
       proto(115, 43) + inner4("l2tp")},
      {"... with IP", in6(over_ip(cookie(8))), proto(115, 63) + inner6("l2tp")},
      {"... with nothing that is plain", over_ip(session).payload(60),
       proto(115, 64) + " holds l2tp: tunnel_other"},
      {"... with nothing", over_ip(session), proto(115, 4) + " holds l2tp: tunnel_other"},
      {"... control", over_ip(Octets(4)).payload(12), proto(115, 16) + " holds l2tp: tunnel_control"},
      {"... cut", over_ip(octets({0, 0})), proto(115, 2) + " holds l2tp: truncated_link"},
      {"... over UDP", in4(l2tp({0, 3, 0, 0, 0, 0, 0, 9}).frame()), port(1701, 53) + inner4("l2tp")},
      {"... its control", l2tp({0xc8, 3, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0}),
       port(1701, 12) + " holds l2tp: tunnel_control"},
      {"... control without a length", l2tp({0x88, 3, 0, 12}), port(1701, 4)},
      {"... reserved bits", l2tp({2, 3, 0, 0, 0, 0, 0, 9}), port(1701, 8)},
      {"... reserved octets", l2tp({0, 3, 0, 1, 0, 0, 0, 9}), port(1701, 8)},
      {"... too short", l2tp({0, 3, 0, 0}), port(1701, 4)},
  });
}

TEST(DecodeTunnels, OpensCapwap) {
  const auto capwap = [](std::initializer_list<unsigned> header) {
    return udp_to(5247).header(octets(header));
  };
  const auto wifi = [&](unsigned first, unsigned second) {
    return capwap({0, 0x10, 3, 0, 0, 0, 0, 0})
        .header(plus({first, second}, Octets(22)))
        .header(octets({0xaa, 0xaa, 3, 0, 0, 0, 8, 0}));
  };
  check({
      {"a bridged frame", in4(capwap({0, 0x10, 2, 0, 0, 0, 0, 0}).frame()),
       port(5247, 53) + inner4("capwap")},
      {"a frame of the air", in4(wifi(0x08, 2)), port(5247, 71) + inner4("capwap")},
      {"... its octets the other way round", in4(wifi(1, 0x08)), port(5247, 71) + inner4("capwap")},
      {"... encrypted on the air", in4(wifi(0x08, 0x42)), port(5247, 71) + " holds capwap: wifi_encrypted"},
      {"the answer", in4(four().udp(5247, 40000).header(octets({0, 0x10, 2, 0, 0, 0, 0, 0})).frame()),
       "udp 192.0.2.1:5247 > 192.0.2.2:40000 payload 53" + inner4("capwap")},
      {"a longer header, with the radio's address",
       in4(capwap({0, 0x20, 2, 0x10, 0, 0, 0, 0, 6, 2, 0, 0, 0, 0, 9, 0}).frame()),
       port(5247, 61) + inner4("capwap")},
      {"the first of two fragments",
       in4(capwap({0, 0x10, 2, 0x80, 0, 7, 0, 0}).frame()).cut(14 + 28 + 8 + 42),
       port(5247, 53) + inner4("capwap")},
      {"... whose datagram goes on in the second",
       capwap({0, 0x10, 2, 0x80, 0, 7, 0, 0})
           .frame()
           .ipv4("10.1.0.5", "10.2.0.9")
           .total_length(1400)
           .udp(1, 2)
           .udp_length(1380),
       port(5247, 50) + " carries capwap / udp 10.1.0.5:1 > 10.2.0.9:2 payload 1372 in capwap"},
      {"the second fragment", capwap({0, 0x10, 2, 0xc0, 0, 7, 0, 0x80}).payload(40),
       port(5247, 48) + " holds capwap: tunnel_other"},
      {"a keepalive", capwap({0, 0x10, 2, 8, 0, 0, 0, 0}).payload(22),
       port(5247, 30) + " holds capwap: tunnel_control"},
      {"encrypted", capwap({1, 0, 0, 0, 23, 0xfe, 0xfd}).payload(40),
       port(5247, 47) + " holds capwap: tunnel_encrypted"},
      {"not encrypted but strange", capwap({1, 0, 0, 0, 99, 0xfe, 0xfd}).payload(40), port(5247, 47)},
      {"encrypted and too short", capwap({1, 0, 0}), port(5247, 3)},
      {"another radio's frame", capwap({0, 0x10, 7, 0, 0, 0, 0, 0}).payload(40),
       port(5247, 48) + " holds capwap: tunnel_other"},
      {"a header longer than the datagram", capwap({0, 0xf8, 2, 0, 0, 0, 0, 0}), port(5247, 8)},
      {"a header shorter than itself", capwap({0, 8, 2, 0, 0, 0, 0, 0}).payload(40), port(5247, 48)},
      {"not CAPWAP", udp_to(5247).payload(Octets(60, std::byte{0x20})), port(5247, 60)},
      {"too short", udp_to(5247).payload(7), port(5247, 7)},
  });
}

TEST(DecodeTunnels, LooksBehindSecurityThatHidesNothing) {
  const Octets udp = octets({0, 1, 0, 2, 0, 11, 0, 0, 1, 2, 3});
  Octets tcp = octets({0, 1, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0});
  const Octets echo = octets({8, 0, 0, 0, 0, 1, 0, 1});
  const std::string opaque = " holds esp: tunnel_encrypted";
  Octets lying = udp;
  lying[5] = std::byte{12};
  check({
      {"authenticated transport", four().authentication().tcp(1, 2, SYN),
       "tcp 192.0.2.1:1 > 192.0.2.2:2 SYN"},
      {"authenticated GRE", in4(four().authentication().gre()), proto(47, 35) + inner4("gre")},
      {"authenticated IPv4", in4(four().authentication()), proto(51, 55) + inner4("ah")},
      {"authenticated IPv6", in6(four().authentication()), proto(51, 75) + inner6("ah")},
      {"in IPv6 one more extension header", in4(six().authentication()),
       "4 2001:db8::1 > 2001:db8::2 payload 31" + inner4("ipip")},
      {"authenticated and encrypted", four().authentication().protocol(50).payload(60),
       proto(51, 84) + " holds ah: tunnel_encrypted"},
      {"authenticated and compressed", four().authentication().protocol(108).payload(60),
       proto(51, 84) + " holds ah: tunnel_other"},
      {"authentication inside authentication", four().authentication().authentication().tcp(1, 2),
       proto(51, 68) + " holds ah: tunnel_other"},
      {"half a header", four().protocol(51).payload(11), proto(51, 11) + " malformed"},
      {"... cut", four().authentication().tcp(1, 2).cut(14 + 20 + 11), proto(51, 44) + " cut"},
      {"a header beyond the datagram",
       four().protocol(51).payload(octets({6, 9, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1})),
       proto(51, 12) + " malformed"},
      {"a header that is too short", four().protocol(51).payload(plus({6, 0}, Octets(30))),
       proto(51, 32) + " malformed"},
      {"ESP without encryption: UDP", four().esp_null(17, udp), "udp 192.0.2.1:1 > 192.0.2.2:2 payload 3"},
      {"... TCP", four().esp_null(6, tcp), "tcp 192.0.2.1:1 > 192.0.2.2:2 SYN"},
      {"... an echo", four().esp_null(1, echo), "icmp 192.0.2.1:8 > 192.0.2.2:0"},
      {"... IPv4", four().esp_null(4, bare4()), proto(50, 56) + inner4("esp")},
      {"... IPv6 over IPv6, a longer check value", six().esp_null(41, bare6(), 16),
       "50 2001:db8::1 > 2001:db8::2 payload 80" + inner6("esp")},
      {"... no check value", four().esp_null(17, udp, 0), "udp 192.0.2.1:1 > 192.0.2.2:2 payload 3"},
      {"... 24 octets of it", four().esp_null(17, udp, 24), "udp 192.0.2.1:1 > 192.0.2.2:2 payload 3"},
      {"... 32 octets of it", four().esp_null(17, udp, 32), "udp 192.0.2.1:1 > 192.0.2.2:2 payload 3"},
      {"an echo of IPv4 inside IPv6 is none", six().esp_null(1, echo),
       "50 2001:db8::1 > 2001:db8::2 payload 32" + opaque},
      {"encrypted", four().header(Octets(8), 50).payload(61), proto(50, 69) + opaque},
      {"a trailer above something that does not agree with it", four().esp_null(17, lying),
       proto(50, 36) + opaque},
      {"... above half a header", four().esp_null(6, udp), proto(50, 36) + opaque},
      {"... above half a datagram", four().esp_null(17, octets({0, 1})), proto(50, 24) + opaque},
      {"... above a protocol without a shape", four().esp_null(89, udp), proto(50, 36) + opaque},
      {"the trailer was not captured", four().esp_null(17, udp).cut(60), proto(50, 36) + opaque},
      {"a fragment has no trailer", four().fragment(0, true).esp_null(17, udp),
       proto(50, 36) + " first fragment" + opaque},
      {"nothing", four().protocol(50), "50 192.0.2.1 > 192.0.2.2" + opaque},
  });
}

}  // namespace
}  // namespace sekimori::capture
