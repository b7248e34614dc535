#include "daemon/health/caretaker.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "daemon/digest.hpp"
#include "daemon/health/habits_file.hpp"
#include "daemon/health/interface_look.hpp"
#include "daemon/health/kept_file.hpp"
#include "daemon/health/machine_look.hpp"
#include "daemon/render.hpp"
#include "daemon/render/notice.hpp"
#include "daemon/status.hpp"
#include "policy/text/system_words.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

constexpr std::size_t loss_window_rows = 60;
constexpr std::chrono::seconds worker_patience{10};
// What a kill may cost of the day's figures.
constexpr std::chrono::seconds day_every{30};
// Files are hashed and disks asked this often, in looks of about a second.
constexpr unsigned files_every = 10;
constexpr std::string_view builtin_prefix = "builtin:";

std::chrono::nanoseconds reading_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

FileVitals file_of(const ConfigFile& file) {
  FileVitals out{.path = file.path, .running = file.sha256};
  std::ifstream in(file.path, std::ios::binary);
  if (!in) return out;
  const std::string content{std::istreambuf_iterator<char>{in}, {}};
  if (!in.bad()) out.found = hex(sha256(content));
  return out;
}

std::vector<std::string> segment_ids(const policy::Policy& policy) {
  std::vector<std::string> out;
  for (const auto& segment : policy.segments()) out.push_back(segment.id);
  return out;
}

bool any_stuck(const Vitals& vitals) {
  return std::any_of(vitals.workers.begin(), vitals.workers.end(),
                     [](const WorkerVitals& worker) { return worker.stuck; });
}

bool writes_file(const DestinationOptions& destination) {
  return (destination.kind == DestinationKind::eve_file || destination.kind == DestinationKind::text_file) &&
         destination.path != "-";
}

}  // namespace

std::vector<ConfigFile> config_files(const std::vector<std::pair<std::string, std::string>>& sources) {
  std::vector<ConfigFile> out;
  for (const auto& [path, content] : sources) {
    if (path.compare(0, builtin_prefix.size(), builtin_prefix) == 0) continue;
    out.push_back({path, hex(sha256(content))});
  }
  return out;
}

Caretaker::Caretaker(const StationOptions& options)
    : capture_(options.capture),
      alerts_(options.daemon.alerts),
      files_(options.config_files),
      health_(options.daemon.health, options.daemon.alerts.utc_offset_minutes),
      heartbeat_(options.daemon.health.heartbeat),
      diary_(options.daemon.alerts.utc_offset_minutes) {
  for (const capture::TapOptions& tap : capture_.taps) {
    vitals_.taps.push_back({.name = tap.name, .interface = tap.interface});
  }
}

void Caretaker::resume(const std::vector<std::shared_ptr<const Notice>>& open, const std::string& folder,
                       const policy::Policy& policy, Diary::Before before) {
  for (const auto& notice : open) health_.resume(*notice);
  if (folder.empty()) return;
  stamp_ = std::make_shared<WatchStamp>(folder + "/watch");
  scribe_ = std::make_unique<Scribe>();
  find_gap(before.written);
  day_path_ = folder + "/day";
  before.kept = load_day(policy);
  diary_.resume(before);
  habits_path_ = folder + "/habits";
  std::string why;
  const KeptFault fault = load_habits(habits_path_, segment_ids(policy), health_.habits(), why);
  if (fault == KeptFault::none || fault == KeptFault::absent) return;
  const Language language = alerts_.language;
  if (fault == KeptFault::altered) why = text(Text::health_habits_altered, language);
  if (fault == KeptFault::newer) why = text(Text::health_habits_newer, language);
  // Kept for who looks into it; what is learned from now on takes its place.
  std::error_code ignored;
  std::filesystem::rename(habits_path_, habits_path_ + ".bad", ignored);
  Notice notice;
  notice.kind = NoticeKind::habits_lost;
  notice.subject = habits_path_;
  notice.add("path", habits_path_).add("why", why, {retold(why, Language::ja), retold(why, Language::en)});
  news_.push_back(std::move(notice));
}

void Caretaker::keep(const policy::Policy& policy) {
  const std::uint64_t lessons = health_.habits().lessons();
  if (habits_path_.empty() || lessons == lessons_kept_) return;
  // Tried again at the next lesson: in an hour at most.
  lessons_kept_ = lessons;
  write_kept(habits_path_, write_habits(health_.habits(), segment_ids(policy)));
}

