#include "daemon/replay.hpp"

#include <sched.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <iostream>
#include <set>
#include <string>
#include <utility>

#include "capture/source/source.hpp"
#include "daemon/behaviour/behaviour_watch.hpp"
#include "daemon/behaviour/services_json.hpp"
#include "daemon/control/query.hpp"
#include "daemon/render.hpp"
#include "policy/text/system_words.hpp"
#include "policy/text/text.hpp"
#include "tools/sekimori/commands.hpp"
#include "tools/sekimori/events.hpp"
#include "tools/sekimori/services.hpp"

namespace sekimori::tool {
namespace {

struct Emit {
  bool alerts = false;
  bool flows = false;
  bool stats = false;
  bool matrix = false;
  bool services = false;
  bool memory = false;
};

Emit read_emit(const Arguments& arguments) {
  const std::vector<std::string> kinds = arguments.all("--emit");
  if (kinds.empty()) return {.alerts = true, .matrix = true};
  Emit emit;
  for (const std::string& kind : kinds) {
    if (kind == "alerts") {
      emit.alerts = true;
    } else if (kind == "flows") {
      emit.flows = true;
    } else if (kind == "stats") {
      emit.stats = true;
    } else if (kind == "matrix") {
      emit.matrix = true;
    } else if (kind == "services") {
      emit.services = true;
    } else if (kind == "memory") {
      emit.memory = true;
    } else {
      throw UsageError(
          say(Text::tool_bad_word, arguments.language(), {{"option", "--emit"}, {"value", kind}}),
          daemon::suggestion(kind, {"alerts", "flows", "stats", "matrix", "services", "memory"},
                             arguments.language()));
    }
  }
  return emit;
}

bool read_eve(const Arguments& arguments) {
  const std::string format = arguments.get("--format").value_or(arguments.json() ? "eve" : "text");
  if (format != "text" && format != "eve") {
    throw UsageError(
        say(Text::tool_bad_word, arguments.language(), {{"option", "--format"}, {"value", format}}),
        daemon::suggestion(format, {"text", "eve"}, arguments.language()));
  }
  if (arguments.json() && format != "eve") {
    throw UsageError(say(Text::tool_json_and_text, arguments.language()), {});
  }
  return format == "eve";
}

class Printer final : public daemon::ReplayOutput {
 public:
  Printer(const policy::Policy& policy, const daemon::AlertOptions& options, Emit emit, bool eve)
      : policy_(policy), options_(options), emit_(emit), eve_(eve) {}

  void alert(const daemon::AlertRecord& record) override {
    if (record.severity < policy::Severity::notice) count(record);
    if (!emit_.alerts) return;
    if (eve_) {
      line(daemon::alert_event(record, options_));
    } else {
      std::cout << daemon::alert_line(record, options_) << '\n';
    }
  }

  void behaviour(const daemon::BehaviourWatch& watch) override {
    if (!emit_.services) return;
    services_ = daemon::services_event(watch.services(), policy_, options_);
  }

  void flow(const capture::FlowFacts& facts, const policy::Verdict& verdict, const capture::Passage& passage,
            capture::EndReason reason) override {
    if (!emit_.flows) return;
    const boost::json::object event = daemon::flow_event(facts, verdict, policy_, passage, reason, options_);
    if (eve_) return line(event);
    // Flows pour out as they come, so columns get their usual width instead of the widest of all rows.
    static constexpr Widths widths{19, 5, 21, 21, 24, 8, 10, 7, 11, 17, 0};
    const std::vector<Table::Column> columns = flow_columns(options_.language);
    if (!std::exchange(headed_, true)) {
      std::vector<Table::Cell> headings;
      for (const Table::Column& column : columns) headings.emplace_back(column.heading);
      row(headings, columns, widths);
    }
    row(flow_cells(event, options_.language), columns, widths);
  }

  void close(const daemon::ReplayResult& result) const {
    if (emit_.stats) {
      const boost::json::object stats = daemon::stats_event(result.books, options_, result.last);
      if (eve_) {
        line(stats);
      } else {
        std::cout << books_text(stats.at("stats").as_object(), options_.language);
      }
    }
    if (emit_.memory) {
      const boost::json::object memory = daemon::memory_json(result.memory);
      if (eve_) {
        line({{"event_type", "memory"}, {"memory", memory}});
      } else {
        std::cout << text(Text::tool_status_memory, options_.language) << ": "
                  << memory_text(memory, options_.language) << '\n';
      }
    }
    if (emit_.services) {
      if (eve_) {
        line(services_);
      } else {
        std::cout << '\n' << services_text(services_, options_.language, wants_colour(1));
      }
    }
    if (emit_.matrix) {
      const boost::json::object matrix = daemon::matrix_event(result.matrix, policy_);
      if (eve_) {
        line(matrix);
      } else {
        std::cout << '\n' << matrix_text(matrix, options_.language, wants_colour(1));
      }
    }
  }

