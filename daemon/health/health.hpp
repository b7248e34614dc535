// Judges the sensor by its figures: says when it cannot see what it is there to see, and when it can again.
//
//   Health health{options.health, options.alerts.utc_offset_minutes};
//   health.judge(vitals, policy, found);             // once a second
//   for (Notice& notice : found) desk.find(...);     // their life (repeated, closed) is the desk's
//
// Pure: figures and both clocks come in, notices go out; nothing here asks the system. Spans are taken by the
// monotonic clock, so that a jump of the system clock neither hides nor invents a silence; notices carry the
// system clock's time, which is the packets' too. One thread; memory: one row of totals a second of `window`.
#pragma once

#include <bitset>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "daemon/alert/notice.hpp"
#include "daemon/health/habits.hpp"
#include "daemon/health/vitals.hpp"
#include "daemon/options.hpp"

namespace sekimori::daemon {

class Health {
 public:
  // While a state lasts its figures are told to the desk anew this often.
  static constexpr std::chrono::seconds refresh{10};
  // A destination may be away this long (a restart of the receiver) before it is told.
  static constexpr std::chrono::seconds destination_patience{10};
  // Shares of fewer packets than this say nothing.
  static constexpr std::uint64_t packets_least = 50;
  // How long a restart waits before it believes that a state which lasted is over: links, figures and
  // destinations are not known at once. What is judged by a share waits for a whole window as well.
  static constexpr std::chrono::seconds resume_patience{30};

  Health(const HealthOptions& options, int utc_offset_minutes);

  // Appends what began, what still lasts and what is over. `policy`: names the segments of the matrix.
  // Vitals whose monotonic time is not after the last ones' are not judged.
  void judge(const Vitals& vitals, const policy::Policy& policy, std::vector<Notice>& found);

  // A state that lasted when the program ended before: it goes on until it is seen to be over. One that
  // nobody judges any more (a tap that is not configured now) is over after `resume_patience`. Before
  // judge().
  void resume(const Notice& latest);

  std::size_t open() const { return open_.size(); }  // states that last

  // What is learned of silences: to be kept over a restart, and given back before judge().
  HabitBook& habits() { return habits_; }
  const HabitBook& habits() const { return habits_; }

 private:
  using Span = std::chrono::nanoseconds;
  // One second's totals, of which the window takes differences.
  struct Row {
    Span at{};
    std::vector<capture::SourceCounters> taps{};
    std::vector<std::uint64_t> transmitted{};
    Matrix matrix{};
    std::uint64_t evicted = 0;
    std::uint64_t refused = 0;
  };
  struct Moment {
    Span at{};
    Time wall{};
  };
  struct TapMemory {
    std::uint64_t received = 0;
    Moment heard{};                // the last frame, or when listening began
    std::optional<Moment> down{};  // since when the link is
  };
  struct State {
    Notice latest{};  // as it was while it lasted: what its end speaks of
    Span told{};
    bool judged = true;    // by this run of the program
    bool resumed = false;  // from an earlier run, and not yet seen to last
  };
  using Key = std::pair<NoticeKind, std::string>;

  void judge_taps(const Vitals& vitals);
  void judge_silence(const TapVitals& tap, TapMemory& memory, const Vitals& vitals);
  void judge_loss(const TapVitals& tap, std::size_t index);
  void judge_interface(const TapVitals& tap, std::size_t index);
  void judge_mirror(const Vitals& vitals, const policy::Policy& policy);
  void judge_sight(const Vitals& vitals);
  void judge_missed(const Vitals& vitals, const policy::Policy& policy);
  void judge_pairs(const Vitals& vitals, const policy::Policy& policy);
  void judge_pair(const policy::Policy& policy, policy::SegmentId from, policy::SegmentId to);
  void judge_vlans(const Vitals& vitals);
  std::bitset<std::tuple_size_v<VlanCounts>> silent_vlans() const;  // whose state lasts
  void judge_vlan(std::uint16_t vlan, std::optional<std::chrono::seconds> configured);
  std::int64_t local_hour() const;
  // Why a silence is unusual, and which one.
  struct Expected {
    std::optional<std::chrono::seconds> most{};  // none: at this hour nothing is known
    bool configured = false;
  };
  Expected expected(const Habits& habits, std::size_t which,
                    std::optional<std::chrono::seconds> configured) const;
  void tell_silence(Notice notice, const Expected& expected, const Habits& habits, std::size_t which);
  bool is_open(NoticeKind kind, const std::string& subject) const {
    return open_.count({kind, subject}) != 0;
  }
  void judge_duplicates(const Vitals& vitals, const policy::Policy& policy);
  void judge_table(const Vitals& vitals);
  void judge_clock(const Vitals& vitals);
  void judge_outlets(const Vitals& vitals);
  void judge_journal(const JournalVitals& journal);
  void tell_jump(Duration step, Time expected);
  void judge_files(const Vitals& vitals);
  void judge_workers(const Vitals& vitals);
  std::chrono::seconds silence_of(const std::string& tap) const;
  std::string window_text() const;

  // `begins`: beyond the threshold; `ends`: well below it. Between the two a state stays as it is.
  void state(bool begins, bool ends, Notice notice);
  bool may_end(NoticeKind kind, const State& state) const;
  void end(std::map<Key, State>::iterator known);
  void end_unjudged();
  Notice make(NoticeKind kind, std::string subject) const;
  void add_time(Notice& notice, std::string name, Time time) const;

  const HealthOptions options_;
  const int utc_offset_minutes_;
  std::deque<Row> rows_{};
  std::vector<TapMemory> taps_{};
  std::map<std::string, Moment> away_{};  // destinations that are not reached
  std::map<Key, State> open_{};
  std::optional<Moment> last_{};
  std::optional<Span> first_{};  // judge()
  std::optional<Moment> unsynchronised_{};
  HabitBook habits_{};
  bool sighted_ = true;             // no tap has a trouble of its own
  std::optional<Span> blind_at_{};  // when one was last down or silent
  bool journal_met_ = false;        // what its start found has been told
  // During one judge().
  Moment now_{};
  std::vector<Notice>* found_ = nullptr;
};

}  // namespace sekimori::daemon
