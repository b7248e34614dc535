// explain and diff where the answer is more than one sentence: the next hop decides, an entry differs in
// several things, what changes is no conversation.
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
  security-cloud:
    prefixes: [{prefix: 172.31.0.8, name: プロキシ}]
    next_hop_macs: ["02:00:ac:1f:03:99"]
exceptions:
  - id: EX-1
    reason: 更新プログラムの中継
    approver: 最高情報統括責任者
    ticket: 例外第1号
    from: 2026-04-01
    until: 2027-03-31
    weekdays: [mon-fri]
    source: {addresses: [10.20.10.6], macs: ["02:00:00:00:00:06"]}
    destination: {addresses: [10.10.10.6], macs: ["02:00:00:00:00:16"]}
    protocol: tcp
    ports: [8530]
    volume: {bytes: 20GiB, per: 24h}
)";

struct Answers : test::ConfigStage {
  Answers() : ConfigStage(city) {}
  Outcome explain(std::vector<std::string> words) const {
    words.insert(words.begin(),
                 {"explain", "--at", "2026-06-01T10:00", "--config", write("city.yaml", city)});
    return run_tool(words);
  }
};

TEST_F(Answers, ExplainGivesBothVerdictsWhereTheNextHopDecides) {
  const Outcome both = explain({"--lang", "en", "10.30.1.5", "198.51.100.7", "tcp/443"});
  EXPECT_EQ(both.code, 0) << both.err;
  for (const char* part : {"The answer depends on the next hop", "one of security-cloud (02:00:ac:1f:03:99)",
                           "internet → security-cloud", "any other MAC", "internet → external", "permit",
                           "FORBID", "172.31.0.8 (プロキシ)"})
    EXPECT_TRUE(has(both.out, part)) << part << "\n" << both.out;
  EXPECT_TRUE(has(explain({"--lang", "ja", "10.30.1.5", "198.51.100.7", "tcp/443"}).out,
                  "この答えは次ホップ（発信側のフレームの宛先MAC）によって変わります"));

  const boost::json::value json =
      boost::json::parse(explain({"--json", "10.30.1.5", "198.51.100.7", "tcp/443"}).out);
  ASSERT_EQ(json.at("next_hops").as_array().size(), 3U);
  EXPECT_EQ(json.at("next_hops").at(0).at("next_hop"), "unknown");
  EXPECT_EQ(json.at("next_hops").at(0).at("verdict"), json.at("verdict"));
  EXPECT_EQ(json.at("next_hops").at(1).at("next_hop"), "security-cloud");
  EXPECT_EQ(json.at("next_hops").at(1).at("verdict"), "permit");
  EXPECT_EQ(json.at("next_hops").at(2).at("next_hop"), "other");
  EXPECT_EQ(json.at("next_hops").at(2).at("verdict"), "forbid");
}

TEST_F(Answers, ExplainNamesOnlyHostsAsRelays) {
  const std::string host = "[{prefix: 172.31.0.8, name: プロキシ}]";
  const auto with = [&](std::string_view prefixes) {
    std::string other{city};
    other.replace(other.find(host), host.size(), prefixes);
    return run_tool({"explain", "--lang", "en", "--at", "2026-06-01T10:00", "--config",
                     write("relays.yaml", other), "10.30.1.5", "198.51.100.7", "tcp/443"});
  };
  const Outcome both = with("[{prefix: 172.31.0.8, name: プロキシ}, {prefix: 172.31.4.0/24, name: 保守}]");
  EXPECT_TRUE(has(both.out, "ask about that one: 172.31.0.8 (プロキシ)\n")) << both.out << both.err;
  EXPECT_FALSE(has(both.out, "172.31.4.0")) << both.out;
  const Outcome none = with("[172.31.4.0/24]");
  EXPECT_TRUE(has(none.out, "The answer depends on the next hop")) << none.out << none.err;
  EXPECT_FALSE(has(none.out, "ask about that one")) << none.out;
}

