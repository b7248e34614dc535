// The register of exceptions as a part of compiling a policy: what is wrong with an entry once the segments
// and the matrix are known, what has no effect, and the moments at which verdicts change.
//
// The rule of the register: both sides are limited by address or MAC. What may reach into or out of the My
// Number segment is limited by IP address on both sides, MAC on the My Number side, protocol and port (the
// clause asks for MAC, IP and port; a partner's MAC beyond a router is nothing that the body knows).
#pragma once

#include <cstdint>
#include <vector>

#include "policy/compiled.hpp"
#include "policy/mistakes.hpp"

namespace sekimori::policy {

// Notes every mistake; needs prefixes, next hops and rules.
void check_register(const CompiledPolicy& policy, Mistakes& mistakes);
// Warns of exceptions that meet only cells without room for them, or some that take none.
void warn_of_register(CompiledPolicy& policy, const Mistakes& words);
Entry exception_entry(const PolicyOptions& options, std::uint32_t index);
// Fills epochs and week_borders.
void split_time(CompiledPolicy& policy);

// Every segment to which some address of this side may belong in the domain.
SegmentSet segments_met(const CompiledPolicy& policy, const EndpointOptions& side, DomainId domain);
// May a cell of this kind be opened by an exception?
bool takes_exceptions(Cell cell);

}  // namespace sekimori::policy
