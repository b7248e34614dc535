#include "daemon/alert/incident.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <string>
#include <utility>

#include "daemon/alert/exception_numbers.hpp"
#include "daemon/alert/former_model.hpp"
#include "daemon/alert/stories.hpp"
#include "daemon/alert/stories_ahead.hpp"
#include "daemon/packet_clock.hpp"
#include "daemon/render.hpp"
#include "daemon/render/words.hpp"

namespace sekimori::daemon {
namespace {

using Shelf = Stories::Shelf;

// A machine: this many new services within this time are a sweep, whatever responders_max allows.
constexpr std::size_t sweep_burst = 4;
constexpr std::chrono::milliseconds sweep_burst_time{100};
constexpr std::chrono::hours exception_pause{24};
// Flows, responders and services remembered, all incidents together and each of them: about 25 MB at most.
constexpr std::uint64_t remembered_max = 1U << 20U;
constexpr std::uint64_t remembered_each_max = 1U << 18U;

std::uint64_t bytes_of(const capture::FlowFacts& facts) {
  return facts.bytes_to_server + facts.bytes_to_client;
}

// The segment that packets of this direction enter.
policy::SegmentId entered(const Story& story, std::size_t direction) {
  return direction == 0 ? policy::to_of(story.key.pair) : policy::from_of(story.key.pair);
}

Time moment_in(std::int64_t minute) {
  return Time{std::chrono::minutes{minute}};
}

bool unheard(const Trail& trail) {
  return trail.yes && !trail.told;
}

// Why this policy would not have an incident of this pair of what is told; none: it would.
CloseReason view_of(const policy::Policy& policy, const policy::Conversation& conversation,
                    policy::PairId pair) {
  const policy::Verdict verdict = policy.judge(conversation);
  if (verdict.decision != policy::Decision::forbid) return CloseReason::permitted;
  return verdict.pair() == pair ? CloseReason::none : CloseReason::reclassified;
}

// What was told says the domain beside the addresses, by its name.
capture::Tuple placed(capture::Tuple tuple, DomainId domain) {
  tuple.source.domain = tuple.destination.domain = domain;
  return tuple;
}

}  // namespace

struct Incidents::State {
  using PolicyPointer = std::shared_ptr<const policy::Policy>;
  using Records = std::vector<AlertRecord>;
  // What a responder offers, as digests.
  struct Offer {
    std::uint64_t responder = 0;
    std::uint64_t service = 0;
  };

  State(const AlertOptions& from, Coverage::Memory memory) : options(from), coverage(memory) {
    std::erase_if(options.repeat, [](std::chrono::seconds pause) { return pause.count() <= 0; });
    options.incidents_max = std::max(options.incidents_max, 1U);
    options.responders_max = std::max<std::uint16_t>(options.responders_max, 1);
  }

  AlertOptions options;
  Coverage coverage;
  Counters counters{};
  Stories stories{};
  StoriesAhead ahead{stories};
  std::uint64_t sequence = 0;
  std::uint64_t remembered = 0;
  double loss_ratio = 0;
  Time clock{};
  ExceptionNumbers exceptions{};

