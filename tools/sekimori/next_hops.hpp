// What the policy says of one conversation by each next hop that it may take: for explain, where nobody said
// which one it is and the answer depends on it.
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "policy/policy.hpp"

namespace sekimori::tool {

struct HopVerdict {
  // The segment whose next hops these are; none: the next hop is not known, or (with `macs`) is nobody's.
  std::optional<policy::SegmentId> segment{};
  std::vector<MacAddress> macs{};
  policy::Verdict verdict{};
};

struct HopVerdicts {
  bool inward = false;             // the neighbour that the initiator's frames come from, not where they go
  std::vector<HopVerdict> each{};  // not known, each segment's, any other; empty: the answer is the same
  std::string relays{};            // of proxies and the like: addresses of the segments that may permit
  std::string relay_segments{};
};

// `facts`: as asked for; one that names the neighbour depends on no other. `unknown`: its verdict as it is.
HopVerdicts verdicts_by_hop(const policy::Policy& policy, const capture::FlowFacts& facts,
                            const policy::Verdict& unknown, Language language);

std::string hops_text(const policy::Policy& policy, const HopVerdicts& hops, Language language);
// [{"next_hop": "unknown" | segment | "other", "macs": [...], "verdict", "from", "to", "cell"}]
boost::json::array hops_json(const policy::Policy& policy, const HopVerdicts& hops);

}  // namespace sekimori::tool
