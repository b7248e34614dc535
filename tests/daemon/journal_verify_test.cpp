#include <cstdio>

#include "daemon/journal/verify.hpp"
#include "tests/daemon/journal_kit.hpp"

namespace sekimori::daemon {
namespace {

using test::octets_of;
using test::write_octets;

constexpr std::uint64_t records = 1000;

// A journal of a thousand alerts, taken apart into its frames, to be put together again in other ways.
struct VerifyTest : test::JournalTest {
  struct Piece {
    std::string octets;
    std::uint64_t number;
    bool alert;
  };
  void SetUp() override {
    test::JournalTest::SetUp();
    options.segment_bytes = 64U << 10U;
    fill(1, records);
    for (const std::string& path : files()) {
      const std::string all = octets_of(path);
      SegmentReader reader{path};
      std::vector<Piece> pieces;
      Frame frame;
      for (SegmentReader::Step step = reader.next(frame); step.kind == SegmentReader::Kind::frame;
           step = reader.next(frame)) {
        pieces.push_back(
            {all.substr(step.offset, step.octets), frame.number, frame.kind == FrameKind::alert});
      }
      segments.push_back({path, all.substr(0, segment_header_octets), std::move(pieces)});
    }
  }
  struct Segment {
    std::string path;
    std::string header;
    std::vector<Piece> pieces;
    std::string whole() const {
      std::string out = header;
      for (const Piece& piece : pieces) out += piece.octets;
      return out;
    }
  };
  // Changes one segment, verifies, and puts it back. The number of the first frame that was named; 0 if none
  // was.
  std::uint64_t named(const Segment& segment, const std::string& changed) const {
    write_octets(segment.path, changed);
    const JournalProof proof = verify_journal(folder);
    write_octets(segment.path, segment.whole());
    return proof.whole() ? 0 : proof.problems.front().number;
  }
  std::vector<Segment> segments{};
};

TEST_F(VerifyTest, CatchesEveryAlterationDeletionAndSwapOfOneRecord) {
  ASSERT_TRUE(verify_journal(folder).whole());
  std::uint64_t altered = 0;
  std::uint64_t deleted = 0;
  std::uint64_t swapped = 0;
  std::uint64_t pairs = 0;
  std::uint64_t alerts = 0;
  std::uint64_t seen = 0;
  for (const Segment& segment : segments) {
    for (std::size_t i = 0; i < segment.pieces.size(); ++i) {
      const Piece& piece = segment.pieces[i];
      if (!piece.alert || (++seen - 1) % test::stride(10) != 0) continue;
      ++alerts;
      Segment changed = segment;
      std::string& octets = changed.pieces[i].octets;
      octets[octets.size() / 2] = static_cast<char>(octets[octets.size() / 2] ^ 4);
      if (named(segment, changed.whole()) == piece.number) ++altered;
      changed = segment;
      changed.pieces.erase(changed.pieces.begin() + static_cast<std::ptrdiff_t>(i));
      if (named(segment, changed.whole()) == piece.number) ++deleted;
      // With the next frame, whatever it is.
      if (i + 1 == segment.pieces.size()) continue;
      ++pairs;
      changed = segment;
      std::swap(changed.pieces[i], changed.pieces[i + 1]);
      if (named(segment, changed.whole()) == piece.number) ++swapped;
    }
  }
  std::printf("records %llu: alterations named %llu, deletions named %llu, swaps named %llu of %llu\n",
              static_cast<unsigned long long>(alerts), static_cast<unsigned long long>(altered),
              static_cast<unsigned long long>(deleted), static_cast<unsigned long long>(swapped),
              static_cast<unsigned long long>(pairs));
  EXPECT_EQ(seen, records);
  EXPECT_EQ(alerts, (records - 1) / test::stride(10) + 1);
  EXPECT_EQ(altered, alerts);
  EXPECT_EQ(deleted, alerts);
  EXPECT_EQ(swapped, pairs);
  EXPECT_EQ(pairs, alerts) << "a signature follows the last record";
}

TEST_F(VerifyTest, ASegmentAloneIsProvedInItself) {
  const JournalProof proof = verify_journal(segments.at(1).path);
  EXPECT_TRUE(proof.whole());
  EXPECT_EQ(proof.segments, 1U);
  EXPECT_THROW(verify_journal(folder + "/nothing"), JournalError);
}

TEST_F(VerifyTest, ASegmentOfAnotherJournalIsToldApart) {
  const std::string stolen = octets_of(segments.at(1).path);
  std::filesystem::remove_all(folder);
  fill(1, records);
  write_octets(segments.at(1).path, stolen);
  const JournalProof proof = verify_journal(folder);
  ASSERT_FALSE(proof.whole());
  EXPECT_EQ(proof.problems.front().fault, JournalFault::other_journal);
}

TEST_F(VerifyTest, AMissingSegmentIsNamedByItsFirstFrame) {
  const std::uint64_t first = segments.at(1).pieces.front().number;
  std::filesystem::remove(segments.at(1).path);
  const JournalProof proof = verify_journal(folder);
  ASSERT_FALSE(proof.whole());
  EXPECT_EQ(proof.problems.front().fault, JournalFault::missing);
  EXPECT_EQ(proof.problems.front().number, first);
}

}  // namespace
}  // namespace sekimori::daemon
