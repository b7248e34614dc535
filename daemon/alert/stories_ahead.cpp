#include "daemon/alert/stories_ahead.hpp"

#include <algorithm>

#include "capture/ahead.hpp"

namespace sekimori::daemon {
namespace {

// How many events ahead each step is.
constexpr std::size_t events_ahead = 24;
constexpr std::size_t places_ahead = 16;
constexpr std::size_t stories_ahead = 8;
constexpr std::size_t beside_ahead = 4;

// What most events have: the others are read as they come.
void fetch(const FlowEvent& event) {
  const auto* const begin = reinterpret_cast<const char*>(&event);
  const auto* const rest = reinterpret_cast<const char*>(&event.facts.sightings);
  for (const char* octet = begin; octet < rest; octet += 64) ask_to_read(octet);
  ask_to_read(&event.verdict);
  ask_to_read(&event.generation);
}

}  // namespace

StoriesAhead::Expected StoriesAhead::expect(const FlowEvent& event) const {
  const bool forbidden =
      event.verdict.decision == policy::Decision::forbid && !told_by_each_worker(event.kind);
  if (!forbidden) return {};
  const std::uint32_t hash = stories_.hash_of({event.facts.tuple.source, event.verdict.pair(), 0});
  stories_.expect(hash);
  return {.hash = hash, .forbidden = true};
}

void StoriesAhead::look(std::size_t at, std::span<const FlowEvent* const> events) {
  const auto each = [&](std::size_t distance, auto&& ask) {
    const std::size_t end = std::min(at + distance + 1, events.size());
    for (std::size_t i = at == 0 ? 0 : at + distance; i < end; ++i) {
      ask(*events[i], expected_[i % expected_.size()]);
    }
  };
  each(events_ahead, [](const FlowEvent& event, Expected&) { fetch(event); });
  each(places_ahead, [&](const FlowEvent& event, Expected& expected) { expected = expect(event); });
  each(stories_ahead, [&](const FlowEvent&, Expected& expected) {
    if (expected.forbidden) expected.slot = stories_.fetch(expected.hash);
  });
  each(beside_ahead, [&](const FlowEvent&, Expected& expected) { stories_.fetch_beside(expected.slot); });
}

}  // namespace sekimori::daemon
