#include "daemon/station.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json.hpp>
#include <cassert>
#include <csignal>
#include <deque>
#include <optional>

#include "capture/source/fanout.hpp"
#include "daemon/alert/desk.hpp"
#include "daemon/alert/drills.hpp"
#include "daemon/alert/exception_watch.hpp"
#include "daemon/alert/name_waits.hpp"
#include "daemon/alert/relay_watch.hpp"
#include "daemon/alert/wire_watch.hpp"
#include "daemon/behaviour/behaviour_watch.hpp"
#include "daemon/behaviour/services_json.hpp"
#include "daemon/control/server.hpp"
#include "daemon/dispatch.hpp"
#include "daemon/errands.hpp"
#include "daemon/health/caretaker.hpp"
#include "daemon/health/sign_of_life.hpp"
#include "daemon/memory_figures.hpp"
#include "daemon/notify.hpp"
#include "daemon/privileges.hpp"
#include "daemon/render.hpp"
#include "daemon/render/register.hpp"
#include "daemon/status.hpp"
#include "daemon/worker.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

using boost::system::error_code;
namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::size_t policies_kept = 4;
constexpr std::size_t events_at_once = 64;
// Of closing lines, each a tenth of a millisecond and more: with what comes before and after it a stop stays
// well below TimeoutStopSec of the service.
constexpr std::chrono::seconds closing_most{4};
// Until a stop says again that it goes on, and for how long at most it does so.
constexpr std::chrono::seconds stop_patience{15};
constexpr std::chrono::seconds stop_most{60};

json::object busy_answer(Language language) {
  return {{"error", {{"code", "busy"}, {"message", text(Text::daemon_busy, language)}}}};
}

}  // namespace

