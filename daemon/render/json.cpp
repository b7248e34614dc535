// EVE JSON: flows, alerts, books, matrix. Names outside of "sekimori" are Suricata's.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "capture/source/frame.hpp"
#include "daemon/digest.hpp"
#include "daemon/render.hpp"
#include "daemon/render/notice.hpp"
#include "daemon/render/utf8.hpp"
#include "daemon/render/words.hpp"

namespace sekimori::daemon {
namespace {

namespace json = boost::json;

json::string string(std::string_view text) {
  return json::string{text.data(), text.size()};
}

// Language-free name of something that exists in both: the original if there is one.
std::string_view original(const policy::Localized& text) {
  return text.ja.empty() ? text.en : text.ja;
}

std::string_view fill(std::string_view text, std::string_view otherwise) {
  return text.empty() ? otherwise : text;
}

json::object policy_object(const policy::Policy& policy) {
  return {{"profile", string(policy.options().profile.id)},
          {"generation", policy.generation()},
          {"sha256", string(policy.sha256())}};
}

json::array clause_array(const policy::Policy& policy, const policy::Verdict& verdict) {
  json::array out;
  for (const policy::Clause* clause : clauses_of(policy, verdict)) {
    out.push_back(json::object{{"id", string(clause->id)},
                               {"body", string(original(clause->body))},
                               {"number", string(clause->number)}});
  }
  return out;
}

json::object near_miss_object(const policy::Policy& policy, const policy::NearMiss& near) {
  return {{"mismatch", string(policy::mismatch_name(near.mismatch))},
          {"kind", string(policy::basis_name(near.kind))},
          {"id", string(entry_id(policy, near.kind, near.index))}};
}

// What carries this flow: Suricata's `tunnel`, and of which kind it is.
json::object tunnel_object(const capture::FlowFacts& facts) {
  const capture::Tuple& outer = facts.outer;
  json::object out{{"src_ip", outer.source.to_string()}, {"dest_ip", outer.destination.to_string()}};
  if (has_ports(outer.protocol)) {
    out["src_port"] = outer.source_port;
    out["dest_port"] = outer.destination_port;
  }
  out["proto"] = protocol_name(outer.protocol);
  out["depth"] = facts.depth;
  out["type"] = string(capture::tunnel_name(facts.inside));
  return out;
}

json::object passage_object(const capture::Passage& passage) {
  return {{"to_server", string(capture::passed_name(passage.to_server))},
          {"to_client", string(capture::passed_name(passage.to_client))}};
}

// At more than one place: of one direction at two, or the directions on different wires. One place is told by
// the event's own vlan, ether and tap, whether it was followed or not.
bool seen_at_several(const capture::FlowFacts& facts) {
  const std::size_t count = std::min<std::size_t>(facts.sightings_count, facts.sightings.size());
  for (std::size_t i = 1; i < count; ++i) {
    const capture::Sighting& other = facts.sightings[i];
    for (std::size_t k = 0; k < i; ++k) {
      const capture::Sighting& one = facts.sightings[k];
      if (one.to_server == other.to_server || one.tap != other.tap || one.vlan_count != other.vlan_count ||
          one.vlans != other.vlans) {
        return true;
      }
    }
  }
  return false;
}

json::array seen_at(const capture::FlowFacts& facts) {
  json::array out;
  for (std::size_t i = 0; i < facts.sightings_count && i < facts.sightings.size(); ++i) {
    const capture::Sighting& sighting = facts.sightings[i];
    json::object place;
    if (sighting.tap != capture::no_tap) place["tap"] = sighting.tap;
    json::array vlans;
    for (std::size_t v = 0; v < sighting.vlan_count && v < sighting.vlans.size(); ++v)
      vlans.push_back(sighting.vlans[v]);
    if (!vlans.empty()) place["vlan"] = std::move(vlans);
    place["ttl"] = sighting.ttl;
    if (!sighting.source_mac.is_zero()) place["src_mac"] = sighting.source_mac.to_string();
    if (!sighting.destination_mac.is_zero()) place["dest_mac"] = sighting.destination_mac.to_string();
    place["direction"] = sighting.to_server ? "to_server" : "to_client";
    place["packets"] = sighting.packets;
    out.push_back(std::move(place));
  }
  return out;
}

// What the conversation is as a tunnel: `carries` what, and whether it was declared.
void add_tunnel(json::object& ours, const capture::FlowFacts& facts, const policy::Verdict& verdict,
                const policy::Policy& policy) {
  if (facts.carrier) ours["carrier"] = true;
  const capture::Tunnel carries = facts.tunnel != capture::Tunnel::none ? facts.tunnel : verdict.tunnel;
  if (carries != capture::Tunnel::none) ours["carries"] = string(capture::tunnel_name(carries));
  if (verdict.tunnel == capture::Tunnel::none) return;
  ours["tunnel_declared"] = !verdict.undeclared_tunnel;
  const auto& tunnels = policy.options().tunnels;
  if (verdict.tunnel_index < tunnels.size()) ours["tunnel"] = string(tunnels[verdict.tunnel_index].id);
}

// What flow and alert events have in common: who with whom over what.
json::object conversation(const capture::FlowFacts& facts, std::string_view type, Time time,
                          const AlertOptions& options) {
  json::object out;
  out["timestamp"] = timestamp(time, options.utc_offset_minutes);
  out["flow_id"] = facts.id;
  out["event_type"] = string(type);
  if (facts.vlan_count > 0) {
    json::array vlans;
    for (std::size_t i = 0; i < facts.vlan_count && i < facts.vlans.size(); ++i)
      vlans.push_back(facts.vlans[i]);
    out["vlan"] = std::move(vlans);
  }
  const capture::Tuple& tuple = facts.tuple;
  out["src_ip"] = tuple.source.to_string();
  if (has_ports(tuple.protocol)) out["src_port"] = tuple.source_port;
  out["dest_ip"] = tuple.destination.to_string();
  if (has_ports(tuple.protocol)) out["dest_port"] = tuple.destination_port;
  out["proto"] = protocol_name(tuple.protocol);
  if (is_icmp(tuple.protocol)) {
    out["icmp_type"] = facts.icmp_type;
    out["icmp_code"] = facts.icmp_code;
  }
  out["ip_v"] = tuple.source.family == Family::ipv6 ? 6 : 4;
  out["community_id"] = community_id(tuple);
  json::object ether;
  if (!facts.initiator_mac.is_zero()) ether["src_mac"] = facts.initiator_mac.to_string();
  if (!facts.next_hop_mac.is_zero()) ether["dest_mac"] = facts.next_hop_mac.to_string();
  if (!ether.empty()) out["ether"] = std::move(ether);
  if (facts.inside != capture::Tunnel::none) out["tunnel"] = tunnel_object(facts);
  return out;
}

json::object flow_figures(const capture::FlowFacts& facts, const AlertOptions& options) {
  json::object out{{"pkts_toserver", facts.packets_to_server},
                   {"pkts_toclient", facts.packets_to_client},
                   {"bytes_toserver", facts.bytes_to_server},
                   {"bytes_toclient", facts.bytes_to_client},
                   {"start", timestamp(facts.start, options.utc_offset_minutes)},
                   {"state", string(capture::flow_state_name(facts.state))},
                   {"conn_state", string(capture::conn_state_name(facts.conn_state))}};
  if (facts.history[0] != '\0') out["history"] = string(facts.history.data());
  out["retransmissions"] = facts.retransmissions;
  out["duplicates"] = facts.duplicates;
  out["copies"] = facts.copies;
  return out;
}

// Who says so: told in every event when it is configured.
void sign(json::object& ours, const AlertOptions& options) {
  if (!options.organisation.empty()) ours["org"] = string(options.organisation);
  if (!options.site.empty()) ours["site"] = string(options.site);
  if (!options.sensor.empty()) ours["sensor"] = string(options.sensor);
}

// A number that every JSON reader and every human reads alike.
std::string number(double value) {
  if (!std::isfinite(value)) return "null";
  std::array<char, 400> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), "%.6f", value);
  std::string out(buffer.data(), static_cast<std::size_t>(length));
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
  return out == "-0" ? "0" : out;
}

