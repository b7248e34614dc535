// Replays by several numbers of workers, whose output has to be the same.
#pragma once

#include <algorithm>
#include <cstdint>

#include "daemon/replay.hpp"

namespace sekimori::test {

// 0: one that reads by itself, as live.
inline void set_workers(daemon::ReplayOptions& options, std::uint16_t workers) {
  options.workers = std::max(workers, std::uint16_t{1});
  options.read_beside = workers != 0;
}

}  // namespace sekimori::test
