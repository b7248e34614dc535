#include "daemon/alert/notices.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "daemon/packet_clock.hpp"

namespace sekimori::daemon {
namespace {

using Key = std::pair<NoticeKind, std::string>;

struct Tale {
  Key key{};
  std::shared_ptr<const Notice> latest{};
  std::shared_ptr<const policy::Policy> policy{};
  policy::Severity gravest = policy::Severity::debug;
  Time opened{};
  Time last{};       // of the newest notice
  Time last_line{};  // when it was last told
  Time due{};        // under which it stands in the agenda
  std::uint64_t events = 0;
  std::uint64_t suppressed = 0;
  std::size_t pause = 0;
  std::uint64_t number = 0;  // in the order of opening
};

policy::Severity severity_of(const Notice& notice) {
  return notice.severity.value_or(notice_row(notice.kind).severity);
}

bool lasts(const Tale& tale) {
  return notice_row(tale.key.first).life == NoticeLife::state;
}

}  // namespace

struct Notices::State {
  using Records = std::vector<AlertRecord>;
  using Place = std::list<Tale>::iterator;  // the list: stalest first

  explicit State(const AlertOptions& from) : options(from) {
    std::erase_if(options.repeat, [](std::chrono::seconds pause) { return pause.count() <= 0; });
    options.incidents_max = std::max(options.incidents_max, 1U);
  }

  AlertOptions options;
  Counters counters{};
  std::list<Tale> tales{};
  std::map<Key, Place> known{};
  std::set<std::pair<Time, std::uint64_t>> agenda{};
  std::map<std::uint64_t, Place> numbered{};
  std::uint64_t opened = 0;
  double loss_ratio = 0;
  Time clock{};

