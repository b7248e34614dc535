// Watches the register of exceptions: what is counted of their use, and what somebody has to be reminded of.
//
//   told at once   a volume limit exceeded (once in its period); a live flow that another exception permits
//   now once a day     in force and over within 30 days; an emergency whose report is not recorded once in
//   force and unused for `unused_after` (again after as long)
//
// Use after the end, outside the hours, with another MAC or port is a forbidden flow and told as an incident;
// here it is only counted. A day's reminders are told at midnight of the zone (or when watching begins, or
// with a new register), one by one up to `told_max` of a kind, the rest in one line.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/alert/desk.hpp"
#include "daemon/alert/exception_use.hpp"

namespace sekimori::daemon {

class ExceptionWatch final : public Watcher {
 public:
  static constexpr std::size_t told_max = 20;

  // `unused_after` zero: no reminders of the calendar (a replay: what is over since is nobody's news).
  explicit ExceptionWatch(std::chrono::seconds unused_after) : unused_after_(unused_after) {}

  void feed(const FlowEvent& event, const policy::Policy& policy, std::vector<Notice>& found) override;
  void tick(Time packet_now, const policy::Policy& policy, std::vector<Notice>& found) override;
  void replaced(const policy::Policy& policy) override;
  void recall(const NoticeTold& told) override;

  const ExceptionUse& use() const { return use_; }

 private:
  // What was last told of one kind, by id.
  using Told = std::map<std::string, Time, std::less<>>;

  void remind(Time now, const policy::Policy& policy, std::vector<Notice>& found);
  void remind_of_ends(Time now, const policy::Policy& policy, std::vector<Notice>& found);
  void remind_of_reports(Time now, const policy::Policy& policy, std::vector<Notice>& found);
  void remind_of_disuse(Time now, const policy::Policy& policy, std::vector<Notice>& found);
  bool due(Told& told, const std::string& id, Time now, Duration pause) const;

  const std::chrono::seconds unused_after_;
  ExceptionUse use_{};
  std::vector<ExceptionUse::Notice> news_{};
  std::optional<std::int64_t> day_{};  // for which reminders were told, counted in the zone
  std::optional<Time> newest_{};
  Told ends_{};
  Told reports_{};
  Told disuse_{};
};

}  // namespace sekimori::daemon
