#include "tools/sekimori/journal_search.hpp"

#include <algorithm>
#include <filesystem>
#include <unordered_map>

#include "daemon/journal/recovery.hpp"
#include "daemon/journal/segment.hpp"

namespace sekimori::tool {
namespace {

using daemon::AlertGlance;
using daemon::AlertMessage;
using daemon::Frame;
using daemon::SegmentReader;

constexpr std::chrono::hours clock_slack{1};

struct Part {
  std::string path{};
  Time ended{};  // when the next one was begun: no record in here was written later
};

// Oldest first.
std::vector<Part> parts_of(const std::string& folder) {
  std::string trouble;
  const std::vector<daemon::SegmentFile> files = daemon::segments_in(folder, &trouble);
  if (files.empty() && !trouble.empty()) throw daemon::JournalError(folder + ": " + trouble);
  std::vector<Part> out;
  std::optional<Time> next;
  for (auto file = files.rbegin(); file != files.rend(); ++file) {
    const auto header = daemon::header_of(file->path);
    // Without a header nothing is known of its time.
    out.push_back({file->path, next.value_or(Time::max())});
    next = header ? std::optional{header->created} : std::nullopt;
  }
  std::reverse(out.begin(), out.end());
  return out;
}

bool ends_before(const Part& part, Time time) {
  return part.ended != Time::max() && part.ended + clock_slack < time;
}

// `visit(frame, glance)` for each alert of the segment, in its order.
template <class Visit>
void each_alert(const Part& part, Visit visit) {
  SegmentReader reader{part.path};
  Frame frame;
  for (;;) {
    const SegmentReader::Step step = reader.next(frame);
    if (step.kind == SegmentReader::Kind::end || step.torn) return;
    if (step.kind != SegmentReader::Kind::frame || frame.kind != daemon::FrameKind::alert) continue;
    if (const auto glance = daemon::glance_at_alert(frame.body)) visit(frame, *glance);
  }
}

// What is known of an incident while the segments are read.
struct Draft {
  Time first{};
  Time last{};
  int severity = 7;
  bool closed = false;
  bool wanted = false;
  std::uint64_t lines = 0;
  std::uint64_t sequence = 0;  // of the newest line
  std::string newest{};        // its body
};
using Drafts = std::unordered_map<std::string, Draft>;

void add_line(Draft& draft, const Frame& frame, const AlertGlance& glance) {
  draft.severity = std::min(draft.severity, static_cast<int>(glance.severity));
  if (draft.lines++ == 0) draft.first = glance.time;
  draft.last = glance.time;
  draft.closed = glance.kind == "closed";
  draft.sequence = frame.sequence;
  draft.newest.assign(frame.body);
}

bool wants(const Wanted& wanted, const Frame& frame, const AlertGlance& glance) {
  if (!wanted.may_take(glance, frame.sequence)) return false;
  if (wanted.glance_is_enough()) return true;
  const auto alert = daemon::decode_alert(frame.body, frame.sequence);
  return alert && wanted.takes(*alert);
}

// When an incident that was found in later segments may have begun: by what its lines say of themselves.
std::optional<Time> opened_by(std::string_view resume) {
  constexpr std::string_view name = R"("opened":)";
  const std::size_t at = resume.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  std::int64_t nanoseconds = 0;
  for (std::size_t i = at + name.size(); i < resume.size() && resume[i] >= '0' && resume[i] <= '9'; ++i) {
    nanoseconds = nanoseconds * 10 + (resume[i] - '0');
  }
  return Time{std::chrono::nanoseconds{nanoseconds}};
}

}  // namespace

std::string_view parameter(const AlertMessage& alert, std::string_view name) {
  for (const daemon::AlertParameter& one : alert.parameters) {
    if (one.name == name) return one.value;
  }
  return {};
}

bool Wanted::may_take(const AlertGlance& glance, std::uint64_t sequence) const {
  return sequence > after && static_cast<int>(glance.severity) <= severity &&
         (!since || glance.time >= *since) && (!until || glance.time < *until) &&
         (!incident || glance.incident == *incident);
}

bool Wanted::takes(const AlertMessage& alert) const {
  const auto same = [&](const std::optional<std::string>& wanted, std::string_view name) {
    return !wanted || parameter(alert, name) == *wanted;
  };
  return may_take({alert.severity, alert.time, alert.kind, alert.incident, {}}, alert.sequence) &&
         same(from, "from") && same(to, "to") && same(source, "src") &&
         (same(finding, "finding") || same(finding, "code"));
}

bool is_journal(const std::string& folder) {
  std::error_code none;
  return !daemon::segments_in(folder).empty() ||
         std::filesystem::exists(folder + "/" + daemon::head_name, none);
}

FoundAlerts find_alerts(const std::string& folder, const Wanted& wanted) {
  FoundAlerts out;
  const std::vector<Part> parts = parts_of(folder);
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (wanted.since && ends_before(*part, *wanted.since)) break;
    if (out.alerts.size() >= wanted.limit) {
      out.complete = false;
      break;
    }
    ++out.segments_read;
    std::deque<AlertMessage> here;
    const std::uint64_t room = wanted.limit - out.alerts.size();
    std::uint64_t lowest = UINT64_MAX;
    each_alert(*part, [&](const Frame& frame, const AlertGlance& glance) {
      lowest = std::min(lowest, frame.sequence);
      if (!wanted.may_take(glance, frame.sequence)) return;
      auto alert = daemon::decode_alert(frame.body, frame.sequence);
      if (!alert || !wanted.takes(*alert)) return;
      ++out.matched;
      here.push_back(std::move(*alert));
      if (here.size() > room) here.pop_front();
    });
    out.alerts.insert(out.alerts.begin(), std::make_move_iterator(here.begin()),
                      std::make_move_iterator(here.end()));
    if (lowest <= wanted.after + 1) break;
  }
  out.complete = out.complete && out.matched == out.alerts.size();
  return out;
}