  void tell(Story& story, AlertKind kind, policy::Severity severity, Time now, Records& out,
            CloseReason close = CloseReason::none);
  void trace(Story& story, const FlowEvent& event);
  capture::Passed passed(const Trail& trail, policy::SegmentId entered, Time now) const;
  Time due(const Story& story) const;
  void advance(Time now, Records& out);
  void close(Story& story, CloseReason reason, Time now, Records& out);
  Story& open(const StoryKey& key, const FlowEvent& event, Records& out);
  bool may_remember(const Story& story) const {
    return remembered < remembered_max && story.remembered() < remembered_each_max;
  }
  Offer offer_of(const capture::FlowFacts& facts) const;
  void follow(Story& story, const FlowEvent& event, const Offer& offer, const PolicyPointer& policy);
  void follow_flow(Story& story, const FlowEvent& event);
  void feed_incident(const FlowEvent& event, const PolicyPointer& policy, Records& out);
  AlertKind kind_of_news(Story& story, const FlowEvent& event, const Offer& offer);
  void feed_exception(const FlowEvent& event, const PolicyPointer& policy, Records& out);
  void follow_segments(const policy::Policy& before, const policy::Policy& policy, Records& out);
  void part_with(Story& story, std::string missing, Records& out);
  void let_go_nowhere(const Resumption& from, const policy::Policy& policy, Records& out);
  static FlowEvent still_forbidden(const Resumption& from, policy::PairId pair, DomainId domain,
                                   const policy::Policy& policy);
  void let_go(const Resumption& from, policy::PairId pair, FlowEvent event, const PolicyPointer& policy,
              CloseReason reason, Records& out);
};

// Takes an event into the trails. A minute that is over is settled: no later event can show that it was seen.
void Incidents::State::trace(Story& story, const FlowEvent& event) {
  const capture::FlowFacts& facts = event.facts;
  const std::int64_t minute = minute_of(event.time);
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
    const auto now = std::lower_bound(trail.minutes.begin(), trail.minutes.end(), minute);
    for (auto old = trail.minutes.begin(); old != now; ++old) {
      trail.blind = trail.blind || !coverage.sees(segment, moment_in(*old));
    }
    trail.minutes.erase(trail.minutes.begin(), now);
    if (!way.spoke) continue;
    trail.latest_start = std::max(trail.latest_start, facts.start);
    if (trail.minutes.empty() || trail.minutes.front() != minute) {
      trail.minutes.insert(trail.minutes.begin(), minute);
    }
  }
}

capture::Passed Incidents::State::passed(const Trail& trail, policy::SegmentId segment, Time now) const {
  if (trail.yes) return capture::Passed::yes;
  // Of what has just begun nothing can be said yet, and no minute need be looked up.
  if (!trail.spoke || trail.blind || trail.latest_start > now - Coverage::patience) {
    return capture::Passed::unknown;
  }
  const bool seen = std::all_of(trail.minutes.begin(), trail.minutes.end(), [&](std::int64_t minute) {
    return coverage.sees(segment, moment_in(minute));
  });
  return seen ? capture::Passed::no : capture::Passed::unknown;
}

void Incidents::State::tell(Story& story, AlertKind kind, policy::Severity severity, Time now, Records& out,
                            CloseReason close_reason) {
  AlertRecord& record = out.emplace_back(story.event);
  record.kind = kind;
  record.sequence = ++sequence;
  record.time = story.last_event;
  record.opened = story.opened;
  record.stage_highest = story.stage_highest;
  record.severity = severity;
  record.events = story.events;
  record.suppressed = story.suppressed;
  record.flows = story.flows;
  record.responders = std::max<std::uint64_t>(story.responders.size(), story.responders_before);
  record.services = std::max<std::uint64_t>(story.services.size(), story.services_before);
  record.bytes = story.bytes;
  record.passage = {passed(story.trails[0], entered(story, 0), now),
                    passed(story.trails[1], entered(story, 1), now)};
  record.close = close_reason;
  if (!story.incident.empty()) record.incident = story.incident;
  if (close_reason == CloseReason::permitted || close_reason == CloseReason::reclassified) {
    record.close_generation = story.settled_by;
  }
  record.pause = static_cast<std::uint8_t>(std::min<std::size_t>(story.pause, 255));
  record.loss_ratio = loss_ratio;
  // The last line takes it along: counting its owners up and down costs as much as the rest of a copy.
  if (kind == AlertKind::closed) {
    record.policy = std::move(story.policy);
  } else {
    record.policy = story.policy;
  }
  ++counters.lines;
  for (Trail& trail : story.trails) trail.told = trail.yes;
  story.suppressed = 0;
}

// When the story has something to say next of its own accord.
Time Incidents::State::due(const Story& story) const {
  if (Stories::shelf_of(story) == Shelf::exceptions) {
    return std::max(story.last_event, story.last_line) + exception_pause;
  }
  const Time quiet = story.last_event + options.incident_idle;
  if (story.suppressed == 0 || options.repeat.empty()) return quiet;
  return std::min(quiet, story.last_line + options.repeat[story.pause]);
}

