#include "daemon/journal/journal.hpp"

#include <sys/stat.h>

#include <random>

#include "daemon/journal/crc32c.hpp"
#include "daemon/journal/cursor.hpp"
#include "tests/daemon/journal_kit.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;
using test::alert;
using test::FailingDisk;
using test::octets_of;
using test::write_octets;
using Call = FailingDisk::Call;

struct JournalTest : test::JournalTest {};

TEST(Crc32c, GivesTheValuesOfRfc3720) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c("456789", crc32c("123")), 0xe3069283U);
  std::string octets;
  for (unsigned i = 0; i < 300; ++i) {
    EXPECT_EQ(crc32c(octets), crc32c_by_table(octets)) << "with and without the processor's help";
    octets += static_cast<char>(i * 7);
  }
}

TEST_F(JournalTest, GivesBackWhatWasPutIn) {
  fill(1, 3);
  Follower follower{folder};
  for (std::uint64_t i = 1; i <= 3; ++i) EXPECT_EQ(follower.next(), alert(i));
  EXPECT_EQ(follower.next(), std::nullopt);
  const JournalProof proof = verify_journal(folder);
  EXPECT_TRUE(proof.whole());
  EXPECT_EQ(proof.alerts, 3U);
  EXPECT_TRUE(proof.head_checked);
}

TEST_F(JournalTest, KeepsAnAlertOfEveryVersionOfItsFields) {
  AlertMessage wide = alert(1);
  wide.text.assign(300'000, 'x');
  wide.incident.assign(300, 'i');
  wide.eve.assign(2'000'000, 'y');
  const auto back = decode_alert(encode_alert(wide), 1);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->incident.size(), 255U);
  EXPECT_EQ(back->eve, "{}") << "half a JSON object would be worse than none";
  std::string later = encode_alert(alert(1));
  later[0] = 2;
  EXPECT_EQ(decode_alert(later, 1), std::nullopt);
  const std::string good = encode_alert(alert(1));
  for (std::size_t cut = 0; cut < good.size(); ++cut)
    EXPECT_FALSE(decode_alert(good.substr(0, cut), 1)) << cut;
}

