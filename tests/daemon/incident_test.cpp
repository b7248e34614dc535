#include "daemon/alert/incident.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "daemon/render.hpp"
#include "tests/daemon/alert_city.hpp"

namespace sekimori::daemon {
namespace {

using capture::Stage;
using namespace std::chrono_literals;
using test::nine_twelve;

class IncidentsTest : public testing::Test {
 protected:
  FlowEvent event(std::string_view source, std::string_view destination, std::uint16_t port,
                  Duration after = 0s, Stage stage = Stage::attempt,
                  FlowEvent::Kind kind = FlowEvent::Kind::opened) {
    FlowEvent out = test::event_of(*policy, source, destination, port, stage, nine_twelve + after);
    out.kind = kind;
    out.facts.id = ++flow;
    return out;
  }
  std::vector<AlertRecord> feed(const FlowEvent& event) {
    std::vector<AlertRecord> out;
    incidents().feed(event, policy, 0.25, out);
    note(out);
    return out;
  }
  std::vector<AlertRecord> tick(Duration after) {
    std::vector<AlertRecord> out;
    incidents().tick(nine_twelve + after, out);
    note(out);
    return out;
  }
  std::vector<AlertRecord> finish(Duration after) {
    std::vector<AlertRecord> out;
    incidents().finish(nine_twelve + after, out);
    note(out);
    return out;
  }
  Incidents& incidents() {
    if (!made) made = std::make_unique<Incidents>(options);
    return *made;
  }
  void note(const std::vector<AlertRecord>& records) {
    for (const AlertRecord& record : records) {
      EXPECT_EQ(record.sequence, ++last_sequence);
      all.push_back(record);
    }
    const Incidents::Counters& counters = incidents().counters();
    EXPECT_EQ(counters.events_in, counters.told + counters.suppressed);
    EXPECT_EQ(counters.lines, last_sequence);
  }
  // What the lines say they stand for, once everything is closed, must be every event that was about an
  // incident.
  std::uint64_t events_in_lines() const {
    std::uint64_t sum = 0;
    for (const AlertRecord& record : all) {
      const bool summary = record.kind == AlertKind::repeated || record.kind == AlertKind::closed;
      sum += record.suppressed + (summary ? 0 : 1);
    }
    return sum;
  }
  static std::vector<AlertKind> kinds(const std::vector<AlertRecord>& records) {
    std::vector<AlertKind> out;
    for (const AlertRecord& record : records) out.push_back(record.kind);
    return out;
  }

  AlertOptions options{};
  std::shared_ptr<const policy::Policy> policy = test::alert_policy();
  std::unique_ptr<Incidents> made{};
  std::vector<AlertRecord> all{};
  std::uint64_t last_sequence = 0;
  std::uint64_t flow = 0;
};

using Kinds = std::vector<AlertKind>;

TEST_F(IncidentsTest, TellsTheFirstSightAtOnce) {
  const auto records = feed(event("10.10.1.5", "203.0.113.9", 443));
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].kind, AlertKind::opened);
  EXPECT_EQ(records[0].sequence, 1U);
  EXPECT_EQ(records[0].events, 1U);
  EXPECT_EQ(records[0].flows, 1U);
  EXPECT_EQ(records[0].responders, 1U);
  EXPECT_EQ(records[0].bytes, 214U);
  EXPECT_EQ(records[0].severity, policy::Severity::warning);
  EXPECT_EQ(records[0].loss_ratio, 0.25);
  EXPECT_EQ(incident_id(records[0]).substr(0, 4), "inc-");
  EXPECT_EQ(incidents().open(), 1U);
}

TEST_F(IncidentsTest, TellsTheSameForWhoeverLooksAhead) {
  options.incidents_max = 8;
  std::vector<FlowEvent> events;
  for (int i = 0; i < 300; ++i) {
    const std::string source = "10.10.1." + std::to_string(i * i % 23 + 1);
    const auto port = static_cast<std::uint16_t>(440 + i % 3);
    events.push_back(event(source, "203.0.113.9", port, std::chrono::milliseconds{i * 10}));
  }
  std::vector<const FlowEvent*> ready;
  for (const FlowEvent& each : events) ready.push_back(&each);
  Incidents ahead{options};
  std::vector<AlertRecord> out;
  for (std::size_t i = 0; i < events.size(); ++i) {
    ahead.look_ahead(i, ready);
    ahead.feed(events[i], policy, 0.25, out);
    feed(events[i]);
  }
  EXPECT_EQ(ahead.counters(), incidents().counters());
  ASSERT_EQ(out.size(), all.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    EXPECT_EQ(out[i].kind, all[i].kind);
    EXPECT_EQ(incident_id(out[i]), incident_id(all[i]));
    EXPECT_EQ(out[i].events, all[i].events);
  }
}

