#include "daemon/alert/relay_watch.hpp"

#include <algorithm>

namespace sekimori::daemon {
namespace {

// SMTP and its submission ports (RFC 5321, RFC 6409, RFC 8314).
bool is_mail(const capture::FlowFacts& facts) {
  const std::uint16_t port = facts.tuple.destination_port;
  return facts.tuple.protocol == capture::protocol::tcp && facts.ports_known &&
         (port == 25 || port == 465 || port == 587);
}

}  // namespace

void RelayWatch::feed(const FlowEvent& event, const policy::Policy& policy, std::vector<Notice>& found) {
  if (event.kind == FlowEvent::Kind::beyond || !is_mail(event.facts)) return;
  const capture::Tuple& tuple = event.facts.tuple;
  const bool from_outside = event.verdict.from == policy.external();
  const bool to_outside = event.verdict.to == policy.external();
  if (from_outside == to_outside) return;
  if (from_outside) {
    if (event.facts.stage < capture::Stage::established) return;  // nothing can have been taken
    if (taken_.size() >= hosts_max && taken_.find(tuple.destination) == taken_.end()) {
      ++forgotten_;
      return;
    }
    taken_[tuple.destination] = {tuple.source, event.time};
    return;
  }
  const auto taken = taken_.find(tuple.source);
  if (taken == taken_.end() || event.time - taken->second.time > window) return;
  Notice notice{NoticeKind::relay, host_subject(policy, tuple.source), event.time, false, {}, {}};
  notice.add_address("mail", policy, tuple.source)
      .add_address("src", policy, taken->second.from)
      .add_address("dst", policy, tuple.destination)
      .add("port", std::to_string(tuple.destination_port));
  found.push_back(std::move(notice));
}

void RelayWatch::tick(Time packet_now, const policy::Policy&, std::vector<Notice>&) {
  std::erase_if(taken_, [&](const auto& entry) { return packet_now - entry.second.time > window; });
}

}  // namespace sekimori::daemon
