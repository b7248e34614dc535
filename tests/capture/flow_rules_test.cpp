// Who started it, how far it got, and where one conversation ends and the next begins.
#include "capture/flow/flow_rules.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/capture/flow_kit.hpp"

namespace sekimori::capture {
namespace {

using namespace flow_kit;

const IpAddress client = host(5);
const IpAddress server = host(9);

Packet up(unsigned flags, std::uint32_t payload = 0) {
  return tcp(client, 51'000, server, 445, flags, 0ns, (flags & SYN) != 0 ? 100 : 101, 501, payload);
}
Packet down(unsigned flags, std::uint32_t payload = 0) {
  return tcp(server, 445, client, 51'000, flags, 0ns, (flags & SYN) != 0 ? 500 : 501, 101, payload);
}

TEST(FlowStage, OfTcpFollowsWhatBothSidesDid) {
  struct Row {
    const char* what;
    std::vector<Packet> packets;
    Stage stage;
    FlowState state;
  };
  const std::vector<Row> rows{
      {"SYN alone", {up(SYN)}, Stage::attempt, FlowState::fresh},
      {"SYN sent again", {up(SYN), up(SYN), up(SYN)}, Stage::attempt, FlowState::fresh},
      {"SYN with payload, as in fast open", {up(SYN, 50)}, Stage::attempt, FlowState::fresh},
      {"SYN, reset", {up(SYN), down(RST | ACK)}, Stage::refused, FlowState::closed},
      {"SYN given up by its sender", {up(SYN), up(RST)}, Stage::attempt, FlowState::closed},
      {"SYN, SYN-ACK", {up(SYN), down(SYN | ACK)}, Stage::answered, FlowState::fresh},
      {"half-open scan", {up(SYN), down(SYN | ACK), up(RST)}, Stage::answered, FlowState::closed},
      {"challenge ACK instead of an answer", {up(SYN), down(ACK)}, Stage::answered, FlowState::fresh},
      {"handshake", {up(SYN), down(SYN | ACK), up(ACK)}, Stage::established, FlowState::established},
      {"handshake and data",
       {up(SYN), down(SYN | ACK), up(ACK), up(ACK, 9)},
       Stage::data,
       FlowState::established},
      {"the server speaks first",
       {up(SYN), down(SYN | ACK), up(ACK), down(ACK, 9)},
       Stage::data,
       FlowState::established},
      {"one FIN",
       {up(SYN), down(SYN | ACK), up(ACK), up(FIN | ACK)},
       Stage::established,
       FlowState::established},
      {"both FINs",
       {up(SYN), down(SYN | ACK), up(ACK), up(FIN | ACK), down(FIN | ACK)},
       Stage::established,
       FlowState::closed},
      {"reset after the handshake is not a refusal",
       {up(SYN), down(SYN | ACK), up(ACK), down(RST)},
       Stage::established,
       FlowState::closed},
      {"only the client is mirrored", {up(SYN), up(ACK)}, Stage::established, FlowState::established},
      {"only the client is mirrored, data",
       {up(SYN), up(ACK), up(ACK, 5)},
       Stage::data,
       FlowState::established},
      {"only the server is mirrored",
       {down(SYN | ACK), down(ACK)},
       Stage::established,
       FlowState::established},
      {"mid-stream, one side, no payload", {up(ACK)}, Stage::attempt, FlowState::fresh},
      {"mid-stream, both sides", {up(ACK), down(ACK)}, Stage::established, FlowState::established},
      {"mid-stream with payload", {down(ACK, 700)}, Stage::data, FlowState::established},
      {"a stray reset", {down(RST)}, Stage::attempt, FlowState::closed},
      {"simultaneous open",
       {up(SYN), tcp(server, 445, client, 51'000, SYN, 0ns, 900)},
       Stage::answered,
       FlowState::fresh},
  };
  for (const Row& row : rows) {
    Story story;
    const Seen last = story.play(row.packets);
    EXPECT_EQ(stage_name(last.facts.stage), stage_name(row.stage)) << row.what;
    EXPECT_EQ(flow_state_name(last.facts.state), flow_state_name(row.state)) << row.what;
    EXPECT_EQ(story.table.size(), 1U) << row.what;
  }
}

TEST(FlowStage, OfOthersFollowsTheConversation) {
  const Packet ask = udp(client, 40'000, server, 53);
  const Packet answer = udp(server, 53, client, 40'000);
  const Packet empty = udp(client, 40'000, server, 53, 0ns, 0);
  const Packet echo = icmp(client, server, 8, 0);
  const Packet echoed = icmp(server, client, 0, 8);
  struct Row {
    const char* what;
    std::vector<Packet> packets;
    Stage stage;
  };
  const std::vector<Row> rows{
      {"one side", {ask, ask, ask}, Stage::attempt},
      {"reply", {ask, answer}, Stage::answered},
      {"went on, payload on both sides", {ask, answer, ask}, Stage::data},
      {"went on, one side empty", {empty, answer, empty}, Stage::established},
      {"echo ends at answered", {echo, echoed, echo, echoed}, Stage::answered},
      {"echo without reply", {echo, echo}, Stage::attempt},
      {"reply whose request was not seen", {echoed}, Stage::answered},
      {"error of the network", {ask, icmp_error(host(1), ask, 3, 1)}, Stage::refused},
      {"error of the firewall", {ask, icmp_error(host(1), ask, 3, 13)}, Stage::refused},
      {"error about an echo", {echo, icmp_error(host(1), echo, 3, 1)}, Stage::refused},
      {"too big is no refusal", {ask, icmp_error(host(1), ask, 3, 4)}, Stage::attempt},
      {"time exceeded is no refusal", {ask, icmp_error(host(1), ask, 11, 0)}, Stage::attempt},
      {"an error after the answer", {ask, answer, icmp_error(host(1), ask, 3, 1)}, Stage::answered},
      {"an answer after the error", {ask, icmp_error(host(1), ask, 3, 1), answer}, Stage::answered},
      {"the client refuses the answer", {ask, answer, icmp_error(client, answer, 3, 3)}, Stage::answered},
  };
  for (const Row& row : rows) {
    Story story;
    EXPECT_EQ(stage_name(story.play(row.packets).facts.stage), stage_name(row.stage)) << row.what;
    EXPECT_EQ(story.table.size(), 1U) << row.what;
  }
}

TEST(FlowStage, IsSaidOnceWhenItRises) {
  Story story;
  const std::vector<Packet> packets{up(SYN), down(SYN | ACK), up(ACK), up(ACK), up(ACK, 10), down(ACK, 10)};
  story.play(packets);
  const std::vector<bool> rose{false, true, true, false, true, false};
  for (std::size_t i = 0; i < packets.size(); ++i) {
    EXPECT_EQ(story.watcher.seen[i].changes.stage, rose[i]) << i;
    EXPECT_EQ(story.watcher.seen[i].changes.opened, i == 0) << i;
    EXPECT_EQ(story.watcher.seen[i].from_initiator, packets[i].tuple.source == client) << i;
  }
}

TEST(FlowInitiator, RestsOnTheStrongestEvidence) {
  ServicePorts served;
  served.tcp.set(8443);
  served.tcp.set(50'080);
  served.udp.set(40'000);
  const IpAddress all = IpAddress::ipv4(0xffffffffU);
  const IpAddress group = IpAddress::ipv4(0xe00000fbU);
  struct Row {
    const char* what;
    Packet first;
    bool sender;
    Evidence evidence;
  };
  const std::vector<Row> rows{
      {"SYN, even to a client's port", tcp(client, 445, server, 51'000, SYN), true, Evidence::syn},
      {"SYN-ACK", tcp(server, 51'000, client, 80, SYN | ACK), false, Evidence::syn_ack},
      {"echo request", icmp(client, server, 8, 0), true, Evidence::icmp_type},
      {"echo reply", icmp(server, client, 0, 8), false, Evidence::icmp_type},
      {"timestamp reply", icmp(server, client, 14, 13), false, Evidence::icmp_type},
      {"router advertisement to all", icmp(server, IpAddress::ipv4(0xe0000001U), 9, 10), true,
       Evidence::icmp_type},
      {"redirect", icmp(server, client, 5, 1), true, Evidence::icmp_type},
      {"echo reply, IPv6", icmp(host6(9), host6(5), 129, 128), false, Evidence::icmp_type},
      {"neighbour solicitation", icmp(host6(5), host6(9), 135, 136), true, Evidence::icmp_type},
      {"neighbour advertisement", icmp(host6(9), host6(5), 136, 135), false, Evidence::icmp_type},
      {"unknown ICMP type", icmp(client, server, 42, 0), true, Evidence::first_packet},
      {"known service asked", tcp(client, 51'000, server, 8443, ACK), true, Evidence::known_service},
      {"known service answers", tcp(server, 8443, client, 51'000, ACK), false, Evidence::known_service},
      {"known service beats a low port", tcp(client, 50'080, server, 80, ACK), false,
       Evidence::known_service},
      {"a TCP service is none for UDP", udp(server, 8443, client, 9000), true, Evidence::first_packet},
      {"known UDP service answers", udp(server, 40'000, client, 5353), false, Evidence::known_service},
      {"a source port makes no answer to where servers listen", udp(server, 40'000, client, 53), true,
       Evidence::first_packet},
      {"a low port asks", udp(client, 53, server, 40'000), true, Evidence::known_service},
      {"low port answers", udp(server, 53, client, 5353), false, Evidence::port_heuristic},
      {"registered port answers", udp(server, 5060, client, 51'000), false, Evidence::port_heuristic},
      {"registered port asked", udp(client, 51'000, server, 5060), true, Evidence::port_heuristic},
      {"two low ports", udp(client, 123, server, 123), true, Evidence::first_packet},
      {"two high ports", udp(client, 51'000, server, 51'001), true, Evidence::first_packet},
      {"from a low port to everybody", udp(server, 67, all, 68), true, Evidence::first_packet},
      {"from a low port to a group", udp(server, 53, group, 51'000), true, Evidence::first_packet},
      {"a group cannot send", udp(group, 51'000, client, 53), false, Evidence::first_packet},
      {"protocol without ports", packet(89, client, server, 0, 0), true, Evidence::first_packet},
  };
  for (const Row& row : rows) {
    Story story;
    story.table.service_ports(&served);
    const Seen seen = story.play(row.first);
    EXPECT_EQ(seen.facts.tuple, row.sender ? row.first.tuple : row.first.tuple.reversed()) << row.what;
    EXPECT_EQ(evidence_name(seen.facts.evidence), evidence_name(row.evidence)) << row.what;
    EXPECT_EQ(seen.from_initiator, row.sender) << row.what;
  }
}

TEST(FlowInitiator, IsTheSameInWhateverOrderTheHandshakeArrives) {
  for (const bool misleading_ports : {false, true}) {
    std::vector<Packet> story{up(SYN), down(SYN | ACK), up(ACK), up(ACK, 10)};
    for (std::size_t i = 0; i < story.size(); ++i) {
      story[i].time += i * 100us;
      if (misleading_ports) std::swap(story[i].tuple.source_port, story[i].tuple.destination_port);
    }
    std::vector<std::size_t> order{0, 1, 2, 3};
    do {
      std::vector<Packet> shuffled;
      for (const auto i : order) shuffled.push_back(story[i]);
      Story told;
      const Seen last = told.play(shuffled);
      EXPECT_EQ(last.facts.tuple, story[0].tuple);
      EXPECT_EQ(last.facts.evidence, Evidence::syn);
      EXPECT_EQ(last.facts.stage, Stage::data);
      EXPECT_FALSE(last.facts.midstream);
      EXPECT_EQ(last.facts.packets_to_server, 3U);
      EXPECT_EQ(told.table.size(), 1U);
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

TEST(FlowInitiator, RefusalBeforeItsSynIsStillARefusal) {
  Story story;
  Packet reset = down(RST | ACK);
  reset.tcp_sequence = 0;
  const Seen last = story.play({reset, up(SYN)});
  EXPECT_EQ(last.facts.tuple.source, client);
  EXPECT_EQ(last.facts.stage, Stage::refused);
  EXPECT_TRUE(story.diary.ended.empty());
}

TEST(FlowInitiator, ChangesRolesWhenBetterEvidenceComes) {
  Story story;
  // By its ports the server began; the SYN that the mirror shows late says otherwise.
  const Packet data = tcp(client, 445, server, 51'000, ACK, 0ns, 101, 501);
  Packet late = tcp(client, 445, server, 51'000, SYN, 0ns, 100);
  late.source_mac = mac(1);
  late.destination_mac = mac(2);
  EXPECT_EQ(story.play(data).facts.tuple.source, server);
  const Seen seen = story.play(late);
  EXPECT_TRUE(seen.changes.initiator);
  EXPECT_TRUE(seen.from_initiator);
  EXPECT_EQ(seen.facts.tuple, late.tuple);
  EXPECT_EQ(seen.facts.packets_to_server, 2U);
  EXPECT_EQ(seen.facts.next_hop_mac, mac(2));
  const Seen again = story.play(late);
  EXPECT_FALSE(again.changes.any());
}

TEST(FlowReuse, NewSynOnUsedPortsIsAnotherConversation) {
  struct Row {
    const char* what;
    std::vector<Packet> before;
    Packet next;
    bool another;
  };
  const auto later_syn = [](Duration after, std::uint32_t sequence) {
    return tcp(client, 51'000, server, 445, SYN, after, sequence);
  };
  const std::vector<Packet> open{up(SYN), down(SYN | ACK), up(ACK)};
  std::vector<Packet> closed = open;
  closed.push_back(up(FIN | ACK));
  closed.push_back(down(FIN | ACK));
  const std::vector<Row> rows{
      {"sent again", {up(SYN)}, later_syn(3s, 100), false},
      {"sent again after a refusal", {up(SYN), down(RST | ACK)}, later_syn(1s, 100), false},
      {"another sequence", {up(SYN)}, later_syn(3s, 7777), true},
      {"another sequence after a refusal", {up(SYN), down(RST | ACK)}, later_syn(1s, 7777), true},
      {"another sequence while established", open, later_syn(5s, 7777), true},
      {"after the end", closed, later_syn(5s, 7777), true},
      {"from the other end after the end", closed, tcp(server, 445, client, 51'000, SYN, 5s, 7777), true},
      {"from the other end while established", open, tcp(server, 445, client, 51'000, SYN, 5s, 7777), true},
      {"SYN-ACK of the next one, whose SYN was not seen", closed,
       tcp(server, 445, client, 51'000, SYN | ACK, 5s, 1, 8000), true},
      {"a wrong SYN-ACK", open, tcp(server, 445, client, 51'000, SYN | ACK, 5s, 1, 8000), false},
      {"late SYN of a mid-stream flow", {up(ACK)}, later_syn(1ms, 100), false},
      {"a SYN long after a mid-stream start", {up(ACK)}, later_syn(30s, 100), true},
      {"plain packets after the end", closed,
       [] {
         Packet p = up(ACK);
         p.time += 5s;
         return p;
       }(),
       false},
  };
  for (const Row& row : rows) {
    Story story;
    story.play(row.before);
    const Seen seen = story.play(row.next);
    EXPECT_EQ(seen.changes.opened, row.another) << row.what;
    ASSERT_EQ(story.diary.ended.size(), row.another ? 1U : 0U) << row.what;
    EXPECT_EQ(story.table.size(), 1U) << row.what;
    if (row.another) {
      EXPECT_EQ(story.diary.ended[0].reason, EndReason::reused) << row.what;
      EXPECT_EQ(story.diary.ended[0].facts.packets_to_server + story.diary.ended[0].facts.packets_to_client,
                row.before.size())
          << row.what;
      EXPECT_EQ(seen.facts.packets_to_server + seen.facts.packets_to_client, 1U) << row.what;
      EXPECT_NE(seen.facts.id, story.diary.ended[0].facts.id) << row.what;
    }
    Story whole{{.no_timeouts = true}};
    whole.play(row.before);
    EXPECT_FALSE(whole.play(row.next).changes.opened) << "without timeouts nothing splits: " << row.what;
  }
}

TEST(FlowErrors, CountToTheFlowThatTheyReport) {
  const Packet ask = udp(client, 40'000, server, 53);
  Packet error = icmp_error(host(1), ask, 3, 10, 1ms);
  error.source_mac = mac(7);
  {
    Story story;
    const Seen seen = story.play({ask, error});
    EXPECT_EQ(seen.facts.tuple, ask.tuple);
    EXPECT_TRUE(seen.changes.stage);
    EXPECT_FALSE(seen.from_initiator);
    EXPECT_EQ(seen.facts.packets_to_client, 1U);
    EXPECT_EQ(seen.facts.bytes_to_client, 60U);
    EXPECT_TRUE(seen.facts.responder_mac.is_zero()) << "a router's, not the responder's";
    EXPECT_EQ(story.table.counters().errors_joined, 1U);
  }
  {
    Story story;  // nobody to join
    const Seen seen = story.play(error);
    EXPECT_EQ(seen.facts.tuple, error.tuple);
    EXPECT_EQ(seen.facts.evidence, Evidence::icmp_type);
    EXPECT_TRUE(seen.changes.opened);
  }
  {
    Story story;  // the flow timed out before
    error.time = noon + 10min;
    const Seen seen = story.play({ask, error});
    EXPECT_TRUE(seen.changes.opened);
    ASSERT_EQ(story.diary.ended.size(), 1U);
    EXPECT_EQ(story.diary.ended[0].reason, EndReason::timeout);
  }
  {
    Story story{{.icmp_errors_apart = true}};
    const Seen seen = story.play({ask, error});
    EXPECT_EQ(seen.facts.tuple, error.tuple);
    EXPECT_EQ(story.table.size(), 2U);
  }
}

}  // namespace
}  // namespace sekimori::capture
