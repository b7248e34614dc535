// One flow's record as it lies in memory: 128 hot octets in two cache lines, 16 cold ones beside them, 28 to
// a page.
//
// Tried and left: 144 octets in one piece (every packet touches three lines instead of two), and interned MAC
// addresses (saves 12 octets, but a flood of made-up MACs empties the intern table and then facts are lost).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "capture/flow/flow.hpp"
#include "capture/flow/flow_key.hpp"

namespace sekimori::capture {

// Notes that the worker keeps in a record; the table only stores them. Zero when the record is opened.
struct FlowNotes {
  std::uint16_t judged = 0;      // epoch for which the verdict below stands; 0 = never judged
  std::uint8_t pair = 0;         // from * 16 + to
  std::uint8_t name = 0;         // class of the responder's name; 0 = not known
  std::uint16_t told_at = 0;     // packet time of the last report, whole seconds modulo 2^16
  std::uint8_t verdict = 0;      // bit 0: forbidden; bit 1: permitted by exception; bits 2..7 the worker's
  std::uint8_t told : 3 = 0;     // 1 + the highest stage that was reported; 0 = nothing reported
  std::uint8_t pending : 1 = 0;  // a report could not be handed over yet: never evict, revisit in advance()
  std::uint8_t passed : 2 =
      0;  // bit 0: a packet to the responder was seen beyond the boundary, 1: to the initiator
  std::uint8_t graced : 1 = 0;    // its report waits for the end of the startup grace
  std::uint8_t name_own : 1 = 0;  // the flow itself told its name
};

// What one end was seen to do, in bits: with both ends' bits the stage follows whatever the order of the
// packets.
namespace seen {
inline constexpr unsigned syn = 0x01;      // SYN without ACK
inline constexpr unsigned syn_ack = 0x02;  // SYN with ACK
inline constexpr unsigned spoke = 0x04;    // TCP: ACK without SYN or RST; others: any packet of its own
inline constexpr unsigned payload = 0x08;  // carried payload while speaking
inline constexpr unsigned fin = 0x10;
inline constexpr unsigned rst = 0x20;
inline constexpr unsigned went_on = 0x40;   // others than TCP: spoke again after the other end had spoken
inline constexpr unsigned again = 0x40;     // TCP: sent payload again
inline constexpr unsigned bare_ack = 0x80;  // TCP: ACK alone, without payload
}  // namespace seen

// In the history: the ends changed roles. Other letters are 1 to 7, with a side above them.
inline constexpr unsigned letter_turned = 8;

// Frames and octets of one direction: 40 and 48 bits in eleven octets.
struct FlowCount {
  std::uint64_t packets() const { return packets_low | static_cast<std::uint64_t>(packets_high) << 32U; }
  std::uint64_t bytes() const { return bytes_low | static_cast<std::uint64_t>(bytes_high) << 32U; }
  void add(std::uint32_t octets) {
    if (++packets_low == 0) ++packets_high;
    bytes_low += octets;
    if (bytes_low < octets) ++bytes_high;
  }
  std::uint32_t packets_low = 0;
  std::uint32_t bytes_low = 0;
  std::uint16_t bytes_high = 0;
  std::uint8_t packets_high = 0;
  std::uint8_t resent = 0;  // retransmissions, sticks at 255
};
static_assert(sizeof(FlowCount) == 12);

// Arrays of two are indexed by the side of the key, 0 the lower and 1 the upper; who initiated is
// `initiator`.
struct FlowRecord {
  // First line: what finding, ageing and staging a flow needs, and whether a packet is a copy.
  std::array<std::uint64_t, 5> key{};  // FlowKey::words; the VLAN ids are those of the home sighting
  std::uint16_t kind = 0;              // FlowKey::kind; 0 = the record is free
  std::array<std::uint8_t, 2> seen{};
  std::uint8_t stage : 3 = 0;
  std::uint8_t evidence : 3 = 0;
  std::uint8_t initiator : 1 = 0;
  std::uint8_t ports_known : 1 = 0;
  std::uint8_t vlan_count : 2 = 0;
  std::uint8_t next_hop_known : 1 = 0;  // FlowCold::next_hop is the initiator's
  std::uint8_t next_known : 2 = 0;      // by side: `next` is
  std::uint8_t young : 1 = 0;           // is in the page's young mask
  std::uint8_t carrier : 1 = 0;
  std::uint8_t traced : 1 = 0;  // has a FlowTrace
  std::array<std::uint8_t, 2> tcp_flags{};
  Time last{};
  std::array<std::uint32_t, 2> fingerprints{};  // of the last packet of each side
  // Second line: what is counted and noted.
  std::array<FlowCount, 2> counts{};
  FlowNotes notes{};
  // TCP: the sequence number after the highest seen of each side. ICMP: [0] = type, code << 8 of the first
  // packet.
  std::array<std::uint32_t, 2> next{};
  std::array<std::uint16_t, 2> places{};  // of each side's home sighting: TTL in the upper octet, then a hash
  std::array<std::uint8_t, 6> history{};  // twelve letters of four bits
  std::uint8_t tunnel = 0;                // as Tunnel: what its packets carry
  std::uint8_t trace_refused : 1 = 0;     // no trace was free when it was needed
  // TCP. Bits by side: octets of it are missing; `next` is what the other end acknowledged, not yet seen.
  std::uint8_t gaps : 2 = 0;
  std::uint8_t led : 2 = 0;
  std::uint8_t in_parts : 1 = 0;    // fragments or damaged packets: nobody knows how long its segments are
  std::uint8_t exit_known : 1 = 0;  // the next hop is the one by which it left: leave_by()
  std::array<MacAddress, 2> macs{};
};
static_assert(sizeof(FlowNotes) == 8);
static_assert(sizeof(FlowRecord) == 128);
static_assert(offsetof(FlowRecord, counts) == 64, "the second line begins with the counters");

// What only opening and telling a flow needs.
struct FlowCold {
  Time start{};
  MacAddress next_hop{};  // of the initiator's frames; while nothing was seen of him, of the responder's
  std::uint16_t tap = 0;
};
static_assert(sizeof(FlowCold) == 16);

// A record as the worker sees it. Lives inside a FlowPage only, and belongs to the table's thread; a
// reference is good until the call that handed it over returns.
class Flow : private FlowRecord {
 public:
  Flow() = default;
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  using FlowRecord::notes;

