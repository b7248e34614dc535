// What two policies say otherwise and no conversation shows: how much an exception may carry and by when it
// is to be reported, what is metered, counted and looked for. No side of a box speaks of these, so that
// compare() (policy/proof/difference.hpp) does not see them; a change of them is a change all the same.
#pragma once

#include <string>
#include <vector>

#include "policy/options.hpp"
#include "policy/proof/words.hpp"

namespace sekimori::policy {

struct LimitChange {
  std::string list{};    // of the configuration: "exceptions", "systems", "behaviour"
  std::string id{};      // of the entry in it; empty: it is no list
  std::string key{};     // below it: "volume.bytes"
  std::string before{};  // in words of the configuration; empty: not written, or the entry is not there
  std::string after{};
  Place place{};  // of the entry after, or before where it is no more
  bool operator==(const LimitChange&) const = default;
};

// By list, entry and key. `drafts`: with what is at stage draft in the policy after, as compare() has it.
std::vector<LimitChange> compare_limits(const PolicyOptions& before, const PolicyOptions& after, bool drafts,
                                        const Manner& manner);

}  // namespace sekimori::policy
