#include "daemon/health/sign_of_life.hpp"

#include <array>
#include <tuple>
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

using Pairs = std::array<PairDay, std::tuple_size_v<Matrix>>;

struct Sums {
  PairDay all{};
  std::uint64_t lost = 0;
  std::uint64_t lines = 0;
};

Pairs pairs_of(const Matrix& matrix) {
  Pairs out;
  for (std::size_t pair = 0; pair < out.size(); ++pair) {
    const PairTotals& totals = matrix[pair];
    out[pair] = {totals.packets, totals.flows, totals.flows_forbidden};
  }
  return out;
}

PairDay sum_of(const Pairs& pairs) {
  PairDay sum;
  for (const PairDay& pair : pairs) {
    sum.packets += pair.packets;
    sum.flows += pair.flows;
    sum.flows_forbidden += pair.flows_forbidden;
  }
  return sum;
}

// The pairs that carried something, in the order of the matrix.
json::array pairs_json(const Pairs& pairs, const policy::Policy& policy) {
  json::array out;
  const auto& segments = policy.segments();
  for (std::size_t pair = 0; pair < pairs.size(); ++pair) {
    const PairDay& totals = pairs[pair];
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

void add(AlertMessage& message, const char* name, std::string value, std::uint8_t rank) {
  if (!value.empty()) message.parameters.push_back({name, std::move(value), rank});
}

AlertMessage message(const char* message_id, const char* kind, const Life& life) {
  AlertMessage out;
  out.time = life.time;
  out.severity = policy::Severity::info;
  out.message_id = message_id;
  out.kind = kind;
  add(out, "kind", kind, 0);
  return out;
}

void add_state(AlertMessage& out, bool ok, const Life& life) {
  add(out, "ok", ok ? "1" : "0", 0);
  add(out, "warnings", std::to_string(life.warnings), 1);
}

void add_sums(AlertMessage& out, const Sums& sums) {
  add(out, "packets", std::to_string(sums.all.packets), 1);
  add(out, "flows", std::to_string(sums.all.flows), 1);
  add(out, "flows_forbidden", std::to_string(sums.all.flows_forbidden), 1);
  add(out, "lost", std::to_string(sums.lost), 1);
  add(out, "lines", std::to_string(sums.lines), 2);
}

void add_origin(AlertMessage& out, const Vitals& vitals, const policy::Policy& policy,
                const AlertOptions& options) {
  add(out, "generation", std::to_string(policy.generation()), 3);
  add(out, "policy_sha256", policy.sha256(), 3);
  add(out, "journal_head", vitals.outlets.journal.head, 3);
  add(out, "org", options.organisation, 4);
  add(out, "site", options.site, 4);
  add(out, "sensor", options.sensor, 4);
}

// The same as one EVE object; `more`: what only that has.
std::string eve_of(const AlertMessage& message, const json::object& more, const AlertOptions& options) {
  json::object ours{{"v", 1}};
  for (const AlertParameter& parameter : message.parameters) ours[parameter.name] = parameter.value;
  ours["severity"] = string(severity_name(message.severity));
  if (message.sequence != 0) ours["sequence"] = message.sequence;
  for (const auto& each : more) ours[each.key()] = each.value();
  ours["text"] = message.text;
  return json::serialize(json::object{{"timestamp", timestamp(message.time, options.utc_offset_minutes)},
                                      {"event_type", "health"},
                                      {"sekimori", std::move(ours)}});
}

std::string_view state_of(const Life& life, Language language) {
  return text(life.warnings == 0 ? Text::health_good : Text::health_bad, language);
}

std::string digest_text(const Digest& digest, const Sums& sums, const Life& life, Language language) {
  const Day& day = digest.day;
  const std::string date = date_text(day.date);
  const std::string_view late = digest.late ? text(Text::health_digest_late, language) : std::string_view{};
  if (digest.watch == Digest::Watch::no) {
    return say(Text::health_digest_unwatched, language, {{"day", date}});
  }
  if (digest.watch == Digest::Watch::unknown) {
    return say(Text::health_digest_unknown, language, {{"day", date}, {"late", late}});
  }
  const std::uint64_t minutes = day.watched_ms / 60'000;
  const std::string watched =
      say(Text::health_hours, language,
          {{"hours", std::to_string(minutes / 60)}, {"minutes", std::to_string(minutes % 60)}});
  return say(Text::health_digest, language,
             {{"day", date},
              {"state", state_of(life, language)},
              {"watched", watched},
              {"packets", std::to_string(sums.all.packets)},
              {"flows", std::to_string(sums.all.flows)},
              {"forbidden", std::to_string(sums.all.flows_forbidden)},
              {"drops", std::to_string(sums.lost)},
              {"lines", std::to_string(sums.lines)},
              {"warnings", std::to_string(life.warnings)},
              {"late", late}});
}

}  // namespace

AlertMessage heartbeat_message(const Life& life, const Vitals& vitals, const policy::Policy& policy,
                               const AlertOptions& options) {
  AlertMessage out = message("HEARTBEAT", "heartbeat", life);
  const Pairs pairs = pairs_of(vitals.matrix);
  const Sums sums{.all = sum_of(pairs), .lost = life.lost, .lines = life.lines};
  add(out, "beat", life.beat == 0 ? std::string{} : std::to_string(life.beat), 0);
  add_state(out, life.warnings == 0, life);
  add_sums(out, sums);
  add_origin(out, vitals, policy, options);
  out.text = say(Text::health_heartbeat, options.language,
                 {{"state", state_of(life, options.language)},
                  {"packets", std::to_string(sums.all.packets)},
                  {"flows", std::to_string(sums.all.flows)},
                  {"drops", std::to_string(life.lost)},
                  {"exceptions", std::to_string(policy.options().exceptions.size())},
                  {"warnings", std::to_string(life.warnings)}});
  out.eve = eve_of(out,
                   {{"taps", taps_of(vitals)},
                    {"pairs", pairs_json(pairs, policy)},
                    {"clock_synchronised", string(synchronised_name(vitals.synchronised))}},
                   options);
  return out;
}

AlertMessage digest_message(const Digest& digest, std::uint64_t sequence, const Life& life,
                            const Vitals& vitals, const policy::Policy& policy, const AlertOptions& options) {
  const Day& day = digest.day;
  const Sums sums{.all = sum_of(day.pairs), .lost = day.lost, .lines = day.lines};
  const bool counted = digest.watch != Digest::Watch::unknown;
  AlertMessage out = message("DIGEST", "digest", life);
  out.sequence = sequence;
  add(out, "day", date_text(day.date), 0);
  add_state(out, life.warnings == 0 && digest.watch == Digest::Watch::yes, life);
  if (counted) add(out, "watched", std::to_string(day.watched_ms / 1000), 0);
  add(out, "late", digest.late ? "1" : "", 0);
  if (counted) add_sums(out, sums);
  add_origin(out, vitals, policy, options);
  out.text = digest_text(digest, sums, life, options.language);
  json::object more;
  if (counted) more["pairs"] = pairs_json(day.pairs, policy);
  if (!digest.late) {  // of this moment
    more["taps"] = taps_of(vitals);
    more["clock_synchronised"] = string(synchronised_name(vitals.synchronised));
  }
  out.eve = eve_of(out, more, options);
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