class Station::Room {
 public:
  Room(asio::io_context& io, StationOptions options, std::shared_ptr<const policy::Policy> policy,
       Reloader reloader, Questions& questions)
      : io_(io),
        options_(std::move(options)),
        language_(options_.daemon.alerts.language),
        policy_(std::move(policy)),
        reloader_(std::move(reloader)),
        caretaker_(options_),
        desk_(options_.daemon.alerts),
        behaviour_(watch_behaviour(desk_, *policy_)),
        dispatch_(io, options_.daemon),
        server_(io, options_.daemon.control, questions, options_.daemon.alerts.language),
        bell_watch_(io),
        tick_timer_(io),
        stop_timer_(io),
        signals_(io, SIGHUP, SIGTERM, SIGINT) {
    signals_.add(SIGUSR1);
    recent_.push_front(policy_);
    auto exceptions = std::make_unique<ExceptionWatch>(options_.daemon.alerts.exception_unused_after);
    exceptions_ = exceptions.get();
    desk_.watch(std::move(exceptions));
    desk_.watch(std::make_unique<RelayWatch>());
    std::vector<std::string> taps;
    for (const capture::TapOptions& tap : options_.capture.taps) taps.push_back(tap.name);
    desk_.watch(std::make_unique<WireWatch>(std::move(taps), capture::HashSecret::random().words[0]));
  }
  ~Room() {
    bell_watch_.release();  // the bell closes its own descriptor
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  void open();
  void start();

  // Asks every worker and answers when all have answered.
  template <class Part>
  void gather(std::function<std::unique_ptr<Errand>(std::function<void(Part&&)>)> make,
              std::function<void(std::vector<Part>&&)> done, const std::function<void()>& refused);
  void figures(std::function<void(std::vector<WorkerFigures>&&)> done, const std::function<void()>& refused) {
    gather<WorkerFigures>(
        [](FiguresErrand::Answer answer) { return std::make_unique<FiguresErrand>(std::move(answer)); },
        std::move(done), refused);
  }
  void reload(const Json& answer);
  StatusFacts status_facts(const std::vector<WorkerFigures>& parts) const;
  // A verdict's indexes mean something in the policy that gave it alone: events and answers under way when
  // the policy was replaced are read with theirs.
  const std::shared_ptr<const policy::Policy>& policy_of(std::uint32_t generation) const;

  asio::io_context& io_;
  const StationOptions options_;
  const Language language_;
  std::shared_ptr<const policy::Policy> policy_;
  Reloader reloader_;
  NameWaits waits_{};
  Caretaker caretaker_;
  Desk desk_;
  BehaviourWatch& behaviour_;
  std::array<FlowEvent, events_at_once> events_{};  // of one worker, as they are worked off
  std::array<FlowStep, events_at_once> steps_{};    // likewise
  Dispatch dispatch_;
  ControlServer server_;
  ExceptionWatch* exceptions_ = nullptr;  // the desk's
  Time packet_now_{};                     // the newest packet's time, as the workers last said
  std::uint64_t names_untold_ = 0;        // DNS answers that some worker could not be told

 private:
  void listen();
  bool take_some();
  NameWaits::Pass feeding(std::vector<AlertRecord>& records) {
    return [this, &records](const FlowEvent& ready) {
      desk_.feed(ready, policy_of(ready.generation), caretaker_.loss_ratio(), records);
    };
  }
  void tick();
  void look_at(const std::vector<WorkerFigures>& parts);
  void look_after();
  void tell_of_change(const policy::Policy& before, const policy::Policy& after);
  void hear_signals();
  void stop();
  bool stop_late() const { return std::chrono::steady_clock::now() - stop_began_ > stop_most; }
  void ask_for_time();
  void work_off();
  void leave_rest();
  void wait_for_workers();
  void finish();
  void reloaded(std::shared_ptr<const policy::Policy> policy, const Reloaded& outcome, const Json& answer);

  Bell bell_{};
  asio::posix::stream_descriptor bell_watch_;
  asio::steady_timer tick_timer_;
  asio::steady_timer stop_timer_;
  asio::signal_set signals_;
  std::vector<std::unique_ptr<Worker>> workers_{};
  std::shared_ptr<const policy::Policy> replaced_by_{};         // while workers change over
  std::deque<std::shared_ptr<const policy::Policy>> recent_{};  // newest first, at most policies_kept
  bool figures_asked_ = false;
  bool stopping_ = false;
  std::uint64_t left_at_stop_ = 0;  // events and steps that a stop had no time for
  std::chrono::steady_clock::time_point stop_began_{};
  std::chrono::steady_clock::time_point ask_again_{};  // systemd for time
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

template <class Part>
void Station::Room::gather(std::function<std::unique_ptr<Errand>(std::function<void(Part&&)>)> make,
                           std::function<void(std::vector<Part>&&)> done,
                           const std::function<void()>& refused) {
  struct State {
    std::vector<Part> parts{};
    std::size_t missing = 0;
  };
  auto state = std::make_shared<State>();
  state->missing = workers_.size();
  state->parts.resize(workers_.size());
  if (stopping_ || workers_.empty()) {
    refused();
    return;
  }
  // All or none: only main fills the mailboxes, so that room seen now is room kept.
  if (!std::all_of(workers_.begin(), workers_.end(), [](const auto& worker) { return worker->has_room(); })) {
    refused();
    return;
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    auto errand = make([state, i, done](Part&& part) {
      state->parts[i] = std::move(part);
      if (--state->missing == 0) done(std::move(state->parts));
    });
    [[maybe_unused]] const bool sent = workers_[i]->send(errand);
    assert(sent);
  }
}

void Station::Room::open() {
  const capture::CaptureOptions& capture = options_.capture;
  InspectorOptions inspector;
  inspector.flows = capture.flows;
  inspector.flows.active_timeout =
      active_timeout_within(capture.flows.active_timeout, options_.daemon.alerts);
  inspector.decode = capture.decode;
  inspector.fragments = capture.fragments;
  inspector.capacity = (capture.flows.flows_max + capture.workers - 1) / capture.workers;
  inspector.secret = capture::HashSecret::random();
  inspector.wire_seed = capture::HashSecret::random().words[0];
  std::vector<std::shared_ptr<capture::Fanout>> fanouts(capture.taps.size());
  if (capture.workers > 1) {
    for (auto& fanout : fanouts) fanout = std::make_shared<capture::Fanout>(capture.workers, capture.decode);
  }
  for (std::uint16_t w = 0; w < capture.workers; ++w) {
    std::vector<std::unique_ptr<capture::Source>> sources;
    std::vector<std::uint16_t> taps;
    for (std::uint16_t t = 0; t < capture.taps.size(); ++t) {
      sources.push_back(capture::open_live(capture.taps[t], {.tap = t, .worker = w, .fanout = fanouts[t]}));
      taps.push_back(t);
    }
    workers_.push_back(
        std::make_unique<Worker>(inspector, policy_, std::move(sources), std::move(taps), bell_));
  }
  server_.start();
}

void Station::Room::start() {
  bell_watch_.assign(bell_.descriptor());
  listen();
  hear_signals();
  server_.set_owner(::geteuid());
  dispatch_.open(desk_, policy_);
  const std::string folder = dispatch_.keeps() ? options_.daemon.journal.path : std::string{};
  caretaker_.resume(desk_.notices().current(), folder, *policy_, dispatch_.before());
  for (const auto& worker : workers_) worker->start();
  spdlog::info(say(Text::daemon_started, language_,
                   {{"profile", policy_->options().profile.id},
                    {"generation", std::to_string(policy_->generation())},
                    {"sha256", policy_->sha256()},
                    {"taps", tap_list(options_.capture.taps)},
                    {"workers", std::to_string(workers_.size())},
                    {"flows", std::to_string(options_.capture.flows.flows_max)},
                    {"user", who_am_i()}}));
  notify("READY=1");
  tick();
}

void Station::Room::listen() {
  bell_watch_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const error_code& error) {
    if (error) return;
    bell_.quiet();
    if (take_some()) bell_.ring();
    listen();
  });
}

