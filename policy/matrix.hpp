// The matrix in force: the profile's cells, changed by the switches that the body chose and then by its
// overlays. One cell for each ordered pair of segments, and a second one for pairs of which the model says
// that the path counts.
//
//   Matrix matrix = build_matrix(options, mistakes);
//   const CellRule& rule = matrix.rules[pair_of(from, to)];
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

#include "policy/mistakes.hpp"
#include "policy/policy.hpp"

namespace sekimori::policy {

struct CellRule {
  Cell cell = Cell::absent;
  std::uint8_t reasons_count = 0;
  std::array<std::uint8_t, 4> reasons{};
  std::uint16_t switch_index = 0xffff;   // the choice that made it, into PolicyOptions::switches
  std::uint16_t overlay_index = 0xffff;  // the overlay that made it, into PolicyOptions::overlays
};

struct Matrix {
  SegmentId external = 0;
  std::array<CellRule, pairs_max> rules{};        // in force
  std::array<Cell, pairs_max> model{};            // as the profile has them, whatever the body chose
  std::array<CellRule, pairs_max> other_paths{};  // Profile::other_paths, where `path_matters`
  std::bitset<pairs_max> path_matters{};
  std::vector<PolicyError::Item> warnings{};  // overlays that change nothing
};

// Index in the profile's segments of the one with this id, code, Japanese name or alias; -1 if there is none.
int segment_index(const Profile& profile, std::string_view name);
// The same with a mistake added for -1: why the profile has no such segment, or what was meant.
int known_segment(const Profile& profile, const std::string& name, const Place& place, Mistakes& mistakes);

// Mistakes in the profile, the choices and the overlays are added; throws PolicyError where nothing after
// them could be trusted. `drafts`: with those at stage draft, which replace the ones in force.
Matrix build_matrix(const PolicyOptions& options, Mistakes& mistakes, bool drafts = false);

}  // namespace sekimori::policy
