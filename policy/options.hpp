// The policy as it is written: profile, segments, gateways, services, exceptions. Plain values, filled by
// config/, compiled by policy/policy.hpp. Every entry remembers where it was written, so that any later
// message can say so.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/address.hpp"
#include "capture/decode/packet.hpp"
#include "capture/time.hpp"

namespace sekimori::policy {

struct Localized {
  std::string ja{};
  std::string en{};
  bool operator==(const Localized&) const = default;
};

// "file:line:column", 1-based.
struct Place {
  std::string file{};
  int line = 0;
  int column = 0;
  bool operator==(const Place&) const = default;
};

// ---- the model: policy/profiles/*.yaml, policy/clauses/*.yaml
// --------------------------------------------------

struct Clause {
  std::string id{};      // "004-6-3-a"
  Localized body{};      // whose rule: 伊勢崎市情報セキュリティポリシー
  std::string number{};  // 第1章6(3)ア, in the body's own writing
  std::string quote{};   // in the body's own spelling; may be empty where the text is not public
  std::string gloss{};   // English
};

struct Reason {
  std::string id{};  // "R2"
  Localized text{};
  std::vector<std::string> clauses{};  // ids of Clause
};

// Decision codes of the policy matrix (domain text, section 3.2).
enum class Cell : std::uint8_t {
  absent,         // "-" the pair does not exist in this profile: seeing it is an alert
  forbid_always,  // "F" exceptions have no effect, they are only named
  forbid,         // "f" unless an approved exception covers it
  gateway,        // "G" only through a named sanitising or screen-transfer gateway; else as forbid
  service,        // "L" only to or from a named service; else as forbid
  permit          // "P"
};

enum class GatewayKind : std::uint8_t { screen_transfer, file_sanitiser, mail_text };

struct CellOptions {
  std::string from{};
  std::string to{};
  Cell cell = Cell::absent;
  std::vector<std::string> reasons{};
  std::vector<GatewayKind> kinds{};  // of a `gateway` cell: the only kinds that it takes; empty = every kind
  Place place{};
};

// A choice that the model leaves to the body. Switching it on replaces cells; `clause_required` ones must
// name the clause of the body's own rules that allows it.
struct SwitchOptions {
  std::string id{};
  Localized text{};
  bool clause_required = false;
  std::vector<CellOptions> cells{};
};

struct ProfileSegment {
  std::string id{};    // "mynumber"
  std::string code{};  // "MN"
  Localized name{};
  std::vector<std::string> aliases{};  // what else a body may call it: 基幹系
  std::string part_of{};               // the segment that this is a group of; empty: a segment of its own
  // Only listed addresses belong to it: its next hop tells by which path it is reached, and makes no unlisted
  // address its own. Named clouds are those that are named.
  bool listed_only = false;
};

// A segment that other models have and this one has not. Naming it is a mistake that is told with its reason.
struct UndefinedSegment {
  std::string id{};
  std::vector<std::string> aliases{};  // its code and Japanese names
  Localized why{};
  std::string clause{};  // id of Clause; empty: none says it
};

struct Profile {
  std::string id{};
  Localized name{};
  std::vector<ProfileSegment> segments{};  // at most 16, "external" among them
  std::vector<UndefinedSegment> undefined{};
  std::vector<CellOptions> cells{};  // every ordered pair of segments exactly once
  // Instead of the pair's cell, where the responder's segment names next hops and the conversation leaves by
  // another one.
  std::vector<CellOptions> other_paths{};
  std::vector<SwitchOptions> switches{};
  std::vector<Clause> clauses{};
  std::vector<Reason> reasons{};
};

// ---- the city: sekimori.yaml
// ------------------------------------------------------------------------------------

struct NamedPrefix {
  Prefix prefix{};     // in its domain
  std::string name{};  // 税務課; may be empty
  Place place{};
};

// A machine on a wire, by what is known of it: its card, or its address.
struct StationOptions {
  std::optional<MacAddress> mac{};
  std::optional<IpAddress> address{};
};

struct SegmentOptions {
  std::string id{};  // one of the profile's
  std::vector<NamedPrefix> prefixes{};
  std::vector<std::uint16_t>
      vlans{};                      // claims: frames with this (innermost) VLAN id are the segment's own wire
  std::vector<std::string> taps{};  // claims: names of taps
  std::vector<MacAddress>
      next_hop_macs{};  // external addresses reached through this MAC belong to this segment
  // The cards of routers and firewalls on the segment's wires: whoever else forwards there is a finding.
  // Empty: not known, and what only these could tell is not concluded.
  std::vector<MacAddress> router_macs{};
  std::vector<StationOptions> dhcp_servers{};  // likewise of those that give addresses
  std::vector<StationOptions> ra_routers{};    // likewise of those that send IPv6 router advertisements
  Place place{};
  // Every sensor sees the frames that go to next_hop_macs, so that any other next hop of a conversation to
  // this segment is another path. False: only the next hop of another segment is known to be one.
  bool next_hop_only = false;
};

struct Ports {
  std::uint8_t protocol = 0;  // 0 = any
  std::uint16_t first = 0;
  std::uint16_t last = 65535;
  bool operator==(const Ports&) const = default;
};

// One side of a gateway, service or exception. Empty lists mean: no limit by this kind.
struct EndpointOptions {
  std::vector<Prefix> addresses{};
  std::vector<MacAddress> macs{};
};

// Octets of a name at most (RFC 1035 section 2.3.4: 255 with the length octets).
inline constexpr std::size_t name_octets_max = 253;

// Is it a pattern of names? Letters, digits, hyphens and underscores, at least two labels,
// "*" only as the whole first label.
bool is_name_pattern(std::string_view pattern);

// A named service: who may reach it, where it is, on which ports. Makes an L cell permit.
struct ServiceOptions {
  std::string id{};
  std::string name{};
  std::string from{};  // segment ids
  std::string to{};
  EndpointOptions clients{};
  EndpointOptions hosts{};
  std::vector<Ports> ports{};
  bool draft = false;  // stage: not in force; what it would change is told
  Place place{};
  DomainSet domains = in_main;  // of its addresses, and of whom it speaks where it has none
  // DNS names of the hosts, lower case: "www.example.jp" itself, "*.example.jp" everything below it. Where
  // there are any, the conversation must have been proved to go to one of them (policy/names.hpp).
  std::vector<std::string> names{};
};

// What a known service is for: chooses headline, code and advice of a finding, and decides nothing.
enum class ServiceUse : std::uint8_t {
  other,
  dns,
  update,
  remote,
  tunnel,
  mail,
  side_channel,
  screen_transfer,
  management
};

// One of policy/services/*.yaml: how a conversation is known to be of this service. Empty lists mean: any.
struct KnownServiceOptions {
  std::string id{};
  ServiceUse use = ServiceUse::other;
  Localized name{};
  std::vector<Ports> ports{};
  std::vector<Ports>
      shared_ports{};                // of the product, and of others too: granted by `products`, never a sign
  std::vector<Prefix> addresses{};   // the responder's
  std::vector<std::string> names{};  // as ServiceOptions::names
  std::vector<std::string> from{};   // codes of segments
  std::vector<std::string> to{};
  Place place{};
};
inline constexpr std::size_t known_services_max = 512;

// A named sanitising or screen-transfer gateway. Makes a G cell permit when the initiator is one of `clients`
// (if given) and the responder one of `hosts` on one of `ports`, or, for relays, when the gateway itself is
// the client.
struct GatewayOptions {
  std::string id{};
  std::string name{};
  GatewayKind kind = GatewayKind::screen_transfer;
  std::string from{};
  std::string to{};
  EndpointOptions clients{};
  EndpointOptions hosts{};
  std::vector<Ports> ports{};
  bool draft = false;  // see ServiceOptions
  Place place{};
  DomainSet domains = in_main;  // see ServiceOptions
};

// Times of the week, by the clock of PolicyOptions::utc_offset_minutes. Public holidays are not known: a
// Monday is a Monday.
struct HoursOptions {
  struct Range {
    std::uint16_t begin = 0;      // minute of the day
    std::uint16_t end = 24 * 60;  // at or before `begin`: over midnight into the next day
    bool operator==(const Range&) const = default;
  };
  static constexpr std::uint8_t every_day = 0x7f;
  std::uint8_t weekdays = every_day;  // bit 0 = Monday; a range over midnight belongs to the day it begins on
  std::vector<Range> ranges{};        // empty = the whole day; at most hour_ranges_max
  bool operator==(const HoursOptions&) const = default;
};
inline constexpr std::size_t hour_ranges_max = 8;

// 代替方法の採用 / 遵守事項の不実施
enum class ExceptionKind : std::uint8_t { unstated, alternative, omission };
// What has been decided about the application: 申請中, 許可, 取消.
enum class ExceptionStatus : std::uint8_t { approved, applied, revoked };

// Where the application and the result of its examination are kept, and what they hash to.
struct PaperOptions {
  std::string kept{};
  std::string sha256{};  // 64 hexadecimal digits in lower case; may be empty
};

// How much may be carried, both directions together. Periods are counted from midnight of the zone.
struct VolumeOptions {
  std::uint64_t bytes = 0;  // 0 = no limit
  std::chrono::seconds per{std::chrono::hours{24}};
};

// What stands at one side, for people: never a person.
struct PartyOptions {
  std::string device{};   // 機器名, システム名
  std::string section{};  // 所管課
};

// A departure from the rule (例外措置) as its register has it. Roles only: persons are never named, and there
// is no field for one.
struct ExceptionOptions {
  std::string id{};
  std::string reason{};
  std::string approver{};  // role, e.g. 最高情報統括責任者; may be empty until it is approved or reported
  std::string ticket{};
  std::string applicant{};  // role: 情報セキュリティ担当者, 情報システム管理者
  std::string section{};    // the applicant's
  std::string clause{};     // departed from, in the body's own numbering
  ExceptionKind kind = ExceptionKind::unstated;
  ExceptionStatus status = ExceptionStatus::approved;
  bool emergency = false;  // taken first, reported afterwards
  std::optional<Time> applied_on{};
  std::optional<Time> approved_on{};  // permits nothing before; none: approved since always
  std::optional<Time> revoked_on{};   // permits nothing from here on; with ExceptionStatus::revoked
  std::optional<Time> report_by{};    // of an emergency: first instant at which the report is overdue
  std::optional<Time> reported_on{};
  std::optional<Time> review_on{};
  std::vector<PaperOptions> papers{};
  std::string measure{};     // 代替（補完）措置
  std::string contractor{};  // 外部委託事業者
  Time from{};
  Time until{};  // first instant at which it is no longer in force
  HoursOptions hours{};
  VolumeOptions volume{};
  EndpointOptions source{};
  EndpointOptions destination{};
  PartyOptions source_party{};
  PartyOptions destination_party{};
  std::vector<Ports> ports{};
  bool draft = false;  // see ServiceOptions
  Place place{};
  DomainSet domains = in_main;  // see ServiceOptions
};

// A known tunnel between segments, whichever of its ends starts it. It takes away the finding of an
// undeclared tunnel and permits nothing: its own two ends are judged like all others, and what runs inside by
// its own addresses.
struct TunnelOptions {
  std::string id{};
  std::string name{};
  std::vector<capture::Tunnel> kinds{};  // empty = any
  std::vector<Prefix> a{};               // one side, at least one prefix
  std::vector<Prefix> b{};               // the other
  Place place{};
  bool draft = false;           // see ServiceOptions
  DomainSet domains = in_main;  // of both
};
inline constexpr std::size_t tunnels_max = 256;

// What the city holds its own policy to: `assert:` in the configuration. Proved over all conversations
// whenever the policy is compiled; one that does not hold refuses the policy.
struct AssertionOptions {
  enum class Kind : std::uint8_t {
    never,     // nothing at all is permitted
    only_by,   // what is permitted, is permitted by something in the list
    permitted  // everything is permitted: without a tunnel, known port, MACs behind a router
  };
  // Segments and addresses; nothing of either: everything there is.
  struct Peers {
    std::vector<std::string> segments{};  // ids
    std::vector<Prefix> addresses{};
  };
  std::string text{};  // as written, or put together from the fields
  Kind kind = Kind::never;
  Peers from{};
  Peers to{};
  bool both_ways = false;          // from `to` to `from` as well
  std::vector<Ports> ports{};      // empty: all
  std::vector<std::string> ids{};  // only_by: gateways, services and exceptions
  bool by_gateway = false;         // only_by: any of the kind
  bool by_service = false;
  bool by_exception = false;
  std::optional<Time> at{};  // at this moment only; none: at any time
  Place place{};
  bool draft = false;  // held against the policy as it will be with the drafts; refuses nothing yet
  DomainSet domains = in_every_domain;  // of the conversations that it is about
};

struct SwitchChoice {
  std::string id{};
  std::string clause{};  // the body's own clause that allows it, where one is required
  Place place{};
  bool draft = false;  // see ServiceOptions
};

// A cell that the body decides otherwise than the model does. It stands on a clause of the body's own rules,
// and every verdict of that cell shows it.
struct OverlayOptions {
  std::string from{};
  std::string to{};
  Cell cell = Cell::absent;
  std::vector<std::string> reasons{};  // empty: those of the cell that it replaces
  std::string clause{};
  Place place{};
  bool draft = false;  // see ServiceOptions; it may stand beside the one in force, which it is to replace
};

// ---- what conversations amount to: bulk transfers, attacks from inside, services
// ----------------------------------------------------------------------------------------------

// Which way the octets go that are counted.
enum class BulkDirection : std::uint8_t { to_client, to_server };

// 大量ダウンロード警告: more than `bytes` to (or from) one client within `window`.
struct BulkOptions {
  std::uint64_t bytes = 512ULL << 20U;  // octets of frames, 64 KiB..16 TiB
  std::chrono::seconds window{3600};    // 1 minute..168 hours; counted in twelfths of it
  BulkDirection direction = BulkDirection::to_client;
  HoursOptions hours{};                     // office hours; not limited: always inside
  std::uint8_t out_of_hours_percent = 100;  // of `bytes` outside the hours, 1..100
  // Clients whose transfers are known: backup, replication. In whatever domain the entry speaks of.
  std::vector<Prefix> exempt{};
  bool operator==(const BulkOptions&) const = default;
};

// 重要性分類; none: not stated.
enum class Importance : std::uint8_t { none, i, ii, iii, iv };

// A named information system: what is served where, and by whom it is run. Permits nothing.
struct SystemOptions {
  std::string id{};
  std::string name{};
  std::string section{};  // 税務課: who is told, never a person
  Importance importance = Importance::none;
  std::vector<Prefix> hosts{};
  std::vector<Ports> ports{};  // empty = every port
  std::optional<BulkOptions> bulk{};
  Place place{};
  DomainSet domains = in_main;  // of its hosts
};
inline constexpr std::size_t systems_max = 4096;
inline constexpr std::size_t systems_sharing_max = 16;  // on one address, with other ports

// Bulk transfers over a permitted way that belongs to no named system: from a segment to another one.
struct TransferOptions {
  std::string id{};
  std::string name{};
  std::string from{};  // segment of the client, who opens the conversations
  std::string to{};
  BulkOptions bulk{};
  Place place{};
  DomainSet domains = in_every_domain;
};

// Shapes of an attack by one inside terminal (document 000, 6(7)ウ). Two windows: a fast one, and one for who
// takes his time. The defaults are above what a terminal of an office does: it speaks to a handful of
// servers, and a machine that is switched off is asked again on the same port.
struct ScanOptions {
  bool enabled = true;
  std::chrono::seconds window{60};         // 10 seconds..1 hour
  std::chrono::seconds slow_window{3600};  // longer than `window`, up to 24 hours
  std::uint16_t hosts = 20;                // distinct responders that do not answer or refuse, 3..1000
  std::uint16_t slow_hosts = 60;           // the same in slow_window
  std::uint16_t ports = 20;                // distinct ports of one responder that do not answer or refuse
  std::uint16_t slow_ports = 60;
  std::uint16_t sessions = 30;  // short TCP sessions to one service of session_ports
  std::uint16_t slow_sessions = 120;
  // Where people log in and where malware goes: distinct responders count here whether they answer or not.
  std::vector<std::uint16_t> session_ports{22, 23, 135, 139, 445, 1433, 3306, 3389, 5432, 5900, 5985};
  // A session is short up to so long and so many octets from the server: a refused log-in, not work.
  std::chrono::seconds session_time{10};
  std::uint32_t session_bytes = 16'384;
  std::chrono::milliseconds answer_time{3000};  // how long an answer may take, 100 ms..30 s
  bool operator==(const ScanOptions&) const = default;
};

struct BehaviourOptions {
  ScanOptions scan{};
  // Half-open connections to one responder within a second of packet time: a SYN flood. 0: not looked for.
  std::uint32_t half_open_rate = 1000;
  std::vector<Prefix> scanners_allowed{};  // monitoring, inventory, vulnerability scanners, management
  std::uint16_t unused_after_days = 90;    // of declared systems, gateways, services; 0: not looked for
  // Segments in which only declared services may answer.
  std::vector<std::string> declared_only{};
  // Bounds of main's memory: of each kind so many are followed, the stalest makes room and is counted.
  std::uint32_t followed_max = 65'536;  // 1024..1'000'000
  bool operator==(const BehaviourOptions&) const = default;
};

// An address space by its name. The entries of the policy say addresses without their domain, and the domains
// beside them; prefixes of segments, stations and scanners have theirs in the address.
struct DomainName {
  std::string name{};
  bool wired = true;  // has wires of its own; `main` has all that no other one has
  Place place{};
};

// What whoever read the policy has to say of something that is no mistake; in the reader's language.
struct ReadingNote {
  Place place{};
  std::string message{};
};

struct PolicyOptions {
  Profile profile{};
  // By DomainId, `main` first. Empty: there is `main` alone.
  std::vector<DomainName> domains{};
  std::vector<SwitchChoice> switches{};
  std::vector<OverlayOptions>
      overlays{};  // each pair at most once at each stage; they replace what switches make of a cell
  std::vector<SegmentOptions> segments{};
  std::vector<GatewayOptions> gateways{};
  std::vector<ServiceOptions> services{};
  std::vector<ExceptionOptions> exceptions{};
  std::vector<TunnelOptions> tunnels{};      // at most tunnels_max
  std::vector<KnownServiceOptions> known{};  // at most known_services_max
  // Routers, firewalls and layer-3 switches of the body's own: their MACs stand for hosts behind them, and
  // can neither prove nor disprove the MAC of an entry.
  std::vector<MacAddress> routers{};
  std::int16_t utc_offset_minutes = 0;  // the clock of HoursOptions and VolumeOptions
  std::vector<AssertionOptions> assertions{};
  std::vector<SystemOptions> systems{};  // at most systems_max
  std::vector<TransferOptions> transfers{};
  BehaviourOptions behaviour{};
  std::vector<ReadingNote> notes{};  // told with Policy::warnings()
};

}  // namespace sekimori::policy
