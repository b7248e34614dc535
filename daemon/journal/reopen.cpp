#include "daemon/journal/reopen.hpp"

#include <algorithm>

#include "daemon/health/diary.hpp"
#include "daemon/journal/segment.hpp"

namespace sekimori::daemon {
namespace {

// Use of an exception, and what the calendar says of one.
constexpr std::chrono::hours once_a_day{24};

void read_digest(const Frame& frame, std::optional<Date>& newest) {
  const auto alert = decode_alert(frame.body, frame.sequence);
  if (!alert) return;
  for (const AlertParameter& parameter : alert->parameters) {
    const auto date = parameter.name == std::string_view{"day"} ? read_date(parameter.value) : std::nullopt;
    if (date) newest = std::max(newest.value_or(*date), *date);
  }
}

void read_segment(const std::string& path, Reopening& reopening, std::optional<Date>& digest) {
  SegmentReader reader{path};
  Frame frame;
  for (;;) {
    const SegmentReader::Step step = reader.next(frame);
    if (step.kind == SegmentReader::Kind::end || step.torn) return;
    if (step.kind != SegmentReader::Kind::frame || frame.kind != FrameKind::alert) continue;
    if (const auto glance = glance_at_alert(frame.body)) {
      if (glance->kind == "digest") read_digest(frame, digest);
      reopening.line(glance->incident, glance->kind, glance->resume);
    }
  }
}

}  // namespace

Reopened open_stories(const std::string& folder, const AlertOptions& options, Time end) {
  std::chrono::seconds longest = std::max<std::chrono::seconds>(once_a_day, options.incident_idle);
  for (const std::chrono::seconds pause : options.repeat) longest = std::max(longest, pause);
  const Time since = end - longest - std::chrono::minutes{5};
  const std::vector<SegmentFile> files = segments_in(folder);
  // The first segment in which a record of that time may stand: the one before the first that began later.
  std::size_t first = files.size();
  while (first > 0) {
    --first;
    const SegmentReader reader{files[first].path};
    if (reader.header() && reader.header()->created < since) break;
  }
  Reopening reopening;
  std::optional<Date> digest;
  for (std::size_t i = first; i < files.size(); ++i) read_segment(files[i].path, reopening, digest);
  Reopened out = reopening.open();
  out.digest = digest;
  return out;
}

}  // namespace sekimori::daemon
