// Address spaces: which wire is in which, and that what has the same addresses in two of them never meets.
#include "capture/decode/domains.hpp"

#include <gtest/gtest.h>

#include <array>

#include "capture/decode/decode.hpp"
#include "capture/decode/wire_sign.hpp"
#include "capture/flow/fragments.hpp"
#include "tests/capture/flow_kit.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::capture {
namespace {

using namespace flow_kit;
using kit::BuiltFrame;
using kit::ethernet;
using kit::PacketBuilder;

// Bodies a (1) and b (2) on one trunk, c (3) on a tap of its own.
std::vector<DomainOptions> union_wires() {
  DomainOptions a{.id = 1};
  for (std::uint16_t vlan = 100; vlan < 200; ++vlan) a.vlans.push_back(vlan);
  DomainOptions b{.id = 2};
  for (std::uint16_t vlan = 200; vlan < 300; ++vlan) b.vlans.push_back(vlan);
  return {a, b, {.id = 3, .taps = {1}}};
}

const Decoder& decoder() {
  static const Decoder made{[] {
    DecodeOptions options;
    options.domains = union_wires();
    options.mirror_receivers = {IpAddress::parse("192.0.2.20").value()};
    return options;
  }()};
  return made;
}

std::vector<Packet> layers(const PacketBuilder& built, std::uint16_t tap = 0) {
  const BuiltFrame frame = built.build();
  std::array<Packet, packets_most> packets;
  const Decoder::Result result = decoder().decode(frame.frame({.tap = tap}), packets);
  return {packets.begin(), packets.begin() + result.count};
}

PacketBuilder on(unsigned vlan) {
  return vlan == 0 ? ethernet() : ethernet().vlan(vlan);
}
PacketBuilder call(unsigned vlan) {
  return on(vlan).ipv4("10.1.1.5", "10.1.2.9").identification(7).tcp(50'000, 445, kit::SYN);
}

TEST(Domains, AreMainWhereNobodyNamesAny) {
  const Domains none;
  EXPECT_FALSE(none.several());
  EXPECT_EQ(none.at(0, 100), main_domain);
  EXPECT_EQ(layers(call(300)).at(0).tuple.source.domain, main_domain);
  EXPECT_EQ(layers(call(0)).at(0).tuple.source.domain, main_domain);
}

TEST(Domains, TakeTheNearestWordAboutAWire) {
  std::vector<DomainOptions> options = union_wires();
  options[0].wires.push_back({.tap = 1, .vlan = 200});
  const Domains domains{options};
  EXPECT_EQ(domains.at(0, 100), 1);
  EXPECT_EQ(domains.at(0, 299), 2);
  EXPECT_EQ(domains.at(0, 300), main_domain);
  EXPECT_EQ(domains.at(0, 0), main_domain);
  EXPECT_EQ(domains.at(1, 0), 3) << "all of the tap";
  EXPECT_EQ(domains.at(1, 300), 3);
  EXPECT_EQ(domains.at(1, 201), 2) << "a VLAN goes before its tap";
  EXPECT_EQ(domains.at(1, 200), 1) << "and one VLAN of one tap before both";
  EXPECT_EQ(domains.at(0, 200), 2);
  EXPECT_EQ(domains.at(7, 100), 1) << "on taps that nobody names VLANs count alone";
  EXPECT_EQ(domains.at(no_tap, 100), 1) << "and so they do in files";
  EXPECT_EQ(domains.at(no_tap, 0), main_domain);
}

TEST(Domains, AreOfTheOutermostTagOnTheShortWayAndOnTheLongOne) {
  for (const auto& packets : {layers(call(110)), layers(call(110).ttl(63)),
                              layers(on(110).vlan(210).ipv4("10.1.1.5", "10.1.2.9").udp(50'000, 53)),
                              layers(on(110).ipv4("10.1.1.5", "10.1.2.9").icmp(8)),
                              layers(on(110).ipv6("fd00::5", "fd00::9").tcp(50'000, 445, kit::SYN))}) {
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_EQ(packets[0].tuple.source.domain, 1);
    EXPECT_EQ(packets[0].tuple.destination.domain, 1);
    EXPECT_FALSE(packets[0].quotes);
  }
  EXPECT_EQ(layers(call(0), 1).at(0).tuple.source.domain, 3);
}

TEST(Domains, HoldForAllThatAFrameSays) {
  const auto tunnel =
      layers(on(210).ipv4("10.1.0.1", "10.1.0.2").gre().ipv4("10.1.1.5", "10.1.2.9").udp(9, 53));
  ASSERT_EQ(tunnel.size(), 2U);
  for (const Packet& packet : tunnel) EXPECT_EQ(packet.tuple.source.domain, 2);
  EXPECT_EQ(tunnel[1].outer.source.domain, 2) << "between whom it is carried";

  const auto error = layers(on(210).ipv4("10.1.2.9", "10.1.1.5").icmp(3, 13).quoting(call(210)));
  ASSERT_EQ(error.size(), 1U);
  ASSERT_TRUE(error[0].quotes);
  EXPECT_EQ(error[0].quoted.source.domain, 2);
  EXPECT_TRUE(reports(error[0])) << "it is about what its receiver sent, in the same domain";
}

TEST(Domains, OfARemoteMirrorAreThoseOfTheWireThatItShows) {
  const auto mirrored = [](unsigned vlan) {
    return layers(ethernet()
                      .ipv4("10.1.0.1", "192.0.2.20")
                      .erspan(2, vlan)
                      .frame("02:00:00:00:00:0c", "02:00:00:00:00:0d")
                      .vlan(vlan)
                      .ipv4("10.1.1.5", "10.1.2.9")
                      .udp(9, 53));
  };
  ASSERT_EQ(mirrored(110).size(), 1U);
  EXPECT_EQ(mirrored(110)[0].tuple.source.domain, 1);
  EXPECT_EQ(mirrored(210)[0].tuple.source.domain, 2);
}

TEST(Domains, OfASignAreThoseOfItsWire) {
  const BuiltFrame frame = on(110).arp_request("10.1.1.5", "10.1.2.9").build();
  WireSign sign;
  ASSERT_TRUE(read_wire_sign(frame.frame({.tap = 0}), sign));
  const std::uint64_t before = sign_key(sign, 0, 1);
  place_sign(sign, decoder().domains());
  EXPECT_EQ(sign.address.domain, 1);
  EXPECT_EQ(sign.other.domain, 1);
  EXPECT_NE(sign_key(sign, 0, 1), before);
}

Packet in(DomainId domain, Packet packet) {
  packet.tuple.source.domain = packet.tuple.destination.domain = domain;
  if (packet.quotes) packet.quoted.source.domain = packet.quoted.destination.domain = domain;
  return packet;
}

TEST(FlowDomains, TheSameTupleInTwoDomainsIsTwoFlows) {
  const Packet there = tcp(host(5), 50'000, host(9), 445, SYN, 0ns, 100);
  const Packet back = tcp(host(9), 445, host(5), 50'000, SYN | ACK, 2ms, 500, 101);
  for (const DomainId other : {DomainId{1}, DomainId{15}}) {
    Story story;
    story.play({in(0, there), in(other, there), in(other, back)});
    EXPECT_EQ(story.table.size(), 2U);
    ASSERT_EQ(story.watcher.seen.size(), 3U);
    EXPECT_TRUE(story.watcher.seen[1].changes.opened) << "and no copy of what it looks like";
    EXPECT_EQ(story.watcher.seen[1].repetition.repeat, Repetition{}.repeat);
    const FlowFacts& facts = story.watcher.seen[2].facts;
    EXPECT_EQ(facts.tuple, in(other, there).tuple) << "the domain comes back out of the record";
    EXPECT_EQ(facts.stage, Stage::answered);
    EXPECT_NE(facts.id, story.watcher.seen[0].facts.id);
  }
}

TEST(FlowDomains, AnErrorIsAboutTheFlowOfItsOwnDomain) {
  Story story;
  const Packet ask = udp(host(5), 50'000, host(9), 53);
  story.play({in(1, ask), in(2, ask)});
  const Seen seen = story.play(in(2, icmp_error(host(9), ask, 3, 13, 1ms)));
  EXPECT_EQ(story.table.size(), 2U) << "the error is no conversation of its own";
  EXPECT_EQ(seen.facts.stage, Stage::refused);
  EXPECT_EQ(seen.facts.tuple.source.domain, 2);
}

TEST(FlowDomains, AreDealtByTheirAddressesAlone) {
  const Packet ask = udp(host(5), 50'000, host(9), 53);
  EXPECT_EQ(deal_hash(in(1, ask)), deal_hash(in(0, ask)))
      << "the kernel's program knows addresses, not domains: both must deal alike";
}

TEST(FlowDomains, FragmentsOfOneAreNoneOfTheOther) {
  FragmentTable table{{}};
  const auto part = [](DomainId domain, unsigned offset, bool more) {
    Packet packet = udp(host(5), offset == 0 ? 50'000 : 0, host(9), offset == 0 ? 53 : 0);
    packet.fragment = true;
    packet.fragment_first = offset == 0;
    packet.ports_known = offset == 0;
    packet.fragment_more = more;
    packet.fragment_id = 77;
    packet.fragment_offset = static_cast<std::uint16_t>(offset);
    packet.fragment_bytes = 1480;
    return in(domain, packet);
  };
  std::vector<Packet> out;
  const auto take = [&](const Packet& packet) { out.push_back(packet); };
  table.add(part(1, 0, true), take);
  table.add(part(2, 1480, false), take);
  ASSERT_EQ(out.size(), 1U) << "it waits for a first part of its own domain";
  table.add(part(2, 0, true), take);
  ASSERT_EQ(out.size(), 3U);
  EXPECT_EQ(out[1].tuple.source.domain, 2);
  EXPECT_EQ(out[2].tuple.destination_port, 53);
}

TEST(Prefix, HoldsAddressesOfItsOwnDomain) {
  const Prefix ten = Prefix::parse("10.1.0.0/16").value();
  const IpAddress host = IpAddress::parse("10.1.2.3").value();
  EXPECT_TRUE(ten.contains(host));
  EXPECT_FALSE(ten.contains(host.in(1)));
  EXPECT_TRUE(ten.in(1).contains(host.in(1)));
  EXPECT_FALSE(ten.in(1).overlaps(ten));
  EXPECT_NE(host, host.in(1));
  EXPECT_EQ(in_domains({ten}, 0b101), (std::vector<Prefix>{ten, ten.in(2)}));
  EXPECT_EQ(in_order({ten.in(1), Prefix::parse("fd00::/8").value(), ten}),
            (std::vector<std::uint32_t>{2, 1, 0}))
      << "a domain's prefixes stand together";
}

}  // namespace
}  // namespace sekimori::capture
