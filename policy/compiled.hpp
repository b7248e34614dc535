// What Policy keeps: the options as written, and the tables that judge() reads. Built by compile(), then
// never changed.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/entries.hpp"
#include "policy/matrix.hpp"
#include "policy/policy.hpp"
#include "policy/segment_map.hpp"
#include "policy/system_map.hpp"
#include "policy/tunnel_map.hpp"
#include "policy/week.hpp"

namespace sekimori::policy {

using SegmentSet = std::uint16_t;  // one bit for each SegmentId
static_assert(segments_max <= 16);

struct CompiledPolicy {
  PolicyOptions options{};
  std::string sha256{};
  std::uint32_t generation = 1;
  std::vector<PolicyError::Item> warnings{};

  SegmentId external = 0;
  Matrix matrix{};

  std::vector<NamedPrefix> prefixes{};       // ordered by comes_before
  std::vector<std::int32_t> covers{};        // parallel: closest covering prefix, or -1
  std::vector<SegmentId> prefix_segments{};  // parallel
  SegmentMap map{};                          // address -> index into prefixes * segments_max + segment

  struct NextHop {
    MacAddress mac{};
    SegmentId segment = 0;
  };
  std::vector<NextHop> next_hops{};  // ordered by MAC
  SegmentSet listed_only = 0;        // ProfileSegment::listed_only
  std::vector<SegmentSet> vlan_claims = std::vector<SegmentSet>(4096);
  std::vector<SegmentSet> tap_claims{};
  SegmentSet claimants = 0;  // segments that claim a VLAN or a tap

  Entries entries{};
  TunnelMap tunnels{};
  SystemMap systems{};
  std::bitset<65536> ports_tcp{};
  std::bitset<65536> ports_udp{};
  std::bitset<65536> ports_sctp{};
  std::vector<Time> epochs{};  // begins of the epochs after the first, in order
  WeekBorders week_borders{};  // and those that come again each week

  int segment_index(std::string_view id) const;
  const CellRule& rule(SegmentId from, SegmentId to) const { return matrix.rules[pair_of(from, to)]; }
};

// Throws PolicyError.
CompiledPolicy compile(PolicyOptions options, const std::vector<std::string>& taps, Language language);

}  // namespace sekimori::policy
