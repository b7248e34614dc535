// What goes to destinations without being an alert: the digest of a day must arrive, a sign of life must not
// wait.
#include "daemon/dispatch.hpp"

#include <boost/json.hpp>

#include "daemon/health/sign_of_life.hpp"
#include "tests/daemon/alert_city.hpp"
#include "tests/daemon/delivery_kit.hpp"
#include "tests/daemon/log_kit.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;

struct DispatchTest : test::DeliveryTest {
  void SetUp() override {
    test::DeliveryTest::SetUp();
    daemon_.alerts = alerts;
    vitals_.wall = test::nine_twelve;
  }
  AlertMessage digest(std::uint64_t number) const {
    return digest_message({.day = {.date = *read_date("2026-03-31")}}, number, {.time = vitals_.wall},
                          vitals_, *policy_, daemon_.alerts);
  }
  AlertMessage heartbeat(std::uint64_t beat) const {
    return heartbeat_message({.time = vitals_.wall, .beat = beat}, vitals_, *policy_, daemon_.alerts);
  }
  // "kind" of what arrived.
  std::string received() const {
    std::string out;
    for (const std::string& line : delivered()) {
      const auto event = boost::json::parse(line);
      out += std::string{event.at("sekimori").at("kind").as_string()} + " ";
    }
    return out;
  }
  bool until(const std::function<bool()>& condition) { return test::DeliveryTest::until(io_, condition); }
  // Starts, says what there is to say while the destination is down, and then lets it come.
  void midnight_without_a_destination() {
    Dispatch dispatch{io_, daemon_};
    Desk desk{daemon_.alerts};
    dispatch.open(desk, policy_);
    ASSERT_TRUE(until([&] { return !dispatch.sinks().all()[0]->trouble().empty(); }));
    dispatch.beat(heartbeat(1));
    dispatch.keep(digest(desk.number()));
    dispatch.beat(heartbeat(2));
    EXPECT_EQ(dispatch.destinations_status().at(0).at("heartbeats_missed").to_number<int>(), 2);
    open_out();
    EXPECT_TRUE(until([&] { return received() == "digest "; })) << received();
    ASSERT_TRUE(until([&] { return dispatch.sinks().all()[0]->trouble().empty(); }));
    dispatch.beat(heartbeat(3));
    EXPECT_TRUE(until([&] { return received() == "digest heartbeat "; })) << received();
    EXPECT_EQ(dispatch.destinations_status().at(0).at("heartbeats_missed").to_number<int>(), 2);
    EXPECT_EQ(dispatch.log().query(0, "", 10).at("alerts").as_array().size(), 1U) << "the digest, no beat";
  }

  DaemonOptions daemon_{};
  Vitals vitals_{};
  const std::shared_ptr<const policy::Policy> policy_ = test::alert_policy();
  boost::asio::io_context io_{};
};

TEST_F(DispatchTest, ADestinationThatIsDownAtMidnightGetsTheDigestWhenItIsBackAndNoOldSignOfLife) {
  daemon_.journal = options;
  midnight_without_a_destination();
  EXPECT_EQ(sequences(), range(1, 1)) << "and it is in the journal";
}

TEST_F(DispatchTest, TheSameWithoutAJournal) {
  midnight_without_a_destination();
}

// What the program says in its log at the stop.
struct StopTest : DispatchTest {
  void SetUp() override {
    DispatchTest::SetUp();
    daemon_.alerts.language = Language::en;
  }
  void stop(Dispatch& dispatch) {
    bool done = false;
    dispatch.finish([&done] { done = true; });
    ASSERT_TRUE(until([&done] { return done; }));
  }
  test::CaughtLog log_{};
};

TEST_F(StopTest, WithoutAJournalItSaysWhatADestinationWasNotSent) {
  Dispatch dispatch{io_, daemon_};
  Desk desk{daemon_.alerts};
  dispatch.open(desk, policy_);
  ASSERT_TRUE(until([&] { return !dispatch.sinks().all()[0]->trouble().empty(); }));
  for (int i = 0; i < 3; ++i) dispatch.keep(digest(desk.number()));
  stop(dispatch);
  const std::string& name = dispatch.sinks().all()[0]->options().name;
  EXPECT_NE(log_.text().find("stopping with 3 alerts of which it is not known that they reached " + name),
            std::string::npos)
      << log_.text();
}