const std::shared_ptr<const policy::Policy>& Station::Room::policy_of(std::uint32_t generation) const {
  for (const auto& policy : recent_) {
    if (policy->generation() == generation) return policy;
  }
  return policy_;
}

// A bounded piece for each worker, then the others' turn and everything else that main has to do: a flood of
// events must not keep it from its clock, its destinations or its signals. True when something may be left.
bool Station::Room::take_some() {
  std::vector<AlertRecord> records;
  std::array<const FlowEvent*, events_at_once> ready{};
  bool more = false;
  names_untold_ += share_names(workers_);
  for (const auto& worker : workers_) {
    std::size_t taken = 0;
    for (; taken < events_at_once && worker->take(events_[taken]); ++taken) ready[taken] = &events_[taken];
    for (std::size_t i = 0; i < taken; ++i) {
      desk_.look_ahead(i, {ready.data(), taken});
      waits_.feed(events_[i], feeding(records));
      dispatch_.send(records);
    }
    more = more || taken == events_at_once;
    for (taken = 0; taken < events_at_once && worker->take(steps_[taken]);) ++taken;
    for (std::size_t i = 0; i < taken; ++i) {
      behaviour_.look_ahead(i, taken, [this](std::size_t each) -> const FlowStep& { return steps_[each]; });
      desk_.step(steps_[i], policy_of(steps_[i].generation), caretaker_.loss_ratio(), records);
      dispatch_.send(records);
    }
    more = more || taken == events_at_once;
    while (const std::unique_ptr<Errand> errand = worker->finished()) errand->done();
  }
  return more;
}

void Station::Room::tick() {
  tick_timer_.expires_after(std::chrono::seconds(1));
  tick_timer_.async_wait([this](const error_code& error) {
    if (error || stopping_) return;
    std::vector<std::uint64_t> beats;
    for (const auto& worker : workers_) beats.push_back(worker->beats());
    if (caretaker_.workers_move(beats)) notify("WATCHDOG=1");
    dispatch_.look();
    look_after();
    if (!figures_asked_) {
      figures_asked_ = true;
      figures(
          [this](std::vector<WorkerFigures>&& parts) {
            figures_asked_ = false;
            look_at(parts);
          },
          [this] { figures_asked_ = false; });
    }
    tick();
  });
}

void Station::Room::look_at(const std::vector<WorkerFigures>& parts) {
  Time newest{};
  for (const WorkerFigures& part : parts) newest = std::max(newest, part.newest);
  packet_now_ = newest;
  caretaker_.take(parts);
}

// Once a second, whether the workers answer or not: a silent tap must not stop the clock of what is told.
void Station::Room::look_after() {
  std::vector<Notice> found;
  std::vector<AlertRecord> records;
  waits_.tick(packet_now_, feeding(records));
  caretaker_.look(dispatch_.vitals(), *policy_, found);
  for (Notice& notice : found) {
    desk_.find(std::move(notice), policy_, caretaker_.loss_ratio(), records);
  }
  desk_.tick(std::max(packet_now_, caretaker_.vitals().wall), policy_, records);
  dispatch_.send(records);
  for (AlertMessage& digest :
       caretaker_.digests(desk_.lines(), *policy_, [this] { return desk_.number(); })) {
    dispatch_.keep(std::move(digest));
  }
  if (const auto beat = caretaker_.heartbeat(desk_.lines(), *policy_)) dispatch_.beat(*beat);
}

