// Addresses as values: what every floor calls a host, a card or a network.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sekimori {

enum class Family : std::uint8_t { none = 0, ipv4 = 4, ipv6 = 6 };

// The address space that an address stands in (a capture domain: capture/decode/domains.hpp). Bodies that use
// the same private addresses on different wires have a domain each. 0, `main`, where nobody says otherwise.
using DomainId = std::uint8_t;
inline constexpr std::size_t domains_max = 16;  // `main` among them: four bits
inline constexpr DomainId main_domain = 0;

// Domains, one bit each.
using DomainSet = std::uint16_t;
inline constexpr DomainSet in_main = 1;
inline constexpr DomainSet in_every_domain = 0xffff;
constexpr bool has_domain(DomainSet set, DomainId domain) {
  return (set >> domain & 1U) != 0;
}

// An IPv4 or IPv6 address. IPv4 uses the first four bytes; the rest is zero. The family is part of equality,
// so an IPv6 address that begins with an IPv4 address's bytes is another address; so is the domain: the same
// octets in another one are another host.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  Family family = Family::none;
  DomainId domain = main_domain;

  // By octets, then by family and domain.
  bool operator==(const IpAddress& other) const {
    return upper() == other.upper() && lower() == other.lower() && family == other.family &&
           domain == other.domain;
  }
  std::strong_ordering operator<=>(const IpAddress& other) const {
    if (const auto order = upper() <=> other.upper(); order != 0) return order;
    if (const auto order = lower() <=> other.lower(); order != 0) return order;
    if (const auto order = family <=> other.family; order != 0) return order;
    return domain <=> other.domain;
  }
  // The host of these octets in another domain.
  IpAddress in(DomainId other) const {
    IpAddress moved = *this;
    moved.domain = other;
    return moved;
  }

  // Strict text forms only: dotted quad without leading zeros, RFC 4291 section 2.2 for IPv6. Anything else
  // is none.
  static std::optional<IpAddress> parse(std::string_view text);
  static IpAddress ipv4(std::uint32_t host_order);
  // RFC 5952 for IPv6. The empty address prints as "-". The domain is not said: only the policy knows its
  // name.
  std::string to_string() const;

  // The first and the last eight octets as numbers, whose order is that of addresses. IPv4 is in the upper
  // half of the first.
  std::uint64_t upper() const { return number_at(0); }
  std::uint64_t lower() const { return number_at(8); }

  unsigned bits() const { return family == Family::ipv4 ? 32U : family == Family::ipv6 ? 128U : 0U; }
  bool is_multicast() const {  // 224.0.0.0/4, ff00::/8
    return family == Family::ipv4 ? (bytes[0] & 0xf0U) == 0xe0U : family == Family::ipv6 && bytes[0] == 0xffU;
  }
  bool is_broadcast() const {  // 255.255.255.255 only: a directed broadcast needs the policy's prefixes
    return family == Family::ipv4 && (bytes[0] & bytes[1] & bytes[2] & bytes[3]) == 0xff;
  }
  bool is_link_local() const {  // 169.254.0.0/16, fe80::/10
    return family == Family::ipv4 ? bytes[0] == 169 && bytes[1] == 254
                                  : family == Family::ipv6 && bytes[0] == 0xfe && (bytes[1] & 0xc0U) == 0x80U;
  }
  bool is_unspecified() const {  // 0.0.0.0, ::
    return family != Family::none && (upper() | lower()) == 0;
  }
  bool is_loopback() const;  // 127.0.0.0/8, ::1
  // RFC 1918, RFC 6598 (100.64.0.0/10), RFC 4193 (fc00::/7).
  bool is_private() const;

 private:
  std::uint64_t number_at(std::size_t first) const {
    std::uint64_t number = 0;
    std::memcpy(&number, bytes.data() + first, sizeof number);
    if constexpr (std::endian::native == std::endian::little) number = __builtin_bswap64(number);
    return number;
  }
};

struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  // By octets: compared as numbers, for six octets are no size that compilers compare in place.
  bool operator==(const MacAddress& other) const { return number() == other.number(); }
  std::strong_ordering operator<=>(const MacAddress& other) const { return number() <=> other.number(); }
  // Its octets as a number, whose order is that of addresses.
  std::uint64_t number() const {
    std::uint32_t upper = 0;
    std::uint16_t lower = 0;
    std::memcpy(&upper, bytes.data(), sizeof upper);
    std::memcpy(&lower, bytes.data() + sizeof upper, sizeof lower);
    if constexpr (std::endian::native == std::endian::little) {
      upper = __builtin_bswap32(upper);
      lower = __builtin_bswap16(lower);
    }
    return std::uint64_t{upper} << 16U | lower;
  }

  // Six pairs of hexadecimal digits, all joined by ':' or all by '-'.
  static std::optional<MacAddress> parse(std::string_view text);
  std::string to_string() const;  // lower case, ':'
  bool is_group() const { return (bytes[0] & 1U) != 0; }
  bool is_zero() const { return number() == 0; }
};

// A network. Invariant after parse: no host bit is set.
struct Prefix {
  IpAddress address{};
  std::uint8_t length = 0;

  auto operator<=>(const Prefix&) const = default;
  Prefix in(DomainId other) const { return {address.in(other), length}; }

  enum class Error : std::uint8_t { none, address, length, host_bits };
  // "10.1.0.0/16", or a bare address for a single host. `error` says what was wrong when the result is none.
  static std::optional<Prefix> parse(std::string_view text, Error* error = nullptr);
  std::string to_string() const;
  // Of the same domain.
  bool contains(const IpAddress& candidate) const {
    if (candidate.family != address.family || address.family == Family::none) return false;
    if (candidate.domain != address.domain) return false;
    const std::uint64_t upper = candidate.upper() ^ address.upper();
    if (length <= 64) return length == 0 || upper >> (64U - length) == 0;
    return upper == 0 && (candidate.lower() ^ address.lower()) >> (128U - length) == 0;
  }
  bool contains(const Prefix& other) const { return other.length >= length && contains(other.address); }
  bool overlaps(const Prefix& other) const { return contains(other) || other.contains(*this); }
};

// `main` before other domains, IPv4 before IPv6, by address, and a covering prefix before those that it
// covers.
bool comes_before(const Prefix& a, const Prefix& b);
// The indexes of `prefixes` in that order, equal ones as they stand.
std::vector<std::uint32_t> in_order(const std::vector<Prefix>& prefixes);
// Each of them in each of the domains.
std::vector<Prefix> in_domains(const std::vector<Prefix>& prefixes, DomainSet domains);

}  // namespace sekimori
