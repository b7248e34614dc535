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
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <deque>
#include <vector>

#include "daemon/alert/notice.hpp"
#include "daemon/behaviour/bounded.hpp"
#include "daemon/behaviour/keyed_hash.hpp"
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
    std::uint64_t targets_displaced = 0;      // likewise of half-open connections
    std::uint64_t findings = 0;
  };

  explicit ScanWatch(const policy::Policy& policy);

  // Where what a step speaks of is kept.
  struct Hashes {
    std::uint32_t initiator = 0;
    std::uint32_t target = 0;
  };
  Hashes hashes(const FlowStep& step) const;
  // This step comes soon: its memory is asked for, in two strides.
  void expect(const FlowStep& step, const Hashes& hashes) const;
  void fetch(const FlowStep& step, const Hashes& hashes) const;
  void step(const FlowStep& step, const Hashes& hashes, const policy::Policy& policy,
            std::vector<Notice>& found);
  // Attempts whose answer is overdue.
  void tick(Time packet_now, const policy::Policy& policy, std::vector<Notice>& found);
  // Those that still wait when the input ends: nothing answered them.
  void finish(const policy::Policy& policy, std::vector<Notice>& found);
  void replaced(const policy::Policy& policy) { options_ = policy.options().behaviour; }
  Counters counters() const;

 private:
  struct Mark {
    IpAddress host{};
    std::uint16_t port = 0;
    std::uint8_t protocol = 0;
    Time time{};
    std::uint64_t flow = 0;
  };
  // The oldest first. Nothing is allocated before there is one.
  class Marks {
   public:
    auto begin() const { return list_.begin() + static_cast<std::ptrdiff_t>(gone_); }
    auto end() const { return list_.end(); }
    std::size_t size() const { return list_.size() - gone_; }
    bool empty() const { return size() == 0; }
    const Mark& front() const { return list_[gone_]; }
    const Mark& back() const { return list_.back(); }
    void push_back(const Mark& mark) { list_.push_back(mark); }
    void pop_back() { list_.pop_back(); }
    void pop_front() {
      if (++gone_ * 2 < list_.size()) return;
      list_.erase(list_.begin(), begin());
      gone_ = 0;
    }
    void erase(std::vector<Mark>::const_iterator mark) { list_.erase(mark); }
    void clear() {
      list_.clear();
      gone_ = 0;
    }

   private:
    std::vector<Mark> list_{};
    std::size_t gone_ = 0;  // of its first ones
  };
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
    unsigned shapes = 0;  // told so far, in bits
    Time quiet_until{};   // after a finding, for a window: only counted
    Time told{};
    std::array<Marks, static_cast<std::size_t>(ScanShape::count_)> marks{};
  };
  struct Waiting {
    capture::Tuple tuple{};
    policy::PairId pair = 0;
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
  void opened(const FlowStep& step, const Hashes& hashes, const policy::Policy& policy,
              std::vector<Notice>& found);
  void closing(const FlowStep& step, const policy::Policy& policy, std::vector<Notice>& found);
  void drop_answered();
  void expire(Time limit, const policy::Policy& policy, std::vector<Notice>& found);
  void fail(const Waiting& attempt, Time time, const policy::Policy& policy, std::vector<Notice>& found);
  static void count(Suspect::Share& share, Time time, std::chrono::seconds part, bool failed);
  static bool mostly_failed(const Suspect::Share& share);
  void mark(const IpAddress& initiator, Suspect& suspect, ScanShape shape, const Mark& mark,
            policy::PairId pair, const policy::Policy& policy, std::vector<Notice>& found);
  // Do as many as `limit` of the marks count together with this one?
  static bool reached(std::size_t limit, const Marks& marks, ScanShape shape, const Mark& mark,
                      std::chrono::seconds window);
  void tell(const IpAddress& initiator, Suspect& suspect, ScanShape shape, const Mark& mark,
            std::chrono::seconds window, policy::PairId pair, const policy::Policy& policy,
            std::vector<Notice>& found);
  void flood(const FlowStep& step, const Hashes& hashes, const policy::Policy& policy,
             std::vector<Notice>& found);

  policy::BehaviourOptions options_;
  Bounded<IpAddress, Suspect> suspects_;
  Bounded<IpAddress, Target> targets_;
  // Flows that wait for their answer, and all whose answer is not overdue in the order in which they were
  // opened: those that were answered are in the second alone.
  boost::unordered_flat_set<std::uint64_t, KeyedHash> waiting_{};
  std::deque<Waiting> due_{};
  std::bitset<policy::pairs_max> answering_{};  // pairs in which others than TCP were seen to be answered
  Counters counters_{};
};

}  // namespace sekimori::daemon
