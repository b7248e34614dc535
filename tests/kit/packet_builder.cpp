#include "tests/kit/packet_builder.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "capture/decode/decode.hpp"

namespace sekimori::kit {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument("packet builder: " + what);
}

std::byte octet(unsigned value) {
  return static_cast<std::byte>(value & 0xffU);
}
unsigned number(std::byte value) {
  return std::to_integer<unsigned>(value);
}

void put16(Octets& out, unsigned value) {
  out.push_back(octet(value >> 8U));
  out.push_back(octet(value));
}

void put32(Octets& out, std::uint32_t value) {
  put16(out, value >> 16U);
  put16(out, value & 0xffffU);
}

void set16(Octets& out, std::size_t at, unsigned value) {
  out.at(at) = octet(value >> 8U);
  out.at(at + 1) = octet(value);
}

void put_address(Octets& out, const IpAddress& address) {
  for (unsigned i = 0; i < address.bits() / 8; ++i) out.push_back(octet(address.bytes[i]));
}

void put_mac(Octets& out, std::string_view text) {
  const auto mac = MacAddress::parse(text);
  if (!mac) refuse("no MAC address: " + std::string(text));
  for (const std::uint8_t byte : mac->bytes) out.push_back(octet(byte));
}

IpAddress address(std::string_view text, Family family) {
  const auto parsed = IpAddress::parse(text);
  if (!parsed || parsed->family != family) refuse("no address of this family: " + std::string(text));
  return *parsed;
}

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

Octets octets(std::initializer_list<unsigned> values) {
  Octets out;
  for (const unsigned value : values) out.push_back(octet(value));
  return out;
}

Octets octets(std::string_view text) {
  Octets out;
  for (const char character : text) out.push_back(octet(static_cast<unsigned char>(character)));
  return out;
}

capture::Frame BuiltFrame::frame(const Seen& seen) const {
  capture::Frame frame;
  frame.bytes = bytes;
  frame.wire_length = wire_length;
  frame.tap = seen.tap;
  frame.link = link;
  frame.number = seen.number;
  frame.time = seen.time;
  return frame;
}

PacketBuilder ethernet(std::string_view source, std::string_view destination) {
  return link(1)
      .with({.kind = PacketBuilder::Kind::ethernet, .header = Octets(14)})
      .macs(source, destination);
}

PacketBuilder link(std::uint16_t type, Octets header) {
  PacketBuilder builder;
  builder.link_ = type;
  if (!header.empty())
    builder.layers_.push_back({.kind = PacketBuilder::Kind::link, .header = std::move(header)});
  return builder;
}

PacketBuilder PacketBuilder::with(Layer layer) const {
  PacketBuilder copy = *this;
  copy.layers_.push_back(std::move(layer));
  return copy;
}

PacketBuilder::Layer& PacketBuilder::last(std::initializer_list<Kind> kinds, const char* word) {
  for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
    if (std::find(kinds.begin(), kinds.end(), layer->kind) != kinds.end()) return *layer;
  }
  refuse(std::string("no layer here that ") + word + "() could apply to");
}

// ----------------------------------------------------------------------------------------------------------
// links

PacketBuilder PacketBuilder::macs(std::string_view source, std::string_view destination) const {
  PacketBuilder copy = *this;
  Octets both;
  put_mac(both, destination);
  put_mac(both, source);
  std::copy(both.begin(), both.end(), copy.last({Kind::ethernet}, "macs").header.begin());
  return copy;
}

PacketBuilder PacketBuilder::vlan(unsigned id, unsigned tpid, unsigned priority) const {
  Octets tag;
  put16(tag, tpid);  // moves into the layer before; kept here until then
  put16(tag, (priority & 7U) << 13U | (id & 0xfffU));
  put16(tag, 0);
  return with({.kind = Kind::vlan, .header = std::move(tag)});
}

