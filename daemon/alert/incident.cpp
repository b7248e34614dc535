#include "daemon/alert/incident.hpp"

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cassert>
#include <cstring>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "daemon/packet_clock.hpp"
#include "daemon/render.hpp"

namespace sekimori::daemon {
namespace {

// A machine: this many new services within this time are a sweep, whatever responders_max allows.
constexpr std::size_t sweep_burst = 4;
constexpr std::chrono::milliseconds sweep_burst_time{100};
constexpr std::chrono::hours exception_pause{24};
// Flows, responders and services remembered, all incidents together and each of them: about 20 MB at most.
constexpr std::uint64_t remembered_max = 1U << 20U;
constexpr std::uint64_t remembered_each_max = 1U << 18U;

// What a responder offers. ICMP has no ports; its type says what was asked.
struct Service {
  IpAddress responder{};
  std::uint16_t port = 0;
  std::uint8_t protocol = 0;
  bool operator==(const Service&) const = default;
};

Service service_of(const capture::FlowFacts& facts) {
  const capture::Tuple& tuple = facts.tuple;
  const bool icmp = tuple.protocol == capture::protocol::icmp || tuple.protocol == capture::protocol::icmpv6;
  return {tuple.destination, icmp ? tuple.source_port : tuple.destination_port, tuple.protocol};
}

std::uint64_t digest_of(const IpAddress& address, std::uint16_t port, std::uint8_t protocol) {
  std::array<char, 20> bytes{};
  std::memcpy(bytes.data(), address.bytes.data(), 16);
  bytes[16] = static_cast<char>(address.family);
  bytes[17] = static_cast<char>(protocol);
  std::memcpy(bytes.data() + 18, &port, sizeof port);
  return std::hash<std::string_view>{}({bytes.data(), bytes.size()});
}

std::uint64_t bytes_of(const capture::FlowFacts& facts) {
  return facts.bytes_to_server + facts.bytes_to_client;
}

// Initiator and boundary; for the use of an exception also its id, which stays when the policy is read anew.
struct Key {
  IpAddress initiator{};
  policy::PairId pair = 0;
  std::string exception{};
  auto operator<=>(const Key&) const = default;
};

struct Due {
  Time time{};
  std::uint64_t number = 0;
  auto operator<=>(const Due&) const = default;
};

struct Told {
  Service service{};
  Time time{};
};

// What is known of one direction's way through the boundary. Not kept for each flow: the incident can say
// that nothing passed only if what enters that side was seen in every minute in which one of its flows spoke.
struct Trail {
  bool yes = false;
  bool spoke = false;
  bool blind = false;                   // in some minute nobody was looking
  bool told = false;                    // a line has said yes
  Time latest_start{};                  // of the flows that did not pass
  std::vector<std::int64_t> minutes{};  // not settled yet, in order
};

// One incident, or one initiator's use of one exception.
struct Story {
  Key key{};
  std::uint64_t number = 0;  // 1, 2, 3...: breaks ties in time
  std::string id{};
  Time opened{};
  Time last_event{};
  Time last_line{};
  Due due{};              // its place among the timers, never later than what is really due
  std::size_t pause = 0;  // index into the pauses between summaries
  bool swept = false;
  capture::Stage stage_highest = capture::Stage::attempt;
  policy::Severity gravest = policy::Severity::debug;
  std::uint64_t events = 0;
  std::uint64_t suppressed = 0;  // since the last line
  std::uint64_t flows = 0;
  std::uint64_t bytes = 0;
  std::vector<Told> told{};
  boost::unordered_flat_set<std::uint64_t> responders{};
  boost::unordered_flat_set<std::uint64_t> services{};
  boost::unordered_flat_map<std::uint64_t, std::uint64_t> flow_bytes{};  // by FlowFacts::id
  std::array<Trail, 2> trails{};                                         // to the server, to the client
  FlowEvent event{};                                                     // the latest
  std::shared_ptr<const policy::Policy> policy{};

