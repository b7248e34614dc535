// What an inspector notes in the records of its flows, and how long a flow may wait for its name.
#pragma once

#include <chrono>
#include <cstdint>

#include "capture/time.hpp"
#include "policy/policy.hpp"

namespace sekimori::daemon {

// Meaning of FlowNotes::verdict.
inline constexpr std::uint8_t note_forbidden = 0x01;
inline constexpr std::uint8_t note_exception = 0x02;
// Of forbidden flows: what is at stage draft would permit it.
inline constexpr std::uint8_t note_draft = 0x80;
// Of all others, in its place: its octets are told as they flow (daemon/flow_step.hpp).
inline constexpr std::uint8_t note_metered = 0x80;
inline constexpr std::uint8_t note_decision = note_forbidden | note_exception | note_draft;
// Of flows that need no exception: with the drafts in force they would be forbidden. (Exceptions have the
// count of their updates in its place.)
inline constexpr std::uint8_t note_draft_forbids = 0x10;
inline constexpr unsigned note_step_shift =
    2;  // three bits from here: how often a flow that goes on was told again
inline constexpr unsigned note_step_max = 6;
inline constexpr unsigned note_step_mask = 0x07;
// Its totals are spread over several rows or verdicts: a later change of roles leaves them where they are.
inline constexpr std::uint8_t note_spread = 0x20;
// The cell alone permits it, between two segments that addresses tell: no MAC can change that.
inline constexpr std::uint8_t note_settled = 0x40;

// Of flows that need no exception, in the place of the steps above: what was told of it.
inline constexpr std::uint8_t note_steps = note_step_mask << note_step_shift;
inline constexpr std::uint8_t note_step_told = 3U << note_step_shift;
inline constexpr std::uint8_t note_step_opened = 1U << note_step_shift;
inline constexpr std::uint8_t note_step_answered = 2U << note_step_shift;

// Flows with any of these are attended to at each packet.
inline constexpr std::uint8_t note_attended = note_forbidden | note_exception | note_draft | note_metered;

// What was decided, without what else the notes hold.
constexpr std::uint8_t noted_decision(std::uint8_t notes) {
  unsigned decision = note_forbidden | note_exception;
  if ((notes & note_forbidden) != 0) {
    decision |= note_draft;
  } else if ((notes & note_exception) == 0) {
    decision |= note_draft_forbids;
  }
  return static_cast<std::uint8_t>(notes & decision);
}

// What a verdict amounts to.
inline std::uint8_t note_of(const policy::Verdict& verdict) {
  if (verdict.decision == policy::Decision::forbid) {
    return verdict.draft_differs ? note_forbidden | note_draft : note_forbidden;
  }
  if (verdict.basis == policy::Basis::exception) return note_exception;
  return verdict.draft_differs ? note_draft_forbids : std::uint8_t{0};
}

inline bool worth_telling(std::uint8_t note) {
  return (note & (note_forbidden | note_exception)) != 0;
}
inline bool forbidden(std::uint8_t note) {
  return (note & note_forbidden) != 0;
}

// FlowNotes::told_at.
inline std::uint16_t told_clock(Time time) {
  return static_cast<std::uint16_t>(
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

// A flow that lacks nothing but a name is not told for so long, or so many packets (daemon/alert/name_waits).
inline constexpr std::chrono::seconds name_wait{5};
inline constexpr std::uint64_t name_packets = 8;
// One that lacks nothing but the right next hop: a copy of its packet, seen beyond the firewall, comes within
// a few milliseconds of packet time where it comes at all.
inline constexpr std::chrono::milliseconds path_wait{300};

}  // namespace sekimori::daemon
