// Where alert records go: one sink for each destination, each with its own bounded queue, so that a slow or
// dead one delays neither the others nor anybody else.
//
//   Sinks sinks{io, options.alerts};
//   sinks.deliver(message_of(record, options.alerts));  // renders, queues, returns
//   sinks.reopen();                                     // after logrotate: files are opened anew
//   sinks.drain(std::chrono::seconds{3}, [](bool all) { ... });   // at shutdown
//
// Everything runs on the thread that runs `io`. A full queue refuses the newest record and counts it; when
// the destination has caught up, a line in that same destination says how many it did not get. Writing to
// files makes the process ignore SIGPIPE.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/options.hpp"
#include "daemon/render/alert_message.hpp"

namespace sekimori::daemon {

struct SinkCounters {
  std::uint64_t queued = 0;    // waiting now; for TCP also what the peer has not acknowledged
  std::uint64_t accepted = 0;  // records taken
  std::uint64_t sent = 0;  // handed over: files and datagrams to the kernel, TCP acknowledged by the peer's
  std::uint64_t dropped = 0;   // refused because the queue was full, or too big for the destination
  std::uint64_t failures = 0;  // connects, sends and writes that failed; the message is tried again
  std::uint64_t resent = 0;  // messages sent again after a connection broke: the receiver may see them twice
  std::uint64_t truncated = 0;  // accepted ones that were cut to message_max
  std::uint64_t rotated = 0;    // files renamed and begun anew
  std::uint64_t removed = 0;    // renamed files deleted, being more than are kept
  // Of the accepted ones, in their order: those that need no memory here any more, sent or given up as too
  // big. What is settled is never asked for again; what is not must be delivered again after a restart.
  std::uint64_t settled = 0;
  bool connected = false;  // socket connected or file open
};

// A line of `sekimori alert-test` on its way.
struct Drill {
  enum class State : std::uint8_t {
    waiting,   // not taken yet
    accepted,  // as SinkCounters::sent
    refused,   // no room, or too big
    withdrawn  // by who asked: what still waits is not sent any more
  };
  std::string bytes{};  // exactly what is sent, with its framing
  State state = State::waiting;
};

class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  virtual const DestinationOptions& options() const = 0;
  // Takes the record if there is room. Never blocks, never throws.
  virtual void deliver(const AlertMessage& message) = 0;
  // How many more deliver() would take now.
  virtual std::size_t room() const = 0;
  // Called on the io thread whenever SinkCounters::settled has grown, from inside of a send: it may post
  // work, and must not touch the sink.
  virtual void on_settled(std::function<void()> heard) = 0;
  // Puts a test line behind what waits: no record, counted nowhere. Watch its state; refused at once when
  // there is no room.
  virtual std::shared_ptr<Drill> drill(const AlertMessage& message) = 0;
  // Files: close and open again. TLS: read the certificates again and connect anew. Others: nothing.
  virtual void reopen() = 0;
  // Nothing waits.
  virtual bool idle() const = 0;
  virtual SinkCounters counters() const = 0;
  // Why the destination is not reached, in the system's words; empty while it is.
  virtual std::string trouble() const = 0;
  // What works and needs somebody's care, in words: a certificate that ends soon, a file that cannot be given
  // its group. Empty when there is nothing.
  virtual std::string warning() const = 0;
  // Gives up what waits and cancels everything.
  virtual void close() = 0;
};

// A destination whose options cannot work (host that is no address) throws std::runtime_error here; one that
// is merely down does not.
std::shared_ptr<Sink> make_sink(boost::asio::io_context& io, const DestinationOptions& destination,
                                const AlertOptions& options);

class Sinks {
 public:
  Sinks(boost::asio::io_context& io, const AlertOptions& options);
  ~Sinks();
  Sinks(const Sinks&) = delete;
  Sinks& operator=(const Sinks&) = delete;

  void deliver(const AlertMessage& message);
  void reopen();
  bool idle() const;
  const std::vector<std::shared_ptr<Sink>>& all() const { return sinks_; }
  // Calls `done` on the io thread as soon as every queue is empty (true) or when `most` is over (false).
  void drain(std::chrono::milliseconds most, std::function<void(bool complete)> done);
  // The same for a caller outside of any handler: runs `io` itself meanwhile.
  bool drain(std::chrono::milliseconds most);

 private:
  boost::asio::io_context& io_;
  std::vector<std::shared_ptr<Sink>> sinks_;
};

}  // namespace sekimori::daemon