void Incidents::State::advance(Time now, Records& out) {
  follow_clock(clock, now);
  for (Stories::Rung rung = stories.due(clock); rung.story != nullptr; rung = stories.due(clock)) {
    Story& story = *rung.story;
    const Time when = due(story);
    if (when <= rung.planned) {
      if (Stories::shelf_of(story) == Shelf::exceptions || story.last_event + options.incident_idle <= when) {
        close(story, story.settled != CloseReason::none ? story.settled : CloseReason::quiet, when, out);
        continue;
      }
      if (story.pause + 1 < options.repeat.size()) ++story.pause;
      tell(story, AlertKind::repeated, story.gravest, when, out);
      // The pause counts from when the summary was due, so that late ticks do not shift the next one.
      story.last_line = std::max(when, story.last_event);
    }
    stories.wind(story, due(story));
  }
}

void Incidents::State::close(Story& story, CloseReason reason, Time now, Records& out) {
  if (Stories::shelf_of(story) == Shelf::incidents) {
    tell(story, AlertKind::closed, story.gravest, now, out, reason);
    ++counters.incidents_closed;
    if (reason == CloseReason::displaced) ++counters.incidents_evicted;
  } else {
    // What was counted since the last line is told before the exception's use is forgotten.
    if (story.suppressed > 0) tell(story, AlertKind::exception, policy::Severity::notice, now, out, reason);
    if (reason == CloseReason::displaced) ++counters.exceptions_evicted;
  }
  remembered -= story.remembered();
  stories.close(story);
}

Story& Incidents::State::open(const StoryKey& key, const FlowEvent& event, Records& out) {
  const Shelf shelf = key.exception == 0 ? Shelf::incidents : Shelf::exceptions;
  if (stories.size(shelf) >= options.incidents_max) {
    close(*stories.stalest(shelf), CloseReason::displaced, event.time, out);
  }
  Story& story = stories.open(key);
  story.opened = story.last_event = story.last_line = event.time;
  story.stage_highest = event.facts.stage;
  return story;
}

// ICMP has no ports; its type says what was asked.
Incidents::State::Offer Incidents::State::offer_of(const capture::FlowFacts& facts) const {
  const capture::Tuple& tuple = facts.tuple;
  const bool icmp = tuple.protocol == capture::protocol::icmp || tuple.protocol == capture::protocol::icmpv6;
  const std::uint16_t port = icmp ? tuple.source_port : tuple.destination_port;
  return {.responder = stories.digest(tuple.destination, 0, 0),
          .service = stories.digest(tuple.destination, port, tuple.protocol)};
}

// Totals: events, flows, bytes, responders.
void Incidents::State::follow(Story& story, const FlowEvent& event, const Offer& offer,
                              const PolicyPointer& policy) {
  if (story.policy != policy) story.policy = policy;
  ++story.events;
  story.last_event = std::max(story.last_event, event.time);
  story.event = event;
  trace(story, event);
  const std::uint64_t before = story.remembered();
  follow_flow(story, event);
  if (remembered + 3 <= remembered_max && story.remembered() + 3 <= remembered_each_max) {
    story.responders.insert(offer.responder);
    story.services.insert(offer.service);
  } else if (!story.responders.contains(offer.responder) || !story.services.contains(offer.service)) {
    ++counters.responders_uncounted;
  }
  remembered += story.remembered() - before;
}

