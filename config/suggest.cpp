#include "config/suggest.hpp"

#include <algorithm>
#include <cstddef>

namespace sekimori::config {
namespace {

constexpr std::size_t length_max = 64;  // longer ones are no slips of the finger, and the cost is quadratic

std::string plain(std::string_view word) {
  std::string out;
  for (const char letter : word) {
    if (letter >= 'A' && letter <= 'Z') {
      out += static_cast<char>(letter - 'A' + 'a');
    } else if (letter != ' ') {
      out += letter == '-' ? '_' : letter;
    }
  }
  return out;
}

std::size_t slips_allowed(std::size_t length) {
  if (length <= 2) return 0;
  if (length <= 4) return 1;
  return length <= 7 ? 2 : 3;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::string suggest(std::string_view mistyped, const std::vector<Word>& words) {
  const std::string wanted = plain(mistyped);
  if (wanted.empty() || wanted.size() > length_max) return {};
  std::string best;
  std::size_t best_distance = length_max;
  for (const Word& word : words) {
    const std::string candidate = plain(word.written);
    if (candidate.size() > length_max || candidate.empty()) continue;
    std::size_t distance = edit_distance(wanted, candidate);
    // An abbreviation is nearer than its missing letters make it: "prefix" for "prefixes", "org" for
    // "organisation".
    const std::size_t shorter = std::min(wanted.size(), candidate.size());
    const bool abbreviates = shorter >= 3 && wanted.compare(0, shorter, candidate, 0, shorter) == 0;
    if (abbreviates) distance = std::min<std::size_t>(distance, 2);
    const bool near = abbreviates || distance <= slips_allowed(std::max(wanted.size(), candidate.size()));
    if (near && distance < best_distance) {
      best_distance = distance;
      best = word.meant;
    }
  }
  return best;
}

std::string suggest(std::string_view mistyped, const std::vector<std::string_view>& words) {
  std::vector<Word> pairs;
  pairs.reserve(words.size());
  for (const std::string_view word : words) pairs.push_back({word, word});
  return suggest(mistyped, pairs);
}

}  // namespace sekimori::config
