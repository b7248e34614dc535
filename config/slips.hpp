// Slips of a Japanese keyboard: characters that look like those of YAML and are not, and TABs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "config/report.hpp"

namespace sekimori::config {

struct Slip {
  std::size_t at = 0;       // octets before it
  std::string_view wide{};  // as written: one character of UTF-8
  char narrow = 0;          // what was meant
};

// The first character from `from` on that stands for a sign, a digit or a space of ASCII: full-width ones
// (U+FF01..U+FF5E) but for letters and parentheses, which names are written with; U+3000 and U+00A0,
// typographic quotes and dashes, the Japanese comma.
std::optional<Slip> find_slip(std::string_view text, std::size_t from = 0);

// "There is ... ; write ..."
std::string slip_text(const Slip& slip, const Report& report);
// The same as a further sentence, for what follows a message; empty where there is none in `text`.
std::string slip_hint(std::string_view text, const Report& report);

// Of a text that is no YAML: tells each line's first slip at a place where it breaks the grammar. That shows
// often far from where it stands. The text of block scalars ("|", ">") is passed over, and the line
// `tab_told`, whose TAB was told already. True if any was found.
bool report_slips(std::string_view content, const std::string& file, Report& report, int tab_told = 0);

}  // namespace sekimori::config
