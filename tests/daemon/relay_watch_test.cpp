// A mail host that passes on to outside what it took from outside.
#include "daemon/alert/relay_watch.hpp"

#include <gtest/gtest.h>

#include "tests/daemon/alert_city.hpp"

namespace sekimori::daemon {
namespace {

using capture::Stage;
using namespace std::chrono_literals;

struct Relay : testing::Test {
  std::shared_ptr<const policy::Policy> policy = test::alert_policy();
  RelayWatch watch{};
  std::vector<Notice> found{};

  void see(const char* from, const char* to, std::uint16_t port, Stage stage, Duration when) {
    const Time time = test::nine_twelve + when;
    watch.tick(time, *policy, found);
    watch.feed(test::event_of(*policy, from, to, port, stage, time), *policy, found);
  }
};

TEST_F(Relay, TakenFromOutsideAndPassedOnIsAHint) {
  see("198.51.100.7", "10.30.10.25", 25, Stage::data, 0s);
  EXPECT_TRUE(found.empty());
  see("10.30.10.25", "203.0.113.25", 25, Stage::attempt, 60s);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(notice_row(found[0].kind).code, "RELAY");
  EXPECT_EQ(found[0].subject, "10.30.10.25");
  EXPECT_EQ(found[0].value("src"), "198.51.100.7");
  EXPECT_EQ(found[0].value("dst"), "203.0.113.25");
}

TEST_F(Relay, MailThatGoesOneWayOnlyIsNone) {
  see("10.30.10.25", "203.0.113.25", 25, Stage::data, 0s);  // sends only
  see("198.51.100.7", "10.30.10.26", 25, Stage::data, 1s);  // takes only
  see("10.30.10.27", "203.0.113.25", 25, Stage::data, 2s);
  EXPECT_TRUE(found.empty());
}

TEST_F(Relay, WhatWasRefusedOrLongAgoOrNoMailIsNone) {
  see("198.51.100.7", "10.30.10.25", 25, Stage::refused, 0s);
  see("10.30.10.25", "203.0.113.25", 25, Stage::data, 1s);
  see("198.51.100.7", "10.30.10.25", 443, Stage::data, 2s);
  see("10.30.10.25", "203.0.113.25", 25, Stage::data, 3s);
  see("198.51.100.7", "10.30.10.25", 25, Stage::data, 4s);
  see("10.30.10.25", "203.0.113.25", 25, Stage::data, 4s + RelayWatch::window + 1s);
  EXPECT_TRUE(found.empty());
  EXPECT_EQ(watch.hosts(), 0U);
}

TEST_F(Relay, HostsAreBoundedAndCounted) {
  for (unsigned i = 0; i < RelayWatch::hosts_max + 5; ++i) {
    const std::string host = "10.30." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    see("198.51.100.7", host.c_str(), 25, Stage::data, 0s);
  }
  EXPECT_EQ(watch.hosts(), RelayWatch::hosts_max);
  EXPECT_EQ(watch.forgotten(), 5U);
}

}  // namespace
}  // namespace sekimori::daemon
