// Records: what they count, when they end, who may be thrown out, and what none of it costs.
#include "capture/flow/flow_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/capture/flow_kit.hpp"
#include "tests/kit/allocations.hpp"

namespace sekimori::capture {
namespace {

using namespace flow_kit;

TEST(FlowTable, JoinsBothDirectionsOfOneConversation) {
  Story story;
  Packet there = tcp(host(5), 51'000, host(9), 445, SYN, 0ns, 100);
  there.source_mac = mac(5);
  there.destination_mac = mac(1);
  there.vlans = {110, 7};
  there.vlan_count = 2;
  there.tap = 3;
  there.wire_bytes = 74;
  Packet back = tcp(host(9), 445, host(5), 51'000, SYN | ACK, 2ms, 500, 101);
  back.source_mac = mac(2);  // a cluster answers from another MAC than it is addressed by
  back.destination_mac = mac(5);
  back.wire_bytes = 66;
  Packet data = tcp(host(5), 51'000, host(9), 445, ACK | tcp_flag::psh, 3ms, 101, 501, 1000);
  data.source_mac = mac(5);
  data.wire_bytes = 1054;
  const FlowFacts facts = story.play({there, back, data}).facts;
  EXPECT_EQ(facts.tuple, there.tuple);
  EXPECT_EQ(facts.packets_to_server, 2U);
  EXPECT_EQ(facts.packets_to_client, 1U);
  EXPECT_EQ(facts.bytes_to_server, 74U + 1054U);
  EXPECT_EQ(facts.bytes_to_client, 66U);
  EXPECT_STREQ(facts.history.data(), "ShD");
  EXPECT_EQ(facts.conn_state, ConnState::s1);
  EXPECT_EQ(facts.start, noon);
  EXPECT_EQ(facts.end, noon + 3ms);
  EXPECT_EQ(facts.initiator_mac, mac(5));
  EXPECT_EQ(facts.responder_mac, mac(2));
  EXPECT_EQ(facts.next_hop_mac, mac(1));
  EXPECT_EQ(facts.vlans, (std::array<std::uint16_t, 2>{110, 7}));
  EXPECT_EQ(facts.vlan_count, 2);
  EXPECT_EQ(facts.tap, 3);
  EXPECT_EQ(facts.tcp_flags_to_server, SYN | ACK | tcp_flag::psh);
  EXPECT_EQ(facts.tcp_flags_to_client, SYN | ACK);
  EXPECT_TRUE(facts.ports_known);
  EXPECT_FALSE(facts.midstream);
  EXPECT_LT(facts.id, std::uint64_t{1} << 53U);
}

TEST(FlowTable, TellsWhatIcmpAndPortlessPacketsWere) {
  Story story;
  const FlowFacts echo = story.play(icmp(host(1), host(2), 8, 0, 0)).facts;
  EXPECT_EQ(echo.icmp_type, 8);
  const FlowFacts error = story.play(icmp(host(1), host(2), 3, 13, 13)).facts;
  EXPECT_EQ(error.icmp_type, 3);
  EXPECT_EQ(error.icmp_code, 13);
  Packet rest = tcp(host(1), 51'000, host(2), 445, SYN);
  rest.ports_known = false;
  rest.fragment = true;
  const FlowFacts fragment = story.play(rest).facts;
  EXPECT_FALSE(fragment.ports_known);
  EXPECT_EQ(fragment.tuple.source_port, 0);
  EXPECT_EQ(fragment.stage, Stage::attempt);
  EXPECT_EQ(fragment.evidence, Evidence::first_packet) << "flags that were not there prove nothing";
  const FlowFacts midstream = story.play(tcp(host(1), 51'000, host(2), 445, ACK)).facts;
  EXPECT_TRUE(midstream.midstream);
  EXPECT_EQ(story.table.size(), 4U);
}

TEST(FlowTable, KeepsTheNextHopOfWhoReallyInitiated) {
  Story story;
  Packet answer = tcp(host(9), 51'000, host(5), 80, ACK);  // by its ports from an initiator
  answer.destination_mac = mac(4);
  Packet syn_ack = tcp(host(9), 51'000, host(5), 80, SYN | ACK, 1ms);
  syn_ack.destination_mac = mac(4);
  Packet ack = tcp(host(5), 80, host(9), 51'000, ACK, 2ms);
  ack.destination_mac = mac(1);
  EXPECT_EQ(story.play(answer).facts.next_hop_mac, mac(4));
  const Seen turned = story.play(syn_ack);
  EXPECT_TRUE(turned.changes.initiator);
  EXPECT_EQ(story.play(ack).facts.next_hop_mac, mac(1));
}

TEST(FlowTable, IdIsTheSameOnEveryRunAndForBothDirections) {
  const Packet there = udp(host(5), 40'000, host(9), 53);
  Packet back = there;
  back.tuple = there.tuple.reversed();
  Story a;
  Diary diary;
  FlowTable b{{}, 77, {{9, 9}}, diary};
  Watcher watcher;
  b.record(std::vector{back}, watcher);
  const std::uint64_t id = a.play(there).facts.id;
  EXPECT_EQ(id, watcher.seen[0].facts.id);
  EXPECT_EQ(id, 6378747784388163U) << "frozen: ids in old alerts must stay findable";
  Packet later = there;
  later.time += 1ns;
  Story c;
  EXPECT_NE(c.play(later).facts.id, id);
}

TEST(FlowTable, FlowTimesOutByThePacketsOwnTime) {
  struct Row {
    const char* what;
    std::vector<Packet> packets;
    std::chrono::seconds timeout;
    EndReason reason;
  };
  const FlowTimeouts t;
  const auto up = [](unsigned flags) { return tcp(host(5), 51'000, host(9), 445, flags, 0ns, 100); };
  const auto down = [](unsigned flags) { return tcp(host(9), 445, host(5), 51'000, flags, 0ns, 500, 101); };
  const std::vector<Row> rows{
      {"TCP attempt", {up(SYN)}, t.tcp_attempt, EndReason::timeout},
      {"TCP refused", {up(SYN), down(RST | ACK)}, t.tcp_attempt, EndReason::closed},
      {"TCP answered", {up(SYN), down(SYN | ACK)}, t.tcp_attempt, EndReason::timeout},
      {"TCP established", {up(SYN), down(SYN | ACK), up(ACK)}, t.tcp_established, EndReason::timeout},
      {"TCP reset", {up(SYN), down(SYN | ACK), up(ACK), up(RST)}, t.tcp_closed, EndReason::closed},
      {"UDP", {udp(host(5), 40'000, host(9), 53)}, t.udp, EndReason::timeout},
      {"ICMP", {icmp(host(5), host(9), 8, 0)}, t.icmp, EndReason::timeout},
      {"other", {packet(89, host(5), host(9), 0, 0)}, t.other, EndReason::timeout},
  };
  for (const Row& row : rows) {
    Packet again = row.packets.front();
    again.tcp_flags &= static_cast<std::uint8_t>(~SYN);
    {
      Story story;
      story.play(row.packets);
      again.time = noon + row.timeout;
      EXPECT_FALSE(story.play(again).changes.opened) << row.what << ", at the last moment";
    }
    {
      Story story;
      story.play(row.packets);
      again.time = noon + row.timeout + 1ns;
      EXPECT_TRUE(story.play(again).changes.opened) << row.what << ", a moment later";
      ASSERT_EQ(story.diary.ended.size(), 1U) << row.what;
      EXPECT_EQ(story.diary.ended[0].reason, row.reason) << row.what;
      EXPECT_EQ(story.diary.ended[0].facts.end, noon) << row.what;
    }
    {
      Story story;  // the hand finds the same
      story.play(row.packets);
      story.table.advance(noon + row.timeout, 100);
      EXPECT_EQ(story.table.size(), 1U) << row.what;
      story.table.advance(noon + row.timeout + 1ns, 100);
      EXPECT_EQ(story.table.size(), 0U) << row.what;
      ASSERT_EQ(story.diary.ended.size(), 1U) << row.what;
      EXPECT_EQ(story.diary.ended[0].reason, row.reason) << row.what;
    }
    {
      Story story{{.no_timeouts = true}};
      story.play(row.packets);
      story.table.advance(noon + 1000h, 100);
      again.time = noon + 1000h;
      EXPECT_FALSE(story.play(again).changes.opened) << row.what;
    }
  }
}

TEST(FlowTable, TimeRunningBackwardsFreesNothingEarly) {
  Story story;
  story.play(udp(host(1), 1, host(2), 53, 100s));
  story.play(udp(host(1), 1, host(2), 53, 10s));  // an old packet does not make the flow older
  EXPECT_EQ(story.table.size(), 1U);
  story.table.advance(noon + 160s, 10);
  EXPECT_EQ(story.table.size(), 1U);
  story.table.advance(Time{}, 10);
  story.table.advance(Time::min(), 10);
  EXPECT_EQ(story.table.size(), 1U);
  story.play(udp(host(1), 1, host(2), 53, -100h));
  EXPECT_TRUE(story.diary.ended.empty());
  story.table.advance(Time::max(), 10);
  EXPECT_EQ(story.table.size(), 0U);
}

TEST(FlowTable, HandLooksAtNoMoreThanItMay) {
  Story story;
  for (std::uint32_t i = 0; i < 500; ++i) story.play(udp(host(i), 1, host(9999), 53));
  for (std::uint64_t left = 500; left > 0; left -= 50) {
    EXPECT_EQ(story.table.size(), left);
    story.table.advance(noon + 1h, 50);
  }
  EXPECT_EQ(story.table.size(), 0U);
  story.table.advance(noon + 1h, 50);
  EXPECT_EQ(story.table.counters().ended[static_cast<std::size_t>(EndReason::timeout)], 500U);
}

// A page of which it is known that nothing in it can time out soon is passed over; what changes that is
// heard.
TEST(FlowTable, HandComesBackInTimeToAPageThatItPassedOver) {
  const auto established = [](unsigned client, Duration after) {
    return std::vector<Packet>{tcp(host(client), 50'000, host(9), 443, SYN, after, 100),
                               tcp(host(9), 443, host(client), 50'000, SYN | ACK, after, 500, 101),
                               tcp(host(client), 50'000, host(9), 443, ACK, after, 101, 501)};
  };
  const auto at_rest = [&](Story& story) {
    for (unsigned client = 1; client <= 5; ++client) story.play(established(client, 0s));
    story.table.advance(noon + 1s, 100);  // half an hour is left to each of them
    EXPECT_EQ(story.table.size(), 5U);
  };
  {
    Story story;  // one is closed
    at_rest(story);
    story.play(tcp(host(9), 443, host(2), 50'000, tcp_flag::rst, 100s, 501));
    story.table.advance(noon + 110s, 100);
    EXPECT_EQ(story.table.size(), 5U);
    story.table.advance(noon + 110s + 1ns, 100);
    EXPECT_EQ(story.table.size(), 4U);
    ASSERT_EQ(story.diary.ended.size(), 1U);
    EXPECT_EQ(story.diary.ended[0].reason, EndReason::closed);
  }
  {
    Story story;  // a newcomer with less time
    at_rest(story);
    story.play(icmp(host(7), host(9), 8, 0, 0, 100s));
    story.table.advance(noon + 130s + 1ns, 100);
    EXPECT_EQ(story.table.size(), 5U);
  }
  {
    Story story;  // its record begins another conversation
    at_rest(story);
    story.play(tcp(host(9), 443, host(2), 50'000, tcp_flag::rst, 100s, 501));
    story.play(tcp(host(2), 50'000, host(9), 443, SYN, 105s, 7'000'000));
    story.table.advance(noon + 165s, 100);
    EXPECT_EQ(story.table.size(), 5U);
    story.table.advance(noon + 165s + 1ns, 100);
    EXPECT_EQ(story.table.size(), 4U);
  }
  {
    Story story;  // one has something to tell that nobody has room for
    at_rest(story);
    story.watcher.write.pending = 1;
    story.play(udp(host(8), 1, host(9), 53, 2s));
    for (int call = 1; call <= 3; ++call) {
      story.table.advance(noon + 3s, 100);
      EXPECT_EQ(story.diary.pending_calls, static_cast<std::uint64_t>(call));
    }
    story.diary.room = true;
    story.table.advance(noon + 3s, 100);
    story.table.advance(noon + 3s, 100);
    EXPECT_EQ(story.diary.pending_calls, 4U);
  }
  {
    // Established flows have less time than attempts.
    Story story{{.timeouts = {.tcp_attempt = 600s, .tcp_established = 60s}}};
    story.play(tcp(host(1), 50'000, host(9), 443, SYN, 0s, 100));
    story.table.advance(noon + 1s, 100);
    story.play(tcp(host(9), 443, host(1), 50'000, SYN | ACK, 2s, 500, 101));
    story.play(tcp(host(1), 50'000, host(9), 443, ACK, 2s, 101, 501));
    story.table.advance(noon + 62s, 100);
    EXPECT_EQ(story.table.size(), 1U);
    story.table.advance(noon + 62s + 1ns, 100);
    EXPECT_EQ(story.table.size(), 0U);
  }
}

TEST(FlowTable, HalfOpenFlowsLoseTheirTimeInAnEmergency) {
  Story story{{}, 64};
  for (unsigned i = 0; i < 64; ++i) story.play(syn(i, 9999));
  story.table.advance(noon + 1s, 64);  // a minute is left to each of them
  EXPECT_EQ(story.table.size(), 64U);
  story.play(syn(100, 9999, 443, 1s));
  ASSERT_TRUE(story.table.emergency());
  story.table.advance(noon + 5s + 1ns, 64);
  EXPECT_EQ(story.table.size(), 55U);  // until an eighth is free again
  EXPECT_FALSE(story.table.emergency());
}

TEST(FlowTable, HandComesByTheRestWhereverFlowsComeAndGo) {
  Story story;
  for (std::uint32_t i = 0; i < 1000; ++i) story.play(udp(host(i), 1, host(9999), 53));
  // Every second stays busy; each call may look at a seventh of them.
  for (int round = 1; round <= 14; ++round) {
    for (std::uint32_t i = 0; i < 1000; i += 2) story.play(udp(host(i), 1, host(9999), 53, round * 10s));
    story.table.advance(noon + round * 10s, 150);
  }
  EXPECT_EQ(story.table.size(), 500U);
}

TEST(FlowTable, EndsTheRestInOrderOfStartThenKey) {
  Story story;
  std::vector<Packet> packets;
  for (std::uint32_t i = 0; i < 300; ++i)
    packets.push_back(udp(host(i * 7919 % 300), 1, host(9999), 53, (i / 100) * 1s));
  packets.push_back(udp(host(500), 1, host(501), 53, -90s));  // idle for longer than its timeout at the end
  story.play(packets);
  story.table.finish();
  ASSERT_EQ(story.diary.ended.size(), 301U);
  EXPECT_EQ(story.diary.ended[0].reason, EndReason::timeout);
  for (std::size_t i = 2; i < 301; ++i) {
    const Ended& a = story.diary.ended[i - 1];
    const Ended& b = story.diary.ended[i];
    EXPECT_EQ(b.reason, EndReason::shutdown);
    EXPECT_TRUE(a.facts.start < b.facts.start ||
                (a.facts.start == b.facts.start && a.facts.tuple.source < b.facts.tuple.source));
  }
  EXPECT_EQ(story.table.size(), 0U);
  EXPECT_EQ(story.table.half_open(), 0U);
  // Empty and as good as new.
  EXPECT_TRUE(story.play(packets[0]).changes.opened);
  EXPECT_FALSE(story.play(packets[0]).changes.opened);
}

TEST(FlowTable, ScanVisitsEveryFlowOnceInSlices) {
  Story story;
  for (std::uint32_t i = 0; i < 777; ++i) story.play(udp(host(i), 1, host(9999), 53));
  story.table.advance(noon + 1h, 100);
  std::set<std::uint64_t> ids;
  std::uint64_t cursor = 0;
  int slices = 0;
  do {
    std::uint32_t visited = 0;
    cursor = story.table.scan(cursor, 50, [&](const Flow& flow) {
      ++visited;
      EXPECT_TRUE(ids.insert(flow.id()).second);
    });
    EXPECT_LE(visited, 50U);
    ++slices;
    // Flows that come while the question is being answered disturb nobody.
    story.play(udp(host(5000 + static_cast<std::uint32_t>(slices)), 1, host(9999), 53));
  } while (cursor != 0);
  EXPECT_GE(ids.size(), 677U);
  EXPECT_GE(slices, 14);
  Story empty;
  EXPECT_EQ(empty.table.scan(0, 10, [](const Flow&) { FAIL(); }), 0U);
}

TEST(FlowTable, NotesStayWithTheFlowAndBeginAtZero) {
  Story story;
  story.watcher.write = {.judged = 7, .pair = 18, .told_at = 3, .verdict = 5, .told = 2, .pending = false};
  story.play(syn(1, 2));
  struct Reader {
    FlowNotes notes{};
    void packet(Flow& flow, const Packet&, Changes, bool) { notes = flow.notes; }
    void repeated(Flow&, const Packet&, Repetition, Changes, bool) {}
    void refused(const Packet&) {}
  } reader;
  story.table.record(std::vector{syn(1, 2)}, reader);
  EXPECT_EQ(reader.notes.judged, 7U);
  EXPECT_EQ(reader.notes.pair, 18);
  Packet other = syn(1, 2, 443, 1s);
  other.tcp_sequence = 5;
  story.table.record(std::vector{other}, reader);  // reused
  EXPECT_EQ(reader.notes.judged, 0U);
  EXPECT_EQ(reader.notes.verdict, 0);
}

TEST(FlowTable, PendingReportKeepsItsFlowUntilThereIsRoom) {
  Story story;
  story.watcher.write.pending = true;
  story.play(syn(1, 2));
  story.table.advance(noon + 1h, 10);
  EXPECT_EQ(story.diary.pending_calls, 1U);
  EXPECT_EQ(story.table.size(), 1U) << "not before it is told";
  story.diary.room = true;
  story.table.advance(noon + 1h, 10);
  EXPECT_EQ(story.table.size(), 0U);
}

// ---- a full table
// -----------------------------------------------------------------------------------------------

TEST(FlowPressure, HalfOpenFlowsGoBeforeConversations) {
  Story story{{}, 100};
  for (std::uint32_t i = 0; i < 50; ++i) {
    story.play(udp(host(i), 1000, host(999), 53));
    story.play(udp(host(999), 53, host(i), 1000));
  }
  for (std::uint32_t i = 0; i < 1000; ++i) EXPECT_FALSE(story.play(syn(1000 + i, 2)).refused);
  EXPECT_EQ(story.table.size(), 100U);
  EXPECT_EQ(story.table.counters().evicted_half_open, 950U);
  EXPECT_EQ(story.table.counters().evicted_established, 0U);
  EXPECT_EQ(story.diary.ended.size(), 950U);
  for (const Ended& ended : story.diary.ended) {
    EXPECT_EQ(ended.reason, EndReason::evicted);
    EXPECT_EQ(ended.facts.tuple.protocol, protocol::tcp);
  }
}

TEST(FlowPressure, NewConversationsBeginInATableFullOfOldOnes) {
  Story story{{}, 640};
  for (std::uint32_t i = 0; i < 640; ++i) {
    story.play(udp(host(i), 1000, host(999), 53, i * 1ms));
    story.play(udp(host(999), 53, host(i), 1000, i * 1ms));
  }
  // Ten handshakes at a time, interleaved: none may push out another one.
  std::vector<Packet> packets;
  for (std::uint32_t i = 0; i < 10; ++i) packets.push_back(syn(2000 + i, 2, 443, 1s));
  for (std::uint32_t i = 0; i < 10; ++i)
    packets.push_back(tcp(host(2), 443, host(2000 + i), 50'000, SYN | ACK, 1s, 1, 1001));
  for (std::uint32_t i = 0; i < 10; ++i)
    packets.push_back(tcp(host(2000 + i), 50'000, host(2), 443, ACK, 1s, 1001, 2));
  story.watcher.seen.clear();
  story.play(packets);
  for (std::size_t i = 20; i < 30; ++i) EXPECT_EQ(story.watcher.seen[i].facts.stage, Stage::established) << i;
  EXPECT_EQ(story.table.counters().evicted_established, 10U);
}

TEST(FlowPressure, UntoldAlertsNeverGoAndToldOnesGoAfterTheRest) {
  Story story{{}, 64};
  story.watcher.write = {.verdict = 1};  // forbidden, not told
  for (std::uint32_t i = 0; i < 32; ++i) story.play(syn(i, 2));
  story.watcher.write = {.verdict = 1, .told = 1};
  for (std::uint32_t i = 100; i < 116; ++i) story.play(syn(i, 2));
  story.watcher.write = {.pending = true};
  for (std::uint32_t i = 200; i < 216; ++i) story.play(syn(i, 2));
  story.watcher.write = {};
  int refused = 0;
  for (std::uint32_t i = 0; i < 500; ++i) refused += story.play(syn(1000 + i, 2)).refused ? 1 : 0;
  for (const Ended& ended : story.diary.ended) {
    const std::uint32_t number = (static_cast<std::uint32_t>(ended.facts.tuple.source.bytes[2]) << 8U) |
                                 ended.facts.tuple.source.bytes[3];
    EXPECT_TRUE(number >= 1000 || (number >= 100 && number < 116)) << number;
  }
  EXPECT_LT(refused, 500);
  // Nothing but alerts that nobody could take yet: then newcomers are refused, and counted.
  Story stuck{{}, 64};
  stuck.watcher.write = {.pending = true};
  for (std::uint32_t i = 0; i < 64; ++i) stuck.play(syn(i, 2));
  for (std::uint32_t i = 0; i < 10; ++i) EXPECT_TRUE(stuck.play(syn(1000 + i, 2)).refused);
  EXPECT_EQ(stuck.table.counters().refused, 10U);
  EXPECT_FALSE(stuck.play(syn(5, 2)).refused) << "known flows go on";
  EXPECT_TRUE(stuck.diary.ended.empty());
}

struct Flood {
  std::uint64_t lost = 0;  // conversations whose record was lost
  FlowCounters counters{};
  std::uint64_t size = 0;
};

// 500 conversations with a packet each 5 s in a table for 16,384, under a flood of 400,000 SYNs a simulated
// 20 s.
Flood flood(FlowNotes flooding) {
  constexpr std::uint32_t conversations = 500;
  Diary diary;
  diary.keep = false;
  FlowTable table{{}, 16'384, secret, diary};
  struct Observer {
    FlowNotes notes{};
    std::uint64_t reopened = 0;
    void packet(Flow& flow, const Packet& packet, Changes changes, bool) {
      if (!changes.opened) return;
      if (packet.tuple.protocol == protocol::tcp) flow.notes = notes;
      if (packet.tuple.protocol == protocol::udp) ++reopened;
    }
    void repeated(Flow&, const Packet&, Repetition, Changes, bool) {}
    void refused(const Packet&) {}
  } observer{.notes = flooding};
  std::vector<Packet> batch;
  const auto talk = [&](Duration at) {
    for (std::uint32_t i = 0; i < conversations; ++i) {
      batch.push_back(udp(host(i), 1000, host(60'000), 53, at));
      batch.push_back(udp(host(60'000), 53, host(i), 1000, at));
    }
  };
  std::uint32_t attacker = 0;
  for (int second = 0; second < 20; ++second) {
    if (second % 5 == 0) talk(second * 1s);
    for (int i = 0; i < 20'000; ++i)
      batch.push_back(syn(100'000 + attacker++, 2, 443, second * 1s + i * 50us));
    table.record(batch, observer);
    table.advance(noon + second * 1s, 64);
    batch.clear();
  }
  return {.lost = observer.reopened - conversations, .counters = table.counters(), .size = table.size()};
}

TEST(FlowPressure, FloodCostsBoundedStepsAndNoConversation) {
  for (const FlowNotes notes : {FlowNotes{}, FlowNotes{.verdict = 1, .told = 1}}) {
    const Flood result = flood(notes);
    const FlowCounters& c = result.counters;
    EXPECT_EQ(result.lost, 0U);
    // Full, but for the half-open flows whose time the emergency has cut short.
    EXPECT_GT(result.size, 16'384U * 15 / 16);
    EXPECT_LE(result.size, 16'384U);
    EXPECT_GE(c.emergencies, 1U);
    EXPECT_EQ(c.refused, 0U);
    EXPECT_LE(c.lines_max, FlowIndex::lines_most);
    EXPECT_LE(c.looks_max, FlowTable::looks_most);
    EXPECT_LT(static_cast<double>(c.lines) / static_cast<double>(c.searches), 1.25);
    EXPECT_EQ(c.evicted_crowded, 0U);
    const std::uint64_t evicted = c.ended[static_cast<std::size_t>(EndReason::evicted)];
    const std::uint64_t timed_out = c.ended[static_cast<std::size_t>(EndReason::timeout)];
    EXPECT_EQ(c.opened - result.size, evicted + timed_out);
    EXPECT_EQ(evicted, c.evicted_half_open + c.evicted_forbidden);
    EXPECT_GT(evicted, 300'000U);
    EXPECT_EQ(c.evicted_established, 0U);
  }
}

TEST(FlowPressure, EmergencyBeginsWhenFullAndEndsWhenAnEighthIsFree) {
  Diary diary;
  FlowTable table{{}, 1024, secret, diary};
  Watcher watcher;
  const auto open = [&](std::uint32_t from, std::uint32_t count, Duration at) {
    for (std::uint32_t i = 0; i < count; ++i) table.record(std::array{syn(from + i, 2, 443, at)}, watcher);
  };
  open(1000, 1024, 0s);
  EXPECT_FALSE(table.emergency()) << "full, but nothing had to go";
  open(5000, 1, 1s);
  EXPECT_TRUE(table.emergency());
  EXPECT_EQ(table.counters().emergencies, 1U);
  table.advance(noon + FlowTable::hurry + 1ms, 1024);
  EXPECT_EQ(table.size(), 1024U - 1024U / 8 - 1) << "silent for longer than the emergency allows";
  EXPECT_FALSE(table.emergency()) << "and that is enough";
  table.advance(noon + 20s, 1024);
  EXPECT_EQ(table.size(), 1024U - 1024U / 8 - 1) << "the usual time is given again";
  open(10'000, 1024, 21s);
  EXPECT_TRUE(table.emergency());
  EXPECT_EQ(table.counters().emergencies, 2U);
}

TEST(FlowPressure, AnEvictionIsOneWhateverAStampFromTheFutureSays) {
  Diary diary;
  FlowTable table{{}, 1024, secret, diary};
  Watcher watcher;
  table.record(std::array{syn(1, 2, 443, 24h * 400)}, watcher);
  for (std::uint32_t i = 0; i < 4000; ++i) table.record(std::array{syn(1000 + i, 2, 443, i * 1us)}, watcher);
  EXPECT_EQ(table.counters().ended[static_cast<std::size_t>(EndReason::timeout)], 0U);
  EXPECT_EQ(table.counters().evicted_half_open, 4001U - 1024U);
}

TEST(FlowPressure, TakesNoMoreThanItsMemory) {
  Diary diary;
  for (const std::uint64_t capacity : {100'000ULL, 1'000'000ULL, 10'000'000ULL}) {
    const FlowTable table{{}, capacity, secret, diary};
    EXPECT_LE(table.memory_bytes(), capacity * 160) << capacity;
  }
}

// Where nobody asks for the order, flows end page by page: the same ones for the same reasons, and the table
// is as good as new.
TEST(FlowEnds, EndTheSameWayWhereTheOrderDoesNotMatter) {
  struct Unordered : Diary {
    bool wants_order() const override { return false; }
  };
  Diary ordered;
  Unordered unordered;
  FlowTable table{{}, 3000, secret, ordered};
  FlowTable other{{}, 3000, secret, unordered};
  std::vector<Packet> packets;
  Random random{5};
  for (std::uint32_t i = 0; i < 2500; ++i) {
    const Duration after = i * 40ms;
    const std::uint32_t server = 100'000 + random.below(9);
    switch (i % 3) {
      case 0:
        packets.push_back(syn(i, server, 443, after));
        break;
      case 1:
        packets.push_back(udp(host(i), 5000, host(server), 53, after));
        packets.push_back(udp(host(server), 53, host(i), 5000, after + 1ms));
        break;
      default:
        packets.push_back(syn(i, server, 443, after));
        packets.push_back(tcp(host(server), 443, host(i), 50'000, RST | ACK, after + 1ms, 0, 1001));
    }
  }
  for (unsigned round = 0; round < 2; ++round) {
    SCOPED_TRACE(round);
    Watcher watcher;
    table.record(packets, watcher);
    other.record(packets, watcher);
    EXPECT_GT(table.size(), 2000U);
    table.finish();
    other.finish();
    EXPECT_EQ(other.counters().ended, table.counters().ended);
    EXPECT_GT(other.counters().ended[static_cast<std::size_t>(EndReason::shutdown)], 0U);
    EXPECT_GT(other.counters().ended[static_cast<std::size_t>(EndReason::timeout)], 0U);
    EXPECT_EQ(unordered.ended.size(), ordered.ended.size());
    EXPECT_EQ(other.size(), 0U);
    EXPECT_EQ(other.half_open(), 0U);
    EXPECT_EQ(other.scan(0, 10, [](const Flow&) { FAIL(); }), 0U);
  }
}

TEST(FlowPressure, AllocatesNothingOnceItIsMade) {
  Diary diary;
  diary.keep = false;
  FlowTable table{{}, 1000, secret, diary};
  struct Observer {
    void packet(Flow&, const Packet&, Changes, bool) {}
    void repeated(Flow&, const Packet&, Repetition, Changes, bool) {}
    void refused(const Packet&) {}
  } observer;
  std::vector<Packet> packets;
  for (std::uint32_t i = 0; i < 5000; ++i) packets.push_back(syn(i, 2, 443, i * 1ms));
  const kit::AllocationWatch watch;
  table.record(packets, observer);
  table.advance(noon + 1h, 500);
  table.scan(0, 1000, [](const Flow& flow) { (void)flow.facts(flow.gist()); });
  table.finish();
  EXPECT_EQ(watch.count(), 0U);
  EXPECT_EQ(diary.count, 5000U);
}

}  // namespace
}  // namespace sekimori::capture