void write(const json::value& value, std::string& out) {
  if (const json::object* object = value.if_object()) {
    out += '{';
    for (const auto& member : *object) {
      if (out.back() != '{') out += ',';
      out += json::serialize(utf8_repaired({member.key().data(), member.key().size()}));
      out += ':';
      write(member.value(), out);
    }
    out += '}';
  } else if (const json::array* array = value.if_array()) {
    out += '[';
    for (const json::value& element : *array) {
      if (&element != array->data()) out += ',';
      write(element, out);
    }
    out += ']';
  } else if (const json::string* text = value.if_string()) {
    out += json::serialize(utf8_repaired({text->data(), text->size()}));
  } else if (const double* real = value.if_double()) {
    out += number(*real);
  } else {
    out += json::serialize(value);
  }
}

// Type of the message that answers this one (RFC 792, RFC 1256, RFC 4443, RFC 4861...); -1 if there is none.
int icmp_counterpart(std::uint8_t protocol, std::uint16_t type) {
  using Entry = std::array<std::uint8_t, 2>;
  static constexpr std::array v4{Entry{8, 0}, Entry{13, 14}, Entry{15, 16}, Entry{10, 9}, Entry{17, 18}};
  static constexpr std::array v6{Entry{128, 129}, Entry{130, 131}, Entry{133, 134},
                                 Entry{135, 136}, Entry{139, 140}, Entry{144, 145}};
  const auto search = [type](const auto& entries) {
    for (const Entry& entry : entries) {
      if (entry[0] == type) return static_cast<int>(entry[1]);
      if (entry[1] == type) return static_cast<int>(entry[0]);
    }
    return -1;
  };
  return protocol == capture::protocol::icmp ? search(v4) : search(v6);
}

}  // namespace

