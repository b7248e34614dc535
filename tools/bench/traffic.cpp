#include "tools/bench/traffic.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace sekimori::bench {
namespace {

constexpr std::uint8_t tcp = 6;
constexpr std::uint8_t udp = 17;
constexpr std::uint8_t icmp = 1;
constexpr std::uint8_t icmpv6 = 58;
constexpr std::uint8_t fin = 0x01;
constexpr std::uint8_t syn = 0x02;
constexpr std::uint8_t psh = 0x08;
constexpr std::uint8_t ack = 0x10;

constexpr std::size_t least = 60;   // octets of the smallest Ethernet frame, as captured
constexpr std::size_t most = 1514;  // of the largest untagged one
constexpr std::size_t middle = 590;
constexpr std::size_t ethernet = 14;

constexpr Time begin{std::chrono::seconds{1'795'136'400}};  // 2026-11-20 01:00 UTC, in office hours
constexpr std::uint32_t standing_words = 4;     // packets after which a standing conversation is complete
constexpr std::uint64_t standing_interval = 5;  // seconds
constexpr std::size_t seats_count = 40'000;     // mixed conversations at a time

// The segments of the city that have wide networks for measuring: 10.128/11, 10.160/11, 10.192/11.
struct Segment {
  std::uint32_t network;
  std::uint16_t ipv6;  // fd10:HERE::/48 of the example city
  std::uint16_t vlan;
};
constexpr std::array<Segment, 3> segments{{{0x0a800000U, 0x10, 110},    // mynumber
                                           {0x0aa00000U, 0x20, 210},    // lgwan
                                           {0x0ac00000U, 0x30, 310}}};  // internet
constexpr std::uint32_t hosts = 1U << 20U;  // of each half of such a network: clients below, servers above

// One to one, and scattered over the network as the prefixes are that it may be cut into.
std::uint32_t scattered(std::uint64_t number) {
  return static_cast<std::uint32_t>(number * 0x9e3779b1U) & (hosts - 1U);
}

void put_ipv4(std::array<std::uint8_t, 16>& address, std::uint32_t number) {
  for (unsigned i = 0; i < 4; ++i) address[i] = static_cast<std::uint8_t>(number >> (24U - 8U * i));
}
void put_ipv6(std::array<std::uint8_t, 16>& address, const Segment& segment, std::uint32_t host) {
  address = {0xfd, 0x10, 0, static_cast<std::uint8_t>(segment.ipv6), 0, 0, 0x80};
  address[7] = static_cast<std::uint8_t>(host >> 12U);
  address[13] = static_cast<std::uint8_t>(host >> 16U);
  address[14] = static_cast<std::uint8_t>(host >> 8U);
  address[15] = static_cast<std::uint8_t>(host);
}

std::uint64_t number_of(const std::string& word, const std::string& option) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size() || value == 0) {
    throw std::invalid_argument{option + " needs a number above zero"};
  }
  return value;
}

}  // namespace

Traffic::Traffic(const TrafficOptions& options) : options_{options} {
  if (options_.kind == TrafficKind::small || options_.kind == TrafficKind::elephant) {
    talks_.resize(options_.flows);
  }
  if (options_.kind == TrafficKind::mixed) {
    seats_.resize(std::clamp<std::uint64_t>(options_.flows / 4, 1, seats_count));
  }
  standing_.resize(options_.standing);
  if (options_.standing != 0) {
    standing_pause_ = std::max<std::uint64_t>(1, standing_interval * options_.rate / options_.standing);
  }
}

std::uint64_t Traffic::below(std::uint64_t limit) {
  return ((random() >> 32U) * limit) >> 32U;
}

