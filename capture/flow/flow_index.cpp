#include "capture/flow/flow_index.hpp"

#include <algorithm>
#include <cassert>

namespace sekimori::capture {

namespace {

bool prime(std::uint64_t number) {
  for (std::uint64_t divisor = 2; divisor * divisor <= number; ++divisor) {
    if (number % divisor == 0) return false;
  }
  return true;
}

}  // namespace

std::uint32_t FlowIndex::buckets_for(std::uint64_t capacity) {
  std::uint64_t count = std::max<std::uint64_t>(17, capacity * 2 / 11 + 1);
  while (!prime(count)) ++count;
  return static_cast<std::uint32_t>(count);
}

bool FlowIndex::has_room(std::uint64_t hash) const {
  std::uint32_t at = home(hash);
  unsigned alike = 0;
  for (unsigned line = 0; line < lines_most; ++line) {
    const FlowBucket& bucket = buckets_[at];
    if (bucket.matches(0) != 0) return true;
    alike += static_cast<unsigned>(std::popcount(bucket.matches(tag(hash))));
    if (alike >= alike_most) return false;
    at = further(at, hash);
  }
  return false;
}

void FlowIndex::insert(std::uint64_t hash, std::uint32_t ref) {
  std::uint32_t at = home(hash);
  for (unsigned line = 0; line < lines_most; ++line) {
    FlowBucket& bucket = buckets_[at];
    if (const unsigned room = bucket.matches(0); room != 0) {
      const auto entry = static_cast<unsigned>(std::countr_zero(room));
      bucket.tags[entry] = tag(hash);
      bucket.refs[entry] = ref;
      return;
    }
    if (bucket.passed != 0xffff) ++bucket.passed;
    at = further(at, hash);
  }
  assert(false && "insert() without room");
}

void FlowIndex::erase(std::uint64_t hash, std::uint32_t ref) {
  std::uint32_t at = home(hash);
  for (unsigned line = 0; line < lines_most; ++line) {
    FlowBucket& bucket = buckets_[at];
    for (unsigned found = bucket.matches(tag(hash)); found != 0; found &= found - 1U) {
      const auto entry = static_cast<unsigned>(std::countr_zero(found));
      if (bucket.refs[entry] != ref) continue;
      bucket.tags[entry] = 0;
      return;
    }
    // A count that once stuck is never lowered: it would reach zero while entries still live further on.
    if (bucket.passed != 0xffff) --bucket.passed;
    at = further(at, hash);
  }
  assert(false && "erase() of an entry that is not there");
}

}  // namespace sekimori::capture
