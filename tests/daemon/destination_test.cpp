// What each kind of destination is given: files that are rotated and shared, framing, limits, test lines.
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/alert/drills.hpp"
#include "daemon/alert/rotation.hpp"
#include "daemon/alert/sinks.hpp"
#include "daemon/render.hpp"
#include "daemon/render/utf8.hpp"
#include "tests/daemon/alert_city.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace fs = std::filesystem;

class DestinationTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "sekimori-destination-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    options.sensor = "sk1";
    options.language = Language::en;
  }
  void TearDown() override { fs::remove_all(folder); }

  AlertMessage message(std::uint64_t sequence) const {
    AlertRecord out = test::record_of(policy, test::event_of(*policy, "10.10.1.5", "203.0.113.9", 443));
    out.sequence = sequence;
    return message_of(out, options);
  }
  DestinationOptions file(const std::string& name) const {
    DestinationOptions out;
    out.name = "d1";
    out.kind = DestinationKind::eve_file;
    out.path = folder + "/" + name;
    return out;
  }
  // In the order of their names.
  std::vector<std::string> files() const {
    std::vector<std::string> out;
    for (const auto& each : fs::directory_iterator{folder}) out.push_back(each.path().filename().string());
    std::sort(out.begin(), out.end());
    return out;
  }
  std::vector<std::uint64_t> sequences(const std::string& name) const {
    std::ifstream in{folder + "/" + name};
    std::vector<std::uint64_t> out;
    for (std::string line; std::getline(in, line);) {
      out.push_back(boost::json::parse(line).at("sekimori").at("sequence").to_number<std::uint64_t>());
    }
    return out;
  }
  mode_t mode_of(const std::string& name) const {
    struct stat status {};
    EXPECT_EQ(::stat((folder + "/" + name).c_str(), &status), 0);
    return status.st_mode & 07777U;
  }
  template <typename Condition>
  bool until(Condition condition, std::chrono::milliseconds most = 8s) {
    const auto end = std::chrono::steady_clock::now() + most;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      if (io.stopped()) io.restart();
      io.run_one_for(5ms);
    }
    return true;
  }

  asio::io_context io{};
  AlertOptions options{};
  std::shared_ptr<const policy::Policy> policy = test::alert_policy();
  std::string folder{};
};

TEST_F(DestinationTest, AFullFileIsRenamedBetweenTwoLinesAndOnlySoManyAreKept) {
  DestinationOptions to = file("eve.json");
  to.rotate = {.size = 64U << 10U, .every = 0s, .keep = 3};
  std::ofstream{folder + "/eve.json.1"} << "logrotate's own\n";
  std::ofstream{folder + "/eve.json.20260401T000000Z.gz"} << "somebody's\n";
  const auto sink = make_sink(io, to, options);
  constexpr std::uint64_t count = 400;
  for (std::uint64_t i = 1; i <= count; ++i) sink->deliver(message(i));
  EXPECT_EQ(sink->counters().sent, count);
  const std::uint64_t rotated = sink->counters().rotated;
  EXPECT_GE(rotated, 5U);
  EXPECT_EQ(sink->counters().removed, rotated - 3);
  std::vector<std::string> renamed;
  for (const std::string& name : files()) {
    if (name != "eve.json" && name != "eve.json.1" && name.find(".gz") == std::string::npos)
      renamed.push_back(name);
  }
  ASSERT_EQ(renamed.size(), 3U);
  EXPECT_TRUE(fs::exists(folder + "/eve.json.1")) << "only names of our own are deleted";
  EXPECT_TRUE(fs::exists(folder + "/eve.json.20260401T000000Z.gz"));
  // What is left is the end of the row, without a gap, each file within its limit.
  std::vector<std::uint64_t> all;
  renamed.emplace_back("eve.json");
  for (const std::string& name : renamed) {
    EXPECT_LE(fs::file_size(folder + "/" + name), to.rotate.size) << name;
    for (const std::uint64_t sequence : sequences(name)) all.push_back(sequence);
  }
  EXPECT_EQ(all.back(), count);
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_EQ(all[i], all[i - 1] + 1);
  // A restart goes on with the file, and does not rename it for being there.
  sink->close();
  const auto again = make_sink(io, to, options);
  again->deliver(message(count + 1));
  EXPECT_EQ(again->counters().rotated, 0U);
  EXPECT_EQ(sequences("eve.json").back(), count + 1);
}