void Station::Room::tell_of_change(const policy::Policy& before, const policy::Policy& after) {
  Notice notice;
  notice.kind = NoticeKind::config_changed;
  notice.time = std::max(packet_now_, caretaker_.vitals().wall);
  // Generations are counted from the start of the program: with the time it is another one after a restart.
  notice.subject = "generation " + std::to_string(after.generation()) + " " +
                   timestamp(notice.time, options_.daemon.alerts.utc_offset_minutes);
  notice.add("before", std::to_string(before.generation())).add("after", std::to_string(after.generation()));
  notice.add("sha256_before", before.sha256()).add("sha256_after", after.sha256());
  std::vector<AlertRecord> records;
  desk_.find(std::move(notice), policy_, caretaker_.loss_ratio(), records);
  dispatch_.send(records);
}

void Station::Room::hear_signals() {
  signals_.async_wait([this](const error_code& error, int number) {
    if (error) return;
    if (number == SIGHUP) {
      reload([](json::object) {});
    } else if (number == SIGUSR1) {
      dispatch_.reopen();
      spdlog::info(text(Text::daemon_files_reopened, language_));
    } else {
      stop();
      return;
    }
    hear_signals();
  });
}

void Station::Room::reload(const Json& answer) {
  if (replaced_by_ != nullptr) {
    answer({{"ok", false}, {"errors", json::array{text(Text::daemon_reload_busy, language_)}}});
    return;
  }
  notify("RELOADING=1");
  Reloaded outcome = reloader_(policy_->generation() + 1);
  if (outcome.policy != nullptr && segment_list(*outcome.policy) != segment_list(*policy_)) {
    outcome.errors.push_back(say(Text::daemon_reload_segments, language_,
                                 {{"now", segment_list(*policy_)}, {"new", segment_list(*outcome.policy)}}));
  }
  // Frames are put into the domains that the workers were started with.
  if (outcome.policy != nullptr && domain_list(*outcome.policy) != domain_list(*policy_)) {
    outcome.errors.push_back(say(Text::daemon_reload_domains, language_,
                                 {{"now", domain_list(*policy_)}, {"new", domain_list(*outcome.policy)}}));
  }
  if (!outcome.errors.empty() || outcome.policy == nullptr) {
    const std::string first = outcome.errors.empty() ? "?" : outcome.errors.front();
    spdlog::error(say(Text::daemon_reload_bad, language_,
                      {{"count", std::to_string(outcome.errors.size())},
                       {"generation", std::to_string(policy_->generation())},
                       {"first", first}}));
    notify("READY=1");
    answer(
        {{"ok", false}, {"generation", policy_->generation()}, {"errors", json::value_from(outcome.errors)}});
    return;
  }
  replaced_by_ = outcome.policy;
  recent_.push_front(outcome.policy);
  if (recent_.size() > policies_kept) recent_.pop_back();
  struct Nothing {};
  auto next = outcome.policy;
  gather<Nothing>(
      [next](std::function<void(Nothing &&)> done) -> std::unique_ptr<Errand> {
        return std::make_unique<ReplaceErrand>(next, [done] { done(Nothing{}); });
      },
      [this, next, outcome, answer](std::vector<Nothing>&&) { reloaded(next, outcome, answer); },
      [this, answer] {
        replaced_by_ = nullptr;
        notify("READY=1");
        answer(busy_answer(language_));
      });
}

