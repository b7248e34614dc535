#include "daemon/replay.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "capture/decode/decode.hpp"
#include "daemon/alert/coverage.hpp"
#include "daemon/alert/desk.hpp"
#include "daemon/alert/exception_watch.hpp"
#include "daemon/alert/name_waits.hpp"
#include "daemon/alert/relay_watch.hpp"
#include "daemon/alert/wire_watch.hpp"
#include "daemon/behaviour/behaviour_watch.hpp"
#include "daemon/inspector.hpp"
#include "daemon/packet_clock.hpp"

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
    if (told_ == events_.size()) events_.resize(std::max<std::size_t>(2 * told_, 1024));
    events_[told_++] = event;
    return true;
  }
  bool sighted(const FlowEvent& event) override { return tell(event); }
  void ended(const capture::FlowFacts& facts, const policy::Verdict& verdict,
             capture::EndReason reason) override {
    flows.push_back({facts, verdict, reason});
  }
  bool wants_ends() const override { return want_flows_; }
  bool step(const FlowStep& step) override {
    steps.push_back(step);
    return true;
  }
  bool wants_steps() const override { return true; }

  std::span<const FlowEvent> events() const { return {events_.data(), told_}; }
  bool empty() const { return told_ == 0 && steps.empty(); }
  void clear() {
    told_ = 0;
    steps.clear();
  }
  // Events and steps.
  void trade(Findings& other) {
    events_.swap(other.events_);
    std::swap(told_, other.told_);
    steps.swap(other.steps);
  }

  std::vector<EndedFlow> flows{};
  std::vector<FlowStep> steps{};

 private:
  std::vector<FlowEvent> events_{};  // the first `told_` of them; the others are room
  std::size_t told_ = 0;
  bool want_flows_;
};

InspectorOptions inspector_options(const ReplayOptions& options, const capture::CaptureOptions& capture,
                                   const AlertOptions& alerts) {
  InspectorOptions result;
  result.flows = capture.flows;
  result.flows.active_timeout = active_timeout_within(capture.flows.active_timeout, alerts);
  result.flows.no_timeouts = options.no_timeouts;
  result.flows.vlan_in_key = options.vlan_in_key;
  result.flows.count_copies = options.count_copies;
  result.flows.icmp_errors_apart = options.icmp_errors_apart;
  result.flows.icmp_by_type = options.icmp_by_type;
  result.decode = capture.decode;
  result.fragments = capture.fragments;
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
  // Hands the filled half over; the worker must be idle. `until`: the newest time of the whole chunk, so that
  // fragments wait equally long in every lane.
  void submit(Time until) {
    {
      const std::lock_guard lock(mutex_);
      std::swap(filling, working_);
      std::swap(asides, told_asides_);
      until_ = until;
      busy_ = true;
    }
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !busy_; });
  }

  // What every lane is told, and at which place among its packets: what a DNS answer said, or a time from
  // which on packets are of another minute.
  struct Aside {
    std::size_t before = 0;
    std::variant<NameEvidence, Time> what{};
  };
  std::vector<capture::Packet> filling{};
  std::vector<Aside> asides{};  // in the order of the frames
  Findings findings;
  Inspector inspector;

 private:
  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return busy_; })) {
      lock.unlock();
      std::size_t next = 0;
      const auto tell_before = [&](std::size_t place) {
        for (; next < told_asides_.size() && told_asides_[next].before <= place; ++next) {
          const auto& what = told_asides_[next].what;
          if (const auto* const minute = std::get_if<Time>(&what)) {
            inspector.pass_minute(*minute);
          } else {
            inspector.learn(std::get<NameEvidence>(what));
          }
        }
      };
      for (std::size_t i = 0; i < working_.size(); ++i) {
        tell_before(i);
        inspector.packet(working_[i]);
      }
      tell_before(working_.size());
      inspector.tick(until_, 0);
      working_.clear();
      told_asides_.clear();
      lock.lock();
      busy_ = false;
      changed_.notify_all();
    }
  }

  std::mutex mutex_{};
  std::condition_variable_any changed_{};
  std::vector<capture::Packet> working_{};
  std::vector<Aside> told_asides_{};
  Time until_{};
  bool busy_ = false;
  std::jthread thread_{};
};

