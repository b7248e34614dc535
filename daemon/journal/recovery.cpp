#include "daemon/journal/recovery.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "daemon/journal/crc32c.hpp"
#include "daemon/journal/segment.hpp"

namespace sekimori::daemon {
namespace {

namespace json = boost::json;

constexpr std::string_view head_magic = "SKMHEAD1";

[[noreturn]] void fail(const std::string& path, int error) {
  throw JournalError(path + ": " + std::system_category().message(error));
}

void put64(std::string& out, std::uint64_t value) {
  for (unsigned shift = 0; shift < 64; shift += 8) out += static_cast<char>(value >> shift & 255U);
}

std::uint64_t get_number(std::string_view octets, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i > 0; --i) value = value << 8U | static_cast<unsigned char>(octets[at + i - 1]);
  return value;
}

std::optional<JournalHead> decode_head(std::string_view slot) {
  if (slot.size() < head_slot_octets || slot.substr(0, head_magic.size()) != head_magic ||
      get_number(slot, head_slot_octets - 4, 4) != crc32c(slot.substr(0, head_slot_octets - 4))) {
    return std::nullopt;
  }
  JournalHead head;
  head.generation = get_number(slot, 8, 8);
  head.number = get_number(slot, 16, 8);
  head.sequence = get_number(slot, 24, 8);
  std::memcpy(head.hash.data(), slot.data() + 32, head.hash.size());
  head.given = get_number(slot, 64, 8);  // zero in what an older version wrote
  return head;
}

std::string file_content(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

// A name that is still free: a second crash at the same frame keeps both pieces.
std::string free_name(const std::string& folder, std::uint64_t number) {
  for (unsigned turn = 1;; ++turn) {
    std::string name = folder + "/torn-" + std::to_string(number) + "-" + std::to_string(turn) + ".bin";
    if (::access(name.c_str(), F_OK) != 0) return name;
  }
}

// The end of a segment into a file of its own, then off the segment: 0, or what went wrong as -errno. The
// copy is safe before the cut, and gone again where that fails.
int cut_tail(JournalDisk& disk, const std::string& folder, const std::string& path, std::uint64_t offset,
             Recovered& out) {
  const std::string all = file_content(path);
  const std::string_view tail = std::string_view{all}.substr(std::min<std::size_t>(offset, all.size()));
  const std::string aside = free_name(folder, out.number + 1);
  const int copy = disk.create(aside);
  if (copy < 0) return copy;
  int result = write_all(disk, copy, tail, 0);
  if (result >= 0) result = disk.sync(copy);
  disk.close(copy);
  const int fd = result < 0 ? -1 : ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (result >= 0) result = fd < 0 ? -errno : disk.truncate(fd, offset);
  if (result < 0) {
    if (fd >= 0) disk.close(fd);
    disk.remove(aside);
    return result;
  }
  // Without these it is cut all the same, unless the power fails now: then the next start does it again.
  if (disk.sync(fd) < 0) ++out.failures;
  disk.close(fd);
  if (disk.sync_folder(folder) < 0) ++out.failures;
  out.moved.push_back(aside);
  out.torn_octets += tail.size();
  return 0;
}

// Cut, or left where it is: nothing is written behind it, as a new segment begins.
void move_tail(JournalDisk& disk, const std::string& folder, const SegmentFile& file, std::uint64_t offset,
               Recovered& out) {
  const int result = cut_tail(disk, folder, file.path, offset, out);
  if (result >= 0) return;
  ++out.failures;
  out.uncut_octets += file.octets > offset ? file.octets - offset : 0;
  out.uncut_because = file.path + ": " + std::system_category().message(-result);
  out.uncut.push_back({file.first_number, offset});
}

// The number of the last frame within the first `octets` of a segment, which have to end with it.
std::optional<std::uint64_t> last_within(const SegmentFile& file, std::uint64_t octets) {
  SegmentReader reader{file.path};
  if (!reader.header() || octets < segment_header_octets) return std::nullopt;
  std::uint64_t last = reader.header()->first_number - 1;
  if (octets == segment_header_octets) return last;
  Frame frame;
  for (;;) {
    const SegmentReader::Step step = reader.next(frame);
    if (step.kind == SegmentReader::Kind::end || step.torn || step.offset >= octets) return std::nullopt;
    if (step.kind == SegmentReader::Kind::frame) last = frame.number;
    if (step.offset + step.octets == octets) return last;
  }
}

// What an earlier run had to leave. Only where the next segment goes on behind the good octets, so that a
// note can cost no record; a segment that retention has removed is forgotten.
void cut_again(JournalDisk& disk, const std::string& folder, const std::vector<SegmentFile>& files,
               Recovered& out) {
  for (const UncutTail& tail : std::exchange(out.uncut, {})) {
    const auto file = std::find_if(files.begin(), files.end(), [&](const SegmentFile& each) {
      return each.first_number == tail.segment && each.octets > tail.octets;
    });
    if (file == files.end()) continue;
    if (file + 1 == files.end()) {
      out.uncut.push_back(tail);  // this start's own
    } else if (last_within(*file, tail.octets) == std::optional{(file + 1)->first_number - 1}) {
      move_tail(disk, folder, *file, tail.octets, out);
    }
  }
}

using Pairs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

// The list of pairs that a note holds under `name`; nothing if it holds none.
std::optional<Pairs> pairs_in(std::string_view note, std::string_view name) {
  boost::system::error_code error;
  const json::value value = json::parse({note.data(), note.size()}, error);
  const json::object* const object = error ? nullptr : value.if_object();
  const json::value* const list =
      object == nullptr ? nullptr : object->if_contains({name.data(), name.size()});
  if (list == nullptr || !list->is_array()) return std::nullopt;
  Pairs out;
  for (const json::value& pair : list->get_array()) {
    const json::array* const both = pair.if_array();
    if (both == nullptr || both->size() != 2) continue;
    boost::system::error_code other;
    const auto first = both->at(0).to_number<std::uint64_t>(error);
    const auto second = both->at(1).to_number<std::uint64_t>(other);
    if (!error && !other) out.emplace_back(first, second);
  }
  return out;
}

void follow(const Frame& frame, Recovered& out) {
  out.number = std::max(out.number, frame.number);
  out.kept = std::max(out.kept, frame.sequence);
  out.hash = frame.hash;
  out.written = frame.written;
  if (frame.kind != FrameKind::note) return;
  read_removed(frame.body, out.removed);
  read_uncut(frame.body, out.uncut);
  if (const auto lost = read_lost(frame.body)) out.kept = std::max(out.kept, lost->second);
}

// True if the segment says where the journal ends; false if it holds nothing and was moved aside.
bool read_last(JournalDisk& disk, const std::string& folder, const SegmentFile& file, Recovered& out) {
  SegmentReader reader{file.path};
  if (!reader.trouble().empty()) throw JournalError(file.path + ": " + reader.trouble());
  if (reader.another_format()) {
    throw JournalError(JournalError::Reason::newer_format, file.path, "of a newer format");
  }
  if (!reader.header()) {
    const std::string aside = free_name(folder, file.first_number);
    const int result = disk.rename(file.path, aside);
    if (result < 0) fail(file.path, -result);
    out.moved.push_back(aside);
    out.torn_octets += file.octets;
    return false;
  }
  const SegmentHeader& header = *reader.header();
  out.fresh = false;
  out.journal = header.journal;
  out.number = header.first_number - 1;
  out.kept = std::max(out.kept, header.next_sequence - 1);
  out.hash = header.before;
  out.written = header.created;
  Frame frame;
  for (;;) {
    const SegmentReader::Step step = reader.next(frame);
    if (!reader.trouble().empty()) throw JournalError(file.path + ": " + reader.trouble());
    if (step.kind == SegmentReader::Kind::end) return true;
    if (step.kind == SegmentReader::Kind::frame) {
      follow(frame, out);
    } else if (step.torn) {
      move_tail(disk, folder, file, step.offset, out);
      return true;
    } else {
      out.damaged_octets += step.octets;
    }
  }
}

}  // namespace

JournalLock::JournalLock(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) fail(folder, errno);
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) fail(folder, errno);
  if (status.st_uid != ::geteuid()) {
    throw JournalError(JournalError::Reason::not_ours, folder, "belongs to another user", status.st_uid);
  }
  const std::string path = folder + "/lock";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) fail(path, errno);
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    ::close(fd_);
    if (error == EWOULDBLOCK) {
      throw JournalError(JournalError::Reason::in_use, folder, std::system_category().message(EBUSY));
    }
    fail(path, error);
  }
}

