// Traffic made up for measuring: the same words make the same frames on every machine, and the truth that a
// reader of them must find is counted while they are made.
//
//   Traffic traffic{{.kind = TrafficKind::small, .flows = 10'000, .packets = 1'000'000}};
//   while (traffic.next()) use(traffic.octets(), traffic.time());
//   traffic.truth().flows
//
// All addresses lie in the networks of the city that city.py makes of the example city: permitted traffic
// stays inside a segment or takes a gateway or a named service, forbidden traffic goes from the My Number
// segment to the Internet segment. Every frame is whole, with right lengths and checksums.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "capture/time.hpp"

namespace sekimori::bench {

enum class TrafficKind : std::uint8_t {
  mixed,     // conversations with a beginning and an end, of heavy-tailed length; VLANs, IPv4 and IPv6, TCP,
             // UDP and ICMP, frames of 60 to 1514 octets
  small,     // 60 octets (64 on the wire), `flows` conversations met at random; TCP and UDP over IPv4
  elephant,  // a few TCP connections of 1514-octet frames
  flood      // every packet a SYN of another connection
};

struct TrafficOptions {
  TrafficKind kind = TrafficKind::mixed;
  bool forbidden = false;
  std::uint64_t flows = 1'000'000;    // mixed: about; small: at most; elephant: exactly; flood: no meaning
  std::uint64_t packets = 1'000'000;  // made by next(), standing ones included
  std::uint64_t rate = 200'000;       // packets a second of capture time
  // Conversations inside the segment gov-cloud, complete before anything else comes, each of which then sends
  // a packet every five seconds: who is watched while a flood goes by. 0 = none.
  std::uint32_t standing = 0;
  std::uint64_t seed = 1;
};

struct Truth {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;  // of the frames, without the check sum that no capture has
  std::uint64_t flows = 0;
};

// Splitmix64 as a function: number `index` of the stream `seed`.
constexpr std::uint64_t drawn(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = seed * 0xd1342543de82ef95ULL + (index + 1) * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

class Traffic {
 public:
  static constexpr std::size_t frame_octets_most = 1518;

  explicit Traffic(const TrafficOptions& options);

  // Makes the next frame; false when all are made.
  bool next();
  std::span<const std::byte> octets() const { return {frame_.data(), size_}; }
  Time time() const { return time_; }
  const Truth& truth() const { return truth_; }

 private:
  // Who talks: all of it follows from the conversation's number.
  struct Ends {
    std::array<std::array<std::uint8_t, 16>, 2> address{};  // client, server; IPv4 in the first four octets
    std::array<std::uint16_t, 2> port{};
    std::uint16_t vlan = 0;  // 0 = untagged
    std::uint8_t protocol = 0;
    bool ipv6 = false;
  };
  // What was said so far.
  struct Talk {
    std::array<std::uint32_t, 2> packets{};
    std::array<std::uint32_t, 2> octets{};  // of payload
  };
  // One of the places at which mixed conversations follow each other.
  struct Seat {
    std::uint64_t number = 0;
    std::uint64_t left = 0;
    Talk talk{};
  };
  struct Words {
    unsigned from = 0;  // 0 the client, 1 the server
    std::uint8_t flags = 0;
    std::size_t payload = 0;
  };

  Ends ends_of(std::uint64_t number) const;
  Ends standing_ends(std::uint32_t number) const;
  std::uint64_t random() { return drawn(options_.seed ^ 0x5eedULL, drawn_++); }
  std::uint64_t below(std::uint64_t limit);

  bool stand();
  void say_mixed();
  void say_small(Talk& talk, const Ends& ends, std::uint64_t number);
  void say_elephant();
  void seat(Seat& seat);
  Words tcp_words(const Talk& talk, std::uint64_t left);
  void write(const Ends& ends, Talk& talk, std::uint64_t number, const Words& words);
  std::size_t write_link(const Ends& ends, unsigned from);
  std::size_t write_network(std::size_t at, const Ends& ends, const Talk& talk, std::uint64_t number,
                            unsigned from, std::size_t transport);
  void put16(std::size_t at, unsigned value);
  void put32(std::size_t at, std::uint32_t value);
  // RFC 1071, over what was written; `sum` is what is added beforehand.
  unsigned checksum(std::size_t from, std::size_t to, std::uint64_t sum) const;

  const TrafficOptions options_;
  std::vector<Talk> talks_{};
  std::vector<Talk> standing_{};
  std::vector<Seat> seats_{};
  std::uint64_t opened_ = 0;  // mixed and flood: the next conversation's number
  std::uint64_t drawn_ = 0;
  std::uint64_t stood_ = 0;
  std::uint64_t standing_pause_ = 0;  // other packets between two standing ones
  std::array<std::byte, frame_octets_most> frame_{};
  std::size_t size_ = 0;
  Time time_{};
  Truth truth_{};
};

// For programs that are told on the command line what to make: `KIND [--forbidden] [--flows N] [--packets N]
// [--rate N] [--standing N] [--seed N]`. What it does not know is left in `rest`. Throws
// std::invalid_argument with what is wrong.
TrafficOptions read_traffic(const std::vector<std::string>& words, std::vector<std::string>& rest);
inline constexpr const char* traffic_words =
    "mixed|small|elephant|flood [--forbidden] [--flows N] [--packets N] [--rate N] [--standing N] [--seed N]";

}  // namespace sekimori::bench
