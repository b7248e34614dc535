#include "daemon/alert/resume.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "daemon/render/words.hpp"

namespace sekimori::daemon {
namespace {

namespace json = boost::json;

std::int64_t nanoseconds(Time time) {
  return time.time_since_epoch().count();
}

// Reads members; a missing or ill-formed one spoils the whole.
class Members {
 public:
  explicit Members(const json::object& object) : object_(object) {}

  template <class Integer>
  Integer number(std::string_view name) {
    const json::value* const value = object_.if_contains({name.data(), name.size()});
    boost::system::error_code error;
    if (value == nullptr) {
      good_ = false;
      return 0;
    }
    const auto out = value->to_number<Integer>(error);
    good_ = good_ && !error;
    return error ? Integer{} : out;
  }
  template <class Enum>
  Enum choice(std::string_view name, Enum highest) {
    const auto value = number<std::uint8_t>(name);
    good_ = good_ && value <= static_cast<std::uint8_t>(highest);
    return static_cast<Enum>(value);
  }
  Time time(std::string_view name) { return Time{std::chrono::nanoseconds{number<std::int64_t>(name)}}; }
  std::string_view text(std::string_view name) {
    const json::value* const value = object_.if_contains({name.data(), name.size()});
    if (value == nullptr || !value->is_string()) {
      good_ = false;
      return {};
    }
    return {value->get_string().data(), value->get_string().size()};
  }
  IpAddress address(std::string_view name) {
    const auto out = IpAddress::parse(text(name));
    good_ = good_ && out.has_value();
    return out.value_or(IpAddress{});
  }
  // As a word that may be missing: older journals.
  template <class Integer>
  Integer number_or(std::string_view name, Integer otherwise) {
    return object_.if_contains({name.data(), name.size()}) == nullptr ? otherwise : number<Integer>(name);
  }
  MacAddress mac(std::string_view name) {
    const auto out = MacAddress::parse(text(name));
    good_ = good_ && out.has_value();
    return out.value_or(MacAddress{});
  }
  bool good() const { return good_; }

