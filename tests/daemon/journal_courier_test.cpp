#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <map>
#include <random>
#include <thread>

#include "daemon/alert/incident.hpp"
#include "daemon/journal/courier.hpp"
#include "daemon/journal/reopen.hpp"
#include "daemon/render.hpp"
#include "tests/daemon/alert_city.hpp"
#include "tests/daemon/delivery_kit.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;
using test::alert;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

struct CourierTest : test::DeliveryTest {
  std::vector<std::uint64_t> received() const {
    std::vector<std::uint64_t> out;
    for (const std::string& line : delivered()) {
      const std::size_t at = line.find("\"sequence\":");
      out.push_back(at == std::string::npos ? 0 : std::strtoull(line.c_str() + at + 11, nullptr, 10));
    }
    return out;
  }
};

TEST_F(CourierTest, ADeadDestinationLosesNothingAndMemoryStaysSmall) {
  boost::asio::io_context io;
  Journal journal{options, std::make_unique<test::QuickDisk>()};
  Sinks sinks{io, alerts};
  Courier courier{io, journal, sinks, alerts};
  journal.start(courier.waker());
  for (std::uint64_t i = 1; i <= 3000; ++i) journal.add(alert(i));
  ASSERT_TRUE(journal.flush(5s));
  ASSERT_TRUE(until(io, [&] { return sinks.all()[0]->room() == 0; }));
  EXPECT_LE(sinks.all()[0]->counters().queued, 16U);
  EXPECT_EQ(sinks.all()[0]->counters().dropped, 0U);
  EXPECT_EQ(courier.figures(0).behind, 3000U);
  open_out();
  ASSERT_TRUE(until(io, [&] { return courier.idle(); }));
  EXPECT_EQ(received(), range(1, 3000));
  EXPECT_EQ(courier.figures(0).lost, 0U);
}

// What passes beside the journal must not be taken for a delivered alert, nor an alert for it.
TEST_F(CourierTest, ASignOfLifePassesBetweenAlertsAndCountsForNone) {
  open_out();
  boost::asio::io_context io;
  Journal journal{options, std::make_unique<test::QuickDisk>()};
  Sinks sinks{io, alerts};
  Courier courier{io, journal, sinks, alerts};
  journal.start(courier.waker());
  AlertMessage beat = alert(0);
  beat.eve = R"({"sequence":0})";
  for (std::uint64_t i = 1; i <= 40; ++i) {
    journal.add(alert(i));
    ASSERT_TRUE(courier.has_room(0));
    courier.pass(0, beat);
    if (i % 8 == 0) {
      ASSERT_TRUE(journal.flush(5s));
      ASSERT_TRUE(until(io, [&] { return courier.idle() && courier.figures(0).delivered == i; }));
    }
  }
  auto all = received();
  EXPECT_EQ(std::erase(all, 0U), 40U);
  EXPECT_EQ(all, range(1, 40));
  EXPECT_EQ(courier.figures(0).behind, 0U);
}

TEST_F(CourierTest, GoesOnBehindWhatWasDeliveredAfterARestart) {
  open_out();
  for (std::uint64_t run = 0; run < 3; ++run) {
    boost::asio::io_context io;
    Journal journal{options, std::make_unique<test::QuickDisk>()};
    ASSERT_EQ(journal.next_sequence(), run * 100 + 1);
    Sinks sinks{io, alerts};
    Courier courier{io, journal, sinks, alerts};
    journal.start(courier.waker());
    for (std::uint64_t i = 1; i <= 100; ++i) journal.add(alert(run * 100 + i));
    ASSERT_TRUE(journal.flush(5s));
    ASSERT_TRUE(until(io, [&] { return courier.idle() && courier.figures(0).behind == 0; }));
  }
  EXPECT_EQ(received(), range(1, 300)) << "each once, in order";
}

TEST_F(CourierTest, ANewDestinationBeginsWithWhatComes) {
  open_out();
  fill(1, 50);
  boost::asio::io_context io;
  Journal journal{options, std::make_unique<test::QuickDisk>()};
  Sinks sinks{io, alerts};
  Courier courier{io, journal, sinks, alerts};
  journal.start(courier.waker());
  journal.add(alert(51));
  ASSERT_TRUE(journal.flush(5s));
  ASSERT_TRUE(until(io, [&] { return courier.idle(); }));
  EXPECT_EQ(received(), range(51, 51));
}

