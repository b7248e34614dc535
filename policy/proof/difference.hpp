// Which conversations another policy would decide otherwise: all of them, as boxes, and no others.
//
//   Difference difference = compare(before.compiled(), after.compiled());
//   for (const Change& change : difference.changes) ...
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <vector>

#include "policy/proof/reach.hpp"

namespace sekimori::policy {

// What one of the two policies says about all conversations of a box alike.
struct Ruling {
  Decision decision = Decision::forbid;
  SegmentId from = 0;  // in that policy's profile
  SegmentId to = 0;
  bool other_path = false;  // as Area's
  Cell cell = Cell::absent;
  std::uint8_t reasons_count = 0;
  std::array<std::uint8_t, 4> reasons{};  // indexes into that policy's profile.reasons
  Basis basis = Basis::cell;              // of a permit
  std::uint32_t index = 0;
  auto operator<=>(const Ruling&) const = default;
};

struct Change {
  Ruling before{};
  Ruling after{};  // of the other decision
  // Conversations that change so; they do not meet each other, nor those of other changes.
  std::vector<Box> boxes{};
};

// What only one of the two policies permits by a name, where that is seen. Told as it is written: which
// names mean the same is not looked into.
struct NamedChange {
  bool now = true;  // permitted by the policy after, else by the one before
  NamedPermission permission{};
};

struct Difference {
  bool same() const { return changes.empty() && named.empty(); }

  Universe universe{std::vector<MacAddress>{}};  // the numbers of the boxes
  // What is permitted from now on first, then by segments and entries.
  std::vector<Change> changes{};
  std::vector<NamedChange> named{};  // what is permitted from now on first
  // False: the policies differ in more pieces than can be kept apart (pieces_max), and `changes` is not all.
  bool complete = true;
};

inline constexpr std::size_t pieces_max = 100'000;

// `drafts`: with the entries at stage draft of each as if they were in force.
struct Compared {
  const CompiledPolicy& policy;
  bool drafts = false;
};
Difference compare(Compared before, Compared after);

}  // namespace sekimori::policy
