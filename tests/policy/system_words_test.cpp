// Why the system refused something, in the operator's language.
#include "policy/text/system_words.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <future>

namespace sekimori {
namespace {

TEST(SystemWords, TheUsualErrorsAreSaidInJapaneseWithTheirNames) {
  EXPECT_EQ(system_words(ENOENT, Language::ja), "ファイルまたはフォルダがありません（ENOENT）");
  EXPECT_EQ(system_words(ENOENT, Language::en), "No such file or directory (ENOENT)");
  for (const int error : {ENOENT, EACCES, EPERM, EEXIST, ENOSPC, EADDRINUSE, ECONNREFUSED, ETIMEDOUT, EISDIR,
                          ENOTDIR, EMFILE, ENODEV, ENETDOWN, EROFS, EIO}) {
    const std::string words = system_words(error, Language::ja);
    EXPECT_NE(words, std::generic_category().message(error));
    EXPECT_NE(words.find("（E"), std::string::npos) << words;
    // The English ones begin as everywhere else.
    const std::string english = system_words(error, Language::en);
    EXPECT_EQ(english.find(std::generic_category().message(error)), 0U) << english;
  }
}

TEST(SystemWords, OthersAreSaidAsTheSystemSaysThem) {
  EXPECT_EQ(system_words(EXDEV, Language::ja), std::generic_category().message(EXDEV));
  const std::error_code future = std::make_error_code(std::future_errc::no_state);
  EXPECT_EQ(system_words(future, Language::ja), future.message());
  EXPECT_EQ(system_words(std::make_error_code(std::errc::permission_denied), Language::ja),
            "権限がありません（EACCES）");
}

TEST(SystemWords, WordsThatWereKeptAreRetold) {
  EXPECT_EQ(retold("write /var/x: " + std::generic_category().message(ENOSPC), Language::ja),
            "write /var/x: ディスクに空きがありません（ENOSPC）");
  EXPECT_EQ(retold("No such file or directory /x", Language::ja), "No such file or directory /x");
  EXPECT_EQ(retold("", Language::ja), "");
}

}  // namespace
}  // namespace sekimori
