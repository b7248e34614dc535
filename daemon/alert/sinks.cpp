#include "daemon/alert/sinks.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <stdexcept>
#include <utility>

#include "daemon/alert/queue_sink.hpp"

namespace sekimori::daemon {
namespace {

constexpr std::chrono::milliseconds drain_look{10};

bool all_idle(const std::vector<std::shared_ptr<Sink>>& sinks) {
  return std::all_of(sinks.begin(), sinks.end(), [](const auto& sink) { return sink->idle(); });
}

// Looks again and again until all is sent or time is over; holds what it looks at.
struct Drain : std::enable_shared_from_this<Drain> {
  Drain(boost::asio::io_context& io, std::vector<std::shared_ptr<Sink>> of, std::chrono::milliseconds most,
        std::function<void(bool)> then)
      : timer(io),
        sinks(std::move(of)),
        end(std::chrono::steady_clock::now() + most),
        done(std::move(then)) {}

  void look() {
    const bool idle = all_idle(sinks);
    if (idle || std::chrono::steady_clock::now() >= end) {
      done(idle);
      return;
    }
    timer.expires_after(drain_look);
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->look();
    });
  }

  boost::asio::steady_timer timer;
  std::vector<std::shared_ptr<Sink>> sinks;
  std::chrono::steady_clock::time_point end;
  std::function<void(bool)> done;
};

}  // namespace

std::shared_ptr<Sink> make_sink(boost::asio::io_context& io, const DestinationOptions& destination,
                                const AlertOptions& options) {
  std::shared_ptr<QueueSink> sink;
  switch (destination.kind) {
    case DestinationKind::syslog_local:
    case DestinationKind::syslog_udp:
      sink = make_datagram_sink(io, destination, options);
      break;
    case DestinationKind::syslog_tcp:
    case DestinationKind::syslog_tls:
      sink = make_stream_sink(io, destination, options);
      break;
    case DestinationKind::eve_file:
    case DestinationKind::text_file:
      sink = make_file_sink(io, destination, options);
      break;
  }
  if (sink == nullptr) throw std::runtime_error(destination.name + ": unknown kind of destination");
  sink->open();
  return sink;
}

Sinks::Sinks(boost::asio::io_context& io, const AlertOptions& options) : io_(io) {
  for (const DestinationOptions& destination : options.destinations) {
    sinks_.push_back(make_sink(io, destination, options));
  }
}

Sinks::~Sinks() {
  for (const auto& sink : sinks_) sink->close();
}

void Sinks::deliver(const AlertMessage& message) {
  for (const auto& sink : sinks_) sink->deliver(message);
}

void Sinks::reopen() {
  for (const auto& sink : sinks_) sink->reopen();
}

bool Sinks::idle() const {
  return all_idle(sinks_);
}

void Sinks::drain(std::chrono::milliseconds most, std::function<void(bool complete)> done) {
  std::make_shared<Drain>(io_, sinks_, most, std::move(done))->look();
}

bool Sinks::drain(std::chrono::milliseconds most) {
  const auto end = std::chrono::steady_clock::now() + most;
  if (io_.stopped()) io_.restart();
  while (!idle() && std::chrono::steady_clock::now() < end) {
    io_.run_one_for(drain_look);
    if (io_.stopped()) io_.restart();
  }
  return idle();
}

}  // namespace sekimori::daemon