TEST_F(DestinationTest, AFileOfYesterdayIsRenamedAtTheFirstLineOfToday) {
  DestinationOptions to = file("eve.json");
  to.rotate.every = 24h;
  { make_sink(io, to, options)->deliver(message(1)); }
  const auto yesterday = fs::file_time_type::clock::now() - 24h;
  fs::last_write_time(to.path, yesterday);
  const auto sink = make_sink(io, to, options);
  EXPECT_EQ(sink->counters().rotated, 0U) << "no line, no file";
  sink->deliver(message(2));
  sink->deliver(message(3));
  EXPECT_EQ(sink->counters().rotated, 1U);
  EXPECT_EQ(files().size(), 2U);
  EXPECT_EQ(sequences("eve.json"), (std::vector<std::uint64_t>{2, 3}));
}

TEST_F(DestinationTest, PeriodsBeginAtMidnightOfTheConfiguredOffset) {
  using Moment = Rotation::Moment;
  const auto at = [](int day, int hour, int minute = 0) {
    return Moment{std::chrono::sys_days{std::chrono::year{2026} / 4 / day}} + std::chrono::hours{hour} +
           std::chrono::minutes{minute};
  };
  const Rotation daily{{.size = 0, .every = 24h, .keep = 4}, "/nowhere/x", 540};
  EXPECT_FALSE(daily.due(10, 10, at(1, 14, 58), at(1, 14, 59)));  // 23:58 and 23:59 in Japan
  EXPECT_TRUE(daily.due(10, 10, at(1, 14, 59), at(1, 15)));       // midnight
  EXPECT_FALSE(daily.due(10, 10, at(1, 15), at(2, 14, 59)));
  EXPECT_FALSE(daily.due(0, 10, at(1, 0), at(3, 0))) << "an empty file stays";
  EXPECT_FALSE(daily.due(10, 10, at(3, 0), at(1, 0))) << "a clock that was set back makes no new day";
  const Rotation sized{{.size = 100, .every = 0s, .keep = 4}, "/nowhere/x", 540};
  EXPECT_FALSE(sized.due(90, 10, at(1, 0), at(9, 0)));
  EXPECT_TRUE(sized.due(91, 10, at(1, 0), at(1, 0)));
}

TEST_F(DestinationTest, AClockThatWasSetBackDeletesTheOldestAllTheSame) {
  const std::string path = folder + "/eve.json";
  Rotation rotation{{.size = 1, .every = 0s, .keep = 2}, path, 0};
  const auto now = Rotation::Moment{std::chrono::sys_days{std::chrono::year{2026} / 4 / 1}};
  const auto turn = [&](const char* content, Rotation::Moment when) {
    std::ofstream{path} << content;
    EXPECT_TRUE(rotation.rotate(when));
  };
  turn("1", now);
  turn("2", now + 1h);
  turn("3", now - 24h);
  turn("4", now - 24h);
  const auto left = files();
  ASSERT_EQ(left.size(), 2U);
  std::string content;
  for (const std::string& name : left) {
    std::ifstream in{folder + "/" + name};
    content.append(std::istreambuf_iterator<char>{in}, {});
  }
  EXPECT_EQ(content, "34");
}

