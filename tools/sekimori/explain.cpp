#include <boost/json.hpp>
#include <iostream>
#include <optional>

#include "capture/source/frame.hpp"
#include "daemon/control/query.hpp"
#include "daemon/render.hpp"
#include "daemon/render/words.hpp"
#include "policy/proof/reach.hpp"
#include "policy/proof/words.hpp"
#include "policy/text/text.hpp"
#include "tools/sekimori/commands.hpp"
#include "tools/sekimori/events.hpp"
#include "tools/sekimori/incident.hpp"
#include "tools/sekimori/next_hops.hpp"
#include "tools/sekimori/read_time.hpp"
#include "tools/sekimori/service.hpp"
#include "tools/sekimori/tuples.hpp"

namespace sekimori::tool {
namespace {

using policy::Basis;
using policy::Cell;
using policy::Decision;
using policy::Mismatch;

// Entries that come near, beside the verdict's own.
constexpr std::size_t near_shown = 5;
constexpr std::size_t pieces_max = 1000;

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

// One end of what is asked: an address, or a whole segment.
struct Peer {
  std::optional<IpAddress> address{};
  policy::SegmentId segment = 0;
};

Peer read_peer(const std::string& value, const policy::Policy& policy, Language language) {
  Peer peer;
  peer.address = IpAddress::parse(value);
  if (peer.address) return peer;
  if (const int segment = policy.segment_index(value); segment >= 0) {
    peer.segment = static_cast<policy::SegmentId>(segment);
    return peer;
  }
  std::vector<std::string_view> ids;
  for (const policy::ProfileSegment& segment : policy.segments()) ids.push_back(segment.id);
  // Digits and dots were meant to be an address.
  if (value.find_first_not_of("0123456789.:abcdefABCDEF/") == std::string::npos)
    throw UsageError(say(Text::tool_bad_address, language, {{"value", value}}), {});
  throw UsageError(say(Text::explain_bad_peer, language,
                       {{"value", value}, {"hint", daemon::suggestion(value, ids, language)}}),
                   {});
}

// Everything that is asked for.
struct Question {
  Peer from{};
  Peer to{};
  capture::FlowFacts facts{};
  std::string service{};  // as written; empty: any
  std::optional<DomainId> domain{};
  std::optional<Time> at{};
};

std::optional<DomainId> read_domain(const std::string& name, const policy::Policy& policy,
                                    Language language) {
  const int domain = policy.domain_index(name);
  if (domain >= 0) return static_cast<DomainId>(domain);
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < policy.domains_count(); ++i)
    names.push_back(policy.domain_name(static_cast<DomainId>(i)));
  throw UsageError(say(Text::tool_bad_domain, language,
                       {{"value", name}, {"hint", daemon::suggestion(name, names, language)}}),
                   {});
}

std::string member(const boost::json::object& event, std::initializer_list<std::string_view> path) {
  return word(event, path);
}

// A flow or alert as sekimori (or Suricata) wrote it.
Question question_of(const boost::json::object& event, const policy::Policy& policy, Language language) {
  const UsageError broken{say(Text::explain_bad_event, language), {}};
  Question question;
  question.from.address = IpAddress::parse(member(event, {"src_ip"}));
  question.to.address = IpAddress::parse(member(event, {"dest_ip"}));
  std::string protocol = member(event, {"proto"});
  if (!question.from.address || !question.to.address || protocol.empty()) throw broken;
  if (protocol == "IPV6-ICMP") protocol = "icmpv6";
  question.service = protocol;
  if (find(event, {"dest_port"}) != nullptr)
    question.service += '/' + std::to_string(count(event, {"dest_port"}));
  if (const auto mac = MacAddress::parse(member(event, {"ether", "src_mac"})))
    question.facts.initiator_mac = *mac;
  if (const auto mac = MacAddress::parse(member(event, {"ether", "dest_mac"})))
    question.facts.next_hop_mac = *mac;
  if (const auto mac = MacAddress::parse(member(event, {"sekimori", "responder_mac"})))
    question.facts.responder_mac = *mac;
  if (const std::string domain = member(event, {"sekimori", "domain"}); !domain.empty())
    question.domain = read_domain(domain, policy, language);
  // "2026-04-01T09:12:03.482915+09:00": the fraction is nobody's question.
  std::string time = member(event, {"timestamp"});
  if (time.size() > 19 && time[19] == '.') time.erase(19, time.find_first_not_of(".0123456789", 19) - 19);
  question.at = read_time(time, 0);
  return question;
}

Question read_event(const Arguments& arguments, const policy::Policy& policy) {
  std::string line = arguments.operands()[0];
  if (line == "-") std::getline(std::cin, line);
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(line, error);
  if (error || !value.is_object()) {
    throw UsageError{say(Text::explain_bad_event, arguments.language()), {}};
  }
  return question_of(value.get_object(), policy, arguments.language());
}

Question read_question(const Arguments& arguments, const policy::Policy& policy) {
  const std::vector<std::string>& words = arguments.operands();
  const Language language = arguments.language();
  if (words.size() < 2) {
    if (!words.empty() && (words[0].front() == '{' || words[0] == "-")) return read_event(arguments, policy);
    throw UsageError(say(Text::tool_operands_few, language,
                         {{"command", "explain"}, {"operands", arguments.command()->operands}}),
                     say(Text::tool_see_help, language, {{"command", "explain"}}));
  }
  Question question;
  question.from = read_peer(words[0], policy, language);
  question.to = read_peer(words[1], policy, language);
  if (words.size() == 3) question.service = words[2];
  if (words.size() == 2 && question.from.address && question.to.address) {
    throw UsageError(say(Text::tool_operands_few, language,
                         {{"command", "explain"}, {"operands", arguments.command()->operands}}),
                     say(Text::tool_see_help, language, {{"command", "explain"}}));
  }
  question.facts.initiator_mac = read_mac(arguments, "--source-mac");
  question.facts.responder_mac = read_mac(arguments, "--destination-mac");
  return question;
}

Text words_of(Mismatch mismatch) {
  switch (mismatch) {
    case Mismatch::not_yet:
      return Text::explain_differs_not_yet;
    case Mismatch::expired:
      return Text::explain_differs_expired;
    case Mismatch::port:
      return Text::explain_differs_port;
    case Mismatch::protocol:
      return Text::explain_differs_protocol;
    case Mismatch::source_address:
      return Text::explain_differs_source;
    case Mismatch::destination_address:
      return Text::explain_differs_destination;
    case Mismatch::source_mac:
      return Text::explain_differs_source_mac;
    case Mismatch::destination_mac:
      return Text::explain_differs_destination_mac;
    case Mismatch::direction:
      return Text::explain_differs_direction;
    case Mismatch::not_approved:
      return Text::explain_differs_approval;
    case Mismatch::revoked:
      return Text::explain_differs_revoked;
    case Mismatch::out_of_hours:
      return Text::explain_differs_hours;
    case Mismatch::name:
      return Text::explain_differs_name;
    case Mismatch::cell_forbids:
    case Mismatch::none:
      break;
  }
  return Text::explain_differs_cell;
}

// Several entries that come near: the first is the verdict's own, and the officer may have meant another one.
// `named`: the verdict's sentence tells that one and the first thing in which it differs; where there is no
// more to it than that, or it was too far to be told, it is no list.
void print_near(const policy::Policy& policy, const policy::Conversation& conversation, bool named,
                Language language) {
  const std::vector<policy::NearEntry> near = policy.near_misses(conversation, near_shown);
  const bool told = near.size() == 1 && (near.front().differs.size() < 2 || !named);
  if (near.empty() || told) return;
  Table table{{{std::string(text(Text::explain_column_entry, language))},
               {std::string(text(Text::explain_column_differs, language))},
               {std::string(text(Text::explain_column_place, language))}}};
  for (const auto& [miss, differs] : near) {
    std::string name{text(policy::kind_text(miss.kind), language)};
    name.append(" ").append(policy::id_of(policy.compiled(), miss.kind, miss.index));
    std::string words;
    for (const Mismatch mismatch : differs) {
      if (!words.empty()) words.append(language == Language::ja ? "、" : ", ");
      words.append(text(words_of(mismatch), language));
    }
    table.add({name, words, entry_place(policy, miss.kind, miss.index)});
  }
  std::cout << '\n' << text(Text::explain_near_title, language) << '\n' << table.to_string(wants_colour(1));
}

boost::json::array near_json(const policy::Policy& policy, const policy::Conversation& conversation) {
  boost::json::array list;
  for (const auto& [miss, differs] : policy.near_misses(conversation, near_shown)) {
    boost::json::array names;
    for (const Mismatch mismatch : differs) names.emplace_back(policy::mismatch_name(mismatch));
    list.emplace_back(boost::json::object{{"kind", policy::basis_name(miss.kind)},
                                          {"id", policy::id_of(policy.compiled(), miss.kind, miss.index)},
                                          {"place", entry_place(policy, miss.kind, miss.index)},
                                          {"differs", std::move(names)}});
  }
  return list;
}

// All conversations between two ends of which one is a segment: what is permitted, and by what.
class Whole {
 public:
  Whole(const policy::Policy& policy, const Question& question, Time time, const policy::Manner& manner)
      : universe_(policy.compiled()), reach_(policy.compiled(), universe_), manner_(manner) {
    for (const Family family : policy::families) claim(question, time, family);
    find();
  }

