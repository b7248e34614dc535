// Packets built to be read, with right lengths and checksums, byte by byte the same on every run.
//
//   using namespace sekimori::kit;
//   const auto syn = ethernet().vlan(20).ipv4("10.1.0.5", "10.2.0.9").ttl(63).tcp(51000, 502,
//   SYN).payload(100); syn.bytes()                          the octets on the wire const BuiltFrame frame =
//   syn.build(); decode(frame.frame(), packet)        ... as a Frame, borrowed from `frame` const Packet
//   packet = syn.packet();  ... or decoded at once
//
// A builder is a value: every word returns a longer one and leaves the first as it was, so that tests may
// share a beginning. Words that describe a layer (ttl, seq, udp_length...) apply to the last layer of their
// kind. Mistakes of the test's author (a bad address, tcp() without an IP layer) throw std::invalid_argument.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "capture/decode/packet.hpp"
#include "capture/source/frame.hpp"

namespace sekimori::kit {

using Octets = std::vector<std::byte>;
Octets octets(std::initializer_list<unsigned> values);
Octets octets(std::string_view text);  // the characters themselves

// TCP flags by their usual names; combine with |.
inline constexpr std::uint8_t FIN = capture::tcp_flag::fin;
inline constexpr std::uint8_t SYN = capture::tcp_flag::syn;
inline constexpr std::uint8_t RST = capture::tcp_flag::rst;
inline constexpr std::uint8_t PSH = capture::tcp_flag::psh;
inline constexpr std::uint8_t ACK = capture::tcp_flag::ack;
inline constexpr std::uint8_t URG = 0x20;

// Where and when a built frame was seen.
struct Seen {
  Time time{};
  std::uint64_t number = 1;
  std::uint16_t tap = 0;
};

// A frame that owns its octets.
struct BuiltFrame {
  Octets bytes{};                 // what was captured
  std::uint32_t wire_length = 0;  // what was on the wire
  std::uint16_t link = 1;

  // Borrows from this object.
  capture::Frame frame(const Seen& seen = {}) const;
};

class PacketBuilder {
 public:
  // --- links ---
  PacketBuilder macs(std::string_view source, std::string_view destination) const;
  PacketBuilder vlan(unsigned id, unsigned tpid = 0x8100, unsigned priority = 0) const;
  PacketBuilder mpls(std::initializer_list<unsigned> labels) const;
  PacketBuilder pppoe(unsigned session) const;                                  // session data, PPP
  PacketBuilder llc(unsigned dsap, unsigned ssap, unsigned control = 3) const;  // 802.3 length in front
  PacketBuilder snap(unsigned oui = 0,
                     std::optional<unsigned> protocol = {}) const;  // LLC AA-AA-03 with SNAP
  PacketBuilder stp() const;                                        // a configuration BPDU
  PacketBuilder ethertype(
      unsigned value) const;  // of the last link layer, in place of the one that follows from it
  PacketBuilder arp_request(std::string_view sender, std::string_view target) const;
  PacketBuilder arp_reply(std::string_view sender, std::string_view target) const;

  // --- IP ---
  PacketBuilder ipv4(std::string_view source, std::string_view destination) const;
  PacketBuilder ipv6(std::string_view source, std::string_view destination) const;
  PacketBuilder ip(const IpAddress& source,
                   const IpAddress& destination) const;  // by the family of the source
  PacketBuilder ttl(unsigned value) const;               // or hop limit
  PacketBuilder identification(unsigned value) const;    // IPv4
  PacketBuilder protocol(unsigned value) const;          // what follows, where no word of this kit says it
  PacketBuilder ip_options(Octets options) const;        // IPv4; a multiple of four octets, at most 40
  PacketBuilder fragment(unsigned offset, bool more) const;  // IPv4; offset in octets, a multiple of eight
  PacketBuilder total_length(unsigned value) const;   // IPv4 total length or IPv6 payload length, as a lie
  PacketBuilder header_length(unsigned words) const;  // IPv4 IHL or TCP data offset, as a lie
  PacketBuilder version(unsigned value) const;        // as a lie
  // Extension headers of IPv6, `size` octets in all: a multiple of eight.
  PacketBuilder hop_by_hop(unsigned size = 8) const;
  PacketBuilder routing(unsigned size = 24) const;
  PacketBuilder destination_options(unsigned size = 8) const;
  PacketBuilder mobility(unsigned size = 8) const;
  PacketBuilder fragment_header(unsigned offset, bool more, std::uint32_t identification = 1) const;
  // IP protocol 51 in IPv4 and IPv6; 24 octets with a 96-bit check value.
  PacketBuilder authentication() const;

