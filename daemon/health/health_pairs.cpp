// Health of what the taps show of each pair of segments: what they do not show, and what fell silent.
#include <algorithm>

#include "daemon/health/health.hpp"
#include "daemon/render.hpp"
#include "daemon/status.hpp"

namespace sekimori::daemon {
namespace {

// Fewer gaps than this are a few odd connections, not a mirror.
constexpr std::uint64_t gaps_least = 10;

std::uint64_t since(std::uint64_t now, std::uint64_t before) {
  return now >= before ? now - before : 0;
}

std::string seconds_text(std::chrono::nanoseconds span) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(span).count());
}

struct Missed {
  std::uint64_t octets = 0;
  std::uint64_t gaps = 0;
  std::uint64_t seen = 0;
};

// What `sender`, 0 the initiator and 1 the responder, sent in this pair's conversations.
void add(Missed& sum, const PairTotals& now, const PairTotals& before, std::size_t sender) {
  const std::uint64_t missed = since(now.octets_missed[sender], before.octets_missed[sender]);
  const std::uint64_t late = since(now.octets_late[sender], before.octets_late[sender]);
  sum.octets += missed > late ? missed - late : 0;
  sum.gaps += since(now.gaps[sender], before.gaps[sender]);
  sum.seen += since(now.bytes, before.bytes);
}

}  // namespace

// Whether the taps can be believed: otherwise their own trouble is told, and explains the rest.
void Health::judge_sight(const Vitals& vitals) {
  const Row& before = rows_.front();
  bool lost = false;
  for (std::size_t i = 0; i < vitals.taps.size(); ++i) {
    const capture::SourceCounters& now = vitals.taps[i].counters;
    lost = lost || since(now.dropped_kernel, before.taps[i].dropped_kernel) != 0 ||
           since(now.dropped_interface, before.taps[i].dropped_interface) != 0;
  }
  const auto trouble = [](NoticeKind kind) {
    return kind == NoticeKind::link_down || kind == NoticeKind::gap || kind == NoticeKind::worker_stuck;
  };
  const bool blind =
      std::any_of(open_.begin(), open_.end(), [&](const auto& each) { return trouble(each.first.first); });
  sighted_ = !lost && !blind;
  if (blind) blind_at_ = now_.at;
}

// TCP says what the mirror kept back: octets that lie between others, or that their receiver acknowledges,
// and that nobody has shown.
void Health::judge_missed(const Vitals& vitals, const policy::Policy& policy) {
  const std::size_t segments = std::min(policy.segments().size(), policy::segments_max);
  const Matrix& before = rows_.front().matrix;
  // After an outage every conversation that went on has a gap, which is no second finding: what was found for
  // a window's time after it is not counted.
  const bool judged = sighted_ && (!blind_at_ || now_.at - *blind_at_ > 2 * options_.window);
  for (policy::SegmentId from = 0; from < segments; ++from) {
    for (policy::SegmentId to = 0; to < segments; ++to) {
      Missed sum;
      add(sum, vitals.matrix[policy::pair_of(from, to)], before[policy::pair_of(from, to)], 0);
      add(sum, vitals.matrix[policy::pair_of(to, from)], before[policy::pair_of(to, from)], 1);
      if (from == to) sum.seen /= 2;
      const std::string subject = policy.segments()[from].id + " " + policy.segments()[to].id;
      if (sum.gaps == 0 && open_.count({NoticeKind::missed, subject}) == 0) continue;
      const double whole = static_cast<double>(sum.octets) + static_cast<double>(sum.seen);
      const double share = whole <= 0 ? 0.0 : 100.0 * static_cast<double>(sum.octets) / whole;
      const double most = options_.missed_percent;
      Notice notice = make(NoticeKind::missed, subject);
      notice.add_segment("from", policy, from).add_segment("to", policy, to).add("window", window_text());
      notice.add("octets", std::to_string(sum.octets)).add("gaps", std::to_string(sum.gaps));
      notice.add("percent", fixed_point(share, 1));
      const bool one_sided = is_open(NoticeKind::one_sided, policy.segments()[std::min(from, to)].id + " " +
                                                                policy.segments()[std::max(from, to)].id);
      state(judged && !one_sided && sum.gaps >= gaps_least && share >= most, share < most / 2,
            std::move(notice));
    }
  }
}

void Health::judge_pairs(const Vitals& vitals, const policy::Policy& policy) {
  const auto local = std::chrono::duration_cast<std::chrono::hours>(
      now_.wall.time_since_epoch() + std::chrono::minutes{utc_offset_minutes_});
  habits_.step(now_.at, local.count(), vitals.matrix, sighted_);
  const std::size_t segments = std::min(policy.segments().size(), policy::segments_max);
  for (policy::SegmentId from = 0; from < segments; ++from) {
    for (policy::SegmentId to = 0; to < segments; ++to) judge_pair(policy, from, to);
  }
}

void Health::judge_pair(const policy::Policy& policy, policy::SegmentId from, policy::SegmentId to) {
  const std::string& from_id = policy.segments()[from].id;
  const std::string& to_id = policy.segments()[to].id;
  const Span silent = habits_.silent(policy::pair_of(from, to));
  const auto own = std::find_if(options_.pairs.begin(), options_.pairs.end(),
                                [&](const auto& each) { return each.from == from_id && each.to == to_id; });
  const bool configured = own != options_.pairs.end();
  const auto usual = configured       ? std::optional{own->silence}
                     : options_.learn ? habits_.usual(policy::pair_of(from, to))
                                      : std::nullopt;
  const std::string subject = from_id + " " + to_id;
  if (!usual && open_.count({NoticeKind::pair_silent, subject}) == 0) return;
  const std::chrono::seconds most =
      std::max(usual.value_or(std::chrono::seconds{0}),
               configured ? std::chrono::seconds{0} : std::chrono::seconds{options_.silence});
  Notice notice = make(NoticeKind::pair_silent, subject);
  notice.add_segment("from", policy, from).add_segment("to", policy, to);
  add_time(notice, "since", now_.wall - std::chrono::duration_cast<Duration>(silent));
  notice.add("seconds", seconds_text(silent)).add("expected", std::to_string(most.count()));
  notice.add("ground", configured ? "configured" : "learned",
             configured
                 ? policy::Localized{"health.pairs の設定", "health.pairs"}
                 : policy::Localized{"過去7日の同じ時間帯の実績", "the same hour of the last seven days"});
  // At an hour of which nothing is known a silence goes on, and is told no more.
  if (!configured) notice.severity = policy::Severity::notice;
  state(usual && silent >= most, sighted_ && silent.count() == 0, std::move(notice));
}

}  // namespace sekimori::daemon
