// Any sequence of packets into two flow tables. One that forgets nothing and counts every packet has to agree
// with a std::map about packets, octets and who sent the first SYN. One that is far too small, recognises
// copies and lets time pass has to account for every packet and every record.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

#include "capture/flow/flow_table.hpp"
#include "tests/fuzz/reader.hpp"
#include "tests/fuzz/target.hpp"

namespace {

using namespace sekimori;
using namespace sekimori::capture;

constexpr std::size_t packets_max = 1000;
constexpr HashSecret secret{{0x0123456789abcdefULL, 0xfedcba9876543210ULL}};

void require(bool holds) {
  if (!holds) std::abort();
}

// One conversation as the map knows it.
struct Line {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  Tuple syn{};      // of the first packet with SYN alone, as it ran
  Tuple syn_ack{};  // of the first with SYN and ACK
};
// The two ends in either direction, short enough to be compared fast: of the addresses only the octets in
// which they differ here.
using Ends = std::uint64_t;
Ends ends_of(const Tuple& tuple) {
  const auto end = [](const IpAddress& address, std::uint16_t port) {  // 22 bits
    return Ends{address.bytes[1] & 1U} << 21U | Ends{address.bytes[3] & 31U} << 16U | port;
  };
  const Ends a = end(tuple.source, tuple.source_port);
  const Ends b = end(tuple.destination, tuple.destination_port);
  const Ends kind = Ends{tuple.protocol} << 1U | (tuple.source.family == Family::ipv6 ? 1U : 0U);
  return std::min(a, b) << 31U | std::max(a, b) << 9U | kind;
}
using Model = std::map<Ends, Line>;

void count(Model& model, const Packet& p) {
  Line& line = model[ends_of(p.tuple)];
  ++line.packets;
  line.bytes += p.wire_bytes;
  if (p.tuple.protocol != protocol::tcp || !p.ports_known) return;
  const unsigned flags = p.tcp_flags & (tcp_flag::syn | tcp_flag::ack | tcp_flag::rst);
  if (flags == tcp_flag::syn && line.syn.protocol == 0) line.syn = p.tuple;
  if (flags == (tcp_flag::syn | tcp_flag::ack) && line.syn_ack.protocol == 0) line.syn_ack = p.tuple;
}

class Watch final : public FlowEnds {
 public:
  Watch(const FlowOptions& options, std::uint64_t capacity) : table{options, capacity, secret, *this} {}

  void flow_ended(const Flow& flow, EndReason) override {
    const FlowFacts facts = table.facts(flow);
    ++ended;
    require(facts.start <= facts.end && facts.packets_to_server + facts.packets_to_client > 0);
    require(facts.sightings_count <= sightings_most && facts.history.back() == '\0');
    require(facts.tuple.source.family == facts.tuple.destination.family && facts.id >> 53U == 0);
    packets += facts.packets_to_server + facts.packets_to_client;
    bytes += facts.bytes_to_server + facts.bytes_to_client;
    if (keep) lines[ends_of(facts.tuple)].push_back(facts);
  }
  void flow_pending(Flow& flow) override { flow.notes.pending = false; }
  void packet(Flow& flow, const Packet& p, Changes changes, bool) {
    ++recorded;
    recorded_bytes += p.wire_bytes;
    if (changes.opened) flow.notes.verdict = p.payload_bytes % 2;  // some are forbidden
    if (p.payload_bytes % 8 == 3) flow.notes.pending = true;
  }
  void repeated(Flow&, const Packet&, Repetition repetition, Changes, bool) {
    require(repetition.repeat != Repeat::fresh);
    ++again;
  }
  void refused(const Packet&) { ++refusals; }

  void check(std::uint64_t given) const {
    std::uint64_t all = 0;
    for (const std::uint64_t reason : table.counters().ended) all += reason;
    require(all == ended && table.counters().opened - ended == table.size());
    require(table.size() <= table.capacity() && table.half_open() <= table.size());
    require(recorded + again + refusals == given && table.counters().refused == refusals);
    require(table.counters().looks_max <= FlowTable::looks_most);
    require(table.counters().lines_max <= FlowIndex::lines_most);
  }

