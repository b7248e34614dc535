#include "daemon/worker.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <set>

#include "daemon/errands.hpp"
#include "tests/daemon/city.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;

// Frames of a fixed story, as fast as they are asked for; then quiet.
class StorySource final : public capture::Source {
 public:
  using Make = std::function<kit::Octets(std::uint64_t)>;
  StorySource(std::uint64_t frames, Make make) : frames_(frames), make_(std::move(make)) {}

  capture::ReadResult read(std::uint32_t most, capture::FrameSink& sink) override {
    capture::ReadResult result;
    result.state = capture::ReadState::idle;
    while (result.frames < most && given_ < frames_) {
      const kit::Octets octets = make_(given_++);
      capture::Frame frame;
      frame.bytes = {reinterpret_cast<const std::byte*>(octets.data()), octets.size()};
      frame.wire_length = static_cast<std::uint32_t>(octets.size());
      frame.number = given_;
      frame.time = Time{std::chrono::seconds{1795132800}} + given_ * 1us;
      sink.frame(frame);
      ++result.frames;
    }
    return result;
  }
  int descriptor() const override { return -1; }
  capture::SourceCounters counters() override {
    capture::SourceCounters counters;
    counters.delivered = given_;
    return counters;
  }
  capture::SourceHealth health() const override { return capture::SourceHealth::running; }
  std::string trouble() const override { return {}; }

 private:
  std::uint64_t given_ = 0;
  const std::uint64_t frames_;
  Make make_;
};

std::string host(const char* network, std::uint64_t n) {
  return std::string(network) + std::to_string(n / 250 % 250) + "." + std::to_string(n % 250 + 1);
}

// One frame built, its initiator's address and port written over: tens of thousands are made quickly.
kit::Octets violation(std::uint64_t n) {
  static const kit::Octets pattern =
      kit::ethernet().ipv4("10.10.0.1", "203.0.113.80").tcp(40000, 443, kit::SYN).bytes();
  constexpr std::size_t source = 14 + 12;
  constexpr std::size_t port = 14 + 20;
  kit::Octets octets = pattern;
  const auto put = [&](std::size_t at, std::uint64_t value) {
    octets[at] = static_cast<kit::Octets::value_type>(value & 0xffU);
  };
  put(source + 2, n / 250 % 250);
  put(source + 3, n % 250 + 1);
  put(port + 1, n / 62500);
  return octets;
}

class WorkerTest : public testing::Test {
 protected:
  void open(std::uint64_t frames, StorySource::Make make, std::uint64_t capacity = 100'000) {
    InspectorOptions options;
    options.capacity = capacity;
    options.secret = capture::HashSecret::random();
    std::vector<std::unique_ptr<capture::Source>> sources;
    sources.push_back(std::make_unique<StorySource>(frames, std::move(make)));
    worker =
        std::make_unique<Worker>(options, policy, std::move(sources), std::vector<std::uint16_t>{0}, bell);
    worker->start();
  }
  // Main's part: takes what there is until `enough` says so.
  void serve(const std::function<bool()>& enough, std::chrono::seconds most = 60s) {
    const auto end = std::chrono::steady_clock::now() + most;
    while (!enough()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "the worker did not get there";
      take();
      std::this_thread::sleep_for(1ms);
    }
    take();
  }
  void take() {
    FlowEvent event;
    while (worker->take(event)) {
      if (event.kind == FlowEvent::Kind::wire) continue;  // whose card it was, said once a minute
      initiators.insert(event.facts.tuple.source), ++events;
    }
    while (const auto errand = worker->finished()) errand->done();
  }

  std::shared_ptr<const policy::Policy> policy = test::make_policy();
  Bell bell;
  std::unique_ptr<Worker> worker;
  std::uint64_t events = 0;
  std::set<IpAddress> initiators;
};

TEST_F(WorkerTest, HandsOverEveryViolationAndWorksOffWhatWaitsBeforeItStops) {
  open(5000, violation);
  serve([this] { return events >= 5000; });
  worker->stop();
  serve([this] { return worker->stopped(); });
  const Books& books = worker->inspector().books();
  EXPECT_EQ(events, 5000U);
  EXPECT_EQ(books.packets_read, 5000U);
  EXPECT_TRUE(books.close());
  EXPECT_EQ(books.events_lost, 0U);
}

