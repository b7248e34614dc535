#include "daemon/inspector.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <string>

#include "tests/daemon/city.hpp"

namespace sekimori::daemon {
namespace {

using capture::Packet;
using capture::Stage;
using namespace std::chrono_literals;

// 2026-11-20T09:00:00+09:00
constexpr Time morning{std::chrono::seconds{1795132800}};

IpAddress ip(const char* text) {
  return IpAddress::parse(text).value();
}

Packet tcp(const char* from, std::uint16_t from_port, const char* to, std::uint16_t to_port,
           std::uint8_t flags, Time time, std::uint32_t payload = 0) {
  Packet packet;
  packet.tuple = {ip(from), ip(to), from_port, to_port, capture::protocol::tcp};
  packet.time = time;
  packet.wire_bytes = 60 + payload;
  packet.payload_bytes = payload;
  packet.tcp_flags = flags;
  packet.tcp_sequence = 1000;
  packet.ttl = 64;
  packet.ports_known = true;
  packet.source_mac = {{2, 0, 0, 0, 0, 1}};
  packet.destination_mac = {{2, 0, 0, 0, 0, 2}};
  return packet;
}

constexpr std::uint8_t syn = capture::tcp_flag::syn;
constexpr std::uint8_t ack = capture::tcp_flag::ack;

struct Recorder final : EventOutlet {
  bool tell(const FlowEvent& event) override {
    if (refusals > 0) {
      --refusals;
      return false;
    }
    events.push_back(event);
    return true;
  }
  void ended(const capture::FlowFacts& facts, const policy::Verdict&, capture::EndReason reason) override {
    ends.emplace_back(facts, reason);
  }
  bool wants_ends() const override { return true; }

  int refusals = 0;
  std::vector<FlowEvent> events{};
  std::vector<std::pair<capture::FlowFacts, capture::EndReason>> ends{};
};

class InspectorTest : public testing::Test {
 protected:
  static InspectorOptions options(std::uint64_t capacity = 4096) {
    InspectorOptions result;
    result.capacity = capacity;
    result.secret = {{0x0123456789abcdef, 0xfedcba9876543210}};
    return result;
  }
  const PairTotals& totals(const char* from, const char* to) const {
    const auto pair =
        policy->segment_index(from) * static_cast<int>(policy::segments_max) + policy->segment_index(to);
    return inspector.matrix()[static_cast<std::size_t>(pair)];
  }
  void feed(std::initializer_list<Packet> packets) {
    for (Packet packet : packets) {
      packet.number = ++number;
      inspector.packet(packet);
    }
    inspector.flush();
  }

