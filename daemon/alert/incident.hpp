// Turns flow events into incidents, so that one misbehaving host is one story instead of a flood of lines.
//
//   Incidents incidents{options.alerts};
//   incidents.feed(event, policy, loss_ratio, records);  // first sight, a higher stage, a new service
//   incidents.tick(packet_now, records);                 // summaries that fell due, what went quiet
//   for (const AlertRecord& record : records) ...        // commit, keep and send them in this order
//
// One incident is one initiator address across one boundary (from segment, to segment):
//   opened     the first event
//   escalated  the highest stage of the incident rose, or a packet was seen beyond the boundary (once a way)
//   widened    a new responder or service (protocol, port), up to `responders_max` of them
//   sweep      said once, when that many were told or came at a machine's pace; only counted from then on
//   repeated   what was counted since the last line, after the growing pauses of `repeat`
//   closed     no event for `incident_idle`; a flow that goes on speaks up once a minute, so it is over
// Permitted use of an exception is told once for each initiator and exception in a day, and counted
// otherwise.
//
// Always: events_in == told + suppressed. The result depends on the events and their order alone; when tick()
// is called does not matter as long as its time does not run ahead of the events that are still to come. One
// thread. Memory is bounded by incidents_max and by a fixed number of remembered flows and responders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "daemon/alert/coverage.hpp"
#include "daemon/alert/resume.hpp"
#include "daemon/messages.hpp"
#include "daemon/options.hpp"

namespace sekimori::daemon {

class Incidents {
 public:
  struct Counters {
    std::uint64_t events_in = 0;
    std::uint64_t told = 0;        // events that brought a line of their own
    std::uint64_t suppressed = 0;  // events that were counted into an incident without one
    std::uint64_t lines = 0;       // records made, summaries and closings included
    std::uint64_t incidents_opened = 0;
    std::uint64_t incidents_closed = 0;   // for whatever reason
    std::uint64_t incidents_evicted = 0;  // of those, closed early because incidents_max was reached
    std::uint64_t sweeps = 0;
    std::uint64_t incidents_resumed = 0;  // open when the program ended before, and gone on with
    std::uint64_t exceptions_told = 0;
    std::uint64_t exceptions_evicted = 0;
    std::uint64_t events_permitted =
        0;  // of the suppressed: neither forbidden nor by exception, nothing to tell
    std::uint64_t flows_untracked = 0;  // flows beyond the remembered number: their bytes are not followed
    std::uint64_t responders_uncounted = 0;  // events whose responder could not be remembered: `responders`
                                             // and `services` of that incident are lower bounds from then on
    bool operator==(const Counters&) const = default;
  };

  // `memory`: of coverage().
  explicit Incidents(const AlertOptions& options, Coverage::Memory memory = Coverage::Memory::recent);
  ~Incidents();
  Incidents(const Incidents&) = delete;
  Incidents& operator=(const Incidents&) = delete;

  // Events of every kind in the order of their packets. FlowEvent::Kind::beyond is for coverage() and neither
  // told nor counted. `policy` is the one that judged. `loss_ratio`: 0..1, told with each line. Appends to
  // `out`; also what fell due before this event.
  void feed(const FlowEvent& event, const std::shared_ptr<const policy::Policy>& policy, double loss_ratio,
            std::vector<AlertRecord>& out);
  // Before the event `at` of those that lie ready, in their order: asks for the memory of those behind it.
  // Changes nothing of what is told.
  void look_ahead(std::size_t at, std::span<const FlowEvent* const> events);
  // Appends what falls due up to `packet_now`. A time somewhat before the newest seen changes nothing; one
  // more than a minute before it sets the clock back.
  void tick(Time packet_now, std::vector<AlertRecord>& out);
  // What falls due up to `packet_now`, then closes everything that is open, oldest first: the end of a
  // replay.
  void finish(Time packet_now, std::vector<AlertRecord>& out);

  // Another policy is in force. An incident whose latest conversation it permits, or counts to another pair,
  // closes for that reason once it is quiet, unless something forbidden still comes of it: to close it at
  // once would make a new incident of the next flow. One of a segment that the new profile has not is closed
  // at once, as unwatched: appends. Where that numbers the segments otherwise, the others go on under their
  // ids.
  void replaced(const policy::Policy& before, const std::shared_ptr<const policy::Policy>& policy,
                std::vector<AlertRecord>& out);

  // For a restart: what was counted since an incident's last line is told, and everything stays open.
  void suspend(Time packet_now, std::vector<AlertRecord>& out);
  // An incident that was open when the journal ended goes on, with its id and its totals, and without a line.
  // Before the first event. False: it does not. Then the policy forbids nothing any more of what was told of
  // it, or has no such segment or domain any more, and it is closed for that reason: appends; or there is no
  // room: it is closed as displaced; or it is open already.
  bool resume(const Resumption& from, const std::shared_ptr<const policy::Policy>& policy,
              std::vector<AlertRecord>& out);

  const Counters& counters() const;
  // What enters which segments is seen: from the events so far.
  const Coverage& coverage() const;
  std::size_t open() const;  // incidents open now
  // The time at which tick() has something to say next; Time::max() if nothing waits.
  Time next_due() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sekimori::daemon