std::string timestamp(Time time, int utc_offset_minutes) {
  using namespace std::chrono;
  const auto local = floor<microseconds>(time) + minutes{utc_offset_minutes};
  const auto day = floor<days>(local);
  const year_month_day date{day};
  const hh_mm_ss clock{local - day};
  const int offset = utc_offset_minutes < 0 ? -utc_offset_minutes : utc_offset_minutes;
  std::array<char, 96> buffer{};
  const int length = std::snprintf(
      buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06d%c%02d:%02d",
      static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()),
      utc_offset_minutes < 0 ? '-' : '+', offset / 60, offset % 60);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

std::string community_id(const capture::Tuple& tuple) {
  const bool icmp = is_icmp(tuple.protocol);
  // A message without a counterpart stays in its direction: the other way round it would be another
  // conversation.
  const bool one_way =
      icmp && icmp_counterpart(tuple.protocol, tuple.source_port) != static_cast<int>(tuple.destination_port);
  const bool ports = has_ports(tuple.protocol) || icmp;
  capture::Tuple ordered = tuple;
  if (!ports) ordered.source_port = ordered.destination_port = 0;
  const auto end = [](const IpAddress& address, std::uint16_t port) {
    return std::pair{address.bytes, port};
  };
  if (!one_way &&
      end(ordered.destination, ordered.destination_port) < end(ordered.source, ordered.source_port)) {
    ordered = ordered.reversed();
  }
  std::string bytes(2, '\0');  // seed
  const auto add_port = [&bytes](std::uint16_t port) {
    bytes += static_cast<char>(port >> 8U);
    bytes += static_cast<char>(port & 0xffU);
  };
  const auto add_address = [&bytes](const IpAddress& address) {
    bytes.append(reinterpret_cast<const char*>(address.bytes.data()), address.bits() / 8);
  };
  add_address(ordered.source);
  add_address(ordered.destination);
  bytes += static_cast<char>(ordered.protocol);
  bytes += '\0';
  if (ports) {
    add_port(ordered.source_port);
    add_port(ordered.destination_port);
  }
  return "1:" + base64(sha1(bytes));
}

std::string incident_id(const IpAddress& initiator, policy::PairId pair, Time opened,
                        std::string_view domain) {
  const auto nanoseconds = opened.time_since_epoch().count();
  std::string what = initiator.to_string();
  if (!domain.empty()) what.append("%").append(domain);
  const Sha256 digest = sha256(what + '|' + std::to_string(pair) + '|' + std::to_string(nanoseconds));
  return "inc-" + hex(std::span{digest}.first(8));
}