void Caretaker::write_kept(const std::string& path, std::string content) {
  scribe_->ask(path, [path, content = std::move(content)] {
    std::string why;
    save_kept(path, content, why);
    return why;
  });
}

void Caretaker::tell_unwritten(const std::string& path, Text unwritten, bool& told) const {
  const std::string why = scribe_->trouble(path);
  if (!why.empty() && !told) {
    spdlog::error(say(unwritten, alerts_.language, {{"path", path}, {"why", retold(why, alerts_.language)}}));
  }
  told = !why.empty();
}

// Once at each start. What is told of it is told at the first look, as everything else that a start finds.
void Caretaker::find_gap(Time written) {
  const Time now{std::chrono::duration_cast<Duration>(reading_of(CLOCK_REALTIME))};
  gap_ = watch_gap(stamp_->found(), written, now);
  if (!gap_) return;
  Notice notice = watch_gap_notice(*gap_, alerts_.utc_offset_minutes);
  const std::string sentence = notice_sentence(notice, Text::notice_not_watched, alerts_.language);
  gap_->ended == WatchGap::Ended::stopped ? spdlog::info(sentence) : spdlog::warn(sentence);
  news_.push_back(std::move(notice));
  // From now on a run is under way: killed before its first own mark, it must not pass for that stop.
  if (gap_->ended == WatchGap::Ended::stopped) stamp({gap_->since, false});
}

void Caretaker::stamp(const WatchMark& mark) {
  scribe_->ask(stamp_->path(), [file = stamp_, mark] { return file->write(mark); });
}

// What the run before left stays until its gap is on disk: a kill between the two tells it again, to the same
// story. A disk that does not take alerts holds that up for so long only.
void Caretaker::keep_watch() {
  if (!stamp_) return;
  tell_unwritten(stamp_->path(), Text::watch_unwritten, stamp_bad_);
  if (!gap_told_at_) {
    gap_told_at_ = vitals_.monotonic;
    if (gap_) return;
  }
  const JournalVitals& journal = vitals_.outlets.journal;
  const bool safe = journal.waiting == 0 && journal.trouble.empty();
  if (!stamped_at_ && gap_ && !safe && vitals_.monotonic - *gap_told_at_ < watch_stamp_every) return;
  if (stamped_at_ && vitals_.monotonic - *stamped_at_ < watch_stamp_every) return;
  if (watched_ <= Time{}) return;
  stamped_at_ = vitals_.monotonic;
  stamp({watched_, false});
}

void Caretaker::stopping() {
  stopped_ =
      any_stuck(vitals_) ? watched_ : Time{std::chrono::duration_cast<Duration>(reading_of(CLOCK_REALTIME))};
}

void Caretaker::finish(const policy::Policy& policy) {
  keep_day(policy);
  if (stamp_ && stopped_ && gap_told_at_) stamp({*stopped_, true});
  // Ended before its first look: the gap before it is still to be told, and goes on.
  if (stamp_ && stopped_ && !gap_told_at_ && gap_ && gap_->ended == WatchGap::Ended::stopped) {
    stamp({gap_->since, true});
  }
  settle();
}

void Caretaker::settle() {
  if (scribe_) scribe_->settle();
}

void Caretaker::replaced(std::vector<ConfigFile> files) {
  files_ = std::move(files);
  look_at_files();
}

