#include "policy/known.hpp"

#include <algorithm>

#include "capture/decode/packet.hpp"
#include "policy/text/text.hpp"

namespace sekimori::policy {
namespace {

using Items = std::vector<PolicyError::Item>;

// Protocols that an entry for "any protocol" is divided into when one of them loses ports: those that have
// any, and those that cross a boundary without.
constexpr std::array<std::uint8_t, 10> protocols_named{
    capture::protocol::icmp,   capture::protocol::ipv4, capture::protocol::tcp, capture::protocol::udp,
    capture::protocol::ipv6,   capture::protocol::gre,  capture::protocol::esp, capture::protocol::ah,
    capture::protocol::icmpv6, capture::protocol::sctp};

bool overlap(const Ports& a, const Ports& b) {
  const bool protocols = a.protocol == 0 || b.protocol == 0 || a.protocol == b.protocol;
  return protocols && a.first <= b.last && b.first <= a.last;
}

void cut_one(const Ports& range, const Ports& cut, std::vector<Ports>& out) {
  if (!overlap(range, cut)) {
    out.push_back(range);
    return;
  }
  if (range.protocol == 0 && cut.protocol != 0) {
    for (const std::uint8_t protocol : protocols_named) {
      const Ports one{protocol, range.first, range.last};
      if (protocol == cut.protocol) {
        cut_one(one, cut, out);
      } else {
        out.push_back(one);
      }
    }
    return;
  }
  if (range.first < cut.first)
    out.push_back({range.protocol, range.first, static_cast<std::uint16_t>(cut.first - 1)});
  if (range.last > cut.last)
    out.push_back({range.protocol, static_cast<std::uint16_t>(cut.last + 1), range.last});
}

SegmentSet segments_of(const CompiledPolicy& policy, const std::vector<std::string>& codes) {
  if (codes.empty()) return 0xffff;
  unsigned set = 0;
  for (const std::string& code : codes) {
    const int index = policy.segment_index(code);
    if (index < 0) continue;
    set |= 1U << static_cast<unsigned>(index);
    // A group within the segment is meant with it.
    const auto& segments = policy.options.profile.segments;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      if (segments[i].part_of == segments[static_cast<std::size_t>(index)].id) set |= 1U << i;
    }
  }
  return static_cast<SegmentSet>(set);
}

void mark(std::bitset<65536>& marked, const std::vector<Ports>& ports) {
  for (const Ports& range : ports) {
    for (unsigned port = range.first; port <= range.last; ++port) marked.set(port);
  }
}

// Do services permit by name what leads to this segment?
bool named(const CompiledPolicy& policy, const SegmentOptions& segment) {
  const auto& services = policy.options.services;
  return std::any_of(services.begin(), services.end(), [&](const ServiceOptions& service) {
    return !service.names.empty() && policy.segment_index(service.to) == policy.segment_index(segment.id);
  });
}

std::string told(const Ports& ports) {
  std::string out = ports.protocol == capture::protocol::udp ? "udp/" : "tcp/";
  out += std::to_string(ports.first);
  if (ports.last != ports.first) out += '-' + std::to_string(ports.last);
  return out;
}

}  // namespace

std::vector<Ports> known_ports(const PolicyOptions& options, ServiceUse use) {
  std::vector<Ports> all;
  for (const KnownServiceOptions& known : options.known) {
    if (known.use == use) all.insert(all.end(), known.ports.begin(), known.ports.end());
  }
  return all;
}

std::vector<Ports> ports_without(const std::vector<Ports>& ports, const std::vector<Ports>& cut) {
  std::vector<Ports> left = ports;
  for (const Ports& one : cut) {
    std::vector<Ports> next;
    for (const Ports& range : left) cut_one(range, one, next);
    left = std::move(next);
  }
  return left;
}

bool ports_meet(const std::vector<Ports>& a, const std::vector<Ports>& b) {
  return std::any_of(a.begin(), a.end(), [&](const Ports& one) {
    return std::any_of(b.begin(), b.end(), [&](const Ports& other) { return overlap(one, other); });
  });
}

