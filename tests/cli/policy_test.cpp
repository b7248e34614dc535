// check, explain and diff: what they print and how they end.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/cli/config_stage.hpp"

namespace sekimori {
namespace {

using test::has;
using test::Outcome;
using test::run_tool;

constexpr std::string_view city = R"(profile: alpha
segments:
  mynumber: {prefixes: [10.10.0.0/16]}
  lgwan: {prefixes: [10.20.0.0/16]}
  internet: {prefixes: [10.30.0.0/16]}
gateways:
  - {id: GW-1, kind: screen-transfer, from: lgwan, to: internet, hosts: [10.30.40.5], ports: [tcp/443]}
exceptions:
  - id: EX-1
    reason: 更新プログラムの中継
    approver: 最高情報統括責任者
    ticket: 例外第1号
    from: 2026-04-01
    until: 2027-03-31
    source: {addresses: [10.20.10.6], macs: ["02:00:00:00:00:06"]}
    destination: {addresses: [10.10.10.6], macs: ["02:00:00:00:00:16"]}
    protocol: tcp
    ports: [8530]
assert:
  - mynumber never reaches external
  - lgwan から internet へは gateway だけ
routers: ["02:00:00:00:00:f1", "02:00:00:00:00:f2"]
)";

struct PolicyTool : test::ConfigStage {
  PolicyTool() : ConfigStage(city) {}
};

TEST_F(PolicyTool, CheckProvesAssertionsAndCountsWhatItFound) {
  const std::string file = write("city.yaml", city);
  const Outcome good = run_tool({"check", "--strict", "--at", "2026-06-01", file});
  EXPECT_EQ(good.code, 0) << good.out << good.err;
  EXPECT_TRUE(has(good.out, "表明2件は、すべての通信について成り立ちます")) << good.out;
  EXPECT_TRUE(has(good.out, "誤り 0、警告 0")) << good.out;
}

TEST_F(PolicyTool, CheckRefusesABrokenAssertionWithItsPlaceAndAnExample) {
  const std::string file =
      write("city.yaml", with("mynumber never reaches external", "lgwan never reaches mynumber"));
  const Outcome broken = run_tool({"check", "--lang", "en", file});
  EXPECT_EQ(broken.code, 2);
  EXPECT_TRUE(has(broken.err, file + ":20:5: ")) << broken.err;
  EXPECT_TRUE(has(broken.err, "10.20.10.6 → 10.10.10.6 tcp/8530")) << broken.err;
  EXPECT_TRUE(has(broken.err, "exception \"EX-1\" (" + file + ":9:5)")) << broken.err;
}

TEST_F(PolicyTool, StrictMakesWarningsFail) {
  const std::string file = write("city.yaml", city);
  EXPECT_EQ(run_tool({"check", "--at", "2027-05-01", file}).code, 0);
  const Outcome strict = run_tool({"check", "--strict", "--at", "2027-05-01", file});
  EXPECT_EQ(strict.code, 1);
  EXPECT_TRUE(has(strict.out, "2027-03-31に終了しています")) << strict.out;
  const Outcome json = run_tool({"check", "--json", "--at", "2027-03-20", file});
  EXPECT_EQ(json.code, 0);
  const boost::json::value value = boost::json::parse(json.out);
  ASSERT_EQ(value.at("remarks").as_array().size(), 1U) << json.out;
  const boost::json::value& remark = value.at("remarks").at(0);
  EXPECT_EQ(remark.at("rule"), "exception-ending");
  EXPECT_EQ(remark.at("level"), "note");
  EXPECT_EQ(remark.at("line"), 9);
  EXPECT_FALSE(remark.at("clauses").as_array().empty());
}

TEST_F(PolicyTool, DiffOfTheSameConfigurationEndsWithZero) {
  const std::string file = write("city.yaml", city);
  const Outcome same = run_tool({"diff", file, file});
  EXPECT_EQ(same.code, 0) << same.err;
  EXPECT_TRUE(has(same.out, "判定が変わる通信はありません")) << same.out;
}

TEST_F(PolicyTool, DiffTellsExactlyWhatChanges) {
  const std::string old_file = write("old.yaml", city);
  const std::string new_file = write("new.yaml", with("until: 2027-03-31", "until: 2027-09-30"));
  const Outcome text = run_tool({"diff", "--lang", "en", old_file, new_file});
  EXPECT_EQ(text.code, 1) << text.err;
  EXPECT_TRUE(has(text.out, "newly permitted 1, newly forbidden 0")) << text.out;
  for (const char* part : {"10.20.10.6", "10.10.10.6", "tcp/8530", "2027-04-01 until 2027-09-30", "EX-1"})
    EXPECT_TRUE(has(text.out, part)) << part << "\n" << text.out;

  const Outcome back = run_tool({"diff", "--json", new_file, old_file});
  EXPECT_EQ(back.code, 1);
  const boost::json::value value = boost::json::parse(back.out);
  EXPECT_EQ(value.at("same"), false);
  EXPECT_EQ(value.at("complete"), true);
  ASSERT_EQ(value.at("changes").as_array().size(), 1U) << back.out;
  const boost::json::value& change = value.at("changes").at(0);
  EXPECT_EQ(change.at("change"), "forbid");
  EXPECT_EQ(change.at("before").at("exception"), "EX-1");
  EXPECT_EQ(change.at("after").at("cell"), "f");
  const boost::json::value& tuple = change.at("tuples").at(0);
  EXPECT_EQ(tuple.at("source").at(0), "10.20.10.6");
  EXPECT_EQ(tuple.at("service").at(0).at("protocol"), 6);
  EXPECT_EQ(tuple.at("service").at(0).at("ports").at(0).at(0), 8530);
  EXPECT_EQ(tuple.at("time").at(0).at("from"), "2027-04-01T00:00:00.000000+09:00");
  EXPECT_EQ(tuple.at("time").at(0).at("until"), "2027-10-01T00:00:00.000000+09:00");
}

// By the example city's day: what one entry less would have done to the flows that were there.
TEST_F(PolicyTool, DiffReplaysWhichFlowsWouldHaveChanged) {
  const std::string folder = std::string{SEKIMORI_SOURCE_DIR} + "/config/examples/kakuu-city/";
  const std::string text = test::content_of(folder + "sekimori.yaml");
  const std::string_view hosts = "hosts: [10.30.40.5, 10.30.40.11,";
  const std::size_t at = text.find(hosts);
  ASSERT_NE(at, std::string::npos);
  const std::string old_file = write("old.yaml", text);
  std::string without = text;
  without.replace(at, hosts.size(), "hosts: [10.30.40.11,");
  const std::string new_file = write("new.yaml", without);
  const std::string day = folder + "day.pcap";
  const Outcome json = run_tool({"diff", "--json", "--replay", day, old_file, new_file});
  EXPECT_EQ(json.code, 1) << json.err;
  const boost::json::value value = boost::json::parse(json.out);
  EXPECT_GT(value.at("replay").at("flows").to_number<int>(), 50);
  const boost::json::array& changed = value.at("replay").at("changed").as_array();
  ASSERT_FALSE(changed.empty()) << "terminals go to the broker that day";
  for (const boost::json::value& flow : changed) {
    EXPECT_EQ(flow.at("dest_ip"), "10.30.40.5");
    EXPECT_EQ(flow.at("dest_port"), 443);
    EXPECT_EQ(flow.at("before").at("verdict"), "permit");
    EXPECT_EQ(flow.at("before").at("gateway"), "GW-VDI");
    EXPECT_EQ(flow.at("after").at("verdict"), "forbid");
  }
  const Outcome words = run_tool({"diff", "--lang", "en", "--replay", day, old_file, new_file});
  EXPECT_TRUE(has(words.out, "newly forbidden")) << words.out;
  EXPECT_TRUE(has(words.out, "10.30.40.5")) << words.out;

  const Outcome same = run_tool({"diff", "--json", "--replay", day, old_file, old_file});
  EXPECT_EQ(same.code, 0) << same.err;
  EXPECT_TRUE(boost::json::parse(same.out).at("replay").at("changed").as_array().empty());
  EXPECT_EQ(run_tool({"diff", "--replay", day + ".none", old_file, old_file}).code, 2);
}

constexpr std::string_view cloud_city = R"(profile: alpha-prime
segments:
  mynumber: {prefixes: [10.10.0.0/16]}
  lgwan: {prefixes: [10.20.0.0/16]}
  internet: {prefixes: [10.30.0.0/16]}
  named-cloud: {prefixes: [198.51.100.0/25]}
services:
  - {id: SV-N, from: lgwan, to: named-cloud, names: ["*.cloud.example.jp"], ports: [tcp/443]}
)";

