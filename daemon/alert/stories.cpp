#include "daemon/alert/stories.hpp"

#include <algorithm>
#include <cassert>
#include <memory>

#include "capture/ahead.hpp"
#include "daemon/probing.hpp"

namespace sekimori::daemon {
namespace {

constexpr std::size_t index_least = 1024;  // a power of two

// Below this many, timers that mean nothing any more are not worth clearing away.
constexpr std::size_t timers_few = 1024;

// Into the caches, before it is needed: all but what few events have.
void fetch_lines(const Story& story) {
  const auto* const begin = reinterpret_cast<const char*>(&story);
  const auto* const rest = reinterpret_cast<const char*>(&story.event.facts.sightings);
  for (const char* octet = begin; octet < rest; octet += 64) ask_to_write(octet);
  ask_to_write(&story.event.verdict);
  ask_to_write(&story.event.generation);
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

StoryRoom::~StoryRoom() {
  for (std::size_t slot = 0; slot < size_; ++slot) std::destroy_at(&(*this)[slot]);
}

Story& StoryRoom::add() {
  if (size_ == blocks_.size() * each) {
    memory_.emplace_back(block_bytes);
    blocks_.push_back(reinterpret_cast<Story*>(memory_.back().data()));
  }
  Story& story = *std::construct_at(&(*this)[size_]);
  ++size_;
  return story;
}

Stories::Stories() : hash_(capture::HashSecret::random()), index_(index_least) {}

std::uint64_t Stories::digest(const IpAddress& address, std::uint64_t first, std::uint64_t second) const {
  return hash_({.words = {address.upper(), address.lower(), first, second, 0},
                .kind = static_cast<std::uint16_t>(static_cast<unsigned>(address.family) |
                                                   unsigned{address.domain} << 8U)});
}

std::uint64_t Stories::digest(std::uint64_t number) const {
  return hash_({.words = {number, 0, 0, 0, 0}, .kind = 1});
}

std::uint32_t Stories::hash_of(const StoryKey& key) const {
  return static_cast<std::uint32_t>(digest(key.initiator, key.pair, key.exception));
}

std::uint32_t Stories::find_slot(const StoryKey& key, std::uint32_t hash) const {
  const std::size_t mask = index_.size() - 1;
  for (std::size_t place = hash & mask; index_[place].slot != none; place = (place + 1) & mask) {
    const Entry& entry = index_[place];
    if (entry.hash == hash && slots_[entry.slot].key.is(key)) return entry.slot;
  }
  return none;
}

Story* Stories::find(const StoryKey& key) {
  const std::uint32_t slot = find_slot(key, hash_of(key));
  return slot != none ? &slots_[slot] : nullptr;
}

void Stories::insert(std::uint32_t hash, std::uint32_t slot) {
  const std::size_t mask = index_.size() - 1;
  std::size_t place = hash & mask;
  while (index_[place].slot != none) place = (place + 1) & mask;
  index_[place] = {.hash = hash, .slot = slot};
}

void Stories::erase(std::uint32_t hash, std::uint32_t slot) {
  const std::size_t mask = index_.size() - 1;
  std::size_t place = hash & mask;
  while (index_[place].slot != slot) place = (place + 1) & mask;
  close_gap(
      index_.data(), mask, place, [](const Entry& each) { return each.slot == none; },
      [](const Entry& each) { return each.hash; });
}

void Stories::widen_index() {
  std::vector<Entry> before(2 * index_.size());
  before.swap(index_);
  for (const Entry& entry : before) {
    if (entry.slot != none) insert(entry.hash, entry.slot);
  }
}

void Stories::expect(std::uint32_t hash) const {
  ask_to_write(&index_[hash & (index_.size() - 1)]);
}

std::uint32_t Stories::fetch(std::uint32_t hash) const {
  const std::size_t mask = index_.size() - 1;
  for (std::size_t place = hash & mask; index_[place].slot != none; place = (place + 1) & mask) {
    if (index_[place].hash != hash) continue;
    const std::uint32_t slot = index_[place].slot;
    ask_to_write(&places_[slot]);
    fetch_lines(slots_[slot]);
    return slot;
  }
  return none;
}

void Stories::fetch_beside(std::uint32_t slot) const {
  if (slot == none) return;
  const Place& place = places_[slot];
  if (place.older != none) ask_to_write(&places_[place.older]);
  if (place.newer != none) ask_to_write(&places_[place.newer]);
}

Story& Stories::open(const StoryKey& key) {
  if (free_.empty()) {
    if (2 * (slots_.size() + 1) > index_.size()) widen_index();
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    places_.emplace_back();
    slots_.add().slot = free_.back();
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  Story& story = slots_[slot];
  story.key = key;
  story.number = ++opened_;
  const std::uint32_t hash = hash_of(key);
  places_[slot] = {.hash = hash};
  insert(hash, slot);
  append(row_of(story), slot);
  return story;
}

void Stories::close(Story& story) {
  const std::uint32_t slot = story.slot;
  const std::uint32_t hash = places_[slot].hash;
  if (places_[slot].number != 0) --running_;
  Row& row = row_of(story);
  unlink(row, slot);
  fetch_stalest(row);
  erase(hash, slot);
  places_[slot] = {};
  clear(story);
  free_.push_back(slot);
}

// In a flood of initiators the next to make room is by then the stalest, and then the one behind it: its
// story is asked for, and the places that its end will touch.
void Stories::fetch_stalest(const Row& row) const {
  if (row.stalest == none) return;
  const Place& next = places_[row.stalest];
  ask_to_write(&index_[next.hash & (index_.size() - 1)]);
  if (next.newer == none) return;
  fetch_lines(slots_[next.newer]);
  ask_to_write(&places_[next.newer]);
}

void Stories::renumber(const std::vector<std::pair<Story*, policy::PairId>>& pairs) {
  for (const auto& [story, pair] : pairs) erase(places_[story->slot].hash, story->slot);
  for (const auto& [story, pair] : pairs) {
    story->key.pair = pair;
    places_[story->slot].hash = hash_of(story->key);
    insert(places_[story->slot].hash, story->slot);
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
