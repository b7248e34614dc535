#include "daemon/dispatch.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "daemon/journal/reopen.hpp"
#include "daemon/render.hpp"
#include "daemon/status.hpp"
#include "policy/text/system_words.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

constexpr std::chrono::seconds drain_time{3};
constexpr std::chrono::milliseconds journal_drain_time{500};
constexpr std::chrono::seconds flush_time{2};
constexpr std::chrono::milliseconds drain_look{5};
// A clock may be set right by so much without a word.
constexpr std::chrono::seconds clock_patience{2};

std::string why_unusable(const JournalError& error, Language language) {
  switch (error.reason()) {
    case JournalError::Reason::in_use:
      return say(Text::journal_why_in_use, language, {{"path", error.path()}});
    case JournalError::Reason::not_ours:
      return say(Text::journal_why_not_ours, language,
                 {{"path", error.path()},
                  {"owner", std::to_string(error.owner())},
                  {"user", std::to_string(::geteuid())}});
    case JournalError::Reason::newer_format:
      return say(Text::journal_why_newer, language, {{"path", error.path()}});
    case JournalError::Reason::none_here:  // nobody writes one: that is a reader's
    case JournalError::Reason::system:
      break;
  }
  return retold(error.what(), language);
}

}  // namespace

Dispatch::Dispatch(boost::asio::io_context& io, const DaemonOptions& options)
    : io_(io),
      options_(options),
      log_(options.alerts),
      beats_missed_(options.alerts.destinations.size()),
      timer_(io) {}

void Dispatch::open(Desk& desk, const std::shared_ptr<const policy::Policy>& policy) {
  sinks_.emplace(io_, options_.alerts);
  if (!options_.journal.path.empty()) open_journal(desk, policy);
}

// What cannot be kept must still be told: without its journal the daemon watches and sends all the same.
void Dispatch::open_journal(Desk& desk, const std::shared_ptr<const policy::Policy>& policy) {
  const Language language = options_.alerts.language;
  try {
    journal_ = std::make_unique<Journal>(options_.journal);
  } catch (const std::exception& error) {
    const auto* const reason = dynamic_cast<const JournalError*>(&error);
    journal_trouble_ = reason == nullptr ? retold(error.what(), language) : why_unusable(*reason, language);
    spdlog::error(say(Text::journal_unusable, language, {{"why", journal_trouble_}}));
    return;
  }
  const Recovered& found = journal_->found();
  courier_ = std::make_unique<Courier>(io_, *journal_, *sinks_, options_.alerts);
  const Time now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  Reopened open = open_stories(journal_->folder(), options_.alerts, std::min(now, found.written));
  before_ = {.told = open.digest, .written = found.written};
  std::vector<AlertRecord> closed;
  const std::size_t resumed = desk.resume(std::move(open), journal_->next_sequence(), policy, now, closed);
  send(closed);
  spdlog::info(say(Text::journal_open, language,
                   {{"path", journal_->folder()},
                    {"next", std::to_string(journal_->next_sequence())},
                    {"incidents", std::to_string(resumed)},
                    {"head", std::to_string(found.number) + ":" + hex(found.hash)}}));
  if (found.mended()) {
    std::string files;
    for (const std::string& file : found.moved) files += (files.empty() ? "" : ", ") + file;
    spdlog::error(say(Text::journal_mended, language,
                      {{"torn", std::to_string(found.torn_octets)},
                       {"files", files.empty() ? "-" : files},
                       {"damaged", std::to_string(found.damaged_octets)},
                       {"missing", std::to_string(found.missing)}}));
  }
  if (const auto& lost = journal_->lost_before()) {
    spdlog::error(say(Text::journal_lost_before, options_.alerts.language,
                      {{"lost", std::to_string(lost->second - lost->first + 1)},
                       {"first", std::to_string(lost->first)},
                       {"last", std::to_string(lost->second)}}));
  }
  if (found.uncut_octets != 0) {
    spdlog::error(say(Text::journal_uncut, language,
                      {{"octets", std::to_string(found.uncut_octets)}, {"why", found.uncut_because}}));
  }
  if (found.written > now + clock_patience) {
    const int offset = options_.alerts.utc_offset_minutes;
    spdlog::error(say(Text::journal_clock_back, language,
                      {{"now", timestamp(now, offset)}, {"last", timestamp(found.written, offset)}}));
  }
  const std::string unsigned_because = journal_->figures().unsigned_because;
  if (!unsigned_because.empty()) {
    spdlog::error(say(Text::journal_unsigned, language, {{"why", unsigned_because}}));
  }
  journal_->start(courier_->waker());
}

