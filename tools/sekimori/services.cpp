#include "tools/sekimori/services.hpp"

#include <boost/json.hpp>
#include <string_view>

#include "policy/text/text.hpp"
#include "tools/sekimori/events.hpp"
#include "tools/sekimori/table.hpp"

namespace sekimori::tool {
namespace {

namespace json = boost::json;

std::string word_of(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return "-";
  return printable({value->get_string().data(), value->get_string().size()});
}

unsigned long long number_of(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) return 0;
  return value->to_number<unsigned long long>();
}

std::string moment_of(const json::object& object, std::string_view key) {
  const std::string time = word_of(object, key);
  return time == "-" ? time : short_time(time);
}

const json::array& rows_of(const json::object& object, std::string_view key) {
  static const json::array none;
  const json::value* const value = object.if_contains(key);
  return value != nullptr && value->is_array() ? value->get_array() : none;
}

std::string heading(Text id, Language language) {
  return std::string{text(id, language)};
}

Table::Cell declared_cell(const json::object& row, Language language) {
  const std::string declared = word_of(row, "declared");
  if (declared == "no") return {heading(Text::services_undeclared, language), Table::Mark::bad};
  return {word_of(row, "entry"), Table::Mark::none};
}

std::string found_text(const json::object& event, Language language, bool colour) {
  Table table{{{heading(Text::services_column_segment, language)},
               {heading(Text::services_column_service, language)},
               {heading(Text::services_column_declared, language)},
               {heading(Text::services_column_flows, language), Align::right},
               {heading(Text::services_column_clients, language), Align::right},
               {heading(Text::services_column_last, language)}}};
  for (const json::value& value : rows_of(event, "services")) {
    if (!value.is_object()) continue;
    const json::object& row = value.get_object();
    const std::string host = word_of(row, "host");
    const bool six = host.find(':') != std::string::npos;
    table.add({word_of(row, "segment"),
               (six ? "[" + host + "]" : host) + " " + word_of(row, "proto") + "/" +
                   std::to_string(number_of(row, "port")),
               declared_cell(row, language), grouped(number_of(row, "flows")),
               grouped(number_of(row, "clients")), moment_of(row, "last")});
  }
  return table.empty() ? heading(Text::services_none, language) + "\n" : table.to_string(colour);
}

std::string declared_text(const json::object& event, Language language, bool colour) {
  Table table{{{heading(Text::services_column_kind, language)},
               {"ID"},
               {heading(Text::services_column_name, language)},
               {heading(Text::services_column_flows, language), Align::right},
               {heading(Text::services_column_last, language)}}};
  for (const json::value& value : rows_of(event, "declared")) {
    if (!value.is_object()) continue;
    const json::object& row = value.get_object();
    const std::string kind = word_of(row, "kind");
    const Text name = kind == "gateway"   ? Text::service_kind_gateway
                      : kind == "service" ? Text::service_kind_service
                                          : Text::service_kind_system;
    const unsigned long long flows = number_of(row, "flows");
    table.add({heading(name, language), word_of(row, "id"), word_of(row, "name"), grouped(flows),
               flows == 0 ? Table::Cell{heading(Text::services_unused, language), Table::Mark::bad}
                          : Table::Cell{moment_of(row, "last")}});
  }
  if (table.empty()) return {};
  return "\n" + heading(Text::services_declared_heading, language) + "\n" + table.to_string(colour);
}

}  // namespace

std::string services_text(const json::object& event, Language language, bool colour) {
  std::string out = say(Text::services_since, language, {{"since", moment_of(event, "since")}}) + "\n";
  out += found_text(event, language, colour);
  out += declared_text(event, language, colour);
  if (const unsigned long long refused = number_of(event, "refused"); refused != 0) {
    out += say(Text::services_refused, language, {{"count", grouped(refused)}}) + "\n";
  }
  return out;
}

}  // namespace sekimori::tool
