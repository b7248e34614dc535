// The part of the configuration that says what conversations amount to: `systems`, `transfers`, `behaviour`.
#pragma once

#include "config/reader.hpp"
#include "config/segment_names.hpp"
#include "policy/options.hpp"

namespace sekimori::config {

// The domains of `options` are read already.
void read_behaviour(Map& root, const SegmentNames& names, policy::PolicyOptions& options);

}  // namespace sekimori::config
