// The steps of permitted conversations (daemon/flow_step.hpp), told by the inspector.
#include "daemon/flow_notes.hpp"
#include "daemon/inspector.hpp"
#include "policy/system_map.hpp"

namespace sekimori::daemon {

// A permitted conversation is told once, and metered from then on if somebody asks for its octets. What
// cannot leave its wire is nobody's attack or download.
void Inspector::begin_steps(capture::Flow& flow, const capture::Packet& packet, const capture::Tuple& tuple,
                            const policy::Verdict* verdict) {
  capture::FlowNotes& notes = flow.notes;
  if ((verdict != nullptr && verdict->link_scope) || flow.carrier()) return;
  const bool metered = policy_->systems().metered(tuple.source, tuple.destination, tuple.protocol,
                                                  tuple.destination_port, notes.pair);
  notes.verdict = static_cast<std::uint8_t>((notes.verdict & ~note_metered) | (metered ? note_metered : 0U));
  if ((notes.verdict & note_exception) != 0) {
    // Its updates have the place of the steps: it is told at its first packet, which no event told yet.
    if (notes.told != 0 || notes.pending) return;
  } else {
    if ((notes.verdict & note_step_told) != 0) return;
    notes.verdict |= note_step_opened;
  }
  step(flow, packet, FlowStep::Kind::opened, tuple, verdict);
}

void Inspector::go_on_steps(capture::Flow& flow, const capture::Packet& packet,
                            const capture::Changes& changes) {
  capture::FlowNotes& notes = flow.notes;
  const bool excepted = (notes.verdict & note_exception) != 0;
  if ((notes.verdict & note_forbidden) != 0 || (!excepted && (notes.verdict & note_step_told) == 0)) return;
  if (!excepted && changes.stage && (notes.verdict & note_step_told) == note_step_opened) {
    const bool refused = flow.stage() == capture::Stage::refused;
    if (!refused) notes.verdict ^= note_step_opened | note_step_answered;
    step(flow, packet, refused ? FlowStep::Kind::refused : FlowStep::Kind::answered, flow.tuple(), nullptr);
  }
  if ((notes.verdict & note_metered) == 0) return;
  const std::uint64_t bytes = flow.bytes();
  constexpr unsigned closing = capture::tcp_flag::fin | capture::tcp_flag::rst;
  if (flow.protocol() == capture::protocol::tcp && (packet.tcp_flags & closing) != 0) {
    step(flow, packet, FlowStep::Kind::closing, flow.tuple(), nullptr);
  } else if (bytes / FlowStep::metered_bytes != (bytes - packet.wire_bytes) / FlowStep::metered_bytes) {
    step(flow, packet, FlowStep::Kind::grew, flow.tuple(), nullptr);
  }
}

void Inspector::step(const capture::Flow& flow, const capture::Packet& packet, FlowStep::Kind kind,
                     const capture::Tuple& tuple, const policy::Verdict* verdict) {
  FlowStep told;
  told.kind = kind;
  told.evidence = flow.evidence();
  if (verdict != nullptr) {
    told.basis = verdict->basis;
    told.basis_index = verdict->basis_index;
    told.draft_forbids = verdict->draft_differs;
  }
  told.depth = packet.depth;
  told.pair = flow.notes.pair;
  told.metered = (flow.notes.verdict & note_metered) != 0;
  told.was_answered = (flow.notes.verdict & (note_step_told | note_exception)) == note_step_answered;
  told.generation = policy_->generation();
  told.number = packet.number;
  told.id = flow.id();
  told.time = packet.time;
  told.start = flow.start();
  told.bytes_to_server = flow.bytes_to_server();
  told.bytes_to_client = flow.bytes_to_client();
  told.tuple = tuple;
  ++(outlet_.step(told) ? books_.steps_told : books_.steps_lost);
}

}  // namespace sekimori::daemon
