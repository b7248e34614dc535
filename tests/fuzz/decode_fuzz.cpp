// Any bytes as a frame of any link type: a packet or a named reason, never a fault.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <iterator>

#include "capture/decode/decode.hpp"
#include "tests/fuzz/captures.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/kit/packet_builder.hpp"

namespace {

constexpr std::uint16_t links[] = {1, 0, 9, 12, 50, 101, 104, 105, 108, 113, 127, 192, 228, 229, 276, 147};

void check(const sekimori::capture::Packet& packet, unsigned depth, bool last) {
  using namespace sekimori::capture;
  if (packet.tuple.source.family == sekimori::Family::none) std::abort();
  if (packet.tuple.source.family != packet.tuple.destination.family) std::abort();
  if (packet.vlan_count > packet.vlans.size()) std::abort();
  if (packet.depth != depth || packet.carrier == last) std::abort();
  if (packet.carrier && packet.tunnel == Tunnel::none) std::abort();
  if (packet.unopened != 255 && (!last || packet.unopened >= reasons_count)) std::abort();
  if ((packet.inside == Tunnel::none) != (depth == 0)) std::abort();
}

// The short way for usual frames has no opinion of its own: where it speaks, it says what the layers say, in
// every octet that means something here.
void compare(const sekimori::capture::Decoder& decoder, const sekimori::capture::Frame& frame) {
  using namespace sekimori::capture;
  Packet brief;
  if (!decoder.usual(frame, brief)) return;
  std::array<Packet, packets_most> packets;
  const auto result = decoder.by_layers(frame, packets);
  if (result.reason != Reason::none || result.count != 1 || result.stripped) std::abort();
  if (std::memcmp(&brief, packets.data(), offsetof(Packet, quoted)) != 0) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sekimori::capture;
  if (size == 0) return 0;
  Frame frame;
  frame.link = links[data[0] % std::size(links)];
  frame.bytes = {reinterpret_cast<const std::byte*>(data + 1), size - 1};
  frame.wire_length = static_cast<std::uint32_t>(size - 1);
  // Every third input is mirrored to the sensor; every second one was cut by the capture.
  static const Decoder decoder;
  static const Decoder receiver([] {
    DecodeOptions options;
    options.mirror_receivers = {*sekimori::IpAddress::parse("192.0.2.2")};
    return options;
  }());
  if (data[0] % 2 == 1) frame.wire_length += 1400;
  std::array<Packet, packets_most> packets;
  unsigned headers = 0;
  const auto result = (data[0] % 3 == 0 ? receiver : decoder).decode(frame, packets, headers);
  if (headers > layers_most || result.count > packets_most) std::abort();
  if ((result.reason == Reason::none) != (result.count > 0)) std::abort();
  if (result.reason != Reason::none &&
      (static_cast<std::size_t>(result.reason) >= reasons_count || reason_name(result.reason).empty())) {
    std::abort();
  }
  compare(data[0] % 3 == 0 ? receiver : decoder, frame);
  for (unsigned i = 0; i < result.count; ++i) check(packets.at(i), i, i + 1U == result.count);
  return 0;
}

namespace sekimori::fuzz {

std::vector<std::string> seeds() {
  std::vector<std::string> result;
  const auto add = [&](const kit::Octets& frame) {
    std::string seed(1, '\0');
    for (const auto octet : frame) seed.push_back(static_cast<char>(octet));
    result.push_back(seed);
  };
  add(kit::ethernet().vlan(20).ipv4("10.1.0.5", "10.2.0.9").tcp(51000, 502, kit::SYN).payload(40).bytes());
  add(kit::ethernet().ipv6("fd10:10::1", "fd10:20::1").udp(5353, 53).payload(60).bytes());
  add(kit::ethernet().ipv4("10.1.0.5", "10.2.0.9").udp(500, 500).payload(20).bytes());
  const auto outer = kit::ethernet().ipv4("192.0.2.1", "192.0.2.2");
  const auto inside = [](const kit::PacketBuilder& start) {
    return start.ipv4("10.1.0.5", "10.2.0.9").tcp(51000, 502, kit::SYN).payload(20).bytes();
  };
  add(inside(outer));
  add(inside(outer.gre({.key = 1}).frame()));
  add(inside(outer.erspan(2, 20).frame()));
  add(inside(outer.erspan(3, 20).frame()));
  add(inside(outer.udp(9, 4789).vxlan(7).frame().vlan(20)));
  add(inside(outer.udp(9, 6081).geneve(7, kit::Octets(8)).frame()));
  add(inside(outer.udp(9, 2152).gtp_u(5, 255, 0x34, kit::octets({0, 0, 0, 0x85, 1, 0, 9, 0}))));
  add(inside(outer.udp(9, 1701).header(kit::octets({0, 2, 0, 1, 0, 1, 0xff, 3, 0, 0x21}))));
  add(inside(outer.header(kit::octets({0, 0, 0, 9, 1, 2, 3, 4}), 115).frame()));
  add(inside(outer.udp(9, 5247).header(kit::octets({0, 0x10, 2, 0, 0, 0, 0, 0})).frame()));
  add(inside(outer.udp(9, 37008).header(kit::octets({1, 0, 0, 1, 10, 1, 9, 1})).frame()));
  add(inside(outer.udp(9, 6635).mpls({16, 17}).header(kit::Octets(4)).frame()));
  add(inside(outer.authentication()));
  add(outer.esp_null(17, kit::octets({0, 1, 0, 2, 0, 11, 0, 0, 1, 2, 3})).bytes());
  add(outer.udp(9, 3544).ipv6("fd00::5", "fd00::9").udp(1, 2).payload(20).bytes());
  add(inside(kit::ethernet().vlan(7, 0x88a8).ethertype(0x88e7).header(kit::Octets(4)).frame()));
  for (const std::string& path : capture_paths()) {
    unsigned taken = 0;
    for (const Capture::Kept& kept : load_capture(path).frames) {
      const auto* const link = std::find(std::begin(links), std::end(links), kept.frame.link);
      if (link == std::end(links) || kept.bytes.size() > 400) continue;
      if (++taken > 6) break;
      std::string seed(1, static_cast<char>(link - std::begin(links)));
      for (const auto octet : kept.bytes) seed.push_back(static_cast<char>(octet));
      result.push_back(seed);
    }
  }
  return result;
}

}  // namespace sekimori::fuzz
