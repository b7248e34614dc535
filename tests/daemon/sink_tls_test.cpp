// Destinations of type syslog-tls, against a server in the same process.
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <fstream>
#include <utility>

#include "daemon/alert/sinks.hpp"
#include "daemon/render.hpp"
#include "tests/daemon/alert_city.hpp"
#include "tests/daemon/tls_kit.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;

class TlsSinkTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "sekimori-tls-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    options.sensor = "sk1";
    options.language = Language::en;
    test::make_certificate(folder, {.name = "ca", .authority = true});
    test::make_certificate(folder, {.name = "other-ca", .authority = true});
    test::make_certificate(folder, {.name = "server", .issuer = "ca", .dns = "log.city.example.jp"});
    test::make_certificate(folder, {.name = "sensor", .issuer = "ca", .dns = "sk1.city.example.jp"});
  }
  // Also where a test was left early: what is open holds itself, and would be a leak beside the failure.
  void TearDown() override {
    for (const auto& sink : made) sink->close();
    std::filesystem::remove_all(folder);
  }
  std::shared_ptr<Sink> opened(const DestinationOptions& to) {
    return made.emplace_back(make_sink(io, to, options));
  }

  std::string file(const std::string& name) const { return folder + "/" + name; }
  DestinationOptions destination(std::uint16_t port) const {
    DestinationOptions out;
    out.name = "d1";
    out.kind = DestinationKind::syslog_tls;
    out.host = "127.0.0.1";
    out.port = port;
    out.tls.ca = file("ca.pem");
    out.tls.server_name = "log.city.example.jp";
    return out;
  }
  DestinationOptions with_certificate(std::uint16_t port, const std::string& name) const {
    DestinationOptions out = destination(port);
    out.tls.certificate = file(name + ".pem");
    out.tls.key = file(name + ".key");
    return out;
  }
  void deliver(const std::shared_ptr<Sink>& sink, std::uint64_t sequence) {
    AlertRecord record = test::record_of(policy, test::event_of(*policy, "10.10.1.5", "203.0.113.9", 443));
    record.sequence = sequence;
    sink->deliver(message_of(record, options));
  }
  // Runs sink and server until the condition holds. `most`: without an octet; a busy machine is slow, and
  // only what stands still is stuck.
  template <typename Condition>
  bool until(test::TlsServer& server, Condition condition, std::chrono::milliseconds most = 8s,
             std::size_t octets = 65536) {
    auto moved = std::chrono::steady_clock::now();
    std::size_t received = server.received().size();
    while (!condition()) {
      const auto now = std::chrono::steady_clock::now();
      if (std::exchange(received, server.received().size()) != server.received().size()) moved = now;
      if (now - moved > most) return false;
      if (io.stopped()) io.restart();
      io.run_one_for(2ms);
      server.step(octets);
    }
    return true;
  }
  // What the sink says of the first failure.
  std::string trouble_with(const DestinationOptions& to, test::TlsServer& server) {
    const auto sink = opened(to);
    deliver(sink, 1);
    EXPECT_TRUE(until(server, [&] { return !sink->trouble().empty(); }));
    EXPECT_EQ(server.received(), "") << "nothing is told to a stranger";
    EXPECT_EQ(sink->counters().sent, 0U);
    EXPECT_EQ(sink->counters().queued, 1U);
    const std::string out = sink->trouble();
    sink->close();
    return out;
  }
  // Numbers of the whole messages received so far.
  static std::vector<std::uint64_t> sequences(const std::string& bytes) {
    std::vector<std::uint64_t> out;
    std::size_t at = 0;
    for (;;) {
      const std::size_t space = bytes.find(' ', at);
      if (space == std::string::npos) return out;
      const std::size_t length = std::stoull(bytes.substr(at, space - at));
      if (bytes.size() < space + 1 + length) return out;
      const std::string message = bytes.substr(space + 1, length);
      out.push_back(std::stoull(message.substr(message.find("sequenceId=\"") + 12)));
      at = space + 1 + length;
    }
  }

  boost::asio::io_context io{};
  std::vector<std::shared_ptr<Sink>> made{};
  AlertOptions options{};
  std::shared_ptr<const policy::Policy> policy = test::alert_policy();
  std::string folder{};
};

