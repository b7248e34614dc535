#include "policy/proof/difference.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

namespace sekimori::policy {
namespace {

template <typename Boxed>
std::vector<const Box*> boxes_of(const std::vector<Boxed>& list) {
  std::vector<const Box*> boxes;
  boxes.reserve(list.size());
  for (const Boxed& each : list) boxes.push_back(&each.box);
  return boxes;
}

// Boxes as they stand, to leave out quickly what both policies permit in the same words.
class Known {
 public:
  explicit Known(const std::vector<Permission>& permissions) {
    for (const Permission& permission : permissions)
      boxes_[permission.box.digest()].push_back(&permission.box);
  }
  bool holds(const Box& box) const {
    const auto found = boxes_.find(box.digest());
    return found != boxes_.end() && std::any_of(found->second.begin(), found->second.end(),
                                                [&](const Box* each) { return *each == box; });
  }

 private:
  std::unordered_map<std::uint64_t, std::vector<const Box*>> boxes_{};
};

// `Part`: Area or Permission.
template <typename Part>
Ruling ruling_of(const Part& part, Decision decision) {
  Ruling ruling;
  ruling.decision = decision;
  ruling.from = part.from;
  ruling.to = part.to;
  ruling.other_path = part.other_path;
  ruling.cell = part.rule.cell;
  ruling.reasons_count = part.rule.reasons_count;
  ruling.reasons = part.rule.reasons;
  return ruling;
}

// What `here` permits and `there` does not, cut along the areas of `there`.
class OneWay {
 public:
  OneWay(const Reach& here, const Reach& there)
      : here_(here),
        there_(there),
        known_(there.permissions()),
        own_(boxes_of(here.permissions())),
        others_(boxes_of(there.permissions())),
        areas_(boxes_of(there.areas())) {}

  using Changes = std::map<std::pair<Ruling, Ruling>, std::vector<Box>>;  // by (here, there)

  // False when there are too many pieces.
  bool run(Changes& changes) const {
    std::size_t pieces = 0;
    for (std::uint32_t i = 0; i < here_.permissions().size(); ++i) {
      const Permission& permission = here_.permissions()[i];
      if (known_.holds(permission.box)) continue;
      auto rest =
          remainder(permission.box, all_meeting(others_, there_.permissions(), permission.box), pieces_max);
      if (!rest) return false;
      // What an earlier line permits as well has been told with that one: judge() names the first.
      for (const Box& piece : *rest) {
        auto own = remainder(piece, earlier(piece, i), pieces_max);
        if (!own) return false;
        for (const Box& part : *own) pieces += file(part, permission, changes);
      }
      if (pieces > pieces_max) return false;
    }
    for (auto& [rulings, boxes] : changes) join(boxes);
    return true;
  }

 private:
  static std::vector<const Box*> all_meeting(const BoxIndex& index, const std::vector<Permission>& list,
                                             const Box& box) {
    std::vector<std::uint32_t> found;
    index.find(box, found);
    std::vector<const Box*> boxes;
    for (const std::uint32_t at : found) boxes.push_back(&list[at].box);
    return boxes;
  }

  std::vector<const Box*> earlier(const Box& box, std::uint32_t than) const {
    std::vector<std::uint32_t> found;
    own_.find(box, found);
    std::vector<const Box*> boxes;
    for (const std::uint32_t at : found) {
      if (at < than) boxes.push_back(&here_.permissions()[at].box);
    }
    return boxes;
  }

  std::size_t file(const Box& box, const Permission& permission, Changes& changes) const {
    Ruling here = ruling_of(permission, Decision::permit);
    here.basis = permission.basis;
    here.index = permission.index;
    std::vector<std::uint32_t> found;
    areas_.find(box, found);
    for (const std::uint32_t at : found) {
      const Area& area = there_.areas()[at];
      std::optional<Box> part = intersect(box, area.box);
      if (part && there_.universe().real(*part))
        changes[{here, ruling_of(area, Decision::forbid)}].push_back(std::move(*part));
    }
    return found.size();
  }

  const Reach& here_;
  const Reach& there_;
  Known known_;
  BoxIndex own_;
  BoxIndex others_;
  BoxIndex areas_;
};

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

bool alike(const Reach& a, const NamedPermission& one, const Reach& b, const NamedPermission& other) {
  const PolicyOptions& mine = a.policy().options;
  const PolicyOptions& theirs = b.policy().options;
  return mine.profile.segments[one.from].id == theirs.profile.segments[other.from].id &&
         mine.profile.segments[one.to].id == theirs.profile.segments[other.to].id && one.box == other.box &&
         sorted(mine.services[one.index].names) == sorted(theirs.services[other.index].names);
}

// What `here` permits by a name and `there` does not.
void add_named(const Reach& here, const Reach& there, bool now, std::vector<NamedChange>& out) {
  for (const NamedPermission& one : here.named()) {
    const bool known = std::any_of(there.named().begin(), there.named().end(),
                                   [&](const auto& other) { return alike(here, one, there, other); });
    if (!known) out.push_back({now, one});
  }
}

}  // namespace

Difference compare(Compared before, Compared after) {
  std::vector<MacAddress> macs = macs_of(before.policy);
  const std::vector<MacAddress> more = macs_of(after.policy);
  macs.insert(macs.end(), more.begin(), more.end());
  Difference difference;
  std::vector<std::string> domains = domain_names(after.policy.options);
  for (std::string& name : domain_names(before.policy.options)) {
    if (std::find(domains.begin(), domains.end(), name) == domains.end()) domains.push_back(std::move(name));
  }
  difference.universe =
      Universe{std::move(macs), after.policy.options.utc_offset_minutes, std::move(domains)};
  const Reach old_reach{before.policy, difference.universe, before.drafts};
  const Reach new_reach{after.policy, difference.universe, after.drafts};
  OneWay::Changes permitted;
  OneWay::Changes forbidden;
  difference.complete = OneWay{new_reach, old_reach}.run(permitted);
  difference.complete = OneWay{old_reach, new_reach}.run(forbidden) && difference.complete;
  add_named(new_reach, old_reach, true, difference.named);
  add_named(old_reach, new_reach, false, difference.named);
  for (auto& [rulings, boxes] : permitted)
    difference.changes.push_back({rulings.second, rulings.first, std::move(boxes)});
  for (auto& [rulings, boxes] : forbidden)
    difference.changes.push_back({rulings.first, rulings.second, std::move(boxes)});
  return difference;
}

}  // namespace sekimori::policy