TEST_F(IncidentsTest, CountsAnotherFlowToTheSameServiceSilently) {
  feed(event("10.10.1.5", "203.0.113.9", 443));
  EXPECT_TRUE(feed(event("10.10.1.5", "203.0.113.9", 443, 1s)).empty());
  EXPECT_EQ(incidents().counters().suppressed, 1U);
}

TEST_F(IncidentsTest, TellsEachRiseOfTheHighestStageOnce) {
  FlowEvent first = event("10.10.1.5", "203.0.113.9", 443);
  feed(first);
  first.kind = FlowEvent::Kind::rose;
  for (const Stage stage : {Stage::answered, Stage::established, Stage::data}) {
    first.facts.stage = stage;
    first.time += 1s;
    const auto records = feed(first);
    ASSERT_EQ(kinds(records), Kinds{AlertKind::escalated});
    EXPECT_EQ(records[0].stage_highest, stage);
    EXPECT_EQ(records[0].flows, 1U) << "one flow, however often it rises";
  }
  EXPECT_EQ(all.back().severity, policy::Severity::alert);
  // A second flow that gets as far is no news.
  EXPECT_TRUE(feed(event("10.10.1.5", "203.0.113.9", 443, 5s, Stage::data)).empty());
}

TEST_F(IncidentsTest, TellsNewRespondersAndServicesUntilTheLimitThenSaysSweepOnce) {
  options.responders_max = 3;
  feed(event("10.10.1.5", "203.0.113.9", 443, 0s));
  EXPECT_EQ(kinds(feed(event("10.10.1.5", "203.0.113.10", 443, 10s))), Kinds{AlertKind::widened});
  EXPECT_EQ(kinds(feed(event("10.10.1.5", "203.0.113.9", 80, 20s))), Kinds{AlertKind::widened});
  const auto sweep = feed(event("10.10.1.5", "203.0.113.9", 22, 30s));
  ASSERT_EQ(kinds(sweep), Kinds{AlertKind::sweep});
  EXPECT_EQ(sweep[0].responders, 2U);
  EXPECT_EQ(sweep[0].services, 4U);
  EXPECT_TRUE(feed(event("10.10.1.5", "203.0.113.9", 23, 40s)).empty());
  // A rise in stage still breaks through.
  EXPECT_EQ(kinds(feed(event("10.10.1.5", "203.0.113.9", 25, 41s, Stage::established))),
            Kinds{AlertKind::escalated});
}

TEST_F(IncidentsTest, KeepsInitiatorsAndBoundariesApart) {
  EXPECT_EQ(kinds(feed(event("10.10.1.5", "203.0.113.9", 443))), Kinds{AlertKind::opened});
  EXPECT_EQ(kinds(feed(event("10.10.1.6", "203.0.113.9", 443))), Kinds{AlertKind::opened});
  EXPECT_EQ(kinds(feed(event("10.10.1.5", "10.30.0.9", 443))), Kinds{AlertKind::opened});
  std::set<std::string> ids;
  for (const AlertRecord& record : all) ids.insert(incident_id(record));
  EXPECT_EQ(ids.size(), 3U);
}

TEST_F(IncidentsTest, SummarisesAtGrowingPauses) {
  options.incident_idle = 24h;
  feed(event("10.10.1.5", "203.0.113.9", 443));
  std::vector<Duration> told;
  for (int second = 1; second <= 6 * 3600; ++second) {
    for (const AlertRecord& record :
         feed(event("10.10.1.5", "203.0.113.9", 443, std::chrono::seconds{second}))) {
      EXPECT_EQ(record.kind, AlertKind::repeated);
      told.push_back(record.time - nine_twelve);
    }
  }
  // Due 60, 660, 4260, 7860, 11460, 15060, 18660 s after the first line; the record carries the event before.
  ASSERT_EQ(told.size(), 7U);
  EXPECT_EQ(told[0], 59s);
  EXPECT_EQ(told[1], 659s);
  EXPECT_EQ(told[2], 4259s);
  EXPECT_EQ(told[6], 18659s);
  finish(6h);
  EXPECT_EQ(events_in_lines(), incidents().counters().events_in);
}