TEST_F(PolicyTool, DiffTellsWhatANameAlonePermits) {
  const std::string old_file = write("old.yaml", cloud_city);
  std::string text{cloud_city};
  text.insert(text.find("jp\"]") + 3, ", files.example.com");
  const std::string new_file = write("new.yaml", text);
  const Outcome json = run_tool({"diff", "--json", old_file, new_file});
  EXPECT_EQ(json.code, 1) << json.err;
  const boost::json::value value = boost::json::parse(json.out);
  EXPECT_EQ(value.at("same"), false);
  ASSERT_EQ(value.at("named").as_array().size(), 2U) << json.out;
  EXPECT_EQ(value.at("named").at(0).at("change"), "permit");
  EXPECT_EQ(value.at("named").at(0).at("service"), "SV-N");
  EXPECT_EQ(value.at("named").at(0).at("names").as_array().size(), 2U);
  EXPECT_EQ(value.at("named").at(1).at("change"), "forbid");
  const Outcome words = run_tool({"diff", "--lang", "en", old_file, new_file});
  EXPECT_TRUE(has(words.out, "files.example.com")) << words.out;
  EXPECT_EQ(run_tool({"diff", old_file, old_file}).code, 0);
}

TEST_F(PolicyTool, DiffSeesAddressesThatMoveToAnotherSegment) {
  const std::string old_file = write("old.yaml", city);
  std::string text = with("lgwan: {prefixes: [10.20.0.0/16]}", "lgwan: {prefixes: [10.20.0.0/17]}");
  text.replace(text.find("[10.30.0.0/16]"), 14, "[10.30.0.0/16, 10.20.128.0/17]");
  const Outcome moved = run_tool({"diff", "--lang", "en", old_file, write("new.yaml", text)});
  EXPECT_EQ(moved.code, 1) << moved.err;
  EXPECT_TRUE(has(moved.out, "10.20.128.0/17")) << moved.out;
  EXPECT_TRUE(has(moved.out, "before the change: lgwan")) << moved.out;
}

