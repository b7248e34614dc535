#include "daemon/render/notice.hpp"

#include <algorithm>
#include <span>

#include "daemon/digest.hpp"
#include "daemon/render.hpp"
#include "daemon/render/utf8.hpp"
#include "daemon/render/words.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

namespace json = boost::json;

json::string string(std::string_view text) {
  return json::string{text.data(), text.size()};
}

std::string moment(Time time, const AlertOptions& options) {
  std::string out = timestamp(time, options.utc_offset_minutes).substr(0, 19);
  out[10] = ' ';
  return out;
}

// What machines read as "-" has a word for people: a sentence with a hole in it looks broken.
std::string_view shown(const Notice::Fact& fact, Language language) {
  const std::string& words = language == Language::ja ? fact.shown.ja : fact.shown.en;
  if (!words.empty()) return words;
  return fact.value.empty() || fact.value == "-" ? text(Text::notice_unknown, language)
                                                 : std::string_view{fact.value};
}

// What happened to the story, before what was seen.
std::string standing(const AlertRecord& record, const AlertOptions& options) {
  const std::string opened = moment(record.opened, options);
  const std::string last = moment(record.time, options);
  const std::string events = std::to_string(record.events);
  const std::string suppressed = std::to_string(record.suppressed);
  Text id = Text::notice_repeated;
  switch (record.kind) {
    case AlertKind::repeated:
      break;
    case AlertKind::escalated:
      id = Text::notice_escalated;
      break;
    case AlertKind::closed:
      id = Text::notice_quiet;
      if (record.close == CloseReason::over) id = Text::notice_over;
      if (record.close == CloseReason::displaced) id = Text::notice_displaced;
      if (record.close == CloseReason::finished) id = Text::notice_finished;
      break;
    default:
      return {};
  }
  return say(id, options.language,
             {{"opened", opened}, {"last", last}, {"events", events}, {"suppressed", suppressed}});
}

std::string clause_text(const policy::Clause& clause, Language language) {
  const std::string& body =
      language == Language::en && !clause.body.en.empty() ? clause.body.en : clause.body.ja;
  const std::string& quote = language == Language::en && !clause.gloss.empty() ? clause.gloss : clause.quote;
  const Text id = quote.empty() ? Text::notice_clause_bare : Text::notice_clause;
  return say(id, language, {{"body", body}, {"quote", quote}, {"number", clause.number}});
}

std::string_view category_title(NoticeCategory category) {
  switch (category) {
    case NoticeCategory::finding:
      return "Segmentation finding";
    case NoticeCategory::hint:
      return "Segmentation hint";
    case NoticeCategory::health:
      return "Sensor health";
    case NoticeCategory::record:
      return "Record";
  }
  return "";
}

// Kinds are numbered by their codes, so that a row may be put anywhere.
std::uint32_t notice_signature(std::string_view code) {
  const Sha256 digest = sha256(std::string{code});
  return 100'000U + ((digest[0] * 256U + digest[1]) * 256U + digest[2]) % 900'000U;
}

}  // namespace

std::vector<const policy::Reason*> notice_reasons(const AlertRecord& record) {
  std::vector<const policy::Reason*> out;
  std::string_view ids = notice_row(record.notice->kind).reasons;
  while (!ids.empty()) {
    const std::size_t blank = std::min(ids.find(' '), ids.size());
    const std::string_view id = ids.substr(0, blank);
    ids.remove_prefix(std::min(blank + 1, ids.size()));
    for (const policy::Reason& reason : record.policy->options().profile.reasons) {
      if (reason.id == id) out.push_back(&reason);
    }
  }
  return out;
}

std::vector<const policy::Clause*> notice_clauses(const AlertRecord& record) {
  std::vector<const policy::Clause*> out;
  for (const policy::Reason* reason : notice_reasons(record)) {
    for (const std::string& id : reason->clauses) {
      for (const policy::Clause& clause : record.policy->options().profile.clauses) {
        if (clause.id == id && std::find(out.begin(), out.end(), &clause) == out.end())
          out.push_back(&clause);
      }
    }
  }
  return out;
}

std::string notice_sentence(const Notice& notice, Text id, Language language) {
  std::vector<TextArgument> arguments;
  for (const Notice::Fact& fact : notice.facts) arguments.emplace_back(fact.name, shown(fact, language));
  return say(id, language, arguments);
}

std::string notice_text(const AlertRecord& record, const AlertOptions& options) {
  const Notice& notice = *record.notice;
  const NoticeRow& row = notice_row(notice.kind);
  std::string out = standing(record, options);
  out += notice_sentence(notice, row.seen, options.language);
  if (record.kind == AlertKind::closed) return printable(out);
  const std::vector<const policy::Clause*> clauses = notice_clauses(record);
  if (!clauses.empty()) out += clause_text(*clauses.front(), options.language);
  out += say(Text::notice_asked, options.language,
             {{"what", notice_sentence(notice, row.asked, options.language)}});
  return printable(out);
}

