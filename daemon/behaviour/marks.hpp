// What a terminal did to whom, the oldest first: of one shape of attack (scan_watch.hpp). Two words until
// there is one, since there are four lists for each terminal that is followed.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "capture/address.hpp"
#include "capture/flow/page_memory.hpp"
#include "capture/time.hpp"

namespace sekimori::daemon {

struct Mark {
  IpAddress host{};
  std::uint16_t port = 0;
  std::uint8_t protocol = 0;
  Time time{};
  std::uint64_t flow = 0;
};

// What all lists of one watch may take together. Outlives them.
class MarkRoom {
 public:
  explicit MarkRoom(std::size_t most) : most_(most), heap_(most * sizeof(Mark)) {}
  bool has(std::size_t marks) const { return taken_ + marks <= most_; }
  std::size_t taken() const { return taken_; }

 private:
  friend class Marks;

  const std::size_t most_;
  std::size_t taken_ = 0;
  capture::BoundedHeap heap_;
};

// Its owner keeps it below `marks_max`.
class Marks {
 public:
  static constexpr std::size_t marks_max = 16'384;

  Marks() = default;
  Marks(Marks&& other) noexcept { swap(other); }
  Marks& operator=(Marks&& other) noexcept {
    Marks old{std::move(other)};
    swap(old);
    return *this;
  }
  ~Marks() {
    if (list_ == nullptr) return;
    head().room->taken_ -= room_;
    ::operator delete(&head());
  }

  const Mark* begin() const { return list_ + gone_; }
  const Mark* end() const { return list_ + end_; }
  std::size_t size() const { return static_cast<std::size_t>(end_ - gone_); }
  bool empty() const { return end_ == gone_; }
  const Mark& front() const { return list_[gone_]; }
  const Mark& back() const { return list_[end_ - 1U]; }
  // By how much the next one makes it grow; 0: there is a place.
  std::size_t growth() const { return size() < room_ ? 0 : std::max<std::size_t>(room_, least); }
  bool holds_room() const { return room_ != 0; }
  // Needs room.has(growth()).
  void push_back(const Mark& mark, MarkRoom& room) {
    assert(size() < marks_max && room.has(growth()));
    if (end_ == room_) make_room(room);
    list_[end_++] = mark;
  }
  void pop_back() { --end_; }
  void pop_front() { ++gone_; }
  void erase(const Mark* mark) {
    std::copy(mark + 1, end(), list_ + (mark - list_));
    --end_;
  }
  void clear() { *this = {}; }

 private:
  static constexpr std::size_t least = 2;

  // Before the marks, so that a list without any is small.
  struct alignas(std::max(alignof(Mark), alignof(MarkRoom*))) Head {
    MarkRoom* room = nullptr;
  };
  static_assert(std::is_trivially_copyable_v<Mark>);

  Head& head() const { return *(reinterpret_cast<Head*>(list_) - 1); }
  void swap(Marks& other) noexcept {
    std::swap(list_, other.list_);
    std::swap(gone_, other.gone_);
    std::swap(end_, other.end_);
    std::swap(room_, other.room_);
  }
  // Those that are left move up; where none is gone, to twice the room.
  void make_room(MarkRoom& room) {
    if (gone_ != 0) {
      std::copy(begin(), end(), list_);
      end_ = static_cast<std::uint16_t>(end_ - gone_);
      gone_ = 0;
      return;
    }
    const std::size_t wanted = room_ + growth();
    void* const memory = ::operator new(sizeof(Head) + wanted * sizeof(Mark));
    auto* const list = reinterpret_cast<Mark*>(::new (memory) Head{&room} + 1);
    std::uninitialized_copy(begin(), end(), list);
    std::uninitialized_default_construct_n(list + size(), wanted - size());
    Marks larger;
    larger.list_ = list;
    larger.end_ = end_;
    larger.room_ = static_cast<std::uint16_t>(wanted);
    room.taken_ += wanted;
    swap(larger);
  }

  Mark* list_ = nullptr;
  std::uint16_t gone_ = 0;  // of its first ones
  std::uint16_t end_ = 0;
  std::uint16_t room_ = 0;
};

}  // namespace sekimori::daemon
