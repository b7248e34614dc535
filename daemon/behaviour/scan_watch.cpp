#include "daemon/behaviour/scan_watch.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "daemon/packet_clock.hpp"
#include "policy/system_map.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

constexpr std::uint8_t tcp = capture::protocol::tcp;
// Where nobody serves; a packet to such a port answers one that was not seen.
constexpr std::uint16_t dynamic_ports_first = 49'152;  // RFC 6335, section 6
// Ports and sessions are told apart by their host: room for so many hosts beside the one that counts.
constexpr std::size_t hosts_beside = 4;
constexpr std::size_t examples_max = 3;
// Attempts that may be remembered for each that may wait.
constexpr std::size_t due_per_waiting = 4;
// Of what terminals did, so much is kept for each on an average. One that is told has some dozens, nearly all
// others have none.
constexpr std::size_t marks_per_suspect = 16;
constexpr std::size_t marks_least = std::size_t{4} * Marks::marks_max;  // one has room for all of its own
constexpr std::uint32_t looks_for_marks = 64;
// Of what is due, so many places ahead memory is asked for.
constexpr std::size_t waiting_ahead = 24;
constexpr std::size_t place_ahead = 16;
constexpr std::size_t suspect_ahead = 8;

constexpr unsigned bit(ScanShape shape) {
  return 1U << static_cast<unsigned>(shape);
}

struct ShapeWord {
  std::string_view word;
  Text shown;
};
constexpr std::array<ShapeWord, static_cast<std::size_t>(ScanShape::count_)> shape_words{
    {{"sweep", Text::scan_shape_sweep},
     {"ports", Text::scan_shape_ports},
     {"sessions", Text::scan_shape_sessions},
     {"spread", Text::scan_shape_spread}}};

bool same_service(const auto& a, const auto& b) {
  return a.host == b.host && a.port == b.port && a.protocol == b.protocol;
}

std::string_view protocol_word(std::uint8_t protocol) {
  switch (protocol) {
    case capture::protocol::tcp:
      return "tcp";
    case capture::protocol::udp:
      return "udp";
    case capture::protocol::icmp:
    case capture::protocol::icmpv6:
      return "icmp";
    default:
      return "ip";
  }
}

// In order.
template <class Value>
void keep_one_of_each(std::vector<Value>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

// Somebody asks for something: not the middle of a conversation that began before.
bool asks(const FlowStep& step) {
  switch (step.tuple.protocol) {
    case capture::protocol::tcp:
      return step.evidence == capture::Evidence::syn;
    case capture::protocol::udp:
      return step.tuple.destination_port < dynamic_ports_first;
    default:
      return step.evidence == capture::Evidence::icmp_type;
  }
}

}  // namespace

ScanWatch::ScanWatch(const policy::Policy& policy, const KeyedHash& hash)
    : options_(policy.options().behaviour),
      room_(std::max(marks_least, marks_per_suspect * options_.followed_max)),
      suspects_(options_.followed_max, hash),
      targets_(options_.followed_max, hash),
      waiting_(options_.followed_max, hash),
      due_(due_per_waiting * std::max<std::size_t>(options_.followed_max, 1)) {}

void ScanWatch::replaced(const policy::Policy& policy) {
  options_ = policy.options().behaviour;
  fast_ = slow_ = {};
}

ScanWatch::Counters ScanWatch::counters() const {
  Counters counters = counters_;
  counters.initiators = suspects_.size();
  counters.initiators_displaced = suspects_.displaced();
  counters.marks = room_.taken();
  counters.targets_displaced = targets_.displaced();
  return counters;
}

ScanWatch::Limits ScanWatch::limits(ScanShape shape) const {
  const policy::ScanOptions& scan = options_.scan;
  switch (shape) {
    case ScanShape::ports:
      return {scan.ports, scan.slow_ports};
    case ScanShape::sessions:
      return {scan.sessions, scan.slow_sessions};
    default:
      return {scan.hosts, scan.slow_hosts};
  }
}

bool ScanWatch::allowed(const IpAddress& initiator) const {
  const std::vector<Prefix>& list = options_.scanners_allowed;
  return std::any_of(list.begin(), list.end(),
                     [&](const Prefix& prefix) { return prefix.contains(initiator); });
}

void ScanWatch::step(const FlowStep& step, const StepHashes& hashes, const policy::Policy& policy,
                     std::vector<Notice>& found) {
  if (floods(step)) flood(step, hashes, policy, found);
  if (!options_.scan.enabled) return;
  switch (step.kind) {
    case FlowStep::Kind::opened:
      opened(step, hashes, policy, found);
      break;
    case FlowStep::Kind::answered:
      if (step.tuple.protocol != tcp) answering_.set(step.pair);
      waiting_.erase(step.id, hashes.flow);
      break;
    case FlowStep::Kind::refused:
      if (waiting_.erase(step.id, hashes.flow)) {
        fail({step.tuple, step.pair, hashes.source, step.id, step.start}, step.time, policy, found);
      }
      break;
    case FlowStep::Kind::closing:
      closing(step, hashes, policy, found);
      break;
    case FlowStep::Kind::grew:
      break;
  }
}

