// One mistake each: where it is told, for which key, and with which words.
#include "tests/config/mistakes.hpp"

#include <gtest/gtest.h>

namespace sekimori::config {
namespace {

using test::base;
using test::base_lines;
using test::mistakes;
using test::told;

struct Case {
  std::string_view text;  // written behind `base`
  int line;               // within `text`, from 1
  int column;
  std::string_view path;
  std::string_view phrase;  // of the English message
};

// An exception that is right in everything but what a case puts in.
#define EXCEPTION(rest)                                               \
  "exceptions:\n  - {id: E, reason: r, approver: a, ticket: t, " rest \
  ", destination: {addresses: [10.9.0.1]}}\n"

const std::vector<Case> cases{
    // keys
    {"langage: ja\n", 1, 1, "langage", "Did you mean \"language\"?"},
    {"capture: {worker: 1}\n", 1, 11, "capture.worker", "Did you mean \"workers\"?"},
    {"alerts: {colour: red}\n", 1, 10, "alerts.colour", "keys here: facility, enterprise_number,"},
    {"flows: {max: 2048, max: 4096}\n", 1, 20, "flows.max", "written twice (first at 6:9)"},
    {"capture: {taps: [{name: t1}]}\n", 1, 18, "capture.taps[0]", "\"interface\" is missing"},
    {"control:\n", 1, 1, "control", "There is no value"},
    // tunnels, mirrors, fragments
    {"capture: {decode: {vxlan_port: [1]}}\n", 1, 20, "capture.decode.vxlan_port",
     "Did you mean \"vxlan_ports\"?"},
    {"capture: {decode: {vxlan_ports: [0]}}\n", 1, 34, "capture.decode.vxlan_ports[0]", "from 1 to 65535"},
    {"capture: {decode: {vxlan_ports: 4789}}\n", 1, 33, "capture.decode.vxlan_ports", "in brackets: [4789]"},
    {"capture: {decode: {vxlan_ports: [6081], geneve_ports: [6081]}}\n", 1, 56,
     "capture.decode.geneve_ports[0]", "\"6081\" is taken already (first at 6:34)"},
    {"capture: {decode: {mirror_receivers: [sensor.example]}}\n", 1, 39, "capture.decode.mirror_receivers[0]",
     "no IP address"},
    {"capture: {decode: {mirror_receivers: [192.0.2.1, 192.0.2.1]}}\n", 1, 50,
     "capture.decode.mirror_receivers[1]", "taken already"},
    {"capture: {fragments: {hold: 11s}}\n", 1, 29, "capture.fragments.hold", "write 1ms to 10s"},
    {"capture: {fragments: {datagrams: 63}}\n", 1, 34, "capture.fragments.datagrams", "64 to 1048576"},
    {"capture: {fragments: {timeout: 0s}}\n", 1, 32, "capture.fragments.timeout", "out of range"},
    {"flows: {startup_grace: 3601s}\n", 1, 24, "flows.startup_grace", "write 0s to 1h"},
    {"flows: {startup_grace: 10}\n", 1, 24, "flows.startup_grace", "Did you mean \"10s\"?"},
    {"flows: {traces_max: 65536}\n", 1, 21, "flows.traces_max", "out of range"},
    {"tunnels: [{id: T, side_a: [10.1.0.1]}]\n", 1, 11, "tunnels[0]", "\"side_b\" is missing"},
    {"tunnels: [{id: T, side_a: [10.1.0.1], side_b: []}]\n", 1, 47, "tunnels[0].side_b", "The list is empty"},
    {"tunnels: [{id: T, kinds: [vxlam], side_a: [10.1.0.1], side_b: [10.2.0.1]}]\n", 1, 27,
     "tunnels[0].kinds[0]", "Did you mean \"vxlan\"?"},
    {"tunnels: [{id: T, kinds: [gre, gre], side_a: [10.1.0.1], side_b: [10.2.0.1]}]\n", 1, 32,
     "tunnels[0].kinds[1]", "\"gre\" is written twice"},
    {"tunnels: [{id: T, side_a: [0.0.0.0/0], side_b: [\"::/0\"]}]\n", 1, 11, "tunnels[0]",
     "Neither end of the tunnel is limited"},
    {"tunnels: [{id: T, side_a: [10.1.0.1], side_b: [10.2.0.1]}, {id: T, side_a: [10.1.0.1], side_b: "
     "[10.2.0.1]}]\n",
     1, 65, "tunnels[1].id", "taken already"},
    {"tunnel: []\n", 1, 1, "tunnel", "Did you mean \"tunnels\"?"},
    // kinds
    {"flows: [1]\n", 1, 8, "flows", "Write a map"},
    {"language: [ja]\n", 1, 11, "language", "Write a text here; this is a list"},
    {"flows: {max: {a: 1}}\n", 1, 14, "flows.max", "Write a whole number here; this is a map"},
    {"gateways: {id: x}\n", 1, 11, "gateways", "Write a list"},
    // numbers
    {"capture: {workers: 010}\n", 1, 20, "capture.workers", "could be read as octal; write 10"},
    {"capture: {workers: 0}\n", 1, 20, "capture.workers", "from 1 to 64"},
    {"capture: {workers: 65}\n", 1, 20, "capture.workers", "65 is out of range"},
    {"capture: {workers: -1}\n", 1, 20, "capture.workers", "no whole number"},
    {"capture: {workers: 0x1F}\n", 1, 20, "capture.workers", "in decimal"},
    {"capture: {workers: 2.0}\n", 1, 20, "capture.workers", "no whole number"},
    {"capture: {workers: ４}\n", 1, 20, "capture.workers", "Did you mean \"4\"?"},
    {"flows: {max: 1_000_000}\n", 1, 14, "flows.max", "Did you mean \"1000000\"?"},
    {"flows: {max: 99999999999999999999999}\n", 1, 14, "flows.max", "out of range"},
    // booleans
    {"capture: {taps: [{name: a, interface: b, promiscuous: yes}]}\n", 1, 55, "capture.taps[0].promiscuous",
     "Did you mean \"true\"?"},
    {"switches: {lgwan_services: off}\n", 1, 28, "switches.lgwan_services", "Did you mean \"false\"?"},
    {"switches: {lgwan_services: True}\n", 1, 28, "switches.lgwan_services", "Did you mean \"true\"?"},
    // durations and sizes
    {"flows: {timeouts: {udp: 60}}\n", 1, 25, "flows.timeouts.udp", "Did you mean \"60s\"?"},
    {"flows: {timeouts: {udp: 60秒}}\n", 1, 25, "flows.timeouts.udp", "Did you mean \"60s\"?"},
    {"flows: {timeouts: {udp: 1 min}}\n", 1, 25, "flows.timeouts.udp", "Did you mean \"1m\"?"},
    {"flows: {timeouts: {udp: 1500ms}}\n", 1, 25, "flows.timeouts.udp", "out of range"},
    {"flows: {timeouts: {udp: 0s}}\n", 1, 25, "flows.timeouts.udp", "write 1s to 168h"},
    {"alerts: {incident_idle: 5s}\n", 1, 25, "alerts.incident_idle", "write 10s to 24h"},
    {"alerts: {repeat: [10m, 60s]}\n", 1, 24, "alerts.repeat[1]", "must not shrink"},
    {"alerts: {repeat: []}\n", 1, 18, "alerts.repeat", "The list is empty"},
    {"capture: {taps: [{name: a, interface: b, buffer: 64MB}]}\n", 1, 50, "capture.taps[0].buffer",
     "Did you mean \"64MiB\"?"},
    {"capture: {taps: [{name: a, interface: b, buffer: 64}]}\n", 1, 50, "capture.taps[0].buffer",
     "Did you mean \"64MiB\"?"},
    {"capture: {taps: [{name: a, interface: b, buffer: 8GiB}]}\n", 1, 50, "capture.taps[0].buffer",
     "write 1MiB to 4GiB"},
    {"capture: {taps: [{name: a, interface: b, buffer: 99999999999999999GiB}]}\n", 1, 50,
     "capture.taps[0].buffer", "no size"},
    // choices, names, texts
    {"language: jp\n", 1, 11, "language", "ja, en"},
    {"time: {utc_offset: \"+9:00\"}\n", 1, 20, "time.utc_offset", "write it like \"+09:00\""},
    {"time: {utc_offset: \"+15:00\"}\n", 1, 20, "time.utc_offset", "from -12:00 to +14:00"},
    {"sensor: {site: \"\"}\ncapture: {taps: [{name: 本庁, interface: b}]}\n", 2, 25, "capture.taps[0].name",
     "no valid name"},
    {"capture: {taps: [{name: a, interface: b}, {name: a, interface: c}]}\n", 1, 50, "capture.taps[1].name",
     "\"a\" is taken already (first at 6:25)"},
    {"capture: {taps: [{name: a, interface: b}, {name: c, interface: b}]}\n", 1, 64,
     "capture.taps[1].interface", "taken already"},
    {"capture: {taps: [{name: a, interface: abcdefghijklmnop}]}\n", 1, 39, "capture.taps[0].interface",
     "Too long (16 octets); at most 15"},
    {"sensor: {site: \"a\\nb\"}\n", 1, 16, "sensor.site", "Line breaks and control characters"},
    {"control: {socket: control.sock}\n", 1, 19, "control.socket", "no absolute path"},
    {"alerts: {facility: local9}\n", 1, 20, "alerts.facility", "Did you mean \"local0\"?"},
    {"alerts: {facility: 24}\n", 1, 20, "alerts.facility", "from 0 to 23"},
    // destinations
    {"alerts: {destinations: [{name: a, type: sylog-udp, host: 192.0.2.1}]}\n", 1, 41,
     "alerts.destinations[0].type", "Did you mean \"syslog-udp\"?"},
    {"alerts: {destinations: [{name: a, type: syslog-udp}]}\n", 1, 25, "alerts.destinations[0]",
     "\"host\" is missing"},
    {"alerts: {destinations: [{name: a, type: eve-file}]}\n", 1, 25, "alerts.destinations[0]",
     "\"path\" is missing"},
    {"alerts: {destinations: [{name: a, type: eve-file, path: x.json}]}\n", 1, 57,
     "alerts.destinations[0].path", "no absolute path"},
    {"alerts: {destinations: [{name: a, type: eve-file, path: /x, port: 514}]}\n", 1, 67,
     "alerts.destinations[0].port", "no use with type: eve-file"},
    {"alerts: {destinations: [{name: a, type: syslog-local, host: 192.0.2.1}]}\n", 1, 61,
     "alerts.destinations[0].host", "no use with type: syslog-local"},
    {"alerts: {destinations: [{name: a, type: syslog-tcp, host: log.example}]}\n", 1, 59,
     "alerts.destinations[0].host", "names are not looked up"},
    // addresses
    {"  juki: {prefixes: [10.50.0.2/28]}\n", 1, 21, "segments.juki.prefixes[0]",
     "write 10.50.0.0/28 for the network or 10.50.0.2 for one host"},
    {"  juki: {prefixes: [\"fd10:50::1/64\"]}\n", 1, 21, "segments.juki.prefixes[0]", "write fd10:50::/64"},
    {"  juki: {prefixes: [10.50.0.0/33]}\n", 1, 21, "segments.juki.prefixes[0]", "/0 to /32 for IPv4"},
    {"  juki: {prefixes: [10.050.0.0/28]}\n", 1, 21, "segments.juki.prefixes[0]",
     "Did you mean \"10.50.0.0/28\"?"},
    {"  juki: {prefixes: [１０.50.0.0/28]}\n", 1, 21, "segments.juki.prefixes[0]",
     "Did you mean \"10.50.0.0/28\"?"},
    {"  juki: {prefixes: [cs.example]}\n", 1, 21, "segments.juki.prefixes[0]", "is no address"},
    {"  juki: {prefixes: 10.50.0.0/28}\n", 1, 20, "segments.juki.prefixes", "[10.50.0.0/28]"},
    {"  juki: {prefixes: [{prefix: 10.50.0.0/28, label: CS}]}\n", 1, 44, "segments.juki.prefixes[0].label",
     "keys here: prefix, name"},
    {"  juki: {taps: [t9], router_macs: [01:00:5e:00:00:01]}\n", 1, 36, "segments.juki.router_macs[0]",
     "not the MAC address of one card"},
    {"  juki: {taps: [t9], router_macs: [02:00:00:00:00:01, 02-00-00-00-00-01]}\n", 1, 55,
     "segments.juki.router_macs[1]", "written twice"},
    {"  juki: {taps: [t9], dhcp_servers: [10.50.0.2, 10.50.0.2]}\n", 1, 48, "segments.juki.dhcp_servers[1]",
     "written twice"},
    {"  juki: {taps: [t9], ra_routers: [router]}\n", 1, 35, "segments.juki.ra_routers[0]", "router"},
    {"  juki: {next_hop_macs: [02:00:5e:10:00]}\n", 1, 26, "segments.juki.next_hop_macs[0]",
     "is no MAC address"},
    {"  juki: {next_hop_macs: [01:00:5e:00:00:01]}\n", 1, 26, "segments.juki.next_hop_macs[0]",
     "multicast or zero"},
    {"  juki: {next_hop_macs: [02:00:00:00:00:01, \"02-00-00-00-00-01\"]}\n", 1, 45,
     "segments.juki.next_hop_macs[1]", "in the segment juki already (6:26)"},
    {"  juki: {vlans: [4095]}\n", 1, 18, "segments.juki.vlans[0]", "from 1 to 4094"},
    {"  juki: {vlans: [123-121]}\n", 1, 18, "segments.juki.vlans[0]", "the smaller first"},
    {"  juki: {vlans: [100-150]}\n", 1, 18, "segments.juki.vlans[0]",
     "VLAN 110 is in the segment mynumber already"},
    // segments
    {"  lgwam: {vlans: [1]}\n", 1, 3, "segments.lgwam", "Did you mean \"lgwan\"?"},
    {"  LGWAN接続糸: {vlans: [1]}\n", 1, 3, "segments.LGWAN接続糸", "Did you mean \"lgwan\"?"},
    {"  LGWAN接続系: {vlans: [1]}\n", 1, 3, "segments.LGWAN接続系",
     "\"LGWAN接続系\" is the segment lgwan, which is written already (4:3)"},
    {"  LBO: {vlans: [1]}\n", 1, 3, "segments.LBO", "Only the alpha-prime model lets"},
    {"  juki: {}\n", 1, 3, "segments.juki", "has none of prefixes"},
    {"  juki: {prefixes: [10.20.5.0/24]}\n", 1, 21, "segments.juki.prefixes[0]",
     "10.20.5.0/24 overlaps 10.20.0.0/16 (segment lgwan, 4:22)"},
    {"  juki: {prefixes: [10.0.0.0/12]}\n", 1, 21, "segments.juki.prefixes[0]",
     "overlaps 10.10.0.0/16 (segment mynumber, 3:25)"},
    {"  juki: {prefixes: [10.50.0.0/24, 10.50.0.0/24]}\n", 1, 35, "segments.juki.prefixes[1]",
     "overlaps 10.50.0.0/24 (segment juki, 6:21)"},
    {"  juki: {taps: [t2]}\ncapture: {taps: [{name: t1, interface: eth1}]}\n", 1, 17, "segments.juki.taps[0]",
     "names in capture.taps: t1"},
    {"  juki: {taps: [t1, t1]}\n", 1, 21, "segments.juki.taps[1]", "written twice"},
    // switches
    {"switches: {mn_screen_transfr: {clause: x}}\n", 1, 12, "switches.mn_screen_transfr",
     "Did you mean \"mn_screen_transfer\"?"},
    {"switches: {mn_screen_transfer: true}\n", 1, 12, "switches.mn_screen_transfer", "name the clause"},
    {"switches: {mn_screen_transfer: {}}\n", 1, 12, "switches.mn_screen_transfer", "name the clause"},
    // gateways and services
    {"gateways: [{id: G, kind: vdi, from: lgwan, to: internet, hosts: [10.30.0.1], ports: [tcp/443]}]\n", 1,
     26, "gateways[0].kind", "screen-transfer, file-sanitiser, mail-text"},
    {"gateways: [{id: G, kind: mail-text, from: lgwan, to: internet, ports: [tcp/25]}]\n", 1, 12,
     "gateways[0]", "\"hosts\" is missing"},
    {"gateways: [{id: G, kind: mail-text, from: lgwan, to: internet, hosts: [], ports: [tcp/25]}]\n", 1, 71,
     "gateways[0].hosts", "The list is empty"},
    {"gateways: [{id: G, kind: mail-text, from: lgwan, to: internet, hosts: [10.30.0.1], ports: [443]}]\n", 1,
     92, "gateways[0].ports[0]", "Did you mean \"tcp/443\"?"},
    {"gateways: [{id: G, kind: mail-text, from: lgwan, to: internet, hosts: [10.30.0.1], ports: [53/UDP]}]\n",
     1, 92, "gateways[0].ports[0]", "Did you mean \"udp/53\"?"},
    {"gateways: [{id: G, kind: mail-text, from: lgwan, to: internet, hosts: [10.30.0.1], ports: [tcp/0]}]\n",
     1, 92, "gateways[0].ports[0]", "ports 1 to 65535"},
    {"gateways: [{id: G, kind: mail-text, from: internet, to: mynumber, hosts: [10.10.0.1], ports: "
     "[tcp/25]}]\n",
     1, 43, "gateways[0].from", "does not allow internet to mynumber"},
    {"services: [{id: S, from: lgwan, to: internet, hosts: [10.30.0.1], ports: [tcp/25]}]\n", 1, 26,
     "services[0].from", "register it under gateways"},
    {"gateways: [{id: S, kind: mail-text, from: mynumber, to: juki, hosts: [10.50.0.1], ports: [tcp/25]}]\n",
     1, 43, "gateways[0].from", "register it under services"},
    {"services: [{id: S, from: mynumber, to: lgwan, hosts: [10.20.0.1], ports: [tcp/25]}]\n", 1, 26,
     "services[0].from", "register it under exceptions"},
    {"services: [{id: S, from: mynumber, to: jukki, hosts: [10.50.0.1], ports: [tcp/25]}]\n", 1, 40,
     "services[0].to", "Did you mean \"juki\"?"},
    // exceptions: who approved what, why, on which paper, until when
    {"exceptions: [{id: E, approver: a, ticket: t, until: 2027-03-31, source: {addresses: [10.1.0.1]}, "
     "protocol: tcp, destination: {addresses: [10.9.0.1]}}]\n",
     1, 14, "exceptions[0]", "has no \"reason\""},
    {"exceptions: [{id: E, reason: r, ticket: t, until: 2027-03-31, source: {addresses: [10.1.0.1]}, "
     "protocol: tcp, destination: {addresses: [10.9.0.1]}}]\n",
     1, 14, "exceptions[0]", "has no \"approver\""},
    {"exceptions: [{id: E, reason: r, approver: a, until: 2027-03-31, source: {addresses: [10.1.0.1]}, "
     "protocol: tcp, destination: {addresses: [10.9.0.1]}}]\n",
     1, 14, "exceptions[0]", "has no \"ticket\""},
    {EXCEPTION("source: {addresses: [10.1.0.1]}, protocol: tcp"), 2, 5, "exceptions[0]", "has no \"until\""},
    {EXCEPTION("until: 2027-03-31, source: {addresses: [10.1.0.1]}"), 2, 5, "exceptions[0]",
     "\"protocol\" is missing"},
    {EXCEPTION("until: 2027-03-31, protocol: tcp, ports: [443]"), 2, 5, "exceptions[0]",
     "does not limit its source"},
    {EXCEPTION("until: 2027-03-31, source: {addresses: [0.0.0.0/0]}, protocol: tcp"), 2, 5, "exceptions[0]",
     "does not limit its source"},
    {EXCEPTION("until: 2027-03-31, source: {addresses: [10.1.0.300]}, protocol: tcp"), 2, 88,
     "exceptions[0].source.addresses[0]", "is no address"},
    {EXCEPTION("until: 2027-03-31, source: {addresses: []}, protocol: tcp"), 2, 87,
     "exceptions[0].source.addresses", "The list is empty"},
    {EXCEPTION("until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: tpc"), 2, 110,
     "exceptions[0].protocol", "Did you mean \"tcp\"?"},
    {EXCEPTION("until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: any, ports: [80]"), 2, 122,
     "exceptions[0].ports", "ports go with protocol tcp or udp only"},
    {EXCEPTION("until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: tcp, ports: [70000]"), 2, 123,
     "exceptions[0].ports[0]", "is no port"},
    {EXCEPTION("until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: tcp, ports: []"), 2, 122,
     "exceptions[0].ports", "The list is empty"},
    {EXCEPTION("from: 2027-04-01, until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: tcp"), 2, 73,
     "exceptions[0].until", "ends (until) before it begins"},
    {EXCEPTION("until: 2027/3/31, source: {addresses: [10.1.0.1]}, protocol: tcp"), 2, 55,
     "exceptions[0].until", "Did you mean \"2027-03-31\"?"},
    {EXCEPTION("until: 令和9年3月31日, source: {addresses: [10.1.0.1]}, protocol: tcp"), 2, 55,
     "exceptions[0].until", "Did you mean \"2027-03-31\"?"},
    {EXCEPTION("until: R9.3.31, source: {addresses: [10.1.0.1]}, protocol: tcp"), 2, 55,
     "exceptions[0].until", "Did you mean \"2027-03-31\"?"},
    {EXCEPTION("until: 20270331, source: {addresses: [10.1.0.1]}, protocol: tcp"), 2, 55,
     "exceptions[0].until", "Did you mean \"2027-03-31\"?"},
    {EXCEPTION("until: 2027-02-29, source: {addresses: [10.1.0.1]}, protocol: tcp"), 2, 55,
     "exceptions[0].until", "no day of the calendar"},
    {EXCEPTION("until: 2027-03-31T17:00, source: {addresses: [10.1.0.1]}, protocol: tcp"), 2, 55,
     "exceptions[0].until", "2027-03-31T09:00:00+09:00"},
    // ... the whole record: states and dates, papers, hours, volume, no person
    {"exceptions: [{id: E, reason: r, approver: a, ticket: t, until: 2027-03-31, source: {addresses: "
     "[10.1.0.1]}, protocol: tcp, destination: {addresses: [0.0.0.0/0]}}]\n",
     1, 14, "exceptions[0]", "does not limit its destination"},
    {EXCEPTION("applicant_name: x, until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: tcp"), 2, 48,
     "exceptions[0].applicant_name", "There is no key"},
    {EXCEPTION("kind: other, until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: tcp"), 2, 54,
     "exceptions[0].kind", "alternative, omission"},
    {EXCEPTION("status: applied, until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: tcp"), 2, 5,
     "exceptions[0]", "needs applied_on"},
    {EXCEPTION("status: applied, applied_on: 2026-03-01, approved_on: 2026-03-02, until: 2027-03-31, source: "
               "{addresses: [10.1.0.1]}, protocol: tcp"),
     2, 102, "exceptions[0].approved_on", "no day of approval"},
    {EXCEPTION("status: revoked, until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: tcp"), 2, 5,
     "exceptions[0]", "needs revoked_on"},
    {EXCEPTION("revoked_on: 2026-05-01, until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: tcp"),
     2, 60, "exceptions[0].revoked_on", "status: revoked"},
    {EXCEPTION("approved_on: 2027-04-01, until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: tcp"),
     2, 80, "exceptions[0].until", "never comes into force"},
    {EXCEPTION("form: emergency, until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: tcp"), 2, 5,
     "exceptions[0]", "\"report_by\" is missing"},
    {EXCEPTION("report_by: 2026-05-01, until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: tcp"), 2,
     59, "exceptions[0].report_by", "form: emergency"},
    {EXCEPTION("papers: [{kept: k, sha256: 12ab}], until: 2027-03-31, source: {addresses: [10.1.0.1]}, "
               "protocol: tcp"),
     2, 75, "exceptions[0].papers[0].sha256", "no SHA-256"},
    {EXCEPTION("weekdays: [monday], until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: tcp"), 2,
     59, "exceptions[0].weekdays[0]", "is no weekday"},
    {EXCEPTION("weekdays: [tve], until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: tcp"), 2, 59,
     "exceptions[0].weekdays[0]", "Did you mean \"tue\"?"},
    {EXCEPTION("hours: [\"9:00〜17:15\"], until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: tcp"),
     2, 56, "exceptions[0].hours[0]", "Did you mean \"09:00-17:15\"?"},
    {EXCEPTION("hours: [\"09:00-09:00\"], until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: tcp"),
     2, 56, "exceptions[0].hours[0]", "is no range of hours"},
    {EXCEPTION("hours: [\"09:00-24:30\"], until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: tcp"),
     2, 56, "exceptions[0].hours[0]", "is no range of hours"},
    {EXCEPTION("volume: {per: 1h}, until: 2027-03-31, source: {addresses: [10.1.0.1]}, protocol: tcp"), 2, 56,
     "exceptions[0].volume", "\"bytes\" is missing"},
    {"exceptions_from: no-such-register.yaml\n", 1, 18, "exceptions_from", "no-such-register.yaml"},
    {"routers: [01:00:5e:00:00:01]\n", 1, 11, "routers[0]", ""},
    {"routers: [02:00:5e:00:00:01, 02:00:5e:00:00:01]\n", 1, 30, "routers[1]", "written twice"},
};

TEST(Mistakes, AreToldOnceWithTheirPlacePathAndRemedy) {
  for (const Case& one : cases) {
    const std::string text = std::string{base}.append(one.text);
    const auto found = mistakes(text);
    ASSERT_EQ(found.size(), 1U) << one.text << told(found);
    EXPECT_EQ(found[0].place.line, base_lines + one.line) << one.text << told(found);
    EXPECT_EQ(found[0].place.column, one.column) << one.text << told(found);
    EXPECT_EQ(found[0].path, one.path) << one.text;
    EXPECT_NE(found[0].message.find(one.phrase), std::string::npos) << one.text << told(found);
  }
}

TEST(Mistakes, AreToldInJapaneseAtTheSamePlaces) {
  for (const Case& one : cases) {
    const std::string text = std::string{base}.append(one.text);
    const auto found = mistakes(text, Language::ja);
    ASSERT_EQ(found.size(), 1U) << one.text << told(found);
    EXPECT_EQ(found[0].place.line, base_lines + one.line) << one.text;
    EXPECT_EQ(found[0].place.column, one.column) << one.text;
    // Every sentence ends as a Japanese one does, and no placeholder is left.
    EXPECT_EQ(found[0].message.compare(found[0].message.size() - 3, 3, "。"), 0) << found[0].message;
    EXPECT_EQ(found[0].message.find('{'), std::string::npos) << found[0].message;
  }
}

TEST(Mistakes, NameWhatIsRequired) {
  EXPECT_EQ(told("language: ja\n"),
            "c.yaml:1:1: The key \"profile\" is missing.\nc.yaml:1:1: The key \"segments\" is missing.\n");
  EXPECT_EQ(told("profile: alpha\nsegments: {}\n"), "c.yaml:2:11: segments: There are no segments.\n");
}

TEST(Mistakes, TellAnUnknownProfileWithTheKnownOnes) {
  EXPECT_EQ(told("profile: alfa\nsegments: {mynumber: {vlans: [1]}}\n"),
            "c.yaml:1:10: profile: There is no profile \"alfa\"; profiles: alpha, alpha-prime, beta, "
            "beta-prime, two-tier. Did you mean \"alpha\"?\n");
}

// A slip in the first line must not hide the others until it has been put right.
TEST(Mistakes, BesideAnUnknownProfileAreHeldAgainstTheOneThatWasMeant) {
  const std::string rest =
      "\nsegments: {mynumber: {vlans: [1]}, lgwam: {vlans: [2]}}\nswitches: {lgwan_service: true}\n"
      "services: [{id: S, from: lgwan, to: external, hosts: [192.0.2.1], ports: [tcp/25]}]\n";
  const auto found = mistakes("profile: alpa" + rest);
  ASSERT_EQ(found.size(), 4U) << told(found);
  EXPECT_EQ(found[0].path, "profile");
  EXPECT_EQ(found[1].path, "segments.lgwam");
  EXPECT_NE(found[1].message.find("The profile alpha has no segment"), std::string::npos);
  EXPECT_EQ(found[2].path, "switches.lgwan_service");
  EXPECT_EQ(found[3].path, "services[0].from") << "the matrix of the profile that was meant";
}

TEST(Mistakes, BesideAnUnknowableProfileAreHeldAgainstAllOfThem) {
  for (const std::string profile : {"profile: three-layers\n", "profile: {file: \"\"}\n", ""}) {
    const auto found =
        mistakes(profile +
                 "segments: {mynumber: {vlans: [1]}, lgwam: {vlans: [2]}, breakout: {vlans: [3]}}\n"
                 "switches: {net_lbo: true, lgwan_service: true}\n");
    ASSERT_EQ(found.size(), 3U) << told(found);
    std::size_t met = 0;
    for (const Diagnostic& one : found) {
      if (one.path == "segments.lgwam") {
        met += one.message.find("No profile has a segment \"lgwam\"") != std::string::npos ? 1U : 0U;
        EXPECT_NE(one.message.find("Did you mean \"lgwan\"?"), std::string::npos);
      }
      if (one.path == "switches.lgwan_service") {
        met += one.message.find("Did you mean \"lgwan_services\"?") != std::string::npos ? 1U : 0U;
      }
    }
    EXPECT_EQ(met, 2U) << told(found);
  }
}

TEST(Mistakes, ExplainThatTheTwoTierModelHasNoLgwanSegment) {
  const auto found = mistakes("profile: two-tier\nsegments:\n  lgwan: {prefixes: [10.20.0.0/16]}\n");
  ASSERT_EQ(found.size(), 1U) << told(found);
  EXPECT_EQ(found[0].place.line, 3);
  EXPECT_NE(
      found[0].message.find("has no segment \"lgwan\". The rules it rests on define no segment besides the "
                            "Internet segment"),
      std::string::npos)
      << told(found);
  EXPECT_NE(found[0].message.find("Nagasaki"), std::string::npos) << "whose rule says so";
  EXPECT_NE(found[0].message.find("2(8)"), std::string::npos);
  const auto japanese = mistakes("profile: two-tier\nsegments:\n  内部情報系: {vlans: [1]}\n", Language::ja);
  ASSERT_EQ(japanese.size(), 1U) << told(japanese);
  EXPECT_NE(japanese[0].message.find("領域を定めていないためです"), std::string::npos);
  EXPECT_NE(japanese[0].message.find("長崎県市町村総合事務組合情報セキュリティ基本方針 2(8)"),
            std::string::npos);
}

TEST(Mistakes, OfOneReadingComeInTheOrderOfTheFile) {
  const auto found =
      mistakes(std::string{base} +
               "exceptions: 1\nservices: 1\nlanguage: xx\ngateways: 1\nlanguage: yy\ncapture: 1\n");
  ASSERT_EQ(found.size(), 6U) << told(found);
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].place.line, base_lines + 1 + static_cast<int>(i));
  }
}

TEST(Mistakes, AreLimitedAndTheRestIsCounted) {
  std::string text{base};
  text += "exceptions: [";
  for (int i = 0; i < 3000; ++i) text += "1, ";
  const auto found = mistakes(text + "1]\n");
  ASSERT_EQ(found.size(), 1001U);
  EXPECT_EQ(found.back().message, "Too many mistakes: 2001 more are not shown.");
}

TEST(Mistakes, ShowHostileValuesHarmlessly) {
  const std::string out = told(std::string{base} + "\"a\\e[31m\\n" + std::string(300, 'x') + "\": 1\n");
  EXPECT_NE(out.find("a\\x1b[31m\\x0a"), std::string::npos);
  EXPECT_NE(out.find("xxx..."), std::string::npos);
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace sekimori::config
