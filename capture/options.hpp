// What can be set about capturing, and the only home of the defaults. Filled by config/; nothing here knows
// YAML.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "capture/address.hpp"

namespace sekimori::capture {

// One mirror port. The daemon never transmits on it.
struct TapOptions {
  std::string name{};                         // how segments and alerts call it, e.g. "t1"
  std::string interface {};                   // e.g. "eth1"
  std::uint32_t snaplen = 192;                // octets kept of each frame, 96..262144
  std::uint64_t buffer_bytes = 64ULL << 20U;  // kernel ring of each worker, 1 MiB..4 GiB
  // 1 ms..10 s: sizes the ring instead, so that it holds what the interface's link can deliver in this time,
  // at most 2 GiB. 0: buffer_bytes as it stands.
  std::chrono::milliseconds buffer_time{0};
  // Longest time a frame waits in a block that is not full, 1..1000. A ring of 64 MiB has 256 blocks: handed
  // over each 5 ms, however empty, they still outlast a pause of more than a second.
  std::chrono::milliseconds block_timeout{5};
  bool promiscuous = true;
  std::string filter{};  // libpcap filter expression; empty = everything
  bool operator==(const TapOptions&) const = default;
};

// The wires of one address space: bodies, or sides of an address translation, that use the same private
// addresses have a domain each. The outermost VLAN id decides (0: untagged). Of what speaks of a frame the
// nearest counts: `wires`, then `vlans`, then `taps`; what nobody speaks of is `main`.
struct DomainOptions {
  struct Wire {
    std::uint16_t tap = 0;   // index in CaptureOptions::taps
    std::uint16_t vlan = 0;  // 0..4094
    auto operator<=>(const Wire&) const = default;
  };
  DomainId id = main_domain;           // 0..domains_max - 1
  std::vector<std::uint16_t> taps{};   // indexes in CaptureOptions::taps: all of their frames
  std::vector<std::uint16_t> vlans{};  // 1..4094, on every tap and in files
  std::vector<Wire> wires{};           // one VLAN of one tap
  bool operator==(const DomainOptions&) const = default;
};

// What is looked for inside UDP, which tunnels end at the sensor, and which wires make an address space.
struct DecodeOptions {
  // UDP destination ports by tunnel; the defaults are those registered with IANA.
  std::vector<std::uint16_t> vxlan_ports{4789, 4790};  // 4790: VXLAN-GPE
  std::vector<std::uint16_t> geneve_ports{6081};
  std::vector<std::uint16_t> gtp_u_ports{2152};
  std::vector<std::uint16_t> teredo_ports{3544};
  std::vector<std::uint16_t> l2tp_ports{1701};
  std::vector<std::uint16_t> capwap_ports{5247};
  std::vector<std::uint16_t> mpls_ports{6635};
  std::vector<std::uint16_t> tzsp_ports{37008};
  // Addresses at which remote mirrors (ERSPAN, GRE, VXLAN, Geneve, TZSP) end at the sensor: their transport
  // is taken off and is no conversation of its own. Empty = none.
  std::vector<IpAddress> mirror_receivers{};
  // Empty: one domain, `main`.
  std::vector<DomainOptions> domains{};
  bool operator==(const DecodeOptions&) const = default;
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
  // Flows whose copies are followed at a time (seen at several places, duplicated, tunnelled, forbidden), per
  // worker, up to 65'535; 0 = one for every 32 flows. About half a kilobyte each.
  std::uint32_t traces_max = 0;
  FlowTimeouts timeouts{};
  // For comparing with tools that keep one record a key for a whole file: nothing times out and a reused port
  // continues its old record. Never set by a config file.
  bool no_timeouts = false;
  // For comparing with tools that put the VLAN id into the key. Never set by a config file.
  bool vlan_in_key = false;
  // For comparing with tools that count a packet as often as they see it: copies are not recognised. Never
  // set by a config file.
  bool count_copies = false;
  // For comparing with tools that keep ICMP errors as flows of their own instead of counting them to the flow
  // that they report. Never set by a config file.
  bool icmp_errors_apart = false;
  // For comparing with tools for which all pings between two hosts are one flow, whatever their identifier.
  // Never set by a config file.
  bool icmp_by_type = false;
  // A connection first seen in mid-stream so soon after the start, of which only one direction is forbidden
  // and whose initiator is a guess, is told when this time is over, or when its initiator is known: a restart
  // is no storm. Packet time.
  std::chrono::seconds startup_grace{10};
  // A forbidden flow that goes on is reported anew, with its figures so far, after growing pauses, at last
  // this long. Packet time.
  std::chrono::seconds active_timeout{60};
  bool operator==(const FlowOptions&) const = default;
};

// How far fragments are followed to give the later ones their first one's ports. Per worker. Never set by a
// config file.
struct FragmentOptions {
  std::uint32_t datagrams = 4096;        // remembered at a time; some 400 octets each
  std::uint32_t held = 1024;             // later fragments that may wait for their first one
  std::chrono::milliseconds hold{1000};  // how long they wait; packet time
  // How long a datagram's parts may be under way: Linux's ipfrag_time. RFC 8200 section 4.5 has 60 s, but
  // identifications of IPv4 come again sooner.
  std::chrono::seconds timeout{30};
  bool operator==(const FragmentOptions&) const = default;
};

struct CaptureOptions {
  std::vector<TapOptions> taps{};
  std::uint16_t workers = 1;  // 1..64
  FlowOptions flows{};
  DecodeOptions decode{};
  FragmentOptions fragments{};
  bool operator==(const CaptureOptions&) const = default;
};

}  // namespace sekimori::capture