std::string incident_id(const AlertRecord& record) {
  if (record.notice != nullptr) {
    const Sha256 digest =
        sha256(std::string{notice_row(record.notice->kind).code} + '|' + record.notice->subject + '|' +
               std::to_string(record.opened.time_since_epoch().count()));
    return "inc-" + hex(std::span{digest}.first(8));
  }
  if (!record.incident.empty()) return record.incident;
  const IpAddress& who = record.event.facts.tuple.source;
  std::string_view domain = record.former_domain;
  if (domain.empty() && who.domain != main_domain) domain = record.policy->domain_name(who.domain);
  return incident_id(who, record.event.verdict.pair(), record.opened, domain);
}

namespace {

// What the responder is called, as far as anything told it.
void add_name(json::object& out, const capture::FlowFacts& facts, const policy::Verdict& verdict,
              const policy::Policy& policy) {
  if (facts.name != policy::name_class::unknown) {
    json::object name{{"evidence", facts.name_own ? "own" : "dns"}};
    if (facts.name == policy::name_class::unlisted) {
      name["listed"] = false;
    } else if (facts.name == policy::name_class::hidden) {
      name["hidden"] = true;
    } else {
      name["listed"] = true;
      name["pattern"] = string(policy.names().pattern(facts.name));
    }
    out["name"] = std::move(name);
  }
  if (verdict.via_name) out["via_name"] = true;
}

// What is at stage draft would make of it: only there where they change the decision.
void add_draft(json::object& out, const policy::Verdict& verdict, const policy::Policy& policy) {
  if (!verdict.draft_differs) return;
  const bool forbidden = verdict.decision == policy::Decision::forbid;
  json::object draft{{"verdict", string(policy::decision_name(forbidden ? policy::Decision::permit
                                                                        : policy::Decision::forbid))},
                     {"basis", string(policy::basis_name(verdict.draft_basis))}};
  if (verdict.draft_basis != policy::Basis::cell) {
    draft[policy::basis_name(verdict.draft_basis)] =
        string(entry_id(policy, verdict.draft_basis, verdict.draft_index));
  }
  const policy::PolicyOptions& options = policy.options();
  if (verdict.draft_overlay < options.overlays.size()) {
    const policy::OverlayOptions& overlay = options.overlays[verdict.draft_overlay];
    draft["overlay"] = json::object{
        {"from", string(overlay.from)}, {"to", string(overlay.to)}, {"clause", string(overlay.clause)}};
  }
  if (verdict.draft_switch < options.switches.size()) {
    draft["switch"] = string(options.switches[verdict.draft_switch].id);
  }
  if (verdict.draft_tunnel < options.tunnels.size()) {
    draft["tunnel"] = string(options.tunnels[verdict.draft_tunnel].id);
  }
  out["draft"] = std::move(draft);
}

}  // namespace

