// What lies below IP, as tables: a sentence, a built frame, what decoding must make of it.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "capture/decode/decode.hpp"
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

constexpr const char* udp4 = "udp 10.1.0.5:1 > 10.2.0.9:2";
constexpr const char* udp6 = "udp [2001:db8::5]:1 > [2001:db8::9]:2";

PacketBuilder with_udp4(const PacketBuilder& start) {
  return start.ipv4("10.1.0.5", "10.2.0.9").udp(1, 2);
}
PacketBuilder with_udp6(const PacketBuilder& start) {
  return start.ipv6("2001:db8::5", "2001:db8::9").udp(1, 2);
}
PacketBuilder frame_of(unsigned ethertype) {
  return ethernet().ethertype(ethertype).payload(46);
}

PacketBuilder tagged(unsigned tags) {
  PacketBuilder built = ethernet();
  for (unsigned i = 1; i <= tags; ++i) built = built.vlan(i, i < tags ? 0x88a8 : 0x8100);
  return built;
}
// 802.1ah: the provider's frame with its VLAN, the service, and the customer's Ethernet header.
PacketBuilder backbone(const PacketBuilder& provider) {
  return provider.vlan(700, 0x88a8).ethertype(0x88e7).header(octets({0, 1, 2, 3})).frame();
}
// A network service header of two words; `base`: version, flags and length.
PacketBuilder service(unsigned base, unsigned next) {
  return ethernet().ethertype(0x894f).header(octets({base >> 8U, base, 2, next, 0, 0, 1, 255}));
}
// Each Ethernet header of the payload is plain by what it has inside; the builder does not nest so deep.
PacketBuilder pseudowires(unsigned count) {
  PacketBuilder built = ethernet();
  for (unsigned i = 0; i < count; ++i) built = built.mpls({16 + i}).frame();
  return with_udp4(built);
}
Octets repeated(std::initializer_list<unsigned> piece, unsigned count) {
  Octets all;
  for (const Octets one = octets(piece); count > 0; --count) all.insert(all.end(), one.begin(), one.end());
  return all;
}

