// The commands, each in the file of its group. All return an exit code and may throw UsageError.
#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "policy/policy.hpp"
#include "tools/sekimori/arguments.hpp"

namespace sekimori::tool {

// live.cpp: questions to the daemon.
int run_status(const Arguments& arguments);
int run_health(const Arguments& arguments);  // health.cpp
int run_doctor(const Arguments& arguments);  // doctor/doctor.cpp: also without a daemon
int run_flows(const Arguments& arguments);
int run_matrix(const Arguments& arguments);
int run_alerts(const Arguments& arguments);
int run_reload(const Arguments& arguments);
// exceptions.cpp: the register, from the daemon or from a configuration.
int run_exceptions(const Arguments& arguments);
// alert_test.cpp: to the daemon, or without one.
int run_alert_test(const Arguments& arguments);
int run_services(const Arguments& arguments);
// live.cpp: keeps an incident's records.
int run_hold(const Arguments& arguments);
// journal.cpp: reads a journal's files.
int run_verify(const Arguments& arguments);
int run_incidents(const Arguments& arguments);
int run_journal_alerts(const Arguments& arguments, const std::string& folder);  // `alerts` of a journal
// The folder that the running daemon writes its journal to; empty: nobody answers, or it writes none.
std::string running_journal(const Arguments& arguments);
// replay.cpp, check.cpp, explain.cpp, diff.cpp, self_test.cpp: work without a daemon.
int run_replay(const Arguments& arguments);
int run_check(const Arguments& arguments);
int run_explain(const Arguments& arguments);
int run_diff(const Arguments& arguments);
int run_self_test(const Arguments& arguments);

// check.cpp: a configuration with its compiled policy, or every mistake in it.
struct Loaded {
  std::string name{};  // the file, or "builtin:kakuu-city"
  config::Config config{};
  std::shared_ptr<const policy::Policy> policy{};
  std::vector<std::string>
      mistakes{};  // "file:line:column: path: message"; `policy` is null when there are some
};
// `path` empty: the example city inside the program. The arguments' language wins over the file's when it was
// chosen.
Loaded load(const std::string& path, const Arguments& arguments);
// Tells the mistakes on stderr; returns exit_code::usage.
int tell_mistakes(const Loaded& loaded, Language language);

// "sekimori: message" and, indented, what to do, on stderr.
void complain(std::string_view message, std::string_view hint = {});

}  // namespace sekimori::tool