void Caretaker::take(const std::vector<WorkerFigures>& parts) {
  std::vector<capture::SourceCounters> sums(vitals_.taps.size());
  // Workers open a tap one after the other: it is as well as the one that is worst off.
  std::vector<const TapReport*> worst(vitals_.taps.size(), nullptr);
  vitals_.matrix = {};
  vitals_.table = {};
  vitals_.vlans.assign(std::tuple_size_v<VlanCounts>, 0);
  for (const WorkerFigures& part : parts) {
    for (std::size_t vlan = 0; vlan < part.vlans.size(); ++vlan) vitals_.vlans[vlan] += part.vlans[vlan];
    for (std::size_t pair = 0; pair < part.matrix.size(); ++pair) vitals_.matrix[pair] += part.matrix[pair];
    const capture::FlowCounters& flows = part.table.counters;
    vitals_.table.live += part.table.size;
    vitals_.table.capacity += part.table.capacity;
    vitals_.table.refused += flows.refused;
    vitals_.table.evicted += flows.evicted_half_open + flows.evicted_forbidden + flows.evicted_established;
    vitals_.table.emergency = vitals_.table.emergency || part.table.emergency;
    for (const TapReport& report : part.taps) {
      capture::SourceCounters& sum = sums[report.tap];
      sum.received += report.counters.received;
      sum.dropped_kernel += report.counters.dropped_kernel;
      sum.delivered += report.counters.delivered;
      // One figure for all sockets of a tap, and each worker meets the same outage.
      sum.dropped_interface = std::max(sum.dropped_interface, report.counters.dropped_interface);
      sum.outages = std::max(sum.outages, report.counters.outages);
      const TapReport*& known = worst[report.tap];
      if (known == nullptr || report.health > known->health) known = &report;
    }
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    vitals_.taps[i].counters = sums[i];
    if (worst[i] != nullptr) take_tap(*worst[i], vitals_.taps[i]);
  }
  watch_loss();
}

void Caretaker::take_tap(const TapReport& report, TapVitals& tap) {
  const Language language = alerts_.language;
  if (report.health != tap.health) {
    if (report.health == capture::SourceHealth::running) {
      spdlog::warn(say(Text::daemon_tap_up, language,
                       {{"tap", tap.name},
                        {"interface", tap.interface},
                        {"outages", std::to_string(tap.counters.outages)}}));
    } else {
      spdlog::error(say(Text::daemon_tap_down, language,
                        {{"tap", tap.name},
                         {"interface", tap.interface},
                         {"why", retold(report.trouble, alerts_.language)}}));
    }
  } else if (!report.trouble.empty() && report.trouble != tap.trouble &&
             report.health == capture::SourceHealth::running) {
    spdlog::warn(say(Text::daemon_tap_warning, language,
                     {{"tap", tap.name},
                      {"interface", tap.interface},
                      {"why", retold(report.trouble, alerts_.language)}}));
  }
  tap.health = report.health;
  tap.trouble = report.trouble;
}

void Caretaker::watch_loss() {
  lost_ = {};
  for (const TapVitals& tap : vitals_.taps) {
    lost_.offered += tap.counters.received + tap.counters.dropped_interface;
    lost_.dropped += tap.counters.dropped_kernel + tap.counters.dropped_interface;
  }
  // Counted from nothing, or what is lost before the first look would never be told.
  if (losses_.empty()) losses_.emplace_back();
  losses_.push_back(lost_);
  if (losses_.size() > loss_window_rows + 1) losses_.pop_front();
  const std::uint64_t offered = lost_.offered - losses_.front().offered;
  const std::uint64_t dropped = lost_.dropped - losses_.front().dropped;
  loss_ratio_ = offered == 0 ? 0.0 : static_cast<double>(dropped) / static_cast<double>(offered);
  if (loss_told_ > 0) --loss_told_;
  if (dropped == 0 || loss_told_ > 0) return;
  loss_told_ = loss_window_rows;
  const bool one = vitals_.taps.size() == 1;
  spdlog::warn(say(Text::daemon_tap_drops, alerts_.language,
                   {{"tap", one ? vitals_.taps.front().name : std::string{"*"}},
                    {"interface", one ? vitals_.taps.front().interface : std::string{"*"}},
                    {"dropped", std::to_string(dropped)},
                    {"offered", std::to_string(offered)},
                    {"percent", fixed_point(loss_ratio_ * 100, 3)}}));
}

bool Caretaker::workers_move(const std::vector<std::uint64_t>& beats) {
  const Clock::time_point now = Clock::now();
  beats_.resize(beats.size());
  vitals_.workers.assign(beats.size(), {});
  bool all = true;
  for (std::size_t i = 0; i < beats.size(); ++i) {
    Beat& beat = beats_[i];
    if (beats[i] != beat.beats) beat = {beats[i], now, false};
    WorkerVitals& worker = vitals_.workers[i];
    worker.still = std::chrono::duration_cast<std::chrono::seconds>(now - beat.moved);
    worker.stuck = now - beat.moved > worker_patience;
    if (!worker.stuck) continue;
    all = false;
    if (!beat.told) {
      spdlog::error(say(Text::daemon_worker_stuck, alerts_.language,
                        {{"worker", std::to_string(i)}, {"seconds", std::to_string(worker.still.count())}}));
    }
    beat.told = true;
  }
  return all;
}