// The tables below in one place, so that a further test can ask which reasons they reach.
const std::vector<Case>& named_frames() {
  static const std::vector<Case> table{
      {"ARP", ethernet().arp_request("10.0.0.1", "10.0.0.2").padded(), "arp"},
      {"reverse ARP", frame_of(0x8035), "rarp"},
      {"LLDP", frame_of(0x88cc), "lldp"},
      {"spanning tree", ethernet().stp().padded(), "stp"},
      {"spanning tree per VLAN", ethernet().vlan(5).snap(0x00000c, 0x010b).payload(36), "stp"},
      {"Cisco discovery", ethernet().snap(0x00000c, 0x2000).payload(20), "cdp"},
      {"Cisco VLAN trunking", ethernet().snap(0x00000c, 0x2003).payload(20), "vtp"},
      {"Cisco dynamic trunking", ethernet().snap(0x00000c, 0x2004).payload(20), "dtp"},
      {"Cisco link detection", ethernet().snap(0x00000c, 0x0111).payload(20), "udld"},
      {"Cisco, something else", ethernet().snap(0x00000c, 0x0104).payload(20), "snap_other"},
      {"somebody else's SNAP", ethernet().snap(0x00e02b, 0x00bb).payload(20), "snap_other"},
      {"SNAP with a length where the ethertype should be", ethernet().snap(0, 100).payload(100),
       "snap_other"},
      {"LLC without a name", ethernet().llc(0x10, 0x10).payload(40), "llc"},
      {"IP's own LLC address without data", ethernet().llc(6, 6, 0x7f).payload(40), "llc"},
      {"IS-IS", ethernet().llc(0xfe, 0xfe).payload(40), "osi"},
      {"NetBIOS", ethernet().llc(0xf0, 0xf0).payload(40), "netbios"},
      {"NetWare over LLC", ethernet().llc(0xe0, 0xe0).payload(40), "ipx"},
      {"NetWare without LLC", ethernet().llc(0xff, 0xff, 0).payload(40), "ipx"},
      {"NetWare by ethertype", frame_of(0x8137), "ipx"},
      {"PPPoE discovery", frame_of(0x8863), "pppoe_discovery"},
      {"port access control", frame_of(0x888e), "eapol"},
      {"link aggregation", ethernet().ethertype(0x8809).payload(octets({1, 1})), "lacp"},
      {"another slow protocol", ethernet().ethertype(0x8809).payload(octets({3, 0})), "slow_protocol"},
      {"an empty slow protocol", ethernet().ethertype(0x8809), "slow_protocol"},
      {"MACsec", frame_of(0x88e5), "macsec"},
      {"precision time", frame_of(0x88f7), "ptp"},
      {"PROFINET", frame_of(0x8892), "profinet"},
      {"GOOSE", frame_of(0x88b8), "goose"},
      {"sampled values", frame_of(0x88ba), "sampled_values"},
      {"connectivity faults", frame_of(0x8902), "cfm"},
      {"pause", frame_of(0x8808), "mac_control"},
      {"loopback test", frame_of(0x9000), "loopback_test"},
      {"wake on LAN", frame_of(0x0842), "wake_on_lan"},
      {"an ethertype without a name", frame_of(0x88b5), "ethertype_other"},
      {"a ninth tag", with_udp4(tagged(9)), "vlan_too_deep"},
      {"VN-Tags without an end", ethernet().ethertype(0x8926).payload(repeated({0, 0, 0, 0, 0x89, 0x26}, 12)),
       "vlan_too_deep"},
      {"a customer's frame inside a customer's inside a customer's",
       with_udp4(backbone(backbone(backbone(ethernet())))), "vlan_too_deep"},
      {"half a service tag", ethernet().ethertype(0x88e7).payload(3), "truncated_vlan"},
      {"a service tag without its frame", ethernet().ethertype(0x88e7).payload(10), "truncated_link"},
      {"half a VN-Tag", ethernet().ethertype(0x8926).payload(5), "truncated_vlan"},
      {"half a MetaData header", ethernet().ethertype(0x8909).payload(octets({1})), "truncated_vlan"},
      {"a MetaData header with two options", ethernet().ethertype(0x8909).payload(octets({1, 2, 0, 1, 0, 9})),
       "ethertype_other"},
      {"half a TRILL header", ethernet().ethertype(0x22f3).payload(5), "truncated_vlan"},
      {"TRILL of another version", ethernet().ethertype(0x22f3).payload(octets({0x40, 0, 0, 1, 0, 2})),
       "ethertype_other"},
      {"TRILL options that are not there",
       ethernet().ethertype(0x22f3).payload(octets({0, 0x40, 0, 1, 0, 2})), "truncated_vlan"},
      {"half a network service header", ethernet().ethertype(0x894f).payload(7), "truncated_vlan"},
      {"a network service header about itself", service(0x2002, 1), "ethertype_other"},
      {"a network service header that is too short", service(0x0001, 1), "ethertype_other"},
      {"a network service header beyond the frame", service(0x003f, 1), "truncated_vlan"},
      {"a network service header inside another", service(0x0002, 4), "ethertype_other"},
      {"neither length nor ethertype", frame_of(1501), "bad_link_header"},
      {"labels above something that is not IP", ethernet().mpls({16}).payload(octets({0, 0, 0, 0})), "mpls"},
      {"labels above nothing", ethernet().mpls({16}), "mpls"},
      {"labels above a four that is no IP header", ethernet().mpls({16}).payload(octets({0x40, 0, 0, 0})),
       "mpls"},
      {"a pseudowire without IP in it", ethernet().mpls({16}).frame().ethertype(0x88cc).payload(40), "mpls"},
      {"... whose sender is a group",
       with_udp4(ethernet().mpls({16}).frame("03:00:00:00:00:01", "02:00:00:00:00:02")), "mpls"},
      {"... with too many tags",
       with_udp4(ethernet().mpls({16}).frame().vlan(1).vlan(2).vlan(3).vlan(4).vlan(5)), "mpls"},
      {"... with half a tag", ethernet().mpls({16}).frame().ethertype(0x8100).payload(3), "mpls"},
      {"... with nothing above it", ethernet().mpls({16}).frame().ethertype(0x0800), "mpls"},
      {"... with ARP, which has a name",
       ethernet().mpls({16}).frame().ethertype(0x0806).payload(octets({0, 1, 8, 0, 6, 4, 0, 1})), "arp"},
      {"a pseudowire in a pseudowire in a pseudowire", pseudowires(4), "mpls"},
      {"labels above what the capture cut", with_udp4(ethernet().mpls({16}).frame()).cut(14 + 4 + 30),
       "truncated_link"},
      {"labels above nothing that was captured", with_udp4(ethernet().mpls({16})).cut(18), "truncated_link"},
      {"nine labels", with_udp4(ethernet().mpls({1, 2, 3, 4, 5, 6, 7, 8, 9})), "mpls"},
      {"labels without an end", ethernet().ethertype(0x8847).payload(octets({0, 1, 0, 64})),
       "truncated_link"},
      {"compressed data in a PPPoE session", ethernet().pppoe(1).protocol(0x00fd).payload(9),
       "pppoe_session"},
      {"a PPPoE session of another version",
       ethernet().ethertype(0x8864).payload(octets({0x21, 0, 0, 1, 0, 2, 0, 0x21})), "pppoe_session"},
      {"PPP's own words in a PPPoE session", ethernet().pppoe(1).protocol(0xc021).payload(9), "ppp_control"},
      {"a PPPoE session cut short", ethernet().ethertype(0x8864).payload(5), "truncated_link"},
      {"PPP's own words", link(9, octets({0xff, 0x03, 0x80, 0x21})).payload(9), "ppp_control"},
      {"PPP with compressed data", link(9, octets({0xff, 0x03, 0x00, 0xfd})).payload(9), "ppp_other"},
      {"PPP with a control octet of its own", link(9, octets({0xff, 0x07, 0x00, 0x21})).payload(9),
       "ppp_other"},
      {"Cisco's keepalive", link(104, octets({0x8f, 0x00, 0x80, 0x35})).payload(18), "slarp"},
      {"Cisco discovery on a serial line", link(104, octets({0x8f, 0x00, 0x20, 0x00})).payload(18), "cdp"},
      {"IS-IS on a serial line", link(104, octets({0x8f, 0x00, 0xfe, 0xfe})).payload(18), "osi"},
      {"a number without a name on a serial line", link(104, octets({0x0f, 0, 0, 9})).payload(18),
       "link_protocol_other"},
      {"a loopback family without a name", link(0, octets({16, 0, 0, 0})).payload(40), "link_protocol_other"},
      {"a link without a name", link(147).payload(60), "link_type_unknown"},
      {"an empty frame", link(1), "truncated_link"},
      {"half an Ethernet header", ethernet().cut(13), "truncated_link"},
      {"half an LLC header", ethernet().llc(0xaa, 0xaa).cut(16), "truncated_link"},
      {"half a SNAP header", ethernet().snap(0, 0x0800).cut(21), "truncated_link"},
      {"half a tag", with_udp4(ethernet().vlan(3)).cut(17), "truncated_vlan"},
      {"half a label", with_udp4(ethernet().mpls({3})).cut(17), "truncated_link"},
      {"half a loopback header", link(0, octets({2, 0, 0})), "truncated_link"},
      {"half a cooked header", link(113, Octets(15)), "truncated_link"},
      {"half a cooked header, version 2", link(276, Octets(19)), "truncated_link"},
      {"PPP without a protocol", link(9, octets({0xff, 0x03})), "truncated_link"},
      {"PPP with half a protocol", link(9, octets({0x00})), "truncated_link"},
      {"an empty frame of PPP in HDLC", link(50), "truncated_link"},
      {"half a serial header", link(104, octets({0x0f, 0, 8})), "truncated_link"},
      {"raw IP of no version", link(101, octets({0x50})), "bad_ip_version"},
      {"raw IP without an octet", link(101), "truncated_ip"},
  };
  return table;
}

