// A set of at most so many numbers, for what waits: one that has no room is refused, none is displaced.
//
//   NumberSet waiting{65'536, hash};
//   if (!waiting.full()) waiting.insert(flow, waiting.hash(flow));
//
// Found by a keyed hash that its owner makes (it may be that of other tables). All memory is taken at the
// start and becomes resident with use; expect() asks for it while others are worked on. One thread.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "capture/ahead.hpp"
#include "capture/flow/page_memory.hpp"
#include "daemon/behaviour/keyed_hash.hpp"
#include "daemon/probing.hpp"

namespace sekimori::daemon {

class NumberSet {
 public:
  // Below 2^31 numbers. Throws std::bad_alloc.
  NumberSet(std::size_t numbers_max, const KeyedHash& hash)
      : numbers_max_(numbers_max),
        mask_(static_cast<std::uint32_t>(std::bit_ceil(2 * numbers_max + 2) - 1)),
        hash_(hash),
        memory_(sizeof(std::uint64_t) * (std::size_t{mask_} + 1)),
        places_(reinterpret_cast<std::uint64_t*>(memory_.data())) {}

  std::uint32_t hash(std::uint64_t number) const { return hash_(number); }
  std::size_t size() const { return size_; }
  bool full() const { return size_ >= numbers_max_; }

  // Was it new? There must be room. Numbers below 2^64 - 1.
  bool insert(std::uint64_t number, std::uint32_t hash) {
    const std::uint32_t place = locate(number, hash);
    if (places_[place] != 0) return false;
    assert(!full());
    places_[place] = number + 1;
    ++size_;
    return true;
  }
  bool contains(std::uint64_t number, std::uint32_t hash) const { return places_[locate(number, hash)] != 0; }
  // Was it there?
  bool erase(std::uint64_t number, std::uint32_t hash) {
    const std::uint32_t place = locate(number, hash);
    if (places_[place] == 0) return false;
    close_gap(
        places_, mask_, place, [](std::uint64_t each) { return each == 0; },
        [this](std::uint64_t each) { return hash_(each - 1); });
    --size_;
    return true;
  }
  void clear() {
    for (std::size_t place = 0; size_ != 0 && place <= mask_; ++place) places_[place] = 0;
    size_ = 0;
  }
  // This one will be asked for soon. As Bounded::expect().
  void expect(std::uint32_t hash) const { ask_to_write(&places_[hash & mask_]); }

 private:
  // Where it stands, or the free place where it would.
  std::uint32_t locate(std::uint64_t number, std::uint32_t hash) const {
    std::uint32_t place = hash & mask_;
    while (places_[place] != 0 && places_[place] != number + 1) place = (place + 1) & mask_;
    return place;
  }

  const std::size_t numbers_max_;
  const std::uint32_t mask_;
  const KeyedHash hash_;
  capture::PageMemory memory_;
  std::uint64_t* const places_;  // each number + 1; 0 = free, and at least half of them are
  std::size_t size_ = 0;
};

}  // namespace sekimori::daemon
