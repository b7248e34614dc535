#include "daemon/behaviour/keyed_hash.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace sekimori::daemon {
namespace {

TEST(KeyedHash, IsTheSameInACopyAndAnotherInEachNewOne) {
  const KeyedHash hash;
  const KeyedHash copy = hash;
  const KeyedHash other;
  unsigned same = 0;
  for (std::uint64_t number = 0; number < 1000; ++number) {
    EXPECT_EQ(hash(number), copy(number));
    if (hash(number) == other(number)) ++same;
  }
  EXPECT_LT(same, 3U);
}

TEST(KeyedHash, TellsFamiliesDomainsAndPortsApart) {
  const KeyedHash hash;
  const IpAddress host = IpAddress::ipv4(0x0a01'0203);
  IpAddress six = host;
  six.family = Family::ipv6;
  EXPECT_NE(hash(host), hash(six));
  EXPECT_NE(hash(host), hash(host.in(3)));
  EXPECT_NE(hash(host), hash(std::pair{443U, host}));
  EXPECT_NE(hash(std::pair{80U, host}), hash(std::pair{443U, host}));
  EXPECT_EQ(hash(host), hash(std::pair{0U, host}));
}

// A network in sequence, as a sweep meets it.
TEST(KeyedHash, SpreadsAddressesInSequence) {
  const KeyedHash hash;
  std::vector<unsigned> places(16'384);
  for (std::uint32_t i = 0; i < 8'192; ++i) ++places[hash(IpAddress::ipv4(0x0a01'0000 + i)) % places.size()];
  EXPECT_LT(*std::max_element(places.begin(), places.end()), 12U);
}

}  // namespace
}  // namespace sekimori::daemon