  // A conversation to stand for all of them: one that is forbidden, if one is.
  std::optional<policy::Conversation> example() const {
    if (claimed_.empty()) return std::nullopt;
    return universe_.example(forbidden_ ? *forbidden_ : claimed_.front());
  }
  // A row for each thing that permits, or one text.
  void print(const policy::Policy& policy) const {
    const Language language = manner_.language;
    std::cout << '\n' << text(Text::explain_whole, language) << (language == Language::ja ? "、" : " ");
    if (permitted_.empty() || !forbidden_) {
      std::cout << text(permitted_.empty() ? Text::explain_whole_none : Text::explain_whole_all, language)
                << '\n';
      return;
    }
    std::cout << text(Text::explain_whole_some, language) << '\n';
    std::vector<Table::Column> columns = tuple_columns(language);
    columns.push_back({std::string(text(Text::tool_column_rule, language))});
    Table table{columns};
    for (const policy::Permission& each : permitted_) {
      std::vector<Table::Cell> cells = tuple_cells(each.box, each.from, each.to, reach_, manner_);
      cells.emplace_back(policy::basis_text(policy.compiled(), each.basis, each.index, each.from, each.to,
                                            each.rule, language));
      table.add(std::move(cells));
    }
    std::cout << table.to_string(wants_colour(1));
  }
  boost::json::object to_json(const policy::Policy& policy) const {
    boost::json::array list;
    for (const policy::Permission& each : permitted_) {
      boost::json::object one = tuple_json(each.box, universe_, manner_.utc_offset_minutes);
      one["basis"] = policy::basis_name(each.basis);
      if (each.basis != Basis::cell) {
        one[policy::basis_name(each.basis)] = policy::id_of(policy.compiled(), each.basis, each.index);
      }
      list.push_back(std::move(one));
    }
    const char* verdict = permitted_.empty() ? "forbid" : forbidden_ ? "mixed" : "permit";
    return {{"verdict", verdict}, {"permitted", std::move(list)}};
  }

