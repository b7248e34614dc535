#include "tests/kit/describe.hpp"

#include <array>
#include <utility>

#include "capture/decode/decode.hpp"
#include "capture/decode/protocol_word.hpp"

namespace sekimori::kit {
namespace {

std::string endpoint(const IpAddress& address, std::uint16_t port, bool with_port) {
  if (!with_port) return address.to_string();
  const std::string host =
      address.family == Family::ipv6 ? '[' + address.to_string() + ']' : address.to_string();
  return host + ':' + std::to_string(port);
}

std::string describe(const capture::Tuple& tuple, bool with_ports) {
  return capture::protocol_word(tuple.protocol) + ' ' +
         endpoint(tuple.source, tuple.source_port, with_ports) + " > " +
         endpoint(tuple.destination, tuple.destination_port, with_ports);
}

std::string flags(std::uint8_t set) {
  static constexpr std::array<std::pair<std::uint8_t, const char*>, 8> names{{{SYN, "SYN"},
                                                                              {FIN, "FIN"},
                                                                              {RST, "RST"},
                                                                              {PSH, "PSH"},
                                                                              {ACK, "ACK"},
                                                                              {URG, "URG"},
                                                                              {0x40, "ECE"},
                                                                              {0x80, "CWR"}}};
  std::string text;
  for (const auto& [flag, name] : names) {
    if ((set & flag) != 0) text += (text.empty() ? " " : "+") + std::string(name);
  }
  return text;
}

}  // namespace

std::string describe(const capture::Packet& packet) {
  std::string text = describe(packet.tuple, packet.ports_known) + flags(packet.tcp_flags);
  if (packet.payload_bytes != 0) text += " payload " + std::to_string(packet.payload_bytes);
  for (unsigned i = 0; i < packet.vlan_count; ++i) {
    text += (i == 0 ? " vlan " : ".") + std::to_string(packet.vlans.at(i));
  }
  if (packet.ttl != 64) text += " ttl " + std::to_string(packet.ttl);
  if (packet.fragment) text += packet.fragment_first ? " first fragment" : " fragment";
  if (packet.cut) text += " cut";
  if (packet.malformed) text += " malformed";
  if (packet.quotes) text += " quotes " + describe(packet.quoted, true);
  if (packet.depth > 0) text += " in " + std::string(tunnel_name(packet.inside));
  if (packet.tunnel != capture::Tunnel::none) {
    const std::string name(tunnel_name(packet.tunnel));
    text += packet.carrier
                ? " carries " + name
                : " holds " + name + ": " +
                      std::string(capture::reason_name(static_cast<capture::Reason>(packet.unopened)));
  }
  return text;
}

std::string describe(const capture::Frame& frame) {
  capture::Packet packet;
  const capture::Reason reason = capture::decode(frame, packet);
  return reason == capture::Reason::none ? describe(packet) : std::string(capture::reason_name(reason));
}

std::string describe(const PacketBuilder& built) {
  const BuiltFrame frame = built.build();
  return describe(frame.frame());
}

std::string describe_layers(const capture::Decoder& decoder, const capture::Frame& frame) {
  std::array<capture::Packet, capture::packets_most> packets;
  const capture::Decoder::Result result = decoder.decode(frame, packets);
  std::string text = result.stripped ? "stripped" : "";
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : " / ") + part; };
  if (result.count == 0) add(std::string(capture::reason_name(result.reason)));
  for (unsigned i = 0; i < result.count; ++i) add(describe(packets.at(i)));
  return text;
}

std::string describe_layers(const PacketBuilder& built) {
  static const capture::Decoder decoder;
  const BuiltFrame frame = built.build();
  return describe_layers(decoder, frame.frame());
}

}  // namespace sekimori::kit
