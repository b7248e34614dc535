#include "tools/sekimori/table.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <sstream>

#include "tools/sekimori/events.hpp"

namespace sekimori::tool {
namespace {

TEST(DisplayWidth, CountsJapaneseAsTwoColumns) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("LGWAN"), 5U);
  EXPECT_EQ(display_width("マイナンバー利用事務系"), 22U);
  EXPECT_EQ(display_width("LGWAN接続系（本庁）"), 19U);
  EXPECT_EQ(display_width("ｶﾅ"), 2U);              // half-width
  EXPECT_EQ(display_width("　、。"), 6U);          // ideographic space and marks
  EXPECT_EQ(display_width("ＡＢ"), 4U);            // full-width letters
  EXPECT_EQ(display_width("𠮷野"), 4U);            // beyond the basic plane
  EXPECT_EQ(display_width("①→"), 2U);              // ambiguous: narrow
  EXPECT_EQ(display_width("か\xe3\x82\x99"), 2U);  // combining voiced mark
  EXPECT_EQ(display_width("e\xcc\x81"), 1U);
  EXPECT_EQ(display_width("관문"), 4U);
  EXPECT_EQ(display_width("🚨"), 2U);
}

TEST(Printable, LeavesNothingThatMovesTheCursor) {
  EXPECT_EQ(printable("税務課"), "税務課");
  EXPECT_EQ(printable("a\x1b[2Jb"), "a\xef\xbf\xbd[2Jb");
  EXPECT_EQ(printable("a\nb"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(printable("\xff"), "\xef\xbf\xbd");
  EXPECT_EQ(printable("\xe3\x82"), "\xef\xbf\xbd\xef\xbf\xbd");  // cut in the middle
  EXPECT_EQ(printable("\xc2\x9b"), "\xef\xbf\xbd");              // C1: a control sequence in one character
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "exe"),
            "\xef\xbf\xbd"
            "exe");  // writing direction
  EXPECT_EQ(display_width("\xff"), display_width(printable("\xff")));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(Table, KeepsColumnsInLineWhateverTheLettersAre) {
  Table table{{{"領域"}, {"フロー", Align::right}, {"備考"}}};
  table.add({"マイナンバー利用事務系", "7", "x"});
  table.add({"LGWAN", "12,345", "x"});
  table.add({"", "0", "x"});
  const std::vector<std::string> lines = lines_of(table.to_string());
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[1], "マイナンバー利用事務系       7  x");
  EXPECT_EQ(lines[2], "LGWAN                   12,345  x");
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(display_width(lines[i]), 33U) << lines[i];
  EXPECT_EQ(lines[0], "領域                    フロー  備考");
}

TEST(Table, EndsNoLineInSpaces) {
  Table table{{{"a"}, {"b"}, {"c", Align::right}}};
  table.add({"long first", "", ""});
  table.add({"x"});
  for (const std::string& line : lines_of(table.to_string())) {
    ASSERT_FALSE(line.empty());
    EXPECT_NE(line.back(), ' ') << line;
  }
}

TEST(Table, ColoursOnlyWhenAskedAndNeverTheWidth) {
  Table table{{{"h"}, {"n"}}};
  table.add({{"不許可", Table::Mark::bad}, "1"});
  EXPECT_EQ(table.to_string().find('\x1b'), std::string::npos);
  EXPECT_NE(table.to_string(true).find("\x1b[1;31m不許可\x1b[0m  1"), std::string::npos);
}

TEST(Numbers, AreGroupedAndScaled) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(18446744073709551615ULL), "18,446,744,073,709,551,615");
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1024), "1.0 KiB");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(bytes_text(1024ULL * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(bytes_text(18446744073709551615ULL), "16.0 EiB");
}

boost::json::object json_of(std::string_view text) {
  return boost::json::parse(text).as_object();
}

TEST(MatrixText, MarksWhatIsForbiddenAndWhereNothingWasSeen) {
  const boost::json::object event = json_of(R"({"segments":[
      {"id":"mynumber","code":"MN","name_ja":"マイナンバー利用事務系","name_en":"My Number"},
      {"id":"internet","code":"NET","name_ja":"インターネット接続系","name_en":"Internet"}],
    "pairs":[
      {"from":"mynumber","to":"internet","cell":"F","flows":4,"packets":9,"bytes":2048,"flows_forbidden":3,
       "packets_forbidden":8,"bytes_forbidden":1024,"flows_exception":0},
      {"from":"internet","to":"internet","cell":"P","flows":1200,"packets":2,"bytes":10,"flows_forbidden":0,
       "packets_forbidden":0,"bytes_forbidden":0,"flows_exception":5}]})");
  const std::string ja = matrix_text(event, Language::ja, false);
  const std::vector<std::string> lines = lines_of(ja);
  ASSERT_GE(lines.size(), 6U);
  EXPECT_NE(lines[0].find("MN"), std::string::npos);
  EXPECT_NE(lines[1].find("マイナンバー利用事務系"), std::string::npos);
  EXPECT_NE(lines[1].find(" -"), std::string::npos) << lines[1];
  EXPECT_NE(lines[1].find("4 / !3 / 2.0 KiB"), std::string::npos) << lines[1];
  EXPECT_NE(lines[2].find("1,200 / 0 / 10 B"), std::string::npos) << lines[2];
  EXPECT_EQ(display_width(lines[0]), display_width(lines[1]));  // the last column is right-aligned
  EXPECT_EQ(display_width(lines[1]), display_width(lines[2]));
  EXPECT_NE(
      ja.find("不許可: マイナンバー利用事務系 → インターネット接続系（F）: 3フロー、8パケット、1.0 KiB"),
      std::string::npos)
      << ja;
  EXPECT_NE(ja.find("例外措置による許可: インターネット接続系 → インターネット接続系: 5フロー"),
            std::string::npos);
  EXPECT_NE(matrix_text(event, Language::en, false).find("forbidden: My Number -> Internet"),
            std::string::npos);
  EXPECT_NE(matrix_text(event, Language::ja, true).find("\x1b[1;31m4 / !3"), std::string::npos);
}