  std::shared_ptr<const policy::Policy> policy = test::make_policy();
  Recorder recorder;
  Inspector inspector{options(), policy, recorder};
  std::uint64_t number = 0;
};

TEST_F(InspectorTest, TellsAForbiddenFlowAtItsFirstPacketAndAtEachRiseOfItsStage) {
  const auto out = [](std::uint8_t flags, Time time, std::uint32_t payload = 0) {
    return tcp("10.10.21.34", 50000, "203.0.113.80", 443, flags, time, payload);
  };
  const auto back = [](std::uint8_t flags, Time time) {
    return tcp("203.0.113.80", 443, "10.10.21.34", 50000, flags, time);
  };
  feed({out(syn, morning)});
  ASSERT_EQ(recorder.events.size(), 1U);
  EXPECT_EQ(recorder.events[0].kind, FlowEvent::Kind::opened);
  EXPECT_EQ(recorder.events[0].facts.stage, Stage::attempt);
  EXPECT_EQ(recorder.events[0].verdict.decision, policy::Decision::forbid);
  EXPECT_EQ(recorder.events[0].verdict.cell, policy::Cell::forbid_always);
  EXPECT_EQ(recorder.events[0].facts.tuple.source, ip("10.10.21.34"));

  feed({back(syn | ack, morning + 1ms), out(ack, morning + 2ms), out(ack, morning + 3ms, 300),
        out(ack, morning + 4ms, 300)});
  std::vector<Stage> stages;
  for (const FlowEvent& event : recorder.events) stages.push_back(event.facts.stage);
  EXPECT_EQ(stages, (std::vector<Stage>{Stage::attempt, Stage::answered, Stage::established, Stage::data}));
  EXPECT_EQ(totals("mynumber", "external").flows, 1U);
  EXPECT_EQ(totals("mynumber", "external").packets, 5U);
  EXPECT_EQ(totals("mynumber", "external").packets_forbidden, 5U);
  EXPECT_EQ(totals("mynumber", "external").bytes, 5 * 60U + 600U);
}

TEST_F(InspectorTest, TellsThatAFlowGoesOnWhateverElseAPacketChanges) {
  // The answer's first frame shows the responder's MAC, which is news for the verdict; nothing else rises.
  const auto out = [](Time time, std::uint32_t payload) {
    return tcp("10.10.21.34", 50000, "203.0.113.80", 443, ack, time, payload);
  };
  feed({out(morning, 200)});
  Packet answer = tcp("203.0.113.80", 443, "10.10.21.34", 50000, ack, morning + 1500ms, 1400);
  answer.source_mac = *MacAddress::parse("02:00:00:00:00:77");
  const std::size_t before = recorder.events.size();
  feed({answer});
  ASSERT_GT(recorder.events.size(), before);
  EXPECT_GT(recorder.events.back().facts.bytes_to_client, 1400U) << "the incident learns of the octets";
}

// Also on the short way that most packets of a flow go, and under both tags.
TEST_F(InspectorTest, HearsEachVlanOfEachPacket) {
  for (std::uint32_t i = 0; i < 10; ++i) {
    Packet packet =
        tcp("10.10.1.5", 51544, "10.10.1.9", 443, i == 0 ? syn : ack, morning + i * 1s, i == 0 ? 0 : 100);
    packet.tcp_sequence = 1000 + (i == 0 ? 0 : 1 + (i - 1) * 100);
    packet.fingerprint = i + 1;
    packet.vlans = {100, 7};
    packet.vlan_count = 2;
    inspector.packet(packet);
    inspector.flush();
  }
  EXPECT_EQ(inspector.vlans()[100], 10U);
  EXPECT_EQ(inspector.vlans()[7], 10U);
  EXPECT_EQ(inspector.vlans()[0], 0U);
}

TEST_F(InspectorTest, IsSilentAboutPermittedFlowsAndCountsThem) {
  feed({tcp("10.30.21.7", 50001, "172.31.0.8", 8080, syn, morning),
        tcp("172.31.0.8", 8080, "10.30.21.7", 50001, syn | ack, morning + 1ms),
        tcp("10.10.21.3", 50002, "10.10.10.11", 443, syn, morning + 2ms)});
  EXPECT_TRUE(recorder.events.empty());
  EXPECT_EQ(totals("internet", "security-cloud").packets, 2U);
  EXPECT_EQ(totals("internet", "security-cloud").flows_forbidden, 0U);
  EXPECT_EQ(totals("mynumber", "mynumber").flows, 1U);
  EXPECT_TRUE(inspector.books().close());
}

TEST_F(InspectorTest, MovesTheTotalsWhenTheEndsChangeRoles) {
  // Mid-stream data from an unknown side first; then the SYN of the same conversation, delivered late by the
  // mirror.
  feed({tcp("10.20.22.15", 33890, "10.30.40.12", 50000, ack, morning, 100)});
  const bool guessed_lgwan = totals("lgwan", "internet").flows == 1;
  feed({guessed_lgwan ? tcp("10.30.40.12", 50000, "10.20.22.15", 33890, syn, morning + 1ms)
                      : tcp("10.20.22.15", 33890, "10.30.40.12", 50000, syn, morning + 1ms)});
  const PairTotals& after = guessed_lgwan ? totals("internet", "lgwan") : totals("lgwan", "internet");
  const PairTotals& before = guessed_lgwan ? totals("lgwan", "internet") : totals("internet", "lgwan");
  EXPECT_EQ(before.flows, 0U);
  EXPECT_EQ(before.packets, 0U);
  EXPECT_EQ(before.packets_forbidden, 0U);
  EXPECT_EQ(after.flows, 1U);
  EXPECT_EQ(after.packets, 2U);
  EXPECT_EQ(after.bytes, 220U);
  ASSERT_EQ(recorder.events.size(), 2U);
  EXPECT_EQ(recorder.events[1].kind, FlowEvent::Kind::rejudged);
}

TEST_F(InspectorTest, TellsLaterWhatTheOutboxRefused) {
  recorder.refusals = 1;
  feed({tcp("10.10.21.34", 50000, "203.0.113.80", 443, syn, morning)});
  EXPECT_EQ(inspector.books().events_delayed, 1U);
  inspector.tick(morning + 1s, 8192);
  ASSERT_EQ(recorder.events.size(), 1U);
  EXPECT_EQ(recorder.events[0].kind, FlowEvent::Kind::opened);
  EXPECT_EQ(inspector.books().events_lost, 0U);
}

TEST_F(InspectorTest, TellsAnUntoldFlowWhenItsRecordEnds) {
  recorder.refusals = 1;
  feed({tcp("10.10.21.34", 50000, "203.0.113.80", 443, syn, morning)});
  inspector.finish(morning + 1s);
  ASSERT_EQ(recorder.events.size(), 1U);
  EXPECT_EQ(inspector.books().events_lost, 0U);
  recorder.refusals = 1000;
  feed({tcp("10.10.21.35", 50000, "203.0.113.80", 443, syn, morning + 2s)});
  inspector.finish(morning + 3s);
  EXPECT_EQ(inspector.books().events_lost, 1U) << "what could not be told is counted, never silent";
}

TEST_F(InspectorTest, JudgesALiveFlowAnewWhenItsExceptionEnds) {
  // `until: 2026-11-20` is the whole day: the exception ends at 2026-11-21T00:00+09:00.
  constexpr Time last_second{std::chrono::seconds{1795186799}};
  const auto packet = [](std::uint8_t flags, Time time) {
    return tcp("10.20.10.6", 51000, "10.10.10.6", 8530, flags, time, 0);
  };
  feed({packet(syn, last_second)});
  ASSERT_EQ(recorder.events.size(), 1U) << "permitted use of an exception is told";
  EXPECT_EQ(recorder.events[0].verdict.decision, policy::Decision::permit);
  EXPECT_EQ(recorder.events[0].verdict.basis, policy::Basis::exception);
  feed({packet(ack, last_second + 2s)});
  ASSERT_EQ(recorder.events.size(), 2U);
  EXPECT_EQ(recorder.events[1].kind, FlowEvent::Kind::rejudged);
  EXPECT_EQ(recorder.events[1].verdict.decision, policy::Decision::forbid);
  EXPECT_EQ(recorder.events[1].verdict.near_miss.mismatch, policy::Mismatch::expired);
  EXPECT_EQ(totals("lgwan", "mynumber").flows, 1U);
  EXPECT_EQ(totals("lgwan", "mynumber").flows_exception, 1U);
  EXPECT_EQ(totals("lgwan", "mynumber").packets_forbidden, 1U);
}

TEST_F(InspectorTest, TellsHowAPermittedFlowGoesOnAndWhenItsExceptionMayHaveChanged) {
  const auto packet = [](std::uint8_t flags, Time time) {
    return tcp("10.20.10.6", 51000, "10.10.10.6", 8530, flags, time, 10);
  };
  feed({packet(syn, morning)});
  for (int second = 1; second <= 130; ++second) feed({packet(ack, morning + std::chrono::seconds(second))});
  std::vector<long> seconds;
  for (const FlowEvent& event : recorder.events) {
    if (event.kind != FlowEvent::Kind::updated) continue;
    EXPECT_EQ(event.verdict.basis, policy::Basis::exception);
    seconds.push_back(std::chrono::duration_cast<std::chrono::seconds>(event.time - morning).count());
  }
  ASSERT_FALSE(seconds.empty()) << "its use is counted from these";
  EXPECT_GE(seconds.back(), 70) << "never more than a minute without a word";

  // The register says the same, under another name: whoever counts must hear of it.
  const std::size_t before = recorder.events.size();
  std::string renamed{test::small_city};
  renamed.replace(renamed.find("id: EX-1"), 8, "id: EX-2");
  inspector.replace(test::make_policy(renamed, 2));
  feed({packet(ack, morning + 131s)});
  ASSERT_EQ(recorder.events.size(), before + 1);
  EXPECT_EQ(recorder.events.back().kind, FlowEvent::Kind::rejudged);
  EXPECT_EQ(recorder.events.back().generation, 2U);
}

TEST_F(InspectorTest, JudgesALiveFlowAnewAtTheBordersOfItsHours) {
  std::string text{test::small_city};
  text.replace(text.find("until: 2026-11-20"), 17, "until: 2026-12-31");
  text.replace(text.find("    ports: [8530]"), 17, "    ports: [8530]\n    hours: [\"09:00-09:01\"]");
  inspector.replace(test::make_policy(text, 2));
  const auto packet = [](std::uint8_t flags, Time time) {
    return tcp("10.20.10.6", 51000, "10.10.10.6", 8530, flags, time);
  };
  feed({packet(syn, morning + 59s)});
  ASSERT_EQ(recorder.events.size(), 1U);
  EXPECT_EQ(recorder.events[0].verdict.basis, policy::Basis::exception);
  feed({packet(ack, morning + 60s)});
  ASSERT_EQ(recorder.events.size(), 2U);
  EXPECT_EQ(recorder.events[1].kind, FlowEvent::Kind::rejudged);
  EXPECT_EQ(recorder.events[1].verdict.near_miss.mismatch, policy::Mismatch::out_of_hours);
  feed({packet(ack, morning + 24h)});
  EXPECT_EQ(recorder.events.back().verdict.decision, policy::Decision::permit) << "and again the next day";
}

TEST_F(InspectorTest, JudgesLiveFlowsAnewAfterThePolicyWasReplaced) {
  const auto packet = [](std::uint8_t flags, Time time) {
    return tcp("10.20.10.6", 51000, "10.10.10.7", 445, flags, time);
  };
  feed({packet(syn, morning)});
  ASSERT_EQ(recorder.events.size(), 1U);
  EXPECT_EQ(recorder.events[0].verdict.decision, policy::Decision::forbid);

  // The server moves to the LGWAN segment: permitted from now on.
  std::string moved{test::small_city};
  moved.replace(moved.find("10.10.0.0/16"), 12, "10.10.0.0/30");
  moved.replace(moved.find("10.20.0.0/16"), 12, "10.20.0.0/16, 10.10.10.0/24");
  moved.replace(moved.find("[10.10.10.6]"), 12, "[10.10.0.1]");
  const auto old = inspector.replace(test::make_policy(moved, 2));
  EXPECT_EQ(old, policy);
  feed({packet(ack, morning + 1s)});
  EXPECT_EQ(recorder.events.size(), 1U);
  EXPECT_EQ(inspector.books().flows_rejudged, 1U);
  EXPECT_EQ(totals("lgwan", "lgwan").packets, 1U);
  EXPECT_EQ(totals("lgwan", "mynumber").packets, 1U);
}

TEST_F(InspectorTest, TellsAForbiddenFlowThatGoesOnAfterGrowingPauses) {
  const auto packet = [](Time time) { return tcp("10.10.21.34", 50000, "203.0.113.80", 443, ack, time, 10); };
  for (int second = 0; second <= 300; ++second) feed({packet(morning + std::chrono::seconds(second))});
  std::vector<long> seconds;
  for (const FlowEvent& event : recorder.events) {
    if (event.kind != FlowEvent::Kind::updated) continue;
    seconds.push_back(std::chrono::duration_cast<std::chrono::seconds>(event.time - morning).count());
  }
  EXPECT_EQ(seconds, (std::vector<long>{1, 3, 7, 15, 31, 63, 123, 183, 243}));
}

TEST_F(InspectorTest, TellsTheWholeFiguresWhenAForbiddenConnectionCloses) {
  const auto out = [](std::uint8_t flags, int milliseconds, std::uint32_t payload = 0) {
    return tcp("10.10.21.34", 50000, "203.0.113.80", 443, flags,
               morning + std::chrono::milliseconds(milliseconds), payload);
  };
  const auto back = [](std::uint8_t flags, int milliseconds, std::uint32_t payload = 0) {
    return tcp("203.0.113.80", 443, "10.10.21.34", 50000, flags,
               morning + std::chrono::milliseconds(milliseconds), payload);
  };
  constexpr std::uint8_t fin = capture::tcp_flag::fin;
  feed({out(syn, 0), back(syn | ack, 1), out(ack, 2), out(ack, 3, 100)});
  for (int i = 0; i < 50; ++i) feed({back(ack, 4 + i, 1400)});
  feed({out(fin | ack, 60), back(fin | ack, 61), out(ack, 62)});
  const FlowEvent& last = recorder.events.back();
  EXPECT_EQ(last.kind, FlowEvent::Kind::updated);
  EXPECT_EQ(last.facts.bytes_to_server + last.facts.bytes_to_client, totals("mynumber", "external").bytes);
}

TEST_F(InspectorTest, JudgesEvenWhatFindsNoRoomInTheTable) {
  Recorder small_recorder;
  Inspector small{options(16), policy, small_recorder};
  // Untold forbidden flows may not be evicted: the table is full of them.
  small_recorder.refusals = 1'000'000;
  std::uint64_t sent = 0;
  for (std::uint16_t port = 1; port <= 2000; ++port) {
    Packet packet = tcp("10.10.21.34", 50000, "203.0.113.80", port, syn, morning);
    packet.number = ++sent;
    small.packet(packet);
  }
  small.flush();
  const Books& books = small.books();
  EXPECT_TRUE(books.close());
  EXPECT_EQ(books.packets_read, sent);
  const std::uint64_t full = books.reasons[static_cast<std::size_t>(capture::Reason::flow_table_full)];
  EXPECT_GT(full, 0U);
  const auto pair =
      static_cast<std::size_t>(policy->segment_index("mynumber") * 16 + policy->segment_index("external"));
  EXPECT_EQ(small.matrix()[pair].packets_forbidden, sent) << "totals stay exact in a flood";
  EXPECT_EQ(books.events_lost + books.events_delayed, sent) << "everything untold is counted";
}

TEST_F(InspectorTest, EndsEveryFlowAtTheEnd) {
  feed({tcp("10.10.21.34", 50000, "203.0.113.80", 443, syn, morning),
        tcp("10.10.21.3", 50002, "10.10.10.11", 443, syn, morning + 100s)});
  inspector.finish(morning + 100s);
  ASSERT_EQ(recorder.ends.size(), 2U);
  const auto& ended = inspector.books().flows_ended;
  EXPECT_EQ(std::accumulate(ended.begin(), ended.end(), std::uint64_t{0}), 2U);
  EXPECT_EQ(ended[static_cast<std::size_t>(capture::EndReason::timeout)], 1U);
  EXPECT_EQ(ended[static_cast<std::size_t>(capture::EndReason::shutdown)], 1U);
}

}  // namespace
}  // namespace sekimori::daemon