json::object notice_event(const AlertRecord& record, const AlertOptions& options) {
  const Notice& notice = *record.notice;
  const NoticeRow& row = notice_row(notice.kind);
  const bool health = row.category == NoticeCategory::health;
  json::object out{{"timestamp", timestamp(record.time, options.utc_offset_minutes)},
                   {"event_type", health ? "health" : "alert"}};
  const auto address = [&](const char* member, std::string_view fact) {
    const std::string_view value = notice.value(fact);
    if (!value.empty()) out[member] = string(value);
  };
  address("src_ip", "src");
  address("dest_ip", "dst");
  if (!health) {
    out["alert"] = json::object{{"action", "allowed"},
                                {"gid", 7777},
                                {"signature_id", notice_signature(row.code)},
                                {"rev", 1},
                                {"signature", std::string{row.code} + ": " + notice.subject},
                                {"category", string(category_title(row.category))},
                                {"severity", eve_severity(record.severity)}};
  }
  json::object facts;
  for (const Notice::Fact& fact : notice.facts) facts[fact.name] = fact.value;
  json::array reasons;
  for (const policy::Reason* reason : notice_reasons(record)) reasons.push_back(string(reason->id));
  json::array clauses;
  for (const policy::Clause* clause : notice_clauses(record)) {
    clauses.push_back(json::object{{"id", clause->id},
                                   {"body", clause->body.ja.empty() ? clause->body.en : clause->body.ja},
                                   {"number", clause->number}});
  }
  json::object ours{{"v", 1},
                    {"finding", string(row.code)},
                    {"category", string(notice_category_name(row.category))},
                    {"subject", notice.subject},
                    {"facts", std::move(facts)},
                    {"reasons", std::move(reasons)},
                    {"clause", std::move(clauses)},
                    {"kind", string(alert_kind_name(record.kind))},
                    {"sequence", record.sequence},
                    {"incident", string(incident_id(record))},
                    {"opened", timestamp(record.opened, options.utc_offset_minutes)},
                    {"severity", string(severity_name(record.severity))},
                    {"events", record.events},
                    {"suppressed", record.suppressed},
                    {"capture", json::object{{"loss_ratio", record.loss_ratio}}},
                    {"policy", json::object{{"profile", record.policy->options().profile.id},
                                            {"generation", record.policy->generation()},
                                            {"sha256", record.policy->sha256()}}},
                    {"org", options.organisation},
                    {"site", options.site},
                    {"sensor", options.sensor},
                    {"text", notice_text(record, options)}};
  if (const std::string_view domain = notice.value("domain"); !domain.empty())
    ours["domain"] = string(domain);
  if (record.close != CloseReason::none) ours["close"] = string(close_reason_name(record.close));
  out["sekimori"] = std::move(ours);
  return out;
}

std::vector<AlertParameter> notice_parameters(const AlertRecord& record, const AlertOptions& options) {
  const Notice& notice = *record.notice;
  const NoticeRow& row = notice_row(notice.kind);
  std::vector<AlertParameter> out;
  const auto add = [&out](std::string_view name, std::string_view value, std::uint8_t rank) {
    if (!value.empty()) {
      out.push_back({std::string{name}, std::string{utf8_cut(printable(value), rank == 0 ? 64 : 200)}, rank});
    }
  };
  std::string reasons;
  for (const policy::Reason* reason : notice_reasons(record)) {
    if (!reasons.empty()) reasons += ',';
    reasons += reason->id;
  }
  std::string clauses;
  for (const policy::Clause* clause : notice_clauses(record)) {
    if (!clauses.empty()) clauses += ',';
    clauses += clause->id;
  }
  add("finding", row.code, 0);
  add("category", notice_category_name(row.category), 0);
  add("subject", notice.subject, 0);
  add("kind", alert_kind_name(record.kind), 1);
  add("incident", incident_id(record), 1);
  for (const Notice::Fact& fact : notice.facts) add(fact.name, fact.value, 4);
  add("reasons", reasons, 6);
  add("clause", clauses, 7);
  add("severity", severity_name(record.severity), 9);
  add("events", std::to_string(record.events), 8);
  add("suppressed", std::to_string(record.suppressed), 8);
  add("close", close_reason_name(record.close), 9);
  add("loss_ratio", std::to_string(record.loss_ratio), 11);
  add("policy", record.policy->options().profile.id, 13);
  add("generation", std::to_string(record.policy->generation()), 14);
  add("policy_sha256", record.policy->sha256(), 15);
  add("org", options.organisation, 13);
  add("site", options.site, 14);
  add("sensor", options.sensor, 14);
  return out;
}

std::string_view notice_message_id(const AlertRecord& record) {
  const NoticeCategory category = notice_row(record.notice->kind).category;
  if (category == NoticeCategory::record) return "RECORD";
  const bool health = category == NoticeCategory::health;
  switch (record.kind) {
    case AlertKind::opened:
      return health ? "HEALTH" : "FINDING";
    case AlertKind::closed:
      return health ? "HEALTH-CLOSE" : "FINDING-CLOSE";
    default:
      return health ? "HEALTH-UPDATE" : "FINDING-UPDATE";
  }
}

}  // namespace sekimori::daemon
