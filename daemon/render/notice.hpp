// How a notice is written. Inside of daemon/render only; outside, render.hpp writes every record.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/alert/notice.hpp"
#include "daemon/messages.hpp"
#include "daemon/options.hpp"
#include "daemon/render/alert_message.hpp"

namespace sekimori::daemon {

// The reasons of the notice's row that the policy's profile knows, and their clauses, each once.
std::vector<const policy::Reason*> notice_reasons(const AlertRecord& record);
std::vector<const policy::Clause*> notice_clauses(const AlertRecord& record);

// The record carries a notice in all of these.
// One of the notice's two texts with its facts: what was seen, or what is asked for.
std::string notice_sentence(const Notice& notice, Text id, Language language);
std::string notice_text(const AlertRecord& record, const AlertOptions& options);
boost::json::object notice_event(const AlertRecord& record, const AlertOptions& options);

std::vector<AlertParameter> notice_parameters(const AlertRecord& record, const AlertOptions& options);
std::string_view notice_message_id(const AlertRecord& record);  // "FINDING", "HEALTH-CLOSE"...

}  // namespace sekimori::daemon
