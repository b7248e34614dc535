#include "policy/proof/box.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

namespace sekimori::policy {
namespace {

// More candidates than this on one side, and the other one is tried.
constexpr std::size_t candidates_few = 32;

std::uint64_t mixed(std::uint64_t digest, std::uint64_t with) {
  digest = (digest ^ with) * 0x9e3779b97f4a7c15U;
  return digest ^ digest >> 31U;
}

std::uint64_t digest_without(const Box& box, std::size_t left_out) {
  std::uint64_t digest = static_cast<std::uint64_t>(box.family);
  for (std::size_t side = 0; side < sides_count; ++side) {
    if (side != left_out) digest = mixed(digest, box.sides[side].digest());
  }
  return digest;
}

bool equal_without(const Box& a, const Box& b, std::size_t left_out) {
  if (a.family != b.family) return false;
  for (std::size_t side = 0; side < sides_count; ++side) {
    if (side != left_out && !(a.sides[side] == b.sides[side])) return false;
  }
  return true;
}

// Joins what differs on this side only. True when something was joined.
bool join_along(std::vector<Box>& boxes, std::size_t side) {
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> known;
  std::vector<Box> joined;
  std::vector<std::vector<Range>> ranges;  // parallel: of this side
  for (Box& box : boxes) {
    std::vector<std::size_t>& alike = known[digest_without(box, side)];
    const auto same = std::find_if(alike.begin(), alike.end(),
                                   [&](std::size_t at) { return equal_without(joined[at], box, side); });
    const std::vector<Range>& own = box.sides[side].ranges();
    if (same != alike.end()) {
      ranges[*same].insert(ranges[*same].end(), own.begin(), own.end());
      continue;
    }
    alike.push_back(joined.size());
    ranges.push_back(own);
    joined.push_back(std::move(box));
  }
  const bool fewer = joined.size() < boxes.size();
  for (std::size_t i = 0; fewer && i < joined.size(); ++i)
    joined[i].sides[side] = RangeSet{std::move(ranges[i])};
  boxes = std::move(joined);
  return fewer;
}

}  // namespace

bool Box::empty() const {
  return std::any_of(sides.begin(), sides.end(), [](const RangeSet& side) { return side.empty(); });
}

std::uint64_t Box::digest() const {
  return digest_without(*this, sides_count);
}

bool meet(const Box& a, const Box& b) {
  if (a.family != b.family) return false;
  for (std::size_t side = 0; side < sides_count; ++side) {
    if (!a.sides[side].meets(b.sides[side])) return false;
  }
  return true;
}

bool covers(const Box& whole, const Box& part) {
  if (whole.family != part.family) return false;
  for (std::size_t side = 0; side < sides_count; ++side) {
    if (!whole.sides[side].covers(part.sides[side])) return false;
  }
  return true;
}

std::optional<Box> intersect(const Box& a, const Box& b) {
  if (a.family != b.family) return std::nullopt;
  Box common;
  common.family = a.family;
  for (std::size_t side = 0; side < sides_count; ++side) {
    common.sides[side] = intersect(a.sides[side], b.sides[side]);
    if (common.sides[side].empty()) return std::nullopt;
  }
  return common;
}

void subtract(const Box& a, const Box& b, std::vector<Box>& out) {
  if (!meet(a, b)) {
    out.push_back(a);
    return;
  }
  Box inside = a;  // narrowed to `b` on one side after the other
  for (std::size_t side = 0; side < sides_count; ++side) {
    RangeSet outside = subtract(inside.sides[side], b.sides[side]);
    if (outside.empty()) continue;
    Box piece = inside;
    piece.sides[side] = std::move(outside);
    out.push_back(std::move(piece));
    inside.sides[side] = intersect(inside.sides[side], b.sides[side]);
  }
}

void join(std::vector<Box>& boxes) {
  for (bool changed = true; changed && boxes.size() > 1;) {
    changed = false;
    for (std::size_t side = 0; side < sides_count; ++side) changed = join_along(boxes, side) || changed;
  }
}

void BoxIndex::Tree::build() {
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
    return a.first < b.first || (a.first == b.first && a.box < b.box);
  });
  std::size_t leaves = 1;
  while (leaves < spans.size()) leaves *= 2;
  furthest.assign(spans.empty() ? 0 : leaves * 2, 0);
  for (std::size_t i = 0; i < spans.size(); ++i) furthest[leaves + i] = spans[i].last;
  for (std::size_t node = spans.empty() ? 0 : leaves - 1; node > 0; --node)
    furthest[node] = std::max(furthest[node * 2], furthest[node * 2 + 1]);
}

