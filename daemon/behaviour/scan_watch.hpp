// Attacks by an inside terminal, by their shape (document 000, 6(7)ウ): a sweep over hosts, a scan over
// ports, log-ins tried again and again, one terminal at the log-in ports of many hosts; and a flood of
// half-open connections (6(7)ク). All shapes of one terminal are one finding.
//
// An attempt counts as failed when it is refused, or when answer_time of packet time has passed without an
// answer. Without an answer, others than TCP count only where the mirror shows answers between these two
// segments at all. One thread, bounded memory.
#pragma once

#include <array>
#include <bitset>
#include <boost/circular_buffer.hpp>
#include <cstdint>
#include <vector>

#include "capture/flow/page_memory.hpp"
#include "daemon/alert/notice.hpp"
#include "daemon/behaviour/bounded.hpp"
#include "daemon/behaviour/keyed_hash.hpp"
#include "daemon/behaviour/marks.hpp"
#include "daemon/behaviour/number_set.hpp"
#include "daemon/flow_step.hpp"

namespace sekimori::daemon {

enum class ScanShape : std::uint8_t { sweep, ports, sessions, spread, count_ };

class ScanWatch {
 public:
  struct Counters {
    std::uint64_t attempts_failed = 0;
    std::uint64_t attempts_undecided = 0;     // too many waited for their answer: these were not waited for
    std::uint64_t attempts_unanswerable = 0;  // no answer, where the mirror shows none of anybody
    std::uint64_t initiators = 0;             // followed now
    std::uint64_t initiators_displaced = 0;   // the stalest made room: its attempts are forgotten
    std::uint64_t marks = 0;                  // places for what they did, taken now
    std::uint64_t marks_forgotten = 0;        // what one did longest ago, for want of memory
    std::uint64_t targets_displaced = 0;      // likewise of half-open connections
    std::uint64_t findings = 0;
  };

  // `hash`: the one by which a step's hashes are made.
  ScanWatch(const policy::Policy& policy, const KeyedHash& hash);

  // This step comes soon: its memory is asked for, in two strides.
  void expect(const FlowStep& step, const StepHashes& hashes) const {
    waiting_.expect(hashes.flow);
    if (floods(step)) targets_.expect(hashes.destination);
    if (attempts(step)) suspects_.expect(hashes.source);
  }
  void fetch(const FlowStep& step, const StepHashes& hashes) const {
    if (floods(step)) targets_.fetch(hashes.destination);
    if (attempts(step)) suspects_.fetch(hashes.source);
  }
  void step(const FlowStep& step, const StepHashes& hashes, const policy::Policy& policy,
            std::vector<Notice>& found);
  // Attempts whose answer is overdue.
  void tick(Time packet_now, const policy::Policy& policy, std::vector<Notice>& found);
  // Those that still wait when the input ends: nothing answered them.
  void finish(const policy::Policy& policy, std::vector<Notice>& found);
  void replaced(const policy::Policy& policy);
  Counters counters() const;

 private:
  // With its key three cache lines: what every attempt counts in, what every failure counts in, the marks.
  struct Suspect {
    // Attempts of this hour and minute of packet time and of the one before, and how many of them failed.
    struct Share {
      std::int64_t part = 0;
      std::array<std::uint64_t, 2> attempts{};
      std::array<std::uint64_t, 2> failed{};
    };
    Share fast{};
    Share slow{};
    std::uint64_t failed = 0;
    Time told{};
    std::uint32_t quiet_seconds = 0;  // from then on it is only counted
    std::uint32_t shapes = 0;         // told so far, in bits
    std::array<Marks, static_cast<std::size_t>(ScanShape::count_)> marks{};
  };
  // Minutes and hours as they are numbered: most attempts are of the one that is known.
  struct Stretch {
    std::int64_t part = 0;
    Time from{};
    Time until{};
  };
  // One cache line.
  struct Waiting {
    capture::Tuple tuple{};
    policy::PairId pair = 0;
    std::uint32_t source = 0;  // its hash
    std::uint64_t id = 0;
    Time since{};
  };
  struct Target {
    std::int64_t second = 0;
    std::uint64_t opened = 0;
    std::uint64_t answered = 0;
    bool told = false;
  };

  struct Limits {
    std::size_t fast = 0;
    std::size_t slow = 0;
  };
  Limits limits(ScanShape shape) const;
  bool allowed(const IpAddress& initiator) const;
  // Does it open or answer a connection that counts as half-open between the two?
  bool floods(const FlowStep& step) const {
    if (step.tuple.protocol != capture::protocol::tcp || options_.half_open_rate == 0) return false;
    return step.kind == FlowStep::Kind::answered ||
           (step.kind == FlowStep::Kind::opened && step.evidence == capture::Evidence::syn);
  }
  // May its initiator be counted now?
  static bool attempts(const FlowStep& step) {
    return step.kind != FlowStep::Kind::answered && step.kind != FlowStep::Kind::grew;
  }
  void opened(const FlowStep& step, const StepHashes& hashes, const policy::Policy& policy,
              std::vector<Notice>& found);
  void closing(const FlowStep& step, const StepHashes& hashes, const policy::Policy& policy,
               std::vector<Notice>& found);
  void drop_answered();
  void look_ahead() const;
  void expire(Time limit, const policy::Policy& policy, std::vector<Notice>& found);
  void fail(const Waiting& attempt, Time time, const policy::Policy& policy, std::vector<Notice>& found);
  static void count(Suspect::Share& share, std::int64_t part, bool failed);
  static std::int64_t part_of(Stretch& stretch, Time time, std::chrono::seconds length);
  static bool mostly_failed(const Suspect::Share& share);
  void mark(const IpAddress& initiator, Suspect& suspect, ScanShape shape, const Mark& mark,
            policy::PairId pair, const policy::Policy& policy, std::vector<Notice>& found);
  // Room for one more, where need be of whoever did nothing for longest. False: there is none.
  bool make_room(Marks& marks, const Suspect& suspect);
  // Do as many as `limit` of the marks count together with this one?
  static bool reached(std::size_t limit, const Marks& marks, ScanShape shape, const Mark& mark,
                      std::chrono::seconds window);
  void tell(const IpAddress& initiator, Suspect& suspect, ScanShape shape, const Mark& mark,
            std::chrono::seconds window, policy::PairId pair, const policy::Policy& policy,
            std::vector<Notice>& found);
  void flood(const FlowStep& step, const StepHashes& hashes, const policy::Policy& policy,
             std::vector<Notice>& found);

  policy::BehaviourOptions options_;
  MarkRoom room_;
  Bounded<IpAddress, Suspect> suspects_;
  Bounded<IpAddress, Target> targets_;
  // Flows that wait for their answer, and all whose answer is not overdue in the order in which they were
  // opened: those that were answered are in the second alone.
  NumberSet waiting_;
  boost::circular_buffer<Waiting, capture::PageAllocator<Waiting>> due_;
  Stretch fast_{};
  Stretch slow_{};
  std::bitset<policy::pairs_max> answering_{};  // pairs in which others than TCP were seen to be answered
  Counters counters_{};
};

}  // namespace sekimori::daemon