void Incidents::State::follow_flow(Story& story, const FlowEvent& event) {
  const std::uint64_t bytes = bytes_of(event.facts);
  const std::uint64_t flow = stories.digest(event.facts.id);
  // Id 0: a packet that found the flow table full; it stands for a flow of its own. In a flood there is no
  // room left to remember flows in, and then a new one is not looked for among the old ones.
  const bool worth_looking =
      event.facts.id != 0 && (event.kind != FlowEvent::Kind::opened || may_remember(story));
  std::uint64_t* const known = worth_looking ? story.flow_bytes.find(flow) : nullptr;
  if (known != nullptr) {
    // A record that was opened anew under the same id would count from nothing again.
    story.bytes += bytes >= *known ? bytes - *known : bytes;
    *known = bytes;
  } else if (event.facts.id != 0 && may_remember(story)) {
    story.flow_bytes.add(flow, bytes);
    story.bytes += bytes;
    ++story.flows;
  } else if (event.kind == FlowEvent::Kind::opened || event.kind == FlowEvent::Kind::rejudged) {
    story.bytes += bytes;
    ++story.flows;
    ++counters.flows_untracked;
  }
}

void Incidents::State::feed_incident(const FlowEvent& event, const PolicyPointer& policy, Records& out) {
  const StoryKey key{event.facts.tuple.source, event.verdict.pair(), 0};
  Story* const known = stories.find(key);
  Story& story = known != nullptr ? *known : open(key, event, out);
  if (known != nullptr) stories.touch(story);
  // What was under way when the policy was replaced was judged by the old one, and says nothing of the new.
  if (policy->generation() >= story.settled_by) story.settled = CloseReason::none;
  const Offer offer = offer_of(event.facts);
  follow(story, event, offer, policy);
  const policy::Severity severity = policy::severity(*policy, event.verdict, event.facts.stage);
  story.gravest = std::min(story.gravest, severity);  // 0 is the gravest

  const AlertKind kind = kind_of_news(story, event, offer);
  if (kind == AlertKind::repeated) {
    ++story.suppressed;
    ++counters.suppressed;
  } else {
    tell(story, kind, severity, event.time, out);
    ++counters.told;
    story.last_line = story.last_event;
  }
  stories.wind(story, due(story));
}

// What the event tells that was not known of the story. `repeated`: nothing, it is only counted.
AlertKind Incidents::State::kind_of_news(Story& story, const FlowEvent& event, const Offer& offer) {
  // Of a sweep, responders and services are no news.
  const bool told_before =
      story.swept || std::any_of(story.told.begin(), story.told.end(),
                                 [&](const Story::Told& told) { return told.service == offer.service; });
  const bool burst = !told_before && story.told.size() >= sweep_burst &&
                     event.time - story.told[story.told.size() - sweep_burst].time <= sweep_burst_time;
  const bool room = story.told.size() < options.responders_max && !burst;
  const auto remember = [&] {
    if (!told_before && room) story.told.push_back({offer.service, event.time});
  };

  if (story.events == 1) {
    ++counters.incidents_opened;
    remember();
    return AlertKind::opened;
  }
  if (event.facts.stage > story.stage_highest) {
    story.stage_highest = event.facts.stage;
    remember();
    return AlertKind::escalated;
  }
  if (std::any_of(story.trails.begin(), story.trails.end(), unheard)) {
    // Whichever event it was that brought the news: the line is about the passage.
    story.event.kind = FlowEvent::Kind::passed;
    remember();
    return AlertKind::escalated;
  }
  if (told_before) return AlertKind::repeated;
  if (room) {
    remember();
    return AlertKind::widened;
  }
  story.swept = true;
  ++counters.sweeps;
  return AlertKind::sweep;
}

void Incidents::State::feed_exception(const FlowEvent& event, const PolicyPointer& policy, Records& out) {
  const StoryKey key{event.facts.tuple.source, event.verdict.pair(),
                     exceptions.of(event.verdict.basis_index, policy)};
  Story* const known = stories.find(key);
  Story& story = known != nullptr ? *known : open(key, event, out);
  if (known != nullptr) stories.touch(story);
  follow(story, event, offer_of(event.facts), policy);
  story.gravest = policy::Severity::notice;
  story.stage_highest = std::max(story.stage_highest, event.facts.stage);
  if (known == nullptr || story.last_event - story.last_line >= exception_pause) {
    tell(story, AlertKind::exception, policy::Severity::notice, event.time, out);
    ++counters.told;
    ++counters.exceptions_told;
    story.last_line = story.last_event;
  } else {
    ++story.suppressed;
    ++counters.suppressed;
  }
  stories.wind(story, due(story));
}

