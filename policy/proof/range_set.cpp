#include "policy/proof/range_set.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace sekimori::policy {
namespace {

const std::vector<Range> no_ranges{};

using At = std::vector<Range>::const_iterator;

// The first range that ends at or after `number`, searched from `from` in growing steps: cheap when it is
// near, and never worse than twice the logarithm.
At reaching(At from, At end, Number number) {
  std::ptrdiff_t step = 1;
  while (from != end && from->last < number) {
    if (end - from <= step) {
      return std::lower_bound(from, end, number, [](const Range& a, Number b) { return a.last < b; });
    }
    if ((from + step)->last >= number) {
      return std::lower_bound(from, from + step, number, [](const Range& a, Number b) { return a.last < b; });
    }
    from += step;
    step *= 2;
  }
  return from;
}

}  // namespace

RangeSet::RangeSet(std::vector<Range> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
  std::vector<Range> joined;
  joined.reserve(ranges.size());
  for (const Range& range : ranges) {
    assert(range.first <= range.last);
    // `first - 1` cannot wrap: a range that begins at 0 comes first, or overlaps the one before it.
    if (!joined.empty() && (range.first <= joined.back().last || range.first - 1 == joined.back().last)) {
      joined.back().last = std::max(joined.back().last, range.last);
    } else {
      joined.push_back(range);
    }
  }
  *this = made_of(std::move(joined));
}

RangeSet RangeSet::made_of(std::vector<Range> ordered) {
  RangeSet set;
  if (!ordered.empty()) set.ranges_ = std::make_shared<const std::vector<Range>>(std::move(ordered));
  return set;
}

const std::vector<Range>& RangeSet::ranges() const {
  return ranges_ == nullptr ? no_ranges : *ranges_;
}

bool RangeSet::contains(Number number) const {
  const At at = reaching(ranges().begin(), ranges().end(), number);
  return at != ranges().end() && at->first <= number;
}

bool RangeSet::covers(const RangeSet& other) const {
  if (ranges_ == other.ranges_) return true;
  At at = ranges().begin();
  for (const Range& wanted : other.ranges()) {
    at = reaching(at, ranges().end(), wanted.first);
    if (at == ranges().end() || at->first > wanted.first || at->last < wanted.last) return false;
  }
  return true;
}

bool RangeSet::meets(const RangeSet& other) const {
  if (ranges().size() > other.ranges().size()) return other.meets(*this);
  At at = other.ranges().begin();
  for (const Range& range : ranges()) {
    at = reaching(at, other.ranges().end(), range.first);
    if (at == other.ranges().end()) return false;
    if (at->first <= range.last) return true;
  }
  return false;
}

bool RangeSet::operator==(const RangeSet& other) const {
  return ranges_ == other.ranges_ || ranges() == other.ranges();
}

std::uint64_t RangeSet::digest() const {
  std::uint64_t digest = 0x9e3779b97f4a7c15U;
  const auto mix = [&](Number number) {
    for (const auto half : {static_cast<std::uint64_t>(number >> 64U), static_cast<std::uint64_t>(number)}) {
      digest = (digest ^ half) * 0xbf58476d1ce4e5b9U;
      digest ^= digest >> 29U;
    }
  };
  for (const Range& range : ranges()) {
    mix(range.first);
    mix(range.last);
  }
  return digest;
}

RangeSet intersect(const RangeSet& a, const RangeSet& b) {
  if (a.ranges_ == b.ranges_) return a;
  if (a.ranges().size() > b.ranges().size()) return intersect(b, a);
  std::vector<Range> common;
  At at = b.ranges().begin();
  for (const Range& range : a.ranges()) {
    at = reaching(at, b.ranges().end(), range.first);
    for (At each = at; each != b.ranges().end() && each->first <= range.last; ++each) {
      common.push_back({std::max(range.first, each->first), std::min(range.last, each->last)});
    }
  }
  if (common == a.ranges()) return a;  // shares the ranges
  return RangeSet::made_of(std::move(common));
}

RangeSet subtract(const RangeSet& a, const RangeSet& b) {
  if (a.ranges_ == b.ranges_) return {};
  if (!a.meets(b)) return a;
  std::vector<Range> rest;
  At at = b.ranges().begin();
  for (const Range& range : a.ranges()) {
    at = reaching(at, b.ranges().end(), range.first);
    Number next = range.first;
    bool open = true;
    for (At each = at; each != b.ranges().end() && each->first <= range.last; ++each) {
      if (each->first > next) rest.push_back({next, each->first - 1});
      open = each->last < range.last;
      if (!open) break;
      next = each->last + 1;
    }
    if (open) rest.push_back({next, range.last});
  }
  return RangeSet::made_of(std::move(rest));
}

RangeSet unite(const RangeSet& a, const RangeSet& b) {
  if (a.covers(b)) return a;
  if (b.covers(a)) return b;
  std::vector<Range> all = a.ranges();
  all.insert(all.end(), b.ranges().begin(), b.ranges().end());
  return RangeSet{std::move(all)};
}

}  // namespace sekimori::policy
