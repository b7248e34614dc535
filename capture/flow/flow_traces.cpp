#include "capture/flow/flow_traces.hpp"

#include <algorithm>
#include <limits>

namespace sekimori::capture {

namespace {

using std::chrono::microseconds;

// Packets that came before a trace was made and may still be shown elsewhere.
constexpr std::uint64_t credit_most = 8;
constexpr microseconds credit_window{5'000};
constexpr unsigned looks_for_idle = 8;

std::uint32_t clock(Time time) {
  return static_cast<std::uint32_t>(std::chrono::floor<microseconds>(time).time_since_epoch().count());
}

// Apart in either direction: in a mirror the copy may come before what it is a copy of.
microseconds apart(std::uint32_t a, std::uint32_t b) {
  const auto distance = static_cast<std::int32_t>(a - b);
  return microseconds{distance < 0 ? -static_cast<std::int64_t>(distance) : distance};
}

void count(std::uint32_t& number) {
  if (number != std::numeric_limits<std::uint32_t>::max()) ++number;
}

void remember(FlowTrace& trace, std::uint32_t fingerprint, std::uint32_t at, unsigned place, unsigned side) {
  trace.fingerprints[trace.next] = fingerprint;
  trace.times[trace.next] = at;
  trace.places[trace.next] = static_cast<std::uint8_t>(1U << place | side << FlowTrace::side_shift);
  trace.next = static_cast<std::uint8_t>((trace.next + 1U) % FlowTrace::memories_most);
}

// A destination that a trace does not know yet (zero) is any.
bool same_place(const Sighting& known, const Sighting& seen) {
  return known.tap == seen.tap && known.ttl == seen.ttl && known.via == seen.via &&
         known.vlan_count == seen.vlan_count && known.vlans == seen.vlans &&
         known.source_mac == seen.source_mac &&
         (known.destination_mac == seen.destination_mac || known.destination_mac.is_zero());
}

// Takes a place down for good. There must be room.
unsigned add_sighting(FlowTrace& trace, const Sighting& place, unsigned side, std::uint64_t packets) {
  const unsigned index = trace.sightings_count++;
  trace.sightings[index] = place;
  trace.sightings[index].packets =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(packets, std::numeric_limits<std::uint32_t>::max()));
  trace.sides[index] = static_cast<std::uint8_t>(side);
  return index;
}

// The sighting of this place, made now if it is new; `elsewhere` when there is no room for it.
unsigned sighting(FlowTrace& trace, const Sighting& place, unsigned side) {
  for (unsigned i = 0; i < trace.sightings_count; ++i) {
    if (trace.sides[i] != side || !same_place(trace.sightings[i], place)) continue;
    trace.sightings[i].destination_mac = place.destination_mac;
    return i;
  }
  if (trace.sightings_count == sightings_most) return FlowTrace::elsewhere;
  return add_sighting(trace, place, side, 0);
}

}  // namespace

FlowTraces::FlowTraces(std::uint32_t count)
    : count_{std::min<std::uint32_t>(count, none)},
      memory_{std::max<std::size_t>(count_, 1) * sizeof(FlowTrace)},
      // Made of integers only, for which the kernel's zeroes are values.
      traces_{reinterpret_cast<FlowTrace*>(memory_.data())} {}

FlowTraces::Taken FlowTraces::take(std::uint32_t owner, Time now) {
  Taken taken;
  if (fresh_ < count_) {
    taken.index = static_cast<std::uint16_t>(fresh_++);
  } else if (count_ != 0 && std::chrono::floor<std::chrono::milliseconds>(now) != barren_at_) {
    std::uint16_t longest = none;
    microseconds idle = copy_window;
    for (unsigned look = 0; look < looks_for_idle; ++look) {
      hand_ = hand_ + 1 < count_ ? hand_ + 1 : 0;
      const FlowTrace& trace = traces_[hand_];
      if (!trace.in_use) {
        longest = static_cast<std::uint16_t>(hand_);
        break;
      }
      const microseconds quiet = apart(clock(now), trace.touched);
      if (quiet > idle) {
        idle = quiet;
        longest = static_cast<std::uint16_t>(hand_);
      }
    }
    taken.index = longest;
  }
  if (taken.index == none) {
    barren_at_ = std::chrono::floor<std::chrono::milliseconds>(now);
    ++counters_.refused;
    return taken;
  }
  FlowTrace& trace = traces_[taken.index];
  if (trace.in_use) {
    taken.stolen = true;
    taken.stolen_from = trace.owner;
    ++counters_.stolen;
  }
  trace = FlowTrace{};
  trace.owner = owner;
  trace.in_use = true;
  trace.born = now;
  trace.touched = clock(now);
  if (!taken.stolen) ++in_use_;
  ++counters_.taken;
  return taken;
}

void FlowTraces::release(std::uint16_t index) {
  traces_[index].in_use = false;
  --in_use_;
  barren_at_ = decltype(barren_at_)::min();
  hand_ = index == 0 ? count_ - 1 : index - 1U;  // the next one asked for is this
}

Sighting FlowTraces::place_of(const Packet& packet) {
  Sighting place;
  place.tap = packet.tap;
  place.vlans = packet.vlans;
  place.vlan_count = packet.vlan_count;
  place.ttl = packet.ttl;
  place.via = packet.via;
  place.source_mac = packet.source_mac;
  place.destination_mac = packet.destination_mac;
  return place;
}

void FlowTraces::recall(FlowTrace& trace, std::uint32_t fingerprint, Time at, const Sighting& place,
                        unsigned side, std::uint64_t packets) {
  const unsigned index = add_sighting(trace, place, side, packets);
  trace.home[side] = static_cast<std::uint8_t>(index);
  // The last of them is remembered, the ones before it are only known to have been there.
  trace.credit[side] = static_cast<std::uint8_t>(std::min(packets - 1, credit_most));
  if (fingerprint != 0) remember(trace, fingerprint, clock(at), index, side);
}

bool FlowTraces::idle(const FlowTrace& trace, Time now) {
  return trace.copies + trace.duplicates == 0 && trace.inside == Tunnel::none &&
         now - trace.born > 2 * copy_window;
}

bool FlowTraces::duplicate(const Packet& packet, microseconds gap) {
  if (packet.identified) return gap <= duplicate_window;
  // A host may well send the same acknowledgment twice in a row; what carries something it does not repeat so
  // soon.
  const bool tcp = packet.tuple.protocol == protocol::tcp;
  const bool carries =
      packet.payload_bytes != 0 || (tcp && (packet.tcp_flags & (tcp_flag::syn | tcp_flag::fin)) != 0);
  return carries && gap <= (tcp ? unidentified_window : repeating_window);
}

bool FlowTraces::routed(const Sighting& a, const Sighting& b) {
  // Inside a tunnel: the outer header lost a hop, and the content went with it.
  if (a.via >> 8U != b.via >> 8U) return true;
  // Who forwards a packet takes a hop off and sends it under its own MAC. A sender's own play with TTLs is no
  // passage, nor is what mirrors do to tags.
  const bool ethernet = !a.source_mac.is_zero() && !b.source_mac.is_zero();
  if (ethernet && a.source_mac == b.source_mac) return false;
  if (a.ttl != b.ttl) return true;
  return ethernet && a.vlan_count != 0 && b.vlan_count != 0 &&
         a.vlans[a.vlan_count - 1U] != b.vlans[b.vlan_count - 1U];
}

FlowTraces::Finding FlowTraces::look(FlowTrace& trace, const Packet& packet, unsigned side) {
  const std::uint32_t now = clock(packet.time);
  trace.touched = now;
  const Sighting place = place_of(packet);
  bool known_side = false;
  for (unsigned i = 0; i < trace.sightings_count; ++i) known_side = known_side || trace.sides[i] == side;
  const unsigned here = sighting(trace, place, side);
  if (!known_side && here != FlowTrace::elsewhere) trace.home[side] = static_cast<std::uint8_t>(here);
  if (here != FlowTrace::elsewhere) count(trace.sightings[here].packets);
  const auto bit = static_cast<std::uint8_t>(1U << here);

  Finding finding;
  unsigned first_elsewhere = FlowTrace::memories_most;  // the oldest that was not seen here
  bool seen_here = false;
  // First whether any is like it at all, which is quick to see: most packets are shown once.
  bool any = false;
  for (const std::uint32_t fingerprint : trace.fingerprints) any = any | (fingerprint == packet.fingerprint);
  if (any && packet.fingerprint != 0) {
    for (unsigned i = 0; i < FlowTrace::memories_most; ++i) {
      const unsigned at = (trace.next + i) % FlowTrace::memories_most;
      if (trace.fingerprints[at] != packet.fingerprint || trace.places[at] >> FlowTrace::side_shift != side)
        continue;
      const microseconds gap = apart(now, trace.times[at]);
      if (gap > (packet.identified ? copy_window : unidentified_copy_window)) continue;
      if ((trace.places[at] & bit) == 0) {
        if (first_elsewhere == FlowTrace::memories_most) first_elsewhere = at;
      } else if (duplicate(packet, gap)) {
        seen_here = true;
      }
    }
  }
  const std::uint8_t home = trace.home[side];
  if (first_elsewhere != FlowTrace::memories_most) {
    finding.repeat = Repeat::copy;
    for (unsigned i = 0; i < trace.sightings_count; ++i) {
      if ((trace.places[first_elsewhere] >> i & 1U) != 0) {
        finding.routed = finding.routed || routed(trace.sightings[i], place);
      }
    }
    trace.places[first_elsewhere] |= bit;
  } else if (seen_here) {
    finding.repeat = Repeat::duplicate;
  } else if (trace.credit[side] != 0 && here != home && packet.time - trace.born <= credit_window) {
    // Most likely a copy of one that nobody remembers; likely is not enough to say that it has passed.
    --trace.credit[side];
    finding.repeat = Repeat::copy;
  } else {
    if (trace.fingerprints[trace.next] != 0 && trace.copies != 0 &&
        apart(now, trace.times[trace.next]) < std::chrono::milliseconds{1}) {
      ++counters_.window_short;
    }
    remember(trace, packet.fingerprint, now, here, side);
    return finding;
  }
  count(finding.repeat == Repeat::copy ? trace.copies : trace.duplicates);
  if (finding.repeat == Repeat::copy && here != FlowTrace::elsewhere && here != home &&
      place.ttl > trace.sightings[home].ttl) {
    trace.home[side] = static_cast<std::uint8_t>(here);
    finding.nearer_home = true;
  }
  return finding;
}

}  // namespace sekimori::capture
