// Every text that an operator reads, in Japanese and English, from one catalogue.
//
//   say(Text::alert_headline, Language::ja, {{"from", "マイナンバー利用事務系"}, {"to", "外部・不明"}})
//
// The texts live in policy/text/*.def, one file for each part of the program. The build fails when a text is
// empty in one language or when its two languages name different placeholders. Machine words (field names,
// stage and reason names) are ASCII English and are not in here.
#pragma once

#include <cstdint>

#include "policy/text/language.hpp"

namespace sekimori {

enum class Text : std::uint16_t {
#define SEKIMORI_TEXT(id, ja, en) id,
#include "policy/text/all.def"
#undef SEKIMORI_TEXT
  count_
};

}  // namespace sekimori
