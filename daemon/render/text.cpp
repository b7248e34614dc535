// Alerts and verdicts for people. Layout: headline, facts, violated clause, nearest entry, cautions, what is
// asked for.
#include "policy/text/text.hpp"

#include <array>
#include <cstdio>

#include "daemon/render.hpp"
#include "daemon/render/notice.hpp"
#include "daemon/render/phrases.hpp"
#include "daemon/render/utf8.hpp"
#include "daemon/render/words.hpp"
#include "policy/exception_state.hpp"
#include "policy/proof/words.hpp"
#include "policy/week.hpp"

namespace sekimori::daemon {
namespace {

std::string_view in(const policy::Localized& text, Language language) {
  const std::string& wanted = language == Language::ja ? text.ja : text.en;
  const std::string& other = language == Language::ja ? text.en : text.ja;
  return wanted.empty() ? other : wanted;
}

// One report about one conversation: collects sentences, each in the report's language.
class Report {
 public:
  Report(const capture::FlowFacts& facts, const policy::Verdict& verdict, const policy::Policy& policy,
         Language language, int utc_offset_minutes)
      : facts_(facts),
        verdict_(verdict),
        policy_(policy),
        sign_(sign_of(facts, verdict, policy)),
        language_(language),
        offset_(utc_offset_minutes) {}

  void headline();
  void fact();
  void clause_violated();
  void clauses_all();
  void own_decision();
  void near_miss();
  void draft();
  void cautions();
  void emergency();
  void passage(const AlertRecord& record);
  void ask(policy::Severity severity, const capture::Passage& passage);
  void verdict();
  void add(Text id, std::initializer_list<TextArgument> arguments = {}) {
    sentence(say(id, language_, arguments));
  }
  // English sentences are parted by a space, Japanese ones are not.
  void sentence(const std::string& text) {
    if (language_ == Language::en && !out_.empty() && out_.back() != ' ' && !text.empty() &&
        text.front() != ' ') {
      out_ += ' ';
    }
    out_ += text;
  }

  std::string from() const { return segment(verdict_.from); }
  std::string to() const { return segment(verdict_.to); }
  std::string place(const IpAddress& address) const {
    const std::string_view name = policy_.prefix_name(address);
    return name.empty() ? std::string{} : say(Text::alert_place, language_, {{"name", name}});
  }
  std::string stage(capture::Stage stage) const;
  std::string moment(Time time) const;
  std::string take() { return printable(out_); }

 private:
  std::string segment(policy::SegmentId id) const;
  std::string service() const;
  Text fact_id() const;
  void name();
  std::string target() const;
  bool pair_permitted() const;
  std::string kind_word(policy::Basis kind) const;
  std::string ports(policy::Basis kind, std::uint32_t index) const;
  const policy::ExceptionOptions* exception(std::uint32_t index) const {
    const auto& all = policy_.options().exceptions;
    return index < all.size() ? &all[index] : nullptr;
  }

