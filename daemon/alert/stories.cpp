#include "daemon/alert/stories.hpp"

#include <algorithm>
#include <cassert>

namespace sekimori::daemon {
namespace {

// Below this many, timers that mean nothing any more are not worth clearing away.
constexpr std::size_t timers_few = 1024;

// Into the caches, before it is needed: all but what few events have.
void fetch(const Story& story) {
  const auto* const begin = reinterpret_cast<const char*>(&story);
  const auto* const rest = reinterpret_cast<const char*>(&story.event.facts.sightings);
  for (const char* octet = begin; octet < rest; octet += 64) __builtin_prefetch(octet, 1);
  __builtin_prefetch(&story.event.verdict, 1);
}

// What a story holds when it begins, without giving back the room that it has.
void clear(Story& story) {
  static_cast<StoryFigures&>(story) = {};
  for (Trail& trail : story.trails) {
    trail.yes = trail.spoke = trail.blind = trail.told = false;
    trail.latest_start = {};
    trail.minutes.clear();
  }
  story.told.clear();
  story.responders.clear();
  story.services.clear();
  story.flow_bytes.clear();
  story.policy.reset();
  story.incident.clear();
}

}  // namespace

bool StoryKey::is(const StoryKey& other) const {
  return initiator.upper() == other.initiator.upper() && initiator.lower() == other.initiator.lower() &&
         initiator.family == other.initiator.family && initiator.domain == other.initiator.domain &&
         pair == other.pair && exception == other.exception;
}

Stories::Stories()
    : hash_(capture::HashSecret::random()), index_(0, Hash{.stories = this}, Equal{.stories = this}) {}

std::uint64_t Stories::digest(const IpAddress& address, std::uint64_t first, std::uint64_t second) const {
  return hash_({.words = {address.upper(), address.lower(), first, second, 0},
                .kind = static_cast<std::uint16_t>(static_cast<unsigned>(address.family) |
                                                   unsigned{address.domain} << 8U)});
}

std::uint64_t Stories::digest(std::uint64_t number) const {
  return hash_({.words = {number, 0, 0, 0, 0}, .kind = 1});
}

std::uint64_t Stories::hash_of(const StoryKey& key) const {
  return digest(key.initiator, key.pair, key.exception);
}

Story* Stories::find(const StoryKey& key) {
  const auto found = index_.find(Wanted{key, hash_of(key)});
  return found != index_.end() ? &slots_[*found] : nullptr;
}

Story& Stories::open(const StoryKey& key) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    places_.emplace_back();
    slots_.emplace_back().slot = free_.back();
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  Story& story = slots_[slot];
  story.key = key;
  story.number = ++opened_;
  places_[slot] = {.hash = hash_of(key)};
  index_.insert(slot);
  append(row_of(story), slot);
  return story;
}

void Stories::close(Story& story) {
  const std::uint32_t slot = story.slot;
  if (places_[slot].number != 0) --running_;
  Row& row = row_of(story);
  unlink(row, slot);
  // In a flood of initiators the next to make room is by then the stalest.
  if (row.stalest != none) fetch(slots_[row.stalest]);
  index_.erase(slot);
  places_[slot] = {};
  clear(story);
  free_.push_back(slot);
}

void Stories::renumber(const std::vector<std::pair<Story*, policy::PairId>>& pairs) {
  for (const auto& [story, pair] : pairs) index_.erase(story->slot);
  for (const auto& [story, pair] : pairs) {
    story->key.pair = pair;
    places_[story->slot].hash = hash_of(story->key);
    index_.insert(story->slot);
  }
}

void Stories::append(Row& row, std::uint32_t slot) {
  places_[slot].older = row.freshest;
  places_[slot].newer = none;
  (row.freshest != none ? places_[row.freshest].newer : row.stalest) = slot;
  row.freshest = slot;
  ++row.size;
}

void Stories::unlink(Row& row, std::uint32_t slot) {
  const Place& place = places_[slot];
  (place.older != none ? places_[place.older].newer : row.stalest) = place.newer;
  (place.newer != none ? places_[place.newer].older : row.freshest) = place.older;
  --row.size;
}

void Stories::touch(Story& story) {
  Row& row = row_of(story);
  if (row.freshest == story.slot) return;
  unlink(row, story.slot);
  append(row, story.slot);
}

Story* Stories::stalest(Shelf shelf) {
  const Row& row = shelves_[static_cast<std::size_t>(shelf)];
  return row.stalest != none ? &slots_[row.stalest] : nullptr;
}

std::vector<Story*> Stories::all(Shelf shelf) {
  std::vector<Story*> stories;
  std::uint32_t slot = shelves_[static_cast<std::size_t>(shelf)].stalest;
  for (; slot != none; slot = places_[slot].newer) stories.push_back(&slots_[slot]);
  std::sort(stories.begin(), stories.end(),
            [](const Story* a, const Story* b) { return a->number < b->number; });
  return stories;
}

bool Stories::stale(const Timer& timer) const {
  const Place& place = places_[timer.slot];
  return place.number != timer.number || place.due != timer.time;
}

void Stories::wind(Story& story, Time when) {
  Place& place = places_[story.slot];
  if (place.number != 0) {
    if (place.due <= when) return;
    --running_;
  }
  place.due = when;
  place.number = story.number;
  ++running_;
  timers_.push_back({when, story.number, story.slot});
  std::push_heap(timers_.begin(), timers_.end(), std::greater<>{});
  if (timers_.size() > 2 * running_ + timers_few) drop_stale_timers();
}

void Stories::drop_stale_timers() {
  std::erase_if(timers_, [this](const Timer& timer) { return stale(timer); });
  std::make_heap(timers_.begin(), timers_.end(), std::greater<>{});
}

Time Stories::next_due() {
  while (!timers_.empty() && stale(timers_.front())) {
    std::pop_heap(timers_.begin(), timers_.end(), std::greater<>{});
    timers_.pop_back();
  }
  return timers_.empty() ? Time::max() : timers_.front().time;
}

Stories::Rung Stories::due(Time now) {
  if (timers_.empty() || timers_.front().time > now || next_due() > now || timers_.empty()) return {};
  const Timer timer = timers_.front();
  std::pop_heap(timers_.begin(), timers_.end(), std::greater<>{});
  timers_.pop_back();
  places_[timer.slot].number = 0;
  --running_;
  return {&slots_[timer.slot], timer.time};
}

}  // namespace sekimori::daemon