void compile_known(CompiledPolicy& policy) {
  const PolicyOptions& options = policy.options;
  policy.names = NameMap{options};
  std::array<SegmentId, segments_max> nowhere{};
  nowhere.fill(CompiledPolicy::no_segment);
  policy.name_targets.assign(name_class::first + policy.names.classes(), nowhere);
  for (std::uint32_t i = 0; i < options.services.size(); ++i) {
    const ServiceOptions& service = options.services[i];
    if (service.names.empty()) continue;
    policy.named_services = true;
    mark(policy.name_ports, service.ports);
    const int from = policy.segment_index(service.from);
    const int to = policy.segment_index(service.to);
    if (from < 0 || to < 0) continue;  // told already
    const auto source = static_cast<std::size_t>(from);
    policy.name_reach[source] =
        static_cast<SegmentSet>(policy.name_reach[source] | 1U << static_cast<unsigned>(to));
    for (const NameClass name : names_of_service(policy, i)) {
      SegmentId& target = policy.name_targets[name][source];
      if (target == CompiledPolicy::no_segment) target = static_cast<SegmentId>(to);
    }
  }
  for (const KnownServiceOptions& known : options.known) {
    if (!known.names.empty()) mark(policy.name_ports, known.ports);
    policy.known.push_back({segments_of(policy, known.from), segments_of(policy, known.to)});
  }
  for (const CompiledPolicy::NextHop& hop : policy.next_hops)
    policy.with_next_hops = static_cast<SegmentSet>(policy.with_next_hops | 1U << hop.segment);
  for (const SegmentOptions& segment : options.segments) {
    const int index = policy.segment_index(segment.id);
    if (index >= 0 && segment.next_hop_only)
      policy.next_hop_only =
          static_cast<SegmentSet>(policy.next_hop_only | 1U << static_cast<unsigned>(index));
  }
}

std::vector<NameClass> names_of_service(const CompiledPolicy& policy, std::uint32_t service) {
  std::vector<NameClass> all;
  if (policy.options.services[service].names.empty()) return all;
  for (std::size_t i = 0; i < policy.names.classes(); ++i) {
    const auto name = static_cast<NameClass>(name_class::first + i);
    if (policy.names.is_of_service(name, service)) all.push_back(name);
  }
  return all;
}

void tell_known_mistakes(const CompiledPolicy& policy, Mistakes& mistakes) {
  const PolicyOptions& options = policy.options;
  const std::vector<Ports> side_channels = known_ports(options, ServiceUse::side_channel);
  for (const GatewayOptions& gateway : options.gateways) {
    if (gateway.kind != GatewayKind::screen_transfer || gateway.ports.empty()) continue;
    if (ports_without(gateway.ports, side_channels).empty())
      mistakes.add(gateway.place, Text::policy_gateway_side_channels_only, {{"id", gateway.id}});
  }
  for (const ServiceOptions& service : options.services) {
    for (const std::string& name : service.names) {
      if (is_name_pattern(name)) continue;
      mistakes.add(service.place, Text::policy_name_pattern, {{"id", service.id}, {"name", name}});
    }
  }
  if (NameMap{options}.full()) mistakes.add({}, Text::policy_names_many, {});
  for (const SegmentOptions& segment : options.segments) {
    if (segment.next_hop_only && segment.next_hop_macs.empty())
      mistakes.add(segment.place, Text::policy_next_hop_only_none, {{"segment", segment.id}});
  }
}

std::vector<PolicyError::Item> known_warnings(const CompiledPolicy& policy, Language language) {
  Items out;
  const PolicyOptions& options = policy.options;
  for (const GatewayOptions& gateway : options.gateways) {
    if (gateway.kind != GatewayKind::screen_transfer) continue;
    for (const KnownServiceOptions& known : options.known) {
      if (known.use != ServiceUse::side_channel || !ports_meet(gateway.ports, known.ports)) continue;
      const std::string& name = language == Language::ja ? known.name.ja : known.name.en;
      out.push_back({gateway.place, say(Text::policy_gateway_side_channel, language,
                                        {{"id", gateway.id},
                                         {"port", known.ports.empty() ? "" : told(known.ports[0])},
                                         {"name", name}})});
    }
  }
  const auto code_of = [&](const SegmentOptions& segment) -> std::string_view {
    const int index = policy.segment_index(segment.id);
    return index < 0 ? std::string_view{}
                     : std::string_view{options.profile.segments[static_cast<std::size_t>(index)].code};
  };
  for (const SegmentOptions& segment : options.segments) {
    if (!segment.next_hop_macs.empty()) continue;
    const std::string_view code = code_of(segment);
    if (code == "SC" && segment.prefixes.empty())
      out.push_back({segment.place, say(Text::policy_egress_unknown, language, {{"segment", segment.id}})});
    if (named(policy, segment))
      out.push_back({segment.place, say(Text::policy_path_unseen, language, {{"segment", segment.id}})});
  }
  return out;
}

}  // namespace sekimori::policy
