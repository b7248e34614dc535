// A day of everything that a body's model permits, and nothing else: no alert may come of it. That the day is
// worth something is shown by what it uses (every gateway, service and exception of the configuration), and
// by one forbidden conversation among it, which is told.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "tests/cli/run.hpp"

namespace sekimori::test {
namespace {

const std::string examples = SEKIMORI_SOURCE_DIR "/config/examples/";

// Which body has which model: each model has one, and alpha also two towns that use the same addresses.
struct Body {
  std::string folder;
  std::string profile;
};
const std::vector<Body> bodies{{"two-tier-union", "two-tier"},   {"kakuu-city", "alpha"},
                               {"hinagata-city", "alpha-prime"}, {"reiji-city", "beta"},
                               {"soutei-city", "beta-prime"},    {"futago-union", "alpha"}};

// The capture of a story, made as its users make it; empty if that failed.
void make_capture(const std::string& story, const std::string& capture) {
  const std::string line =
      shell_word(SEKIMORI_TRAFFIC) + " " + shell_word(story) + " -o " + shell_word(capture);
  ASSERT_EQ(std::system(line.c_str()), 0) << line;  // NOLINT: a shell is what a user has
}

struct Day {
  Outcome outcome;
  std::size_t flows = 0;
  std::size_t notices = 0;          // uses of exceptions, told
  std::vector<std::string> alerts;  // everything else that was told
  std::set<std::string> used;       // "gateway GW-VDI"
  std::set<std::string> protocols;  // of the flows
  std::set<std::string> pairs;      // "P internet->external"
  bool ipv6 = false;
  bool link_scope = false;
  double hours = 0;
};

std::string text_of(const boost::json::object& object, std::string_view key) {
  const boost::json::value* const value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}

void take_flow(const boost::json::object& event, Day& day) {
  ++day.flows;
  const boost::json::object& ours = event.at("sekimori").as_object();
  day.protocols.insert(text_of(event, "proto"));
  day.pairs.insert(text_of(ours, "rule"));
  day.ipv6 = day.ipv6 || text_of(event, "src_ip").find(':') != std::string::npos;
  day.link_scope = day.link_scope || ours.at("link_scope").as_bool();
  const std::string basis = text_of(ours, "basis");
  if (basis != "cell") day.used.insert(basis + " " + text_of(ours, basis));
}

Day replay(const Body& body, const std::string& capture, const std::string& workers = "1") {
  Day day;
  day.outcome = run_tool({"replay", "--config", examples + body.folder + "/sekimori.yaml", "--workers",
                          workers, "--emit", "alerts", "--emit", "flows", "--format", "eve", capture});
  std::istringstream lines{day.outcome.out};
  for (std::string line; std::getline(lines, line);) {
    const boost::json::object event = boost::json::parse(line).as_object();
    if (text_of(event, "event_type") == "flow") {
      take_flow(event, day);
    } else if (text_of(event.at("sekimori").as_object(), "finding") == "EXC-USED") {
      ++day.notices;
    } else {
      day.alerts.push_back(line);
    }
  }
  return day;
}

// What the configuration names and the day has to use: an exception only where it is in force then.
std::set<std::string> named_in(const config::Config& config, Time morning) {
  std::set<std::string> names;
  for (const auto& gateway : config.policy.gateways) names.insert("gateway " + gateway.id);
  for (const auto& service : config.policy.services) names.insert("service " + service.id);
  for (const auto& exception : config.policy.exceptions) {
    if (exception.from <= morning && morning < exception.until) names.insert("exception " + exception.id);
  }
  return names;
}

// 2026-11-18, a Wednesday, 08:30 in Japan: when the stories begin.
const Time morning{std::chrono::sys_days{std::chrono::year{2026} / 11 / 17} +
                   std::chrono::minutes{23 * 60 + 30}};

class QuietDay : public testing::TestWithParam<Body> {
 protected:
  std::string story() const { return examples + GetParam().folder + "/quiet.story.yaml"; }
  std::string at(std::string_view name) const { return folder_ / name; }

