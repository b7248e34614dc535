#include "daemon/wire_ear.hpp"

#include "daemon/alert/coverage.hpp"
#include "daemon/inspector.hpp"

namespace sekimori::daemon {

void WireEar::hear(const capture::Frame& frame) {
  capture::WireSign sign;
  if (!capture::read_wire_sign(frame, sign)) return;
  capture::place_sign(sign, domains_);
  const std::uint64_t key = capture::sign_key(sign, 0, seed_);
  if (news(key, frame.time)) tell(sign, key, 0, frame.time, frame.number);
}

void WireEar::hear(const capture::Packet& packet, policy::SegmentId segment, bool answer) {
  const std::uint64_t key = capture::source_key(packet, answer, segment, seed_);
  if (key == 0 || !news(key, packet.time)) [[likely]]
    return;
  tell(capture::source_sign(packet, answer), key, segment, packet.time, packet.number);
}

bool WireEar::news(std::uint64_t key, Time time) {
  return known_.look(key, minute_of(time)) == FirstSeen::Answer::first;
}

void WireEar::tell(const capture::WireSign& sign, std::uint64_t key, policy::SegmentId segment, Time time,
                   std::uint64_t number) {
  const std::int64_t minute = minute_of(time);
  FlowEvent event;
  event.kind = FlowEvent::Kind::wire;
  event.number = number;
  event.time = time;
  event.verdict.from = segment;
  event.generation = generation_;
  event.wire = sign;
  event.wire.minute = known_.kept_in(minute);
  if (outlet_.sighted(event)) {
    known_.keep(key, minute);
  } else {
    ++untold_;
  }
}

}  // namespace sekimori::daemon
