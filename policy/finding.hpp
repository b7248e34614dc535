// What kind of finding a verdict is, so that alerts speak of a DNS question or a wrong path instead of "some
// forbidden flow".
//
//   const Sign sign = sign_of(policy, conversation, verdict);
//   finding_code(sign.finding);      // "DNS-LEAK": the code of the domain text, section 6.2
//   finding_pattern(sign.finding);   // "dns-leak": a word for each value of its own
//
// It decides nothing: what is forbidden is forbidden whatever it looks like. Ports and names are only what
// the initiator says it does, therefore "possibly" in the texts about remote control and tunnels.
#pragma once

#include <cstdint>
#include <string_view>

#include "policy/policy.hpp"

namespace sekimori::policy {

// In the order of their signature ids, 1001 and on: append only.
enum class Finding : std::uint8_t {
  forbidden,          // SEG-FORBIDDEN
  exception_missing,  // SEG-NO-EXCEPTION: an exception comes near, but does not match
  exception_expired,  // EXC-EXPIRED
  sanitiser_bypass,   // SAN-BYPASS
  egress_bypass,      // EGRESS-BYPASS: past the security cloud, or by another path than the segment's
  pair_absent,        // SEG-FORBIDDEN: the profile knows no such pair: wiring or configuration
  exception_used,     // EXC-USED: permitted, and told
  permitted,          // nothing to find
  undeclared_tunnel,  // TUNNEL: between two segments, and in no list
  side_channel,       // SAN-SIDECHANNEL: beside a screen transfer
  dns_leak,           // DNS-LEAK: a question to a resolver in another segment or outside
  update_direct,      // UPDATE-DIRECT: updates, telemetry
  remote,             // REMOTE: remote control
  tunnel_product,     // TUNNEL: a VPN product's port
  mail_bypass,        // SAN-BYPASS: mail that was not turned into text
  management,         // SEG-FORBIDDEN: monitoring, asset management, backup across segments
  screen_reversed,    // SEG-FORBIDDEN: a screen transfer opened from the end that may only be reached
  count_
};
std::string_view finding_code(Finding finding);     // "SEG-FORBIDDEN"; permitted: "permitted"
std::string_view finding_pattern(Finding finding);  // "forbidden", "sanitiser-bypass"...
std::string_view service_use_name(ServiceUse use);  // "screen-transfer"

struct Sign {
  static constexpr std::uint16_t nothing_known = 0xffff;
  Finding finding = Finding::permitted;
  std::uint16_t known = nothing_known;  // index into PolicyOptions::known: what it looks like
  bool operator==(const Sign&) const = default;
};
// Bounded by the number of known services; never allocates. For those who tell, not for the packet path.
Sign sign_of(const Policy& policy, const Conversation& conversation, const Verdict& verdict);

}  // namespace sekimori::policy