std::vector<FoundIncident> find_incidents(const std::string& folder, const Wanted& wanted) {
  const std::vector<Part> parts = parts_of(folder);
  const auto begin = std::find_if(parts.begin(), parts.end(), [&](const Part& part) {
    return !wanted.since || !ends_before(part, *wanted.since);
  });
  Drafts drafts;
  std::unordered_map<std::string, Time> opened;
  std::string id;
  for (auto part = begin; part != parts.end(); ++part) {
    each_alert(*part, [&](const Frame& frame, const AlertGlance& glance) {
      if (glance.incident.empty()) return;  // the digest of a day
      id.assign(glance.incident);
      Draft& draft = drafts[id];
      add_line(draft, frame, glance);
      draft.wanted = draft.wanted || wants(wanted, frame, glance);
      if (const auto time = opened_by(glance.resume)) opened.try_emplace(id, *time);
    });
  }
  // Of those that are wanted the earlier lines, however old: their begin and their number.
  std::erase_if(drafts, [](const auto& each) { return !each.second.wanted; });
  std::optional<Time> earliest;
  for (const auto& [name, draft] : drafts) {
    const auto known = opened.find(name);
    // A closing line alone does not say since when.
    const Time time = known != opened.end() ? known->second : Time{};
    earliest = std::min(earliest.value_or(Time::max()), time);
  }
  const auto first = std::find_if(
      parts.begin(), begin, [&](const Part& part) { return earliest && !ends_before(part, *earliest); });
  Drafts before;
  for (auto part = first; part != begin; ++part) {
    each_alert(*part, [&](const Frame& frame, const AlertGlance& glance) {
      id.assign(glance.incident);
      if (drafts.count(id) != 0) add_line(before[id], frame, glance);
    });
  }
  std::vector<FoundIncident> out;
  for (auto& [name, draft] : drafts) {
    if (const auto older = before.find(name); older != before.end()) {
      draft.first = older->second.first;
      draft.lines += older->second.lines;
      draft.severity = std::min(draft.severity, older->second.severity);
    }
    auto newest = daemon::decode_alert(draft.newest, draft.sequence);
    out.push_back({name, draft.first, draft.last, draft.severity, draft.closed, draft.lines,
                   newest ? std::move(*newest) : AlertMessage{}});
  }
  std::sort(out.begin(), out.end(), [](const FoundIncident& a, const FoundIncident& b) {
    return a.last != b.last ? a.last < b.last : a.id < b.id;
  });
  if (out.size() > wanted.limit)
    out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(wanted.limit));
  return out;
}

}  // namespace sekimori::tool