json::object judgement(const capture::FlowFacts& facts, const policy::Verdict& verdict,
                       const policy::Policy& policy) {
  json::object out;
  out["v"] = 1;
  out["from"] = string(segment_id(policy, verdict.from));
  out["to"] = string(segment_id(policy, verdict.to));
  const auto name = [&](const char* key, const IpAddress& address) {
    const std::string_view found = policy.prefix_name(address);
    if (!found.empty()) out[key] = string(found);
  };
  name("from_name", facts.tuple.source);
  name("to_name", facts.tuple.destination);
  if (policy.several_domains()) out["domain"] = string(policy.domain_name(facts.tuple.source.domain));
  out["stage"] = string(capture::stage_name(facts.stage));
  out["verdict"] = string(policy::decision_name(verdict.decision));
  const policy::Sign sign = sign_of(facts, verdict, policy);
  out["finding"] = string(policy::finding_code(sign.finding));
  out["pattern"] = string(policy::finding_pattern(sign.finding));
  if (const policy::KnownServiceOptions* known = known_service(policy, sign)) {
    out["known_service"] =
        json::object{{"id", string(known->id)}, {"use", string(policy::service_use_name(known->use))}};
  }
  add_name(out, facts, verdict, policy);
  out["cell"] = string(cell_code(verdict.cell));
  out["basis"] = string(policy::basis_name(verdict.basis));
  // Of an undeclared tunnel too: what would permit the pair as such.
  if (verdict.basis != policy::Basis::cell) {
    out[policy::basis_name(verdict.basis)] = string(entry_id(policy, verdict.basis, verdict.basis_index));
  }
  out["rule"] = rule_name(policy, verdict);
  json::array reasons;
  for (const policy::Reason* reason : reasons_of(policy, verdict)) reasons.push_back(string(reason->id));
  out["reasons"] = std::move(reasons);
  out["clause"] = clause_array(policy, verdict);
  const auto& switches = policy.options().switches;
  if (verdict.switch_index < switches.size()) {
    out["switch"] = json::object{{"id", string(switches[verdict.switch_index].id)},
                                 {"clause", string(switches[verdict.switch_index].clause)}};
  }
  const auto& overlays = policy.options().overlays;
  if (verdict.overlay_index < overlays.size()) {
    out["overlay"] =
        json::object{{"clause", string(overlays[verdict.overlay_index].clause)},
                     {"model_cell", string(cell_code(policy.model_cell(verdict.from, verdict.to)))}};
  }
  if (verdict.other_path) out["other_path"] = true;
  out["initiator"] =
      json::object{{"evidence", string(capture::evidence_name(facts.evidence))},
                   {"confidence", string(capture::confidence_name(capture::confidence(facts.evidence)))}};
  out["orientation_matters"] = verdict.orientation_matters;
  if (verdict.near_miss.mismatch != policy::Mismatch::none) {
    out["near_miss"] = near_miss_object(policy, verdict.near_miss);
  }
  add_draft(out, verdict, policy);
  add_tunnel(out, facts, verdict, policy);
  out["midstream"] = facts.midstream;
  out["ports_known"] = facts.ports_known;
  out["claims_agree"] = verdict.claims_agree;
  out["mac_verified"] = verdict.mac_verified;
  out["via_next_hop"] = verdict.via_next_hop;
  out["link_scope"] = verdict.link_scope;
  json::array unlisted;
  if (verdict.source_unlisted_private) unlisted.push_back("source");
  if (verdict.destination_unlisted_private) unlisted.push_back("destination");
  out["unlisted"] = std::move(unlisted);
  if (!facts.responder_mac.is_zero()) out["responder_mac"] = facts.responder_mac.to_string();
  if (facts.tap != capture::no_tap) out["tap"] = facts.tap;
  if (seen_at_several(facts)) out["seen_at"] = seen_at(facts);
  out["policy"] = policy_object(policy);
  return out;
}

json::object flow_event(const capture::FlowFacts& facts, const policy::Verdict& verdict,
                        const policy::Policy& policy, const capture::Passage& passage,
                        capture::EndReason reason, const AlertOptions& options) {
  json::object out = conversation(facts, "flow", facts.end, options);
  json::object flow = flow_figures(facts, options);
  flow["end"] = timestamp(facts.end, options.utc_offset_minutes);
  flow["age"] = std::chrono::floor<std::chrono::seconds>(facts.end - facts.start).count();
  flow["reason"] = string(capture::end_reason_name(reason));
  flow["alerted"] = verdict.decision == policy::Decision::forbid;
  out["flow"] = std::move(flow);
  json::object ours = judgement(facts, verdict, policy);
  ours["passed"] = passage_object(passage);
  sign(ours, options);
  out["sekimori"] = std::move(ours);
  return out;
}

