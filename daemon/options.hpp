// What can be set about alerts, the control socket and the process, and the only home of the defaults.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "policy/text/language.hpp"

namespace sekimori::daemon {

enum class DestinationKind : std::uint8_t {
  syslog_local,
  syslog_udp,
  syslog_tcp,
  eve_file,
  text_file,
  syslog_tls
};

// How messages are told apart on a byte stream (RFC 6587): their length in front (section 3.4.1), or a line
// feed behind them (3.4.2).
enum class Framing : std::uint8_t { octet_counting, newline };

// What stands in a syslog message behind its header: a sentence for people, or CEF for a SIEM.
enum class SyslogBody : std::uint8_t { text, cef };

// TLS 1.2 or later to a syslog receiver (RFC 5425). The receiver is always verified: by a certificate
// authority and its name, by the fingerprint of its certificate, or by both.
struct TlsOptions {
  std::string ca{};           // PEM file of the authorities that may vouch for the receiver
  std::string certificate{};  // PEM file of our own certificate and those between it and its authority
  std::string key{};          // PEM file of its key, without a passphrase
  // What the receiver's certificate has to name (subjectAltName); empty: the address itself.
  std::string server_name{};
  // "sha-256:AB:CD:...", as RFC 5425 section 4.2.2 writes them; one of them has to be the receiver's. At most
  // 8.
  std::vector<std::string> fingerprints{};
  bool operator==(const TlsOptions&) const = default;
};

// When a file is renamed and begun anew. A net below logrotate: on quiet days neither limit is reached.
struct RotateOptions {
  std::uint64_t size = 1ULL << 30U;  // octets, 64 KiB..1 TiB; 0 = never by size
  std::chrono::seconds every{
      0};                  // 1 h..366 d, counted from midnight of the configured offset; 0 = never by time
  std::uint16_t keep = 4;  // renamed files kept, 1..10'000; older ones are deleted
  bool operator==(const RotateOptions&) const = default;
};

// Where alerts go. Each destination has its own queue, so that a slow or dead one delays nobody else.
struct DestinationOptions {
  std::string name{};
  DestinationKind kind = DestinationKind::syslog_local;
  std::string path{};        // syslog_local: socket (default /dev/log); files: the file, "-" = stdout
  std::string host{};        // syslog_udp, syslog_tcp, syslog_tls: numeric address, no name look-up
  std::uint16_t port = 514;  // usual_port() where none is written
  std::uint32_t queue_max =
      10'000;  // messages waiting, 16..1'000'000; beyond it the newest are dropped and counted
  // syslog_local: RFC 5424 needs a receiver that expects it; "rfc3164" is what a default local socket parses.
  bool rfc3164 = false;
  std::uint16_t message_max =
      2048;  // octets of one syslog message, 480..8192; usual_message_max() where none is written
  SyslogBody body = SyslogBody::text;         // syslog kinds
  Framing framing = Framing::octet_counting;  // syslog_tcp; TLS always counts octets (RFC 5425 section 4.3)
  TlsOptions tls{};                           // syslog_tls
  RotateOptions rotate{};                     // files
  std::uint16_t mode = 0640;                  // files: permissions, whatever the umask; 0600..0666
  std::string group{};                        // files: group; empty = the process's own
  bool operator==(const DestinationOptions&) const = default;
};

inline bool is_file(DestinationKind kind) {
  return kind == DestinationKind::eve_file || kind == DestinationKind::text_file;
}
// Reached over a network: has a host and a port.
inline bool is_remote(DestinationKind kind) {
  return kind == DestinationKind::syslog_udp || kind == DestinationKind::syslog_tcp ||
         kind == DestinationKind::syslog_tls;
}
// RFC 5425 section 4.1; 514 by custom for the others.
inline std::uint16_t usual_port(DestinationKind kind) {
  return kind == DestinationKind::syslog_tls ? 6514 : 514;
}
// What most receivers take (RFC 5424 section 6.1). A datagram stays below the smallest usual path MTU,
// because the fragments of larger ones are what firewalls drop (RFC 5426 section 3.2).
inline std::uint16_t usual_message_max(DestinationKind kind) {
  return kind == DestinationKind::syslog_udp ? 1400 : 2048;
}

struct AlertOptions {
  Language language = Language::ja;
  std::int16_t utc_offset_minutes =
      540;                     // of the times in messages, -720..840; Japan has no daylight saving time
  std::string organisation{};  // 全国地方公共団体コード, e.g. "999999"
  std::string site{};          // 本庁
  std::string sensor{};        // empty = the host's name
  std::uint8_t facility = 20;  // syslog facility, 0..23; 20 = local4
  std::uint32_t enterprise_number =
      32473;  // of the structured data; 32473 is the number for documentation (RFC 5612)
  std::uint32_t incidents_max = 10'000;  // open at once, 16..1'000'000
  std::uint16_t responders_max = 5;  // distinct responder+service pairs told one by one before a sweep, 1..64
  std::chrono::seconds incident_idle{600};  // without events an incident closes, 10..86400
  std::vector<std::chrono::seconds> repeat{std::chrono::seconds{60}, std::chrono::seconds{600},
                                           std::chrono::seconds{3600}};  // growing pauses between summaries
  // An exception in force that was not used for so long is told, counted from the start of the process at the
  // earliest, 1..8760 hours.
  std::chrono::seconds exception_unused_after{std::chrono::hours{24 * 90}};
  std::uint32_t alerts_kept = 10'000;  // in memory for `sekimori alerts`, 16..1'000'000
  std::vector<DestinationOptions> destinations{};
  bool operator==(const AlertOptions&) const = default;
};

// Where alerts are kept on disk before they are sent. Without a path there is no journal: then an alert that
// a destination has not taken is lost with the process.
struct JournalOptions {
  std::string path{};                         // folder of its own; empty = no journal
  std::uint64_t segment_bytes = 8ULL << 20U;  // of one file, 64 KiB..1 GiB: rotated beyond it
  std::uint32_t keep_days = 400;              // 1..36500; older files are removed
  std::uint64_t keep_bytes = 2ULL << 30U;     // of all files, 1 MiB..1 TiB; beyond it the oldest are removed
  std::uint16_t sync_records = 64;            // alerts that one fdatasync may hold up, 1..64
  std::chrono::seconds sign_interval{60};     // 1..86400: the chain is signed so often while it grows
  std::uint32_t waiting_max = 10'000;         // in memory while the disk fails, 64..1'000'000
  bool operator==(const JournalOptions&) const = default;
};

struct ControlOptions {
  std::string path = "/run/sekimori/control.sock";
  std::string group{};        // group that may ask; empty = the process's own
  std::string admin_group{};  // group that may change things; empty = root and the daemon's own user only
  std::uint32_t answer_max = 10'000;  // flows in one answer, 1..1'000'000
  bool operator==(const ControlOptions&) const = default;
};

// What the daemon watches on itself, and from where on it is told. See daemon/health/health.hpp.
struct HealthOptions {
  struct Tap {
    std::string name{};
    std::chrono::seconds silence{};
    bool operator==(const Tap&) const = default;
  };
  // Conversations that are expected: of this pair of segments' some packet, by whichever end, at least so
  // often.
  struct Pair {
    std::string from{};  // ids of the segments: who initiates
    std::string to{};
    std::chrono::seconds silence{};  // 10..604800
    bool operator==(const Pair&) const = default;
  };
  // A VLAN that is expected: some packet with this tag, the outer or the inner one, at least so often.
  struct Vlan {
    std::uint16_t vlan = 0;          // 1..4094
    std::chrono::seconds silence{};  // 10..604800
    bool operator==(const Vlan&) const = default;
  };
  std::chrono::seconds silence{60};  // a tap without a frame for so long is told, 5..86400
  std::vector<Tap> taps{};           // other values for single taps
  std::vector<Pair> pairs{};         // at most 256
  std::vector<Vlan> vlans{};         // at most 256
  bool learn = true;  // of other pairs and VLANs what pauses are usual, see daemon/health/habits.hpp
  std::chrono::seconds window{60};      // over which shares are taken, 10..600
  std::uint32_t loss_ppm = 1000;        // frames lost of a million offered, 1..1'000'000
  std::uint8_t one_sided_percent = 50;  // packets of a pair whose other direction was never seen, 1..100
  std::uint8_t missed_percent = 1;  // TCP octets of a pair's direction that the mirror did not show, 1..100
  std::uint8_t duplicates_percent = 20;  // frames that showed a packet again at the same place, 1..100
  std::uint8_t table_percent = 90;       // of the flow table in use, 1..100
  std::uint8_t disk_percent = 5;         // of a disk that must be free, 1..99
  std::chrono::seconds clock_step{2};    // of the system clock against the monotonic one, 1..3600
  std::chrono::seconds heartbeat{60};    // between signs of life, 0..3600; 0 = none
  bool operator==(const HealthOptions&) const = default;
};

struct ProcessOptions {
  std::string user{};  // to become after the captures are open; empty = stay
  std::string group{};
  bool operator==(const ProcessOptions&) const = default;
};

// How long a forbidden flow that goes on may say nothing: as asked, but not so long that its incident is
// taken for over meanwhile.
inline std::chrono::seconds active_timeout_within(std::chrono::seconds asked, const AlertOptions& alerts) {
  return std::min(asked, alerts.incident_idle / 2);
}

struct DaemonOptions {
  AlertOptions alerts{};
  JournalOptions journal{};
  ControlOptions control{};
  ProcessOptions process{};
  HealthOptions health{};
  bool operator==(const DaemonOptions&) const = default;
};

}  // namespace sekimori::daemon
