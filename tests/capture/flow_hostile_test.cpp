// Keys made to collide: by somebody who does not know the table's secret, by nature, and by somebody who
// does. What is held is work, index lines and records looked at, and not time.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/capture/flow_kit.hpp"

namespace sekimori::capture {
namespace {

using namespace flow_kit;

constexpr std::uint32_t keys_count = 1U << 16U;
constexpr HashSecret wrong{{0x1111111111111111ULL, 0x2222222222222222ULL}};

struct Observer {
  void packet(Flow&, const Packet&, Changes changes, bool) { opened += changes.opened ? 1U : 0U; }
  void repeated(Flow&, const Packet&, Repetition, Changes, bool) { ++repeats; }
  void refused(const Packet&) { ++refusals; }
  std::uint64_t opened = 0;
  std::uint64_t repeats = 0;
  std::uint64_t refusals = 0;
};

// What recording them costs, first as new flows and then as known ones.
struct Work {
  double lines_insert = 0;  // a packet
  double lines_find = 0;
  unsigned lines_max = 0;
  std::uint64_t lost = 0;  // not found the second time, nor told as ended or refused
  std::uint64_t displaced = 0;
};

Work record_twice(const std::vector<Packet>& packets, const HashSecret& with) {
  Diary diary;
  diary.keep = false;
  FlowTable table{{}, keys_count, with, diary};
  Observer observer;
  Work work;
  auto lines = [&table, before = std::uint64_t{0}]() mutable {
    const std::uint64_t now = table.counters().lines;
    return static_cast<double>(now - std::exchange(before, now));
  };
  const auto count = static_cast<double>(packets.size());
  table.record(packets, observer);
  work.lines_insert = lines() / count;
  EXPECT_EQ(observer.opened + observer.refusals, packets.size());
  work.displaced = diary.count + observer.refusals;
  EXPECT_EQ(table.size() + diary.count, observer.opened);
  if (work.displaced == 0) {
    std::vector<Packet> again = packets;
    for (Packet& packet : again) packet.time += 1s;
    table.record(again, observer);
    work.lines_find = lines() / count;
    work.lost = observer.opened - packets.size();
  }
  work.lines_max = table.counters().lines_max;
  return work;
}

// Lines and records that the index itself has to look at, each key put in once and found once.
struct Looks {
  double lines = 0;
  double records = 0;
};
Looks index_looks(const std::vector<Packet>& packets, const HashSecret& with) {
  const std::uint32_t count = FlowIndex::buckets_for(packets.size());
  std::vector<FlowBucket> buckets(count);
  FlowIndex index{buckets.data(), count};
  const FlowHash hash{with};
  std::vector<FlowKey> keys;
  unsigned lines = 0;
  std::uint64_t records = 0;
  const auto find = [&](const FlowKey& key) {
    return index.find(hash(key), lines, [&](std::uint32_t ref) {
      ++records;
      return keys[ref] == key;
    });
  };
  for (const Packet& packet : packets) {
    const FlowKey key = key_of(packet).key;
    const std::uint64_t hashed = hash(key);
    EXPECT_EQ(find(key), FlowIndex::none);
    keys.push_back(key);
    if (index.has_room(hashed)) index.insert(hashed, static_cast<std::uint32_t>(keys.size() - 1));
  }
  for (const FlowKey& key : keys) find(key);
  const auto looks = 2.0 * static_cast<double>(packets.size());
  return {static_cast<double>(lines) / looks, static_cast<double>(records) / looks};
}

std::vector<Packet> random_keys() {
  Random random{7};
  std::vector<Packet> packets;
  for (std::uint32_t i = 0; i < keys_count; ++i) {
    packets.push_back(tcp(host(random()), random() % 65'536, host(random()), random() % 65'536, SYN));
  }
  return packets;
}

// All of them begin in the first 32nd of the buckets, if the secret is the wrong one.
std::vector<Packet> crafted() {
  const FlowHash hash{wrong};
  std::vector<Packet> packets;
  Packet packet = tcp(host(1), 0, host(2), 443, SYN);
  for (std::uint32_t i = 0; packets.size() < keys_count; ++i) {
    packet.tuple.source = host(i >> 4U);
    packet.tuple.source_port = static_cast<std::uint16_t>(1024 + (i & 15U));
    if (hash(key_of(packet).key) >> 59U == 0) packets.push_back(packet);
  }
  return packets;
}

std::vector<Packet> swapped_ports() {
  std::vector<Packet> packets;
  for (unsigned i = 0; i < keys_count / 2; ++i) {
    const unsigned port = 1024 + i % 1000;
    const IpAddress far = host(0x10000U + i / 1000);
    packets.push_back(tcp(host(1), port, far, 50'000, SYN));
    packets.push_back(tcp(host(1), 50'000, far, port, SYN));
  }
  return packets;
}

std::vector<Packet> counted_addresses() {
  std::vector<Packet> packets;
  for (unsigned i = 0; i < keys_count; ++i)
    packets.push_back(tcp(host(0x100000U + i), 50'000, host(2), 443, SYN));
  return packets;
}

std::vector<Packet> counted_ipv6() {
  std::vector<Packet> packets;
  for (unsigned i = 0; i < keys_count; ++i)
    packets.push_back(tcp(host6(0x100000U + i), 50'000, host6(2), 443, SYN));
  return packets;
}

std::vector<Packet> one_network() {
  std::vector<Packet> packets;
  for (unsigned i = 0; i < keys_count; ++i) {
    packets.push_back(tcp(host(0x300U + (i & 255U)), 1024 + (i >> 8U), host(2), 443, SYN));
  }
  return packets;
}

TEST(FlowHostile, CostsAsMuchAsRandomKeysForWhoeverDoesNotKnowTheSecret) {
  const Work usual = record_twice(random_keys(), secret);
  const Looks usual_looks = index_looks(random_keys(), secret);
  EXPECT_EQ(usual.displaced, 0U);
  EXPECT_LT(usual.lines_insert, 1.2);
  const std::vector<std::pair<const char*, std::vector<Packet>>> hostile{
      {"crafted", crafted()},
      {"swapped ports", swapped_ports()},
      {"counted addresses", counted_addresses()},
      {"counted IPv6", counted_ipv6()},
      {"one network", one_network()}};
  for (const auto& [name, packets] : hostile) {
    const Work work = record_twice(packets, secret);
    EXPECT_LE(work.lines_insert, 1.3 * usual.lines_insert) << name;
    EXPECT_LE(work.lines_find, 1.3 * usual.lines_find) << name;
    EXPECT_LE(work.lines_max, FlowIndex::lines_most) << name;
    EXPECT_EQ(work.displaced, 0U) << name;
    EXPECT_EQ(work.lost, 0U) << name;
    const Looks looks = index_looks(packets, secret);
    EXPECT_LE(looks.lines, 1.3 * usual_looks.lines) << name;
    EXPECT_LE(looks.records, 1.3 * usual_looks.records) << name;
  }
}

// The same keys do hurt the table that they were made for: the test above is about the secret.
TEST(FlowHostile, CostsMoreWhereTheSecretIsTheOneTheyWereMadeFor) {
  const Work work = record_twice(crafted(), wrong);
  EXPECT_GT(work.lines_insert, 1.6 * record_twice(random_keys(), wrong).lines_insert);
  EXPECT_LE(work.lines_max, FlowIndex::lines_most);
}

// ---- the secret known ----

// The keys that FlowHash makes of a secret: known with it.
std::array<std::uint64_t, 8> hash_keys(const HashSecret& known) {
  const auto mixed = [](std::uint64_t x) {
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31U);
  };
  std::array<std::uint64_t, 8> keys{};
  std::uint64_t turn = 0;
  for (auto& key : keys)
    key = mixed(known.words[0] ^ mixed(known.words[1] + (turn += 0x9e3779b97f4a7c15ULL)));
  return keys;
}

// One factor of a product is zero, so that the other one does not matter: equal hashes, as many as wanted.
std::vector<Packet> equal_hashes(std::uint32_t count) {
  const std::uint64_t zero = 0 - hash_keys(secret)[1];
  std::vector<Packet> packets;
  for (std::uint32_t i = 0; i < count; ++i) {
    IpAddress from;
    from.family = Family::ipv6;
    from.bytes = {0x20, 0x01, 0x0d, 0xb8};
    for (unsigned k = 0; k < 4; ++k) from.bytes[4 + k] = static_cast<std::uint8_t>(i >> (24U - 8U * k));
    for (unsigned k = 0; k < 8; ++k) from.bytes[8 + k] = static_cast<std::uint8_t>(zero >> (56U - 8U * k));
    IpAddress to = from;  // above every `from`, so that it is the upper end of every key
    to.bytes = {0xfd, 0x10};
    packets.push_back(tcp(from, 50'000, to, 443, SYN));
  }
  const FlowHash hash{secret};
  std::set<std::uint64_t> hashes;
  for (const Packet& packet : packets) hashes.insert(hash(key_of(packet).key));
  EXPECT_EQ(hashes.size(), 1U) << "not how hashes collide any more: this test has to find another way";
  return packets;
}

TEST(FlowHostile, IsBoundedForWhoeverKnowsTheSecret) {
  const std::vector<Packet> packets = equal_hashes(keys_count);
  const Looks usual = index_looks(random_keys(), secret);
  const Looks looks = index_looks(packets, secret);
  EXPECT_LE(looks.lines + looks.records, 10 * (usual.lines + usual.records));

  Diary diary;
  diary.keep = false;
  FlowTable table{{}, keys_count, secret, diary};
  Observer observer;
  table.record(packets, observer);
  const FlowCounters& counters = table.counters();
  EXPECT_LE(counters.lines_max, FlowIndex::lines_most);
  EXPECT_LE(counters.looks_max, FlowTable::looks_most);
  // Each has a record, had one until another one took its place, or was refused: all of it counted.
  EXPECT_EQ(observer.opened + observer.refusals, keys_count);
  EXPECT_EQ(counters.refused, observer.refusals);
  EXPECT_EQ(counters.opened - table.size(), diary.count);
  EXPECT_EQ(counters.evicted_crowded, diary.count);
  EXPECT_GT(counters.evicted_crowded, keys_count / 2);
}

// Whoever lives beside such keys: a flow that the crowd has not displaced is found, and is the same one.
TEST(FlowHostile, LosesNobodyElse) {
  Diary diary;
  FlowTable table{{}, keys_count, secret, diary};
  Observer observer;
  std::vector<Packet> others = counted_addresses();
  others.resize(keys_count / 4);
  table.record(others, observer);
  table.record(equal_hashes(keys_count / 4), observer);
  EXPECT_EQ(observer.refusals, 0U);
  std::set<IpAddress> displaced;
  for (const Ended& ended : diary.ended) displaced.insert(ended.facts.tuple.source);
  const std::uint64_t before = observer.opened;
  std::uint64_t missing = 0;
  for (Packet packet : others) {
    missing += displaced.count(packet.tuple.source);
    packet.time += 1s;
    table.record({&packet, 1}, observer);
  }
  EXPECT_EQ(observer.opened - before, missing);
  EXPECT_LE(missing, FlowIndex::lines_most * FlowBucket::entries);  // those of the crowd's own buckets
}

// ---- the secret itself ----

TEST(FlowSecret, IsDrawnAnewAndDecidesWhereKeysLie) {
  const HashSecret a = HashSecret::random();
  const HashSecret b = HashSecret::random();
  EXPECT_NE(a.words, b.words);
  EXPECT_NE(a.words[0], a.words[1]);
  EXPECT_NE(a.words[0], b.words[0]);
  EXPECT_NE(a.words[1], b.words[1]);
  const FlowHash first{a};
  const FlowHash same{a};
  const FlowHash other{b};
  // Each half of the secret decides for itself.
  const FlowHash half{HashSecret{{a.words[0], b.words[1]}}};
  const FlowHash other_half{HashSecret{{b.words[0], a.words[1]}}};
  unsigned alike = 0;
  for (const Packet& packet : one_network()) {
    const FlowKey key = key_of(packet).key;
    const std::uint64_t hash = first(key);
    EXPECT_EQ(hash, same(key));
    // By its upper bits, which say where it lives.
    for (const FlowHash* with : {&other, &half, &other_half}) {
      if ((*with)(key) >> 52U == hash >> 52U) ++alike;
    }
  }
  // 3 * 65,536 / 4,096 = 48 by chance.
  EXPECT_LT(alike, 120U);
}

}  // namespace
}  // namespace sekimori::capture
