#include "policy/entries.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

#include "capture/decode/packet.hpp"

namespace sekimori::policy {
namespace {

// What a key of the table is about. Exceptions need no pair: their addresses say it.
constexpr std::uint64_t scope_exceptions = 0;
constexpr std::uint64_t scope_exceptions_by_source = 1;
constexpr std::uint64_t scope_exceptions_by_destination = 2;
constexpr std::uint64_t scope_gateways = 0x1000;  // + pair, by both addresses
constexpr std::uint64_t scope_services = 0x2000;
constexpr std::uint64_t scope_gateways_of_pair = 0x3000;  // + pair, all of them
constexpr std::uint64_t scope_services_of_pair = 0x4000;

// More combinations than this, and an entry is filed under its shorter list alone (and compared on the
// other).
constexpr std::size_t combinations_max = 65536;
// Longer address lists are compared through a map of their own.
constexpr std::size_t linear_max = 16;

constexpr std::uint32_t node_max = (1U << 24U) - 1;

std::uint64_t key_of(std::uint64_t scope, std::uint32_t source, std::uint32_t destination) {
  return scope << 48U | std::uint64_t{source} << 24U | destination;
}

std::uint64_t scope_of(Basis kind, PairId pair) {
  if (kind == Basis::gateway) return scope_gateways + pair;
  if (kind == Basis::service) return scope_services + pair;
  return scope_exceptions;
}

PairId pair_of(const Entry& entry) {
  return policy::pair_of(entry.from, entry.to);
}

// The keys come from the configuration, not from the wire: spreading them is enough, no secret is needed.
std::size_t spread(std::uint64_t key) {
  key ^= key >> 32U;
  key *= 0x9e3779b97f4a7c15U;
  key ^= key >> 29U;
  key *= 0xbf58476d1ce4e5b9U;
  return static_cast<std::size_t>(key ^ key >> 32U);
}

// none, port or protocol.
Mismatch compare_ports(const std::vector<Ports>& list, const Conversation& conversation) {
  if (list.empty()) return Mismatch::none;
  Mismatch result = Mismatch::protocol;
  for (const Ports& ports : list) {
    if (ports.protocol != 0 && ports.protocol != conversation.protocol) continue;
    if (every_port(ports)) return Mismatch::none;
    if (!has_ports(conversation.protocol)) continue;  // ICMP is not on "port 443 of any protocol"
    if (conversation.ports_known && ports.first <= conversation.port && conversation.port <= ports.last) {
      return Mismatch::none;
    }
    result = Mismatch::port;
  }
  return result;
}

unsigned rank(Mismatch mismatch) {
  switch (mismatch) {
    case Mismatch::none:
    case Mismatch::cell_forbids:
      return 0;
    case Mismatch::expired:
    case Mismatch::not_yet:
    case Mismatch::not_approved:
    case Mismatch::revoked:
    case Mismatch::out_of_hours:
      return 1;
    case Mismatch::port:
    case Mismatch::name:
      return 2;
    case Mismatch::protocol:
      return 3;
    case Mismatch::source_mac:
    case Mismatch::destination_mac:
      return 4;
    case Mismatch::direction:
      return 5;
    case Mismatch::destination_address:
      return 6;
    case Mismatch::source_address:
      return 7;
  }
  return 8;
}

// One of them at most: what was revoked has also ended, and need not be told twice.
Mismatch compare_time(const Entry& entry, Time time) {
  if (time >= entry.revoked) return Mismatch::revoked;
  if (time < entry.approved) return Mismatch::not_approved;
  if (time < entry.begin) return Mismatch::not_yet;
  if (time >= entry.end) return Mismatch::expired;
  return entry.week.holds(time) ? Mismatch::none : Mismatch::out_of_hours;
}

std::vector<Prefix> prefixes_of(const std::vector<Entry>& entries, EndpointOptions Entry::*side) {
  std::vector<Prefix> all;
  for (const Entry& entry : entries) {
    const std::vector<Prefix>& addresses = (entry.*side).addresses;
    all.insert(all.end(), addresses.begin(), addresses.end());
  }
  return all;
}

SegmentMap set_of(const std::vector<Prefix>& prefixes) {
  std::vector<SegmentMap::Entry> entries;
  entries.reserve(prefixes.size());
  for (const Prefix& prefix : prefixes) entries.push_back({prefix, 0});
  return SegmentMap{std::move(entries)};
}

}  // namespace

bool has_ports(std::uint8_t protocol) {
  return protocol == capture::protocol::tcp || protocol == capture::protocol::udp ||
         protocol == capture::protocol::sctp;
}

bool every_port(const Ports& ports) {
  return ports.first == 0 && ports.last == 65535;
}

bool takes(Cell cell, Basis kind) {
  switch (cell) {
    case Cell::forbid:
      return kind == Basis::exception;
    case Cell::gateway:
      return kind == Basis::exception || kind == Basis::gateway;
    case Cell::service:
      return kind == Basis::exception || kind == Basis::service;
    default:
      return false;
  }
}

PrefixTree::PrefixTree(std::vector<Prefix> prefixes) : ordered_(std::move(prefixes)) {
  std::sort(ordered_.begin(), ordered_.end(), comes_before);
  ordered_.erase(std::unique(ordered_.begin(), ordered_.end()), ordered_.end());
  assert(ordered_.size() < node_max);
  const std::vector<std::int32_t> covers = closest_covers(ordered_);
  std::vector<SegmentMap::Entry> entries;
  entries.reserve(ordered_.size());
  for (std::size_t i = 0; i < ordered_.size(); ++i) {
    parents_.push_back(static_cast<std::uint32_t>(covers[i] + 1));
    entries.push_back({ordered_[i], static_cast<std::uint32_t>(i + 1)});
  }
  map_ = SegmentMap{std::move(entries)};
}

std::uint32_t PrefixTree::node(const Prefix& prefix) const {
  const auto found = std::lower_bound(ordered_.begin(), ordered_.end(), prefix, comes_before);
  assert(found != ordered_.end() && *found == prefix);
  return static_cast<std::uint32_t>(found - ordered_.begin()) + 1;
}

std::uint32_t PrefixTree::find(const IpAddress& address) const {
  const std::uint32_t found = map_.find(address);
  return found == SegmentMap::none ? root : found;
}

void Nearest::offer(const Entry& entry, unsigned mismatches, Mismatch first) {
  const unsigned offered = mismatches * 16 + rank(first);
  const auto order = [](Basis kind, std::uint32_t index) { return std::pair{kind, index}; };
  if (offered > score) return;
  if (offered == score && order(entry.kind, entry.index) >= order(miss.kind, miss.index)) return;
  score = offered;
  miss = {first, entry.kind, entry.index};
}

void Entries::Comparison::differs(Mismatch field) {
  if (mismatches++ == 0) first = field;
}

Entries::Entries(std::vector<Entry> entries, std::vector<MacAddress> routers)
    : entries_(std::move(entries)),
      routers_(std::move(routers)),
      sources_(prefixes_of(entries_, &Entry::source)),
      destinations_(prefixes_of(entries_, &Entry::destination)) {
  assert(std::is_sorted(routers_.begin(), routers_.end()));
  const auto large_set = [this](const std::vector<Prefix>& addresses) -> std::int32_t {
    if (addresses.size() <= linear_max) return -1;
    large_sets_.push_back(set_of(addresses));
    return static_cast<std::int32_t>(large_sets_.size()) - 1;
  };
  sets_.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    const std::int32_t source = large_set(entry.source.addresses);
    sets_.push_back({source, large_set(entry.destination.addresses)});
  }
  for (const Entry& entry : entries_) exceptions_ += entry.kind == Basis::exception ? 1U : 0U;
  file();
}

