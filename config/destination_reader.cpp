// alerts.destinations: where alerts go, and how. A key that a type of destination has no use for is a
// mistake, because it would be a silent misunderstanding.
#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "config/sections.hpp"
#include "config/unique.hpp"
#include "config/values.hpp"
#include "policy/text/text.hpp"

namespace sekimori::config {
namespace {

using namespace std::chrono_literals;
using daemon::DestinationKind;
using daemon::DestinationOptions;

constexpr std::size_t socket_octets_max = 107;  // sun_path without its NUL
constexpr std::size_t path_octets_max = 4095;
constexpr std::size_t fingerprints_max = 8;

void refuse_unused(std::initializer_list<Cursor> keys, std::string_view type) {
  for (const Cursor& key : keys) {
    if (key.present()) key.error(Text::config_destination_unused, {{"type", type}});
  }
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

// "sha-256:AB:CD:...", in whatever case, with or without the colons; kept as RFC 5425 writes it.
void read_fingerprint(const Cursor& at, std::vector<std::string>& out) {
  constexpr std::string_view begin = "sha-256:";
  constexpr std::size_t digits_wanted = 64;
  std::string written;
  if (!at.text(written)) return;
  std::string digits;
  bool good = written.size() > begin.size() &&
              std::equal(begin.begin(), begin.end(), written.begin(),
                         [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); });
  for (std::size_t i = begin.size(); good && i < written.size(); ++i) {
    if (written[i] == ':') continue;
    good = is_hex(written[i]);
    digits += static_cast<char>(written[i] >= 'a' ? written[i] - 'a' + 'A' : written[i]);
  }
  if (!good || digits.size() != digits_wanted) {
    at.error(Text::config_fingerprint, {{"value", shown(written)}});
    return;
  }
  std::string kept{begin.substr(0, begin.size() - 1)};
  for (std::size_t i = 0; i < digits_wanted; i += 2) kept.append(":").append(digits, i, 2);
  out.push_back(std::move(kept));
}

// A DNS name or a numeric address: what a certificate can name.
void read_server_name(const Cursor& at, std::string& out) {
  constexpr std::size_t octets_max = 253;
  std::string name;
  if (!at.present() || !at.text_or_empty(name, octets_max) || name.empty()) return;
  const bool letters = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
  if (IpAddress::parse(name) || (letters && name.front() != '.' && name.front() != '-')) {
    out = std::move(name);
  } else {
    at.error(Text::config_server_name, {{"value", shown(name)}});
  }
}

void read_tls(const Cursor& at, daemon::TlsOptions& tls) {
  at.map([&](Map& map) {
    const Cursor ca = map.optional("ca");
    const Cursor certificate = map.optional("certificate");
    const Cursor key = map.optional("key");
    const Cursor fingerprints = map.optional("fingerprints");
    read_absolute_path(ca, tls.ca, path_octets_max);
    read_absolute_path(certificate, tls.certificate, path_octets_max);
    read_absolute_path(key, tls.key, path_octets_max);
    read_server_name(map.optional("server_name"), tls.server_name);
    fingerprints.list([&](const Cursor& item) { read_fingerprint(item, tls.fingerprints); });
    if (tls.fingerprints.size() > fingerprints_max) {
      fingerprints.error(Text::config_list_long, {{"max", std::to_string(fingerprints_max)}});
    }
    // Nobody to trust: the connection would be encrypted to whoever answers.
    const bool none = ca.missing() && tls.fingerprints.empty() && !fingerprints.present();
    if (none || (ca.missing() && fingerprints.present() && tls.fingerprints.empty())) {
      at.error(Text::config_tls_unverified);
    }
    if (certificate.missing() != key.missing()) {
      (certificate.missing() ? key : certificate).error(Text::config_tls_pair);
    }
  });
}

void read_rotate(const Cursor& at, daemon::RotateOptions& rotate) {
  constexpr std::uint64_t smallest = 64ULL << 10U;
  constexpr std::uint64_t largest = 1ULL << 40U;
  constexpr std::chrono::seconds shortest = 1h;
  at.map([&](Map& map) {
    const Cursor size = map.optional("size");
    const Cursor every = map.optional("every");
    std::uint64_t octets = rotate.size;
    if (size.bytes(octets, {0, largest})) {
      if (octets != 0 && octets < smallest) {
        size.error(Text::config_rotate_small);
      } else {
        rotate.size = octets;
      }
    }
    std::chrono::seconds time = rotate.every;
    if (every.duration(time, {0s, 366 * 24h})) {
      if (time != 0s && time < shortest) {
        every.error(Text::config_rotate_often);
      } else {
        rotate.every = time;
      }
    }
    map.optional("keep").number(rotate.keep, {1, 10'000});
  });
}

// Octal digits as chmod takes them. The owner reads and writes; nobody executes.
void read_mode(const Cursor& at, std::uint16_t& out) {
  constexpr std::uint16_t owner = 0600;
  constexpr std::uint16_t most = 0666;
  std::string written;
  if (!at.present() || !at.text(written)) return;
  const bool octal = (written.size() == 3 || (written.size() == 4 && written.front() == '0')) &&
                     written.find_first_not_of("01234567") == std::string::npos;
  std::uint16_t mode = 0;
  for (const char c : octal ? written : std::string{})
    mode = static_cast<std::uint16_t>(mode * 8 + (c - '0'));
  if ((mode & owner) != owner || (mode & ~most) != 0) {
    at.error(Text::config_mode, {{"value", shown(written)}});
  } else {
    out = mode;
  }
}

void read_file(Map& map, std::initializer_list<Cursor> file_keys, DestinationOptions& destination) {
  const Cursor path = map.required("path");
  // Standard output belongs to whoever started us.
  if (path.is_text() && path.scalar(Text::config_kind_text) == "-") {
    destination.path = "-";
    refuse_unused(file_keys, "path: \"-\"");
  } else {
    read_absolute_path(path, destination.path, path_octets_max);
  }
}

void read_destination(const Cursor& at, Unique& names, std::vector<DestinationOptions>& destinations) {
  DestinationOptions destination;
  at.map([&](Map& map) {
    const Cursor name = map.required("name");
    if (name.identifier(destination.name)) names.check(name, destination.name);
    const Cursor type = map.required("type");
    const bool known = type.choice(destination.kind, {{"syslog-local", DestinationKind::syslog_local},
                                                      {"syslog-udp", DestinationKind::syslog_udp},
                                                      {"syslog-tcp", DestinationKind::syslog_tcp},
                                                      {"syslog-tls", DestinationKind::syslog_tls},
                                                      {"eve-file", DestinationKind::eve_file},
                                                      {"text-file", DestinationKind::text_file}});
    if (known) {
      destination.port = daemon::usual_port(destination.kind);
      destination.message_max = daemon::usual_message_max(destination.kind);
    }
    const Cursor path = map.optional("path");
    const Cursor host = map.optional("host");
    const Cursor port = map.optional("port");
    const Cursor format = map.optional("format");
    const Cursor body = map.optional("body");
    const Cursor framing = map.optional("framing");
    const Cursor message_max = map.optional("message_max");
    const Cursor tls = map.optional("tls");
    const Cursor rotate = map.optional("rotate");
    const Cursor mode = map.optional("mode");
    const Cursor group = map.optional("group");
    map.optional("queue_max").number(destination.queue_max, {16, 1'000'000});
    format.choice(destination.rfc3164, {{"rfc5424", false}, {"rfc3164", true}});
    body.choice(destination.body, {{"text", daemon::SyslogBody::text}, {"cef", daemon::SyslogBody::cef}});
    framing.choice(destination.framing, {{"octet-counting", daemon::Framing::octet_counting},
                                         {"newline", daemon::Framing::newline}});
    message_max.number(destination.message_max, {480, 8192});
    port.number(destination.port, {1, 65535});
    if (tls.present()) read_tls(tls, destination.tls);
    read_rotate(rotate, destination.rotate);
    read_mode(mode, destination.mode);
    std::string written;
    if (group.present() && group.text_or_empty(written) && !written.empty())
      group.identifier(destination.group);
    IpAddress address;
    if (read_address(host, address)) destination.host = address.to_string();
    if (!known) return;  // which keys belong here is unclear then

    const std::string_view word = type.scalar(Text::config_kind_text);
    if (daemon::is_file(destination.kind)) {
      read_file(map, {rotate, mode, group}, destination);
      refuse_unused({format, body, message_max}, word);
    } else {
      refuse_unused({rotate, mode, group}, word);
    }
    if (daemon::is_remote(destination.kind)) {
      map.required("host");
      refuse_unused({path}, word);
    } else {
      refuse_unused({host, port}, word);
    }
    if (destination.kind == DestinationKind::syslog_local) {
      read_absolute_path(path, destination.path, socket_octets_max);
    }
    if (destination.kind != DestinationKind::syslog_tcp) refuse_unused({framing}, word);
    if (destination.kind == DestinationKind::syslog_tls) {
      map.required("tls");
    } else {
      refuse_unused({tls}, word);
    }
    // RFC 5425 carries RFC 5424; the older form is for receivers that know nothing else.
    if (destination.kind == DestinationKind::syslog_tls) refuse_unused({format}, word);
  });
  destinations.push_back(std::move(destination));
}

}  // namespace

void read_destinations(const Cursor& at, std::vector<DestinationOptions>& destinations) {
  Unique names;
  at.list([&](const Cursor& item) { read_destination(item, names, destinations); });
}

}  // namespace sekimori::config