TEST_F(IncidentsTest, ClosesWhenQuietWithTheTotals) {
  FlowEvent first = event("10.10.1.5", "203.0.113.9", 443);
  feed(first);
  first.kind = FlowEvent::Kind::updated;
  first.time += 20s;
  first.facts.bytes_to_client = 5000;
  EXPECT_TRUE(feed(first).empty());
  EXPECT_TRUE(tick(619s).size() == 1U) << "the summary after a minute";
  EXPECT_EQ(all.back().kind, AlertKind::repeated);
  const auto closed = tick(620s);
  ASSERT_EQ(kinds(closed), Kinds{AlertKind::closed});
  EXPECT_EQ(closed[0].close, CloseReason::quiet);
  EXPECT_EQ(closed[0].time, nine_twelve + 20s);
  EXPECT_EQ(closed[0].opened, nine_twelve);
  EXPECT_EQ(closed[0].events, 2U);
  EXPECT_EQ(closed[0].flows, 1U);
  EXPECT_EQ(closed[0].bytes, 5214U) << "the flow's last figures, not their sum";
  EXPECT_EQ(incidents().open(), 0U);
  EXPECT_EQ(incidents().next_due(), Time::max());
  // What comes later is a new incident with another id.
  EXPECT_EQ(kinds(feed(event("10.10.1.5", "203.0.113.9", 443, 700s))), Kinds{AlertKind::opened});
  EXPECT_NE(incident_id(all.back()), incident_id(closed[0]));
}

TEST_F(IncidentsTest, SweepOfAllPortsIsAtMostTenLinesAndNothingIsUncounted) {
  // A scanner's pace, with refusals and two open ports: the worst that a real scan brings.
  for (std::uint32_t port = 0; port < 65536; ++port) {
    const Duration at = port * 1ms;
    FlowEvent probe = event("10.20.1.5", "10.10.0.9", static_cast<std::uint16_t>(port), at);
    feed(probe);
    probe.kind = FlowEvent::Kind::rose;
    probe.time += 200us;
    probe.facts.stage = port == 1521 || port == 22 ? Stage::answered : Stage::refused;
    feed(probe);
  }
  finish(2h);
  EXPECT_LE(all.size(), 10U);
  EXPECT_EQ(all.back().kind, AlertKind::closed);
  EXPECT_EQ(all.back().services, 65536U);
  EXPECT_EQ(all.back().responders, 1U);
  EXPECT_EQ(all.back().flows, 65536U);
  EXPECT_EQ(all.back().events, 2 * 65536U);
  EXPECT_EQ(events_in_lines(), 2 * 65536U);
  EXPECT_EQ(incidents().counters().sweeps, 1U);
}

TEST_F(IncidentsTest, SweepOfTenThousandHostsIsAtMostTenLines) {
  for (std::uint32_t host = 0; host < 10'000; ++host) {
    const std::string responder = IpAddress::ipv4(0x0a0a0000U + host + 1).to_string();
    feed(event("10.20.1.5", responder, 445, host * 2ms));
  }
  finish(2h);
  EXPECT_LE(all.size(), 10U);
  EXPECT_EQ(all.back().responders, 10'000U);
  EXPECT_EQ(events_in_lines(), 10'000U);
}

TEST_F(IncidentsTest, SlowPortsBelowTheBurstAreToldOneByOne) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(feed(event("10.20.1.5", "10.10.0.9", static_cast<std::uint16_t>(100 + i), i * 150ms)).size(),
              1U);
  }
  EXPECT_EQ(all.back().kind, AlertKind::widened);
  EXPECT_EQ(kinds(feed(event("10.20.1.5", "10.10.0.9", 200, 2s))), Kinds{AlertKind::sweep});
}

