// How flows, alerts, books and the matrix are written: EVE JSON, text for people, RFC 5424 for syslog.
// Machine fields are ASCII English; only `text` and the syslog MSG speak the configured language.
#pragma once

#include <array>
#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "daemon/messages.hpp"
#include "daemon/options.hpp"
#include "daemon/render/alert_message.hpp"

namespace sekimori::daemon {

// 2026-04-01T09:12:03.482915+09:00 (RFC 3339, microseconds).
std::string timestamp(Time time, int utc_offset_minutes);
// Community ID v1 with seed 0.
std::string community_id(const capture::Tuple& tuple);
std::string incident_id(const IpAddress& initiator, policy::PairId pair, Time opened,
                        std::string_view domain = {});
std::string incident_id(const AlertRecord& record);

// EVE `flow` and `alert` events (names of Suricata's schema; all of ours under "sekimori"). `passage`: see
// daemon/alert/coverage.hpp.
boost::json::object flow_event(const capture::FlowFacts& facts, const policy::Verdict& verdict,
                               const policy::Policy& policy, const capture::Passage& passage,
                               capture::EndReason reason, const AlertOptions& options);
boost::json::object alert_event(const AlertRecord& record, const AlertOptions& options);
// EVE `stats` event: closes the books.
// The members of a `stats` event's "stats" and of status' "packets". `in_flows`: how packets_in_flows is
// called there.
boost::json::object books_object(const Books& books, std::string_view in_flows);
boost::json::object stats_event(const Books& books, const AlertOptions& options, Time last);
boost::json::object matrix_event(const Matrix& matrix, const policy::Policy& policy);
// The `sekimori` object that both flow and alert events carry: segments, stage, verdict, cell, reasons,
// clauses, initiator evidence, near miss, policy generation and digest.
boost::json::object judgement(const capture::FlowFacts& facts, const policy::Verdict& verdict,
                              const policy::Policy& policy);

// A destination could not take `lost` records between two moments; it hears of it when it takes records
// again.
struct LossNotice {
  Time time{};   // now; the only time here that is not packet time
  Time since{};  // of the first that was lost
  std::uint64_t lost = 0;
  std::string destination{};
};
boost::json::object loss_event(const LossNotice& notice, const AlertOptions& options);
std::string loss_text(const LossNotice& notice, const AlertOptions& options);
AlertMessage message_of(const LossNotice& notice, const AlertOptions& options);

// Compact JSON in one line, with invalid UTF-8 replaced and no newline inside. Numbers are written in full,
// never as 1E-1.
std::string to_line(const boost::json::value& value);

// One alert for people: 【領域間不許可通信】... with clause, nearest miss and what is asked for.
std::string alert_text(const AlertRecord& record, const AlertOptions& options);
// The same with time, severity and incident in front: a line of a text file or of a terminal.
std::string alert_line(const AlertRecord& record, const AlertOptions& options);
std::string alert_line(const AlertMessage& message, const AlertOptions& options);
// What a verdict means, in sentences; also used by `sekimori explain`.
std::string verdict_text(const capture::FlowFacts& facts, const policy::Verdict& verdict,
                         const policy::Policy& policy, Language language);

struct Rendered {
  std::string bytes{};
  bool cut = false;  // something was left out to keep the limit; the message says so as well
};
// How a syslog message is written.
struct SyslogShape {
  std::size_t message_max = 2048;  // octets
  bool rfc3164 = false;            // the older form, whose MSG has key=value before the text
  bool with_host = false;          // in the older form: it goes over a network
  SyslogBody body = SyslogBody::text;
};
Rendered syslog_message(const AlertMessage& message, const AlertOptions& options, const SyslogShape& shape);

// What a destination is sent for a message: a syslog message, or a line of a file. Without framing().
Rendered render_for(const DestinationOptions& destination, const AlertMessage& message,
                    const AlertOptions& options);
// The same as it leaves on a byte stream: its length in front, or a line feed behind it.
std::string framed(const DestinationOptions& destination, const std::string& bytes);

// A line of `sekimori alert-test`: marked in text (【試験】), MSGID (TEST), event_type (test) and kind
// (test), so that nothing counts it as an incident. `number` of `count`.
AlertMessage drill_message(policy::Severity severity, std::uint32_t number, std::uint32_t count, Time now,
                           const AlertOptions& options);
// The severities that sekimori sends, gravest first: one drill each.
inline constexpr std::array drill_severities{policy::Severity::alert,  policy::Severity::critical,
                                             policy::Severity::error,  policy::Severity::warning,
                                             policy::Severity::notice, policy::Severity::info};

// One RFC 5424 message without framing; at most `message_max` octets, cut on a character border.
std::string syslog_5424(const AlertRecord& record, const AlertOptions& options, std::size_t message_max);
std::string syslog_5424(const AlertMessage& message, const AlertOptions& options, std::size_t message_max);
// RFC 3164 form for local sockets whose receiver parses nothing newer; key=value text in MSG.
std::string syslog_3164(const AlertRecord& record, const AlertOptions& options, std::size_t message_max);
std::string syslog_3164(const AlertMessage& message, const AlertOptions& options, std::size_t message_max);

}  // namespace sekimori::daemon
