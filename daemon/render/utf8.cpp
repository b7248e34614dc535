#include "daemon/render/utf8.hpp"

#include <cstdint>

namespace sekimori::daemon {
namespace {

std::uint8_t octet(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

char32_t code_point(std::string_view text, std::size_t length) {
  if (length == 1) return octet(text, 0);
  char32_t value = octet(text, 0) & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) value = value << 6U | (octet(text, i) & 0x3fU);
  return value;
}

bool forges(char32_t point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029 ||
         point == 0x200e || point == 0x200f || (point >= 0x202a && point <= 0x202e) ||
         (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

}  // namespace

std::size_t utf8_character(std::string_view text) {
  if (text.empty()) return 0;
  const std::uint8_t first = octet(text, 0);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    if (first == 0xe0) low = 0xa0;   // shorter forms exist
    if (first == 0xed) high = 0x9f;  // surrogates
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
  }
  if (length == 0 || text.size() < length) return 0;
  if (octet(text, 1) < low || octet(text, 1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (octet(text, i) < 0x80 || octet(text, i) > 0xbf) return 0;
  }
  return length;
}

std::string utf8_repaired(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_character(text);
    out.append(length == 0 ? std::string_view{"\xef\xbf\xbd"} : text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool gap = false;
  while (!text.empty()) {
    const std::size_t length = utf8_character(text);
    if (length != 0 && forges(code_point(text, length))) {
      gap = true;
    } else {
      if (gap && !out.empty()) out += ' ';
      gap = false;
      out.append(length == 0 ? std::string_view{"\xef\xbf\xbd"} : text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

std::string_view utf8_cut(std::string_view text, std::size_t octets) {
  if (text.size() <= octets) return text;
  while (octets > 0 && (octet(text, octets) & 0xc0U) == 0x80U) --octets;
  return text.substr(0, octets);
}

}  // namespace sekimori::daemon