// Without its cursor it would be taken for a new destination after a restart, and never get what it missed.
TEST_F(CourierTest, ACursorThatCouldNotBeWrittenIsWrittenAsSoonAsItCan) {
  { const Journal made{options, std::make_unique<test::QuickDisk>()}; }
  const std::string cursor = folder + "/cursor-" + alerts.destinations[0].name;
  std::filesystem::create_symlink("nowhere", cursor);  // which is not followed
  boost::asio::io_context io;
  Journal journal{options, std::make_unique<test::QuickDisk>()};
  Sinks sinks{io, alerts};
  const Courier courier{io, journal, sinks, alerts};
  for (int i = 0; i < 50; ++i) io.poll();
  std::filesystem::remove(cursor);
  ASSERT_TRUE(until(io, [&] { return std::filesystem::exists(cursor); }));
  EXPECT_EQ(CursorFile(folder, alerts.destinations[0].name).read(), std::optional<std::uint64_t>{0});
}

TEST_F(CourierTest, WhatRetentionTookFromADeadDestinationIsCountedAndTold) {
  options.segment_bytes = 4096;
  options.keep_bytes = 20'000;
  boost::asio::io_context io;
  Journal journal{options, std::make_unique<test::QuickDisk>()};
  Sinks sinks{io, alerts};
  Courier courier{io, journal, sinks, alerts};
  journal.start(courier.waker());
  // More than what is kept in memory for those who follow closely.
  for (std::uint64_t i = 1; i <= 3000; ++i) {
    journal.add(alert(i));
    if (i % 100 == 0) {
      ASSERT_TRUE(journal.flush(5s));
    }
  }
  open_out();
  ASSERT_TRUE(until(io, [&] { return courier.idle(); }));
  const std::vector<std::uint64_t> got = received();
  const std::uint64_t lost = courier.figures(0).lost;
  EXPECT_GT(lost, 0U);
  EXPECT_EQ(std::count(got.begin(), got.end(), 0U), 1) << "one line tells the loss";
  EXPECT_EQ(got.size() - 1 + lost, 3000U) << "delivered and lost are all";
  EXPECT_EQ(got.back(), 3000U);
}

TEST_F(CourierTest, AFullDiskDoesNotSilenceTheSensor) {
  open_out();
  bool full = false;
  auto disk = std::make_unique<test::FailingDisk>(
      [&full](test::FailingDisk::Call, std::uint64_t) { return full ? -ENOSPC : 0; });
  boost::asio::io_context io;
  Journal journal{options, std::move(disk)};
  Sinks sinks{io, alerts};
  Courier courier{io, journal, sinks, alerts};
  full = true;
  for (std::uint64_t i = 1; i <= 20; ++i) journal.add(alert(i));
  journal.work();
  EXPECT_EQ(journal.committed(), 0U);
  ASSERT_TRUE(until(io, [&] { return received().size() == 20; })) << "sent, though not kept";
  EXPECT_TRUE(journal.figures().stalled);
  EXPECT_EQ(journal.committed(), 0U) << "and never said to be";
}

// ---- killed at any moment ----

sockaddr_un local_address(const std::string& path) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  path.copy(out.sun_path, sizeof out.sun_path - 1);
  return out;
}

// The child of the kill test: keeps and sends until it is killed. Tells on `pipe` what is committed.
[[noreturn]] void keep_and_send(const JournalOptions& options, const AlertOptions& alerts, int pipe,
                                bool add) {
  boost::asio::io_context io;
  Journal journal{options};
  Sinks sinks{io, alerts};
  Courier courier{io, journal, sinks, alerts};
  journal.start(courier.waker());
  std::uint64_t next = journal.next_sequence();
  std::uint64_t told = 0;
  for (;;) {
    for (int i = 0; add && i < 20; ++i, ++next) journal.add(alert(next));
    if (io.stopped()) io.restart();
    io.run_for(1ms);
    const std::uint64_t committed = journal.committed();
    if (committed != told && ::write(pipe, &committed, sizeof committed) == sizeof committed)
      told = committed;
    if (!add && courier.idle() && courier.figures(0).behind == 0) ::_exit(0);
  }
}