JournalLock::~JournalLock() {
  ::close(fd_);
}

Recovered recover_journal(JournalDisk& disk, const std::string& folder) {
  Recovered out;
  std::string trouble;
  std::vector<SegmentFile> files = segments_in(folder, &trouble);
  if (!trouble.empty()) throw JournalError(folder + ": " + trouble);
  while (!files.empty() && !read_last(disk, folder, files.back(), out)) files.pop_back();
  cut_again(disk, folder, files, out);
  if (out.fresh &&
      ::getrandom(out.journal.data(), out.journal.size(), 0) != static_cast<ssize_t>(out.journal.size())) {
    fail(folder, errno);
  }
  out.sequence = out.kept;
  if (const auto head = read_head(folder)) {
    out.head_number = head->number;
    out.missing = head->number > out.number ? head->number - out.number : 0;
    // A number that was given out once is not given to another alert.
    out.sequence = std::max({out.sequence, head->sequence, head->given});
  }
  return out;
}

std::string encode_head(const JournalHead& head) {
  std::string out{head_magic};
  put64(out, head.generation);
  put64(out, head.number);
  put64(out, head.sequence);
  out.append(reinterpret_cast<const char*>(head.hash.data()), head.hash.size());
  put64(out, head.given);
  out.resize(head_slot_octets - 4, '\0');
  const std::uint32_t crc = crc32c(out);
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>(crc >> shift & 255U);
  return out;
}

