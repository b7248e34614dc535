// A map of at most so many entries: one that was not used lately makes room for a new one.
//
//   Bounded<IpAddress, Suspect> suspects{65'536};
//   Suspect& suspect = suspects.at(address);   // found or made
//
// Where there is no room, a hand goes round the entries in the order in which they came: one that was used
// since the hand came by is passed over once, the first other one goes. Which one that is depends on the
// order of use alone, and is counted. (An exact order of use costs three more cache misses a step.) Entries
// are found by a keyed hash, so that nobody can choose keys that meet; all memory is taken at the start, in
// huge pages where the system has them, and becomes resident with use. Under a flood each step meets entries
// that are in no cache: expect() and fetch() ask for them while others are worked on. One thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "capture/ahead.hpp"
#include "capture/flow/page_memory.hpp"
#include "daemon/behaviour/keyed_hash.hpp"
#include "daemon/probing.hpp"

namespace sekimori::daemon {

template <class Key, class Value>
class Bounded {
 public:
  // Below 2^31 entries. Maps that are asked for the same keys may share a secret. Throws std::bad_alloc.
  explicit Bounded(std::size_t entries_max, const KeyedHash& hash = {})
      : entries_max_(std::max<std::size_t>(entries_max, 1)),
        mask_(static_cast<std::uint32_t>(std::bit_ceil(2 * entries_max_) - 1)),
        hash_(hash),
        memory_(sizeof(Place) * (std::size_t{mask_} + 1) + sizeof(Entry) * entries_max_ + alignof(Entry)),
        places_(reinterpret_cast<Place*>(memory_.data())) {
    void* rest = places_ + mask_ + 1;
    std::size_t room = sizeof(Entry) * entries_max_ + alignof(Entry);
    entries_ = static_cast<Entry*>(std::align(alignof(Entry), sizeof(Entry), rest, room));
  }
  Bounded(const Bounded&) = delete;
  Bounded& operator=(const Bounded&) = delete;
  ~Bounded() { std::destroy_n(entries_, made_); }

  // Of a key, for whoever asks for it several times: goes with that key alone, and with maps of this secret.
  std::uint32_t hash(const Key& key) const { return hash_(key); }

  // Good until this entry makes room or is erased.
  Value& at(const Key& key) { return at(key, hash(key)); }
  Value& at(const Key& key, std::uint32_t hash) {
    if (const std::uint32_t place = locate(key, hash); place != none) {
      Entry& entry = entries_[places_[place].slot - 1];
      entry.used = true;
      return entry.value;
    }
    if (size_ >= entries_max_) {
      displace(std::numeric_limits<std::uint32_t>::max(), [](const Value&) { return true; });
    }
    const std::uint32_t slot = take();
    Entry& entry = entries_[slot];
    entry.hash = hash;
    entry.key = key;
    entry.held = true;
    std::uint32_t place = hash & mask_;
    while (places_[place].slot != 0) place = (place + 1) & mask_;
    places_[place] = {hash, slot + 1};
    ++size_;
    return entry.value;
  }
  // Is no use of it.
  Value* find(const Key& key) { return find(key, hash(key)); }
  Value* find(const Key& key, std::uint32_t hash) {
    const std::uint32_t place = locate(key, hash);
    return place == none ? nullptr : &entries_[places_[place].slot - 1].value;
  }
  const Value* find(const Key& key) const { return const_cast<Bounded*>(this)->find(key, hash(key)); }
  // All of them, as they lie in memory. Is no use of them.
  template <class Visitor>
  void visit(Visitor visitor) {
    for (std::uint32_t slot = 0; slot < made_; ++slot) {
      if (entries_[slot].held) visitor(std::as_const(entries_[slot].key), entries_[slot].value);
    }
  }
  template <class Visitor>
  void visit(Visitor visitor) const {
    for (std::uint32_t slot = 0; slot < made_; ++slot) {
      const Entry& entry = entries_[slot];
      if (entry.held) visitor(entry.key, entry.value);
    }
  }
  // Was it there?
  bool erase(const Key& key) {
    const std::uint32_t place = locate(key, hash(key));
    if (place != none) remove(place);
    return place != none;
  }
  template <class Question>
  void forget_if(Question question) {
    for (std::uint32_t slot = 0; slot < made_; ++slot) {
      const Entry& entry = entries_[slot];
      if (entry.held && question(entry.key, entry.value)) remove(locate(entry.key, entry.hash));
    }
  }
  // A key of this hash will be asked for soon: first its place, some keys later what stands there.
  void expect(std::uint32_t hash) const { ask_to_read(&places_[hash & mask_]); }
  void fetch(std::uint32_t hash) const {
    for (std::uint32_t place = hash & mask_; places_[place].slot != 0; place = (place + 1) & mask_) {
      if (places_[place].hash == hash) return fetch_entry(places_[place].slot - 1);
    }
    // It will take the place of one that the hand comes to.
    if (size_ + near >= entries_max_) fetch_hand();
  }
  // Displaces one of those that may go, among the next `looks` that the hand comes to: the first that was not
  // used since it came by, else the first. Was there one?
  template <class Question>
  bool displace(std::uint32_t looks, Question may_go) {
    std::uint32_t chosen = none;
    for (; looks != 0 && made_ != 0; --looks, hand_ = (hand_ + 1) % made_) {
      Entry& entry = entries_[hand_];
      if (!entry.held || !may_go(std::as_const(entry.value))) continue;
      const bool used = std::exchange(entry.used, false);
      if (chosen == none || !used) chosen = hand_;
      if (!used) break;
    }
    if (chosen == none) return false;
    remove(locate(entries_[chosen].key, entries_[chosen].hash));
    ++displaced_;
    return true;
  }
  std::size_t size() const { return size_; }
  std::uint64_t displaced() const { return displaced_; }

