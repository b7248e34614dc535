// RFC 5424 and RFC 3164 messages. A message never exceeds its limit: structured data that is merely useful
// goes first, then the end of the text; the verdict and who spoke to whom always stay.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "daemon/alert/resume.hpp"
#include "daemon/render.hpp"
#include "daemon/render/cef.hpp"
#include "daemon/render/notice.hpp"
#include "daemon/render/utf8.hpp"
#include "daemon/render/words.hpp"

namespace sekimori::daemon {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";  // RFC 5424 section 6.4: what follows is UTF-8
constexpr std::uint64_t sequence_id_max = 2147483647;         // RFC 5424 section 7.3.1: then again from 1

using Parameter = AlertParameter;

bool printable_ascii(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 32 && c < 127; });
}

std::string host_name() {
  std::array<char, 256> buffer{};
  if (gethostname(buffer.data(), buffer.size() - 1) != 0) return "-";
  const std::string name{buffer.data()};
  return printable_ascii(name) ? name : "-";
}

std::string header_host(const AlertOptions& options, std::size_t octets) {
  const std::string name = printable_ascii(options.sensor) ? options.sensor : host_name();
  return name.substr(0, octets);
}

// RFC 5424 section 6.3.3: exactly these three are escaped.
std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '"' || c == '\\' || c == ']') out += '\\';
    out += c;
  }
  return out;
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += ',';
    out += word;
  }
  return out;
}

int priority(const AlertOptions& options, policy::Severity severity) {
  return options.facility * 8 + static_cast<int>(severity);
}

std::string_view message_id(AlertKind kind) {
  switch (kind) {
    case AlertKind::opened:
      return "VIOLATION";
    case AlertKind::escalated:
    case AlertKind::widened:
    case AlertKind::sweep:
    case AlertKind::repeated:
      return "VIOLATION-UPDATE";
    case AlertKind::closed:
      return "VIOLATION-CLOSE";
    case AlertKind::exception:
      return "EXCEPTION";
  }
  return "-";
}

