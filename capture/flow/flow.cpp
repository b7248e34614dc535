#include "capture/flow/flow.hpp"

#include <bit>
#include <cstring>

#include "capture/flow/flow_record.hpp"
#include "capture/flow/flow_rules.hpp"

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

std::string_view conn_state_name(ConnState state) {
  static constexpr std::array<std::string_view, 13> names{
      "S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH"};
  const auto index = static_cast<std::size_t>(state);
  return index < names.size() ? names[index] : "OTH";
}

std::string_view passed_name(Passed passed) {
  switch (passed) {
    case Passed::unknown:
      return "unknown";
    case Passed::no:
      return "no";
    case Passed::yes:
      return "yes";
  }
  return "unknown";
}

namespace {

// The history's letters; 0 ends it. The top bit of a nibble is the side that wrote it.
constexpr std::string_view letters = ".SHADFRT";
constexpr unsigned history_most = 12;

std::uint64_t packed(const std::array<std::uint8_t, 6>& history) {
  std::uint64_t word = 0;
  for (unsigned i = 0; i < history.size(); ++i) word |= static_cast<std::uint64_t>(history[i]) << (8U * i);
  return word;
}

// `text`: all zero. In place: what is written octet by octet is slow to copy right after.
void spell(const std::array<std::uint8_t, 6>& history, unsigned initiator, History& text) {
  const std::uint64_t word = packed(history);
  for (unsigned i = 0; i < history_most; ++i) {
    const auto nibble = static_cast<unsigned>(word >> (4U * i)) & 0xfU;
    if (nibble == 0) break;
    const char letter = letters[nibble & 7U];
    const bool responder = (nibble >> 3U) != initiator;
    text[i] = nibble == letter_turned ? '^' : responder ? static_cast<char>(letter - 'A' + 'a') : letter;
  }
}

}  // namespace

void Flow::remember(unsigned letter, unsigned side) {
  const std::uint64_t word = packed(history);
  const auto used = static_cast<unsigned>((64 - std::countl_zero(word)) + 3) / 4U;
  if (used >= history_most) return;
  const unsigned nibble = letter == letter_turned ? letter_turned : (letter | side << 3U);
  history[used / 2U] = static_cast<std::uint8_t>(history[used / 2U] | nibble << (4U * (used % 2U)));
}

// As Zeek's documentation of conn_state has it, from what both ends were seen to do.
ConnState Flow::conn_state() const {
  const unsigned o = seen[FlowRecord::initiator];
  const unsigned r = seen[FlowRecord::initiator ^ 1U];
  if (!tcp()) {
    const bool icmp = protocol() == protocol::icmp || protocol() == protocol::icmpv6;
    if (icmp) return ConnState::oth;
    if (r == 0) return ConnState::s0;
    return o == 0 ? ConnState::shr : ConnState::sf;
  }
  if ((o & seen::syn) == 0 && (r & seen::syn_ack) == 0) return ConnState::oth;
  if ((o & seen::syn) == 0) {
    if ((o & (seen::spoke | seen::fin | seen::rst)) == 0) {
      if ((r & seen::rst) != 0) return ConnState::rstrh;
      if ((r & seen::fin) != 0) return ConnState::shr;
      return ConnState::oth;
    }
  } else if ((r & (seen::syn_ack | seen::syn)) == 0) {
    if ((r & seen::rst) != 0) return ConnState::rej;
    if (r != 0) return ConnState::oth;
    if ((o & seen::rst) != 0) return ConnState::rstos0;
    return (o & seen::fin) != 0 ? ConnState::sh : ConnState::s0;
  }
  if ((o & seen::rst) != 0) return ConnState::rsto;
  if ((r & seen::rst) != 0) return ConnState::rstr;
  if ((o & r & seen::fin) != 0) return ConnState::sf;
  if ((o & seen::fin) != 0) return ConnState::s2;
  return (r & seen::fin) != 0 ? ConnState::s3 : ConnState::s1;
}

void Flow::leave_by(const MacAddress& next_hop) {
  if (FlowRecord::exit_known != 0) return;
  cold().next_hop = next_hop;
  FlowRecord::next_hop_known = 1;
  FlowRecord::exit_known = 1;
}

void Flow::answer_by(const MacAddress& next_hop) {
  if (FlowRecord::exit_known != 0 || FlowRecord::next_hop_known != 0) return;
  cold().next_hop = next_hop;
  FlowRecord::exit_known = 1;
}

bool Flow::change_card(const Packet& packet, bool from_initiator) {
  const unsigned side = FlowRecord::initiator ^ (from_initiator ? 0U : 1U);
  const bool known = !macs[side].is_zero() && !packet.source_mac.is_zero();
  if (!known || packet.source_mac == macs[side] || FlowRules::place(packet) != places[side]) return false;
  macs[side] = packet.source_mac;
  return true;
}

