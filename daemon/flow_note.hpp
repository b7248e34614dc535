// What the inspector keeps in a flow's record: the bits of FlowNotes::verdict.
#pragma once

#include <cstdint>

namespace sekimori::daemon {

inline constexpr std::uint8_t note_forbidden = 0x01;
inline constexpr std::uint8_t note_exception = 0x02;
inline constexpr std::uint8_t note_decision = note_forbidden | note_exception;
inline constexpr unsigned note_step_shift =
    2;  // the bits above: how often a flow that goes on was told again
inline constexpr unsigned note_step_max = 6;
inline constexpr unsigned note_step_mask = 0x07;
// Its totals are spread over several rows or verdicts: a later change of roles leaves them where they are.
inline constexpr std::uint8_t note_spread = 0x20;
// The cell alone permits it, between two segments that addresses tell: no MAC can change that.
inline constexpr std::uint8_t note_settled = 0x40;
// Its octets are told as they flow (daemon/flow_step.hpp).
inline constexpr std::uint8_t note_metered = 0x80;
// Of flows that need no exception, in the place of the steps above: what was told of it.
inline constexpr std::uint8_t note_steps = note_step_mask << note_step_shift;
inline constexpr std::uint8_t note_step_opened = 1U << note_step_shift;
inline constexpr std::uint8_t note_step_answered = 2U << note_step_shift;

}  // namespace sekimori::daemon