  const capture::FlowFacts& facts_;
  const policy::Verdict& verdict_;
  const policy::Policy& policy_;
  const policy::Sign sign_;
  Language language_;
  int offset_;
  bool path_told_ = false;
  std::string out_{};
};

std::string Report::segment(policy::SegmentId id) const {
  const auto& segments = policy_.segments();
  if (id >= segments.size()) return "-";
  const std::string_view name = in(segments[id].name, language_);
  return std::string{name.empty() ? std::string_view{segments[id].id} : name};
}

std::string Report::stage(capture::Stage stage) const {
  static constexpr std::array words{Text::stage_attempt, Text::stage_refused, Text::stage_answered,
                                    Text::stage_established, Text::stage_data};
  return std::string{text(words[static_cast<std::size_t>(stage)], language_)};
}

// 2026-04-01 09:12:03, in the configured zone.
std::string Report::moment(Time time) const {
  std::string out = timestamp(time, offset_).substr(0, 19);
  out[10] = ' ';
  return out;
}

// 203.0.113.9:443/TCP, [2001:db8::1]:53/UDP, 10.0.0.1（ICMP タイプ8）
std::string Report::target() const {
  const capture::Tuple& tuple = facts_.tuple;
  const std::string address = tuple.destination.to_string();
  const std::string protocol = protocol_name(tuple.protocol);
  if (has_ports(tuple.protocol) && facts_.ports_known) {
    const bool v6 = tuple.destination.family == Family::ipv6;
    return (v6 ? '[' + address + ']' : address) + ':' + std::to_string(tuple.destination_port) + '/' +
           protocol;
  }
  if (is_icmp(tuple.protocol)) {
    return say(Text::alert_target_icmp, language_,
               {{"dst", address}, {"proto", protocol}, {"type", std::to_string(facts_.icmp_type)}});
  }
  return say(Text::alert_target_plain, language_, {{"dst", address}, {"proto", protocol}});
}

std::string Report::service() const {
  const policy::KnownServiceOptions* known = known_service(policy_, sign_);
  return known == nullptr ? std::string{} : std::string{in(known->name, language_)};
}

void Report::headline() {
  if (verdict_.orientation_matters) return add(Text::alert_head_suspected);
  if (sign_.finding == Finding::remote && verdict_.from == policy_.external()) {
    return add(Text::alert_head_remote_outside);
  }
  add(phrases[static_cast<std::size_t>(sign_.finding)].head);
}

Text Report::fact_id() const {
  if (verdict_.orientation_matters) return Text::alert_fact_suspected;
  switch (sign_.finding) {
    case Finding::sanitiser_bypass:
      return Text::alert_fact_sanitiser;
    case Finding::egress_bypass:
      if (facts_.next_hop_mac.is_zero()) return Text::alert_fact;
      return verdict_.other_path ? Text::alert_fact_other_path : Text::alert_fact_egress;
    case Finding::undeclared_tunnel:
      return Text::alert_fact_tunnel;
    case Finding::side_channel:
      return Text::alert_fact_side_channel;
    case Finding::dns_leak:
      return Text::alert_fact_dns_leak;
    case Finding::update_direct:
      return Text::alert_fact_update;
    case Finding::mail_bypass:
      return Text::alert_fact_mail;
    case Finding::screen_reversed:
      return Text::alert_fact_screen_reversed;
    case Finding::exception_used:
      return exception(verdict_.basis_index) == nullptr ? Text::alert_fact : Text::alert_fact_exception;
    default:
      return Text::alert_fact;
  }
}

void Report::fact() {
  std::string exception_id;
  std::string approver;
  std::string until;
  const Text id = fact_id();
  path_told_ = id == Text::alert_fact_other_path;
  if (id == Text::alert_fact_exception) {
    const policy::ExceptionOptions& entry = *exception(verdict_.basis_index);
    exception_id = entry.id;
    approver = entry.approver.empty() ? "-" : entry.approver;  // of an emergency, not reported yet
    until = last_valid(entry.until, offset_);
  }
  const std::string mac = facts_.next_hop_mac.is_zero() ? std::string{} : facts_.next_hop_mac.to_string();
  const std::string from_name = from();
  const std::string to_name = to();
  const std::string source = address_text(facts_.tuple.source, policy_, language_);
  const std::string source_place = place(facts_.tuple.source);
  const std::string destination = target();
  const std::string destination_place = place(facts_.tuple.destination);
  const std::string stage_name = stage(facts_.stage);
  const std::string bytes = std::to_string(facts_.bytes_to_server + facts_.bytes_to_client);
  const std::string since = moment(facts_.start);
  const std::string service_name = service();
  add(id, {{"tunnel", tunnel_title(verdict_.tunnel)},
           {"from", from_name},
           {"src", source},
           {"src_place", source_place},
           {"to", to_name},
           {"dst", destination},
           {"dst_place", destination_place},
           {"stage", stage_name},
           {"bytes", bytes},
           {"since", since},
           {"mac", mac},
           {"service", service_name},
           {"id", exception_id},
           {"approver", approver},
           {"until", until}});
}

// May the two ends speak as such, so that the tunnel alone is what is wrong?
bool Report::pair_permitted() const {
  return verdict_.undeclared_tunnel &&
         (verdict_.cell == policy::Cell::permit || verdict_.basis != policy::Basis::cell);
}

// The first clause in full, the number of the others; without any clause the reason itself. Where the pair is
// permitted, its clauses are not what was violated.
void Report::clause_violated() {
  if (pair_permitted()) return;
  const auto clauses = clauses_of(policy_, verdict_);
  if (clauses.empty()) {
    for (const policy::Reason* reason : reasons_of(policy_, verdict_)) {
      add(Text::alert_reason, {{"reason", in(reason->text, language_)}, {"id", reason->id}});
      return;
    }
    return;
  }
  const policy::Clause& first = *clauses.front();
  const std::string_view quote =
      language_ == Language::en && !first.gloss.empty() ? first.gloss : std::string_view{first.quote};
  add(quote.empty() ? Text::alert_clause_bare : Text::alert_clause,
      {{"body", in(first.body, language_)}, {"quote", quote}, {"number", first.number}});
  if (clauses.size() > 1) {
    add(Text::alert_clause_more, {{"count", std::to_string(clauses.size() - 1)}});
  } else {
    out_ += text(Text::alert_clause_end, language_);
  }
}

void Report::clauses_all() {
  for (const policy::Reason* reason : reasons_of(policy_, verdict_)) {
    add(Text::alert_reason, {{"reason", in(reason->text, language_)}, {"id", reason->id}});
  }
  for (const policy::Clause* clause : clauses_of(policy_, verdict_)) {
    const std::string_view quote =
        language_ == Language::en && !clause->gloss.empty() ? clause->gloss : std::string_view{clause->quote};
    add(quote.empty() ? Text::alert_verdict_clause_bare : Text::alert_verdict_clause,
        {{"body", in(clause->body, language_)}, {"quote", quote}, {"number", clause->number}});
  }
  const auto& switches = policy_.options().switches;
  if (verdict_.switch_index < switches.size()) {
    const policy::SwitchChoice& choice = switches[verdict_.switch_index];
    add(choice.clause.empty() ? Text::alert_switch : Text::alert_switch_clause,
        {{"id", choice.id}, {"clause", choice.clause}});
  }
}

// Where the body has decided otherwise than the model, that is said with every verdict it makes.
void Report::own_decision() {
  const auto& overlays = policy_.options().overlays;
  if (verdict_.overlay_index < overlays.size()) {
    add(Text::alert_overlay, {{"clause", overlays[verdict_.overlay_index].clause},
                              {"model", cell_code(policy_.model_cell(verdict_.from, verdict_.to))},
                              {"cell", cell_code(verdict_.cell)}});
  }
  if (verdict_.other_path && !path_told_) add(Text::alert_other_path);
}

std::string Report::kind_word(policy::Basis kind) const {
  switch (kind) {
    case policy::Basis::cell:
      break;
    case policy::Basis::gateway:
      return std::string{text(Text::alert_kind_gateway, language_)};
    case policy::Basis::service:
      return std::string{text(Text::alert_kind_service, language_)};
    case policy::Basis::exception:
      return std::string{text(Text::alert_kind_exception, language_)};
  }
  return {};
}

// TCP/443, UDP/5000-5010
std::string Report::ports(policy::Basis kind, std::uint32_t index) const {
  const policy::PolicyOptions& options = policy_.options();
  const std::vector<policy::Ports>* all = nullptr;
  if (kind == policy::Basis::gateway && index < options.gateways.size()) all = &options.gateways[index].ports;
  if (kind == policy::Basis::service && index < options.services.size()) all = &options.services[index].ports;
  if (kind == policy::Basis::exception && index < options.exceptions.size())
    all = &options.exceptions[index].ports;
  std::string out;
  if (all != nullptr) {
    for (const policy::Ports& entry : *all) {
      if (!out.empty()) out += ", ";
      if (entry.protocol != 0) out += protocol_name(entry.protocol) + '/';
      out += std::to_string(entry.first);
      if (entry.last != entry.first) out += '-' + std::to_string(entry.last);
    }
  }
  return out.empty() ? std::string{text(Text::alert_ports_any, language_)} : out;
}

void Report::near_miss() {
  const policy::NearMiss& near = verdict_.near_miss;
  if (pair_permitted()) return add(Text::alert_tunnel_pair_permitted);
  const std::string id = entry_id(policy_, near.kind, near.index);
  const std::string kind = kind_word(near.kind);
  const policy::ExceptionOptions* entry =
      near.kind == policy::Basis::exception ? exception(near.index) : nullptr;
  const auto differs = [&](Text what) {
    add(Text::alert_near_other, {{"kind", kind}, {"id", id}, {"what", text(what, language_)}});
  };
  switch (near.mismatch) {
    case policy::Mismatch::none:
      if (verdict_.cell == policy::Cell::forbid_always) {
        add(Text::alert_near_never);
      } else if (verdict_.cell != policy::Cell::absent) {
        add(Text::alert_near_none);
      }
      return;
    case policy::Mismatch::not_yet:
      add(Text::alert_near_not_yet, {{"id", id}, {"from", entry != nullptr ? moment(entry->from) : "-"}});
      return;
    case policy::Mismatch::expired:
      add(Text::alert_near_expired,
          {{"id", id}, {"until", entry != nullptr ? last_valid(entry->until, offset_) : "-"}});
      return;
    case policy::Mismatch::port:
      add(Text::alert_near_port, {{"kind", kind}, {"id", id}, {"ports", ports(near.kind, near.index)}});
      return;
    case policy::Mismatch::protocol:
      return differs(Text::alert_what_protocol);
    case policy::Mismatch::source_address:
      return differs(Text::alert_what_source_address);
    case policy::Mismatch::destination_address:
      return differs(Text::alert_what_destination_address);
    case policy::Mismatch::source_mac:
      return differs(Text::alert_what_source_mac);
    case policy::Mismatch::destination_mac:
      return differs(Text::alert_what_destination_mac);
    case policy::Mismatch::direction:
      add(Text::alert_near_direction, {{"kind", kind}, {"id", id}});
      return;
    case policy::Mismatch::cell_forbids:
      add(Text::alert_near_cell, {{"id", id}});
      return;
    case policy::Mismatch::not_approved:
      add(Text::alert_near_not_approved, {{"id", id}});
      return;
    case policy::Mismatch::revoked:
      add(Text::alert_near_revoked,
          {{"id", id},
           {"revoked", entry != nullptr && entry->revoked_on ? moment(*entry->revoked_on) : "-"}});
      return;
    case policy::Mismatch::out_of_hours:
      add(Text::alert_near_out_of_hours,
          {{"id", id}, {"hours", entry != nullptr ? policy::hours_text(entry->hours, language_) : "-"}});
      return;
    case policy::Mismatch::name:
      return differs(Text::alert_what_name);
  }
}

// Permitted for now: whoever may permit it has still to hear of it.
void Report::emergency() {
  if (verdict_.decision != policy::Decision::permit || verdict_.basis != policy::Basis::exception) return;
  const policy::ExceptionOptions* entry = exception(verdict_.basis_index);
  if (entry == nullptr || policy::state_of(*entry, facts_.end) != policy::ExceptionState::emergency) return;
  add(policy::report_overdue(*entry, facts_.end) ? Text::alert_note_emergency_overdue
                                                 : Text::alert_note_emergency,
      {{"due", entry->report_by ? last_valid(*entry->report_by, offset_) : "-"}});
}

void Report::name() {
  namespace name_class = policy::name_class;
  const bool asked = verdict_.via_name || verdict_.near_miss.mismatch == policy::Mismatch::name;
  if (facts_.name >= name_class::first) {
    return add(
        Text::alert_note_name,
        {{"name", policy_.names().pattern(facts_.name)},
         {"source", text(facts_.name_own ? Text::alert_name_by_own : Text::alert_name_by_dns, language_)}});
  }
  if (!asked && !policy_.has_named_services()) return;
  if (facts_.name == name_class::unlisted) return add(Text::alert_note_name_unlisted);
  if (facts_.name == name_class::hidden) return add(Text::alert_note_name_hidden);
  if (asked || verdict_.name_pending) add(Text::alert_note_name_unknown);
}

void Report::cautions() {
  const bool tcp = facts_.tuple.protocol == capture::protocol::tcp;
  if (facts_.stage == capture::Stage::attempt && facts_.packets_to_server + facts_.packets_to_client > 0) {
    add(Text::alert_note_attempt);
  }
  const std::string kind = service();
  if (!kind.empty() && fact_id() == Text::alert_fact) {
    const bool by_name = !known_service(policy_, sign_)->names.empty();
    add(by_name ? Text::alert_note_service_name : Text::alert_note_service, {{"service", kind}});
  }
  name();
  if (facts_.inside != capture::Tunnel::none) {
    add(Text::alert_note_inside, {{"tunnel", tunnel_title(facts_.inside)},
                                  {"src", facts_.outer.source.to_string()},
                                  {"dst", facts_.outer.destination.to_string()}});
  }
  const auto& tunnels = policy_.options().tunnels;
  if (verdict_.tunnel_index < tunnels.size()) {
    add(Text::alert_note_tunnel_declared, {{"id", tunnels[verdict_.tunnel_index].id}});
  }
  if (verdict_.link_scope) add(Text::alert_note_link_scope);
  if (!verdict_.claims_agree) add(Text::alert_note_claims);
  if (verdict_.source_unlisted_private) {
    add(Text::alert_note_unlisted, {{"address", facts_.tuple.source.to_string()}});
  }
  if (verdict_.destination_unlisted_private) {
    add(Text::alert_note_unlisted, {{"address", facts_.tuple.destination.to_string()}});
  }
  if (!verdict_.mac_verified) add(Text::alert_note_mac);
  emergency();
  if (verdict_.via_next_hop) add(Text::alert_note_next_hop);
  if (has_ports(facts_.tuple.protocol) && !facts_.ports_known) add(Text::alert_note_ports);
  if (facts_.midstream) add(Text::alert_note_midstream);
  // Without TCP's handshake the first packet is all there is to see: only where another reading is possible,
  // in the middle of a conversation or where answers were seen, is it worth a word.
  const bool doubtful =
      verdict_.orientation_matters || (tcp ? facts_.midstream : facts_.packets_to_client > 0);
  if (doubtful && capture::confidence(facts_.evidence) != capture::Confidence::certain) {
    Text evidence = Text::alert_evidence_first_packet;
    if (facts_.evidence == capture::Evidence::known_service) evidence = Text::alert_evidence_known_service;
    if (facts_.evidence == capture::Evidence::port_heuristic) evidence = Text::alert_evidence_port_heuristic;
    add(Text::alert_note_guess, {{"evidence", text(evidence, language_)}});
  }
}

// Of the incident. That nothing is known is said in its summaries alone: before, it may just be too
// early.
void Report::passage(const AlertRecord& record) {
  const capture::Passed there = record.passage.to_server;
  const capture::Passed back = record.passage.to_client;
  const bool summary = record.kind == AlertKind::repeated || record.kind == AlertKind::closed;
  if (verdict_.from == verdict_.to) return;  // no boundary between them
  if (there == capture::Passed::yes) {
    add(Text::alert_passage_yes);
  } else if (there == capture::Passed::no) {
    add(Text::alert_passage_no);
  } else if (summary && back == capture::Passed::unknown) {
    add(Text::alert_passage_unknown);
  }
  if (back == capture::Passed::yes) add(Text::alert_passage_reply_yes);
  if (back == capture::Passed::no) add(Text::alert_passage_reply_no);
}

void Report::ask(policy::Severity severity, const capture::Passage& passage) {
  if (verdict_.orientation_matters) return add(Text::alert_ask_suspected);
  if (verdict_.decision == policy::Decision::permit) return;
  if (verdict_.other_path && sign_.finding == Finding::egress_bypass) return add(Text::alert_ask_other_path);
  const Text asked = phrases[static_cast<std::size_t>(sign_.finding)].ask;
  if (asked != Text::count_) return add(asked);
  // An attempt that came out of the firewall is a question about the firewall, not about the terminal.
  if (facts_.stage < capture::Stage::answered && passage.to_server != capture::Passed::yes) {
    return add(Text::alert_ask_attempt);
  }
  add(severity <= policy::Severity::critical ? Text::alert_ask_grave : Text::alert_ask_passed);
}

void Report::verdict() {
  static constexpr std::array cells{Text::alert_cell_absent,  Text::alert_cell_forbid_always,
                                    Text::alert_cell_forbid,  Text::alert_cell_gateway,
                                    Text::alert_cell_service, Text::alert_cell_permit};
  const bool permit = verdict_.decision == policy::Decision::permit;
  std::string rule{cell_code(verdict_.cell)};
  rule += ": ";
  rule += text(cells[static_cast<std::size_t>(verdict_.cell)], language_);
  const std::string from_name = from() + place(facts_.tuple.source);
  const std::string to_name = to() + place(facts_.tuple.destination);
  add(permit ? Text::alert_verdict_permit : Text::alert_verdict_forbid,
      {{"from", from_name}, {"to", to_name}, {"rule", rule}});
  if (permit && verdict_.basis != policy::Basis::cell) {
    const std::string id = entry_id(policy_, verdict_.basis, verdict_.basis_index);
    const policy::ExceptionOptions* entry =
        verdict_.basis == policy::Basis::exception ? exception(verdict_.basis_index) : nullptr;
    if (entry != nullptr) {
      add(Text::alert_verdict_basis_exception,
          {{"id", id}, {"approver", entry->approver}, {"until", last_valid(entry->until, offset_)}});
    } else {
      add(Text::alert_verdict_basis, {{"kind", kind_word(verdict_.basis)}, {"id", id}});
    }
  }
  if (verdict_.undeclared_tunnel) {
    add(Text::alert_verdict_tunnel, {{"tunnel", tunnel_title(verdict_.tunnel)}});
  }
  clauses_all();
  own_decision();
  if (!permit) near_miss();
  draft();
}

void Report::draft() {
  if (!verdict_.draft_differs) return;
  const bool permit = verdict_.decision == policy::Decision::permit;
  const std::string what = policy::draft_text(policy_.options(), verdict_, language_);
  if (what.empty()) {
    add(permit ? Text::alert_draft_forbids : Text::alert_drafts_permit);
  } else {
    add(permit ? Text::alert_draft_forbids_by : Text::alert_draft_permits_by, {{"what", what}});
  }
}

// Parts in ten thousand are enough for a person.
std::string percent(double ratio) {
  std::array<char, 32> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), "%.2f", ratio * 100);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

}  // namespace

