// Longest prefix match over IPv4 and IPv6: which of many prefixes holds an address.
//
//   SegmentMap map{{{prefix, 0}, {other, 1}}};
//   if (auto value = map.find(address); value != SegmentMap::none) ...
//
// Prefixes nest but never cross, so the address space falls into at most 2n + 1 ranges, each with one answer.
// The map keeps the first addresses of these ranges in order, together with every 16th of them, every 256th
// and so on: a static B-tree without pointers. A look-up reads one cache line or two on each level: one level
// up to 16 ranges, five at 200,000. IPv6 ranges are kept by the upper 64 bits; prefixes longer than /64 form
// small sorted lists below.
//
// Chosen against the usual others: a table indexed by the upper 24 bits is no faster once it leaves the cache
// and takes 64 MB and a slow load; a trie with one byte a step takes a cache miss on each step of an IPv6
// address. Memory here is about 16 bytes a range.
//
// Each capture domain beyond `main` has a map of its own, and an address is looked up in its domain's.
//
// Immutable after construction; find() never allocates, throws or blocks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "capture/address.hpp"

namespace sekimori::policy {

// For prefixes in the order of comes_before(): the index of the closest prefix that covers each one (an equal
// one too), or -1.
std::vector<std::int32_t> closest_covers(const std::vector<Prefix>& ordered);

class SegmentMap {
 public:
  struct Entry {
    Prefix prefix{};
    std::uint32_t value = 0;
  };
  static constexpr std::uint32_t none = 0xffffffff;

  SegmentMap() = default;
  // Any order; nested prefixes are fine, and of equal ones the first wins. Values: anything but `none`.
  explicit SegmentMap(std::vector<Entry> entries);

  // The value of the longest prefix that holds the address, or `none`.
  std::uint32_t find(const IpAddress& address) const {
    if (address.domain == main_domain) [[likely]]
      return find_here(address);
    return address.domain <= others_.size() ? others_[address.domain - 1U].find_here(address) : none;
  }

 private:
  // Range starts in order, searched in samples: level 0 holds all keys, level n + 1 the first of each block
  // of level n. The last block of a level is filled up with the greatest key.
  template <typename Key>
  struct Ranges {
    static constexpr std::size_t fanout = 16;
    static constexpr std::size_t levels_most = 16;  // of 2^64 keys
    struct alignas(64) Block {
      std::array<Key, fanout> keys{};  // as turned() gives them
      // How many of them are not above `key`.
      std::size_t not_above(Key key) const;
    };
    struct alignas(64) Values {
      std::array<std::uint32_t, fanout> values{};
    };
    std::vector<Block> blocks{};                    // of all levels, level 0 first
    std::array<std::size_t, levels_most> begins{};  // where each level's are
    std::size_t height = 0;                         // levels; 0: nothing was assigned
    std::vector<Values> values{};                   // one block for each of level 0
    std::uint32_t greatest = none;                  // the value of the last range

    void assign(const std::vector<Key>& keys, const std::vector<std::uint32_t>& range_values);
    std::uint32_t find(Key key) const;
  };
  // The lower half of an IPv6 /64 that longer prefixes divide: a slice of lower_keys_ and lower_values_.
  struct Slice {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };

  void build(std::vector<Entry> ordered);  // of one domain
  void build_ipv6(const std::vector<Entry>& ordered);
  std::uint32_t find_here(const IpAddress& address) const;

  Ranges<std::uint32_t> ipv4_{};
  Ranges<std::uint64_t> ipv6_{};
  std::vector<Slice> slices_{};
  std::vector<std::uint64_t> lower_keys_{};
  std::vector<std::uint32_t> lower_values_{};
  std::vector<SegmentMap> others_{};  // of the domains from 1 on, up to the last that has a prefix
};

}  // namespace sekimori::policy