// Reads, decodes and deals: a flow's packets, in both directions, always go to the same lane, and so do the
// fragments of a datagram.
class Reader final : public capture::FrameSink {
 public:
  Reader(std::vector<std::unique_ptr<Lane>>& lanes, const InspectorOptions& options,
         const policy::Policy& policy)
      : lanes_(lanes),
        decoder_(options.decode),
        errors_apart_(options.flows.icmp_errors_apart),
        policy_(policy) {
    ear_.generation(policy.generation());
  }

  void frames(std::span<const capture::Frame> frames) override {
    if (lanes_.size() != 1) {
      for (const capture::Frame& each : frames) frame(each);
      return;
    }
    for (const capture::Frame& each : frames) follow(each.time);
    lanes_.front()->inspector.frames(frames);
  }
  void frame(const capture::Frame& frame) override {
    follow(frame.time);
    if (lanes_.size() == 1) {
      lanes_.front()->inspector.frame(frame);
      return;
    }
    if (minute_.leaves(frame.time)) {
      ear_.pass(minute_.enter(frame.time));
      for (const auto& lane : lanes_) lane->asides.push_back({lane->filling.size(), frame.time});
    }
    const capture::Decoder::Result result = decoder_.decode(frame, packets_);
    if (result.stripped) ++books.mirror_stripped;
    if (result.reason == capture::Reason::none) {
      if (result.count == 1 && NameReader::may_tell(policy_, packets_[0])) {
        names_.read(policy_, frame, packets_[0]);
      }
      if (capture::may_sign(packets_[0]) || capture::may_hide_sign(packets_[0])) ear_.hear(frame);
      for (std::size_t i = 0; i < result.count; ++i) {
        const std::uint64_t hand = capture::deal_hash(packets_[i], errors_apart_);
        lanes_[hand % lanes_.size()]->filling.push_back(packets_[i]);
      }
      // Every lane learns it behind the packets that came before it.
      for (const NameEvidence& evidence : names_.learned()) {
        for (const auto& lane : lanes_) lane->asides.push_back({lane->filling.size(), evidence});
      }
      names_.forget();
      return;
    }
    if (capture::signs(result.reason)) ear_.hear(frame);
    ++books.packets_read;
    books.bytes_read += frame.wire_length;
    ++books.reasons[static_cast<std::size_t>(result.reason)];
  }

  const NameCounters& names() const { return names_.counters(); }

  // Of what no lane sees: frames that are no packet, and the octets of DHCP.
  Findings findings{false};
  Books books{};
  std::optional<Time> first{};
  Time last{};

 private:
  void follow(Time time) {
    if (!first) {
      first = time;
      for (const auto& lane : lanes_) lane->inspector.begin(time);
    }
    if (time < last) {
      ++books.time_backwards;
    } else {
      last = time;
    }
  }

  std::vector<std::unique_ptr<Lane>>& lanes_;
  const capture::Decoder decoder_;
  const bool errors_apart_;
  const policy::Policy& policy_;
  NameReader names_{};
  std::array<capture::Packet, capture::packets_most> packets_{};
  WireEar ear_{findings, 0, decoder_.domains()};
  PacketMinute minute_{};
};

// Events of all lanes in the order of the frames that caused them, through the incidents to the output.
class Teller {
 public:
  Teller(std::shared_ptr<const policy::Policy> policy, const AlertOptions& alerts, ReplayOutput& output)
      : policy_(std::move(policy)),
        desk_(alerts, Coverage::Memory::all),
        behaviour_(watch_behaviour(desk_, *policy_)),
        output_(output) {
    // Of the register what the traffic shows; what the calendar says of a capture is over since.
    desk_.watch(std::make_unique<ExceptionWatch>(std::chrono::seconds{0}));
    desk_.watch(std::make_unique<RelayWatch>());
    auto wires = std::make_unique<WireWatch>();
    wires_ = wires.get();
    desk_.watch(std::move(wires));
  }

  const Coverage& coverage() const { return desk_.coverage(); }
  const BehaviourWatch& behaviour() const { return behaviour_; }
  std::uint64_t sign_minutes_full() const { return wires_->counters().minutes_full; }

