// What one machine can do to the people who read the alerts: it tries every port, every host, or goes back
// and forth. A few lines, and everything counted. Prints lines and events side by side.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "daemon/alert/desk.hpp"
#include "daemon/render.hpp"
#include "daemon/replay.hpp"
#include "tests/daemon/alert_city.hpp"
#include "tests/daemon/city.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;

// With SEKIMORI_SWEEP_ALL in the environment the whole of it: 65,536 ports, 10,000 hosts, 1,000 turns.
unsigned sized(unsigned whole) {
  return std::getenv("SEKIMORI_SWEEP_ALL") == nullptr ? whole / 16 : whole;
}

// Frames with their times, as a capture file in nanoseconds.
class Capture {
 public:
  Capture() {
    for (const std::uint32_t word : {0xa1b23c4dU, 0x00040002U, 0U, 0U, 262144U, 1U}) put(word);
  }
  void add(Time time, const kit::PacketBuilder& packet) {
    const auto frame = packet.bytes();
    const auto since = time.time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
    put(static_cast<std::uint32_t>(seconds.count()));
    put(static_cast<std::uint32_t>((since - seconds).count()));
    put(static_cast<std::uint32_t>(frame.size()));
    put(static_cast<std::uint32_t>(frame.size()));
    for (const auto octet : frame) octets_.push_back(static_cast<char>(octet));
  }
  const std::string& octets() const { return octets_; }

 private:
  void put(std::uint32_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8) octets_.push_back(static_cast<char>(value >> shift));
  }
  std::string octets_{};
};

// What was told, held to what happened.
struct Account final : ReplayOutput {
  void alert(const AlertRecord& record) override { take(record); }
  void flow(const capture::FlowFacts&, const policy::Verdict&, const capture::Passage&,
            capture::EndReason) override {}
  void take(const AlertRecord& record) {
    ++lines;
    octets += syslog_5424(record, {}, 8192).size();
    if (record.notice != nullptr) {
      ++notices;
      return;
    }
    Story& story = stories[incident_id(record)];
    const bool summary = record.kind == AlertKind::repeated || record.kind == AlertKind::closed;
    story.told += summary ? 0 : 1;
    story.counted += record.suppressed;
    story.events = record.events;
    story.flows = record.flows;
    story.closed = record.kind == AlertKind::closed;
  }
  struct Story {
    std::uint64_t told = 0;
    std::uint64_t counted = 0;
    std::uint64_t events = 0;
    std::uint64_t flows = 0;
    bool closed = false;
  };
  std::map<std::string, Story> stories{};
  std::uint64_t lines = 0;
  std::uint64_t notices = 0;
  std::uint64_t octets = 0;
};

class SweepTest : public testing::Test {
 protected:
  SweepTest()
      : path_(std::filesystem::temp_directory_path() /
              ("sekimori-sweep-" + std::to_string(::getpid()) + ".pcap")) {}
  ~SweepTest() override { std::filesystem::remove(path_); }

  // Plays it, with one worker and with three, and holds what was told to `flows`, the forbidden ones.
  void play(const char* what, const Capture& capture, std::uint64_t flows, std::uint64_t lines_most) {
    std::ofstream(path_, std::ios::binary) << capture.octets();
    for (const std::uint16_t workers : {std::uint16_t{1}, std::uint16_t{3}}) {
      ReplayOptions options;
      options.files = {path_.string()};
      options.workers = workers;
      capture::CaptureOptions how;
      how.flows.flows_max = 200'000;
      Account account;
      const ReplayResult result = replay(options, how, policy_, {}, account);
      ASSERT_TRUE(result.readable) << result.trouble;
      EXPECT_TRUE(result.books.close());
      EXPECT_EQ(result.forbidden_flows, flows);
      hold(what, account, flows, lines_most, workers == 1);
    }
  }
  static void hold(const char* what, const Account& account, std::uint64_t flows, std::uint64_t lines_most,
                   bool print) {
    std::uint64_t told = 0;
    std::uint64_t counted = 0;
    std::uint64_t events = 0;
    std::uint64_t flows_counted = 0;
    for (const auto& [id, story] : account.stories) {
      EXPECT_EQ(story.events, story.told + story.counted) << what << ' ' << id;
      EXPECT_TRUE(story.closed) << what << ' ' << id;
      told += story.told;
      counted += story.counted;
      events += story.events;
      flows_counted += story.flows;
    }
    EXPECT_GE(events, flows) << what;
    EXPECT_EQ(flows_counted, flows) << what;
    EXPECT_LE(account.lines, lines_most) << what;
    if (!print) return;
    std::printf(
        "%-34s %9llu %9llu %9llu %9llu %7llu %9llu %8llu\n", what, static_cast<unsigned long long>(flows),
        static_cast<unsigned long long>(events), static_cast<unsigned long long>(told),
        static_cast<unsigned long long>(counted), static_cast<unsigned long long>(account.lines),
        static_cast<unsigned long long>(account.notices), static_cast<unsigned long long>(account.octets));
  }
  static void SetUpTestSuite() {
    std::printf("%-34s %9s %9s %9s %9s %7s %9s %8s\n", "", "flows", "events", "told", "counted", "lines",
                "of them", "octets");
    std::printf("%-34s %9s %9s %9s %9s %7s %9s %8s\n", "", "", "", "", "", "", "notices", "");
  }

