// The values of the trade: networks, cards, ports, VLANs, dates. Each reads one scalar, and says what is
// wrong with it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/reader.hpp"

namespace sekimori::config {

// "10.1.0.0/16", "fd10:10::/48", or a bare address for a single host.
bool read_prefix(const Cursor& at, Prefix& out);
// A single host's address, numeric.
bool read_address(const Cursor& at, IpAddress& out);
// "02:00:5e:10:00:01", of one card: neither a group address nor zero.
bool read_mac(const Cursor& at, MacAddress& out);
// A list of prefixes, single addresses and MACs, sorted into the two kinds.
void read_hosts(const Cursor& at, policy::EndpointOptions& out);
// "/var/log/x", of at most so many octets.
bool read_absolute_path(const Cursor& at, std::string& out, std::size_t octets_max);
// "+09:00", in minutes, -12:00..+14:00.
bool read_utc_offset(const Cursor& at, std::int16_t& out);

enum class DayEdge : std::uint8_t { start, end };
// A date (the day's start, or the start of the next day) by the clock of `utc_offset_minutes`, or a date-time
// of RFC 3339 with its own offset. 1970..2199.
bool read_instant(const Cursor& at, DayEdge edge, std::int16_t utc_offset_minutes, Time& out);

// "tcp/443", "udp/49152-65535", "icmp" (both of IPv4 and IPv6), "ip/50". Appends.
bool read_service(const Cursor& at, std::vector<policy::Ports>& out);
// "tcp", "udp", "icmp", "any" or a protocol number, and its ports if it has any. Appends.
bool read_protocol(const Cursor& protocol, const Cursor& ports, std::vector<policy::Ports>& out);
// 110 or 121-123. Appends.
bool read_vlans(const Cursor& at, std::vector<std::uint16_t>& out);

}  // namespace sekimori::config
