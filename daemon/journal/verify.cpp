#include "daemon/journal/verify.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <system_error>
#include <utility>

#include "daemon/journal/recovery.hpp"
#include "daemon/journal/segment.hpp"

namespace sekimori::daemon {
namespace {

namespace json = boost::json;

constexpr std::size_t problems_told = 100;

using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

bool covered(const Ranges& ranges, std::uint64_t first, std::uint64_t last) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const auto& range) { return range.first <= first && last <= range.second; });
}

class Verifier {
 public:
  Verifier(const PublicKey* key, bool alone) : key_(key), alone_(alone) {}

  // What every segment says of removed ones, before any gap is judged.
  void gather(const std::vector<SegmentFile>& files);
  void segment(const SegmentFile& file, std::uint64_t next_first);
  // `given`: the last sequence that an alert has, as the head file says; 0: it says nothing.
  void end(const std::optional<JournalHeadNote>& head, std::uint64_t given);
  JournalProof take() { return std::move(proof_); }
  Sha256 hash_at_head_{};

  void note_head(std::uint64_t number) { head_number_ = number; }

 private:
  void problem(JournalFault fault, std::uint64_t offset, std::uint64_t number) {
    ++proof_.problems_total;
    if (proof_.problems.size() < problems_told) {
      proof_.problems.push_back({fault, file_, offset, number, proof_.last_sequence});
    }
  }
  void begin(const SegmentHeader& header);
  void gap(std::uint64_t found, std::uint64_t offset);
  void frame(const Frame& frame, std::uint64_t offset);
  void content(const Frame& frame, std::uint64_t offset);
  void signature(const Frame& frame, std::uint64_t offset);
  void note(const Frame& frame);
  void sequences(std::uint64_t first, std::uint64_t last, const Frame& frame, std::uint64_t offset);
  void leave_out(std::uint64_t until, std::uint64_t offset, std::uint64_t number);
  // Octets that a failed write left, and that the next segment has replaced, are no part of the journal; but
  // that segment, or a later one, has to tell of them.
  void behind_the_end(const SegmentFile& file, std::uint64_t offset) {
    const UncutTail tail{file.first_number, offset};
    if (std::find(uncut_.begin(), uncut_.end(), tail) == uncut_.end()) {
      problem(JournalFault::trailing, offset, number_ + 1);
    }
  }

  const PublicKey* key_;
  const bool alone_;
  JournalProof proof_{};
  std::string file_{};
  bool any_ = false;
  bool trusted_ = true;  // `hash_` is that of the frame before
  std::array<std::uint8_t, 16> journal_{};
  std::uint64_t number_ = 0;  // of the frame before
  Sha256 hash_{};
  std::uint64_t head_number_ = 0;
  Ranges removed_{};
  std::vector<UncutTail> uncut_{};
  std::uint64_t told_ = 0;  // the last sequence of an alert that is here, or told as lost
  bool counting_ = false;   // `told_` is known: nothing before is damaged or removed
};

void Verifier::gather(const std::vector<SegmentFile>& files) {
  for (const SegmentFile& file : files) {
    SegmentReader reader{file.path};
    Frame frame;
    for (;;) {
      const SegmentReader::Step step = reader.next(frame);
      if (step.kind == SegmentReader::Kind::end || step.torn) break;
      if (step.kind == SegmentReader::Kind::frame && frame.kind == FrameKind::note) {
        read_removed(frame.body, removed_);
        std::vector<UncutTail> tails;
        // A segment's first note alone: what was forged behind another's end cannot excuse itself.
        if (reader.header() && frame.number == reader.header()->first_number) read_uncut(frame.body, tails);
        uncut_.insert(uncut_.end(), tails.begin(), tails.end());
      }
    }
  }
  for (const auto& [first, last] : removed_) proof_.removed += last - first + 1;
}