void Caretaker::look_at_files() {
  vitals_.files.clear();
  for (const ConfigFile& file : files_) vitals_.files.push_back(file_of(file));
}

void Caretaker::look_at_machine() {
  for (TapVitals& tap : vitals_.taps) tap.interface_vitals = look_at_interface(tap.interface);
  vitals_.synchronised = look_at_clock();
  if (rounds_++ % files_every != 0) return;
  look_at_files();
  vitals_.disks.clear();
  for (const DestinationOptions& destination : alerts_.destinations) {
    if (writes_file(destination)) vitals_.disks.push_back(look_at_disk(destination.path));
  }
  if (!vitals_.outlets.journal.path.empty())
    vitals_.disks.push_back(look_at_disk(vitals_.outlets.journal.path));
}

void Caretaker::look(OutletVitals outlets, const policy::Policy& policy, std::vector<Notice>& found) {
  vitals_.outlets = std::move(outlets);
  look_at_machine();
  vitals_.wall = Time{std::chrono::duration_cast<Duration>(reading_of(CLOCK_REALTIME))};
  vitals_.monotonic = reading_of(CLOCK_MONOTONIC);
  for (Notice& notice : news_) {
    notice.time = vitals_.wall;
    found.push_back(std::move(notice));
  }
  news_.clear();
  health_.judge(vitals_, policy, found);
  if (!any_stuck(vitals_)) watched_ = vitals_.wall;
  if (!scribe_) return;
  keep_watch();
  keep(policy);
  tell_unwritten(day_path_, Text::health_day_unwritten, day_bad_);
  tell_unwritten(habits_path_, Text::health_habits_unwritten, habits_bad_);
}

Life Caretaker::life(std::uint64_t lines) const {
  return {.time = vitals_.wall, .warnings = health_.open(), .lost = lost_.dropped, .lines = lines};
}

std::vector<AlertMessage> Caretaker::digests(std::uint64_t lines, const policy::Policy& policy,
                                             const std::function<std::uint64_t()>& number) {
  std::vector<AlertMessage> out;
  const Diary::Sample now{
      .wall = vitals_.wall, .monotonic = vitals_.monotonic, .lost = lost_.dropped, .lines = lines};
  for (const Digest& due : diary_.step(now, vitals_.matrix)) {
    digest_number_ = number();
    out.push_back(digest_message(due, digest_number_, life(lines), vitals_, policy, alerts_));
  }
  if (vitals_.monotonic - day_kept_at_ >= day_every) keep_day(policy);
  return out;
}

std::optional<Day> Caretaker::load_day(const policy::Policy& policy) const {
  std::string content;
  std::string why;
  const KeptFault fault = load_kept(day_path_, content, why);
  if (fault == KeptFault::absent) return std::nullopt;
  auto day = fault == KeptFault::none ? read_day(content, segment_ids(policy)) : std::nullopt;
  if (day) return day;
  if (why.empty()) why = text(Text::health_habits_altered, alerts_.language);
  spdlog::error(say(Text::health_day_lost, alerts_.language,
                    {{"path", day_path_}, {"why", retold(why, alerts_.language)}}));
  std::error_code ignored;
  std::filesystem::rename(day_path_, day_path_ + ".bad", ignored);
  return std::nullopt;
}

// The day before is on disk until its digest is: a crash between the two neither loses it nor tells it twice.
void Caretaker::keep_day(const policy::Policy& policy) {
  if (day_path_.empty() || vitals_.outlets.journal.sequence < digest_number_) return;
  day_kept_at_ = vitals_.monotonic;
  write_kept(day_path_, write_day(diary_.day(), segment_ids(policy)));
}

std::optional<AlertMessage> Caretaker::heartbeat(std::uint64_t lines, const policy::Policy& policy) {
  if (heartbeat_.count() == 0) return std::nullopt;
  if (beat_ != 0 && vitals_.monotonic - beat_at_ < heartbeat_) return std::nullopt;
  beat_at_ = vitals_.monotonic;
  Life now = life(lines);
  now.beat = ++beat_;
  return heartbeat_message(now, vitals_, policy, alerts_);
}

}  // namespace sekimori::daemon
