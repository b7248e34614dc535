#include "daemon/health/health.hpp"

#include <algorithm>
#include <cassert>

#include "daemon/render.hpp"
#include "daemon/status.hpp"
#include "policy/text/system_words.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

std::string seconds_text(std::chrono::nanoseconds span) {
  return std::to_string(duration_cast<seconds>(span).count());
}

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

const Notice::Fact* since_of(const Notice& notice) {
  const auto found = std::find_if(notice.facts.begin(), notice.facts.end(),
                                  [](const Notice::Fact& fact) { return fact.name == "since"; });
  return found == notice.facts.end() ? nullptr : &*found;
}

// What goes on over a restart began before it. Where a span is told beside it, both are of this run's watch.
void keep_since(const Notice& before, Notice& now) {
  const Notice::Fact* const began = since_of(before);
  if (began == nullptr || !now.value("seconds").empty()) return;
  for (Notice::Fact& fact : now.facts) {
    if (fact.name == "since") fact = *began;
  }
}

std::string or_dash(const std::string& words) {
  return words.empty() ? "-" : words;
}

// Why, in the system's own words for machines and in the reader's for people.
void add_why(Notice& notice, const std::string& words) {
  notice.add("why", or_dash(words),
             {retold(or_dash(words), Language::ja), retold(or_dash(words), Language::en)});
}

// A disk that fails says why; one that runs full is below what was configured.
void add_why(Notice& notice, const DiskVitals& disk, unsigned least) {
  if (!disk.trouble.empty()) {
    add_why(notice, disk.trouble);
    return;
  }
  const std::string bound = std::to_string(least);
  notice.add("why", "below " + bound + "%",
             {say(Text::health_disk_low, Language::ja, {{"least", bound}}),
              say(Text::health_disk_low, Language::en, {{"least", bound}})});
}

}  // namespace

Health::Health(const HealthOptions& options, int utc_offset_minutes)
    : options_(options), utc_offset_minutes_(utc_offset_minutes) {}

void Health::judge(const Vitals& vitals, const policy::Policy& policy, std::vector<Notice>& found) {
  if (last_ && vitals.monotonic <= last_->at) return;
  found_ = &found;
  now_ = {vitals.monotonic, vitals.wall};
  if (!first_) first_ = now_.at;
  judge_clock(vitals);
  Row row{.at = now_.at,
          .matrix = vitals.matrix,
          .evicted = vitals.table.evicted,
          .refused = vitals.table.refused};
  for (const TapVitals& tap : vitals.taps) {
    row.taps.push_back(tap.counters);
    row.transmitted.push_back(tap.interface_vitals.transmitted);
  }
  // The capture counts from nothing, so what was lost before the first look counts too; the interface has
  // counted since the machine started, and what it sent before is not of this watch.
  if (rows_.empty()) {
    Row start{.at = now_.at - seconds{1}, .taps = {}, .transmitted = row.transmitted};
    start.taps.resize(row.taps.size());
    rows_.push_back(std::move(start));
  }
  rows_.push_back(std::move(row));
  while (rows_.size() > 2 && now_.at - rows_[1].at >= options_.window) rows_.pop_front();
  judge_workers(vitals);
  judge_taps(vitals);
  judge_sight(vitals);
  judge_mirror(vitals, policy);
  judge_missed(vitals, policy);
  judge_pairs(vitals, policy);
  judge_vlans(vitals);
  judge_duplicates(vitals, policy);
  judge_table(vitals);
  judge_outlets(vitals);
  judge_journal(vitals.outlets.journal);
  judge_files(vitals);
  end_unjudged();
  last_ = now_;
  found_ = nullptr;
}

Notice Health::make(NoticeKind kind, std::string subject) const {
  Notice notice;
  notice.kind = kind;
  notice.subject = std::move(subject);
  notice.time = now_.wall;
  return notice;
}

void Health::add_time(Notice& notice, std::string name, Time time) const {
  std::string value = timestamp(time, utc_offset_minutes_);
  std::string shown = value.substr(0, 19);
  shown[10] = ' ';
  notice.add(std::move(name), std::move(value), {shown, shown});
}

