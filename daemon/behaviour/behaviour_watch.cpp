#include "daemon/behaviour/behaviour_watch.hpp"

#include <memory>
#include <utility>

namespace sekimori::daemon {

void BehaviourWatch::expect(const FlowStep& step, Ahead& ahead) const {
  look_at(step, ahead);
  bulk_.expect(step, ahead.hashes);
  scan_.expect(step, ahead.hashes);
  services_.expect(step, ahead.service);
  unasked_.expect(step, ahead.hashes, ahead.unasked);
}

void BehaviourWatch::fetch(const FlowStep& step, const Ahead& ahead) const {
  bulk_.fetch(step, ahead.hashes);
  scan_.fetch(step, ahead.hashes);
  services_.fetch(step, ahead.service);
  unasked_.fetch(step, ahead.hashes, ahead.unasked);
}

void BehaviourWatch::step(const FlowStep& step, const policy::Policy& policy, std::vector<Notice>& found) {
  const Ahead* known = std::exchange(next_, nullptr);
  // Indexes mean something in the policy that gave them alone.
  if (step.generation != policy.generation()) return;
  if (known == nullptr) {
    look_at(step, alone_);
    known = &alone_;
  }
  bulk_.step(step, known->hashes, policy, found);
  scan_.step(step, known->hashes, policy, found);
  services_.step(step, known->service, policy, found);
  resolvers_.step(step, policy, found);
  unasked_.step(step, known->hashes, known->unasked, policy);
  drafts_.step(step, policy, found);
}

void BehaviourWatch::tick(Time packet_now, const policy::Policy& policy, std::vector<Notice>& found) {
  scan_.tick(packet_now, policy, found);
  unasked_.tick(packet_now, policy, found);
  services_.tick(packet_now, policy, found);
}

void BehaviourWatch::finish(Time, const policy::Policy& policy, std::vector<Notice>& found) {
  scan_.finish(policy, found);
  unasked_.finish(policy, found);
}

void BehaviourWatch::replaced(const policy::Policy& policy) {
  bulk_.replaced(policy);
  scan_.replaced(policy);
  services_.replaced(policy);
  resolvers_.replaced(policy);
  unasked_.replaced();
  drafts_ = {};
}

std::vector<std::pair<std::string_view, std::uint64_t>> BehaviourWatch::counters() const {
  const BulkWatch::Counters bulk = bulk_.counters();
  const ScanWatch::Counters scan = scan_.counters();
  const ServiceWatch::Counters services = services_.counters();
  const UnaskedWatch::Counters unasked = unasked_.counters();
  return {{"bulk_accounts", bulk.accounts},
          {"bulk_accounts_displaced", bulk.accounts_displaced},
          {"bulk_flows_unfollowed", bulk.flows_unfollowed},
          {"bulk_warnings", bulk.warnings},
          {"attempts_failed", scan.attempts_failed},
          {"attempts_undecided", scan.attempts_undecided},
          {"attempts_unanswerable", scan.attempts_unanswerable},
          {"initiators", scan.initiators},
          {"initiators_displaced", scan.initiators_displaced},
          {"marks", scan.marks},
          {"marks_forgotten", scan.marks_forgotten},
          {"flood_targets_displaced", scan.targets_displaced},
          {"scan_findings", scan.findings},
          {"services", services.services},
          {"services_refused", services.services_refused},
          {"services_undeclared_told", services.undeclared_told},
          {"services_unused_told", services.unused_told},
          {"resolver_clients_displaced", resolvers_.displaced()},
          {"answers_unasked", unasked.unasked},
          {"answers_displaced", unasked.displaced},
          {"answers_unasked_findings", unasked.findings}};
}

BehaviourWatch& watch_behaviour(Desk& desk, const policy::Policy& policy) {
  auto watch = std::make_unique<BehaviourWatch>(policy);
  BehaviourWatch& behaviour = *watch;
  desk.watch(std::move(watch));
  return behaviour;
}

}  // namespace sekimori::daemon
