// Asking memory for a line of the cache before it is needed, while other work is done.
//
// To the compiler a function that does nothing but ask has no effect that it would be called for: where it is
// not inlined, the calls are dropped without a word. Hence the empty asm in each.
#pragma once

namespace sekimori {

[[gnu::always_inline]] inline void ask_to_read(const void* at) {
  __builtin_prefetch(at);
  __asm__ volatile("");
}

[[gnu::always_inline]] inline void ask_to_write(const void* at) {
  __builtin_prefetch(at, 1);
  __asm__ volatile("");
}

// To write what another processor has: x86-64 has an instruction of its own for that, which the other two do
// not use (one that does not know it passes over it).
[[gnu::always_inline]] inline void ask_to_own(const void* at) {
#if defined(__x86_64__)
  __asm__ volatile("prefetchw %0" : : "m"(*static_cast<const char*>(at)));
#else
  ask_to_write(at);
#endif
}

}  // namespace sekimori
