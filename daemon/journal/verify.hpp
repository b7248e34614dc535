// Proves a journal whole, or names the first thing in it that is not as it was written. Reads only; needs
// neither the daemon nor its rights, and is best done on a copy.
//
// What is proved: every octet is under a CRC, every frame follows the one before (number and hash), segments
// belong together, what is missing was removed by retention and told, the end is where the head file (or
// `head`, noted elsewhere, e.g. from a heartbeat) says, and with a public key that the chain was signed by
// its owner.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/digest.hpp"
#include "daemon/journal/signing.hpp"

namespace sekimori::daemon {

enum class JournalFault : std::uint8_t {
  unreadable,     // a file that cannot be read
  bad_header,     // a segment's header is damaged, or the file is none
  newer_format,   // a segment that a newer version has written
  altered,        // a frame's octets are not those that were written (CRC or hash)
  torn,           // octets behind the last frame that are none
  missing,        // frame numbers are left out, and nothing says that they were removed
  reordered,      // a frame stands where another number belongs
  broken_chain,   // a frame does not follow the one before: that one, or what stood between, was replaced
  other_journal,  // a segment of another journal
  bad_signature,  // the signature does not fit the chain
  end_missing,    // the journal ends before the head that was noted
  trailing,  // octets behind the last record of a segment that is not the last, and nothing tells of them
  alerts_missing  // sequence numbers of alerts are left out, and no note says that they were lost
};
const char* journal_fault_name(JournalFault fault);

struct JournalProblem {
  JournalFault fault = JournalFault::altered;
  std::string file{};
  std::uint64_t offset = 0;
  std::uint64_t number = 0;    // of the frame: the first that is wrong, or missing
  std::uint64_t sequence = 0;  // of the last good alert before it
  std::uint64_t first = 0;     // alerts_missing: the sequence of the first one
  std::uint64_t last = 0;      // ... and of the last one
};

struct JournalHeadNote {  // a chain head that was noted elsewhere
  std::uint64_t number = 0;
  Sha256 hash{};
};

struct JournalProof {
  std::vector<JournalProblem> problems{};  // in the order of the journal; at most 100
  std::uint64_t problems_total = 0;
  std::uint64_t segments = 0;
  std::uint64_t frames = 0;
  std::uint64_t alerts = 0;
  std::uint64_t signatures = 0;
  std::uint64_t first_number = 0;
  std::uint64_t last_number = 0;
  std::uint64_t first_sequence = 0;  // of the alerts
  std::uint64_t last_sequence = 0;
  std::uint64_t removed = 0;        // frames that retention removed, as the journal itself tells
  std::uint64_t lost = 0;           // alerts that the journal says it could not keep
  std::uint64_t unexplained = 0;    // alerts that are not there without a word: alerts_missing
  std::uint64_t signed_number = 0;  // the last good signature covers the chain up to here
  std::uint64_t repairs = 0;        // starts that found a torn or damaged end
  bool head_checked = false;        // there was a head file or a head from elsewhere
  Sha256 head{};
  bool whole() const { return problems_total == 0; }
};

// `path`: a journal's folder, or one segment file (then what comes before and after it is not asked for).
// `key`: null: signatures are not checked. `head`: null: that of the head file beside the segments, if there
// is one. Throws JournalError when there is nothing to verify there.
JournalProof verify_journal(const std::string& path, const PublicKey* key = nullptr,
                            const JournalHeadNote* head = nullptr);

}  // namespace sekimori::daemon
