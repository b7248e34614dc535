// The traps of YAML and of its library, one by one.
#include "config/yaml.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>

#include "policy/text/text.hpp"
#include "tests/config/mistakes.hpp"

namespace sekimori::config {
namespace {

using test::base;
using test::told;

// The tree of a text that must be sound.
TreeNode tree(std::string_view text) {
  Report report{Language::en};
  auto root = parse_yaml(text, "c.yaml", report);
  EXPECT_EQ(report.count(), 0U) << text;
  return root.value_or(TreeNode{});
}

// The first message about a text, as "line:column: message".
std::string first(std::string_view text) {
  Report report{Language::en};
  parse_yaml(text, "c.yaml", report);
  try {
    report.raise({{"c.yaml", ""}});
  } catch (const ConfigError& error) {
    const Diagnostic& one = error.diagnostics().front();
    return std::to_string(one.place.line) + ":" + std::to_string(one.place.column) + ": " + one.message;
  }
  return {};
}

testing::AssertionResult begins(const std::string& text, std::string_view start) {
  if (text.compare(0, start.size(), start) == 0) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "\"" << text << "\" does not begin with \"" << start << "\"";
}

TEST(Yaml, KeepsEveryScalarAsWritten) {
  const TreeNode root =
      tree("a: 010\nb: yes\nc: 0x1F\nd: 02:00:5e:10:00:01\ne: 12:30:45\nf: 1e3\ng: '010'\n");
  const std::vector<std::string> wanted{"010", "yes", "0x1F", "02:00:5e:10:00:01", "12:30:45", "1e3", "010"};
  ASSERT_EQ(root.items.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(root.items[i].text, wanted[i]);
}

TEST(Yaml, TellsPlacesInCharactersAlsoBehindJapanese) {
  const TreeNode root = tree("名前: {課: 税務課, 番号: 5}\n市: 架空市\n");
  ASSERT_EQ(root.items.size(), 2U);
  EXPECT_EQ(root.keys[1].line, 2);
  EXPECT_EQ(root.items[1].column, 4);
  ASSERT_EQ(root.items[0].items.size(), 2U);
  EXPECT_EQ(root.items[0].keys[1].column, 14);
  EXPECT_EQ(root.items[0].items[1].column, 18);
}

TEST(Yaml, TellsTheSamePlacesWithWindowsLineEndsAndByteOrderMark) {
  const TreeNode root = tree(
      "\xef\xbb\xbf"
      "a: 1\r\nbc:\r\n  - x\r\n");
  ASSERT_EQ(root.items.size(), 2U);
  EXPECT_EQ(root.keys[0].column, 1);
  EXPECT_EQ(root.items[0].text, "1");
  EXPECT_EQ(root.keys[1].line, 2);
  EXPECT_EQ(root.items[1].items[0].line, 3);
  EXPECT_EQ(root.items[1].items[0].column, 5);
  EXPECT_EQ(root.items[1].items[0].text, "x");
}

TEST(Yaml, RefusesDoubledKeysAtTheSecondOne) {
  EXPECT_TRUE(begins(first("a: 1\nb: 2\na: 3\n"), "3:1: The key \"a\" is written twice (first at 1:1)"));
  EXPECT_TRUE(begins(first("x: {b: 1, b: 1}\n"), "1:11: The key \"b\" is written twice"));
}

TEST(Yaml, TellsNullFromTheWord) {
  const TreeNode root = tree("a:\nb: ~\nc: null\nd: 'null'\n");
  EXPECT_EQ(root.items[0].kind, TreeNode::Kind::null);
  EXPECT_EQ(root.items[0].line, 1);
  EXPECT_EQ(root.items[1].kind, TreeNode::Kind::null);
  EXPECT_EQ(root.items[2].kind, TreeNode::Kind::null);
  EXPECT_EQ(root.items[3].kind, TreeNode::Kind::text);
  EXPECT_NE(told(std::string{base} + "flows:\n").find("c.yaml:6:1: flows: There is no value"),
            std::string::npos);
}

TEST(Yaml, PlacesAMissingKeyAtItsMap) {
  EXPECT_EQ(told(std::string{base} + "capture:\n  taps:\n    - name: t1\n"),
            "c.yaml:8:7: capture.taps[0]: The key \"interface\" is missing.\n");
}

TEST(Yaml, DoesNotIterateAScalar) {
  EXPECT_EQ(told(std::string{base} + "exceptions: none\n"),
            "c.yaml:6:13: exceptions: Write a list here; even a single value stands in brackets: [none].\n");
}

TEST(Yaml, RefusesMergeKeysAnchorsAliasesTagsAndOddKeys) {
  EXPECT_TRUE(begins(first("a:\n  <<: {b: 1}\n"), "2:3: Merge keys"));
  EXPECT_TRUE(begins(first("a: &x 1\n"), "1:4: Anchors"));
  EXPECT_TRUE(begins(first("a: &x {b: 1}\nc: *x\n"), "1:4: Anchors"));
  EXPECT_TRUE(begins(first("a: *x\n"), "1:4: Aliases"));
  EXPECT_TRUE(begins(first("a: !!int 1\n"), "1:4: Tags"));
  EXPECT_TRUE(begins(first("a: !own [1]\n"), "1:4: Tags"));
  EXPECT_TRUE(begins(first("? [a, b]\n: 1\n"), "1:3: A key must be a text"));
}

TEST(Yaml, SurvivesAReferenceToItself) {
  EXPECT_TRUE(begins(first("a: &x [*x]\n"), "1:4: Anchors"));
  EXPECT_TRUE(begins(first("&x {a: *x}\n"), "1:1: Anchors"));
}

TEST(Yaml, RefusesASecondDocument) {
  EXPECT_TRUE(begins(first("a: 1\n---\nb: 2\n"), "2:1: Several documents"));
  EXPECT_EQ(first("---\na: 1\n...\n"), "");  // one document may have its marks
}

TEST(Yaml, RefusesAQuoteThatSwallowsTheNextLines) {
  EXPECT_TRUE(begins(first("a: \"abc\nb: 1\n"), "1:4: The quotation mark is not closed"));
  EXPECT_TRUE(begins(first("a: 'abc\nb: 'x'\n"), "1:4: The quotation mark is not closed"));
  EXPECT_TRUE(begins(first("a: \"abc\nb: \"x\"\n"), "1:4: The quotation mark is not closed"));
  EXPECT_EQ(first("a: \"b \\\" c\"\nd: 'it''s'\ne: \"\\\\\"\n"), "");
}

TEST(Yaml, RefusesWhatIsNotUtf8AtItsPlace) {
  EXPECT_TRUE(begins(first("a: 1\nb: \x8e\x73\n"), "2:4: This is not UTF-8"));    // Shift_JIS
  EXPECT_TRUE(begins(first("a: \xc0\xaf\n"), "1:4: This is not UTF-8"));          // longer than needed
  EXPECT_TRUE(begins(first("a: \xed\xa0\x80\n"), "1:4: This is not UTF-8"));      // surrogate
  EXPECT_TRUE(begins(first("a: \xf4\x90\x80\x80\n"), "1:4: This is not UTF-8"));  // above U+10FFFF
  EXPECT_TRUE(begins(first("a: \xe3\x81"), "1:4: This is not UTF-8"));            // cut
  EXPECT_EQ(first("a: \xf0\xa0\xae\xb7\xe3\x81\x82\xc3\xa9\n"), "");  // four, three and two octets
}

TEST(Yaml, RefusesControlCharactersAtTheirPlace) {
  EXPECT_TRUE(begins(first(std::string_view{"a: 1\nb: x\0y\n", 12}), "2:5: A control character (\\x00)"));
  EXPECT_TRUE(begins(first("a: \x1b[31m\n"), "1:4: A control character (\\x1b)"));
  EXPECT_TRUE(begins(first("a: \x7f\n"), "1:4: A control character (\\x7f)"));
}

TEST(Yaml, LimitsDepthAndSize) {
  EXPECT_NE(first(std::string(600, '[')).find("Nested too deeply"), std::string::npos);
  EXPECT_NE(first(std::string(100'000, '[')).find("Nested too deeply"), std::string::npos);
  std::string dashes;
  for (int i = 0; i < 600; ++i) dashes += "- ";
  EXPECT_NE(first(dashes + "x\n").find("Nested too deeply"), std::string::npos);
  const std::string large(file_bytes_max + 1, '#');
  EXPECT_NE(first(large).find("too large; at most 1024 KiB"), std::string::npos);
}

TEST(Yaml, ReadsAFileOfOneLongLineInReasonableTime) {
  std::string text = "a: [";
  while (text.size() < file_bytes_max / 8) text += "x, ";
  EXPECT_EQ(tree(text + "x]\n").items[0].items.size(), file_bytes_max / 8 / 3 + 1);
}

TEST(Yaml, SaysWhatIsWrongWithTheGrammarAndWhere) {
  EXPECT_TRUE(begins(first("a: 1\n\tb: 2\n"), "2:1: A tab is used for indentation"));
  EXPECT_TRUE(begins(first("a: {b: [1, 2}\n"), "1:13: The square or curly brackets do not match"));
  EXPECT_TRUE(begins(first("a: x: y\n"), "1:5: A \":\" cannot stand here"));
  EXPECT_TRUE(begins(first("a:\n    b: 1\n  c: 2\n"), "3:3: The indentation does not line up"));
  EXPECT_TRUE(begins(first("a: \"\\q\"\n"), "1:"));
}

TEST(Yaml, RecognisesSlipsOfAJapaneseKeyboard) {
  EXPECT_TRUE(begins(first("profile： alpha\n"), "1:8: There is a full-width colon"));
  EXPECT_TRUE(begins(first("a: 1\nsegments：\n  b: 1\n"), "2:9: There is a full-width colon"));
  EXPECT_NE(told(std::string{base} + "　flows: {max: 2048}\n")
                .find("c.yaml:6:1: 　flows: There is a full-width space"),
            std::string::npos);
}

TEST(Yaml, SaysThatAFileIsEmpty) {
  for (const char* text : {"", "\n\n", "# nothing yet\n", "\xef\xbb\xbf"}) {
    EXPECT_TRUE(begins(first(text), "1:1: The file is empty")) << text;
  }
}

TEST(ReadTextFile, TellsWhyAFileCannotBeRead) {
  EXPECT_EQ(read_text_file(testing::TempDir()).failure, Text::config_file_directory);
  EXPECT_EQ(read_text_file(testing::TempDir() + "there is no such file").failure, Text::config_file_missing);
  try {
    load_file(testing::TempDir(), Language::ja);
    FAIL() << "a directory was read";
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string{error.what()},
              testing::TempDir() + ": これはディレクトリです。設定ファイルを指定してください。");
  }
}

TEST(ReadTextFile, DoesNotWaitForAPipeThatNobodyWritesInto) {
  const std::string path = testing::TempDir() + "pipe" + std::to_string(::getpid());
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(read_text_file(path).content, "");
  ::unlink(path.c_str());
}

// As the shell hands over what another program prints: check <(program).
TEST(ReadTextFile, WaitsForAPipeThatSomebodyWritesInto) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  std::jthread writer{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    EXPECT_EQ(::write(ends[1], "profile", 7), 7);
    ::close(ends[1]);
  }};
  EXPECT_EQ(read_text_file("/dev/fd/" + std::to_string(ends[0])).content, "profile");
  writer.join();
  ::close(ends[0]);
}

TEST(ReadTextFile, StopsReadingWhatHasNoEnd) {
  const FileText text = read_text_file("/dev/zero");
  ASSERT_TRUE(text.content);
  EXPECT_EQ(text.content->size(), file_bytes_max + 1);
}

}  // namespace
}  // namespace sekimori::config
