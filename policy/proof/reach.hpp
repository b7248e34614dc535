// Everything that a policy permits, as boxes: who reaches whom, with what, when, and by which line of the
// policy. Policy::judge answers for one conversation; this answers for all of them, in the same words.
//
//   Universe universe{policy};
//   Reach reach{policy, universe};
//   for (const Permission& permission : reach.permissions()) ...
//
// Made from the compiled tables that judge() reads. Its size grows with the entries and the borders of the
// segments' address sets, not with the number of conversations: 100,000 prefixes or exceptions are in reach.
// Immutable after construction.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "policy/compiled.hpp"
#include "policy/proof/box.hpp"
#include "policy/proof/universe.hpp"

namespace sekimori::policy {

// Conversations from one segment to another, which one cell of the matrix is about.
struct Area {
  Box box{};
  SegmentId from = 0;
  SegmentId to = 0;
  CellRule rule{};  // that counts on its next hops
  bool other_path = false;
};

// Part of an area that is permitted by one thing.
struct Permission {
  Box box{};
  SegmentId from = 0;
  SegmentId to = 0;
  CellRule rule{};  // as Area's
  bool other_path = false;
  Basis basis = Basis::cell;
  std::uint32_t index = 0;  // gateway, service or exception in the options
};

// What a service permits once the responder's name is proved to be one of its own: a name is no side of a
// box, so this says who may, not that they do.
struct NamedPermission {
  Box box{};
  SegmentId from = 0;
  SegmentId to = 0;  // which a responder that is unlisted belongs to by its name
  CellRule rule{};
  std::uint32_t index = 0;  // service in the options
};

// Every MAC that the policy's decisions may depend on.
std::vector<MacAddress> macs_of(const CompiledPolicy& policy);

class Reach {
 public:
  // `universe` knows the policy's MACs; it must outlive this, and so must `policy`. `drafts`: as if what is
  // at stage draft were in force.
  Reach(const CompiledPolicy& policy, const Universe& universe, bool drafts = false);

  // Divides the universe: every conversation is in exactly one area.
  const std::vector<Area>& areas() const { return areas_; }
  // A conversation is permitted if and only if it is in at least one of these. Those of a cell first, then
  // gateways, services and exceptions in the order of judge(): the first that holds a conversation is the
  // basis that judge() tells.
  const std::vector<Permission>& permissions() const { return permissions_; }
  // Beside these, in the order of the options; of services that the cell of their pair takes.
  const std::vector<NamedPermission>& named() const { return named_; }
  const Universe& universe() const { return universe_; }
  const CompiledPolicy& policy() const { return policy_; }

  // The conversations that an entry speaks of, whether the cells take it or not.
  Box box_of(const Entry& entry, Family family) const;
  // The addresses that belong to a segment by prefix in this domain of the policy; external: all unlisted
  // ones too.
  const RangeSet& addresses(SegmentId segment, Family family, DomainId domain = main_domain) const;
  // What the universe calls this domain of the policy. Wires of a domain that the policy does not know are in
  // its `main`.
  const RangeSet& numbers_of(DomainId domain) const { return domains_[domain]; }
  RangeSet numbers_of_all(DomainSet domains) const;
  std::uint8_t domains_count() const { return domains_count_; }
  // Where a segment is: its addresses, and the external ones behind its next hops.
  struct Part {
    RangeSet addresses{};
    RangeSet macs{};  // of the neighbour on the wire
  };
  std::vector<Part> parts(SegmentId segment, Family family, DomainId domain = main_domain) const;

 private:
  void number_domains();
  void place_segments(Family family, DomainId domain);
  void divide(Family family, DomainId domain);
  void permit_cells(Family family);
  void permit_entry(const Entry& entry, Family family);
  void permit_by_name(const Entry& entry, Family family);
  void permit(const Area& area, const Box& box, Basis basis, std::uint32_t index);
  // In several parts where the path counts.
  void add_area(const Area& whole);
  RangeSet hops_of(SegmentId segment) const;
  RangeSet macs_of(const EndpointOptions& side) const;
  std::vector<Box> tunnels_declared(Family family) const;

  const CompiledPolicy& policy_;
  const Universe& universe_;
  RangeSet hops_{};     // MACs of next hops
  RangeSet routers_{};  // and of the body's other routers
  std::uint8_t domains_count_ = 1;
  std::array<RangeSet, domains_max> domains_{};
  std::array<std::array<std::array<RangeSet, segments_max>, domains_max>, 2> addresses_{};
  std::array<std::array<std::vector<std::uint32_t>, pairs_max>, 2> areas_of_{};  // indexes into areas_
  std::array<std::vector<Box>, 2> tunnels_{};
  std::vector<Area> areas_{};
  std::vector<Permission> permissions_{};
  std::vector<NamedPermission> named_{};
};

}  // namespace sekimori::policy
