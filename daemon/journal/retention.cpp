// What the journal forgets, and what it must not: whole segments, the oldest first, each told in the chain
// before it is removed, so that `verify` can tell what was removed from what is missing.
#include <algorithm>
#include <boost/json.hpp>

#include "daemon/journal/journal.hpp"
#include "daemon/journal/segment.hpp"

namespace sekimori::daemon {
namespace {

namespace json = boost::json;

std::optional<Time> created(const SegmentFile& file) {
  const SegmentReader reader{file.path};
  return reader.header() ? std::optional{reader.header()->created} : std::nullopt;
}

}  // namespace

bool Journal::holds_any(const SegmentFile& file, const std::set<std::string>& held) const {
  if (held.empty()) return false;
  SegmentReader reader{file.path};
  Frame frame;
  for (;;) {
    const SegmentReader::Step step = reader.next(frame);
    if (step.kind == SegmentReader::Kind::end || step.torn) return false;
    if (step.kind != SegmentReader::Kind::frame || frame.kind != FrameKind::alert) continue;
    const auto alert = decode_alert(frame.body, frame.sequence);
    if (alert && held.count(alert->incident) != 0) return true;
  }
}

void Journal::retain() {
  last_retained_ = std::chrono::steady_clock::now();
  std::set<std::string> held;
  {
    const std::lock_guard guard{mutex_};
    held = holds_;
  }
  const std::vector<SegmentFile> files = segments_in(options_.path);
  std::uint64_t octets = 0;
  for (const SegmentFile& file : files) octets += file.octets;
  const Time oldest = now() - std::chrono::hours{24} * static_cast<int>(options_.keep_days);
  std::uint64_t held_octets = 0;
  std::uint64_t segments = files.size();
  // Never the newest: it says where the chain goes on.
  for (std::size_t i = 0; i + 1 < files.size(); ++i) {
    // Its last record is older than the next one's begin.
    const auto end = created(files[i + 1]);
    const bool old = end && *end < oldest;
    if (octets - held_octets <= options_.keep_bytes && !old) break;
    if (holds_any(files[i], held)) {
      held_octets += files[i].octets;
      continue;
    }
    if (!remove_segment(files[i], files[i + 1].first_number - 1)) break;
    octets -= files[i].octets;
    --segments;
  }
  const std::lock_guard guard{mutex_};
  figures_.octets = octets;
  figures_.segments = segments;
  figures_.held_octets = held_octets;
}

bool Journal::remove_segment(const SegmentFile& file, std::uint64_t last) {
  if (fd_ < 0 && !open_segment()) return false;
  Draft draft{{}, chain_};
  const json::object note{{"event", "removed"},
                          {"removed", json::array{json::array{file.first_number, last}}}};
  add_note(draft, json::serialize(note));
  if (!commit(draft)) return false;
  save_head();
  add_range(removed_, file.first_number, last);
  if (disk_->remove(file.path) < 0) return false;
  const std::lock_guard guard{mutex_};
  ++figures_.segments_removed;
  return true;
}

}  // namespace sekimori::daemon
