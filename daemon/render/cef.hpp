// Common Event Format: the body of a syslog message for a SIEM that knows no other.
#pragma once

#include <cstddef>
#include <string>

#include "daemon/options.hpp"
#include "daemon/render/alert_message.hpp"

namespace sekimori::daemon {

// "CEF:0|sekimori|sekimorid|0.1.0|sanitiser-bypass|forbid: lgwan -> internet|7|rt=... src=... msg=...": the
// fields are those of docs/ALERTS.md. At most `octets_max`: the least needed fields go first, then the end of
// `msg`, on a character border; then `cut` is set and sekimoriTrunc=1 says so. `host`: the sensor's, as in
// the syslog header.
std::string cef(const AlertMessage& message, const AlertOptions& options, const std::string& host,
                std::size_t octets_max, bool& cut);

}  // namespace sekimori::daemon
