#include "policy/address_sieve.hpp"

#include <gtest/gtest.h>

namespace sekimori::policy {
namespace {

AddressSieve sieve_of(std::initializer_list<std::string_view> prefixes) {
  AddressSieve sieve;
  for (const std::string_view prefix : prefixes) sieve.add(*Prefix::parse(prefix));
  return sieve;
}
bool may(const AddressSieve& sieve, std::string_view address) {
  return sieve.may_hold(*IpAddress::parse(address));
}

TEST(AddressSieve, LetsThroughWhateverAPrefixMayHold) {
  const AddressSieve sieve = sieve_of({"10.20.30.40/32", "172.16.0.0/12", "203.0.0.0/8"});
  EXPECT_TRUE(may(sieve, "10.20.30.40"));
  EXPECT_TRUE(may(sieve, "10.20.1.1"));  // a neighbour: the search says no
  EXPECT_TRUE(may(sieve, "172.16.0.0"));
  EXPECT_TRUE(may(sieve, "172.31.255.255"));
  EXPECT_TRUE(may(sieve, "203.255.0.1"));
  EXPECT_FALSE(may(sieve, "10.21.30.40"));
  EXPECT_FALSE(may(sieve, "172.15.255.255"));
  EXPECT_FALSE(may(sieve, "172.32.0.0"));
  EXPECT_FALSE(may(sieve, "204.0.0.0"));
}

TEST(AddressSieve, SaysNothingOfIpv6AndOfEverything) {
  EXPECT_TRUE(may(sieve_of({}), "fd00::1"));
  EXPECT_FALSE(may(sieve_of({"fd00::/8"}), "10.0.0.1"));
  const AddressSieve all = sieve_of({"0.0.0.0/0"});
  EXPECT_TRUE(may(all, "0.0.0.0"));
  EXPECT_TRUE(may(all, "255.255.255.255"));
}

}  // namespace
}  // namespace sekimori::policy
