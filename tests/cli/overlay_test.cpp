// What an operator is told of cells that the body decides otherwise than the model.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <string>

#include "tests/cli/run.hpp"

namespace sekimori::test {
namespace {

constexpr std::string_view city =
    "profile: alpha\n"
    "segments:\n"
    "  基幹系: {prefixes: [10.10.0.0/16]}\n"
    "  内部情報系: {prefixes: [10.20.0.0/16]}\n"
    "  セキュリティクラウド: {prefixes: [172.31.0.0/24]}\n"
    "overlay:\n"
    "  - {from: 内部情報系, to: SC, cell: L, reasons: [R6], clause: 対策基準12条2項}\n"
    "services:\n"
    "  - {id: SV-1, from: LG, to: SC, hosts: [172.31.0.9], ports: [tcp/443]}\n";

class Overlay : public testing::Test {
 protected:
  Overlay() { std::ofstream{path(), std::ios::binary} << city; }
  std::string path() const { return folder_ / "city.yaml"; }

 private:
  Folder folder_;
};

TEST_F(Overlay, IsListedByCheckWithTheModelsCellAndTheClause) {
  const Outcome japanese = run_tool({"check", "--lang", "ja", path()});
  EXPECT_EQ(japanese.code, 0) << japanese.err;
  EXPECT_TRUE(has(japanese.out, "モデルと異なる判定（上書き）: 1件")) << japanese.out;
  EXPECT_TRUE(has(japanese.out, "lgwan→security-cloud  f       L R6    対策基準12条2項")) << japanese.out;
  const Outcome english = run_tool({"check", "--lang", "en", path()});
  EXPECT_TRUE(has(english.out, "Decisions other than the model's (overlays): 1")) << english.out;
  const Outcome json = run_tool({"check", "--json", path()});
  EXPECT_EQ(boost::json::serialize(boost::json::parse(json.out).at("overlays")),
            R"([{"from":"lgwan","to":"security-cloud","cell":"L","model_cell":"f","reasons":["R6"],)"
            R"("clause":"対策基準12条2項"}])");
}

TEST_F(Overlay, IsShownByExplainInWordsAndFields) {
  const Outcome permitted =
      run_tool({"explain", "--lang", "ja", "--config", path(), "10.20.0.5", "172.31.0.9", "tcp/443"});
  EXPECT_EQ(permitted.code, 0) << permitted.err;
  EXPECT_TRUE(has(permitted.out, "許可: ")) << permitted.out;
  EXPECT_TRUE(has(permitted.out, "（対策基準12条2項）により、モデルの「f」から「L」に変えられています。"))
      << permitted.out;
  const Outcome forbidden =
      run_tool({"explain", "--json", "--config", path(), "10.20.0.5", "172.31.0.8", "tcp/443"});
  const boost::json::value judged = boost::json::parse(forbidden.out);
  EXPECT_EQ(judged.at("verdict").as_string(), "forbid");
  EXPECT_EQ(judged.at("overlay").at("clause").as_string(), "対策基準12条2項");
  EXPECT_EQ(judged.at("overlay").at("model_cell").as_string(), "f");
}

}  // namespace
}  // namespace sekimori::test
