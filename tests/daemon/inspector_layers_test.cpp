// Tunnels, fragments, copies and the first seconds, as the corridor handles them: whole frames in, books and
// events out.
#include <gtest/gtest.h>

#include <algorithm>

#include "daemon/inspector.hpp"
#include "tests/daemon/city.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::daemon {
namespace {

using capture::Reason;
using capture::Stage;
using kit::ACK;
using kit::SYN;
using namespace std::chrono_literals;

constexpr Time morning{std::chrono::seconds{1795132800}};  // 2026-11-20T09:00:00+09:00

struct Recorder final : EventOutlet {
  bool tell(const FlowEvent& event) override {
    events.push_back(event);
    return true;
  }
  void ended(const capture::FlowFacts& facts, const policy::Verdict& verdict, capture::EndReason) override {
    ends.emplace_back(facts, verdict);
  }
  bool wants_ends() const override { return true; }
  std::size_t told(FlowEvent::Kind kind) const {
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(), [&](const FlowEvent& e) { return e.kind == kind; }));
  }

  std::vector<FlowEvent> events{};
  std::vector<std::pair<capture::FlowFacts, policy::Verdict>> ends{};
};

class LayersTest : public testing::Test {
 protected:
  static InspectorOptions options() {
    InspectorOptions result;
    result.capacity = 4096;
    result.secret = {{0x0123456789abcdef, 0xfedcba9876543210}};
    result.decode.mirror_receivers = {IpAddress::parse("192.0.2.9").value()};
    return result;
  }
  void feed(const kit::PacketBuilder& packet, Duration after = 0ns, std::uint16_t tap = 0) {
    const kit::BuiltFrame built = packet.build();
    inspector.frame(built.frame({.time = morning + after, .number = ++number, .tap = tap}));
    inspector.flush();
  }
  std::uint64_t reason(Reason reason) const {
    return inspector.books().reasons[static_cast<std::size_t>(reason)];
  }
  void expect_books(std::uint64_t frames, std::uint64_t in_flows) const {
    EXPECT_EQ(inspector.books().packets_read, frames);
    EXPECT_EQ(inspector.books().packets_in_flows, in_flows);
    EXPECT_TRUE(inspector.books().close());
  }

  std::shared_ptr<const policy::Policy> policy = test::make_policy();
  Recorder recorder;
  Inspector inspector{options(), policy, recorder};
  std::uint64_t number = 0;
};

// A connection in mid-stream between ports that tell nothing; the other way round it would be permitted.
kit::PacketBuilder doubtful(unsigned identification) {
  return kit::ethernet()
      .ipv4("172.31.0.8", "10.30.40.12")
      .identification(identification)
      .tcp(40000, 50000, ACK)
      .payload(10);
}

kit::PacketBuilder tunnelled(const char* from, const char* to, const kit::PacketBuilder& inner) {
  return kit::ethernet().ipv4(from, to).identification(7).protocol(4).payload(inner.network_bytes());
}

TEST_F(LayersTest, APermittedOuterPairDoesNotLaunderAForbiddenInnerOne) {
  const auto inner = kit::ethernet().ipv4("10.10.21.34", "203.0.113.80").tcp(50000, 443, SYN);
  feed(tunnelled("10.20.1.1", "10.20.2.2", inner));  // within one segment
  ASSERT_EQ(recorder.events.size(), 1U);
  const FlowEvent& event = recorder.events[0];
  EXPECT_EQ(event.facts.tuple.source.to_string(), "10.10.21.34");
  EXPECT_EQ(event.facts.inside, capture::Tunnel::ipip);
  EXPECT_EQ(event.facts.depth, 1);
  EXPECT_EQ(event.facts.outer.destination.to_string(), "10.20.2.2");
  expect_books(1, 1);
  EXPECT_EQ(inspector.books().packets_carriers, 1U);
  EXPECT_EQ(inspector.table().size(), 2U) << "a flow for each layer";
}

TEST_F(LayersTest, ATunnelBetweenSegmentsIsAFindingOfItsOwn) {
  const auto inner = kit::ethernet().ipv4("192.168.7.1", "192.168.7.2").udp(500, 501).payload(10);
  feed(tunnelled("10.30.1.1", "172.31.0.20", inner));  // internet to security cloud: the cell permits
  ASSERT_GE(recorder.events.size(), 1U);
  const FlowEvent& event = recorder.events[0];
  EXPECT_TRUE(event.facts.carrier);
  EXPECT_TRUE(event.verdict.undeclared_tunnel);
  EXPECT_EQ(event.verdict.decision, policy::Decision::forbid);
  expect_books(1, 1);
}

