// The compiled policy: which segment an address belongs to, and what the model says about a conversation.
//
//   Policy policy{options};                        // throws PolicyError listing every mistake with its place
//   Verdict v = policy.judge({.initiator = a, .responder = b, .protocol = 6, .port = 445, .time = t});
//   if (v.decision == Decision::forbid) ...        // v.cell, v.reasons, v.near_miss say why
//
// Immutable after construction: any number of threads may judge with it. judge() never allocates, throws or
// reads a clock; its cost grows with the prefix length, not with the number of prefixes or exceptions of
// other pairs.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "capture/flow/flow.hpp"
#include "policy/names.hpp"
#include "policy/options.hpp"
#include "policy/text/language.hpp"

namespace sekimori::policy {

using SegmentId = std::uint8_t;  // index into Policy::segments()
inline constexpr std::size_t segments_max = 16;
inline constexpr std::size_t pairs_max = segments_max * segments_max;

// From initiator's segment to responder's, in one small number for counters.
using PairId = std::uint16_t;  // from * segments_max + to
constexpr PairId pair_of(SegmentId from, SegmentId to) {
  return static_cast<PairId>(from * segments_max + to);
}
constexpr SegmentId from_of(PairId pair) {
  return static_cast<SegmentId>(pair / segments_max);
}
constexpr SegmentId to_of(PairId pair) {
  return static_cast<SegmentId>(pair % segments_max);
}

enum class Decision : std::uint8_t { permit, forbid };
std::string_view decision_name(Decision decision);  // "permit", "forbid"

// What a permit rests on, or what an exception's use is: permitted use is told, never hidden.
enum class Basis : std::uint8_t { cell, gateway, service, exception };
std::string_view basis_name(Basis basis);

// Why the entry that came nearest did not apply.
enum class Mismatch : std::uint8_t {
  none,     // no near miss
  not_yet,  // exception: before `from`
  expired,  // exception: at or after `until`
  port,
  protocol,
  source_address,
  destination_address,
  source_mac,
  destination_mac,
  direction,     // the reverse direction would match
  cell_forbids,  // the exception matches, but the cell takes none
  not_approved,  // exception: applied for (申請中), or before the day of its approval
  revoked,       // exception: at or after its revocation (取消)
  out_of_hours,  // exception: outside its weekdays or hours
  name           // no name, or another one than the service's
};
std::string_view mismatch_name(Mismatch mismatch);

struct NearMiss {
  Mismatch mismatch = Mismatch::none;
  Basis kind = Basis::exception;  // gateway, service or exception
  std::uint32_t index = 0;        // into Policy::options().gateways, services or exceptions
};

// A near miss with everything that it differs in: in the order in which an officer looks, `miss.mismatch`
// first.
struct NearEntry {
  NearMiss miss{};
  std::vector<Mismatch> differs{};
};

// RFC 5424 severities as the domain text's section 3.10 gives them.
enum class Severity : std::uint8_t { emergency, alert, critical, error, warning, notice, info, debug };

struct Verdict {
  Decision decision = Decision::permit;
  Cell cell = Cell::absent;   // of the matrix, after switches and overlays
  Basis basis = Basis::cell;  // what permitted it; `cell` when the matrix alone decided
  SegmentId from = 0;
  SegmentId to = 0;
  std::uint8_t reasons_count = 0;
  std::array<std::uint8_t, 4> reasons{};  // indexes into Policy::options().profile.reasons
  std::uint32_t basis_index = 0;          // gateway, service or exception
  std::uint16_t switch_index = 0xffff;    // the switch that changed the cell, into Policy::options().switches
  std::uint16_t overlay_index = 0xffff;   // the overlay that changed it, into Policy::options().overlays
  NearMiss near_miss{};
  bool via_next_hop = false;  // a segment was told by the next hop's MAC, not by the address
  // Left by none of the next hops of the responder's segment: another cell counts. Where the profile has none
  // for the pair (Profile::other_paths), another segment's next hop, or SegmentOptions::next_hop_only, make
  // it one for exceptions only, for the reasons of going outside as well.
  bool other_path = false;
  bool source_unlisted_private = false;  // in no prefix, though private: 未登録アドレス
  bool destination_unlisted_private = false;
  bool claims_agree = true;  // false: the frame's VLAN or tap belongs to neither side's segment
  bool mac_verified = true;  // false: the entry limits MACs and the frame's are a router's, or unknown
  bool link_scope =
      false;  // an end is multicast, broadcast, link-local or unspecified: it cannot leave its wire
  // What this conversation carries as a tunnel between two segments; none inside one segment. Where no
  // declared tunnel covers its ends, that alone forbids it, whatever the cell, a gateway, a service or an
  // exception says of the pair: `undeclared_tunnel`. Where one does, it is `tunnel_index`, and the rest of
  // the policy decides.
  capture::Tunnel tunnel = capture::Tunnel::none;
  bool undeclared_tunnel = false;
  std::uint16_t tunnel_index = 0xffff;  // into Policy::options().tunnels
  // The responder's segment was told by a name that the conversation is proved to go to.
  bool via_name = false;
  // Forbidden as long as nobody knows the responder's name: one of a service's names would permit it.
  bool name_pending = false;
  // Forbidden by the next hop of this frame, which is no segment's; on its way to a segment's next hop it
  // would be permitted. Where the mirror sees both sides of what stands between, a copy of the packet will
  // tell.
  bool path_pending = false;
  // What is at stage draft would change it: with all of that in force the decision would be the other one.
  // What permits it then is `draft_basis` (`cell`: the cell, or nothing). Where a draft of an overlay, a
  // switch or a tunnel has a say in it, these are its indexes into the options.
  bool draft_differs = false;
  Basis draft_basis = Basis::cell;
  std::uint32_t draft_index = 0;
  std::uint16_t draft_overlay = 0xffff;
  std::uint16_t draft_switch = 0xffff;
  std::uint16_t draft_tunnel = 0xffff;
  // Forbidden, but who started it is a guess, and the other way round it would be permitted: a suspicion, not
  // a finding.
  bool orientation_matters = false;
  PairId pair() const { return pair_of(from, to); }
};

// What is judged: the facts of one conversation, oriented by its initiator.
struct Conversation {
  IpAddress initiator{};
  IpAddress responder{};
  std::uint16_t initiator_port = 0;
  std::uint16_t port = 0;  // the responder's; ICMP: 0
  std::uint8_t protocol = 0;
  bool ports_known = true;
  Time time{};
  MacAddress initiator_mac{};  // zero = unknown
  MacAddress responder_mac{};
  // That side has sent nothing yet: its MAC is the next hop's, which cannot disprove an entry's.
  bool initiator_mac_guessed = false;
  bool responder_mac_guessed = false;
  MacAddress next_hop_mac{};         // destination of the initiator's frames
  bool neighbour_discovery = false;  // ICMPv6 types 133..137 (RFC 4861): never forwarded, like ARP
  std::uint16_t vlan = 0;            // innermost; 0 = untagged
  std::uint16_t tap = 0;
  // What it carries, also where that cannot be opened: ESP and IKE (UDP 500 and 4500, RFC 7296, RFC 3948) are
  // tunnels, GRE and IP in IP are, whatever is inside.
  capture::Tunnel tunnel = capture::Tunnel::none;
  capture::Tunnel inside = capture::Tunnel::none;  // what carries it: told, never judged
  std::uint8_t depth = 0;
  capture::Confidence confidence = capture::Confidence::certain;  // that `initiator` started it
  NameClass name = name_class::unknown;                           // what the responder is known to be called
  bool name_own = false;  // by the conversation's own words: no other name can be its own
};
// ESP hides what it carries and IKE negotiates it: tunnels, though the decoder sees no packet in them.
// `port`: the responder's.
capture::Tunnel tunnel_by_port(std::uint8_t protocol, std::uint16_t port);
// `time`: the moment for which it is judged.
Conversation conversation_of(const capture::FlowGist& gist, Time time);
// As it was at its last packet, and with what carries it.
Conversation conversation_of(const capture::FlowFacts& facts);

struct CompiledPolicy;  // policy/compiled.hpp

class PolicyError : public std::runtime_error {
 public:
  struct Item {
    Place place;
    std::string message;
  };
  explicit PolicyError(std::vector<Item> items);
  const std::vector<Item>& items() const { return items_; }

