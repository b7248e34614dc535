// `sekimori alert-test`: one marked line of each severity to one destination or to all, and what became of
// it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "daemon/alert/sinks.hpp"
#include "daemon/options.hpp"

namespace sekimori::daemon {

inline constexpr std::chrono::milliseconds drill_patience{5000};

// `destination`: the name of one; empty: all. Answers on the io thread as soon as every line is taken or
// refused, or when the patience is over; lines that still wait then are withdrawn.
//
//   {"complete": every line was taken, "lines": [{"destination", "severity", "octets", "bytes", "state":
//    "accepted" | "waiting" | "refused"}], "troubles": [{"destination", "trouble"}]}
//
// `bytes` is what is sent to the last octet, as a JSON string.
void run_drills(boost::asio::io_context& io, const Sinks& sinks, const std::string& destination,
                const AlertOptions& options, std::function<void(boost::json::object)> answer,
                std::chrono::milliseconds patience = drill_patience);

// The same lines without anybody who sends them: {"complete": false, "lines": [... "state": "printed"]}.
boost::json::object print_drills(const std::string& destination, const AlertOptions& options);

}  // namespace sekimori::daemon