// SEKIMORI_KILLS: how often (default 15; the whole proof is 200).
TEST_F(CourierTest, KilledAtAnyMomentEveryCommittedAlertArrives) {
  const std::uint64_t kills = from_environment("SEKIMORI_KILLS", 15);
  const std::string socket_path = folder + ".sock";
  const int receiver = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const sockaddr_un address = local_address(socket_path);
  ASSERT_EQ(::bind(receiver, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  alerts.destinations[0].name = "local";
  alerts.destinations[0].kind = DestinationKind::syslog_local;
  alerts.destinations[0].path = socket_path;
  alerts.destinations[0].queue_max = 1000;

  std::map<std::uint64_t, std::uint64_t> arrived;  // by sequence: how often
  std::uint64_t committed = 0;
  std::uint64_t disorder = 0;
  std::uint64_t repeats_most = 0;
  const auto receive = [&](std::uint64_t& last, std::uint64_t& repeats) {
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::recv(receiver, buffer.data(), buffer.size(), 0)) > 0;) {
      const std::string message(buffer.data(), static_cast<std::size_t>(got));
      const std::size_t at = message.find("sequenceId=\"");
      const std::uint64_t sequence =
          at == std::string::npos ? 0 : std::strtoull(message.c_str() + at + 12, nullptr, 10);
      if (++arrived[sequence] > 1) ++repeats;
      if (sequence <= last) ++disorder;
      last = sequence;
    }
  };
  std::mt19937_64 random{20261121};
  for (std::uint64_t run = 0; run <= kills; ++run) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    const pid_t child = ::fork();
    if (child == 0) keep_and_send(options, alerts, ends[1], run < kills);
    ::close(ends[1]);
    std::uint64_t last = 0;
    std::uint64_t repeats = 0;
    const auto end = std::chrono::steady_clock::now() +
                     (run < kills ? std::chrono::microseconds{10'000 + random() % 150'000} : 30s);
    int status = 0;
    bool over = false;
    while (!over && std::chrono::steady_clock::now() < end) {
      receive(last, repeats);
      over = ::waitpid(child, &status, WNOHANG) == child;
      std::this_thread::sleep_for(1ms);
    }
    if (!over) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
    }
    receive(last, repeats);
    repeats_most = std::max(repeats_most, repeats);
    for (std::uint64_t told = 0; ::read(ends[0], &told, sizeof told) == sizeof told;)
      committed = std::max(committed, told);
    ::close(ends[0]);
    if (run == kills) {
      EXPECT_TRUE(over && WIFEXITED(status)) << "the last one brings everything to its end";
    }
  }
  ::close(receiver);
  std::uint64_t missing = 0;
  for (std::uint64_t i = 1; i <= committed; ++i) missing += arrived.count(i) == 0 ? 1 : 0;
  const JournalProof proof = verify_journal(folder);
  std::printf(
      "kills %llu: committed %llu, arrived %zu, missing %llu, repeats after one kill at most %llu, out of "
      "order %llu, "
      "journal %s\n",
      static_cast<unsigned long long>(kills), static_cast<unsigned long long>(committed), arrived.size(),
      static_cast<unsigned long long>(missing), static_cast<unsigned long long>(repeats_most),
      static_cast<unsigned long long>(disorder), proof.whole() ? "whole" : "not whole");
  EXPECT_GT(committed, kills);
  EXPECT_EQ(missing, 0U);
  EXPECT_EQ(disorder, 0U);
  EXPECT_LE(repeats_most, 64U);
  EXPECT_TRUE(proof.whole());
}

