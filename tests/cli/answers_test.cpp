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

TEST_F(Answers, WhatTheSystemRefusesIsSaidInTheOperatorsLanguage) {
  const std::string nowhere = path("none.sock");
  const Outcome japanese = run_tool({"status", "--lang", "ja", "--socket", nowhere});
  EXPECT_TRUE(has(japanese.err, "ファイルまたはフォルダがありません（ENOENT）")) << japanese.err;
  const Outcome english = run_tool({"status", "--lang", "en", "--socket", nowhere});
  EXPECT_TRUE(has(english.err, "No such file or directory (ENOENT)")) << english.err;
}

}  // namespace
}  // namespace sekimori