void Entries::file() {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> records;
  const auto nodes = [](const PrefixTree& tree, const std::vector<Prefix>& prefixes) {
    std::vector<std::uint32_t> result;
    result.reserve(prefixes.size() + 1);
    for (const Prefix& prefix : prefixes) result.push_back(tree.node(prefix));
    if (result.empty()) result.push_back(PrefixTree::root);
    return result;
  };
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    std::vector<std::uint32_t> from = nodes(sources_, entry.source.addresses);
    std::vector<std::uint32_t> to = nodes(destinations_, entry.destination.addresses);
    if (entry.kind == Basis::exception) {
      for (const std::uint32_t node : from)
        records.emplace_back(key_of(scope_exceptions_by_source, node, 0), i);
      for (const std::uint32_t node : to)
        records.emplace_back(key_of(scope_exceptions_by_destination, 0, node), i);
    } else {
      const auto scope = entry.kind == Basis::gateway ? scope_gateways_of_pair : scope_services_of_pair;
      records.emplace_back(key_of(scope + pair_of(entry), 0, 0), i);
    }
    if (from.size() * to.size() > combinations_max)
      (from.size() > to.size() ? from : to).assign(1, PrefixTree::root);
    const std::uint64_t scope = scope_of(entry.kind, pair_of(entry));
    for (const std::uint32_t source : from) {
      for (const std::uint32_t destination : to) records.emplace_back(key_of(scope, source, destination), i);
    }
  }
  std::sort(records.begin(), records.end());
  records.erase(std::unique(records.begin(), records.end()), records.end());

  std::size_t keys = 0;
  for (std::size_t i = 0; i < records.size(); ++i) keys += i == 0 || records[i].first != records[i - 1].first;
  std::size_t size = 1;
  while (size < keys * 2) size *= 2;
  table_.assign(size, {});
  filed_.reserve(records.size());
  for (std::size_t i = 0; i < records.size();) {
    Slot slot{records[i].first, static_cast<std::uint32_t>(i), 0};
    for (; i < records.size() && records[i].first == slot.key; ++i) filed_.push_back(records[i].second);
    slot.count = static_cast<std::uint32_t>(i) - slot.first;
    std::size_t at = spread(slot.key) & (size - 1);
    while (table_[at].key != ~std::uint64_t{0}) at = (at + 1) & (size - 1);
    table_[at] = slot;
  }
}