// Client and port are unique to the number, so that no two conversations share a key whatever the rest is.
Traffic::Ends Traffic::ends_of(std::uint64_t number) const {
  constexpr std::uint64_t ports = 64'000;
  constexpr std::array<std::uint16_t, 8> services{443, 80, 445, 1521, 5432, 389, 8443, 22};
  const std::uint64_t draw = drawn(options_.seed, number);
  const bool mixed = options_.kind == TrafficKind::mixed;
  Ends ends;
  const auto client_port = [&](std::uint64_t clients) {
    ends.port[0] = static_cast<std::uint16_t>(1024 + number / clients % ports);
  };
  ends.protocol = tcp;
  ends.port[1] = services[draw & 7U];
  const std::uint64_t way = draw >> 3U & 15U;
  if (mixed && !options_.forbidden && way < 3) {  // from LGWAN terminals through the virtual desktop gateway
    constexpr std::uint64_t clients = 2000;
    put_ipv4(ends.address[0], 0x0a142001U + static_cast<std::uint32_t>(number % clients));
    put_ipv4(ends.address[1], 0x0a1e280bU);
    client_port(clients);
    ends.port[1] = 443;
    ends.vlan = 232;
    return ends;
  }
  if (mixed && !options_.forbidden && way == 3) {  // the named service in the government cloud
    constexpr std::uint64_t clients = 500;
    put_ipv4(ends.address[0], 0x0a0a1601U + static_cast<std::uint32_t>(number % clients));
    put_ipv4(ends.address[1], 0x0a3c0a01U + static_cast<std::uint32_t>(draw >> 32U & 127U));
    client_port(clients);
    ends.port[1] = 443;
    ends.vlan = 122;
    return ends;
  }
  const Segment& from = options_.forbidden ? segments[0] : segments[(draw >> 16U) % segments.size()];
  const Segment& to = options_.forbidden ? segments[2] : from;
  constexpr std::uint64_t clients = 20'000;
  const std::uint32_t client = scattered(number % clients);
  const std::uint32_t server = scattered(draw >> 40U & 4095U);
  client_port(clients);
  const std::uint64_t what = draw >> 24U & 127U;
  if (options_.kind == TrafficKind::flood || options_.kind == TrafficKind::elephant) {
    ends.protocol = tcp;
  } else if (!mixed) {
    ends.protocol = what < 96 ? tcp : udp;
  } else if (what < 26) {
    ends.protocol = udp;
    ends.port[1] = 53;
  } else if (what < 36) {
    ends.protocol = udp;
    ends.port[1] = 443;
  } else if (what < 38) {
    ends.protocol = icmp;
  }
  ends.ipv6 = mixed && (draw >> 56U) % 10 == 0;
  if (ends.ipv6) {
    put_ipv6(ends.address[0], from, client);
    put_ipv6(ends.address[1], to, hosts + server);
    if (ends.protocol == icmp) ends.protocol = icmpv6;
  } else {
    put_ipv4(ends.address[0], from.network + client);
    put_ipv4(ends.address[1], to.network + hosts + server);
  }
  if (mixed) ends.vlan = from.vlan;
  return ends;
}

