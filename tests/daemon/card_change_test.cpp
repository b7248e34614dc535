// An exception is one machine's, told by its card: what becomes of a conversation that another card goes on
// with.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/daemon/heard.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;

constexpr const char* registered = "02:00:0a:14:0a:06";
constexpr const char* responder = "02:00:0a:0a:0a:06";
constexpr const char* intruder = "02:66:66:66:66:66";
constexpr const char* firewall_lgwan = "02:fe:01:00:00:d2";
constexpr const char* firewall_mynumber = "02:fe:01:00:00:6e";
constexpr std::string_view cards_body = R"(
profile: alpha
segments:
  mynumber: {prefixes: [10.10.0.0/16]}
  lgwan: {prefixes: [10.20.0.0/16]}
  internet: {prefixes: [10.30.0.0/16]}
exceptions:
  - id: EX-CARD
    reason: 試験
    approver: 最高情報統括責任者
    ticket: 試験第1号
    from: 2026-04-01
    until: 2027-03-31
    source: {addresses: [10.20.10.6], macs: ["02:00:0a:14:0a:06"]}
    destination: {addresses: [10.10.10.6], macs: ["02:00:0a:0a:0a:06"]}
    protocol: tcp
    ports: [8530]
)";

class Conversation {
 public:
  explicit Conversation(bool near = true) : near_(near) {
    send(registered, kit::SYN);
    answer(responder, kit::SYN | kit::ACK);
    send(registered, kit::ACK);
  }
  // As the mirror of both wires shows it: from the host to the firewall, and from the firewall on.
  void send(const char* card, unsigned flags, bool near = true) {
    const unsigned number = next_number();
    const auto packet = [&](unsigned ttl) {
      return kit::ethernet(ttl == 64 ? card : firewall_mynumber, ttl == 64 ? firewall_lgwan : responder)
          .vlan(ttl == 64 ? 210 : 110)
          .ipv4("10.20.10.6", "10.10.10.6")
          .ttl(ttl)
          .identification(number)
          .tcp(50'000, 8530, flags)
          .payload((flags & kit::SYN) != 0 ? 0 : 100)
          .bytes();
    };
    if (near && near_) frames_.emplace_back(time_, packet(64));
    frames_.emplace_back(time_ + 40us, packet(63));
    time_ += 1s;
  }
  void answer(const char* card, unsigned flags) {
    frames_.emplace_back(time_, kit::ethernet(card, firewall_mynumber)
                                    .vlan(110)
                                    .ipv4("10.10.10.6", "10.20.10.6")
                                    .ttl(64)
                                    .identification(next_number())
                                    .tcp(8530, 50'000, flags)
                                    .bytes());
    time_ += 1s;
  }
  std::vector<AlertRecord> told() const { return test::hear(frames_, cards_body).lines; }

 private:
  unsigned next_number() { return ++number_; }

  test::TimedFrames frames_{};
  Duration time_{};
  unsigned number_ = 0;
  bool near_;
};

// Each once, in the order in which they were first told.
std::vector<std::string> findings(const Conversation& conversation) {
  std::vector<std::string> found;
  for (const AlertRecord& record : conversation.told()) {
    const std::string finding = test::finding_of(record);
    if (std::find(found.begin(), found.end(), finding) == found.end()) found.push_back(finding);
  }
  return found;
}

using Findings = std::vector<std::string>;

TEST(CardChange, AnotherCardOnTheInitiatorsWireIsNotTheExceptions) {
  Conversation conversation;
  conversation.send(intruder, kit::ACK);
  conversation.send(intruder, kit::ACK);
  EXPECT_EQ(findings(conversation), (Findings{"EXC-USED", "SEG-NO-EXCEPTION"}));
  for (const AlertRecord& record : conversation.told()) {
    if (test::finding_of(record) != "SEG-NO-EXCEPTION") continue;
    EXPECT_EQ(record.event.verdict.near_miss.mismatch, policy::Mismatch::source_mac);
  }
}

TEST(CardChange, NorIsAnotherCardOnTheRespondersWire) {
  Conversation conversation;
  conversation.answer(intruder, kit::ACK);
  EXPECT_EQ(findings(conversation), (Findings{"EXC-USED", "SEG-NO-EXCEPTION"}));
}

TEST(CardChange, APacketSeenBehindTheFirewallAloneChangesNothing) {
  Conversation conversation;
  for (int i = 0; i < 5; ++i) conversation.send(registered, kit::ACK, i % 2 == 0);
  EXPECT_EQ(findings(conversation), Findings{"EXC-USED"});
}

}  // namespace
}  // namespace sekimori::daemon
