#include "daemon/render/words.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/render.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {

policy::Sign sign_of(const capture::FlowFacts& facts, const policy::Verdict& verdict,
                     const policy::Policy& policy) {
  return policy::sign_of(policy, policy::conversation_of(facts), verdict);
}

const policy::KnownServiceOptions* known_service(const policy::Policy& policy, const policy::Sign& sign) {
  const auto& known = policy.options().known;
  return sign.known < known.size() ? &known[sign.known] : nullptr;
}

std::uint32_t signature_id(Finding finding) {
  return 1001 + static_cast<std::uint32_t>(finding);
}

std::string protocol_name(std::uint8_t protocol) {
  using Entry = std::pair<std::uint8_t, std::string_view>;
  static constexpr std::array names{Entry{0, "HOPOPT"},
                                    Entry{1, "ICMP"},
                                    Entry{2, "IGMP"},
                                    Entry{4, "IP-ENCAP"},
                                    Entry{6, "TCP"},
                                    Entry{8, "EGP"},
                                    Entry{9, "IGP"},
                                    Entry{17, "UDP"},
                                    Entry{27, "RDP"},
                                    Entry{33, "DCCP"},
                                    Entry{41, "IPV6"},
                                    Entry{43, "IPV6-ROUTE"},
                                    Entry{44, "IPV6-FRAG"},
                                    Entry{46, "RSVP"},
                                    Entry{47, "GRE"},
                                    Entry{50, "ESP"},
                                    Entry{51, "AH"},
                                    Entry{58, "IPV6-ICMP"},
                                    Entry{59, "IPV6-NONXT"},
                                    Entry{60, "IPV6-OPTS"},
                                    Entry{88, "EIGRP"},
                                    Entry{89, "OSPFIGP"},
                                    Entry{94, "IPIP"},
                                    Entry{97, "ETHERIP"},
                                    Entry{103, "PIM"},
                                    Entry{108, "IPCOMP"},
                                    Entry{112, "VRRP"},
                                    Entry{115, "L2TP"},
                                    Entry{124, "ISIS"},
                                    Entry{132, "SCTP"},
                                    Entry{135, "MOBILITY-HEADER"},
                                    Entry{136, "UDPLITE"},
                                    Entry{137, "MPLS-IN-IP"},
                                    Entry{139, "HIP"}};
  for (const auto& [number, name] : names) {
    if (number == protocol) return std::string{name};
  }
  return std::to_string(protocol);
}

std::string_view tunnel_title(capture::Tunnel tunnel) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(capture::Tunnel::count_)> titles{
      "",     "IP-in-IP", "GRE",        "ERSPAN",          "VXLAN", "Geneve", "Teredo", "GTP-U",
      "L2TP", "CAPWAP",   "IPsec (AH)", "IPsec (ESP/IKE)", "MPLS",  "TZSP",   "EtherIP"};
  return titles[std::min(static_cast<std::size_t>(tunnel), titles.size() - 1)];
}

std::string last_valid(Time until, int utc_offset_minutes) {
  const auto local = until + std::chrono::minutes{utc_offset_minutes};
  if (local == std::chrono::floor<std::chrono::days>(local)) {
    return timestamp(until - Duration{1}, utc_offset_minutes).substr(0, 10);
  }
  std::string moment = timestamp(until, utc_offset_minutes).substr(0, 19);
  moment[10] = ' ';
  return moment;
}

bool has_ports(std::uint8_t protocol) {
  return protocol == capture::protocol::tcp || protocol == capture::protocol::udp ||
         protocol == capture::protocol::sctp;
}

bool is_icmp(std::uint8_t protocol) {
  return protocol == capture::protocol::icmp || protocol == capture::protocol::icmpv6;
}

std::string address_text(const IpAddress& address, const policy::Policy& policy, Language language) {
  if (!policy.several_domains()) return address.to_string();
  return say(Text::domain_address, language,
             {{"address", address.to_string()}, {"domain", policy.domain_name(address.domain)}});
}

