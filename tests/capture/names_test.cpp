// Names as hosts tell them, and everything that only looks like it.
#include "capture/decode/names.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/kit/name_octets.hpp"

namespace sekimori::capture {
namespace {

using kit::client_hello;
using kit::dns_answer;
using kit::http_request;
using kit::Octets;

std::string told(const Octets& payload) {
  HostName name;
  const GreetingResult result = read_greeting(payload, name);
  switch (result.greeting) {
    case Greeting::named:
      return std::string{name.text()};
    case Greeting::nameless:
      return "nameless";
    case Greeting::none:
      return result.cut ? "cut" : "none";
  }
  return "?";
}

TEST(Greeting, TlsTellsItsServerNameInLowerCase) {
  EXPECT_EQ(told(client_hello("Files.Example.JP")), "files.example.jp");
  EXPECT_EQ(told(client_hello("files.example.jp", 900)), "files.example.jp");
  EXPECT_EQ(told(client_hello("a.b")), "a.b");
}

TEST(Greeting, TlsWithoutANameIsNameless) {
  EXPECT_EQ(told(client_hello("")), "nameless");
  EXPECT_EQ(told(client_hello("192.0.2.1")), "nameless") << "an address is no name";
  EXPECT_EQ(told(client_hello("a b.example.jp")), "nameless");
  EXPECT_EQ(told(client_hello("a..b")), "nameless");
  EXPECT_EQ(told(client_hello(std::string(300, 'a'))), "nameless");
}

TEST(Greeting, ACutHelloIsCutAtEveryOctetUntilItsNameIsThere) {
  const Octets whole = client_hello("files.example.jp", 40);
  bool named = false;
  for (std::size_t size = 6; size < whole.size(); ++size) {
    const std::string said = told(Octets{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    named = named || said == "files.example.jp";
    EXPECT_EQ(said, named ? "files.example.jp" : "cut") << size;
  }
  EXPECT_TRUE(named);
}

TEST(Greeting, HttpTellsItsHost) {
  EXPECT_EQ(told(http_request("www.example.jp")), "www.example.jp");
  EXPECT_EQ(told(http_request("WWW.example.jp:8080")), "www.example.jp");
  EXPECT_EQ(told(http_request("192.0.2.7")), "nameless");
  EXPECT_EQ(told(http_request("[2001:db8::1]:80")), "nameless");
  EXPECT_EQ(told(http_request("other.example.jp", "http://www.example.jp/x")), "www.example.jp")
      << "the target goes before the header";
  EXPECT_EQ(told(kit::octets("CONNECT cloud.example.jp:443 HTTP/1.1\r\n\r\n")), "cloud.example.jp");
  EXPECT_EQ(told(kit::octets("GET / HTTP/1.0\r\nUser-Agent: x\r\n\r\n")), "nameless");
  EXPECT_EQ(told(kit::octets("GET / HTTP/1.1\r\nUser-Agent: x\r\nHo")), "cut");
}

TEST(Greeting, OtherTrafficIsNone) {
  EXPECT_EQ(told(kit::octets("SSH-2.0-OpenSSH_9\r\n")), "none");
  EXPECT_EQ(told(kit::octets("GETTING / nothing")), "none");
  EXPECT_EQ(told(Octets(200)), "none");
  EXPECT_EQ(told({}), "none");
  Octets answer = client_hello("www.example.jp");
  answer[5] = std::byte{2};  // a ServerHello
  EXPECT_EQ(told(answer), "none");
}

NameAnswer answered(const Octets& message) {
  NameAnswer answer;
  EXPECT_TRUE(read_answer(message, answer));
  return answer;
}
bool refused(const Octets& message) {
  NameAnswer answer;
  return !read_answer(message, answer);
}

TEST(DnsAnswer, GivesTheAddressesOfTheNameThatWasAskedFor) {
  const NameAnswer answer =
      answered(dns_answer("Cloud.Example.JP", {{"", "203.0.113.9", 60}, {"", "2001:db8::9", 7200}}));
  EXPECT_EQ(answer.name.text(), "cloud.example.jp");
  ASSERT_EQ(answer.count, 2U);
  EXPECT_EQ(answer.addresses[0].address.to_string(), "203.0.113.9");
  EXPECT_EQ(answer.addresses[0].ttl, std::chrono::seconds{60});
  EXPECT_EQ(answer.addresses[1].address.to_string(), "2001:db8::9");
  EXPECT_FALSE(answer.more);
}

TEST(DnsAnswer, FollowsAliasesAndBelievesTheLeastTtl) {
  const NameAnswer answer =
      answered(dns_answer("cloud.example.jp", {{"", "edge.example.net", 30},
                                               {"edge.example.net", "pop.example.org", 900},
                                               {"pop.example.org", "203.0.113.9", 600}}));
  EXPECT_EQ(answer.name.text(), "cloud.example.jp");
  ASSERT_EQ(answer.count, 1U);
  EXPECT_EQ(answer.addresses[0].ttl, std::chrono::seconds{30});
}

TEST(DnsAnswer, LeavesOutWhatNobodyAskedFor) {
  const NameAnswer answer = answered(
      dns_answer("cloud.example.jp", {{"evil.example.com", "198.51.100.66", 600}, {"", "203.0.113.9"}}));
  ASSERT_EQ(answer.count, 1U);
  EXPECT_EQ(answer.addresses[0].address.to_string(), "203.0.113.9");
  EXPECT_TRUE(refused(dns_answer("cloud.example.jp", {{"evil.example.com", "198.51.100.66"}})));
}

TEST(DnsAnswer, QuestionsErrorsAndEmptyAnswersProveNothing) {
  EXPECT_TRUE(refused(dns_answer("cloud.example.jp", {{"", "203.0.113.9"}}, 0x0100)));
  EXPECT_TRUE(refused(dns_answer("cloud.example.jp", {{"", "203.0.113.9"}}, 0x8183)));
  EXPECT_TRUE(refused(dns_answer("cloud.example.jp", {})));
  EXPECT_TRUE(refused({}));
}

TEST(DnsAnswer, NamesThatPointToThemselvesEnd) {
  Octets message = dns_answer("cloud.example.jp", {{"", "203.0.113.9"}});
  message[12] = std::byte{0xc0};  // the question is a pointer to itself
  message[13] = std::byte{12};
  EXPECT_TRUE(refused(message));
  message[13] = std::byte{13};  // ... and forwards
  EXPECT_TRUE(refused(message));
}

TEST(DnsAnswer, EveryCutAndEveryChangedOctetIsReadWithinItsBounds) {
  const Octets whole = dns_answer("cloud.example.jp",
                                  {{"", "edge.example.net", 30}, {"edge.example.net", "203.0.113.9", 600}});
  NameAnswer answer;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Octets part{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)};
    EXPECT_FALSE(read_answer(part, answer)) << size;
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const unsigned value : {0U, 0x3fU, 0xc0U, 0xffU}) {
      Octets changed = whole;
      changed[at] = static_cast<std::byte>(value);
      read_answer(changed, answer);
      EXPECT_LE(answer.count, NameAnswer::addresses_max);
    }
  }
}

TEST(DnsAnswer, MoreAddressesThanFitAreSaid) {
  std::vector<kit::DnsRecord> many;
  for (int i = 1; i <= 20; ++i) many.push_back({"", "203.0.113." + std::to_string(i)});
  const NameAnswer answer = answered(dns_answer("cloud.example.jp", many));
  EXPECT_EQ(answer.count, NameAnswer::addresses_max);
  EXPECT_TRUE(answer.more);
}

// ---- where it stands in a frame

std::string payload(const kit::PacketBuilder& packet) {
  const kit::BuiltFrame built = packet.build();
  const auto found = payload_of(built.frame(), packet.packet());
  return {reinterpret_cast<const char*>(found.data()), found.size()};
}

TEST(Payload, IsFoundBehindTagsAndOptionsAndWithoutPadding) {
  const auto ip4 = kit::ethernet().ipv4("10.1.0.5", "10.2.0.9");
  EXPECT_EQ(payload(ip4.tcp(51000, 443).payload("abc").padded()), "abc");
  EXPECT_EQ(
      payload(
          kit::ethernet().vlan(7, 0x88a8).vlan(20).ipv4("10.1.0.5", "10.2.0.9").udp(53, 9).payload("abc")),
      "abc");
  EXPECT_EQ(payload(ip4.ip_options(Octets(8)).tcp(51000, 443).tcp_options(Octets(12)).payload("abc")), "abc");
  EXPECT_EQ(payload(kit::ethernet().ipv6("fd10:10::1", "fd10:20::1").tcp(51000, 443).payload("abc")), "abc");
}

TEST(Payload, IsNotLookedForInTunnelsFragmentsAndCutFrames) {
  EXPECT_EQ(
      payload(kit::ethernet().ipv4("10.1.0.5", "10.2.0.9").fragment(0, true).udp(53, 9).payload("abcdefgh")),
      "");
  EXPECT_EQ(payload(kit::ethernet().ipv6("fd10:10::1", "fd10:20::1").hop_by_hop().tcp(1, 443).payload("abc")),
            "");
  const auto inside = kit::ethernet().ipv4("192.0.2.1", "192.0.2.2").gre().ipv4("10.1.0.5", "10.2.0.9");
  EXPECT_EQ(payload(inside.tcp(51000, 443).payload("abc")), "");
  EXPECT_EQ(payload(kit::ethernet().ipv4("10.1.0.5", "10.2.0.9").tcp(1, 443).payload("abc").cut(54)), "");
}

}  // namespace
}  // namespace sekimori::capture
