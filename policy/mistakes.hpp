// What is wrong with a policy, collected while it is compiled, so that everything is told at once.
//
//   Mistakes mistakes{Language::ja};
//   mistakes.add(place, Text::policy_switch_twice, {{"id", id}});
//   mistakes.raise();  // throws PolicyError when there is anything to say
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.hpp"

namespace sekimori::policy {

class Mistakes {
 public:
  explicit Mistakes(Language language) : language_(language) {}

  Language language() const { return language_; }
  void add(const Place& place, Text id, std::initializer_list<TextArgument> arguments) {
    items_.push_back({place, say(id, language_, arguments)});
  }
  void add(PolicyError::Item item) { items_.push_back(std::move(item)); }
  // Throws PolicyError with what was added, in the order of the places, if anything was.
  void raise();

  // "; did you mean "internet"?" for the known word nearest to a mistyped one, or nothing.
  std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) const;
  // "a, b, c", or the word for none.
  std::string listed(const std::vector<std::string>& words) const;
  const std::string& in_language(const Localized& words) const {
    return language_ == Language::ja ? words.ja : words.en;
  }

 private:
  Language language_;
  std::vector<PolicyError::Item> items_{};
};

// In the order of places: file, line, column.
void sort_by_place(std::vector<PolicyError::Item>& items);

}  // namespace sekimori::policy
