// Memory that is asked of the kernel once, zeroed, aligned to huge pages, and given back at the end.
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

  std::byte* data() { return data_; }
  std::size_t bytes() const { return bytes_; }
  // The kernel accepted MADV_HUGEPAGE for it. Not asked below one huge page.
  bool huge() const { return huge_; }

 private:
  void* mapped_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
  bool huge_ = false;
};

}  // namespace sekimori::capture
