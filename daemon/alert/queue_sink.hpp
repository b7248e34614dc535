// What all sinks share: a bounded queue of rendered messages, one message on its way at a time, pauses that
// grow while the destination is down, and a line about what the queue had to refuse. Inside of daemon/alert
// only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "daemon/alert/sinks.hpp"
#include "daemon/render.hpp"

namespace sekimori::daemon {

class QueueSink : public Sink, public std::enable_shared_from_this<QueueSink> {
 public:
  static constexpr std::chrono::milliseconds pause_first{100};
  static constexpr std::chrono::milliseconds pause_longest{5000};

  QueueSink(boost::asio::io_context& io, const DestinationOptions& destination, const AlertOptions& options);

  const DestinationOptions& options() const final { return destination_; }
  void deliver(const AlertMessage& message) final;
  std::size_t room() const final;
  std::shared_ptr<Drill> drill(const AlertMessage& message) final;
  void on_settled(std::function<void()> heard) final { settled_ = std::move(heard); }
  void reopen() override {}
  bool idle() const final { return waiting() == 0; }
  SinkCounters counters() const final;
  std::string trouble() const final { return trouble_; }
  std::string warning() const override { return {}; }
  void close() final;

  // First attempt to reach the destination. Once, after construction: handlers hold shared pointers.
  void open() { kick(); }

 protected:
  struct Message {
    std::string bytes{};
    bool notice = false;   // says what was lost; no record
    bool counted = false;  // settled before: sent again
    std::shared_ptr<Drill> drill{};
  };

  // Begins to reach the destination; ends in connected() or failed(), at once or later.
  virtual void connect() = 0;
  // Begins to hand over queue().front(); ends in sent(), too_big() or failed(), at once or later.
  virtual void send() = 0;
  virtual void disconnect() = 0;
  virtual std::size_t waiting() const { return queue_.size(); }

  void connected();
  void sent();  // the front message is gone: takes it from the queue and counts it
  // The front message has left, but is not yet safe: takes it from the queue; counted() it later.
  Message take_front();
  void counted(Message& message);
  void again(Message message);  // back to the front of the queue
  void too_big(const std::string& why);
  void failed(const std::string& why);
  // Ends a connection that works and begins another at once: no failure.
  void restart();
  // The connection has shown that it works: pauses are short again, the trouble is over.
  void proven();
  // Whether a message that is counted() shows as much. Not where a receiver may take messages and hang up.
  virtual bool works_by_sending() const { return true; }
  virtual std::uint64_t rotated() const { return 0; }
  virtual std::uint64_t removed() const { return 0; }
  // Works the queue; every handler calls it last.
  void kick();
  bool closed() const { return closed_; }
  std::deque<Message>& queue() { return queue_; }
  const AlertOptions& alerts() const { return alerts_; }
  boost::asio::io_context& io() { return io_; }

 private:
  enum class Way : std::uint8_t { down, connecting, pausing, ready, sending };

  static bool withdrawn(const Message& message) {
    return message.drill && message.drill->state == Drill::State::withdrawn;
  }
  void lose(Time time);
  void settle();
  void tell_loss();

  boost::asio::io_context& io_;
  const DestinationOptions destination_;
  const AlertOptions alerts_;
  boost::asio::steady_timer pause_timer_;
  std::chrono::milliseconds pause_ = pause_first;
  Way way_ = Way::down;
  bool closed_ = false;
  bool kicking_ = false;
  std::deque<Message> queue_{};
  SinkCounters counters_{};
  std::string trouble_{};
  std::uint64_t lost_ = 0;  // not yet told
  Time lost_since_{};
  std::function<void()> settled_{};
};

std::shared_ptr<QueueSink> make_datagram_sink(boost::asio::io_context& io,
                                              const DestinationOptions& destination,
                                              const AlertOptions& options);
std::shared_ptr<QueueSink> make_stream_sink(boost::asio::io_context& io,
                                            const DestinationOptions& destination,
                                            const AlertOptions& options);
std::shared_ptr<QueueSink> make_file_sink(boost::asio::io_context& io, const DestinationOptions& destination,
                                          const AlertOptions& options);

}  // namespace sekimori::daemon
