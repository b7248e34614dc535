// The Layer Two Tunneling Protocol: version 2 (RFC 2661) with PPP, version 3 (RFC 3931) with whatever the
// control connection agreed on, which the packets do not repeat.
#include "capture/decode/layers.hpp"

namespace sekimori::capture::layer {
namespace {

constexpr std::uint16_t is_control = 0x8000;
constexpr std::uint16_t has_length = 0x4000;
constexpr std::uint16_t has_sequence = 0x0800;
constexpr std::uint16_t has_offset = 0x0200;
constexpr std::uint16_t version = 0x000f;

// Plainly PPP: its framing, IP's protocol number, and an IP header that fills what is left.
bool plain_ppp(const Cursor& at) {
  Cursor inside = at;
  if (const auto framing = inside.bytes.peek<2>(); framing && framing.be16<0>() == 0xff03) inside.skip(2);
  const auto protocol = inside.bytes.take<2>();
  const auto first = inside.bytes.peek<1>();
  if (!protocol || !first) return false;
  const unsigned wanted = protocol.be16<0>() == 0x0021 ? 4 : protocol.be16<0>() == 0x0057 ? 6 : 0;
  return wanted != 0 && first.u8<0>() >> 4U == wanted && plain_ip(inside, false);
}

// Behind the session id stand a cookie of no, four or eight octets and perhaps a word of the sublayer: the
// first place at which something plain begins is taken.
Content session_3(Cursor& at) {
  for (unsigned words = 0; words <= 3; ++words) {
    if (plain_ethernet(at)) return {.tunnel = Tunnel::l2tp};
    if (plain_ppp(at)) return {.tunnel = Tunnel::l2tp, .kind = Content::Kind::ppp};
    if (plain_ip(at, true)) return {.tunnel = Tunnel::l2tp, .kind = Content::Kind::ip};
    ++at.headers;
    if (!at.bytes.take<4>()) break;
  }
  constexpr std::uint32_t enough_to_tell = 14 + 20;
  return nothing_in(Tunnel::l2tp,
                    at.cut_before(enough_to_tell) ? Reason::truncated_link : Reason::tunnel_other);
}

Content version_2(std::uint16_t flags, Cursor& at) {
  constexpr std::uint16_t reserved = 0x34f0;
  if ((flags & reserved) != 0) return {};
  if ((flags & is_control) != 0) {
    const bool complete = (flags & (has_length | has_sequence)) == (has_length | has_sequence);
    return complete ? nothing_in(Tunnel::l2tp, Reason::tunnel_control) : Content{};
  }
  const auto truncated = [&] { return nothing_in(Tunnel::l2tp, Reason::truncated_link); };
  if ((flags & has_length) != 0) {
    const auto length = at.bytes.take<2>();
    if (!length) return truncated();
    if (length.be16<0>() < 4 || length.be16<0>() - 4U > at.left()) return {};
    at.limit(length.be16<0>() - 4U);
  }
  if (!at.bytes.take<4>()) return truncated();  // tunnel and session
  if ((flags & has_sequence) != 0 && !at.bytes.take<4>()) return truncated();
  if ((flags & has_offset) != 0) {
    const auto offset = at.bytes.take<2>();
    if (!offset) return truncated();
    if (offset.be16<0>() > at.left()) return {};
    at.skip(offset.be16<0>());
  }
  return {.tunnel = Tunnel::l2tp, .kind = Content::Kind::ppp};
}

}  // namespace

// Section 4.1.1: session 0 is the control connection.
Content l2tp_over_ip(Cursor& at) {
  const auto session = at.bytes.take<4>();
  if (!session) return nothing_in(Tunnel::l2tp, Reason::truncated_link);
  if (session.be32<0>() == 0) return nothing_in(Tunnel::l2tp, Reason::tunnel_control);
  return session_3(at);
}

Content l2tp_over_udp(Cursor& at) {
  const auto header = at.bytes.take<2>();
  if (!header) return too_short(Tunnel::l2tp, 2, at);
  const std::uint16_t flags = header.be16<0>();
  switch (flags & version) {
    case 2:
      return version_2(flags, at);
    case 3:
      break;
    default:
      return {};
  }
  // Section 4.1.2: reserved bits and two reserved octets, then the session id.
  if ((flags & is_control) != 0) {
    const bool complete = (flags & (has_length | has_sequence)) == (has_length | has_sequence);
    return complete ? nothing_in(Tunnel::l2tp, Reason::tunnel_control) : Content{};
  }
  if (flags != 3) return {};
  const auto rest = at.bytes.take<6>();
  if (!rest) return too_short(Tunnel::l2tp, 6, at);
  return rest.be16<0>() == 0 ? session_3(at) : Content{};
}

}  // namespace sekimori::capture::layer