 private:
  std::vector<Item> items_;
};

class SystemMap;  // policy/system_map.hpp

// On lines of its own: beside it lies the count of who shares it, which main moves with each alert while
// workers read it for each new flow.
class alignas(128) Policy {
 public:
  // `taps`: names of the taps in the order of their indexes. `sha256`: hexadecimal digest of the sources,
  // told in every verdict. `generation`: 1 at start, one more at each reload. `language`: of PolicyError and
  // warnings(). Throws PolicyError with every mistake that needs the model to be seen, in the order of their
  // places.
  explicit Policy(PolicyOptions options, const std::vector<std::string>& taps = {}, std::string sha256 = {},
                  std::uint32_t generation = 1, Language language = Language::ja);
  ~Policy();
  Policy(Policy&&) noexcept;
  Policy& operator=(Policy&&) noexcept;

  Verdict judge(const Conversation& conversation) const;

  // The pair whose cell alone permits a conversation between these two, seen on this wire (`vlan`: innermost,
  // 0 = untagged): addresses tell both segments, the wire is one of theirs or nobody's, and no port, name,
  // card, path or time has a say. What judge() would answer then is a permit by the cell, and nothing else.
  // None: ask judge(). Not for what is or carries a tunnel (tunnel_by_port), nor for neighbour discovery.
  std::optional<PairId> settled(const IpAddress& initiator, const IpAddress& responder, std::uint16_t tap,
                                std::uint16_t vlan) const;