TEST_F(Answers, ExplainSaysNothingOfNextHopsThatDecideNothing) {
  for (const std::vector<std::string>& asked : {std::vector<std::string>{"10.10.1.5", "10.20.0.9", "tcp/445"},
                                                {"10.10.1.5", "198.51.100.7", "tcp/443"},
                                                {"10.30.1.5", "10.30.0.9", "tcp/443"}}) {
    const Outcome one = explain(asked);
    EXPECT_FALSE(has(one.out, "次ホップ")) << one.out;
  }
  const Outcome known =
      explain({"10.30.1.5", "198.51.100.7", "tcp/443", "--destination-mac", "02:00:ac:1f:03:99"});
  EXPECT_FALSE(has(known.out, "によって変わります")) << "it is known\n" << known.out;
}

TEST_F(Answers, ExplainOfWhatComesInGivesTheVerdictsByWhereItCameFrom) {
  const std::string dmz = write("dmz.yaml", std::string{city} +
                                                "  - {id: EX-2, reason: r, approver: a, ticket: t, until: "
                                                "2027-03-31, protocol: tcp, ports: [443],\n"
                                                "     source: {macs: [\"02:00:ac:1f:03:99\"]}, destination: "
                                                "{addresses: [10.30.0.9]}}\n");
  const Outcome in = run_tool({"explain", "--lang", "en", "--at", "2026-06-01T10:00", "--config", dmz,
                               "198.51.100.7", "10.30.0.9", "tcp/443"});
  EXPECT_EQ(in.code, 0) << in.err;
  EXPECT_TRUE(has(in.out, "depends on the device that the frames come from")) << in.out;
}

TEST_F(Answers, ExplainListsEverythingInWhichAnEntryDiffers) {
  // A Sunday, another port, another card.
  const std::vector<std::string> asked{"explain",
                                       "--lang",
                                       "en",
                                       "--at",
                                       "2026-06-07T10:00",
                                       "--config",
                                       write("city.yaml", city),
                                       "10.20.10.6",
                                       "10.10.10.6",
                                       "tcp/8531",
                                       "--source-mac",
                                       "02:00:00:00:00:07"};
  const Outcome text = run_tool(asked);
  EXPECT_TRUE(has(text.out, "port, initiator's MAC, weekday or hour")) << text.out;
  std::vector<std::string> machine = asked;
  machine.emplace_back("--json");
  const boost::json::value json = boost::json::parse(run_tool(machine).out);
  ASSERT_EQ(json.at("near").as_array().size(), 1U);
  EXPECT_EQ(json.at("near").at(0).at("id"), "EX-1");
  EXPECT_EQ(boost::json::serialize(json.at("near").at(0).at("differs")),
            R"(["port","source_mac","out_of_hours"])");
}

TEST_F(Answers, DiffTellsWhatIsNoConversation) {
  const std::string before = write("old.yaml", city);
  const std::string after = write("new.yaml", with("bytes: 20GiB", "bytes: 2GiB"));
  const Outcome text = run_tool({"diff", "--lang", "en", before, after});
  EXPECT_EQ(text.code, 1) << "a change is a change";
  for (const char* part : {"No conversation is decided otherwise", "not expressible as conversations: 1",
                           "exceptions EX-1", "volume.bytes", "20GiB", "2GiB"})
    EXPECT_TRUE(has(text.out, part)) << part << "\n" << text.out;
  const boost::json::value json = boost::json::parse(run_tool({"diff", "--json", before, after}).out);
  EXPECT_EQ(json.at("same"), false);
  EXPECT_EQ(boost::json::serialize(json.at("limits")),
            R"([{"list":"exceptions","key":"volume.bytes","old":"20GiB","new":"2GiB","id":"EX-1"}])");
  const Outcome same = run_tool({"diff", "--json", before, before});
  EXPECT_EQ(same.code, 0);
  EXPECT_TRUE(boost::json::parse(same.out).at("limits").as_array().empty());
}

TEST_F(Answers, WhatTheSystemRefusesIsSaidInTheOperatorsLanguage) {
  const std::string nowhere = path("none.sock");
  const Outcome japanese = run_tool({"status", "--lang", "ja", "--socket", nowhere});
  EXPECT_TRUE(has(japanese.err, "ファイルまたはフォルダがありません（ENOENT）")) << japanese.err;
  const Outcome english = run_tool({"status", "--lang", "en", "--socket", nowhere});
  EXPECT_TRUE(has(english.err, "No such file or directory (ENOENT)")) << english.err;
}

}  // namespace
}  // namespace sekimori