Entries::Slot Entries::slice(std::uint64_t key) const {
  if (table_.empty()) return {};
  const std::size_t mask = table_.size() - 1;
  for (std::size_t at = spread(key) & mask; table_[at].key != ~std::uint64_t{0}; at = (at + 1) & mask) {
    if (table_[at].key == key) return table_[at];
  }
  return {};
}

bool Entries::is_router(const MacAddress& mac) const {
  return std::binary_search(routers_.begin(), routers_.end(), mac);
}

bool Entries::holds(std::int32_t large_set, const EndpointOptions& side, const IpAddress& address) const {
  if (side.addresses.empty()) return true;
  if (large_set >= 0)
    return large_sets_[static_cast<std::size_t>(large_set)].find(address) != SegmentMap::none;
  return std::any_of(side.addresses.begin(), side.addresses.end(),
                     [&](const Prefix& prefix) { return prefix.contains(address); });
}

// A router's MAC stands for any host behind it, and the next hop's for one that has not answered yet, so they
// count as not verified, unless the entry has nothing
// but MACs to tell this side by: then everybody behind the router would pass.
void Entries::compare_mac(const EndpointOptions& side, const MacAddress& mac, bool guessed, Mismatch field,
                          Comparison& result) const {
  if (side.macs.empty() || std::find(side.macs.begin(), side.macs.end(), mac) != side.macs.end()) return;
  if ((mac.is_zero() || guessed || is_router(mac)) && !side.addresses.empty()) {
    result.mac_verified = false;
  } else {
    result.differs(field);
  }
}

// Addresses first and time last: `first` is what an officer has to look at first, and it is a matter of time
// only when everything else is right.
Entries::Comparison Entries::compare(std::uint32_t index, const Conversation& conversation) const {
  const Entry& entry = entries_[index];
  Comparison result;
  if (!holds(sets_[index].source, entry.source, conversation.initiator))
    result.differs(Mismatch::source_address);
  if (!holds(sets_[index].destination, entry.destination, conversation.responder)) {
    result.differs(Mismatch::destination_address);
  }
  const Mismatch ports = compare_ports(entry.ports, conversation);
  if (ports != Mismatch::none) result.differs(ports);
  if (!entry.names.empty() && conversation.name != name_class::any &&
      !std::binary_search(entry.names.begin(), entry.names.end(), conversation.name)) {
    result.differs(Mismatch::name);
  }
  compare_mac(entry.source, conversation.initiator_mac, conversation.initiator_mac_guessed,
              Mismatch::source_mac, result);
  compare_mac(entry.destination, conversation.responder_mac, conversation.responder_mac_guessed,
              Mismatch::destination_mac, result);
  const Mismatch when = compare_time(entry, conversation.time);
  if (when != Mismatch::none) result.differs(when);
  return result;
}

Entries::Question Entries::ask(const Conversation& conversation) const {
  return {conversation, sources_.find(conversation.initiator), destinations_.find(conversation.responder)};
}

