// Incidents against a plain and slow reference: what is open lies in a list that is searched from end to end,
// with ordinary sets, and what falls due is looked for among all of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "daemon/alert/incident.hpp"
#include "daemon/packet_clock.hpp"
#include "daemon/render.hpp"
#include "tests/daemon/alert_city.hpp"

namespace sekimori::daemon {
namespace {

using capture::Stage;
using namespace std::chrono_literals;

using Service = std::tuple<IpAddress, std::uint16_t, std::uint8_t>;
using Line = std::string;

class Reference {
 public:
  explicit Reference(const AlertOptions& options) : options_(options) {}

  void feed(const FlowEvent& event, const policy::Policy& policy) {
    advance(event.time);
    const bool incident = event.verdict.decision == policy::Decision::forbid;
    if (!incident && event.verdict.basis != policy::Basis::exception) return;
    const std::string exception =
        incident ? "" : policy.options().exceptions.at(event.verdict.basis_index).id;
    auto story = stories_.begin();
    while (story != stories_.end() &&
           (story->source != event.facts.tuple.source || story->pair != event.verdict.pair() ||
            story->exception != exception)) {
      ++story;
    }
    const bool fresh = story == stories_.end();
    if (fresh) {
      make_room(incident);
      stories_.push_back({event.facts.tuple.source, event.verdict.pair(), exception, ++number_, event.time});
      story = std::prev(stories_.end());
      story->stage = event.facts.stage;
    } else {
      stories_.splice(stories_.end(), stories_, story);
    }
    follow(*story, event, policy::severity(policy, event.verdict, event.facts.stage));
    if (incident) {
      incident_news(*story, event, fresh, policy::severity(policy, event.verdict, event.facts.stage));
    } else {
      story->stage = std::max(story->stage, event.facts.stage);
      if (fresh || story->last - story->line >= 24h) {
        tell(*story, AlertKind::exception, policy::Severity::notice);
        story->line = story->last;
      } else {
        ++story->suppressed;
      }
    }
  }

  void finish(Time now) {
    advance(now);
    for (const bool incidents : {true, false}) {
      std::map<std::uint64_t, std::list<Story>::iterator> by_number;
      for (auto story = stories_.begin(); story != stories_.end(); ++story) {
        if (story->exception.empty() == incidents) by_number.emplace(story->number, story);
      }
      for (const auto& [number, story] : by_number) close(story);
    }
  }

  std::vector<Line> lines{};

 private:
  struct Story {
    IpAddress source{};
    policy::PairId pair = 0;
    std::string exception{};
    std::uint64_t number = 0;
    Time opened{};
    Time last = opened;
    Time line = opened;
    Stage stage{};
    std::size_t pause = 0;
    bool swept = false;
    std::array<bool, 2> passed{};
    std::array<bool, 2> passed_told{};
    policy::Severity gravest = policy::Severity::debug;
    std::uint64_t events = 0;
    std::uint64_t suppressed = 0;
    std::uint64_t flows = 0;
    std::uint64_t bytes = 0;
    std::vector<std::pair<Service, Time>> told{};
    std::set<IpAddress> responders{};
    std::set<Service> services{};
    std::map<std::uint64_t, std::uint64_t> flow_bytes{};
  };

  Time due(const Story& story) const {
    if (!story.exception.empty()) return std::max(story.last, story.line) + 24h;
    const Time quiet = story.last + options_.incident_idle;
    return story.suppressed == 0 ? quiet : std::min(quiet, story.line + options_.repeat[story.pause]);
  }

  void advance(Time now) {
    follow_clock(clock_, now);
    for (;;) {
      auto first = stories_.end();
      for (auto story = stories_.begin(); story != stories_.end(); ++story) {
        if (first == stories_.end() ||
            std::tuple(due(*story), story->number) < std::tuple(due(*first), first->number)) {
          first = story;
        }
      }
      if (first == stories_.end() || due(*first) > clock_) return;
      const Time when = due(*first);
      if (!first->exception.empty() || first->last + options_.incident_idle <= when) {
        close(first);
        continue;
      }
      tell(*first, AlertKind::repeated, first->gravest);
      first->line = std::max(when, first->last);
      first->pause = std::min(first->pause + 1, options_.repeat.size() - 1);
    }
  }