std::vector<Parameter> parameters(const AlertRecord& record, const AlertOptions& options) {
  if (record.notice != nullptr) return notice_parameters(record, options);
  const capture::FlowFacts& facts = record.event.facts;
  const policy::Verdict& verdict = record.event.verdict;
  const policy::Policy& policy = *record.policy;
  const capture::Tuple& tuple = facts.tuple;
  std::vector<Parameter> out;
  const auto add = [&out](std::string_view name, std::string_view value, std::uint8_t rank) {
    // One parameter must not crowd out the rest of a small message.
    if (!value.empty()) {
      out.push_back({std::string{name}, std::string{utf8_cut(printable(value), rank == 0 ? 40 : 200)}, rank});
    }
  };
  std::vector<std::string> reasons;
  for (const policy::Reason* reason : reasons_of(policy, verdict)) reasons.push_back(reason->id);
  std::vector<std::string> clauses;
  for (const policy::Clause* clause : clauses_of(policy, verdict)) clauses.push_back(clause->id);

  add("verdict", policy::decision_name(verdict.decision), 0);
  add("kind", alert_kind_name(record.kind), 4);
  add("incident", incident_id(record), 1);
  add("from", segment_id(policy, verdict.from), 0);
  add("to", segment_id(policy, verdict.to), 0);
  add("stage", capture::stage_name(facts.stage), 3);
  add("stage_highest", capture::stage_name(record.stage_highest), 9);
  add("src", tuple.source.to_string(), 0);
  if (has_ports(tuple.protocol)) add("sport", std::to_string(tuple.source_port), 11);
  add("dst", tuple.destination.to_string(), 0);
  if (has_ports(tuple.protocol)) add("dport", std::to_string(tuple.destination_port), 2);
  if (is_icmp(tuple.protocol)) add("icmp_type", std::to_string(facts.icmp_type), 8);
  add("proto", protocol_name(tuple.protocol), 2);
  if (!record.former_domain.empty()) {
    add("domain", record.former_domain, 1);
  } else if (policy.several_domains()) {
    add("domain", policy.domain_name(tuple.source.domain), 1);
  }
  add("cell", cell_code(verdict.cell), 5);
  const policy::Sign sign = sign_of(facts, verdict, policy);
  add("finding", policy::finding_code(sign.finding), 3);
  add("pattern", policy::finding_pattern(sign.finding), 10);
  if (const policy::KnownServiceOptions* known = known_service(policy, sign)) {
    add("known_service", known->id, 10);
  }
  add("reasons", join(reasons), 6);
  add("clause", join(clauses), 7);
  const auto& overlays = policy.options().overlays;
  if (verdict.overlay_index < overlays.size()) {
    add("overlay", overlays[verdict.overlay_index].clause, 6);
    add("model_cell", cell_code(policy.model_cell(verdict.from, verdict.to)), 6);
  }
  if (verdict.other_path) add("other_path", "true", 6);
  if (verdict.decision == policy::Decision::permit) {
    add(policy::basis_name(verdict.basis), entry_id(policy, verdict.basis, verdict.basis_index), 1);
  }
  if (verdict.near_miss.mismatch != policy::Mismatch::none) {
    add("near_miss", policy::mismatch_name(verdict.near_miss.mismatch), 12);
    add("near_miss_id", entry_id(policy, verdict.near_miss.kind, verdict.near_miss.index), 12);
  }
  if (record.passage.to_server != capture::Passed::unknown) {
    add("passed_to_server", capture::passed_name(record.passage.to_server), 5);
  }
  if (record.passage.to_client != capture::Passed::unknown) {
    add("passed_to_client", capture::passed_name(record.passage.to_client), 8);
  }
  if (facts.inside != capture::Tunnel::none) {
    add("tunnel_type", capture::tunnel_name(facts.inside), 6);
    add("tunnel_src", facts.outer.source.to_string(), 6);
    add("tunnel_dst", facts.outer.destination.to_string(), 6);
  }
  if (verdict.tunnel != capture::Tunnel::none) {
    add("carries", capture::tunnel_name(verdict.tunnel), 6);
    const auto& tunnels = policy.options().tunnels;
    if (verdict.tunnel_index < tunnels.size()) add("tunnel", tunnels[verdict.tunnel_index].id, 8);
  }
  if (verdict.orientation_matters) add("orientation_matters", "true", 9);
  add("severity", severity_name(record.severity), 9);
  add("events", std::to_string(record.events), 8);
  add("suppressed", std::to_string(record.suppressed), 8);
  add("flows", std::to_string(record.flows), 10);
  add("responders", std::to_string(record.responders), 10);
  add("services", std::to_string(record.services), 10);
  add("bytes", std::to_string(record.bytes), 10);
  add("close", close_reason_name(record.close), 9);
  add("flow", std::to_string(facts.id), 11);
  add("evidence", capture::evidence_name(facts.evidence), 13);
  std::array<char, 32> ratio{};
  std::snprintf(ratio.data(), ratio.size(), "%.6f", record.loss_ratio);
  add("loss_ratio", ratio.data(), 11);
  add("policy", policy.options().profile.id, 13);
  add("generation", std::to_string(policy.generation()), 14);
  add("policy_sha256", policy.sha256(), 15);
  add("from_name", policy.prefix_name(tuple.source), 14);
  add("to_name", policy.prefix_name(tuple.destination), 14);
  add("org", options.organisation, 13);
  add("site", options.site, 14);
  add("sensor", options.sensor, 14);
  return out;
}

std::size_t length_of(const Parameter& parameter) {
  return parameter.name.size() + escaped(parameter.value).size() + 4;  // space, =, two quotes
}

// Takes parameters away, the least needed first, until they fit. True if any went.
bool shorten(std::vector<Parameter>& parameters, std::size_t octets,
             std::size_t (*length)(const Parameter&)) {
  std::size_t sum = 0;
  for (const Parameter& parameter : parameters) sum += length(parameter);
  bool shortened = false;
  while (sum > octets) {
    const auto most =
        std::max_element(parameters.begin(), parameters.end(),
                         [](const Parameter& a, const Parameter& b) { return a.rank < b.rank; });
    if (most == parameters.end() || most->rank == 0) break;
    sum -= length(*most);
    parameters.erase(most);
    shortened = true;
  }
  return shortened;
}

struct Header {
  policy::Severity severity;
  Time time;
  std::string_view message_id;
  std::uint64_t sequence;  // 0 = none
};