const std::vector<Case>& wifi_frames() {
  static const Octets no_radio = octets({0, 0, 8, 0, 0, 0, 0, 0});
  static const auto frame = [](std::initializer_list<unsigned> control, std::size_t size = 24) {
    Octets header = octets(control);
    header.resize(size);
    return link(105, header);
  };
  static const std::vector<Case> table{
      {"a beacon", frame({0x80, 0}), "wifi_management"},
      {"an acknowledgment", frame({0xd4, 0}, 10), "wifi_control"},
      {"data without data", frame({0x48, 1}), "wifi_null"},
      {"QoS data without data", frame({0xc8, 1}, 26), "wifi_null"},
      {"encrypted data", frame({0x08, 0x41}).payload(60), "wifi_encrypted"},
      {"several frames in one",
       link(105,
            [] {
              Octets header = octets({0x88, 1});
              header.resize(26);
              header[24] = std::byte{0x80};
              return header;
            }())
           .payload(60),
       "wifi_aggregate"},
      {"a first fragment", frame({0x08, 5}).payload(60), "wifi_fragment"},
      {"a later fragment",
       link(105,
            [] {
              Octets header = octets({0x08, 1});
              header.resize(24);
              header[22] = std::byte{0x01};
              return header;
            }())
           .payload(60),
       "wifi_fragment"},
      {"a version that does not exist", frame({0x09, 0}), "bad_link_header"},
      {"half a frame control", frame({0x08}, 1), "truncated_link"},
      {"half a header", frame({0x08, 1}, 23), "truncated_link"},
      {"half a fourth address", frame({0x08, 3}, 29), "truncated_link"},
      {"half a QoS field", frame({0x88, 1}, 25), "truncated_link"},
      {"half an HT field", frame({0x88, 0x81}, 29), "truncated_link"},
      {"a radiotap header of another version", link(127, octets({1, 0, 8, 0, 0, 0, 0, 0})),
       "bad_link_header"},
      {"a radiotap header longer than the frame", link(127, octets({0, 0, 9, 0, 0, 0, 0, 0})),
       "bad_link_header"},
      {"a radiotap header shorter than itself", link(127, octets({0, 0, 7, 0, 0, 0, 0, 0})),
       "bad_link_header"},
      {"half a radiotap header", link(127, octets({0, 0, 8, 0, 0, 0, 0})), "truncated_link"},
      {"radiotap above nothing", link(127, no_radio), "truncated_link"},
      {"half a PPI header", link(192, octets({0, 0, 8, 0, 1, 0, 0})), "truncated_link"},
      {"a PPI header longer than the frame", link(192, octets({0, 0, 9, 0, 1, 0, 0, 0})), "bad_link_header"},
      {"a PPI header shorter than itself", link(192, octets({0, 0, 7, 0, 1, 0, 0, 0})), "bad_link_header"},
      {"PPI inside PPI", link(192, octets({0, 0, 8, 0, 192, 0, 0, 0})).payload(60), "link_type_unknown"},
      {"PPI with a link beyond sixteen bits", link(192, octets({0, 0, 8, 0, 1, 0, 1, 0})).payload(60),
       "link_type_unknown"},
  };
  return table;
}

