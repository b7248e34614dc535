// Sets of conversations (policy/proof) as rows of a table and as JSON.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "policy/proof/reach.hpp"
#include "policy/proof/words.hpp"
#include "tools/sekimori/table.hpp"

namespace sekimori::tool {

// Initiator, responder, service, and what else limits it: period, cards, next hop, tunnel, domain.
std::vector<Table::Column> tuple_columns(Language language);

// `from`, `to`: the segments concerned, so that all addresses of one are told by its name.
std::vector<Table::Cell> tuple_cells(const policy::Box& box, policy::SegmentId from, policy::SegmentId to,
                                     const policy::Reach& reach, const policy::Manner& manner);

// Everything in full: {"family", "source": ["10.1.0.0/16"], "destination", "service": [{"protocol",
// "ports"}], "hours": ["Mon 09:00-17:00"], "time": [{"from", "until"}], "source_mac", "destination_mac",
// "next_hop", "tunnel", "domain"}. A side that is not limited is left out. "until" is the first moment that
// is no longer in it.
boost::json::object tuple_json(const policy::Box& box, const policy::Universe& universe,
                               int utc_offset_minutes);

}  // namespace sekimori::tool
