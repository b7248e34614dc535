// Which of many things was told already in this minute of packet time: exact, bounded, and without taking
// memory after its construction. Minutes, not pauses: whoever tells each thing first in its minute, one
// worker or several, has told the same things.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace sekimori::daemon {

class FirstSeen {
 public:
  static constexpr std::size_t most = 4096;  // things in one minute
  explicit FirstSeen(std::size_t limit = most) : limit_(limit) {}

  enum class Answer : std::uint8_t { first, known, full };

  // `key`: a hash, never 0. The minute before the newest one is still known, because frames of several taps
  // do not come in the order of their times; one that is older still is looked for in a newer one.
  Answer look(std::uint64_t key, std::int64_t minute) {
    pass(minute);
    Half& half = halves_[static_cast<std::uint64_t>(minute) & 1U];
    const std::uint64_t& slot = find(half, key);
    if (slot == key) return Answer::known;
    if (half.count < limit_) return Answer::first;
    if (!half.full) ++minutes_full_;
    half.full = true;
    return Answer::full;
  }
  // The minute in which a thing of this one is looked for: itself, or a newer one. After look().
  std::int64_t kept_in(std::int64_t minute) const {
    return halves_[static_cast<std::uint64_t>(minute) & 1U].minute;
  }
  // There is such a minute: what is told in it is told for the first time. Where several workers share what
  // is told, each has to hear of every minute in the order in which they come, or one that slept while the
  // clock was set forward and back would know more than the others.
  void pass(std::int64_t minute) {
    Half& half = halves_[static_cast<std::uint64_t>(minute) & 1U];
    if (half.minute >= minute) return;
    // A capture's time may go on by a minute with each frame: only what was taken is cleared.
    for (std::size_t i = 0; i < half.count; ++i) half.keys[half.taken[i]] = 0;
    half.count = 0;
    half.full = false;
    half.minute = minute;
  }
  // It was told: from here on it is known. Right after look() said `first`.
  void keep(std::uint64_t key, std::int64_t minute) {
    Half& half = halves_[static_cast<std::uint64_t>(minute) & 1U];
    std::uint64_t& slot = find(half, key);
    slot = key;
    half.taken[half.count++] = static_cast<std::uint16_t>(&slot - half.keys.data());
  }

  std::uint64_t minutes_full() const { return minutes_full_; }  // in which things were turned away

 private:
  static constexpr std::size_t slots = 2 * most;  // about half full at most, so that searches are short
  struct Half {
    std::int64_t minute = std::numeric_limits<std::int64_t>::min();
    std::size_t count = 0;
    bool full = false;  // something was turned away
    std::vector<std::uint64_t> keys = std::vector<std::uint64_t>(slots);
    std::vector<std::uint16_t> taken = std::vector<std::uint16_t>(slots);  // the first `count`: which
  };
  static std::uint64_t& find(Half& half, std::uint64_t key) {
    std::size_t at = static_cast<std::size_t>(key >> 32U) & (slots - 1);
    while (half.keys[at] != 0 && half.keys[at] != key) at = (at + 1) & (slots - 1);
    return half.keys[at];
  }

  std::size_t limit_;
  std::array<Half, 2> halves_{};
  std::uint64_t minutes_full_ = 0;
};

}  // namespace sekimori::daemon
