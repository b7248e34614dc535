#include "capture/address.hpp"

#include <algorithm>
#include <cstddef>

namespace sekimori {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

// Four decimal numbers 0..255 joined by dots. A leading zero is refused: some readers take it as octal, so
// that the same text would name two hosts.
bool read_dotted_quad(std::string_view text, std::uint8_t* out) {
  std::size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at >= text.size() || text[at++] != '.')) return false;
    const std::size_t first = at;
    unsigned value = 0;
    while (at < text.size() && at - first < 3 && text[at] >= '0' && text[at] <= '9') {
      value = value * 10 + static_cast<unsigned>(text[at++] - '0');
    }
    const std::size_t digits = at - first;
    if (digits == 0 || value > 255 || (digits > 1 && text[first] == '0')) return false;
    out[part] = static_cast<std::uint8_t>(value);
  }
  return at == text.size();
}

// RFC 4291 section 2.2, all three forms: eight groups; "::" once, for one group or more (a "::" for nothing
// is refused, as in inet_pton); the last 32 bits as a dotted quad.
bool read_ipv6(std::string_view text, std::array<std::uint8_t, 16>& out) {
  constexpr std::size_t none = 17;
  std::size_t filled = 0;  // octets written so far
  std::size_t gap = none;  // where "::" stood
  std::size_t at = 0;
  if (text.substr(0, 2) == "::") {
    gap = 0;
    at = 2;
  }
  while (at < text.size()) {
    const std::size_t first = at;
    unsigned value = 0;
    while (at < text.size() && at - first < 4 && hex_value(text[at]) >= 0) {
      value = value << 4U | static_cast<unsigned>(hex_value(text[at++]));
    }
    if (at < text.size() && text[at] == '.') {
      if (filled > 12 || !read_dotted_quad(text.substr(first), out.data() + filled)) return false;
      filled += 4;
      break;
    }
    if (at == first || filled > 14) return false;
    out[filled++] = static_cast<std::uint8_t>(value >> 8U);
    out[filled++] = static_cast<std::uint8_t>(value & 0xffU);
    if (at == text.size()) break;
    if (text[at++] != ':') return false;
    if (at < text.size() && text[at] == ':') {
      if (gap != none) return false;
      gap = filled;
      ++at;
    } else if (at == text.size()) {
      return false;  // a single colon at the end
    }
  }
  if (gap == none) return filled == 16;
  if (filled >= 16) return false;
  std::move_backward(out.begin() + static_cast<std::ptrdiff_t>(gap),
                     out.begin() + static_cast<std::ptrdiff_t>(filled), out.end());
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(gap),
            out.begin() + static_cast<std::ptrdiff_t>(gap + (16 - filled)), std::uint8_t{0});
  return true;
}

std::string print_ipv4(const std::uint8_t* bytes) {
  std::string text;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) text += '.';
    text += std::to_string(bytes[part]);
  }
  return text;
}

// RFC 5952: lower case, no leading zeros, "::" for the longest run of at least two zero groups (the first of
// equal ones); IPv4-mapped addresses (::ffff:0:0/96) with a dotted tail, as section 5 recommends.
std::string print_ipv6(const std::array<std::uint8_t, 16>& bytes) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i)
    groups[i] = static_cast<unsigned>(bytes[2 * i] << 8U | bytes[2 * i + 1]);

  std::size_t run_start = 8;
  std::size_t run_length = 1;  // a single zero group is written out
  for (std::size_t i = 0; i < 8;) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > run_length) {
      run_start = i;
      run_length = end - i;
    }
    i = end + 1;
  }

  const bool mapped = run_start == 0 && run_length == 5 && groups[5] == 0xffff;
  std::string text;
  const std::size_t shown = mapped ? 6 : 8;
  for (std::size_t i = 0; i < shown;) {
    if (i == run_start) {
      text += "::";
      i += run_length;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    bool leading = true;
    for (unsigned shift = 16; shift > 0;) {
      shift -= 4;
      const unsigned digit = groups[i] >> shift & 0xfU;
      leading = leading && digit == 0 && shift > 0;
      if (!leading) text += hex_digits[digit];
    }
    ++i;
  }
  return mapped ? text + ':' + print_ipv4(bytes.data() + 12) : text;
}

// Whether the bits of `address` from `length` on are all zero.
bool host_bits_clear(const IpAddress& address, unsigned length) {
  for (unsigned bit = length; bit < address.bits(); ++bit) {
    if ((address.bytes[bit / 8] >> (7 - bit % 8) & 1U) != 0) return false;
  }
  return true;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  IpAddress address;
  if (text.find(':') == std::string_view::npos) {
    address.family = Family::ipv4;
    if (!read_dotted_quad(text, address.bytes.data())) return std::nullopt;
  } else {
    address.family = Family::ipv6;
    if (!read_ipv6(text, address.bytes)) return std::nullopt;
  }
  return address;
}

