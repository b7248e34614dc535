// From a hash to a record in one cache line, mostly: buckets of ten tags, at most eight of them looked at.
//
// A bucket counts how many entries would have liked to live in it and went on because it was full; a search
// stops at the first bucket where that count is zero. So a search costs one line unless a bucket overflowed,
// and eight lines at the very worst: linear probing through a full table, which a flood can drive to
// thousands of steps, cannot occur.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "capture/ahead.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sekimori::capture {

struct alignas(64) FlowBucket {
  static constexpr unsigned entries = 10;
  std::array<std::uint16_t, entries> tags{};  // 0 = free
  std::uint16_t passed = 0;                   // entries that went on from here; sticks at 0xffff
  std::uint16_t unused = 0;
  std::array<std::uint32_t, entries> refs{};

  // Bit i set: tags[i] == tag.
  unsigned matches(std::uint16_t tag) const {
#if defined(__SSE2__)
    const __m128i wanted = _mm_set1_epi16(static_cast<short>(tag));
    const auto* at = reinterpret_cast<const __m128i*>(tags.data());
    const __m128i low = _mm_cmpeq_epi16(_mm_load_si128(at), wanted);
    const __m128i high = _mm_cmpeq_epi16(_mm_load_si128(at + 1), wanted);
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(low, high))) & ((1U << entries) - 1U);
#else
    unsigned found = 0;
    for (unsigned i = 0; i < entries; ++i) found |= (tags[i] == tag ? 1U : 0U) << i;
    return found;
#endif
  }
};
static_assert(sizeof(FlowBucket) == 64);

// Does not own the buckets. A prime number of them, so that every step visits different ones.
class FlowIndex {
 public:
  static constexpr std::uint32_t none = 0xffff'ffffU;
  static constexpr unsigned lines_most = 8;
  // Entries of one tag that an entry may follow on its way through full buckets. Of random hashes two in a
  // way have one tag in a thousand cases; whoever knows the secret makes as many as he likes, and each would
  // cost every search a look at a record.
  static constexpr unsigned alike_most = 8;

  // How many buckets for so many flows: 5.5 flows a bucket, where one insertion in 10^10 finds eight full
  // ones.
  static std::uint32_t buckets_for(std::uint64_t capacity);

  FlowIndex(FlowBucket* buckets, std::uint32_t count) : buckets_{buckets}, count_{count} {}

  void prefetch(std::uint64_t hash) const { ask_to_read(&buckets_[home(hash)]); }

  // The first entry in the home bucket with the hash's tag, unverified: what to prefetch next.
  std::uint32_t candidate(std::uint64_t hash) const {
    const FlowBucket& bucket = buckets_[home(hash)];
    const unsigned found = bucket.matches(tag(hash));
    return found != 0 ? bucket.refs[static_cast<unsigned>(std::countr_zero(found))] : none;
  }

  // `same(ref)` compares the full key. Adds the lines looked at to `lines`.
  template <class Same>
  std::uint32_t find(std::uint64_t hash, unsigned& lines, Same&& same) const {
    const std::uint16_t wanted = tag(hash);
    std::uint32_t at = home(hash);
    for (unsigned line = 0; line < lines_most; ++line) {
      ++lines;
      const FlowBucket& bucket = buckets_[at];
      for (unsigned found = bucket.matches(wanted); found != 0; found &= found - 1U) {
        const std::uint32_t ref = bucket.refs[static_cast<unsigned>(std::countr_zero(found))];
        if (same(ref)) return ref;
      }
      if (bucket.passed == 0) return none;
      at = further(at, hash);
    }
    return none;
  }

  // False also when too many alike stand on the way there; the home bucket is full then, as ever.
  bool has_room(std::uint64_t hash) const;
  // Needs has_room(hash).
  void insert(std::uint64_t hash, std::uint32_t ref);
  // Needs an entry with this hash and ref.
  void erase(std::uint64_t hash, std::uint32_t ref);
  // Whoever lives in the home bucket: the candidates for eviction when all eight are full.
  const FlowBucket& crowd(std::uint64_t hash) const { return buckets_[home(hash)]; }

 private:
  static std::uint16_t tag(std::uint64_t hash) {
    const auto low = static_cast<std::uint16_t>(hash);
    return low != 0 ? low : std::uint16_t{1};
  }
  std::uint32_t home(std::uint64_t hash) const {
    return static_cast<std::uint32_t>(((hash >> 32U) * count_) >> 32U);
  }
  std::uint32_t further(std::uint32_t at, std::uint64_t hash) const {
    const std::uint64_t stride = 1U + ((((hash >> 16U) & 0xffffU) * (count_ - 1U)) >> 16U);
    const std::uint64_t next = at + stride;
    return static_cast<std::uint32_t>(next < count_ ? next : next - count_);
  }

  FlowBucket* buckets_;
  std::uint32_t count_;
};

}  // namespace sekimori::capture
