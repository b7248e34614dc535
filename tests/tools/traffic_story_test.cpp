// Stories are read strictly: what is misspelt is said with its place, never silently left out.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tools/traffic/story.hpp"

namespace sekimori::traffic {
namespace {

const std::string beginning =
    "start: 2026-04-01T08:30:00+09:00\n"
    "routers: {r: {legs: {10: {ip: 10.1.0.1}, 20: {}}}}\n"
    "hosts:\n"
    "  a: {ip: [10.1.0.5, \"fd00::5\"], vlan: 10}\n"
    "  b: {ip: 10.2.0.9, vlan: 20, mac: \"02:00:00:00:00:99\", ttl: 57}\n"
    "  many: {ip: 10.1.0.10-10.1.0.12, vlan: 10}\n"
    "events:\n";

Story story(const std::string& event) {
  return read_story_text(beginning + event + "\n", "t.yaml");
}

TEST(Story, ReadsHostsRangesRoutersAndTimes) {
  const Story read = story("  - {at: 1h2m3.5s, from: many, to: b, tcp: [22, 80-82], send: 10}");
  EXPECT_EQ(read.start.time_since_epoch(), std::chrono::seconds{1'775'000'000 - 200});
  ASSERT_EQ(read.hosts.size(), 3U);
  EXPECT_EQ(read.hosts[0].members[0].ipv6->to_string(), "fd00::5");
  EXPECT_EQ(read.hosts[0].members[0].mac.to_string(), "02:0a:0a:01:00:05") << "made from the address";
  EXPECT_EQ(read.hosts[1].members[0].mac.to_string(), "02:00:00:00:00:99");
  EXPECT_EQ(read.hosts[1].ttl, 57);
  ASSERT_EQ(read.hosts[2].members.size(), 3U);
  EXPECT_EQ(read.hosts[2].members[2].ipv4->to_string(), "10.1.0.12");
  const Event& event = read.events.at(0);
  EXPECT_EQ(event.at, std::chrono::milliseconds{3'723'500});
  EXPECT_EQ(event.ports, (std::vector<std::uint16_t>{22, 80, 81, 82}));
  EXPECT_EQ(event.via, 0U);
  EXPECT_EQ(event.line, 8);
}

TEST(Story, RefusesWhatItDoesNotUnderstandAndSaysWhere) {
  struct Case {
    const char* event;
    const char* words;
  };
  const std::vector<Case> cases{
      {"  - {at: 1s, from: a, to: b, tcp: 80, recieve: 7}",
       "t.yaml:8:39: event: unknown key \"recieve\"; there are: at, "},
      {"  - {at: 1s, at: 2s, from: a, to: b, tcp: 80}", "t.yaml:8:14: event: key \"at\" appears twice"},
      {"  - {from: a, to: b, tcp: 80}", "key \"at\" is missing"},
      {"  - {at: 1s, from: a, to: c, tcp: 80}", "t.yaml:8:27: no host \"c\""},
      {"  - {at: 1s, from: a, to: b}", "exactly one of tcp, udp"},
      {"  - {at: 1s, from: a, to: b, tcp: 80, udp: 53}", "exactly one of tcp, udp"},
      {"  - {at: 1s, from: a, to: b, tcp: 0}", "a number from 1 to 65535"},
      {"  - {at: 1s, from: a, to: b, tcp: 010}", "\"010\": a number"},
      {"  - {at: 1s, from: a, to: b, tcp: 0x50}", "\"0x50\": a number"},
      {"  - {at: 1s, from: a, to: b, tcp: 90-80}", "a range of ports"},
      {"  - {at: 1, from: a, to: b, tcp: 80}", "a duration belongs here"},
      {"  - {at: 1.s, from: a, to: b, tcp: 80}", "a duration belongs here"},
      {"  - {at: 9999999h, from: a, to: b, tcp: 80}", "a duration belongs here"},
      {"  - {at: 1s, from: a, to: b, tcp: 80, outcome: refsed}",
       "one of accepted, unanswered, dropped, refused"},
      {"  - {at: 1s, from: a, to: many, tcp: 80, outcome: dropped}", "without a router on the way"},
      {"  - {at: 1s, from: a, to: b, tcp: 80, outcome: refused, close: rst}", "\"close\" has no meaning"},
      {"  - {at: 1s, from: a, to: b, tcp: 80, tries: 3}", "\"tries\" has no meaning"},
      {"  - {at: 1s, from: a, to: b, tcp: 80, every: 3s}", "\"every\" has no meaning"},
      {"  - {at: 1s, from: a, to: b, tcp: 80, family: ipv6}", "no addresses of one family"},
      {"  - {at: 1s, from: b, to: a, tcp: 80, outcome: prohibited}", "no address of this family"},
      {"  - {at: 1s, from: a, to: [b, many], tcp: 80}", "different VLANs"},
      {"  - {at: 1s, from: a, to: b, tcp: 80, via: fw}", "no router \"fw\""},
      {"  - {at: 1s, from: a, to: b, tcp: 80, count: 1000001}", "a number from 1 to 1000000"},
      {"  - {at: 1s, from: many, to: b, tcp: 1-65535, count: 1000000}", "more than a million"},
      {"  - {at: 1s, from: a, to: b, tcp: 80-90, port: 65530}", "not enough ports"},
      {"  - &x [*x]", "keys and values belong here"},
      {"  - {at: 1s, from: a, to: b, tcp: 80", "t.yaml:"},
      {"  {}", "a list of events belongs here"},
  };
  for (const Case& expected : cases) {
    try {
      story(expected.event);
      ADD_FAILURE() << "read: " << expected.event;
    } catch (const StoryError& error) {
      const std::string said = error.what();
      EXPECT_NE(said.find(expected.words), std::string::npos) << expected.event << "\n" << said;
    }
  }
}

TEST(Story, RefusesHostsThatCannotBe) {
  for (const std::string hosts :
       {"a: {ip: 10.0.0.256}", "a: {ip: 10.0.0.9-10.0.0.1}", "a: {ip: 10.0.0.1-fd00::1}", "a: {vlan: 5}",
        "a: {ip: 10.0.0.1, vlan: 4095}", "a: {ip: 10.0.0.1, mac: 02-00}", "a: {ip: 10.0.0.0-10.255.0.0}",
        "a: {ip: [10.0.0.1, 10.0.0.2, \"fd00::1\"]}", "a: {ip: 10.0.0.1}, a: {ip: 10.0.0.2}"}) {
    EXPECT_THROW(
        read_story_text("start: 2026-04-01T00:00:00Z\nhosts: {" + hosts + "}\nevents: []\n", "t.yaml"),
        StoryError)
        << hosts;
  }
  for (const std::string start : {"2026-02-30T00:00:00Z", "2026-04-01", "2026-04-01T25:00:00Z",
                                  "2026-04-01T00:00:00", "2026-04-01T00:00:0xZ"}) {
    EXPECT_THROW(read_story_text("start: " + start + "\nhosts: {}\nevents: []\n", "t.yaml"), StoryError)
        << start;
  }
  EXPECT_THROW(read_story("/"), StoryError);
  EXPECT_THROW(read_story("/nonexistent/story.yaml"), StoryError);
}

}  // namespace
}  // namespace sekimori::traffic
