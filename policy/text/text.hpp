// Every text that an operator reads, in Japanese and English, from one catalogue.
//
//   say(Text::alert_headline, Language::ja, {{"from", "マイナンバー利用事務系"}, {"to", "外部・不明"}})
//
// The texts live in policy/text/*.def, one file for each part of the program. The build fails when a text is
// empty in one language or when its two languages name different placeholders. Machine words (field names,
// stage and reason names) are ASCII English and are not in here.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sekimori {

enum class Language : std::uint8_t { ja, en };
std::optional<Language> parse_language(std::string_view text);  // "ja", "en"

enum class Text : std::uint16_t {
#define SEKIMORI_TEXT(id, ja, en) id,
#include "policy/text/all.def"
#undef SEKIMORI_TEXT
  count_
};

std::string_view text(Text id, Language language);

using TextArgument = std::pair<std::string_view, std::string_view>;
// Replaces each {name} by its argument. A placeholder without an argument stays as it is (a test forbids it).
std::string say(Text id, Language language, std::initializer_list<TextArgument> arguments = {});

}  // namespace sekimori
