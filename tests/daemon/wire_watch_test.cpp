// Each finding about a wire beside its silent twin: stories through the whole engine, with one worker and
// with four, which must say the same.
#include "daemon/alert/wire_watch.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "daemon/render.hpp"
#include "daemon/replay.hpp"
#include "tests/daemon/city.hpp"
#include "tests/daemon/replay_kit.hpp"
#include "tests/kit/capture_octets.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::daemon {
namespace {

using kit::ethernet;
using kit::Octets;
using kit::PacketBuilder;
using Lines = std::vector<std::string>;

constexpr std::string_view city = R"(
profile: alpha
segments:
  mynumber: {prefixes: [10.10.0.0/16], vlans: [110]}
  lgwan: {prefixes: [10.20.0.0/16, "fd10:20::/48"], vlans: [220]}
  internet: {prefixes: [10.30.0.0/16], vlans: [330]}
)";
constexpr std::string_view listed_city = R"(
profile: alpha
segments:
  mynumber: {prefixes: [10.10.0.0/16], vlans: [110], router_macs: ["02:fe:00:00:01:10"]}
  lgwan:
    prefixes: [10.20.0.0/16, "fd10:20::/48"]
    vlans: [220]
    router_macs: ["02:fe:00:00:02:20"]
    dhcp_servers: [10.20.0.5, "02:00:00:00:05:06"]
    ra_routers: ["02:fe:00:00:02:20"]
  internet: {prefixes: [10.30.0.0/16], vlans: [330]}
)";

constexpr const char* pc = "02:00:00:00:00:0a";
constexpr const char* other_pc = "02:00:00:00:00:0b";
constexpr const char* mn_leg = "02:fe:00:00:01:10";
constexpr const char* lg_leg = "02:fe:00:00:02:20";
constexpr const char* everyone = "ff:ff:ff:ff:ff:ff";

struct Step {
  double second;
  PacketBuilder frame;
};
using Story = std::vector<Step>;