const std::vector<Case>& bad_ip_frames() {
  static const std::vector<Case> table{
      {"half an IP header", with_udp4(link(228)).cut(10), "truncated_ip"},
      {"IPv6 on a link of IPv4", with_udp6(link(228)), "bad_ip_version"},
      {"IPv4 on a link of IPv6", with_udp4(link(229)).payload(30), "bad_ip_version"},
      {"an IP header that is too short", with_udp4(link(101)).header_length(3), "bad_ip_header_length"},
      {"an IP datagram that is too long", with_udp4(link(101)).total_length(29), "bad_ip_total_length"},
      {"a group as sender", link(101).ipv4("239.1.1.1", "10.2.0.9").udp(1, 2), "bad_ip_source"},
      {"an extension header that is not there", link(101).ipv6("2001:db8::5", "2001:db8::9").protocol(0),
       "truncated_extension"},
  };
  return table;
}

void check(const std::vector<Case>& table) {
  for (const Case& row : table) EXPECT_EQ(describe(row.built), row.expected) << row.sentence;
}

TEST(DecodeLinks, NamesFramesThatAreNoConversation) {
  check(named_frames());
}
TEST(DecodeLinks, NamesWifiFramesThatAreNoConversation) {
  check(wifi_frames());
}
TEST(DecodeLinks, NamesIpThatIsNone) {
  check(bad_ip_frames());
}

