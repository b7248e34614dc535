#include "daemon/alert/coverage.hpp"

#include <algorithm>

namespace sekimori::daemon {

void Coverage::feed(const FlowEvent& event) {
  if (event.kind != FlowEvent::Kind::beyond || event.verdict.to >= minutes_.size()) return;
  std::vector<std::int64_t>& minutes = minutes_[event.verdict.to];
  const std::int64_t minute = minute_of(event.time);
  const auto place = std::lower_bound(minutes.begin(), minutes.end(), minute);
  if (place != minutes.end() && *place == minute) return;
  minutes.insert(place, minute);
  if (memory_ == Memory::recent && minutes.size() > minutes_kept) minutes.erase(minutes.begin());
}

bool Coverage::sees(policy::SegmentId segment, Time time) const {
  if (segment >= minutes_.size()) return false;
  const std::vector<std::int64_t>& minutes = minutes_[segment];
  const std::int64_t minute = minute_of(time);
  const auto oldest = std::lower_bound(minutes.begin(), minutes.end(), minute - minutes_valid);
  return oldest != minutes.end() && *oldest <= minute;
}

std::array<Coverage::Way, 2> Coverage::ways(const capture::FlowFacts& facts) {
  return {Way{.spoke = facts.packets_to_server > 0,
              .passed = facts.passed_to_server,
              .arrived = facts.stage >= capture::Stage::answered},
          Way{.spoke = facts.packets_to_client > 0,
              .passed = facts.passed_to_client,
              .arrived = facts.stage >= capture::Stage::established}};
}

capture::Passage Coverage::passage(const capture::FlowFacts& facts, const policy::Verdict& verdict,
                                   Time now) const {
  const bool settled = verdict.from != verdict.to && facts.start <= now - patience;
  const auto judge = [&](const Way& way, policy::SegmentId entered) {
    if (way.passed) return capture::Passed::yes;
    const bool no = settled && way.spoke && !way.arrived && sees(entered, facts.end);
    return no ? capture::Passed::no : capture::Passed::unknown;
  };
  const auto [to_server, to_client] = ways(facts);
  return {judge(to_server, verdict.to), judge(to_client, verdict.from)};
}

}  // namespace sekimori::daemon
