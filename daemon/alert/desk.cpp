#include "daemon/alert/desk.hpp"

#include <chrono>
#include <utility>

namespace sekimori::daemon {
namespace {

// What falls due may do so this much later: nobody waits for it, and most steps come sooner after another.
constexpr std::chrono::milliseconds pause{1};

}  // namespace

Desk::Desk(const AlertOptions& options, Coverage::Memory memory)
    : incidents_(options, memory), notices_(options) {}

void Desk::use(const std::shared_ptr<const policy::Policy>& policy, std::vector<AlertRecord>& out) {
  if (policy_ == policy) return;
  const std::shared_ptr<const policy::Policy> before = policy_;
  policy_ = policy;
  if (before == nullptr) return;
  incidents_.replaced(*before, policy, out);
  for (const auto& watcher : watchers_) watcher->replaced(*policy);
}

void Desk::number(std::vector<AlertRecord>& out, std::size_t from) {
  for (std::size_t i = from; i < out.size(); ++i) out[i].sequence = ++sequence_;
  lines_ += out.size() - from;
}

void Desk::pass_time(Time packet_now, const std::shared_ptr<const policy::Policy>& policy,
                     std::vector<AlertRecord>& out) {
  if (passed_ && packet_now >= *passed_ && packet_now - *passed_ < pause) return;
  passed_ = packet_now;
  for (const auto& watcher : watchers_) watcher->tick(packet_now, *policy_, found_);
  if (!found_.empty()) pass_on(policy, out);
  notices_.tick(packet_now, out);
}

void Desk::pass_on(const std::shared_ptr<const policy::Policy>& policy, std::vector<AlertRecord>& out) {
  for (Notice& notice : found_) notices_.feed(std::move(notice), policy, loss_ratio_, out);
  found_.clear();
}

void Desk::feed(const FlowEvent& event, const std::shared_ptr<const policy::Policy>& policy,
                double loss_ratio, std::vector<AlertRecord>& out) {
  const std::size_t before = out.size();
  loss_ratio_ = loss_ratio;
  // An event that was under way when the policy was replaced was judged by the old one.
  if (policy_ == nullptr || policy->generation() >= policy_->generation()) use(policy, out);
  if (!told_by_each_worker(event.kind)) pass_time(event.time, policy, out);
  incidents_.feed(event, policy, loss_ratio, out);
  for (const auto& watcher : watchers_) watcher->feed(event, *policy, found_);
  pass_on(policy, out);
  number(out, before);
}

void Desk::step(const FlowStep& step, const std::shared_ptr<const policy::Policy>& policy, double loss_ratio,
                std::vector<AlertRecord>& out) {
  const std::size_t before = out.size();
  loss_ratio_ = loss_ratio;
  if (policy_ != policy && (policy_ == nullptr || policy->generation() >= policy_->generation())) {
    use(policy, out);
  }
  pass_time(step.time, policy, out);
  for (Watcher* const watcher : stepping_) watcher->step(step, *policy, found_);
  if (!found_.empty()) pass_on(policy, out);
  if (out.size() != before) number(out, before);
}

void Desk::find(Notice notice, const std::shared_ptr<const policy::Policy>& policy, double loss_ratio,
                std::vector<AlertRecord>& out) {
  const std::size_t before = out.size();
  loss_ratio_ = loss_ratio;
  notices_.feed(std::move(notice), policy, loss_ratio, out);
  number(out, before);
}

void Desk::tick(Time packet_now, const std::shared_ptr<const policy::Policy>& policy,
                std::vector<AlertRecord>& out) {
  const std::size_t before = out.size();
  use(policy, out);
  for (const auto& watcher : watchers_) watcher->tick(packet_now, *policy, found_);
  pass_on(policy, out);
  notices_.tick(packet_now, out);
  incidents_.tick(packet_now, out);
  number(out, before);
}

void Desk::finish(Time packet_now, const std::shared_ptr<const policy::Policy>& policy,
                  std::vector<AlertRecord>& out) {
  const std::size_t before = out.size();
  use(policy, out);
  for (const auto& watcher : watchers_) watcher->tick(packet_now, *policy, found_);
  for (const auto& watcher : watchers_) watcher->finish(packet_now, *policy, found_);
  pass_on(policy, out);
  incidents_.finish(packet_now, out);
  notices_.finish(packet_now, out);
  number(out, before);
}

void Desk::suspend(Time packet_now, const std::shared_ptr<const policy::Policy>& policy,
                   std::vector<AlertRecord>& out) {
  const std::size_t before = out.size();
  use(policy, out);
  for (const auto& watcher : watchers_) watcher->tick(packet_now, *policy, found_);
  for (const auto& watcher : watchers_) watcher->finish(packet_now, *policy, found_);
  pass_on(policy, out);
  incidents_.suspend(packet_now, out);
  notices_.suspend(packet_now, out);
  number(out, before);
}

std::size_t Desk::resume(Reopened open, std::uint64_t next_sequence,
                         const std::shared_ptr<const policy::Policy>& policy, Time now,
                         std::vector<AlertRecord>& out) {
  const std::size_t before = out.size();
  sequence_ = next_sequence - 1;
  std::size_t resumed = 0;
  for (const Resumption& one : open.incidents) {
    if (incidents_.resume(one, policy, out)) ++resumed;
  }
  for (NoticeResumption& one : open.notices) {
    if (notices_.resume(std::move(one), policy, now)) ++resumed;
  }
  for (const NoticeTold& one : open.told) {
    for (const auto& watcher : watchers_) watcher->recall(one);
  }
  number(out, before);
  return resumed;
}

}  // namespace sekimori::daemon
