// What Policy keeps: the options as written, and the tables that judge() reads. Built by compile(), then
// never changed.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
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
  // Pairs between which the cell alone permits, whatever the path: Policy::settled().
  std::bitset<pairs_max> settled{};

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
  SegmentSet with_next_hops = 0;     // segments that have one
  SegmentSet next_hop_only = 0;      // segments with SegmentOptions::next_hop_only
  std::vector<SegmentSet> vlan_claims = std::vector<SegmentSet>(4096);
  std::vector<SegmentSet> tap_claims{};
  SegmentSet claimants = 0;  // segments that claim a VLAN or a tap

  NameMap names{};
  // To which segment a name leads from each segment, by its class; no_segment: nowhere.
  static constexpr SegmentId no_segment = 0xff;
  std::vector<std::array<SegmentId, segments_max>> name_targets{};
  std::array<SegmentSet, segments_max> name_reach{};  // from each segment, whither some name leads
  bool named_services = false;
  std::bitset<65536> name_ports{};  // of services and known services with names
  struct Known {
    SegmentSet from = 0;
    SegmentSet to = 0;
  };
  std::vector<Known> known{};  // parallel to options.known

  Entries entries{};  // in force
  // The same city with everything at stage draft in force; none where nothing is.
  std::shared_ptr<const CompiledPolicy> drafted{};
  bool drafts_forbid = false;  // `drafted` may forbid what this permits
  bool drafts = false;         // this is a `drafted` one
  const CompiledPolicy& with_drafts() const { return drafted ? *drafted : *this; }
  // Does it count here, being a draft or not?
  bool counts(bool draft) const { return drafts || !draft; }
  TunnelMap tunnels{};
  SystemMap systems{};
  std::bitset<65536> ports_tcp{};
  std::bitset<65536> ports_udp{};
  std::bitset<65536> ports_sctp{};
  std::vector<Time> epochs{};  // begins of the epochs after the first, in order
  WeekBorders week_borders{};  // and those that come again each week

  // The index of an entry, where the list has it and it is at stage draft; else 0xffff.
  template <class List>
  static std::uint16_t draft_of(const List& list, std::uint16_t index) {
    return index < list.size() && list[index].draft ? index : std::uint16_t{0xffff};
  }

  int segment_index(std::string_view id) const;
  const CellRule& rule(SegmentId from, SegmentId to) const { return matrix.rules[pair_of(from, to)]; }
};

// The cell that counts for a pair on the way by this next hop (zero: not known). The one home of this choice,
// for judge() and for policy/proof alike.
struct PathRule {
  CellRule rule{};
  bool other_path = false;
};
PathRule rule_on_path(const CompiledPolicy& policy, SegmentId from, SegmentId to, const MacAddress& next_hop);

std::uint8_t domains_count(const PolicyOptions& options);
std::string_view domain_name(const PolicyOptions& options, DomainId domain);  // "main" where nobody names it
// The side of an entry with its addresses in the entry's domains.
EndpointOptions in_domains(const EndpointOptions& side, DomainSet domains);

// Throws PolicyError.
CompiledPolicy compile(PolicyOptions options, const std::vector<std::string>& taps, Language language);

}  // namespace sekimori::policy