// "<164>1 2026-04-01T... sk1 sekimori 812 VIOLATION ".
std::string head_5424(const Header& header, const AlertOptions& options, std::size_t message_max) {
  return '<' + std::to_string(priority(options, header.severity)) + ">1 " +
         timestamp(header.time, options.utc_offset_minutes) + ' ' +
         header_host(options, message_max < 1024 ? 48 : 255) + " sekimori " + std::to_string(getpid()) + ' ' +
         std::string{header.message_id} + ' ';
}

std::string element_5424(const AlertOptions& options) {
  return "[sekimori@" + std::to_string(options.enterprise_number);
}

std::string meta_5424(std::uint64_t sequence) {
  if (sequence == 0) return {};
  return "[meta sequenceId=\"" + std::to_string((sequence - 1) % sequence_id_max + 1) + "\"]";
}

Rendered assemble_5424(const Header& header, std::vector<Parameter> parameters, const std::string& message,
                       const AlertOptions& options, std::size_t message_max) {
  const std::string head = head_5424(header, options, message_max);
  const std::string element = element_5424(options);
  const std::string meta = meta_5424(header.sequence);
  constexpr std::string_view cut_mark = " trunc=\"1\"";
  const std::size_t frame = head.size() + element.size() + 1 + meta.size();
  const std::size_t text_full = 1 + byte_order_mark.size() + message.size();
  std::size_t data = 0;
  for (const Parameter& parameter : parameters) data += length_of(parameter);
  const bool cut = frame + data + text_full > message_max;
  if (cut) {
    const std::size_t fixed = frame + cut_mark.size();
    // The text may claim half of the message; what the structured data then leaves over is the text's as
    // well.
    const std::size_t for_text = std::min(text_full, message_max / 2);
    const std::size_t for_data = message_max > fixed + for_text ? message_max - fixed - for_text : 0;
    shorten(parameters, for_data, length_of);
  }
  std::string out = head + element;
  for (const Parameter& parameter : parameters) {
    out += ' ';
    out += parameter.name;
    out += "=\"" + escaped(parameter.value) + '"';
  }
  if (cut) out += cut_mark;
  out += ']' + meta;
  const std::size_t room = message_max > out.size() ? message_max - out.size() : 0;
  if (room > 1 + byte_order_mark.size()) {
    const std::string_view kept = utf8_cut(message, room - 1 - byte_order_mark.size());
    if (!kept.empty()) {
      out += ' ';
      out += byte_order_mark;
      out += kept;
    }
  }
  return {std::move(out), cut};
}

// CEF behind an RFC 5424 header. What CEF says is not said twice: the structured data keeps what never goes,
// the kind and the incident. No byte order mark: a SIEM looks for "CEF:" at the beginning.
Rendered assemble_cef(const AlertMessage& message, const AlertOptions& options, const std::string& front,
                      std::size_t message_max) {
  Rendered out{front};
  const std::size_t room = message_max > front.size() ? message_max - front.size() : 0;
  out.bytes += cef(message, options, header_host(options, 255), room, out.cut);
  return out;
}

std::string front_5424(const Header& header, const AlertMessage& message, const AlertOptions& options,
                       std::size_t message_max) {
  std::string out = head_5424(header, options, message_max) + element_5424(options);
  for (const Parameter& parameter : message.parameters) {
    if (parameter.rank != 0 && parameter.name != "kind" && parameter.name != "incident") continue;
    out += ' ' + parameter.name + "=\"" + escaped(parameter.value) + '"';
  }
  return out + ']' + meta_5424(header.sequence) + ' ';
}