void Verifier::segment(const SegmentFile& file, std::uint64_t next_first) {
  file_ = file.path;
  ++proof_.segments;
  SegmentReader reader{file.path};
  if (!reader.trouble().empty()) return problem(JournalFault::unreadable, 0, file.first_number);
  if (!reader.header()) {
    trusted_ = false;
    return problem(reader.another_format() ? JournalFault::newer_format : JournalFault::bad_header, 0,
                   file.first_number);
  }
  begin(*reader.header());
  Frame one;
  for (;;) {
    const SegmentReader::Step step = reader.next(one);
    if (!reader.trouble().empty()) return problem(JournalFault::unreadable, step.offset, number_ + 1);
    if (step.kind == SegmentReader::Kind::end) return;
    if (step.kind == SegmentReader::Kind::damage) {
      if (step.torn && next_first != 0 && number_ + 1 == next_first) return behind_the_end(file, step.offset);
      problem(step.torn ? JournalFault::torn : JournalFault::altered, step.offset, number_ + 1);
      trusted_ = false;
      if (step.torn) return;
      continue;
    }
    if (next_first != 0 && one.number >= next_first && number_ + 1 == next_first) {
      return behind_the_end(file, step.offset);
    }
    frame(one, step.offset);
  }
}

void Verifier::begin(const SegmentHeader& header) {
  // Of a journal's begin it is known that nothing came before.
  if (!any_) told_ = header.first_number == 1 ? 0 : header.next_sequence - 1;
  if (any_ && (header.first_number != number_ + 1 || !trusted_)) counting_ = false;
  if (!any_) {
    any_ = true;
    counting_ = true;
    journal_ = header.journal;
    proof_.first_number = header.first_number;
    if (!alone_ && header.first_number > 1 && !covered(removed_, 1, header.first_number - 1)) {
      problem(JournalFault::missing, 0, 1);
    }
  } else {
    if (header.journal != journal_) problem(JournalFault::other_journal, 0, header.first_number);
    if (header.first_number != number_ + 1) {
      gap(header.first_number, 0);
    } else if (trusted_ && header.before != hash_) {
      problem(JournalFault::broken_chain, 0, header.first_number);
    }
  }
  number_ = header.first_number - 1;
  hash_ = header.before;
  trusted_ = true;
}

// Another number than the next one was found.
void Verifier::gap(std::uint64_t found, std::uint64_t offset) {
  if (found <= number_) {
    problem(JournalFault::reordered, offset, found);
  } else if (offset != 0 || !covered(removed_, number_ + 1, found - 1)) {
    problem(JournalFault::missing, offset, number_ + 1);
  }
  trusted_ = false;
}

void Verifier::frame(const Frame& frame, std::uint64_t offset) {
  ++proof_.frames;
  if (frame.number != number_ + 1) {
    // Behind damage the numbers tell how many frames were in it: that is told already.
    if (trusted_ || frame.number <= number_) gap(frame.number, offset);
  } else if (trusted_ && frame.hash != chain(hash_, frame)) {
    problem(JournalFault::broken_chain, offset, frame.number);
  }
  if (frame.number != number_ + 1 || !trusted_) counting_ = false;
  content(frame, offset);
  number_ = frame.number;
  hash_ = frame.hash;
  trusted_ = true;
  if (number_ == head_number_) hash_at_head_ = hash_;
}

void Verifier::content(const Frame& frame, std::uint64_t offset) {
  switch (frame.kind) {
    case FrameKind::alert:
      sequences(frame.sequence, frame.sequence, frame, offset);
      if (proof_.alerts++ == 0) proof_.first_sequence = frame.sequence;
      if (!decode_alert(frame.body, frame.sequence)) problem(JournalFault::altered, offset, frame.number);
      proof_.last_sequence = frame.sequence;
      break;
    case FrameKind::signature:
      signature(frame, offset);
      break;
    case FrameKind::note:
      if (const auto lost = read_lost(frame.body)) {
        sequences(lost->first, lost->second, frame, offset);
        proof_.lost += lost->second - lost->first + 1;
      }
      note(frame);
      break;
    default:
      problem(JournalFault::altered, offset, frame.number);
  }
}

void Verifier::signature(const Frame& frame, std::uint64_t offset) {
  ++proof_.signatures;
  if (key_ == nullptr) return;
  if (signature_good(*key_, signed_octets(journal_, frame.number - 1, hash_), frame.body)) {
    proof_.signed_number = frame.number - 1;
  } else {
    problem(JournalFault::bad_signature, offset, frame.number);
  }
}

