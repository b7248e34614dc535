// What was learned of silences, on disk: a restart shall not forget a week.
//
//   sekimori habits 1
//   pair mynumber lgwan 9 127 3 60 61 62 63 64 65 66     hour of the day, busy, next, longest pauses
//   vlan 100 9 127 3 60 61 62 63 64 65 66
//   crc32c 1a2b3c4d                                      of everything before it
//
// One line for each hour of which something is known.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/health/habits.hpp"
#include "daemon/health/kept_file.hpp"

namespace sekimori::daemon {

// `segments`: ids, in the order of the policy; a pair of segments that there are no more is left out.
std::string write_habits(const HabitBook& book, const std::vector<std::string>& segments);
// All or nothing: on any fault `book` stays as it was.
KeptFault read_habits(std::string_view content, const std::vector<std::string>& segments, HabitBook& book);

// `path`: the file, which save_kept() wrote. `why`: in the system's words, of unreadable.
KeptFault load_habits(const std::string& path, const std::vector<std::string>& segments, HabitBook& book,
                      std::string& why);

}  // namespace sekimori::daemon
