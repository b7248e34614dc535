#include "daemon/wire_ear.hpp"

#include <algorithm>

#include "daemon/alert/coverage.hpp"
#include "daemon/inspector.hpp"

namespace sekimori::daemon {

void WireEar::hear(const capture::Frame& frame) {
  capture::WireSign sign;
  if (!capture::read_wire_sign(frame, sign)) return;
  capture::place_sign(sign, domains_);
  tell(sign, 0, frame.time, frame.number);
}

void WireEar::hear(const capture::Packet& packet, policy::SegmentId segment, bool answer) {
  const capture::SourceTrait trait = capture::source_trait(packet, segment, answer);
  if (trait.none()) return;
  const std::int64_t minute = Coverage::minute_of(packet.time);
  Recent& recent =
      recent_[(trait.card ^ trait.card >> 16U ^ trait.place ^ trait.place >> 8U) % recent_.size()];
  if (recent.minute == minute && minute == newest_ && recent.trait == trait) return;
  if (tell(capture::source_sign(packet, answer), segment, packet.time, packet.number)) {
    recent = {.trait = trait, .minute = minute};
  }
}

bool WireEar::tell(const capture::WireSign& sign, policy::SegmentId segment, Time time,
                   std::uint64_t number) {
  const std::uint64_t key = capture::sign_key(sign, segment, seed_);
  const std::int64_t minute = Coverage::minute_of(time);
  newest_ = std::max(newest_, minute);
  if (known_.look(key, minute) != FirstSeen::Answer::first) return true;
  FlowEvent event;
  event.kind = FlowEvent::Kind::wire;
  event.number = number;
  event.time = time;
  event.verdict.from = segment;
  event.generation = generation_;
  event.wire = sign;
  if (outlet_.sighted(event)) {
    known_.keep(key, minute);
    return true;
  }
  ++untold_;
  return false;
}

}  // namespace sekimori::daemon
