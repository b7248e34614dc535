// What conversations there are, and the numbers that stand for them on the sides of a Box.
//
// Address spaces are known by their names, so that two policies that number them otherwise can be compared.
// All of IPv4 and IPv6, every protocol, port, moment and tunnel. MAC addresses count as classes: unknown (or
// not seen), each one that a policy names, and all others together, because no policy can tell these apart.
// A moment has two numbers, which belong together: the time itself, and its minute of the week. So a box may
// be empty although no side of it is, where its hours never come in its time: real() tells. MACs count as
// known from frames of their own hosts; where a conversation's is guessed
// (Conversation::initiator_mac_guessed), it is decided like an unknown one or like the one that it is. Left
// out is what cannot leave its wire (multicast, broadcast, link-local, unspecified addresses, neighbour
// discovery): that is permitted by every policy alike.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/policy.hpp"
#include "policy/proof/box.hpp"
#include "policy/week.hpp"

namespace sekimori::policy {

Number number_of(const IpAddress& address);
IpAddress address_of(Number number, Family family);
Range range_of(const Prefix& prefix);
RangeSet addresses_of(const std::vector<Prefix>& prefixes, Family family);
// The fewest prefixes that make up a range.
std::vector<Prefix> prefixes_of(const Range& range, Family family);

// Order of times as order of numbers.
Number number_of(Time time);
Time time_of(Number number);
RangeSet times_of(Time begin, Time end);  // from `begin` until just before `end`; empty where that is nothing

// A protocol's ports and, above them, "port unknown" (a fragment without its first one, a tunnel's inside).
// Protocols without ports are the same on all of them.
inline constexpr Number services_each = 65537;
inline constexpr Number port_unknown = 65536;
RangeSet services_of(const Ports& ports);
RangeSet services_of(const std::vector<Ports>& list);  // empty list: all

class Universe {
 public:
  // `macs`: every one that the policies name, in any order. `utc_offset_minutes`: whose weeks are counted.
  // `domains`: names of the address spaces; as domain_names() gives them, or those of several policies.
  explicit Universe(std::vector<MacAddress> macs, int utc_offset_minutes = 0,
                    std::vector<std::string> domains = {"main"});
  // All that one policy speaks of.
  explicit Universe(const CompiledPolicy& policy);

  // Number on Side::domain = position in the list.
  const std::vector<std::string>& domains() const { return domains_; }

  int utc_offset_minutes() const { return utc_offset_minutes_; }
  Number minute_of(Time time) const;  // 0 = Monday 00:00
  // Minutes of the week by the clock of another offset, in this universe's.
  RangeSet minutes_of(const Week& week, int utc_offset_minutes) const;
  // Is there a moment in the box at all?
  bool real(const Box& box) const;
  void keep_real(std::vector<Box>& boxes) const;

  static constexpr Number mac_unknown = 0;
  Number mac_other() const { return macs_.size() + 1; }
  // Number of its class.
  Number class_of(const MacAddress& mac) const;
  // A MAC of this class; for "all others" one that nobody named.
  MacAddress mac_of(Number number) const;
  RangeSet classes_of(const std::vector<MacAddress>& macs) const;

  // Everything there is in this family.
  const Box& all(Family family) const { return family == Family::ipv4 ? ipv4_ : ipv6_; }

  // The box that holds this conversation alone.
  Box point(const Conversation& conversation) const;
  // One conversation of a box that is not empty: the plainest one, with a known port and unknown MACs where
  // there is a choice.
  Conversation example(const Box& box) const;

 private:
  std::vector<MacAddress> macs_{};
  std::vector<std::string> domains_{};
  int utc_offset_minutes_ = 0;
  Box ipv4_{};
  Box ipv6_{};
};

// Of a policy, `main` first.
std::vector<std::string> domain_names(const PolicyOptions& options);

// Both families, in the order in which they are told.
inline constexpr Family families[] = {Family::ipv4, Family::ipv6};

}  // namespace sekimori::policy
