// What every kind of notice says, whatever of it is not known.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "daemon/render/notice.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

// Every placeholder of the text as a fact of this value.
Notice with_facts(NoticeKind kind, std::string_view sentence, const std::string& value) {
  Notice notice;
  notice.kind = kind;
  for (std::size_t at = sentence.find('{'); at != std::string_view::npos; at = sentence.find('{', at + 1)) {
    notice.add(std::string{sentence.substr(at + 1, sentence.find('}', at) - at - 1)}, value);
  }
  return notice;
}

// A sentence with a hole in it.
std::string hole_in(std::string_view sentence) {
  for (const std::string_view hole :
       {"（）", "()", "（-）", "(-)", "-）", "-)", "「」", " -。", " -.", "{", "  "}) {
    if (sentence.find(hole) != std::string_view::npos) return std::string{hole};
  }
  return {};
}

TEST(NoticeText, NoSentenceHasAHoleWhereNothingIsKnown) {
  for (std::size_t each = 0; each < static_cast<std::size_t>(NoticeKind::count_); ++each) {
    const auto kind = static_cast<NoticeKind>(each);
    for (const Text id : {notice_row(kind).seen, notice_row(kind).asked}) {
      for (const Language language : {Language::ja, Language::en}) {
        for (const char* nothing : {"", "-"}) {
          const Notice notice = with_facts(kind, text(id, language), nothing);
          const std::string sentence = notice_sentence(notice, id, language);
          EXPECT_EQ(hole_in(sentence), "") << notice_row(kind).id << ": " << sentence;
        }
      }
    }
  }
}

TEST(NoticeText, WhatIsKnownIsLeftAsItIs) {
  Notice notice{NoticeKind::link_down, "t1"};
  notice.add("tap", "t-1").add("interface", "eth1").add("since", "x", {"昨日", "yesterday"}).add("why", "-");
  EXPECT_EQ(
      notice_sentence(notice, Text::notice_link_down, Language::en),
      "[Monitoring gap] The link of tap t-1 (eth1) has been down since yesterday (unknown). What was sent "
      "meanwhile was not watched.");
  EXPECT_EQ(notice.value("why"), "-") << "for machines nothing changes";
}

}  // namespace
}  // namespace sekimori::daemon