PacketBuilder PacketBuilder::mpls(std::initializer_list<unsigned> labels) const {
  Octets stack;
  std::size_t left = labels.size();
  for (const unsigned label : labels) put32(stack, label << 12U | (--left == 0 ? 0x100U : 0U) | 64U);
  return with({.kind = Kind::mpls, .header = std::move(stack)});
}

PacketBuilder PacketBuilder::pppoe(unsigned session) const {
  Octets header = octets({0x11, 0x00});
  put16(header, session);
  put32(header, 0);  // length and PPP protocol, set when what follows is known
  return with({.kind = Kind::pppoe, .header = std::move(header)});
}

PacketBuilder PacketBuilder::llc(unsigned dsap, unsigned ssap, unsigned control) const {
  return with({.kind = Kind::llc, .header = octets({dsap, ssap, control})});
}

PacketBuilder PacketBuilder::snap(unsigned oui, std::optional<unsigned> protocol) const {
  Octets header = octets({0xaa, 0xaa, 0x03, oui >> 16U, oui >> 8U, oui});
  put16(header, 0);
  return with({.kind = Kind::snap, .header = std::move(header), .next = protocol});
}

PacketBuilder PacketBuilder::stp() const {
  Octets bpdu(35);  // version 0, configuration, no flags; the root says of itself that it is the root
  bpdu[5] = bpdu[17] = octet(0x80);
  bpdu[11] = bpdu[23] = octet(0x02);
  return macs("02:00:00:00:00:01", "01:80:c2:00:00:00").llc(0x42, 0x42).payload(std::move(bpdu));
}

PacketBuilder PacketBuilder::ethertype(unsigned value) const {
  PacketBuilder copy = *this;
  copy.last({Kind::ethernet, Kind::vlan, Kind::snap, Kind::link}, "ethertype").next = value;
  return copy;
}

PacketBuilder PacketBuilder::with_arp(unsigned operation, std::string_view sender,
                                      std::string_view target) const {
  PacketBuilder copy = *this;
  const Octets macs = copy.last({Kind::ethernet}, "arp").header;
  Octets header = octets({0, 1, 8, 0, 6, 4, operation >> 8U, operation});
  header.insert(header.end(), macs.begin() + 6, macs.begin() + 12);
  put_address(header, address(sender, Family::ipv4));
  if (operation == 1) {
    header.resize(header.size() + 6);
  } else {
    header.insert(header.end(), macs.begin(), macs.begin() + 6);
  }
  put_address(header, address(target, Family::ipv4));
  return copy.with({.kind = Kind::arp, .header = std::move(header)});
}

PacketBuilder PacketBuilder::arp_request(std::string_view sender, std::string_view target) const {
  return with_arp(1, sender, target);
}

PacketBuilder PacketBuilder::arp_reply(std::string_view sender, std::string_view target) const {
  return with_arp(2, sender, target);
}

// -------------------------------------------------------------------------------------------------------------
// IP

PacketBuilder PacketBuilder::ipv4(std::string_view source, std::string_view destination) const {
  return ip(address(source, Family::ipv4), address(destination, Family::ipv4));
}

PacketBuilder PacketBuilder::ipv6(std::string_view source, std::string_view destination) const {
  return ip(address(source, Family::ipv6), address(destination, Family::ipv6));
}

PacketBuilder PacketBuilder::ip(const IpAddress& source, const IpAddress& destination) const {
  if (source.family != destination.family || source.family == Family::none)
    refuse("ip() with unequal families");
  const bool v4 = source.family == Family::ipv4;
  Octets header =
      v4 ? octets({0x45, 0, 0, 0, 0, 1, 0, 0, 64, 0, 0, 0}) : octets({0x60, 0, 0, 0, 0, 0, 0, 64});
  put_address(header, source);
  put_address(header, destination);
  return with({.kind = v4 ? Kind::ipv4 : Kind::ipv6, .header = std::move(header)});
}