  // What came near to permitting a conversation that is forbidden: at most `most` entries, nearest first.
  // Looks at all of them: for people who ask, not for the packet path.
  std::vector<NearEntry> near_misses(const Conversation& conversation, std::size_t most) const;

  // Which segment an address belongs to by prefix alone; unlisted = external. `prefix_index`, when given,
  // gets the index of the matching NamedPrefix in prefixes(), or -1.
  SegmentId classify(const IpAddress& address, int* prefix_index = nullptr) const;
  SegmentId external() const;
  const std::vector<ProfileSegment>& segments() const;
  // Index in segments() of the segment with this id, code, Japanese name or alias ("mynumber", "MN",
  // "マイナンバー利用事務系", "基幹系"); -1 if the profile knows none.
  int segment_index(std::string_view id) const;
  // Every prefix of every segment, ordered by address, a covering prefix before those that it covers.
  const std::vector<NamedPrefix>& prefixes() const;
  // The name of the longest named prefix that holds this address (税務課), or empty.
  std::string_view prefix_name(const IpAddress& address) const;
  // Is there more than `main`, so that an address alone does not say which host is meant?
  bool several_domains() const;
  std::size_t domains_count() const;  // 1..domains_max
  std::string_view domain_name(DomainId domain) const;
  int domain_index(std::string_view name) const;  // -1: there is none of this name
  // The matrix after switches and overlays, and as the profile has it.
  Cell cell(SegmentId from, SegmentId to) const;
  Cell model_cell(SegmentId from, SegmentId to) const;

  // Does the segment name wires of its own (SegmentOptions::vlans, taps), so that a packet can be told to
  // have come out on them?
  bool has_claims(SegmentId segment) const;
  // Is this place on the segment's own wires? The innermost of `vlans` decides where a segment claims it,
  // else the tap does. O(1), for the packet path.
  bool claimed(SegmentId segment, std::uint16_t tap, std::span<const std::uint16_t> vlans) const;

  // Responder ports that gateways, services and exceptions name: evidence for who serves whom.
  bool service_port(std::uint8_t protocol, std::uint16_t port) const;

  // The names that services and known services ask for.
  const NameMap& names() const;
  // Does any service ask for names, so that flows to outside may have to wait for theirs?
  bool has_named_services() const;
  // Is it one of the segments whose services ask for names?
  bool leads_by_name(SegmentId segment) const;
  // May a name seen with this responder port matter?
  bool name_port(std::uint16_t port) const;
  // Can another next hop than its own make a conversation to this segment another path?
  bool path_matters(SegmentId segment) const;
  // Is it a next hop that leads to a segment?
  bool is_next_hop(const MacAddress& mac) const;
  // Is the conversation, of this verdict, known to be of PolicyOptions::known[index]?
  bool is_known(std::size_t index, const Conversation& conversation, const Verdict& verdict) const;

  // Verdicts depend on time only through exceptions: two times in one epoch give the same verdict to the same
  // conversation. `begin` <= time < `end`. An epoch ends where an exception begins, ends, is approved or
  // revoked, and at each border of the hours of any of them.
  struct Epoch {
    std::uint32_t index = 0;
    Time begin{};
    Time end{};
  };
  Epoch epoch(Time time) const;

  // What is valid and yet has no effect: a gateway on a pair that is forbidden without regard to gateways, an
  // exception that meets only cells which allow no exception. With places, in their order.
  const std::vector<PolicyError::Item>& warnings() const;

  // The tables behind the verdicts, for what reasons about all conversations at once (policy/proof).
  const CompiledPolicy& compiled() const;
  // Which of the city's information systems an address and port belong to, and what is metered.
  const SystemMap& systems() const;

  const PolicyOptions& options() const;
  const std::string& sha256() const;
  std::uint32_t generation() const;

 private:
  struct Compiled;
  std::unique_ptr<const Compiled> compiled_;
};

// 3.10: external or Internet <-> My Number answered or more: alert; other My Number crossing: critical; the
// rest: error; attempts and refusals: warning, and so is a use of an expired exception, and what would be
// permitted the other way round when nobody knows which way it was.
Severity severity(const Policy& policy, const Verdict& verdict, capture::Stage stage);

}  // namespace sekimori::policy