  void make_room(bool incident) {
    std::size_t size = 0;
    auto stalest = stories_.end();
    for (auto story = stories_.begin(); story != stories_.end(); ++story) {
      if (story->exception.empty() != incident) continue;
      if (size++ == 0) stalest = story;
    }
    if (size >= options_.incidents_max) close(stalest);
  }

  void close(std::list<Story>::iterator story) {
    if (story->exception.empty()) {
      tell(*story, AlertKind::closed, story->gravest);
    } else if (story->suppressed > 0) {
      tell(*story, AlertKind::exception, policy::Severity::notice);
    }
    stories_.erase(story);
  }

  static void follow(Story& story, const FlowEvent& event, policy::Severity severity) {
    const capture::FlowFacts& facts = event.facts;
    const std::uint64_t bytes = facts.bytes_to_server + facts.bytes_to_client;
    ++story.events;
    story.last = std::max(story.last, event.time);
    story.gravest = std::min(story.gravest, severity);
    story.passed[0] = story.passed[0] || facts.passed_to_server;
    story.passed[1] = story.passed[1] || facts.passed_to_client;
    if (facts.id == 0) {
      if (event.kind == FlowEvent::Kind::opened || event.kind == FlowEvent::Kind::rejudged) {
        story.bytes += bytes;
        ++story.flows;
      }
    } else {
      const auto [known, added] = story.flow_bytes.try_emplace(facts.id, 0);
      if (added) ++story.flows;
      story.bytes += bytes >= known->second ? bytes - known->second : bytes;
      known->second = bytes;
    }
    story.responders.insert(facts.tuple.destination);
    story.services.insert({facts.tuple.destination, facts.tuple.destination_port, facts.tuple.protocol});
  }

  void incident_news(Story& story, const FlowEvent& event, bool fresh, policy::Severity severity) {
    const capture::Tuple& tuple = event.facts.tuple;
    const Service service{tuple.destination, tuple.destination_port, tuple.protocol};
    const bool known = std::any_of(story.told.begin(), story.told.end(),
                                   [&](const auto& told) { return told.first == service; });
    const bool burst = story.told.size() >= 4 && event.time - (story.told.end() - 4)->second <= 100ms;
    const bool room = !story.swept && story.told.size() < options_.responders_max && !burst;
    AlertKind kind = AlertKind::repeated;
    if (fresh) {
      kind = AlertKind::opened;
    } else if (event.facts.stage > story.stage) {
      story.stage = event.facts.stage;
      kind = AlertKind::escalated;
    } else if ((story.passed[0] && !story.passed_told[0]) || (story.passed[1] && !story.passed_told[1])) {
      kind = AlertKind::escalated;
    } else if (!known && room) {
      kind = AlertKind::widened;
    } else if (!known && !story.swept) {
      story.swept = true;
      kind = AlertKind::sweep;
    }
    if (!known && room && kind != AlertKind::repeated) story.told.emplace_back(service, event.time);
    if (kind == AlertKind::repeated) {
      ++story.suppressed;
      return;
    }
    tell(story, kind, severity);
    story.line = story.last;
  }

  void tell(Story& story, AlertKind kind, policy::Severity severity) {
    AlertRecord record;
    record.kind = kind;
    record.sequence = lines.size() + 1;
    record.time = story.last;
    record.opened = story.opened;
    record.event.facts.tuple.source = story.source;
    record.event.verdict.from = policy::from_of(story.pair);
    record.event.verdict.to = policy::to_of(story.pair);
    record.stage_highest = story.stage;
    record.severity = severity;
    record.events = story.events;
    record.suppressed = story.suppressed;
    record.flows = story.flows;
    record.responders = story.responders.size();
    record.services = story.services.size();
    record.bytes = story.bytes;
    record.passage = {story.passed[0] ? capture::Passed::yes : capture::Passed::unknown,
                      story.passed[1] ? capture::Passed::yes : capture::Passed::unknown};
    lines.push_back(line_of(record));
    story.passed_told = story.passed;
    story.suppressed = 0;
  }

