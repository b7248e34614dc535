// Memory that is asked of the kernel once, zeroed, in huge pages where the system has them, and given back at
// the end. All large tables lie in such memory, so that what they come to together is known at the start.
#pragma once

#include <cstddef>

namespace sekimori::capture {

class PageMemory {
 public:
  // Throws std::bad_alloc. Pages become resident when first touched.
  explicit PageMemory(std::size_t bytes);
  ~PageMemory();
  PageMemory(const PageMemory&) = delete;
  PageMemory& operator=(const PageMemory&) = delete;

  // Aligned to huge pages.
  std::byte* data() { return data_; }
  std::size_t bytes() const { return bytes_; }
  // The kernel accepted MADV_HUGEPAGE for it. Not asked below one huge page.
  bool huge() const { return huge_; }

  // Octets of all that this process has taken so, resident or not, with every BoundedHeap. Any thread.
  static std::size_t taken();

 private:
  void* mapped_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
  bool huge_ = false;
};

// What its owner may take from the heap, at most: so that the sum knows of it.
class BoundedHeap {
 public:
  explicit BoundedHeap(std::size_t bytes);
  ~BoundedHeap();
  BoundedHeap(const BoundedHeap&) = delete;
  BoundedHeap& operator=(const BoundedHeap&) = delete;

 private:
  const std::size_t bytes_;
};

// PageMemory by hand, aligned to small pages; `bytes` as it was taken. Throws std::bad_alloc.
void* take_pages(std::size_t bytes);
void give_pages(void* pages, std::size_t bytes);

// For a container of a library whose capacity is fixed at the start.
template <class Value>
class PageAllocator {
 public:
  using value_type = Value;
  PageAllocator() = default;
  template <class Other>
  PageAllocator(const PageAllocator<Other>& /*other*/) {}

  Value* allocate(std::size_t count) { return static_cast<Value*>(take_pages(count * sizeof(Value))); }
  void deallocate(Value* values, std::size_t count) { give_pages(values, count * sizeof(Value)); }
  bool operator==(const PageAllocator& /*other*/) const { return true; }
};

}  // namespace sekimori::capture
