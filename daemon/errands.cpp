#include "daemon/errands.hpp"

#include <algorithm>
#include <tuple>

namespace sekimori::daemon {
namespace {

std::uint64_t weight(const capture::FlowFacts& facts, FlowSort sort) {
  switch (sort) {
    case FlowSort::start:
      return static_cast<std::uint64_t>(facts.start.time_since_epoch().count());
    case FlowSort::last:
      return static_cast<std::uint64_t>(facts.end.time_since_epoch().count());
    case FlowSort::bytes:
      return facts.bytes_to_server + facts.bytes_to_client;
    case FlowSort::packets:
      return facts.packets_to_server + facts.packets_to_client;
  }
  return 0;
}

bool before(const FlowAnswer::Row& a, const FlowAnswer::Row& b, FlowSort sort) {
  const std::uint64_t weight_a = weight(a.facts, sort);
  const std::uint64_t weight_b = weight(b.facts, sort);
  if (weight_a != weight_b) return weight_a > weight_b;
  return std::tie(a.facts.start, a.facts.tuple) < std::tie(b.facts.start, b.facts.tuple);
}

}  // namespace

void sort_and_cut(FlowAnswer& answer, const FlowQuery& query) {
  std::sort(answer.rows.begin(), answer.rows.end(),
            [&](const FlowAnswer::Row& a, const FlowAnswer::Row& b) { return before(a, b, query.sort); });
  if (answer.rows.size() > query.limit) answer.rows.resize(query.limit);
  answer.complete = answer.rows.size() == answer.matched;
}

bool FiguresErrand::step(WorkerRoom& room) {
  figures_.books = room.inspector.books();
  figures_.matrix = room.inspector.matrix();
  figures_.vlans.assign(room.inspector.vlans().begin(), room.inspector.vlans().end());
  const capture::FlowTable& table = room.inspector.table();
  figures_.table = {.size = table.size(),
                    .capacity = table.capacity(),
                    .half_open = table.half_open(),
                    .memory_bytes = table.memory_bytes(),
                    .traces_bytes = table.traces_bytes(),
                    .fragments_bytes = room.inspector.fragments().memory_bytes(),
                    .huge_pages = table.huge_pages(),
                    .emergency = table.emergency(),
                    .counters = table.counters()};
  figures_.newest = room.inspector.newest();
  for (std::size_t i = 0; i < room.sources.size(); ++i) {
    capture::Source& source = *room.sources[i];
    figures_.taps.push_back({room.taps[i], source.counters(), source.health(), source.trouble()});
  }
  return true;
}

bool FlowsErrand::step(WorkerRoom& room) {
  const policy::Policy& policy = room.inspector.policy();
  const capture::FlowTable& table = room.inspector.table();
  cursor_ = table.scan(cursor_, slice, [&](const capture::Flow& flow) {
    FlowAnswer::Row row{table.facts(flow), {}, policy.generation()};
    row.verdict = policy.judge(policy::conversation_of(row.facts, row.facts.end));
    if (!query_.matches(row.facts, row.verdict)) return;
    ++result_.matched;
    result_.rows.push_back(row);
  });
  if (result_.rows.size() > 2 * static_cast<std::size_t>(query_.limit) + slice) sort_and_cut(result_, query_);
  if (cursor_ != 0) return false;
  result_.live = table.size();
  sort_and_cut(result_, query_);
  return true;
}

bool LearnErrand::step(WorkerRoom& room) {
  for (const NameEvidence& evidence : names_) room.inspector.learn(evidence);
  return true;
}

std::uint64_t share_names(const std::vector<std::unique_ptr<Worker>>& workers) {
  std::uint64_t untold = 0;
  NameEvidence evidence;
  for (const auto& worker : workers) {
    std::vector<NameEvidence> fresh;
    while (fresh.size() < Worker::names_max && worker->take(evidence)) fresh.push_back(evidence);
    if (fresh.empty()) continue;
    for (const auto& other : workers) {
      if (other == worker) continue;
      std::unique_ptr<Errand> errand = std::make_unique<LearnErrand>(fresh);
      if (!other->send(errand)) untold += fresh.size();
    }
  }
  return untold;
}

bool ReplaceErrand::step(WorkerRoom& room) {
  policy_ = room.inspector.replace(std::move(policy_));
  return true;
}

}  // namespace sekimori::daemon
