#include "capture/decode/decode.hpp"

#include "capture/decode/layers.hpp"

namespace sekimori::capture {
namespace {

// LINKTYPE_ values, as libpcap writes them into files, and the DLT_ values that libpcap reports for them.
namespace link {
constexpr std::uint16_t null = 0;
constexpr std::uint16_t ethernet = 1;
constexpr std::uint16_t ppp = 9;
constexpr std::uint16_t raw_12 = 12;
constexpr std::uint16_t raw_14 = 14;
constexpr std::uint16_t ppp_hdlc = 50;
constexpr std::uint16_t ppp_ether = 51;
constexpr std::uint16_t raw = 101;
constexpr std::uint16_t cisco_hdlc = 104;
constexpr std::uint16_t wifi = 105;
constexpr std::uint16_t loop = 108;
constexpr std::uint16_t linux_cooked = 113;
constexpr std::uint16_t radiotap = 127;
constexpr std::uint16_t ppi = 192;
constexpr std::uint16_t ipv4 = 228;
constexpr std::uint16_t ipv6 = 229;
constexpr std::uint16_t linux_cooked_2 = 276;
}  // namespace link

Reason enter(std::uint32_t type, layer::Cursor& at, Packet& packet) {
  switch (type) {
    case link::ethernet:
      return layer::ethernet(at, packet);
    case link::null:
    case link::loop:
      return layer::loopback(at, packet);
    case link::raw_12:
    case link::raw_14:
    case link::raw:
      return layer::ip(at, packet);
    case link::ipv4:
      return layer::ipv4(at, packet);
    case link::ipv6:
      return layer::ipv6(at, packet);
    case link::linux_cooked:
      return layer::linux_cooked(at, packet);
    case link::linux_cooked_2:
      return layer::linux_cooked_2(at, packet);
    case link::ppp:
      return layer::ppp(at, packet);
    case link::ppp_hdlc:
      return layer::ppp_or_cisco_hdlc(at, packet);
    case link::ppp_ether:
      return layer::pppoe_session(at, packet);
    case link::cisco_hdlc:
      return layer::cisco_hdlc(at, packet);
    case link::wifi:
      return layer::wifi(at, packet);
    case link::radiotap:
      return layer::radiotap(at, packet);
    default:
      return Reason::link_type_unknown;
  }
}

// Per-Packet Information: a header of radio measurements that says which link follows. Never itself.
Reason ppi(layer::Cursor& at, Packet& packet) {
  const auto header = at.bytes.peek<8>();
  if (!header) return Reason::truncated_link;
  const std::uint16_t length = header.le16<2>();
  if (length < 8 || length > at.left()) return Reason::bad_link_header;
  at.skip(length);
  return enter(header.le32<4>(), at, packet);
}

}  // namespace

std::string_view reason_name(Reason reason) {
  static constexpr std::array<std::string_view, reasons_count> names{
#define SEKIMORI_REASON_NAME(name) #name,
      SEKIMORI_REASONS(SEKIMORI_REASON_NAME)
#undef SEKIMORI_REASON_NAME
  };
  const auto index = static_cast<std::size_t>(reason);
  return index < names.size() ? names[index] : "none";
}

Reason decode(const Frame& frame, Packet& packet) {
  // Copied from a constant: writing the zeros in place became a string instruction, 12 of then 30 ns a
  // packet.
  static constexpr Packet blank{};
  packet = blank;
  packet.time = frame.time;
  packet.number = frame.number;
  packet.wire_bytes = frame.wire_length;
  packet.tap = frame.tap;

  layer::Cursor at{.bytes = ByteReader(frame.bytes)};
  const auto captured = static_cast<std::uint32_t>(frame.bytes.size());
  at.missing = frame.wire_length > captured ? frame.wire_length - captured : 0;

  if (frame.link == link::ethernet) return layer::ethernet(at, packet);  // nearly always
  if (frame.link == link::ppi) return ppi(at, packet);
  return enter(frame.link, at, packet);
}

}  // namespace sekimori::capture
