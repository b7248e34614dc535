// Machine words that several renderings share. ASCII; they do not change meaning.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "capture/flow/flow.hpp"
#include "daemon/messages.hpp"
#include "policy/finding.hpp"
#include "policy/policy.hpp"

namespace sekimori::daemon {

using policy::Finding;
// What was found, by the flow's own facts.
policy::Sign sign_of(const capture::FlowFacts& facts, const policy::Verdict& verdict,
                     const policy::Policy& policy);
std::uint32_t signature_id(Finding finding);  // 1001...
// The known service that a sign speaks of; null where there is none.
const policy::KnownServiceOptions* known_service(const policy::Policy& policy, const policy::Sign& sign);

// IANA's keyword in upper case, as Suricata prints it: "TCP", "IPV6-ICMP"; the number where it has none here.
std::string protocol_name(std::uint8_t protocol);
bool has_ports(std::uint8_t protocol);  // TCP, UDP, SCTP
bool is_icmp(std::uint8_t protocol);
// A tunnel as people write it: "VXLAN", "IP-in-IP", "IPsec (ESP/IKE)"; none: "".
std::string_view tunnel_title(capture::Tunnel tunnel);
// The first day on which an exception that ends at `until` is over begins at midnight of the zone: then the
// day before, "2026-03-31", as its register says. Else the moment, "2026-03-31 17:00:00".
std::string last_valid(Time until, int utc_offset_minutes);
// "10.1.2.3"; where there are several address spaces, with the name of its own: "10.1.2.3 (domain b)".
std::string address_text(const IpAddress& address, const policy::Policy& policy, Language language);
std::string_view cell_code(policy::Cell cell);              // "-", "F", "f", "G", "L", "P"
std::string_view alert_kind_name(AlertKind kind);           // "opened"
std::string_view close_reason_name(CloseReason reason);     // "quiet"; none: ""
std::string_view severity_name(policy::Severity severity);  // RFC 5424 table 2: "emergency".."debug"
int eve_severity(policy::Severity severity);                // Suricata's scale: 1 is the worst
// Id of the segment, e.g. "mynumber"; "-" for an index that the policy does not know.
std::string_view segment_id(const policy::Policy& policy, policy::SegmentId segment);
std::string rule_name(const policy::Policy& policy,
                      const policy::Verdict& verdict);  // "F mynumber->external"
// Id of the gateway, service or exception; empty for Basis::cell.
std::string entry_id(const policy::Policy& policy, policy::Basis kind, std::uint32_t index);
// The clauses of the verdict's reasons, each once, in their order. Pointers live as long as the policy.
std::vector<const policy::Clause*> clauses_of(const policy::Policy& policy, const policy::Verdict& verdict);
std::vector<const policy::Reason*> reasons_of(const policy::Policy& policy, const policy::Verdict& verdict);

}  // namespace sekimori::daemon
