#include "capture/flow/flow_rules.hpp"

#include <algorithm>
#include <chrono>

namespace sekimori::capture {

namespace {

// Longest disorder of one conversation's packets in a mirror that is believed: within it a SYN that comes
// after other packets is the late beginning of the same connection, beyond it the beginning of the next.
constexpr std::chrono::seconds reorder_span{3};

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

struct Opinion {
  bool sender = true;  // the packet's sender is the initiator
  Evidence evidence = Evidence::first_packet;
};

Opinion by_ports(const Packet& packet, const ServicePorts* ports) {
  const std::uint8_t number = packet.tuple.protocol;
  const bool tcp = number == protocol::tcp;
  if (!packet.ports_known || (!tcp && number != protocol::udp && number != protocol::sctp)) return {};
  const std::uint16_t from = packet.tuple.source_port;
  const std::uint16_t to = packet.tuple.destination_port;
  if (ports != nullptr && number != protocol::sctp) {
    const auto& served = tcp ? ports->tcp : ports->udp;
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

Opinion first_opinion(const Packet& packet, const ServicePorts* ports, bool tcp) {
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
    if (packet.payload_bytes != 0) bits |= seen::payload;
  }
  return bits;
}

bool unreachable(const Packet& packet) {
  if (packet.tuple.protocol == protocol::icmp)
    return packet.icmp_type == 3 && packet.icmp_code != 4;  // 4: too big
  return packet.tuple.protocol == protocol::icmpv6 && packet.icmp_type == 1;
}

}  // namespace

void FlowRules::open(Flow& flow, const DirectedKey& key, const Packet& packet, const ServicePorts* ports) {
  const unsigned young = flow.young;
  static_cast<FlowRecord&>(flow) = FlowRecord{};
  flow.young = young & 1U;
  flow.key = key.key.words;
  flow.kind = key.key.kind;
  flow.ports_known = packet.ports_known ? 1 : 0;
  flow.vlan_count = static_cast<std::uint8_t>(std::min<unsigned>(packet.vlan_count, 2U)) & 3U;
  flow.FlowRecord::last = packet.time;
  flow.cold() = {.start = packet.time, .next_hop = {}, .tap = packet.tap};
  const bool tcp = flow.tcp();
  if (packet.tuple.protocol == protocol::icmp || packet.tuple.protocol == protocol::icmpv6) {
    flow.isn = packet.icmp_type | (static_cast<std::uint32_t>(packet.icmp_code) << 8U);
  }
  const Opinion opinion = first_opinion(packet, ports, tcp);
  flow.FlowRecord::evidence = static_cast<std::uint8_t>(opinion.evidence) & 7U;
  flow.FlowRecord::initiator = (opinion.sender ? key.side : key.side ^ 1U) & 1U;
}

void FlowRules::count(Flow& flow, const Packet& packet, unsigned side) {
  flow.count_packet(side);
  flow.FlowRecord::bytes[side] += packet.wire_bytes;
  flow.FlowRecord::last = std::max(flow.FlowRecord::last, packet.time);
}

Changes FlowRules::add(Flow& flow, const Packet& packet, unsigned side) {
  count(flow, packet, side);
  flow.payload[side] += packet.payload_bytes;
  const bool tcp = flow.tcp();
  Changes changes;
  unsigned bits = seen_bits(packet, tcp);
  if (tcp) {
    flow.tcp_flags[side] |= packet.tcp_flags;
    if ((bits & (seen::syn | seen::syn_ack)) != 0) {
      const Opinion opinion = by_handshake(packet);
      if (static_cast<std::uint8_t>(opinion.evidence) < flow.FlowRecord::evidence &&
          !group(packet.tuple.source) && !group(packet.tuple.destination)) {
        flow.FlowRecord::evidence = static_cast<std::uint8_t>(opinion.evidence) & 7U;
        const unsigned initiator = opinion.sender ? side : side ^ 1U;
        if (initiator != flow.FlowRecord::initiator) {
          flow.FlowRecord::initiator = initiator & 1U;
          flow.next_hop_known = 0;
          changes.initiator = true;
        }
      }
    }
    if (flow.isn_known == 0 && packet.tcp_flags != 0) {
      const bool sender_began = (bits & seen::syn) != 0;
      const bool tells = sender_began || (bits & seen::syn_ack) != 0 ||
                         ((bits & seen::rst) != 0 && (packet.tcp_flags & tcp_flag::ack) != 0 &&
                          packet.tcp_sequence == 0);  // RFC 9293 section 3.10.7.1: the refusal of a SYN
      if (tells) {
        flow.isn = sender_began ? packet.tcp_sequence : packet.tcp_acknowledgment - 1U;
        flow.isn_known = 1;
      }
    }
  } else if (side == flow.FlowRecord::initiator && (flow.seen[0] & flow.seen[1] & seen::spoke) != 0) {
    bits |= seen::went_on;
  }
  flow.seen[side] = static_cast<std::uint8_t>(flow.seen[side] | bits);

  if (flow.macs[side].is_zero()) flow.macs[side] = packet.source_mac;
  if (flow.next_hop_known == 0 && side == flow.FlowRecord::initiator) {
    flow.cold().next_hop = packet.destination_mac;
    flow.next_hop_known = 1;
  }
  changes.stage = raise(flow);
  return changes;
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
  if (flow.isn_known != 0) {
    const std::uint32_t isn = ack ? packet.tcp_acknowledgment - 1U : packet.tcp_sequence;
    const bool sender_began = !ack;
    const unsigned initiator = sender_began ? side : side ^ 1U;
    if (isn == flow.isn && initiator == flow.FlowRecord::initiator)
      return false;  // sent again, or out of order
    if (closed) return true;
    if (ack) return false;  // an answer to something else: never a beginning while this one lives
    // Both ends' SYNs crossing are one connection (RFC 9293 section 3.5).
    return initiator == flow.FlowRecord::initiator || flow.stage() >= Stage::established;
  }
  if (closed) return true;
  return !ack && packet.time - flow.start() > reorder_span;
}

}  // namespace sekimori::capture