void ScanWatch::opened(const FlowStep& step, const StepHashes& hashes, const policy::Policy& policy,
                       std::vector<Notice>& found) {
  const IpAddress& initiator = step.tuple.source;
  // Whoever is outside attacks what is published day and night: that is no finding about a terminal here.
  if (!asks(step) || policy::from_of(step.pair) == policy.external() || allowed(initiator)) return;
  if (Suspect* const suspect = suspects_.find(initiator, hashes.source)) {
    count(suspect->fast, part_of(fast_, step.time, options_.scan.window), false);
    count(suspect->slow, part_of(slow_, step.time, options_.scan.slow_window), false);
  }
  const std::uint16_t port = step.tuple.destination_port;
  if (step.tuple.protocol == tcp && policy.systems().session_port(port)) {
    mark(initiator, suspects_.at(initiator, hashes.source), ScanShape::spread,
         {step.tuple.destination, port, tcp, step.time, step.id}, step.pair, policy, found);
  }
  if (due_.full()) drop_answered();
  if (waiting_.full() || due_.full()) {
    ++counters_.attempts_undecided;
    return;
  }
  if (!waiting_.insert(step.id, hashes.flow)) return;
  due_.push_back({step.tuple, step.pair, hashes.source, step.id, step.time});
}

// A session at a port where people log in, over before anything was done.
void ScanWatch::closing(const FlowStep& step, const StepHashes& hashes, const policy::Policy& policy,
                        std::vector<Notice>& found) {
  const IpAddress& initiator = step.tuple.source;
  if (step.tuple.protocol != tcp || !step.was_answered ||
      !policy.systems().session_port(step.tuple.destination_port) ||
      policy::from_of(step.pair) == policy.external() || allowed(initiator)) {
    return;
  }
  const policy::ScanOptions& scan = options_.scan;
  if (step.time - step.start > scan.session_time || step.bytes_to_client > scan.session_bytes) return;
  Suspect& suspect = suspects_.at(initiator, hashes.source);
  const Marks& marks = suspect.marks[static_cast<std::size_t>(ScanShape::sessions)];
  // Both ends say that it is over.
  const bool known =
      std::any_of(marks.begin(), marks.end(), [&](const Mark& each) { return each.flow == step.id; });
  if (known) return;
  mark(initiator, suspect, ScanShape::sessions,
       {step.tuple.destination, step.tuple.destination_port, tcp, step.time, step.id}, step.pair, policy,
       found);
}

void ScanWatch::tick(Time packet_now, const policy::Policy& policy, std::vector<Notice>& found) {
  if (due_.empty()) return;
  if (packet_now + clock_doubt < due_.front().since) {
    // The clock was set back: what waits will not be due for who knows how long.
    counters_.attempts_undecided += waiting_.size();
    waiting_.clear();
    due_.clear();
    return;
  }
  expire(packet_now - options_.scan.answer_time, policy, found);
}

void ScanWatch::finish(const policy::Policy& policy, std::vector<Notice>& found) {
  expire(Time::max(), policy, found);
}

// Keeps the list bounded where many are answered before any is due.
void ScanWatch::drop_answered() {
  const auto answered = [this](const Waiting& each) {
    return !waiting_.contains(each.id, waiting_.hash(each.id));
  };
  due_.erase(std::remove_if(due_.begin(), due_.end(), answered), due_.end());
}

// Most that are due were answered: of the others what they will count in is asked for.
void ScanWatch::look_ahead() const {
  if (due_.size() > waiting_ahead) waiting_.expect(waiting_.hash(due_[waiting_ahead].id));
  const auto waits = [this](const Waiting& one) { return waiting_.contains(one.id, waiting_.hash(one.id)); };
  if (due_.size() > place_ahead && waits(due_[place_ahead])) suspects_.expect(due_[place_ahead].source);
  if (due_.size() > suspect_ahead && waits(due_[suspect_ahead])) suspects_.fetch(due_[suspect_ahead].source);
}

void ScanWatch::expire(Time limit, const policy::Policy& policy, std::vector<Notice>& found) {
  while (!due_.empty() && due_.front().since <= limit) {
    look_ahead();
    const Waiting silent = due_.front();
    due_.pop_front();
    if (!waiting_.erase(silent.id, waiting_.hash(silent.id))) continue;
    if (silent.tuple.protocol != tcp && !answering_[silent.pair]) {
      ++counters_.attempts_unanswerable;
      continue;
    }
    fail(silent, silent.since + options_.scan.answer_time, policy, found);
  }
}

