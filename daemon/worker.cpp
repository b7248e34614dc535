#include "daemon/worker.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace sekimori::daemon {
namespace {

constexpr int idle_wait_ms = 50;
// A frame may wait in the kernel's block while the clock goes on: flows must not time out ahead of it.
constexpr std::chrono::seconds clock_allowance{2};
// At shutdown, how long a full outbox is waited for before what cannot be told is counted as lost.
constexpr int patience_rounds = 3000;  // of a millisecond

}  // namespace

bool Worker::Outlet::tell(const FlowEvent& event) {
  bool room = queue.push(event);
  for (int round = 0; !room && patient.load(std::memory_order_acquire) && round < patience_rounds; ++round) {
    bell_.ring();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    room = queue.push(event);
  }
  told_ = true;
  return room;
}

bool Worker::Outlet::sighted(const FlowEvent& event) {
  told_ = true;
  // Half of the outbox stays for what is forbidden.
  return queue.write_available() > outbox_max / 2 && queue.push(event);
}

Worker::Worker(const InspectorOptions& options, std::shared_ptr<const policy::Policy> policy,
               std::vector<std::unique_ptr<capture::Source>> sources, std::vector<std::uint16_t> taps,
               Bell& bell)
    : bell_(bell),
      outlet_(bell),
      inspector_(options, std::move(policy), outlet_),
      sources_(std::move(sources)),
      taps_(std::move(taps)),
      room_{inspector_, sources_, taps_} {}

Worker::~Worker() {
  stop();
  if (thread_.joinable()) thread_.join();
  const std::unique_ptr<Errand> unfinished{current_};
  Errand* errand = nullptr;
  while (mailbox_.pop(errand)) delete errand;
  while (finished_.pop(errand)) delete errand;
}

void Worker::start() {
  thread_ = std::thread([this] { run(); });
}

void Worker::stop() {
  outlet_.patient.store(true, std::memory_order_release);
  stopping_.store(true, std::memory_order_release);
  wake_.ring();
}

bool Worker::send(std::unique_ptr<Errand>& errand) {
  if (!mailbox_.push(errand.get())) return false;
  errand.release();  // NOLINT(bugprone-unused-return-value): the mailbox owns it now
  wake_.ring();
  return true;
}

std::unique_ptr<Errand> Worker::finished() {
  Errand* errand = nullptr;
  finished_.pop(errand);
  return std::unique_ptr<Errand>{errand};
}

bool Worker::read_sources() {
  bool any = false;
  for (const auto& source : sources_) {
    const capture::ReadResult result = source->read(frames_at_once, inspector_);
    any = any || result.frames != 0;
    outlet_.ring();
  }
  // Fragments wait in packet time; that flows time out is left to the rounds without frames and to flush().
  inspector_.tick(inspector_.newest(), 0);
  return any;
}

bool Worker::run_errands() {
  if (current_ == nullptr && !mailbox_.pop(current_)) return false;
  if (current_->step(room_)) {
    // At most mailbox_max errands wait or run, and finished_ holds twice as many: main takes them at the next
    // ring.
    if (finished_.push(current_)) {
      current_ = nullptr;
      bell_.ring();
    }
  }
  return true;
}

void Worker::run() {
  std::vector<pollfd> waits;
  bool busy = false;
  while (!stopping_.load(std::memory_order_acquire)) {
    beats_.fetch_add(1, std::memory_order_relaxed);
    if (!busy) {
      waits.clear();
      waits.push_back({wake_.descriptor(), POLLIN, 0});
      for (const auto& source : sources_) {
        if (source->descriptor() >= 0) waits.push_back({source->descriptor(), POLLIN, 0});
      }
      ::poll(waits.data(), waits.size(), idle_wait_ms);
      if ((waits.front().revents & POLLIN) != 0) wake_.quiet();
    }
    const bool frames = read_sources();
    const bool errands = run_errands();
    busy = frames || errands;
    if (!frames) {
      const auto now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
      inspector_.tick(now - clock_allowance, static_cast<std::uint32_t>(std::max<std::uint64_t>(
                                                 inspector_.table().capacity() / 128, 64)));
    }
    outlet_.ring();
  }
  for (const auto& source : sources_) source->drain(inspector_);
  inspector_.flush();
  inspector_.finish(inspector_.newest());
  stopped_.store(true, std::memory_order_release);
  bell_.ring();
}

}  // namespace sekimori::daemon