void Verifier::note(const Frame& frame) {
  boost::system::error_code error;
  const json::value value = json::parse({frame.body.data(), frame.body.size()}, error);
  const json::object* const object = error ? nullptr : value.if_object();
  const json::value* const event = object == nullptr ? nullptr : object->if_contains("event");
  if (event == nullptr || !event->is_string()) return;
  if (event->get_string() == "repaired") ++proof_.repairs;
}

// Alerts `first` to `last` are here, or are told as lost.
void Verifier::sequences(std::uint64_t first, std::uint64_t last, const Frame& frame, std::uint64_t offset) {
  if (std::exchange(counting_, true)) leave_out(first - 1, offset, frame.number);
  told_ = std::max(told_, last);
}

void Verifier::leave_out(std::uint64_t until, std::uint64_t offset, std::uint64_t number) {
  if (until <= told_) return;
  problem(JournalFault::alerts_missing, offset, number);
  if (proof_.problems_total == proof_.problems.size()) {
    proof_.problems.back().first = told_ + 1;
    proof_.problems.back().last = until;
  }
  proof_.unexplained += until - told_;
}

void Verifier::end(const std::optional<JournalHeadNote>& head, std::uint64_t given) {
  if (counting_) leave_out(given, 0, number_ + 1);
  proof_.last_number = number_;
  proof_.head = hash_;
  // Whoever writes a journal anew leaves the signatures out.
  if (key_ != nullptr && proof_.frames > 0 && proof_.signed_number == 0) {
    problem(JournalFault::bad_signature, 0, number_);
  }
  if (!head || head->number == 0) return;
  proof_.head_checked = true;
  if (head->number > number_) {
    problem(JournalFault::end_missing, 0, number_ + 1);
  } else if (head->number >= proof_.first_number && hash_at_head_ != head->hash &&
             !covered(removed_, head->number, head->number)) {
    problem(JournalFault::broken_chain, 0, head->number);
  }
}

}  // namespace

const char* journal_fault_name(JournalFault fault) {
  switch (fault) {
    case JournalFault::unreadable:
      return "unreadable";
    case JournalFault::bad_header:
      return "bad_header";
    case JournalFault::newer_format:
      return "newer_format";
    case JournalFault::altered:
      return "altered";
    case JournalFault::torn:
      return "torn";
    case JournalFault::missing:
      return "missing";
    case JournalFault::reordered:
      return "reordered";
    case JournalFault::broken_chain:
      return "broken_chain";
    case JournalFault::other_journal:
      return "other_journal";
    case JournalFault::bad_signature:
      return "bad_signature";
    case JournalFault::end_missing:
      return "end_missing";
    case JournalFault::trailing:
      return "trailing";
    case JournalFault::alerts_missing:
      return "alerts_missing";
  }
  return "?";
}

JournalProof verify_journal(const std::string& path, const PublicKey* key, const JournalHeadNote* head) {
  std::error_code error;
  const bool folder = std::filesystem::is_directory(path, error);
  std::vector<SegmentFile> files;
  std::optional<JournalHeadNote> expected;
  std::uint64_t given = 0;
  if (folder) {
    std::string trouble;
    files = segments_in(path, &trouble);
    if (!trouble.empty()) throw JournalError(path + ": " + trouble);
    const auto noted = read_head(path);
    if (noted) expected = {noted->number, noted->hash};
    if (noted) given = noted->given;
  } else {
    const SegmentReader reader{path};
    if (!reader.trouble().empty()) throw JournalError(path + ": " + reader.trouble());
    files.push_back({path, reader.header() ? reader.header()->first_number : 0, 0});
  }
  if (head != nullptr) expected = *head;
  if (files.empty() && !expected) {
    throw JournalError(JournalError::Reason::none_here, path, "no segment");
  }
  Verifier verifier{key, !folder};
  verifier.gather(files);
  if (expected) verifier.note_head(expected->number);
  for (std::size_t i = 0; i < files.size(); ++i) {
    verifier.segment(files[i], i + 1 < files.size() ? files[i + 1].first_number : 0);
  }
  verifier.end(expected, given);
  return verifier.take();
}

}  // namespace sekimori::daemon
