#include "policy/segment_map.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace sekimori::policy {
namespace {

// An address as a number whose order is the order of addresses; IPv4 uses the upper half's low 32 bits.
struct Wide {
  std::uint64_t upper = 0;
  std::uint64_t lower = 0;
  auto operator<=>(const Wide&) const = default;
};

std::uint64_t read_bytes(const IpAddress& address, std::size_t first, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = first; i < first + count; ++i) value = value << 8U | address.bytes[i];
  return value;
}

std::uint32_t ipv4_key(const IpAddress& address) {
  return static_cast<std::uint32_t>(read_bytes(address, 0, 4));
}

Wide wide(const IpAddress& address) {
  if (address.family == Family::ipv4) return {ipv4_key(address), 0};
  return {read_bytes(address, 0, 8), read_bytes(address, 8, 8)};
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

bool comes_before(const Prefix& a, const Prefix& b) {
  if (a.address.family != b.address.family) return a.address.family < b.address.family;
  return a < b;
}

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

template <typename Key>
void SegmentMap::Ranges<Key>::assign(const std::vector<Key>& keys, std::vector<std::uint32_t> range_values) {
  assert(!keys.empty() && keys.front() == 0 && keys.size() == range_values.size());
  values = std::move(range_values);
  levels.clear();
  std::vector<Key> level = keys;
  while (true) {
    std::vector<Block>& blocks = levels.emplace_back((level.size() + fanout - 1) / fanout);
    for (std::size_t i = 0; i < blocks.size() * fanout; ++i) {
      blocks[i / fanout].keys[i % fanout] = i < level.size() ? level[i] : std::numeric_limits<Key>::max();
    }
    if (blocks.size() == 1) return;
    level.clear();
    for (const Block& block : blocks) level.push_back(block.keys[0]);
  }
}

template <typename Key>
std::uint32_t SegmentMap::Ranges<Key>::find(Key key) const {
  std::size_t at = 0;
  for (std::size_t level = levels.size(); level-- > 0;) {
    const std::array<Key, fanout>& keys = levels[level][at].keys;
    // Counting all instead of stopping early: no branch depends on the address, and compilers make it vector
    // code.
    Key not_above = 0;
    for (std::size_t i = 0; i < fanout; ++i) not_above += static_cast<Key>(keys[i] <= key);
    at = at * fanout + static_cast<std::size_t>(not_above) -
         1;  // a block is reached only if its first key is <= key
    const std::size_t last = (level == 0 ? values.size() : levels[level - 1].size()) - 1;
    at = std::min(at, last);  // the greatest key also counts what fills the block up
  }
  return values[at];
}

SegmentMap::SegmentMap(std::vector<Entry> entries) {
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return comes_before(a.prefix, b.prefix); });
  entries.erase(std::unique(entries.begin(), entries.end(),
                            [](const Entry& a, const Entry& b) { return a.prefix == b.prefix; }),
                entries.end());
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
    ipv4_.assign(keys, std::move(values));
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
  ipv6_.assign(keys, std::move(values));
}

std::uint32_t SegmentMap::find(const IpAddress& address) const {
  if (address.family == Family::ipv4) return ipv4_.levels.empty() ? none : ipv4_.find(ipv4_key(address));
  if (address.family != Family::ipv6 || ipv6_.levels.empty()) return none;
  const Wide number = wide(address);
  const Slice slice = slices_[ipv6_.find(number.upper)];
  if (slice.count == 1) return lower_values_[slice.first];
  const auto begin = lower_keys_.begin() + slice.first;
  const auto above = std::upper_bound(begin, begin + slice.count, number.lower);
  return lower_values_[static_cast<std::size_t>(above - lower_keys_.begin()) - 1];
}

}  // namespace sekimori::policy
