// Keeps back what lacks nothing but a name, or nothing but the right path, until it is known or does not
// come.
//
//   waits.feed(event, pass);    // passes it on, keeps it, or drops what it has kept
//   waits.tick(packet_now, pass);
//
// A connection to a cloud that services permit by name begins with a packet that tells no name. Where no DNS
// answer proved it before, its first report (Verdict::name_pending) waits here for the flow's own words: a
// name that fits drops it, another name or none lets it through at once, and so does the end of name_wait or
// of name_packets. Where the mirror sees both sides of the body's own firewall, the first copy of a packet to
// outside goes to the firewall and only the second one to the security cloud's next hop: such a report
// (Verdict::path_pending) waits path_wait for it. What is let through keeps the time of its packet.
//
// The result depends on the events and their order alone: what is due is passed on before the first event
// that is later, or at a tick. One thread. Bounded: when `kept_max` wait, the one that is due next is passed
// on early.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "daemon/messages.hpp"

namespace sekimori::daemon {

class NameWaits {
 public:
  static constexpr std::size_t kept_max = 8192;
  using Pass = std::function<void(const FlowEvent&)>;
  struct Counters {
    std::uint64_t kept = 0;       // flows whose first report was kept back
    std::uint64_t proved = 0;     // ... dropped: their name or path is permitted
    std::uint64_t told = 0;       // ... passed on: another one, none, or too late
    std::uint64_t displaced = 0;  // of the told: passed on early, because kept_max waited
    std::uint64_t joined = 0;     // events taken into one that waits
    bool operator==(const Counters&) const = default;
  };

  void feed(const FlowEvent& event, const Pass& pass);
  // Nothing waits, and this does not either: feed() would pass it on as it is, and nothing else.
  bool passes(const FlowEvent& event) const {
    return kept_.empty() && !event.verdict.name_pending && !event.verdict.path_pending;
  }
  void tick(Time packet_now, const Pass& pass);
  // Everything that waits: the input ended.
  void finish(const Pass& pass);
  std::size_t waiting() const { return kept_.size(); }
  Time next_due() const { return due_.empty() ? Time::max() : due_.begin()->first.first; }
  const Counters& counters() const { return counters_; }

 private:
  // The same flow on every run.
  struct Key {
    capture::Tuple tuple{};
    Time start{};
    auto operator<=>(const Key&) const = default;
  };
  using Due = std::pair<Time, std::uint64_t>;  // and in the order in which they came

  struct Kept {
    FlowEvent event{};
    Due due{};
  };
  using Place = std::map<Key, Kept>::iterator;
  void release(Place place, const Pass& pass);
  void drop(Place place);

  std::map<Key, Kept> kept_{};
  std::map<Due, Key> due_{};
  std::uint64_t order_ = 0;
  Counters counters_{};
};

}  // namespace sekimori::daemon