  // The first frame's time, before anything else.
  void begin(Time first) {
    desk_.tick(first, policy_, records_);
    pass_on();
  }
  // `found`: of one chunk, by the reader itself and by the lanes.
  void tell(std::vector<Findings>& found) {
    events_.clear();
    steps_.clear();
    for (const Findings& each : found) {
      for (const FlowEvent& event : each.events()) events_.push_back(&event);
      for (const FlowStep& step : each.steps) steps_.push_back(&step);
    }
    const auto in_frame_order = [](const auto* a, const auto* b) { return earlier(*a, *b); };
    const auto arrange = [&](auto& list) {
      if (!std::is_sorted(list.begin(), list.end(), in_frame_order)) {
        std::stable_sort(list.begin(), list.end(), in_frame_order);
      }
    };
    arrange(events_);
    arrange(steps_);
    // Of one frame, what is forbidden first.
    std::size_t step = 0;
    for (std::size_t at = 0; at < events_.size(); ++at) {
      const FlowEvent& event = *events_[at];
      desk_.look_ahead(at, events_);
      while (step < steps_.size() && steps_[step]->number < event.number) feed_step(step++);
      feed(event);
    }
    while (step < steps_.size()) feed_step(step++);
    for (Findings& each : found) each.clear();
  }
  void finish(Time last) {
    waits_.finish([this](const FlowEvent& event) { pass(event); });
    desk_.finish(last, policy_, records_);
    pass_on();
  }

 private:
  // Frames in their order, a frame's layers from the outside, and what no frame caused by the flows
  // themselves: never by the lane that found it.
  static bool earlier(const FlowEvent& a, const FlowEvent& b) {
    if (a.number != b.number) return a.number < b.number;
    if (a.facts.depth != b.facts.depth) return a.facts.depth < b.facts.depth;
    if (a.facts.start != b.facts.start) return a.facts.start < b.facts.start;
    return a.facts.tuple < b.facts.tuple;
  }
  static bool earlier(const FlowStep& a, const FlowStep& b) { return daemon::earlier(a, b); }
  void feed(const FlowEvent& event) {
    waits_.feed(event, [this](const FlowEvent& ready) { pass(ready); });
  }
  void pass(const FlowEvent& event) {
    desk_.feed(event, policy_, 0.0, records_);
    pass_on();
  }
  void feed_step(std::size_t at) {
    if (waits_.waiting() != 0) waits_.tick(steps_[at]->time, [this](const FlowEvent& event) { pass(event); });
    behaviour_.look_ahead(at, steps_.size(), [this](std::size_t i) -> const FlowStep& { return *steps_[i]; });
    desk_.step(*steps_[at], policy_, 0.0, records_);
    if (!records_.empty()) pass_on();
  }
  void pass_on() {
    for (const AlertRecord& record : records_) output_.alert(record);
    records_.clear();
  }

  std::shared_ptr<const policy::Policy> policy_;
  NameWaits waits_{};
  Desk desk_;
  BehaviourWatch& behaviour_;
  const WireWatch* wires_ = nullptr;  // the desk's
  ReplayOutput& output_;
  std::vector<const FlowEvent*> events_{};
  std::vector<const FlowStep*> steps_{};
  std::vector<AlertRecord> records_{};
};

// The teller's own thread: tells what one chunk has shown while the next one is worked off, as live main does
// beside its workers.
class TellerThread {
 public:
  TellerThread(Teller& teller, std::size_t lanes) : teller_(teller), found_(lanes + 1, Findings{false}) {
    thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
  }

  // When the chunk before is told. Leaves the lanes and the reader empty. A chunk that shows nothing wakes
  // nobody.
  void take(std::vector<std::unique_ptr<Lane>>& lanes, Findings& heard) {
    if (heard.empty() &&
        std::all_of(lanes.begin(), lanes.end(), [](const auto& lane) { return lane->findings.empty(); })) {
      return;
    }
    wait();
    for (std::size_t i = 0; i < lanes.size(); ++i) lanes[i]->findings.trade(found_[i + 1]);
    heard.trade(found_.front());
    {
      const std::lock_guard lock(mutex_);
      busy_ = true;
    }
    changed_.notify_all();
  }
  // Throws what the output threw.
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !busy_; });
    if (trouble_) std::rethrow_exception(std::exchange(trouble_, nullptr));
  }

 private:
  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return busy_; })) {
      lock.unlock();
      std::exception_ptr trouble;
      try {
        teller_.tell(found_);
      } catch (...) {
        trouble = std::current_exception();
      }
      lock.lock();
      trouble_ = trouble;
      busy_ = false;
      changed_.notify_all();
    }
  }

  Teller& teller_;
  std::vector<Findings> found_;  // the reader's, then the lanes'
  std::mutex mutex_{};
  std::condition_variable_any changed_{};
  bool busy_ = false;
  std::exception_ptr trouble_{};
  std::jthread thread_{};
};