TEST_F(LayersTest, TheTransportOfARemoteMirrorIsNoConversation) {
  const auto inner = kit::ethernet().vlan(10).ipv4("10.10.21.34", "203.0.113.80").tcp(50000, 443, SYN);
  kit::Octets content = kit::octets({8, 0, 0, 0, 0, 0, 7, 0});
  const kit::Octets frame = inner.bytes();
  content.insert(content.end(), frame.begin(), frame.end());
  feed(kit::ethernet().ipv4("10.30.1.1", "192.0.2.9").udp(40000, 4789).payload(content));
  ASSERT_EQ(recorder.events.size(), 1U);
  EXPECT_EQ(recorder.events[0].facts.depth, 0);
  EXPECT_EQ(recorder.events[0].facts.vlans[0], 10);
  EXPECT_EQ(inspector.table().size(), 1U);
  EXPECT_EQ(inspector.books().mirror_stripped, 1U);
  expect_books(1, 1);
}

TEST_F(LayersTest, TheRestOfAFragmentedMirrorIsNoConversationEither) {
  const auto inner =
      kit::ethernet().ipv4("10.20.1.1", "10.20.2.2").identification(1).udp(40000, 53).payload(40);
  kit::Octets content = kit::octets({0, 0, 0x65, 0x58});  // GRE, transparent Ethernet bridging
  const kit::Octets frame = inner.bytes();
  content.insert(content.end(), frame.begin(), frame.end());
  const auto transport = kit::ethernet().ipv4("10.30.1.1", "192.0.2.9").identification(5).protocol(47);
  kit::Octets front(content.begin(), content.begin() + 72);
  kit::Octets rest(content.begin() + 72, content.end());
  feed(transport.fragment(0, true).payload(front));
  feed(transport.fragment(72, false).payload(rest), 10us);
  inspector.tick(morning + 5s, 0);
  EXPECT_EQ(recorder.events.size(), 0U);
  EXPECT_EQ(inspector.table().size(), 1U) << "the mirrored conversation alone";
  EXPECT_EQ(reason(Reason::mirror_fragment), 1U);
  EXPECT_EQ(inspector.books().mirror_stripped, 2U);
  expect_books(2, 1);
}

TEST_F(LayersTest, AnErrorThatQuotesSomethingElseIsItsSendersConversation) {
  const auto own = kit::ethernet().ipv4("10.10.1.1", "10.10.1.2").identification(1).tcp(40000, 50000, SYN);
  feed(own);
  // Payload on its way out, dressed as an error about a permitted conversation.
  feed(kit::ethernet().ipv4("10.10.1.1", "203.0.113.9").identification(2).icmp(3, 1).quoting(own), 1ms);
  ASSERT_EQ(recorder.events.size(), 1U);
  EXPECT_EQ(recorder.events[0].facts.tuple.destination.to_string(), "203.0.113.9");
  EXPECT_EQ(recorder.events[0].verdict.decision, policy::Decision::forbid);
}

TEST_F(LayersTest, AnErrorFromAThirdSegmentIsJudgedAsWell) {
  const auto own = kit::ethernet().ipv4("10.10.1.1", "10.10.1.2").identification(1).tcp(40000, 50000, SYN);
  feed(own);
  feed(kit::ethernet().ipv4("10.10.9.9", "10.10.1.1").identification(2).icmp(3, 1).quoting(own), 1ms);
  EXPECT_EQ(recorder.events.size(), 0U) << "a router of the segment";
  feed(kit::ethernet().ipv4("10.30.9.9", "10.10.1.1").identification(3).icmp(3, 1).quoting(own), 2ms);
  ASSERT_EQ(recorder.events.size(), 1U);
  EXPECT_EQ(recorder.events[0].facts.tuple.source.to_string(), "10.30.9.9");
  EXPECT_EQ(inspector.table().size(), 1U) << "and counted to the conversation that it reports";
}

TEST_F(LayersTest, AFirstStampFromAheadDoesNotMakeTheGraceLonger) {
  feed(kit::ethernet().ipv4("10.20.1.9", "10.20.2.9").identification(1).udp(1, 2).payload(1), 240h);
  feed(doubtful(1));
  EXPECT_EQ(recorder.events.size(), 1U);
}

TEST_F(LayersTest, FragmentsCountToTheirFlowInAnyOrder) {
  const auto whole = kit::ethernet().ipv4("10.20.1.1", "10.20.2.2").identification(9);
  const auto first = whole.fragment(0, true).udp(40000, 53).udp_length(1500).payload(24);
  const auto later = whole.fragment(32, false).protocol(17).payload(16);
  feed(later);
  expect_books(0, 0);
  feed(first, 1ms);
  expect_books(2, 2);
  EXPECT_EQ(inspector.table().size(), 1U);
  inspector.finish(morning + 2ms);
  ASSERT_EQ(recorder.ends.size(), 1U);
  EXPECT_EQ(recorder.ends[0].first.packets_to_server, 2U);
  EXPECT_EQ(recorder.ends[0].first.tuple.destination_port, 53);
  EXPECT_EQ(inspector.books().fragments.held, 1U);
}

TEST_F(LayersTest, StrayFragmentsAreJudgedByTheirAddresses) {
  const auto stray =
      kit::ethernet().ipv4("10.10.21.34", "203.0.113.80").identification(9).fragment(1480, true).protocol(17);
  feed(stray.payload(64));
  EXPECT_EQ(recorder.events.size(), 0U) << "its first one may follow";
  inspector.tick(morning + 2s, 0);
  ASSERT_EQ(recorder.events.size(), 1U);
  EXPECT_FALSE(recorder.events[0].facts.ports_known);
  expect_books(1, 1);
  EXPECT_EQ(inspector.books().fragments.strays, 1U);
}

