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

capture::Passage Coverage::passage(const capture::FlowFacts& facts, const policy::Verdict& verdict,
                                   Time now) const {
  const bool settled = verdict.from != verdict.to && facts.start <= now - patience;
  const auto judge = [&](bool passed, bool got_through, std::uint64_t packets, policy::SegmentId entered) {
    if (passed) return capture::Passed::yes;
    return settled && !got_through && packets > 0 && sees(entered, facts.end) ? capture::Passed::no
                                                                              : capture::Passed::unknown;
  };
  return {judge(facts.passed_to_server, heard_by_server(facts), facts.packets_to_server, verdict.to),
          judge(facts.passed_to_client, heard_by_client(facts), facts.packets_to_client, verdict.from)};
}

}  // namespace sekimori::daemon
