#include "config/values.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "policy/text/text.hpp"

namespace sekimori::config {
namespace {

constexpr std::uint8_t protocol_icmp = 1;
constexpr std::uint8_t protocol_tcp = 6;
constexpr std::uint8_t protocol_udp = 17;
constexpr std::uint8_t protocol_icmpv6 = 58;
constexpr std::uint16_t port_last = 65535;

std::string mean(const Cursor& at, const std::string& candidate) {
  return did_you_mean(at.report(), candidate);
}

// The network that a prefix with host bits lies in.
Prefix without_host_bits(const IpAddress& address, std::uint8_t length) {
  Prefix prefix{address, length};
  for (unsigned bit = length; bit < address.bits(); ++bit) {
    prefix.address.bytes[bit / 8] =
        static_cast<std::uint8_t>(prefix.address.bytes[bit / 8] & ~(0x80U >> (bit % 8)));
  }
  return prefix;
}

// What a mistyped address was meant to be: full-width digits and signs, or leading zeros in a dotted quad.
std::string better_prefix(std::string_view text) {
  std::string narrow = half_width(text.substr(0, 128));
  narrow.erase(std::remove(narrow.begin(), narrow.end(), ' '), narrow.end());
  std::string fixed;
  for (std::size_t i = 0; i < narrow.size(); ++i) {
    const bool begins = i == 0 || narrow[i - 1] == '.';
    const bool digit_follows = i + 1 < narrow.size() && narrow[i + 1] >= '0' && narrow[i + 1] <= '9';
    if (narrow.find(':') == std::string::npos && narrow[i] == '0' && digit_follows &&
        (begins || fixed.empty() || fixed.back() == '.')) {
      continue;
    }
    fixed += narrow[i];
  }
  return fixed != text && Prefix::parse(fixed) ? fixed : std::string{};
}

struct Range16 {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
};

// "443" or "8531-8540" within the limits.
std::optional<Range16> parse_range(std::string_view text, std::uint16_t lowest, std::uint16_t highest) {
  const std::size_t dash = text.find('-');
  const auto first = parse_decimal(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_decimal(text.substr(dash + 1));
  if (!first || !last || *first > *last || *first < lowest || *last > highest) return std::nullopt;
  return Range16{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
}

struct CivilDate {
  std::chrono::year_month_day date{};
  std::string_view rest{};
};

std::optional<std::uint64_t> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  std::uint64_t value = 0;
  for (const char digit : text.substr(at, count)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return value;
}

std::chrono::year_month_day civil(std::uint64_t year, std::uint64_t month, std::uint64_t day) {
  return std::chrono::year{static_cast<int>(year)} / static_cast<int>(month) / static_cast<int>(day);
}

// YYYY-MM-DD and whatever follows it. The date may still be no day of the calendar.
std::optional<CivilDate> parse_date(std::string_view text) {
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-') return std::nullopt;
  return CivilDate{civil(*year, *month, *day), text.substr(10)};
}

std::string two(unsigned value) {
  return (value < 10 ? "0" : "") + std::to_string(value);
}

std::string iso(const std::chrono::year_month_day& date) {
  return std::to_string(static_cast<int>(date.year())) + "-" + two(static_cast<unsigned>(date.month())) +
         "-" + two(static_cast<unsigned>(date.day()));
}

// The date behind 2026/4/1, 20260401, 2026年4月1日, 令和8年4月1日 or R8.4.1, to be suggested; never taken
// silently.
std::string better_date(std::string_view text) {
  std::string narrow = half_width(text.substr(0, 64));
  std::uint64_t era = 0;
  for (const std::string_view name : {"令和", "R", "r"}) {
    if (narrow.compare(0, name.size(), name) != 0) continue;
    era = 2018;
    narrow.erase(0, name.size());
    break;
  }
  std::vector<std::uint64_t> numbers;
  std::string digits_seen;
  const auto end_number = [&] {
    if (digits_seen.empty()) return;
    if (const auto first = digits_seen.find_first_not_of('0');
        digits_seen.size() <= 8 && first != std::string::npos) {
      numbers.push_back(parse_decimal(std::string_view{digits_seen}.substr(first)).value_or(0));
    }
    digits_seen.clear();
  };
  if (era != 0 && narrow.compare(0, 3, "元") == 0) narrow.replace(0, 3, "1");
  for (const char c : narrow) {
    if (c >= '0' && c <= '9') {
      digits_seen += c;
    } else {
      end_number();
      if (numbers.size() == 3) break;
    }
  }
  end_number();
  if (numbers.size() == 1 && era == 0 && numbers[0] > 19'000'000 && numbers[0] < 30'000'000) {
    numbers = {numbers[0] / 10'000, numbers[0] / 100 % 100, numbers[0] % 100};
  }
  if (numbers.size() < 3 || numbers[0] > 9999 || numbers[1] > 12 || numbers[2] > 31) return {};
  const std::uint64_t year = era + numbers[0];
  if (year < 1970 || year > 2199) return {};
  const auto date = civil(year, numbers[1], numbers[2]);
  return date.ok() ? iso(date) : std::string{};
}

// "Z" or "+09:00" in minutes.
std::optional<std::int16_t> parse_offset(std::string_view text) {
  if (text == "Z") return std::int16_t{0};
  const auto hours = digits(text, 1, 2);
  const auto minutes = digits(text, 4, 2);
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  if (!hours || !minutes || *minutes > 59 || *hours > 14) return std::nullopt;
  const int total = static_cast<int>(*hours * 60 + *minutes);
  const int with_sign = text[0] == '-' ? -total : total;
  if (with_sign < -720 || with_sign > 840) return std::nullopt;
  return static_cast<std::int16_t>(with_sign);
}

// "T09:00:00+09:00", with or without a fraction of up to nine digits: what to add to the date's UTC midnight.
std::optional<Duration> parse_clock(std::string_view text) {
  const auto hour = digits(text, 1, 2);
  const auto minute = digits(text, 4, 2);
  const auto second = digits(text, 7, 2);
  if (!hour || !minute || !second || text[0] != 'T' || text[3] != ':' || text[6] != ':') return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  std::size_t at = 9;
  std::uint64_t nanoseconds = 0;
  if (at < text.size() && text[at] == '.') {
    const std::size_t begin = ++at;
    std::uint64_t unit = 100'000'000;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) {
      nanoseconds += static_cast<std::uint64_t>(text[at] - '0') * unit;
    }
    if (at == begin || at - begin > 9) return std::nullopt;
  }
  const auto offset = parse_offset(text.substr(at));
  if (!offset) return std::nullopt;
  return std::chrono::hours{*hour} + std::chrono::minutes{*minute} - std::chrono::minutes{*offset} +
         std::chrono::seconds{*second} + Duration{nanoseconds};
}

}  // namespace

bool read_prefix(const Cursor& at, Prefix& out) {
  const std::string_view text = at.scalar(Text::config_kind_prefix);
  if (!at.is_text()) return false;
  Prefix::Error error = Prefix::Error::none;
  if (const auto prefix = Prefix::parse(text, &error)) {
    out = *prefix;
    return true;
  }
  if (error == Prefix::Error::host_bits) {
    const std::size_t slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    const auto length = parse_decimal(text.substr(std::min(slash, text.size() - 1) + 1));
    if (address && length && *length <= address->bits()) {
      const Prefix network = without_host_bits(*address, static_cast<std::uint8_t>(*length));
      at.error(Text::config_prefix_host_bits,
               {{"value", shown(text)}, {"network", network.to_string()}, {"host", address->to_string()}});
      return false;
    }
  }
  if (error == Prefix::Error::length) {
    at.error(Text::config_prefix_length, {{"value", shown(text)}});
    return false;
  }
  at.error(Text::config_not_prefix, {{"value", shown(text)}, {"mean", mean(at, better_prefix(text))}});
  return false;
}

bool read_address(const Cursor& at, IpAddress& out) {
  const std::string_view text = at.scalar(Text::config_kind_address);
  if (!at.is_text()) return false;
  if (const auto address = IpAddress::parse(text)) {
    out = *address;
    return true;
  }
  at.error(Text::config_not_address, {{"value", shown(text)}});
  return false;
}

bool read_mac(const Cursor& at, MacAddress& out) {
  const std::string_view text = at.scalar(Text::config_kind_mac);
  if (!at.is_text()) return false;
  const auto mac = MacAddress::parse(text);
  if (!mac) {
    at.error(Text::config_not_mac, {{"value", shown(text)}});
    return false;
  }
  if (mac->is_group() || mac->is_zero()) {
    at.error(Text::config_mac_group, {{"value", shown(text)}});
    return false;
  }
  out = *mac;
  return true;
}

void read_hosts(const Cursor& at, policy::EndpointOptions& out) {
  at.list(
      [&](const Cursor& item) {
        const std::string_view text = item.scalar(Text::config_kind_prefix);
        if (!item.is_text()) return;
        // Five colons or dashes and no "::" can only be a card.
        const bool card = text.find('-') != std::string_view::npos || MacAddress::parse(text).has_value();
        if (card) {
          MacAddress mac;
          if (read_mac(item, mac)) out.macs.push_back(mac);
          return;
        }
        Prefix prefix;
        if (read_prefix(item, prefix)) out.addresses.push_back(prefix);
      },
      Cursor::Size::some);
}

bool read_absolute_path(const Cursor& at, std::string& out, std::size_t octets_max) {
  std::string path;
  if (!at.text(path, octets_max)) return false;
  if (path.front() != '/') {
    at.error(Text::config_path_absolute, {{"value", shown(path)}});
    return false;
  }
  out = std::move(path);
  return true;
}

bool read_utc_offset(const Cursor& at, std::int16_t& out) {
  const std::string_view text = at.scalar(Text::config_kind_text);
  if (!at.is_text()) return false;
  const auto offset = parse_offset(text);
  if (!offset) {
    at.error(Text::config_utc_offset, {{"value", shown(text)}});
    return false;
  }
  out = *offset;
  return true;
}

bool read_instant(const Cursor& at, DayEdge edge, std::int16_t utc_offset_minutes, Time& out) {
  const std::string_view text = at.scalar(Text::config_kind_date);
  if (!at.is_text()) return false;
  const auto parsed = parse_date(text);
  if (!parsed) {
    at.error(Text::config_not_date, {{"value", shown(text)}, {"mean", mean(at, better_date(text))}});
    return false;
  }
  const int year = static_cast<int>(parsed->date.year());
  if (!parsed->date.ok() || year < 1970 || year > 2199) {
    at.error(Text::config_date_calendar, {{"value", shown(text)}});
    return false;
  }
  const Time midnight{std::chrono::sys_days{parsed->date}};
  if (parsed->rest.empty()) {
    const std::chrono::days day{edge == DayEdge::end ? 1 : 0};
    out = midnight + day - std::chrono::minutes{utc_offset_minutes};
    return true;
  }
  const auto clock = parse_clock(parsed->rest);
  if (!clock) {
    at.error(Text::config_date_clock, {{"value", shown(text)}, {"date", iso(parsed->date)}});
    return false;
  }
  out = midnight + *clock;
  return true;
}

bool read_service(const Cursor& at, std::vector<policy::Ports>& out) {
  const std::string_view text = at.scalar(Text::config_kind_service);
  if (!at.is_text()) return false;
  if (text == "icmp") {
    out.push_back({protocol_icmp, 0, port_last});
    out.push_back({protocol_icmpv6, 0, port_last});
    return true;
  }
  const std::size_t slash = text.find('/');
  const std::string_view name = text.substr(0, slash);
  const std::string_view rest = slash == std::string_view::npos ? std::string_view{} : text.substr(slash + 1);
  if (name == "tcp" || name == "udp") {
    if (const auto range = parse_range(rest, 1, port_last)) {
      out.push_back({name == "tcp" ? protocol_tcp : protocol_udp, range->first, range->last});
      return true;
    }
  }
  if (name == "ip") {
    const auto number = parse_decimal(rest);
    if (number && *number >= 1 && *number <= 255) {
      out.push_back({static_cast<std::uint8_t>(*number), 0, port_last});
      return true;
    }
  }
  // 443, 443/tcp, TCP/443, tcp443, tcp:443
  std::string candidate;
  std::string narrow = half_width(text.substr(0, 32));
  std::transform(narrow.begin(), narrow.end(), narrow.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const std::size_t first = narrow.find_first_of("0123456789");
  if (first != std::string::npos) {
    const std::size_t last = std::min(narrow.find_first_not_of("0123456789-", first), narrow.size());
    const std::string ports = narrow.substr(first, last - first);
    const std::string_view protocol = narrow.find("udp") != std::string::npos ? "udp/" : "tcp/";
    if (parse_range(ports, 1, port_last)) candidate = std::string{protocol} + ports;
  }
  at.error(Text::config_not_service, {{"value", shown(text)}, {"mean", mean(at, candidate)}});
  return false;
}

bool read_protocol(const Cursor& protocol, const Cursor& ports, std::vector<policy::Ports>& out) {
  const std::string_view name = protocol.scalar(Text::config_kind_protocol);
  if (!protocol.is_text()) return false;
  std::uint8_t number = 0;
  if (name == "tcp") {
    number = protocol_tcp;
  } else if (name == "udp") {
    number = protocol_udp;
  } else if (name != "any" && name != "icmp") {
    const auto value = parse_decimal(name);
    if (!value || *value < 1 || *value > 255) {
      const std::string candidate = suggest(name, std::vector<std::string_view>{"tcp", "udp", "icmp", "any"});
      protocol.error(Text::config_not_protocol,
                     {{"value", shown(name)}, {"mean", mean(protocol, candidate)}});
      return false;
    }
    number = static_cast<std::uint8_t>(*value);
  }
  if (!ports.present()) {
    if (name == "icmp") out.push_back({protocol_icmpv6, 0, port_last});
    out.push_back({name == "icmp" ? protocol_icmp : number, 0, port_last});
    return true;
  }
  if (number != protocol_tcp && number != protocol_udp) {
    ports.error(Text::config_ports_need_protocol, {{"protocol", shown(name)}});
    return false;
  }
  bool good = false;
  ports.list(
      [&](const Cursor& item) {
        const std::string_view text = item.scalar(Text::config_kind_number);
        if (!item.is_text()) return;
        const auto range = parse_range(text, 1, port_last);
        if (!range) {
          item.error(Text::config_not_port, {{"value", shown(text)}});
          return;
        }
        out.push_back({number, range->first, range->last});
        good = true;
      },
      Cursor::Size::some);
  return good;
}

bool read_vlans(const Cursor& at, std::vector<std::uint16_t>& out) {
  constexpr std::uint16_t vlan_last = 4094;
  const std::string_view text = at.scalar(Text::config_kind_number);
  if (!at.is_text()) return false;
  const auto range = parse_range(text, 1, vlan_last);
  if (!range) {
    at.error(Text::config_not_vlan, {{"value", shown(text)}});
    return false;
  }
  for (unsigned id = range->first; id <= range->last; ++id) out.push_back(static_cast<std::uint16_t>(id));
  return true;
}

}  // namespace sekimori::config