  FlowTable table;
  std::uint64_t recorded = 0;
  std::uint64_t recorded_bytes = 0;
  std::uint64_t again = 0;
  std::uint64_t refusals = 0;
  std::uint64_t ended = 0;
  bool keep = false;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::map<Ends, std::vector<FlowFacts>> lines{};
};

Packet read(fuzz::Reader& reader, Time& now, std::uint64_t number) {
  const std::uint8_t what = reader.byte();
  const std::uint8_t pair = reader.byte();
  const std::uint8_t place = reader.byte();
  constexpr std::uint8_t protocols[] = {6, 6, 6, 6, 17, 17, 47, 132};
  Packet p;
  p.tuple.protocol = protocols[what % 8];
  p.tuple.source = IpAddress::ipv4(0x0a000001U + pair % 16);
  p.tuple.destination = IpAddress::ipv4(0x0a010001U + pair / 16);
  if ((what & 0x10U) != 0) p.tuple.source.family = p.tuple.destination.family = Family::ipv6;
  if (p.tuple.protocol != 47) {
    p.ports_known = true;
    p.tuple.source_port = static_cast<std::uint16_t>(40'000 + place % 4);
    p.tuple.destination_port = static_cast<std::uint16_t>(place % 8 < 4 ? 443 : 50'000);
  }
  if (p.tuple.protocol == protocol::tcp) {
    p.tcp_flags = reader.byte() & 0x1fU;
    p.tcp_sequence = reader.byte() * (place % 64 == 0 ? 0x01010101U : 1U);
    p.tcp_acknowledgment = reader.byte();
  }
  p.payload_bytes = reader.byte();
  p.wire_bytes = 60 + p.payload_bytes;
  if ((what & 0x20U) != 0) p.tuple = p.tuple.reversed();
  now += std::chrono::microseconds{reader.byte()} * ((what & 0x40U) != 0 ? 1'000'000 : 1);
  if (what >= 0xf0) now -= std::chrono::milliseconds{place};
  p.time = now;
  p.number = number;
  p.tap = place / 8 % 2;
  p.ttl = static_cast<std::uint8_t>(64 - place / 16 % 3);
  p.vlan_count = place / 64 % 2;
  p.vlans[0] = p.vlan_count == 0 ? std::uint16_t{0} : std::uint16_t{20};
  p.source_mac.bytes[5] = static_cast<std::uint8_t>(place / 128);
  p.fingerprint = p.tcp_sequence * 31U + p.payload_bytes + p.tcp_flags * 1024U;
  p.identified = (what & 0x08U) != 0;
  return p;
}

void agree(const Model& model, const Watch& watch) {
  require(watch.lines.size() == model.size());
  for (const auto& [ends, line] : model) {
    const auto found = watch.lines.find(ends);
    require(found != watch.lines.end() && found->second.size() == 1);
    const FlowFacts& facts = found->second.front();
    require(facts.packets_to_server + facts.packets_to_client == line.packets);
    require(facts.bytes_to_server + facts.bytes_to_client == line.bytes);
    if (line.syn.protocol != 0) {
      require(facts.evidence == Evidence::syn && facts.tuple == line.syn);
    } else if (line.syn_ack.protocol != 0) {
      require(facts.evidence == Evidence::syn_ack && facts.tuple == line.syn_ack.reversed());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Reader reader{data, size};
  Model model;
  Watch exact{{.no_timeouts = true, .count_copies = true}, 2048};
  exact.keep = true;
  Watch small{{.traces_max = 4}, 1U + reader.byte() % 64U};
  Time now{std::chrono::seconds{1'700'000'000}};
  std::vector<Packet> batch;
  std::uint64_t given = 0;
  while (!reader.empty() && given < packets_max) {
    batch.clear();
    const unsigned count_now = 1 + reader.byte() % 40;
    while (!reader.empty() && batch.size() < count_now) {
      batch.push_back(read(reader, now, ++given));
      count(model, batch.back());
    }
    exact.table.record(batch, exact);
    small.table.record(batch, small);
    exact.check(given);
    small.check(given);
    small.table.advance(now, reader.byte());
  }
  for (Watch* watch : {&exact, &small}) {
    watch->table.finish();
    watch->check(given);
    require(watch->table.size() == 0);
    require(watch->packets == watch->recorded && watch->bytes == watch->recorded_bytes);
  }
  require(exact.again == 0 && exact.refusals == 0);
  agree(model, exact);
  return 0;
}

namespace sekimori::fuzz {

std::vector<std::string> seeds() {
  std::vector<std::string> result;
  std::mt19937 random{3};
  for (const unsigned length : {40U, 400U, 4000U}) {
    std::string seed;
    for (unsigned i = 0; i < length; ++i) seed.push_back(static_cast<char>(random() % 256));
    result.push_back(seed);
    for (char& octet : seed) octet = static_cast<char>(octet & 0x17);  // few pairs, slow time: long flows
    result.push_back(seed);
  }
  return result;
}

}  // namespace sekimori::fuzz