// key=value, quoted where a value has spaces or quotes.
std::string plain_pair(const Parameter& parameter) {
  std::string out{parameter.name};
  out += '=';
  if (parameter.value.find_first_of(" \"\\") == std::string::npos) return out + parameter.value;
  out += '"';
  for (const char c : parameter.value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::size_t plain_length(const Parameter& parameter) {
  return plain_pair(parameter).size() + 1;
}

// RFC 3164 section 4.1: Mmm dd hh:mm:ss, the day padded with a space.
std::string old_timestamp(Time time, int utc_offset_minutes) {
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  using namespace std::chrono;
  const auto local = floor<seconds>(time) + minutes{utc_offset_minutes};
  const auto day = floor<days>(local);
  const year_month_day date{day};
  const hh_mm_ss clock{local - day};
  std::array<char, 64> buffer{};
  const int length = std::snprintf(
      buffer.data(), buffer.size(), "%s %2u %02d:%02d:%02d", months[static_cast<unsigned>(date.month()) - 1],
      static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return {buffer.data(), static_cast<std::size_t>(length)};
}

// RFC 3164 section 4.1: with the host's name on its way over a network, without it on the local socket.
std::string head_3164(const Header& header, const AlertOptions& options, bool with_host) {
  return '<' + std::to_string(priority(options, header.severity)) + '>' +
         old_timestamp(header.time, options.utc_offset_minutes) + ' ' +
         (with_host ? header_host(options, 255) + ' ' : std::string{}) + "sekimori[" +
         std::to_string(getpid()) + "]: ";
}

Rendered assemble_3164(const Header& header, std::vector<Parameter> parameters, const std::string& message,
                       const AlertOptions& options, const SyslogShape& shape) {
  const std::size_t message_max = shape.message_max;
  std::string out = head_3164(header, options, shape.with_host) + "msgid=" + std::string{header.message_id};
  if (header.sequence != 0) out += " seq=" + std::to_string(header.sequence);
  std::size_t data = 0;
  for (const Parameter& parameter : parameters) data += plain_length(parameter);
  constexpr std::string_view cut_mark = " trunc=1";
  const bool cut = out.size() + data + 1 + message.size() > message_max;
  if (cut) {
    const std::size_t fixed = out.size() + cut_mark.size() + std::min(1 + message.size(), message_max / 2);
    shorten(parameters, message_max > fixed ? message_max - fixed : 0, plain_length);
  }
  for (const Parameter& parameter : parameters) out += ' ' + plain_pair(parameter);
  if (cut) out += cut_mark;
  if (out.size() + 1 < message_max) {
    const std::string_view kept = utf8_cut(message, message_max - out.size() - 1);
    if (!kept.empty()) out += ' ';
    out += kept;
  }
  return {std::move(out), cut};
}

Header header_of(const AlertMessage& message) {
  return {message.severity, message.time, message.message_id, message.sequence};
}

}  // namespace

AlertMessage message_of(const AlertRecord& record, const AlertOptions& options) {
  return {.sequence = record.sequence,
          .time = record.time,
          .severity = record.severity,
          .message_id =
              std::string{record.notice != nullptr ? notice_message_id(record) : message_id(record.kind)},
          .kind = std::string{alert_kind_name(record.kind)},
          .incident = incident_id(record),
          .parameters = parameters(record, options),
          .text = alert_text(record, options),
          .eve = to_line(alert_event(record, options)),
          .resume = resume_of(record)};
}

AlertMessage message_of(const LossNotice& notice, const AlertOptions& options) {
  AlertMessage out;
  out.time = notice.time;
  out.severity = policy::Severity::error;
  out.message_id = "HEALTH";
  out.kind = "alerts-lost";
  out.parameters = {{"kind", "alerts-lost", 0},
                    {"lost", std::to_string(notice.lost), 0},
                    {"destination", std::string{utf8_cut(printable(notice.destination), 40)}, 1}};
  out.text = loss_text(notice, options);
  out.eve = to_line(loss_event(notice, options));
  return out;
}

Rendered syslog_message(const AlertMessage& message, const AlertOptions& options, const SyslogShape& shape) {
  const Header header = header_of(message);
  if (shape.body == SyslogBody::cef) {
    const std::string front = shape.rfc3164 ? head_3164(header, options, shape.with_host)
                                            : front_5424(header, message, options, shape.message_max);
    return assemble_cef(message, options, front, shape.message_max);
  }
  return shape.rfc3164 ? assemble_3164(header, message.parameters, message.text, options, shape)
                       : assemble_5424(header, message.parameters, message.text, options, shape.message_max);
}

std::string syslog_5424(const AlertMessage& message, const AlertOptions& options, std::size_t message_max) {
  return syslog_message(message, options, {.message_max = message_max}).bytes;
}

std::string syslog_3164(const AlertMessage& message, const AlertOptions& options, std::size_t message_max) {
  return syslog_message(message, options, {.message_max = message_max, .rfc3164 = true}).bytes;
}

std::string syslog_5424(const AlertRecord& record, const AlertOptions& options, std::size_t message_max) {
  return syslog_5424(message_of(record, options), options, message_max);
}

std::string syslog_3164(const AlertRecord& record, const AlertOptions& options, std::size_t message_max) {
  return syslog_3164(message_of(record, options), options, message_max);
}

}  // namespace sekimori::daemon
