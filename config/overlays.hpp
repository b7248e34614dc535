// Cells that a body decides otherwise than the model, and the cells as they are then.
#pragma once

#include <optional>
#include <string_view>

#include "config/reader.hpp"
#include "config/segment_names.hpp"

namespace sekimori::config {

// The cell between two segments: the profile's, as switches and overlays have changed it. None where the
// profile decides no such pair. `drafts`: with what is at stage draft.
std::optional<policy::CellOptions> cell_in_force(const policy::PolicyOptions& options, std::string_view from,
                                                 std::string_view to, bool drafts = false);

// overlay: [{from, to, cell, reasons, clause, stage}]. After the switches, before gateways and services.
void read_overlays(const Cursor& at, const SegmentNames& names, policy::PolicyOptions& options);

}  // namespace sekimori::config