  // --- tunnels: the outer IP (and UDP) layer, one of these, then macs or the inner IP layer ---
  // Another Ethernet header, as the content of a tunnel or a fabric's tag.
  PacketBuilder frame(std::string_view source = "02:00:00:00:01:01",
                      std::string_view destination = "02:00:00:00:01:02") const;
  // GRE version 0 (RFC 2784, 2890), each optional field where it is set; the protocol follows from what comes
  // next.
  struct Gre {
    bool checksum = false;
    std::optional<std::uint32_t> key{};
    std::optional<std::uint32_t> sequence{};
  };
  PacketBuilder gre(const Gre& fields) const;
  PacketBuilder gre() const { return gre(Gre{}); }
  PacketBuilder erspan(unsigned type, unsigned vlan = 0) const;  // 1, 2 or 3, with its GRE header
  PacketBuilder vxlan(unsigned network, unsigned flags = 0x08) const;
  PacketBuilder geneve(unsigned network, const Octets& options = {}) const;
  // `rest`: the optional fields and extension headers, whose flags are then set in `flags`.
  PacketBuilder gtp_u(std::uint32_t tunnel, unsigned message = 255, unsigned flags = 0x30,
                      const Octets& rest = {}) const;
  // ESP without encryption: `check` octets of check value behind the trailer. Comes last: what follows it has
  // to be given here, from IP or a transport header on, with its protocol.
  PacketBuilder esp_null(unsigned next, const Octets& content, unsigned check = 12) const;
  // Any other header as it stands; `number`: its IP protocol, where it has one.
  PacketBuilder header(Octets octets, std::uint8_t number = 0) const;
  // All layers of `inner`, its payload and its padding are the content.
  PacketBuilder carrying(const PacketBuilder& inner) const;

  // --- transport ---
  PacketBuilder tcp(unsigned source, unsigned destination, unsigned flags = ACK) const;
  PacketBuilder seq(std::uint32_t sequence, std::uint32_t acknowledgment = 0) const;
  PacketBuilder tcp_options(Octets options) const;  // a multiple of four octets, at most 40
  PacketBuilder udp(unsigned source, unsigned destination) const;
  PacketBuilder udp_length(unsigned value) const;  // as a lie
  PacketBuilder sctp(unsigned source, unsigned destination) const;
  PacketBuilder icmp(unsigned type, unsigned code = 0, std::uint32_t rest = 0) const;
  PacketBuilder icmpv6(unsigned type, unsigned code = 0, std::uint32_t rest = 0) const;
  // The payload of an ICMP error: `offending` from its IP header on, at most `most` octets.
  PacketBuilder quoting(const PacketBuilder& offending, std::size_t most = 548) const;

  // --- the rest ---
  PacketBuilder payload(std::size_t size) const;  // octets counting up from zero
  PacketBuilder payload(std::string_view text) const;
  PacketBuilder payload(Octets content) const;
  PacketBuilder padded(std::size_t size = 60) const;  // zeros up to Ethernet's least frame size
  PacketBuilder cut(std::size_t size) const;          // the capture kept only the first `size` octets

  // --- results ---
  Octets bytes() const;          // on the wire, padding included, whatever cut() says
  Octets network_bytes() const;  // from the first IP header on, without padding
  BuiltFrame build() const;
  // Decodes; throws std::invalid_argument with the reason's name where the packet belongs to no flow.
  capture::Packet packet(const Seen& seen = {}) const;

 private:
  friend PacketBuilder ethernet(std::string_view source, std::string_view destination);
  friend PacketBuilder link(std::uint16_t type, Octets header);

  enum class Kind : std::uint8_t {
    ethernet,
    link,
    vlan,
    mpls,
    pppoe,
    llc,
    snap,
    arp,
    ipv4,
    ipv6,
    extension,
    fragment_header,
    authentication,
    tcp,
    udp,
    sctp,
    icmp,
    icmpv6,
    tunnel
  };
  struct Layer {
    Kind kind = Kind::link;
    std::uint8_t number = 0;                 // of an extension header: its own protocol number
    Octets header{};                         // complete but for what depends on its surroundings
    std::optional<unsigned> next{};          // ethertype or protocol of what follows, when the test says it
    std::optional<unsigned> length{};        // IP or UDP length, when the test says it
    std::optional<unsigned> header_words{};  // IHL or data offset, when the test says it
    // Of a tunnel: where its header names the ethertype of its content, and the length of what follows.
    std::optional<std::size_t> type_at{};
    std::optional<std::size_t> length_at{};
  };

  PacketBuilder with(Layer layer) const;
  PacketBuilder with_extension(std::uint8_t number, Octets header) const;
  PacketBuilder with_arp(unsigned operation, std::string_view sender, std::string_view target) const;
  Layer& last(std::initializer_list<Kind> kinds, const char* word);
  Octets assemble(std::size_t from) const;
  void finish(std::size_t index, Octets& body) const;
  unsigned next_number(std::size_t index) const;
  unsigned next_ethertype(std::size_t index) const;
  static std::optional<unsigned> protocol_number(const Layer& layer);

  std::vector<Layer> layers_{};
  Octets payload_{};
  std::size_t padded_ = 0;
  std::optional<std::size_t> cut_{};
  std::uint16_t link_ = 1;
};

// Ethernet II. A source that differs from a router's MAC is how the policy tells "before" from "after".
PacketBuilder ethernet(std::string_view source = "02:00:00:00:00:01",
                       std::string_view destination = "02:00:00:00:00:02");
// Another link: its LINKTYPE_ number and its header as it stands. 101 with no header is raw IP.
PacketBuilder link(std::uint16_t type, Octets header = {});

}  // namespace sekimori::kit