TEST_F(IncidentsTest, MakesRoomByClosingTheStalest) {
  options.incidents_max = 2;
  feed(event("10.10.1.1", "203.0.113.9", 443, 0s));
  feed(event("10.10.1.2", "203.0.113.9", 443, 1s));
  feed(event("10.10.1.1", "203.0.113.9", 443, 2s));  // now the second is the stalest
  const auto records = feed(event("10.10.1.3", "203.0.113.9", 443, 3s));
  ASSERT_EQ(kinds(records), (Kinds{AlertKind::closed, AlertKind::opened}));
  EXPECT_EQ(records[0].close, CloseReason::displaced);
  EXPECT_EQ(records[0].event.facts.tuple.source, test::ip("10.10.1.2"));
  EXPECT_EQ(incidents().counters().incidents_evicted, 1U);
  EXPECT_EQ(incidents().open(), 2U);
}

TEST_F(IncidentsTest, TellsTheUseOfAnExceptionOnceADayAtNotice) {
  const auto first = feed(event("10.10.1.6", "10.20.1.6", 8530));
  ASSERT_EQ(kinds(first), Kinds{AlertKind::exception});
  EXPECT_EQ(first[0].severity, policy::Severity::notice);
  for (int hour = 1; hour < 24; ++hour) {
    EXPECT_TRUE(feed(event("10.10.1.6", "10.20.1.6", 8530, std::chrono::hours{hour}, Stage::data)).empty());
  }
  const auto next_day = feed(event("10.10.1.6", "10.20.1.6", 8530, 24h));
  ASSERT_EQ(kinds(next_day), Kinds{AlertKind::exception});
  EXPECT_EQ(next_day[0].suppressed, 23U);
  feed(event("10.10.1.6", "10.20.1.6", 8530, 25h));
  // Not used for a day: what was counted is told, then it is forgotten.
  EXPECT_EQ(tick(25h + 24h - 1s).size(), 0U);
  const auto last = tick(25h + 24h);
  ASSERT_EQ(kinds(last), Kinds{AlertKind::exception});
  EXPECT_EQ(last[0].suppressed, 1U);
  EXPECT_EQ(incidents().open(), 0U) << "an exception in use is no incident";
}

TEST_F(IncidentsTest, CountsARejudgedFlowThatBecameForbiddenAsOpened) {
  const auto records =
      feed(event("10.10.1.5", "203.0.113.9", 443, 0s, Stage::established, FlowEvent::Kind::rejudged));
  ASSERT_EQ(kinds(records), Kinds{AlertKind::opened});
  EXPECT_EQ(records[0].flows, 1U);
}

TEST_F(IncidentsTest, CountsAnEventThatIsNeitherForbiddenNorByException) {
  EXPECT_TRUE(feed(event("10.30.1.5", "172.31.0.8", 8080)).empty());
  EXPECT_EQ(incidents().counters().events_permitted, 1U);
  EXPECT_EQ(incidents().counters().suppressed, 1U);
  EXPECT_EQ(incidents().open(), 0U);
}

// ---- did it pass the boundary
// ------------------------------------------------------------------------------------------

constexpr capture::Passage nothing_known{};

FlowEvent seen_to_enter(policy::SegmentId segment, Duration after) {
  FlowEvent event;
  event.kind = FlowEvent::Kind::beyond;
  event.time = nine_twelve + after;
  event.verdict.to = segment;
  return event;
}

TEST_F(IncidentsTest, APacketBeyondTheBoundaryBreaksThroughOnceForEachDirection) {
  FlowEvent one = event("10.10.1.5", "203.0.113.9", 443);
  EXPECT_EQ(feed(one).at(0).passage, nothing_known);
  one.kind = FlowEvent::Kind::passed;
  one.facts.passed_to_server = true;
  const auto there = feed(one);
  ASSERT_EQ(kinds(there), Kinds{AlertKind::escalated});
  EXPECT_EQ(there[0].passage, (capture::Passage{capture::Passed::yes, capture::Passed::unknown}));
  EXPECT_EQ(there[0].event.kind, FlowEvent::Kind::passed);
  EXPECT_TRUE(feed(one).empty()) << "known";
  FlowEvent other = event("10.10.1.5", "203.0.113.9", 443, 1s, Stage::attempt, FlowEvent::Kind::passed);
  other.facts.passed_to_server = true;
  EXPECT_TRUE(feed(other).empty()) << "of the incident, not of each flow";
  other.facts.passed_to_client = true;
  const auto back = feed(other);
  ASSERT_EQ(kinds(back), Kinds{AlertKind::escalated});
  EXPECT_EQ(back[0].passage, (capture::Passage{capture::Passed::yes, capture::Passed::yes}));
  finish(60s);
  EXPECT_EQ(all.back().passage, (capture::Passage{capture::Passed::yes, capture::Passed::yes}));
  EXPECT_EQ(events_in_lines(), incidents().counters().events_in);
}

