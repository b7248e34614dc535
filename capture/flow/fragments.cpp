#include "capture/flow/fragments.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

namespace sekimori::capture {
namespace {

constexpr std::uint16_t more_follow = 1;
// The longest payload: 65535 octets less the shortest header that counts among them.
constexpr std::uint32_t ipv4_longest = 65515;
constexpr std::uint32_t ipv6_longest = 65535;

// In either direction; any two times, without overflow.
bool apart(Time a, Time b, Duration limit) {
  const auto x = static_cast<std::uint64_t>(a.time_since_epoch().count());
  const auto y = static_cast<std::uint64_t>(b.time_since_epoch().count());
  const std::uint64_t difference = a < b ? y - x : x - y;
  return difference > static_cast<std::uint64_t>(limit.count());
}

std::uint32_t sets_for(std::uint32_t datagrams, unsigned ways) {
  constexpr std::uint32_t most = 1U << 20U;  // some 3 GiB
  return std::bit_ceil(std::clamp(datagrams / ways, 1U, most));
}

std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 32U)) * 0xd6e8feb86659fd93ULL;
  return value ^ (value >> 32U);
}

std::uint64_t word(const IpAddress& address, std::size_t index) {
  std::uint64_t value = 0;
  std::memcpy(&value, address.bytes.data() + 8 * index, sizeof value);
  return value;
}

std::uint32_t begin_of(std::uint16_t begin) {
  return begin & ~std::uint32_t{more_follow};
}

// Octets that a transport header has at the least; 0 where it is not known.
std::uint16_t header_least(std::uint8_t protocol) {
  switch (protocol) {
    case protocol::tcp:
      return 20;
    case protocol::sctp:
      return 12;
    case protocol::udp:
    case protocol::icmp:
    case protocol::icmpv6:
      return 8;
    default:
      return 0;
  }
}

bool is_tiny(const Packet& packet) {
  if (packet.fragment_first) return packet.fragment_bytes < header_least(packet.tuple.protocol);
  // A second part that begins inside the TCP header, where the flags are.
  return packet.fragment_offset == 8 && packet.tuple.protocol == protocol::tcp;
}

bool is_too_long(const Packet& packet) {
  const bool ipv4 = packet.tuple.source.family == Family::ipv4;
  return packet.fragment_offset + std::uint32_t{packet.fragment_bytes} > (ipv4 ? ipv4_longest : ipv6_longest);
}

}  // namespace

FragmentCounters& FragmentCounters::operator+=(const FragmentCounters& other) {
  seen += other.seen;
  firsts += other.firsts;
  joined += other.joined;
  strays += other.strays;
  held += other.held;
  crowded += other.crowded;
  overlaps += other.overlaps;
  tiny += other.tiny;
  too_long += other.too_long;
  repeated += other.repeated;
  datagrams += other.datagrams;
  incomplete += other.incomplete;
  untracked += other.untracked;
  return *this;
}

FragmentTable::FragmentTable(const FragmentOptions& options)
    : hold_{std::max(Duration{options.hold}, Duration{0})},
      timeout_{std::max(Duration{options.timeout}, Duration{0})},
      holding_{options.held},
      datagrams_(std::size_t{sets_for(options.datagrams, ways)} * ways),
      held_(options.held) {
  for (std::uint32_t slot = holding_; slot > 0; --slot) {
    held_[slot - 1].next = free_;
    free_ = slot - 1;
  }
}

std::uint64_t FragmentTable::memory_bytes() const {
  return datagrams_.size() * sizeof(Datagram) + held_.size() * sizeof(Held);
}

FragmentTable::Key FragmentTable::key_of(const Packet& packet) {
  const bool ipv4 = packet.tuple.source.family == Family::ipv4;
  return {.source = packet.tuple.source,
          .destination = packet.tuple.destination,
          .id = packet.fragment_id,
          .protocol = ipv4 ? packet.tuple.protocol : std::uint8_t{0}};
}

