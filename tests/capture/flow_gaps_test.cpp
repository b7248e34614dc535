// What the mirror kept back, as TCP itself tells it.
#include <gtest/gtest.h>

#include "tests/capture/flow_kit.hpp"

namespace sekimori::capture {
namespace {

using namespace flow_kit;

constexpr std::uint32_t client = 1;
constexpr std::uint32_t server = 2;

struct Sum {
  std::uint64_t skipped = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t late = 0;
};

// A conversation that is played packet by packet, each a little later than the one before.
class FlowGaps : public testing::Test {
 protected:
  Packet up(unsigned flags, std::uint32_t sequence, std::uint32_t ack, std::uint32_t payload = 0) {
    return told(tcp(host(client), 50'000, host(server), 443, flags, after(), sequence, ack, payload));
  }
  Packet down(unsigned flags, std::uint32_t sequence, std::uint32_t ack, std::uint32_t payload = 0) {
    return told(tcp(host(server), 443, host(client), 50'000, flags, after(), sequence, ack, payload));
  }
  void play(const Packet& packet) {
    const Changes changes = story.play(packet).changes;
    sum.skipped += changes.skipped;
    sum.acknowledged += changes.acknowledged;
    sum.late += changes.late;
  }
  void shake_hands() {
    play(up(SYN, 1000, 0));
    play(down(SYN | ACK, 5000, 1001));
    play(up(ACK, 1001, 5001));
  }
  std::uint64_t missed() const { return sum.skipped + sum.acknowledged - sum.late; }

  Story story{};
  Sum sum{};

 private:
  Duration after() { return now_ += 10ms; }
  // Each packet is one of its own.
  Packet told(Packet packet) {
    packet.fingerprint = ++number_;
    return packet;
  }
  Duration now_{};
  std::uint32_t number_ = 0;
};

TEST_F(FlowGaps, AWholeConversationMissesNothing) {
  shake_hands();
  for (std::uint32_t i = 0; i < 20; ++i) {
    play(down(ACK, 5001 + 1000 * i, 1001, 1000));
    play(up(ACK, 1001, 6001 + 1000 * i));
  }
  play(up(FIN | ACK, 1001, 25'001));
  play(down(FIN | ACK, 25'001, 1002));
  play(up(ACK, 1002, 25'002));
  EXPECT_EQ(sum.skipped + sum.acknowledged + sum.late, 0U);
}

TEST_F(FlowGaps, AGapBetweenTwoPacketsIsMissed) {
  shake_hands();
  play(down(ACK, 5001, 1001, 1000));
  play(down(ACK, 8001, 1001, 1000));
  EXPECT_EQ(sum.skipped, 2000U);
  play(up(ACK, 1001, 9001));
  EXPECT_EQ(missed(), 2000U) << "once";
}

TEST_F(FlowGaps, WhatIsAcknowledgedAndWasNeverSeenIsMissedOnce) {
  shake_hands();
  play(down(ACK, 5001, 1001, 1000));
  play(up(ACK, 1001, 9001));
  EXPECT_EQ(sum.acknowledged, 3000U);
  play(up(ACK, 1001, 9001, 10));
  play(up(ACK, 1011, 9501));
  EXPECT_EQ(sum.acknowledged, 3500U);
  EXPECT_EQ(missed(), 3500U);
}

// A lossy network: what the mirror did not see was never there, and its sender sends it again.
TEST_F(FlowGaps, WhatIsSentAgainIsNotMissed) {
  shake_hands();
  play(down(ACK, 5001, 1001, 1000));
  play(down(ACK, 7001, 1001, 1000));
  play(down(ACK, 8001, 1001, 1000));
  play(down(ACK, 6001, 1001, 1000));
  play(up(ACK, 1001, 9001));
  EXPECT_EQ(sum.skipped, 1000U);
  EXPECT_EQ(missed(), 0U);
}

// Directions on two taps: the acknowledgement is read before what it acknowledges.
TEST_F(FlowGaps, WhatIsShownLateIsNotMissedAndNotSentAgain) {
  shake_hands();
  play(down(ACK, 5001, 1001, 1000));
  play(up(ACK, 1001, 8001));
  play(down(ACK, 6001, 1001, 1000));
  play(down(ACK, 7001, 1001, 1000));
  EXPECT_EQ(missed(), 0U);
  EXPECT_EQ(story.watcher.seen.back().facts.retransmissions, 0U);
  // From there on it goes on as ever.
  play(down(ACK, 8001, 1001, 1000));
  play(down(ACK, 8001, 1001, 1000));
  EXPECT_EQ(story.watcher.seen.back().facts.retransmissions, 1U);
}

TEST_F(FlowGaps, TheStartOfTheCaptureInMidStreamMissesNothing) {
  // The client acknowledges what came before; the server has ten packets on their way that nobody saw.
  play(up(ACK, 1001, 5001));
  play(down(ACK, 15'001, 1001, 1000));
  play(up(ACK, 1001, 16'001));
  EXPECT_EQ(missed(), 0U);
}

TEST_F(FlowGaps, AOneSidedConversationIsToldOtherwise) {
  play(up(SYN, 1000, 0));
  for (std::uint32_t i = 0; i < 5; ++i) play(up(ACK, 1001, 5001 + 10'000 * i));
  play(up(ACK, 3001, 60'000, 100));
  EXPECT_EQ(sum.skipped + sum.acknowledged, 0U);
}

TEST_F(FlowGaps, AReusedPortAResetAndAForgedNumberAreNoLoss) {
  shake_hands();
  play(down(ACK, 5001, 1001, 1000));
  play(up(ACK, 900'001'001, 6001, 5));  // from nowhere
  play(up(ACK, 1001, 900'006'001));
  play(down(RST, 77'006'001, 1001));
  play(up(SYN, 700'000, 0));
  play(down(SYN | ACK, 800'000, 700'001));
  play(up(ACK, 700'001, 800'001));
  EXPECT_EQ(sum.skipped + sum.acknowledged, 0U);
}

TEST_F(FlowGaps, FragmentsSayNothingOfWhatFollows) {
  shake_hands();
  Packet part = down(ACK, 5001, 1001, 500);
  part.fragment = part.fragment_first = true;
  play(part);
  play(down(ACK, 6001, 1001, 1000));
  play(up(ACK, 1001, 9001));
  EXPECT_EQ(sum.skipped + sum.acknowledged, 0U);
}

}  // namespace
}  // namespace sekimori::capture
