// The way of an alert from the desk to the outside: kept in the journal, then brought to the destinations;
// without a journal handed to them at once. Logs what goes wrong on the way and when it is well again.
//
//   Dispatch dispatch{io, options.daemon};
//   dispatch.open(desk, policy);        // after root is given up; incidents that were open go on
//   dispatch.send(records);
//   dispatch.look();                    // once a second
//   dispatch.finish(done);              // at the end, for a bounded time
//
// One thread: that of `io`.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/fwd.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/alert/alert_log.hpp"
#include "daemon/alert/desk.hpp"
#include "daemon/alert/sink_watch.hpp"
#include "daemon/alert/sinks.hpp"
#include "daemon/health/diary.hpp"
#include "daemon/health/vitals.hpp"
#include "daemon/journal/courier.hpp"
#include "daemon/journal/journal.hpp"
#include "daemon/options.hpp"

namespace sekimori::daemon {

class Dispatch {
 public:
  Dispatch(boost::asio::io_context& io, const DaemonOptions& options);
  Dispatch(const Dispatch&) = delete;
  Dispatch& operator=(const Dispatch&) = delete;

  void open(Desk& desk, const std::shared_ptr<const policy::Policy>& policy);
  // Takes the records and leaves none.
  void send(std::vector<AlertRecord>& records);
  // At a stop: what can be sent in `most`, and at least one of them; says in the log how many could not.
  // Whoever waits for the daemon's end kills it when that takes too long, and would lose more.
  void send_last(std::vector<AlertRecord>& records, std::chrono::milliseconds most);
  // A sign of life: to the destinations that are reached, and kept nowhere; where one does not hear it, that
  // is counted.
  void beat(const AlertMessage& message);
  // What has a number as records have, and is none: the digest of a day. It goes their way: kept, and brought
  // to each destination whenever that is reached again.
  void keep(AlertMessage message);
  void look();
  // Files and certificates.
  void reopen() { sinks_->reopen(); }
  // With a journal incidents may stay open over a restart.
  bool keeps() const { return journal_ != nullptr; }
  // What the journal knows of the days before.
  const Diary::Before& before() const { return before_; }
  // Commits what waits, then gives the destinations a moment; with a journal a short one, because what they
  // did not get goes on after the next start.
  void finish(std::function<void()> done);

  const AlertLog& log() const { return log_; }
  // After open().
  const Sinks& sinks() const { return *sinks_; }
  // For health.
  OutletVitals vitals() const;
  // For the questions of that name; see Questions.
  boost::json::object hold(const std::string& incident, bool on);
  // For `status`.
  boost::json::array destinations_status() const;
  boost::json::object journal_status() const;

 private:
  void open_journal(Desk& desk, const std::shared_ptr<const policy::Policy>& policy);
  void look_at_journal();
  void drain(std::function<void()> done);
  // What the journal, or without one a destination, goes without.
  void tell_unkept();
  void tell_undelivered() const;

  boost::asio::io_context& io_;
  const DaemonOptions options_;
  AlertLog log_;
  std::unique_ptr<Journal> journal_{};  // null: none configured, or unusable
  std::string journal_trouble_{};       // why it is unusable
  std::optional<Sinks> sinks_{};  // opened once root is given up, so that files belong to who writes them
  std::unique_ptr<Courier> courier_{};         // with the journal; gone before the sinks
  std::vector<std::uint64_t> beats_missed_{};  // by destination
  boost::asio::steady_timer timer_;
  std::chrono::steady_clock::time_point drain_until_{};
  SinkWatch sink_watch_{};
  Diary::Before before_{};
  bool journal_bad_ = false;  // was told
};

}  // namespace sekimori::daemon
