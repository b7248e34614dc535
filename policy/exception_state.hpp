// Where an exception stands at a moment: 申請中, 開始前, 有効, 期限間近, 期限切れ, 取消,
// 緊急（事後報告待ち）. Pure functions of the entry and the time, so that the register, the daemon and the
// tool say the same.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "policy/options.hpp"
#include "policy/policy.hpp"
#include "policy/text/language.hpp"

namespace sekimori::policy {

enum class ExceptionState : std::uint8_t {
  applied,    // applied for, or approved from a later day on
  not_yet,    // approved, begins later
  valid,      // in force
  ending,     // in force, and over within ending_notice
  expired,    // over
  revoked,    // taken back
  emergency,  // in force, taken first; the report to who may permit it is not recorded yet
  count_
};
inline constexpr std::chrono::days ending_notice{30};

ExceptionState state_of(const ExceptionOptions& exception, Time time);
std::string_view state_name(ExceptionState state);  // "applied", "not_yet"...
Text state_text(ExceptionState state);
// Does it permit in this state (its hours apart)?
constexpr bool in_force(ExceptionState state) {
  return state == ExceptionState::valid || state == ExceptionState::ending ||
         state == ExceptionState::emergency;
}
// From when on and until when approvals count: what Entry keeps.
Time approved_from(const ExceptionOptions& exception);
Time revoked_from(const ExceptionOptions& exception);
// An emergency whose report is not recorded though the day by which it was due is over. Stays true after the
// exception has ended: the report is owed all the same.
bool report_overdue(const ExceptionOptions& exception, Time time);

}  // namespace sekimori::policy
