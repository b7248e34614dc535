// The part of the configuration that says what conversations amount to: `systems`, `transfers`, `behaviour`.
#pragma once

#include <cstdint>

#include "config/reader.hpp"
#include "config/segment_names.hpp"
#include "policy/options.hpp"

namespace sekimori::config {

struct BehaviourContext {
  std::int16_t utc_offset_minutes = 0;
  const SegmentNames& names;
};

void read_behaviour(Map& root, const BehaviourContext& context, policy::PolicyOptions& options);

}  // namespace sekimori::config
