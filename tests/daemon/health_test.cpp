#include "daemon/health/health.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <set>
#include <string>

#include "daemon/health/interface_look.hpp"
#include "daemon/render/notice.hpp"
#include "policy/text/text.hpp"
#include "tests/daemon/alert_city.hpp"
#include "tests/daemon/quiet_vitals.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;

// A sensor that fares well unless a test spoils it: two taps that hear a hundred frames a second, two
// segments that talk in both directions.
class HealthTest : public ::testing::Test {
 protected:
  HealthTest() {
    vitals_.table.capacity = 1000;
    vitals_.outlets.destinations.push_back({.name = "log", .queue_max = 100});
    vitals_.disks.push_back({.path = "/var/log/x", .free = 50, .size = 100});
    vitals_.files.push_back({.path = "/etc/x.yaml", .running = "aa", .found = "aa"});
  }

  using Spoil = std::function<void(Vitals&)>;
  // Lets `time` go by, a second at a time; each second is spoiled. What was found meanwhile.
  std::vector<Notice> pass(std::chrono::seconds time, const Spoil& spoil = {}) {
    std::vector<Notice> found;
    for (auto second = 0s; second < time; ++second) {
      vitals_.wall += 1s;
      vitals_.monotonic += 1s;
      for (TapVitals& tap : vitals_.taps) tap.counters.received += 100;
      vitals_.matrix[pair_].packets += 100;
      if (spoil) spoil(vitals_);
      health_.judge(vitals_, policy_, found);
    }
    return found;
  }
  // Kinds of what began and, with a leading '-', of what ended.
  static std::string codes(const std::vector<Notice>& found) {
    std::string out;
    for (const Notice& notice : found) {
      out += (out.empty() ? "" : " ") + std::string(notice.over ? "-" : "") +
             std::string(notice_row(notice.kind).code) + ":" + notice.subject;
    }
    return out;
  }
  static std::vector<Notice> first_of(std::vector<Notice> found) {
    if (found.size() > 1) found.resize(1);
    return found;
  }

  const policy::Policy policy_{test::alert_city(), {}, "abc", 3};
  const policy::PairId pair_ = policy::pair_of(0, 1);
  HealthOptions options_{};
  Health health_{options_, 540};
  Vitals vitals_ = test::quiet_vitals({"t1", "t2"});
};

TEST_F(HealthTest, SaysNothingOfASensorThatFaresWell) {
  EXPECT_EQ(codes(pass(300s)), "");
  EXPECT_EQ(health_.open(), 0U);
}

TEST_F(HealthTest, TellsASilentTapAfterItsSilenceAndNotASecondBefore) {
  const Spoil silent = [](Vitals& vitals) { vitals.taps[1].counters.received -= 100; };
  EXPECT_EQ(codes(pass(20s)), "");
  EXPECT_EQ(codes(pass(59s, silent)), "");
  const auto found = pass(1s, silent);
  ASSERT_EQ(codes(found), "GAP:t2");
  EXPECT_EQ(found[0].value("seconds"), "60");
  EXPECT_EQ(found[0].value("since"), "2026-04-01T09:12:23.482915+09:00");
  // While it lasts its figures are refreshed, so that a repeated line says how long it has been.
  const auto more = pass(10s, silent);
  ASSERT_EQ(codes(more), "GAP:t2");
  EXPECT_EQ(more[0].value("seconds"), "70");
  EXPECT_EQ(codes(pass(1s)), "-GAP:t2");
  EXPECT_EQ(health_.open(), 0U);
}

TEST_F(HealthTest, TellsATapThatNeverHeardAnything) {
  const auto found = pass(61s, [](Vitals& vitals) { vitals.taps[0].counters.received = 0; });
  EXPECT_EQ(codes(found), "GAP:t1");
}

TEST_F(HealthTest, TakesTheSilenceOfATapFromItsOwnSetting) {
  options_.taps.push_back({.name = "t2", .silence = 5s});
  Health own{options_, 540};
  std::vector<Notice> found;
  for (int second = 0; second < 8; ++second) {
    vitals_.monotonic += 1s;
    vitals_.wall += 1s;
    own.judge(vitals_, policy_, found);
  }
  EXPECT_EQ(codes(found), "GAP:t2");
}

