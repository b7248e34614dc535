#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>

#include "daemon/render.hpp"
#include "daemon/render/cef.hpp"
#include "daemon/render/utf8.hpp"
#include "tests/daemon/alert_city.hpp"

namespace sekimori::daemon {
namespace {

// What a SIEM makes of a CEF message: seven header fields between bars, then key=value, where a value ends
// before the next " key=". Nothing where an escape is wrong.
struct Parsed {
  std::vector<std::string> header{};
  std::map<std::string, std::string> fields{};
};

std::optional<Parsed> parse(std::string_view text) {
  Parsed out;
  if (text.substr(0, 4) != "CEF:") return std::nullopt;
  text.remove_prefix(4);
  std::string field;
  while (out.header.size() < 7) {
    if (text.empty()) return std::nullopt;
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '\\') {
      if (text.empty() || (text.front() != '|' && text.front() != '\\')) return std::nullopt;
      field += text.front();
      text.remove_prefix(1);
    } else if (c == '|') {
      out.header.push_back(std::exchange(field, {}));
    } else if (c == '\n') {
      return std::nullopt;
    } else {
      field += c;
    }
  }
  std::string key;
  std::string value;
  const auto keep = [&] {
    if (!key.empty() && !out.fields.emplace(key, value).second) key = "twice";
  };
  while (!text.empty()) {
    // A key: letters and digits up to an unescaped '='.
    const std::size_t end =
        text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    if (end != std::string_view::npos && end > 0 && text[end] == '=') {
      keep();
      key = text.substr(0, end);
      value.clear();
      text.remove_prefix(end + 1);
    } else if (key.empty()) {
      return std::nullopt;
    }
    // A value: up to a space behind which another key begins.
    while (!text.empty()) {
      const char c = text.front();
      text.remove_prefix(1);
      if (c == '\\') {
        if (text.empty()) return std::nullopt;
        const char escaped = text.front();
        text.remove_prefix(1);
        if (escaped == 'n') {
          value += '\n';
        } else if (escaped == 'r') {
          value += '\r';
        } else if (escaped == '=' || escaped == '\\') {
          value += escaped;
        } else {
          return std::nullopt;
        }
        continue;
      }
      if (c == '=' || c == '\n' || c == '\r') return std::nullopt;
      if (c == ' ') {
        const std::size_t next =
            text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
        if (next != std::string_view::npos && next > 0 && text[next] == '=') break;
      }
      value += c;
    }
  }
  keep();
  if (key == "twice") return std::nullopt;
  return out;
}

class CefTest : public testing::Test {
 protected:
  AlertMessage violation(std::string_view source = "10.20.1.5", std::string_view destination = "10.30.1.9") {
    AlertRecord record = test::record_of(
        policy, test::event_of(*policy, source, destination, 445, capture::Stage::established));
    record.sequence = 42;
    return message_of(record, options);
  }
  Parsed read(const AlertMessage& message, std::size_t most = 4096) {
    const std::string text = cef(message, options, "sk1", most, cut);
    EXPECT_LE(text.size(), most);
    const auto parsed = parse(text);
    EXPECT_TRUE(parsed) << text;
    return parsed.value_or(Parsed{});
  }

