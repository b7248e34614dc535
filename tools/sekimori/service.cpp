#include "tools/sekimori/service.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "capture/decode/packet.hpp"
#include "daemon/control/query.hpp"
#include "daemon/render/words.hpp"
#include "policy/text/text.hpp"
#include "tools/sekimori/arguments.hpp"

namespace sekimori::tool {
namespace {

// What people call services by; the port is that of IANA's register.
struct Named {
  std::string_view name;
  std::string_view service;
};
constexpr std::array<Named, 31> named_services{
    {{"http", "tcp/80"},        {"https", "tcp/443"},   {"web", "tcp/443"},        {"quic", "udp/443"},
     {"ssh", "tcp/22"},         {"telnet", "tcp/23"},   {"ftp", "tcp/21"},         {"smtp", "tcp/25"},
     {"submission", "tcp/587"}, {"pop3", "tcp/110"},    {"imap", "tcp/143"},       {"imaps", "tcp/993"},
     {"dns", "udp/53"},         {"domain", "udp/53"},   {"ntp", "udp/123"},        {"snmp", "udp/161"},
     {"syslog", "udp/514"},     {"smb", "tcp/445"},     {"netbios", "udp/137"},    {"rdp", "tcp/3389"},
     {"ica", "tcp/1494"},       {"pcoip", "tcp/4172"},  {"vnc", "tcp/5900"},       {"ldap", "tcp/389"},
     {"ldaps", "tcp/636"},      {"kerberos", "tcp/88"}, {"rpc", "tcp/135"},        {"winrm", "tcp/5985"},
     {"oracle", "tcp/1521"},    {"mssql", "tcp/1433"},  {"postgresql", "tcp/5432"}}};

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// In the one form that the rest reads: "tcp/443".
std::string plain(std::string_view value) {
  std::string text{value};
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  for (const Named& known : named_services) {
    if (known.name == text) return std::string{known.service};
  }
  std::replace(text.begin(), text.end(), ':', '/');
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return text;
  const std::string first = text.substr(0, slash);
  const std::string second = text.substr(slash + 1);
  // 443/tcp; 47/... stays what it is, an unknown thing.
  if (is_number(first) && daemon::protocol_number(second) >= 0 && !is_number(second))
    return second + '/' + first;
  return text;
}

}  // namespace

void read_service(std::string_view value, capture::FlowFacts& facts, Language language) {
  const std::string service = plain(value);
  const std::size_t slash = service.find('/');
  const std::string name = service.substr(0, slash);
  const int protocol = daemon::protocol_number(name);
  if (protocol < 0) {
    throw UsageError(say(Text::tool_bad_protocol, language, {{"value", name}}),
                     daemon::suggestion(name, daemon::protocol_names(), language));
  }
  facts.tuple.protocol = static_cast<std::uint8_t>(protocol);
  if (!daemon::has_ports(facts.tuple.protocol)) {
    if (slash != std::string::npos) {
      throw UsageError(say(Text::tool_port_unwanted, language, {{"protocol", name}}), {});
    }
    // An echo request stands for ICMP; whoever writes icmp between IPv6 addresses means ICMPv6.
    const bool v6 = facts.tuple.source.family == Family::ipv6;
    if (daemon::is_icmp(facts.tuple.protocol)) {
      facts.tuple.protocol = v6 ? capture::protocol::icmpv6 : capture::protocol::icmp;
      facts.icmp_type = v6 ? 128 : 8;
      facts.tuple.source_port = facts.icmp_type;
      facts.tuple.destination_port = v6 ? 129 : 0;
    }
    return;
  }
  std::uint16_t port = 0;
  const std::string digits = slash == std::string::npos ? std::string{} : service.substr(slash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) {
    throw UsageError(say(Text::tool_port_wanted, language, {{"protocol", name}}), {});
  }
  facts.tuple.destination_port = port;
  facts.tuple.source_port = 49152;  // any of the dynamic range (RFC 6335): no rule asks for it
}

}  // namespace sekimori::tool
