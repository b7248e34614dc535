#include "daemon/behaviour/self_test.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <iostream>

#include "daemon/control/query.hpp"
#include "daemon/render.hpp"
#include "policy/text/text.hpp"
#include "tools/sekimori/commands.hpp"
#include "tools/sekimori/table.hpp"

namespace sekimori::tool {
namespace {

namespace json = boost::json;
using daemon::SelfTestKind;
using daemon::SelfTestResult;
using Outcome = SelfTestResult::Outcome;

std::vector<SelfTestKind> read_kinds(const Arguments& arguments) {
  if (arguments.operands().empty()) return {SelfTestKind::bulk, SelfTestKind::scan, SelfTestKind::service};
  std::vector<SelfTestKind> kinds;
  for (const std::string& word : arguments.operands()) {
    bool known = false;
    for (const SelfTestKind kind : {SelfTestKind::bulk, SelfTestKind::scan, SelfTestKind::service}) {
      if (daemon::self_test_kind_word(kind) != word) continue;
      known = true;
      if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
    }
    if (known) continue;
    throw UsageError(say(Text::self_test_bad_kind, arguments.language(), {{"value", printable(word)}}),
                     daemon::suggestion(word, {"bulk", "scan", "service"}, arguments.language()));
  }
  return kinds;
}

Text words_of(SelfTestKind kind) {
  switch (kind) {
    case SelfTestKind::bulk:
      return Text::self_test_kind_bulk;
    case SelfTestKind::scan:
      return Text::self_test_kind_scan;
    case SelfTestKind::service:
      break;
  }
  return Text::self_test_kind_service;
}

Text words_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::works:
      return Text::self_test_works;
    case Outcome::silent:
      return Text::self_test_silent;
    case Outcome::early:
      return Text::self_test_early;
    case Outcome::no_way:
      return Text::self_test_no_way;
    case Outcome::not_set:
      break;
  }
  return Text::self_test_not_set;
}

// Asked for everything, a body is not told off for what it has not set up; asked for it by name, it is.
bool good(const SelfTestResult& result, bool by_name) {
  return result.outcome == Outcome::works || (result.outcome == Outcome::not_set && !by_name);
}

}  // namespace

int run_self_test(const Arguments& arguments) {
  const std::vector<SelfTestKind> kinds = read_kinds(arguments);
  const Loaded loaded = load(arguments.get("--config").value_or(""), arguments);
  if (!loaded.policy) return tell_mistakes(loaded, arguments.language());
  const daemon::AlertOptions& alerts = loaded.config.daemon.alerts;
  const Language language = alerts.language;
  const Time now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  const std::vector<SelfTestResult> results = daemon::self_test(loaded.policy, alerts, kinds, now);

  const bool by_name = !arguments.operands().empty();
  const bool all = std::all_of(results.begin(), results.end(),
                               [&](const SelfTestResult& result) { return good(result, by_name); });
  const bool any = std::any_of(results.begin(), results.end(),
                               [](const SelfTestResult& result) { return result.outcome == Outcome::works; });
  const bool passed = all && any;
  const std::string when = daemon::timestamp(now, alerts.utc_offset_minutes);
  const std::string who = arguments.get("--by").value_or("");
  const std::string record =
      say(Text::self_test_record, language,
          {{"time", when},
           {"result", text(passed ? Text::self_test_normal : Text::self_test_abnormal, language)},
           {"by", who.empty() ? std::string{text(Text::self_test_by_blank, language)} : printable(who)},
           {"config", loaded.name},
           {"sha256", loaded.policy->sha256()}});
  if (arguments.json()) {
    json::array list;
    for (const SelfTestResult& result : results) {
      json::array told;
      for (const daemon::AlertRecord& each : result.records)
        told.push_back(daemon::alert_event(each, alerts));
      list.push_back(json::object{{"kind", daemon::self_test_kind_word(result.kind)},
                                  {"what", result.what},
                                  {"outcome", daemon::self_test_outcome_word(result.outcome)},
                                  {"packets", result.packets},
                                  {"alerts", std::move(told)}});
    }
    std::cout << daemon::to_line(json::object{{"event_type", "self-test"},
                                              {"finding", "BULK-TEST"},
                                              {"timestamp", when},
                                              {"ok", passed},
                                              {"by", who},
                                              {"config", loaded.name},
                                              {"sha256", loaded.policy->sha256()},
                                              {"results", std::move(list)},
                                              {"text", record}})
              << '\n';
    return passed ? exit_code::good : exit_code::failed;
  }
  Table table{{{std::string(text(Text::self_test_column_kind, language))},
               {std::string(text(Text::self_test_column_what, language))},
               {std::string(text(Text::self_test_column_outcome, language))},
               {std::string(text(Text::self_test_column_packets, language)), Align::right}}};
  for (const SelfTestResult& result : results) {
    const auto mark = result.outcome == Outcome::works     ? Table::Mark::good
                      : result.outcome == Outcome::not_set ? Table::Mark::faint
                                                           : Table::Mark::bad;
    table.add({std::string(text(words_of(result.kind), language)),
               result.what,
               {std::string(text(words_of(result.outcome), language)), mark},
               grouped(result.packets)});
  }
  std::cout << table.to_string(wants_colour(1)) << '\n';
  for (const SelfTestResult& result : results) {
    for (const daemon::AlertRecord& each : result.records) {
      std::cout << text(Text::self_test_drill, language) << daemon::alert_text(each, alerts) << '\n';
    }
  }
  std::cout << '\n' << record << '\n';
  return passed ? exit_code::good : exit_code::failed;
}

}  // namespace sekimori::tool