json::object alert_event(const AlertRecord& record, const AlertOptions& options) {
  if (record.notice != nullptr) return notice_event(record, options);
  const capture::FlowFacts& facts = record.event.facts;
  const policy::Verdict& verdict = record.event.verdict;
  const policy::Policy& policy = *record.policy;
  const Finding what = sign_of(facts, verdict, policy).finding;
  json::object out = conversation(facts, "alert", record.time, options);

  std::string signature{policy::decision_name(verdict.decision)};
  signature += ": ";
  signature += segment_id(policy, verdict.from);
  signature += " -> ";
  signature += segment_id(policy, verdict.to);
  signature += " (" + protocol_name(facts.tuple.protocol);
  if (has_ports(facts.tuple.protocol)) signature += "/" + std::to_string(facts.tuple.destination_port);
  signature += ")";
  // sekimori watches a copy of the traffic: whatever it says, the packets went on.
  out["alert"] = json::object{
      {"action", "allowed"},
      {"gid", 7777},
      {"signature_id", signature_id(what)},
      {"rev", 1},
      {"signature", signature},
      {"category", what == Finding::exception_used ? "Permitted by exception" : "Segmentation violation"},
      {"severity", eve_severity(record.severity)}};
  out["flow"] = flow_figures(facts, options);

  json::object ours = judgement(facts, verdict, policy);
  ours["kind"] = string(alert_kind_name(record.kind));
  ours["sequence"] = record.sequence;
  ours["incident"] = string(incident_id(record));
  ours["opened"] = timestamp(record.opened, options.utc_offset_minutes);
  if (record.close != CloseReason::none) ours["close"] = string(close_reason_name(record.close));
  if (!record.former_domain.empty()) ours["domain"] = record.former_domain;
  if (record.close_generation != 0) ours["close_generation"] = record.close_generation;
  ours["stage_highest"] = string(capture::stage_name(record.stage_highest));
  ours["severity"] = string(severity_name(record.severity));
  ours["events"] = record.events;
  ours["suppressed"] = record.suppressed;
  ours["flows"] = record.flows;
  ours["responders"] = record.responders;
  ours["services"] = record.services;
  ours["bytes"] = record.bytes;
  ours["passed"] = passage_object(record.passage);
  ours["capture"] = json::object{{"loss_ratio", record.loss_ratio}};
  sign(ours, options);
  ours["text"] = alert_text(record, options);
  out["sekimori"] = std::move(ours);
  return out;
}

namespace {

json::object reasons_object(const std::array<std::uint64_t, capture::reasons_count>& counts, bool with_zero) {
  json::object out;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (with_zero || counts[i] != 0) out[capture::reason_name(static_cast<capture::Reason>(i))] = counts[i];
  }
  return out;
}

json::object fragments_object(const capture::FragmentCounters& counters) {
  return {{"seen", counters.seen},           {"firsts", counters.firsts},
          {"joined", counters.joined},       {"strays", counters.strays},
          {"held", counters.held},           {"crowded", counters.crowded},
          {"overlaps", counters.overlaps},   {"tiny", counters.tiny},
          {"too_long", counters.too_long},   {"repeated", counters.repeated},
          {"datagrams", counters.datagrams}, {"incomplete", counters.incomplete},
          {"untracked", counters.untracked}};
}

json::object names_object(const NameCounters& counters) {
  return {{"greetings", counters.greetings},
          {"greetings_nameless", counters.greetings_nameless},
          {"greetings_cut", counters.greetings_cut},
          {"answers", counters.answers},
          {"answers_untrusted", counters.answers_untrusted},
          {"answers_cut", counters.answers_cut},
          {"addresses", counters.addresses},
          {"addresses_displaced", counters.addresses_displaced},
          {"addresses_unshared", counters.addresses_unshared},
          {"flows_proved", counters.flows_proved}};
}

// Parts of a whole; nothing of nothing is none.
double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

json::object books_object(const Books& books, std::string_view in_flows) {
  json::object ended;
  for (std::size_t i = 0; i < books.flows_ended.size(); ++i) {
    ended[capture::end_reason_name(static_cast<capture::EndReason>(i))] = books.flows_ended[i];
  }
  return {{"packets_read", books.packets_read},
          {json::string_view{in_flows.data(), in_flows.size()}, books.packets_in_flows},
          {"reasons", reasons_object(books.reasons, true)},
          {"closes", books.close()},
          {"bytes_read", books.bytes_read},
          {"packets_cut", books.packets_cut},
          {"packets_malformed", books.packets_malformed},
          {"time_backwards", books.time_backwards},
          {"packets_carriers", books.packets_carriers},
          {"mirror_stripped", books.mirror_stripped},
          {"unopened", reasons_object(books.unopened, false)},
          {"fragments", fragments_object(books.fragments)},
          {"traces_refused", books.traces_refused},
          {"traces_stolen", books.traces_stolen},
          {"copies_forgotten", books.copies_forgotten},
          {"names", names_object(books.names)},
          {"flows_in_grace", books.flows_in_grace},
          {"flows_left", books.flows_left},
          {"flows_opened", books.flows_opened},
          {"flows_ended", std::move(ended)},
          {"flows_rejudged", books.flows_rejudged},
          {"flows_forbidden", books.flows_forbidden},
          {"flows_claims_disagree", books.flows_claims_disagree},
          {"events_told", books.events_told},
          {"events_delayed", books.events_delayed},
          {"events_lost", books.events_lost},
          {"steps_told", books.steps_told},
          {"steps_lost", books.steps_lost},
          {"signs_untold", books.signs_untold},
          {"sign_minutes_full", books.sign_minutes_full}};
}

