// What permitted conversations amount to, as one watcher at the desk: bulk transfers, attacks from inside,
// services, resolvers outside, answers that nobody asked for, what a draft would forbid. Live, in replay and
// in the self-test the same.
//
//   BehaviourWatch& behaviour = watch_behaviour(desk, *policy);
//   ... desk.step(step, policy, loss, records) ...
//   behaviour.services(); behaviour.counters();
#pragma once

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/alert/desk.hpp"
#include "daemon/behaviour/bulk_watch.hpp"
#include "daemon/behaviour/draft_watch.hpp"
#include "daemon/behaviour/resolver_watch.hpp"
#include "daemon/behaviour/scan_watch.hpp"
#include "daemon/behaviour/service_watch.hpp"
#include "daemon/behaviour/unasked_watch.hpp"

namespace sekimori::daemon {

class BehaviourWatch final : public Watcher {
 public:
  explicit BehaviourWatch(const policy::Policy& policy)
      : bulk_(policy, hash_),
        scan_(policy, hash_),
        services_(policy, hash_),
        resolvers_(policy),
        unasked_(hash_) {}

  void feed(const FlowEvent&, const policy::Policy&, std::vector<Notice>&) override {}
  bool wants_steps() const override { return true; }
  void step(const FlowStep& step, const policy::Policy& policy, std::vector<Notice>& found) override;
  void tick(Time packet_now, const policy::Policy& policy, std::vector<Notice>& found) override;
  void finish(Time packet_now, const policy::Policy& policy, std::vector<Notice>& found) override;
  void replaced(const policy::Policy& policy) override;

  // Before the step `at` of `count` that lie ready, in their order: asks for the memory of those behind it.
  template <class StepAt>
  void look_ahead(std::size_t at, std::size_t count, StepAt&& step_at) {
    constexpr std::size_t far = 16;
    constexpr std::size_t near = 8;
    for (std::size_t i = at == 0 ? 0 : at + far; i <= at + far && i < count; ++i) {
      expect(step_at(i), ahead_[i % ahead_.size()]);
    }
    for (std::size_t i = at == 0 ? 0 : at + near; i <= at + near && i < count; ++i) {
      fetch(step_at(i), ahead_[i % ahead_.size()]);
    }
    next_ = &ahead_[at % ahead_.size()];
  }

  const BulkWatch& bulk() const { return bulk_; }
  const ScanWatch& scan() const { return scan_; }
  const ServiceWatch& services() const { return services_; }
  // Every counter with its machine word, for `status`.
  std::vector<std::pair<std::string_view, std::uint64_t>> counters() const;

 private:
  // Of a step, before it comes.
  struct Ahead {
    StepHashes hashes{};
    std::uint32_t service = 0;
    UnaskedWatch::Keys unasked{};
  };
  void look_at(const FlowStep& step, Ahead& ahead) const {
    ahead.hashes.flow = hash_(step.id);
    // Who answers is looked up by its service as well; who asked is not looked up then.
    if (step.kind != FlowStep::Kind::answered) ahead.hashes.source = hash_(step.tuple.source);
    if (step.tuple.protocol == capture::protocol::tcp)
      ahead.hashes.destination = hash_(step.tuple.destination);
    ahead.service = services_.hash(step);
    unasked_.find_keys(step, ahead.unasked);
  }
  void expect(const FlowStep& step, Ahead& ahead) const;
  void fetch(const FlowStep& step, const Ahead& ahead) const;

  const KeyedHash hash_{};  // of what several of them look up; before them
  BulkWatch bulk_;
  ScanWatch scan_;
  ServiceWatch services_;
  ResolverWatch resolvers_;
  UnaskedWatch unasked_;
  DraftWatch drafts_{};
  std::array<Ahead, 32> ahead_{};  // of the steps that were looked ahead to, by their number
  const Ahead* next_ = nullptr;    // of the step that comes now; null: nobody has looked ahead
  Ahead alone_{};                  // of that one
};

// Lives as long as the desk.
BehaviourWatch& watch_behaviour(Desk& desk, const policy::Policy& policy);

}  // namespace sekimori::daemon