 private:
  static constexpr std::uint32_t none = 0xffff'ffff;
  static constexpr std::uint32_t near = 8;  // entries that the hand will have come to

  struct Content {
    std::uint32_t hash = 0;
    bool held = false;
    bool used = false;  // since the hand came by
    Key key{};
    Value value{};
  };
  // A small one lies in one line of the cache, a large one begins one.
  struct alignas(std::min<std::size_t>(std::bit_ceil(sizeof(Content)), 64)) Entry : Content {};
  // Of the index: at most half of it is taken, by hash, the first free one from there on.
  struct Place {
    std::uint32_t hash = 0;
    std::uint32_t slot = 0;  // + 1; 0 = free
  };

  void fetch_entry(std::uint32_t slot) const {
    const auto* entry = reinterpret_cast<const std::byte*>(&entries_[slot]);
    for (std::size_t line = 0; line < sizeof(Entry); line += 64) ask_to_write(entry + line);
  }
  // Those that may have to go next, and their places.
  void fetch_hand() const {
    const std::uint32_t soon = hand_ + near;
    fetch_entry(soon + near < made_ ? soon + near : soon % made_);
    if (soon < made_) ask_to_write(&places_[entries_[soon].hash & mask_]);
  }
  std::uint32_t locate(const Key& key, std::uint32_t hash) const {
    for (std::uint32_t place = hash & mask_; places_[place].slot != 0; place = (place + 1) & mask_) {
      if (places_[place].hash == hash && entries_[places_[place].slot - 1].key == key) return place;
    }
    return none;
  }
  std::uint32_t take() {
    if (free_.empty()) {
      std::construct_at(&entries_[made_]);
      return made_++;
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void remove(std::uint32_t place) {
    const std::uint32_t slot = places_[place].slot - 1;
    entries_[slot].value = Value{};
    entries_[slot].held = entries_[slot].used = false;
    free_.push_back(slot);
    --size_;
    close_gap(
        places_, mask_, place, [](const Place& each) { return each.slot == 0; },
        [](const Place& each) { return each.hash; });
  }

  const std::size_t entries_max_;
  const std::uint32_t mask_;
  const KeyedHash hash_;
  capture::PageMemory memory_;
  Place* const places_;
  Entry* entries_ = nullptr;
  std::uint32_t made_ = 0;             // of entries_: held ones and free ones
  std::vector<std::uint32_t> free_{};  // at most one but for forget_if() and erase()
  std::uint32_t hand_ = 0;
  std::size_t size_ = 0;
  std::uint64_t displaced_ = 0;
};

}  // namespace sekimori::daemon
