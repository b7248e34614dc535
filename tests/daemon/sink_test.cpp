#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/alert/alert_log.hpp"
#include "daemon/alert/sinks.hpp"
#include "daemon/descriptor.hpp"
#include "daemon/render.hpp"
#include "tests/daemon/alert_city.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;

class SinkTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "sekimori-sink-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory = pattern;
    options.sensor = "sk1";
    options.language = Language::en;
  }
  // Also where a test was left early: what is open holds itself, and would be a leak beside the failure.
  void TearDown() override {
    for (const auto& sink : made) sink->close();
    std::filesystem::remove_all(directory);
  }
  std::shared_ptr<Sink> opened(const DestinationOptions& to) {
    return made.emplace_back(make_sink(io, to, options));
  }

  DestinationOptions destination(DestinationKind kind) const {
    DestinationOptions out;
    out.name = "d1";
    out.kind = kind;
    out.host = "127.0.0.1";
    return out;
  }
  AlertMessage record(std::uint64_t sequence) const {
    AlertRecord out = test::record_of(policy, test::event_of(*policy, "10.10.1.5", "203.0.113.9", 443));
    out.sequence = sequence;
    return message_of(out, options);
  }
  // Runs the sink's context until the condition holds; false when it does not within the time.
  template <typename Condition>
  bool until(Condition condition, std::chrono::milliseconds most = 8s) {
    const auto end = std::chrono::steady_clock::now() + most;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      if (io.stopped()) io.restart();
      io.run_one_for(10ms);
    }
    return true;
  }
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return out;
  }
  // Bound to 127.0.0.1; `port` 0 lets the system choose and tells which.
  static Descriptor bound(int type, std::uint16_t& port) {
    Descriptor out{::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    const int yes = 1;
    ::setsockopt(out.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address = loopback(port);
    EXPECT_EQ(::bind(out.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t size = sizeof address;
    ::getsockname(out.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    if (type == SOCK_STREAM) {
      EXPECT_EQ(::listen(out.get(), 8), 0);
    }
    return out;
  }
  static std::string receive(const Descriptor& from) {
    std::array<char, 65536> buffer{};
    const ssize_t octets = ::recv(from.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return octets > 0 ? std::string(buffer.data(), static_cast<std::size_t>(octets)) : std::string{};
  }
  static std::uint64_t sequence_of(const std::string& message) {
    const std::size_t at = message.find("sequenceId=\"");
    return at == std::string::npos ? 0 : std::stoull(message.substr(at + 12));
  }
  // Takes whole octet-counted messages off the front.
  static std::vector<std::string> frames(std::string& bytes) {
    std::vector<std::string> out;
    for (;;) {
      const std::size_t space = bytes.find(' ');
      if (space == std::string::npos) return out;
      const std::size_t length = std::stoull(bytes.substr(0, space));
      if (bytes.size() < space + 1 + length) return out;
      out.push_back(bytes.substr(space + 1, length));
      bytes.erase(0, space + 1 + length);
    }
  }
  static std::string content(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }
  static std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
  }

  boost::asio::io_context io{};
  std::vector<std::shared_ptr<Sink>> made{};
  AlertOptions options{};
  std::shared_ptr<const policy::Policy> policy = test::alert_policy();
  std::string directory{};
};

TEST_F(SinkTest, WritesEveLinesAndOpensTheFileAnewAfterRotation) {
  DestinationOptions to = destination(DestinationKind::eve_file);
  to.path = directory + "/eve.json";
  const auto sink = opened(to);
  sink->deliver(record(1));
  sink->deliver(record(2));
  std::filesystem::rename(to.path, to.path + ".1");
  sink->deliver(record(3));
  sink->reopen();
  sink->deliver(record(4));
  const auto old = lines(content(to.path + ".1"));
  ASSERT_EQ(old.size(), 3U);
  const auto parsed = boost::json::parse(old[2]).as_object();
  EXPECT_EQ(parsed.at("event_type").as_string(), "alert");
  EXPECT_EQ(parsed.at("sekimori").at("sequence").to_number<int>(), 3);
  ASSERT_EQ(lines(content(to.path)).size(), 1U);
  EXPECT_EQ(sink->counters().sent, 4U);
  EXPECT_TRUE(sink->idle());
}

TEST_F(SinkTest, EndsALineThatACrashLeftBehind) {
  DestinationOptions to = destination(DestinationKind::text_file);
  to.path = directory + "/alerts.log";
  std::ofstream{to.path} << "half a li";
  const auto sink = opened(to);
  sink->deliver(record(1));
  const auto all = lines(content(to.path));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0], "half a li");
  EXPECT_NE(all[1].find(" warning opened inc-"), std::string::npos) << all[1];
}

TEST_F(SinkTest, KeepsWhatAMissingDirectoryRefusesUntilItIsThere) {
  DestinationOptions to = destination(DestinationKind::eve_file);
  to.path = directory + "/later/eve.json";
  const auto sink = opened(to);
  sink->deliver(record(1));
  EXPECT_FALSE(sink->counters().connected);
  EXPECT_GE(sink->counters().failures, 1U);
  EXPECT_FALSE(sink->trouble().empty());
  std::filesystem::create_directory(directory + "/later");
  ASSERT_TRUE(until([&] { return sink->idle(); }));
  EXPECT_EQ(lines(content(to.path)).size(), 1U);
  EXPECT_TRUE(sink->counters().connected);
  EXPECT_TRUE(sink->trouble().empty());
}

TEST_F(SinkTest, FullDiskIsCountedAndRetried) {
  DestinationOptions to = destination(DestinationKind::eve_file);
  to.path = "/dev/full";
  const auto sink = opened(to);
  sink->deliver(record(1));
  EXPECT_TRUE(until([&] { return sink->counters().failures >= 2; }));
  EXPECT_EQ(sink->counters().sent, 0U);
  EXPECT_EQ(sink->counters().queued, 1U);
  EXPECT_FALSE(sink->trouble().empty());
}

TEST_F(SinkTest, AReaderOfAPipeWhoStopsReadingStopsNobody) {
  const std::string path = directory + "/pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  Descriptor reader{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  DestinationOptions to = destination(DestinationKind::eve_file);
  to.path = path;
  const auto sink = opened(to);
  constexpr std::uint64_t count = 400;  // far more than a pipe holds
  for (std::uint64_t i = 1; i <= count; ++i) sink->deliver(record(i));
  EXPECT_GT(sink->counters().queued, 0U);
  std::string read;
  std::array<char, 65536> buffer{};
  ASSERT_TRUE(until([&] {
    const ssize_t octets = ::read(reader.get(), buffer.data(), buffer.size());
    if (octets > 0) read.append(buffer.data(), static_cast<std::size_t>(octets));
    return sink->idle() && octets <= 0;
  }));
  const auto all = lines(read);
  ASSERT_EQ(all.size(), count);
  for (std::uint64_t i = 0; i < count; ++i) {
    EXPECT_EQ(boost::json::parse(all[i]).at("sekimori").at("sequence").to_number<std::uint64_t>(), i + 1);
  }
  // The reader goes away: no signal kills us, the record waits.
  reader.reset();
  sink->deliver(record(count + 1));
  EXPECT_FALSE(sink->counters().connected);
  EXPECT_EQ(sink->counters().queued, 1U);
}

TEST_F(SinkTest, SendsOneUdpDatagramForEachRecord) {
  DestinationOptions to = destination(DestinationKind::syslog_udp);
  to.port = 0;
  const Descriptor receiver = bound(SOCK_DGRAM, to.port);
  const auto sink = opened(to);
  for (std::uint64_t i = 1; i <= 3; ++i) sink->deliver(record(i));
  ASSERT_TRUE(until([&] { return sink->idle(); }));
  for (std::uint64_t i = 1; i <= 3; ++i) {
    const std::string message = receive(receiver);
    EXPECT_EQ(message.substr(0, 6), "<164>1") << "local4, warning";
    EXPECT_EQ(sequence_of(message), i);
    EXPECT_LE(message.size(), to.message_max);
  }
  EXPECT_EQ(sink->counters().sent, 3U);
}

TEST_F(SinkTest, RepeatsTheDatagramThatFoundThePortClosed) {
  DestinationOptions to = destination(DestinationKind::syslog_udp);
  to.port = 0;
  { const Descriptor gone = bound(SOCK_DGRAM, to.port); }
  const auto sink = opened(to);
  sink->deliver(record(1));  // the kernel takes it, and learns that nobody listens
  ASSERT_TRUE(until([&] { return sink->idle(); }));
  sink->deliver(record(2));
  ASSERT_TRUE(until([&] { return sink->counters().failures >= 1; }));
  const Descriptor receiver = bound(SOCK_DGRAM, to.port);
  ASSERT_TRUE(until([&] { return sink->idle(); }));
  EXPECT_EQ(sequence_of(receive(receiver)), 1U);
  EXPECT_EQ(sequence_of(receive(receiver)), 2U);
  EXPECT_EQ(sink->counters().sent, 2U) << "a repeated record counts once";
}

class LocalSocket {
 public:
  explicit LocalSocket(const std::string& path)
      : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    ::unlink(path.c_str());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  const Descriptor& descriptor() const { return fd_; }

 private:
  Descriptor fd_;
};

TEST_F(SinkTest, LocalSocketSurvivesARestartOfItsReceiver) {
  DestinationOptions to = destination(DestinationKind::syslog_local);
  to.path = directory + "/log";
  to.rfc3164 = true;
  const auto sink = opened(to);
  sink->deliver(record(1));
  EXPECT_FALSE(sink->counters().connected) << "nobody there yet";
  {
    const LocalSocket receiver{to.path};
    ASSERT_TRUE(until([&] { return sink->idle(); }));
    const std::string message = receive(receiver.descriptor());
    EXPECT_EQ(message.substr(0, 5), "<164>");
    EXPECT_NE(message.find(" sekimori["), std::string::npos);
    EXPECT_NE(message.find("]: msgid=VIOLATION seq=1 verdict=forbid "), std::string::npos) << message;
  }
  sink->deliver(record(2));
  sink->deliver(record(3));
  ASSERT_TRUE(until([&] { return !sink->counters().connected; }));
  const LocalSocket again{to.path};
  ASSERT_TRUE(until([&] { return sink->idle(); }));
  EXPECT_NE(receive(again.descriptor()).find(" seq=2 "), std::string::npos);
  EXPECT_NE(receive(again.descriptor()).find(" seq=3 "), std::string::npos);
}

TEST_F(SinkTest, AFullLocalReceiverIsWaitedFor) {
  DestinationOptions to = destination(DestinationKind::syslog_local);
  to.path = directory + "/log";
  const LocalSocket receiver{to.path};
  const auto sink = opened(to);
  constexpr std::uint64_t count = 2000;
  for (std::uint64_t i = 1; i <= count; ++i) sink->deliver(record(i));
  until([] { return false; }, 100ms);
  EXPECT_GT(sink->counters().queued, 0U) << "a datagram socket holds a few hundred at most";
  std::uint64_t next = 1;
  ASSERT_TRUE(until([&] {
    for (;;) {
      const std::string message = receive(receiver.descriptor());
      if (message.empty()) break;
      EXPECT_EQ(sequence_of(message), next);
      ++next;
    }
    return next == count + 1;
  }));
}

TEST_F(SinkTest, RefusesTheNewestWhenFullAndSaysSoInTheSameDestination) {
  DestinationOptions to = destination(DestinationKind::syslog_local);
  to.path = directory + "/log";
  to.queue_max = 16;
  const auto sink = opened(to);
  for (std::uint64_t i = 1; i <= 20; ++i) sink->deliver(record(i));
  EXPECT_EQ(sink->counters().accepted, 16U);
  EXPECT_EQ(sink->counters().dropped, 4U);
  EXPECT_EQ(sink->counters().queued, 16U);
  const LocalSocket receiver{to.path};
  std::vector<std::string> received;
  ASSERT_TRUE(until([&] {
    for (std::string message = receive(receiver.descriptor()); !message.empty();
         message = receive(receiver.descriptor())) {
      received.push_back(message);
    }
    return sink->idle();
  }));
  for (std::string message = receive(receiver.descriptor()); !message.empty();
       message = receive(receiver.descriptor())) {
    received.push_back(message);
  }
  ASSERT_EQ(received.size(), 17U) << "sixteen records and one line about the others";
  for (std::uint64_t i = 0; i < 16; ++i) EXPECT_EQ(sequence_of(received[i]), i + 1);
  EXPECT_NE(received[16].find(" HEALTH [sekimori@32473 kind=\"alerts-lost\" lost=\"4\""), std::string::npos)
      << received[16];
  EXPECT_EQ(sink->counters().sent, 16U);
}

TEST_F(SinkTest, TooBigADatagramIsCountedAndDoesNotBlockTheNext) {
  DestinationOptions to = destination(DestinationKind::syslog_udp);
  to.port = 0;
  to.message_max = 65535;  // beyond what the reader allows: UDP carries 65507
  const Descriptor receiver = bound(SOCK_DGRAM, to.port);
  policy::PolicyOptions wordy = test::alert_city();
  for (policy::Clause& clause : wordy.profile.clauses) clause.gloss.assign(70'000, 'x');
  const auto wordy_policy = std::make_shared<const policy::Policy>(std::move(wordy));
  const auto sink = opened(to);
  sink->deliver(message_of(
      test::record_of(wordy_policy, test::event_of(*wordy_policy, "10.10.1.5", "203.0.113.9", 443)),
      options));
  sink->deliver(record(2));
  ASSERT_TRUE(until([&] { return sink->idle(); }));
  EXPECT_EQ(sink->counters().settled, 2U) << "what can never be sent is settled as well";
  EXPECT_EQ(sink->counters().dropped, 1U);
  EXPECT_EQ(sink->counters().sent, 1U);
  const std::string first = receive(receiver);
  const std::string second = receive(receiver);
  EXPECT_EQ(sequence_of(first) + sequence_of(second), 2U);
  EXPECT_NE((first + second).find("lost=\"1\""), std::string::npos) << "the loss is told where it happened";
}

TEST_F(SinkTest, TcpCountsOctetsAndKeepsOrderOverRestartsOfTheReceiver) {
  DestinationOptions to = destination(DestinationKind::syslog_tcp);
  to.port = 0;
  Descriptor listener = bound(SOCK_STREAM, to.port);
  const auto sink = opened(to);
  std::uint64_t sequence = 0;
  std::vector<std::vector<std::uint64_t>> connections;
  for (int round = 0; round < 4; ++round) {
    std::vector<std::uint64_t>& received = connections.emplace_back();
    for (int i = 0; i < 50; ++i) sink->deliver(record(++sequence));
    Descriptor peer;
    std::string bytes;
    // Reads a part, then dies with the rest unread and a message cut in the middle.
    ASSERT_TRUE(until([&] {
      if (peer.get() < 0)
        peer.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (peer.get() < 0) return false;
      std::array<char, 1000> buffer{};
      const ssize_t octets = ::recv(peer.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (octets > 0) bytes.append(buffer.data(), static_cast<std::size_t>(octets));
      for (const std::string& message : frames(bytes)) received.push_back(sequence_of(message));
      return received.size() >= 20;
    }));
    peer.reset();
    listener.reset();
    until([] { return false; }, 30ms);
    sink->deliver(record(++sequence));
    listener = bound(SOCK_STREAM, to.port);
  }
  std::vector<std::uint64_t>& received = connections.emplace_back();
  Descriptor peer;
  std::string bytes;
  ASSERT_TRUE(until([&] {
    if (peer.get() < 0) peer.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (peer.get() >= 0) bytes += receive(peer);
    for (const std::string& message : frames(bytes)) received.push_back(sequence_of(message));
    return sink->idle() && !received.empty() && received.back() == sequence;
  }));
  EXPECT_TRUE(bytes.empty()) << "no half message at the end";
  EXPECT_EQ(sink->counters().sent, sequence);
  EXPECT_EQ(sink->counters().dropped, 0U);
  EXPECT_GE(sink->counters().failures, 4U);
  // A new connection may begin with what was sent before; from there on nothing is skipped or swapped.
  EXPECT_EQ(connections.size(), 5U);
  for (const auto& numbers : connections) {
    for (std::size_t i = 1; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], numbers[i - 1] + 1);
  }
}

TEST_F(SinkTest, TcpRepeatsWhatADeadPeersKernelNeverAcknowledged) {
  DestinationOptions to = destination(DestinationKind::syslog_tcp);
  to.port = 0;
  Descriptor listener = bound(SOCK_STREAM, to.port);
  const int small = 4096;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  const auto sink = opened(to);
  Descriptor peer;
  ASSERT_TRUE(until([&] {
    peer.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    return peer.get() >= 0;
  }));
  // More than the peer's buffer takes: the rest lies in our kernel, unacknowledged, when the peer dies.
  constexpr std::uint64_t count = 200;
  for (std::uint64_t i = 1; i <= count; ++i) sink->deliver(record(i));
  until([] { return false; }, 300ms);
  EXPECT_GT(sink->counters().queued, 0U);
  // What its kernel took is only looked at (reading would let more in), then it dies: from the first message
  // that it lacks on, all must come again.
  std::string bytes(1U << 20U, '\0');
  const ssize_t taken = ::recv(peer.get(), bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
  ASSERT_GT(taken, 0);
  bytes.resize(static_cast<std::size_t>(taken));
  std::uint64_t last = 0;
  for (const std::string& message : frames(bytes)) {
    EXPECT_EQ(sequence_of(message), last + 1);
    last = sequence_of(message);
  }
  ASSERT_LT(last, count);
  const linger hard{1, 0};
  ::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  peer.reset();
  std::vector<std::uint64_t> second;
  bytes.clear();
  ASSERT_TRUE(until([&] {
    if (peer.get() < 0) peer.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (peer.get() >= 0) bytes += receive(peer);
    for (const std::string& message : frames(bytes)) second.push_back(sequence_of(message));
    return sink->idle() && !second.empty() && second.back() == count;
  }));
  EXPECT_LE(second.front(), last + 1);
  for (std::size_t i = 1; i < second.size(); ++i) EXPECT_EQ(second[i], second[i - 1] + 1);
  EXPECT_GT(sink->counters().resent, 0U);
  EXPECT_EQ(sink->counters().sent, count);
}

TEST_F(SinkTest, ADeadDestinationDelaysNobodyElse) {
  DestinationOptions dead = destination(DestinationKind::syslog_tcp);
  std::uint16_t port = 0;
  { const Descriptor gone = bound(SOCK_STREAM, port); }
  dead.port = port;
  dead.queue_max = 16;
  DestinationOptions file = destination(DestinationKind::eve_file);
  file.path = directory + "/eve.json";
  options.destinations = {dead, file};
  Sinks sinks{io, options};
  for (std::uint64_t i = 1; i <= 100; ++i) sinks.deliver(record(i));
  EXPECT_EQ(lines(content(file.path)).size(), 100U);
  EXPECT_FALSE(sinks.drain(50ms));
  EXPECT_EQ(sinks.all()[0]->counters().dropped, 84U);
  EXPECT_EQ(sinks.all()[1]->counters().dropped, 0U);
}

TEST_F(SinkTest, DrainTellsWhenAllIsSent) {
  DestinationOptions to = destination(DestinationKind::syslog_tcp);
  to.port = 0;
  const Descriptor listener = bound(SOCK_STREAM, to.port);
  options.destinations = {to};
  Sinks sinks{io, options};
  sinks.deliver(record(1));
  EXPECT_FALSE(sinks.idle());
  int answers = 0;
  bool complete = false;
  sinks.drain(5s, [&](bool all) {
    ++answers;
    complete = all;
  });
  ASSERT_TRUE(until([&] { return answers > 0; }));
  EXPECT_EQ(answers, 1);
  EXPECT_TRUE(complete);
}

TEST_F(SinkTest, RefusesAHostThatIsNoAddress) {
  DestinationOptions to = destination(DestinationKind::syslog_udp);
  to.host = "syslog.example.jp";
  EXPECT_THROW(make_sink(io, to, options), std::runtime_error);
}

TEST_F(SinkTest, SaysHowMuchItWouldTakeAndWhatIsSettled) {
  DestinationOptions to = destination(DestinationKind::eve_file);
  to.path = directory + "/missing/eve.json";
  to.queue_max = 16;
  const auto sink = opened(to);
  std::uint64_t heard = 0;
  sink->on_settled([&heard] { ++heard; });
  for (std::uint64_t i = 1; i <= 3; ++i) sink->deliver(record(i));
  EXPECT_EQ(sink->room(), 13U);
  EXPECT_EQ(sink->counters().settled, 0U) << "no such folder: nothing is safe";
  std::filesystem::create_directory(directory + "/missing");
  ASSERT_TRUE(until([&] { return sink->idle(); }));
  EXPECT_EQ(sink->counters().settled, 3U);
  EXPECT_EQ(heard, 3U);
  EXPECT_EQ(sink->room(), 16U);
}

TEST_F(SinkTest, AlertLogKeepsTheNewestAndSaysWhatItLacks) {
  options.alerts_kept = 16;
  AlertLog log{options};
  for (std::uint64_t i = 1; i <= 20; ++i) {
    AlertMessage one = record(i);
    one.incident = i % 2 == 0 ? "inc-even" : "inc-odd";
    log.add(one);
  }
  const auto sequences = [](const boost::json::object& answer) {
    std::vector<int> out;
    for (const auto& alert : answer.at("alerts").as_array()) {
      out.push_back(alert.at("sekimori").at("sequence").to_number<int>());
    }
    return out;
  };
  const auto newest = log.query(0, "", 3);
  EXPECT_EQ(sequences(newest), (std::vector<int>{18, 19, 20}));
  EXPECT_EQ(newest.at("matched").to_number<int>(), 16);
  EXPECT_FALSE(newest.at("complete").as_bool());
  const auto following = log.query(10, "", 3);
  EXPECT_EQ(sequences(following), (std::vector<int>{11, 12, 13}));
  EXPECT_FALSE(following.at("complete").as_bool());
  const auto rest = log.query(17, "", 100);
  EXPECT_EQ(sequences(rest), (std::vector<int>{18, 19, 20}));
  EXPECT_TRUE(rest.at("complete").as_bool());
  EXPECT_EQ(sequences(log.query(14, "inc-even", 100)), (std::vector<int>{16, 18, 20}));
  EXPECT_FALSE(log.query(2, "", 100).at("complete").as_bool()) << "3 and 4 are no longer kept";
  EXPECT_TRUE(log.query(20, "", 100).at("alerts").as_array().empty());
}

}  // namespace
}  // namespace sekimori::daemon
