// A capture thread: its taps, its inspector, and the two channels that join it to main.
//
// Main -> worker: errands in a mailbox, carried out in slices between batches. Worker -> main: flow events in
// the outbox and finished errands. All channels are bounded and have one writer and one reader; the worker
// never waits for main while it captures.
#pragma once

#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "capture/options.hpp"
#include "capture/source/source.hpp"
#include "daemon/bell.hpp"
#include "daemon/inspector.hpp"

namespace sekimori::daemon {

struct TapReport {
  std::uint16_t tap = 0;
  capture::SourceCounters counters{};
  capture::SourceHealth health = capture::SourceHealth::running;
  std::string trouble{};
};

// What an errand may touch while the worker carries it out.
struct WorkerRoom {
  Inspector& inspector;
  const std::vector<std::unique_ptr<capture::Source>>& sources;
  const std::vector<std::uint16_t>& taps;
};

// Something main wants from a worker. Made and destroyed on main.
class Errand {
 public:
  virtual ~Errand() = default;
  // Worker thread, between batches: a bounded piece of the work. True when all is done.
  virtual bool step(WorkerRoom& room) = 0;
  // Main thread, after step() said true.
  virtual void done() = 0;
};

class Worker {
 public:
  static constexpr std::size_t outbox_max = 16'384;
  static constexpr std::size_t names_max = 4096;  // DNS answers that wait for main to pass them on
  static constexpr std::size_t steps_max = 32'768;
  static constexpr std::size_t mailbox_max = 64;
  static constexpr std::uint32_t frames_at_once = 256;  // of one tap before the next tap's turn

  // Sources are read on the worker's thread from start() on; `taps` are their indexes. The bell is rung when
  // there is something for main.
  Worker(const InspectorOptions& options, std::shared_ptr<const policy::Policy> policy,
         std::vector<std::unique_ptr<capture::Source>> sources, std::vector<std::uint16_t> taps, Bell& bell);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Main thread only, all of these.
  void start();
  // Asks the worker to read what still waits in the rings, to end its flows and to stop. Keep taking events
  // until stopped(): the worker now waits for room in the outbox instead of marking flows.
  void stop();
  bool stopped() const { return stopped_.load(std::memory_order_acquire); }
  bool has_room() const { return mailbox_.write_available() > 0; }
  // False (and `errand` untouched) when the mailbox is full.
  bool send(std::unique_ptr<Errand>& errand);
  // Next event, if any.
  bool take(FlowEvent& event) { return outlet_.queue.pop(event) != 0; }
  // Next DNS answer that the other workers have to hear of, if any.
  bool take(NameEvidence& evidence) { return outlet_.names.pop(evidence) != 0; }
  bool take(FlowStep& step) { return outlet_.steps.pop(step) != 0; }
  // Next finished errand, or null.
  std::unique_ptr<Errand> finished();
  // After stopped(): the last figures.
  const Inspector& inspector() const { return inspector_; }
  // Beats once a round: main watches that it moves.
  std::uint64_t beats() const { return beats_.load(std::memory_order_relaxed); }

 private:
  class Outlet final : public EventOutlet {
   public:
    explicit Outlet(Bell& bell) : queue(outbox_max), names(names_max), steps(steps_max), bell_(bell) {}
    bool tell(const FlowEvent& event) override;
    bool learned(const NameEvidence& evidence) override {
      told_ = true;
      return names.push(evidence);
    }
    bool step(const FlowStep& step) override {
      told_ = true;
      return steps.push(step);
    }
    bool wants_steps() const override { return true; }
    // Never waited for: what a sign says is said again.
    bool sighted(const FlowEvent& event) override;
    // Wakes main if it was told something: once for all that a read has brought.
    void ring() {
      if (std::exchange(told_, false)) bell_.ring();
    }
    boost::lockfree::spsc_queue<FlowEvent> queue;
    boost::lockfree::spsc_queue<NameEvidence> names;
    boost::lockfree::spsc_queue<FlowStep> steps;
    std::atomic<bool> patient{false};  // shutting down: wait for room

   private:
    Bell& bell_;
    bool told_ = false;
  };

  void run();
  bool read_sources();
  bool run_errands();

  Bell& bell_;
  Outlet outlet_;
  Inspector inspector_;
  std::vector<std::unique_ptr<capture::Source>> sources_;
  const std::vector<std::uint16_t> taps_;
  WorkerRoom room_;
  Bell wake_{};
  boost::lockfree::spsc_queue<Errand*> mailbox_{mailbox_max};
  boost::lockfree::spsc_queue<Errand*> finished_{mailbox_max * 2};
  Errand* current_ = nullptr;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> stopped_{false};
  std::atomic<std::uint64_t> beats_{0};
  std::thread thread_{};
};

}  // namespace sekimori::daemon