TEST_F(DestinationTest, AFileThatCannotBeRenamedIsWrittenOnAndThatIsTold) {
  if (::geteuid() == 0) {
    // Root renames in a folder that forbids it; a name that is taken by every candidate stops even root.
    Rotation rotation{{.size = 1, .every = 0s, .keep = 2}, folder + "/gone.json", 0};
    const auto now = std::chrono::system_clock::now();
    EXPECT_FALSE(rotation.rotate(now)) << "there is no such file";
    EXPECT_FALSE(rotation.trouble().empty());
    EXPECT_FALSE(rotation.due(10, 10, now, now)) << "not tried at each line";
    EXPECT_TRUE(rotation.due(10, 10, now, now + Rotation::pause));
    return;
  }
  DestinationOptions to = file("eve.json");
  to.rotate.size = 64U << 10U;
  const auto sink = make_sink(io, to, options);
  fs::permissions(folder, fs::perms::owner_read | fs::perms::owner_exec);
  for (std::uint64_t i = 1; i <= 100; ++i) sink->deliver(message(i));
  EXPECT_EQ(sink->counters().sent, 100U);
  EXPECT_NE(sink->warning().find("cannot be rotated"), std::string::npos);
  fs::permissions(folder, fs::perms::owner_all);
}

TEST_F(DestinationTest, ModeAndGroupAreThoseOfTheConfigurationWhateverTheUmask) {
  const mode_t before = ::umask(0077);
  DestinationOptions to = file("a.json");
  const auto first = make_sink(io, to, options);
  EXPECT_EQ(mode_of("a.json"), 0640U);
  to = file("b.json");
  to.mode = 0644;
  to.rotate.size = 64U << 10U;
  const auto second = make_sink(io, to, options);
  for (std::uint64_t i = 1; i <= 60; ++i) second->deliver(message(i));
  ASSERT_GE(second->counters().rotated, 1U);
  EXPECT_EQ(mode_of("b.json"), 0644U) << "the next file as well";
  // A file that is there with other permissions is put right.
  std::ofstream{folder + "/c.json"} << "";
  ASSERT_EQ(mode_of("c.json"), 0600U);
  to = file("c.json");
  const auto third = make_sink(io, to, options);
  EXPECT_EQ(mode_of("c.json"), 0640U);
  ::umask(before);
  to = file("d.json");
  to.group = "no-such-group-here";
  const auto fourth = make_sink(io, to, options);
  fourth->deliver(message(1));
  EXPECT_EQ(fourth->counters().sent, 1U) << "alerts are not lost for a group";
  EXPECT_NE(fourth->warning().find("no-such-group-here"), std::string::npos);
  EXPECT_EQ(mode_of("d.json"), 0600U) << "readers of another group were not meant";
  if (::geteuid() == 0) {
    struct group* adm = ::getgrnam("adm");
    ASSERT_NE(adm, nullptr);
    to = file("e.json");
    to.group = "adm";
    const auto fifth = make_sink(io, to, options);
    struct stat status {};
    ASSERT_EQ(::stat(to.path.c_str(), &status), 0);
    EXPECT_EQ(status.st_gid, adm->gr_gid);
    EXPECT_EQ(mode_of("e.json"), 0640U);
    EXPECT_EQ(fifth->warning(), "");
  }
}

TEST_F(DestinationTest, ReceiversThatCountNothingGetLines) {
  asio::ip::tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
  DestinationOptions to;
  to.name = "d1";
  to.kind = DestinationKind::syslog_tcp;
  to.host = "127.0.0.1";
  to.port = acceptor.local_endpoint().port();
  to.framing = Framing::newline;
  std::string received;
  std::array<char, 65536> buffer{};
  asio::ip::tcp::socket peer{io};
  std::function<void()> read = [&] {
    peer.async_read_some(asio::buffer(buffer),
                         [&](const boost::system::error_code& error, std::size_t octets) {
                           if (error) return;
                           received.append(buffer.data(), octets);
                           read();
                         });
  };
  acceptor.async_accept(peer, [&](const boost::system::error_code& error) {
    if (!error) read();
  });
  const auto sink = make_sink(io, to, options);
  for (std::uint64_t i = 1; i <= 20; ++i) {
    AlertMessage one = message(i);
    one.text += "\nsecond line\r";
    sink->deliver(one);
  }
  ASSERT_TRUE(until([&] { return sink->idle(); }));
  until([] { return false; }, 50ms);
  std::istringstream lines{received};
  std::uint64_t next = 0;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_EQ(line.substr(0, 3), "<16") << "one line, one message";
    EXPECT_NE(line.find("sequenceId=\"" + std::to_string(++next) + "\""), std::string::npos) << line;
  }
  EXPECT_EQ(next, 20U);
  EXPECT_EQ(received.back(), '\n');
}

