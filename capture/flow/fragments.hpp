// Fragments of one datagram: gives the later ones the ports of the first, whatever the order in which they
// come.
//
//   FragmentTable fragments{options};
//   if (packet.fragment) fragments.add(packet, onward);
//   fragments.expire(now, onward);  // once a batch: what waited long enough
//   fragments.finish(onward);       // at the end: all that still waits
//
// onward(const Packet&) takes what may go to the flow table.
//
// Nothing is put together again: a later fragment learns its ports and goes on as the packet that it is.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "capture/decode/packet.hpp"
#include "capture/flow/page_memory.hpp"
#include "capture/options.hpp"

namespace sekimori::capture {

// What was seen of fragments since the table was made. `packets` unless said otherwise.
struct FragmentCounters {
  std::uint64_t seen = 0;        // every fragment; = joined + strays + firsts + waiting now
  std::uint64_t firsts = 0;      // carry the transport header themselves
  std::uint64_t joined = 0;      // later ones that were given their first one's ports
  std::uint64_t strays = 0;      // later ones whose first one did not come: flows by addresses alone
  std::uint64_t held = 0;        // of joined and strays: came before their first one and waited
  std::uint64_t crowded = 0;     // of strays: let go before their time because memory was short
  std::uint64_t overlaps = 0;    // carry octets that another fragment carries, and not just the same ones
  std::uint64_t tiny = 0;        // first ones too short for the transport header (RFC 1858), offset 8 of TCP
  std::uint64_t too_long = 0;    // reach beyond the longest datagram
  std::uint64_t repeated = 0;    // show a part that was there already, and nothing else: copies, mostly
  std::uint64_t datagrams = 0;   // fragmented datagrams
  std::uint64_t incomplete = 0;  // ... that ended with a hole in them
  std::uint64_t untracked = 0;   // ... in more than FragmentTable::parts_most parts: not looked at for holes
  FragmentCounters& operator+=(const FragmentCounters& other);
};

// Fragments are one datagram's when family, addresses, identification and (IPv4, RFC 791 section 3.2)
// protocol agree. IPv6 leaves the protocol out, as the one that the first fragment names counts (RFC 8200
// section 4.5). The memory of a datagram stays after its last part, so that copies of its parts, seen behind
// a firewall or twice at a mirror, find their ports too. An identification that comes again for other octets
// begins a new datagram: when the first fragment differs and the old datagram is complete, or when a part
// comes again later than `copies_within`, if the old one is complete or the part is the first one.
//
// Bounded: a datagram has one of `ways` places, found by an unkeyed hash; if all are taken the one unused for
// the longest time goes, and what it held goes on as strays (`crowded`). So a flood of fragments, aimed or
// not, makes strays, which are judged by their addresses; it takes no memory and no time of other packets.
// One call of add() looks at `ways` places and `parts_most` parts and gives the sink at most 2 * chain_most +
// step_most + 2 packets.
//
// One worker owns one table. Nothing allocates after the constructor, throws, or reads a clock; differences
// of packet time count in both directions, so that time running backwards holds nothing for ever. The sink
// must not call the table.
class FragmentTable {
 public:
  static constexpr unsigned ways = 8;
  static constexpr unsigned parts_most = 64;  // parts of a datagram that are remembered
  static constexpr unsigned chain_most = 64;  // packets of a datagram that may wait
  static constexpr unsigned step_most = 64;   // packets let go at once to make room; datagrams looked at
  static constexpr Duration copies_within = std::chrono::seconds{1};

  // All memory is taken here, the number of datagrams rounded up to whole sets: about 400 octets a datagram
  // and 320 a held packet.
  explicit FragmentTable(const FragmentOptions& options);
  FragmentTable(const FragmentTable&) = delete;
  FragmentTable& operator=(const FragmentTable&) = delete;

  // Needs packet.fragment. Gives the sink every packet that is ready now: what this one drives out as strays;
  // then the packet, a later one with the ports of its first if that is known; then, if it is a first one,
  // those that waited for it, in frame order. A packet that has to wait is copied.
  template <class Sink>
  void add(const Packet& packet, Sink&& sink) {
    const Step step = admit(packet);
    pass_on(sink);
    switch (step.fate) {
      case Fate::first:
        sink(packet);
        release(step.datagram);
        pass_on(sink);
        break;
      case Fate::join: {
        Packet joined = packet;
        give_ports(step.datagram, joined);
        sink(std::as_const(joined));
        break;
      }
      case Fate::stray:
        sink(packet);
        break;
      case Fate::wait:
        keep(packet, step.datagram);
        break;
    }
  }

  // Lets go, as strays in frame order, what waited longer than `hold` at `now`, up to the first that did not;
  // at most waiting_most() packets. Looks at the next step_most datagrams and forgets those older than
  // `timeout`.
  template <class Sink>
  void expire(Time now, Sink&& sink) {
    let_go_overdue(now, holding_);
    pass_on(sink);
    forget_outlived(now);
  }

