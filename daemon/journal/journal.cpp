#include "daemon/journal/journal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cassert>
#include <cerrno>
#include <limits>
#include <system_error>

#include "daemon/journal/segment.hpp"

namespace sekimori::daemon {
namespace {

namespace json = boost::json;
using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::seconds retry_pause{1};
constexpr std::chrono::seconds stall_patience{1};
constexpr std::chrono::minutes retain_interval{10};
constexpr std::size_t uncut_max = 256;
constexpr std::size_t recent_max = 1024;  // committed alerts kept in memory for who follows closely

Time wall_clock() {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

json::array ranges_json(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& ranges) {
  json::array out;
  for (const auto& [first, last] : ranges) out.push_back(json::array{first, last});
  return out;
}

json::array tails_json(const std::vector<UncutTail>& tails) {
  json::array out;
  for (const UncutTail& tail : tails) out.push_back(json::array{tail.segment, tail.octets});
  return out;
}

std::string repair_note(const Recovered& found) {
  json::array files;
  for (const std::string& path : found.moved) files.emplace_back(path.substr(path.rfind('/') + 1));
  return json::serialize(json::object{{"event", "repaired"},
                                      {"torn_octets", found.torn_octets},
                                      {"damaged_octets", found.damaged_octets},
                                      {"uncut_octets", found.uncut_octets},
                                      {"frames_missing", found.missing},
                                      {"head_number", found.head_number},
                                      {"files", std::move(files)}});
}

}  // namespace

Journal::Journal(const JournalOptions& options, std::unique_ptr<JournalDisk> disk, Clock clock)
    : options_(options),
      disk_(disk != nullptr ? std::move(disk) : std::make_unique<JournalDisk>()),
      clock_(clock ? std::move(clock) : Clock{wall_clock}),
      lock_(options_.path),
      found_(recover_journal(*disk_, options_.path)) {
  std::string trouble;
  key_ = SigningKey::open(*disk_, options_.path, trouble);
  figures_.unsigned_because = trouble;
  chain_ = {found_.number, found_.kept, found_.hash};
  removed_ = found_.removed;
  uncut_ = found_.uncut;
  figures_.failures = found_.failures;
  next_sequence_ = found_.sequence + 1;
  if (found_.sequence > found_.kept) lose_before(found_.kept + 1, found_.sequence);
  signed_ = found_.number;  // what came before is signed by whoever wrote it, or was torn
  if (found_.mended()) notes_.push_back(repair_note(found_));
  holds_ = read_holds(options_.path);
  if (const auto head = read_head(options_.path)) head_generation_ = head->generation;
  head_fd_ =
      ::open((options_.path + "/" + head_name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  for (const SegmentFile& file : segments_in(options_.path)) {
    ++figures_.segments;
    figures_.octets += file.octets;
  }
  figures_.head_number = chain_.number;
  figures_.head = chain_.hash;
  figures_.sequence = found_.sequence;
  figures_.signed_number = signed_;
  last_signed_ = SteadyClock::now();
}

Journal::~Journal() {
  close();
  if (head_fd_ >= 0) ::close(head_fd_);
}

void Journal::close() {
  {
    const std::lock_guard guard{mutex_};
    if (closed_) return;
    stopping_ = closed_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    while (work()) {
    }
  }
  close_segment();
  if (const std::uint64_t last = given(); last != 0) save_head(last);
}

// Before the writer runs.
void Journal::lose_before(std::uint64_t first, std::uint64_t last) {
  add_range(losses_, first, last);
  lost_before_ = {lost_before_ ? lost_before_->first : first, last};
}

void Journal::used(std::uint64_t sequence) {
  if (sequence < next_sequence_) return;
  lose_before(next_sequence_, sequence);
  next_sequence_ = sequence + 1;
}

// The last sequence that is not on disk: waiting, or lost without a record of it. 0: all is said.
std::uint64_t Journal::given() const {
  const std::lock_guard guard{mutex_};
  return std::max(waiting_.empty() ? 0 : waiting_.back()->sequence,
                  losses_.empty() ? 0 : losses_.back().second);
}

void Journal::start(std::function<void()> heard) {
  heard_ = std::move(heard);
  thread_ = std::thread{[this] { run(); }};
}

void Journal::run() {
  for (;;) {
    bool stop = false;
    {
      std::unique_lock lock{mutex_};
      const auto busy = [this] {
        return stopping_ || flushing_ || !waiting_.empty() || !notes_.empty() || !losses_.empty();
      };
      const auto until =
          std::min(last_signed_ + options_.sign_interval, SteadyClock::now() + retain_interval);
      if (figures_.trouble.empty()) {
        wake_.wait_until(lock, std::max(until, SteadyClock::now() + retry_pause), busy);
      } else {
        wake_.wait_until(lock, retry_at_, [this] { return stopping_; });
      }
      stop = stopping_;
    }
    while (work()) {
    }
    {
      const std::lock_guard guard{mutex_};
      flushing_ = false;
    }
    written_.notify_all();
    if (stop) return;
  }
}

bool Journal::work() {
  const auto now_steady = SteadyClock::now();
  bool sign = false;
  {
    const std::lock_guard guard{mutex_};
    if (!figures_.trouble.empty() && now_steady < retry_at_ && !stopping_) return false;
    const bool due = now_steady - last_signed_ >= options_.sign_interval || stopping_ || flushing_;
    sign = key_.has_value() && due && waiting_.empty() && chain_.number > signed_ && fd_ >= 0;
  }
  if (now_steady - last_retained_ >= retain_interval) retain();
  return write_round(sign);
}

// One group: what waits, at most sync_records of it, in one write and one sync.
bool Journal::write_round(bool sign_now) {
  const std::vector<Message> batch = next_batch();
  std::vector<std::string> notes;
  {
    const std::lock_guard guard{mutex_};
    notes = notes_;
  }
  const bool losses = batch.empty() && losses_due();
  if (batch.empty() && notes.empty() && !losses && !sign_now) return false;
  if (fd_ < 0 && !open_segment()) {
    {
      const std::lock_guard guard{mutex_};
      in_hand_ = 0;
    }
    save_head(given());
    if (heard_) heard_();
    return false;
  }
  Draft draft{{}, chain_};
  for (const std::string& note : notes) add_note(draft, note);
  if (losses) add_losses(draft, std::numeric_limits<std::uint64_t>::max());
  for (const Message& message : batch) {
    add_losses(draft, message->sequence);
    add_frame(draft, FrameKind::alert, message->sequence, encode_alert(*message));
  }
  const bool full = octets_ + draft.octets.size() >= options_.segment_bytes;
  if (sign_now || full) add_signature(draft);
  const bool good = commit(draft);
  {
    const std::lock_guard guard{mutex_};
    in_hand_ = 0;
    if (good) notes_.erase(notes_.begin(), notes_.begin() + static_cast<std::ptrdiff_t>(notes.size()));
  }
  if (!good) {
    save_head(given());
    if (heard_) heard_();
    return false;
  }
  committed_batch(batch);
  save_head();
  if (heard_) heard_();
  if (full) {
    close_segment();
    retain();
  }
  return true;
}

std::vector<Journal::Message> Journal::next_batch() {
  const std::lock_guard guard{mutex_};
  const std::size_t count =
      std::min<std::size_t>(waiting_.size(), std::max<std::size_t>(options_.sync_records, 1));
  in_hand_ = count;
  return {waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count)};
}

void Journal::add_frame(Draft& draft, FrameKind kind, std::uint64_t sequence, std::string_view body) {
  Frame frame{kind, draft.chain.number + 1, sequence, now(), {}, body};
  append_frame(frame, draft.chain.hash, draft.octets);
  draft.chain = {frame.number, sequence, frame.hash};
}

void Journal::add_note(Draft& draft, const std::string& json) {
  add_frame(draft, FrameKind::note, draft.chain.sequence, json);
}

void Journal::add_signature(Draft& draft) {
  if (!key_) return;
  const auto signature = key_->sign(signed_octets(found_.journal, draft.chain.number, draft.chain.hash));
  if (!signature) return;
  add_frame(draft, FrameKind::signature, draft.chain.sequence,
            {reinterpret_cast<const char*>(signature->data()), signature->size()});
  signed_told_ = draft.chain.number;
}

// Nothing waits behind which they would have to be told.
bool Journal::losses_due() const {
  const std::lock_guard guard{mutex_};
  return waiting_.empty() && !losses_.empty();
}

// What was given up before this alert is said before it.
void Journal::add_losses(Draft& draft, std::uint64_t before) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> lost;
  {
    const std::lock_guard guard{mutex_};
    for (const auto& [first, last] : losses_) {
      // A range may have grown since its begin was written down.
      const std::uint64_t from = std::max(first, draft.chain.sequence + 1);
      if (from < before && from <= last) lost.emplace_back(from, last);
    }
  }
  for (const auto& [first, last] : lost) {
    add_note(draft, json::serialize(json::object{{"event", "lost"}, {"first", first}, {"last", last}}));
    draft.chain.sequence = last;
  }
}

bool Journal::open_segment() {
  const std::uint64_t first = chain_.number + 1;
  const std::string path = options_.path + "/" + segment_name(first);
  int fd = disk_->create(path);
  if (fd == -EEXIST) {
    // Left by a round that failed before anything in it was committed.
    const std::string aside = path + ".failed";
    disk_->remove(aside);
    disk_->rename(path, aside);
    std::erase_if(uncut_, [first](const UncutTail& tail) { return tail.segment == first; });
    fd = disk_->create(path);
  }
  if (fd < 0) {
    abandon(path, -fd);
    return false;
  }
  const std::string header = encode_header({found_.journal, first, chain_.sequence + 1, now(), chain_.hash});
  int result = write_all(*disk_, fd, header, 0);
  if (result >= 0) result = disk_->sync(fd);
  if (result >= 0) result = disk_->sync_folder(options_.path);
  if (result < 0) {
    disk_->close(fd);
    disk_->remove(path);
    abandon(path, -result);
    return false;
  }
  fd_ = fd;
  octets_ = header.size();
  segment_first_ = first;
  Draft draft{{}, chain_};
  json::object note{{"event", "opened"}, {"removed", ranges_json(removed_)}};
  if (!uncut_.empty()) note["uncut"] = tails_json(uncut_);
  add_note(draft, json::serialize(note));
  if (!commit(draft)) return false;
  const std::lock_guard guard{mutex_};
  ++figures_.segments;
  figures_.octets += header.size();
  return true;
}

// Writes and syncs; only then the chain moves on.
bool Journal::commit(const Draft& draft) {
  int result = write_all(*disk_, fd_, draft.octets, octets_);
  if (result >= 0) {
    const auto before = SteadyClock::now();
    result = disk_->sync(fd_);
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - before).count();
    const std::lock_guard guard{mutex_};
    ++figures_.syncs;
    figures_.sync_longest_us = std::max(figures_.sync_longest_us, static_cast<std::uint64_t>(took));
  }
  if (result < 0) {
    abandon(options_.path + "/" + segment_name(segment_first_), -result);
    return false;
  }
  octets_ += draft.octets.size();
  settle_chain(draft.chain);
  const std::lock_guard guard{mutex_};
  figures_.octets += draft.octets.size();
  figures_.trouble.clear();
  return true;
}

void Journal::settle_chain(const Chain& chain) {
  chain_ = chain;
  if (signed_told_ == chain.number) {
    signed_ = chain.number;
    last_signed_ = SteadyClock::now();
  }
  const std::lock_guard guard{mutex_};
  figures_.head_number = chain.number;
  figures_.head = chain.hash;
  figures_.signed_number = signed_;
}

void Journal::committed_batch(const std::vector<Message>& batch) {
  const std::lock_guard guard{mutex_};
  for (const Message& message : batch) {
    assert(!waiting_.empty() && waiting_.front() == message);
    waiting_.pop_front();
    recent_.push_back(message);
  }
  while (recent_.size() > recent_max) recent_.pop_front();
  std::erase_if(losses_, [this](const auto& range) { return range.second <= chain_.sequence; });
  figures_.committed += batch.size();
  figures_.sequence = chain_.sequence;
  figures_.stalled = false;
  waiting_since_ = SteadyClock::now();
}

// The segment is not trusted any more: cut back to what is committed, and left. Where it cannot be cut, what
// stands behind has the numbers of the next segment's frames, and counts for nothing; the next start cuts it.
void Journal::abandon(const std::string& what, int error) {
  bool uncut = false;
  if (fd_ >= 0) {
    uncut = disk_->truncate(fd_, octets_) < 0;
    if (uncut) uncut_.push_back({segment_first_, octets_});
    // Readers pass over such a tail; an older one may stay.
    if (uncut_.size() > uncut_max) uncut_.erase(uncut_.begin());
    disk_->close(fd_);
    fd_ = -1;
  }
  retry_at_ = SteadyClock::now() + retry_pause;
  const std::lock_guard guard{mutex_};
  figures_.failures += uncut ? 2 : 1;
  figures_.trouble = what + ": " + std::system_category().message(error);
}

void Journal::close_segment() {
  if (fd_ < 0) return;
  disk_->close(fd_);
  fd_ = -1;
}

// Behind the sync of the segment, so that it never promises what is not safe; `given`: a later sequence that
// an alert has which is not on disk. If it fails, `verify` and the next start know less; the same slot is
// tried again, so that the other one stays whole.
void Journal::save_head(std::uint64_t given) {
  if (head_fd_ < 0) return;
  const std::uint64_t generation = head_generation_ + 1;
  const std::string slot = encode_head({generation, chain_.number, chain_.sequence, chain_.hash, given});
  const ssize_t written = disk_->write(head_fd_, slot, generation % 2 * head_slot_octets);
  if (written == static_cast<ssize_t>(slot.size())) head_generation_ = generation;
}

bool Journal::flush(std::chrono::milliseconds most) {
  if (!thread_.joinable()) {
    flushing_ = true;
    while (work()) {
    }
    flushing_ = false;
  } else {
    std::unique_lock lock{mutex_};
    flushing_ = true;
    wake_.notify_all();
    written_.wait_for(lock, most, [this] { return !flushing_ || !figures_.trouble.empty(); });
  }
  const std::lock_guard guard{mutex_};
  return waiting_.empty();
}

void Journal::add(AlertMessage message) {
  assert(message.sequence >= next_sequence_);
  next_sequence_ = message.sequence + 1;
  auto shared = std::make_shared<const AlertMessage>(std::move(message));
  {
    const std::lock_guard guard{mutex_};
    if (waiting_.empty()) waiting_since_ = SteadyClock::now();
    ++figures_.added;
    if (waiting_.size() >= std::max<std::size_t>(options_.waiting_max, 1) && waiting_.size() > in_hand_) {
      const auto oldest = waiting_.begin() + static_cast<std::ptrdiff_t>(in_hand_);
      add_range(losses_, (*oldest)->sequence, (*oldest)->sequence);
      waiting_.erase(oldest);
      ++figures_.lost;
    }
    waiting_.push_back(std::move(shared));
  }
  wake_.notify_one();
}

std::uint64_t Journal::committed() const {
  const std::lock_guard guard{mutex_};
  return figures_.sequence;
}

std::uint64_t Journal::sendable() const {
  const std::lock_guard guard{mutex_};
  const bool stalled =
      !figures_.trouble.empty() && !waiting_.empty() && SteadyClock::now() - waiting_since_ >= stall_patience;
  return stalled ? waiting_.back()->sequence : figures_.sequence;
}

std::shared_ptr<const AlertMessage> Journal::recent(std::uint64_t sequence) const {
  const std::lock_guard guard{mutex_};
  const auto after = [sequence](const std::deque<Message>& from) {
    return std::upper_bound(from.begin(), from.end(), sequence,
                            [](std::uint64_t value, const Message& m) { return value < m->sequence; });
  };
  // Only if the one before is here too is the next one here the next one of all.
  if (!recent_.empty() && recent_.front()->sequence <= sequence + 1) {
    const auto found = after(recent_);
    if (found != recent_.end()) return *found;
  }
  if (sequence < figures_.sequence) return nullptr;
  const auto found = after(waiting_);
  return found == waiting_.end() ? nullptr : *found;
}

bool Journal::hold(const std::string& incident, bool on, std::string& trouble) {
  std::set<std::string> next;
  {
    const std::lock_guard guard{mutex_};
    next = holds_;
  }
  const bool changed = on ? next.insert(incident).second : next.erase(incident) != 0;
  if (!changed) return true;
  JournalDisk disk;
  const int result = replace_file(disk, options_.path, holds_name, encode_holds(next));
  if (result < 0) {
    trouble = std::system_category().message(-result);
    return false;
  }
  const std::lock_guard guard{mutex_};
  holds_ = std::move(next);
  notes_.push_back(json::serialize(json::object{{"event", "hold"}, {"incident", incident}, {"on", on}}));
  wake_.notify_one();
  return true;
}

std::vector<std::string> Journal::holds() const {
  const std::lock_guard guard{mutex_};
  return {holds_.begin(), holds_.end()};
}

JournalFigures Journal::figures() const {
  const std::lock_guard guard{mutex_};
  JournalFigures out = figures_;
  out.waiting = waiting_.size();
  for (const auto& [first, last] : losses_) out.unnoted += last - first + 1;
  out.stalled =
      !out.trouble.empty() && !waiting_.empty() && SteadyClock::now() - waiting_since_ >= stall_patience;
  return out;
}

}  // namespace sekimori::daemon
