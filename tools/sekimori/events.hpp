// The engine's JSON as tables and lines for people: live answers and offline results look alike.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "policy/text/language.hpp"
#include "tools/sekimori/table.hpp"

namespace sekimori::tool {

// A word of the catalogue, as a cell or a heading takes it.
std::string label(Text id, Language language);

// Members of nested objects, without surprise: a newer or older daemon may lack some.
const boost::json::value* find(const boost::json::object& object,
                               std::initializer_list<std::string_view> path);
std::string word(const boost::json::object& object, std::initializer_list<std::string_view> path);
std::uint64_t count(const boost::json::object& object, std::initializer_list<std::string_view> path);
const boost::json::array& list(const boost::json::object& object, std::string_view name);  // none: empty

// "2026-04-01T09:12:03.482915+09:00" -> "2026-04-01 09:12:03".
std::string short_time(std::string_view timestamp);

// EVE flow events. The cells of one, and the headings above them.
std::vector<Table::Column> flow_columns(Language language);
std::vector<Table::Cell> flow_cells(const boost::json::object& event, Language language);

// An EVE alert event in one line: time, severity, kind, incident, text.
std::string alert_line(const boost::json::object& event);

// A `matrix` event: segment by segment, then every forbidden and excepted pair in words.
std::string matrix_text(const boost::json::object& event, Language language, bool colour);

// The members of a `stats` event's "stats" (or of status' "packets"), ending in the line that closes the
// books.
std::string books_text(const boost::json::object& books, Language language);

// The members of a `memory` event's "memory" (or of status' "memory"), in one line without its end.
std::string memory_text(const boost::json::object& memory, Language language);

}  // namespace sekimori::tool
