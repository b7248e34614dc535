// What was learned of silences, on disk: a restart shall not forget a week.
//
//   sekimori habits 1
//   pair mynumber lgwan 9 127 3 60 61 62 63 64 65 66     hour of the day, busy, next, longest pauses
//   vlan 100 9 127 3 60 61 62 63 64 65 66
//   crc32c 1a2b3c4d                                      of everything before it
//
// One line for each hour of which something is known. A text, so that a support case can be read. Written
// beside and renamed, without a sync: after a power cut it is the one before, or is known to be cut by its
// last line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/health/habits.hpp"

namespace sekimori::daemon {

enum class HabitsFault : std::uint8_t {
  none,
  absent,  // there is no file: a first start
  unreadable,
  newer,   // of another version of this form
  altered  // cut, changed, or not of this form
};

// `segments`: ids, in the order of the policy; a pair of segments that there are no more is left out.
std::string write_habits(const HabitBook& book, const std::vector<std::string>& segments);
// All or nothing: on any fault `book` stays as it was.
HabitsFault read_habits(std::string_view content, const std::vector<std::string>& segments, HabitBook& book);

// `path`: the file. `why`: in the system's words, of unreadable and of a failure.
HabitsFault load_habits(const std::string& path, const std::vector<std::string>& segments, HabitBook& book,
                        std::string& why);
bool save_habits(const std::string& path, const std::string& content, std::string& why);

}  // namespace sekimori::daemon
