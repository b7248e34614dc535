#include "policy/segment_map.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>
#include <utility>

#include "capture/ahead.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sekimori::policy {
namespace {

// An address as a number whose order is the order of addresses; IPv4 uses the upper half's low 32 bits.
struct Wide {
  std::uint64_t upper = 0;
  std::uint64_t lower = 0;
  auto operator<=>(const Wide&) const = default;
};

std::uint32_t ipv4_key(const IpAddress& address) {
  return static_cast<std::uint32_t>(address.upper() >> 32U);
}

Wide wide(const IpAddress& address) {
  if (address.family == Family::ipv4) return {ipv4_key(address), 0};
  return {address.upper(), address.lower()};
}

std::uint64_t ones(unsigned count) {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

Wide last_of(const Prefix& prefix) {
  Wide last = wide(prefix.address);
  const unsigned free_bits = prefix.address.bits() - prefix.length;
  if (prefix.address.family == Family::ipv4) {
    last.upper |= ones(free_bits);
  } else {
    last.lower |= ones(free_bits);
    if (free_bits > 64) last.upper |= ones(free_bits - 64);
  }
  return last;
}

// The ranges into which ordered prefixes of one family cut the address space: emit(start, value) in rising
// order of start, never twice the same start.
template <typename Emit>
void cut(const std::vector<SegmentMap::Entry>& ordered, Wide maximum, Emit emit) {
  struct Open {
    Wide last;
    std::uint32_t value;
  };
  const auto after = [](Wide last) {
    Wide next{last.upper, last.lower + 1};
    if (next.lower == 0) ++next.upper;
    return next;
  };
  const bool narrow = maximum.lower == 0;  // IPv4: the number is in the upper half alone
  const auto next_of = [&](Wide last) { return narrow ? Wide{last.upper + 1, 0} : after(last); };

  std::vector<Open> open;
  Wide pending_start{};
  std::uint32_t pending_value = SegmentMap::none;
  const auto begin_range = [&](Wide start, std::uint32_t value) {
    if (start != pending_start) emit(pending_start, pending_value);
    pending_start = start;
    pending_value = value;
  };
  const auto close_until = [&](const Wide* start) {
    while (!open.empty() && (start == nullptr || open.back().last < *start)) {
      const Wide last = open.back().last;
      open.pop_back();
      if (last == maximum) continue;
      begin_range(next_of(last), open.empty() ? SegmentMap::none : open.back().value);
    }
  };
  for (const SegmentMap::Entry& entry : ordered) {
    const Wide start = wide(entry.prefix.address);
    close_until(&start);
    begin_range(start, entry.value);
    open.push_back({last_of(entry.prefix), entry.value});
  }
  close_until(nullptr);
  emit(pending_start, pending_value);
}

}  // namespace

std::vector<std::int32_t> closest_covers(const std::vector<Prefix>& ordered) {
  assert(std::is_sorted(ordered.begin(), ordered.end(), comes_before));
  std::vector<std::int32_t> covers(ordered.size(), -1);
  std::vector<std::int32_t> open;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    while (!open.empty() && !ordered[static_cast<std::size_t>(open.back())].contains(ordered[i]))
      open.pop_back();
    if (!open.empty()) covers[i] = open.back();
    open.push_back(static_cast<std::int32_t>(i));
  }
  return covers;
}