bool BoxIndex::Tree::find(Number first, Number last, std::size_t limit,
                          std::vector<std::uint32_t>& out) const {
  const auto behind = std::upper_bound(spans.begin(), spans.end(), last,
                                       [](Number number, const Span& span) { return number < span.first; });
  const auto count = static_cast<std::size_t>(behind - spans.begin());
  if (count == 0) return true;
  const std::size_t leaves = furthest.size() / 2;
  struct Node {
    std::size_t at;
    std::size_t begin;
    std::size_t size;
  };
  std::vector<Node> open{{1, 0, leaves}};
  while (!open.empty()) {
    const Node node = open.back();
    open.pop_back();
    if (node.begin >= count || furthest[node.at] < first) continue;
    if (node.size > 1) {
      open.push_back({node.at * 2 + 1, node.begin + node.size / 2, node.size / 2});
      open.push_back({node.at * 2, node.begin, node.size / 2});
      continue;
    }
    if (out.size() >= limit) return false;
    out.push_back(spans[node.begin].box);
  }
  return true;
}

BoxIndex::BoxIndex(std::vector<const Box*> boxes) : boxes_(std::move(boxes)) {
  for (std::uint32_t i = 0; i < boxes_.size(); ++i) {
    const Box& box = *boxes_[i];
    if (box.empty()) continue;
    const std::size_t family = box.family == Family::ipv4 ? 0 : 2;
    for (std::size_t side = 0; side < 2; ++side)
      trees_[family + side].spans.push_back({box.sides[side].first(), box.sides[side].last(), i});
  }
  for (Tree& tree : trees_) tree.build();
}

const BoxIndex::Tree& BoxIndex::tree(Family family, Side side) const {
  return trees_[(family == Family::ipv4 ? 0U : 2U) + static_cast<std::size_t>(side)];
}

void BoxIndex::find(const Box& box, std::vector<std::uint32_t>& out) const {
  if (box.empty()) return;
  constexpr std::size_t all = std::numeric_limits<std::size_t>::max();
  const auto look = [&](Side side, std::size_t limit, std::vector<std::uint32_t>& found) {
    found.clear();
    return tree(box.family, side).find(box[side].first(), box[side].last(), limit, found);
  };
  std::vector<std::uint32_t> found;
  if (!look(Side::source, candidates_few, found) && !look(Side::destination, candidates_few, found)) {
    look(Side::source, all, found);
    std::vector<std::uint32_t> other;
    if (look(Side::destination, found.size(), other)) found = std::move(other);
  }
  std::sort(found.begin(), found.end());
  for (const std::uint32_t at : found) {
    if (meet(*boxes_[at], box)) out.push_back(at);
  }
}

std::optional<std::vector<Box>> remainder(const Box& box, const std::vector<const Box*>& others,
                                          std::size_t limit) {
  std::vector<Box> rest{box};
  std::vector<Box> next;
  for (const Box* other : others) {
    next.clear();
    for (const Box& piece : rest) subtract(piece, *other, next);
    std::swap(rest, next);
    if (rest.empty()) return rest;
    if (rest.size() > limit) {
      join(rest);
      if (rest.size() > limit) return std::nullopt;
    }
  }
  return rest;
}

}  // namespace sekimori::policy
