#include "policy/segment_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <random>
#include <vector>

#include "tests/policy/city.hpp"

namespace sekimori::policy {
namespace {

using Entry = SegmentMap::Entry;

std::uint32_t by_hand(const std::vector<Entry>& entries, const IpAddress& address) {
  const Entry* best = nullptr;
  for (const Entry& entry : entries) {
    if (!entry.prefix.contains(address)) continue;
    if (best == nullptr || entry.prefix.length > best->prefix.length) best = &entry;
  }
  return best == nullptr ? SegmentMap::none : best->value;
}

Prefix cut_off(IpAddress address, unsigned length) {
  for (unsigned bit = length; bit < address.bits(); ++bit) {
    address.bytes[bit / 8] = static_cast<std::uint8_t>(address.bytes[bit / 8] & ~(0x80U >> bit % 8));
  }
  return {address, static_cast<std::uint8_t>(length)};
}

// The neighbour of an address, one up or one down, over all its bytes; wraps around.
IpAddress step(IpAddress address, bool up) {
  for (unsigned i = address.bits() / 8; i-- > 0;) {
    const std::uint8_t before = address.bytes[i];
    address.bytes[i] = static_cast<std::uint8_t>(up ? before + 1 : before - 1);
    if (before != (up ? 0xff : 0x00)) break;
  }
  return address;
}

IpAddress last_of(const Prefix& prefix) {
  IpAddress last = prefix.address;
  for (unsigned bit = prefix.length; bit < last.bits(); ++bit) {
    last.bytes[bit / 8] = static_cast<std::uint8_t>(last.bytes[bit / 8] | 0x80U >> bit % 8);
  }
  return last;
}

TEST(SegmentMap, FindsNothingInNothing) {
  const SegmentMap map;
  EXPECT_EQ(map.find(address("10.0.0.1")), SegmentMap::none);
  EXPECT_EQ(map.find(address("2001:db8::1")), SegmentMap::none);
  EXPECT_EQ(map.find(IpAddress{}), SegmentMap::none);
}

TEST(SegmentMap, PrefersTheLongestPrefix) {
  const SegmentMap map{{{prefix("10.0.0.0/8"), 1}, {prefix("10.1.0.0/16"), 2}, {prefix("10.1.2.3"), 3}}};
  EXPECT_EQ(map.find(address("10.0.0.0")), 1U);
  EXPECT_EQ(map.find(address("10.1.0.0")), 2U);
  EXPECT_EQ(map.find(address("10.1.2.2")), 2U);
  EXPECT_EQ(map.find(address("10.1.2.3")), 3U);
  EXPECT_EQ(map.find(address("10.1.2.4")), 2U);
  EXPECT_EQ(map.find(address("10.1.255.255")), 2U);
  EXPECT_EQ(map.find(address("10.2.0.0")), 1U);
  EXPECT_EQ(map.find(address("10.255.255.255")), 1U);
  EXPECT_EQ(map.find(address("11.0.0.0")), SegmentMap::none);
  EXPECT_EQ(map.find(address("9.255.255.255")), SegmentMap::none);
}

TEST(SegmentMap, HoldsTheWholeSpaceAndItsEnds) {
  const SegmentMap map{{{prefix("0.0.0.0/0"), 1},
                        {prefix("255.255.255.255"), 2},
                        {prefix("0.0.0.0/32"), 3},
                        {prefix("::/0"), 4},
                        {prefix("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 5},
                        {prefix("::"), 6}}};
  EXPECT_EQ(map.find(address("0.0.0.0")), 3U);
  EXPECT_EQ(map.find(address("0.0.0.1")), 1U);
  EXPECT_EQ(map.find(address("255.255.255.254")), 1U);
  EXPECT_EQ(map.find(address("255.255.255.255")), 2U);
  EXPECT_EQ(map.find(address("::")), 6U);
  EXPECT_EQ(map.find(address("::1")), 4U);
  EXPECT_EQ(map.find(address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe")), 4U);
  EXPECT_EQ(map.find(address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")), 5U);
}

TEST(SegmentMap, KeepsTheFamiliesApart) {
  const SegmentMap map{{{prefix("10.0.0.0/8"), 1}, {prefix("a00::/8"), 2}, {prefix("10.9.0.0/16"), 3}}};
  EXPECT_EQ(map.find(address("10.1.2.3")), 1U);
  EXPECT_EQ(map.find(address("a01::")), 2U);
  EXPECT_EQ(map.find(address("10.9.2.3")), 3U);
}

TEST(SegmentMap, SplitsASlash64AndGoesOnBehindIt) {
  const SegmentMap map{{{prefix("2001:db8::/32"), 1},
                        {prefix("2001:db8:0:5::10/124"), 2},
                        {prefix("2001:db8:0:6::8"), 3},
                        {prefix("2001:db8:0:9:8000::/65"), 4}}};
  EXPECT_EQ(map.find(address("2001:db8:0:5::f")), 1U);
  EXPECT_EQ(map.find(address("2001:db8:0:5::10")), 2U);
  EXPECT_EQ(map.find(address("2001:db8:0:5::1f")), 2U);
  EXPECT_EQ(map.find(address("2001:db8:0:5::20")), 1U);
  EXPECT_EQ(map.find(address("2001:db8:0:6::")), 1U);
  EXPECT_EQ(map.find(address("2001:db8:0:6::8")), 3U);
  EXPECT_EQ(map.find(address("2001:db8:0:7::8")), 1U);
  EXPECT_EQ(map.find(address("2001:db8:0:9:7fff:ffff:ffff:ffff")), 1U);
  EXPECT_EQ(map.find(address("2001:db8:0:9:8000::")), 4U);
  EXPECT_EQ(map.find(address("2001:db8:0:9:ffff:ffff:ffff:ffff")), 4U);
  EXPECT_EQ(map.find(address("2001:db8:0:a::")), 1U);
  EXPECT_EQ(map.find(address("2001:db9::")), SegmentMap::none);
}

TEST(SegmentMap, AgreesWithASearchByHandOnRandomNests) {
  std::mt19937 random{20240401};
  for (int round = 0; round < 120; ++round) {
    std::vector<Entry> entries;
    const std::size_t count = 1 + random() % 60;
    for (std::size_t i = 0; i < count; ++i) {
      IpAddress base;
      base.family = random() % 2 == 0 ? Family::ipv4 : Family::ipv6;
      base.domain = static_cast<DomainId>(random() % 3);  // the same octets in another one are another host
      for (unsigned byte = 0; byte < base.bits() / 8;
           ++byte) {  // few values, so that prefixes nest and touch
        constexpr std::array<std::uint8_t, 4> values{0x00, 0x01, 0x80, 0xff};
        base.bytes[byte] = values[random() % values.size()];
      }
      const Prefix chosen = cut_off(base, static_cast<unsigned>(random() % (base.bits() + 1)));
      const bool known =
          std::any_of(entries.begin(), entries.end(), [&](const Entry& e) { return e.prefix == chosen; });
      if (!known) entries.push_back({chosen, static_cast<std::uint32_t>(i)});
    }
    const SegmentMap map{entries};
    for (const Entry& entry : entries) {
      const IpAddress first = entry.prefix.address;
      const IpAddress last = last_of(entry.prefix);
      for (const IpAddress& probe : {first, last, step(first, false), step(last, true), step(first, true)}) {
        ASSERT_EQ(map.find(probe), by_hand(entries, probe)) << round << " " << probe.to_string();
      }
    }
  }
}

TEST(SegmentMap, TellsTheClosestCoverOfEachPrefix) {
  std::vector<Prefix> prefixes{prefix("10.0.0.0/8"),  prefix("a05::/16"),    prefix("10.6.0.0/16"),
                               prefix("10.6.1.0/24"), prefix("10.7.0.0/16"), prefix("12.0.0.0/8")};
  std::sort(prefixes.begin(), prefixes.end(), comes_before);
  const std::vector<std::int32_t> covers = closest_covers(prefixes);
  EXPECT_EQ(covers, (std::vector<std::int32_t>{-1, 0, 1, 0, -1, -1}));
}

TEST(SegmentMap, HoldsAHundredThousandPrefixes) {
  std::vector<Entry> entries;
  for (std::uint32_t i = 0; i < 100000; ++i) {
    const std::uint32_t spread = i * 2654435761U;
    if (i % 4 == 3) {
      IpAddress base = address("2001:db8::");
      for (unsigned byte = 0; byte < 4; ++byte)
        base.bytes[4 + byte] = static_cast<std::uint8_t>(spread >> (8 * byte));
      entries.push_back({cut_off(base, 64), i});
    } else {
      entries.push_back({cut_off(IpAddress::ipv4(spread), 28), i});
    }
  }
  const auto start = std::chrono::steady_clock::now();
  const SegmentMap map{entries};
  const std::chrono::duration<double> built = std::chrono::steady_clock::now() - start;
  RecordProperty("seconds_to_build", std::to_string(built.count()));

  std::vector<Prefix> ordered;
  for (const Entry& entry : entries) ordered.push_back(entry.prefix);
  std::sort(ordered.begin(), ordered.end(), comes_before);
  ordered.erase(std::unique(ordered.begin(), ordered.end()), ordered.end());
  ASSERT_GT(ordered.size(), 99000U);
  for (const Entry& entry : entries) {
    const std::uint32_t found = map.find(last_of(entry.prefix));
    ASSERT_NE(found, SegmentMap::none);
    ASSERT_EQ(entries[found].prefix, entry.prefix);
  }
}

}  // namespace
}  // namespace sekimori::policy