TEST_F(StopTest, ClosingLinesForWhichThereIsNoTimeAreCountedAndNotWaitedFor) {
  Dispatch dispatch{io_, daemon_};
  Desk desk{daemon_.alerts};
  dispatch.open(desk, policy_);
  std::vector<AlertRecord> records;
  for (int host = 0; host < 5; ++host) {
    Notice notice{NoticeKind::gap, "t" + std::to_string(host), test::nine_twelve};
    desk.find(std::move(notice), policy_, 0, records);
  }
  ASSERT_EQ(records.size(), 5U);
  const auto again = records;
  dispatch.send_last(records, 1h);
  EXPECT_TRUE(records.empty());
  EXPECT_EQ(dispatch.log().query(0, "", 10).at("alerts").as_array().size(), 5U);
  EXPECT_EQ(log_.text().find("closing lines"), std::string::npos) << log_.text();
  records = again;
  dispatch.send_last(records, 0ms);
  EXPECT_TRUE(records.empty());
  EXPECT_NE(log_.text().find("stopping without 4 of 5 closing lines"), std::string::npos) << log_.text();
}

TEST_F(StopTest, WhatTheJournalCouldNotKeepIsSaidAndTheNextStartTellsIt) {
  daemon_.journal = options;
  {
    Dispatch dispatch{io_, daemon_};
    Desk desk{daemon_.alerts};
    dispatch.open(desk, policy_);
    // No file can be made any more, whoever we are: its name is taken by a folder that is not empty.
    const std::string segment = segment_name(1);
    for (const char* end : {"", ".failed"}) {
      std::filesystem::create_directories(folder + "/" + segment + end + "/x");
    }
    for (int i = 0; i < 3; ++i) dispatch.keep(digest(desk.number()));
    stop(dispatch);
    EXPECT_NE(log_.text().find("stopping with 3 alerts that the journal could not keep"), std::string::npos)
        << log_.text();
    for (const char* end : {"", ".failed"}) std::filesystem::remove_all(folder + "/" + segment + end);
  }
  Dispatch dispatch{io_, daemon_};
  Desk desk{daemon_.alerts};
  dispatch.open(desk, policy_);
  EXPECT_EQ(dispatch.vitals().journal.lost_first, 1U);
  EXPECT_EQ(dispatch.vitals().journal.lost_last, 3U);
  EXPECT_EQ(dispatch.journal_status().at("lost_before").to_number<int>(), 3);
  EXPECT_NE(log_.text().find("3 alerts of the time before this start (numbers 1 to 3)"), std::string::npos)
      << log_.text();
  EXPECT_EQ(desk.number(), 4U) << "a number is given once";
}

TEST_F(StopTest, WithEverythingKeptItSaysNothing) {
  daemon_.journal = options;
  open_out();
  Dispatch dispatch{io_, daemon_};
  Desk desk{daemon_.alerts};
  dispatch.open(desk, policy_);
  dispatch.keep(digest(desk.number()));
  stop(dispatch);
  EXPECT_EQ(log_.text().find("stopping with"), std::string::npos) << log_.text();
}

TEST_F(DispatchTest, TheDigestOutlivesARestart) {
  daemon_.journal = options;
  {
    Dispatch dispatch{io_, daemon_};
    Desk desk{daemon_.alerts};
    dispatch.open(desk, policy_);
    dispatch.keep(digest(desk.number()));
    ASSERT_TRUE(until([&] { return dispatch.journal_status().at("committed").to_number<int>() == 1; }));
  }
  open_out();
  Dispatch dispatch{io_, daemon_};
  Desk desk{daemon_.alerts};
  dispatch.open(desk, policy_);
  EXPECT_TRUE(until([&] { return received() == "digest "; })) << received();
  EXPECT_EQ(desk.number(), 2U) << "numbers go on behind it";
  EXPECT_EQ(dispatch.before().told, read_date("2026-03-31")) << "and the day is known to be told";
  EXPECT_GT(dispatch.before().written, Time{});
}

TEST_F(DispatchTest, TheDigestHasTheNumberOfARecordAndSaysWhichDay) {
  const AlertMessage message = digest(17);
  EXPECT_EQ(message.sequence, 17U);
  const auto event = boost::json::parse(message.eve);
  EXPECT_EQ(event.at("sekimori").at("sequence").to_number<int>(), 17);
  EXPECT_EQ(event.at("sekimori").at("day").as_string(), "2026-03-31");
  EXPECT_FALSE(boost::json::parse(heartbeat(1).eve).at("sekimori").as_object().contains("sequence"));
}

}  // namespace
}  // namespace sekimori::daemon
