// A queue in one piece of memory, which doubles when it is full and is then kept: what goes through it day
// and night allocates nothing, and what comes next can be asked for ahead. Its owner bounds it. One thread.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace sekimori::daemon {

template <class Value>
class Ring {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  // The oldest is 0.
  const Value& operator[](std::size_t at) const { return places_[(first_ + at) & (places_.size() - 1)]; }
  const Value& front() const { return (*this)[0]; }
  void push_back(const Value& value) {
    if (size_ == places_.size()) grow();
    places_[(first_ + size_++) & (places_.size() - 1)] = value;
  }
  void pop_front() {
    first_ = (first_ + 1) & (places_.size() - 1);
    --size_;
  }
  void clear() { first_ = size_ = 0; }
  // The others keep their order.
  template <class Question>
  void erase_if(Question question) {
    std::size_t kept = 0;
    for (std::size_t at = 0; at < size_; ++at) {
      const Value& value = (*this)[at];
      if (!question(value)) places_[(first_ + kept++) & (places_.size() - 1)] = value;
    }
    size_ = kept;
  }

 private:
  static constexpr std::size_t least = 16;

  void grow() {
    std::vector<Value> larger(places_.empty() ? least : 2 * places_.size());
    for (std::size_t at = 0; at < size_; ++at) larger[at] = (*this)[at];
    places_ = std::move(larger);
    first_ = 0;
  }

  std::vector<Value> places_{};  // a power of two, or none
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace sekimori::daemon
