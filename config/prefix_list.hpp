// Long lists of networks in a text file of their own (`prefixes_from`), one a line with its name if it has
// one:
//
//   # 出先機関 / branch offices
//   10.40.0.0/24        東支所
//   10.40.1.16/28
//   2001:db8:40::/48    東支所
//
// Blank lines, and what follows a '#' at the start of a line or behind a blank, do not count. As strict as
// YAML and with the same messages: a mistake is told with the list's name, line and column.
//
// Why not YAML: measured, an item of a YAML list takes some 7 us from the file to the compiled policy, most
// of it in yaml-cpp, before anybody has looked at its meaning; a line of such a list takes 1.3 us. At 100,000
// that is the difference between a reload that is noticed and one that is not.
#pragma once

#include <cstddef>
#include <string>

#include "config/reader.hpp"
#include "policy/options.hpp"

namespace sekimori::config {

inline constexpr std::size_t list_bytes_max = std::size_t{16} << 20U;

// Appends the networks of a list. `content` is the whole file, `file` its name in messages, `asked` the key
// that named it.
void read_prefix_list(const std::string& content, const std::string& file, const Cursor& asked,
                      std::vector<policy::NamedPrefix>& out);

}  // namespace sekimori::config
