#include "policy/mistakes.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "policy/text/text.hpp"

namespace sekimori::policy {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

void Mistakes::raise() {
  if (items_.empty()) return;
  sort_by_place(items_);
  throw PolicyError{std::exchange(items_, {})};
}

std::string Mistakes::did_you_mean(std::string_view word, const std::vector<std::string>& known) const {
  const std::string* best = nullptr;
  std::size_t best_distance = std::min<std::size_t>(2, word.size() / 2) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= best_distance) continue;
    best = &candidate;
    best_distance = distance;
  }
  return best == nullptr ? std::string{} : say(Text::policy_did_you_mean, language_, {{"word", *best}});
}

std::string Mistakes::listed(const std::vector<std::string>& all) const {
  if (all.empty()) return std::string{text(Text::policy_switch_none, language_)};
  std::string result;
  for (const std::string& word : all) {
    if (!result.empty()) result += text(Text::policy_list_separator, language_);
    result += word;
  }
  return result;
}

void sort_by_place(std::vector<PolicyError::Item>& items) {
  std::stable_sort(items.begin(), items.end(), [](const PolicyError::Item& a, const PolicyError::Item& b) {
    return std::tie(a.place.file, a.place.line, a.place.column) <
           std::tie(b.place.file, b.place.line, b.place.column);
  });
}

}  // namespace sekimori::policy