 private:
  std::vector<policy::Reach::Part> parts(const Peer& peer, Family family, DomainId domain) const {
    if (!peer.address) return reach_.parts(peer.segment, family, domain);
    if (peer.address->family != family) return {};
    return {{policy::RangeSet::of(policy::number_of(*peer.address)),
             universe_.all(family)[policy::Side::source_mac]}};
  }

  void claim(const Question& question, Time time, Family family) {
    for (DomainId domain = 0; domain < reach_.domains_count(); ++domain) {
      if (!question.domain || *question.domain == domain) claim(question, time, family, domain);
    }
  }
  void claim(const Question& question, Time time, Family family, DomainId domain) {
    using policy::Side;
    for (const auto& from : parts(question.from, family, domain)) {
      for (const auto& to : parts(question.to, family, domain)) {
        policy::Box box = universe_.all(family);
        box[Side::domain] = reach_.numbers_of(domain);
        box[Side::source] = intersect(box[Side::source], from.addresses);
        box[Side::source_mac] = from.macs;
        box[Side::destination] = intersect(box[Side::destination], to.addresses);
        box[Side::next_hop] = to.macs;
        box[Side::time] = policy::RangeSet::of(policy::number_of(time));
        box[Side::week] = policy::RangeSet::of(universe_.minute_of(time));
        box[Side::tunnel] = policy::RangeSet::of(0);
        if (!question.service.empty()) {
          capture::FlowFacts facts;
          facts.tuple.source.family = family;
          read_service(question.service, facts, manner_.language);
          const policy::Number port = daemon::has_ports(facts.tuple.protocol)
                                          ? policy::Number{facts.tuple.destination_port}
                                          : policy::Number{0};
          box[Side::service] = policy::RangeSet::of(facts.tuple.protocol * policy::services_each + port);
        }
        if (!box.empty()) claimed_.push_back(std::move(box));
      }
    }
  }

