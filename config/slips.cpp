#include "config/slips.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "config/reader.hpp"
#include "config/yaml.hpp"
#include "policy/text/text.hpp"

namespace sekimori::config {
namespace {

constexpr std::string_view full_width_colon = "\xef\xbc\x9a";

struct Known {
  std::string_view wide;
  char narrow;
};

// Beside the full-width block.
constexpr std::array<Known, 14> others{{{full_width_space, ' '},
                                        {"\xc2\xa0", ' '},      // no-break space
                                        {"\xe3\x80\x81", ','},  // 、
                                        {"\xe2\x80\x9c", '"'},  // typographic quotes
                                        {"\xe2\x80\x9d", '"'},
                                        {"\xe2\x80\x98", '\''},
                                        {"\xe2\x80\x99", '\''},
                                        {"\xe2\x80\x90", '-'},  // hyphen, dashes, minus, wave
                                        {"\xe2\x80\x93", '-'},
                                        {"\xe2\x80\x94", '-'},
                                        {"\xe2\x80\x95", '-'},
                                        {"\xe2\x88\x92", '-'},
                                        {"\xe3\x80\x9c", '-'},
                                        {"\xef\xbd\x9e", '-'}}};

std::size_t length_of(char first) {
  const auto octet = static_cast<unsigned char>(first);
  return octet < 0x80 ? 1 : octet < 0xe0 ? 2 : octet < 0xf0 ? 3 : 4;
}

std::optional<Slip> slip_at(std::string_view text, std::size_t at) {
  const std::string_view wide = text.substr(at, length_of(text[at]));
  for (const Known& known : others) {
    if (wide == known.wide) return Slip{at, wide, known.narrow};
  }
  const std::string narrow = half_width(wide);
  if (narrow.size() != 1 || wide.size() == 1) return std::nullopt;
  const char c = narrow.front();
  const bool of_names = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '(' || c == ')';
  return of_names ? std::nullopt : std::optional{Slip{at, wide, c}};
}

// "U+FF1A"
std::string code_point(std::string_view wide) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const std::array<unsigned, 5> lead_bits{0, 0x7fU, 0x1fU, 0x0fU, 0x07U};
  unsigned value = static_cast<unsigned char>(wide.front()) & lead_bits.at(wide.size());
  for (const char c : wide.substr(1)) value = value << 6U | (static_cast<unsigned char>(c) & 0x3fU);
  std::string out = "U+";
  for (unsigned shift = value > 0xffff ? 20 : 16; shift != 0;) {
    shift -= 4;
    out += digits[value >> shift & 15U];
  }
  return out;
}

bool of_key(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// What may begin at a place of a line.
enum class Where : std::uint8_t { key, value, within };

// One line of a text that is no YAML.
class Line {
 public:
  explicit Line(std::string_view text) : text_(text) {}

  // A TAB where the line is indented.
  std::optional<std::size_t> tab() const {
    const std::size_t begin = text_.find_first_not_of(" \t");
    if (begin == std::string_view::npos || text_[begin] == '#' || text_[begin] == '\r') return std::nullopt;
    const std::size_t at = text_.substr(0, begin).find('\t');
    return at == std::string_view::npos ? std::nullopt : std::optional{at};
  }

  std::optional<Slip> slip() const {
    Where where = Where::key;
    int open = 0;  // brackets of both kinds, on this line
    std::optional<Slip> bracket;
    for (std::size_t at = 0; at < text_.size();) {
      const char c = text_[at];
      if (c == '#' && (at == 0 || text_[at - 1] == ' ' || text_[at - 1] == '\t')) break;
      if (where != Where::within && (c == '"' || c == '\'')) {
        at = behind_quote(at);
        where = Where::within;
        continue;
      }
      if (const auto found = slip_at(text_, at)) {
        const bool pair = of_brackets(found->narrow) && balanced(at);
        if (!pair && breaks(*found, where)) return found;
        if (!pair && of_brackets(found->narrow) && !bracket) bracket = found;
        if (found->narrow == ',' && found->wide != "\xe3\x80\x81" && open > 0 && key_follows(at))
          return found;
      }
      if (where == Where::key) {
        const std::size_t end = c == '-' ? at : behind_key(at);
        if (const auto found = behind_sign(end)) return found;
      }
      if (where != Where::within && of_key(c) && c != '-') {
        where = Where::within;
        at = behind_key(at);
        continue;
      }
      open += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
      if (c != ',' || open > 0) where = after(at, where);
      at += length_of(c);
    }
    return open != 0 ? bracket : std::nullopt;
  }

  // Where it ends in the head of a block scalar ("reason: >-"): the column that its text stands behind.
  std::optional<std::size_t> block() const {
    std::size_t column = text_.find_first_not_of(' ');
    if (column == std::string_view::npos || text_[column] == '#') return std::nullopt;
    std::size_t parent = column;
    while (text_.substr(column, 2) == "- ") {
      parent = column;
      column = std::min(text_.find_first_not_of(' ', column + 1), text_.size());
    }
    if (const std::size_t colon = text_.find(": ", column); colon != std::string_view::npos) {
      parent = column;
      column = std::min(text_.find_first_not_of(' ', colon + 1), text_.size());
    }
    if (column == text_.size() || (text_[column] != '|' && text_[column] != '>')) return std::nullopt;
    const std::size_t end = text_.find_first_not_of("+-0123456789", column + 1);
    const std::size_t rest = text_.find_first_not_of(" \t\r", std::min(end, text_.size()));
    const bool head = rest == std::string_view::npos || (text_[rest] == '#' && rest > end);
    return head ? std::optional{parent} : std::nullopt;
  }

  // Does it belong to the text of a block scalar behind this column?
  bool within_block(std::size_t column) const {
    const std::size_t begin = text_.find_first_not_of(' ');
    return begin == std::string_view::npos || text_[begin] == '\r' || begin > column;
  }

 private:
  std::size_t behind_quote(std::size_t at) const {
    const std::size_t end = text_.find(text_[at], at + 1);
    return end == std::string_view::npos ? text_.size() : end + 1;
  }
  std::size_t behind_key(std::size_t at) const {
    while (at < text_.size() && of_key(text_[at])) ++at;
    return at;
  }
  // A full-width colon, or a space that is none of YAML behind a colon or dash, at the end of what may be a
  // key.
  std::optional<Slip> behind_sign(std::size_t at) const {
    if (at == text_.size()) return std::nullopt;
    if (text_.substr(at, full_width_colon.size()) == full_width_colon) return slip_at(text_, at);
    if ((text_[at] != ':' && text_[at] != '-') || at + 1 == text_.size()) return std::nullopt;
    const auto found = slip_at(text_, at + 1);
    return found && found->narrow == ' ' ? found : std::nullopt;
  }
  // At the place of a key every sign does; a value is text for people from its second character on.
  static bool breaks(const Slip& slip, Where where) {
    if (where == Where::within || (slip.narrow >= '0' && slip.narrow <= '9')) return false;
    return where == Where::key || of_brackets(slip.narrow) ||
           std::string_view{" \"'"}.find(slip.narrow) != std::string_view::npos;
  }
  static bool of_brackets(char c) { return std::string_view{"[]{}"}.find(c) != std::string_view::npos; }
  // The value that this octet is of: to the next sign that ends one, on either side.
  std::string_view value_around(std::size_t at) const {
    constexpr std::string_view ends = "[]{},:";
    const std::size_t before = text_.find_last_of(ends, at);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    return text_.substr(begin, std::min(text_.find_first_of(ends, at), text_.size()) - begin);
  }
  bool balanced(std::size_t at) const {
    const std::string_view value = value_around(at);
    int open = 0;
    for (std::size_t i = 0; i < value.size() && open >= 0; i += length_of(value[i])) {
      const auto found = slip_at(value, i);
      if (found)
        open += found->narrow == '[' || found->narrow == '{' ? 1 : of_brackets(found->narrow) ? -1 : 0;
    }
    return open == 0;
  }
  // "， name: a": what follows this comma was to be an item of its own.
  bool key_follows(std::size_t at) const {
    at = text_.find_first_not_of(' ', at + length_of(text_[at]));
    if (at == std::string_view::npos) return false;
    if (text_[at] == '[' || text_[at] == '{') return true;
    const std::size_t end = behind_key(at);
    return end > at && (text_.substr(end, 2) == ": " || behind_sign(end));
  }
  Where after(std::size_t at, Where where) const {
    const char c = text_[at];
    if (c == ' ' || c == '\t') return where;
    if (c == '[' || c == '{' || c == ',') return Where::key;
    const bool last = at + 1 == text_.size() || text_[at + 1] == ' ';
    if (!last) return Where::within;
    return c == ':' ? Where::value : c == '-' && where == Where::key ? Where::key : Where::within;
  }

  std::string_view text_;
};

Text words_for(const Slip& slip) {
  if (slip.wide == full_width_space) return Text::config_full_width_space;
  if (slip.narrow == ' ') return Text::config_other_space;
  return slip.wide == full_width_colon ? Text::config_full_width_colon : Text::config_wide_character;
}

}  // namespace

std::optional<Slip> find_slip(std::string_view text, std::size_t from) {
  for (std::size_t at = from; at < text.size(); at += length_of(text[at])) {
    if (const auto found = slip_at(text, at)) return found;
  }
  return std::nullopt;
}

std::string slip_text(const Slip& slip, const Report& report) {
  return report.say(
      words_for(slip),
      {{"wide", slip.wide}, {"code", code_point(slip.wide)}, {"narrow", std::string_view{&slip.narrow, 1}}});
}

std::string slip_hint(std::string_view text, const Report& report) {
  const auto slip = find_slip(text);
  if (!slip) return {};
  return (report.language() == Language::ja ? "" : " ") + slip_text(*slip, report);
}

bool report_slips(std::string_view content, const std::string& file, Report& report, int tab_told) {
  bool found = false;
  std::optional<std::size_t> block;
  for (int number = 1; !content.empty(); ++number) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    const std::string_view text = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    const auto place = [&](std::size_t at) {
      return policy::Place{file, number, characters(text.substr(0, at)) + 1};
    };
    const Line line{text};
    if (block && line.within_block(*block)) continue;
    block = line.block();
    if (number == tab_told) continue;
    if (const auto tab = line.tab()) {
      report.add(place(*tab), "", Text::config_syntax_tab);
      found = true;
    } else if (const auto slip = line.slip()) {
      report.add(place(slip->at), "", slip_text(*slip, report));
      found = true;
    }
  }
  return found;
}

}  // namespace sekimori::config