TEST_F(TlsSinkTest, SendsOctetCountedMessagesToAVerifiedReceiverAndSaysFarewell) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    test::TlsServer server{{.folder = folder, .client_authority = "ca", .version_max = version}};
    const auto sink = opened(with_certificate(server.port(), "sensor"));
    for (std::uint64_t i = 1; i <= 100; ++i) deliver(sink, i);
    ASSERT_TRUE(until(server, [&] { return sink->idle() && sequences(server.received()).size() == 100; }))
        << sink->trouble();
    std::vector<std::uint64_t> wanted(100);
    for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = i + 1;
    EXPECT_EQ(sequences(server.received()), wanted);
    EXPECT_EQ(sink->counters().sent, 100U);
    EXPECT_EQ(sink->counters().failures, 0U);
    EXPECT_EQ(sink->warning(), "");
    sink->close();
    ASSERT_TRUE(until(server, [&] { return server.farewells() + server.cuts() > 0; }));
    EXPECT_EQ(server.farewells(), 1) << "rsyslog complains of a close without close_notify";
  }
}

TEST_F(TlsSinkTest, AReceiverThatSendsNoTicketsIsReachedAsWell) {
  test::TlsServer server{{.folder = folder, .client_authority = "ca", .tickets = false}};
  const auto sink = opened(with_certificate(server.port(), "sensor"));
  deliver(sink, 1);
  ASSERT_TRUE(until(server, [&] { return sink->idle(); }));
  EXPECT_EQ(sink->counters().failures, 0U);
}

TEST_F(TlsSinkTest, AnotherAuthoritysReceiverIsRefused) {
  test::make_certificate(folder, {.name = "strange", .issuer = "other-ca", .dns = "log.city.example.jp"});
  test::TlsServer server{{.folder = folder, .certificate = "strange"}};
  const std::string trouble = trouble_with(destination(server.port()), server);
  EXPECT_NE(trouble.find("not vouched for"), std::string::npos) << trouble;
  EXPECT_NE(trouble.find("CN=other-ca"), std::string::npos) << trouble;
}

TEST_F(TlsSinkTest, AReceiverOfAnotherNameIsRefused) {
  test::TlsServer server{{.folder = folder}};
  DestinationOptions to = destination(server.port());
  to.tls.server_name = "siem.city.example.jp";
  std::string trouble = trouble_with(to, server);
  EXPECT_NE(trouble.find("names log.city.example.jp, not siem.city.example.jp"), std::string::npos)
      << trouble;
  // No name configured: the address has to be named.
  to.tls.server_name.clear();
  trouble = trouble_with(to, server);
  EXPECT_NE(trouble.find("not 127.0.0.1"), std::string::npos) << trouble;
  // The common name is no name of a host.
  test::make_certificate(folder, {.name = "log.city.example.jp", .issuer = "ca"});
  test::TlsServer nameless{{.folder = folder, .certificate = "log.city.example.jp"}};
  trouble = trouble_with(destination(nameless.port()), nameless);
  EXPECT_NE(trouble.find("names -, not log.city.example.jp"), std::string::npos) << trouble;
}

TEST_F(TlsSinkTest, AnAddressInTheCertificateNamesTheReceiver) {
  test::make_certificate(folder, {.name = "numbered", .issuer = "ca", .address = "127.0.0.1"});
  test::TlsServer server{{.folder = folder, .certificate = "numbered"}};
  DestinationOptions to = destination(server.port());
  to.tls.server_name.clear();
  const auto sink = opened(to);
  deliver(sink, 1);
  EXPECT_TRUE(until(server, [&] { return sink->idle(); })) << sink->trouble();
}

