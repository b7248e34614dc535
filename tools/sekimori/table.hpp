// Tables for a terminal whose letters are one or two columns wide.
//
//   Table table{{{"領域"}, {"フロー数", Align::right}}};
//   table.add({"マイナンバー利用事務系", "12"});
//   std::cout << table.to_string();
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sekimori::tool {

// Columns that a UTF-8 text takes: 2 for East Asian wide and full-width characters and emoji (UAX #11 W and
// F), 0 for combining marks, else 1. A broken octet counts as 1, as it is printed as U+FFFD.
std::size_t display_width(std::string_view text);

// For a terminal: control characters and broken UTF-8 become U+FFFD, so that nothing that came over the wire
// or out of a file can move the cursor.
std::string printable(std::string_view text);

// Filled with spaces to `width` columns; never cut.
enum class Align : unsigned char { left, right };
std::string padded(std::string_view text, std::size_t width, Align align = Align::left);

class Table {
 public:
  struct Column {
    std::string heading;
    Align align = Align::left;
  };
  enum class Mark : unsigned char { none, bad, good, faint };
  struct Cell {
    // Implicit: a row is written as a list of texts.
    Cell(std::string shown, Mark marked = Mark::none) : text(std::move(shown)), mark(marked) {}  // NOLINT
    Cell(const char* shown) : text(shown) {}                                                     // NOLINT
    std::string text;
    Mark mark;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // Missing cells are empty, further ones are dropped.
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  // Two spaces between columns, no space at a line's end. `colour` adds ANSI sequences for the marks.
  std::string to_string(bool colour = false) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// Colour only for a person at a terminal who did not refuse it (no-color.org).
bool wants_colour(int descriptor);

// 12345678 -> "12,345,678".
std::string grouped(unsigned long long value);
// 1536 -> "1.5 KiB"; below 1 KiB in plain octets, "999 B".
std::string bytes_text(unsigned long long value);

}  // namespace sekimori::tool