TEST_F(HealthTest, NamesAPulledCableAtOnceAndNotAlsoASilence) {
  pass(10s);
  const Spoil pulled = [](Vitals& vitals) {
    vitals.taps[0].counters.received -= 100;
    vitals.taps[0].health = capture::SourceHealth::link_down;
    vitals.taps[0].trouble = "eth1: no carrier";
  };
  const auto found = pass(1s, pulled);
  ASSERT_EQ(codes(found), "GAP-LINK:t1");
  EXPECT_EQ(found[0].value("why"), "eth1: no carrier");
  for (const Notice& notice : pass(120s, pulled)) EXPECT_EQ(notice.kind, NoticeKind::link_down);
  // Back, but not a frame yet: its silence counts from now.
  const Spoil quiet = [](Vitals& vitals) {
    vitals.taps[0].counters.received -= 100;
    vitals.taps[0].health = capture::SourceHealth::running;
  };
  EXPECT_EQ(codes(pass(30s, quiet)), "-GAP-LINK:t1");
}

TEST_F(HealthTest, TellsLossAboveTheThresholdByItsPlaceAndNotBelow) {
  // One frame in a minute of 6,000 is 167 of a million: below the thousand.
  EXPECT_EQ(codes(pass(60s)), "");
  EXPECT_EQ(codes(pass(1s, [](Vitals& vitals) { ++vitals.taps[0].counters.dropped_kernel; })), "");
  EXPECT_EQ(codes(pass(60s)), "");
  const auto found = pass(30s, [](Vitals& vitals) {
    vitals.taps[0].counters.dropped_kernel += 1;
    vitals.taps[0].counters.dropped_interface += 2;
  });
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(codes(first_of(found)), "GAP-LOSS:t1");
  EXPECT_EQ(codes(pass(58s)).find("-GAP-LOSS"), std::string::npos) << "still in the window";
  EXPECT_EQ(codes(pass(3s)), "-GAP-LOSS:t1");
}

TEST_F(HealthTest, CountsWhatWasLostBeforeTheFirstLook) {
  EXPECT_EQ(codes(pass(1s, [](Vitals& vitals) { vitals.taps[1].counters.dropped_kernel = 50; })),
            "GAP-LOSS:t2");
}

TEST_F(HealthTest, TellsAOneSidedMirrorOfThePairItConcerns) {
  pass(60s);
  const auto found = pass(45s, [&](Vitals& vitals) { vitals.matrix[pair_].packets_one_sided += 100; });
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].kind, NoticeKind::one_sided);
  EXPECT_EQ(found[0].value("from"), policy_.segments()[0].id);
  EXPECT_EQ(found[0].value("to"), policy_.segments()[1].id);
  const auto over = pass(60s);
  EXPECT_TRUE(over.back().over);
}

TEST_F(HealthTest, DoesNotTakeAFewOneSidedPacketsOrSilenceForAMirror) {
  // A third of the packets: a monitoring system's half-seen probes, not the mirror.
  EXPECT_EQ(codes(pass(120s, [&](Vitals& vitals) { vitals.matrix[pair_].packets_one_sided += 33; })), "");
  // Three packets in all, each one-sided: too few to say anything.
  const policy::PairId rare = policy::pair_of(1, 2);
  EXPECT_EQ(codes(pass(60s,
                       [&](Vitals& vitals) {
                         vitals.matrix[rare].packets = vitals.matrix[rare].packets_one_sided = 3;
                       })),
            "");
}

TEST_F(HealthTest, TellsADoubledMirror) {
  pass(60s);
  const auto found = pass(30s, [&](Vitals& vitals) { vitals.matrix[pair_].duplicates += 100; });
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(codes(first_of(found)), "MIRROR-DUPLICATES:mirror");
}

TEST_F(HealthTest, DoesNotTakeAFewDoubledFramesForADoubledMirror) {
  EXPECT_EQ(codes(pass(90s, [&](Vitals& vitals) { vitals.matrix[pair_].duplicates += 10; })), "");
}

