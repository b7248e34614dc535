// The life of notices: one story for each kind and subject, so that what lasts is not told again and again.
//
//   opened     first sight; or a state that was over is so again
//   escalated  the severity rose
//   repeated   what was counted since the last line, or that a state still lasts, after the growing pauses of
//              `repeat`
//   closed     an event: nothing new for `incident_idle`; a state: it is over
//
// Always: notices_in == told + suppressed. The result depends on the notices, their order and their times
// alone. One thread; at most incidents_max stories, the stalest makes room.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "daemon/alert/notice.hpp"
#include "daemon/alert/resume.hpp"
#include "daemon/messages.hpp"
#include "daemon/options.hpp"

namespace sekimori::daemon {

class Notices {
 public:
  struct Counters {
    std::uint64_t notices_in = 0;
    std::uint64_t told = 0;        // brought a line of their own
    std::uint64_t suppressed = 0;  // counted into a story; also the end of a state that nobody had seen begin
    std::uint64_t lines = 0;
    std::uint64_t stories_opened = 0;
    std::uint64_t stories_evicted = 0;  // closed early because incidents_max was reached
    std::uint64_t stories_resumed = 0;  // open when the program ended before, and gone on with
    bool operator==(const Counters&) const = default;
  };

  explicit Notices(const AlertOptions& options);
  ~Notices();
  Notices(const Notices&) = delete;
  Notices& operator=(const Notices&) = delete;

  // Appends to `out`. `policy`: the one in force. `loss_ratio`: 0..1.
  void feed(Notice notice, const std::shared_ptr<const policy::Policy>& policy, double loss_ratio,
            std::vector<AlertRecord>& out);
  // Appends what falls due up to `packet_now`.
  void tick(Time packet_now, std::vector<AlertRecord>& out);
  // Closes everything: the end of the input.
  void finish(Time packet_now, std::vector<AlertRecord>& out);

  // For a restart: what was counted since a story's last line is told, and everything stays open.
  void suspend(Time packet_now, std::vector<AlertRecord>& out);
  // A story that was open when the journal ended goes on, with its id and its count, and without a line.
  // `now`: by the system's clock. False: it is open already, or there is no room. Before the first notice; in
  // the order in which they spoke last.
  bool resume(NoticeResumption from, const std::shared_ptr<const policy::Policy>& policy, Time now);

  const Counters& counters() const;
  std::size_t open() const;
  // Stories open now, oldest first: their newest notice.
  std::vector<std::shared_ptr<const Notice>> current() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sekimori::daemon
