#include "daemon/replay.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "capture/decode/decode.hpp"
#include "daemon/alert/incident.hpp"
#include "daemon/inspector.hpp"

namespace sekimori::daemon {
namespace {

struct EndedFlow {
  capture::FlowFacts facts;
  policy::Verdict verdict;
  capture::EndReason reason;
};

// Offline nothing is refused: what one worker found waits here until the chunk is through.
class Findings final : public EventOutlet {
 public:
  explicit Findings(bool want_flows) : want_flows_(want_flows) {}
  bool tell(const FlowEvent& event) override {
    events.push_back(event);
    return true;
  }
  void ended(const capture::FlowFacts& facts, const policy::Verdict& verdict,
             capture::EndReason reason) override {
    flows.push_back({facts, verdict, reason});
  }
  bool wants_ends() const override { return want_flows_; }

  std::vector<FlowEvent> events{};
  std::vector<EndedFlow> flows{};

 private:
  const bool want_flows_;
};

InspectorOptions inspector_options(const ReplayOptions& options, const capture::CaptureOptions& capture) {
  InspectorOptions result;
  result.flows = capture.flows;
  result.flows.no_timeouts = options.no_timeouts;
  result.flows.vlan_in_key = options.vlan_in_key;
  result.capacity = (capture.flows.flows_max + options.workers - 1) / options.workers;
  result.ageing_from = result.capacity / 2;
  result.secret = capture::HashSecret::random();
  return result;
}

// One worker's half of a chunk: filled by the reader while the other half is worked off.
class Lane {
 public:
  Lane(const InspectorOptions& options, std::shared_ptr<const policy::Policy> policy, bool want_flows)
      : findings(want_flows), inspector(options, std::move(policy), findings) {}

  void start() {
    thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
  }
  // Hands the filled half over; the worker must be idle.
  void submit() {
    {
      const std::lock_guard lock(mutex_);
      std::swap(filling, working_);
      busy_ = true;
    }
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !busy_; });
  }

  std::vector<capture::Packet> filling{};
  Findings findings;
  Inspector inspector;

 private:
  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return busy_; })) {
      lock.unlock();
      for (const capture::Packet& packet : working_) inspector.packet(packet);
      inspector.flush();
      working_.clear();
      lock.lock();
      busy_ = false;
      changed_.notify_all();
    }
  }

  std::mutex mutex_{};
  std::condition_variable_any changed_{};
  std::vector<capture::Packet> working_{};
  bool busy_ = false;
  std::jthread thread_{};
};

// Reads, decodes and deals: a flow's packets, in both directions, always go to the same lane.
class Reader final : public capture::FrameSink {
 public:
  explicit Reader(std::vector<std::unique_ptr<Lane>>& lanes) : lanes_(lanes) {}

  void frame(const capture::Frame& frame) override {
    if (frame.number == 1 || !first) first = frame.time;
    if (frame.time < last) ++books.time_backwards;
    last = std::max(last, frame.time);
    if (lanes_.size() == 1) {
      lanes_.front()->inspector.frame(frame);
      return;
    }
    const capture::Reason reason = capture::decode(frame, packet_);
    if (reason == capture::Reason::none) {
      lanes_[capture::deal_hash(packet_) % lanes_.size()]->filling.push_back(packet_);
      return;
    }
    ++books.packets_read;
    books.bytes_read += frame.wire_length;
    ++books.reasons[static_cast<std::size_t>(reason)];
  }

  Books books{};
  std::optional<Time> first{};
  Time last{};

 private:
  std::vector<std::unique_ptr<Lane>>& lanes_;
  capture::Packet packet_{};
};

// Events of all lanes in the order of the frames that caused them, through the incidents to the output.
class Teller {
 public:
  Teller(std::shared_ptr<const policy::Policy> policy, const AlertOptions& alerts, ReplayOutput& output)
      : policy_(std::move(policy)), incidents_(alerts), output_(output) {}