  Time due_of(const Tale& tale) const;
  void wind(Tale& tale);
  void tell(Tale& tale, AlertKind kind, Time time, Records& out, CloseReason close = CloseReason::none);
  void remove(Place place);
  Tale& add(Notice&& notice, const std::shared_ptr<const policy::Policy>& policy);
  void advance(Time now, Records& out);
  void open(Notice&& notice, const std::shared_ptr<const policy::Policy>& policy, Records& out);
  void go_on(Place place, Notice&& notice, const std::shared_ptr<const policy::Policy>& policy, Records& out);
};

// When the tale has something to say of its own accord.
Time Notices::State::due_of(const Tale& tale) const {
  const bool more = lasts(tale) || tale.suppressed > 0;
  const Time summary =
      more && !options.repeat.empty() ? tale.last_line + options.repeat[tale.pause] : Time::max();
  return lasts(tale) ? summary : std::min(summary, tale.last + options.incident_idle);
}

void Notices::State::wind(Tale& tale) {
  agenda.erase({tale.due, tale.number});
  tale.due = due_of(tale);
  agenda.insert({tale.due, tale.number});
}

void Notices::State::tell(Tale& tale, AlertKind kind, Time time, Records& out, CloseReason close) {
  AlertRecord& record = out.emplace_back();
  record.kind = kind;
  record.time = time;
  record.opened = tale.opened;
  record.severity =
      kind == AlertKind::closed || kind == AlertKind::repeated ? tale.gravest : severity_of(*tale.latest);
  record.events = tale.events;
  record.suppressed = tale.suppressed;
  record.close = close;
  record.pause = static_cast<std::uint8_t>(std::min<std::size_t>(tale.pause, 255));
  record.loss_ratio = loss_ratio;
  record.policy = tale.policy;
  record.notice = tale.latest;
  ++counters.lines;
  tale.suppressed = 0;
  tale.last_line = time;
}

void Notices::State::remove(Place place) {
  agenda.erase({place->due, place->number});
  numbered.erase(place->number);
  known.erase(place->key);
  tales.erase(place);
}

void Notices::State::advance(Time now, Records& out) {
  follow_clock(clock, now);
  while (!agenda.empty() && agenda.begin()->first <= clock) {
    const Place place = numbered.at(agenda.begin()->second);
    Tale& tale = *place;
    const Time when = tale.due;
    if (!lasts(tale) && tale.last + options.incident_idle <= when) {
      tell(tale, AlertKind::closed, tale.last, out, CloseReason::quiet);
      remove(place);
      continue;
    }
    if (tale.pause + 1 < options.repeat.size()) ++tale.pause;
    tell(tale, AlertKind::repeated, when, out);
    wind(tale);
  }
}

Tale& Notices::State::add(Notice&& notice, const std::shared_ptr<const policy::Policy>& policy) {
  const Place place = tales.insert(tales.end(), Tale{});
  Tale& tale = *place;
  tale.key = {notice.kind, notice.subject};
  tale.last = notice.time;
  tale.gravest = severity_of(notice);
  tale.number = ++opened;
  tale.policy = policy;
  tale.latest = std::make_shared<const Notice>(std::move(notice));
  known.emplace(tale.key, place);
  numbered.emplace(tale.number, place);
  return tale;
}

void Notices::State::open(Notice&& notice, const std::shared_ptr<const policy::Policy>& policy,
                          Records& out) {
  if (tales.size() >= options.incidents_max) {
    tell(tales.front(), AlertKind::closed, tales.front().last, out, CloseReason::displaced);
    ++counters.stories_evicted;
    remove(tales.begin());
  }
  ++counters.stories_opened;
  ++counters.told;
  Tale& tale = add(std::move(notice), policy);
  tale.opened = tale.last;
  tale.events = 1;
  tell(tale, AlertKind::opened, tale.opened, out);
  tale.due = due_of(tale);
  agenda.insert({tale.due, tale.number});
}

void Notices::State::go_on(Place place, Notice&& notice, const std::shared_ptr<const policy::Policy>& policy,
                           Records& out) {
  Tale& tale = *place;
  const policy::Severity severity = severity_of(notice);
  const bool over = notice.over && lasts(tale);
  const bool graver = !over && severity < tale.gravest;
  ++tale.events;
  tale.last = std::max(tale.last, notice.time);
  tale.gravest = std::min(tale.gravest, severity);
  tale.policy = policy;
  tale.latest = std::make_shared<const Notice>(std::move(notice));
  if (over) {
    ++counters.told;
    tell(tale, AlertKind::closed, tale.last, out, CloseReason::over);
    remove(place);
    return;
  }
  if (graver) {
    ++counters.told;
    tell(tale, AlertKind::escalated, tale.last, out);
  } else {
    ++counters.suppressed;
    ++tale.suppressed;
  }
  tales.splice(tales.end(), tales, place);
  wind(tale);
}

Notices::Notices(const AlertOptions& options) : state_(std::make_unique<State>(options)) {}
Notices::~Notices() = default;

void Notices::feed(Notice notice, const std::shared_ptr<const policy::Policy>& policy, double loss_ratio,
                   std::vector<AlertRecord>& out) {
  State& state = *state_;
  state.loss_ratio = loss_ratio;
  state.advance(notice.time, out);
  ++state.counters.notices_in;
  const auto found = state.known.find({notice.kind, notice.subject});
  if (found != state.known.end()) return state.go_on(found->second, std::move(notice), policy, out);
  if (notice.over) {
    ++state.counters.suppressed;
    return;
  }
  state.open(std::move(notice), policy, out);
}

void Notices::tick(Time packet_now, std::vector<AlertRecord>& out) {
  state_->advance(packet_now, out);
}

void Notices::finish(Time packet_now, std::vector<AlertRecord>& out) {
  State& state = *state_;
  state.advance(packet_now, out);
  for (const auto& [number, place] : std::map{state.numbered}) {
    state.tell(*place, AlertKind::closed, place->last, out, CloseReason::finished);
    state.remove(place);
  }
}

void Notices::suspend(Time packet_now, std::vector<AlertRecord>& out) {
  State& state = *state_;
  state.advance(packet_now, out);
  for (const auto& [number, place] : state.numbered) {
    if (place->suppressed == 0) continue;
    state.tell(*place, AlertKind::repeated, std::max(place->last, state.clock), out);
  }
}

bool Notices::resume(NoticeResumption from, const std::shared_ptr<const policy::Policy>& policy, Time now) {
  State& state = *state_;
  const Key key{from.latest.kind, from.latest.subject};
  if (state.known.count(key) != 0 || state.tales.size() >= state.options.incidents_max) return false;
  Tale& tale = state.add(std::move(from.latest), policy);
  tale.opened = from.opened;
  tale.gravest = from.gravest;
  tale.events = from.events;
  if (!state.options.repeat.empty()) {
    tale.pause = std::min<std::size_t>(from.pause, state.options.repeat.size() - 1);
  }
  // Summaries that fell due while nobody was there are not made up for: the next one says all.
  tale.last_line = from.last_line;
  if (lasts(tale) && state.due_of(tale) < now) tale.last_line = now;
  tale.due = state.due_of(tale);
  state.agenda.insert({tale.due, tale.number});
  ++state.counters.stories_resumed;
  return true;
}

const Notices::Counters& Notices::counters() const {
  return state_->counters;
}

std::size_t Notices::open() const {
  return state_->tales.size();
}

std::vector<std::shared_ptr<const Notice>> Notices::current() const {
  std::vector<std::shared_ptr<const Notice>> out;
  for (const auto& [number, place] : state_->numbered) out.push_back(place->latest);
  return out;
}

}  // namespace sekimori::daemon