TEST_F(JournalTest, IsReadableByItsOwnerAlone) {
  fill(1, 1);
  struct stat status {};
  ASSERT_EQ(::stat((folder + "/journal.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(folder.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(JournalTest, IsUsedByOneProcessAtATime) {
  const Journal first{options};
  EXPECT_THROW(Journal{options}, JournalError);
}

TEST_F(JournalTest, SaysWhichFolderCannotBeUsed) {
  options.path = "/proc/nowhere";
  EXPECT_THROW(Journal{options}, JournalError);
}

JournalError::Reason refused(const JournalOptions& options) {
  try {
    const Journal journal{options};
  } catch (const JournalError& error) {
    return error.reason();
  }
  ADD_FAILURE() << "it was opened";
  return JournalError::Reason::system;
}

TEST_F(JournalTest, LeavesAFolderInUseAlone) {
  const Journal journal{options};
  EXPECT_EQ(refused(options), JournalError::Reason::in_use);
}

TEST_F(JournalTest, LeavesAFolderOfAnotherUserAlone) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  fill(1, 3);
  ASSERT_EQ(::chown(folder.c_str(), 4321, 4321), 0);
  EXPECT_EQ(refused(options), JournalError::Reason::not_ours);
}

TEST_F(JournalTest, LeavesAJournalOfANewerFormatAlone) {
  fill(1, 10);
  const std::string newest = files().back();
  const std::string octets = octets_of(newest);
  std::string newer = octets;
  newer[7] = '2';
  write_octets(newest, newer);
  EXPECT_EQ(refused(options), JournalError::Reason::newer_format);
  EXPECT_EQ(octets_of(newest), newer) << "nothing was moved or written";
  const JournalProof proof = verify_journal(folder);
  ASSERT_FALSE(proof.whole());
  EXPECT_EQ(proof.problems.front().fault, JournalFault::newer_format);
  write_octets(newest, octets);
  EXPECT_EQ(Journal{options}.next_sequence(), 11U);
}

TEST_F(JournalTest, SaysWhenItsLastRecordWasWritten) {
  const Time future{std::chrono::seconds{4'000'000'000}};
  {
    Journal journal{options, std::make_unique<test::QuickDisk>(), [future] { return future; }};
    journal.add(alert(1));
    journal.flush({});
  }
  EXPECT_EQ(Journal{options}.found().written, future) << "so that a clock that ran back is noticed";
}

TEST_F(JournalTest, GoesOnWithItsNumbersAfterARestart) {
  fill(1, 3);
  {
    const Journal journal{options};
    EXPECT_EQ(journal.next_sequence(), 4U);
    EXPECT_FALSE(journal.found().mended());
  }
  fill(4, 6);
  EXPECT_EQ(sequences(), range(1, 6));
  EXPECT_TRUE(verify_journal(folder).whole());
}

TEST_F(JournalTest, RotatesBySizeAndStaysOneChain) {
  options.segment_bytes = 4096;
  fill(1, 200);
  EXPECT_GT(files().size(), 5U);
  EXPECT_EQ(sequences(), range(1, 200));
  const JournalProof proof = verify_journal(folder);
  EXPECT_TRUE(proof.whole());
  EXPECT_EQ(proof.segments, files().size());
}

TEST_F(JournalTest, FollowersBeginAnywhereAndHearWhatIsAppended) {
  options.segment_bytes = 4096;
  Journal journal{options};
  for (std::uint64_t i = 1; i <= 100; ++i) journal.add(alert(i));
  ASSERT_TRUE(journal.flush({}));
  for (std::uint64_t from = 0; from < 100; ++from) {
    Follower follower{folder};
    follower.seek(from);
    const auto found = follower.next();
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->sequence, from + 1);
  }
  Follower follower{folder};
  follower.seek(100);
  EXPECT_EQ(follower.next(), std::nullopt);
  journal.add(alert(101));
  ASSERT_TRUE(journal.flush({}));
  EXPECT_EQ(follower.next(100), std::nullopt) << "beyond the limit";
  EXPECT_EQ(follower.next(101), alert(101));
}

// ---- signatures ----

TEST_F(JournalTest, IsSignedAndTheSignatureHoldsTheWholeChain) {
  fill(1, 10);
  std::string trouble;
  const auto key = read_public_key(folder + "/journal.pub", trouble);
  ASSERT_TRUE(key.has_value()) << trouble;
  const JournalProof proof = verify_journal(folder, &*key);
  EXPECT_TRUE(proof.whole());
  EXPECT_EQ(proof.signed_number, proof.last_number - 1) << "all but the signature itself";
  PublicKey other = *key;
  other[3] = static_cast<std::uint8_t>(other[3] ^ 1U);
  const JournalProof wrong = verify_journal(folder, &other);
  ASSERT_FALSE(wrong.whole());
  EXPECT_EQ(wrong.problems.front().fault, JournalFault::bad_signature);
}

// Somebody who may write the files, but has no key, writes the chain anew from a changed record on.
TEST_F(JournalTest, AChainThatWasWrittenAnewIsToldByItsSignature) {
  fill(1, 10);
  std::string trouble;
  const auto key = read_public_key(folder + "/journal.pub", trouble);
  const std::string path = files().at(0);
  SegmentReader reader{path};
  std::string forged = octets_of(path).substr(0, segment_header_octets);
  Sha256 before = reader.header()->before;
  Frame frame;
  while (reader.next(frame).kind == SegmentReader::Kind::frame) {
    std::string body{frame.body};
    if (frame.kind == FrameKind::alert && frame.sequence == 5) body.replace(body.find("10.10"), 5, "10.99");
    Frame changed = frame;
    changed.body = body;
    append_frame(changed, before, forged);
    before = changed.hash;
  }
  write_octets(path, forged);
  std::filesystem::remove(folder + "/head");
  EXPECT_TRUE(verify_journal(folder).whole()) << "the chain alone cannot know";
  const JournalProof proof = verify_journal(folder, &*key);
  ASSERT_FALSE(proof.whole());
  EXPECT_EQ(proof.problems.front().fault, JournalFault::bad_signature);
}

TEST_F(JournalTest, AHeadThatWasNotedElsewhereTellsAMissingEnd) {
  fill(1, 10);
  const JournalProof before = verify_journal(folder);
  const JournalHeadNote note{before.last_number, before.head};
  EXPECT_TRUE(verify_journal(folder, nullptr, &note).whole());
  const std::string path = files().at(0);
  // The last alert and the signature behind it, cut where a frame ends; and the head file put away with them.
  SegmentReader reader{path};
  Frame frame;
  std::uint64_t cut = 0;
  for (SegmentReader::Step step = reader.next(frame); step.kind == SegmentReader::Kind::frame;
       step = reader.next(frame)) {
    if (frame.kind == FrameKind::alert) cut = step.offset;
  }
  std::filesystem::resize_file(path, cut);
  std::filesystem::remove(folder + "/head");
  EXPECT_TRUE(verify_journal(folder).whole()) << "nothing inside says that there was more";
  const JournalProof proof = verify_journal(folder, nullptr, &note);
  ASSERT_FALSE(proof.whole());
  EXPECT_EQ(proof.problems.front().fault, JournalFault::end_missing);
}

// ---- retention ----

TEST_F(JournalTest, RemovesTheOldestBySizeAndTellsWhatItRemoved) {
  options.segment_bytes = 4096;
  options.keep_bytes = 20'000;
  fill(1, 400);
  const std::vector<std::uint64_t> kept = sequences();
  ASSERT_FALSE(kept.empty());
  EXPECT_GT(kept.front(), 1U);
  EXPECT_EQ(kept, range(kept.front(), 400));
  const JournalProof proof = verify_journal(folder);
  EXPECT_TRUE(proof.whole());
  EXPECT_EQ(proof.removed, proof.first_number - 1);
  // One more gone, by another hand.
  std::filesystem::remove(files().front());
  const JournalProof stolen = verify_journal(folder);
  ASSERT_FALSE(stolen.whole());
  EXPECT_EQ(stolen.problems.front().fault, JournalFault::missing);
}

TEST_F(JournalTest, RemovesByAge) {
  options.segment_bytes = 4096;
  options.keep_days = 30;
  Time now{std::chrono::hours{24 * 10'000}};
  const auto clock = [&now] { return now; };
  {
    Journal journal{options, nullptr, clock};
    for (std::uint64_t i = 1; i <= 160; ++i) journal.add(alert(i));
    ASSERT_TRUE(journal.flush({}));
  }
  const std::size_t before = files().size();
  ASSERT_GT(before, 3U);
  now += std::chrono::hours{24 * 29};
  { Journal{options, nullptr, clock}.flush({}); }
  EXPECT_EQ(files().size(), before) << "nothing is old enough";
  now += std::chrono::hours{24 * 3};
  {
    Journal journal{options, nullptr, clock};
    journal.add(alert(161));
    ASSERT_TRUE(journal.flush({}));
  }
  EXPECT_LT(files().size(), before);
  EXPECT_EQ(sequences().back(), 161U);
  EXPECT_TRUE(verify_journal(folder).whole());
}

TEST_F(JournalTest, AnIncidentOnHoldIsKeptWhateverItsAge) {
  options.segment_bytes = 4096;
  options.keep_bytes = 20'000;
  fill(1, 30);
  {
    Journal journal{options};
    std::string trouble;
    EXPECT_TRUE(journal.hold("inc-7", true, trouble)) << trouble;
    EXPECT_TRUE(journal.flush({}));
  }
  fill(31, 400);
  std::vector<std::uint64_t> kept = sequences();
  EXPECT_NE(std::find(kept.begin(), kept.end(), 7U), kept.end());
  EXPECT_EQ(std::find(kept.begin(), kept.end(), 100U), kept.end()) << "the others went";
  EXPECT_TRUE(verify_journal(folder).whole()) << "the gap behind it was told";
  {
    Journal journal{options};
    EXPECT_EQ(journal.holds(), std::vector<std::string>{"inc-7"});
    EXPECT_GT(journal.figures().octets, 0U);
    std::string trouble;
    EXPECT_TRUE(journal.hold("inc-7", false, trouble));
  }
  fill(401, 500);
  kept = sequences();
  EXPECT_EQ(std::find(kept.begin(), kept.end(), 7U), kept.end()) << "no longer held";
  EXPECT_TRUE(verify_journal(folder).whole());
}

// ---- the end of the journal, torn and damaged ----

struct TailTest : JournalTest {
  void SetUp() override {
    JournalTest::SetUp();
    fill(1, 20);
    path = files().at(0);
    whole = octets_of(path);
    SegmentReader reader{path};
    Frame frame;
    for (SegmentReader::Step step = reader.next(frame); step.kind == SegmentReader::Kind::frame;
         step = reader.next(frame)) {
      ends.push_back({step.offset + step.octets, frame.sequence});
    }
  }
  // The alerts whose frames end within the first `octets`.
  std::uint64_t intact(std::uint64_t octets) const {
    std::uint64_t last = 0;
    for (const auto& [end, sequence] : ends) {
      if (end <= octets) last = sequence;
    }
    return last;
  }
  std::string path{};
  std::string whole{};
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ends{};
};

TEST_F(TailTest, IsCutAtEveryOctetAndStartsWithEveryIntactRecord) {
  std::uint64_t cuts = 0;
  for (std::size_t cut = whole.size() - 1500; cut < whole.size(); cut += test::stride(7)) {
    empty();
    write_octets(path, whole.substr(0, cut));
    const std::uint64_t last = intact(cut);
    {
      Journal journal{options, std::make_unique<test::QuickDisk>()};
      EXPECT_EQ(journal.next_sequence(), last + 1) << cut;
      const bool border =
          std::any_of(ends.begin(), ends.end(), [cut](const auto& end) { return end.first == cut; });
      EXPECT_EQ(journal.found().torn_octets == 0, border) << cut;
      journal.add(alert(last + 1));
      ASSERT_TRUE(journal.flush({}));
    }
    ASSERT_EQ(sequences(), range(1, last + 1)) << cut;
    ASSERT_TRUE(verify_journal(folder).whole()) << cut;
    ++cuts;
  }
  std::printf("cuts %llu, started %llu\n", static_cast<unsigned long long>(cuts),
              static_cast<unsigned long long>(cuts));
}

TEST_F(TailTest, HasEveryOctetFlippedAndDeliversEveryOtherRecord) {
  std::uint64_t flips = 0;
  std::uint64_t caught = 0;
  const std::size_t from = whole.size() > 4096 ? whole.size() - 4096 : segment_header_octets;
  const std::string head = octets_of(folder + "/head");
  for (std::size_t at = from; at < whole.size(); at += test::stride(13)) {
    empty();
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ (1U << at % 8));
    write_octets(path, flipped);
    write_octets(folder + "/head", head);
    if (!verify_journal(folder).whole()) ++caught;
    // The frame that was hit, and the alert in it if it is one.
    std::uint64_t before = 0;
    std::uint64_t hit = 0;
    for (const auto& [end, sequence] : ends) {
      if (at < end) {
        hit = sequence > before ? sequence : 0;
        break;
      }
      before = sequence;
    }
    {
      Journal journal{options, std::make_unique<test::QuickDisk>()};
      EXPECT_TRUE(journal.found().mended()) << at;
      ASSERT_TRUE(journal.flush({}));
    }
    std::vector<std::uint64_t> others = range(1, 20);
    std::erase(others, hit);
    ASSERT_EQ(sequences(), others) << at;
    ++flips;
  }
  EXPECT_EQ(caught, flips);
  std::printf("flips %llu, started %llu, told by verify %llu\n", static_cast<unsigned long long>(flips),
              static_cast<unsigned long long>(flips), static_cast<unsigned long long>(caught));
}

TEST_F(TailTest, WhatWasTornIsMovedAsideAndTold) {
  write_octets(path, whole.substr(0, whole.size() - 300));
  const Journal journal{options};
  ASSERT_EQ(journal.found().moved.size(), 1U);
  const std::string aside = octets_of(journal.found().moved.front());
  EXPECT_EQ(aside.size(), journal.found().torn_octets);
  EXPECT_NE(whole.find(aside), std::string::npos);
  EXPECT_GT(journal.found().missing, 0U) << "the head file knows that more was committed";
}

// A disk that fails the first call of a kind, and is well from then on. The journal's end is torn.
struct UncutTest : TailTest, testing::WithParamInterface<Call> {
  std::vector<std::string> aside() const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
      const std::string name = entry.path().filename().string();
      if (name.rfind("torn-", 0) == 0) out.push_back(name);
    }
    return out;
  }
};

TEST_P(UncutTest, ATornEndThatCannotBeCutOffIsLeftAndToldAndTheNextStartCutsIt) {
  const std::size_t cut = whole.size() - 300;
  write_octets(path, whole.substr(0, cut));
  const std::uint64_t last = intact(cut);
  std::uint64_t good = 0;
  for (const auto& [end, sequence] : ends) good = end <= cut ? end : good;
  ASSERT_LT(good, cut);
  {
    bool failed = false;
    Journal journal{options, std::make_unique<FailingDisk>([&failed](Call call, std::uint64_t) {
                      return call == GetParam() && !std::exchange(failed, true) ? -EIO : 0;
                    })};
    const Recovered& found = journal.found();
    EXPECT_EQ(found.uncut_octets, cut - good);
    EXPECT_NE(found.uncut_because.find(path + ": "), std::string::npos) << found.uncut_because;
    EXPECT_EQ(found.torn_octets, 0U) << "nothing was moved";
    EXPECT_TRUE(found.mended());
    EXPECT_GE(journal.figures().failures, 1U);
    EXPECT_EQ(aside(), std::vector<std::string>{});
    EXPECT_EQ(octets_of(path).size(), cut);
    EXPECT_EQ(journal.committed(), found.sequence) << "what is torn is no record";
    journal.add(alert(journal.next_sequence()));
    ASSERT_TRUE(journal.flush({}));
  }
  auto kept = range(1, last);
  kept.push_back(21);  // the head file knows that the numbers up to 20 were given out
  EXPECT_EQ(sequences(), kept);
  EXPECT_TRUE(verify_journal(folder).problems_total == 0);
  {
    const Journal next{options, std::make_unique<test::QuickDisk>()};
    EXPECT_EQ(next.found().torn_octets, cut - good);
    EXPECT_EQ(next.found().uncut_octets, 0U);
    ASSERT_EQ(aside().size(), 1U);
    EXPECT_EQ(octets_of(next.found().moved.at(0)), whole.substr(good, cut - good)) << "never thrown away";
    EXPECT_EQ(octets_of(path), whole.substr(0, good));
  }
  EXPECT_EQ(sequences(), kept);
  EXPECT_TRUE(verify_journal(folder).whole());
  EXPECT_FALSE((Journal{options, std::make_unique<test::QuickDisk>()}.found().mended())) << "and it is over";
}

INSTANTIATE_TEST_SUITE_P(Calls, UncutTest,
                         testing::Values(Call::truncate, Call::create, Call::write, Call::sync));

// Written, not confirmed, and not to be cut off: the frames stand there whole, and count for nothing.
TEST_F(JournalTest, WhatAFailedCommitLeftIsCutByTheNextStart) {
  bool bad = false;
  {
    Journal journal{options, std::make_unique<FailingDisk>([&bad](Call call, std::uint64_t) {
                      return bad && (call == Call::sync || call == Call::truncate) ? -EIO : 0;
                    })};
    for (std::uint64_t i = 1; i <= 5; ++i) journal.add(alert(i));
    ASSERT_TRUE(journal.flush({}));
    bad = true;
    for (std::uint64_t i = 6; i <= 9; ++i) journal.add(alert(i));
    EXPECT_FALSE(journal.work());
    EXPECT_EQ(journal.committed(), 5U);
    EXPECT_EQ(journal.figures().failures, 2U) << "the sync and the cut";
    bad = false;
  }
  const auto lines = [this] {  // of alerts, in all files
    std::vector<std::uint64_t> out;
    for (const std::string& file : files()) {
      SegmentReader reader{file};
      Frame frame;
      while (reader.next(frame).kind == SegmentReader::Kind::frame) {
        if (frame.kind == FrameKind::alert) out.push_back(frame.sequence);
      }
    }
    return out;
  };
  EXPECT_EQ(lines().size(), 13U) << "four stand there twice";
  EXPECT_EQ(sequences(), range(1, 9)) << "and are read once";
  EXPECT_TRUE(verify_journal(folder).whole());
  EXPECT_GT((Journal{options, std::make_unique<test::QuickDisk>()}.found().torn_octets), 0U);
  EXPECT_EQ(lines(), range(1, 9));
  EXPECT_TRUE(verify_journal(folder).whole());
}

// ---- a disk that fails ----

// At every call in turn, once and from then on for a while: nothing is said to be committed that is not
// there, and nothing is lost when the disk is well again.
struct FaultTest : JournalTest, testing::WithParamInterface<int> {};

TEST_P(FaultTest, EveryCallFailsOnceAndNothingIsLost) {
  const int error = GetParam();
  std::uint64_t failed_rounds = 0;
  for (std::uint64_t when = 1; when <= 60; ++when) {
    if (std::filesystem::exists(folder)) empty();
    std::uint64_t committed = 0;
    {
      auto disk = std::make_unique<FailingDisk>(
          [when, error](Call, std::uint64_t call) { return call == when ? -error : 0; }, when % 2 == 0);
      options.segment_bytes = 4096;
      Journal journal{options, std::move(disk)};
      for (std::uint64_t i = 1; i <= 30; ++i) {
        journal.add(alert(i));
        journal.work();
        // What is said to be safe is there for another reader.
        committed = journal.committed();
        if (i % 10 == 0) {
          const auto there = sequences();
          ASSERT_TRUE(committed == 0 || (!there.empty() && there.back() >= committed)) << when;
        }
      }
      failed_rounds += journal.figures().failures;
      const JournalFigures figures = journal.figures();
      EXPECT_EQ(figures.added, figures.committed + figures.waiting + figures.lost);
    }
    // The end stops the pause between tries: what waited was written.
    ASSERT_GE(sequences().size(), committed) << when;
    const JournalProof proof = verify_journal(folder);
    ASSERT_TRUE(proof.whole()) << when << " " << journal_fault_name(proof.problems.front().fault) << " "
                               << proof.problems.front().file;
  }
  EXPECT_GT(failed_rounds, 10U) << "the disk did fail";
}

INSTANTIATE_TEST_SUITE_P(Errors, FaultTest, testing::Values(EIO, ENOSPC));

TEST_F(JournalTest, AFullDiskCostsNothingUntilMemoryIsFullAndThenIsCounted) {
  bool full = true;
  options.waiting_max = 100;
  auto disk = std::make_unique<FailingDisk>([&full](Call call, std::uint64_t) {
    return full && (call == Call::write || call == Call::create) ? -ENOSPC : 0;
  });
  full = false;  // while the key is made
  Journal journal{options, std::move(disk)};
  full = true;
  for (std::uint64_t i = 1; i <= 150; ++i) {
    journal.add(alert(i));
    journal.work();
  }
  JournalFigures figures = journal.figures();
  EXPECT_EQ(figures.committed, 0U);
  EXPECT_EQ(journal.committed(), 0U);
  EXPECT_EQ(figures.lost, 50U);
  EXPECT_EQ(figures.waiting, 100U);
  EXPECT_NE(figures.trouble, "");
  full = false;
  std::this_thread::sleep_for(1100ms);
  ASSERT_TRUE(journal.flush({}));
  figures = journal.figures();
  EXPECT_EQ(figures.committed, 100U);
  EXPECT_EQ(figures.trouble, "");
  EXPECT_EQ(figures.added, figures.committed + figures.lost);
  EXPECT_EQ(sequences(), range(51, 150)) << "the newest stay";
  const JournalProof proof = verify_journal(folder);
  EXPECT_TRUE(proof.whole());
  EXPECT_EQ(proof.lost, 50U) << "the journal itself says what it does not hold";
}

TEST_F(JournalTest, CommitsWhileOthersAddAndAtMostSixtyFourWait) {
  Journal journal{options};
  std::atomic<std::uint64_t> heard{0};
  journal.start([&heard] { ++heard; });
  for (std::uint64_t i = 1; i <= 2000; ++i) journal.add(alert(i));
  ASSERT_TRUE(journal.flush(10s));
  EXPECT_EQ(journal.committed(), 2000U);
  EXPECT_GT(heard.load(), 0U);
  EXPECT_GE(journal.figures().syncs, 2000U / 64U);
  EXPECT_EQ(sequences(), range(1, 2000));
}

TEST_F(JournalTest, ACursorSurvivesAndIsNeverHalf) {
  std::filesystem::create_directory(folder);
  {
    CursorFile cursor{folder, "log server/1"};
    EXPECT_EQ(cursor.read(), std::nullopt);
    EXPECT_TRUE(cursor.write(5));
    EXPECT_TRUE(cursor.write(6));
  }
  EXPECT_EQ((CursorFile{folder, "log server/1"}.read()), 6U);
  const std::string path = folder + "/cursor-log%20server%2F1";
  std::string octets = octets_of(path);
  ASSERT_EQ(octets.size(), 64U);
  octets[5] = 'x';  // one slot torn
  write_octets(path, octets);
  EXPECT_EQ((CursorFile{folder, "log server/1"}.read()), 5U) << "the other one";
}

}  // namespace
}  // namespace sekimori::daemon