TEST(DecodeLinks, ReachesEveryReason) {
  // Counted by the flow table, or reached in decode_tunnels_test and decode_layers_test.
  std::set<std::string> reached{"flow_table_full",  "duplicate",      "copy",         "tunnel_too_deep",
                                "tunnel_encrypted", "tunnel_control", "tunnel_other", "mirror_fragment"};
  for (const auto* table : {&named_frames(), &wifi_frames(), &bad_ip_frames()}) {
    for (const Case& row : *table) reached.insert(describe(row.built));
  }
  for (std::size_t i = 0; i < reasons_count; ++i) {
    const std::string name(reason_name(static_cast<Reason>(i)));
    EXPECT_EQ(reached.count(name), 1U) << name << " is reached by no test";
  }
  EXPECT_EQ(reason_name(Reason::none), "none");
  EXPECT_EQ(reason_name(Reason::arp), "arp");
}

TEST(DecodeLinks, FollowsEthernetToIp) {
  check({
      {"Ethernet II", with_udp4(ethernet()), udp4},
      {"Ethernet II with IPv6", with_udp6(ethernet()), udp6},
      {"one tag", with_udp4(ethernet().vlan(20)), "udp 10.1.0.5:1 > 10.2.0.9:2 vlan 20"},
      {"a service tag outside", with_udp4(ethernet().vlan(100, 0x88a8).vlan(20)),
       "udp 10.1.0.5:1 > 10.2.0.9:2 vlan 100.20"},
      {"a service tag of old", with_udp6(ethernet().vlan(100, 0x9100).vlan(20)),
       "udp [2001:db8::5]:1 > [2001:db8::9]:2 vlan 100.20"},
      {"priority is no part of the id", with_udp4(ethernet().vlan(4094, 0x8100, 7)),
       "udp 10.1.0.5:1 > 10.2.0.9:2 vlan 4094"},
      {"a priority tag names no VLAN", with_udp4(ethernet().vlan(0, 0x8100, 5)), udp4},
      {"a priority tag outside a VLAN", with_udp4(ethernet().vlan(0).vlan(20)),
       "udp 10.1.0.5:1 > 10.2.0.9:2 vlan 20"},
      {"SNAP", with_udp4(ethernet().snap()), udp4},
      {"SNAP with IPv6", with_udp6(ethernet().snap()), udp6},
      {"SNAP as bridges translate it", with_udp4(ethernet().snap(0x0000f8)), udp4},
      {"SNAP in a VLAN", with_udp4(ethernet().vlan(7).snap()), "udp 10.1.0.5:1 > 10.2.0.9:2 vlan 7"},
      {"SNAP with padding", with_udp4(ethernet().snap()).padded(), udp4},
      {"IP's own LLC address", with_udp4(ethernet().llc(6, 6)), udp4},
      {"one label", with_udp4(ethernet().mpls({16})), udp4},
      {"eight labels", with_udp6(ethernet().mpls({1, 2, 3, 4, 5, 6, 7, 8})), udp6},
      {"labels in a VLAN", with_udp4(ethernet().vlan(9).mpls({16, 17})),
       "udp 10.1.0.5:1 > 10.2.0.9:2 vlan 9"},
      {"multicast labels", with_udp4(ethernet().mpls({16}).ethertype(0x8848)), udp4},
      {"a PPPoE session", with_udp4(ethernet().pppoe(7)), udp4},
      {"a PPPoE session with IPv6 and padding", with_udp6(ethernet().pppoe(7)).padded(80), udp6},
      {"a PPPoE session that counts less than IP does",
       with_udp4(link(51, octets({0x11, 0, 0, 7, 0, 12, 0, 0x21}))), udp4},
      {"eight tags: the outermost and the innermost are kept", with_udp4(tagged(8)),
       "udp 10.1.0.5:1 > 10.2.0.9:2 vlan 1.8"},
      {"three tags, one of them for priority only", with_udp4(ethernet().vlan(7, 0x88a8).vlan(0).vlan(9)),
       "udp 10.1.0.5:1 > 10.2.0.9:2 vlan 7.9"},
      {"a provider backbone bridge", with_udp4(backbone(ethernet())), "udp 10.1.0.5:1 > 10.2.0.9:2 vlan 700"},
      {"... with the customer's own tag", with_udp6(backbone(ethernet()).vlan(20)),
       "udp [2001:db8::5]:1 > [2001:db8::9]:2 vlan 700.20"},
      {"FabricPath", with_udp4(ethernet().ethertype(0x8903).header(octets({0, 0x60})).frame().vlan(20)),
       "udp 10.1.0.5:1 > 10.2.0.9:2 vlan 20"},
      {"TRILL with options",
       with_udp4(ethernet().ethertype(0x22f3).header(octets({0, 0x45, 0, 1, 0, 2, 9, 9, 9, 9})).frame()),
       udp4},
      {"VN-Tag", with_udp4(ethernet().ethertype(0x8926).header(octets({0, 0, 0, 1, 8, 0}))), udp4},
      {"the tag of a port extender",
       with_udp6(ethernet().ethertype(0x893f).header(octets({0, 0, 0, 1, 0, 0, 0x86, 0xdd}))), udp6},
      {"MetaData", with_udp4(ethernet().ethertype(0x8909).header(octets({1, 1, 0, 1, 0, 99, 8, 0}))), udp4},
      {"a network service header with IPv4", with_udp4(service(0x0002, 1)), udp4},
      {"... with IPv6", with_udp6(service(0x0fc2, 2)), udp6},
      {"... with Ethernet", with_udp4(service(0x0002, 3).frame()), udp4},
      {"... with labels", with_udp4(service(0x0002, 5).mpls({16})), udp4},
      {"an Ethernet pseudowire", with_udp4(ethernet().mpls({16, 17}).frame()), udp4},
      {"... with a control word", with_udp6(ethernet().mpls({16}).header(octets({0, 0, 0, 9})).frame()),
       udp6},
      {"... with tags", with_udp4(ethernet().mpls({16}).frame().vlan(3, 0x88a8).vlan(4)),
       "udp 10.1.0.5:1 > 10.2.0.9:2 vlan 3.4"},
      {"... whose receiver's address begins like IPv4",
       with_udp4(ethernet().mpls({16}).frame("02:00:00:00:00:01", "46:00:00:00:00:02")), udp4},
      {"... or like IPv6", with_udp6(ethernet().mpls({16}).frame("02:00:00:00:00:01", "60:00:00:00:00:02")),
       udp6},
      {"... or like a control word",
       with_udp4(ethernet().mpls({16}).frame("00:00:5e:00:00:01", "00:00:5e:00:00:02")), udp4},
      {"labels above a datagram longer than the frame are still labels above IP",
       with_udp4(ethernet().mpls({16})).total_length(4000), "bad_ip_total_length"},
      {"a PPPoE session in two tags", with_udp4(ethernet().vlan(1, 0x88a8).vlan(2).pppoe(7)),
       "udp 10.1.0.5:1 > 10.2.0.9:2 vlan 1.2"},
  });
}