TEST_F(HealthTest, TellsAFullTableAndGraverWhenPacketsFindNoRecord) {
  EXPECT_EQ(codes(pass(2s, [](Vitals& vitals) { vitals.table.live = 899; })), "");
  const auto full = pass(1s, [](Vitals& vitals) { vitals.table.live = 900; });
  ASSERT_EQ(codes(full), "TABLE-PRESSURE:flows");
  EXPECT_FALSE(full[0].severity.has_value());
  EXPECT_EQ(codes(pass(1s, [](Vitals& vitals) { vitals.table.live = 850; })), "") << "hysteresis";
  EXPECT_EQ(codes(pass(1s, [](Vitals& vitals) { vitals.table.live = 500; })), "-TABLE-PRESSURE:flows");
  const auto refused = pass(1s, [](Vitals& vitals) { vitals.table.refused = 7; });
  ASSERT_EQ(codes(refused), "TABLE-PRESSURE:flows");
  EXPECT_EQ(refused[0].severity, policy::Severity::error);
}

TEST_F(HealthTest, TellsAClockThatJumpsEitherWayWithBothClocks) {
  pass(5s);
  EXPECT_EQ(codes(pass(1s, [](Vitals& vitals) { vitals.wall += 1900ms; })), "") << "slewed, not stepped";
  const auto ahead = pass(1s, [](Vitals& vitals) { vitals.wall += 3600s; });
  ASSERT_EQ(codes(ahead), "TIME:clock");
  EXPECT_EQ(ahead[0].value("direction"), "forward");
  EXPECT_EQ(ahead[0].value("seconds"), "3600.0");
  EXPECT_EQ(ahead[0].value("monotonic_ns"), "1007000000000");
  const auto back = pass(1s, [](Vitals& vitals) { vitals.wall -= 2s; });
  ASSERT_EQ(codes(back), "TIME:clock");
  EXPECT_EQ(back[0].value("direction"), "back");
}

TEST_F(HealthTest, NeitherHidesNorInventsASilenceWhenTheClockJumps) {
  const Spoil silent = [](Vitals& vitals) { vitals.taps[1].counters.received -= 100; };
  pass(5s);
  pass(1s, [](Vitals& vitals) { vitals.wall += 3600s; });
  EXPECT_EQ(codes(pass(59s, silent)), "");
  EXPECT_EQ(codes(pass(1s, silent)), "GAP:t2");
}

TEST_F(HealthTest, TellsAClockThatIsNotSynchronisedAndKeepsQuietWhereNobodyKnows) {
  EXPECT_EQ(codes(pass(5s, [](Vitals& vitals) { vitals.synchronised = Synchronised::unknown; })), "");
  EXPECT_EQ(codes(pass(1s, [](Vitals& vitals) { vitals.synchronised = Synchronised::no; })),
            "TIME-UNSYNC:clock");
  EXPECT_EQ(codes(pass(1s, [](Vitals& vitals) { vitals.synchronised = Synchronised::yes; })),
            "-TIME-UNSYNC:clock");
}

TEST_F(HealthTest, TellsATapThatIsNoMereListener) {
  // What it sent before the watch began is not told.
  EXPECT_EQ(codes(pass(5s, [](Vitals& vitals) { vitals.taps[0].interface_vitals.transmitted = 9; })), "");
  EXPECT_EQ(codes(pass(1s, [](Vitals& vitals) { vitals.taps[0].interface_vitals.transmitted = 10; })),
            "TAP-TRANSMITS:t1");
  // Forwarding alone has nobody who could hand it anything.
  const auto no_address = pass(1s, [](Vitals& vitals) { vitals.taps[1].interface_vitals.forwards = true; });
  EXPECT_EQ(codes(no_address), "");
  const auto address =
      pass(1s, [](Vitals& vitals) { vitals.taps[1].interface_vitals.addresses = {"192.0.2.7"}; });
  EXPECT_EQ(codes(address), "TAP-ADDRESS:t2 TAP-FORWARDS:t2");
  EXPECT_EQ(address[0].value("addresses"), "192.0.2.7");
  const auto mended = pass(1s, [](Vitals& vitals) { vitals.taps[1].interface_vitals = {}; });
  EXPECT_EQ(codes(mended), "-TAP-ADDRESS:t2 -TAP-FORWARDS:t2");
}

