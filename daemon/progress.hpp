// How far one thread has come with things that all of several threads do in the same order, so that others
// follow it without a lock.
#pragma once

#include <atomic>
#include <cstdint>

namespace sekimori::daemon {

class Progress {
 public:
  // The first `count` are done. By the one thread whose progress it is, never less than before.
  void reach(std::uint64_t count) {
    state_.store(count, std::memory_order_release);
    state_.notify_all();
  }
  // There will be no more. By the same thread, once it has reached the last.
  void close() {
    state_.store(state_.load(std::memory_order_relaxed) | closed, std::memory_order_release);
    state_.notify_all();
  }
  // By any thread: waits until number `index` (0: the first) is done; what was written before is seen then.
  // False: it never will be.
  bool await(std::uint64_t index) const {
    for (std::uint64_t state = state_.load(std::memory_order_acquire);;
         state = state_.load(std::memory_order_acquire)) {
      if ((state & ~closed) > index) return true;
      if ((state & closed) != 0) return false;
      state_.wait(state, std::memory_order_acquire);
    }
  }

 private:
  static constexpr std::uint64_t closed = std::uint64_t{1} << 63U;
  std::atomic<std::uint64_t> state_{0};
};

}  // namespace sekimori::daemon
