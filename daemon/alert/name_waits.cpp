#include "daemon/alert/name_waits.hpp"

#include "daemon/flow_notes.hpp"

namespace sekimori::daemon {
namespace {

// Whatever it waits for longest.
Time until(const FlowEvent& event) {
  return event.facts.start + (event.verdict.name_pending ? Duration{name_wait} : Duration{path_wait});
}

}  // namespace

void NameWaits::drop(Place place) {
  due_.erase(place->second.due);
  kept_.erase(place);
}

void NameWaits::release(Place place, const Pass& pass) {
  FlowEvent event = place->second.event;
  drop(place);
  ++counters_.told;
  event.verdict.name_pending = event.verdict.path_pending = false;
  pass(event);
}

void NameWaits::tick(Time packet_now, const Pass& pass) {
  while (!due_.empty() && due_.begin()->first.first <= packet_now)
    release(kept_.find(due_.begin()->second), pass);
}

void NameWaits::finish(const Pass& pass) {
  tick(Time::max(), pass);
}

void NameWaits::feed(const FlowEvent& event, const Pass& pass) {
  if (told_by_each_worker(event.kind) || passes(event)) return pass(event);
  tick(event.time, pass);
  const Key key{event.facts.tuple, event.facts.start};
  const Place place = kept_.find(key);
  const bool waits = event.verdict.name_pending || event.verdict.path_pending;
  if (place == kept_.end()) {
    if (!waits) return pass(event);
    if (kept_.size() >= kept_max) {
      ++counters_.displaced;
      release(kept_.find(due_.begin()->second), pass);
    }
    const Due due{until(event), ++order_};
    kept_.emplace(key, Kept{event, due});
    due_.emplace(due, key);
    ++counters_.kept;
    return;
  }
  ++counters_.joined;
  if (event.verdict.decision == policy::Decision::permit) {
    ++counters_.proved;
    drop(place);
    // By an exception: that is told in its own way.
    if (event.verdict.basis == policy::Basis::exception) pass(event);
    return;
  }
  // The latest figures and stage, told as what it is: the first report of this flow.
  const FlowEvent::Kind kind = place->second.event.kind;
  place->second.event = event;
  place->second.event.kind = kind;
  if (!waits) return release(place, pass);
  due_.erase(place->second.due);
  place->second.due.first = until(event);
  due_.emplace(place->second.due, key);
  tick(event.time, pass);
}

}  // namespace sekimori::daemon
