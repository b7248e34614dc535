// The same packet seen again: at the same place a duplicate, at another place a copy, never a retransmission.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/capture/flow_kit.hpp"

namespace sekimori::capture {
namespace {

using namespace flow_kit;

const IpAddress client = host(5);
const IpAddress server = host(9);

// Where a mirror shows packets: inside the boundary, and behind the router or firewall.
struct Place {
  std::uint16_t vlan = 0;
  std::uint8_t ttl = 64;
  std::uint8_t source = 1;
  std::uint8_t destination = 2;
  std::uint16_t tap = 0;
};
constexpr Place inside{.vlan = 10, .ttl = 64, .source = 1, .destination = 2};
constexpr Place outside{.vlan = 20, .ttl = 63, .source = 3, .destination = 4};

Packet at(Packet packet, const Place& place, Duration later = 0ns) {
  packet.vlans = {place.vlan, 0};
  packet.vlan_count = place.vlan != 0 ? 1 : 0;
  packet.ttl = place.ttl;
  packet.source_mac = mac(place.source);
  packet.destination_mac = mac(place.destination);
  packet.tap = place.tap;
  packet.time += later;
  return packet;
}
// As the decoder would give it: with a fingerprint made of what the packet says.
Packet sealed(Packet packet, std::uint32_t identification = 0) {
  packet.fingerprint =
      0x9e3779b9U * (packet.tcp_sequence + 31U * packet.tcp_acknowledgment + packet.tcp_flags +
                     7U * packet.payload_bytes + 1000003U * identification) |
      1U;
  packet.identified = identification != 0;
  return packet;
}
Packet data(std::uint32_t number, Duration after, std::uint32_t payload = 100) {
  return sealed(tcp(client, 50'000, server, 443, ACK, after, 1001 + 100 * number, 1, payload), 100 + number);
}

TEST(FlowCopies, SeenAtAnotherPlaceIsOnePacketAndPassed) {
  Story story;
  const Packet first = sealed(syn(5, 9), 1);
  story.play(at(first, inside));
  const Seen seen = story.play(at(first, outside, 80us));
  EXPECT_EQ(seen.repetition.repeat, Repeat::copy);
  EXPECT_TRUE(seen.repetition.routed);
  EXPECT_EQ(seen.facts.packets_to_server, 1U) << "counted once";
  EXPECT_EQ(seen.facts.initiator_mac, mac(1));
}

TEST(FlowCopies, SeenAtTheSamePlaceIsADuplicate) {
  Story story;
  const Packet first = sealed(syn(5, 9), 1);
  const Seen seen = story.play({at(first, inside), at(first, inside, 3us)});
  EXPECT_EQ(seen.repetition.repeat, Repeat::duplicate);
  EXPECT_FALSE(seen.repetition.routed);
  EXPECT_EQ(seen.facts.packets_to_server, 1U);
}

TEST(FlowCopies, TheHostsMacIsTheOneNearestToIt) {
  Story story;
  const Packet first = sealed(syn(5, 9), 1);
  story.play(at(first, outside));
  const Seen seen = story.play(at(first, inside, 80us));
  EXPECT_EQ(seen.repetition.repeat, Repeat::copy);
  EXPECT_TRUE(seen.changes.macs) << "another MAC may mean another verdict";
  EXPECT_EQ(seen.facts.initiator_mac, mac(1)) << "whichever came first";
  EXPECT_EQ(seen.facts.next_hop_mac, mac(2));
  EXPECT_EQ(seen.facts.vlans[0], 10);
}

TEST(FlowCopies, RetransmissionsAreNotTakenForCopies) {
  Story story;
  const Packet first = sealed(syn(5, 9), 1);
  Packet again = sealed(syn(5, 9), 2);  // Linux: another identification
  story.play({at(first, inside), at(again, inside, 1ms)});
  EXPECT_EQ(story.watcher.seen.back().repetition.repeat, Repeat::fresh);
  EXPECT_EQ(story.watcher.seen.back().facts.packets_to_server, 2U);

  Story six;  // IPv6, or identification 0: octet by octet the same, but later than any mirror is
  const Packet bare = sealed(syn(5, 9));
  six.play({at(bare, inside), at(bare, inside, 1s)});
  EXPECT_EQ(six.watcher.seen.back().repetition.repeat, Repeat::fresh);
  EXPECT_EQ(six.watcher.seen.back().facts.packets_to_server, 2U);
}

TEST(FlowCopies, ARetransmissionSeenOnBothSidesIsTwoPackets) {
  Story story;
  const Packet first = sealed(syn(5, 9));
  story.play(
      {at(first, inside), at(first, outside, 50us), at(first, inside, 1100ms), at(first, outside, 1101ms)});
  EXPECT_EQ(story.watcher.seen.back().repetition.repeat, Repeat::copy);
  EXPECT_EQ(story.watcher.seen.back().facts.packets_to_server, 2U);
}

TEST(FlowCopies, EqualAcknowledgmentsOneAfterTheOtherAreSentByTheHost) {
  Story story;
  const Packet ack = sealed(tcp(client, 50'000, server, 443, ACK, 0ns, 1001, 7));
  story.play({at(ack, inside), at(ack, inside, 12us), at(ack, inside, 24us)});
  EXPECT_EQ(story.watcher.seen.back().facts.packets_to_server, 3U) << "duplicate acknowledgments of IPv6";
  // Behind the firewall each of them is one copy.
  story.play({at(ack, outside, 70us), at(ack, outside, 82us), at(ack, outside, 94us)});
  EXPECT_EQ(story.watcher.seen.back().facts.packets_to_server, 3U);
}

TEST(FlowCopies, TaggedAndUntaggedOfOneSwitchHaveNotPassedAnything) {
  Story story;
  Place untagged = inside;
  untagged.vlan = 0;
  const Packet first = sealed(syn(5, 9), 1);
  const Seen seen = story.play({at(first, untagged), at(first, inside, 2us)});
  EXPECT_EQ(seen.repetition.repeat, Repeat::copy);
  EXPECT_FALSE(seen.repetition.routed);
}

TEST(FlowCopies, AnotherVlanOrTtlUnderTheSameMacIsNoPassage) {
  Place mirrored = inside;  // as remote mirrors show one frame twice
  mirrored.vlan = 20;
  Place playful = inside;  // a sender that varies its TTL
  playful.ttl = 63;
  for (const Place& other : {mirrored, playful}) {
    Story story;
    const Packet first = sealed(syn(5, 9), 1);
    const Seen seen = story.play({at(first, inside), at(first, other, 2us)});
    EXPECT_EQ(seen.repetition.repeat, Repeat::copy);
    EXPECT_FALSE(seen.repetition.routed);
  }
}

TEST(FlowCopies, DuplicatesThatInterleaveAreKnownOnceThereIsATrace) {
  Story story;
  for (std::uint32_t i = 0; i < 10; ++i) {
    const Packet a = at(data(2 * i, 10ms * i), inside);
    const Packet b = at(data(2 * i + 1, 10ms * i + 20us), inside);
    Packet a2 = a;
    Packet b2 = b;
    a2.time += 100us;
    b2.time += 100us;
    story.play({a, b, a2, b2});
  }
  EXPECT_LE(story.watcher.seen.back().facts.packets_to_server, 22U)
      << "20 packets; the first pair is not remembered";
}

TEST(FlowCopies, EqualDatagramsOverTwoWaysAreTheHosts) {
  Story story;
  Place other = inside;
  other.destination = 9;
  other.source = 8;
  std::vector<Packet> packets;
  for (std::uint32_t i = 0; i < 20; ++i) {
    Packet beat = udp(client, 40'000, server, 5000, 100ms * i);
    beat.fingerprint = 77;  // IPv6: nothing but its content tells it from the last one
    packets.push_back(at(beat, i % 2 == 0 ? inside : other));
  }
  EXPECT_EQ(story.play(packets).facts.packets_to_server, 20U);
}

TEST(FlowCopies, InsideATunnelTheOuterWayTells) {
  Story story;
  Packet here = sealed(syn(5, 9), 1);
  here.via = 64U << 8U | 5U;
  here.depth = 1;
  Packet there = here;
  there.via = 63U << 8U | 9U;
  there.time += 60us;
  const Seen seen = story.play({here, there});
  EXPECT_EQ(seen.repetition.repeat, Repeat::copy);
  EXPECT_TRUE(seen.repetition.routed);
}

TEST(FlowCopies, CountOnceInAnyOrderWithinAMillisecond) {
  // A whole conversation of 40 packets a direction, each seen on both sides and twice inside.
  std::vector<Packet> frames;
  Place inside_back{.vlan = 10, .ttl = 63, .source = 2, .destination = 1};
  Place outside_back{.vlan = 20, .ttl = 64, .source = 4, .destination = 3};
  const auto everywhere = [&](const Packet& packet, const Place& in, const Place& out) {
    frames.push_back(at(packet, in));
    frames.push_back(at(packet, in, 1us));
    frames.push_back(at(packet, out, 50us));
  };
  everywhere(sealed(syn(5, 9), 1), inside, outside);
  everywhere(sealed(tcp(server, 443, client, 50'000, SYN | ACK, 400us, 1, 1001), 2), inside_back,
             outside_back);
  for (std::uint32_t i = 0; i < 40; ++i) {
    everywhere(data(i, 1ms * i + 800us), inside, outside);
    everywhere(sealed(tcp(server, 443, client, 50'000, ACK, 1ms * i + 900us, 2, 1101 + 100 * i), 200 + i),
               inside_back, outside_back);
  }
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 engine{seed};
    std::vector<Packet> shuffled = frames;
    for (Packet& packet : shuffled) packet.time += std::chrono::microseconds(engine() % 1000);
    std::stable_sort(shuffled.begin(), shuffled.end(),
                     [](const Packet& a, const Packet& b) { return a.time < b.time; });
    Story story;
    struct Follower {
      FlowTable& table;
      void packet(Flow& flow, const Packet& packet, Changes changes, bool from_initiator) {
        if (changes.opened) table.follow(flow, packet, from_initiator);
      }
      void repeated(Flow&, const Packet&, Repetition, Changes, bool) {}
      void refused(const Packet&) {}
    } follower{story.table};
    story.table.record(shuffled, follower);
    story.table.finish();
    ASSERT_EQ(story.diary.ended.size(), 1U);
    const FlowFacts& facts = story.diary.ended.front().facts;
    EXPECT_EQ(facts.packets_to_server, 41U) << "seed " << seed;
    EXPECT_EQ(facts.packets_to_client, 41U) << "seed " << seed;
    EXPECT_EQ(facts.tuple.source, client) << "seed " << seed;
    EXPECT_EQ(facts.evidence, Evidence::syn) << "seed " << seed;
    EXPECT_EQ(facts.initiator_mac, mac(1)) << "seed " << seed;
    EXPECT_EQ(facts.vlans[0], 10) << "seed " << seed;
    EXPECT_EQ(facts.retransmissions, 0U) << "seed " << seed;
    EXPECT_EQ(story.table.trace_counters().window_short, 0U);
  }
}

TEST(FlowCopies, AnotherWayIsNoCopy) {
  Story story;
  story.play({at(data(0, 0ms), inside), at(data(1, 10ms), inside), at(data(2, 20ms), inside)});
  const Seen seen = story.play(at(data(3, 60ms), outside));
  EXPECT_EQ(seen.repetition.repeat, Repeat::fresh);
  EXPECT_EQ(seen.facts.packets_to_server, 4U);
}

TEST(FlowCopies, WhatIsOnlyLikelyACopyHasNotPassed) {
  Story story;
  story.play({at(data(0, 0us), inside), at(data(1, 10us), inside)});
  const Seen seen = story.play(at(data(0, 60us), outside));  // overtaken: nobody remembers the first
  EXPECT_EQ(seen.repetition.repeat, Repeat::copy);
  EXPECT_FALSE(seen.repetition.routed);
}

TEST(FlowCopies, ATraceThatShowsNothingIsGivenBack) {
  Story story{{.traces_max = 1}, 64};
  Place other = inside;
  other.source = 7;
  story.play({at(data(0, 0ms), inside), at(data(1, 100ms), other)});
  EXPECT_EQ(story.table.trace_counters().taken, 1U);
  story.play({at(data(2, 200ms), inside), at(data(3, 4s), inside)});
  const Packet first = sealed(syn(300, 9, 443, 5s), 1);
  story.play({at(first, inside), at(first, outside, 10us)});
  EXPECT_EQ(story.table.trace_counters().stolen, 0U);
  EXPECT_EQ(story.table.trace_counters().taken, 2U);
}

TEST(FlowCopies, CountLikeAnyPacketWhereTheyAreToBeCounted) {
  Story story{{.count_copies = true}};
  const Packet first = sealed(syn(5, 9), 1);
  EXPECT_EQ(story.play({at(first, inside), at(first, inside, 1us), at(first, outside, 9us)})
                .facts.packets_to_server,
            3U);
}

TEST(FlowCopies, TellWhereTheFlowWasSeen) {
  Story story;
  const Packet first = sealed(syn(5, 9), 1);
  std::vector<FlowFacts> facts;
  struct Reader {
    FlowTable& table;
    std::vector<FlowFacts>& facts;
    void packet(Flow& flow, const Packet&, Changes, bool) { facts.push_back(table.facts(flow)); }
    void repeated(Flow& flow, const Packet&, Repetition, Changes, bool) {
      facts.push_back(table.facts(flow));
    }
    void refused(const Packet&) {}
  } reader{story.table, facts};
  const std::vector<Packet> packets{at(first, outside), at(first, inside, 80us), at(first, inside, 81us)};
  story.table.record(packets, reader);
  EXPECT_EQ(facts.front().sightings_count, 0U) << "one place, told by the flow's own fields";
  const FlowFacts& last = facts.back();
  EXPECT_EQ(last.copies, 1U);
  EXPECT_EQ(last.duplicates, 1U);
  ASSERT_EQ(last.sightings_count, 2U);
  EXPECT_EQ(last.sightings[0].ttl, 64U) << "nearest to the sender first";
  EXPECT_EQ(last.sightings[0].vlans[0], 10U);
  EXPECT_EQ(last.sightings[0].packets, 2U);
  EXPECT_EQ(last.sightings[1].vlans[0], 20U);
  EXPECT_TRUE(last.sightings[1].to_server);
}

TEST(FlowCopies, TracesAreBoundedAndTheirLackIsCounted) {
  Story story{{.traces_max = 2}, 64};
  for (std::uint32_t i = 0; i < 5; ++i) {
    const Packet first = sealed(syn(100 + i, 9), 1);
    story.play({at(first, inside), at(first, outside, 10us)});
    EXPECT_EQ(story.watcher.seen.back().repetition.repeat, Repeat::copy)
        << "the record alone still knows the last packet again";
  }
  EXPECT_EQ(story.table.trace_counters().taken, 2U);
  EXPECT_EQ(story.table.trace_counters().refused, 3U);
  // Quiet for longer than copies take: their traces go to whoever needs them.
  const Packet later = at(sealed(syn(200, 9, 443, 5s), 1), inside);
  story.play({later, at(sealed(syn(200, 9, 443, 5s), 1), outside, 10us)});
  EXPECT_EQ(story.table.trace_counters().stolen, 1U);
  story.table.finish();
  EXPECT_EQ(story.diary.ended.size(), 6U);
}

TEST(FlowHistory, IsWrittenAsZeekWritesIt) {
  Story story;
  const auto back = [](unsigned flags, Duration after, std::uint32_t sequence, std::uint32_t ack,
                       std::uint32_t payload = 0) {
    return tcp(server, 443, client, 50'000, flags, after, sequence, ack, payload);
  };
  const auto there = [](unsigned flags, Duration after, std::uint32_t sequence, std::uint32_t ack,
                        std::uint32_t payload = 0) {
    return tcp(client, 50'000, server, 443, flags, after, sequence, ack, payload);
  };
  const Seen seen = story.play(
      {there(SYN, 0ms, 1000, 0), back(SYN | ACK, 1ms, 1, 1001), there(ACK, 2ms, 1001, 2),
       there(ACK, 3ms, 1001, 2, 50), back(ACK, 4ms, 2, 1051), back(ACK, 5ms, 2, 1051, 9),
       there(ACK, 400ms, 1001, 2, 50), there(FIN | ACK, 500ms, 1051, 11), back(FIN | ACK, 501ms, 11, 1052)});
  EXPECT_STREQ(seen.facts.history.data(), "ShADadTFf");
  EXPECT_EQ(seen.facts.conn_state, ConnState::sf);
  EXPECT_EQ(seen.facts.retransmissions, 1U);
}

TEST(FlowHistory, BeginsWithATurnWhenTheAnswerCameFirst) {
  Story story;
  const Seen seen = story.play(tcp(server, 443, client, 50'000, SYN | ACK, 1ms, 1, 1001));
  EXPECT_STREQ(seen.facts.history.data(), "^h");
  EXPECT_EQ(seen.facts.conn_state, ConnState::oth);
}

TEST(FlowHistory, OvertakenIsNotSentAgain) {
  Story story;
  const auto part = [](std::uint32_t sequence, Duration after) {
    return tcp(client, 50'000, server, 443, ACK, after, sequence, 1, 100);
  };
  EXPECT_EQ(story.play({part(1000, 0ms), part(1200, 1ms), part(1100, 1100us)}).facts.retransmissions, 0U);
  EXPECT_EQ(story.play(part(1100, 300ms)).facts.retransmissions, 1U);
}

struct StateCase {
  const char* name;
  std::vector<std::pair<bool, unsigned>> flags;  // from the client, and which
  ConnState state;
};

TEST(FlowHistory, StatesAreZeeks) {
  const std::vector<StateCase> cases{
      {"attempt", {{true, SYN}}, ConnState::s0},
      {"refused", {{true, SYN}, {false, RST | ACK}}, ConnState::rej},
      {"open", {{true, SYN}, {false, SYN | ACK}, {true, ACK}}, ConnState::s1},
      {"client closes", {{true, SYN}, {false, SYN | ACK}, {true, FIN | ACK}}, ConnState::s2},
      {"server closes", {{true, SYN}, {false, SYN | ACK}, {true, ACK}, {false, FIN | ACK}}, ConnState::s3},
      {"both close", {{true, SYN}, {false, SYN | ACK}, {true, FIN | ACK}, {false, FIN | ACK}}, ConnState::sf},
      {"client aborts", {{true, SYN}, {false, SYN | ACK}, {true, RST}}, ConnState::rsto},
      {"server aborts", {{true, SYN}, {false, SYN | ACK}, {true, ACK}, {false, RST}}, ConnState::rstr},
      {"scan and away", {{true, SYN}, {true, RST}}, ConnState::rstos0},
      {"one side only", {{true, SYN}, {true, FIN | ACK}}, ConnState::sh},
      {"other side only", {{false, SYN | ACK}, {false, FIN | ACK}}, ConnState::shr},
      {"other side refuses", {{false, SYN | ACK}, {false, RST}}, ConnState::rstrh},
      {"in the middle", {{true, ACK}, {false, ACK}}, ConnState::oth},
  };
  for (const StateCase& one : cases) {
    Story story;
    std::vector<Packet> packets;
    Duration time{};
    for (const auto& [from_client, flags] : one.flags) {
      time += 10ms;
      packets.push_back(from_client ? tcp(client, 50'000, server, 443, flags, time, 100, 500)
                                    : tcp(server, 443, client, 50'000, flags, time, 499, 100));
    }
    EXPECT_EQ(conn_state_name(story.play(packets).facts.conn_state), conn_state_name(one.state)) << one.name;
  }
}

}  // namespace
}  // namespace sekimori::capture