void Station::Room::reloaded(std::shared_ptr<const policy::Policy> policy, const Reloaded& outcome,
                             const Json& answer) {
  const std::shared_ptr<const policy::Policy> before = policy_;
  policy_ = std::move(policy);
  replaced_by_ = nullptr;
  caretaker_.replaced(outcome.files);
  if (before->sha256() != policy_->sha256()) tell_of_change(*before, *policy_);
  spdlog::info(say(Text::daemon_reload_good, language_,
                   {{"profile", policy_->options().profile.id},
                    {"generation", std::to_string(policy_->generation())},
                    {"sha256", policy_->sha256()}}));
  if (!outcome.restart.empty()) {
    std::string keys;
    for (const std::string& key : outcome.restart) keys += (keys.empty() ? "" : ", ") + key;
    spdlog::warn(say(Text::daemon_reload_restart, language_, {{"keys", keys}}));
  }
  dispatch_.reopen();  // certificates may have been renewed
  notify("READY=1");
  answer({{"ok", true},
          {"generation", policy_->generation()},
          {"sha256", policy_->sha256()},
          {"restart_needed", json::value_from(outcome.restart)}});
}

// What waits in the rings may be a flood of incidents, which takes longer to work off than systemd waits:
// while that goes on it is asked for more, for a bounded time.
void Station::Room::ask_for_time() {
  const auto now = std::chrono::steady_clock::now();
  if (now < ask_again_ || now - stop_began_ > stop_most) return;
  ask_again_ = now + std::chrono::seconds{1};
  notify("EXTEND_TIMEOUT_USEC=" + std::to_string(std::chrono::microseconds{stop_patience}.count()));
}

void Station::Room::stop() {
  if (stopping_) return;
  notify("STOPPING=1");
  stop_began_ = std::chrono::steady_clock::now();
  spdlog::info(text(Text::daemon_stopping, language_));
  caretaker_.stopping();
  server_.stop();
  tick_timer_.cancel();
  signals_.cancel();
  stopping_ = true;
  for (const auto& worker : workers_) worker->stop();
  wait_for_workers();
}

void Station::Room::work_off() {
  while (!stop_late() && take_some()) ask_for_time();
  if (stop_late()) leave_rest();
}

// Workers wait until there is room for what they still have to say: it is taken from them, and counted.
void Station::Room::leave_rest() {
  FlowEvent event;
  for (const auto& worker : workers_) {
    while (worker->take(event)) ++left_at_stop_;
    while (worker->take(steps_.front())) ++left_at_stop_;
    while (const std::unique_ptr<Errand> errand = worker->finished()) errand->done();
  }
}

void Station::Room::wait_for_workers() {
  ask_for_time();
  work_off();
  const bool all =
      std::all_of(workers_.begin(), workers_.end(), [](const auto& worker) { return worker->stopped(); });
  if (all) {
    work_off();
    finish();
    return;
  }
  stop_timer_.expires_after(std::chrono::milliseconds(5));
  stop_timer_.async_wait([this](const error_code& error) {
    if (!error) wait_for_workers();
  });
}

void Station::Room::finish() {
  std::vector<AlertRecord> records;
  Time last = packet_now_;
  Books books;
  for (const auto& worker : workers_) {
    last = std::max(last, worker->inspector().newest());
    books += worker->inspector().books();
  }
  waits_.finish(feeding(records));
  dispatch_.send(records);
  dispatch_.keeps() ? desk_.suspend(last, policy_, records) : desk_.finish(last, policy_, records);
  dispatch_.send_last(records, closing_most);
  if (left_at_stop_ != 0) {
    spdlog::error(
        say(Text::daemon_stop_cut, language_,
            {{"left", std::to_string(left_at_stop_)}, {"seconds", std::to_string(stop_most.count())}}));
  }
  std::uint64_t reasons = 0;
  for (const std::uint64_t count : books.reasons) reasons += count;
  spdlog::info(say(Text::daemon_stopped, language_,
                   {{"read", std::to_string(books.packets_read)},
                    {"flows", std::to_string(books.packets_in_flows)},
                    {"reasons", std::to_string(reasons)},
                    {"lost", std::to_string(caretaker_.lost())},
                    {"alerts", std::to_string(desk_.lines())}}));
  caretaker_.finish(*policy_);
  dispatch_.finish([this] { io_.stop(); });
}

StatusFacts Station::Room::status_facts(const std::vector<WorkerFigures>& parts) const {
  StatusFacts facts;
  facts.version = options_.version;
  facts.uptime =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - started_);
  facts.config_path = options_.config_path;
  facts.policy = policy_;
  facts.taps = options_.capture.taps;
  facts.workers = parts;
  facts.loss_ratio = caretaker_.loss_ratio();
  return facts;
}

