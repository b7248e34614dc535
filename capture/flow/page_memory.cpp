#include "capture/flow/page_memory.hpp"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <new>

namespace sekimori::capture {

namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20U;

std::atomic<std::size_t> taken_bytes{0};

void* map(std::size_t bytes) {
  void* mapped =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc{};
  return mapped;
}

bool ask_for_huge(void* data, std::size_t bytes) {
  return bytes >= huge_page && ::madvise(data, bytes, MADV_HUGEPAGE) == 0;
}

}  // namespace

PageMemory::PageMemory(std::size_t bytes) : bytes_{bytes} {
  // The kernel aligns to small pages only: one huge page more leaves room to align by hand. What is not
  // touched costs address space, not memory.
  mapped_bytes_ = bytes + huge_page;
  mapped_ = map(mapped_bytes_);
  const auto begin = reinterpret_cast<std::uintptr_t>(mapped_);
  data_ = static_cast<std::byte*>(mapped_) + ((begin + huge_page - 1) / huge_page * huge_page - begin);
  huge_ = ask_for_huge(data_, bytes);
  taken_bytes.fetch_add(bytes_, std::memory_order_relaxed);
}

PageMemory::~PageMemory() {
  ::munmap(mapped_, mapped_bytes_);
  taken_bytes.fetch_sub(bytes_, std::memory_order_relaxed);
}

std::size_t PageMemory::taken() {
  return taken_bytes.load(std::memory_order_relaxed);
}

BoundedHeap::BoundedHeap(std::size_t bytes) : bytes_{bytes} {
  taken_bytes.fetch_add(bytes_, std::memory_order_relaxed);
}

BoundedHeap::~BoundedHeap() {
  taken_bytes.fetch_sub(bytes_, std::memory_order_relaxed);
}

void* take_pages(std::size_t bytes) {
  void* const pages = map(bytes);
  ask_for_huge(pages, bytes);
  taken_bytes.fetch_add(bytes, std::memory_order_relaxed);
  return pages;
}

void give_pages(void* pages, std::size_t bytes) {
  ::munmap(pages, bytes);
  taken_bytes.fetch_sub(bytes, std::memory_order_relaxed);
}

}  // namespace sekimori::capture
