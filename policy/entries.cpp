#include "policy/entries.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <compare>
#include <map>
#include <tuple>
#include <utility>

#include "capture/ahead.hpp"
#include "capture/decode/packet.hpp"

namespace sekimori::policy {
namespace {

// What a key of the table is about. Exceptions need no pair: their addresses say it.
constexpr std::uint64_t scope_exceptions = 0;
constexpr std::uint64_t scope_gateways = 0x1000;  // + pair, by both addresses
constexpr std::uint64_t scope_services = 0x2000;
constexpr std::uint64_t scope_gateways_of_pair = 0x3000;  // + pair, all of them
constexpr std::uint64_t scope_services_of_pair = 0x4000;

// More combinations than this, and an entry is filed under its shorter list alone (and compared on the
// other).
constexpr std::size_t combinations_max = 65536;
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
Mismatch compare_ports(std::span<const Ports> list, const Conversation& conversation) {
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

// Of an entry for another protocol: mending that alone would not do, as none of its ranges holds the port.
bool port_differs_too(std::span<const Ports> list, const Conversation& conversation) {
  return has_ports(conversation.protocol) && conversation.ports_known &&
         std::none_of(list.begin(), list.end(), [&](const Ports& ports) {
           return ports.first <= conversation.port && conversation.port <= ports.last;
         });
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

std::vector<Prefix> prefixes_of(const std::vector<Entry>& entries, EndpointOptions Entry::*side) {
  std::vector<Prefix> all;
  for (const Entry& entry : entries) {
    const std::vector<Prefix>& addresses = (entry.*side).addresses;
    all.insert(all.end(), addresses.begin(), addresses.end());
  }
  return all;
}

std::uint8_t zero_one_several(std::size_t count) {
  return static_cast<std::uint8_t>(std::min<std::size_t>(count, 2));
}

}  // namespace

bool has_ports(std::uint8_t protocol) {
  return protocol == capture::protocol::tcp || protocol == capture::protocol::udp ||
         protocol == capture::protocol::sctp;
}

bool holds(const Ports& ports, std::uint8_t protocol, std::uint16_t port) {
  return (ports.protocol == 0 || ports.protocol == protocol) && ports.first <= port && port <= ports.last;
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
  ends_.resize(parents_.size());
  for (std::size_t i = ends_.size(); i-- > 0;) {
    ends_[i] = std::max(ends_[i], static_cast<std::uint32_t>(i + 1));
    if (i > root) ends_[parents_[i]] = std::max(ends_[parents_[i]], ends_[i]);
  }
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

void Nearest::offer(Basis kind, std::uint32_t index, unsigned mismatches, Mismatch first) {
  if (mismatches >= elsewhere) return;
  const unsigned offered = mismatches * 16 + rank(first);
  if (offered > score) return;
  if (offered == score && std::pair{kind, index} >= std::pair{miss.kind, miss.index}) return;
  score = offered;
  miss = {first, kind, index};
}

void Entries::Comparison::differs(Mismatch field) {
  if (mismatches++ == 0) first = field;
  fields |= 1U << static_cast<unsigned>(field);
}

Entries::Entries(std::vector<Entry> entries, std::vector<MacAddress> routers)
    : entries_(std::move(entries)),
      routers_(std::move(routers)),
      sources_(prefixes_of(entries_, &Entry::source)),
      destinations_(prefixes_of(entries_, &Entry::destination)) {
  assert(std::is_sorted(routers_.begin(), routers_.end()));
  for (const Entry& entry : entries_) exceptions_ += entry.kind == Basis::exception ? 1U : 0U;
  digest();
  file();
}

void Entries::digest() {
  std::map<Week, std::uint32_t> weeks{{Week{}, 0}};
  weeks_.emplace_back();
  digests_.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    Digest digest;
    digest.begin = std::max(entry.approved, entry.begin);
    digest.end = std::min(entry.end, entry.revoked);
    digest.source = ranges_of(sources_, entry.source.addresses, Digest::several_sources, digest.parts);
    digest.destination =
        ranges_of(destinations_, entry.destination.addresses, Digest::several_destinations, digest.parts);
    digest.index = entry.index;
    digest.domains = entry.domains;
    digest.kind = entry.kind;
    if (!entry.names.empty()) digest.parts |= Digest::named;
    digest.source_macs = zero_one_several(entry.source.macs.size()) & 3U;
    digest.destination_macs = zero_one_several(entry.destination.macs.size()) & 3U;
    digest.ports_count = zero_one_several(entry.ports.size()) & 3U;
    if (digest.source_macs == 1) digest.source_mac = entry.source.macs.front();
    if (digest.destination_macs == 1) digest.destination_mac = entry.destination.macs.front();
    if (digest.ports_count == 1) digest.ports = entry.ports.front();
    const auto [week, fresh] = weeks.try_emplace(entry.week, static_cast<std::uint32_t>(weeks_.size()));
    if (fresh) weeks_.push_back(entry.week);
    digest.week = week->second;
    digests_.push_back(digest);
  }
}

// The prefixes of a side as nodes: one range as it is, several in ranges_, joined where they meet.
Entries::Range Entries::ranges_of(const PrefixTree& tree, const std::vector<Prefix>& prefixes,
                                  std::uint8_t part, std::uint8_t& parts) {
  if (prefixes.empty()) return {PrefixTree::root, tree.end(PrefixTree::root)};
  std::vector<Range> all;
  all.reserve(prefixes.size());
  for (const Prefix& prefix : prefixes) {
    const std::uint32_t node = tree.node(prefix);
    all.push_back({node, tree.end(node)});
  }
  std::sort(all.begin(), all.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
  const auto begin = static_cast<std::uint32_t>(ranges_.size());
  for (const Range& range : all) {
    if (ranges_.size() > begin && range.first <= ranges_.back().end) {
      ranges_.back().end = std::max(ranges_.back().end, range.end);
    } else {
      ranges_.push_back(range);
    }
  }
  const auto end = static_cast<std::uint32_t>(ranges_.size());
  if (end - begin > 1) {
    parts = static_cast<std::uint8_t>(parts | part);
    return {begin, end};
  }
  const Range only = ranges_.back();
  ranges_.pop_back();
  return only;
}

struct Entries::Record {
  std::uint64_t key = 0;
  std::uint32_t entry = 0;
  auto operator<=>(const Record&) const = default;
};

void Entries::file() {
  source_places_ = places_of(sources_, &Entry::source);
  destination_places_ = places_of(destinations_, &Entry::destination);
  std::vector<Record> records;
  file_keys(records);
  std::sort(records.begin(), records.end());
  records.erase(std::unique(records.begin(), records.end()), records.end());

  std::size_t keys = 0;
  for (std::size_t i = 0; i < records.size(); ++i) keys += i == 0 || records[i].key != records[i - 1].key;
  std::size_t size = 1;
  while (size < keys * 2) size *= 2;
  table_.assign(size, {});
  for (std::size_t i = 0; i < records.size();) {
    Slot slot{records[i].key, static_cast<std::uint32_t>(filed_.size()), 0};
    for (; i < records.size() && records[i].key == slot.key; ++i, ++slot.count) {
      filed_.push_back(records[i].entry);
    }
    if (slot.count == 1) {
      slot.first = filed_.back();
      filed_.pop_back();
    }
    std::size_t at = spread(slot.key) & (size - 1);
    while (table_[at].key != ~std::uint64_t{0}) at = (at + 1) & (size - 1);
    table_[at] = slot;
  }
}

void Entries::file_keys(std::vector<Record>& records) {
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
    if (entry.kind != Basis::exception) {
      const auto scope = entry.kind == Basis::gateway ? scope_gateways_of_pair : scope_services_of_pair;
      records.push_back({key_of(scope + pair_of(entry), 0, 0), i});
    }
    if (from.size() * to.size() > combinations_max)
      (from.size() > to.size() ? from : to).assign(1, PrefixTree::root);
    const std::uint64_t scope = scope_of(entry.kind, pair_of(entry));
    for (const std::uint32_t source : from) {
      for (const std::uint32_t destination : to) {
        records.push_back({key_of(scope, source, destination), i});
        note_key(entry.kind, source, destination);
      }
    }
  }
}

// The exceptions of each node, behind those of the node before.
std::vector<Entries::Place> Entries::places_of(const PrefixTree& tree, EndpointOptions Entry::*side) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> named;  // node, entry
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].kind != Basis::exception) continue;
    const std::vector<Prefix>& prefixes = (entries_[i].*side).addresses;
    if (prefixes.empty()) named.emplace_back(PrefixTree::root, i);
    for (const Prefix& prefix : prefixes) named.emplace_back(tree.node(prefix), i);
  }
  std::sort(named.begin(), named.end());
  named.erase(std::unique(named.begin(), named.end()), named.end());
  std::vector<Place> places(tree.size());
  for (std::uint32_t node = 0; node < places.size(); ++node) places[node].parent = tree.parent(node);
  for (std::size_t i = 0; i < named.size();) {
    Place& place = places[named[i].first];
    const std::size_t begin = i;
    while (i < named.size() && named[i].first == named[begin].first) ++i;
    place.count = static_cast<std::uint32_t>(i - begin) & 0xfffffffU;
    const bool here = place.count <= Place::here_max;
    if (!here) place.near[0] = static_cast<std::uint32_t>(near_.size());
    for (std::size_t k = begin; k < i; ++k) {
      if (here) {
        place.near[k - begin] = named[k].second;
      } else {
        near_.push_back(named[k].second);
      }
    }
  }
  return places;
}

