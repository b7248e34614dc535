#include "daemon/health/habits_file.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace sekimori::daemon {
namespace {

constexpr KeptForm habits_form{.family = "sekimori habits ", .version = "1"};

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

constexpr std::size_t hour_figures = 3 + Habits::days;  // of an hour

// HOUR BUSY NEXT PAUSE*7
bool read_hour(const std::vector<std::string_view>& words, std::size_t from, Habits& habits,
               std::optional<std::size_t> which) {
  unsigned hour = 0;
  Habits::Hour learned;
  bool good = words.size() == from + hour_figures && read_kept(words[from], hour) &&
              read_kept(words[from + 1], learned.busy) && read_kept(words[from + 2], learned.next);
  for (std::size_t i = 0; good && i < Habits::days; ++i)
    good = read_kept(words[from + 3 + i], learned.longest[i]);
  if (!good) return false;
  // One that there is no more must be of the right form as well.
  Habits nowhere{1};
  return which ? habits.restore(*which, hour, learned) : nowhere.restore(0, hour, learned);
}

bool read_line(std::string_view line, const std::vector<std::string>& segments, HabitBook& book) {
  const std::vector<std::string_view> words = kept_words(line);
  if (words[0] == "pair" && words.size() == 3 + hour_figures) {
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
  return words[0] == "vlan" && words.size() == 2 + hour_figures && read_kept(words[1], vlan) &&
         read_hour(words, 2, book.vlans, vlan);
}

}  // namespace

std::string write_habits(const HabitBook& book, const std::vector<std::string>& segments) {
  std::string out;
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
  return seal_kept(habits_form, out);
}

KeptFault read_habits(std::string_view content, const std::vector<std::string>& segments, HabitBook& book) {
  std::string_view lines;
  const KeptFault fault = unseal_kept(habits_form, content, lines);
  if (fault != KeptFault::none) return fault;
  HabitBook out = book;
  if (!each_kept_line(lines, [&](std::string_view line) { return read_line(line, segments, out); })) {
    return KeptFault::altered;
  }
  book = std::move(out);
  return KeptFault::none;
}

KeptFault load_habits(const std::string& path, const std::vector<std::string>& segments, HabitBook& book,
                      std::string& why) {
  std::string content;
  const KeptFault fault = load_kept(path, content, why);
  return fault == KeptFault::none ? read_habits(content, segments, book) : fault;
}

}  // namespace sekimori::daemon