TEST_F(HealthTest, TellsADestinationThatStaysAwayAndNotOneThatRestarts) {
  const Spoil away = [](Vitals& vitals) { vitals.outlets.destinations[0].trouble = "connection refused"; };
  EXPECT_EQ(codes(pass(9s, away)), "");
  EXPECT_EQ(codes(pass(1s, [](Vitals& vitals) { vitals.outlets.destinations[0].trouble.clear(); })), "");
  const auto found = pass(11s, away);
  ASSERT_EQ(codes(found), "DESTINATION-DOWN:log");
  EXPECT_EQ(found[0].value("why"), "connection refused");
  EXPECT_EQ(codes(pass(1s, [](Vitals& vitals) { vitals.outlets.destinations[0].trouble.clear(); })),
            "-DESTINATION-DOWN:log");
  EXPECT_EQ(codes(pass(1s, [](Vitals& vitals) { vitals.outlets.destinations[0].queued = 49; })), "");
  EXPECT_EQ(codes(pass(1s, [](Vitals& vitals) { vitals.outlets.destinations[0].queued = 50; })),
            "DESTINATION-LAG:log");
}

TEST_F(HealthTest, TellsAJournalThatIsNotWrittenOrNotSigned) {
  const auto journal = [](auto change) {
    return [change](Vitals& vitals) {
      vitals.outlets.journal = {.path = "/j"};
      change(vitals.outlets.journal);
    };
  };
  EXPECT_EQ(codes(pass(1s, [](Vitals& vitals) { vitals.outlets.journal.trouble = "there is none"; })), "");
  EXPECT_EQ(codes(pass(1s, journal([](JournalVitals&) {}))), "");
  const auto failing = pass(1s, journal([](JournalVitals& it) {
                              it.trouble = "No space left on device";
                              it.waiting = 7;
                            }));
  ASSERT_EQ(codes(failing), "JOURNAL-FAILING:/j");
  EXPECT_EQ(failing[0].value("why"), "No space left on device");
  EXPECT_EQ(failing[0].value("waiting"), "7");
  const auto later = pass(1s, journal([](JournalVitals& it) {
                            it.trouble = "No space left on device";
                            it.waiting = 300;
                          }));
  ASSERT_EQ(codes(later), "JOURNAL-FAILING:/j");
  EXPECT_EQ(later[0].value("waiting"), "300") << "a repeat tells of its moment";
  EXPECT_EQ(codes(pass(1s, journal([](JournalVitals& it) { it.unsigned_because = "no key"; }))),
            "-JOURNAL-FAILING:/j JOURNAL-UNSIGNED:/j");
}

TEST_F(HealthTest, WhatGoesOnOverARestartBeganBeforeIt) {
  const std::string then = "2026-04-01T08:00:00.000000+09:00";
  for (const NoticeKind kind : {NoticeKind::clock_unsynchronised, NoticeKind::gap}) {
    Notice notice;
    notice.kind = kind;
    notice.subject = kind == NoticeKind::gap ? "t1" : "clock";
    notice.add("since", then);
    health_.resume(notice);
  }
  const auto found = pass(61s, [](Vitals& vitals) {
    vitals.synchronised = Synchronised::no;
    vitals.taps[0].counters.received = 0;
  });
  std::set<std::string> clock;
  for (const Notice& notice : found) {
    if (notice.kind == NoticeKind::clock_unsynchronised) clock.emplace(notice.value("since"));
  }
  EXPECT_EQ(clock, std::set<std::string>{then});
  EXPECT_EQ(found.back().kind, NoticeKind::gap);
  EXPECT_EQ(found.back().value("seconds"), "60");
  EXPECT_NE(found.back().value("since"), then) << "sixty seconds are not since eight o'clock";
}

TEST_F(HealthTest, TellsOnceWhatTheStartFoundInTheJournal) {
  const Spoil torn = [](Vitals& vitals) {
    vitals.outlets.journal.path = "/j";
    vitals.outlets.journal.torn_octets = 12;
  };
  const auto found = pass(1s, torn);
  ASSERT_EQ(codes(found), "JOURNAL-MENDED:/j");
  EXPECT_EQ(found[0].value("torn"), "12");
  EXPECT_FALSE(found[0].severity.has_value()) << "a power cut leaves this: no more than a warning";
  EXPECT_EQ(codes(pass(1s, torn)), "");
}

TEST_F(HealthTest, TellsOnceWhatAnEarlierRunCouldNotKeep) {
  const Spoil lost = [](Vitals& vitals) {
    vitals.outlets.journal.path = "/j";
    vitals.outlets.journal.lost_first = 3;
    vitals.outlets.journal.lost_last = 305;
  };
  const auto found = pass(1s, lost);
  ASSERT_EQ(codes(found), "JOURNAL-LOST:/j");
  EXPECT_EQ(found[0].value("lost"), "303");
  EXPECT_EQ(found[0].value("first"), "3");
  EXPECT_EQ(found[0].value("last"), "305");
  EXPECT_EQ(codes(pass(1s, lost)), "");
}

