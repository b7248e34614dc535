// What can be set about capturing, and the only home of the defaults. Filled by config/; nothing here knows
// YAML.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace sekimori::capture {

// One mirror port. The daemon never transmits on it.
struct TapOptions {
  std::string name{};                         // how segments and alerts call it, e.g. "t1"
  std::string interface {};                   // e.g. "eth1"
  std::uint32_t snaplen = 192;                // octets kept of each frame, 96..262144
  std::uint64_t buffer_bytes = 64ULL << 20U;  // kernel ring, 1 MiB..4 GiB: must outlast a burst at line rate
  std::chrono::milliseconds block_timeout{
      100};  // longest time a frame waits in a block that is not full, 1..1000
  bool promiscuous = true;
  std::string filter{};  // libpcap filter expression; empty = everything
  bool operator==(const TapOptions&) const = default;
};

// How long a flow may be silent before its record ends. Packet time.
struct FlowTimeouts {
  std::chrono::seconds tcp_attempt{60};  // no answer yet, or refused
  std::chrono::seconds tcp_established{1800};
  std::chrono::seconds tcp_closed{10};  // after FIN on both sides or a reset
  std::chrono::seconds udp{60};
  std::chrono::seconds icmp{30};
  std::chrono::seconds other{60};
  bool operator==(const FlowTimeouts&) const = default;
};

struct FlowOptions {
  std::uint64_t flows_max =
      1'000'000;  // records over all workers, 1'024..100'000'000; memory is taken at start
  FlowTimeouts timeouts{};
  // For comparing with tools that keep one record a key for a whole file: nothing times out and a reused port
  // continues its old record. Never set by a config file.
  bool no_timeouts = false;
  // For comparing with tools that put the VLAN id into the key. Never set by a config file.
  bool vlan_in_key = false;
  // For comparing with tools that keep ICMP errors as flows of their own instead of counting them to the flow
  // that they report. Never set by a config file.
  bool icmp_errors_apart = false;
  bool operator==(const FlowOptions&) const = default;
};

struct CaptureOptions {
  std::vector<TapOptions> taps{};
  std::uint16_t workers = 1;  // 1..64
  FlowOptions flows{};
  bool operator==(const CaptureOptions&) const = default;
};

}  // namespace sekimori::capture
