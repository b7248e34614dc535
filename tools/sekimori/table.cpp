#include "tools/sekimori/table.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace sekimori::tool {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// East_Asian_Width W and F (UAX #11), neighbouring ranges joined where only unassigned code points lie
// between.
constexpr std::array wide{
    Range{0x1100, 0x115f},   Range{0x231a, 0x231b},   Range{0x2329, 0x232a},   Range{0x23e9, 0x23ec},
    Range{0x23f0, 0x23f0},   Range{0x23f3, 0x23f3},   Range{0x25fd, 0x25fe},   Range{0x2614, 0x2615},
    Range{0x2648, 0x2653},   Range{0x267f, 0x267f},   Range{0x2693, 0x2693},   Range{0x26a1, 0x26a1},
    Range{0x26aa, 0x26ab},   Range{0x26bd, 0x26be},   Range{0x26c4, 0x26c5},   Range{0x26ce, 0x26ce},
    Range{0x26d4, 0x26d4},   Range{0x26ea, 0x26ea},   Range{0x26f2, 0x26f3},   Range{0x26f5, 0x26f5},
    Range{0x26fa, 0x26fa},   Range{0x26fd, 0x26fd},   Range{0x2705, 0x2705},   Range{0x270a, 0x270b},
    Range{0x2728, 0x2728},   Range{0x274c, 0x274c},   Range{0x274e, 0x274e},   Range{0x2753, 0x2755},
    Range{0x2757, 0x2757},   Range{0x2795, 0x2797},   Range{0x27b0, 0x27b0},   Range{0x27bf, 0x27bf},
    Range{0x2b1b, 0x2b1c},   Range{0x2b50, 0x2b50},   Range{0x2b55, 0x2b55},   Range{0x2e80, 0x303e},
    Range{0x3041, 0x3247},   Range{0x3250, 0x4dbf},   Range{0x4e00, 0xa4c6},   Range{0xa960, 0xa97c},
    Range{0xac00, 0xd7a3},   Range{0xf900, 0xfaff},   Range{0xfe10, 0xfe19},   Range{0xfe30, 0xfe6b},
    Range{0xff01, 0xff60},   Range{0xffe0, 0xffe6},   Range{0x16fe0, 0x18cff}, Range{0x1aff0, 0x1b2fb},
    Range{0x1f004, 0x1f004}, Range{0x1f0cf, 0x1f0cf}, Range{0x1f18e, 0x1f18e}, Range{0x1f191, 0x1f19a},
    Range{0x1f200, 0x1f320}, Range{0x1f32d, 0x1f335}, Range{0x1f337, 0x1f37c}, Range{0x1f37e, 0x1f393},
    Range{0x1f3a0, 0x1f3ca}, Range{0x1f3cf, 0x1f3d3}, Range{0x1f3e0, 0x1f3f0}, Range{0x1f3f4, 0x1f3f4},
    Range{0x1f3f8, 0x1f43e}, Range{0x1f440, 0x1f440}, Range{0x1f442, 0x1f4fc}, Range{0x1f4ff, 0x1f53d},
    Range{0x1f54b, 0x1f567}, Range{0x1f57a, 0x1f57a}, Range{0x1f595, 0x1f596}, Range{0x1f5a4, 0x1f5a4},
    Range{0x1f5fb, 0x1f64f}, Range{0x1f680, 0x1f6c5}, Range{0x1f6cc, 0x1f6cc}, Range{0x1f6d0, 0x1f6d2},
    Range{0x1f6d5, 0x1f6df}, Range{0x1f6eb, 0x1f6ec}, Range{0x1f6f4, 0x1f6fc}, Range{0x1f7e0, 0x1f7f0},
    Range{0x1f90c, 0x1f93a}, Range{0x1f93c, 0x1f945}, Range{0x1f947, 0x1f9ff}, Range{0x1fa70, 0x1faff},
    Range{0x20000, 0x2fffd}, Range{0x30000, 0x3fffd}};

// Marks that sit on the character before them: those that Japanese and European text brings along.
constexpr std::array combining{Range{0x0300, 0x036f}, Range{0x0483, 0x0489},  Range{0x1ab0, 0x1aff},
                               Range{0x1dc0, 0x1dff}, Range{0x200b, 0x200f},  Range{0x20d0, 0x20ff},
                               Range{0x302a, 0x302d}, Range{0x3099, 0x309a},  Range{0xfe00, 0xfe0f},
                               Range{0xfe20, 0xfe2f}, Range{0xe0100, 0xe01ef}};