TEST_F(HealthTest, ATornEndThatTheDiskWouldNotLetGoIsNoEverydayMatter) {
  const auto found = pass(1s, [](Vitals& vitals) {
    vitals.outlets.journal.path = "/j";
    vitals.outlets.journal.uncut_octets = 12;
  });
  ASSERT_EQ(codes(found), "JOURNAL-MENDED:/j");
  EXPECT_EQ(found[0].value("uncut"), "12");
  EXPECT_EQ(found[0].severity, policy::Severity::error);
}

TEST_F(HealthTest, TellsADiskThatIsShortOrCannotBeAsked) {
  EXPECT_EQ(codes(pass(1s, [](Vitals& vitals) { vitals.disks[0].free = 5; })), "");
  const auto found = pass(1s, [](Vitals& vitals) { vitals.disks[0].free = 4; });
  ASSERT_EQ(codes(found), "DISK:/var/log/x");
  EXPECT_EQ(notice_sentence(found[0], Text::notice_disk_short, Language::ja),
            "【ディスク逼迫】/var/log/x のある領域の空きは4.0%（4 "
            "バイト）です（設定した下限5%を下回っています）。");
  EXPECT_EQ(codes(pass(1s, [](Vitals& vitals) { vitals.disks[0].free = 50; })), "-DISK:/var/log/x");
  EXPECT_EQ(codes(pass(1s, [](Vitals& vitals) { vitals.disks[0].trouble = "Input/output error"; })),
            "DISK:/var/log/x");
}

TEST_F(HealthTest, TellsAConfigurationThatIsNotTheOneInForce) {
  const auto found = pass(1s, [](Vitals& vitals) { vitals.files[0].found = "bb"; });
  ASSERT_EQ(codes(found), "CFG-TAMPER:/etc/x.yaml");
  EXPECT_EQ(found[0].value("running"), "aa");
  EXPECT_EQ(found[0].value("found"), "bb");
  EXPECT_EQ(codes(pass(1s, [](Vitals& vitals) { vitals.files[0].running = "bb"; })),
            "-CFG-TAMPER:/etc/x.yaml");
  EXPECT_EQ(codes(pass(1s, [](Vitals& vitals) { vitals.files[0].found.clear(); })), "CFG-TAMPER:/etc/x.yaml");
}

TEST_F(HealthTest, TellsAStuckWorkerAndDoesNotTakeItsFiguresForSilence) {
  pass(5s);
  const auto found = pass(120s, [](Vitals& vitals) {
    for (TapVitals& tap : vitals.taps) tap.counters.received -= 100;
    vitals.matrix = {};
    vitals.workers[0] = {11s, true};
  });
  ASSERT_FALSE(found.empty());
  for (const Notice& notice : found) EXPECT_EQ(notice.kind, NoticeKind::worker_stuck);
}

TEST(InterfaceLook, ReadsWhatAnInterfaceSent) {
  const std::string net_dev =
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop\n"
      "  eth1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
      "eth10:1 2 3 4 5 6 7 8 9 77 11 12 13 14 15 16\n";
  EXPECT_EQ(transmitted_of(net_dev, "eth1"), 10U);
  EXPECT_EQ(transmitted_of(net_dev, "eth10"), 77U);
  EXPECT_EQ(transmitted_of(net_dev, "eth2"), 0U);
  EXPECT_EQ(transmitted_of("eth1: 1 2", "eth1"), 0U) << "cut short";
}

TEST(InterfaceLook, ReadsTheIpv6AddressesOfOneInterface) {
  const std::string if_inet6 =
      "fe8000000000000002005efffe005301 02 40 20 80     eth1\n"
      "20010db8000000000000000000000001 03 40 00 80    eth10\n"
      "nonsense 02 40 20 80 eth1\n";
  EXPECT_EQ(ipv6_of(if_inet6, "eth1"), std::vector<std::string>{"fe80::200:5eff:fe00:5301"});
  EXPECT_EQ(ipv6_of(if_inet6, "eth2"), std::vector<std::string>{});
}

}  // namespace
}  // namespace sekimori::daemon
