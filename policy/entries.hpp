// Gateways, services and exceptions as one kind of thing: entries that permit, found by both addresses.
//
// Every entry is filed under (its source prefix, its destination prefix), in a hash table. A question walks
// the prefixes that hold the initiator and those that hold the responder, from the longest to "any", and
// looks up each combination that can be there: usually one, whether the register has ten entries or a
// hundred thousand. Gateways and services are filed by their pair of segments as well, so those of other
// pairs are never met.
//
// What a register of a hundred thousand entries costs is memory that is not in the cache. So everything that
// a comparison needs of an entry lies in one cache line of its own (`Digest`), where addresses are ranges of
// numbered prefixes; what an entry was written as is read for its rare parts only.
//
// When nothing permits, the same structure finds the entry that came nearest, in bounded work: a flood of
// forbidden packets must not cost more than a flood of permitted ones by much.
//
// Immutable after construction; look-ups never allocate or throw.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "policy/names.hpp"
#include "policy/policy.hpp"
#include "policy/segment_map.hpp"
#include "policy/week.hpp"

namespace sekimori::policy {

// A set of prefixes with "any" as the root of all. Nodes are numbered so that what a prefix covers follows it
// without a gap; the root is 0. An address is in a prefix if its longest one is in [node, end(node)).
class PrefixTree {
 public:
  static constexpr std::uint32_t root = 0;

  PrefixTree() = default;
  explicit PrefixTree(std::vector<Prefix> prefixes);
  std::uint32_t node(const Prefix& prefix) const;      // of a prefix given at construction
  std::uint32_t find(const IpAddress& address) const;  // longest that holds it; root if none does
  std::uint32_t parent(std::uint32_t node) const { return parents_[node]; }
  std::uint32_t end(std::uint32_t node) const { return ends_[node]; }  // behind the last one that it covers
  std::size_t size() const { return parents_.size(); }

 private:
  std::vector<Prefix> ordered_{};
  std::vector<std::uint32_t> parents_{root};
  std::vector<std::uint32_t> ends_{1};
  SegmentMap map_{};
};

// Protocols whose conversations have ports (TCP, UDP, SCTP).
bool has_ports(std::uint8_t protocol);
// The whole of a protocol: what has no ports too, and what of a port is not known.
bool every_port(const Ports& ports);
bool holds(const Ports& ports, std::uint8_t protocol, std::uint16_t port);
// Does an entry of this kind (not `cell`) permit in such a cell?
bool takes(Cell cell, Basis kind);

struct Entry {
  Basis kind = Basis::exception;
  std::uint32_t index = 0;  // into the options' gateways, services or exceptions
  SegmentId from = 0;       // gateways and services
  SegmentId to = 0;
  DomainSet domains = in_main;
  EndpointOptions source{};  // addresses in each of the domains
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
  // In another capture domain: nobody there is near, whatever else fits.
  static constexpr unsigned elsewhere = 1000;
  void offer(Basis kind, std::uint32_t index, unsigned mismatches, Mismatch first);
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
  std::vector<NearEntry> nearest(PairId pair, const Conversation& conversation, std::size_t most) const;
  // As given: gateways, services, exceptions, each in the options' order.
  const std::vector<Entry>& all() const { return entries_; }

  // The longest of the entries' prefixes that hold the two ends of a conversation: asked once, used several
  // times.
  struct Nodes {
    std::uint32_t source = PrefixTree::root;
    std::uint32_t destination = PrefixTree::root;
  };
  Nodes nodes_of(const Conversation& conversation) const;
  struct Question : Nodes {
    Question(const Conversation& asked, const Nodes& nodes) : Nodes(nodes), conversation(asked) {}
    const Conversation& conversation;
  };
  Question ask(const Conversation& conversation) const { return {conversation, nodes_of(conversation)}; }

  struct Match {
    bool found = false;
    bool mac_verified = true;
    std::uint32_t index = 0;  // of the first in the options' order, into the options
  };
  // The entry of this kind (not `cell`) that permits the conversation. Entries that fit the addresses and
  // fail otherwise are offered to `nearest`. `pair` counts for gateways and services.
  Match find(Basis kind, PairId pair, const Question& question, Nearest& nearest) const;
  // Offers further entries: those that share one address or the pair, and those that fit the other way round.
  // `named`: gateway or service where the cell takes them, else exception.
  void look_around(Basis named, PairId pair, const Question& question, Nearest& nearest) const;