  // Told as a warning or worse, each once however often; whether or not alerts are emitted.
  std::size_t findings() const { return incidents_ + notices_.size(); }

 private:
  using Widths = std::array<std::size_t, 11>;

  static void line(const boost::json::object& event) { std::cout << daemon::to_line(event) << '\n'; }

  static void row(const std::vector<Table::Cell>& cells, const std::vector<Table::Column>& columns,
                  const Widths& widths) {
    std::string out;
    for (std::size_t i = 0; i < cells.size() && i < widths.size(); ++i) {
      if (i != 0) out.append("  ");
      out.append(padded(printable(cells[i].text), widths[i], columns[i].align));
    }
    std::cout << out.substr(0, out.find_last_not_of(' ') + 1) << '\n';
  }

  // Incidents may be as many as flows, and open once; a notice may become a warning while it is open.
  void count(const daemon::AlertRecord& record) {
    if (record.notice != nullptr) {
      notices_.insert(daemon::incident_id(record));
    } else if (record.kind == daemon::AlertKind::opened) {
      ++incidents_;
    }
  }

  const policy::Policy& policy_;
  const daemon::AlertOptions& options_;
  const Emit emit_;
  const bool eve_;
  bool headed_ = false;
  boost::json::object services_{};
  std::size_t incidents_ = 0;
  std::set<std::string> notices_{};
};

// What the last line says: a finding need not be a flow that is forbidden.
Text verdict_words(std::uint64_t forbidden_flows, std::size_t findings) {
  if (forbidden_flows != 0) return Text::tool_replay_forbidden;
  return findings != 0 ? Text::tool_replay_found : Text::tool_replay_clean;
}

Text words_of(capture::SourceFault fault) {
  switch (fault) {
    case capture::SourceFault::missing:
      return Text::tool_fault_missing;
    case capture::SourceFault::forbidden:
      return Text::tool_fault_forbidden;
    case capture::SourceFault::directory:
      return Text::tool_fault_directory;
    case capture::SourceFault::empty:
      return Text::tool_fault_empty;
    case capture::SourceFault::compressed:
      return Text::tool_fault_compressed;
    case capture::SourceFault::unknown_format:
      return Text::tool_fault_unknown_format;
    case capture::SourceFault::cut_short:
      return Text::tool_fault_cut_short;
    case capture::SourceFault::mixed_links:
      return Text::tool_fault_mixed_links;
    default:
      return Text::tool_fault_other;
  }
}

// That this process may use: a machine may have more.
bool several_processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  return ::sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) > 1;
}

}  // namespace

int run_replay(const Arguments& arguments) {
  const Emit emit = read_emit(arguments);
  const bool eve = read_eve(arguments);
  daemon::ReplayOptions options;
  options.files = arguments.operands();
  options.workers = static_cast<std::uint16_t>(whole_number(arguments, "--workers", 1, 64, 1));
  options.read_beside = several_processors();
  options.no_timeouts = arguments.has("--no-timeouts");
  options.vlan_in_key = arguments.has("--vlan-in-key");
  options.count_copies = arguments.has("--count-copies");
  options.icmp_errors_apart = arguments.has("--icmp-errors-apart");
  options.icmp_by_type = arguments.has("--icmp-by-type");
  options.outer_layers = arguments.has("--outer-layers");
  options.want_flows = emit.flows;
  options.want_memory = emit.memory;

  const Loaded loaded = load(arguments.get("--config").value_or(""), arguments);
  if (!loaded.policy) return tell_mistakes(loaded, arguments.language());
  const daemon::AlertOptions& alerts = loaded.config.daemon.alerts;
  const Language language = alerts.language;
  std::ios::sync_with_stdio(false);
  Printer printer{*loaded.policy, alerts, emit, eve};
  daemon::ReplayResult result;
  try {
    result = daemon::replay(options, loaded.config.capture, loaded.policy, alerts, printer);
  } catch (const capture::SourceError& error) {
    complain(text(words_of(error.fault()), language), retold(error.what(), language));
    return exit_code::failed;
  }
  printer.close(result);
  std::cout.flush();
  complain(say(verdict_words(result.forbidden_flows, printer.findings()), language,
               {{"packets", grouped(result.books.packets_read)},
                {"flows", grouped(result.books.flows_opened)},
                {"forbidden", grouped(result.forbidden_flows)},
                {"findings", grouped(printer.findings())},
                {"exceptions", grouped(result.exception_flows)},
                {"config", loaded.name}}));
  if (!result.readable) {
    complain(text(Text::tool_replay_broken, language), result.trouble);
    return exit_code::failed;
  }
  return result.forbidden_flows == 0 ? exit_code::good : exit_code::forbidden;
}

}  // namespace sekimori::tool
