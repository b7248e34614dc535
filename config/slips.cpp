#include "config/slips.hpp"

#include <algorithm>
#include <array>

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
    bool begins = true;  // a key or value may begin here
    int open = 0;        // brackets of both kinds, on this line
    std::optional<Slip> bracket;
    std::optional<Slip> comma;
    for (std::size_t at = 0; at < text_.size();) {
      const char c = text_[at];
      if (c == '#' && (at == 0 || text_[at - 1] == ' ' || text_[at - 1] == '\t')) break;
      if (begins && (c == '"' || c == '\'')) {
        at = behind_quote(at);
        begins = false;
        continue;
      }
      if (const auto found = slip_at(text_, at)) {
        if (begins) return found;
        if (std::string_view{"[]{}"}.find(found->narrow) != std::string_view::npos && !bracket)
          bracket = found;
        if (found->narrow == ',' && found->wide != "\xe3\x80\x81" && !comma) comma = found;
      }
      if (begins && of_key(c) && c != '-') {
        const std::size_t end = behind_key(at);
        if (const auto found = colon(end)) return found;
        begins = false;
        at = end;
        continue;
      }
      open += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
      begins = begins_after(at, begins);
      at += length_of(c);
    }
    if (bracket && open != 0) return bracket;
    return text_.find_first_of("[{") != std::string_view::npos ? comma : std::nullopt;
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
  std::optional<Slip> colon(std::size_t at) const {
    if (text_.substr(at, full_width_colon.size()) != full_width_colon) return std::nullopt;
    return slip_at(text_, at);
  }
  bool begins_after(std::size_t at, bool begins) const {
    const char c = text_[at];
    if (c == ' ' || c == '\t') return begins;
    const bool last = at + 1 == text_.size() || text_[at + 1] == ' ';
    return c == '[' || c == '{' || c == ',' || ((c == ':' || c == '-') && last);
  }

  std::string_view text_;
};

Text words_for(const Slip& slip) {
  if (slip.wide == full_width_space) return Text::config_full_width_space;
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

bool report_slips(std::string_view content, const std::string& file, Report& report) {
  bool found = false;
  for (int number = 1; !content.empty(); ++number) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    const std::string_view text = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    const auto place = [&](std::size_t at) {
      return policy::Place{file, number, characters(text.substr(0, at)) + 1};
    };
    const Line line{text};
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
