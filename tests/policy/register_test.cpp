// The register of exceptions: states, what is refused, what permits when, and where time is split.
#include "policy/register.hpp"

#include <gtest/gtest.h>

#include "policy/exception_state.hpp"
#include "tests/policy/city.hpp"

namespace sekimori::policy {
namespace {

using std::chrono::days;
using std::chrono::hours;

// ---- states ----

ExceptionOptions entry() {
  ExceptionOptions exception;
  exception.from = noon - days{100};
  exception.until = noon + days{100};
  return exception;
}

TEST(ExceptionState, PassesThroughItsLife) {
  const ExceptionOptions exception = entry();
  EXPECT_EQ(state_of(exception, exception.from - Duration{1}), ExceptionState::not_yet);
  EXPECT_EQ(state_of(exception, exception.from), ExceptionState::valid);
  EXPECT_EQ(state_of(exception, exception.until - days{30} - Duration{1}), ExceptionState::valid);
  EXPECT_EQ(state_of(exception, exception.until - days{30}), ExceptionState::ending);
  EXPECT_EQ(state_of(exception, exception.until - Duration{1}), ExceptionState::ending);
  EXPECT_EQ(state_of(exception, exception.until), ExceptionState::expired);
}

TEST(ExceptionState, IsAppliedForUntilItIsApproved) {
  ExceptionOptions exception = entry();
  exception.status = ExceptionStatus::applied;
  EXPECT_EQ(state_of(exception, noon), ExceptionState::applied);
  exception.status = ExceptionStatus::approved;
  exception.approved_on = noon;
  EXPECT_EQ(state_of(exception, noon - Duration{1}), ExceptionState::applied);
  EXPECT_EQ(state_of(exception, noon), ExceptionState::valid);
}

TEST(ExceptionState, IsRevokedFromThatDayOn) {
  ExceptionOptions exception = entry();
  exception.status = ExceptionStatus::revoked;
  exception.revoked_on = noon;
  EXPECT_EQ(state_of(exception, noon - Duration{1}), ExceptionState::valid);
  EXPECT_EQ(state_of(exception, noon), ExceptionState::revoked);
  EXPECT_EQ(state_of(exception, exception.until + days{1}), ExceptionState::revoked) << "not only ended";
}

TEST(ExceptionState, OfAnEmergencyWaitsForItsReport) {
  ExceptionOptions exception = entry();
  exception.emergency = true;
  exception.report_by = noon + days{3};
  EXPECT_EQ(state_of(exception, noon), ExceptionState::emergency);
  EXPECT_TRUE(in_force(ExceptionState::emergency)) << "taken first, reported afterwards";
  EXPECT_FALSE(report_overdue(exception, noon + days{3} - Duration{1}));
  EXPECT_TRUE(report_overdue(exception, noon + days{3}));
  EXPECT_TRUE(report_overdue(exception, exception.until + days{1})) << "owed also when it is over";
  exception.reported_on = noon + days{4};
  EXPECT_TRUE(report_overdue(exception, noon + days{4} - Duration{1}));
  EXPECT_FALSE(report_overdue(exception, noon + days{4}));
  EXPECT_EQ(state_of(exception, noon + days{4}), ExceptionState::valid);
}

TEST(ExceptionState, HasAWordInBothLanguages) {
  EXPECT_EQ(text(state_text(ExceptionState::applied), Language::ja), "申請中");
  EXPECT_EQ(text(state_text(ExceptionState::valid), Language::ja), "有効");
  EXPECT_EQ(text(state_text(ExceptionState::ending), Language::ja), "期限間近");
  EXPECT_EQ(text(state_text(ExceptionState::expired), Language::ja), "期限切れ");
  EXPECT_EQ(text(state_text(ExceptionState::revoked), Language::ja), "取消");
  EXPECT_EQ(text(state_text(ExceptionState::emergency), Language::ja), "緊急（事後報告待ち）");
  EXPECT_EQ(state_name(ExceptionState::ending), "ending");
}

// ---- judging ----

struct TimeCase {
  const char* what;
  Mismatch mismatch;  // none: it permits
  void (*change)(ExceptionOptions&);
};

TEST(Register, PermitsOnlyWhenItIsInForceAndSaysWhyNot) {
  const TimeCase cases[] = {
      {"approved, in its period", Mismatch::none, [](ExceptionOptions&) {}},
      {"applied for", Mismatch::not_approved,
       [](ExceptionOptions& e) { e.status = ExceptionStatus::applied; }},
      {"approved later", Mismatch::not_approved,
       [](ExceptionOptions& e) { e.approved_on = noon + Duration{1}; }},
      {"approved now", Mismatch::none, [](ExceptionOptions& e) { e.approved_on = noon; }},
      {"begins later", Mismatch::not_yet, [](ExceptionOptions& e) { e.from = noon + Duration{1}; }},
      {"has ended", Mismatch::expired, [](ExceptionOptions& e) { e.until = noon; }},
      {"revoked now", Mismatch::revoked,
       [](ExceptionOptions& e) {
         e.status = ExceptionStatus::revoked;
         e.revoked_on = noon;
       }},
      {"revoked and ended", Mismatch::revoked,
       [](ExceptionOptions& e) {
         e.status = ExceptionStatus::revoked;
         e.revoked_on = noon - hours{1};
         e.until = noon;
       }},
      {"revoked later", Mismatch::none,
       [](ExceptionOptions& e) {
         e.status = ExceptionStatus::revoked;
         e.revoked_on = noon + Duration{1};
       }},
      {"an emergency without approval or report", Mismatch::none,
       [](ExceptionOptions& e) {
         e.emergency = true;
         e.approved_on = noon + days{5};
         e.report_by = noon - days{1};
       }},
      // `noon` is 1970-01-01 plus 55 years of 365 days, midnight in UTC: Wednesday 2024-12-18.
      {"on its weekday", Mismatch::none, [](ExceptionOptions& e) { e.hours.weekdays = 1U << 2U; }},
      {"on another weekday", Mismatch::out_of_hours, [](ExceptionOptions& e) { e.hours.weekdays = 0x7b; }},
      {"at its hour", Mismatch::none,
       [](ExceptionOptions& e) {
         e.hours.ranges = {{0, 60}};
       }},
      {"after its hour", Mismatch::out_of_hours,
       [](ExceptionOptions& e) {
         e.hours.ranges = {{1380, 1440}};
       }},
      {"over midnight", Mismatch::none,
       [](ExceptionOptions& e) {
         e.hours.ranges = {{1380, 60}};
       }},
  };
  for (const TimeCase& one : cases) {
    City city{"alpha"};
    ExceptionOptions exception = city.exception("LG", "GC");
    one.change(exception);
    city.with(exception);
    const Verdict verdict = city.policy().judge(city.talk("LG", "GC"));
    EXPECT_EQ(verdict.decision, one.mismatch == Mismatch::none ? Decision::permit : Decision::forbid)
        << one.what;
    EXPECT_EQ(verdict.near_miss.mismatch, one.mismatch) << one.what;
  }
}

TEST(Register, NamesTheWrongPortBeforeTheWrongHour) {
  City city{"alpha"};
  ExceptionOptions exception = city.exception("LG", "GC");
  exception.ports = {{6, 80, 80}};
  exception.hours.weekdays = 0x7b;
  city.with(exception);
  EXPECT_EQ(city.policy().judge(city.talk("LG", "GC")).near_miss.mismatch, Mismatch::port);
}

TEST(Register, UsesAnotherExceptionOutsideTheHoursOfTheFirst) {
  City city{"alpha"};
  ExceptionOptions day_shift = city.exception("LG", "GC");
  day_shift.hours.ranges = {{540, 1020}};
  city.with(day_shift);
  city.with(city.exception("LG", "GC"));
  const Policy policy = city.policy();
  Conversation talk = city.talk("LG", "GC");
  EXPECT_EQ(policy.judge(talk).basis_index, 1U);
  talk.time += hours{10};
  EXPECT_EQ(policy.judge(talk).basis_index, 0U);
}

TEST(Register, DoesNotHoldTheNextHopsMacAgainstAResponderThatHasNotAnswered) {
  City city{"alpha"};
  city.with(city.exception("LG", "GC"));
  const Policy policy = city.policy();
  Conversation talk = city.talk("LG", "GC");
  talk.responder_mac = other_mac;  // a router on the way
  talk.responder_mac_guessed = true;
  EXPECT_EQ(policy.judge(talk).decision, Decision::permit);
  EXPECT_FALSE(policy.judge(talk).mac_verified) << "and says so";
  talk.responder_mac_guessed = false;  // it has answered from there
  EXPECT_EQ(policy.judge(talk).near_miss.mismatch, Mismatch::destination_mac);
  city.options.routers = {other_mac};
  EXPECT_EQ(city.policy().judge(talk).decision, Decision::permit) << "the body's own router says nothing";
  EXPECT_FALSE(city.policy().judge(talk).mac_verified);
}

// ---- epochs ----

TEST(Register, SplitsTimeWhereverAVerdictMayChange) {
  City city{"alpha"};
  ExceptionOptions exception = city.exception("LG", "GC");
  exception.from = noon - days{14};
  exception.until = noon + days{14};
  exception.approved_on = noon - days{10};
  exception.status = ExceptionStatus::revoked;
  exception.revoked_on = noon + days{9} + hours{3};
  exception.hours = {0x1f, {{510, 1035}, {1320, 300}}};
  city.with(exception);
  city.options.utc_offset_minutes = 540;
  const Policy policy = city.policy();
  Conversation talk = city.talk("LG", "GC");
  // Minute by minute: two times in one epoch give one verdict, and every epoch holds its own time.
  std::uint32_t index = 0;
  Policy::Epoch epoch = policy.epoch(noon - days{15});
  Verdict in_epoch;
  unsigned epochs = 0;
  for (Time time = noon - days{15}; time < noon + days{15}; time += std::chrono::minutes{1}) {
    talk.time = time;
    const Verdict verdict = policy.judge(talk);
    if (epochs == 0 || time >= epoch.end) {
      const Policy::Epoch next = policy.epoch(time);
      if (epochs > 0) {
        ASSERT_EQ(next.begin, epoch.end);
        ASSERT_NE(next.index, index);
      }
      epoch = next;
      index = epoch.index;
      in_epoch = verdict;
      ++epochs;
    }
    ASSERT_LE(epoch.begin, time);
    ASSERT_EQ(verdict.decision, in_epoch.decision) << time.time_since_epoch().count();
    ASSERT_EQ(verdict.near_miss.mismatch, in_epoch.near_miss.mismatch);
  }
  EXPECT_GT(epochs, 60U);
}

// ---- what is refused ----

std::string mistakes_of(const City& city) {
  try {
    Policy{city.options, {}, {}, 1, Language::en};
  } catch (const PolicyError& error) {
    return error.what();
  }
  return {};
}

TEST(Register, RefusesAnExceptionOfTheMyNumberSegmentThatIsNotNarrowEnough) {
  const auto told = [](std::string_view from, std::string_view to, void (*change)(ExceptionOptions&)) {
    City city{"alpha"};
    ExceptionOptions exception = city.exception(from, to);
    change(exception);
    city.with(exception);
    return mistakes_of(city);
  };
  EXPECT_EQ(told("MN", "LG", [](ExceptionOptions&) {}), "");
  EXPECT_EQ(told("MN", "LG", [](ExceptionOptions& e) { e.destination.macs.clear(); }), "")
      << "the partner's MAC is not the body's to know";
  EXPECT_EQ(told("LG", "MN", [](ExceptionOptions& e) { e.source.macs.clear(); }), "");
  EXPECT_EQ(told("LG", "GC", [](ExceptionOptions& e) { e.source.macs.clear(), e.ports.clear(); }), "")
      << "other segments ask for one limit on each side";

  const auto no_mac = told("MN", "LG", [](ExceptionOptions& e) { e.source.macs.clear(); });
  EXPECT_NE(no_mac.find("source.macs"), std::string::npos) << no_mac;
  EXPECT_NE(no_mac.find("6(3)"), std::string::npos) << "cites its clause: " << no_mac;
  EXPECT_NE(
      told("LG", "MN", [](ExceptionOptions& e) { e.destination.macs.clear(); }).find("destination.macs"),
      std::string::npos);
  EXPECT_NE(told("MN", "LGN", [](ExceptionOptions& e) { e.destination.addresses.clear(); })
                .find("destination.addresses"),
            std::string::npos);
  EXPECT_NE(told("MN", "LG", [](ExceptionOptions& e) { e.ports.clear(); }).find("protocol, ports"),
            std::string::npos);
  EXPECT_NE(told("MN", "LG",
                 [](ExceptionOptions& e) {
                   e.ports = {{6, 0, 65535}};
                 })
                .find("protocol, ports"),
            std::string::npos);
  EXPECT_EQ(told("MN", "LG",
                 [](ExceptionOptions& e) {
                   e.ports = {{1, 0, 65535}};
                 }),
            "")
      << "ICMP has no ports";
}

TEST(Register, RefusesWhatIsLimitedOnOneSideOnly) {
  for (const bool source : {true, false}) {
    City city{"alpha"};
    ExceptionOptions exception = city.exception("LG", "GC");
    (source ? exception.source : exception.destination) = {};
    city.with(exception);
    EXPECT_NE(mistakes_of(city).find(source ? "source" : "destination"), std::string::npos);
  }
}

TEST(Register, WarnsOfAPartThatIsForbiddenWithoutException) {
  City city{"alpha"};
  ExceptionOptions exception = city.exception("LG", "GC");                     // f
  exception.destination.addresses.push_back(Prefix{city.host("EXT", 1), 32});  // F
  city.with(exception);
  const Policy policy{city.options, {}, {}, 1, Language::en};
  ASSERT_EQ(policy.warnings().size(), 1U);
  EXPECT_NE(policy.warnings()[0].message.find("lgwan→external"), std::string::npos)
      << policy.warnings()[0].message;
  EXPECT_EQ(policy.warnings()[0].message.find("gov-cloud"), std::string::npos);
}

}  // namespace
}  // namespace sekimori::policy