 private:
  Folder folder_;
};

TEST_P(QuietDay, PassesTheCheck) {
  const std::string config = examples + GetParam().folder + "/sekimori.yaml";
  const Outcome checked = run_tool({"check", "--json", config});
  EXPECT_EQ(checked.code, 0) << checked.err;
  const boost::json::object summary = boost::json::parse(checked.out).as_object();
  EXPECT_EQ(text_of(summary, "profile"), GetParam().profile);
  EXPECT_TRUE(summary.at("warnings").as_array().empty()) << checked.out;
}

TEST_P(QuietDay, RaisesNoAlert) {
  ASSERT_NO_FATAL_FAILURE(make_capture(story(), at("quiet.pcap")));
  const Day day = replay(GetParam(), at("quiet.pcap"));
  EXPECT_EQ(day.outcome.code, 0) << day.outcome.err;
  EXPECT_EQ(day.alerts, std::vector<std::string>{});
  const config::Config config =
      config::load_file(examples + GetParam().folder + "/sekimori.yaml", Language::en);
  EXPECT_EQ(day.notices > 0, !config.policy.exceptions.empty())
      << "the use of an exception is told, and is no alert";

  // What the day is made of.
  EXPECT_GT(day.flows, 200U);
  EXPECT_EQ(day.used, named_in(config, morning));
  EXPECT_TRUE(day.ipv6);
  EXPECT_TRUE(day.link_scope);
  for (const char* protocol : {"TCP", "UDP", "ICMP"})
    EXPECT_EQ(day.protocols.count(protocol), 1U) << protocol;
}

TEST_P(QuietDay, IsTheSameForAnyNumberOfWorkers) {
  ASSERT_NO_FATAL_FAILURE(make_capture(story(), at("quiet.pcap")));
  const Day one = replay(GetParam(), at("quiet.pcap"));
  const Day four = replay(GetParam(), at("quiet.pcap"), "4");
  EXPECT_EQ(one.flows, four.flows);
  EXPECT_EQ(one.notices, four.notices);
  EXPECT_EQ(one.used, four.used);
  EXPECT_EQ(one.pairs, four.pairs);
  EXPECT_EQ(four.alerts, std::vector<std::string>{});
}

// What is a screen transfer in the one town would leave the My Number segment in the other: it is the wire
// that says whose addresses they are.
TEST(TwoTowns, MayNotUseEachOthersPermissions) {
  const Folder folder;
  const Body towns{"futago-union", "alpha"};
  std::ifstream in{examples + towns.folder + "/quiet.story.yaml", std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  ASSERT_NE(text.find("west-lg-pc: {ip: 10.1.21.11,"), std::string::npos);
  ASSERT_NE(text.find("west-rds: {ip: 10.2.40.11,"), std::string::npos);
  ASSERT_NE(text.find("mn-pc: {ip: 10.1.21.11-"), std::string::npos);
  const std::size_t events = text.find("\nevents:\n");
  ASSERT_NE(events, std::string::npos);
  text.insert(events, "  stranger: {ip: 10.2.40.11, vlan: 221}\n");
  text += "  - {at: 4h, from: mn-pc, to: stranger, tcp: 3389, outcome: dropped}\n";
  std::ofstream{folder / "mixed.story.yaml", std::ios::binary} << text;
  ASSERT_NO_FATAL_FAILURE(make_capture(folder / "mixed.story.yaml", folder / "mixed.pcap"));
  const Day day = replay(towns, folder / "mixed.pcap");
  EXPECT_EQ(day.outcome.code, 3);
  std::set<std::string> told;
  for (const std::string& alert : day.alerts) {
    const boost::json::object event = boost::json::parse(alert).as_object();
    const boost::json::object& ours = event.at("sekimori").as_object();
    told.insert(text_of(ours, "from") + ">" + text_of(ours, "to") + " " + text_of(ours, "domain"));
  }
  EXPECT_EQ(told, (std::set<std::string>{"mynumber>external east"}));
}

// The silence is not that of a blind sensor.
TEST_P(QuietDay, IsBrokenByOneForbiddenConversation) {
  std::ifstream in{story(), std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  text += "  - {at: 4h, from: mn-pc, to: net-pc, tcp: 445, family: ipv4, outcome: dropped, count: 1}\n";
  std::ofstream{at("broken.story.yaml"), std::ios::binary} << text;
  ASSERT_NO_FATAL_FAILURE(make_capture(at("broken.story.yaml"), at("broken.pcap")));
  const Day day = replay(GetParam(), at("broken.pcap"));
  EXPECT_EQ(day.outcome.code, 3);
  EXPECT_FALSE(day.alerts.empty());
  for (const std::string& alert : day.alerts) {
    const boost::json::object event = boost::json::parse(alert).as_object();
    EXPECT_EQ(text_of(event.at("sekimori").as_object(), "from"), "mynumber") << alert;
    EXPECT_EQ(text_of(event.at("sekimori").as_object(), "to"), "internet") << alert;
  }
}

INSTANTIATE_TEST_SUITE_P(Examples, QuietDay, testing::ValuesIn(bodies),
                         [](const testing::TestParamInfo<Body>& one) {
                           std::string name = one.param.folder;
                           for (char& letter : name) letter = letter == '-' ? '_' : letter;
                           return name;
                         });

TEST(Bodies, AreAtLeastOneForEachModelInTheProgram) {
  std::set<std::string> profiles;
  for (const Body& body : bodies) profiles.insert(body.profile);
  const auto builtin = config::builtin_profiles();
  EXPECT_EQ(profiles, (std::set<std::string>{builtin.begin(), builtin.end()}));
  for (const auto& folder : std::filesystem::directory_iterator{examples}) {
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "quiet.story.yaml")) << folder.path();
  }
}

}  // namespace
}  // namespace sekimori::test
