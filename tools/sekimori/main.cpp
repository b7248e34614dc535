// sekimori: questions to a running daemon, and the same engine without one. Results go to stdout, messages to
// stderr; the exit codes are in arguments.hpp.
#include <exception>
#include <iostream>
#include <limits>
#include <string>
#include <vector>

#include "daemon/control/query.hpp"
#include "policy/text/system_words.hpp"
#include "policy/text/text.hpp"
#include "tools/sekimori/arguments.hpp"
#include "tools/sekimori/commands.hpp"

namespace sekimori::tool {
namespace {

const std::vector<Command>& commands() {
  constexpr std::size_t any = std::numeric_limits<std::size_t>::max();
  static const std::vector<Command> all{
      {"status", "", 0, 0, Text::tool_status_summary, Text::tool_status_examples, {}, run_status},
      {"health", "", 0, 0, Text::tool_health_summary, Text::tool_health_examples, {}, run_health},
      {"doctor",
       "",
       0,
       0,
       Text::tool_doctor_summary,
       Text::tool_doctor_examples,
       {{"--config", "FILE", Text::tool_option_config}},
       run_doctor},
      {"flows",
       "",
       0,
       0,
       Text::tool_flows_summary,
       Text::tool_flows_examples,
       {{"--from", "SEGMENT", Text::tool_option_from},
        {"--to", "SEGMENT", Text::tool_option_to},
        {"--segment", "SEGMENT", Text::tool_option_segment},
        {"--address", "ADDRESS", Text::tool_option_address, true},
        {"--domain", "NAME", Text::tool_option_domain},
        {"--port", "N", Text::tool_option_port},
        {"--proto", "PROTO", Text::tool_option_proto},
        {"--stage", "STAGE", Text::tool_option_stage},
        {"--verdict", "VERDICT", Text::tool_option_verdict},
        {"--sort", "KEY", Text::tool_option_sort},
        {"--limit", "N", Text::tool_option_limit}},
       run_flows},
      {"matrix", "", 0, 0, Text::tool_matrix_summary, Text::tool_matrix_examples, {}, run_matrix},
      {"alerts",
       "",
       0,
       0,
       Text::tool_alerts_summary,
       Text::tool_alerts_examples,
       {{"--since", "N", Text::tool_option_since},
        {"--until", "TIME", Text::journal_option_until},
        {"--incident", "ID", Text::tool_option_incident},
        {"--from", "SEGMENT", Text::tool_option_from},
        {"--to", "SEGMENT", Text::tool_option_to},
        {"--src", "ADDRESS", Text::journal_option_src},
        {"--severity", "WORD", Text::journal_option_severity},
        {"--finding", "WORD", Text::journal_option_finding},
        {"--journal", "DIR", Text::journal_option_folder},
        {"--limit", "N", Text::tool_option_limit}},
       run_alerts},
      {"exceptions",
       "",
       0,
       0,
       Text::tool_exceptions_summary,
       Text::tool_exceptions_examples,
       {{"--state", "STATE", Text::tool_option_state},
        {"--limit", "N", Text::tool_option_limit},
        {"--config", "FILE", Text::tool_option_register_config},
        {"--at", "TIME", Text::tool_option_register_at}},
       run_exceptions},
      {"services", "", 0, 0, Text::tool_services_summary, Text::tool_services_examples, {}, run_services},
      {"incidents",
       "",
       0,
       0,
       Text::journal_incidents_summary,
       Text::journal_incidents_examples,
       {{"--journal", "DIR", Text::journal_option_folder},
        {"--since", "TIME", Text::tool_option_since},
        {"--until", "TIME", Text::journal_option_until},
        {"--incident", "ID", Text::tool_option_incident},
        {"--from", "SEGMENT", Text::tool_option_from},
        {"--to", "SEGMENT", Text::tool_option_to},
        {"--src", "ADDRESS", Text::journal_option_src},
        {"--severity", "WORD", Text::journal_option_severity},
        {"--finding", "WORD", Text::journal_option_finding},
        {"--limit", "N", Text::tool_option_limit}},
       run_incidents},
      {"verify",
       "DIR|FILE",
       1,
       1,
       Text::journal_verify_summary,
       Text::journal_verify_examples,
       {{"--public-key", "FILE", Text::journal_option_key}, {"--head", "N:HASH", Text::journal_option_head}},
       run_verify},
      {"hold",
       "INCIDENT on|off",
       2,
       2,
       Text::journal_hold_summary,
       Text::journal_hold_examples,
       {},
       run_hold},
      {"reload", "", 0, 0, Text::tool_reload_summary, Text::tool_reload_examples, {}, run_reload},
      {"alert-test",
       "[DEST]",
       0,
       1,
       Text::tool_alert_test_summary,
       Text::tool_alert_test_examples,
       {{"--config", "FILE", Text::tool_option_config}, {"--print", "", Text::tool_option_print}},
       run_alert_test},
      {"replay",
       "FILE...",
       1,
       any,
       Text::tool_replay_summary,
       Text::tool_replay_examples,
       {{"--config", "FILE", Text::tool_option_config},
        {"--emit", "KIND", Text::tool_option_emit, true},
        {"--format", "text|eve", Text::tool_option_format},
        {"--workers", "N", Text::tool_option_workers},
        {"--no-timeouts", "", Text::tool_option_no_timeouts},
        {"--vlan-in-key", "", Text::tool_option_vlan_in_key},
        {"--count-copies", "", Text::tool_option_count_copies},
        {"--icmp-errors-apart", "", Text::tool_option_icmp_errors_apart},
        {"--icmp-by-type", "", Text::tool_option_icmp_by_type},
        {"--outer-layers", "", Text::tool_option_outer_layers}},
       run_replay},
      {"check",
       "FILE",
       1,
       1,
       Text::tool_check_summary,
       Text::check_examples,
       {{"--strict", "", Text::tool_option_strict}, {"--at", "TIME", Text::tool_option_check_at}},
       run_check},
      {"self-test",
       "[bulk|scan|service]...",
       0,
       3,
       Text::tool_self_test_summary,
       Text::tool_self_test_examples,
       {{"--config", "FILE", Text::tool_option_config}, {"--by", "ROLE", Text::tool_option_by}},
       run_self_test},
      {"explain",
       "SRC DST PROTO/PORT",
       0,
       3,
       Text::tool_explain_summary,
       Text::explain_examples,
       {{"--config", "FILE", Text::tool_option_config},
        {"--at", "TIME", Text::tool_option_at},
        {"--domain", "NAME", Text::tool_option_explain_domain},
        {"--source-mac", "MAC", Text::tool_option_source_mac},
        {"--destination-mac", "MAC", Text::tool_option_destination_mac},
        {"--incident", "ID", Text::explain_option_incident},
        {"--journal", "DIR", Text::explain_option_journal}},
       run_explain},
      {"diff",
       "OLD NEW",
       2,
       2,
       Text::tool_diff_summary,
       Text::tool_diff_examples,
       {{"--replay", "FILE", Text::tool_option_diff_replay}, {"--drafts", "", Text::tool_option_drafts}},
       run_diff},
  };
  return all;
}

int run(std::vector<std::string> words) {
  // `sekimori help flows` is what people try first.
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  const Arguments arguments = Arguments::parse(words, commands());
  if (arguments.has("--version")) {
    std::cout << "sekimori " << SEKIMORI_VERSION << '\n';
    return exit_code::good;
  }
  if (arguments.command() == nullptr) {
    const bool asked = arguments.has("--help");
    (asked ? std::cout : std::cerr) << overview(commands(), arguments.language());
    return asked ? exit_code::good : exit_code::usage;
  }
  if (arguments.has("--help")) {
    std::cout << help_of(*arguments.command(), arguments.language());
    return exit_code::good;
  }
  return arguments.command()->run(arguments);
}

}  // namespace

void complain(std::string_view message, std::string_view hint) {
  std::cerr << "sekimori: " << message << '\n';
  if (!hint.empty()) std::cerr << "  " << hint << '\n';
}

}  // namespace sekimori::tool

int main(int argc, char** argv) {
  using namespace sekimori;
  using namespace sekimori::tool;
  const std::vector<std::string> words(argv + 1, argv + argc);
  int code = exit_code::failed;
  try {
    code = run(words);
  } catch (const UsageError& error) {
    complain(error.what(), error.hint());
    return exit_code::usage;
  } catch (const std::exception& error) {
    complain(retold(error.what(), language_of(words)));
    return exit_code::failed;
  }
  // A full disk behind a redirection must not look like success.
  std::cout.flush();
  if (!std::cout) {
    complain(text(Text::tool_no_output, language_of(words)));
    return exit_code::failed;
  }
  return code;
}
