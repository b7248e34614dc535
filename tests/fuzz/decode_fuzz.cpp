// Any bytes as a frame of any link type: a packet or a named reason, never a fault.
#include <cstdlib>

#include "capture/decode/decode.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/kit/packet_builder.hpp"

namespace {

constexpr std::uint16_t links[] = {1, 0, 9, 12, 50, 101, 104, 105, 108, 113, 127, 192, 228, 229, 276, 147};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sekimori::capture;
  if (size == 0) return 0;
  Frame frame;
  frame.link = links[data[0] % std::size(links)];
  frame.bytes = {reinterpret_cast<const std::byte*>(data + 1), size - 1};
  frame.wire_length = static_cast<std::uint32_t>(size - 1);
  Packet packet;
  const Reason reason = decode(frame, packet);
  if (reason == Reason::none) {
    if (packet.tuple.source.family == sekimori::Family::none) std::abort();
    if (packet.tuple.source.family != packet.tuple.destination.family) std::abort();
    if (packet.vlan_count > packet.vlans.size()) std::abort();
  } else if (static_cast<std::size_t>(reason) >= reasons_count || reason_name(reason).empty()) {
    std::abort();
  }
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
  return result;
}

}  // namespace sekimori::fuzz
