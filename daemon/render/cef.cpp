#include "daemon/render/cef.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/address.hpp"
#include "daemon/render/utf8.hpp"

namespace sekimori::daemon {
namespace {

// The version that `sekimorid --version` tells; a field of the header.
constexpr std::string_view product_version = SEKIMORI_VERSION;
constexpr std::string_view cut_mark = " sekimoriTrunc=1";

struct Field {
  std::string text;  // " key=value", escaped
  int rank;          // 0 stays; of the others the greatest goes first
};

std::string escaped_header(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '|' || c == '\\') out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

std::string escaped_value(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      if (c == '=' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

// 0..10, in the four bands that SIEMs know: low to 3, medium to 6, high to 8, very high.
int cef_severity(policy::Severity severity) {
  static constexpr std::array<int, 8> levels{10, 10, 9, 7, 5, 3, 2, 0};
  return levels[std::min<std::size_t>(static_cast<std::size_t>(severity), levels.size() - 1)];
}

// Parameters of ours that have a place of their own; `label`: of a custom string or number.
struct Place {
  std::string_view parameter;
  std::string_view key;
  std::string_view label{};
};
constexpr std::array<Place, 15> places{{{"sport", "spt"},
                                        {"dport", "dpt"},
                                        {"proto", "proto"},
                                        {"reasons", "reason"},
                                        {"sensor", "deviceExternalId"},
                                        {"kind", "cat"},
                                        {"cell", "cs1", "Rule"},
                                        {"from", "cs2", "Source Zone"},
                                        {"stage", "cs3", "Stage"},
                                        {"to", "cs4", "Destination Zone"},
                                        {"incident", "cs5", "Incident"},
                                        {"clause", "cs6", "Clause"},
                                        {"events", "cn1", "Events"},
                                        {"suppressed", "cn2", "Suppressed"},
                                        {"responders", "cn3", "Responders"}}};

// "near_miss" becomes "sekimoriNearMiss".
std::string own_key(std::string_view name) {
  std::string out = "sekimori";
  bool upper = true;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
      continue;
    }
    out += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  return out;
}

std::string pair(std::string_view key, std::string_view value) {
  return std::string{" "}.append(key).append("=").append(escaped_value(value));
}

// src and dst are IPv4 addresses in CEF's dictionary; IPv6 ones have places of their own.
std::string address_field(bool source, const std::string& value) {
  const auto address = IpAddress::parse(value);
  if (!address || address->family == Family::ipv4) return pair(source ? "src" : "dst", value);
  return source ? pair("c6a2", value) + pair("c6a2Label", "Source IPv6 Address")
                : pair("c6a3", value) + pair("c6a3Label", "Destination IPv6 Address");
}

Field field_of(const AlertParameter& parameter) {
  const int rank = parameter.rank;
  if (parameter.name == "src" || parameter.name == "dst") {
    return {address_field(parameter.name == "src", parameter.value), rank};
  }
  for (const Place& place : places) {
    if (place.parameter != parameter.name) continue;
    std::string out = pair(place.key, parameter.value);
    if (!place.label.empty()) out += pair(std::string{place.key} + "Label", place.label);
    return {std::move(out), rank};
  }
  return {pair(own_key(parameter.name), parameter.value), rank};
}

std::string value_of(const AlertMessage& message, std::string_view name) {
  for (const AlertParameter& parameter : message.parameters) {
    if (parameter.name == name) return parameter.value;
  }
  return {};
}

std::string header_of(const AlertMessage& message) {
  std::string signature = value_of(message, "finding");
  if (signature.empty()) signature = message.kind;
  const std::string from = value_of(message, "from");
  const std::string to = value_of(message, "to");
  std::string name = message.message_id + ' ' + message.kind;
  if (!from.empty() && !to.empty()) name = value_of(message, "verdict") + ": " + from + " -> " + to;
  std::string out = "CEF:0|sekimori|sekimorid|";
  return out.append(product_version)
      .append("|")
      .append(escaped_header(signature))
      .append("|")
      .append(escaped_header(name))
      .append("|")
      .append(std::to_string(cef_severity(message.severity)))
      .append("|");
}

std::size_t length_of(const std::vector<Field>& fields) {
  std::size_t out = 0;
  for (const Field& field : fields) out += field.text.size();
  return out;
}

// The longest beginning of `text` whose escaped form has at most `octets`.
std::string escaped_cut(std::string_view text, std::size_t octets) {
  std::string_view kept = utf8_cut(text, octets);
  std::string out = escaped_value(kept);
  while (out.size() > octets) {
    kept = utf8_cut(kept, kept.size() - 1);
    out = escaped_value(kept);
  }
  return out;
}

}  // namespace

std::string cef(const AlertMessage& message, const AlertOptions& /*options*/, const std::string& host,
                std::size_t octets_max, bool& cut) {
  const std::string head = header_of(message);
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(message.time.time_since_epoch()).count();
  std::vector<Field> fields{{"rt=" + std::to_string(milliseconds), 0}, {pair("dvchost", host), 1}};
  if (message.sequence != 0) fields.push_back({pair("externalId", std::to_string(message.sequence)), 1});
  for (const AlertParameter& parameter : message.parameters) fields.push_back(field_of(parameter));
  constexpr std::string_view text_key = " msg=";
  const std::string text = escaped_value(message.text);
  cut = head.size() + length_of(fields) + text_key.size() + text.size() > octets_max;
  if (cut) {
    // The sentence may claim half of the room, as in a syslog message of our own.
    const std::size_t for_text = std::min(text_key.size() + text.size(), octets_max / 2);
    const std::size_t fixed = head.size() + cut_mark.size() + for_text;
    while (fixed + length_of(fields) > octets_max) {
      const auto most = std::max_element(fields.begin(), fields.end(),
                                         [](const Field& a, const Field& b) { return a.rank < b.rank; });
      if (most->rank == 0) break;
      fields.erase(most);
    }
  }
  std::string out = head;
  for (const Field& field : fields) out += field.text;
  if (!cut) return out.append(text_key).append(text);
  out += cut_mark;
  if (out.size() + text_key.size() < octets_max) {
    out += text_key;
    out += escaped_cut(message.text, octets_max - out.size());
  }
  return out;
}

}  // namespace sekimori::daemon
