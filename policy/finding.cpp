#include "policy/finding.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace sekimori::policy {
namespace {

struct Words {
  std::string_view code;
  std::string_view pattern;
};
constexpr std::array<Words, static_cast<std::size_t>(Finding::count_)> words{{
    {"SEG-FORBIDDEN", "forbidden"},
    {"SEG-NO-EXCEPTION", "exception-missing"},
    {"EXC-EXPIRED", "exception-expired"},
    {"SAN-BYPASS", "sanitiser-bypass"},
    {"EGRESS-BYPASS", "egress-bypass"},
    {"SEG-FORBIDDEN", "pair-absent"},
    {"EXC-USED", "exception-used"},
    {"permitted", "permitted"},
    {"TUNNEL", "undeclared-tunnel"},
    {"SAN-SIDECHANNEL", "side-channel"},
    {"DNS-LEAK", "dns-leak"},
    {"UPDATE-DIRECT", "update-direct"},
    {"REMOTE", "remote"},
    {"TUNNEL", "tunnel-product"},
    {"SAN-BYPASS", "mail-bypass"},
    {"SEG-FORBIDDEN", "management"},
    {"SEG-FORBIDDEN", "screen-transfer-reversed"},
}};

bool has_screen_transfer(const Policy& policy, SegmentId from, SegmentId to) {
  const auto& gateways = policy.options().gateways;
  return std::any_of(gateways.begin(), gateways.end(), [&](const GatewayOptions& gateway) {
    return gateway.kind == GatewayKind::screen_transfer && policy.segment_index(gateway.from) == from &&
           policy.segment_index(gateway.to) == to;
  });
}

// The city's screen transfers go the other way between these two.
bool transfers_back(const Policy& policy, const Verdict& verdict) {
  return has_screen_transfer(policy, verdict.to, verdict.from) &&
         !has_screen_transfer(policy, verdict.from, verdict.to);
}

bool reversed_gateway(const Policy& policy, const Verdict& verdict) {
  const NearMiss& near = verdict.near_miss;
  const auto& gateways = policy.options().gateways;
  return near.mismatch == Mismatch::direction && near.kind == Basis::gateway &&
         near.index < gateways.size() && gateways[near.index].kind == GatewayKind::screen_transfer &&
         transfers_back(policy, verdict);
}

// What a use means here; nothing where it says no more than the cell does.
std::optional<Finding> meaning(ServiceUse use, const Policy& policy, const Verdict& verdict) {
  switch (use) {
    case ServiceUse::other:
      return std::nullopt;
    case ServiceUse::dns:
      if (verdict.from == policy.external()) return std::nullopt;
      return Finding::dns_leak;
    case ServiceUse::update:
      return Finding::update_direct;
    case ServiceUse::remote:
      return Finding::remote;
    case ServiceUse::tunnel:
      return Finding::tunnel_product;
    case ServiceUse::mail:
      return Finding::mail_bypass;
    case ServiceUse::side_channel:
      if (verdict.cell != Cell::gateway) return std::nullopt;
      return Finding::side_channel;
    case ServiceUse::screen_transfer:
      if (!transfers_back(policy, verdict)) return std::nullopt;
      return Finding::screen_reversed;
    case ServiceUse::management:
      return Finding::management;
  }
  return std::nullopt;
}

// By matrix and entries alone.
Finding by_cell(const Policy& policy, const Verdict& verdict) {
  const NearMiss& near = verdict.near_miss;
  if (verdict.cell == Cell::gateway) return Finding::sanitiser_bypass;
  if (verdict.other_path) return Finding::egress_bypass;
  if (near.mismatch != Mismatch::none && near.mismatch != Mismatch::cell_forbids &&
      near.kind == Basis::exception && verdict.cell != Cell::forbid_always) {
    return Finding::exception_missing;
  }
  // Straight out of the Internet segment or a part of it: only where the profile has a security cloud can it
  // be bypassed.
  const auto& segments = policy.segments();
  const auto in_internet = [&](SegmentId segment) {
    return segment < segments.size() &&
           (segments[segment].code == "NET" || segments[segment].part_of == "internet");
  };
  if (in_internet(verdict.from) && verdict.to == policy.external() && policy.segment_index("SC") >= 0) {
    return Finding::egress_bypass;
  }
  return Finding::forbidden;
}

}  // namespace

std::string_view finding_code(Finding finding) {
  return words[std::min(static_cast<std::size_t>(finding), words.size() - 1)].code;
}

std::string_view finding_pattern(Finding finding) {
  return words[std::min(static_cast<std::size_t>(finding), words.size() - 1)].pattern;
}

std::string_view service_use_name(ServiceUse use) {
  static constexpr std::array<std::string_view, 9> names{
      "other", "dns", "update", "remote", "tunnel", "mail", "side-channel", "screen-transfer", "management"};
  return names[std::min(static_cast<std::size_t>(use), names.size() - 1)];
}

Sign sign_of(const Policy& policy, const Conversation& conversation, const Verdict& verdict) {
  Sign sign;
  if (verdict.decision == Decision::permit) {
    if (verdict.basis == Basis::exception) sign.finding = Finding::exception_used;
    return sign;
  }
  const auto& known = policy.options().known;
  std::optional<Finding> meant;
  for (std::size_t i = 0; i < known.size() && !meant; ++i) {
    if (!policy.is_known(i, conversation, verdict)) continue;
    meant = meaning(known[i].use, policy, verdict);
    // The first that fits names it; one that also has a meaning here names it better.
    if (meant || sign.known == Sign::nothing_known) sign.known = static_cast<std::uint16_t>(i);
  }
  if (verdict.undeclared_tunnel) {
    sign.finding = Finding::undeclared_tunnel;
  } else if (verdict.near_miss.mismatch == Mismatch::expired) {
    sign.finding = Finding::exception_expired;
  } else if (verdict.cell == Cell::absent) {
    sign.finding = Finding::pair_absent;
  } else if (reversed_gateway(policy, verdict)) {
    sign.finding = Finding::screen_reversed;
  } else {
    sign.finding = meant.value_or(by_cell(policy, verdict));
  }
  return sign;
}

}  // namespace sekimori::policy