TEST_F(DestinationTest, DatagramsKeepTheirLimitOnACharacterBorderAndAreCounted) {
  options.language = Language::ja;
  asio::ip::udp::socket receiver{io, {asio::ip::address_v4::loopback(), 0}};
  DestinationOptions to;
  to.name = "d1";
  to.kind = DestinationKind::syslog_udp;
  to.host = "127.0.0.1";
  to.port = receiver.local_endpoint().port();
  std::uint64_t cut = 0;
  std::uint64_t delivered = 0;
  std::vector<std::shared_ptr<Sink>> sinks;
  for (const std::uint16_t most : std::initializer_list<std::uint16_t>{480, 777, 1400, 8192}) {
    to.message_max = most;
    const auto sink = sinks.emplace_back(make_sink(io, to, options));
    sink->deliver(message(++delivered));
    ASSERT_TRUE(until([&] { return sink->idle(); }));
    std::string bytes(70'000, '\0');
    bytes.resize(receiver.receive(asio::buffer(bytes)));
    EXPECT_LE(bytes.size(), most);
    EXPECT_EQ(utf8_repaired(bytes), bytes) << "no half character";
    const bool marked = bytes.find(" trunc=\"1\"") != std::string::npos;
    EXPECT_EQ(sink->counters().truncated, marked ? 1U : 0U) << most;
    cut += sink->counters().truncated;
  }
  EXPECT_EQ(cut, 2U) << "480 and 777 are too small for this alert, 8192 is not";
}

TEST_F(DestinationTest, TestLinesGoOneOfEachSeverityAndCountAsNothing) {
  DestinationOptions eve = file("eve.json");
  eve.name = "eve";
  DestinationOptions text = file("alerts.log");
  text.name = "text";
  text.kind = DestinationKind::text_file;
  options.destinations = {eve, text};
  Sinks sinks{io, options};
  sinks.deliver(message(1));
  boost::json::object answer;
  run_drills(io, sinks, "eve", options, [&](boost::json::object told) { answer = std::move(told); });
  ASSERT_TRUE(until([&] { return !answer.empty(); }));
  EXPECT_TRUE(answer.at("complete").as_bool());
  const auto& lines = answer.at("lines").as_array();
  ASSERT_EQ(lines.size(), 6U);
  std::string wanted;
  std::vector<std::string> severities;
  for (const auto& line : lines) {
    EXPECT_EQ(line.at("destination").as_string(), "eve");
    EXPECT_EQ(line.at("state").as_string(), "accepted");
    severities.emplace_back(line.at("severity").as_string());
    wanted += line.at("bytes").as_string();
  }
  EXPECT_EQ(severities,
            (std::vector<std::string>{"alert", "critical", "error", "warning", "notice", "info"}));
  std::ifstream in{eve.path};
  const std::string content{std::istreambuf_iterator<char>{in}, {}};
  const std::size_t first_line = content.find('\n') + 1;
  EXPECT_EQ(content.substr(first_line), wanted) << "the very bytes";
  for (const auto& line : lines) {
    const auto event = boost::json::parse(line.at("bytes").as_string());
    EXPECT_EQ(event.at("event_type").as_string(), "test");
    EXPECT_FALSE(event.at("sekimori").as_object().contains("incident"));
    EXPECT_NE(event.at("sekimori").at("text").as_string().find("[Test]"), std::string::npos);
  }
  EXPECT_EQ(sinks.all()[0]->counters().sent, 1U);
  EXPECT_EQ(sinks.all()[0]->counters().accepted, 1U);
  EXPECT_EQ(sinks.all()[1]->counters().sent, 1U);
  // All of them, without a name.
  answer.clear();
  run_drills(io, sinks, "", options, [&](boost::json::object told) { answer = std::move(told); });
  ASSERT_TRUE(until([&] { return !answer.empty(); }));
  EXPECT_EQ(answer.at("lines").as_array().size(), 12U);
}

TEST_F(DestinationTest, TestLinesThatNobodyTakesAreWithdrawn) {
  asio::ip::tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
  DestinationOptions to;
  to.name = "siem";
  to.kind = DestinationKind::syslog_tcp;
  to.host = "127.0.0.1";
  to.port = acceptor.local_endpoint().port();
  acceptor.close();
  options.destinations = {to};
  Sinks sinks{io, options};
  boost::json::object answer;
  run_drills(
      io, sinks, "siem", options, [&](boost::json::object told) { answer = std::move(told); }, 200ms);
  ASSERT_TRUE(until([&] { return !answer.empty(); }));
  EXPECT_FALSE(answer.at("complete").as_bool());
  for (const auto& line : answer.at("lines").as_array()) EXPECT_EQ(line.at("state").as_string(), "waiting");
  EXPECT_EQ(answer.at("troubles").at(0).at("destination").as_string(), "siem");
  EXPECT_FALSE(answer.at("troubles").at(0).at("trouble").as_string().empty());
  // An hour later nobody wants to read of a test: only the alert comes.
  sinks.deliver(message(7));
  asio::ip::tcp::acceptor late{io, {asio::ip::address_v4::loopback(), to.port}};
  asio::ip::tcp::socket peer{io};
  late.async_accept(peer, [](const boost::system::error_code&) {});
  ASSERT_TRUE(until([&] { return sinks.idle(); }));
  std::string bytes(65536, '\0');
  bytes.resize(peer.read_some(asio::buffer(bytes)));
  EXPECT_EQ(bytes.find(" TEST "), std::string::npos) << bytes;
  EXPECT_NE(bytes.find("sequenceId=\"7\""), std::string::npos) << bytes;
}

TEST_F(DestinationTest, PrintedTestLinesAreTheBytesThatWouldBeSent) {
  DestinationOptions tcp;
  tcp.name = "tcp";
  tcp.kind = DestinationKind::syslog_tcp;
  DestinationOptions lines = tcp;
  lines.name = "lines";
  lines.framing = Framing::newline;
  DestinationOptions siem = tcp;
  siem.name = "siem";
  siem.body = SyslogBody::cef;
  options.destinations = {tcp, lines, siem};
  options.language = Language::ja;
  const auto all = print_drills("", options).at("lines").as_array();
  ASSERT_EQ(all.size(), 18U);
  const auto bytes = [&](std::size_t i) { return std::string{all[i].at("bytes").as_string()}; };
  EXPECT_EQ(bytes(0).substr(bytes(0).find(' ') + 1, 6), "<161>1");
  EXPECT_EQ(std::stoull(bytes(0)), bytes(0).size() - bytes(0).find(' ') - 1);
  EXPECT_NE(bytes(0).find(" TEST [sekimori@32473 kind=\"test\" severity=\"alert\" number=\"1/6\""),
            std::string::npos);
  EXPECT_NE(bytes(0).find("【試験】"), std::string::npos);
  EXPECT_EQ(bytes(6).substr(0, 6), "<161>1");
  EXPECT_EQ(bytes(6).back(), '\n');
  EXPECT_NE(bytes(12).find("CEF:0|sekimori|sekimorid|"), std::string::npos);
  EXPECT_NE(bytes(12).find("|test|TEST test|10|"), std::string::npos) << bytes(12);
  EXPECT_EQ(all[0].at("octets").to_number<std::size_t>(), bytes(0).size());
  EXPECT_EQ(print_drills("siem", options).at("lines").as_array().size(), 6U);
}

}  // namespace
}  // namespace sekimori::daemon
