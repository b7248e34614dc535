#include "daemon/alert/exception_use.hpp"

#include <algorithm>

namespace sekimori::daemon {
namespace {

// Ids of entries that were taken out of the register are kept so long, beside those that are in it.
constexpr std::size_t former_max = 4096;

std::uint64_t bytes_of(const FlowEvent& event) {
  return event.facts.bytes_to_server + event.facts.bytes_to_client;
}

const policy::ExceptionOptions* registered(const policy::Policy& policy, std::uint32_t index) {
  const auto& exceptions = policy.options().exceptions;
  return index < exceptions.size() ? &exceptions[index] : nullptr;
}

// Null: nothing that an officer would ask about.
std::uint64_t* counter(ExceptionUsage::Refused& refused, policy::Mismatch mismatch) {
  using policy::Mismatch;
  switch (mismatch) {
    case Mismatch::none:
    case Mismatch::name:  // of services only
      return nullptr;
    case Mismatch::expired:
      return &refused.expired;
    case Mismatch::not_yet:
    case Mismatch::not_approved:
    case Mismatch::revoked:
      return &refused.not_in_force;
    case Mismatch::out_of_hours:
      return &refused.out_of_hours;
    case Mismatch::source_mac:
    case Mismatch::destination_mac:
      return &refused.mac;
    case Mismatch::port:
    case Mismatch::protocol:
      return &refused.port;
    case Mismatch::source_address:
    case Mismatch::destination_address:
    case Mismatch::direction:
      return &refused.address;
    case Mismatch::cell_forbids:
      return &refused.cell;
  }
  return nullptr;
}

}  // namespace

std::int64_t volume_period(const policy::VolumeOptions& volume, Time time, std::int16_t utc_offset_minutes) {
  const auto local =
      std::chrono::floor<std::chrono::seconds>(time + std::chrono::minutes{utc_offset_minutes});
  const std::int64_t seconds = local.time_since_epoch().count();
  const std::int64_t per = volume.per.count();
  return seconds >= 0 ? seconds / per : -((per - 1 - seconds) / per);
}

void ExceptionUse::tick(Time packet_now) {
  if (!since_ && packet_now != Time{}) since_ = packet_now;
}

const ExceptionUsage& ExceptionUse::of(std::string_view id) const {
  static const ExceptionUsage never;
  const auto found = usage_.find(id);
  return found == usage_.end() ? never : found->second;
}

void ExceptionUse::feed(const FlowEvent& event, const policy::Policy& policy, std::vector<Notice>& out) {
  if (told_by_each_worker(event.kind)) return;
  if (!since_ || event.time < *since_) since_ = event.time;
  const policy::Verdict& verdict = event.verdict;
  if (verdict.decision == policy::Decision::permit && verdict.basis == policy::Basis::exception) {
    used(event, policy, out);
    return;
  }
  if (!flows_.empty()) left(event);
  if (verdict.decision == policy::Decision::forbid && verdict.near_miss.kind == policy::Basis::exception) {
    refused(event, policy);
  }
}

ExceptionUse::Usages::value_type& ExceptionUse::entry(const policy::ExceptionOptions& exception,
                                                      std::size_t registered) {
  // In a flood it is one exception that nearly fits, again and again.
  if (latest_ != nullptr && latest_->first == exception.id) return *latest_;
  const auto found = usage_.find(exception.id);
  if (found != usage_.end()) return *(latest_ = &*found);
  if (usage_.size() >= registered + former_max) {
    // Reloads have changed the register over and over: begin anew rather than grow.
    flows_forgotten_ += flows_.size();
    flows_.clear();
    order_.clear();
    usage_.clear();
    latest_ = nullptr;
  }
  return *(latest_ = &*usage_.try_emplace(exception.id).first);
}

void ExceptionUse::used(const FlowEvent& event, const policy::Policy& policy, std::vector<Notice>& out) {
  const policy::ExceptionOptions* const exception = registered(policy, event.verdict.basis_index);
  if (exception == nullptr) return;
  const policy::PolicyOptions& options = policy.options();
  auto& [id, usage] = entry(*exception, options.exceptions.size());
  if (!usage.first || event.time < *usage.first) usage.first = event.time;
  if (!usage.last || event.time > *usage.last) usage.last = event.time;

  const std::uint64_t bytes = bytes_of(event);
  const auto known = flows_.find(event.facts.id);
  if (known == flows_.end()) {
    // What it carried while it was forbidden is not this exception's.
    const bool all = event.kind == FlowEvent::Kind::opened;
    if (all || event.kind == FlowEvent::Kind::rejudged) {
      ++usage.flows;
      if (!event.verdict.mac_verified) ++usage.flows_mac_unverified;
    }
    remember(event.facts.id, {&id, bytes});
    if (all) add_bytes(*exception, usage, bytes, event, options.utc_offset_minutes, out);
    return;
  }
  Flow& flow = known->second;
  // A record that was opened anew under the same id counts from nothing.
  const std::uint64_t more = bytes >= flow.bytes ? bytes - flow.bytes : bytes;
  flow.bytes = bytes;
  if (flow.id != &id) {
    Notice notice{Notice::What::changed, id, *flow.id, 0, event};
    out.push_back(std::move(notice));
    flow.id = &id;
    ++usage.flows;
    if (!event.verdict.mac_verified) ++usage.flows_mac_unverified;
  }
  add_bytes(*exception, usage, more, event, options.utc_offset_minutes, out);
}

void ExceptionUse::add_bytes(const policy::ExceptionOptions& exception, ExceptionUsage& usage,
                             std::uint64_t bytes, const FlowEvent& event, std::int16_t utc_offset_minutes,
                             std::vector<Notice>& out) {
  usage.bytes += bytes;
  const policy::VolumeOptions& volume = exception.volume;
  if (volume.bytes == 0) return;
  const std::int64_t period = volume_period(volume, event.time, utc_offset_minutes);
  // What comes late belongs to a period that is over.
  if (period < usage.period && usage.period - period == 1) return;
  if (period != usage.period) {
    usage.period = period;
    usage.period_bytes = 0;
  }
  const bool was_over = usage.period_bytes > volume.bytes;
  usage.period_bytes += bytes;
  if (was_over || usage.period_bytes <= volume.bytes) return;
  ++usage.periods_over;
  out.push_back({Notice::What::over_volume, exception.id, {}, usage.period_bytes, event});
}

void ExceptionUse::refused(const FlowEvent& event, const policy::Policy& policy) {
  // A conversation counts once: when it is opened, or judged otherwise.
  if (event.kind != FlowEvent::Kind::opened && event.kind != FlowEvent::Kind::rejudged) return;
  const policy::ExceptionOptions* const exception = registered(policy, event.verdict.near_miss.index);
  if (exception == nullptr) return;
  ExceptionUsage& usage = entry(*exception, policy.options().exceptions.size()).second;
  if (std::uint64_t* const count = counter(usage.refused, event.verdict.near_miss.mismatch)) ++*count;
}

// The flow is no longer permitted by an exception: what it carried until now still was.
void ExceptionUse::left(const FlowEvent& event) {
  const auto known = flows_.find(event.facts.id);
  if (event.facts.id == 0 || known == flows_.end()) return;
  const std::uint64_t bytes = bytes_of(event);
  const auto usage = usage_.find(*known->second.id);
  if (usage != usage_.end() && bytes > known->second.bytes)
    usage->second.bytes += bytes - known->second.bytes;
  flows_.erase(known);
}

void ExceptionUse::remember(std::uint64_t flow, const Flow& known) {
  if (flow == 0) return;
  flows_.emplace(flow, known);
  order_.push_back(flow);
  while (order_.size() > flows_max) {
    if (flows_.erase(order_.front()) > 0) ++flows_forgotten_;
    order_.pop_front();
  }
}

}  // namespace sekimori::daemon