Incidents::Incidents(const AlertOptions& options, Coverage::Memory memory)
    : state_(std::make_unique<State>(options, memory)) {}

Incidents::~Incidents() = default;

void Incidents::feed(const FlowEvent& event, const std::shared_ptr<const policy::Policy>& policy,
                     double loss_ratio, std::vector<AlertRecord>& out) {
  assert(policy != nullptr);
  State& state = *state_;
  state.loss_ratio = loss_ratio;
  if (event.kind == FlowEvent::Kind::beyond) return state.coverage.feed(event);
  if (event.kind == FlowEvent::Kind::wire) return;
  state.advance(event.time, out);
  ++state.counters.events_in;
  if (event.verdict.decision == policy::Decision::forbid) {
    state.feed_incident(event, policy, out);
  } else if (event.verdict.basis == policy::Basis::exception) {
    state.feed_exception(event, policy, out);
  } else {
    ++state.counters.suppressed;
    ++state.counters.events_permitted;
  }
}

void Incidents::look_ahead(std::size_t at, std::span<const FlowEvent* const> events) {
  state_->ahead.look(at, events);
}

void Incidents::tick(Time packet_now, std::vector<AlertRecord>& out) {
  state_->advance(packet_now, out);
}

void Incidents::finish(Time packet_now, std::vector<AlertRecord>& out) {
  State& state = *state_;
  state.advance(packet_now, out);
  for (const Shelf shelf : {Shelf::incidents, Shelf::exceptions}) {
    for (Story* story : state.stories.all(shelf)) {
      state.close(*story, CloseReason::finished, state.clock, out);
    }
  }
}

void Incidents::suspend(Time packet_now, std::vector<AlertRecord>& out) {
  State& state = *state_;
  state.advance(packet_now, out);
  for (const Shelf shelf : {Shelf::incidents, Shelf::exceptions}) {
    for (Story* story : state.stories.all(shelf)) {
      if (story->suppressed == 0) continue;
      const bool incident = shelf == Shelf::incidents;
      state.tell(*story, incident ? AlertKind::repeated : AlertKind::exception,
                 incident ? story->gravest : policy::Severity::notice, state.clock, out);
    }
  }
}

// Its segment is no more: the last line is written in the model in which it was told.
void Incidents::State::part_with(Story& story, std::string missing, Records& out) {
  const std::size_t before = out.size();
  close(story, CloseReason::unwatched, clock, out);
  for (std::size_t i = before; i < out.size(); ++i) out[i].former_segments = missing;
}

// Stories are found by the numbers of their segments, and told by the ids that these had when they began.
void Incidents::State::follow_segments(const policy::Policy& before, const policy::Policy& policy,
                                       Records& out) {
  if (same_segments(before, policy)) return;
  coverage.forget();
  std::vector<std::pair<Story*, policy::PairId>> pairs;
  for (const Shelf shelf : {Shelf::incidents, Shelf::exceptions}) {
    for (Story* story : stories.all(shelf)) {
      const policy::PairId pair = story->key.pair;
      const std::string_view from = segment_id(before, policy::from_of(pair));
      const std::string_view to = segment_id(before, policy::to_of(pair));
      if (std::string missing = missing_of(policy, from, to); !missing.empty()) {
        part_with(*story, std::move(missing), out);
        continue;
      }
      if (story->incident.empty()) {
        const DomainId domain = story->key.initiator.domain;
        story->incident =
            incident_id(story->key.initiator, pair, story->opened,
                        domain == main_domain ? std::string_view{} : before.domain_name(domain));
      }
      for (Trail& trail : story->trails) trail.blind = true;
      pairs.emplace_back(story, policy::pair_of(static_cast<policy::SegmentId>(policy.segment_index(from)),
                                                static_cast<policy::SegmentId>(policy.segment_index(to))));
    }
  }
  stories.renumber(pairs);
}