Traffic::Ends Traffic::standing_ends(std::uint32_t number) const {
  Ends ends;
  ends.protocol = tcp;
  put_ipv4(ends.address[0], 0x0a3c8000U + number % 16'384U);
  put_ipv4(ends.address[1], 0x0a3c0100U + number % 100U);
  ends.port = {static_cast<std::uint16_t>(20'000 + number / 16'384U), 443};
  return ends;
}

bool Traffic::next() {
  if (truth_.packets == options_.packets) return false;
  time_ = begin + std::chrono::nanoseconds{static_cast<std::int64_t>(
                      static_cast<double>(truth_.packets) * 1e9 / static_cast<double>(options_.rate))};
  if (!stand()) {
    switch (options_.kind) {
      case TrafficKind::mixed:
        say_mixed();
        break;
      case TrafficKind::small: {
        const std::uint64_t number = below(talks_.size());
        say_small(talks_[number], ends_of(number), number);
        break;
      }
      case TrafficKind::elephant:
        say_elephant();
        break;
      case TrafficKind::flood: {
        Talk talk;
        say_small(talk, ends_of(opened_), opened_);
        ++opened_;
        break;
      }
    }
  }
  ++truth_.packets;
  truth_.bytes += size_;
  return true;
}

// The turn of a standing conversation, if it is one's.
bool Traffic::stand() {
  if (standing_.empty()) return false;
  const std::uint64_t beginning = std::uint64_t{standing_.size()} * standing_words;
  const bool before = stood_ < beginning;
  if (!before && (truth_.packets - beginning) % standing_pause_ != 0) return false;
  const auto number = static_cast<std::uint32_t>(stood_++ % standing_.size());
  say_small(standing_[number], standing_ends(number), ~std::uint64_t{number});
  return true;
}

// SYN, SYN-ACK, then either side carries what the smallest frame has room for.
void Traffic::say_small(Talk& talk, const Ends& ends, std::uint64_t number) {
  const std::uint64_t said = std::uint64_t{talk.packets[0]} + talk.packets[1];
  Words words;
  if (ends.protocol == tcp && said < 2) {
    words = {.from = static_cast<unsigned>(said), .flags = said == 0 ? syn : std::uint8_t{syn | ack}};
  } else {
    const bool tcp_data = ends.protocol == tcp;
    const unsigned from = said == 2 ? 0U : said == 3 ? 1U : static_cast<unsigned>(random() >> 63U);
    const auto flags = static_cast<std::uint8_t>(tcp_data ? psh | ack : 0);
    words = {.from = said == 0 ? 0U : from, .flags = flags, .payload = tcp_data ? 6U : 18U};
  }
  write(ends, talk, number, words);
}

void Traffic::say_elephant() {
  const std::uint64_t number = truth_.packets % talks_.size();
  Talk& talk = talks_[number];
  const Ends ends = ends_of(number);
  if (talk.packets[0] == 0 || talk.packets[1] == 0) return say_small(talk, ends, number);
  write(ends, talk, number, {.from = 1, .flags = ack, .payload = most - ethernet - 40});
}

// A conversation's length: two packets for a question and its answer, else Pareto's with exponent 1.2, so
// that a few percent of them carry most of the packets.
void Traffic::seat(Seat& seat) {
  seat = {.number = opened_++};
  const Ends ends = ends_of(seat.number);
  if (ends.protocol != tcp && ends.port[1] != 443) {
    seat.left = 2;
    return;
  }
  const double wanted = static_cast<double>(options_.packets) / static_cast<double>(options_.flows);
  // A quarter of all have two packets; of the others the mean is about 3.1, as long ones outlast the file.
  const double scale = std::max(1.0, (wanted - 0.6) / 0.72 / 3.1);
  const double uniform = (static_cast<double>(random() >> 11U) + 1.0) * 0x1.0p-53;
  const double length = std::min(20'000.0, std::pow(uniform, -1.0 / 1.2)) * scale;
  seat.left = std::max<std::uint64_t>(4, static_cast<std::uint64_t>(length));
}

void Traffic::say_mixed() {
  // Some seats are busier than others.
  const double uniform = static_cast<double>(random() >> 11U) * 0x1.0p-53;
  const auto at = static_cast<std::size_t>(uniform * uniform * static_cast<double>(seats_.size()));
  Seat& chosen = seats_[std::min(at, seats_.size() - 1)];
  if (chosen.left == 0) seat(chosen);
  const Ends ends = ends_of(chosen.number);
  const std::uint64_t said = std::uint64_t{chosen.talk.packets[0]} + chosen.talk.packets[1];
  Words words;
  if (ends.protocol == tcp) {
    words = tcp_words(chosen.talk, chosen.left);
  } else if (chosen.left + said == 2) {
    words = {.from = static_cast<unsigned>(said), .payload = said == 0 ? 40U : 120 + below(300)};
  } else {
    words = {.from = said == 0 ? 0U : static_cast<unsigned>(below(100) < 65), .payload = 1200};
    if (words.from == 0) words.payload = 60;
  }
  --chosen.left;
  write(ends, chosen.talk, chosen.number, words);
}

Traffic::Words Traffic::tcp_words(const Talk& talk, std::uint64_t left) {
  const std::uint64_t said = std::uint64_t{talk.packets[0]} + talk.packets[1];
  if (said == 0) return {.from = 0, .flags = syn};
  if (said == 1) return {.from = 1, .flags = std::uint8_t{syn | ack}};
  if (left <= 2) return {.from = left == 2 ? 0U : 1U, .flags = std::uint8_t{fin | ack}};
  Words words{.from = said == 2 ? 0U : static_cast<unsigned>(below(100) < 58),
              .flags = std::uint8_t{psh | ack}};
  const std::uint64_t size = below(100);
  const unsigned large = words.from == 1 ? 36U : 4U;
  const unsigned medium = words.from == 1 ? 62U : 18U;
  words.payload = size < large ? 1440U : size < medium ? middle - ethernet - 40U : 6U;
  return words;
}

void Traffic::write(const Ends& ends, Talk& talk, std::uint64_t number, const Words& words) {
  if (talk.packets[0] + talk.packets[1] == 0) ++truth_.flows;
  const unsigned from = words.from;
  const std::size_t header = ends.protocol == tcp ? 20 : 8;
  const std::size_t link = write_link(ends, from);
  const std::size_t at = write_network(link, ends, talk, number, from, header + words.payload);
  const std::size_t end = at + header + words.payload;
  std::memset(frame_.data() + at, 0, end - at);

  const auto base = [&](unsigned side) {
    return static_cast<std::uint32_t>(drawn(~options_.seed, number * 2 + side));
  };
  const auto sequence = [&](unsigned side) {
    return base(side) + (talk.packets[side] != 0 ? 1U : 0U) + talk.octets[side];
  };
  std::size_t sum_at = at + 6;
  if (ends.protocol == tcp) {
    put16(at, ends.port[from]);
    put16(at + 2, ends.port[from ^ 1U]);
    put32(at + 4, sequence(from));
    put32(at + 8, words.flags == syn ? 0 : sequence(from ^ 1U));
    frame_[at + 12] = std::byte{0x50};
    frame_[at + 13] = std::byte{words.flags};
    put16(at + 14, 64'240);
    sum_at = at + 16;
  } else if (ends.protocol == udp) {
    put16(at, ends.port[from]);
    put16(at + 2, ends.port[from ^ 1U]);
    put16(at + 4, static_cast<unsigned>(header + words.payload));
    // What a question asks, so that no two packets are the same.
    put32(at + 8, base(from) + talk.packets[from]);
  } else {
    const unsigned request = ends.ipv6 ? 128 : 8;
    const unsigned reply = ends.ipv6 ? 129 : 0;
    put16(at, (from == 0 ? request : reply) << 8U);
    put16(at + 4, ends.port[0]);
    put16(at + 6, talk.packets[from]);
    sum_at = at + 2;
  }
  // The pseudo-header of RFC 9293 section 3.1 and RFC 8200 section 8.1; ICMP of IPv4 has none.
  std::uint64_t pseudo = ends.protocol + header + words.payload;
  for (const auto& address : ends.address) {
    for (std::size_t i = 0; i < (ends.ipv6 ? 16U : 4U); i += 2) pseudo += address[i] * 256U + address[i + 1];
  }
  const unsigned sum = checksum(at, end, ends.protocol == icmp ? 0 : pseudo);
  put16(sum_at, sum == 0 && ends.protocol == udp ? 0xffffU : sum);

  size_ = std::max(end, least);
  std::memset(frame_.data() + end, 0, size_ - end);
  ++talk.packets[from];
  talk.octets[from] += static_cast<std::uint32_t>(words.payload);
}

std::size_t Traffic::write_link(const Ends& ends, unsigned from) {
  const std::array<std::uint8_t, 6> client{2, 0, 0, 0, 1, static_cast<std::uint8_t>(ends.vlan)};
  const std::array<std::uint8_t, 6> server{2, 0, 0, 0, 2, static_cast<std::uint8_t>(ends.vlan)};
  std::memcpy(frame_.data(), from == 0 ? server.data() : client.data(), 6);
  std::memcpy(frame_.data() + 6, from == 0 ? client.data() : server.data(), 6);
  std::size_t at = 12;
  if (ends.vlan != 0) {
    put16(at, 0x8100);
    put16(at + 2, ends.vlan);
    at += 4;
  }
  put16(at, ends.ipv6 ? 0x86ddU : 0x0800U);
  return at + 2;
}

std::size_t Traffic::write_network(std::size_t at, const Ends& ends, const Talk& talk, std::uint64_t number,
                                   unsigned from, std::size_t transport) {
  const auto& source = ends.address[from];
  const auto& destination = ends.address[from ^ 1U];
  if (ends.ipv6) {
    put32(at, 0x60000000U);
    put16(at + 4, static_cast<unsigned>(transport));
    put16(at + 6, static_cast<unsigned>(ends.protocol) << 8U | 64U);
    std::memcpy(frame_.data() + at + 8, source.data(), 16);
    std::memcpy(frame_.data() + at + 24, destination.data(), 16);
    return at + 40;
  }
  put16(at, 0x4500);
  put16(at + 2, static_cast<unsigned>(20 + transport));
  put16(at + 4, static_cast<unsigned>(number * 7 + talk.packets[from] + 1) & 0xffffU);
  put16(at + 6, 0x4000);
  put16(at + 8, 64U << 8U | ends.protocol);
  put16(at + 10, 0);
  std::memcpy(frame_.data() + at + 12, source.data(), 4);
  std::memcpy(frame_.data() + at + 16, destination.data(), 4);
  put16(at + 10, checksum(at, at + 20, 0));
  return at + 20;
}

void Traffic::put16(std::size_t at, unsigned value) {
  frame_[at] = static_cast<std::byte>(value >> 8U & 0xffU);
  frame_[at + 1] = static_cast<std::byte>(value & 0xffU);
}

void Traffic::put32(std::size_t at, std::uint32_t value) {
  put16(at, value >> 16U);
  put16(at + 2, value & 0xffffU);
}

// All payload is zero but for a few octets at its front, which adds nothing: only the front is summed.
unsigned Traffic::checksum(std::size_t from, std::size_t to, std::uint64_t sum) const {
  constexpr std::size_t front = 28;
  to = std::min(to, from + front);
  for (std::size_t at = from; at + 1 < to; at += 2) {
    sum += std::to_integer<unsigned>(frame_[at]) << 8U | std::to_integer<unsigned>(frame_[at + 1]);
  }
  if ((to - from) % 2 != 0) sum += std::to_integer<unsigned>(frame_[to - 1]) << 8U;
  while (sum >> 16U != 0) sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<unsigned>(~sum & 0xffffU);
}

TrafficOptions read_traffic(const std::vector<std::string>& words, std::vector<std::string>& rest) {
  TrafficOptions options;
  bool kind = false;
  bool rate = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const auto value = [&] {
      if (++i == words.size()) throw std::invalid_argument{word + " needs a number"};
      return number_of(words[i], word);
    };
    const std::array<std::pair<const char*, TrafficKind>, 4> kinds{{{"mixed", TrafficKind::mixed},
                                                                    {"small", TrafficKind::small},
                                                                    {"elephant", TrafficKind::elephant},
                                                                    {"flood", TrafficKind::flood}}};
    const auto named =
        std::find_if(kinds.begin(), kinds.end(), [&](const auto& one) { return word == one.first; });
    if (!kind && named != kinds.end()) {
      kind = true;
      options.kind = named->second;
      if (options.kind == TrafficKind::elephant) options.flows = 8;
    } else if (word == "--forbidden") {
      options.forbidden = true;
    } else if (word == "--flows") {
      options.flows = value();
    } else if (word == "--packets") {
      options.packets = value();
    } else if (word == "--rate") {
      options.rate = value();
      rate = true;
    } else if (word == "--standing") {
      options.standing = static_cast<std::uint32_t>(std::min<std::uint64_t>(value(), 100'000));
    } else if (word == "--seed") {
      options.seed = value();
    } else {
      rest.push_back(word);
    }
  }
  if (!kind) throw std::invalid_argument{std::string{"what to make? "} + traffic_words};
  // Every conversation is met again long before it times out.
  if (!rate && options.kind == TrafficKind::small) options.rate = std::max(options.rate, options.flows / 4);
  return options;
}

}  // namespace sekimori::bench