namespace {

// Such that comparing as signed numbers is comparing the unsigned ones: processors of 64 bits compare four
// signed numbers of 32 bits at once.
std::uint32_t turned(std::uint32_t key) {
  return key ^ 0x8000'0000U;
}
std::uint64_t turned(std::uint64_t key) {
  return key;
}

#if defined(__SSE2__)
// The keys are in order: where the first one above stands is how many are not.
std::size_t count_not_above(const std::array<std::uint32_t, 16>& keys, std::uint32_t key) {
  const __m128i wanted = _mm_set1_epi32(static_cast<int>(turned(key)));
  const auto* at = reinterpret_cast<const __m128i*>(keys.data());
  const auto above = [&](int four) { return _mm_cmpgt_epi32(_mm_load_si128(at + four), wanted); };
  const __m128i low = _mm_packs_epi32(above(0), above(1));
  const __m128i high = _mm_packs_epi32(above(2), above(3));
  const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
  return static_cast<std::size_t>(std::countr_zero(mask | 0x1'0000U));
}
#else
std::size_t count_not_above(const std::array<std::uint32_t, 16>& keys, std::uint32_t key) {
  const auto wanted = static_cast<std::int32_t>(turned(key));
  std::size_t count = 0;
  for (const std::uint32_t each : keys) {
    count += static_cast<std::size_t>(static_cast<std::int32_t>(each) <= wanted);
  }
  return count;
}
#endif

// Four sums that do not wait for each other.
std::size_t count_not_above(const std::array<std::uint64_t, 16>& keys, std::uint64_t key) {
  std::array<std::size_t, 4> sums{};
  for (std::size_t i = 0; i < 16; i += 4) {
    for (std::size_t k = 0; k < 4; ++k) sums[k] += static_cast<std::size_t>(keys[i + k] <= key);
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace

template <typename Key>
std::size_t SegmentMap::Ranges<Key>::Block::not_above(Key key) const {
  return count_not_above(keys, key);
}

template <typename Key>
void SegmentMap::Ranges<Key>::assign(const std::vector<Key>& keys,
                                     const std::vector<std::uint32_t>& range_values) {
  assert(!keys.empty() && keys.front() == 0 && keys.size() == range_values.size());
  values.assign((keys.size() + fanout - 1) / fanout, {});
  for (std::size_t i = 0; i < keys.size(); ++i) values[i / fanout].values[i % fanout] = range_values[i];
  greatest = range_values.back();
  blocks.clear();
  std::vector<Key> level = keys;
  for (height = 0; height == 0 || level.size() > 1; ++height) {
    const std::size_t begin = begins[height] = blocks.size();
    blocks.resize(begin + (level.size() + fanout - 1) / fanout);
    std::vector<Key> above;
    for (std::size_t i = 0; i < (blocks.size() - begin) * fanout; ++i) {
      const Key key = i < level.size() ? level[i] : std::numeric_limits<Key>::max();
      blocks[begin + i / fanout].keys[i % fanout] = turned(key);
      if (i % fanout == 0) above.push_back(key);
    }
    level = std::move(above);
  }
}

template <typename Key>
std::uint32_t SegmentMap::Ranges<Key>::find(Key key) const {
  // It alone would count what fills blocks up.
  if (key == std::numeric_limits<Key>::max()) [[unlikely]]
    return greatest;
  std::size_t at = 0;
  for (std::size_t level = height; level-- > 0;) {
    // The answer lies beside the last block: fetched while that is searched.
    if (level == 0) ask_to_read(&values[at]);
    // A block is reached only if its first key is <= key.
    at = at * fanout + blocks[begins[level] + at].not_above(key) - 1;
  }
  return values[at / fanout].values[at % fanout];
}

SegmentMap::SegmentMap(std::vector<Entry> entries) {
  const auto before = [](const Entry& a, const Entry& b) { return comes_before(a.prefix, b.prefix); };
  if (!std::is_sorted(entries.begin(), entries.end(), before)) {
    std::stable_sort(entries.begin(), entries.end(), before);
  }
  entries.erase(std::unique(entries.begin(), entries.end(),
                            [](const Entry& a, const Entry& b) { return a.prefix == b.prefix; }),
                entries.end());
  // In this order each domain's stand together.
  const auto begin_of = [&](std::size_t domain) {
    return std::find_if(entries.begin(), entries.end(),
                        [&](const Entry& entry) { return entry.prefix.address.domain >= domain; });
  };
  const std::size_t last = entries.empty() ? 0 : entries.back().prefix.address.domain;
  for (std::size_t domain = 1; domain <= last; ++domain)
    others_.emplace_back().build({begin_of(domain), begin_of(domain + 1)});
  entries.erase(begin_of(1), entries.end());
  build(std::move(entries));
}

void SegmentMap::build(std::vector<Entry> entries) {
  const auto border = std::find_if(entries.begin(), entries.end(), [](const Entry& entry) {
    return entry.prefix.address.family != Family::ipv4;
  });
  const std::vector<Entry> ipv6(border, entries.end());
  entries.erase(border, entries.end());

  if (!entries.empty()) {
    std::vector<std::uint32_t> keys;
    std::vector<std::uint32_t> values;
    cut(entries, Wide{0xffffffff, 0}, [&](Wide start, std::uint32_t value) {
      keys.push_back(static_cast<std::uint32_t>(start.upper));
      values.push_back(value);
    });
    ipv4_.assign(keys, values);
  }
  if (!ipv6.empty()) build_ipv6(ipv6);
}

void SegmentMap::build_ipv6(const std::vector<Entry>& ordered) {
  std::vector<std::pair<Wide, std::uint32_t>> ranges;
  cut(ordered, Wide{~std::uint64_t{0}, ~std::uint64_t{0}},
      [&](Wide start, std::uint32_t value) { ranges.emplace_back(start, value); });

  // One key for each upper half in which something starts. What starts in the middle of a /64 goes to a
  // slice; what holds at its end goes on in the next upper half, which therefore needs a key of its own.
  std::vector<std::uint64_t> keys;
  std::vector<std::uint32_t> values;
  const auto add = [&](std::uint64_t key, std::uint32_t first, std::uint32_t count) {
    keys.push_back(key);
    values.push_back(static_cast<std::uint32_t>(slices_.size()));
    slices_.push_back({first, count});
  };
  std::size_t at = 0;
  while (at < ranges.size()) {
    const std::uint64_t upper = ranges[at].first.upper;
    const auto first = static_cast<std::uint32_t>(lower_keys_.size());
    if (ranges[at].first.lower != 0) {  // the range before reaches into this upper half
      lower_keys_.push_back(0);
      lower_values_.push_back(ranges[at - 1].second);
    }
    for (; at < ranges.size() && ranges[at].first.upper == upper; ++at) {
      lower_keys_.push_back(ranges[at].first.lower);
      lower_values_.push_back(ranges[at].second);
    }
    const auto count = static_cast<std::uint32_t>(lower_keys_.size()) - first;
    add(upper, first, count);
    const bool at_end = upper == ~std::uint64_t{0};
    if (count > 1 && !at_end && (at == ranges.size() || ranges[at].first.upper != upper + 1)) {
      const auto tail = static_cast<std::uint32_t>(lower_keys_.size());
      lower_keys_.push_back(0);
      lower_values_.push_back(ranges[at - 1].second);
      add(upper + 1, tail, 1);
    }
  }
  ipv6_.assign(keys, values);
}

std::uint32_t SegmentMap::find_here(const IpAddress& address) const {
  if (address.family == Family::ipv4) return ipv4_.height == 0 ? none : ipv4_.find(ipv4_key(address));
  if (address.family != Family::ipv6 || ipv6_.height == 0) return none;
  const Wide number = wide(address);
  const Slice slice = slices_[ipv6_.find(number.upper)];
  if (slice.count == 1) return lower_values_[slice.first];
  const auto begin = lower_keys_.begin() + slice.first;
  const auto above = std::upper_bound(begin, begin + slice.count, number.lower);
  return lower_values_[static_cast<std::size_t>(above - lower_keys_.begin()) - 1];
}

}  // namespace sekimori::policy
