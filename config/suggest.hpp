// "Did you mean": the known word nearest to a mistyped one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sekimori::config {

struct Word {
  std::string_view written;  // what a person might have had in mind: "lgwan", "LG", "LGWAN接続系"
  std::string_view meant;    // what the file wants: "lgwan"
};

// The single best word within a distance that grows with the length (one slip in four letters, two in seven,
// three beyond), or empty: no suggestion is better than a misleading one. Case, '-' and '_' do not count.
std::string suggest(std::string_view mistyped, const std::vector<Word>& words);
std::string suggest(std::string_view mistyped, const std::vector<std::string_view>& words);

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours, in octets.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace sekimori::config
