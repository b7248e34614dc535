// A set of whole numbers as the ranges that make it up: one side of what a policy speaks about (addresses,
// services, times, cards), however large, in as many ranges as its definition has borders.
//
//   RangeSet office{{{9, 17}}};
//   subtract(RangeSet{{{0, 23}}}, office)   // 0..8, 18..23
//
// A value that shares its ranges with its copies: sets of 100,000 ranges are handed around freely. Immutable;
// any thread may read. Sets are held against each other in the time of the smaller one times the logarithm of
// the larger.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace sekimori::policy {

// Wide enough for an IPv6 address.
__extension__ using Number = unsigned __int128;

struct Range {
  Number first = 0;
  Number last = 0;  // included
  bool operator==(const Range&) const = default;
};

class RangeSet {
 public:
  RangeSet() = default;  // empty
  // Any order, overlapping or touching ones are joined. Each range must have first <= last.
  explicit RangeSet(std::vector<Range> ranges);
  static RangeSet of(Number only) { return RangeSet{{{only, only}}}; }

  bool empty() const { return ranges_ == nullptr; }
  // In rising order, neither overlapping nor touching.
  const std::vector<Range>& ranges() const;
  Number first() const { return ranges_->front().first; }  // not of an empty set
  Number last() const { return ranges_->back().last; }     // likewise
  bool contains(Number number) const;
  // Is every number of `other` in this set?
  bool covers(const RangeSet& other) const;
  bool meets(const RangeSet& other) const;
  bool operator==(const RangeSet& other) const;
  // Equal sets have equal digests.
  std::uint64_t digest() const;

 private:
  friend RangeSet intersect(const RangeSet& a, const RangeSet& b);
  friend RangeSet subtract(const RangeSet& a, const RangeSet& b);
  static RangeSet made_of(std::vector<Range> ordered);

  std::shared_ptr<const std::vector<Range>> ranges_{};  // null: empty
};

RangeSet intersect(const RangeSet& a, const RangeSet& b);
RangeSet subtract(const RangeSet& a, const RangeSet& b);  // a without b
RangeSet unite(const RangeSet& a, const RangeSet& b);

}  // namespace sekimori::policy
