#include "daemon/alert/queue_sink.hpp"

#include <algorithm>
#include <utility>

namespace sekimori::daemon {
namespace {

Time now() {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

}  // namespace

QueueSink::QueueSink(boost::asio::io_context& io, const DestinationOptions& destination,
                     const AlertOptions& options)
    : io_(io), destination_(destination), alerts_(options), pause_timer_(io) {}

std::size_t QueueSink::room() const {
  const std::size_t taken = waiting();
  return closed_ || taken >= destination_.queue_max ? 0 : destination_.queue_max - taken;
}

void QueueSink::deliver(const AlertMessage& message) {
  if (closed_) return;
  if (room() == 0) {
    lose(message.time);
    return;
  }
  Rendered rendered = render_for(destination_, message, alerts_);
  if (rendered.cut) ++counters_.truncated;
  queue_.push_back({std::move(rendered.bytes)});
  ++counters_.accepted;
  kick();
}

std::shared_ptr<Drill> QueueSink::drill(const AlertMessage& message) {
  auto out = std::make_shared<Drill>();
  const std::string bytes = render_for(destination_, message, alerts_).bytes;
  out->bytes = framed(destination_, bytes);
  if (room() == 0) {
    out->state = Drill::State::refused;
    return out;
  }
  queue_.push_back({bytes, true, false, out});
  kick();
  return out;
}

void QueueSink::lose(Time time) {
  ++counters_.dropped;
  if (lost_++ == 0) lost_since_ = time;
}

// Only when half of the queue is free again: under a lasting flood a notice for each freed place would take
// the places of the records themselves.
void QueueSink::tell_loss() {
  if (lost_ == 0 || waiting() > destination_.queue_max / 2) return;
  const LossNotice notice{now(), lost_since_, lost_, destination_.name};
  queue_.push_back({render_for(destination_, message_of(notice, alerts_), alerts_).bytes, true});
  lost_ = 0;
}

SinkCounters QueueSink::counters() const {
  SinkCounters out = counters_;
  out.queued = waiting();
  out.rotated = rotated();
  out.removed = removed();
  return out;
}

void QueueSink::close() {
  if (closed_) return;
  closed_ = true;
  pause_timer_.cancel();
  disconnect();
  counters_.connected = false;
  way_ = Way::down;
}

void QueueSink::connected() {
  if (closed_) return;
  counters_.connected = true;
  way_ = Way::ready;
}

void QueueSink::counted(Message& message) {
  const bool fresh = !message.notice && !message.counted;
  message.counted = true;
  if (message.drill) message.drill->state = Drill::State::accepted;
  if (fresh) ++counters_.sent;
  // Only now is the destination known to work.
  if (works_by_sending()) proven();
  if (fresh) settle();
}

void QueueSink::proven() {
  pause_ = pause_first;
  trouble_.clear();
}

void QueueSink::settle() {
  ++counters_.settled;
  if (settled_) settled_();
}

void QueueSink::restart() {
  if (closed_ || way_ == Way::down) return;
  pause_timer_.cancel();
  disconnect();
  counters_.connected = false;
  way_ = Way::down;
}

QueueSink::Message QueueSink::take_front() {
  Message message = std::move(queue_.front());
  queue_.pop_front();
  way_ = Way::ready;
  tell_loss();
  return message;
}

void QueueSink::sent() {
  Message message = take_front();
  counted(message);
}

void QueueSink::again(Message message) {
  ++counters_.resent;
  queue_.push_front(std::move(message));
}

void QueueSink::too_big(const std::string& why) {
  ++counters_.failures;
  const Message message = take_front();
  trouble_ = why;
  if (message.drill) message.drill->state = Drill::State::refused;
  if (!message.notice) {
    lose(now());
    if (!message.counted) settle();
  }
  tell_loss();
}

void QueueSink::failed(const std::string& why) {
  if (closed_) return;
  ++counters_.failures;
  counters_.connected = false;
  trouble_ = why;
  disconnect();
  way_ = Way::pausing;
  pause_timer_.expires_after(pause_);
  pause_ = std::min(pause_ * 2, pause_longest);
  pause_timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->closed_ || self->way_ != Way::pausing) return;
    self->way_ = Way::down;
    self->kick();
  });
}

// A loop instead of recursion: files finish at once, however long the queue is.
void QueueSink::kick() {
  if (kicking_) return;
  kicking_ = true;
  while (!closed_) {
    if (way_ == Way::down) {
      way_ = Way::connecting;
      connect();
    } else if (way_ == Way::ready && !queue_.empty() && withdrawn(queue_.front())) {
      queue_.pop_front();
    } else if (way_ == Way::ready && !queue_.empty()) {
      way_ = Way::sending;
      send();
    } else {
      break;
    }
  }
  kicking_ = false;
}

}  // namespace sekimori::daemon
