// Every alert on disk before it is sent: an append-only, hash-chained, signed journal with a writer of its
// own.
//
//   Journal journal{options.journal};                 // repairs what a crash left; throws JournalError
//   journal.start([&] { asio::post(io, pump); });     // the writer runs
//   journal.add(message);                             // returns at once; committed at most 64 alerts later
//   journal.committed();                              // the last sequence that is safe
//
// An alert is committed when its frame has been written and fdatasync has said yes. Until then it waits in
// memory: at most `waiting_max` of them, then the oldest is given up and counted (added = committed + waiting
// + lost). A segment whose write or sync failed is cut back to what was committed, closed and never written
// again; the writer tries on with a new one each second, and alerts that wait so long may be sent uncommitted
// (`stalled`), because a full disk must not silence the sensor.
//
// add(), take(), hold() and every question: one thread (main). The writer is the only one that touches the
// disk.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/journal/disk.hpp"
#include "daemon/journal/frame.hpp"
#include "daemon/journal/recovery.hpp"
#include "daemon/journal/segment.hpp"
#include "daemon/journal/signing.hpp"
#include "daemon/options.hpp"
#include "daemon/render/alert_message.hpp"

namespace sekimori::daemon {

struct JournalFigures {
  std::uint64_t added = 0;      // alerts taken
  std::uint64_t committed = 0;  // of those, safe on disk
  std::uint64_t waiting = 0;    // in memory, not committed
  std::uint64_t lost = 0;       // given up before they could be committed
  std::uint64_t unnoted = 0;    // of the lost ones, those that no record tells of yet
  std::uint64_t syncs = 0;
  std::uint64_t sync_longest_us = 0;
  std::uint64_t failures = 0;  // writes, syncs, cuts and creations of files that failed
  std::uint64_t segments = 0;
  std::uint64_t octets = 0;
  std::uint64_t held_octets = 0;       // kept beyond the limits because an incident is on hold
  std::uint64_t segments_removed = 0;  // by age or size, since the start
  std::uint64_t head_number = 0;       // of the last committed frame
  Sha256 head{};                       // its hash: the chain head
  std::uint64_t signed_number = 0;     // the chain is signed up to here
  std::uint64_t sequence = 0;          // of the last committed alert
  bool stalled = false;                // alerts have waited for longer than a second
  std::string trouble{};               // why nothing is committed now, in the system's words
  std::string unsigned_because{};      // why the chain is not signed
};

class Journal {
 public:
  using Clock = std::function<Time()>;

  // Throws JournalError when the folder cannot be used: missing and not to be made, not ours, in use by
  // another process. `disk` and `clock` are those of tests.
  explicit Journal(const JournalOptions& options, std::unique_ptr<JournalDisk> disk = nullptr,
                   Clock clock = {});
  ~Journal();  // closes
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // What the start found.
  const Recovered& found() const { return found_; }
  const std::string& folder() const { return options_.path; }

  // `heard` is called on the writer's thread whenever something was committed or went wrong.
  void start(std::function<void()> heard);
  // One round of the writer on the caller's thread, for who has not called start(): true if something was
  // written.
  bool work();
  // Writes what waits and signs; for at most so long. True when nothing waits any more.
  bool flush(std::chrono::milliseconds most);
  // Stops the writer after a last try to write what waits. Where that fails, the head file is told how many
  // alerts were taken, for the next start to say what is lost. Nothing is written any more from then on.
  void close();

  // The sequence must be higher than that of the one before; next_sequence() is the first that may come.
  void add(AlertMessage message);
  std::uint64_t next_sequence() const { return next_sequence_; }
  // Sequences up to this one were used already: somebody was sent them before they could be committed. Before
  // start() only.
  void used(std::uint64_t sequence);
  // Sequences that were given out before this start and that no record tells of: the first and the last. The
  // writer's first act is to write them down as lost.
  const std::optional<std::pair<std::uint64_t, std::uint64_t>>& lost_before() const { return lost_before_; }

  // The last alert that is safe on disk.
  std::uint64_t committed() const;
  // The last alert that may be sent: committed(), or while the disk fails for longer than a second the last
  // added.
  std::uint64_t sendable() const;
  // The first alert after `sequence` if it is in memory; null if it is to be read from disk, or is lost.
  std::shared_ptr<const AlertMessage> recent(std::uint64_t sequence) const;

  // An incident's records are kept whatever their age; false with the reason when that cannot be written
  // down.
  bool hold(const std::string& incident, bool on, std::string& trouble);
  std::vector<std::string> holds() const;

  JournalFigures figures() const;

 private:
  using Message = std::shared_ptr<const AlertMessage>;
  struct Chain {
    std::uint64_t number = 0;  // of the last frame
    std::uint64_t sequence = 0;
    Sha256 hash{};
  };
  struct Draft {  // frames that are not on disk yet
    std::string octets{};
    Chain chain{};
  };

  void run();
  bool write_round(bool sign_now);
  std::vector<Message> next_batch();
  void add_frame(Draft& draft, FrameKind kind, std::uint64_t sequence, std::string_view body);
  void add_note(Draft& draft, const std::string& json);
  void add_signature(Draft& draft);
  void add_losses(Draft& draft, std::uint64_t before);
  bool open_segment();
  bool commit(const Draft& draft);
  void committed_batch(const std::vector<Message>& batch);
  void settle_chain(const Chain& chain);
  void close_segment();
  void abandon(const std::string& what, int error);
  bool losses_due() const;
  void lose_before(std::uint64_t first, std::uint64_t last);
  std::uint64_t given() const;
  void save_head(std::uint64_t given = 0);
  void retain();
  bool remove_segment(const SegmentFile& file, std::uint64_t last);
  bool holds_any(const SegmentFile& file, const std::set<std::string>& held) const;
  Time now() const { return clock_(); }

  const JournalOptions options_;
  std::unique_ptr<JournalDisk> disk_;
  Clock clock_;
  JournalLock lock_;  // first of all: nobody else writes here
  Recovered found_;
  std::optional<SigningKey> key_{};
  std::uint64_t next_sequence_ = 1;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> lost_before_{};
  std::function<void()> heard_{};

  // The writer's.
  Chain chain_{};  // committed
  int fd_ = -1;
  std::uint64_t octets_ = 0;  // of the open segment, committed
  std::uint64_t segment_first_ = 0;
  std::uint64_t signed_ = 0;
  std::uint64_t head_generation_ = 0;
  int head_fd_ = -1;
  std::chrono::steady_clock::time_point last_signed_{};
  std::chrono::steady_clock::time_point last_retained_{};
  std::chrono::steady_clock::time_point retry_at_{};
  std::vector<std::pair<std::uint64_t, std::uint64_t>> removed_{};  // ranges of frame numbers
  std::vector<UncutTail> uncut_{};                                  // each at most once; for the next start
  std::uint64_t signed_told_ = 0;

  // Shared.
  mutable std::mutex mutex_{};
  std::condition_variable wake_{};
  std::condition_variable written_{};
  std::deque<Message> waiting_{};
  std::size_t in_hand_ = 0;       // at the front of `waiting_`: being written, not to be given up
  std::deque<Message> recent_{};  // committed, newest last
  std::vector<std::pair<std::uint64_t, std::uint64_t>> losses_{};  // ranges of sequences not yet noted
  std::vector<std::string> notes_{};                               // to be written
  std::set<std::string> holds_{};
  JournalFigures figures_{};
  std::chrono::steady_clock::time_point waiting_since_{};
  bool stopping_ = false;
  bool closed_ = false;
  bool flushing_ = false;
  std::thread thread_{};
};

}  // namespace sekimori::daemon
