// What is learned of silences, on disk and read back; and VLANs that fall silent.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "daemon/health/habits_file.hpp"
#include "daemon/journal/crc32c.hpp"
#include "tests/daemon/health_stage.hpp"
#include "tests/daemon/journal_kit.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> segments{"mynumber", "lgwan", "internet"};

HabitBook book_of_a_week() {
  HabitBook book;
  Habits::Hour hour{.longest = {60, 61, 62, 63, 64, 65, 65535}, .busy = 127, .next = 3};
  EXPECT_TRUE(book.pairs.restore(policy::pair_of(0, 1), 9, hour));
  hour.busy = 5;
  EXPECT_TRUE(book.pairs.restore(policy::pair_of(2, 2), 0, hour));
  EXPECT_TRUE(book.vlans.restore(4094, 23, hour));
  return book;
}

TEST(HabitsFile, GivesBackWhatWasWritten) {
  const HabitBook book = book_of_a_week();
  const std::string content = write_habits(book, segments);
  EXPECT_EQ(content.substr(0, 18), "sekimori habits 1\n");
  EXPECT_NE(content.find("pair mynumber lgwan 9 127 3 60 61 62 63 64 65 65535\n"), std::string::npos);
  HabitBook back;
  ASSERT_EQ(read_habits(content, segments, back), KeptFault::none);
  EXPECT_EQ(back.pairs.learned(policy::pair_of(0, 1), 9), book.pairs.learned(policy::pair_of(0, 1), 9));
  EXPECT_EQ(back.vlans.learned(4094, 23), book.vlans.learned(4094, 23));
  EXPECT_EQ(write_habits(back, segments), content);
  // By name: another order of the segments is the same knowledge, one that is gone is none.
  HabitBook other;
  ASSERT_EQ(read_habits(content, {"lgwan", "mynumber"}, other), KeptFault::none);
  EXPECT_EQ(other.pairs.learned(policy::pair_of(1, 0), 9).busy, 127);
  EXPECT_EQ(other.pairs.learned(policy::pair_of(2, 2), 0), Habits::Hour{});
}

TEST(HabitsFile, EveryCutAndEveryAlteredOctetIsSeen) {
  const std::string content = write_habits(book_of_a_week(), segments);
  std::size_t refused = 0;
  for (std::size_t octets = 0; octets < content.size(); ++octets) {
    HabitBook book;
    refused += read_habits(std::string_view{content}.substr(0, octets), segments, book) != KeptFault::none;
    EXPECT_EQ(book.pairs.learned(policy::pair_of(0, 1), 9), Habits::Hour{});
  }
  EXPECT_EQ(refused, content.size());
  refused = 0;
  for (std::size_t at = 0; at < content.size(); ++at) {
    for (const unsigned bit : {0U, 3U, 7U}) {
      std::string altered = content;
      altered[at] = static_cast<char>(static_cast<unsigned char>(altered[at]) ^ (1U << bit));
      HabitBook book;
      refused += read_habits(altered, segments, book) != KeptFault::none;
    }
  }
  EXPECT_EQ(refused, content.size() * 3);
}

// Lines that no program of ours writes, under a seal that is right.
TEST(HabitsFile, IsReadStrictly) {
  const auto sealed = [](const std::string& line) {
    std::string content = "sekimori habits 1\n" + line;
    char crc[16];
    std::snprintf(crc, sizeof crc, "%08x", static_cast<unsigned>(crc32c(content)));
    return content + "crc32c " + crc + "\n";
  };
  const std::string figures = " 9 127 3 60 61 62 63 64 65 66";
  HabitBook book;
  EXPECT_EQ(read_habits(sealed("vlan 100" + figures + "\n"), segments, book), KeptFault::none);
  const std::vector<std::string> wrong{"vlan 4096" + figures,
                                       "vlan -1" + figures,
                                       "vlan 100 24 127 3 1 1 1 1 1 1 1",
                                       "vlan 100" + figures + " 7",
                                       "vlan 100 9 128 3 1 1 1 1 1 1 1",
                                       "vlan 100 9 127 7 1 1 1 1 1 1 1",
                                       "vlan 100 9 127 3 1 1 1 1 1 1 65536",
                                       "vlan  100" + figures,
                                       "pair mynumber" + figures,
                                       "pair gone lgwan 24 127 3 1 1 1 1 1 1 1",
                                       "host 1" + figures,
                                       std::string{}};
  for (const std::string& line : wrong) {
    EXPECT_EQ(read_habits(sealed(line + "\n"), segments, book), KeptFault::altered) << line;
  }
  const std::string newer = "sekimori habits 2\nsomething else\n";
  char crc[16];
  std::snprintf(crc, sizeof crc, "%08x", static_cast<unsigned>(crc32c(newer)));
  EXPECT_EQ(read_habits(newer + "crc32c " + crc + "\n", segments, book), KeptFault::newer);
}

struct HabitsOnDisk : test::JournalTest {};