std::string Health::window_text() const {
  return seconds_text(now_.at - rows_.front().at);
}

void Health::state(bool begins, bool ends, Notice notice) {
  const auto known = open_.find({notice.kind, notice.subject});
  if (begins) {
    if (known == open_.end()) {
      found_->push_back(notice);
      const Key key{notice.kind, notice.subject};
      open_.emplace(key, State{std::move(notice), now_.at});
      return;
    }
    State& state = known->second;
    state.judged = true;
    state.resumed = false;
    keep_since(state.latest, notice);
    state.latest = std::move(notice);
    // The journal's writer tries each second, and meanwhile what waits grows: a repeat tells of its moment.
    const bool grows = state.latest.kind == NoticeKind::journal_failing;
    if (!grows && now_.at - state.told < refresh) return;
    state.told = now_.at;
    found_->push_back(state.latest);
    return;
  }
  if (known == open_.end()) return;
  known->second.judged = true;
  if (ends && may_end(known->first.first, known->second)) end(known);
}

// A state of an earlier run is over when that can be known.
bool Health::may_end(NoticeKind kind, const State& state) const {
  if (!state.resumed) return true;
  switch (kind) {
    case NoticeKind::gap:
    case NoticeKind::pair_silent:
    case NoticeKind::vlan_silent:
      return true;  // something was heard
    case NoticeKind::frames_lost:
    case NoticeKind::one_sided:
    case NoticeKind::missed:
    case NoticeKind::duplicates:
    case NoticeKind::table_pressure:
    case NoticeKind::tap_transmits:
      return now_.at - *first_ >= std::max<Span>(resume_patience, options_.window);
    default:
      return now_.at - *first_ >= resume_patience;
  }
}

void Health::end(std::map<Key, State>::iterator known) {
  Notice over = std::move(known->second.latest);
  over.time = now_.wall;
  over.over = true;
  found_->push_back(std::move(over));
  open_.erase(known);
}

void Health::resume(const Notice& latest) {
  if (notice_row(latest.kind).life != NoticeLife::state) return;
  open_.emplace(Key{latest.kind, latest.subject}, State{.latest = latest, .judged = false, .resumed = true});
}

void Health::end_unjudged() {
  if (now_.at - *first_ < resume_patience) return;
  for (auto each = open_.begin(); each != open_.end();) {
    const auto known = each++;
    if (!known->second.judged) end(known);
  }
}

seconds Health::silence_of(const std::string& tap) const {
  for (const HealthOptions::Tap& own : options_.taps) {
    if (own.name == tap) return own.silence;
  }
  return options_.silence;
}

void Health::judge_taps(const Vitals& vitals) {
  if (taps_.size() != vitals.taps.size()) taps_.assign(vitals.taps.size(), {.heard = now_});
  for (std::size_t i = 0; i < vitals.taps.size(); ++i) {
    const TapVitals& tap = vitals.taps[i];
    TapMemory& memory = taps_[i];
    const bool down = tap.health != capture::SourceHealth::running;
    if (down && !memory.down) memory.down = now_;
    Notice notice = make(NoticeKind::link_down, tap.name);
    notice.add("tap", tap.name).add("interface", tap.interface);
    add_time(notice, "since", memory.down.value_or(now_).wall);
    add_why(notice, tap.trouble);
    state(down, !down, std::move(notice));
    if (!down && memory.down) {
      memory.down.reset();
      memory.heard = now_;  // a link that is back may first be listened to
    }
    judge_silence(tap, memory, vitals);
    judge_loss(tap, i);
    judge_interface(tap, i);
  }
}

// A link that is down is told as such; frames cannot come then, and that is no second finding.
void Health::judge_silence(const TapVitals& tap, TapMemory& memory, const Vitals& vitals) {
  const bool news = tap.counters.received != memory.received;
  memory.received = tap.counters.received;
  const Span silent = now_.at - memory.heard.at;
  // While no worker moves its figures stand still, and say nothing of the wire.
  const bool figures = std::none_of(vitals.workers.begin(), vitals.workers.end(),
                                    [](const WorkerVitals& worker) { return worker.stuck; });
  Notice notice = make(NoticeKind::gap, tap.name);
  notice.add("tap", tap.name);
  add_time(notice, "since", memory.heard.wall);
  notice.add("seconds", seconds_text(silent));
  const bool begins = !news && !memory.down && figures && silent >= silence_of(tap.name);
  state(begins, news, std::move(notice));
  if (news || !figures) memory.heard = now_;
}