  Tuple tuple() const;  // the initiator is the source
  FlowGist gist() const;
  // Without what only the table's traces know: FlowTable::facts(). `gist`: its own, as it is now.
  FlowFacts facts(const FlowGist& gist) const;
  std::uint64_t id() const;
  Stage stage() const { return static_cast<Stage>(FlowRecord::stage); }
  Evidence evidence() const { return static_cast<Evidence>(FlowRecord::evidence); }
  FlowState state() const;
  // Compliance aside, the first to go: TCP without a complete handshake, others with a few packets and no
  // answer.
  bool half_open() const;
  std::uint8_t protocol() const { return static_cast<std::uint8_t>(kind); }
  IpAddress initiator() const { return address(FlowRecord::initiator); }
  IpAddress responder() const { return address(FlowRecord::initiator ^ 1U); }
  // Of both directions.
  std::uint64_t packets() const { return counts[0].packets() + counts[1].packets(); }
  std::uint64_t bytes() const { return counts[0].bytes() + counts[1].bytes(); }
  std::uint64_t bytes_to_server() const { return counts[FlowRecord::initiator].bytes(); }
  std::uint64_t bytes_to_client() const { return counts[FlowRecord::initiator ^ 1U].bytes(); }
  bool carrier() const { return FlowRecord::carrier != 0; }
  Tunnel tunnel() const { return static_cast<Tunnel>(FlowRecord::tunnel); }
  // The mirror showed one direction only, although the other one must have been there.
  bool one_sided() const;
  Time start() const { return cold().start; }
  Time last() const { return FlowRecord::last; }
  // The initiator's packets were seen on their way to this next hop, perhaps beyond what forwards them nearer
  // to the sender: from here on it is the flow's, whatever copies come. Once; the first one stays.
  void leave_by(const MacAddress& next_hop);
  // Likewise where the answers alone were seen: on their way to who is the initiator's next hop as well.
  // Until he is seen himself.
  void answer_by(const MacAddress& next_hop);
  bool exit_known() const { return FlowRecord::exit_known != 0; }
  // Was this packet, no copy, seen where this end's others were (tap, VLAN, TTL), but sent by another card?
  // Then that card is the end's from here on.
  bool change_card(const Packet& packet, bool from_initiator);

 private:
  friend class FlowTable;
  friend class FlowRules;
  friend class FlowTraces;

  FlowKey full_key() const { return {.words = key, .kind = kind}; }
  bool is(const FlowKey& wanted, std::uint64_t mask) const {
    return ((key[0] ^ wanted.words[0]) | (key[1] ^ wanted.words[1]) | (key[2] ^ wanted.words[2]) |
            (key[3] ^ wanted.words[3]) | ((key[4] ^ wanted.words[4]) & mask) |
            static_cast<unsigned>(kind ^ wanted.kind)) == 0;
  }
  bool icmp() const { return protocol() == protocol::icmp || protocol() == protocol::icmpv6; }
  bool tcp() const { return protocol() == protocol::tcp && (kind & FlowKey::with_ports) != 0; }
  void remember(unsigned letter, unsigned side);  // writes into the history
  ConnState conn_state() const;
  IpAddress address(unsigned side) const;
  Sighting home(unsigned side) const;
  const FlowCold& cold() const;
  std::uint16_t& trace();
  FlowCold& cold() { return const_cast<FlowCold&>(static_cast<const Flow&>(*this).cold()); }
};
static_assert(sizeof(Flow) == 128);

// 28 records, aligned so that a record finds its page, and with it its cold part, from its own address.
struct alignas(4096) FlowPage {
  static constexpr unsigned flows_count = 28;
  static constexpr std::uint32_t all = (1U << flows_count) - 1U;
  static constexpr std::size_t first = 512;  // octets before the records

  std::uint32_t used = 0;                           // which records hold a flow
  std::uint32_t young = 0;                          // which of them are evicted first
  std::array<std::uint16_t, flows_count> traces{};  // of the records that have one: index in FlowTraces
  std::array<FlowCold, flows_count> cold;
  std::array<Flow, flows_count> flows;

  static const FlowPage& of(const Flow& flow) {
    return *reinterpret_cast<const FlowPage*>(reinterpret_cast<std::uintptr_t>(&flow) &
                                              ~std::uintptr_t{4095});
  }
  static unsigned slot(const Flow& flow) {
    return static_cast<unsigned>(((reinterpret_cast<std::uintptr_t>(&flow) & 4095U) - first) /
                                 sizeof(FlowRecord));
  }
};
static_assert(sizeof(FlowPage) == 4096);
// Processors fetch cache lines in aligned pairs: both halves of a record come at once.
static_assert(offsetof(FlowPage, flows) == FlowPage::first && FlowPage::first % sizeof(FlowRecord) == 0,
              "a record is an aligned pair of cache lines");

}  // namespace sekimori::capture
