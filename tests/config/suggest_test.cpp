#include "config/suggest.hpp"

#include <gtest/gtest.h>

namespace sekimori::config {
namespace {

const std::vector<std::string_view> segments{"mynumber",       "lgwan",       "internet", "lgwan-net",
                                             "security-cloud", "external",    "juki",     "gov-cloud",
                                             "named-cloud",    "out-of-scope"};
const std::vector<std::string_view> tap_keys{"name",   "interface",     "snaplen",    "buffer",
                                             "filter", "block_timeout", "promiscuous"};

TEST(EditDistance, CountsSlipsOfTheFinger) {
  EXPECT_EQ(edit_distance("lgwan", "lgwan"), 0U);
  EXPECT_EQ(edit_distance("lgwam", "lgwan"), 1U);
  EXPECT_EQ(edit_distance("lgwn", "lgwan"), 1U);
  EXPECT_EQ(edit_distance("lgwwan", "lgwan"), 1U);
  EXPECT_EQ(edit_distance("lgawn", "lgwan"), 1U);  // neighbours swapped
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("port", "host"), 2U);
}

TEST(Suggest, FindsTheWordThatWasMeant) {
  const std::vector<std::pair<std::string_view, std::string_view>> slips{
      {"lgwam", "lgwan"},
      {"LGWAN", "lgwan"},
      {"my-number", "mynumber"},
      {"mynunber", "mynumber"},
      {"intenet", "internet"},
      {"security_cloud", "security-cloud"},
      {"securitycloud", "security-cloud"},
      {"lgwan_net", "lgwan-net"},
      {"outofscope", "out-of-scope"},
      {"govcloud", "gov-cloud"},
  };
  for (const auto& [written, meant] : slips) EXPECT_EQ(suggest(written, segments), meant) << written;
  EXPECT_EQ(suggest("promiscous", tap_keys), "promiscuous");
  EXPECT_EQ(suggest("block-timeout", tap_keys), "block_timeout");
  EXPECT_EQ(suggest("snap", tap_keys), "snaplen");  // abbreviated
  EXPECT_EQ(suggest("interfaces", tap_keys), "interface");
}

TEST(Suggest, KeepsSilentRatherThanMislead) {
  EXPECT_EQ(suggest("dmz", segments), "");
  EXPECT_EQ(suggest("school", segments), "");
  EXPECT_EQ(suggest("port", std::vector<std::string_view>{"host", "path"}), "");
  EXPECT_EQ(suggest("t2", std::vector<std::string_view>{"t1", "t3"}), "");
  EXPECT_EQ(suggest("", segments), "");
  EXPECT_EQ(suggest(std::string(5000, 'a'), segments), "");
}

TEST(Suggest, KnowsOtherNamesForTheSameThing) {
  const std::vector<Word> words{
      {"lgwan", "lgwan"}, {"LGWAN接続系", "lgwan"}, {"MN", "mynumber"}, {"mynumber", "mynumber"}};
  EXPECT_EQ(suggest("LGWAN接続系", words), "lgwan");
  EXPECT_EQ(suggest("mn", words), "mynumber");
}

TEST(Suggest, TakesTheNearestOfSeveral) {
  EXPECT_EQ(
      suggest("tcp_establish", std::vector<std::string_view>{"tcp_attempt", "tcp_established", "tcp_closed"}),
      "tcp_established");
  EXPECT_EQ(suggest("eve-flie", std::vector<std::string_view>{"text-file", "eve-file"}), "eve-file");
}

}  // namespace
}  // namespace sekimori::config