FragmentTable::Part FragmentTable::part_of(const Packet& packet) {
  const unsigned begin = packet.fragment_offset & ~7U;
  return {.begin = static_cast<std::uint16_t>(begin | (packet.fragment_more ? more_follow : 0U)),
          .octets = packet.fragment_bytes};
}

FragmentTable::Fit FragmentTable::fit(const Datagram& datagram, Part part) {
  const std::uint32_t begin = begin_of(part.begin);
  const std::uint32_t end = begin + part.octets;
  Fit result = Fit::fresh;
  for (unsigned i = 0; i < datagram.parts_count; ++i) {
    const Part& known = datagram.parts[i];
    if (known == part) return Fit::repeated;
    const std::uint32_t known_begin = begin_of(known.begin);
    if (known_begin >= end && known_begin > begin) break;
    const bool same_place = known_begin == begin && known.octets == part.octets;  // the last one, or not
    const bool octets = part.octets != 0 && known.octets != 0;
    if (same_place || (octets && known_begin < end && begin < known_begin + known.octets)) {
      result = Fit::overlap;
    }
  }
  return result;
}

// The same octets of the payload with another transport header.
bool FragmentTable::other_first(const Datagram& datagram, const Packet& packet) {
  if (!packet.fragment_first || !datagram.first_seen) return false;
  if (packet.cut || datagram.first_cut) return false;  // a shorter capture of it, for all that is known
  if (datagram.fingerprint != packet.fingerprint) return true;
  return datagram.ports_known && packet.ports_known &&
         (datagram.source_port != packet.tuple.source_port ||
          datagram.destination_port != packet.tuple.destination_port);
}

bool FragmentTable::begins_anew(const Datagram& datagram, const Packet& packet, Fit fit) const {
  if (apart(packet.time, datagram.start, timeout_)) return true;
  const bool late = apart(packet.time, datagram.newest, copies_within);
  if (fit == Fit::fresh) return late && datagram.complete;
  // Receivers wait for the rest of an incomplete one much longer than copies take: only another first
  // fragment says that there is a new one.
  return (late && (datagram.complete || packet.fragment_first)) ||
         (datagram.complete && other_first(datagram, packet));
}

FragmentTable::Step FragmentTable::admit(const Packet& packet) {
  assert(packet.fragment);
  ++counters_.seen;
  if (packet.fragment_first && !packet.fragment_more) {
    // Fragment and whole datagram in one: no part of another, whatever has its identification (RFC 6946).
    ++counters_.firsts;
    return {.fate = Fate::first};
  }
  const Part part = part_of(packet);
  const auto [index, kind] = place(packet, part);
  Datagram& datagram = datagrams_[index];
  learn(datagram, packet, part, kind);
  if (packet.fragment_first) {
    ++counters_.firsts;
    let_go_own_overdue(datagram, packet.time);
    return {.fate = Fate::first, .datagram = index};
  }
  if (datagram.first_seen) {
    ++counters_.joined;
    return {.fate = Fate::join, .datagram = index};
  }
  let_go_own_overdue(datagram, packet.time);
  return {.fate = make_room(datagram, packet.time), .datagram = index};
}

// The datagram that the packet is a part of, begun if need be.
FragmentTable::Placed FragmentTable::place(const Packet& packet, Part part) {
  const Key key = key_of(packet);
  const std::uint64_t ends =
      mix(mix(word(key.source, 0) + 3 * word(key.source, 1)) + word(key.destination, 0)) +
      word(key.destination, 1);
  const std::uint64_t hash = mix(mix(ends) + (std::uint64_t{key.id} << 8U) + key.protocol);
  const auto first = static_cast<std::uint32_t>(hash & (datagrams_.size() / ways - 1)) * ways;
  std::uint32_t victim = first;
  for (std::uint32_t index = first; index < first + ways; ++index) {
    Datagram& datagram = datagrams_[index];
    if (datagram.in_use && datagram.key == key) {
      const Fit kind = fit(datagram, part);
      if (!begins_anew(datagram, packet, kind)) return {.datagram = index, .fit = kind};
      close(datagram, false);
      victim = index;
      break;
    }
    const Datagram& worst = datagrams_[victim];
    if (worst.in_use && (!datagram.in_use || datagram.used < worst.used)) victim = index;
  }
  Datagram& datagram = datagrams_[victim];
  if (datagram.in_use) close(datagram, true);
  datagram = Datagram{};
  datagram.key = key;
  datagram.start = packet.time;
  datagram.newest = packet.time;
  datagram.in_use = true;
  ++size_;
  ++counters_.datagrams;
  return {.datagram = victim};
}