IpAddress IpAddress::ipv4(std::uint32_t host_order) {
  IpAddress address;
  address.family = Family::ipv4;
  for (std::size_t i = 0; i < 4; ++i) {
    address.bytes[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i) & 0xffU);
  }
  return address;
}

std::string IpAddress::to_string() const {
  switch (family) {
    case Family::ipv4:
      return print_ipv4(bytes.data());
    case Family::ipv6:
      return print_ipv6(bytes);
    case Family::none:
      break;
  }
  return "-";
}

bool IpAddress::is_loopback() const {
  if (family == Family::ipv4) return bytes[0] == 127;
  return family == Family::ipv6 && bytes[15] == 1 &&
         std::all_of(bytes.begin(), bytes.end() - 1, [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_private() const {
  if (family == Family::ipv6) return (bytes[0] & 0xfeU) == 0xfcU;
  if (family != Family::ipv4) return false;
  return bytes[0] == 10 || (bytes[0] == 172 && (bytes[1] & 0xf0U) == 16) ||
         (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 100 && (bytes[1] & 0xc0U) == 64);
}

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  const char joint = text[2];
  if (joint != ':' && joint != '-') return std::nullopt;
  MacAddress address;
  for (std::size_t i = 0; i < 6; ++i) {
    const int high = hex_value(text[3 * i]);
    const int low = hex_value(text[3 * i + 1]);
    if (high < 0 || low < 0 || (i < 5 && text[3 * i + 2] != joint)) return std::nullopt;
    address.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return address;
}

std::string MacAddress::to_string() const {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    if (!text.empty()) text += ':';
    text += hex_digits[byte >> 4U];
    text += hex_digits[byte & 0xfU];
  }
  return text;
}

std::optional<Prefix> Prefix::parse(std::string_view text, Error* error) {
  Error ignored{};
  Error& why = error != nullptr ? *error : ignored;
  why = Error::none;

  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    why = Error::address;
    return std::nullopt;
  }
  if (slash == std::string_view::npos) return Prefix{*address, static_cast<std::uint8_t>(address->bits())};

  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  bool good = !digits.empty() && digits.size() <= 3 && (digits.size() == 1 || digits[0] != '0');
  for (const char digit : digits.substr(0, 3)) {
    good = good && digit >= '0' && digit <= '9';
    if (good) length = length * 10 + static_cast<unsigned>(digit - '0');
  }
  if (!good || length > address->bits()) {
    why = Error::length;
    return std::nullopt;
  }
  if (!host_bits_clear(*address, length)) {
    why = Error::host_bits;
    return std::nullopt;
  }
  return Prefix{*address, static_cast<std::uint8_t>(length)};
}

std::string Prefix::to_string() const {
  return address.to_string() + '/' + std::to_string(length);
}

bool comes_before(const Prefix& a, const Prefix& b) {
  if (a.address.domain != b.address.domain) return a.address.domain < b.address.domain;
  if (a.address.family != b.address.family) return a.address.family < b.address.family;
  return a < b;
}

std::vector<std::uint32_t> in_order(const std::vector<Prefix>& prefixes) {
  // Numbers compare ten times as fast as octets and names of which the prefix is a part.
  struct Key {
    std::uint16_t space;  // domain and family
    std::uint64_t upper;
    std::uint64_t lower;
    std::uint64_t length_and_index;
    auto operator<=>(const Key&) const = default;
  };
  std::vector<Key> keys;
  keys.reserve(prefixes.size());
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    const IpAddress& address = prefixes[i].address;
    const unsigned space = unsigned{address.domain} << 8U | static_cast<unsigned>(address.family);
    keys.push_back({static_cast<std::uint16_t>(space), address.upper(), address.lower(),
                    std::uint64_t{prefixes[i].length} << 32U | i});
  }
  std::sort(keys.begin(), keys.end());
  std::vector<std::uint32_t> order;
  order.reserve(keys.size());
  for (const Key& key : keys) order.push_back(static_cast<std::uint32_t>(key.length_and_index));
  return order;
}

std::vector<Prefix> in_domains(const std::vector<Prefix>& prefixes, DomainSet domains) {
  std::vector<Prefix> all;
  for (DomainId domain = 0; domain < domains_max; ++domain) {
    if (!has_domain(domains, domain)) continue;
    for (const Prefix& prefix : prefixes) all.push_back(prefix.in(domain));
  }
  return all;
}

}  // namespace sekimori