Entries::Match Entries::find(Basis kind, PairId pair, const Question& question, Nearest& nearest) const {
  Match match;
  if (kind == Basis::exception && !has_exceptions()) return match;
  const std::uint64_t scope = scope_of(kind, pair);
  for (std::uint32_t source = question.source;; source = sources_.parent(source)) {
    for (std::uint32_t destination = question.destination;; destination = destinations_.parent(destination)) {
      const Slot slot = slice(key_of(scope, source, destination));
      for (std::uint32_t i = slot.first; i < slot.first + slot.count; ++i) {
        const Entry& entry = entries_[filed_[i]];
        if (match.entry != nullptr && match.entry->index <= entry.index) continue;
        const Comparison comparison = compare(filed_[i], question.conversation);
        if (comparison.mismatches == 0) {
          match = {&entry, comparison.mac_verified};
        } else {
          nearest.offer(entry, comparison.mismatches, comparison.first);
        }
      }
      if (destination == PrefixTree::root) break;
    }
    if (source == PrefixTree::root) break;
  }
  return match;
}

void Entries::offer_slice(std::uint64_t key, const Conversation& conversation, std::uint32_t& budget,
                          Nearest& nearest) const {
  const Slot slot = slice(key);
  const std::uint32_t count = std::min(slot.count, budget);
  budget -= count;
  for (std::uint32_t i = slot.first; i < slot.first + count; ++i) {
    const Entry& entry = entries_[filed_[i]];
    const Comparison comparison = compare(filed_[i], conversation);
    if (comparison.mismatches == 0) continue;
    // An exception that differs in more than two things is somebody else's business.
    if (entry.kind == Basis::exception && comparison.mismatches > 2) continue;
    nearest.offer(entry, comparison.mismatches, comparison.first);
  }
}

// Somebody opened the permitted conversation from the wrong end. The entry's port is then either the one that
// was called (a service reached in the wrong direction) or the one that was called from.
void Entries::look_backwards(Basis named, PairId pair, const Conversation& conversation,
                             Nearest& nearest) const {
  Conversation back = conversation;
  std::swap(back.initiator, back.responder);
  std::swap(back.initiator_mac, back.responder_mac);
  std::swap(back.initiator_mac_guessed, back.responder_mac_guessed);
  const PairId reverse = policy::pair_of(to_of(pair), from_of(pair));
  const Question question = ask(back);
  for (const std::uint16_t port : {conversation.port, conversation.initiator_port}) {
    back.port = port;
    for (const Basis kind : {named, Basis::exception}) {
      Nearest ignored;
      const Match match = find(kind, reverse, question, ignored);
      if (match.entry != nullptr) nearest.offer(*match.entry, 1, Mismatch::direction);
      if (named == Basis::exception) break;
    }
  }
}

void Entries::look_around(Basis named, PairId pair, const Question& question, Nearest& nearest) const {
  if (entries_.empty()) return;
  look_backwards(named, pair, question.conversation, nearest);
  std::uint32_t budget = near_max;
  if (named != Basis::exception) {
    const auto scope = named == Basis::gateway ? scope_gateways_of_pair : scope_services_of_pair;
    offer_slice(key_of(scope + pair, 0, 0), question.conversation, budget, nearest);
  }
  if (!has_exceptions()) return;
  budget = near_max;
  for (std::uint32_t node = question.source; budget > 0; node = sources_.parent(node)) {
    offer_slice(key_of(scope_exceptions_by_source, node, 0), question.conversation, budget, nearest);
    if (node == PrefixTree::root) break;
  }
  budget = near_max;
  for (std::uint32_t node = question.destination; budget > 0; node = destinations_.parent(node)) {
    offer_slice(key_of(scope_exceptions_by_destination, 0, node), question.conversation, budget, nearest);
    if (node == PrefixTree::root) break;
  }
}

std::vector<NearMiss> Entries::nearest(PairId pair, const Conversation& conversation,
                                       std::size_t most) const {
  Conversation back = conversation;
  std::swap(back.initiator, back.responder);
  std::swap(back.initiator_mac, back.responder_mac);
  const PairId reverse = policy::pair_of(to_of(pair), from_of(pair));
  std::vector<Nearest> near;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    const bool exception = entry.kind == Basis::exception;
    Nearest one;
    if (exception || pair_of(entry) == pair) {
      const Comparison comparison = compare(i, conversation);
      if (comparison.mismatches == 0) continue;
      if (!exception || comparison.mismatches <= 2) one.offer(entry, comparison.mismatches, comparison.first);
    }
    if ((exception || pair_of(entry) == reverse) && compare(i, back).mismatches == 0)
      one.offer(entry, 1, Mismatch::direction);
    if (one.miss.mismatch != Mismatch::none) near.push_back(one);
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const Nearest& a, const Nearest& b) { return a.score < b.score; });
  std::vector<NearMiss> misses;
  for (std::size_t i = 0; i < near.size() && i < most; ++i) misses.push_back(near[i].miss);
  return misses;
}

}  // namespace sekimori::policy
