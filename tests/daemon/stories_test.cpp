#include "daemon/alert/stories.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>

namespace sekimori::daemon {
namespace {

StoryKey key_of(std::uint32_t host) {
  return {IpAddress::ipv4(0x0a000000U + host), policy::pair_of(1, 2), 0};
}

// The stalest makes room, as in a flood of initiators; others end at any time.
TEST(Stories, FindsWhatIsOpenAndNothingElse) {
  constexpr std::size_t most = 3000;
  constexpr std::uint32_t hosts = 9000;
  Stories stories;
  std::map<std::uint32_t, std::uint64_t> open;  // host to the number of its story
  std::map<std::uint64_t, std::uint32_t> host_of;
  std::mt19937 random{1};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same run each time
  for (int turn = 0; turn < 60'000; ++turn) {
    const auto host = static_cast<std::uint32_t>(random() % hosts);
    const std::uint32_t hash = stories.hash_of(key_of(host));
    stories.expect(hash);
    stories.fetch_beside(stories.fetch(hash));
    Story* const story = stories.find(key_of(host));
    ASSERT_EQ(story != nullptr, open.count(host) == 1);
    if (story != nullptr) {
      ASSERT_EQ(story->number, open.at(host));
      if (random() % 4 == 0) {
        stories.close(*story);
        open.erase(host);
      } else {
        stories.touch(*story);
      }
      continue;
    }
    if (stories.size(Stories::Shelf::incidents) == most) {
      Story& stalest = *stories.stalest(Stories::Shelf::incidents);
      open.erase(host_of.at(stalest.number));
      stories.close(stalest);
    }
    open[host] = stories.open(key_of(host)).number;
    host_of[open[host]] = host;
  }
  EXPECT_EQ(stories.all(Stories::Shelf::incidents).size(), open.size());
}

}  // namespace
}  // namespace sekimori::daemon
