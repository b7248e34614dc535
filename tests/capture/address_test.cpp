#include "capture/address.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace sekimori {
namespace {

IpAddress ip(std::string_view text) {
  const auto parsed = IpAddress::parse(text);
  if (!parsed) ADD_FAILURE() << "not an address: " << text;
  return parsed.value_or(IpAddress{});
}

// What the C library makes of the same text. inet_pton wants a terminated string.
std::optional<IpAddress> by_c_library(const std::string& text) {
  IpAddress address;
  if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) {
    address.family = Family::ipv4;
  } else if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) {
    address.family = Family::ipv6;
  } else {
    return std::nullopt;
  }
  return address;
}

std::string random_text(std::mt19937& random) {
  static constexpr std::string_view pieces[] = {
      "0",  "1", "9",  "10", "255", "256", "300", "00", "01", "a", "F",     "ff",   "fFfF", "db8",  ":",
      "::", ":", "::", ".",  ".",   "/",   "g",   " ",  "-",  "",  "12345", "2001", ":::",  "1.2.", "0:"};
  std::string text;
  const auto count = random() % 18;
  for (unsigned long i = 0; i < count; ++i) text += pieces[random() % std::size(pieces)];
  return text;
}

TEST(IpAddress, ReadsAndPrintsIpv4) {
  EXPECT_EQ(ip("192.0.2.7").family, Family::ipv4);
  EXPECT_EQ(ip("192.0.2.7"), IpAddress::ipv4(0xc0000207));
  EXPECT_EQ(IpAddress::ipv4(0xc0000207).to_string(), "192.0.2.7");
  EXPECT_EQ(ip("0.0.0.0").to_string(), "0.0.0.0");
  EXPECT_EQ(ip("255.255.255.255").to_string(), "255.255.255.255");
  EXPECT_EQ(ip("10.0.0.1").bits(), 32U);
}

TEST(IpAddress, RefusesWhatIsNotStrictlyAnAddress) {
  for (const char* text : {"",
                           " ",
                           "1",
                           "1.2.3",
                           "1.2.3.4.5",
                           "1.2.3.256",
                           "01.2.3.4",
                           "1.2.3.04",
                           "1.2.3.4 ",
                           " 1.2.3.4",
                           "1..2.3",
                           "1.2.3.",
                           ".1.2.3",
                           "+1.2.3.4",
                           "0x1.2.3.4",
                           "1.2.3.4/24",
                           "1.2.3.0004",
                           "1234.1.1.1",
                           ":",
                           ":::",
                           "1:",
                           ":1",
                           "1::2::3",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1:2:3:4:5:6:7::8",
                           "12345::",
                           "g::",
                           "::1%eth0",
                           "[::1]",
                           "::1/64",
                           "::1.2.3",
                           "::1.2.3.256",
                           "1.2.3.4::",
                           "::1.2.3.4:5",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "1:2:3:4:5:1.2.3.4",
                           "::1.2.3.4.5",
                           "1:2:3:4:5:6:7:8::"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
}

TEST(IpAddress, ReadsEveryFormOfRfc4291) {
  EXPECT_EQ(ip("2001:DB8:0:0:8:800:200C:417A"), ip("2001:db8::8:800:200c:417a"));
  EXPECT_EQ(ip("FF01:0:0:0:0:0:0:101"), ip("ff01::101"));
  EXPECT_EQ(ip("0:0:0:0:0:0:0:1"), ip("::1"));
  EXPECT_EQ(ip("0:0:0:0:0:0:0:0"), ip("::"));
  EXPECT_EQ(ip("0:0:0:0:0:0:13.1.68.3"), ip("::d01:4403"));
  EXPECT_EQ(ip("::FFFF:129.144.52.38"), ip("0:0:0:0:0:ffff:8190:3426"));
  EXPECT_EQ(ip("1::").bytes[1], 1);
  EXPECT_EQ(ip("1:2:3:4:5:6:7::"), ip("1:2:3:4:5:6:7:0"));
  EXPECT_EQ(ip("::2:3:4:5:6:7:8"), ip("0:2:3:4:5:6:7:8"));
}

TEST(IpAddress, PrintsAsRfc5952Recommends) {
  const std::vector<std::pair<const char*, const char*>> table{
      {"2001:0db8::0001", "2001:db8::1"},                // 4.1 leading zeros
      {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},         // 4.2.1 as short as can be
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // 4.2.2 not for one group
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // 4.2.3 the longest run
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // ... the first of equal ones
      {"2001:DB8::ABCD", "2001:db8::abcd"},              // 4.3 lower case
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},          // 5 mapped addresses
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"0:0:1::", "0:0:1::"},
      {"1:0:0:2:0:0:3:0", "1::2:0:0:3:0"},
      {"fe80:0:0:0:10:200:3000:0", "fe80::10:200:3000:0"},
  };
  for (const auto& [text, printed] : table) EXPECT_EQ(ip(text).to_string(), printed) << text;
  EXPECT_EQ(IpAddress{}.to_string(), "-");
}