void Incidents::replaced(const policy::Policy& before, const std::shared_ptr<const policy::Policy>& policy,
                         std::vector<AlertRecord>& out) {
  State& state = *state_;
  state.follow_segments(before, *policy, out);
  for (Story* story : state.stories.all(Shelf::incidents)) {
    const policy::Conversation conversation = policy::conversation_of(story->event.facts);
    // Facts alone do not hold all that a verdict may rest on (names, an exit that was seen): what they did
    // not explain before they do not explain now.
    if (view_of(*story->policy, conversation, story->event.verdict.pair()) != CloseReason::none) continue;
    story->settled = view_of(*policy, conversation, story->key.pair);
    story->settled_by = policy->generation();
  }
}

// The latest conversation, or if the policy does not forbid that any more another one that was told.
FlowEvent Incidents::State::still_forbidden(const Resumption& from, policy::PairId pair, DomainId domain,
                                            const policy::Policy& policy) {
  FlowEvent event = from.event;
  event.generation = policy.generation();
  const auto judge = [&](const capture::Tuple& tuple) {
    event.facts.tuple = placed(tuple, domain);
    event.verdict = policy.judge(policy::conversation_of(event.facts));
    return event.verdict.decision == policy::Decision::forbid && event.verdict.pair() == pair;
  };
  if (judge(from.event.facts.tuple)) return event;
  if (std::any_of(from.told.begin(), from.told.end(), judge)) return event;
  judge(from.event.facts.tuple);
  return event;
}

// The end of an incident that does not go on.
void Incidents::State::let_go(const Resumption& from, policy::PairId pair, FlowEvent event,
                              const PolicyPointer& policy, CloseReason reason, Records& out) {
  // By these its id is known.
  event.verdict.from = policy::from_of(pair);
  event.verdict.to = policy::to_of(pair);
  AlertRecord record{event};
  record.kind = AlertKind::closed;
  record.sequence = ++sequence;
  record.time = from.event.time;
  record.opened = from.opened;
  record.stage_highest = from.stage_highest;
  record.severity = from.severity;
  record.events = from.events;
  record.flows = from.flows;
  record.responders = from.responders;
  record.services = from.services;
  record.bytes = from.bytes;
  record.passage = from.passage;
  record.close = reason;
  record.incident = from.incident;
  if (reason == CloseReason::unwatched) {
    record.former_domain = from.domain;
  } else if (reason != CloseReason::displaced) {
    record.close_generation = policy->generation();
  }
  record.policy = policy;
  out.push_back(std::move(record));
  ++counters.lines;
  ++counters.incidents_closed;
  if (reason == CloseReason::displaced) ++counters.incidents_evicted;
}

// The end of an incident of a segment that the profile has no more.
void Incidents::State::let_go_nowhere(const Resumption& from, const policy::Policy& policy, Records& out) {
  const PolicyPointer model = model_of(from.from, from.to, policy);
  FlowEvent event = from.event;
  event.facts.tuple = placed(event.facts.tuple, DomainId{domains_max});
  event.generation = policy.generation();
  event.verdict.decision = policy::Decision::forbid;
  const auto pair = policy::pair_of(static_cast<policy::SegmentId>(model->segment_index(from.from)),
                                    static_cast<policy::SegmentId>(model->segment_index(from.to)));
  let_go(from, pair, std::move(event), model, CloseReason::unwatched, out);
  out.back().former_segments = missing_of(policy, from.from, from.to);
}

