#include "daemon/replay.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "capture/ahead.hpp"
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
#include "daemon/progress.hpp"

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
    if (told_ == events_.size()) events_.resize(std::max<std::size_t>(2 * told_, 64));
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

// What every lane is told, and at which place among its packets: what a DNS answer said; a time from which on
// packets are of another minute; the newest time so far, by which fragments have waited long enough.
struct Minute {
  Time begins{};
};
struct Until {
  Time time{};
  std::uint64_t number = 0;  // of the frame before
};
using News = std::variant<NameEvidence, Minute, Until>;
struct Aside {
  std::size_t before = 0;
  News what{};
};

// One lane's share of a chunk.
class Share {
 public:
  // Room for what one frame may become, behind the packets that are there.
  std::span<capture::Packet, capture::packets_most> room() {
    if (room_.size() - count_ < capture::packets_most) room_.resize(2 * (count_ + capture::packets_most));
    // What follows was the lane's, and is written soon.
    own(room_[count_ + capture::packets_most - 1]);
    return std::span<capture::Packet, capture::packets_most>{room_.data() + count_, capture::packets_most};
  }
  void took(std::size_t count) { count_ += count; }
  void add(const capture::Packet& packet) {
    capture::copy_packet(packet, room().front());
    took(1);
  }
  // Behind the packets that came so far.
  void tell(const News& what) { asides_.push_back({count_, what}); }

  std::span<const capture::Packet> packets() const { return {room_.data(), count_}; }
  std::span<const Aside> asides() const { return asides_; }  // in the order of the frames
  void clear() {
    count_ = 0;
    asides_.clear();
  }

 private:
  // The lines that every packet is written to.
  static void own(const capture::Packet& packet) {
    ask_to_own(&packet);
    ask_to_own(reinterpret_cast<const std::byte*>(&packet) + 64);
  }

  std::vector<capture::Packet> room_{};  // the first `count_`; the others are not made anew for each
  std::size_t count_ = 0;
  std::vector<Aside> asides_{};
};

// So many frames, on their way from the reader through the lanes to the teller.
struct Chunk {
  explicit Chunk(std::size_t lanes) : shares(lanes), found(lanes + 1, Findings{false}) {}
  std::vector<Share> shares;    // by lane
  std::vector<Findings> found;  // the reader's, then the lanes'
};

// A worker and what it finds.
class Lane {
 public:
  Lane(const InspectorOptions& options, std::shared_ptr<const policy::Policy> policy, bool want_flows)
      : findings(want_flows), inspector(options, std::move(policy), findings) {}

  void work_off(Share& share) {
    const std::span<const capture::Packet> packets = share.packets();
    std::size_t done = 0;
    for (const Aside& aside : share.asides()) {
      inspector.packets(packets.subspan(done, aside.before - done));
      done = aside.before;
      std::visit([this](const auto& news) { hear(news); }, aside.what);
    }
    inspector.packets(packets.subspan(done));
    share.clear();
  }
  // What came so far has shown.
  void hand_over(Findings& found) {
    inspector.flush();
    findings.trade(found);
  }
  void hear(const NameEvidence& evidence) { inspector.learn(evidence); }
  void hear(const Minute& minute) { inspector.pass_minute(minute.begins); }
  void hear(const Until& until) { inspector.tick(until.time, 0, until.number); }

  Findings findings;
  Inspector inspector;
};

// Reads, decodes and deals: a flow's packets, in both directions, always go to the same lane, and so do the
// fragments of a datagram. Or leaves all that to the one lane there is, as a live worker does it.
class Reader final : public capture::FrameSink {
 public:
  Reader(std::vector<std::unique_ptr<Lane>>& lanes, bool deals, const InspectorOptions& options,
         const policy::Policy& policy)
      : lanes_(lanes),
        deals_(deals),
        decoder_(options.decode),
        errors_apart_(options.flows.icmp_errors_apart),
        policy_(policy) {
    ear_.generation(policy.generation());
  }

  // Where the next frames go.
  void fill(Chunk& chunk) { chunk_ = &chunk; }