TEST(IpAddress, ReadsExactlyWhatTheCLibraryReads) {
  std::mt19937 random(20240401);
  unsigned accepted = 0;
  for (int i = 0; i < 300'000; ++i) {
    const std::string text = random_text(random);
    const auto ours = IpAddress::parse(text);
    ASSERT_EQ(ours, by_c_library(text)) << '"' << text << '"';
    if (ours) ++accepted;
  }
  EXPECT_GT(accepted, 1000U) << "the texts no longer exercise the accepting side";
}

TEST(IpAddress, ReadsBackWhatItPrintsAndAgreesWithTheCLibrary) {
  std::mt19937 random(5952);
  for (int i = 0; i < 50'000; ++i) {
    IpAddress address;
    address.family = i % 4 == 0 ? Family::ipv4 : Family::ipv6;
    // Sparse, so that runs of zero groups of every length and place come up.
    const auto zeros = random();
    for (unsigned byte = 0; byte < address.bits() / 8; ++byte) {
      const bool zero = (zeros >> (byte / 2) & 1U) != 0;
      address.bytes[byte] = static_cast<std::uint8_t>(zero ? 0 : random());
    }
    const std::string text = address.to_string();
    ASSERT_EQ(IpAddress::parse(text), address) << text;
    char buffer[INET6_ADDRSTRLEN];
    ASSERT_NE(inet_ntop(address.family == Family::ipv4 ? AF_INET : AF_INET6, address.bytes.data(), buffer,
                        sizeof buffer),
              nullptr);
    // The C library also writes "IPv4-compatible" addresses with dots, which RFC 5952 section 5 does not ask
    // for.
    const std::string theirs(buffer);
    const bool dotted = address.family == Family::ipv6 && theirs.find('.') != std::string::npos;
    if (!dotted) {
      ASSERT_EQ(text, theirs);
    }
  }
}