  AlertOptions options{.language = Language::ja, .sensor = "sk1"};
  std::shared_ptr<const policy::Policy> policy = test::alert_policy();
  bool cut = false;
};

TEST_F(CefTest, HasTheFieldsThatSiemsKnow) {
  const Parsed parsed = read(violation());
  ASSERT_EQ(parsed.header.size(), 7U);
  EXPECT_EQ(parsed.header[0], "0");
  EXPECT_EQ(parsed.header[1], "sekimori");
  EXPECT_EQ(parsed.header[2], "sekimorid");
  EXPECT_EQ(parsed.header[4], "SAN-BYPASS");
  EXPECT_EQ(parsed.header[5], "forbid: lgwan -> internet");
  EXPECT_EQ(parsed.header[6], "7") << "an answered crossing that touches no My Number segment: error";
  const std::map<std::string, std::string> wanted{{"rt", "1775002323482"},
                                                  {"src", "10.20.1.5"},
                                                  {"dst", "10.30.1.9"},
                                                  {"spt", "51544"},
                                                  {"dpt", "445"},
                                                  {"proto", "TCP"},
                                                  {"cs2", "lgwan"},
                                                  {"cs4", "internet"},
                                                  {"cs2Label", "Source Zone"},
                                                  {"cs4Label", "Destination Zone"},
                                                  {"cs3", "established"},
                                                  {"cs1", "G"},
                                                  {"externalId", "42"},
                                                  {"dvchost", "sk1"},
                                                  {"cn1", "1"},
                                                  {"cn1Label", "Events"},
                                                  {"cat", "opened"},
                                                  {"reason", "R4"},
                                                  {"deviceExternalId", "sk1"}};
  for (const auto& [key, value] : wanted) {
    ASSERT_TRUE(parsed.fields.contains(key)) << key;
    EXPECT_EQ(parsed.fields.at(key), value) << key;
  }
  EXPECT_EQ(parsed.fields.at("msg"), violation().text);
  EXPECT_EQ(parsed.fields.at("cs5"), violation().incident);
  EXPECT_FALSE(cut);
}

TEST_F(CefTest, Ipv6AddressesHaveTheirOwnFields) {
  AlertMessage message = violation();
  for (AlertParameter& parameter : message.parameters) {
    if (parameter.name == "src") parameter.value = "2001:db8::5";
    if (parameter.name == "dst") parameter.value = "2001:db8::9";
  }
  const Parsed parsed = read(message);
  EXPECT_EQ(parsed.fields.at("c6a2"), "2001:db8::5");
  EXPECT_EQ(parsed.fields.at("c6a2Label"), "Source IPv6 Address");
  EXPECT_EQ(parsed.fields.at("c6a3"), "2001:db8::9");
  EXPECT_FALSE(parsed.fields.contains("src"));
  EXPECT_FALSE(parsed.fields.contains("dst"));
}

TEST_F(CefTest, EverySeverityFallsIntoItsBand) {
  AlertMessage message = violation();
  std::vector<int> levels;
  for (int i = 0; i <= 7; ++i) {
    message.severity = static_cast<policy::Severity>(i);
    levels.push_back(std::stoi(read(message).header[6]));
  }
  EXPECT_EQ(levels, (std::vector<int>{10, 10, 9, 7, 5, 3, 2, 0}));
}

// Bars in a header and equals signs in a value have shifted the fields of other programs' messages.
TEST_F(CefTest, HostileValuesComeBackAsTheyWere) {
  std::mt19937 random{7};
  const std::string letters = "|=\\\n\r n\"]a=b \xe5\xb8\x82";
  AlertMessage message = violation();
  for (int round = 0; round < 2000; ++round) {
    const auto wild = [&] {
      std::string out;
      for (std::size_t i = random() % 40; i > 0; --i) {
        const std::size_t at = random() % (letters.size() - 2);
        out += at + 3 >= letters.size() ? letters.substr(letters.size() - 3) : letters.substr(at, 1);
      }
      return out;
    };
    message.text = "x" + wild() + "=" + wild();
    message.message_id = "HEALTH";
    message.parameters = {{"kind", "a|b\\c", 0}, {"site", "s" + wild(), 1}};
    const std::string text = cef(message, options, "sk1", 8192, cut);
    const auto parsed = parse(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->header[4], "opened");
    EXPECT_EQ(parsed->header.size(), 7U);
    EXPECT_EQ(parsed->fields.at("msg"), message.text);
    EXPECT_EQ(parsed->fields.at("sekimoriSite"), message.parameters[1].value);
    EXPECT_EQ(text.find('\n'), std::string::npos);
  }
}

TEST_F(CefTest, EveryLimitIsKeptOnACharacterBorderAndSaid) {
  AlertMessage message = violation();
  message.text += "市=市\\市|市";
  for (std::size_t most = 420; most < 2600; most += most < 1000 ? 1 : 13) {
    const std::string text = cef(message, options, "sk1", most, cut);
    ASSERT_LE(text.size(), most);
    const auto parsed = parse(text);
    ASSERT_TRUE(parsed) << most << text;
    EXPECT_EQ(cut, parsed->fields.contains("sekimoriTrunc")) << most;
    for (const char* stays : {"rt", "src", "dst", "cs2", "cs4"})
      EXPECT_TRUE(parsed->fields.contains(stays)) << most;
    EXPECT_EQ(utf8_repaired(text), text) << most;
    if (parsed->fields.contains("msg")) {
      EXPECT_EQ(message.text.compare(0, parsed->fields.at("msg").size(), parsed->fields.at("msg")), 0);
    }
  }
  EXPECT_FALSE(cut) << "the largest limit holds everything";
}

TEST_F(CefTest, StandsBehindEitherSyslogHeader) {
  const AlertMessage message = violation();
  const std::string newer = syslog_message(message, options, {.body = SyslogBody::cef}).bytes;
  const std::size_t at = newer.find(" CEF:0|");
  ASSERT_NE(at, std::string::npos) << newer;
  const std::string head = newer.substr(0, at);
  EXPECT_EQ(head.substr(0, 6), "<163>1");
  EXPECT_NE(head.find(" VIOLATION [sekimori@32473 verdict=\"forbid\" "), std::string::npos) << head;
  EXPECT_NE(head.find("[meta sequenceId=\"42\"]"), std::string::npos) << head;
  EXPECT_EQ(head.find("stage="), std::string::npos) << "what CEF says is not said twice";
  EXPECT_EQ(newer.find("\xef\xbb\xbf"), std::string::npos);
  EXPECT_TRUE(parse(newer.substr(at + 1)));

  const std::string older =
      syslog_message(message, options, {.rfc3164 = true, .with_host = true, .body = SyslogBody::cef}).bytes;
  EXPECT_NE(older.find(" sk1 sekimori["), std::string::npos) << older;
  EXPECT_NE(older.find("]: CEF:0|"), std::string::npos) << older;
  for (std::size_t most = 480; most <= 2048; most += 7) {
    for (const bool old : {false, true}) {
      const Rendered small =
          syslog_message(message, options, {.message_max = most, .rfc3164 = old, .body = SyslogBody::cef});
      EXPECT_LE(small.bytes.size(), most);
      EXPECT_TRUE(parse(small.bytes.substr(small.bytes.find("CEF:")))) << small.bytes;
    }
  }
}

}  // namespace
}  // namespace sekimori::daemon
