// Host names that conversations tell of themselves: the server name of a TLS greeting, the host of an HTTP
// request, and the addresses that a DNS answer gives to a name.
//
// Only the octets of one packet are read, none is kept: what was split over packets is not joined. Names come
// in lower case and without a dot at their end. Hostile input costs a bounded number of steps. None of it is
// a proof by itself: whoever opens a conversation chooses what it says, and whoever may answer for a resolver
// chooses the addresses.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "capture/address.hpp"
#include "capture/decode/packet.hpp"
#include "capture/source/frame.hpp"

namespace sekimori::capture {

// A name of at most 253 octets (RFC 1035 section 2.3.4) without allocation.
class HostName {
 public:
  static constexpr std::size_t octets_max = 253;
  std::string_view text() const { return {octets_.data(), length_}; }
  bool empty() const { return length_ == 0; }
  void clear() { length_ = 0; }
  // Appends an octet in lower case; false and nothing appended when the name is full or the octet is none of
  // letters, digits, '-', '_' and '.'.
  bool add(std::uint8_t octet);
  // Takes one dot off the end. False if what remains is no name: empty, or with an empty label.
  bool settle();

 private:
  std::array<char, octets_max + 1> octets_{};
  std::uint8_t length_ = 0;
};

// The octets above TCP or UDP in a frame of Ethernet with tags, IPv4 or IPv6 without extension headers, in
// one piece and no tunnel; empty where the frame is anything else or was cut before them.
std::span<const std::byte> payload_of(const Frame& frame, const Packet& packet);

enum class Greeting : std::uint8_t {
  none,     // not the beginning of TLS or of an HTTP request
  named,    // ... and it tells whom it greets
  nameless  // ... all of it was read and there is no name in it: TLS without SNI, HTTP without Host
            // or with a bare address
};
struct GreetingResult {
  Greeting greeting = Greeting::none;
  bool cut = false;  // it is one, but goes on in another packet, or was not captured whole
};
// The first octets that a client sends. TLS: ClientHello with server_name (RFC 8446 section 4.1.2, RFC 6066
// section 3); HTTP/1: a request line and its Host header, or the authority of CONNECT and of an absolute URI
// (RFC 9112 section 3.2). Of a greeting that hides its inner name (ECH) the outer one is read.
GreetingResult read_greeting(std::span<const std::byte> payload, HostName& name);

// The answer of a resolver (RFC 1035): the name that was asked for, and its addresses, also by way of CNAMEs.
struct NameAnswer {
  static constexpr std::size_t addresses_max = 16;
  struct Address {
    IpAddress address{};
    std::chrono::seconds ttl{};  // as it was told, at most 2^31-1; of CNAMEs on the way the least
  };
  HostName name{};
  std::array<Address, addresses_max> addresses{};
  std::uint8_t count = 0;
  bool more = false;  // there were more than fit, or the message was cut before its end
};
// False: no good answer with at least one address. UDP only.
bool read_answer(std::span<const std::byte> payload, NameAnswer& answer);

}  // namespace sekimori::capture
