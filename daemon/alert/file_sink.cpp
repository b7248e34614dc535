// Lines into a file, a pipe or standard output: EVE JSON or text.
//
// A regular file is written at once (the page cache takes it). Pipes, terminals and sockets are written when
// they have room, so that a reader who stops reading stops nobody else. A line that was cut by a full disk is
// completed when there is room again; one that a crash left behind is ended before the first new line.
//
// A regular file is renamed and begun anew when it is big or old enough (rotation.hpp), always between two
// lines. Its mode and group are those of the configuration, whatever the umask.
#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <system_error>
#include <utility>

#include "daemon/alert/queue_sink.hpp"
#include "daemon/alert/rotation.hpp"
#include "policy/text/system_words.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

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

std::optional<gid_t> group_id(const std::string& name) {
  std::array<char, 4096> buffer{};
  group entry{};
  group* found = nullptr;
  if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return std::nullopt;
  }
  return found->gr_gid;
}

std::string octal(std::uint16_t mode) {
  std::array<char, 16> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), "%04o", static_cast<unsigned>(mode));
  return {buffer.data(), static_cast<std::size_t>(length)};
}

std::chrono::system_clock::time_point last_written(const struct stat& status) {
  return std::chrono::system_clock::from_time_t(status.st_mtim.tv_sec);
}

class FileSink final : public QueueSink {
 public:
  FileSink(asio::io_context& io, const DestinationOptions& destination, const AlertOptions& options)
      : QueueSink(io, destination, options),
        descriptor_(io),
        rotation_(destination.rotate, destination.path, options.utc_offset_minutes) {}

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

  std::string warning() const override {
    if (rotation_.trouble().empty()) return permissions_;
    return say(Text::file_warn_rotate, alerts().language, {{"why", rotation_.trouble()}});
  }

  std::uint64_t rotated() const override { return rotation_.rotated(); }
  std::uint64_t removed() const override { return rotation_.removed(); }

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
      // Nobody else reads it before its group is the right one.
      fd_ = ::open(options().path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
                   0600);
    }
    if (fd_ < 0 || ::fstat(fd_, &status_) != 0) {
      trouble_words_ = system_words(errno, alerts().language);
      release();
      return false;
    }
    regular_ = S_ISREG(status_.st_mode);
    socket_ = S_ISSOCK(status_.st_mode);
    end_line_ = regular_ && !standard && torn(options().path, status_);
    rotates_ = regular_ && !standard;
    if (rotates_) {
      size_ = static_cast<std::uint64_t>(status_.st_size);
      written_at_ = last_written(status_);
      permit();
      if (!std::exchange(pruned_, true)) rotation_.prune();
    }
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

  // A file that cannot be made readable as configured is written all the same, and that is told.
  void permit() {
    permissions_.clear();
    const Language language = alerts().language;
    if (!options().group.empty()) {
      const std::optional<gid_t> wanted = group_id(options().group);
      std::string why;
      if (!wanted) {
        why = text(Text::file_no_group, language);
      } else if (status_.st_gid != *wanted && ::fchown(fd_, static_cast<uid_t>(-1), *wanted) != 0) {
        why = system_words(errno, language);
      }
      if (!why.empty()) {
        permissions_ = say(Text::file_warn_group, language, {{"group", options().group}, {"why", why}});
        return;  // as closed as it was created: readers of another group were not meant
      }
    }
    constexpr mode_t bits = 07777;
    if ((status_.st_mode & bits) != options().mode && ::fchmod(fd_, options().mode) != 0) {
      permissions_ = say(Text::file_warn_mode, language,
                         {{"mode", octal(options().mode)}, {"why", system_words(errno, language)}});
    }
  }

  // Between two lines. A file that cannot be renamed is written on.
  bool rotate() {
    const auto now = std::chrono::system_clock::now();
    if (!rotates_ || end_line_ || offset_ != 0 ||
        !rotation_.due(size_, queue().front().bytes.size(), written_at_, now) || !rotation_.rotate(now)) {
      written_at_ = now;
      return true;
    }
    release();
    if (acquire()) return true;
    failed(trouble_words_);
    return false;
  }

  void send() override {
    if (!rotate() || !write_some()) return;
    // No room now: asked to be told.
    descriptor_.async_wait(asio::posix::stream_descriptor::wait_write,
                           [self = shared_from_this(), this, fd = fd_](const error_code& error) {
                             if (closed() || fd != fd_ || error == asio::error::operation_aborted) return;
                             if (error) {
                               failed(system_words(error, alerts().language));
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
        failed(system_words(errno, alerts().language));
        return false;
      }
      if (ending) {
        if (written == 1) end_line_ = false;
        continue;
      }
      offset_ += static_cast<std::size_t>(written);
      size_ += static_cast<std::uint64_t>(written);
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

  asio::posix::stream_descriptor descriptor_;  // only to wait with; fd_ is ours
  int fd_ = -1;
  struct stat status_ {};
  std::size_t offset_ = 0;  // of the front line that is written
  Rotation rotation_;
  std::uint64_t size_ = 0;
  std::chrono::system_clock::time_point written_at_{};
  std::string permissions_{};  // what could not be set, in words
  bool regular_ = false;
  bool rotates_ = false;
  bool pruned_ = false;
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