template <std::size_t n>
bool within(const std::array<Range, n>& ranges, std::uint32_t point) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), point,
                       [](std::uint32_t value, const Range& range) { return value < range.first; });
  return after != ranges.begin() && point <= std::prev(after)->last;
}

constexpr std::uint32_t broken = 0xffffffff;

// The next code point; `broken` for an octet that begins none (RFC 3629), and then one octet is consumed.
std::uint32_t next_point(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80                    ? 1
                             : lead >= 0xc2 && lead <= 0xdf ? 2
                             : lead >= 0xe0 && lead <= 0xef ? 3
                             : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                            : 0;
  std::uint32_t point = length == 1 ? lead : lead & (0x7fU >> length);
  bool good = length != 0 && text.size() >= length;
  for (std::size_t i = 1; good && i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    good = (next & 0xc0U) == 0x80U;
    point = (point << 6U) | (next & 0x3fU);
  }
  if (good && ((length == 3 && point < 0x800) || (length == 4 && (point < 0x10000 || point > 0x10ffff)) ||
               (point >= 0xd800 && point <= 0xdfff))) {
    good = false;
  }
  text.remove_prefix(good ? length : 1);
  return good ? point : broken;
}

std::string_view colour_of(Table::Mark mark) {
  switch (mark) {
    case Table::Mark::bad:
      return "\x1b[1;31m";
    case Table::Mark::good:
      return "\x1b[32m";
    case Table::Mark::faint:
      return "\x1b[2m";
    case Table::Mark::none:
      break;
  }
  return {};
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const std::uint32_t point = next_point(text);
    if (point == broken) {
      ++width;
    } else if (!within(combining, point)) {
      width += within(wide, point) ? 2U : 1U;
    }
  }
  return width;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::string_view before = text;
    const std::uint32_t point = next_point(text);
    // Besides controls: marks that turn the writing direction can make a line read as another one.
    const bool control = point < 0x20 || (point >= 0x7f && point < 0xa0) ||
                         (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
                         point == 0x2028 || point == 0x2029;
    if (point == broken || control) {
      out.append("\xef\xbf\xbd");
    } else {
      out.append(before.substr(0, before.size() - text.size()));
    }
  }
  return out;
}

std::string padded(std::string_view text, std::size_t width, Align align) {
  const std::size_t own = display_width(text);
  const std::string space(own < width ? width - own : 0, ' ');
  return align == Align::right ? space + std::string(text) : std::string(text) + space;
}

std::string Table::to_string(bool colour) const {
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) widths.push_back(display_width(printable(column.heading)));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(printable(row[i].text)));
    }
  }
  std::string out;
  const auto line = [&](const auto& cell_at) {
    std::size_t owed = 0;  // spaces due before the next letter, so that no line ends in spaces
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const auto [text, mark] = cell_at(i);
      const std::string shown = printable(text);
      const std::size_t space = widths[i] - display_width(shown);
      if (columns_[i].align == Align::right) owed += space;
      if (!shown.empty()) {
        out.append(owed, ' ');
        owed = 0;
        const std::string_view paint = colour ? colour_of(mark) : std::string_view{};
        out.append(paint).append(shown);
        if (!paint.empty()) out.append("\x1b[0m");
      }
      if (columns_[i].align == Align::left) owed += space;
      owed += 2;
    }
    out.push_back('\n');
  };
  const bool headed =
      std::any_of(columns_.begin(), columns_.end(), [](const Column& c) { return !c.heading.empty(); });
  if (headed) {
    line([&](std::size_t i) { return std::pair<std::string_view, Mark>{columns_[i].heading, Mark::faint}; });
  }
  for (const auto& row : rows_) {
    line([&](std::size_t i) {
      return i < row.size() ? std::pair<std::string_view, Mark>{row[i].text, row[i].mark}
                            : std::pair<std::string_view, Mark>{};
    });
  }
  return out;
}

bool wants_colour(int descriptor) {
  const char* refused = std::getenv("NO_COLOR");
  if (refused != nullptr && *refused != '\0') return false;
  const char* terminal = std::getenv("TERM");
  return ::isatty(descriptor) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

std::string grouped(unsigned long long value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string bytes_text(unsigned long long value) {
  constexpr std::array<const char*, 6> units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (value < 1024) return std::to_string(value) + " B";
  double scaled = static_cast<double>(value) / 1024;
  std::size_t unit = 0;
  while (scaled >= 1023.95 && unit + 1 < units.size()) {
    scaled /= 1024;
    ++unit;
  }
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1f %s", scaled, units[unit]);
  return buffer.data();
}

}  // namespace sekimori::tool