void Health::judge_loss(const TapVitals& tap, std::size_t index) {
  const capture::SourceCounters& before = rows_.front().taps[index];
  const std::uint64_t kernel = since(tap.counters.dropped_kernel, before.dropped_kernel);
  const std::uint64_t card = since(tap.counters.dropped_interface, before.dropped_interface);
  const std::uint64_t lost = kernel + card;
  // `received` holds what the ring dropped, and not what the card did.
  const std::uint64_t offered = since(tap.counters.received, before.received) + card;
  const double share = percent(lost, offered);
  const double most = static_cast<double>(options_.loss_ppm) / 10'000.0;
  Notice notice = make(NoticeKind::frames_lost, tap.name);
  notice.add("tap", tap.name).add("window", window_text()).add("lost", std::to_string(lost));
  notice.add("offered", std::to_string(offered)).add("percent", fixed_point(share, 3));
  notice.add("kernel", std::to_string(kernel)).add("card", std::to_string(card));
  state(lost > 0 && share >= most, share < most / 2 || lost == 0, std::move(notice));
}

void Health::judge_interface(const TapVitals& tap, std::size_t index) {
  const InterfaceVitals& look = tap.interface_vitals;
  const std::uint64_t sent = since(look.transmitted, rows_.front().transmitted[index]);
  Notice transmits = make(NoticeKind::tap_transmits, tap.name);
  transmits.add("tap", tap.name).add("interface", tap.interface);
  transmits.add("frames", std::to_string(sent)).add("window", window_text());
  state(sent > 0, sent == 0, std::move(transmits));

  Notice address = make(NoticeKind::tap_address, tap.name);
  address.add("tap", tap.name).add("interface", tap.interface).add("addresses", joined(look.addresses));
  state(!look.addresses.empty(), look.addresses.empty(), std::move(address));

  Notice forwards = make(NoticeKind::tap_forwards, tap.name);
  forwards.add("tap", tap.name).add("interface", tap.interface);
  // Without an address nobody can hand it anything to forward.
  const bool path = look.forwards && !look.addresses.empty();
  state(path, !path, std::move(forwards));
}

// Two segments talk in both directions of the matrix; a cable that shows one direction alone makes both
// one-sided: they are one finding.
void Health::judge_mirror(const Vitals& vitals, const policy::Policy& policy) {
  const std::size_t segments = std::min(policy.segments().size(), policy::segments_max);
  const Matrix& before = rows_.front().matrix;
  for (policy::SegmentId a = 0; a < segments; ++a) {
    for (policy::SegmentId b = a; b < segments; ++b) {
      std::uint64_t packets = 0;
      std::uint64_t alone = 0;
      const auto add = [&](policy::PairId pair) {
        packets += since(vitals.matrix[pair].packets, before[pair].packets);
        alone += since(vitals.matrix[pair].packets_one_sided, before[pair].packets_one_sided);
      };
      add(policy::pair_of(a, b));
      if (a != b) add(policy::pair_of(b, a));
      const double share = percent(alone, packets);
      const double most = options_.one_sided_percent;
      if (alone == 0 && open_.empty()) continue;
      Notice notice = make(NoticeKind::one_sided, policy.segments()[a].id + " " + policy.segments()[b].id);
      notice.add_segment("from", policy, a).add_segment("to", policy, b).add("window", window_text());
      notice.add("packets", std::to_string(packets)).add("percent", fixed_point(share, 1));
      // Silence is no recovery: only packets whose other direction is seen show that the mirror is mended.
      state(packets >= packets_least && share >= most, packets >= packets_least && share < most / 2,
            std::move(notice));
    }
  }
}