TEST_F(IncidentsTest, APassageBreaksThroughAfterASweepAndWhateverEventBringsIt) {
  options.responders_max = 1;
  feed(event("10.10.1.5", "203.0.113.9", 443));
  ASSERT_EQ(kinds(feed(event("10.10.1.5", "203.0.113.10", 443, 10s))), Kinds{AlertKind::sweep});
  EXPECT_TRUE(feed(event("10.10.1.5", "203.0.113.11", 443, 20s)).empty());
  FlowEvent late = event("10.10.1.5", "203.0.113.12", 443, 30s, Stage::attempt, FlowEvent::Kind::updated);
  late.facts.passed_to_server = true;
  const auto records = feed(late);
  ASSERT_EQ(kinds(records), Kinds{AlertKind::escalated});
  EXPECT_EQ(records[0].event.kind, FlowEvent::Kind::passed) << "the line is about the passage";
}

TEST_F(IncidentsTest, AFirstSightThatHasPassedSaysSoAndIsNotToldAgain) {
  FlowEvent one = event("10.10.1.5", "203.0.113.9", 443);
  one.facts.passed_to_server = true;
  const auto records = feed(one);
  ASSERT_EQ(kinds(records), Kinds{AlertKind::opened});
  EXPECT_EQ(records[0].passage.to_server, capture::Passed::yes);
  one.kind = FlowEvent::Kind::passed;
  EXPECT_TRUE(feed(one).empty());
}

TEST_F(IncidentsTest, WhatDidNotPassIsToldOnceThatSideIsKnownToBeWatched) {
  const policy::SegmentId external = policy->external();
  FlowEvent one = event("10.10.1.5", "203.0.113.9", 443);
  EXPECT_EQ(feed(one).at(0).passage, nothing_known);
  feed(seen_to_enter(external, 2s));
  EXPECT_EQ(incidents().counters().events_in, 1U) << "a proof of coverage is no event of an incident";
  EXPECT_TRUE(incidents().coverage().sees(external, nine_twelve));
  const auto closed = tick(11min);
  ASSERT_EQ(kinds(closed), Kinds{AlertKind::closed});
  EXPECT_EQ(closed[0].passage, (capture::Passage{capture::Passed::no, capture::Passed::unknown}));
}

TEST_F(IncidentsTest, PassageIsUnknownWhenNobodyLookedInOneOfItsMinutes) {
  const policy::SegmentId external = policy->external();
  feed(seen_to_enter(external, 0s));
  feed(event("10.10.1.5", "203.0.113.9", 443));
  feed(event("10.10.1.5", "203.0.113.9", 443, 9min));
  // Eleven minutes after the last proof the side is no longer known to be watched.
  feed(event("10.10.1.5", "203.0.113.9", 443, 18min));
  feed(seen_to_enter(external, 20min));
  tick(20min);
  const auto closed = finish(21min);
  ASSERT_EQ(kinds(closed), Kinds{AlertKind::closed});
  EXPECT_EQ(closed[0].passage, nothing_known);
}

TEST_F(IncidentsTest, AFlowThatHasJustBegunIsNotSaidToHaveFailed) {
  feed(seen_to_enter(policy->external(), 0s));
  feed(event("10.10.1.5", "203.0.113.9", 443));
  EXPECT_EQ(feed(event("10.10.1.5", "203.0.113.10", 443, 30s)).at(0).passage, nothing_known);
  EXPECT_EQ(finish(30s + 999ms).at(0).passage, nothing_known);
  made.reset();
  all.clear();
  last_sequence = 0;
  feed(seen_to_enter(policy->external(), 0s));
  feed(event("10.10.1.5", "203.0.113.9", 443));
  EXPECT_EQ(finish(1s).at(0).passage.to_server, capture::Passed::no);
}

