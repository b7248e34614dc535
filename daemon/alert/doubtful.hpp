// Messages that the receiver's kernel has acknowledged and its program may not have read: syslog has no
// acknowledgement of its own. When a connection ends, the ones worth sending again are here. Inside of
// daemon/alert only.
//
// What the program left unread fills its kernel's buffer, and so narrows the window that this kernel
// announces: the window tells how much may be unread. Twice the narrowing is taken, and where the connection
// was reset a margin: kernels widen the window while a connection is busy, so that as much as the widest
// window that they announced may be unread before it is seen to narrow.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace sekimori::daemon {

template <class Message>
class Doubtful {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::chrono::milliseconds fresh{
      5000};  // so new that a busy program may not have stored it
  static constexpr std::uint64_t margin_least = 64ULL << 10U;  // octets
  static constexpr std::uint64_t octets_max = 8ULL << 20U;
  static constexpr std::size_t orderly_max = 256;  // messages taken for being fresh, after an orderly end

  // The peer announced this window; -1: unknown.
  void window(std::int64_t octets) {
    if (octets < 0) return;
    window_ = octets;
    widest_ = std::max(widest_, octets);
  }

  void add(Message message, Clock::time_point now) {
    const std::uint64_t size = message.bytes.size();
    octets_ += size;
    entries_.push_back({std::move(message), size, now});
    while (octets_ > octets_max ||
           (octets_ - entries_.front().size >= narrowing() + margin() && !is_fresh(entries_.front(), now))) {
      drop();
    }
  }

  // The connection is over: what to send again, in its order. Forgets all.
  std::vector<Message> take(bool abrupt, Clock::time_point now) {
    const std::uint64_t unread = narrowing() + (abrupt ? margin() : 0);
    while (!entries_.empty()) {
      const Entry& first = entries_.front();
      const bool new_enough = is_fresh(first, now) && (abrupt || entries_.size() <= orderly_max);
      if (new_enough || octets_ - first.size < unread) break;
      drop();
    }
    std::vector<Message> out;
    for (Entry& entry : entries_) out.push_back(std::move(entry.message));
    clear();
    return out;
  }

  void clear() { *this = {}; }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Message message;
    std::uint64_t size;
    Clock::time_point since;
  };

  static bool is_fresh(const Entry& entry, Clock::time_point now) { return now - entry.since < fresh; }
  std::uint64_t narrowing() const { return static_cast<std::uint64_t>(widest_ - window_) * 2; }
  std::uint64_t margin() const { return std::max(margin_least, static_cast<std::uint64_t>(widest_)); }
  void drop() {
    octets_ -= entries_.front().size;
    entries_.pop_front();
  }

  std::deque<Entry> entries_{};
  std::uint64_t octets_ = 0;
  std::int64_t window_ = 0;
  std::int64_t widest_ = 0;
};

}  // namespace sekimori::daemon