TEST_F(PolicyTool, DiffOfAWrongConfigurationEndsWithTwo) {
  const std::string file = write("city.yaml", city);
  EXPECT_EQ(run_tool({"diff", file, write("wrong.yaml", "profile: alhpa\n")}).code, 2);
  EXPECT_EQ(run_tool({"diff", file, path("none.yaml")}).code, 2);
}

TEST_F(PolicyTool, DraftsAreToldAndComparedButNotInForce) {
  const std::string file =
      write("city.yaml", with("    ports: [8530]", "    ports: [8530]\n    stage: draft"));
  const Outcome explained = run_tool({"explain", "--lang", "en", "--config", file, "--at", "2026-06-01",
                                      "10.20.10.6", "10.10.10.6", "tcp/8530"});
  EXPECT_EQ(explained.code, 0) << explained.err;
  EXPECT_TRUE(has(explained.out, "Forbidden")) << explained.out;
  EXPECT_TRUE(has(explained.out, "draft")) << explained.out;
  const Outcome json = run_tool(
      {"explain", "--json", "--config", file, "--at", "2026-06-01", "10.20.10.6", "10.10.10.6", "tcp/8530"});
  const boost::json::value value = boost::json::parse(json.out);
  EXPECT_EQ(value.at("verdict"), "forbid");
  EXPECT_EQ(value.at("draft").at("verdict"), "permit");
  EXPECT_EQ(value.at("draft").at("exception"), "EX-1");
  EXPECT_EQ(run_tool({"diff", file, file}).code, 0);
  const Outcome drafted = run_tool({"diff", "--drafts", file, file});
  EXPECT_EQ(drafted.code, 1) << drafted.err;
  EXPECT_TRUE(has(drafted.out, "EX-1")) << drafted.out;
}

