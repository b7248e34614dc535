// Which ICMP messages ask and which answer: what makes a request and its reply one flow, and tells who
// started it.
#pragma once

#include <cstdint>
#include <optional>

#include "capture/address.hpp"

namespace sekimori::capture {

enum class IcmpRole : std::uint8_t { request, reply };

struct IcmpPair {
  std::uint8_t counterpart = 0;  // the type of the other half
  IcmpRole role = IcmpRole::request;
};

// The other half of a message type of ICMP (family ipv4) or ICMPv6, for types that come in pairs; the table
// is that of Community ID v1: RFC 792, 950, 1256; RFC 4443, 2710, 4861, 4620, 6275.
constexpr std::optional<IcmpPair> icmp_pair(Family family, std::uint8_t type) {
  constexpr auto asks = IcmpRole::request;
  constexpr auto answers = IcmpRole::reply;
  if (family == Family::ipv4) {
    switch (type) {
      case 8:
        return IcmpPair{0, asks};  // echo
      case 0:
        return IcmpPair{8, answers};
      case 13:
        return IcmpPair{14, asks};  // timestamp
      case 14:
        return IcmpPair{13, answers};
      case 15:
        return IcmpPair{16, asks};  // information
      case 16:
        return IcmpPair{15, answers};
      case 10:
        return IcmpPair{9, asks};  // router solicitation
      case 9:
        return IcmpPair{10, answers};
      case 17:
        return IcmpPair{18, asks};  // address mask
      case 18:
        return IcmpPair{17, answers};
      default:
        return std::nullopt;
    }
  }
  switch (type) {
    case 128:
      return IcmpPair{129, asks};  // echo
    case 129:
      return IcmpPair{128, answers};
    case 130:
      return IcmpPair{131, asks};  // multicast listener query
    case 131:
      return IcmpPair{130, answers};
    case 133:
      return IcmpPair{134, asks};  // router solicitation
    case 134:
      return IcmpPair{133, answers};
    case 135:
      return IcmpPair{136, asks};  // neighbor solicitation
    case 136:
      return IcmpPair{135, answers};
    case 139:
      return IcmpPair{140, asks};  // node information
    case 140:
      return IcmpPair{139, answers};
    case 144:
      return IcmpPair{145, asks};  // home agent address discovery
    case 145:
      return IcmpPair{144, answers};
    default:
      return std::nullopt;
  }
}

// Queries whose second word is an identifier and a sequence number (RFC 792, RFC 950 appendix I, RFC 4443
// section 4), and the replies to them.
constexpr bool icmp_has_id(Family family, std::uint8_t type) {
  if (family == Family::ipv4) return type == 0 || type == 8 || (type >= 13 && type <= 18);
  return type == 128 || type == 129;
}

// Messages that report a packet and quote its beginning (RFC 792, RFC 4443 section 3).
constexpr bool icmp_is_error(Family family, std::uint8_t type) {
  if (family == Family::ipv4) return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
  return type >= 1 && type <= 4;
}

}  // namespace sekimori::capture
