// A map of at most so many entries: the stalest makes room for a new one.
//
//   Bounded<IpAddress, Suspect> suspects{65'536};
//   Suspect& suspect = suspects.at(address);   // found or made, and the freshest from now on
//
// One thread. What makes room is counted; which one does depends on the order of use alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <utility>

namespace sekimori::daemon {

template <class Key, class Value>
class Bounded {
 public:
  explicit Bounded(std::size_t entries_max) : entries_max_(std::max<std::size_t>(entries_max, 1)) {}

  // Good until the next call of at(), forget_if() or clear().
  Value& at(const Key& key) {
    const auto found = places_.find(key);
    if (found != places_.end()) {
      entries_.splice(entries_.end(), entries_, found->second);
      return found->second->second;
    }
    if (entries_.size() >= entries_max_) {
      places_.erase(entries_.front().first);
      entries_.pop_front();
      ++displaced_;
    }
    entries_.emplace_back(key, Value{});
    places_.emplace(key, std::prev(entries_.end()));
    return entries_.back().second;
  }
  Value* find(const Key& key) {
    const auto found = places_.find(key);
    return found == places_.end() ? nullptr : &found->second->second;
  }
  void erase(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return;
    entries_.erase(found->second);
    places_.erase(found);
  }
  template <class Question>
  void forget_if(Question question) {
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      if (question(entry->first, entry->second)) {
        places_.erase(entry->first);
        entry = entries_.erase(entry);
      } else {
        ++entry;
      }
    }
  }
  std::size_t size() const { return entries_.size(); }
  std::uint64_t displaced() const { return displaced_; }

 private:
  using Entries = std::list<std::pair<Key, Value>>;  // stalest first
  std::size_t entries_max_;
  Entries entries_{};
  std::map<Key, typename Entries::iterator> places_{};
  std::uint64_t displaced_ = 0;
};

}  // namespace sekimori::daemon