 private:
  // Entries of one key, in their order: filed_[first ...]; of one alone, `first` is itself.
  struct Slot {
    std::uint64_t key = ~std::uint64_t{0};
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };
  // A node of a tree: the exceptions that name it on this side, in their order, and what the other side of
  // the keys with this node may be, so that what cannot be there is not looked for.
  struct Place {
    static constexpr std::uint32_t here_max = 2;
    static constexpr std::uint8_t exceptions_any = 1;    // the other side is any address
    static constexpr std::uint8_t exceptions_named = 2;  // or a prefix
    static constexpr std::uint8_t others_any = 4;        // the same of gateways and services
    static constexpr std::uint8_t others_named = 8;
    std::uint32_t parent = PrefixTree::root;
    std::array<std::uint32_t, here_max> near{};  // the exceptions, or where they begin in near_
    std::uint32_t count : 28 = 0;
    std::uint32_t keys : 4 = 0;
  };
  static_assert(sizeof(Place) == 16);
  // Nodes of a tree, from `first` until before `end`.
  struct Range {
    std::uint32_t first = 0;
    std::uint32_t end = 0;
  };
  // What compare() asks of an entry.
  struct alignas(64) Digest {
    enum : std::uint8_t { several_sources = 1, several_destinations = 2, named = 4 };
    Time begin = Time::min();  // permits within [begin, end), if its hours do
    Time end = Time::max();
    Range source{};  // its nodes; with `several_sources` a part of ranges_
    Range destination{};
    std::uint32_t index = 0;  // Entry::index
    std::uint32_t week = 0;   // into weeks_
    MacAddress source_mac{};  // of one alone
    MacAddress destination_mac{};
    Ports ports{};  // of one alone
    DomainSet domains = in_main;
    Basis kind = Basis::exception;
    std::uint8_t parts = 0;
    std::uint8_t source_macs : 2 = 0;  // how many: 0, 1, or 2 for several
    std::uint8_t destination_macs : 2 = 0;
    std::uint8_t ports_count : 2 = 0;
  };
  static_assert(sizeof(Digest) == 64);
  struct Comparison {
    unsigned mismatches = 0;
    std::uint32_t fields = 0;  // 1 << each Mismatch
    Mismatch first = Mismatch::none;
    bool mac_verified = true;
    void differs(Mismatch field);
    std::vector<Mismatch> all() const;
    bool has(Mismatch field) const { return (fields >> static_cast<unsigned>(field) & 1U) != 0; }
  };
  struct Record;

  void digest();
  Range ranges_of(const PrefixTree& tree, const std::vector<Prefix>& prefixes, std::uint8_t part,
                  std::uint8_t& parts);
  void file();
  void file_keys(std::vector<Record>& records);
  std::vector<Place> places_of(const PrefixTree& tree, EndpointOptions Entry::*side);
  void note_key(Basis kind, std::uint32_t source, std::uint32_t destination);
  Slot slice(std::uint64_t key) const;
  std::span<const std::uint32_t> near_of(const Place& place) const {
    const bool here = place.count <= Place::here_max;
    return {here ? place.near.data() : near_.data() + place.near[0], place.count};
  }
  bool has_exceptions() const { return exceptions_ > 0; }
  bool is_router(const MacAddress& mac) const;
  Comparison compare(std::uint32_t entry, const Question& question) const;
  bool holds(const Range& range, bool several, std::uint32_t node) const;
  void compare_mac(const EndpointOptions& side, bool listed, const MacAddress& mac, bool guessed,
                   Mismatch field, Comparison& result) const;
  Mismatch compare_time(std::uint32_t entry, Time time) const;
  struct Wanted;
  void look(std::uint32_t entry, const Wanted& wanted, Match& match, Nearest& nearest) const;
  void look_beside(std::uint32_t source, const Wanted& wanted, Match& match, Nearest& nearest) const;
  void offer_slice(std::span<const std::uint32_t> slice, const Question& question, std::uint32_t& budget,
                   Nearest& nearest) const;
  void expect_near(const Question& question) const;
  void look_backwards(Basis named, PairId pair, const Conversation& conversation, Nearest& nearest) const;

  std::vector<Entry> entries_{};
  std::vector<Digest> digests_{};  // parallel to entries_
  std::vector<Range> ranges_{};    // of sides with several prefixes: in order, none touches the next
  std::vector<Week> weeks_{};      // each once; the first is "always"
  std::size_t exceptions_ = 0;
  std::vector<MacAddress> routers_{};
  PrefixTree sources_{};
  PrefixTree destinations_{};
  std::vector<Place> source_places_ = std::vector<Place>(1);  // by node
  std::vector<Place> destination_places_ = std::vector<Place>(1);
  std::vector<std::uint32_t> near_{};   // indexes into entries_, one slice for each place with many
  std::vector<Slot> table_{};           // open addressing, a power of two, at most half full
  std::vector<std::uint32_t> filed_{};  // indexes into entries_, one slice for each key
};

}  // namespace sekimori::policy