std::string_view cell_code(policy::Cell cell) {
  switch (cell) {
    case policy::Cell::absent:
      return "-";
    case policy::Cell::forbid_always:
      return "F";
    case policy::Cell::forbid:
      return "f";
    case policy::Cell::gateway:
      return "G";
    case policy::Cell::service:
      return "L";
    case policy::Cell::permit:
      return "P";
  }
  return "?";
}

std::string_view alert_kind_name(AlertKind kind) {
  switch (kind) {
    case AlertKind::opened:
      return "opened";
    case AlertKind::escalated:
      return "escalated";
    case AlertKind::widened:
      return "widened";
    case AlertKind::sweep:
      return "sweep";
    case AlertKind::repeated:
      return "repeated";
    case AlertKind::closed:
      return "closed";
    case AlertKind::exception:
      return "exception";
  }
  return "?";
}

std::string_view close_reason_name(CloseReason reason) {
  switch (reason) {
    case CloseReason::none:
      return "";
    case CloseReason::quiet:
      return "quiet";
    case CloseReason::displaced:
      return "displaced";
    case CloseReason::finished:
      return "finished";
    case CloseReason::over:
      return "over";
    case CloseReason::permitted:
      return "permitted";
    case CloseReason::reclassified:
      return "reclassified";
    case CloseReason::unwatched:
      return "unwatched";
  }
  return "?";
}

std::string_view severity_name(policy::Severity severity) {
  static constexpr std::array<std::string_view, 8> names{"emergency", "alert",  "critical", "error",
                                                         "warning",   "notice", "info",     "debug"};
  return names[std::min<std::size_t>(static_cast<std::size_t>(severity), names.size() - 1)];
}

int eve_severity(policy::Severity severity) {
  if (severity <= policy::Severity::critical) return 1;
  return severity == policy::Severity::error ? 2 : 3;
}

std::string_view segment_id(const policy::Policy& policy, policy::SegmentId segment) {
  const auto& segments = policy.segments();
  return segment < segments.size() ? std::string_view{segments[segment].id} : std::string_view{"-"};
}

std::string rule_name(const policy::Policy& policy, const policy::Verdict& verdict) {
  std::string out{cell_code(verdict.cell)};
  out += ' ';
  out += segment_id(policy, verdict.from);
  out += "->";
  out += segment_id(policy, verdict.to);
  return out;
}

std::string entry_id(const policy::Policy& policy, policy::Basis kind, std::uint32_t index) {
  const policy::PolicyOptions& options = policy.options();
  switch (kind) {
    case policy::Basis::cell:
      break;
    case policy::Basis::gateway:
      if (index < options.gateways.size()) return options.gateways[index].id;
      break;
    case policy::Basis::service:
      if (index < options.services.size()) return options.services[index].id;
      break;
    case policy::Basis::exception:
      if (index < options.exceptions.size()) return options.exceptions[index].id;
      break;
  }
  return {};
}

std::vector<const policy::Reason*> reasons_of(const policy::Policy& policy, const policy::Verdict& verdict) {
  const auto& reasons = policy.options().profile.reasons;
  std::vector<const policy::Reason*> out;
  for (std::size_t i = 0; i < verdict.reasons_count && i < verdict.reasons.size(); ++i) {
    if (verdict.reasons[i] < reasons.size()) out.push_back(&reasons[verdict.reasons[i]]);
  }
  return out;
}

std::vector<const policy::Clause*> clauses_of(const policy::Policy& policy, const policy::Verdict& verdict) {
  std::vector<const policy::Clause*> out;
  for (const policy::Reason* reason : reasons_of(policy, verdict)) {
    for (const std::string& id : reason->clauses) {
      for (const policy::Clause& clause : policy.options().profile.clauses) {
        if (clause.id == id && std::find(out.begin(), out.end(), &clause) == out.end())
          out.push_back(&clause);
      }
    }
  }
  return out;
}

}  // namespace sekimori::daemon
