// What stories say about a wire: who gives it addresses, who calls out on it, who sits on the wrong one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "capture/decode/decode.hpp"
#include "tools/traffic/play.hpp"

namespace sekimori::traffic {
namespace {

const std::string beginning =
    "start: 2026-04-01T00:00:00Z\n"
    "routers: {r: {legs: {10: {mac: \"02:fe:00:00:00:10\"}, 20: {mac: \"02:fe:00:00:00:20\"}}}}\n"
    "hosts:\n"
    "  a: {ip: [10.1.0.5, \"fd00:1::5\"], vlan: 10, mac: \"02:00:00:00:00:0a\", ttl: 128}\n"
    "  b: {ip: [10.2.0.9, \"fd00:2::9\"], vlan: 20, mac: \"02:00:00:00:00:0b\"}\n"
    "  near: {ip: [10.1.0.6, \"fd00:1::6\"], vlan: 10, mac: \"02:00:00:00:00:0c\"}\n"
    "  many: {ip: 10.1.0.10-10.1.0.12, vlan: 10}\n";

Played played(const std::string& event) {
  return play(read_story_text(beginning + "events:\n  - {at: 1s, " + event + "}\n", "t.yaml"));
}

// "10 02:..:0a>ff:.. 0.0.0.0:68>255.255.255.255:67 ttl 128", or the decoder's reason instead of addresses.
std::string line(const Shot& shot) {
  const auto bytes = std::as_bytes(std::span{shot.bytes});
  capture::Frame frame;
  frame.bytes = bytes;
  frame.wire_length = static_cast<std::uint32_t>(bytes.size());
  capture::Packet packet;
  const capture::Reason reason = capture::decode(frame, packet);
  MacAddress destination, source;
  std::copy_n(shot.bytes.begin(), 6, destination.bytes.begin());
  std::copy_n(shot.bytes.begin() + 6, 6, source.bytes.begin());
  const unsigned vlan = (shot.bytes[14] & 0xfU) << 8U | shot.bytes[15];
  std::string out = std::to_string(vlan) + " " + source.to_string() + ">" + destination.to_string() + " ";
  if (reason != capture::Reason::none) return out + std::string{capture::reason_name(reason)};
  const capture::Tuple& tuple = packet.tuple;
  out += tuple.source.to_string();
  if (tuple.protocol == 17) out += ":" + std::to_string(tuple.source_port);
  out += ">" + tuple.destination.to_string();
  if (tuple.protocol == 17) {
    out += ":" + std::to_string(tuple.destination_port);
  } else {
    out += " type " + std::to_string(packet.icmp_type);
  }
  return out + " ttl " + std::to_string(packet.ttl);
}

std::vector<std::string> lines(const std::string& event) {
  std::vector<std::string> out;
  for (const Shot& shot : played(event).shots) out.push_back(line(shot));
  return out;
}
using Lines = std::vector<std::string>;

TEST(LinkTalk, GivesAnAddressInFourMessages) {
  EXPECT_EQ(lines("from: a, to: near, dhcp: exchange"),
            (Lines{"10 02:00:00:00:00:0a>ff:ff:ff:ff:ff:ff 0.0.0.0:68>255.255.255.255:67 ttl 128",
                   "10 02:00:00:00:00:0c>ff:ff:ff:ff:ff:ff 10.1.0.6:67>255.255.255.255:68 ttl 64",
                   "10 02:00:00:00:00:0a>ff:ff:ff:ff:ff:ff 0.0.0.0:68>255.255.255.255:67 ttl 128",
                   "10 02:00:00:00:00:0c>ff:ff:ff:ff:ff:ff 10.1.0.6:67>255.255.255.255:68 ttl 64"}));
  EXPECT_EQ(lines("from: a, to: near, dhcp: exchange, family: ipv6, only: responder"),
            (Lines{"10 02:00:00:00:00:0c>02:00:00:00:00:0a fe80::ff:fe00:c:547>fe80::ff:fe00:a:546 ttl 64",
                   "10 02:00:00:00:00:0c>02:00:00:00:00:0a fe80::ff:fe00:c:547>fe80::ff:fe00:a:546 ttl 64"}));
}

TEST(LinkTalk, WritesTheDhcpMessageItsTypeAndTheServer) {
  const auto shots = played("from: a, to: near, dhcp: [discover, offer], name: PC-7").shots;
  ASSERT_EQ(shots.size(), 2U);
  const std::size_t body = 14 + 4 + 20 + 8;
  EXPECT_EQ(shots[0].bytes[body], 1) << "BOOTREQUEST";
  EXPECT_EQ(shots[1].bytes[body], 2) << "BOOTREPLY";
  EXPECT_EQ(std::vector<std::uint8_t>(shots[0].bytes.begin() + body + 28, shots[0].bytes.begin() + body + 34),
            (std::vector<std::uint8_t>{2, 0, 0, 0, 0, 0x0a}))
      << "the client's MAC";
  const auto text = [](const Shot& shot) { return std::string{shot.bytes.begin(), shot.bytes.end()}; };
  EXPECT_NE(text(shots[0]).find(std::string{"\x63\x82\x53\x63\x35\x01\x01"}), std::string::npos);
  EXPECT_NE(text(shots[0]).find(std::string{"\x0c\x04PC-7"}), std::string::npos);
  EXPECT_NE(text(shots[1]).find(std::string{"\x63\x82\x53\x63\x35\x01\x02"}), std::string::npos);
  EXPECT_NE(text(shots[1]).find(std::string("\x36\x04\x0a\x01\x00\x06", 6)), std::string::npos);
}

TEST(LinkTalk, AdvertisesRoutersAndRootBridges) {
  EXPECT_EQ(lines("from: a, ra: \"fd00:9::/64\""),
            (Lines{"10 02:00:00:00:00:0a>33:33:00:00:00:01 fe80::ff:fe00:a>ff02::1 type 134 ttl 255"}));
  EXPECT_EQ(lines("from: a, bpdu: \"02:00:00:00:00:01\", on: 20"),
            (Lines{"20 02:00:00:00:00:0a>01:80:c2:00:00:00 stp"}));
}

TEST(LinkTalk, CallsNamesToTheGroupsThatListen) {
  EXPECT_EQ(lines("from: a, call: llmnr"),
            (Lines{"10 02:00:00:00:00:0a>01:00:5e:00:00:fc 10.1.0.5:54321>224.0.0.252:5355 ttl 1"}));
  EXPECT_EQ(lines("from: a, call: mdns, family: ipv6"),
            (Lines{"10 02:00:00:00:00:0a>33:33:00:00:00:fb fd00:1::5:5353>ff02::fb:5353 ttl 255"}));
  EXPECT_EQ(lines("from: a, call: nbns"),
            (Lines{"10 02:00:00:00:00:0a>ff:ff:ff:ff:ff:ff 10.1.0.5:137>10.1.0.255:137 ttl 128"}));
  EXPECT_EQ(lines("from: a, call: ssdp, ttl: 3, mac: \"02:00:00:00:00:99\", on: 20"),
            (Lines{"20 02:00:00:00:00:99>01:00:5e:7f:ff:fa 10.1.0.5:1900>239.255.255.250:1900 ttl 3"}));
  EXPECT_EQ(lines("from: many, call: wsd, count: 2, every: 1m").size(), 6U);
}

TEST(LinkTalk, PutsACableIntoTheWrongSocket) {
  EXPECT_EQ(lines("from: a, on: 20, arp: gratuitous"), (Lines{"20 02:00:00:00:00:0a>ff:ff:ff:ff:ff:ff arp"}));
  EXPECT_EQ(lines("from: a, to: near, on: 20, udp: 53, outcome: unanswered, port: 5000, ttl: 63"),
            (Lines{"20 02:00:00:00:00:0a>02:00:00:00:00:0c 10.1.0.5:5000>10.1.0.6:53 ttl 63"}));
  const Conversation told =
      played("from: a, to: b, on: 20, udp: 53, outcome: unanswered").conversations.at(0);
  EXPECT_EQ(told.initiator_vlan, 20);
  EXPECT_EQ(told.forth.frames, 1U) << "no router between";
}

TEST(LinkTalk, RefusesWhatWouldHaveNoEffect) {
  for (const auto& [event, words] : std::vector<std::pair<std::string, std::string>>{
           {"from: a, to: b, call: llmnr", "said to everybody"},
           {"from: a, dhcp: exchange", "key \"to\" is missing"},
           {"from: a, to: near, dhcp: [discover, offre]", "one of discover, offer, request, ack, nak"},
           {"from: a, ra: 10.0.0.0/8", "an IPv6 prefix belongs here"},
           {"from: a, bpdu: x", "a MAC address belongs here"},
           {"from: a, call: nbns, family: ipv6", "NetBIOS is for IPv4"},
           {"from: a, call: llmnr, group: \"ff02::1:3\"", "no address of this family"},
           {"from: a, to: near, udp: 53, group: 224.0.0.1", "no meaning without call"},
           {"from: a, arp: gratuitous, ttl: 3", "no meaning without a packet"},
           {"from: a, arp: gratuitous, outcome: unanswered", "no meaning without somebody"},
           {"from: a, to: b, on: 20, udp: 53, outcome: dropped", "no meaning without a router"}}) {
    try {
      played(event);
      ADD_FAILURE() << "read: " << event;
    } catch (const StoryError& error) {
      EXPECT_NE(std::string{error.what()}.find(words), std::string::npos) << event << "\n" << error.what();
    }
  }
}

}  // namespace
}  // namespace sekimori::traffic
