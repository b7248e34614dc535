#include "daemon/health/habits_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>

#include "daemon/descriptor.hpp"
#include "daemon/journal/crc32c.hpp"

namespace sekimori::daemon {
namespace {

constexpr std::string_view family = "sekimori habits ";
constexpr std::string_view version = "1";
constexpr std::string_view seal = "crc32c ";
// All hours of all pairs and VLANs are less.
constexpr std::size_t octets_max = std::size_t{16} << 20U;

std::string seal_of(std::string_view content) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%08x", static_cast<unsigned>(crc32c(content)));
  return std::string{seal} + text.data() + "\n";
}

void add_hours(const Habits& habits, std::size_t which, const std::string& name, std::string& out) {
  for (unsigned hour = 0; hour < 24; ++hour) {
    const Habits::Hour& learned = habits.learned(which, hour);
    if (learned == Habits::Hour{}) continue;
    out += name + " " + std::to_string(hour) + " " + std::to_string(learned.busy) + " " +
           std::to_string(learned.next);
    for (const std::uint16_t pause : learned.longest) out += " " + std::to_string(pause);
    out += "\n";
  }
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    out.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

template <class Integer>
bool read(std::string_view word, Integer& out) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
  return error == std::errc{} && end == word.data() + word.size();
}

constexpr std::size_t figures = 3 + Habits::days;  // of an hour

// HOUR BUSY NEXT PAUSE*7
bool read_hour(const std::vector<std::string_view>& words, std::size_t from, Habits& habits,
               std::optional<std::size_t> which) {
  unsigned hour = 0;
  Habits::Hour learned;
  bool good = words.size() == from + figures && read(words[from], hour) &&
              read(words[from + 1], learned.busy) && read(words[from + 2], learned.next);
  for (std::size_t i = 0; good && i < Habits::days; ++i) good = read(words[from + 3 + i], learned.longest[i]);
  if (!good) return false;
  // One that there is no more must be of the right form as well.
  Habits nowhere{1};
  return which ? habits.restore(*which, hour, learned) : nowhere.restore(0, hour, learned);
}

bool read_line(std::string_view line, const std::vector<std::string>& segments, HabitBook& book) {
  const std::vector<std::string_view> words = words_of(line);
  if (words[0] == "pair" && words.size() == 3 + figures) {
    const auto from = std::find(segments.begin(), segments.end(), words[1]);
    const auto to = std::find(segments.begin(), segments.end(), words[2]);
    std::optional<std::size_t> which;
    if (from != segments.end() && to != segments.end()) {
      which = policy::pair_of(static_cast<policy::SegmentId>(from - segments.begin()),
                              static_cast<policy::SegmentId>(to - segments.begin()));
    }
    return read_hour(words, 3, book.pairs, which);
  }
  std::size_t vlan = 0;
  return words[0] == "vlan" && words.size() == 2 + figures && read(words[1], vlan) &&
         read_hour(words, 2, book.vlans, vlan);
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

std::string write_habits(const HabitBook& book, const std::vector<std::string>& segments) {
  std::string out = std::string{family} + std::string{version} + "\n";
  const std::size_t count = std::min(segments.size(), policy::segments_max);
  for (std::size_t from = 0; from < count; ++from) {
    for (std::size_t to = 0; to < count; ++to) {
      const auto pair =
          policy::pair_of(static_cast<policy::SegmentId>(from), static_cast<policy::SegmentId>(to));
      add_hours(book.pairs, pair, "pair " + segments[from] + " " + segments[to], out);
    }
  }
  for (std::size_t vlan = 0; vlan < book.vlans.size(); ++vlan) {
    add_hours(book.vlans, vlan, "vlan " + std::to_string(vlan), out);
  }
  return out + seal_of(out);
}

HabitsFault read_habits(std::string_view content, const std::vector<std::string>& segments, HabitBook& book) {
  if (content.substr(0, family.size()) != family) return HabitsFault::altered;
  const std::size_t first = content.find('\n');
  if (first == std::string_view::npos) return HabitsFault::altered;
  const std::size_t sealed = content.rfind('\n', content.size() - 2);
  if (sealed == std::string_view::npos ||
      content.substr(sealed + 1) != seal_of(content.substr(0, sealed + 1))) {
    return HabitsFault::altered;
  }
  if (content.substr(family.size(), first - family.size()) != version) return HabitsFault::newer;
  HabitBook out = book;
  for (std::size_t at = first + 1; at <= sealed;) {
    const std::size_t end = content.find('\n', at);
    if (!read_line(content.substr(at, end - at), segments, out)) return HabitsFault::altered;
    at = end + 1;
  }
  book = std::move(out);
  return HabitsFault::none;
}

HabitsFault load_habits(const std::string& path, const std::vector<std::string>& segments, HabitBook& book,
                        std::string& why) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  const auto failed = [&] {
    why = std::strerror(errno);
    return HabitsFault::unreadable;
  };
  if (file.get() < 0) return errno == ENOENT ? HabitsFault::absent : failed();
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) return failed();
  if (!S_ISREG(found.st_mode) || static_cast<std::uint64_t>(found.st_size) > octets_max) {
    return HabitsFault::altered;
  }
  std::string content(static_cast<std::size_t>(found.st_size), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::read(file.get(), content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed();
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  content.resize(done);
  return read_habits(content, segments, book);
}

bool save_habits(const std::string& path, const std::string& content, std::string& why) {
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

}  // namespace sekimori::daemon