std::string verdict_text(const capture::FlowFacts& facts, const policy::Verdict& verdict,
                         const policy::Policy& policy, Language language) {
  constexpr int japan = 540;  // explain() has no zone of its own; registers are kept in Japanese time
  Report report{facts, verdict, policy, language, japan};
  report.verdict();
  report.cautions();
  return report.take();
}

std::string alert_text(const AlertRecord& record, const AlertOptions& options) {
  if (record.notice != nullptr) return notice_text(record, options);
  const capture::FlowFacts& facts = record.event.facts;
  const policy::Verdict& verdict = record.event.verdict;
  Report report{facts, verdict, *record.policy, options.language, options.utc_offset_minutes};
  report.headline();

  const std::string stage = report.stage(record.stage_highest);
  const std::string events = std::to_string(record.events);
  const std::string suppressed = std::to_string(record.suppressed);
  const std::string flows = std::to_string(record.flows);
  const std::string responders = std::to_string(record.responders);
  const std::string services = std::to_string(record.services);
  const std::string bytes = std::to_string(record.bytes);
  switch (record.kind) {
    case AlertKind::opened:
    case AlertKind::exception:
      break;
    case AlertKind::escalated:
      report.add(record.event.kind == FlowEvent::Kind::passed ? Text::alert_passed : Text::alert_escalated,
                 {{"stage", stage}});
      break;
    case AlertKind::widened:
      report.add(Text::alert_widened, {{"responders", responders}, {"services", services}});
      break;
    case AlertKind::sweep:
      report.add(Text::alert_sweep, {{"responders", responders}, {"services", services}});
      break;
    case AlertKind::repeated:
      report.add(Text::alert_repeated, {{"suppressed", suppressed},
                                        {"events", events},
                                        {"flows", flows},
                                        {"responders", responders},
                                        {"services", services},
                                        {"bytes", bytes},
                                        {"stage", stage}});
      break;
    case AlertKind::closed: {
      std::string why;
      if (record.close == CloseReason::quiet) {
        const std::string seconds = std::to_string(options.incident_idle.count());
        why = say(Text::alert_closed_quiet, options.language, {{"seconds", seconds}});
      } else if (record.close == CloseReason::displaced) {
        why = text(Text::alert_closed_displaced, options.language);
      } else if (record.close == CloseReason::finished) {
        why = text(Text::alert_closed_finished, options.language);
      } else if (record.close == CloseReason::permitted || record.close == CloseReason::reclassified) {
        const bool permitted = record.close == CloseReason::permitted;
        const std::string generation = std::to_string(record.close_generation);
        why = say(permitted ? Text::alert_closed_permitted : Text::alert_closed_reclassified,
                  options.language, {{"generation", generation}});
      } else if (!record.former_segments.empty()) {
        why = say(Text::alert_closed_no_segment, options.language, {{"segments", record.former_segments}});
      } else if (record.close == CloseReason::unwatched) {
        why = say(Text::alert_closed_unwatched, options.language, {{"domain", record.former_domain}});
      }
      report.add(Text::alert_closed, {{"from", report.from()},
                                      {"src", facts.tuple.source.to_string()},
                                      {"src_place", report.place(facts.tuple.source)},
                                      {"to", report.to()},
                                      {"opened", report.moment(record.opened)},
                                      {"last", report.moment(record.time)},
                                      {"events", events},
                                      {"flows", flows},
                                      {"responders", responders},
                                      {"services", services},
                                      {"bytes", bytes},
                                      {"stage", stage},
                                      {"suppressed", suppressed},
                                      {"why", why}});
      report.passage(record);
      return report.take();
    }
  }
  report.fact();
  if (record.kind == AlertKind::exception && record.suppressed > 0) {
    report.add(Text::alert_counted, {{"suppressed", suppressed}});
  }
  if (verdict.decision == policy::Decision::forbid) {
    report.clause_violated();
    report.near_miss();
  }
  report.own_decision();
  report.draft();
  report.passage(record);
  report.cautions();
  if (record.loss_ratio > 0) report.add(Text::alert_note_loss, {{"percent", percent(record.loss_ratio)}});
  report.ask(record.severity, record.passage);
  return report.take();
}

std::string alert_line(const AlertMessage& message, const AlertOptions& options) {
  std::string out = timestamp(message.time, options.utc_offset_minutes);
  out += ' ';
  out += severity_name(message.severity);
  out += ' ';
  out += message.kind;
  out += ' ';
  if (!message.incident.empty()) out += message.incident + ' ';
  return out + message.text;
}

std::string alert_line(const AlertRecord& record, const AlertOptions& options) {
  return alert_line(message_of(record, options), options);
}

std::string loss_text(const LossNotice& notice, const AlertOptions& options) {
  std::string since = timestamp(notice.since, options.utc_offset_minutes).substr(0, 19);
  since[10] = ' ';
  return printable(
      say(Text::alert_loss, options.language,
          {{"destination", notice.destination}, {"lost", std::to_string(notice.lost)}, {"since", since}}));
}

}  // namespace sekimori::daemon
