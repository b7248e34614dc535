// What is done with a journal's folder before anything is written: taken for ourselves, and its end mended.
//
// The last segment is read whole. What lies behind its last good frame is moved into a file of its own
// (torn-*.bin), never thrown away; damage in the middle stays where it is, is counted, and `sekimori verify`
// tells where. Earlier segments are not read, so that the time of a start does not grow with the journal.
//
// A disk may refuse the cut, or have no room for the file: then the tail stays where it is and counts for
// nothing, because a new segment begins with the number behind the last good frame. Its first note says so
// ("uncut": the numbers of such segments and how many of their octets are good), and by that the next start
// tries again.
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
  enum class Reason : std::uint8_t {
    system,       // what() says it in the system's words
    in_use,       // by another process
    not_ours,     // the folder belongs to another user: who owns it can replace what is in it
    none_here,    // neither a segment nor a head
    newer_format  // written by a newer version; nothing was touched
  };
  explicit JournalError(const std::string& words) : std::runtime_error(words) {}
  JournalError(Reason reason, const std::string& path, const std::string& words, std::uint32_t owner = 0)
      : std::runtime_error(path + ": " + words), reason_(reason), path_(path), owner_(owner) {}
  Reason reason() const { return reason_; }
  const std::string& path() const { return path_; }
  std::uint32_t owner() const { return owner_; }  // not_ours: whose it is

 private:
  Reason reason_ = Reason::system;
  std::string path_{};
  std::uint32_t owner_ = 0;
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

// What should have been cut off and was not.
struct UncutTail {
  std::uint64_t segment = 0;  // its first frame's number
  std::uint64_t octets = 0;   // of it that are good
  bool operator==(const UncutTail&) const = default;
};

struct Recovered {
  std::array<std::uint8_t, 16> journal{};  // its id, or a new one
  bool fresh = true;                       // there was no journal
  std::uint64_t number = 0;                // of the last good frame
  std::uint64_t sequence = 0;              // the last that was given to an alert, kept or not
  std::uint64_t kept = 0;                  // the last that the records tell of: up to it nothing is unsaid
  Sha256 hash{};
  Time written{};                    // of the last good frame, by the system's clock of that time
  std::uint64_t head_number = 0;     // as the head file says
  std::uint64_t torn_octets = 0;     // moved aside
  std::uint64_t damaged_octets = 0;  // in the middle of the last segment, left where they are
  std::uint64_t uncut_octets = 0;    // torn as well, and left where they are
  std::string uncut_because{};       // in the system's words
  std::vector<UncutTail> uncut{};    // for the next start
  std::uint64_t failures = 0;        // of calls while mending
  std::uint64_t missing = 0;         // frames that were committed and are not there any more
  std::vector<std::string> moved{};  // files that were made of what was torn
  std::vector<std::pair<std::uint64_t, std::uint64_t>> removed{};  // frame numbers that retention removed
  bool mended() const { return (torn_octets | damaged_octets | uncut_octets | missing) != 0; }
};

// Throws JournalError when the folder cannot be read or mended.
Recovered recover_journal(JournalDisk& disk, const std::string& folder);

// The head file: two slots in turn, so that one is always whole. It is written after each commit without a
// sync of its own, hence never ahead of what is safe; it tells `verify` that the journal's end is not
// missing. While nothing can be committed it is written in place all the same (a full disk allows that), with
// the last sequence that was `given`: so the next start knows how many alerts it does not find.
struct JournalHead {
  std::uint64_t generation = 0;
  std::uint64_t number = 0;
  std::uint64_t sequence = 0;
  Sha256 hash{};
  std::uint64_t given = 0;  // to an alert, committed or not; 0: none beyond `sequence`
};
inline constexpr std::size_t head_slot_octets = 128;
inline constexpr const char* head_name = "head";
std::string encode_head(const JournalHead& head);
std::optional<JournalHead> read_head(const std::string& folder);

// Incidents on hold, as "holds" in the folder keeps them: one id a line.
std::set<std::string> read_holds(const std::string& folder);
std::string encode_holds(const std::set<std::string>& holds);
inline constexpr const char* holds_name = "holds";

// The alerts that a "lost" note tells of: the first's sequence and the last's; none for every other note.
std::optional<std::pair<std::uint64_t, std::uint64_t>> read_lost(std::string_view note);
// Joins a range into an ordered list of ranges.
void add_range(std::vector<std::pair<std::uint64_t, std::uint64_t>>& ranges, std::uint64_t first,
               std::uint64_t last);
// The list of uncut tails that an "opened" note holds; nothing changes if it holds none.
void read_uncut(std::string_view note, std::vector<UncutTail>& tails);
// The removed ranges that a note tells of: "opened" all so far, "removed" one.
void read_removed(std::string_view note, std::vector<std::pair<std::uint64_t, std::uint64_t>>& ranges);

}  // namespace sekimori::daemon
