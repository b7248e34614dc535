#include "capture/flow/flow.hpp"

#include <bit>
#include <cstring>

#include "capture/flow/flow_record.hpp"

namespace sekimori::capture {

std::string_view stage_name(Stage stage) {
  switch (stage) {
    case Stage::attempt:
      return "attempt";
    case Stage::refused:
      return "refused";
    case Stage::answered:
      return "answered";
    case Stage::established:
      return "established";
    case Stage::data:
      return "data";
  }
  return "unknown";
}

std::string_view evidence_name(Evidence evidence) {
  switch (evidence) {
    case Evidence::syn:
      return "syn";
    case Evidence::syn_ack:
      return "syn_ack";
    case Evidence::icmp_type:
      return "icmp_type";
    case Evidence::known_service:
      return "known_service";
    case Evidence::port_heuristic:
      return "port_heuristic";
    case Evidence::first_packet:
      return "first_packet";
  }
  return "unknown";
}

Confidence confidence(Evidence evidence) {
  if (evidence <= Evidence::icmp_type) return Confidence::certain;
  return evidence == Evidence::known_service ? Confidence::likely : Confidence::guess;
}

std::string_view confidence_name(Confidence confidence) {
  switch (confidence) {
    case Confidence::certain:
      return "certain";
    case Confidence::likely:
      return "likely";
    case Confidence::guess:
      return "guess";
  }
  return "unknown";
}

std::string_view flow_state_name(FlowState state) {
  switch (state) {
    case FlowState::fresh:
      return "new";
    case FlowState::established:
      return "established";
    case FlowState::closed:
      return "closed";
  }
  return "unknown";
}

std::string_view end_reason_name(EndReason reason) {
  switch (reason) {
    case EndReason::timeout:
      return "timeout";
    case EndReason::closed:
      return "closed";
    case EndReason::reused:
      return "reused";
    case EndReason::evicted:
      return "forced";
    case EndReason::shutdown:
      return "shutdown";
  }
  return "unknown";
}

const FlowCold& Flow::cold() const {
  return FlowPage::of(*this).cold[FlowPage::slot(*this)];
}

IpAddress Flow::address(unsigned side) const {
  IpAddress result;
  result.family = (kind & FlowKey::ipv6) != 0 ? Family::ipv6 : Family::ipv4;
  for (unsigned half = 0; half < 2; ++half) {
    std::uint64_t word = key[side * 2U + half];
    if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
    std::memcpy(result.bytes.data() + half * sizeof word, &word, sizeof word);
  }
  return result;
}

FlowState Flow::state() const {
  if (tcp()) {
    const bool reset = ((seen[0] | seen[1]) & seen::rst) != 0;
    const bool both_finished = (seen[0] & seen[1] & seen::fin) != 0;
    if (reset || both_finished) return FlowState::closed;
    return stage() >= Stage::established ? FlowState::established : FlowState::fresh;
  }
  return stage() >= Stage::answered ? FlowState::established : FlowState::fresh;
}

bool Flow::half_open() const {
  if (tcp()) return stage() < Stage::established;
  constexpr std::uint64_t few = 3;
  return stage() < Stage::answered && packets() <= few;
}

std::uint64_t Flow::id() const {
  return flow_id(full_key(), cold().start);
}

FlowFacts Flow::facts() const {
  const unsigned client = FlowRecord::initiator;
  const unsigned server = client ^ 1U;
  const std::array<std::uint16_t, 2> ports{static_cast<std::uint16_t>(key[4]),
                                           static_cast<std::uint16_t>(key[4] >> 16U)};
  const bool icmp = protocol() == protocol::icmp || protocol() == protocol::icmpv6;
  FlowFacts facts;
  facts.tuple = {.source = address(client),
                 .destination = address(server),
                 .source_port = ports[client],
                 .destination_port = ports[server],
                 .protocol = protocol()};
  facts.packets_to_server = packets_from(client);
  facts.packets_to_client = packets_from(server);
  facts.bytes_to_server = FlowRecord::bytes[client];
  facts.bytes_to_client = FlowRecord::bytes[server];
  facts.payload_to_server = payload[client];
  facts.payload_to_client = payload[server];
  facts.start = cold().start;
  facts.end = FlowRecord::last;
  facts.initiator_mac = macs[client];
  facts.responder_mac = macs[server];
  facts.next_hop_mac = cold().next_hop;
  facts.vlans = {static_cast<std::uint16_t>((key[4] >> 32U) & 0xfffU),
                 static_cast<std::uint16_t>((key[4] >> 44U) & 0xfffU)};
  facts.vlan_count = FlowRecord::vlan_count;
  facts.tap = cold().tap;
  facts.stage = stage();
  facts.evidence = evidence();
  facts.state = state();
  facts.tcp_flags_to_server = tcp_flags[client];
  facts.tcp_flags_to_client = tcp_flags[server];
  facts.icmp_type = icmp ? static_cast<std::uint8_t>(isn) : std::uint8_t{0};
  facts.icmp_code = icmp ? static_cast<std::uint8_t>(isn >> 8U) : std::uint8_t{0};
  facts.ports_known = FlowRecord::ports_known != 0;
  facts.midstream = tcp() && ((seen[0] | seen[1]) & (seen::syn | seen::syn_ack)) == 0;
  facts.id = id();
  return facts;
}

}  // namespace sekimori::capture
