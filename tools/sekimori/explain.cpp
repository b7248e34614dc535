#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <iostream>
#include <optional>

#include "capture/source/frame.hpp"
#include "daemon/control/query.hpp"
#include "daemon/render.hpp"
#include "policy/text/text.hpp"
#include "tools/sekimori/commands.hpp"
#include "tools/sekimori/read_time.hpp"
#include "tools/sekimori/table.hpp"

namespace sekimori::tool {
namespace {

using policy::Basis;
using policy::Cell;
using policy::Decision;
using policy::Mismatch;

IpAddress read_address(const std::string& value, Language language) {
  const auto address = IpAddress::parse(value);
  if (!address) throw UsageError(say(Text::tool_bad_address, language, {{"value", value}}), {});
  return *address;
}

MacAddress read_mac(const Arguments& arguments, std::string_view option) {
  const auto value = arguments.get(option);
  if (!value) return {};
  const auto mac = MacAddress::parse(*value);
  if (!mac) {
    throw UsageError(say(Text::tool_bad_mac, arguments.language(), {{"option", option}, {"value", *value}}),
                     {});
  }
  return *mac;
}

bool has_ports(std::uint8_t protocol) {
  return protocol == capture::protocol::tcp || protocol == capture::protocol::udp ||
         protocol == capture::protocol::sctp;
}

// "tcp/443", "udp/53", "icmp", "47".
void read_service(const std::string& value, capture::FlowFacts& facts, Language language) {
  const std::size_t slash = value.find('/');
  const std::string name = value.substr(0, slash);
  const int protocol = daemon::protocol_number(name);
  if (protocol < 0) {
    throw UsageError(say(Text::tool_bad_protocol, language, {{"value", name}}),
                     daemon::suggestion(name, daemon::protocol_names(), language));
  }
  facts.tuple.protocol = static_cast<std::uint8_t>(protocol);
  if (!has_ports(facts.tuple.protocol)) {
    if (slash != std::string::npos) {
      throw UsageError(say(Text::tool_port_unwanted, language, {{"protocol", name}}), {});
    }
    // An echo request stands for ICMP; whoever writes icmp between IPv6 addresses means ICMPv6.
    const bool v6 = facts.tuple.source.family == Family::ipv6;
    if (facts.tuple.protocol == capture::protocol::icmp ||
        facts.tuple.protocol == capture::protocol::icmpv6) {
      facts.tuple.protocol = v6 ? capture::protocol::icmpv6 : capture::protocol::icmp;
      facts.icmp_type = v6 ? 128 : 8;
      facts.tuple.source_port = facts.icmp_type;
      facts.tuple.destination_port = v6 ? 129 : 0;
    }
    return;
  }
  std::uint16_t port = 0;
  const std::string digits = slash == std::string::npos ? std::string{} : value.substr(slash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) {
    throw UsageError(say(Text::tool_port_wanted, language, {{"protocol", name}}), {});
  }
  facts.tuple.destination_port = port;
  facts.tuple.source_port = 49152;  // any of the dynamic range (RFC 6335): no rule asks for it
}

std::string side(const policy::Policy& policy, policy::SegmentId segment, const IpAddress& address,
                 Language language) {
  const policy::ProfileSegment& entry = policy.segments()[segment];
  int prefix = -1;
  policy.classify(address, &prefix);
  std::string out = address.to_string();
  out.append("  ").append(language == Language::ja ? entry.name.ja : entry.name.en);
  out.append(" (").append(entry.id).append(")");
  if (prefix < 0) return out.append("  ").append(text(Text::tool_no_prefix, language));
  if (const std::string_view name = policy.prefix_name(address); !name.empty()) out.append("  ").append(name);
  return out;
}

// Where the entry that came nearest, or that permits, is written.
std::string entry_place(const policy::Policy& policy, Basis kind, std::size_t index) {
  const policy::PolicyOptions& options = policy.options();
  const policy::Place* place = nullptr;
  if (kind == Basis::gateway && index < options.gateways.size()) place = &options.gateways[index].place;
  if (kind == Basis::service && index < options.services.size()) place = &options.services[index].place;
  if (kind == Basis::exception && index < options.exceptions.size()) place = &options.exceptions[index].place;
  if (place == nullptr || place->file.empty()) return {};
  return place->file + ":" + std::to_string(place->line) + ":" + std::to_string(place->column);
}

Text remedy(const policy::Verdict& verdict) {
  if (verdict.decision == Decision::permit) {
    return verdict.basis == Basis::exception ? Text::tool_do_exception : Text::tool_do_nothing;
  }
  if (verdict.undeclared_tunnel && (verdict.cell == Cell::permit || verdict.basis != Basis::cell)) {
    return Text::tool_do_tunnel;
  }
  if (verdict.cell == Cell::absent) return Text::tool_do_absent;
  if (verdict.cell == Cell::forbid_always) return Text::tool_do_never;
  switch (verdict.near_miss.mismatch) {
    case Mismatch::not_yet:
      return Text::tool_do_wait;
    case Mismatch::expired:
      return Text::tool_do_renew;
    case Mismatch::port:
    case Mismatch::protocol:
      return Text::tool_do_service;
    case Mismatch::source_address:
    case Mismatch::destination_address:
      return Text::tool_do_address;
    case Mismatch::source_mac:
    case Mismatch::destination_mac:
      return Text::tool_do_mac;
    case Mismatch::direction:
      return Text::tool_do_direction;
    case Mismatch::name:
      return Text::tool_do_name;
    case Mismatch::cell_forbids:
      return Text::tool_do_never;
    case Mismatch::not_approved:
      return Text::tool_do_approval;
    case Mismatch::revoked:
      return Text::tool_do_revoked;
    case Mismatch::out_of_hours:
      return Text::tool_do_hours;
    case Mismatch::none:
      break;
  }
  switch (verdict.cell) {
    case Cell::gateway:
      return Text::tool_do_gateway;
    case Cell::service:
      return Text::tool_do_named_service;
    default:
      return Text::tool_do_apply;
  }
}

}  // namespace

int run_explain(const Arguments& arguments) {
  const Language asked = arguments.language();
  capture::FlowFacts facts;
  facts.tuple.source = read_address(arguments.operands()[0], asked);
  facts.tuple.destination = read_address(arguments.operands()[1], asked);
  if (facts.tuple.source.family != facts.tuple.destination.family) {
    throw UsageError(say(Text::tool_families_differ, asked), {});
  }
  read_service(arguments.operands()[2], facts, asked);
  facts.initiator_mac = read_mac(arguments, "--source-mac");
  facts.responder_mac = read_mac(arguments, "--destination-mac");
  // The command line says who starts: as good as a handshake.
  facts.evidence = capture::Evidence::syn;
  facts.tap = capture::no_tap;  // no frame was seen anywhere

  const Loaded loaded = load(arguments.get("--config").value_or(""), arguments);
  if (!loaded.policy) return tell_mistakes(loaded, asked);
  const policy::Policy& policy = *loaded.policy;
  const daemon::AlertOptions& alerts = loaded.config.daemon.alerts;
  facts.start = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  if (const auto at = arguments.get("--at")) {
    const auto time = read_time(*at, alerts.utc_offset_minutes);
    if (!time) throw UsageError(say(Text::tool_bad_time, asked, {{"value", *at}}), {});
    facts.start = *time;
  }
  facts.end = facts.start;
  policy::Conversation conversation = policy::conversation_of(facts);
  conversation.time = facts.start;
  const policy::Verdict verdict = policy.judge(conversation);
  if (arguments.json()) {
    std::cout << daemon::to_line(daemon::judgement(facts, verdict, policy)) << '\n';
    return exit_code::good;
  }

  const Language language = alerts.language;
  std::cout << printable(daemon::verdict_text(facts, verdict, policy, language)) << "\n\n";
  Table table{{{""}, {""}}};
  const auto add = [&](Text name, const std::string& value) {
    if (!value.empty()) table.add({std::string(text(name, language)), value});
  };
  add(Text::tool_explain_source, side(policy, verdict.from, facts.tuple.source, language));
  add(Text::tool_explain_destination, side(policy, verdict.to, facts.tuple.destination, language));
  add(Text::tool_explain_service, arguments.operands()[2]);
  std::string time = daemon::timestamp(facts.start, alerts.utc_offset_minutes);
  add(Text::tool_explain_time, time.erase(19, 7));  // the fraction says nothing here
  const bool forbidden = verdict.decision == Decision::forbid;
  if (forbidden && verdict.near_miss.mismatch != Mismatch::none) {
    add(Text::tool_explain_near, entry_place(policy, verdict.near_miss.kind, verdict.near_miss.index));
  }
  if (!forbidden && verdict.basis != Basis::cell) {
    add(Text::tool_explain_entry, entry_place(policy, verdict.basis, verdict.basis_index));
  }
  add(Text::tool_explain_remedy, std::string(text(remedy(verdict), language)));
  add(Text::tool_explain_policy, loaded.name + "  " + policy.options().profile.id);
  std::cout << table.to_string(wants_colour(1));
  return exit_code::good;
}

}  // namespace sekimori::tool