TEST_F(PolicyTool, ADraftThatWouldForbidIsToldByEveryTool) {
  const std::string draft = std::string{city} +
                            "overlay:\n  - {from: lgwan, to: lgwan, cell: f, reasons: [R4], clause: "
                            "規程第5条, stage: draft}\n";
  const std::string file = write("city.yaml", draft);
  const Outcome explained =
      run_tool({"explain", "--lang", "en", "--config", file, "10.20.1.5", "10.20.1.6", "tcp/445"});
  EXPECT_EQ(explained.code, 0) << explained.err;
  EXPECT_TRUE(has(explained.out, "The draft of overlay \"lgwan→lgwan\" would forbid it.")) << explained.out;
  const Outcome json = run_tool({"explain", "--json", "--config", file, "10.20.1.5", "10.20.1.6", "tcp/445"});
  const boost::json::value value = boost::json::parse(json.out);
  EXPECT_EQ(value.at("verdict"), "permit");
  EXPECT_EQ(value.at("draft").at("verdict"), "forbid");
  EXPECT_EQ(value.at("draft").at("overlay").at("to"), "lgwan");
  const Outcome checked = run_tool({"check", "--lang", "en", file});
  EXPECT_EQ(checked.code, 0) << checked.err;
  EXPECT_TRUE(has(checked.out, "overlay \"lgwan→lgwan\" is at stage draft and not in force")) << checked.out;
  EXPECT_EQ(run_tool({"diff", file, file}).code, 0);
  EXPECT_EQ(run_tool({"diff", "--drafts", file, file}).code, 1);
}

TEST_F(PolicyTool, ExplainTakesServicesAsPeopleWriteThem) {
  const std::string file = write("city.yaml", city);
  for (const char* service : {"tcp/443", "TCP/443", "443/tcp", "tcp:443", "https", "HTTPS"}) {
    const Outcome explained =
        run_tool({"explain", "--json", "--config", file, "10.20.1.5", "10.30.40.5", service});
    ASSERT_EQ(explained.code, 0) << service << explained.err;
    EXPECT_EQ(boost::json::parse(explained.out).at("gateway"), "GW-1") << service;
  }
  EXPECT_EQ(run_tool({"explain", "--config", file, "10.20.1.5", "10.30.40.5", "443/tpc"}).code, 2);
}

TEST_F(PolicyTool, ExplainOfSegmentsSpeaksOfAllTheirConversations) {
  const std::string file = write("city.yaml", city);
  const Outcome some = run_tool({"explain", "--lang", "en", "--config", file, "lgwan", "internet", "https"});
  EXPECT_EQ(some.code, 0) << some.err;
  EXPECT_TRUE(has(some.out, "only these are permitted")) << some.out;
  EXPECT_TRUE(has(some.out, "10.30.40.5")) << some.out;
  EXPECT_TRUE(has(some.out, "GW-1")) << some.out;
  EXPECT_TRUE(has(run_tool({"explain", "--lang", "en", "--config", file, "MN", "external"}).out,
                  "none is permitted"));
  EXPECT_TRUE(
      has(run_tool({"explain", "--lang", "en", "--config", file, "mynumber", "mynumber", "tcp/1"}).out,
          "every one is permitted"));
  const Outcome wrong = run_tool({"explain", "--config", file, "lgwam", "internet", "https"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_TRUE(has(wrong.err, "lgwan")) << wrong.err;
}

TEST_F(PolicyTool, ExplainReadsAnEventAsItWasWritten) {
  const std::string file = write("city.yaml", city);
  const std::string event =
      R"({"timestamp":"2026-06-01T09:00:00.250000+09:00","event_type":"flow","src_ip":"10.20.10.6","src_port":50000,)"
      R"("dest_ip":"10.10.10.6","dest_port":8530,"proto":"TCP","ether":{"src_mac":"02:00:00:00:00:06"}})";
  const Outcome explained = run_tool({"explain", "--json", "--config", file, event});
  ASSERT_EQ(explained.code, 0) << explained.err;
  EXPECT_EQ(boost::json::parse(explained.out).at("exception"), "EX-1") << explained.out;
  EXPECT_EQ(run_tool({"explain", "--config", file, R"({"src_ip":"10.0.0.1"})"}).code, 2);
}

TEST_F(PolicyTool, ExplainShowsSeveralEntriesThatComeNear) {
  std::string text{city};
  std::string second =
      text.substr(text.find("  - id: EX-1"), text.find("assert:") - text.find("  - id: EX-1"));
  second.replace(second.find("EX-1"), 4, "EX-2");
  second.replace(second.find("[8530]"), 6, "[8531]");
  text.insert(text.find("assert:"), second);
  const std::string file = write("city.yaml", text);
  const Outcome near = run_tool({"explain", "--lang", "en", "--config", file, "--at", "2026-06-01",
                                 "10.20.10.6", "10.10.10.6", "tcp/8532"});
  EXPECT_TRUE(has(near.out, "nearest first")) << near.out;
  EXPECT_TRUE(has(near.out, "EX-1")) << near.out;
  EXPECT_TRUE(has(near.out, "EX-2")) << near.out;
}

}  // namespace
}  // namespace sekimori
