// What is done with a journal's folder before anything is written: taken for ourselves, and its end mended.
//
// The last segment is read whole. What lies behind its last good frame is moved into a file of its own
// (torn-*.bin), never thrown away; damage in the middle stays where it is, is counted, and `sekimori verify`
// tells where. Earlier segments are not read, so that the time of a start does not grow with the journal.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "daemon/journal/disk.hpp"
#include "daemon/journal/frame.hpp"

namespace sekimori::daemon {

class JournalError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The folder, made if it is missing (0700), is ours as long as this lives. Throws JournalError.
class JournalLock {
 public:
  explicit JournalLock(const std::string& folder);
  ~JournalLock();
  JournalLock(const JournalLock&) = delete;
  JournalLock& operator=(const JournalLock&) = delete;

 private:
  int fd_;
};

struct Recovered {
  std::array<std::uint8_t, 16> journal{};  // its id, or a new one
  bool fresh = true;                       // there was no journal
  std::uint64_t number = 0;                // of the last good frame
  std::uint64_t sequence = 0;              // of the last alert
  Sha256 hash{};
  std::uint64_t head_number = 0;     // as the head file says
  std::uint64_t torn_octets = 0;     // moved aside
  std::uint64_t damaged_octets = 0;  // in the middle of the last segment, left where they are
  std::uint64_t missing = 0;         // frames that were committed and are not there any more
  std::vector<std::string> moved{};  // files that were made of what was torn
  std::vector<std::pair<std::uint64_t, std::uint64_t>> removed{};  // frame numbers that retention removed
  bool mended() const { return torn_octets != 0 || damaged_octets != 0 || missing != 0; }
};

// Throws JournalError when the folder cannot be read or mended.
Recovered recover_journal(JournalDisk& disk, const std::string& folder);

// The head file: two slots in turn, so that one is always whole. It is written after each commit without a
// sync of its own, hence never ahead of what is safe; it tells `verify` that the journal's end is not
// missing.
struct JournalHead {
  std::uint64_t generation = 0;
  std::uint64_t number = 0;
  std::uint64_t sequence = 0;
  Sha256 hash{};
};
inline constexpr std::size_t head_slot_octets = 128;
inline constexpr const char* head_name = "head";
std::string encode_head(const JournalHead& head);
std::optional<JournalHead> read_head(const std::string& folder);

// Incidents on hold, as "holds" in the folder keeps them: one id a line.
std::set<std::string> read_holds(const std::string& folder);
std::string encode_holds(const std::set<std::string>& holds);
inline constexpr const char* holds_name = "holds";

// Joins a range into an ordered list of ranges.
void add_range(std::vector<std::pair<std::uint64_t, std::uint64_t>>& ranges, std::uint64_t first,
               std::uint64_t last);
// The removed ranges that a note tells of: "opened" all so far, "removed" one.
void read_removed(std::string_view note, std::vector<std::pair<std::uint64_t, std::uint64_t>>& ranges);

}  // namespace sekimori::daemon