bool Flow::one_sided() const {
  const bool lower = counts[0].packets() != 0;
  const bool upper = counts[1].packets() != 0;
  if (lower && upper) return false;
  const unsigned side = lower ? 0U : 1U;
  // Only a responder was heard: whoever it answers was not.
  if (side != FlowRecord::initiator) return true;
  // A host that acknowledges has heard something.
  return tcp() && (seen[side] & (seen::spoke | seen::syn_ack | seen::bare_ack)) != 0;
}

const FlowCold& Flow::cold() const {
  return FlowPage::of(*this).cold[FlowPage::slot(*this)];
}

IpAddress Flow::address(unsigned side) const {
  IpAddress result;
  result.family = (kind & FlowKey::ipv6) != 0 ? Family::ipv6 : Family::ipv4;
  result.domain = full_key().domain();
  for (unsigned half = 0; half < 2; ++half) {
    std::uint64_t word = key[side * 2U + half];
    if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
    std::memcpy(result.bytes.data() + half * sizeof word, &word, sizeof word);
  }
  return result;
}

std::uint16_t& Flow::trace() {
  return const_cast<FlowPage&>(FlowPage::of(*this)).traces[FlowPage::slot(*this)];
}

// What the record alone knows of the place where this side's packets were first seen.
Sighting Flow::home(unsigned side) const {
  Sighting place;
  place.tap = cold().tap;
  place.vlans = unpacked_vlans(key[4]);
  place.vlan_count = FlowRecord::vlan_count;
  place.ttl = static_cast<std::uint8_t>(places[side] >> 8U);
  place.source_mac = macs[side];
  if (side == FlowRecord::initiator && FlowRecord::next_hop_known != 0) {
    place.destination_mac = cold().next_hop;  // of the other side's nobody keeps it
  }
  return place;
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

Tuple Flow::tuple() const {
  const unsigned client = FlowRecord::initiator;
  const unsigned server = client ^ 1U;
  const std::uint64_t port_bits = icmp() ? key[4] & ~icmp_id_bits : key[4];
  const std::array<std::uint16_t, 2> ports{static_cast<std::uint16_t>(port_bits),
                                           static_cast<std::uint16_t>(port_bits >> 16U)};
  return {.source = address(client),
          .destination = address(server),
          .source_port = ports[client],
          .destination_port = ports[server],
          .protocol = protocol()};
}

FlowGist Flow::gist() const {
  const unsigned client = FlowRecord::initiator;
  const unsigned server = client ^ 1U;
  const FlowCold& rest = cold();
  FlowGist gist;
  gist.tuple = tuple();
  gist.initiator_mac = macs[client];
  gist.responder_mac = macs[server];
  (FlowRecord::next_hop_known != 0 ? gist.next_hop_mac : gist.answers_to_mac) = rest.next_hop;
  gist.vlans = unpacked_vlans(key[4]);
  gist.vlan_count = FlowRecord::vlan_count;
  gist.tap = rest.tap;
  gist.stage = stage();
  gist.evidence = evidence();
  if (icmp()) {
    gist.icmp_type = static_cast<std::uint8_t>(next[0]);
    gist.icmp_code = static_cast<std::uint8_t>(next[0] >> 8U);
  }
  gist.ports_known = FlowRecord::ports_known != 0;
  gist.midstream = tcp() && ((seen[0] | seen[1]) & (seen::syn | seen::syn_ack)) == 0;
  gist.carrier = carrier();
  gist.tunnel = static_cast<Tunnel>(FlowRecord::tunnel);
  gist.name = notes.name;
  gist.name_own = notes.name_own != 0;
  gist.end = FlowRecord::last;
  return gist;
}

FlowFacts Flow::facts(const FlowGist& gist) const {
  const unsigned client = FlowRecord::initiator;
  const unsigned server = client ^ 1U;
  FlowFacts facts;
  static_cast<FlowGist&>(facts) = gist;
  facts.packets_to_server = counts[client].packets();
  facts.packets_to_client = counts[server].packets();
  facts.bytes_to_server = counts[client].bytes();
  facts.bytes_to_client = counts[server].bytes();
  facts.start = cold().start;
  facts.state = state();
  facts.tcp_flags_to_server = tcp_flags[client];
  facts.tcp_flags_to_client = tcp_flags[server];
  facts.conn_state = conn_state();
  spell(history, client, facts.history);
  facts.retransmissions = static_cast<std::uint32_t>(counts[0].resent) + counts[1].resent;
  facts.passed_to_server = (notes.passed >> 0U & 1U) != 0;
  facts.passed_to_client = (notes.passed >> 1U & 1U) != 0;
  facts.id = id();
  return facts;
}

}  // namespace sekimori::capture