void Dispatch::send(std::vector<AlertRecord>& records) {
  for (const AlertRecord& record : records) keep(message_of(record, options_.alerts));
  records.clear();
}

void Dispatch::send_last(std::vector<AlertRecord>& records, std::chrono::milliseconds most) {
  const auto end = std::chrono::steady_clock::now() + most;
  std::size_t sent = 0;
  for (; sent < records.size() && (sent == 0 || std::chrono::steady_clock::now() < end); ++sent) {
    keep(message_of(records[sent], options_.alerts));
  }
  if (sent < records.size()) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(most).count();
    spdlog::error(say(Text::daemon_closing_cut, options_.alerts.language,
                      {{"untold", std::to_string(records.size() - sent)},
                       {"all", std::to_string(records.size())},
                       {"seconds", std::to_string(seconds)}}));
  }
  records.clear();
}

void Dispatch::keep(AlertMessage message) {
  log_.add(message);
  if (journal_ == nullptr) {
    sinks_->deliver(message);
  } else {
    journal_->add(std::move(message));
  }
}

// Where nobody hears it now it is not kept: a sign of life of an hour ago is none, and alerts need the room.
void Dispatch::beat(const AlertMessage& message) {
  const auto& sinks = sinks_->all();
  for (std::size_t i = 0; i < sinks.size(); ++i) {
    const bool heard = sinks[i]->trouble().empty() && sinks[i]->room() != 0 &&
                       (courier_ == nullptr || courier_->has_room(i));
    if (!heard) {
      ++beats_missed_[i];
    } else if (courier_ == nullptr) {
      sinks[i]->deliver(message);
    } else {
      courier_->pass(i, message);
    }
  }
}

OutletVitals Dispatch::vitals() const {
  OutletVitals out;
  for (std::size_t i = 0; i < sinks_->all().size(); ++i) {
    const Sink& sink = *sinks_->all()[i];
    const SinkCounters counters = sink.counters();
    const Courier::Figures carried = courier_ == nullptr ? Courier::Figures{} : courier_->figures(i);
    out.destinations.push_back({.name = sink.options().name,
                                .trouble = sink.trouble(),
                                .queued = courier_ == nullptr ? counters.queued : carried.behind,
                                .queue_max = sink.options().queue_max,
                                .dropped = counters.dropped + carried.lost});
  }
  out.journal.path = options_.journal.path;
  out.journal.trouble = journal_trouble_;
  if (journal_ == nullptr) return out;
  const JournalFigures figures = journal_->figures();
  const Recovered& found = journal_->found();
  out.journal.trouble = figures.trouble;
  out.journal.unsigned_because = figures.unsigned_because;
  out.journal.sequence = figures.sequence;
  out.journal.waiting = figures.waiting;
  out.journal.lost = figures.lost;
  out.journal.head = std::to_string(figures.head_number) + ":" + hex(figures.head);
  out.journal.torn_octets = found.torn_octets;
  out.journal.damaged_octets = found.damaged_octets;
  out.journal.uncut_octets = found.uncut_octets;
  out.journal.records_missing = found.missing;
  if (const auto& lost = journal_->lost_before()) {
    out.journal.lost_first = lost->first;
    out.journal.lost_last = lost->second;
  }
  out.journal.last_written = found.written;
  return out;
}

void Dispatch::look() {
  sink_watch_.look(*sinks_, options_.alerts.language, [this](std::size_t sink) {
    return courier_ == nullptr ? sinks_->all()[sink]->counters().queued : courier_->figures(sink).behind;
  });
  if (journal_ != nullptr) look_at_journal();
}