TEST_F(WorkerTest, LosesNoViolationWhenMainIsSlow) {
  // Three times as many violations as the outbox holds, and nobody takes any until all packets are in.
  constexpr std::uint64_t many = 3 * Worker::outbox_max;
  open(many, violation);
  std::uint64_t read = 0;
  bool asked = false;
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (read < many) {
    ASSERT_LT(std::chrono::steady_clock::now(), end);
    if (!asked) {
      asked = true;
      std::unique_ptr<Errand> errand = std::make_unique<FiguresErrand>([&](WorkerFigures&& figures) {
        read = figures.books.packets_read;
        asked = false;
      });
      ASSERT_TRUE(worker->send(errand));
    }
    if (const auto errand = worker->finished()) errand->done();
    std::this_thread::sleep_for(1ms);
  }
  serve([this] { return events >= many; });
  worker->stop();
  serve([this] { return worker->stopped(); });
  EXPECT_EQ(events, many);
  EXPECT_EQ(initiators.size(), std::min<std::uint64_t>(many, 62500));
  EXPECT_GT(worker->inspector().books().events_delayed, 0U);
  EXPECT_EQ(worker->inspector().books().events_lost, 0U);
}

TEST_F(WorkerTest, AnswersQuestionsInSlicesWhilePacketsGoOn) {
  open(20'000, [](std::uint64_t n) {
    return kit::ethernet()
        .ipv4(host("10.10.", n % 9000), "10.10.10.11")
        .tcp(50000, 443, n < 9000 ? kit::SYN : kit::ACK)
        .bytes();
  });
  FlowAnswer answer;
  int answers = 0;
  const auto ask = [&] {
    FlowQuery query;
    query.limit = 10;
    query.sort = FlowSort::packets;
    std::unique_ptr<Errand> errand = std::make_unique<FlowsErrand>(query, [&](FlowAnswer&& got) {
      answer = std::move(got);
      ++answers;
    });
    ASSERT_TRUE(worker->send(errand));
  };
  ask();
  serve([&] { return answers == 1; });
  // All packets through: the figures are exact.
  serve([&, asked = false]() mutable {
    if (!asked || answers >= 2) {
      if (answers >= 2 && answer.live == 9000) return true;
      asked = true;
      answers = 1;
      ask();
    }
    return false;
  });
  EXPECT_EQ(answer.matched, 9000U);
  EXPECT_EQ(answer.rows.size(), 10U);
  EXPECT_FALSE(answer.complete);
  for (std::size_t i = 1; i < answer.rows.size(); ++i) {
    EXPECT_GE(answer.rows[i - 1].facts.packets_to_server, answer.rows[i].facts.packets_to_server);
  }
  EXPECT_EQ(events, 0U) << "inside one segment nothing is told";
}

TEST_F(WorkerTest, TakesANewPolicyBetweenBatches) {
  open(3000, violation);
  serve([this] { return events >= 3000; });
  auto next = test::make_policy(test::small_city, 2);
  bool replaced = false;
  std::unique_ptr<Errand> errand = std::make_unique<ReplaceErrand>(next, [&] { replaced = true; });
  ASSERT_TRUE(worker->send(errand));
  serve([&] { return replaced; });
  worker->stop();
  serve([this] { return worker->stopped(); });
  EXPECT_EQ(worker->inspector().policy().generation(), 2U);
  EXPECT_EQ(policy.use_count(), 1) << "the old policy is back on main";
}

TEST_F(WorkerTest, RefusesErrandsBeyondItsMailboxInsteadOfGrowing) {
  InspectorOptions options;
  options.capacity = 1024;
  worker = std::make_unique<Worker>(options, policy, std::vector<std::unique_ptr<capture::Source>>{},
                                    std::vector<std::uint16_t>{}, bell);
  std::size_t taken = 0;
  for (std::size_t i = 0; i < 2 * Worker::mailbox_max; ++i) {
    std::unique_ptr<Errand> errand = std::make_unique<FiguresErrand>([](WorkerFigures&&) {});
    taken += worker->send(errand) ? 1U : 0U;
  }
  EXPECT_EQ(taken, Worker::mailbox_max);
  EXPECT_FALSE(worker->has_room());
}

}  // namespace
}  // namespace sekimori::daemon