void tell_flows(std::vector<std::unique_ptr<Lane>>& lanes, const Coverage& coverage, bool outer_layers,
                ReplayOutput& output) {
  std::vector<EndedFlow> flows;
  for (const auto& lane : lanes) {
    flows.insert(flows.end(), lane->findings.flows.begin(), lane->findings.flows.end());
    lane->findings.flows = {};
  }
  std::stable_sort(flows.begin(), flows.end(), [](const EndedFlow& a, const EndedFlow& b) {
    if (a.facts.start != b.facts.start) return a.facts.start < b.facts.start;
    if (a.facts.tuple != b.facts.tuple) return a.facts.tuple < b.facts.tuple;
    if (a.facts.depth != b.facts.depth) return a.facts.depth < b.facts.depth;
    if (a.facts.vlans != b.facts.vlans) return a.facts.vlans < b.facts.vlans;
    return a.facts.end < b.facts.end;
  });
  for (const EndedFlow& flow : flows) {
    if (flow.facts.carrier && !outer_layers) continue;
    output.flow(flow.facts, flow.verdict, coverage.passage(flow.facts, flow.verdict, Time::max()),
                flow.reason);
  }
}

}  // namespace

ReplayResult replay(const ReplayOptions& options, const capture::CaptureOptions& capture,
                    std::shared_ptr<const policy::Policy> policy, const AlertOptions& alerts,
                    ReplayOutput& output) {
  ReplayResult result;
  const auto source = capture::open_files(options.files);

  const InspectorOptions inspector = inspector_options(options, capture, alerts);
  std::vector<std::unique_ptr<Lane>> lanes;
  for (std::uint16_t i = 0; i < std::max<std::uint16_t>(options.workers, 1); ++i) {
    lanes.push_back(std::make_unique<Lane>(inspector, policy, options.want_flows));
  }
  const bool threads = lanes.size() > 1;
  if (threads) {
    for (const auto& lane : lanes) lane->start();
  }

  Reader reader{lanes, inspector, *policy};
  Findings heard{false};  // by the reader, in the chunk that the lanes work off
  Teller teller{policy, alerts, output};
  TellerThread telling{teller, lanes.size()};
  capture::ReadState state = capture::ReadState::more;
  bool begun = false;  // until then nothing was taken
  while (state == capture::ReadState::more) {
    const capture::ReadResult read = source->read(options.chunk_frames, reader);
    state = read.state;
    if (!begun && reader.first) {
      teller.begin(*reader.first);
      begun = true;
    }
    if (state == capture::ReadState::broken) {
      result.readable = false;
      result.trouble = read.message;
    }
    if (threads) {
      // While the reader fills one half, the lanes work off the other: what they found is told one chunk
      // later.
      for (const auto& lane : lanes) lane->wait();
      telling.take(lanes, heard);
      std::swap(heard, reader.findings);
      for (const auto& lane : lanes) lane->submit(reader.last);
    } else {
      lanes.front()->inspector.tick(reader.last, 0);
      telling.take(lanes, heard);
    }
  }
  for (const auto& lane : lanes) {
    if (threads) lane->wait();
  }
  telling.take(lanes, heard);
  for (const auto& lane : lanes) lane->inspector.finish(reader.last);
  telling.take(lanes, heard);
  telling.wait();
  teller.finish(reader.last);
  output.behaviour(teller.behaviour());
  if (options.want_flows) tell_flows(lanes, teller.coverage(), options.outer_layers, output);

  result.books = reader.books;
  result.books.names += reader.names();
  for (const auto& lane : lanes) {
    Books books = lane->inspector.books();
    // Every lane has learned all there was.
    if (lane != lanes.front()) books.names.addresses = books.names.addresses_displaced = 0;
    books.time_backwards = 0;  // the reader saw every frame; a lane sees only its own
    result.books += books;
    for (std::size_t pair = 0; pair < result.matrix.size(); ++pair) {
      result.matrix[pair] += lane->inspector.matrix()[pair];
    }
  }
  result.books.sign_minutes_full = teller.sign_minutes_full();  // as one worker would have counted
  for (const PairTotals& totals : result.matrix) {
    result.forbidden_flows += totals.flows_forbidden;
    result.exception_flows += totals.flows_exception;
  }
  if (options.want_memory) result.memory = memory_figures();
  result.first = reader.first.value_or(Time{});
  result.last = reader.last;
  return result;
}

}  // namespace sekimori::daemon