std::optional<JournalHead> read_head(const std::string& folder) {
  const std::string all = file_content(folder + "/" + head_name);
  std::optional<JournalHead> newest;
  for (const std::size_t at : {std::size_t{0}, head_slot_octets}) {
    if (all.size() < at) continue;
    const auto head = decode_head(std::string_view{all}.substr(at));
    if (head && (!newest || head->generation > newest->generation)) newest = head;
  }
  return newest;
}

std::set<std::string> read_holds(const std::string& folder) {
  std::set<std::string> out;
  std::ifstream file{folder + "/" + holds_name};
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) out.insert(line);
  }
  return out;
}

std::string encode_holds(const std::set<std::string>& holds) {
  std::string out;
  for (const std::string& hold : holds) out += hold + '\n';
  return out;
}

void add_range(std::vector<std::pair<std::uint64_t, std::uint64_t>>& ranges, std::uint64_t first,
               std::uint64_t last) {
  ranges.emplace_back(first, last);
  std::sort(ranges.begin(), ranges.end());
  std::vector<std::pair<std::uint64_t, std::uint64_t>> joined;
  for (const auto& range : ranges) {
    if (!joined.empty() && range.first <= joined.back().second + 1) {
      joined.back().second = std::max(joined.back().second, range.second);
    } else {
      joined.push_back(range);
    }
  }
  ranges = std::move(joined);
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> read_lost(std::string_view note) {
  boost::system::error_code error;
  const json::value value = json::parse({note.data(), note.size()}, error);
  const json::object* const object = error ? nullptr : value.if_object();
  if (object == nullptr) return std::nullopt;
  const json::value* const event = object->if_contains("event");
  const json::value* const first = object->if_contains("first");
  const json::value* const last = object->if_contains("last");
  if (event == nullptr || first == nullptr || last == nullptr || *event != "lost") return std::nullopt;
  boost::system::error_code other;
  const auto from = first->to_number<std::uint64_t>(error);
  const auto until = last->to_number<std::uint64_t>(other);
  if (error || other || from == 0 || from > until) return std::nullopt;
  return std::pair{from, until};
}

void read_uncut(std::string_view note, std::vector<UncutTail>& tails) {
  const auto all = pairs_in(note, "uncut");
  if (!all) return;
  tails.clear();
  for (const auto& [segment, octets] : *all) tails.push_back({segment, octets});
}

void read_removed(std::string_view note, std::vector<std::pair<std::uint64_t, std::uint64_t>>& ranges) {
  const auto all = pairs_in(note, "removed");
  if (!all) return;
  for (const auto& [first, last] : *all) {
    if (first <= last) add_range(ranges, first, last);
  }
}

}  // namespace sekimori::daemon
