// What each destination gets: the one place where a message becomes its bytes, for alerts, notices and tests.
#include <algorithm>

#include "daemon/render.hpp"
#include "daemon/render/utf8.hpp"
#include "daemon/render/words.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

// The older framing ends a message at its first line feed.
std::string on_one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\0'; }, ' ');
  return text;
}

bool is_stream(const DestinationOptions& destination) {
  return destination.kind == DestinationKind::syslog_tcp || destination.kind == DestinationKind::syslog_tls;
}

bool ends_lines(const DestinationOptions& destination) {
  return destination.kind == DestinationKind::syslog_tcp && destination.framing == Framing::newline;
}

}  // namespace

Rendered render_for(const DestinationOptions& destination, const AlertMessage& message,
                    const AlertOptions& options) {
  if (destination.kind == DestinationKind::eve_file) return {message.eve + '\n'};
  if (destination.kind == DestinationKind::text_file) return {alert_line(message, options) + '\n'};
  Rendered out = syslog_message(message, options,
                                {.message_max = destination.message_max,
                                 .rfc3164 = destination.rfc3164,
                                 .with_host = destination.kind != DestinationKind::syslog_local,
                                 .body = destination.body});
  if (ends_lines(destination)) out.bytes = on_one_line(std::move(out.bytes));
  return out;
}

std::string framed(const DestinationOptions& destination, const std::string& bytes) {
  if (!is_stream(destination)) return bytes;
  return ends_lines(destination) ? bytes + '\n' : std::to_string(bytes.size()) + ' ' + bytes;
}

AlertMessage drill_message(policy::Severity severity, std::uint32_t number, std::uint32_t count, Time now,
                           const AlertOptions& options) {
  AlertMessage out;
  out.time = now;
  out.severity = severity;
  out.message_id = "TEST";
  out.kind = "test";
  const std::string level{severity_name(severity)};
  const std::string of = std::to_string(number) + "/" + std::to_string(count);
  out.parameters = {{"kind", "test", 0}, {"severity", level, 0}, {"number", of, 0}};
  const auto add = [&out](const char* name, const std::string& value) {
    const std::string safe = printable(value);
    if (!safe.empty()) out.parameters.push_back({name, std::string{utf8_cut(safe, 200)}, 13});
  };
  add("org", options.organisation);
  add("site", options.site);
  add("sensor", options.sensor);
  out.text = say(Text::drill_text, options.language,
                 {{"severity", level}, {"number", std::to_string(number)}, {"count", std::to_string(count)}});
  boost::json::object ours{{"v", 1},           {"kind", "test"}, {"severity", level},
                           {"number", number}, {"count", count}, {"text", out.text}};
  for (const auto& [name, value] : {std::pair<const char*, const std::string&>{"org", options.organisation},
                                    {"site", options.site},
                                    {"sensor", options.sensor}}) {
    if (!value.empty()) ours[name] = printable(value);
  }
  out.eve = to_line(boost::json::object{{"timestamp", timestamp(now, options.utc_offset_minutes)},
                                        {"event_type", "test"},
                                        {"sekimori", std::move(ours)}});
  return out;
}

}  // namespace sekimori::daemon
