// What a terminal did to whom, the oldest first: of one shape of attack (scan_watch.hpp). Two words until
// there is one, since there are four lists for each terminal that is followed.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "capture/address.hpp"
#include "capture/time.hpp"

namespace sekimori::daemon {

struct Mark {
  IpAddress host{};
  std::uint16_t port = 0;
  std::uint8_t protocol = 0;
  Time time{};
  std::uint64_t flow = 0;
};

// Its owner keeps it below `marks_max`.
class Marks {
 public:
  static constexpr std::size_t marks_max = 16'384;

  const Mark* begin() const { return list_.get() + gone_; }
  const Mark* end() const { return list_.get() + end_; }
  std::size_t size() const { return static_cast<std::size_t>(end_ - gone_); }
  bool empty() const { return end_ == gone_; }
  const Mark& front() const { return list_[gone_]; }
  const Mark& back() const { return list_[end_ - 1U]; }
  void push_back(const Mark& mark) {
    assert(size() < marks_max);
    if (end_ == room_) make_room();
    list_[end_++] = mark;
  }
  void pop_back() { --end_; }
  void pop_front() { ++gone_; }
  void erase(const Mark* mark) {
    std::copy(mark + 1, end(), list_.get() + (mark - list_.get()));
    --end_;
  }
  void clear() { *this = {}; }

 private:
  // Those that are left move up, or to twice the room where they fill half of it.
  void make_room() {
    if (2 * size() < room_) {
      std::copy(begin(), end(), list_.get());
    } else {
      const std::size_t room = std::max<std::size_t>(2 * std::size_t{room_}, 2);
      auto larger = std::make_unique<Mark[]>(room);
      std::copy(begin(), end(), larger.get());
      list_ = std::move(larger);
      room_ = static_cast<std::uint16_t>(room);
    }
    end_ = static_cast<std::uint16_t>(end_ - gone_);
    gone_ = 0;
  }

  std::unique_ptr<Mark[]> list_{};
  std::uint16_t gone_ = 0;  // of its first ones
  std::uint16_t end_ = 0;
  std::uint16_t room_ = 0;
};

}  // namespace sekimori::daemon
