// A story: who is on the network, and who does what to whom when. Read from a YAML file (README.md has the
// format), played by play().
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "capture/address.hpp"
#include "capture/time.hpp"

namespace sekimori::traffic {

// One machine, or one of a range of equal ones.
struct Member {
  std::optional<IpAddress> ipv4{};
  std::optional<IpAddress> ipv6{};
  MacAddress mac{};

  const std::optional<IpAddress>& address(Family family) const {
    return family == Family::ipv6 ? ipv6 : ipv4;
  }
};

struct Host {
  std::string name{};
  std::vector<Member> members{};  // at least one
  std::uint16_t vlan = 0;         // where it is seen; 0: a network without a tag
  std::uint8_t ttl = 64;          // of its packets when they are first seen
};

struct Leg {
  MacAddress mac{};
  std::optional<IpAddress> ipv4{};
  std::optional<IpAddress> ipv6{};
};

// Joins VLANs. What it forwards leaves with its own MAC and a TTL one lower.
struct Router {
  std::string name{};
  std::map<std::uint16_t, Leg> legs{};  // by VLAN
};

enum class Kind : std::uint8_t { tcp, udp, icmp, arp, ndp, dhcp, ra, bpdu, call };
enum class Outcome : std::uint8_t {
  accepted,    // answered by the responder
  unanswered,  // reaches the responder, who says nothing
  dropped,     // the router swallows it
  refused,     // the responder refuses: RST, or ICMP port unreachable
  rejected,    // the router sends the RST in the responder's name
  prohibited   // the router answers with ICMP "administratively prohibited"
};
enum class Side : std::uint8_t { initiator, responder };
enum class Close : std::uint8_t { fin, rst, open };

// DHCP's own words; in IPv6 they are SOLICIT, ADVERTISE, REQUEST and REPLY.
enum class DhcpMessage : std::uint8_t { discover, offer, request, ack, nak };
bool asks_server(DhcpMessage message);  // sent by clients
// What machines say to everybody near them.
enum class Call : std::uint8_t { llmnr, nbns, netbios, mdns, ssdp, wsd };

const char* word(Kind kind);
const char* word(Outcome outcome);

struct Event {
  int line = 0;  // in the story file, from 1
  Duration at{};
  std::size_t from = 0;           // index into Story::hosts
  std::vector<std::size_t> to{};  // empty: to everybody on the wire
  Kind kind = Kind::tcp;
  bool gratuitous = false;              // ARP about the sender itself
  std::vector<DhcpMessage> messages{};  // DHCP: sent in this order
  std::optional<Prefix> prefix{};       // what a router advertisement advertises
  MacAddress root{};                    // of a BPDU
  Call call = Call::llmnr;
  std::optional<IpAddress> group{};     // where a call goes, instead of the usual
  std::string name{};                   // of the machine, in DHCP and calls
  std::optional<MacAddress> mac{};      // the sender's in this event, instead of the host's
  std::optional<std::uint8_t> ttl{};    // likewise
  std::optional<std::uint16_t> on{};    // all of it is seen on this VLAN, without a router between
  std::vector<std::uint16_t> ports{};   // of the responder; one 0 where there are none
  std::optional<std::uint16_t> port{};  // of the initiator; else counted up for each initiator from 49152
  Family family = Family::ipv4;
  Outcome outcome = Outcome::accepted;
  std::uint32_t send = 0;     // octets of payload each round, initiator to responder
  std::uint32_t receive = 0;  // and back
  std::uint32_t rounds = 1;
  Duration pause = std::chrono::milliseconds{200};  // between rounds
  std::uint32_t tries = 1;                          // of an attempt that gets no answer
  bool in_the_middle = false;                       // TCP: the capture begins after the handshake
  std::uint32_t retransmit = 0;                     // the first so many data segments are sent twice
  Close close = Close::fin;
  Duration round_trip = std::chrono::milliseconds{1};
  std::optional<std::size_t> via{};  // index into Story::routers; none: on one VLAN
  bool seen_at_initiator = true;     // the mirror shows the initiator's VLAN
  bool seen_at_responder = true;
  std::optional<Side> only{};  // of only this side's packets there is a mirror
  std::uint32_t copies = 1;    // of each frame at each point, as a badly set SPAN session makes
  std::uint32_t count = 1;
  Duration every = std::chrono::seconds{1};
  Duration gap = std::chrono::milliseconds{10};  // between the conversations of a sweep
};

struct Story {
  std::string title{};
  Time start{};
  bool nanoseconds = true;         // else microseconds
  bool tagged = true;              // frames carry their VLAN's tag
  std::uint32_t snaplen = 262144;  // octets kept of each frame
  std::vector<Host> hosts{};
  std::vector<Router> routers{};
  std::vector<Event> events{};
};

// what(): file:line:column: what is wrong, and what may be written.
class StoryError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Strict: an unknown or doubled key, an unknown host, a value of the wrong form throws StoryError.
Story read_story(const std::string& path);
// The same from text; `name` stands in front of errors.
Story read_story_text(const std::string& text, const std::string& name);

}  // namespace sekimori::traffic
