#include "policy/proof/universe.hpp"

#include <algorithm>
#include <utility>

#include "capture/decode/packet.hpp"
#include "policy/compiled.hpp"
#include "policy/entries.hpp"
#include "policy/proof/reach.hpp"

namespace sekimori::policy {
namespace {

constexpr Number one = 1;
constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63U;

Number ones(unsigned bits) {
  return bits >= 128 ? ~Number{0} : (one << bits) - 1;
}

unsigned bits_of(Family family) {
  return family == Family::ipv4 ? 32U : 128U;
}

// Addresses that can be an end of a conversation beyond its wire.
RangeSet routed(Family family) {
  std::vector<Range> scoped;
  const auto leave_out = [&](const char* text) { scoped.push_back(range_of(*Prefix::parse(text))); };
  if (family == Family::ipv4) {
    for (const char* text : {"224.0.0.0/4", "255.255.255.255", "169.254.0.0/16", "0.0.0.0"}) leave_out(text);
  } else {
    for (const char* text : {"ff00::/8", "fe80::/10", "::"}) leave_out(text);
  }
  return subtract(RangeSet{{{0, ones(bits_of(family))}}}, RangeSet{std::move(scoped)});
}

// The one that is easiest to read: TCP, UDP, ICMP, then whatever comes first; a known port.
Number plain_service(const RangeSet& services) {
  namespace protocol = capture::protocol;
  for (const std::uint8_t wanted : {protocol::tcp, protocol::udp, protocol::icmp, protocol::icmpv6}) {
    const Number begin = Number{wanted} * services_each;
    const RangeSet known = intersect(services, RangeSet{{{begin, begin + port_unknown - 1}}});
    if (known.empty()) continue;
    // Port 0 stands for nothing, where there is another one.
    return known.first() == begin && known.contains(begin + 1) ? begin + 1 : known.first();
  }
  return services.first();
}

// The second one of several: the first is often a network's own address.
Number plain_address(const RangeSet& addresses) {
  return addresses.contains(addresses.first() + 1) ? addresses.first() + 1 : addresses.first();
}

constexpr std::int64_t minute_ns = 60'000'000'000;

std::int64_t minutes_since_epoch(Time time) {
  const std::int64_t count = time.time_since_epoch().count();
  return count / minute_ns - (count % minute_ns < 0 ? 1 : 0);
}

// The first moment of a box that is real; not before 1970, where there is a choice.
Time plain_time(const Universe& universe, const Box& box) {
  const RangeSet& week = box[Side::week];
  for (const bool modern : {true, false}) {
    for (Range range : box[Side::time].ranges()) {
      if (modern && range.last < number_of(Time{})) continue;
      if (modern) range.first = std::max(range.first, number_of(Time{}));
      const Time begin = time_of(range.first);
      const Number minute = universe.minute_of(begin);
      if (week.contains(minute)) return begin;
      for (unsigned ahead = 1; ahead < minutes_of_week; ++ahead) {
        if (!week.contains((minute + ahead) % minutes_of_week)) continue;
        const Time then{Duration{(minutes_since_epoch(begin) + ahead) * minute_ns}};
        if (number_of(then) <= range.last) return then;
        break;
      }
    }
  }
  return time_of(box[Side::time].first());
}

}  // namespace

Number number_of(const IpAddress& address) {
  if (address.family == Family::ipv4) return address.upper() >> 32U;
  return Number{address.upper()} << 64U | address.lower();
}

IpAddress address_of(Number number, Family family) {
  if (family == Family::ipv4) return IpAddress::ipv4(static_cast<std::uint32_t>(number));
  IpAddress address;
  address.family = Family::ipv6;
  for (std::size_t i = 16; i-- > 0; number >>= 8U) address.bytes[i] = static_cast<std::uint8_t>(number);
  return address;
}

Range range_of(const Prefix& prefix) {
  const Number first = number_of(prefix.address);
  return {first, first | ones(prefix.address.bits() - prefix.length)};
}

RangeSet addresses_of(const std::vector<Prefix>& prefixes, Family family) {
  std::vector<Range> ranges;
  for (const Prefix& prefix : prefixes) {
    if (prefix.address.family == family) ranges.push_back(range_of(prefix));
  }
  return RangeSet{std::move(ranges)};
}

std::vector<Prefix> prefixes_of(const Range& range, Family family) {
  const unsigned bits = bits_of(family);
  std::vector<Prefix> prefixes;
  Number first = range.first;
  while (true) {
    unsigned free = 0;  // host bits: as many as the alignment and the end allow
    while (free < bits && (first & ones(free + 1)) == 0 && ones(free + 1) <= range.last - first) ++free;
    prefixes.push_back({address_of(first, family), static_cast<std::uint8_t>(bits - free)});
    const Number last = first | ones(free);
    if (last >= range.last) return prefixes;
    first = last + 1;
  }
}

Number number_of(Time time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count()) ^ sign_bit;
}

