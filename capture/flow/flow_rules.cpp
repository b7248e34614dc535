#include "capture/flow/flow_rules.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

namespace sekimori::capture {

namespace {

// Longest disorder of one conversation's packets in a mirror that is believed: within it a SYN that comes
// after other packets is the late beginning of the same connection, beyond it the beginning of the next.
constexpr std::chrono::seconds reorder_span{3};
// Payload from before the newest, this soon after the packet before it, has overtaken or was overtaken; later
// it was sent again.
constexpr std::chrono::milliseconds overtaking_span{3};

// More than this is no loss: another conversation's number, a forged one, or an outage that is told by
// itself.
constexpr std::int32_t gap_most = 1 << 20;

enum class IcmpRole : std::uint8_t { request, reply, one_way, unknown };

IcmpRole icmp_role(std::uint8_t number, std::uint8_t type) {
  if (number == protocol::icmp) {
    switch (type) {
      case 8:
      case 10:
      case 13:
      case 15:
      case 17:
        return IcmpRole::request;  // RFC 792, 950, 1256
      case 0:
      case 9:
      case 14:
      case 16:
      case 18:
        return IcmpRole::reply;
      case 3:
      case 4:
      case 5:
      case 11:
      case 12:
        return IcmpRole::one_way;  // errors, quench, redirect
      default:
        return IcmpRole::unknown;
    }
  }
  switch (type) {
    case 128:
    case 130:
    case 133:
    case 135:
    case 139:
    case 144:
    case 146:
      return IcmpRole::request;  // RFC 4443, 2710,
    case 129:
    case 131:
    case 134:
    case 136:
    case 140:
    case 145:
    case 147:
      return IcmpRole::reply;  // 4861, 4620, 6275
    case 1:
    case 2:
    case 3:
    case 4:
    case 137:
      return IcmpRole::one_way;
    default:
      return IcmpRole::unknown;
  }
}

bool group(const IpAddress& address) {
  return address.is_multicast() || address.is_broadcast();
}

using Opinion = FlowRules::Opinion;

Opinion by_ports(const Packet& packet, const ServicePorts* ports) {
  const std::uint8_t number = packet.tuple.protocol;
  const bool tcp = number == protocol::tcp;
  if (!packet.ports_known || (!tcp && number != protocol::udp && number != protocol::sctp)) return {};
  const std::uint16_t from = packet.tuple.source_port;
  const std::uint16_t to = packet.tuple.destination_port;
  if (ports != nullptr && number != protocol::sctp) {
    const auto& served = tcp ? ports->tcp : ports->udp;
    // A datagram to a port on which only servers listen is no plain answer, whatever port it comes from: a
    // chosen source port must not turn a conversation round. Of TCP a guess is made in mid-stream only.
    // Clients of DHCP (68) and of remote procedure calls (RFC 5531; 512 to 1023) have low ports too.
    constexpr std::uint16_t dhcp_client = 68, reserved_for_clients = 512;
    const bool doubtful =
        !tcp && served[from] && !served[to] && to < reserved_for_clients && to != dhcp_client;
    if (doubtful) return {};
    if (served[from] != served[to]) return {.sender = served[to], .evidence = Evidence::known_service};
  }
  // Below 1024 only servers bind by themselves; from 32768 upwards systems pick the ports of clients.
  if ((from < 1024) != (to < 1024)) return {.sender = to < 1024, .evidence = Evidence::port_heuristic};
  if ((from < 32768) != (to < 32768)) return {.sender = to < 32768, .evidence = Evidence::port_heuristic};
  return {};
}

// Only what a TCP header can prove by itself.
Opinion by_handshake(const Packet& packet) {
  const bool ack = (packet.tcp_flags & tcp_flag::ack) != 0;
  return {.sender = !ack, .evidence = ack ? Evidence::syn_ack : Evidence::syn};
}

bool handshake(const Packet& packet) {
  return (packet.tcp_flags & tcp_flag::syn) != 0 && (packet.tcp_flags & tcp_flag::rst) == 0;
}

Opinion opinion_of(const Packet& packet, const ServicePorts* ports, bool tcp) {
  // A group address receives only: whatever the ports say, the sender began.
  if (group(packet.tuple.destination)) {
    const bool icmp = packet.tuple.protocol == protocol::icmp || packet.tuple.protocol == protocol::icmpv6;
    const bool known = icmp && icmp_role(packet.tuple.protocol, packet.icmp_type) != IcmpRole::unknown;
    return {.sender = true, .evidence = known ? Evidence::icmp_type : Evidence::first_packet};
  }
  if (group(packet.tuple.source)) return {.sender = false, .evidence = Evidence::first_packet};
  if (tcp && handshake(packet)) return by_handshake(packet);
  if (packet.tuple.protocol == protocol::icmp || packet.tuple.protocol == protocol::icmpv6) {
    if (!packet.ports_known && packet.fragment && !packet.fragment_first) return {};
    switch (icmp_role(packet.tuple.protocol, packet.icmp_type)) {
      case IcmpRole::request:
      case IcmpRole::one_way:
        return {.sender = true, .evidence = Evidence::icmp_type};
      case IcmpRole::reply:
        return {.sender = false, .evidence = Evidence::icmp_type};
      case IcmpRole::unknown:
        return {};
    }
  }
  return by_ports(packet, ports);
}

unsigned seen_bits(const Packet& packet, bool tcp) {
  if (!tcp) return seen::spoke | (packet.payload_bytes != 0 ? seen::payload : 0U);
  const std::uint8_t flags = packet.tcp_flags;
  if ((flags & tcp_flag::rst) != 0) return seen::rst;
  if ((flags & tcp_flag::syn) != 0) return (flags & tcp_flag::ack) != 0 ? seen::syn_ack : seen::syn;
  unsigned bits = 0;
  if ((flags & tcp_flag::fin) != 0) bits |= seen::fin;
  if ((flags & tcp_flag::ack) != 0) {
    bits |= seen::spoke;
    if (packet.payload_bytes != 0) {
      bits |= seen::payload;
    } else if ((flags & tcp_flag::fin) == 0) {
      bits |= seen::bare_ack;
    }
  }
  return bits;
}

bool unreachable(const Packet& packet) {
  if (packet.tuple.protocol == protocol::icmp)
    return packet.icmp_type == 3 && packet.icmp_code != 4;  // 4: too big
  return packet.tuple.protocol == protocol::icmpv6 && packet.icmp_type == 1;
}

}  // namespace

FlowRules::Opinion FlowRules::first_opinion(const Packet& packet, const ServicePorts* ports) {
  return opinion_of(packet, ports, packet.tuple.protocol == protocol::tcp && packet.ports_known);
}

void FlowRules::open(Flow& flow, const DirectedKey& key, const Packet& packet, const ServicePorts* ports) {
  const unsigned young = flow.young;
  static_cast<FlowRecord&>(flow) = FlowRecord{};
  flow.young = young & 1U;
  flow.key = key.key.words;
  flow.key[4] |= packed_vlans(packet);
  flow.kind = key.key.kind;
  flow.ports_known = packet.ports_known ? 1 : 0;
  flow.vlan_count = static_cast<std::uint8_t>(std::min<unsigned>(packet.vlan_count, 2U)) & 3U;
  flow.FlowRecord::last = packet.time;
  flow.FlowRecord::carrier = packet.carrier ? 1 : 0;
  flow.FlowRecord::tunnel = static_cast<std::uint8_t>(packet.tunnel);
  flow.cold() = {.start = packet.time, .next_hop = {}, .tap = packet.tap};
  const bool tcp = flow.tcp();
  if (packet.tuple.protocol == protocol::icmp || packet.tuple.protocol == protocol::icmpv6) {
    flow.next[0] = packet.icmp_type | (static_cast<std::uint32_t>(packet.icmp_code) << 8U);
  }
  const Opinion opinion = opinion_of(packet, ports, tcp);
  flow.FlowRecord::evidence = static_cast<std::uint8_t>(opinion.evidence) & 7U;
  flow.FlowRecord::initiator = (opinion.sender ? key.side : key.side ^ 1U) & 1U;
  if (!opinion.sender && tcp) flow.remember(letter_turned, 0);
}

void FlowRules::count(Flow& flow, const Packet& packet, unsigned side) {
  flow.counts[side].add(packet.wire_bytes);
  flow.FlowRecord::last = std::max(flow.FlowRecord::last, packet.time);
}

// The sender has what nobody saw. `next` goes along, so that each octet is missed once; where directions come
// on two taps, what is acknowledged may be shown a little later, and is `late` then.
void FlowRules::acknowledge(Flow& flow, const Packet& packet, unsigned other, Changes& changes) {
  const auto ahead = static_cast<std::int32_t>(packet.tcp_acknowledgment - flow.next[other]);
  // Of an end that was never seen nothing is missing that is not told otherwise (Flow::one_sided).
  if (ahead <= 0 || ahead > gap_most || flow.counts[other].packets() == 0) return;
  flow.next[other] = packet.tcp_acknowledgment;
  flow.led = static_cast<std::uint8_t>(flow.led | 1U << other) & 3U;
  flow.gaps = static_cast<std::uint8_t>(flow.gaps | 1U << other) & 3U;
  if (flow.in_parts == 0) changes.acknowledged = static_cast<std::uint32_t>(ahead);
}

// `ahead`: how far the packet's end lies beyond the highest number seen of its side.
void FlowRules::miss(Flow& flow, const Packet& packet, unsigned side, std::int32_t ahead, Changes& changes) {
  const auto gap = static_cast<std::int32_t>(packet.tcp_sequence - flow.next[side]);
  const bool both = flow.counts[0].packets() != 0 && flow.counts[1].packets() != 0;
  const bool begins = (packet.tcp_flags & tcp_flag::syn) != 0;
  if (gap > 0 && gap <= gap_most && both && !begins && flow.in_parts == 0) {
    flow.gaps = static_cast<std::uint8_t>(flow.gaps | 1U << side) & 3U;
    changes.skipped = static_cast<std::uint32_t>(gap);
  } else if (gap < 0 && (flow.gaps >> side & 1U) != 0 && flow.in_parts == 0) {
    changes.late = ahead > 0 ? static_cast<std::uint32_t>(-gap) : packet.payload_bytes;
  }
}

// Follows the sequence numbers of both ends, and notices payload that was sent before or not seen.
void FlowRules::sequence(Flow& flow, const Packet& packet, unsigned side, unsigned& bits, Changes& changes) {
  const unsigned known = flow.next_known;
  if (packet.fragment || packet.malformed) flow.in_parts = 1;
  const bool reset = (bits & seen::rst) != 0;
  if ((packet.tcp_flags & tcp_flag::ack) != 0 && packet.tcp_acknowledgment != 0) {
    if ((known >> (side ^ 1U) & 1U) == 0) {
      flow.next[side ^ 1U] = packet.tcp_acknowledgment;
      flow.next_known = static_cast<std::uint8_t>(known | 1U << (side ^ 1U)) & 3U;
    } else if (!reset) {
      acknowledge(flow, packet, side ^ 1U, changes);
    }
  }
  if (reset) return;  // may carry any number
  const std::uint32_t end = packet.tcp_sequence + packet.payload_bytes +
                            ((packet.tcp_flags & tcp_flag::syn) != 0 ? 1U : 0U) +
                            ((packet.tcp_flags & tcp_flag::fin) != 0 ? 1U : 0U);
  if ((known >> side & 1U) == 0) {
    flow.next[side] = end;
    flow.next_known = static_cast<std::uint8_t>(flow.next_known | 1U << side) & 3U;
    return;
  }
  const auto ahead = static_cast<std::int32_t>(end - flow.next[side]);
  miss(flow, packet, side, ahead, changes);
  if (ahead > 0) {
    flow.next[side] = end;
    flow.led = static_cast<std::uint8_t>(flow.led & ~(1U << side)) & 3U;
    return;
  }
  // One octet from just before the next is a keep-alive (RFC 9293 section 3.8.4).
  const bool keep_alive = ahead == 0 && packet.payload_bytes == 1;
  if (flow.counts[side].packets() == 0 || (bits & seen::payload) == 0 || keep_alive ||
      (flow.led >> side & 1U) != 0 || packet.time - flow.last() < overtaking_span) {
    return;
  }
  bits |= seen::again;
  if (flow.counts[side].resent != 0xffU) ++flow.counts[side].resent;
}

void FlowRules::write_history(Flow& flow, unsigned bits, unsigned side) {
  static constexpr std::array<unsigned, 7> order{seen::syn, seen::syn_ack, seen::bare_ack, seen::payload,
                                                 seen::fin, seen::rst,     seen::again};
  for (unsigned letter = 0; letter < order.size(); ++letter) {
    if ((bits & order[letter]) != 0) flow.remember(letter + 1, side);
  }
}

void FlowRules::add(Flow& flow, const Packet& packet, unsigned side, Changes& changes) {
  const bool tcp = flow.tcp();
  unsigned bits = seen_bits(packet, tcp);
  unsigned letters = 0;
  if (tcp) {
    flow.tcp_flags[side] |= packet.tcp_flags;
    if (packet.tcp_flags != 0) sequence(flow, packet, side, bits, changes);
    letters = bits;
    if ((bits & (seen::syn | seen::syn_ack)) != 0) {
      const Opinion opinion = by_handshake(packet);
      if (static_cast<std::uint8_t>(opinion.evidence) < flow.FlowRecord::evidence &&
          !group(packet.tuple.source) && !group(packet.tuple.destination)) {
        flow.FlowRecord::evidence = static_cast<std::uint8_t>(opinion.evidence) & 7U;
        const unsigned initiator = opinion.sender ? side : side ^ 1U;
        if (initiator != flow.FlowRecord::initiator) {
          flow.FlowRecord::initiator = initiator & 1U;
          flow.next_hop_known = 0;
          flow.FlowRecord::exit_known = 0;
          flow.notes.passed =
              static_cast<std::uint8_t>(flow.notes.passed >> 1U | flow.notes.passed << 1U) & 3U;
          flow.remember(letter_turned, 0);
          changes.initiator = true;
        }
      }
    }
  } else {
    const bool icmp = flow.protocol() == protocol::icmp || flow.protocol() == protocol::icmpv6;
    letters = icmp ? 0U : bits & seen::payload;
    if (side == flow.FlowRecord::initiator && (flow.seen[0] & flow.seen[1] & seen::spoke) != 0) {
      bits |= seen::went_on;
    }
  }
  letters &= ~static_cast<unsigned>(flow.seen[side]);
  if (letters != 0) write_history(flow, letters, side);
  flow.seen[side] = static_cast<std::uint8_t>(flow.seen[side] | bits);
  count(flow, packet, side);

  if (flow.macs[side].is_zero() && !packet.source_mac.is_zero()) {
    flow.macs[side] = packet.source_mac;
    changes.macs = true;
  }
  if (flow.next_hop_known == 0) note_next_hop(flow, packet, side);
  changes.stage = raise(flow);
}

// The first of the initiator's frames says it. Until then the first answer says who is between him and the
// responder.
void FlowRules::note_next_hop(Flow& flow, const Packet& packet, unsigned side) {
  if (side == flow.FlowRecord::initiator) {
    flow.cold().next_hop = packet.destination_mac;
    flow.next_hop_known = 1;
    flow.FlowRecord::exit_known = 0;
  } else if (flow.cold().next_hop.is_zero()) {
    flow.cold().next_hop = packet.destination_mac;
  }
}

void FlowRules::move_home(Flow& flow, const Packet& packet, unsigned side, bool vlan_in_key) {
  flow.macs[side] = packet.source_mac;
  flow.places[side] = place(packet);
  const unsigned initiator = flow.FlowRecord::initiator;
  if (side == initiator && !flow.exit_known()) flow.cold().next_hop = packet.destination_mac;
  if (side != initiator && flow.counts[initiator].packets() != 0) return;
  flow.cold().tap = packet.tap;
  if (vlan_in_key) return;
  flow.key[4] = (flow.key[4] & ~FlowKey::vlan_bits) | packed_vlans(packet);
  flow.vlan_count = static_cast<std::uint8_t>(std::min<unsigned>(packet.vlan_count, 2U)) & 3U;
}

Changes FlowRules::add_error(Flow& flow, const Packet& packet, unsigned side) {
  count(flow, packet, side ^ 1U);
  Changes changes;
  if (side == flow.FlowRecord::initiator && flow.stage() == Stage::attempt && unreachable(packet)) {
    flow.FlowRecord::stage = static_cast<std::uint8_t>(Stage::refused) & 7U;
    changes.stage = true;
  }
  return changes;
}

bool FlowRules::raise(Flow& flow) {
  const Stage reached = flow.tcp() ? tcp_stage(flow) : other_stage(flow);
  if (reached <= flow.stage()) return false;
  flow.FlowRecord::stage = static_cast<std::uint8_t>(reached) & 7U;
  return true;
}

// A function of what both ends were seen to do, not of the order in which it was seen.
Stage FlowRules::tcp_stage(const Flow& flow) {
  const unsigned initiator = flow.seen[flow.FlowRecord::initiator];
  const unsigned responder = flow.seen[flow.FlowRecord::initiator ^ 1U];
  if (((initiator | responder) & seen::payload) != 0) return Stage::data;
  // An initiator that acknowledges has had its answer, also where the mirror shows its side alone.
  if ((initiator & seen::spoke) != 0 &&
      ((initiator & seen::syn) != 0 || (responder & (seen::spoke | seen::syn_ack)) != 0)) {
    return Stage::established;
  }
  if ((responder & seen::syn_ack) != 0)
    return (responder & seen::spoke) != 0 ? Stage::established : Stage::answered;
  if ((initiator & seen::syn) != 0) {
    if ((responder & (seen::spoke | seen::syn)) != 0) return Stage::answered;
    if ((responder & seen::rst) != 0) return Stage::refused;
  }
  return Stage::attempt;
}

Stage FlowRules::other_stage(const Flow& flow) {
  const unsigned initiator = flow.seen[flow.FlowRecord::initiator];
  const unsigned responder = flow.seen[flow.FlowRecord::initiator ^ 1U];
  if ((responder & seen::spoke) == 0) return Stage::attempt;
  // A reply whose request the mirror did not show is still a reply.
  const std::uint8_t number = flow.protocol();
  if (number == protocol::icmp || number == protocol::icmpv6 || (initiator & seen::went_on) == 0) {
    return (initiator & seen::spoke) != 0 || flow.evidence() == Evidence::icmp_type ? Stage::answered
                                                                                    : Stage::attempt;
  }
  return (initiator & responder & seen::payload) != 0 ? Stage::data : Stage::established;
}

bool FlowRules::begins_another(const Flow& flow, const Packet& packet, unsigned side) {
  if (!flow.tcp() || !handshake(packet)) return false;
  const bool ack = (packet.tcp_flags & tcp_flag::ack) != 0;
  const bool closed = flow.state() == FlowState::closed;
  // Whose SYN this is, or answers, and the number after it.
  const unsigned beginner = ack ? side ^ 1U : side;
  const std::uint32_t first = ack ? packet.tcp_acknowledgment : packet.tcp_sequence + 1U;
  if ((flow.next_known >> beginner & 1U) != 0) {
    // The same connection's, sent again or out of order: what that end has sent since lies between its SYN
    // and the highest number seen, and was counted.
    const std::uint32_t since = flow.next[beginner] - first;
    // Where the mirror did not show the beginning, what comes that late is another one's.
    const bool begun =
        (flow.seen[beginner] & seen::syn) != 0 || (flow.seen[beginner ^ 1U] & seen::syn_ack) != 0;
    const bool late = !begun && packet.time - flow.start() > reorder_span;
    const bool led = (flow.led >> beginner & 1U) != 0;
    if ((since <= flow.counts[beginner].bytes() || led) && !late) return false;
    if (closed) return true;
    if (ack) return false;  // an answer to something else: never a beginning while this one lives
    // Both ends' SYNs crossing are one connection (RFC 9293 section 3.5).
    return beginner == flow.FlowRecord::initiator || flow.stage() >= Stage::established;
  }
  if (closed) return true;
  return !ack && packet.time - flow.start() > reorder_span;
}

}  // namespace sekimori::capture
