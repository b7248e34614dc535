// A city in code for tests of alerts: small, with a clause and an entry of each kind, and a record about it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/messages.hpp"
#include "daemon/options.hpp"
#include "policy/policy.hpp"

namespace sekimori::test {

inline IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

// 2026-04-01T09:12:03.482915 in Japan.
inline constexpr Time nine_twelve{std::chrono::nanoseconds{1'775'002'323'482'915'000}};

inline constexpr MacAddress exception_mac{{2, 0, 0, 0, 0, 6}};

inline policy::PolicyOptions alert_city() {
  using policy::Cell;
  policy::PolicyOptions options;
  policy::Profile& profile = options.profile;
  profile.id = "alpha";
  profile.name = {"αモデル", "alpha model"};
  profile.segments = {{"mynumber", "MN", {"マイナンバー利用事務系", "My Number segment"}},
                      {"lgwan", "LG", {"LGWAN接続系", "LGWAN segment"}},
                      {"internet", "NET", {"インターネット接続系", "Internet segment"}},
                      {"security-cloud", "SC", {"自治体情報セキュリティクラウド", "security cloud"}},
                      {"external", "EXT", {"外部・不明", "external / unknown"}}};
  profile.clauses = {
      {"004-6-3-a",
       {"架空市情報セキュリティポリシー", "Kakuu City security policy"},
       "第1章6(3)ア",
       "他の領域と通信できないようにしなければならない",
       "must not communicate with any other area"},
      {"004-6-3-b", {"架空市情報セキュリティポリシー", "Kakuu City security policy"}, "第1章6(3)イ", "", ""},
      {"004-2-11", {"架空市情報セキュリティポリシー", "Kakuu City security policy"}, "第1章2(11)", "", ""}};
  profile.reasons = {{"R2", {"例外は許可済みのものに限る", "approved exceptions only"}, {"004-6-3-a"}},
                     {"R3", {"完全に遮断する", "total block"}, {"004-6-3-a", "004-2-11"}},
                     {"R4", {"無害化通信に限る", "sanitised only"}, {"004-6-3-b"}},
                     {"R6", {"セキュリティクラウドに集約する", "egress aggregated"}, {}}};
  const auto cell = [](std::string_view from, std::string_view to) {
    if (from == to) return std::pair{from == "external" ? Cell::absent : Cell::permit, ""};
    if (from == "mynumber" && to == "lgwan") return std::pair{Cell::forbid, "R2"};
    if (from == "mynumber" || to == "mynumber") return std::pair{Cell::forbid_always, "R3"};
    if (from == "lgwan" && to == "internet") return std::pair{Cell::gateway, "R4"};
    if (from == "internet" && to == "security-cloud") return std::pair{Cell::permit, ""};
    if (from == "internet" && to == "external") return std::pair{Cell::forbid, "R6"};
    if (from == "security-cloud" || to == "security-cloud") return std::pair{Cell::absent, ""};
    return std::pair{Cell::forbid_always, "R4"};
  };
  for (const auto& from : profile.segments) {
    for (const auto& to : profile.segments) {
      const auto [code, reason] = cell(from.id, to.id);
      std::vector<std::string> reasons;
      if (*reason != '\0') reasons.emplace_back(reason);
      profile.cells.push_back({from.id, to.id, code, reasons, {}});
    }
  }
  const auto segment = [&](const char* id, const char* prefix, const char* name) {
    policy::SegmentOptions out;
    out.id = id;
    out.prefixes.push_back({Prefix::parse(prefix).value(), name, {}});
    options.segments.push_back(std::move(out));
  };
  segment("mynumber", "10.10.0.0/16", "税務課");
  segment("lgwan", "10.20.0.0/16", "総務課");
  segment("internet", "10.30.0.0/16", "");
  segment("security-cloud", "172.31.0.0/24", "");
  policy::GatewayOptions gateway;
  gateway.id = "GW-VDI";
  gateway.name = "画面転送";
  gateway.from = "lgwan";
  gateway.to = "internet";
  gateway.hosts.addresses = {Prefix::parse("10.30.1.10/32").value()};
  gateway.ports = {{capture::protocol::tcp, 443, 443}};
  options.gateways.push_back(gateway);
  // On the My Number segment an exception names the MAC.
  const auto exception = [&](const char* id, const char* source, const char* destination, std::uint16_t port,
                             std::chrono::hours from, std::chrono::hours until) {
    policy::ExceptionOptions out;
    out.id = id;
    out.reason = "試験";
    out.approver = "最高情報統括責任者";
    out.ticket = "第1号";
    out.from = nine_twelve + from;
    out.until = nine_twelve + until;
    out.source.addresses = {Prefix::parse(source).value()};
    out.source.macs = {exception_mac};
    out.destination.addresses = {Prefix::parse(destination).value()};
    out.ports = {{capture::protocol::tcp, port, port}};
    options.exceptions.push_back(std::move(out));
  };
  using std::chrono::hours;
  exception("EX-1", "10.10.1.6/32", "10.20.1.6/32", 8530, hours{-2400}, hours{24000});
  exception("EX-2", "10.10.1.7/32", "10.20.1.7/32", 1521, hours{-2400}, hours{-72});
  return options;
}

inline std::shared_ptr<const policy::Policy> alert_policy() {
  return std::make_shared<const policy::Policy>(alert_city(), std::vector<std::string>{},
                                                std::string(64, 'a'), 7);
}

// A forbidden or permitted event as the inspector would tell it.
inline daemon::FlowEvent event_of(const policy::Policy& policy, std::string_view source,
                                  std::string_view destination, std::uint16_t port,
                                  capture::Stage stage = capture::Stage::attempt, Time time = nine_twelve,
                                  std::uint8_t protocol = capture::protocol::tcp) {
  daemon::FlowEvent event;
  event.time = time;
  event.facts.tuple = {ip(source), ip(destination), 51544, port, protocol};
  event.facts.packets_to_server = 3;
  event.facts.bytes_to_server = 214;
  if (stage >= capture::Stage::answered) {
    event.facts.packets_to_client = 2;
    event.facts.bytes_to_client = 132;
  }
  if (source == "10.10.1.6") event.facts.initiator_mac = exception_mac;  // where EX-1 applies
  event.facts.start = time;
  event.facts.end = time;
  event.facts.stage = stage;
  event.facts.evidence = capture::Evidence::syn;
  event.facts.id = 1'676'750'115'612'680;
  event.verdict = policy.judge(policy::conversation_of(event.facts));
  event.generation = policy.generation();
  return event;
}

inline daemon::AlertRecord record_of(const std::shared_ptr<const policy::Policy>& policy,
                                     const daemon::FlowEvent& event,
                                     daemon::AlertKind kind = daemon::AlertKind::opened) {
  daemon::AlertRecord record;
  record.kind = kind;
  record.sequence = 1;
  record.time = record.opened = event.time;
  record.event = event;
  record.stage_highest = event.facts.stage;
  record.severity = policy::severity(*policy, event.verdict, event.facts.stage);
  record.events = record.flows = record.responders = record.services = 1;
  record.bytes = event.facts.bytes_to_server + event.facts.bytes_to_client;
  record.policy = policy;
  return record;
}

}  // namespace sekimori::test