 private:
  const json::object& object_;
  bool good_ = true;
};

// An incident's line never begins so.
constexpr std::string_view notice_begin = R"({"notice":)";

json::string string(std::string_view text) {
  return json::string{text.data(), text.size()};
}

// A fact is [name, value], or [name, value, ja, en] where people are told other words.
std::string notice_resume(const AlertRecord& record) {
  const Notice& notice = *record.notice;
  json::array facts;
  for (const Notice::Fact& fact : notice.facts) {
    json::array one{fact.name, fact.value};
    if (!fact.shown.ja.empty() || !fact.shown.en.empty()) {
      one.emplace_back(fact.shown.ja);
      one.emplace_back(fact.shown.en);
    }
    facts.push_back(std::move(one));
  }
  json::object out{{"notice", string(notice_row(notice.kind).id)},
                   {"subject", notice.subject},
                   {"opened", nanoseconds(record.opened)},
                   {"line", nanoseconds(record.time)},
                   {"time", nanoseconds(notice.time)},
                   {"gravest", static_cast<unsigned>(record.severity)},
                   {"events", record.events},
                   {"pause", record.pause},
                   {"facts", std::move(facts)}};
  if (notice.severity) out["severity"] = static_cast<unsigned>(*notice.severity);
  return json::serialize(out);
}

bool read_fact(const json::value& from, Notice& notice) {
  const json::array* const words = from.if_array();
  if (words == nullptr || (words->size() != 2 && words->size() != 4)) return false;
  std::vector<std::string> texts;
  for (const json::value& word : *words) {
    if (!word.is_string()) return false;
    texts.emplace_back(word.get_string().data(), word.get_string().size());
  }
  texts.resize(4);
  notice.facts.push_back({texts[0], texts[1], {texts[2], texts[3]}});
  return true;
}

}  // namespace

std::string resume_of(const AlertRecord& record) {
  if (record.kind == AlertKind::closed) return {};
  if (record.notice != nullptr) return notice_resume(record);
  const capture::FlowFacts& facts = record.event.facts;
  json::object out{{"kind", static_cast<unsigned>(record.kind)},
                   {"opened", nanoseconds(record.opened)},
                   {"time", nanoseconds(record.time)},
                   {"start", nanoseconds(facts.start)},
                   {"src", facts.tuple.source.to_string()},
                   {"dst", facts.tuple.destination.to_string()},
                   {"sport", facts.tuple.source_port},
                   {"dport", facts.tuple.destination_port},
                   {"proto", facts.tuple.protocol},
                   {"smac", facts.initiator_mac.to_string()},
                   {"dmac", facts.next_hop_mac.to_string()},
                   {"rmac", facts.responder_mac.to_string()},
                   {"from", string(record.policy->segments()[record.event.verdict.from].id)},
                   {"to", string(record.policy->segments()[record.event.verdict.to].id)},
                   {"stage", static_cast<unsigned>(facts.stage)},
                   {"highest", static_cast<unsigned>(record.stage_highest)},
                   {"evidence", static_cast<unsigned>(facts.evidence)},
                   {"severity", static_cast<unsigned>(record.severity)},
                   {"events", record.events},
                   {"flows", record.flows},
                   {"bytes", record.bytes},
                   {"responders", record.responders},
                   {"services", record.services},
                   {"pause", record.pause},
                   {"ts", static_cast<unsigned>(record.passage.to_server)},
                   {"tc", static_cast<unsigned>(record.passage.to_client)}};
  if (!facts.answers_to_mac.is_zero()) out["amac"] = facts.answers_to_mac.to_string();
  // By its name: another run may number the domains otherwise.
  if (facts.tuple.source.domain != main_domain) {
    out["domain"] = string(record.policy->domain_name(facts.tuple.source.domain));
  }
  return json::serialize(out);
}

std::optional<Resumption> read_resume(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse({text.data(), text.size()}, error);
  if (error || !value.is_object()) return std::nullopt;
  Members members{value.get_object()};
  Resumption out;
  capture::FlowFacts& facts = out.event.facts;
  out.kind = members.choice("kind", AlertKind::exception);
  out.opened = members.time("opened");
  out.event.time = facts.end = members.time("time");
  facts.start = members.time("start");
  facts.tuple = {members.address("src"), members.address("dst"), members.number<std::uint16_t>("sport"),
                 members.number<std::uint16_t>("dport"), members.number<std::uint8_t>("proto")};
  facts.initiator_mac = members.mac("smac");
  facts.next_hop_mac = members.mac("dmac");
  facts.responder_mac = members.mac("rmac");
  out.from = members.text("from");
  out.to = members.text("to");
  facts.stage = members.choice("stage", capture::Stage::data);
  out.stage_highest = members.choice("highest", capture::Stage::data);
  facts.evidence = members.choice("evidence", capture::Evidence::first_packet);
  out.severity = members.choice("severity", policy::Severity::debug);
  out.events = members.number<std::uint64_t>("events");
  out.flows = members.number<std::uint64_t>("flows");
  out.bytes = members.number<std::uint64_t>("bytes");
  out.responders = members.number<std::uint64_t>("responders");
  out.services = members.number<std::uint64_t>("services");
  out.passage.to_server = members.choice("ts", capture::Passed::yes);
  out.passage.to_client = members.choice("tc", capture::Passed::yes);
  out.pause = members.number_or<std::uint8_t>("pause", 0);
  if (value.get_object().contains("amac")) facts.answers_to_mac = members.mac("amac");
  if (value.get_object().contains("domain")) out.domain = members.text("domain");
  if (!members.good()) return std::nullopt;
  return out;
}

std::optional<NoticeResumption> read_notice_resume(std::string_view text) {
  if (text.substr(0, notice_begin.size()) != notice_begin) return std::nullopt;
  boost::system::error_code error;
  const json::value value = json::parse({text.data(), text.size()}, error);
  if (error || !value.is_object()) return std::nullopt;
  Members members{value.get_object()};
  NoticeResumption out;
  const auto kind = notice_kind(members.text("notice"));
  if (!kind) return std::nullopt;
  out.latest.kind = *kind;
  out.latest.subject = members.text("subject");
  out.latest.time = members.time("time");
  out.opened = members.time("opened");
  out.last_line = members.time("line");
  out.gravest = members.choice("gravest", policy::Severity::debug);
  out.events = members.number<std::uint64_t>("events");
  out.pause = members.number<std::uint8_t>("pause");
  if (value.get_object().contains("severity")) {
    out.latest.severity = members.choice("severity", policy::Severity::debug);
  }
  const json::value* const facts = value.get_object().if_contains("facts");
  if (facts == nullptr || !facts->is_array()) return std::nullopt;
  for (const json::value& fact : facts->get_array()) {
    if (!read_fact(fact, out.latest)) return std::nullopt;
  }
  if (!members.good()) return std::nullopt;
  return out;
}

void Reopening::line(std::string_view incident, std::string_view kind, std::string_view resume) {
  const auto known = open_.find(incident);
  if (kind == alert_kind_name(AlertKind::closed)) {
    if (known != open_.end()) open_.erase(known);
    return;
  }
  if (resume.empty()) return;
  const bool notice = resume.substr(0, notice_begin.size()) == notice_begin;
  if (notice && kind == alert_kind_name(AlertKind::opened)) told(resume);
  std::vector<std::string>& lines = known != open_.end() ? known->second : open_[std::string{incident}];
  // Of a notice the last line says all, of an incident the others say what was told.
  if (notice) lines.clear();
  if (lines.size() >= lines_max) lines.pop_back();
  lines.emplace_back(resume);
}

void Reopening::told(std::string_view resume) {
  const auto notice = read_notice_resume(resume);
  if (!notice) return;
  told_[{notice->latest.kind, notice->latest.subject}] = notice->opened;
  if (told_.size() <= told_max) return;
  told_.erase(std::min_element(told_.begin(), told_.end(),
                               [](const auto& a, const auto& b) { return a.second < b.second; }));
}

Reopened Reopening::open() const {
  Reopened out;
  for (const auto& [incident, lines] : open_) {
    if (auto notice = read_notice_resume(lines.back())) {
      out.notices.push_back(std::move(*notice));
      continue;
    }
    auto last = read_resume(lines.back());
    if (!last) continue;
    for (const std::string& line : lines) {
      const auto one = read_resume(line);
      if (!one) continue;
      if (one->kind == AlertKind::sweep) last->kind = AlertKind::sweep;
      last->severity = std::min(last->severity, one->severity);
      last->told.push_back(one->event.facts.tuple);
    }
    last->incident = incident;
    out.incidents.push_back(std::move(*last));
  }
  std::sort(out.incidents.begin(), out.incidents.end(), [](const Resumption& a, const Resumption& b) {
    return a.opened != b.opened ? a.opened < b.opened : a.event.facts.tuple < b.event.facts.tuple;
  });
  // In the order in which they spoke last: the stalest makes room first.
  std::stable_sort(
      out.notices.begin(), out.notices.end(), [](const NoticeResumption& a, const NoticeResumption& b) {
        return a.latest.time != b.latest.time ? a.latest.time < b.latest.time : a.opened < b.opened;
      });
  for (const auto& [key, time] : told_) out.told.push_back({key.first, key.second, time});
  return out;
}

}  // namespace sekimori::daemon
