// Brings the journal's alerts to the destinations: each at its own pace, in order, at least once.
//
//   Courier courier{io, journal, sinks, options.alerts};
//   journal.start(courier.waker());
//
// A sink is given only what it has room for, so that queues stay small however long it is dead: the journal
// is the queue. What a sink has settled is written into its cursor; after a restart it goes on behind it.
// What the journal has no longer (retention, or a disk that failed for too long) is counted for that
// destination, and told in it. A destination that was never here begins with what comes from now on. Runs on
// the io thread.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "daemon/alert/sinks.hpp"
#include "daemon/journal/cursor.hpp"
#include "daemon/journal/follower.hpp"
#include "daemon/journal/journal.hpp"

namespace sekimori::daemon {

class Courier {
 public:
  struct Figures {
    std::uint64_t delivered = 0;  // the cursor: sequence of the last alert that is settled
    std::uint64_t behind = 0;     // committed alerts that are not
    std::uint64_t lost = 0;       // alerts that the journal had no more when their turn came
  };

  Courier(boost::asio::io_context& io, Journal& journal, Sinks& sinks, const AlertOptions& options);
  ~Courier();
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  // Whether the sink would take one more now: no more than a crash may repeat is under way to it.
  bool has_room(std::size_t sink) const;
  // Straight to the sink, behind what it was handed: for what is not in the journal. Where there is no room
  // it is refused.
  void pass(std::size_t sink, const AlertMessage& message);
  // Something may be there to deliver. Any thread.
  void wake() { waker()(); }
  // The same for who may outlive the courier, but not the io_context.
  std::function<void()> waker();
  // Every sink has settled all that may be sent.
  bool idle() const;
  // Of the sinks, in their order.
  Figures figures(std::size_t sink) const;

 private:
  struct Way;

  void pump();
  bool feed(Way& way, std::uint64_t until);
  std::optional<AlertMessage> next(Way& way, std::uint64_t until);
  void tell_loss(Way& way, std::uint64_t first, std::uint64_t next);
  void settle(Way& way);

  boost::asio::io_context& io_;
  Journal& journal_;
  const AlertOptions options_;
  std::vector<std::unique_ptr<Way>> ways_{};
  boost::asio::steady_timer timer_;  // looks again while something could not be written or sent
  std::shared_ptr<std::atomic<bool>> woken_ = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<Courier*> self_;  // null once we are gone: handlers that still wait look here
};

}  // namespace sekimori::daemon