Station::Station(asio::io_context& io, StationOptions options, std::shared_ptr<const policy::Policy> policy,
                 Reloader reloader)
    : room_(std::make_unique<Room>(io, std::move(options), std::move(policy), std::move(reloader), *this)) {}

Station::~Station() = default;

void Station::open() {
  room_->open();
}
void Station::start() {
  room_->start();
}
std::shared_ptr<const policy::Policy> Station::policy() const {
  return room_->policy_;
}
void Station::reload(Json answer) {
  room_->reload(answer);
}

void Station::alert_test(const std::string& destination, Json answer) {
  run_drills(room_->io_, room_->dispatch_.sinks(), destination, room_->options_.daemon.alerts,
             std::move(answer));
}
void Station::hold(const std::string& incident, bool on, Json answer) {
  answer(room_->dispatch_.hold(incident, on));
}
std::vector<std::string> Station::destinations() const {
  std::vector<std::string> names;
  for (const DestinationOptions& each : room_->options_.daemon.alerts.destinations)
    names.push_back(each.name);
  return names;
}

void Station::status(Json answer) {
  room_->figures(
      [this, answer](std::vector<WorkerFigures>&& parts) {
        json::object result = status_json(room_->status_facts(parts), room_->options_.daemon.alerts);
        result["memory"] = memory_json(memory_figures());
        result["incidents"] = incidents_json(room_->desk_.incidents());
        result["notices"] = notices_json(room_->desk_.notices());
        result["name_waits"] = name_waits_json(room_->waits_, room_->names_untold_);
        result["behaviour"] = behaviour_json(room_->behaviour_);
        result["not_watched"] =
            watch_gap_json(room_->caretaker_.gap(), room_->options_.daemon.alerts.utc_offset_minutes);
        result["destinations"] = room_->dispatch_.destinations_status();
        result["journal"] = room_->dispatch_.journal_status();
        json::object control;
        for (const auto& [name, count] : room_->server_.counters().named()) control[name] = count;
        result["control"] = std::move(control);
        answer(std::move(result));
      },
      [this, answer] { answer(busy_answer(room_->language_)); });
}

void Station::health(Json answer) {
  answer(health_json(room_->desk_.notices(), room_->caretaker_.vitals(), room_->options_.daemon.alerts));
}

void Station::flows(FlowQuery query, Json answer) {
  query.limit = std::min(query.limit, room_->options_.daemon.control.answer_max);
  room_->gather<FlowAnswer>(
      [query](FlowsErrand::Answer done) { return std::make_unique<FlowsErrand>(query, std::move(done)); },
      [this, query, answer](std::vector<FlowAnswer>&& parts) {
        FlowAnswer whole;
        for (FlowAnswer& part : parts) {
          whole.rows.insert(whole.rows.end(), part.rows.begin(), part.rows.end());
          whole.matched += part.matched;
          whole.live += part.live;
        }
        sort_and_cut(whole, query);
        answer(flows_json(
            whole, [this](std::uint32_t generation) { return room_->policy_of(generation); },
            room_->desk_.coverage(), room_->packet_now_, room_->options_.daemon.alerts));
      },
      [this, answer] { answer(busy_answer(room_->language_)); });
}

void Station::matrix(Json answer) {
  room_->figures(
      [this, answer](std::vector<WorkerFigures>&& parts) {
        Matrix matrix{};
        for (const WorkerFigures& part : parts) {
          for (std::size_t pair = 0; pair < matrix.size(); ++pair) matrix[pair] += part.matrix[pair];
        }
        answer(matrix_event(matrix, *room_->policy_));
      },
      [this, answer] { answer(busy_answer(room_->language_)); });
}

void Station::exceptions(const ExceptionQuery& query, Json answer) {
  // States are those of this moment, also where no packet comes to tell the time.
  const auto now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  answer(exceptions_json(*room_->policy_, &room_->exceptions_->use(), now, query,
                         room_->options_.daemon.alerts.utc_offset_minutes));
}

void Station::services(Json answer) {
  answer(services_event(room_->behaviour_.services(), *room_->policy_, room_->options_.daemon.alerts));
}

void Station::alerts(std::uint64_t since_sequence, const std::string& incident, std::uint32_t limit,
                     Json answer) {
  answer(room_->dispatch_.log().query(since_sequence, incident, limit));
}

}  // namespace sekimori::daemon
