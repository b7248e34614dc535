#include "policy/text/text.hpp"

#include <array>

namespace sekimori {
namespace {

struct Pair {
  std::string_view ja;
  std::string_view en;
};

constexpr std::array<Pair, static_cast<std::size_t>(Text::count_)> texts{{
#define SEKIMORI_TEXT(id, ja, en) Pair{ja, en},
#include "policy/text/all.def"
#undef SEKIMORI_TEXT
}};

// The n-th placeholder's name, or empty. A placeholder is {lower_case_word}.
constexpr std::string_view placeholder(std::string_view text, std::size_t n) {
  std::size_t at = 0;
  while ((at = text.find('{', at)) != std::string_view::npos) {
    const std::size_t end = text.find('}', at);
    if (end == std::string_view::npos) return {};
    if (n-- == 0) return text.substr(at + 1, end - at - 1);
    at = end + 1;
  }
  return {};
}

constexpr bool names(std::string_view text, std::string_view name) {
  for (std::size_t n = 0; !placeholder(text, n).empty(); ++n) {
    if (placeholder(text, n) == name) return true;
  }
  return false;
}

constexpr bool names_all_of(std::string_view text, std::string_view other) {
  for (std::size_t n = 0; !placeholder(other, n).empty(); ++n) {
    if (!names(text, placeholder(other, n))) return false;
  }
  return true;
}

constexpr bool complete(std::string_view ja, std::string_view en) {
  return !ja.empty() && !en.empty() && names_all_of(ja, en) && names_all_of(en, ja);
}
// Each by itself, so that the message names it (and clang's limit on steps holds for one text, not for all).
#define SEKIMORI_TEXT(id, ja, en)                                         \
  static_assert(complete(ja, en), #id                                     \
                " lacks a language, or its two languages name different " \
                "placeholders");
#include "policy/text/all.def"
#undef SEKIMORI_TEXT

}  // namespace

std::optional<Language> parse_language(std::string_view text) {
  if (text == "ja") return Language::ja;
  if (text == "en") return Language::en;
  return std::nullopt;
}

std::string_view text(Text id, Language language) {
  const Pair& pair = texts[static_cast<std::size_t>(id)];
  return language == Language::ja ? pair.ja : pair.en;
}

namespace {

template <class Arguments>
std::string fill_in(std::string_view pattern, const Arguments& arguments) {
  std::string out;
  std::size_t at = 0;
  while (at < pattern.size()) {
    const std::size_t open = pattern.find('{', at);
    const std::size_t close = open == std::string_view::npos ? open : pattern.find('}', open);
    if (close == std::string_view::npos) break;
    out.append(pattern.substr(at, open - at));
    const std::string_view name = pattern.substr(open + 1, close - open - 1);
    bool found = false;
    for (const auto& [key, value] : arguments) {
      if (key != name) continue;
      out.append(value);
      found = true;
      break;
    }
    if (!found) out.append(pattern.substr(open, close - open + 1));
    at = close + 1;
  }
  out.append(pattern.substr(at));
  return out;
}

}  // namespace

std::string say(Text id, Language language, std::initializer_list<TextArgument> arguments) {
  return fill_in(text(id, language), arguments);
}

std::string say(Text id, Language language, const std::vector<TextArgument>& arguments) {
  return fill_in(text(id, language), arguments);
}

}  // namespace sekimori