  void find() {
    std::vector<const policy::Box*> boxes;
    for (const policy::Permission& each : reach_.permissions()) boxes.push_back(&each.box);
    for (const policy::Box& claimed : claimed_) {
      for (const policy::Permission& each : reach_.permissions()) {
        std::optional<policy::Box> common = intersect(each.box, claimed);
        if (!common) continue;
        // Asked of one moment: nobody needs to read it in every row.
        for (const policy::Side side : {policy::Side::time, policy::Side::week})
          (*common)[side] = universe_.all(common->family)[side];
        permitted_.push_back(
            {std::move(*common), each.from, each.to, each.rule, each.other_path, each.basis, each.index});
      }
      const auto rest = remainder(claimed, boxes, pieces_max);
      if (!forbidden_ && (!rest || !rest->empty())) forbidden_ = rest ? rest->front() : claimed;
    }
  }

  policy::Universe universe_;
  policy::Reach reach_;
  const policy::Manner manner_;
  std::vector<policy::Box> claimed_{};
  std::vector<policy::Permission> permitted_{};
  std::optional<policy::Box> forbidden_{};
};

// The tuple of the conversation that stands for a segment.
void take_example(const policy::Conversation& example, Question& question) {
  question.facts.tuple.source = example.initiator;
  question.facts.tuple.destination = example.responder;
  question.facts.next_hop_mac = example.next_hop_mac;
  if (question.facts.initiator_mac.is_zero()) question.facts.initiator_mac = example.initiator_mac;
  if (question.facts.responder_mac.is_zero()) question.facts.responder_mac = example.responder_mac;
  if (!question.service.empty()) return;
  question.facts.tuple.protocol = example.protocol;
  question.facts.tuple.destination_port = example.port;
}

void print_verdict(const Question& question, const policy::Verdict& verdict, const HopVerdicts& hops,
                   const Loaded& loaded, const std::string& service) {
  const policy::Policy& policy = *loaded.policy;
  const daemon::AlertOptions& alerts = loaded.config.daemon.alerts;
  const Language language = alerts.language;
  const capture::FlowFacts& facts = question.facts;
  std::cout << printable(daemon::verdict_text(facts, verdict, policy, language)) << "\n\n";
  // Before anything else: the sentence above is half of the answer.
  if (!hops.each.empty()) std::cout << hops_text(policy, hops, language) << '\n';
  Table table{{{""}, {""}}};
  const auto add = [&](Text name, const std::string& value) {
    if (!value.empty()) table.add({std::string(text(name, language)), value});
  };
  add(Text::tool_explain_source, side(policy, verdict.from, facts.tuple.source, language));
  add(Text::tool_explain_destination, side(policy, verdict.to, facts.tuple.destination, language));
  add(Text::tool_explain_service, service);
  if (policy.several_domains()) {
    add(Text::tool_explain_domain, std::string{policy.domain_name(facts.tuple.source.domain)});
  }
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
}

// A notice is no conversation that could be judged again.
int print_notice(const Arguments& arguments, const boost::json::object& event) {
  if (arguments.json()) {
    std::cout << daemon::to_line(boost::json::object{{"told", event}}) << '\n';
    return exit_code::good;
  }
  std::cout << say(Text::explain_incident_notice, arguments.language(),
                   {{"id", printable(*arguments.get("--incident"))}})
            << '\n'
            << alert_line(event) << '\n';
  return exit_code::good;
}

// What was told at the time, and that today's configuration says something else where it does.
void print_told(const Arguments& arguments, const boost::json::object& event, const policy::Verdict& verdict,
                const std::string& name) {
  const Language language = arguments.language();
  std::cout << say(Text::explain_incident_title, language,
                   {{"id", printable(*arguments.get("--incident"))},
                    {"time", short_time(member(event, {"timestamp"}))},
                    {"name", name}})
            << '\n'
            << alert_line(event) << "\n\n";
  const std::string then = member(event, {"sekimori", "verdict"});
  if (!then.empty() && then != policy::decision_name(verdict.decision)) {
    std::cout << say(Text::explain_incident_changed, language,
                     {{"then", printable(member(event, {"sekimori", "policy", "sha256"}).substr(0, 12))}})
              << "\n\n";
  }
}

}  // namespace