TEST_F(TlsSinkTest, AnExpiredReceiverIsRefusedAndOneThatSoonWillBeIsNoticed) {
  test::make_certificate(
      folder,
      {.name = "old", .issuer = "ca", .dns = "log.city.example.jp", .from = -10 * 24h, .until = -24h});
  test::TlsServer server{{.folder = folder, .certificate = "old"}};
  std::string trouble = trouble_with(destination(server.port()), server);
  EXPECT_NE(trouble.find("has expired (20"), std::string::npos) << trouble;
  test::make_certificate(folder,
                         {.name = "young", .issuer = "ca", .dns = "log.city.example.jp", .from = 24h});
  test::TlsServer early{{.folder = folder, .certificate = "young"}};
  trouble = trouble_with(destination(early.port()), early);
  EXPECT_NE(trouble.find("not valid yet"), std::string::npos) << trouble;

  test::make_certificate(
      folder, {.name = "ending", .issuer = "ca", .dns = "log.city.example.jp", .until = 10 * 24h + 1h});
  test::make_certificate(folder, {.name = "mine", .issuer = "ca", .until = 20 * 24h + 1h});
  test::TlsServer ending{{.folder = folder, .certificate = "ending", .client_authority = "ca"}};
  const auto sink = opened(with_certificate(ending.port(), "mine"));
  deliver(sink, 1);
  ASSERT_TRUE(until(ending, [&] { return sink->idle(); })) << sink->trouble();
  const std::string warning = sink->warning();
  EXPECT_NE(warning.find("our certificate expires on 20"), std::string::npos) << warning;
  EXPECT_NE(warning.find("(20 days left)"), std::string::npos) << warning;
  EXPECT_NE(warning.find("the receiver's certificate expires on 20"), std::string::npos) << warning;
  EXPECT_NE(warning.find("(10 days left)"), std::string::npos) << warning;
}

TEST_F(TlsSinkTest, AFingerprintAloneIsEnoughAndAnotherOneIsNot) {
  test::make_certificate(folder, {.name = "lonely"});  // signed by itself, without a name
  test::TlsServer server{{.folder = folder, .certificate = "lonely"}};
  DestinationOptions to = destination(server.port());
  to.tls.ca.clear();
  to.tls.fingerprints = {test::fingerprint(folder, "server")};
  const std::string trouble = trouble_with(to, server);
  EXPECT_NE(trouble.find(test::fingerprint(folder, "lonely")), std::string::npos) << trouble;
  to.tls.fingerprints.push_back(test::fingerprint(folder, "lonely"));
  const auto sink = opened(to);
  deliver(sink, 1);
  EXPECT_TRUE(until(server, [&] { return sink->idle(); })) << sink->trouble();
  // With an authority as well, both have to agree.
  to.tls.ca = file("ca.pem");
  test::TlsServer both{{.folder = folder, .certificate = "lonely"}};
  to.port = both.port();
  EXPECT_NE(trouble_with(to, both).find("not vouched for"), std::string::npos);
  test::make_certificate(folder, {.name = "over", .from = -48h, .until = -24h});
  test::TlsServer over{{.folder = folder, .certificate = "over"}};
  to.tls.ca.clear();
  to.port = over.port();
  to.tls.fingerprints = {test::fingerprint(folder, "over")};
  EXPECT_NE(trouble_with(to, over).find("has expired"), std::string::npos);
}

// In TLS 1.3 the refusal comes after our side of the handshake: nothing may count as sent meanwhile, and the
// receiver must not be asked again and again.
TEST_F(TlsSinkTest, AReceiverThatRefusesOurCertificateGetsNothingAndIsNotHammered) {
  test::make_certificate(folder, {.name = "intruder", .issuer = "other-ca"});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const bool shown : {false, true}) {
      test::TlsServer server{{.folder = folder, .client_authority = "ca", .version_max = version}};
      const auto sink =
          opened(shown ? with_certificate(server.port(), "intruder") : destination(server.port()));
      deliver(sink, 1);
      const auto begin = std::chrono::steady_clock::now();
      until(
          server, [] { return false; }, 1200ms);
      const auto waited = std::chrono::steady_clock::now() - begin;
      EXPECT_GE(waited, 1200ms);
      EXPECT_EQ(sink->counters().sent, 0U);
      EXPECT_EQ(sink->counters().queued, 1U);
      EXPECT_FALSE(sink->counters().connected);
      EXPECT_LE(server.connections(), 5) << "0.1, 0.2, 0.4, 0.8 s apart";
      EXPECT_GE(server.connections(), 2);
      EXPECT_NE(sink->trouble().find(version == TLS1_2_VERSION && !shown ? "refuses the TLS connection"
                                                                         : "does not accept our certificate"),
                std::string::npos)
          << version << shown << sink->trouble();
      EXPECT_EQ(server.handshakes(), 0);
      sink->close();
    }
  }
}

