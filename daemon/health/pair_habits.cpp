#include "daemon/health/pair_habits.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
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

PairHabits::PairHabits() : hours_(std::tuple_size_v<Matrix>), pairs_(std::tuple_size_v<Matrix>) {}

void PairHabits::step(std::chrono::nanoseconds now, std::int64_t hour, const Matrix& matrix, bool sighted) {
  now_ = now;
  if (hour != hour_) {
    const bool follows = hour == hour_ + 1;
    if (follows && whole_ && sighted) end_hour();
    // The first hour is not whole, and neither is one that the clock jumped into.
    whole_ = follows;
    hour_ = hour;
    for (Pair& pair : pairs_) pair.longest = pair.times = 0;
  }
  whole_ = whole_ && sighted;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    Pair& pair = pairs_[i];
    const bool news = std::exchange(pair.packets, matrix[i].packets) != matrix[i].packets;
    if (!news && sighted) continue;
    if (news) {
      pair.longest = std::max(pair.longest, whole_seconds(now - pair.heard));
      if (pair.times != std::numeric_limits<std::uint16_t>::max()) ++pair.times;
    }
    pair.heard = now;
    pair.heard_hour = static_cast<std::uint8_t>(of_day(hour));
  }
}

void PairHabits::end_hour() {
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const Pair& pair = pairs_[i];
    Hour& hour = hours_[i][of_day(hour_)];
    const unsigned bit = 1U << hour.next;
    hour.longest[hour.next] = std::max(pair.longest, whole_seconds(now_ - pair.heard));
    hour.busy = static_cast<std::uint8_t>(pair.times >= times_least ? hour.busy | bit : hour.busy & ~bit);
    hour.next = static_cast<std::uint8_t>((hour.next + 1U) % days);
  }
}

std::optional<std::chrono::seconds> PairHabits::usual(std::size_t pair, unsigned hour) const {
  const Hour& habit = hours_[pair][hour];
  if (habit.busy != (1U << days) - 1U) return std::nullopt;
  return std::chrono::seconds{margin * *std::max_element(habit.longest.begin(), habit.longest.end())};
}

std::optional<std::chrono::seconds> PairHabits::usual(std::size_t pair) const {
  const auto here = usual(pair, of_day(hour_));
  const auto there = usual(pair, pairs_[pair].heard_hour);
  if (!here || !there) return std::nullopt;
  return std::max(*here, *there);
}

}  // namespace sekimori::daemon
