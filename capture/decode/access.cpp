// Tunnels of access networks over UDP: wireless controllers (CAPWAP, TZSP) and mobile cores (GTP-U).
#include "capture/decode/layers.hpp"

namespace sekimori::capture::layer {
namespace {

// RFC 5415 section 4.2: a preamble, then a record of DTLS.
Content capwap_encrypted(const Cursor& at) {
  const auto header = at.bytes.peek<7>();
  if (!header) return too_short(Tunnel::capwap, 7, at);
  const bool record = header.u8<4>() >= 20 && header.u8<4>() <= 25 && header.u8<5>() == 0xfe;
  return record ? nothing_in(Tunnel::capwap, Reason::tunnel_encrypted) : Content{};
}

// GTP-U's messages besides packets (3GPP TS 29.281 table 6.1-1).
bool gtp_message_known(std::uint8_t type) {
  return type == 1 || type == 2 || type == 26 || type == 31 || type == 253 || type == 254;
}

// Extension headers (section 5.2.1): each says its length in words and the type of the next one. `type` of
// the first.
Reason gtp_extensions(std::uint8_t type, Cursor& at) {
  for (unsigned passed = 0; type != 0; ++passed) {
    if (passed == tunnel_headers_max) return Reason::tunnel_other;
    const auto header = at.bytes.peek<1>();
    if (!header) return Reason::truncated_link;
    const std::uint32_t length = header.u8<0>() * 4U;
    if (length == 0 || length > at.left()) return Reason::bad_link_header;
    ++at.headers;
    at.skip(length - 1);
    const auto next = at.bytes.take<1>();
    if (!next) return Reason::truncated_link;
    type = next.u8<0>();
  }
  return Reason::none;
}

// An IP packet by its version; 5G sessions may carry Ethernet.
Content gtp_content(const Cursor& at) {
  const auto first = at.bytes.peek<1>();
  if (!first) {
    return nothing_in(Tunnel::gtp_u, at.missing != 0 ? Reason::truncated_ip : Reason::tunnel_other);
  }
  const unsigned version = first.u8<0>() >> 4U;
  if (version == 4 || version == 6) return {.tunnel = Tunnel::gtp_u, .kind = Content::Kind::ip};
  if (plain_ethernet(at)) return {.tunnel = Tunnel::gtp_u};
  return nothing_in(Tunnel::gtp_u, Reason::tunnel_other);
}

// Tags come until the end tag; the padding tag has no length.
Reason tzsp_tags(Cursor& at) {
  constexpr std::uint8_t padding = 0;
  constexpr std::uint8_t end = 1;
  for (unsigned passed = 0; passed < tunnel_headers_max; ++passed) {
    const auto tag = at.bytes.take<1>();
    if (!tag) return Reason::truncated_link;
    ++at.headers;
    if (tag.u8<0>() == end) return Reason::none;
    if (tag.u8<0>() == padding) continue;
    const auto length = at.bytes.take<1>();
    if (!length) return Reason::truncated_link;
    if (length.u8<0>() > at.left()) return Reason::bad_link_header;
    at.skip(length.u8<0>());
  }
  return Reason::tunnel_other;
}

}  // namespace

Content capwap(Cursor& at) {
  const auto header = at.bytes.peek<8>();
  if (!header) return too_short(Tunnel::capwap, 8, at);
  constexpr std::uint8_t encrypted = 0x01;
  if (header.u8<0>() == encrypted) return capwap_encrypted(at);
  // Section 4.3: length in words (5 bits), radio (5), binding (5), then the flags T F L W M K and three bits
  // of nothing.
  const std::uint32_t words = header.be32<0>();
  constexpr std::uint32_t native = 1U << 8U;
  constexpr std::uint32_t fragment = 1U << 7U;
  constexpr std::uint32_t keepalive = 1U << 3U;
  constexpr std::uint32_t reserved = 7;
  const std::uint32_t length = (words >> 19U & 0x1fU) * 4U;
  const unsigned binding = words >> 9U & 0x1fU;
  const unsigned offset = header.be16<6>() >> 3U;
  const bool believable = header.u8<0>() == 0 && (words & reserved) == 0 && length >= 8 &&
                          length <= at.left() && (header.u8<7>() & 7U) == 0;
  if (!believable) return {};
  if ((words & keepalive) != 0) return nothing_in(Tunnel::capwap, Reason::tunnel_control);
  at.skip(length);
  if ((words & fragment) != 0) {
    if (offset != 0) return nothing_in(Tunnel::capwap, Reason::tunnel_other);
    at.goes_on_elsewhere();
  }
  if ((words & native) == 0) return {.tunnel = Tunnel::capwap};
  constexpr unsigned ieee_802_11 = 1;
  if (binding != ieee_802_11) return nothing_in(Tunnel::capwap, Reason::tunnel_other);
  return {.tunnel = Tunnel::capwap, .kind = Content::Kind::wifi};
}

Content gtp_u(Cursor& at) {
  const auto header = at.bytes.take<8>();
  if (!header) return too_short(Tunnel::gtp_u, 8, at);
  constexpr unsigned version_1 = 0x30;  // with the bit that says GTP, rather than charging's GTP'
  constexpr unsigned version_bits = 0xf0;
  constexpr unsigned optional = 0x07;
  constexpr unsigned has_extension = 0x04;
  constexpr std::uint8_t packet_message = 255;
  const unsigned flags = header.u8<0>();
  const std::uint32_t length = header.be16<2>();
  if ((flags & version_bits) != version_1 || length > at.left()) return {};
  if (header.u8<1>() != packet_message) {
    return gtp_message_known(header.u8<1>()) ? nothing_in(Tunnel::gtp_u, Reason::tunnel_control) : Content{};
  }
  at.limit(length);
  if ((flags & optional) != 0) {
    const auto fields = at.bytes.take<4>();
    if (!fields) return nothing_in(Tunnel::gtp_u, Reason::truncated_link);
    const std::uint8_t first = (flags & has_extension) != 0 ? fields.u8<3>() : std::uint8_t{0};
    if (const Reason reason = gtp_extensions(first, at); reason != Reason::none) {
      return nothing_in(Tunnel::gtp_u, reason);
    }
  }
  return gtp_content(at);
}

Content tzsp(Cursor& at) {
  const auto header = at.bytes.take<4>();
  if (!header) return too_short(Tunnel::tzsp, 4, at);
  if (header.u8<0>() != 1 || header.u8<1>() > 5) return {};  // version, type
  constexpr std::uint8_t to_transmit = 1;
  if (header.u8<1>() > to_transmit) return nothing_in(Tunnel::tzsp, Reason::tunnel_control);
  constexpr std::uint16_t ethernet_frame = 1;
  constexpr std::uint16_t wifi_frame = 18;
  const std::uint16_t type = header.be16<2>();
  if (const Reason reason = tzsp_tags(at); reason != Reason::none) return nothing_in(Tunnel::tzsp, reason);
  if (type == ethernet_frame) return {.tunnel = Tunnel::tzsp};
  if (type == wifi_frame) return {.tunnel = Tunnel::tzsp, .kind = Content::Kind::wifi};
  return nothing_in(Tunnel::tzsp, Reason::tunnel_other);
}

}  // namespace sekimori::capture::layer
