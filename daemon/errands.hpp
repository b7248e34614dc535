// What main sends to workers: a look at the figures, a search through the flows, a new policy.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "daemon/control/questions.hpp"
#include "daemon/worker.hpp"

namespace sekimori::daemon {

struct TableFigures {
  std::uint64_t size = 0;
  std::uint64_t capacity = 0;
  std::uint64_t half_open = 0;
  std::uint64_t memory_bytes = 0;     // of the records and their index
  std::uint64_t traces_bytes = 0;     // reserved for traces; resident as they are used
  std::uint64_t fragments_bytes = 0;  // likewise for fragments
  bool huge_pages = false;
  bool emergency = false;
  capture::FlowCounters counters{};
};

// The figures of one worker at one moment.
struct WorkerFigures {
  Books books{};
  Matrix matrix{};
  std::vector<std::uint32_t> vlans{};  // VlanCounts
  std::vector<TapReport> taps{};
  TableFigures table{};
  Time newest{};
};

class FiguresErrand final : public Errand {
 public:
  using Answer = std::function<void(WorkerFigures&&)>;
  explicit FiguresErrand(Answer answer) : answer_(std::move(answer)) {}
  bool step(WorkerRoom& room) override;
  void done() override { answer_(std::move(figures_)); }

 private:
  Answer answer_;
  WorkerFigures figures_{};
};

// Keeps the best `query.limit` matches while it looks at a slice of the table in each step, so that packets
// go on being worked off in between. A flow that opens or ends meanwhile may be in the answer or not.
class FlowsErrand final : public Errand {
 public:
  static constexpr std::uint32_t slice = 1024;
  using Answer = std::function<void(FlowAnswer&&)>;
  FlowsErrand(FlowQuery query, Answer answer) : query_(std::move(query)), answer_(std::move(answer)) {}
  bool step(WorkerRoom& room) override;
  void done() override { answer_(std::move(result_)); }

 private:
  FlowQuery query_;
  Answer answer_;
  FlowAnswer result_{};
  std::uint64_t cursor_ = 0;
};

// DNS answers that another worker has read.
class LearnErrand final : public Errand {
 public:
  explicit LearnErrand(std::vector<NameEvidence> names) : names_(std::move(names)) {}
  bool step(WorkerRoom& room) override;
  void done() override {}

 private:
  std::vector<NameEvidence> names_;
};

// What each worker has learned of names, to all others. `workers` take and send on main. The number of
// answers that some worker could not be told, because its mailbox was full.
std::uint64_t share_names(const std::vector<std::unique_ptr<Worker>>& workers);

// Hands a policy over; the old one comes back and is freed on main.
class ReplaceErrand final : public Errand {
 public:
  ReplaceErrand(std::shared_ptr<const policy::Policy> policy, std::function<void()> done)
      : policy_(std::move(policy)), done_(std::move(done)) {}
  bool step(WorkerRoom& room) override;
  void done() override { done_(); }

 private:
  std::shared_ptr<const policy::Policy> policy_;
  std::function<void()> done_;
};

// Sorts as the query asks (ties: by start, then by tuple) and cuts to its limit.
void sort_and_cut(FlowAnswer& answer, const FlowQuery& query);

}  // namespace sekimori::daemon