TEST_F(HabitsOnDisk, AreReplacedAsAWholeAndAFileThatIsNoneOfOursIsToldAndNotFollowed) {
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/habits";
  std::string why;
  HabitBook book;
  EXPECT_EQ(load_habits(path, segments, book, why), KeptFault::absent);
  const std::string content = write_habits(book_of_a_week(), segments);
  ASSERT_TRUE(save_kept(path, content, why)) << why;
  EXPECT_EQ(test::octets_of(path), content);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  EXPECT_EQ(load_habits(path, segments, book, why), KeptFault::none);
  std::filesystem::rename(path, path + ".elsewhere");
  std::filesystem::create_symlink(path + ".elsewhere", path);
  EXPECT_EQ(load_habits(path, segments, book, why), KeptFault::unreadable);
  EXPECT_NE(why, "");
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_NE(load_habits(path, segments, book, why), KeptFault::none);
  EXPECT_FALSE(save_kept(path, content, why)) << "a folder cannot be replaced";
  std::filesystem::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(load_habits(path, segments, book, why), KeptFault::altered) << "and does not wait for a writer";
}

// ---- VLANs

class VlanHealthTest : public test::HealthStage {
 protected:
  VlanHealthTest() {
    vitals_.monotonic = 1'000'000s;  // a machine that has run for days
    vitals_.vlans.resize(std::tuple_size_v<VlanCounts>);
  }
};

TEST_F(VlanHealthTest, AConfiguredVlanThatFallsSilentIsToldAndItsReturnToo) {
  HealthOptions options;
  options.vlans = {{.vlan = 100, .silence = 60s}};
  use(options);
  const Spoil heard = [](Vitals& vitals) { ++vitals.vlans[100]; };
  EXPECT_EQ(pass(100s, heard), "");
  EXPECT_EQ(pass(59s, [](Vitals& vitals) { ++vitals.vlans[200]; }), "");
  ASSERT_EQ(pass(1s), "GAP-VLAN:100");
  EXPECT_EQ(last_.value("vlan"), "100");
  EXPECT_EQ(last_.value("seconds"), "60");
  EXPECT_EQ(last_.value("ground"), "configured");
  EXPECT_EQ(pass(300s), "");
  EXPECT_EQ(pass(1s, heard), "-GAP-VLAN:100");
}

TEST_F(VlanHealthTest, WhatWasNeverHeardIsSilentSinceTheStartAndNotSinceTheMachines) {
  HealthOptions options;
  options.vlans = {{.vlan = 100, .silence = 60s}};
  options.pairs = {{.from = "lgwan", .to = "mynumber", .silence = 90s}};
  use(options);
  EXPECT_EQ(pass(60s), "");
  EXPECT_EQ(pass(1s), "GAP-VLAN:100");
  EXPECT_EQ(pass(29s), "");
  EXPECT_EQ(pass(1s), "GAP-PAIR:lgwan mynumber");
}

TEST_F(VlanHealthTest, AVlanIsNotSilentWhereTheTapIs) {
  HealthOptions options;
  options.vlans = {{.vlan = 100, .silence = 100s}};
  use(options);
  EXPECT_EQ(pass(10s, [](Vitals& vitals) { ++vitals.vlans[100]; }), "");
  const std::uint64_t received = vitals_.taps[0].counters.received;
  EXPECT_EQ(pass(400s, [&](Vitals& vitals) { vitals.taps[0].counters.received = received; }), "GAP:t1");
}

// A week in steps of four minutes, kept, and a restart in its midst.
TEST_F(VlanHealthTest, WhatWasLearnedOfAVlanOutlivesARestart) {
  const Spoil heard = [](Vitals& vitals) { ++vitals.vlans[7]; };
  EXPECT_EQ(pass(86'400s * 8, heard, 240s), "");
  const std::string kept = write_habits(health_->habits(), {});
  EXPECT_GT(health_->habits().lessons(), 2 * 7 * 24U - 1);
  use(HealthOptions{});
  ASSERT_EQ(read_habits(kept, {}, health_->habits()), KeptFault::none);
  EXPECT_EQ(pass(3600s, heard, 240s), "");
  EXPECT_EQ(pass(720s, {}, 240s), "") << "less than four times the longest pause";
  ASSERT_EQ(pass(240s, {}, 240s), "GAP-VLAN:7");
  EXPECT_EQ(last_.value("ground"), "learned");
  EXPECT_EQ(last_.value("expected"), "960");
  EXPECT_EQ(last_.severity, policy::Severity::notice);
  EXPECT_EQ(pass(240s, heard, 240s), "-GAP-VLAN:7");
}

TEST_F(VlanHealthTest, WithoutWhatWasLearnedNothingIsExpected) {
  EXPECT_EQ(pass(
                86'400s * 8, [](Vitals& vitals) { ++vitals.vlans[7]; }, 240s),
            "");
  use(HealthOptions{});
  EXPECT_EQ(pass(7200s, {}, 240s), "");
}

}  // namespace
}  // namespace sekimori::daemon
