#include "daemon/progress.hpp"

#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <vector>

namespace sekimori::daemon {
namespace {

TEST(Progress, SaysWhatIsDoneAndThatNoMoreWillBe) {
  Progress progress;
  progress.reach(2);
  EXPECT_TRUE(progress.await(0));
  EXPECT_TRUE(progress.await(1));
  progress.close();
  EXPECT_TRUE(progress.await(1)) << "what is done stays so";
  EXPECT_FALSE(progress.await(2));
}

// Three threads in a row over four places, as chunks go round: nobody overtakes, nothing is missed.
TEST(Progress, LetsThreadsFollowEachOtherRoundARing) {
  constexpr std::uint64_t all = 20'000;
  constexpr std::size_t places = 4;
  std::array<std::uint64_t, places> ring{};
  Progress written;
  Progress doubled;
  Progress read;
  std::vector<std::uint64_t> seen;
  {
    const std::jthread middle{[&] {
      for (std::uint64_t next = 0; written.await(next); doubled.reach(++next)) ring[next % places] *= 2;
      doubled.close();
    }};
    const std::jthread last{[&] {
      for (std::uint64_t next = 0; doubled.await(next); read.reach(++next))
        seen.push_back(ring[next % places]);
    }};
    for (std::uint64_t next = 0; next < all; ++next) {
      ASSERT_TRUE(next < places || read.await(next - places));
      ring[next % places] = next;
      written.reach(next + 1);
    }
    written.close();
  }
  ASSERT_EQ(seen.size(), all);
  for (std::uint64_t i = 0; i < all; ++i) ASSERT_EQ(seen[i], 2 * i);
}

}  // namespace
}  // namespace sekimori::daemon
