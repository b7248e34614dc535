#include "tests/kit/allocations.hpp"

#include <cstddef>

// Two ways to the same count. Under AddressSanitizer or ThreadSanitizer their own hook is used, because a
// replaced operator new would switch off their checks of new against delete; elsewhere operator new is
// replaced.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SEKIMORI_SANITIZER_HOOK 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SEKIMORI_SANITIZER_HOOK 1
#endif
#endif

#ifdef SEKIMORI_SANITIZER_HOOK
// From the sanitizers' allocator_interface.h, which GCC's packages leave out.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void*, std::size_t),
                                                         void (*on_free)(const volatile void*));
#else
#include <cstdlib>
#include <new>
#endif

namespace {
thread_local std::uint64_t allocations = 0;

#ifdef SEKIMORI_SANITIZER_HOOK
void on_malloc(const volatile void*, std::size_t) {
  ++allocations;
}
void on_free(const volatile void*) {}

void install() {
  static const int installed = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
  if (installed == 0) __builtin_trap();  // a watch that sees nothing would let every test pass
}
#else
void install() {}

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  if (size == 0) size = 1;
  void* memory = alignment <= alignof(std::max_align_t)
                     ? std::malloc(size)
                     : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
#endif
}  // namespace

#ifndef SEKIMORI_SANITIZER_HOOK
// The array and nothrow forms of the library call these.
void* operator new(std::size_t size) {
  return counted(size, 0);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
#endif

namespace sekimori::kit {

AllocationWatch::AllocationWatch() {
  install();
  start_ = allocations;
}

std::uint64_t AllocationWatch::count() const {
  return allocations - start_;
}

}  // namespace sekimori::kit