void Entries::note_key(Basis kind, std::uint32_t source, std::uint32_t destination) {
  const bool exception = kind == Basis::exception;
  const auto note = [&](Place& place, bool other_is_any) {
    const std::uint32_t any = exception ? Place::exceptions_any : Place::others_any;
    const std::uint32_t named = exception ? Place::exceptions_named : Place::others_named;
    place.keys = (place.keys | (other_is_any ? any : named)) & 0xfU;
  };
  note(source_places_[source], destination == PrefixTree::root);
  note(destination_places_[destination], source == PrefixTree::root);
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

bool Entries::holds(const Range& range, bool several, std::uint32_t node) const {
  if (!several) return range.first <= node && node < range.end;
  const auto end = ranges_.begin() + range.end;
  const auto after =
      std::upper_bound(ranges_.begin() + range.first, end, node,
                       [](std::uint32_t number, const Range& one) { return number < one.first; });
  return after != ranges_.begin() + range.first && node < (after - 1)->end;
}

// A router's MAC stands for any host behind it, and the next hop's for one that has not answered yet, so they
// count as not verified, unless the entry has nothing but MACs to tell this side by: then everybody behind
// the router would pass.
void Entries::compare_mac(const EndpointOptions& side, bool listed, const MacAddress& mac, bool guessed,
                          Mismatch field, Comparison& result) const {
  if (listed) return;
  if ((mac.is_zero() || guessed || is_router(mac)) && !side.addresses.empty()) {
    result.mac_verified = false;
  } else {
    result.differs(field);
  }
}

// One of them at most: what was revoked has also ended, and need not be told twice.
Mismatch Entries::compare_time(std::uint32_t index, Time time) const {
  const Digest& digest = digests_[index];
  if (digest.begin <= time && time < digest.end) {
    return weeks_[digest.week].holds(time) ? Mismatch::none : Mismatch::out_of_hours;
  }
  const Entry& entry = entries_[index];
  if (time >= entry.revoked) return Mismatch::revoked;
  if (time < entry.approved) return Mismatch::not_approved;
  return time < entry.begin ? Mismatch::not_yet : Mismatch::expired;
}

// Addresses first and time last: `first` is what an officer has to look at first, and it is a matter of time
// only when everything else is right.
Entries::Comparison Entries::compare(std::uint32_t index, const Question& question) const {
  const Digest& digest = digests_[index];
  const Conversation& conversation = question.conversation;
  Comparison result;
  // A side that names no addresses is not everybody either, but everybody in the entry's domains.
  if (!has_domain(digest.domains, conversation.initiator.domain)) {
    result.mismatches = Nearest::elsewhere;
    return result;
  }
  if (!holds(digest.source, (digest.parts & Digest::several_sources) != 0, question.source)) {
    result.differs(Mismatch::source_address);
  }
  if (!holds(digest.destination, (digest.parts & Digest::several_destinations) != 0, question.destination)) {
    result.differs(Mismatch::destination_address);
  }
  const std::span<const Ports> one{&digest.ports, digest.ports_count};
  const Mismatch ports =
      compare_ports(digest.ports_count < 2 ? one : std::span{entries_[index].ports}, conversation);
  if (ports != Mismatch::none) result.differs(ports);
  if ((digest.parts & Digest::named) != 0 && conversation.name != name_class::any) {
    const std::vector<NameClass>& names = entries_[index].names;
    if (!std::binary_search(names.begin(), names.end(), conversation.name)) result.differs(Mismatch::name);
  }
  const auto listed = [&](std::uint8_t count, const MacAddress& alone, const EndpointOptions& side,
                          const MacAddress& mac) {
    if (count < 2) return count == 0 || mac == alone;
    return std::find(side.macs.begin(), side.macs.end(), mac) != side.macs.end();
  };
  const Entry& entry = entries_[index];
  compare_mac(entry.source,
              listed(digest.source_macs, digest.source_mac, entry.source, conversation.initiator_mac),
              conversation.initiator_mac, conversation.initiator_mac_guessed, Mismatch::source_mac, result);
  compare_mac(
      entry.destination,
      listed(digest.destination_macs, digest.destination_mac, entry.destination, conversation.responder_mac),
      conversation.responder_mac, conversation.responder_mac_guessed, Mismatch::destination_mac, result);
  const Mismatch when = compare_time(index, conversation.time);
  if (when != Mismatch::none) result.differs(when);
  return result;
}

// What the answer will need is asked of memory as soon as it is known.
Entries::Nodes Entries::nodes_of(const Conversation& conversation) const {
  Nodes nodes;
  nodes.source = sources_.find(conversation.initiator);
  ask_to_read(&source_places_[nodes.source]);
  nodes.destination = destinations_.find(conversation.responder);
  ask_to_read(&destination_places_[nodes.destination]);
  return nodes;
}

// What find() asks for.
struct Entries::Wanted {
  Basis kind = Basis::exception;
  std::uint64_t scope = 0;
  const Question& question;
  std::uint32_t any = 0;  // of Place::keys
  std::uint32_t named = 0;
};

void Entries::look(std::uint32_t entry, const Wanted& wanted, Match& match, Nearest& nearest) const {
  const std::uint32_t index = digests_[entry].index;
  if (match.found && match.index <= index) return;
  const Comparison comparison = compare(entry, wanted.question);
  if (comparison.mismatches == 0) {
    match = {true, comparison.mac_verified, index};
  } else {
    nearest.offer(wanted.kind, index, comparison.mismatches, comparison.first);
  }
}

// Every key with this source and a destination that holds the responder.
void Entries::look_beside(std::uint32_t source, const Wanted& wanted, Match& match, Nearest& nearest) const {
  const std::uint32_t keys = source_places_[source].keys;
  if ((keys & (wanted.any | wanted.named)) == 0) return;
  const std::uint32_t back = source == PrefixTree::root ? wanted.any : wanted.named;
  for (std::uint32_t destination = wanted.question.destination;;
       destination = destination_places_[destination].parent) {
    const bool any = destination == PrefixTree::root;
    if ((keys & (any ? wanted.any : wanted.named)) != 0 &&
        (destination_places_[destination].keys & back) != 0) {
      const Slot slot = slice(key_of(wanted.scope, source, destination));
      if (slot.count == 1) look(slot.first, wanted, match, nearest);
      for (std::uint32_t i = 0; slot.count > 1 && i < slot.count; ++i) {
        look(filed_[slot.first + i], wanted, match, nearest);
      }
    }
    if (any) return;
  }
}

Entries::Match Entries::find(Basis kind, PairId pair, const Question& question, Nearest& nearest) const {
  Match match;
  const bool exception = kind == Basis::exception;
  if (exception && !has_exceptions()) return match;
  const Wanted wanted{kind, scope_of(kind, pair), question,
                      exception ? Place::exceptions_any : Place::others_any,
                      exception ? Place::exceptions_named : Place::others_named};
  for (std::uint32_t source = question.source;; source = source_places_[source].parent) {
    const Place& place = source_places_[source];
    if (exception && source != PrefixTree::root && place.count <= Place::here_max) {
      // So few exceptions of a host or network need no further table.
      for (const std::uint32_t entry : near_of(place)) {
        const Digest& digest = digests_[entry];
        const bool several = (digest.parts & Digest::several_destinations) != 0;
        if (holds(digest.destination, several, question.destination)) look(entry, wanted, match, nearest);
      }
    } else {
      look_beside(source, wanted, match, nearest);
    }
    if (source == PrefixTree::root) return match;
  }
}

void Entries::offer_slice(std::span<const std::uint32_t> slice, const Question& question,
                          std::uint32_t& budget, Nearest& nearest) const {
  const std::size_t count = std::min<std::size_t>(slice.size(), budget);
  budget -= static_cast<std::uint32_t>(count);
  for (const std::uint32_t entry : slice.first(count)) {
    const Comparison comparison = compare(entry, question);
    if (comparison.mismatches == 0) continue;
    const Digest& digest = digests_[entry];
    // An exception that differs in more than two things is somebody else's business.
    if (digest.kind == Basis::exception && comparison.mismatches > 2) continue;
    nearest.offer(digest.kind, digest.index, comparison.mismatches, comparison.first);
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
      if (match.found) nearest.offer(kind, match.index, 1, Mismatch::direction);
      if (named == Basis::exception) break;
    }
  }
}

