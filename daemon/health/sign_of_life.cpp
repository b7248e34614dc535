#include "daemon/health/sign_of_life.hpp"

#include <utility>

#include "daemon/render.hpp"
#include "daemon/render/notice.hpp"
#include "daemon/render/words.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

namespace json = boost::json;

json::string string(std::string_view text) {
  return json::string{text.data(), text.size()};
}

struct Sums {
  std::uint64_t packets = 0;
  std::uint64_t flows = 0;
  std::uint64_t forbidden = 0;
};

Sums sums_of(const Matrix& matrix) {
  Sums sums;
  for (const PairTotals& pair : matrix) {
    sums.packets += pair.packets;
    sums.flows += pair.flows;
    sums.forbidden += pair.flows_forbidden;
  }
  return sums;
}

// The pairs that carried something, in the order of the matrix.
json::array pairs_of(const Matrix& matrix, const policy::Policy& policy) {
  json::array out;
  const auto& segments = policy.segments();
  for (std::size_t pair = 0; pair < matrix.size(); ++pair) {
    const PairTotals& totals = matrix[pair];
    const auto from = policy::from_of(static_cast<policy::PairId>(pair));
    const auto to = policy::to_of(static_cast<policy::PairId>(pair));
    if (totals.packets == 0 || from >= segments.size() || to >= segments.size()) continue;
    out.push_back(json::object{{"from", segments[from].id},
                               {"to", segments[to].id},
                               {"packets", totals.packets},
                               {"flows", totals.flows},
                               {"flows_forbidden", totals.flows_forbidden}});
  }
  return out;
}

json::array taps_of(const Vitals& vitals) {
  json::array out;
  for (const TapVitals& tap : vitals.taps) {
    out.push_back(json::object{{"name", tap.name},
                               {"interface", tap.interface},
                               {"up", tap.health == capture::SourceHealth::running},
                               {"received", tap.counters.received},
                               {"dropped_kernel", tap.counters.dropped_kernel},
                               {"dropped_interface", tap.counters.dropped_interface}});
  }
  return out;
}

std::string_view synchronised_name(Synchronised state) {
  switch (state) {
    case Synchronised::yes:
      return "yes";
    case Synchronised::no:
      return "no";
    case Synchronised::unknown:
      return "unknown";
  }
  return "";
}

AlertMessage message(const char* message_id, const char* kind, const Life& life, const Vitals& vitals,
                     const policy::Policy& policy, const AlertOptions& options) {
  const Sums sums = sums_of(vitals.matrix);
  AlertMessage out;
  out.time = life.time;
  out.severity = policy::Severity::info;
  out.message_id = message_id;
  out.kind = kind;
  const auto add = [&out](const char* name, std::string value, std::uint8_t rank) {
    if (!value.empty()) out.parameters.push_back({name, std::move(value), rank});
  };
  add("kind", kind, 0);
  add("beat", life.beat == 0 ? std::string{} : std::to_string(life.beat), 0);
  add("ok", life.warnings == 0 ? "1" : "0", 0);
  add("warnings", std::to_string(life.warnings), 1);
  add("packets", std::to_string(sums.packets), 1);
  add("flows", std::to_string(sums.flows), 1);
  add("flows_forbidden", std::to_string(sums.forbidden), 1);
  add("lost", std::to_string(life.lost), 1);
  add("lines", std::to_string(life.lines), 2);
  add("generation", std::to_string(policy.generation()), 3);
  add("policy_sha256", policy.sha256(), 3);
  add("journal_head", vitals.outlets.journal.head, 3);
  add("org", options.organisation, 4);
  add("site", options.site, 4);
  add("sensor", options.sensor, 4);
  return out;
}

// The same as one EVE object.
std::string eve_of(const AlertMessage& message, const Vitals& vitals, const policy::Policy& policy,
                   const AlertOptions& options) {
  json::object ours{{"v", 1}};
  for (const AlertParameter& parameter : message.parameters) ours[parameter.name] = parameter.value;
  ours["severity"] = string(severity_name(message.severity));
  if (message.sequence != 0) ours["sequence"] = message.sequence;
  ours["taps"] = taps_of(vitals);
  ours["pairs"] = pairs_of(vitals.matrix, policy);
  ours["clock_synchronised"] = string(synchronised_name(vitals.synchronised));
  ours["text"] = message.text;
  return json::serialize(json::object{{"timestamp", timestamp(message.time, options.utc_offset_minutes)},
                                      {"event_type", "health"},
                                      {"sekimori", std::move(ours)}});
}

std::string_view state_of(const Life& life, Language language) {
  return text(life.warnings == 0 ? Text::health_good : Text::health_bad, language);
}

}  // namespace

AlertMessage heartbeat_message(const Life& life, const Vitals& vitals, const policy::Policy& policy,
                               const AlertOptions& options) {
  AlertMessage out = message("HEARTBEAT", "heartbeat", life, vitals, policy, options);
  const Sums sums = sums_of(vitals.matrix);
  out.text = say(Text::health_heartbeat, options.language,
                 {{"state", state_of(life, options.language)},
                  {"packets", std::to_string(sums.packets)},
                  {"flows", std::to_string(sums.flows)},
                  {"drops", std::to_string(life.lost)},
                  {"exceptions", std::to_string(policy.options().exceptions.size())},
                  {"warnings", std::to_string(life.warnings)}});
  out.eve = eve_of(out, vitals, policy, options);
  return out;
}

AlertMessage digest_message(const std::string& day, std::uint64_t sequence, const Life& life,
                            const Vitals& vitals, const policy::Policy& policy, const AlertOptions& options) {
  AlertMessage out = message("DIGEST", "digest", life, vitals, policy, options);
  out.sequence = sequence;
  out.parameters.insert(out.parameters.begin() + 1, {"day", day, 0});
  const Sums sums = sums_of(vitals.matrix);
  out.text = say(Text::health_digest, options.language,
                 {{"day", day},
                  {"state", state_of(life, options.language)},
                  {"packets", std::to_string(sums.packets)},
                  {"flows", std::to_string(sums.flows)},
                  {"forbidden", std::to_string(sums.forbidden)},
                  {"drops", std::to_string(life.lost)},
                  {"lines", std::to_string(life.lines)},
                  {"warnings", std::to_string(life.warnings)}});
  out.eve = eve_of(out, vitals, policy, options);
  return out;
}

json::object health_json(const Notices& notices, const Vitals& vitals, const AlertOptions& options) {
  json::array open;
  for (const auto& notice : notices.current()) {
    const NoticeRow& row = notice_row(notice->kind);
    if (row.category != NoticeCategory::health || row.life != NoticeLife::state) continue;
    open.push_back(json::object{{"code", string(row.code)},
                                {"subject", notice->subject},
                                {"severity", string(severity_name(notice->severity.value_or(row.severity)))},
                                {"time", timestamp(notice->time, options.utc_offset_minutes)},
                                {"seen", notice_sentence(*notice, row.seen, options.language)},
                                {"do", notice_sentence(*notice, row.asked, options.language)}});
  }
  json::array files;
  for (const FileVitals& file : vitals.files) {
    files.push_back(json::object{{"path", file.path}, {"running", file.running}, {"found", file.found}});
  }
  const bool ok = open.empty();
  return {{"ok", ok},
          {"state", string(text(ok ? Text::health_good : Text::health_bad, options.language))},
          {"open", std::move(open)},
          {"taps", taps_of(vitals)},
          {"clock_synchronised", string(synchronised_name(vitals.synchronised))},
          {"files", std::move(files)}};
}

}  // namespace sekimori::daemon