// SEKIMORI_JOURNAL_RECORDS: how many alerts lie behind (default 10,000; the whole proof is 100,000).
TEST_F(CourierTest, AStartTakesNoLongerForALongJournal) {
  const std::uint64_t records = from_environment("SEKIMORI_JOURNAL_RECORDS", 10'000);
  const auto policy = test::alert_policy();
  AlertMessage message =
      message_of(test::record_of(policy, test::event_of(*policy, "10.10.1.5", "10.20.0.9", 445)), alerts);
  {
    options.sync_records = 64;
    Journal journal{options, std::make_unique<test::QuickDisk>()};
    for (std::uint64_t i = 1; i <= records; ++i) {
      message.sequence = i;
      message.incident = "inc-" + std::to_string(i % 500);
      journal.add(message);
      if (i % 1000 == 0) {
        ASSERT_TRUE(journal.flush({}));
      }
    }
  }
  const auto begin = std::chrono::steady_clock::now();
  boost::asio::io_context io;
  Journal journal{options, std::make_unique<test::QuickDisk>()};
  Sinks sinks{io, alerts};
  const Courier courier{io, journal, sinks, alerts};
  const Time now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  const std::size_t open = open_stories(folder, alerts, now).incidents.size();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("start with %llu alerts behind: %.3f s, open incidents %zu\n",
              static_cast<unsigned long long>(records), took.count(), open);
  EXPECT_EQ(open, 500U);
  EXPECT_EQ(journal.next_sequence(), records + 1);
  EXPECT_LT(took.count(), 5.0) << "the goal is 1 s in a release build; this is a debug build among others";
}

// ---- incidents go on ----

TEST_F(CourierTest, ARestartOpensNoIncidentAnew) {
  const auto policy = test::alert_policy();
  std::vector<AlertRecord> records;
  Incidents before{alerts};
  before.feed(test::event_of(*policy, "10.10.1.5", "10.20.0.9", 445), policy, 0, records);
  before.feed(
      test::event_of(*policy, "10.10.1.5", "10.20.0.8", 445, capture::Stage::data, test::nine_twelve + 1s),
      policy, 0, records);
  before.feed(test::event_of(*policy, "10.10.9.9", "10.20.0.8", 22), policy, 0, records);
  const std::string id = incident_id(records.front());
  Reopening reopening;
  for (const AlertRecord& record : records) {
    const AlertMessage message = message_of(record, alerts);
    reopening.line(message.incident, message.kind, message.resume);
  }
  reopening.line(incident_id(records.back()), "closed", "");

  const std::vector<Resumption> open = reopening.open().incidents;
  ASSERT_EQ(open.size(), 1U) << "the other one was closed";
  Incidents after{alerts};
  std::vector<AlertRecord> later;
  ASSERT_TRUE(after.resume(open.front(), policy, later));
  EXPECT_EQ(after.open(), 1U);
  after.feed(
      test::event_of(*policy, "10.10.1.5", "10.20.0.9", 445, capture::Stage::attempt, test::nine_twelve + 5s),
      policy, 0, later);
  EXPECT_TRUE(later.empty()) << "known: counted, not told";
  after.feed(test::event_of(*policy, "10.10.1.5", "10.20.0.7", 3389, capture::Stage::attempt,
                            test::nine_twelve + 6s),
             policy, 0, later);
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(later[0].kind, AlertKind::widened);
  EXPECT_EQ(incident_id(later[0]), id);
  EXPECT_EQ(later[0].opened, test::nine_twelve);
  EXPECT_EQ(later[0].events, 4U) << "two before, two after";
  EXPECT_EQ(later[0].suppressed, 1U);
}

TEST_F(CourierTest, WhatThePolicyPermitsByNowIsNotResumed) {
  Resumption gone;
  gone.event = test::event_of(*test::alert_policy(), "10.10.1.5", "10.10.0.9", 445);
  gone.from = "mynumber";
  gone.to = "mynumber";
  Incidents after{AlertOptions{}};
  std::vector<AlertRecord> closed;
  EXPECT_FALSE(after.resume(gone, test::alert_policy(), closed));
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].close, CloseReason::permitted);
  gone.to = "a segment of another profile";
  EXPECT_FALSE(after.resume(gone, test::alert_policy(), closed));
  ASSERT_EQ(closed.size(), 2U);
  EXPECT_EQ(closed[1].close, CloseReason::unwatched);
  EXPECT_FALSE(read_resume("{}").has_value());
  EXPECT_FALSE(read_resume("no json").has_value());
}

}  // namespace
}  // namespace sekimori::daemon
