// What is set for one machine: taps, flow table, alerts and their destinations, control socket, process.
#include <algorithm>
#include <string_view>
#include <utility>

#include "config/domain_reader.hpp"
#include "config/sections.hpp"
#include "config/unique.hpp"
#include "config/values.hpp"
#include "policy/text/text.hpp"

namespace sekimori::config {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t interface_octets_max = 15;  // IFNAMSIZ without its NUL
constexpr std::size_t socket_octets_max = 107;    // sun_path without its NUL
constexpr std::size_t filter_octets_max = 4096;
constexpr std::size_t path_octets_max = 4095;

// The name of a user or group; "" leaves it as it is.
void read_account(const Cursor& at, std::string& out) {
  std::string name;
  if (!at.text_or_empty(name) || name.empty()) return;
  at.identifier(out);
}

// A size, or the time for which the ring has to hold what the link delivers.
void read_buffer(const Cursor& at, capture::TapOptions& tap) {
  std::string written;
  if (!at.present() || !at.text_or_empty(written)) return;
  // Units of time end like this, and none of a size.
  const bool time =
      !written.empty() && std::string_view{"smh"}.find(written.back()) != std::string_view::npos;
  if (time) {
    at.duration(tap.buffer_time, {1ms, 10s});
  } else {
    at.bytes(tap.buffer_bytes, {1ULL << 20U, 4ULL << 30U});
  }
}

void read_tap(const Cursor& at, Unique& names, Unique& interfaces, capture::CaptureOptions& capture) {
  capture::TapOptions tap;
  at.map([&](Map& map) {
    const Cursor name = map.required("name");
    if (name.identifier(tap.name)) names.check(name, tap.name);
    const Cursor interface = map.required("interface");
    if (interface.identifier(tap.interface)) {
      interfaces.check(interface, tap.interface);
      if (tap.interface.size() > interface_octets_max) {
        interface.error(Text::config_text_long, {{"max", std::to_string(interface_octets_max)},
                                                 {"length", std::to_string(tap.interface.size())}});
      }
    }
    map.optional("snaplen").number(tap.snaplen, {96, 262'144});
    read_buffer(map.optional("buffer"), tap);
    map.optional("block_timeout").duration(tap.block_timeout, {1ms, 1000ms});
    map.optional("promiscuous").boolean(tap.promiscuous);
    map.optional("filter").text_or_empty(tap.filter, filter_octets_max);
  });
  capture.taps.push_back(std::move(tap));
}

// UDP ports of one kind of tunnel; an empty list turns it off. A port can mean one kind only.
class TunnelPorts {
 public:
  void read(const Cursor& at, std::vector<std::uint16_t>& out) {
    constexpr std::size_t ports_max = 64;
    std::vector<std::uint16_t> ports;
    const bool good = at.list([&](const Cursor& item) {
      std::uint16_t port = 0;
      if (!item.number(port, {1, 65535})) return;
      ports.push_back(port);
      seen_.check(item, std::to_string(port));
    });
    if (!good) return;
    if (ports.size() > ports_max) at.error(Text::config_list_long, {{"max", std::to_string(ports_max)}});
    out = std::move(ports);
  }

 private:
  Unique seen_{};
};

void read_decode(const Cursor& at, capture::DecodeOptions& decode) {
  constexpr std::size_t receivers_max = 64;
  at.map([&](Map& map) {
    TunnelPorts ports;
    ports.read(map.optional("vxlan_ports"), decode.vxlan_ports);
    ports.read(map.optional("geneve_ports"), decode.geneve_ports);
    ports.read(map.optional("gtp_u_ports"), decode.gtp_u_ports);
    ports.read(map.optional("teredo_ports"), decode.teredo_ports);
    ports.read(map.optional("l2tp_ports"), decode.l2tp_ports);
    ports.read(map.optional("capwap_ports"), decode.capwap_ports);
    ports.read(map.optional("mpls_ports"), decode.mpls_ports);
    ports.read(map.optional("tzsp_ports"), decode.tzsp_ports);
    const Cursor receivers = map.optional("mirror_receivers");
    Unique addresses;
    receivers.list([&](const Cursor& item) {
      IpAddress address;
      if (!read_address(item, address)) return;
      addresses.check(item, address.to_string());
      decode.mirror_receivers.push_back(address);
    });
    if (decode.mirror_receivers.size() > receivers_max) {
      receivers.error(Text::config_list_long, {{"max", std::to_string(receivers_max)}});
    }
  });
}

void read_fragments(const Cursor& at, capture::FragmentOptions& fragments) {
  at.map([&](Map& map) {
    map.optional("datagrams").number(fragments.datagrams, {64, 1'048'576});
    map.optional("held").number(fragments.held, {16, 262'144});
    map.optional("hold").duration(fragments.hold, {1ms, 10s});
    map.optional("timeout").duration(fragments.timeout, {1s, 120s});
  });
}

void read_capture(const Cursor& at, capture::CaptureOptions& capture,
                  std::vector<policy::DomainName>& domains) {
  at.map([&](Map& map) {
    Unique names;
    Unique interfaces;
    map.optional("taps").list([&](const Cursor& tap) { read_tap(tap, names, interfaces, capture); });
    map.optional("workers").number(capture.workers, {1, 64});
    read_capture_domains(map.optional("domains"), capture.taps, capture.decode.domains, domains);
    read_decode(map.optional("decode"), capture.decode);
    read_fragments(map.optional("fragments"), capture.fragments);
  });
}

void read_flows(const Cursor& at, capture::FlowOptions& flows) {
  constexpr Cursor::DurationRange range{1s, 168h};
  at.map([&](Map& map) {
    map.optional("max").number(flows.flows_max, {1024, 100'000'000});
    map.optional("traces_max").number(flows.traces_max, {0, 65'535});
    map.optional("startup_grace").duration(flows.startup_grace, {0s, 1h});
    map.optional("active_timeout").duration(flows.active_timeout, {1s, 1h});
    map.optional("timeouts").map([&](Map& timeouts) {
      timeouts.optional("tcp_attempt").duration(flows.timeouts.tcp_attempt, range);
      timeouts.optional("tcp_established").duration(flows.timeouts.tcp_established, range);
      timeouts.optional("tcp_closed").duration(flows.timeouts.tcp_closed, range);
      timeouts.optional("udp").duration(flows.timeouts.udp, range);
      timeouts.optional("icmp").duration(flows.timeouts.icmp, range);
      timeouts.optional("other").duration(flows.timeouts.other, range);
    });
  });
}

void read_repeat(const Cursor& at, std::vector<std::chrono::seconds>& repeat) {
  constexpr std::size_t repeats_max = 8;
  std::vector<std::chrono::seconds> pauses;
  const bool good = at.list(
      [&](const Cursor& item) {
        std::chrono::seconds pause{};
        if (!item.duration(pause, {1s, 24h})) return;
        if (!pauses.empty() && pause < pauses.back()) item.error(Text::config_repeat_order);
        pauses.push_back(pause);
      },
      Cursor::Size::some);
  if (!good) return;
  if (pauses.size() > repeats_max) at.error(Text::config_list_long, {{"max", std::to_string(repeats_max)}});
  repeat = std::move(pauses);
}

// 0..23, or the name that syslog gives it.
void read_facility(const Cursor& at, std::uint8_t& out) {
  if (!at.is_text() || parse_decimal(at.scalar(Text::config_kind_number))) {
    at.number(out, {0, 23});
    return;
  }
  at.choice(out, {{"kern", 0},      {"user", 1},    {"mail", 2},    {"daemon", 3},  {"auth", 4},
                  {"syslog", 5},    {"lpr", 6},     {"news", 7},    {"uucp", 8},    {"cron", 9},
                  {"authpriv", 10}, {"ftp", 11},    {"local0", 16}, {"local1", 17}, {"local2", 18},
                  {"local3", 19},   {"local4", 20}, {"local5", 21}, {"local6", 22}, {"local7", 23}});
}

void read_journal(const Cursor& at, daemon::JournalOptions& journal) {
  at.map([&](Map& map) {
    const Cursor path = map.optional("path");
    std::string written;
    if (path.text_or_empty(written) && !written.empty()) {
      read_absolute_path(path, journal.path, path_octets_max);
      while (journal.path.size() > 1 && journal.path.back() == '/') journal.path.pop_back();
    }
    map.optional("segment_bytes").bytes(journal.segment_bytes, {64ULL << 10U, 1ULL << 30U});
    map.optional("keep_days").number(journal.keep_days, {1, 36'500});
    map.optional("keep_bytes").bytes(journal.keep_bytes, {1ULL << 20U, 1ULL << 40U});
    map.optional("sync_records").number(journal.sync_records, {1, 64});
    map.optional("sign_interval").duration(journal.sign_interval, {1s, 24h});
    map.optional("waiting_max").number(journal.waiting_max, {64, 1'000'000});
  });
}

void read_alerts(const Cursor& at, daemon::AlertOptions& alerts) {
  at.map([&](Map& map) {
    read_facility(map.optional("facility"), alerts.facility);
    map.optional("enterprise_number").number(alerts.enterprise_number, {1, 4'294'967'295});
    map.optional("incidents_max").number(alerts.incidents_max, {16, 1'000'000});
    map.optional("responders_max").number(alerts.responders_max, {1, 64});
    map.optional("incident_idle").duration(alerts.incident_idle, {10s, 24h});
    read_repeat(map.optional("repeat"), alerts.repeat);
    map.optional("exception_unused_after").duration(alerts.exception_unused_after, {1h, 8760h});
    map.optional("kept").number(alerts.alerts_kept, {16, 1'000'000});
    read_destinations(map.optional("destinations"), alerts.destinations);
  });
}

}  // namespace

void read_host(Map& root, capture::CaptureOptions& capture, daemon::DaemonOptions& daemon,
               std::vector<policy::DomainName>& domains) {
  root.optional("language").choice(daemon.alerts.language, {{"ja", Language::ja}, {"en", Language::en}});
  root.optional("time").map(
      [&](Map& map) { read_utc_offset(map.optional("utc_offset"), daemon.alerts.utc_offset_minutes); });
  root.optional("sensor").map([&](Map& map) {
    map.optional("organisation").text_or_empty(daemon.alerts.organisation, 64);
    map.optional("site").text_or_empty(daemon.alerts.site, 128);
    map.optional("name").text_or_empty(daemon.alerts.sensor, 128);
  });
  read_capture(root.optional("capture"), capture, domains);
  read_flows(root.optional("flows"), capture.flows);
  read_alerts(root.optional("alerts"), daemon.alerts);
  read_journal(root.optional("journal"), daemon.journal);
  root.optional("control").map([&](Map& map) {
    read_absolute_path(map.optional("socket"), daemon.control.path, socket_octets_max);
    read_account(map.optional("group"), daemon.control.group);
    read_account(map.optional("admin_group"), daemon.control.admin_group);
    map.optional("answer_max").number(daemon.control.answer_max, {1, 1'000'000});
  });
  root.optional("process").map([&](Map& map) {
    read_account(map.optional("user"), daemon.process.user);
    read_account(map.optional("group"), daemon.process.group);
  });
}

}  // namespace sekimori::config
