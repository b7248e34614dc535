// Events are copied by the million, and nearly none is about a wire: what has no meaning is not copied along.
#pragma once

#include "daemon/messages.hpp"

namespace sekimori::daemon {

inline void copy(const FlowEvent& from, FlowEvent& into) {
  into.kind = from.kind;
  into.number = from.number;
  into.time = from.time;
  into.facts = from.facts;
  into.verdict = from.verdict;
  into.generation = from.generation;
  if (from.kind == FlowEvent::Kind::wire) into.wire = from.wire;
}

}  // namespace sekimori::daemon
