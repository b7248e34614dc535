// Counts heap allocations of the calling thread, so that a test can hold a hot path to making none.
//
//   const AllocationWatch watch;
//   decode(frame, packet);
//   EXPECT_EQ(watch.count(), 0);
#pragma once

#include <cstdint>

namespace sekimori::kit {

class AllocationWatch {
 public:
  AllocationWatch();
  // Allocations of this thread since the watch was made.
  std::uint64_t count() const;

 private:
  std::uint64_t start_;
};

}  // namespace sekimori::kit