TEST(DecodeLinks, HoldsAnIpDatagramToThe8023Length) {
  // The 802.3 length says that the rest is padding; an IP length that reaches into it is wrong.
  const auto frame = with_udp4(ethernet().snap()).payload(4).total_length(20 + 8 + 4 + 10).padded(100);
  EXPECT_EQ(describe(frame), "bad_ip_total_length");
}

TEST(DecodeLinks, FollowsOtherLinksToIp) {
  Octets cooked = octets({0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 9, 0, 0});
  const auto cooked_with = [&](std::initializer_list<unsigned> protocol) {
    Octets header = cooked;
    for (const std::byte byte : octets(protocol)) header.push_back(byte);
    return link(113, header);
  };
  const auto cooked2_with = [](unsigned high, unsigned low) {
    return link(276, octets({high, low, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 8, 0, 0}));
  };
  const Octets tag = octets({0, 20, 8, 0});
  Octets tagged = octets({0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 9, 0, 0, 0x81, 0});
  tagged.insert(tagged.end(), tag.begin(), tag.end());
  check({
      {"loopback, little endian", with_udp4(link(0, octets({2, 0, 0, 0}))), udp4},
      {"loopback, big endian", with_udp4(link(0, octets({0, 0, 0, 2}))), udp4},
      {"loopback of OpenBSD", with_udp6(link(108, octets({0, 0, 0, 24}))), udp6},
      {"IPv6's family on Linux", with_udp6(link(0, octets({10, 0, 0, 0}))), udp6},
      {"IPv6's family on Windows", with_udp6(link(0, octets({23, 0, 0, 0}))), udp6},
      {"IPv6's family on FreeBSD", with_udp6(link(0, octets({28, 0, 0, 0}))), udp6},
      {"IPv6's family on macOS", with_udp6(link(0, octets({30, 0, 0, 0}))), udp6},
      {"raw IP", with_udp4(link(101)), udp4},
      {"raw IP with IPv6", with_udp6(link(101)), udp6},
      {"raw IP as BSD numbers it", with_udp4(link(12)), udp4},
      {"raw IP as OpenBSD numbers it", with_udp6(link(14)), udp6},
      {"IPv4 alone", with_udp4(link(228)), udp4},
      {"IPv6 alone", with_udp6(link(229)), udp6},
      {"Linux cooked", with_udp4(cooked_with({0x08, 0x00})), udp4},
      {"Linux cooked with LLC", with_udp4(cooked_with({0x00, 0x04}).snap()), udp4},
      {"Linux cooked with a tag", with_udp4(link(113, tagged)), "udp 10.1.0.5:1 > 10.2.0.9:2 vlan 20"},
      {"Linux cooked with NetWare", cooked_with({0, 1}).payload(30), "ipx"},
      {"Linux cooked with CAN", cooked_with({0, 12}).payload(30), "link_protocol_other"},
      {"Linux cooked with ARP", cooked_with({8, 6}).payload(30), "arp"},
      {"Linux cooked, version 2", with_udp6(cooked2_with(0x86, 0xdd)), udp6},
      {"PPP", with_udp4(link(9, octets({0xff, 0x03, 0x00, 0x21}))), udp4},
      {"PPP without its framing", with_udp6(link(9, octets({0x00, 0x57}))), udp6},
      {"PPP with its protocol in one octet", with_udp4(link(9, octets({0xff, 0x03, 0x21}))), udp4},
      {"PPP with a label", with_udp4(link(9, octets({0xff, 0x03, 0x02, 0x81, 0, 1, 1, 64}))), udp4},
      {"PPP in HDLC", with_udp4(link(50, octets({0xff, 0x03, 0x00, 0x21}))), udp4},
      {"Cisco's HDLC under PPP's number", with_udp4(link(50, octets({0x0f, 0x00, 0x08, 0x00}))), udp4},
      {"Cisco's HDLC", with_udp6(link(104, octets({0x8f, 0x00, 0x86, 0xdd}))), udp6},
      {"PPPoE as a link", with_udp4(link(51, octets({0x11, 0, 0, 7, 0, 30, 0, 0x21}))), udp4},
      {"PPI above Ethernet", with_udp4(link(192, octets({0, 0, 12, 0, 1, 0, 0, 0, 9, 9, 9, 9, 2,
                                                         0, 0, 0,  0, 2, 2, 0, 0, 0, 0, 1, 8, 0}))),
       udp4},
      {"PPI above raw IP", with_udp6(link(192, octets({0, 0, 8, 0, 101, 0, 0, 0}))), udp6},
  });
}

