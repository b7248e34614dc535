// Health of what the taps show of each pair of segments: what they do not show, and what fell silent.
#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <system_error>

#include "daemon/health/health.hpp"
#include "daemon/render.hpp"
#include "daemon/status.hpp"

namespace sekimori::daemon {
namespace {

// Fewer gaps than this are a few odd connections, not a mirror.
constexpr std::uint64_t gaps_least = 10;

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

std::int64_t Health::local_hour() const {
  return std::chrono::duration_cast<std::chrono::hours>(now_.wall.time_since_epoch() +
                                                        std::chrono::minutes{utc_offset_minutes_})
      .count();
}

void Health::judge_pairs(const Vitals& vitals, const policy::Policy& policy) {
  std::array<std::uint32_t, std::tuple_size_v<Matrix>> counts{};
  for (std::size_t pair = 0; pair < counts.size(); ++pair) {
    counts[pair] = static_cast<std::uint32_t>(vitals.matrix[pair].packets);
  }
  habits_.pairs.step(now_.at, local_hour(), counts, sighted_);
  const std::size_t segments = std::min(policy.segments().size(), policy::segments_max);
  for (policy::SegmentId from = 0; from < segments; ++from) {
    for (policy::SegmentId to = 0; to < segments; ++to) judge_pair(policy, from, to);
  }
}

Health::Expected Health::expected(const Habits& habits, std::size_t which,
                                  std::optional<std::chrono::seconds> configured) const {
  if (configured) return {configured, true};
  if (!options_.learn) return {};
  const auto usual = habits.usual(which);
  return {usual ? std::optional{std::max(*usual, options_.silence)} : std::nullopt, false};
}

void Health::judge_pair(const policy::Policy& policy, policy::SegmentId from, policy::SegmentId to) {
  const std::string& from_id = policy.segments()[from].id;
  const std::string& to_id = policy.segments()[to].id;
  const std::size_t pair = policy::pair_of(from, to);
  const auto own = std::find_if(options_.pairs.begin(), options_.pairs.end(),
                                [&](const auto& each) { return each.from == from_id && each.to == to_id; });
  const Expected most =
      expected(habits_.pairs, pair, own != options_.pairs.end() ? std::optional{own->silence} : std::nullopt);
  const std::string subject = from_id + " " + to_id;
  if (!most.most && !is_open(NoticeKind::pair_silent, subject)) return;
  Notice notice = make(NoticeKind::pair_silent, subject);
  notice.add_segment("from", policy, from).add_segment("to", policy, to);
  tell_silence(std::move(notice), most, habits_.pairs, pair);
}

void Health::tell_silence(Notice notice, const Expected& expected, const Habits& habits, std::size_t which) {
  const Span silent = habits.silent(which);
  const bool pair = notice.kind == NoticeKind::pair_silent;
  add_time(notice, "since", now_.wall - std::chrono::duration_cast<Duration>(silent));
  notice.add("seconds", std::to_string(std::chrono::duration_cast<std::chrono::seconds>(silent).count()));
  notice.add("expected", std::to_string(expected.most.value_or(std::chrono::seconds{0}).count()));
  const std::string key = pair ? "health.pairs" : "health.vlans";
  notice.add("ground", expected.configured ? "configured" : "learned",
             expected.configured
                 ? policy::Localized{key + " の設定", key}
                 : policy::Localized{"過去7日の同じ時間帯の実績", "the same hour of the last seven days"});
  // At an hour of which nothing is known a silence goes on, and is told no more.
  if (!expected.configured) notice.severity = policy::Severity::notice;
  state(expected.most && silent >= *expected.most, sighted_ && habits.heard(which), std::move(notice));
}

// Of 4,094 VLANs a few are configured, known or silent: of the others nothing is made.
void Health::judge_vlans(const Vitals& vitals) {
  habits_.vlans.step(now_.at, local_hour(), vitals.vlans, sighted_);
  std::bitset<std::tuple_size_v<VlanCounts>> configured;
  for (const HealthOptions::Vlan& each : options_.vlans) {
    configured.set(each.vlan);
    judge_vlan(each.vlan, each.silence);
  }
  const auto lasting = silent_vlans();
  const auto count = static_cast<std::uint16_t>(habits_.vlans.size());
  for (std::uint16_t vlan = 1; vlan < count; ++vlan) {
    if (configured.test(vlan)) continue;
    const bool known = options_.learn && habits_.vlans.usual(vlan).has_value();
    if (known || lasting.test(vlan)) judge_vlan(vlan, std::nullopt);
  }
}

std::bitset<std::tuple_size_v<VlanCounts>> Health::silent_vlans() const {
  std::bitset<std::tuple_size_v<VlanCounts>> out;
  for (auto each = open_.lower_bound({NoticeKind::vlan_silent, std::string{}});
       each != open_.end() && each->first.first == NoticeKind::vlan_silent; ++each) {
    const std::string& name = each->first.second;
    std::size_t vlan = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), vlan);
    // A subject that an earlier program made may be anything: it ends unjudged.
    if (read.ec == std::errc{} && read.ptr == name.data() + name.size() && vlan < out.size()) out.set(vlan);
  }
  return out;
}

void Health::judge_vlan(std::uint16_t vlan, std::optional<std::chrono::seconds> configured) {
  const std::string name = std::to_string(vlan);
  Notice notice = make(NoticeKind::vlan_silent, name);
  notice.add("vlan", name);
  tell_silence(std::move(notice), expected(habits_.vlans, vlan, configured), habits_.vlans, vlan);
}

}  // namespace sekimori::daemon