TEST(IpAddress, KnowsWhatKindItIs) {
  EXPECT_TRUE(ip("224.0.0.1").is_multicast());
  EXPECT_TRUE(ip("239.255.255.255").is_multicast());
  EXPECT_FALSE(ip("223.255.255.255").is_multicast());
  EXPECT_FALSE(ip("240.0.0.1").is_multicast());
  EXPECT_TRUE(ip("ff02::1").is_multicast());
  EXPECT_FALSE(ip("fe80::1").is_multicast());
  EXPECT_TRUE(ip("255.255.255.255").is_broadcast());
  EXPECT_FALSE(ip("10.1.255.255").is_broadcast());
  EXPECT_FALSE(ip("ffff:ffff::").is_broadcast());
  EXPECT_TRUE(ip("169.254.1.1").is_link_local());
  EXPECT_TRUE(ip("febf::1").is_link_local());
  EXPECT_FALSE(ip("fec0::1").is_link_local());
  EXPECT_TRUE(ip("0.0.0.0").is_unspecified());
  EXPECT_TRUE(ip("::").is_unspecified());
  EXPECT_FALSE(ip("::1").is_unspecified());
  EXPECT_FALSE(IpAddress{}.is_unspecified());
  EXPECT_TRUE(ip("127.3.2.1").is_loopback());
  EXPECT_TRUE(ip("::1").is_loopback());
  EXPECT_FALSE(ip("1::1").is_loopback());
  for (const char* text : {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1",
                           "100.127.0.1", "fc00::1", "fdff::1"}) {
    EXPECT_TRUE(ip(text).is_private()) << text;
  }
  for (const char* text : {"11.0.0.1", "172.15.0.1", "172.32.0.1", "192.169.0.1", "100.63.0.1", "100.128.0.1",
                           "fe00::1", "2001:db8::1"}) {
    EXPECT_FALSE(ip(text).is_private()) << text;
  }
  EXPECT_FALSE(IpAddress{}.is_multicast() || IpAddress{}.is_private() || IpAddress{}.is_loopback());
}

TEST(IpAddress, TellsFamiliesApart) {
  IpAddress six = ip("::");
  six.bytes[0] = 10;
  EXPECT_NE(ip("10.0.0.0"), six);
}

TEST(MacAddress, ReadsBothUsualFormsAndPrintsOne) {
  const auto colons = MacAddress::parse("00:1B:2c:3D:4e:5F");
  ASSERT_TRUE(colons);
  EXPECT_EQ(colons->to_string(), "00:1b:2c:3d:4e:5f");
  EXPECT_EQ(MacAddress::parse("00-1b-2c-3d-4e-5f"), colons);
  for (const char* text : {"", "00:1b:2c:3d:4e", "00:1b:2c:3d:4e:5f:60", "00:1b-2c:3d:4e:5f",
                           "001b.2c3d.4e5f", "0:1b:2c:3d:4e:5f0", "00:1b:2c:3d:4e:5g", "00 1b 2c 3d 4e 5f"}) {
    EXPECT_FALSE(MacAddress::parse(text)) << text;
  }
}

TEST(MacAddress, IsOrderedByItsOctets) {
  for (std::size_t octet = 0; octet < 6; ++octet) {
    MacAddress lower;
    lower.bytes.fill(0x7f);
    MacAddress upper = lower;
    upper.bytes[octet] = 0x80;
    // What comes behind weighs less.
    for (std::size_t behind = octet + 1; behind < 6; ++behind) upper.bytes[behind] = 0;
    EXPECT_LT(lower, upper) << octet;
    EXPECT_NE(lower, upper) << octet;
    EXPECT_EQ(lower <=> upper, lower.bytes <=> upper.bytes) << octet;
    EXPECT_FALSE(upper.is_zero());
  }
  EXPECT_EQ(MacAddress::parse("01:02:03:04:05:06")->number(), 0x010203040506U);
}

TEST(MacAddress, KnowsGroupsAndZero) {
  EXPECT_TRUE(MacAddress::parse("01:00:5e:00:00:01")->is_group());
  EXPECT_TRUE(MacAddress::parse("ff:ff:ff:ff:ff:ff")->is_group());
  EXPECT_FALSE(MacAddress::parse("02:00:00:00:00:01")->is_group());
  EXPECT_TRUE(MacAddress{}.is_zero());
}

TEST(Prefix, ReadsNetworksAndSingleHosts) {
  EXPECT_EQ(Prefix::parse("10.1.0.0/16")->to_string(), "10.1.0.0/16");
  EXPECT_EQ(Prefix::parse("10.1.2.3")->length, 32);
  EXPECT_EQ(Prefix::parse("2001:db8::")->length, 128);
  EXPECT_EQ(Prefix::parse("2001:DB8::/32")->to_string(), "2001:db8::/32");
  EXPECT_EQ(Prefix::parse("0.0.0.0/0")->length, 0);
  EXPECT_EQ(Prefix::parse("::/0")->length, 0);
  EXPECT_EQ(Prefix::parse("10.1.2.2/31")->length, 31);
}

