#include "daemon/wire_ear.hpp"

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
  const capture::WireSign sign = capture::source_sign(packet, answer);
  if (sign.kind != capture::WireSign::Kind::none) tell(sign, segment, packet.time, packet.number);
}

void WireEar::tell(const capture::WireSign& sign, policy::SegmentId segment, Time time,
                   std::uint64_t number) {
  const std::uint64_t key = capture::sign_key(sign, segment, seed_);
  const std::int64_t minute = minute_of(time);
  if (known_.look(key, minute) != FirstSeen::Answer::first) return;
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
