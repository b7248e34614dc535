// Hears what frames say about their wires and tells each sign once a minute of packet time. A worker's, or in
// a replay with several workers the reader's: what one sign says is told by whoever hears it first, and
// daemon/alert/wire_watch takes each once.
#pragma once

#include <cstdint>

#include "capture/decode/wire_sign.hpp"
#include "daemon/first_seen.hpp"
#include "daemon/messages.hpp"

namespace sekimori::daemon {

class EventOutlet;  // daemon/inspector.hpp

class WireEar {
 public:
  // `seed`: live a secret, so that nobody can make two signs look like one; offline 0. `domains` must outlive
  // this.
  WireEar(EventOutlet& outlet, std::uint64_t seed, const capture::Domains& domains)
      : outlet_(outlet), seed_(seed), domains_(domains) {}

  void generation(std::uint32_t generation) { generation_ = generation; }
  // A frame that is no packet, or one whose packet may_sign().
  void hear(const capture::Frame& frame);
  // A packet that shows its sender's card for the first time in its flow, or at another place; `segment` is
  // the sender's.
  void hear(const capture::Packet& packet, policy::SegmentId segment, bool answer);

  // The frames that come are of this minute (minute_of). Told for each, in their order.
  void pass(std::int64_t minute) { known_.pass(minute); }

  std::uint64_t untold() const { return untold_; }  // nobody had room
  std::uint64_t minutes_full() const { return known_.minutes_full(); }

 private:
  // Is it the first of this key in its minute?
  bool news(std::uint64_t key, Time time);
  void tell(const capture::WireSign& sign, std::uint64_t key, policy::SegmentId segment, Time time,
            std::uint64_t number);

  EventOutlet& outlet_;
  const std::uint64_t seed_;
  const capture::Domains& domains_;
  std::uint32_t generation_ = 0;
  // One more than main follows, so that main knows of every minute that was too full.
  FirstSeen known_{FirstSeen::most + 1};
  std::uint64_t untold_ = 0;
};

}  // namespace sekimori::daemon