bool Incidents::resume(const Resumption& from, const std::shared_ptr<const policy::Policy>& policy,
                       std::vector<AlertRecord>& out) {
  State& state = *state_;
  const bool exception = from.kind == AlertKind::exception;
  const int left = policy->segment_index(from.from);
  const int entered = policy->segment_index(from.to);
  if (left < 0 || entered < 0) {  // another profile, which has no such segment
    if (!exception) state.let_go_nowhere(from, *policy, out);
    return false;
  }
  const auto pair =
      policy::pair_of(static_cast<policy::SegmentId>(left), static_cast<policy::SegmentId>(entered));
  FlowEvent event = from.event;
  const int domain = from.domain.empty() ? main_domain : policy->domain_index(from.domain);
  if (domain < 0) {  // nobody watches it any more
    // In none of the policy's: its addresses are nobody's there.
    event.facts.tuple = placed(event.facts.tuple, DomainId{domains_max});
    event.generation = policy->generation();
    if (!exception) state.let_go(from, pair, std::move(event), policy, CloseReason::unwatched, out);
    return false;
  }
  event.facts.tuple = placed(event.facts.tuple, static_cast<DomainId>(domain));
  event.verdict = policy->judge(policy::conversation_of(event.facts));
  event.generation = policy->generation();
  if (!exception) event = State::still_forbidden(from, pair, static_cast<DomainId>(domain), *policy);
  const bool same =
      event.verdict.pair() == pair && (exception ? event.verdict.decision != policy::Decision::forbid &&
                                                       event.verdict.basis == policy::Basis::exception
                                                 : event.verdict.decision == policy::Decision::forbid);
  const StoryKey key{event.facts.tuple.source, pair,
                     same && exception ? state.exceptions.of(event.verdict.basis_index, policy) : 0};
  if (state.stories.find(key) != nullptr) return false;
  const Shelf shelf = exception ? Shelf::exceptions : Shelf::incidents;
  const bool room = state.stories.size(shelf) < state.options.incidents_max;
  if (!same || !room) {
    if (exception) return false;
    const bool permitted = event.verdict.decision != policy::Decision::forbid;
    const CloseReason reason = same        ? CloseReason::displaced
                               : permitted ? CloseReason::permitted
                                           : CloseReason::reclassified;
    state.let_go(from, pair, std::move(event), policy, reason, out);
    return false;
  }
  Story& story = state.stories.open(key);
  story.opened = from.opened;
  story.last_event = story.last_line = event.time;
  story.stage_highest = from.stage_highest;
  story.gravest = from.severity;
  story.swept = from.kind == AlertKind::sweep;
  if (!state.options.repeat.empty()) {
    story.pause = std::min<std::size_t>(from.pause, state.options.repeat.size() - 1);
  }
  story.events = from.events;
  story.flows = from.flows;
  story.bytes = from.bytes;
  story.responders_before = from.responders;
  story.services_before = from.services;
  story.policy = policy;
  story.event = event;
  // Where this profile gives the pair other numbers than the one before, the id is no longer theirs.
  if (from.incident != incident_id(key.initiator, pair, from.opened, from.domain)) {
    story.incident = from.incident;
  }
  const std::array<capture::Passed, 2> passed{from.passage.to_server, from.passage.to_client};
  for (std::size_t direction = 0; direction < passed.size(); ++direction) {
    // What was seen stays seen; that nothing passed cannot be said of the time in which nobody looked.
    Trail& trail = story.trails[direction];
    trail.yes = trail.told = passed[direction] == capture::Passed::yes;
    trail.blind = true;
  }
  for (const capture::Tuple& tuple : from.told) {
    capture::FlowFacts facts = event.facts;
    facts.tuple = placed(tuple, static_cast<DomainId>(domain));
    const State::Offer offer = state.offer_of(facts);
    story.responders.insert(offer.responder);
    story.services.insert(offer.service);
    story.told.push_back({offer.service, event.time - sweep_burst_time * 2});
  }
  state.remembered += story.remembered();
  state.stories.wind(story, state.due(story));
  ++state.counters.incidents_resumed;
  return true;
}

const Incidents::Counters& Incidents::counters() const {
  return state_->counters;
}

const Coverage& Incidents::coverage() const {
  return state_->coverage;
}

std::size_t Incidents::open() const {
  return state_->stories.size(Shelf::incidents);
}

Time Incidents::next_due() const {
  return state_->stories.next_due();
}

}  // namespace sekimori::daemon
