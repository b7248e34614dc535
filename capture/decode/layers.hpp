// Inside the decoder: one function a layer, all with one contract, so that a further layer (a tunnel, a
// fragment put together again) is one more function that moves the cursor and calls the next.
//
//   Reason name(Cursor& at, Packet& packet)
//
// `at` stands on the layer's first octet; the function writes what it learned into `packet`, moves on and
// returns what the next layer returned, or the Reason why there is no next one. Once both addresses are known
// and believable nothing refuses any more: a packet whose transport header is cut or wrong is still a packet
// between two hosts, and that is what the policy judges.
#pragma once

#include <cstddef>
#include <cstdint>

#include "capture/decode/byte_reader.hpp"
#include "capture/decode/decode.hpp"

namespace sekimori::capture::layer {

// Where decoding stands: the octets that were captured from here on, and how many more there were on the
// wire.
struct Cursor {
  ByteReader bytes{};
  std::uint32_t missing = 0;  // octets on the wire behind the last captured one
  std::uint8_t tags =
      0;  // VLAN tags passed, counted apart from Packet::vlans because priority tags name no VLAN

  // Octets on the wire from here to the end of the datagram.
  std::uint32_t left() const { return static_cast<std::uint32_t>(bytes.left()) + missing; }
  // Steps over octets, captured or not. The caller has made sure that the wire had them.
  void skip(std::uint32_t count) {
    const auto captured = static_cast<std::uint32_t>(bytes.left());
    if (count > captured) missing -= count - captured;
    bytes.skip(count);
  }
  // The datagram ends `count` octets from here, what follows is padding. The caller has made sure of count <=
  // left().
  void limit(std::uint32_t count) {
    bytes.limit(count);
    missing = count - static_cast<std::uint32_t>(bytes.left());
  }
};

inline constexpr std::uint8_t vlan_tags_max = 2;
inline constexpr unsigned mpls_labels_max = 8;
// More than any sender has a use for. Beyond it the packet is a flow of the header at which we stopped.
inline constexpr unsigned extension_headers_max = 16;

// ethernet.cpp
Reason ethernet(Cursor& at, Packet& packet);
Reason ethertype(std::uint16_t type, Cursor& at, Packet& packet);  // VLAN tags, MPLS, PPPoE, IP
Reason llc(Cursor& at, Packet& packet);
Reason mpls(Cursor& at, Packet& packet);

// links.cpp
Reason loopback(Cursor& at, Packet& packet);
Reason linux_cooked(Cursor& at, Packet& packet);
Reason linux_cooked_2(Cursor& at, Packet& packet);
Reason ppp(Cursor& at, Packet& packet);
Reason ppp_or_cisco_hdlc(Cursor& at, Packet& packet);
Reason cisco_hdlc(Cursor& at, Packet& packet);
Reason pppoe_session(Cursor& at, Packet& packet);

// wifi.cpp
Reason radiotap(Cursor& at, Packet& packet);
Reason wifi(Cursor& at, Packet& packet);

// ip.cpp
Reason ip(Cursor& at, Packet& packet);  // IPv4 or IPv6 by the version in the first octet
Reason ipv4(Cursor& at, Packet& packet);
Reason ipv6(Cursor& at, Packet& packet);

// What a chain of IPv6 extension headers leads to.
struct Chain {
  enum class End : std::uint8_t {
    transport,       // the cursor stands on the header of `protocol`
    later_fragment,  // ... on the middle of it
    cut,             // the capture ended inside the header `protocol`
    short_of,        // the datagram itself did
    too_many         // extension_headers_max reached at the header `protocol`
  };
  End end = End::transport;
  std::uint8_t protocol = 0;
  bool fragment = false;
};
Chain extension_headers(std::uint8_t first, Cursor& at);

// transport.cpp: everything above IP. Addresses, protocol and fragment state of `packet` are set; fills the
// rest.
void transport(Cursor& at, Packet& packet);

}  // namespace sekimori::capture::layer
