#include "daemon/journal/courier.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "daemon/render.hpp"

namespace sekimori::daemon {
namespace {

// Handed to a sink and not yet settled: what a crash may repeat. TCP and TLS settle by round trips of the
// network, the others at once.
constexpr std::size_t window_most = 64;
constexpr std::size_t window_stream = 512;
constexpr std::size_t feed_at_once = 256;  // then the others' turn, and main's other work
constexpr std::chrono::milliseconds look_again{200};

std::size_t window_of(const Sink& sink) {
  const DestinationKind kind = sink.options().kind;
  const bool stream = kind == DestinationKind::syslog_tcp || kind == DestinationKind::syslog_tls;
  return stream ? window_stream : window_most;
}

Time clock_now() {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

}  // namespace

struct Courier::Way {
  Way(std::shared_ptr<Sink> to, const std::string& folder)
      : sink(std::move(to)), cursor(folder, sink->options().name), follower(folder) {}

  std::shared_ptr<Sink> sink;
  CursorFile cursor;
  Follower follower;
  std::uint64_t handed = 0;     // sequence of the last one given to the sink
  std::uint64_t delivered = 0;  // ... that is settled
  std::uint64_t settled = 0;    // the sink's count, as far as it is in `delivered`
  std::deque<std::uint64_t> outstanding{};
  std::uint64_t lost = 0;
  bool reading = false;     // the follower stands at `handed`
  bool cursor_due = false;  // `delivered` could not be written down
};

Courier::Courier(boost::asio::io_context& io, Journal& journal, Sinks& sinks, const AlertOptions& options)
    : io_(io), journal_(journal), options_(options), timer_(io), self_(std::make_shared<Courier*>(this)) {
  for (const auto& sink : sinks.all()) {
    auto way = std::make_unique<Way>(sink, journal.folder());
    const std::uint64_t last = journal.next_sequence() - 1;
    // Read before it is written: a failed write must not be taken for what stands there.
    const bool fresh = !way->cursor.read();
    way->handed = way->delivered = way->cursor.read().value_or(last);
    way->cursor_due = fresh && !way->cursor.write(last);
    journal.used(way->delivered);
    way->settled = sink->counters().settled;
    sink->on_settled([this] { wake(); });
    ways_.push_back(std::move(way));
  }
  wake();
}

Courier::~Courier() {
  *self_ = nullptr;
  for (const auto& way : ways_) way->sink->on_settled({});
}

std::function<void()> Courier::waker() {
  return [&io = io_, self = self_, woken = woken_] {
    if (woken->exchange(true)) return;
    boost::asio::post(io, [self, woken] {
      woken->store(false);
      if (*self != nullptr) (*self)->pump();
    });
  };
}

void Courier::pump() {
  const std::uint64_t until = journal_.sendable();
  bool more = false;
  bool waiting = false;
  for (const auto& way : ways_) {
    settle(*way);
    more = feed(*way, until) || more;
    waiting = waiting || way->handed < until || way->cursor_due;
  }
  if (more) return wake();
  if (!waiting && journal_.figures().trouble.empty()) return;
  // Sinks and the journal speak up by themselves; a stall is known by time alone.
  timer_.expires_after(look_again);
  timer_.async_wait([self = self_](const boost::system::error_code& error) {
    if (!error && *self != nullptr) (*self)->wake();
  });
}

// True if the turn ended before the work did.
bool Courier::feed(Way& way, std::uint64_t until) {
  for (std::size_t count = 0; way.handed < until; ++count) {
    if (way.outstanding.size() >= window_of(*way.sink) || way.sink->room() == 0) return false;
    if (count == feed_at_once) return true;
    auto alert = next(way, until);
    const std::uint64_t sequence = alert ? alert->sequence : until + 1;
    if (sequence > way.handed + 1) tell_loss(way, way.handed + 1, sequence);
    if (!alert) return false;
    if (way.sink->room() == 0) return false;  // the notice took the last place: read again
    way.handed = sequence;
    way.outstanding.push_back(sequence);
    way.sink->deliver(*alert);
  }
  return false;
}

std::optional<AlertMessage> Courier::next(Way& way, std::uint64_t until) {
  if (const auto alert = journal_.recent(way.handed)) {
    way.reading = false;
    return *alert;
  }
  if (!std::exchange(way.reading, true) || way.follower.position() != way.handed)
    way.follower.seek(way.handed);
  return way.follower.next(until);
}

// Alerts from `first` on, and before `next`, are nowhere any more.
void Courier::tell_loss(Way& way, std::uint64_t first, std::uint64_t next) {
  const std::uint64_t lost = next - first;
  way.lost += lost;
  way.handed = next - 1;
  way.outstanding.push_back(way.handed);
  const LossNotice notice{clock_now(), clock_now(), lost, way.sink->options().name};
  way.sink->deliver(message_of(notice, options_));
}

bool Courier::has_room(std::size_t sink) const {
  if (sink >= ways_.size()) return false;
  const Way& way = *ways_[sink];
  return way.sink->room() != 0 && way.outstanding.size() < window_of(*way.sink);
}

// Sinks settle in the order of what they took: it stands in the row as another copy of the last alert.
void Courier::pass(std::size_t sink, const AlertMessage& message) {
  if (!has_room(sink)) return;
  Way& way = *ways_[sink];
  way.outstanding.push_back(way.handed);
  way.sink->deliver(message);
}

void Courier::settle(Way& way) {
  const std::uint64_t settled = way.sink->counters().settled;
  bool moved = false;
  for (; way.settled < settled && !way.outstanding.empty(); ++way.settled) {
    way.delivered = way.outstanding.front();
    way.outstanding.pop_front();
    moved = true;
  }
  if (moved || way.cursor_due) way.cursor_due = !way.cursor.write(way.delivered);
}

bool Courier::idle() const {
  const std::uint64_t until = journal_.sendable();
  return std::all_of(ways_.begin(), ways_.end(), [until](const auto& way) {
    return way->handed >= until && way->sink->counters().settled >= way->settled + way->outstanding.size();
  });
}

Courier::Figures Courier::figures(std::size_t sink) const {
  if (sink >= ways_.size()) return {};
  const Way& way = *ways_[sink];
  const std::uint64_t last = journal_.committed();
  return {way.delivered, last > way.delivered ? last - way.delivered : 0, way.lost};
}

}  // namespace sekimori::daemon