  std::uint64_t remembered() const { return responders.size() + services.size() + flow_bytes.size(); }
};

// Stories by key, and in the order of their last events: the front is the stalest.
struct Shelf {
  std::list<Story> stories{};
  std::map<Key, std::list<Story>::iterator> index{};
};

// The segment that packets of this direction enter.
policy::SegmentId entered(const Story& story, std::size_t direction) {
  return direction == 0 ? policy::to_of(story.key.pair) : policy::from_of(story.key.pair);
}

Time moment_in(std::int64_t minute) {
  return Time{std::chrono::minutes{minute}};
}

}  // namespace

struct Incidents::State {
  State(const AlertOptions& from, Coverage::Memory memory) : options(from), coverage(memory) {
    std::erase_if(options.repeat, [](std::chrono::seconds pause) { return pause.count() <= 0; });
    options.incidents_max = std::max(options.incidents_max, 1U);
    options.responders_max = std::max<std::uint16_t>(options.responders_max, 1);
  }

  AlertOptions options;
  Coverage coverage;
  Counters counters{};
  Shelf incidents{};
  Shelf exceptions{};
  std::map<Due, std::pair<Shelf*, std::list<Story>::iterator>> timers{};
  std::uint64_t sequence = 0;
  std::uint64_t number = 0;
  std::uint64_t remembered = 0;
  double loss_ratio = 0;
  Time clock{};

  using Records = std::vector<AlertRecord>;
  using Handle = std::list<Story>::iterator;

