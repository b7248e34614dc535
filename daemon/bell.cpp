#include "daemon/bell.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace sekimori::daemon {

Bell::Bell() : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Bell::~Bell() {
  ::close(descriptor_);
}

void Bell::ring() noexcept {
  if (rung_.exchange(true, std::memory_order_acq_rel)) return;
  const std::uint64_t one = 1;
  // Non-blocking; the counter cannot overflow because it is written once for each time that it is read.
  [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof one);
}

void Bell::quiet() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(descriptor_, &count, sizeof count);
  // An exchange, not a store: what the listener reads after this must not be read before it.
  rung_.exchange(false, std::memory_order_acq_rel);
}

}  // namespace sekimori::daemon
