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
  Prefix prefix{};
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

// A named service: who may reach it, where it is, on which ports. Makes an L cell permit.
struct ServiceOptions {
  std::string id{};
  std::string name{};
  std::string from{};  // segment ids
  std::string to{};
  EndpointOptions clients{};
  EndpointOptions hosts{};
  std::vector<Ports> ports{};
  Place place{};
};

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
  Place place{};
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
  Place place{};
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
};
inline constexpr std::size_t tunnels_max = 256;

struct SwitchChoice {
  std::string id{};
  std::string clause{};  // the body's own clause that allows it, where one is required
  Place place{};
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
};

struct PolicyOptions {
  Profile profile{};
  std::vector<SwitchChoice> switches{};
  std::vector<OverlayOptions>
      overlays{};  // each pair at most once; they replace what switches make of a cell
  std::vector<SegmentOptions> segments{};
  std::vector<GatewayOptions> gateways{};
  std::vector<ServiceOptions> services{};
  std::vector<ExceptionOptions> exceptions{};
  std::vector<TunnelOptions> tunnels{};  // at most tunnels_max
  // Routers, firewalls and layer-3 switches of the body's own: their MACs stand for hosts behind them, and
  // can neither prove nor disprove the MAC of an entry.
  std::vector<MacAddress> routers{};
  std::int16_t utc_offset_minutes = 0;  // the clock of HoursOptions and VolumeOptions
};

}  // namespace sekimori::policy
