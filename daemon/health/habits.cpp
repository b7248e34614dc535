#include "daemon/health/habits.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace sekimori::daemon {
namespace {

std::uint16_t whole_seconds(std::chrono::nanoseconds span) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(span).count();
  return static_cast<std::uint16_t>(
      std::clamp<std::int64_t>(seconds, 0, std::numeric_limits<std::uint16_t>::max()));
}

unsigned of_day(std::int64_t hour) {
  return static_cast<unsigned>(((hour % 24) + 24) % 24);
}

}  // namespace

Habits::Habits(std::size_t count) : hours_(count), heard_(count) {}

void Habits::step(std::chrono::nanoseconds now, std::int64_t hour, std::span<const std::uint32_t> counts,
                  bool sighted) {
  now_ = now;
  if (!std::exchange(begun_, true)) {
    for (Heard& each : heard_) each = {.at = now, .hour = static_cast<std::uint8_t>(of_day(hour))};
  }
  if (hour != hour_) {
    const bool follows = hour == hour_ + 1;
    if (follows && whole_ && sighted) end_hour();
    // The first hour is not whole, and neither is one that the clock jumped into.
    whole_ = follows;
    hour_ = hour;
    for (Heard& each : heard_) each.longest = each.times = 0;
  }
  whole_ = whole_ && sighted;
  for (std::size_t i = 0; i < std::min(counts.size(), heard_.size()); ++i) {
    Heard& each = heard_[i];
    each.news = std::exchange(each.count, counts[i]) != counts[i];
    if (!each.news && sighted) continue;
    if (each.news) {
      each.longest = std::max(each.longest, whole_seconds(now - each.at));
      if (each.times != std::numeric_limits<std::uint16_t>::max()) ++each.times;
    }
    each.at = now;
    each.hour = static_cast<std::uint8_t>(of_day(hour));
  }
}

void Habits::end_hour() {
  ++lessons_;
  for (std::size_t i = 0; i < heard_.size(); ++i) {
    const Heard& each = heard_[i];
    Hour& hour = hours_[i][of_day(hour_)];
    const unsigned bit = 1U << hour.next;
    hour.longest[hour.next] = std::max(each.longest, whole_seconds(now_ - each.at));
    hour.busy = static_cast<std::uint8_t>(each.times >= times_least ? hour.busy | bit : hour.busy & ~bit);
    hour.next = static_cast<std::uint8_t>((hour.next + 1U) % days);
  }
}

bool Habits::restore(std::size_t which, unsigned hour, const Hour& learned) {
  if (which >= hours_.size() || hour >= hours_[which].size()) return false;
  if (learned.next >= days || learned.busy >= 1U << days) return false;
  hours_[which][hour] = learned;
  return true;
}

std::optional<std::chrono::seconds> Habits::usual(std::size_t which, unsigned hour) const {
  const Hour& habit = hours_[which][hour];
  if (habit.busy != (1U << days) - 1U) return std::nullopt;
  return std::chrono::seconds{margin * *std::max_element(habit.longest.begin(), habit.longest.end())};
}

std::optional<std::chrono::seconds> Habits::usual(std::size_t which) const {
  const auto here = usual(which, of_day(hour_));
  if (!here) return std::nullopt;
  const auto there = usual(which, heard_[which].hour);
  return there ? std::optional{std::max(*here, *there)} : std::nullopt;
}

}  // namespace sekimori::daemon