// Takes down what the packet says about its datagram.
void FragmentTable::learn(Datagram& datagram, const Packet& packet, Part part, Fit kind) {
  const bool other = other_first(datagram, packet);
  datagram.used = counters_.seen;
  datagram.newest = std::max(datagram.newest, packet.time);
  if (kind == Fit::repeated && !other) {
    ++counters_.repeated;
  } else {
    if (kind != Fit::fresh || other) ++counters_.overlaps;
    if (is_tiny(packet)) ++counters_.tiny;
    if (is_too_long(packet)) ++counters_.too_long;
  }
  if (kind != Fit::repeated) insert(datagram, part);
  // The latest first fragment is believed, but one that shows no ports does not take known ones away.
  if (packet.fragment_first && (packet.ports_known || !datagram.ports_known)) {
    datagram.first_seen = true;
    datagram.ports_known = packet.ports_known;
    datagram.source_port = packet.tuple.source_port;
    datagram.destination_port = packet.tuple.destination_port;
    datagram.icmp_id = packet.icmp_id;
    datagram.protocol = packet.tuple.protocol;
    datagram.fingerprint = packet.fingerprint;
    datagram.first_cut = packet.cut;
  }
}

void FragmentTable::insert(Datagram& datagram, Part part) {
  const std::uint32_t end = begin_of(part.begin) + part.octets;
  if ((part.begin & more_follow) == 0) datagram.end = std::max(datagram.end, end);
  if (datagram.parts_count == parts_most) {
    if (!datagram.untracked) ++counters_.untracked;
    datagram.untracked = true;
    return;
  }
  auto* const begin = datagram.parts.begin();
  auto* const all = begin + datagram.parts_count;
  auto* const at = std::find_if(begin, all, [&](const Part& known) {
    const std::uint32_t known_begin = begin_of(known.begin);
    return known_begin > begin_of(part.begin) ||
           (known_begin == begin_of(part.begin) && known.octets >= part.octets);
  });
  std::move_backward(at, all, all + 1);
  *at = part;
  ++datagram.parts_count;

  std::uint32_t reached = 0;
  for (unsigned i = 0; i < datagram.parts_count; ++i) {
    const Part& known = datagram.parts[i];
    if (begin_of(known.begin) > reached) break;
    reached = std::max(reached, begin_of(known.begin) + known.octets);
  }
  datagram.complete = datagram.end != 0 && reached >= datagram.end;
}

FragmentTable::Fate FragmentTable::make_room(Datagram& datagram, Time now) {
  if (datagram.held_count == chain_most) {
    let_go(datagram, true);
  } else if (free_ == none) {
    let_go_overdue(now, step_most);
    if (ready_first_ != none) return Fate::wait;
    if (oldest_ == none) {  // nothing may wait at all
      ++counters_.strays;
      ++counters_.crowded;
      return Fate::stray;
    }
    let_go(datagrams_[held_[oldest_].datagram], true);
  }
  return Fate::wait;
}

// After pass_on(): what made room is on the free list.
void FragmentTable::keep(const Packet& packet, std::uint32_t index) {
  assert(free_ != none);
  const std::uint32_t slot = free_;
  Held& held = held_[slot];
  free_ = held.next;
  held.packet = packet;
  held.next = none;
  held.older = newest_;
  held.newer = none;
  held.datagram = index;
  (newest_ == none ? oldest_ : held_[newest_].newer) = slot;
  newest_ = slot;
  Datagram& datagram = datagrams_[index];
  (datagram.held_last == none ? datagram.held_first : held_[datagram.held_last].next) = slot;
  datagram.held_last = slot;
  ++datagram.held_count;
  ++waiting_;
}

