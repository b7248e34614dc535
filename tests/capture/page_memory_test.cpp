#include "capture/flow/page_memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/circular_buffer.hpp>
#include <cstddef>
#include <cstdint>
#include <new>

namespace sekimori::capture {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20U;

TEST(PageMemory, IsZeroedAlignedAndAddedUpWhileItIsThere) {
  const std::size_t before = PageMemory::taken();
  {
    PageMemory memory{3 * huge_page + 5};
    EXPECT_EQ(PageMemory::taken(), before + 3 * huge_page + 5);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.data()) % huge_page, 0U);
    EXPECT_TRUE(std::all_of(memory.data(), memory.data() + memory.bytes(),
                            [](std::byte each) { return each == std::byte{0}; }));
    const PageMemory small{100};
    EXPECT_FALSE(small.huge());
    EXPECT_EQ(PageMemory::taken(), before + 3 * huge_page + 105);
  }
  EXPECT_EQ(PageMemory::taken(), before);
}

TEST(PageMemory, HoldsAContainerOfFixedSize) {
  const std::size_t before = PageMemory::taken();
  {
    boost::circular_buffer<std::uint64_t, PageAllocator<std::uint64_t>> queue(500'000);
    EXPECT_EQ(PageMemory::taken(), before + 500'000 * sizeof(std::uint64_t));
    for (std::uint64_t i = 0; i < 1'200'000; ++i) {
      if (queue.full()) queue.pop_front();
      queue.push_back(i);
    }
    EXPECT_EQ(queue.front(), 700'000U);
    EXPECT_EQ(queue.back(), 1'199'999U);
    EXPECT_EQ(PageMemory::taken(), before + 500'000 * sizeof(std::uint64_t));
  }
  EXPECT_EQ(PageMemory::taken(), before);
}

TEST(PageMemory, SaysWhatTheSystemHasNot) {
  EXPECT_THROW(PageMemory{std::size_t{1} << 60U}, std::bad_alloc);
}

}  // namespace
}  // namespace sekimori::capture
