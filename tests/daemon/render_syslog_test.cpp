#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "daemon/render.hpp"
#include "daemon/render/utf8.hpp"
#include "tests/daemon/alert_city.hpp"

namespace sekimori::daemon {
namespace {

using capture::Stage;

// What a strict receiver makes of a message by RFC 5424's grammar; nothing where it would refuse.
struct Parsed {
  int priority = -1;
  std::string timestamp, host, app, process, id;
  std::map<std::string, std::map<std::string, std::string>> data;
  std::string message;
};

std::optional<Parsed> parse(std::string_view text) {
  Parsed out;
  const auto take = [&text](char end) -> std::optional<std::string> {
    const std::size_t at = text.find(end);
    if (at == std::string_view::npos || at == 0) return std::nullopt;
    std::string word{text.substr(0, at)};
    text.remove_prefix(at + 1);
    return word;
  };
  if (text.empty() || text.front() != '<') return std::nullopt;
  text.remove_prefix(1);
  const auto priority = take('>');
  if (!priority) return std::nullopt;
  out.priority = std::stoi(*priority);
  if (take(' ') != "1") return std::nullopt;
  for (auto [field, most] : {std::pair{&out.timestamp, 32U},
                             {&out.host, 255U},
                             {&out.app, 48U},
                             {&out.process, 128U},
                             {&out.id, 32U}}) {
    const auto word = take(' ');
    if (!word || word->size() > most) return std::nullopt;
    for (const char c : *word) {
      if (c < 33 || c > 126) return std::nullopt;
    }
    *field = *word;
  }
  if (text.substr(0, 1) == "-") {
    text.remove_prefix(1);
  } else {
    while (!text.empty() && text.front() == '[') {
      text.remove_prefix(1);
      const std::size_t name_end = text.find_first_of(" ]");
      if (name_end == std::string_view::npos || name_end > 32) return std::nullopt;
      const std::string element{text.substr(0, name_end)};
      if (out.data.contains(element)) return std::nullopt;  // RFC 5424 6.3.2: once in a message
      auto& parameters = out.data[element];
      text.remove_prefix(name_end);
      while (!text.empty() && text.front() == ' ') {
        text.remove_prefix(1);
        const auto name = take('=');
        if (!name || name->size() > 32 || text.empty() || text.front() != '"') return std::nullopt;
        text.remove_prefix(1);
        std::string value;
        for (;;) {
          if (text.empty()) return std::nullopt;
          const char c = text.front();
          text.remove_prefix(1);
          if (c == '"') break;
          if (c == ']') return std::nullopt;  // must be escaped
          if (c == '\\') {
            if (text.empty()) return std::nullopt;
            value += text.front();
            text.remove_prefix(1);
          } else {
            value += c;
          }
        }
        if (!parameters.emplace(*name, value).second) return std::nullopt;
      }
      if (text.empty() || text.front() != ']') return std::nullopt;
      text.remove_prefix(1);
    }
  }
  if (text.empty()) return out;
  if (text.substr(0, 4) != " \xef\xbb\xbf") return std::nullopt;
  out.message = text.substr(4);
  return out;
}

bool well_formed(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_character(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

class SyslogTest : public testing::Test {
 protected:
  SyslogTest() { options.sensor = "sk1.city.example.jp"; }
  AlertRecord violation(Stage stage = Stage::established) const {
    return test::record_of(policy, test::event_of(*policy, "10.10.1.5", "203.0.113.9", 443, stage));
  }
  std::shared_ptr<const policy::Policy> policy = test::alert_policy();
  AlertOptions options{};
};

TEST_F(SyslogTest, ParsesBackByTheGrammar) {
  AlertRecord record = violation();
  record.sequence = 18231;
  record.suppressed = 4;
  const auto parsed = parse(syslog_5424(record, options, 2048));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->priority, 20 * 8 + 1) << "local4, alert";
  EXPECT_EQ(parsed->timestamp, "2026-04-01T09:12:03.482915+09:00");
  EXPECT_EQ(parsed->host, "sk1.city.example.jp");
  EXPECT_EQ(parsed->app, "sekimori");
  EXPECT_EQ(parsed->id, "VIOLATION");
  EXPECT_EQ(parsed->data.at("meta").at("sequenceId"), "18231");
  const auto& data = parsed->data.at("sekimori@32473");
  const std::map<std::string, std::string> wanted{{"verdict", "forbid"},
                                                  {"kind", "opened"},
                                                  {"incident", "inc-04567447b573007d"},
                                                  {"from", "mynumber"},
                                                  {"to", "external"},
                                                  {"stage", "established"},
                                                  {"src", "10.10.1.5"},
                                                  {"sport", "51544"},
                                                  {"dst", "203.0.113.9"},
                                                  {"dport", "443"},
                                                  {"proto", "TCP"},
                                                  {"cell", "F"},
                                                  {"reasons", "R3"},
                                                  {"clause", "004-6-3-a,004-2-11"},
                                                  {"severity", "alert"},
                                                  {"events", "1"},
                                                  {"suppressed", "4"},
                                                  {"flow", "1676750115612680"},
                                                  {"policy", "alpha"},
                                                  {"generation", "7"},
                                                  {"from_name", "税務課"},
                                                  {"loss_ratio", "0.000000"}};
  for (const auto& [name, value] : wanted) {
    ASSERT_TRUE(data.contains(name)) << name;
    EXPECT_EQ(data.at(name), value) << name;
  }
  EXPECT_FALSE(data.contains("trunc"));
  for (const auto& [name, value] : data) {
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string::npos) << name;
  }
  EXPECT_EQ(parsed->message, alert_text(record, options));
}

TEST_F(SyslogTest, SaysWhatIsKnownOfPassageAndTunnels) {
  AlertRecord record = violation();
  auto data = parse(syslog_5424(record, options, 2048))->data.at("sekimori@32473");
  for (const char* absent :
       {"passed_to_server", "passed_to_client", "tunnel", "tunnel_type", "carries", "orientation_matters"}) {
    EXPECT_FALSE(data.contains(absent)) << absent;
  }
  record.passage = {capture::Passed::yes, capture::Passed::no};
  record.event.facts.inside = capture::Tunnel::gre;
  record.event.facts.outer = {test::ip("192.0.2.1"), test::ip("192.0.2.2"), 0, 0, capture::protocol::gre};
  record.event.verdict.tunnel = capture::Tunnel::esp;
  record.event.verdict.orientation_matters = true;
  data = parse(syslog_5424(record, options, 4096))->data.at("sekimori@32473");
  const std::pair<const char*, const char*> rows[] = {
      {"passed_to_server", "yes"},    {"passed_to_client", "no"},  {"tunnel_type", "gre"},
      {"tunnel_src", "192.0.2.1"},    {"tunnel_dst", "192.0.2.2"}, {"carries", "esp"},
      {"orientation_matters", "true"}};
  for (const auto& [name, value] : rows) EXPECT_EQ(data.at(name), value) << name;
}

TEST_F(SyslogTest, NamesTheMessageByTheIncidentsLife) {
  const std::pair<AlertKind, const char*> rows[] = {
      {AlertKind::opened, "VIOLATION"},          {AlertKind::escalated, "VIOLATION-UPDATE"},
      {AlertKind::widened, "VIOLATION-UPDATE"},  {AlertKind::sweep, "VIOLATION-UPDATE"},
      {AlertKind::repeated, "VIOLATION-UPDATE"}, {AlertKind::closed, "VIOLATION-CLOSE"}};
  AlertRecord record = violation();
  for (const auto& [kind, id] : rows) {
    record.kind = kind;
    EXPECT_EQ(parse(syslog_5424(record, options, 2048)).value().id, id);
  }
  AlertRecord exception =
      test::record_of(policy, test::event_of(*policy, "10.10.1.6", "10.20.1.6", 8530), AlertKind::exception);
  exception.severity = policy::Severity::notice;
  const auto parsed = parse(syslog_5424(exception, options, 2048)).value();
  EXPECT_EQ(parsed.id, "EXCEPTION");
  EXPECT_EQ(parsed.priority, 20 * 8 + 5);
  EXPECT_EQ(parsed.data.at("sekimori@32473").at("exception"), "EX-1");
}

TEST_F(SyslogTest, EscapesExactlyTheThreeCharacters) {
  options.site = "a\"b\\c]d[e=f\ng";
  const std::string message = syslog_5424(violation(), options, 2048);
  EXPECT_NE(message.find(R"(site="a\"b\\c\]d[e=f g")"), std::string::npos) << message;
  EXPECT_EQ(parse(message).value().data.at("sekimori@32473").at("site"), "a\"b\\c]d[e=f g");
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

TEST_F(SyslogTest, SequenceIdWrapsAsTheStandardSays) {  // RFC 5424 section 7.3.1
  AlertRecord record = violation();
  const auto id_of = [&](std::uint64_t sequence) {
    record.sequence = sequence;
    return parse(syslog_5424(record, options, 2048)).value().data.at("meta").at("sequenceId");
  };
  EXPECT_EQ(id_of(2147483647), "2147483647");
  EXPECT_EQ(id_of(2147483648), "1");
  EXPECT_EQ(id_of(2147483649), "2");
}

TEST_F(SyslogTest, AHostThatIsNoAsciiWordIsReplaced) {
  options.sensor = "本庁 センサー";
  const auto parsed = parse(syslog_5424(violation(), options, 2048));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->data.at("sekimori@32473").at("sensor"), "本庁 センサー");
}

TEST_F(SyslogTest, EverySizeKeepsTheVerdictAndCutsOnCharacterBorders) {
  options.site = "本庁\"]\\舎";
  options.organisation = "999999";
  AlertRecord record = violation(Stage::data);
  record.event.facts.tuple.source = test::ip("fd10:1234:5678:9abc:def0:1234:5678:9abc");
  record.event.facts.tuple.destination = test::ip("2001:db8:1234:5678:9abc:def0:1234:5678");
  record.kind = AlertKind::escalated;
  const std::string whole = syslog_5424(record, options, 8192);
  std::size_t parameters_before = 0;
  for (std::size_t most = 480; most <= 2048; ++most) {
    const std::string message = syslog_5424(record, options, most);
    ASSERT_LE(message.size(), most);
    ASSERT_TRUE(well_formed(message)) << most;
    const auto parsed = parse(message);
    ASSERT_TRUE(parsed) << most << ": " << message;
    const auto& data = parsed->data.at("sekimori@32473");
    ASSERT_EQ(data.at("verdict"), "forbid") << most;
    ASSERT_TRUE(data.contains("src") && data.contains("dst") && data.contains("from") && data.contains("to"));
    ASSERT_EQ(data.contains("trunc"), message.size() < whole.size() && message != whole) << most;
    ASSERT_GE(data.size() + (data.contains("trunc") ? 0 : 1), parameters_before)
        << "more room, never less told";
    parameters_before = data.size();
    const std::string full_text = alert_text(record, options);
    ASSERT_EQ(parsed->message, full_text.substr(0, parsed->message.size()));
  }
}

TEST_F(SyslogTest, OldFormIsKeyValueAsciiThenText) {
  AlertRecord record = violation();
  record.sequence = 7;
  const std::string message = syslog_3164(record, options, 2048);
  EXPECT_EQ(message.substr(0, 35),
            "<161>Apr  1 09:12:03 sekimori[" + std::to_string(getpid()).append("]: msgid=").substr(0, 5));
  EXPECT_NE(message.find("]: msgid=VIOLATION seq=7 verdict=forbid kind=opened incident=inc-04567447b573007d "
                         "from=mynumber to=external stage=established "),
            std::string::npos)
      << message;
  EXPECT_EQ(message.substr(message.size() - alert_text(record, options).size()), alert_text(record, options));
  options.site = "a \"b\"";
  EXPECT_NE(syslog_3164(record, options, 2048).find(R"(site="a \"b\"")"), std::string::npos);
  for (std::size_t most = 480; most <= 2048; most += 7) {
    const std::string cut = syslog_3164(record, options, most);
    ASSERT_LE(cut.size(), most);
    ASSERT_TRUE(well_formed(cut)) << most;
    ASSERT_NE(cut.find(" verdict=forbid "), std::string::npos);
  }
}

TEST_F(SyslogTest, LossIsAHealthMessage) {
  const auto parsed = parse(
      syslog_5424(message_of(LossNotice{test::nine_twelve, test::nine_twelve, 12, "集約サーバ"}, options),
                  options, 2048));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->id, "HEALTH");
  EXPECT_EQ(parsed->priority, 20 * 8 + 3);
  EXPECT_EQ(parsed->data.at("sekimori@32473").at("lost"), "12");
  EXPECT_FALSE(parsed->data.contains("meta"));
}

}  // namespace
}  // namespace sekimori::daemon
