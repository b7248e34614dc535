// An alert as every destination can write it, made once when it is told: plain text and figures, no policy.
// So it can be kept on disk and delivered after a restart, when the policy that judged is long gone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/messages.hpp"
#include "daemon/options.hpp"

namespace sekimori::daemon {

// One parameter of the structured data: printable, cut to a bearable length. `rank`: 0 always stays; of the
// others the greatest goes first when a message is too long.
struct AlertParameter {
  std::string name{};
  std::string value{};
  std::uint8_t rank = 0;
  bool operator==(const AlertParameter&) const = default;
};

struct AlertMessage {
  std::uint64_t sequence = 0;  // AlertRecord::sequence; 0 = none
  Time time{};                 // packet time of the event
  policy::Severity severity = policy::Severity::warning;
  std::string message_id{};  // syslog's MSGID: VIOLATION, VIOLATION-UPDATE...
  std::string kind{};        // alert_kind_name()
  std::string incident{};    // incident_id()
  std::vector<AlertParameter> parameters{};
  std::string text{};    // for people, in the language of that time
  std::string eve{};     // the EVE JSON object in one line, without its newline
  std::string resume{};  // what an open incident needs to go on after a restart; empty: nothing to resume
  bool operator==(const AlertMessage&) const = default;
};

AlertMessage message_of(const AlertRecord& record, const AlertOptions& options);

}  // namespace sekimori::daemon
