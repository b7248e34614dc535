// What frames say about their wires, and that no length or option talks anybody out of bounds.
#include "capture/decode/wire_sign.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/kit/packet_builder.hpp"

namespace sekimori::capture {
namespace {

using kit::BuiltFrame;
using kit::ethernet;
using kit::Octets;
using kit::PacketBuilder;
using Kind = WireSign::Kind;

constexpr const char* card = "02:00:00:00:00:0a";

PacketBuilder from_card(const char* to = "ff:ff:ff:ff:ff:ff") {
  return ethernet(card, to).vlan(121);
}

WireSign read(const BuiltFrame& frame) {
  WireSign sign;
  if (!read_wire_sign(frame.frame({.tap = 3}), sign)) sign.kind = Kind::none;
  return sign;
}

void append(Octets& out, const Octets& more) {
  out.insert(out.end(), more.begin(), more.end());
}

// A BOOTP message (RFC 2131 section 2) from the card, with these options behind the cookie.
Octets bootp(unsigned operation, const Octets& options, unsigned relay = 0) {
  Octets out = kit::octets({operation, 1, 6, 0});
  out.resize(24);
  append(out, kit::octets({relay == 0 ? 0U : 10U, 0, 0, relay}));
  append(out, kit::octets({2, 0, 0, 0, 0, 0x0a}));
  out.resize(236);
  append(out, kit::octets({0x63, 0x82, 0x53, 0x63}));
  append(out, options);
  return out;
}

PacketBuilder offer(const Octets& options) {
  return from_card().ipv4("10.1.0.1", "255.255.255.255").udp(67, 68).payload(bootp(2, options));
}

// RFC 4861 section 4.2, behind its ICMPv6 header of eight octets.
Octets advertisement(const Octets& options) {
  Octets out;
  out.resize(8);
  append(out, options);
  return out;
}
Octets prefix_option(unsigned length, unsigned first) {
  Octets out = kit::octets({3, 4, length, 0xc0});
  out.resize(16);
  append(out, kit::octets({0xfd, first}));
  out.resize(32);
  return out;
}
PacketBuilder router(const Octets& options) {
  return from_card("33:33:00:00:00:01")
      .ipv6("fe80::ff:fe00:a", "ff02::1")
      .ttl(255)
      .icmpv6(134)
      .payload(advertisement(options));
}

// From the LLC header on: protocol, version, type, flags, root, cost, bridge.
Octets bpdu(unsigned type) {
  Octets out = kit::octets({0, 0, 2, type, 0, 0x80, 0, 2, 0, 0, 0, 0, 1});
  out.resize(35);
  return out;
}

TEST(WireSign, ReadsWhoSaysWhereAnAddressIs) {
  const WireSign sign = read(from_card().arp_request("10.1.0.5", "10.1.0.1").build());
  ASSERT_EQ(sign.kind, Kind::arp);
  EXPECT_EQ(sign.detail, 1);
  EXPECT_EQ(sign.mac.to_string(), card);
  EXPECT_EQ(sign.address.to_string(), "10.1.0.5");
  EXPECT_EQ(sign.other.to_string(), "10.1.0.1");
  EXPECT_EQ(sign.vlan, 121);
  EXPECT_EQ(sign.tap, 3);
  EXPECT_TRUE(sign.group);
  EXPECT_EQ(read(from_card().arp_reply("10.1.0.5", "10.1.0.1").build()).detail, 2);
  EXPECT_EQ(read(ethernet(card).vlan(7).vlan(9).arp_request("10.1.0.5", "10.1.0.1").build()).vlan, 9)
      << "the innermost tag";
}

TEST(WireSign, ReadsDhcpOfBothSides) {
  const WireSign server = read(offer(kit::octets({53, 1, 2, 54, 4, 10, 1, 0, 9, 255})).build());
  ASSERT_EQ(server.kind, Kind::dhcp_server);
  EXPECT_EQ(server.detail, 2);
  EXPECT_EQ(server.address.to_string(), "10.1.0.1");
  EXPECT_EQ(server.other.to_string(), "10.1.0.9");
  EXPECT_FALSE(server.relayed);
  const WireSign client = read(from_card()
                                   .ipv4("0.0.0.0", "255.255.255.255")
                                   .udp(68, 67)
                                   .payload(bootp(1, kit::octets({53, 1, 1, 255})))
                                   .build());
  ASSERT_EQ(client.kind, Kind::dhcp_client);
  EXPECT_EQ(client.detail, 1);
  EXPECT_EQ(client.other_mac.to_string(), card);
  EXPECT_TRUE(
      read(from_card().ipv4("10.1.0.9", "10.2.0.1").udp(67, 67).payload(bootp(2, {}, 1)).build()).relayed);
  for (const auto& [type, kind] :
       {std::pair{1U, Kind::none}, {2U, Kind::dhcp_server}, {7U, Kind::dhcp_server}}) {
    const auto frame =
        from_card().ipv6("fe80::1", "fe80::2").udp(547, 546).payload(kit::octets({type, 0, 0, 1}));
    EXPECT_EQ(read(frame.build()).kind, kind) << type;
  }
  const auto solicit =
      from_card().ipv6("fe80::1", "ff02::1:2").udp(546, 547).payload(kit::octets({1, 0, 0, 1}));
  EXPECT_EQ(read(solicit.build()).kind, Kind::dhcp_client);
}

// Taps keep 192 octets by default: the options are gone, that a server answered is not.
TEST(WireSign, KnowsAServerWhoseOptionsTheCaptureCutOff) {
  const WireSign sign = read(offer(kit::octets({53, 1, 2, 255})).cut(192).build());
  EXPECT_EQ(sign.kind, Kind::dhcp_server);
  EXPECT_EQ(sign.detail, 0);
  EXPECT_EQ(sign.other.family, Family::none);
}

TEST(WireSign, ReadsRoutersAndTheirPrefixes) {
  Octets options = kit::octets({1, 1, 2, 0, 0, 0, 0, 0x0a});
  for (const unsigned first : {1U, 2U, 3U, 4U}) append(options, prefix_option(64, first));
  const WireSign sign = read(router(options).build());
  ASSERT_EQ(sign.kind, Kind::router);
  EXPECT_EQ(sign.address.to_string(), "fe80::ff:fe00:a");
  ASSERT_EQ(sign.prefixes_count, sign_prefixes_most);
  EXPECT_EQ(sign.prefixes[1].to_string(), "fd02::/64");
  const auto hidden = from_card()
                          .ipv6("fe80::1", "ff02::1")
                          .ttl(255)
                          .hop_by_hop()
                          .destination_options()
                          .icmpv6(134)
                          .payload(advertisement(prefix_option(64, 1)));
  EXPECT_EQ(read(hidden.build()).kind, Kind::router) << "behind extension headers";
  const auto far = from_card().ipv6("fe80::1", "ff02::1").ttl(254).icmpv6(134).payload(advertisement({}));
  EXPECT_EQ(read(far.build()).kind, Kind::none) << "RFC 4861 section 6.1.2: it came from elsewhere";
}

// RFC 6980: neighbour discovery never comes in fragments. Hidden so, an advertisement is one all the more.
TEST(WireSign, ReadsARouterInFragments) {
  const auto first = [](unsigned hops) {
    return from_card().ipv6("fe80::1", "ff02::1").ttl(hops).fragment_header(0, true);
  };
  const WireSign seen = read(first(255).icmpv6(134).payload(advertisement(prefix_option(64, 1))).build());
  EXPECT_EQ(seen.kind, Kind::router);
  EXPECT_EQ(seen.detail, 1);
  EXPECT_EQ(seen.prefixes_count, 1);
  const auto nothing_yet = first(255).destination_options().protocol(58);
  EXPECT_EQ(read(nothing_yet.build()).kind, Kind::router) << "what it is comes in the next fragment";
  EXPECT_TRUE(may_hide_sign(nothing_yet.packet()));

  const auto solicitation = first(255).icmpv6(135).payload(64);
  EXPECT_EQ(read(solicitation.build()).kind, Kind::none) << "of a router alone";
  EXPECT_EQ(read(first(1).icmpv6(134).payload(64).build()).kind, Kind::none)
      << "forwarded, or no message of it";
  EXPECT_EQ(read(first(255).udp(5353, 5353).payload(64).build()).kind, Kind::none) << "a long mDNS answer";
  const auto later =
      from_card().ipv6("fe80::1", "ff02::1").ttl(255).fragment_header(8, false).protocol(58).payload(40);
  EXPECT_EQ(read(later.build()).kind, Kind::none);
  EXPECT_FALSE(may_hide_sign(later.packet()));
  const auto routed =
      from_card().ipv6("fd10::1", "ff02::1").ttl(255).fragment_header(0, true).icmpv6(134).payload(64);
  EXPECT_EQ(read(routed.build()).kind, Kind::none) << "routers speak from link-local addresses";
}

TEST(WireSign, ReadsTheRootOfABridge) {
  for (const auto& [type, kind] : {std::pair{0U, Kind::bridge}, {2U, Kind::bridge}, {0x80U, Kind::none}}) {
    const WireSign sign = read(from_card("01:80:c2:00:00:00").llc(0x42, 0x42).payload(bpdu(type)).build());
    EXPECT_EQ(sign.kind, kind) << type;
    if (kind == Kind::bridge) {
      EXPECT_EQ(sign.other_mac.to_string(), "02:00:00:00:00:01");
    }
  }
  const auto per_vlan = from_card("01:00:0c:cc:cc:cd").snap(0x00000c, 0x010b).payload(bpdu(0));
  EXPECT_EQ(read(per_vlan.build()).other_mac.to_string(), "02:00:00:00:00:01");
}

TEST(WireSign, SaysNothingOfWhatItCannotBelieve) {
  EXPECT_EQ(read(ethernet("01:00:00:00:00:0a").arp_request("10.1.0.5", "10.1.0.1").build()).kind, Kind::none)
      << "groups do not send";
  EXPECT_EQ(read(from_card().ipv4("10.1.0.5", "10.1.0.1").udp(67, 53).payload(300).build()).kind, Kind::none);
  EXPECT_EQ(read(from_card()
                     .ipv4("10.1.0.1", "10.1.0.5")
                     .fragment(0, true)
                     .udp(67, 68)
                     .payload(bootp(2, {}))
                     .build())
                .kind,
            Kind::none);
  BuiltFrame cooked = from_card().arp_request("10.1.0.5", "10.1.0.1").build();
  cooked.link = 113;
  EXPECT_EQ(read(cooked).kind, Kind::none) << "not Ethernet";
}

// Options without end or length, options longer than the frame, empty options of IPv6.
TEST(WireSign, SurvivesEveryCutAndHostileLengths) {
  Octets endless(400, std::byte{0});
  Octets empty_option = kit::octets({3, 0, 64, 0});
  Octets wide_prefix = prefix_option(200, 1);
  const std::vector<BuiltFrame> frames{
      from_card().arp_request("10.1.0.5", "10.1.0.1").build(),
      offer(kit::octets({53, 1, 2, 54, 4, 10, 1, 0, 9, 255})).build(),
      offer(kit::octets({53, 255, 2})).build(),
      offer(kit::octets({54, 4, 10})).build(),
      offer(endless).build(),
      router(prefix_option(64, 1)).build(),
      router(empty_option).build(),
      router(wide_prefix).build(),
      from_card("01:80:c2:00:00:00").llc(0x42, 0x42).payload(bpdu(0)).build()};
  for (const BuiltFrame& whole : frames) {
    for (std::size_t size = 0; size <= whole.bytes.size(); ++size) {
      // Octets of their own, so that a read behind them is seen by the sanitizer.
      BuiltFrame part{Octets(whole.bytes.begin(), whole.bytes.begin() + static_cast<std::ptrdiff_t>(size)),
                      whole.wire_length, whole.link};
      part.bytes.shrink_to_fit();
      read(part);
    }
    for (std::size_t at = 0; at < whole.bytes.size(); ++at) {
      for (const unsigned value : {0U, 1U, 0x7fU, 0xffU}) {
        BuiltFrame other = whole;
        other.bytes[at] = static_cast<std::byte>(value);
        EXPECT_LE(read(other).prefixes_count, sign_prefixes_most);
      }
    }
  }
  EXPECT_EQ(read(router(wide_prefix).build()).prefixes_count, 0) << "no prefix is longer than its address";
}

TEST(WireSign, KnowsWhichPacketsMayTell) {
  EXPECT_TRUE(may_sign(from_card().ipv4("10.1.0.1", "255.255.255.255").udp(67, 68).payload(9).packet()));
  EXPECT_TRUE(may_sign(from_card().ipv6("fe80::1", "ff02::1:2").udp(546, 547).packet()));
  EXPECT_TRUE(may_sign(router({}).packet()));
  EXPECT_FALSE(may_sign(from_card().ipv4("10.1.0.1", "10.1.0.2").udp(67, 69).packet()));
  EXPECT_FALSE(may_sign(from_card().ipv4("10.1.0.1", "10.1.0.2").tcp(5000, 67, kit::SYN).packet()));
}

TEST(SourceSign, TellsWhoseCardSendsAnAddress) {
  const auto hello = from_card("01:00:5e:00:00:fc").ipv4("10.1.0.5", "224.0.0.252").ttl(1);
  const WireSign call = source_sign(hello.udp(5000, 5355).payload(9).packet({.tap = 2}), false);
  ASSERT_EQ(call.kind, Kind::source);
  EXPECT_EQ(call.mac.to_string(), card);
  EXPECT_EQ(call.port, 5355);
  EXPECT_TRUE(call.group);
  EXPECT_EQ(call.ttl, 1);
  EXPECT_EQ(call.vlan, 121);
  EXPECT_EQ(call.tap, 2);
  const auto plain = from_card("02:00:00:00:00:0b").ipv4("10.1.0.5", "10.1.0.9");
  EXPECT_EQ(source_sign(plain.udp(5000, 5355).packet(), true).port, 0) << "to one machine: no call";
  EXPECT_TRUE(source_sign(plain.udp(5000, 5355).packet(), true).answer);
  EXPECT_EQ(source_sign(plain.tcp(1, 2, kit::RST).packet(), false).kind, Kind::none) << "may be a firewall's";
  const auto error = plain.icmp(3, 3).quoting(plain.udp(1, 2));
  EXPECT_EQ(source_sign(error.packet(), false).kind, Kind::none);
  const auto inside = plain.gre().ipv4("10.3.0.1", "10.3.0.2").udp(1, 2);
  EXPECT_EQ(source_sign(inside.packet(), false).kind, Kind::none) << "the card is the tunnel's";
}

TEST(SignKey, IsAnotherForEverythingThatMatters) {
  const WireSign sign = source_sign(from_card().ipv4("10.1.0.5", "10.1.0.9").udp(1, 2).packet(), false);
  std::set<std::uint64_t> keys{sign_key(sign, 1, 0)};
  const auto add = [&](auto change) {
    WireSign other = sign;
    change(other);
    EXPECT_TRUE(keys.insert(sign_key(other, 1, 0)).second);
  };
  add([](WireSign& s) { s.mac.bytes[5] = 9; });
  add([](WireSign& s) { s.vlan = 1; });
  add([](WireSign& s) { s.tap = 1; });
  add([](WireSign& s) { s.ttl = 1; });
  add([](WireSign& s) { s.answer = true; });
  add([](WireSign& s) { s.group = false; });
  add([](WireSign& s) { s.port = 137; });
  add([](WireSign& s) { s.address = IpAddress::parse("192.168.42.5").value(); });
  add([](WireSign& s) { s.kind = Kind::arp; });
  EXPECT_TRUE(keys.insert(sign_key(sign, 2, 0)).second);
  EXPECT_TRUE(keys.insert(sign_key(sign, 1, 7)).second);
  WireSign neighbour = sign;
  neighbour.address = IpAddress::parse("10.1.0.6").value();
  EXPECT_FALSE(keys.insert(sign_key(neighbour, 1, 0)).second)
      << "of a router's thousand addresses one is told";
}

// What a packet says by itself, without a sign being made.
TEST(SignKey, OfAPacketIsThatOfItsSign) {
  const auto lan = from_card().ipv4("10.1.0.5", "10.1.0.9");
  const auto phone = from_card("02:00:00:00:00:0b").ipv4("192.168.42.5", "10.1.0.9");
  std::vector<Packet> packets{lan.udp(1, 2).packet(),
                              lan.udp(5000, 5355).packet(),
                              phone.tcp(1, 2, kit::SYN).packet(),
                              lan.tcp(1, 2, kit::RST).packet(),
                              lan.icmp(3, 3).quoting(phone.udp(1, 2)).packet(),
                              from_card().ipv6("fe80::1", "ff02::fb").udp(5353, 5353).packet()};
  for (unsigned change = 0; change < 4; ++change) {
    Packet other = packets.front();
    if (change == 0) other.vlans[other.vlan_count++] = 199;
    if (change == 1) other.tap = 7;
    if (change == 2) other.tuple.source.domain = 1;
    if (change == 3) other.ttl = 9;
    packets.push_back(other);
  }
  std::set<std::uint64_t> keys;
  std::size_t signs = 0;
  for (const Packet& packet : packets) {
    for (const bool answer : {false, true}) {
      const WireSign sign = source_sign(packet, answer);
      const std::uint64_t key = source_key(packet, answer, 3, 7);
      if (sign.kind == Kind::none) {
        EXPECT_EQ(key, 0U);
        continue;
      }
      EXPECT_EQ(key, sign_key(sign, 3, 7));
      keys.insert(key);
      ++signs;
    }
  }
  EXPECT_EQ(signs, 16U);
  EXPECT_EQ(keys.size(), 16U);
}

TEST(AddressKind, KnowsTheNetworksOfTethering) {
  for (const auto& [text, kind] : {std::pair{"192.168.42.129", AddressKind::shared_line},
                                   {"192.168.43.1", AddressKind::shared_line},
                                   {"192.168.137.1", AddressKind::shared_line},
                                   {"172.20.10.15", AddressKind::shared_line},
                                   {"172.20.10.16", AddressKind::other},
                                   {"192.168.44.1", AddressKind::other},
                                   {"fe80::1", AddressKind::link_local},
                                   {"2001:db8::1", AddressKind::global_ipv6},
                                   {"3fff::1", AddressKind::global_ipv6},
                                   {"fd00::1", AddressKind::other},
                                   {"4000::1", AddressKind::other}}) {
    EXPECT_EQ(address_kind(IpAddress::parse(text).value()), kind) << text;
  }
}

}  // namespace
}  // namespace sekimori::capture
