#include "daemon/names.hpp"

#include <algorithm>

namespace sekimori::daemon {
namespace {

namespace name_class = policy::name_class;

// Not secret: whoever fills a set only makes one address forget its names, and the flow waits for its own.
std::size_t spread(const IpAddress& address) {
  std::uint64_t hash = 0x9e3779b97f4a7c15U;
  for (const std::uint8_t octet : address.bytes) hash = (hash ^ octet) * 0x100000001b3U;
  return static_cast<std::size_t>(hash ^ hash >> 29U);
}

constexpr std::size_t sets_count = NameTable::entries_max / NameTable::ways;

}  // namespace

NameCounters& NameCounters::operator+=(const NameCounters& other) {
  greetings += other.greetings;
  greetings_nameless += other.greetings_nameless;
  greetings_cut += other.greetings_cut;
  answers += other.answers;
  answers_untrusted += other.answers_untrusted;
  answers_cut += other.answers_cut;
  addresses += other.addresses;
  addresses_displaced += other.addresses_displaced;
  addresses_unshared += other.addresses_unshared;
  flows_proved += other.flows_proved;
  return *this;
}

void NameReader::read(const policy::Policy& policy, const capture::Frame& frame, capture::Packet& packet) {
  learned_count_ = 0;
  const std::span<const std::byte> payload = capture::payload_of(frame, packet);
  if (packet.tuple.protocol == capture::protocol::tcp) {
    read_greeting(policy, payload, packet);
  } else {
    read_answer(policy, payload, packet);
  }
}

void NameReader::read_greeting(const policy::Policy& policy, std::span<const std::byte> payload,
                               capture::Packet& packet) {
  const capture::GreetingResult result = capture::read_greeting(payload, name_);
  if (result.cut) ++counters_.greetings_cut;
  if (result.greeting == capture::Greeting::named) {
    ++counters_.greetings;
    packet.name = policy.names().find(name_.text());
  } else if (result.greeting == capture::Greeting::nameless) {
    ++counters_.greetings_nameless;
    packet.name = name_class::hidden;
  }
}

// Only an answer that the policy lets the client ask for proves anything: anybody outside can give one.
void NameReader::read_answer(const policy::Policy& policy, std::span<const std::byte> payload,
                             const capture::Packet& packet) {
  if (!capture::read_answer(payload, answer_)) return;
  const policy::NameClass name = policy.names().find(answer_.name.text());
  if (name < name_class::first) return;
  policy::Conversation asked;
  asked.initiator = packet.tuple.destination;
  asked.responder = packet.tuple.source;
  asked.initiator_port = packet.tuple.destination_port;
  asked.port = packet.tuple.source_port;
  asked.protocol = packet.tuple.protocol;
  asked.time = packet.time;
  asked.initiator_mac = packet.destination_mac;
  asked.responder_mac = asked.next_hop_mac = packet.source_mac;
  if (packet.vlan_count > 0) asked.vlan = packet.vlans[packet.vlan_count - 1U];
  asked.tap = packet.tap;
  const policy::Verdict verdict = policy.judge(asked);
  ++counters_.answers;
  if (answer_.more) ++counters_.answers_cut;
  if (verdict.decision == policy::Decision::forbid || verdict.to == policy.external()) {
    ++counters_.answers_untrusted;
    return;
  }
  for (std::size_t i = 0; i < answer_.count; ++i) {
    const auto& [address, ttl] = answer_.addresses[i];
    // The resolver speaks of the addresses of the domain in which it was asked.
    learned_[learned_count_++] = {address.in(asked.responder.domain), name, policy.generation(), packet.time,
                                  packet.time + std::clamp(ttl, remembered_least, remembered_most)};
  }
}

NameTable::NameTable() : entries_(entries_max) {}

std::span<NameTable::Entry, NameTable::ways> NameTable::set_of(const IpAddress& address) {
  return std::span<Entry, ways>{entries_.data() + spread(address) % sets_count * ways, ways};
}

std::span<const NameTable::Entry, NameTable::ways> NameTable::set_of(const IpAddress& address) const {
  return std::span<const Entry, ways>{entries_.data() + spread(address) % sets_count * ways, ways};
}

void NameTable::learn(const NameEvidence& evidence) {
  ++learned_;
  const auto set = set_of(evidence.address);
  Entry* place = nullptr;
  for (Entry& entry : set) {
    if (entry.name == evidence.name && entry.address == evidence.address) {
      entry.until = std::max(entry.until, evidence.until);
      entry.order = ++order_;
      return;
    }
    const bool free = entry.name == name_class::unknown;
    if (place == nullptr || free || (place->name != name_class::unknown && entry.until < place->until))
      place = &entry;
  }
  if (place->name == name_class::unknown) {
    ++used_;
  } else if (place->until > evidence.time) {
    ++displaced_;
  }
  *place = {evidence.address, evidence.name, evidence.until, ++order_};
}

NameTable::Found NameTable::find(const IpAddress& address, Time time) const {
  Found found;
  std::array<std::uint64_t, ways> orders{};
  for (const Entry& entry : set_of(address)) {
    if (entry.name == name_class::unknown || entry.address != address || entry.until <= time) continue;
    std::size_t at = found.count++;
    for (; at > 0 && orders[at - 1] < entry.order; --at) {
      orders[at] = orders[at - 1];
      found.names[at] = found.names[at - 1];
    }
    orders[at] = entry.order;
    found.names[at] = entry.name;
  }
  return found;
}

void NameTable::rename(const std::array<policy::NameClass, 256>& renamed) {
  used_ = 0;
  for (Entry& entry : entries_) {
    if (entry.name == name_class::unknown) continue;
    entry.name = renamed[entry.name];
    if (entry.name < name_class::first) entry = {};
    used_ += entry.name != name_class::unknown ? 1U : 0U;
  }
}

std::array<policy::NameClass, 256> renamed_classes(const policy::NameMap& from, const policy::NameMap& to) {
  std::array<policy::NameClass, 256> renamed{};
  renamed.fill(name_class::unlisted);
  renamed[name_class::unknown] = name_class::unknown;
  renamed[name_class::hidden] = name_class::hidden;
  for (std::size_t i = 0; i < from.classes(); ++i) {
    const auto old = static_cast<policy::NameClass>(name_class::first + i);
    std::string_view pattern = from.pattern(old);
    // Any host below it stands for all of them: no label begins with two hyphens by chance.
    std::string host{pattern};
    if (pattern.substr(0, 2) == "*.") host = "--any" + std::string{pattern.substr(1)};
    renamed[old] = to.find(host);
  }
  return renamed;
}

}  // namespace sekimori::daemon