PacketBuilder PacketBuilder::ttl(unsigned value) const {
  PacketBuilder copy = *this;
  Layer& layer = copy.last({Kind::ipv4, Kind::ipv6}, "ttl");
  layer.header[layer.kind == Kind::ipv4 ? 8 : 7] = octet(value);
  return copy;
}

PacketBuilder PacketBuilder::identification(unsigned value) const {
  PacketBuilder copy = *this;
  set16(copy.last({Kind::ipv4}, "identification").header, 4, value);
  return copy;
}

PacketBuilder PacketBuilder::protocol(unsigned value) const {
  PacketBuilder copy = *this;
  copy.last(
          {Kind::ipv4, Kind::ipv6, Kind::extension, Kind::fragment_header, Kind::authentication, Kind::pppoe},
          "protocol")
      .next = value;
  return copy;
}

PacketBuilder PacketBuilder::ip_options(Octets options) const {
  if (options.size() % 4 != 0 || options.size() > 40) refuse("IPv4 options come in words, ten at most");
  PacketBuilder copy = *this;
  Octets& header = copy.last({Kind::ipv4}, "ip_options").header;
  header.insert(header.end(), options.begin(), options.end());
  header[0] = octet(0x40U | static_cast<unsigned>(header.size() / 4));
  return copy;
}

PacketBuilder PacketBuilder::fragment(unsigned offset, bool more) const {
  if (offset % 8 != 0) refuse("a fragment's offset is a multiple of eight");
  PacketBuilder copy = *this;
  set16(copy.last({Kind::ipv4}, "fragment").header, 6, (more ? 0x2000U : 0U) | offset / 8);
  return copy;
}

PacketBuilder PacketBuilder::total_length(unsigned value) const {
  PacketBuilder copy = *this;
  copy.last({Kind::ipv4, Kind::ipv6}, "total_length").length = value;
  return copy;
}

PacketBuilder PacketBuilder::header_length(unsigned words) const {
  PacketBuilder copy = *this;
  copy.last({Kind::ipv4, Kind::tcp}, "header_length").header_words = words;
  return copy;
}

PacketBuilder PacketBuilder::version(unsigned value) const {
  PacketBuilder copy = *this;
  std::byte& first = copy.last({Kind::ipv4, Kind::ipv6}, "version").header[0];
  first = octet(value << 4U | (number(first) & 0xfU));
  return copy;
}

PacketBuilder PacketBuilder::with_extension(std::uint8_t number_of_header, Octets header) const {
  if (header.size() < 8 || header.size() % 8 != 0) refuse("extension headers come in eights of octets");
  header[1] = octet(static_cast<unsigned>(header.size() / 8 - 1));
  return with({.kind = Kind::extension, .number = number_of_header, .header = std::move(header)});
}

PacketBuilder PacketBuilder::hop_by_hop(unsigned size) const {
  Octets header(size);
  if (size >= 8) {
    header[2] = octet(1);  // PadN
    header[3] = octet(4);
  }
  return with_extension(0, std::move(header));
}

PacketBuilder PacketBuilder::routing(unsigned size) const {
  return with_extension(43, Octets(size));
}

PacketBuilder PacketBuilder::destination_options(unsigned size) const {
  Octets header(size);
  if (size >= 8) {
    header[2] = octet(1);
    header[3] = octet(4);
  }
  return with_extension(60, std::move(header));
}

PacketBuilder PacketBuilder::mobility(unsigned size) const {
  PacketBuilder copy = with_extension(135, Octets(size));
  copy.layers_.back().next = 59;  // RFC 6275: nothing follows
  return copy;
}

PacketBuilder PacketBuilder::fragment_header(unsigned offset, bool more, std::uint32_t identification) const {
  if (offset % 8 != 0) refuse("a fragment's offset is a multiple of eight");
  Octets header(2);
  put16(header, offset | (more ? 1U : 0U));
  put32(header, identification);
  return with({.kind = Kind::fragment_header, .number = 44, .header = std::move(header)});
}