TEST_F(IncidentsTest, UseOfAnExceptionIsNotToldAgainWhenItPasses) {
  FlowEvent one = event("10.10.1.6", "10.20.1.6", 8530);
  ASSERT_EQ(kinds(feed(one)), Kinds{AlertKind::exception});
  one.kind = FlowEvent::Kind::passed;
  one.facts.passed_to_server = true;
  EXPECT_TRUE(feed(one).empty());
}

TEST_F(IncidentsTest, GivesTheSameLinesHoweverOftenItIsTicked) {
  std::mt19937 random{20260401};
  std::vector<FlowEvent> events;
  Duration at = 0s;
  for (int i = 0; i < 3000; ++i) {
    at += std::chrono::milliseconds{random() % 4000};
    const auto host = static_cast<unsigned>(random() % 6);
    // Two of them are never answered: only of those can be said that they did not get through.
    const auto stage = host < 2 ? Stage::attempt : static_cast<Stage>(random() % 5);
    events.push_back(event("10.10.1." + std::to_string(1 + host),
                           "203.0.113." + std::to_string(1 + random() % 12),
                           static_cast<std::uint16_t>(440 + random() % 3), at, stage));
    events.back().facts.passed_to_server = random() % 100 == 0;
    if (random() % 150 == 0) events.push_back(seen_to_enter(policy->external(), at));
    if (random() % 150 == 0) at += 12min;  // some incidents close in between
  }
  const auto run = [&](int ticks) {
    Incidents subject{options};
    std::vector<AlertRecord> out;
    Time before = nine_twelve;
    for (const FlowEvent& each : events) {
      for (int i = 1; i <= ticks; ++i) subject.tick(before + (each.time - before) * i / (ticks + 1), out);
      subject.feed(each, policy, 0, out);
      before = each.time;
    }
    subject.finish(before + 1h, out);
    EXPECT_EQ(subject.open(), 0U);
    std::string lines;
    for (const AlertRecord& record : out) {
      lines += std::to_string(record.sequence) + ' ' + std::to_string(static_cast<int>(record.kind)) + ' ' +
               incident_id(record) + ' ' + std::to_string(record.events) + ' ' +
               std::to_string(record.suppressed) + ' ' +
               std::string{capture::passed_name(record.passage.to_server)} + '\n';
    }
    return lines;
  };
  const std::string once = run(0);
  EXPECT_EQ(once, run(1));
  EXPECT_EQ(once, run(7));
  EXPECT_GT(std::count(once.begin(), once.end(), '\n'), 30);
  for (const char* passage : {" yes\n", " no\n", " unknown\n"}) {
    EXPECT_NE(once.find(passage), std::string::npos) << passage;
  }
}

TEST_F(IncidentsTest, AStampFromAheadDoesNotCloseWhatOpensAfterIt) {
  feed(event("10.10.1.9", "203.0.113.9", 443, 0s));
  feed(event("10.10.1.8", "203.0.113.9", 443, 9h));  // a clock that ran ahead
  const auto after = feed(event("10.10.1.7", "203.0.113.9", 443, 2s));
  EXPECT_EQ(kinds(after), Kinds{AlertKind::opened});
  EXPECT_EQ(kinds(feed(event("10.10.1.7", "203.0.113.9", 443, 3s))), Kinds{}) << "still open";
  EXPECT_EQ(incidents().open(), 2U);
}

TEST_F(IncidentsTest, FinishClosesEverythingInTheOrderOfOpening) {
  feed(event("10.10.1.9", "203.0.113.9", 443, 0s));
  feed(event("10.10.1.1", "203.0.113.9", 443, 1s));
  feed(event("10.10.1.9", "203.0.113.9", 443, 2s));
  const auto records = finish(3s);
  ASSERT_EQ(kinds(records), (Kinds{AlertKind::closed, AlertKind::closed}));
  EXPECT_EQ(records[0].event.facts.tuple.source, test::ip("10.10.1.9"));
  EXPECT_EQ(records[0].close, CloseReason::finished);
  EXPECT_EQ(records[0].suppressed, 1U);
}

}  // namespace
}  // namespace sekimori::daemon
