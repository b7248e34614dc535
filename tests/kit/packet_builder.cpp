#include "tests/kit/packet_builder.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "tests/kit/packet_octets.hpp"

namespace sekimori::kit {
namespace {

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
  copy.last({Kind::ethernet, Kind::vlan, Kind::snap, Kind::link, Kind::tunnel}, "ethertype").next = value;
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
// tunnels

PacketBuilder PacketBuilder::frame(std::string_view source, std::string_view destination) const {
  return with({.kind = Kind::ethernet, .header = Octets(14)}).macs(source, destination);
}

PacketBuilder PacketBuilder::gre(const Gre& fields) const {
  Octets header;
  put16(header,
        (fields.checksum ? 0x8000U : 0U) | (fields.key ? 0x2000U : 0U) | (fields.sequence ? 0x1000U : 0U));
  put16(header, 0);
  if (fields.checksum) put32(header, 0);
  if (fields.key) put32(header, *fields.key);
  if (fields.sequence) put32(header, *fields.sequence);
  return with(
      {.kind = Kind::tunnel, .number = capture::protocol::gre, .header = std::move(header), .type_at = 2});
}

PacketBuilder PacketBuilder::erspan(unsigned type, unsigned vlan) const {
  const PacketBuilder outer =
      (type == 1 ? gre() : gre({.sequence = 1})).ethertype(type == 3 ? 0x22ebU : 0x88beU);
  if (type == 1) return outer;
  Octets header;
  put16(header, (type == 2 ? 0x1000U : 0x2000U) | (vlan & 0xfffU));
  header.resize(type == 2 ? 8 : 12);
  return outer.header(std::move(header));
}

PacketBuilder PacketBuilder::vxlan(unsigned network, unsigned flags) const {
  Octets header = octets({flags, 0, 0, 0});
  put32(header, network << 8U);
  return with({.kind = Kind::tunnel, .header = std::move(header)});
}

PacketBuilder PacketBuilder::geneve(unsigned network, const Octets& options) const {
  if (options.size() % 4 != 0 || options.size() > 252) refuse("Geneve options come in words, 63 at most");
  Octets header = octets({static_cast<unsigned>(options.size() / 4), 0, 0, 0});
  put32(header, network << 8U);
  header.insert(header.end(), options.begin(), options.end());
  return with({.kind = Kind::tunnel, .header = std::move(header), .type_at = 2});
}

PacketBuilder PacketBuilder::gtp_u(std::uint32_t tunnel, unsigned message, unsigned flags,
                                   const Octets& rest) const {
  Octets header = octets({flags, message, 0, 0});
  put32(header, tunnel);
  header.insert(header.end(), rest.begin(), rest.end());
  return with({.kind = Kind::tunnel, .header = std::move(header), .length_at = 2});
}

PacketBuilder PacketBuilder::esp_null(unsigned next, const Octets& content, unsigned check) const {
  Octets header;
  put32(header, 0x1001);  // security parameters index
  put32(header, 1);
  Octets body = content;
  const std::size_t padding = (4 - (content.size() + 2) % 4) % 4;
  for (std::size_t i = 1; i <= padding; ++i) body.push_back(octet(static_cast<unsigned>(i)));
  body.push_back(octet(static_cast<unsigned>(padding)));
  body.push_back(octet(next));
  for (unsigned i = 0; i < check; ++i) body.push_back(octet(0xa5U ^ i * 37U));
  return with({.kind = Kind::tunnel, .number = capture::protocol::esp, .header = std::move(header)})
      .payload(std::move(body));
}

PacketBuilder PacketBuilder::header(Octets octets, std::uint8_t number) const {
  return with({.kind = Kind::tunnel, .number = number, .header = std::move(octets)});
}

PacketBuilder PacketBuilder::carrying(const PacketBuilder& inner) const {
  PacketBuilder copy = *this;
  copy.layers_.insert(copy.layers_.end(), inner.layers_.begin(), inner.layers_.end());
  copy.payload_ = inner.payload_;
  copy.padded_ = inner.padded_;
  return copy;
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

}  // namespace sekimori::kit