  void frames(std::span<const capture::Frame> frames) override {
    std::size_t done = 0;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      follow(frames[i].time);
      if (deals_) deal(frames[i]);
      if (++frames_ % until_each != 0) continue;
      // Here and not where chunks end, so that nothing depends on these.
      const Until until{last, frames[i].number};
      if (deals_) {
        tell(until);
      } else {
        lanes_.front()->inspector.frames(frames.subspan(done, i + 1 - done));
        lanes_.front()->hear(until);
        done = i + 1;
      }
    }
    if (!deals_) lanes_.front()->inspector.frames(frames.subspan(done));
  }
  void frame(const capture::Frame& frame) override { frames({&frame, 1}); }

  const NameCounters& names() const { return names_.counters(); }

  // Of what no lane sees: frames that are no packet, and the octets of DHCP.
  Findings findings{false};
  Books books{};
  std::optional<Time> first{};
  Time last{};

 private:
  static constexpr std::uint64_t until_each = 4096;  // frames

  void tell(const News& news) {
    for (Share& share : chunk_->shares) share.tell(news);
  }
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
  void deal(const capture::Frame& frame) {
    if (minute_.leaves(frame.time)) {
      ear_.pass(minute_.enter(frame.time));
      tell(Minute{frame.time});
    }
    // For one lane they need not move any more.
    Share& share = chunk_->shares.front();
    const bool in_place = chunk_->shares.size() == 1;
    const std::span packets = in_place ? share.room() : std::span{packets_};
    const capture::Decoder::Result result = decoder_.decode(frame, packets);
    if (result.stripped) ++books.mirror_stripped;
    if (result.reason != capture::Reason::none) return refuse(frame, result.reason);
    if (result.count == 1 && NameReader::may_tell(policy_, packets[0])) {
      names_.read(policy_, frame, packets[0]);
    }
    if (capture::may_sign(packets[0]) || capture::may_hide_sign(packets[0])) ear_.hear(frame);
    if (in_place) {
      share.took(result.count);
    } else {
      for (const capture::Packet& packet : packets.first(result.count)) {
        const std::uint64_t hand = capture::deal_hash(packet, errors_apart_);
        chunk_->shares[hand % chunk_->shares.size()].add(packet);
      }
    }
    // Every lane learns it behind the packets that came before it.
    if (names_.learned().empty()) return;
    for (const NameEvidence& evidence : names_.learned()) tell(evidence);
    names_.forget();
  }
  void refuse(const capture::Frame& frame, capture::Reason reason) {
    if (capture::signs(reason)) ear_.hear(frame);
    ++books.packets_read;
    books.bytes_read += frame.wire_length;
    ++books.reasons[static_cast<std::size_t>(reason)];
  }

  std::vector<std::unique_ptr<Lane>>& lanes_;
  const bool deals_;
  const capture::Decoder decoder_;
  const bool errors_apart_;
  const policy::Policy& policy_;
  Chunk* chunk_ = nullptr;
  std::uint64_t frames_ = 0;
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
    if (waits_.passes(event)) return pass(event);
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

// Chunks on their way: while the reader fills one, the lanes work off those before it, and what they found in
// the one before these is told, as live main does beside its workers. Each on a thread of its own, but for a
// lane that does the reader's work as well.
class Line {
 public:
  // `apart`: the lanes have threads of their own.
  Line(std::vector<std::unique_ptr<Lane>>& lanes, bool apart, Teller& teller)
      : lanes_(lanes),
        apart_(apart),
        worked_(lanes.size()),
        teller_(teller),
        chunks_(chunks_most, Chunk{lanes.size()}) {
    try {
      threads_.emplace_back([this] { tell(); });
      for (std::size_t lane = 0; apart_ && lane < lanes.size(); ++lane) {
        threads_.emplace_back([this, lane] { work(lane); });
      }
    } catch (...) {  // the system gives no more threads: those there are wait for something to do
      stop();
      throw;
    }
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() { stop(); }

  // The next chunk, empty. Throws what the output threw.
  Chunk& next() {
    if (read_count_ >= chunks_most && !told_.await(read_count_ - chunks_most)) finish();
    return at(read_count_);
  }
  // It is filled; where no lane is apart, it is worked off as well.
  void pass() {
    ++read_count_;
    if (!apart_) worked_.front().reach(read_count_);
    read_.reach(read_count_);
  }
  // Until all is told. Throws what the output threw.
  void finish() {
    stop();
    if (trouble_) std::rethrow_exception(std::exchange(trouble_, nullptr));
  }

 private:
  static constexpr std::size_t chunks_most = 4;

  void stop() {
    if (threads_.empty()) return;
    read_.close();
    threads_.clear();
  }
  Chunk& at(std::uint64_t number) { return chunks_[number % chunks_most]; }
  void work(std::size_t number) {
    Lane& lane = *lanes_[number];
    for (std::uint64_t next = 0; read_.await(next); worked_[number].reach(++next)) {
      Chunk& chunk = at(next);
      lane.work_off(chunk.shares[number]);
      lane.hand_over(chunk.found[number + 1]);
    }
  }
  void tell() {
    try {
      for (std::uint64_t next = 0; read_.await(next); told_.reach(++next)) {
        for (const Progress& lane : worked_) lane.await(next);
        teller_.tell(at(next).found);
      }
    } catch (...) {
      trouble_ = std::current_exception();
      told_.close();
    }
  }

  std::vector<std::unique_ptr<Lane>>& lanes_;
  const bool apart_;
  std::uint64_t read_count_ = 0;
  Progress read_{};
  std::vector<Progress> worked_;
  Progress told_{};
  Teller& teller_;
  std::exception_ptr trouble_{};  // the telling thread's, until it has ended
  std::vector<Chunk> chunks_;
  std::vector<std::jthread> threads_{};
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
  const bool deals = lanes.size() > 1 || options.read_beside;
  Reader reader{lanes, deals, inspector, *policy};
  Teller teller{policy, alerts, output};
  {
    Line line{lanes, deals, teller};
    for (capture::ReadState state = capture::ReadState::more; state == capture::ReadState::more;) {
      Chunk& chunk = line.next();
      reader.fill(chunk);
      const bool begins = !reader.first;
      const capture::ReadResult read = source->read(options.chunk_frames, reader);
      state = read.state;
      if (state == capture::ReadState::broken) {
        result.readable = false;
        result.trouble = read.message;
      }
      if (!reader.first) continue;  // no frame so far
      if (begins) teller.begin(*reader.first);
      chunk.found.front().trade(reader.findings);
      if (!deals) {
        lanes.front()->hand_over(chunk.found.back());
      }
      line.pass();
    }
    line.finish();
  }
  // Nobody else is at work any more.
  std::vector<Findings> rest;
  for (const auto& lane : lanes) {
    lane->inspector.finish(reader.last);
    rest.emplace_back(false).trade(lane->findings);
  }
  teller.tell(rest);
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
