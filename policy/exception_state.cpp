#include "policy/exception_state.hpp"

#include <array>

#include "policy/text/text.hpp"

namespace sekimori::policy {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(ExceptionState::count_)> names{
    "applied", "not_yet", "valid", "ending", "expired", "revoked", "emergency"};

bool reported(const ExceptionOptions& exception, Time time) {
  return exception.reported_on && time >= *exception.reported_on;
}

}  // namespace

Time approved_from(const ExceptionOptions& exception) {
  if (exception.status == ExceptionStatus::applied) return Time::max();
  if (exception.emergency) return Time::min();  // approved afterwards
  return exception.approved_on.value_or(Time::min());
}

Time revoked_from(const ExceptionOptions& exception) {
  if (exception.status != ExceptionStatus::revoked) return Time::max();
  return exception.revoked_on.value_or(Time::min());
}

ExceptionState state_of(const ExceptionOptions& exception, Time time) {
  if (time >= revoked_from(exception)) return ExceptionState::revoked;
  if (time < approved_from(exception)) return ExceptionState::applied;
  if (time < exception.from) return ExceptionState::not_yet;
  if (time >= exception.until) return ExceptionState::expired;
  if (exception.emergency && !reported(exception, time)) return ExceptionState::emergency;
  // Not `until - time`: it may be more than a Duration can hold.
  return time >= exception.until - ending_notice ? ExceptionState::ending : ExceptionState::valid;
}

std::string_view state_name(ExceptionState state) {
  return names[static_cast<std::size_t>(state)];
}

Text state_text(ExceptionState state) {
  constexpr std::array<Text, names.size()> texts{
      Text::register_applied, Text::register_not_yet, Text::register_valid,    Text::register_ending,
      Text::register_expired, Text::register_revoked, Text::register_emergency};
  return texts[static_cast<std::size_t>(state)];
}

bool report_overdue(const ExceptionOptions& exception, Time time) {
  return exception.emergency && exception.report_by && time >= *exception.report_by &&
         !reported(exception, time);
}

}  // namespace sekimori::policy
