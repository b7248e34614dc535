#include "daemon/alert/former_model.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "daemon/render/words.hpp"

namespace sekimori::daemon {

bool same_segments(const policy::Policy& a, const policy::Policy& b) {
  return std::equal(
      a.segments().begin(), a.segments().end(), b.segments().begin(), b.segments().end(),
      [](const policy::ProfileSegment& x, const policy::ProfileSegment& y) { return x.id == y.id; });
}

std::string missing_of(const policy::Policy& policy, std::string_view from, std::string_view to) {
  std::string out;
  for (const std::string_view id : {from, to}) {
    if (policy.segment_index(id) >= 0 || out == id) continue;
    if (!out.empty()) out += ", ";
    out += id;
  }
  return out;
}

std::shared_ptr<const policy::Policy> model_of(std::string_view from, std::string_view to,
                                               const policy::Policy& policy) {
  policy::PolicyOptions options;
  options.profile.id = policy.options().profile.id;
  options.profile.name = policy.options().profile.name;
  options.domains = policy.options().domains;
  options.utc_offset_minutes = policy.options().utc_offset_minutes;
  std::vector<policy::ProfileSegment>& segments = options.profile.segments;
  for (const std::string_view id : {from, to, segment_id(policy, policy.external())}) {
    const auto is = [&](const policy::ProfileSegment& one) { return one.id == id; };
    if (std::any_of(segments.begin(), segments.end(), is)) continue;
    const std::string name{id};
    // What it was called nobody knows any more; a name has to be another word than the id.
    policy::ProfileSegment segment{name, "", {"「" + name + "」", "\"" + name + "\""}};
    if (const int known = policy.segment_index(id); known >= 0) {
      segment.code = policy.segments()[static_cast<std::size_t>(known)].code;
      segment.name = policy.segments()[static_cast<std::size_t>(known)].name;
    }
    segments.push_back(std::move(segment));
  }
  for (const policy::ProfileSegment& one : segments) {
    for (const policy::ProfileSegment& other : segments) {
      options.profile.cells.push_back({one.id, other.id, policy::Cell::absent, {}, {}, {}});
    }
  }
  return std::make_shared<const policy::Policy>(std::move(options), std::vector<std::string>{},
                                                policy.sha256(), policy.generation());
}

}  // namespace sekimori::daemon