  // Lets go all that waits, in frame order, and forgets all datagrams.
  template <class Sink>
  void finish(Sink&& sink) {
    let_go_all();
    pass_on(sink);
    forget_all();
  }

  std::uint32_t waiting() const { return waiting_; }       // packets that wait now
  std::uint32_t waiting_most() const { return holding_; }  // ... and at most
  std::uint32_t size() const { return size_; }             // datagrams remembered now
  std::uint32_t size_most() const { return static_cast<std::uint32_t>(datagrams_.size()); }
  std::uint64_t memory_bytes() const;
  const FragmentCounters& counters() const { return counters_; }

 private:
  static constexpr std::uint32_t none = 0xffff'ffff;

  enum class Fate : std::uint8_t { first, join, stray, wait };
  struct Step {
    Fate fate = Fate::stray;
    std::uint32_t datagram = none;
  };
  // Octets [begin, begin + octets) of the payload. Fragments begin at multiples of eight.
  struct Part {
    std::uint16_t begin = 0;  // the lowest bit: more follow
    std::uint16_t octets = 0;
    bool operator==(const Part&) const = default;
  };
  enum class Fit : std::uint8_t { fresh, repeated, overlap };

  struct Key {
    IpAddress source{};
    IpAddress destination{};
    std::uint32_t id = 0;
    std::uint8_t protocol = 0;  // 0 in IPv6
    bool operator==(const Key&) const = default;
  };
  struct Datagram {
    Key key{};
    Time start{};            // of the first part that came
    Time newest{};           // latest of all its parts
    std::uint64_t used = 0;  // counters_.seen at its last part: the least goes first
    std::uint32_t held_first = none;
    std::uint32_t held_last = none;
    std::uint32_t fingerprint = 0;  // of the first fragment
    std::uint32_t end = 0;          // octets in all; 0 = the last part did not come
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint16_t icmp_id = 0;
    std::uint8_t protocol = 0;  // as the first fragment says
    std::uint8_t held_count = 0;
    std::uint8_t parts_count = 0;
    bool in_use = false;
    bool first_seen = false;
    bool first_cut = false;
    bool ports_known = false;
    bool complete = false;
    bool untracked = false;
    std::array<Part, parts_most> parts{};  // by begin, then octets
  };
  struct Held {
    Packet packet{};
    std::uint32_t next = none;   // in the datagram's chain, the free list, or the list of what is ready
    std::uint32_t older = none;  // of all that wait
    std::uint32_t newer = none;
    std::uint32_t datagram = none;
  };

  static Key key_of(const Packet& packet);
  static Part part_of(const Packet& packet);
  static Fit fit(const Datagram& datagram, Part part);
  static bool other_first(const Datagram& datagram, const Packet& packet);
  bool begins_anew(const Datagram& datagram, const Packet& packet, Fit fit) const;

  Step admit(const Packet& packet);
  struct Placed {
    std::uint32_t datagram = none;
    Fit fit = Fit::fresh;  // of the packet's part among those that are there
  };
  Placed place(const Packet& packet, Part part);
  void learn(Datagram& datagram, const Packet& packet, Part part, Fit kind);
  void insert(Datagram& datagram, Part part);
  Fate make_room(Datagram& datagram, Time now);
  void keep(const Packet& packet, std::uint32_t datagram);
  void release(std::uint32_t datagram);
  void give_ports(std::uint32_t datagram, Packet& packet);

  void let_go_overdue(Time now, std::uint32_t most);
  void let_go_own_overdue(Datagram& datagram, Time now);
  void let_go_all();
  void forget_outlived(Time now);
  void forget_all();
  void close(Datagram& datagram, bool crowded);
  void let_go(Datagram& datagram, bool crowded);  // the oldest of its chain, as a stray
  std::uint32_t unchain(Datagram& datagram);
  void make_ready(std::uint32_t slot);

  template <class Sink>
  void pass_on(Sink&& sink) {
    while (ready_first_ != none) {
      const std::uint32_t slot = ready_first_;
      ready_first_ = held_[slot].next;
      sink(std::as_const(held_[slot].packet));
      held_[slot].next = free_;
      free_ = slot;
    }
    ready_last_ = none;
  }

  const Duration hold_;
  const Duration timeout_;
  const std::uint32_t holding_;
  std::vector<Datagram, PageAllocator<Datagram>>
      datagrams_;  // sets of `ways`; their number is a power of two
  std::vector<Held, PageAllocator<Held>> held_;
  std::uint32_t free_ = none;
  std::uint32_t oldest_ = none;  // of all that wait
  std::uint32_t newest_ = none;
  std::uint32_t ready_first_ = none;  // what pass_on() gives the sink next
  std::uint32_t ready_last_ = none;
  std::uint32_t waiting_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t hand_ = 0;  // of forget_outlived()
  FragmentCounters counters_{};
};

}  // namespace sekimori::capture
