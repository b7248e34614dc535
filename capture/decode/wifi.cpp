// IEEE 802.11 as captured in monitor mode. Only clear data frames lead to packets.
#include "capture/decode/layers.hpp"

namespace sekimori::capture::layer {
namespace {

// Data frames, octet 1 of the frame control field (IEEE 802.11 clause 9.2.4.1).
constexpr unsigned to_ds = 0x01;
constexpr unsigned from_ds = 0x02;
constexpr unsigned more_fragments = 0x04;
constexpr unsigned protected_frame = 0x40;
constexpr unsigned order = 0x80;  // in QoS frames: an HT control field follows

// How the frame is written down.
struct Form {
  bool padded = false;   // filled up in front of the LLC header
  bool swapped = false;  // the frame control field has its second octet first
};

Reason frame(Cursor& at, Packet& packet, const Form& form) {
  const auto start = at.bytes.peek<2>();
  if (!start) return Reason::truncated_link;
  ++at.headers;
  const unsigned kind = form.swapped ? start.u8<1>() : start.u8<0>();
  const unsigned flags = form.swapped ? start.u8<0>() : start.u8<1>();
  const unsigned subtype = kind >> 4U;
  if ((kind & 3U) != 0) return Reason::bad_link_header;  // version
  switch (kind >> 2U & 3U) {
    case 0:
      return Reason::wifi_management;
    case 2:
      break;
    default:
      return Reason::wifi_control;
  }
  if ((subtype & 4U) != 0) return Reason::wifi_null;
  if ((flags & protected_frame) != 0) return Reason::wifi_encrypted;

  const auto header = at.bytes.take<24>();
  if (!header) return Reason::truncated_link;
  std::uint32_t length = 24;
  switch (flags & (to_ds | from_ds)) {
    case 0:
      header.copy<4, 6>(packet.destination_mac.bytes);
      header.copy<10, 6>(packet.source_mac.bytes);
      break;
    case to_ds:
      header.copy<16, 6>(packet.destination_mac.bytes);
      header.copy<10, 6>(packet.source_mac.bytes);
      break;
    case from_ds:
      header.copy<4, 6>(packet.destination_mac.bytes);
      header.copy<16, 6>(packet.source_mac.bytes);
      break;
    default: {
      const auto fourth = at.bytes.take<6>();
      if (!fourth) return Reason::truncated_link;
      header.copy<16, 6>(packet.destination_mac.bytes);
      fourth.copy<0, 6>(packet.source_mac.bytes);
      length += 6;
    }
  }
  if ((subtype & 8U) != 0) {
    const auto qos = at.bytes.take<2>();
    if (!qos) return Reason::truncated_link;
    length += 2;
    if ((qos.u8<0>() & 0x80U) != 0) return Reason::wifi_aggregate;  // several frames in one
    if ((flags & order) != 0) {
      if (!at.bytes.take<4>()) return Reason::truncated_link;
      length += 4;
    }
  }
  const unsigned fragment_number = header.u8<22>() & 0xfU;
  if ((flags & more_fragments) != 0 || fragment_number != 0) return Reason::wifi_fragment;
  if (form.padded && length % 4 != 0 && !at.bytes.take<2>()) return Reason::truncated_link;
  return llc(at, packet);
}

// Radiotap's flags octet, where the driver gave one: it comes first but for the time stamp.
std::uint8_t radiotap_flags(ByteReader fields) {
  constexpr std::uint32_t has_time = 1U << 0U;
  constexpr std::uint32_t has_flags = 1U << 1U;
  constexpr std::uint32_t another_word = 1U << 31U;
  fields.skip(4);
  const auto present = fields.take<4>();
  if (!present || (present.le32<0>() & has_flags) == 0) return 0;
  std::size_t offset = 8;
  for (auto word = present; (word.le32<0>() & another_word) != 0; offset += 4) {
    word = fields.take<4>();
    if (!word) return 0;
  }
  if ((present.le32<0>() & has_time) != 0) fields.skip((8 - offset % 8) % 8 + 8);
  const auto flags = fields.peek<1>();
  return flags ? flags.u8<0>() : std::uint8_t{0};
}

}  // namespace

Reason wifi(Cursor& at, Packet& packet) {
  return frame(at, packet, {});
}

Reason wifi_in_any_order(Cursor& at, Packet& packet) {
  constexpr unsigned version_and_type = 0x0f;
  constexpr unsigned data = 0x08;
  const auto start = at.bytes.peek<2>();
  const bool swapped =
      start && (start.u8<0>() & version_and_type) != data && (start.u8<1>() & version_and_type) == data;
  return frame(at, packet, {.swapped = swapped});
}

Reason radiotap(Cursor& at, Packet& packet) {
  constexpr unsigned header_padded = 0x20;  // the 802.11 header was filled up to a multiple of four octets
  const auto header = at.bytes.peek<8>();
  if (!header) return Reason::truncated_link;
  const std::uint16_t length = header.le16<2>();
  if (header.u8<0>() != 0 || length < 8 || length > at.left()) return Reason::bad_link_header;
  ByteReader fields = at.bytes;
  fields.limit(length);
  const bool padded = (radiotap_flags(fields) & header_padded) != 0;
  at.skip(length);
  ++at.headers;
  return frame(at, packet, {.padded = padded});
}

}  // namespace sekimori::capture::layer