TEST(Prefix, SaysWhatIsWrong) {
  using Error = Prefix::Error;
  const std::vector<std::pair<const char*, Error>> table{
      {"", Error::address},
      {"/8", Error::address},
      {"10.1.0/16", Error::address},
      {"10.0.0.0/33", Error::length},
      {"::/129", Error::length},
      {"10.0.0.0/", Error::length},
      {"10.0.0.0/08", Error::length},
      {"10.0.0.0/-1", Error::length},
      {"10.0.0.0/8/8", Error::length},
      {"10.0.0.0/8 ", Error::length},
      {"10.0.0.0/4294967304", Error::length},
      {"10.1.2.3/16", Error::host_bits},
      {"2001:db8::1/64", Error::host_bits},
      {"128.0.0.0/0", Error::host_bits},
  };
  for (const auto& [text, expected] : table) {
    Error error = Error::none;
    EXPECT_FALSE(Prefix::parse(text, &error)) << text;
    EXPECT_EQ(error, expected) << text;
    EXPECT_FALSE(Prefix::parse(text)) << text;
  }
  Error error = Error::length;
  EXPECT_TRUE(Prefix::parse("10.0.0.0/8", &error));
  EXPECT_EQ(error, Error::none);
}

TEST(Prefix, ContainsItsHostsAndNoOthers) {
  const Prefix net = *Prefix::parse("10.1.2.64/26");
  EXPECT_TRUE(net.contains(ip("10.1.2.64")));
  EXPECT_TRUE(net.contains(ip("10.1.2.127")));
  EXPECT_FALSE(net.contains(ip("10.1.2.63")));
  EXPECT_FALSE(net.contains(ip("10.1.2.128")));
  EXPECT_FALSE(net.contains(ip("11.1.2.64")));
  EXPECT_FALSE(Prefix::parse("::/0")->contains(ip("10.1.2.64")));
  EXPECT_TRUE(Prefix::parse("0.0.0.0/0")->contains(ip("10.1.2.64")));
  EXPECT_FALSE(Prefix{}.contains(IpAddress{}));
  EXPECT_TRUE(net.contains(*Prefix::parse("10.1.2.96/27")));
  EXPECT_FALSE(net.contains(*Prefix::parse("10.1.2.0/24")));
  EXPECT_TRUE(net.overlaps(*Prefix::parse("10.1.2.0/24")));
  EXPECT_FALSE(net.overlaps(*Prefix::parse("10.1.2.0/26")));
}

// Bit by bit, for every length of both families.
TEST(Prefix, AgreesWithABitwiseComparison) {
  std::mt19937 random(8);
  for (int round = 0; round < 20'000; ++round) {
    IpAddress host;
    host.family = round % 2 == 0 ? Family::ipv4 : Family::ipv6;
    for (unsigned byte = 0; byte < host.bits() / 8; ++byte)
      host.bytes[byte] = static_cast<std::uint8_t>(random());
    Prefix prefix{host, static_cast<std::uint8_t>(random() % (host.bits() + 1))};
    for (unsigned bit = prefix.length; bit < host.bits(); ++bit) {
      prefix.address.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> bit % 8));
    }
    ASSERT_EQ(Prefix::parse(prefix.to_string()), prefix);
    ASSERT_TRUE(prefix.contains(host));
    const auto flipped = static_cast<unsigned>(random() % host.bits());
    host.bytes[flipped / 8] ^= static_cast<std::uint8_t>(0x80U >> flipped % 8);
    ASSERT_EQ(prefix.contains(host), flipped >= prefix.length) << prefix.to_string() << " bit " << flipped;
  }
}

}  // namespace
}  // namespace sekimori
