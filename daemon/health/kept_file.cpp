#include "daemon/health/kept_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "daemon/descriptor.hpp"
#include "daemon/journal/crc32c.hpp"

namespace sekimori::daemon {
namespace {

constexpr std::string_view seal = "crc32c ";
// All hours of all pairs and VLANs are less.
constexpr std::size_t octets_max = std::size_t{16} << 20U;

std::string seal_of(std::string_view content) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%08x", static_cast<unsigned>(crc32c(content)));
  return std::string{seal} + text.data() + "\n";
}

bool write_whole(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

std::string seal_kept(const KeptForm& form, std::string_view lines) {
  std::string out{form.family};
  out.append(form.version).append("\n").append(lines);
  return out + seal_of(out);
}

KeptFault unseal_kept(const KeptForm& form, std::string_view content, std::string_view& lines) {
  if (content.substr(0, form.family.size()) != form.family) return KeptFault::altered;
  const std::size_t first = content.find('\n');
  if (first == std::string_view::npos) return KeptFault::altered;
  const std::size_t sealed = content.rfind('\n', content.size() - 2);
  if (sealed == std::string_view::npos ||
      content.substr(sealed + 1) != seal_of(content.substr(0, sealed + 1))) {
    return KeptFault::altered;
  }
  if (content.substr(form.family.size(), first - form.family.size()) != form.version) return KeptFault::newer;
  lines = content.substr(first + 1, sealed - first);
  return KeptFault::none;
}

KeptFault load_kept(const std::string& path, std::string& content, std::string& why) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  const auto failed = [&] {
    why = std::strerror(errno);
    return KeptFault::unreadable;
  };
  if (file.get() < 0) return errno == ENOENT ? KeptFault::absent : failed();
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) return failed();
  if (!S_ISREG(found.st_mode) || static_cast<std::uint64_t>(found.st_size) > octets_max) {
    return KeptFault::altered;
  }
  content.assign(static_cast<std::size_t>(found.st_size), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::read(file.get(), content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed();
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  content.resize(done);
  return KeptFault::none;
}

bool save_kept(const std::string& path, std::string_view content, std::string& why) {
  const std::string beside = path + ".new";
  {
    const Descriptor file{
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (file.get() >= 0 && write_whole(file.get(), content) && ::rename(beside.c_str(), path.c_str()) == 0) {
      return true;
    }
    why = std::strerror(errno);
  }
  ::unlink(beside.c_str());
  return false;
}

std::vector<std::string_view> kept_words(std::string_view line) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    out.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

}  // namespace sekimori::daemon
