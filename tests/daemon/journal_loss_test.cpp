// What a journal could not keep: counted at the stop, written down by the next start, and seen by `verify`
// where nobody could say it.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <utility>

#include "tests/daemon/journal_kit.hpp"

namespace sekimori::daemon {
namespace {

using test::alert;
using test::octets_of;
using test::write_octets;
using Range = std::pair<std::uint64_t, std::uint64_t>;

// No room: files can neither be made nor grow, but what stands in them can be written over.
class FullDisk : public test::QuickDisk {
 public:
  explicit FullDisk(const bool& full) : full_(full) {}
  int create(const std::string& path) override { return full_ ? -ENOSPC : JournalDisk::create(path); }
  ssize_t write(int fd, std::string_view octets, std::uint64_t offset) override {
    struct stat status {};
    if (full_ &&
        (::fstat(fd, &status) != 0 || static_cast<std::uint64_t>(status.st_size) < offset + octets.size())) {
      return -ENOSPC;
    }
    return JournalDisk::write(fd, octets, offset);
  }

 private:
  const bool& full_;
};

struct LossTest : test::JournalTest {
  // Alerts 1 and 2 are committed, then the disk is full, and up to `last` come and wait until the stop.
  JournalFigures run_until_full(std::uint64_t last) const {
    bool full = false;
    Journal journal{options, std::make_unique<FullDisk>(full)};
    journal.add(alert(1));
    journal.add(alert(2));
    EXPECT_TRUE(journal.flush({}));
    full = true;
    for (std::uint64_t i = 3; i <= last; ++i) {
      journal.add(alert(i));
      journal.work();
    }
    journal.close();
    return journal.figures();
  }
  Journal start() const { return Journal{options, std::make_unique<test::QuickDisk>()}; }
};

TEST_F(LossTest, WhatWaitsAtTheStopIsCountedAndTheNextStartWritesItDown) {
  const JournalFigures stopped = run_until_full(305);
  EXPECT_EQ(stopped.waiting + stopped.unnoted, 303U);
  {
    Journal journal = start();
    EXPECT_EQ(journal.lost_before(), (Range{3, 305}));
    EXPECT_EQ(journal.next_sequence(), 306U) << "a number is given once";
    journal.add(alert(306));
    ASSERT_TRUE(journal.flush({}));
    EXPECT_EQ(journal.figures().unnoted, 0U);
  }
  EXPECT_EQ(sequences(), (std::vector<std::uint64_t>{1, 2, 306}));
  const JournalProof proof = verify_journal(folder);
  EXPECT_TRUE(proof.whole()) << "the journal says what it does not hold";
  EXPECT_EQ(proof.lost, 303U);
  EXPECT_EQ(start().lost_before(), std::nullopt) << "told once";
}

TEST_F(LossTest, ALossIsWrittenDownThoughNoAlertFollows) {
  run_until_full(305);
  for (int starts = 0; starts < 3; ++starts) {
    Journal journal = start();
    EXPECT_EQ(journal.lost_before().has_value(), starts == 0);
    EXPECT_EQ(journal.next_sequence(), 306U);
  }
  const JournalProof proof = verify_journal(folder);
  EXPECT_TRUE(proof.whole());
  EXPECT_EQ(proof.lost, 303U) << "and counted once";
}

TEST_F(LossTest, BeforeTheNextStartVerifyKnowsByTheHeadFile) {
  run_until_full(305);
  const JournalProof proof = verify_journal(folder);
  ASSERT_EQ(proof.problems_total, 1U);
  EXPECT_EQ(proof.problems[0].fault, JournalFault::alerts_missing);
  EXPECT_EQ(proof.problems[0].first, 3U);
  EXPECT_EQ(proof.problems[0].last, 305U);
  EXPECT_EQ(proof.unexplained, 303U);
}

// Killed: nothing was done at a stop.
TEST_F(LossTest, AKillWhileTheDiskIsFullHidesNothing) {
  const std::string copy = folder + "-killed";
  {
    bool full = false;
    Journal journal{options, std::make_unique<FullDisk>(full)};
    journal.add(alert(1));
    ASSERT_TRUE(journal.flush({}));
    full = true;
    journal.add(alert(2));
    journal.add(alert(3));
    EXPECT_FALSE(journal.work());
    std::filesystem::copy(folder, copy);
    full = false;
  }
  EXPECT_EQ(sequences(), range(1, 3)) << "the last try of a stop that had room";
  EXPECT_TRUE(verify_journal(folder).whole());
  options.path = copy;
  EXPECT_EQ(start().lost_before(), (Range{2, 3}));
}

TEST_F(LossTest, WhatWasGivenUpAndNotNotedIsPartOfTheHole) {
  options.waiting_max = 10;
  const JournalFigures stopped = run_until_full(30);
  EXPECT_EQ(stopped.waiting, 10U);
  EXPECT_EQ(stopped.unnoted, 18U);
  EXPECT_EQ(start().lost_before(), (Range{3, 30}));
}

TEST_F(LossTest, WhatADestinationWasSentAndIsNotHereIsLost) {
  fill(1, 2);
  Journal journal = start();
  EXPECT_EQ(journal.lost_before(), std::nullopt);
  journal.used(2);
  EXPECT_EQ(journal.lost_before(), std::nullopt) << "it is here";
  journal.used(7);
  journal.used(5);
  journal.used(9);
  EXPECT_EQ(journal.lost_before(), (Range{3, 9})) << "by the cursors of three destinations";
  journal.add(alert(10));
  ASSERT_TRUE(journal.flush({}));
  const JournalProof proof = verify_journal(folder);
  EXPECT_TRUE(proof.whole());
  EXPECT_EQ(proof.lost, 7U);
}

// Memory for one: what is given up now joins what an earlier run could not keep.
TEST_F(LossTest, ALossThatGrowsIsToldToItsEnd) {
  fill(1, 2);
  options.waiting_max = 1;
  bool full = true;
  {
    Journal journal{options, std::make_unique<FullDisk>(full)};
    journal.used(5);
    for (std::uint64_t i = 6; i <= 9; ++i) journal.add(alert(i));
    full = false;
    ASSERT_TRUE(journal.flush({}));
  }
  const JournalProof proof = verify_journal(folder);
  EXPECT_TRUE(proof.whole());
  EXPECT_EQ(proof.lost, 6U);
  EXPECT_EQ(sequences(), (std::vector<std::uint64_t>{1, 2, 9}));
}

TEST_F(LossTest, AHoleThatNothingExplainsIsAFaultWithItsNumbers) {
  {
    Journal journal = start();
    for (const std::uint64_t sequence : {1U, 2U, 306U, 307U, 310U}) journal.add(alert(sequence));
    ASSERT_TRUE(journal.flush({}));
  }
  const JournalProof proof = verify_journal(folder);
  ASSERT_EQ(proof.problems_total, 2U);
  for (const JournalProblem& problem : proof.problems) {
    EXPECT_EQ(problem.fault, JournalFault::alerts_missing);
    EXPECT_EQ(problem.file, files().front());
  }
  EXPECT_EQ((Range{proof.problems[0].first, proof.problems[0].last}), (Range{3, 305}));
  EXPECT_EQ(proof.problems[0].sequence, 2U);
  EXPECT_EQ((Range{proof.problems[1].first, proof.problems[1].last}), (Range{308, 309}));
  EXPECT_EQ(proof.unexplained, 305U);
}

TEST_F(LossTest, AHoleAtTheVeryBeginIsOneToo) {
  {
    Journal journal = start();
    journal.add(alert(4));
    ASSERT_TRUE(journal.flush({}));
  }
  const JournalProof proof = verify_journal(folder);
  ASSERT_EQ(proof.problems_total, 1U);
  EXPECT_EQ((Range{proof.problems[0].first, proof.problems[0].last}), (Range{1, 3}));
}

TEST_F(LossTest, OctetsBehindAnOlderSegmentAreToldUnlessTheJournalKnowsThem) {
  fill(1, 5);
  fill(6, 9);
  const auto segments = files();
  ASSERT_EQ(segments.size(), 2U);
  const std::string older = octets_of(segments[0]);
  const std::string newer = octets_of(segments[1]);
  // Neither noise nor frames that are whole in themselves, be it the next segment's own, excuse one another.
  for (const std::string& added : {std::string(100, 'x'), newer.substr(segment_header_octets)}) {
    write_octets(segments[0], older + added);
    const JournalProof proof = verify_journal(folder);
    ASSERT_EQ(proof.problems_total, 1U);
    EXPECT_EQ(proof.problems[0].fault, JournalFault::trailing);
    EXPECT_EQ(proof.problems[0].file, segments[0]);
    EXPECT_EQ(proof.problems[0].offset, older.size());
  }
  write_octets(segments[0], older);
  EXPECT_TRUE(verify_journal(folder).whole());
}

}  // namespace
}  // namespace sekimori::daemon
