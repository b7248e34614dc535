#include "daemon/journal/follower.hpp"

#include <utility>

namespace sekimori::daemon {

void Follower::seek(std::uint64_t sequence) {
  position_ = sequence;
  segment_ = 0;
  reader_.reset();
  ahead_.reset();
  // The newest segment that begins at or before the wanted alert.
  const std::vector<SegmentFile> files = segments_in(folder_);
  for (std::size_t i = files.size(); i > 0; --i) {
    auto reader = std::make_unique<SegmentReader>(files[i - 1].path);
    if (!reader->header()) continue;
    segment_ = files[i - 1].first_number;
    reader_ = std::move(reader);
    if (reader_->header()->next_sequence <= sequence + 1) return;
  }
}

bool Follower::open_next() {
  for (const SegmentFile& file : segments_in(folder_)) {
    if (file.first_number <= segment_) continue;
    auto reader = std::make_unique<SegmentReader>(file.path);
    if (!reader->header()) continue;
    segment_ = file.first_number;
    reader_ = std::move(reader);
    return true;
  }
  return false;
}

std::optional<AlertMessage> Follower::next(std::uint64_t limit) {
  if (ahead_) {
    if (ahead_->sequence > limit) return std::nullopt;
    position_ = ahead_->sequence;
    return std::exchange(ahead_, std::nullopt);
  }
  if (reader_ == nullptr && !open_next()) return std::nullopt;
  Frame frame;
  for (;;) {
    const SegmentReader::Step step = reader_->next(frame);
    // A frame that is just being written looks torn; with the next segment there, nothing more comes here.
    if (step.kind == SegmentReader::Kind::end || step.torn) {
      if (position_ >= limit || !open_next()) return std::nullopt;
      continue;
    }
    if (step.kind != SegmentReader::Kind::frame || frame.kind != FrameKind::alert) continue;
    if (frame.sequence <= position_) continue;
    auto alert = decode_alert(frame.body, frame.sequence);
    if (!alert) {
      ++unreadable_;
      continue;
    }
    if (frame.sequence > limit) {
      ahead_ = std::move(alert);
      return std::nullopt;
    }
    position_ = frame.sequence;
    return alert;
  }
}

}  // namespace sekimori::daemon