Time time_of(Number number) {
  return Time{Duration{static_cast<std::int64_t>(static_cast<std::uint64_t>(number) ^ sign_bit)}};
}

RangeSet times_of(Time begin, Time end) {
  if (begin >= end) return {};
  // Time::max() stands for "without end".
  const Number last = end == Time::max() ? number_of(end) : number_of(end) - 1;
  return RangeSet{{{number_of(begin), last}}};
}

RangeSet services_of(const Ports& ports) {
  std::vector<Range> ranges;
  const unsigned first = ports.protocol == 0 ? 0U : ports.protocol;
  const unsigned last = ports.protocol == 0 ? 255U : ports.protocol;
  for (unsigned protocol = first; protocol <= last; ++protocol) {
    const Number begin = protocol * services_each;
    if (every_port(ports)) {
      ranges.push_back({begin, begin + port_unknown});
    } else if (has_ports(static_cast<std::uint8_t>(protocol))) {
      ranges.push_back({begin + ports.first, begin + ports.last});
    }
  }
  return RangeSet{std::move(ranges)};
}

RangeSet services_of(const std::vector<Ports>& list) {
  if (list.empty()) return services_of(Ports{});
  RangeSet services;
  for (const Ports& ports : list) services = unite(services, services_of(ports));
  return services;
}

std::vector<std::string> domain_names(const PolicyOptions& options) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < domains_count(options); ++i)
    names.emplace_back(domain_name(options, static_cast<DomainId>(i)));
  return names;
}

Universe::Universe(const CompiledPolicy& policy)
    : Universe(macs_of(policy), policy.options.utc_offset_minutes, domain_names(policy.options)) {}

Universe::Universe(std::vector<MacAddress> macs, int utc_offset_minutes, std::vector<std::string> domains)
    : macs_(std::move(macs)), domains_(std::move(domains)), utc_offset_minutes_(utc_offset_minutes) {
  std::sort(macs_.begin(), macs_.end());
  macs_.erase(std::unique(macs_.begin(), macs_.end()), macs_.end());
  macs_.erase(std::remove(macs_.begin(), macs_.end(), MacAddress{}), macs_.end());
  for (Box* box : {&ipv4_, &ipv6_}) {
    box->family = box == &ipv4_ ? Family::ipv4 : Family::ipv6;
    (*box)[Side::source] = (*box)[Side::destination] = routed(box->family);
    (*box)[Side::service] = services_of(Ports{});
    (*box)[Side::time] = RangeSet{{{0, ~std::uint64_t{0}}}};
    (*box)[Side::week] = RangeSet{{{0, minutes_of_week - 1}}};
    const RangeSet classes{{{mac_unknown, mac_other()}}};
    (*box)[Side::source_mac] = (*box)[Side::destination_mac] = (*box)[Side::next_hop] = classes;
    (*box)[Side::tunnel] = RangeSet{{{0, static_cast<Number>(capture::Tunnel::count_) - 1}}};
    (*box)[Side::domain] = RangeSet{{{0, domains_.size() - 1}}};
  }
}

Number Universe::minute_of(Time time) const {
  constexpr std::int64_t thursday = 3;  // 1970-01-01
  const std::int64_t minutes = minutes_since_epoch(time) + utc_offset_minutes_ + thursday * minutes_of_day;
  const std::int64_t minute = minutes % minutes_of_week;
  return static_cast<Number>(minute < 0 ? minute + minutes_of_week : minute);
}

RangeSet Universe::minutes_of(const Week& week, int utc_offset_minutes) const {
  if (week.always()) return ipv4_[Side::week];
  // What is 09:00 there is another minute here.
  const int shift = (utc_offset_minutes_ - utc_offset_minutes) % minutes_of_week + minutes_of_week;
  std::vector<Range> ranges;
  for (const Week::Span& span : week.spans()) {
    const unsigned begin = (span.begin + static_cast<unsigned>(shift)) % minutes_of_week;
    const unsigned last = begin + (span.end - span.begin) - 1U;
    ranges.push_back({begin, std::min<unsigned>(last, minutes_of_week - 1U)});
    if (last >= minutes_of_week) ranges.push_back({0, last - minutes_of_week});
  }
  return RangeSet{std::move(ranges)};
}