void ScanWatch::fail(const Waiting& attempt, Time time, const policy::Policy& policy,
                     std::vector<Notice>& found) {
  ++counters_.attempts_failed;
  const IpAddress& initiator = attempt.tuple.source;
  Suspect& suspect = suspects_.at(initiator, attempt.source);
  ++suspect.failed;
  count(suspect.fast, part_of(fast_, time, options_.scan.window), true);
  count(suspect.slow, part_of(slow_, time, options_.scan.slow_window), true);
  const Mark failed{attempt.tuple.destination, attempt.tuple.destination_port, attempt.tuple.protocol, time,
                    attempt.id};
  mark(initiator, suspect, ScanShape::sweep, failed, attempt.pair, policy, found);
  if (attempt.tuple.protocol == tcp || attempt.tuple.protocol == capture::protocol::udp) {
    mark(initiator, suspect, ScanShape::ports, failed, attempt.pair, policy, found);
  }
}

// An attempt is counted when it is made, if its maker is followed by then, and as failed when it failed.
void ScanWatch::count(Suspect::Share& share, std::int64_t now, bool failed) {
  if (now != share.part) {
    const bool next = now == share.part + 1;
    share.attempts = {0, next ? share.attempts[0] : 0};
    share.failed = {0, next ? share.failed[0] : 0};
    share.part = now;
  }
  ++(failed ? share.failed : share.attempts)[0];
}

std::int64_t ScanWatch::part_of(Stretch& stretch, Time time, std::chrono::seconds length) {
  if (time >= stretch.from && time < stretch.until) [[likely]]
    return stretch.part;
  const std::chrono::nanoseconds whole{length};
  const std::int64_t part = time.time_since_epoch() / whole;
  // Before 1970 they are numbered towards zero, and the last one ends beyond all time: none of these is kept.
  if (part > 0 && time < Time::max() - whole) stretch = {part, Time{part * whole}, Time{(part + 1) * whole}};
  return part;
}

// Who asks many, as a proxy or a name server does, always meets some who do not answer.
bool ScanWatch::mostly_failed(const Suspect::Share& share) {
  return 2 * (share.failed[0] + share.failed[1]) >= share.attempts[0] + share.attempts[1];
}

bool ScanWatch::reached(std::size_t limit, const Marks& marks, ScanShape shape, const Mark& mark,
                        std::chrono::seconds window) {
  if (marks.size() < limit) return false;
  std::size_t count = 0;
  for (const Mark* each = marks.end(); each != marks.begin() && count < limit;) {
    --each;
    if (each->time <= mark.time - window) break;
    const bool counts = shape == ScanShape::ports      ? each->host == mark.host
                        : shape == ScanShape::sessions ? same_service(*each, mark)
                                                       : true;
    if (counts) ++count;
  }
  return count >= limit;
}

void ScanWatch::mark(const IpAddress& initiator, Suspect& suspect, ScanShape shape, const Mark& mark,
                     policy::PairId pair, const policy::Policy& policy, std::vector<Notice>& found) {
  if (mark.time < suspect.told + std::chrono::seconds{suspect.quiet_seconds}) return;
  Marks& marks = suspect.marks[static_cast<std::size_t>(shape)];
  const policy::ScanOptions& scan = options_.scan;
  while (!marks.empty() && marks.front().time <= mark.time - scan.slow_window) marks.pop_front();
  // Marks of a time to come: the clock was set back.
  while (!marks.empty() && marks.back().time > mark.time + clock_doubt) marks.pop_back();
  if (shape != ScanShape::sessions) {
    const Mark* const again = std::find_if(marks.begin(), marks.end(), [&](const Mark& each) {
      return shape == ScanShape::ports ? same_service(each, mark) : each.host == mark.host;
    });
    if (again != marks.end()) marks.erase(again);
  }
  if (!room_.has(marks.growth()) && !make_room(marks, suspect)) return;
  marks.push_back(mark, room_);
  const Limits limit = limits(shape);
  const bool by_host = shape == ScanShape::ports || shape == ScanShape::sessions;
  if (marks.size() > std::max(limit.fast, limit.slow) * (by_host ? hosts_beside : 1)) marks.pop_front();

  const bool failures = shape == ScanShape::sweep || shape == ScanShape::ports;
  if ((!failures || mostly_failed(suspect.fast)) && reached(limit.fast, marks, shape, mark, scan.window)) {
    tell(initiator, suspect, shape, mark, scan.window, pair, policy, found);
  } else if ((!failures || mostly_failed(suspect.slow)) &&
             reached(limit.slow, marks, shape, mark, scan.slow_window)) {
    tell(initiator, suspect, shape, mark, scan.slow_window, pair, policy, found);
  }
}

