// The languages that sekimori speaks, for whoever passes them on. Who says a text includes text.hpp, and is
// compiled anew when the catalogue grows; who only passes one on is not.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sekimori {

enum class Language : std::uint8_t { ja, en };
std::optional<Language> parse_language(std::string_view text);  // "ja", "en"

enum class Text : std::uint16_t;  // its members: policy/text/text.hpp

std::string_view text(Text id, Language language);

using TextArgument = std::pair<std::string_view, std::string_view>;
// Replaces each {name} by its argument. A placeholder without an argument stays as it is (a test forbids it).
std::string say(Text id, Language language, std::initializer_list<TextArgument> arguments = {});
std::string say(Text id, Language language, const std::vector<TextArgument>& arguments);

}  // namespace sekimori
