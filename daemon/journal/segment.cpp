#include "daemon/journal/segment.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace sekimori::daemon {
namespace {

constexpr std::string_view prefix = "alerts-";
constexpr std::string_view suffix = ".skj";
constexpr std::size_t digits = 16;
constexpr std::size_t window_octets = std::size_t{256} << 10U;

std::optional<std::uint64_t> number_in(std::string_view name) {
  if (name.size() != prefix.size() + digits + suffix.size() || name.substr(0, prefix.size()) != prefix ||
      name.substr(prefix.size() + digits) != suffix) {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  for (const char c : name.substr(prefix.size(), digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

}  // namespace

std::string segment_name(std::uint64_t first_number) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%s%016llu%s", prefix.data(),
                static_cast<unsigned long long>(first_number), suffix.data());
  return buffer.data();
}

std::vector<SegmentFile> segments_in(const std::string& folder, std::string* trouble) {
  std::vector<SegmentFile> out;
  std::error_code error;
  std::filesystem::directory_iterator entry{folder, error};
  const std::filesystem::directory_iterator end;
  while (!error && entry != end) {
    const std::string name = entry->path().filename().string();
    if (const auto number = number_in(name)) {
      std::error_code ignored;
      const std::uintmax_t octets = entry->file_size(ignored);
      out.push_back({folder + "/" + name, *number, ignored ? 0 : static_cast<std::uint64_t>(octets)});
    }
    entry.increment(error);
  }
  if (error && trouble != nullptr) *trouble = error.message();
  std::sort(out.begin(), out.end(),
            [](const SegmentFile& a, const SegmentFile& b) { return a.first_number < b.first_number; });
  return out;
}

std::optional<SegmentHeader> header_of(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::string octets(segment_header_octets, '\0');
  const ssize_t got = ::pread(fd, octets.data(), octets.size(), 0);
  ::close(fd);
  if (got != static_cast<ssize_t>(octets.size())) return std::nullopt;
  return decode_header(octets);
}

SegmentReader::SegmentReader(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (fd_ < 0) {
    trouble_ = std::system_category().message(errno);
    return;
  }
  fill(segment_header_octets);
  header_ = decode_header(window_);
  if (header_) done_ = segment_header_octets;
}

SegmentReader::~SegmentReader() {
  if (fd_ >= 0) ::close(fd_);
}

// So many octets behind those that were handed out, if the file has them.
bool SegmentReader::fill(std::size_t octets) {
  if (window_.size() - done_ >= octets) return true;
  window_.erase(0, done_);
  offset_ += done_;
  done_ = 0;
  const std::size_t wanted = std::max(octets, window_octets);
  while (window_.size() < octets) {
    const std::size_t before = window_.size();
    window_.resize(wanted);
    const ssize_t got =
        ::pread(fd_, window_.data() + before, wanted - before, static_cast<off_t>(offset_ + before));
    window_.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) trouble_ = std::system_category().message(errno);
    if (got <= 0) return false;
  }
  return true;
}

SegmentReader::Step SegmentReader::next(Frame& frame) {
  if (fd_ < 0) return {};
  fill(frame_header_octets);
  if (window_.size() == done_) return {.kind = Kind::end, .offset = offset_ + done_};
  std::size_t total = 0;
  FrameLook look = look_at_frame(std::string_view{window_}.substr(done_), frame, total);
  if (look == FrameLook::more && fill(total)) {
    look = look_at_frame(std::string_view{window_}.substr(done_), frame, total);
    if (look == FrameLook::more && fill(total)) {
      look = look_at_frame(std::string_view{window_}.substr(done_), frame, total);
    }
  }
  if (look != FrameLook::whole) return damage(1);
  const Step step{.kind = Kind::frame, .offset = offset_ + done_, .octets = total};
  done_ += total;
  return step;
}

// From here to the next whole frame. A passage that reaches to the end is not stepped over: it may be a frame
// that is being written.
SegmentReader::Step SegmentReader::damage(std::size_t at_least) {
  const std::uint64_t begin = offset_ + done_;
  const std::size_t kept = done_;
  std::string rest = window_.substr(done_);
  std::uint64_t rest_at = begin;
  std::size_t at = at_least;
  for (;;) {
    const std::size_t found = find_magic(rest, at);
    if (found != std::string::npos) {
      Frame frame;
      std::size_t total = 0;
      const FrameLook look = look_at_frame(std::string_view{rest}.substr(found), frame, total);
      if (look == FrameLook::whole) {
        window_ = std::move(rest);
        offset_ = rest_at;
        done_ = found;
        return {.kind = Kind::damage, .offset = begin, .octets = rest_at + found - begin};
      }
      if (look == FrameLook::damaged) {
        at = found + 1;
        continue;
      }
    }
    // More octets: for the frame that begins at `found`, or because nothing was found in these.
    const std::size_t dropped = found == std::string::npos ? rest.size() : found;
    const std::size_t before = rest.size();
    rest.resize(before + window_octets);
    const ssize_t got =
        ::pread(fd_, rest.data() + before, window_octets, static_cast<off_t>(rest_at + before));
    rest.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got <= 0) {
      // The end. A magic inside that promised more than there is may hide whole frames behind it.
      if (found != std::string::npos && found + 1 < rest.size()) {
        at = found + 1;
        if (find_magic(rest, at) != std::string::npos && find_magic(rest, at) > found) continue;
      }
      done_ = kept;
      const std::uint64_t end = rest_at + rest.size();
      return {.kind = Kind::damage, .offset = begin, .octets = end - begin, .torn = true};
    }
    rest.erase(0, dropped);
    rest_at += dropped;
    at = 0;
  }
}

}  // namespace sekimori::daemon
