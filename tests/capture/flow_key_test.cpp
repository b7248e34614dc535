// What is one conversation, and that nobody without the secret can aim at a bucket.
#include "capture/flow/flow_key.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "capture/flow/flow_index.hpp"
#include "tests/capture/flow_kit.hpp"

namespace sekimori::capture {
namespace {

using namespace flow_kit;

TEST(FlowKey, IsOneForBothDirections) {
  Random random{1};
  for (int i = 0; i < 1000; ++i) {
    Packet there = udp(host(random() % 4), random() % 4, host(random() % 4), random() % 4);
    Packet back = there;
    back.tuple = there.tuple.reversed();
    const DirectedKey a = key_of(there);
    const DirectedKey b = key_of(back);
    EXPECT_EQ(a.key, b.key);
    EXPECT_TRUE(there.tuple == back.tuple || a.side != b.side);
    EXPECT_EQ(deal_hash(there), deal_hash(back));
  }
}

TEST(FlowKey, KeepsApartWhatIsNotOneConversation) {
  const Packet one = udp(host(1), 1000, host(2), 2000);
  std::vector<std::pair<const char*, Packet>> others;
  const auto add = [&](const char* what, auto change) {
    Packet p = one;
    change(p);
    others.emplace_back(what, p);
  };
  add("the same", [](Packet&) {});
  add("ports swapped", [](Packet& p) { std::swap(p.tuple.source_port, p.tuple.destination_port); });
  add("protocol", [](Packet& p) { p.tuple.protocol = protocol::tcp; });
  add("port", [](Packet& p) { p.tuple.source_port = 1001; });
  add("address", [](Packet& p) { p.tuple.destination = host(3); });
  add("IPv4's octets in IPv6",
      [](Packet& p) { p.tuple.source.family = p.tuple.destination.family = Family::ipv6; });
  add("IPv4-mapped", [](Packet& p) {
    p.tuple.source = *IpAddress::parse("::ffff:10.0.0.1");
    p.tuple.destination = *IpAddress::parse("::ffff:10.0.0.2");
  });
  add("ports zero", [](Packet& p) { p.tuple.source_port = p.tuple.destination_port = 0; });
  add("ports unknown", [](Packet& p) { p.ports_known = false; });
  std::set<FlowKey> keys;
  for (const auto& [what, p] : others) {
    EXPECT_TRUE(keys.insert(key_of(p).key).second) << what;
    Story story;  // and the table itself
    story.play(one);
    story.play(p);
    EXPECT_EQ(story.table.size(), std::string_view{what} == "the same" ? 1U : 2U) << what;
  }
}

TEST(FlowKey, TellsPingsApartByTheirIdentifier) {
  for (const bool v6 : {false, true}) {
    const IpAddress asker = v6 ? host6(1) : host(1);
    const IpAddress asked = v6 ? host6(2) : host(2);
    const unsigned request = v6 ? 128 : 8;
    const unsigned reply = v6 ? 129 : 0;
    const auto ping = [&](std::uint16_t id) {
      Packet p = icmp(asker, asked, request, reply);
      p.icmp_id = id;
      return p;
    };
    const auto answer = [&](std::uint16_t id) {
      Packet p = icmp(asked, asker, reply, request);
      p.icmp_id = id;
      return p;
    };
    Story story;
    story.play(ping(0x1234));
    const Seen answered = story.play(answer(0x1234));
    EXPECT_EQ(story.table.size(), 1U);
    EXPECT_EQ(answered.facts.stage, Stage::answered);
    EXPECT_EQ(answered.facts.tuple.source_port, request) << "the identifier is no part of what is told";
    EXPECT_EQ(answered.facts.tuple.destination_port, reply);
    story.play(ping(0x1235));
    EXPECT_EQ(story.table.size(), 2U) << "low octet";
    story.play(ping(0x3434));
    EXPECT_EQ(story.table.size(), 3U) << "high octet";
    const Seen error = story.play(icmp_error(v6 ? host6(9) : host(9), ping(0x1235), v6 ? 1 : 3, 1));
    EXPECT_EQ(story.table.size(), 3U) << "an error joins the ping that it quotes";
    EXPECT_EQ(error.facts.stage, Stage::refused);

    Story merged{{.icmp_by_type = true}};
    merged.play({ping(1), answer(1), ping(2), ping(0x100), answer(2)});
    EXPECT_EQ(merged.table.size(), 1U);
  }
}

TEST(FlowKey, TakesTheVlanInOnlyWhereAsked) {
  Packet here = udp(host(1), 1000, host(2), 2000);
  here.vlans = {20, 0};
  here.vlan_count = 1;
  Packet behind = here;
  behind.vlans = {30, 0};
  Packet stacked = here;
  stacked.vlans = {20, 7};
  stacked.vlan_count = 2;
  Story apart{{.vlan_in_key = true}};
  apart.play({here, behind, stacked, here});
  EXPECT_EQ(apart.table.size(), 3U);
  Story together;
  const Seen seen = together.play({here, behind, stacked, here});
  EXPECT_EQ(together.table.size(), 1U);
  EXPECT_EQ(seen.facts.vlans[0], 20);
  EXPECT_EQ(seen.facts.vlan_count, 1);
}

TEST(FlowDeal, SendsFragmentsAndErrorsToTheirConversation) {
  Random random{2};
  std::set<std::uint64_t> hands;
  for (int i = 0; i < 2000; ++i) {
    const bool v6 = i % 2 != 0;
    const IpAddress a = v6 ? host6(random()) : host(random() % 65'536);
    const IpAddress b = v6 ? host6(random()) : host(random() % 65'536);
    const Packet first = udp(a, 1000 + i % 100, b, 53);
    Packet rest = first;
    rest.ports_known = false;
    rest.tuple.source_port = rest.tuple.destination_port = 0;
    const Packet error = icmp_error(v6 ? host6(1) : host(1), first, 3, 1);
    EXPECT_EQ(deal_hash(rest), deal_hash(first));
    EXPECT_EQ(deal_hash(error), deal_hash(first));
    EXPECT_LT(deal_hash(first), 256U);
    hands.insert(deal_hash(first));
  }
  EXPECT_GT(hands.size(), 240U) << "all hands get their share";
}

// Two errors of one router to one host that quote different conversations are dealt to different workers.
// With one worker they must not become one flow, or the number of workers would show.
TEST(FlowDeal, UnjoinedErrorsAreTheSameFlowsForAnyNumberOfWorkers) {
  std::vector<Packet> errors;
  for (std::uint32_t i = 0; i < 300; ++i)
    errors.push_back(icmp_error(host(1), udp(host(2), 999, host(100 + i), 53), 3, 1));
  std::vector<std::uint64_t> alone;
  for (const std::uint64_t workers : {1U, 2U, 3U, 7U}) {
    std::vector<std::uint64_t> packets;
    for (std::uint64_t worker = 0; worker < workers; ++worker) {
      std::vector<Packet> share;
      for (const Packet& error : errors) {
        if (deal_hash(error) % workers == worker) share.push_back(error);
      }
      Story story;
      if (!share.empty()) story.play(share);
      story.table.finish();
      for (const Ended& flow : story.diary.ended) packets.push_back(flow.facts.packets_to_server);
    }
    std::sort(packets.begin(), packets.end());
    if (workers == 1) alone = packets;
    EXPECT_EQ(packets, alone) << workers;
  }
}

TEST(FlowHash, HangsOnEveryBitOfSecretAndKey) {
  const FlowKey key = key_of(udp(host6(1), 1000, host6(2), 2000)).key;
  const std::uint64_t plain = FlowHash{secret}(key);
  EXPECT_EQ(plain, FlowHash{secret}(key));
  std::set<std::uint64_t> hashes{plain};
  int changed_bits = 0;
  int cases = 0;
  const auto check = [&](std::uint64_t hash) {
    EXPECT_TRUE(hashes.insert(hash).second);
    changed_bits += std::popcount(hash ^ plain);
    ++cases;
  };
  for (unsigned bit = 0; bit < 128; ++bit) {
    HashSecret other = secret;
    other.words[bit / 64] ^= std::uint64_t{1} << (bit % 64);
    check(FlowHash{other}(key));
  }
  for (unsigned bit = 0; bit < 320; ++bit) {
    FlowKey other = key;
    other.words[bit / 64] ^= std::uint64_t{1} << (bit % 64);
    check(FlowHash{secret}(other));
  }
  FlowKey other = key;
  other.kind ^= FlowKey::ipv6;
  check(FlowHash{secret}(other));
  EXPECT_NEAR(static_cast<double>(changed_bits) / cases, 32.0, 1.5) << "half of the bits turn over";
}

TEST(FlowHash, SecretDiffersAtEachStart) {
  const HashSecret a = HashSecret::random();
  const HashSecret b = HashSecret::random();
  EXPECT_NE(a.words[0], b.words[0]);
  EXPECT_NE(a.words[1], b.words[1]);
}

// ---- collisions
// -------------------------------------------------------------------------------------------------

struct Cost {
  double lines = 0;  // index lines a packet, insertions and searches together
  unsigned lines_max = 0;
  std::uint64_t crowded = 0;
};

Cost cost_of(const std::vector<Packet>& packets, const HashSecret& with) {
  Diary diary;
  diary.keep = false;
  FlowTable table{{}, packets.size(), with, diary};
  Watcher watcher;
  table.record(packets, watcher);
  table.record(packets, watcher);
  const FlowCounters& c = table.counters();
  return {.lines = static_cast<double>(c.lines) / static_cast<double>(c.searches),
          .lines_max = c.lines_max,
          .crowded = c.evicted_crowded};
}

constexpr std::uint32_t many = 1U << 16U;

std::vector<Packet> random_packets(unsigned seed) {
  Random random{seed};
  std::vector<Packet> packets;
  for (std::uint32_t i = 0; i < many; ++i) {
    packets.push_back(udp(IpAddress::ipv4(random() >> 1U), random() & 0xffffU,
                          IpAddress::ipv4(random() >> 1U), random() & 0xffffU));
  }
  return packets;
}

TEST(FlowCollisions, PatternsCostWhatRandomKeysDo) {
  const Cost random = cost_of(random_packets(3), secret);
  EXPECT_LT(random.lines, 1.25) << "most searches cost one line";
  EXPECT_LE(random.lines_max, FlowIndex::lines_most);
  EXPECT_EQ(random.crowded, 0U) << "a table that is exactly full has room for every key";
  std::vector<std::pair<const char*, std::vector<Packet>>> sets(5);
  sets[0].first = "swapped ports";
  sets[1].first = "one /24 in sequence";
  sets[2].first = "counter in the low bits of IPv6";
  sets[3].first = "IPv4 and the same octets in IPv6";
  sets[4].first = "one host, port by port";
  for (std::uint32_t i = 0; i < many; ++i) {
    const std::uint32_t pair = i / 2;
    const unsigned a = 1 + pair % 200;
    const unsigned b = 1000 + pair / 200;
    sets[0].second.push_back(udp(host(1), i % 2 != 0 ? a : b, host(2), i % 2 != 0 ? b : a));
    sets[1].second.push_back(udp(host(i % 256), 40'000 + i / 256, host(0x10000), 53));
    sets[2].second.push_back(udp(host6(i), 1000, host6(0xffffffffU), 53));
    Packet twin = udp(host(pair), 1000, host(0x20000), 53);
    if (i % 2 != 0) twin.tuple.source.family = twin.tuple.destination.family = Family::ipv6;
    sets[3].second.push_back(twin);
    sets[4].second.push_back(udp(host(1), i, host(2), 53));
  }
  for (const auto& [what, packets] : sets) {
    const Cost cost = cost_of(packets, secret);
    EXPECT_LE(cost.lines, random.lines * 1.3) << what;
    EXPECT_LE(cost.lines_max, FlowIndex::lines_most) << what;
    EXPECT_EQ(cost.crowded, 0U) << what;
  }
}

TEST(FlowCollisions, KeysCraftedForAnotherSecretAreRandomHere) {
  // Under the secret that the attacker believes in, all of them live in the same 64th of the buckets.
  const FlowHash believed{secret};
  Random random{4};
  std::vector<Packet> crafted;
  constexpr std::size_t size = many / 8;
  while (crafted.size() < size) {
    const Packet p = udp(IpAddress::ipv4(random() >> 1U), random() & 0xffffU, IpAddress::ipv4(random() >> 1U),
                         random() & 0xffffU);
    if (believed(key_of(p).key) >> 58U == 5) crafted.push_back(p);
  }
  std::vector<Packet> plain = random_packets(5);
  plain.resize(size);
  const Cost usual = cost_of(plain, secret);
  const Cost missed = cost_of(crafted, {{0x1111, 0x2222}});
  EXPECT_LE(missed.lines, usual.lines * 1.3);
  EXPECT_EQ(missed.crowded, 0U);
  // With the secret known it hurts, and the harm is bounded. That it hurts shows that the secret is what
  // protects.
  const Cost hit = cost_of(crafted, secret);
  EXPECT_GT(hit.lines, usual.lines * 1.3);
  EXPECT_LE(hit.lines, usual.lines * 10);
  EXPECT_LE(hit.lines_max, FlowIndex::lines_most);
}

}  // namespace
}  // namespace sekimori::capture