bool Universe::real(const Box& box) const {
  const RangeSet& week = box[Side::week];
  if (box.empty()) return false;
  if (week == ipv4_[Side::week]) return true;
  return std::any_of(
      box[Side::time].ranges().begin(), box[Side::time].ranges().end(), [&](const Range& range) {
        const std::int64_t span =
            minutes_since_epoch(time_of(range.last)) - minutes_since_epoch(time_of(range.first));
        if (span >= minutes_of_week) return true;
        const Number begin = minute_of(time_of(range.first));
        const Number last = begin + static_cast<Number>(span);
        std::vector<Range> minutes{{begin, std::min<Number>(last, minutes_of_week - 1U)}};
        if (last >= minutes_of_week) minutes.push_back({0, last - minutes_of_week});
        return week.meets(RangeSet{std::move(minutes)});
      });
}

void Universe::keep_real(std::vector<Box>& boxes) const {
  std::erase_if(boxes, [this](const Box& box) { return !real(box); });
}

Number Universe::class_of(const MacAddress& mac) const {
  if (mac.is_zero()) return mac_unknown;
  const auto found = std::lower_bound(macs_.begin(), macs_.end(), mac);
  if (found == macs_.end() || *found != mac) return mac_other();
  return static_cast<Number>(found - macs_.begin()) + 1;
}

MacAddress Universe::mac_of(Number number) const {
  if (number == mac_unknown) return {};
  if (number <= macs_.size()) return macs_[static_cast<std::size_t>(number) - 1];
  MacAddress other{{0x02, 0, 0, 0, 0, 0x01}};  // of those that everybody may give to his own cards
  while (std::binary_search(macs_.begin(), macs_.end(), other)) {
    std::size_t at = other.bytes.size() - 1;
    while (++other.bytes[at] == 0) --at;
  }
  return other;
}

RangeSet Universe::classes_of(const std::vector<MacAddress>& macs) const {
  std::vector<Range> classes;
  for (const MacAddress& mac : macs) classes.push_back({class_of(mac), class_of(mac)});
  return RangeSet{std::move(classes)};
}

Box Universe::point(const Conversation& conversation) const {
  Box box;
  box.family = conversation.initiator.family;
  const Number port = conversation.ports_known ? Number{conversation.port} : port_unknown;
  box[Side::source] = RangeSet::of(number_of(conversation.initiator));
  box[Side::destination] = RangeSet::of(number_of(conversation.responder));
  box[Side::service] = RangeSet::of(conversation.protocol * services_each + port);
  box[Side::time] = RangeSet::of(number_of(conversation.time));
  box[Side::week] = RangeSet::of(minute_of(conversation.time));
  box[Side::source_mac] = RangeSet::of(class_of(conversation.initiator_mac));
  box[Side::destination_mac] = RangeSet::of(class_of(conversation.responder_mac));
  box[Side::next_hop] = RangeSet::of(class_of(conversation.next_hop_mac));
  box[Side::tunnel] = RangeSet::of(static_cast<Number>(conversation.tunnel));
  box[Side::domain] = RangeSet::of(conversation.initiator.domain);
  return box;
}

Conversation Universe::example(const Box& box) const {
  Conversation conversation;
  const auto domain = static_cast<DomainId>(box[Side::domain].first());
  conversation.initiator = address_of(plain_address(box[Side::source]), box.family).in(domain);
  const RangeSet& destinations = box[Side::destination];
  conversation.responder = address_of(plain_address(destinations), box.family).in(domain);
  const Number service = plain_service(box[Side::service]);
  const Number port = service % services_each;
  conversation.protocol = static_cast<std::uint8_t>(service / services_each);
  conversation.ports_known = port != port_unknown;
  if (conversation.ports_known) conversation.port = static_cast<std::uint16_t>(port);
  conversation.time = plain_time(*this, box);
  conversation.initiator_mac = mac_of(box[Side::source_mac].first());
  conversation.responder_mac = mac_of(box[Side::destination_mac].first());
  conversation.next_hop_mac = mac_of(box[Side::next_hop].first());
  conversation.tunnel = static_cast<capture::Tunnel>(static_cast<unsigned>(box[Side::tunnel].first()));
  return conversation;
}

}  // namespace sekimori::policy