  void tell(std::vector<std::unique_ptr<Lane>>& lanes) {
    events_.clear();
    for (const auto& lane : lanes) {
      events_.insert(events_.end(), lane->findings.events.begin(), lane->findings.events.end());
      lane->findings.events.clear();
    }
    std::stable_sort(events_.begin(), events_.end(),
                     [](const FlowEvent& a, const FlowEvent& b) { return a.number < b.number; });
    for (const FlowEvent& event : events_) {
      incidents_.feed(event, policy_, 0.0, records_);
      pass_on();
    }
  }
  void finish(Time last) {
    incidents_.finish(last, records_);
    pass_on();
  }

 private:
  void pass_on() {
    for (const AlertRecord& record : records_) output_.alert(record);
    records_.clear();
  }

  std::shared_ptr<const policy::Policy> policy_;
  Incidents incidents_;
  ReplayOutput& output_;
  std::vector<FlowEvent> events_{};
  std::vector<AlertRecord> records_{};
};

void tell_flows(std::vector<std::unique_ptr<Lane>>& lanes, ReplayOutput& output) {
  std::vector<EndedFlow> flows;
  for (const auto& lane : lanes) {
    flows.insert(flows.end(), lane->findings.flows.begin(), lane->findings.flows.end());
    lane->findings.flows = {};
  }
  std::stable_sort(flows.begin(), flows.end(), [](const EndedFlow& a, const EndedFlow& b) {
    if (a.facts.start != b.facts.start) return a.facts.start < b.facts.start;
    if (a.facts.tuple != b.facts.tuple) return a.facts.tuple < b.facts.tuple;
    if (a.facts.vlans != b.facts.vlans) return a.facts.vlans < b.facts.vlans;
    return a.facts.end < b.facts.end;
  });
  for (const EndedFlow& flow : flows) output.flow(flow.facts, flow.verdict, flow.reason);
}

}  // namespace

ReplayResult replay(const ReplayOptions& options, const capture::CaptureOptions& capture,
                    std::shared_ptr<const policy::Policy> policy, const AlertOptions& alerts,
                    ReplayOutput& output) {
  ReplayResult result;
  const auto source = capture::open_files(options.files);

  const InspectorOptions inspector = inspector_options(options, capture);
  std::vector<std::unique_ptr<Lane>> lanes;
  for (std::uint16_t i = 0; i < std::max<std::uint16_t>(options.workers, 1); ++i) {
    lanes.push_back(std::make_unique<Lane>(inspector, policy, options.want_flows));
  }
  const bool threads = lanes.size() > 1;
  if (threads) {
    for (const auto& lane : lanes) lane->start();
  }

  Reader reader{lanes};
  Teller teller{policy, alerts, output};
  capture::ReadState state = capture::ReadState::more;
  while (state == capture::ReadState::more) {
    const capture::ReadResult read = source->read(options.chunk_frames, reader);
    state = read.state;
    if (state == capture::ReadState::broken) {
      result.readable = false;
      result.trouble = read.message;
    }
    if (threads) {
      // While the reader fills one half, the lanes work off the other: what they found is told one chunk
      // later.
      for (const auto& lane : lanes) lane->wait();
      teller.tell(lanes);
      for (const auto& lane : lanes) lane->submit();
    } else {
      lanes.front()->inspector.flush();
      teller.tell(lanes);
    }
  }
  for (const auto& lane : lanes) {
    if (threads) lane->wait();
  }
  teller.tell(lanes);
  for (const auto& lane : lanes) lane->inspector.finish(reader.last);
  teller.tell(lanes);
  teller.finish(reader.last);
  if (options.want_flows) tell_flows(lanes, output);

  result.books = reader.books;
  for (const auto& lane : lanes) {
    Books books = lane->inspector.books();
    books.time_backwards = 0;  // the reader saw every frame; a lane sees only its own
    result.books += books;
    for (std::size_t pair = 0; pair < result.matrix.size(); ++pair) {
      result.matrix[pair] += lane->inspector.matrix()[pair];
    }
  }
  for (const PairTotals& totals : result.matrix) {
    result.forbidden_flows += totals.flows_forbidden;
    result.exception_flows += totals.flows_exception;
  }
  result.first = reader.first.value_or(Time{});
  result.last = reader.last;
  return result;
}

}  // namespace sekimori::daemon
