#include "tools/sekimori/next_hops.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "daemon/names.hpp"
#include "daemon/render.hpp"
#include "daemon/render/words.hpp"
#include "policy/proof/words.hpp"
#include "policy/text/text.hpp"
#include "tools/sekimori/table.hpp"

namespace sekimori::tool {
namespace {

using policy::Decision;

constexpr std::size_t words_shown = 3;

// A card that no configuration that anybody writes will name; and if one does, the next.
MacAddress nobody(const policy::Policy& policy) {
  const std::vector<MacAddress>& routers = policy.options().routers;
  MacAddress mac{{0x02, 0xff, 0xff, 0xff, 0xff, 0xff}};
  while (policy.is_next_hop(mac) || std::find(routers.begin(), routers.end(), mac) != routers.end()) {
    --mac.bytes[5];
  }
  return mac;
}

class Asking {
 public:
  Asking(const policy::Policy& policy, const capture::FlowFacts& facts) : policy_(policy), facts_(facts) {}

  std::vector<HopVerdict> by(MacAddress capture::FlowFacts::*neighbour, const policy::Verdict& unknown) {
    std::vector<HopVerdict> each{{std::nullopt, {}, unknown}};
    for (const policy::SegmentOptions& segment : policy_.options().segments) {
      const int index = policy_.segment_index(segment.id);
      if (segment.next_hop_macs.empty() || index < 0) continue;
      each.push_back({static_cast<policy::SegmentId>(index), segment.next_hop_macs,
                      judge(neighbour, segment.next_hop_macs.front())});
    }
    if (each.size() == 1) return {};
    const MacAddress other = nobody(policy_);
    each.push_back({std::nullopt, {other}, judge(neighbour, other)});
    const bool same = std::all_of(each.begin(), each.end(), [&](const HopVerdict& one) {
      return one.verdict.decision == unknown.decision;
    });
    return same ? std::vector<HopVerdict>{} : each;
  }

 private:
  policy::Verdict judge(MacAddress capture::FlowFacts::*neighbour, const MacAddress& mac) const {
    capture::FlowFacts facts = facts_;
    facts.*neighbour = mac;
    policy::Conversation conversation = policy::conversation_of(facts);
    conversation.time = facts.start;
    return policy_.judge(conversation);
  }

  const policy::Policy& policy_;
  const capture::FlowFacts& facts_;
};

bool listed(const policy::Policy& policy, const IpAddress& address) {
  int prefix = -1;
  policy.classify(address, &prefix);
  return prefix >= 0;
}

void add_new(std::vector<std::string>& list, std::string words) {
  if (std::find(list.begin(), list.end(), words) == list.end()) list.push_back(std::move(words));
}

// Where clients ask a proxy, its address is what the frames on the wire carry. A relay is one host: a network
// of many is none that could be asked about.
void name_relays(const policy::Policy& policy, DomainId domain, Language language, HopVerdicts& hops) {
  std::vector<std::string> relays;
  std::vector<std::string> segments;
  for (const HopVerdict& one : hops.each) {
    if (!one.segment || one.verdict.decision != Decision::permit) continue;
    const std::string& id = policy.segments()[*one.segment].id;
    for (const policy::SegmentOptions& segment : policy.options().segments) {
      if (segment.id != id) continue;
      for (const policy::NamedPrefix& named : segment.prefixes) {
        const IpAddress& address = named.prefix.address;
        if (named.prefix.length != address.bits() || address.domain != domain) continue;
        std::string words = address.to_string();
        if (!named.name.empty()) words.append(" (").append(named.name).append(")");
        add_new(relays, std::move(words));
        add_new(segments, id);
      }
    }
  }
  hops.relays = policy::joined(relays, words_shown, language);
  hops.relay_segments = policy::joined(segments, words_shown, language);
}

std::string hop_name(const policy::Policy& policy, const HopVerdict& one, Language language) {
  if (!one.segment) {
    return std::string{
        text(one.macs.empty() ? Text::explain_hops_unknown : Text::explain_hops_other, language)};
  }
  std::vector<std::string> macs;
  for (const MacAddress& mac : one.macs) macs.push_back(mac.to_string());
  return say(Text::explain_hops_of, language,
             {{"segment", policy.segments()[*one.segment].id},
              {"macs", policy::joined(macs, words_shown, language)}});
}

}  // namespace

HopVerdicts verdicts_by_hop(const policy::Policy& policy, const capture::FlowFacts& facts,
                            const policy::Verdict& unknown, Language language) {
  HopVerdicts hops;
  Asking asking{policy, facts};
  if (facts.next_hop_mac.is_zero() && facts.responder_mac.is_zero()) {
    hops.each = asking.by(&capture::FlowFacts::next_hop_mac, unknown);
    if (!hops.each.empty() && !listed(policy, facts.tuple.destination))
      name_relays(policy, facts.tuple.destination.domain, language, hops);
  }
  // Only who is in no prefix is placed by where his frames come from.
  if (hops.each.empty() && facts.initiator_mac.is_zero() && !listed(policy, facts.tuple.source)) {
    hops.each = asking.by(&capture::FlowFacts::initiator_mac, unknown);
    hops.inward = !hops.each.empty();
  }
  return hops;
}

std::string hops_text(const policy::Policy& policy, const HopVerdicts& hops, Language language) {
  const auto heading = [&](Text id) { return Table::Column{std::string(text(id, language))}; };
  Table table{{heading(Text::explain_hops_column), heading(Text::explain_hops_verdict),
               heading(Text::explain_hops_segments), heading(Text::tool_column_rule)}};
  for (const HopVerdict& one : hops.each) {
    const bool permitted = one.verdict.decision == Decision::permit;
    const std::string verdict{
        text(permitted ? Text::tool_verdict_permit : Text::tool_verdict_forbid, language)};
    table.add({hop_name(policy, one, language),
               {verdict, permitted ? Table::Mark::good : Table::Mark::bad},
               policy.segments()[one.verdict.from].id + " → " + policy.segments()[one.verdict.to].id,
               daemon::rule_name(policy, one.verdict)});
  }
  std::string out{text(hops.inward ? Text::explain_hops_in : Text::explain_hops_out, language)};
  out.append("\n").append(table.to_string(wants_colour(1)));
  if (!hops.relays.empty()) {
    out.append(say(Text::explain_hops_proxy, language,
                   {{"segment", hops.relay_segments}, {"addresses", printable(hops.relays)}}))
        .append("\n");
  }
  return out;
}

boost::json::array hops_json(const policy::Policy& policy, const HopVerdicts& hops) {
  boost::json::array list;
  for (const HopVerdict& one : hops.each) {
    const char* const nameless = one.macs.empty() ? "unknown" : "other";
    boost::json::object hop{{"next_hop", one.segment ? policy.segments()[*one.segment].id : nameless}};
    if (one.segment) {
      boost::json::array macs;
      for (const MacAddress& mac : one.macs) macs.emplace_back(mac.to_string());
      hop["macs"] = std::move(macs);
    }
    hop["verdict"] = policy::decision_name(one.verdict.decision);
    hop["from"] = policy.segments()[one.verdict.from].id;
    hop["to"] = policy.segments()[one.verdict.to].id;
    hop["cell"] = daemon::cell_code(one.verdict.cell);
    list.push_back(std::move(hop));
  }
  return list;
}

}  // namespace sekimori::tool