TEST_F(LayersTest, CopiesAreReasonsOfTheirOwnAndTellThatItPassed) {
  // Each hop sends it under a MAC of its own.
  const auto syn = [](unsigned ttl) {
    const char* const sender = ttl == 128   ? "02:00:00:00:00:01"
                               : ttl == 127 ? "02:00:00:00:00:f1"
                                            : "02:00:00:00:00:f2";
    return kit::ethernet(sender, "02:00:00:00:00:02")
        .ipv4("10.10.21.34", "10.20.10.20")
        .ttl(ttl)
        .identification(77)
        .tcp(50000, 445, SYN);
  };
  feed(syn(128));
  feed(syn(128), 2us);
  feed(syn(127), 60us);
  expect_books(3, 1);
  EXPECT_EQ(reason(Reason::duplicate), 1U);
  EXPECT_EQ(reason(Reason::copy), 1U);
  EXPECT_EQ(recorder.told(FlowEvent::Kind::opened), 1U);
  EXPECT_EQ(recorder.told(FlowEvent::Kind::passed), 1U);
  EXPECT_EQ(recorder.told(FlowEvent::Kind::beyond), 1U) << "what enters that segment is seen";
  feed(syn(127).identification(78), 5ms);
  feed(syn(126).identification(78), 6ms);
  EXPECT_EQ(recorder.told(FlowEvent::Kind::passed), 1U) << "once a direction";
  EXPECT_EQ(recorder.told(FlowEvent::Kind::beyond), 1U) << "once a minute";
  const auto pair = policy->segment_index("mynumber") * static_cast<int>(policy::segments_max) +
                    policy->segment_index("lgwan");
  const PairTotals& totals = inspector.matrix()[static_cast<std::size_t>(pair)];
  EXPECT_EQ(totals.duplicates, 1U);
  EXPECT_EQ(totals.copies, 2U);
  EXPECT_EQ(totals.packets, 2U);
}

TEST_F(LayersTest, OneSidedFlowsAreAFigureOfTheirPair) {
  feed(kit::ethernet().ipv4("10.20.1.1", "10.30.1.1").identification(1).tcp(50000, 443, ACK).payload(10));
  feed(kit::ethernet().ipv4("10.20.1.2", "10.30.1.1").identification(1).tcp(50000, 443, SYN));
  inspector.finish(morning + 1s);
  const auto pair = policy->segment_index("lgwan") * static_cast<int>(policy::segments_max) +
                    policy->segment_index("internet");
  const PairTotals& totals = inspector.matrix()[static_cast<std::size_t>(pair)];
  EXPECT_EQ(totals.flows_ended, 2U);
  EXPECT_EQ(totals.flows_one_sided, 1U) << "a SYN without answer may just be unanswered";
}

TEST_F(LayersTest, ARestartIsNoStorm) {
  feed(doubtful(1));
  EXPECT_EQ(recorder.events.size(), 0U);
  EXPECT_EQ(inspector.books().flows_in_grace, 1U);
  feed(doubtful(2), 9s);
  EXPECT_EQ(recorder.events.size(), 0U);
  feed(doubtful(3), 11s);
  ASSERT_EQ(recorder.events.size(), 1U) << "told when the grace is over";
  EXPECT_EQ(recorder.events[0].kind, FlowEvent::Kind::opened);
  EXPECT_TRUE(recorder.events[0].verdict.orientation_matters);
}

TEST_F(LayersTest, WhatWaitsInTheGraceIsToldWhenItsFlowEnds) {
  feed(doubtful(1));
  inspector.finish(morning + 1s);
  EXPECT_EQ(recorder.told(FlowEvent::Kind::opened), 1U);
  EXPECT_EQ(inspector.books().events_lost, 0U);
}

TEST_F(LayersTest, WhatBeginsInTheGraceIsToldAtOnce) {
  feed(kit::ethernet().ipv4("172.31.0.8", "10.30.40.12").identification(1).tcp(40000, 50000, SYN));
  EXPECT_EQ(recorder.events.size(), 1U);
}

TEST_F(LayersTest, AStampFromAheadDoesNotAgeTheTable) {
  const auto packet = [](unsigned identification) {
    return kit::ethernet()
        .ipv4("10.20.1.1", "10.20.2.2")
        .identification(identification)
        .udp(40000, 53)
        .payload(9);
  };
  feed(packet(1));
  feed(kit::ethernet().ipv4("10.20.1.9", "10.20.2.9").identification(1).udp(1, 2).payload(1), 9h);
  for (unsigned i = 0; i < 10; ++i) {
    feed(packet(2 + i), 1s * (1 + i));
    inspector.tick(inspector.newest(), 100);
  }
  EXPECT_LT(inspector.newest(), morning + 1h);
}

}  // namespace
}  // namespace sekimori::daemon
