// How a worker wakes main: an eventfd that is written once until main has looked.
#pragma once

#include <atomic>

namespace sekimori::daemon {

// Any number of workers ring; main alone listens. Ringing a bell that already rings is one atomic operation.
class Bell {
 public:
  Bell();  // throws std::system_error when the kernel has no descriptor left
  ~Bell();
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  void ring() noexcept;
  // To be polled for reading by the listener.
  int descriptor() const { return descriptor_; }
  // Called by the listener before it looks at what is there: a ring from here on wakes it again.
  void quiet() noexcept;

 private:
  int descriptor_;
  std::atomic<bool> rung_{false};
};

}  // namespace sekimori::daemon
