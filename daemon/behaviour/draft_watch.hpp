// What a draft would forbid of today's traffic: nobody should learn that after it has come into force. A
// notice of level info for each pair of segments, at most once a minute of packet time; the rest is counted
// in it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "daemon/alert/notice.hpp"
#include "daemon/flow_step.hpp"

namespace sekimori::daemon {

class DraftWatch {
 public:
  void step(const FlowStep& step, const policy::Policy& policy, std::vector<Notice>& found) {
    if (step.draft_forbids && step.kind == FlowStep::Kind::opened) opened(step, policy, found);
  }

 private:
  struct Told {
    Time next = Time::min();  // not told again before
    std::uint64_t flows = 0;  // of the pair so far
  };
  void opened(const FlowStep& step, const policy::Policy& policy, std::vector<Notice>& found);

  std::array<Told, policy::pairs_max> pairs_{};
};

}  // namespace sekimori::daemon
