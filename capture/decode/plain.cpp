// Content that nothing names, as above MPLS labels or behind a session of L2TPv3: it is believed when several
// fields agree with each other and with the octets that are there.
#include "capture/decode/layers.hpp"

namespace sekimori::capture::layer {
namespace {

bool fits(std::uint32_t length, std::uint32_t least, const Cursor& at, bool whole) {
  return length >= least && (whole ? length == at.left() : length <= at.left());
}

}  // namespace

bool plain_ip(const Cursor& at, bool whole) {
  const auto header = at.bytes.peek<20>();
  if (!header) return false;
  if (ipv4_header_plausible(header.u8<0>())) {
    const bool group = header.u8<12>() >= 0xe0;  // no host has such an address (RFC 1112, RFC 1122)
    return !group && fits(header.be16<2>(), (header.u8<0>() & 0xfU) * 4U, at, whole);
  }
  return header.u8<0>() >> 4U == 6 && header.u8<8>() != 0xff && fits(40U + header.be16<4>(), 40, at, whole);
}

bool plain_ethernet(const Cursor& at) {
  Cursor inside = at;
  const auto header = inside.bytes.take<14>();
  if (!header || (header.u8<6>() & 1U) != 0) return false;  // groups do not send
  const auto tagged = [](std::uint16_t value) {
    return value == type::vlan || value == type::vlan_service || value == type::vlan_service_old;
  };
  std::uint16_t carried = header.be16<12>();
  for (unsigned tags = 0; tagged(carried); ++tags) {
    constexpr unsigned believable = 4;
    const auto tag = inside.bytes.take<4>();
    if (!tag || tags == believable) return false;
    carried = tag.be16<2>();
  }
  const auto first = inside.bytes.peek<2>();
  if (!first) return false;
  switch (carried) {
    case type::ipv4:
      return first.u8<0>() >> 4U == 4 && plain_ip(inside, false);
    case type::ipv6:
      return first.u8<0>() >> 4U == 6 && plain_ip(inside, false);
    case type::arp:
      return first.be16<0>() == 1;  // ARP's own number for Ethernet
    default:
      return false;
  }
}

}  // namespace sekimori::capture::layer
