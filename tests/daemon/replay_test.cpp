#include "daemon/replay.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>

#include "daemon/render.hpp"
#include "tests/daemon/city.hpp"
#include "tests/daemon/replay_kit.hpp"
#include "tests/kit/capture_octets.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::daemon {
namespace {

struct Lines : ReplayOutput {
  void alert(const AlertRecord& record) override { all += to_line(alert_event(record, {})) + "\n"; }
  void flow(const capture::FlowFacts& facts, const policy::Verdict& verdict, const capture::Passage& passage,
            capture::EndReason reason) override {
    all += to_line(flow_event(facts, verdict, *policy, passage, reason, {})) + "\n";
    ++flows;
  }
  std::shared_ptr<const policy::Policy> policy{};
  std::string all{};
  std::uint64_t flows = 0;
};

// Thousands of frames between a few dozen hosts of all segments, in mixed order, with some time running
// backwards.
std::string busy_capture(unsigned seed) {
  std::mt19937 engine{seed};
  const auto random = [&engine] { return static_cast<std::uint32_t>(engine()); };
  const std::array<const char*, 8> hosts{"10.10.21.34", "10.10.10.11", "10.20.22.15",  "10.20.10.6",
                                         "10.30.40.12", "172.31.0.8",  "203.0.113.80", "198.51.100.9"};
  kit::CaptureOctets out;
  std::chrono::seconds seconds = kit::capture_begin;
  for (int i = 0; i < 4'000; ++i) {
    const char* from = hosts[random() % hosts.size()];
    const char* to = hosts[random() % hosts.size()];
    const auto client = static_cast<std::uint16_t>(40000 + random() % 50);
    const auto server = static_cast<std::uint16_t>(random() % 2 == 0 ? 443 : 8080);
    const bool reply = random() % 2 == 0;
    const std::uint8_t flags = random() % 3 == 0 ? kit::SYN : kit::ACK;
    auto builder = kit::ethernet().ipv4(reply ? to : from, reply ? from : to);
    const auto frame = random() % 5 == 0
                           ? builder.udp(reply ? server : client, reply ? client : server).payload(40).bytes()
                           : builder.tcp(reply ? server : client, reply ? client : server, flags)
                                 .payload(random() % 100)
                                 .bytes();
    if (random() % 20 == 0) seconds += std::chrono::seconds{1 + random() % 40};
    const std::chrono::seconds back{random() % 2};
    const std::chrono::microseconds micros{random() % 1'000'000};
    out.add(seconds - back + micros, frame);
  }
  return out.octets();
}

class ReplayTest : public testing::Test {
 protected:
  void SetUp() override {
    path =
        std::filesystem::temp_directory_path() / ("sekimori-replay-" + std::to_string(::getpid()) + ".pcap");
  }
  void TearDown() override { std::filesystem::remove(path); }
  void write(const std::string& bytes) const { std::ofstream(path, std::ios::binary) << bytes; }

  // No worker: one that reads by itself.
  ReplayResult run(std::uint16_t workers, Lines& lines, bool no_timeouts = false,
                   std::uint32_t chunk = 300) const {
    ReplayOptions options;
    options.files = {path.string()};
    test::set_workers(options, workers);
    options.want_flows = true;
    options.chunk_frames = chunk;  // 300: many chunks
    options.no_timeouts = no_timeouts;
    capture::CaptureOptions capture;
    capture.flows.flows_max = 100'000;
    lines.policy = policy;
    return replay(options, capture, policy, {}, lines);
  }