class Capture {
 public:
  explicit Capture(const Story& story) {
    const int file = ::mkstemp(path_.data());
    kit::CaptureOctets out;
    for (const Step& step : story) {
      const std::chrono::microseconds since{static_cast<std::int64_t>(step.second * 1e6)};
      out.add(kit::capture_begin + since, step.frame.bytes());
    }
    std::ofstream{path_, std::ios::binary} << out.octets();
    ::close(file);
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = (std::filesystem::temp_directory_path() / "sekimori-wires-XXXXXX").string();
};

// "L2-MIX mynumber>lgwan 02:...:0a 10.10.0.5 arp": what was opened of notices; `whole` keeps every line.
struct Output final : ReplayOutput {
  void alert(const AlertRecord& record) override {
    whole += to_line(alert_event(record, {})) + "\n";
    if (record.notice == nullptr || record.kind != AlertKind::opened) return;
    const Notice& notice = *record.notice;
    std::string line{notice_row(notice.kind).code};
    for (const char* fact : {"from", "to", "mac", "src", "ground"}) {
      const std::string_view value = notice.value(fact);
      if (!value.empty()) line += (std::string_view{fact} == "to" ? ">" : " ") + std::string{value};
    }
    lines.push_back(line);
  }
  void flow(const capture::FlowFacts&, const policy::Verdict&, const capture::Passage&,
            capture::EndReason) override {}
  Lines lines{};
  std::string whole{};
};

Lines told(const Story& story, std::string_view config = city) {
  const Capture capture{story};
  const auto policy = test::make_policy(config);
  Output first;
  for (const auto workers : std::array<std::uint16_t, 4>{0, 1, 2, 4}) {
    Output output;
    ReplayOptions options;
    options.files = {capture.path()};
    test::set_workers(options, workers);
    options.chunk_frames = 3;  // findings must not depend on where a chunk ends
    const ReplayResult result = replay(options, {}, policy, {}, output);
    EXPECT_TRUE(result.books.close());
    if (workers == 0) first = output;
    EXPECT_EQ(output.whole, first.whole) << workers << " workers";
  }
  return first.lines;
}

PacketBuilder on(unsigned vlan, const char* mac = pc, const char* to = everyone) {
  return ethernet(mac, to).vlan(vlan);
}
PacketBuilder asks(unsigned vlan, const char* address, const char* mac = pc) {
  return on(vlan, mac).arp_request(address, "10.10.0.1");
}
PacketBuilder sends(unsigned vlan, const char* from, const char* to, unsigned ttl, const char* mac = pc,
                    unsigned port = 4000) {
  return on(vlan, mac, "02:00:00:00:00:99")
      .ipv4(from, to)
      .ttl(ttl)
      .identification(port)
      .udp(port, 53)
      .payload(20);
}

TEST(WireWatch, FindsAHostOnAnotherSegmentsWire) {
  EXPECT_EQ(told({{0, asks(220, "10.10.0.5")}}),
            (Lines{"L2-MIX mynumber>lgwan 02:00:00:00:00:0a 10.10.0.5 arp"}));
  EXPECT_EQ(told({{0, asks(110, "10.10.0.5")}}), Lines{}) << "at home";
  EXPECT_EQ(told({{0, asks(777, "10.10.0.5")}}), Lines{}) << "a wire that nobody claims";
  EXPECT_EQ(told({{0, on(220).arp_reply("10.10.0.5", "10.20.0.9")}}), Lines{})
      << "a router that answers for others";
  EXPECT_EQ(told({{0, sends(220, "10.10.0.5", "10.10.0.9", 128)}}),
            (Lines{"L2-MIX mynumber>lgwan 02:00:00:00:00:0a 10.10.0.5 source"}));
  EXPECT_EQ(told({{0, sends(220, "10.10.0.5", "10.10.0.9", 127)}}), Lines{}) << "forwarded";
  EXPECT_EQ(told({{0, sends(220, "10.10.0.5", "10.10.0.9", 128, mn_leg)}}, listed_city), Lines{})
      << "a listed router";
  EXPECT_EQ(told({{0, sends(220, "10.10.0.5", "10.10.0.9", 128, "00:00:5e:00:01:07")}}), Lines{}) << "VRRP";
}

TEST(WireWatch, FindsWhatHostsCallOutToEverybody) {
  struct Case {
    unsigned port;
    const char* group;
    unsigned ttl;
    const char* ground;
  };
  for (const Case& call : {Case{5355, "224.0.0.252", 1, "llmnr"}, Case{5353, "224.0.0.251", 255, "mdns"},
                           Case{1900, "239.255.255.250", 4, "ssdp"}, Case{3702, "239.255.255.250", 1, "ssdp"},
                           Case{137, "10.10.255.255", 128, "netbios"}}) {
    const auto frame = [&](unsigned vlan) {
      return on(vlan, pc, "01:00:5e:00:00:fc")
          .ipv4("10.10.0.5", call.group)
          .ttl(call.ttl)
          .udp(call.port, call.port)
          .payload(30);
    };
    EXPECT_EQ(told({{0, frame(220)}}),
              (Lines{std::string{"L2-MIX mynumber>lgwan 02:00:00:00:00:0a 10.10.0.5 "} + call.ground}))
        << call.port;
    EXPECT_EQ(told({{0, frame(110)}}), Lines{}) << call.port;
  }
}

// The same packet on both sides of the firewall, forth and back, and the firewall's own refusal.
TEST(WireWatch, IsSilentAboutWhatAFirewallShowsOnBothSides) {
  Story story;
  const auto pair = [&](double at, const char* from, const char* to, unsigned left, unsigned entered,
                        const char* leg, unsigned port) {
    story.push_back({at, sends(left, from, to, 128, left == 110 ? pc : other_pc, port)});
    story.push_back({at + 0.00004, sends(entered, from, to, 127, leg, port)});
  };
  pair(0, "10.10.0.5", "10.20.0.9", 110, 220, lg_leg, 4000);
  pair(1, "10.20.0.9", "10.10.0.5", 220, 110, mn_leg, 5000);
  story.push_back(
      {2, on(110, mn_leg, pc).ipv4("10.20.0.9", "10.10.0.5").ttl(255).tcp(445, 6000, kit::RST | kit::ACK)});
  const auto ask = on(110, pc, mn_leg).ipv4("10.10.0.5", "10.20.0.9").ttl(128).tcp(6001, 445, kit::SYN);
  const auto answer =
      on(110, mn_leg, pc).ipv4("10.20.0.9", "10.10.0.5").ttl(255).tcp(445, 6001, kit::SYN | kit::ACK);
  story.push_back({3, ask});
  story.push_back({3.001, answer});
  for (const std::string_view config : {city, listed_city}) EXPECT_EQ(told(story, config), Lines{});
}

TEST(WireWatch, FindsJoinedSegments) {
  const Story loop{{0, asks(110, "10.10.0.5")}, {0.001, asks(220, "10.10.0.5")}};
  EXPECT_EQ(told(loop), (Lines{"L2-MIX mynumber>lgwan 02:00:00:00:00:0a 10.10.0.5 arp",
                               "L2-MIX mynumber>lgwan 02:00:00:00:00:0a same_mac"}));
  const Story moved{{0, asks(110, "10.10.0.5")}, {40, asks(220, "10.10.0.5")}};
  EXPECT_EQ(told(moved).size(), 1U) << "carried over, not joined";

  const auto bpdu = [](unsigned vlan, unsigned root) {
    Octets octets = kit::octets({0, 0, 2, 2, 0, 0x80, 0, 2, 0, 0, 0, 0, root});
    octets.resize(35);
    return on(vlan, other_pc, "01:80:c2:00:00:00").llc(0x42, 0x42).payload(octets);
  };
  const Story joined{{0, bpdu(110, 1)}, {0.1, bpdu(220, 2)}, {1, bpdu(220, 1)}};
  EXPECT_EQ(told(joined), (Lines{"L2-MIX mynumber>lgwan 02:00:00:00:00:0b root_bridge"}));
  const Story one_switch{{0, bpdu(110, 1)}, {0.1, bpdu(220, 1)}, {1, bpdu(220, 3)}};
  EXPECT_EQ(told(one_switch), Lines{}) << "a common root, and a new one that is nobody's";
}

TEST(WireWatch, HintsAtTerminalsWithTwoHomes) {
  const Lines hint{"DUAL-HOMED mynumber>lgwan 02:00:00:00:00:0a 10.10.0.5 addresses"};
  const Story dual{
      {0, asks(110, "10.10.0.5")}, {90, asks(220, "10.20.0.7")}, {700, asks(330, "10.30.0.9", other_pc)}};
  EXPECT_EQ(told(dual), hint);
  EXPECT_EQ(told({dual[0], dual[1]}), hint) << "the input ends before it is due";
  EXPECT_EQ(told({{0, asks(110, "10.10.0.5")}, {601, asks(220, "10.20.0.7")}}), Lines{})
      << "a terminal that moved";
  EXPECT_EQ(told({dual[0], dual[1], {95, sends(220, "10.10.0.8", "10.20.0.9", 63)}}), Lines{}) << "a router";
  EXPECT_EQ(told({{0, asks(110, "10.10.0.1", mn_leg)}, {1, asks(220, "10.20.0.1", mn_leg)}}, listed_city),
            Lines{});
}

TEST(WireWatch, FindsWhoForwardsThoughNotListed) {
  const Story story{{0, sends(110, "10.10.0.5", "10.20.0.9", 128, other_pc)},
                    {0.001, sends(220, "10.10.0.5", "10.20.0.9", 127)}};
  EXPECT_EQ(told(story, listed_city), (Lines{"DUAL-HOMED mynumber>lgwan 02:00:00:00:00:0a 10.10.0.5"}));
  EXPECT_EQ(told(story), Lines{}) << "nobody said who may";
}

// A segment that claims no wire may have its machines on any, as clouds behind a line have. Networks outside
// of the body's scope have none of their own there.
TEST(WireWatch, ANetworkOutOfScopeIsForeignOnEveryClaimedWire) {
  const std::string schools = std::string{city} + "  out-of-scope: {prefixes: [10.70.0.0/16]}\n" +
                              "  gov-cloud: {prefixes: [10.60.0.0/16]}\n";
  EXPECT_EQ(told({{0, asks(110, "10.70.1.5")}}, schools),
            Lines{"L2-MIX out-of-scope>mynumber 02:00:00:00:00:0a 10.70.1.5 arp"});
  EXPECT_EQ(told({{0, asks(777, "10.70.1.5")}}, schools), Lines{}) << "a wire that nobody claims";
  EXPECT_EQ(told({{0, asks(110, "10.60.1.5")}}, schools), Lines{});
}

TEST(WireWatch, FindsServersThatNobodyListed) {
  const auto offer = [](unsigned vlan, const char* mac, const char* address) {
    Octets body = kit::octets({2, 1, 6, 0});
    body.resize(240);
    return on(vlan, mac).ipv4(address, "255.255.255.255").udp(67, 68).payload(body);
  };
  EXPECT_EQ(told({{0, offer(220, pc, "192.168.0.1")}}, listed_city),
            (Lines{"ROGUE-DHCP>lgwan 02:00:00:00:00:0a 192.168.0.1"}));
  EXPECT_EQ(told({{0, offer(220, pc, "10.20.0.5")},
                  {1, offer(220, "02:00:00:00:05:06", "10.20.0.6")},
                  {2, offer(220, lg_leg, "10.20.0.1")}},
                 listed_city),
            Lines{})
      << "by address, by card, through the relay";
  const Lines seen = told({{0, offer(220, pc, "10.20.0.5")}, {3600, offer(220, pc, "10.20.0.5")}});
  EXPECT_EQ(seen, (Lines{"ROGUE-DHCP>lgwan 02:00:00:00:00:0a 10.20.0.5"})) << "told once for the inventory";
}

TEST(WireWatch, FindsRoutersThatAdvertiseThemselves) {
  const auto advertises = [](unsigned vlan, const char* mac, unsigned first, unsigned second) {
    Octets options = kit::octets({0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 64, 0xc0});
    options.resize(24);
    for (const unsigned octet : {0xfdU, first, 0U, second}) options.push_back(static_cast<std::byte>(octet));
    options.resize(40);
    return on(vlan, mac, "33:33:00:00:00:01")
        .ipv6("fe80::1", "ff02::1")
        .ttl(255)
        .icmpv6(134)
        .payload(options);
  };
  const std::string mine = std::string{">lgwan "} + pc + " fe80::1 ";
  EXPECT_EQ(told({{0, advertises(220, pc, 0x10, 0x20)}}, listed_city), Lines{"ROGUE-RA" + mine + "unlisted"});
  EXPECT_EQ(told({{0, advertises(220, lg_leg, 0x77, 0)}}, listed_city), Lines{})
      << "a listed router's new prefix";
  EXPECT_EQ(told({{0, advertises(110, pc, 0x77, 0)}}).size(), 1U) << "no IPv6 is listed there";
  EXPECT_EQ(told({{0, advertises(777, pc, 0x77, 0)}}), Lines{});
}

// RFC 6980: never in fragments, whoever sends it. The first one may hold no more than an empty header.
TEST(WireWatch, FindsARouterAdvertisementInFragments) {
  const auto part = [](const char* mac, unsigned hops, unsigned protocol) {
    return on(220, mac, "33:33:00:00:00:01")
        .ipv6("fe80::1", "ff02::1")
        .ttl(hops)
        .fragment_header(0, true)
        .destination_options()
        .protocol(protocol);
  };
  constexpr unsigned icmpv6 = 58;
  constexpr unsigned udp = 17;
  EXPECT_EQ(told({{0, part(pc, 255, icmpv6)}}, listed_city),
            Lines{std::string{"ROGUE-RA>lgwan "} + pc + " fe80::1 fragmented"});
  EXPECT_EQ(told({{0, part(lg_leg, 255, icmpv6)}}, listed_city).size(), 1U) << "nor does a listed router";
  EXPECT_EQ(told({{0, part(pc, 1, icmpv6)}}, listed_city), Lines{}) << "a long listener report";
  EXPECT_EQ(told({{0, part(pc, 255, udp).payload(64)}}, listed_city), Lines{}) << "a long mDNS answer";
}

TEST(WireWatch, FindsIpv6AndSharedLines) {
  const auto six = [](const char* from, unsigned hops) {
    return on(220, pc, "02:00:00:00:00:99").ipv6(from, "fd10:20::9").ttl(hops).udp(4000, 53).payload(20);
  };
  EXPECT_EQ(told({{0, six("2001:db8::5", 64)}}), (Lines{"IPV6-LEAK>lgwan 02:00:00:00:00:0a 2001:db8::5"}));
  EXPECT_EQ(told({{0, six("2001:db8::5", 57)}}), Lines{}) << "from outside";
  EXPECT_EQ(told({{0, six("fd10:20::5", 64)}}), Lines{}) << "listed";
  const auto shared = [](const char* from) {
    return on(220).ipv4(from, "10.20.255.255").ttl(128).udp(137, 137).payload(9);
  };
  EXPECT_EQ(told({{0, shared("192.168.42.7")}}), (Lines{"DEV-UNKNOWN>lgwan 02:00:00:00:00:0a 192.168.42.7"}));
  EXPECT_EQ(told({{0, shared("192.168.1.7")}}), Lines{});
}

TEST(WireWatch, HintsAtSeveralMachinesBehindOneAddress) {
  const auto one = [](const char* from, unsigned ttl, unsigned port) {
    return sends(220, from, "10.20.0.9", ttl, pc, port);
  };
  EXPECT_EQ(told({{0, one("10.20.0.7", 63, 4000)}, {1, one("10.20.0.7", 127, 4001)}}),
            (Lines{"DEV-UNKNOWN>lgwan 02:00:00:00:00:0a 10.20.0.7"}));
  EXPECT_EQ(told({{0, one("10.20.0.7", 63, 4000)},
                  {1, one("10.20.0.8", 127, 4001)},
                  {2, one("10.20.0.8", 63, 4002)}}),
            Lines{})
      << "a router inside the segment";
}

TEST(WireWatch, KnowsAnotherSegmentsLinkLocalAddress) {
  const auto hello = [](unsigned vlan) {
    return on(vlan, pc, "33:33:00:01:00:03")
        .ipv6("fe80::ff:fe00:a", "ff02::1:3")
        .ttl(1)
        .udp(5000, 5355)
        .payload(20);
  };
  EXPECT_EQ(told({{0, hello(110)}, {30, hello(220)}}),
            (Lines{"L2-MIX mynumber>lgwan 02:00:00:00:00:0a fe80::ff:fe00:a link_local"}));
  EXPECT_EQ(told({{0, hello(110)}, {30, hello(110)}}), Lines{});
}

// Six hundred machines behind one misplaced cable are a few stories.
TEST(WireWatch, TellsAFloodOfCardsAsFewStories) {
  Story story;
  for (unsigned i = 0; i < 600; ++i) {
    std::string mac = "02:00:00:00:00:00";
    constexpr std::string_view digits = "0123456789abcdef";
    for (const unsigned at : {0U, 1U}) {
      const unsigned octet = at == 0 ? i >> 8U : i & 255U;
      mac[12 + 3 * at] = digits[octet >> 4U];
      mac[13 + 3 * at] = digits[octet & 15U];
    }
    story.push_back({i * 0.01, asks(220, "10.10.0.5", mac.c_str())});
  }
  EXPECT_EQ(told(story).size(), WireWatch::cards_told + 1);
}

}  // namespace
}  // namespace sekimori::daemon
