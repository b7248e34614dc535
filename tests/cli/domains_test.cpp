// Address spaces on the command line: which of two hosts of one address is asked about.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/cli/config_stage.hpp"

namespace sekimori {
namespace {

using test::has;
using test::Outcome;
using test::run_tool;

constexpr std::string_view association = R"(profile: alpha
capture:
  domains:
    town-a: {vlans: [100-199]}
    town-b: {vlans: [200-299]}
segments:
  mynumber: {domain: town-a, prefixes: [10.1.0.0/17]}
  lgwan:
    prefixes: [{prefix: 10.1.128.0/17, domain: town-a}, {prefix: 10.1.0.0/16, domain: town-b}]
  internet: {domain: [town-a, town-b], prefixes: [10.3.0.0/16]}
exceptions:
  - id: EX-1
    reason: 更新プログラムの中継
    approver: 最高情報統括責任者
    ticket: 例外第1号
    from: 2026-04-01
    until: 2027-03-31
    domain: town-b
    source: {addresses: [10.1.1.5]}
    destination: {addresses: [10.3.0.9]}
    protocol: tcp
    ports: [8530]
)";

struct DomainsTool : test::ConfigStage {
  DomainsTool() : ConfigStage(association) {}
};

boost::json::object explained(const std::string& file, std::vector<std::string> words) {
  std::vector<std::string> all{"explain", "--json", "--config", file, "--at", "2026-06-01"};
  all.insert(all.end(), words.begin(), words.end());
  const Outcome outcome = run_tool(all);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return boost::json::parse(outcome.out).as_object();
}

TEST_F(DomainsTool, ExplainAsksInTheDomainThatIsNamed) {
  const std::string file = write("union.yaml", association);
  const auto a = explained(file, {"--domain", "town-a", "10.1.1.5", "10.1.200.9", "tcp/445"});
  EXPECT_EQ(a.at("verdict"), "forbid");
  EXPECT_EQ(a.at("from"), "mynumber");
  EXPECT_EQ(a.at("domain"), "town-a");
  const auto b = explained(file, {"--domain", "town-b", "10.1.1.5", "10.1.200.9", "tcp/445"});
  EXPECT_EQ(b.at("verdict"), "permit");
  EXPECT_EQ(explained(file, {"10.1.1.5", "10.1.200.9", "tcp/445"}).at("domain"), "main");
  const Outcome text = run_tool({"explain", "--lang", "en", "--config", file, "--domain", "town-b",
                                 "10.1.1.5", "10.1.200.9", "tcp/445"});
  EXPECT_TRUE(has(text.out, "town-b")) << text.out;
  const Outcome wrong = run_tool({"explain", "--lang", "en", "--config", file, "--domain", "twon-b",
                                  "10.1.1.5", "10.1.200.9", "tcp/445"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_TRUE(has(wrong.err, "town-b")) << wrong.err;
}

TEST_F(DomainsTool, ExplainTakesTheDomainOfAnEvent) {
  const std::string file = write("union.yaml", association);
  const auto out =
      explained(file, {R"({"src_ip":"10.1.1.5","dest_ip":"10.3.0.9","dest_port":8530,"proto":"TCP",)"
                       R"("sekimori":{"domain":"town-b"}})"});
  EXPECT_EQ(out.at("exception"), "EX-1");
}

TEST_F(DomainsTool, ExplainOfSegmentsSaysWhereSomethingIsPermitted) {
  const std::string file = write("union.yaml", association);
  const auto all = explained(file, {"lgwan", "internet", "tcp/8530"});
  const auto& permitted = all.at("whole").at("permitted").as_array();
  ASSERT_EQ(permitted.size(), 1U);
  EXPECT_EQ(boost::json::serialize(permitted[0].at("domain")), R"(["town-b"])");
  const auto a = explained(file, {"--domain", "town-a", "lgwan", "internet", "tcp/8530"});
  EXPECT_EQ(a.at("whole").at("verdict"), "forbid");
}

TEST_F(DomainsTool, DiffSaysInWhichDomain) {
  const std::string before = write("before.yaml", association);
  const std::string after = write("after.yaml", with("    domain: town-b\n", "    domain: town-a\n"));
  const Outcome none = run_tool({"diff", "--lang", "en", before, before});
  EXPECT_EQ(none.code, 0) << none.out << none.err;
  const Outcome moved = run_tool({"diff", "--lang", "en", before, after});
  EXPECT_EQ(moved.code, 1) << moved.err;
  EXPECT_TRUE(has(moved.out, "domain town-b")) << moved.out;
  const Outcome json = run_tool({"diff", "--json", before, after});
  const auto changes = boost::json::parse(json.out).at("changes").as_array();
  ASSERT_EQ(changes.size(), 1U) << "in town a the My Number segment takes no exception to the Internet";
  EXPECT_EQ(boost::json::serialize(changes[0].at("tuples").at(0).at("domain")), R"(["town-b"])");
  // Numbered otherwise, nothing has changed.
  const std::string renumbered =
      write("renumbered.yaml", with("    town-a: {vlans: [100-199]}\n    town-b: {vlans: [200-299]}\n",
                                    "    town-b: {vlans: [200-299]}\n    town-a: {vlans: [100-199]}\n"));
  const Outcome same = run_tool({"diff", "--lang", "en", before, renumbered});
  EXPECT_EQ(same.code, 0) << same.out << same.err;
}

TEST_F(DomainsTool, CheckWarnsOfADomainWithoutWires) {
  const std::string file = write("idle.yaml", with("town-b: {vlans: [200-299]}", "town-b: {}"));
  const Outcome outcome = run_tool({"check", "--lang", "en", "--strict", "--at", "2026-06-01", file});
  EXPECT_EQ(outcome.code, 1) << outcome.out << outcome.err;
  EXPECT_TRUE(has(outcome.out, "domain \"town-b\" has no wires")) << outcome.out;
}

}  // namespace
}  // namespace sekimori