bool ScanWatch::make_room(Marks& marks, const Suspect& suspect) {
  const auto may_go = [&](const Suspect& each) {
    const auto& lists = each.marks;
    return &each != &suspect &&
           std::any_of(lists.begin(), lists.end(), [](const Marks& list) { return list.holds_room(); });
  };
  while (!room_.has(marks.growth())) {
    if (suspects_.displace(looks_for_marks, may_go)) continue;
    ++counters_.marks_forgotten;
    if (marks.empty()) return false;
    marks.pop_front();
  }
  return true;
}

void ScanWatch::tell(const IpAddress& initiator, Suspect& suspect, ScanShape shape, const Mark& mark,
                     std::chrono::seconds window, policy::PairId pair, const policy::Policy& policy,
                     std::vector<Notice>& found) {
  // What is told together is what happened in one stretch.
  if (mark.time - suspect.told > options_.scan.slow_window) suspect.shapes = 0;
  suspect.shapes |= bit(shape);
  suspect.told = mark.time;
  suspect.quiet_seconds = static_cast<std::uint32_t>(options_.scan.window.count());
  ++counters_.findings;

  std::vector<IpAddress> hosts;
  std::vector<std::pair<std::uint8_t, std::uint16_t>> services;
  for (const Marks& marks : suspect.marks) {
    for (const Mark& each : marks) {
      if (each.time <= mark.time - window) continue;
      hosts.push_back(each.host);
      services.emplace_back(each.protocol, each.port);
    }
  }
  keep_one_of_each(hosts);
  keep_one_of_each(services);
  std::string words;
  policy::Localized shown;
  for (std::size_t i = 0; i < shape_words.size(); ++i) {
    if ((suspect.shapes >> i & 1U) == 0) continue;
    words += (words.empty() ? "" : " ") + std::string{shape_words[i].word};
    shown.ja += (shown.ja.empty() ? "" : "、") + std::string{text(shape_words[i].shown, Language::ja)};
    shown.en += (shown.en.empty() ? "" : ", ") + std::string{text(shape_words[i].shown, Language::en)};
  }
  std::string examples;
  std::size_t told = 0;
  for (auto each = services.begin(); each != services.end() && told < examples_max; ++each, ++told) {
    examples += (examples.empty() ? "" : " ") + std::string{protocol_word(each->first)};
    if (each->first == tcp || each->first == capture::protocol::udp) {
      examples += "/" + std::to_string(each->second);
    }
  }

  Notice notice{NoticeKind::scan_inside, host_subject(policy, initiator), mark.time};
  notice.add_address("src", policy, initiator).add_address("dst", policy, mark.host);
  notice.add_segment("from", policy, policy::from_of(pair));
  notice.add_segment("to", policy, policy::to_of(pair));
  notice.add("hosts", std::to_string(hosts.size())).add("ports", std::to_string(services.size()));
  notice.add("window", std::to_string(window.count()),
             {std::to_string(window.count()) + "秒", std::to_string(window.count()) + " s"});
  notice.add("shapes", words, std::move(shown)).add("services", examples);
  notice.add("failed", std::to_string(suspect.failed));
  // Logging in by trial, or several shapes together, is no fault of a setting.
  const bool several = (suspect.shapes & (suspect.shapes - 1U)) != 0;
  if (several || shape == ScanShape::sessions) notice.severity = policy::Severity::error;
  found.push_back(std::move(notice));
  for (Marks& marks : suspect.marks) marks.clear();
}

void ScanWatch::flood(const FlowStep& step, const StepHashes& hashes, const policy::Policy& policy,
                      std::vector<Notice>& found) {
  const bool begins = step.kind == FlowStep::Kind::opened;
  const std::int64_t second =
      std::chrono::floor<std::chrono::seconds>(begins ? step.time : step.start).time_since_epoch().count();
  Target& target = targets_.at(step.tuple.destination, hashes.destination);
  if (target.second != second) {
    if (!begins) return;  // an answer to what an earlier second asked
    target = {};
    target.second = second;
  }
  ++(begins ? target.opened : target.answered);
  if (target.told || target.opened < target.answered + options_.half_open_rate) return;
  target.told = true;
  ++counters_.findings;
  Notice notice{NoticeKind::flood, host_subject(policy, step.tuple.destination), step.time};
  notice.add_address("dst", policy, step.tuple.destination).add_address("src", policy, step.tuple.source);
  notice.add("rate", std::to_string(target.opened - target.answered));
  notice.add("port", std::to_string(step.tuple.destination_port));
  found.push_back(std::move(notice));
}

}  // namespace sekimori::daemon