void Health::judge_duplicates(const Vitals& vitals, const policy::Policy& policy) {
  const Matrix& before = rows_.front().matrix;
  std::uint64_t frames = 0;
  std::uint64_t again = 0;
  std::size_t worst = 0;
  std::uint64_t worst_again = 0;
  for (std::size_t pair = 0; pair < before.size(); ++pair) {
    const std::uint64_t doubled = since(vitals.matrix[pair].duplicates, before[pair].duplicates);
    frames += since(vitals.matrix[pair].packets, before[pair].packets) + doubled;
    again += doubled;
    if (doubled <= worst_again) continue;
    worst = pair;
    worst_again = doubled;
  }
  const double share = percent(again, frames);
  const double most = options_.duplicates_percent;
  Notice notice = make(NoticeKind::duplicates, "mirror");
  notice.add("window", window_text()).add("percent", fixed_point(share, 1));
  notice.add("duplicates", std::to_string(again));
  notice.add_segment("from", policy, policy::from_of(static_cast<policy::PairId>(worst)));
  notice.add_segment("to", policy, policy::to_of(static_cast<policy::PairId>(worst)));
  state(frames >= packets_least && share >= most, frames >= packets_least && share < most / 2,
        std::move(notice));
}

void Health::judge_table(const Vitals& vitals) {
  const TableVitals& table = vitals.table;
  const double used = percent(table.live, table.capacity);
  const std::uint64_t evicted = since(table.evicted, rows_.front().evicted);
  const std::uint64_t refused = since(table.refused, rows_.front().refused);
  Notice notice = make(NoticeKind::table_pressure, "flows");
  notice.add("percent", fixed_point(used, 1)).add("live", std::to_string(table.live));
  notice.add("capacity", std::to_string(table.capacity)).add("window", window_text());
  notice.add("evicted", std::to_string(evicted)).add("refused", std::to_string(refused));
  if (refused > 0) notice.severity = policy::Severity::error;
  const bool begins = table.emergency || used >= options_.table_percent || evicted > 0 || refused > 0;
  const bool ends = !table.emergency && used < 0.9 * options_.table_percent && evicted == 0 && refused == 0;
  state(begins, ends, std::move(notice));
}

void Health::judge_clock(const Vitals& vitals) {
  if (last_) {
    const Time expected = last_->wall + duration_cast<Duration>(now_.at - last_->at);
    const auto step = now_.wall - expected;
    if (step >= options_.clock_step || step <= -options_.clock_step) tell_jump(step, expected);
  }
  // Unknown is neither: it is shown to who asks, and alarms nobody.
  const bool lost = vitals.synchronised == Synchronised::no;
  if (lost && !unsynchronised_) unsynchronised_ = now_;
  Notice notice = make(NoticeKind::clock_unsynchronised, "clock");
  add_time(notice, "since", unsynchronised_.value_or(now_).wall);
  state(lost, vitals.synchronised == Synchronised::yes, std::move(notice));
  if (!lost) unsynchronised_.reset();
}

void Health::tell_jump(Duration step, Time expected) {
  const bool ahead = step.count() > 0;
  Notice notice = make(NoticeKind::clock_jump, "clock");
  notice.add("seconds", fixed_point(std::chrono::duration<double>(ahead ? step : -step).count(), 1));
  notice.add("direction", ahead ? "forward" : "back",
             ahead ? policy::Localized{"進む方向に", "forward"} : policy::Localized{"戻る方向に", "back"});
  add_time(notice, "expected", expected);
  add_time(notice, "found", now_.wall);
  notice.add("monotonic_ns", std::to_string(now_.at.count()));
  found_->push_back(std::move(notice));
}