// The search that follows meets these one after the other; asked for together, memory brings them together.
void Entries::expect_near(const Question& question) const {
  for (const Place* place : {&source_places_[question.source], &destination_places_[question.destination]}) {
    if (place->count > Place::here_max) {
      ask_to_read(near_.data() + place->near[0]);
    } else {
      for (const std::uint32_t entry : near_of(*place)) ask_to_read(&digests_[entry]);
    }
  }
}

void Entries::look_around(Basis named, PairId pair, const Question& question, Nearest& nearest) const {
  if (entries_.empty()) return;
  expect_near(question);
  look_backwards(named, pair, question.conversation, nearest);
  std::uint32_t budget = near_max;
  if (named != Basis::exception) {
    const auto scope = named == Basis::gateway ? scope_gateways_of_pair : scope_services_of_pair;
    const Slot slot = slice(key_of(scope + pair, 0, 0));
    const std::uint32_t* const first = slot.count == 1 ? &slot.first : filed_.data() + slot.first;
    offer_slice({first, slot.count}, question, budget, nearest);
  }
  if (!has_exceptions()) return;
  const auto offer_near = [&](const std::vector<Place>& places, std::uint32_t node) {
    budget = near_max;
    for (; budget > 0; node = places[node].parent) {
      offer_slice(near_of(places[node]), question, budget, nearest);
      if (node == PrefixTree::root) break;
    }
  };
  offer_near(source_places_, question.source);
  offer_near(destination_places_, question.destination);
}