TEST_F(TlsSinkTest, WhatIsNoTlsIsSaidSo) {
  boost::asio::ip::tcp::acceptor acceptor{io, {boost::asio::ip::address_v4::loopback(), 0}};
  acceptor.async_accept([](boost::system::error_code error, boost::asio::ip::tcp::socket peer) {
    if (!error)
      boost::asio::write(peer, boost::asio::buffer(std::string{"220 mail.example ESMTP ready\r\n"}));
  });
  const auto sink = opened(destination(acceptor.local_endpoint().port()));
  const auto end = std::chrono::steady_clock::now() + 5s;
  while (sink->trouble().empty() && std::chrono::steady_clock::now() < end) io.run_one_for(10ms);
  EXPECT_NE(sink->trouble().find("no TLS"), std::string::npos) << sink->trouble();
}

TEST_F(TlsSinkTest, SaysWhatIsWrongWithOurFilesAndTakesThemWhenTheyArePutRight) {
  test::TlsServer server{{.folder = folder, .client_authority = "ca"}};
  test::make_certificate(folder, {.name = "locked", .issuer = "ca", .passphrase = "secret"});
  std::ofstream{file("empty.pem")} << "nothing\n";
  DestinationOptions to = with_certificate(server.port(), "locked");
  EXPECT_NE(trouble_with(to, server).find("has a passphrase"), std::string::npos);
  to.tls.key = file("server.key");
  EXPECT_NE(trouble_with(to, server).find("is not the key of"), std::string::npos);
  to.tls.key = file("empty.pem");
  EXPECT_NE(trouble_with(to, server).find("no certificate or key"), std::string::npos);
  to = destination(server.port());
  to.tls.ca = file("absent.pem");
  EXPECT_NE(trouble_with(to, server).find("absent.pem cannot be used: No such file"), std::string::npos);
  EXPECT_EQ(server.connections(), 0);

  to = with_certificate(server.port(), "later");
  const auto sink = opened(to);
  deliver(sink, 1);
  EXPECT_NE(sink->trouble().find("later.pem"), std::string::npos) << sink->trouble();
  test::make_certificate(folder, {.name = "later", .issuer = "ca"});
  ASSERT_TRUE(until(server, [&] { return sink->idle(); })) << sink->trouble();
}