// The addresses of a data frame stand in other places for each direction (IEEE 802.11 table 9-30).
TEST(DecodeLinks, FindsTheMacAddressesOfWifiFrames) {
  const Octets snap = octets({0xaa, 0xaa, 3, 0, 0, 0, 8, 0});
  const auto frame = [&](unsigned flags, bool qos, bool fourth) {
    Octets header = octets({qos ? 0x88U : 0x08U, flags, 0, 0});
    for (unsigned address = 1; address <= 3; ++address) {
      for (const std::byte byte : octets({2, 0, 0, 0, 0, address})) header.push_back(byte);
    }
    header.resize(24);
    if (fourth) {
      for (const std::byte byte : octets({2, 0, 0, 0, 0, 4})) header.push_back(byte);
    }
    if (qos) header.resize(header.size() + 2);
    if (qos && (flags & 0x80U) != 0) header.resize(header.size() + 4);
    header.insert(header.end(), snap.begin(), snap.end());
    return with_udp4(link(105, header));
  };
  const auto macs = [](const PacketBuilder& built) {
    const Packet packet = built.packet();
    return packet.source_mac.to_string().substr(15) + " > " + packet.destination_mac.to_string().substr(15);
  };
  EXPECT_EQ(macs(frame(0, false, false)), "02 > 01");
  EXPECT_EQ(macs(frame(1, false, false)), "02 > 03");
  EXPECT_EQ(macs(frame(2, true, false)), "03 > 01");
  EXPECT_EQ(macs(frame(3, true, true)), "04 > 03");
  EXPECT_EQ(describe(frame(3, true, true)), udp4);
  EXPECT_EQ(describe(frame(0x81, true, false)), udp4) << "an HT control field";
}