void Health::judge_outlets(const Vitals& vitals) {
  for (const DestinationVitals& destination : vitals.outlets.destinations) {
    const bool away = !destination.trouble.empty();
    if (!away) away_.erase(destination.name);
    const Moment began = away ? away_.emplace(destination.name, now_).first->second : now_;
    Notice down = make(NoticeKind::destination_down, destination.name);
    down.add("name", destination.name);
    add_time(down, "since", began.wall);
    down.add("why", or_dash(destination.trouble)).add("queued", std::to_string(destination.queued));
    down.add("dropped", std::to_string(destination.dropped));
    state(away && now_.at - began.at >= destination_patience, !away, std::move(down));

    const double full = percent(destination.queued, destination.queue_max);
    Notice lag = make(NoticeKind::destination_lag, destination.name);
    lag.add("name", destination.name).add("queued", std::to_string(destination.queued));
    lag.add("queue_max", std::to_string(destination.queue_max)).add("percent", fixed_point(full, 0));
    lag.add("dropped", std::to_string(destination.dropped));
    state(full >= 50, full < 25, std::move(lag));
  }
  for (const DiskVitals& disk : vitals.disks) {
    const double free = percent(disk.free, disk.size);
    const double least = options_.disk_percent;
    const bool failing = !disk.trouble.empty();
    Notice notice = make(NoticeKind::disk_short, disk.path);
    notice.add("path", disk.path).add("percent", fixed_point(free, 1)).add("free", std::to_string(disk.free));
    add_why(notice, disk, options_.disk_percent);
    const bool known = disk.size > 0;
    state(failing || (known && free < least), !failing && known && free >= least + 1, std::move(notice));
  }
}

void Health::judge_journal(const JournalVitals& journal) {
  if (journal.path.empty()) return;
  Notice failing = make(NoticeKind::journal_failing, journal.path);
  failing.add("path", journal.path);
  add_why(failing, journal.trouble);
  failing.add("waiting", std::to_string(journal.waiting)).add("lost", std::to_string(journal.lost));
  state(!journal.trouble.empty(), journal.trouble.empty(), std::move(failing));

  Notice no_key = make(NoticeKind::journal_unsigned, journal.path);
  no_key.add("path", journal.path);
  add_why(no_key, journal.unsigned_because);
  state(!journal.unsigned_because.empty(), journal.unsigned_because.empty(), std::move(no_key));

  if (std::exchange(journal_met_, true)) return;
  // Between two runs of the program nobody counts seconds; but a record cannot be younger than now.
  const Duration back = now_.wall - journal.last_written;
  if (back <= -options_.clock_step) tell_jump(back, journal.last_written);
  if (journal.lost_first != 0) {
    Notice lost = make(NoticeKind::journal_lost, journal.path);
    lost.add("path", journal.path).add("lost", std::to_string(journal.lost_last - journal.lost_first + 1));
    lost.add("first", std::to_string(journal.lost_first)).add("last", std::to_string(journal.lost_last));
    found_->push_back(std::move(lost));
  }
  if ((journal.torn_octets | journal.damaged_octets | journal.uncut_octets | journal.records_missing) == 0) {
    return;
  }
  Notice mended = make(NoticeKind::journal_mended, journal.path);
  mended.add("path", journal.path).add("torn", std::to_string(journal.torn_octets));
  mended.add("uncut", std::to_string(journal.uncut_octets));
  mended.add("damaged", std::to_string(journal.damaged_octets));
  mended.add("missing", std::to_string(journal.records_missing));
  // A torn end is what a power cut leaves; anything else somebody or some disk has done.
  if ((journal.damaged_octets | journal.uncut_octets | journal.records_missing) != 0)
    mended.severity = policy::Severity::error;
  found_->push_back(std::move(mended));
}

void Health::judge_files(const Vitals& vitals) {
  for (const FileVitals& file : vitals.files) {
    Notice notice = make(NoticeKind::config_altered, file.path);
    notice.add("file", file.path).add("running", file.running).add("found", or_dash(file.found));
    const bool altered = file.found != file.running;
    state(altered, !altered, std::move(notice));
  }
}

void Health::judge_workers(const Vitals& vitals) {
  for (std::size_t i = 0; i < vitals.workers.size(); ++i) {
    const WorkerVitals& worker = vitals.workers[i];
    Notice notice = make(NoticeKind::worker_stuck, "worker " + std::to_string(i));
    notice.add("worker", std::to_string(i)).add("seconds", std::to_string(worker.still.count()));
    state(worker.stuck, !worker.stuck, std::move(notice));
  }
}

}  // namespace sekimori::daemon
