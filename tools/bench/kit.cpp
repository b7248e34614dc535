#include "tools/bench/kit.hpp"

#include <unistd.h>

#include <fstream>
#include <map>

#include "config/config.hpp"
#include "daemon/build_policy.hpp"

namespace sekimori::bench {

void make_packet(capture::Packet& packet, std::uint64_t number, std::uint64_t sequence, Time time) {
  const auto mixed = static_cast<std::uint32_t>(number * 0x9e3779b1U);  // one to one
  packet.tuple.source = IpAddress::ipv4(0x0a800000U + (mixed & 0xfffffU));
  packet.tuple.destination = IpAddress::ipv4(0x0a900000U + (mixed >> 24U));
  packet.tuple.source_port = static_cast<std::uint16_t>(1024 + (mixed >> 16U));
  packet.tuple.destination_port = static_cast<std::uint16_t>(443 + (number >> 32U));
  packet.tuple.protocol = capture::protocol::udp;
  packet.time = time;
  packet.wire_bytes = 60;
  packet.payload_bytes = 18;
  packet.ports_known = true;
  packet.ttl = 64;
  packet.source_mac = {{2, 0, 0, 0, 0, 1}};
  packet.destination_mac = {{2, 0, 0, 0, 0, 2}};
  packet.fingerprint = static_cast<std::uint32_t>(sequence * 2) | 1U;
  packet.identified = true;
  packet.number = sequence;
}

namespace {

// `count` parts of equal size that cover an IPv4 network of length 11, as far as powers of two go; the rest
// names single hosts of the first one.
void cut(std::uint32_t network, std::uint32_t count, std::vector<policy::NamedPrefix>& out) {
  unsigned longer = 0;
  while ((std::uint32_t{2} << longer) <= count) ++longer;
  const std::uint32_t parts = std::uint32_t{1} << longer;
  const auto length = static_cast<std::uint8_t>(11 + longer);
  for (std::uint32_t i = 0; i < parts; ++i) {
    out.push_back({.prefix = {IpAddress::ipv4(network + (i << (32U - length))), length}});
  }
  // Halves of the first parts: nested in the same segment, which is allowed.
  for (std::uint32_t i = 0; i < count - parts; ++i) {
    const auto half = static_cast<std::uint8_t>(length + 1);
    out.push_back({.prefix = {IpAddress::ipv4(network + (i << (32U - length))), half}});
  }
}

std::shared_ptr<const policy::Policy> make_policy(std::uint32_t prefixes) {
  config::Config city = config::load_text(config::builtin_example(), "example", Language::en);
  const std::array<std::pair<const char*, std::uint32_t>, 3> wide{
      {{"mynumber", 0x0a800000U}, {"lgwan", 0x0aa00000U}, {"internet", 0x0ac00000U}}};
  for (policy::SegmentOptions& segment : city.policy.segments) {
    for (const auto& [id, network] : wide) {
      if (segment.id == id) cut(network, std::max(1U, prefixes / 3), segment.prefixes);
    }
  }
  return daemon::build_policy(std::move(city.policy), {}, {}, 1, Language::en);
}

}  // namespace

std::shared_ptr<const policy::Policy> city_policy(std::uint32_t prefixes) {
  static std::map<std::uint32_t, std::shared_ptr<const policy::Policy>> made;
  auto& policy = made[prefixes];
  if (!policy) policy = make_policy(prefixes);
  return policy;
}

void Frames::take(Traffic& traffic, std::size_t count) {
  octets.clear();
  places.clear();
  while (places.size() < count && traffic.next()) {
    const auto frame = traffic.octets();
    places.push_back({octets.size(), static_cast<std::uint32_t>(frame.size()), traffic.time()});
    octets.insert(octets.end(), frame.begin(), frame.end());
  }
}

std::uint64_t resident_bytes() {
  std::ifstream file{"/proc/self/statm"};
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace sekimori::bench