 public:
  static Line line_of(const AlertRecord& record) {
    std::string line = incident_id(record) + " " + timestamp(record.time, 540);
    for (const std::uint64_t number :
         {record.sequence, static_cast<std::uint64_t>(record.kind),
          static_cast<std::uint64_t>(record.stage_highest), static_cast<std::uint64_t>(record.severity),
          record.events, record.suppressed, record.flows, record.responders, record.services, record.bytes,
          static_cast<std::uint64_t>(record.passage.to_server),
          static_cast<std::uint64_t>(record.passage.to_client)}) {
      line += ' ' + std::to_string(number);
    }
    return line;
  }

 private:
  const AlertOptions options_;
  std::list<Story> stories_{};  // in the order of their last events
  std::uint64_t number_ = 0;
  Time clock_{};
};

// Hosts that come and go, sweep, pass the boundary, use exceptions and go quiet; clocks that are out of step.
class Streams {
 public:
  Streams(const policy::Policy& policy, unsigned seed, unsigned hosts)
      : policy_(policy), random_(seed), hosts_(hosts) {}

  FlowEvent next() {
    at_ += std::chrono::milliseconds{below(below(8) == 0 ? 20'000 : 40)};
    if (below(400) == 0) at_ += std::chrono::minutes{below(40)};
    if (below(2000) == 0) at_ += 23h;
    const unsigned host = below(10) < 7 ? below(4) : below(hosts_);
    const std::string source =
        "10." + std::string{below(5) == 0 ? "20" : "10"} + ".1." + std::to_string(1 + host);
    const bool excepted = below(12) == 0;
    FlowEvent event = excepted ? test::event_of(policy_, "10.10.1.6", "10.20.1.6", 8530)
                               : test::event_of(policy_, source, "203.0.113." + std::to_string(below(9)),
                                                static_cast<std::uint16_t>(440 + below(host == 0 ? 400 : 2)),
                                                static_cast<Stage>(below(30) == 0 ? below(5) : below(2)));
    event.kind = static_cast<FlowEvent::Kind>(below(5));
    event.time = test::nine_twelve + at_ - std::chrono::milliseconds{below(20) == 0 ? below(3000) : 0};
    event.facts.id = below(50) == 0 ? 0 : 1 + below(300);
    event.facts.bytes_to_client = below(100'000);
    event.facts.passed_to_server = below(60) == 0;
    event.facts.passed_to_client = below(90) == 0;
    return event;
  }

 private:
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

  const policy::Policy& policy_;
  std::mt19937 random_;
  const unsigned hosts_;
  Duration at_{};
};

TEST(IncidentsModel, TellsWhatThePlainReferenceTells) {
  const std::shared_ptr<const policy::Policy> policy = test::alert_policy();
  std::set<AlertKind> kinds;
  for (const unsigned incidents_max : {3U, 16U, 10'000U}) {
    AlertOptions options;
    options.incidents_max = incidents_max;
    Streams streams{*policy, incidents_max, 40};
    Incidents subject{options};
    Reference reference{options};
    std::vector<AlertRecord> records;
    Time last{};
    for (int i = 0; i < 6000; ++i) {
      const FlowEvent event = streams.next();
      subject.feed(event, policy, 0, records);
      reference.feed(event, *policy);
      ASSERT_EQ(records.size(), reference.lines.size()) << "event " << i;
      last = std::max(last, event.time);
    }
    subject.finish(last, records);
    reference.finish(last);
    ASSERT_EQ(records.size(), reference.lines.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
      ASSERT_EQ(Reference::line_of(records[i]), reference.lines[i]) << "line " << i;
      kinds.insert(records[i].kind);
    }
    const Incidents::Counters& counters = subject.counters();
    EXPECT_EQ(counters.events_in, counters.told + counters.suppressed);
    EXPECT_EQ(counters.incidents_opened, counters.incidents_closed);
    EXPECT_EQ(subject.open(), 0U);
    EXPECT_EQ(counters.incidents_evicted > 0, incidents_max < 40);
  }
  EXPECT_EQ(kinds.size(), 7U) << "every kind of line came up";
}

}  // namespace
}  // namespace sekimori::daemon