int run_explain(const Arguments& arguments) {
  const Language asked = arguments.language();
  IncidentAlert told;
  if (arguments.has("--incident")) {
    if (!arguments.operands().empty()) throw UsageError(say(Text::explain_incident_operands, asked), {});
    told = find_incident(arguments);
    if (!told.event) return told.code;
    if (find(*told.event, {"proto"}) == nullptr) return print_notice(arguments, *told.event);
  }
  const Loaded loaded = load(arguments.get("--config").value_or(""), arguments);
  if (!loaded.policy) return tell_mistakes(loaded, asked);
  const policy::Policy& policy = *loaded.policy;
  const daemon::AlertOptions& alerts = loaded.config.daemon.alerts;
  Question question = told.event ? question_of(*told.event, policy, asked) : read_question(arguments, policy);
  if (const auto domain = arguments.get("--domain")) question.domain = read_domain(*domain, policy, asked);
  capture::FlowFacts& facts = question.facts;
  facts.start = facts.end =
      question.at && !arguments.has("--at") ? *question.at : asked_time(arguments, alerts.utc_offset_minutes);
  // The command line says who starts: as good as a handshake.
  facts.evidence = capture::Evidence::syn;
  facts.tap = capture::no_tap;  // no frame was seen anywhere

  std::optional<Whole> whole;
  if (question.from.address && question.to.address) {
    const DomainId domain = question.domain.value_or(main_domain);
    facts.tuple.source = question.from.address->in(domain);
    facts.tuple.destination = question.to.address->in(domain);
    if (facts.tuple.source.family != facts.tuple.destination.family)
      throw UsageError(say(Text::tool_families_differ, asked), {});
  } else {
    whole.emplace(policy, question, facts.start, policy::Manner{alerts.language, alerts.utc_offset_minutes});
    const auto example = whole->example();
    if (!example) {
      const Peer& empty = question.from.address ? question.to : question.from;
      throw UsageError(say(Text::explain_no_address, asked,
                           {{"segment", policy.segments()[empty.segment].id}, {"family", "IPv4, IPv6"}}),
                       {});
    }
    take_example(*example, question);
  }
  std::string service = question.service;
  if (!service.empty()) read_service(service, facts, asked);
  policy::Conversation conversation = policy::conversation_of(facts);
  conversation.time = facts.start;
  const policy::Verdict verdict = policy.judge(conversation);
  HopVerdicts hops;
  if (!whole) hops = verdicts_by_hop(policy, facts, verdict, alerts.language);
  if (arguments.json()) {
    boost::json::object out = daemon::judgement(facts, verdict, policy);
    if (verdict.decision == Decision::forbid) out["near"] = near_json(policy, conversation);
    if (!hops.each.empty()) out["next_hops"] = hops_json(policy, hops);
    if (whole) out["whole"] = whole->to_json(policy);
    if (told.event) out["told"] = std::move(*told.event);
    std::cout << daemon::to_line(out) << '\n';
    return exit_code::good;
  }
  if (told.event) print_told(arguments, *told.event, verdict, loaded.name);
  print_verdict(question, verdict, hops, loaded, service);
  if (verdict.decision == Decision::forbid)
    print_near(policy, conversation, verdict.near_miss.mismatch != Mismatch::none, alerts.language);
  if (whole) whole->print(policy);
  return exit_code::good;
}

}  // namespace sekimori::tool
