// What the builder's layers come out as: lengths, checksums and the numbers of what follows filled in.
#include <algorithm>
#include <string>

#include "capture/decode/decode.hpp"
#include "tests/kit/packet_builder.hpp"
#include "tests/kit/packet_octets.hpp"

namespace sekimori::kit {
namespace {

// The Internet checksum (RFC 1071) over several pieces, of which only the last may be odd.
class Checksum {
 public:
  void add(const std::byte* data, std::size_t size) {
    for (std::size_t i = 0; i < size; i += 2) {
      sum_ += number(data[i]) << 8U | (i + 1 < size ? number(data[i + 1]) : 0U);
    }
  }
  void add(std::uint64_t value) { sum_ += value; }
  unsigned value() const {
    std::uint64_t folded = sum_;
    while (folded > 0xffff) folded = (folded & 0xffffU) + (folded >> 16U);
    return static_cast<unsigned>(~folded & 0xffffU);
  }

 private:
  std::uint64_t sum_ = 0;
};

// CRC-32C as SCTP wants it (RFC 9260 appendix A), least significant octet first on the wire.
std::uint32_t crc32c(const Octets& data) {
  std::uint32_t crc = 0xffffffffU;
  for (const std::byte byte : data) {
    crc ^= number(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0U);
  }
  return ~crc;
}

}  // namespace

std::optional<unsigned> PacketBuilder::protocol_number(const Layer& layer) {
  switch (layer.kind) {
    case Kind::ipv4:
      return 4;
    case Kind::ipv6:
      return 41;
    case Kind::tcp:
      return capture::protocol::tcp;
    case Kind::udp:
      return capture::protocol::udp;
    case Kind::sctp:
      return capture::protocol::sctp;
    case Kind::icmp:
      return capture::protocol::icmp;
    case Kind::icmpv6:
      return capture::protocol::icmpv6;
    case Kind::extension:
    case Kind::fragment_header:
    case Kind::authentication:
      return layer.number;
    case Kind::tunnel:
      if (layer.number != 0) return layer.number;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// What the layer at `index` writes as the protocol of its content. 59 (no next header) where nothing is said.
unsigned PacketBuilder::next_number(std::size_t index) const {
  if (layers_[index].next) return *layers_[index].next;
  return index + 1 < layers_.size() ? protocol_number(layers_[index + 1]).value_or(59) : 59;
}

unsigned PacketBuilder::next_ethertype(std::size_t index) const {
  if (layers_[index].next) return *layers_[index].next;
  if (index + 1 == layers_.size()) return 0x88b5;  // IEEE local experimental
  const Layer& next = layers_[index + 1];
  switch (next.kind) {
    case Kind::vlan:
      return number(next.header[0]) << 8U | number(next.header[1]);
    case Kind::mpls:
      return 0x8847;
    case Kind::pppoe:
      return 0x8864;
    case Kind::arp:
      return 0x0806;
    case Kind::ipv4:
      return 0x0800;
    case Kind::ipv6:
      return 0x86dd;
    case Kind::ethernet:
      return 0x6558;
    default:
      refuse("nothing says which ethertype follows");
  }
}

// Puts the header of the layer at `index` in front of `body`, with what depends on both filled in.
void PacketBuilder::finish(std::size_t index, Octets& body) const {
  const Layer& layer = layers_[index];
  Octets header = layer.header;
  const auto whole = static_cast<unsigned>(header.size() + body.size());
  const bool length_field = index + 1 < layers_.size() &&
                            (layers_[index + 1].kind == Kind::llc || layers_[index + 1].kind == Kind::snap);

  // TCP, UDP and ICMPv6 sum over the addresses of the IP layer that carries them (RFC 9293, RFC 8200
  // section 8.1).
  const auto set_checksum = [&](std::size_t at, unsigned protocol, bool pseudo) {
    Checksum sum;
    if (pseudo) {
      std::size_t carrier = index;
      while (carrier > 0 && layers_[carrier].kind != Kind::ipv4 && layers_[carrier].kind != Kind::ipv6)
        --carrier;
      const Layer& ip = layers_[carrier];
      if (ip.kind != Kind::ipv4 && ip.kind != Kind::ipv6) refuse("a transport layer without IP below it");
      if (ip.kind == Kind::ipv4) {
        sum.add(ip.header.data() + 12, 8);
      } else {
        sum.add(ip.header.data() + 8, 32);
      }
      sum.add(protocol);
      sum.add(whole);
    }
    sum.add(header.data(), header.size());
    sum.add(body.data(), body.size());
    const unsigned value = sum.value();
    set16(header, at, value == 0 && layer.kind == Kind::udp ? 0xffff : value);
  };

  switch (layer.kind) {
    case Kind::ethernet:
    case Kind::vlan: {
      const std::size_t at = layer.kind == Kind::ethernet ? 12 : 4;
      set16(header, at,
            length_field && !layer.next ? static_cast<unsigned>(body.size()) : next_ethertype(index));
      if (layer.kind == Kind::vlan) header.erase(header.begin(), header.begin() + 2);
      break;
    }
    case Kind::snap:
      set16(header, 6, next_ethertype(index));
      break;
    case Kind::pppoe:
      set16(header, 4, static_cast<unsigned>(body.size() + 2));
      set16(header, 6,
            layer.next
                ? *layer.next
                : (index + 1 < layers_.size() && layers_[index + 1].kind == Kind::ipv6 ? 0x0057U : 0x0021U));
      break;
    case Kind::ipv4: {
      if (layer.header_words) header[0] = octet((number(header[0]) & 0xf0U) | *layer.header_words);
      set16(header, 2, layer.length.value_or(whole));
      header[9] = octet(next_number(index));
      Checksum sum;
      sum.add(header.data(), header.size());
      set16(header, 10, sum.value());
      break;
    }
    case Kind::ipv6:
      set16(header, 4, layer.length.value_or(static_cast<unsigned>(body.size())));
      header[6] = octet(next_number(index));
      break;
    case Kind::extension:
    case Kind::fragment_header:
    case Kind::authentication:
      header[0] = octet(next_number(index));
      break;
    case Kind::tcp:
      if (layer.header_words) header[12] = octet(*layer.header_words << 4U);
      set_checksum(16, capture::protocol::tcp, true);
      break;
    case Kind::udp:
      set16(header, 4, layer.length.value_or(whole));
      set_checksum(6, capture::protocol::udp, true);
      break;
    case Kind::icmp:
      set_checksum(2, capture::protocol::icmp, false);
      break;
    case Kind::icmpv6:
      set_checksum(2, capture::protocol::icmpv6, true);
      break;
    case Kind::sctp: {
      Octets all = header;
      all.insert(all.end(), body.begin(), body.end());
      const std::uint32_t crc = crc32c(all);
      for (unsigned i = 0; i < 4; ++i) header[8 + i] = octet(crc >> 8U * i);
      break;
    }
    case Kind::tunnel:
      if (layer.type_at) set16(header, *layer.type_at, next_ethertype(index));
      if (layer.length_at) set16(header, *layer.length_at, layer.length.value_or(whole - 8));
      break;
    case Kind::link:
    case Kind::mpls:
    case Kind::llc:
    case Kind::arp:
      break;
  }
  body.insert(body.begin(), header.begin(), header.end());
}

Octets PacketBuilder::assemble(std::size_t from) const {
  Octets body = payload_;
  for (std::size_t index = layers_.size(); index > from; --index) finish(index - 1, body);
  return body;
}

Octets PacketBuilder::bytes() const {
  Octets all = assemble(0);
  if (all.size() < padded_) all.resize(padded_);
  return all;
}

Octets PacketBuilder::network_bytes() const {
  const auto first = std::find_if(layers_.begin(), layers_.end(), [](const Layer& layer) {
    return layer.kind == Kind::ipv4 || layer.kind == Kind::ipv6;
  });
  return assemble(static_cast<std::size_t>(first - layers_.begin()));
}

BuiltFrame PacketBuilder::build() const {
  BuiltFrame built;
  built.bytes = bytes();
  built.wire_length = static_cast<std::uint32_t>(built.bytes.size());
  built.link = link_;
  if (cut_ && *cut_ < built.bytes.size()) built.bytes.resize(*cut_);
  return built;
}

capture::Packet PacketBuilder::packet(const Seen& seen) const {
  const BuiltFrame built = build();
  capture::Packet packet;
  const capture::Reason reason = capture::decode(built.frame(seen), packet);
  if (reason != capture::Reason::none) {
    refuse("packet() of a frame that belongs to no flow: " + std::string(capture::reason_name(reason)));
  }
  return packet;
}

}  // namespace sekimori::kit