  void tell(Story& story, AlertKind kind, policy::Severity severity, Time now, Records& out,
            CloseReason close = CloseReason::none);
  void trace(Story& story, const FlowEvent& event);
  capture::Passed passed(const Trail& trail, policy::SegmentId entered, Time now) const;
  Time due(const Shelf& shelf, const Story& story) const;
  void wind(Shelf& shelf, Handle handle);
  void advance(Time now, Records& out);
  void close(Shelf& shelf, Handle handle, CloseReason reason, Time now, Records& out);
  Handle open(Shelf& shelf, Key key, const FlowEvent& event, Records& out);
  bool may_remember(const Story& story) const {
    return remembered < remembered_max && story.remembered() < remembered_each_max;
  }
  void follow(Story& story, const FlowEvent& event);
  void feed_incident(const FlowEvent& event, std::shared_ptr<const policy::Policy> policy, Records& out);
  void feed_exception(const FlowEvent& event, std::shared_ptr<const policy::Policy> policy, Records& out);
};

// Takes an event into the trails. A minute that is over is settled: no later event can show that it was seen.
void Incidents::State::trace(Story& story, const FlowEvent& event) {
  const capture::FlowFacts& facts = event.facts;
  const std::int64_t minute = Coverage::minute_of(event.time);
  const std::array<Coverage::Way, 2> ways = Coverage::ways(facts);
  for (std::size_t direction = 0; direction < story.trails.size(); ++direction) {
    Trail& trail = story.trails[direction];
    const Coverage::Way& way = ways[direction];
    trail.yes = trail.yes || way.passed;
    trail.blind = trail.blind || way.arrived;
    trail.spoke = trail.spoke || way.spoke;
    if (trail.yes || trail.blind) {
      trail.minutes.clear();
      continue;
    }
    const policy::SegmentId segment = entered(story, direction);
    std::erase_if(trail.minutes, [&](std::int64_t old) {
      if (old >= minute) return false;
      trail.blind = trail.blind || !coverage.sees(segment, moment_in(old));
      return true;
    });
    if (!way.spoke) continue;
    trail.latest_start = std::max(trail.latest_start, facts.start);
    const auto place = std::lower_bound(trail.minutes.begin(), trail.minutes.end(), minute);
    if (place == trail.minutes.end() || *place != minute) trail.minutes.insert(place, minute);
  }
}

capture::Passed Incidents::State::passed(const Trail& trail, policy::SegmentId segment, Time now) const {
  if (trail.yes) return capture::Passed::yes;
  const bool seen = std::all_of(trail.minutes.begin(), trail.minutes.end(), [&](std::int64_t minute) {
    return coverage.sees(segment, moment_in(minute));
  });
  const bool no = trail.spoke && !trail.blind && seen && trail.latest_start <= now - Coverage::patience;
  return no ? capture::Passed::no : capture::Passed::unknown;
}

void Incidents::State::tell(Story& story, AlertKind kind, policy::Severity severity, Time now, Records& out,
                            CloseReason close_reason) {
  AlertRecord record;
  record.kind = kind;
  record.sequence = ++sequence;
  record.incident = story.id;
  record.time = story.last_event;
  record.opened = story.opened;
  record.event = story.event;
  record.stage_highest = story.stage_highest;
  record.severity = severity;
  record.events = story.events;
  record.suppressed = story.suppressed;
  record.flows = story.flows;
  record.responders = story.responders.size();
  record.services = story.services.size();
  record.bytes = story.bytes;
  record.passage = {passed(story.trails[0], entered(story, 0), now),
                    passed(story.trails[1], entered(story, 1), now)};
  record.close = close_reason;
  record.loss_ratio = loss_ratio;
  record.policy = story.policy;
  out.push_back(std::move(record));
  ++counters.lines;
  for (Trail& trail : story.trails) trail.told = trail.yes;
  story.suppressed = 0;
}

// When the story has something to say next of its own accord.
Time Incidents::State::due(const Shelf& shelf, const Story& story) const {
  if (&shelf == &exceptions) return std::max(story.last_event, story.last_line) + exception_pause;
  const Time quiet = story.last_event + options.incident_idle;
  if (story.suppressed == 0 || options.repeat.empty()) return quiet;
  return std::min(quiet, story.last_line + options.repeat[story.pause]);
}

// A timer that is too early is moved when it goes off; only one that is too late must be moved at once.
void Incidents::State::wind(Shelf& shelf, Handle handle) {
  const Time when = due(shelf, *handle);
  if (handle->due.number != 0) {
    if (handle->due.time <= when) return;
    timers.erase(handle->due);
  }
  handle->due = {when, handle->number};
  timers.emplace(handle->due, std::pair{&shelf, handle});
}

void Incidents::State::advance(Time now, Records& out) {
  follow_clock(clock, now);
  while (!timers.empty() && timers.begin()->first.time <= clock) {
    const auto [shelf, handle] = timers.begin()->second;
    timers.erase(timers.begin());
    Story& story = *handle;
    const Time planned = story.due.time;
    story.due = {};
    const Time when = due(*shelf, story);
    if (when <= planned) {
      if (shelf == &exceptions || story.last_event + options.incident_idle <= when) {
        close(*shelf, handle, CloseReason::quiet, when, out);
        continue;
      }
      tell(story, AlertKind::repeated, story.gravest, when, out);
      // The pause counts from when the summary was due, so that late ticks do not shift the next one.
      story.last_line = std::max(when, story.last_event);
      if (story.pause + 1 < options.repeat.size()) ++story.pause;
    }
    wind(*shelf, handle);
  }
}

void Incidents::State::close(Shelf& shelf, Handle handle, CloseReason reason, Time now, Records& out) {
  Story& story = *handle;
  if (&shelf == &incidents) {
    tell(story, AlertKind::closed, story.gravest, now, out, reason);
    ++counters.incidents_closed;
    if (reason == CloseReason::displaced) ++counters.incidents_evicted;
  } else {
    // What was counted since the last line is told before the exception's use is forgotten.
    if (story.suppressed > 0) tell(story, AlertKind::exception, policy::Severity::notice, now, out, reason);
    if (reason == CloseReason::displaced) ++counters.exceptions_evicted;
  }
  remembered -= story.remembered();
  if (story.due.number != 0) timers.erase(story.due);
  shelf.index.erase(story.key);
  shelf.stories.erase(handle);
}

Incidents::State::Handle Incidents::State::open(Shelf& shelf, Key key, const FlowEvent& event, Records& out) {
  if (shelf.stories.size() >= options.incidents_max) {
    close(shelf, shelf.stories.begin(), CloseReason::displaced, event.time, out);
  }
  Story story;
  story.number = ++number;
  story.opened = story.last_event = story.last_line = event.time;
  story.id = incident_id(key.initiator, key.pair, event.time);
  story.key = key;
  story.stage_highest = event.facts.stage;
  shelf.stories.push_back(std::move(story));
  const Handle handle = std::prev(shelf.stories.end());
  shelf.index.emplace(std::move(key), handle);
  return handle;
}

// Totals: events, flows, bytes, responders.
void Incidents::State::follow(Story& story, const FlowEvent& event) {
  ++story.events;
  story.last_event = std::max(story.last_event, event.time);
  story.event = event;
  trace(story, event);
  const capture::FlowFacts& facts = event.facts;
  const std::uint64_t before = story.remembered();

  // Id 0: a packet that found the flow table full; it stands for a flow of its own.
  const auto known = story.flow_bytes.find(facts.id);
  if (facts.id != 0 && known != story.flow_bytes.end()) {
    // A record that was opened anew under the same id would count from nothing again.
    story.bytes += bytes_of(facts) >= known->second ? bytes_of(facts) - known->second : bytes_of(facts);
    known->second = bytes_of(facts);
  } else if (facts.id != 0 && may_remember(story)) {
    story.flow_bytes.emplace(facts.id, bytes_of(facts));
    story.bytes += bytes_of(facts);
    ++story.flows;
  } else if (event.kind == FlowEvent::Kind::opened || event.kind == FlowEvent::Kind::rejudged) {
    story.bytes += bytes_of(facts);
    ++story.flows;
    ++counters.flows_untracked;
  }
  const Service service = service_of(facts);
  const std::uint64_t responder_digest = digest_of(service.responder, 0, 0);
  const std::uint64_t service_digest = digest_of(service.responder, service.port, service.protocol);
  if (remembered + 3 <= remembered_max && story.remembered() + 3 <= remembered_each_max) {
    story.responders.insert(responder_digest);
    story.services.insert(service_digest);
  } else if (!story.responders.contains(responder_digest) || !story.services.contains(service_digest)) {
    ++counters.responders_uncounted;
  }
  remembered += story.remembered() - before;
}

void Incidents::State::feed_incident(const FlowEvent& event, std::shared_ptr<const policy::Policy> policy,
                                     Records& out) {
  Key key{event.facts.tuple.source, event.verdict.pair(), {}};
  const policy::Severity severity = policy::severity(*policy, event.verdict, event.facts.stage);
  const Service service = service_of(event.facts);
  const auto found = incidents.index.find(key);
  const bool fresh = found == incidents.index.end();
  const Handle handle = fresh ? open(incidents, std::move(key), event, out) : found->second;
  if (!fresh) incidents.stories.splice(incidents.stories.end(), incidents.stories, handle);
  Story& story = *handle;
  story.policy = std::move(policy);
  follow(story, event);
  story.gravest = std::min(story.gravest, severity);  // 0 is the gravest

  const auto say = [&](AlertKind kind) {
    tell(story, kind, severity, event.time, out);
    ++counters.told;
    story.last_line = story.last_event;
  };
  const bool told_before = std::any_of(story.told.begin(), story.told.end(),
                                       [&](const Told& told) { return told.service == service; });
  const bool burst = story.told.size() >= sweep_burst &&
                     event.time - story.told[story.told.size() - sweep_burst].time <= sweep_burst_time;
  const bool room = story.told.size() < options.responders_max && !burst;
  const auto remember = [&] {
    if (!told_before && !story.swept && room) story.told.push_back({service, event.time});
  };

  if (fresh) {
    ++counters.incidents_opened;
    remember();
    say(AlertKind::opened);
  } else if (event.facts.stage > story.stage_highest) {
    story.stage_highest = event.facts.stage;
    remember();
    say(AlertKind::escalated);
  } else if (std::any_of(story.trails.begin(), story.trails.end(),
                         [](const Trail& trail) { return trail.yes && !trail.told; })) {
    // Whichever event it was that brought the news: the line is about the passage.
    story.event.kind = FlowEvent::Kind::passed;
    remember();
    say(AlertKind::escalated);
  } else if (!told_before && !story.swept && room) {
    remember();
    say(AlertKind::widened);
  } else if (!told_before && !story.swept) {
    story.swept = true;
    ++counters.sweeps;
    say(AlertKind::sweep);
  } else {
    ++story.suppressed;
    ++counters.suppressed;
  }
  wind(incidents, handle);
}

void Incidents::State::feed_exception(const FlowEvent& event, std::shared_ptr<const policy::Policy> policy,
                                      Records& out) {
  Key key{event.facts.tuple.source, event.verdict.pair(), {}};
  const auto& exceptions_known = policy->options().exceptions;
  if (event.verdict.basis_index < exceptions_known.size()) {
    key.exception = exceptions_known[event.verdict.basis_index].id;
  }
  const auto found = exceptions.index.find(key);
  const bool fresh = found == exceptions.index.end();
  const Handle handle = fresh ? open(exceptions, std::move(key), event, out) : found->second;
  if (!fresh) exceptions.stories.splice(exceptions.stories.end(), exceptions.stories, handle);
  Story& story = *handle;
  story.policy = std::move(policy);
  follow(story, event);
  story.gravest = policy::Severity::notice;
  story.stage_highest = std::max(story.stage_highest, event.facts.stage);
  if (fresh || story.last_event - story.last_line >= exception_pause) {
    tell(story, AlertKind::exception, policy::Severity::notice, event.time, out);
    ++counters.told;
    ++counters.exceptions_told;
    story.last_line = story.last_event;
  } else {
    ++story.suppressed;
    ++counters.suppressed;
  }
  wind(exceptions, handle);
}

Incidents::Incidents(const AlertOptions& options, Coverage::Memory memory)
    : state_(std::make_unique<State>(options, memory)) {}

Incidents::~Incidents() = default;

void Incidents::feed(const FlowEvent& event, std::shared_ptr<const policy::Policy> policy, double loss_ratio,
                     std::vector<AlertRecord>& out) {
  assert(policy != nullptr);
  State& state = *state_;
  state.loss_ratio = loss_ratio;
  state.advance(event.time, out);
  if (event.kind == FlowEvent::Kind::beyond) return state.coverage.feed(event);
  ++state.counters.events_in;
  if (event.verdict.decision == policy::Decision::forbid) {
    state.feed_incident(event, std::move(policy), out);
  } else if (event.verdict.basis == policy::Basis::exception) {
    state.feed_exception(event, std::move(policy), out);
  } else {
    ++state.counters.suppressed;
    ++state.counters.events_permitted;
  }
}

void Incidents::tick(Time packet_now, std::vector<AlertRecord>& out) {
  state_->advance(packet_now, out);
}

void Incidents::finish(Time packet_now, std::vector<AlertRecord>& out) {
  State& state = *state_;
  state.advance(packet_now, out);
  for (Shelf* shelf : {&state.incidents, &state.exceptions}) {
    std::vector<State::Handle> handles;
    for (auto handle = shelf->stories.begin(); handle != shelf->stories.end(); ++handle) {
      handles.push_back(handle);
    }
    std::sort(handles.begin(), handles.end(),
              [](const State::Handle& a, const State::Handle& b) { return a->number < b->number; });
    for (const State::Handle handle : handles)
      state.close(*shelf, handle, CloseReason::finished, state.clock, out);
  }
}

const Incidents::Counters& Incidents::counters() const {
  return state_->counters;
}

const Coverage& Incidents::coverage() const {
  return state_->coverage;
}

std::size_t Incidents::open() const {
  return state_->incidents.stories.size();
}

Time Incidents::next_due() const {
  return state_->timers.empty() ? Time::max() : state_->timers.begin()->first.time;
}

}  // namespace sekimori::daemon
