#include "daemon/behaviour/draft_watch.hpp"

#include <chrono>
#include <string>

#include "daemon/render/words.hpp"
#include "policy/compiled.hpp"
#include "policy/proof/words.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

constexpr std::chrono::minutes draft_pause{1};

// The draft that closes the pair; as the segments where several of them do together.
policy::Verdict closing_draft(const policy::Policy& policy, policy::PairId pair) {
  policy::Verdict verdict;
  const policy::CompiledPolicy& drafted = policy.compiled().with_drafts();
  const policy::CellRule& rule = drafted.rule(policy::from_of(pair), policy::to_of(pair));
  verdict.draft_overlay = policy::CompiledPolicy::draft_of(policy.options().overlays, rule.overlay_index);
  verdict.draft_switch = policy::CompiledPolicy::draft_of(policy.options().switches, rule.switch_index);
  return verdict;
}

std::string service_of(const capture::Tuple& tuple) {
  std::string service = protocol_name(tuple.protocol);
  return has_ports(tuple.protocol) ? service + "/" + std::to_string(tuple.destination_port) : service;
}

}  // namespace

void DraftWatch::opened(const FlowStep& step, const policy::Policy& policy, std::vector<Notice>& found) {
  Told& told = pairs_[step.pair];
  ++told.flows;
  if (step.time < told.next) return;
  told.next = step.time + draft_pause;
  const policy::SegmentId from = policy::from_of(step.pair);
  const policy::SegmentId to = policy::to_of(step.pair);
  const std::string subject = policy.segments()[from].id + ">" + policy.segments()[to].id;
  const policy::Verdict draft = closing_draft(policy, step.pair);
  const auto what = [&](Language language) { return policy::draft_text(policy.options(), draft, language); };
  Notice notice{NoticeKind::draft_forbids, subject, step.time, false, {}, {}};
  notice.add_segment("from", policy, from)
      .add_segment("to", policy, to)
      .add("what", what(Language::en), {what(Language::ja), what(Language::en)})
      .add("src", step.tuple.source.to_string())
      .add("dst", step.tuple.destination.to_string())
      .add("service", service_of(step.tuple))
      .add("flows", std::to_string(told.flows));
  found.push_back(std::move(notice));
}

}  // namespace sekimori::daemon
