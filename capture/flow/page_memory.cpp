#include "capture/flow/page_memory.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace sekimori::capture {

namespace {
constexpr std::size_t huge_page = std::size_t{2} << 20U;
}

PageMemory::PageMemory(std::size_t bytes) : bytes_{bytes} {
  // The kernel aligns to small pages only: one huge page more leaves room to align by hand. What is not
  // touched costs address space, not memory.
  mapped_bytes_ = bytes + huge_page;
  mapped_ = ::mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped_ == MAP_FAILED) throw std::bad_alloc{};
  const auto begin = reinterpret_cast<std::uintptr_t>(mapped_);
  data_ = static_cast<std::byte*>(mapped_) + ((begin + huge_page - 1) / huge_page * huge_page - begin);
  if (bytes >= huge_page) huge_ = ::madvise(data_, bytes, MADV_HUGEPAGE) == 0;
}

PageMemory::~PageMemory() {
  ::munmap(mapped_, mapped_bytes_);
}

}  // namespace sekimori::capture
