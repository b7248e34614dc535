// Which named information system an address and port belong to, and which conversations' octets are counted.
//
//   if (const int system = policy.systems().at(responder, protocol, port); system >= 0)
//     ... policy.options().systems[system] ...
//
// Immutable after construction; looking up never allocates or throws, and takes as long whatever the number
// of systems: at most systems_sharing_max of them share an address.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "capture/address.hpp"
#include "policy/address_sieve.hpp"
#include "policy/options.hpp"
#include "policy/policy.hpp"
#include "policy/segment_map.hpp"

namespace sekimori::policy {

class SystemMap {
 public:
  SystemMap() = default;
  // Of more than systems_sharing_max on one address the last ones are left out (config refuses them).
  explicit SystemMap(const PolicyOptions& options);

  // Index of the first system, in the options' order, that serves on this address and port; -1: none.
  int at(const IpAddress& address, std::uint8_t protocol, std::uint16_t port) const;
  // The first system with a bulk threshold that has this host; -1: none. It may push what it holds.
  int bulk_host(const IpAddress& address) const;

  // Are this conversation's octets needed while it goes on? `pair`: of its segments.
  bool metered(const IpAddress& initiator, const IpAddress& responder, std::uint8_t protocol,
               std::uint16_t port, PairId pair) const;
  // Is it a port where people log in (ScanOptions::session_ports)? TCP.
  bool session_port(std::uint16_t port) const { return sessions_[port]; }

 private:
  struct Set {
    std::uint32_t first = 0;  // into members_
    std::uint32_t count = 0;
  };
  struct Member {
    std::uint32_t system = 0;
    bool bulk = false;
    std::vector<Ports> ports{};
  };
  const Member* find(const IpAddress& address, std::uint8_t protocol, std::uint16_t port) const;

  AddressSieve sieve_{};  // what map_ may know
  SegmentMap map_{};      // address -> index into sets_
  std::vector<Set> sets_{};
  std::vector<Member> members_{};
  std::bitset<pairs_max> pairs_{};
  std::bitset<65536> sessions_{};
  std::bitset<65536> ports_{};  // at which any of them serves, by whatever protocol
  bool bulk_ = false;           // some system asks for it
};

}  // namespace sekimori::policy
