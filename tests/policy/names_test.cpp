// Which names are asked for, and by whom.
#include "policy/names.hpp"

#include <gtest/gtest.h>

namespace sekimori::policy {
namespace {

PolicyOptions asking(std::vector<std::vector<std::string>> services,
                     std::vector<std::vector<std::string>> known = {}) {
  PolicyOptions options;
  for (auto& names : services) options.services.emplace_back().names = std::move(names);
  for (auto& names : known) options.known.emplace_back().names = std::move(names);
  return options;
}

TEST(NamePattern, IsAHostOrEverythingBelowADomain) {
  for (const char* good :
       {"www.example.jp", "*.example.jp", "a-b.example.jp", "_x.example.jp", "1.example.jp"})
    EXPECT_TRUE(is_name_pattern(good)) << good;
  for (const char* bad : {"", "*", "*.", "jp", "*.jp", "www.*.jp", "*www.example.jp", "WWW.example.jp",
                          "www..jp", ".example.jp", "example.jp.", "https://example.jp", "a b.example.jp"})
    EXPECT_FALSE(is_name_pattern(bad)) << bad;
  EXPECT_FALSE(is_name_pattern(std::string(64, 'a') + ".jp")) << "a label has at most 63 octets";
}

TEST(NameMap, AHostIsNotItsSubdomainsAndADomainNotItself) {
  const NameMap names{asking({{"www.example.jp"}, {"*.example.com"}})};
  EXPECT_TRUE(names.is_of_service(names.find("www.example.jp"), 0));
  EXPECT_EQ(names.find("a.www.example.jp"), name_class::unlisted);
  EXPECT_EQ(names.find("example.jp"), name_class::unlisted);
  EXPECT_EQ(names.find("wwww.example.jp"), name_class::unlisted);
  EXPECT_TRUE(names.is_of_service(names.find("a.example.com"), 1));
  EXPECT_TRUE(names.is_of_service(names.find("a.b.example.com"), 1));
  EXPECT_EQ(names.find("example.com"), name_class::unlisted);
  EXPECT_EQ(names.find("badexample.com"), name_class::unlisted) << "not below it";
  EXPECT_EQ(names.find("example.com.evil.net"), name_class::unlisted);
  EXPECT_EQ(names.find(""), name_class::unlisted);
}

TEST(NameMap, TheLongestPatternIsFoundAndShorterOnesStillAsk) {
  const NameMap names{asking({{"*.example.jp"}, {"*.cdn.example.jp"}}, {{"a.cdn.example.jp"}})};
  const NameClass wide = names.find("www.example.jp");
  EXPECT_TRUE(names.is_of_service(wide, 0));
  EXPECT_FALSE(names.is_of_service(wide, 1));
  const NameClass narrow = names.find("x.cdn.example.jp");
  EXPECT_TRUE(names.is_of_service(narrow, 0));
  EXPECT_TRUE(names.is_of_service(narrow, 1));
  const NameClass host = names.find("a.cdn.example.jp");
  EXPECT_TRUE(names.is_of_service(host, 0));
  EXPECT_TRUE(names.is_of_service(host, 1));
  EXPECT_TRUE(names.is_of_known(host, 0));
  EXPECT_FALSE(names.is_of_known(narrow, 0));
}

TEST(NameMap, NamesThatMeanTheSameAreOneClass) {
  std::vector<std::string> many;
  for (int i = 0; i < 1000; ++i) many.push_back("h" + std::to_string(i) + ".example.jp");
  const NameMap names{asking({many, {"*.example.com"}})};
  EXPECT_EQ(names.classes(), 2U);
  EXPECT_EQ(names.find("h7.example.jp"), names.find("h999.example.jp"));
  EXPECT_NE(names.find("h7.example.jp"), names.find("www.example.com"));
  EXPECT_FALSE(names.full());
}

TEST(NameMap, MoreClassesThanFitAreRefused) {
  std::vector<std::vector<std::string>> services;
  for (int i = 0; i < 252; ++i) services.push_back({"*.d" + std::to_string(i) + ".example.jp"});
  EXPECT_FALSE(NameMap{asking(services)}.full());
  services.push_back({"*.one-more.example.jp"});
  EXPECT_TRUE(NameMap{asking(services)}.full());
}

TEST(NameMap, WithoutNamesNothingIsFound) {
  const NameMap names{asking({{}, {}})};
  EXPECT_TRUE(names.empty());
  EXPECT_EQ(names.find("www.example.jp"), name_class::unlisted);
}

}  // namespace
}  // namespace sekimori::policy