json::object stats_event(const Books& books, const AlertOptions& options, Time last) {
  return {{"timestamp", timestamp(last, options.utc_offset_minutes)},
          {"event_type", "stats"},
          {"stats", books_object(books, "in_flows")}};
}

json::object matrix_event(const Matrix& matrix, const policy::Policy& policy) {
  json::array segments;
  for (const policy::ProfileSegment& segment : policy.segments()) {
    segments.push_back(json::object{{"id", string(segment.id)},
                                    {"code", string(segment.code)},
                                    {"name_ja", string(fill(segment.name.ja, segment.id))},
                                    {"name_en", string(fill(segment.name.en, segment.id))}});
  }
  json::array pairs;
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    const PairTotals& totals = matrix[i];
    if (totals.flows == 0 && totals.packets == 0 && totals.flows_ended == 0) continue;
    const policy::SegmentId from = policy::from_of(static_cast<policy::PairId>(i));
    const policy::SegmentId to = policy::to_of(static_cast<policy::PairId>(i));
    const bool known = from < policy.segments().size() && to < policy.segments().size();
    const std::uint64_t frames = totals.packets + totals.duplicates + totals.copies;
    pairs.push_back(json::object{{"from", string(segment_id(policy, from))},
                                 {"to", string(segment_id(policy, to))},
                                 {"cell", string(known ? cell_code(policy.cell(from, to)) : "-")},
                                 {"flows", totals.flows},
                                 {"packets", totals.packets},
                                 {"bytes", totals.bytes},
                                 {"flows_forbidden", totals.flows_forbidden},
                                 {"packets_forbidden", totals.packets_forbidden},
                                 {"bytes_forbidden", totals.bytes_forbidden},
                                 {"flows_exception", totals.flows_exception},
                                 {"duplicates", totals.duplicates},
                                 {"duplicates_ratio", share(totals.duplicates, frames)},
                                 {"copies", totals.copies},
                                 {"flows_ended", totals.flows_ended},
                                 {"flows_one_sided", totals.flows_one_sided},
                                 {"one_sided_ratio", share(totals.flows_one_sided, totals.flows_ended)}});
    const char* const names[]{"missed_to_server", "missed_to_client"};
    for (std::size_t sender = 0; sender < totals.gaps.size(); ++sender) {
      const std::uint64_t missed = totals.octets_missed[sender];
      const std::uint64_t late = std::min(missed, totals.octets_late[sender]);
      if (missed > late) pairs.back().as_object()[names[sender]] = missed - late;
    }
    if (totals.flows_draft != 0) pairs.back().as_object()["flows_draft"] = totals.flows_draft;
  }
  return {{"event_type", "matrix"},
          {"segments", std::move(segments)},
          {"pairs", std::move(pairs)},
          {"policy", policy_object(policy)}};
}

json::object loss_event(const LossNotice& notice, const AlertOptions& options) {
  json::object ours{{"v", 1},
                    {"kind", "alerts-lost"},
                    {"destination", string(notice.destination)},
                    {"lost", notice.lost},
                    {"since", timestamp(notice.since, options.utc_offset_minutes)},
                    {"text", loss_text(notice, options)}};
  sign(ours, options);
  return {{"timestamp", timestamp(notice.time, options.utc_offset_minutes)},
          {"event_type", "health"},
          {"sekimori", std::move(ours)}};
}

std::string to_line(const json::value& value) {
  std::string out;
  write(value, out);
  return out;
}

}  // namespace sekimori::daemon
