#include "tools/sekimori/events.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <utility>

#include "policy/text/text.hpp"

namespace sekimori::tool {
namespace {

namespace json = boost::json;

std::string stage_text(const std::string& stage, Language language) {
  if (stage == "attempt") return label(Text::stage_attempt, language);
  if (stage == "refused") return label(Text::stage_refused, language);
  if (stage == "answered") return label(Text::stage_answered, language);
  if (stage == "established") return label(Text::stage_established, language);
  if (stage == "data") return label(Text::stage_data, language);
  return stage;
}

// Both directions, to the server first: "yes/?"; "-" where nothing is known of either.
std::string passed_text(const json::object& event, Language language) {
  const auto direction = [&](std::string_view name) -> std::string {
    const std::string passed = word(event, {"sekimori", "passed", name});
    if (passed == "yes") return label(Text::tool_passed_yes, language);
    return passed == "no" ? label(Text::tool_passed_no, language) : "?";
  };
  const std::string there = direction("to_server");
  const std::string back = direction("to_client");
  return there == "?" && back == "?" ? "-" : there + "/" + back;
}

// "10.1.0.5:443", "[2001:db8::1]:443", or the address alone.
std::string endpoint(const json::object& event, std::string_view address, std::string_view port) {
  std::string host = word(event, {address});
  // In another address space than `main` the same address is another host.
  const std::string domain = word(event, {"sekimori", "domain"});
  if (!domain.empty() && domain != "main") host += "%" + domain;
  if (find(event, {port}) == nullptr) return host;
  const std::string number = std::to_string(count(event, {port}));
  return host.find(':') == std::string::npos ? host + ":" + number : "[" + host + "]:" + number;
}

Table::Cell verdict_cell(const json::object& event, Language language) {
  if (word(event, {"sekimori", "verdict"}) == "forbid") {
    return {label(Text::tool_verdict_forbid, language), Table::Mark::bad};
  }
  if (word(event, {"sekimori", "basis"}) == "exception") {
    return {say(Text::tool_verdict_exception, language, {{"id", word(event, {"sekimori", "exception"})}}),
            Table::Mark::none};
  }
  return {label(Text::tool_verdict_permit, language), Table::Mark::good};
}

std::string cell_text(const json::object& pair) {
  const std::uint64_t forbidden = count(pair, {"flows_forbidden"});
  std::string out = grouped(count(pair, {"flows"}));
  out.append(" / ").append(forbidden == 0 ? "" : "!").append(grouped(forbidden));
  return out.append(" / ").append(bytes_text(count(pair, {"bytes"})));
}

}  // namespace

std::string label(Text id, Language language) {
  return std::string(text(id, language));
}

const json::value* find(const json::object& object, std::initializer_list<std::string_view> path) {
  const json::object* inside = &object;
  const json::value* found = nullptr;
  for (const std::string_view name : path) {
    if (inside == nullptr) return nullptr;
    found = inside->if_contains(json::string_view(name.data(), name.size()));
    inside = found == nullptr ? nullptr : found->if_object();
    if (found == nullptr) return nullptr;
  }
  return found;
}

std::string word(const json::object& object, std::initializer_list<std::string_view> path) {
  const json::value* found = find(object, path);
  if (found == nullptr || found->is_null()) return {};
  if (found->is_string()) return std::string(found->get_string().data(), found->get_string().size());
  return json::serialize(*found);
}

std::uint64_t count(const json::object& object, std::initializer_list<std::string_view> path) {
  const json::value* found = find(object, path);
  if (found == nullptr) return 0;
  if (found->is_uint64()) return found->get_uint64();
  if (found->is_int64()) return found->get_int64() < 0 ? 0 : static_cast<std::uint64_t>(found->get_int64());
  if (found->is_double())
    return found->get_double() < 0 ? 0 : static_cast<std::uint64_t>(found->get_double());
  return 0;
}

const json::array& list(const json::object& object, std::string_view name) {
  static const json::array none;
  const json::value* found = find(object, {name});
  return found != nullptr && found->is_array() ? found->get_array() : none;
}

std::string short_time(std::string_view timestamp) {
  std::string out(timestamp.substr(0, 19));
  if (out.size() > 10) out[10] = ' ';
  return out;
}

std::vector<Table::Column> flow_columns(Language language) {
  return {{label(Text::tool_column_last, language)},
          {label(Text::tool_column_proto, language)},
          {label(Text::tool_column_initiator, language)},
          {label(Text::tool_column_responder, language)},
          {label(Text::tool_column_segments, language)},
          {label(Text::tool_column_verdict, language)},
          {label(Text::tool_column_stage, language)},
          {label(Text::tool_column_passed, language)},
          {label(Text::tool_column_packets, language), Align::right},
          {label(Text::tool_column_bytes, language), Align::right},
          {label(Text::tool_column_rule, language)}};
}

std::vector<Table::Cell> flow_cells(const json::object& event, Language language) {
  return {short_time(word(event, {"flow", "end"})),
          word(event, {"proto"}),
          endpoint(event, "src_ip", "src_port"),
          endpoint(event, "dest_ip", "dest_port"),
          word(event, {"sekimori", "from"}) + " -> " + word(event, {"sekimori", "to"}),
          verdict_cell(event, language),
          stage_text(word(event, {"sekimori", "stage"}), language),
          passed_text(event, language),
          grouped(count(event, {"flow", "pkts_toserver"})) + "/" +
              grouped(count(event, {"flow", "pkts_toclient"})),
          grouped(count(event, {"flow", "bytes_toserver"})) + "/" +
              grouped(count(event, {"flow", "bytes_toclient"})),
          word(event, {"sekimori", "rule"})};
}

std::string alert_line(const json::object& event) {
  std::string out = word(event, {"timestamp"});
  for (const std::string_view name : {"severity", "kind", "incident", "text"}) {
    const std::string value = word(event, {"sekimori", name});
    out.append(" ").append(value.empty() ? "-" : value);  // the digest of a day is of no incident
  }
  return printable(out);
}

namespace {

// 0.0125 -> "1.3%". Less than a tenth of a percent is not nothing.
std::string percent(const json::object& pair, std::string_view name) {
  const json::value* found = find(pair, {name});
  const double ratio = found != nullptr && found->is_double() ? found->get_double() : 0;
  const auto tenths = static_cast<std::uint64_t>(std::lround(ratio * 1000));
  if (tenths == 0 && ratio > 0) return "<0.1%";
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + "%";
}

// The health of the mirror: pairs of segments of which packets came twice, or one direction alone.
std::string mirror_text(const json::object& event, Language language, bool colour) {
  Table table{{{label(Text::tool_column_segments, language)},
               {label(Text::tool_column_duplicates, language), Align::right},
               {"%", Align::right},
               {label(Text::tool_column_copies, language), Align::right},
               {label(Text::tool_column_one_sided, language), Align::right},
               {"%", Align::right}}};
  for (const json::value& each : list(event, "pairs")) {
    if (!each.is_object()) continue;
    const json::object& pair = each.get_object();
    const std::uint64_t duplicates = count(pair, {"duplicates"});
    const std::uint64_t copies = count(pair, {"copies"});
    const std::uint64_t one_sided = count(pair, {"flows_one_sided"});
    if (duplicates + copies + one_sided == 0) continue;
    table.add({word(pair, {"from"}) + " -> " + word(pair, {"to"}), grouped(duplicates),
               percent(pair, "duplicates_ratio"), grouped(copies),
               grouped(one_sided) + "/" + grouped(count(pair, {"flows_ended"})),
               percent(pair, "one_sided_ratio")});
  }
  if (table.empty()) return {};
  std::string out = "\n";
  return out.append(text(Text::tool_matrix_mirror, language)).append("\n").append(table.to_string(colour));
}

}  // namespace

std::string matrix_text(const json::object& event, Language language, bool colour) {
  struct Segment {
    std::string id;
    std::string code;
    std::string name;
  };
  std::vector<Segment> segments;
  for (const json::value& each : list(event, "segments")) {
    if (!each.is_object()) continue;
    const json::object& segment = each.get_object();
    segments.push_back({word(segment, {"id"}), word(segment, {"code"}),
                        word(segment, {language == Language::ja ? "name_ja" : "name_en"})});
  }
  std::map<std::pair<std::string, std::string>, const json::object*> pairs;
  for (const json::value& each : list(event, "pairs")) {
    if (!each.is_object()) continue;
    const json::object& pair = each.get_object();
    pairs[{word(pair, {"from"}), word(pair, {"to"})}] = &pair;
  }

  std::vector<Table::Column> columns{{label(Text::tool_matrix_corner, language)}};
  for (const Segment& segment : segments) columns.push_back({segment.code, Align::right});
  Table table{columns};
  for (const Segment& from : segments) {
    std::vector<Table::Cell> row{
        say(Text::tool_matrix_row, language, {{"name", from.name}, {"code", from.code}})};
    for (const Segment& to : segments) {
      const auto found = pairs.find({from.id, to.id});
      if (found == pairs.end()) {
        row.emplace_back("-");
        continue;
      }
      row.emplace_back(cell_text(*found->second), count(*found->second, {"flows_forbidden"}) == 0
                                                      ? Table::Mark::none
                                                      : Table::Mark::bad);
    }
    table.add(std::move(row));
  }
  std::string out = table.to_string(colour);
  out.append(text(Text::tool_matrix_legend, language)).append("\n");
  // In the order of the table: first who starts, then whom.
  for (const Segment& from : segments) {
    for (const Segment& to : segments) {
      const auto found = pairs.find({from.id, to.id});
      if (found == pairs.end()) continue;
      const json::object& pair = *found->second;
      if (const std::uint64_t flows = count(pair, {"flows_forbidden"}); flows != 0) {
        out.append(printable(say(Text::tool_matrix_forbidden, language,
                                 {{"from", from.name},
                                  {"to", to.name},
                                  {"cell", word(pair, {"cell"})},
                                  {"flows", grouped(flows)},
                                  {"packets", grouped(count(pair, {"packets_forbidden"}))},
                                  {"bytes", bytes_text(count(pair, {"bytes_forbidden"}))}})))
            .append("\n");
      }
      if (const std::uint64_t flows = count(pair, {"flows_exception"}); flows != 0) {
        out.append(printable(say(Text::tool_matrix_exception, language,
                                 {{"from", from.name}, {"to", to.name}, {"flows", grouped(flows)}})))
            .append("\n");
      }
      if (const std::uint64_t flows = count(pair, {"flows_draft"}); flows != 0) {
        out.append(printable(say(Text::tool_matrix_draft, language,
                                 {{"from", from.name}, {"to", to.name}, {"flows", grouped(flows)}})))
            .append("\n");
      }
    }
  }
  return out.append(mirror_text(event, language, colour));
}

std::string memory_text(const json::object& memory, Language language) {
  const auto mebibytes = [&](std::string_view name) {
    const std::uint64_t octets = count(memory, {name});
    return octets != 0 ? grouped(octets >> 20U) : label(Text::tool_status_memory_unknown, language);
  };
  return say(Text::tool_status_memory_value, language,
             {{"resident", mebibytes("resident_bytes")},
              {"peak", mebibytes("resident_peak_bytes")},
              {"tables", mebibytes("tables_bytes")}});
}

std::string books_text(const json::object& books, Language language) {
  Table table{{{""}, {"", Align::right}}};
  const auto add = [&](Text name, std::uint64_t value) {
    table.add({label(name, language), grouped(value)});
  };
  const std::uint64_t read = count(books, {"packets_read"});
  // Two spellings: an event's, and status'.
  const std::uint64_t in_flows = std::max(count(books, {"in_flows"}), count(books, {"packets_in_flows"}));
  std::uint64_t elsewhere = 0;
  add(Text::tool_books_read, read);
  add(Text::tool_books_in_flows, in_flows);
  if (const json::value* reasons = find(books, {"reasons"}); reasons != nullptr && reasons->is_object()) {
    for (const auto& member : reasons->get_object()) {
      const std::string_view name(member.key().data(), member.key().size());
      const std::uint64_t packets = count(reasons->get_object(), {name});
      elsewhere += packets;
      if (packets != 0) table.add({"  " + std::string(name), grouped(packets)});
    }
  }
  add(Text::tool_books_bytes, count(books, {"bytes_read"}));
  add(Text::tool_books_flows, count(books, {"flows_opened"}));
  add(Text::tool_books_forbidden, count(books, {"flows_forbidden"}));
  // What is counted beside the sum: only where there is any.
  for (const auto& [name, member] : {std::pair{Text::tool_books_cut, "packets_cut"},
                                     std::pair{Text::tool_books_malformed, "packets_malformed"},
                                     std::pair{Text::tool_books_backwards, "time_backwards"},
                                     std::pair{Text::tool_books_carriers, "packets_carriers"},
                                     std::pair{Text::tool_books_stripped, "mirror_stripped"},
                                     std::pair{Text::tool_books_traces, "traces_refused"},
                                     std::pair{Text::tool_books_grace, "flows_in_grace"},
                                     std::pair{Text::tool_books_disagree, "flows_claims_disagree"},
                                     std::pair{Text::tool_books_delayed, "events_delayed"},
                                     std::pair{Text::tool_books_lost, "events_lost"}}) {
    if (const std::uint64_t value = count(books, {member}); value != 0) add(name, value);
  }
  const auto add_parts = [&](Text heading, std::string_view member) {
    const json::value* parts = find(books, {member});
    if (parts == nullptr || !parts->is_object()) return;
    bool headed = false;
    for (const auto& part : parts->get_object()) {
      const std::string_view name(part.key().data(), part.key().size());
      const std::uint64_t value = count(parts->get_object(), {name});
      if (value == 0) continue;
      if (!std::exchange(headed, true)) table.add({label(heading, language)});
      table.add({"  " + std::string(name), grouped(value)});
    }
  };
  add_parts(Text::tool_books_unopened, "unopened");
  add_parts(Text::tool_books_fragments, "fragments");
  std::string out = table.to_string();
  const bool closes = read == in_flows + elsewhere;
  return out
      .append(say(closes ? Text::tool_books_close : Text::tool_books_open, language,
                  {{"read", grouped(read)}, {"flows", grouped(in_flows)}, {"reasons", grouped(elsewhere)}}))
      .append("\n");
}

}  // namespace sekimori::tool