// In the order of compare().
std::vector<Mismatch> Entries::Comparison::all() const {
  std::vector<Mismatch> out;
  for (const Mismatch field :
       {Mismatch::source_address, Mismatch::destination_address, Mismatch::port, Mismatch::protocol,
        Mismatch::name, Mismatch::source_mac, Mismatch::destination_mac, Mismatch::not_approved,
        Mismatch::not_yet, Mismatch::expired, Mismatch::revoked, Mismatch::out_of_hours}) {
    if (has(field)) out.push_back(field);
  }
  return out;
}

std::vector<NearEntry> Entries::nearest(PairId pair, const Conversation& conversation,
                                        std::size_t most) const {
  Conversation back = conversation;
  std::swap(back.initiator, back.responder);
  std::swap(back.initiator_mac, back.responder_mac);
  const PairId reverse = policy::pair_of(to_of(pair), from_of(pair));
  const Question question = ask(conversation);
  const Question reversed = ask(back);
  struct Near : Nearest {
    std::vector<Mismatch> differs{};
  };
  std::vector<Near> near;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    const bool exception = entry.kind == Basis::exception;
    Near one;
    if (exception || pair_of(entry) == pair) {
      const Comparison comparison = compare(i, question);
      if (comparison.mismatches == 0) continue;
      // What is registered for these very ends is meant, however much else of it differs.
      const bool same_ends =
          !comparison.has(Mismatch::source_address) && !comparison.has(Mismatch::destination_address);
      if (!exception || same_ends || comparison.mismatches <= 2) {
        one.offer(entry.kind, entry.index, comparison.mismatches, comparison.first);
        one.differs = comparison.all();
        const auto protocol = std::find(one.differs.begin(), one.differs.end(), Mismatch::protocol);
        if (protocol != one.differs.end() && port_differs_too(entry.ports, conversation))
          one.differs.insert(protocol + 1, Mismatch::port);
      }
    }
    if ((exception || pair_of(entry) == reverse) && compare(i, reversed).mismatches == 0) {
      one.offer(entry.kind, entry.index, 1, Mismatch::direction);
      if (one.miss.mismatch == Mismatch::direction) one.differs = {Mismatch::direction};
    }
    if (one.miss.mismatch != Mismatch::none) near.push_back(std::move(one));
  }
  std::stable_sort(near.begin(), near.end(), [](const Near& a, const Near& b) { return a.score < b.score; });
  std::vector<NearEntry> misses;
  for (std::size_t i = 0; i < near.size() && i < most; ++i) {
    misses.push_back({near[i].miss, std::move(near[i].differs)});
  }
  return misses;
}

}  // namespace sekimori::policy