void Dispatch::look_at_journal() {
  const JournalFigures figures = journal_->figures();
  const bool bad = !figures.trouble.empty();
  if (bad == journal_bad_) return;
  journal_bad_ = bad;
  const std::string lost = std::to_string(figures.lost);
  const Language language = options_.alerts.language;
  if (bad) {
    const std::string waiting = std::to_string(figures.waiting);
    spdlog::error(say(Text::journal_trouble, language,
                      {{"why", retold(figures.trouble, language)}, {"waiting", waiting}, {"lost", lost}}));
  } else {
    spdlog::warn(say(Text::journal_well, language, {{"lost", lost}}));
  }
}

void Dispatch::finish(std::function<void()> done) {
  if (journal_ == nullptr) {
    sinks_->drain(drain_time, [this, done = std::move(done)](bool /*complete*/) {
      tell_undelivered();
      done();
    });
    return;
  }
  journal_->flush(flush_time);
  drain_until_ = std::chrono::steady_clock::now() + journal_drain_time;
  drain(std::move(done));
}

void Dispatch::drain(std::function<void()> done) {
  if (courier_->idle() || std::chrono::steady_clock::now() >= drain_until_) {
    tell_unkept();
    done();
    return;
  }
  timer_.expires_after(drain_look);
  timer_.async_wait([this, done = std::move(done)](const boost::system::error_code& error) {
    if (!error) drain(done);
  });
}

// After the writer's last try, so that it is true.
void Dispatch::tell_unkept() {
  journal_->close();
  const JournalFigures figures = journal_->figures();
  const std::uint64_t unkept = figures.waiting + figures.unnoted;
  if (unkept == 0) return;
  spdlog::error(
      say(Text::journal_unkept_at_stop, options_.alerts.language,
          {{"unkept", std::to_string(unkept)},
           {"waiting", std::to_string(figures.waiting)},
           {"lost", std::to_string(figures.unnoted)},
           {"why", figures.trouble.empty() ? "-" : retold(figures.trouble, options_.alerts.language)}}));
}

void Dispatch::tell_undelivered() const {
  for (const auto& sink : sinks_->all()) {
    const SinkCounters counters = sink->counters();
    const std::uint64_t count = counters.queued + counters.dropped;
    if (count == 0) continue;
    spdlog::error(say(Text::daemon_undelivered, options_.alerts.language,
                      {{"name", sink->options().name},
                       {"count", std::to_string(count)},
                       {"queued", std::to_string(counters.queued)},
                       {"dropped", std::to_string(counters.dropped)}}));
  }
}

boost::json::object Dispatch::hold(const std::string& incident, bool on) {
  const Language language = options_.alerts.language;
  const auto refused = [](const std::string& message) {
    return boost::json::object{{"error", {{"code", "journal"}, {"message", message}}}};
  };
  if (journal_ == nullptr) return refused(std::string(text(Text::journal_hold_without, language)));
  std::string trouble;
  if (!journal_->hold(incident, on, trouble)) {
    return refused(say(Text::journal_hold_failed, language, {{"why", trouble}}));
  }
  const bool known = !log_.query(0, incident, 1).at("alerts").as_array().empty();
  return {{"incident", incident}, {"held", on}, {"known", known}, {"holds", journal_->holds().size()}};
}

boost::json::array Dispatch::destinations_status() const {
  boost::json::array out = destinations_json(*sinks_, courier_.get());
  for (std::size_t i = 0; i < beats_missed_.size(); ++i) {
    out[i].as_object()["heartbeats_missed"] = beats_missed_[i];
  }
  return out;
}

boost::json::object Dispatch::journal_status() const {
  if (journal_ != nullptr) return journal_json(*journal_);
  boost::json::object out{{"path", options_.journal.path}};
  if (!journal_trouble_.empty()) out["trouble"] = journal_trouble_;
  return out;
}

}  // namespace sekimori::daemon
