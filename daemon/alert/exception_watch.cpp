#include "daemon/alert/exception_watch.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "daemon/render.hpp"
#include "daemon/render/words.hpp"
#include "policy/exception_state.hpp"

namespace sekimori::daemon {
namespace {

using policy::ExceptionOptions;
using policy::ExceptionState;

constexpr std::chrono::hours day{24};

std::int64_t day_of(Time time, const policy::Policy& policy) {
  const auto local = time + std::chrono::minutes{policy.options().utc_offset_minutes};
  return std::chrono::floor<std::chrono::days>(local).time_since_epoch().count();
}

Time midnight(std::int64_t day_number, const policy::Policy& policy) {
  return Time{std::chrono::days{day_number}} - std::chrono::minutes{policy.options().utc_offset_minutes};
}

std::string last_day(Time end, const policy::Policy& policy) {
  return last_valid(end, policy.options().utc_offset_minutes);
}

// Begun days count: what ends tonight ends in one day.
std::string days_between(Time from, Time until) {
  return std::to_string((until - from + day - Duration{1}) / day);
}

Notice about(NoticeKind kind, const std::string& id, Time now) {
  Notice notice;
  notice.kind = kind;
  notice.subject = id;
  notice.time = now;
  notice.add("id", id);
  return notice;
}

// The first of a kind one by one, what is beyond in one line: a register may end as a whole on one day.
void tell_all(std::vector<Notice>&& notices, Time now, std::vector<Notice>& found) {
  if (notices.empty()) return;
  const std::size_t told = std::min(notices.size(), ExceptionWatch::told_max);
  const std::size_t more = notices.size() - told;
  const std::string code{notice_row(notices.front().kind).code};
  std::move(notices.begin(), notices.begin() + static_cast<std::ptrdiff_t>(told), std::back_inserter(found));
  if (more == 0) return;
  Notice rest;
  rest.kind = NoticeKind::exceptions_more;
  rest.subject = code;
  rest.time = now;
  rest.add("what", code).add("count", std::to_string(more));
  found.push_back(std::move(rest));
}

}  // namespace

void ExceptionWatch::feed(const FlowEvent& event, const policy::Policy& policy, std::vector<Notice>& found) {
  use_.feed(event, policy, news_);
  for (const ExceptionUse::Notice& news : news_) {
    const bool volume = news.what == ExceptionUse::Notice::What::over_volume;
    Notice notice = about(volume ? NoticeKind::exception_volume : NoticeKind::exception_changed,
                          news.exception, news.event.time);
    const capture::Tuple& tuple = news.event.facts.tuple;
    notice.add_address("src", policy, tuple.source).add_address("dst", policy, tuple.destination);
    if (volume) {
      const ExceptionOptions& exception = policy.options().exceptions[news.event.verdict.basis_index];
      const std::string seconds = std::to_string(exception.volume.per.count());
      notice.add("bytes", std::to_string(news.bytes)).add("limit", std::to_string(exception.volume.bytes));
      const bool daily = exception.volume.per == day;
      notice.add("period", seconds,
                 daily ? policy::Localized{"1日", "one day"}
                       : policy::Localized{seconds + "秒間", seconds + " seconds"});
    } else {
      notice.add("before", news.before);
    }
    found.push_back(std::move(notice));
  }
  news_.clear();
}

void ExceptionWatch::tick(Time packet_now, const policy::Policy& policy, std::vector<Notice>& found) {
  use_.tick(packet_now);
  if (unused_after_ == std::chrono::seconds{0} || packet_now == Time{}) return;
  const std::int64_t today = day_of(packet_now, policy);
  if (day_ && today <= *day_) return;
  // Told for the moment at which the day began, whenever the first packet of it comes; at the start, now.
  const Time since = midnight(today, policy);
  const bool running = newest_ && *newest_ < since;
  day_ = today;
  newest_ = packet_now;
  remind(running ? since : packet_now, policy, found);
}

// What is new in the register is told today, what was told today is not told again.
void ExceptionWatch::replaced(const policy::Policy& policy) {
  day_.reset();
  std::set<std::string_view> registered;
  for (const ExceptionOptions& exception : policy.options().exceptions) registered.insert(exception.id);
  for (Told* told : {&ends_, &reports_, &disuse_}) {
    if (told->size() < 2 * policy.options().exceptions.size() + told_max) continue;
    std::erase_if(*told, [&](const auto& one) { return registered.count(one.first) == 0; });
  }
}

void ExceptionWatch::recall(const NoticeTold& told) {
  if (told.kind == NoticeKind::exception_ending) ends_.insert_or_assign(told.subject, told.time);
  if (told.kind == NoticeKind::exception_unreported) reports_.insert_or_assign(told.subject, told.time);
}

bool ExceptionWatch::due(Told& told, const std::string& id, Time now, Duration pause) const {
  const auto [last, fresh] = told.try_emplace(id, now);
  if (fresh) return true;
  // A clock that was set back is no reason to be silent for as long.
  if (now >= last->second && now - last->second < pause) return false;
  last->second = now;
  return true;
}

void ExceptionWatch::remind(Time now, const policy::Policy& policy, std::vector<Notice>& found) {
  remind_of_ends(now, policy, found);
  remind_of_reports(now, policy, found);
  remind_of_disuse(now, policy, found);
}

void ExceptionWatch::remind_of_ends(Time now, const policy::Policy& policy, std::vector<Notice>& found) {
  std::vector<const ExceptionOptions*> ending;
  for (const ExceptionOptions& exception : policy.options().exceptions) {
    if (policy::state_of(exception, now) == ExceptionState::ending) ending.push_back(&exception);
  }
  std::stable_sort(ending.begin(), ending.end(),
                   [](const auto* a, const auto* b) { return a->until < b->until; });
  std::vector<Notice> notices;
  for (const ExceptionOptions* exception : ending) {
    if (!due(ends_, exception->id, now, day)) continue;
    notices.push_back(about(NoticeKind::exception_ending, exception->id, now));
    notices.back()
        .add("until", last_day(exception->until, policy))
        .add("days", days_between(now, exception->until));
  }
  tell_all(std::move(notices), now, found);
}

void ExceptionWatch::remind_of_reports(Time now, const policy::Policy& policy, std::vector<Notice>& found) {
  std::vector<Notice> notices;
  for (const ExceptionOptions& exception : policy.options().exceptions) {
    const bool overdue = policy::report_overdue(exception, now);
    if (!overdue && policy::state_of(exception, now) != ExceptionState::emergency) continue;
    if (!due(reports_, exception.id, now, day)) continue;
    Notice notice = about(NoticeKind::exception_unreported, exception.id, now);
    notice.add("due", exception.report_by ? last_day(*exception.report_by, policy) : "-");
    notice.add("overdue", overdue ? "yes" : "no",
               overdue ? policy::Localized{"期限を過ぎています", "overdue"}
                       : policy::Localized{"期限前です", "not yet overdue"});
    if (!overdue) notice.severity = policy::Severity::notice;
    notices.push_back(std::move(notice));
  }
  tell_all(std::move(notices), now, found);
}

void ExceptionWatch::remind_of_disuse(Time now, const policy::Policy& policy, std::vector<Notice>& found) {
  if (!use_.since()) return;
  std::vector<Notice> notices;
  for (const ExceptionOptions& exception : policy.options().exceptions) {
    if (!policy::in_force(policy::state_of(exception, now))) continue;
    const ExceptionUsage& usage = use_.of(exception.id);
    Time idle_since = std::max({*use_.since(), exception.from, policy::approved_from(exception)});
    if (usage.last) idle_since = std::max(idle_since, *usage.last);
    if (now < idle_since || now - idle_since < unused_after_) continue;
    if (!due(disuse_, exception.id, now, unused_after_)) continue;
    Notice notice = about(NoticeKind::exception_unused, exception.id, now);
    notice.add("days", std::to_string((now - idle_since) / day));
    notice.add("since", timestamp(*use_.since(), policy.options().utc_offset_minutes).substr(0, 10));
    notices.push_back(std::move(notice));
  }
  tell_all(std::move(notices), now, found);
}

}  // namespace sekimori::daemon
