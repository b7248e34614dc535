// Gateways, services and exceptions as one kind of thing: entries that permit, found by both addresses.
//
// Every entry is filed under (its source prefix, its destination prefix), in a hash table. A question walks
// the prefixes that hold the initiator and those that hold the responder, from the longest to "any", and
// looks up each combination: usually four look-ups, whether the register has ten entries or a hundred
// thousand. Gateways and services are filed by their pair of segments as well, so those of other pairs are
// never met.
//
// When nothing permits, the same structure finds the entry that came nearest, in bounded work: a flood of
// forbidden packets must not cost more than a flood of permitted ones by much.
//
// Immutable after construction; look-ups never allocate or throw.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "policy/names.hpp"
#include "policy/policy.hpp"
#include "policy/segment_map.hpp"
#include "policy/week.hpp"

namespace sekimori::policy {

// A set of prefixes with "any" as the root of all; nodes are numbered, the root is 0.
class PrefixTree {
 public:
  static constexpr std::uint32_t root = 0;

  PrefixTree() = default;
  explicit PrefixTree(std::vector<Prefix> prefixes);
  std::uint32_t node(const Prefix& prefix) const;      // of a prefix given at construction
  std::uint32_t find(const IpAddress& address) const;  // longest that holds it; root if none does
  std::uint32_t parent(std::uint32_t node) const { return parents_[node]; }

 private:
  std::vector<Prefix> ordered_{};
  std::vector<std::uint32_t> parents_{root};
  SegmentMap map_{};
};

// Protocols whose conversations have ports (TCP, UDP, SCTP).
bool has_ports(std::uint8_t protocol);
// The whole of a protocol: what has no ports too, and what of a port is not known.
bool every_port(const Ports& ports);
// Does an entry of this kind (not `cell`) permit in such a cell?
bool takes(Cell cell, Basis kind);

struct Entry {
  Basis kind = Basis::exception;
  std::uint32_t index = 0;  // into the options' gateways, services or exceptions
  SegmentId from = 0;       // gateways and services
  SegmentId to = 0;
  EndpointOptions source{};
  EndpointOptions destination{};
  std::vector<Ports> ports{};
  std::vector<NameClass> names{};  // services: the classes that prove it, in order; empty = none is asked for
  Time approved = Time::min();     // exceptions: nobody has approved it before,
  Time begin = Time::min();        // it is in force from here
  Time end = Time::max();          // until just before here,
  Time revoked = Time::max();      // or just before here,
  Week week{};                     // and at these hours only
};

// The nearest miss so far, and how near it is: fewer mismatches first, then the kind of the first one, then
// order.
struct Nearest {
  NearMiss miss{};
  unsigned score = std::numeric_limits<unsigned>::max();
  void offer(const Entry& entry, unsigned mismatches, Mismatch first);
};

class Entries {
 public:
  // How many entries one search for the nearest miss looks at, on each of its ways.
  static constexpr std::uint32_t near_max = 64;

  Entries() = default;
  // `routers`: MACs, in order, that stand for other hosts; they can neither prove nor disprove an entry's
  // MAC.
  Entries(std::vector<Entry> entries, std::vector<MacAddress> routers);
  // Every entry that is near, nearest first, as look_around() rates them: all are looked at, so this is for
  // people who ask, not for the packet path. Those that match in full are left out.
  std::vector<NearMiss> nearest(PairId pair, const Conversation& conversation, std::size_t most) const;
  // As given: gateways, services, exceptions, each in the options' order.
  const std::vector<Entry>& all() const { return entries_; }

  // A conversation and the longest of the entries' prefixes that hold its two ends: asked once, used several
  // times.
  struct Question {
    const Conversation& conversation;
    std::uint32_t source = PrefixTree::root;
    std::uint32_t destination = PrefixTree::root;
  };
  Question ask(const Conversation& conversation) const;

  struct Match {
    const Entry* entry = nullptr;  // the first in the options' order
    bool mac_verified = true;
  };
  // The entry of this kind (not `cell`) that permits the conversation. Entries that fit the addresses and
  // fail otherwise are offered to `nearest`. `pair` counts for gateways and services.
  Match find(Basis kind, PairId pair, const Question& question, Nearest& nearest) const;
  // Offers further entries: those that share one address or the pair, and those that fit the other way round.
  // `named`: gateway or service where the cell takes them, else exception.
  void look_around(Basis named, PairId pair, const Question& question, Nearest& nearest) const;

 private:
  struct Slot {
    std::uint64_t key = ~std::uint64_t{0};
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };
  struct Comparison {
    unsigned mismatches = 0;
    Mismatch first = Mismatch::none;
    bool mac_verified = true;
    void differs(Mismatch field);
  };

  void file();
  Slot slice(std::uint64_t key) const;
  bool has_exceptions() const { return exceptions_ > 0; }
  bool is_router(const MacAddress& mac) const;
  Comparison compare(std::uint32_t entry, const Conversation& conversation) const;
  bool holds(std::int32_t large_set, const EndpointOptions& side, const IpAddress& address) const;
  void compare_mac(const EndpointOptions& side, const MacAddress& mac, bool guessed, Mismatch field,
                   Comparison& result) const;
  void offer_slice(std::uint64_t key, const Conversation& conversation, std::uint32_t& budget,
                   Nearest& nearest) const;
  void look_backwards(Basis named, PairId pair, const Conversation& conversation, Nearest& nearest) const;

  std::vector<Entry> entries_{};
  std::size_t exceptions_ = 0;
  std::vector<MacAddress> routers_{};
  PrefixTree sources_{};
  PrefixTree destinations_{};
  std::vector<Slot> table_{};             // open addressing, a power of two, at most half full
  std::vector<std::uint32_t> filed_{};    // indexes into entries_, one slice for each key
  std::vector<SegmentMap> large_sets_{};  // of sides with many addresses
  struct Sets {
    std::int32_t source = -1;
    std::int32_t destination = -1;
  };
  std::vector<Sets> sets_{};  // parallel to entries_: index into large_sets_, or -1
};

}  // namespace sekimori::policy