TEST(DecodeLinks, StepsOverWhatRadiotapPadded) {
  Octets wifi_header = octets({0x88, 1});
  wifi_header.resize(26);
  const Octets snap = octets({0xaa, 0xaa, 3, 0, 0, 0, 8, 0});
  const auto radio = [&](Octets header, bool padded) {
    header.insert(header.end(), wifi_header.begin(), wifi_header.end());
    if (padded) header.resize(header.size() + 2);
    header.insert(header.end(), snap.begin(), snap.end());
    return with_udp4(link(127, header));
  };
  EXPECT_EQ(describe(radio(octets({0, 0, 8, 0, 0, 0, 0, 0}), false)), udp4) << "no fields";
  EXPECT_EQ(describe(radio(octets({0, 0, 9, 0, 2, 0, 0, 0, 0x10}), false)), udp4)
      << "flags: a checksum at the end";
  EXPECT_EQ(describe(radio(octets({0, 0, 9, 0, 2, 0, 0, 0, 0x20}), true)), udp4) << "flags: padded";
  EXPECT_EQ(describe(radio(octets({0, 0, 17, 0, 3, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x20}), true)), udp4)
      << "a time first";
  // A second word of fields, and the time aligned to eight behind it.
  EXPECT_EQ(
      describe(radio(
          octets({0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x20}), true)),
      udp4);
}

TEST(DecodeLinks, TakesTheMacsOfTheHostsFromInsideAFabric) {
  for (const PacketBuilder& start :
       {ethernet().ethertype(0x88e7).header(Octets(4)), ethernet().ethertype(0x8903).header(Octets(2)),
        ethernet().ethertype(0x22f3).header(Octets(6)), ethernet().mpls({16})}) {
    const Packet packet = with_udp4(start.frame("02:00:00:00:00:aa", "02:00:00:00:00:bb")).packet();
    EXPECT_EQ(packet.source_mac.to_string(), "02:00:00:00:00:aa");
    EXPECT_EQ(packet.destination_mac.to_string(), "02:00:00:00:00:bb");
    EXPECT_EQ(packet.depth, 0) << "a fabric's header is no tunnel: it has no addresses to judge";
  }
}

TEST(DecodeLinks, TakesTheMacOfCookedFramesAndLeavesTheOtherEmpty) {
  const Packet one = with_udp4(link(113, octets({0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 9, 0, 0, 8, 0}))).packet();
  EXPECT_EQ(one.source_mac.to_string(), "02:00:00:00:00:09");
  EXPECT_TRUE(one.destination_mac.is_zero());
  const Packet two =
      with_udp4(link(276, octets({8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 8, 0, 0}))).packet();
  EXPECT_EQ(two.source_mac.to_string(), "02:00:00:00:00:08");
  const Packet none = with_udp4(link(113, octets({0, 0, 3, 4, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0, 8, 0}))).packet();
  EXPECT_TRUE(none.source_mac.is_zero()) << "a hardware address of four octets is no MAC";
}

}  // namespace
}  // namespace sekimori::capture
