// Lists of networks in files of their own: what is read, and that a mistake in one is told as well as in
// YAML.
#include "config/prefix_list.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/config/mistakes.hpp"

namespace sekimori::config {
namespace {

class PrefixList : public testing::Test {
 protected:
  PrefixList() {
    std::string pattern = testing::TempDir() + "sekimori-lists.XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"no temporary folder"};
    folder = pattern;
  }
  ~PrefixList() override { std::filesystem::remove_all(folder); }

  void write(const std::string& name, const std::string& content) const {
    std::ofstream{folder / name, std::ios::binary} << content;
  }
  std::string city(const std::string& rest) const {
    write("c.yaml", std::string{test::base} + rest);
    return (folder / "c.yaml").string();
  }
  // Every message, with the folder's name left out.
  std::string told(const std::string& rest, Language language = Language::en) const {
    try {
      load_file(city(rest), language);
    } catch (const ConfigError& error) {
      std::string out = test::told(error.diagnostics());
      const std::string name = folder.string() + "/";
      for (std::size_t at = out.find(name); at != std::string::npos; at = out.find(name))
        out.erase(at, name.size());
      return out;
    }
    return {};
  }

  std::filesystem::path folder{};
};

constexpr const char* juki = "  juki: {prefixes_from: juki.txt}\n";

TEST_F(PrefixList, ReadsNetworksNamesAndComments) {
  write("juki.txt",
        "\xef\xbb\xbf# 出先機関\r\n"
        "\r\n"
        "10.50.0.0/28\t住基ネット CS\r\n"
        "  10.50.0.16   # 一台だけ\n"
        "2001:db8:50::/48 支所 #2\n"
        "10.50.1.0/24 支所#2");
  const Config config = load_file(
      city("  juki: {prefixes: [10.51.0.0/16], prefixes_from: juki.txt, vlans: [150]}\n"), Language::en);
  const policy::SegmentOptions& segment = config.policy.segments.back();
  ASSERT_EQ(segment.prefixes.size(), 5U);
  EXPECT_EQ(segment.prefixes[0].prefix, *Prefix::parse("10.51.0.0/16"));
  EXPECT_EQ(segment.prefixes[1].prefix, *Prefix::parse("10.50.0.0/28"));
  EXPECT_EQ(segment.prefixes[1].name, "住基ネット CS");
  EXPECT_EQ(segment.prefixes[2].prefix, *Prefix::parse("10.50.0.16"));
  EXPECT_EQ(segment.prefixes[2].name, "");
  EXPECT_EQ(segment.prefixes[3].name, "支所");
  EXPECT_EQ(segment.prefixes[4].name, "支所#2");
  const std::string list = (folder / "juki.txt").string();
  EXPECT_EQ(segment.prefixes[2].place, (policy::Place{list, 4, 3}));
  EXPECT_EQ(segment.prefixes[4].place, (policy::Place{list, 6, 1}));
  // What the policy's digest covers.
  ASSERT_EQ(config.sources.back().path, list);
  EXPECT_NE(config.sources.back().content.find("支所#2"), std::string::npos);
}

TEST_F(PrefixList, MayBeNamedAndEmptyAsInTheSample) {
  const Config config =
      load_file(city("  juki: {prefixes: [10.50.0.0/28], prefixes_from: \"\"}\n"), Language::en);
  EXPECT_EQ(config.policy.segments.back().prefixes.size(), 1U);
  EXPECT_NE(told("  juki: {prefixes_from: \"\"}\n").find("c.yaml:6:3: segments.juki: "), std::string::npos);
}

TEST_F(PrefixList, TellsEveryMistakeWithThePlaceInTheList) {
  write("juki.txt",
        "10.50.0.0/28 よい\n"
        "  10.50.0.1/28\n"
        "10.50.2.0/33\n"
        "１０.50.3.0/24 全角\n"
        "cs.example\n"
        "10.50.4.0/24　全角の空白\n"
        "10.50.5.0/24 " +
            std::string(129, 'n') +
            "\n"
            "10.50.6.0/24 a\tb\n");
  const std::string text = told(juki);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    lines.push_back(text.substr(at, text.find('\n', at) - at));
  }
  const std::vector<std::pair<std::string, std::string>> expected{
      {"juki.txt:2:3: segments.juki.prefixes_from: ", "write 10.50.0.0/28"},
      {"juki.txt:3:1: segments.juki.prefixes_from: ", "/0 to /32 for IPv4"},
      {"juki.txt:4:1: segments.juki.prefixes_from: ", "Did you mean \"10.50.3.0/24\"?"},
      {"juki.txt:5:1: segments.juki.prefixes_from: ", "is no address"},
      {"juki.txt:6:13: segments.juki.prefixes_from: ", "full-width space"},
      {"juki.txt:7:14: segments.juki.prefixes_from: ", "128"},
      {"juki.txt:8:14: segments.juki.prefixes_from: ", "\\x09"}};
  ASSERT_EQ(lines.size(), expected.size()) << text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].substr(0, expected[i].first.size()), expected[i].first);
    EXPECT_NE(lines[i].find(expected[i].second), std::string::npos) << lines[i];
  }
}