TEST(MatrixText, ShowsTheStateOfTheMirrorWhereThereIsSomethingToSay) {
  const std::string_view pair = R"({"segments":[],"pairs":[{"from":"mynumber","to":"internet","flows":9,
      "duplicates":10,"duplicates_ratio":0.25,"copies":1234,"flows_ended":8,"flows_one_sided":1,
      "one_sided_ratio":0.0001},{"from":"lgwan","to":"internet","flows":1}]})";
  const std::string text = matrix_text(json_of(pair), Language::en, false);
  EXPECT_NE(text.find("mynumber -> internet"), std::string::npos) << text;
  EXPECT_EQ(text.find("lgwan -> internet"), std::string::npos) << text;
  for (const char* part : {" 25.0%", "1,234", "1/8", "<0.1%"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  }
  EXPECT_NE(matrix_text(json_of(pair), Language::ja, false).find("ミラーの状態"), std::string::npos);
  EXPECT_EQ(matrix_text(json_of(R"({"pairs":[{"from":"a","to":"b","flows":1}]})"), Language::en, false)
                .find("mirror"),
            std::string::npos);
}

TEST(BooksText, ShowsWhatIsCountedBesideTheSumWhereThereIsAny) {
  const std::string text = books_text(
      json_of(R"({"packets_read":10,"in_flows":10,"reasons":{},"packets_carriers":4,"mirror_stripped":0,
                  "unopened":{"tunnel_encrypted":6},"fragments":{"seen":9,"strays":0},"flows_in_grace":3})"),
      Language::en);
  for (const char* part : {"outer layers of tunnels", "tunnels that could not be opened",
                           "  tunnel_encrypted", "fragments", "  seen", "told later because of the start"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  }
  EXPECT_EQ(text.find("strays"), std::string::npos) << text;
  EXPECT_EQ(text.find("transports taken off"), std::string::npos) << text;
  EXPECT_NE(text.find("The books close: read 10 = in flows 10 + under reasons 0"), std::string::npos) << text;
}

TEST(BooksText, ClosesOrSaysThatItDoesNot) {
  EXPECT_NE(books_text(json_of(R"({"packets_read":10,"in_flows":7,"reasons":{"arp":2,"stp":1,"cdp":0}})"),
                       Language::en)
                .find("The books close: read 10 = in flows 7 + under reasons 3"),
            std::string::npos);
  const std::string open =
      books_text(json_of(R"({"packets_read":10,"packets_in_flows":7,"reasons":{"arp":2}})"), Language::en);
  EXPECT_NE(open.find("DO NOT CLOSE"), std::string::npos) << open;
  EXPECT_NE(open.find("  arp"), std::string::npos);
  EXPECT_EQ(open.find("stp"), std::string::npos);
}

TEST(FlowCells, TellEndsVerdictAndStage) {
  const boost::json::object event = json_of(R"({"src_ip":"fd10::5","src_port":51000,"dest_ip":"192.0.2.7",
    "proto":"TCP","flow":{"end":"2026-04-01T09:12:03.482915+09:00","pkts_toserver":1000,"pkts_toclient":2,
    "bytes_toserver":3,"bytes_toclient":4},
    "sekimori":{"from":"mynumber","to":"external","verdict":"forbid","basis":"cell","stage":"data","rule":"F x"}})");
  const auto cells = flow_cells(event, Language::ja);
  ASSERT_EQ(cells.size(), flow_columns(Language::ja).size());
  EXPECT_EQ(cells[0].text, "2026-04-01 09:12:03");
  EXPECT_EQ(cells[2].text, "[fd10::5]:51000");
  EXPECT_EQ(cells[3].text, "192.0.2.7");
  EXPECT_EQ(cells[4].text, "mynumber -> external");
  EXPECT_EQ(cells[5].text, "不許可");
  EXPECT_EQ(cells[6].text, "データ転送あり");
  EXPECT_EQ(cells[7].text, "-") << "nothing is known of the passage";
  EXPECT_EQ(cells[8].text, "1,000/2");
}

TEST(FlowCells, TellWhetherBothDirectionsPassed) {
  const auto passed = [](std::string_view there, std::string_view back, Language language) {
    const boost::json::object event{
        {"sekimori", {{"passed", {{"to_server", there.data()}, {"to_client", back.data()}}}}}};
    return flow_cells(event, language)[7].text;
  };
  EXPECT_EQ(passed("yes", "unknown", Language::ja), "有/?");
  EXPECT_EQ(passed("no", "unknown", Language::en), "no/?");
  EXPECT_EQ(passed("unknown", "yes", Language::en), "?/yes");
  EXPECT_EQ(passed("unknown", "unknown", Language::en), "-");
}

TEST(Events, MissingMembersAreEmptyAndNoFault) {
  EXPECT_EQ(flow_cells({}, Language::en).size(), flow_columns(Language::en).size());
  EXPECT_FALSE(matrix_text({}, Language::en, false).empty());
  EXPECT_EQ(word(json_of(R"({"a":3})"), {"a", "b"}), "");
  EXPECT_EQ(count(json_of(R"({"a":-3,"b":"x","c":2.5})"), {"a"}), 0U);
}

}  // namespace
}  // namespace sekimori::tool
