#include <gtest/gtest.h>

#include "config/config.hpp"
#include "daemon/options.hpp"
#include "tests/config/mistakes.hpp"

namespace sekimori::config {
namespace {

std::string with(const std::string& journal) {
  return std::string{test::base} + "journal: {" + journal + "}\n";
}
daemon::JournalOptions read(const std::string& journal) {
  return load_text(with(journal), "c.yaml", Language::en).daemon.journal;
}

TEST(JournalKeys, WithoutAPathThereIsNoJournal) {
  EXPECT_EQ(load_text(test::base, "c.yaml", Language::en).daemon.journal.path, "");
  EXPECT_EQ(read("path: \"\""), daemon::JournalOptions{});
}

TEST(JournalKeys, ReadsEveryOne) {
  const auto journal = read(
      "path: /srv/kept/, segment_bytes: 1MiB, keep_days: 30, keep_bytes: 64MiB, sync_records: 16, "
      "sign_interval: 10s, waiting_max: 500");
  EXPECT_EQ(journal.path, "/srv/kept");
  EXPECT_EQ(journal.segment_bytes, 1U << 20U);
  EXPECT_EQ(journal.keep_days, 30U);
  EXPECT_EQ(journal.keep_bytes, 64U << 20U);
  EXPECT_EQ(journal.sync_records, 16U);
  EXPECT_EQ(journal.sign_interval, std::chrono::seconds{10});
  EXPECT_EQ(journal.waiting_max, 500U);
}

TEST(JournalKeys, NamesTheKeyThatIsOutOfBoundsOrMistyped) {
  const std::pair<const char*, const char*> wrong[]{
      {"path: kept", "journal.path"},
      {"segment_bytes: 63KiB", "journal.segment_bytes"},
      {"segment_bytes: 2GiB", "journal.segment_bytes"},
      {"keep_days: 0", "journal.keep_days"},
      {"keep_days: 36501", "journal.keep_days"},
      {"keep_bytes: 1KiB", "journal.keep_bytes"},
      {"sync_records: 65", "journal.sync_records"},
      {"sync_records: 0", "journal.sync_records"},
      {"sign_interval: 0s", "journal.sign_interval"},
      {"waiting_max: 63", "journal.waiting_max"},
  };
  for (const auto& [text, key] : wrong) {
    const std::string told = test::told(with(text));
    EXPECT_NE(told.find(key), std::string::npos) << text << "\n" << told;
  }
  EXPECT_NE(test::told(with("keep_day: 3")).find("keep_days"), std::string::npos) << "did you mean";
}

}  // namespace
}  // namespace sekimori::config