TEST_F(PrefixList, TakesNoPartOfANetworkForAName) {
  for (const char* line : {"10.50.0.0 255.255.0.0", "10.50.0.0 /16 office", "10.50.0.0 - 10.50.0.255",
                           "10.50.0.0 10.51.0.0/16", "2001:db8:: /32"}) {
    write("juki.txt", std::string{line} + "\n");
    EXPECT_NE(told(juki).find("juki.txt:1:1"), std::string::npos) << line;
  }
}

TEST_F(PrefixList, TellsOverlapsBetweenFiles) {
  write("juki.txt", "10.50.0.0/28\n10.20.5.0/24\n10.50.0.0/28\n");
  write("cloud.txt", "# ---\n10.50.0.8\n10.60.0.0/16 all\n10.60.1.0/24 part\n");
  EXPECT_EQ(told(std::string{juki} + "  gov-cloud: {prefixes_from: cloud.txt}\n"),
            "juki.txt:2:1: segments.juki.prefixes_from: 10.20.5.0/24 overlaps 10.20.0.0/16 (segment lgwan, " +
                std::string{"c.yaml:4:22"} +
                "); an address belongs to one segment.\n"
                "juki.txt:3:1: segments.juki.prefixes_from: 10.50.0.0/28 overlaps 10.50.0.0/28 (segment "
                "juki, 1:1); an "
                "address belongs to one segment.\n"
                "cloud.txt:2:1: segments.gov-cloud.prefixes_from: 10.50.0.8/32 overlaps 10.50.0.0/28 "
                "(segment juki, "
                "juki.txt:3:1); an address belongs to one segment.\n");
}

TEST_F(PrefixList, RefusesWhatIsNoList) {
  EXPECT_EQ(told(juki), "c.yaml:6:25: segments.juki.prefixes_from: juki.txt: There is no such file.\n");
  write("juki.txt", "# nothing but this\n\n");
  EXPECT_EQ(
      told(juki),
      "c.yaml:6:25: segments.juki.prefixes_from: The list is empty; write a value, or delete the key.\n");
  write("juki.txt", "10.50.0.0/28 \x8f\x5a\x8a\xee\n");  // Shift_JIS
  EXPECT_EQ(told(juki).substr(0, 14), "juki.txt:1:14:");
  write("juki.txt", std::string{"10.50.0.0/28\n10.50.1.0/24\0\n", 27});
  EXPECT_EQ(told(juki).substr(0, 14), "juki.txt:2:13:");
  write("juki.txt", std::string(list_bytes_max + 1, '\n'));
  EXPECT_NE(told(juki).find("16384 KiB"), std::string::npos);
  EXPECT_NE(told("  juki: {prefixes_from: [a.txt]}\n").find("c.yaml:6:25: segments.juki.prefixes_from: "),
            std::string::npos);
}

// The same networks, in a list and in YAML, in whatever order: the same map.
TEST_F(PrefixList, HoldsTensOfThousands) {
  std::string list;
  for (unsigned i = 0; i < 20'000; ++i) {
    const unsigned mixed = i * 7919U % 20'000U;
    list += "10.5" + std::to_string(mixed / 16'384U) + "." + std::to_string(mixed / 64U % 256U) + "." +
            std::to_string(mixed % 64U * 4U) + "/30 n" + std::to_string(mixed) + "\n";
  }
  write("juki.txt", list);
  const Config config = load_file(city(juki), Language::en);
  ASSERT_EQ(config.policy.segments.back().prefixes.size(), 20'000U);
  EXPECT_EQ(config.policy.segments.back().prefixes[1].name, "n7919");
}

}  // namespace
}  // namespace sekimori::config