TEST_F(TlsSinkTest, RenewedFilesAreUsedWhenReopenedAndBrokenOnesLeaveTheConnection) {
  test::TlsServer server{{.folder = folder, .client_authority = "ca"}};
  const auto sink = opened(with_certificate(server.port(), "sensor"));
  deliver(sink, 1);
  ASSERT_TRUE(until(server, [&] { return sink->idle(); }));
  std::ofstream{file("sensor.pem")} << "half a file";
  sink->reopen();
  EXPECT_TRUE(sink->counters().connected);
  EXPECT_NE(sink->warning().find("sensor.pem"), std::string::npos) << sink->warning();
  deliver(sink, 2);
  ASSERT_TRUE(until(server, [&] { return sink->idle(); }));
  EXPECT_EQ(server.connections(), 1);
  test::make_certificate(folder, {.name = "sensor", .issuer = "ca"});
  sink->reopen();
  deliver(sink, 3);
  ASSERT_TRUE(until(server, [&] { return sink->idle() && server.connections() == 2; }));
  EXPECT_EQ(server.farewells(), 1);
  EXPECT_EQ(sink->warning(), "");
  EXPECT_EQ(sink->counters().failures, 0U) << "a renewal is no failure";
  EXPECT_EQ(sequences(server.received()), (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST_F(TlsSinkTest, NewKeysAndRefusedRenegotiationLoseNothing) {
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    test::TlsServer server{{.folder = folder, .version_max = version}};
    const auto sink = opened(destination(server.port()));
    for (std::uint64_t i = 1; i <= 60; ++i) {
      deliver(sink, i);
      ASSERT_TRUE(until(server, [&] { return sink->idle(); })) << sink->trouble();
      if (i % 20 == 0 && server.connected()) server.rekey();
    }
    std::uint64_t highest = 0;
    for (const std::uint64_t sequence : sequences(server.received())) {
      EXPECT_LE(sequence, highest + 1);
      highest = std::max(highest, sequence);
    }
    EXPECT_EQ(highest, 60U);
    // A receiver that insists on a new handshake of TLS 1.2 ends the connection, and gets another.
    if (version == TLS1_3_VERSION) {
      EXPECT_EQ(server.connections(), 1);
    }
    sink->close();
  }
}

// Hangs up in the middle of a flood, three ways: in each the receiver has read everything up to some octet,
// and from the first message that it has not read to the last all have to come on the next connection, in
// order.
TEST_F(TlsSinkTest, ACloseInMidStreamLosesNothingAndKeepsTheOrder) {
  for (const bool orderly : {true, false}) {
    test::TlsServer server{{.folder = folder}};
    const auto sink = opened(destination(server.port()));
    constexpr std::uint64_t count = 400;
    for (std::uint64_t i = 1; i <= count; ++i) deliver(sink, i);
    std::vector<std::vector<std::uint64_t>> read;
    for (const std::size_t enough : {20'000U, 90'000U}) {
      ASSERT_TRUE(until(
          server, [&] { return server.received().size() >= enough; }, 8s, 4000));
      read.push_back(sequences(server.received()));
      orderly ? server.hang_up() : server.reset();
      server.received().clear();
    }
    ASSERT_TRUE(until(server, [&] {
      const auto now = sequences(server.received());
      return sink->idle() && !now.empty() && now.back() == count;
    })) << sink->trouble();
    read.push_back(sequences(server.received()));
    std::uint64_t last = 0;
    for (const auto& numbers : read) {
      ASSERT_FALSE(numbers.empty());
      EXPECT_LE(numbers.front(), last + 1) << "something between two connections is missing";
      for (std::size_t i = 1; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], numbers[i - 1] + 1);
      last = std::max(last, numbers.back());
    }
    EXPECT_EQ(last, count);
    EXPECT_EQ(sink->counters().sent, count) << "a repeated record counts once";
    EXPECT_EQ(sink->counters().dropped, 0U);
    sink->close();
  }
}

TEST_F(TlsSinkTest, ASlowReaderIsWaitedForAndGetsEverythingInOrder) {
  test::TlsServer server{{.folder = folder}};
  const auto sink = opened(destination(server.port()));
  ASSERT_TRUE(until(server, [&] { return sink->counters().connected; }));
  constexpr std::uint64_t count = 1000;  // more than the receiver's kernel takes
  for (std::uint64_t i = 1; i <= count; ++i) deliver(sink, i);
  const auto end = std::chrono::steady_clock::now() + 300ms;
  while (std::chrono::steady_clock::now() < end) io.run_one_for(5ms);
  EXPECT_GT(sink->counters().queued, 0U);
  EXPECT_LT(sink->counters().sent, count);
  ASSERT_TRUE(until(server, [&] { return sink->idle(); })) << sink->trouble() << server.received().size();
  const auto all = sequences(server.received());
  ASSERT_EQ(all.size(), count);
  for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], i + 1);
  EXPECT_EQ(sink->counters().failures, 0U);
}

}  // namespace
}  // namespace sekimori::daemon