PacketBuilder PacketBuilder::authentication() const {
  Octets header(24);
  header[1] = octet(4);  // in words, minus two
  header[7] = octet(1);  // security parameters index
  header[11] = octet(1);
  return with({.kind = Kind::authentication, .number = 51, .header = std::move(header)});
}

// ------------------------------------------------------------------------------------------------------
// transport

PacketBuilder PacketBuilder::tcp(unsigned source, unsigned destination, unsigned flags) const {
  Octets header;
  put16(header, source);
  put16(header, destination);
  put32(header, 1);
  put32(header, 0);
  put16(header, 0x5000U | flags);
  put16(header, 0xffff);
  put32(header, 0);
  return with({.kind = Kind::tcp, .header = std::move(header)});
}

PacketBuilder PacketBuilder::seq(std::uint32_t sequence, std::uint32_t acknowledgment) const {
  PacketBuilder copy = *this;
  Octets& header = copy.last({Kind::tcp}, "seq").header;
  Octets words;
  put32(words, sequence);
  put32(words, acknowledgment);
  std::copy(words.begin(), words.end(), header.begin() + 4);
  return copy;
}

PacketBuilder PacketBuilder::tcp_options(Octets options) const {
  if (options.size() % 4 != 0 || options.size() > 40) refuse("TCP options come in words, ten at most");
  PacketBuilder copy = *this;
  Octets& header = copy.last({Kind::tcp}, "tcp_options").header;
  header.insert(header.end(), options.begin(), options.end());
  header[12] = octet(static_cast<unsigned>(header.size() / 4) << 4U);
  return copy;
}

PacketBuilder PacketBuilder::udp(unsigned source, unsigned destination) const {
  Octets header;
  put16(header, source);
  put16(header, destination);
  put32(header, 0);
  return with({.kind = Kind::udp, .header = std::move(header)});
}

PacketBuilder PacketBuilder::udp_length(unsigned value) const {
  PacketBuilder copy = *this;
  copy.last({Kind::udp}, "udp_length").length = value;
  return copy;
}

PacketBuilder PacketBuilder::sctp(unsigned source, unsigned destination) const {
  Octets header;
  put16(header, source);
  put16(header, destination);
  put32(header, 1);  // verification tag
  put32(header, 0);
  return with({.kind = Kind::sctp, .header = std::move(header)});
}

PacketBuilder PacketBuilder::icmp(unsigned type, unsigned code, std::uint32_t rest) const {
  Octets header = octets({type, code, 0, 0});
  put32(header, rest);
  return with({.kind = Kind::icmp, .header = std::move(header)});
}

PacketBuilder PacketBuilder::icmpv6(unsigned type, unsigned code, std::uint32_t rest) const {
  PacketBuilder copy = icmp(type, code, rest);
  copy.layers_.back().kind = Kind::icmpv6;
  return copy;
}

PacketBuilder PacketBuilder::quoting(const PacketBuilder& offending, std::size_t most) const {
  Octets quote = offending.network_bytes();
  quote.resize(std::min(quote.size(), most));
  return payload(std::move(quote));
}

// ------------------------------------------------------------------------------------------------------- the
// rest

PacketBuilder PacketBuilder::payload(std::size_t size) const {
  Octets content(size);
  for (std::size_t i = 0; i < size; ++i) content[i] = octet(static_cast<unsigned>(i));
  return payload(std::move(content));
}

PacketBuilder PacketBuilder::payload(std::string_view text) const {
  return payload(octets(text));
}

PacketBuilder PacketBuilder::payload(Octets content) const {
  PacketBuilder copy = *this;
  copy.payload_ = std::move(content);
  return copy;
}

PacketBuilder PacketBuilder::padded(std::size_t size) const {
  PacketBuilder copy = *this;
  copy.padded_ = size;
  return copy;
}

PacketBuilder PacketBuilder::cut(std::size_t size) const {
  PacketBuilder copy = *this;
  copy.cut_ = size;
  return copy;
}

// --------------------------------------------------------------------------------------------------------
// results

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
