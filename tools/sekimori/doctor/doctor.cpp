// sekimori doctor: what to look at before calling the vendor.
#include <algorithm>
#include <iostream>

#include "daemon/build_policy.hpp"
#include "daemon/render.hpp"
#include "policy/proof/check.hpp"
#include "tools/sekimori/client.hpp"
#include "tools/sekimori/commands.hpp"
#include "tools/sekimori/doctor/findings.hpp"
#include "tools/sekimori/events.hpp"
#include "tools/sekimori/fetch.hpp"
#include "tools/sekimori/table.hpp"

namespace sekimori::tool {
namespace doctor {
namespace {

namespace json = boost::json;

constexpr const char* usual_config = "/etc/sekimori/sekimori.yaml";
// Nobody waits half a minute for a doctor.
constexpr std::chrono::milliseconds patience{5000};

void look_at_config(const Loaded& loaded, Findings& findings) {
  if (!loaded.mistakes.empty()) {
    const std::string count = std::to_string(loaded.mistakes.size());
    findings.tell(Level::bad, "config", loaded.name, Text::doctor_config_bad, Text::doctor_config_bad_do,
                  {{"file", loaded.name}, {"count", count}, {"first", loaded.mistakes.front()}});
    return;
  }
  policy::CheckOptions options;
  options.now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  options.manner = {findings.language(), loaded.config.daemon.alerts.utc_offset_minutes};
  std::vector<policy::Remark> remarks = policy::check(loaded.policy->compiled(), options);
  remarks.erase(std::remove_if(remarks.begin(), remarks.end(),
                               [](const auto& each) { return each.level == policy::Remark::Level::note; }),
                remarks.end());
  if (remarks.empty()) {
    findings.ok("config", loaded.name, Text::doctor_config_good, {{"file", loaded.name}});
    return;
  }
  const auto worst = std::min_element(remarks.begin(), remarks.end(), [](const auto& a, const auto& b) {
    return (a.level == policy::Remark::Level::error) > (b.level == policy::Remark::Level::error);
  });
  const bool wrong = worst->level == policy::Remark::Level::error;
  const std::string count = std::to_string(remarks.size());
  findings.tell(wrong ? Level::bad : Level::look, "config", loaded.name, Text::doctor_config_remarks,
                Text::doctor_config_remarks_do,
                {{"file", loaded.name}, {"count", count}, {"first", worst->message}});
}

// Why there is no answer.
struct Silence {
  std::string why{};
  bool refused = false;  // this user may not ask
};

std::optional<json::object> question(const std::string& socket, const char* target, Language language,
                                     Silence& silence) {
  try {
    const Response response =
        ask({.socket = socket, .post = false, .target = target, .language = language, .timeout = patience});
    boost::system::error_code broken;
    json::value value = json::parse(response.body, broken);
    // Health that is not "ok" is an answer as well, and has a status of its own.
    if (!broken && value.is_object() && !value.get_object().contains("error")) {
      return std::move(value.get_object());
    }
    silence = {"HTTP " + std::to_string(response.status), response.status == 403};
  } catch (const ClientError& error) {
    silence = {error.what(), error.kind() == Unanswered::forbidden};
  }
  return std::nullopt;
}

void tell_silence(const std::string& socket, const Silence& silence, Findings& findings) {
  const std::vector<TextArgument> words{{"socket", socket}, {"why", silence.why}};
  if (silence.refused) {
    findings.tell(Level::look, "daemon", socket, Text::doctor_daemon_refused, Text::doctor_daemon_refused_do,
                  words);
  } else {
    findings.tell(Level::bad, "daemon", socket, Text::doctor_daemon_absent, Text::doctor_daemon_absent_do,
                  words);
  }
}

// What the daemon itself complains of, in its own words.
void look_at_daemon(const json::object& health, Findings& findings) {
  const json::value* open = find(health, {"open"});
  if (open == nullptr || !open->is_array() || open->get_array().empty()) {
    findings.ok("daemon", "", Text::doctor_daemon_good, {});
    return;
  }
  for (const json::value& each : open->get_array()) {
    if (!each.is_object()) continue;
    const json::object& notice = each.get_object();
    const std::string severity = word(notice, {"severity"});
    const bool grave = severity == "error" || severity == "critical" || severity == "alert";
    findings.add({grave ? Level::bad : Level::look, "daemon",
                  word(notice, {"code"}) + ":" + word(notice, {"subject"}), word(notice, {"seen"}),
                  word(notice, {"do"})});
  }
}

std::string_view level_name(Level level) {
  if (level == Level::ok) return "ok";
  return level == Level::look ? "look" : "bad";
}

std::string level_words(Level level, Language language) {
  const Text id = level == Level::ok     ? Text::doctor_level_ok
                  : level == Level::look ? Text::doctor_level_look
                                         : Text::doctor_level_bad;
  return std::string(text(id, language));
}

std::size_t count_of(const Findings& findings, Level level) {
  return static_cast<std::size_t>(std::count_if(findings.rows().begin(), findings.rows().end(),
                                                [&](const Finding& row) { return row.level == level; }));
}

json::object json_of(const Findings& findings) {
  json::array rows;
  for (const Finding& row : findings.rows()) {
    rows.push_back(json::object{{"level", level_name(row.level)},
                                {"topic", row.topic},
                                {"subject", row.subject},
                                {"seen", row.seen},
                                {"do", row.advice}});
  }
  return {{"ok", findings.worst() == Level::ok},
          {"worst", level_name(findings.worst())},
          {"findings", std::move(rows)}};
}

void print(const Findings& findings) {
  const Language language = findings.language();
  constexpr std::size_t width = 8;
  for (const Finding& row : findings.rows()) {
    std::cout << padded(level_words(row.level, language), width) << printable(row.seen) << '\n';
    if (!row.advice.empty()) std::cout << std::string(width, ' ') << "→ " << printable(row.advice) << '\n';
  }
  std::cout << say(Text::doctor_totals, language,
                   {{"good", std::to_string(count_of(findings, Level::ok))},
                    {"look", std::to_string(count_of(findings, Level::look))},
                    {"bad", std::to_string(count_of(findings, Level::bad))}})
            << '\n';
  if (findings.worst() == Level::ok) std::cout << text(Text::doctor_nothing, language) << '\n';
}

}  // namespace

Level Findings::worst() const {
  Level out = Level::ok;
  for (const Finding& row : rows_) out = std::max(out, row.level);
  return out;
}

}  // namespace doctor

int run_doctor(const Arguments& arguments) {
  using namespace doctor;
  const Loaded loaded = load(arguments.get("--config").value_or(usual_config), arguments);
  const bool readable = loaded.mistakes.empty();
  const bool own = readable && !arguments.language_chosen();
  Findings findings{own ? loaded.config.daemon.alerts.language : arguments.language()};
  look_at_config(loaded, findings);
  const std::string socket =
      socket_path(arguments, readable ? loaded.config.daemon.control.path : std::string{});
  Silence silence;
  const auto health = question(socket, "/v1/health", findings.language(), silence);
  health ? look_at_daemon(*health, findings) : tell_silence(socket, silence, findings);
  look_at_control(socket, readable ? loaded.config.daemon.control.group : std::string{}, health.has_value(),
                  findings);
  const auto status = health ? question(socket, "/v1/status", findings.language(), silence) : std::nullopt;
  if (readable) {
    look_at_taps(loaded.config, findings);
    look_at_outlets(loaded.config, status, findings);
    look_at_files(loaded.config, findings);
  }
  look_at_machine(loaded.config, findings);
  if (arguments.json()) {
    std::cout << daemon::to_line(json_of(findings)) << '\n';
  } else {
    print(findings);
  }
  return static_cast<int>(findings.worst());
}

}  // namespace sekimori::tool
