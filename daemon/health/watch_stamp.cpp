#include "daemon/health/watch_stamp.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "daemon/descriptor.hpp"
#include "daemon/health/kept_file.hpp"

namespace sekimori::daemon {
namespace {

constexpr KeptForm watch_form{.family = "sekimori watch ", .version = "1"};
constexpr std::size_t slot_octets = 128;

// A sealed text of one line, on one line.
std::string slot_of(std::uint64_t generation, const WatchMark& mark) {
  std::string out = seal_kept(watch_form, std::to_string(generation) + " " +
                                              std::to_string(mark.until.time_since_epoch().count()) +
                                              (mark.stopped ? " stopped\n" : " running\n"));
  for (char& each : out) {
    if (each == '\n') each = ' ';
  }
  out.resize(slot_octets - 1, ' ');
  return out + '\n';
}

bool read_slot(std::string_view slot, std::uint64_t& generation, WatchMark& mark) {
  const std::vector<std::string_view> words = kept_words(slot);
  Duration::rep until = 0;
  if (words.size() < 6 || !read_kept(words[3], generation) || !read_kept(words[4], until) || until < 0) {
    return false;
  }
  mark = {Time{Duration{until}}, words[5] == "stopped"};
  return slot == slot_of(generation, mark);
}

}  // namespace

WatchStamp::WatchStamp(std::string path) : path_(std::move(path)) {
  std::string content;
  std::string why;
  if (load_kept(path_, content, why) != KeptFault::none) return;
  for (std::size_t at = 0; at + slot_octets <= content.size() && at < 2 * slot_octets; at += slot_octets) {
    std::uint64_t generation = 0;
    WatchMark mark;
    if (!read_slot(std::string_view{content}.substr(at, slot_octets), generation, mark)) continue;
    if (found_ && generation < generation_) continue;
    generation_ = generation;
    found_ = mark;
  }
}

std::string WatchStamp::write(const WatchMark& mark) {
  const auto failed = [] { return std::string{std::strerror(errno)}; };
  const Descriptor file{
      ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600)};
  if (file.get() < 0) return failed();
  const std::string slot = slot_of(generation_ + 1, mark);
  const auto at = static_cast<off_t>((generation_ + 1) % 2 * slot_octets);
  errno = ENOSPC;  // of a short write, which says nothing
  if (::pwrite(file.get(), slot.data(), slot.size(), at) != static_cast<ssize_t>(slot.size()))
    return failed();
  ++generation_;  // the other line's turn, whether this one is safe or not: it is whole
  return ::fdatasync(file.get()) == 0 ? std::string{} : failed();
}

}  // namespace sekimori::daemon
