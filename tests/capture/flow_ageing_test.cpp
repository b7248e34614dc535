// The hand that goes round the table: whatever comes in between, nothing stays whose time is over.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <random>
#include <vector>

#include "capture/flow/flow_table.hpp"
#include "tests/capture/flow_kit.hpp"

namespace sekimori::capture {
namespace {

using namespace flow_kit;

// By what anybody sees of a flow, in an order of its own: refused before closed.
std::chrono::seconds allowed(const FlowFacts& facts, const FlowTimeouts& timeouts) {
  switch (facts.tuple.protocol) {
    case protocol::tcp:
      if (facts.stage == Stage::refused) return timeouts.tcp_attempt;
      if (facts.state == FlowState::closed) return timeouts.tcp_closed;
      return facts.stage >= Stage::established ? timeouts.tcp_established : timeouts.tcp_attempt;
    case protocol::udp:
      return timeouts.udp;
    default:
      return timeouts.icmp;
  }
}

std::size_t overdue(const FlowTable& table, const FlowTimeouts& timeouts, Time now) {
  std::size_t count = 0;
  table.scan(0, 0xffff'ffffU, [&](const Flow& flow) {
    if (now > flow.last() && now - flow.last() > allowed(flow.facts(flow.gist()), timeouts)) ++count;
  });
  return count;
}

TEST(FlowAgeing, FreesWhatIsRefusedFirstAndClosedThen) {
  for (const bool answer : {true, false}) {
    Story story;
    story.play(syn(1, 2));
    story.table.advance(noon, 10);
    story.play(tcp(host(2), 443, host(1), 50'000, tcp_flag::rst | ACK, 1s, 0, 1001));
    story.table.advance(noon + 1s, 10);
    // Ten seconds are left, where a minute was.
    story.play(answer ? tcp(host(2), 443, host(1), 50'000, SYN | ACK, 2s, 7, 1001)
                      : tcp(host(1), 50'000, host(2), 443, ACK, 2s, 1001, 8));
    story.table.advance(noon + 12s + 1ns, 10);
    EXPECT_EQ(overdue(story.table, {}, noon + 12s + 1ns), 0U) << answer;
  }
}

TEST(FlowAgeing, FreesWhatAnErrorReportGivesLessTime) {
  const FlowTimeouts timeouts{.tcp_attempt = 5s, .tcp_closed = 300s};
  Story story{{.timeouts = timeouts}};
  story.play(syn(1, 2));
  story.play(tcp(host(1), 50'000, host(2), 443, tcp_flag::rst, 1s, 1001));
  story.table.advance(noon + 1s, 10);  // five minutes are left
  story.play(icmp_error(host(9), syn(1, 2), 3, 1, 2s));
  story.table.advance(noon + 7s + 1ns, 10);
  EXPECT_EQ(overdue(story.table, timeouts, noon + 7s + 1ns), 0U);
}

TEST(FlowAgeing, ComesBackToWhomTheEndOfAnEmergencySpared) {
  for (const std::uint64_t capacity : {64U, 200U, 280U, 500U, 2800U}) {
    Story story{{}, capacity};
    for (unsigned i = 0; i < capacity; ++i) story.play(syn(i, 99'999));
    story.play(syn(77'777, 99'999, 443, 1s));
    ASSERT_TRUE(story.table.emergency());
    story.table.advance(noon + 5s + 1ns, static_cast<std::uint32_t>(capacity));
    ASSERT_FALSE(story.table.emergency());
    EXPECT_GT(story.table.size(), 0U);
    for (int round = 0; round < 2; ++round) {
      story.table.advance(noon + 62s, static_cast<std::uint32_t>(capacity));
    }
    EXPECT_EQ(story.table.size(), 0U) << capacity;
  }
}

class RandomTraffic {
 public:
  explicit RandomTraffic(unsigned seed) : random_(seed) {}

  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
  Packet next(Duration after) {
    const unsigned client = below(40);
    const unsigned port = 50'000 + below(3);
    const bool back = below(2) != 0;
    const IpAddress one = host(client);
    const IpAddress other = host(100 + below(2));
    switch (below(8)) {
      case 0:
        return udp(back ? other : one, back ? 53U : port, back ? one : other, back ? port : 53U, after);
      case 1:
        return icmp(back ? other : one, back ? one : other, back ? 0 : 8, back ? 8 : 0, 0, after);
      case 2:
        return icmp_error(host(9), tcp(one, port, other, 443, SYN), 3, 1, after);
      default: {
        constexpr std::array<unsigned, 6> kinds{SYN,           SYN | ACK,          ACK, ACK | tcp_flag::fin,
                                                tcp_flag::rst, ACK | tcp_flag::psh};
        const unsigned flags = kinds[below(kinds.size())];
        return tcp(back ? other : one, back ? 443U : port, back ? one : other, back ? port : 443U, flags,
                   after, below(3000), below(3000), below(2) * 100);
      }
    }
  }

 private:
  std::mt19937 random_;
};

TEST(FlowAgeing, LeavesNothingOverdueWhateverComesInBetween) {
  const std::vector<FlowTimeouts> all{
      {},
      {.tcp_attempt = 600s, .tcp_established = 60s, .tcp_closed = 1s, .udp = 3s, .icmp = 100s},
      {.tcp_attempt = 2s, .tcp_established = 4s, .tcp_closed = 300s, .udp = 1s, .icmp = 1s}};
  for (unsigned seed = 0; seed < 60; ++seed) {
    const FlowTimeouts& timeouts = all[seed % all.size()];
    const std::uint64_t capacity = seed % 4 == 0 ? 60 : 1000;  // the smaller one overflows
    Story story{{.timeouts = timeouts}, capacity};
    story.diary.keep = false;
    RandomTraffic traffic{seed};
    Duration now{};
    for (int step = 0; step < 3000; ++step) {
      now += std::chrono::milliseconds{traffic.below(400)};
      story.play(traffic.next(now));
      story.watcher.seen.clear();
      if (traffic.below(10) == 0) story.table.advance(noon + now, traffic.below(40));
      if (traffic.below(200) != 0) continue;
      // Once round from wherever the hand is, and the rest of the page where it was.
      for (int call = 0; call < 2; ++call) {
        story.table.advance(noon + now, static_cast<std::uint32_t>(story.table.size()));
      }
      ASSERT_EQ(overdue(story.table, timeouts, noon + now), 0U) << "seed " << seed << ", step " << step;
    }
  }
}

}  // namespace
}  // namespace sekimori::capture
