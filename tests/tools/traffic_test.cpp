// What a story says is what the capture shows: read back through the program's own front door and decoder.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "capture/decode/decode.hpp"
#include "capture/source/source.hpp"
#include "tools/traffic/play.hpp"

namespace sekimori::traffic {
namespace {

namespace fs = std::filesystem;
using capture::Packet;

std::string read_file(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

const std::string beginning =
    "start: 2026-04-01T00:00:00Z\n"
    "routers: {r: {legs: {10: {ip: [10.1.0.1, \"fd00:1::1\"], mac: \"02:fe:00:00:00:10\"}, 20: {mac: "
    "\"02:fe:00:00:00:20\"}}}}\n"
    "hosts:\n"
    "  a: {ip: [10.1.0.5, \"fd00:1::5\"], vlan: 10, mac: \"02:00:00:00:00:0a\", ttl: 128}\n"
    "  b: {ip: [10.2.0.9, \"fd00:2::9\"], vlan: 20, mac: \"02:00:00:00:00:0b\"}\n"
    "  near: {ip: [10.1.0.6, \"fd00:1::6\"], vlan: 10}\n"
    "  many: {ip: 10.1.0.10-10.1.0.12, vlan: 10}\n";

Story story(const std::string& event, const std::string& more = {}) {
  return read_story_text(more + beginning + "events:\n  - {at: 1s, from: a, to: b, " + event + "}\n",
                         "t.yaml");
}

// RFC 1071: over a block with its right checksum in it the sum is all ones.
bool sums_up(const std::byte* bytes, std::size_t size, std::uint32_t total = 0) {
  for (std::size_t i = 0; i < size; ++i) {
    total += static_cast<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8U : 0U);
  }
  while (total > 0xffff) total = (total & 0xffffU) + (total >> 16U);
  return total == 0xffff;
}

// Checks every checksum of an IP frame; frames with at most one tag.
bool checksums_right(std::span<const std::byte> frame) {
  const auto u8 = [&](std::size_t at) { return std::to_integer<std::uint32_t>(frame[at]); };
  const auto u16 = [&](std::size_t at) { return u8(at) << 8U | u8(at + 1); };
  std::size_t at = 12;
  if (u16(at) == 0x8100) at += 4;
  const std::uint32_t type = u16(at);
  at += 2;
  std::size_t addresses = 0, size = 0, length = 0;
  std::uint32_t protocol = 0;
  if (type == 0x0800) {
    if (!sums_up(frame.data() + at, 20)) return false;
    addresses = at + 12, size = 8, length = u16(at + 2) - 20, protocol = u8(at + 9);
    at += 20;
  } else if (type == 0x86dd) {
    addresses = at + 8, size = 32, length = u16(at + 4), protocol = u8(at + 6);
    at += 40;
  } else {
    return type == 0x0806;
  }
  std::uint32_t pseudo = 0;
  if (protocol != 1) {
    pseudo = protocol + static_cast<std::uint32_t>(length);
    for (std::size_t i = 0; i < size; i += 2) pseudo += u16(addresses + i);
  }
  return sums_up(frame.data() + at, length, pseudo);
}

struct Reader final : capture::FrameSink {
  std::vector<Packet> packets;
  std::map<std::string, int> others;  // by the decoder's reason
  std::vector<Time> times;
  int wrong_sums = 0;
  void frame(const capture::Frame& frame) override {
    times.push_back(frame.time);
    if (frame.bytes.size() == frame.wire_length && !checksums_right(frame.bytes)) ++wrong_sums;
    Packet packet;
    const capture::Reason reason = capture::decode(frame, packet);
    if (reason == capture::Reason::none) {
      packets.push_back(packet);
    } else {
      ++others[std::string{capture::reason_name(reason)}];
    }
  }
};

Reader read_back(const std::string& bytes) {
  std::string path = (fs::temp_directory_path() / "sekimori-traffic-XXXXXX").string();
  const int file = ::mkstemp(path.data());
  EXPECT_GE(file, 0);
  std::ofstream{path, std::ios::binary} << bytes;
  const auto source = capture::open_files({path});
  Reader reader;
  while (source->read(1000, reader).state == capture::ReadState::more) {
  }
  ::close(file);
  fs::remove(path);
  EXPECT_EQ(reader.wrong_sums, 0);
  EXPECT_TRUE(std::is_sorted(reader.times.begin(), reader.times.end()));
  return reader;
}

Reader shown(const Story& story) {
  return read_back(pcap(story, play(story)));
}

// "10>S 20<SA": the VLAN where a packet was seen, its direction, what it is.
std::string told(const Reader& reader, const char* initiator = "10.1.0.5") {
  std::string out;
  for (const Packet& packet : reader.packets) {
    const bool forth = packet.tuple.source.to_string() == initiator;
    out += (out.empty() ? "" : " ") + std::to_string(packet.vlan_count == 0 ? 0 : packet.vlans[0]) +
           (forth ? ">" : "<");
    if (packet.tuple.protocol == capture::protocol::tcp) {
      for (const auto& [flag, letter] : {std::pair{tcp_flag::syn, 'S'},
                                         {tcp_flag::fin, 'F'},
                                         {tcp_flag::rst, 'R'},
                                         {tcp_flag::psh, 'P'},
                                         {tcp_flag::ack, 'A'}}) {
        if ((packet.tcp_flags & flag) != 0) out += letter;
      }
    } else if (packet.tuple.protocol == capture::protocol::udp) {
      out += "udp" + std::to_string(packet.payload_bytes);
    } else {
      out += "icmp" + std::to_string(packet.icmp_type) + "/" + std::to_string(packet.icmp_code);
    }
  }
  return out;
}

TEST(Traffic, ShowsEachOutcomeWhereTheMirrorWouldSeeIt) {
  struct Case {
    const char* event;
    const char* seen;
  };
  const std::vector<Case> cases{
      {"tcp: 80, outcome: dropped, tries: 2", "10>S 10>S"},
      {"tcp: 80, outcome: unanswered", "10>S 20>S"},
      {"tcp: 80, outcome: refused", "10>S 20>S 20<RA 10<RA"},
      {"tcp: 80, outcome: rejected", "10>S 10<RA"},
      {"tcp: 80, outcome: prohibited", "10>S 10<icmp3/13"},
      {"tcp: 80", "10>S 20>S 20<SA 10<SA 10>A 20>A 10>FA 20>FA 20<FA 10<FA 10>A 20>A"},
      {"tcp: 80, seen: initiator, close: open", "10>S 10<SA 10>A"},
      {"tcp: 80, seen: responder, close: rst", "20>S 20<SA 20>A 20>RA"},
      {"tcp: 80, seen: initiator, close: open, only: responder", "10<SA"},
      {"tcp: 80, seen: initiator, close: open, begin: middle, send: 5, receive: 5", "10>PA 10<A 10<PA 10>A"},
      {"tcp: 80, seen: initiator, close: open, begin: middle, send: 2921", "10>A 10>A 10<A 10>PA 10<A"},
      {"tcp: 80, seen: initiator, close: open, begin: middle, send: 5, retransmit: 1", "10>PA 10>PA 10<A"},
      {"udp: 53, send: 30, receive: 90", "10>udp30 20>udp30 20<udp90 10<udp90"},
      {"udp: 53, send: 30, outcome: refused", "10>udp30 20>udp30 20<icmp3/3 10<icmp3/3"},
      {"udp: 53, send: 30, outcome: dropped, copies: 2", "10>udp30 10>udp30"},
      {"icmp: echo", "10>icmp8/0 20>icmp8/0 20<icmp0/0 10<icmp0/0"},
      {"icmp: echo, outcome: unanswered, seen: responder", "20>icmp8/0"},
  };
  for (const Case& expected : cases)
    EXPECT_EQ(told(shown(story(expected.event))), expected.seen) << expected.event;
  EXPECT_EQ(told(shown(story("tcp: 80, outcome: prohibited, family: ipv6")), "fd00:1::5"), "10>S 10<icmp1/1");
  EXPECT_EQ(told(shown(story("icmp: echo, family: ipv6, seen: initiator")), "fd00:1::5"),
            "10>icmp128/0 10<icmp129/0");
}

TEST(Traffic, ForwardsWithTheRoutersAddressesAndOneHopLess) {
  const Reader reader = shown(story("tcp: 80, outcome: refused"));
  ASSERT_EQ(reader.packets.size(), 4U);
  const auto hop = [&](std::size_t i) {
    const Packet& packet = reader.packets[i];
    return packet.source_mac.to_string() + ">" + packet.destination_mac.to_string() + " " +
           std::to_string(packet.ttl);
  };
  EXPECT_EQ(hop(0), "02:00:00:00:00:0a>02:fe:00:00:00:10 128");
  EXPECT_EQ(hop(1), "02:fe:00:00:00:20>02:00:00:00:00:0b 127");
  EXPECT_EQ(hop(2), "02:00:00:00:00:0b>02:fe:00:00:00:20 64");
  EXPECT_EQ(hop(3), "02:fe:00:00:00:10>02:00:00:00:00:0a 63");
  EXPECT_EQ(reader.packets[0].tcp_sequence, reader.packets[1].tcp_sequence);
  EXPECT_EQ(reader.packets[2].tcp_acknowledgment, reader.packets[0].tcp_sequence + 1);
}

TEST(Traffic, QuotesTheRefusedPacketInItsIcmpError) {
  const Reader reader = shown(story("tcp: 8443, port: 50001, outcome: prohibited"));
  ASSERT_EQ(reader.packets.size(), 2U);
  EXPECT_EQ(reader.packets[1].tuple.source.to_string(), "10.1.0.1") << "the router in its own name";
  EXPECT_EQ(reader.packets[1].quoted, reader.packets[0].tuple);
}

TEST(Traffic, LeavesOutTagsWhenTheMirrorHasNone) {
  const Reader reader = shown(story("udp: 53, outcome: dropped", "tagged: false\n"));
  ASSERT_EQ(reader.packets.size(), 1U);
  EXPECT_EQ(reader.packets[0].vlan_count, 0);
}

TEST(Traffic, SweepsOverHostsPortsAndRepeats) {
  const Story sweep = read_story_text(beginning +
                                          "events:\n  - {at: 1s, from: many, to: [a, near], tcp: [22, 80], "
                                          "outcome: unanswered, count: 3, every: 1m, gap: 1s}\n",
                                      "t.yaml");
  const Played played = play(sweep);
  EXPECT_EQ(played.conversations.size(), 3U * 3 * 2 * 2);
  EXPECT_EQ(played.shots.size(), 36U);
  EXPECT_EQ(played.shots.front().time, sweep.start + std::chrono::seconds{1});
  EXPECT_EQ(played.shots.back().time, sweep.start + std::chrono::seconds{1 + 2 * 60 + 11});
  std::map<std::pair<IpAddress, std::uint16_t>, int> ports;
  for (const Conversation& talk : played.conversations) ++ports[{talk.initiator, talk.initiator_port}];
  EXPECT_EQ(ports.size(), 36U) << "no source port twice";
}

TEST(Traffic, SpeaksArpAndNeighbourDiscoveryOnOneVlan) {
  const Story both =
      read_story_text(beginning +
                          "events:\n  - {at: 1s, from: a, to: near, arp: request}\n"
                          "  - {at: 2s, from: a, to: near, ndp: solicitation}\n"
                          "  - {at: 3s, from: a, to: near, arp: request, outcome: unanswered, tries: 2}\n",
                      "t.yaml");
  const Reader reader = shown(both);
  EXPECT_EQ(reader.others.at("arp"), 4);
  ASSERT_EQ(reader.packets.size(), 2U);
  EXPECT_EQ(reader.packets[0].icmp_type, 135);
  EXPECT_EQ(reader.packets[0].tuple.destination.to_string(), "ff02::1:ff00:6");
  EXPECT_EQ(reader.packets[0].destination_mac.to_string(), "33:33:ff:00:00:06");
  EXPECT_EQ(reader.packets[1].icmp_type, 136);
}

TEST(Traffic, CutsFramesToTheSnaplenButKeepsTheirLength) {
  const Story cut = story("udp: 53, send: 500, outcome: dropped", "snaplen: 96\n");
  const std::string bytes = pcap(cut, play(cut));
  EXPECT_EQ(bytes.size(), 24U + 16 + 96);
  const Reader reader = read_back(bytes);
  ASSERT_EQ(reader.packets.size(), 1U);
  EXPECT_EQ(reader.packets[0].wire_bytes, 14U + 4 + 20 + 8 + 500);
  EXPECT_EQ(reader.packets[0].payload_bytes, 500U);
}

TEST(Traffic, WritesMicrosecondsWhenAsked) {
  const Story micro = story("udp: 53, send: 5, receive: 5, seen: initiator, round_trip: 1500ns",
                            "resolution: microseconds\n");
  const Reader reader = shown(micro);
  ASSERT_EQ(reader.times.size(), 2U);
  // The answer reaches the initiator 40 microseconds (the router) after 1.5; the file drops the half.
  EXPECT_EQ(reader.times[1] - reader.times[0], std::chrono::microseconds{41});
}

// The books against the capture itself: frames of each conversation counted by a program that knows nothing
// of them.
TEST(Traffic, KeepsBooksThatTheCaptureConfirms) {
  for (const char* name : {"kakuu-city", "two-tier-union"}) {
    SCOPED_TRACE(name);
    const Story day =
        read_story(std::string{SEKIMORI_SOURCE_DIR} + "/config/examples/" + name + "/day.story.yaml");
    const Played played = play(day);
    const Reader reader = read_back(pcap(day, played));
    struct Count {
      std::uint64_t frames = 0, bytes = 0;
      bool operator==(const Count&) const = default;
    };
    std::map<capture::Tuple, Count> counted;
    std::uint64_t errors = 0;
    for (const Packet& packet : reader.packets) {
      if (packet.quotes) {
        ++errors;
        continue;
      }
      Count& count = counted[packet.tuple];
      ++count.frames;
      count.bytes += packet.wire_bytes;
    }
    std::uint64_t arps = 0, errors_told = 0, frames = 0;
    for (const Conversation& talk : played.conversations) {
      frames += talk.forth.frames + talk.back.frames + talk.errors.frames;
      errors_told += talk.errors.frames;
      if (talk.kind == Kind::arp) arps += talk.forth.frames + talk.back.frames;
      if (talk.kind != Kind::tcp && talk.kind != Kind::udp) continue;
      const std::uint8_t protocol = talk.kind == Kind::tcp ? 6 : 17;
      const capture::Tuple forth{talk.initiator, talk.responder, talk.initiator_port, talk.responder_port,
                                 protocol};
      EXPECT_EQ(counted[forth], (Count{talk.forth.frames, talk.forth.frame_bytes})) << "line " << talk.line;
      EXPECT_EQ(counted[forth.reversed()], (Count{talk.back.frames, talk.back.frame_bytes}))
          << "line " << talk.line;
      EXPECT_GE(talk.forth.frames, talk.forth.packets);
    }
    EXPECT_EQ(errors, errors_told);
    EXPECT_EQ(reader.others.count("arp") != 0 ? static_cast<std::uint64_t>(reader.others.at("arp")) : 0,
              arps);
    EXPECT_EQ(reader.times.size(), frames) << "not a frame that no conversation owns";
  }
}

TEST(Traffic, CountsAPacketOnceHoweverOftenTheMirrorShowsIt) {
  const Story twice = story("udp: 53, send: 30, receive: 90, copies: 3");
  const Conversation talk = play(twice).conversations.at(0);
  EXPECT_EQ(talk.forth.packets, 1U);
  EXPECT_EQ(talk.forth.bytes, 14U + 4 + 20 + 8 + 30);
  EXPECT_EQ(talk.forth.frames, 6U) << "three on each side of the router";
  EXPECT_EQ(talk.forth.frame_bytes, 6 * talk.forth.bytes);
}

TEST(Traffic, GivesTheBundledCapturesByteForByte) {
  for (const char* name : {"kakuu-city", "two-tier-union"}) {
    const fs::path folder = fs::path{SEKIMORI_SOURCE_DIR} / "config/examples" / name;
    const Story day = read_story((folder / "day.story.yaml").string());
    const std::string made = pcap(day, play(day));
    EXPECT_TRUE(made == read_file(folder / "day.pcap"))
        << name << ": the story was changed; run sekimori-traffic on it and keep the new day.pcap";
    EXPECT_LE(made.size(), 200'000U);
  }
}

int run(const std::string& arguments) {
  const int status =
      std::system(("'" + std::string{SEKIMORI_TRAFFIC} + "' " + arguments + " >/dev/null 2>&1").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(TrafficProgram, WritesCaptureAndTruthAndTellsByItsExitWhatWentWrong) {
  std::string folder = (fs::temp_directory_path() / "sekimori-traffic-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const fs::path example = fs::path{SEKIMORI_SOURCE_DIR} / "config/examples/two-tier-union";
  const std::string story_path = "'" + (example / "day.story.yaml").string() + "'";  // for the shell
  EXPECT_EQ(run(story_path + " -o " + folder + "/a.pcap --truth " + folder + "/a.tsv"), 0);
  EXPECT_TRUE(read_file(folder + "/a.pcap") == read_file(example / "day.pcap"));
  const Story day = read_story((example / "day.story.yaml").string());
  EXPECT_EQ(read_file(folder + "/a.tsv"), truth(play(day)));
  EXPECT_EQ(run("--help"), 0);
  EXPECT_EQ(run(story_path), 2);
  EXPECT_EQ(run(story_path + " -x"), 2);
  EXPECT_EQ(run("/nonexistent.yaml -o " + folder + "/b.pcap"), 2);
  EXPECT_EQ(run(story_path + " -o " + folder + "/no/such/b.pcap"), 1);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace sekimori::traffic
