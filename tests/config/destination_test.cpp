#include <gtest/gtest.h>

#include "config/config.hpp"
#include "daemon/options.hpp"
#include "tests/config/mistakes.hpp"

namespace sekimori::config {
namespace {

using daemon::DestinationKind;

std::string with(const std::string& destination) {
  return std::string{test::base} + "alerts: {destinations: [{name: a, " + destination + "}]}\n";
}
daemon::DestinationOptions read(const std::string& destination) {
  return load_text(with(destination), "c.yaml", Language::en).daemon.alerts.destinations.at(0);
}
std::string said(const std::string& destination) {
  return test::told(with(destination));
}

const std::string pin = "sha-256:" + std::string("AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:") +
                        "AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89";

TEST(Destination, PortsAndSizesAreThoseOfTheTransport) {
  EXPECT_EQ(read("type: syslog-udp, host: 192.0.2.1").port, 514);
  EXPECT_EQ(read("type: syslog-udp, host: 192.0.2.1").message_max, 1400);
  EXPECT_EQ(read("type: syslog-udp, host: 192.0.2.1, message_max: 2048").message_max, 2048);
  EXPECT_EQ(read("type: syslog-tcp, host: 192.0.2.1").message_max, 2048);
  EXPECT_EQ(read("type: syslog-tls, host: 192.0.2.1, tls: {ca: /c.pem}").port, 6514);
  EXPECT_EQ(read("type: syslog-tls, host: 192.0.2.1, port: 10514, tls: {ca: /c.pem}").port, 10514);
}

TEST(Destination, ReadsWhoTheReceiverMayBe) {
  const auto whole = read(
      "type: syslog-tls, host: \"2001:db8::1\", tls: {ca: /c.pem, certificate: /s.pem, key: /s.key, "
      "server_name: log.city.example.jp}");
  EXPECT_EQ(whole.kind, DestinationKind::syslog_tls);
  EXPECT_EQ(whole.tls.ca, "/c.pem");
  EXPECT_EQ(whole.tls.certificate, "/s.pem");
  EXPECT_EQ(whole.tls.key, "/s.key");
  EXPECT_EQ(whole.tls.server_name, "log.city.example.jp");
  // As openssl prints them, in lower case, without colons: one form is kept.
  std::string bare = "SHA-256:";
  for (const char c : pin.substr(8)) {
    if (c != ':') bare += static_cast<char>(c >= 'A' ? c - 'A' + 'a' : c);
  }
  const auto pinned = read("type: syslog-tls, host: 192.0.2.1, tls: {fingerprints: [\"" + bare + "\"]}");
  EXPECT_EQ(pinned.tls.fingerprints, std::vector<std::string>{pin});
}

TEST(Destination, ATlsReceiverThatNobodyVerifiesIsAMistake) {
  EXPECT_NE(said("type: syslog-tls, host: 192.0.2.1").find("tls"), std::string::npos);
  for (const char* nobody : {"tls: {}", "tls: {server_name: log.example}", "tls: {fingerprints: []}"}) {
    EXPECT_NE(
        said(std::string{"type: syslog-tls, host: 192.0.2.1, "} + nobody).find("who the receiver may be"),
        std::string::npos)
        << nobody << said(std::string{"type: syslog-tls, host: 192.0.2.1, "} + nobody);
  }
  EXPECT_NE(said("type: syslog-tls, host: 192.0.2.1, tls: {ca: /c.pem, certificate: /s.pem}")
                .find("both certificate and key"),
            std::string::npos);
  for (const char* wrong : {"sha-1:AB", "AB:CD", "sha-256:AB:CD"}) {
    EXPECT_NE(said("type: syslog-tls, host: 192.0.2.1, tls: {fingerprints: [\"" + std::string{wrong} + "\"]}")
                  .find("no fingerprint"),
              std::string::npos)
        << wrong;
  }
  EXPECT_NE(said("type: syslog-tls, host: 192.0.2.1, tls: {ca: /c.pem, server_name: \"log server\"}")
                .find("nothing that a certificate names"),
            std::string::npos);
  EXPECT_NE(said("type: syslog-tls, host: 192.0.2.1, tls: {ca: c.pem}").find("absolute path"),
            std::string::npos);
}

TEST(Destination, KeysWithoutUseAreMistakes) {
  const auto unused = [](const std::string& destination, const char* key) {
    const auto all = test::mistakes(with(destination));
    return all.size() == 1 && all[0].path == std::string{"alerts.destinations[0]."} + key &&
           all[0].message.find("no use with") != std::string::npos;
  };
  EXPECT_TRUE(unused("type: syslog-tls, host: 192.0.2.1, tls: {ca: /c.pem}, framing: newline", "framing"));
  EXPECT_TRUE(unused("type: syslog-tls, host: 192.0.2.1, tls: {ca: /c.pem}, format: rfc3164", "format"));
  EXPECT_TRUE(unused("type: syslog-tcp, host: 192.0.2.1, tls: {ca: /c.pem}", "tls"));
  EXPECT_TRUE(unused("type: syslog-udp, host: 192.0.2.1, framing: newline", "framing"));
  EXPECT_TRUE(unused("type: syslog-local, mode: \"0640\"", "mode"));
  EXPECT_TRUE(unused("type: syslog-local, rotate: {keep: 3}", "rotate"));
  EXPECT_TRUE(unused("type: eve-file, path: /x, body: cef", "body"));
  EXPECT_TRUE(unused("type: eve-file, path: \"-\", group: adm", "group"));
}

TEST(Destination, ReadsFilesThatAreRotatedAndShared) {
  const auto file =
      read("type: eve-file, path: /x, mode: 0644, group: adm, rotate: {size: 64KiB, every: 24h, keep: 30}");
  EXPECT_EQ(file.mode, 0644);
  EXPECT_EQ(file.group, "adm");
  EXPECT_EQ(file.rotate, (daemon::RotateOptions{.size = 65536, .every = std::chrono::hours{24}, .keep = 30}));
  EXPECT_EQ(read("type: eve-file, path: /x").mode, 0640);
  EXPECT_EQ(read("type: eve-file, path: /x, rotate: {size: 0MiB}").rotate.size, 0U);
  for (const char* mode : {"0777", "0440", "640x", "0240", "1640", "64", "\"\""}) {
    EXPECT_NE(said("type: eve-file, path: /x, mode: " + std::string{mode}), "") << mode;
  }
  EXPECT_NE(said("type: eve-file, path: /x, rotate: {size: 1KiB}").find("at least 64KiB"), std::string::npos);
  EXPECT_NE(said("type: eve-file, path: /x, rotate: {every: 60s}").find("at least 1h"), std::string::npos);
  EXPECT_NE(said("type: eve-file, path: /x, rotate: {keep: 0}"), "");
}

TEST(Destination, ReadsFramingAndBody) {
  const auto plain = read("type: syslog-tcp, host: 192.0.2.1");
  EXPECT_EQ(plain.framing, daemon::Framing::octet_counting);
  EXPECT_EQ(plain.body, daemon::SyslogBody::text);
  const auto other = read("type: syslog-tcp, host: 192.0.2.1, framing: newline, body: cef, format: rfc3164");
  EXPECT_EQ(other.framing, daemon::Framing::newline);
  EXPECT_EQ(other.body, daemon::SyslogBody::cef);
  EXPECT_TRUE(other.rfc3164);
  EXPECT_NE(said("type: syslog-tcp, host: 192.0.2.1, framing: octet").find("octet-counting"),
            std::string::npos);
}

}  // namespace
}  // namespace sekimori::config