  std::shared_ptr<const policy::Policy> policy_ = test::make_policy();
  const std::filesystem::path path_;
  const Time begin_ = test::nine_twelve;
};

TEST_F(SweepTest, EveryPortOfAHostIsAFewLines) {
  const unsigned ports = sized(65'536);
  for (const auto& [what, pause] : {std::pair{"every port, 1,000 a second", Duration{1ms}},
                                    std::pair{"every port, 20 a second", Duration{50ms}}}) {
    Capture capture;
    for (unsigned port = 0; port < ports; ++port) {
      const Time at = begin_ + port * pause;
      const auto client = static_cast<std::uint16_t>(1024 + port % 60'000);
      const auto server = static_cast<std::uint16_t>(port);
      capture.add(at, kit::ethernet().ipv4("10.20.22.15", "10.10.10.11").tcp(client, server, kit::SYN));
      capture.add(
          at + 200us,
          kit::ethernet().ipv4("10.10.10.11", "10.20.22.15").tcp(server, client, kit::RST | kit::ACK));
    }
    play(what, capture, ports, 10);
  }
}

TEST_F(SweepTest, EveryHostOfASegmentIsAFewLines) {
  const unsigned hosts = sized(10'000);
  for (const auto& [what, pause] : {std::pair{"10,000 hosts, 1,000 a second", Duration{1ms}},
                                    std::pair{"10,000 hosts, 10 a second", Duration{100ms}}}) {
    Capture capture;
    for (unsigned host = 0; host < hosts; ++host) {
      const std::string to = "10.10." + std::to_string(host / 250) + "." + std::to_string(host % 250 + 1);
      capture.add(begin_ + host * pause, kit::ethernet()
                                             .ipv4("10.20.22.15", to)
                                             .tcp(static_cast<std::uint16_t>(1024 + host), 445, kit::SYN));
    }
    play(what, capture, hosts, 10);
  }
}

// Now something permitted, now something forbidden, a thousand times.
TEST_F(SweepTest, AHostThatFlapsIsOneStory) {
  const unsigned turns = sized(1'000);
  Capture capture;
  for (unsigned turn = 0; turn < turns; ++turn) {
    const Time at = begin_ + turn * 5s;
    const auto client = static_cast<std::uint16_t>(20'000 + turn);
    capture.add(at, kit::ethernet().ipv4("10.20.22.15", "10.20.10.6").tcp(client, 443, kit::SYN));
    capture.add(at + 2s, kit::ethernet().ipv4("10.20.22.15", "10.10.10.11").tcp(client, 443, kit::SYN));
  }
  play("flaps every 5 s", capture, turns, 10);
}

// The same flow, judged anew again and again: what a policy does that is replaced back and forth.
TEST_F(SweepTest, AFlowWhoseVerdictFlapsIsOneStory) {
  const unsigned turns = sized(1'000);
  const auto policy = test::alert_policy();
  Desk desk{AlertOptions{}};
  std::vector<AlertRecord> records;
  Account account;
  std::uint64_t forbidden = 0;
  for (unsigned turn = 0; turn < turns; ++turn) {
    const char* to = turn % 2 == 0 ? "10.20.0.9" : "10.10.0.9";  // forbidden, and the host's own segment
    FlowEvent event = test::event_of(*policy, "10.10.1.5", to, 445, capture::Stage::data, begin_ + turn * 5s);
    event.facts.id = 7;
    event.kind = turn == 0 ? FlowEvent::Kind::opened : FlowEvent::Kind::rejudged;
    forbidden += event.verdict.decision == policy::Decision::forbid ? 1 : 0;
    desk.feed(event, policy, 0, records);
  }
  desk.finish(begin_ + turns * 5s, policy, records);
  for (const AlertRecord& record : records) account.take(record);
  const Incidents::Counters& counters = desk.incidents().counters();
  EXPECT_EQ(counters.events_in, turns);
  EXPECT_EQ(counters.told + counters.suppressed, counters.events_in);
  EXPECT_EQ(counters.events_permitted, turns - forbidden);
  EXPECT_EQ(account.stories.begin()->second.events, forbidden);
  hold("one flow, verdict flaps every 5 s", account, 1, 10, true);
}

}  // namespace
}  // namespace sekimori::daemon