  std::shared_ptr<const policy::Policy> policy = test::make_policy();
  std::filesystem::path path;
};

TEST_F(ReplayTest, GivesTheSameOutputForAnyNumberOfWorkers) {
  write(busy_capture(7));
  Lines one;
  const ReplayResult first = run(0, one);
  ASSERT_TRUE(first.readable) << first.trouble;
  EXPECT_TRUE(first.books.close());
  EXPECT_EQ(first.books.packets_read, 4'000U);
  EXPECT_GT(first.forbidden_flows, 100U);
  EXPECT_GT(one.flows, 100U);
  for (const std::uint16_t workers : {std::uint16_t{1}, std::uint16_t{2}, std::uint16_t{5}}) {
    Lines more;
    const ReplayResult result = run(workers, more);
    EXPECT_EQ(more.all, one.all) << workers << " workers";
    EXPECT_EQ(result.books.packets_in_flows, first.books.packets_in_flows);
    EXPECT_EQ(result.books.reasons, first.books.reasons);
    EXPECT_EQ(result.books.flows_ended, first.books.flows_ended);
    EXPECT_EQ(result.books.time_backwards, first.books.time_backwards);
    for (std::size_t pair = 0; pair < result.matrix.size(); ++pair) {
      EXPECT_EQ(result.matrix[pair].packets, first.matrix[pair].packets);
      EXPECT_EQ(result.matrix[pair].flows, first.matrix[pair].flows);
      EXPECT_EQ(result.matrix[pair].bytes_forbidden, first.matrix[pair].bytes_forbidden);
    }
  }
}

// A clock that is set forward and back by minutes, cards of all segments on all VLANs (news that each worker
// tells itself), log-ins at many hosts, and forbidden conversations that go on, so that much falls due now
// and then.
std::string restless_capture(unsigned seed) {
  std::mt19937 engine{seed};
  const auto random = [&engine](unsigned below) { return static_cast<unsigned>(engine()) % below; };
  constexpr std::array<const char*, 6> networks{"10.10.21.", "10.20.22.", "10.20.30.",
                                                "10.30.40.", "172.31.0.", "203.0.113."};
  constexpr std::array<unsigned, 4> vlans{110, 210, 310, 399};
  constexpr std::array<std::uint16_t, 4> ports{445, 3389, 443, 8080};
  kit::CaptureOctets out;
  std::chrono::microseconds time = kit::capture_begin;
  for (unsigned i = 0; i < 6'000; ++i) {
    time += std::chrono::milliseconds{random(random(10) == 0 ? 2'000 : 40)};
    if (random(300) == 0) time += std::chrono::seconds{random(150)};
    if (random(300) == 0) time -= std::chrono::seconds{random(100)};
    const unsigned from = random(6);
    const unsigned to = random(2) == 0 ? from : random(6);
    const std::string source = networks[from] + std::to_string(1 + random(random(2) == 0 ? 3 : 60));
    const std::string destination = networks[to] + std::to_string(1 + random(random(2) == 0 ? 3 : 60));
    const std::string card = "02:00:00:0" + std::to_string(from) + ":00:" + std::to_string(10 + random(4));
    const auto link = kit::ethernet().macs(card, "02:00:00:00:00:01").vlan(vlans[random(4)]);
    const auto ip = link.ipv4(source, destination).identification(1 + i % 60'000);
    out.add(time, ip.tcp(static_cast<std::uint16_t>(1024 + random(60'000)), ports[random(4)],
                         random(4) == 0 ? kit::ACK : kit::SYN)
                      .bytes());
  }
  return out.octets();
}

// How many workers there are is no clock: neither alerts that fall due nor those that wait for another packet
// may come sooner because more workers say whose card was seen.
TEST_F(ReplayTest, GivesTheSameOutputForAnyNumberOfWorkersWhereTimeGoesBothWays) {
  policy = test::make_policy(std::string{test::small_city} + "behaviour: {scan: {hosts: 5}}\n");
  write(restless_capture(5));
  Lines one;
  const ReplayResult first = run(0, one);
  ASSERT_TRUE(first.readable) << first.trouble;
  EXPECT_TRUE(first.books.close());
  EXPECT_GT(first.books.time_backwards, 500U);
  EXPECT_NE(one.all.find("\"kind\":\"repeated\""), std::string::npos);
  EXPECT_NE(one.all.find("SCAN-INSIDE"), std::string::npos);
  for (const std::uint16_t workers :
       {std::uint16_t{1}, std::uint16_t{2}, std::uint16_t{3}, std::uint16_t{7}}) {
    Lines more;
    run(workers, more, false, 100U * workers);
    EXPECT_EQ(more.all, one.all) << workers << " workers";
  }
}

// A sweep, a scan, log-ins and a download by the same terminal, its conversations spread over the workers.
std::string attack_capture() {
  using kit::ACK;
  using kit::FIN;
  using kit::SYN;
  kit::CaptureOctets out;
  std::chrono::microseconds time = kit::capture_begin;
  std::uint32_t identification = 0;
  const auto add = [&](const kit::PacketBuilder& builder) {
    time += std::chrono::milliseconds{40};
    out.add(time, builder.bytes());
  };
  const auto from = [&](const std::string& a, const std::string& b) {
    return kit::ethernet().ipv4(a, b).identification(++identification & 0xffffU);
  };
  const std::string suspect = "10.20.22.15";
  for (unsigned i = 1; i < 120; ++i) {
    const std::string host = "10.20.30." + std::to_string(i);
    add(from(suspect, host).tcp(40'000 + i, 8081, SYN));
    add(from(suspect, "10.20.31.1").tcp(40'000 + i, 1000 + i, SYN));
    add(from("10.20.31.1", suspect).tcp(1000 + i, 40'000 + i, kit::RST | ACK));
    add(from(suspect, host).tcp(42'000 + i, 22, SYN));
    add(from(host, suspect).tcp(22, 42'000 + i, SYN | ACK));
    add(from(suspect, host).tcp(42'000 + i, 22, ACK));
    add(from(host, suspect).tcp(22, 42'000 + i, ACK).payload(1400));
    add(from(host, suspect).tcp(22, 42'000 + i, FIN | ACK));
  }
  return out.octets();
}

// A connection that was there before, told only when its record makes way for another one: in the place of
// the frame that did it, wherever a chunk ends.
TEST_F(ReplayTest, TellsWhatHadToWaitInItsPlaceWhateverTheChunks) {
  kit::CaptureOctets out;
  const auto old_one = kit::ethernet().ipv4("172.31.0.8", "10.30.40.12").tcp(40000, 50000, kit::ACK).bytes();
  out.add(kit::capture_begin, old_one);
  for (int i = 0; i < 400; ++i) {
    const std::string from = "10.20.22." + std::to_string(1 + i % 250);
    const auto port = static_cast<std::uint16_t>(1000 + i);
    out.add(kit::capture_begin + std::chrono::milliseconds{700 * i},
            kit::ethernet().ipv4(from, "10.10.10.11").tcp(port, 445, kit::SYN).bytes());
    if (i == 390) out.add(kit::capture_begin + std::chrono::milliseconds{700 * i}, old_one);
  }
  write(out.octets());
  Lines one;
  const ReplayResult first = run(0, one);
  EXPECT_EQ(first.books.flows_in_grace, 1U);
  const std::size_t told = one.all.find("172.31.0.8");
  ASSERT_NE(told, std::string::npos);
  EXPECT_GT(std::count(one.all.begin(), one.all.begin() + static_cast<std::ptrdiff_t>(told), '\n'), 249);
  for (const std::uint32_t chunk : {7U, 100U, 4096U}) {
    for (const std::uint16_t workers : {std::uint16_t{1}, std::uint16_t{3}}) {
      Lines more;
      run(workers, more, false, chunk);
      EXPECT_EQ(more.all, one.all) << chunk << " frames, " << workers << " workers";
    }
  }
}

TEST_F(ReplayTest, FindsTheSameAttackFromInsideWithAnyNumberOfWorkers) {
  policy = test::make_policy(std::string{test::small_city} +
                             "transfers: [{id: TR, from: lgwan, to: lgwan, bulk: {bytes: 64KiB, window: 1m, "
                             "direction: to_client}}]\nbehaviour: {declared_only: [lgwan]}\n");
  write(attack_capture());
  Lines one;
  const ReplayResult first = run(0, one);
  ASSERT_TRUE(first.readable) << first.trouble;
  for (const char* code : {"SCAN-INSIDE", "BULK", "SERVICE-UNDECLARED"}) {
    EXPECT_NE(one.all.find(std::string{"\"finding\":\""} + code), std::string::npos) << one.all;
  }
  for (const std::uint16_t workers :
       {std::uint16_t{1}, std::uint16_t{2}, std::uint16_t{3}, std::uint16_t{8}}) {
    Lines more;
    const ReplayResult result = run(workers, more);
    EXPECT_EQ(more.all, one.all) << workers << " workers";
    EXPECT_EQ(result.books.steps_told, first.books.steps_told);
    EXPECT_EQ(result.books.steps_lost, 0U);
  }
}

// Parts of datagrams in any order, some for ever without their first one, and a clock that jumps: what waits
// is let go, and tells what it tells, wherever chunks end.
TEST_F(ReplayTest, LetsFragmentsGoAtTheSameFrameWhateverTheChunks) {
  std::mt19937 engine{11};
  const auto random = [&engine](unsigned below) { return static_cast<unsigned>(engine()) % below; };
  kit::CaptureOctets out;
  std::chrono::microseconds time = kit::capture_begin;
  for (unsigned i = 0; i < 9'000; ++i) {
    time += std::chrono::milliseconds{random(10)};
    if (random(200) == 0) time += std::chrono::seconds{random(60)};
    if (random(200) == 0) time -= std::chrono::seconds{random(50)};
    const std::string from = "10.10.21." + std::to_string(1 + random(6));
    const std::string to = (random(2) == 0 ? "10.20.22." : "10.30.40.") + std::to_string(1 + random(3));
    const auto ip = kit::ethernet().ipv4(from, to);
    if (random(7) != 0) {
      out.add(time, ip.identification(1 + i).tcp(40'000 + random(9), 445, kit::SYN).bytes());
      continue;
    }
    const auto part = ip.identification(1 + random(400));
    const unsigned which = random(8);
    out.add(time, which == 0 ? part.fragment(0, true).udp(5000, 53).udp_length(120).payload(24).bytes()
                             : part.fragment(32 * which, which < 6).protocol(17).payload(32).bytes());
  }
  write(out.octets());
  Lines one;
  const ReplayResult first = run(0, one);
  ASSERT_TRUE(first.readable) << first.trouble;
  EXPECT_TRUE(first.books.close());
  EXPECT_GT(first.books.fragments.held, 200U);
  EXPECT_EQ(first.books.fragments.crowded, 0U) << "bounded tables may let go earlier";
  EXPECT_GT(one.flows, 100U);
  for (const std::uint32_t chunk : {7U, 1000U, 10'000U}) {
    for (const std::uint16_t workers : {std::uint16_t{0}, std::uint16_t{1}, std::uint16_t{3}}) {
      Lines more;
      run(workers, more, false, chunk);
      EXPECT_EQ(more.all, one.all) << chunk << " frames, " << workers << " workers";
    }
  }
}

// Its threads end, whatever they are about just then.
TEST_F(ReplayTest, ThrowsWhatTheOutputThrows) {
  struct Full : Lines {
    void alert(const AlertRecord& record) override {
      Lines::alert(record);
      if (++told == 20) throw std::runtime_error{"no room left"};
    }
    int told = 0;
  };
  write(busy_capture(7));
  for (const std::uint16_t workers : {std::uint16_t{0}, std::uint16_t{1}, std::uint16_t{3}}) {
    for (const std::uint32_t chunk : {3U, 300U, 10'000U}) {
      Full lines;
      EXPECT_THROW(run(workers, lines, false, chunk), std::runtime_error);
      EXPECT_EQ(lines.told, 20) << workers << " workers, chunks of " << chunk;
    }
  }
}

TEST_F(ReplayTest, KeepsOneRecordAKeyWithoutTimeouts) {
  write(busy_capture(8));
  Lines with;
  Lines without;
  run(1, with);
  run(1, without, true);
  EXPECT_GT(with.flows, without.flows);
}

TEST_F(ReplayTest, TellsWhatItReadBeforeAFileBreaks) {
  std::string bytes = busy_capture(9);
  bytes.resize(bytes.size() - 30);
  write(bytes);
  Lines lines;
  const ReplayResult result = run(2, lines);
  EXPECT_FALSE(result.readable);
  EXPECT_NE(result.trouble.find(path.filename().string()), std::string::npos) << result.trouble;
  EXPECT_EQ(result.books.packets_read, 3'999U);
  EXPECT_TRUE(result.books.close());
}

TEST_F(ReplayTest, RefusesAFileThatIsNoCapture) {
  write("not a capture at all, only some words");
  Lines lines;
  EXPECT_THROW(run(1, lines), capture::SourceError);
}

}  // namespace
}  // namespace sekimori::daemon
