// Text from outside made safe to print: valid UTF-8 without anything that moves a cursor or forges a line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sekimori::daemon {

// Octets of the character that begins `text`: 1..4, or 0 if it is no well-formed UTF-8 (RFC 3629: no overlong
// forms, no surrogates, at most U+10FFFF) or `text` is empty.
std::size_t utf8_character(std::string_view text);

// Ill-formed octets become U+FFFD; everything else stays.
std::string utf8_repaired(std::string_view text);

// Repaired, and without control characters (C0, DEL, C1), line and paragraph separators and bidirectional
// controls; a run of them becomes one space.
std::string printable(std::string_view text);

// The longest beginning of valid UTF-8 `text` that has at most `octets` and ends on a character border.
std::string_view utf8_cut(std::string_view text, std::size_t octets);

}  // namespace sekimori::daemon
