// A file descriptor that is closed by whoever owned it last.
//
//   const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
//   if (file.get() < 0) ...                              // errno is that of open()
#pragma once

#include <unistd.h>

#include <utility>

namespace sekimori::daemon {

// Negative: none. Closing may change errno: what it says of a call before is to be read first.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }

  int get() const { return fd_; }
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_;
};

}  // namespace sekimori::daemon