// Those that waited for the first fragment, which has just come. `index` is none for an atomic one.
void FragmentTable::release(std::uint32_t index) {
  if (index == none) return;
  Datagram& datagram = datagrams_[index];
  while (datagram.held_first != none) {
    const std::uint32_t slot = unchain(datagram);
    give_ports(index, held_[slot].packet);
    ++counters_.joined;
    make_ready(slot);
  }
}

void FragmentTable::give_ports(std::uint32_t index, Packet& packet) {
  const Datagram& datagram = datagrams_[index];
  packet.tuple.source_port = datagram.source_port;
  packet.tuple.destination_port = datagram.destination_port;
  packet.icmp_id = datagram.icmp_id;
  // Behind extension headers that only the first fragment holds, the later ones name the first of these.
  packet.tuple.protocol = datagram.protocol;
  packet.ports_known = datagram.ports_known;
}

void FragmentTable::let_go_overdue(Time now, std::uint32_t most) {
  // All of them are looked at: in the order in which they came, which need not be that of their stamps.
  std::uint32_t slot = oldest_;
  for (std::uint32_t steps = 0; steps < most && slot != none; ++steps) {
    const std::uint32_t newer = held_[slot].newer;
    Datagram& datagram = datagrams_[held_[slot].datagram];
    if (datagram.held_first == slot && apart(now, held_[slot].packet.time, hold_)) let_go(datagram, false);
    slot = newer;
  }
}

// So that it makes no difference when expire() comes by.
void FragmentTable::let_go_own_overdue(Datagram& datagram, Time now) {
  while (datagram.held_first != none && apart(now, held_[datagram.held_first].packet.time, hold_)) {
    let_go(datagram, false);
  }
}

void FragmentTable::let_go_all() {
  while (oldest_ != none) let_go(datagrams_[held_[oldest_].datagram], false);
}

void FragmentTable::forget_outlived(Time now) {
  if (size_ == 0) return;
  const auto looks = std::min<std::size_t>(step_most, datagrams_.size());
  for (std::size_t i = 0; i < looks; ++i) {
    hand_ = hand_ + 1 < datagrams_.size() ? hand_ + 1 : 0;
    Datagram& datagram = datagrams_[hand_];
    // What still waits here was not let go as overdue: its time has not come.
    if (datagram.in_use && datagram.held_count == 0 && apart(now, datagram.start, timeout_)) {
      close(datagram, false);
    }
  }
}

void FragmentTable::forget_all() {
  for (Datagram& datagram : datagrams_) {
    if (datagram.in_use) close(datagram, false);
  }
}

void FragmentTable::close(Datagram& datagram, bool crowded) {
  while (datagram.held_first != none) let_go(datagram, crowded);
  if (!datagram.complete && !datagram.untracked) ++counters_.incomplete;
  datagram.in_use = false;
  --size_;
}

void FragmentTable::let_go(Datagram& datagram, bool crowded) {
  const std::uint32_t slot = unchain(datagram);
  ++counters_.strays;
  if (crowded) ++counters_.crowded;
  make_ready(slot);
}

// The oldest of the datagram's chain; it no longer waits.
std::uint32_t FragmentTable::unchain(Datagram& datagram) {
  const std::uint32_t slot = datagram.held_first;
  Held& held = held_[slot];
  datagram.held_first = held.next;
  if (datagram.held_first == none) datagram.held_last = none;
  --datagram.held_count;
  (held.older == none ? oldest_ : held_[held.older].newer) = held.newer;
  (held.newer == none ? newest_ : held_[held.newer].older) = held.older;
  --waiting_;
  ++counters_.held;
  return slot;
}

void FragmentTable::make_ready(std::uint32_t slot) {
  held_[slot].next = none;
  (ready_last_ == none ? ready_first_ : held_[ready_last_].next) = slot;
  ready_last_ = slot;
}

}  // namespace sekimori::capture
