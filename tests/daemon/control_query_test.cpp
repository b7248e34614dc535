#include <gtest/gtest.h>

#include "daemon/control/query.hpp"
#include "tests/daemon/city.hpp"

namespace sekimori::daemon {
namespace {

constexpr Language en = Language::en;

FlowQuery read(std::string_view target) {
  static const auto policy = test::make_policy();
  return read_flow_query(read_target(target, en), *policy, 1000, en);
}

// The problem that reading a target meets; status 0 when there is none.
Problem problem_of(std::string_view target) {
  try {
    read(target);
  } catch (const Problem& problem) {
    return problem;
  }
  return Problem(0, "none", {}, {});
}

TEST(ControlQuery, ReadsEveryParameterOfFlows) {
  const auto policy = test::make_policy();
  const FlowQuery query = read(
      "/v1/"
      "flows?from=mynumber&to=LG&segment=internet&address=10.10.0.0%2F16&address=fd10%3A%3A1&port=445&proto="
      "udp"
      "&stage=established&verdict=forbid&sort=bytes&limit=7");
  EXPECT_EQ(query.from, policy->segment_index("mynumber"));
  EXPECT_EQ(query.to, policy->segment_index("lgwan"));
  EXPECT_EQ(query.segment, policy->segment_index("internet"));
  ASSERT_EQ(query.addresses.size(), 2U);
  EXPECT_EQ(query.addresses[0].to_string(), "10.10.0.0/16");
  EXPECT_EQ(query.addresses[1].length, 128);
  EXPECT_EQ(query.port, 445);
  EXPECT_EQ(query.protocol, 17);
  EXPECT_EQ(query.stage, capture::Stage::established);
  EXPECT_EQ(query.verdict, policy::Decision::forbid);
  EXPECT_EQ(query.sort, FlowSort::bytes);
  EXPECT_EQ(query.limit, 7U);
}

TEST(ControlQuery, ReadsTheQuestionForTheRegister) {
  const ExceptionQuery query =
      read_exception_query(read_target("/v1/exceptions?state=ending&limit=7", en), 1000, en);
  EXPECT_EQ(query.state, policy::ExceptionState::ending);
  EXPECT_EQ(query.limit, 7U);
  EXPECT_EQ(read_exception_query(read_target("/v1/exceptions", en), 1000, en).limit, 1000U);
  try {
    read_exception_query(read_target("/v1/exceptions?state=endign", en), 1000, en);
    FAIL() << "a state that does not exist";
  } catch (const Problem& problem) {
    EXPECT_EQ(problem.status(), 400U);
    EXPECT_NE(problem.hint().find("ending"), std::string::npos) << problem.hint();
  }
}

TEST(ControlQuery, LeavesEverythingOpenWithoutParameters) {
  const FlowQuery query = read("/v1/flows");
  EXPECT_FALSE(query.from || query.to || query.segment || query.port || query.protocol || query.stage ||
               query.verdict);
  EXPECT_TRUE(query.addresses.empty());
  EXPECT_EQ(query.sort, FlowSort::last);
  EXPECT_EQ(query.limit, 100U);
}

TEST(ControlQuery, NeverAsksForMoreThanTheAnswerMayHold) {
  const auto policy = test::make_policy();
  EXPECT_EQ(read_flow_query(read_target("/v1/flows", en), *policy, 10, en).limit, 10U);
  EXPECT_THROW(read_flow_query(read_target("/v1/flows?limit=11", en), *policy, 10, en), Problem);
  EXPECT_EQ(read_alert_query(read_target("/v1/alerts", en), 10, en).limit, 10U);
}

TEST(ControlQuery, NamesWhatIsWrongAndWhatWasMeant) {
  struct Case {
    std::string_view target;
    std::string_view code;
    std::string_view named;   // in the message
    std::string_view hinted;  // in the hint
  };
  const Case cases[] = {
      {"/v1/flows?form=mynumber", "unknown_parameter", "form", "from"},
      {"/v1/flows?colour=red", "unknown_parameter", "colour", "verdict"},
      {"/v1/flows?from=mynumbr", "bad_parameter", "mynumbr", "mynumber"},
      {"/v1/flows?from=", "bad_parameter", "from", "mynumber"},
      {"/v1/flows?from=mynumber&from=lgwan", "doubled_parameter", "from", ""},
      {"/v1/flows?port=65536", "bad_parameter", "65536", ""},
      {"/v1/flows?port=-1", "bad_parameter", "-1", ""},
      {"/v1/flows?port=80x", "bad_parameter", "80x", ""},
      {"/v1/flows?port=", "bad_parameter", "port", ""},
      {"/v1/flows?proto=tpc", "bad_parameter", "tpc", "tcp"},
      {"/v1/flows?proto=256", "bad_parameter", "256", ""},
      {"/v1/flows?stage=estabished", "bad_parameter", "estabished", "established"},
      {"/v1/flows?verdict=forbidden", "bad_parameter", "forbidden", "forbid"},
      {"/v1/flows?sort=byte", "bad_parameter", "byte", "bytes"},
      {"/v1/flows?limit=0", "bad_parameter", "1000", ""},
      {"/v1/flows?limit=1001", "bad_parameter", "1000", ""},
      {"/v1/flows?address=10.1.0.1/16", "bad_parameter", "host bits", ""},
      {"/v1/flows?address=010.1.0.1", "bad_parameter", "010.1.0.1", ""},
  };
  for (const Case& each : cases) {
    const Problem problem = problem_of(each.target);
    EXPECT_EQ(problem.status(), 400U) << each.target;
    EXPECT_EQ(problem.code(), each.code) << each.target;
    EXPECT_NE(problem.message().find(each.named), std::string::npos)
        << each.target << ": " << problem.message();
    EXPECT_NE(problem.hint().find(each.hinted), std::string::npos) << each.target << ": " << problem.hint();
  }
}

TEST(ControlQuery, RefusesTargetsThatAreNoPathOrNoText) {
  for (const std::string_view target :
       {"", "v1/flows", "*", "/v1/flows?address=%", "/v1/flows?address=%4", "/v1/flows?address=%zz", "/%ff",
        "/%00", "/%1b[2J", "/%c0%af", "/%ed%a0%80", "/%f4%90%80%80", "/%c2%9b"}) {
    try {
      read_target(target, en);
      ADD_FAILURE() << "accepted: " << target;
    } catch (const Problem& problem) {
      EXPECT_EQ(problem.code(), "bad_request") << target;
    }
  }
}

TEST(ControlQuery, DecodesPercentAndLeavesPlusAlone) {
  const Asked asked = read_target("http://localhost/v1/%66lows?a=%E9%96%A2+b&c&&d=1=2", en);
  EXPECT_EQ(asked.path, "/v1/flows");
  ASSERT_EQ(asked.parameters.size(), 3U);
  EXPECT_EQ(asked.parameters[0].second, "関+b");
  EXPECT_EQ(asked.parameters[1], (std::pair<std::string, std::string>{"c", ""}));
  EXPECT_EQ(asked.parameters[2].second, "1=2");
  EXPECT_EQ(read_target("http://localhost", en).path, "/");
}

TEST(ControlQuery, LimitsTheNumberOfParameters) {
  std::string target = "/v1/flows?";
  for (std::size_t i = 0; i < parameters_max; ++i) target += "address=10.0.0.1&";
  EXPECT_EQ(read_target(target, en).parameters.size(), parameters_max);
  EXPECT_THROW(read_target(target + "address=10.0.0.1", en), Problem);
  EXPECT_EQ(problem_of(target).code(), "bad_parameter");  // fewer addresses than parameters are taken
}

TEST(ControlQuery, ReadsWhichAlertsAreAsked) {
  const AlertQuery query = read_alert_query(
      read_target("/v1/alerts?since=18446744073709551615&incident=inc-1&limit=3", en), 10, en);
  EXPECT_EQ(query.since, 18446744073709551615U);
  EXPECT_EQ(query.incident, "inc-1");
  EXPECT_EQ(query.limit, 3U);
  EXPECT_THROW(read_alert_query(read_target("/v1/alerts?since=18446744073709551616", en), 10, en), Problem);
  EXPECT_THROW(read_alert_query(read_target("/v1/alerts?incident=", en), 10, en), Problem);
  EXPECT_THROW(read_alert_query(read_target("/v1/alerts?from=mynumber", en), 10, en), Problem);
}

TEST(ControlQuery, ProblemIsAnErrorObject) {
  const boost::json::object json = Problem(400, "bad_parameter", "what", "then").to_json();
  const boost::json::object& error = json.at("error").as_object();
  EXPECT_EQ(error.at("code"), "bad_parameter");
  EXPECT_EQ(error.at("message"), "what");
  EXPECT_EQ(error.at("hint"), "then");
}

TEST(ControlQuery, SpeaksBothLanguages) {
  const auto policy = test::make_policy();
  try {
    read_flow_query(read_target("/v1/flows?port=x", en), *policy, 10, Language::ja);
    FAIL();
  } catch (const Problem& problem) {
    EXPECT_NE(problem.message().find("整数"), std::string::npos) << problem.message();
  }
}

capture::FlowFacts some_flow() {
  capture::FlowFacts facts;
  facts.tuple = {*IpAddress::parse("10.10.1.5"), *IpAddress::parse("10.30.0.9"), 51000, 445, 6};
  facts.stage = capture::Stage::answered;
  return facts;
}

policy::Verdict some_verdict() {
  policy::Verdict verdict;
  verdict.decision = policy::Decision::forbid;
  verdict.from = 1;
  verdict.to = 3;
  return verdict;
}

TEST(FlowQuery, MatchesEitherSideButFromAndToTheirOwn) {
  const capture::FlowFacts facts = some_flow();
  const policy::Verdict verdict = some_verdict();
  struct Case {
    const char* what;
    FlowQuery query;
    bool matches;
  };
  const auto prefix = [](std::string_view text) { return *Prefix::parse(text); };
  const Case cases[] = {
      {"nothing asked", {}, true},
      {"initiator's segment", {.from = std::uint8_t{1}}, true},
      {"responder's segment as initiator's", {.from = std::uint8_t{3}}, false},
      {"responder's segment", {.to = std::uint8_t{3}}, true},
      {"initiator's segment as responder's", {.to = std::uint8_t{1}}, false},
      {"either side's segment, initiator", {.segment = std::uint8_t{1}}, true},
      {"either side's segment, responder", {.segment = std::uint8_t{3}}, true},
      {"a third segment", {.segment = std::uint8_t{2}}, false},
      {"initiator's address", {.addresses = {prefix("10.10.1.5")}}, true},
      {"responder's network", {.addresses = {prefix("10.30.0.0/16")}}, true},
      {"one of several", {.addresses = {prefix("192.0.2.0/24"), prefix("10.30.0.0/16")}}, true},
      {"none of several", {.addresses = {prefix("192.0.2.0/24"), prefix("10.20.0.0/16")}}, false},
      {"responder's port", {.port = std::uint16_t{445}}, true},
      {"initiator's port", {.port = std::uint16_t{51000}}, true},
      {"another port", {.port = std::uint16_t{80}}, false},
      {"its protocol", {.protocol = std::uint8_t{6}}, true},
      {"another protocol", {.protocol = std::uint8_t{17}}, false},
      {"a lower stage", {.stage = capture::Stage::refused}, true},
      {"its stage", {.stage = capture::Stage::answered}, true},
      {"a higher stage", {.stage = capture::Stage::established}, false},
      {"its verdict", {.verdict = policy::Decision::forbid}, true},
      {"the other verdict", {.verdict = policy::Decision::permit}, false},
      {"all but one thing right",
       {.from = std::uint8_t{1}, .port = std::uint16_t{445}, .protocol = std::uint8_t{17}},
       false},
  };
  for (const Case& each : cases) EXPECT_EQ(each.query.matches(facts, verdict), each.matches) << each.what;
}

TEST(FlowQuery, AsksNoPortOfMessagesAndFragments) {
  capture::FlowFacts facts = some_flow();
  facts.tuple.protocol = 1;
  facts.tuple.source_port = 8;
  EXPECT_FALSE(FlowQuery{.port = std::uint16_t{8}}.matches(facts, some_verdict()));
  facts = some_flow();
  facts.ports_known = false;
  facts.tuple.source_port = 0;
  EXPECT_FALSE(FlowQuery{.port = std::uint16_t{0}}.matches(facts, some_verdict()));
}

TEST(Nearest, FindsOneSlipAndNothingFarOff) {
  const std::vector<std::string_view> words{"status", "flows", "matrix", "alerts", "replay"};
  EXPECT_EQ(nearest("flwos", words), "flows");
  EXPECT_EQ(nearest("flow", words), "flows");
  EXPECT_EQ(nearest("matirx", words), "matrix");
  EXPECT_EQ(nearest("stat", words), "");
  EXPECT_EQ(nearest("xyz", words), "");
  EXPECT_EQ(nearest("", words), "");
  EXPECT_EQ(nearest(std::string(10000, 'a'), words), "");
  EXPECT_NE(suggestion("xyz", words, en).find("status, flows"), std::string::npos);
}

TEST(ProtocolNumber, KnowsNamesAndNumbers) {
  EXPECT_EQ(protocol_number("tcp"), 6);
  EXPECT_EQ(protocol_number("icmpv6"), 58);
  EXPECT_EQ(protocol_number("47"), 47);
  EXPECT_EQ(protocol_number("0"), 0);
  EXPECT_EQ(protocol_number("255"), 255);
  for (const std::string_view wrong : {"", "256", "-1", "TCP", "6 ", "tcpp"})
    EXPECT_EQ(protocol_number(wrong), -1);
}

}  // namespace
}  // namespace sekimori::daemon
