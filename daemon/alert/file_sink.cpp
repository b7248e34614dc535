// Lines into a file, a pipe or standard output: EVE JSON or text.
//
// A regular file is written at once (the page cache takes it). Pipes, terminals and sockets are written when
// they have room, so that a reader who stops reading stops nobody else. A line that was cut by a full disk is
// completed when there is room again; one that a crash left behind is ended before the first new line.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <csignal>
#include <optional>
#include <system_error>
#include <utility>

#include "daemon/alert/queue_sink.hpp"

namespace sekimori::daemon {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

std::string system_words(int number) {
  return std::system_category().message(number);
}

// True when the file has content and its last octet ends no line.
bool torn(const std::string& path, const struct stat& status) {
  if (status.st_size == 0) return false;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  char last = '\n';
  const bool read = ::pread(fd, &last, 1, status.st_size - 1) == 1;
  ::close(fd);
  return read && last != '\n';
}

class FileSink final : public QueueSink {
 public:
  FileSink(asio::io_context& io, const DestinationOptions& destination, const AlertOptions& options)
      : QueueSink(io, destination, options), descriptor_(io) {}

  ~FileSink() override { release(); }

  void reopen() override {
    if (closed() || options().path == "-" || !regular_) return;
    const struct stat before = status_;
    release();
    if (!acquire()) {
      failed(trouble_words_);
    } else if (before.st_dev != status_.st_dev || before.st_ino != status_.st_ino) {
      offset_ = 0;  // another file: a line that was cut in the old one begins anew here
    } else {
      end_line_ = false;  // the same file: the line goes on where it was cut
    }
    kick();
  }

 private:
  void connect() override {
    // After a failed write the file is still open, and its cut line waits to be completed.
    if (fd_ >= 0 || acquire()) {
      connected();
    } else {
      failed(trouble_words_);
    }
  }

  bool acquire() {
    const bool standard = options().path == "-";
    if (standard) {
      // A description of our own: O_NONBLOCK on the shared one would surprise whoever else writes there. A
      // socket (standard output of a systemd unit) cannot be opened this way; it is sent to without blocking
      // instead.
      fd_ = ::open("/proc/self/fd/1", O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC);
      if (fd_ < 0) fd_ = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    } else {
      fd_ = ::open(options().path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
                   0640);
    }
    if (fd_ < 0 || ::fstat(fd_, &status_) != 0) {
      trouble_words_ = system_words(errno);
      release();
      return false;
    }
    regular_ = S_ISREG(status_.st_mode);
    socket_ = S_ISSOCK(status_.st_mode);
    end_line_ = regular_ && !standard && torn(options().path, status_);
    if (!regular_) {
      error_code error;
      descriptor_.assign(fd_, error);
      // What cannot be waited for (/dev/null) never blocks either.
      waits_ = !error;
    }
    return true;
  }

  void release() {
    if (descriptor_.is_open()) descriptor_.release();
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    waits_ = false;
  }

  void send() override {
    if (!write_some()) return;
    // No room now: asked to be told.
    descriptor_.async_wait(asio::posix::stream_descriptor::wait_write,
                           [self = shared_from_this(), this, fd = fd_](const error_code& error) {
                             if (closed() || fd != fd_ || error == asio::error::operation_aborted) return;
                             if (error) {
                               failed(error.message());
                             } else {
                               send();
                             }
                             kick();
                           });
  }

  // True if the line is not through and the descriptor has to be waited for.
  bool write_some() {
    for (;;) {
      const std::string& line = queue().front().bytes;
      const bool ending = end_line_;
      const char* const from = ending ? "\n" : line.data() + offset_;
      const std::size_t octets = ending ? 1 : line.size() - offset_;
      const ssize_t written =
          socket_ ? ::send(fd_, from, octets, MSG_DONTWAIT | MSG_NOSIGNAL) : ::write(fd_, from, octets);
      if (written < 0) {
        if (errno == EINTR) continue;
        if (errno == EAGAIN && waits_) return true;
        broken_ = !regular_;
        failed(system_words(errno));
        return false;
      }
      if (ending) {
        if (written == 1) end_line_ = false;
        continue;
      }
      offset_ += static_cast<std::size_t>(written);
      if (offset_ < line.size()) continue;
      offset_ = 0;
      sent();
      return false;
    }
  }

  // A regular file stays open over a failed write; a pipe without reader is opened again.
  void disconnect() override {
    if (broken_ || closed()) {
      release();
      offset_ = 0;
      broken_ = false;
    }
  }

  std::string render(const AlertMessage& message) const override {
    return options().kind == DestinationKind::eve_file ? message.eve + '\n'
                                                       : alert_line(message, alerts()) + '\n';
  }
  std::string render_loss(const LossNotice& notice) const override {
    if (options().kind == DestinationKind::eve_file) return to_line(loss_event(notice, alerts())) + '\n';
    return timestamp(notice.time, alerts().utc_offset_minutes) + " error alerts-lost " +
           loss_text(notice, alerts()) + '\n';
  }

  asio::posix::stream_descriptor descriptor_;  // only to wait with; fd_ is ours
  int fd_ = -1;
  struct stat status_ {};
  std::size_t offset_ = 0;  // of the front line that is written
  bool regular_ = false;
  bool socket_ = false;
  bool waits_ = false;
  bool end_line_ = false;
  bool broken_ = false;
  std::string trouble_words_{};
};

}  // namespace

std::shared_ptr<QueueSink> make_file_sink(asio::io_context& io, const DestinationOptions& destination,
                                          const AlertOptions& options) {
  // A pipe whose reader has gone answers a write with SIGPIPE; the error number tells as much without ending
  // us.
  std::signal(SIGPIPE, SIG_IGN);
  return std::make_shared<FileSink>(io, destination, options);
}

}  // namespace sekimori::daemon
