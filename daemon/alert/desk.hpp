// The one door from events to alert records, live and in replay: incidents of forbidden flows, notices of
// everything else that is found, and the watchers that find it.
//
//   Desk desk{options.alerts, Coverage::Memory::recent};
//   desk.watch(std::make_unique<ExceptionWatch>(...));
//   desk.feed(event, policy, loss_ratio, records);   // events of the packet path, in their order
//   desk.find(notice, policy, loss_ratio, records);  // what main itself found: health of the sensor
//   desk.tick(packet_now, policy, records);          // summaries that fell due, what went quiet
//   for (const AlertRecord& record : records) ...    // commit, keep and send them in this order
//
// Records are numbered here, without a gap. What comes out depends on the events, notices and times that come
// in and their order alone. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "daemon/alert/incident.hpp"
#include "daemon/alert/notices.hpp"
#include "daemon/flow_step.hpp"

namespace sekimori::daemon {

// Reads events and finds. Owned by a Desk and called on its thread. Memory is bounded by the watcher itself,
// and what it could not follow is in a counter of its own.
class Watcher {
 public:
  virtual ~Watcher() = default;
  // Every event of the packet path, those that are for coverage alone included. Appends what is found.
  virtual void feed(const FlowEvent& event, const policy::Policy& policy, std::vector<Notice>& found) = 0;
  // What a permitted conversation did, for those that want to know: asked once.
  virtual bool wants_steps() const { return false; }
  virtual void step(const FlowStep&, const policy::Policy&, std::vector<Notice>&) {}
  // Packet time went on; called at least once a minute of packet time, and with each event's time before the
  // event (but for those of told_by_each_worker()). A time before one that was given already changes nothing.
  virtual void tick(Time packet_now, const policy::Policy& policy, std::vector<Notice>& found) = 0;
  // The input ends: what is still held back is told now.
  virtual void finish(Time, const policy::Policy&, std::vector<Notice>&) {}
  // Another policy is in force from here on.
  virtual void replaced(const policy::Policy&) {}
  // What an earlier run of the program told. Before anything else.
  virtual void recall(const NoticeTold&) {}
};

class Desk {
 public:
  explicit Desk(const AlertOptions& options, Coverage::Memory memory = Coverage::Memory::recent);

  void watch(std::unique_ptr<Watcher> watcher) {
    if (watcher->wants_steps()) stepping_.push_back(watcher.get());
    watchers_.push_back(std::move(watcher));
  }

  // As Incidents::feed.
  void feed(const FlowEvent& event, const std::shared_ptr<const policy::Policy>& policy, double loss_ratio,
            std::vector<AlertRecord>& out);
  // As Incidents::look_ahead.
  void look_ahead(std::size_t at, std::span<const FlowEvent* const> events) {
    incidents_.look_ahead(at, events);
  }
  // What permitted conversations do, in the order of frames as well.
  void step(const FlowStep& step, const std::shared_ptr<const policy::Policy>& policy, double loss_ratio,
            std::vector<AlertRecord>& out);
  void find(Notice notice, const std::shared_ptr<const policy::Policy>& policy, double loss_ratio,
            std::vector<AlertRecord>& out);
  // A time somewhat before the newest seen changes nothing; one more than a minute before it sets the clock
  // back. `policy`: the one in force.
  void tick(Time packet_now, const std::shared_ptr<const policy::Policy>& policy,
            std::vector<AlertRecord>& out);
  // What falls due up to `packet_now`, then closes everything that is open.
  void finish(Time packet_now, const std::shared_ptr<const policy::Policy>& policy,
              std::vector<AlertRecord>& out);

  // For a restart, in the place of finish(): stories stay open and say what they have counted.
  void suspend(Time packet_now, const std::shared_ptr<const policy::Policy>& policy,
               std::vector<AlertRecord>& out);
  // Before the first event, and after the watchers have come: stories that were open go on, and records are
  // numbered from `next_sequence` on. `now`: by the system's clock. How many could be resumed; those that the
  // policy does not forbid any more are closed: appends.
  std::size_t resume(Reopened open, std::uint64_t next_sequence,
                     const std::shared_ptr<const policy::Policy>& policy, Time now,
                     std::vector<AlertRecord>& out);
  // The number of something that goes the way of a record and is none: the digest of a day.
  std::uint64_t number() { return ++sequence_; }

  const Incidents& incidents() const { return incidents_; }
  const Notices& notices() const { return notices_; }
  const Coverage& coverage() const { return incidents_.coverage(); }
  std::uint64_t lines() const { return lines_; }  // records made so far

 private:
  void use(const std::shared_ptr<const policy::Policy>& policy, std::vector<AlertRecord>& out);
  // Tells the watchers how far packet time is, if it has moved since they were told, and what falls due then.
  void pass_time(Time packet_now, const std::shared_ptr<const policy::Policy>& policy,
                 std::vector<AlertRecord>& out);
  void pass_on(const std::shared_ptr<const policy::Policy>& policy, std::vector<AlertRecord>& out);
  void number(std::vector<AlertRecord>& out, std::size_t from);

  Incidents incidents_;
  Notices notices_;
  std::vector<std::unique_ptr<Watcher>> watchers_{};
  std::vector<Watcher*> stepping_{};  // those of them that want steps
  std::vector<Notice> found_{};
  std::shared_ptr<const policy::Policy> policy_{};
  std::optional<Time> passed_{};  // the watchers know of it
  double loss_ratio_ = 0;
  std::uint64_t sequence_ = 0;  // of the last record
  std::uint64_t lines_ = 0;
};

}  // namespace sekimori::daemon
